"""Histories of parameters: all samples of a range, or a given number of folded ones.

Parameter tables hold raw values. Engineering values are computed here, by the database version that decoded each row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import UsageError
from ..records import PYRAMIDS, Column
from ..time import NO_TIME, utc_datetime64
from .catalogue import Catalogue
from .elsewhere import with_values_elsewhere
from .names import column_name, parameter_name
from .octets import Integers
from .parameters import loaded_column, stored_series
from .pyramid import STEP
from .session import Calibrator, numeric_columns
from .tables import Table, collect

FEW_ROWS = 200_000  # so many samples are folded faster from the rows than looked up among buckets
ENVELOPE = ("source", "row", "generated", "quality", "database")
Numbers = NDArray[np.float64]


def with_utc(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with a column `utc` (nanoseconds, null where unknown) before the others, made from `generated`."""
    times = frame["generated"].fill_null(NO_TIME).to_numpy()
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
    held = table.schema()
    column = column_name(parameter)
    frame = table.scan("generated", start, stop) if column in held else None
    wanted = [pl.col(column_name(name)) for name in others if column_name(name) in held and name != parameter]
    if frame is None:
        empty = {name: held.get(name, pl.Int64()) for name in labels}
        return pl.Schema({**empty, "value": pl.Float64()}).to_frame()
    chosen = frame.select(*labels, pl.col(column).alias("value"), *wanted).filter(pl.col("value").is_not_null())
    found = collect(chosen, table.name)
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
    parts = rows.with_row_index("_at").partition_by("database", maintain_order=True) if len(rows) else []
    found = [(part["_at"], _by_version(part, container, parameter, catalogue, calibrator)) for part in parts]
    if len(found) < 2:
        return found[0][1] if found else pl.Series([], dtype=pl.Float64)
    order = pl.concat([at for at, _ in found]).arg_sort()
    alike = [_alike(values, [v for _, v in found]).to_frame("value") for _, values in found]
    return pl.concat(alike, how="vertical_relaxed")["value"].gather(order)


def _alike(values: pl.Series, all_values: list[pl.Series]) -> pl.Series:
    """Return the values as text when another database version made texts of them."""
    texts = [other.dtype == pl.String for other in all_values]
    return values.cast(pl.String) if any(texts) and not all(texts) else values


def _by_version(rows: pl.DataFrame, container: str, parameter: str, catalogue: Catalogue, calibrator: Calibrator) -> pl.Series:
    raw = {parameter_name(name): loaded_column(rows[name]) for name in rows.columns if name.startswith("/")}
    raw[parameter] = loaded_column(rows["value"])
    version = rows["database"][0]
    if version is None:
        return rows["value"]
    return shown(calibrator.convert(catalogue.database(version), container, raw)[parameter])


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


@dataclass(frozen=True, slots=True)
class Bins:
    """Intervals of equal width; `width_ns` and `origin` are multiples of 2**`level`. The last ends at or after the range."""

    origin: int
    width_ns: int
    level: int
    number: int

    @staticmethod
    def over(start: int, stop: int, count: int) -> "Bins":
        """Return at most `count` + 1 bins over a range, edges on those of buckets so that these need not be divided."""
        wanted = max(-(-(stop - start) // count), 1)
        level = max((wanted >> 1).bit_length() - 1, 0) // STEP * STEP
        width = -(-wanted >> level) << level
        origin = start >> level << level
        return Bins(origin, width, level, max(-(-(stop - origin) // width), 1))

    @property
    def end(self) -> int:
        """The instant at which the last bin ends."""
        return self.origin + self.number * self.width_ns


def fold(bins: Bins, times: Integers, count: Numbers, low: Numbers, high: Numbers, mean: Numbers) -> pl.DataFrame:
    """Return one row a bin (`generated` is its first instant): count, minimum, maximum and mean, null in empty bins."""
    place = (times - bins.origin) // bins.width_ns
    if (place[1:] < place[:-1]).any():
        order = np.argsort(place, kind="stable")
        place, count, low, high, mean = place[order], count[order], low[order], high[order], mean[order]
    starts = np.flatnonzero(np.diff(place, prepend=-1)) if place.size else np.empty(0, np.int64)
    every = np.arange(bins.number)
    folded = pl.DataFrame({"bin": every, "generated": every * bins.width_ns + bins.origin})
    if not starts.size:
        empty = [pl.lit(None, pl.Float64).alias(name) for name in ("minimum", "maximum", "mean")]
        return folded.select("generated", pl.lit(0, pl.Int64).alias("count"), *empty)
    number = np.add.reduceat(count, starts)
    filled = pl.DataFrame(
        {
            "bin": place[starts],
            "count": number.astype(np.int64),
            "minimum": np.minimum.reduceat(low, starts),
            "maximum": np.maximum.reduceat(high, starts),
            "mean": np.add.reduceat(mean * count, starts) / number,
        }
    )
    joined = folded.join(filled, on="bin", how="left", maintain_order="left").drop("bin")
    return joined.with_columns(pl.col("count").fill_null(0))


def buckets_of(pyramids: Table, container: str, parameter: str, bins: Bins) -> tuple[pl.DataFrame, list[int]]:
    """Return the buckets of a parameter from which these bins can be folded, and the sources that have none fine enough.

    The rows of those sources must be read instead.
    """
    frame = pyramids.scan()
    if frame is None:
        return PYRAMIDS.to_frame(), []
    level, finest = pl.col("level"), pl.col("finest")
    usable = (level == bins.level) | (pl.col("coarsest") & ((level < bins.level) | (finest > bins.level)))
    of_parameter = (pl.col("parameter") == parameter) & (pl.col("container") == container)
    rows = collect(frame.filter(of_parameter & usable), pyramids.name)
    ends = rows["bucket"].to_numpy() + (np.int64(1) << rows["level"].to_numpy().astype(np.int64))
    rows = rows.filter((pl.Series(ends) > bins.origin) & (pl.col("bucket") < bins.end))
    coarse = rows.filter(finest > bins.level)["source"].unique().sort()
    return rows.filter(~pl.col("source").is_in(coarse.to_list())), coarse.to_list()


def rows_in(table: Table, start: int, stop: int) -> int:
    """Return about how many rows a table has in a range of generation times, by what its log says of its files."""
    files = table.files()
    if "min.generated" not in files.columns:
        return 0
    low, high = files["min.generated"].to_numpy().astype(np.float64), files["max.generated"].to_numpy().astype(np.float64)
    inside = np.clip((np.minimum(high, stop) - np.maximum(low, start)) / np.maximum(high - low, 1.0), 0, 1)
    return int(np.nansum(inside * files["num_records"].to_numpy()))


def whole_range(tables: Sequence[Table]) -> tuple[int, int] | None:
    """Return the first instant and the end of all rows whose generation time is known, None when there is no such row."""
    found = [files for table in tables if "min.generated" in (files := table.files()).columns]
    low = [value for files in found if (value := files["min.generated"].min()) is not None]
    high = [value for files in found if (value := files["max.generated"].max()) is not None]
    return (min(low), max(high) + 1) if low else None  # type: ignore[operator, return-value]


class Histories:
    """Answers questions about parameters from the tables of an archive."""

    def __init__(
        self, catalogue: Catalogue, table_of: Callable[[str], Table], pyramids: Table, calibrator: Calibrator | None
    ) -> None:
        self._catalogue, self._table_of, self._pyramids, self._calibrator = catalogue, table_of, pyramids, calibrator

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
        parts = [part for container in containers for part in self._parts(container, parameter, bins)]
        return fold(bins, *(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _parts(self, container: str, parameter: str, bins: Bins) -> list[tuple[NDArray[Any], ...]]:
        """Return (times, count, minimum, maximum, mean) of samples, and of buckets where there are many."""
        table = self._table_of(container)
        if rows_in(table, bins.origin, bins.end) <= FEW_ROWS:
            return [self._single(container, parameter, bins, None)]
        buckets, coarse = buckets_of(self._pyramids, container, parameter, bins)
        columns = ("bucket", "count", "minimum", "maximum", "mean")
        found: list[tuple[NDArray[Any], ...]] = [tuple(buckets[column].to_numpy() for column in columns)]
        return [*found, self._single(container, parameter, bins, coarse)] if coarse else found

    def _single(self, container: str, parameter: str, bins: Bins, sources: list[int] | None) -> tuple[NDArray[Any], ...]:
        """Return every good sample as a bucket of its own, of these sources or of all."""
        raw = self._calibrator is None
        labels = ["generated", "quality", *([] if raw else ["database"]), *([] if sources is None else ["source"])]
        rows = self._samples(container, parameter, bins.origin, bins.end, raw, labels)
        if rows["quality"].max() != 0:
            rows = rows.filter(pl.col("quality") == 0)
        if sources is not None:
            rows = rows.filter(pl.col("source").is_in(sources))
        numbers = loaded_column(rows["value"])
        if not raw:
            better = engineering(rows, container, parameter, self._catalogue, self._calibrator)
            numbers = numbers if better.dtype == pl.String or better.dtype == pl.Binary else loaded_column(better)
        found = numeric_columns({parameter: numbers}, {}, np.arange(len(rows)))
        if parameter not in found:
            raise UsageError(f"{parameter} is no number and cannot be folded", remedy="Ask for its values")
        values = found[parameter]
        fine = ~np.isnan(values)
        values = values[fine]
        return rows["generated"].to_numpy()[fine], np.ones(values.size), values, values, values
