"""Histories as traces to draw: samples where there are few, folded ones where there are many, with limits and gaps."""

import numpy as np
import polars as pl

from ..archive import Archive
from ..errors import UsageError
from ..mdb import AlarmRules, Database, EnumeratedType, NormalRange
from .databases import Library
from .plots import Limit, Trace, gaps_in

MOST_SAMPLES = 4000
BINS = 1500


def trace_of(archive: Archive, library: Library, parameter: str, start: int | None, stop: int | None, *, raw: bool) -> Trace:
    """Return the history of a parameter (qualified name) between two instants (TAI nanoseconds).

    Raises UsageError when there is nothing in the range, or what is there cannot be drawn.
    """
    database = _database(archive, library)
    kind = database.type_of(parameter) if database is not None and parameter in database.parameters else None
    units = kind.facts.units if kind is not None and not raw else ""
    limits = limits_of(kind.facts.alarms) if kind is not None and not raw else ()
    count = len(archive.values(parameter, start, stop, raw=True))
    if not count:
        raise UsageError(f"{parameter} has no sample there", remedy="See `aelita query` for the times that it has")
    if count > MOST_SAMPLES and not raw and not isinstance(kind, EnumeratedType):
        return _folded(archive, parameter, start, stop, units, limits)
    rows = archive.values(parameter, start, stop, raw=raw).filter(
        pl.col("value").is_not_null() & pl.col("utc").is_not_null() & (pl.col("quality") == 0)
    )
    utc = rows["utc"].to_numpy()
    if rows["value"].dtype == pl.String:
        known = _labels(kind, rows["value"])
        values = rows["value"].replace_strict({label: i for i, label in enumerate(known)}, return_dtype=pl.Float64).to_numpy()
        return Trace(parameter, units, utc, values, labels=known, gaps=gaps_in(utc))
    if not rows["value"].dtype.is_numeric():
        raise UsageError(f"{parameter} holds {rows['value'].dtype}, which cannot be drawn", remedy="Ask for its values")
    return Trace(parameter, units, utc, rows["value"].cast(pl.Float64).to_numpy(), limits=limits, gaps=gaps_in(utc))


def _folded(
    archive: Archive, parameter: str, start: int | None, stop: int | None, units: str, limits: tuple[Limit, ...]
) -> Trace:
    rows = archive.samples(parameter, BINS, start, stop).filter(pl.col("count") > 0)
    low, high, mean = (rows[name].cast(pl.Float64).to_numpy() for name in ("minimum", "maximum", "mean"))
    utc = rows["utc"].to_numpy()
    return Trace(parameter, units, utc, mean, low, high, limits=limits, gaps=gaps_in(utc), samples=int(rows["count"].sum()))


def _database(archive: Archive, library: Library) -> Database | None:
    versions = archive.catalogue.databases()
    return library.database(versions[-1]) if versions else None


def _labels(kind: object, values: pl.Series) -> tuple[str, ...]:
    """Return the labels that occur, in the order of the enumeration."""
    seen = set(values.unique().to_list())
    defined = [entry.label for entry in kind.entries] if isinstance(kind, EnumeratedType) else []
    return tuple(dict.fromkeys([*(label for label in defined if label in seen), *sorted(seen)]))


def limits_of(rules: AlarmRules) -> tuple[Limit, ...]:
    """Return the bounds of the default alarm's ranges, as lines for a plot; bounds of context alarms depend on other values."""
    found: list[Limit] = []
    for band in rules.default.ranges if rules.default is not None else ():
        found += _bounds(band)
    return tuple(found)


def _bounds(band: NormalRange) -> list[Limit]:
    """Return the edges of a range; of a range that is itself the alarm the two edges are lines without shading."""
    both = band.minimum is not None and band.maximum is not None
    edges = ((band.minimum, not band.outside), (band.maximum, band.outside))
    shaded = band.outside or not both
    return [Limit(value, int(band.severity), upper, shaded) for value, upper in edges if value is not None and np.isfinite(value)]
