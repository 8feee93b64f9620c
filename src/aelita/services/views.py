"""Thinner views of a history: only changes, or at most one sample an interval."""

import numpy as np
import polars as pl

from ..telemetry import Column, changes_only, sampled
from ..time import NO_TIME, SECOND


def thinned(rows: pl.DataFrame, *, changes: bool = False, every_s: float = 0.0) -> pl.DataFrame:
    """Return the samples of `Archive.values` that differ from the one before, or the first in every `every_s` seconds, or both.

    Of a run of equal values the first and the last stay, so that a line through them is right.
    """
    if changes and len(rows):
        values, valid = rows["value"], rows["value"].is_not_null().to_numpy()
        plain = values.fill_null(0) if values.dtype.is_numeric() else values
        kept, _ = changes_only(np.arange(len(rows)), Column(plain.to_numpy(), valid))
        rows = rows[kept]
    if every_s > 0 and len(rows):
        times = rows["generated"].fill_null(NO_TIME).to_numpy()
        _, which = sampled(times, Column(np.arange(len(rows))), max(round(every_s * SECOND), 1))
        rows = rows[which.values]
    return rows
