"""Compiled decoder of low-density parity-check codes: layered, normalized min-sum."""

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled

Floats = NDArray[np.float32]
Octets = NDArray[np.uint8]
Checks = NDArray[np.int32]
Column = NDArray[np.int64]


@compiled
def satisfied(beliefs: Floats, checks: Checks) -> bool:
    """Tell whether the signs of the beliefs, negative for a one, fulfil every parity check."""
    for row in range(checks.shape[0]):
        odd = False
        for edge in range(checks.shape[1]):
            odd ^= beliefs[checks[row, edge]] < 0
        if odd:
            return False
    return True


@compiled
def exchange(beliefs: Floats, messages: Floats, bits: Checks, factor: np.float32) -> None:
    """Renew what one check tells its bits: `messages` and `beliefs` change, `bits` are the bits that it adds."""
    least, second, at = np.float32(np.inf), np.float32(np.inf), -1
    odd = False
    for edge in range(bits.size):
        told = beliefs[bits[edge]] - messages[edge]
        odd ^= told < 0
        size = abs(told)
        if size < least:
            least, second, at = size, least, edge
        elif size < second:
            second = size
    for edge in range(bits.size):
        told = beliefs[bits[edge]] - messages[edge]
        size = factor * (second if edge == at else least)
        messages[edge] = -size if odd ^ (told < 0) else size
        beliefs[bits[edge]] = told + messages[edge]


@compiled
def decode_words(channel: Floats, checks: Checks, iterations: int, factor: np.float32, found: Octets) -> Column:
    """Decode rows of `channel`, beliefs negative for a one, into bits in `found`; return the wrong bits of each, -1: not decoded.

    Every entry of `checks` names a column of `channel`, and `found` has the shape of `channel`.
    """
    wrong = np.empty(channel.shape[0], np.int64)
    for word in range(channel.shape[0]):
        beliefs = channel[word].copy()
        messages = np.zeros(checks.shape, np.float32)
        done = satisfied(beliefs, checks)
        for _ in range(iterations):
            if done:
                break
            for row in range(checks.shape[0]):
                exchange(beliefs, messages[row], checks[row], factor)
            done = satisfied(beliefs, checks)
        count = 0
        for bit in range(channel.shape[1]):
            found[word, bit] = beliefs[bit] < 0
            count += (beliefs[bit] < 0) != (channel[word, bit] < 0)
        wrong[word] = count if done else -1
    return wrong
