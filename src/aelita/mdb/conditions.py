"""Conditions on parameter values, as XTCE's MatchCriteria: comparisons, their lists and boolean expressions.

A condition is a value. Evaluation is somewhere else: row by row in the interpreter, column by column in the decoder.
"""

from dataclasses import dataclass
from enum import Enum


class Operator(Enum):
    """Comparison operators in XTCE's spelling."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a parameter: `parameter` is its qualified name, followed by a member path for aggregates and arrays.

    `calibrated` chooses the engineering value; `instance` counts occurrences within the packet (0 is the latest seen).
    """

    parameter: str
    path: tuple[str | int, ...] = ()
    calibrated: bool = True
    instance: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One parameter against a literal, kept as written, or against another parameter."""

    left: Reference
    operator: Operator
    right: str | Reference


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every term is true (ComparisonList, ANDedConditions); true when empty."""

    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one term is true (ORedConditions)."""

    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """True when a safe expression over parameters is true (CustomAlgorithm).

    `inputs` maps each name used in the expression to a parameter.
    """

    expression: str
    inputs: tuple[tuple[str, Reference], ...]


Condition = Comparison | AllOf | AnyOf | Algorithm
