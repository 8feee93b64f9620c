"""Compiled loops over a stream of bits packed in octets, most significant bit first.

Bit numbers count from the first bit of the buffer. Callers keep every marker and frame inside the buffer.
"""

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

ONES = np.array([bin(octet).count("1") for octet in range(256)], np.int64)
HEAD = 32  # bits of the marker that the search looks at first; no marker is shorter


@compiled
def ones(word: np.uint64) -> int:
    """Return how many bits of a word are set: a pattern that compilers know and turn into one instruction."""
    word = word - (word >> np.uint64(1) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (word >> np.uint64(2) & np.uint64(0x3333333333333333))
    word = word + (word >> np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int(word * np.uint64(0x0101010101010101) >> np.uint64(56))


@compiled
def distance(buffer: Octets, bit: int, marker: Octets) -> int:
    """Return in how many bits the buffer differs from the marker at `bit`; all of them when it is inverted."""
    at, skip = bit >> 3, bit & 7
    wrong = 0
    for i in range(marker.size):
        octet = np.int64(buffer[at + i]) << skip
        if skip:
            octet |= np.int64(buffer[at + i + 1]) >> (8 - skip)
        wrong += ONES[(octet & 0xFF) ^ marker[i]]
    return wrong


@compiled
def good(buffer: Octets, bit: int, marker: Octets, errors: int) -> bool:
    """Tell whether the marker, or its inverse, stands at `bit` with at most `errors` wrong bits; false outside the buffer."""
    if bit + 8 * marker.size > 8 * buffer.size:
        return False
    wrong = distance(buffer, bit, marker)
    return wrong <= errors or 8 * marker.size - wrong <= errors


@compiled
def distances(buffer: Octets, bits: Column, marker: Octets) -> Column:
    """Return `distance` for every bit number."""
    out = np.empty(bits.size, np.int64)
    for i in range(bits.size):
        out[i] = distance(buffer, bits[i], marker)
    return out


@compiled
def markers_in_step(buffer: Octets, bit: int, period: int, count: int, marker: Octets, errors: int) -> int:
    """Return how many markers in a row, of `count` that stand every `period` bits from `bit` on, are good."""
    for i in range(count):
        if not good(buffer, bit + i * period, marker, errors):
            return i
    return count


@compiled
def find(buffer: Octets, first: int, end: int, marker: Octets, errors: int, period: int, next_errors: int) -> int:
    """Return the first bit number in [first, end) where the marker or its inverse stands with at most `errors` wrong bits.

    With a `period` that is not zero another one must stand that many bits later, with at most `next_errors`. -1: nowhere.
    """
    head, window = np.uint64(0), np.uint64(0)
    for i in range(4):
        head = head << np.uint64(8) | np.uint64(marker[i])
    at = first >> 3
    for i in range(at, min(at + 4, buffer.size)):
        window = window << np.uint64(8) | np.uint64(buffer[i])
    while 8 * at < end and at + marker.size <= buffer.size:
        window = window << np.uint64(8) & np.uint64(0xFFFFFFFFFF)
        if at + 4 < buffer.size:
            window |= np.uint64(buffer[at + 4])
        for skip in range(8):
            wrong = ones((window >> np.uint64(8 - skip) & np.uint64(0xFFFFFFFF)) ^ head)
            if errors < wrong < HEAD - errors:
                continue
            bit = 8 * at + skip
            here = first <= bit < end and good(buffer, bit, marker, errors)
            if here and (period == 0 or good(buffer, bit + period, marker, next_errors)):
                return bit
        at += 1
    return -1


@compiled
def cut(buffer: Octets, bits: Column, inverted: NDArray[np.bool_], octets: int) -> Octets:
    """Return rows of `octets` octets that begin at the given bits, turned where `inverted`."""
    out = np.empty((bits.size, octets), np.uint8)
    for i in range(bits.size):
        at, skip = bits[i] >> 3, bits[i] & 7
        flip = np.uint8(0xFF) if inverted[i] else np.uint8(0)
        row, source = out[i], buffer[at : at + octets]
        if skip == 0:
            for k in range(octets):
                row[k] = source[k] ^ flip
        else:
            behind = buffer[at + 1 : at + 1 + octets]
            for k in range(octets):
                row[k] = (np.uint8(source[k] << skip) | np.uint8(behind[k] >> (8 - skip))) ^ flip
    return out
