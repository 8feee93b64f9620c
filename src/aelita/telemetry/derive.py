"""Derived parameters: safe expressions over values of the same packet, or the latest of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DefinitionError
from ..mdb import (
    ArrayEntry,
    BooleanType,
    CompiledDatabase,
    ContainerEntry,
    Database,
    Derivation,
    EnumeratedType,
    Expression,
    FloatType,
    IntegerType,
    ParameterEntry,
    ParameterType,
    Reference,
    RelativeTimeType,
    StringType,
    lineage,
)
from .columns import Column, both
from .recent import Held, Recent, read_value

Rows = NDArray[np.int64]

DEEPEST = 50  # containers in containers


@dataclass(frozen=True, slots=True)
class Step:
    """One derived parameter and the containers whose packets give it."""

    derivation: Derivation
    expression: Expression
    containers: frozenset[str]
    recursive: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Derived parameters in the order in which they can be computed, and why others are not, by parameter."""

    steps: tuple[Step, ...]
    refused: dict[str, str]


def plan(database: Database) -> Plan:
    """Return what to derive where.

    A derived parameter belongs to the packets that hold most of its inputs: to each container that has some of them, unless
    another one has these and more. What depends on itself through others, or cannot be read, is refused.
    """
    if not database.derivations:
        return Plan((), {})
    holds = _held_parameters(database)
    refused: dict[str, str] = {}
    steps: list[Step] = []
    waiting = list(database.derivations)
    while waiting:
        pending = {d.output for d in waiting}
        ready = [d for d in waiting if not (_inputs(d) - {d.output}) & pending]
        for derivation in ready:
            containers = _completing(holds, _inputs(derivation) - {derivation.output})
            _take(derivation, containers, steps, refused)
            for container in containers:
                holds[container].add(derivation.output)
        if not ready:
            refused |= {d.output: "its derivation depends on itself through others" for d in waiting}
            break
        waiting = [d for d in waiting if d not in ready]
    return Plan(tuple(steps), refused)


def _take(derivation: Derivation, containers: frozenset[str], steps: list[Step], refused: dict[str, str]) -> None:
    recursive = derivation.output in _inputs(derivation)
    if recursive and len(containers) > 1:
        refused[derivation.output] = "its derivation needs its own value, and it belongs to more than one container"
        return
    try:
        expression = Expression.parse(derivation.expression, {name for name, _ in derivation.inputs})
    except DefinitionError as error:
        refused[derivation.output] = error.what
        return
    steps.append(Step(derivation, expression, containers, recursive))


def _inputs(derivation: Derivation) -> set[str]:
    return {reference.parameter for _, reference in derivation.inputs}


def _completing(holds: dict[str, set[str]], inputs: set[str]) -> frozenset[str]:
    having = {container: inputs & held for container, held in holds.items() if inputs & held}
    return frozenset(c for c, some in having.items() if not any(some < more for more in having.values()))


def _held_parameters(database: Database) -> dict[str, set[str]]:
    """Return the parameters that the packets of each container hold."""
    return {name: _parameters(database, name, 0) for name, one in database.containers.items() if not one.abstract}


def _parameters(database: Database, name: str, depth: int) -> set[str]:
    found: set[str] = set()
    if depth > DEEPEST:
        return found
    for container in lineage(database, name):
        for entry in container.entries:
            if isinstance(entry, ParameterEntry | ArrayEntry):
                found.add(entry.parameter)
            elif isinstance(entry, ContainerEntry):
                found |= _parameters(database, entry.container, depth + 1)
    return found


class Deriver:
    """Computes the derived parameters of batches; they become further columns of their containers."""

    def __init__(self, compiled: CompiledDatabase, recent: Recent) -> None:
        self._compiled, self._recent = compiled, recent
        self.plan = plan(compiled.database)

    def derive(self, batch: Sequence[Held], faults: dict[tuple[str, str], int]) -> None:
        """Add the derived columns to the raw ones of the batch. `faults` takes, by container and reason, rows that have none."""
        for step in self.plan.steps:
            output = step.derivation.output
            for held in batch:
                if held.container in step.containers and output not in held.values.raw:
                    held.values.raw[output] = self._column(step, held, faults)
                    self._recent.forget(output)
        rows = sum(held.packet.size for held in batch)
        if rows:
            faults.update(dict.fromkeys(self.plan.refused.items(), rows))

    def _column(self, step: Step, held: Held, faults: dict[tuple[str, str], int]) -> Column:
        kind = self._compiled.database.types.get(self._compiled.database.parameters[step.derivation.output].type)
        rows = held.packet.size
        inputs = {name: held.values.value(reference) for name, reference in step.derivation.inputs}
        missing = [name for name, column in inputs.items() if column is None and not (step.recursive and self._own(step, name))]
        if missing or not rows:
            return shaped(kind, np.zeros(0), np.zeros(rows, np.bool_))
        columns = {name: column for name, column in inputs.items() if column is not None}
        try:
            if step.recursive:
                return self._recursive(step, kind, columns, held.packet)
            good = np.logical_and.reduce([np.ones(rows, np.bool_), *(c.mask() for c in columns.values())])
            if not good.any():
                return shaped(kind, np.zeros(0), good)
            arrays = {name: plain(column.select(good)) for name, column in columns.items()}
            result = step.expression.evaluate(arrays)
            return shaped(kind, np.broadcast_to(result, int(np.count_nonzero(good))), good)
        except DefinitionError as error:
            faults[held.container, f"{step.derivation.output} is not derived: {error.what}"] = rows
            return shaped(kind, np.zeros(0), np.zeros(rows, np.bool_))

    def _own(self, step: Step, name: str) -> bool:
        return dict(step.derivation.inputs)[name].parameter == step.derivation.output

    def _recursive(self, step: Step, kind: ParameterType | None, columns: dict[str, Column], packet: Rows) -> Column:
        """Compute row by row what needs its own previous value; it begins with the initial value."""
        rows, counts = packet.size, self._recent.counts(packet)
        before = self._recent.before(Reference(step.derivation.output), np.array([0]))
        others = {name: column for name, column in columns.items() if not self._own(step, name)}
        own = [name for name, _ in step.derivation.inputs if self._own(step, name)]
        good = np.logical_and.reduce([np.ones(rows, np.bool_), *(c.mask() for c in others.values())])
        if before is None or not before.mask().all():
            return shaped(kind, np.zeros(0), np.zeros(rows, np.bool_))
        last: Any = plain(before)[0]
        arrays = {name: plain(column) for name, column in others.items()}
        made, tried = [], good.copy()
        for row in np.flatnonzero(tried):
            single = {name: array[row] for name, array in arrays.items()}
            values, fine = typed(kind, np.atleast_1d(step.expression.evaluate(single | dict.fromkeys(own, last))))
            made.append(values[0])
            good[row] = fine[0]
            if fine[0] and counts[row]:
                last = values[0]
        out = shaped(kind, np.array(made), tried)
        return Column(out.values, both(out.valid, good))


def plain(column: Column) -> NDArray[Any]:
    """Return values as expressions take them: numbers, or texts."""
    if column.labels is not None:
        return np.array(column.labels, np.str_)[column.values]
    if column.values.dtype == object:
        if any(isinstance(value, bytes | np.ndarray) for value in column.values[:1]):
            raise DefinitionError("octets and lists are no inputs of expressions")
        return np.array(["" if value is None else str(value) for value in column.values], np.str_)
    return column.values


def shaped(kind: ParameterType | None, result: NDArray[Any], good: NDArray[np.bool_]) -> Column:
    """Return results as a column of this type; `good` says in which rows they stand, the other rows are invalid."""
    values, fine = typed(kind, result)
    out = np.zeros(good.size, values.dtype)
    if values.dtype == object:
        out[:] = None
    valid = good.copy()
    if values.size:
        out[good], valid[good] = values, fine
    return Column(out, None if valid.all() else valid)


def typed(kind: ParameterType | None, result: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return values of the kind that raw values of this type have, and which are values of it at all."""
    text = result.dtype.kind in "UO"
    if isinstance(kind, StringType):
        words = [str(value) for value in result]
        return np.array(words, object) if words else np.empty(0, object), np.ones(result.size, np.bool_)
    if isinstance(kind, EnumeratedType | BooleanType) and text:
        known = {word: read_value(kind, word, calibrated=False) for word in {str(value) for value in result}}
        found = [known[str(value)] for value in result]
        numbers = np.array([0 if one is None else one.values[0] for one in found], np.int64)
        return numbers, np.array([one is not None for one in found], np.bool_)
    if text:
        raise DefinitionError("the expression gives text, and the parameter is a number")
    if isinstance(kind, BooleanType):
        return (result != 0).astype(np.uint8), ~_not_numbers(result)
    if isinstance(kind, FloatType | RelativeTimeType) or kind is None:
        return result.astype(np.float64), ~_not_numbers(result)
    if isinstance(kind, IntegerType) and not kind.signed and kind.bits >= 64:
        fits = np.isfinite(result) & (result >= 0) & (result < 2.0**64)
        return np.where(fits, result, 0).astype(np.uint64), fits
    if result.dtype.kind == "f":
        fits = np.isfinite(result) & (np.abs(result) < 2.0**63)
        return np.where(fits, result, 0).astype(np.int64), fits
    return result.astype(np.int64), np.ones(result.size, np.bool_)


def _not_numbers(result: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isnan(result) if result.dtype.kind == "f" else np.zeros(result.size, np.bool_)
