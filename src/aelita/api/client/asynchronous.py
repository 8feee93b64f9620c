"""The client whose calls are awaited."""

import asyncio
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from . import wire
from .calls import Calls
from .commands import AsyncCommands
from .core import Answer, Asynchronous, Broken, Request, Session, Steps, T
from .errors import BusyError, UnreachableError
from .navigation import AsyncNavigation
from .onboard import AsyncOnBoard
from .procedures import AsyncProcedures
from .subscriptions import Item, Subscription, Topic, wanted

LEAST_WAIT_S = 0.05  # for a message, so that what has arrived already is taken before anything counts as silent


class _open_here(open_socket):  # noqa: N801
    """A WebSocket that goes nowhere else: a redirection would carry the credentials with it."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Take no redirection."""
        return exc


class AsyncClient(Calls, Asynchronous):
    """A centre's interface. Close it at the end with `aclose`, or use it in an `async with` block."""

    def __init__(
        self, session: Session, *, timeout_s: float = 60.0, ca_file: str | Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:  # fmt: skip
        self._session, self._tls = session, wire.tls(session, ca_file)
        self._http = httpx.AsyncClient(verify=self._tls, transport=transport, **wire.settings(session, timeout_s))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<AsyncClient of {self._session.address.url}>"

    @property
    def commands(self) -> AsyncCommands:
        """Commanding: requests, statements, keys, queues, evidence."""
        return AsyncCommands(self)

    @property
    def procedures(self) -> AsyncProcedures:
        """Procedures: which there are, dry runs, runs."""
        return AsyncProcedures(self)

    @property
    def navigation(self) -> AsyncNavigation:
        """Flight dynamics: passes, light times, events, states, products."""
        return AsyncNavigation(self)

    @property
    def onboard(self) -> AsyncOnBoard:
        """What is on board: schedules, packet stores, memories."""
        return AsyncOnBoard(self)

    async def aclose(self) -> None:
        """Close connections. It does not log out: a session ends by itself, or by `logout`."""
        await self._http.aclose()

    async def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        conduct = self._session.conduct(steps)
        outcome: Answer | Broken | None = None
        try:
            while True:
                step = conduct.send(outcome)
                outcome = None
                if isinstance(step, Request):
                    outcome = await self._send(step)
                else:
                    await asyncio.sleep(step.seconds)
        except StopIteration as end:
            return end.value

    async def _send(self, request: Request) -> Answer | Broken:
        try:
            return wire.answer_of(await self._http.request(**wire.sent(request)))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return wire.broken_by(error)

    def subscribe(
        self, topic: Topic, names: str | list[str] | tuple[str, ...] = "*", *, spacecraft: str = "", rate_hz: float | None = None
    ) -> "AsyncUpdates":
        """Subscribe to a topic: an asynchronous iterator without end of a snapshot, updates, and how things are.

        `names` are names or patterns ("/TGO/*", "VIN_*"), `rate_hz` how often at most each parameter is told. After a lost
        connection it begins anew by itself with a snapshot. Iterating raises InterfaceError for what is refused for good.
        """
        asked = wanted(topic, names, spacecraft, rate_hz)
        return AsyncUpdates(self, Subscription(asked, self._session.patience, self._session.chance))

    async def _open_live(self) -> ClientConnection | Answer | Broken:
        """Open the live socket; log in first when nobody is, or no longer. Raises InterfaceError when that fails."""
        found = await self._try_live()
        if isinstance(found, Answer) and found.status == 401 and self._session.password:
            await self.whoami()
            found = await self._try_live()
        return found

    async def _try_live(self) -> ClientConnection | Answer | Broken:
        try:
            return await _open_here(**wire.live_settings(self._session, self._tls))
        except InvalidStatus as error:
            return wire.denial(error.response)
        except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
            return wire.broken_by(error)


class AsyncUpdates:
    """A live subscription, see `AsyncClient.subscribe`. Close it with `aclose`, or leave its `async with` block."""

    def __init__(self, client: AsyncClient, machine: Subscription) -> None:
        self._client, self._machine = client, machine
        self._socket: ClientConnection | None = None
        self._items: deque[Item] = deque()
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the subscription; iterating ends."""
        self._closed = True
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    async def __anext__(self) -> Item:
        while not self._items and not self._closed:
            try:
                self._items += await (self._listen() if self._socket is not None else self._open())
            except Exception:
                await self.aclose()
                raise
        if not self._items:
            raise StopAsyncIteration
        return self._items.popleft()

    async def _open(self) -> list[Item]:
        machine = self._machine
        await asyncio.sleep(max(machine.deadline - time.monotonic(), 0.0))
        try:
            found = await self._client._open_live()
        except BusyError as error:  # so many clients log in again at once
            return machine.broken(error.what, time.monotonic(), after_s=error.retry_after_s)
        except UnreachableError as error:
            return machine.broken(error.what, time.monotonic())
        if isinstance(found, Answer | Broken):
            return machine.denied(found, time.monotonic())
        if self._closed:
            await found.close()
            return []
        self._socket = found
        try:
            await found.send(machine.opened(time.monotonic()))
        except WebSocketException as error:
            return await self._after(machine.broken(wire.broken_by(error).why, time.monotonic()))
        return []

    async def _listen(self) -> list[Item]:
        machine, socket = self._machine, self._socket
        assert socket is not None
        try:
            async with asyncio.timeout(max(machine.deadline - time.monotonic(), LEAST_WAIT_S)):
                text = await socket.recv()
        except TimeoutError:
            return await self._after(machine.timed_out(time.monotonic()))
        except WebSocketException as error:
            return await self._after(machine.broken(f"the connection was closed: {error}", time.monotonic()))
        return await self._after(machine.received(text, time.monotonic()))

    async def _after(self, items: list[Item]) -> list[Item]:
        if not self._machine.open and self._socket is not None:
            socket, self._socket = self._socket, None
            await socket.close()
        return items


async def connect(session: Session, **how: Any) -> AsyncClient:
    """Return a client that the centre has answered. Raises InterfaceError."""
    client = AsyncClient(session, **how)
    try:
        await client.whoami()
    except BaseException:
        await client.aclose()
        raise
    return client
