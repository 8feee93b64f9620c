"""Parameters for plots: folded on one grid, and sent as numbers that a browser can use as they are.

The answer is little-endian: a uint32 with the octets of a header, the header (JSON, filled with blanks so that what follows
begins at a multiple of 8), then float64 numbers: `t` of all N buckets, and for each series in turn N of `min`, `max`, `mean` and
`count`. `t` is the first instant of a bucket in milliseconds of UTC since 1970.

NaN in `min`, `max` and `mean` is a gap. A bucket without samples between two that are no further apart than is usual for the
parameter is no gap: it has `count` 0 and carries the line on, straight, or level for labels.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from ..archive import Grid, Gridded
from ..time import utc_datetime64

Numbers = NDArray[np.float64]
USUAL_STEPS = 5.0  # samples further apart than so many usual steps have a gap between them
COLUMNS = ("min", "max", "mean", "count")


def carried_on(series: Gridded, level: bool) -> tuple[Numbers, Numbers, Numbers]:
    """Return minimum, maximum and mean with buckets between samples that belong together filled, straight or `level`."""
    held = np.flatnonzero(series.count > 0)
    numbers = series.minimum, series.maximum, series.mean
    if held.size < 2 or held.size == series.count.size:
        return numbers
    steps = np.diff(held)
    usual = float(np.percentile(steps, 90)) / max(float(np.median(series.count[held])), 1.0)
    near = np.zeros(series.count.size, np.bool_)
    for at in np.flatnonzero((steps > 1) & (steps <= max(USUAL_STEPS * usual, 1.0))):
        near[held[at] + 1 : held[at + 1]] = True
    where = np.flatnonzero(near)
    if level:
        before = held[np.searchsorted(held, where) - 1]
        return tuple(_filled(each, where, each[before]) for each in numbers)  # type: ignore[return-value]
    line = np.interp(where, held, series.mean[held])
    return tuple(_filled(each, where, line) for each in numbers)  # type: ignore[return-value]


def _filled(numbers: Numbers, where: NDArray[np.int64], values: Numbers) -> Numbers:
    filled = numbers.copy()
    filled[where] = values
    return filled


def times_ms(times: NDArray[np.int64]) -> Numbers:
    """Return TAI nanoseconds as milliseconds of UTC since 1970."""
    return utc_datetime64(times).astype(np.int64) / 1e6


def packed(grid: Grid, header: dict[str, Any], levels: Sequence[bool]) -> bytes:
    """Return a grid as octets; `levels` says which series are carried on level. See the module for the layout."""
    text = orjson.dumps(header)
    text += b" " * (-(4 + len(text)) % 8)
    numbers = [times_ms(grid.times)]
    for series, level in zip(grid.series, levels, strict=True):
        numbers += [*carried_on(series, level), series.count.astype(np.float64)]
    return len(text).to_bytes(4, "little") + text + np.concatenate(numbers).astype("<f8").tobytes()


def tabled(grid: Grid, levels: Sequence[bool]) -> pl.DataFrame:
    """Return a grid as a table: `t` (milliseconds of UTC since 1970), then `NAME.min`, `.max`, `.mean` and `.count`."""
    columns: dict[str, Any] = {"t": times_ms(grid.times)}
    for series, level in zip(grid.series, levels, strict=True):
        made = [*carried_on(series, level), series.count]
        columns |= {f"{series.parameter}.{name}": each for name, each in zip(COLUMNS, made, strict=True)}
    return pl.DataFrame(columns)


def unpacked(octets: bytes) -> tuple[dict[str, Any], Numbers, dict[str, dict[str, Numbers]]]:
    """Return header, `t`, and by name of a parameter its columns, from what `packed` made."""
    first = 4 + int.from_bytes(octets[:4], "little")
    header = orjson.loads(octets[4:first])
    table = np.frombuffer(octets, "<f8", offset=first).reshape(1 + len(COLUMNS) * len(header["series"]), header["buckets"])
    rows = iter(table[1:])
    return (
        header,
        table[0],
        {each["name"]: dict(zip(COLUMNS, itertools.islice(rows, len(COLUMNS)), strict=True)) for each in header["series"]},
    )
