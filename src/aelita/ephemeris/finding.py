"""When a function of time is above zero: found on a grid, edges by bisection, all vectorised; and sums of such intervals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf

import numpy as np

from ..errors import UsageError
from ..time import DAY, SECOND
from .sites import Epochs, Reals

EDGE_NS = 500_000  # half of the millisecond that is promised
MOST_SAMPLES = 2_000_000
LAST_NS = 2**63 - 60 * DAY  # room to search and for light times: what is later is no instant of a mission
GOLDEN = (5**0.5 - 1) / 2
Height = Callable[[Epochs], Reals]


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to `stop`, TAI nanoseconds."""

    start: int
    stop: int

    @property
    def length_s(self) -> float:
        """How long it is, seconds."""
        return (self.stop - self.start) / SECOND


def intervals(
    height: Height, start: int, stop: int, step_s: float, *, shortest_s: float | None = None, most_per_s: float | None = None
) -> tuple[Interval, ...]:
    """Return where `height` is above zero between two instants (TAI nanoseconds), each edge within 1 ms and on the side above.

    `height` takes and returns columns; NaN counts as not above. Every interval, and every gap between two, that is longer than
    `shortest_s` (else the step) is found whatever the function. Shorter ones are found where they hold the only summit or valley
    within a step. With `most_per_s`, the greatest change of `height` in a second, steps across which zero cannot be reached are
    not divided: the same certainty for a fraction of the samples. What lies across `start` or `stop` is cut there. Example:

        intervals(lambda at: elevation_azimuth(site, "MARS", at).elevation_deg - 10, start, stop, 300)

    Raises UsageError for a slope below zero, a step that makes no search or one of more than two million samples.
    """
    if start >= stop:
        return ()
    if most_per_s is not None and most_per_s < 0:
        raise UsageError(f"a greatest change of {most_per_s:g} in a second", remedy="Give how much it changes, whichever way")
    if start < -LAST_NS or stop > LAST_NS or stop - start > LAST_NS:
        raise UsageError("the search reaches beyond what 64 bits hold", remedy="Search from 1680 to 2262")
    at = _grid(start, stop, step_s, step_s if shortest_s is None else shortest_s, most_per_s)
    heights = height(at)
    if most_per_s is not None:
        at, heights = _divided(height, at, heights, shortest_s or step_s, most_per_s)
    return from_samples(height, at, heights)


def from_samples(height: Height, at: Epochs, heights: Reals, most_per_s: float = inf) -> tuple[Interval, ...]:
    """Return where `height` is above zero from the first epoch to the last, of samples that were computed already.

    With `most_per_s` summits and valleys that cannot reach zero are left alone, as in `intervals`.
    """
    at, heights = with_extremes(height, at, heights, most_per_s)
    change = np.flatnonzero((heights[:-1] > 0) != (heights[1:] > 0))
    edges = edges_between(height, at[change], at[change + 1], heights[change], heights[change + 1])
    first, last = int(at[0]), int(at[-1])
    bounds = ([first] if heights[0] > 0 else []) + edges.tolist() + ([last] if heights[-1] > 0 else [])
    return tuple(Interval(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True))


def overlaps(first: Iterable[Interval], second: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return what two rows of intervals have in common, in order."""
    those = tuple(second)
    both = [Interval(max(a.start, b.start), min(a.stop, b.stop)) for a in first for b in those]
    return tuple(sorted((one for one in both if one.start < one.stop), key=lambda one: one.start))


def joined(those: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return intervals in order, those that touch or overlap made one."""
    made: list[Interval] = []
    for one in sorted(those, key=lambda one: one.start):
        if made and one.start <= made[-1].stop:
            made[-1] = Interval(made[-1].start, max(made[-1].stop, one.stop))
        else:
            made.append(one)
    return tuple(made)


def gaps(within: Interval, those: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return what is left of an interval outside of others."""
    edges = [within.start]
    for one in joined(those):
        edges += [min(max(one.start, within.start), within.stop), min(max(one.stop, within.start), within.stop)]
    edges.append(within.stop)
    return tuple(Interval(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b)


def _grid(start: int, stop: int, step_s: float, shortest_s: float, most_per_s: float | None) -> Epochs:
    width_s = step_s if most_per_s is not None else min(step_s, shortest_s)
    count = (stop - start) / (width_s * SECOND) + 2 if 0 < width_s < inf and shortest_s > 0 else 0.0
    if not 2 <= count <= MOST_SAMPLES:
        raise UsageError(
            f"a step of {width_s:g} s makes no search of {(stop - start) / SECOND:g} s, or one of too many samples",
            remedy="Choose another step, or a shorter span",
        )
    inner = np.linspace(0, stop - start, int(count))[1:-1].astype(np.int64)  # the ends are not rounded
    return np.unique(np.concatenate([[0], inner, [stop - start]])) + start


def _divided(height: Height, at: Epochs, heights: Reals, shortest_s: float, most_per_s: float) -> tuple[Epochs, Reals]:
    """Halve the steps within which zero may be reached unseen, until each is shorter than the shortest interval."""
    while True:
        width = np.diff(at)
        reach = most_per_s * width / SECOND  # |height| can fall from one end to zero and rise to the other within this
        level = np.abs(heights)
        apart = (level[:-1] + level[1:] > reach) & ((heights[:-1] > 0) == (heights[1:] > 0))
        those = np.flatnonzero(~apart & (width > shortest_s * SECOND))
        if not those.size:
            return at, heights
        if at.size + those.size > MOST_SAMPLES:
            raise UsageError("the search takes too many samples", remedy="Choose a longer shortest interval, or a shorter span")
        middle = at[those] + width[those] // 2
        at, heights = _merged(at, heights, middle, height(middle))


def _merged(at: Epochs, heights: Reals, more: Epochs, their_heights: Reals) -> tuple[Epochs, Reals]:
    every = np.concatenate([at, more])
    order = np.argsort(every, kind="stable")
    return every[order], np.concatenate([heights, their_heights])[order]


def with_extremes(height: Height, at: Epochs, heights: Reals, most_per_s: float = inf) -> tuple[Epochs, Reals]:
    """Add the summits below zero and valleys above it that may cross zero between samples (golden section).

    The first and the last sample count as summits or valleys by the one neighbour that they have.
    """
    middle, sides = heights, (np.append(heights[:1], heights[:-1]), np.append(heights[1:], heights[-1:]))
    before, after = np.append(at[:1], at[:-1]), np.append(at[1:], at[-1:])
    summit = (middle <= 0) & (middle >= sides[0]) & (middle >= sides[1])
    valley = (middle > 0) & (middle <= sides[0]) & (middle <= sides[1])
    uneven = (middle != sides[0]) | (middle != sides[1])
    reachable = np.abs(middle) <= most_per_s * (np.maximum(after - at, at - before) / SECOND)
    those = np.flatnonzero((summit | valley) & uneven & reachable)
    if not those.size:
        return at, heights
    sign = np.where(summit[those], 1.0, -1.0)
    low, high = before[those], after[those]
    while (high - low).max() > EDGE_NS:
        inset = np.rint((high - low) * GOLDEN).astype(np.int64)
        left, right = high - inset, low + inset
        first = sign * height(left) > sign * height(right)
        low, high = np.where(first, low, left), np.where(first, right, high)
    found = low + (high - low) // 2  # their sum would not fit into 64 bits after 2116
    return _merged(at, heights, found, height(found))


def edges_between(height: Height, low: Epochs, high: Epochs, at_low: Reals, at_high: Reals) -> Epochs:
    """Return the edges between pairs of epochs, all at once, each within 1 ms and on the side above zero.

    Around where a straight line between the heights crosses zero two epochs are tried that are as far apart as an edge may be
    off: one between them is found. Every third time the pair is halved instead, so that any function comes to an end.
    """
    low, high, at_low, at_high = low.copy(), high.copy(), at_low.copy(), at_high.copy()
    rising = at_high > 0
    left, turn = np.flatnonzero(high - low > EDGE_NS), 0
    while left.size:
        a, b, fa, fb = low[left], high[left], at_low[left], at_high[left]
        part = np.full(left.size, 0.5)
        if turn % 3 != 2:
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                line = fa / (fa - fb)
            part = np.where((line > 0) & (line < 1), line, 0.5)
        middle = a + np.rint((b - a) * part).astype(np.int64)
        tries = np.clip(np.stack([middle - EDGE_NS // 2, middle + EDGE_NS // 2]), a + 1, b - 1)
        found = height(tries.ravel()).reshape(2, -1)
        for epoch, value in zip(tries, found, strict=True):
            inside = (epoch > low[left]) & (epoch < high[left])
            after = inside & ((value > 0) == rising[left])
            before = inside & ~after
            high[left[after]], at_high[left[after]] = epoch[after], value[after]
            low[left[before]], at_low[left[before]] = epoch[before], value[before]
        left, turn = left[high[left] - low[left] > EDGE_NS], turn + 1
    return np.where(rising, high, low)
