"""Histories of parameters: all samples of a range, or a given number of folded ones.

Parameter tables hold raw values. Engineering values are computed here, by the database version that decoded each row.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ..errors import UsageError
from ..records import Column
from ..time import NO_TIME, utc_datetime64
from .bins import ONES, Bins, Numbers, Part, fold, folded_arrays
from .buckets import Pyramids
from .catalogue import Catalogue
from .elsewhere import with_values_elsewhere
from .gathered import Calibrator, numeric_columns
from .names import column_name, parameter_name
from .octets import Integers
from .parameters import loaded_column, stored_series
from .tables import Table, collect

FEW_ROWS = 200_000  # so many samples are folded faster from the rows than looked up among buckets
MOST_ROWS = 1_000_000  # of a container, read at once
ENVELOPE = ("source", "row", "generated", "quality", "database")


def with_utc(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with a column `utc` (nanoseconds, null where unknown) before the others, made from `generated`."""
    generated = frame["generated"]
    times = (generated.fill_null(NO_TIME) if generated.null_count() else generated).to_numpy()
    return frame.insert_column(0, pl.Series("utc", utc_datetime64(times)).dt.cast_time_unit("ns"))


def samples_of(
    table: Table,
    parameter: str,
    start: int | None,
    stop: int | None,
    others: Sequence[str] = (),
    labels: Sequence[str] = ENVELOPE,
) -> pl.DataFrame:
    """Return the rows of one container in which a parameter is valid: labels, `value` (raw), and other raw columns.

    They are in order of time when all labels are asked for.
    """
    state = table.state()
    held = state.schema
    column = column_name(parameter)
    wanted = [held_name for name in others if (held_name := column_name(name)) in held and name != parameter]
    bounds = state.bounds("generated")
    here = np.ones(len(state.files), np.bool_) if bounds is None else bounds.meeting(start, stop)
    if column not in held or not here.any():
        empty = {name: held.get(name, pl.Int64()) for name in labels}
        return pl.Schema({**empty, "value": pl.Float64()}).to_frame()
    alike = {name: value for name in labels if (value := state.constant(name, here)) is not None}
    read = [name for name in labels if name not in alike]
    frame = state.scan("generated", start, stop, [*read, column, *wanted])
    found = collect(frame, table.name) if frame is not None else held.to_frame().select(*read, column, *wanted)
    same = {name: pl.Series(name, [value], held[name]).new_from_index(0, len(found)) for name, value in alike.items()}
    columns = [same[name] if name in same else found[name] for name in labels]
    found = pl.DataFrame([*columns, found[column].alias("value"), *(found[name] for name in wanted)])
    if found["value"].null_count():
        found = found.filter(pl.col("value").is_not_null())
    if labels != ENVELOPE:
        return found
    times = found["generated"]
    rising = times.null_count() == 0 and bool((np.diff(times.to_numpy()) > 0).all())
    return found if rising else found.sort("generated", "source", "row")


def engineering(
    rows: pl.DataFrame, container: str, parameter: str, catalogue: Catalogue, calibrator: Calibrator | None
) -> pl.Series:
    """Return the engineering values of the rows that `samples_of` gave, null where invalid; labels as words.

    Raises UsageError without a calibrator.
    """
    if calibrator is None:
        raise UsageError("engineering values need the mission database", remedy="Ask for raw values")
    if one_version(rows):
        return _by_version(rows, container, parameter, catalogue, calibrator)
    parts = rows.with_row_index("_at").partition_by("database", maintain_order=True) if len(rows) else []
    found = [(part["_at"], _by_version(part, container, parameter, catalogue, calibrator)) for part in parts]
    if len(found) < 2:
        return found[0][1] if found else pl.Series([], dtype=pl.Float64)
    order = pl.concat([at for at, _ in found]).arg_sort()
    alike = [_alike(values, [v for _, v in found]).to_frame("value") for _, values in found]
    return pl.concat(alike, how="vertical_relaxed")["value"].gather(order)


def one_version(rows: pl.DataFrame) -> bool:
    """Return whether there are rows, all of them decoded by the same version of the database."""
    numbers = rows["database"]
    return len(rows) > 0 and numbers.null_count() == 0 and numbers.min() == numbers.max()


def _alike(values: pl.Series, all_values: list[pl.Series]) -> pl.Series:
    """Return the values as text when another database version made texts of them."""
    texts = [other.dtype == pl.String for other in all_values]
    return values.cast(pl.String) if any(texts) and not all(texts) else values


def _by_version(rows: pl.DataFrame, container: str, parameter: str, catalogue: Catalogue, calibrator: Calibrator) -> pl.Series:
    converted = _converted(rows, container, parameter, catalogue, calibrator)
    return rows["value"] if converted is None else shown(converted)


def _converted(rows: pl.DataFrame, container: str, parameter: str, catalogue: Catalogue, calibrator: Calibrator) -> Column | None:
    """Return the engineering values of rows that one version decoded, None when no version did."""
    version = rows["database"][0]
    if version is None:
        return None
    raw = {parameter_name(name): loaded_column(rows[name]) for name in rows.columns if name.startswith("/")}
    raw[parameter] = loaded_column(rows["value"])
    return calibrator.convert(catalogue.database(version), container, raw)[parameter]


def shown(column: Column) -> pl.Series:
    """Return a column with labels as words, null where invalid."""
    if column.labels is None:
        series = stored_series(column)
        return pl.Series([None] * len(column.values), dtype=pl.String) if series is None else series
    words = pl.Series(column.labels, dtype=pl.String).gather(pl.Series(column.values))
    return (
        words
        if column.valid is None
        else words.zip_with(pl.Series(column.valid), pl.Series([None] * len(words), dtype=pl.String))
    )


def needed(parameter: str, container: str, catalogue: Catalogue, calibrator: Calibrator | None) -> list[str]:
    """Return the other parameters whose raw values the engineering values of one depend on, in any database version."""
    if calibrator is None:
        return []
    found = {name for version in catalogue.databases() for name in calibrator.needs(version, container, parameter)}
    return sorted(found - {parameter})


def rows_in(table: Table, start: int, stop: int) -> int:
    """Return about how many rows a table has in a range of generation times, by what its log says of its files."""
    bounds = table.state().bounds("generated")
    if bounds is None:
        return 0
    low, high = bounds.low[bounds.known].astype(np.float64), bounds.high[bounds.known].astype(np.float64)
    inside = np.clip((np.minimum(high, stop) - np.maximum(low, start)) / np.maximum(high - low, 1.0), 0, 1)
    return int((inside * bounds.rows[bounds.known]).sum())


def whole_range(tables: Sequence[Table]) -> tuple[int, int] | None:
    """Return the first instant and the end of all rows whose generation time is known, None when there is no such row."""
    found = [bounds for table in tables if (bounds := table.state().bounds("generated")) is not None and bounds.known.any()]
    if not found:
        return None
    low = min(int(bounds.low[bounds.known].min()) for bounds in found)
    return low, max(int(bounds.high[bounds.known].max()) for bounds in found) + 1


def spans_between(
    tables: Sequence[Table], start: int | None, stop: int | None, most: int, *, backwards: bool = False
) -> Iterator[tuple[int, int]]:
    """Yield spans, one after the other, in each of which the fullest of these tables has about `most` rows."""
    whole = whole_range(tables)
    if whole is None:
        return
    low = whole[0] if start is None else max(start, whole[0])
    high = whole[1] if stop is None else min(stop, whole[1])
    open_spans = [(low, high)] if low < high else []
    while open_spans:
        a, b = open_spans.pop()
        if b - a > 1 and max(rows_in(table, a, b) for table in tables) > most:
            later, earlier = ((a + b) // 2, b), (a, (a + b) // 2)
            open_spans += [earlier, later] if backwards else [later, earlier]
        else:
            yield a, b


@dataclass(frozen=True, slots=True)
class Gridded:
    """A parameter on a grid: how many good samples each bin has, their minimum, maximum and mean (NaN where there are none)."""

    parameter: str
    count: Integers
    minimum: Numbers
    maximum: Numbers
    mean: Numbers


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a parameter: the good samples in a range, raw or in engineering units, of some sources or of all."""

    start: int
    stop: int
    raw: bool
    sources: Collection[int] | None = None


class Histories:
    """Answers questions about parameters from the tables of an archive."""

    def __init__(
        self, catalogue: Catalogue, table_of: Callable[[str], Table], pyramids: Table, calibrator: Calibrator | None
    ) -> None:
        self._catalogue, self._table_of, self._calibrator = catalogue, table_of, calibrator
        self._pyramids = Pyramids(pyramids)

    def values(self, name: str, start: int | None, stop: int | None, raw: bool) -> pl.DataFrame:
        """Return all samples of a parameter in a range, by generation time; see `Archive.values`."""
        parameter = self._catalogue.resolve(name)
        parts = []
        for container in self._catalogue.parameters()[parameter]:
            rows = self._samples(container, parameter, start, stop, raw)
            values = rows["value"] if raw else engineering(rows, container, parameter, self._catalogue, self._calibrator)
            parts.append(rows.select("generated", "source", "row", "quality", "database", values.alias("value")))
        if len(parts) == 1:
            return parts[0]
        texts = any(part["value"].dtype == pl.String for part in parts)
        alike = [part.cast({"value": pl.String}) if texts else part for part in parts]
        return pl.concat(alike, how="vertical_relaxed").sort("generated", "source", "row")

    def _samples(
        self,
        container: str,
        parameter: str,
        start: int | None,
        stop: int | None,
        raw: bool,
        labels: Sequence[str] = ENVELOPE,
    ) -> pl.DataFrame:
        others = [] if raw else needed(parameter, container, self._catalogue, self._calibrator)
        rows = samples_of(self._table_of(container), parameter, start, stop, others, labels)
        return with_values_elsewhere(rows, others, self._catalogue.parameters(), self._table_of) if others else rows

    def folded(self, name: str, count: int, start: int | None, stop: int | None) -> pl.DataFrame:
        """Return a parameter folded into about `count` bins; see `Archive.samples`."""
        parameter = self._catalogue.resolve(name)
        containers = self._catalogue.parameters()[parameter]
        whole = whole_range([self._table_of(container) for container in containers])
        if whole is None:
            raise UsageError(f"{parameter} has no sample with a known time")
        bins = Bins.over(whole[0] if start is None else start, whole[1] if stop is None else max(stop, (start or 0) + 1), count)
        wanted = Wanted(bins.origin, bins.end, self._calibrator is None)
        return fold(bins, (part for container in containers for part in self._parts(container, parameter, bins, wanted)))

    def span(self, names: Sequence[str]) -> tuple[int, int] | None:
        """Return the first instant and the end of the samples of some parameters, None when they have none of known time."""
        known = self._catalogue.parameters()
        held = {container for name in names for container in known[self._catalogue.resolve(name)]}
        return whole_range([self._table_of(container) for container in sorted(held)])

    def gridded(self, name: str, bins: Bins, wanted: Wanted) -> Gridded:
        """Return a parameter on a grid; samples outside the range that is wanted do not count, wherever the grid begins."""
        parameter = self._catalogue.resolve(name)
        held = self._catalogue.parameters()[parameter]
        parts = (part for container in held for part in self._parts(container, parameter, bins, wanted))
        count, *numbers = folded_arrays(bins, parts)
        return Gridded(parameter, count.astype(np.int64), *(np.where(count > 0, each, np.nan) for each in numbers))

    def _parts(self, container: str, parameter: str, bins: Bins, wanted: Wanted) -> Iterator[Part]:
        """Yield samples, and where there are many, the buckets that lie wholly in the range and samples at its edges."""
        of_rows = wanted.raw and self._calibrator is not None  # pyramids hold engineering values
        if of_rows or rows_in(self._table_of(container), wanted.start, wanted.stop) <= FEW_ROWS:
            yield from self._single(container, parameter, wanted)
            return
        buckets, coarse = self._pyramids.buckets(container, parameter, bins, wanted.sources)
        first = -(-wanted.start >> bins.level) << bins.level
        last = max(wanted.stop >> bins.level << bins.level, first)
        if first > wanted.start or last < wanted.stop:
            buckets = buckets.filter((pl.col("bucket") >= first) & (pl.col("bucket") < last))
            yield from self._single(container, parameter, replace(wanted, stop=min(first, wanted.stop)), coarse)
            yield from self._single(container, parameter, replace(wanted, start=last), coarse)
        low, high, mean = (buckets[column].to_numpy() for column in ("minimum", "maximum", "mean"))
        yield buckets["bucket"].to_numpy(), buckets["count"].cast(pl.Int64).to_numpy(), low, high, mean
        if coarse:
            yield from self._single(container, parameter, replace(wanted, sources=coarse))

    def _single(self, container: str, parameter: str, wanted: Wanted, without: Collection[int] = ()) -> Iterator[Part]:
        """Yield every good sample as a bucket of its own, NaN where it is no number, but for those of some sources."""
        some = [] if wanted.sources is None and not without else ["source"]
        labels = ["generated", "quality", *([] if wanted.raw else ["database"]), *some]
        for start, stop in spans_between([self._table_of(container)], wanted.start, wanted.stop, MOST_ROWS):
            rows = self._samples(container, parameter, start, stop, wanted.raw, labels)
            if rows["quality"].max() != 0:
                rows = rows.filter(pl.col("quality") == 0)
            if wanted.sources is not None:
                rows = rows.filter(pl.col("source").is_in(list(wanted.sources)))
            if without:
                rows = rows.filter(~pl.col("source").is_in(list(without)))
            numbers, better = self._numbers(rows, container, parameter, wanted.raw)
            found = numeric_columns(numbers, better, np.arange(len(rows)))
            if parameter not in found:
                raise UsageError(f"{parameter} is no number and cannot be folded", remedy="Ask for its values")
            values = found[parameter]
            yield rows["generated"].to_numpy(), ONES, values, values, values

    def _numbers(
        self, rows: pl.DataFrame, container: str, parameter: str, raw: bool
    ) -> tuple[dict[str, Column], dict[str, Column]]:
        """Return the raw and the engineering values of a parameter, the latter only where they are numbers."""
        numbers: dict[str, Column] = {parameter: loaded_column(rows["value"])}
        if raw or self._calibrator is None:
            return numbers, {}
        if one_version(rows):
            converted = _converted(rows, container, parameter, self._catalogue, self._calibrator)
            return numbers, {} if converted is None else {parameter: converted}
        better = engineering(rows, container, parameter, self._catalogue, self._calibrator)
        words = better.dtype == pl.String or better.dtype == pl.Binary
        return numbers, {} if words else {parameter: loaded_column(better)}
