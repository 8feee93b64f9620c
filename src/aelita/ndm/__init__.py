"""Navigation data messages of CCSDS (orbits, attitudes, tracking, conjunctions, re-entry), read and written in KVN and XML."""

from .attitudes import AttitudeEphemeris, attitude_message, attitudes
from .epochs import SCALES, Epoch, Epochs, epochs_from_tai_ns
from .faults import NdmError
from .messages import read, write
from .model import Block, Composite, Message, Observations, Rows, Segment
from .orbits import Ephemeris, covariance_of, ephemerides, ephemeris_message, states_at
from .standards import KINDS, versions_of
from .tracking import Tracking, tracking, tracking_message

__all__ = [
    "KINDS", "SCALES", "AttitudeEphemeris", "Block", "Composite", "Ephemeris", "Epoch", "Epochs", "Message", "NdmError",
    "Observations", "Rows", "Segment", "Tracking", "attitude_message", "attitudes", "covariance_of", "ephemerides",
    "ephemeris_message", "epochs_from_tai_ns", "read", "states_at", "tracking", "tracking_message", "versions_of", "write",
]  # fmt: skip
