"""Phasing for relay: small burns after which an orbiter passes over a landing site near a wanted time."""

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import SOL_S, MarsSite, mars_rotation
from ..errors import UsageError
from ..time import SECOND, et_from_tai_ns, utc_from_tai_ns
from .burns import ImpulsiveBurn
from .corridor import boosted
from .drag_kernels import coast
from .drag_pass import Surroundings, Vehicle, shape
from .states import ImpactError, StateVector

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overhead:
    """A passage: when the site lies in the plane of the orbit, and where the orbiter is then.

    `early_s` is how long before that the orbiter passes the site (negative: after it), `up` whether it flies north there.
    """

    at_tai_ns: int
    early_s: float
    up: bool


@dataclass(frozen=True, slots=True)
class Phasing:
    """Burns that bring an orbiter over a site: the first begins the drift, the second ends it.

    `without_s` is by how long it would have passed early (negative: late) with no burn, `residual_s` what remains; `drift_km`
    is how far the semi-major axis is moved meanwhile, `lowest_km` the lowest height over the equator's radius on the way.
    """

    burns: tuple[ImpulsiveBurn, ...]
    over: Overhead
    without_s: float
    drift_km: float
    lowest_km: float

    @property
    def cost_m_s(self) -> float:
        """Change of speed of all burns."""
        return 1e3 * sum(float(np.linalg.norm(each.dv_km_s)) for each in self.burns)

    @property
    def residual_s(self) -> float:
        """By how long the orbiter still passes early."""
        return self.over.early_s


def in_plane(
    start: StateVector, around: Surroundings, vehicle: Vehicle, site: MarsSite, near_tai_ns: int, *, direction: str = "any"
) -> Overhead:
    """Return the time nearest to one wanted at which the site lies in the plane of the orbit, on the orbiter's side to come.

    Twice a sol the turning planet carries a site through the plane, unless it lies beyond the inclination. `direction` is
    `north`, `south` (the sense of flight over the site) or `any`. Raises UsageError when there is none within a sol.
    """
    if direction not in ("north", "south", "any"):
        raise UsageError(f"direction {direction!r}", remedy="It is 'north', 'south' or 'any'")
    middle = _at(start, around, vehicle, near_tai_ns)
    found: list[tuple[float, Overhead]] = []
    spread = np.rint(np.linspace(-1.05, 1.05, 400) * 0.5 * SOL_S * SECOND).astype(np.int64)
    grid: NDArray[np.int64] = near_tai_ns + spread
    grid = grid[grid > start.epoch_tai_ns]
    heights = _above_plane(middle, near_tai_ns, site, grid, around)
    for k in np.flatnonzero(heights[:-1] * heights[1:] < 0):
        at = int(grid[k] + (grid[k + 1] - grid[k]) * heights[k] / (heights[k] - heights[k + 1]))
        over = _overhead(start, around, vehicle, site, at)
        if direction == "any" or over.up == (direction == "north"):
            found.append((abs(at - near_tai_ns), over))
    if not found:
        raise UsageError(
            f"{site.name} is not in the plane of the orbit ({direction}) within half a sol of {utc_from_tai_ns(near_tai_ns)}",
            remedy="Choose another time, or another site: its latitude must be below the inclination",
        )  # fmt: skip
    return min(found, key=lambda each: each[0])[1]


def phase_over(
    start: StateVector, around: Surroundings, vehicle: Vehicle, site: MarsSite, near_tai_ns: int, *, direction: str = "any",
    least_height_km: float = 250.0, most_m_s: float = 60.0, tolerance_s: float = 0.5,
) -> Phasing:  # fmt: skip
    """Return two burns along the velocity, now and at the passage, that bring the orbiter over a site near a time.

    The first changes the period so that the phase drifts the shorter way round; the second gives the period back. Each trial is
    flown. Raises UsageError when it would cost more than `most_m_s`, or dive below `least_height_km`: that orbit would be
    unsafe if the second burn failed.
    """
    bare = in_plane(start, around, vehicle, site, near_tai_ns, direction=direction)
    span_s = (bare.at_tai_ns - start.epoch_tai_ns) / SECOND
    a, _ = shape(start.six, around.gm_km3_s2)
    speed = float(np.linalg.norm(start.velocity_km_s))
    period = 2 * pi * sqrt(a**3 / around.gm_km3_s2)
    if span_s < 2 * period:
        raise UsageError(f"{span_s / 3600:.1f} h are too short to drift in", remedy="Begin at least two revolutions before")
    early = (bare.early_s + 0.5 * period) % period - 0.5 * period
    gain = 3 * a * speed / around.gm_km3_s2 * span_s  # seconds later for each km/s along the velocity
    dv, over = early / gain, bare
    for _ in range(12):
        if abs(dv) * 2e3 > most_m_s:
            raise UsageError(
                f"over {site.name} at {utc_from_tai_ns(bare.at_tai_ns)} costs {2e3 * abs(dv):.1f} m/s, more than {most_m_s:g}",
                remedy="Begin earlier: cost falls with the time to drift",
            )
        moved = _boosted_state(start, dv)
        over = _overhead(moved, around, vehicle, site, bare.at_tai_ns)
        over = _in_plane_again(moved, around, vehicle, site, over)
        off = (over.early_s + 0.5 * period) % period - 0.5 * period
        if abs(off) < tolerance_s:
            break
        dv += off / gain
    else:
        raise UsageError(f"the passage over {site.name} does not settle: {off:.1f} s remain", remedy="Begin earlier or later")
    moved = _boosted_state(start, dv)
    a_new, e_new = shape(moved.six, around.gm_km3_s2)
    lowest = min(a_new * (1 - e_new), float(np.linalg.norm(start.position_km))) - around.radius_km
    if lowest < least_height_km:
        raise ImpactError(
            f"the first burn of {dv * 1e3:+.2f} m/s lowers the orbit to {lowest:.0f} km", at_tai_ns=start.epoch_tai_ns,
            burn="phase",
            remedy=f"It must stay above {least_height_km:g} km, should the second burn fail: drift the other way or longer",
        )  # fmt: skip
    over = Overhead(over.at_tai_ns, off, over.up)
    burns = (
        ImpulsiveBurn(start.epoch_tai_ns, (dv, 0.0, 0.0), "velocity", name="phase"),
        ImpulsiveBurn(over.at_tai_ns, (-dv, 0.0, 0.0), "velocity", name="hold"),
    )
    return Phasing(burns, over, early, a_new - a, lowest)


def _boosted_state(start: StateVector, dv_km_s: float) -> StateVector:
    row = boosted(np.concatenate([start.six, np.zeros(3)]), dv_km_s * 1e3)
    return StateVector(start.epoch_tai_ns, row[:3], row[3:6])


def _at(start: StateVector, around: Surroundings, vehicle: Vehicle, at_tai_ns: int) -> Reals:
    """Return the state (six numbers) at an epoch."""
    row = np.concatenate([start.six, np.zeros(3)])
    if not coast(around.acts, vehicle.drag_m2_kg, 1.0, around.seconds(start.epoch_tai_ns), row, around.seconds(at_tai_ns), 1e-7):
        raise ImpactError(
            f"the orbit meets the ground before {utc_from_tai_ns(at_tai_ns)}", at_tai_ns=at_tai_ns, remedy="Raise periapsis first"
        )
    return row[:6]


def _site_km(site: MarsSite, epochs: NDArray[np.int64]) -> Reals:
    turned = mars_rotation(np.asarray(et_from_tai_ns(epochs)))
    return np.einsum("nji,j->ni", turned, site.fixed_km)


def _above_plane(y: Reals, at_tai_ns: int, site: MarsSite, epochs: NDArray[np.int64], around: Surroundings) -> Reals:
    """Return heights (km) of the site over the plane of a state, as if that plane stood still."""
    normal = np.cross(y[:3], y[3:6])
    return _site_km(site, epochs) @ (normal / np.linalg.norm(normal))


def _overhead(start: StateVector, around: Surroundings, vehicle: Vehicle, site: MarsSite, at_tai_ns: int) -> Overhead:
    """Return where the orbiter is about the site at an epoch, along its orbit."""
    y = _at(start, around, vehicle, at_tai_ns)
    r, v = y[:3], y[3:6]
    normal = np.cross(r, v)
    normal /= np.linalg.norm(normal)
    place = _site_km(site, np.array([at_tai_ns]))[0]
    place = place - normal * float(place @ normal)
    ahead = float(np.arctan2(normal @ np.cross(r, place), r @ place))  # from the orbiter forward to the site
    a, _ = shape(y, around.gm_km3_s2)
    pace = sqrt(a**3 / around.gm_km3_s2)
    forward = np.cross(normal, place)
    pole = mars_rotation(np.asarray(et_from_tai_ns(np.array([at_tai_ns]))))[0, 2]
    return Overhead(at_tai_ns, -ahead * pace, bool(forward @ pole > 0))


def _in_plane_again(start: StateVector, around: Surroundings, vehicle: Vehicle, site: MarsSite, over: Overhead) -> Overhead:
    """Return the passage with its time moved to where the site is in the plane of the orbit as it is then."""
    at = over.at_tai_ns
    for _ in range(3):
        y = _at(start, around, vehicle, at)
        step = 30 * SECOND
        heights = _above_plane(y, at, site, np.array([at - step, at, at + step], np.int64), around)
        at -= int(heights[1] / ((heights[2] - heights[0]) / (2 * step)))
    return _overhead(start, around, vehicle, site, at)
