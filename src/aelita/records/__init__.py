"""The few record types that flow, as column schemas."""

from .rows import Column, ContainerRows, FrameRows, GapRow, PacketRows, QuarantinedRow, StoredColumn
from .schemas import (
    BATCHES,
    CONTENTS,
    DATABASES,
    ENVELOPE,
    EVENTS,
    FRAMES,
    GAPS,
    LIMITS,
    PACKETS,
    PARAMETERS,
    PRODUCTS,
    PYRAMIDS,
    QUARANTINE,
    REMOVALS,
    SIGNED,
    SOURCES,
    stored_type,
)

__all__ = [
    "BATCHES", "CONTENTS", "DATABASES", "ENVELOPE", "EVENTS", "FRAMES", "GAPS", "LIMITS", "PACKETS", "PARAMETERS", "PRODUCTS",
    "PYRAMIDS", "QUARANTINE", "REMOVALS", "SIGNED", "SOURCES", "Column", "ContainerRows", "FrameRows", "GapRow", "PacketRows",
    "QuarantinedRow", "StoredColumn", "stored_type",
]  # fmt: skip
