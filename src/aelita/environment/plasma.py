"""The plasma of the solar wind between a station and a probe: delay, Doppler noise and scintillation near conjunction."""

from dataclasses import dataclass
from functools import lru_cache
from math import lgamma

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from ..octets import compiled
from .gravity import rows_of_three

Reals = NDArray[np.float64]
SUN_RADIUS_KM, C_KM_S, AU_KM = 695_700.0, 299_792.458, 149_597_870.7  # IAU 2015 nominal; SI; IAU 2012
DISPERSION_M3_S2 = 40.308193  # e^2 / (8 pi^2 epsilon_0 m_e): metres of delay are this times electrons per m^2 over Hz^2
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True, slots=True)
class SolarWind:
    """Electrons of the solar wind: two powers of the distance in solar radii, for a quiet Sun of any latitude.

    Source: D. O. Muhleman and J. D. Anderson, Astrophys. J. 247, 1981, p. 1093, whose numbers DSN 810-005, module 106, gives as
    well (C): 7 electrons per cm^3 at 1 au. `activity` multiplies all; the real wind differs by a factor of 2 from day to day,
    and by more in ejections.
    """

    inner_m3: float = 2.21e14
    outer_m3: float = 1.55e12
    inner_power: float = 6.0
    outer_power: float = 2.3
    activity: float = 1.0

    def electrons_m3(self, distance_km: ArrayLike) -> Reals:
        """Return electrons per cubic metre at distances from the centre of the Sun."""
        radii = np.asarray(distance_km, np.float64) / SUN_RADIUS_KM
        return self.activity * (self.inner_m3 * radii**-self.inner_power + self.outer_m3 * radii**-self.outer_power)

    def content_m2(self, station_km: Reals, probe_km: Reals) -> Reals:
        """Return electrons per square metre along straight paths between places (km from the Sun's centre, rows of three).

        NaN where the path meets the Sun. The integral itself is good to 1e-5.
        """
        here, there = rows_of_three(station_km), rows_of_three(probe_km)
        line = there - here
        line = line / np.linalg.norm(line, axis=1)[:, None]
        nearest = np.linalg.norm(np.cross(here, line), axis=1)
        start, stop = (np.arctan2(np.sum(p * line, axis=1), nearest) for p in (here, there))
        middle, half = (start + stop) / 2, (stop - start) / 2
        angle = middle[:, None] + half[:, None] * NODES
        found = np.zeros(nearest.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            for electrons, power in ((self.inner_m3, self.inner_power), (self.outer_m3, self.outer_power)):
                shape = half * (np.cos(angle) ** (power - 2) @ WEIGHTS)
                found += electrons * SUN_RADIUS_KM**power * nearest ** (1 - power) * shape * 1000
        through = (nearest < SUN_RADIUS_KM) & (start < 0) & (stop > 0)
        return self.activity * np.where(through, np.nan, found)

    def delay_m(self, station_km: Reals, probe_km: Reals, frequency_hz: float) -> Reals:
        """Return by how much one-way range appears longer, in metres; the phase advances by as much.

        A two-way range has the mean of the delays at the frequencies up and down.
        """
        return DISPERSION_M3_S2 / checked_frequency(frequency_hz) ** 2 * self.content_m2(station_km, probe_km)


def closest_km(station_km: Reals, probe_km: Reals) -> Reals:
    """Return how near to the Sun's centre the path between places passes (km from the Sun, rows of three)."""
    here, there = rows_of_three(station_km), rows_of_three(probe_km)
    line = there - here
    along = np.clip(-np.sum(here * line, axis=1) / np.sum(line * line, axis=1), 0, 1)
    return np.linalg.norm(here + along[:, None] * line, axis=1)


def plasma_stability(sun_angle_deg: ArrayLike, frequency_hz: float = 8.4e9, seconds: float = 1000.0) -> Reals:
    """Return the Allan deviation that the solar wind gives two-way Doppler, at a Sun-Earth-probe angle.

    At 1000 s and X-band up and down the fit used in radio science after Cassini (L. Iess et al., Acta Astronaut. 94, 2014,
    p. 699; C, the numbers could not be checked against the paper itself); other times by Kolmogorov's spectrum (the power -1/6),
    other frequencies by the inverse square. Good to a factor of 3; it does not hold under 1 deg.
    """
    angle = np.asarray(sun_angle_deg, np.float64)
    sine = np.sin(np.radians(np.clip(angle, 0.27, 179.73)))
    near = 1.76e-14 * sine**-1.98 + 6.25e-14 * sine**0.06
    far = np.where(angle <= 170, (1.76e-14 + 6.25e-14) * sine**1.05, 1.27e-14)
    return np.where(angle <= 90, near, far) * (8.4e9 / checked_frequency(frequency_hz)) ** 2 * (seconds / 1000.0) ** (-1 / 6)


def plasma_doppler_sigma_m_s(sun_angle_deg: ArrayLike, frequency_hz: float = 8.4e9, seconds: float = 60.0) -> Reals:
    """Return the noise of two-way range rate (m/s, one sigma) that the solar wind makes at a count time."""
    return plasma_stability(sun_angle_deg, frequency_hz, seconds) * C_KM_S * 1000 / 2


def scintillation_index(sun_angle_deg: ArrayLike, frequency_hz: float = 8.42e9) -> Reals:
    """Return the scintillation index m, the standard deviation of received power over its mean, 0 to 1.

    Fit to conjunctions at X-band from 1.1 to 5 deg (D. Morabito, IPN Progress Report 42-153, 2003, equation 7; C), saturated
    nearer; beyond 5 deg it falls on as the angle to the power -1.5 (E). Other frequencies move the angle by the power -0.45,
    which makes the 0.6 deg of Ka-band out of the 1.1 (D). The scatter of single days is 0.1 to 0.2.
    """
    angle = np.asarray(sun_angle_deg, np.float64) * (checked_frequency(frequency_hz) / 8.42e9) ** 0.45
    past = np.clip(angle, 1.1, 5.0) - 1.1
    return np.clip((np.exp(-1.14 * past) + 0.02 * past) * np.maximum(angle / 5.0, 1.0) ** -1.5, 0.0, 1.0)


def scintillation_loss_db(index: ArrayLike, availability: float = 0.9) -> Reals:
    """Return how deep power fades below its mean for all but the rest of `availability`, in dB: the margin to hold for it.

    Power that scintillates slowly follows a gamma distribution of variance m^2 (Nakagami fading; exact for m = 1, Rayleigh).
    0 when power does not fade so deep. Raises UsageError for an availability outside 0.5 to 0.9999.
    """
    if not 0.5 <= availability <= 0.9999:
        raise UsageError(f"availability {availability}", remedy="Give a share of time from 0.5 to 0.9999")
    indices, losses = _fades(availability)
    return np.interp(np.asarray(index, np.float64), indices, losses)


@lru_cache(maxsize=8)
def _fades(availability: float) -> tuple[Reals, Reals]:
    """Return indices from 0 to 1 and the losses there; between them a straight line is good to 0.001 dB."""
    indices = np.linspace(0.0, 1.0, 201)
    quantiles = np.array([gamma_quantile(1 - availability, 1 / max(m, 0.005) ** 2) for m in indices.tolist()])
    losses = np.maximum(-10 * np.log10(quantiles), 0.0)
    losses[0] = 0.0
    return indices, losses


@compiled
def gamma_share(shape: float, x: float) -> float:
    """Return the regularised lower incomplete gamma function, by its power series (all its terms are positive)."""
    term = total = 1.0 / shape
    k = 0
    while term > 1e-14 * total:
        k += 1
        term *= x / (shape + k)
        total += term
    return total * np.exp(shape * np.log(x) - x - lgamma(shape))


@compiled
def gamma_quantile(probability: float, shape: float) -> float:
    """Return the quantile of the gamma distribution with mean 1 and variance 1 / shape, by bisection of its series."""
    low, high = 0.0, 1.0 + 10.0 / np.sqrt(shape)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gamma_share(shape, shape * middle) < probability else (low, middle)
    return (low + high) / 2


def checked_frequency(frequency_hz: float) -> float:
    """Return the frequency. Raises UsageError outside 100 MHz to 100 GHz, where it may be in other units."""
    if not 1e8 <= frequency_hz <= 1e11:
        raise UsageError(f"frequency {frequency_hz:g} Hz", remedy="Give hertz between 100 MHz and 100 GHz")
    return frequency_hz
