"""Light times as the centre knows them at this moment: for countdowns, not for the gate."""

from .centre import Centre


def light_ns(here: Centre, spacecraft: str) -> int | None:
    """Return the one-way light time of what arrives now from a spacecraft (ns), None where nobody knows it."""
    picture = here.feed.seen().picture
    at = dict(picture.emitted).get(spacecraft)
    return None if at is None else max(0, picture.now - at)
