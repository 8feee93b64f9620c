"""Several stations that hear one spacecraft, and what each makes of its frames; all that was emitted is known."""

import random
from dataclasses import dataclass, field

import numpy as np

from aelita.telemetry import Copies, Merged
from reception_material import tm_frame

MS, SECOND = 1_000_000, 1_000_000_000
START = 1_700_000_000 * SECOND
LIGHT_NS = {"malargue": 969 * SECOND, "kalyazin": 969 * SECOND + 11 * MS, "goldstone": 969 * SECOND - 4 * MS}
STATIONS = tuple(LIGHT_NS)


@dataclass(frozen=True, slots=True)
class Heard:
    """One copy: when the station delivers it, its octets, and when it believes that they were emitted."""

    station: str
    delivered: int
    octets: bytes
    emitted: int
    erred: bool = False


def copies_of(heard: list[Heard], message: int = 0) -> Copies:
    """Return copies of one station as one batch."""
    lengths = np.array([len(h.octets) for h in heard], np.int64)
    emitted = np.array([h.emitted for h in heard], np.int64)
    station = heard[0].station
    return Copies(
        station, np.frombuffer(bytearray(b"".join(h.octets for h in heard)), np.uint8), np.cumsum(lengths) - lengths, lengths,
        emitted + LIGHT_NS[station], emitted, np.array([h.erred for h in heard], np.uint8), np.zeros(len(heard), np.int64), message,
    )  # fmt: skip


def frames_of(*merged: Merged) -> list[bytes]:
    return [one.octets(i) for one in merged for i in range(len(one))]


@dataclass
class World:
    """Frames on two virtual channels, the second only idle so that its frames recur, heard by one to three stations.

    `emitted` has octets and time of every frame, `heard` the copies in the order of delivery, `good` the numbers of frames of
    which there is a good copy.
    """

    seed: int
    spacing: int
    count: int
    slowest: int = 20 * SECOND
    emitted: list[tuple[bytes, int]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    good: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        counts = {0: self.chance.randrange(256), 7: self.chance.randrange(256)}
        for index in range(self.count):
            channel = self.chance.choice((0, 0, 7))
            body = self.chance.randbytes(32) if channel == 0 else bytes(32)
            self.emitted.append((tm_frame(body, counts[channel], 0x7FE, channel=channel), START + index * self.spacing))
            counts[channel] += 1
        for station in STATIONS[: self.chance.choice((1, 2, 3))]:
            self._hear(station)
        self.heard.sort(key=lambda one: one.delivered)

    def _hear(self, station: str) -> None:
        chance = self.chance
        loss, damage, repeats, disorder = (chance.choice((0.0, 0.1, most)) for most in (0.5, 0.2, 0.3, 0.2))
        clock, delay = chance.randrange(-10 * MS, 10 * MS), chance.randrange(3 * SECOND)
        deaf = chance.randrange(self.count)
        deaf_to = deaf + chance.choice((0, 5, 300))
        for index, (frame, when) in enumerate(self.emitted):
            if chance.random() < loss or deaf <= index < deaf_to:
                continue
            octets, at = frame, chance.randrange(1, len(frame))
            if bad := chance.random() < damage:
                octets = frame[:at] + bytes([frame[at] ^ 1 << chance.randrange(8)]) + frame[at + 1 :]
            else:
                self.good.add(index)
            delivered = when + delay + (chance.randrange(self.slowest) if chance.random() < disorder else 0)
            self.heard.append(Heard(station, delivered, octets, when + clock, erred=bad and chance.random() < 0.5))
            if chance.random() < repeats:
                self.heard.append(Heard(station, delivered + chance.randrange(self.slowest), octets, when + clock))

    def batches(self, most: int) -> list[list[Heard]]:
        """Return the copies as their stations deliver them, up to so many at once."""
        found: list[list[Heard]] = []
        for one in self.heard:
            if found and found[-1][0].station == one.station and len(found[-1]) < most:
                found[-1].append(one)
            else:
                found.append([one])
        return found
