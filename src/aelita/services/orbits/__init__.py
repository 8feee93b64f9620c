"""Orbits that were published as products, furnished beside the kernels of an installation wherever those hold none."""

from .checked import PLACES, OrbitRefusedError, segments_of
from .published import KERNELS, STAND_IN, PublishedOrbits, Seen

__all__ = ["KERNELS", "PLACES", "STAND_IN", "OrbitRefusedError", "PublishedOrbits", "Seen", "segments_of"]
