"""ECSS packet utilization services carried in space packets: telemetry headers and the reports of services 1, 3, 5 and 6."""

from .headers import HeaderLayout, Headers, encode_telemetry, read_headers
from .reports import (
    SEVERITIES,
    VERIFICATIONS,
    EventReport,
    HousekeepingReport,
    MemoryBlock,
    MemoryDump,
    Report,
    RequestId,
    VerificationReport,
    Widths,
    decode_report,
    describe,
)

__all__ = [
    "SEVERITIES", "VERIFICATIONS", "EventReport", "HeaderLayout", "Headers", "HousekeepingReport", "MemoryBlock", "MemoryDump",
    "Report", "RequestId", "VerificationReport", "Widths", "decode_report", "describe", "encode_telemetry", "read_headers",
]  # fmt: skip
