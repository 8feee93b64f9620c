"""Rows of the archive's tables as pages of JSON, or as whole tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import polars as pl
from fastapi import Query
from fastapi.responses import Response

from ..archive import Archive, Order, page
from ..time import NO_TIME, utc_datetime64
from .paging import MOST, USUAL, cursor_of, key_of
from .tables import ROWS_AT_ONCE, Format, table_answer

LimitOrAll = Annotated[int | None, Query(ge=1, le=MOST, description=f"Rows at most: {USUAL} of json by default, all of tables.")]
TEXTS = ("parameter", "reason")
INSTANTS = {"generated": "utc", "received": "received_utc", "emitted": "emitted_utc"}

Finish = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Listed:
    """What is listed of a table: in which order, between which generation times, and where which conditions hold.

    `finish` is done with the rows of each piece; `piece` is how many are read at once for a table.
    """

    table: str
    schema: pl.Schema
    order: Order
    where: tuple[pl.Expr, ...] = ()
    start: int | None = None
    stop: int | None = None
    without: tuple[str, ...] = ()
    finish: Finish = lambda rows: rows
    piece: int = ROWS_AT_ONCE

    def key(self, after: str) -> list[Any] | None:
        """Return the key in a cursor. HTTPException 404 for what is none of this list."""
        return key_of(after, *(str if name in TEXTS else int for name in self.order.columns))

    def rows(self, archive: Archive, after: Sequence[Any] | None, limit: int) -> pl.DataFrame:
        """Return the rows of a page."""
        return self.finish(
            page(
                archive, self.table, self.schema, self.order, limit, after=after, start=self.start, stop=self.stop,
                where=self.where, without=self.without,
            )
        )  # fmt: skip


def listed_page(archive: Archive, listed: Listed, limit: int | None, after: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return the rows of a page, and the cursor of the next one."""
    most = limit or USUAL
    rows = listed.rows(archive, listed.key(after), most + 1).to_dicts()
    return rows[:most], cursor_of(listed.order.key_of(rows[most - 1])) if len(rows) > most else None


def listed_table(archive: Archive, listed: Listed, kind: Format, name: str, limit: int | None, after: str) -> Response:
    """Return the rows behind a cursor, all or at most `limit`, as a table with UTC beside each time."""
    first = listed.key(after)
    shape = dated(listed.finish(listed.schema.to_frame().drop(listed.without)))

    def frames() -> Iterator[pl.DataFrame]:
        key, left = first, limit
        while left is None or left > 0:
            most = listed.piece if left is None else min(listed.piece, left)
            rows = listed.rows(archive, key, most)
            if not len(rows):
                return
            yield dated(rows)
            key, left = listed.order.key_of(rows.row(-1, named=True)), None if left is None else left - len(rows)
            if len(rows) < most:
                return

    return table_answer(kind, name, shape.schema, frames)


def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with each time (TAI nanoseconds) told in UTC as well, before the others."""
    for name in reversed([name for name in INSTANTS if name in frame.columns]):
        times = utc_datetime64(frame[name].fill_null(NO_TIME).to_numpy())
        frame = frame.insert_column(0, pl.Series(INSTANTS[name], times).dt.cast_time_unit("ns"))
    return frame


def of_sources(sources: Sequence[int] | None, source: int | None = None) -> tuple[pl.Expr, ...]:
    """Return the condition that rows are of some sources (None: any), or of one of them."""
    found = [] if sources is None else [pl.col("source").is_in(list(sources))]
    return tuple(found) if source is None else (*found, pl.col("source") == source)


def having(words: Sequence[str], columns: Sequence[str]) -> tuple[pl.Expr, ...]:
    """Return the conditions that all words are found in some columns of texts, in which case does not count."""
    text = pl.concat_str([pl.col(name).fill_null("") for name in columns], separator=" ").str.to_lowercase()
    return tuple(text.str.contains(word, literal=True) for word in words)
