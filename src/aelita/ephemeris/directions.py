"""Where an antenna points and how fast it turns: directions, rates, range and range rate, to receive or to transmit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..time import DAY
from .courses import Course, Sight, kernel_courses, sight
from .finding import Interval, intervals, joined
from .fine import fine_states
from .light import LIGHT_KM_S, Paths
from .occultation import shadow_of
from .sites import EARTH_TURN_RAD_S, Epochs, Reals, Site
from .windows import Horizon

__all__ = [
    "Course", "Pointing", "Sight", "course_hidden", "kernel_courses", "point_ahead_deg", "pointing", "pointing_passes", "sight",
]  # fmt: skip
CHUNK_NS = 8 * DAY  # of a search for passes at once: memory is bounded by its samples
SUN_GM_KM3_S2 = 132_712_440_041.9394  # DE440


@dataclass(frozen=True, slots=True, eq=False)
class Pointing:
    """Directions to a spacecraft in a site's sky by instants at the site, apparent: with light time and aberration.

    Elevations are geometric, above the plane of the horizon and without refraction; azimuths from north over east. Rates are per
    second of the site. `range_km` is between the site and the spacecraft at the two ends of the light, `light_s` its time with
    the delay by the Sun; right ascension and declination are in the axes of J2000 (ICRF). `there_tai_ns` are the instants at the
    spacecraft, `known` whether its course holds them.
    """

    azimuth_deg: Reals
    elevation_deg: Reals
    azimuth_rate_deg_s: Reals
    elevation_rate_deg_s: Reals
    range_km: Reals
    range_rate_km_s: Reals
    light_s: Reals
    right_ascension_deg: Reals
    declination_deg: Reals
    direction: Reals
    there_tai_ns: Epochs
    known: NDArray[np.bool_]


def pointing(site: Site, course: Course, epochs_tai_ns: Epochs, *, outgoing: bool = False) -> Pointing:
    """Return where to point an antenna: to receive at these epochs (TAI nanoseconds), or with `outgoing` to transmit.

    Agrees with SPICE's `azlcpo` and `spkcpo` (CN+S, XCN+S) to 2e-7 deg, 1e-10 deg/s, 0.4 m and 1e-7 km/s, all but the rates of
    angles owing to the Sun's delay and the ellipsoid taken (`test_pointing.py`). Raises TimeError where kernels end.
    """
    epochs = np.asarray(epochs_tai_ns, np.int64)
    seen = sight(site, course, epochs, outgoing=outgoing)
    sign = 1.0 if outgoing else -1.0
    distance = np.linalg.norm(seen.vector_km, axis=1)
    unit = seen.vector_km / distance[:, None]
    moving = seen.velocity_km_s - seen.site_velocity_km_s
    along = np.sum(unit * seen.velocity_km_s, axis=1) / LIGHT_KM_S
    range_rate = np.sum(unit * moving, axis=1) / (1.0 - sign * along)
    # the instant at the far end moves by 1 + sign * rate/c a second of the site
    change = seen.velocity_km_s * (1.0 + sign * range_rate / LIGHT_KM_S)[:, None] - seen.site_velocity_km_s
    turning = (change - unit * np.sum(unit * change, axis=1)[:, None]) / distance[:, None]
    direction, rate = _aberrated(unit, turning, seen, _acceleration(site, epochs, seen), -sign)
    fixed = np.einsum("nji,nj->ni", seen.rotation, direction)
    drift = np.einsum("nji,nj->ni", seen.rotation, rate) - np.cross(seen.turn_rad_s, fixed)
    axes = site.axes()
    east, north, up = (fixed @ axis for axis in axes)
    of_east, of_north, of_up = (drift @ axis for axis in axes)
    level = np.hypot(east, north)
    ra, dec = np.arctan2(direction[:, 1], direction[:, 0]), np.arctan2(direction[:, 2], np.hypot(*direction[:, :2].T))
    return Pointing(
        np.degrees(np.arctan2(east, north)) % 360.0, np.degrees(np.arctan2(up, level)),
        np.degrees((north * of_east - east * of_north) / level**2), np.degrees(of_up / level), distance, range_rate, seen.light_s,
        np.degrees(ra) % 360.0, np.degrees(dec), direction, seen.there_tai_ns, course.holds(seen.there_tai_ns),
    )  # fmt: skip


def point_ahead_deg(down: Pointing, up: Pointing) -> Reals:
    """Return the angle (deg) between where to receive from and where to transmit to at the same instants."""
    across = np.linalg.norm(np.cross(down.direction, up.direction), axis=1)
    return np.asarray(np.degrees(np.arctan2(across, np.sum(down.direction * up.direction, axis=1))))


def pointing_passes(
    site: Site, course: Course, start: int, stop: int, *, horizon: Horizon, outgoing: bool = False, step_s: float = 60.0
) -> tuple[Interval, ...]:
    """Return when a spacecraft stands above a horizon, between two instants at the site (TAI nanoseconds); edges within 1 ms.

    They are cut where the course begins and ends. All that last longer than a step are found. Eight days are searched at a time.
    """

    def height(at: Epochs) -> Reals:
        look = pointing(site, course, at, outgoing=outgoing)
        return np.where(look.known, look.elevation_deg - horizon.at_deg(look.azimuth_deg), np.nan)

    found: list[Interval] = []
    for first in range(start, stop, CHUNK_NS):
        found += intervals(height, first, min(first + CHUNK_NS, stop), step_s)
    return joined(found)


def course_hidden(
    site: Site, course: Course, epochs_tai_ns: Epochs, *, behind: str = "MARS", outgoing: bool = False
) -> NDArray[np.bool_]:
    """Return whether a body, its ellipsoid without atmosphere, stands between a site and a spacecraft on its course."""
    epochs = np.asarray(epochs_tai_ns, np.int64)
    seen = sight(site, course, epochs, outgoing=outgoing)
    ets = np.zeros(epochs.size)
    path = Paths(seen.vector_km, seen.light_s, np.ones(epochs.size, np.bool_), seen.site_velocity_km_s, seen.rotation, ets)
    return np.asarray(shadow_of(path, site, epochs, behind, outgoing).depth > 0.0)


def _acceleration(site: Site, epochs: Epochs, seen: Sight) -> Reals:
    """Return how a site is accelerated (km/s^2): by the turn of the Earth and by the Sun's pull on the Earth."""
    spot = np.einsum("nij,nj->ni", seen.rotation, site.earth_fixed_km(epochs) * np.array([1.0, 1.0, 0.0]))
    to_sun = fine_states("SUN", epochs).position_km - fine_states("EARTH", epochs).position_km
    return np.asarray(-(EARTH_TURN_RAD_S**2) * spot + SUN_GM_KM3_S2 * to_sun / np.linalg.norm(to_sun, axis=1)[:, None] ** 3)


def _aberrated(unit: Reals, turning: Reals, seen: Sight, acceleration: Reals, sign: float) -> tuple[Reals, Reals]:
    """Return unit vectors turned by stellar aberration, and their change per second; `sign` is 1 to receive, -1 to transmit."""
    speed, gain = seen.site_velocity_km_s * (sign / LIGHT_KM_S), acceleration * (sign / LIGHT_KM_S)

    def dot(a: Reals, b: Reals) -> Reals:
        return np.asarray(np.sum(a * b, axis=1)[:, None])

    along = dot(speed, unit)
    across = speed - along * unit
    of_across = gain - (dot(gain, unit) + dot(speed, turning)) * unit - along * turning
    shrink = np.sqrt(1.0 - dot(across, across))
    return unit * shrink + across, turning * shrink - unit * (dot(across, of_across) / shrink) + of_across
