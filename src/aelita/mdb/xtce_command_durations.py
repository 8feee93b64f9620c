"""Durations as XTCE writes them: xs:duration."""

import re

DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?)S)?)?")
SECONDS = (86400, 3600, 60, 1)


def duration_s(text: str) -> float | None:
    """Return the seconds of an xs:duration of days, hours, minutes and seconds; None for anything else.

    Years and months have no fixed length.
    """
    found = DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]):
        return None
    seconds = sum(float(part) * scale for part, scale in zip(found.groups()[1:], SECONDS, strict=True) if part)
    return -seconds if found[1] else seconds
