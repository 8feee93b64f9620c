"""Lists of parameter values as arguments of functions and procedures carry them, where a mission's functions take such lists."""

from .functions import VALUES, ParameterValue
from .grammar import Reader, Writer
from .packet_errors import PacketError
from .widths import Widths


def encode_values(values: tuple[ParameterValue, ...], widths: Widths) -> bytes:
    """Return a count, and the id and value of each parameter. Raises UsageError when a value does not fit."""
    writer = Writer(widths, "values")
    VALUES.write(values, writer, None)
    return bytes(writer.data)


def decode_values(data: bytes, widths: Widths) -> tuple[ParameterValue, ...]:
    """Return the parameters and values in these octets. Raises PacketError when they do not hold them exactly."""
    reader = Reader(data, widths, "values")
    values = VALUES.read(reader, {})
    if reader.at != len(data):
        raise PacketError("illegal data", f"{len(data) - reader.at} octets follow the last of {len(values)} values")
    return values
