"""Rows of a table a page at a time, single packets and frames, and parameters on one grid: what an interface asks for."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from ..errors import UsageError
from ..records import PACKETS
from ..time import NO_TIME
from .bins import Bins
from .history import Gridded, Wanted, spans_between
from .octets import Integers
from .reading import chosen, read_frames, with_octets
from .state import State
from .store import Archive, Moment, tai_ns
from .tables import Table, collect

MOST_BINS = 100_000
FEW_ROWS = 20_000  # looked at first


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a page: `columns` that make a key of each row, which pages go up or down. An unknown time is the earliest."""

    columns: tuple[str, ...]
    descending: bool = False

    def key_of(self, row: dict[str, Any]) -> list[int | str]:
        """Return the key of a row."""
        return [NO_TIME if row[name] is None else row[name] for name in self.columns]

    def beyond(self, key: Sequence[int | str]) -> pl.Expr:
        """Return which rows come behind a key."""
        found = pl.lit(False)
        for name, value in reversed(list(zip(self.columns, key, strict=True))):
            column = _known(name)
            further = column < value if self.descending else column > value
            found = further | ((column == value) & found)
        return found


def _known(name: str) -> pl.Expr:
    return pl.col(name).fill_null(NO_TIME) if name == "generated" else pl.col(name)


def page(
    archive: Archive,
    table: str,
    schema: pl.Schema,
    order: Order,
    limit: int,
    *,
    after: Sequence[int | str] | None = None,
    start: Moment = None,
    stop: Moment = None,
    where: Sequence[pl.Expr] = (),
    without: Collection[str] = (),
) -> pl.DataFrame:
    """Return at most `limit` rows of a plain table in an order, those behind the key `after`.

    `start` and `stop` bound the column `generated`; `where` are further conditions, `without` columns that are left out. Columns
    that came into the schema after the table was made are null.
    """
    held = archive.tables[table]
    state = held.state()
    names = [name for name in schema.names() if name not in without]
    absent = [pl.lit(None, schema[name]).alias(name) for name in schema.names() if name not in state.schema]
    keys = [_known(name) for name in order.columns]
    parts = [schema.to_frame().select(names)]
    for frame in _parts(held, state, order, after, tai_ns(start), tai_ns(stop)):
        frame = frame.with_columns(absent)
        for condition in (*where, *([] if after is None else [order.beyond(after)])):
            frame = frame.filter(condition)
        left = limit - sum(map(len, parts))
        parts.append(collect(frame.select(names).sort(keys, descending=order.descending).head(left), held.name))
        if len(parts[-1]) == left:
            break
    return pl.concat(parts)


def standing_severities(archive: Archive) -> pl.DataFrame:
    """Return what each parameter's last limit transition came to: `source`, `parameter`, `generated`, `after` (severity)."""
    table = archive.tables["limits"]
    whole = table.state().scan(only=("source", "row", "generated", "parameter", "after"))
    if whole is None:
        return pl.DataFrame(schema={"source": pl.Int32, "parameter": pl.String, "generated": pl.Int64, "after": pl.Int16})
    last = pl.col("generated", "after").sort_by(_known("generated"), "row").last()
    return collect(whole.group_by("source", "parameter").agg(last), table.name)


def _parts(
    table: Table, state: State, order: Order, after: Sequence[int | str] | None, start: int | None, stop: int | None
) -> Iterator[pl.LazyFrame]:
    """Yield the rows of a table in parts that follow each other in an order: of time, in ever longer spans."""
    whole = state.scan()
    if whole is None:
        return
    if order.columns[0] != "generated" or state.bounds("generated") is None:
        yield whole
        return
    reached = None if after is None else int(after[0])
    timeless = (start, stop) == (None, None) and (order.descending or reached in (None, NO_TIME))
    if timeless and not order.descending:
        yield from _timeless(state, whole)
    if reached not in (None, NO_TIME):
        start, stop = (start, _least(stop, reached + 1)) if order.descending else (_greatest(start, reached), stop)
    if not (order.descending and reached == NO_TIME):
        spans = spans_between([table], start, stop, FEW_ROWS, backwards=order.descending)
        most = 1
        while some := list(islice(spans, most)):
            frame = state.scan("generated", min(low for low, _ in some), max(high for _, high in some))
            if frame is not None:
                yield frame
            most *= 2
    if timeless and order.descending:
        yield from _timeless(state, whole)


def _timeless(state: State, whole: pl.LazyFrame) -> Iterator[pl.LazyFrame]:
    """Yield the rows of unknown time, if there may be any."""
    bounds = state.bounds("generated")
    if bounds is not None and (bounds.nulls != 0).any():
        yield whole.filter(pl.col("generated").is_null())


def _least(one: int | None, other: int) -> int:
    return other if one is None else min(one, other)


def _greatest(one: int | None, other: int) -> int:
    return other if one is None else max(one, other)


def packet_of(archive: Archive, source: int, row: int) -> dict[str, Any] | None:
    """Return a packet with its octets, by the names of `records.PACKETS`; None when there is none such."""
    packets, frames = archive.tables["packets"], archive.tables["frames"]
    found = chosen(packets, PACKETS, ("row", row, row + 1), {"source": source})
    return with_octets(found, frames).row(0, named=True) if len(found) else None


def frame_of(archive: Archive, source: int, number: int) -> dict[str, Any] | None:
    """Return a frame with its octets, by the names of `records.FRAMES`; None when there is none such."""
    equal: dict[str, int | None] = {"source": source, "number": number}
    found = read_frames(archive.tables["frames"], archive.tables["quarantine"], equal, octets=True)
    return found.row(0, named=True) if len(found) else None


def database_that_decoded(archive: Archive, container: str, source: int, row: int) -> int | None:
    """Return the number of the database version that decoded a packet into a container, None when none did."""
    if container not in archive.containers():
        return None
    table = archive.container_table(container)
    frame = table.scan("row", row, row + 1)
    if frame is None:
        return None
    found = collect(frame.filter(pl.col("source") == source).select("database"), table.name)
    return None if not len(found) or found["database"][0] is None else int(found["database"][0])


@dataclass(frozen=True, slots=True)
class Grid:
    """Parameters folded over a range (TAI nanoseconds) on one grid: `times` are the first instants of its bins, in the range."""

    start: int
    stop: int
    width_ns: int
    times: Integers
    series: tuple[Gridded, ...]


def on_grid(
    archive: Archive,
    parameters: Sequence[str],
    count: int,
    start: Moment = None,
    stop: Moment = None,
    *,
    raw: bool = False,
    sources: Collection[int] | None = None,
) -> Grid:
    """Return parameters folded into at most `count` + 1 bins over a range, by default that of all their samples.

    Exactly the good samples with start <= generation time < stop count; the grid covers as much of the range as has any. Many are
    read as buckets of the pyramids, but for raw ones of a calibrated parameter. Raises UsageError for unknown names, and what is
    no number.
    """
    if not 1 <= count <= MOST_BINS:
        raise UsageError(f"{count} bins", remedy=f"Ask for 1 to {MOST_BINS}")
    histories = archive.histories
    whole, first, last = histories.span(parameters), tai_ns(start), tai_ns(stop)
    if first is not None and last is not None and first > last:
        raise UsageError("the range ends before it begins", remedy="Give a start before the stop")
    if whole is None:
        raise UsageError("there is no sample with a known time", remedy="Ask for the values")
    low = whole[0] if first is None else max(first, whole[0])
    high = whole[1] if last is None else min(last, whole[1])
    if low >= high:
        return _empty(parameters, low, archive)
    bins = Bins.over(low, high, count)
    wanted = Wanted(low, high, raw, sources)
    series = tuple(histories.gridded(name, bins, wanted) for name in parameters)
    times = np.arange(bins.number) * bins.width_ns + bins.origin
    return Grid(low, high, bins.width_ns, np.maximum(times, low), series)


def _empty(parameters: Sequence[str], at: int, archive: Archive) -> Grid:
    none, nothing = np.empty(0, np.int64), np.empty(0)
    names = map(archive.catalogue.resolve, parameters)
    return Grid(at, at, 0, none, tuple(Gridded(name, none, nothing, nothing, nothing) for name in names))


def stretches(archive: Archive, parameters: Sequence[str], start: Moment, stop: Moment, rows: int) -> Iterator[tuple[int, int]]:
    """Yield spans of time, one after another, in each of which the fullest container of some parameters has about `rows` rows.

    Together they hold all samples of a known time in the range. Raises UsageError for unknown names.
    """
    known = archive.catalogue.parameters()
    held = {container for name in parameters for container in known[archive.catalogue.resolve(name)]}
    yield from spans_between([archive.container_table(each) for each in sorted(held)], tai_ns(start), tai_ns(stop), rows)


def octets_of(archive: Archive, packets: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `records.PACKETS` with the octets that stand in frames filled in."""
    return with_octets(packets, archive.tables["frames"])
