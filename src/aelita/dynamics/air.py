"""Air inside the integrator: a smooth form fitted to an atmosphere model, window by window of time.

The logarithm of density is a sum of Chebyshev polynomials of height (or of a measure of it that is finer where the air is
mixed no more and its scale height grows) times products of powers of the direction (latitude, and hour
angle of the Sun). It has all derivatives, which the integrator needs, and takes a fraction of a microsecond.
"""

import numpy as np
from numpy.typing import NDArray

from .compiling import kept

Reals = NDArray[np.float64]
HEIGHT_TERMS, ORDER = 16, 4
SHAPES = tuple((i, j, k) for k in (0, 1) for i in range(ORDER + 1 - k) for j in range(ORDER + 1 - k - i))
"""Powers of the components of the direction: towards the Sun's meridian, east of it, and north; of the last 0 or 1 suffices
with the others, since its square is one less theirs."""


@kept()
def geodetic(surface: Reals, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return height (km) above an ellipsoid of revolution, and sine and cosine of the geodetic latitude.

    Bowring's formula, once: within 2,000 km of Mars good to 1 mm.
    """
    a, b = surface[0], surface[1]
    p = np.sqrt(x * x + y * y)
    e2, second = 1.0 - (b / a) ** 2, (a / b) ** 2 - 1.0
    over = np.sqrt(a * a * z * z + b * b * p * p) + 1e-300
    sb, cb = a * z / over, b * p / over
    up, out = z + second * b * sb * sb * sb, p - e2 * a * cb * cb * cb
    length = np.sqrt(up * up + out * out) + 1e-300
    sine, cosine = up / length, out / length
    return p * cosine + z * sine - a * np.sqrt(1.0 - e2 * sine * sine), sine, cosine


@kept()
def shapes(u: float, v: float, w: float, out: Reals) -> None:
    """Write the products of powers of a direction, in the order of SHAPES."""
    n, third = 0, 1.0
    for k in range(2):
        first = third
        for i in range(ORDER + 1 - k):
            value = first
            for _ in range(ORDER + 1 - k - i):
                out[n] = value
                value *= v
                n += 1
            first *= u
        third = w


@kept(fastmath=True)
def density(tables: Reals, span: Reals, surface: Reals, m: Reals, sun: Reals, et_s: float, r: Reals, shape: Reals) -> float:
    """Return the density (kg/m3) at a place in J2000 axes; beyond the fitted heights it goes on with the last scale height.

    `span` is what `airfit.fitted` returns, or its first four numbers: then the polynomials are of the height itself. `shape` is
    room for as many numbers as there are shapes.
    """
    x = m[0, 0] * r[0] + m[0, 1] * r[1] + m[0, 2] * r[2]
    y = m[1, 0] * r[0] + m[1, 1] * r[1] + m[1, 2] * r[2]
    z = m[2, 0] * r[0] + m[2, 1] * r[1] + m[2, 2] * r[2]
    sx = m[0, 0] * sun[0] + m[0, 1] * sun[1] + m[0, 2] * sun[2]
    sy = m[1, 0] * sun[0] + m[1, 1] * sun[1] + m[1, 2] * sun[2]
    height, sine, cosine = geodetic(surface, x, y, z)
    level = cosine / (np.sqrt((x * x + y * y) * (sx * sx + sy * sy)) + 1e-300)
    shapes(level * (x * sx + y * sy), level * (y * sx - x * sy), sine, shape)
    at = min(max((et_s - span[0]) / span[1], 0.0), tables.shape[0] - 1.0)
    first = min(int(at), max(tables.shape[0] - 2, 0))
    second, part = min(first + 1, tables.shape[0] - 1), at - first
    inside = min(max(height, span[2]), span[3])
    if span.size > 4:
        away = (inside - span[4]) / span[5]
        root = np.sqrt(1.0 + away * away)
        s, by_km = (np.log(away + root) - span[6]) / span[7] - 1.0, 1.0 / (span[7] * span[5] * root)
    else:
        by_km = 2.0 / (span[3] - span[2])
        s = (inside - span[2]) * by_km - 1.0
    total, slope = 0.0, 0.0
    t0, t1, d0, d1 = 1.0, s, 0.0, 1.0
    for k in range(tables.shape[1]):
        c, later, value = tables[first, k], tables[second, k], 0.0
        for n in range(shape.size):
            value += (c[n] + part * (later[n] - c[n])) * shape[n]
        total += value * t0
        slope += value * d0
        t0, t1, d0, d1 = t1, 2.0 * s * t1 - t0, d1, 2.0 * t1 + 2.0 * s * d1 - d0
    return float(np.exp(total + slope * by_km * (height - inside)))
