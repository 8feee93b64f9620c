"""An ingest: the batches of one source into all tables, so that a process killed at any moment can simply run again.

Batches are gathered until they are worth a commit, since each costs some milliseconds in each table. They are then committed
table by table, `packets` first: which of their packets are new is decided there, once. Every commit carries the source's digest
and the number of its last batch; running again skips the batches that a table has, and takes their accepted packets from
`packets`. The rows in `batches` come last and make the batches whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ArchiveError, UsageError
from ..records import BATCHES, CONTENTS, EVENTS, FRAMES, GAPS, LIMITS, PACKETS, QUARANTINE, Column, ContainerRows
from ..time import NO_TIME
from .batch import Accepted, Batch, Source, rows_of_packets
from .catalogue import Catalogue, DatabaseVersion
from .duplicates import spans_by_kind
from .latest import LATEST, Latest, latest_row, newest, newest_rows
from .lock import WriterLock
from .names import refuse_same_letters
from .parameters import raw_columns
from .pyramid import pyramid_rows
from .recordings import Streams, Times, frame_table, in_frames, packet_table
from .tables import Table, collect, joined

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]
Recognise = Callable[[Batch, Mask, Times], Mask]

WIDE = {"packets": PACKETS, "frames": FRAMES}  # tables whose rows are kept in narrow types until they are written
FRAMES_WEIGH = 4  # beside packets: their octets are gathered twice over, and kept while packets are looked up in them
GROUP_OCTETS = 40 << 20  # of packets and frames that are gathered before they are written


@dataclass(frozen=True, slots=True)
class Calibrator:
    """How raw values become engineering values, as the floor above knows it.

    `convert(version, container, raw)` returns engineering columns of raw ones of the same packets. `needs(version, container,
    parameter)` names the other parameters whose raw values the conversion of one needs (context calibrators, time offsets).
    """

    convert: Callable[[DatabaseVersion, str, Mapping[str, Column]], Mapping[str, Column]]
    needs: Callable[[DatabaseVersion, str, str], Sequence[str]] = lambda version, container, parameter: ()


@dataclass(frozen=True, slots=True)
class Stores:
    """The tables that an ingest writes, and what goes with them."""

    frames: Table
    packets: Table
    events: Table
    limits: Table
    gaps: Table
    quarantine: Table
    pyramids: Table
    catalogue: Catalogue
    parameters: Callable[[str], Table]
    latest: Latest


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a batch: packets that were new, duplicates of archived ones, and values written. `known`: it was there."""

    packets: int = 0
    duplicates: int = 0
    samples: int = 0
    known: bool = False


class Session:
    """Feeds the batches of one source, all of them from the first, in order; those already in the archive are recognised.

    Made by `Archive.begin`. Example:

        with archive.begin(Source(digest, name, size), DatabaseText("tgo.xml", text)) as session:
            for number, batch in enumerate(batches, start=1):
                if number > session.done: ...decode the packets too, it is a new batch
                session.commit(number, batch)
            session.finish()
    """

    def __init__(
        self,
        stores: Stores,
        lock: WriterLock,
        source: Source,
        number: int,
        database: DatabaseVersion | None,
        recognise: Recognise,
        calibrator: Calibrator | None,
    ) -> None:
        self.source, self.number, self.database = source, number, database
        self._stores, self._lock, self._recognise, self._calibrator = stores, lock, recognise, calibrator
        self.done = stores.catalogue.batches.last_batch(source.digest)
        self.complete = self.done > 0 and _is_last(stores.catalogue.batches, number)
        self.group_octets = GROUP_OCTETS
        self._streams, self._row, self._expected = Streams(), 0, 1
        self._gathered: dict[str, tuple[Table, list[tuple[int, pl.DataFrame]]]] = {}
        self._newer: list[dict[str, Any]] = []
        self._pairs: set[tuple[str, str]] = set()  # of container and parameter, new since the last flush
        self._last: dict[int, int] = {}  # latest time gathered of each virtual channel and application
        self._octets = 0

    def commit(self, number: int, batch: Batch) -> Committed:
        """Take batch `number` (from 1); it is written with others, at the latest by `finish`.

        Raises ArchiveError when the archive cannot be written, UsageError for a batch out of order; the ingest must then begin
        again with the first batch.
        """
        if number != self._expected:
            raise UsageError(f"batch {number} came when {self._expected} was due", where=self.source.name)
        self._expected += 1
        real = ~batch.packets.idle
        row = self._row + np.cumsum(real) - 1
        self._row += int(np.count_nonzero(real))
        placed = self._streams.place(batch.frames) if batch.frames is not None else None
        if self.complete or number <= self.done:
            return Committed(known=True)
        times = batch.times()
        accepted = self._packets(number, batch, times, real, row, placed)
        if batch.frames is not None and placed is not None:
            received = np.full(placed[0].size, NO_TIME, np.int64) if batch.frames_received is None else batch.frames_received
            self._gather(self._stores.frames, number, frame_table(self.number, batch.frames, *placed, received))
        samples = self._parameters(number, batch, times, accepted)
        events = self._reports(number, batch, times, accepted)
        duplicates = int(np.count_nonzero(real & ~accepted.here))
        self._gather(self._stores.catalogue.batches, number, self._counts(number, batch, accepted, duplicates, samples, events))
        self._octets += int(batch.packets.length.sum()) + (
            0 if batch.frames is None else FRAMES_WEIGH * int(batch.frames.length.sum())
        )
        if self._octets >= self.group_octets:
            self.flush()
        return Committed(int(np.count_nonzero(accepted.here)), duplicates, samples)

    def flush(self) -> None:
        """Write the batches gathered so far. Raises ArchiveError when the archive cannot be written."""
        first, last = self._stores.packets, self._stores.catalogue.batches
        for table, parts in sorted(self._gathered.values(), key=lambda held: (held[0] is not first, held[0] is last)):
            if table is last and self._newer:
                self._stores.latest.advance(newest(pl.DataFrame(self._newer, schema=LATEST)))
            self._write(table, parts)
        self._gathered.clear()
        self._newer, self._pairs, self._octets, self._last = [], set(), 0, {}
        self.done = max(self.done, self._expected - 1)

    def _write(self, table: Table, parts: list[tuple[int, pl.DataFrame]]) -> None:
        """Write rows of batches that a table does not have, and let go of them."""
        done, last = table.last_batch(self.source.digest), parts[-1][0]
        new = [rows for number, rows in parts if number > done]
        parts.clear()
        if new:
            table.append(_taken(new, WIDE.get(table.name)), self.source.digest, last)

    def finish(self) -> None:
        """Mark the source complete: it is then known, and adds nothing when it comes again."""
        if not self.complete:
            self.flush()
            last = dict.fromkeys(BATCHES, 0) | {
                "source": self.number, "batch": self._expected, "last": True, "first": None, "last_time": None,
            }  # fmt: skip
            self._stores.catalogue.batches.append(pl.DataFrame([last], schema=BATCHES), self.source.digest, self._expected)
            self.complete, self.done = True, self._expected

    def close(self) -> None:
        """Let other writers in."""
        self._lock.release()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _gather(self, table: Table, number: int, rows: pl.DataFrame) -> None:
        """Keep the rows of a batch for the next flush."""
        if len(rows):
            self._gathered.setdefault(str(table.path), (table, []))[1].append((number, rows))

    def _packets(
        self, number: int, batch: Batch, times: Times, real: Mask, row: Integers, placed: tuple[Integers, Integers] | None
    ) -> Accepted:
        table = self._stores.packets
        if table.last_batch(self.source.digest) >= number:
            return Accepted(self.number, self._decided(real, row), row)
        self._meet(batch, real, times)
        here = real & ~self._recognise(batch, real, times)
        rows = np.flatnonzero(here)
        on = None
        if batch.frames is not None and placed is not None:
            on = in_frames(batch.packets, batch.frames, *placed)
        self._gather(table, number, packet_table(self.number, row[rows], batch.packets, times, rows, on))
        return Accepted(self.number, here, row)

    def _meet(self, batch: Batch, real: Mask, times: Times) -> None:
        """Write what is gathered when packets of this batch may repeat some of it: they are looked for in the archive only."""
        first, last = spans_by_kind(batch.packets, times.generated, real)
        if any(first[kind] <= self._last[kind] for kind in first.keys() & self._last.keys()):
            self.flush()
        for kind, time in last.items():
            self._last[kind] = max(time, self._last.get(kind, time))

    def _decided(self, real: Mask, row: Integers) -> Mask:
        """Return which packets of this batch were accepted when its packets were written."""
        kept = row[real]
        frame = self._stores.packets.scan("row", int(kept[0]) if kept.size else 0, int(kept[-1]) + 1 if kept.size else 0)
        if frame is None:
            return np.zeros_like(real)
        known = collect(frame.filter(pl.col("source") == self.number).select("row"), "packets")["row"].to_numpy()
        return real & np.isin(row, known)

    def _parameters(self, number: int, batch: Batch, times: Times, accepted: Accepted) -> int:
        """Write the tables of containers, their pyramids and the latest values; return how many values there are."""
        samples = 0
        buckets: list[pl.DataFrame] = []
        good = (batch.packets.quality == 0) & accepted.here
        for rows in sorted(batch.containers, key=lambda rows: rows.container):
            kept = accepted.here[rows.packet]
            which = None if kept.all() else np.flatnonzero(kept)
            packet = rows.packet if which is None else rows.packet[which]
            if not packet.size:
                continue
            table = self._stores.parameters(rows.container)
            made = self._container(table, rows, which, packet, batch, times, accepted)
            samples += made.width * made.height - 5 * made.height - sum(made.null_count().row(0)[5:])
            self._gather(table, number, made)
            engineering = self._engineering(batch, rows)
            here = np.flatnonzero(good[rows.packet] & (times.generated[rows.packet] != NO_TIME))
            numbers = numeric_columns(rows.raw, engineering, here)
            buckets.append(pyramid_rows(self.number, number, rows.container, times.generated[rows.packet[here]], numbers))
            self._newer += self._newest(rows, engineering, times, accepted, good)
        self._gather(self._stores.catalogue.contents, number, self._new_contents(batch.containers))
        self._gather(self._stores.pyramids, number, pl.concat(buckets) if buckets else pl.DataFrame())
        return samples

    def _new_contents(self, containers: Sequence[ContainerRows]) -> pl.DataFrame:
        """Return the pairs of container and parameter that the archive has not held yet."""
        known = self._stores.catalogue.parameters()
        new = {
            (rows.container, parameter)
            for rows in containers
            for parameter in rows.raw
            if rows.container not in known.get(parameter, ())
        } - self._pairs
        self._pairs |= new
        return pl.DataFrame(sorted(new), schema=CONTENTS, orient="row")

    def _container(
        self,
        table: Table,
        rows: ContainerRows,
        which: Integers | None,
        packet: Integers,
        batch: Batch,
        times: Times,
        accepted: Accepted,
    ) -> pl.DataFrame:
        columns = raw_columns(rows.raw, which)
        refuse_same_letters([*table.schema().names(), *columns], table.name)
        version = None if self.database is None else self.database.number
        return pl.DataFrame(
            {
                **accepted.envelope(packet, times, batch.packets),
                "database": pl.repeat(version, packet.size, dtype=pl.Int32, eager=True),
                **columns,
            }
        )

    def _engineering(self, batch: Batch, rows: ContainerRows) -> Mapping[str, Column]:
        if rows.container in batch.engineering:
            return batch.engineering[rows.container]
        if self._calibrator is None or self.database is None:
            return {}
        return self._calibrator.convert(self.database, rows.container, rows.raw)

    def _newest(
        self, rows: ContainerRows, engineering: Mapping[str, Column], times: Times, accepted: Accepted, good: Mask
    ) -> Iterable[dict[str, Any]]:
        generated = times.generated[rows.packet]
        for name, at in newest_rows(rows.raw, generated, good[rows.packet]).items():
            envelope = {
                "container": rows.container,
                "generated": None if generated[at] == NO_TIME else int(generated[at]),
                "source": self.number,
                "row": int(accepted.row[rows.packet[at]]),
                "database": None if self.database is None else self.database.number,
            }
            yield latest_row(name, envelope, rows.raw[name], engineering.get(name), at)

    def _reports(self, number: int, batch: Batch, times: Times, accepted: Accepted) -> int:
        """Write events, limit transitions, gaps and quarantine; return how many events there are."""
        stores = self._stores
        events = rows_of_packets(batch.events, EVENTS, accepted, times, batch.packets)
        self._gather(stores.events, number, events)
        self._gather(stores.limits, number, rows_of_packets(batch.limits, LIMITS, accepted, times, batch.packets))
        gaps = [(self.number, g.virtual_channel, g.after_frame, g.expected, g.found, g.lost) for g in batch.gaps]
        self._gather(stores.gaps, number, pl.DataFrame(gaps, schema=GAPS, orient="row"))
        bad = [(self.number, q.position, q.reason, q.octets) for q in batch.quarantined]
        self._gather(stores.quarantine, number, pl.DataFrame(bad, schema=QUARANTINE, orient="row"))
        return len(events)

    def _counts(self, number: int, batch: Batch, accepted: Accepted, duplicates: int, samples: int, events: int) -> pl.DataFrame:
        generated = batch.generated[accepted.here & (batch.generated != NO_TIME)]
        frames = batch.frames
        row = {
            "source": self.number,
            "batch": number,
            "last": False,
            "frames": 0 if frames is None else frames.reason.size,
            "bad_frames": 0 if frames is None else int(np.count_nonzero(frames.reason)),
            "gaps": len(batch.gaps),
            "lost": sum(gap.lost for gap in batch.gaps),
            "packets": batch.packets.offset.size,
            "idle": int(np.count_nonzero(batch.packets.idle)),
            "duplicates": duplicates,
            "events": events,
            "samples": samples,
            "quarantined": len(batch.quarantined),
            "quarantined_octets": sum(len(q.octets) for q in batch.quarantined),
            "first": int(generated.min()) if generated.size else None,
            "last_time": int(generated.max()) if generated.size else None,
        }
        return pl.DataFrame([row], schema=BATCHES)


def _taken(parts: list[pl.DataFrame], schema: pl.Schema | None) -> pl.DataFrame:
    """Return the rows of all parts in the types of a schema, and empty the list: nobody else holds the rows afterwards."""
    rows = joined(parts)
    parts.clear()
    return rows if schema is None else rows.cast(schema)


def numeric_columns(
    raw: Mapping[str, Column], engineering: Mapping[str, Column], rows: Integers
) -> dict[str, NDArray[np.float64]]:
    """Return the numbers of each parameter at these rows: engineering, or raw for labels and texts; NaN where invalid."""
    found = {}
    for name, column in raw.items():
        calibrated = engineering.get(name)
        best = (
            column
            if calibrated is None or calibrated.labels is not None or calibrated.values.dtype.kind not in "biuf"
            else calibrated
        )
        if best.values.dtype.kind in "biuf" and best.values.ndim == 1:
            whole = rows.size == best.values.size
            values = (best.values if whole else best.values[rows]).astype(np.float64, copy=False)
            if best.valid is not None:
                values = np.where(best.valid[rows], values, np.nan)
            found[name] = values
    return found


def _is_last(batches: Table, source: int) -> bool:
    frame = batches.scan()
    if frame is None:
        raise ArchiveError("has no rows although a batch is recorded in it", where="batches", remedy="Restore it from a backup")
    return bool(collect(frame.filter(pl.col("source") == source).select(pl.col("last").any()), "batches").item())
