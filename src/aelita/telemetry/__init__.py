"""Frames to packets to parameter values: decommutation, calibration, derivation, limits, events."""

from .columns import Column
from .decode import ContainerRows, Decoded, Decoder
from .values import Values, engineering

__all__ = ["Column", "ContainerRows", "Decoded", "Decoder", "Values", "engineering"]
