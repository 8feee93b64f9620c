"""Binary columns from an octet buffer and back, without touching the octets one by one."""

import numpy as np
import polars as pl
from arro3.core import Array, list_array
from numpy.typing import NDArray

from ..octets import compiled

Octets = NDArray[np.uint8]
Integers = NDArray[np.int64]


@compiled
def _gather(buffer: Octets, start: Integers, ends: Integers, out: Octets) -> None:
    """Copy the piece that begins at start[i] to out[ends[i - 1] : ends[i]]; a piece outside the buffer stays zero."""
    at = 0
    for i in range(start.size):
        size = ends[i] - at
        if start[i] >= 0 and size >= 0 and start[i] + size <= buffer.size and ends[i] <= out.size:
            for k in range(size):
                out[at + k] = buffer[start[i] + k]
        at = ends[i]


def gather(buffer: Octets, start: Integers, length: Integers) -> tuple[Octets, Integers]:
    """Return the pieces one after another, and where each begins and ends (one more entry than pieces)."""
    ends = np.zeros(start.size + 1, np.int64)
    np.cumsum(length, out=ends[1:])
    if start.size and np.array_equal(start[1:], start[:-1] + length[:-1]) and 0 <= start[0] <= buffer.size - ends[-1]:
        return buffer[start[0] : start[0] + ends[-1]], ends  # they lie one after another already
    out = np.zeros(int(ends[-1]), np.uint8)
    _gather(np.ascontiguousarray(buffer), start.astype(np.int64), ends[1:], out)
    return out, ends


def binary_column(buffer: Octets, start: Integers, length: Integers, present: NDArray[np.bool_] | None = None) -> pl.Series:
    """Return a binary column of these pieces of the buffer, null where not `present`."""
    if present is not None:
        length = np.where(present, length, 0)
    data, ends = gather(buffer, start, length)
    if ends[-1] > np.iinfo(np.int32).max:
        raise ValueError("a binary column holds at most 2 GiB")
    column = pl.Series(list_array(Array.from_numpy(ends.astype(np.int32)), Array.from_numpy(data))).cast(pl.Binary)
    return column if present is None else _null_outside(column, present)


def _null_outside(column: pl.Series, present: NDArray[np.bool_]) -> pl.Series:
    return column.zip_with(pl.Series(present), pl.Series([None], dtype=pl.Binary).new_from_index(0, len(column)))


def buffer_of(column: pl.Series) -> tuple[Octets, Integers, Integers]:
    """Return the octets of a binary column as one buffer, and the offset and length of each value (null: length 0)."""
    present = column.drop_nulls()
    length = column.bin.size().fill_null(0).cast(pl.Int64).to_numpy()
    whole = present.filter(present.bin.size() > 0).cast(pl.List(pl.UInt8)).explode()
    ends = np.cumsum(length)
    return whole.to_numpy(), ends - length, length
