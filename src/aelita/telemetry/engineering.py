"""Raw to engineering values of one column, by its parameter type: calibration, labels, times, text, and what is valid."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..mdb import (
    AbsoluteTimeType,
    BooleanType,
    Calibration,
    CompiledDatabase,
    EnumeratedType,
    EnumerationEntry,
    FloatEncoding,
    FloatType,
    IntegerEncoding,
    IntegerType,
    ParameterType,
    Reference,
    RelativeTimeType,
    StringEncoding,
    ValidRange,
    calibrate,
)
from .columns import Column, Mask, both
from .conditions import holds
from .epochs import absolute_time, relative_time

UNDEFINED = "UNDEF"


class Surroundings(Protocol):
    """The other values of the same packets, on which a calibration may depend."""

    @property
    def rows(self) -> int:
        """Number of packets."""
        ...

    def value(self, reference: Reference) -> Column | None:
        """Return the values of a parameter, None when there are none."""
        ...

    def numbers(self, parameter: str) -> NDArray[np.float64] | None:
        """Return the engineering values of a parameter as floats, None when there are none."""
        ...

    def listed(self, reference: Reference) -> Column | None:
        """Return the lists of a parameter in an entry that the packet repeats, None when it is in no such entry."""
        ...


def engineering_column(compiled: CompiledDatabase, name: str, raw: Column, around: Surroundings) -> Column:
    """Return the engineering values of a raw column. Lists are converted element by element."""
    kind = compiled.type_of_column(name)
    if kind is None:
        return raw
    if raw.values.dtype == object and isinstance(next((v for v in raw.values if v is not None), None), np.ndarray):
        return _lists(kind, raw, around)
    return converted(kind, raw, around)


def converted(kind: ParameterType, raw: Column, around: Surroundings) -> Column:
    """Return the engineering values of raw values of a scalar type."""
    encoding = getattr(kind, "encoding", None)
    if isinstance(encoding, StringEncoding):
        return _from_text(kind, _text(raw, encoding.charset))
    if raw.values.dtype == object:
        return raw
    if isinstance(kind, EnumeratedType):
        return labelled(kind.entries, raw)
    if isinstance(kind, BooleanType):
        return Column((raw.values != 0).astype(np.uint8), raw.valid, (kind.zero, kind.one))
    if isinstance(encoding, IntegerEncoding | FloatEncoding):
        numbers = calibrated(encoding.calibration, raw, around)
        if isinstance(kind, AbsoluteTimeType):
            return absolute_time(kind, numbers, around.value)
        if isinstance(kind, RelativeTimeType):
            return relative_time(kind, numbers)
        if isinstance(kind, FloatType) and numbers.values.dtype.kind in "iu":
            numbers = Column(numbers.values.astype(np.float64), numbers.valid)
        if isinstance(kind, IntegerType | FloatType) and kind.valid_range is not None:
            judged = numbers if kind.valid_range.calibrated else raw
            return Column(numbers.values, both(numbers.valid, in_range(kind.valid_range, judged.values)))
        return numbers
    return raw


def calibrated(calibration: Calibration, raw: Column, around: Surroundings) -> Column:
    """Return raw values through the calibrator that holds in each row."""
    if calibration.default is None and not calibration.contexts:
        return raw
    if not calibration.contexts and calibration.default is not None:
        values, fine = calibrate(calibration.default, raw.values, around.numbers)
        return Column(values, both(raw.valid, fine))
    left = np.ones(raw.values.size, np.bool_)
    out, good = raw.values.astype(np.float64), np.ones(raw.values.size, np.bool_)
    for condition, calibrator in (*calibration.contexts, (None, calibration.default)):
        here = left if condition is None else left & holds(condition, around.rows, around.value)
        if calibrator is not None and here.any():
            values, fine = calibrate(calibrator, raw.values, around.numbers)
            out[here] = values[here]
            if fine is not None:
                good[here] = fine[here]
        left &= ~here
    return Column(out, both(raw.valid, None if good.all() else good))


def in_range(limits: ValidRange, values: NDArray[Any]) -> Mask | None:
    """Return which values lie in the valid range, None when all do."""
    inside = np.ones(values.size, np.bool_)
    if limits.minimum is not None:
        inside &= values > limits.minimum if limits.minimum_exclusive else values >= limits.minimum
    if limits.maximum is not None:
        inside &= values < limits.maximum if limits.maximum_exclusive else values <= limits.maximum
    return None if inside.all() else inside


def labelled(entries: tuple[EnumerationEntry, ...], raw: Column) -> Column:
    """Return raw values as labels; a value without one is invalid and reads as UNDEF. The first entry that fits wins."""
    labels = tuple(dict.fromkeys((*(e.label for e in entries), UNDEFINED)))
    number = {label: i for i, label in enumerate(labels)}
    values = raw.values
    if values.dtype.kind in "iu" and values.dtype.itemsize == 1:
        low = int(np.iinfo(values.dtype).min)
        domain = np.arange(256, dtype=np.int64) + low
        table = _codes(entries, number, domain)
        codes = table[values] if low == 0 else table[values.astype(np.int64) - low]
    else:
        codes = _codes(entries, number, values)
    known = codes != number[UNDEFINED]
    return Column(codes, both(raw.valid, None if known.all() else known), labels)


def _codes(entries: tuple[EnumerationEntry, ...], number: dict[str, int], values: NDArray[Any]) -> NDArray[Any]:
    codes = np.full(values.size, number[UNDEFINED], np.uint8 if len(number) <= 256 else np.int32)
    for entry in reversed(entries):
        if entry.value == entry.maximum:
            codes[_equal(values, entry.value)] = number[entry.label]
        else:
            upward = _below(values, entry.maximum) | _equal(values, entry.maximum)
            codes[~_below(values, entry.value) & upward] = number[entry.label]
    return codes


def _equal(values: NDArray[Any], limit: int) -> Mask:
    if values.dtype.kind in "iu" and not np.iinfo(values.dtype).min <= limit <= np.iinfo(values.dtype).max:
        return np.zeros(values.size, np.bool_)
    return np.asarray(values == limit)


def _below(values: NDArray[Any], limit: int) -> Mask:
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        if not limits.min <= limit <= limits.max:
            return np.full(values.size, limit > limits.max, np.bool_)
    return np.asarray(values < limit)


def _text(raw: Column, charset: str) -> Column:
    """Return octets as text; octets that the character set does not know become U+FFFD."""
    values = np.full(raw.values.size, None, object)
    for row, octets in enumerate(raw.values):
        if octets is not None:
            values[row] = octets.decode(charset, "replace")
    return Column(values, raw.valid)


def _from_text(kind: ParameterType, text: Column) -> Column:
    """Return the text of a text type, else the number in it."""
    if not isinstance(kind, IntegerType | FloatType):
        return text
    values, fine = np.zeros(len(text), np.float64 if isinstance(kind, FloatType) else np.int64), text.mask().copy()
    for row, word in enumerate(text.values):
        try:
            values[row] = float(word) if isinstance(kind, FloatType) else int(word)
        except (TypeError, ValueError, OverflowError):
            fine[row] = False
    return Column(values, fine)


def _lists(kind: ParameterType, raw: Column, around: Surroundings) -> Column:
    lengths = [len(v) if v is not None else 0 for v in raw.values]
    held = [v for v in raw.values if v is not None]
    whole = Column(np.concatenate(held) if held else np.empty(0))
    values = np.full(len(raw), None, object)
    made = converted(kind, whole, _Elements(around, np.array(lengths, np.int64))).words()
    ends = np.cumsum(lengths)
    for row, (end, length) in enumerate(zip(ends, lengths, strict=True)):
        if raw.values[row] is not None:
            values[row] = made[end - length : end]
    return Column(values, raw.valid)


class _Elements:
    """Surroundings of list elements: the other values of their packets, and of their own repetition where that has lists too."""

    def __init__(self, around: Surroundings, counts: NDArray[np.int64]) -> None:
        self.around, self.counts, self.rows = around, counts, int(counts.sum())

    def value(self, reference: Reference) -> Column | None:
        """Return the value that holds for each element."""
        lists = self.around.listed(reference)
        if lists is not None and all(len(v) == n for v, n in zip(lists.values, self.counts, strict=True) if n and v is not None):
            known = np.repeat(np.array([v is not None for v in lists.values], np.bool_), self.counts)
            held = [v for v, n in zip(lists.values, self.counts, strict=True) if n and v is not None]
            if known.all() and held:
                return Column(np.concatenate(held))
        column = self.around.value(reference)
        return None if column is None else column.select(np.repeat(np.arange(self.counts.size), self.counts))

    def listed(self, reference: Reference) -> Column | None:
        """Return lists of lists, of which there are none."""
        return None

    def numbers(self, parameter: str) -> NDArray[np.float64] | None:
        """Return the engineering values of a parameter as floats, NaN where invalid."""
        column = self.value(Reference(parameter))
        return None if column is None else as_numbers(column)


def as_numbers(column: Column) -> NDArray[np.float64] | None:
    """Return values as floats, NaN where invalid; None when they are no numbers."""
    if column.values.dtype.kind not in "biuf":
        return None
    out: NDArray[np.float64] = column.values.astype(np.float64)
    if column.valid is not None:
        out[~column.valid] = np.nan
    return out
