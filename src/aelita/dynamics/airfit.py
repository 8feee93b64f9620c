"""Fitting the integrator's form of the air to an atmosphere model, for the span of a propagation."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

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
FINEST_KM, WIDTH_KM = 122.0, 20.0  # polynomials are of asinh of the height above FINEST_KM in WIDTH_KM: chosen by trial
FLATTENED = 3  # times that heights are weighted anew by their greatest error (Lawson), so that no height stands out


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
    """Return coefficients (window, height term, shape) of ln(kg/m3), and what `density` takes as its span.

    The span is first ET, width, lowest and highest km of the fit, then where the measure of height is finest (km), its width
    there (km), its lowest value and half its reach. Against MarsAtmosphere the fit is good to 1 % rms, and to 2 % anywhere but
    at the corners of that model (110 and 125 km, where its scale height jumps: 3 %). Windows of ten days begin at multiples of
    that from J2000: arcs share them, and an atmosphere that is a frozen value is fitted once in each. Raises UsageError where
    the atmosphere gives no positive density.
    """
    if centre != "MARS":
        raise UsageError(f"drag about {centre}", remedy="The atmosphere is that of Mars")
    first, last = int(np.floor(first_et_s / WINDOW_S)), int(np.floor(last_et_s / WINDOW_S)) + 1
    kind = vars(type(atmosphere))
    value = "__dataclass_params__" in kind and kind["__dataclass_params__"].frozen and kind.get("__hash__")
    fit: Callable[[Any, Rotation, int], Reals] = _kept if value else _at
    made = [fit(atmosphere, rotation, number) for number in range(first, last + 1)]
    low, half = _reach()
    return np.array(made), np.array([first * WINDOW_S, WINDOW_S, LOWEST_KM, HIGHEST_KM, FINEST_KM, WIDTH_KM, low, half])


def _reach() -> tuple[float, float]:
    """Return the lowest value of the measure of height, and half its reach."""
    low, high = (float(np.arcsinh((km - FINEST_KM) / WIDTH_KM)) for km in (LOWEST_KM, HIGHEST_KM))
    return low, 0.5 * (high - low)


def _at(atmosphere: Atmosphere, rotation: Rotation, number: int) -> Reals:
    """Return the coefficients (height term, shape) at so many windows from J2000."""
    ls_deg = season_deg(rotation, number * WINDOW_S)
    s = np.cos(np.pi * (np.arange(3 * HEIGHT_TERMS) + 0.5) / (3 * HEIGHT_TERMS))
    low, half = _reach()
    heights = np.clip(FINEST_KM + WIDTH_KM * np.sinh(low + half * (s + 1)), LOWEST_KM, HIGHEST_KM)
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
    weight = np.ones((s.size, 1))
    for _ in range(FLATTENED + 1):
        by_height = np.linalg.lstsq(polynomials * weight, values * weight, rcond=None)[0]
        greatest = np.abs(polynomials @ by_height - values).max(axis=1, keepdims=True)
        weight = weight * np.sqrt(greatest / greatest.mean() + 1e-9)
    looked = np.empty((latitudes.size * hours.size, len(SHAPES)))
    for row, (lat, at) in enumerate(zip(latitude[: looked.shape[0]], hour[: looked.shape[0]], strict=True)):
        north, angle = np.radians(lat), (at - 12.0) * np.pi / 12
        shapes(np.cos(north) * np.cos(angle), np.cos(north) * np.sin(angle), np.sin(north), looked[row])
    return np.asarray(np.linalg.lstsq(looked, by_height.T, rcond=None)[0].T)


_kept = lru_cache(maxsize=4096)(_at)
