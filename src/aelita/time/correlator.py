"""Live correlation of an on-board clock: points of (ticks, time) in, a clock of linear segments and its expected error out.

A point within the gate around the present line joins it. Points beyond it are outliers, unless several of them agree with each
other: then the clock was set, and a segment or, for a great jump or a counter that fell, a partition begins.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite, nan, sqrt
from typing import Any

from ..errors import TimeError, UsageError
from .clock import Partition, Segment, SpacecraftClock
from .kernels import kernel_from_clock
from .lines import Line, Weighed, fit, thinned
from .points import ClockHealth, CorrelationRules, Indication, PointRejected, PointUsed, SegmentBegun, TimePoint
from .scales import J2000_TAI_NS, NO_TIME, SECOND, TT_MINUS_TAI_NS, utc_from_tai_ns

SEPARATE_PARTS = 8  # the last points, held against the line of those before
MOST_RATE_ERRORS = 20  # a clock that runs worse than it was said to, but as evenly, is believed too
LEAD_S = 86_400  # the first segment is written from so long before its first point on
FORESEEN_S = 366 * 86_400
STATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Suspect:
    point: TimePoint
    time: int


@dataclass(frozen=True, slots=True)
class _Closed:
    """A segment that ended at its last point: ticks are counted over all partitions, times in TAI nanoseconds."""

    ticks: int
    start: int
    rate: float
    end_ticks: int
    end: int


@dataclass(slots=True)
class _Present:
    """The segment that grows. `ticks` and `time` are the reference of its points, `start_ticks` (raw) where it begins."""

    ticks: int
    time: int
    start_ticks: int
    last_ticks: int
    last_time: int
    points: list[Weighed] = field(default_factory=list)


class Correlator:
    """Correlate one clock as time points come. It may be kept with `state` and made again with `restored`. Example:

    correlator = Correlator(CorrelationRules(), ticks_per_second=65536)
    for indication in correlator.feed(points):
        ...
    correlator.clock().tai_ns(ticks)
    """

    def __init__(self, rules: CorrelationRules, ticks_per_second: int, name: str = "clock") -> None:
        self.rules, self.ticks_per_second, self.name = rules, ticks_per_second, name
        self._partitions = [Partition(0, rules.most_seconds * ticks_per_second - 1)]
        self._closed: list[_Closed] = []
        self._present: _Present | None = None
        self._line: Line | None = None
        self._suspects: list[_Suspect] = []
        self._rejected = 0
        self._made: SpacecraftClock | None = None

    def feed(self, points: Iterable[TimePoint]) -> list[Indication]:
        """Take time points, in the order of reception, and return what became of them."""
        return [indication for point in points for indication in self._take(point)]

    def clock(self) -> SpacecraftClock:
        """Return the clock as now known: continuous within each partition. Raises TimeError before the first point."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> SpacecraftClock:
        segments: list[Segment] = []
        for closed in self._closed:
            segments += [Segment(closed.ticks, _own(closed.start), closed.rate), Segment(closed.end_ticks, _own(closed.end), 1.0)]
        if self._present is not None:
            start, line = self._present.start_ticks, self._fitted()
            segments.append(Segment(self._continuous(start), _own(self._time_of(start)), 1.0 + line.slope))
        joined = [self._joined(a, b) for a, b in pairwise(segments)]
        kept = {s.ticks: s for s in [*joined, *segments[-1:]]}  # of two that begin at once, the later counts
        partitions = self._told_apart() if len(self._partitions) > 1 else ()
        return SpacecraftClock(self.name, self.ticks_per_second, tuple(kept.values()), "TAI", partitions, "correlated")

    def _told_apart(self) -> tuple[Partition, ...]:
        """Return the partitions, the present one ending a year from now: greater counts are rather of an earlier one."""
        assert self._present is not None
        last = self._partitions[-1]
        end = min(last.end, self._present.last_ticks + FORESEEN_S * self.ticks_per_second)
        return (*self._partitions[:-1], Partition(last.start, end))

    def kernel(self, spacecraft: int) -> str:
        """Return the clock as text of a SPICE clock kernel (SCLK) for a spacecraft's NAIF number (negative)."""
        last = utc_from_tai_ns(self._present.last_time, 3) if self._present else "never"
        return kernel_from_clock(self.clock(), spacecraft, f"Correlated from time packets, the last of {last} UTC.")

    def health(self, now: int) -> ClockHealth:
        """Return how well the clock is known at an instant (TAI nanoseconds). Raises TimeError before the first point."""
        if self._present is None:
            raise TimeError(f"clock {self.name} has no correlation", remedy="Wait for a time packet")
        present, line = self._present, self._fitted()
        at_s, age_s = (now - present.time) / SECOND, max(0.0, (now - present.last_time) / SECOND)
        recent = present.points[-SEPARATE_PARTS:]
        beside_s = abs(sum(p.excess_s - line.excess_s(p.at_s) for p in recent)) / len(recent)
        return ClockHealth(
            error_s=3 * line.sigma_at(at_s) + max(p.error_s for p in recent) + beside_s + self._drift_s(at_s),
            rate=line.slope,
            rate_sigma=sqrt(line.slope_variance),
            sigma_s=line.sigma_s,
            points=round(sum(point.weight for point in present.points)),
            last_point=present.last_time,
            age_s=age_s,
            segments=len(self._closed) + 1,
            partition=len(self._partitions),
            rejected=self._rejected,
        )

    def state(self) -> dict[str, Any]:
        """Return all that the correlator knows as plain values, which JSON can hold."""
        present = self._present
        return {
            "version": STATE_VERSION,
            "ticks_per_second": self.ticks_per_second,
            "partitions": [[p.start, p.end] for p in self._partitions],
            "closed": [[c.ticks, c.start, c.rate, c.end_ticks, c.end] for c in self._closed],
            "present": None
            if present is None
            else [present.ticks, present.time, present.start_ticks, present.last_ticks, present.last_time],
            "points": [] if present is None else [[p.at_s, p.excess_s, p.weight, p.error_s] for p in present.points],
            "suspects": [
                [s.point.ticks, s.point.received, s.point.light_s, s.point.delay_s, s.point.error_s, s.point.station]
                for s in self._suspects
            ],
            "rejected": self._rejected,
        }

    @staticmethod
    def restored(rules: CorrelationRules, state: dict[str, Any], name: str = "clock") -> "Correlator":
        """Return the correlator whose `state` this is. Raises UsageError when it is no such state."""
        try:
            if state["version"] != STATE_VERSION:
                raise ValueError(f"version {state['version']}")
            made = Correlator(rules, int(state["ticks_per_second"]), name)
            made._partitions = [Partition(*map(int, pair)) for pair in state["partitions"]]
            made._closed = [_Closed(int(t), int(s), float(r), int(et), int(e)) for t, s, r, et, e in state["closed"]]
            if state["present"] is not None:
                ticks, time, start, last_ticks, last_time = map(int, state["present"])
                points = [Weighed(*map(float, p)) for p in state["points"]]
                if not points:
                    raise ValueError("a segment without points")
                made._present = _Present(ticks, time, start, last_ticks, last_time, points)
            made._suspects = [made._suspect(TimePoint(*values)) for values in state["suspects"]]
            made._rejected = int(state["rejected"])
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"this is no state of a clock correlation: {error!r}", remedy="Begin anew: it takes a few time packets"
            ) from error
        return made

    # What becomes of a point

    def _take(self, point: TimePoint) -> list[Indication]:
        self._made = None
        if point.received == NO_TIME or not isfinite(point.light_s + point.delay_s + point.error_s):
            return self._reject(point, nan, "its time is unknown")
        time = self._suspect(point).time
        present = self._present
        if present is None:
            self._begin([_Suspect(point, time)], point.ticks - LEAD_S * self.ticks_per_second)
            return [SegmentBegun(time, "first", 0.0, 1), PointUsed(point, 0.0)]
        residual_s = (time - self._time_of(point.ticks)) / SECOND
        first = present.points[0]
        if self._seconds(point.ticks) < first.at_s and time < present.time + round((first.at_s + first.excess_s) * SECOND):
            return self._reject(point, residual_s, "it is earlier than the present segment")
        if abs(residual_s) > self._gate_s(point):
            return self._doubt(point, time, residual_s)
        self._suspects.clear()
        self._join(present, point, time)
        return [PointUsed(point, residual_s), *(self._judge_rate(present) or self._judge_age(present))]

    def _gate_s(self, point: TimePoint) -> float:
        at_s, line = self._seconds(point.ticks), self._fitted()
        sigma_s = sqrt(line.sigma_at(at_s) ** 2 + line.sigma_s**2)
        return self.rules.tolerance_s + self._bound_s(point) + self._drift_s(at_s) + self.rules.rejection * sigma_s

    def _drift_s(self, at_s: float) -> float:
        """Return how far a change of the rate, early or gradual, may carry the clock from a line with the rate of its middle."""
        return self.rules.rate_change_per_s * (at_s - self._fitted().middle_s) ** 2

    def _bound_s(self, point: TimePoint) -> float:
        """Return how far apart two points may be by errors that do not average out: that of the point and of the last one."""
        assert self._present is not None
        return point.error_s + self._present.points[-1].error_s

    def _join(self, present: _Present, point: TimePoint, time: int) -> None:
        at_s = self._seconds(point.ticks)
        insort(present.points, Weighed(at_s, (time - present.time - self._nominal_ns(point.ticks)) / SECOND, 1.0, point.error_s))
        if time > present.last_time:
            present.last_ticks, present.last_time = point.ticks, time
        if len(present.points) > self.rules.most_points:
            present.points = thinned(present.points, SEPARATE_PARTS)
        self._line = None

    def _judge_rate(self, present: _Present) -> list[Indication]:
        """Begin a segment when the last points lie beside the line of those before."""
        earlier, recent = present.points[:-SEPARATE_PARTS], present.points[-SEPARATE_PARTS:]
        if len(earlier) < SEPARATE_PARTS or earlier[-1].at_s == recent[0].at_s:
            return []
        line = fit(earlier, self.rules.noise_s, self.rules.rate_error)
        middle_s = sum(p.at_s for p in recent) / len(recent)
        beside_s = sum(p.excess_s - line.excess_s(p.at_s) for p in recent) / len(recent)
        sigma_s = sqrt(line.sigma_at(middle_s) ** 2 + line.sigma_s**2 / len(recent))
        bound_s = max(p.error_s for p in recent) + max(p.error_s for p in earlier)
        if abs(beside_s) <= self.rules.tolerance_s / 2 + bound_s + self.rules.rejection * sigma_s:
            return []
        return self._cut(present, len(earlier), "rate", beside_s)

    def _judge_age(self, present: _Present) -> list[Indication]:
        """Begin a segment with the later half when the points reach farther back than one rate can hold."""
        points = present.points
        middle_s = (points[0].at_s + points[-1].at_s) / 2
        if points[-1].at_s - points[0].at_s <= self.rules.longest_s:
            return []
        count = sum(point.at_s < middle_s for point in points)
        if not SEPARATE_PARTS <= count <= len(points) - SEPARATE_PARTS:
            return []
        return self._cut(present, count, "age", 0.0)

    def _cut(self, present: _Present, count: int, reason: str, jump_s: float) -> list[Indication]:
        """Make the first points a segment of their own, and let the others begin the next one."""
        earlier, later = present.points[:count], present.points[count:]
        line = fit(earlier, self.rules.noise_s, self.rules.rate_error)
        self._close(_Present(present.ticks, present.time, present.start_ticks, 0, 0, earlier), line)
        present.start_ticks = present.ticks + round(later[0].at_s * self.ticks_per_second)
        present.points, self._line = later, None
        return [SegmentBegun(present.last_time, reason, jump_s, len(self._partitions))]

    def _doubt(self, point: TimePoint, time: int, residual_s: float) -> list[Indication]:
        """Hold a point against the other doubtful ones; when enough of them agree, the clock was set."""
        present, new = self._present, _Suspect(point, time)
        assert present is not None
        if time <= present.last_time and self._trusted(present):
            return self._reject(point, residual_s, "it is late, and contradicts the clock")
        if self._suspects and not self._agree(self._suspects[0], new):
            self._suspects.clear()
        self._suspects.append(new)
        if len({s.point.ticks for s in self._suspects}) < self.rules.confirm:
            return self._reject(point, residual_s, f"it is {residual_s:.6f} s beside the clock")
        suspects, first = self._suspects, self._suspects[0]
        self._suspects, self._rejected = [], self._rejected - len(suspects) + 1
        jump_s = (first.time - self._time_of(first.point.ticks)) / SECOND
        reason = self._restart(present, suspects, jump_s)
        return [SegmentBegun(first.time, reason, jump_s, len(self._partitions)), PointUsed(point, residual_s)]

    def _agree(self, first: _Suspect, then: _Suspect) -> bool:
        """Tell whether the clock may have gone from one point to the other undisturbed."""
        elapsed_s = (then.point.ticks - first.point.ticks) / self.ticks_per_second
        apart_s = (then.time - first.time) / SECOND - elapsed_s
        allowed_s = self.rules.tolerance_s + first.point.error_s + then.point.error_s + self.rules.rejection * self.rules.noise_s
        return elapsed_s >= 0 and abs(apart_s) <= allowed_s + MOST_RATE_ERRORS * self.rules.rate_error * elapsed_s

    def _restart(self, present: _Present, suspects: list[_Suspect], jump_s: float) -> str:
        """Begin a segment with points that agree with each other; return why."""
        first = suspects[0].point.ticks
        if not self._trusted(present):
            self._rejected += len(present.points)  # what was believed first was the mistake
            self._begin(suspects, first - LEAD_S * self.ticks_per_second)
            return "first"
        self._close(present, self._fitted())
        if first > present.last_ticks and abs(jump_s) < self.rules.partition_jump_s:
            self._begin(suspects, first)
            return "step"
        boundary, start = self._boundary(present, suspects[0])
        left_s = (boundary - self._time_of(present.last_ticks)) / SECOND / (1.0 + self._fitted().slope)
        ended = present.last_ticks + max(round(left_s * self.ticks_per_second), 1)
        self._partitions[-1] = Partition(self._partitions[-1].start, ended)
        self._partitions.append(Partition(start, start + self.rules.most_seconds * self.ticks_per_second - 1))
        self._begin(suspects, start)
        return "reset"

    def _trusted(self, present: _Present) -> bool:
        """Tell whether enough points agree on the clock that others can be held against it."""
        return bool(self._closed) or sum(point.weight for point in present.points) >= self.rules.confirm

    def _boundary(self, present: _Present, first: _Suspect) -> tuple[int, int]:
        """Return when the counter was set, as far as can be told (TAI nanoseconds), and to which raw ticks.

        A counter that began at zero tells it; else it was half-way between the last point before and the first after.
        """
        zero = first.time - round(first.point.ticks * SECOND / self.ticks_per_second)
        if present.last_time < zero:
            return zero, 0
        halfway = (present.last_time + first.time) // 2
        return halfway, first.point.ticks - round((first.time - halfway) * self.ticks_per_second / SECOND)

    # Arithmetic

    def _begin(self, members: list[_Suspect], start_ticks: int) -> None:
        first, last = members[0], members[-1]
        present = _Present(first.point.ticks, first.time, max(start_ticks, 0), last.point.ticks, last.time)
        self._present, self._line, self._suspects = present, None, []
        for one in members:
            self._join(present, one.point, one.time)

    def _close(self, present: _Present, line: Line) -> None:
        """Keep the present line as a segment that ends with its last point."""
        last = present.ticks + round(present.points[-1].at_s * self.ticks_per_second)
        start, end = (self._time_of(ticks, line) for ticks in (present.start_ticks, last))
        self._closed.append(_Closed(self._continuous(present.start_ticks), start, 1.0 + line.slope, self._continuous(last), end))

    def _joined(self, one: Segment, following: Segment) -> Segment:
        """Return a segment with the rate that leads to the next one, as SPICE reads clock kernels."""
        ticks = following.ticks - one.ticks
        if ticks <= 0:
            return one
        return Segment(one.ticks, one.start_ns, (following.start_ns - one.start_ns) / SECOND / (ticks / self.ticks_per_second))

    def _fitted(self) -> Line:
        if self._line is None:
            assert self._present is not None
            self._line = fit(self._present.points, self.rules.noise_s, self.rules.rate_error)
        return self._line

    def _suspect(self, point: TimePoint) -> _Suspect:
        return _Suspect(point, point.emitted - round(self.rules.onboard_delay_s * SECOND))

    def _seconds(self, ticks: int) -> float:
        assert self._present is not None
        return (ticks - self._present.ticks) / self.ticks_per_second

    def _nominal_ns(self, ticks: int) -> int:
        assert self._present is not None
        return round((ticks - self._present.ticks) * SECOND / self.ticks_per_second)

    def _time_of(self, ticks: int, line: Line | None = None) -> int:
        """Return TAI nanoseconds of raw ticks of the present partition."""
        assert self._present is not None
        excess_s = (line or self._fitted()).excess_s(self._seconds(ticks))
        return self._present.time + self._nominal_ns(ticks) + round(excess_s * SECOND)

    def _continuous(self, raw_ticks: int) -> int:
        return raw_ticks - self._partitions[-1].start + sum(p.end - p.start for p in self._partitions[:-1])

    def _reject(self, point: TimePoint, residual_s: float, reason: str) -> list[Indication]:
        self._rejected += 1
        return [PointRejected(point, residual_s, reason)]


def _own(tai_ns: int) -> int:
    return tai_ns - J2000_TAI_NS - TT_MINUS_TAI_NS
