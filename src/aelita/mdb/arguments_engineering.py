"""Raw values as engineering ones, one at a time: what the ground reads in a command that it did not make itself."""

from fractions import Fraction

import numpy as np

from ..time import DAY, NO_TIME, SECOND, tai_ns_from_utc_days
from .arguments_inverse import forward
from .arguments_values import Given
from .command_conditions import Lookup, holds_now
from .conditions import Reference
from .epochs import SECONDS_IN, UNIX_WORDS, epoch_of
from .plain import Raw
from .types import (
    AbsoluteTimeType,
    BooleanType,
    EnumeratedType,
    FloatEncoding,
    FloatType,
    IntegerEncoding,
    IntegerType,
    ParameterType,
    RelativeTimeType,
    StringEncoding,
)


def engineering_value(kind: ParameterType, raw: Raw, lookup: Lookup) -> Given:
    """Return the engineering value of a raw one; None when it has none. Times are TAI nanoseconds, durations seconds."""
    encoding = getattr(kind, "encoding", None)
    if raw is None:
        return None
    if isinstance(raw, bytes):
        return _from_octets(kind, raw, encoding)
    if isinstance(kind, EnumeratedType):
        return next((each.label for each in kind.entries if each.value <= raw <= each.maximum), None)
    if isinstance(kind, BooleanType):
        return kind.one if raw else kind.zero
    number = _calibrated(encoding, raw, lookup) if isinstance(encoding, IntegerEncoding | FloatEncoding) else raw
    if number is None:
        return None
    if isinstance(kind, RelativeTimeType):
        unit = SECONDS_IN.get(kind.units, Fraction(1))
        return float((Fraction(number) * Fraction(str(kind.scale)) + Fraction(str(kind.offset))) * unit)
    if isinstance(kind, AbsoluteTimeType):
        return _instant(kind, number, lookup)
    return int(number) if isinstance(kind, IntegerType) and number == int(number) else number


def _calibrated(encoding: IntegerEncoding | FloatEncoding, raw: int | float, lookup: Lookup) -> int | float | None:
    for condition, calibrator in encoding.calibration.contexts:
        if holds_now(condition, lookup):
            return forward(calibrator, raw)
    return raw if encoding.calibration.default is None else forward(encoding.calibration.default, raw)


def _from_octets(kind: ParameterType, raw: bytes, encoding: object) -> Given:
    if not isinstance(encoding, StringEncoding):
        return raw
    codec = {"UTF-16": "utf-16-be", "UTF-32": "utf-32-be"}.get(encoding.charset, encoding.charset)
    text = raw.decode(codec, "replace")
    if not encoding.length_prefix_bits and encoding.termination is None:
        text = text.rstrip("\0")  # what fills a field that is longer than its text
    if isinstance(kind, IntegerType | FloatType):
        try:
            return int(text) if isinstance(kind, IntegerType) else float(text)
        except ValueError:
            return None
    return text


def _instant(kind: AbsoluteTimeType, number: int | float, lookup: Lookup) -> int | None:
    unit = SECONDS_IN.get(kind.units, Fraction(1)) * SECOND
    elapsed = round(Fraction(number) * Fraction(str(kind.scale)) * unit) + round(Fraction(str(kind.offset)) * unit)
    if kind.relative_to is not None:
        start = lookup(Reference(kind.relative_to))
        return start + elapsed if isinstance(start, int) else None
    if (kind.epoch or "TAI") in UNIX_WORDS:
        day, of_day = divmod(elapsed, DAY)
        tai_ns = int(tai_ns_from_utc_days(np.array([day]), np.array([of_day]))[0]) if abs(day) < 10**9 else NO_TIME
        return None if tai_ns == NO_TIME else tai_ns
    return epoch_of(kind.epoch or "TAI") + elapsed
