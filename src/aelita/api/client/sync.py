"""The client whose calls return when they are done."""

import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

from . import wire
from .calls import Calls
from .commands import Commands
from .core import Answer, Broken, Request, Session, Steps, Synchronous, T
from .errors import BusyError, UnreachableError
from .navigation import Navigation
from .onboard import OnBoard
from .procedures import Procedures
from .subscriptions import Item, Subscription, Topic, wanted

LEAST_WAIT_S = 0.05  # for a message, so that what has arrived already is taken before anything counts as silent


class Client(Calls, Synchronous):
    """A centre's interface. Close it at the end, or use it in a `with` block. Threads may share it."""

    def __init__(
        self, session: Session, *, timeout_s: float = 60.0, ca_file: str | Path | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        self._session, self._tls = session, wire.tls(session, ca_file)
        self._http = httpx.Client(verify=self._tls, transport=transport, **wire.settings(session, timeout_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self._session.address.url}>"

    @property
    def commands(self) -> Commands:
        """Commanding: requests, statements, keys, queues, evidence."""
        return Commands(self)

    @property
    def procedures(self) -> Procedures:
        """Procedures: which there are, dry runs, runs."""
        return Procedures(self)

    @property
    def navigation(self) -> Navigation:
        """Flight dynamics: passes, light times, events, states, products."""
        return Navigation(self)

    @property
    def onboard(self) -> OnBoard:
        """What is on board: schedules, packet stores, memories."""
        return OnBoard(self)

    def close(self) -> None:
        """Close connections. It does not log out: a session ends by itself, or by `logout`."""
        self._http.close()

    def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        conduct = self._session.conduct(steps)
        outcome: Answer | Broken | None = None
        try:
            while True:
                step = conduct.send(outcome)
                outcome = None
                if isinstance(step, Request):
                    outcome = self._send(step)
                else:
                    time.sleep(step.seconds)
        except StopIteration as end:
            return end.value

    def _send(self, request: Request) -> Answer | Broken:
        try:
            return wire.answer_of(self._http.request(**wire.sent(request)))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return wire.broken_by(error)

    def subscribe(
        self, topic: Topic, names: str | list[str] | tuple[str, ...] = "*", *, spacecraft: str = "", rate_hz: float | None = None
    ) -> "Updates":
        """Subscribe to a topic: an iterator without end of a snapshot, updates, and how things are.

        `names` are names or patterns ("/TGO/*", "VIN_*"), `rate_hz` how often at most each parameter is told. After a lost
        connection it begins anew by itself with a snapshot. Iterating raises InterfaceError for what is refused for good.
        """
        asked = wanted(topic, names, spacecraft, rate_hz)
        return Updates(self, Subscription(asked, self._session.patience, self._session.chance))

    def _open_live(self) -> ClientConnection | Answer | Broken:
        """Open the live socket; log in first when nobody is, or no longer. Raises InterfaceError when that fails."""
        found = self._try_live()
        if isinstance(found, Answer) and found.status == 401 and self._session.password:
            self.whoami()
            found = self._try_live()
        return found

    def _try_live(self) -> ClientConnection | Answer | Broken:
        try:
            return open_socket(**wire.live_settings(self._session, self._tls)).__enter__()  # left by `Updates.close`
        except InvalidStatus as error:
            return wire.denial(error.response)
        except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
            return wire.broken_by(error)


class Updates:
    """A live subscription, see `Client.subscribe`. Close it, leave its `with` block, or let it go."""

    def __init__(self, client: Client, machine: Subscription) -> None:
        self._client, self._machine = client, machine
        self._socket: ClientConnection | None = None
        self._items: deque[Item] = deque()
        self._closed = threading.Event()

    def __iter__(self) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the subscription; iterating ends, in another thread too."""
        self._closed.set()
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close()

    def __next__(self) -> Item:
        while not self._items and not self._closed.is_set():
            try:
                self._items += self._listen() if self._socket is not None else self._open()
            except Exception:
                self.close()
                raise
        if not self._items:
            raise StopIteration
        return self._items.popleft()

    def _open(self) -> list[Item]:
        machine = self._machine
        if self._closed.wait(max(machine.deadline - time.monotonic(), 0.0)):
            return []
        try:
            found = self._client._open_live()
        except BusyError as error:  # so many clients log in again at once
            return machine.broken(error.what, time.monotonic(), after_s=error.retry_after_s)
        except UnreachableError as error:
            return machine.broken(error.what, time.monotonic())
        if isinstance(found, Answer | Broken):
            return machine.denied(found, time.monotonic())
        self._socket = found
        if self._closed.is_set():
            self.close()
            return []
        try:
            found.send(machine.opened(time.monotonic()))
        except WebSocketException as error:
            return self._after(machine.broken(wire.broken_by(error).why, time.monotonic()))
        return []

    def _listen(self) -> list[Item]:
        machine, socket = self._machine, self._socket
        assert socket is not None
        try:
            text = socket.recv(max(machine.deadline - time.monotonic(), LEAST_WAIT_S))
        except TimeoutError:
            return self._after(machine.timed_out(time.monotonic()))
        except WebSocketException as error:
            return self._after(machine.broken(f"the connection was closed: {error}", time.monotonic()))
        return self._after(machine.received(text, time.monotonic()))

    def _after(self, items: list[Item]) -> list[Item]:
        if not self._machine.open and self._socket is not None:
            socket, self._socket = self._socket, None
            socket.close()
        return items


def connect(session: Session, **how: Any) -> Client:
    """Return a client that the centre has answered. Raises InterfaceError."""
    client = Client(session, **how)
    try:
        client.whoami()
    except BaseException:
        client.close()
        raise
    return client
