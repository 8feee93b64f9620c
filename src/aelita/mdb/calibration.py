"""Calibrators: raw to engineering values, as definitions and as vector functions.

A calibrator is a value; `calibrate` applies one to an array of raw values.
"""

from dataclasses import dataclass

from .conditions import Condition


@dataclass(frozen=True, slots=True)
class Polynomial:
    """`coefficients[i]` multiplies raw**i."""

    coefficients: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spline:
    """Points (raw, engineering) sorted by raw, joined by pieces of `order` 0 (steps) or 1 (lines).

    Outside the points the first and last pieces go on when `extrapolate`, else the value is invalid.
    """

    raw: tuple[float, ...]
    engineering: tuple[float, ...]
    order: int = 1
    extrapolate: bool = False


@dataclass(frozen=True, slots=True)
class MathOperation:
    """A postfix program of XTCE's MathOperationCalibrator: numbers, `THIS` for the raw value, parameters and operators."""

    program: tuple[str | float, ...]


Calibrator = Polynomial | Spline | MathOperation


@dataclass(frozen=True, slots=True)
class Calibration:
    """The calibrator that applies: the first context one whose condition is true, else the default; none leaves raw as is."""

    default: Calibrator | None = None
    contexts: tuple[tuple[Condition, Calibrator], ...] = ()


NO_CALIBRATION = Calibration()
UNUSABLE: Calibrator = Spline((), ())  # stands for a calibrator that is wrong in its file: no raw value has an engineering value
