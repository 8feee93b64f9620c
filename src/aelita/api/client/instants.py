"""Times as users have them, and as the interface takes them."""

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ...errors import TimeError
from ...time import NO_TIME, tai_ns_from_datetime64, tai_ns_from_utc, utc_from_tai_ns

OFFSET = re.compile(r"T.*[+-]\d\d:\d\d$", re.IGNORECASE)
Time = str | datetime | np.datetime64 | int | np.integer[Any] | None
"""UTC as ISO 8601 text, as a datetime (with a time zone) or as a NumPy datetime64; or TAI nanoseconds since 1970 (int)."""


def instant_text(time: Time) -> str | None:
    """Return a time as RFC 3339 text in UTC, None for none.

    A text is sent as it is: the centre also takes dates, days of the year and offsets. Raises TimeError for what is no time.
    """
    if time is None:
        return None
    if isinstance(time, str):
        return _text(time)
    if isinstance(time, datetime):
        return _of_datetime(time)
    if isinstance(time, np.datetime64):
        return _of_tai(int(tai_ns_from_datetime64(np.array([time]))[0]), time)
    if isinstance(time, int | np.integer) and not isinstance(time, bool):
        return _of_tai(int(time), time)
    raise TimeError(f"{time!r} is no time", remedy="Give ISO 8601 text in UTC, a datetime, a datetime64, or TAI nanoseconds")


def _text(text: str) -> str:
    found = text.strip()
    if not found:
        raise TimeError("an empty text is no time", remedy="Give None for no bound")
    if not OFFSET.search(found):  # an offset is for the centre to judge
        tai_ns_from_utc(found)
    return found


def _of_datetime(time: datetime) -> str:
    if time.tzinfo is None:
        raise TimeError(f"{time!r} has no time zone", remedy="Say time.replace(tzinfo=datetime.UTC) if it is UTC")
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _of_tai(tai_ns: int, told: object) -> str:
    if tai_ns == NO_TIME:
        raise TimeError(f"{told!r} is no time between 1972 and 2261")
    return f"{utc_from_tai_ns(tai_ns)}Z"
