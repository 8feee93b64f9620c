"""A service instance of the forward CLTU service: its buffer, what was radiated, and the state of production (CCSDS 912.1-B).

The buffer is the only truth about what may be radiated. A station calls `radiation_started` before the first bit of a CLTU
leaves, and radiates nothing when that raises: the CLTU has expired, or was discarded. CLTUs are radiated in order; when one is
not, those behind it are discarded and the user has to STOP and START, since commands depend on those before them.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..errors import UsageError
from .cltu_events import CltuAccepted, CltusDiscarded, EventThrown
from .cltu_pdus import AsyncNotify, CltuStatusReport, CltuTransferData, LastOk, LastProcessed, RadiationTimes, ThrowEvent
from .cltu_settings import CltuSettings
from .cltu_terms import (
    CltuNotice,
    CltuProduction,
    CltuStartDiagnostic,
    CltuStatus,
    NotificationMode,
    ProtocolAbortMode,
    RadiationNotification,
    ThrowEventDiagnostic,
    TransferDiagnostic,
    UplinkStatus,
)
from .credentials import ReplayMemory
from .now import Now
from .terms import PeerAbortDiagnostic

MICROSECOND = 1000  # nanoseconds
NUMBERS = 1 << 32  # identifications and counts begin again after so many
ENDS_OF_EVENTS = (CltuNotice.ACTION_LIST_COMPLETED, CltuNotice.ACTION_LIST_NOT_COMPLETED, CltuNotice.EVENT_CONDITION_FALSE)
InstanceEvent = CltuAccepted | CltusDiscarded | EventThrown


class CltuAssociation(Protocol):
    """What a forward CLTU instance needs of the association that has it bound."""

    initiator: str

    def abort(self, diagnostic: PeerAbortDiagnostic, now: Now, why: str = "") -> None:
        """End it at once."""

    def tell(self, notification: AsyncNotify, now: Now) -> None:
        """Send a notification."""

    def emit(self, event: InstanceEvent) -> None:
        """Report to the owner."""


@dataclass(slots=True)
class CltuInstance:
    """One instance. The station calls `production`, `radiation_started`, `radiated`, `expired`, `event_ended`.

    What happens while it is bound is reported by its association, else by `take_events`. `barred` are the initiators that may
    not bind for now, since it is another's time.
    """

    settings: CltuSettings
    status: CltuProduction = CltuProduction.HALTED
    uplink: UplinkStatus = UplinkStatus.NOT_AVAILABLE
    bound: CltuAssociation | None = None
    is_finished: bool = False
    is_blocked: bool = False
    expected_cltu: int = 0
    expected_event: int = 0
    last_processed: LastProcessed | None = None
    last_ok: LastOk | None = None
    received: int = 0
    processed: int = 0
    radiated_cltus: int = 0
    barred: frozenset[str] = frozenset()
    memory: ReplayMemory = field(default_factory=ReplayMemory)
    _buffer: deque[CltuAccepted] = field(default_factory=deque)
    _octets: int = 0
    _radiating: CltuAccepted | None = None
    _rests_until: int | None = None
    _events: deque[InstanceEvent] = field(default_factory=deque)

    def __post_init__(self) -> None:
        windows = [security.window_s for security in self.settings.initiators.values()]
        self.memory = ReplayMemory(max(windows), not_before=self.settings.not_before)

    @property
    def next_cltu(self) -> CltuAccepted | None:
        """The CLTU to be radiated next, None when none waits."""
        return self._buffer[0] if self._buffer else None

    @property
    def radiating(self) -> CltuAccepted | None:
        """The CLTU that is being radiated."""
        return self._radiating

    @property
    def rests_until(self) -> int | None:
        """Until when (TAI nanoseconds) the uplink rests after the last CLTU."""
        return self._rests_until

    @property
    def buffer_available(self) -> int:
        """Octets free in the buffer; a CLTU leaves it when its radiation has ended."""
        return max(self.settings.buffer_octets - self._octets, 0)

    def take_events(self) -> Iterator[InstanceEvent]:
        """Yield what happened while no association stood, in order, and forget it."""
        while self._events:
            yield self._events.popleft()

    def is_in_period(self, now: int) -> bool:
        """Return whether a time (TAI nanoseconds) lies in the provision period."""
        begin, end = self.settings.begin, self.settings.end
        return not self.is_finished and (begin is None or begin <= now) and (end is None or now < end)

    # What the station tells.

    def radiation_started(self, cltu_id: int, at: int, now: Now) -> CltuAccepted:
        """Take note that the radiation of the next CLTU begins at a time (TAI nanoseconds), and return it.

        Call it before the first bit leaves. Raises UsageError when it may not be radiated then: radiate nothing of it.
        """
        cltu = self._next(cltu_id)
        if self.status is not CltuProduction.OPERATIONAL:
            raise UsageError(f"CLTU {cltu_id} while production is {self.status.name.lower()}", remedy="Radiate nothing of it")
        if self._radiating is not None:
            raise UsageError(f"CLTU {cltu_id} while {self._radiating.cltu_id} is radiated", remedy="Radiate one after the other")
        if cltu.latest is not None and at > cltu.latest:
            raise UsageError(f"CLTU {cltu_id} {at - cltu.latest} ns after its latest time", remedy="Call `expired`")
        soonest = max(cltu.earliest or at, self._rests_until or at)
        if at < soonest:
            raise UsageError(f"CLTU {cltu_id} {soonest - at} ns before its time", remedy="Wait until then")
        self._buffer.popleft()
        self._radiating = cltu
        self.processed += 1
        self.last_processed = LastProcessed(cltu_id, at, CltuStatus.RADIATION_STARTED)
        return cltu

    def radiated(self, cltu_id: int, stopped: int, now: Now) -> None:
        """Take note that the radiation of a CLTU ended at a time (TAI nanoseconds). Raises UsageError for one not under way."""
        cltu = self._radiating
        if cltu is None or cltu.cltu_id != cltu_id or self.last_processed is None:
            raise UsageError(
                f"CLTU {cltu_id} is not being radiated", remedy="Call `radiation_started` before, and `radiated` once"
            )
        self._radiating = None
        self._octets -= len(cltu.octets)
        self.radiated_cltus += 1
        self.last_processed = replace(self.last_processed, status=CltuStatus.RADIATED)
        self.last_ok = LastOk(cltu_id, stopped)
        self._rests_until = stopped + max(cltu.delay_us, self.settings.minimum_delay_us) * MICROSECOND
        if cltu.is_told:
            self._tell(CltuNotice.RADIATED, now)
        if not self._buffer:
            self._tell(CltuNotice.BUFFER_EMPTY, now)

    def expired(self, cltu_id: int, now: Now) -> None:
        """Take note that the next CLTU cannot begin in time: it and those behind it are discarded. Raises UsageError."""
        self._fail(self._next(cltu_id), CltuStatus.EXPIRED, CltuNotice.EXPIRED, now)

    def production(self, status: CltuProduction, now: Now, uplink: UplinkStatus | None = None) -> None:
        """Take the state of the production, and of the uplink where it is known; a change is told to the user.

        An interruption or a halt breaks off the CLTU that is being radiated.
        """
        self.uplink = self.uplink if uplink is None else uplink
        if status is self.status:
            return
        self.status = status
        if status is CltuProduction.OPERATIONAL:
            self._tell(CltuNotice.PRODUCTION_OPERATIONAL, now)
        elif status is CltuProduction.HALTED:
            self._break_off()
            self._give_up("production halted")
            self._tell(CltuNotice.PRODUCTION_HALTED, now)
        elif status is CltuProduction.INTERRUPTED:
            if self._break_off() or self.settings.notification_mode is NotificationMode.IMMEDIATE:
                self._give_up("production interrupted")
                self._tell(CltuNotice.PRODUCTION_INTERRUPTED, now)
            self._affect(now)

    def event_ended(self, event_invocation: int, how: CltuNotice, now: Now) -> None:
        """Tell the user how an event that it threw has ended. Raises UsageError for another kind of notice."""
        if how not in ENDS_OF_EVENTS:
            raise UsageError(f"{how.name} is no end of an event", remedy="Completed, not completed, or condition false")
        self._tell(how, now, event_invocation)

    def on_timer(self, now: Now) -> None:
        """Do what is due by now: give up the next CLTU when its latest time is over."""
        cltu = self.next_cltu
        if cltu is not None and cltu.latest is not None and cltu.latest < now.mission_ns:
            self._fail(cltu, CltuStatus.EXPIRED, CltuNotice.EXPIRED, now)
        self._affect(now)

    def next_moment(self) -> int | None:
        """Return when `on_timer` is due (TAI nanoseconds of the mission), or None."""
        cltu = self.next_cltu
        if cltu is None:
            return None
        waits = self.status is CltuProduction.INTERRUPTED and cltu.earliest is not None
        due = [cltu.earliest if waits else None, None if cltu.latest is None else cltu.latest + 1]
        return min((at for at in due if at is not None), default=None)

    def discard(self, why: str) -> None:
        """Give up all that waits in the buffer; the CLTU that is being radiated is radiated to its end."""
        self._give_up(why)

    # What the association tells.

    def start(self, first_cltu: int, now: Now) -> RadiationTimes | CltuStartDiagnostic:
        """Begin to take CLTUs, or tell why not."""
        if self.status is CltuProduction.HALTED:
            return CltuStartDiagnostic.OUT_OF_SERVICE
        if self.status is CltuProduction.INTERRUPTED:
            return CltuStartDiagnostic.UNABLE_TO_COMPLY
        if not self.is_in_period(now.mission_ns):
            return CltuStartDiagnostic.PRODUCTION_TIME_EXPIRED
        under_way = [*self._buffer, *([] if self._radiating is None else [self._radiating])]
        if any(cltu.cltu_id == first_cltu for cltu in under_way):
            return CltuStartDiagnostic.INVALID_CLTU_ID
        self.expected_cltu, self.is_blocked = first_cltu, False
        return RadiationTimes(now.mission_ns, self.settings.end)

    def transfer(self, pdu: CltuTransferData, now: Now) -> TransferDiagnostic | None:
        """Take a CLTU into the buffer, or tell why not."""
        refusal = self._refusal(pdu, now)
        if refusal is not None:
            return refusal
        is_told = pdu.notification is RadiationNotification.PRODUCE
        cltu = CltuAccepted(pdu.cltu_id, pdu.data, pdu.earliest, pdu.latest, pdu.delay_us, is_told, now.mission_ns)
        self._buffer.append(cltu)
        self._octets += len(pdu.data)
        self.received += 1
        self.expected_cltu = (pdu.cltu_id + 1) % NUMBERS
        self._emit(cltu)
        return None

    def throw(self, pdu: ThrowEvent) -> ThrowEventDiagnostic | None:
        """Take an event, or tell why not."""
        if not self.settings.events:
            return ThrowEventDiagnostic.OPERATION_NOT_SUPPORTED
        if pdu.event_invocation != self.expected_event:
            return ThrowEventDiagnostic.EVENT_INVOCATION_ID_OUT_OF_SEQUENCE
        if pdu.event not in self.settings.events:
            return ThrowEventDiagnostic.NO_SUCH_EVENT
        self.expected_event = (pdu.event_invocation + 1) % NUMBERS
        self._emit(EventThrown(pdu.event_invocation, pdu.event, pdu.qualifier))
        return None

    def lost(self, why: str) -> None:
        """Take note that the association has ended; what waits is discarded unless the abort mode is to continue."""
        if self.settings.protocol_abort_mode is ProtocolAbortMode.ABORT:
            self._give_up(why)

    def report(self) -> CltuStatusReport:
        """Return a status report; its counts are those since the instance was offered."""
        counts = (self.received % NUMBERS, self.processed % NUMBERS, self.radiated_cltus % NUMBERS)
        return CltuStatusReport(
            self.last_processed, self.last_ok, self.status, self.uplink, *counts, min(self.buffer_available, NUMBERS - 1)
        )

    def _refusal(self, pdu: CltuTransferData, now: Now) -> TransferDiagnostic | None:
        settings, earliest, latest = self.settings, pdu.earliest, pdu.latest
        if self.is_blocked or self.status in (CltuProduction.INTERRUPTED, CltuProduction.HALTED):
            return TransferDiagnostic.UNABLE_TO_PROCESS
        if pdu.cltu_id != self.expected_cltu:
            return TransferDiagnostic.OUT_OF_SEQUENCE
        if earliest is not None and latest is not None and earliest > latest:
            return TransferDiagnostic.INCONSISTENT_TIME_RANGE
        if latest is not None and latest <= now.mission_ns:
            return TransferDiagnostic.LATE_SLDU
        if earliest is not None and settings.end is not None and earliest >= settings.end:
            return TransferDiagnostic.INVALID_TIME
        if 0 < pdu.delay_us < settings.minimum_delay_us:  # 0: no delay is asked for
            return TransferDiagnostic.INVALID_DELAY_TIME
        if len(pdu.data) > settings.maximum_cltu_octets:
            return TransferDiagnostic.CLTU_ERROR
        is_full = len(pdu.data) > self.buffer_available or len(self._buffer) >= settings.most_cltus
        return TransferDiagnostic.UNABLE_TO_STORE if is_full else None

    def _next(self, cltu_id: int) -> CltuAccepted:
        cltu = self.next_cltu
        if cltu is None or cltu.cltu_id != cltu_id:
            raise UsageError(
                f"CLTU {cltu_id} is not the next: it is out of turn, has expired or was discarded", remedy="Radiate nothing of it"
            )
        return cltu

    def _affect(self, now: Now) -> None:
        """Where an interruption is told when it affects a CLTU: tell it when the next one should begin."""
        cltu = self.next_cltu
        if cltu is None or self.status is not CltuProduction.INTERRUPTED:
            return
        if cltu.earliest is None or cltu.earliest <= now.mission_ns:
            self._fail(cltu, CltuStatus.RADIATION_NOT_STARTED, CltuNotice.PRODUCTION_INTERRUPTED, now)

    def _fail(self, cltu: CltuAccepted, status: CltuStatus, notice: CltuNotice, now: Now) -> None:
        self.processed += 1
        self.last_processed = LastProcessed(cltu.cltu_id, None, status)
        self._give_up(f"CLTU {cltu.cltu_id}: {status.name.lower().replace('_', ' ')}")
        self._tell(notice, now)

    def _break_off(self) -> bool:
        """Give up the CLTU that is being radiated; return whether there was one."""
        if self._radiating is None or self.last_processed is None:
            return False
        self._octets -= len(self._radiating.octets)
        self._radiating = None
        self.last_processed = replace(self.last_processed, status=CltuStatus.INTERRUPTED)
        return True

    def _give_up(self, why: str) -> None:
        self.is_blocked = True
        if self._buffer:
            given_up = tuple(cltu.cltu_id for cltu in self._buffer)
            self._buffer.clear()
            self._octets = 0 if self._radiating is None else len(self._radiating.octets)
            self._emit(CltusDiscarded(given_up, why))

    def _tell(self, notice: CltuNotice, now: Now, event_invocation: int | None = None) -> None:
        if self.bound is not None:
            known = (self.last_processed, self.last_ok, self.status, self.uplink)
            self.bound.tell(AsyncNotify(notice, *known, event_invocation), now)

    def _emit(self, event: InstanceEvent) -> None:
        if self.bound is not None:
            self.bound.emit(event)
        else:
            self._events.append(event)
