"""Corrections of light time: troposphere, relativity, the clock of a station, tides of the solid Earth."""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

LIGHT_KM_S = 299_792.458
SUN_DELAY_S = 2 * 4.925490947e-6  # 2 GM/c^3 of the Sun
SUN_BEND_KM = 2 * 1.476625  # 2 GM/c^2 of the Sun: the bending term of Moyer, eq. 8-55
LOWEST_SINE = np.sin(np.radians(1.0))  # the mapping is held below 1 deg, where it has no meaning
EARTH_GM, SUN_GM, MOON_GM = 398_600.4415, 132_712_440_041.9394, 4_902.800066  # km^3/s^2 (DE440)
LOVE_H2, SHIDA_L2 = 0.6078, 0.0847  # of degree 2, nominal (IERS Conventions 2010, 7.1.1)
EARTH_RADIUS_KM = 6378.1366


def dry_mapping(elevation_rad: Reals) -> Reals:
    """Return slant over zenith delay of the dry troposphere.

    Chao's mapping (JPL Technical Report 32-1526; JPL DESCANSO 2, 10.2.1.3): within 1 % above 5 deg of elevation.
    """
    return _chao(elevation_rad, 0.00143, 0.0445)


def wet_mapping(elevation_rad: Reals) -> Reals:
    """Return slant over zenith delay of the wet troposphere, as `dry_mapping`: 3 % too much at 5 deg."""
    return _chao(elevation_rad, 0.00035, 0.017)


def _chao(elevation_rad: Reals, a: float, b: float) -> Reals:
    sine = np.maximum(np.sin(elevation_rad), LOWEST_SINE)
    tangent = sine / np.sqrt(1.0 - np.minimum(sine, 1.0 - 1e-12) ** 2)
    return np.asarray(1.0 / (sine + a / (tangent + b)))


def sun_delay_s(near_km: Reals, far_km: Reals, distance_km: Reals) -> Reals:
    """Return by how much the Sun delays light between two points, given from its centre, rows of three (Moyer, eq. 8-55)."""
    around = np.linalg.norm(near_km, axis=1) + np.linalg.norm(far_km, axis=1) + SUN_BEND_KM
    return np.asarray(SUN_DELAY_S * np.log((around + distance_km) / np.maximum(around - distance_km, 1.0)))


def planet_delay_s(near_km: Reals, far_km: Reals, gm_km3_s2: float) -> Reals:
    """Return by how much a planet delays light between two points, given from its centre, rows of three (Moyer, eq. 8-55)."""
    near, far, way = (np.linalg.norm(one, axis=1) for one in (near_km, far_km, far_km - near_km))
    return np.asarray(2 * gm_km3_s2 / LIGHT_KM_S**3 * np.log((near + far + way) / np.maximum(near + far - way, 1.0)))


def diurnal_s(station_km: Reals, earth_km: Reals, earth_velocity_km_s: Reals) -> Reals:
    """Return TDB minus TT at a station less that at the centre of the Earth: v.r/c^2, at most 2.1 us (Moyer, eq. 2-23)."""
    return np.asarray(np.sum(earth_velocity_km_s * (station_km - earth_km), axis=1) / LIGHT_KM_S**2)


def solid_tide_km(station_km: Reals, moon_km: Reals, sun_km: Reals) -> Reals:
    """Return by how much Moon and Sun lift a station: vectors from the Earth's centre in any axes, rows of three.

    Degree 2 with nominal Love and Shida numbers (IERS Conventions 2010, eq. 7.5): within 2 cm of the full model.
    """
    radius = np.linalg.norm(station_km, axis=1)[:, None]
    up = station_km / radius
    moved = np.zeros_like(station_km)
    for gm, body in ((MOON_GM, moon_km), (SUN_GM, sun_km)):
        away = np.linalg.norm(body, axis=1)[:, None]
        towards = body / away
        cosine = np.sum(up * towards, axis=1)[:, None]
        size = gm / EARTH_GM * EARTH_RADIUS_KM**4 / away**3
        moved += size * (LOVE_H2 * up * (1.5 * cosine**2 - 0.5) + 3 * SHIDA_L2 * cosine * (towards - cosine * up))
    return moved
