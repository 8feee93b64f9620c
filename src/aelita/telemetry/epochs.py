"""Engineering values of time types: TAI nanoseconds of absolute times, seconds of relative ones."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..mdb import SECONDS_IN, UNIX_WORDS, AbsoluteTimeType, Reference, RelativeTimeType, epoch_of
from ..time import DAY, NO_TIME, SECOND, tai_ns_from_utc_days
from .columns import Column, both

LARGEST = 2**62

Lookup = Callable[[Reference], Column | None]


def relative_time(kind: RelativeTimeType, raw: Column) -> Column:
    """Return durations in seconds."""
    unit = float(SECONDS_IN.get(kind.units, Fraction(1)))
    return Column((raw.values.astype(np.float64) * kind.scale + kind.offset) * unit, raw.valid)


def absolute_time(kind: AbsoluteTimeType, raw: Column, value: Lookup) -> Column:
    """Return TAI nanoseconds; NO_TIME, and invalid, where the count leaves the range of int64.

    Integer counts are converted without rounding on the way. UNIX and POSIX time, and a count from 1970-01-01, do not count leap
    seconds; other epochs given as dates are UTC, before 1972 TAI.
    """
    elapsed, inside = elapsed_ns(kind, raw.values)
    if kind.relative_to is not None:
        start = value(Reference(kind.relative_to))
        if start is None or start.values.dtype != np.int64:
            return Column(np.full(elapsed.size, NO_TIME), np.zeros(elapsed.size, np.bool_))
        inside &= start.mask() & (np.abs(start.values // 2 + elapsed // 2) < LARGEST)
        times = np.where(inside, start.values + np.where(inside, elapsed, 0), NO_TIME)
    elif (kind.epoch or "TAI") in UNIX_WORDS:
        times = np.where(inside, tai_ns_from_utc_days(elapsed // DAY, elapsed % DAY), NO_TIME)
    else:
        epoch = epoch_of(kind.epoch or "TAI")
        inside &= np.abs(elapsed) < LARGEST - abs(epoch)
        times = np.where(inside, elapsed + epoch, NO_TIME)
    known = times != NO_TIME
    return Column(times, both(raw.valid, None if known.all() else known))


def elapsed_ns(kind: AbsoluteTimeType, raw: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return nanoseconds since the epoch, rounded to the nearest, and which of them fit."""
    unit = SECONDS_IN.get(kind.units, Fraction(1)) * SECOND
    step, offset = Fraction(str(kind.scale)) * unit, round(Fraction(str(kind.offset)) * unit)
    if raw.dtype.kind in "iu":
        counts = raw.astype(np.int64)
        inside = np.ones(raw.size, np.bool_) if raw.dtype != np.uint64 else counts >= 0
        return _whole_steps(counts, inside, step, offset)
    seconds = raw.astype(np.float64) * float(step / SECOND)
    inside = np.abs(seconds) < LARGEST / SECOND
    seconds = np.where(inside, seconds, 0.0)
    whole = np.floor(seconds)
    return whole.astype(np.int64) * SECOND + np.rint((seconds - whole) * SECOND).astype(np.int64) + offset, inside


def _whole_steps(
    counts: NDArray[np.int64], inside: NDArray[np.bool_], step: Fraction, offset: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    up, down = step.numerator, step.denominator
    if abs(up) * down >= LARGEST or abs(offset) >= LARGEST:  # too fine a ratio for int64: exact, one by one
        exact = [round(int(count) * step) + offset for count in counts]
        inside = inside & np.array([abs(e) < LARGEST for e in exact], np.bool_)
        return np.array([e if abs(e) < LARGEST else 0 for e in exact], np.int64), inside
    groups = counts // down
    inside = inside & (np.abs(groups) < (LARGEST - abs(offset)) // max(abs(up), 1) - 1)
    groups = np.where(inside, groups, 0)
    rest = np.where(inside, counts - groups * down, 0)
    return groups * up + (rest * up + down // 2) // down + offset, inside
