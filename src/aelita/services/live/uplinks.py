"""The uplinks that a station offers: a forward CLTU instance for each spacecraft booked with uplink, for the gates named."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...agencies import Period, Station
from ...link import CommandLink
from ...sle import BindRefused, CltuInstance, CltuSettings, Directory, Ending, Gvcid, SlePlop
from ...stations import Booking
from .bookings import can_command, uplink_instance_of
from .clock import wall_tai_ns
from .geometries import geometry_of
from .serving import Context
from .sle_secrets import keep_gate_secrets
from .sle_server import SleServer
from .space import Antenna
from .uplinking import RECORD, Uplink, UplinkRecord

LOOK_S = 0.5  # how often line, booking and sky are looked at


class Uplinks:
    """All uplinks of a station. Credentials that gates made before it began are refused: it does not know which it has seen."""

    def __init__(
        self,
        context: Context,
        station: Station,
        directory: Directory,
        server: SleServer,
        antenna: Callable[[], Antenna | None],
        folder: Path,
    ) -> None:
        self._context, self._station, self._directory, self._server, self._antenna = context, station, directory, server, antenna
        self.record = UplinkRecord(folder / RECORD)
        self.by_craft: dict[str, Uplink] = {}
        self._geometry = geometry_of(context.installation, context.agency)
        self._bookings: dict[str, tuple[Booking, ...]] = {}
        self._began = wall_tai_ns()
        self._wake = asyncio.Event()

    def offer(self, spacecraft: str, suffix: str, bookings: tuple[Booking, ...], channel: Gvcid) -> None:
        """Offer the uplink to a spacecraft to the gates that its bookings name, and to nobody else."""
        self._bookings[spacecraft] = bookings
        agencies = tuple(dict.fromkeys(agency for booking in bookings for agency in booking.uplink))
        known = self.by_craft.get(spacecraft)
        if not agencies or not can_command(self._context.installation, self._station, spacecraft, Period()):
            if known is not None:
                del self.by_craft[spacecraft]
                self._server.withdraw(known.instance)
            return
        link = self._link(spacecraft)
        settings = self._settings(suffix, agencies, channel, link)
        if known is not None:
            known.instance.settings = settings
            return
        self.by_craft[spacecraft] = Uplink(
            self._context,
            self._station,
            spacecraft,
            link,
            self._server,
            self._directory.offer_cltu(settings),
            self._antenna,
            lambda: self._bookings[spacecraft],
            self.record,
            self._geometry,
            self._wake.set,
        )

    def on_event(self, instance: CltuInstance, event: Any) -> None:
        """Take what happened in one of the service instances."""
        for uplink in self.by_craft.values():
            if uplink.instance is instance:
                uplink.on_event(event)

    def refused(self, event: BindRefused) -> bool:
        """Take a BIND that was refused; return whether it was one of an uplink."""
        instance = self._directory.forward.get(event.service_instance)
        found = next((uplink for uplink in self.by_craft.values() if uplink.instance is instance), None)
        if instance is None or found is None:
            return False
        found.refused(event.initiator, event.why)
        return True

    def heard(self, spacecraft: str, word: bytes) -> None:
        """Take a control word of a spacecraft."""
        if (uplink := self.by_craft.get(spacecraft)) is not None:
            uplink.heard(word)

    async def run(self) -> None:
        """Radiate until cancelled."""
        while True:
            for uplink in list(self.by_craft.values()):
                uplink.step()
            due = [at for one in self.by_craft.values() if (at := one.next_deadline()) is not None]
            pause = min([LOOK_S, *(max(self._context.clock.seconds_until(at), 0.0) for at in due)])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()
            if self.record.fault:
                self._context.health.fault(f"{self._station.key} record of uplinks", self.record.fault)
            else:
                self._context.health.well(f"{self._station.key} record of uplinks")

    def _link(self, spacecraft: str) -> CommandLink:
        path = self._context.installation.mission.craft(spacecraft).uplink
        assert path is not None  # looked at by can_command
        return CommandLink.from_toml(path.read_text("utf-8"), str(path))

    def _settings(self, suffix: str, agencies: tuple[str, ...], channel: Gvcid, link: CommandLink) -> CltuSettings:
        names = self._station.sle
        assert names is not None  # only stations with SLE are operated
        gates = keep_gate_secrets(self._context.home / "sle", self._station.key, agencies)
        return CltuSettings(
            uplink_instance_of(names, suffix),
            gates,
            responder_port=names.responder_port,
            not_before=self._began,
            clcw_channel=channel,
            acquisition_octets=link.acquisition_octets,
            plop=SlePlop.PLOP_1 if link.plop == 1 else SlePlop.PLOP_2,
            ending=Ending.NONE,
        )
