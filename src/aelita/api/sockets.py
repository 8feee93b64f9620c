"""WebSockets of which little is on its way at a time: what a slow client has not been sent yet can still be replaced by newer.

The same text is often sent to many sockets one after another, so its frame is made once: a server's frames are not masked, and
without compression those of all sockets are the same (RFC 6455, section 5).
"""

import socket
import struct
from asyncio import BaseTransport
from typing import TYPE_CHECKING

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

UNSENT_OCTETS = 128 << 10  # that the system holds back for a client; without a bound it takes megabytes of what grows old
_NO_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_WHOLE_TEXT = 0x81  # the first octet of a frame that is a whole text


def framed(text: str) -> bytes:
    """Return a text as one frame of a server (RFC 6455, section 5.2)."""
    octets = text.encode()
    size = len(octets)
    if size < 126:
        return bytes((_WHOLE_TEXT, size)) + octets
    if size < 1 << 16:
        return struct.pack("!BBH", _WHOLE_TEXT, 126, size) + octets
    return struct.pack("!BBQ", _WHOLE_TEXT, 127, size) + octets


class _Frames:
    """The frame of the last text."""

    def __init__(self) -> None:
        self._text, self._frame = "", framed("")

    def of(self, text: str) -> bytes:
        """Return the frame of a text: the same octets while the same object is asked for."""
        if text is not self._text:
            self._text, self._frame = text, framed(text)
        return self._frame


_FRAMES = _Frames()


class LiveSocket(WebSocketsSansIOProtocol):
    """The server's side of one WebSocket."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin on a connection that was just taken."""
        super().connection_made(transport)
        beneath = transport.get_extra_info("socket")
        if beneath is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            beneath.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_OCTETS)

    def data_received(self, data: bytes) -> None:
        """Take octets. What cannot become a handshake, such as a POST, is answered: it would be waited for without an end."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(_NO_HANDSHAKE)
            self.transport.close()

    async def send(self, message: "ASGISendEvent") -> None:
        """Send what the application says: a text as the frame that other sockets were sent too, all else as ever."""
        text = message.get("text") if message["type"] == "websocket.send" else None
        open_now = self.handshake_complete and not self.close_sent and self.initial_response is None and not self.conn.extensions
        if text is None or not open_now:
            await super().send(message)
            return
        if not self.writable.is_set():
            await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(_FRAMES.of(text))
