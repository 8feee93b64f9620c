"""Compiled engineering model of the atmosphere of Mars: density, pressure, temperature and molar mass at one place and time.

Below 125 km the gas is mixed and in hydrostatic balance under temperatures that run straight between eight heights; each
temperature answers to the distance of the Sun, the season at the latitude, the latitude, the hour and the dust. Above, each
gas has its own scale height under the temperatures of Bates. The pressure at the areoid follows the cycle of the polar caps.
Every constant stands here with its origin; grades as in the mission files: C literature, D derived from data, E assumed.
"""

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled

GAS_J_MOL_K = 8.314462618  # CODATA 2018
GRAVITY_M_S2, RADIUS_KM = 3.7257, 3389.5  # mean of Mars, GM over the square of the mean radius (D)
MIXED_KG_MOL = 0.0434  # CO2 0.953, N2 0.027, Ar 0.016 by volume (Owen et al., J. Geophys. Res. 82, 1977, p. 4635; C)
PERIHELION_LS_DEG, ECCENTRICITY = 251.0, 0.0934  # Allison and McEwen, Planet. Space Sci. 48, 2000, p. 215 (C)
DUST_USUAL = 0.5  # visible optical depth at which the mean temperatures hold (E)
FLUX_USUAL = 90.0  # flux of the Sun at 10.7 cm at 1 au, in 1e-22 W/m^2/Hz, at which the mean exosphere holds (E)

HEIGHTS_KM = np.array([0.0, 10.0, 25.0, 45.0, 65.0, 90.0, 110.0, 125.0])
MEAN_K = np.array(
    [216.0, 196.0, 169.0, 148.0, 149.0, 135.0, 123.0, 142.0]
)  # fitted to both profiles, see docs/environment.md (D)
# What follows is assumed (E), of the size that lets density at 138 to 200 km move as in DTM-Mars (the part by latitude above all,
# which is small there), at 126 km double in a storm as Mars Global Surveyor saw (Keating et al., Science 279, 1998, p. 1672), and
# at 105 km over the pole in southern winter stay in the 20 to 40 kg/km3 of aerobraking (docs/environment.md): air over 60 km is
# not as cold there as that below, which Mars Odyssey found too. The lowest 40 km after textbooks.
BY_SUN = np.array([0.10, 0.10, 0.10, 0.08, 0.04, 0.03, 0.03, 0.03])  # per unit of relative sunlight
BY_SEASON = np.array([0.08, 0.08, 0.07, 0.06, 0.04, 0.03, 0.03, 0.05])  # times sin Ls sin latitude
BY_LATITUDE = np.array([-0.06, -0.045, -0.03, -0.01, 0.0, 0.0, 0.0, 0.0])  # times P2(sin latitude)
BY_HOUR = np.array([0.09, 0.01, 0.01, 0.01, 0.01, 0.02, 0.02, 0.05])  # times cos latitude, greatest at the hour below
BY_DUST = np.array([0.0, 0.03, 0.06, 0.06, 0.05, 0.03, 0.02, 0.0])  # times ln of the dust over the usual
WARMEST_H = 15.0  # DTM-Mars: exosphere 15 h, 138 km 14.3 h (D)

# Two waves through the extremes that Viking 1 saw: 6.8 mbar at Ls 148, 9.0 at 258 (Tillman et al., J. Geophys. Res. 98, 1993,
# p. 10963; C), two lesser ones between; 3 % off its 7.65 mbar at Ls 97.
PRESSURE_PA = 610.0  # at the areoid, mean of the year (C)
PRESSURE_TERMS = np.array([[0.0448, -0.0893], [-0.0410, 0.0429]])  # cosine and sine of Ls, then of 2 Ls, relative

# After DTM-Mars: season 4 %, hour 25 %, and flux (D; E for the mean of all solar cycles)
EXOSPHERE_K, EXOSPHERE_BY_FLUX, EXOSPHERE_BY_SUN, EXOSPHERE_BY_HOUR = 195.0, 0.7, 0.20, 0.20
BATES_PER_KM = 0.07
GASES_KG_MOL = np.array([0.04401, 0.03995, 0.0280, 0.0160, 0.0040])  # CO2, Ar, N2 with CO and some O2, O, He
GASES_SHARE = np.array([0.925, 0.019, 0.038, 0.01785, 0.00015])  # by number at 125 km
TOP_KG_MOL = float(GASES_KG_MOL @ GASES_SHARE)  # the mean of these, to which the mass falls from 110 to 125 km


@compiled
def sunlight(ls_deg: float) -> float:
    """Return the sunlight at Mars relative to that at the semi-major axis, less one: 0.22 at perihelion, -0.16 at aphelion."""
    nearer = (1.0 + ECCENTRICITY * np.cos(np.radians(ls_deg - PERIHELION_LS_DEG))) / (1.0 - ECCENTRICITY**2)
    return nearer * nearer - 1.0


@compiled
def usual_dust(ls_deg: float) -> float:
    """Return the usual visible optical depth of a season without global storm (E, after the years that MGS and MRO saw)."""
    return 0.5 - 0.2 * np.sin(np.radians(ls_deg))


@compiled
def areoid_pressure_pa(ls_deg: float) -> float:
    """Return the pressure at the areoid over the year, in Pa."""
    ls = np.radians(ls_deg)
    cycle = 1.0
    for k in range(2):
        cycle += PRESSURE_TERMS[k, 0] * np.cos((k + 1) * ls) + PRESSURE_TERMS[k, 1] * np.sin((k + 1) * ls)
    return PRESSURE_PA * cycle


@compiled
def scaled(height_km: float) -> float:
    """Return the geopotential height in km: the height that has the same potential under the gravity of the areoid."""
    return RADIUS_KM * height_km / (RADIUS_KM + height_km)


@compiled
def over_temperature(lower_k: float, upper_k: float) -> float:
    """Return the mean of 1/T between two temperatures along a straight line, in 1/K."""
    x = (upper_k - lower_k) / lower_k
    return (np.log1p(x) / x if abs(x) > 1e-6 else 1.0 - 0.5 * x) / lower_k


@compiled
def mars_air_at(
    height_km: float, latitude_deg: float, ls_deg: float, local_time_h: float, dust: float, flux: float
) -> tuple[float, float, float, float]:
    """Return density (kg/m^3), pressure (Pa), temperature (K) and molar mass (kg/mol); meant for compiled callers as well.

    `height_km` is above the areoid, 0 to 250 (below 0 the lowest layer goes on), `dust` the visible optical depth, `flux` that
    of the Sun at 10.7 cm at 1 au. Callers see to `dust` and `flux` above zero.
    """
    u, sun = np.sin(np.radians(latitude_deg)), sunlight(ls_deg)
    season, second = np.sin(np.radians(ls_deg)) * u, 1.5 * u * u - 0.5
    hour = np.sqrt(1.0 - u * u) * np.cos(np.radians(15.0 * (local_time_h - WARMEST_H)))
    dusty = np.log(dust / DUST_USUAL)
    below, log_p = 0.0, np.log(areoid_pressure_pa(ls_deg))
    weight = MIXED_KG_MOL * GRAVITY_M_S2 * 1000.0 / GAS_J_MOL_K  # K/km
    last = HEIGHTS_KM.size - 1
    for k in range(HEIGHTS_KM.size):
        answer = BY_SUN[k] * sun + BY_SEASON[k] * season + BY_LATITUDE[k] * second + BY_HOUR[k] * hour + BY_DUST[k] * dusty
        mass = TOP_KG_MOL if k == last else MIXED_KG_MOL
        here = MEAN_K[k] * (1.0 + answer) * MIXED_KG_MOL / mass  # what mixed gas of this density and pressure would have
        if k > 0:
            low, high = scaled(HEIGHTS_KM[k - 1]), scaled(HEIGHTS_KM[k])
            if height_km < HEIGHTS_KM[k]:
                part = (scaled(height_km) - low) / (high - low)
                straight, mass = below + (here - below) * part, MIXED_KG_MOL + (mass - MIXED_KG_MOL) * part
                pressure = np.exp(log_p - weight * (high - low) * part * over_temperature(below, straight))
                temperature = straight * mass / MIXED_KG_MOL
                return pressure * mass / (GAS_J_MOL_K * temperature), pressure, temperature, mass
            log_p -= weight * (high - low) * over_temperature(below, here)
        below = here
    mean = EXOSPHERE_K + EXOSPHERE_BY_FLUX * (flux - FLUX_USUAL)
    exosphere = mean * (1.0 + EXOSPHERE_BY_SUN * sun + EXOSPHERE_BY_HOUR * hour)
    return bates(height_km, log_p, below * TOP_KG_MOL / MIXED_KG_MOL, exosphere)


@compiled
def bates(height_km: float, log_p: float, base_k: float, exosphere_k: float) -> tuple[float, float, float, float]:
    """Return what `mars_air_at` does, above its top: each gas by itself (Bates, Proc. Phys. Soc. B 64, 1951, p. 805)."""
    top = HEIGHTS_KM[HEIGHTS_KM.size - 1]
    ratio = (RADIUS_KM + top) / RADIUS_KM
    above = (height_km - top) * (RADIUS_KM + top) / (RADIUS_KM + height_km)  # geopotential at the gravity of the top, km
    fade = np.exp(-BATES_PER_KM * above)
    temperature = exosphere_k - (exosphere_k - base_k) * fade
    column = (above + np.log(temperature / base_k) / BATES_PER_KM) / exosphere_k  # of 1/T, km/K
    number = density = 0.0
    for k in range(GASES_KG_MOL.size):
        share = GASES_SHARE[k] * np.exp(-GASES_KG_MOL[k] * GRAVITY_M_S2 / ratio**2 * 1000.0 / GAS_J_MOL_K * column)
        number += share
        density += share * GASES_KG_MOL[k]
    pressure = np.exp(log_p) * number
    return pressure * density / number / (GAS_J_MOL_K * temperature), pressure, temperature, density / number


@compiled
def mars_air(places: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    """Fill rows of `found` with what `mars_air_at` returns for the six arguments in rows of `places`."""
    for k in range(places.shape[0]):
        p = places[k]
        found[k, 0], found[k, 1], found[k, 2], found[k, 3] = mars_air_at(p[0], p[1], p[2], p[3], p[4], p[5])
