"""WebSockets of which little is on its way at a time: what a slow client has not been sent yet can still be replaced by newer."""

import socket
from asyncio import BaseTransport

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

UNSENT_OCTETS = 128 << 10  # that the system holds back for a client; without a bound it takes megabytes of what grows old


class LiveSocket(WebSocketsSansIOProtocol):
    """The server's side of one WebSocket."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin on a connection that was just taken."""
        super().connection_made(transport)
        beneath = transport.get_extra_info("socket")
        if beneath is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            beneath.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_OCTETS)
