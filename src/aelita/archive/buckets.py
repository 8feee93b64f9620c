"""Buckets out of the pyramids, remembered file by file: files of a table never change, and plots ask for the same ones again."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from ..records import PYRAMIDS
from .bins import Bins
from .state import State
from .tables import Table, collect

COLUMNS = ("source", "level", "finest", "bucket", "count", "minimum", "maximum", "mean")
BUCKETS = pl.Schema({name: PYRAMIDS[name] for name in COLUMNS})
MOST_REMEMBERED = 1_000_000  # buckets, of all files and parameters
COST_OF_A_FILE = 64  # in buckets, also of one that has none of a parameter
FILE = "file"

Key = tuple[str, str, str, int]  # file, container, parameter, level


class Pyramids:
    """The pyramids of an archive. Threads may ask at once."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._finest: dict[str, int] = {}  # of a file: the coarsest level that one of its batches begins with
        self._found: OrderedDict[Key, pl.DataFrame] = OrderedDict()
        self._held = 0
        self._turn = threading.Lock()

    def buckets(
        self, container: str, parameter: str, bins: Bins, sources: Collection[int] | None = None
    ) -> tuple[pl.DataFrame, list[int]]:
        """Return the buckets of a parameter from which these bins can be folded, and the sources that have none fine enough.

        The rows of those sources must be read instead. With `sources`, only buckets of these.
        """
        state = self._table.state()
        with self._turn:
            parts = self._parts(state, self._near(state, bins), (container, parameter, bins.level))
        rows = pl.concat(parts) if parts else BUCKETS.to_frame()
        ends = rows["bucket"].to_numpy() + (np.int64(1) << rows["level"].to_numpy().astype(np.int64))
        rows = rows.filter((pl.Series(ends, dtype=pl.Int64) > bins.origin) & (pl.col("bucket") < bins.end))
        if sources is not None:
            rows = rows.filter(pl.col("source").is_in(list(sources)))
        finest = pl.col("finest")
        if rows["finest"].max() is None or rows["finest"].max() <= bins.level:  # type: ignore[operator]
            return rows, []
        coarse = rows.filter(finest > bins.level)["source"].unique().sort().to_list()
        return rows.filter(~pl.col("source").is_in(coarse)), coarse

    def _near(self, state: State, bins: Bins) -> list[str]:
        """Return the files that may have buckets which meet the bins."""
        paths = state.files["path"].to_list()
        bounds = state.bounds("bucket")
        if bounds is None:
            return paths
        self._learn(state, [path for path in paths if path not in self._finest])
        if len(self._finest) > 2 * len(paths) + 1000:  # most of them left the table
            self._finest = {path: self._finest[path] for path in paths}
        levels = np.array([max(self._finest[path], bins.level) for path in paths], np.int64)
        here = ~bounds.known | ((bounds.low < bins.end) & (bounds.high > bins.origin - (np.int64(1) << levels)))
        return [paths[at] for at in np.flatnonzero(here)]

    def _learn(self, state: State, paths: Sequence[str]) -> None:
        """Read with which level the batches of these files begin."""
        if not paths:
            return
        frame = state.scan_files(list(paths), ("finest",), FILE)
        found = collect(frame.group_by(FILE).agg(pl.col("finest").max()), self._table.name)
        self._finest |= dict.fromkeys(paths, 0) | dict(found.select(FILE, "finest").iter_rows())

    def _parts(self, state: State, paths: Sequence[str], wanted: tuple[str, str, int]) -> list[pl.DataFrame]:
        """Return what is usable of these files at a level, with what is read now of those that are not remembered."""
        absent = [path for path in paths if (path, *wanted) not in self._found]
        if absent:
            self._read(state, absent, wanted)
        found = []
        for path in paths:
            key = (path, *wanted)
            self._found.move_to_end(key)
            if len(self._found[key]):
                found.append(self._found[key])
        while self._held > MOST_REMEMBERED and self._found:
            self._held -= len(self._found.popitem(last=False)[1]) + COST_OF_A_FILE
        return found

    def _read(self, state: State, paths: Sequence[str], wanted: tuple[str, str, int]) -> None:
        container, parameter, at = wanted
        level, finest = pl.col("level"), pl.col("finest")
        usable = (level == at) | (pl.col("coarsest") & ((level < at) | (finest > at)))
        of_parameter = (pl.col("parameter") == parameter) & (pl.col("container") == container)
        frame = state.scan_files(list(paths), (*COLUMNS, "container", "parameter", "coarsest"), FILE)
        rows = collect(frame.filter(of_parameter & usable).select(*COLUMNS, FILE), self._table.name)
        by_file = {str(part[FILE][0]): part.drop(FILE) for part in rows.partition_by(FILE)} if len(rows) else {}
        for path in paths:
            part = by_file.get(path, BUCKETS.to_frame())
            self._found[(path, *wanted)] = part
            self._held += len(part) + COST_OF_A_FILE
