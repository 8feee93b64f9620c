"""Air inside the integrator: a smooth form fitted to an atmosphere model, window by window of time.

The logarithm of density is a sum of Chebyshev polynomials of height times products of powers of the direction (latitude, and hour
angle of the Sun). It has all derivatives, which the integrator needs, and takes a fraction of a microsecond.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Reals = NDArray[np.float64]
HEIGHT_TERMS, ORDER = 14, 4
SHAPES = tuple((i, j, k) for i in range(ORDER + 1) for j in range(ORDER + 1 - i) for k in range(min(2, ORDER + 1 - i - j)))
"""Powers of the components of the direction: towards the Sun's meridian, east of it, and north; of the last 0 or 1 suffices
with the others, since its square is one less theirs."""
POWERS = np.array(SHAPES, np.int64)


@njit(cache=True, error_model="numpy")
def geodetic(surface: Reals, x: float, y: float, z: float) -> tuple[float, float]:
    """Return height (km) and geodetic latitude (rad) above an ellipsoid of revolution (Bowring's formula, once: under 1 mm)."""
    a, b = surface[0], surface[1]
    p = np.sqrt(x * x + y * y)
    e2, second = 1.0 - (b / a) ** 2, (a / b) ** 2 - 1.0
    beta = np.arctan2(a * z, b * p) if p > 0.0 or z != 0.0 else 0.0
    latitude = beta
    for _ in range(2):
        sb, cb = np.sin(beta), np.cos(beta)
        latitude = np.arctan2(z + second * b * sb * sb * sb, p - e2 * a * cb * cb * cb)
        beta = np.arctan2(b * np.sin(latitude), a * np.cos(latitude))
    sl, cl = np.sin(latitude), np.cos(latitude)
    n = a / np.sqrt(1.0 - e2 * sl * sl)
    return p * cl + z * sl - a * a / n, latitude


@njit(cache=True, error_model="numpy")
def shapes(latitude: float, hour_angle: float, out: Reals) -> None:
    """Write the products of powers of the direction."""
    u, v, w = np.cos(latitude) * np.cos(hour_angle), np.cos(latitude) * np.sin(hour_angle), np.sin(latitude)
    for n in range(POWERS.shape[0]):
        out[n] = u ** POWERS[n, 0] * v ** POWERS[n, 1] * w ** POWERS[n, 2]


@njit(cache=True, error_model="numpy")
def density(tables: Reals, span: Reals, surface: Reals, m: Reals, sun: Reals, et_s: float, r: Reals) -> float:
    """Return the density (kg/m3) at a place in J2000 axes; beyond the fitted heights it goes on with the last scale height."""
    x = m[0, 0] * r[0] + m[0, 1] * r[1] + m[0, 2] * r[2]
    y = m[1, 0] * r[0] + m[1, 1] * r[1] + m[1, 2] * r[2]
    z = m[2, 0] * r[0] + m[2, 1] * r[1] + m[2, 2] * r[2]
    sx = m[0, 0] * sun[0] + m[0, 1] * sun[1] + m[0, 2] * sun[2]
    sy = m[1, 0] * sun[0] + m[1, 1] * sun[1] + m[1, 2] * sun[2]
    height, latitude = geodetic(surface, x, y, z)
    shape = np.empty(POWERS.shape[0])
    shapes(latitude, np.arctan2(y, x) - np.arctan2(sy, sx), shape)
    at = min(max((et_s - span[0]) / span[1], 0.0), tables.shape[0] - 1.0)
    first = min(int(at), max(tables.shape[0] - 2, 0))
    part = at - first
    half = 0.5 * (span[3] - span[2])
    s = (height - span[2]) / half - 1.0
    inside = min(max(s, -1.0), 1.0)
    total, slope = 0.0, 0.0
    t0, t1, d0, d1 = 1.0, inside, 0.0, 1.0
    for k in range(tables.shape[1]):
        value = 0.0
        for n in range(shape.size):
            c = tables[first, k, n]
            if part > 0.0:
                c += part * (tables[first + 1, k, n] - c)
            value += c * shape[n]
        total += value * t0
        slope += value * d0
        t0, t1, d0, d1 = t1, 2.0 * inside * t1 - t0, d1, 2.0 * t1 + 2.0 * inside * d1 - d0
    return np.exp(total + slope * (s - inside))
