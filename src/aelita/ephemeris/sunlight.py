"""The Sun, a body and a spacecraft near it: eclipses, beta angle, ground track, terminator, and what a place on Mars sees."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import TimeError, UsageError
from ..time import et_from_tai_ns, utc_from_tai_ns
from .finding import Interval, intervals
from .frames import MARS_RADII_KM, MarsOrientation, MarsSite, fixed_to_geodetic, mars_rotation
from .light import LIGHT_KM_S
from .load import kernels
from .occultation import shape_of
from .sites import SUN, Epochs, Reals, body_number, positions_km, states_km

SUN_RADIUS_KM = 695_700.0  # IAU 2015 nominal solar radius, as in pck00011.tpc (pck00010: 696,000)
ShadowKind = Literal["umbra", "penumbra"]
MARS = "MARS"


@dataclass(frozen=True, slots=True)
class SunDisc:
    """Angles (rad) at a spacecraft between the centres of Sun and body, and how large both look; NaN where nothing is known.

    The body is its ellipsoid: along its polar axis all is stretched until it is a sphere.
    """

    apart_rad: Reals
    body_rad: Reals
    sun_rad: Reals

    @property
    def umbra_rad(self) -> Reals:
        """How deep in the umbra it is: above zero the Sun is hidden whole."""
        return self.body_rad - self.sun_rad - self.apart_rad

    @property
    def penumbra_rad(self) -> Reals:
        """How deep in the shadow it is: above zero part of the Sun, or all, is hidden."""
        return self.body_rad + self.sun_rad - self.apart_rad

    @property
    def visible(self) -> Reals:
        """Which part of the Sun's disc is seen, 0 to 1: discs without limb darkening, without atmosphere."""
        r, big, d = self.sun_rad, self.body_rad, self.apart_rad
        with np.errstate(invalid="ignore", divide="ignore"):
            near = np.arccos(np.clip((d**2 + r**2 - big**2) / (2 * d * r), -1, 1))
            far = np.arccos(np.clip((d**2 + big**2 - r**2) / (2 * d * big), -1, 1))
            lens = r**2 * (near - np.sin(2 * near) / 2) + big**2 * (far - np.sin(2 * far) / 2)
            hidden = np.where(self.umbra_rad >= 0, 1.0, np.where(d + big <= r, (big / r) ** 2, lens / (np.pi * r**2)))
        return np.where(self.penumbra_rad <= 0, 1.0, 1.0 - hidden)


def sun_disc(target: str, epochs_tai_ns: Epochs, *, behind: str = MARS) -> SunDisc:
    """Return how the Sun and the body `behind` stand in the sky of a spacecraft, light times included.

    Raises TimeError where no kernel holds the spacecraft, UsageError for a body without radii.
    """
    ets = np.asarray(et_from_tai_ns(np.asarray(epochs_tai_ns, np.int64)), np.float64)
    with kernels():
        here = _known(target, epochs_tai_ns, ets)[:, :3]
        body = body_number(behind)
        to_body = _seen(body, here, ets)
        to_sun = _seen(SUN, here, ets)
        radii, rotation = shape_of(behind, ets)
    to_body, to_sun = (np.einsum("nij,nj->ni", rotation, one) / radii for one in (to_body, to_sun))
    distance, far = np.linalg.norm(to_body, axis=1), np.linalg.norm(to_sun, axis=1)
    across = np.linalg.norm(np.cross(to_body, to_sun), axis=1)
    apart = np.arctan2(across, np.sum(to_body * to_sun, axis=1))
    sun = _half_width(to_sun, to_body, SUN_RADIUS_KM / radii)
    return SunDisc(apart, np.arcsin(np.minimum(1.0 / distance, 1.0)), np.arcsin(np.minimum(sun / far, 1.0)))


def _half_width(to_sun: Reals, to_body: Reals, radii: Reals) -> Reals:
    """Return how far the Sun, stretched to an ellipsoid, reaches towards the body across the line of sight."""
    aside = to_body - to_sun * (np.sum(to_body * to_sun, axis=1) / np.sum(to_sun * to_sun, axis=1))[:, None]
    length = np.linalg.norm(aside, axis=1)
    with np.errstate(invalid="ignore"):
        reach = np.linalg.norm(aside / length[:, None] * radii, axis=1)
    return np.where(length > 0, reach, radii[0])


def eclipses(
    target: str, start: int, stop: int, *, kind: ShadowKind = "umbra", behind: str = MARS, step_s: float = 60.0
) -> tuple[Interval, ...]:
    """Return when a spacecraft is in the shadow of a body, between two instants at it (TAI nanoseconds); edges good to 1 ms.

    `umbra`: the Sun is hidden whole; `penumbra`: in part or whole. All that last longer than a step are found. Against SPICE's
    `gfoclt` with ellipsoids edges differ by under 1 ms (`test_ephemeris_sunlight.py`). Errors are those of `sun_disc`.
    """
    if kind not in ("umbra", "penumbra"):
        raise UsageError(f"there is no shadow of kind {kind!r}", remedy="Ask for umbra or penumbra")

    def depth(at: Epochs) -> Reals:
        disc = sun_disc(target, at, behind=behind)
        return disc.umbra_rad if kind == "umbra" else disc.penumbra_rad

    return intervals(depth, start, stop, step_s)


def beta_angle_deg(target: str, epochs_tai_ns: Epochs, *, centre: str = MARS) -> Reals:
    """Return the angles of the Sun over the plane of the orbit about `centre`, degrees, positive to the side of its momentum."""
    ets = np.asarray(et_from_tai_ns(np.asarray(epochs_tai_ns, np.int64)), np.float64)
    with kernels():
        middle = _known(centre, epochs_tai_ns, ets)
        orbit = _known(target, epochs_tai_ns, ets) - middle
        sun = _seen(SUN, middle[:, :3], ets)
    momentum = np.cross(orbit[:, :3], orbit[:, 3:])
    sine = np.sum(momentum * sun, axis=1) / np.linalg.norm(momentum, axis=1) / np.linalg.norm(sun, axis=1)
    return np.degrees(np.arcsin(np.clip(sine, -1, 1)))


@dataclass(frozen=True, slots=True)
class GroundTrack:
    """Points under something on Mars, as columns: planetodetic latitude and east longitude (degrees), height (km)."""

    latitude_deg: Reals
    longitude_east_deg: Reals
    height_km: Reals


def ground_track(target: str, epochs_tai_ns: Epochs, *, model: str | MarsOrientation = "IAU2000") -> GroundTrack:
    """Return the points of Mars under a spacecraft (or body), geometric. Raises TimeError where no kernel holds it."""
    ets = np.asarray(et_from_tai_ns(np.asarray(epochs_tai_ns, np.int64)), np.float64)
    with kernels():
        above = _known(target, epochs_tai_ns, ets)[:, :3] - _known(MARS, epochs_tai_ns, ets)[:, :3]
    return GroundTrack(*fixed_to_geodetic(np.einsum("nij,nj->ni", mars_rotation(ets, model), above)))


def subsolar_points(epochs_tai_ns: Epochs, *, model: str | MarsOrientation = "IAU2000") -> GroundTrack:
    """Return the points of Mars where the Sun stands in the zenith, light time included."""
    sun = _sun_from_mars(epochs_tai_ns, model)
    up = sun / np.linalg.norm(sun, axis=1)[:, None]
    latitude, longitude = np.degrees(np.arcsin(up[:, 2])), np.degrees(np.arctan2(up[:, 1], up[:, 0])) % 360.0
    return GroundTrack(latitude, longitude, np.zeros(latitude.size))


def terminator(at: int, count: int = 180, *, model: str | MarsOrientation = "IAU2000") -> GroundTrack:
    """Return points of Mars, in order, where the centre of the Sun is on the horizon at an instant (TAI nanoseconds)."""
    radii = np.array(MARS_RADII_KM)
    sun = _sun_from_mars(np.array([at], np.int64), model)[0] / radii  # where the ellipsoid is a sphere, the set is a great circle
    axis = sun / np.linalg.norm(sun)
    first = np.cross(axis, [0.0, 0.0, 1.0])
    first /= np.linalg.norm(first)
    turn = np.linspace(0.0, 2 * np.pi, count, endpoint=False)[:, None]
    latitude, longitude, _ = fixed_to_geodetic(radii * (np.cos(turn) * first + np.sin(turn) * np.cross(axis, first)))
    return GroundTrack(latitude, longitude, np.zeros(count))


@dataclass(frozen=True, slots=True)
class MarsLook:
    """Where something stands in the sky of a place on Mars, geometric: degrees, azimuth from north over east, and km."""

    elevation_deg: Reals
    azimuth_deg: Reals
    range_km: Reals


def seen_from_mars(site: MarsSite, target: str, epochs_tai_ns: Epochs, *, model: str | MarsOrientation = "IAU2000") -> MarsLook:
    """Return where a spacecraft or body stands in the sky of a place on Mars, without light time (under 0.1 s for an orbiter)."""
    ets = np.asarray(et_from_tai_ns(np.asarray(epochs_tai_ns, np.int64)), np.float64)
    with kernels():
        there = _known(target, epochs_tai_ns, ets)[:, :3] - _known(MARS, epochs_tai_ns, ets)[:, :3]
    away = np.einsum("nij,nj->ni", mars_rotation(ets, model), there) - site.fixed_km
    east, north, up = (away @ axis for axis in site.axes())
    elevation = np.degrees(np.arctan2(up, np.hypot(east, north)))
    return MarsLook(elevation, np.degrees(np.arctan2(east, north)) % 360.0, np.linalg.norm(away, axis=1))


def _sun_from_mars(epochs_tai_ns: Epochs, model: str | MarsOrientation) -> Reals:
    ets = np.asarray(et_from_tai_ns(np.asarray(epochs_tai_ns, np.int64)), np.float64)
    with kernels():
        sun = _seen(SUN, _known(MARS, epochs_tai_ns, ets)[:, :3], ets)
    return np.asarray(np.einsum("nij,nj->ni", mars_rotation(ets, model), sun))


def _known(body: str, epochs_tai_ns: Epochs, ets: Reals) -> Reals:
    """Return states from the barycentre. Raises TimeError where kernels hold none."""
    found = states_km(body_number(body), ets)
    lost = np.isnan(found[:, 0]) & np.isfinite(ets)
    if lost.any():
        first, last = (utc_from_tai_ns(int(pick(np.asarray(epochs_tai_ns)[lost])), 3) for pick in (np.min, np.max))
        raise TimeError(f"no kernel holds the position of {body} between {first} and {last}", remedy="Furnish kernels that do")
    return found


def _seen(body: int, here_km: Reals, ets: Reals) -> Reals:
    """Return vectors (km) to where a body was when its light left for `here`."""
    vector = positions_km(body, ets) - here_km
    for _ in range(2):
        vector = positions_km(body, ets - np.linalg.norm(vector, axis=1) / LIGHT_KM_S) - here_km
    return vector
