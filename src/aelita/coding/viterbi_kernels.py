"""Compiled loops of the Viterbi decoder of the constraint length 7 code.

A state is the last six bits, the newest in the most significant place. Both generators contain the newest and the oldest
bit, so the four branches of a butterfly have the same certainty `x`, added or subtracted.
"""

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled

Octets = NDArray[np.uint8]

TAPS = (0b1111001, 0b1011011)  # G1 and G2; the leftmost coefficient is the newest bit (CCSDS 131.0-B)
STATES = 64
HALF = STATES // 2
DEPTH = 192  # bits behind the newest at which all survivors have met, also at rate 7/8
BLOCK = 832  # bits decided at a time


def _signs(taps: int) -> NDArray[np.int32]:
    """Return, for the even registers 2 k, +1 where this output is a one and -1 where it is a zero."""
    return np.array([1 if (2 * k & taps).bit_count() & 1 else -1 for k in range(HALF)], np.int32)


_FIRST, _SECOND = _signs(TAPS[0]), _signs(TAPS[1])


@compiled
def trace(decisions: Octets, filled: int, state: int, count: int) -> Octets:
    """Go back from `state` after `filled` steps and return the `count` oldest bits."""
    bits = np.empty(count, np.uint8)
    for t in range(filled - 1, -1, -1):
        if t < count:
            bits[t] = state >> 5
        state = (state << 1 & (STATES - 1)) | decisions[t, state]
    return bits


@compiled
def _step(levels: NDArray[np.int16], metrics: NDArray[np.int32], spare: NDArray[np.int32], decisions: Octets) -> None:
    """Extend all survivors by one bit time, given the certainty that each of its two outputs is a one."""
    first, second = np.int32(levels[0]), np.int32(levels[1])
    for k in range(HALF):
        x = np.int32(_FIRST[k] * first + _SECOND[k] * second)
        even, odd = metrics[2 * k], metrics[2 * k + 1]
        a, b = np.int32(even + x), np.int32(odd - x)
        c, d = np.int32(even - x), np.int32(odd + x)
        spare[k] = max(a, b)
        spare[k + HALF] = max(c, d)
        decisions[k] = b > a
        decisions[k + HALF] = d > c


@compiled
def advance(
    levels: NDArray[np.int16], metrics: NDArray[np.int32], decisions: Octets, filled: int, sums: NDArray[np.int64]
) -> tuple[int, Octets]:
    """Decode bit times (n, 2); return how many decisions are kept, of DEPTH + BLOCK, and the bits decided.

    Blocks begin at fixed bit times, so the answer does not depend on the segmentation.
    """
    blocks = (filled + levels.shape[0] - DEPTH) // BLOCK if filled + levels.shape[0] >= DEPTH + BLOCK else 0
    bits = np.empty(blocks * BLOCK, np.uint8)
    spare = np.empty(STATES, np.int32)
    made = 0
    for t in range(levels.shape[0]):
        _step(levels[t], metrics, spare, decisions[filled])
        metrics[:] = spare
        sums[0] += abs(np.int64(levels[t, 0])) + abs(np.int64(levels[t, 1]))
        filled += 1
        if filled == DEPTH + BLOCK:
            best = int(np.argmax(metrics))
            bits[made : made + BLOCK] = trace(decisions, filled, best, BLOCK)
            made += BLOCK
            decisions[:DEPTH] = decisions[BLOCK:]
            filled = DEPTH
            sums[1] += metrics[best]
            metrics -= metrics[best]
    return filled, bits
