"""The telemetry secondary header of ECSS-E-70-41A (variant A) and ECSS-E-ST-70-41C (variant C), for columns of packets.

Which optional fields a mission transmits, and how wide they are, is part of its layout: the header itself does not say.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DefinitionError, UsageError
from ..octets import crc16, iso_checksum
from ..time import NO_TIME, TimeCode

PRIMARY_OCTETS = 6
VERSIONS = {"A": 1, "C": 2}
CHECKSUMS = {"none": 0, "crc16": 2, "iso": 2}

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeaderLayout:
    """Widths in octets of the fields of a mission's telemetry headers; 0 means absent.

    In order: version and status, service, subtype, message counter, destination, time, spare. `time_octets` counts a
    transmitted P-field. With a `time` code its length must be `time_octets`.
    """

    variant: str = "C"
    counter_octets: int = 2
    destination_octets: int = 2
    time_octets: int = 7
    spare_octets: int = 0
    time: TimeCode | None = None

    def __post_init__(self) -> None:
        if self.variant not in VERSIONS:
            raise DefinitionError(f"PUS variant {self.variant!r} is unknown", remedy="Use A or C")
        widths = (self.counter_octets, self.destination_octets)
        if not all(0 <= width <= 2 for width in widths) or self.time_octets < 0 or self.spare_octets < 0:
            raise DefinitionError("the counter and the destination have 0, 1 or 2 octets, time and spare at least 0")
        if self.time is not None and self.time.octets != self.time_octets:
            raise DefinitionError(
                f"the time code has {self.time.octets} octets, but the header leaves {self.time_octets} for the time",
                remedy="Correct the time code or the widths of the header",
            )

    @property
    def octets(self) -> int:
        """Length of the whole secondary header."""
        return self.time_offset - PRIMARY_OCTETS + self.time_octets + self.spare_octets

    @property
    def time_offset(self) -> int:
        """Octets from the start of the packet to the time field."""
        return PRIMARY_OCTETS + 3 + self.counter_octets + self.destination_octets


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields of n packets, one entry each.

    `valid` is false where a packet is too short for the layout or announces another PUS version; its other entries are then 0,
    -1 or NO_TIME. `counter` and `destination` are -1 when the layout has none. `status` is the time reference status (variant C).
    `ticks` are those of the layout's time code (NO_TIME without one). `data_offset` and `data_length` are the octets of the
    source data in the buffer, the trailing checksum excluded.
    """

    valid: NDArray[np.bool_]
    service: NDArray[np.uint8]
    subtype: NDArray[np.uint8]
    status: NDArray[np.uint8]
    counter: Column
    destination: Column
    ticks: Column
    data_offset: Column
    data_length: Column

    def __len__(self) -> int:
        return self.service.size


def read_headers(buffer: Octets, offset: Column, length: Column, layout: HeaderLayout, *, checksum_octets: int = 2) -> Headers:
    """Return the telemetry headers of the packets at `offset` with `length` octets (primary header and checksum included).

    Packets may be anything, also outside the buffer: those that cannot hold the layout are marked, never read.
    """
    least = PRIMARY_OCTETS + layout.octets + checksum_octets
    inside = (offset >= 0) & (length >= least) & (offset <= buffer.size - np.minimum(length, buffer.size + 1))
    at = np.where(inside, offset, 0)
    if not inside.any():
        at, buffer = np.zeros(offset.size, np.int64), np.zeros(least, np.uint8)
    first = buffer[at + 6]
    version = first >> 4 if layout.variant == "C" else first >> 4 & 7  # variant A: the first bit is spare
    valid = inside & (version == VERSIONS[layout.variant])
    after_subtype = at + PRIMARY_OCTETS + 3
    destination_at = after_subtype + layout.counter_octets
    ticks = np.full(offset.size, NO_TIME, np.int64)
    if layout.time is not None:
        ticks = np.where(valid, layout.time.ticks(buffer, at + layout.time_offset), NO_TIME)
    data = PRIMARY_OCTETS + layout.octets
    return Headers(
        valid=valid,
        service=np.where(valid, buffer[at + 7], 0).astype(np.uint8),
        subtype=np.where(valid, buffer[at + 8], 0).astype(np.uint8),
        status=np.where(valid & (layout.variant == "C"), first & 15, 0).astype(np.uint8),
        counter=np.where(valid, _field(buffer, after_subtype, layout.counter_octets), -1),
        destination=np.where(valid, _field(buffer, destination_at, layout.destination_octets), -1),
        ticks=ticks,
        data_offset=np.where(valid, offset + data, 0),
        data_length=np.where(valid, length - data - checksum_octets, 0),
    )


def _field(buffer: Octets, at: Column, octets: int) -> Column:
    if octets == 0:
        return np.full(at.size, -1, np.int64)
    value = buffer[at].astype(np.int64)
    return value << 8 | buffer[at + 1] if octets == 2 else value


def encode_telemetry(
    layout: HeaderLayout,
    *,
    apid: int,
    sequence_count: int,
    service: int,
    subtype: int,
    time: bytes = b"",
    counter: int = 0,
    destination: int = 0,
    status: int = 0,
    data: bytes = b"",
    checksum: str = "crc16",
) -> bytes:
    """Return one unsegmented telemetry packet with its checksum (`crc16`, `iso` or `none`).

    `time` are the octets of the time field. Raises UsageError when a value does not fit its field.
    """
    if checksum not in CHECKSUMS or len(time) != layout.time_octets:
        raise UsageError(f"checksum {checksum!r} or a time field of {len(time)} octets does not fit the header")
    if not (0 <= apid < 0x800 and 0 <= sequence_count < 0x4000 and 0 <= status < 16):
        raise UsageError(f"APID {apid}, sequence count {sequence_count} or time status {status} is out of range")
    try:
        header = bytes([VERSIONS[layout.variant] << 4 | (status if layout.variant == "C" else 0), service, subtype])
        header += counter.to_bytes(layout.counter_octets) + destination.to_bytes(layout.destination_octets)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"service {service}, subtype {subtype}, counter or destination does not fit: {error}") from error
    body = header + time + bytes(layout.spare_octets) + data
    octets = len(body) + CHECKSUMS[checksum]
    if octets > 0x10000:
        raise UsageError(f"{octets} octets do not fit into one space packet", remedy="At most 65,536 follow its primary header")
    words = (0x0800 | apid, 0xC000 | sequence_count, octets - 1)  # CCSDS 133.0-B: telemetry, secondary header, unsegmented
    packet = b"".join(word.to_bytes(2) for word in words) + body
    if checksum == "none":
        return packet
    return packet + (crc16(packet) if checksum == "crc16" else iso_checksum(packet)).to_bytes(2)
