"""Segments of telecommand packets: dividing, blocking, and putting together again per virtual channel and MAP.

The segment header is one octet: two sequence flags and six bits of MAP id (CCSDS 232.0-B). A virtual channel uses it in every
frame of data or in none; control commands never have it. Without it packets cannot be divided.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from ..errors import DataError, UsageError
from .packets import MAXIMUM_OCTETS as LONGEST_PACKET

SEGMENT_HEADER_OCTETS = 1
MAPS = 64


class SegmentFlags(IntEnum):
    """Which part of a packet a segment carries; UNSEGMENTED carries one whole packet or several."""

    CONTINUING = 0
    FIRST = 1
    LAST = 2
    UNSEGMENTED = 3


class SegmentFault(Enum):
    """Why octets of a virtual channel gave no packet."""

    NO_HEADER = "frame without a segment header"
    EMPTY = "segment without data"
    UNKNOWN_MAP = "MAP is not served here"
    MISSING_FIRST = "segment of a packet whose first segment was not received"
    CUT_SHORT = "packet abandoned: another one began on its MAP"
    LENGTH = "packet length disagrees with its segments"
    TOO_LONG = "packet longer than this receiver takes"
    NOT_A_PACKET = "octets are no packet"


@dataclass(frozen=True, slots=True)
class TcPacket:
    """A packet that came whole; `map_id` is None on a virtual channel without segment headers."""

    virtual_channel: int
    map_id: int | None
    octets: bytes


@dataclass(frozen=True, slots=True)
class SegmentRefused:
    """Octets that gave no packet, with the reason and the offending values in words."""

    virtual_channel: int
    map_id: int | None
    fault: SegmentFault
    detail: str
    octets: bytes


def packet_octets(octets: bytes) -> int:
    """Return the length that a packet's own header says, 0 when the header is not complete.

    Raises DataError when the version bits are those of no space or encapsulation packet (CCSDS 133.0-B, 133.1-B).
    """
    if not octets:
        return 0
    version = octets[0] >> 5
    if version == 0:
        return 7 + int.from_bytes(octets[4:6]) if len(octets) >= 6 else 0
    if version != 7:
        raise DataError(f"version bits {version:03b} are those of no packet", remedy="Space packets have 000, encapsulation 111")
    size = octets[0] & 3
    if size == 0:
        return 1
    header, width = 1 << size, 1 << size - 1
    if len(octets) < header:
        return 0
    length = int.from_bytes(octets[header - width : header])
    if length < header:
        raise DataError(f"an encapsulation packet of {length} octets has a header of {header}")
    return length


def segment_header(flags: SegmentFlags, map_id: int) -> bytes:
    """Return the one octet before a segment. Raises UsageError when the MAP id is not 0 to 63."""
    if not 0 <= map_id < MAPS:
        raise UsageError(f"MAP {map_id} does not exist", remedy="A MAP id is 0 to 63")
    return bytes([flags << 6 | map_id])


def segment_packet(packet: bytes, map_id: int, data_octets: int) -> list[bytes]:
    """Return the frame data fields, segment header included, that carry one packet, each of at most `data_octets` octets.

    Raises UsageError when the octets are not one whole packet or a field has no room for data.
    """
    _check_packet(packet)
    room = data_octets - SEGMENT_HEADER_OCTETS
    if room < 1:
        raise UsageError(f"a frame data field of {data_octets} octets has no room for a segment", remedy="Make frames longer")
    if len(packet) <= room:
        return [segment_header(SegmentFlags.UNSEGMENTED, map_id) + packet]
    parts = [packet[at : at + room] for at in range(0, len(packet), room)]
    flags = [SegmentFlags.FIRST, *[SegmentFlags.CONTINUING] * (len(parts) - 2), SegmentFlags.LAST]
    return [segment_header(flag, map_id) + part for flag, part in zip(flags, parts, strict=True)]


def block_packets(packets: Sequence[bytes], map_id: int | None, data_octets: int) -> list[bytes]:
    """Return the frame data fields that carry these packets in order, as many packets in each as fit.

    With a MAP id a packet that fits no field is divided; without (no segment header) it is a UsageError.
    """
    header = b"" if map_id is None else segment_header(SegmentFlags.UNSEGMENTED, map_id)
    fields: list[bytes] = []
    open_field = b""
    for packet in packets:
        _check_packet(packet)
        if open_field and len(open_field) + len(packet) > data_octets:
            fields.append(open_field)
            open_field = b""
        if len(header) + len(packet) <= data_octets:
            open_field = (open_field or header) + packet
        elif map_id is not None:
            fields += segment_packet(packet, map_id, data_octets)
        else:
            raise UsageError(
                f"a packet of {len(packet)} octets does not fit a frame data field of {data_octets}",
                remedy="Packets are divided only on a virtual channel with segment headers: give a MAP id",
            )
    return [*fields, open_field] if open_field else fields


def _check_packet(packet: bytes) -> None:
    try:
        due = packet_octets(packet)
    except DataError as error:
        raise UsageError(f"what is to be sent is no packet: {error.what}") from error
    if due == 0 or due != len(packet):
        told = f"says in its header that it has {due}" if due else "has no whole header"
        raise UsageError(f"a packet of {len(packet)} octets {told}", remedy="Give one whole packet")


@dataclass(frozen=True, slots=True)
class SegmentRules:
    """What a receiver takes on a virtual channel: whether frames have segment headers, which MAPs, the longest packet in octets.

    `maps` None takes all 64.
    """

    segmented: bool = True
    maps: frozenset[int] | None = None
    longest_packet: int = LONGEST_PACKET


Assembled = TcPacket | SegmentRefused


@dataclass(slots=True)
class TcAssembler:
    """Puts packets of one virtual channel together from its accepted frames' data fields, each MAP for itself.

    MAPs may interleave. Nothing that is received raises: what gives no packet comes back with its reason.
    """

    virtual_channel: int
    rules: SegmentRules = SegmentRules()
    _parts: dict[int, bytearray] = field(default_factory=dict)

    def receive(self, data: bytes) -> list[Assembled]:
        """Return the packets and faults that one data field (security removed) completes, in order."""
        if not self.rules.segmented:
            return self._unblocked(None, data)
        if not data:
            return [self._refused(None, SegmentFault.NO_HEADER, "no octet", data)]
        flags, map_id, part = SegmentFlags(data[0] >> 6), data[0] & 63, data[1:]
        if self.rules.maps is not None and map_id not in self.rules.maps:
            return [self._refused(map_id, SegmentFault.UNKNOWN_MAP, f"MAP {map_id}", data)]
        if not part:
            return [self._refused(map_id, SegmentFault.EMPTY, f"{flags.name.lower()} segment", data)]
        if flags in (SegmentFlags.FIRST, SegmentFlags.UNSEGMENTED):
            found = self._cut_short(map_id)
            return found + (self._begin(map_id, part) if flags is SegmentFlags.FIRST else self._unblocked(map_id, part))
        return self._go_on(map_id, part, flags is SegmentFlags.LAST)

    def freeze(self) -> dict[str, str]:
        """Return the packets in progress as plain text values, by MAP id, to be restored after a restart."""
        return {str(map_id): part.hex() for map_id, part in self._parts.items()}

    @staticmethod
    def restored(virtual_channel: int, rules: SegmentRules, frozen: dict[str, str]) -> "TcAssembler":
        """Return the assembler that gave this. Raises DataError when it is not what `freeze` returns."""
        try:
            parts = {int(map_id): bytearray.fromhex(text) for map_id, text in frozen.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise DataError(f"a kept state of segments is damaged: {error}", remedy="Start without it") from error
        return TcAssembler(virtual_channel, rules, parts)

    def _begin(self, map_id: int, part: bytes) -> list[Assembled]:
        self._parts[map_id] = bytearray(part)
        return self._checked(map_id, last=False)

    def _go_on(self, map_id: int, part: bytes, last: bool) -> list[Assembled]:
        if map_id not in self._parts:
            detail = f"{'last' if last else 'continuing'} segment of {len(part)} octets on MAP {map_id}"
            return [self._refused(map_id, SegmentFault.MISSING_FIRST, detail, part)]
        self._parts[map_id] += part
        return self._checked(map_id, last)

    def _checked(self, map_id: int, last: bool) -> list[Assembled]:
        """Return the packet when its last segment made it whole; give up as soon as it cannot become one."""
        so_far = self._parts[map_id]
        try:
            due = packet_octets(bytes(so_far[:8]))
        except DataError as error:
            return self._given_up(map_id, SegmentFault.NOT_A_PACKET, error.what)
        if max(due, len(so_far)) > self.rules.longest_packet:
            detail = f"{max(due, len(so_far))} octets, {self.rules.longest_packet} taken"
            return self._given_up(map_id, SegmentFault.TOO_LONG, detail)
        if (last and len(so_far) != due) or (due and len(so_far) > due):
            return self._given_up(
                map_id, SegmentFault.LENGTH, f"{len(so_far)} octets received, header says {due or 'nothing yet'}"
            )
        if not last:
            return []
        del self._parts[map_id]
        return [TcPacket(self.virtual_channel, map_id, bytes(so_far))]

    def _unblocked(self, map_id: int | None, data: bytes) -> list[Assembled]:
        """Return the packets that follow one another in a data field; what follows a fault is not looked at."""
        found: list[Assembled] = []
        at = 0
        while at < len(data):
            rest = data[at:]
            try:
                due = packet_octets(rest[:8])
            except DataError as error:
                return [*found, self._refused(map_id, SegmentFault.NOT_A_PACKET, error.what, rest)]
            if due == 0 or due > len(rest):
                detail = f"{len(rest)} octets received, header says {due or 'nothing yet'}"
                return [*found, self._refused(map_id, SegmentFault.LENGTH, detail, rest)]
            if due > self.rules.longest_packet:
                detail = f"{due} octets, {self.rules.longest_packet} taken"
                found.append(self._refused(map_id, SegmentFault.TOO_LONG, detail, rest[:due]))
            else:
                found.append(TcPacket(self.virtual_channel, map_id, rest[:due]))
            at += due
        return found or [self._refused(map_id, SegmentFault.EMPTY, "no octet", data)]

    def _cut_short(self, map_id: int) -> list[Assembled]:
        if map_id not in self._parts:
            return []
        return self._given_up(map_id, SegmentFault.CUT_SHORT, f"{len(self._parts[map_id])} octets of it received")

    def _given_up(self, map_id: int, fault: SegmentFault, detail: str) -> list[Assembled]:
        return [self._refused(map_id, fault, detail, bytes(self._parts.pop(map_id)))]

    def _refused(self, map_id: int | None, fault: SegmentFault, detail: str, octets: bytes) -> SegmentRefused:
        return SegmentRefused(self.virtual_channel, map_id, fault, detail, octets)
