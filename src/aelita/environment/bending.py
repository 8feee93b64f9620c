"""How much higher than it stands a spacecraft appears to an antenna: bending of radio rays in the Earth's air."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from .media import EARTH_RADIUS_KM, standard_pressure_hpa, vapour_pressure_hpa

Reals = NDArray[np.float64]
SCALE_KM = 7.35  # of the exponential reference atmosphere (ITU-R P.453, global mean: N = 315 exp(-h / 7.35 km))
HIGHEST_KM, PIECES = 140.0, 96
_APPARENT_DEG = 90.0 * np.linspace(0.0, 1.0, 2001) ** 2  # dense near the horizon
LOWEST_K, HIGHEST_K = 180.0, 340.0


def refractivity(pressure_hpa: ArrayLike, temperature_k: ArrayLike, humidity: ArrayLike) -> Reals:
    """Return the radio refractivity of air, (n - 1) 1e6, from its pressure, temperature and relative humidity (0 to 1).

    ITU-R P.453: 77.6 P/T - 5.6 e/T + 3.75e5 e/T^2, good to 0.5 % up to 30 GHz for true weather. Raises UsageError for what is no
    weather, as degrees Celsius or percents.
    """
    pressure, temperature, humid = (np.asarray(one, np.float64) for one in (pressure_hpa, temperature_k, humidity))
    if not (np.all((temperature >= LOWEST_K) & (temperature <= HIGHEST_K)) and np.all((humid >= 0) & (humid <= 1))):
        raise UsageError(
            f"temperature {temperature} K and humidity {humid}", remedy="Give kelvins, and relative humidity from 0 to 1"
        )
    if not np.all((pressure > 0) & (pressure <= 1200)):
        raise UsageError(f"a pressure of {pressure} hPa", remedy="Give hectopascals at the station: up to 1200")
    vapour = vapour_pressure_hpa(temperature, humid)
    return np.asarray(77.6 * pressure / temperature - 5.6 * vapour / temperature + 3.75e5 * vapour / temperature**2)


@dataclass(frozen=True, slots=True, eq=False)
class Refraction:
    """Bending above a station: what is far away appears higher by `raised_deg` than it stands.

    Rays are traced through N = `units` exp(-h / 7.35 km) above the station by the integral of bending (ITU-R P.834, eq. 1), in
    spheres about the Earth's centre. Against a ray that is integrated step by step 1e-6 deg; against the formula of P.834 for its
    own atmosphere some percent from 1 to 10 deg (`test_environment_refraction.py`). The air itself is known less well: 10 % of
    refractivity, a usual change of weather, are 0.01 deg at 10 deg and 0.002 deg at 45 deg. Raises UsageError for what is no air.
    """

    units: float
    height_km: float = 0.0
    _stands_deg: Reals = field(init=False, repr=False)
    _raised_deg: Reals = field(init=False, repr=False)
    _slope: Reals = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.units <= 1000 or not -1 <= self.height_km <= 9:
            raise UsageError(
                f"a refractivity of {self.units:g} at {self.height_km:g} km", remedy="Give N-units, about 315, and kilometres"
            )
        bending = np.degrees(_bending_rad(_APPARENT_DEG, self.units * 1e-6, self.height_km))
        stands = _APPARENT_DEG - bending
        object.__setattr__(self, "_stands_deg", stands)
        object.__setattr__(self, "_raised_deg", bending)
        object.__setattr__(self, "_slope", np.gradient(bending, stands))

    def raised_deg(self, elevation_deg: ArrayLike) -> Reals:
        """Return by how much (deg) something appears above its geometric elevation (deg); below the horizon as at it."""
        return np.asarray(np.interp(np.asarray(elevation_deg, np.float64), self._stands_deg, self._raised_deg))

    def rate(self, elevation_deg: ArrayLike) -> Reals:
        """Return by how much the apparent elevation changes with the geometric one: a little below 1."""
        return np.asarray(1.0 + np.interp(np.asarray(elevation_deg, np.float64), self._stands_deg, self._slope))


def refraction(
    height_km: float, *, pressure_hpa: float | None = None, temperature_k: float = 288.0, humidity: float = 0.5
) -> Refraction:
    """Return the refraction above a station at a height, by weather there; the standard atmosphere tells a pressure not given.

    Temperature and humidity that are not given are assumed (E), as for `troposphere_m`.
    """
    pressure = float(standard_pressure_hpa(height_km)) if pressure_hpa is None else pressure_hpa
    return Refraction(float(refractivity(pressure, temperature_k, humidity)), height_km)


def _bending_rad(apparent_deg: Reals, above_one: float, height_km: float) -> Reals:
    """Return the whole bending of rays that come in at apparent elevations, rising from 0.

    With h = w^2 the integrand is finite at the horizon too; Gauss's nodes, some for each ray.
    """
    nodes, weights = np.polynomial.legendre.leggauss(PIECES)
    root = np.sqrt(HIGHEST_KM)
    w, share = 0.5 * (nodes + 1.0) * root, 0.5 * weights * root
    height = w**2
    air = above_one * np.exp(-height / SCALE_KM)
    index, radius = 1.0 + air, EARTH_RADIUS_KM + height_km
    part = (air / SCALE_KM / index) * 2.0 * w * share  # -dn/n
    ratio = index * (1.0 + height / radius) / (1.0 + above_one)
    sine, cosine = np.sin(np.radians(apparent_deg))[:, None], np.cos(np.radians(apparent_deg))[:, None]
    # n r sin(phi) over n0 r0, by the invariant n r cos(phi): as a difference of squares, which is not lost near the horizon
    inward = np.sqrt(np.maximum((ratio - 1.0) * (ratio + 1.0) + sine**2, 1e-300))
    return np.asarray(np.sum(part * cosine / inward, axis=1))
