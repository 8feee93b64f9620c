"""Media of tracking by models alone: troposphere, ionosphere and solar wind, where no measured ones are given."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...dynamics import Network, Observations, Ramps
from ...environment import SolarWind, ionosphere_m, troposphere_m, vertical_content_m2
from ...ephemeris import Site, state
from ...errors import UsageError

Reals = NDArray[np.float64]
LIGHT_M_S = 299_792_458.0
EQUATOR_KM, FLATTENING = 6378.137, 1 / 298.257223563  # WGS 84
DAY_NS, YEAR_DAYS = 86_400 * 10**9, 365.2425


def with_media(network: Network, observations: tuple[Observations, ...]) -> Network:
    """Return a network with the air of the standard atmosphere (Niell's mapping), an ionosphere by the hour, a quiet solar wind.

    All three are models of a usual day (see `aelita.environment`): air to 10 cm at zenith, electrons to a factor of 2. They stand
    in for the zenith delays of the stations, which become 0: one that is estimated counts from there. Raises UsageError for
    several bands at once, and for a path through the Sun.
    """
    ratios = {one.turnaround for one in observations}
    if len(ratios) > 1:
        raise UsageError("media of several bands at once", remedy="Choose observations of one, or leave --media away")
    up_hz = _uplink_hz(network.ramps)
    frequencies = {True: up_hz, False: up_hz * next(iter(ratios), 880 / 749)}
    places = {one.site.name: _place(one.site) for one in network.stations.values()}

    def air(name: str, epochs: NDArray[np.int64], elevation_rad: Reals, up: bool) -> Reals:
        latitude, _, height = places[name]
        day = np.mod(epochs / DAY_NS, YEAR_DAYS) + 1.0
        return np.asarray(troposphere_m(np.degrees(elevation_rad), latitude, height, day) / LIGHT_M_S)

    def electrons(name: str, epochs: NDArray[np.int64], elevation_rad: Reals, up: bool) -> Reals:
        _, longitude, _ = places[name]
        hour = np.mod(epochs / DAY_NS * 24.0 + longitude / 15.0, 24.0)
        near = ionosphere_m(vertical_content_m2(hour), np.degrees(np.maximum(elevation_rad, 0.05)), frequencies[up])
        earth, probe = (state(body, "SUN", epochs)[:, :3] for body in ("EARTH", network.centre))
        far = SolarWind().delay_m(earth, probe, frequencies[up])
        if not np.all(np.isfinite(far)):
            raise UsageError("the path of light meets the Sun", where="media", remedy="Leave the observations out")
        return np.asarray((near + far) / LIGHT_M_S)

    bare = {name: replace(one, zenith_dry_m=0.0, zenith_wet_m=0.0) for name, one in network.stations.items()}
    return replace(network, stations=bare, delay=air, electrons=electrons)


def _uplink_hz(ramps: Mapping[str, Ramps]) -> float:
    """Return a usual frequency of the uplinks; without any the middle of the X-band for deep space (assumed)."""
    return float(np.median(np.concatenate([one.frequency_hz for one in ramps.values()]))) if ramps else 7.1675e9


def _place(site: Site) -> tuple[float, float, float]:
    """Return geodetic latitude and east longitude (deg) and height (km) of a station, to some tens of metres."""
    up = site.axes()[2]
    latitude, longitude = np.arcsin(up[2]), np.arctan2(up[1], up[0])
    level = EQUATOR_KM * (1.0 - FLATTENING * np.sin(latitude) ** 2)
    height = float(np.linalg.norm(site.position_km)) - level
    return float(np.degrees(latitude)), float(np.degrees(longitude)), min(max(height, 0.0), 8.0)
