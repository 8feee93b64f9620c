"""Frame header error control of AOS frames: a Reed-Solomon (10,6) code over four-bit symbols.

It protects the version, spacecraft id and virtual channel (octets 0 and 1) and the signalling field (octet 5), not the frame
count; the four check symbols are octets 6 and 7 (CCSDS 732.0-B). It mends any two wrong symbols.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]

FIELD_POLYNOMIAL = 0b10011  # x^4 + x + 1
GENERATOR = (8, 2, 8, 1)  # x^4 + a^3 x^3 + a x^2 + a^3 x + 1, the roots being a^6 to a^9
PROTECTED = np.array([0, 1, 5, 6, 7])
SYMBOLS, INFORMATION = 10, 6


def _product(a: int, b: int) -> int:
    total = 0
    for bit in range(4):
        if b >> bit & 1:
            total ^= a << bit
    for bit in (6, 5, 4):
        if total >> bit & 1:
            total ^= FIELD_POLYNOMIAL << (bit - 4)
    return total


def _check(information: int) -> int:
    """Return the 16 check bits of 24 information bits, by division through the generator."""
    register = [0, 0, 0, 0]
    for k in range(INFORMATION):
        feedback = (information >> (20 - 4 * k) & 15) ^ register[0]
        register = [r ^ _product(feedback, g) for r, g in zip([*register[1:], 0], GENERATOR, strict=True)]
    return register[0] << 12 | register[1] << 8 | register[2] << 4 | register[3]


@cache
def _check_tables() -> NDArray[np.uint16]:
    """Return table[k][octet]: the check bits that information octet k gives; the code is linear, so they add up."""
    return np.array([[_check(octet << (16 - 8 * k)) for octet in range(256)] for k in range(3)], np.uint16)


def _syndromes(words: NDArray[np.int64]) -> NDArray[np.int64]:
    tables = _check_tables()
    check = tables[0][words >> 32 & 255] ^ tables[1][words >> 24 & 255] ^ tables[2][words >> 16 & 255]
    return check.astype(np.int64) ^ (words & 0xFFFF)


@cache
def _mending() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for each of the 65,536 syndromes, the error pattern of 40 bits and its number of symbols (-1: beyond repair)."""
    single = np.array([symbol << (4 * place) for place in range(SYMBOLS) for symbol in range(1, 16)], np.int64)
    place = np.repeat(np.arange(SYMBOLS), 15)
    pairs = (single[:, None] | single[None, :])[place[:, None] < place[None, :]]
    pattern, symbols = np.zeros(1 << 16, np.int64), np.full(1 << 16, -1, np.int64)
    for errors, count in ((pairs, 2), (single, 1), (np.zeros(1, np.int64), 0)):
        at = _syndromes(errors)
        pattern[at], symbols[at] = errors, count
    return pattern, symbols


def header_check(address: int, signalling: int) -> int:
    """Return the header error control field of an AOS header: its first two octets as a number, and its sixth octet."""
    return _check(address << 8 | signalling)


def mend_headers(rows: Octets) -> tuple[Octets, NDArray[np.int64]]:
    """Correct the headers of AOS frames that carry header error control.

    `rows` has shape (frames, at least 8). Returns a copy of the first 8 octets with the protected symbols mended, and per
    frame the number of wrong symbols: 0 to 2, or -1 when there were more (those octets stay as received).
    """
    pattern, symbols = _mending()
    words = np.zeros(rows.shape[0], np.int64)
    for column in PROTECTED:
        words = words << 8 | rows[:, column]
    syndromes = _syndromes(words)
    words ^= pattern[syndromes]
    mended = rows[:, :8].copy()
    for k, column in enumerate(PROTECTED):
        mended[:, column] = words >> (32 - 8 * k) & 255
    return mended, symbols[syndromes]
