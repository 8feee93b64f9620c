"""How spacecraft and bodies move, as far as kernels or orbits in messages tell: states at any epoch, NaN where nothing does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...dynamics import StateVector, Trajectory
from ...ephemeris import Interval, covered, state
from ...errors import TimeError, UsageError
from ...ndm import Ephemeris
from ..navigation.orbit_files import INERTIAL

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
Frame = Literal["J2000", "ECLIPJ2000"]
OBLIQUITY_RAD = np.radians(84381.448 / 3600)  # of ECLIPJ2000, as SPICE has it (IAU 1976)
DEGREE = 7  # of Hermite's polynomials, where a message recommends none
EARLIEST, LATEST = -(2**62), 2**62


@dataclass(frozen=True, slots=True)
class KnownMotion(Trajectory):
    """A motion that is looked up, in the form of one that was propagated, so that the same finders of events serve."""

    lookup: Callable[[Epochs], Reals] = lambda at: np.full((at.size, 6), np.nan)

    def states(self, epochs_tai_ns: Epochs) -> Reals:
        """Return rows of position (km) and velocity (km/s) about the centre in J2000."""
        return self.lookup(np.atleast_1d(np.asarray(epochs_tai_ns, np.int64)))


def motion_of(lookup: Callable[[Epochs], Reals], centre: str, start: int, stop: int) -> KnownMotion:
    """Return a motion about a centre between two instants (TAI nanoseconds)."""
    row = lookup(np.array([start], np.int64))[0]
    return KnownMotion(StateVector(start, row[:3], row[3:], centre), stop, (), lookup=lookup)


def motions_in_kernels(body: str, centre: str, start: int, stop: int) -> tuple[KnownMotion, ...]:
    """Return the motions of a body about a centre that kernels hold between two instants (TAI nanoseconds)."""
    spans = _spans(body, start, stop)
    return tuple(motion_of(lambda at: state(body, centre, at), centre, one.start, one.stop) for one in spans)


def motions_in_message(parts: Sequence[Ephemeris], start: int, stop: int) -> tuple[KnownMotion, ...]:
    """Return the motions that the segments of an orbit in a message tell, between two instants; those in J2000 only."""
    found = []
    for one in parts:
        first, last = max(one.start_tai_ns, start), min(one.stop_tai_ns, stop)
        if one.frame.upper() in INERTIAL and first < last:
            found.append(motion_of(_interpolator(one), one.center.upper(), first, last))
    return tuple(found)


def _interpolator(part: Ephemeris) -> Callable[[Epochs], Reals]:
    method = part.method or "HERMITE"
    degree = part.degree or min(DEGREE, 2 * part.epoch_tai_ns.size - 1)
    return lambda at: np.hstack(part.states(at, method=method, degree=degree))


def places_km(
    body: str, centre: str, epochs_tai_ns: Epochs, *, frame: Frame = "ECLIPJ2000", orbits: Sequence[Sequence[Ephemeris]] = ()
) -> Reals:
    """Return positions (km) of a body from a centre at epochs (TAI nanoseconds), geometric; NaN where nothing holds it.

    Kernels tell first, then `orbits` in their order. Raises UsageError for an unknown body, TimeError for an unknown centre.
    """
    at = np.asarray(epochs_tai_ns, np.int64)
    found = np.full((at.size, 3), np.nan)
    for span in _spans(body, int(at.min()), int(at.max()) + 1):
        rows = (at >= span.start) & (at <= span.stop)
        if rows.any():
            found[rows] = _or_nothing(lambda when: state(body, centre, when)[:, :3], at[rows])
    for one in (one for parts in orbits for one in motions_in_message(parts, EARLIEST, LATEST)):
        rows = np.isnan(found[:, 0]) & (at >= one.span[0]) & (at <= one.span[1])
        if rows.any():
            found[rows] = one.states(at[rows])[:, :3] + state(one.start.centre, centre, at[rows])[:, :3]
    return found if frame == "J2000" else found @ _to_ecliptic().T


def _or_nothing(look: Callable[[Epochs], Reals], at: Epochs) -> Reals:
    """Return what is found, NaN where the centre of a body's segments ends before they do."""
    try:
        return look(at)
    except TimeError:
        return np.full((at.size, 3), np.nan)


def _spans(body: str, start: int, stop: int) -> tuple[Interval, ...]:
    """Return when kernels hold a body, a little inside of their edges; nothing for a spacecraft without any."""
    try:
        held = covered(body, start, stop)
    except UsageError:
        if body.lstrip("-").isdigit():
            return ()
        raise
    edge = 1_000_000  # ns: epochs in kernels are rounded
    inside = [Interval(one.start + edge * (one.start > start), one.stop - edge * (one.stop < stop)) for one in held]
    return tuple(one for one in inside if one.start < one.stop)


def _to_ecliptic() -> Reals:
    c, s = np.cos(OBLIQUITY_RAD), np.sin(OBLIQUITY_RAD)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])
