"""The user of RAF, RCF and ROCF: one association as a state table (CCSDS 911.1-B, 911.2-B, 911.5-B, chapter 4).

Requests and PDUs meet the same table: a missing cell is refused to the caller for a request, and the protocol error for a PDU.
"""

from collections.abc import Mapping
from typing import Any

from .events import Started, StartRefused, UserEvent
from .now import Now
from .pdus import (
    BindReturn,
    GetParameterReturn,
    RafStatusReport,
    RcfStatusReport,
    Request,
    RocfStatusReport,
    ScheduleStatusReportReturn,
    Start,
    StartReturn,
    StopReturn,
    SyncNotification,
    TransferBuffer,
    UnbindReturn,
)
from .user_association import Ask as Ask
from .user_association import UserAction, UserAssociation
from .user_association import UserSettings as UserSettings
from .user_association import UserState as UserState

MICROSECOND = 1000  # nanoseconds


class User(UserAssociation[UserEvent]):
    """One association of a user."""

    @property
    def table(self) -> Mapping[tuple[UserState, Ask | type], UserAction]:
        """The state table."""
        return USER_TABLE

    def start(self, request: Request, now: Now, start: int | None = None, stop: int | None = None) -> None:
        """Ask for data of Earth-received times from `start` to `stop` (TAI nanoseconds; None: open).

        Times travel in microseconds: the start is rounded up, the stop down, so that nothing outside the range is asked for.
        """
        first = None if start is None else -(-start // MICROSECOND) * MICROSECOND
        last = None if stop is None else stop // MICROSECOND * MICROSECOND
        self._ask(Ask.START, now, Start(0, first, last, request))

    def _started(self, pdu: Any, now: Now) -> None:
        if (asked := self._returned(pdu, now)) is None:
            return
        refused = pdu.diagnostic is not None
        self.state = UserState.READY if refused else UserState.ACTIVE
        self._events.append(StartRefused(pdu.diagnostic) if refused else Started(asked.request, asked.start, asked.stop))

    def _deliver(self, pdu: Any, _: Now) -> None:
        for element in pdu.elements:
            self._events.append(element.notification if isinstance(element, SyncNotification) else element)


_BETWEEN = (UserState.READY, UserState.STARTING, UserState.ACTIVE, UserState.STOPPING)
_REPORTS = (RafStatusReport, RcfStatusReport, RocfStatusReport)
USER_TABLE: dict[tuple[UserState, Ask | type], UserAction] = {
    (UserState.UNBOUND, Ask.BIND): User._send_bind,
    (UserState.BINDING, BindReturn): User._bound,
    (UserState.READY, Ask.START): User._send_start,
    (UserState.STARTING, StartReturn): User._started,
    (UserState.ACTIVE, TransferBuffer): User._deliver,
    (UserState.ACTIVE, Ask.STOP): User._send_stop,
    (UserState.STOPPING, TransferBuffer): User._deliver,
    (UserState.STOPPING, StopReturn): User._stopped,
    (UserState.READY, Ask.UNBIND): User._send_unbind,
    (UserState.UNBINDING, UnbindReturn): User._unbound,
    **{(state, ask): User._send_request for state in _BETWEEN for ask in (Ask.SCHEDULE, Ask.GET)},
    **{(state, ScheduleStatusReportReturn): User._scheduled for state in _BETWEEN},
    **{(state, GetParameterReturn): User._answered for state in _BETWEEN},
    **{(state, report): User._report for state in _BETWEEN for report in _REPORTS},
    **{(UserState.UNBINDING, crossing): User._ignore for crossing in (ScheduleStatusReportReturn, GetParameterReturn, *_REPORTS)},
}
