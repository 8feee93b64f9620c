"""Until when the installed kernels tell where planets are and how the Earth is turned."""

import spiceypy

from ..time import NO_TIME, tai_ns_from_et
from .load import EARTH_FRAME_CLASS, earth_orientation_files, kernels, planets_span

LAST = 2**63 - 1


def planets_until() -> int:
    """Return the end of DE440 (TAI nanoseconds, at most what 64 bits hold). Raises UsageError when its package is absent."""
    with kernels():
        found = int(tai_ns_from_et(planets_span()[1]))
    return found if found != NO_TIME else LAST


def earth_orientation_until() -> int | None:
    """Return the end of the installed Earth orientation (TAI nanoseconds), None when none is installed.

    Beyond it the rotation of the Earth is a model: stations are then some kilometres off. Raises UsageError without DE440.
    """
    ends = []
    with kernels():
        for path in earth_orientation_files():
            cover = spiceypy.cell_double(2000)
            spiceypy.pckcov(path, EARTH_FRAME_CLASS, cover)
            ends.append(float(cover[len(cover) - 1]))
    return int(tai_ns_from_et(max(ends))) if ends else None
