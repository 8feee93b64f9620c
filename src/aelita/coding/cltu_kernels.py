"""Compiled search for the start sequence of a CLTU in symbols, one octet each: 0 a sure zero, 255 a sure one."""

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled
from .bit_kernels import ones

Octets = NDArray[np.uint8]


@compiled
def find_start(symbols: Octets, first: int, pattern: np.uint64, bits: int, errors: int, either: bool) -> tuple[int, bool, int]:
    """Return where the pattern of `bits` bits, at most 64, first stands from `first` on, whether inverted, and its wrong bits.

    At most `errors` are allowed; the inverse counts if `either`. The place is -1 when it stands nowhere.
    """
    window = np.uint64(0)
    mask = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - bits)
    for i in range(first, symbols.size):
        window = (window << np.uint64(1) | np.uint64(symbols[i] >> 7)) & mask
        if i - first + 1 < bits:
            continue
        wrong = ones(window ^ pattern)
        if wrong <= errors:
            return i - bits + 1, False, wrong
        if either and bits - wrong <= errors:
            return i - bits + 1, True, bits - wrong
    return -1, False, 0
