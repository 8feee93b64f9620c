"""Many WebSocket clients in one process that read as little as can be: they count updates and note how old each batch is."""

import asyncio
import json
import os
import re
import struct
import time
from dataclasses import dataclass, field

from .interface_server import STAMP

_STAMPED = re.compile(rb'"' + STAMP.encode() + rb'"[^}]*?"v":(\d+)')


@dataclass
class Counted:
    """What one client was sent."""

    updates: int = 0
    batches: int = 0
    dropped: int = 0
    delays_ms: list[float] = field(default_factory=list)


class Client(asyncio.Protocol):
    """A client that asks for one subscription and counts its updates while `counting`."""

    def __init__(self, request: dict[str, object]) -> None:
        self.request, self.counted, self.counting = request, Counted(), False
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer, self._open = bytearray(), False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            b"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._buffer += data
        if not self._open:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.subscribed.set_exception(ConnectionError(head.decode(errors="replace")))
                return
            self._open, self._buffer = True, bytearray(rest)
            self._send(0x1, json.dumps(self.request).encode())
        at = 0
        while (end := self._message(at)) is not None:
            at = end
        del self._buffer[:at]

    def _message(self, at: int) -> int | None:
        """Take one frame of the buffer and return where the next begins, None while it is not whole."""
        if len(self._buffer) < at + 2:
            return None
        size, begin = self._buffer[at + 1] & 0x7F, at + 2
        if size >= 126:
            kind, octets = ("!H", 2) if size == 126 else ("!Q", 8)
            if len(self._buffer) < begin + octets:
                return None
            (size,) = struct.unpack_from(kind, self._buffer, begin)
            begin += octets
        if len(self._buffer) < begin + size:
            return None
        self._take(self._buffer[at] & 0xF, bytes(self._buffer[begin : begin + size]))
        return begin + size

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == 0x9:
            self._send(0xA, payload)
        elif kind == 0x1 and not self.subscribed.done():
            if b'"snapshot":' in payload[:40]:
                self.subscribed.set_result(None)
        elif kind == 0x1 and self.counting and b'"updates":' in payload[:40]:
            now = time.time_ns()
            self.counted.batches += 1
            self.counted.updates += payload.count(b'{"n":')
            self.counted.delays_ms += [(now - int(stamp)) / 1e6 for stamp in _STAMPED.findall(payload)]

    def _send(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
        self.transport.write(bytes([0x80 | kind]) + size + mask + bytes(octet ^ mask[n % 4] for n, octet in enumerate(payload)))


async def counted(port: int, clients: int, request: dict[str, object], seconds: float, settle_s: float = 2.0) -> list[Counted]:
    """Return what clients were sent in some seconds."""
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(lambda: Client(request), "127.0.0.1", port))[1] for _ in range(clients)]
    await asyncio.gather(*(one.subscribed for one in made))
    await asyncio.sleep(settle_s)
    for one in made:
        one.counting = True
    await asyncio.sleep(seconds)
    for one in made:
        one.counting = False
        one.transport.close()
    return [one.counted for one in made]


def run(port: int, clients: int, request: dict[str, object], seconds: float) -> list[Counted]:
    """Run clients in this process."""
    return asyncio.run(counted(port, clients, request, seconds))
