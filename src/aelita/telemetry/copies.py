"""What goes into the merging of stations and what comes out, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..time import NO_TIME
from .runs import Hole

Octets = NDArray[np.uint8]
Integers = NDArray[np.int64]

GOOD, ERRED, UNDETERMINED = 0, 1, 2  # delivered frame quality of a return service (CCSDS 911.1-B)


@dataclass(frozen=True, slots=True)
class Copies:
    """Frames as one station delivered them, in the order in which it did.

    `received_at` is when each was received on Earth, `emitted_at` that less the light time to this station (TAI nanoseconds).
    `quality` is GOOD, ERRED or UNDETERMINED, as the station says. `continuity` counts the frames that the station knows it
    missed before each (-1: it cannot tell). `message` numbers what the caller took the copies from, rising by station.
    """

    station: str
    buffer: Octets
    offset: Integers
    length: Integers
    received_at: Integers
    emitted_at: Integers
    quality: NDArray[np.uint8]
    continuity: Integers
    message: int = 0

    def __len__(self) -> int:
        return self.offset.size


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A frame of which no station had a good copy: the octets of the first copy, what is wrong, and who heard it so."""

    octets: bytes
    reason: str
    received_at: int
    emitted_at: int
    stations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """Distinct good frames, each virtual channel in its order but for those marked `late`.

    `station` is the row in `stations` of the one whose copy this is, `received_at` when it received it, `emitted_at` when the
    spacecraft sent it (TAI nanoseconds). `opened` and `closed` are the holes that came and went with these frames; one that was
    filled in part is closed, and opened smaller. `unusable` are frames that no station received well.
    """

    buffer: Octets
    offset: Integers
    length: Integers
    virtual_channel: NDArray[np.uint8]
    count: Integers
    received_at: Integers
    emitted_at: Integers
    station: NDArray[np.int16]
    late: NDArray[np.bool_]
    stations: tuple[str, ...]
    opened: tuple[Hole, ...] = ()
    closed: tuple[Hole, ...] = ()
    unusable: tuple[BadFrame, ...] = ()

    def __len__(self) -> int:
        return self.offset.size

    def octets(self, index: int) -> bytes:
        """Return the whole frame at `index`."""
        start = int(self.offset[index])
        return self.buffer[start : start + int(self.length[index])].tobytes()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (len(self) or self.opened or self.closed or self.unusable)


def joined_copies(some: Sequence[Copies]) -> Copies:
    """Return copies of one station, at least one batch, as one batch; it has the number of the first."""
    if len(some) == 1:
        return some[0]
    return Copies(
        some[0].station,
        **_joined(some, ("received_at", "emitted_at", "quality", "continuity")),
        message=some[0].message,
    )


def joined_merged(some: Sequence[Merged]) -> Merged:
    """Return batches of one merger, at least one, as one batch; a hole that came and went within them is in none of its lists."""
    if len(some) == 1:
        return some[0]
    names = {name: row for row, name in enumerate(dict.fromkeys(name for one in some for name in one.stations))}
    opened: list[Hole] = []
    closed: list[Hole] = []
    for one in some:
        closed += [hole for hole in one.closed if hole not in opened]
        opened = [hole for hole in opened if hole not in one.closed] + list(one.opened)
    rows = [np.array([names[name] for name in one.stations], np.int16)[one.station] for one in some if len(one)]
    return Merged(
        **_joined(some, ("virtual_channel", "count", "received_at", "emitted_at", "late")),
        station=np.concatenate([np.empty(0, np.int16), *rows]),
        stations=tuple(names),
        opened=tuple(opened),
        closed=tuple(closed),
        unusable=tuple(bad for one in some for bad in one.unusable),
    )


def _joined(some: Sequence[Copies | Merged], names: tuple[str, ...]) -> dict[str, Any]:
    begin = np.cumsum([0, *(one.buffer.size for one in some)])
    return {
        "buffer": np.concatenate([one.buffer for one in some]),
        "offset": np.concatenate([one.offset + start for one, start in zip(some, begin, strict=False)]),
        "length": np.concatenate([one.length for one in some]),
        **{name: np.concatenate([getattr(one, name) for one in some]) for name in names},
    }


@dataclass(slots=True)
class StationCounts:
    """What became of the copies of one station, and where it stands.

    `won` copies went out, of which `late` ones late; `also_heard` were copies of frames that went out by another station's;
    `repeated` came from this station before. `conflicting` copies differ from another station's good copy in the same place.
    `off_time` copies are of a frame that the others saw at another time: its clock or light time is wrong. `disordered` copies
    were received earlier than those before them. `refused` counts, by reason, copies that were not good, and `missed` the
    frames that the station says it missed.
    """

    copies: int = 0
    won: int = 0
    late: int = 0
    also_heard: int = 0
    repeated: int = 0
    conflicting: int = 0
    off_time: int = 0
    disordered: int = 0
    missed: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    last_received: int = NO_TIME
    last_emitted: int = NO_TIME
    delivered: int = NO_TIME  # when it delivered last, by the clock of `now`
