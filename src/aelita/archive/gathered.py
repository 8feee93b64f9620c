"""Rows of batches that wait to be written, and how they come into the tables, so that a writer killed anywhere can go on.

Table by table they are committed: frames first, since packets stand in them, then `packets`, where it is decided once which
packets are new. Every commit carries the source's digest and the number of its last batch, so that a table is never given a
batch twice; packets of a batch that `packets` has already are accepted as they were then. `batches` comes last and makes them
whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..records import BATCHES, CONTENTS, EVENTS, FRAMES, GAPS, LIMITS, PACKETS, QUARANTINE, Column, ContainerRows
from ..time import NO_TIME
from .batch import Accepted, Batch, rows_of_packets
from .catalogue import Catalogue, DatabaseVersion
from .latest import LATEST, Latest, latest_row, newest, newest_rows
from .names import refuse_same_letters
from .parameters import raw_columns
from .pyramid import pyramid_rows
from .recordings import Placed, Times, frame_table, in_frames, packet_table
from .tables import Table, collect, joined

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]
Recognise = Callable[[Batch, Mask, Times], Mask]

WIDE = {"packets": PACKETS, "frames": FRAMES}  # tables whose rows are kept in narrow types until they are written
LARGEST_SHOWN = (1 << 31) - 1  # of batches in pyramids, where they are only shown; streams may count further


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


@dataclass(frozen=True, slots=True)
class Writing:
    """Who writes: a source's number and digest, the database that decodes it, and what the archive lends."""

    stores: Stores
    source: int
    digest: str
    database: DatabaseVersion | None
    recognise: Recognise
    calibrator: Calibrator | None


class Gathered:
    """The rows of some batches of one source: `add` the batches in order, then `write` all tables and `seal` them."""

    def __init__(self, writing: Writing) -> None:
        self._writing, self._stores = writing, writing.stores
        self._parts: dict[str, tuple[Table, list[tuple[int, pl.DataFrame]]]] = {}
        self._newer: list[dict[str, Any]] = []
        self._pairs: set[tuple[str, str]] = set()  # of container and parameter, new since the last `write`

    def add(self, number: int, batch: Batch, placed: Placed) -> Committed:
        """Make the rows of batch `number`; return what they are."""
        times = batch.times()
        accepted = self._packets(number, batch, times, placed)
        if batch.frames is not None:
            self._gather(self._stores.frames, number, frame_table(self._writing.source, batch.frames, placed, batch.provenance()))
        samples = self._parameters(number, batch, times, accepted)
        events = self._reports(number, batch, times, accepted)
        duplicates = int(np.count_nonzero(placed.real & ~accepted.here))
        self._gather(self._stores.catalogue.batches, number, self._counts(number, batch, accepted, duplicates, samples, events))
        return Committed(int(np.count_nonzero(accepted.here)), duplicates, samples)

    def write(self) -> None:
        """Commit the rows of every table but `batches`. Raises ArchiveError when one cannot be written."""
        frames, packets, last = self._stores.frames, self._stores.packets, self._stores.catalogue.batches
        order = sorted(self._parts.values(), key=lambda held: (held[0] is not frames, held[0] is not packets))
        for table, parts in order:
            if table is not last:
                self._write(table, parts)
        self._parts = {key: held for key, held in self._parts.items() if held[0] is last}
        self._pairs = set()

    def seal(self) -> None:
        """Make what was written whole: the latest values, and the rows of `batches`. Raises ArchiveError."""
        if self._newer:
            self._stores.latest.advance(newest(pl.DataFrame(self._newer, schema=LATEST)))
        for table, parts in self._parts.values():
            self._write(table, parts)
        self._parts, self._newer = {}, []

    def _gather(self, table: Table, number: int, rows: pl.DataFrame) -> None:
        """Keep the rows of a batch for the next flush."""
        if len(rows):
            self._parts.setdefault(str(table.path), (table, []))[1].append((number, rows))

    def _write(self, table: Table, parts: list[tuple[int, pl.DataFrame]]) -> None:
        """Write rows of batches that a table does not have, and let go of them."""
        done, last = table.last_batch(self._writing.digest), parts[-1][0]
        new = [rows for number, rows in parts if number > done]
        parts.clear()
        if new:
            table.append(_taken(new, WIDE.get(table.name)), self._writing.digest, last)

    def _packets(self, number: int, batch: Batch, times: Times, placed: Placed) -> Accepted:
        table, real, row = self._stores.packets, placed.real, placed.row
        if table.last_batch(self._writing.digest) >= number:
            return Accepted(self._writing.source, self._decided(real, row), row)
        here = real & ~self._writing.recognise(batch, real, times)
        rows = np.flatnonzero(here)
        on = None if batch.frames is None else in_frames(batch.packets, batch.frames, placed.stream, placed.position)
        self._gather(table, number, packet_table(self._writing.source, row[rows], batch.packets, times, rows, on))
        return Accepted(self._writing.source, here, row)

    def _decided(self, real: Mask, row: Integers) -> Mask:
        """Return which packets of this batch were accepted when its packets were written."""
        kept = row[real]
        frame = self._stores.packets.scan("row", int(kept[0]) if kept.size else 0, int(kept[-1]) + 1 if kept.size else 0)
        if frame is None:
            return np.zeros_like(real)
        known = collect(frame.filter(pl.col("source") == self._writing.source).select("row"), "packets")["row"].to_numpy()
        return real & np.isin(row, known)

    def _parameters(self, number: int, batch: Batch, times: Times, accepted: Accepted) -> int:
        """Write the tables of containers, their pyramids and the latest values; return how many values there are."""
        samples, shown = 0, number if number <= LARGEST_SHOWN else 0
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
            buckets.append(pyramid_rows(self._writing.source, shown, rows.container, times.generated[rows.packet[here]], numbers))
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
        version = None if self._writing.database is None else self._writing.database.number
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
        if self._writing.calibrator is None or self._writing.database is None:
            return {}
        return self._writing.calibrator.convert(self._writing.database, rows.container, rows.raw)

    def _newest(
        self, rows: ContainerRows, engineering: Mapping[str, Column], times: Times, accepted: Accepted, good: Mask
    ) -> Iterable[dict[str, Any]]:
        generated = times.generated[rows.packet]
        for name, at in newest_rows(rows.raw, generated, good[rows.packet]).items():
            envelope = {
                "container": rows.container,
                "generated": None if generated[at] == NO_TIME else int(generated[at]),
                "source": self._writing.source,
                "row": int(accepted.row[rows.packet[at]]),
                "database": None if self._writing.database is None else self._writing.database.number,
            }
            yield latest_row(name, envelope, rows.raw[name], engineering.get(name), at)

    def _reports(self, number: int, batch: Batch, times: Times, accepted: Accepted) -> int:
        """Write events, limit transitions, gaps and quarantine; return how many events there are."""
        stores = self._stores
        events = rows_of_packets(batch.events, EVENTS, accepted, times, batch.packets)
        self._gather(stores.events, number, events)
        self._gather(stores.limits, number, rows_of_packets(batch.limits, LIMITS, accepted, times, batch.packets))
        gaps = [(self._writing.source, g.virtual_channel, g.after_frame, g.expected, g.found, g.lost) for g in batch.gaps]
        self._gather(stores.gaps, number, pl.DataFrame(gaps, schema=GAPS, orient="row"))
        bad = [(self._writing.source, q.position, q.reason, q.octets) for q in batch.quarantined]
        self._gather(stores.quarantine, number, pl.DataFrame(bad, schema=QUARANTINE, orient="row"))
        return len(events)

    def _counts(self, number: int, batch: Batch, accepted: Accepted, duplicates: int, samples: int, events: int) -> pl.DataFrame:
        generated = batch.generated[accepted.here & (batch.generated != NO_TIME)]
        frames = batch.frames
        row = {
            "source": self._writing.source,
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
