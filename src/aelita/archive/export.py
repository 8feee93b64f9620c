"""Parameters out of the archive, for other tools: tables in memory, Parquet, CSV and Arrow files, NumPy and xarray.

`wide` tables have one row a packet and one column a parameter, null where the packet does not carry it. Others are long: one row
a value, numbers and texts in columns of their own. Files are written stretch by stretch of time: memory stays bounded.
"""

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.io.plugins import register_io_source

from ..errors import ArchiveError, UsageError
from ..time import utc_datetime64
from .history import spans_between
from .store import Archive, Moment, tai_ns
from .tables import Table

ROWS = 200_000  # of the fullest container, read at once
LABELS = ("utc", "generated", "source", "row", "quality", "database")
LONG = pl.Schema(
    {
        "utc": pl.Datetime("ns"),
        "generated": pl.Int64(),
        "source": pl.Int32(),
        "row": pl.Int64(),
        "quality": pl.Int16(),
        "database": pl.Int32(),
        "parameter": pl.String(),
        "number": pl.Float64(),
        "text": pl.String(),
    }
)


def to_polars(
    archive: Archive,
    parameters: Sequence[str],
    start: Moment = None,
    stop: Moment = None,
    *,
    raw: bool = False,
    wide: bool = True,
) -> pl.DataFrame:
    """Return parameters in a range, by generation time: `utc`, `generated`, `source`, `row`, `quality`, `database`, then values.

    Names, ranges and `raw` are as in `Archive.values`. A wide table names columns by qualified names, a long one has `parameter`,
    `number` and `text`. Raises UsageError.
    """
    names = _resolved(archive, parameters)
    return _table(archive, names, tai_ns(start), tai_ns(stop), raw, wide)


def to_numpy(
    archive: Archive, parameters: Sequence[str], start: Moment = None, stop: Moment = None, *, raw: bool = False
) -> dict[str, NDArray[Any]]:
    """Return a wide table as arrays by column; numbers are NaN, and texts None, where a packet does not carry the parameter."""
    table = to_polars(archive, parameters, start, stop, raw=raw)
    found: dict[str, NDArray[Any]] = {}
    for series in table.iter_columns():
        if series.name == "utc":
            found["utc"] = series.to_numpy()
        elif series.dtype.is_decimal():
            found[series.name] = series.cast(pl.Float64 if series.null_count() else pl.UInt64).to_numpy()
        elif series.dtype == pl.Boolean and series.null_count():
            found[series.name] = series.cast(pl.Float64).to_numpy()
        else:
            found[series.name] = series.to_numpy()
    return found


def to_xarray(
    archive: Archive, parameters: Sequence[str], start: Moment = None, stop: Moment = None, *, raw: bool = False
) -> Any:
    """Return an `xarray.Dataset` over the dimension `time` (UTC), with the coordinate `generated` (TAI nanoseconds).

    Packets of unknown time are left out. Raises UsageError when xarray is not installed.
    """
    try:
        xarray = importlib.import_module("xarray")
    except ImportError as error:
        raise UsageError("xarray is not installed", remedy='Install it: pip install "aelita[xarray]"') from error
    arrays = to_numpy(archive, parameters, start, stop, raw=raw)
    known = ~np.isnat(arrays["utc"])
    labels = {name: arrays.pop(name)[known] for name in LABELS}
    generated = labels["generated"].astype(np.int64)
    coordinates = {"time": labels.pop("utc"), **{name: ("time", values) for name, values in labels.items()}}
    coordinates["generated"] = ("time", generated, {"long_name": "generation time, TAI nanoseconds since 1970"})
    values = {name: ("time", array[known]) for name, array in arrays.items()}
    return xarray.Dataset(values, coordinates, {"archive": str(archive.path), "values": "raw" if raw else "engineering"})


def to_parquet(
    archive: Archive, path: str | Path, parameters: Sequence[str], *span: Moment, raw: bool = False, wide: bool = True
) -> int:
    """Write a Parquet file as `to_polars` would return it; return how many rows it has. Raises UsageError and ArchiveError."""
    stretches = _Stretches(archive, parameters, span, raw, wide)
    return stretches.written(path, lambda frame, to: frame.sink_parquet(to, compression="zstd"))


def to_arrow(
    archive: Archive, path: str | Path, parameters: Sequence[str], *span: Moment, raw: bool = False, wide: bool = True
) -> int:
    """Write an Arrow IPC file as `to_polars` would return it; return how many rows it has. Raises UsageError and ArchiveError."""
    stretches = _Stretches(archive, parameters, span, raw, wide)
    return stretches.written(path, lambda frame, to: frame.sink_ipc(to))


def to_csv(
    archive: Archive, path: str | Path, parameters: Sequence[str], *span: Moment, raw: bool = False, wide: bool = True
) -> int:
    """Write a CSV file as `to_polars` would return it, octets in hexadecimal; return how many rows it has.

    Raises UsageError and ArchiveError.
    """
    stretches = _Stretches(archive, parameters, span, raw, wide)
    return stretches.written(path, lambda frame, to: frame.with_columns(pl.col(pl.Binary).bin.encode("hex")).sink_csv(to))


def _resolved(archive: Archive, parameters: Sequence[str]) -> list[str]:
    if not parameters:
        raise UsageError("no parameter is named", remedy="Name at least one")
    return list(dict.fromkeys(archive.catalogue.resolve(name) for name in parameters))


def _table(archive: Archive, names: Sequence[str], start: int | None, stop: int | None, raw: bool, wide: bool) -> pl.DataFrame:
    parts = {name: archive.values(name, start, stop, raw=raw) for name in names}
    if not wide:
        return pl.concat([_long(name, part) for name, part in parts.items()]).sort(
            "generated", "source", "row", maintain_order=True
        )
    found: pl.DataFrame | None = None
    for name, part in parts.items():
        column = part.rename({"value": name})
        if found is None:
            found = column
        else:  # packets of one container share their rows
            key = [label for label in LABELS if label != "utc"]
            joined = found.join(column.drop("utc"), on=key, how="full", coalesce=True, nulls_equal=True)
            found = _dated(joined.sort("generated", "source", "row"))
    assert found is not None
    return found.select(*LABELS, *names)


def _dated(rows: pl.DataFrame) -> pl.DataFrame:
    """Fill the column `utc` of rows that a join added."""
    times = rows["generated"].fill_null(np.iinfo(np.int64).min).to_numpy()
    return rows.with_columns(pl.Series("utc", utc_datetime64(times)).dt.cast_time_unit("ns"))


def _long(name: str, part: pl.DataFrame) -> pl.DataFrame:
    values, none = part["value"], pl.lit(None)
    number: pl.Series | pl.Expr = none
    text: pl.Series | pl.Expr = none
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        number = values.cast(pl.Float64)
    elif values.dtype == pl.Binary:
        text = values.bin.encode("hex")
    elif isinstance(values.dtype, pl.List):
        text = pl.Series([None if item is None else str(item.to_list()) for item in values], dtype=pl.String)
    else:
        text = values
    columns = part.select(*LABELS).with_columns(parameter=pl.lit(name), number=number, text=text)
    return columns.select(LONG.names()).cast(LONG)


class _Stretches:
    """The table in stretches of time of about ROWS rows, all with the same columns."""

    def __init__(self, archive: Archive, parameters: Sequence[str], span: Sequence[Moment], raw: bool, wide: bool) -> None:
        if len(span) > 2:
            raise UsageError(f"a range has a start and a stop, not {len(span)} times")
        start, stop = (tai_ns(moment) for moment in (*span, None, None)[:2])
        self.archive, self.raw, self.wide = archive, raw, wide
        self.names = _resolved(archive, parameters)
        known = archive.catalogue.parameters()
        self.tables = [archive.container_table(c) for c in sorted({c for name in self.names for c in known[name]})]
        self.whole = (start, stop) == (None, None)
        self.spans = list(spans_between(self.tables, start, stop, ROWS))
        self.schema = self._schema() if wide else LONG

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield the stretches in order of time; with no range asked for, first the rows of unknown time."""
        if self.whole and _timeless(self.tables):
            rows = _table(self.archive, self.names, None, None, self.raw, self.wide)
            yield rows.filter(pl.col("generated").is_null())
        for low, high in self.spans:
            yield _table(self.archive, self.names, low, high, self.raw, self.wide)

    def _schema(self) -> pl.Schema:
        """Return types that hold the values of every stretch: what a newer database decoded may have become another type."""
        kinds: dict[str, list[pl.DataType]] = {name: [] for name in self.names}
        labels: pl.Schema | None = None
        for rows in self:
            labels = rows.select(LABELS).schema
            for name in self.names:
                dtype = rows[name].dtype
                if rows[name].null_count() < len(rows) and dtype not in kinds[name]:
                    kinds[name].append(dtype)
        return pl.Schema({**(labels or _table_labels()), **{name: _common(name, found) for name, found in kinds.items()}})

    def written(self, path: str | Path, sink: Any) -> int:
        """Write all stretches through a sink of Polars into a file, as a whole or not at all; return how many rows."""
        to, count = Path(path), 0

        def source(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
        ) -> Iterator[pl.DataFrame]:
            nonlocal count
            for stretch in self:
                count += len(stretch)
                yield stretch.cast(self.schema)

        part = to.with_name(to.name + ".part")
        try:
            sink(register_io_source(source, schema=self.schema), part)
            part.replace(to)
        except (OSError, pl.exceptions.PolarsError) as error:
            part.unlink(missing_ok=True)
            raise ArchiveError(f"cannot be written: {error}", where=str(to)) from error
        return count


def _table_labels() -> pl.Schema:
    return pl.Schema({name: LONG[name] for name in LABELS})


def _common(name: str, kinds: Sequence[pl.DataType]) -> pl.DataType:
    if len(kinds) < 2:
        return kinds[0] if kinds else pl.Float64()
    if all(kind.is_numeric() or kind == pl.Boolean for kind in kinds):
        return pl.Float64()
    if all(kind.is_numeric() or kind == pl.Boolean or kind == pl.String for kind in kinds):
        return pl.String()
    named = ", ".join(map(str, kinds))
    raise UsageError(f"{name} has values of several types ({named})", remedy="Export parts of the range, or a long table")


def _timeless(tables: Sequence[Table]) -> bool:
    return any((table.files().get_column("null_count.generated", default=pl.Series([0])).sum() or 0) > 0 for table in tables)
