"""Events of orbits and of the way there: apsides, nodes, eclipses, occultations, solar conjunctions, as rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...dynamics import GM_KM3_S2, Trajectory, apsides, eclipses, heights_km, nodes, occultations
from ...ephemeris import Interval, Target, conjunctions
from ...errors import UsageError
from ...time import SECOND

KINDS = (
    "periapsis", "apoapsis", "ascending-node", "descending-node", "eclipse", "penumbra", "occultation", "conjunction",
)  # fmt: skip
STEP_S = 60.0
NEAR_KM = {"MARS": 577_000.0, "EARTH": 925_000.0}  # spheres of influence: farther away there are no apsides of an orbit about it
CONJUNCTION_DEG = 3.0  # as `geometry.SUN_DEG`: our choice, rules of missions differ
APSIDES = {"pericentre": "periapsis", "apocentre": "apoapsis"}


@dataclass(frozen=True, slots=True)
class OrbitEvent:
    """An event from `start` to `stop` (TAI nanoseconds; None: at an instant), with a number that says most of it."""

    kind: str
    start: int
    stop: int | None
    value: float | None
    unit: str
    about: str


def orbit_events(motion: Trajectory, *, kinds: Iterable[str] = KINDS, step_s: float = STEP_S) -> list[OrbitEvent]:
    """Return what happens to a spacecraft about a body with a shape (Mars, Earth): edges within 1 ms, at the spacecraft.

    All eclipses and occultations that last longer than `step_s` are found, and apsides and nodes farther from each other.
    """
    wanted, centre = set(kinds), motion.start.centre
    if centre not in GM_KM3_S2 or centre == "SUN":
        return []
    found: list[OrbitEvent] = []
    if wanted & {"periapsis", "apoapsis"}:
        found += _apsides(motion, centre, step_s)
    if wanted & {"ascending-node", "descending-node"}:
        for one in nodes(motion, step_s=step_s):
            if _near(motion, centre, one.at_tai_ns):
                kind = one.kind.replace(" ", "-")
                found.append(OrbitEvent(kind, one.at_tai_ns, None, None, "", f"equator of {centre}"))
    for kind, part, told in (("eclipse", "full", "all"), ("penumbra", "any", "some or all")):
        if kind in wanted:
            about = f"{centre} hides {told} of the Sun"
            found += [_lasting(kind, one, about) for one in eclipses(motion, part=part, step_s=step_s)]
    if "occultation" in wanted and centre != "EARTH":
        about = f"{centre} hides the Earth, by instants at the spacecraft"
        found += [_lasting("occultation", one, about) for one in occultations(motion, step_s=step_s)]
    return [one for one in found if one.kind in wanted]


def sun_conjunctions(target: Target, start: int, stop: int, *, within_deg: float = CONJUNCTION_DEG) -> list[OrbitEvent]:
    """Return when a spacecraft stands near the Sun in the Earth's sky, by instants of reception (TAI nanoseconds)."""
    found = conjunctions("EARTH", target, start, stop, within_deg=within_deg, superior=None)
    told = {True: "behind the Sun", False: "before the Sun"}
    return [
        OrbitEvent(
            "conjunction", one.start, one.stop, one.least_deg, "deg",
            f"nearer than {within_deg:g} deg to the Sun as seen from the Earth, {told[one.superior]}",
        )
        for one in found
    ]  # fmt: skip


def check_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds of events that are asked for, all for none. Raises UsageError for one that there is not."""
    for one in kinds:
        if one not in KINDS:
            raise UsageError(f"there is no event of kind {one!r}", remedy=f"Kinds: {', '.join(KINDS)}")
    return tuple(dict.fromkeys(kinds)) or KINDS


def _apsides(motion: Trajectory, centre: str, step_s: float) -> list[OrbitEvent]:
    found = [one for one in apsides(motion, step_s=step_s) if _near(motion, centre, one.at_tai_ns)]
    if not found:
        return []
    heights = heights_km(motion, np.array([one.at_tai_ns for one in found], np.int64))
    about = f"height above the ellipsoid of {centre}"
    return [
        OrbitEvent(APSIDES[one.kind], one.at_tai_ns, None, float(height), "km", about)
        for one, height in zip(found, heights, strict=True)
    ]


def _near(motion: Trajectory, centre: str, at: int) -> bool:
    place = motion.states(np.array([at], np.int64))[0, :3]
    return bool(np.linalg.norm(place) <= NEAR_KM.get(centre, np.inf))


def _lasting(kind: str, one: Interval, about: str) -> OrbitEvent:
    return OrbitEvent(kind, one.start, one.stop, (one.stop - one.start) / SECOND, "s", about)
