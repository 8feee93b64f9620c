"""Where spacecraft are, as far as kernels and orbits in messages tell, and what happens to them on their way."""

from .courses import KnownCourses, known_courses
from .events import OrbitEvent, check_kinds, orbit_events, sun_conjunctions
from .motions import KnownMotion, motions_in_kernels, motions_in_message, places_km

__all__ = [
    "KnownCourses", "KnownMotion", "OrbitEvent", "check_kinds", "known_courses", "motions_in_kernels", "motions_in_message",
    "orbit_events", "places_km", "sun_conjunctions",
]  # fmt: skip
