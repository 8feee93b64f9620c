"""Navigation data messages of CCSDS (orbits, attitudes, tracking, conjunctions, re-entry), read and written in KVN and XML."""

from .epochs import SCALES, Epoch, Epochs, epochs_from_tai_ns
from .faults import NdmError
from .messages import read, write
from .model import Block, Composite, Message, Observations, Rows, Segment
from .standards import KINDS

__all__ = [
    "KINDS", "SCALES", "Block", "Composite", "Epoch", "Epochs", "Message", "NdmError", "Observations", "Rows", "Segment",
    "epochs_from_tai_ns", "read", "write",
]  # fmt: skip
