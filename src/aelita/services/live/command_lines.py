"""Lines from the release gate to stations: forward CLTU associations that carry what the gate released, and nothing else."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...agencies import Station, gate_authority
from ...commanding import FOR_EVER, Commander, Outcome, ReleasedCltu
from ...errors import AelitaError, UsageError
from ...sle import (
    Aborted,
    AsyncNotify,
    CltuBegun,
    CltuExpired,
    CltuInterrupted,
    CltuNotice,
    CltuNotRadiated,
    CltuProduction,
    CltuRadiated,
    CltuRefused,
    CltuStatusReport,
    CltuTaken,
    CltuUnknown,
    CltuUserSettings,
    ReportRequest,
    TmlLimits,
    Unbound,
)
from .bookings import BookingFile, uplink_instance_of
from .cltu_client import CltuClient, Taking
from .serving import Context
from .sle_secrets import secrets_of_gate

LIMITS = TmlLimits(heartbeat_s=8, dead_factor=3)
FIRST_PAUSE_S, LONGEST_PAUSE_S, LOOK_S = 0.3, 2.0, 0.5

STOPPING = frozenset((CltuNotice.EXPIRED, CltuNotice.PRODUCTION_INTERRUPTED, CltuNotice.PRODUCTION_HALTED))

log = logging.getLogger(__name__)

Does = Callable[[Outcome], None]


@dataclass(slots=True)
class Seen:
    """How a line stands, for people."""

    state: str = "unbound"
    production: str = "unknown"
    uplink: str = "unknown"
    sent: int = 0
    radiated: int = 0
    why: str = ""


@dataclass(slots=True)
class CommandLine:
    """The line to one station for one spacecraft. `up` and `down` tell the commander, which writes before it sends."""

    context: Context
    station: Station
    spacecraft: str
    suffix: str
    commander: Commander
    does: Does
    later: Does  # for what only tells what happened
    seen: Seen = field(default_factory=Seen)
    _client: CltuClient | None = None
    _stopped: bool = False  # the provider gave CLTUs up, and takes no more until it is started again
    _numbers: dict[int, int] = field(default_factory=dict)  # the association's number of a CLTU: ours
    _bookings: BookingFile = field(init=False)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _letting_go: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._bookings = BookingFile(self.context.installation, self.station)

    @property
    def is_up(self) -> bool:
        """Whether CLTUs can go to the station and be radiated now."""
        operational = self.seen.production == CltuProduction.OPERATIONAL.name.lower()
        return self._client is not None and operational and not self._stopped

    def send(self, released: ReleasedCltu) -> None:
        """Send a released CLTU, which is written already. Raises UsageError for anything else, or without an association."""
        if type(released) is not ReleasedCltu or released.spacecraft != self.spacecraft:
            raise UsageError("only what the release gate made for this spacecraft goes to a station")
        if self._client is None:
            raise UsageError(f"no association with {self.station.key} stands")
        latest = released.latest_ns if released.latest_ns < FOR_EVER else None
        earliest = released.earliest_ns or None
        number, taking = self._client.send(released.octets, earliest=earliest, latest=latest)
        self._numbers[number] = released.id
        self.seen.sent += 1
        taking.add_done_callback(self._taken)

    def let_go(self) -> None:
        """Have the station give up what it has not begun to radiate, since another agency has the spacecraft now."""
        if self._client is None or not self._numbers or self._stopped:
            return
        log.warning("what waits at the station is given up", extra={"line": self._name, "cltus": len(self._numbers)})
        self._stopped = True
        self._letting_go = asyncio.create_task(self._given_up(self._client))

    async def _given_up(self, client: CltuClient) -> None:
        try:
            await self._begin_again(client)
        except (OSError, AelitaError) as error:  # without an answer the association is ended, and with it all that waits
            log.warning("the association is ended", extra={"line": self._name, "why": str(error)})
            await client.close()

    async def run(self) -> None:
        """Hold an association for ever, while a contact with uplink is booked for this agency."""
        pause = FIRST_PAUSE_S
        while True:
            if not self._booked():
                self.seen.why = self._bookings.fault or "no contact with uplink is booked"
                self.context.health.well(self._name)
                await asyncio.sleep(LOOK_S)
                continue
            why = "the association ended"
            try:
                async with await self._connected() as client:
                    await client.start(0)
                    self._client, self._stopped, pause = client, False, FIRST_PAUSE_S
                    self.seen.state, self.seen.why = "active", ""
                    await client.schedule_report(ReportRequest.IMMEDIATELY)  # it tells the production as it is now
                    await self._heed(client)
            except (OSError, TimeoutError, AelitaError) as error:
                why = str(error) or type(error).__name__
            finally:
                self._end(why)
            if self.context.health.fault(self._name, why):
                log.warning("no commands can be sent", extra={"line": self._name, "why": why})
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    @property
    def _name(self) -> str:
        return f"uplink {self.station.key}/{self.spacecraft}"

    def _booked(self) -> bool:
        now = self.context.clock.now()
        self._bookings.look(now)
        found = self._bookings.schedule.at(self.station.key, now)
        return any(one.spacecraft == self.spacecraft and self.context.agency in one.uplink for one in found)

    async def _connected(self) -> CltuClient:
        names = self.station.sle
        assert names is not None  # checked by the mission: only stations with SLE are operated
        settings = CltuUserSettings(
            gate_authority(self.context.agency),
            names.responder_id,
            names.responder_port,
            uplink_instance_of(names, self.suffix),
            security=secrets_of_gate(
                self.context.installation.home(self.station.agency) / "sle", self.station.key, self.context.agency
            ),
            limits=LIMITS,
        )
        port = self.context.installation.port(f"{self.station.agency}/sle/{self.station.key}")
        client = await CltuClient.connect(settings, names.host, port, clock=self.context.clock)
        try:
            await client.bind()
        except BaseException:
            await client.close()
            raise
        return client

    async def _heed(self, client: CltuClient) -> None:
        async for event in client:
            if isinstance(event, AsyncNotify):
                self._stopped = self._stopped or event.notice in STOPPING
                if self._stopped and event.production is CltuProduction.OPERATIONAL:
                    await self._begin_again(client)
                self._produced(event.production, event.uplink.name.lower())
            elif isinstance(event, CltuRadiated):
                self.seen.radiated += 1
                now = self.context.clock.now()
                self._told(event.cltu_id, "radiated", event.started or now, event.stopped or now)
            elif isinstance(event, CltuExpired):
                self._told(event.cltu_id, "lost", "its radiation did not begin in time")
            elif isinstance(event, CltuInterrupted):
                self._told(event.cltu_id, "lost", "its radiation was broken off")
            elif isinstance(event, CltuNotRadiated):
                self._told(event.cltu_id, "lost", event.why)
            elif isinstance(event, CltuUnknown):
                log.warning("nobody can say what became of a CLTU", extra={"line": self._name, "why": event.why})
                self._told(event.cltu_id, "unknown", event.why)
            elif isinstance(event, CltuBegun) and (ours := self._numbers.get(event.cltu_id)) is not None:
                self.commander.backlog(self.spacecraft).begun(ours, event.started)
            elif isinstance(event, CltuStatusReport):
                self._produced(event.production, event.uplink.name.lower())
            elif isinstance(event, Aborted | Unbound):
                return

    async def _begin_again(self, client: CltuClient) -> None:
        """Stop and start: after what ended a delivery the provider takes no more CLTUs until then (CCSDS 912.1-B)."""
        async with self._one_at_a_time:
            if not self._stopped:
                return
            await client.stop()
            await client.start(client.user.next_cltu)  # numbered on, so that fates told meanwhile are of the right ones
            self._stopped = False

    def _produced(self, production: CltuProduction, uplink: str) -> None:
        before = self.is_up
        self.seen.production, self.seen.uplink = production.name.lower(), uplink
        now = self.context.clock.now()
        if self.is_up and not before:
            self.context.health.well(self._name)
            log.info("commands can be sent", extra={"line": self._name})
            self.does(self.commander.line_up(self.spacecraft, now, self.station.key))
        elif before and not self.is_up:
            self.commander.line_idle(self.spacecraft, self.station.key)

    def _taken(self, taking: "asyncio.Future[Taking]") -> None:
        if taking.cancelled():
            return
        event, now = taking.result(), self.context.clock.now()
        ours = self._numbers.get(event.cltu_id)
        if ours is None:
            return
        if isinstance(event, CltuTaken):
            self.later(self.commander.transferred(ours, self.station.key, now))
        elif isinstance(event, CltuRefused):
            del self._numbers[event.cltu_id]
            self.does(self.commander.refused(ours, self.station.key, f"the station refused it: {event.diagnostic}", now))

    def _told(self, number: int, kind: str, *what: Any) -> None:
        ours = self._numbers.pop(number, None)
        if ours is not None:
            self.later(getattr(self.commander, kind)(ours, self.station.key, *what, self.context.clock.now()))

    def _end(self, why: str) -> None:
        """Know that nothing more will be heard of what was on its way."""
        if self._client is None:
            self.seen.state, self.seen.why = "unbound", why
            return
        self._client, self.seen.state, self.seen.production, self.seen.why = None, "unbound", "unknown", why
        cltus, self._numbers = frozenset(self._numbers.values()), {}
        told, now = f"the association with {self.station.key} ended: {why}", self.context.clock.now()
        self.does(self.commander.line_down(self.spacecraft, told, now, self.station.key, cltus))
