"""Limits over batches: which severity of each parameter stands, and where it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..link import State, leaf, words_array, words_of
from ..mdb import Alarm, AlarmRules, CompiledDatabase, Severity
from ..time import NO_TIME
from .columns import Mask
from .events import plain
from .limit_kernels import standing
from .recent import Held
from .severity import Judged, alarms_of, changes, judge, rules_of
from .values import Values

Integers = NDArray[np.int64]
NO_LIMITS = AlarmRules(Alarm())
Levels = NDArray[np.uint8]


@dataclass(slots=True)
class _State:
    """What is known of a parameter after some samples: the severity that stands, the counts, and the last value and its time."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, np.int64))
    last: tuple[float, int] | None = None


@dataclass(frozen=True, slots=True)
class _Stream:
    """The samples of one parameter in a batch: packet of each, in rising order, and where to find it: part and row."""

    packet: Integers
    level: Levels
    alarm: Integers | None
    numbers: NDArray[np.float64] | None
    part: Integers | None
    row: Integers | None


@dataclass(frozen=True, slots=True)
class Transitions:
    """Changes of severity, sorted by packet (the row in the batch). Numbers have a `value`, labels and texts a `text` too."""

    packet: Integers
    parameter: list[str]
    before: Levels
    after: Levels
    value: list[float | None]
    text: list[str | None]

    def columns(self) -> dict[str, Any]:
        """Return the columns of the archive's table of limits, and `packet`."""
        return {name: getattr(self, name) for name in ("packet", "parameter", "before", "after", "value", "text")}


class LimitChecker:
    """Judges the parameters of one stream of packets, with state carried over batches."""

    def __init__(self, compiled: CompiledDatabase) -> None:
        self._compiled = compiled
        self._states: dict[str, _State] = {}
        self._rules: dict[str, AlarmRules | None] = {}

    def use(self, compiled: CompiledDatabase) -> None:
        """Judge by the alarms of another database from now on (limits overridden); what stands and is counted goes on."""
        self._compiled, self._rules = compiled, {}

    def severities(self) -> dict[str, Severity]:
        """Return the severity that stands for every parameter judged so far."""
        return {name: Severity(int(state.counts[0])) for name, state in self._states.items()}

    def state(self) -> State:
        """Return what is carried over to the next batch, as arrays."""
        states = self._states.values()
        last = [state.last for state in states]
        return {
            "parameters": words_array(list(self._states)),
            "counts": np.array([state.counts for state in states], np.int64).reshape(-1, 3),
            "known": np.array([one is not None for one in last], np.bool_),
            "value": np.array([0.0 if one is None else one[0] for one in last], np.float64),
            "time": np.array([NO_TIME if one is None else one[1] for one in last], np.int64),
        }

    def restore(self, state: State) -> None:
        """Go on where the checker stood that gave this state. Raises DataError when it is none."""
        columns = zip(
            words_of(leaf(state, "parameters")), leaf(state, "counts"), leaf(state, "known"), leaf(state, "value").tolist(),
            leaf(state, "time").tolist(), strict=True,
        )  # fmt: skip
        self._states = {
            parameter: _State(counts.copy(), (value, time) if known else None)
            for parameter, counts, known, value, time in columns
        }

    def check(self, batch: Sequence[Held], good: Mask | None, times: Integers) -> Transitions:
        """Return the changes of severity in a batch.

        `good` says of every packet whether it counts (None: all do), `times` (TAI nanoseconds, NO_TIME unknown) when it was.
        """
        groups: dict[str, list[tuple[Held, str]]] = {}
        for held in batch:
            for column in held.values.raw:
                if self._rules_of(column) is not None:
                    groups.setdefault(parameter_of(column), []).append((held, column))
        found = _Found()
        for parameter, parts in groups.items():
            rules = self._rules_of(parts[0][1])
            assert rules is not None
            stream = _stream([(held, judge(rules, column, held.values)) for held, column in parts], good)
            state = self._states.setdefault(parameter, _State())
            found.add(parameter, parts, stream, *_follow(alarms_of(rules), stream, times, state))
        return found.transitions()

    def _rules_of(self, column: str) -> AlarmRules | None:
        if column not in self._rules:
            found = rules_of(self._compiled.type_of_column(column))
            state = self._states.get(parameter_of(column))
            stands = state is not None and bool(state.counts[0])
            self._rules[column] = NO_LIMITS if found is None and stands else found  # what stood by another database must end
        return self._rules[column]


def severity_column(column: str, values: Values, times: Integers | None = None) -> Levels:
    """Return the severity (0 to 5) that stands in each row of a column of values in the order of time, counts included.

    Rows without a value keep the severity before them. Without alarms all rows are normal. `times` are TAI nanoseconds. Contexts
    that other packets decide need `others` of the values; without it they are not met.
    """
    rules = rules_of(values.compiled.type_of_column(column))
    level = np.zeros(values.rows, np.uint8)
    if rules is None or not values.rows:
        return level
    held = Held("", np.arange(values.rows), values)
    stream = _stream([(held, judge(rules, column, values))], None)
    known = np.full(values.rows, NO_TIME, np.int64) if times is None else times
    _, after = _follow(alarms_of(rules), stream, known, _State())
    if stream.packet.size == values.rows:
        return after
    at = np.searchsorted(stream.packet, held.packet, side="right") - 1
    return np.where(at >= 0, after[np.maximum(at, 0)], 0).astype(np.uint8) if after.size else level


def parameter_of(column: str) -> str:
    """Return what a column is the value of, without the number of its occurrence in the packet."""
    return column.rpartition(":")[0] if ":" in column.rpartition("/")[2] else column


def _stream(parts: list[tuple[Held, Judged]], good: Mask | None) -> _Stream:
    """Return the samples of a parameter in the order of their packets, without those that are no values."""
    if len(parts) == 1:
        held, judged = parts[0]
        use = _usable(held, judged, good)
        if use is None:
            return _Stream(held.packet, judged.level, judged.alarm, judged.numbers, None, None)
        row = np.flatnonzero(use)
        numbers = None if judged.numbers is None else judged.numbers[row]
        return _Stream(held.packet[row], judged.level[row], _at(judged.alarm, row), numbers, None, row)
    streams = [_stream([part], good) for part in parts]
    packet = np.concatenate([s.packet for s in streams])
    order = np.argsort(packet, kind="stable")
    row = np.concatenate([np.arange(s.packet.size) if s.row is None else s.row for s in streams])
    return _Stream(
        packet[order],
        np.concatenate([s.level for s in streams])[order],
        _joined([s.alarm for s in streams], order),
        _joined([s.numbers for s in streams], order),
        np.repeat(np.arange(len(streams)), [s.packet.size for s in streams])[order],
        row[order],
    )


def _usable(held: Held, judged: Judged, good: Mask | None) -> Mask | None:
    counted = None if good is None else good[held.packet]
    if counted is None or counted.all():
        return judged.valid
    return counted if judged.valid is None else counted & judged.valid


def _at(column: Integers | None, rows: Integers) -> Integers | None:
    return None if column is None else column[rows]


def _joined(columns: Sequence[NDArray[Any] | None], order: Integers) -> NDArray[Any] | None:
    given = [column for column in columns if column is not None]
    return np.concatenate(given)[order] if len(given) == len(columns) else None


def _follow(alarms: tuple[Alarm, ...], stream: _Stream, times: Integers, state: _State) -> tuple[int, Levels]:
    """Return the severity that stood before the samples, and the one that stands after each."""
    before = int(state.counts[0])
    level = stream.level
    if not level.size:
        return before, level
    alarm = stream.alarm
    if stream.numbers is not None:
        alarm = np.full(level.size, len(alarms) - 1) if alarm is None else alarm
        numbers = stream.numbers.astype(np.float64)
        at = times[stream.packet]
        level = np.maximum(level, changes(alarms, alarm, numbers, at, state.last))
        state.last = (float(numbers[-1]), int(at[-1]))
    if all(one.min_violations == 1 and one.min_conformances == 1 for one in alarms):
        state.counts[0] = level[-1]
        return before, level
    alarm = np.full(level.size, len(alarms) - 1) if alarm is None else alarm
    violations = np.array([one.min_violations for one in alarms], np.int64)
    conformances = np.array([one.min_conformances for one in alarms], np.int64)
    return before, standing(level, alarm, violations, conformances, state.counts)


class _Found:
    """Gathers the transitions of a batch."""

    def __init__(self) -> None:
        self.packet: list[Integers] = []
        self.before: list[Levels] = []
        self.after: list[Levels] = []
        self.parameter: list[str] = []
        self.value: list[float | None] = []
        self.text: list[str | None] = []

    def add(self, parameter: str, parts: list[tuple[Held, str]], stream: _Stream, before: int, after: Levels) -> None:
        """Add the rows of a parameter where the severity is not that of the row before."""
        if not after.size or (not before and not after.any()):
            return
        previous = np.concatenate([np.array([before], np.uint8), after[:-1]])
        changed = np.flatnonzero(after != previous)
        self.packet.append(stream.packet[changed])
        self.before.append(previous[changed])
        self.after.append(after[changed])
        self.parameter += [parameter] * changed.size
        row = changed if stream.row is None else stream.row[changed]
        if stream.part is None:
            held, column = parts[0]
            self._values(held, column, row)
        else:
            for part, at in zip(stream.part[changed], row, strict=True):
                held, column = parts[int(part)]
                self._values(held, column, np.array([at]))

    def _values(self, held: Held, column: str, rows: Integers) -> None:
        values, raw = held.values.engineering(column), held.values.raw[column].values
        if values.labels is None and values.values.dtype.kind in "biuf":
            self.value += values.values[rows].astype(np.float64).tolist()
            self.text.extend([None] * rows.size)
            return
        texts = [plain(values, int(row)) for row in rows]
        self.text += [text if text is None or isinstance(text, str) else str(text) for text in texts]
        if values.labels is not None and raw.dtype.kind in "biuf":
            self.value += raw[rows].astype(np.float64).tolist()
        else:
            self.value.extend([None] * rows.size)

    def transitions(self) -> Transitions:
        """Return all of them in the order of packets."""
        if not self.packet:
            none = np.empty(0, np.uint8)
            return Transitions(np.empty(0, np.int64), [], none, none, [], [])
        packet = np.concatenate(self.packet)
        order = np.argsort(packet, kind="stable")
        listed = order.tolist()
        return Transitions(
            packet[order],
            [self.parameter[i] for i in listed],
            np.concatenate(self.before)[order],
            np.concatenate(self.after)[order],
            [self.value[i] for i in listed],
            [self.text[i] for i in listed],
        )
