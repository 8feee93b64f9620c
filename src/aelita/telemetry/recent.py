"""Values of parameters in other packets: the latest that came before each packet, carried over batches."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import TimeError
from ..link import State, leaf, words_array, words_of
from ..mdb import (
    AbsoluteTimeType,
    BooleanType,
    CompiledDatabase,
    Condition,
    EnumeratedType,
    FloatEncoding,
    FloatType,
    IntegerEncoding,
    IntegerType,
    MathOperation,
    ParameterType,
    Reference,
    RelativeTimeType,
)
from ..time import tai_ns_from_utc
from .columns import Column, Mask
from .conditions import references_of
from .kept_values import column_kept, kept_column
from .values import Values

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Held:
    """The values of one container's packets; `packet` is the row of each in the batch, in rising order."""

    container: str
    packet: Rows
    values: Values


class Recent:
    """The latest values of those parameters that something in other packets depends on.

    Only packets that are good give latest values. Parameters that no packet has given have their initial value, if any.
    """

    def __init__(self, compiled: CompiledDatabase) -> None:
        self._compiled = compiled
        self._wanted = tuple(dict.fromkeys(r for found in wanted_references(compiled) for r in both_kinds(found)))
        self._latest: dict[Reference, Column] = {}
        for reference in self._wanted:
            initial = initial_value(compiled, reference)
            if initial is not None:
                self._latest[reference] = initial
        self._batch: Sequence[Held] = ()
        self._good: Mask = np.empty(0, np.bool_)
        self._histories: dict[Reference, tuple[Rows, Column] | None] = {}

    def begin(self, batch: Sequence[Held], good: Mask) -> None:
        """Take the values of a batch; `good` says of every packet whether its values count."""
        self._batch, self._good = batch, good
        self._histories = {}

    def counts(self, packet: Rows) -> Mask:
        """Return of which of these packets the values count."""
        return self._good[packet]

    def forget(self, parameter: str) -> None:
        """Look anew for the values of a parameter that was just derived."""
        self._histories = {r: found for r, found in self._histories.items() if r.parameter != parameter}

    def before(self, reference: Reference, packet: Rows) -> Column | None:
        """Return the latest value before each of these packets, None when there is none at all."""
        if reference not in self._histories:
            self._histories[reference] = self._history(reference)
        known = self._histories[reference]
        if known is None:
            return None
        places, column = known
        at = np.searchsorted(places, packet, side="left") - 1
        found = column.select(np.maximum(at, 0))
        return found if at.min(initial=0) >= 0 else Column(found.values, at >= 0, found.labels)

    def end(self) -> None:
        """Keep the last values of the batch for the next one."""
        for reference in self._wanted:
            newest, at = -1, None
            for column, packet, use in self._given(reference):
                row = int(np.flatnonzero(use)[-1])
                if packet[row] > newest:
                    newest, at = int(packet[row]), Column(column.values[row : row + 1].copy(), None, column.labels)
            if at is not None:
                self._latest[reference] = at
        self.begin((), np.empty(0, np.bool_))

    def state(self) -> State:
        """Return the latest values, as arrays."""
        return {"latest": words_array([[_words_of(r), kept_column(c)] for r, c in self._latest.items()])}

    def restore(self, state: State) -> None:
        """Take the latest values that another one gave; parameters that nothing here depends on are left out.

        Raises DataError when it is no such state.
        """
        wanted = {json.dumps(_words_of(reference)): reference for reference in self._wanted}
        given = [(wanted.get(json.dumps(words)), kept) for words, kept in words_of(leaf(state, "latest"))]
        self._latest |= {reference: column_kept(kept) for reference, kept in given if reference is not None}

    def _given(self, reference: Reference) -> Iterable[tuple[Column, Rows, Mask]]:
        """Yield the columns of a parameter in the batch, their packets, and in which rows there is a good value."""
        for held in self._batch:
            name = held.values.column_of(reference)
            if name is not None:
                column = held.values.engineering(name) if reference.calibrated else held.values.raw[name]
                use = self._good[held.packet] & column.mask()
                if use.any():
                    yield column, held.packet, use

    def _history(self, reference: Reference) -> tuple[Rows, Column] | None:
        """Return the good values of a parameter in the batch, after the one known before, and the packets that gave them."""
        places: list[Rows] = []
        parts: list[Column] = []
        if reference in self._latest:
            places.append(np.array([-1]))
            parts.append(self._latest[reference])
        for column, packet, use in self._given(reference):
            places.append(packet[use])
            parts.append(Column(column.values[use], None, column.labels))
        if not parts:
            return None
        where, joined = np.concatenate(places), join_columns(parts)
        order = np.argsort(where, kind="stable")
        return where[order], joined.select(order)


def _words_of(reference: Reference) -> list[object]:
    return [reference.parameter, list(reference.path), reference.calibrated, reference.instance]


def join_columns(parts: Sequence[Column]) -> Column:
    """Return columns one after the other; labels are written out unless all have the same."""
    if len(parts) == 1:
        return parts[0]
    valid = None if all(p.valid is None for p in parts) else np.concatenate([p.mask() for p in parts])
    if len({p.labels for p in parts}) == 1:
        return Column(np.concatenate([p.values for p in parts]), valid, parts[0].labels)
    return Column(np.concatenate([p.words().astype(object) for p in parts]), valid)


def both_kinds(reference: Reference) -> tuple[Reference, Reference]:
    """Return the reference to the engineering value and to the raw one: a comparison with a label may need either."""
    return replace(reference, calibrated=True), replace(reference, calibrated=False)


def wanted_references(compiled: CompiledDatabase) -> Iterable[Reference]:
    """Yield what calibrations, alarms and derivations of a database refer to."""
    for kind in compiled.database.types.values():
        for condition in conditions_of(kind):
            yield from references_of(condition)
        encoding = getattr(kind, "encoding", None)
        if isinstance(encoding, IntegerEncoding | FloatEncoding):
            for calibrator in (encoding.calibration.default, *(c for _, c in encoding.calibration.contexts)):
                if isinstance(calibrator, MathOperation):
                    yield from (
                        Reference(w) for w in calibrator.program if isinstance(w, str) and w.startswith("/") and len(w) > 1
                    )
        if isinstance(kind, AbsoluteTimeType) and kind.relative_to is not None:
            yield Reference(kind.relative_to)
    for derivation in compiled.database.derivations:
        yield from (reference for _, reference in derivation.inputs)


def conditions_of(kind: ParameterType) -> Iterable[Condition]:
    """Yield the conditions in the calibration and in the alarms of a type."""
    encoding = getattr(kind, "encoding", None)
    if isinstance(encoding, IntegerEncoding | FloatEncoding):
        yield from (condition for condition, _ in encoding.calibration.contexts)
    rules = kind.facts.alarms
    yield from (condition for condition, _ in rules.contexts)
    for alarm in (rules.default, *(alarm for _, alarm in rules.contexts)):
        if alarm is not None:
            yield from (condition for condition, _ in alarm.conditions)


def initial_value(compiled: CompiledDatabase, reference: Reference) -> Column | None:
    """Return the initial value of a whole parameter as a column of one row, None when the database gives none."""
    parameter = compiled.database.parameters.get(reference.parameter)
    if parameter is None or reference.path:
        return None
    kind = compiled.database.types.get(parameter.type)
    text = parameter.initial_value if parameter.initial_value is not None else kind.facts.initial_value if kind else None
    return None if text is None or kind is None else read_value(kind, text, calibrated=reference.calibrated)


def read_value(kind: ParameterType, text: str, *, calibrated: bool = True) -> Column | None:
    """Return a value written in a database as a column of one row, None when it is no value of this type."""
    try:
        if isinstance(kind, EnumeratedType | BooleanType):
            return _labelled(kind, text, calibrated=calibrated)
        if isinstance(kind, AbsoluteTimeType):
            return Column(np.array([tai_ns_from_utc(text)], np.int64))
        if isinstance(kind, FloatType | RelativeTimeType):
            return Column(np.array([float(text)]))
        if isinstance(kind, IntegerType):
            return Column(np.array([int(text, 0)], np.int64))
    except (ValueError, OverflowError, TimeError):
        return None
    return Column(np.array([text], object))


def _labelled(kind: EnumeratedType | BooleanType, text: str, *, calibrated: bool) -> Column | None:
    if isinstance(kind, BooleanType):
        numbers = {kind.zero: 0, kind.one: 1}
    else:
        numbers = {entry.label: entry.value for entry in kind.entries}
    if text not in numbers:
        return None
    if not calibrated:
        return Column(np.array([numbers[text]], np.int64))
    return Column(np.array([text], object))
