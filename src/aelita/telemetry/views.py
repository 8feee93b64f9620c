"""Views of a history: only what changed, or at most one sample an interval. Rows are in the order of their times."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .columns import Column, Mask

Integers = NDArray[np.int64]


def changed(column: Column) -> Mask:
    """Return which rows differ from the row before them; the first one does.

    Rows without a value are equal to each other, and so are values that are no number.
    """
    values, rows = column.values, len(column)
    differs = np.ones(rows, np.bool_)
    if rows > 1:
        differs[1:] = _objects_differ(values) if values.dtype == object else _numbers_differ(values)
        if column.valid is not None:
            both, one = column.valid[1:] & column.valid[:-1], column.valid[1:] != column.valid[:-1]
            differs[1:] = (differs[1:] & both) | one
    return differs


def _numbers_differ(values: NDArray[Any]) -> Mask:
    differs: Mask = values[1:] != values[:-1]
    if values.dtype.kind == "f":
        differs &= ~(np.isnan(values[1:]) & np.isnan(values[:-1]))
    return differs


def _objects_differ(values: NDArray[Any]) -> Mask:
    return np.array([not _same(a, b) for a, b in zip(values[1:], values[:-1], strict=True)], np.bool_)


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        both_numbers = all(isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in (left, right))
        return bool(np.array_equal(left, right, equal_nan=both_numbers))
    return type(left) is type(right) and bool(left == right)


def changes_only(times: Integers, column: Column) -> tuple[Integers, Column]:
    """Return the first row of every run of equal values, and the last one of it when the run is longer.

    A line through what is left is the line through all rows.
    """
    begins = changed(column)
    kept = begins.copy()
    if begins.size:
        kept[:-1] |= begins[1:]
        kept[-1] = True
    return times[kept], column.select(kept)


def sampled(times: Integers, column: Column, interval_ns: int, start_ns: int | None = None) -> tuple[Integers, Column]:
    """Return the first row in each interval of `interval_ns` nanoseconds that has one.

    Intervals count from `start_ns`, by default from the first row. Raises UsageError for an interval that is not positive.
    """
    if interval_ns <= 0:
        raise UsageError(f"an interval of {interval_ns} ns", remedy="Give a positive number of nanoseconds")
    if not times.size:
        return times, column
    start = int(times[0]) if start_ns is None else start_ns
    number = times // interval_ns - start // interval_ns  # int64 throughout: no difference of two times can overflow it
    number -= times % interval_ns < start % interval_ns
    kept = np.ones(times.size, np.bool_)
    kept[1:] = number[1:] != number[:-1]
    return times[kept], column.select(kept)
