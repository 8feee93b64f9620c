"""Frames to packets to parameter values: decommutation, calibration, derivation, limits, events."""

from .columns import Column
from .copies import BadFrame, Copies, Merged, StationCounts, joined_copies, joined_merged
from .correlating import ClockCorrelation, FrameTimes, TimePacketRule, TimePackets, merged_times
from .decode import ContainerRows, Decoded, Decoder
from .dependencies import needed_parameters
from .events import header_layout
from .generated import Kernel, Kernels
from .generated import source_of as generated_source
from .holes import HoleCounts, HoleStatus, HoleTracker, Request, RequestRules
from .interpret import Interpreted
from .interpret import interpret as interpreted
from .limits import LimitChecker, Transitions, severity_column
from .mending import Mender
from .merging import Merger
from .processor import Processed, Processor
from .recent import initial_value
from .reception import Reception
from .runs import Hole
from .times import generation_times, packet_ticks
from .values import Values, engineering
from .views import changed, changes_only, sampled

__all__ = [
    "BadFrame", "ClockCorrelation", "Column", "ContainerRows", "Copies", "Decoded", "Decoder", "FrameTimes", "Hole", "HoleCounts",
    "HoleStatus", "HoleTracker", "Interpreted", "Kernel", "Kernels", "LimitChecker", "Mender", "Merged", "Merger", "Processed",
    "Processor", "Reception", "Request", "RequestRules", "StationCounts", "TimePacketRule", "TimePackets", "Transitions",
    "Values", "changed", "changes_only", "engineering", "generated_source", "generation_times", "header_layout", "initial_value",
    "interpreted", "joined_copies", "joined_merged", "merged_times", "needed_parameters", "packet_ticks", "sampled",
    "severity_column",
]  # fmt: skip
