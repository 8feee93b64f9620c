"""Stations and spacecraft of a mission as places that ephemerides know."""

from ..agencies import Station
from ..ephemeris import Horizon, Site, Target
from ..errors import UsageError
from .missions import Spacecraft


def site_of(station: Station) -> Site:
    """Return a station as a place on Earth."""
    position = station.position
    xyz = position.x_km, position.y_km, position.z_km
    return Site(station.name, xyz, position.velocity_km_per_year, position.epoch)


def horizon_of(station: Station) -> Horizon:
    """Return how high something has to stand over a station."""
    return Horizon(station.minimum_elevation_deg, station.horizon)


def target_of(craft: Spacecraft) -> Target:
    """Return a spacecraft as a body. Raises UsageError when the mission does not tell which."""
    if craft.naif_id == 0:
        raise UsageError(f"{craft.name} has no naif_id", remedy="Give it one in the mission's mission.toml")
    return Target(str(craft.naif_id), craft.near, craft.near_km)
