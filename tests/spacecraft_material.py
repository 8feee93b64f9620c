"""A simulated twin of TGO, and an independent ground: packets, frames and CLTUs made octet by octet, telemetry taken apart again.

Nothing here calls the encoders of the project: the ground is written from the books, with `spacepackets` for packets of variant C.
"""

import binascii
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aelita.link import Channel, CommandLink
from aelita.services.missions import find_mission
from aelita.spacecraft import Definition, Spacecraft, Uplinked
from aelita.time import SECOND

T0 = 1_800_000_000 * SECOND
KEY = bytes(range(1, 33))
RATE = Fraction(2000)
SPACECRAFT_ID, COMMAND_APID, SOURCE = 0x3E8, 0x1A, 4
START_TICKS = 0x0D888000 << 16


def clock(at_ns: int) -> int:
    """Ticks of an on-board clock of 1/65536 s that runs true."""
    return START_TICKS + (at_ns - T0) * 65536 // SECOND


@cache
def definition() -> Definition:
    """The mission's own twin."""
    mission = find_mission("exomars")
    channel, uplink = mission.channel("tgo-sim"), mission.craft("tgo-sim").uplink
    assert uplink is not None
    path = mission.folder / "simulated" / "tgo-sim.toml"
    return Definition.from_toml(
        path.read_text(), str(path), CommandLink.from_toml(uplink.read_text()), Channel.from_toml(channel.read_text(), "channel")
    )


def twin(seed: int = 1, **changes: object) -> Spacecraft:
    """A new twin; `changes` are of its definition."""
    return Spacecraft(replace(definition(), **changes), seed, T0, clock, KEY)  # type: ignore[arg-type]


def crc(octets: bytes) -> int:
    """CRC-16 of CCSDS: x^16 + x^12 + x^5 + 1, preset to ones, by the standard library."""
    return binascii.crc_hqx(octets, 0xFFFF)


def iso(octets: bytes) -> bytes:
    """ISO checksum of ECSS-E-70-41A, annex A."""
    c0 = c1 = 0xFF
    for octet in octets:
        c0 = (c0 + octet) % 255
        c1 = (c1 + c0) % 255
    first, second = -(c0 + c1) % 255, c1
    return bytes([first or 255, second or 255])


def request(count: int, service: int, subtype: int, data: bytes = b"", ack: int = 15, apid: int = COMMAND_APID) -> bytes:
    """A telecommand packet of variant A with a source id of one octet."""
    body = bytes([0x10 | ack, service, subtype, SOURCE]) + data
    head = struct.pack(">HHH", 0x1800 | apid, 0xC000 | count, len(body) + 1)
    return head + body + struct.pack(">H", crc(head + body))


@dataclass
class Ground:
    """Makes secured frames (355.0-B, AES-256-GCM, IV as counter) and CLTUs (231.0-B) by hand."""

    iv: int = 0
    key: bytes = KEY
    spi: int = 1
    at_ns: int = T0
    sent: list[bytes] = field(default_factory=list)

    def frame(self, packet: bytes, number: int | None = None, *, segment: int = 3, channel: int = 0) -> bytes:
        """A frame of one segment: BD, or AD with N(S) `number`."""
        self.iv += 1
        iv = self.iv.to_bytes(12)
        total = 5 + 1 + 2 + 12 + len(packet) + 16 + 2
        word = (0x2000 if number is None else 0) | SPACECRAFT_ID
        header = struct.pack(">HHB", word, channel << 10 | total - 1, number or 0)
        segment_header = bytes([segment << 6])
        aad = bytes([0, 0, header[2] & 0xFC, 0, 0]) + segment_header + self.spi.to_bytes(2) + bytes(12)
        sealed = AESGCM(self.key).encrypt(iv, packet, aad)
        octets = header + segment_header + self.spi.to_bytes(2) + iv + sealed
        return octets + struct.pack(">H", crc(octets))

    def control(self, data: bytes) -> bytes:
        """A BC frame."""
        octets = struct.pack(">HHB", 0x3000 | SPACECRAFT_ID, 5 + len(data) + 2 - 1, 0) + data
        return octets + struct.pack(">H", crc(octets))

    def send(self, craft: Spacecraft, *frames: bytes) -> Uplinked:
        """Radiate frames in one CLTU, as soon as the spacecraft is free, and return what arrives."""
        octets = b"\x55" * 16 + cltu(b"".join(frames)) + b"\x55"
        self.at_ns = max(self.at_ns, craft.now_ns) + SECOND // 10
        uplinked = Uplinked(self.at_ns, RATE, octets)
        self.at_ns = uplinked.end_ns
        craft.receive(uplinked)
        self.sent.append(octets)
        return uplinked

    def ask(self, craft: Spacecraft, *packets: bytes) -> None:
        """Send each packet in a BD frame of its own."""
        for packet in packets:
            self.send(craft, self.frame(packet))


def cltu(frames: bytes) -> bytes:
    """A CLTU of BCH (63,56) codewords, randomized (231.0-B): the parity by long division, complemented."""
    register, stream = 0xFF, bytearray()
    for _ in frames:
        octet = 0
        for _ in range(8):
            octet = octet << 1 | register >> 7
            bit = (register >> 7 ^ register >> 6 ^ register >> 5 ^ register >> 4 ^ register >> 3 ^ register >> 1) & 1
            register = (register << 1 | bit) & 0xFF
        stream.append(octet)
    data = bytes(a ^ b for a, b in zip(frames, stream, strict=True))
    data += b"\x55" * (-len(data) % 7)
    made = bytes.fromhex("EB90")
    for at in range(0, len(data), 7):
        word = int.from_bytes(data[at : at + 7])
        parity = 0
        for bit in range(55, -1, -1):
            feedback = parity >> 6 & 1 ^ word >> bit & 1
            parity = (parity << 1 & 0x7F) ^ (0x45 if feedback else 0)
        made += data[at : at + 7] + bytes([(~parity & 0x7F) << 1])
    return made + bytes.fromhex("C5C5C5C5C5C5C579")


@dataclass
class Heard:
    """Packets and control words of frames, taken apart by hand."""

    packets: list[bytes] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    _open: bytes | None = None
    _counts: dict[int, int] = field(default_factory=dict)

    def feed(self, frame: bytes) -> None:
        """Take a frame, which must be whole and follow the one before."""
        assert len(frame) == 1115 and crc(frame) == 0
        first, master, count, status = struct.unpack(">HBBH", frame[:6])
        assert first >> 4 == SPACECRAFT_ID and first & 1 and status & 0xF800 == 0x1800
        channel = first >> 1 & 7
        for key, value in ((8, master), (channel, count)):
            assert value == (self._counts.get(key, value - 1) + 1) & 255
            self._counts[key] = value
        self.words.append(int.from_bytes(frame[-6:-2]))
        if channel == 7:
            assert status & 0x7FF == 0x7FE
            return
        self._packets(frame[6:-6], status & 0x7FF)

    def _packets(self, data: bytes, pointer: int) -> None:
        if self._open is None and pointer == 0x7FF:
            return
        if self._open is None:
            self._open, data = b"", data[pointer:]
        elif pointer != 0x7FF:
            whole = self._open + data[:pointer]
            assert not whole or len(whole) == int.from_bytes(whole[4:6]) + 7
        self._open += data
        while len(self._open) >= 6 and len(self._open) >= (length := int.from_bytes(self._open[4:6]) + 7):
            self.packets.append(self._open[:length])
            self._open = self._open[length:]

    def reports(self, service: int, *subtypes: int) -> list[bytes]:
        """Return the reports of a service (and subtypes) heard so far, each checked."""
        found = [one for one in self.packets if one[0] & 8 and one[7] == service and (not subtypes or one[8] in subtypes)]
        assert all(crc(one) == 0 for one in found)
        return found

    def stages(self, count: int) -> list[int]:
        """Return the stages of one request that were reported, in order."""
        wanted = struct.pack(">HH", 0x1800 | COMMAND_APID, 0xC000 | count)
        return [one[8] for one in self.reports(1) if one[16:20] == wanted]

    def failure(self, count: int) -> int:
        """Return the failure code of a request."""
        wanted = struct.pack(">HH", 0x1800 | COMMAND_APID, 0xC000 | count)
        (code,) = [one[20] for one in self.reports(1, 2, 4, 8) if one[16:20] == wanted]
        return code


def listen(craft: Spacecraft, frames: int, heard: Heard | None = None) -> Heard:
    """Let a spacecraft send so many frames and hear them."""
    heard = Heard() if heard is None else heard
    for _ in range(frames):
        heard.feed(craft.frame())
    return heard


def until(craft: Spacecraft, heard: Heard, done: Callable[[], bool], most: int = 200) -> Iterator[bytes]:
    """Yield frames until something is true, which it must be in time."""
    for _ in range(most):
        if done():
            return
        frame = craft.frame()
        heard.feed(frame)
        yield frame
    raise AssertionError(f"not within {most} frames")
