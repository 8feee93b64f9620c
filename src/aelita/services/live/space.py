"""A source of space: what spacecraft send, recorded or simulated, heard by stations after the light time of each; and the way up.

A frame is emitted at its true pace (the bit rate of its channel) by the mission clock; it reaches each antenna at its own time,
with losses, bit errors and outages of that antenna's path. The time that goes with a frame is the one at which it reached the
antenna, as a station's own hardware would stamp it. What a station radiates reaches a simulated spacecraft after the light time
up, unless a body stands between; a recording does not listen.
"""

import asyncio
import json
import logging
import random
import struct
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import DefinitionError, UsageError
from ...link import Channel
from ...spacecraft import Uplinked
from ...telemetry import Reception
from ...time import SECOND
from .clock import MissionClock
from .health import Health

Integers = NDArray[np.int64]
LightTime = Callable[[str, str, Integers], Integers]  # (station, spacecraft, received at) -> one-way light time, ns
UplinkLight = Callable[[str, str, int], int]  # (station, spacecraft, radiated at (TAI ns)) -> one-way light time, ns
Hidden = Callable[[str, str, int], bool]  # (station, spacecraft, radiated at (TAI ns)) -> whether a body stands in the way

RECORD = struct.Struct(">IBq")  # octets of the frame, number of the spacecraft, received (TAI ns)
RADIATED = struct.Struct(">IBqQQ")  # the other way: octets, number of the spacecraft, begin (TAI ns), bit/s as a fraction
MOST_RADIATED_OCTETS = 1 << 20
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


@dataclass(frozen=True, slots=True)
class Uplink:
    """What a station radiates in one piece: when its first bit leaves (TAI ns), channel bits a second, and the bits, packed."""

    spacecraft: str
    start_ns: int
    rate: Fraction
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


class Simulated(Protocol):
    """A spacecraft that somebody simulates: it sends frames when they are due, and takes what reaches it."""

    key: str

    @property
    def sent(self) -> Iterable[Emitted]:
        """The frames that may still be on their way, in order of time."""

    def next_ns(self) -> int:
        """Return when the next frame leaves (TAI nanoseconds)."""

    def send(self) -> Emitted:
        """Send the next frame; from then on it is in `sent`."""

    def receive(self, uplinked: Uplinked) -> None:
        """Take bits that will arrive."""

    def look_for_faults(self) -> None:
        """Take faults that somebody wishes."""


class Space:
    """Serves what stations hear. A station connects and names itself; it hears what arrives from then on, and may radiate.

    `up_ns` tells the light time up (None: that of what the station receives then), `hidden` whether a body is in the way.
    """

    def __init__(
        self,
        plays: list[Play],
        paths: dict[str, SignalPath],
        light_time: LightTime,
        clock: MissionClock,
        health: Health,
        simulated: Sequence[Simulated] = (),
        up_ns: UplinkLight | None = None,
        hidden: Hidden = lambda station, spacecraft, at: False,
    ) -> None:
        self.plays, self.paths, self.light_time, self.clock, self.health = plays, paths, light_time, clock, health
        self.simulated = {one.key: one for one in simulated}
        self._up_ns, self._hidden = up_ns or self._as_down, hidden
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: set[asyncio.StreamWriter] = set()
        self._hearing: dict[str, set[asyncio.Queue[Emitted]]] = {key: set() for key in self.simulated}
        self.port = 0

    def _as_down(self, station: str, spacecraft: str, at: int) -> int:
        return int(self.light_time(station, spacecraft, np.array([at], np.int64))[0])

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Begin to serve stations. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]
        for one in self.simulated.values():
            self._begin(self._emit(one))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, ConnectionError):
            self.health.fault("space", str(error))
            log.error("a spacecraft has fallen silent", extra={"why": repr(error)})

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
            names = [*(play.spacecraft for play in self.plays), *self.simulated]
            writer.write(json.dumps({"spacecraft": names}).encode() + b"\n")
            for number, play in enumerate(self.plays):
                self._begin(self._tell(number, play.spacecraft, _played(play, self._passed(play, station)), station, writer))
            for number, one in enumerate(self.simulated.values(), len(self.plays)):
                self._begin(self._tell(number, one.key, self._sent(one), station, writer))
            while (radiated := await _radiated(reader, names)) is not None:  # until the station goes
                self._take(station, radiated)
        except (TimeoutError, ValueError, KeyError, TypeError, IndexError, ConnectionError) as error:
            log.warning("a station was not understood", extra={"why": str(error)})
        finally:
            self._lines.discard(writer)
            writer.close()

    def _take(self, station: str, radiated: Uplink) -> None:
        """Send what a station radiates on its way. A recording does not listen."""
        craft, at, spacecraft = self.simulated.get(radiated.spacecraft), radiated.start_ns, radiated.spacecraft
        cut = any(start <= at < stop for start, stop in self.paths.get(station, SignalPath()).outages)
        if craft is None or cut or self._hidden(station, spacecraft, at):
            self.health.count("uplinks_unheard", station=station, spacecraft=spacecraft)
            return
        craft.receive(Uplinked(at + self._up_ns(station, spacecraft, at), radiated.rate, radiated.octets))
        self.health.count("uplinks", station=station, spacecraft=spacecraft)

    async def _emit(self, craft: Simulated) -> None:
        """Let a simulated spacecraft send its frames when they are due, for ever."""
        while True:
            await asyncio.sleep(max(self.clock.seconds_until(craft.next_ns()), 0.0))
            craft.look_for_faults()
            frame = craft.send()
            for queue in self._hearing[craft.key]:
                queue.put_nowait(frame)

    async def _sent(self, craft: Simulated) -> AsyncGenerator[Emitted, None]:
        """Yield the frames of a simulated spacecraft that are on their way, and those that it sends from now on."""
        queue: asyncio.Queue[Emitted] = asyncio.Queue()
        for frame in craft.sent:
            queue.put_nowait(frame)
        self._hearing[craft.key].add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._hearing[craft.key].discard(queue)

    def _passed(self, play: Play, station: str) -> int:
        """Return the time before which what was emitted has surely passed a station that listens from now on."""
        now = self.clock.now()
        return now - self._as_down(station, play.spacecraft, now) - SECOND

    async def _tell(
        self, number: int, spacecraft: str, frames: AsyncGenerator[Emitted, None], station: str, writer: asyncio.StreamWriter
    ) -> None:
        """Let a station hear frames as they arrive, until there are no more or it goes."""
        connected = self.clock.now()
        async with aclosing(frames):
            async for frame in frames:
                received = arrival(self.light_time, station, spacecraft, frame.at)
                if received < connected:
                    continue  # it passed before the station listened
                wait = self.clock.seconds_until(received)
                if wait > 0:
                    await asyncio.sleep(wait)
                elif frame.number % 64 == 0:
                    await asyncio.sleep(0)
                if writer.is_closing():
                    return
                octets = as_heard(self.paths.get(station, SignalPath()), station, received, frame)
                if octets is None or writer.transport.get_write_buffer_size() > MOST_WAITING_OCTETS:
                    self.health.count("frames_not_heard", station=station, spacecraft=spacecraft)
                    continue
                writer.write(RECORD.pack(len(octets), number, received) + octets)
                self.health.count("frames_heard", station=station, spacecraft=spacecraft)
        log.info("the recording has ended", extra={"station": station, "spacecraft": spacecraft})


async def _played(play: Play, since: int) -> AsyncGenerator[Emitted, None]:
    """Yield the frames of a recording, but those that left before a time: a long recording has many of these."""
    for frame in emissions(play):
        if frame.at >= since:
            yield frame


class Antenna:
    """A station's end of the line to space. What arrives is (spacecraft, received at (TAI ns), octets)."""

    def __init__(self, host: str, port: int, station: str) -> None:
        self.host, self.port, self.station = host, port, station
        self._names: list[str] = []
        self._writer: asyncio.StreamWriter | None = None

    async def arrivals(self) -> AsyncIterator[list[tuple[str, int, bytes]]]:
        """Yield an empty list once there is a line, then what arrives, until the line ends. Raises OSError when there is none."""
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        try:
            writer.write(json.dumps({"station": self.station}).encode() + b"\n")
            names = self._names = [str(name) for name in json.loads(await reader.readline())["spacecraft"]]
            self._writer = writer
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
            self._writer = None
            writer.close()

    def radiate(self, spacecraft: str, start_ns: int, rate: Fraction, octets: bytes) -> None:
        """Radiate octets (acquisition and idle included, if any) from `start_ns` (TAI nanoseconds) on at `rate` bit/s.

        It may be called at or before the start, while `arrivals` is being read. Raises UsageError for a spacecraft that is not
        there, no or too many octets, or an impossible rate, and ConnectionError when there is no line to space.
        """
        if self._writer is None or self._writer.is_closing():
            raise ConnectionError(f"{self.station} has no line to space")
        if spacecraft not in self._names:
            known = ", ".join(self._names)
            raise UsageError(f"nobody is there to hear {spacecraft!r}", where=self.station, remedy=f"There are {known}")
        if not 0 < len(octets) <= MOST_RADIATED_OCTETS or not 0 < rate < 1 << 63 or rate.denominator >= 1 << 63:
            raise UsageError(f"{len(octets)} octets at {rate} bit/s cannot be radiated in one piece", where=self.station)
        number = self._names.index(spacecraft)
        self._writer.write(RADIATED.pack(len(octets), number, start_ns, rate.numerator, rate.denominator) + octets)


async def _radiated(reader: asyncio.StreamReader, names: list[str]) -> Uplink | None:
    """Return what a station radiates next, None when it goes. Raises ValueError, IndexError."""
    try:
        length, number, start_ns, numerator, denominator = RADIATED.unpack(await reader.readexactly(RADIATED.size))
        if not 0 < length <= MOST_RADIATED_OCTETS or not numerator or not denominator:
            raise ValueError(f"{length} octets at {numerator}/{denominator} bit/s")
        return Uplink(names[number], start_ns, Fraction(numerator, denominator), await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        return None


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
