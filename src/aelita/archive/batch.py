"""What an ingest hands over: the source, and its batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import UsageError
from ..records import Column, ContainerRows, FrameRows, GapRow, PacketRows, QuarantinedRow
from ..time import NO_TIME
from .recordings import Times, known

Integers = NDArray[np.int64]
ENDLESS = -1  # size of a live stream
Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A recording: `digest` (SHA-256 in hexadecimal) is its identity, `size` its octets, `channel` the text of its channel file.

    `batch_octets` is the size of input that a batch is made of: batches must come out the same when an ingest is run again. Of a
    live stream, `digest` is a hash of its name and spacecraft; its `size` is unknown, and kept as ENDLESS.
    """

    digest: str
    name: str
    size: int
    channel: str = ""
    spacecraft: str = ""
    station: str = ""
    batch_octets: int = 0


@dataclass(frozen=True, slots=True)
class DatabaseText:
    """A mission database: its name and the XTCE text, by whose digest versions are told apart."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What some input of a source gave. Every array of packets has one entry a packet, idle ones included.

    `generated`, `received` (TAI nanoseconds) and `ticks` (the spacecraft's clock) are NO_TIME where unknown. `containers` has at
    most one entry a container. `engineering` may give calibrated values of its columns, as the limit check made them; without
    it the archive asks its calibrator. `events` and `limits` are columns by the names of `records.EVENTS` and `records.LIMITS`;
    `source`, `row`, `generated` and `quality` are taken from the packet of each, whose row in the batch is in `packet`.

    Of each frame there may be told when it was received and emitted (TAI nanoseconds, NO_TIME where unknown), and by which
    station (`frames_station`, None where unknown). A packet that is in none of the batch's frames has -1 for its `frame`: it
    keeps its own octets.
    """

    packets: PacketRows
    generated: Integers
    ticks: Integers | None = None
    received: Integers | None = None
    frames: FrameRows | None = None
    frames_received: Integers | None = None
    frames_station: Sequence[str | None] | None = None
    frames_emitted: Integers | None = None
    containers: Sequence[ContainerRows] = ()
    engineering: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
    events: Columns = field(default_factory=dict)
    limits: Columns = field(default_factory=dict)
    gaps: Sequence[GapRow] = ()
    quarantined: Sequence[QuarantinedRow] = ()

    def times(self) -> Times:
        """Return the times of all packets."""
        unknown = np.full(self.generated.size, NO_TIME, np.int64)
        return Times(
            self.generated, unknown if self.ticks is None else self.ticks, unknown if self.received is None else self.received
        )

    def provenance(self) -> dict[str, pl.Series]:
        """Return by whom and when each frame was received, and when it was emitted: null where unknown."""
        count = 0 if self.frames is None else self.frames.number.size
        unknown = np.full(count, NO_TIME, np.int64)
        stations = self.frames_station
        return {
            "received": known(unknown if self.frames_received is None else self.frames_received, NO_TIME),
            "station": pl.repeat(None, count, dtype=pl.String, eager=True)
            if stations is None
            else pl.Series(stations, dtype=pl.String),
            "emitted": known(unknown if self.frames_emitted is None else self.frames_emitted, NO_TIME),
        }


def rows_of_packets(columns: Columns, schema: pl.Schema, accepted: "Accepted", times: Times, packets: PacketRows) -> pl.DataFrame:
    """Return rows that belong to packets (events, limit transitions), without those of packets that were not accepted."""
    if not len(columns):
        return schema.to_frame()
    packet = np.asarray(columns["packet"], np.int64)
    kept = accepted.here[packet]
    packet = packet[kept]
    given = {n: pl.Series(v, dtype=schema[n]) for n, v in columns.items() if n != "packet" and n in schema}
    unknown = set(columns) - set(schema) - {"packet"}
    if unknown:
        raise UsageError(f"no such columns: {', '.join(sorted(unknown))}", remedy=f"Known columns: {', '.join(schema)}")
    return _with_envelope(pl.DataFrame(given).filter(pl.Series(kept)), packet, schema, accepted, times, packets)


def _with_envelope(
    rows: pl.DataFrame, packet: Integers, schema: pl.Schema, accepted: "Accepted", times: Times, packets: PacketRows
) -> pl.DataFrame:
    envelope = accepted.envelope(packet, times, packets)
    absent = [pl.lit(None, dtype=t).alias(n) for n, t in schema.items() if n not in rows.columns and n not in envelope]
    return rows.with_columns(**envelope).with_columns(absent).select(schema.names()).cast(schema)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which packets of a batch are new to the archive: `here` per packet; `row` is the running number of each in its source."""

    source: int
    here: NDArray[np.bool_]
    row: Integers

    def envelope(self, packet: Integers, times: Times, packets: PacketRows) -> dict[str, pl.Series]:
        """Return the columns that every row of these packets carries."""
        generated = times.generated[packet]
        column = pl.Series(generated)
        if (generated == NO_TIME).any():
            column = column.replace(NO_TIME, None)
        return {
            "source": pl.repeat(self.source, packet.size, dtype=pl.Int32, eager=True),
            "row": pl.Series(self.row[packet]),
            "generated": column,
            "quality": pl.Series(packets.quality[packet]).cast(pl.Int16),
        }
