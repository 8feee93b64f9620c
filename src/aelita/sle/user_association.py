"""What users of all services share: BIND, STOP, UNBIND, reports and parameters, invocations that wait for their returns.

Requests and PDUs meet one state table: a missing cell is refused to the caller for a request, and the protocol error for a PDU.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar, TypeVar

from ..errors import DefinitionError, UsageError
from .association import Association
from .cltu_pdus import CltuStart, CltuStartReturn, CltuTransferData, CltuTransferDataReturn, ThrowEvent, ThrowEventReturn
from .codec import check
from .events import (
    BindRefused,
    Bound,
    ParameterRead,
    ParameterRefused,
    ReportRefused,
    ReportScheduled,
    Stopped,
    StopRefused,
    Unbound,
)
from .instances import SERVICES
from .now import Now
from .pdus import (
    Bind,
    BindAccepted,
    BindReturn,
    GetParameter,
    GetParameterReturn,
    Parameter,
    Pdu,
    ScheduleStatusReport,
    ScheduleStatusReportReturn,
    Start,
    StartReturn,
    Stop,
    StopReturn,
    Unbind,
    UnbindReturn,
)
from .security import Guard, Security
from .terms import ParameterName, PeerAbortDiagnostic, ReportRequest, ServiceType, UnbindReason
from .tml import Tml, TmlLimits

Event = TypeVar("Event")


class UserState(Enum):
    """Where a user's association stands."""

    UNBOUND = "unbound"
    BINDING = "bind pending"
    READY = "ready"
    STARTING = "start pending"
    ACTIVE = "active"
    STOPPING = "stop pending"
    UNBINDING = "unbind pending"
    OVER = "over"


class Ask(Enum):
    """What the owner of an association asks of it."""

    BIND = "bind request"
    START = "start request"
    STOP = "stop request"
    SCHEDULE = "schedule-status-report request"
    GET = "get-parameter request"
    TRANSFER = "transfer-data request"
    THROW = "throw-event request"
    UNBIND = "unbind request"


@dataclass(frozen=True, slots=True)
class UserSettings:
    """Whom a user binds as whom, and how; `return_timeout_s` is 1 to 600 s."""

    initiator: str
    responder: str
    responder_port: str
    service_instance: str
    version: int = 5
    security: Security = field(default_factory=Security)
    return_timeout_s: float = 60.0
    limits: TmlLimits = field(default_factory=TmlLimits)
    services: ClassVar[Mapping[str, ServiceType]] = SERVICES
    kind: ClassVar[str] = "return service"

    def __post_init__(self) -> None:
        if self.service_instance.rpartition(".")[2].partition("=")[0] not in self.services:
            raise DefinitionError(
                f"service instance {self.service_instance!r} is of no {self.kind}",
                remedy=f"Its last part is {' or '.join(f'{name}=' for name in self.services)}",
            )
        if not 1 <= self.return_timeout_s <= 600:
            raise DefinitionError(f"a return timeout of {self.return_timeout_s} s", remedy="Give 1 to 600 s")
        check(BindReturn(self.responder, BindAccepted(5)), None, 5, f"responder {self.responder!r}")
        check(self.bind(), self.service, self.version, f"what {self.initiator!r} would bind {self.service_instance!r} with")

    def bind(self) -> Bind:
        """Return the BIND that asks for it, without credentials."""
        return Bind(self.initiator, self.responder_port, self.service, self.version, self.service_instance)

    @property
    def service(self) -> ServiceType:
        """RAF, RCF, ROCF or FCLTU."""
        return self.services[self.service_instance.rpartition(".")[2].partition("=")[0]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A return that is awaited until a deadline (seconds), and the invocation."""

    kind: type
    deadline: float
    invocation: Pdu


class UserAssociation(Association[Event], ABC):
    """One association of a user, but for what its service has of its own."""

    def __init__(self, settings: UserSettings, guard: Guard | None = None) -> None:
        super().__init__(Tml(initiator=True, limits=settings.limits), guard, settings.service, settings.version)
        self.settings = settings
        self.state = UserState.UNBOUND
        self._waiting: dict[int, _Waiting] = {}
        self._next_id = 0

    @property
    @abstractmethod
    def table(self) -> "Mapping[tuple[UserState, Ask | type], UserAction]":
        """The state table."""

    def bind(self, now: Now) -> None:
        """Ask the provider for the service instance."""
        self._ask(Ask.BIND, now)

    def stop(self, now: Now) -> None:
        """Ask the provider to end the service, which another START begins again."""
        self._ask(Ask.STOP, now, Stop(0))

    def schedule_report(self, request: ReportRequest, now: Now, cycle_s: int | None = None) -> int:
        """Ask for status reports, and return the invoke id."""
        return self._ask(Ask.SCHEDULE, now, ScheduleStatusReport(0, request, cycle_s))

    def get_parameter(self, parameter: ParameterName, now: Now) -> int:
        """Ask for the value of a parameter, and return the invoke id."""
        return self._ask(Ask.GET, now, GetParameter(0, parameter))

    def unbind(self, now: Now, reason: UnbindReason = UnbindReason.SUSPEND) -> None:
        """End the association; `SUSPEND` keeps the service instance for another BIND, `END` gives it up."""
        self._ask(Ask.UNBIND, now, Unbind(reason))

    def _ask(self, ask: Ask, now: Now, pdu: Pdu | None = None) -> int:
        action = self.table.get((self.state, ask))
        if action is None or not self.tml.is_open:
            raise UsageError(f"a {ask.value} while {self.state.value}", remedy="Wait for the event before it")
        action(self, pdu, now)
        return self._next_id

    def _on_pdu(self, pdu: Pdu, now: Now) -> None:
        action = self.table.get((self.state, type(pdu)))
        if action is None:
            self.abort(PeerAbortDiagnostic.PROTOCOL_ERROR, now, f"{type(pdu).__name__} while {self.state.value}")
            return
        if isinstance(pdu, BindReturn) and pdu.responder != self.settings.responder:
            self.abort(PeerAbortDiagnostic.UNEXPECTED_RESPONDER_ID, now, f"the responder calls itself {pdu.responder!r}")
            return
        is_refusal = isinstance(pdu, BindReturn) and not isinstance(pdu.result, BindAccepted)
        if not is_refusal and (reason := self._distrust(pdu, now)):  # who refuses us may not know our secrets
            self.abort(PeerAbortDiagnostic.ACCESS_DENIED, now, f"{type(pdu).__name__} with {reason.value}")
            return
        action(self, pdu, now)

    def _on_timer(self, now: Now) -> None:
        late = next(iter(self._waiting.values()), None)  # they wait equally long: the first is the next
        if late is not None and late.deadline <= now.s:
            self.abort(PeerAbortDiagnostic.RETURN_TIMEOUT, now, f"no return to {type(late.invocation).__name__}")

    def _deadlines(self) -> list[float | None]:
        first = next(iter(self._waiting.values()), None)
        return [None if first is None else first.deadline]

    def _tell(self, event: Any) -> None:
        self._events.append(event)

    def _on_over(self) -> None:
        self.state = UserState.OVER
        self._waiting.clear()

    def _await(self, key: int, kind: type, pdu: Pdu, now: Now) -> None:
        self._send(pdu, now)  # what cannot be encoded waits for nothing
        self._waiting[key] = _Waiting(kind, now.s + self.settings.return_timeout_s, pdu)

    def _invoke(self, pdu: Any, now: Now) -> None:
        self._next_id = (self._next_id + 1) % 65536
        while self._next_id in self._waiting:
            self._next_id = (self._next_id + 1) % 65536
        self._await(self._next_id, _RETURN_OF[type(pdu)], replace(pdu, invoke_id=self._next_id), now)

    def _returned(self, pdu: Any, now: Now) -> Any:
        """Return the invocation that a return answers; abort when there is none."""
        invoke_id = pdu.invoke_id
        waiting = self._waiting.get(invoke_id)
        if waiting is None or not isinstance(pdu, waiting.kind):
            self.abort(PeerAbortDiagnostic.UNSOLICITED_INVOKE_ID, now, f"{type(pdu).__name__} with invoke id {invoke_id}")
            return None
        del self._waiting[invoke_id]
        return waiting.invocation

    # Actions of the table.

    def _send_bind(self, _: Any, now: Now) -> None:
        self._await(_BIND_KEY, BindReturn, self.settings.bind(), now)
        self.state = UserState.BINDING

    def _send_start(self, pdu: Any, now: Now) -> None:
        self._invoke(pdu, now)
        self.state = UserState.STARTING

    def _send_stop(self, pdu: Any, now: Now) -> None:
        self._invoke(pdu, now)
        self.state = UserState.STOPPING

    def _send_request(self, pdu: Any, now: Now) -> None:
        self._invoke(pdu, now)

    def _send_unbind(self, pdu: Any, now: Now) -> None:
        self._waiting.clear()
        self._await(_UNBIND_KEY, UnbindReturn, pdu, now)
        self.state = UserState.UNBINDING

    def _bound(self, pdu: Any, now: Now) -> None:
        self._waiting.pop(_BIND_KEY, None)
        if not isinstance(pdu.result, BindAccepted):
            self.tml.disconnect(now.s)
            self._over(BindRefused(pdu.result))
        elif pdu.result.version != self.version:
            why = f"version {pdu.result.version} instead of {self.version}"
            self.abort(PeerAbortDiagnostic.OTHER_REASON, now, why)
        else:
            self.state = UserState.READY
            self._tell(Bound(pdu.responder, self.settings.service_instance, self.version))

    def _stopped(self, pdu: Any, now: Now) -> None:
        if self._returned(pdu, now) is None:
            return
        refused = pdu.diagnostic is not None
        self.state = UserState.ACTIVE if refused else UserState.READY
        self._tell(StopRefused(pdu.diagnostic) if refused else Stopped())

    def _scheduled(self, pdu: Any, now: Now) -> None:
        if self._returned(pdu, now) is not None:
            refused = pdu.diagnostic is not None
            self._tell(ReportRefused(pdu.invoke_id, pdu.diagnostic) if refused else ReportScheduled(pdu.invoke_id))

    def _answered(self, pdu: Any, now: Now) -> None:
        if (asked := self._returned(pdu, now)) is not None:
            result, invoke_id = pdu.result, pdu.invoke_id
            is_value = isinstance(result, Parameter)
            if is_value and result.name != asked.parameter:
                why = f"{result.name!r} returned instead of {asked.parameter!r}"
                self.abort(PeerAbortDiagnostic.PROTOCOL_ERROR, now, why)
                return
            self._tell(ParameterRead(invoke_id, result) if is_value else ParameterRefused(invoke_id, result))

    def _report(self, pdu: Any, _: Now) -> None:
        self._tell(pdu)

    def _unbound(self, _: Any, now: Now) -> None:
        asked = self._waiting[_UNBIND_KEY].invocation
        assert isinstance(asked, Unbind)
        self.tml.disconnect(now.s)
        self._over(Unbound(asked.reason))

    def _ignore(self, _: Any, __: Now) -> None:
        """Take what crossed our UNBIND on its way."""


_BIND_KEY, _UNBIND_KEY = -1, -2
_RETURN_OF: dict[type, type] = {
    Start: StartReturn,
    Stop: StopReturn,
    ScheduleStatusReport: ScheduleStatusReportReturn,
    GetParameter: GetParameterReturn,
    CltuStart: CltuStartReturn,
    CltuTransferData: CltuTransferDataReturn,
    ThrowEvent: ThrowEventReturn,
}
UserAction = Callable[[Any, Any, Now], None]
