"""Telecommand packets of ECSS-E-70-41A (variant A) and ECSS-E-ST-70-41C (variant C): headers, acknowledgements, checksum."""

from dataclasses import dataclass
from enum import IntFlag

from ..errors import DefinitionError, UsageError
from .checks import checksum_of
from .headers import CHECKSUMS, PRIMARY_OCTETS, VERSIONS
from .packet_errors import PacketError
from .request_id import RequestId

LONGEST = 0x10000 + PRIMARY_OCTETS  # octets of a space packet, CCSDS 133.0-B
UNSEGMENTED = 3


class Acknowledge(IntFlag):
    """Which reports of its verification a request asks for."""

    NONE = 0
    ACCEPTANCE = 1
    START = 2
    PROGRESS = 4
    COMPLETION = 8
    ALL = 15


@dataclass(frozen=True, slots=True)
class TelecommandLayout:
    """Widths in octets of the optional fields of a mission's telecommand headers (0 means absent), and the packet's checksum.

    Variant C always has a source id of two octets. The spare octets follow the source id and are zero.
    """

    variant: str = "C"
    source_octets: int = 2
    spare_octets: int = 0
    checksum: str = "crc16"

    def __post_init__(self) -> None:
        if self.variant not in VERSIONS:
            raise DefinitionError(f"PUS variant {self.variant!r} is unknown", remedy="Use A or C")
        if self.checksum not in CHECKSUMS:
            raise DefinitionError(f"checksum {self.checksum!r} is unknown", remedy=f"Use one of {', '.join(CHECKSUMS)}")
        if not 0 <= self.source_octets <= 2 or self.spare_octets < 0 or (self.variant == "C" and self.source_octets != 2):
            raise DefinitionError(
                f"a source id of {self.source_octets} and spare of {self.spare_octets} octets do not fit variant {self.variant}",
                remedy="The source id has 0, 1 or 2 octets, in variant C always 2; spare octets are 0 or more",
            )

    @property
    def octets(self) -> int:
        """Length of the secondary header."""
        return 3 + self.source_octets + self.spare_octets

    @property
    def checksum_octets(self) -> int:
        """Length of the packet error control field."""
        return CHECKSUMS[self.checksum]

    @property
    def most_data(self) -> int:
        """Octets of application data that fit into one packet."""
        return LONGEST - PRIMARY_OCTETS - self.octets - self.checksum_octets


@dataclass(frozen=True, slots=True)
class Telecommand:
    """One request as a packet carries it. `data` is its application data, undecoded."""

    apid: int
    sequence_count: int
    service: int
    subtype: int
    data: bytes = b""
    source: int = 0
    acknowledge: Acknowledge = Acknowledge.ALL
    sequence_flags: int = UNSEGMENTED

    @property
    def request_id(self) -> RequestId:
        """What reports of its verification call this request."""
        return RequestId(0, True, True, self.apid, self.sequence_flags, self.sequence_count)


def encode_telecommand(telecommand: Telecommand, layout: TelecommandLayout) -> bytes:
    """Return the packet with its checksum. Raises UsageError when a value does not fit its field."""
    t = telecommand
    limits = {
        "APID": (t.apid, 0x800), "sequence count": (t.sequence_count, 0x4000), "sequence flags": (t.sequence_flags, 4),
        "service": (t.service, 256), "subtype": (t.subtype, 256), "acknowledgement flags": (int(t.acknowledge), 16),
        "source id": (t.source, 1 << 8 * layout.source_octets),
    }  # fmt: skip
    for name, (value, limit) in limits.items():
        if not 0 <= value < limit:
            raise UsageError(f"{name} {value} is out of range", where="telecommand", remedy=f"0 to {limit - 1}")
    if len(t.data) > layout.most_data:
        raise UsageError(
            f"{len(t.data)} octets of data do not fit into one telecommand packet", where="telecommand",
            remedy=f"At most {layout.most_data}",
        )  # fmt: skip
    body = bytes([VERSIONS[layout.variant] << 4 | int(t.acknowledge), t.service, t.subtype])
    body += t.source.to_bytes(layout.source_octets) + bytes(layout.spare_octets) + t.data
    packet = t.request_id.encode() + (len(body) + layout.checksum_octets - 1).to_bytes(2) + body
    return packet + checksum_of(packet, layout.checksum)


def decode_telecommand(packet: bytes, layout: TelecommandLayout) -> Telecommand:
    """Return the request of one whole packet. Raises PacketError, whose `reason` says what the packet broke."""
    least = PRIMARY_OCTETS + layout.octets + layout.checksum_octets
    if len(packet) < PRIMARY_OCTETS + 1:
        raise PacketError("invalid length", f"{len(packet)} octets hold no telecommand packet", where="telecommand")
    announced = int.from_bytes(packet[4:6]) + 1 + PRIMARY_OCTETS
    if announced != len(packet) or len(packet) < least:
        raise PacketError(
            "invalid length",
            f"the packet has {len(packet)} octets, announces {announced} and needs at least {least}",
            where="telecommand",
        )
    end = len(packet) - layout.checksum_octets
    if checksum_of(packet[:end], layout.checksum) != packet[end:]:
        raise PacketError("incorrect checksum", f"the {layout.checksum} checksum does not agree", where="telecommand")
    return _fields(packet, end, layout)


def _fields(packet: bytes, end: int, layout: TelecommandLayout) -> Telecommand:
    request = RequestId.of_packet(packet)
    if request.version or not request.telecommand or not request.secondary_header:
        raise PacketError(
            "illegal header", f"packet id {packet[:2].hex()} is no telecommand's with a secondary header", where="octet 0"
        )
    version = packet[6] >> 4 if layout.variant == "C" else packet[6] >> 4 & 7  # variant A: the first bit is spare
    if version != VERSIONS[layout.variant]:
        raise PacketError("illegal header", f"PUS version {version} is not variant {layout.variant}", where="octet 6")
    source = int.from_bytes(packet[9 : 9 + layout.source_octets])
    return Telecommand(
        apid=request.apid,
        sequence_count=request.sequence_count,
        service=packet[7],
        subtype=packet[8],
        data=packet[PRIMARY_OCTETS + layout.octets : end],
        source=source,
        acknowledge=Acknowledge(packet[6] & 15),
        sequence_flags=request.sequence_flags,
    )
