"""One state of a table: its files, what the log says of them, and their rows.

A table that others write to goes on; its state does not, so that all that is asked of one is of the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and greatest value of a whole-number column in each file; `known` where the log says them, else 0.

    `rows` and `nulls` count the rows of each file and those without a value (-1: not said).
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    known: NDArray[np.bool_]
    rows: NDArray[np.int64]
    nulls: NDArray[np.int64]

    def meeting(self, start: int | None, stop: int | None) -> NDArray[np.bool_]:
        """Return which files may have values with start <= value < stop."""
        here = np.ones(self.low.size, np.bool_)
        if start is not None:
            here &= ~self.known | (self.high >= start)
        return here if stop is None else here & (~self.known | (self.low < stop))

    def inside(self, start: int | None, stop: int | None) -> NDArray[np.bool_]:
        """Return which files have such values only, in all of their rows."""
        here = self.known & (self.nulls == 0)
        if start is not None:
            here &= self.low >= start
        return here if stop is None else here & (self.high < stop)


class State:
    """The columns and files of a table at one commit."""

    def __init__(self, schema: pl.Schema, files: pl.DataFrame) -> None:
        self.schema, self.files = schema, files
        self._bounds: dict[str, Bounds | None] = {}

    def bounds(self, column: str) -> Bounds | None:
        """Return what the log says of a whole-number column in each of the files, None when it says nothing."""
        if column not in self._bounds:
            self._bounds[column] = _bounds(self.files, column) if f"min.{column}" in self.files.columns else None
        return self._bounds[column]

    def constant(self, column: str, here: NDArray[np.bool_]) -> int | None:
        """Return the one value that a whole-number column has in all rows of these files, None when the log says no such."""
        bounds = self.bounds(column)
        if bounds is None or not here.any():
            return None
        low, sure = bounds.low[here], bounds.known[here] & (bounds.nulls[here] == 0)
        return int(low[0]) if sure.all() and (low == low[0]).all() and (bounds.high[here] == low[0]).all() else None

    def scan(
        self, column: str = "", start: int | None = None, stop: int | None = None, only: Sequence[str] = ()
    ) -> pl.LazyFrame | None:
        """Return the rows as a lazy frame, None when there are none.

        With `column`, only rows with start <= column < stop, from the files that can hold some; with `only`, just these columns
        of the table, which takes less looking into the files. Damaged or missing files raise ArchiveError where the frame is
        collected with `collect`.
        """
        paths = self.files["path"]
        bounds, whole = self.bounds(column) if column else None, False
        if bounds is not None:
            here = bounds.meeting(start, stop)
            whole = bool(bounds.inside(start, stop)[here].all())
            paths = paths if here.all() else paths.gather(np.flatnonzero(here))
        if not len(paths):
            return None
        if (start is None and stop is None) or whole:
            return self.scan_files(paths.to_list(), only)
        frame = self.scan_files(paths.to_list(), (*only, column) if only else ())
        if start is not None:
            frame = frame.filter(pl.col(column) >= start)
        frame = frame if stop is None else frame.filter(pl.col(column) < stop)
        return frame.select(only) if only else frame

    def scan_files(self, paths: list[str], only: Sequence[str] = (), file: str | None = None) -> pl.LazyFrame:
        """Return the rows of some of its files, of at least one; with `only`, just these columns of the table.

        `file` names a further column that says which file each row is from.
        """
        schema = self.schema
        if only:
            return pl.scan_parquet(
                paths,
                missing_columns="insert",
                extra_columns="ignore",
                schema={n: schema[n] for n in only},
                glob=False,
                include_file_paths=file,
            )
        return pl.scan_parquet(paths, missing_columns="insert", schema=schema, glob=False)


def _bounds(files: pl.DataFrame, column: str) -> Bounds:
    low, high = files[f"min.{column}"], files[f"max.{column}"]
    nulls = (
        files[f"null_count.{column}"]
        if f"null_count.{column}" in files.columns
        else pl.Series([-1]).new_from_index(0, len(files))
    )
    return Bounds(
        low=low.fill_null(0).cast(pl.Int64).to_numpy(),
        high=high.fill_null(0).cast(pl.Int64).to_numpy(),
        known=(low.is_not_null() & high.is_not_null()).to_numpy(),
        rows=files["num_records"].fill_null(0).cast(pl.Int64).to_numpy(),
        nulls=nulls.fill_null(-1).cast(pl.Int64).to_numpy(),
    )
