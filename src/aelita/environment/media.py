"""The Earth's air between an antenna and a probe: delay of the troposphere and of the ionosphere."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from .plasma import DISPERSION_M3_S2, checked_frequency

Reals = NDArray[np.float64]
EARTH_RADIUS_KM, SHELL_KM, TECU = 6371.0, 450.0, 1e16
# A. E. Niell, J. Geophys. Res. 101, 1996, p. 3227, tables 3 and 4 (C): rows a, b, c at latitudes 15 to 75 deg
LATITUDES = np.array([15.0, 30.0, 45.0, 60.0, 75.0])
MEAN = np.array([
    [1.2769934e-3, 1.2683230e-3, 1.2465397e-3, 1.2196049e-3, 1.2045996e-3],
    [2.9153695e-3, 2.9152299e-3, 2.9288445e-3, 2.9022565e-3, 2.9024912e-3],
    [62.610505e-3, 62.837393e-3, 63.721774e-3, 63.824265e-3, 64.258455e-3],
])  # fmt: skip
SWING = np.array([
    [0.0, 1.2709626e-5, 2.6523662e-5, 3.4000452e-5, 4.1202191e-5],
    [0.0, 2.1414979e-5, 3.0160779e-5, 7.2562722e-5, 11.723375e-5],
    [0.0, 9.0128400e-5, 4.3497037e-5, 84.795348e-5, 170.37206e-5],
])  # fmt: skip
WET = np.array([
    [5.8021897e-4, 5.6794847e-4, 5.8118019e-4, 5.9727542e-4, 6.1641693e-4],
    [1.4275268e-3, 1.5138625e-3, 1.4572752e-3, 1.5007428e-3, 1.7599082e-3],
    [4.3472961e-2, 4.6729510e-2, 4.3908931e-2, 4.4626982e-2, 5.4736038e-2],
])  # fmt: skip
HEIGHT_TERM = (2.53e-5, 5.49e-3, 1.14e-3)


def standard_pressure_hpa(height_km: ArrayLike) -> Reals:
    """Return the pressure of the standard atmosphere (ISO 2533) at a height up to 11 km: weather moves it by 1 to 3 %."""
    return 1013.25 * (1 - 22.5577e-3 * np.asarray(height_km, np.float64)) ** 5.25588


def vapour_pressure_hpa(temperature_k: ArrayLike, humidity: ArrayLike) -> Reals:
    """Return the pressure of water vapour at a temperature and relative humidity (0 to 1), by Magnus's formula over water."""
    celsius = np.asarray(temperature_k, np.float64) - 273.15
    return 6.112 * np.exp(17.62 * celsius / (243.12 + celsius)) * np.asarray(humidity, np.float64)


def zenith_delays_m(
    pressure_hpa: ArrayLike, temperature_k: ArrayLike, humidity: ArrayLike, latitude_deg: ArrayLike, height_km: ArrayLike
) -> tuple[Reals, Reals]:
    """Return the hydrostatic and the wet delay (m) of the troposphere at zenith, from weather at the antenna.

    Saastamoinen as Davis et al. (Radio Sci. 20, 1985, p. 1593) give it: the hydrostatic part is good to 1 mm for a true pressure,
    the wet part of 0.05 to 0.3 m only to 2 to 5 cm, since ground humidity tells little of what is above. Humidity is 0 to 1.
    """
    temperature, humid = np.asarray(temperature_k, np.float64), np.asarray(humidity, np.float64)
    if np.any((temperature < 180) | (temperature > 340)) or np.any((humid < 0) | (humid > 1)):
        raise UsageError(
            f"temperature {temperature} K and humidity {humid}", remedy="Give kelvins, and relative humidity from 0 to 1"
        )
    gravity = 1 - 0.00266 * np.cos(2 * np.radians(latitude_deg)) - 0.00028 * np.asarray(height_km, np.float64)
    dry = 0.0022768 * np.asarray(pressure_hpa, np.float64) / gravity
    wet = 0.002277 * (1255 / temperature + 0.05) * vapour_pressure_hpa(temperature, humid)
    return dry, wet


def niell(elevation_deg: ArrayLike, latitude_deg: float, height_km: float, day_of_year: ArrayLike) -> tuple[Reals, Reals]:
    """Return by how much the hydrostatic and the wet delay grow from zenith to an elevation (geometric, 3 to 90 deg).

    Good to 1 % at 5 deg. `day_of_year` is 1 on 1 January. Below 3 deg the value there is kept.
    """
    sine = np.sin(np.radians(np.clip(np.asarray(elevation_deg, np.float64), 3.0, 90.0)))
    phase = np.cos(2 * np.pi * ((np.asarray(day_of_year, np.float64) - 28) / 365.25 + (0.5 if latitude_deg < 0 else 0.0)))
    mean, swing, wet = (np.array([np.interp(abs(latitude_deg), LATITUDES, row) for row in t]) for t in (MEAN, SWING, WET))
    a, b, c = (mean[k] - swing[k] * phase for k in range(3))
    rise = (1 / sine - fraction(sine, *HEIGHT_TERM)) * height_km
    return fraction(sine, a, b, c) + rise, fraction(sine, wet[0], wet[1], wet[2])


def fraction(sine: Reals, a: Reals | float, b: Reals | float, c: Reals | float) -> Reals:
    """Return Marini's continued fraction, 1 at zenith."""
    return np.asarray((1 + a / (1 + b / (1 + c))) / (sine + a / (sine + b / (sine + c))))


def troposphere_m(
    elevation_deg: ArrayLike, latitude_deg: float, height_km: float, day_of_year: ArrayLike, *,
    pressure_hpa: ArrayLike | None = None, temperature_k: ArrayLike = 288.0, humidity: ArrayLike = 0.5,
) -> Reals:  # fmt: skip
    """Return the one-way delay (m) by the troposphere at an elevation; without weather by the standard atmosphere.

    With true pressure good to about 5 cm at zenith, times 1 / sin elevation; without weather 10 cm (1 sigma).
    """
    pressure = standard_pressure_hpa(height_km) if pressure_hpa is None else pressure_hpa
    dry, wet = zenith_delays_m(pressure, temperature_k, humidity, latitude_deg, height_km)
    of_dry, of_wet = niell(elevation_deg, latitude_deg, height_km, day_of_year)
    return dry * of_dry + wet * of_wet


def vertical_content_m2(local_time_h: ArrayLike, flux: float = 100.0) -> Reals:
    """Return electrons per square metre of the ionosphere overhead, by the hour and the flux of the Sun at 10.7 cm.

    A cosine over the day with its top at 14 h on a level night, the form of J. Klobuchar (IEEE Trans. Aerosp. Electron. Syst. 23,
    1987, p. 325) at middle latitudes; its sizes, 6 TECU by night and 26 at noon for flux 100, are assumed (E) and right to a
    factor of 2. Use measured content where it matters: at X-band 10 TECU are 6 cm.
    """
    phase = (np.mod(np.asarray(local_time_h, np.float64) - 14 + 12, 24) - 12) / 7.0 * (np.pi / 2)
    day = np.where(np.abs(phase) < np.pi / 2, np.cos(phase), 0.0)
    return TECU * (flux / 100) * (6.0 + 20.0 * day)


def ionosphere_m(content_m2: ArrayLike, elevation_deg: ArrayLike, frequency_hz: float) -> Reals:
    """Return by how much range appears longer (m), for the content overhead; the phase advances by as much.

    All electrons sit in a shell at 450 km: good to some percent of the delay above 10 deg.
    """
    inward = EARTH_RADIUS_KM / (EARTH_RADIUS_KM + SHELL_KM) * np.cos(np.radians(np.asarray(elevation_deg, np.float64)))
    overhead = DISPERSION_M3_S2 * np.asarray(content_m2, np.float64) / checked_frequency(frequency_hz) ** 2
    return np.asarray(overhead / np.sqrt(1 - inward**2))
