"""An SLE user on the network: one association, its requests as coroutines and its data as an asynchronous iterator."""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, ClassVar, Generic, Self, TypeVar

from ...errors import AelitaError
from ...sle import (
    Aborted,
    BindRefused,
    Bound,
    CltuUser,
    Guard,
    Parameter,
    ParameterName,
    ParameterRead,
    ParameterRefused,
    PeerAbortDiagnostic,
    ReplayMemory,
    ReportRefused,
    ReportRequest,
    ReportScheduled,
    Request,
    Started,
    StartRefused,
    Stopped,
    StopRefused,
    UnbindReason,
    Unbound,
    User,
    UserEvent,
    UserSettings,
)
from .clock import MissionClock
from .sle_server import random_number
from .sle_socket import SleSocket

MOST_EVENTS = 4096  # events that wait for the owner before reading stops, and the provider feels it
COMMON_ANSWERS: tuple[type, ...] = (
    Bound, BindRefused, Stopped, StopRefused, ReportScheduled, ReportRefused, ParameterRead, ParameterRefused, Unbound,
)  # fmt: skip
COMMON_REFUSALS: tuple[type, ...] = (BindRefused, StopRefused, ReportRefused, ParameterRefused)
AnyUser = TypeVar("AnyUser", User, CltuUser)


class SleError(AelitaError):
    """The provider refused a request or the association ended; `event` tells which and why."""

    def __init__(self, event: Any) -> None:
        self.event = event
        super().__init__(f"SLE provider: {event}")


class UserClient(Generic[AnyUser]):
    """One association of a user of any service. Iterate over it for all that is no answer to a request, and the abort.

    Requests are made one at a time. The iterator ends when the association has ended.
    """

    answers: ClassVar[tuple[type, ...]] = COMMON_ANSWERS
    refusals: ClassVar[tuple[type, ...]] = COMMON_REFUSALS

    def __init__(self, connected: socket.socket, user: AnyUser, clock: MissionClock, most_events: int) -> None:
        self.user: AnyUser = user
        self._events: deque[Any] = deque()
        self._most = most_events
        self._is_there = asyncio.Event()
        self._answer: asyncio.Future[Any] | None = None
        self._end: Any = None
        self._line = SleSocket(connected, self.user, clock, self._sort)
        self._line.open()

    async def bind(self) -> Bound:
        """Bind the service instance. Raises SleError."""
        self.user.bind(self._line.now())
        event = await self._answered()
        assert isinstance(event, Bound)
        return event

    async def stop(self) -> None:
        """Stop; what was on its way comes before. Raises SleError."""
        self.user.stop(self._line.now())
        await self._answered()

    async def schedule_report(self, request: ReportRequest, cycle_s: int | None = None) -> None:
        """Ask for status reports. Raises SleError."""
        self.user.schedule_report(request, self._line.now(), cycle_s)
        await self._answered()

    async def get_parameter(self, parameter: ParameterName) -> Parameter:
        """Return a parameter. Raises SleError."""
        self.user.get_parameter(parameter, self._line.now())
        event = await self._answered()
        assert isinstance(event, ParameterRead)
        return event.parameter

    async def unbind(self, reason: UnbindReason = UnbindReason.SUSPEND) -> None:
        """Unbind and close. Raises SleError."""
        self.user.unbind(self._line.now(), reason)
        await self._answered()
        await self._line.closed

    async def abort(self, diagnostic: PeerAbortDiagnostic = PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT) -> None:
        """Abort the association and close."""
        self.user.abort(diagnostic, self._line.now())
        self._line.pump()
        await self.close()

    async def close(self) -> None:
        """Close the connection, by an abort if the association still stands."""
        self.user.abort(PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT, self._line.now(), "closed by its owner")
        self._line.pump()
        await asyncio.wait([self._line.closed], timeout=1.0)
        self._line.kill()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            while self._events:
                yield self._events.popleft()
                self._hold()
            if self._end is not None or self._line.closed.done():
                return
            self._is_there.clear()
            await self._is_there.wait()

    async def _answered(self) -> Any:
        self._answer = asyncio.get_running_loop().create_future()
        self._line.pump()
        self._hold()
        try:
            event = self._end if self._end is not None else await self._answer
        finally:
            self._answer = None
            self._hold()
        if isinstance(event, (*self.refusals, Aborted)):
            raise SleError(event)
        return event

    def _sort(self) -> None:
        """Give answers to who waits for them, and the rest to the iterator."""
        for event in self.user.take_events():
            if isinstance(event, Aborted | Unbound | BindRefused):
                self._end = event
            self._see(event)
            is_answer = isinstance(event, (*self.answers, Aborted))
            if is_answer and self._answer is not None and not self._answer.done():
                self._answer.set_result(event)
            if not isinstance(event, self.answers):
                self._events.append(event)
        self._is_there.set()
        self._hold()

    def _see(self, event: Any) -> None:
        """Learn of an event before its owner does."""

    def _hold(self) -> None:
        """Stop reading while the owner is behind, but for the answer that it waits for."""
        self._line.hold(len(self._events) >= self._most and not self._awaits())

    def _awaits(self) -> bool:
        """Tell whether somebody waits for what only reading brings."""
        return self._answer is not None


class SleClient(UserClient[User]):
    """One association of a user of a return service. Iterate over it for frames, control words, notifications, status reports

    and the abort.
    """

    answers = (*COMMON_ANSWERS, Started, StartRefused)
    refusals = (*COMMON_REFUSALS, StartRefused)

    @classmethod
    async def connect(
        cls,
        settings: UserSettings,
        host: str,
        port: int,
        *,
        clock: MissionClock | None = None,
        memory: ReplayMemory | None = None,
        timeout_s: float = 10.0,
        most_events: int = MOST_EVENTS,
    ) -> Self:
        """Connect, without BIND. Raises OSError and TimeoutError.

        `memory` may be kept over connections, against replay. `most_events` wait before reading stops.
        """
        connected = await connected_socket(host, port, timeout_s)
        return cls(connected, User(settings, guard_of(settings, memory)), clock or MissionClock(), most_events)

    async def start(self, request: Request, start: int | None = None, stop: int | None = None) -> None:
        """Start delivery of Earth-received times from `start` to `stop` (TAI nanoseconds; None: open). Raises SleError."""
        self.user.start(request, self._line.now(), start, stop)
        await self._answered()

    async def __aiter__(self) -> AsyncIterator[UserEvent]:
        async for event in super().__aiter__():
            yield event


def guard_of(settings: UserSettings, memory: ReplayMemory | None = None) -> Guard:
    """Return what makes our credentials and checks the provider's."""
    remembered = memory or ReplayMemory(settings.security.window_s)
    return Guard(settings.security, settings.initiator, settings.responder, random_number, remembered)


async def connected_socket(host: str, port: int, timeout_s: float) -> socket.socket:
    """Return a connected socket. Raises OSError and TimeoutError."""
    async with asyncio.timeout(timeout_s):
        return await _connected(host, port)


async def _connected(host: str, port: int) -> socket.socket:
    """Return a socket connected to the first address of the host that answers."""
    loop = asyncio.get_running_loop()
    failure: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        try:
            await loop.sock_connect(made, address)
            return made
        except OSError as error:
            made.close()
            failure = error
        except BaseException:
            made.close()
            raise
    raise failure
