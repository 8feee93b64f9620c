"""Packets and frames field by field, over their octets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from ..mdb import OCTETS, AbsoluteTimeType, CompiledDatabase, Field
from ..telemetry import Column, Decoder, Interpreted, Values, interpreted
from .answers import Value, plain, utc_text
from .definitions import kind_of, units_of

PRIMARY_HEADER = (  # CCSDS 133.0-B
    ("packet version number", 3), ("packet type", 1), ("secondary header flag", 1), ("application process identifier", 11),
    ("sequence flags", 2), ("packet sequence count", 14), ("packet data length", 16),
)  # fmt: skip
TM_HEADER = (  # CCSDS 132.0-B
    ("transfer frame version number", 2), ("spacecraft id", 10), ("virtual channel id", 3), ("operational control field flag", 1),
    ("master channel frame count", 8), ("virtual channel frame count", 8), ("secondary header flag", 1),
    ("synchronization flag", 1), ("packet order flag", 1), ("segment length id", 2), ("first header pointer", 11),
)  # fmt: skip
AOS_HEADER = (  # CCSDS 732.0-B
    ("transfer frame version number", 2), ("spacecraft id", 8), ("virtual channel id", 6), ("virtual channel frame count", 24),
    ("replay flag", 1), ("frame count usage flag", 1), ("spacecraft id, further bits", 2), ("frame count cycle", 4),
)  # fmt: skip
USLP_HEADER = (  # CCSDS 732.1-B
    ("transfer frame version number", 4), ("spacecraft id", 16), ("source or destination id", 1), ("virtual channel id", 6),
    ("multiplexer access point id", 4), ("end of frame primary header flag", 1),
)  # fmt: skip
CONTROL_WORD = (  # CCSDS 232.0-B
    ("control word type", 1), ("control word version", 2), ("status field", 3), ("COP in effect", 2),
    ("command virtual channel id", 6), ("spare", 2), ("no RF available flag", 1), ("no bit lock flag", 1), ("lockout flag", 1),
    ("wait flag", 1), ("retransmit flag", 1), ("FARM-B counter", 2), ("spare", 1), ("report value", 8),
)  # fmt: skip
FRAME_HEADERS = {"TM": TM_HEADER, "AOS": AOS_HEADER, "USLP": USLP_HEADER}
MOST_FIELDS = 20_000


class DecodedField(BaseModel):
    """A field: `bits` bits from bit `bit_offset` of the packet or frame on, 0 being the first.

    `raw` is what the bits say, `value` in engineering units or words; `good` is false where the bits are no value, or where the
    packet ends before them. `parameter` is its definition in the mission database, null for fields of standard headers.
    """

    name: str
    parameter: str | None = None
    bit_offset: int
    bits: int
    raw: Value = None
    value: Value = None
    units: str = ""
    type: str = ""
    description: str = ""
    good: bool = True


@dataclass(frozen=True, slots=True)
class Some:
    """Some packets as a batch."""

    buffer: NDArray[np.uint8]
    offset: NDArray[np.int64]
    length: NDArray[np.int64]


def containers_of(compiled: CompiledDatabase, packets: Sequence[bytes]) -> list[str | None]:
    """Return the container that each packet is, None when the database knows none."""
    lengths = np.array([len(octets) for octets in packets], np.int64)
    some = Some(np.frombuffer(b"".join(packets), np.uint8), np.cumsum(lengths) - lengths, lengths)
    found: list[str | None] = [None] * len(packets)
    for rows in Decoder(compiled).decode(some).containers:
        for number in rows.packet.tolist():
            found[number] = rows.container
    return found


def container_of(compiled: CompiledDatabase, octets: bytes) -> str | None:
    """Return the container that a packet is, None when the database knows none."""
    return containers_of(compiled, [octets])[0]


def packet_fields(compiled: CompiledDatabase, container: str, octets: bytes) -> tuple[list[DecodedField], tuple[str, ...]]:
    """Return the fields of a packet in the order of its container, and what in it contradicts the database."""
    read = interpreted(compiled, container, octets)
    raw = {item.column: _column(item, value) for item, value in zip(read.fields, read.values, strict=True)}
    values = Values(compiled, raw, 1)
    return [_field(compiled, item, value, values) for item, value in _shown(read)], read.faults


def _shown(read: Interpreted) -> Iterable[tuple[Field, Any]]:
    return zip(read.fields[:MOST_FIELDS], read.values[:MOST_FIELDS], strict=True)


def _column(item: Field, value: Any) -> Column:
    """Return a column of one row."""
    dtype: Any = object if item.reading.kind == OCTETS else item.reading.dtype
    cell = np.full(1, None, object) if dtype is object else np.zeros(1, dtype)
    if value is not None:
        cell[0] = value
    return Column(cell, None if value is not None else np.zeros(1, np.bool_))


def _field(compiled: CompiledDatabase, item: Field, raw: Any, values: Values) -> DecodedField:
    kind = compiled.type_of_column(item.column) or compiled.database.types.get(item.type)
    made = values.engineering(item.column)
    good = raw is not None and (made.valid is None or bool(made.valid[0]))
    value = plain(made.words()[0]) if raw is not None and made.values[0] is not None else None
    if good and isinstance(kind, AbsoluteTimeType) and isinstance(value, int):
        value = utc_text(value)
    known = compiled.database.parameters.get(item.parameter)
    return DecodedField(
        name=item.column, parameter=item.parameter, bit_offset=item.first_bit, bits=item.reading.bits,
        raw=None if raw is None else plain(values.raw[item.column].values[0]),
        value=value, units=units_of(compiled, item.column), type=kind_of(kind), good=good,
        description=known.short_description if known else "",
    )  # fmt: skip


def header_fields(octets: bytes, layout: Sequence[tuple[str, int]], at: int = 0) -> list[DecodedField]:
    """Return the fields of a standard header that begins at bit `at`; those beyond the octets are left out."""
    word, room, found = int.from_bytes(octets), 8 * len(octets), []
    for name, bits in layout:
        if at + bits > room:
            break
        raw = (word >> (room - at - bits)) & ((1 << bits) - 1)
        found.append(DecodedField(name=name, bit_offset=at, bits=bits, raw=raw, value=raw, type="Integer"))
        at += bits
    return found


def frame_fields(protocol: str, octets: bytes, data: tuple[int, int] | None, ocf: bool, fecf_octets: int) -> list[DecodedField]:
    """Return the fields of a frame: header, data field (`data`: first octet and length), control word and error control.

    A bad frame may be no frame at all; its fields are then what they would be.
    """
    found = header_fields(octets, FRAME_HEADERS.get(protocol, ()))
    end = len(octets) - fecf_octets
    if data is not None and 0 <= data[0] <= data[0] + data[1] <= len(octets):
        found.append(DecodedField(name="data field", bit_offset=8 * data[0], bits=8 * data[1], type="Binary"))
    if ocf and end >= 4:
        word = int.from_bytes(octets[end - 4 : end])
        if word >> 31:
            found.append(DecodedField(name="operational control field", bit_offset=8 * end - 32, bits=32, raw=word, value=word))
        else:
            found += header_fields(octets[:end], CONTROL_WORD, 8 * end - 32)
    if fecf_octets and end >= 0:
        check = int.from_bytes(octets[end:])
        found.append(
            DecodedField(name="frame error control field", bit_offset=8 * end, bits=8 * fecf_octets, raw=check, value=check)
        )
    return found
