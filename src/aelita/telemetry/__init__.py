"""Frames to packets to parameter values: decommutation, calibration, derivation, limits, events."""

from .columns import Column
from .decode import ContainerRows, Decoded, Decoder
from .dependencies import needed_parameters
from .generated import Kernel, Kernels
from .generated import source_of as generated_source
from .processor import Processed, Processor
from .reception import Reception
from .values import Values, engineering

__all__ = [
    "Column", "ContainerRows", "Decoded", "Decoder", "Kernel", "Kernels", "Processed", "Processor",
    "Reception", "Values", "engineering",
    "generated_source", "needed_parameters",
]  # fmt: skip
