"""Epochs, time scales, leap seconds, CCSDS time codes and spacecraft clock correlation.

An epoch is an int64: nanoseconds of TAI since 1970-01-01T00:00:00 TAI. `NO_TIME` means unknown.
"""

from .clock import Correlation, Partition, Segment, SpacecraftClock, correlate
from .codes import Ccs, Cds, Cuc, TimeCode, decode_ascii, encode_ascii, from_preamble
from .correlator import Correlator
from .definitions import KEYS as TIME_CODE_KEYS
from .definitions import epoch_tai_ns, time_code
from .instants import Time, tai_ns_of
from .kernels import ClockFormat, clock_from_kernel, kernel_from_clock, leap_seconds_kernel
from .points import ClockHealth, CorrelationRules, Indication, PointRejected, PointUsed, SegmentBegun, TimePoint
from .scales import (
    BUILT_IN,
    DAY,
    J2000_TAI_NS,
    NO_TIME,
    SECOND,
    LeapSeconds,
    et_from_tai_ns,
    tai_ns_from_datetime64,
    tai_ns_from_et,
    tai_ns_from_tai,
    tai_ns_from_utc,
    tai_ns_from_utc_days,
    tdb_minus_tt_s,
    tt_s_from_tai_ns,
    utc_datetime64,
    utc_from_tai_ns,
    utc_parts,
)

__all__ = [
    "BUILT_IN", "DAY", "J2000_TAI_NS", "NO_TIME", "SECOND", "TIME_CODE_KEYS", "Ccs", "Cds", "ClockFormat", "ClockHealth",
    "Correlation", "CorrelationRules", "Correlator", "Cuc", "Indication", "LeapSeconds", "Partition", "PointRejected",
    "PointUsed", "Segment", "SegmentBegun", "SpacecraftClock", "Time", "TimeCode", "TimePoint", "clock_from_kernel", "correlate",
    "decode_ascii", "encode_ascii", "epoch_tai_ns", "et_from_tai_ns", "from_preamble", "kernel_from_clock",
    "leap_seconds_kernel", "tai_ns_from_datetime64", "tai_ns_from_et", "tai_ns_from_tai", "tai_ns_from_utc",
    "tai_ns_from_utc_days", "tai_ns_of", "tdb_minus_tt_s", "time_code", "tt_s_from_tai_ns", "utc_datetime64",
    "utc_from_tai_ns", "utc_parts",
]  # fmt: skip
