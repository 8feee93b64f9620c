"""Courses of spacecraft for pointing and Doppler: from an orbit that is named, or from what is furnished."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...ephemeris import Course, Interval, Target, covered, furnish, kernel_courses
from ...errors import TimeError, UsageError
from ...ndm import Composite, Ephemeris, ephemerides, read
from ...time import DAY, utc_from_tai_ns
from ..navigation.orbit_files import INERTIAL, SPK_SUFFIXES
from ..navigation.reading import octets_of
from .motions import EARLIEST, LATEST, motions_in_message

REACH_NS = DAY // 4  # farther than light comes from Neptune
MOST_TOLD = 5
FARTHEST_CENTRE = "SUN"  # about which a spacecraft of kernels is looked up that is near no body


@dataclass(frozen=True, slots=True, eq=False)
class KnownCourses:
    """How a spacecraft moves as far as it is known, and from what: `kernels`, the name of a file, or the id of a product."""

    courses: tuple[Course, ...]
    source: str

    def remark(self, start: int, stop: int) -> str:
        """Return in words what of a span (TAI nanoseconds) the courses do not hold; nothing where they do."""
        held = ((one.start, one.stop) for one in self.courses)
        if any(first <= start and stop <= last for first, last in held):
            return ""
        spans = _told(Interval(one.start, one.stop) for one in self.courses)
        return f"the orbit is known from {spans} (at the spacecraft), by {self.source}: for the rest nothing is predicted"


def known_courses(
    target: Target, name: str, start: int, stop: int, *, orbit: Path | None = None, source: str = "kernels"
) -> KnownCourses:
    """Return how a spacecraft moves around an asked span (TAI nanoseconds, at a station), some hours of light to both sides.

    An orbit that is named (OEM, OCM or SPK) is meant; else what is furnished tells, which is called `source`. A body of SPICE is
    its own course. Raises TimeError that says for which spans there is an orbit, UsageError for a file without one in J2000.
    """
    first, last = start - REACH_NS, stop + REACH_NS
    centre = target.through or FARTHEST_CENTRE
    spans: list[Interval] = []
    if orbit is not None and orbit.suffix.lower() not in SPK_SUFFIXES:
        found, spans = _of_message(_segments(orbit), name, first, last)
    else:
        if orbit is not None:
            furnish(orbit)
        found = kernel_courses(target.body, centre, first, last)
    if not found:
        raise _nothing(target, name, start, stop, spans)
    return KnownCourses(found, source if orbit is None else orbit.name)


def _of_message(parts: Sequence[Ephemeris], name: str, start: int, stop: int) -> tuple[tuple[Course, ...], list[Interval]]:
    motions = motions_in_message(parts, start, stop)
    every = [Interval(*one.span) for one in motions_in_message(parts, EARLIEST, LATEST)]
    return tuple(Course(name, one.start.centre, *one.span, one.states) for one in motions), every


def _segments(orbit: Path) -> tuple[Ephemeris, ...]:
    message = read(octets_of(orbit), where=str(orbit))
    if isinstance(message, Composite):
        raise UsageError("several messages in one", where=str(orbit), remedy="Give one OEM")
    parts = ephemerides(message)
    if not any(one.frame.upper() in INERTIAL for one in parts):
        frames = ", ".join(sorted({one.frame for one in parts}))
        raise UsageError(f"its frame is {frames}", where=str(orbit), remedy=f"Orbits are read in {', '.join(sorted(INERTIAL))}")
    return parts


def _nothing(target: Target, name: str, start: int, stop: int, spans: Sequence[Interval]) -> TimeError:
    try:
        kernels = covered(target.body, EARLIEST, LATEST)
    except UsageError:  # no kernel knows the name
        kernels = ()
    held = _told((*kernels, *spans)) or "no time"
    asked = " to ".join(utc_from_tai_ns(one, 0) for one in (start, stop))
    other = f", or ask for {target.through}, which it is near" if target.through else ""
    return TimeError(
        f"the orbit of {name} is known for {held}, not for {asked}",
        remedy=f"Give an orbit of that span (--kernel, --orbit, or publish one){other}",
    )


def _told(spans: Iterable[Interval]) -> str:
    every = sorted(spans, key=lambda one: one.start)
    told = [" to ".join(utc_from_tai_ns(edge, 0) for edge in (one.start, one.stop)) for one in every[:MOST_TOLD]]
    return ", ".join(told) + (f" and {len(every) - MOST_TOLD} spans more" if len(every) > MOST_TOLD else "")
