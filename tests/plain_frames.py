"""A plain reader of recorded frames, independent of the product, for tests that need packets and nothing else."""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    protocol: str
    octets: int
    before: int = 0  # octets between the primary header and the data
    after: int = 0  # octets behind the data
    checked: bool = True
    channels: frozenset[int] = frozenset({0})


def frames(path: Path, layout: Layout) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield (virtual channel, expected next count, first header pointer, data) of every good frame."""
    recorded = path.read_bytes()
    for start in range(0, len(recorded) - layout.octets + 1, layout.octets):
        frame = recorded[start : start + layout.octets]
        if layout.checked and binascii.crc_hqx(frame, 0xFFFF):
            continue
        end = layout.octets - layout.after
        if layout.protocol == "TM":
            yield (frame[1] >> 1) & 7, frame[3], (frame[4] & 7) << 8 | frame[5], frame[6 + layout.before : end]
        else:
            at = 6 + layout.before
            yield frame[1] & 63, int.from_bytes(frame[2:5], "big"), (frame[at] & 7) << 8 | frame[at + 1], frame[at + 2 : end]


def packets(path: Path, layout: Layout) -> Iterator[bytes]:
    """Yield the whole packets of the chosen virtual channels; a packet that a gap cut is dropped."""
    modulus = 256 if layout.protocol == "TM" else 2**24
    open_packet: dict[int, bytes | None] = {}
    expected: dict[int, int] = {}
    for channel, count, first, data in frames(path, layout):
        if channel not in layout.channels:
            continue
        held = open_packet.get(channel)
        if expected.get(channel, count) != count:
            held = None
        expected[channel] = (count + 1) % modulus
        if first == 0x7FE or (held is None and first == 0x7FF):
            open_packet[channel] = None
            continue
        stream = data[first:] if held is None else held + data
        while len(stream) >= 6 and len(stream) >= (size := 7 + int.from_bytes(stream[4:6], "big")):
            yield stream[:size]
            stream = stream[size:]
        open_packet[channel] = stream


def apid(packet: bytes) -> int:
    return (packet[0] & 7) << 8 | packet[1]


TGO = Layout("TM", 1115, after=6)
HERA = Layout("TM", 1113, after=4, checked=False, channels=frozenset({1}))
EUCLID = Layout("TM", 1113, after=4, checked=False, channels=frozenset({0, 4}))
MARS2020 = Layout("AOS", 1115, after=2)
MARS2020_SAFE = Layout("AOS", 223, after=2)
HOPE = Layout("AOS", 223, before=13, after=2)
CLIPPER = Layout("AOS", 1113, checked=False, channels=frozenset({32}))
STEREO = Layout("TM", 1115, before=15, after=6, channels=frozenset({0, 7}))
