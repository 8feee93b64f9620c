"""The live WebSocket: snapshot first, updates after.

A client sends `{"subscribe": ID, "topic": "parameters|events|alarms|links|packets|status|clock", "names": [patterns],
"spacecraft": key, "rate_hz": 2}` or `{"unsubscribe": ID}`; an ID that is in use begins anew. It gets `{"id", "snapshot"}`, then
`{"id", "state", "why"}` (live, stale or lost: how the stream beneath is) and `{"id", "updates"}`, with `dropped` when it was too
slow for all of them; `{"tick"}` every second; and `{"error", "id"}` for what was wrong.
"""

import asyncio
import contextlib

from fastapi import APIRouter, HTTPException, WebSocket, WebSocketDisconnect

from .app import problem
from .centre import centre_of
from .hub import Hub, Outbox
from .identity import demand, identity_of
from .live_requests import RequestError, Subscribe, request_of
from .live_updates import encoded

MOST_SOCKETS = 2_000
MOST_SUBSCRIPTIONS = 100  # of one socket
MOST_MISTAKES = 50  # messages that ask for nothing, after which a socket is closed
MOST_ANSWERS = 8  # that wait to be sent while no more is read
COMMANDS_PER_S, BURST = 50.0, 200.0
POLICY, LATER = 1008, 1013

router = APIRouter(tags=["live"])


@router.websocket("/live")
async def live_data(websocket: WebSocket) -> None:
    """Serve one socket until its client leaves."""
    feed = centre_of(websocket).feed
    try:
        demand(identity_of(websocket), "view")
        if len(feed.hub.outboxes) >= MOST_SOCKETS:
            raise HTTPException(503, "Too many sockets are open.", {"Retry-After": "5"})
    except HTTPException as error:
        await websocket.send_denial_response(problem(error.status_code, str(error.detail), headers=error.headers))
        return
    await websocket.accept()
    conversation = Conversation(websocket, feed.hub, frozenset(feed.installation.spacecraft))
    with contextlib.suppress(WebSocketDisconnect):
        await conversation.run()


class Conversation:
    """One client: what it asks for, and what it is sent as fast as it takes it."""

    def __init__(self, websocket: WebSocket, hub: Hub, spacecraft: frozenset[str]) -> None:
        self._websocket, self._hub, self._spacecraft = websocket, hub, spacecraft
        self._wake = asyncio.Event()
        self._sent = asyncio.Event()
        self.outbox = Outbox(self._wake.set)
        self._mistakes, self._gone = 0, False
        self._allowed, self._at = BURST, asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Serve until the client leaves, or is sent away."""
        self._hub.join(self.outbox)
        sending = asyncio.create_task(self._send())
        try:
            await self._listen()
        finally:
            self._hub.leave(self.outbox)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while (text := self.outbox.take()) is not None:
                    await self._websocket.send_text(text)
                    self._sent.set()
        except WebSocketDisconnect:  # which is also received
            self._gone = True
            self._sent.set()

    async def _listen(self) -> None:
        while self._mistakes < MOST_MISTAKES:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._take(message.get("text"))
            await self._in_measure()
        await self._websocket.close(POLICY, "too many messages that ask for nothing")

    def _take(self, text: str | None) -> None:
        try:
            if text is None:
                raise RequestError("octets", remedy="Send JSON as text")
            request = request_of(text, self._hub.topics, self._spacecraft)
            known = self.outbox.subscriptions
            if not isinstance(request, Subscribe):
                if not self._hub.unsubscribe(self.outbox, request.ident):
                    raise RequestError("there is no such subscription", ident=request.ident)
                return
            if len(known) >= MOST_SUBSCRIPTIONS and request.ident not in known:
                raise RequestError("too many subscriptions", ident=request.ident, remedy=f"{MOST_SUBSCRIPTIONS} is the most")
            self._hub.subscribe(self.outbox, request.ident, request.wanted)
        except RequestError as error:
            self._mistakes += 1
            told = encoded({"status": 400, "detail": error.what, "where": error.where, "remedy": error.remedy})
            about = f',"id":{error.ident}' if error.ident else ""
            self.outbox.answer(f'{{"error":{told}{about}}}')

    async def _in_measure(self) -> None:
        """Wait before more is read while answers pile up, or when a client asks for too much at once."""
        while self.outbox.answers > MOST_ANSWERS and not self._gone:
            self._sent.clear()
            await self._sent.wait()
        now = asyncio.get_running_loop().time()
        self._allowed = min(self._allowed + (now - self._at) * COMMANDS_PER_S, BURST) - 1
        self._at = now
        if self._allowed < 0:
            await asyncio.sleep(-self._allowed / COMMANDS_PER_S)
