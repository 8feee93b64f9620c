"""Conditions evaluated over columns: one truth value per row."""

import operator
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DefinitionError, TimeError
from ..mdb import Algorithm, AllOf, AnyOf, Comparison, Condition, Expression, Operator, Reference
from ..time import tai_ns_from_utc
from .columns import Column, Mask

Lookup = Callable[[Reference], Column | None]
Trouble = dict[str, Mask]  # rows in which a condition could not be evaluated, by reason

OPERATORS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
}


def references_of(condition: Condition) -> set[Reference]:
    """Return every parameter that a condition reads."""
    if isinstance(condition, Comparison):
        return {condition.left} | ({condition.right} if isinstance(condition.right, Reference) else set())
    if isinstance(condition, AllOf | AnyOf):
        return {r for term in condition.terms for r in references_of(term)}
    assert isinstance(condition, Algorithm)
    return {reference for _, reference in condition.inputs}


def holds(condition: Condition, rows: int, value: Lookup, trouble: Trouble | None = None) -> Mask:
    """Return in which rows the condition is true. A comparison with a value that is missing or invalid is false.

    An expression that cannot be evaluated is false as well; `trouble` takes the reason and the rows.
    """
    if isinstance(condition, AllOf):
        return _joined(condition.terms, rows, value, trouble, all_of=True)
    if isinstance(condition, AnyOf):
        return _joined(condition.terms, rows, value, trouble, all_of=False)
    if isinstance(condition, Algorithm):
        return _computed(condition, rows, value, {} if trouble is None else trouble)
    return _compared(condition, rows, value)


def _joined(terms: tuple[Condition, ...], rows: int, value: Lookup, trouble: Trouble | None, *, all_of: bool) -> Mask:
    result = np.full(rows, all_of, np.bool_)
    for term in terms:
        if all_of:
            result &= holds(term, rows, value, trouble)
        else:
            result |= holds(term, rows, value, trouble)
    return result


def _computed(algorithm: Algorithm, rows: int, value: Lookup, trouble: Trouble) -> Mask:
    """Return where an expression is true: a number that is not zero. A missing or invalid input makes it false."""
    columns: dict[str, Column] = {}
    good = np.ones(rows, np.bool_)
    for name, reference in algorithm.inputs:
        column = value(reference)
        if column is None:
            return np.zeros(rows, np.bool_)
        columns[name] = column
        good &= column.mask()
    where = np.flatnonzero(good)
    result = np.zeros(rows, np.bool_)
    reason = f"the expression {algorithm.expression[:60]} cannot be evaluated"
    if not where.size:
        return result
    try:
        expression = _parsed(algorithm.expression, frozenset(columns))
        made = expression.evaluate({name: column.select(where).words() for name, column in columns.items()})
    except DefinitionError:
        trouble[reason] = trouble[reason] | good if reason in trouble else good
        return result
    if made.dtype.kind == "f":
        made = (made != 0) & ~np.isnan(made)
    result[where] = np.broadcast_to(made.astype(np.bool_), where.size)
    return result


@lru_cache(maxsize=1000)
def _parsed(text: str, names: frozenset[str]) -> Expression:
    return Expression.parse(text, names)


def _compared(comparison: Comparison, rows: int, value: Lookup) -> Mask:
    left = value(comparison.left)
    if left is None:
        return np.zeros(rows, np.bool_)
    compare = OPERATORS[comparison.operator]
    if isinstance(comparison.right, Reference):
        right = value(comparison.right)
        if right is None:
            return np.zeros(rows, np.bool_)
        return _safely(compare, left.words(), right.words(), rows) & left.mask() & right.mask()
    if left.labels is not None and comparison.right not in left.labels and _number(comparison.right) is not None:
        raw = value(replace(comparison.left, calibrated=False))  # a number where a label is expected means the raw value
        if raw is not None:
            left = raw
    result = _with_literal(comparison.operator, left, comparison.right, rows)
    return result if left.valid is None else result & left.valid


def _with_literal(how: Operator, left: Column, literal: str, rows: int) -> Mask:
    compare = OPERATORS[how]
    if left.labels is not None:
        wanted = np.array([bool(compare(label, literal)) for label in left.labels], np.bool_)
        return wanted[left.values]
    if left.values.dtype == object:
        return _safely(compare, left.values, _like(left.values, literal), rows)
    number = _number(literal)
    if number is None:
        number = _instant(literal)
    if number is None:
        return np.full(rows, how is Operator.NOT_EQUAL, np.bool_)
    return _numeric(compare, left.values, number)


def _numeric(compare: Callable[[Any, Any], Any], values: NDArray[Any], number: int | float) -> Mask:
    if isinstance(number, int) and values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        if not limits.min <= number <= limits.max:  # the comparison has one answer for the whole type
            return np.full(values.size, bool(compare(0, number)), np.bool_)
    return np.asarray(compare(values, number))


def _safely(compare: Callable[[Any, Any], Any], left: Any, right: Any, rows: int) -> Mask:
    try:
        return np.asarray(np.broadcast_to(compare(left, right), rows), np.bool_)
    except TypeError:  # values of kinds that have no order, or missing ones
        out = np.zeros(rows, np.bool_)
        others = np.broadcast_to(np.asarray(right, object), rows)
        for row, (a, b) in enumerate(zip(left, others, strict=True)):
            if type(a) is type(b):
                out[row] = bool(compare(a, b))
        return out


def _like(values: NDArray[Any], literal: str) -> Any:
    """Return a literal as the kind of the values: octets in hexadecimal, or text."""
    sample = next((v for v in values if v is not None), "")
    if not isinstance(sample, bytes):
        return literal
    try:
        return bytes.fromhex(literal.removeprefix("0x"))
    except ValueError:
        return literal.encode()


def _number(literal: str) -> int | float | None:
    text = literal.strip()
    for read in (int, lambda t: int(t, 0), float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _instant(literal: str) -> int | None:
    try:
        return tai_ns_from_utc(literal)
    except TimeError:
        return None
