"""Gravity fields of bodies: coefficients of spherical harmonics, and the acceleration and its gradient anywhere outside."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .gravity_kernels import GravityTable, accelerations, gradients

Reals = NDArray[np.float64]
MOST_DEGREE = 360  # beyond some 700 the scaled functions overflow near the poles


@dataclass(frozen=True, slots=True, eq=False)
class GravityField:
    """A gravity field in the axes of its body: potential GM/r sum (R/r)^n P_nm(sin latitude) (C_nm cos mL + S_nm sin mL).

    `c` and `s` have shape (degree + 1, degree + 1), first index the degree, fully normalised (4 pi); `c[0, 0]` is 1. The sum
    converges outside the sphere of `radius_km`. `tide` names the tide system as far as the file states it: for Mars the permanent
    tide changes C20 by less than its formal error. Its axes are those to which the file refers, and no file says which: GMM-3 and
    JGMRO120D use the IAU 2000 meridian of Mars, GGM2B that of 1991, 0.238 deg to the east (`turned` brings it over).
    """

    name: str
    gm_km3_s2: float
    radius_km: float
    c: Reals
    s: Reals
    tide: str = "unstated"

    def __post_init__(self) -> None:
        square = self.c.ndim == 2 and self.c.shape[0] == self.c.shape[1] > 0
        if not square or self.s.shape != self.c.shape or self.degree > MOST_DEGREE:
            raise UsageError(
                f"gravity field {self.name}: coefficients of shapes {self.c.shape} and {self.s.shape}",
                remedy=f"Give two square arrays of the same size, to degree {MOST_DEGREE} at most",
            )

    @property
    def degree(self) -> int:
        """The highest degree, which is the highest order as well."""
        return self.c.shape[0] - 1

    def truncated(self, degree: int) -> "GravityField":
        """Return the field cut at a degree. Raises UsageError above its own degree."""
        n = checked_degree(self, degree) + 1
        return GravityField(self.name, self.gm_km3_s2, self.radius_km, self.c[:n, :n].copy(), self.s[:n, :n].copy(), self.tide)

    def turned(self, east_deg: float) -> "GravityField":
        """Return the field in axes whose prime meridian lies so many degrees farther east."""
        angle = np.radians(east_deg) * np.arange(self.degree + 1.0)
        cosine, sine = np.cos(angle), np.sin(angle)
        c, s = self.c * cosine + self.s * sine, self.s * cosine - self.c * sine
        return GravityField(self.name, self.gm_km3_s2, self.radius_km, c, s, self.tide)


def checked_degree(field: GravityField, degree: int | None) -> int:
    """Return the degree asked for, all of the field when None. Raises UsageError when the field does not reach it."""
    wanted = field.degree if degree is None else degree
    if not 0 <= wanted <= field.degree:
        raise UsageError(
            f"degree {wanted} of gravity field {field.name}, which has degrees 0 to {field.degree}",
            remedy="Ask for a lower degree, or load a field of higher degree",
        )
    return wanted


@lru_cache(maxsize=16)
def gravity_table(field: GravityField, degree: int | None = None) -> GravityTable:
    """Return a field made ready for the compiled `acceleration_at` and `gradient_at`, to a degree (default: all)."""
    top = checked_degree(field, degree)
    n, m = np.meshgrid(np.arange(top + 1.0), np.arange(top + 3.0), indexing="ij")
    layers = np.zeros((8, top + 1, top + 3))
    below = n > m
    with np.errstate(divide="ignore", invalid="ignore"):
        layers[0] = np.where(below, np.sqrt((2 * n + 1) * (2 * n - 1) / ((n - m) * (n + m))), 0.0)
        beta = np.sqrt((2 * n + 1) * (n + m - 1) * (n - m - 1) / ((2 * n - 3) * (n + m) * (n - m)))
        layers[1] = np.where(n > m + 1, beta, 0.0)
        halves = np.where(m == 0, 0.5, 1.0)
        first = np.where(below, np.sqrt(halves * (n - m) * (n + m + 1)), 0.0)  # normalisations of orders m and m + 1
        second = np.where(n > m + 1, first * np.sqrt((n - m - 1) * (n + m + 2)), 0.0)
    diagonal = np.arange(1, top + 1)
    layers[0, diagonal, diagonal] = np.sqrt((2 * diagonal + 1) / (2 * diagonal) * np.where(diagonal == 1, 2.0, 1.0))
    for layer, coefficients in ((2, field.c), (3, field.s)):
        layers[layer, :, : top + 1] = np.tril(coefficients[: top + 1, : top + 1])
        layers[layer + 2], layers[layer + 4] = layers[layer] * first, layers[layer] * second
    return GravityTable(float(field.gm_km3_s2), float(field.radius_km), top, layers)


def acceleration_km_s2(field: GravityField, r_fixed_km: Reals, degree: int | None = None) -> Reals:
    """Return the acceleration (km/s^2) at body-fixed places (km, rows of three), the central term included, as rows of three.

    Body-fixed axes, as an inertial observer turned into them sees it (no centrifugal part). Exact to rounding: 1e-15 of the
    central term at degree 120, at the poles as well. Raises UsageError for a degree that the field lacks, or the centre.
    """
    places = _outside(r_fixed_km)
    found = np.empty_like(places)
    accelerations(gravity_table(field, degree), places, found)
    return found


def gradient(field: GravityField, r_fixed_km: Reals, degree: int | None = None) -> Reals:
    """Return the gradient of the acceleration (1/s^2, body-fixed axes) at places (km, rows of three), as (n, 3, 3).

    It is symmetric and its trace is zero. Errors are those of `acceleration_km_s2`.
    """
    places = _outside(r_fixed_km)
    found = np.empty((places.shape[0], 3, 3))
    gradients(gravity_table(field, degree), places, found)
    return found


def _outside(places: Reals) -> Reals:
    rows = rows_of_three(places)
    if not rows.any(axis=1).all():
        raise UsageError("a place at the centre of the body", remedy="Give body-fixed places in kilometres, outside the body")
    return rows


def rows_of_three(places: Reals) -> Reals:
    """Return places as contiguous rows of three. Raises UsageError for another shape."""
    rows = np.ascontiguousarray(places, np.float64)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise UsageError(f"places of shape {rows.shape}", remedy="Give rows of three: shape (n, 3)")
    return rows
