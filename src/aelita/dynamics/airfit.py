"""Fitting the integrator's form of the air to an atmosphere model, for the span of a propagation."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import state
from ..errors import UsageError
from ..time import tai_ns_from_et
from .air import HEIGHT_TERMS, SHAPES, shapes
from .rotation import Rotation

Reals = NDArray[np.float64]
WINDOW_S = 10 * 86400.0
LOWEST_KM, HIGHEST_KM = 50.0, 600.0


class Atmosphere(Protocol):
    """Density in kg/m3 from height above the ellipsoid (km), planetodetic latitude, east longitude, Ls (deg), local time (h)."""

    def density_kg_m3(self, height_km: Reals, lat_deg: Reals, lon_deg: Reals, ls_deg: Reals, local_time_h: Reals) -> Reals: ...  # noqa: D102


def season_deg(rotation: Rotation, et_s: float) -> float:
    """Return the areocentric longitude of the Sun (Ls, degrees): from pole, orbit and direction of the Sun (DE440)."""
    there = state("SUN", "MARS", np.array([tai_ns_from_et(et_s)], np.int64))[0]
    normal, pole = np.cross(there[:3], there[3:]), rotation.matrix(et_s)[2]
    equinox = np.cross(pole, normal)
    ahead = np.cross(normal / np.linalg.norm(normal), equinox)
    return float(np.degrees(np.arctan2(there[:3] @ ahead, there[:3] @ equinox)) % 360)


def fitted(atmosphere: Atmosphere, centre: str, rotation: Rotation, first_et_s: float, last_et_s: float) -> tuple[Reals, Reals]:
    """Return coefficients (window, height term, shape) of ln(kg/m3), and first ET, width, lowest and highest km of the fit.

    Raises UsageError where the atmosphere gives no positive density.
    """
    if centre != "MARS":
        raise UsageError(f"drag about {centre}", remedy="The atmosphere is that of Mars")
    count = 2 + int((last_et_s - first_et_s) / WINDOW_S)
    made = [_at(atmosphere, season_deg(rotation, first_et_s + number * WINDOW_S)) for number in range(count)]
    return np.array(made), np.array([first_et_s, WINDOW_S, LOWEST_KM, HIGHEST_KM])


def _at(atmosphere: Atmosphere, ls_deg: float) -> Reals:
    s = np.cos(np.pi * (np.arange(3 * HEIGHT_TERMS) + 0.5) / (3 * HEIGHT_TERMS))
    heights = LOWEST_KM + 0.5 * (s + 1) * (HIGHEST_KM - LOWEST_KM)
    latitudes = np.degrees(np.arcsin(np.linspace(-0.99, 0.99, 11)))
    hours = np.arange(12) * 2.0
    height, latitude, hour = (each.ravel() for each in np.meshgrid(heights, latitudes, hours, indexing="ij"))
    rho = np.asarray(
        atmosphere.density_kg_m3(height, latitude, np.zeros_like(height), np.full_like(height, ls_deg), hour), np.float64
    )
    if not (np.isfinite(rho).all() and (rho > 0).all()):
        raise UsageError(
            f"the atmosphere gives no positive density everywhere from {LOWEST_KM:g} to {HIGHEST_KM:g} km",
            remedy="Let it go on above its highest level",
        )
    values = np.log(rho).reshape(heights.size, -1)
    polynomials = np.cos(np.outer(np.arccos(s), np.arange(HEIGHT_TERMS)))
    by_height = np.linalg.lstsq(polynomials, values, rcond=None)[0]
    looked = np.empty((latitudes.size * hours.size, len(SHAPES)))
    for row, (lat, at) in enumerate(zip(latitude[: looked.shape[0]], hour[: looked.shape[0]], strict=True)):
        north, angle = np.radians(lat), (at - 12.0) * np.pi / 12
        shapes(np.cos(north) * np.cos(angle), np.cos(north) * np.sin(angle), np.sin(north), looked[row])
    return np.asarray(np.linalg.lstsq(looked, by_height.T, rcond=None)[0].T)
