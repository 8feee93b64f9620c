"""One Delta Lake table: appended to in transactions, read through its log.

A commit carries an application transaction (who writes, and which of its batches), so that a batch that is already in the table
is recognised after a crash. Integers are written as differences and floats as split octets before zstd; only the columns in
STATISTICS have minimum and maximum in the log, by which reading skips files.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import DeltaError

from ..errors import ArchiveError
from ..records import SIGNED
from .state import State

STATISTICS = ("generated", "source", "row", "number", "parameter", "bucket", "quality", "database")
_CONFIGURATION = {
    "delta.dataSkippingStatsColumns": ",".join(STATISTICS),
    "delta.logRetentionDuration": "interval 1 days",  # a live stream makes thousands of commits a day
}
COMMITS_OF_A_HANDLE = 20  # one that was led on over more of them is slower than a new one
ROWS_OF_A_GROUP = 1 << 16
FILE_OCTETS = 64 << 20  # small files are merged into ones of about so many
CLOCK_GRAIN_NS = 100_000_000  # times of files are coarser than this nowhere that matters


class Table:
    """A table in a folder; it comes into being with the first rows.

    A `quick` one is written with less compression (a third less work, a tenth more octets) until it is compacted. Rows that come
    together are put in the order of the column `order`, in groups of `group` rows, so that reading skips the groups of others.
    """

    def __init__(self, path: Path, name: str, *, quick: bool = False, order: str = "", group: int = ROWS_OF_A_GROUP) -> None:
        self.path, self.name, self._quick, self._order, self._group = path, name, quick, order, group
        self._address = path.absolute().as_uri()  # in a path Delta Lake takes `[`, `%20` or `s3:` for something else
        self._log = path / "_delta_log"
        self._handle: DeltaTable | None = None
        self._seen = 0, 0  # when the folder of the log last changed, and when that was looked up (ns)
        self._state: tuple[DeltaTable, int, State] | None = None
        self._schema: tuple[DeltaTable, int, pl.Schema] | None = None
        self._last: tuple[DeltaTable, int, dict[str, int]] | None = None
        self._commits = 0  # by this handle
        self.pieces = 0  # files added here since they were merged
        self._turn = threading.Lock()  # threads that read look for the newest state one after the other

    @property
    def exists(self) -> bool:
        """Whether anything was ever written to it."""
        return (self.path / "_delta_log").is_dir() and self.handle() is not None

    def handle(self) -> DeltaTable | None:
        """Return the newest state, None when nothing was written yet. Raises ArchiveError when the log is damaged."""
        with self._turn:
            return self._newest()

    def _newest(self) -> DeltaTable | None:
        if self._handle is not None and self._commits >= COMMITS_OF_A_HANDLE:
            self._handle = None
        try:
            if self._handle is not None and self._changed():
                self._led_on(self._handle)
            if self._handle is None:
                if not DeltaTable.is_deltatable(self._address):
                    return None
                self._handle, self._commits = DeltaTable(self._address), 0
        except (DeltaError, OSError) as error:
            self._handle = None
            raise ArchiveError(
                f"the table cannot be opened: {error}", where=self.name, remedy="Restore it from a backup"
            ) from error
        return self._handle

    def _led_on(self, handle: DeltaTable) -> None:
        """Bring a handle to the newest state, or drop it: commits that it needs may have left the log."""
        try:
            handle.update_incremental()
        except (DeltaError, OSError):
            self._handle = None

    def _changed(self) -> bool:
        """Return whether the log may have new commits: its folder is another, or changed too lately for its clock to tell."""
        now, changed = time.time_ns(), self._log.stat().st_mtime_ns
        before, self._seen = self._seen, (changed, now)
        return changed != before[0] or before[1] - changed < CLOCK_GRAIN_NS

    @property
    def version(self) -> int:
        """Number of the newest commit, -1 when there is none."""
        handle = self.handle()
        return -1 if handle is None else handle.version()

    def last_batch(self, writer: str) -> int:
        """Return the number of the writer's last batch in this table, 0 when there is none."""
        handle = self.handle()
        if handle is None:
            return 0
        kept = self._last
        if kept is None or kept[0] is not handle or kept[1] != handle.version():
            self._last = kept = handle, handle.version(), {}
        if writer not in kept[2]:
            kept[2][writer] = handle.transaction_version(writer) or 0
        return kept[2][writer]

    def schema(self) -> pl.Schema:
        """Return the columns and their types, none when there is no table yet."""
        handle = self.handle()
        return pl.Schema() if handle is None else self._schema_of(handle)

    def _schema_of(self, handle: DeltaTable) -> pl.Schema:
        kept = self._schema
        if kept is None or kept[0] is not handle or kept[1] != handle.version():
            self._schema = kept = handle, handle.version(), pl.Schema(handle.schema().to_arrow())
        return kept[2]

    def append(self, rows: pl.DataFrame, writer: str, batch: int) -> bool:
        """Add rows in one commit that records the writer's batch; return False when that batch is already in the table.

        New columns are added to the table. Raises ArchiveError when the table cannot be written or a column changed its type.
        """
        if self.last_batch(writer) >= batch:
            return False
        rows = rows.cast({name: SIGNED[dtype] for name, dtype in rows.schema.items() if dtype in SIGNED})
        if self._handle is not None:
            rows = self._fitted(rows)
        self._write(
            _ordered(rows, self._order) if self._order else rows,
            mode="append",
            schema_mode="merge",
            commit_properties=CommitProperties(app_transactions=[Transaction(writer, batch)]),
        )
        self._commits, self.pieces = self._commits + 1, self.pieces + 1
        return True

    def _fitted(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows in the table's column types; a column that needs a wider type is first widened in the table.

        Delta Lake itself would cut the values to the old type without a word.
        """
        stored, casts = self.schema(), {}
        for name, dtype in rows.schema.items():
            if name in stored and stored[name] != dtype:
                casts[name] = _wider(stored[name], dtype, f"{self.name}, column {name}")
        wider = {name: dtype for name, dtype in casts.items() if dtype != stored[name]}
        frame = self.scan() if wider else None
        if frame is not None:
            self.overwrite(collect(frame, self.name).cast(wider))  # type: ignore[arg-type]
        return rows.cast(casts) if casts else rows  # type: ignore[arg-type]

    def overwrite(self, rows: pl.DataFrame, predicate: str | None = None) -> None:
        """Replace all rows, or those for which the SQL predicate holds, in one commit."""
        self._write(rows, mode="overwrite", schema_mode=None if predicate else "overwrite", predicate=predicate)

    def replace(self, rows: pl.DataFrame, predicate: str) -> None:
        """Put rows in the place of those for which the SQL predicate holds, in one commit; all of them must fulfil it.

        New columns are added to the table. Without rows, and without such rows in the table, there is no commit.
        """
        handle = self.handle()
        if handle is None:
            if len(rows):
                self._write(rows, mode="append")
            return
        if not len(rows):
            self.delete(predicate)
            return
        rows = self._fitted(rows)
        stored = self.schema()
        new = pl.Schema({name: dtype for name, dtype in rows.schema.items() if name not in stored})
        if new:
            fields = list(Schema.from_arrow(new).fields)
            self._guarded("columns cannot be added", lambda: handle.alter.add_columns(fields))
        absent = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in stored.items() if name not in rows.columns]
        self.overwrite(rows.with_columns(absent).select([*stored, *new]), predicate)

    def delete(self, predicate: str) -> int:
        """Delete the rows for which the SQL predicate holds, in one commit; return how many there were."""
        handle = self.handle()
        if handle is None:
            return 0
        said = self._guarded("rows cannot be deleted", lambda: handle.delete(predicate, _encodings(self.schema(), self._group)))
        return int(said["num_deleted_rows"] or 0)

    def compact(self, file_octets: int) -> None:
        """Merge small files into ones of about so many octets, in one commit; the rows stay in their order."""
        handle, self.pieces = self.handle(), 0
        if handle is not None and len(self.files()) > 1:
            self._guarded(
                "files cannot be merged",
                lambda: handle.optimize.compact(
                    target_size=file_octets, max_concurrent_tasks=1, writer_properties=_encodings(self.schema(), self._group)
                ),
            )

    def sweep(self, keep_hours: int, unknown: bool) -> None:
        """Delete files that left the table so long ago, with `unknown` also those no commit names; shorten the log."""
        handle = self.handle()
        if handle is None:
            return
        if self._guarded("old files cannot be found", lambda: handle.vacuum(keep_hours, True, False, full=unknown)):
            self._guarded("old files cannot be deleted", lambda: handle.vacuum(keep_hours, False, False, full=unknown))
        if not self.checkpointed:
            self._guarded("a checkpoint cannot be made", handle.create_checkpoint)
        self._guarded("the log cannot be shortened", handle.cleanup_metadata)

    @property
    def checkpointed(self) -> bool:
        """Whether the newest state stands in a checkpoint."""
        return (self.path / "_delta_log" / f"{self.version:020}.checkpoint.parquet").exists()

    def _guarded(self, what: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (DeltaError, OSError) as error:
            self._handle = None
            raise ArchiveError(f"{what}: {error}", where=self.name, remedy="Nothing is lost: run it again") from error

    def _write(self, rows: pl.DataFrame, **options: Any) -> None:
        try:
            write_deltalake(
                self._handle if self._handle is not None else self._address,
                rows,
                name=None if self._handle is not None else self.name,
                configuration=None if self._handle is not None else _CONFIGURATION,
                writer_properties=_encodings(rows.schema, self._group, quick=self._quick),
                **options,
            )
        except (DeltaError, OSError) as error:
            self._handle = None
            raise ArchiveError(
                f"rows cannot be written: {error}", where=self.name, remedy="Nothing is lost: free some disk and run it again"
            ) from error

    def state(self) -> State:
        """Return the newest state of the table, which stays what it is when others write."""
        handle = self.handle()
        if handle is None:
            return State(pl.Schema(), pl.DataFrame(schema={"path": pl.String, "num_records": pl.Int64}))
        kept, version = self._state, handle.version()
        if kept is None or kept[0] is not handle or kept[1] != version:
            actions = pl.DataFrame(handle.get_add_actions(flatten=True))
            files = actions.with_columns(path=str(self.path) + "/" + pl.col("path"))
            self._state = kept = handle, version, State(self._schema_of(handle), files)
        return kept[2]

    def files(self) -> pl.DataFrame:
        """Return the files of the newest state: `path` (absolute), `num_records` and minimum and maximum of indexed columns."""
        return self.state().files

    def scan(self, column: str = "", start: int | None = None, stop: int | None = None) -> pl.LazyFrame | None:
        """Return the rows as a lazy frame, None when there are none; see `State.scan`."""
        return self.state().scan(column, start, stop)

    def scan_files(self, paths: list[str]) -> pl.LazyFrame:
        """Return the rows of some of its files, of at least one."""
        return self.state().scan_files(paths)


def _ordered(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the rows in the order of a column whose values come in long runs: these are moved as a whole, which is quick."""
    runs = rows[column].rle().struct.unnest()
    length = runs["len"].to_numpy().astype(np.int64)
    order = np.argsort(runs["value"].rank("dense").to_numpy(), kind="stable")
    moved = (np.cumsum(length) - length)[order] - (np.cumsum(length[order]) - length[order])
    return rows.rechunk()[np.repeat(moved, length[order]) + np.arange(len(rows))]


def _wider(stored: pl.DataType, given: pl.DataType, where: str) -> pl.DataType:
    """Return a type that holds the values of both. Raises ArchiveError when there is none."""
    if stored.is_numeric() and given.is_numeric():
        both = pl.concat([pl.Schema({"": stored}).to_frame(), pl.Schema({"": given}).to_frame()], how="vertical_relaxed").dtypes[
            0
        ]
        if not (both.is_float() and (stored.is_integer() or given.is_integer())):
            return both
        return pl.Float64()
    raise ArchiveError(
        f"holds {stored} and cannot take {given}", where=where, remedy="Rebuild the container with the newer database first"
    )


def _encodings(schema: pl.Schema, group: int, *, quick: bool = False) -> WriterProperties:
    return WriterProperties(
        compression="LZ4_RAW" if quick else "ZSTD",
        compression_level=None if quick else 1,
        max_row_group_size=group,
        column_properties={name: _encoding(name, dtype) for name, dtype in schema.items()},
    )


def _encoding(name: str, dtype: pl.DataType) -> ColumnProperties:
    statistics: Any = "CHUNK" if name in STATISTICS else "NONE"
    if dtype.is_float():
        return ColumnProperties(dictionary_enabled=False, statistics_enabled=statistics, encoding="BYTE_STREAM_SPLIT")
    if dtype.is_integer():
        return ColumnProperties(dictionary_enabled=False, statistics_enabled=statistics, encoding="DELTA_BINARY_PACKED")
    if dtype == pl.Binary:  # lengths apart from octets: smaller and quicker to compress
        return ColumnProperties(dictionary_enabled=False, statistics_enabled=statistics, encoding="DELTA_LENGTH_BYTE_ARRAY")
    return ColumnProperties(dictionary_enabled=True, statistics_enabled=statistics)


def collect(frame: pl.LazyFrame, where: str) -> pl.DataFrame:
    """Return the rows of a lazy frame. Raises ArchiveError when a file of the table is damaged or missing."""
    try:
        return frame.collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ArchiveError(
            f"a file of the table cannot be read: {error}",
            where=where,
            remedy="See `aelita archive check`; restore from a backup",
        ) from error


def joined(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return all rows of batches of one table; a column may be absent from some, and wider in others."""
    same = all(part.schema == parts[0].schema for part in parts[1:])
    return pl.concat(parts, how="vertical" if same else "diagonal_relaxed", rechunk=False)


def concatenate(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return all rows; columns that one part lacks are null in it."""
    return pl.concat(parts, how="diagonal")
