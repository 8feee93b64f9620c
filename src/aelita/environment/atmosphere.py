"""Air of Mars: what every model of the atmosphere answers, and the engineering model of the whole height range."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from .atmosphere_kernels import FLUX_USUAL, GAS_J_MOL_K, GRAVITY_M_S2, RADIUS_KM, areoid_pressure_pa, mars_air, usual_dust

Reals = NDArray[np.float64]
SIGMA_KM = np.array([0.0, 30.0, 60.0, 90.0, 110.0, 150.0, 250.0])
AREOID_KM = (-0.19, 2.23)  # over the ellipsoid at the equator, and more towards the pole: 3396.0 / 191 against 1 / 169.89
SIGMA_LN = np.array([0.04, 0.06, 0.25, 0.4, 0.55, 0.5, 0.6])  # how far profiles and models of Mars lie apart, and weather


class Atmosphere(Protocol):
    """What drag and entry ask of an atmosphere. Arguments broadcast; local time is true solar.

    Heights are above the ellipsoid (3396.19 and 3376.20 km), as orbits and maps have them; a model made over the areoid turns
    them itself (`areoid_km`).
    """

    def density_kg_m3(
        self, height_km: ArrayLike, lat_deg: ArrayLike, lon_deg: ArrayLike, ls_deg: ArrayLike, local_time_h: ArrayLike
    ) -> Reals:
        """Return the density in kg/m^3."""
        ...

    def sigma(self, height_km: ArrayLike) -> Reals:
        """Return the standard deviation of the logarithm of the density: 0.5 is a factor of 1.65 either way."""
        ...


@dataclass(frozen=True, slots=True)
class Air:
    """The state of the air at places: density kg/m^3, pressure Pa, temperature K, molar mass kg/mol."""

    density_kg_m3: Reals
    pressure_pa: Reals
    temperature_k: Reals
    molar_mass_kg_mol: Reals
    height_km: Reals

    @property
    def scale_height_km(self) -> Reals:
        """The height in which pressure falls by e, if temperature and mass stay."""
        gravity = GRAVITY_M_S2 * (RADIUS_KM / (RADIUS_KM + self.height_km)) ** 2
        return GAS_J_MOL_K * self.temperature_k / (self.molar_mass_kg_mol * gravity) / 1000

    @property
    def sound_speed_m_s(self) -> Reals:
        """The speed of sound (0.5 % below 100 km, where CO2 rules the heat capacity; without meaning above 130 km)."""
        return np.sqrt(carbon_dioxide_gamma(self.temperature_k) * GAS_J_MOL_K * self.temperature_k / self.molar_mass_kg_mol)


def carbon_dioxide_gamma(temperature_k: Reals) -> Reals:
    """Return the ratio of heat capacities of CO2: a rigid line, and vibrations at 960 (twice), 1920 and 3380 K."""
    heat = 2.5 + sum(
        many * (x := level / temperature_k) ** 2 * np.exp(x) / np.expm1(x) ** 2
        for level, many in ((960.0, 2), (1920.0, 1), (3380.0, 1))
    )
    return 1.0 + 1.0 / np.asarray(heat)


@dataclass(frozen=True, slots=True)
class MarsAtmosphere:
    """Engineering model of Mars from 0 to 250 km, with season, latitude, height, hour, dust and activity of the Sun.

    `dust` is the visible optical depth (None: usual for the season; a global storm has 3 to 5), `flux` that of the Sun at
    10.7 cm at 1 au, `multiplier` a factor that orbit determination may estimate. No topography, no longitude, no winds.
    Against the mean of the Mars Climate Database it is a factor 0.60 to 1.02 (50 to 250 km), against a Mars-GRAM profile
    of Jezero within 5 % to 40 km and 1.1 to 1.8 above: `sigma` states that. Above 250 km it goes on without hydrogen; below 0
    the lowest layer goes on. Constants and their grades stand in `atmosphere_kernels`.
    """

    dust: float | None = None
    flux: float = FLUX_USUAL
    multiplier: float = 1.0

    def __post_init__(self) -> None:
        if not (self.dust is None or 0.01 <= self.dust <= 10) or not 30 <= self.flux <= 500 or not 0 < self.multiplier < 1000:
            raise UsageError(
                f"atmosphere with dust {self.dust}, flux {self.flux} and multiplier {self.multiplier}",
                remedy="Dust is an optical depth of 0.01 to 10, flux 30 to 500 e-22 W/m^2/Hz at 1 au, the multiplier above 0",
            )

    def air(
        self, height_km: ArrayLike, lat_deg: ArrayLike, lon_deg: ArrayLike, ls_deg: ArrayLike, local_time_h: ArrayLike
    ) -> Air:
        """Return the air at places and times that broadcast; longitude has no influence. Density and pressure are multiplied.

        Heights are above the ellipsoid; what is not a number is refused (UsageError).
        """
        height, lat, _, ls, hour = np.broadcast_arrays(
            *(np.asarray(v, np.float64) for v in (height_km, lat_deg, lon_deg, ls_deg, local_time_h))
        )
        if not all(np.isfinite(v).all() for v in (height, lat, ls, hour)):
            raise UsageError("a height, place or time that is no number", remedy="Give finite numbers")
        dust = usual_depth(ls) if self.dust is None else np.full(ls.shape, self.dust)
        columns = (height - areoid_km(lat), lat, ls, hour, dust, np.full(ls.shape, self.flux))
        places = np.stack([np.ravel(c) for c in columns], axis=1)
        found = np.empty((places.shape[0], 4))
        mars_air(places, found)
        density, pressure, temperature, mass = (found[:, k].reshape(height.shape) for k in range(4))
        return Air(density * self.multiplier, pressure * self.multiplier, temperature, mass, np.array(height))

    def density_kg_m3(
        self, height_km: ArrayLike, lat_deg: ArrayLike, lon_deg: ArrayLike, ls_deg: ArrayLike, local_time_h: ArrayLike
    ) -> Reals:
        """Return the density in kg/m^3."""
        return self.air(height_km, lat_deg, lon_deg, ls_deg, local_time_h).density_kg_m3

    def sigma(self, height_km: ArrayLike) -> Reals:
        """Return the standard deviation of the logarithm of the density."""
        return np.interp(np.asarray(height_km, np.float64), SIGMA_KM, SIGMA_LN)


def areoid_km(lat_deg: ArrayLike) -> Reals:
    """Return how far the areoid lies above the ellipsoid of maps: -0.19 km at the equator, 2.04 km at the poles.

    The areoid is level under gravity (J2 of JGMRO120D) and spin, 3396.0 km from the centre on average over the equator. Left
    out: odd zonals (0.1 km) and what changes with longitude (1.5 km at Tharsis, 0.4 km rms).
    """
    u2 = np.sin(np.radians(np.asarray(lat_deg, np.float64))) ** 2
    return AREOID_KM[0] + AREOID_KM[1] * u2


def usual_depth(ls_deg: ArrayLike) -> Reals:
    """Return the usual visible optical depth of dust over the year, without a global storm: 0.3 at Ls 90, 0.7 at Ls 270."""
    return np.vectorize(usual_dust, otypes=[np.float64])(ls_deg)


def surface_pressure_pa(ls_deg: ArrayLike) -> Reals:
    """Return the pressure at the areoid over the year in Pa, about 3 %."""
    return np.vectorize(areoid_pressure_pa, otypes=[np.float64])(ls_deg)
