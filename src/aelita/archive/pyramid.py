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
def _fold(values: Numbers, starts: Integers, out: Numbers) -> None:
    """Write count, minimum, maximum and sum of values[starts[i] : starts[i + 1]] to out[:, i]; NaN does not count."""
    last = min(starts.size - 1, out.shape[1])
    for i in range(last):
        count, total, low, high = 0, 0.0, np.inf, -np.inf
        for k in range(max(starts[i], 0), min(starts[i + 1], values.size)):
            v = values[k]
            if v == v:
                count += 1
                total += v
                low = v if v < low else low
                high = v if v > high else high
        out[0, i], out[1, i], out[2, i], out[3, i] = count, low, high, total


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
    parts = []
    for name in sorted(columns):
        values = np.ascontiguousarray(columns[name] if order is None else columns[name][order], np.float64)
        folded = np.empty((0, 0))
        for level, instants, starts in ladder:
            folded = _first(values, starts) if level == finest else _next(folded, starts)
            parts.append((name, level, instants, folded))
    sizes = [instants.size for _, _, instants, _ in parts]
    stacked = np.concatenate([folded for *_, folded in parts], axis=1)
    frame = pl.DataFrame(
        {
            "container": pl.repeat(container, sum(sizes), dtype=pl.String, eager=True),
            "parameter": pl.Series([name for name, *_ in parts]).gather(np.repeat(np.arange(len(parts)), sizes)),
            "level": np.repeat(np.array([level for _, level, _, _ in parts], np.int8), sizes),
            "bucket": np.concatenate([instants for _, _, instants, _ in parts]),
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


def _first(values: Numbers, starts: Integers) -> Numbers:
    out = np.empty((4, starts.size - 1))
    _fold(values, starts, out)
    return out


def _next(below: Numbers, starts: Integers) -> Numbers:
    at = starts[:-1]
    return np.stack(
        [
            np.add.reduceat(below[0], at),
            np.minimum.reduceat(below[1], at),
            np.maximum.reduceat(below[2], at),
            np.add.reduceat(below[3], at),
        ]
    )
