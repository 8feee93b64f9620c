"""The U.S. Standard Atmosphere 1976: layers to 86 km by its formulae, above by its table of densities.

Below 86 km geometric height the seven layers are exact (`tests/test_launch_earth.py`: the published table to 0.03 %). From
86 to 500 km the density is interpolated between published lines (logarithm, linear in height: 2 % between lines); pressure
is zero there (0.37 Pa at most), and the temperature is only good for a Mach number nobody needs.
"""

import numpy as np
from numpy.typing import NDArray

from .compiling import kept

RADIUS_KM = 6356.766  # of the standard's geopotential height
GAS_J_KG_K = 8314.32 / 28.9644
HYDROSTATIC_K_KM = 34.163195
SEA_LEVEL_PA = 101325.0
LAYERS_KM = np.array([0.0, 11.0, 20.0, 32.0, 47.0, 51.0, 71.0])  # geopotential
LAPSE_K_KM = np.array([-6.5, 0.0, 1.0, 2.8, 0.0, -2.8, -2.0])
TOP_KM = 86.0  # geometric
# US Standard Atmosphere 1976, table of density against geometric height
UPPER_KM = np.array([
    86.0, 88.0, 90.0, 95.0, 100.0, 105.0, 110.0, 115.0, 120.0, 130.0, 140.0, 150.0, 160.0, 180.0, 200.0, 250.0, 300.0,
    400.0, 500.0,
])  # fmt: skip
UPPER_KG_M3 = np.array([
    6.958e-6, 4.875e-6, 3.416e-6, 1.393e-6, 5.604e-7, 2.325e-7, 9.708e-8, 4.289e-8, 2.222e-8, 8.152e-9, 3.831e-9, 2.076e-9,
    1.233e-9, 5.194e-10, 2.541e-10, 6.073e-11, 1.916e-11, 2.803e-12, 5.215e-13,
])  # fmt: skip
UPPER_LOG = np.log(UPPER_KG_M3)


def _bases() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    temperatures, pressures = np.zeros(7), np.zeros(7)
    temperatures[0], pressures[0] = 288.15, SEA_LEVEL_PA
    for n in range(6):
        rise = LAYERS_KM[n + 1] - LAYERS_KM[n]
        temperatures[n + 1] = temperatures[n] + LAPSE_K_KM[n] * rise
        if LAPSE_K_KM[n] == 0.0:
            pressures[n + 1] = pressures[n] * np.exp(-HYDROSTATIC_K_KM * rise / temperatures[n])
        else:
            pressures[n + 1] = pressures[n] * (temperatures[n] / temperatures[n + 1]) ** (HYDROSTATIC_K_KM / LAPSE_K_KM[n])
    return temperatures, pressures


BASE_K, BASE_PA = _bases()


@kept()
def air(height_km: float) -> tuple[float, float, float]:
    """Return density (kg/m3), pressure (Pa) and speed of sound (m/s) at a geometric height; below the sea as at the sea."""
    if height_km >= 500.0:
        return 0.0, 0.0, 300.0
    if height_km >= TOP_KM:
        n = np.searchsorted(UPPER_KM, height_km, side="right") - 1
        part = (height_km - UPPER_KM[n]) / (UPPER_KM[n + 1] - UPPER_KM[n])
        return np.exp(UPPER_LOG[n] + part * (UPPER_LOG[n + 1] - UPPER_LOG[n])), 0.0, 274.1
    h = max(RADIUS_KM * height_km / (RADIUS_KM + height_km), 0.0)
    n = np.searchsorted(LAYERS_KM, h, side="right") - 1
    t = BASE_K[n] + LAPSE_K_KM[n] * (h - LAYERS_KM[n])
    if LAPSE_K_KM[n] == 0.0:
        p = BASE_PA[n] * np.exp(-HYDROSTATIC_K_KM * (h - LAYERS_KM[n]) / BASE_K[n])
    else:
        p = BASE_PA[n] * (BASE_K[n] / t) ** (HYDROSTATIC_K_KM / LAPSE_K_KM[n])
    return p / (GAS_J_KG_K * t), p, np.sqrt(1.4 * GAS_J_KG_K * t)
