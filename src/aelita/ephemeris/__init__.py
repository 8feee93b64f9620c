"""Bodies, states and light time through SPICE: the only room that touches it."""

from .load import furnish, release
from .states import light_time_s, state

__all__ = ["furnish", "light_time_s", "release", "state"]
