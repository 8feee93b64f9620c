"""The air of drag passes: the integrator's form of it, fitted where passes happen, from 80 to 320 km.

The form is that of `air` (Chebyshev polynomials of height times powers of the direction to the Sun); over a narrower span of
heights it follows a model more closely than that of `airfit`, which reaches from 50 to 600 km.
"""

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .air import SHAPES, shapes
from .airfit import Atmosphere, season_deg
from .rotation import Rotation

Reals = NDArray[np.float64]
LOWEST_KM, HIGHEST_KM, TERMS, WINDOW_S = 80.0, 320.0, 18, 10 * 86400.0


def pass_air(atmosphere: Atmosphere, rotation: Rotation, first_et_s: float, last_et_s: float) -> tuple[Reals, Reals]:
    """Return coefficients (window of ten days, height term, shape) of ln(kg/m3), and first ET, width, lowest and highest km.

    Error against MarsAtmosphere: 0.9 % rms, 3 % at most, from 90 to 300 km (`test_aerobraking.py`); beyond both ends the last
    scale height goes on. Raises UsageError where the atmosphere gives no positive density.
    """
    heights, latitudes, hours = _grid()
    height, latitude, hour = (each.ravel() for each in np.meshgrid(heights, latitudes, hours, indexing="ij"))
    polynomials = np.linalg.pinv(
        np.cos(np.outer(np.arccos(2 * (heights - LOWEST_KM) / (HIGHEST_KM - LOWEST_KM) - 1), np.arange(TERMS)))
    )
    directions = latitudes.size * hours.size
    looked = np.empty((directions, len(SHAPES)))
    for row in range(directions):
        north, angle = np.radians(latitude[row]), (hour[row] - 12.0) * np.pi / 12
        shapes(np.cos(north) * np.cos(angle), np.cos(north) * np.sin(angle), np.sin(north), looked[row])
    by_shape = np.linalg.pinv(looked)
    made = []
    for number in range(2 + int((last_et_s - first_et_s) / WINDOW_S)):
        ls = season_deg(rotation, first_et_s + number * WINDOW_S)
        rho = np.asarray(
            atmosphere.density_kg_m3(height, latitude, np.zeros_like(height), np.full_like(height, ls), hour), np.float64
        )
        if not (np.isfinite(rho).all() and (rho > 0).all()):
            raise UsageError(
                f"the atmosphere gives no positive density everywhere from {LOWEST_KM:g} to {HIGHEST_KM:g} km",
                remedy="Let it go on above its highest level",
            )
        made.append(polynomials @ np.log(rho).reshape(heights.size, -1) @ by_shape.T)
    return np.array(made), np.array([first_et_s, WINDOW_S, LOWEST_KM, HIGHEST_KM])


def _grid() -> tuple[Reals, Reals, Reals]:
    """Return heights (Chebyshev's nodes), latitudes (deg) evenly spread over the sphere, and hours."""
    s = np.cos(np.pi * (np.arange(3 * TERMS) + 0.5) / (3 * TERMS))
    heights = LOWEST_KM + 0.5 * (s + 1) * (HIGHEST_KM - LOWEST_KM)
    latitudes = np.asarray(np.degrees(np.arcsin(np.linspace(-0.99, 0.99, 11))), np.float64)
    return np.asarray(heights, np.float64), latitudes, np.arange(0.0, 24.0, 2.0)
