"""Frames and packets as rows: octets are kept once.

With frames, the frames keep the octets and a packet row points into the stream of its virtual channel's data fields: the data
fields, one after another, of the good frames that carry packets. A packet whose octets do not stand there, octet for octet, in
the frames of its own batch (it began in an earlier one, or its stream mixes several access points) keeps its own octets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..octets import compiled
from ..records import FrameRows, PacketRows
from ..time import NO_TIME
from .octets import Integers, Octets, binary_column, gather

RESENT, LATE = 1, 4  # flags of a frame's quality, as `link` defines them: its data were used already; it is a stream of its own
NO_PACKET_STARTS = -1  # smallest pointer of a data field that carries packets
MAXIMUM_STREAMS = 128


@dataclass(slots=True)
class Streams:
    """Octets of the data fields of every stream so far, by stream: the virtual channel, plus 64 for its late frames."""

    octets: Integers = field(default_factory=lambda: np.zeros(MAXIMUM_STREAMS, np.int64))

    def place(self, frames: FrameRows) -> tuple[Integers, Integers]:
        """Return the stream of each frame (-1: carries no packets) and the position of its data field; move on."""
        used = (frames.reason == 0) & (frames.quality & RESENT == 0) & (frames.pointer >= NO_PACKET_STARTS)
        late = frames.quality & LATE != 0
        stream = np.where(used, frames.virtual_channel.astype(np.int64) % 64 + 64 * late, -1)
        position = np.full(stream.size, -1, np.int64)
        for number in np.unique(stream[used]):
            rows = np.flatnonzero(stream == number)
            lengths = frames.data_length[rows]
            position[rows] = self.octets[number] + np.cumsum(lengths) - lengths
            self.octets[number] += lengths.sum()
        return stream, position


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a batch stands in its source: which packets are `real` (not idle) and the running number (`row`) of each; of each
    frame its `stream` (-1: carries no packets) and the position of its data field in it."""

    real: NDArray[np.bool_]
    row: Integers
    stream: Integers
    position: Integers


@dataclass(slots=True)
class Numbers:
    """The running numbers of a source: packets (idle ones left out), frames, and octets of its streams so far."""

    packets: int = 0
    frames: int = 0
    streams: Streams = field(default_factory=Streams)

    def place(self, packets: PacketRows, frames: FrameRows | None) -> Placed:
        """Return where these stand, and move on."""
        real = ~packets.idle
        row = self.packets + np.cumsum(real) - 1
        self.packets += int(np.count_nonzero(real))
        if frames is None:
            none = np.empty(0, np.int64)
            return Placed(real, row, none, none)
        self.frames += frames.number.size
        return Placed(real, row, *self.streams.place(frames))

    def copy(self) -> "Numbers":
        """Return the same numbers, which go on by themselves."""
        return Numbers(self.packets, self.frames, Streams(self.streams.octets.copy()))


@compiled
def _same(left: Octets, left_at: Integers, right: Octets, right_at: Integers, length: Integers, out: NDArray[np.bool_]) -> None:
    """Tell of each pair of pieces whether both lie in their buffers and are equal."""
    for i in range(length.size):
        a, b, n = left_at[i], right_at[i], length[i]
        same = a >= 0 and b >= 0 and n > 0 and a + n <= left.size and b + n <= right.size
        k = 0
        while same and k < n:
            same = left[a + k] == right[b + k]
            k += 1
        out[i] = same


def in_frames(packets: PacketRows, frames: FrameRows, stream: Integers, position: Integers) -> Integers:
    """Return how many frames after the one where it began each packet ends; -1: it does not stand in these frames.

    It stands there when its octets are, octet for octet, those at its position in the stream of the frames' data fields.
    """
    found = np.full(packets.offset.size, -1, np.int64)
    if not frames.number.size:
        return found
    began = packets.frame - frames.number[0]
    here = (began >= 0) & (began < frames.number.size)
    of_packet = np.where(here, stream[np.where(here, began, 0)], -1)
    buffer = np.ascontiguousarray(packets.buffer)
    for number in np.unique(of_packet[of_packet >= 0]):
        rows, fields = np.flatnonzero(of_packet == number), np.flatnonzero(stream == number)
        data, ends = gather(frames.buffer, frames.data_start[fields], frames.data_length[fields])
        at = packets.position[rows] - position[fields[0]]
        same = np.zeros(rows.size, np.bool_)
        _same(data, at, buffer, packets.offset[rows], packets.length[rows], same)
        first = np.searchsorted(ends, at, side="right") - 1
        last = np.searchsorted(ends, at + packets.length[rows] - 1, side="right") - 1
        same &= (first >= 0) & (last < fields.size)
        same &= frames.number[fields[np.where(same, first, 0)]] == packets.frame[rows]
        found[rows[same]] = frames.number[fields[last[same]]] - packets.frame[rows[same]]
    return found


def known(values: Integers, unknown: int) -> pl.Series:
    """Return integers as a column, null where they are `unknown`."""
    present = values != unknown
    if not present.any():
        return pl.Series([None]).new_from_index(0, values.size)  # takes no memory
    column = pl.Series(values)
    return (
        column
        if present.all()
        else column.zip_with(pl.Series(present), pl.Series([None], dtype=pl.Int64).new_from_index(0, len(column)))
    )


def frame_table(source: int, frames: FrameRows, placed: Placed, provenance: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Return the rows of frames, in types as narrow as they came. The octets of bad ones stand in quarantine.

    `provenance` has the columns `received`, `station` and `emitted`.
    """
    good = frames.reason == 0
    return pl.DataFrame(
        {
            "source": pl.repeat(source, good.size, dtype=pl.Int32, eager=True),
            "number": frames.number,
            "position": frames.position,
            "received": provenance["received"],
            "reason": frames.reason,
            "quality": frames.quality,
            "spacecraft_id": frames.spacecraft_id,
            "virtual_channel": frames.virtual_channel,
            "master_count": known(frames.master_count, -1),
            "channel_count": frames.channel_count,
            "ocf": known(frames.ocf, -1),
            "data_start": frames.data_start - frames.offset,
            "data_length": frames.data_length,
            "stream": known(placed.stream, -1),
            "stream_position": known(placed.position, -1),
            "octets": binary_column(frames.buffer, frames.offset, frames.length, None if good.all() else good),
            "station": provenance["station"],
            "emitted": provenance["emitted"],
        }
    )


def packet_table(
    source: int, row: Integers, packets: PacketRows, times: "Times", rows: Integers, frames_on: Integers | None
) -> pl.DataFrame:
    """Return the rows of these packets, in types as narrow as they came.

    `frames_on` is what `in_frames` said of them (None: there are no frames).
    """
    on = np.full(rows.size, -1, np.int64) if frames_on is None else frames_on[rows]
    own = None if frames_on is None else on < 0
    return pl.DataFrame(
        {
            "source": pl.repeat(source, rows.size, dtype=pl.Int32, eager=True),
            "row": row,
            "generated": known(times.generated[rows], NO_TIME),
            "quality": packets.quality[rows],
            "ticks": known(times.ticks[rows], NO_TIME),
            "received": known(times.received[rows], NO_TIME),
            "virtual_channel": packets.virtual_channel[rows],
            "apid": packets.apid[rows],
            "sequence_count": packets.sequence_count[rows],
            "sequence_flags": packets.sequence_flags[rows],
            "telecommand": packets.telecommand[rows],
            "secondary_header": packets.secondary_header[rows],
            "frame": known(packets.frame[rows], -1),
            "frames_on": known(on, -1),
            "position": packets.position[rows],
            "length": packets.length[rows],
            "octets": binary_column(packets.buffer, packets.offset[rows], packets.length[rows], own),
        }
    )


@dataclass(frozen=True, slots=True)
class Times:
    """Times of each packet: generation and reception in TAI nanoseconds, raw clock ticks; NO_TIME where unknown."""

    generated: Integers
    ticks: Integers
    received: Integers
