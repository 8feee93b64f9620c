"""Small accelerations of a spacecraft: other bodies, general relativity, pressure of sunlight and the shadow of a body."""

import numpy as np
from numpy.typing import NDArray

from .gravity import rows_of_three

Reals = NDArray[np.float64]
C_KM_S = 299_792.458
AU_KM = 149_597_870.7
SUN_RADIUS_KM = 695_700.0  # IAU 2015 nominal
SUNLIGHT_W_M2 = 1361.0  # at 1 au; IAU 2015 nominal solar irradiance
PRESSURE_N_M2 = SUNLIGHT_W_M2 / (C_KM_S * 1000)  # 4.54e-6


def third_body_km_s2(craft_km: Reals, body_km: Reals, gm_km3_s2: float) -> Reals:
    """Return the acceleration (km/s^2, rows of three) by another body, relative to the centre that it attracts as well.

    Both places are from that centre, in the same axes. The small difference of two large terms is taken without loss (Battin,
    An Introduction to the Mathematics and Methods of Astrodynamics, 1999, section 8.4).
    """
    craft, body = rows_of_three(craft_km), rows_of_three(body_km)
    square = np.sum(body * body, axis=1)
    q = np.sum(craft * (craft - 2 * body), axis=1) / square
    growth = q * (3 + 3 * q + q * q) / (1 + (1 + q) ** 1.5)  # (1 + q)^1.5 - 1
    distance = np.linalg.norm(body - craft, axis=1)
    return -gm_km3_s2 / distance[:, None] ** 3 * (craft + growth[:, None] * body)


def relativity_km_s2(position_km: Reals, velocity_km_s: Reals, gm_km3_s2: float) -> Reals:
    """Return the post-Newtonian acceleration (km/s^2) about a body of that GM: Schwarzschild's term, harmonic coordinates.

    IERS Conventions 2010, equation 10.12, first line, with beta and gamma 1. Place and velocity are relative to the body.
    """
    r, v = rows_of_three(position_km), rows_of_three(velocity_km_s)
    distance, radial = np.linalg.norm(r, axis=1), np.sum(r * v, axis=1)
    along_r = 4 * gm_km3_s2 / distance - np.sum(v * v, axis=1)
    return gm_km3_s2 / (C_KM_S**2 * distance**3)[:, None] * (along_r[:, None] * r + 4 * radial[:, None] * v)


def gravity_delay_s(here_km: Reals, there_km: Reals, gm_km3_s2: float) -> Reals:
    """Return by how much the gravity of a body delays light between two places from its centre (rows of three), in seconds.

    Shapiro's formula, gamma 1 (Moyer, Formulation for Observed and Computed Values of DSN Data Types, 2000, section 8.3.1,
    without the bending that only the Sun's limb needs). Jupiter and Saturn make 1 to 6 ns on the way to Mars.
    """
    here, there = rows_of_three(here_km), rows_of_three(there_km)
    near, far, way = (np.linalg.norm(v, axis=1) for v in (here, there, there - here))
    return 2 * gm_km3_s2 / C_KM_S**3 * np.log((near + far + way) / (near + far - way))


def sunlit_fraction(craft_km: Reals, sun_km: Reals, radius_km: float, sun_radius_km: float = SUN_RADIUS_KM) -> Reals:
    """Return which part of the Sun's disc a spherical body leaves free, 0 in umbra to 1, at places from the body's centre.

    Discs overlap as circles in the sky (Montenbruck and Gill, Satellite Orbits, 2000, section 3.4.2, with exact sizes): wrong by
    under 1e-5 of the disc. It falls steadily through penumbra and is 1 - (ratio of discs) inside annular eclipses. The
    flattening of Mars, its air and limb darkening are left out: edges are some seconds off in a low orbit.
    """
    craft, sun = rows_of_three(craft_km), rows_of_three(sun_km)
    to_sun, to_body = sun - craft, -craft
    far, near = np.linalg.norm(to_sun, axis=1), np.linalg.norm(to_body, axis=1)
    a, b = np.arcsin(np.minimum(sun_radius_km / far, 1)), np.arcsin(np.minimum(radius_km / near, 1))
    cross = np.linalg.norm(np.cross(to_sun, to_body), axis=1)
    apart = np.arctan2(cross, np.sum(to_sun * to_body, axis=1))
    inside = apart <= np.abs(a - b)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (apart**2 + a**2 - b**2) / (2 * apart)
        y = np.sqrt(np.maximum(a**2 - x**2, 0))
        hidden = a**2 * np.arccos(np.clip(x / a, -1, 1)) + b**2 * np.arccos(np.clip((apart - x) / b, -1, 1)) - apart * y
    part = np.where(inside, np.minimum(1.0, (b / a) ** 2), np.where(apart >= a + b, 0.0, hidden / (np.pi * a**2)))
    return np.asarray(1.0 - np.where(near < far, part, 0.0))


def solar_pressure_km_s2(
    craft_from_sun_km: Reals, area_m2: float, mass_kg: float, coefficient: float, sunlit: Reals | float = 1.0
) -> Reals:
    """Return the acceleration (km/s^2, rows of three) by sunlight on a ball, at places from the Sun.

    `coefficient` is 1 for a black body, 1 + reflectivity for mirrors that face the Sun, about 1.3 for spacecraft; `sunlit` what
    `sunlit_fraction` returns. Sunlight is 1361 W/m^2 at 1 au, within 0.1 % over a solar cycle.
    """
    place = rows_of_three(craft_from_sun_km)
    distance = np.linalg.norm(place, axis=1)
    size = PRESSURE_N_M2 * (AU_KM / distance) ** 2 * coefficient * area_m2 / mass_kg / 1000
    return (size * sunlit / distance)[:, None] * place
