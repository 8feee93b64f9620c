"""Telecommand transfer frames and the two control commands that they carry to a receiver.

Field layout: CCSDS 232.0-B. A frame's data field is plain octets here: a segment or packets, protected or not, or a control
command. The error control field belongs to the physical channel, so it is part of `TcFormat` and of encoding, not of a frame.
"""

from dataclasses import dataclass
from enum import Enum

from ..errors import UsageError
from ..octets import crc16

HEADER_OCTETS, FECF_OCTETS, MAXIMUM_OCTETS = 5, 2, 1024
LARGEST_DATA = MAXIMUM_OCTETS - HEADER_OCTETS
UNLOCK = b"\x00"
SET_VR = b"\x82\x00"  # followed by the octet V*(R)


class FrameKind(Enum):
    """How a receiver treats a frame: in sequence (AD), past the sequence check (BD), or as an order to itself (BC)."""

    AD = "AD"
    BD = "BD"
    BC = "BC"
    ILLEGAL = "AC"  # flags that no book allows; FARM-1 discards it


_KIND = {(False, False): FrameKind.AD, (True, False): FrameKind.BD, (True, True): FrameKind.BC, (False, True): FrameKind.ILLEGAL}


@dataclass(frozen=True, slots=True)
class TcFrame:
    """One transfer frame: 10-bit spacecraft id, 6-bit virtual channel, flags, 8-bit sequence number N(S), 1 to 1019 data octets.

    Raises UsageError when a value does not fit its field.
    """

    spacecraft_id: int
    virtual_channel: int
    bypass: bool
    control: bool
    sequence_number: int
    data: bytes

    def __post_init__(self) -> None:
        if not (
            0 <= self.spacecraft_id <= 0x3FF and 0 <= self.virtual_channel <= 63 and 0 <= self.sequence_number <= 255
        ) or not (1 <= len(self.data) <= LARGEST_DATA):
            raise UsageError(
                f"spacecraft {self.spacecraft_id}, channel {self.virtual_channel}, sequence number {self.sequence_number} and "
                f"{len(self.data)} octets do not fit a telecommand frame",
                remedy=f"They may be at most 1023, 63, 255 and {LARGEST_DATA}, and a frame carries at least one octet",
            )

    @property
    def kind(self) -> FrameKind:
        """How the receiver treats it."""
        return _KIND[bool(self.bypass), bool(self.control)]


@dataclass(frozen=True, slots=True)
class TcFormat:
    """What holds for every frame of a physical channel: the longest frame in octets and whether it ends with error control.

    Raises UsageError when no octet of data would fit, or when frames would be longer than their length field can say.
    """

    maximum_octets: int = MAXIMUM_OCTETS
    error_control: bool = True

    def __post_init__(self) -> None:
        if not self.smallest <= self.maximum_octets <= MAXIMUM_OCTETS:
            raise UsageError(
                f"a telecommand frame of at most {self.maximum_octets} octets is not possible",
                remedy=f"Choose {self.smallest} to {MAXIMUM_OCTETS} (the length field has 10 bits)",
            )

    @property
    def smallest(self) -> int:
        """Octets of a frame with one octet of data."""
        return self.frame_octets(1)

    @property
    def data_octets(self) -> int:
        """How many octets of data the longest frame carries."""
        return self.maximum_octets - self.frame_octets(0)

    def frame_octets(self, data_octets: int) -> int:
        """Return the length of the whole frame that carries so many octets of data (segment and security headers included)."""
        return HEADER_OCTETS + data_octets + FECF_OCTETS * self.error_control


class TcFault(Enum):
    """Why received octets are no frame for this receiver."""

    TOO_SHORT = "too few octets for a frame"
    VERSION = "transfer frame version is not zero"
    SPARE = "spare bits are not zero"
    LENGTH = "length field disagrees with the octets received"
    TOO_LONG = "longer than the channel allows"
    ERROR_CONTROL = "frame error control is wrong"
    SPACECRAFT = "for another spacecraft"
    CHANNEL = "virtual channel is not served here"


@dataclass(frozen=True, slots=True)
class TcRefused:
    """Received octets that are no frame for this receiver, with the reason and the offending values in words."""

    fault: TcFault
    detail: str
    octets: bytes


def tc_header(
    spacecraft_id: int, virtual_channel: int, total_octets: int, *, bypass: bool, control: bool = False, sequence_number: int = 0
) -> bytes:
    """Return the five header octets of a frame of `total_octets`, error control included: what security authenticates.

    Before FOP-1 the sequence number is not known; leave it zero, and a standard mask leaves it out (CCSDS 355.0-B).
    """
    if not HEADER_OCTETS < total_octets <= MAXIMUM_OCTETS:
        raise UsageError(f"a telecommand frame of {total_octets} octets is not possible", remedy="It may have 6 to 1024 octets")
    word = bypass << 29 | control << 28 | spacecraft_id << 16 | virtual_channel << 10 | total_octets - 1
    return (word << 8 | sequence_number).to_bytes(HEADER_OCTETS)


def encode_tc_frame(frame: TcFrame, channel: TcFormat) -> bytes:
    """Return the octets of a frame, with error control where the channel has it.

    Raises UsageError when it is longer than the channel allows or its flags are those of no legal frame.
    """
    total = channel.frame_octets(len(frame.data))
    if total > channel.maximum_octets:
        raise UsageError(
            f"a telecommand frame would have {total} octets, the channel allows {channel.maximum_octets}",
            remedy="Divide the packet into segments",
        )
    if frame.kind is FrameKind.ILLEGAL:
        raise UsageError("a control command must bypass the sequence check", remedy="Set both flags (CCSDS 232.0-B)")
    header = tc_header(
        frame.spacecraft_id,
        frame.virtual_channel,
        total,
        bypass=frame.bypass,
        control=frame.control,
        sequence_number=frame.sequence_number,
    )
    octets = header + frame.data
    return octets + crc16(octets).to_bytes(FECF_OCTETS) if channel.error_control else octets


def without_fill(octets: bytes) -> bytes:
    """Return the frame at the start of decoded codeblocks, whose last block may be filled up (CCSDS 231.0-B, 232.0-B).

    Octets that are too few for their own length field come back as they are; decoding names that fault.
    """
    return octets[: (int.from_bytes(octets[2:4]) & 0x3FF) + 1] if len(octets) > HEADER_OCTETS else octets


def decode_tc_frame(
    octets: bytes, channel: TcFormat, *, spacecraft_id: int | None = None, virtual_channels: frozenset[int] | None = None
) -> TcFrame | TcRefused:
    """Return the frame in exactly these octets, or why it is refused; None accepts every spacecraft or virtual channel.

    Flags that no book allows are no fault here: FARM-1 names them. Never raises for any octets.
    """
    fault = _frame_fault(octets, channel, spacecraft_id, virtual_channels)
    if fault is not None:
        return TcRefused(*fault, octets)
    word, end = int.from_bytes(octets[:4]), len(octets) - FECF_OCTETS * channel.error_control
    return TcFrame(
        spacecraft_id=word >> 16 & 0x3FF,
        virtual_channel=word >> 10 & 63,
        bypass=word >> 29 & 1 == 1,
        control=word >> 28 & 1 == 1,
        sequence_number=octets[4],
        data=octets[HEADER_OCTETS:end],
    )


def _frame_fault(
    octets: bytes, channel: TcFormat, spacecraft_id: int | None, virtual_channels: frozenset[int] | None
) -> tuple[TcFault, str] | None:
    """Return the first fault in the order in which it can be trusted: error control before what the header says of its sender."""
    if len(octets) < channel.smallest:
        return TcFault.TOO_SHORT, f"{len(octets)} octets, at least {channel.smallest} needed"
    word = int.from_bytes(octets[:4])
    if word >> 30:
        return TcFault.VERSION, f"version {word >> 30}"
    if (word & 0x3FF) + 1 != len(octets):
        return TcFault.LENGTH, f"length field says {(word & 0x3FF) + 1} octets, {len(octets)} received"
    if len(octets) > channel.maximum_octets:
        return TcFault.TOO_LONG, f"{len(octets)} octets, the channel allows {channel.maximum_octets}"
    if channel.error_control and crc16(octets):
        found, due = int.from_bytes(octets[-2:]), crc16(octets[:-2])
        return TcFault.ERROR_CONTROL, f"error control field is {found:04x}, {due:04x} due"
    if word >> 26 & 3:
        return TcFault.SPARE, f"spare bits are {word >> 26 & 3:02b}"
    if spacecraft_id is not None and word >> 16 & 0x3FF != spacecraft_id:
        return TcFault.SPACECRAFT, f"spacecraft {word >> 16 & 0x3FF}, this is {spacecraft_id}"
    if virtual_channels is not None and word >> 10 & 63 not in virtual_channels:
        return TcFault.CHANNEL, f"virtual channel {word >> 10 & 63}, served are {sorted(virtual_channels)}"
    return None
