"""The one kernel that decodes packets to columns for any layout, from the layout's table of numbers.

Columns lie one after another in one octet buffer, which the kernel sees as unsigned words of 1, 2, 4 and 8 octets.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

BLOCK = 2048  # rows decoded at a time: their packets stay in the cache while field after field is taken from them
UNSIGNED, TWOS_COMPLEMENT, SIGN_MAGNITUDE, ONES_COMPLEMENT, BCD, PACKED_BCD, IEEE_HALF, MIL_1750A = range(8)  # as in mdb


@compiled
def word_of(buffer: Octets, at: int, skip: int, bits: int, size: int) -> np.uint64:
    """Return `bits` (1..64) bits that begin `skip` bits into octet `at`; octets from `size` on read as zero."""
    word = np.uint64(0)
    last = at + ((skip + bits - 1) >> 3)
    stop = min(last, at + 7)
    for k in range(at, stop + 1):
        word = (word << np.uint64(8)) | (np.uint64(buffer[k]) if 0 <= k < size else np.uint64(0))
    have = 8 * (stop - at + 1)
    word = (word << np.uint64(64 - have)) << np.uint64(skip)
    if last > at + 7 and last < size:
        word |= np.uint64(buffer[last]) >> np.uint64(8 - skip)
    return word >> np.uint64(64 - bits)


@compiled
def load_block(buffer: Octets, first: Column, at: int, rows: int, offset: int, bits: int, words: NDArray[np.uint64]) -> None:
    """Load one field of packets that begin at whole octets and hold it; 8 octets after each field's first lie in the buffer."""
    skip = offset & 7
    start = offset >> 3
    up, down = np.uint64(skip), np.uint64(64 - bits)
    one, three, eight = np.uint64(1), np.uint64(3), np.uint64(8)
    if skip + bits <= 8:
        mask, right = np.uint64((1 << bits) - 1), np.uint64(8 - skip - bits)
        for i in range(rows):
            p = (np.uint64(first[at + i]) >> three) + np.uint64(start)
            words[i] = (np.uint64(buffer[p]) >> right) & mask
    elif skip + bits <= 16:
        mask, right = np.uint64((1 << bits) - 1), np.uint64(16 - skip - bits)
        for i in range(rows):
            p = (np.uint64(first[at + i]) >> three) + np.uint64(start)
            words[i] = (((np.uint64(buffer[p]) << eight) | np.uint64(buffer[p + one])) >> right) & mask
    else:
        for i in range(rows):
            p = (np.uint64(first[at + i]) >> three) + np.uint64(start)
            word = (
                (np.uint64(buffer[p]) << np.uint64(56))
                | (np.uint64(buffer[p + one]) << np.uint64(48))
                | (np.uint64(buffer[p + np.uint64(2)]) << np.uint64(40))
                | (np.uint64(buffer[p + three]) << np.uint64(32))
                | (np.uint64(buffer[p + np.uint64(4)]) << np.uint64(24))
                | (np.uint64(buffer[p + np.uint64(5)]) << np.uint64(16))
                | (np.uint64(buffer[p + np.uint64(6)]) << eight)
                | np.uint64(buffer[p + np.uint64(7)])
            )
            words[i] = (word << up) >> down
        if skip + bits > 64:
            lost = np.uint64(72 - skip - bits)
            for i in range(rows):
                p = (np.uint64(first[at + i]) >> three) + np.uint64(start)
                words[i] |= np.uint64(buffer[p + eight]) >> lost


@compiled
def rearrange(word: np.uint64, bits: int, order: NDArray[np.int64], ordered: bool, reversed_bits: bool) -> np.uint64:
    """Return a word whose octets arrived in this order of significances, and whose bits in each octet least significant first.

    The last octet is short when `bits` is no multiple of 8.
    """
    left, out = bits, np.uint64(0)
    for k in range((bits + 7) >> 3):
        here = min(left, 8)
        left -= here
        octet = (word >> np.uint64(left)) & np.uint64((1 << here) - 1)
        if reversed_bits:
            arrived, octet = octet, np.uint64(0)
            for j in range(here):
                octet = (octet << np.uint64(1)) | ((arrived >> np.uint64(j)) & np.uint64(1))
        out |= octet << np.uint64(8 * order[k] if ordered else left)
    return out


@compiled
def half_to_single(word: np.uint64) -> np.uint64:
    """Return the bits of the 32-bit float that equals an IEEE 754 half float."""
    sign = (word & np.uint64(0x8000)) << np.uint64(16)
    exponent, fraction = (word >> np.uint64(10)) & np.uint64(31), word & np.uint64(0x3FF)
    if exponent == np.uint64(31):
        return sign | np.uint64(0x7F800000) | (fraction << np.uint64(13))
    rebiased = exponent + np.uint64(112)
    if exponent == np.uint64(0):
        if fraction == np.uint64(0):
            return sign
        rebiased += np.uint64(1)
        while fraction & np.uint64(0x400) == np.uint64(0):
            fraction <<= np.uint64(1)
            rebiased -= np.uint64(1)
        fraction &= np.uint64(0x3FF)
    return sign | (rebiased << np.uint64(23)) | (fraction << np.uint64(13))


@compiled
def mil_1750a(word: np.uint64, bits: int) -> float:
    """Return the value of a MIL-STD-1750A float of 32 or 48 bits, or of 16 (10 bits of fraction, 6 of exponent)."""
    if bits == 16:
        exponent, exponent_bits, fraction, fraction_bits = word & np.uint64(0x3F), 6, word >> np.uint64(6), 10
    elif bits == 32:
        exponent, exponent_bits, fraction, fraction_bits = word & np.uint64(0xFF), 8, word >> np.uint64(8), 24
    else:  # the exponent stands between the upper 24 and the lower 16 bits of the fraction
        exponent, exponent_bits, fraction_bits = (word >> np.uint64(16)) & np.uint64(0xFF), 8, 40
        fraction = ((word >> np.uint64(24)) << np.uint64(16)) | (word & np.uint64(0xFFFF))
    power, mantissa = np.int64(exponent), np.int64(fraction)
    if power >= 1 << (exponent_bits - 1):
        power -= 1 << exponent_bits
    if mantissa >= np.int64(1) << (fraction_bits - 1):
        mantissa -= np.int64(1) << fraction_bits
    return math.ldexp(float(mantissa), int(power) - fraction_bits + 1)


@compiled
def decimal(word: np.uint64, bits: int, digit_bits: int) -> np.int64:
    """Return the value of decimal digits of 4 bits each, one in every `digit_bits` bits; -1 when one is above nine."""
    value = np.uint64(0)
    left = bits
    while left > 0:
        here = left % digit_bits
        here = digit_bits if here == 0 else here
        left -= here
        digit = (word >> np.uint64(left)) & np.uint64((1 << here) - 1)
        if digit > np.uint64(9):
            return np.int64(-1)
        value = value * np.uint64(10) + digit
    return np.int64(value)


@compiled
def interpret_block(
    words: NDArray[np.uint64], doubles: NDArray[np.float64], rows: int, bits: int, kind: int, faults: NDArray[np.bool_]
) -> None:
    """Turn the bits in `words` into the bits of the values, in place. `doubles` is the same memory, seen as floats."""
    sign = np.uint64(1) << np.uint64(bits - 1)
    top = np.uint64(64 - bits)
    if kind in (TWOS_COMPLEMENT, ONES_COMPLEMENT):
        for i in range(rows):
            negative = words[i] & sign
            value = np.int64(words[i] << top) >> np.int64(top)
            words[i] = np.uint64(value + (1 if kind == ONES_COMPLEMENT and negative else 0))
    elif kind == SIGN_MAGNITUDE:
        for i in range(rows):
            magnitude = np.int64(words[i] & (sign - np.uint64(1)))
            words[i] = np.uint64(-magnitude if words[i] & sign else magnitude)
    elif kind in (BCD, PACKED_BCD):
        for i in range(rows):
            value = decimal(words[i], bits, 8 if kind == BCD else 4)
            faults[i] = value < 0
            words[i] = np.uint64(max(value, np.int64(0)))
    elif kind == IEEE_HALF:
        for i in range(rows):
            words[i] = half_to_single(words[i])
    elif kind == MIL_1750A:
        for i in range(rows):
            doubles[i] = mil_1750a(words[i], bits)


@compiled
def store_block(
    words: NDArray[np.uint64],
    rows: int,
    width: int,
    place: int,
    out1: Octets,
    out2: NDArray[np.uint16],
    out4: NDArray[np.uint32],
    out8: NDArray[np.uint64],
) -> None:
    """Put the lowest `width` octets of each word at `place` octets and on."""
    if width == 1:
        for i in range(rows):
            out1[place + i] = np.uint8(words[i])
    elif width == 2:
        for i in range(rows):
            out2[(place >> 1) + i] = np.uint16(words[i])
    elif width == 4:
        for i in range(rows):
            out4[(place >> 2) + i] = np.uint32(words[i])
    else:
        for i in range(rows):
            out8[(place >> 3) + i] = words[i]


@compiled
def decode_fields(
    buffer: Octets,
    first: Column,
    end: Column,
    cells: NDArray[np.int64],
    orders: NDArray[np.int64],
    places: Column,
    out1: Octets,
    out2: NDArray[np.uint16],
    out4: NDArray[np.uint32],
    out8: NDArray[np.uint64],
    faults: NDArray[np.bool_],
) -> None:
    """Decode the fields in `cells` (a layout's table) from packets between bits `first` and `end` of the buffer.

    Field f's column begins at octet `places[f]` of the output. A field that its packet does not hold becomes zero; digits above
    nine set `faults` in the field's row. Every `end` lies within the buffer, every `first` is 0 or more.
    """
    words = np.empty(BLOCK, np.uint64)
    doubles = words.view(np.float64)
    none = np.empty(BLOCK, np.bool_)
    size = buffer.size
    for at in range(0, first.size, BLOCK):
        rows = min(BLOCK, first.size - at)
        regular, room, highest = True, end[at] - first[at], np.int64(0)
        for i in range(rows):
            regular &= first[at + i] & 7 == 0
            room = min(room, end[at + i] - first[at + i])
            highest = max(highest, first[at + i])
        for f in range(cells.shape[0]):
            offset, bits, kind, width = cells[f, 0], cells[f, 1], cells[f, 2], cells[f, 5]
            if regular and offset + bits <= room and ((highest + offset) >> 3) + 9 <= size:
                load_block(buffer, first, at, rows, offset, bits, words)
            else:
                for i in range(rows):
                    bit = first[at + i] + offset
                    held = bit + bits <= end[at + i]
                    words[i] = word_of(buffer, bit >> 3, bit & 7, bits, size) if held else np.uint64(0)
            if cells[f, 3] >= 0 or cells[f, 4]:
                order = orders[max(cells[f, 3], np.int64(0))]
                for i in range(rows):
                    words[i] = rearrange(words[i], bits, order, cells[f, 3] >= 0, cells[f, 4] != 0)
            if kind != UNSIGNED:
                fault = faults[cells[f, 6], at:] if cells[f, 6] >= 0 else none
                interpret_block(words, doubles, rows, bits, kind, fault)
            store_block(words, rows, width, places[f] + at * width, out1, out2, out4, out8)


@compiled
def all_whole(first: Column, end: Column, bits: int, size: int) -> bool:
    """Tell whether every packet begins at a whole octet, holds `bits` bits and lies in a buffer of `size` octets."""
    whole = True
    for i in range(first.size):
        whole &= first[i] >= 0 and first[i] & 7 == 0 and end[i] - first[i] >= bits and end[i] <= 8 * size
    return whole


@compiled
def spans(offset: Column, length: Column, size: int) -> tuple[Column, Column]:
    """Return the first bit of every packet and the one after its last, within a buffer of `size` octets."""
    first, end = np.empty(offset.size, np.int64), np.empty(offset.size, np.int64)
    for i in range(offset.size):
        start = min(max(offset[i], np.int64(0)), np.int64(size))
        room = np.int64(size) - start
        first[i], end[i] = 8 * start, 8 * (start + min(max(length[i], np.int64(0)), room))
    return first, end


@compiled
def least_room(first: Column, end: Column) -> int:
    """Return the bits of the shortest packet, zero when there is none."""
    least = end[0] - first[0] if first.size else np.int64(0)
    for i in range(first.size):
        least = min(least, end[i] - first[i])
    return int(least)
