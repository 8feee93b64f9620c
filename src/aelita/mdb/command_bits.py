"""Raw values as the bits of their fields: the counterpart of reading them.

A reading of these bits by `plain` gives the raw value back; NUL octets fill the rest of a field of text.
"""

import math
import struct

from .arguments import Fault, Refused
from .arguments_inverse import raw_limits
from .plain import MIL_PARTS, Raw
from .types import (
    BinaryEncoding,
    ByteOrder,
    Encoding,
    FloatEncoding,
    FloatScheme,
    IntegerEncoding,
    IntegerScheme,
    StringEncoding,
)

IEEE = {16: ">e", 32: ">f", 64: ">d"}


def field_word(raw: Raw, encoding: Encoding, bits: int) -> int:
    """Return the unsigned number of the `bits` bits that hold a raw value. Raises Refused when they cannot."""
    if isinstance(encoding, IntegerEncoding):
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise Refused(Fault.TYPE, f"its raw value is a whole number, not {raw!r}")
        return _arrived(_integer(raw, encoding), bits, encoding.byte_order)
    if isinstance(encoding, FloatEncoding):
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise Refused(Fault.TYPE, f"its raw value is a number, not {raw!r}")
        return _arrived(_float(float(raw), encoding), bits, encoding.byte_order)
    if not isinstance(raw, bytes):
        raise Refused(Fault.TYPE, f"its raw value is octets, not {raw!r}")
    return _octets(raw, encoding, bits)


def field_bits(raw: Raw, encoding: StringEncoding | BinaryEncoding) -> int:
    """Return the bits of a field that is as long as what it holds: after its length, or up to its termination."""
    octets = len(raw) if isinstance(raw, bytes) else 0
    if encoding.length_prefix_bits:
        return encoding.length_prefix_bits + 8 * octets
    termination = encoding.termination if isinstance(encoding, StringEncoding) else None
    return 8 * (octets + len(termination or b""))


def _arrived(value: int, bits: int, order: ByteOrder) -> int:
    """Return a number with its octets, and the bits in them, in the order in which they are transmitted."""
    if not order.order and not order.least_significant_bit_first:
        return value
    left, word = bits, 0
    for k in range((bits + 7) // 8):
        here = min(left, 8)
        left -= here
        octet = (value >> (8 * order.order[k] if order.order else left)) & ((1 << here) - 1)
        if order.least_significant_bit_first:
            octet = int(format(octet, f"0{here}b")[::-1], 2)
        word = (word << here) | octet
    return word


def _integer(raw: int, encoding: IntegerEncoding) -> int:
    low, high = raw_limits(encoding)
    if not low <= raw <= high:
        raise Refused(
            Fault.REPRESENTATION, f"{raw} does not fit into {encoding.bits} bits, {encoding.scheme.value}: {low} to {high}"
        )
    match encoding.scheme:
        case IntegerScheme.TWOS_COMPLEMENT:
            return raw & ((1 << encoding.bits) - 1)
        case IntegerScheme.ONES_COMPLEMENT:
            return raw if raw >= 0 else raw + (1 << encoding.bits) - 1
        case IntegerScheme.SIGN_MAGNITUDE:
            return raw if raw >= 0 else (1 << (encoding.bits - 1)) - raw
        case IntegerScheme.BCD | IntegerScheme.PACKED_BCD:
            digit_bits = 8 if encoding.scheme is IntegerScheme.BCD else 4
            return sum(int(digit) << (digit_bits * place) for place, digit in enumerate(reversed(str(raw))))
    return raw


def _float(raw: float, encoding: FloatEncoding) -> int:
    if encoding.scheme is FloatScheme.MILSTD_1750A:
        return _mil_1750a(raw, encoding.bits)
    try:
        return int.from_bytes(struct.pack(IEEE[encoding.bits], raw))
    except OverflowError as error:
        raise Refused(Fault.REPRESENTATION, f"{raw!r} is too large for a float of {encoding.bits} bits") from error


def _mil_1750a(raw: float, bits: int) -> int:
    """Return the bits of the nearest MIL-STD-1750A float: a fraction from -1 to below 1 and a power of two."""
    if not math.isfinite(raw):
        raise Refused(Fault.REPRESENTATION, f"{raw!r} has no form in MIL-STD-1750A")
    fraction_bits, exponent_bits = MIL_PARTS[bits]
    unit, least = 1 << (fraction_bits - 1), -(1 << (exponent_bits - 1))
    exponent = max(math.frexp(raw)[1], least) if raw else least
    fraction = round(math.ldexp(raw, fraction_bits - 1 - exponent))
    if fraction >= unit:
        exponent += 1
        fraction = round(math.ldexp(raw, fraction_bits - 1 - exponent))
    elif fraction == -unit // 2 and exponent > least:  # -1 times the next lower power is its normal form
        exponent, fraction = exponent - 1, -unit
    if exponent > -least - 1:
        raise Refused(Fault.REPRESENTATION, f"{raw!r} is too large for a MIL-STD-1750A float of {bits} bits")
    fraction &= (1 << fraction_bits) - 1
    power = (exponent if fraction else 0) & ((1 << exponent_bits) - 1)
    if bits == 48:  # the exponent stands between the upper 24 and the lower 16 bits of the fraction
        return (fraction >> 16) << 24 | power << 16 | (fraction & 0xFFFF)
    return fraction << exponent_bits | power


def _octets(raw: bytes, encoding: StringEncoding | BinaryEncoding, bits: int) -> int:
    """Return a field of octets: a length, the octets, a termination, and NULs where a text is shorter than its field."""
    lead = encoding.length_prefix_bits
    text = isinstance(encoding, StringEncoding)
    if lead:
        if len(raw) >> lead:
            raise Refused(Fault.SIZE, f"its {len(raw)} octets cannot be counted in {lead} bits")
        held = (len(raw) << 8 * len(raw)) | int.from_bytes(raw)
        return _filled(held, lead + 8 * len(raw), bits, text)
    termination = encoding.termination if isinstance(encoding, StringEncoding) else None
    if termination:
        width = len(termination)
        if any(raw.startswith(termination, at) for at in range(0, len(raw), width)):
            raise Refused(Fault.REPRESENTATION, f"it holds its own termination {termination.hex(' ').upper()}")
        ended = raw + termination if 8 * (len(raw) + width) <= bits else raw  # a text that fills its field has none
        return _filled(int.from_bytes(ended), 8 * len(ended), bits, text)
    if not text and bits % 8 and len(raw) == (bits + 7) // 8:
        if int.from_bytes(raw) >> bits:
            raise Refused(Fault.SIZE, f"its value has more than {bits} bits")
        return int.from_bytes(raw)
    return _filled(int.from_bytes(raw), 8 * len(raw), bits, text)


def _filled(word: int, held: int, bits: int, text: bool) -> int:
    if held > bits:
        raise Refused(Fault.SIZE, f"it needs {held} bits, and its field has {bits}")
    if held < bits and not text:
        raise Refused(Fault.SIZE, f"it has {held} bits, and its field has exactly {bits}")
    return word << (bits - held)
