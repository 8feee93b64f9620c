"""The provider of all services: one association as a state table (CCSDS 911.1-B, 911.2-B, 911.5-B, 912.1-B, chapter 4).

A missing cell of a PDU is the protocol error, and the association is aborted. BIND tells which of the two tables holds.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from ..time import SECOND
from . import cltu_provider
from .association import Association
from .cltu_events import CltuProviderEvent, CltuStarted
from .cltu_instance import CltuInstance, InstanceEvent
from .cltu_pdus import AsyncNotify, CltuStart, CltuStatusReport, CltuTransferData, ThrowEvent
from .cltu_settings import Known, cltu_answer
from .delivery import Counts, Delivery
from .events import BindRefused, Bound, DataWanted, ProviderEvent, Started, Stopped, Unbound
from .instances import CYCLES, Directory, Ending, InstanceSettings, ServiceInstance
from .now import Now
from .parameters import Asked, answer
from .pdus import (
    Bind,
    BindAccepted,
    BindReturn,
    ConfirmedReturn,
    GetParameter,
    GetParameterReturn,
    Notification,
    Parameter,
    Pdu,
    RafStatusReport,
    RcfStatusReport,
    RocfStatusReport,
    ScheduleStatusReport,
    ScheduleStatusReportReturn,
    Start,
    StartReturn,
    StatusReport,
    Stop,
    StopReturn,
    TransferBuffer,
    Unbind,
    UnbindReturn,
)
from .security import AuthenticationLevel, Guard
from .selection import StationFrame
from .terms import (
    BindDiagnostic,
    DeliveryMode,
    GetParameterDiagnostic,
    ParameterName,
    PeerAbortDiagnostic,
    ProductionStatus,
    ReportRequest,
    ScheduleDiagnostic,
    ServiceType,
    StartDiagnostic,
    UnbindReason,
)
from .tml import Tml

LONGEST_BIND = 4096  # octets of a message that comes before BIND is accepted: the longest BIND has fewer
LONGEST_WATCH_S = 1.0  # how long the mission clock goes unread while an end is awaited: it may run faster, or be set


class ProviderState(Enum):
    """Where a provider's association stands."""

    UNBOUND = "unbound"
    READY = "ready"
    ACTIVE = "active"
    OVER = "over"


class Provision(Enum):
    """What moves a provider beside PDUs; where the table has no cell, it goes nowhere."""

    FRAME = "frame heard"
    SUPPLY = "frames of the store"
    NOTIFICATION = "notification"
    END_OF_PERIOD = "end of the provision period"


class Provider(Association[ProviderEvent | CltuProviderEvent]):
    """One association of a provider, for whatever service instance of the directory its user binds.

    `instance` is what it has bound of the return services, `forward` of the forward CLTU service.
    """

    def __init__(self, directory: Directory, random: Callable[[], int]) -> None:
        limits = directory.settings.limits
        super().__init__(Tml(initiator=False, limits=limits), None, None, max(directory.settings.versions))
        self.tml.longest_message = min(LONGEST_BIND, limits.longest_message)
        self.directory = directory
        self.state = ProviderState.UNBOUND
        self.instance: ServiceInstance | None = None
        self.forward: CltuInstance | None = None
        self.delivery: Delivery | None = None
        self.initiator = ""
        self.counts = Counts()
        self._random = random
        self._cycle_s: int | None = None
        self._report_at: float | None = None
        self._bind_by: float | None = None
        self._watch_at: float | None = None
        self._is_free = True
        self._owed: ReportRequest | None = None  # why a status report waits for TCP
        self._told_room = 0
        self._discarded = 0

    def frame(self, frame: StationFrame, now: Now) -> None:
        """Deliver a frame just heard, if delivery is timely and has started."""
        self._provide(Provision.FRAME, frame, now)

    def supply(self, frames: Iterable[StationFrame], now: Now, *, end: bool = False) -> None:
        """Deliver stored frames, at most `credits`; `end`: there are no more."""
        self._provide(Provision.SUPPLY, (frames, end), now)

    def notify(self, notification: Notification, now: Now) -> None:
        """Deliver a notification, if delivery has started."""
        self._provide(Provision.NOTIFICATION, notification, now)

    def tell(self, notification: AsyncNotify, now: Now) -> None:
        """Send a notification of the forward CLTU service."""
        self._provide(Provision.NOTIFICATION, notification, now)

    def emit(self, event: InstanceEvent) -> None:
        """Report what happened in the forward CLTU instance."""
        self._events.append(event)

    def transmitted(self, now: Now) -> None:
        """Say that TCP has taken what was sent, so that the next transfer buffer can go."""
        self._is_free = True
        if self._owed is not None:
            self._send_report(self._owed, now)
        if self.delivery is not None:
            self.delivery.buffer.transmitted()
            self._pump(now)

    @property
    def credits(self) -> int:
        """How many stored frames can be supplied."""
        return 0 if self.delivery is None else self.delivery.credits

    @property
    def discarded(self) -> int:
        """How many records were discarded for excessive backlog since BIND."""
        return self._discarded + (0 if self.delivery is None else self.delivery.buffer.discarded)

    @property
    def _table(self) -> "dict[tuple[ProviderState, Provision | type], ProviderAction]":
        return PROVIDER_TABLE if self.forward is None else CLTU_PROVIDER_TABLE

    @property
    def _bound(self) -> ServiceInstance | CltuInstance | None:
        return self.instance if self.forward is None else self.forward

    def _provide(self, cause: Provision, what: Any, now: Now) -> None:
        action = self._table.get((self.state, cause))
        if action is not None:
            action(self, what, now)

    def _on_open(self, now: Now) -> None:
        self._bind_by = now.s + self.directory.settings.bind_within_s

    def _on_pdu(self, pdu: Pdu, now: Now) -> None:
        action = self._table.get((self.state, type(pdu)))
        if action is None:
            self.abort(PeerAbortDiagnostic.PROTOCOL_ERROR, now, f"{type(pdu).__name__} while {self.state.value}")
        elif not isinstance(pdu, Bind) and (reason := self._distrust(pdu, now)):
            self.abort(PeerAbortDiagnostic.ACCESS_DENIED, now, f"{type(pdu).__name__} with {reason.value}")
        else:
            action(self, pdu, now)

    def _on_timer(self, now: Now) -> None:
        if self._bind_by is not None and self._bind_by <= now.s:
            self.abort(PeerAbortDiagnostic.OTHER_REASON, now, "no BIND came")
        elif self._bound is not None and not self._bound.is_in_period(now.mission_ns):
            self._provide(Provision.END_OF_PERIOD, None, now)
        else:
            if self._report_at is not None and self._report_at <= now.s and self._cycle_s is not None:
                self._report_at = now.s + self._cycle_s
                self._send_report(ReportRequest.PERIODICALLY, now)
            if self.delivery is not None:
                self.delivery.on_timer(now)
                self._pump(now)
            if self.forward is not None:
                self.forward.on_timer(now)
            self._watch(now)

    def _deadlines(self) -> list[float | None]:
        release = None if self.delivery is None else self.delivery.buffer.deadline
        return [self._bind_by, self._report_at, self._watch_at, release]

    def _on_over(self) -> None:
        if self.forward is not None and self.forward.bound is self:
            self.forward.lost("the association has ended")
        if self._bound is not None and self._bound.bound is self:
            self._bound.bound = None
        self._discarded = self.discarded
        self.state, self.delivery, self._cycle_s, self._owed = ProviderState.OVER, None, None, None

    def _watch(self, now: Now) -> None:
        """Come back when the provision period or a timely delivery ends."""
        ends = [] if self._bound is None or self._bound.settings.end is None else [self._bound.settings.end]
        if self.forward is not None and (moment := self.forward.next_moment()) is not None:
            ends.append(moment)
        if self.delivery is not None and self.delivery.is_timely and self.delivery.asked.stop is not None:
            ends += [] if self.delivery.has_ended else [self.delivery.last_ns + 1]
        self._watch_at = now.s + min(max((min(ends) - now.mission_ns) / SECOND, 0.0), LONGEST_WATCH_S) if ends else None

    def _pump(self, now: Now) -> None:
        if self.delivery is None:
            return
        if self._is_free and (taken := self.delivery.release(now)) is not None:
            self._is_free = False
            self._send(TransferBuffer(taken), now)
        room = self.delivery.credits
        if room > self._told_room:
            self._events.append(DataWanted(room))
        self._told_room = room

    # Actions of the table.

    def _bind(self, pdu: Any, now: Now) -> None:
        self._bind_by = None
        trust = self.directory.trust(pdu)
        if trust is None:
            self._refuse(pdu, BindDiagnostic.ACCESS_DENIED, now, "its initiator is not known")
            return
        security, memory = trust
        self._guard = Guard(security, self.directory.settings.identifier, pdu.initiator, self._random, memory)
        if reason := self._distrust(pdu, now):
            self._guard = None  # who is not believed gets no credentials of ours
            self._refuse(pdu, BindDiagnostic.ACCESS_DENIED, now, reason.value)
            return
        found = self.directory.find(pdu, now.mission_ns)
        if found is BindDiagnostic.ALREADY_BOUND and self._takes_over(pdu, now):
            found = self.directory.find(pdu, now.mission_ns)
        if isinstance(found, BindDiagnostic):
            self._refuse(pdu, found, now)
            return
        if isinstance(found, CltuInstance):
            self.forward, found.expected_event = found, 0
        else:
            self.instance = found
        self.initiator, found.bound = pdu.initiator, self
        self.state, self.service, self.version = ProviderState.READY, found.settings.service, pdu.version
        self.tml.longest_message = self.directory.settings.limits.longest_message
        self._send(BindReturn(self.directory.settings.identifier, BindAccepted(pdu.version)), now)
        self._watch(now)
        self._events.append(Bound(pdu.initiator, pdu.service_instance, pdu.version))

    def _takes_over(self, pdu: Bind, now: Now) -> bool:
        """Abort the association of the same initiator that has the instance bound, if that may be; return whether it was."""
        instance = self.directory.named(pdu.service_instance)
        bound = None if instance is None else instance.bound
        is_proved = self._guard is not None and self._guard.security.level is not AuthenticationLevel.NONE
        if not (self.directory.settings.take_over and is_proved and bound is not None and bound.initiator == pdu.initiator):
            return False
        bound.abort(PeerAbortDiagnostic.OTHER_REASON, now, "its initiator has bound the instance anew")
        return True

    def _refuse(self, pdu: Bind, diagnostic: BindDiagnostic, now: Now, why: str = "") -> None:
        self._send(BindReturn(self.directory.settings.identifier, diagnostic), now)
        self.tml.disconnect(now.s)
        why = why or diagnostic.name.lower().replace("_", " ")
        self._over(BindRefused(diagnostic, pdu.initiator, pdu.service_instance, why))

    def _start(self, pdu: Any, now: Now) -> None:
        assert self.instance is not None
        diagnostic = _start_refusal(self.instance, pdu, now)
        self._send(StartReturn(pdu.invoke_id, diagnostic), now)
        if diagnostic is None:
            self.state = ProviderState.ACTIVE
            self.delivery = Delivery(self.instance.settings, pdu, self.counts, is_free=self._is_free)
            self._told_room = 0
            self._events.append(Started(pdu.request, pdu.start, pdu.stop))
            self._watch(now)
            self._pump(now)

    def _stop(self, pdu: Any, now: Now) -> None:
        assert self.delivery is not None
        while (taken := self.delivery.release(now, at_once=True)) is not None:
            self._is_free = False
            self._send(TransferBuffer(taken), now)
        self._discarded, self.delivery = self.discarded, None
        self.state = ProviderState.READY
        self._send(StopReturn(pdu.invoke_id), now)
        self._events.append(Stopped())

    def _schedule(self, pdu: Any, now: Now) -> None:
        diagnostic = self._schedule_refusal(pdu)
        self._send(ScheduleStatusReportReturn(pdu.invoke_id, diagnostic), now)
        if diagnostic is not None:
            return
        if pdu.request is not ReportRequest.IMMEDIATELY:
            self._cycle_s = pdu.cycle_s if pdu.request is ReportRequest.PERIODICALLY else None
            self._report_at = None if self._cycle_s is None else now.s + self._cycle_s
        if pdu.request is not ReportRequest.STOP:
            self._send_report(pdu.request, now)
        elif self._owed is ReportRequest.PERIODICALLY:
            self._owed = None

    def _schedule_refusal(self, pdu: ScheduleStatusReport) -> ScheduleDiagnostic | None:
        assert self._bound is not None
        settings = self._bound.settings
        if isinstance(settings, InstanceSettings) and settings.mode is DeliveryMode.RETURN_OFFLINE:
            return ScheduleDiagnostic.NOT_SUPPORTED_IN_THIS_DELIVERY_MODE
        if pdu.request is ReportRequest.STOP and self._cycle_s is None:
            return ScheduleDiagnostic.ALREADY_STOPPED
        cycle = pdu.cycle_s or 0
        if pdu.request is ReportRequest.PERIODICALLY and not (cycle in CYCLES and cycle >= settings.min_reporting_cycle_s):
            return ScheduleDiagnostic.INVALID_REPORTING_CYCLE
        return None

    def _send_report(self, request: ReportRequest, now: Now) -> None:
        if self._is_free:
            self._owed = None
            self._send(self._report(), now)
        elif self._owed is not ReportRequest.IMMEDIATELY:  # a user that reads nothing gets one, not a heap, when it reads again
            self._owed = request

    def _report(self) -> StatusReport | CltuStatusReport:
        if self.forward is not None:
            return self.forward.report()
        assert self.instance is not None
        equipment, status, counts = self.instance.equipment, self.instance.status, self.counts
        lock = (equipment.frame_sync, equipment.symbol_sync, equipment.subcarrier, equipment.carrier)
        if self.instance.settings.service is ServiceType.RAF:
            return RafStatusReport(counts.error_free, counts.delivered, *lock, status)
        if self.instance.settings.service is ServiceType.RCF:
            return RcfStatusReport(counts.delivered, *lock, status)
        return RocfStatusReport(counts.processed, counts.delivered, *lock, status)

    def _get(self, pdu: Any, now: Now) -> None:
        self._send(GetParameterReturn(pdu.invoke_id, self._answer(pdu.parameter)), now)

    def _answer(self, name: ParameterName | int) -> Parameter | GetParameterDiagnostic:
        if (forward := self.forward) is not None:
            known = Known(forward.settings, forward.expected_cltu, forward.expected_event, self._cycle_s)
            return cltu_answer(name, known, self.version)
        assert self.instance is not None
        request = None if self.delivery is None else self.delivery.asked.request
        return answer(name, Asked(self.instance.settings, self._cycle_s, request), self.version)

    def _unbind(self, pdu: Any, now: Now) -> None:
        assert self._bound is not None
        if pdu.reason is UnbindReason.END and self._bound.settings.ending is Ending.FINAL:
            self._bound.is_finished = True
        self._send(UnbindReturn(), now)
        self.tml.disconnect(now.s)
        self._over(Unbound(pdu.reason))

    def _deliver(self, frame: Any, now: Now) -> None:
        if self.delivery is not None and self.delivery.is_timely:
            self.delivery.frame(frame, now)
            self._pump(now)

    def _deliver_stored(self, what: Any, now: Now) -> None:
        if self.delivery is not None:
            frames, end = what
            self._told_room = max(self._told_room - self.delivery.supply(frames, now, end=end), 0)
            self._pump(now)

    def _tell(self, notification: Any, now: Now) -> None:
        if self.delivery is not None:
            self.delivery.notify(notification, now)
            self._pump(now)

    # Actions of the forward CLTU service; its START, TRANSFER-DATA, STOP and THROW-EVENT are in `cltu_provider`.

    def _notify(self, notification: Any, now: Now) -> None:
        self._send(notification, now)

    def begin(self, event: CltuStarted) -> None:
        """Be active from now on."""
        self.state = ProviderState.ACTIVE
        self._events.append(event)

    def end(self, event: Stopped) -> None:
        """Be active no more."""
        self.state = ProviderState.READY
        self._events.append(event)

    def reply(self, pdu: ConfirmedReturn, now: Now) -> None:
        """Send a return; what waits in the buffer may have changed."""
        self._send(pdu, now)
        self._watch(now)

    def _end_of_period(self, _: Any, now: Now) -> None:
        if self.forward is not None:
            self.forward.discard("the provision period is over")
        self.abort(PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD, now)


ProviderAction = Callable[[Provider, Any, Now], None]
_BOUND = (ProviderState.READY, ProviderState.ACTIVE)
PROVIDER_TABLE: dict[tuple[ProviderState, Provision | type], ProviderAction] = {
    (ProviderState.UNBOUND, Bind): Provider._bind,
    (ProviderState.READY, Start): Provider._start,
    (ProviderState.ACTIVE, Stop): Provider._stop,
    (ProviderState.READY, Unbind): Provider._unbind,
    **{(state, ScheduleStatusReport): Provider._schedule for state in _BOUND},
    **{(state, GetParameter): Provider._get for state in _BOUND},
    (ProviderState.ACTIVE, Provision.FRAME): Provider._deliver,
    (ProviderState.ACTIVE, Provision.SUPPLY): Provider._deliver_stored,
    (ProviderState.ACTIVE, Provision.NOTIFICATION): Provider._tell,
    **{(state, Provision.END_OF_PERIOD): Provider._end_of_period for state in _BOUND},
}

CLTU_PROVIDER_TABLE: dict[tuple[ProviderState, Provision | type], ProviderAction] = {
    (ProviderState.UNBOUND, Bind): Provider._bind,
    (ProviderState.READY, CltuStart): cltu_provider.start,
    (ProviderState.ACTIVE, CltuTransferData): cltu_provider.transfer,
    (ProviderState.ACTIVE, Stop): cltu_provider.stop,
    (ProviderState.READY, Unbind): Provider._unbind,
    **{(state, ThrowEvent): cltu_provider.throw for state in _BOUND},
    **{(state, ScheduleStatusReport): Provider._schedule for state in _BOUND},
    **{(state, GetParameter): Provider._get for state in _BOUND},
    **{(state, Provision.NOTIFICATION): Provider._notify for state in _BOUND},
    **{(state, Provision.END_OF_PERIOD): Provider._end_of_period for state in _BOUND},
}


def _start_refusal(instance: ServiceInstance, pdu: Start, now: Now) -> StartDiagnostic | None:
    settings, start, stop = instance.settings, pdu.start, pdu.stop
    if instance.status is ProductionStatus.HALTED:
        return StartDiagnostic.OUT_OF_SERVICE
    if (refusal := settings.refusal(pdu.request)) is not None:
        return refusal
    if not settings.is_online and (start is None or stop is None):
        return StartDiagnostic.MISSING_TIME_VALUE
    if start is not None and settings.is_online and settings.end is not None and start >= settings.end:
        return StartDiagnostic.INVALID_START_TIME
    is_past = stop is not None and settings.is_online and stop <= now.mission_ns
    is_before_start = stop is not None and start is not None and stop < start
    return StartDiagnostic.INVALID_STOP_TIME if is_past or is_before_start else None
