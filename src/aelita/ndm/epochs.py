"""Epochs of messages: kept as the calendar of the message's time system, converted to TAI nanoseconds where that can be done.

A calendar is (days since 1970-01-01, nanoseconds of the day); in a leap second the nanoseconds go on past 86,400 s.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import TimeError
from ..time import DAY, NO_TIME, SECOND, tai_ns_from_utc_days, utc_datetime64
from .faults import shown

Days = NDArray[np.int64]
Octets = NDArray[np.uint8]

SCALES = ("GMST", "GPS", "MET", "MRT", "SCLK", "TAI", "TCB", "TCG", "TDB", "TT", "UT1", "UTC")  # 502.0-B-3, 3.2.3.2
TT_MINUS_TAI_NS = 32_184_000_000
TAI_MINUS_GPS_NS = 19 * SECOND
K, EB, M0, M1 = 1.657e-3, 1.671e-2, 6.239996, 1.99096871e-7  # TDB - TT, as in `aelita.time`: here without loss of nanoseconds
L_G, L_B, TDB_0_S = 6.969290134e-10, 1.550519768e-8, -6.55e-5  # IAU 2000 B1.9 and IAU 2006 B3
T_0_NS = (2557 * 86400) * SECOND + TT_MINUS_TAI_NS  # 1977-01-01T00:00:32.184, where TT, TCG and TCB met
J2000_NS = (10957 * 86400 + 43200) * SECOND
FIRST_DAY, LAST_DAY = -106_000, 106_000  # where 64 bits hold nanoseconds

_CALENDAR = re.compile(
    r"(\d{4})-(?:(\d{2})-(\d{2})|(\d{3}))T(\d{2}):(\d{2}):(\d{2})(?:\.(\d*))?Z?$", re.ASCII
)  # CCSDS 301.0-B, ASCII time code A or B
FORMS = "Write 2001-11-06T11:17:33.25 or 2001-310T11:17:33.25"


@dataclass(frozen=True, slots=True, order=True)
class Epoch:
    """One epoch in the calendar of `scale`."""

    scale: str
    day: int
    of_day_ns: int

    @property
    def tai_ns(self) -> int:
        """The epoch in TAI nanoseconds. Raises TimeError where the scale cannot be converted."""
        return int(Epochs(self.scale, np.array([self.day]), np.array([self.of_day_ns])).tai_ns()[0])

    def __str__(self) -> str:
        return text_of(self.day, self.of_day_ns)


@dataclass(frozen=True, slots=True, eq=False)
class Epochs:
    """A column of epochs in the calendar of `scale`."""

    scale: str
    day: Days
    of_day_ns: Days

    def __len__(self) -> int:
        return self.day.size

    def __getitem__(self, at: int) -> Epoch:
        return Epoch(self.scale, int(self.day[at]), int(self.of_day_ns[at]))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Epochs)
            and self.scale == other.scale
            and np.array_equal(self.day, other.day)
            and np.array_equal(self.of_day_ns, other.of_day_ns)
        )

    __hash__ = None  # type: ignore[assignment]

    def tai_ns(self) -> Days:
        """Return TAI nanoseconds. UTC, TAI, GPS and TT are exact; TDB has the 30 us of its formula, TCG and TCB 1 us more.

        Raises TimeError for a scale that is bound to no clock of ours (GMST, MET, MRT, SCLK, UT1), UTC before 1972, and epochs
        that 64 bits do not hold.
        """
        if self.scale == "UTC":
            tai = tai_ns_from_utc_days(self.day, self.of_day_ns)
            if (tai == NO_TIME).any():
                raise TimeError(f"{self[int(np.argmax(tai == NO_TIME))]} UTC is not between 1972 and 2260")
            return tai
        convert = _TO_TAI.get(self.scale)
        if convert is None:
            raise TimeError(
                f"epochs in {self.scale} cannot be converted to TAI", remedy=f"Known are UTC, {', '.join(sorted(_TO_TAI))}"
            )
        return convert(self._plain_ns())

    def since_s(self, other: Epoch) -> NDArray[np.float64]:
        """Return seconds since an epoch of the same scale; SI seconds for UTC since 1972."""
        return since_ns(self, other) / SECOND

    def _plain_ns(self) -> Days:
        out = (self.day < FIRST_DAY) | (self.day > LAST_DAY)
        if out.any():
            raise TimeError(f"{self[int(np.argmax(out))]} is out of range", remedy="Times reach from 1680 to 2260")
        return self.day * DAY + self.of_day_ns


def epochs_from_tai_ns(tai_ns: Days, scale: str) -> Epochs:
    """Return TAI nanoseconds as epochs of UTC, TAI, TT, GPS or TDB. Raises TimeError for another scale."""
    tai = np.asarray(tai_ns, np.int64)
    if scale == "UTC":
        return _utc(tai)
    if scale == "TDB":
        tt = tai + TT_MINUS_TAI_NS
        return _plain(scale, tt + np.rint(_tdb_minus_tt_s(tt) * SECOND).astype(np.int64))
    shift = {"TAI": 0, "TT": TT_MINUS_TAI_NS, "GPS": -TAI_MINUS_GPS_NS}.get(scale)
    if shift is None:
        raise TimeError(f"epochs are not written in {scale}", remedy="Write in UTC, TAI, TT, GPS or TDB")
    return _plain(scale, tai + shift)


def since_ns(epochs: Epochs, zero: Epoch) -> Days:
    """Return nanoseconds since an epoch of the same scale: SI for UTC since 1972, else by the calendar."""
    if epochs.scale == "UTC" and zero.day >= 730 and (epochs.day >= 730).all():
        return epochs.tai_ns() - zero.tai_ns
    return (epochs.day - zero.day) * DAY + epochs.of_day_ns - zero.of_day_ns


def after(zero: Epoch, elapsed_ns: Days) -> Epochs:
    """Return epochs some nanoseconds after another, the inverse of `since_ns`."""
    if zero.scale == "UTC" and zero.day >= 730:
        tai = zero.tai_ns + elapsed_ns
        if (tai > 730 * DAY + 10 * SECOND).all():
            return _utc(tai)
    days, rest = np.divmod(zero.of_day_ns + elapsed_ns, DAY)
    return Epochs(zero.scale, days + zero.day, rest)


def epoch_of(text: str, scale: str) -> Epoch:
    """Return the epoch of a calendar text; digits beyond the nanosecond are cut. Raises TimeError for what is no such text."""
    match = _CALENDAR.match(text)
    if not match:
        raise TimeError(f"{shown(text)} is no epoch", remedy=FORMS)
    year, month, day, doy, hour, minute, second, fraction = match.groups()
    days = _civil(int(year), int(month or 1), int(day or doy), ordinal=doy is not None)
    h, m, s = int(hour), int(minute), int(second)
    of_day = (h * 3600 + m * 60 + s) * SECOND + int((fraction or "")[:9].ljust(9, "0"))
    if days is None or h > 23 or m > 59 or s > 60 or (s == 60 and not _leap_second(days, of_day, scale)):
        raise TimeError(f"{shown(text)} is no epoch of {scale}", remedy="Its month, day, hour, minute or second is out of range")
    return Epoch(scale, days, of_day)


def text_of(day: int, of_day_ns: int, decimals: int | None = None) -> str:
    """Return the calendar text of an epoch, with as many decimals as it needs, or as told."""
    seconds, fraction = divmod(of_day_ns, SECOND)
    minutes = min(seconds // 60, 1439)
    digits = f"{fraction:09d}".rstrip("0") if decimals is None else f"{fraction:09d}"[:decimals]
    date = np.datetime64(day, "D")
    return f"{date}T{minutes // 60:02d}:{minutes % 60:02d}:{seconds - 60 * minutes:02d}{'.' if digits else ''}{digits}"


def decimals_of(epochs: Epochs) -> int:
    """Return how many decimals of a second a column needs: none, 3, 6 or 9."""
    fraction = epochs.of_day_ns % SECOND
    return next(decimals for decimals in (0, 3, 6, 9) if not (fraction % 10 ** (9 - decimals)).any())


def texts_of(epochs: Epochs, decimals: int) -> list[str]:
    """Return calendar texts of a column with 0, 3, 6 or 9 decimals."""
    plain = (epochs.of_day_ns < DAY) & (np.abs(epochs.day) < LAST_DAY)
    if not plain.all():
        parts = zip(epochs.day.tolist(), epochs.of_day_ns.tolist(), strict=True)
        return [text_of(day, of_day, decimals) for day, of_day in parts]
    units: dict[int, Literal["s", "ms", "us", "ns"]] = {0: "s", 3: "ms", 6: "us", 9: "ns"}
    ns: NDArray[np.datetime64] = (epochs.day * DAY + epochs.of_day_ns).view("datetime64[ns]")
    texts: list[str] = np.datetime_as_string(ns, unit=units[decimals]).tolist()
    return texts


def parse_column(tokens: list[bytes], scale: str) -> tuple[Days, Days] | None:
    """Return days and nanoseconds of a column of calendar texts, or None where any is not one: then ask `epoch_of` of each."""
    table = np.array(tokens, "S")
    lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
    text = table.view(np.uint8).reshape(len(tokens), -1)
    if text.shape[1] < 17:
        return None
    zulu = text[np.arange(len(tokens)), lengths - 1] == ord("Z")
    forms = lengths * 4 + zulu * 2 + (text[:, 8] == ord("T"))
    days, of_day = np.empty(len(tokens), np.int64), np.empty(len(tokens), np.int64)
    for form in np.unique(forms).tolist():
        same = forms == form
        length = form // 4 - form // 2 % 2
        found = _parse_same(text if same.all() else text[same], length, bool(form % 2), scale)
        if found is None:
            return None
        days[same], of_day[same] = found
    return days, of_day


def _parse_same(text: Octets, length: int, ordinal: bool, scale: str) -> tuple[Days, Days] | None:
    """Return what texts of one form and length say, without their Z."""
    tee = 8 if ordinal else 10
    if length < tee + 9 or length > 60:
        return None
    marks = (
        {4: "-", tee: "T", tee + 3: ":", tee + 6: ":"}
        | ({} if ordinal else {7: "-"})
        | ({tee + 9: "."} if length > tee + 9 else {})
    )
    if any((text[:, at] != ord(mark)).any() for at, mark in marks.items()):
        return None
    figures = [at for at in range(length) if at not in marks]
    digits = text[:, figures] - np.uint8(48)
    if (digits > 9).any():
        return None
    number = _Columns(text)
    year, month = number(0, 4), 1 if ordinal else number(5, 7)
    days = _civil_column(year, month, number(5, 8) if ordinal else number(8, 10), ordinal)
    hour, minute, second = number(tee + 1, tee + 3), number(tee + 4, tee + 6), number(tee + 7, tee + 9)
    if days is None or (hour > 23).any() or (minute > 59).any() or (second > 60).any():
        return None
    kept = min(length, tee + 19)
    fraction = number(tee + 10, kept) * 10 ** (9 - (kept - tee - 10)) if length > tee + 10 else 0
    of_day = (hour * 3600 + minute * 60 + second) * SECOND + fraction
    leaps = np.flatnonzero(second == 60).tolist()
    if any(not _leap_second(int(days[at]), int(of_day[at]), scale) for at in leaps):
        return None
    return days, of_day


@dataclass(frozen=True, slots=True)
class _Columns:
    text: Octets

    def __call__(self, start: int, stop: int) -> Days:
        value = np.zeros(self.text.shape[0], np.int64)
        for at in range(start, stop):
            value = value * 10 + (self.text[:, at] - 48)
        return value


def _civil(year: int, month: int, day: int, *, ordinal: bool) -> int | None:
    found = _civil_column(np.array([year]), np.array([month]), np.array([day]), ordinal)
    return None if found is None else int(found[0])


def _civil_column(year: Days, month: Days | int, day: Days, ordinal: bool) -> Days | None:
    years = (year - 1970).astype("datetime64[Y]")
    if ordinal:
        start, end = years, years + 1
    else:
        if (np.asarray(month) < 1).any() or (np.asarray(month) > 12).any():
            return None
        start = years.astype("datetime64[M]") + (np.asarray(month) - 1)
        end = start + 1
    first = start.astype("datetime64[D]").astype(np.int64)
    if (day < 1).any() or (day > end.astype("datetime64[D]").astype(np.int64) - first).any():
        return None
    return first + day - 1


def _leap_second(day: int, of_day_ns: int, scale: str) -> bool:
    """Whether 23:59:60 of that day was."""
    if scale != "UTC" or of_day_ns < DAY or day < 730:
        return False
    offsets = tai_ns_from_utc_days(np.array([day, day + 1]), np.zeros(2, np.int64))
    return bool(offsets[1] - offsets[0] > DAY)


def _utc(tai: Days) -> Epochs:
    near = utc_datetime64(tai)
    if np.isnat(near).any():
        raise TimeError("UTC before 1972-01-01 is not supported", remedy="Write in TAI")
    ns = near.astype(np.int64)
    days, rest = np.divmod(ns, DAY)
    late = tai_ns_from_utc_days(days, rest) != tai  # a leap second reads as the second after it
    days, rest = np.where(late, days - 1, days), np.where(late, rest + DAY, rest)
    return Epochs("UTC", days, rest)


def _plain(scale: str, ns: Days) -> Epochs:
    days, rest = np.divmod(ns, DAY)
    return Epochs(scale, days, rest)


def _tdb_minus_tt_s(ns: Days) -> NDArray[np.float64]:
    mean = M0 + M1 * ((ns - J2000_NS) / SECOND)
    return K * np.sin(mean + EB * np.sin(mean))


def _tai_from_tdb(ns: Days) -> Days:
    tt = ns
    for _ in range(3):
        tt = ns - np.rint(_tdb_minus_tt_s(tt) * SECOND).astype(np.int64)
    return tt - TT_MINUS_TAI_NS


def _tai_from_tcb(ns: Days) -> Days:
    return _tai_from_tdb(ns - np.rint((ns - T_0_NS) * L_B - TDB_0_S * SECOND).astype(np.int64))


_TO_TAI: dict[str, Callable[[Days], Days]] = {
    "TAI": lambda ns: ns,
    "GPS": lambda ns: ns + TAI_MINUS_GPS_NS,
    "TT": lambda ns: ns - TT_MINUS_TAI_NS,
    "TDB": _tai_from_tdb,
    "TCG": lambda ns: ns - np.rint((ns - T_0_NS) * L_G).astype(np.int64) - TT_MINUS_TAI_NS,
    "TCB": _tai_from_tcb,
}
