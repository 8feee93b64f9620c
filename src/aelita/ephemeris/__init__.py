"""Bodies, sites, states, light time and visibility through SPICE: the only room that touches it."""
# isort: skip_file

from typing import TYPE_CHECKING

from .attitudes import Attitudes, attitudes_at, ck_octets, clock_ticks, read_ck, ticks_tai_ns
from .clashes import Clash
from .conjunction import Conjunction, SunAngles, conjunctions, sun_angles
from .coverage import (
    attitude_gaps, coverage_gaps, covered, earth_orientation_until, planets_until, require_coverage, site_from_kernels,
)  # fmt: skip
from .daf import DafFile, DafSegment, read_daf
from .finding import Interval, gaps, intervals, joined, overlaps
from .fine import FineStates, fine_states, tdb_tt_s
from .frames import (
    IAU2000, IAU2015, MARS_RADII_KM, MarsOrientation, MarsSite, fixed_to_geodetic, from_mars_fixed, geodetic_to_fixed_km,
    mars_rotation, to_mars_fixed, topocentric_axes,
)  # fmt: skip
from .light import LightTime, LightTimes, light_times
from .links import LightLink, light_times_down
from .load import furnish, kernel_clashes, release
from .mars_time import SOL_S, MarsTime, SolClock, mars_time, mars_years, sol_clock_from_et
from .occultation import Shadow, is_hidden, occultations, occulted, shadow, sun_angle_deg
from .directions import Course, Pointing, course_hidden, kernel_courses, point_ahead_deg, pointing, pointing_passes
from .sites import Observer, Site, Target, body_number
from .spk import ChebyshevStates, HermiteStates, fitted_chebyshev, spk_octets
from .states import light_time_s, state
from .sunlight import (
    GroundTrack, MarsLook, SunDisc, beta_angle_deg, eclipses, ground_track, seen_from_mars, subsolar_points, sun_disc,
    terminator,
)  # fmt: skip
from .visibility import Look, elevation_azimuth, visibility
from .windows import Horizon, Window, uplink_height, uplink_windows

if TYPE_CHECKING:
    from .contact_search import Contact, contacts
else:

    def __getattr__(name: str) -> object:
        """Return the search for contacts, loaded at the first use: its compiler takes longer to load than all else."""
        if name not in ("Contact", "contacts"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import contact_search

        return getattr(contact_search, name)


__all__ = [
    "IAU2000", "IAU2015", "MARS_RADII_KM", "SOL_S", "Attitudes", "ChebyshevStates", "Clash", "Conjunction", "Contact", "Course",
    "DafFile", "DafSegment", "FineStates", "GroundTrack", "HermiteStates", "Horizon", "Interval", "LightLink", "LightTime",
    "LightTimes", "Look", "MarsLook", "MarsOrientation", "MarsSite", "MarsTime", "Observer", "Pointing", "Shadow", "Site",
    "SolClock", "SunAngles", "SunDisc", "Target", "Window", "attitude_gaps", "attitudes_at", "beta_angle_deg", "body_number",
    "ck_octets", "clock_ticks", "conjunctions", "contacts", "course_hidden", "coverage_gaps", "covered",
    "earth_orientation_until", "eclipses", "elevation_azimuth", "fine_states", "fitted_chebyshev", "fixed_to_geodetic",
    "from_mars_fixed", "furnish", "gaps", "geodetic_to_fixed_km", "ground_track", "intervals", "is_hidden", "joined",
    "kernel_clashes", "kernel_courses", "light_time_s", "light_times", "light_times_down", "mars_rotation", "mars_time",
    "mars_years", "occultations", "occulted", "overlaps", "planets_until", "point_ahead_deg", "pointing", "pointing_passes",
    "read_ck", "read_daf", "release", "require_coverage", "seen_from_mars", "shadow", "site_from_kernels", "sol_clock_from_et",
    "spk_octets", "state", "subsolar_points", "sun_angle_deg", "sun_angles", "sun_disc", "tdb_tt_s", "terminator", "ticks_tai_ns",
    "to_mars_fixed", "topocentric_axes", "uplink_height", "uplink_windows", "visibility"]  # fmt: skip
