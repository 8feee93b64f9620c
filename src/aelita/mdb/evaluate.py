"""Calibrators applied to arrays of raw values.

Every function returns float64 values and a mask of those that are valid, or None for the mask when all are.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DefinitionError
from .calibration import Calibrator, MathOperation, Polynomial, Spline

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Lookup = Callable[[str], Floats | None]

BLOCK = 16384  # values calibrated at a time, so that they stay in the cache from one operation to the next


def calibrate(calibrator: Calibrator, raw: NDArray[Any], parameter: Lookup | None = None) -> tuple[Floats, Mask | None]:
    """Return the engineering values of raw values.

    `parameter` gives the values of a parameter that a math operation names, one per row, or None when there are none: the
    result is invalid then. Raises DefinitionError when a math operation is malformed.
    """
    if isinstance(calibrator, Polynomial):
        return polynomial(calibrator.coefficients, raw), None
    if isinstance(calibrator, Spline):
        return spline(calibrator, raw)
    with np.errstate(all="ignore"):
        return operate(calibrator, raw.astype(np.float64), parameter)


def polynomial(coefficients: tuple[float, ...], raw: NDArray[Any]) -> Floats:
    """Return the sum of `coefficients[i] * raw**i`."""
    out = np.empty(raw.size, np.float64)
    if not coefficients:
        out.fill(0.0)
        return out
    x = np.empty(min(BLOCK, raw.size), np.float64)
    for start in range(0, raw.size, BLOCK):
        block = raw[start : start + BLOCK]
        here, values = out[start : start + BLOCK], x[: block.size]
        values[:] = block
        here.fill(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            here *= values
            here += coefficient
    return out


def spline(points: Spline, raw: NDArray[Any]) -> tuple[Floats, Mask | None]:
    """Return the values on the steps (order 0) or lines (order 1) through the points."""
    x, y = np.array(points.raw, np.float64), np.array(points.engineering, np.float64)
    if not x.size:
        return np.full(raw.size, np.nan), np.zeros(raw.size, np.bool_)
    values = raw.astype(np.float64, copy=False)
    if points.order == 0:
        out = y[np.clip(np.searchsorted(x, values, side="right") - 1, 0, x.size - 1)]
    else:
        out = np.interp(values, x, y)
    low, high = values < x[0], values > x[-1]
    if points.extrapolate:
        if points.order == 1 and x.size > 1:
            out[low] = y[0] + (values[low] - x[0]) * (y[1] - y[0]) / (x[1] - x[0])
            out[high] = y[-1] + (values[high] - x[-1]) * (y[-1] - y[-2]) / (x[-1] - x[-2])
        return out, None
    outside = low | high | np.isnan(values)
    if not outside.any():
        return out, None
    out[outside] = np.nan
    return out, ~outside


def _truth(values: Any) -> Floats:
    return np.asarray(values).astype(np.float64)


def _whole(values: Floats) -> NDArray[np.int64]:
    return np.where(np.abs(values) < 2.0**62, values, 0).astype(np.int64)


def _factorial(values: Floats) -> Floats:
    table = np.cumprod(np.concatenate([[1.0], np.arange(1.0, 171.0)]))
    known = (values >= 0) & (values < 171) & (values == np.floor(values))
    return np.where(known, table[np.where(known, values, 0).astype(np.int64)], np.nan)


# XTCE 1.2, MathOperatorsType: (x -- result) and (x1 x2 -- result)
UNARY: dict[str, Callable[[Floats], Floats]] = {
    "ln": np.log, "log": np.log10, "e^x": np.exp, "1/x": lambda x: 1.0 / x, "x!": _factorial, "tan": np.tan, "cos": np.cos,
    "sin": np.sin, "atan": np.arctan, "acos": np.arccos, "asin": np.arcsin, "tanh": np.tanh, "cosh": np.cosh, "sinh": np.sinh,
    "atanh": np.arctanh, "acosh": np.arccosh, "asinh": np.arcsinh, "!": lambda x: _truth(x == 0), "abs": np.abs,
    "int": np.trunc, "~": lambda x: (~_whole(x)).astype(np.float64),
}  # fmt: skip
BINARY: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod, "^": np.power,
    "y^x": lambda a, b: np.power(b, a), "atan2": lambda a, b: np.arctan2(b, a), "div": lambda a, b: np.floor_divide(a, b),
    "<<": lambda a, b: (_whole(a) << np.clip(_whole(b), 0, 63)).astype(np.float64),
    ">>": lambda a, b: (_whole(a) >> np.clip(_whole(b), 0, 63)).astype(np.float64),
    "&": lambda a, b: (_whole(a) & _whole(b)).astype(np.float64), "|": lambda a, b: (_whole(a) | _whole(b)).astype(np.float64),
    "&&": lambda a, b: _truth((a != 0) & (b != 0)), "||": lambda a, b: _truth((a != 0) | (b != 0)),
    ">": lambda a, b: _truth(a > b), ">=": lambda a, b: _truth(a >= b), "<": lambda a, b: _truth(a < b),
    "<=": lambda a, b: _truth(a <= b), "==": lambda a, b: _truth(a == b), "!=": lambda a, b: _truth(a != b),
    "min": np.minimum, "max": np.maximum, "xor": lambda a, b: (_whole(a) ^ _whole(b)).astype(np.float64),
}  # fmt: skip
SHUFFLES: dict[str, tuple[int, Callable[[list[Floats]], list[Floats]]]] = {
    "swap": (2, lambda s: [s[1], s[0]]),
    "drop": (1, lambda s: []),
    "dup": (1, lambda s: [s[0], s[0]]),
    "over": (2, lambda s: [s[0], s[1], s[0]]),
}


def operate(operation: MathOperation, raw: Floats, parameter: Lookup | None) -> tuple[Floats, Mask | None]:
    """Return the result of a postfix program; results that are no finite number are invalid."""
    stack: list[Floats] = []
    for word in operation.program:
        taken, made = _step(word, stack, raw, parameter)
        stack[len(stack) - taken :] = made
    if not stack:
        raise DefinitionError(f"the math operation {operation.program} leaves nothing on its stack")
    out = np.ascontiguousarray(np.broadcast_to(stack[-1], raw.shape))
    fine = np.isfinite(out)
    return out, None if fine.all() else fine


def _step(word: str | float, stack: list[Floats], raw: Floats, parameter: Lookup | None) -> tuple[int, list[Floats]]:
    """Return how many values a word takes from the stack, and what it leaves."""
    if not isinstance(word, str):
        return 0, [np.full(raw.shape, float(word))]
    if word == "THIS":
        return 0, [raw]
    needed = 1 if word in UNARY else 2 if word in BINARY else SHUFFLES[word][0] if word in SHUFFLES else 0
    if len(stack) < needed:
        raise DefinitionError(f"{word!r} of a math operation finds {len(stack)} values on its stack, and needs {needed}")
    if word in UNARY:
        return 1, [UNARY[word](stack[-1])]
    if word in BINARY:
        return 2, [BINARY[word](stack[-2], stack[-1])]
    if word in SHUFFLES:
        return needed, SHUFFLES[word][1](stack[len(stack) - needed :])
    values = parameter(word) if parameter else None
    return 0, [np.full(raw.shape, np.nan) if values is None else values]
