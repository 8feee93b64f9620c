"""Conditions over single values: of parameters on the ground, of the arguments of a command."""

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import DefinitionError, TimeError
from ..time import tai_ns_from_utc
from .conditions import Algorithm, AllOf, AnyOf, Comparison, Condition, Operator, Reference
from .expressions import Expression

Value = int | float | str | bool | bytes | None
Lookup = Callable[[Reference], Value]  # the value of a reference, raw or calibrated as it asks; None when nobody knows it

COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
}


def references_in(condition: Condition) -> tuple[Reference, ...]:
    """Return every reference that a condition makes, each once."""
    if isinstance(condition, Comparison):
        sides = (condition.left, condition.right)
        return tuple(dict.fromkeys(side for side in sides if isinstance(side, Reference)))
    if isinstance(condition, AllOf | AnyOf):
        return tuple(dict.fromkeys(each for term in condition.terms for each in references_in(term)))
    return tuple(dict.fromkeys(reference for _, reference in condition.inputs))


def holds_now(condition: Condition, value: Lookup) -> bool | None:
    """Tell whether a condition holds; None when that depends on a value that nobody knows, or cannot be told."""
    if isinstance(condition, AllOf | AnyOf):
        answers = [holds_now(term, value) for term in condition.terms]
        deciding = isinstance(condition, AnyOf)
        if deciding in answers:
            return deciding
        return None if None in answers else not deciding
    if isinstance(condition, Algorithm):
        return _computed(condition, value)
    left = value(condition.left)
    if isinstance(condition.right, Reference):
        right = value(condition.right)
        return None if left is None or right is None else _compared(condition.operator, left, right)
    return _with_literal(condition, condition.right, left, value)


def _with_literal(comparison: Comparison, literal: str, left: Value, value: Lookup) -> bool | None:
    number = _number(literal)
    if isinstance(left, str) and left != literal and number is not None and comparison.left.calibrated:
        raw = value(replace(comparison.left, calibrated=False))  # a number where a label is expected means the raw value
        left = raw if isinstance(raw, int | float) else left
    if left is None:
        return None
    if isinstance(left, bool) and number is None:
        return _compared(comparison.operator, str(left).lower(), literal.lower())
    if isinstance(left, int | float):
        return _compared(comparison.operator, left, number if number is not None else _instant(literal))
    return _compared(comparison.operator, left.hex() if isinstance(left, bytes) else left, literal)


def _compared(how: Operator, left: Value, right: Value) -> bool | None:
    if right is None or isinstance(left, str) != isinstance(right, str):
        return None
    try:
        return bool(COMPARE[how](left, right))
    except TypeError:
        return None


def _computed(algorithm: Algorithm, value: Lookup) -> bool | None:
    inputs = {name: value(reference) for name, reference in algorithm.inputs}
    if any(each is None for each in inputs.values()):
        return None
    try:
        made = Expression.parse(algorithm.expression, set(inputs)).evaluate(inputs)
    except DefinitionError:
        return None
    answer = made.reshape(-1)[0]
    return None if made.dtype.kind == "f" and np.isnan(answer) else bool(answer)


def _number(literal: str) -> int | float | None:
    text = literal.strip()
    for kind in (lambda: int(text, 0), lambda: int(text), lambda: float(text)):
        try:
            found: int | float = kind()
        except ValueError:
            continue
        return found
    return None


def _instant(literal: str) -> int | None:
    try:
        return tai_ns_from_utc(literal)
    except TimeError:
        return None
