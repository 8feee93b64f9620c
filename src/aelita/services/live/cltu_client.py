"""A user of the forward CLTU service on the network: CLTUs are sent one behind the other, and each has its future."""

import asyncio
import socket
from typing import Any, Self

from ...sle import (
    CltuRefused,
    CltuStarted,
    CltuStartRefused,
    CltuTaken,
    CltuUnknown,
    CltuUser,
    CltuUserSettings,
    ReplayMemory,
    ThrowAccepted,
    ThrowRefused,
)
from .clock import MissionClock
from .sle_client import (
    COMMON_ANSWERS,
    COMMON_REFUSALS,
    MOST_EVENTS,
    UserClient,
    connected_socket,
    guard_of,
)

Taking = CltuTaken | CltuRefused | CltuUnknown


class CltuClient(UserClient[CltuUser]):
    """One association of a user. Iterate over it for notifications, status reports, the fates of CLTUs and the abort.

    Whoever holds it sends CLTUs: it is for the release gate alone, which has the credentials.
    """

    answers = (*COMMON_ANSWERS, CltuStarted, CltuStartRefused, ThrowAccepted, ThrowRefused)
    refusals = (*COMMON_REFUSALS, CltuStartRefused, ThrowRefused)

    def __init__(self, connected: socket.socket, user: CltuUser, clock: MissionClock, most_events: int) -> None:
        self._taking: dict[int, asyncio.Future[Taking]] = {}
        super().__init__(connected, user, clock, most_events)

    @classmethod
    async def connect(
        cls,
        settings: CltuUserSettings,
        host: str,
        port: int,
        *,
        clock: MissionClock | None = None,
        memory: ReplayMemory | None = None,
        timeout_s: float = 10.0,
        most_events: int = MOST_EVENTS,
    ) -> Self:
        """Connect, without BIND. Raises OSError and TimeoutError."""
        connected = await connected_socket(host, port, timeout_s)
        return cls(connected, CltuUser(settings, guard_of(settings, memory)), clock or MissionClock(), most_events)

    async def start(self, first_cltu: int = 0) -> CltuStarted:
        """Have the provider take CLTUs, the first with this identification. Raises SleError."""
        self.user.start(first_cltu, self._line.now())
        event = await self._answered()
        assert isinstance(event, CltuStarted)
        return event

    def send(
        self,
        data: bytes,
        *,
        earliest: int | None = None,
        latest: int | None = None,
        delay_us: int = 0,
        is_told: bool = True,
    ) -> tuple[int, asyncio.Future[Taking]]:
        """Send a CLTU; return its identification and the future of its return, which is `CltuUnknown` where none comes.

        Many may be under way at once. Raises UsageError: then nothing was sent.
        """
        cltu_id = self.user.transfer(data, self._line.now(), earliest=earliest, latest=latest, delay_us=delay_us, is_told=is_told)
        taking: asyncio.Future[Taking] = asyncio.get_running_loop().create_future()
        self._taking[cltu_id] = taking
        self._line.pump()
        self._hold()
        return cltu_id, taking

    async def throw_event(self, event: int, qualifier: bytes) -> ThrowAccepted:
        """Have the station do what was agreed under a number; its end comes as a notification. Raises SleError."""
        self.user.throw_event(event, qualifier, self._line.now())
        answer = await self._answered()
        assert isinstance(answer, ThrowAccepted)
        return answer

    def _awaits(self) -> bool:
        return bool(self._taking) or super()._awaits()

    def _see(self, event: Any) -> None:
        if isinstance(event, Taking):
            taking = self._taking.pop(event.cltu_id, None)
            if taking is not None and not taking.done():
                taking.set_result(event)
