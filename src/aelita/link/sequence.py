"""Virtual-channel frame counters: what was lost, what came twice, what came late.

A frame whose counter is the expected one is never suspected. Otherwise it is compared with the last 256 frames of its channel,
of which counter and digest are remembered.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled
from .states import State, leaf

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

IN_ORDER, FIRST, AFTER_LOSS, DUPLICATE, LATE, RESTARTED = 0, 1, 2, 3, 4, 5
CHANNELS, REMEMBERED = 64, 256


@dataclass(slots=True)
class Counters:
    """The counter last seen on each virtual channel (-1: none yet), and counter and digest of the frames remembered."""

    last: Column = field(default_factory=lambda: np.full(CHANNELS, -1, np.int64))
    counts: Column = field(default_factory=lambda: np.full((CHANNELS, REMEMBERED), -1, np.int64))
    digests: NDArray[np.uint64] = field(default_factory=lambda: np.zeros((CHANNELS, REMEMBERED), np.uint64))

    def state(self) -> State:
        """Return the counters of the channels that were seen."""
        seen = np.flatnonzero(self.last >= 0)
        return {"seen": seen, "last": self.last[seen], "counts": self.counts[seen], "digests": self.digests[seen]}

    @staticmethod
    def restored(state: State) -> "Counters":
        """Return the counters that gave this state."""
        counters, seen = Counters(), leaf(state, "seen")
        counters.last[seen], counters.counts[seen] = leaf(state, "last"), leaf(state, "counts")
        counters.digests[seen] = leaf(state, "digests")
        return counters


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What each frame's counter says: IN_ORDER, FIRST, …; the counter expected (-1: none) and the frames lost before it."""

    verdict: NDArray[np.uint8]
    expected: Column
    lost: Column


@compiled
def _digest(buffer: Octets, start: int, end: int) -> np.uint64:
    """Return a digest of every 16th octet and the last eight: frames that differ at all differ in their error control."""
    value = np.uint64(0xCBF29CE484222325)
    for at in range(start, end, 16):
        value = (value ^ np.uint64(buffer[at])) * np.uint64(0x100000001B3)
    for at in range(max(start, end - 8), end):
        value = (value ^ np.uint64(buffer[at])) * np.uint64(0x100000001B3)
    return value


@compiled
def _follow(
    buffer: Octets,
    offset: Column,
    length: Column,
    channel: Column,
    count: Column,
    modulus: Column,
    last: Column,
    counts: Column,
    digests: NDArray[np.uint64],
    verdict: NDArray[np.uint8],
    expected: Column,
    lost: Column,
    ordered: bool,
) -> None:
    for i in range(offset.size):
        v, m, c = channel[i] & 63, modulus[i], count[i]
        verdict[i], expected[i], lost[i] = 0, -1, 0
        if m <= 1:  # a USLP frame may have no counter
            continue
        start = min(max(offset[i], 0), buffer.size)
        digest = _digest(buffer, start, min(start + max(length[i], 0), buffer.size))
        slot = c & 255
        if last[v] < 0:
            verdict[i] = 1
        else:
            want = (last[v] + 1) % m
            expected[i] = want
            ahead, back = (c - want) % m, (last[v] - c) % m
            if not ordered and ahead > 0 and back < min(m // 2, 256):
                if counts[v, slot] == c and digests[v, slot] == digest:
                    verdict[i] = 3
                    continue
                if counts[v, slot] != c:  # missing until now
                    verdict[i] = 4
                    counts[v, slot], digests[v, slot] = c, digest
                    continue
            if ahead > 0 and m > 256 and ahead >= m // 2:
                verdict[i] = 5
                counts[v, :] = -1
            elif ahead > 0:
                verdict[i], lost[i] = 2, ahead
                for k in range(min(ahead, 256)):
                    counts[v, (want + k) & 255] = -1
        counts[v, slot], digests[v, slot] = c, digest
        last[v] = c


def follow(
    counters: Counters,
    buffer: Octets,
    offset: Column,
    length: Column,
    channel: Column,
    count: Column,
    modulus: Column,
    *,
    ordered: bool = False,
) -> Verdicts:
    """Judge frames in the order received and move `counters` on.

    `count` is each frame's counter and `modulus` the number of its values (0 or 1: the frame has no counter). With `ordered` the
    frames are known to be distinct and in their order, however much is missing between them.
    """
    n = offset.size
    verdict, expected, lost = np.zeros(n, np.uint8), np.empty(n, np.int64), np.empty(n, np.int64)
    _follow(
        buffer, offset, length, channel, count, modulus, counters.last, counters.counts, counters.digests, verdict, expected,
        lost, ordered,
    )  # fmt: skip
    return Verdicts(verdict, expected, lost)
