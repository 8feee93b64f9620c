"""One field of one packet in plain Python: whole numbers and octets, straight from the encoding's definition.

Numbers share nothing with the kernels, so that the one can be held against the other.
"""

import struct

from .encodings import text_of
from .types import ByteOrder, Encoding, FloatEncoding, FloatScheme, IntegerEncoding, IntegerScheme

Raw = int | float | bytes | None
MIL_PARTS = {16: (10, 6), 32: (24, 8), 48: (40, 8)}  # bits of fraction and exponent


def bits_of(octets: bytes, start: int, bits: int) -> int:
    """Return the unsigned number in `bits` bits from bit `start` on; the caller answers for the bounds."""
    end = start + bits
    return (int.from_bytes(octets[start >> 3 : (end + 7) >> 3]) >> (-end & 7)) & ((1 << bits) - 1)


def plain_value(octets: bytes, start: int, bits: int, encoding: Encoding) -> Raw:
    """Return the raw value of an encoding in `bits` bits from bit `start` on; None when the bits are no value."""
    word = bits_of(octets, start, bits)
    if isinstance(encoding, IntegerEncoding):
        return _integer(ordered(word, bits, encoding.byte_order), bits, encoding.scheme)
    if isinstance(encoding, FloatEncoding):
        return _float(ordered(word, bits, encoding.byte_order), bits, encoding.scheme)
    field = word.to_bytes((bits + 7) // 8)
    return text_of(field, encoding)


def ordered(word: int, bits: int, order: ByteOrder) -> int:
    """Return the number whose octets arrived in this order; the last one is short when `bits` is no multiple of 8."""
    if not order.order and not order.least_significant_bit_first:
        return word
    left, value = bits, 0
    for k in range((bits + 7) // 8):
        here = min(left, 8)
        left -= here
        octet = (word >> left) & ((1 << here) - 1)
        if order.least_significant_bit_first:
            octet = int(format(octet, f"0{here}b")[::-1], 2)
        value |= octet << (8 * order.order[k] if order.order else left)
    return value


def _integer(word: int, bits: int, scheme: IntegerScheme) -> int | None:
    negative = word >> (bits - 1)
    match scheme:
        case IntegerScheme.TWOS_COMPLEMENT:
            return word - (1 << bits) if negative else word
        case IntegerScheme.ONES_COMPLEMENT:
            return word - (1 << bits) + 1 if negative else word
        case IntegerScheme.SIGN_MAGNITUDE:
            return (1 << (bits - 1)) - word if negative else word
        case IntegerScheme.BCD | IntegerScheme.PACKED_BCD:
            return _decimal(word, bits, 8 if scheme is IntegerScheme.BCD else 4)
    return word


def _decimal(word: int, bits: int, digit_bits: int) -> int | None:
    digits = [(word >> shift) & ((1 << digit_bits) - 1) for shift in range(0, bits, digit_bits)]
    return None if max(digits) > 9 else sum(digit * 10**k for k, digit in enumerate(digits))


def _float(word: int, bits: int, scheme: FloatScheme) -> float:
    if scheme is FloatScheme.IEEE754:
        return float(struct.unpack({16: ">e", 32: ">f", 64: ">d"}[bits], word.to_bytes(bits // 8))[0])
    fraction_bits, exponent_bits = MIL_PARTS[bits]
    fraction, exponent = word >> exponent_bits, word & ((1 << exponent_bits) - 1)
    if bits == 48:  # the exponent stands between the upper 24 and the lower 16 bits of the fraction
        fraction, exponent = (word >> 24 << 16) | (word & 0xFFFF), (word >> 16) & 0xFF
    fraction -= (fraction >> (fraction_bits - 1)) << fraction_bits
    exponent -= (exponent >> (exponent_bits - 1)) << exponent_bits
    return float(fraction) * 2.0 ** (exponent - fraction_bits + 1)
