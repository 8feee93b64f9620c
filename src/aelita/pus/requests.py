"""Whole telecommand packets of requests, both ways: the ground encodes them, the spacecraft decodes them."""

from .rows import REQUEST
from .table import decode_message, encode_message, row_of
from .telecommands import Acknowledge, Telecommand, TelecommandLayout, decode_telecommand, encode_telecommand
from .widths import Widths


def encode_request(
    request: object,
    layout: TelecommandLayout,
    widths: Widths,
    *,
    apid: int,
    sequence_count: int,
    source: int = 0,
    acknowledge: Acknowledge = Acknowledge.ALL,
) -> bytes:
    """Return the telecommand packet of a request. Raises UsageError when it is no request or does not fit."""
    row_of(request, layout.variant, REQUEST)
    service, subtype, data = encode_message(request, layout.variant, widths)
    return encode_telecommand(Telecommand(apid, sequence_count, service, subtype, data, source, acknowledge), layout)


def decode_request(packet: bytes, layout: TelecommandLayout, widths: Widths) -> tuple[Telecommand, object]:
    """Return the header fields and the request of a telecommand packet. Raises PacketError, whose `reason` says why not."""
    telecommand = decode_telecommand(packet, layout)
    return telecommand, decode_message(
        telecommand.service, telecommand.subtype, telecommand.data, layout.variant, REQUEST, widths
    )
