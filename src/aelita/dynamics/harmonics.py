"""Gravity of spherical harmonics inside the integrator: every derivative of the potential is itself such a series.

A derivative of a harmonic of degree n by x, y or z is a sum of harmonics of degree n + 1 (Cunningham 1970; Montenbruck and Gill,
Satellite Orbits, 3.2.4). So the coefficients of the acceleration and of its gradient are made once, and a point costs one
recursion and sums that the processor does in parallel.
"""

import numpy as np
from numpy.typing import NDArray

from .compiling import loops

Reals = NDArray[np.float64]


def derived(c: Reals, s: Reals) -> tuple[tuple[Reals, Reals], ...]:
    """Return the normalised coefficients (C, S) of the derivatives by x, y and z of a series, each one degree higher."""
    size = c.shape[0]
    n, m = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    inside = m <= n
    c, s = np.where(inside, c, 0.0), np.where(inside & (m > 0), s, 0.0)
    ratio = (2 * n + 1) / (2 * n + 3)
    up = 0.5 * np.sqrt(ratio * (n + m + 1) * (n + m + 2)) * np.where(m == 0, np.sqrt(2.0), 1.0)
    down = 0.5 * np.sqrt(ratio * np.maximum((n - m + 1) * (n - m + 2), 0)) * np.where(m == 1, np.sqrt(2.0), 1.0)
    along = np.sqrt(ratio * np.maximum((n + m + 1) * (n - m + 1), 0))
    made = [np.zeros((size + 1, size + 1)) for _ in range(6)]
    cx, sx, cy, sy, cz, sz = made
    cz[1:, :-1], sz[1:, :-1] = -along * c, -along * s
    cx[1:, 1:] -= up * c
    sx[1:, 1:] -= up * s
    sy[1:, 1:] -= up * c
    cy[1:, 1:] += up * s
    down, c, s = down[:, 1:], c[:, 1:], s[:, 1:]
    cx[1:, :-2] += down * c
    sx[1:, :-2] += down * s
    sy[1:, :-2] -= down * c
    cy[1:, :-2] += down * s
    for each in (sx, sy, sz):
        each[:, 0] = 0.0
    return (cx, sx), (cy, sy), (cz, sz)


def prepared(c: Reals, s: Reals, degree: int) -> tuple[Reals, Reals, Reals, Reals]:
    """Return what `field` needs of normalised coefficients to a degree.

    These are the coefficients of the acceleration (n, 6, m), of its gradient (n, 10, m; xx, xy, xz, yy, yz), the factors of the
    recursion (n, 2, m) and of its diagonal (n).
    """
    top = degree + 1
    c, s = np.array(c[:top, :top], np.float64), np.array(s[:top, :top], np.float64)
    c[0, 0] = 1.0
    first = derived(c, s)
    seconds = (derived(*first[0])[0], derived(*first[0])[1], derived(*first[0])[2], derived(*first[1])[1], derived(*first[1])[2])
    acceleration = np.ascontiguousarray(np.stack([each for pair in first for each in pair], axis=1))
    gradient = np.ascontiguousarray(np.stack([each for pair in seconds for each in pair], axis=1))
    return acceleration, gradient, *_factors(degree + 3)


def _factors(size: int) -> tuple[Reals, Reals]:
    n, m = np.meshgrid(np.arange(size, dtype=float), np.arange(size, dtype=float), indexing="ij")
    inner = np.maximum((n - m) * (n + m), 1.0)
    first = np.sqrt(np.maximum((2 * n + 1) * (2 * n - 1), 0.0) / inner)
    second = np.sqrt(np.maximum((2 * n + 1) * (n + m - 1) * (n - m - 1), 0.0) / (np.maximum(2 * n - 3, 1.0) * inner))
    factors = np.ascontiguousarray(np.stack([np.where(m < n, first, 0.0), np.where(m < n - 1, second, 0.0)], axis=1))
    order = np.arange(size, dtype=float)
    diagonal = np.sqrt((2 * order + 1) / np.maximum(2 * order, 1.0))
    diagonal[1] = np.sqrt(3.0)
    return factors, diagonal


@loops
def field(
    gm: float, radius: float, degree: int, acceleration: Reals, factors: Reals, diagonal: Reals, r: Reals, rows: Reals, a: Reals
) -> None:
    """Write the acceleration `a` (km/s2) at a body-fixed position (km).

    `rows` is room for (6, degree + 3) numbers: three rows of the harmonics, cosines and sines.
    """
    r2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    scale = radius / r2
    x, y, z, q = r[0] * scale, r[1] * scale, r[2] * scale, radius * scale
    for k in range(6):
        for m in range(degree + 2):
            rows[k, m] = 0.0
    rows[0, 0] = radius / np.sqrt(r2)
    a0 = a1 = a2 = 0.0
    for n in range(1, degree + 2):
        now, last, before = n % 3, (n + 2) % 3, (n + 1) % 3
        v, w, v1, w1, v2, w2 = rows[now], rows[3 + now], rows[last], rows[3 + last], rows[before], rows[3 + before]
        fa, fb, k = factors[n, 0], factors[n, 1], acceleration[n]
        last_v = diagonal[n] * (x * v1[n - 1] - y * w1[n - 1])
        last_w = diagonal[n] * (x * w1[n - 1] + y * v1[n - 1])
        for m in range(n):
            value_v = fa[m] * z * v1[m] - fb[m] * q * v2[m]
            value_w = fa[m] * z * w1[m] - fb[m] * q * w2[m]
            v[m] = value_v
            w[m] = value_w
            a0 += k[0, m] * value_v + k[1, m] * value_w
            a1 += k[2, m] * value_v + k[3, m] * value_w
            a2 += k[4, m] * value_v + k[5, m] * value_w
        v[n] = last_v
        w[n] = last_w
        a0 += k[0, n] * last_v + k[1, n] * last_w
        a1 += k[2, n] * last_v + k[3, n] * last_w
        a2 += k[4, n] * last_v + k[5, n] * last_w
    scale = gm / (radius * radius)
    a[0], a[1], a[2] = a0 * scale, a1 * scale, a2 * scale


@loops
def gradient(
    gm: float, radius: float, degree: int, coefficients: Reals, factors: Reals, diagonal: Reals, r: Reals, rows: Reals, g: Reals
) -> None:
    """Write the gradient `g` (1/s2) of the acceleration at a body-fixed position (km); `rows` as for `field`."""
    r2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    scale = radius / r2
    x, y, z, q = r[0] * scale, r[1] * scale, r[2] * scale, radius * scale
    for k in range(6):
        for m in range(degree + 3):
            rows[k, m] = 0.0
    rows[0, 0] = radius / np.sqrt(r2)
    g0 = g1 = g2 = g3 = g4 = 0.0
    for n in range(1, degree + 3):
        now, last, before = n % 3, (n + 2) % 3, (n + 1) % 3
        v, w, v1, w1, v2, w2 = rows[now], rows[3 + now], rows[last], rows[3 + last], rows[before], rows[3 + before]
        fa, fb, k = factors[n, 0], factors[n, 1], coefficients[n]
        last_v = diagonal[n] * (x * v1[n - 1] - y * w1[n - 1])
        last_w = diagonal[n] * (x * w1[n - 1] + y * v1[n - 1])
        for m in range(n):
            value_v = fa[m] * z * v1[m] - fb[m] * q * v2[m]
            value_w = fa[m] * z * w1[m] - fb[m] * q * w2[m]
            v[m] = value_v
            w[m] = value_w
            g0 += k[0, m] * value_v + k[1, m] * value_w
            g1 += k[2, m] * value_v + k[3, m] * value_w
            g2 += k[4, m] * value_v + k[5, m] * value_w
            g3 += k[6, m] * value_v + k[7, m] * value_w
            g4 += k[8, m] * value_v + k[9, m] * value_w
        v[n] = last_v
        w[n] = last_w
        g0 += k[0, n] * last_v + k[1, n] * last_w
        g1 += k[2, n] * last_v + k[3, n] * last_w
        g2 += k[4, n] * last_v + k[5, n] * last_w
        g3 += k[6, n] * last_v + k[7, n] * last_w
        g4 += k[8, n] * last_v + k[9, n] * last_w
    scale = gm / (radius * radius * radius)
    g[0, 0], g[1, 1], g[2, 2] = g0 * scale, g3 * scale, -(g0 + g3) * scale
    g[0, 1] = g[1, 0] = g1 * scale
    g[0, 2] = g[2, 0] = g2 * scale
    g[1, 2] = g[2, 1] = g4 * scale
