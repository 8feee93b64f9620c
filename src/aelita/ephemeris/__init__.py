"""Bodies, sites, states, light time and visibility through SPICE: the only room that touches it."""

from .coverage import earth_orientation_until, planets_until
from .light import LightTime, LightTimes, light_times
from .load import furnish, release
from .sites import Observer, Site, Target
from .states import light_time_s, state
from .visibility import Interval, Look, elevation_azimuth, occultations, occulted, visibility

__all__ = [
    "Interval", "LightTime", "LightTimes", "Look", "Observer", "Site", "Target", "earth_orientation_until", "elevation_azimuth",
    "furnish", "light_time_s", "light_times", "occultations", "occulted", "planets_until", "release", "state", "visibility",
]  # fmt: skip
