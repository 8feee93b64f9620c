"""A synthetic recording in the format of the ExoMars Trace Gas Orbiter, for machines that have no real one.

Nothing in it came from a spacecraft: the file is named so, and its idle packets say SYNTHETIC. It is the same to the octet
each time. The layouts are those of the TGO database and channel; a real recording, not this one, proves them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..octets import crc16, crc16_many, iso_checksum

FILE_NAME = "tgo-synthetic.tm"
SPACECRAFT_ID, IDLE_APID = 0x28F, 0x7FF
FRAME_OCTETS, DATA_OCTETS = 1115, 1103  # six octets of header, four of operational control field, two of frame error control
FRAME_SECONDS = 0.34
START_SECONDS = 2**28 + 52_200  # of the on-board clock: Malargüe and Kalyazin both see Mars then
TIME_PACKET_FRAMES = 32
ONLY_IDLE = 0x7FE  # first header pointer of a frame with only idle data: CCSDS 132.0-B
NO_PACKET = 0x7FF  # first header pointer of a frame in which no packet begins
CONTROL_WORD = bytes.fromhex("01000000")
TURN_RAD_PER_S = 9e-4
AXIS = np.array([0.6, 0.0, 0.8])
EARTH_J2000 = np.array([0.48, -0.8, -0.36])
SUN_J2000 = np.array([0.8, -0.48, -0.36])

Vector = NDArray[np.float64]


@dataclass(slots=True)
class Source:
    """Makes packets and keeps the sequence count of each application process."""

    counts: dict[int, int] = field(default_factory=dict)

    def packet(self, apid: int, body: bytes, secondary_header: bool = True) -> bytes:
        """Return a telemetry packet around `body` (CCSDS 133.0-B), numbered in its application process."""
        count = self.counts.get(apid, 0)
        self.counts[apid] = (count + 1) % 2**14
        return primary_header(apid, count, len(body), secondary_header) + body

    def report(self, apid: int, service: int, subtype: int, time: int, data: bytes, destination: int = 0) -> bytes:
        """Return a packet with a PUS-A data field header, CUC 4 + 2 `time` in ticks of 1/65536 s, and packet error control."""
        header = bytes([0x10, service, subtype, destination]) + time.to_bytes(6, "big")
        body = header + data
        whole = self.packet(apid, body + b"\0\0")
        return whole[:-2] + crc16(whole[:-2]).to_bytes(2, "big")


def primary_header(apid: int, count: int, body_octets: int, secondary_header: bool) -> bytes:
    """Return the primary header of an unsegmented telemetry packet (CCSDS 133.0-B)."""
    first = (secondary_header << 11) | apid
    return first.to_bytes(2, "big") + (0xC000 | count).to_bytes(2, "big") + (body_octets - 1).to_bytes(2, "big")


def recording(frames: int = 3000) -> bytes:
    """Return a recording of this many TM transfer frames, about 0.34 s each, as octets."""
    on_zero = [n for n in range(frames) if n % 11 < 6]  # the others carry only idle data on VC7, in the real proportion
    stream, starts = packet_stream([n * FRAME_SECONDS for n in on_zero])
    table = np.zeros((frames, FRAME_OCTETS), np.uint8)
    table[:, 6:-6] = np.frombuffer(idle_data(DATA_OCTETS), np.uint8)
    table[on_zero, 6:-6] = np.frombuffer(stream, np.uint8).reshape(-1, DATA_OCTETS)
    pointers = np.full(frames, ONLY_IDLE)
    pointers[on_zero] = first_headers(starts, len(on_zero))
    channel = np.full(frames, 7)
    channel[on_zero] = 0
    channel_count = np.where(channel == 0, np.cumsum(channel == 0), np.cumsum(channel == 7)) - 1
    first = (SPACECRAFT_ID << 4) | (channel << 1) | 1  # version 0; the last bit says that there is an operational control field
    table[:, 0], table[:, 1] = first >> 8, first & 0xFF
    table[:, 2], table[:, 3] = np.arange(frames) % 256, channel_count % 256
    status = 0x1800 | pointers  # segment length identifier 11
    table[:, 4], table[:, 5] = status >> 8, status & 0xFF
    table[:, -6:-2] = np.frombuffer(CONTROL_WORD, np.uint8)
    offsets = np.arange(frames, dtype=np.int64) * FRAME_OCTETS
    check = crc16_many(table.reshape(-1), offsets, np.full(frames, FRAME_OCTETS - 2, np.int64))
    table[:, -2], table[:, -1] = check >> 8, check & 0xFF
    return table.tobytes()


def write_recording(folder: Path, frames: int = 3000) -> Path:
    """Write the recording into the folder, which is made if it is absent, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    path.write_bytes(recording(frames))
    return path


def packet_stream(frame_times_s: list[float]) -> tuple[bytes, list[int]]:
    """Return the packets that fill these frames, cut at the end of the last, and the offset at which each begins."""
    source, stream, starts = Source(), bytearray(), []
    idle = primary_header(IDLE_APID, 0, 9, False) + b"SYNTHETIC"
    due = reports(source, frame_times_s[-1] if frame_times_s else 0.0)
    waiting = next(due, None)
    for number, now_s in enumerate(frame_times_s):
        if number % TIME_PACKET_FRAMES == 0:
            starts.append(len(stream))
            stream += source.packet(0, b"\0\x2e" + on_board(now_s).to_bytes(6, "big"), secondary_header=False)
        while waiting is not None and waiting[0] <= now_s:
            starts.append(len(stream))
            stream += waiting[1]
            waiting = next(due, None)
        while len(stream) < (number + 1) * DATA_OCTETS:
            starts.append(len(stream))
            stream += idle
    return bytes(stream[: len(frame_times_s) * DATA_OCTETS]), starts


def reports(source: Source, end_s: float) -> Iterator[tuple[float, bytes]]:
    """Yield (seconds from the start, packet) in order of time, up to `end_s`."""
    for second in range(int(end_s) + 1):
        time = on_board(second)
        if second % 4 == 0:
            yield second, source.report(0xB3, 3, 25, time, attitude(second))
        if second % 12 == 3:
            yield second, source.report(0xB3, 3, 25, time, directions(second))
        if second % 10 == 5:
            yield from ((second, packet) for packet in command(source, time, second // 10))
        if second % 120 == 60:
            yield second, source.report(0xF3, 3, 25, time, thermistors(second))


def command(source: Source, time: int, number: int) -> Iterator[bytes]:
    """Yield what one memory dump command causes: three reports on the command, two events and the dump."""
    request = ((0x1800 | 0x1A) << 16 | 0xC000 | number % 2**14).to_bytes(4, "big")
    data = b"SYNTHETI"
    dump = b"\x06" + (8 * number).to_bytes(4, "big") + len(data).to_bytes(4, "big") + data
    yield source.report(0x12, 1, 1, time, request, destination=4)
    yield source.report(0x12, 1, 3, time, request, destination=4)
    yield source.report(0x16, 5, 1, time, bytes.fromhex("01a10601010605"))
    yield source.report(0x17, 6, 6, time, dump + iso_checksum(data).to_bytes(2, "big"))
    yield source.report(0x16, 5, 1, time, bytes.fromhex("01a10601000605"))
    yield source.report(0x12, 1, 7, time, request, destination=4)


def attitude(second: float) -> bytes:
    """Return structure 0xAA: the attitude quaternion in its two places, and zeros."""
    return structure(0xAA, 237, {42: quaternion(second), 118: quaternion(second)})


def directions(second: float) -> bytes:
    """Return structure 0xAB: attitude, and the directions of Earth and Sun in J2000 and in body axes."""
    turn = quaternion(second)
    vectors = {23: EARTH_J2000, 35: SUN_J2000, 71: to_body(turn, EARTH_J2000), 95: to_body(turn, SUN_J2000)}
    return structure(0xAB, 289, {54: turn, **vectors})


def thermistors(second: float) -> bytes:
    """Return structure 0x87: 101 flags, resistances (ohm) and temperatures (deg C) on one exponential curve."""
    warm = 20.0 + 10.0 * np.sin(np.arange(101) + second / 2000.0)
    resistance = 15000.0 * np.exp(3900.0 * (1.0 / (warm + 273.15) - 1.0 / 298.15))
    made = bytearray(structure(0x87, 977, {123: resistance, 527: warm}))
    made[6:107] = b"\x01" * 101
    return bytes(made)


def structure(identifier: int, packet_octets: int, floats: dict[int, Vector]) -> bytes:
    """Return a housekeeping structure for a packet of that length: float32 values at octets counted from the packet's start."""
    made = bytearray(packet_octets - 16 - 2)
    made[:4] = identifier.to_bytes(4, "big")
    for octet, values in floats.items():
        made[octet - 16 : octet - 16 + 4 * values.size] = values.astype(">f4").tobytes()
    return bytes(made)


def quaternion(second: float) -> Vector:
    """Return the attitude, body to J2000, scalar first: a steady turn about one axis."""
    half = 0.3 + 0.5 * TURN_RAD_PER_S * second
    return np.concatenate([[np.cos(half)], np.sin(half) * AXIS])


def to_body(turn: Vector, inertial: Vector) -> Vector:
    """Return a J2000 vector in the axes of a body with that attitude."""
    scalar, vector = turn[0], -turn[1:]
    return np.asarray(inertial + 2 * np.cross(vector, np.cross(vector, inertial) + scalar * inertial), np.float64)


def on_board(second: float) -> int:
    """Return ticks of 1/65536 s of the on-board clock at that many seconds from the start."""
    return round((START_SECONDS + second) * 65536)


def first_headers(starts: list[int], frames: int) -> NDArray[np.int64]:
    """Return the first header pointer of each frame of the stream."""
    found = np.full(frames, NO_PACKET, np.int64)
    frame, place = np.divmod(np.array(starts, np.int64), DATA_OCTETS)
    for index in np.flatnonzero(frame < frames)[::-1]:
        found[frame[index]] = place[index]
    return found


def idle_data(octets: int) -> bytes:
    """Return idle fill: the 511-bit sequence of x^9 + x^4 + 1 from an all-ones start."""
    register, bits = 0x1FF, []
    for _ in range(8 * octets):
        bits.append(register & 1)
        register = (register >> 1) | (((register ^ (register >> 4)) & 1) << 8)
    return np.packbits(np.array(bits, np.uint8)).tobytes()
