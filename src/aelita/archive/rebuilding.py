"""Rows made again from archived packets: decoded by a newer mission database, or dated by a newer clock correlation.

Stretch by stretch, the new rows of a table take the place of the old ones in one commit, so that a stretch is never without rows.
What is found in the rows (pyramids, latest values) follows. A note in the folder says what is under way: after an interruption
the same run, begun again, completes it, and makes nothing twice.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ArchiveError
from ..records import CONTENTS, EVENTS, LIMITS, PYRAMIDS, Column, ContainerRows
from ..time import NO_TIME
from .batch import Accepted, Columns, DatabaseText, rows_of_packets
from .catalogue import DatabaseVersion
from .elsewhere import converted
from .gathered import numeric_columns
from .latest import newest
from .lock import alone
from .names import refuse_same_letters
from .newest import newest_values
from .octets import Integers, Octets, buffer_of
from .parameters import loaded_columns, raw_columns
from .pyramid import pyramid_rows
from .reading import with_octets
from .recordings import Times
from .store import Archive, Moment, tai_ns
from .tables import Table, collect

STRETCH = 200_000  # packets decoded at once
NOTE = "rebuild.json"


@dataclass(frozen=True, slots=True)
class StoredPackets:
    """Archived packets as rows, as `records.PacketRows` describes them."""

    buffer: Octets
    offset: Integers
    length: Integers
    apid: NDArray[np.uint16]
    sequence_count: NDArray[np.uint16]
    sequence_flags: NDArray[np.uint8]
    telecommand: NDArray[np.bool_]
    secondary_header: NDArray[np.bool_]
    virtual_channel: NDArray[np.uint8]
    frame: Integers
    quality: NDArray[np.uint8]
    position: Integers

    @property
    def idle(self) -> NDArray[np.bool_]:
        """Which packets only fill the channel: none, these are not kept."""
        return np.zeros(self.offset.size, np.bool_)

    @staticmethod
    def of(rows: pl.DataFrame) -> "StoredPackets":
        """Return packets read from the archive with their octets."""
        buffer, offset, length = buffer_of(rows["octets"])
        narrow = {
            "apid": np.uint16, "sequence_count": np.uint16, "sequence_flags": np.uint8, "virtual_channel": np.uint8,
            "quality": np.uint8,
        }  # fmt: skip
        columns: dict[str, Any] = {name: rows[name].to_numpy().astype(dtype) for name, dtype in narrow.items()}
        flags = {name: rows[name].to_numpy() for name in ("telecommand", "secondary_header", "position")}
        return StoredPackets(buffer, offset, length, frame=rows["frame"].fill_null(-1).to_numpy(), **columns, **flags)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What packets gave, as in a `Batch`. `events` and `limits` None leave those of the archive as they are."""

    containers: Sequence[ContainerRows]
    engineering: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
    events: Columns | None = None
    limits: Columns | None = None


Decode = Callable[[DatabaseVersion, StoredPackets, Integers], Decoded]
Progress = Callable[[int, int], None]


def rebuild(
    archive: Archive,
    database: DatabaseText,
    decode: Decode,
    start: Moment = None,
    stop: Moment = None,
    *,
    containers: Sequence[str] | None = None,
    progress: Progress = lambda done, total: None,
) -> DatabaseVersion:
    """Decode archived packets again and put what they give in the place of the parameters decoded before.

    Only packets with start <= generation time < stop are, without a range all; only rows of these `containers` are replaced, by
    default those of every container. `decode(version, packets, generated)` gets packets in order of generation time (TAI
    nanoseconds, NO_TIME where unknown, those last), and may keep a state from call to call. Returns the version that the new rows
    carry. Raises ArchiveError; run again with the same arguments, an interrupted rebuild completes.
    """
    span = tai_ns(start), tai_ns(stop)
    with alone(archive.path), noted(archive, f"a rebuild with {database.name}"):
        version = archive.catalogue.keep(database)
        stretches = _stretches(archive.tables["packets"], *span)
        touched: set[str] = set(archive.containers() if containers is None else containers)
        for number, (predicate, condition) in enumerate(stretches):
            touched |= _decoded_again(archive, version, decode, predicate, condition, containers)
            progress(number + 1, len(stretches))
        sources = sources_in(archive.tables["packets"], *span)
        for container in sorted(touched):
            pyramids_again(archive, container, sources)
        _forget_empty(archive, sorted(touched))
        latest_again(archive, touched)
    return version


def unfinished(archive: Archive) -> str | None:
    """Return what was begun and not completed, None when nothing was."""
    try:
        return str(json.loads((archive.path / NOTE).read_text())["what"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError):
        return "a rebuild"


@contextlib.contextmanager
def noted(archive: Archive, what: str) -> Iterator[None]:
    """Note in the folder what is under way, until it is completed."""
    note: Path = archive.path / NOTE
    try:
        note.write_text(json.dumps({"what": what}) + "\n")
    except OSError as error:
        raise ArchiveError(f"cannot be written: {error.strerror}", where=str(archive.path)) from error
    yield
    note.unlink()


def _stretches(packets: Table, start: int | None, stop: int | None) -> list[tuple[str, pl.Expr]]:
    """Return stretches of at most about STRETCH packets, in order of time, each as SQL and as an expression."""
    frame = packets.scan("generated", start, stop) if (start, stop) != (None, None) else packets.scan()
    if frame is None:
        return []
    times = np.sort(collect(frame.select("generated").drop_nulls(), packets.name)["generated"].to_numpy())
    edges = np.unique(np.append(times[::STRETCH], times[-1:] + 1))
    time = pl.col("generated")
    found = [(f"generated >= {a} AND generated < {b}", (time >= a) & (time < b)) for a, b in pairwise(edges.tolist())]
    timeless = collect(frame.filter(time.is_null()).select("source", "row"), packets.name).sort("source", "row")
    for (source,), part in timeless.partition_by("source", as_dict=True, maintain_order=True).items():
        numbers = part["row"].to_numpy()
        for low, high in zip(numbers[::STRETCH], np.append(numbers[STRETCH::STRETCH], numbers[-1] + 1), strict=True):
            where = f"source = {source} AND row >= {low} AND row < {high} AND generated IS NULL"
            found.append((where, (pl.col("source") == source) & pl.col("row").is_between(low, high, "left") & time.is_null()))
    return found


def _decoded_again(
    archive: Archive, version: DatabaseVersion, decode: Decode, predicate: str, condition: pl.Expr, only: Sequence[str] | None
) -> set[str]:
    """Replace one stretch in every table; return the containers that its packets gave."""
    frame = archive.tables["packets"].scan()
    assert frame is not None  # the stretch was found in it
    rows = collect(frame.filter(condition), "packets").sort("generated", "source", "row", nulls_last=True)
    packets = StoredPackets.of(with_octets(rows, archive.tables["frames"]))
    generated = rows["generated"].fill_null(NO_TIME).to_numpy()
    decoded = decode(version, packets, generated)
    given = {part.container: part for part in decoded.containers if only is None or part.container in only}
    for container in sorted(set(archive.containers() if only is None else only) | set(given)):
        table, part = archive.container_table(container), given.get(container)
        made = pl.DataFrame() if part is None else _rows(table, part, rows, version)
        if len(made) or table.exists:
            table.replace(made, predicate)
    _new_contents(archive, given)
    times, envelope = Times(generated, generated, generated), Accepted(0, np.ones(len(rows), np.bool_), rows["row"].to_numpy())
    for name, schema, columns in (("events", EVENTS, decoded.events), ("limits", LIMITS, decoded.limits)):
        if columns is None or (name == "events" and only is not None):
            continue
        made = rows_of_packets(columns, schema, envelope, times, packets)
        if len(columns):
            made = made.with_columns(source=rows["source"].gather(pl.Series(np.asarray(columns["packet"], np.int64))))
        if only is None:
            archive.tables[name].replace(made, predicate)
            continue
        parameters = sorted({parameter for c in only for parameter in _held(archive, c)})
        named = ", ".join("'" + parameter.replace("'", "''") + "'" for parameter in parameters)
        if named:
            archive.tables[name].replace(
                made.filter(pl.col("parameter").is_in(parameters)), f"{predicate} AND parameter IN ({named})"
            )
    return set(given)


def _rows(table: Table, part: ContainerRows, packets: pl.DataFrame, version: DatabaseVersion) -> pl.DataFrame:
    columns = raw_columns(part.raw, None)
    refuse_same_letters(dict.fromkeys([*table.schema().names(), *columns]), table.name)
    envelope = packets[part.packet].select("source", "row", "generated", "quality")
    return envelope.with_columns(pl.lit(version.number, pl.Int32).alias("database"), *columns.values())


def _held(archive: Archive, container: str) -> list[str]:
    return [parameter for parameter, holders in archive.catalogue.parameters().items() if container in holders]


def _new_contents(archive: Archive, given: Mapping[str, ContainerRows]) -> None:
    known = archive.catalogue.parameters()
    new = [(c, p) for c, part in given.items() for p in part.raw if part.packet.size and c not in known.get(p, ())]
    if new:
        contents = archive.catalogue.contents
        contents.append(pl.DataFrame(sorted(new), schema=CONTENTS, orient="row"), f"rebuild after {contents.version}", 1)


def _forget_empty(archive: Archive, containers: Sequence[str]) -> None:
    """Take containers without rows out of the list of contents."""
    for container in containers:
        table = archive.container_table(container)
        if table.exists and not table.files()["num_records"].sum() and _held(archive, container):
            archive.catalogue.contents.delete(f"container = {quoted(container)}")


def sources_in(packets: Table, start: int | None, stop: int | None) -> set[int]:
    """Return the sources that have packets in a range of generation times, or without one any."""
    frame = packets.scan("generated", start, stop) if (start, stop) != (None, None) else packets.scan()
    return set() if frame is None else set(collect(frame.select(pl.col("source").unique()), packets.name)["source"].to_list())


def pyramids_again(archive: Archive, container: str, sources: set[int]) -> None:
    """Make the buckets of a container anew, for these sources."""
    if sources:
        table = archive.container_table(container)
        parts = [part for source in sorted(sources) for part in _buckets(archive, table, container, source)]
        predicate = f"container = {quoted(container)} AND source IN ({', '.join(map(str, sorted(sources)))})"
        archive.tables["pyramids"].replace(pl.concat([PYRAMIDS.to_frame(), *parts]), predicate)


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _buckets(archive: Archive, table: Table, container: str, source: int) -> Iterator[pl.DataFrame]:
    good = (pl.col("source") == source) & (pl.col("quality") == 0) & pl.col("generated").is_not_null()
    whole = table.scan()
    if whole is None:
        return
    times = np.sort(collect(whole.filter(good).select("generated"), table.name)["generated"].to_numpy())
    edges = np.unique(np.append(times[::STRETCH], times[-1:] + 1)).tolist()
    for low, high in pairwise(edges):
        frame = table.scan("generated", low, high)
        rows = collect(frame.filter(good), table.name) if frame is not None else pl.DataFrame()
        for (database,), part in rows.partition_by("database", as_dict=True).items():
            raw: dict[str, Column] = dict(loaded_columns(part))
            made: Mapping[str, Column] = {}
            if archive.calibrator is not None and database is not None:
                version, held = archive.catalogue.database(database), archive.catalogue.parameters()
                made = converted(part, container, version, archive.calibrator, held, archive.container_table)
            numbers = numeric_columns(raw, made, np.arange(len(part)))
            yield pyramid_rows(source, 0, container, part["generated"].to_numpy(), numbers)


def latest_again(archive: Archive, containers: set[str]) -> None:
    """Find the latest values of everything that these containers hold, or held, anew."""
    known = archive.catalogue.parameters()
    old = archive.latest_file.read()
    stale = set() if old is None else set(old.filter(pl.col("container").is_in(sorted(containers)))["parameter"].to_list())
    affected = stale | {parameter for parameter, holders in known.items() if containers.intersection(holders)}
    tables = {container: archive.container_table(container) for container in archive.containers()}
    parts = [newest_values(tables, affected, archive.catalogue, archive.calibrator)]
    if old is not None:
        parts.append(old.filter(~pl.col("parameter").is_in(sorted(affected))))
    archive.latest_file.replace(newest(pl.concat(parts)))
