"""Epochs as int64 nanoseconds of TAI since 1970-01-01T00:00:00 TAI, and their conversions to UTC, TT, TDB and SPICE ET.

Every function takes a number or an array. The range is 1677 to 2262. UTC before 1972 (when it was steered by rate) is refused.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import TimeError

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
NO_TIME = int(np.iinfo(np.int64).min)
J2000_TAI_NS = (10957 * 86400 + 43200) * SECOND - 32_184_000_000  # 2000-01-01T12:00:00 TT
TT_MINUS_TAI_NS = 32_184_000_000

# TDB - TT = K sin(E), E = M + EB sin(M), M = M0 + M1 t: constants of the SPICE leap-second kernel (accuracy 30 microseconds)
K, EB, M0, M1 = 1.657e-3, 1.671e-2, 6.239996, 1.99096871e-7

# TAI - UTC since the given day (days since 1970-01-01): IERS Bulletin C; the same list as NAIF's naif0012.tls
_LEAPS = (
    (730, 10), (912, 11), (1096, 12), (1461, 13), (1826, 14), (2191, 15), (2557, 16), (2922, 17), (3287, 18), (3652, 19),
    (4199, 20), (4564, 21), (4929, 22), (5660, 23), (6574, 24), (7305, 25), (7670, 26), (8217, 27), (8582, 28), (8947, 29),
    (9496, 30), (10043, 31), (10592, 32), (13149, 33), (14245, 34), (15522, 35), (16617, 36), (17167, 37),
)  # fmt: skip

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

Time = TypeVar("Time", int, NDArray[np.int64])
Real = TypeVar("Real", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class LeapSeconds:
    """TAI - UTC: from day `days[i]` (since 1970-01-01) on it is `offsets[i]` seconds."""

    days: tuple[int, ...]
    offsets: tuple[int, ...]

    @staticmethod
    def from_kernel(text: str, where: str = "leap seconds") -> "LeapSeconds":
        """Return the table in the text of a SPICE leap-second kernel (LSK). Raises TimeError when it holds none."""
        found = re.search(r"DELTET/DELTA_AT\s*=\s*\(([^)]*)\)", text)
        pairs = re.findall(r"(\d+)\s*,\s*@(\d{4})-([A-Z]{3})-(\d+)", found.group(1)) if found else []
        if not pairs:
            raise TimeError("no DELTET/DELTA_AT list", where=where, remedy="Give a SPICE leap-second kernel (.tls)")
        try:
            days = tuple(days_from_civil(int(y), MONTHS.index(m) + 1, int(d)) for _, y, m, d in pairs)
        except ValueError as error:
            raise TimeError(f"the DELTET/DELTA_AT list names an unknown month: {error}", where=where) from error
        if list(days) != sorted(set(days)):
            raise TimeError("the dates of the DELTET/DELTA_AT list do not rise", where=where)
        return LeapSeconds(days, tuple(int(offset) for offset, *_ in pairs))

    def offset_s(self, day: int) -> int:
        """Return TAI - UTC in seconds on a UTC day. Raises TimeError before 1972."""
        if day < self.days[0]:
            raise TimeError(f"UTC before {iso_day(self.days[0])} is not supported", remedy="Use TAI for earlier epochs")
        return self.offsets[bisect_right(self.days, day) - 1]

    def day_seconds(self, day: int) -> int:
        """Return how many seconds a UTC day has."""
        return 86400 + self.offset_s(day + 1) - self.offset_s(day)


BUILT_IN = LeapSeconds(tuple(day for day, _ in _LEAPS), tuple(offset for _, offset in _LEAPS))
_DAYS = np.array(BUILT_IN.days, np.int64)
_OFFSETS = np.array(BUILT_IN.offsets, np.int64)
_LEAP_TAI = _DAYS * DAY + _OFFSETS * SECOND  # TAI when each offset begins to hold
_STEPS: list[tuple[int, int, int]] = list(zip(_LEAP_TAI.tolist(), BUILT_IN.days, BUILT_IN.offsets, strict=True))


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return days since 1970-01-01 of a date of the proleptic Gregorian calendar. Raises TimeError for no such date."""
    try:
        return int((np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "D") - np.datetime64("1970-01-01", "D")).astype(np.int64))
    except ValueError as error:
        raise TimeError(f"there is no date {year:04d}-{month:02d}-{day:02d}") from error


@lru_cache(maxsize=1024)
def iso_day(day: int) -> str:
    """Return days since 1970-01-01 as YYYY-MM-DD."""
    return str(np.datetime64("1970-01-01", "D") + np.timedelta64(day, "D"))


_ISO = re.compile(
    r"\s*(\d{4})-(?:(\d{3})(?!\d)|(\d{1,2})-(\d{1,2}))(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*(Z|UTC)?\s*$"
)


def parse_calendar(text: str) -> tuple[int, int]:
    """Return (days since 1970-01-01, nanoseconds of day) of `2023-05-24T18:54:49.8` or `2023-144T18:54:49.8`.

    More than 9 decimals are cut. Raises TimeError when the text is no date or its fields are out of range. The second may be 60.
    """
    match = _ISO.match(text)
    if not match:
        raise TimeError(f"{text!r} is not a time", remedy="Write 2023-05-24T18:54:49.8 or 2023-144T18:54:49.8")
    year, doy, month, day, hour, minute, second, fraction, _ = match.groups()
    days = days_from_civil(int(year), 1, 1) + int(doy) - 1 if doy else days_from_civil(int(year), int(month), int(day))
    if doy and not 1 <= int(doy) <= 365 + _is_leap(int(year)):
        raise TimeError(f"{text!r}: there is no day {doy} in {year}")
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    if h > 23 or m > 59 or s > 60:
        raise TimeError(f"{text!r}: hours, minutes or seconds are out of range")
    return days, (h * 3600 + m * 60 + s) * SECOND + int((fraction or "0")[:9].ljust(9, "0"))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def tai_ns_from_utc(text: str) -> int:
    """Return the epoch of a UTC calendar text in TAI nanoseconds. Raises TimeError, also for a leap second that never was."""
    day, of_day = parse_calendar(text)
    if of_day >= BUILT_IN.day_seconds(day) * SECOND:
        raise TimeError(f"{text!r}: that day had no such second")
    return _within(day * DAY + of_day + BUILT_IN.offset_s(day) * SECOND, text)


def _within(tai_ns: int, text: str) -> int:
    if not NO_TIME < tai_ns < -NO_TIME:
        raise TimeError(f"{text!r} is out of range", remedy="Times reach from 1677-09-22 to 2262-04-11")
    return tai_ns


def tai_ns_from_tai(text: str) -> int:
    """Return the epoch of a TAI calendar text in TAI nanoseconds."""
    day, of_day = parse_calendar(text)
    return _within(day * DAY + of_day, text)


def tai_ns_from_utc_days(day: NDArray[np.int64], of_day_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return TAI nanoseconds of UTC days since 1970-01-01 and nanoseconds of day; NO_TIME before 1972 or out of range.

    In a leap second `of_day_ns` goes on past 86,400 s, as CCSDS day-segmented time does.
    """
    at = np.searchsorted(_DAYS, day, side="right") - 1
    fine = (at >= 0) & (of_day_ns >= 0) & (of_day_ns < 86_402 * SECOND) & (day < 106_000)
    safe = np.where(fine, day, 0)
    return np.where(fine, safe * DAY + np.where(fine, of_day_ns, 0) + _OFFSETS[np.maximum(at, 0)] * SECOND, NO_TIME)


def utc_parts(tai_ns: int) -> tuple[int, int]:
    """Return (UTC days since 1970-01-01, nanoseconds of day, 86,400 s or more in a leap second). Raises TimeError before 1972."""
    at = bisect_right(_STEPS, tai_ns, key=itemgetter(0)) - 1
    if at < 0:
        raise TimeError("UTC before 1972-01-01 is not supported", remedy="Use TAI for earlier epochs")
    day, of_day = divmod(tai_ns - _STEPS[at][2] * SECOND, DAY)
    if at + 1 < len(_STEPS) and day >= _STEPS[at + 1][1]:  # inside the leap second before the next offset
        return _STEPS[at + 1][1] - 1, of_day + DAY
    return day, of_day


def utc_from_tai_ns(tai_ns: int, decimals: int = 9, *, day_of_year: bool = False) -> str:
    """Return the UTC calendar text of an epoch, cut (not rounded) to `decimals`; `NO_TIME` gives `unknown`."""
    if tai_ns == NO_TIME:
        return "unknown"
    day, of_day = utc_parts(int(tai_ns))
    seconds, fraction = divmod(of_day, SECOND)
    minutes = min(seconds // 60, 1439)  # a leap second is 23:59:60
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds - 60 * minutes:02d}"
    date = iso_day(day)
    if day_of_year:
        year = int(date[:4])
        date = f"{year:04d}-{day - days_from_civil(year, 1, 1) + 1:03d}"
    return f"{date}T{clock}" + (f".{fraction:09d}"[: 1 + decimals] if decimals else "")


def utc_datetime64(tai_ns: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Return datetime64[ns] in UTC; NaT for NO_TIME and before 1972. A leap second reads as the second after it."""
    at = np.searchsorted(_LEAP_TAI, tai_ns, side="right") - 1
    shifted = np.where(at >= 0, tai_ns - _OFFSETS[np.maximum(at, 0)] * SECOND, NO_TIME)
    return shifted.view("datetime64[ns]")


def tai_ns_from_datetime64(utc: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return TAI nanoseconds of UTC datetime64 values; NO_TIME for NaT and before 1972."""
    ns = utc.astype("datetime64[ns]").astype(np.int64)
    return np.where(ns == NO_TIME, NO_TIME, tai_ns_from_utc_days(ns // DAY, ns % DAY))


def tdb_minus_tt_s(tt_s: Real) -> Real:
    """Return TDB - TT in seconds at TT (or TDB) seconds past J2000, by SPICE's formula."""
    mean = M0 + M1 * tt_s
    return K * np.sin(mean + EB * np.sin(mean))


def et_from_tai_ns(tai_ns: int | NDArray[np.int64]) -> float | NDArray[np.float64]:
    """Return SPICE ephemeris time (TDB seconds past J2000), NaN for NO_TIME; float64, so good to about 60 ns in this century."""
    tt = np.asarray(tt_s_from_tai_ns(tai_ns))
    et = tt + tdb_minus_tt_s(tt)
    return float(et) if np.ndim(tai_ns) == 0 else et


def tai_ns_from_et(et_s: float | NDArray[np.float64]) -> int | NDArray[np.int64]:
    """Return TAI nanoseconds of SPICE ephemeris time (TDB seconds past J2000); NO_TIME for NaN and outside 1680 to 2262."""
    given = np.asarray(et_s, np.float64)
    known = (given > -1.01e10) & (given < 8.27e9)
    et = np.where(known, given, 0.0)
    tt = et
    for _ in range(3):
        tt = et - tdb_minus_tt_s(tt)
    whole = np.floor(et)
    tai = whole.astype(np.int64) * SECOND + np.rint((et - whole - (et - tt)) * SECOND).astype(np.int64) + J2000_TAI_NS
    tai = np.where(known, tai, NO_TIME)
    return int(tai) if np.ndim(et_s) == 0 else tai


def tt_s_from_tai_ns(tai_ns: int | NDArray[np.int64]) -> float | NDArray[np.float64]:
    """Return TT seconds past J2000; NaN for NO_TIME."""
    tai = np.asarray(tai_ns, np.int64)
    seconds = tai // SECOND - J2000_TAI_NS // SECOND
    tt = np.where(tai == NO_TIME, np.nan, seconds + (tai % SECOND - J2000_TAI_NS % SECOND) / SECOND)
    return float(tt) if np.ndim(tai_ns) == 0 else tt
