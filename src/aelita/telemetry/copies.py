"""What goes into the merging of stations and what comes out, as columns."""

from dataclasses import dataclass, field

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
