"""Upkeep of an archive: small files merged, old ones swept away, old rows removed as the settings say.

All of it may be killed at any moment: each step is one commit of one table, and what an interrupted run left is done by the next.
Who wrote which batch stays known to every table, so that an ingest repeated afterwards adds nothing.
"""

from collections.abc import Callable

import polars as pl

from ..records import REMOVALS
from ..time import DAY
from .lock import alone, turn_in
from .settings import Retention
from .store import Archive
from .tables import FILE_OCTETS, Table, collect

KEEP_DAYS = 7
Progress = Callable[[str], None]


def compact(
    archive: Archive, *, keep_days: float = KEEP_DAYS, full: bool = False, progress: Progress = lambda table: None
) -> pl.DataFrame:
    """Merge the small files of every table, and delete those that left it more than `keep_days` ago.

    `full` deletes at once all files that no table needs, also remains of killed writers; readers that opened the archive before
    must open it again. Returns one row a table: its name, and `files` and `octets` before and after. Raises ArchiveError.
    """
    rows = []
    with archive.lock:
        for name, table in archive.all_tables().items():
            progress(name)
            with turn_in(archive.path):  # a live stream comes in between two tables
                before = disk_use(table)
                table.compact(FILE_OCTETS)
                table.sweep(0 if full else max(int(keep_days * 24), 0), unknown=full)
            rows.append((name, *before, *disk_use(table)))
    return pl.DataFrame(rows, schema=["table", "files", "octets", "files_after", "octets_after"], orient="row")


def disk_use(table: Table) -> tuple[int, int]:
    """Return how many files a table has, its log included, and their octets."""
    sizes = [file.stat().st_size for file in table.path.rglob("*") if file.is_file()]
    return len(sizes), sum(sizes)


def apply_retention(archive: Archive, now: int) -> pl.DataFrame:
    """Remove the rows that are older than the archive's settings allow at `now` (TAI nanoseconds); return what was removed.

    Columns as `records.REMOVALS`; the same rows are kept in the table `removals`. Rows of unknown time stay, and so do latest
    values. The octets leave the disk with the next `compact`. Raises ArchiveError and UsageError.
    """
    settings = archive.retention()
    with alone(archive.path):
        # The order matters: what others are found by goes last.
        found = [
            _quarantine(archive, settings, now),
            _frames(archive, settings, now),
            _parameters(archive, settings, now),
            *[_timed(archive, archive.tables[name], name, settings.events, now) for name in ("events", "limits")],
            _timed(archive, archive.tables["packets"], "packets", settings.packets, now),
        ]
    return pl.concat(found)


def _limit(days: float | None, now: int) -> int | None:
    return None if days is None else now - int(days * DAY)


def _remove(
    archive: Archive, name: str, table: Table, before: int, now: int, by_source: pl.DataFrame, predicate: str
) -> pl.DataFrame:
    """Write down what is going to be removed (`source`, `rows`), then remove it."""
    if not len(by_source):
        return REMOVALS.to_frame()
    rows = by_source.with_columns(at=now, table=pl.lit(name), before=before).select(REMOVALS.names()).cast(REMOVALS)
    archive.removals.append(rows, f"removal {name} {before}", 1)  # not twice when a killed run is repeated
    table.delete(predicate)
    return rows


def _counted(frame: pl.LazyFrame, table: Table) -> pl.DataFrame:
    return collect(frame.group_by("source").agg(pl.len().alias("rows")), table.name).sort("source")


def _timed(archive: Archive, table: Table, name: str, days: float | None, now: int) -> pl.DataFrame:
    before = _limit(days, now)
    frame = None if before is None else table.scan("generated", None, before)
    if frame is None or before is None:
        return REMOVALS.to_frame()
    return _remove(archive, name, table, before, now, _counted(frame, table), f"generated < {before}")


def _parameters(archive: Archive, settings: Retention, now: int) -> pl.DataFrame:
    before = _limit(settings.parameters, now)
    if before is None:
        return REMOVALS.to_frame()
    parts = []
    for container in archive.containers():
        table = archive.container_table(container)
        parts.append(_timed(archive, table, f"parameters/{table.path.name}", settings.parameters, now))
    pyramids = archive.tables["pyramids"]
    frame = pyramids.scan()
    if frame is not None:  # a bucket that reaches over the limit stays whole
        for level in collect(frame.select(pl.col("level").unique().sort()), pyramids.name)["level"].to_list():
            last = before - (1 << level)
            old = (pl.col("level") == level) & (pl.col("bucket") <= last)
            if collect(frame.select(old.any()), pyramids.name).item():
                pyramids.delete(f"level = {level} AND bucket <= {last}")
    return pl.concat([REMOVALS.to_frame(), *parts])


def _old_sources(archive: Archive, before: int) -> list[int]:
    """Return the sources of which every packet of known time is older, and of which there are such packets."""
    sources = archive.sources()
    return sources.filter(pl.col("last_time") < before)["source"].to_list()


def _quarantine(archive: Archive, settings: Retention, now: int) -> pl.DataFrame:
    before, table = _limit(settings.quarantine, now), archive.tables["quarantine"]
    frame = table.scan()
    old = [] if before is None else _old_sources(archive, before)
    if frame is None or before is None or not old:
        return REMOVALS.to_frame()
    rows = _counted(frame.filter(pl.col("source").is_in(old)), table)
    named = ", ".join(map(str, old))
    return _remove(archive, "quarantine", table, before, now, rows, f"source IN ({named})")


def _frames(archive: Archive, settings: Retention, now: int) -> pl.DataFrame:
    """Remove the frames of each source before the first one that a packet within the limit, or of unknown time, needs."""
    before, table = _limit(settings.frames, now), archive.tables["frames"]
    frame = table.scan()
    if frame is None or before is None:
        return REMOVALS.to_frame()
    packets = archive.tables["packets"]
    kept = packets.scan()
    first: dict[int, int] = dict.fromkeys(_old_sources(archive, before), 1 << 62)
    if kept is not None:
        needed = kept.filter((pl.col("generated") >= before) | pl.col("generated").is_null())
        firsts = collect(needed.group_by("source").agg(pl.col("frame").min()), packets.name)
        first |= dict(firsts.drop_nulls().iter_rows())
        first = {source: number for source, number in first.items() if number > 0}
    if not first:
        return REMOVALS.to_frame()
    limits = pl.LazyFrame(
        {"source": list(first), "_first": list(first.values())}, schema={"source": pl.Int32, "_first": pl.Int64}
    )
    rows = _counted(frame.join(limits, on="source").filter(pl.col("number") < pl.col("_first")), table)
    conditions = " OR ".join(f"(source = {source} AND number < {first[source]})" for source in rows["source"].to_list())
    return _remove(archive, "frames", table, before, now, rows, conditions)
