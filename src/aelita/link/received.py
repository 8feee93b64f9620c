"""What a receiver gives for some input: frames, packets, gaps, and what could not be used."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .frames import Frames
from .packets import Packets, join_packets


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a virtual channel: the running number of the last frame before it (-1: none), the counter expected and the one
    found, and how many frames are missing (0 when the counter went back: it was restarted)."""

    virtual_channel: int
    after_frame: int
    expected: int
    found: int
    lost: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Octets that could not be used, kept with their offset in the source and the reason."""

    position: int
    octets: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """What some input gave. `checked` says of each packet whether it carries a checksum (`quality` tells if it was wrong).

    Packets stand in the order in which they were completed. `corrected` has one row a frame and one column a Reed-Solomon
    codeword of it (no column without that code): the symbols put right, -1 when there were more errors than the code corrects.
    """

    frames: Frames
    packets: Packets
    checked: NDArray[np.bool_]
    gaps: list[Gap]
    quarantined: list[Quarantined]
    corrected: NDArray[np.int16]


def uncorrected(frames: int) -> NDArray[np.int16]:
    """Return the `corrected` of frames without Reed-Solomon code."""
    return np.zeros((frames, 0), np.int16)


def with_end(received: Received, end: Received) -> Received:
    """Return the last input of a source together with what its end left unfinished, which has no frames."""
    return replace(
        received,
        packets=join_packets([received.packets, end.packets]),
        checked=np.concatenate([received.checked, end.checked]),
        gaps=received.gaps + end.gaps,
        quarantined=received.quarantined + end.quarantined,
    )
