"""When a trajectory passes its apsides, nodes and heights, is in the shadow of its centre, or hidden behind it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import Interval, intervals, light_time_s, state
from ..errors import UsageError
from ..time import SECOND, et_from_tai_ns
from .acceleration import C_KM_S
from .forces import RADII_KM
from .rotation import Rotation, rotation_of
from .shadow import SUN_RADIUS_KM
from .states import Trajectory

Reals = NDArray[np.float64]
Epochs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at an instant (TAI nanoseconds): `pericentre`, `apocentre`, `ascending node`, `descending node`."""

    kind: str
    at_tai_ns: int


def apsides(trajectory: Trajectory, *, step_s: float = 120.0) -> tuple[Event, ...]:
    """Return pericentres and apocentres in order, each within 1 ms.

    They are where the distance to the centre turns. Two that are nearer to each other than `step_s` may be missed.
    """

    def climb(at: Epochs) -> Reals:
        rows = trajectory.states(at)
        return np.asarray(np.sum(rows[:, :3] * rows[:, 3:], axis=1))

    return _edges(climb, trajectory, step_s, "pericentre", "apocentre")


def nodes(trajectory: Trajectory, *, rotation: str | Rotation | None = "IAU2000", step_s: float = 120.0) -> tuple[Event, ...]:
    """Return crossings of the equator northwards (`ascending node`) and southwards, each within 1 ms.

    The equator is that of `rotation` at each epoch, or with None the xy plane of J2000.
    """

    def north(at: Epochs) -> Reals:
        return np.asarray(np.sum(trajectory.states(at)[:, :3] * _poles(rotation, at), axis=1))

    return _edges(north, trajectory, step_s, "ascending node", "descending node")


def heights_km(trajectory: Trajectory, epochs_tai_ns: Epochs, *, rotation: str | Rotation = "IAU2000") -> Reals:
    """Return heights above the ellipsoid of the centre (Mars: 3396.19 by 3376.20 km), along its normal, good to 1 mm."""
    a, b = _radii(trajectory)
    place = trajectory.states(epochs_tai_ns)[:, :3]
    z = np.sum(place * _poles(rotation, epochs_tai_ns), axis=1)
    p = np.sqrt(np.maximum(np.sum(place * place, axis=1) - z * z, 0.0))
    e2, second, beta = 1 - (b / a) ** 2, (a / b) ** 2 - 1, np.arctan2(a * z, b * p)
    latitude = np.arctan2(z + second * b * np.sin(beta) ** 3, p - e2 * a * np.cos(beta) ** 3)
    sine, cosine = np.sin(latitude), np.cos(latitude)
    return np.asarray(p * cosine + z * sine - a * np.sqrt(1 - e2 * sine * sine))


def below(
    trajectory: Trajectory, height_km: float, *, rotation: str | Rotation = "IAU2000", step_s: float = 120.0
) -> tuple[Interval, ...]:
    """Return when the trajectory is lower than a height above the ellipsoid; edges within 1 ms and on the side below.

    Dips that are shorter than `step_s` are found where they hold the only turning point within a step.
    """
    return intervals(lambda at: height_km - heights_km(trajectory, at, rotation=rotation), *trajectory.span, step_s)


def eclipses(
    trajectory: Trajectory, *, part: str = "any", light: bool = True, rotation: str | Rotation = "IAU2000", step_s: float = 120.0
) -> tuple[Interval, ...]:
    """Return when the centre hides some (`any`), half (`centre`) or all (`full`) of the Sun; edges within 1 ms.

    The body is its ellipsoid, without atmosphere. With `light` the Sun stands where light of it comes from in the rest frame of
    the centre (its motion turns the rays by up to 0.1 mrad, a tenth of a second); without, everything is where it is at the time.
    """
    sides = {"any": -1.0, "centre": 0.0, "full": 1.0}
    if part not in sides:
        raise UsageError(f"part={part!r}", remedy=f"It is one of {', '.join(sides)}")
    return _hidden(trajectory, "SUN", sides[part] * SUN_RADIUS_KM, light, rotation, step_s)


def occultations(
    trajectory: Trajectory, *, seen_from: str = "EARTH", light: bool = True, rotation: str | Rotation = "IAU2000",
    step_s: float = 120.0,
) -> tuple[Interval, ...]:  # fmt: skip
    """Return when the centre stands between the spacecraft and the centre of a body; edges within 1 ms, at the spacecraft.

    `light` and the shape of the body are as for `eclipses`, of light that the spacecraft receives.
    """
    return _hidden(trajectory, seen_from, 0.0, light, rotation, step_s)


def _hidden(
    trajectory: Trajectory, source: str, beyond_km: float, light: bool, rotation: str | Rotation, step_s: float
) -> tuple[Interval, ...]:
    radii = np.array(_radii(trajectory))

    def depth(at: Epochs) -> Reals:
        there = _seen(source, trajectory.start.centre, at, light)
        return _depth(trajectory.states(at)[:, :3], there, _poles(rotation, at), radii, beyond_km)

    return intervals(depth, *trajectory.span, step_s)


def _depth(place: Reals, source: Reals, pole: Reals, radii: Reals, beyond_km: float) -> Reals:
    """Return how deep the line of sight dips into the ellipsoid, in its radii; above zero it is hidden.

    With `beyond_km` the point looked at is on a sphere about the source, that far beyond its centre as seen from the limb (nearer
    if below zero): of three points of its edge, through whose depths a parabola goes, the deepest or least deep.
    """
    line = source - place
    if beyond_km == 0.0:
        return _dip(place, line, pole, radii)
    distance = np.linalg.norm(line, axis=1)[:, None]
    ahead = line / distance
    outward = place - np.sum(place * ahead, axis=1)[:, None] * ahead  # from the line through the centre, where the limb is
    outward /= np.linalg.norm(outward, axis=1)[:, None]
    aside = np.cross(ahead, outward)
    edge = beyond_km * np.sqrt(np.maximum(1 - (beyond_km / distance) ** 2, 0))  # of the disc that is seen
    turn = 0.05
    found = []
    for angle in (-turn, 0.0, turn):
        point = line + edge * (np.cos(angle) * outward + np.sin(angle) * aside) - ahead * (beyond_km**2 / distance)
        found.append(_dip(place, point, pole, radii))
    slope, bend = 0.5 * (found[2] - found[0]), found[2] - 2 * found[1] + found[0]
    shift = np.clip(np.where(bend == 0, 0, -slope / np.where(bend == 0, 1, bend)), -1, 1)
    return np.asarray(found[1] + shift * slope + 0.5 * shift**2 * bend)


def _dip(place: Reals, line: Reals, pole: Reals, radii: Reals) -> Reals:
    here, along = (_rounded(each, pole, radii) for each in (place, line))
    share = np.clip(-np.sum(here * along, axis=1) / np.sum(along * along, axis=1), 0.0, 1.0)
    return np.asarray(1.0 - np.linalg.norm(here + share[:, None] * along, axis=1))


def _rounded(vector: Reals, pole: Reals, radii: Reals) -> Reals:
    """Return vectors in a space where the ellipsoid is a sphere of radius one."""
    up = np.sum(vector * pole, axis=1)[:, None] * pole
    return np.asarray((vector - up) / radii[0] + up / radii[1])


def _seen(source: str, centre: str, at: Epochs, light: bool) -> Reals:
    """Return where a body is from the centre (km), or where its light comes from in the rest frame of the centre."""
    if not light:
        return state(source, centre, at)[:, :3]
    sent = at - np.rint(light_time_s(source, centre, at) * SECOND).astype(np.int64)
    here = state(centre, "SOLAR SYSTEM BARYCENTER", at)
    line = state(source, "SOLAR SYSTEM BARYCENTER", sent)[:, :3] - here[:, :3]
    return np.asarray(line + np.linalg.norm(line, axis=1)[:, None] * here[:, 3:] / C_KM_S)


def _poles(rotation: str | Rotation | None, at: Epochs) -> Reals:
    if rotation is None:
        return np.tile([0.0, 0.0, 1.0], (at.size, 1))
    turning, et = rotation_of(rotation).angles, np.asarray(et_from_tai_ns(at))
    ra, dec = turning[0] + turning[1] * et, turning[2] + turning[3] * et
    return np.column_stack([np.cos(ra) * np.cos(dec), np.sin(ra) * np.cos(dec), np.sin(dec)])


def _radii(trajectory: Trajectory) -> tuple[float, float]:
    centre = trajectory.start.centre
    if centre not in RADII_KM:
        raise UsageError(f"no radii are known of {centre}", remedy=f"Known are {', '.join(RADII_KM)}")
    return RADII_KM[centre]


def _edges(
    height: Callable[[Epochs], Reals], trajectory: Trajectory, step_s: float, rising: str, falling: str
) -> tuple[Event, ...]:
    first, last = trajectory.span
    found = []
    for each in intervals(height, first, last, step_s):
        if each.start != first:
            found.append(Event(rising, each.start))
        if each.stop != last:
            found.append(Event(falling, each.stop))
    return tuple(sorted(found, key=lambda event: event.at_tai_ns))
