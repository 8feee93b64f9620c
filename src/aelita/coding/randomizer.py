"""Pseudo-randomizers of telemetry (CCSDS 131.0-B) and telecommand (CCSDS 231.0-B).

Each is a bit sequence, restarted for every codeblock, that is added modulo two. The sync marker is never randomized.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Octets = NDArray[np.uint8]

# First bits of each sequence, and the earlier bits whose sum is the next one: a[t + length] = sum of a[t + lag].
SEQUENCES = {
    "short": ("11111111", (0, 3, 5, 7)),  # period 255
    "long": ("00011100011100011", (0, 14)),  # period 131,071; the standard's preset string is shifted out last bit first
    "telecommand": ("11111111", (0, 1, 2, 3, 4, 6)),  # period 255
}


@cache
def _period(kind: str) -> Octets:
    """Return one period of a sequence, one bit an element."""
    start, lags = SEQUENCES[kind]
    length = len(start)
    bits = bytearray(int(bit) for bit in start) + bytes((1 << length) - 1 - length)
    for t in range(len(bits) - length):
        for lag in lags:
            bits[t + length] ^= bits[t + lag]
    return np.frombuffer(bytes(bits), np.uint8)


@cache
def sequence(kind: str, octets: int) -> Octets:
    """Return the first `octets` octets of the `short`, `long` or `telecommand` sequence. Raises UsageError for another name."""
    if kind not in SEQUENCES:
        raise UsageError(f"no randomizer is called {kind!r}", remedy=f"Choose one of {', '.join(SEQUENCES)}")
    made = np.packbits(np.resize(_period(kind), 8 * octets))
    made.setflags(write=False)
    return made


def derandomize(blocks: Octets, kind: str) -> Octets:
    """Return codeblocks with the randomizer removed, or applied: the two are the same operation.

    `blocks` has one codeblock a row, without its sync marker, or is a single codeblock. `kind` is `short` (255 bits), `long`
    (131,071 bits) or `telecommand`. Raises UsageError for another name.
    """
    return blocks ^ sequence(kind, blocks.shape[-1])


randomize = derandomize
