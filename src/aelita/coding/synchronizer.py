"""Frame synchronization: attached sync markers found in a stream of bits, and the frames between them cut out.

A frame is given out when its own marker is recognized, or when it stands between recognized markers on their grid. The
answer does not depend on how the stream is cut into pieces.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..octets import as_octets
from .bit_kernels import HEAD, cut, distances, find, good, markers_in_step

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

NO_MARKER = "no sync marker"
CUT_SHORT = "frame cut short by the next sync marker"
CUT_OFF = "frame cut off by the end"
PIECE = 8 * 65536  # a longer skipped span is reported in pieces of so many bits, so that garbage needs little memory


@dataclass(frozen=True, slots=True)
class Skipped:
    """Bits that belong to no frame: `position` and `bits` count bits of the stream, `octets` are all octets they touch."""

    position: int
    bits: int
    octets: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Synchronized:
    """Frames without their markers, (n, octets), aligned and of the right polarity, and how each was found.

    `position` is the bit of the stream at which the marker of each begins, `inverted` whether its bits came inverted, and
    `marker_errors` how many bits of its marker were wrong. `skipped` holds what lies between frames.
    """

    frames: Octets
    position: Column
    inverted: NDArray[np.bool_]
    marker_errors: Column
    skipped: list[Skipped]


@dataclass(slots=True)
class Synchronizer:
    """Find frames of `frame_octets` octets behind `marker` in octets of any segmentation: `feed` them, then `finish`.

    `search_errors` wrong bits are allowed in a marker while searching, and `lock_errors` where one is expected; up to
    `flywheel` frames in a row may have worse markers when the next one is good again. Raises UsageError for a marker shorter
    than 4 octets, error counts that would match anything, or a frame without octets.
    """

    marker: bytes
    frame_octets: int
    search_errors: int = 0
    lock_errors: int = 4
    flywheel: int = 4
    _pattern: Octets = field(init=False, repr=False)
    _buffer: Octets = field(init=False, repr=False)
    _origin: int = field(default=0, init=False)  # bit of the stream at which the buffer begins; others are bits of the buffer
    _done: int = field(default=0, init=False)  # everything before was given out or skipped
    _at: int = field(default=0, init=False)
    _locked: bool = field(default=False, init=False)  # a marker stands at `_at`
    _ended: bool = field(default=False, init=False)
    _inverted: bool = field(default=False, init=False)  # polarity of the last recognized marker
    _starts: list[Column] = field(default_factory=list, init=False, repr=False)
    _skipped: list[Skipped] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        bits = 8 * len(self.marker)
        if bits < HEAD or self.frame_octets < 1:
            raise UsageError(f"a marker of {bits} bits before {self.frame_octets} octets cannot be searched for")
        if not (0 <= self.search_errors < bits // 4 and 0 <= self.lock_errors < bits // 4 and self.flywheel >= 0):
            raise UsageError(
                f"{self.search_errors} and {self.lock_errors} wrong bits of {bits}, flywheel {self.flywheel}",
                remedy="Allow less than a quarter of the marker's bits to be wrong, and no negative number",
            )
        self._pattern = np.frombuffer(self.marker, np.uint8)
        self._buffer = np.zeros(0, np.uint8)

    @property
    def locked(self) -> bool:
        """Whether the last thing found was a marker where it was expected."""
        return self._locked

    def feed(self, octets: bytes | bytearray | memoryview | Octets) -> Synchronized:
        """Take the next octets of the stream and return what is now certain."""
        self._buffer = np.concatenate([self._buffer, as_octets(octets)])
        return self._advance()

    def finish(self) -> Synchronized:
        """Take note that the stream has ended and return the rest."""
        self._ended = True
        made = self._advance()
        self._skip(self._end, CUT_OFF if self._locked else NO_MARKER)
        made.skipped.extend(self._skipped)
        return made

    @property
    def _end(self) -> int:
        return 8 * self._buffer.size

    @property
    def _period(self) -> int:
        return 8 * (len(self.marker) + self.frame_octets)

    def _advance(self) -> Synchronized:
        while self._follow() if self._locked else self._search():
            pass
        made = self._cut()
        drop = self._done >> 3
        self._buffer = self._buffer[drop:].copy()
        self._origin += 8 * drop
        self._done -= 8 * drop
        self._at -= 8 * drop
        self._starts, self._skipped = [], []
        return made

    def _search(self) -> bool:
        """Go to the next marker and tell whether there is one."""
        end = self._end - 8 * len(self.marker) + 1
        found = find(self._buffer, self._at, end, self._pattern, self.search_errors, 0, 0)
        if found < 0:
            self._at = max(self._at, end)
            self._skip_pieces(self._at)
            return False
        self._at, self._locked = found, True
        self._skip(found, NO_MARKER)
        return True

    def _follow(self) -> bool:
        """Give out the frames whose next marker is good, then settle the last one; tell whether there is more to do."""
        period = self._period
        there = max((self._end - 8 * len(self.marker) - self._at) // period, 0)
        run = markers_in_step(self._buffer, self._at + period, period, there, self._pattern, self.lock_errors)
        if run:
            self._give(run)
            return run < there or self._ended
        if there == 0 and not self._ended:
            return False
        return self._at + period <= self._end and self._settle()

    def _settle(self) -> bool:
        """Decide on a frame that no good marker follows: cut short, in a row of damaged markers, or the last of its row."""
        period, at = self._period, self._at
        if not self._ended and self._end < at + 2 * period + 8 * len(self.marker):
            return False
        rival = find(self._buffer, at + 1, at + period, self._pattern, self.search_errors, period, self.lock_errors)
        if rival >= 0:
            self._at = rival
            self._skip(rival, CUT_SHORT)
            return True
        for frames in range(2, self.flywheel + 2):
            marker = at + frames * period
            if marker + 8 * len(self.marker) > self._end and not self._ended:
                return False
            if good(self._buffer, marker, self._pattern, self.lock_errors):
                self._give(frames)
                return True
        self._give(1)
        self._locked = False
        return True

    def _give(self, count: int) -> None:
        self._starts.append(self._at + self._period * np.arange(count))
        self._at += count * self._period
        self._done = self._at

    def _skip_pieces(self, end: int) -> None:
        while end - self._done >= PIECE:
            self._report(self._done + PIECE, NO_MARKER)

    def _skip(self, end: int, reason: str) -> None:
        self._skip_pieces(end)
        if end > self._done:
            self._report(end, reason)

    def _report(self, end: int, reason: str) -> None:
        octets = self._buffer[self._done >> 3 : (end + 7) >> 3].tobytes()
        self._skipped.append(Skipped(self._origin + self._done, end - self._done, octets, reason))
        self._done = end

    def _cut(self) -> Synchronized:
        """Return the frames at the collected starts; one with a damaged marker has the polarity of the frame before it."""
        starts = np.concatenate(self._starts) if self._starts else np.zeros(0, np.int64)
        bits = 8 * len(self.marker)
        wrong = distances(self._buffer, starts, self._pattern)
        allowed = max(self.search_errors, self.lock_errors)
        inverted = bits - wrong <= allowed
        for i in np.flatnonzero(np.minimum(wrong, bits - wrong) > allowed):
            inverted[i] = inverted[i - 1] if i else self._inverted
        if starts.size:
            self._inverted = bool(inverted[-1])
        frames = cut(self._buffer, starts + bits, inverted, self.frame_octets)
        return Synchronized(frames, starts + self._origin, inverted, np.where(inverted, bits - wrong, wrong), self._skipped)
