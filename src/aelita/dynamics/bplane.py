"""The B-plane: where an approach aims before the planet bends it, and the hyperbola that goes with an aim.

S points along the incoming asymptote, T = S x pole (in the equator given), R = S x T; B runs from the centre to the asymptote.
With the pole of the planet, B.R > 0 passes south of it. (Kizner, JPL External Publication 674, 1959.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from .orbits import J2000_POLE, orbit_of

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BPlane:
    """Aim of a hyperbola: components of B (km), hyperbolic excess velocity (km/s, along S, J2000), time to periapsis (s).

    `linear_s` is the time left without the part that depends on B (a/v ln e): it responds almost linearly to manoeuvres far away,
    which the time to periapsis does not.
    """

    b_t_km: float
    b_r_km: float
    excess_km_s: Vector
    to_periapsis_s: float
    linear_s: float
    periapsis_km: float

    @property
    def b_km(self) -> float:
        """The length of B."""
        return float(np.hypot(self.b_t_km, self.b_r_km))

    @property
    def theta_rad(self) -> float:
        """The angle of B from T towards R."""
        return float(np.arctan2(self.b_r_km, self.b_t_km))

    @property
    def excess_speed_km_s(self) -> float:
        """The speed at infinity."""
        return float(np.linalg.norm(self.excess_km_s))


def b_plane(state: ArrayLike, gm_km3_s2: float, pole: ArrayLike = J2000_POLE) -> BPlane:
    """Return the aim of a state (km, km/s) relative to a planet. Raises UsageError when it is bound: it has no asymptote."""
    given = np.asarray(state, np.float64)
    r, v = given[:3], given[3:]
    orbit = orbit_of(given, gm_km3_s2)
    if orbit.bound:
        raise UsageError(
            f"eccentricity {orbit.eccentricity:.6f}: a bound orbit has no B-plane", remedy="Take a state before the capture"
        )
    h = np.cross(r, v)
    momentum = np.linalg.norm(h)
    e = orbit.eccentricity
    towards = (np.cross(v, h) / gm_km3_s2 - r / np.linalg.norm(r)) / e  # to periapsis
    s = towards / e + np.sqrt(1 - 1 / e**2) * np.cross(h / momentum, towards)
    speed = np.sqrt(gm_km3_s2 / -orbit.semi_major_axis_km)
    t, r_axis = plane_axes(s, pole)
    b = np.cross(s, h) / speed
    # At a given distance and speed the time left depends on B only through (a / v) ln e.
    linear = -orbit.since_periapsis_s + orbit.semi_major_axis_km / speed * np.log(e)
    return BPlane(float(b @ t), float(b @ r_axis), s * speed, -orbit.since_periapsis_s, float(linear), orbit.periapsis_km)


def plane_axes(along: ArrayLike, pole: ArrayLike = J2000_POLE) -> tuple[Vector, Vector]:
    """Return T and R for a direction S. Raises UsageError when S is the pole, for which T has no direction."""
    s = np.asarray(along, np.float64) / np.linalg.norm(along)
    across = np.cross(s, np.asarray(pole, np.float64))
    length = np.linalg.norm(across)
    if length < 1e-9:
        raise UsageError("the approach is along the pole of the B-plane", remedy="Choose another reference pole")
    t = across / length
    return t, np.cross(s, t)


def approach_state(
    excess_km_s: ArrayLike, b_t_km: float, b_r_km: float, to_periapsis_s: float, gm_km3_s2: float, pole: ArrayLike = J2000_POLE
) -> Vector:
    """Return the state (km, km/s, J2000) that will be at the periapsis of this aim after `to_periapsis_s` (negative: was).

    The inverse of `b_plane`. Raises UsageError for B of zero length.
    """
    excess = np.asarray(excess_km_s, np.float64)
    speed = float(np.linalg.norm(excess))
    s = excess / speed
    t, r_axis = plane_axes(s, pole)
    b = b_t_km * t + b_r_km * r_axis
    length = float(np.linalg.norm(b))
    if length == 0:
        raise UsageError("an aim at the centre has no plane", remedy="Give B a length")
    normal = np.cross(b, s) / length
    a, e = -gm_km3_s2 / speed**2, float(np.sqrt(1 + (length * speed**2 / gm_km3_s2) ** 2))
    towards = s / e - np.sqrt(1 - 1 / e**2) * np.cross(normal, s)  # S turned back about the normal
    sideways = np.cross(normal, towards)
    mean = -to_periapsis_s * np.sqrt(gm_km3_s2 / -(a**3))
    f = _hyperbolic_anomaly(float(mean), e)
    root, distance = np.sqrt(e * e - 1), -a * (e * np.cosh(f) - 1)
    position = -a * ((e - np.cosh(f)) * towards + root * np.sinh(f) * sideways)
    rate = np.sqrt(gm_km3_s2 * -a) / distance
    return np.concatenate([position, rate * (-np.sinh(f) * towards + root * np.cosh(f) * sideways)])


def _hyperbolic_anomaly(mean: float, e: float) -> float:
    """Return F of mean = e sinh F - F, by Newton's method (the function is convex on either side of zero)."""
    f = float(np.arcsinh(mean / e))
    for _ in range(60):
        step = (e * np.sinh(f) - f - mean) / (e * np.cosh(f) - 1)
        f -= float(step)
        if abs(step) < 1e-14 * max(1.0, abs(f)):
            break
    return f


def aim_for_periapsis(excess_speed_km_s: float, periapsis_km: float, gm_km3_s2: float) -> float:
    """Return the length of B (km) that leads to a periapsis radius."""
    return float(periapsis_km * np.sqrt(1 + 2 * gm_km3_s2 / (periapsis_km * excess_speed_km_s**2)))
