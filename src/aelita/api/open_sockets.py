"""Open WebSockets, each ended as soon as who opened it is logged out, has expired, or may do something else than then."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Hashable

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .accounts import Accounts
from .identity import Identity
from .sessions import Known

RECHECK_S = 0.5  # how soon it is seen that a session or token has expired, or what another process did
CLOSING_S = 2.0  # for a client that does not read
POLICY = 1008  # RFC 6455, 7.4.1
WHY = "log in again"

log = logging.getLogger(__name__)

Find = Callable[[], Known | None]


class OpenSockets:
    """The open sockets of a centre. `touch` writes down that the credentials of one are used; it waits for the disk."""

    def __init__(self, accounts: Accounts, touch: Callable[[Known], None]) -> None:
        self._touch = touch
        self._open: dict[_Open, None] = {}
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watching: asyncio.Task[None] | None = None
        accounts.watchers.append(self._wake)

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, credentials: Hashable, find: Find) -> None:
        """Serve a socket until it ends. `find` tells whom its credentials are of, each time anew; equal ones are asked once."""
        one = _Open(scope["aelita.identity"], credentials, find, receive, send)
        self._open[one] = None
        if self._watching is None:
            self._loop, self._changed = asyncio.get_running_loop(), asyncio.Event()
            self._watching = asyncio.create_task(self._watch())
        try:
            await app(scope, one.receive, one.send)
        finally:
            self._open.pop(one, None)
            await one.closed()
            if not self._open and self._watching is not None:
                watching, self._watching = self._watching, None
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    def _wake(self) -> None:
        """Look at once. For any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._changed.set)

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECHECK_S):
                    await self._changed.wait()
            self._changed.clear()
            now = {one.credentials: one.find for one in self._open}
            try:
                known = await asyncio.to_thread(self._known, now)
            except SQLAlchemyError:
                log.exception("accounts cannot be read")
                continue
            for one in list(self._open):
                if one.credentials in known and known[one.credentials] != one.identity:
                    one.end()

    def _known(self, asked: dict[Hashable, Find]) -> dict[Hashable, Identity | None]:
        found = {}
        for credentials, find in asked.items():
            known = find()
            found[credentials] = known.identity if known else None
            if known is not None and known.untouched:
                with contextlib.suppress(SQLAlchemyError):  # it is only about when
                    self._touch(known)
        return found


class _Open:
    """One socket: `receive` and `send` for the application. Once it has ended nothing more is sent, and its client has gone."""

    def __init__(self, identity: Identity, credentials: Hashable, find: Find, receive: Receive, send: Send) -> None:
        self.identity, self.credentials, self.find = identity, credentials, find
        self._receive, self._send = receive, send
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closing: asyncio.Task[None] | None = None

    def end(self) -> None:
        """End it, whatever the application does with it."""
        if not self._over.done():
            self._over.set_result(None)
            self._closing = asyncio.create_task(self._close())

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(CLOSING_S):
                await self._send({"type": "websocket.close", "code": POLICY, "reason": WHY})

    async def closed(self) -> None:
        """Wait until the close is sent of one that was ended."""
        if self._closing is not None:
            await asyncio.gather(self._closing, return_exceptions=True)

    async def receive(self) -> Message:
        """Return the next message, or that the client has gone."""
        if not self._over.done():
            getting = asyncio.ensure_future(self._receive())
            try:
                await asyncio.wait((getting, self._over), return_when=asyncio.FIRST_COMPLETED)
                if not self._over.done():
                    return getting.result()
            finally:
                getting.cancel()
        return {"type": "websocket.disconnect", "code": POLICY, "reason": WHY}

    async def send(self, message: Message) -> None:
        """Send on. Raises OSError when it has ended, as when the line is cut."""
        if self._over.done():
            raise OSError("the session has ended")
        await self._send(message)
