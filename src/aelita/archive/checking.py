"""Whether an archive is whole: its files, and what its tables say of each other. Faults are found, not raised."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..errors import AelitaError
from ..records import FRAMES, PACKETS, REMOVALS
from .batch import ENDLESS
from .live_state import LiveStates
from .names import column_name
from .newest import newest_of
from .octets import buffer_of
from .reading import chosen, with_octets
from .rebuilding import unfinished
from .store import Archive
from .tables import Table, collect
from .upkeep import disk_use

RESTORE = "Restore it from a backup"
REBUILD = "Rebuild it from the packets"
AGAIN = "Ingest it again: what is there already is recognised"
FEW = 100_000  # rows read at once
INCOMPLETE, HIGHEST_APID = 2, 0x7FE  # quality of a packet whose end is missing; above: encapsulation packets


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: with which table, what, and what to do. When not `serious`, no answer is wrong and nothing is lost."""

    table: str
    what: str
    remedy: str
    serious: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings, and per table its `rows`, `files`, `octets` on disk and `version` (number of its newest commit)."""

    findings: tuple[Finding, ...]
    tables: pl.DataFrame

    @property
    def whole(self) -> bool:
        """Whether nothing serious was found."""
        return not any(finding.serious for finding in self.findings)


Look = Callable[[Archive], Iterator[Finding]]


def check(archive: Archive, *, deep: bool = True) -> Checked:
    """Return what is wrong with an archive, and what its tables take. Nothing is changed.

    `deep` also reads every column of every file, and the octets of every packet.
    """
    findings: list[Finding] = []
    rows: list[tuple[str, int, int, int, int]] = []
    broken: set[str] = set()
    for name, table in archive.known_tables().items():
        try:
            if table.exists:
                found = list(_files(name, table, deep))
                rows.append((name, int(table.files()["num_records"].sum()), *disk_use(table), table.version))
                findings += found
                broken |= {name} if found else set()
        except (AelitaError, OSError) as error:
            findings.append(Finding(name, str(error), RESTORE))
            broken.add(name)
    inner = {"parameters" if name.startswith("parameters/") else name for name in broken}
    looks: list[tuple[set[str], Look]] = [
        ({"batches", "sources"}, _transactions),
        ({"batches", "sources", "packets", "frames", "removals"}, _counts),
        ({"packets", "frames"}, _octets if deep else _pointers),
        ({"packets", "parameters", "databases", "contents"}, _rows),
        ({"packets", "parameters", "contents", "databases"}, _latest),
    ]
    for needs, look in looks:
        if not needs & inner:
            try:
                findings += look(archive)
            except AelitaError as error:
                findings.append(Finding(error.where, error.what, error.remedy or RESTORE))
    left = unfinished(archive)
    if left is not None:
        findings.append(Finding("archive", f"{left} was interrupted", "Run it again with the same arguments"))
    schema = {"table": pl.String, "rows": pl.Int64, "files": pl.Int64, "octets": pl.Int64, "version": pl.Int64}
    return Checked(tuple(findings), pl.DataFrame(rows, schema=schema, orient="row"))


def _files(name: str, table: Table, deep: bool) -> Iterator[Finding]:
    """Compare the files of a table with what its log says of them."""
    for path, size, rows in table.files().select("path", "size_bytes", "num_records").iter_rows():
        short = os.path.relpath(path, table.path)
        try:
            there = os.stat(path).st_size  # noqa: PTH116 (a path as the log gives it)
        except OSError as error:
            yield Finding(name, f"file {short} cannot be opened: {error.strerror}", RESTORE)
            continue
        if there != size:
            yield Finding(name, f"file {short} has {there} octets, not {size}", RESTORE)
            continue
        try:
            frame = table.scan_files([path])
            count = int(collect(frame.select(pl.len()), name).item())
            for at in range(0, count if deep else 0, FEW):
                collect(frame.slice(at, FEW), name)
        except AelitaError as error:
            yield Finding(name, f"file {short}: {error.what}", RESTORE)
            continue
        if count != rows:
            yield Finding(name, f"file {short} has {count} rows, not {rows}", RESTORE)


def _transactions(archive: Archive) -> Iterator[Finding]:
    """Compare the last batch of each source in `batches` with those in the other tables."""
    apart = ("sources", "databases", "removals", "products")  # they carry no batches
    tables = {name: table for name, table in archive.all_tables().items() if name not in apart}
    batches = tables.pop("batches", None)
    done = archive.catalogue.done()
    sources = archive.sources()
    for source, digest, name, size, complete in sources.select("source", "digest", "name", "size", "complete").iter_rows():
        last = 0 if batches is None else batches.last_batch(digest)
        if size == ENDLESS:
            yield from _stream(archive, source, name, last)
            continue
        numbers = done.filter(pl.col("source") == source)["batch"].sort().to_list()
        if numbers != list(range(1, last + 1)):
            what = f"{len(numbers)} batches of {name} are listed, its commits say {last}"
            yield Finding("batches", what, RESTORE)
        if not complete:
            yield Finding("sources", f"the ingest of {name} is not complete ({last} batches)", AGAIN, serious=False)
        for other, table in tables.items():
            found = table.last_batch(digest)
            if complete and found > last:  # of an incomplete one, a table may be ahead
                yield Finding(other, f"has batch {found} of {name}, of which {last} are whole", RESTORE)


def _stream(archive: Archive, source: int, name: str, last: int) -> Iterator[Finding]:
    """Compare the batches of a live stream with its last commit, and look for the state that goes with it."""
    numbers = archive.catalogue.done().filter((pl.col("source") == source) & ~pl.col("last"))["batch"]
    listed = max(numbers.to_list(), default=0)
    if listed != last or numbers.n_unique() != len(numbers):
        yield Finding("batches", f"messages up to {listed} of {name} are listed, its commits say {last}", RESTORE)
    if last and LiveStates(archive.path, source).read(last) is None:
        what = f"the decoders' state of {name} at message {last} is lost"
        yield Finding(
            "sources", what, "Feed the stream from its first message: what is there already is recognised", serious=False
        )


def _counts(archive: Archive) -> Iterator[Finding]:
    """Compare the rows of each source with the sums over its batches."""
    sources = archive.sources()
    removed = chosen(archive.removals, REMOVALS, ("", None, None), {}).group_by("source", "table").agg(pl.col("rows").sum())
    expected = {
        "frames": pl.col("frames"), "packets": pl.col("packets") - pl.col("idle") - pl.col("duplicates"),
        "gaps": pl.col("gaps"), "quarantine": pl.col("quarantined"),
    }  # fmt: skip
    for name, count in expected.items():
        frame = archive.tables[name].scan()
        wanted = sources.select("source", "name", "complete", count.cast(pl.Int64).alias("wanted"))
        if frame is None:
            rows = wanted.with_columns(rows=pl.lit(0, pl.Int64))
        else:
            held = collect(frame.group_by("source").agg(pl.len().cast(pl.Int64).alias("rows")), name)
            rows = wanted.join(held, on="source", how="left").with_columns(pl.col("rows").fill_null(0))
        gone = removed.filter(pl.col("table") == name).select("source", pl.col("rows").alias("gone"))
        rows = rows.join(gone, on="source", how="left").with_columns(pl.col("gone").fill_null(0))
        fewer = pl.col("rows") + pl.col("gone") < pl.col("wanted")
        more = (pl.col("rows") > pl.col("wanted")) & pl.col("complete")
        for title, there, what in rows.filter(fewer | more).select("name", "rows", "wanted").iter_rows():
            yield Finding(name, f"has {there} rows of {title}, its batches gave {what}", AGAIN if name == "packets" else RESTORE)


def _pointers(archive: Archive) -> Iterator[Finding]:
    """Look whether the frames are there in which packets stand."""
    table, frames = archive.tables["packets"], archive.tables["frames"]
    away = table.scan()
    if away is None:
        return
    pointed = away.filter(pl.col("frames_on").is_not_null()).select("source", "frame", "frames_on")
    packets = collect(pointed, table.name)
    there = chosen(frames, FRAMES, ("", None, None), {}, ["source", "number", "stream"]).filter(pl.col("stream").is_not_null())
    lost = 0
    for at in (pl.col("frame"), pl.col("frame") + pl.col("frames_on")):
        numbers = packets.select("source", at.alias("number"))
        lost = max(lost, len(numbers.join(there, on=["source", "number"], how="anti")))
    if lost:
        yield Finding("packets", f"the octets of {lost} packets stand in frames that are not there", RESTORE)


def _octets(archive: Archive) -> Iterator[Finding]:
    """Read the octets of all packets: the APID and length in their headers must be those of the row."""
    pointers = list(_pointers(archive))
    yield from pointers
    table = archive.tables["packets"]
    if pointers or not table.exists:
        return
    wrong = 0
    for path, rows in table.files().select("path", "num_records").iter_rows():
        for at in range(0, rows, FEW):
            some = collect(table.scan_files([path]).slice(at, FEW), table.name)
            wrong += _contradicted(with_octets(some, archive.tables["frames"]))
    if wrong:
        yield Finding("packets", f"the octets of {wrong} packets are not theirs: header and row differ", RESTORE)


def _contradicted(packets: pl.DataFrame) -> int:
    """Return how many of these packets have other octets than their row says."""
    fit = (pl.col("octets").bin.size() == pl.col("length")) & (pl.col("length") >= 6)
    space = pl.col("apid") <= HIGHEST_APID
    judged = packets.filter(space & (pl.col("quality") & INCOMPLETE == 0))
    sound = judged.filter(fit)
    buffer, offset, _ = buffer_of(sound["octets"])
    if not offset.size:
        return len(judged)
    head = buffer[offset[:, None] + np.arange(6)].astype(np.int64)
    apid, size = (head[:, 0] & 7) << 8 | head[:, 1], (head[:, 4] << 8 | head[:, 5]) + 7
    differ = (apid != sound["apid"].to_numpy()) | (size != sound["length"].to_numpy())
    return len(judged) - len(sound) + int(np.count_nonzero(differ))


def _rows(archive: Archive) -> Iterator[Finding]:
    """Look for rows that are there twice, and for parameters without packets, contents or database."""
    packets = chosen(archive.tables["packets"], PACKETS, ("", None, None), {}, ["source", "row"])
    newest = packets.group_by("source").agg(pl.col("row").max().alias("_newest"))
    twice = len(packets) - packets.n_unique()
    if twice:
        yield Finding("packets", f"{twice} packets are there twice", RESTORE)
    removed = chosen(archive.removals, REMOVALS, ("", None, None), {})
    limit = removed.filter(pl.col("table") == "packets")["before"].max()
    known = {version.number for version in archive.catalogue.databases()}
    contents, settled = archive.catalogue.parameters(), _settled(archive)
    for container in archive.containers():
        table = archive.container_table(container)
        frame = table.scan()
        if frame is None:
            continue
        rows = collect(frame.select("source", "row", "generated", "database"), table.name)
        keys = rows.select("source", "row")
        if len(keys) != keys.n_unique():
            yield Finding(container, f"{len(keys) - keys.n_unique()} rows are there twice", REBUILD)
        alone = rows.join(packets, on=["source", "row"], how="anti").join(newest, on="source", how="left")
        alone = alone.filter((pl.col("row") <= pl.col("_newest")).fill_null(True))  # later ones came while this was read
        if limit is not None:
            alone = alone.filter((pl.col("generated") >= limit) | pl.col("generated").is_null())
        if len(alone):
            yield Finding(container, f"{len(alone)} rows have no packet", REBUILD)
        foreign = set(rows["database"].drop_nulls().unique().to_list()) - known
        if foreign:
            yield Finding(container, f"rows were decoded by database versions that are not there: {sorted(foreign)}", RESTORE)
        listed = {column_name(name) for name, holders in contents.items() if container in holders}
        unlisted = [name for name in table.schema() if name.startswith("/") and name not in listed]
        if unlisted:
            what = f"parameters are not in the table of contents: {', '.join(unlisted[:5])}"
            yield Finding(container, what, REBUILD, settled)


def _settled(archive: Archive) -> bool:
    """Return whether no ingest is under way: the last steps of one under way may be due."""
    recordings = archive.sources().filter(pl.col("size") != ENDLESS)
    streams = archive.sources().filter(pl.col("size") == ENDLESS)["digest"]
    return bool(recordings["complete"].all()) and all(
        table.last_batch(digest) <= archive.catalogue.batches.last_batch(digest)
        for digest in streams
        for table in archive.written_tables()
    )


def _latest(archive: Archive) -> Iterator[Finding]:
    """Compare the latest values with the newest rows."""
    known = archive.catalogue.parameters()
    latest = archive.latest()
    held = {
        name: (time, source, row) for name, time, source, row in latest.select("parameter", "generated", "source", "row").rows()
    }
    least = -(1 << 63)
    stale = []
    for container in archive.containers():
        mine = [name for name, holders in known.items() if container in holders]
        table = archive.container_table(container)
        newest = newest_of(table, container, mine, archive.catalogue, None)
        for name, time, source, row in newest.select("parameter", "generated", "source", "row").iter_rows():
            has = held.get(name)
            if has is None or (least if has[0] is None else has[0], *has[1:]) < (least if time is None else time, source, row):
                stale.append(name)
    if stale:
        some = ", ".join(sorted(set(stale))[:5])
        yield Finding("latest", f"{len(set(stale))} latest values are not the newest: {some}", REBUILD, _settled(archive))
