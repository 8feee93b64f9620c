"""Engineering values to raw ones: calibrators inverted, where only one raw value gives an engineering value."""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np

from .arguments import Fault, Refused
from .calibration import Calibrator, MathOperation, Polynomial, Spline
from .evaluate import calibrate
from .types import FloatEncoding, FloatScheme, IntegerEncoding, IntegerScheme, ParameterType

FLOAT_MOST = {
    (FloatScheme.IEEE754, 16): 65504.0,
    (FloatScheme.IEEE754, 32): float(np.finfo(np.float32).max),
    (FloatScheme.IEEE754, 64): float(np.finfo(np.float64).max),
}
MIL_MOST = 2.0**127
STEPS = 2200  # halvings, enough to go through all exponents of a double and then its fraction


def raw_limits(encoding: IntegerEncoding | FloatEncoding) -> tuple[float, float]:
    """Return the least and the greatest raw value that an encoding holds; whole numbers for integers."""
    if isinstance(encoding, FloatEncoding):
        most = FLOAT_MOST.get((encoding.scheme, encoding.bits), MIL_MOST)
        return -most, most
    bits = encoding.bits
    match encoding.scheme:
        case IntegerScheme.TWOS_COMPLEMENT:
            return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        case IntegerScheme.ONES_COMPLEMENT | IntegerScheme.SIGN_MAGNITUDE:
            return 1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1
        case IntegerScheme.BCD | IntegerScheme.PACKED_BCD:
            digit_bits = 8 if encoding.scheme is IntegerScheme.BCD else 4
            digits, rest = divmod(bits, digit_bits)
            top = min(9, (1 << rest) - 1) if rest else 0
            return 0, min((top + 1) * 10**digits - 1, 2**63 - 1)
    return 0, (1 << bits) - 1


def why_not_inverted(kind: ParameterType) -> str:
    """Return why engineering values of a type cannot be turned into raw ones, empty when they can."""
    encoding = getattr(kind, "encoding", None)
    if not isinstance(encoding, IntegerEncoding | FloatEncoding):
        return ""
    calibrators = [calibrator for _, calibrator in encoding.calibration.contexts]
    calibrators += [encoding.calibration.default] if encoding.calibration.default is not None else []
    return next(filter(None, (_fault(each, encoding) for each in calibrators)), "")


def _fault(calibrator: Calibrator, encoding: IntegerEncoding | FloatEncoding) -> str:
    if isinstance(calibrator, MathOperation):
        return "a math operation is not inverted"
    if isinstance(calibrator, Polynomial):
        coefficients = _trimmed(calibrator.coefficients)
        if len(coefficients) < 2:
            return "its calibrator gives the same engineering value for every raw value"
        fine = _monotonic(coefficients, *raw_limits(encoding))
        return "" if fine else "its polynomial rises and falls: a value has several raws"
    if not calibrator.raw:
        return "its calibrator is wrong in the file"
    steps = [after - before for before, after in pairwise(calibrator.engineering)]
    if calibrator.order == 1 and (len(calibrator.raw) < 2 or not (all(s > 0 for s in steps) or all(s < 0 for s in steps))):
        return "its spline neither rises nor falls throughout: a value has several raws"
    return ""


def _trimmed(coefficients: tuple[float, ...]) -> tuple[float, ...]:
    most = max((power for power, each in enumerate(coefficients) if each), default=0)
    return coefficients[: most + 1]


def _monotonic(coefficients: tuple[float, ...], low: float, high: float) -> bool:
    """Tell whether a polynomial rises, or falls, throughout: its derivative keeps its sign between its zeros."""
    slope = [power * each for power, each in enumerate(coefficients)][1:]
    zeros = [float(z.real) for z in np.roots(slope[::-1]) if abs(z.imag) <= 1e-9 * max(1.0, abs(z)) and low < z.real < high]
    bounds = [max(low, -1e30), *sorted(zeros), min(high, 1e30)]
    signs = {math.copysign(1, _sum(slope, (a + b) / 2)) for a, b in pairwise(bounds) if b - a > 1e-9 * max(1.0, abs(a), abs(b))}
    return len(signs) <= 1


def _sum(coefficients: tuple[float, ...] | list[float], x: float) -> float:
    total = 0.0
    for each in reversed(coefficients):
        total = total * x + each
    return total


def forward(calibrator: Calibrator | None, raw: float) -> float | None:
    """Return the engineering value of a raw one, as telemetry would; None when there is none."""
    if calibrator is None:
        return raw
    values, good = calibrate(calibrator, np.array([raw], np.float64))
    return float(values[0]) if good is None or good[0] else None


def inverse(calibrator: Calibrator, value: float, encoding: IntegerEncoding | FloatEncoding) -> float | Fraction:
    """Return the raw value, not yet rounded, that gives an engineering value. Raises Refused."""
    reason = _fault(calibrator, encoding)
    if reason:
        raise Refused(Fault.REPRESENTATION, f"{reason}; give its raw value")
    if isinstance(calibrator, Polynomial):
        return _of_polynomial(_trimmed(calibrator.coefficients), value, encoding)
    assert isinstance(calibrator, Spline)
    return _of_steps(calibrator, value) if calibrator.order == 0 else _of_lines(calibrator, value)


def _of_polynomial(coefficients: tuple[float, ...], value: float, encoding: IntegerEncoding | FloatEncoding) -> float | Fraction:
    if len(coefficients) == 2:
        return (Fraction(value) - Fraction(coefficients[0])) / Fraction(coefficients[1])
    low, high = map(float, raw_limits(encoding))
    rising = _sum(coefficients, high) > _sum(coefficients, low)

    def below(raw: float) -> bool:
        return (_sum(coefficients, raw) < value) == rising

    ends = sorted((_sum(coefficients, low), _sum(coefficients, high)))
    if not ends[0] <= value <= ends[1]:
        raise Refused(Fault.REPRESENTATION, f"{value:g} lies outside of {ends[0]:g} to {ends[1]:g}, which the raw value reaches")
    return _halved(below, low, high)


def _halved(below: Callable[[float], bool], low: float, high: float) -> float:
    """Return where `below` turns from true to false."""
    for _ in range(STEPS):
        middle = low / 2 + high / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if below(middle) else (low, middle)
    return high


def _of_steps(points: Spline, value: float) -> float:
    found = [raw for raw, engineering in zip(points.raw, points.engineering, strict=True) if engineering == value]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(Fault.AMBIGUOUS, f"{value:g} stands for the raw values {', '.join(f'{raw:g}' for raw in found)}")
    known = ", ".join(f"{each:g}" for each in dict.fromkeys(points.engineering))
    raise Refused(Fault.REPRESENTATION, f"{value:g} is none of the values {known}")


def _of_lines(points: Spline, value: float) -> Fraction:
    pairs = list(pairwise(zip(points.raw, points.engineering, strict=True)))
    inside = [pair for pair in pairs if min(pair[0][1], pair[1][1]) <= value <= max(pair[0][1], pair[1][1])]
    if not inside and not points.extrapolate:
        low, high = min(points.engineering), max(points.engineering)
        raise Refused(Fault.REPRESENTATION, f"{value:g} lies outside of {low:g} to {high:g}, where its spline ends")
    rising = points.engineering[-1] > points.engineering[0]
    (x0, y0), (x1, y1) = inside[0] if inside else pairs[0] if (value < points.engineering[0]) == rising else pairs[-1]
    slope = (Fraction(x1) - Fraction(x0)) / (Fraction(y1) - Fraction(y0))
    return Fraction(x0) + (Fraction(value) - Fraction(y0)) * slope
