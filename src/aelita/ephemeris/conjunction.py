"""Solar conjunction: angles between Sun, observer and spacecraft, and when the Sun stands near the line between the two."""

from dataclasses import dataclass

import numpy as np

from ..time import DAY
from .finding import intervals
from .light import paths
from .sites import Epochs, Observer, Reals, Target

STEP_S = 21_600.0


@dataclass(frozen=True, slots=True)
class SunAngles:
    """Angles in degrees at the observer (Sun-Earth-probe) and at the spacecraft (Sun-probe-Earth), and which is farther.

    `beyond` is true where the spacecraft is farther from the observer than the Sun is: a conjunction there is superior.
    """

    at_observer_deg: Reals
    at_target_deg: Reals
    beyond: Epochs


@dataclass(frozen=True, slots=True)
class Conjunction:
    """When a spacecraft stands nearer to the Sun than a limit: TAI nanoseconds, and the least angle (degrees) and when it is."""

    start: int
    stop: int
    nearest: int
    least_deg: float
    superior: bool


def sun_angles(observer: Observer, target: Target | str, epochs_tai_ns: Epochs) -> SunAngles:
    """Return the angles between Sun, observer and target when light is received at these epochs, without aberration.

    The Sun's disc reaches to 0.267 deg. Errors are those of `light_times`; NaN for NO_TIME.
    """
    there = paths(observer, target, epochs_tai_ns).vector_km
    sun = paths(observer, "SUN", epochs_tai_ns).vector_km
    beyond = np.linalg.norm(there, axis=1) > np.linalg.norm(sun, axis=1)
    return SunAngles(_angle_deg(there, sun), _angle_deg(-there, sun - there), beyond)


def conjunctions(
    observer: Observer, target: Target | str, start: int, stop: int, *, within_deg: float = 3.0, superior: bool | None = True
) -> tuple[Conjunction, ...]:
    """Return when the target stands within an angle of the Sun, between two instants of reception (TAI ns); edges good to 1 ms.

    With `superior` only those behind the Sun, with False those before it, with None both. All that last over six hours are found;
    the nearest instant is good to some seconds, as the angle is flat there. What lies across `start` or `stop` is cut there.
    """

    def height(at: Epochs) -> Reals:
        return within_deg - sun_angles(observer, target, at).at_observer_deg

    made = []
    for one in intervals(height, start, stop, STEP_S):
        nearest = _nearest(observer, target, one.start, one.stop)
        there = sun_angles(observer, target, np.array([nearest], np.int64))
        found = Conjunction(one.start, one.stop, nearest, float(there.at_observer_deg[0]), bool(there.beyond[0]))
        if superior is None or found.superior == superior:
            made.append(found)
    return tuple(made)


def _nearest(observer: Observer, target: Target | str, first: int, last: int) -> int:
    """Return when the angle is least: a grid, made finer around its least point."""
    low, high = first, last
    while high - low > DAY // 100_000:
        at = low + np.unique(np.rint(np.linspace(0, high - low, 41)).astype(np.int64))
        least = int(np.argmin(sun_angles(observer, target, at).at_observer_deg))
        low, high = int(at[max(least - 1, 0)]), int(at[min(least + 1, at.size - 1)])
    return (low + high) // 2


def _angle_deg(one: Reals, other: Reals) -> Reals:
    across = np.linalg.norm(np.cross(one, other), axis=1)
    return np.degrees(np.arctan2(across, np.sum(one * other, axis=1)))
