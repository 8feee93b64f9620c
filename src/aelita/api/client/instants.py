"""Times as users have them, and as the interface takes them."""

import re

from ...errors import TimeError
from ...time import Time as Instant
from ...time import tai_ns_from_utc, tai_ns_of, utc_from_tai_ns

OFFSET = re.compile(r"T.*[+-]\d\d:\d\d$", re.IGNORECASE)
Time = Instant | None
"""UTC as ISO 8601 text, as a datetime or as a NumPy datetime64; or TAI nanoseconds since 1970 (int); or None for none."""


def instant_text(time: Time) -> str | None:
    """Return a time as RFC 3339 text in UTC, None for none. A datetime without a time zone is UTC, as in tables.

    A text is sent as it is: the centre also takes dates, days of the year and offsets. Raises TimeError for what is no time.
    """
    if time is None:
        return None
    return _text(time) if isinstance(time, str) else f"{utc_from_tai_ns(tai_ns_of(time))}Z"


def _text(text: str) -> str:
    found = text.strip()
    if not found:
        raise TimeError("an empty text is no time", remedy="Give None for no bound")
    if not OFFSET.search(found):  # an offset is for the centre to judge
        tai_ns_from_utc(found)
    return found
