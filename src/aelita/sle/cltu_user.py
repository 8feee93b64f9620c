"""The user of the forward CLTU service: one association as a state table (CCSDS 912.1-B, chapter 4).

It says of every CLTU what is known, and never sends one again by itself: whose return did not come, or whose fate was not told
when the association ended, is reported as unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..errors import UsageError
from .cltu_events import (
    CltuFate,
    CltuRefused,
    CltuStarted,
    CltuStartRefused,
    CltuTaken,
    CltuUserEvent,
    ThrowAccepted,
    ThrowRefused,
)
from .cltu_instance import MICROSECOND, NUMBERS
from .cltu_ledger import CltuLedger
from .cltu_pdus import (
    AsyncNotify,
    CltuStart,
    CltuStartReturn,
    CltuStatusReport,
    CltuTransferData,
    CltuTransferDataReturn,
    RadiationTimes,
    ThrowEvent,
    ThrowEventReturn,
)
from .cltu_terms import RadiationNotification
from .now import Now
from .pdus import BindReturn, GetParameterReturn, ScheduleStatusReportReturn, StopReturn, UnbindReturn
from .security import Guard
from .terms import ServiceType
from .user_association import Ask, UserAction, UserAssociation, UserSettings, UserState


@dataclass(frozen=True, slots=True)
class CltuUserSettings(UserSettings):
    """Whom a user of the forward CLTU service binds as whom, and how."""

    services: ClassVar[Mapping[str, ServiceType]] = {"cltu": ServiceType.FCLTU}
    kind: ClassVar[str] = "forward CLTU service"


class CltuUser(UserAssociation[CltuUserEvent]):
    """One association of a user. `next_cltu` is the identification of the next CLTU, `next_event` that of the next event."""

    def __init__(self, settings: CltuUserSettings, guard: Guard | None = None) -> None:
        super().__init__(settings, guard)
        self.next_cltu = 0
        self.next_event = 0
        self.buffer_available: int | None = None
        self._ledger = CltuLedger()
        self._out = 0  # CLTUs whose returns have not come
        self._is_out_of_step = False

    @property
    def table(self) -> "Mapping[tuple[UserState, Ask | type], UserAction]":
        """The state table."""
        return CLTU_USER_TABLE

    def start(self, first_cltu: int, now: Now) -> None:
        """Ask the provider to take CLTUs, the first with this identification."""
        self._ask(Ask.START, now, CltuStart(0, first_cltu))

    def transfer(
        self,
        data: bytes,
        now: Now,
        *,
        earliest: int | None = None,
        latest: int | None = None,
        delay_us: int = 0,
        is_told: bool = True,
    ) -> int:
        """Send a CLTU, and return its identification.

        Its radiation may begin from `earliest` to `latest` (TAI nanoseconds; None: open); times travel in microseconds, so the
        earliest is rounded up and the latest down. `is_told`: ask for a notification when it was radiated. Raises UsageError,
        also while CLTUs sent behind a refused one have no return yet: what the provider expects next is not known then.
        """
        if self._is_out_of_step:
            raise UsageError("a CLTU was refused, and those behind it have no return yet", remedy="Wait for their returns")
        first = None if earliest is None else -(-earliest // MICROSECOND) * MICROSECOND
        last = None if latest is None else latest // MICROSECOND * MICROSECOND
        told = RadiationNotification.PRODUCE if is_told else RadiationNotification.DO_NOT_PRODUCE
        cltu_id = self.next_cltu
        self._ask(Ask.TRANSFER, now, CltuTransferData(0, cltu_id, first, last, delay_us, told, data))
        return cltu_id

    def throw_event(self, event: int, qualifier: bytes, now: Now) -> int:
        """Ask the station for an action that was agreed under a number, and return the event invocation identification."""
        invocation = self.next_event
        self._ask(Ask.THROW, now, ThrowEvent(0, invocation, event, qualifier))
        self.next_event = (invocation + 1) % NUMBERS
        return invocation

    def _on_over(self) -> None:
        super()._on_over()
        self._fates(self._ledger.lost("the association ended before its fate was told"))

    def _fates(self, fates: list[CltuFate]) -> None:
        for fate in fates:
            self._tell(fate)

    # Actions of the table.

    def _started(self, pdu: Any, now: Now) -> None:
        if (asked := self._returned(pdu, now)) is None:
            return
        if not isinstance(pdu.result, RadiationTimes):
            self.state = UserState.READY
            self._tell(CltuStartRefused(pdu.result))
            return
        self.state, self.next_cltu, self._is_out_of_step = UserState.ACTIVE, asked.first_cltu, False
        self._fates(self._ledger.started(pdu.result.start))
        self._tell(CltuStarted(asked.first_cltu, pdu.result))

    def _send_cltu(self, pdu: Any, now: Now) -> None:
        self._invoke(pdu, now)
        self._ledger.sent(pdu.cltu_id)
        self._out += 1
        self.next_cltu = (pdu.cltu_id + 1) % NUMBERS

    def _transferred(self, pdu: Any, now: Now) -> None:
        if (asked := self._returned(pdu, now)) is None:
            return
        self._out -= 1
        self.buffer_available = pdu.buffer_available
        if pdu.diagnostic is None:
            self._ledger.taken(asked.cltu_id)
            self._tell(CltuTaken(asked.cltu_id, pdu.buffer_available))
        else:
            self._ledger.refused(asked.cltu_id)
            self._is_out_of_step = True
            self._tell(CltuRefused(asked.cltu_id, pdu.diagnostic, pdu.expected_cltu, pdu.buffer_available))
        if self._is_out_of_step and not self._out:
            self._is_out_of_step, self.next_cltu = False, pdu.expected_cltu

    def _thrown(self, pdu: Any, now: Now) -> None:
        if (asked := self._returned(pdu, now)) is None:
            return
        if pdu.diagnostic is None:
            self._tell(ThrowAccepted(pdu.invoke_id, asked.event_invocation))
        else:
            self.next_event = pdu.expected_event
            self._tell(ThrowRefused(pdu.invoke_id, asked.event_invocation, pdu.diagnostic, pdu.expected_event))

    def _notified(self, pdu: Any, _: Now) -> None:
        self._tell(pdu)
        self._fates(self._ledger.learn(pdu.notice, pdu.last_processed, pdu.last_ok))

    def _reported(self, pdu: Any, _: Now) -> None:
        self.buffer_available = pdu.buffer_available
        self._tell(pdu)
        self._fates(self._ledger.learn(None, pdu.last_processed, pdu.last_ok))

    def _stopped(self, pdu: Any, now: Now) -> None:
        super()._stopped(pdu, now)
        if self.state is UserState.READY:
            self._fates(self._ledger.stopped())


_BETWEEN = (UserState.READY, UserState.STARTING, UserState.ACTIVE, UserState.STOPPING)
_TOLD = (*_BETWEEN, UserState.UNBINDING)
_CROSSING = (ScheduleStatusReportReturn, GetParameterReturn, ThrowEventReturn)
CLTU_USER_TABLE: dict[tuple[UserState, Ask | type], UserAction] = {
    (UserState.UNBOUND, Ask.BIND): CltuUser._send_bind,
    (UserState.BINDING, BindReturn): CltuUser._bound,
    (UserState.READY, Ask.START): CltuUser._send_start,
    (UserState.STARTING, CltuStartReturn): CltuUser._started,
    (UserState.ACTIVE, Ask.TRANSFER): CltuUser._send_cltu,
    (UserState.ACTIVE, CltuTransferDataReturn): CltuUser._transferred,
    (UserState.STOPPING, CltuTransferDataReturn): CltuUser._transferred,
    (UserState.ACTIVE, Ask.STOP): CltuUser._send_stop,
    (UserState.STOPPING, StopReturn): CltuUser._stopped,
    (UserState.READY, Ask.UNBIND): CltuUser._send_unbind,
    (UserState.UNBINDING, UnbindReturn): CltuUser._unbound,
    **{(state, ask): CltuUser._send_request for state in _BETWEEN for ask in (Ask.SCHEDULE, Ask.GET, Ask.THROW)},
    **{(state, ScheduleStatusReportReturn): CltuUser._scheduled for state in _BETWEEN},
    **{(state, GetParameterReturn): CltuUser._answered for state in _BETWEEN},
    **{(state, ThrowEventReturn): CltuUser._thrown for state in _BETWEEN},
    **{(state, AsyncNotify): CltuUser._notified for state in _TOLD},
    **{(state, CltuStatusReport): CltuUser._reported for state in _TOLD},
    **{(UserState.UNBINDING, crossing): CltuUser._ignore for crossing in _CROSSING},
}
