"""Tables as messages: Arrow IPC streams of at most 256 KiB."""

import io

import polars as pl

from aelita.errors import DataError

LARGEST = 256 << 10
_LARGEST_ROW = 1000 << 10  # what a server takes in one message, less its headers


def pack(frame: pl.DataFrame) -> list[bytes]:
    """Return the table as Arrow IPC streams of at most 256 KiB, rows in order; none for an empty table.

    A single row may be larger, up to 1000 KiB. Raises DataError beyond that.
    """
    if frame.is_empty():
        return []
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    octets = buffer.getvalue()
    if len(octets) <= LARGEST or frame.height == 1:
        if len(octets) > _LARGEST_ROW:
            raise DataError(f"a row of {len(octets)} octets does not fit a message", remedy=f"{_LARGEST_ROW} is the most")
        return [octets]
    pieces = min(frame.height, -(-len(octets) // LARGEST))
    rows = -(-frame.height // pieces)
    return [message for piece in frame.iter_slices(rows) for message in pack(piece)]


def unpack(message: bytes) -> pl.DataFrame:
    """Return the table of one message. Raises DataError if it is no Arrow IPC stream."""
    try:
        return pl.read_ipc_stream(io.BytesIO(message))
    except Exception as fault:
        raise DataError(f"not an Arrow IPC stream: {fault}") from fault
    except BaseException as fault:  # a panic of the reader on damaged octets is no Exception
        if type(fault).__name__ != "PanicException":
            raise
        raise DataError(f"not an Arrow IPC stream: {fault}") from None
