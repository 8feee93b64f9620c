"""The field of 256 elements of the CCSDS Reed-Solomon codes, and the two bases in which its elements are written.

All powers are taken of beta = alpha**11, alpha being a root of the field polynomial: in powers of beta the CCSDS code is an
ordinary Reed-Solomon code whose generator has consecutive roots (CCSDS 131.0-B).
"""

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]

FIELD_POLYNOMIAL = 0x187  # x^8 + x^7 + x^2 + x + 1
ROOT_STEP = 11
DUAL_ROWS = bytes.fromhex("8DEFEC86FA99AF7B")  # dual octet of each conventional bit, the most significant first
LOG_OF_ZERO = 510  # above every sum of two logarithms, so that EXP answers zero for a product with zero


def _times_alpha(value: int) -> int:
    value <<= 1
    return value ^ FIELD_POLYNOMIAL if value & 0x100 else value


def _tables() -> tuple[Octets, NDArray[np.int16]]:
    """Return beta**n for n up to twice the period and zero beyond, and the logarithms to base beta."""
    powers, logarithms = np.zeros(2 * LOG_OF_ZERO + 1, np.uint8), np.full(256, LOG_OF_ZERO, np.int16)
    value = 1
    for n in range(255):
        powers[n] = powers[n + 255] = value
        logarithms[value] = n
        for _ in range(ROOT_STEP):
            value = _times_alpha(value)
    return powers, logarithms


def _to_dual() -> Octets:
    table = np.zeros(256, np.uint8)
    for bit, row in enumerate(DUAL_ROWS):
        table[np.arange(256) & 0x80 >> bit != 0] ^= row
    return table


EXP, LOG = _tables()
TO_DUAL = _to_dual()  # dual octet of each conventional octet
TO_CONVENTIONAL = np.argsort(TO_DUAL).astype(np.uint8)


def multiply(left: Octets, right: Octets) -> Octets:
    """Return the products of field elements in the conventional basis; the shapes broadcast."""
    product: Octets = EXP[LOG[left].astype(np.int64) + LOG[right]]
    return product
