"""The description of a channel: how a recording of one spacecraft's downlink is laid out, read from TOML.

Every key is documented in `docs/channel.md`. Unknown keys and contradictions are refused by name.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import DefinitionError
from ..tables import Table
from ..time import TIME_CODE_KEYS, TimeCode, time_code

PROTOCOLS = ("TM", "AOS", "USLP", "packets")
CARRIES = ("packets", "idle", "bitstream", "opaque")
FASTEST = 1e12  # bits a second
HEADERS = {"TM": 6, "AOS": 6, "USLP": 7, "packets": 0}


@dataclass(frozen=True, slots=True)
class Coding:
    """Coding between the recorded bits and the frames. With `marker` None frames stand back to back, uncoded."""

    marker: bytes | None = None
    marker_errors: int = 0
    randomizer: str = "none"
    convolutional: str = "none"
    soft: bool = False
    reed_solomon: int = 0  # correctable symbols per codeword: 0 (none), 8 or 16
    interleave: int = 1
    dual_basis: bool = True
    virtual_fill: int = 0

    @property
    def check_octets(self) -> int:
        """Octets of Reed-Solomon parity behind every frame."""
        return 2 * self.reed_solomon * self.interleave


@dataclass(frozen=True, slots=True)
class VirtualChannel:
    """What one virtual channel carries."""

    number: int
    carries: str = "packets"
    name: str = ""


@dataclass(frozen=True, slots=True)
class PacketRules:
    """How packets are checked and read: checksum, PUS variant and header widths, and the time field."""

    checksum: str = "none"  # none, crc16, iso
    unchecked_apids: frozenset[int] = frozenset()
    checksum_needs_secondary_header: bool = False
    pus: str = "none"  # none, A, C
    counter_octets: int = 0
    destination_octets: int = 0
    secondary_header_octets: int = 0
    time: TimeCode | None = None
    time_offset: int = 0  # octets from the start of the packet
    time_apids: tuple[tuple[int, int], ...] = ()  # (APID, offset) of packets with the time elsewhere


@dataclass(frozen=True, slots=True)
class Channel:
    """One recorded channel. Lengths are octets; `frame_octets` counts what the recording holds of each frame."""

    name: str
    spacecraft: str
    protocol: str
    spacecraft_id: int = -1
    frame_octets: int = 0
    maximum_frame_octets: int = 0
    insert_zone_octets: int = 0
    header_error_control: bool = False
    secondary_header_octets: int = 0
    ocf: str = "flag"  # present, absent, flag
    fecf: str = "present"  # present, stripped, none
    fecf_octets: int = 2  # 2: CRC-16; 4: CRC-32, which USLP allows
    coding: Coding = Coding()
    virtual_channels: dict[int, VirtualChannel] = field(default_factory=dict)
    other_channels: str = "opaque"
    packets: PacketRules = PacketRules()
    bit_rate: float = 0.0  # of the frames, bits a second; 0: not known
    clock: str = ""
    description: str = ""
    text: str = ""

    def carries(self, number: int) -> str:
        """Return what a virtual channel carries."""
        channel = self.virtual_channels.get(number)
        return channel.carries if channel else self.other_channels

    @property
    def trailer_octets(self) -> int:
        """Octets of frame error control that the recording holds behind each frame's data."""
        return self.fecf_octets if self.fecf == "present" else 0

    @staticmethod
    def from_toml(text: str, where: str = "channel") -> "Channel":
        """Return the channel that this TOML text describes; `where` names it in errors. Raises DefinitionError."""
        channel = _channel(Table.parse(text, where), text)
        _agree(channel, where)
        return channel


def _channel(table: Table, text: str) -> Channel:
    channels: dict[int, VirtualChannel] = {}
    for described in table.tables("virtual_channels"):
        one = _virtual_channel(described)
        if one.number in channels:
            raise DefinitionError(f"virtual channel {one.number} is described twice", where=described.where)
        channels[one.number] = one
    made = Channel(
        name=table.text("name"),
        spacecraft=table.text("spacecraft"),
        protocol=table.choice("protocol", PROTOCOLS),
        spacecraft_id=table.number("spacecraft_id", -1, 0, 0xFFFF),
        frame_octets=table.number("frame_octets", 0, 0, 65542),
        maximum_frame_octets=table.number("maximum_frame_octets", 0, 0, 65542),
        insert_zone_octets=table.number("insert_zone_octets", 0, 0, 2048),
        header_error_control=table.flag("header_error_control", False),
        secondary_header_octets=table.number("secondary_header_octets", 0, 0, 64),
        ocf=table.choice("ocf", ("present", "absent", "flag"), "flag"),
        fecf=table.choice("fecf", ("present", "stripped", "none"), "present"),
        fecf_octets=int(table.choice("fecf_octets", ("2", "4"), "2")),
        coding=_coding(table.table("coding")),
        virtual_channels=channels,
        other_channels=table.choice("other_channels", CARRIES, "opaque"),
        packets=_packet_rules(table.table("packets")),
        bit_rate=table.real("bit_rate", 0.0),
        clock=table.text("clock", ""),
        description=table.text("description", ""),
        text=text,
    )
    table.finish()
    return made


def _virtual_channel(table: Table) -> VirtualChannel:
    made = VirtualChannel(
        number=table.number("id", None, 0, 63), carries=table.choice("carries", CARRIES, "packets"), name=table.text("name", "")
    )
    table.finish()
    return made


def _coding(table: Table) -> Coding:
    marker = table.text("marker", "")
    try:
        octets = bytes.fromhex(marker) or None
    except ValueError as error:
        raise DefinitionError(f"{marker!r} is not hexadecimal", where=table.path("marker")) from error
    made = Coding(
        marker=octets,
        marker_errors=table.number("marker_errors", 0, 0, 12),
        randomizer=table.choice("randomizer", ("none", "short", "long"), "none"),
        convolutional=table.choice("convolutional", ("none", "1/2", "2/3", "3/4", "5/6", "7/8"), "none"),
        soft=table.flag("soft", False),
        reed_solomon=int(table.choice("reed_solomon", ("0", "8", "16"), "0")),
        interleave=table.number("interleave", 1, 1, 8),
        dual_basis=table.flag("dual_basis", True),
        virtual_fill=table.number("virtual_fill", 0, 0, 2040),
    )
    table.finish()
    return made


def _packet_rules(table: Table) -> PacketRules:
    time, offset, apids = table.table("time"), 0, []
    code = None
    if time.values:
        offset = time.number("offset", 0, 0, 65535)
        for other in time.tables("other"):
            apids.append((other.number("apid", None, 0, 2047), other.number("offset", None, 0, 65535)))
            other.finish()
        code = time_code(time)
    made = PacketRules(
        checksum=table.choice("checksum", ("none", "crc16", "iso"), "none"),
        unchecked_apids=frozenset(table.numbers("unchecked_apids", 0, 2047)),
        checksum_needs_secondary_header=table.flag("checksum_needs_secondary_header", False),
        pus=table.choice("pus", ("none", "A", "C"), "none"),
        counter_octets=table.number("counter_octets", 0, 0, 2),
        destination_octets=table.number("destination_octets", 0, 0, 2),
        secondary_header_octets=table.number("secondary_header_octets", 0, 0, 64),
        time=code,
        time_offset=offset,
        time_apids=tuple(apids),
    )
    table.finish()
    return made


def _agree(channel: Channel, where: str) -> None:
    """Refuse what contradicts itself."""

    def refuse(key: str, what: str, remedy: str = "") -> None:
        raise DefinitionError(what, where=f"{where}: {key}", remedy=remedy)

    if not 0 <= channel.bit_rate <= FASTEST:
        refuse("bit_rate", f"{channel.bit_rate} is no rate in bits a second", "Give a positive number, or remove the key")
    if channel.protocol == "packets":
        for key in ("frame_octets", "spacecraft_id", "maximum_frame_octets"):
            if getattr(channel, key) > 0:
                refuse(key, "a recording of packets has no frames", "Remove the key")
        if channel.coding != Coding():
            refuse("coding", "a recording of packets has no coded frames", "Remove the table")
        return
    _agree_frames(channel, refuse)
    _agree_coding(channel, refuse)


def _agree_frames(channel: Channel, refuse: Callable[..., None]) -> None:
    if channel.spacecraft_id < 0:
        refuse("spacecraft_id", "missing", "Give the spacecraft id of the frame headers")
    most = {"TM": 0x3FF, "AOS": 0x3FF, "USLP": 0xFFFF}[channel.protocol]
    if channel.spacecraft_id > most:
        refuse("spacecraft_id", f"{channel.spacecraft_id} does not fit into {channel.protocol} headers, which hold up to {most}")
    if channel.protocol == "TM" and max(channel.virtual_channels, default=0) > 7:
        refuse("virtual_channels", f"TM frames have virtual channels 0 to 7, not {max(channel.virtual_channels)}")
    if channel.maximum_frame_octets and (channel.protocol != "USLP" or channel.frame_octets):
        refuse("maximum_frame_octets", "only USLP frames of varying length have a maximum", "Remove the key, or frame_octets")
    least = HEADERS[channel.protocol] + channel.insert_zone_octets + channel.trailer_octets + 2 * channel.header_error_control + 1
    if channel.frame_octets < least and (channel.protocol != "USLP" or channel.frame_octets):
        refuse("frame_octets", f"{channel.frame_octets} octets cannot hold the {least - 1} of header and trailer and any data")
    if channel.header_error_control and channel.protocol != "AOS":
        refuse("header_error_control", f"{channel.protocol} frames have none")
    if channel.insert_zone_octets and channel.protocol == "TM":
        refuse("insert_zone_octets", "TM frames have none", "Use secondary_header_octets")
    if channel.fecf_octets != 2 and channel.protocol != "USLP":
        refuse("fecf_octets", f"the error control of {channel.protocol} frames has 2 octets")
    if channel.secondary_header_octets and channel.protocol != "TM":
        refuse("secondary_header_octets", f"{channel.protocol} frames have none", "Use insert_zone_octets")


def _agree_coding(channel: Channel, refuse: Callable[..., None]) -> None:
    coding = channel.coding
    if coding.marker is None:
        if coding != Coding():
            refuse("coding.marker", "coded frames need their attached sync marker", 'For example marker = "1ACFFC1D"')
        return
    if len(coding.marker) < 4:
        refuse("coding.marker", f"{len(coding.marker)} octets are too few to be found", "Sync markers have 4 octets or more")
    if coding.marker_errors >= 2 * len(coding.marker):
        refuse("coding.marker_errors", f"with {coding.marker_errors} wrong bits too much looks like the marker")
    if not channel.frame_octets:
        refuse("frame_octets", "frames behind sync markers have a fixed length", "Give frame_octets")
    if coding.soft and coding.convolutional == "none":
        refuse("coding.soft", "only symbols of a convolutional code can be soft")
    if coding.virtual_fill % coding.interleave:
        refuse("coding.virtual_fill", f"{coding.virtual_fill} is not a multiple of interleave {coding.interleave}")
    if coding.reed_solomon:
        block = (255 - 2 * coding.reed_solomon) * coding.interleave - coding.virtual_fill
        if block != channel.frame_octets:
            refuse(
                "coding",
                f"Reed-Solomon with these numbers protects {block} octets, but frame_octets is {channel.frame_octets}",
                "Correct reed_solomon, interleave or virtual_fill",
            )


def keys() -> dict[str, tuple[str, ...]]:
    """Return every key that a channel file may have, by table."""
    return {
        "": (
            "name", "spacecraft", "protocol", "spacecraft_id", "frame_octets", "maximum_frame_octets", "insert_zone_octets",
            "header_error_control", "secondary_header_octets", "ocf", "fecf", "fecf_octets", "other_channels", "bit_rate",
            "clock", "description", "coding", "virtual_channels", "packets",
        ),
        "coding": (
            "marker", "marker_errors", "randomizer", "convolutional", "soft", "reed_solomon", "interleave", "dual_basis",
            "virtual_fill",
        ),
        "virtual_channels": ("id", "carries", "name"),
        "packets": (
            "checksum", "unchecked_apids", "checksum_needs_secondary_header", "pus", "counter_octets", "destination_octets",
            "secondary_header_octets", "time",
        ),
        "packets.time": ("offset", "other", *TIME_CODE_KEYS),
        "packets.time.other": ("apid", "offset"),
    }  # fmt: skip
