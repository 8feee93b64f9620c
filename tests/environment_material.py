"""What tests of the environment share: real gravity fields, and the textbook sum of spherical harmonics as an oracle."""

import gzip

import numpy as np
from numpy.typing import NDArray
from scipy.special import assoc_legendre_p_all

from aelita.environment import GravityField, read_gravity
from shared import shared

Reals = NDArray[np.float64]
FILES = {"GMM-3": "gmm3_120_sha.tab.gz", "JGMRO120D": "jgmro120d.txt.gz", "GGM2B": "GGM2BData.txt.gz"}


def gravity_octets(name: str) -> bytes:
    return gzip.decompress(shared(f"data/nav/gravity/{FILES[name]}").read_bytes())


def gravity(name: str) -> GravityField:
    return read_gravity(gravity_octets(name), name=name)


def textbook_acceleration(field: GravityField, place: Reals, degree: int) -> Reals:
    """Differentiate the potential by radius, latitude and longitude, with SciPy's Legendre functions; singular at the poles."""
    x, y, z = place
    r, across = np.linalg.norm(place), np.hypot(x, y)
    longitude, u = np.arctan2(y, x), z / r
    values = assoc_legendre_p_all(degree, degree, u, norm=True, diff_n=1)[..., : degree + 1]
    n, m = np.meshgrid(np.arange(degree + 1), np.arange(degree + 1), indexing="ij")
    scale = np.sqrt(2.0 * np.where(m == 0, 1, 2)) * (-1.0) ** m * np.tril(np.ones_like(n))  # no Condon-Shortley phase
    p, slope = values[0] * scale, values[1] * scale
    c, s = field.c[: degree + 1, : degree + 1], field.s[: degree + 1, : degree + 1]
    cosine, sine = np.cos(m * longitude), np.sin(m * longitude)
    size = field.gm_km3_s2 / r * (field.radius_km / r) ** n
    d_r = -np.sum((n + 1) / r * size * p * (c * cosine + s * sine))
    d_u = np.sum(size * slope * (c * cosine + s * sine))
    d_longitude = np.sum(size * p * m * (s * cosine - c * sine))
    outward, east = place / r, np.array([-y, x, 0.0]) / across
    north = np.cross(outward, east)
    return d_r * outward + d_u * (across / r) / r * north + d_longitude / across * east
