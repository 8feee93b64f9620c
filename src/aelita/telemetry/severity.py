"""How far each value is from normal: the alarms of a parameter type judged over columns, sample by sample.

What is judged here is every sample by itself, and its change since the one before. How many must violate in a row before an
alarm stands is another matter (`limits`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..mdb import AbsoluteTimeType, Alarm, AlarmRules, NormalRange, ParameterType, epoch_of
from ..time import NO_TIME, SECOND
from .columns import Column, Mask
from .conditions import holds
from .values import Values

Levels = NDArray[np.uint8]
Integers = NDArray[np.int64]
NO_ALARM = -1  # no alarm applies to the sample


@dataclass(frozen=True, slots=True)
class Judged:
    """Samples of one parameter: the severity of each by itself, which alarm judged it, and whether it is a value at all.

    `alarm` counts the alarms of `alarms_of`, NO_ALARM where none applies; None when all samples have the last one, the default.
    `valid` None means that all samples are values. `numbers` are what changes are taken of; None unless an alarm asks for them.
    """

    level: Levels
    alarm: NDArray[np.int64] | None
    valid: Mask | None
    numbers: NDArray[np.float64] | None = None


def rules_of(kind: ParameterType | None) -> AlarmRules | None:
    """Return the alarms of a type, None when it has none."""
    if kind is None or (kind.facts.alarms.default is None and not kind.facts.alarms.contexts):
        return None
    return kind.facts.alarms


def alarms_of(rules: AlarmRules) -> tuple[Alarm, ...]:
    """Return the alarms of the contexts in their order, then the default."""
    return (*(alarm for _, alarm in rules.contexts), *(() if rules.default is None else (rules.default,)))


def judge(rules: AlarmRules, column: str, values: Values) -> Judged:
    """Return how the alarms judge each row of a column. A context counts where its condition is true, the first one wins."""
    kind = values.compiled.type_of_column(column)
    held, raw = values.engineering(column), values.raw[column]
    alarms = alarms_of(rules)
    numbers = _numbers(kind, held) if any(alarm.change_ranges for alarm in alarms) else None
    if not rules.contexts:
        return Judged(_level(alarms[0], kind, held, raw, values), None, held.valid, numbers)
    which = _chosen(rules, values)
    level = np.zeros(values.rows, np.uint8)
    for number, alarm in enumerate(alarms):
        here = which == number
        if here.any():
            level[here] = _level(alarm, kind, held, raw, values)[here]
    return Judged(level, which, held.valid, numbers)


def _chosen(rules: AlarmRules, values: Values) -> NDArray[np.int64]:
    default = NO_ALARM if rules.default is None else len(rules.contexts)
    which = np.full(values.rows, default, np.int64)
    for number in range(len(rules.contexts) - 1, -1, -1):
        which[holds(rules.contexts[number][0], values.rows, values.value)] = number
    return which


def _level(alarm: Alarm, kind: ParameterType | None, held: Column, raw: Column, values: Values) -> Levels:
    level = np.zeros(values.rows, np.uint8)
    if alarm.ranges:
        if held.values.dtype == object:
            level = _of_lists(alarm.ranges, held)
        else:
            numbers = _numbers(kind, held)
            if numbers is not None:
                level = in_ranges(alarm.ranges, numbers)
    if alarm.labels and held.labels is not None:
        np.maximum(level, _of_labels(alarm, held, raw), out=level)
    if (alarm.patterns or (alarm.default_label_severity and not alarm.labels)) and held.labels is None:
        np.maximum(level, _of_texts(alarm, held), out=level)
    for condition, severity in alarm.conditions:
        level[holds(condition, values.rows, values.value) & (level < severity)] = severity
    return level


def in_ranges(ranges: tuple[NormalRange, ...], numbers: NDArray[Any]) -> Levels:
    """Return the worst severity of those ranges that each number violates. What is no number is outside of every range."""
    level = np.zeros(numbers.size, np.uint8)
    if not numbers.size:
        return level
    low, high = numbers.min().item(), numbers.max().item()
    for one in ranges:
        if one.outside and _inside(one, low) and _inside(one, high):  # and then all between them
            continue
        bad = _inside(one, numbers)
        if one.outside:
            np.logical_not(bad, out=bad)
        level[bad & (level < one.severity)] = one.severity
    return level


def _inside(one: NormalRange, numbers: Any) -> Any:
    inside = np.equal(numbers, numbers)
    if one.minimum is not None:
        inside &= numbers > one.minimum if one.minimum_exclusive else numbers >= one.minimum
    if one.maximum is not None:
        inside &= numbers < one.maximum if one.maximum_exclusive else numbers <= one.maximum
    return inside


def _numbers(kind: ParameterType | None, held: Column) -> NDArray[Any] | None:
    """Return values as alarms compare them: times are seconds since the epoch of their type."""
    if held.labels is not None or held.values.dtype.kind not in "biuf":
        return None
    if isinstance(kind, AbsoluteTimeType):
        return (held.values - epoch_of(kind.epoch or "TAI")) / SECOND
    # limits are doubles: a value of 32 bits is compared as the double it is
    return held.values.astype(np.float64, copy=False) if held.values.dtype.kind == "f" else held.values


def _of_lists(ranges: tuple[NormalRange, ...], held: Column) -> Levels:
    """Return the worst severity of the elements of each list."""
    level = np.zeros(len(held), np.uint8)
    for row, value in enumerate(held.values):
        if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "biuf":
            level[row] = in_ranges(ranges, value).max()
    return level


def _of_labels(alarm: Alarm, held: Column, raw: Column) -> Levels:
    """Return the severities of labels; an alarm on a number that is no label judges the raw value."""
    assert held.labels is not None
    given = {label: severity for label, severity in reversed(alarm.labels) if label in held.labels}
    table = np.array([given.get(label, alarm.default_label_severity) for label in held.labels], np.uint8)
    level = table[held.values] if table.any() else np.zeros(len(held), np.uint8)
    for label, severity in reversed(alarm.labels):
        if label not in held.labels and label.lstrip("-").isdecimal() and raw.values.dtype.kind in "iub":
            level[np.equal(raw.values, int(label))] = severity
    return level


def _of_texts(alarm: Alarm, held: Column) -> Levels:
    """Return the severity of the first pattern that fits the whole of each text, else the default one."""
    patterns = [(_compiled(pattern), severity) for pattern, severity in alarm.patterns]
    known: dict[str, int] = {}
    level = np.zeros(len(held), np.uint8)
    if held.values.dtype != object:
        return level
    for row, text in enumerate(held.values):
        if isinstance(text, str):
            if text not in known:
                fitting = (severity for fits, severity in patterns if fits(text))
                known[text] = next(fitting, alarm.default_label_severity)
            level[row] = known[text]
    return level


def _compiled(pattern: str) -> Callable[[str], Any]:
    try:
        return re.compile(pattern).fullmatch
    except re.error:  # then it is a text to be found as it is
        return re.compile(re.escape(pattern)).fullmatch


def changes(
    alarms: tuple[Alarm, ...],
    alarm: NDArray[np.int64],
    numbers: NDArray[np.float64],
    times: Integers,
    before: tuple[float, int] | None,
) -> Levels:
    """Return the severities of changes between successive samples; `before` is the number and time of the one before the first.

    A rate needs two known times, the later one after the other: else it is not judged.
    """
    level = np.zeros(numbers.size, np.uint8)
    last, when = (np.nan, NO_TIME) if before is None else before
    with np.errstate(invalid="ignore", over="ignore"):  # two infinities have no difference: then it is outside of every range
        step = numbers - np.concatenate([[last], numbers[:-1]])
    earlier = np.concatenate([[when], times[:-1]])
    has_one = np.arange(numbers.size) > (0 if before is None else -1)
    timed = has_one & (times != NO_TIME) & (earlier != NO_TIME)
    elapsed_s = np.where(timed, times - np.where(timed, earlier, 0), 0) / SECOND
    timed &= elapsed_s > 0
    rate = step / np.where(timed, elapsed_s, 1.0)
    for number, one in enumerate(alarms):
        if one.change_ranges:
            here = (alarm == number) & (timed if one.change_per_second else has_one)
            level[here] = in_ranges(one.change_ranges, (rate if one.change_per_second else step)[here])
    return level
