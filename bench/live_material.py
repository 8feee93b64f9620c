"""What the live chain is measured with: the packets of the TGO recording sent again and again, at any rate.

The frames stay as they are but for what tells them apart: frame counters go on, sequence counts of packets go on, on-board times
run from the first time of the recording as fast as packets now come, checksums are made anew. The ends of the recording are
joined by an idle packet.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .material import ROOT, SHARED, AbsentError

RECORDING = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"
MISSION = "src/aelita/missions/exomars"
TRUE_RATE = 26210.01
FRAME_OCTETS, HEADER, TRAILER = 1115, 6, 6
UNIT = 1792  # frames of virtual channel 0: a multiple of its counter's 256, and of the 32 after which a time packet comes
TICKS = 65536  # of the on-board clock in a second
IDLE, TIME_APID = 0x7FF, 0
Octets = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Signal:
    """A mission folder whose TGO channel has the rate, a recording to be played, and how many frames and packets it has."""

    mission: Path
    recording: Path
    bit_rate: float
    frames: int
    packets: int

    @property
    def seconds(self) -> float:
        """How long it is played."""
        return self.frames * FRAME_OCTETS * 8 / self.bit_rate


@dataclass(frozen=True, slots=True)
class Unit:
    """The part of the recording that is sent again and again: its frames, and the real packets in the stream of channel 0."""

    table: Octets
    stream: Octets
    offset: NDArray[np.int64]
    length: NDArray[np.int64]
    apid: NDArray[np.int64]
    count: NDArray[np.int64]


def recorded() -> bytes:
    """Return the TGO recording. Raises AbsentError without the shared folder."""
    path = SHARED / RECORDING
    if not path.is_file():
        raise AbsentError(f"{RECORDING} is not in the shared folder")
    return path.read_bytes()


def signal(folder: Path, bit_rate: float, seconds: float) -> Signal:
    """Make a signal of at least so many seconds at a bit rate, in a folder that is made new. Raises AbsentError."""
    shutil.rmtree(folder, ignore_errors=True)
    mission = folder / "mission"
    shutil.copytree(ROOT / MISSION, mission)
    path = mission / "channels" / "tgo.toml"
    path.write_text(re.sub(r"(?m)^bit_rate = .*$", f"bit_rate = {bit_rate}", path.read_text("utf-8")), "utf-8")
    unit = _unit(recorded())
    times = max(1, -(-round(seconds * bit_rate / 8) // unit.table.size))
    recording = folder / "signal.tm"
    with recording.open("wb") as file:
        for number in range(times):
            file.write(_again(unit, number, bit_rate / TRUE_RATE).tobytes())
    return Signal(mission, recording, bit_rate, times * len(unit.table), times * unit.offset.size)


def _unit(octets: bytes) -> Unit:
    from aelita.link import Channel
    from aelita.telemetry import Reception

    path = ROOT / MISSION / "channels" / "tgo.toml"
    found = Reception(Channel.from_toml(path.read_text("utf-8"), str(path))).feed(octets)
    table = np.frombuffer(octets, np.uint8).reshape(-1, FRAME_OCTETS)
    table = table[: np.flatnonzero(_channel(table) == 0)[UNIT - 1] + 1].copy()
    stream = table[_channel(table) == 0][:, HEADER:-TRAILER].reshape(-1).copy()
    packets: Any = found.packets
    whole = packets.select(packets.position + packets.length <= stream.size)
    first, last = int(whole.position[0]), int(whole.position[-1] + whole.length[-1])
    _put(stream, last, _idle(stream.size - last + first))
    real = whole.select(~whole.idle)
    return Unit(table, stream, real.position, real.length, real.apid.astype(np.int64), real.sequence_count.astype(np.int64))


def _again(unit: Unit, number: int, faster: float) -> Octets:
    """Return the frames of the unit as they are sent the next time."""
    from aelita.octets import crc16_many

    table, stream = unit.table.copy(), unit.stream.copy()
    sent = np.array([np.count_nonzero(unit.apid == apid) for apid in range(IDLE)])
    count = (unit.count + number * sent[unit.apid]) & 0x3FFF
    stream[unit.offset + 2], stream[unit.offset + 3] = 0xC0 | count >> 8, count & 0xFF
    at = unit.offset + np.where(unit.apid == TIME_APID, 8, 10)
    places = at[:, None] + np.arange(6)
    ticks = stream[places].astype(np.int64) @ (1 << np.arange(40, -1, -8, dtype=np.int64))
    unit_ticks = len(table) * FRAME_OCTETS * 8 / (TRUE_RATE * faster) * TICKS
    now = np.rint(ticks[0] + (ticks - ticks[0]) / faster + number * unit_ticks).astype(np.int64)
    stream[places] = (now[:, None] >> np.arange(40, -1, -8)) & 0xFF
    timed = unit.apid != TIME_APID
    offset, length = unit.offset[timed], unit.length[timed]
    check = crc16_many(stream, offset, length - 2)
    stream[offset + length - 2], stream[offset + length - 1] = check >> 8, check & 0xFF
    channel = _channel(table)
    table[channel == 0, HEADER:-TRAILER] = stream.reshape(-1, FRAME_OCTETS - HEADER - TRAILER)
    table[:, 2] += np.uint8(number * len(table) & 0xFF)
    for one in (0, 7):
        table[channel == one, 3] += np.uint8(number * np.count_nonzero(channel == one) & 0xFF)
    flat = table.reshape(-1)
    frames = np.arange(len(table), dtype=np.int64) * FRAME_OCTETS
    check = crc16_many(flat, frames, np.full(len(table), FRAME_OCTETS - 2))
    table[:, -2], table[:, -1] = check >> 8, check & 0xFF
    return table


def _channel(table: Octets) -> NDArray[np.int64]:
    return (table[:, 1] >> 1 & 7).astype(np.int64)


def _idle(octets: int) -> Octets:
    """Return an idle packet of that length."""
    if octets < 7:
        raise ValueError(f"no packet has {octets} octets")
    made = np.full(octets, 0x55, np.uint8)
    made[:6] = np.frombuffer(bytes([0x07, 0xFF, 0xC0, 0x00, *(octets - 7).to_bytes(2, "big")]), np.uint8)
    return made


def _put(stream: Octets, at: int, octets: Octets) -> None:
    """Write octets at a place, going on at the beginning behind the end."""
    stream[(at + np.arange(octets.size)) % stream.size] = octets
