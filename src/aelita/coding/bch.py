"""The (63,56) BCH code of telecommands (CCSDS 231.0-B): seven octets of information, seven inverted check bits, one filler bit.

Its generator x^7 + x^6 + x^2 + 1 is (x + 1) times that of a Hamming code: every two codewords differ in at least four bits, so
a decoder either detects up to three wrong bits, or corrects one and detects two.
"""

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

INFORMATION_OCTETS = 7
CODEWORD_OCTETS = 8
CODEWORD_BITS = 63  # the 64th bit is the filler
GENERATOR = 0b11000101
CHECK_MASK = 0x7F


def _remainders() -> Octets:
    """Return [octet position, octet value]: what is left of that octet, moved to its place, after division by the generator."""
    powers = np.zeros(CODEWORD_BITS, np.uint8)  # of x, modulo the generator
    powers[0] = 1
    for power in range(1, CODEWORD_BITS):
        shifted = int(powers[power - 1]) << 1
        powers[power] = shifted ^ GENERATOR if shifted > CHECK_MASK else shifted
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    places = powers[::-1][: 8 * INFORMATION_OCTETS].reshape(INFORMATION_OCTETS, 1, 8)
    return np.bitwise_xor.reduce(np.where(bits, places, np.uint8(0)), axis=2)


def _positions() -> NDArray[np.int64]:
    """Return [syndrome]: the bit, the first transmitted being 0, whose error leaves it; -1 when no single error does."""
    found = np.full(CHECK_MASK + 1, -1, np.int64)
    for octet in range(INFORMATION_OCTETS):
        for bit in range(8):
            found[REMAINDERS[octet, 0x80 >> bit]] = 8 * octet + bit
    for bit in range(7):
        found[0x40 >> bit] = 8 * INFORMATION_OCTETS + bit
    return found


REMAINDERS = _remainders()
POSITIONS = _positions()


def _checks(information: Octets) -> Octets:
    return np.bitwise_xor.reduce(REMAINDERS[np.arange(INFORMATION_OCTETS), information], axis=-1)


def encode_bch(information: Octets) -> Octets:
    """Return codewords (n, 8) of information (n, 7). Raises UsageError for another shape."""
    if information.ndim != 2 or information.shape[1] != INFORMATION_OCTETS:
        raise UsageError(f"information of shape {information.shape} is not rows of {INFORMATION_OCTETS} octets")
    last = (_checks(information) ^ CHECK_MASK) << 1
    return np.concatenate([information, last[:, None]], axis=1)


def decode_bch(codewords: Octets, *, correct: bool) -> tuple[Octets, Column]:
    """Return the information (n, 7) of received codewords (n, 8), and in how many bits each was wrong: -1 is uncorrectable.

    With `correct` one wrong bit is put right, but never in a codeword whose filler bit is one, as it is in the tail
    sequence: then a wrong bit in the tail cannot make a codeword of it. A wrong filler bit alone is counted and does no
    harm. Without `correct` any other error rejects. Raises UsageError for another shape.
    """
    if codewords.ndim != 2 or codewords.shape[1] != CODEWORD_OCTETS:
        raise UsageError(f"codewords of shape {codewords.shape} are not rows of {CODEWORD_OCTETS} octets")
    information = codewords[:, :INFORMATION_OCTETS].copy()
    filler = (codewords[:, -1] & 1).astype(np.int64)
    syndromes = _checks(information) ^ (codewords[:, -1] >> 1) ^ CHECK_MASK
    position = POSITIONS[syndromes]
    clean = syndromes == 0
    single = ~clean & (position >= 0) & (filler == 0) & correct
    for row in np.flatnonzero(single & (position < 8 * INFORMATION_OCTETS)):
        information[row, position[row] >> 3] ^= 0x80 >> (position[row] & 7)
    return information, np.where(clean, filler, np.where(single, 1, -1))
