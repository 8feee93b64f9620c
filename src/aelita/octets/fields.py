"""Bit fields of 1 to 64 bits at any bit offset, most significant bit first."""

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .kernels import compiled

Octets = NDArray[np.uint8]


@compiled
def field_at(buffer: Octets, first_bit: int, bits: int) -> np.uint64:
    """Return `bits` (1..64) bits from bit `first_bit` on; the caller answers for the bounds. For use inside kernels."""
    at = first_bit >> 3
    skip = first_bit & 7
    value = np.uint64(buffer[at]) & np.uint64(0xFF >> skip)
    have = 8 - skip
    if have >= bits:
        return value >> np.uint64(have - bits)
    while bits - have >= 8:
        at += 1
        value = (value << np.uint64(8)) | np.uint64(buffer[at])
        have += 8
    rest = bits - have
    if rest > 0:
        value = (value << np.uint64(rest)) | (np.uint64(buffer[at + 1]) >> np.uint64(8 - rest))
    return value


@compiled
def field_inside(buffer: Octets, first_bit: int, bits: int) -> bool:
    """Tell whether `buffer` holds all `bits` (1..64) bits from `first_bit` on: what a kernel asks before the two others."""
    return first_bit >= 0 and 1 <= bits <= 64 and first_bit <= 8 * buffer.size - bits


@compiled
def put_field_at(buffer: Octets, first_bit: int, bits: int, value: np.uint64) -> None:
    """Put the low `bits` (1..64) bits of `value` from bit `first_bit` on; the caller answers for the bounds."""
    left = bits
    at = first_bit >> 3
    skip = first_bit & 7
    while left > 0:
        take = min(8 - skip, left)
        shift = 8 - skip - take
        mask = ((1 << take) - 1) << shift
        part = np.int64((value >> np.uint64(left - take)) & np.uint64((1 << take) - 1)) << shift
        buffer[at] = (buffer[at] & (0xFF ^ mask)) | part
        left -= take
        at += 1
        skip = 0


def read_field(data: bytes | bytearray | memoryview | Octets, first_bit: int, bits: int) -> int:
    """Return the unsigned number in `bits` bits from `first_bit` on. Raises DataError when the field leaves `data`."""
    octets = bytes(data)
    if first_bit < 0 or bits < 1 or first_bit + bits > 8 * len(octets):
        raise DataError(f"a field of {bits} bits at bit {first_bit} leaves the {8 * len(octets)} bits there are")
    end = (first_bit + bits + 7) // 8
    word = int.from_bytes(octets[first_bit // 8 : end])
    return (word >> (8 * end - first_bit - bits)) & ((1 << bits) - 1)


def write_field(data: bytearray, first_bit: int, bits: int, value: int) -> None:
    """Put the unsigned `value` into `bits` bits of `data` from `first_bit` on. Raises DataError when it does not fit."""
    if first_bit < 0 or bits < 1 or first_bit + bits > 8 * len(data):
        raise DataError(f"a field of {bits} bits at bit {first_bit} leaves the {8 * len(data)} bits there are")
    if not 0 <= value < 1 << bits:
        raise DataError(f"{value} does not fit into {bits} bits")
    start, end = first_bit // 8, (first_bit + bits + 7) // 8
    shift = 8 * end - first_bit - bits
    word = int.from_bytes(data[start:end]) & ~(((1 << bits) - 1) << shift)
    data[start:end] = (word | value << shift).to_bytes(end - start)
