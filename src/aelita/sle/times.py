"""Times of SLE: CCSDS day-segmented UTC without P-field, 8 octets to the microsecond or 10 to the picosecond, and TAI.

Every 16-bit day is legal. Before 1972, when UTC was steered by rate, TAI - UTC is taken as the 10 s of 1972, so that a request
"from the beginning" stays readable.
"""

from typing import TypeAlias

from ..errors import DataError
from ..time import BUILT_IN, DAY, SECOND, utc_parts

Instant: TypeAlias = tuple[int | None, int | None]
"""TAI nanoseconds, and the picoseconds below them when the picosecond format carries the time (None: the microsecond format)."""

EPOCH_DAY = -4383  # 1958-01-01
LAST_DAY = EPOCH_DAY + 65535
MILLISECOND = 1_000_000
_FIRST_OFFSET_S = BUILT_IN.offset_s(BUILT_IN.days[0])
_UTC_BEGINS_NS = BUILT_IN.days[0] * DAY + _FIRST_OFFSET_S * SECOND


def cds_parts(octets: bytes) -> tuple[int, int, int]:
    """Return (days since 1958-01-01, milliseconds of day, rest in the format's unit) of 8 or 10 octets, unchecked."""
    return int.from_bytes(octets[:2]), int.from_bytes(octets[2:6]), int.from_bytes(octets[6:])


def tai_ns_from_day(day: int, of_day_ns: int) -> int:
    """Return TAI nanoseconds of a day since 1958-01-01 UTC and the nanoseconds in it."""
    day += EPOCH_DAY
    offset_s = BUILT_IN.offset_s(day) if day >= BUILT_IN.days[0] else _FIRST_OFFSET_S
    return day * DAY + of_day_ns + offset_s * SECOND


def decode_time(octets: bytes) -> tuple[int, int | None]:
    """Return the instant of 8 or 10 octets. Raises DataError for fields out of range.

    A leap second is taken on any day, since the peer may know of one that this table does not.
    """
    day, millisecond, rest = cds_parts(octets)
    pico = len(octets) == 10
    if millisecond >= 86_401_000 or rest >= (1_000_000_000 if pico else 1000):
        raise DataError(f"{octets.hex()} is no day-segmented time: a field is out of range")
    below_ns, ps = divmod(rest, 1000) if pico else (rest * 1000, None)
    return tai_ns_from_day(day, millisecond * MILLISECOND + below_ns), ps


def encode_time(tai_ns: int, ps: int | None = None) -> bytes:
    """Return the 10 octets of an instant, or 8, cut to microseconds, when `ps` is None. The time must be one of `in_range`."""
    if tai_ns >= _UTC_BEGINS_NS:
        day, of_day = utc_parts(tai_ns)
    else:
        day, of_day = divmod(tai_ns - _FIRST_OFFSET_S * SECOND, DAY)
    millisecond, below_ns = divmod(of_day, MILLISECOND)
    rest = (below_ns // 1000).to_bytes(2) if ps is None else (below_ns * 1000 + ps).to_bytes(4)
    return (day - EPOCH_DAY).to_bytes(2) + millisecond.to_bytes(4) + rest


EARLIEST_TAI_NS = tai_ns_from_day(0, 0)
LATEST_TAI_NS = tai_ns_from_day(65535, DAY - 1)


def in_range(tai_ns: int) -> bool:
    """Tell whether a time can be expressed: 1958 to mid-2137."""
    return EARLIEST_TAI_NS <= tai_ns <= LATEST_TAI_NS
