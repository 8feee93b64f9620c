"""Basic encoding rules of ASN.1 (ITU-T X.690) as far as SLE uses them: definite lengths, primitive strings, minimal integers.

Reading functions take the octets, where to read and where to stop; nothing here recurses or allocates more than it is given.
"""

from ..errors import DataError

CONSTRUCTED = 0x20
LONGEST_INTEGER = 9  # octets: any unsigned 64-bit value
LONGEST_OID = 64


def fault(what: str, at: int) -> DataError:
    """Return the error of octets at `at` that break the encoding rules or the constraints of their type."""
    return DataError(what, where=f"octet {at}", remedy="The peer is to send what ASN.1 of its service and version demands")


def context(number: int, *, constructed: bool = False) -> bytes:
    """Return the identifier octets of a context-specific tag of 0 to 16383."""
    lead = 0x80 | (CONSTRUCTED if constructed else 0)
    if number < 31:
        return bytes([lead | number])
    low = bytes([number & 0x7F])
    return bytes([lead | 31]) + (bytes([0x80 | number >> 7]) if number > 127 else b"") + low


def tlv(identifier: bytes, content: bytes) -> bytes:
    """Return identifier, length and content octets."""
    size = len(content)
    if size < 128:
        return identifier + bytes([size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return identifier + bytes([0x80 | len(length)]) + length + content


def content(octets: bytes, at: int, stop: int, identifier: bytes) -> tuple[int, int]:
    """Return where the content of the element at `at` begins and ends. Raises DataError when it is another or does not fit."""
    if not octets.startswith(identifier, at, stop):
        raise fault(f"identifier {octets[at : min(stop, at + len(identifier))].hex() or 'none'} is not {identifier.hex()}", at)
    at += len(identifier)
    if at >= stop:
        raise fault("the octets end before a length", at)
    size = octets[at]
    at += 1
    if size >= 128:
        count = size - 128
        if not 1 <= count <= 4 or at + count > stop:
            raise fault("a length is indefinite, longer than 4 octets or cut off", at - 1)
        size = int.from_bytes(octets[at : at + count])
        at += count
    if size > stop - at:
        raise fault(f"a length of {size} octets where {stop - at} are left", at)
    return at, at + size


def read_integer(octets: bytes, at: int, stop: int) -> int:
    """Return the integer whose content fills `at` to `stop`. Raises DataError when it is not minimal or past 64 bits."""
    size = stop - at
    if not 1 <= size <= LONGEST_INTEGER:
        raise fault(f"an integer of {size} octets", at)
    if size > 1 and ((octets[at] == 0 and octets[at + 1] < 128) or (octets[at] == 255 and octets[at + 1] >= 128)):
        raise fault("an integer has superfluous leading octets", at)
    return int.from_bytes(octets[at:stop], signed=True)


def integer_content(value: int) -> bytes:
    """Return the fewest two's complement octets of an integer."""
    return value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, signed=True)


def read_oid(octets: bytes, at: int, stop: int) -> tuple[int, ...]:
    """Return the arcs of the object identifier whose content fills `at` to `stop`."""
    if not 1 <= stop - at <= LONGEST_OID or octets[stop - 1] >= 128:
        raise fault("an object identifier is empty, too long or cut off", at)
    arcs: list[int] = []
    arc = 0
    for place in range(at, stop):
        octet = octets[place]
        if arc == 0 and octet == 128:
            raise fault("an arc of an object identifier has superfluous leading octets", place)
        arc = arc << 7 | octet & 0x7F
        if octet < 128:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return first, arcs[0] - 40 * first, *arcs[1:]


def oid_content(arcs: tuple[int, ...]) -> bytes:
    """Return the content octets of an object identifier of at least two arcs."""
    encoded = bytearray()
    for arc in (40 * arcs[0] + arcs[1], *arcs[2:]):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        encoded.extend(reversed(groups))
    return bytes(encoded)
