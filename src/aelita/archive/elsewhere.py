"""Values of parameters in other packets, as they were known when a sample was made: what a calibration may depend on.

At ingest that is the latest packet before; here the last good sample at or before the generation time, whatever container has it.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl

from ..records import Column
from .catalogue import DatabaseVersion
from .gathered import Calibrator
from .names import column_name
from .parameters import loaded_columns
from .tables import Table, collect

Holders = Mapping[str, Sequence[str]]  # the containers of each parameter


def with_values_elsewhere(
    rows: pl.DataFrame, parameters: Sequence[str], holders: Holders, table_of: Callable[[str], Table]
) -> pl.DataFrame:
    """Return the rows with a raw column for each of these parameters that they lack and that another container has.

    It holds the last good value at or before each row's `generated` (TAI nanoseconds), null where there is none.
    """
    for parameter in parameters:
        column = column_name(parameter)
        if column in rows.columns or not holders.get(parameter) or not len(rows):
            continue
        last = rows["generated"].max()
        history = _history([table_of(container) for container in holders[parameter]], column, last)  # type: ignore[arg-type]
        if history is not None:
            rows = rows.with_columns(_at(history, rows["generated"]).alias(column))
    return rows


def converted(
    rows: pl.DataFrame,
    container: str,
    version: DatabaseVersion,
    calibrator: Calibrator,
    holders: Holders,
    table_of: Callable[[str], Table],
) -> Mapping[str, Column]:
    """Return the engineering values of rows that one database version decoded, of all parameters with a valid value in each."""
    raw = loaded_columns(rows)
    wanted = {other for name in raw for other in calibrator.needs(version, container, name)}
    whole = with_values_elsewhere(rows, sorted(wanted - raw.keys()), holders, table_of)
    made = calibrator.convert(version, container, raw if whole is rows else loaded_columns(whole))
    return {name: made[name] for name in raw if name in made}


def _history(tables: Sequence[Table], column: str, last: int | None) -> pl.DataFrame | None:
    """Return the good values of a column up to an instant, in order of time."""
    parts = []
    for table in tables:
        frame = table.scan("generated", None, None if last is None else last + 1)
        if frame is not None and column in table.schema():
            good = (pl.col("quality") == 0) & pl.col("generated").is_not_null() & pl.col(column).is_not_null()
            chosen = frame.filter(good).select("generated", "source", "row", pl.col(column).alias("value"))
            parts.append(collect(chosen, table.name))
    if not parts:
        return None
    return pl.concat(parts, how="vertical_relaxed").sort("generated", "source", "row")


def _at(history: pl.DataFrame, times: pl.Series) -> pl.Series:
    """Return the last value at or before each instant."""
    place = np.searchsorted(history["generated"].to_numpy(), times.fill_null(np.iinfo(np.int64).min).to_numpy(), side="right") - 1
    return history["value"].gather(pl.Series(place, dtype=pl.Int64).replace(-1, None))
