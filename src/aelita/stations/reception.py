"""What a station says of the frames it hears: quality, continuity, lock, and a report when the contact ends."""

from dataclasses import dataclass, field

from ..octets import crc16, crc32
from ..time import SECOND

GOOD, ERRED, UNDETERMINED = 0, 1, 2
FIRST, DIRECT = -1, 0  # data link continuity: the first frame, the direct successor; above 0: at least so many are missing
COUNTED = ("good", "erred", "undetermined", "missing", "losses")
MOST_MISSING = 16_777_215


@dataclass(frozen=True, slots=True)
class Checks:
    """How a station tells good frames from erred ones: the octets of the frame error control field (0: stripped before)."""

    frame_octets: int = 0
    error_control_octets: int = 2

    def quality(self, octets: bytes) -> int:
        """Return GOOD, ERRED, or UNDETERMINED where nothing in the frame can tell."""
        if self.frame_octets and len(octets) != self.frame_octets:
            return ERRED
        if self.error_control_octets == 0 or len(octets) <= self.error_control_octets:
            return UNDETERMINED if self.error_control_octets == 0 else ERRED
        check = crc16 if self.error_control_octets == 2 else crc32
        size = self.error_control_octets
        return GOOD if check(octets[:-size]) == int.from_bytes(octets[-size:], "big") else ERRED


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame at a station: Earth received time (TAI nanoseconds), quality, data link continuity, octets."""

    received: int
    quality: int
    continuity: int
    octets: bytes


@dataclass(slots=True)
class Contact:
    """One spacecraft in the beam of one station. `silence` (ns) without a frame is loss of frame synchronization.

    With the `period` of frames (ns) known, a silent stretch tells how many frames are missing at least.
    """

    station: str
    spacecraft: str
    checks: Checks
    silence: int = 5 * SECOND
    period: int = 0
    first: int = 0
    last: int = 0
    locked: bool = False
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))

    def hear(self, received: int, octets: bytes) -> Heard:
        """Take a frame heard at a time (TAI nanoseconds), and return what is said of it."""
        return self.take(received, self.checks.quality(octets), octets)

    def take(self, received: int, quality: int, octets: bytes = b"") -> Heard:
        """Take a frame of which the quality is known already."""
        continuity = self._continuity(received)
        self.counts[("good", "erred", "undetermined")[quality]] += 1
        self.counts["missing"] += max(continuity, 0)
        self.first, self.last, self.locked = self.first or received, max(self.last, received), True
        return Heard(received, quality, continuity, octets)

    def leave(self) -> None:
        """Say that the antenna looks elsewhere: the next frame is a first one, and none is missing before it."""
        self.last, self.locked = 0, False

    def lost_at(self, now: int) -> bool:
        """Return whether frame synchronization was lost by now: True once for each loss."""
        if self.locked and now - self.last >= self.silence:
            self.locked = False
            self.counts["losses"] += 1
            return True
        return False

    @property
    def frames(self) -> int:
        """How many frames were heard."""
        return self.counts["good"] + self.counts["erred"] + self.counts["undetermined"]

    def report(self) -> dict[str, int | str]:
        """Return what the contact brought: times are TAI nanoseconds, 0 when nothing was heard."""
        return {"station": self.station, "spacecraft": self.spacecraft, "first": self.first, "last": self.last, **self.counts}

    def _continuity(self, received: int) -> int:
        if not self.last:
            return FIRST
        if self.period <= 0:
            return DIRECT
        return min(max(round((received - self.last) / self.period) - 1, DIRECT), MOST_MISSING)
