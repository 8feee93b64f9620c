"""A value as a person gives it, turned into the raw value of its type. Every refusal says what would be lawful."""

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from ..errors import AelitaError
from ..time import DAY, SECOND, tai_ns_from_utc, utc_parts
from .arguments import Fault, Refused
from .arguments_inverse import forward, inverse, raw_limits
from .calibration import Calibrator
from .command_conditions import Lookup, holds_now
from .commands import NO_RULES, ArgumentRules
from .conditions import Reference
from .epochs import SECONDS_IN, UNIX_WORDS, epoch_of
from .plain import Raw
from .types import (
    AbsoluteTimeType,
    BinaryType,
    BooleanType,
    EnumeratedType,
    FloatEncoding,
    FloatType,
    IntegerEncoding,
    IntegerType,
    ParameterType,
    RelativeTimeType,
    StringEncoding,
    StringType,
    ValidRange,
)
from .wording import range_text
from .xtce_command_durations import duration_s

MOST_WHOLE = 10**300  # what floats hold
MOST_LABELS = 12  # told in a refusal
WHOLE = re.compile(r"[+-]?\d+|[+-]?0[xX][0-9a-fA-F]+|[+-]?0[oO][0-7]+|[+-]?0[bB][01]+")

Given = Any  # what a person or a program gives: numbers, words, octets, lists, mappings


def raw_value(
    kind: ParameterType, given: Given, rules: ArgumentRules = NO_RULES, lookup: Lookup | None = None
) -> tuple[Raw, Given]:
    """Return the raw value that stands for an engineering value, and the engineering value that it gives. Raises Refused.

    `lookup` knows the parameters that choose among calibrators, or that a time counts from.
    """
    maker = MAKERS.get(type(kind))
    if maker is None:
        raise Refused(Fault.TYPE, "it is no single value")
    return maker(kind, given, rules, lookup or (lambda reference: None))


def default_encoding(kind: ParameterType) -> Any:
    """Return the encoding of a type that has one, else None."""
    return getattr(kind, "encoding", None)


def whole(given: Given) -> int:
    """Return a whole number: itself, a float without a fraction, or text in decimal, 0x, 0o or 0b form. Raises Refused."""
    if isinstance(given, str) and WHOLE.fullmatch(given.strip()) and len(given) < 80:
        text = given.strip()
        return int(text, 10 if text.lstrip("+-").isdecimal() else 0)
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given or given in (math.inf, -math.inf):
        raise Refused(Fault.TYPE, f"{_short(given)} is not a whole number")
    if given != int(given):
        raise Refused(Fault.TYPE, f"{given!r} is not a whole number")
    return int(given)


def number(given: Given) -> int | float:
    """Return a finite number. Raises Refused."""
    found: Given = given
    if isinstance(given, str):
        try:
            found = whole(given) if WHOLE.fullmatch(given.strip()) else float(given)
        except ValueError:
            found = None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Refused(Fault.TYPE, f"{_short(given)} is not a number")
    if isinstance(found, int) and abs(found) > MOST_WHOLE:
        raise Refused(Fault.REPRESENTATION, f"{_short(given)} is too large")
    if not math.isfinite(found):
        raise Refused(Fault.REPRESENTATION, f"{_short(given)} is not finite")
    return found


def _short(given: Given) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _in_ranges(value: float, ranges: tuple[ValidRange, ...], *, calibrated: bool) -> None:
    """Refuse a value that lies in none of the ranges that apply to such values."""
    applying = [each for each in ranges if each.calibrated is calibrated]
    if applying and not any(_in_range(value, each) for each in applying):
        lawful = " or ".join(range_text(each) for each in applying)
        raise Refused(Fault.RANGE, f"{'' if calibrated else 'the raw value '}{value!r} is not in {lawful}")


def _in_range(value: float, span: ValidRange) -> bool:
    above = span.minimum is None or (value > span.minimum if span.minimum_exclusive else value >= span.minimum)
    below = span.maximum is None or (value < span.maximum if span.maximum_exclusive else value <= span.maximum)
    return above and below


def _ranges(kind: ParameterType, rules: ArgumentRules) -> tuple[ValidRange, ...]:
    single = getattr(kind, "valid_range", None)
    return rules.ranges or ((single,) if single is not None else ())


def _calibrator(encoding: IntegerEncoding | FloatEncoding, lookup: Lookup) -> Calibrator | None:
    """Return the calibrator that applies. Raises Refused when a condition that chooses it cannot be told."""
    for condition, calibrator in encoding.calibration.contexts:
        answer = holds_now(condition, lookup)
        if answer is None:
            told = "which calibrator applies depends on values that are not known; give its raw value"
            raise Refused(Fault.REPRESENTATION, told)
        if answer:
            return calibrator
    return encoding.calibration.default


def _number(kind: IntegerType | FloatType, given: Given, rules: ArgumentRules, lookup: Lookup) -> tuple[Raw, Given]:
    encoding, ranges = kind.encoding, _ranges(kind, rules)
    if isinstance(encoding, StringEncoding):
        value = whole(given) if isinstance(kind, IntegerType) else number(given)
        _in_ranges(value, ranges, calibrated=True)
        return str(value).encode(_codec(encoding.charset)), value
    if not isinstance(encoding, IntegerEncoding | FloatEncoding):
        raise Refused(Fault.REPRESENTATION, "its type has no encoding of numbers")
    calibrator = _calibrator(encoding, lookup)
    value = whole(given) if isinstance(kind, IntegerType) and calibrator is None else number(given)
    _in_ranges(value, ranges, calibrated=True)
    raw = _rounded(value if calibrator is None else inverse(calibrator, float(value), encoding), value, encoding, calibrator)
    _in_ranges(raw, ranges, calibrated=False)
    made = forward(calibrator, raw)
    if calibrator is None or made is None:
        return raw, raw if isinstance(kind, IntegerType) else float(raw)
    return raw, int(made) if isinstance(kind, IntegerType) and made == int(made) else made


def _rounded(
    exact: float | Fraction, value: float, encoding: IntegerEncoding | FloatEncoding, calibrator: Calibrator | None
) -> int | float:
    """Return the raw value that an encoding holds and that comes nearest. Raises Refused outside of its limits."""
    low, high = raw_limits(encoding)
    if isinstance(encoding, FloatEncoding):
        if not low <= exact <= high:
            raise Refused(Fault.REPRESENTATION, f"{value!r} is too large for a float of {encoding.bits} bits")
        return float(exact)
    if calibrator is None and exact != int(exact):
        raise Refused(Fault.REPRESENTATION, f"{value!r} has a fraction, and it is sent as a whole number")
    raw = round(exact)
    if not low <= raw <= high:
        ends = [forward(calibrator, each) for each in (low, high)] if calibrator is not None else []
        known = sorted(each for each in ends if each is not None)
        reach = f": {known[0]:g} to {known[1]:g} can be sent" if len(known) == 2 else f": {low} to {high}"
        raise Refused(Fault.REPRESENTATION, f"{value!r} does not fit into {encoding.bits} bits{reach}")
    return raw


def _label(kind: EnumeratedType, given: Given, rules: ArgumentRules, lookup: Lookup) -> tuple[Raw, Given]:
    named = [entry for entry in kind.entries if entry.label == given]
    spans = sorted({(entry.value, entry.maximum) for entry in named})
    if len(spans) > 1 or (spans and spans[0][0] != spans[0][1]):
        told = ", ".join(f"{low}" if low == high else f"{low} to {high}" for low, high in spans)
        raise Refused(Fault.AMBIGUOUS, f"the label {given!r} stands for {told}; give the number")
    if spans:
        raw = spans[0][0]
    else:
        try:
            raw = whole(given)
        except Refused:
            raise Refused(Fault.LABEL, f"{_short(given)} is none of the labels {_labels(kind)}") from None
    entry = next((each for each in kind.entries if each.value <= raw <= each.maximum), None)
    if entry is None:
        raise Refused(Fault.LABEL, f"{raw} has no label; labels are {_labels(kind)}")
    return _coded(kind, raw), entry.label


def _labels(kind: EnumeratedType) -> str:
    told = [f"{entry.label} ({entry.value})" for entry in kind.entries[:MOST_LABELS]]
    return ", ".join(told) + (f" and {len(kind.entries) - MOST_LABELS} more" if len(kind.entries) > MOST_LABELS else "")


def _truth(kind: BooleanType, given: Given, rules: ArgumentRules, lookup: Lookup) -> tuple[Raw, Given]:
    words: dict[Given, int] = {"true": 1, "false": 0, "1": 1, "0": 0} | {kind.zero: 0, kind.one: 1}
    known = given if not isinstance(given, str) or given in words else given.lower()
    raw = (
        words.get(known) if isinstance(known, str) else int(known) if known in (0, 1) and isinstance(known, bool | int) else None
    )
    if raw is None:
        raise Refused(Fault.TYPE, f"{_short(given)} is neither {kind.one!r} nor {kind.zero!r}")
    return _coded(kind, raw), kind.one if raw else kind.zero


def _coded(kind: ParameterType, raw: int) -> Raw:
    """Return a whole number as the encoding of its type wants it."""
    encoding = default_encoding(kind)
    if isinstance(encoding, StringEncoding):
        return str(raw).encode(_codec(encoding.charset))
    return float(raw) if isinstance(encoding, FloatEncoding) else raw


def _text(kind: StringType, given: Given, rules: ArgumentRules, lookup: Lookup) -> tuple[Raw, Given]:
    if not isinstance(given, str):
        raise Refused(Fault.TYPE, f"{_short(given)} is not text")
    most = rules.most_characters
    if len(given) < rules.least_characters or (most is not None and len(given) > most):
        lawful = f"{rules.least_characters} to {most}" if most is not None else f"at least {rules.least_characters}"
        raise Refused(Fault.RANGE, f"it has {len(given)} characters, and {lawful} are lawful")
    if rules.pattern and not re.fullmatch(rules.pattern, given):
        raise Refused(Fault.RANGE, f"{_short(given)} does not match the pattern {rules.pattern}")
    charset = kind.encoding.charset if isinstance(kind.encoding, StringEncoding) else "UTF-8"
    try:
        return given.encode(_codec(charset)), given
    except UnicodeEncodeError as error:
        raise Refused(Fault.REPRESENTATION, f"{given[error.start]!r} is not in the character set {charset}") from error


def _codec(charset: str) -> str:
    """Return the codec that writes a character set: big-endian where the set leaves the order open."""
    return {"UTF-16": "utf-16-be", "UTF-32": "utf-32-be"}.get(charset, charset)


def _octets(kind: BinaryType, given: Given, rules: ArgumentRules, lookup: Lookup) -> tuple[Raw, Given]:
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given), bytes(given)
    try:
        octets = bytes.fromhex(given.strip().removeprefix("0x")) if isinstance(given, str) else None
    except ValueError:
        octets = None
    if octets is None:
        raise Refused(Fault.TYPE, f"{_short(given)} is neither octets nor their hexadecimal digits in pairs")
    return octets, octets


def _duration(kind: RelativeTimeType, given: Given, rules: ArgumentRules, lookup: Lookup) -> tuple[Raw, Given]:
    seconds = duration_s(given) if isinstance(given, str) else None
    value = Fraction(str(number(given) if seconds is None else seconds))
    unit, encoding = SECONDS_IN.get(kind.units, Fraction(1)), _timed(kind)
    scale, offset = Fraction(str(kind.scale)), Fraction(str(kind.offset))
    raw = _raw_time((value / unit - offset) / scale, given, encoding, lookup)
    made = forward(_calibrator(encoding, lookup), raw)
    return raw, float((Fraction(made if made is not None else raw) * scale + offset) * unit)


def _timed(kind: AbsoluteTimeType | RelativeTimeType) -> IntegerEncoding | FloatEncoding:
    if not isinstance(kind.encoding, IntegerEncoding | FloatEncoding) or not kind.scale:
        raise Refused(Fault.REPRESENTATION, "its time is not encoded as a number; give its raw value")
    return kind.encoding


def _raw_time(exact: Fraction, given: Given, encoding: IntegerEncoding | FloatEncoding, lookup: Lookup) -> int | float:
    calibrator = _calibrator(encoding, lookup)
    wanted = exact if calibrator is None else inverse(calibrator, float(exact), encoding)
    low, high = raw_limits(encoding)
    raw = round(wanted) if isinstance(encoding, IntegerEncoding) else float(wanted)
    if not low <= raw <= high:
        raise Refused(Fault.REPRESENTATION, f"{_short(given)} lies outside of what its {encoding.bits} bits count")
    return raw


def _instant(kind: AbsoluteTimeType, given: Given, rules: ArgumentRules, lookup: Lookup) -> tuple[Raw, Given]:
    """Return the count of a time, given in TAI nanoseconds or as UTC text."""
    if isinstance(given, str) and not WHOLE.fullmatch(given.strip()):
        try:
            tai_ns = tai_ns_from_utc(given.strip())
        except AelitaError as error:
            raise Refused(Fault.TYPE, f"{_short(given)} is no time: {error.what}") from error
    else:
        tai_ns = whole(given)
    encoding = _timed(kind)
    unit = SECONDS_IN.get(kind.units, Fraction(1)) * SECOND
    step, offset = Fraction(str(kind.scale)) * unit, round(Fraction(str(kind.offset)) * unit)
    raw = _raw_time(Fraction(_elapsed_ns(kind, tai_ns, lookup) - offset) / step, given, encoding, lookup)
    made = round(Fraction(raw) * step) + offset - _elapsed_ns(kind, tai_ns, lookup)
    return raw, tai_ns + made


def _elapsed_ns(kind: AbsoluteTimeType, tai_ns: int, lookup: Lookup) -> int:
    if kind.relative_to is not None:
        start = lookup(Reference(kind.relative_to))
        if not isinstance(start, int):
            raise Refused(Fault.REPRESENTATION, f"it counts from {kind.relative_to}, which is not known; give its raw value")
        return tai_ns - start
    if (kind.epoch or "TAI") in UNIX_WORDS:
        try:
            day, of_day = utc_parts(tai_ns)
        except AelitaError as error:
            raise Refused(Fault.REPRESENTATION, error.what) from error
        return day * DAY + of_day
    return tai_ns - epoch_of(kind.epoch or "TAI")


MAKERS: dict[type, Callable[..., tuple[Raw, Given]]] = {
    IntegerType: _number,
    FloatType: _number,
    EnumeratedType: _label,
    BooleanType: _truth,
    StringType: _text,
    BinaryType: _octets,
    AbsoluteTimeType: _instant,
    RelativeTimeType: _duration,
}
