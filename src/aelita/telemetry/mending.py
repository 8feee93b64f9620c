"""Packets that span frames which came late: found once the frames around the hole and those of it lie side by side.

A stretch of frames without a hole has a head (the end of a packet that began before it) and a tail (the begin of one that ends
behind it). Where two stretches meet, the tail of one and the head of the other are a packet. So a late frame needs nothing of the
frames around it but these octets, and holes may close in any order and in parts.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..link import AFTER_LOSS as LOST_BEFORE
from ..link import (
    LATE,
    NO_PACKET_STARTS,
    RESENT,
    RESTARTED,
    Channel,
    Frames,
    Packets,
    State,
    branch,
    check_packets,
    no_packets,
    packets_at,
    read_headers,
)
from .runs import Place
from .stretches import Found, Frame, Stretches

TOLERANCE_NS = 50_000_000  # as of `merging`


class Mender:
    """Finds the packets of late frames. Feed it all frames of a merged stream, after the receiver.

    It keeps the last 128 KiB of every virtual channel, and of each hole some octets; the oldest holes are forgotten when there
    are more than `most_holes` in a channel. In USLP, a channel of several multiplexer access points is mended frame by frame.
    """

    def __init__(self, channel: Channel, *, tolerance_ns: int = TOLERANCE_NS, most_holes: int = 256) -> None:
        self.channel = channel
        self._tolerance, self._most = tolerance_ns, most_holes
        self._channels: dict[int, Stretches] = {}

    def take(self, frames: Frames, emitted_at: NDArray[np.int64]) -> tuple[Packets, NDArray[np.bool_]]:
        """Return the packets that are complete only now, and which of them carry a checksum.

        `frames` are as a receiver gave them that was told which are late; `emitted_at` (TAI nanoseconds) is when each was sent.
        The packets have own octets, the number of the frame in which they began, and the position -1: the late ones are in no
        stream of data fields.
        """
        found: list[Found] = []
        for number, frame, late, broken in self._rows(frames, emitted_at):
            stretches = self._channels.setdefault(number, Stretches(number, self._tolerance, self._most))
            found += stretches.late(frame) if late else stretches.append(frame, broken=broken)
        return check_packets(self.channel.packets, _packets(found))

    def state(self) -> State:
        """Return what is carried over to the next batch, as arrays."""
        return {str(number): stretches.state() for number, stretches in self._channels.items()}

    def restore(self, state: State) -> None:
        """Go on where the mender stood that gave this state. Raises DataError when it is none."""
        self._channels = {}
        for name in state:
            self._channels[int(name)] = Stretches(int(name), self._tolerance, self._most)
            self._channels[int(name)].restore(branch(state, name))

    def _rows(self, frames: Frames, emitted_at: NDArray[np.int64]) -> Iterator[tuple[int, Frame, bool, bool]]:
        """Yield virtual channel and frame, whether it is late, and whether frames are missing before it."""
        rows = np.flatnonzero(frames.good & (frames.quality & RESENT == 0))
        headers = read_headers(self.channel, frames.buffer, frames.offset[rows], frames.length[rows])
        quality = frames.quality[rows]
        columns = (
            frames.virtual_channel[rows], frames.data_start[rows], frames.data_length[rows], frames.pointer[rows],
            frames.number[rows], emitted_at[rows], headers.channel_count, headers.modulus, headers.map_id,
            quality & LATE != 0, quality & (LOST_BEFORE | RESTARTED) != 0,
        )  # fmt: skip
        for row in zip(*(column.tolist() for column in columns), strict=True):
            channel, start, length, pointer, number, emitted, count, modulus, access_point, late, broken = row
            carries = pointer >= NO_PACKET_STARTS
            data = frames.buffer[start : start + length].tobytes() if carries else b""
            pointer = pointer if 0 <= pointer < length else NO_PACKET_STARTS
            yield channel, Frame(Place(emitted, count, modulus), data, pointer, number, access_point), late, broken


def _packets(found: list[Found]) -> Packets:
    """Return whole packets as a batch."""
    if not found:
        return no_packets()
    length = np.array([len(one.octets) for one in found], np.int64)
    return packets_at(
        np.frombuffer(bytearray(b"".join(one.octets for one in found)), np.uint8),
        np.cumsum(length) - length,
        length,
        virtual_channel=np.array([one.virtual_channel for one in found], np.uint8),
        frame=np.array([one.frame for one in found], np.int64),
        quality=np.zeros(length.size, np.uint8),
        position=np.full(length.size, -1, np.int64),
    )
