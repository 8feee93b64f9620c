"""Spacecraft clocks: on-board ticks to TAI and back, by segments, over resets and partitions.

A clock is immutable. Re-correlation after the fact is another clock applied to the same stored ticks.
"""

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

import numpy as np
from numpy.typing import NDArray

from ..errors import DefinitionError, TimeError
from ..tables import Table
from .scales import J2000_TAI_NS, NO_TIME, SECOND, TT_MINUS_TAI_NS, tdb_minus_tt_s

Column = NDArray[np.int64]
MOST_TICKS = 2**62
MOST_SECONDS = 8_000_000_000  # past 1970 or J2000: int64 nanoseconds end in 2262
SCALES = ("TDB", "TT", "TAI")


@dataclass(frozen=True, slots=True)
class Segment:
    """From `ticks` (counted over all partitions) on: time is `start_ns` plus `rate` seconds for every second of ticks.

    `start_ns` is nanoseconds past J2000 in the clock's scale.
    """

    ticks: int
    start_ns: int
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Partition:
    """A run of the on-board counter without a reset, from raw ticks `start` to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpacecraftClock:
    """A correlated on-board clock.

    Segments are sorted by ticks; time before the first and after the last is extrapolated with their rates. `scale` is the
    scale the segments are linear in (TDB, TT or TAI). A clock without partitions never was reset.
    """

    name: str
    ticks_per_second: int
    segments: tuple[Segment, ...]
    scale: str = "TDB"
    partitions: tuple[Partition, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if not self.segments:
            raise TimeError(f"clock {self.name} has no correlation", remedy="Give at least one segment")
        if not all(
            0 < s.rate < 1e9 and abs(s.ticks) < MOST_TICKS and abs(s.start_ns) <= MOST_SECONDS * SECOND for s in self.segments
        ):
            raise TimeError(f"a segment of clock {self.name} has a rate, ticks or start out of range")
        order = [s.ticks for s in self.segments]
        if order != sorted(set(order)):
            raise TimeError(f"the segments of clock {self.name} are not in rising order of ticks")

    def tai_ns(self, raw_ticks: Column, partition: int | None = None) -> Column:
        """Return TAI nanoseconds of raw on-board ticks; NO_TIME stays, and stands for times outside int64.

        `partition` counts from 1. Without it each value is taken in the last partition that contains it.
        """
        known = np.abs(raw_ticks // 2) < MOST_TICKS // 4  # NO_TIME is far outside
        ticks = self.continuous(np.where(known, raw_ticks, 0), partition)
        starts = np.array([s.ticks for s in self.segments], np.int64)
        bases = np.array([s.start_ns for s in self.segments], np.int64)
        rates = np.array([s.rate for s in self.segments], np.float64)
        at = np.clip(np.searchsorted(starts, ticks, side="right") - 1, 0, None)
        whole, rest = np.divmod(ticks - starts[at], self.ticks_per_second)
        known &= np.abs(bases[at] / SECOND + (whole + rest / self.ticks_per_second) * rates[at]) < MOST_SECONDS
        whole = np.where(known, whole, 0)
        drift = np.rint((whole + rest / self.ticks_per_second) * (rates[at] - 1.0) * SECOND).astype(np.int64)
        elapsed = whole * SECOND + np.rint(rest * (SECOND / self.ticks_per_second)).astype(np.int64) + drift
        return np.where(known, self._tai(bases[at] + elapsed), NO_TIME)

    def ticks(self, tai_ns: Column) -> Column:
        """Return ticks counted over all partitions (the nearest) of TAI nanoseconds; NO_TIME where there are none."""
        known = np.abs(tai_ns // SECOND) < MOST_SECONDS
        own = self._own(np.where(known, tai_ns, J2000_TAI_NS))
        bases = np.array([s.start_ns for s in self.segments], np.int64)
        at = np.clip(np.searchsorted(bases, own, side="right") - 1, 0, None)
        starts = np.array([s.ticks for s in self.segments], np.int64)
        rates = np.array([s.rate for s in self.segments], np.float64)
        seconds = own / SECOND - bases[at] / SECOND
        known &= (np.abs(seconds) < MOST_SECONDS) & (np.abs(seconds / rates[at] * self.ticks_per_second) < MOST_TICKS / 4)
        elapsed = np.where(known, own - bases[at], 0)
        period = np.floor(rates[at] * SECOND)  # whole nanoseconds of a clock second: keeps the division exact
        whole, rest = np.divmod(elapsed, period.astype(np.int64))
        rest_ticks = (rest - whole * (rates[at] * SECOND - period)) * (self.ticks_per_second / (rates[at] * SECOND))
        found = starts[at] + whole * self.ticks_per_second + np.rint(rest_ticks).astype(np.int64)
        return np.where(known, found, NO_TIME)

    def continuous(self, raw_ticks: Column, partition: int | None = None) -> Column:
        """Return raw ticks counted over all partitions. Raises TimeError for a partition that the clock does not have."""
        if not self.partitions:
            return raw_ticks
        if partition is not None and not 1 <= partition <= len(self.partitions):
            raise TimeError(f"clock {self.name} has partitions 1 to {len(self.partitions)}, not {partition}")
        before = np.concatenate([[0], np.cumsum([p.end - p.start for p in self.partitions])])[:-1]
        if partition is not None:
            chosen = np.full(np.shape(raw_ticks), partition - 1)
        else:
            chosen = np.full(np.shape(raw_ticks), len(self.partitions) - 1)
            for index in range(len(self.partitions) - 2, -1, -1):
                later = self.partitions[index + 1]
                outside = (raw_ticks < later.start) | (raw_ticks > later.end)
                chosen = np.where((chosen == index + 1) & outside, index, chosen)
        start = np.array([p.start for p in self.partitions], np.int64)
        return raw_ticks - start[chosen] + before.astype(np.int64)[chosen]

    def with_reset(self, tai_ns: int, raw_start: int = 0) -> "SpacecraftClock":
        """Return the clock after a reset to `raw_start` at this time: a new partition with one segment at nominal rate."""
        at = int(self.ticks(np.array([tai_ns], np.int64))[0])
        last = self.partitions[-1] if self.partitions else Partition(0, 0)
        before = sum(p.end - p.start for p in self.partitions[:-1])
        closed = Partition(last.start, last.start + at - before)
        segment = Segment(at, int(self._own(np.array([tai_ns], np.int64))[0]), self.segments[-1].rate)
        kept = tuple(s for s in self.segments if s.ticks < at)
        partitions = (*self.partitions[:-1], closed, Partition(raw_start, raw_start + 2**62))
        return replace(self, partitions=partitions, segments=(*kept, segment))

    def _tai(self, own_ns: Column) -> Column:
        """Nanoseconds past J2000 in the clock's scale to TAI nanoseconds since 1970."""
        if self.scale == "TAI":
            return own_ns + J2000_TAI_NS + TT_MINUS_TAI_NS
        if self.scale == "TT":
            return own_ns + J2000_TAI_NS
        tdb = own_ns / SECOND
        tt = tdb
        for _ in range(2):
            tt = tdb - tdb_minus_tt_s(tt)
        return own_ns - np.rint(tdb_minus_tt_s(tt) * SECOND).astype(np.int64) + J2000_TAI_NS

    def _own(self, tai_ns: Column) -> Column:
        past = tai_ns - J2000_TAI_NS
        if self.scale == "TAI":
            return past - TT_MINUS_TAI_NS
        if self.scale == "TT":
            return past
        return past + np.rint(tdb_minus_tt_s(past / SECOND) * SECOND).astype(np.int64)

    @staticmethod
    def from_toml(text: str, where: str = "clock") -> "SpacecraftClock":
        """Return the clock that a TOML text describes (see the clock files of the missions). Raises DefinitionError."""
        table = Table.parse(text, where)
        segments = []
        for one in table.tables("segments"):
            ticks = one.number("ticks", None, 0, 2**62)
            start = one.text("seconds_past_j2000")
            segments.append(Segment(ticks, nanoseconds(start, one.path("seconds_past_j2000")), one.real("rate", 1.0)))
            one.finish()
        partitions = []
        for one in table.tables("partitions"):
            partitions.append(Partition(one.number("start", None, 0, 2**62), one.number("end", None, 0, 2**62)))
            one.finish()
        name, rate = table.text("name"), table.number("ticks_per_second", None, 1, 2**32)
        scale, source = table.choice("scale", SCALES, "TDB"), table.text("source", "")
        table.finish()
        try:
            return SpacecraftClock(name, rate, tuple(segments), scale, tuple(partitions), source)
        except TimeError as error:
            raise DefinitionError(error.what, where=where, remedy=error.remedy) from error


def nanoseconds(text: str, where: str = "time") -> int:
    """Return a decimal number of seconds, exponent allowed, in nanoseconds, exactly rounded. Raises DefinitionError."""
    try:
        value = Decimal(text.replace("D", "E").replace("d", "e"))
        if not value.is_finite() or abs(value) > MOST_SECONDS:
            raise InvalidOperation
        return int((value * SECOND).to_integral_value())
    except InvalidOperation as error:
        raise DefinitionError(f"{text!r} is not a number of seconds", where=where) from error


@dataclass(frozen=True, slots=True)
class Correlation:
    """A fitted clock, the residuals (s, time minus clock) of all pairs, and which pairs were used."""

    clock: SpacecraftClock
    residual_s: NDArray[np.float64]
    used: NDArray[np.bool_]

    @property
    def sigma_s(self) -> float:
        """Root mean square of the residuals of the used pairs."""
        return float(np.sqrt(np.mean(self.residual_s[self.used] ** 2)))


def correlate(
    name: str,
    ticks: Column,
    tai_ns: Column,
    ticks_per_second: int,
    *,
    tolerance_s: float = 0.01,
    rejection: float = 4.0,
) -> Correlation:
    """Fit a clock to pairs (ticks, TAI nanoseconds) sorted by ticks.

    Lines are fitted by least squares; a segment grows while its residuals stay within `tolerance_s`, and pairs beyond
    `rejection` times the robust spread (and the tolerance) are left out. Raises TimeError for fewer than 2 pairs,
    for ticks that do not rise and for unknown times.
    """
    if ticks.size < 2:
        raise TimeError(f"{ticks.size} time pairs cannot correlate a clock", remedy="At least 2 are needed")
    if np.any(np.diff(ticks) <= 0) or np.any(tai_ns == NO_TIME):
        raise TimeError(
            "the ticks of time pairs must rise, and their times be known",
            remedy="Sort the pairs and remove repeated ones; after a reset of the clock correlate each partition by itself",
        )
    whole, rest = np.divmod(ticks - ticks[0], ticks_per_second)
    x = whole + rest / ticks_per_second
    y = (tai_ns - tai_ns[0]) / SECOND - x  # what the clock gains or loses
    used = _inliers(x, y, tolerance_s, rejection)
    segments, start = [], 0
    index = np.flatnonzero(used)
    while start < index.size:
        end = _reach(x[index], y[index], start, tolerance_s)
        part = index[start:end]
        slope, level = _line(x[part], y[part])
        first = part[0]
        begin_ns = int(tai_ns[0]) + round((float(x[first]) + level + slope * float(x[first])) * SECOND)
        segments.append(Segment(int(ticks[first]), begin_ns - J2000_TAI_NS - TT_MINUS_TAI_NS, 1.0 + slope))
        start = end
    clock = SpacecraftClock(name, ticks_per_second, tuple(segments), "TAI", source="fitted")
    return Correlation(clock, (tai_ns - clock.tai_ns(ticks)) / SECOND, used)


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    if x.size < 2 or x[-1] == x[0]:
        return 0.0, float(np.mean(y))
    middle = float(np.mean(x))
    slope = float(np.sum((x - middle) * (y - np.mean(y))) / np.sum((x - middle) ** 2))
    return slope, float(np.mean(y)) - slope * middle


def _inliers(x: NDArray[np.float64], y: NDArray[np.float64], tolerance_s: float, rejection: float) -> NDArray[np.bool_]:
    """Reject pairs far from the median line of their neighbours (running window of 15)."""
    half = 7
    used = np.ones(x.size, bool)
    if x.size < 5:
        return used
    for i in range(x.size):
        near = slice(max(0, i - half), i + half + 1)
        off = y[near] - np.median(y[near])
        spread = max(1.4826 * float(np.median(np.abs(off))), tolerance_s / rejection)
        used[i] = abs(float(y[i] - np.median(y[near]))) <= rejection * spread
    return used if used.sum() >= 2 else np.ones(x.size, bool)


def _reach(x: NDArray[np.float64], y: NDArray[np.float64], start: int, tolerance_s: float) -> int:
    """Return the end of the longest run from `start` that one line fits within the tolerance (doubling, then halving)."""

    def fits(end: int) -> bool:
        slope, level = _line(x[start:end], y[start:end])
        return bool(np.max(np.abs(y[start:end] - level - slope * x[start:end])) <= tolerance_s)

    good, step = min(start + 2, x.size), 2
    while good < x.size and fits(min(start + 2 * step, x.size)):
        step *= 2
        good = min(start + step, x.size)
    bad = min(start + 2 * step, x.size + 1)
    while good < x.size and bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if fits(middle) else (good, middle)
    return good
