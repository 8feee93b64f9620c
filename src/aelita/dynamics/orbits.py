"""Osculating orbits in the words of manoeuvre planning: apsides, inclination and node over an equator, period.

The equator is given by its pole, so that inclinations count from the equator of Mars or of the Earth as publications do. The node
counts from where that equator rises through the equator of J2000 (the "IAU node", from which the prime meridian's angle counts).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError

Vector = NDArray[np.float64]
J2000_POLE = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Orbit:
    """An osculating conic: radii of the apsides (km), angles (rad) over the equator given, period and times (s).

    A hyperbola has a negative semi-major axis, an infinite apoapsis and period. `since_periapsis_s` is negative before it; on an
    ellipse it counts from the nearest passage.
    """

    semi_major_axis_km: float
    eccentricity: float
    periapsis_km: float
    apoapsis_km: float
    inclination_rad: float
    node_rad: float
    argument_rad: float
    true_anomaly_rad: float
    period_s: float
    since_periapsis_s: float

    @property
    def bound(self) -> bool:
        """Whether it is an ellipse."""
        return self.eccentricity < 1


def equator_axes(pole: ArrayLike = J2000_POLE) -> NDArray[np.float64]:
    """Return the axes (rows, J2000) of the inertial frame of an equator: its node on that of J2000, 90 degrees on, pole."""
    up = np.asarray(pole, np.float64) / np.linalg.norm(pole)
    across = np.array([-up[1], up[0], 0.0])
    length = np.linalg.norm(across)
    first = across / length if length > 1e-12 else np.array([1.0, 0.0, 0.0])
    return np.array([first, np.cross(up, first), up])


def orbit_of(state: ArrayLike, gm_km3_s2: float, pole: ArrayLike = J2000_POLE) -> Orbit:
    """Return the conic through a state (km, km/s, six numbers about the centre). Raises UsageError for a rectilinear one."""
    given = np.asarray(state, np.float64)
    axes = equator_axes(pole)
    r, v = axes @ given[:3], axes @ given[3:]
    distance, h = np.linalg.norm(r), np.cross(r, v)
    momentum = np.linalg.norm(h)
    if not momentum > 1e-9 * distance * np.linalg.norm(v):
        raise UsageError(f"state {given.tolist()} has no angular momentum: no plane and no apsides", remedy="Give another state")
    shape = np.cross(v, h) / gm_km3_s2 - r / distance
    e = float(np.linalg.norm(shape))
    a = float(1 / (2 / distance - v @ v / gm_km3_s2))
    node = np.array([-h[1], h[0], 0.0])
    node = node / np.linalg.norm(node) if np.hypot(h[0], h[1]) > 1e-12 * momentum else np.array([1.0, 0.0, 0.0])
    forward = np.cross(h / momentum, node)
    towards = shape if e > 1e-12 else node * distance
    argument = float(np.arctan2(towards @ forward, towards @ node)) % (2 * np.pi)
    anomaly = float(np.arctan2(r @ forward, r @ node) - argument + np.pi) % (2 * np.pi) - np.pi
    period = float(2 * np.pi * np.sqrt(a**3 / gm_km3_s2)) if e < 1 else np.inf
    return Orbit(
        a, e, float(momentum**2 / gm_km3_s2 / (1 + e)), a * (1 + e) if e < 1 else np.inf,
        float(np.arccos(np.clip(h[2] / momentum, -1, 1))), float(np.arctan2(node[1], node[0])) % (2 * np.pi), argument, anomaly,
        period, since_periapsis_s(anomaly, e, a, gm_km3_s2),
    )  # fmt: skip


def since_periapsis_s(true_anomaly_rad: float, eccentricity: float, semi_major_axis_km: float, gm_km3_s2: float) -> float:
    """Return the time from periapsis to a true anomaly (between -pi and pi), by Kepler's equation of ellipse or hyperbola."""
    e, half, pace = eccentricity, np.tan(true_anomaly_rad / 2), np.sqrt(abs(semi_major_axis_km) ** 3 / gm_km3_s2)
    if e < 1:
        eccentric = 2 * np.arctan(np.sqrt((1 - e) / (1 + e)) * half)
        return float(pace * (eccentric - e * np.sin(eccentric)))
    inside = np.sqrt((e - 1) / (e + 1)) * half
    if abs(inside) >= 1:
        raise UsageError(f"true anomaly {true_anomaly_rad} rad lies beyond the asymptote of eccentricity {e}")
    hyperbolic = 2 * np.arctanh(inside)
    return float(pace * (e * np.sinh(hyperbolic) - hyperbolic))


def state_of(orbit_periapsis_km: float, apoapsis_km: float, angles_rad: tuple[float, float, float, float], gm_km3_s2: float,
             pole: ArrayLike = J2000_POLE) -> Vector:  # fmt: skip
    """Return the state (km, km/s in J2000) of an ellipse: `angles_rad` are inclination, node, argument and true anomaly."""
    inclination, node, argument, anomaly = angles_rad
    a, e = (orbit_periapsis_km + apoapsis_km) / 2, (apoapsis_km - orbit_periapsis_km) / (apoapsis_km + orbit_periapsis_km)
    p = a * (1 - e * e)
    n = np.array([np.cos(node), np.sin(node), 0.0])
    m = np.array([-np.sin(node) * np.cos(inclination), np.cos(node) * np.cos(inclination), np.sin(inclination)])
    u = argument + anomaly
    radial, forward = np.cos(u) * n + np.sin(u) * m, -np.sin(u) * n + np.cos(u) * m
    speed = np.sqrt(gm_km3_s2 / p)
    axes = equator_axes(pole)
    velocity = speed * (e * np.sin(anomaly) * radial + (1 + e * np.cos(anomaly)) * forward)
    return np.concatenate([axes.T @ (radial * p / (1 + e * np.cos(anomaly))), axes.T @ velocity])


def spherical_deg(direction: ArrayLike, pole: ArrayLike = J2000_POLE) -> tuple[float, float]:
    """Return right ascension (0 to 360) and declination in degrees of a direction, over the equator given."""
    x, y, z = equator_axes(pole) @ np.asarray(direction, np.float64)
    return float(np.degrees(np.arctan2(y, x))) % 360, float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def inbound_at_radius(state: ArrayLike, gm_km3_s2: float, radius_km: float) -> tuple[float, Vector]:
    """Return when (s from now, negative: before) the conic comes down through a radius, and the state (km, km/s) there.

    Raises UsageError when its periapsis is above that radius, or its apoapsis below.
    """
    given = np.asarray(state, np.float64)
    orbit = orbit_of(given, gm_km3_s2)
    e, h = orbit.eccentricity, np.cross(given[:3], given[3:])
    momentum = float(np.linalg.norm(h))
    cosine = (momentum**2 / gm_km3_s2 / radius_km - 1) / e
    if abs(cosine) > 1:
        raise UsageError(
            f"an orbit with periapsis {orbit.periapsis_km:.1f} km does not cross {radius_km:.1f} km", remedy="Lower its periapsis"
        )
    anomaly = -float(np.arccos(cosine))
    towards = (np.cross(given[3:], h) / gm_km3_s2 - given[:3] / np.linalg.norm(given[:3])) / e
    sideways = np.cross(h / momentum, towards)
    radial, forward = (
        np.cos(anomaly) * towards + np.sin(anomaly) * sideways,
        np.cos(anomaly) * sideways - np.sin(anomaly) * towards,
    )
    velocity = gm_km3_s2 / momentum * (e * np.sin(anomaly) * radial + (1 + e * np.cos(anomaly)) * forward)
    when = since_periapsis_s(anomaly, e, orbit.semi_major_axis_km, gm_km3_s2) - orbit.since_periapsis_s
    return when, np.concatenate([radius_km * radial, velocity])
