"""How each encoding is read, as numbers that a kernel understands."""

from dataclasses import dataclass

from .types import BinaryEncoding, ByteOrder, Encoding, FloatEncoding, FloatScheme, IntegerEncoding, IntegerScheme, StringEncoding

# what a kernel does with the bits of a field once they stand in a 64-bit word
UNSIGNED, TWOS_COMPLEMENT, SIGN_MAGNITUDE, ONES_COMPLEMENT, BCD, PACKED_BCD, IEEE_HALF, MIL_1750A, OCTETS = range(9)

SCHEMES = {
    IntegerScheme.UNSIGNED: UNSIGNED,
    IntegerScheme.TWOS_COMPLEMENT: TWOS_COMPLEMENT,
    IntegerScheme.SIGN_MAGNITUDE: SIGN_MAGNITUDE,
    IntegerScheme.ONES_COMPLEMENT: ONES_COMPLEMENT,
    IntegerScheme.BCD: BCD,
    IntegerScheme.PACKED_BCD: PACKED_BCD,
}
SIGNED = (TWOS_COMPLEMENT, SIGN_MAGNITUDE, ONES_COMPLEMENT)


@dataclass(frozen=True, slots=True)
class Reading:
    """How `bits` bits become a value: the kind, the order of their octets, and the NumPy type of the column.

    `order` is the significance of each octet as it arrives (0 is least), empty when they arrive most significant first.
    `reversed_bits`: within each octet the least significant bit arrives first.
    """

    bits: int
    kind: int
    dtype: str
    order: tuple[int, ...] = ()
    reversed_bits: bool = False

    @property
    def checked(self) -> bool:
        """Whether some bit patterns are no value at all."""
        return self.kind in (BCD, PACKED_BCD)


def reading_of(encoding: Encoding) -> Reading | str:
    """Return how to read an encoding of fixed size, or the reason why it cannot be read."""
    if isinstance(encoding, IntegerEncoding):
        return _integer(encoding)
    if isinstance(encoding, FloatEncoding):
        return _float(encoding)
    size = encoding.size
    if not isinstance(size, int):
        return "its size is not fixed"
    if size < 0:
        return f"a size of {size} bits"
    return Reading(size, OCTETS, "O")


def _integer(encoding: IntegerEncoding) -> Reading | str:
    if not 1 <= encoding.bits <= 64:
        return f"an integer of {encoding.bits} bits: 1 to 64 are read"
    kind = SCHEMES[encoding.scheme]
    octets = next(n for n in (1, 2, 4, 8) if encoding.bits <= 8 * n)
    order = _order(encoding.byte_order, encoding.bits)
    if isinstance(order, str):
        return order
    letter = "i" if kind in SIGNED else "u"
    return Reading(encoding.bits, kind, f"{letter}{octets}", order, encoding.byte_order.least_significant_bit_first)


def _float(encoding: FloatEncoding) -> Reading | str:
    ieee = encoding.scheme is FloatScheme.IEEE754
    if encoding.bits not in ((16, 32, 64) if ieee else (16, 32, 48)):
        return f"a float of {encoding.bits} bits in {encoding.scheme.value}"
    order = _order(encoding.byte_order, encoding.bits)
    if isinstance(order, str):
        return order
    kind = MIL_1750A if not ieee else IEEE_HALF if encoding.bits == 16 else UNSIGNED
    dtype = "f4" if ieee and encoding.bits <= 32 else "f8"
    return Reading(encoding.bits, kind, dtype, order, encoding.byte_order.least_significant_bit_first)


def _order(byte_order: ByteOrder, bits: int) -> tuple[int, ...] | str:
    """Return the octet order, empty when big-endian; the last octet of a size that is no multiple of 8 is the short one."""
    octets = (bits + 7) // 8
    order = byte_order.order
    if not order or order == tuple(range(octets - 1, -1, -1)):
        return ()
    if sorted(order) != list(range(octets)):
        return f"a byte order {order} for {bits} bits"
    if bits % 8 and order != tuple(range(octets)):
        return f"a byte order {order} for {bits} bits, which are no whole octets"
    return order


def text_of(field: bytes, encoding: StringEncoding | BinaryEncoding) -> bytes | None:
    """Return the octets of the value in a string's or binary's field, None when its leading number contradicts the field.

    A text whose termination is missing fills the field.
    """
    lead = encoding.length_prefix_bits
    if lead:
        whole = int.from_bytes(field)
        count = whole >> (8 * len(field) - lead) if 8 * len(field) >= lead else None
        if lead % 8 or count is None or lead // 8 + count > len(field):
            return None
        return field[lead // 8 : lead // 8 + count]
    if isinstance(encoding, StringEncoding) and encoding.termination:
        width = len(encoding.termination)
        ends = (at for at in range(0, len(field), width) if field.startswith(encoding.termination, at))
        return field[: next(ends, len(field))]
    return field
