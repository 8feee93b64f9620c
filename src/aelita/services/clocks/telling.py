"""What is known of a clock: its segments with rate, offset and residuals, and how far it may be trusted ahead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...errors import UsageError
from ...time import (
    SECOND,
    ClockHealth,
    CorrelationRules,
    Correlator,
    PointUsed,
    SpacecraftClock,
    TimePoint,
    kernel_from_clock,
)  # fmt: skip
from ..navigation.shown import instant_text, thinned
from ..navigation.tables import utc_column
from .pairs import ClockPairs

AHEAD_DAYS = (1.0, 7.0, 30.0, 90.0)
JOINT_S = 120.0  # segments this short join two fits, as those of 60 s in the kernels of TGO
MOST_SHOWN, LEAST_SEGMENTS = 2_000, 5


@dataclass(frozen=True, slots=True, eq=False)
class ClockTold:
    """A clock with its `table` (a row a segment), its `pairs` with residuals, how well it is known `ahead` of its last datum."""

    clock: SpacecraftClock
    table: pl.DataFrame
    pairs: pl.DataFrame
    ahead: pl.DataFrame
    first: int
    last: int
    notes: tuple[str, ...]

    def kernel(self, spacecraft: int) -> str:
        """Return it as a SPICE clock kernel (SCLK) of a spacecraft (negative number). Raises UsageError for another."""
        if not -1_000_000 < spacecraft < 0:
            raise UsageError(
                f"{spacecraft} is no number of a spacecraft", remedy="Name one of the mission, with a naif_id: --for"
            )
        return kernel_from_clock(self.clock, spacecraft, "\n".join((f"Clock {self.clock.name}", *self.notes)))


def correlated(
    pairs: ClockPairs, ticks_per_second: int, name: str, rules: CorrelationRules
) -> tuple[SpacecraftClock, ClockHealth, NDArray[np.bool_]]:
    """Return the clock that pairs make by a mission's rules, how well it is known at the last of them, and which were used."""
    made = Correlator(rules, ticks_per_second, name)
    used = np.zeros(pairs.ticks.size, bool)
    for row, (ticks, at, error_s) in enumerate(
        zip(*(one.tolist() for one in (pairs.ticks, pairs.tai_ns, pairs.error_s)), strict=True)
    ):
        told = made.feed([TimePoint(ticks, at + round(rules.onboard_delay_s * SECOND), 0.0, 0.0, error_s)])
        used[row] = any(isinstance(one, PointUsed) for one in told)
    return made.clock(), made.health(int(pairs.tai_ns[-1])), used


def told_clock(
    clock: SpacecraftClock, pairs: ClockPairs | None = None, *, health: ClockHealth | None = None,
    used: NDArray[np.bool_] | None = None, rules: CorrelationRules | None = None, notes: Sequence[str] = (),
) -> ClockTold:  # fmt: skip
    """Return what is to be told of a clock.

    Each row of `table` is a segment: from when on, its ticks counted over all partitions, by how many parts in a million a second
    of the clock is longer than one of its scale, by how much (s) the segment before, gone on with, missed its start, and mean,
    rms and greatest residual (s) of the pairs in it. `ahead` is what times foretold so many days after the last datum should be
    within: three sigma, bounds of the pairs and what the rules allow the rate to change; without pairs what nine of ten of the
    kernel's own segments, of those that reached about as far, missed the next one by.
    """
    starts = np.array([one.ticks for one in clock.segments], np.int64)
    begin = _tai(clock, starts)
    missed = _missed_s(clock)
    span_s = np.append(np.diff(begin) / SECOND, np.nan)
    table: dict[str, Any] = {
        "start": utc_column(begin.tolist()),
        "ticks": starts,
        "days": span_s / 86_400,
        "rate_ppm": [(one.rate - 1.0) * 1e6 for one in clock.segments],
        "missed_s": missed,
    }
    told = list(notes)
    if pairs is None:
        empty = pl.DataFrame(schema={"utc": pl.Datetime("ns"), "ticks": pl.Int64, "residual_s": pl.Float64, "used": pl.Boolean})
        ahead = _ahead_of_kernel(missed, span_s)
        told.append("no pairs: what is ahead is told by what its own segments missed the next by")
        last = int(begin[-1])
        return ClockTold(clock, _frame(table), empty, ahead, int(begin[0]), last, tuple(told))
    counted = clock.continuous(pairs.ticks)
    residual = (pairs.tai_ns - clock.tai_ns(pairs.ticks)) / SECOND
    taken = np.ones(pairs.ticks.size, bool) if used is None else used
    of = np.clip(np.searchsorted(starts, counted, side="right") - 1, 0, None)
    for name, fold in (
        ("pairs", np.size),
        ("mean_s", np.mean),
        ("rms_s", lambda r: np.sqrt(np.mean(r**2))),
        ("worst_s", lambda r: np.abs(r).max()),
    ):
        rows = [residual[taken & (of == number)] for number in range(starts.size)]
        table[name] = (
            [float(fold(one)) if one.size else None for one in rows] if name != "pairs" else [int(one.size) for one in rows]
        )
    listed = pl.DataFrame({"utc": utc_column(pairs.tai_ns.tolist()), "ticks": pairs.ticks, "residual_s": residual, "used": taken})
    if not taken.all():
        told.append(f"{int((~taken).sum())} of {taken.size} pairs contradict the others and were left out")
    allowed = rules or CorrelationRules()
    ahead = _ahead_of_pairs(health, allowed, residual[taken]) if taken.any() else _ahead_of_kernel(missed, span_s)
    return ClockTold(clock, _frame(table), listed, ahead, int(begin[0]), int(max(begin[-1], pairs.tai_ns[-1])), tuple(told))


def compare_clocks(one: SpacecraftClock, other: SpacecraftClock) -> pl.DataFrame:
    """Return how far (s) a clock is from another at the starts of the other's segments and half-way between them."""
    if one.ticks_per_second != other.ticks_per_second:
        raise UsageError(
            f"{one.name} has {one.ticks_per_second} ticks a second, {other.name} {other.ticks_per_second}",
            remedy="They are clocks of different spacecraft",
        )
    starts = np.array([each.ticks for each in other.segments], np.int64)
    ticks = np.unique(np.concatenate([starts, (starts[1:] + starts[:-1]) // 2, starts[-1:] + 86_400 * other.ticks_per_second]))
    theirs = _tai(other, ticks)
    return pl.DataFrame({"utc": utc_column(theirs.tolist()), "ticks": ticks, "apart_s": (_tai(one, ticks) - theirs) / SECOND})


def clock_shown(found: ClockTold) -> dict[str, Any]:
    """Return what of a clock is shown: its segments, pairs and how well it is known ahead, as rows."""
    some = thinned(found.pairs.height, MOST_SHOWN) if found.pairs.height else np.array([], np.int64)
    return {
        "name": found.clock.name, "ticks_per_second": found.clock.ticks_per_second, "scale": found.clock.scale,
        "rows": _json(found.table[thinned(found.table.height, MOST_SHOWN).tolist()]), "pairs": _json(found.pairs[some.tolist()]),
        "ahead": found.ahead.to_dicts(), "notes": list(found.notes), "last": instant_text(found.last, 3),
    }  # fmt: skip


def _json(frame: pl.DataFrame) -> list[dict[str, Any]]:
    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ") for name in times).to_dicts()


def _frame(columns: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(columns).with_columns(pl.col(name).fill_nan(None) for name in ("days", "missed_s"))


def _tai(clock: SpacecraftClock, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return instants of ticks counted over all partitions."""
    return replace(clock, partitions=()).tai_ns(ticks)


def _missed_s(clock: SpacecraftClock) -> NDArray[np.float64]:
    """Return by how much the line of the fit before missed each segment's start (s); NaN for the first, and for joints."""
    found = np.full(len(clock.segments), np.nan)
    before = None
    for number, one in enumerate(clock.segments):
        after = clock.segments[number + 1] if number + 1 < len(clock.segments) else None
        joint = after is not None and (after.ticks - one.ticks) / clock.ticks_per_second < JOINT_S
        if joint:
            continue
        if before is not None:
            elapsed_s = (one.ticks - before.ticks) / clock.ticks_per_second * before.rate
            found[number] = (one.start_ns - before.start_ns) / SECOND - elapsed_s
        before = one
    return found


def _ahead_of_kernel(missed: NDArray[np.float64], span_s: NDArray[np.float64]) -> pl.DataFrame:
    """Return what nine of ten segments that reached about as far (half to twice) missed the next by; null for fewer than five."""
    reach = np.full(missed.size, np.nan)
    fits = np.flatnonzero(np.isfinite(missed))
    for at, before in zip(fits.tolist(), [0, *fits[:-1].tolist()], strict=True):
        reach[at] = np.nansum(span_s[before:at]) / 86_400
    rows = []
    for days in AHEAD_DAYS:
        some = np.abs(missed[(reach >= days / 2) & (reach <= 2 * days)])
        error_s = float(np.percentile(some, 90)) if some.size >= LEAST_SEGMENTS else None
        rows.append({"days": days, "error_s": error_s, "segments": int(some.size)})
    return pl.DataFrame(rows, schema={"days": pl.Float64, "error_s": pl.Float64, "segments": pl.Int64})


def _ahead_of_pairs(health: ClockHealth | None, rules: CorrelationRules, residual: NDArray[np.float64]) -> pl.DataFrame:
    rows = []
    scatter = float(np.sqrt(np.mean(residual**2)))
    for days in AHEAD_DAYS:
        ahead_s = days * 86_400
        known = 3 * scatter if health is None else health.error_s + 3 * health.rate_sigma * ahead_s
        rows.append({"days": days, "error_s": known + rules.rate_change_per_s * ahead_s**2})
    return pl.DataFrame(rows)
