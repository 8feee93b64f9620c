"""A source of space: recordings played as if spacecraft were sending them now, heard by stations after the light time of each.

Until spacecraft are simulated this is what the stations hear. A frame is emitted at its true pace (the bit rate of its channel)
by the mission clock; it reaches each antenna at its own time, with losses, bit errors and outages of that antenna's path. The
time that goes with a frame is the one at which it reached the antenna, as a station's own hardware would stamp it.
"""

import asyncio
import json
import logging
import random
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DefinitionError
from ...link import Channel
from ...telemetry import Reception
from ...time import SECOND
from .clock import MissionClock
from .health import Health

Integers = NDArray[np.int64]
LightTime = Callable[[str, str, Integers], Integers]  # (station, spacecraft, received at) -> one-way light time, ns

RECORD = struct.Struct(">IBq")  # octets of the frame, number of the spacecraft, received (TAI ns)
PIECE_OCTETS = 1 << 20
MOST_WAITING_OCTETS = 8 << 20  # for one station that does not read
LEAST_RATE = 1.0
BUSY_S, GATHER_S = 0.02, 0.005  # an antenna that hears frames more often than this takes those of so long together

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Play:
    """A recording to be played: of which spacecraft and channel, and when its first frame is emitted (TAI nanoseconds)."""

    spacecraft: str
    channel: Channel
    recording: Path
    emitted: int
    bit_rate: float
    loops: int = 1

    def __post_init__(self) -> None:
        if not self.bit_rate >= LEAST_RATE:
            raise DefinitionError(
                f"{self.bit_rate} bit/s is no rate to play frames at",
                where=f"channel {self.channel.name}",
                remedy="Give the channel a bit_rate",
            )


@dataclass(frozen=True, slots=True)
class SignalPath:
    """What happens to frames on their way to one station: the share lost, the bit error rate, outages (TAI ns), and a seed."""

    loss: float = 0.0
    bit_error_rate: float = 0.0
    outages: tuple[tuple[int, int], ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Emitted:
    """A frame on its way: when it left (TAI nanoseconds), its place in the recording, and its octets."""

    at: int
    number: int
    octets: bytes


def emissions(play: Play) -> Iterator[Emitted]:
    """Yield the frames of a recording, good and bad, in order, each with the time at which its first bit leaves."""
    bits = number = 0
    for _ in range(play.loops):
        for octets in _frames(play.channel, play.recording):
            yield Emitted(play.emitted + round(bits / play.bit_rate * SECOND), number, octets)
            bits += len(octets) * 8
            number += 1


def _frames(channel: Channel, recording: Path) -> Iterator[bytes]:
    reception = Reception(channel)
    with recording.open("rb") as file:
        while piece := file.read(PIECE_OCTETS):
            frames = reception.feed(piece).frames
            yield from (frames.octets(i) for i in range(len(frames)))
    frames = reception.finish().frames
    yield from (frames.octets(i) for i in range(len(frames)))


def as_heard(path: SignalPath, station: str, received: int, frame: Emitted) -> bytes | None:
    """Return a frame as it reaches a station, None when it does not: the same for the same seed, whatever else is played."""
    if any(start <= received < stop for start, stop in path.outages):
        return None
    dice = random.Random(f"{path.seed}/{station}/{frame.number}")
    if dice.random() < path.loss:
        return None
    if path.bit_error_rate <= 0:
        return frame.octets
    bits = len(frame.octets) * 8
    wrong = np.random.default_rng(dice.getrandbits(64)).binomial(bits, path.bit_error_rate)
    octets = bytearray(frame.octets)
    for bit in dice.sample(range(bits), min(int(wrong), bits)):
        octets[bit >> 3] ^= 0x80 >> (bit & 7)
    return bytes(octets)


def arrival(light_time: LightTime, station: str, spacecraft: str, emitted: int) -> int:
    """Return when what left at `emitted` reaches a station (TAI nanoseconds): the light time is that of the arrival."""
    received = emitted
    for _ in range(4):  # converges by a factor of the spacecraft's speed over that of light each time
        received = emitted + int(light_time(station, spacecraft, np.array([received], np.int64))[0])
    return received


def lasts(recording: Path, channel: Path, loops: int = 1) -> int:
    """Return how long a recording of a channel (its file) is played at most, nanoseconds."""
    rate = max(Channel.from_toml(channel.read_text("utf-8"), str(channel)).bit_rate, LEAST_RATE)
    return round(recording.stat().st_size * 8 / rate * loops * SECOND)


class Space:
    """Serves what stations hear. A station connects and names itself; it hears what arrives from then on."""

    def __init__(
        self, plays: list[Play], paths: dict[str, SignalPath], light_time: LightTime, clock: MissionClock, health: Health
    ) -> None:
        self.plays, self.paths, self.light_time, self.clock, self.health = plays, paths, light_time, clock, health
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Begin to serve stations. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Fall silent."""
        if self._server is not None:
            self._server.close()
        for line in self._lines:
            line.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        try:
            async with asyncio.timeout(10):
                station = str(json.loads(await reader.readline())["station"])
            names = [play.spacecraft for play in self.plays]
            writer.write(json.dumps({"spacecraft": names}).encode() + b"\n")
            for number, play in enumerate(self.plays):
                task = asyncio.create_task(self._play(number, play, station, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await reader.read()  # until the station goes
        except (TimeoutError, ValueError, KeyError, TypeError, ConnectionError) as error:
            log.warning("a station was not understood", extra={"why": str(error)})
        finally:
            self._lines.discard(writer)
            writer.close()

    async def _play(self, number: int, play: Play, station: str, writer: asyncio.StreamWriter) -> None:
        path, connected = self.paths.get(station, SignalPath()), self.clock.now()
        light = int(self.light_time(station, play.spacecraft, np.array([connected], np.int64))[0])
        for frame in emissions(play):
            if frame.at < connected - light - SECOND:
                continue  # surely passed: without looking closer, since a long recording has many of these
            received = arrival(self.light_time, station, play.spacecraft, frame.at)
            if received < connected:
                continue  # it passed before the station listened
            octets = as_heard(path, station, received, frame)
            wait = self.clock.seconds_until(received)
            if wait > 0:
                await asyncio.sleep(wait)
            elif frame.number % 64 == 0:
                await asyncio.sleep(0)
            if writer.is_closing():
                return
            if octets is None or writer.transport.get_write_buffer_size() > MOST_WAITING_OCTETS:
                self.health.count("frames_not_heard", station=station, spacecraft=play.spacecraft)
                continue
            writer.write(RECORD.pack(len(octets), number, received) + octets)
            self.health.count("frames_heard", station=station, spacecraft=play.spacecraft)
        log.info("the recording has ended", extra={"station": station, "spacecraft": play.spacecraft})


class Antenna:
    """A station's end of the line to space. What arrives is (spacecraft, received at (TAI ns), octets)."""

    def __init__(self, host: str, port: int, station: str) -> None:
        self.host, self.port, self.station = host, port, station

    async def arrivals(self) -> AsyncIterator[list[tuple[str, int, bytes]]]:
        """Yield an empty list once there is a line, then what arrives, until the line ends. Raises OSError when there is none."""
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        try:
            writer.write(json.dumps({"station": self.station}).encode() + b"\n")
            names = json.loads(await reader.readline())["spacecraft"]
            yield []
            held, before = b"", 0.0
            while piece := await reader.read(1 << 18):
                held, found = _arrived(held + piece, names)
                if found:
                    yield found
                if time.monotonic() - before < BUSY_S:
                    await asyncio.sleep(GATHER_S)
                before = time.monotonic()
        finally:
            writer.close()


def _arrived(octets: bytes, names: list[str]) -> tuple[bytes, list[tuple[str, int, bytes]]]:
    """Return the octets that make no whole record yet, and the records before them."""
    found, at = [], 0
    while len(octets) - at >= RECORD.size:
        length, number, received = RECORD.unpack_from(octets, at)
        end = at + RECORD.size + length
        if end > len(octets):
            break
        found.append((names[number], received, octets[at + RECORD.size : end]))
        at = end
    return octets[at:], found
