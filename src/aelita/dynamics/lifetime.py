"""How long an orbit lives: to a floor of apoapsis revolution by revolution, or any low orbit by averages over revolutions.

The first serves aerobraking, where days count; the second orbits whose lives are months to centuries.
"""

from dataclasses import dataclass
from math import cos, inf, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .airfit import Atmosphere
from .drag_pass import DEGREE_2, Surroundings, Vehicle, revolved, shape
from .forces import GM_KM3_S2, RADII_KM
from .states import ImpactError

Reals = NDArray[np.float64]
SPIN_RAD_S = 7.0882181e-5  # 350.89198 deg a day
POINTS = 96
HEIGHT_STEP_KM = 1.0  # which periapsis falls in a step: a small part of a scale height
YEAR_S = 365.25 * 86400.0
MARS_YEAR_S = 686.9725 * 86400.0  # tropical


@dataclass(frozen=True, slots=True)
class Guard:
    """The least lifetime: hours until the first apoapsis under `floor_km`, had no burn followed.

    Mars Global Surveyor and Odyssey counted to 300 km, and Odyssey kept a mean of 24 h (Smith and Bell, AIAA 2003, from
    excerpts).
    """

    hours: float = 24.0
    floor_km: float = 300.0


def orbit_lifetime_s(
    around: Surroundings, drag_m2_kg: float, t: float, y: Reals, floor_km: float, until_s: float, factor: float = 1.0
) -> float:
    """Return the seconds from an apoapsis (row of nine) to the first apoapsis under a height, or infinity when beyond `until_s`.

    Orbits that cannot lose that much are recognised after two revolutions: an eighth of the loss of each, had all been like the
    strongest of them, must not suffice.
    """
    go, now, begun, passes = y.copy(), t, t, 0
    high = _apoapsis_km(around, go)
    if high < floor_km:
        return 0.0
    strongest = 0.0
    while now - begun < until_s:
        try:
            found, now = revolved(around, drag_m2_kg, now, go, factor, 1e-6)
        except ImpactError:
            return now - begun
        passes += 1
        if found.apoapsis_km < floor_km:
            return now - begun
        strongest = max(strongest, high - found.apoapsis_km)
        high, left_s = found.apoapsis_km, until_s - (now - begun)
        if passes >= 2 and 8 * strongest * (left_s / found.period_s + 1) < high - floor_km:
            return inf
    return inf


def _apoapsis_km(around: Surroundings, y: Reals) -> float:
    a, e = shape(y, around.gm_km3_s2)
    return a * (1 + e) - around.radius_km


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The life of an orbit, with what happens to its heights: rows of (years, periapsis km, apoapsis km).

    `years` is with the model's density, `early_years` and `late_years` with it multiplied and divided by exp(sigma); infinity
    where it outlives what was asked. Heights count from the mean equator.
    """

    years: float
    early_years: float
    late_years: float
    history: Reals


def lifetime(
    periapsis_km: float, apoapsis_km: float, inclination_rad: float, vehicle: Vehicle, atmosphere: Atmosphere, *,
    argument_rad: float = 0.0, node_from_sun_rad: float = 0.0, ls_deg: float = 0.0, floor_km: float = 125.0,
    most_years: float = 200.0, density_sigma: float = 0.5,
) -> Lifetime:  # fmt: skip
    """Return how long drag leaves an orbit of Mars above a floor, from its heights over the mean equator (km).

    Semi-major axis and eccentricity fall by the drag averaged over each revolution; node and argument of periapsis turn by the
    flattening, the season runs, and the height counts from the ellipsoid. `node_from_sun_rad` is the right ascension of the
    node less that of the Sun at the start. Left out: other harmonics and the Sun's pull, which move periapsis by some km.
    `density_sigma` is the uncertainty of the mean density (logarithm); lives scale inversely with it. Raises UsageError for an
    orbit under the floor.
    """
    if not floor_km < periapsis_km <= apoapsis_km:
        raise UsageError(
            f"an orbit of {periapsis_km:g} by {apoapsis_km:g} km, floor {floor_km:g} km", remedy="Give heights above the floor"
        )
    history = _decayed(
        periapsis_km,
        apoapsis_km,
        inclination_rad,
        vehicle,
        atmosphere,
        argument_rad,
        node_from_sun_rad,
        ls_deg,
        floor_km,
        most_years,
    )
    years = float(history[-1, 0]) if history[-1, 1] <= floor_km + 1e-6 else inf
    spread = [
        _decayed(
            periapsis_km, apoapsis_km, inclination_rad, vehicle, atmosphere, argument_rad, node_from_sun_rad, ls_deg, floor_km,
            most_years, float(np.exp(sign * density_sigma)),
        )
        for sign in (1, -1)
    ]  # fmt: skip
    ends = [float(each[-1, 0]) if each[-1, 1] <= floor_km + 1e-6 else inf for each in spread]
    return Lifetime(years, ends[0], ends[1], history)


def _decayed(
    periapsis_km: float, apoapsis_km: float, inclination: float, vehicle: Vehicle, atmosphere: Atmosphere, argument: float,
    node_from_sun: float, ls_deg: float, floor_km: float, most_years: float, factor: float = 1.0,
) -> Reals:  # fmt: skip
    """Integrate the averaged orbit (midpoint rule, steps that lose little) to the floor or the end of the span."""
    radius = RADII_KM["MARS"][0]
    p, q, t = periapsis_km + radius, apoapsis_km + radius, 0.0
    angles = np.array([argument, node_from_sun, np.radians(ls_deg)])
    rows = [(0.0, p - radius, q - radius)]
    while t < most_years * YEAR_S:
        turn = _turning(p, q, inclination)
        dp, dq = averaged_rates(p, q, inclination, angles, vehicle, atmosphere, factor)
        loss = max(-dp / HEIGHT_STEP_KM, -dq / (0.1 * (q - p) + HEIGHT_STEP_KM), 1e-30)
        h = min(1.0 / loss, 10 * 86400.0, most_years * YEAR_S - t + 1.0)
        half = averaged_rates(
            p + 0.5 * h * dp,
            max(q + 0.5 * h * dq, p + 0.5 * h * dp),
            inclination,
            angles + 0.5 * h * turn,
            vehicle,
            atmosphere,
            factor,
        )
        end = p + h * half[0] - radius
        if end <= floor_km:
            h *= (p - radius - floor_km) / (p - radius - end)
            p, q, t = floor_km + radius, q + h * half[1], t + h
            rows.append((t / YEAR_S, floor_km, max(q - radius, floor_km)))
            break
        p, q, t, angles = p + h * half[0], max(q + h * half[1], p + h * half[0]), t + h, angles + h * turn
        rows.append((t / YEAR_S, p - radius, q - radius))
    return np.array(rows)


def _turning(p: float, q: float, inclination: float) -> Reals:
    """Return rates of argument of periapsis, node against the Sun, and season (rad/s): flattening, and the year."""
    gm, a, e = GM_KM3_S2["MARS"], 0.5 * (p + q), (q - p) / (q + p)
    j2 = -DEGREE_2["c20"] * sqrt(5.0)
    k = 1.5 * j2 * sqrt(gm / a**3) * (DEGREE_2["radius_km"] / (a * (1 - e * e))) ** 2
    year = 2 * pi / MARS_YEAR_S
    return np.array([k * (2 - 2.5 * sin(inclination) ** 2), -k * cos(inclination) - year, year])


def averaged_rates(
    p: float, q: float, inclination: float, angles: Reals, vehicle: Vehicle, atmosphere: Atmosphere, factor: float
) -> tuple[float, float]:
    """Return rates of periapsis and apoapsis (km/s) by drag, averaged over a revolution in eccentric anomaly."""
    gm, a, e = GM_KM3_S2["MARS"], 0.5 * (p + q), (q - p) / (q + p)
    anomaly = (np.arange(POINTS) + 0.5) * 2 * pi / POINTS
    if a * e > 300.0:  # most points where the air is
        anomaly = anomaly - 0.93 * np.sin(anomaly)
        weight = 1 - 0.93 * np.cos((np.arange(POINTS) + 0.5) * 2 * pi / POINTS)
    else:
        weight = np.ones(POINTS)
    ce = np.cos(anomaly)
    r = a * (1 - e * ce)
    true = np.arctan2(sqrt(1 - e * e) * np.sin(anomaly), ce - e)
    u = angles[0] + true
    sine = np.sin(inclination) * np.sin(u)
    equator, pole = RADII_KM["MARS"]
    height = r - equator * pole / np.sqrt((pole**2) * (1 - sine**2) + (equator**2) * sine**2)
    latitude = np.degrees(np.arcsin(np.clip(sine, -1, 1)))
    hour = (12 + (np.arctan2(np.cos(inclination) * np.sin(u), np.cos(u)) + angles[1]) * 12 / pi) % 24
    ls = np.full(POINTS, np.degrees(angles[2]) % 360)
    rho = factor * np.asarray(atmosphere.density_kg_m3(height, latitude, np.zeros(POINTS), ls, hour))
    rho = np.where(height > 0, rho, 0.0)
    v = np.sqrt(gm * (2 / r - 1 / a))
    wind = (1 - r * SPIN_RAD_S * cos(inclination) / v) ** 2
    k = vehicle.drag_m2_kg * 1e3 * rho * v * wind * weight * (r / a) / POINTS  # mean over time: dM = (r/a) dE; 1/s
    da = float(np.sum(-2 * k * a * a * v * v / gm))
    # de/dt by a force against the velocity: -2 (e + cos f) k
    de = float(np.sum(-2 * k * (e + np.cos(true))))
    if e < 1e-9:
        de = max(de, 0.0)
    return da * (1 - e) - a * de, da * (1 + e) + a * de
