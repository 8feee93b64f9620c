"""Times as people and their tools have them."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..errors import TimeError
from .scales import NO_TIME, tai_ns_from_datetime64, tai_ns_from_utc

Time = str | datetime | np.datetime64 | int | np.integer[Any]
"""UTC as ISO 8601 text, as a datetime or as a NumPy datetime64; or TAI nanoseconds since 1970 (int)."""

FIRST, LAST = np.datetime64("1972-01-01", "s"), np.datetime64("2262-01-01", "s")
FORMS = "Give ISO 8601 text in UTC, a datetime, a datetime64, or TAI nanoseconds"


def tai_ns_of(time: Time) -> int:
    """Return TAI nanoseconds of a time in any form. Raises TimeError for what is no time between 1972 and 2261.

    A datetime without a time zone is UTC, as those in column `utc` of tables are.
    """
    if isinstance(time, str):
        return tai_ns_from_utc(time)
    if isinstance(time, datetime):
        utc = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo is not None else time
        return _known(_of_utc(np.datetime64(utc, "us")), time)
    if isinstance(time, np.datetime64):
        return _known(_of_utc(time), time)
    if isinstance(time, int | np.integer) and not isinstance(time, bool):
        return _known(int(time), time)
    raise TimeError(f"{time!r} is no time", remedy=FORMS)


def _of_utc(utc: np.datetime64) -> int:
    if not FIRST <= utc.astype("datetime64[s]") < LAST:  # nor is NaT; nanoseconds of later years would begin again
        return NO_TIME
    return int(tai_ns_from_datetime64(np.array([utc]))[0])


def _known(tai_ns: int, told: object) -> int:
    if tai_ns == NO_TIME:
        raise TimeError(f"{told!r} is no time between 1972 and 2261")
    return tai_ns
