"""Keeping a low orbit: its height against drag, and its ground track against the drift that drag brings; what that costs."""

from dataclasses import dataclass
from math import cos, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .airfit import Atmosphere
from .drag_pass import DEGREE_2, Vehicle
from .forces import GM_KM3_S2, RADII_KM
from .lifetime import SPIN_RAD_S, YEAR_S, averaged_rates

Reals = NDArray[np.float64]
DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class NodalMotion:
    """How a low orbit and the ground move: nodal period, turn of the node, step of the track in a revolution."""

    period_s: float
    node_rad_s: float
    step_rad: float  # of the longitude of the ascending node in a revolution, westward negative

    @property
    def per_sol(self) -> float:
        """Revolutions while the planet turns once under the orbit."""
        return 2 * pi / abs(self.step_rad)


def nodal_motion(semi_major_km: float, eccentricity: float, inclination_rad: float) -> NodalMotion:
    """Return the motion of the node and the nodal period of a mean orbit of Mars, by the first order of the flattening.

    Errors: some 1e-4 of the turn of the node and 1e-5 of the period, since J3 and higher, J2 squared and the Sun are left out.
    """
    gm, a, e = GM_KM3_S2["MARS"], semi_major_km, eccentricity
    n = sqrt(gm / a**3)
    k = 1.5 * -DEGREE_2["c20"] * sqrt(5.0) * (DEGREE_2["radius_km"] / (a * (1 - e * e))) ** 2
    node = -k * n * cos(inclination_rad)
    argument = k * n * (2 - 2.5 * sin(inclination_rad) ** 2)
    mean = n * (1 + k * sqrt(1 - e * e) * (1 - 1.5 * sin(inclination_rad) ** 2))
    period = 2 * pi / (mean + argument)
    return NodalMotion(period, node, -(SPIN_RAD_S - node) * period)


def repeating_axis_km(revolutions: int, sols: int, eccentricity: float, inclination_rad: float) -> float:
    """Return the mean semi-major axis (km) whose ground track repeats after so many revolutions in so many nodal sols."""
    wanted = 2 * pi * sols / revolutions
    a = (GM_KM3_S2["MARS"] * (wanted / (2 * pi * SPIN_RAD_S)) ** 2) ** (1 / 3)
    for _ in range(20):
        a *= (wanted / abs(nodal_motion(a, eccentricity, inclination_rad).step_rad)) ** (2 / 3)
    if a * (1 - eccentricity) < RADII_KM["MARS"][0]:
        raise UsageError(
            f"{revolutions} revolutions in {sols} sols lie under the ground", remedy="Ask for fewer revolutions a sol"
        )
    return a


@dataclass(frozen=True, slots=True)
class Keeping:
    """How an orbit is kept: time between burns, size of each, cost of an Earth year, and by how much each lifts.

    `lift_km` is the change of the mean semi-major axis, `decay_km_day` what drag takes, `early_s` and `late_s` the time between
    burns when the air is denser and thinner by the spread given.
    """

    interval_s: float
    burn_m_s: float
    year_m_s: float
    lift_km: float
    decay_km_day: float
    early_s: float
    late_s: float


def height_keeping(
    periapsis_km: float, apoapsis_km: float, inclination_rad: float, band_km: float, vehicle: Vehicle, atmosphere: Atmosphere, *,
    argument_rad: float = 0.0, node_from_sun_rad: float = 0.0, ls_deg: float = 0.0, density_sigma: float = 0.5,
) -> Keeping:  # fmt: skip
    """Return burns that keep the mean semi-major axis within half a band (km) of its value, against drag as it is at the start.

    The axis falls through the band, one burn along the velocity brings it back to the top. Heights count over the mean equator.
    """
    if not band_km > 0:
        raise UsageError(f"a band of {band_km:g} km", remedy="Give one above zero")
    decay = _decay_km_s(
        periapsis_km,
        apoapsis_km,
        inclination_rad,
        vehicle,
        atmosphere,
        np.array([argument_rad, node_from_sun_rad, np.radians(ls_deg)]),
    )
    return _kept(periapsis_km, apoapsis_km, band_km, band_km / decay, decay, density_sigma, power=1.0)


def track_keeping(
    periapsis_km: float, apoapsis_km: float, inclination_rad: float, half_width_km: float, vehicle: Vehicle,
    atmosphere: Atmosphere, *, argument_rad: float = 0.0, node_from_sun_rad: float = 0.0, ls_deg: float = 0.0,
    density_sigma: float = 0.5,
) -> Keeping:  # fmt: skip
    """Return burns that keep the equator crossings within so many km of the reference ground track.

    After a burn the axis stands above the reference and the track drifts west; drag lowers it, the drift turns at the other
    edge and comes back: x = x0 - 1.5 w R / a (lift t / 2 - decay t^2 / 2). A burn when it is back begins it anew. With denser
    air than foreseen the track turns early, which wastes a part of the band but does not leave it; `early_s` and `late_s` scale
    so.
    """
    if not half_width_km > 0:
        raise UsageError(f"a half width of {half_width_km:g} km", remedy="Give one above zero")
    radius = RADII_KM["MARS"][0]
    a = radius + 0.5 * (periapsis_km + apoapsis_km)
    e = 0.5 * (apoapsis_km - periapsis_km) / a
    decay = _decay_km_s(
        periapsis_km,
        apoapsis_km,
        inclination_rad,
        vehicle,
        atmosphere,
        np.array([argument_rad, node_from_sun_rad, np.radians(ls_deg)]),
    )
    turn = SPIN_RAD_S - nodal_motion(a, e, inclination_rad).node_rad_s
    drift = 1.5 * turn * radius / a  # km/s of track for each km of axis
    lift = 2 * sqrt(4 * half_width_km * decay / drift)  # the turning point lies 2 half widths away: drift (lift/2)^2 / (2 decay)
    return _kept(periapsis_km, apoapsis_km, lift, lift / decay, decay, density_sigma, power=0.5)


def _kept(
    periapsis_km: float, apoapsis_km: float, lift_km: float, interval_s: float, decay: float, sigma: float, power: float
) -> Keeping:
    a = RADII_KM["MARS"][0] + 0.5 * (periapsis_km + apoapsis_km)
    burn = 0.5 * lift_km / a * sqrt(GM_KM3_S2["MARS"] / a) * 1e3
    spread = float(np.exp(sigma * power))
    return Keeping(interval_s, burn, burn * YEAR_S / interval_s, lift_km, decay * DAY_S, interval_s / spread, interval_s * spread)


def _decay_km_s(
    periapsis_km: float, apoapsis_km: float, inclination: float, vehicle: Vehicle, atmosphere: Atmosphere, angles: Reals
) -> float:
    if not 100 < periapsis_km <= apoapsis_km:
        raise UsageError(
            f"an orbit of {periapsis_km:g} by {apoapsis_km:g} km", remedy="Give heights above 100 km, periapsis first"
        )
    radius = RADII_KM["MARS"][0]
    turned = [
        averaged_rates(
            periapsis_km + radius,
            apoapsis_km + radius,
            inclination,
            angles + np.array([shift, 0.0, 0.0]),
            vehicle,
            atmosphere,
            1.0,
        )
        for shift in np.arange(8) * pi / 4
    ]  # periapsis goes round in months: the mean over it
    return -0.5 * float(np.mean([low + high for low, high in turned]))
