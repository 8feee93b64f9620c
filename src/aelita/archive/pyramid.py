"""Minimum, maximum and mean over buckets of time, level over level: what plots read instead of all samples.

A bucket of level L spans 2**L nanoseconds from a multiple of that. Each batch of a container begins at the level that folds about
SAMPLES_OF_A_BUCKET samples, and goes up by STEP levels until few buckets are left, so that buckets of several batches merge.
"""

from collections.abc import Mapping

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
            for j in range(starts[entry + i], starts[entry + i + 1]):
                if below < 0:
                    v = values[j]
                    if v == v:
                        count += 1.0
                        total += v
                        low = v if v < low else low
                        high = v if v > high else high
                else:
                    count += out[0, below + j]
                    low, high = min(low, out[1, below + j]), max(high, out[2, below + j])
                    total += out[3, below + j]
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
    finest, coarsest = ladder[0][0], ladder[-1][0]
    sizes = np.array([instants.size for _, instants, _ in ladder])
    starts = np.concatenate([begins for _, _, begins in ladder])
    names, whole = sorted(columns), int(sizes.sum())
    folded = np.empty((len(names), 4, whole))
    for name, out in zip(names, folded, strict=True):
        _climb(np.ascontiguousarray(columns[name] if order is None else columns[name][order], np.float64), starts, sizes, out)
    stacked = folded.transpose(1, 0, 2).reshape(4, -1)
    level = np.repeat(np.array([number for number, _, _ in ladder], np.int8), sizes)
    frame = pl.DataFrame(
        {
            "container": pl.repeat(container, stacked.shape[1], dtype=pl.String, eager=True),
            "parameter": pl.Series(names).gather(np.repeat(np.arange(len(names)), whole)),
            "level": np.tile(level, len(names)),
            "bucket": np.tile(np.concatenate([instants for _, instants, _ in ladder]), len(names)),
            "count": stacked[0].astype(np.int32),
            "minimum": stacked[1],
            "maximum": stacked[2],
            "mean": stacked[3] / np.maximum(stacked[0], 1),
        }
    )
    frame = frame.with_columns(
        source=pl.lit(source, pl.Int32), batch=pl.lit(batch, pl.Int32), finest=pl.lit(finest, pl.Int8),
        coarsest=pl.col("level") == coarsest,
    )  # fmt: skip
    return frame.filter(pl.col("count") > 0).select(PYRAMIDS.names())
