"""What is known of one virtual channel: runs of frames without a hole, and the holes between them.

A frame's place is its emission time and its counter. Times of different stations disagree by milliseconds, counters wrap: near
in time the counter decides the order, elsewhere the time. A run takes a few numbers however long it is, so that years fit.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

SECOND = 1_000_000_000
LONGEST_WRAP = 240 * SECOND  # a counter that takes longer is as good as one that never wraps
SMOOTHING = 16  # frames over which the pace of a channel is averaged
WIDE = 256  # a counter with more values that falls back was restarted, not wrapped


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame belongs: its emission time (TAI nanoseconds), its counter, and the number of values of that counter."""

    emitted: int
    count: int
    modulus: int


@dataclass(frozen=True, slots=True)
class Hole:
    """Frames that are missing on a virtual channel: counters `first` to `last`, at least `missing` of them.

    The frames around them were emitted `after` and `before` (TAI nanoseconds). More may be missing by whole turns of the counter.
    """

    virtual_channel: int
    first: int
    last: int
    missing: int
    after: int
    before: int


def missing_between(left: Place, right: Place) -> int:
    """Return how many frames the counters say are missing between two places, 0 where the counter was restarted or is none."""
    if right.modulus <= 1:
        return 0
    missing = (right.count - left.count - 1) % right.modulus
    return 0 if right.modulus > WIDE and missing >= right.modulus // 2 else missing


@dataclass(slots=True)
class Rhythm:
    """How places of one virtual channel compare: `tolerance` and the average spacing `pace` of its frames, in nanoseconds."""

    tolerance: int
    pace: int = 0  # 0: not known yet

    def heard(self, spacing: int) -> None:
        """Take note of the time between two successive frames of one station."""
        if spacing > 0:
            self.pace = spacing if not self.pace else max(self.pace + (spacing - self.pace) // SMOOTHING, 1)

    def wrap(self, modulus: int) -> int:
        """Return how long the counter takes to wrap, 0 when that is not known."""
        return min(self.pace * modulus, LONGEST_WRAP) if modulus > 1 else 0

    def apart(self, modulus: int) -> int:
        """Return within which time two places are told apart by their counters alone."""
        wrap = self.wrap(modulus)
        return min(self.tolerance, wrap // 4) if wrap else self.tolerance

    def same(self, modulus: int) -> int:
        """Return within which time equal octets with equal counters are the same frame."""
        return max(self.apart(modulus), self.wrap(modulus) // 4)

    def order(self, one: Place, other: Place) -> int:
        """Return whether a place is behind another (1), before it (-1), or the same (0)."""
        between = one.emitted - other.emitted
        if one.modulus > 1 and abs(between) <= self.apart(one.modulus):
            steps = (one.count - other.count) % one.modulus
            return 0 if not steps else 1 if steps < one.modulus // 2 else -1
        return (between > 0) - (between < 0)

    def successive(self, left: Place, right: Place) -> bool:
        """Say whether nothing is missing between two places, and too little time passed for the counter to have wrapped."""
        wrap, between = self.wrap(right.modulus), right.emitted - left.emitted
        near = between >= -self.tolerance and (not wrap or between <= max(wrap // 2, self.tolerance))
        return right.modulus <= 1 or (near and (right.count - left.count - 1) % right.modulus == 0)


@dataclass(slots=True)
class Run:
    """Frames without a hole, from the first place to the last."""

    first: Place
    last: Place


def _begin(run: Run) -> int:
    return run.first.emitted


@dataclass(slots=True)
class Runs:
    """The runs of one virtual channel in their order; the oldest are taken together when there are more than `most`."""

    virtual_channel: int
    rhythm: Rhythm
    most: int
    runs: list[Run] = field(default_factory=list)

    def before(self, place: Place) -> int:
        """Return how many runs begin at a place or before it."""
        at = bisect_right(self.runs, place.emitted + self.rhythm.tolerance, key=_begin)
        while at and self.rhythm.order(place, self.runs[at - 1].first) < 0:
            at -= 1
        return at

    def holds(self, place: Place) -> bool:
        """Say whether a place is inside of a run: it was known before."""
        at = self.before(place)
        return at > 0 and self.rhythm.order(place, self.runs[at - 1].last) <= 0

    def append(self, place: Place) -> None:
        """Add a place that is behind all others."""
        if self.runs and self.rhythm.successive(self.runs[-1].last, place):
            self.runs[-1].last = place
        else:
            self.runs.append(Run(place, place))
            self._trim()

    def add(self, place: Place) -> None:
        """Add a place anywhere, and join what is now without a hole."""
        at = self.before(place)
        left = at > 0 and self.rhythm.successive(self.runs[at - 1].last, place)
        right = at < len(self.runs) and self.rhythm.successive(place, self.runs[at].first)
        if left and right:
            self.runs[at - 1].last = self.runs.pop(at).last
        elif left:
            self.runs[at - 1].last = place
        elif right:
            self.runs[at].first = place
        elif not (at and self.rhythm.order(place, self.runs[at - 1].last) <= 0):
            self.runs.insert(at, Run(place, place))
            self._trim()

    def last_alone(self) -> bool:
        """Say whether the last run is a single frame, and not the only run."""
        return len(self.runs) > 1 and self.runs[-1].first == self.runs[-1].last

    def before_last(self, place: Place) -> bool:
        """Say whether a place ends the last run but one, and the last run is a single frame."""
        return self.last_alone() and self.runs[-2].last == place

    def overtakes_last(self, place: Place) -> bool:
        """Say whether a place before the last run by its time is behind it by its counter, counted from the run before."""
        if len(self.runs) < 2 or place.modulus <= 1:
            return True
        last = self.runs[-1].first.count - 1
        return (last - place.count) % place.modulus > (last - self.runs[-2].last.count) % place.modulus

    def drop_last(self) -> None:
        """Forget the last run."""
        del self.runs[-1]

    def holes(self) -> tuple[Hole, ...]:
        """Return what is missing between the runs."""
        found = []
        for one, other in pairwise(self.runs):
            left, right = one.last, other.first
            if missing := missing_between(left, right):
                first, last = (left.count + 1) % right.modulus, (right.count - 1) % right.modulus
                found.append(Hole(self.virtual_channel, first, last, missing, left.emitted, right.emitted))
        return tuple(found)

    def _trim(self) -> None:
        if len(self.runs) > self.most:
            self.runs[0].last = self.runs.pop(1).last
