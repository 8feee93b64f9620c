"""CCSDS time codes (301.0-B): CUC, CDS, CCS and ASCII A and B, for one time field or for a column of them.

A time code turns the octets of a time field into *ticks* (one int64 that keeps the field's value and order) and ticks into TAI
nanoseconds. Codes of an on-board clock without a known epoch have ticks only; a `SpacecraftClock` gives them a meaning.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, TimeError
from .scales import (
    DAY,
    NO_TIME,
    SECOND,
    parse_calendar,
    tai_ns_from_utc,
    tai_ns_from_utc_days,
    utc_from_tai_ns,
    utc_parts,
)

CCSDS_EPOCH_DAY = -4383  # 1958-01-01
CCSDS_EPOCH_TAI_NS = CCSDS_EPOCH_DAY * DAY  # 1958-01-01T00:00:00 TAI

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]


class TimeCode(Protocol):
    """What every time code offers."""

    @property
    def octets(self) -> int:
        """Length of the time field, P-field included where it is transmitted."""
        ...

    @property
    def ticks_per_second(self) -> int:
        """How many ticks make a second."""
        ...

    @property
    def has_epoch(self) -> bool:
        """Whether ticks can be turned into time without a spacecraft clock."""
        ...

    def ticks(self, buffer: Octets, offset: Column) -> Column:
        """Return the ticks of the time fields at these offsets, NO_TIME when invalid; all must lie inside the buffer."""
        ...

    def tai_ns(self, ticks: Column) -> Column:
        """Return TAI nanoseconds of ticks, NO_TIME for NO_TIME. Raises TimeError when the code has no epoch."""
        ...


def _number(buffer: Octets, offset: Column, first: int, octets: int) -> Column:
    value = np.zeros(offset.size, np.int64)
    for k in range(octets):
        value = value << 8 | buffer[offset + first + k]
    return value


@dataclass(frozen=True, slots=True)
class Cuc:
    """Unsegmented time: `coarse` octets (1..7) of seconds and `fine` octets (0..10) of their fraction since the epoch.

    `p_field` tells that the preamble octets stand in the field. `epoch_tai_ns` None: an on-board clock of unknown epoch. With
    `counts_leap_seconds` false the epoch's scale is UTC and leap seconds are not counted. Ticks keep the coarse octets and as
    many fine octets as fit in 63 bits (at most 4, 0.23 ns).
    """

    coarse: int = 4
    fine: int = 2
    epoch_tai_ns: int | None = CCSDS_EPOCH_TAI_NS
    p_field: bool = False
    counts_leap_seconds: bool = True

    def __post_init__(self) -> None:
        if not (1 <= self.coarse <= 7 and 0 <= self.fine <= 10):
            raise TimeError(f"CUC has 1 to 7 coarse and 0 to 10 fine octets, not {self.coarse} and {self.fine}")

    @property
    def preamble(self) -> bytes:
        """The P-field: one octet, or two when more than 4 coarse or 3 fine octets need the extension."""
        kind = 1 if self.epoch_tai_ns == CCSDS_EPOCH_TAI_NS else 2
        coarse, fine = min(self.coarse, 4), min(self.fine, 3)
        first = kind << 4 | (coarse - 1) << 2 | fine
        if coarse == self.coarse and fine == self.fine:
            return bytes([first])
        return bytes([0x80 | first, (self.coarse - coarse) << 5 | (self.fine - fine) << 2])

    @property
    def octets(self) -> int:
        """Length of the time field."""
        return self.coarse + self.fine + (len(self.preamble) if self.p_field else 0)

    @property
    def kept_fine(self) -> int:
        """Fine octets that ticks keep."""
        return min(self.fine, 4, 7 - self.coarse)

    @property
    def ticks_per_second(self) -> int:
        """Ticks in a second."""
        return int(256**self.kept_fine)

    @property
    def has_epoch(self) -> bool:
        """Whether the epoch is known."""
        return self.epoch_tai_ns is not None

    def ticks(self, buffer: Octets, offset: Column) -> Column:
        """Return the ticks; NO_TIME where a transmitted P-field is not the one expected."""
        lead = len(self.preamble) if self.p_field else 0
        value = _number(buffer, offset, lead, self.coarse + self.kept_fine)
        if lead and offset.size:
            wanted = np.frombuffer(self.preamble, np.uint8)
            agrees = np.all(np.stack([buffer[offset + k] for k in range(lead)], axis=1) == wanted, axis=1)
            value = np.where(agrees, value, NO_TIME)
        return value

    def tai_ns(self, ticks: Column) -> Column:
        """Return TAI nanoseconds, the fraction rounded to the nearest."""
        if self.epoch_tai_ns is None:
            raise TimeError("this on-board time has no known epoch", remedy="Give the channel an epoch or a clock")
        bits = 8 * self.kept_fine
        elapsed = (ticks >> bits) * SECOND + (((ticks & ((1 << bits) - 1)) * SECOND + (1 << bits >> 1)) >> bits)
        most = (-NO_TIME - max(self.epoch_tai_ns, 0)) // SECOND - 2
        inside = (ticks != NO_TIME) & ((ticks >> bits) < most)
        if self.counts_leap_seconds:
            return np.where(inside, self.epoch_tai_ns + np.where(inside, elapsed, 0), NO_TIME)
        day, of_day = utc_parts(self.epoch_tai_ns) if self.epoch_tai_ns >= 63_072_010 * SECOND else divmod(self.epoch_tai_ns, DAY)
        utc = day * DAY + of_day + np.where(inside, elapsed, 0)
        return np.where(inside, tai_ns_from_utc_days(utc // DAY, utc % DAY), NO_TIME)

    def decode(self, octets: bytes) -> int:
        """Return the time as ticks of 2**-(8 fine) s at full width. Raises DataError for a wrong length or P-field."""
        lead = len(self.preamble) if self.p_field else 0
        if len(octets) != self.octets:
            raise DataError(f"a time field of {self.octets} octets is expected, not {len(octets)}")
        if lead and octets[:lead] != self.preamble:
            raise DataError(f"P-field {octets[:lead].hex()} is not the expected {self.preamble.hex()}")
        return int.from_bytes(octets[lead:])

    def encode(self, ticks: int) -> bytes:
        """Return the time field of full-width ticks (units of 2**-(8 fine) s). Raises TimeError when they do not fit."""
        if not 0 <= ticks < 256 ** (self.coarse + self.fine):
            raise TimeError(f"{ticks} ticks do not fit {self.coarse} coarse and {self.fine} fine octets")
        return (self.preamble if self.p_field else b"") + ticks.to_bytes(self.coarse + self.fine)


@dataclass(frozen=True, slots=True)
class Cds:
    """Day-segmented UTC: days (2 or 3 octets) since the epoch, milliseconds of day, and nothing, microseconds or picoseconds.

    `submillisecond` is 0, 2 (microseconds) or 4 (picoseconds) octets. Ticks are nanoseconds since the epoch day with every day
    counted as 2**17 s, so that leap seconds keep their place; picoseconds are cut to nanoseconds.
    """

    day_octets: int = 2
    submillisecond: int = 0
    epoch_day: int = CCSDS_EPOCH_DAY
    p_field: bool = False

    @property
    def preamble(self) -> bytes:
        """The P-field octet."""
        agency = self.epoch_day != CCSDS_EPOCH_DAY
        return bytes([4 << 4 | agency << 3 | (self.day_octets == 3) << 2 | {0: 0, 2: 1, 4: 2}[self.submillisecond]])

    @property
    def octets(self) -> int:
        """Length of the time field."""
        return self.day_octets + 4 + self.submillisecond + self.p_field

    @property
    def ticks_per_second(self) -> int:
        """Ticks in a second."""
        return SECOND

    @property
    def has_epoch(self) -> bool:
        """Always true."""
        return True

    def ticks(self, buffer: Octets, offset: Column) -> Column:
        """Return the ticks; NO_TIME where a field is out of range or a P-field is not the one expected."""
        lead = int(self.p_field)
        day = _number(buffer, offset, lead, self.day_octets)
        millisecond = _number(buffer, offset, lead + self.day_octets, 4)
        below = _number(buffer, offset, lead + self.day_octets + 4, self.submillisecond)
        below_ns = below // 1000 if self.submillisecond == 4 else below * 1000
        fine = (millisecond < 86_401_000) & (below_ns < 1_000_000) & (day < 60_000)
        if lead and offset.size:
            fine &= buffer[offset] == self.preamble[0]
        return np.where(fine, (np.where(fine, day, 0) << 47) + millisecond * 1_000_000 + below_ns, NO_TIME)

    def tai_ns(self, ticks: Column) -> Column:
        """Return TAI nanoseconds; NO_TIME before 1972."""
        known = ticks != NO_TIME
        safe = np.where(known, ticks, 0)
        return np.where(known, tai_ns_from_utc_days((safe >> 47) + self.epoch_day, safe & ((1 << 47) - 1)), NO_TIME)

    def decode(self, octets: bytes) -> int:
        """Return the time in ticks. Raises DataError for a wrong length, P-field or range."""
        if len(octets) != self.octets:
            raise DataError(f"a time field of {self.octets} octets is expected, not {len(octets)}")
        ticks = int(self.ticks(np.frombuffer(octets, np.uint8), np.zeros(1, np.int64))[0])
        if ticks == NO_TIME:
            raise DataError(f"{octets.hex()} is not a day-segmented time of this kind")
        return ticks

    def encode(self, tai_ns: int) -> bytes:
        """Return the time field of an epoch, cut to its resolution."""
        day, of_day = utc_parts(tai_ns)
        millisecond, below = divmod(of_day, 1_000_000)
        fine = {0: b"", 2: (below // 1000).to_bytes(2), 4: (below * 1000).to_bytes(4)}[self.submillisecond]
        try:
            field = (day - self.epoch_day).to_bytes(self.day_octets)
        except OverflowError as error:
            raise TimeError(f"{utc_from_tai_ns(tai_ns)} is out of the range of this day count") from error
        return (self.preamble if self.p_field else b"") + field + millisecond.to_bytes(4) + fine


@dataclass(frozen=True, slots=True)
class Ccs:
    """Calendar-segmented UTC in BCD: year, month and day or day of year, hour, minute, second, 0 to 6 octets of fraction.

    Ticks are TAI nanoseconds; decimals beyond nine are cut.
    """

    day_of_year: bool = False
    fraction: int = 0
    p_field: bool = False

    @property
    def preamble(self) -> bytes:
        """The P-field octet."""
        return bytes([5 << 4 | self.day_of_year << 3 | self.fraction])

    @property
    def octets(self) -> int:
        """Length of the time field."""
        return 7 + self.fraction + self.p_field

    @property
    def ticks_per_second(self) -> int:
        """Ticks in a second."""
        return SECOND

    @property
    def has_epoch(self) -> bool:
        """Always true."""
        return True

    def decode(self, octets: bytes) -> int:
        """Return the epoch in TAI nanoseconds. Raises DataError when the octets are not BCD or no date."""
        if len(octets) != self.octets or (self.p_field and octets[:1] != self.preamble):
            raise DataError(f"{octets.hex()} is not a calendar-segmented time of {self.octets} octets")
        digits = octets[int(self.p_field) :].hex()
        date = f"{digits[:4]}-{digits[5:8]}" if self.day_of_year else f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
        if not digits.isdecimal() or (self.day_of_year and digits[4] != "0"):
            raise DataError(f"{octets.hex()} is not binary-coded decimal")
        try:
            return tai_ns_from_utc(f"{date}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}.{digits[14:] or '0'}")
        except TimeError as error:
            raise DataError(f"{octets.hex()} is no calendar time: {error}") from error

    def encode(self, tai_ns: int) -> bytes:
        """Return the time field of an epoch, cut to its resolution."""
        text = utc_from_tai_ns(tai_ns, 9, day_of_year=self.day_of_year)
        digits = "".join(c for c in text if c.isdecimal())
        if self.day_of_year:
            digits = digits[:4] + "0" + digits[4:]
        digits = (digits + "000")[: 14 + 2 * self.fraction]
        return (self.preamble if self.p_field else b"") + bytes.fromhex(digits)

    def ticks(self, buffer: Octets, offset: Column) -> Column:
        """Return TAI nanoseconds; NO_TIME where the octets are no calendar time."""
        out = np.full(offset.size, NO_TIME, np.int64)
        for i, at in enumerate(offset):
            try:
                out[i] = self.decode(buffer[at : at + self.octets].tobytes())
            except DataError:
                continue
        return out

    def tai_ns(self, ticks: Column) -> Column:
        """Return the ticks: they are TAI nanoseconds."""
        return ticks


def decode_ascii(text: str) -> int:
    """Return TAI nanoseconds of an ASCII time code A (`2023-05-24T…`) or B (`2023-144T…`), with or without the Z."""
    try:
        parse_calendar(text)
        return tai_ns_from_utc(text)
    except TimeError as error:
        raise DataError(f"{text!r} is no ASCII time code: {error}") from error


def encode_ascii(tai_ns: int, *, code: str = "A", decimals: int = 9, terminator: bool = True) -> str:
    """Return an epoch as ASCII time code `A` (month and day) or `B` (day of year), with `Z` when `terminator`."""
    return utc_from_tai_ns(tai_ns, decimals, day_of_year=code == "B") + ("Z" if terminator else "")


def from_preamble(octets: bytes, agency_epoch_tai_ns: int | None = None) -> Cuc | Cds | Ccs:
    """Return the code that a transmitted P-field announces. Raises DataError for one that no CCSDS code has."""
    if not octets:
        raise DataError("an empty P-field")
    first = octets[0]
    kind = first >> 4 & 7
    if kind in (1, 2):
        coarse, fine = (first >> 2 & 3) + 1, first & 3
        if first & 0x80:
            if len(octets) < 2:
                raise DataError("the P-field announces an extension octet that is not there")
            coarse, fine = coarse + (octets[1] >> 5 & 3), fine + (octets[1] >> 2 & 7)
        return Cuc(coarse, fine, CCSDS_EPOCH_TAI_NS if kind == 1 else agency_epoch_tai_ns, p_field=True)
    if kind == 4 and first & 3 < 3 and not first & 0x80:
        if first & 8 and agency_epoch_tai_ns is None:
            raise DataError("day-segmented time of an agency epoch that is not given")
        day = CCSDS_EPOCH_DAY if not first & 8 else utc_parts(int(agency_epoch_tai_ns or 0))[0]
        return Cds(3 if first & 4 else 2, (0, 2, 4)[first & 3], day, p_field=True)
    if kind == 5 and first & 7 <= 6 and not first & 0x80:
        return Ccs(bool(first & 8), first & 7, p_field=True)
    raise DataError(f"P-field {first:02x} belongs to no CCSDS time code")
