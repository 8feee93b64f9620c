"""Bodies, sites, states, light time and visibility through SPICE: the only room that touches it."""

from .coverage import earth_orientation_until, planets_until
from .finding import Interval, gaps, intervals, joined, overlaps
from .fine import FineStates, fine_states, tdb_tt_s
from .light import LightTime, LightTimes, light_times
from .links import LightLink, light_times_down
from .load import furnish, release
from .occultation import Shadow, is_hidden, occultations, occulted, shadow, sun_angle_deg
from .sites import Observer, Site, Target
from .states import light_time_s, state
from .visibility import Look, elevation_azimuth, visibility
from .windows import Horizon, Window, uplink_height, uplink_windows

__all__ = [
    "FineStates", "Horizon", "Interval", "LightLink", "LightTime", "LightTimes", "Look", "Observer", "Shadow", "Site", "Target",
    "Window", "earth_orientation_until", "elevation_azimuth", "fine_states", "furnish", "gaps", "intervals", "is_hidden", "joined",
    "light_time_s", "light_times", "light_times_down", "occultations", "occulted", "overlaps", "planets_until", "release", "shadow",
    "state", "sun_angle_deg", "tdb_tt_s", "uplink_height", "uplink_windows", "visibility",
]  # fmt: skip
