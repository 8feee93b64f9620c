"""Departure asymptotes: energy and direction with which something leaves the Earth, and what a state says of them."""

from dataclasses import dataclass
from math import asin, atan2, cos, sin, sqrt

import numpy as np

from ..errors import UsageError
from .earth_model import GM_KM3_S2, Reals


@dataclass(frozen=True, slots=True)
class Asymptote:
    """A hyperbola's outward direction in J2000 and its energy: C3 (km2/s2), declination and right ascension (rad).

    `source` and `grade` tell where it comes from.
    """

    c3_km2_s2: float
    declination_rad: float
    right_ascension_rad: float
    source: str = ""
    grade: str = "E"

    def __post_init__(self) -> None:
        if (
            not 0.0 <= self.c3_km2_s2 < 200.0
            or not abs(self.declination_rad) <= np.pi / 2
            or not abs(self.right_ascension_rad) <= 7.0
        ):
            raise UsageError(
                f"no asymptote has C3 {self.c3_km2_s2:g} km2/s2 and declination {np.degrees(self.declination_rad):g} deg, right"
                f" ascension {np.degrees(self.right_ascension_rad):g} deg",
                remedy="C3 is from 0 to 200 km2/s2, the declination from -90 to 90 deg, right ascension a turn at most",
            )

    @property
    def speed_km_s(self) -> float:
        """Hyperbolic excess speed."""
        return sqrt(self.c3_km2_s2)

    @property
    def direction(self) -> Reals:
        """Unit vector in J2000."""
        across = cos(self.declination_rad)
        return np.array([
            across * cos(self.right_ascension_rad), across * sin(self.right_ascension_rad), sin(self.declination_rad),
        ])  # fmt: skip

    @staticmethod
    def along(vector_km_s: Reals, source: str = "", grade: str = "E") -> "Asymptote":
        """Return the asymptote of an excess velocity in J2000 (km/s)."""
        speed = float(np.linalg.norm(vector_km_s))
        x, y, z = vector_km_s / speed
        return Asymptote(speed * speed, asin(float(z)), atan2(float(y), float(x)) % (2 * np.pi), source, grade)


def excess_velocity(state: Reals) -> Reals:
    """Return the velocity (km/s) with which a state (km, km/s) leaves, in its own frame, by two bodies.

    Raises UsageError for a state that does not leave.
    """
    position, velocity = state[:3], state[3:6]
    r, v2 = float(np.linalg.norm(position)), float(velocity @ velocity)
    c3 = v2 - 2.0 * GM_KM3_S2 / r
    if c3 <= 0.0:
        raise UsageError(f"it does not leave the Earth: its C3 is {c3:.3f} km2/s2")
    momentum = np.cross(position, velocity)
    eccentricity = np.cross(velocity, momentum) / GM_KM3_S2 - position / r
    e = float(np.linalg.norm(eccentricity))
    apsis = eccentricity / e
    forward = np.cross(momentum, apsis) / np.linalg.norm(momentum)
    return np.asarray(sqrt(c3) * (-apsis / e + forward * sqrt(1.0 - 1.0 / (e * e))))
