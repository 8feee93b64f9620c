"""Packets out of the data fields of one virtual channel's frames, by one compiled pass.

First header pointer: CCSDS 132.0-B and 732.0-B. The pointer is believed over the length of the packet in progress: a wrong length
costs that packet alone.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled
from .packets import Octets
from .states import State, leaf

Column = NDArray[np.int64]

WHOLE, CUT, NOT_A_PACKET, BAD_POINTER, BAD_LENGTH = 0, 1, 2, 3, 4
LONGEST = 1 << 20  # octets of an encapsulation packet; its header could say 4 GiB and make everything wait for it
FAULTS = {
    CUT: "packet cut short by lost or contradicting frames",
    NOT_A_PACKET: "version bits are not those of a packet",
    BAD_POINTER: "first header pointer outside the data field",
    BAD_LENGTH: "length of an encapsulation packet out of range",
}


@dataclass(slots=True)
class StreamState:
    """What one virtual channel carries over from batch to batch.

    `partial` holds the octets of the packet in progress, `partial_frame` the running number of the frame where it began,
    `position` the octets of all data fields so far, `partial_at` the offset of that frame in the source, `breaks` the
    interruptions of its virtual channel that it has seen.
    """

    partial: Octets = field(default_factory=lambda: np.empty(0, np.uint8))
    partial_frame: int = -1
    synchronized: bool = False
    position: int = 0
    partial_at: int = -1
    breaks: int = 0

    def state(self) -> State:
        """Return all of it as arrays."""
        numbers = (self.partial_frame, self.synchronized, self.position, self.partial_at, self.breaks)
        return {"partial": self.partial.copy(), "numbers": np.array(numbers, np.int64)}

    @staticmethod
    def restored(state: State) -> "StreamState":
        """Return the stream that gave this state."""
        frame, synchronized, position, at, breaks = leaf(state, "numbers").tolist()
        return StreamState(leaf(state, "partial").copy(), frame, bool(synchronized), position, at, breaks)


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a pass found in `stream`: offset, length and kind (WHOLE, CUT, …) of every packet or fault, the running number of
    the frame where it began, and of the one that completed it or showed that it would not be."""

    stream: Octets
    base: int  # position of stream[0] in the virtual channel
    offset: Column
    length: Column
    kind: NDArray[np.uint8]
    frame: Column
    ended: Column


@compiled
def packet_octets(stream: Octets, at: int, end: int) -> int:
    """Return the length of the packet that begins at `at`, 0 when its header is not complete, -1 when it is no packet.

    -2 is an encapsulation packet whose length is less than its header's or more than LONGEST.
    """
    if at >= end:
        return 0
    version = stream[at] >> 5
    if version == 0:
        if end - at < 6:
            return 0
        return 7 + (int(stream[at + 4]) << 8 | int(stream[at + 5]))
    if version != 7:
        return -1
    size = int(stream[at] & 3)  # encapsulation: length of length 0, 1, 2, 4 octets
    header = 1 << size
    if end - at < header:
        return 0
    if size == 0:
        return 1
    width = 1 << (size - 1)
    length = 0
    for k in range(width):
        length = length << 8 | int(stream[at + header - width + k])
    return length if header <= length <= LONGEST else -2


@compiled
def header_complete(stream: Octets, offset: Column, length: Column) -> NDArray[np.bool_]:
    """Return which of these pieces hold a whole packet header."""
    complete = np.zeros(offset.size, np.bool_)
    for i in range(offset.size):
        at, end = max(offset[i], 0), min(offset[i] + length[i], stream.size)
        complete[i] = packet_octets(stream, at, end) > 0
    return complete


@compiled
def _walk(
    stream: Octets,
    field_end: Column,
    pointer: Column,
    gap: NDArray[np.bool_],
    frame: Column,
    carried: int,
    carried_frame: int,
    synchronized: bool,
    offset: Column,
    length: Column,
    kind: NDArray[np.uint8],
    first: Column,
    last: Column,
) -> tuple[int, int, int, bool]:
    """Walk the data fields in order; return (pieces found, start of the packet in progress, its frame, synchronized)."""
    found, at, at_frame = 0, 0, carried_frame
    start = carried
    for i in range(field_end.size):
        end, number = int(field_end[i]), int(frame[i])
        size = end - start
        target = start + int(pointer[i]) if 0 <= pointer[i] < size else -1
        if gap[i] and synchronized:
            if at < start:
                offset[found], length[found], kind[found], first[found], last[found] = at, start - at, 1, at_frame, number
                found += 1
            synchronized = False
        if pointer[i] >= size:
            if synchronized and at < start:
                offset[found], length[found], kind[found], first[found], last[found] = at, start - at, 1, at_frame, number
                found += 1
            offset[found], length[found], kind[found], first[found], last[found] = start, size, 3, number, number
            found += 1
            synchronized = False
            start = end
            continue
        if synchronized and at < start:  # a packet goes on from earlier data fields: does its length lead to the pointer?
            total = packet_octets(stream, at, end)
            reach = at + total
            fits = total >= 0 and (
                (target < 0 and (total == 0 or reach >= end)) or (target >= 0 and total > 0 and reach == target)
            )
            if not fits:
                stop = target if target >= 0 else end
                offset[found], length[found], kind[found], first[found], last[found] = at, stop - at, 1, at_frame, number
                found += 1
                synchronized = False
        if not synchronized:
            if target < 0:
                start = end
                continue
            at, at_frame, synchronized = target, number, True
        elif at == start:
            at_frame = number
            if target != start and size > 0:  # the data field must begin with a packet, and says it does not
                stop = target if target >= 0 else end
                offset[found], length[found], kind[found], first[found], last[found] = start, stop - start, 3, number, number
                found += 1
                if target < 0:
                    synchronized = False
                    start = end
                    continue
                at = target
        while at < end:
            total = packet_octets(stream, at, end)
            if total < 0:
                fault = 2 if total == -1 else 4
                offset[found], length[found], kind[found], first[found], last[found] = at, end - at, fault, number, number
                found += 1
                synchronized = False
                break
            if total == 0 or at + total > end:
                break
            offset[found], length[found], kind[found], first[found], last[found] = at, total, 0, at_frame, number
            found += 1
            at += total
            at_frame = number
        start = end
    return found, at, at_frame, synchronized


def reassemble(
    state: StreamState, data: Octets, lengths: Column, pointer: Column, gap: NDArray[np.bool_], frame: Column
) -> Pieces:
    """Return the packets and faults that these data fields complete, and move `state` on.

    `data` holds the data fields one after another, `lengths` their octets, `pointer` where in each field the first packet begins
    (-1: none begins there), `gap` whether frames before it were lost, `frame` its running number.
    """
    stream = np.concatenate([state.partial, data]) if state.partial.size else data
    carried = int(state.partial.size)
    ends = carried + np.cumsum(lengths)
    room = stream.size + 3 * lengths.size + 1  # an encapsulation packet may be a single octet
    offset, length, first, last = (np.empty(room, np.int64) for _ in range(4))
    kind = np.empty(room, np.uint8)
    found, at, at_frame, synchronized = _walk(
        stream, ends, pointer, gap, frame, carried, state.partial_frame, state.synchronized, offset, length, kind, first, last
    )
    base = state.position - carried
    state.position += int(lengths.sum())
    state.synchronized, state.partial_frame = synchronized, at_frame
    state.partial = stream[at:].copy() if synchronized else np.empty(0, np.uint8)
    columns = (offset[:found].copy(), length[:found].copy(), kind[:found].copy(), first[:found].copy(), last[:found].copy())
    return Pieces(stream, base, *columns)
