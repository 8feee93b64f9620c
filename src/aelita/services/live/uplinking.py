"""The uplink of a station to one spacecraft: CLTUs of the gate that has it bound, radiated in a contact booked for that.

What the provider took waits in its instance (`CltuInstance`), which is the only truth about what may be radiated. The carrier
(`UplinkCarrier`) says when each begins and ends, exact to the bit. A CLTU leaves only if its whole radiation lies in a booking
that lets this gate's agency command, the mission lets the station uplink then, and the spacecraft stands above its horizon.
"""

import contextlib
import json
import logging
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ...agencies import Station, gate_authority
from ...coding import (
    CarrierEvent,
    CarrierMode,
    CltuExpired,
    Plop,
    Radiated,
    RadiationBegun,
    UplinkCarrier,
    UplinkRules,
    radiation_duration_ns,
)
from ...errors import AelitaError, UsageError
from ...link import CommandLink
from ...sle import (
    Aborted,
    Bound,
    CltuAccepted,
    CltuInstance,
    CltuNotice,
    CltuProduction,
    CltusDiscarded,
    EventThrown,
    PeerAbortDiagnostic,
    Unbound,
    UplinkStatus,
)
from ...stations import Booking
from ...time import utc_from_tai_ns
from .geometry import Geometry
from .serving import Context
from .sle_server import SleServer
from .space import Antenna

RECORD = "uplinks.jsonl"
VISIBLE_NS = 1_000_000_000  # how long a look at the sky holds
IDLE = 0x55  # acquisition and idle sequences alternate, the first bit a zero
NO_RF, NO_BIT_LOCK = 0x80, 0x40  # flags in the third octet of a CLCW

log = logging.getLogger(__name__)


def rules_of(link: CommandLink) -> UplinkRules:
    """Return how a carrier is modulated for a command link, at its first bit rate."""
    plop = Plop.PLOP_1 if link.plop == 1 else Plop.PLOP_2
    return UplinkRules(plop, link.bit_rates[0], acquisition_bits=8 * link.acquisition_octets)


@dataclass(slots=True)
class UplinkRecord:
    """What a station keeps of its uplinks: a line of JSON for each BIND, CLTU and refusal. `fault` tells why one was not kept."""

    path: Path
    fault: str = ""
    _is_new: bool = False

    def keep(self, what: str, at: int, **more: Any) -> None:
        """Add a line; times (TAI nanoseconds) are told in UTC as well. `sync` has the disk keep it."""
        line = json.dumps({"utc": utc_from_tai_ns(at), "at": at, "what": what, **more})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
            self._is_new, self.fault = True, ""
        except OSError as error:
            self.fault = f"{self.path}: {error}"

    def sync(self) -> None:
        """Have the disk keep what was added."""
        if self._is_new:
            self._is_new = False
            with contextlib.suppress(OSError), self.path.open("rb") as file:
                os.fsync(file.fileno())


@dataclass(slots=True)
class Uplink:
    """The uplink to one spacecraft. `antenna` is the line to space, None while there is none; `bookings` are the spacecraft's."""

    context: Context
    station: Station
    spacecraft: str
    link: CommandLink
    server: SleServer
    instance: CltuInstance
    antenna: Callable[[], Antenna | None]
    bookings: Callable[[], tuple[Booking, ...]]
    record: UplinkRecord
    geometry: Geometry
    wake: Callable[[], None]  # asks for a `step` soon
    agency: str = ""  # whose gate has it bound
    _carrier: UplinkCarrier = field(init=False)
    _waiting: deque[CltuAccepted] = field(default_factory=deque)
    _is_acquiring: bool = False
    _seen: tuple[int, bool] = (-(1 << 62), False)  # when the sky was looked at, and whether the spacecraft was there

    def __post_init__(self) -> None:
        self._carrier = UplinkCarrier(rules_of(self.link))

    def next_deadline(self) -> int | None:
        """Return when `step` is due (TAI nanoseconds), None: not before the next look."""
        return self._carrier.next_deadline()

    def step(self) -> None:
        """Do what is due now."""
        now = self.context.clock.now()
        self._heed(self._carrier.advance(now), now)
        self._produce(now)
        if self._carrier.mode is CarrierMode.OFF and self._waiting and self.instance.status is CltuProduction.OPERATIONAL:
            self._heed(self._carrier.begin(now), now)
            for cltu in list(self._waiting):
                self._submit(cltu, now)

    def on_event(self, event: Any) -> None:
        """Take what happened in the service instance."""
        now = self.context.clock.now()
        if isinstance(event, CltuAccepted):
            self._waiting.append(event)
            if self._carrier.mode is not CarrierMode.OFF:
                self._submit(event, now)
            self.wake()
        elif isinstance(event, CltusDiscarded):
            self._waiting.clear()
            events, _ = self._carrier.discard(now)
            self._heed(events, now)
            self.record.keep("discarded", now, cltus=list(event.cltu_ids), why=event.why)
        elif isinstance(event, EventThrown):  # none are offered
            self.server.event_ended(self.instance, event.event_invocation, CltuNotice.ACTION_LIST_NOT_COMPLETED)
        else:
            self._associated(event, now)

    def heard(self, word: bytes) -> None:
        """Take a control word that the spacecraft sent: it tells whether the uplink reaches it."""
        if word[0] & 0x80:
            return  # no CLCW
        flags = word[2]
        status = (
            UplinkStatus.NO_RF if flags & NO_RF else UplinkStatus.NO_BIT_LOCK if flags & NO_BIT_LOCK else UplinkStatus.NOMINAL
        )
        self.server.uplink(self.instance, self.instance.status, status)

    def refused(self, initiator: str, why: str) -> None:
        """Keep that somebody else wanted to bind the uplink."""
        log.warning("uplink refused", extra={"station": self.station.key, "initiator": initiator, "why": why})
        self.context.health.count("uplink_refused", station=self.station.key, spacecraft=self.spacecraft)
        self.record.keep("refused", self.context.clock.now(), initiator=initiator, why=why)

    def _associated(self, event: Any, now: int) -> None:
        if isinstance(event, Bound):
            agencies = self.context.installation.mission.organisation.agencies
            self.agency = next((one for one in agencies if gate_authority(one) == event.peer), event.peer)
            self.record.keep("bound", now, initiator=event.peer, agency=self.agency)
        elif isinstance(event, Unbound | Aborted):
            self.record.keep("unbound" if isinstance(event, Unbound) else "aborted", now, agency=self.agency, why=str(event))
            self.agency = ""
        self.wake()

    def _commanders(self) -> set[str]:
        return {agency for booking in self.bookings() for agency in booking.uplink}

    def _submit(self, cltu: CltuAccepted, now: int) -> None:
        times = {"earliest_ns": cltu.earliest, "latest_ns": cltu.latest, "delay_ns": cltu.delay_us * 1000}
        self._heed(self._carrier.submit(cltu.cltu_id, cltu.octets, now, **times), now)  # type: ignore[arg-type]

    def _heed(self, events: list[CarrierEvent], now: int) -> None:
        for event in events:
            if isinstance(event, RadiationBegun):
                self._begin(event, now)
            elif isinstance(event, CltuExpired):
                self._expire(event.cltu_id)
            elif isinstance(event, Radiated) and event.cltu_id is not None and event.complete:
                self._end(event)
        self._acquire()

    def _begin(self, begun: RadiationBegun, now: int) -> None:
        """Radiate a CLTU, if it may: the provider's buffer says so last, before the first bit leaves."""
        if why := self._obstacle(begun.at_ns, begun.until_ns):
            self.record.keep("not radiated", now, cltu=begun.cltu_id, agency=self.agency, why=why)
            self._cut(now)
            self._expire(begun.cltu_id)
            return
        try:
            cltu = self.server.radiation_started(self.instance, begun.cltu_id, begun.at_ns)
        except UsageError as error:  # it has expired or was discarded a moment ago
            self.record.keep("not radiated", now, cltu=begun.cltu_id, agency=self.agency, why=error.what)
            self._cut(now)
            return
        self._waiting.popleft()
        self._is_acquiring = False
        self._radiate(begun.at_ns, cltu.octets + bytes([IDLE]) * (self._carrier.rules.idle_after_bits // 8))
        digest = sha256(cltu.octets).hexdigest()
        told = {"cltu": cltu.cltu_id, "agency": self.agency, "octets": len(cltu.octets), "sha256": digest}
        self.record.keep("radiation", begun.at_ns, until=begun.until_ns, bit_rate=str(self._carrier.rules.rate), **told)

    def _end(self, radiated: Radiated) -> None:
        assert radiated.cltu_id is not None
        with contextlib.suppress(UsageError):  # the production was interrupted meanwhile, and the user knows
            self.server.radiated(self.instance, radiated.cltu_id, radiated.end_ns)
            self.context.health.count("cltus_radiated", station=self.station.key, spacecraft=self.spacecraft)

    def _expire(self, cltu_id: int) -> None:
        with contextlib.suppress(UsageError):  # it is gone already
            self.server.expired(self.instance, cltu_id)

    def _acquire(self) -> None:
        """Radiate the acquisition sequence when the carrier begins it."""
        if self._carrier.mode is not CarrierMode.CMM_2 or self._is_acquiring:
            return
        self._is_acquiring = True
        bits, end = self._carrier.rules.acquisition_bits, self._carrier.next_deadline()
        if bits >= 8 and end is not None:
            self._radiate(end - radiation_duration_ns(bits, self._carrier.rules.rate), bytes([IDLE]) * (bits // 8))

    def _radiate(self, start: int, octets: bytes) -> None:
        antenna = self.antenna()
        try:
            if antenna is None:
                raise ConnectionError("there is no line to space")
            antenna.radiate(self.spacecraft, start, self._carrier.rules.rate, octets)
        except ConnectionError as error:
            self.context.health.fault(f"{self.station.key}/{self.spacecraft} uplink", str(error))
            self._interrupt(self.context.clock.now(), str(error))
        except UsageError as error:  # it leaves the antenna all the same
            self.context.health.count("uplinks_unheard", station=self.station.key, spacecraft=self.spacecraft)
            log.info("nobody hears the uplink", extra={"spacecraft": self.spacecraft, "why": error.what})

    def _cut(self, now: int) -> None:
        self._carrier.cut(now)
        self._is_acquiring = False

    def _interrupt(self, now: int, why: str) -> None:
        self._cut(now)
        self._waiting.clear()
        self.record.keep("interrupted", now, agency=self.agency, why=why)
        self.server.uplink(self.instance, CltuProduction.INTERRUPTED, UplinkStatus.NOT_AVAILABLE)

    def _produce(self, now: int) -> None:
        """Tell the provider whether CLTUs can be radiated now; what is under way is radiated to its end."""
        if self.instance.radiating is not None and self.antenna() is not None:
            return
        self._yield_contact(now)
        why = "there is no line to space" if self.antenna() is None else self._obstacle(now, now)
        status = self.instance.status
        if not why:
            self.context.health.well(f"{self.station.key}/{self.spacecraft} uplink")
            self.server.uplink(self.instance, CltuProduction.OPERATIONAL)
        elif status is CltuProduction.OPERATIONAL:
            self._interrupt(now, why)
        elif self.antenna() is None:
            self.server.uplink(self.instance, CltuProduction.INTERRUPTED)
        else:
            self.server.uplink(self.instance, CltuProduction.CONFIGURED)

    def _yield_contact(self, now: int) -> None:
        """While a contact is booked for some agencies let no gate of others bind, and end the association that one has."""
        current = {agency for booking in self.bookings() if booking.covers(now) for agency in booking.uplink}
        allowed = {gate_authority(agency) for agency in current}
        self.instance.barred = frozenset(self.instance.settings.initiators) - allowed if current else frozenset()
        if self.agency and current and self.agency not in current:
            why = f"the contact of {', '.join(sorted(current))} has begun"
            self.server.abort(self.instance, PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT, why)

    def _obstacle(self, start: int, stop: int) -> str:
        """Return why nothing may be radiated from `start` to `stop` (TAI nanoseconds), empty when it may."""
        agencies = {self.agency} if self.agency else self._commanders()
        booked = any(
            booking.start <= start and stop < booking.stop and agencies & set(booking.uplink) for booking in self.bookings()
        )
        if not booked:
            return f"no contact with uplink of {', '.join(sorted(agencies)) or 'anybody'} is booked for all of that time"
        for moment in {start, stop}:
            if not self.station.can("uplink", self.spacecraft, moment):
                return f"the mission does not let {self.station.key} uplink to {self.spacecraft} then"
            if not self._is_visible(moment):
                return f"{self.spacecraft} stands below the horizon of {self.station.key}"
        return ""

    def _is_visible(self, moment: int) -> bool:
        looked, seen = self._seen
        if abs(moment - looked) <= VISIBLE_NS:
            return seen
        try:
            sight = self.geometry.sight(self.station.key, self.spacecraft, moment)
        except AelitaError as error:
            self.context.health.fault(f"{self.station.key}/{self.spacecraft} sky", str(error))
            return False
        self.context.health.well(f"{self.station.key}/{self.spacecraft} sky")
        seen = sight.elevation_deg is None or sight.elevation_deg >= sight.needed_deg  # None: nothing tells a direction
        self._seen = moment, seen
        return seen
