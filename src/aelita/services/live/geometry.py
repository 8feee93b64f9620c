"""Where stations and spacecraft of an installation are: light times and elevations from what mission and kernels tell."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...agencies import Station
from ...ephemeris import LightTime, Site, Target, elevation_azimuth, furnish
from ...errors import UsageError
from ...time import SECOND
from ..missions import Mission, Spacecraft

Integers = NDArray[np.int64]
LIGHT_KM_S = 299_792.458


def site_of(station: Station) -> Site:
    """Return a station as a place on Earth."""
    position = station.position
    xyz = position.x_km, position.y_km, position.z_km
    return Site(station.name, xyz, position.velocity_km_per_year, position.epoch)


def target_of(craft: Spacecraft) -> Target:
    """Return a spacecraft as a body. Raises UsageError when the mission does not tell which."""
    if craft.naif_id == 0:
        raise UsageError(f"{craft.name} has no naif_id", remedy="Give it one in the mission's mission.toml")
    return Target(str(craft.naif_id), craft.near, craft.near_km)


def elevation_deg(station: Station, craft: Spacecraft, at: int) -> float | None:
    """Return how high a spacecraft stands over a station (degrees, without refraction) when light is received `at` (TAI ns).

    None where only a body stands in for it that it may be as far from as the station is: that tells a light time, no direction.
    """
    look = elevation_azimuth(site_of(station), target_of(craft), np.array([at], np.int64))
    if not look.direct[0] and float(look.light_s[0]) * LIGHT_KM_S <= craft.near_km:
        return None
    return float(look.elevation_deg[0])


class Geometry:
    """Light times of all stations and spacecraft of a mission, made when first asked for."""

    def __init__(self, mission: Mission, kernels: tuple[Path, ...] = ()) -> None:
        if kernels:
            furnish(*kernels)
        stations = mission.organisation.stations

        @cache
        def light_time(station: str, craft: str) -> LightTime:
            if station not in stations:
                raise UsageError(f"mission {mission.name} has no station {station!r}")
            return LightTime(site_of(stations[station]), target_of(mission.craft(craft)))

        self._light_time = light_time

    def light_time(self, station: str, craft: str, received: Integers) -> Integers:
        """Return the one-way light times (ns) of what a station receives at these epochs (TAI nanoseconds)."""
        found = self._light_time(station, craft)
        if received.size == 1:
            return np.array([round(found.seconds(int(received[0])) * SECOND)], np.int64)
        return np.rint(found.at(received).light_s * SECOND).astype(np.int64)

    def seconds(self, station: str, craft: str, received: int) -> float:
        """Return the one-way light time (s) of what a station receives at an epoch (TAI nanoseconds)."""
        return self._light_time(station, craft).seconds(received)
