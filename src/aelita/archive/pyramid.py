"""Minimum, maximum and mean over buckets of time, level over level: what plots read instead of all samples.

A bucket of level L spans 2**L nanoseconds from a multiple of that. Each batch of a container begins at the level that folds about
SAMPLES_OF_A_BUCKET samples, and goes up by STEP levels until few buckets are left, so that buckets of several batches merge.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..octets import compiled
from ..records import PYRAMIDS

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
SAMPLES_OF_A_BUCKET = 128
STEP = 2
FEW_BUCKETS = 4
TOP_LEVEL = 62


@compiled
def _climb(values: Numbers, starts: Integers, sizes: Integers, out: Numbers) -> None:
    """Write count, minimum, maximum and sum of every bucket to out[:, i], level over level; NaN does not count.

    A level of `sizes[k]` buckets has that many entries in `starts`, where each begins in the level below, and one more, the end.
    """
    entry, column, below = 0, 0, -1
    for k in range(sizes.size):
        for i in range(sizes[k]):
            count, total, low, high = 0.0, 0.0, np.inf, -np.inf
            first, end = starts[entry + i], starts[entry + i + 1]
            if below < 0:
                number = 0
                for v in values[first:end]:  # without branches; comparisons with NaN are false
                    number += v == v
                    total += v if v == v else 0.0
                    low = v if v < low else low
                    high = v if v > high else high
                count = float(number)
            else:
                for j in range(below + first, below + end):
                    count += out[0, j]
                    low, high = min(low, out[1, j]), max(high, out[2, j])
                    total += out[3, j]
            out[0, column + i], out[1, column + i], out[2, column + i], out[3, column + i] = count, low, high, total
        below = column
        column += sizes[k]
        entry += sizes[k] + 1


def first_level(times: Integers) -> int:
    """Return the level whose buckets hold about SAMPLES_OF_A_BUCKET of these samples (sorted TAI nanoseconds)."""
    steps = np.diff(times)
    steps = steps[steps > 0]
    usual = int(np.median(steps)) if steps.size else 1_000_000_000
    return min(max((usual * SAMPLES_OF_A_BUCKET).bit_length(), STEP), TOP_LEVEL - STEP) // STEP * STEP


def levels(times: Integers) -> list[tuple[int, Integers, Integers]]:
    """Return (level, first instants of its buckets, where each begins in the level below, and the last ends), finest first."""
    found: list[tuple[int, Integers, Integers]] = []
    at, level = times, first_level(times)
    while level <= TOP_LEVEL:
        number = at >> level
        starts = np.flatnonzero(np.concatenate([[True], number[1:] != number[:-1]]))
        found.append((level, number[starts] << level, np.append(starts, at.size)))
        if starts.size <= FEW_BUCKETS:
            break
        at, level = found[-1][1], level + STEP
    return found


def pyramid_rows(source: int, batch: int, container: str, times: Integers, columns: Mapping[str, Numbers]) -> pl.DataFrame:
    """Return the buckets of every column (NaN where invalid) of a container's samples at these times (TAI nanoseconds)."""
    if not times.size or not columns:
        return PYRAMIDS.to_frame()
    order = None if (times[1:] >= times[:-1]).all() else np.argsort(times, kind="stable")
    ladder = levels(times if order is None else times[order])
    sizes = np.array([instants.size for _, instants, _ in ladder])
    starts = np.concatenate([begins for _, _, begins in ladder])
    names, whole = sorted(columns), int(sizes.sum())
    folded = np.empty((4, len(names) * whole))
    for k, name in enumerate(names):
        values = np.ascontiguousarray(columns[name] if order is None else columns[name][order], np.float64)
        _climb(values, starts, sizes, folded[:, k * whole : (k + 1) * whole])
    count, minimum, maximum, total = folded
    level = np.repeat(np.array([number for number, _, _ in ladder], np.int8), sizes)
    bucket = np.concatenate([instants for _, instants, _ in ladder])
    same: dict[str, int | str] = {"source": source, "batch": batch, "container": container, "finest": ladder[0][0]}
    made: dict[str, pl.Series | NDArray[Any]] = {
        **{name: pl.Series([value], dtype=PYRAMIDS[name]).new_from_index(0, count.size) for name, value in same.items()},
        "parameter": pl.Series(names, dtype=pl.String)[np.repeat(np.arange(len(names)), whole)],
        "level": np.tile(level, len(names)),
        "coarsest": np.tile(level == ladder[-1][0], len(names)),
        "bucket": np.tile(bucket, len(names)),
        "count": count.astype(np.int32),
        "minimum": minimum,
        "maximum": maximum,
        "mean": np.divide(total, np.maximum(count, 1), out=total),
    }
    frame = pl.DataFrame([pl.Series(name, made[name]) for name in PYRAMIDS])
    return frame if count.all() else frame.filter(pl.col("count") > 0)
