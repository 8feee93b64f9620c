"""Samples of parameters as tables in pieces, and as pages."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from ..archive import Archive, stretches, to_polars
from ..errors import UsageError

Raw = Literal["false", "true", "both"]
LABELS = ("utc", "generated", "source", "row", "quality", "database")
RAW = "#raw"  # behind the name of a parameter's raw values; no parameter has `#` in its name
ROWS_OF_A_STRETCH, ROWS_OF_A_PAGE = 200_000, 5_000
LONG_LABELS = ("generated", "source", "row")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: qualified names, a range in TAI nanoseconds (None: open), which values, and of which sources."""

    names: tuple[str, ...]
    start: int | None
    stop: int | None
    raw: Raw
    sources: Collection[int] | None = None


def check_range(start: int | None, stop: int | None) -> None:
    """Raise UsageError for a range that ends before it begins."""
    if start is not None and stop is not None and stop < start:
        raise UsageError("the range ends before it begins", where="stop", remedy="Give a start before the stop")


def wide(archive: Archive, what: Asked, low: int, high: int) -> pl.DataFrame:
    """Return the samples of a span of time, one row a packet: LABELS, then a column a parameter."""
    names = what.names
    if what.raw == "both":
        better, raw = (to_polars(archive, names, low, high, raw=one) for one in (False, True))
        columns = [column for name in names for column in (better[name], raw[name].alias(name + RAW))]
        frame = pl.DataFrame([*(better[label] for label in LABELS), *columns])
    else:
        frame = to_polars(archive, names, low, high, raw=what.raw == "true")
    frame = frame.cast({name: pl.UInt64 for name, dtype in frame.schema.items() if dtype.is_decimal()})
    return frame if what.sources is None else frame.filter(pl.col("source").is_in(list(what.sources)))


def pieces(archive: Archive, what: Asked) -> tuple[pl.Schema, Iterator[pl.DataFrame]]:
    """Return the columns of a wide table of samples, and its rows in order of time, in pieces.

    A range of several pieces is read twice: only its values tell the type that holds them all.
    """
    spans = list(stretches(archive, what.names, what.start, what.stop, ROWS_OF_A_STRETCH))
    if len(spans) < 2:
        whole = wide(archive, what, *(spans or [(0, 0)])[0])
        return whole.schema, iter([whole])
    kinds: dict[str, list[pl.DataType]] = {}
    for span in spans:
        for name, column in wide(archive, what, *span).to_dict().items():
            if name not in kinds or column.null_count() < len(column):
                kinds.setdefault(name, []).append(column.dtype)
    schema = pl.Schema({name: _common(name, found) for name, found in kinds.items()})
    return schema, (wide(archive, what, *span).cast(dict(schema)) for span in spans)  # type: ignore[arg-type]


def _common(name: str, kinds: Sequence[pl.DataType]) -> pl.DataType:
    """Return a type that holds the values of all. Raises UsageError when there is none."""
    several = set(kinds)
    if len(several) == 1:
        return kinds[0]
    if all(kind.is_numeric() or kind == pl.Boolean for kind in several):
        return pl.Float64()
    if all(kind.is_numeric() or kind in (pl.Boolean, pl.String) for kind in several):
        return pl.String()
    raise UsageError(f"{name} has values of several types", remedy="Ask for a part of the range")


def samples(archive: Archive, what: Asked, after: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` samples behind a key of (generated, source, row, place of the parameter), in that order."""
    begin = what.start if after is None else max(after[0], what.start or after[0])
    found: list[dict[str, Any]] = []
    for low, high in stretches(archive, what.names, begin, what.stop, max(ROWS_OF_A_PAGE, 2 * limit)):
        frame, values = _long(archive, replace(what, start=low, stop=high))
        if after is not None:
            frame = frame.filter(_behind(after))
        for row in frame.head(limit - len(found)).iter_rows(named=True):
            value, raw = values[row["place"]]
            at = row.pop("at")
            found.append({**row, "value": _cell(value, at), "raw": None if raw is None else _cell(raw, at)})
        if len(found) >= limit:
            break
    return found


def _cell(column: pl.Series, at: int) -> Any:
    value = column[at]
    return np.float32(value) if column.dtype == pl.Float32 and value is not None else value


def _behind(key: Sequence[int]) -> pl.Expr:
    found = pl.lit(False)
    for name, value in reversed(list(zip((*LONG_LABELS, "place"), key, strict=True))):
        found = (pl.col(name) > value) | ((pl.col(name) == value) & found)
    return found


def _long(archive: Archive, what: Asked) -> tuple[pl.DataFrame, list[tuple[pl.Series, pl.Series | None]]]:
    """Return one row a sample, and by `place` of the parameter the columns of its values; `at` is the row in them."""
    parts, values = [], []
    for place, name in enumerate(what.names):
        rows = archive.values(name, what.start, what.stop, raw=what.raw == "true")
        raw = archive.values(name, what.start, what.stop, raw=True)["value"] if what.raw == "both" else None
        values.append((rows["value"], raw))
        places = pl.lit(place, pl.Int64).alias("place"), pl.int_range(pl.len(), dtype=pl.Int64).alias("at")
        parts.append(rows.select("generated", "source", "row", "quality", "database", *places))
    frame = pl.concat(parts).sort(*LONG_LABELS, "place")
    return (frame if what.sources is None else frame.filter(pl.col("source").is_in(list(what.sources)))), values
