"""Bodies, sites, states, light time and visibility through SPICE: the only room that touches it."""

from .light import LightTime, LightTimes, light_times
from .load import furnish, release
from .sites import Observer, Site, Target
from .states import light_time_s, state
from .visibility import Interval, Look, elevation_azimuth, occultations, occulted, visibility

__all__ = [
    "Interval", "LightTime", "LightTimes", "Look", "Observer", "Site", "Target", "elevation_azimuth", "furnish", "light_time_s",
    "light_times", "occultations", "occulted", "release", "state", "visibility",
]  # fmt: skip
