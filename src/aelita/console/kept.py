"""Files that never change, kept in memory as they were sent: a browser that comes for the first time asks for some thirty."""

import zlib
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDERS = ("/_nicegui/", "/assets/")
MOST_OCTETS, MOST_IN_ALL = 2 << 20, 16 << 20
PLAIN, SQUEEZED = "identity", "gzip"
GZIP_BITS = 16 + zlib.MAX_WBITS  # how zlib is asked for the form of gzip


@dataclass(slots=True)
class _File:
    """An answer as it was sent: its start, and its octets."""

    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    whole: bool = False

    def take(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            self.start = {**message, "headers": list(message.get("headers", []))}  # a copy: whoever sends it on may add to it
        elif message["type"] == "http.response.body" and len(self.body) <= MOST_OCTETS:
            self.body += message.get("body", b"")
            self.whole = not message.get("more_body", False)

    @property
    def lasts(self) -> bool:
        """Whether it is whole, good, of a bearable length, and said never to change."""
        told = Headers(raw=self.start.get("headers", []))
        good = self.whole and self.start.get("status") == 200 and len(self.body) <= MOST_OCTETS
        return good and "immutable" in told.get("cache-control", "") and "set-cookie" not in told and _is_all(told, self.body)


class Kept:
    """An application whose files that never change are made once. Others, and questions for a part of one, go through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._files: dict[tuple[str, str], _File] = {}
        self._octets = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or let the application answer and keep what lasts."""
        key = _key_of(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        kept = self._files.get(key)
        if kept is not None:
            await send({**kept.start, "headers": list(kept.start["headers"])})
            await send({"type": "http.response.body", "body": bytes(kept.body)})
            return
        made = _File()

        async def taken(message: Message) -> None:
            made.take(message)
            await send(message)

        await self._app(scope, receive, taken)
        if made.lasts and key not in self._files and self._octets + len(made.body) <= MOST_IN_ALL:
            self._files[key] = made
            self._octets += len(made.body)


def _is_all(told: Headers, body: bytearray) -> bool:
    """Say whether nothing is missing: to a client that leaves, the rest of a file is not sent, though its end is."""
    if "content-length" in told and told["content-length"] != str(len(body)):
        return False
    if told.get("content-encoding") != SQUEEZED:
        return "content-length" in told and "content-encoding" not in told
    squeezed = zlib.decompressobj(wbits=GZIP_BITS)
    try:
        squeezed.decompress(body)
    except zlib.error:
        return False
    return squeezed.eof and not squeezed.unused_data


def _key_of(scope: Scope) -> tuple[str, str] | None:
    """Return what tells a file from others, None for what is no question for a whole file."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"] or not scope["path"].startswith(FOLDERS):
        return None
    asked = Headers(scope=scope)
    if "range" in asked or "if-none-match" in asked or "if-modified-since" in asked:
        return None
    return scope["path"], SQUEEZED if SQUEEZED in asked.get("accept-encoding", "") else PLAIN
