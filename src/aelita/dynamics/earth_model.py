"""A small Earth for launches: ellipsoid, rotation, precession, gravity with oblateness. No kernels are needed.

The frame of an ascent is inertial, its z axis the Earth's mean pole of the date, its x axis the mean equinox of the date
(`of date`). Nutation, polar motion and UT1-UTC are left out: 0.003 deg against the full models, 0.006 at most
(`tests/test_launch_earth.py` measures it), 0.3 to 0.7 km on the ground.
"""

from math import cos, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from ..time import tt_s_from_tai_ns, utc_parts
from .compiling import kept

Reals = NDArray[np.float64]

GM_KM3_S2 = 398600.435507  # DE440
RADIUS_KM = 6378.137  # WGS 84, as the next
FLATTENING = 1.0 / 298.257223563
J2 = 1.08262982e-3  # EGM2008, zero tide
ROTATION_RAD_S = 7.292115e-5
STANDARD_GRAVITY_M_S2 = 9.80665
ARCSECOND = pi / 648000.0
POLAR_KM = RADIUS_KM * (1.0 - FLATTENING)
CENTURY_S = 36525.0 * 86400.0


def rotation_angle_rad(epoch_tai_ns: int) -> float:
    """Return the angle from the mean equinox of the date to Greenwich, with UTC taken for UT1 (GMST of the IERS 2010)."""
    day, of_day_ns = utc_parts(epoch_tai_ns)
    elapsed_days = (day - 10957) - 0.5 + min(of_day_ns / 86400e9, 1.0)  # since 2000-01-01T12:00, of UT1
    turns = 0.7790572732640 + 0.00273781191135448 * elapsed_days + elapsed_days % 1.0
    t = _centuries(epoch_tai_ns)
    drift = (0.014506 + (4612.156534 + (1.3915817 - 0.00000044 * t) * t) * t) * ARCSECOND  # IERS Conventions (2010), 5.32
    return float((2.0 * pi * turns + drift) % (2.0 * pi))


def _centuries(epoch_tai_ns: int) -> float:
    return float(tt_s_from_tai_ns(epoch_tai_ns)) / CENTURY_S


def from_j2000(epoch_tai_ns: int) -> Reals:
    """Return the matrix from J2000 to the mean equator and equinox of the date (IAU 2006 precession, equatorial angles)."""
    t = _centuries(epoch_tai_ns)
    zeta = (2.650545 + (2306.083227 + (0.2988499 + 0.01801828 * t) * t) * t) * ARCSECOND
    z = (-2.650545 + (2306.077181 + (1.0927348 + 0.01826837 * t) * t) * t) * ARCSECOND
    theta = (2004.191903 - (0.4294934 + 0.04182264 * t) * t) * t * ARCSECOND
    return about_z(-z) @ about_y(theta) @ about_z(-zeta)


def about_z(angle_rad: float) -> Reals:
    """Return the matrix that turns the axes about z."""
    c, s = cos(angle_rad), sin(angle_rad)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def about_y(angle_rad: float) -> Reals:
    """Return the matrix that turns the axes about y."""
    c, s = cos(angle_rad), sin(angle_rad)
    return np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])


def site_of_date(latitude_rad: float, longitude_rad: float, height_km: float, epoch_tai_ns: int) -> Reals:
    """Return position (km) and velocity (km/s) of a place on the turning Earth, of date; latitude is geodetic (WGS 84)."""
    square = FLATTENING * (2.0 - FLATTENING)
    normal = RADIUS_KM / sqrt(1.0 - square * sin(latitude_rad) ** 2)
    east = longitude_rad + rotation_angle_rad(epoch_tai_ns)
    across = (normal + height_km) * cos(latitude_rad)
    place = np.array([across * cos(east), across * sin(east), (normal * (1.0 - square) + height_km) * sin(latitude_rad)])
    return np.concatenate([place, np.cross([0.0, 0.0, ROTATION_RAD_S], place)])


@kept()
def height_km(x: float, y: float, z: float) -> float:
    """Return the height above the ellipsoid along the radius: at most 20 m more than the geodetic one below 400 km."""
    r = np.sqrt(x * x + y * y + z * z)
    sine = z / r
    stretch = RADIUS_KM * RADIUS_KM / (POLAR_KM * POLAR_KM) - 1.0
    return r - RADIUS_KM / np.sqrt(1.0 + stretch * sine * sine)


@kept()
def gravity(x: float, y: float, z: float, j2: float) -> tuple[float, float, float]:
    """Return the acceleration (km/s2) of the point mass and its oblateness."""
    r2 = x * x + y * y + z * z
    r = np.sqrt(r2)
    central = -GM_KM3_S2 / (r2 * r)
    k = 1.5 * j2 * RADIUS_KM * RADIUS_KM / r2
    zz = 5.0 * z * z / r2
    return central * x * (1.0 + k * (1.0 - zz)), central * y * (1.0 + k * (1.0 - zz)), central * z * (1.0 + k * (3.0 - zz))


def energy_km2_s2(state: Reals, j2: float = J2) -> float:
    """Return the specific energy of a state (km, km/s), oblateness included: constant along a coast."""
    r = float(np.linalg.norm(state[:3]))
    sine = state[2] / r
    potential = GM_KM3_S2 / r * (1.0 - j2 * (RADIUS_KM / r) ** 2 * (1.5 * sine * sine - 0.5))
    return float(0.5 * state[3:6] @ state[3:6] - potential)
