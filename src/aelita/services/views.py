"""Thinner views of a history: only changes, or at most one sample an interval."""

import numpy as np
import polars as pl

from ..time import SECOND


def thinned(rows: pl.DataFrame, *, changes: bool = False, every_s: float = 0.0) -> pl.DataFrame:
    """Return the samples of `Archive.values` that differ from the one before, or that are at least `every_s` apart, or both.

    The first sample is always there, and so is the last of those that do not change, so that a line through them is right.
    """
    if changes and len(rows) > 2:
        value = rows["value"]
        new = (value != value.shift(1)).fill_null(True).to_numpy()
        new = new | (rows["value"].is_null() != rows["value"].shift(1).is_null()).to_numpy()
        keep = new | np.append(new[1:], True)
        rows = rows.filter(pl.Series(keep))
    if every_s > 0 and len(rows):
        times = rows["generated"].fill_null(0).to_numpy()
        step, keep, last = round(every_s * SECOND), np.zeros(times.size, np.bool_), None
        for i, time in enumerate(times.tolist()):
            if last is None or time - last >= step:
                keep[i], last = True, time
        rows = rows.filter(pl.Series(keep))
    return rows
