"""Bins of equal width over a range, and samples or buckets folded into them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..octets import compiled
from .octets import Integers
from .pyramid import STEP

Numbers = NDArray[np.float64]
Part = tuple[Integers, Integers, Numbers, Numbers, Numbers]  # times, counts (none: 1 each), minima, maxima, means
ONES = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Bins:
    """Intervals of equal width; `width_ns` and `origin` are multiples of 2**`level`. The last ends at or after the range."""

    origin: int
    width_ns: int
    level: int
    number: int

    @staticmethod
    def over(start: int, stop: int, count: int) -> "Bins":
        """Return at most `count` + 1 bins over a range, edges on those of buckets so that these need not be divided."""
        wanted = max(-(-(stop - start) // count), 1)
        level = max((wanted >> 1).bit_length() - 1, 0) // STEP * STEP
        width = -(-wanted >> level) << level
        origin = start >> level << level
        return Bins(origin, width, level, max(-(-(stop - origin) // width), 1))

    @property
    def end(self) -> int:
        """The instant at which the last bin ends."""
        return self.origin + self.number * self.width_ns


@compiled
def _fold(
    origin: int, width: int, times: Integers, count: Integers, low: Numbers, high: Numbers, mean: Numbers, out: Numbers
) -> None:
    """Add samples or buckets to count, minimum, maximum and sum of their bins, out[:, i]; not NaN, and nothing outside."""
    place, begin, end = 0, np.int64(1), np.int64(0)
    for i in range(times.size):
        if low[i] != low[i]:
            continue
        if not begin <= times[i] < end:
            place = (times[i] - origin) // width
            if not 0 <= place < out.shape[1]:
                continue
            begin = origin + place * width
            end = begin + width
        number = float(count[i]) if count.size else 1.0
        out[0, place] += number
        out[1, place] = min(out[1, place], low[i])
        out[2, place] = max(out[2, place], high[i])
        out[3, place] += mean[i] * number


def fold(bins: Bins, parts: Iterable[Part]) -> pl.DataFrame:
    """Return one row a bin (`generated` is its first instant): count, minimum, maximum and mean, null in empty bins."""
    count, *numbers = folded_arrays(bins, parts)
    empty = np.flatnonzero(count == 0)
    named = zip(("minimum", "maximum", "mean"), numbers, strict=True)
    return pl.DataFrame(
        [
            pl.Series("generated", np.arange(bins.number) * bins.width_ns + bins.origin),
            pl.Series("count", count.astype(np.int64)),
            *(pl.Series(name, values).scatter(empty, None) for name, values in named),
        ]
    )


def folded_arrays(bins: Bins, parts: Iterable[Part]) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return count, minimum, maximum and mean of each bin; an empty one has count 0 and no meaning else."""
    out = np.zeros((4, bins.number))
    out[1], out[2] = np.inf, -np.inf
    for part in parts:
        times, count, low, high, mean = map(_writable, part)
        _fold(bins.origin, bins.width_ns, times, count, low, high, mean, out)
    return out[0], out[1], out[2], out[3] / np.maximum(out[0], 1)


def _writable(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return the numbers in an array that can be written, so that the kernel is compiled for one kind of array only."""
    return np.require(numbers, requirements=("C_CONTIGUOUS", "WRITEABLE"))
