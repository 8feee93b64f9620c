"""The interval finder against intervals known beforehand, SPICE's own search, and what a fine grid shows."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import spiceypy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.ephemeris import Interval, gaps, intervals, joined, light_times, overlaps, state
from aelita.errors import UsageError
from aelita.time import DAY, SECOND, et_from_tai_ns, tai_ns_from_et, tai_ns_from_utc

MS = 1_000_000
Spans = list[tuple[int, int]]


def square(spans: Spans, at: NDArray[np.int64]) -> NDArray[np.float64]:
    """One inside of the spans, minus one outside: no slope leads to an edge."""
    inside = np.zeros(at.size, np.bool_)
    for start, stop in spans:
        inside |= (start <= at) & (at <= stop)
    return np.where(inside, 1.0, -1.0)


def distance(spans: Spans, at: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many seconds inside (above zero) or outside of the spans: it changes by at most 1 in a second."""
    edges = np.sort(np.array(spans).ravel())
    near = np.abs(at[:, None] - edges[None, :]).min(axis=1) / SECOND
    return near * square(spans, at)


@st.composite
def spans_of(draw: st.DrawFn, shortest_s: float = 10.0) -> Spans:
    """Spans and gaps longer than the shortest, in milliseconds that fall anywhere between samples."""
    lengths = draw(st.lists(st.integers(int(shortest_s * 1000) + 2, 3_000_000), min_size=2, max_size=12))
    edges = list(itertools.accumulate(lengths, initial=draw(st.integers(-(10**6), 10**6))))
    return [(a * MS, b * MS) for a, b in zip(edges[::2], edges[1::2], strict=False)]


def agree(found: tuple[Interval, ...], spans: Spans) -> None:
    assert len(found) == len(spans)
    for one, (start, stop) in zip(found, spans, strict=True):
        assert start <= one.start <= start + MS and stop - MS <= one.stop <= stop  # on the side above zero


@settings(deadline=None, max_examples=80)
@given(spans_of())
def test_every_interval_longer_than_the_shortest_is_found_whatever_the_function(spans: Spans) -> None:
    start, stop = spans[0][0] - 7 * SECOND, spans[-1][1] + 9 * SECOND
    agree(intervals(lambda at: square(spans, at), start, stop, 300, shortest_s=10), spans)


@settings(deadline=None, max_examples=80)
@given(spans_of())
def test_with_the_greatest_slope_the_same_is_found_from_long_steps(spans: Spans) -> None:
    start, stop = spans[0][0] - 7 * SECOND, spans[-1][1] + 9 * SECOND
    sizes: list[int] = []

    def height(at: NDArray[np.int64]) -> NDArray[np.float64]:
        sizes.append(at.size)
        return distance(spans, at)

    agree(intervals(height, start, stop, 3600, shortest_s=10, most_per_s=1.0), spans)


WAVES = st.lists(st.tuples(st.floats(0.05, 1.0), st.floats(0.001, 0.05), st.floats(0, 6.28)), min_size=1, max_size=5)


@settings(deadline=None, max_examples=60)
@given(WAVES, st.floats(-0.9, 0.9), st.booleans())
def test_sums_of_waves_are_searched_as_a_dense_grid_shows(
    waves: list[tuple[float, float, float]], level: float, with_slope: bool
) -> None:
    """Every run of a grid of 0.25 s above or below zero that lasts over the shortest is found; edges are within 1 ms."""
    size = sum(one[0] for one in waves)
    slope = sum(one[0] * one[1] for one in waves)

    def height(at: NDArray[np.int64]) -> NDArray[np.float64]:
        seconds = at / SECOND
        return np.sum([a * np.sin(w * seconds + p) for a, w, p in waves], axis=0) - level * size

    stop, shortest_s = 3000 * SECOND, 5.0
    found = intervals(height, 0, stop, 200.0, shortest_s=shortest_s, most_per_s=slope if with_slope else None)
    grid = np.arange(0, stop, SECOND // 4)
    above = height(grid) > 0
    turns = np.flatnonzero(np.diff(above.astype(np.int8)))
    runs = np.split(np.arange(grid.size), turns + 1)
    for run in runs:
        if grid[run[-1]] - grid[run[0]] > shortest_s * SECOND:
            inner = run[1:-1]  # a sample may lie in the millisecond beside an edge
            inside = np.zeros(inner.size, np.bool_)
            for one in found:
                inside |= (one.start <= grid[inner]) & (grid[inner] <= one.stop)
            assert np.array_equal(inside, above[inner])
    for one in found:
        edges = np.array([one.start, one.stop, one.start - MS, one.stop + MS])
        high = height(edges) > 0
        assert (one.start == 0 or (high[0] and not high[2])) and (one.stop == stop or (high[1] and not high[3]))


def test_the_greatest_slope_saves_samples() -> None:
    spans = [(n * DAY, n * DAY + 4000 * SECOND) for n in range(6)]
    counts = []
    for slope in (None, 1.0):
        sizes: list[int] = []

        def height(at: NDArray[np.int64], sizes: list[int] = sizes) -> NDArray[np.float64]:
            sizes.append(at.size)
            return distance(spans, at)

        agree(intervals(height, -DAY, 6 * DAY, 3600, shortest_s=10, most_per_s=slope), spans)
        counts.append(sum(sizes))
    print(f"{counts[0]} samples without, {counts[1]} with the greatest slope")
    assert counts[1] < counts[0] / 20


@settings(deadline=None, max_examples=60)
@given(spans_of(), st.integers(0, 10**9), st.integers(0, 10**9))
def test_what_lies_across_the_ends_is_cut_there(spans: Spans, first: int, second: int) -> None:
    whole = spans[-1][1] - spans[0][0]
    start, stop = (spans[0][0] + part * whole // 10**9 for part in sorted((first, second)))
    found = intervals(lambda at: square(spans, at), start, stop, 10)
    cut = [
        (max(a, start), min(b, stop)) for a, b in spans if b > start and a < stop and min(b, stop) - max(a, start) > 10 * SECOND
    ]
    for a, b in cut:
        assert any(abs(one.start - a) <= MS and abs(one.stop - b) <= MS for one in found)
    assert all(any(a <= one.start <= one.stop <= b for a, b in spans) for one in found)


def test_short_ones_with_one_summit_are_found_within_long_steps() -> None:
    """A summit of two seconds in a step of ten minutes; a square of two seconds would be missed, as is said."""
    spans = [(5 * DAY // 48, 5 * DAY // 48 + 2 * SECOND), (31 * DAY // 48, 31 * DAY // 48 + 3 * SECOND)]
    agree(intervals(lambda at: distance(spans, at), 0, DAY, 600), spans)


SHAPES: dict[str, Callable[[NDArray[np.float64], float, float], NDArray[np.float64]]] = {
    "slope": lambda x, a, b: a + (b - a) * x,
    "step": lambda x, a, b: np.where(x < 0.5, a, b),
    "nothing": lambda x, a, b: np.full(x.size, np.nan),
    "level": lambda x, a, b: np.full(x.size, 0.0 * a),
    "touching": lambda x, a, b: -abs(a) * (x - 0.5) ** 2,
    "valley": lambda x, a, b: abs(a) * (x - 0.5) ** 2,
    "two roots": lambda x, a, b: a * (x - 0.3) * (x - 0.7),
    "three roots": lambda x, a, b: a * (x - 0.2) * (x - 0.5) * (x - 0.8),
    "needle": lambda x, a, b: np.where(np.abs(x - 0.5) < 0.01, a, b),
}
PIECES = st.lists(
    st.tuples(st.integers(1, 4000), st.sampled_from(sorted(SHAPES)), st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=14
)


@settings(deadline=None, max_examples=60)
@given(PIECES, st.floats(0.3, 6), st.floats(0.02, 1.0), st.sampled_from([0, -9 * 10**17 + 7]), st.integers(1, 20_000 * MS))
def test_functions_of_every_shape_are_searched_as_a_grid_of_1_ms_shows(
    pieces: list[tuple[int, str, float, float]], step_s: float, shortest_s: float, start: int, length: int
) -> None:
    """Touches, double roots, steps, gaps without an answer, events at the ends: each that is longer than the shortest."""
    ends = start + np.cumsum([one[0] for one in pieces]) * MS

    def height(at: NDArray[np.int64]) -> NDArray[np.float64]:
        found = np.full(at.size, -0.3)
        for (ms, shape, a, b), end in zip(pieces, ends.tolist(), strict=True):
            within = (at >= end - ms * MS) & (at < end)
            found[within] = SHAPES[shape]((at[within] - end + ms * MS) / (ms * MS), a, b)
        return found

    found = intervals(height, start, start + length, step_s, shortest_s=shortest_s)
    bounds = [bound for one in found for bound in (one.start, one.stop)]
    assert bounds == sorted(bounds) and all(one.stop < other.start for one, other in itertools.pairwise(found))
    assert not found or (height(np.array(bounds)) > 0).all()
    grid = np.arange(start, start + length + 1, MS)
    above, inside = height(grid) > 0, np.zeros(grid.size, np.bool_)
    for one in found:
        inside |= (one.start <= grid) & (grid <= one.stop)
    for run in np.split(np.arange(grid.size), np.flatnonzero(np.diff(above.astype(np.int8))) + 1):
        if grid[run[-1]] - grid[run[0]] > shortest_s * SECOND + MS:
            assert np.array_equal(inside[run[2:-2]], above[run[2:-2]])


@given(st.sampled_from([0, DAY // 2, -(10**18)]), st.floats(1.5, 60), st.floats(0.5, 20), st.booleans(), st.booleans())
def test_short_ones_beside_the_ends_are_found_too(at: int, off_s: float, half_s: float, late: bool, slope: bool) -> None:
    """A summit, or a valley, in the first or last step has no sample before or after it."""
    half = min(half_s, off_s - 0.5)
    top = at + round((7200 - off_s if late else off_s) * SECOND)
    span = (top - round(half * SECOND), top + round(half * SECOND))
    words = (at, at + 7200 * SECOND, 300.0)
    most = 1.0 if slope else None
    agree(intervals(lambda those: distance([span], those), *words, shortest_s=300.0, most_per_s=most), [span])
    around = intervals(lambda those: -distance([span], those), *words, shortest_s=300.0, most_per_s=most)
    assert len(around) == 2 and around[0].start == at and around[1].stop == at + 7200 * SECOND
    assert abs(around[0].stop - span[0]) <= MS and abs(around[1].start - span[1]) <= MS


def test_a_slope_below_zero_is_refused() -> None:
    """It would let every step pass for one in which nothing happens."""
    with pytest.raises(UsageError, match="whichever way"):
        intervals(lambda at: np.ones(at.size), 0, DAY, 60.0, most_per_s=-0.1)


def test_epochs_without_an_answer_are_not_above() -> None:
    def height(at: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.where(at < 1000 * SECOND, np.nan, 1.0)

    (found,) = intervals(height, 0, 5000 * SECOND, 60)
    assert 1000 * SECOND <= found.start <= 1000 * SECOND + MS and found.stop == 5000 * SECOND
    assert intervals(lambda at: np.full(at.size, np.nan), 0, SECOND, 1) == ()


@pytest.mark.parametrize(
    ("start", "stop", "step_s", "shortest_s"),
    [
        (0, DAY, 0.0, None), (0, DAY, -1.0, None), (0, DAY, float("nan"), None), (0, DAY, float("inf"), None),
        (0, DAY, 60.0, 0.0), (0, DAY, 60.0, -1.0), (0, 3000 * DAY, 60.0, 1.0), (0, DAY, 1e-9, None),
    ],
)  # fmt: skip
def test_searches_that_make_no_sense_are_refused(start: int, stop: int, step_s: float, shortest_s: float | None) -> None:
    with pytest.raises(UsageError, match="step"):
        intervals(lambda at: np.zeros(at.size), start, stop, step_s, shortest_s=shortest_s)


def test_searches_beyond_64_bits_are_refused() -> None:
    for start, stop in ((-(2**63) + 1, 0), (0, 2**63 - 1), (0, 10**30), (-(2**62), 2**62)):
        with pytest.raises(UsageError, match="64 bits"):
            intervals(lambda at: np.zeros(at.size), start, stop, 1e9)
    assert intervals(lambda at: np.ones(at.size), -(2**61), 2**62 + 1, 1e9) == (Interval(-(2**61), 2**62 + 1),)


def test_too_many_divisions_are_refused() -> None:
    with pytest.raises(UsageError, match="too many samples"):
        intervals(lambda at: np.zeros(at.size), 0, 100 * DAY, 3600, shortest_s=1, most_per_s=1.0)


@given(st.integers(-(10**18), 10**18))
def test_nothing_between_an_instant_and_itself(at: int) -> None:
    assert (
        intervals(lambda those: np.ones(those.size), at, at, 1)
        == ()
        == intervals(lambda those: np.ones(those.size), at, at - 1, 1)
    )
    assert intervals(lambda those: np.ones(those.size), at, at + 1, 1) == (Interval(at, at + 1),)


def test_distances_of_mars_are_those_that_spice_searches() -> None:
    """When Mars was nearer than 2.6 au to the Earth, 2010 to 2025, by SPICE's gfdist."""
    start, stop = tai_ns_from_utc("2010-01-01"), tai_ns_from_utc("2025-01-01")
    light_times("EARTH", "MARS", np.array([start]))  # so that the planets are loaded
    limit_km = 2.6 * 149597870.7

    def height(at: NDArray[np.int64]) -> NDArray[np.float64]:
        return limit_km - np.linalg.norm(state("MARS", "EARTH", at)[:, :3], axis=1)

    ours = intervals(height, int(start), int(stop), 5 * 86400)
    within, found = spiceypy.cell_double(2), spiceypy.cell_double(200)
    spiceypy.wninsd(float(et_from_tai_ns(start)), float(et_from_tai_ns(stop)), within)
    spiceypy.gfdist("MARS", "NONE", "EARTH", "<", limit_km, 0.0, 5 * 86400.0, 1000, within, found)
    theirs = [spiceypy.wnfetd(found, n) for n in range(spiceypy.wncard(found))]
    off = [
        abs(a - int(tai_ns_from_et(b))) / 1e6
        for one, row in zip(ours, theirs, strict=True)
        for a, b in ((one.start, row[0]), (one.stop, row[1]))
    ]
    print(f"{len(ours)} intervals, edges {max(off):.3f} ms off SPICE's")
    assert len(ours) == 4 and max(off) < 1.1


ROWS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8).map(
    lambda rows: [(min(r), max(r)) for r in rows if r[0] != r[1]]
)


def cells(rows: Spans) -> set[int]:
    return {n for a, b in rows for n in range(a, b)}


def of(those: tuple[Interval, ...]) -> Spans:
    return [(one.start, one.stop) for one in those]


@given(ROWS, ROWS)
def test_sums_of_intervals_are_those_of_sets(first: Spans, second: Spans) -> None:
    a, b = ([Interval(*row) for row in rows] for rows in (first, second))
    assert cells(of(joined(a))) == cells(first)
    assert all(x.stop < y.start for x, y in itertools.pairwise(joined(a)))
    assert cells(of(overlaps(joined(a), joined(b)))) == cells(first) & cells(second)
    assume(b)
    assert cells(of(gaps(b[0], a))) == cells(second[:1]) - cells(first)
    left = of(gaps(b[0], a))
    assert left == sorted(left) and all(x < y for x, y in left)
