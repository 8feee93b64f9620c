"""DTM-Mars, a thermosphere model from drag of real orbiters, evaluated from its public file of coefficients."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.legendre import legval
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from .atmosphere_kernels import ECCENTRICITY, GAS_J_MOL_K, PERIHELION_LS_DEG

Reals = NDArray[np.float64]
BASE_KM, LOWEST_KM, POLAR_RADIUS_KM, FLUX_USUAL, ROWS = 138.0, 125.0, 3376.78, 65.0, 70
LEAST_RISE_K = 15.0  # of the exosphere over 138 km: in cold nights the terms alone would let it fall below, against the model
EXOSPHERE, BASE, SLOPE = 0, 1, 2  # columns of temperatures; the gases follow
GASES_G_MOL = (44.01, 16.0, 28.0, 40.0, 28.0, 32.0, 4.0, 1.0, 2.0)  # CO2, O, N2, Ar, CO, O2, He, H, H2
DIFFUSION = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.38, -0.40, 0.0)  # thermal diffusion of the light gases
AVOGADRO = 6.02214076e23


@dataclass(frozen=True, slots=True, eq=False)
class DtmAtmosphere:
    """DTM-Mars (Bruinsma and Lemoine, J. Geophys. Res. 107, 2002, 5085): 125 km and more, from the orbits of Mariner 9 and MGS.

    From 138 down to 125 km it goes on at the temperature of 138 km, for below that the model's own form (Bates) loses its meaning
    in cold nights; under 125 km it is NaN. `flux` is that at 10.7 cm in the model's own scale, usual 65; `storm`
    the heating by a dust storm in units of its own (0 to about 0.3). `coefficients` has the 70 rows of the file and 12 columns,
    three temperatures and nine gases. How its file is read and summed is known from a public implementation (C).
    """

    name: str
    coefficients: Reals
    flux: float = FLUX_USUAL
    storm: float = 0.0
    multiplier: float = 1.0

    def density_kg_m3(
        self, height_km: ArrayLike, lat_deg: ArrayLike, lon_deg: ArrayLike, ls_deg: ArrayLike, local_time_h: ArrayLike
    ) -> Reals:
        """Return the density in kg/m^3; longitude has no influence."""
        height, lat, _, ls, hour = np.broadcast_arrays(
            *(np.asarray(v, np.float64) for v in (height_km, lat_deg, lon_deg, ls_deg, local_time_h))
        )
        answer = np.tensordot(self.terms(lat, ls, hour), self.coefficients[1:], axes=([-1], [0]))
        exosphere, base, slope = (self.coefficients[0, k] * (1.0 + answer[..., k]) for k in (EXOSPHERE, BASE, SLOPE))
        exosphere = np.maximum(exosphere, base + LEAST_RISE_K)
        rate = slope / (exosphere - base)  # per km
        height = np.where(height < LOWEST_KM, np.nan, height)
        above = (height - BASE_KM) * (POLAR_RADIUS_KM + BASE_KM) / (POLAR_RADIUS_KM + height)
        over = np.maximum(above, 0.0)
        temperature = exosphere - (exosphere - base) * np.exp(-rate * over)
        gravity = 3.727 / (1 + BASE_KM / POLAR_RADIUS_KM) ** 2
        total = np.zeros(height.shape)
        for k, mass in enumerate(GASES_G_MOL):
            power = mass * gravity / (GAS_J_MOL_K * rate * exosphere)
            fall = (base / temperature) ** (1 + DIFFUSION[k] + power) * np.exp(-rate * power * over)
            fall = fall * np.exp(-mass * gravity / (GAS_J_MOL_K * base) * (above - over))
            total += self.coefficients[0, 3 + k] * np.exp(answer[..., 3 + k]) * mass * fall
        return self.multiplier * total / AVOGADRO * 1000  # g/cm^3 to kg/m^3

    def sigma(self, height_km: ArrayLike) -> Reals:
        """Return the standard deviation of the logarithm of the density (E: its authors call it preliminary)."""
        return np.full(np.shape(height_km), 0.5)

    def terms(self, lat_deg: Reals, ls_deg: Reals, local_time_h: Reals) -> Reals:
        """Return what multiplies rows 2 to 70 of the coefficients, last axis."""
        u, flux = np.sin(np.radians(lat_deg)), np.full(np.shape(lat_deg), self.flux - FLUX_USUAL)
        p = [legval(u, np.eye(7)[n]) for n in range(7)]
        year, day = year_angle(ls_deg), np.radians(15.0 * local_time_h) + np.pi
        c, s, c2, s2 = np.cos(year), np.sin(year), np.cos(2 * year), np.sin(2 * year)
        h, g, h2, g2 = np.cos(day), np.sin(day), np.cos(2 * day), np.sin(2 * day)
        p11, p21, p31 = (associated(n, 1, u) for n in (1, 2, 3))
        p22, p32, p42 = (associated(n, 2, u) for n in (2, 3, 4))
        zero = np.zeros(np.shape(u))
        rows = [
            p[2], p[3], p[4], flux, c, s, c * flux, s * flux, c * p[2], s * p[2], c * p[1], s * p[1],  # 2 to 13
            c2, s2, c2 * flux, s2 * flux, c * p[3], s * p[3], c2 * p[1], s2 * p[1],  # 14 to 21
            p11 * h, p11 * g, p21 * h, p21 * g, p31 * h, p31 * g, p11 * h * flux, p11 * g * flux, zero,  # 22 to 30
            p22 * h2, p22 * g2, p32 * h2, p32 * g2, p42 * h2, p42 * g2, p22 * h2 * flux, p22 * g2 * flux, zero,  # 31 to 39
            flux * flux, np.full(np.shape(u), self.storm),  # 40 and 41
            *[zero] * 17, p[6], p[1], p[5],  # 59 to 61
            c * p[1] * flux, s * p[1] * flux, c * p[5], s * p[5], c2 * p[2], s2 * p[2], c2 * p[3], s2 * p[3], zero,  # 62 to 70
        ]  # fmt: skip
        return np.stack(rows, axis=-1)


def year_angle(ls_deg: ArrayLike) -> Reals:
    """Return the time since Ls 0 as part of the Martian year, in radians (by Kepler's equation, good to a minute of the year)."""
    e = ECCENTRICITY

    def mean(ls: ArrayLike) -> Reals:
        half = np.radians(np.asarray(ls, np.float64) - PERIHELION_LS_DEG) / 2
        eccentric = 2 * np.arctan2(np.sqrt(1 - e) * np.sin(half), np.sqrt(1 + e) * np.cos(half))
        return eccentric - e * np.sin(eccentric)

    return np.mod(mean(ls_deg) - mean(0.0), 2 * np.pi)


def associated(n: int, m: int, u: Reals) -> Reals:
    """Return the associated Legendre function of sin latitude, unnormalised and without the sign (-1)^m."""
    polynomial = Polynomial(np.polynomial.legendre.leg2poly(np.eye(n + 1)[n])).deriv(m)
    return (1 - u * u) ** (m / 2) * np.asarray(polynomial(u))


def read_dtm(octets: bytes, *, name: str) -> DtmAtmosphere:
    """Return DTM-Mars from its file: 70 lines of a number and twelve pairs of coefficient and error, in columns that may touch.

    Raises DataError, which names the line.
    """
    try:
        lines = octets.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"octet {error.start} is not ASCII text", where=name, remedy="Give the file of coefficients") from error
    found = np.empty((ROWS, 12))
    lines = [line for line in lines if line.strip()]
    if len(lines) != ROWS:
        raise DataError(f"{len(lines)} lines instead of {ROWS}", where=name, remedy="The file is cut, or of another model")
    for k, line in enumerate(lines):
        match = re.match(r"\s*(\d+)(?=[\s-])", line)
        numbers = re.findall(r"[ -]?\d\.\d+E[+-]\d\d", line[match.end() :]) if match else []
        if match is None or int(match[1]) != k + 1 or len(numbers) != 24 or not re.fullmatch(r"[\d.E+\s-]+", line):
            raise DataError(
                f"not row {k + 1} of 24 numbers: {line[:40]!r}", where=f"{name}, line {k + 1}", remedy="The file is damaged"
            )
        found[k] = [float(number) for number in numbers[::2]]
    return DtmAtmosphere(name, found)
