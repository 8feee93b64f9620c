"""Compiled sums of spherical harmonics: acceleration and gradient of a gravity field, without singularity at the poles.

The way of S. Pines (AIAA Journal 11, 1973, p. 1508): with s, t, u = x/r, y/r, z/r the potential is a polynomial in them,
U = GM/r sum (R/r)^n A_nm(u) (C_nm Re + S_nm Im) (s + it)^m, where A_nm is the m-th derivative of the normalised Legendre
polynomial, found by recurrence over the degree at fixed order (stable: Lundberg and Schutz, J. Guidance 11, 1988, p. 31).
Here all orders of one degree are one vector, so that the processor works on several at once.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled

Reals = NDArray[np.float64]
ALPHA, BETA, C, S, C1, S1, C2, S2 = range(8)  # layers of a table


class GravityTable(NamedTuple):
    """A field made ready for the kernels, which compiled code of other rooms may take as an argument.

    `layers` has shape (8, degree + 1, degree + 3): two factors of the recurrence, then the coefficients C and S plain, times
    the factor of the first derivative, and times that of the second. Made by `gravity_table`; kernels trust it.
    """

    gm_km3_s2: float
    radius_km: float
    degree: int
    layers: Reals


@compiled
def next_row(table: GravityTable, n: int, up: float, square: float, one: Reals, two: Reals, row: Reals) -> None:
    """Put the scaled functions of degree `n` into `row`, from those of one and two degrees less."""
    alpha, beta = table.layers[ALPHA, n], table.layers[BETA, n]
    for m in range(n):
        row[m] = alpha[m] * up * one[m] - beta[m] * square * two[m]


@compiled
def acceleration_at(table: GravityTable, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return the acceleration (km/s^2) of a field at a body-fixed place (km), the central term included.

    Meant to be called from compiled code as well. Inside the reference sphere the series need not converge; the centre
    raises ZeroDivisionError.
    """
    degree, layers = table.degree, table.layers
    r = np.sqrt(x * x + y * y + z * z)
    s, t, u, ratio = x / r, y / r, z / r, table.radius_km / r
    rows = np.zeros((3, degree + 3))
    sums = np.zeros((6, degree + 1))  # of C and S: plain, with the weight n + 1, and with the first derivative
    p, q, pn, qn, p1, q1 = sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]
    rows[0, 0] = table.gm_km3_s2 / (r * r)
    for n in range(degree + 1):
        row, one, two = rows[n % 3], rows[(n + 2) % 3], rows[(n + 1) % 3]
        if n > 0:
            next_row(table, n, u * ratio, ratio * ratio, one, two, row)
            row[n] = layers[ALPHA, n, n] * ratio * one[n - 1]
        c, d, c1, d1 = layers[C, n], layers[S, n], layers[C1, n], layers[S1, n]
        for m in range(n + 1):
            cosine, sine = row[m] * c[m], row[m] * d[m]
            p[m] += cosine
            q[m] += sine
            pn[m] += (n + 1) * cosine
            qn[m] += (n + 1) * sine
            p1[m] += row[m + 1] * c1[m]
            q1[m] += row[m + 1] * d1[m]
    ax, ay, az, radial = 0.0, 0.0, 0.0, 0.0
    real, imaginary, less_real, less_imaginary = 1.0, 0.0, 0.0, 0.0  # powers m and m - 1 of s + it
    for m in range(degree + 1):
        ax += m * (p[m] * less_real + q[m] * less_imaginary)
        ay += m * (q[m] * less_real - p[m] * less_imaginary)
        az += p1[m] * real + q1[m] * imaginary
        radial -= (pn[m] + m * p[m]) * real + (qn[m] + m * q[m]) * imaginary
        less_real, less_imaginary = real, imaginary
        real, imaginary = s * less_real - t * less_imaginary, s * less_imaginary + t * less_real
    radial -= u * az
    return ax + s * radial, ay + t * radial, az + u * radial


@compiled
def accelerations(table: GravityTable, places: Reals, found: Reals) -> None:
    """Fill rows of `found` with the accelerations at rows of `places`; both have three columns and as many rows."""
    for k in range(places.shape[0]):
        found[k, 0], found[k, 1], found[k, 2] = acceleration_at(table, places[k, 0], places[k, 1], places[k, 2])


@compiled
def gradient_at(table: GravityTable, x: float, y: float, z: float) -> tuple[float, float, float, float, float, float]:
    """Return the gradient (1/s^2) of the acceleration at a body-fixed place (km): xx, xy, xz, yy, yz, zz.

    With a_i the derivatives of the polynomial by s, t, u, and a_4 that along the radius, each once more: Pines, section 4.
    """
    degree, layers = table.degree, table.layers
    r = np.sqrt(x * x + y * y + z * z)
    s, t, u, ratio = x / r, y / r, z / r, table.radius_km / r
    rows = np.zeros((3, degree + 3))
    sums = np.zeros((12, degree + 1))  # of C and S by turns: plain, times k and k (k + 1) with k = n + m + 1, and derivatives
    rows[0, 0] = table.gm_km3_s2 / (r * r * r)
    for n in range(degree + 1):
        row, one, two = rows[n % 3], rows[(n + 2) % 3], rows[(n + 1) % 3]
        if n > 0:
            next_row(table, n, u * ratio, ratio * ratio, one, two, row)
            row[n] = layers[ALPHA, n, n] * ratio * one[n - 1]
        for part in range(2):
            c, c1, c2 = layers[C + part, n], layers[C1 + part, n], layers[C2 + part, n]
            p, pk, pkk = sums[part], sums[2 + part], sums[4 + part]
            p1, p1k, p2 = sums[6 + part], sums[8 + part], sums[10 + part]
            for m in range(n + 1):
                k = n + m + 1.0
                plain, first = row[m] * c[m], row[m + 1] * c1[m]
                p[m] += plain
                pk[m] += k * plain
                pkk[m] += k * (k + 1.0) * plain
                p1[m] += first
                p1k[m] += (k + 1.0) * first
                p2[m] += row[m + 2] * c2[m]
    return combine(sums, s, t, u)


@compiled
def combine(sums: Reals, s: float, t: float, u: float) -> tuple[float, float, float, float, float, float]:
    """Return the six second derivatives from the twelve sums over degrees."""
    a11 = a12 = a13 = a23 = a33 = a14 = a24 = a34 = a44 = a4 = 0.0
    re, im, re1, im1, re2, im2 = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0  # powers m, m - 1 and m - 2 of s + it
    for m in range(sums.shape[1]):
        p, q, pk, qk = sums[0, m], sums[1, m], sums[2, m], sums[3, m]
        p1, q1 = sums[6, m], sums[7, m]
        a11 += m * (m - 1) * (p * re2 + q * im2)
        a12 += m * (m - 1) * (q * re2 - p * im2)
        a13 += m * (p1 * re1 + q1 * im1)
        a23 += m * (q1 * re1 - p1 * im1)
        a33 += sums[10, m] * re + sums[11, m] * im
        a14 -= m * (pk * re1 + qk * im1)
        a24 -= m * (qk * re1 - pk * im1)
        first = sums[8, m] * re + sums[9, m] * im
        a34 -= first
        a44 += sums[4, m] * re + sums[5, m] * im + 2.0 * u * first
        a4 -= pk * re + qk * im + u * (p1 * re + q1 * im)
        re2, im2, re1, im1 = re1, im1, re, im
        re, im = s * re1 - t * im1, s * im1 + t * re1
    a14, a24, a34, a44 = a14 - u * a13, a24 - u * a23, a34 - u * a33, a44 + u * u * a33
    along = a44 - a4
    xx = a11 + 2.0 * s * a14 + s * s * along + a4
    xy = a12 + s * a24 + t * a14 + s * t * along
    xz = a13 + s * a34 + u * a14 + s * u * along
    yy = -a11 + 2.0 * t * a24 + t * t * along + a4
    yz = a23 + t * a34 + u * a24 + t * u * along
    zz = a33 + 2.0 * u * a34 + u * u * along + a4
    return xx, xy, xz, yy, yz, zz


@compiled
def gradients(table: GravityTable, places: Reals, found: Reals) -> None:
    """Fill `found`, of shape (n, 3, 3), with the gradients at the n rows of `places`, which has three columns."""
    for k in range(places.shape[0]):
        xx, xy, xz, yy, yz, zz = gradient_at(table, places[k, 0], places[k, 1], places[k, 2])
        found[k, 0, 0], found[k, 0, 1], found[k, 0, 2] = xx, xy, xz
        found[k, 1, 0], found[k, 1, 1], found[k, 1, 2] = xy, yy, yz
        found[k, 2, 0], found[k, 2, 1], found[k, 2, 2] = xz, yz, zz
