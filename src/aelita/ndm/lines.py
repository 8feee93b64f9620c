"""Data lines to columns of numbers, many at a time; and one at a time, to say what is wrong with which."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from ..errors import TimeError
from ..time import SECOND
from .columns import Layout
from .epochs import Epoch, Epochs, after, epoch_of, parse_column
from .faults import NdmError, shown
from .model import Observations, Reals, Rows
from .tables import Keyword
from .values import NUMBER, Place, number_of

CHUNK = 20_000  # lines parsed together: bounds what the tokens take (some 30 MB)
MOST_SECONDS = 9_000_000_000.0  # of a relative time: what 64 bits hold in nanoseconds
_PLAIN = b"0123456789+-.:eETZ \t\r\n"
_NUMERIC = b"0123456789+-.eE "
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lines:
    """Data lines: `text[starts[i]:ends[i]]` is that of line `numbers[i]` of the message; between them are only blanks."""

    text: bytes
    starts: Integers
    ends: Integers
    numbers: Integers

    def __len__(self) -> int:
        return self.starts.size

    def chunks(self) -> Iterator["Lines"]:
        """Yield them in chunks, each with a text of its own."""
        for first in range(0, len(self), CHUNK):
            part = slice(first, first + CHUNK)
            origin, end = int(self.starts[first]), int(self.ends[part][-1])
            yield Lines(self.text[origin:end], self.starts[part] - origin, self.ends[part] - origin, self.numbers[part])

    def each(self) -> Iterator[tuple[int, bytes]]:
        """Yield (line number, line)."""
        for start, end, number in zip(self.starts.tolist(), self.ends.tolist(), self.numbers.tolist(), strict=True):
            yield number, self.text[start:end]


@dataclass(frozen=True, slots=True)
class Reading:
    """How lines are read: what is in them, the time system, and the epoch from which relative times count."""

    layout: Layout
    scale: str
    zero: Epoch | None
    where: str
    block: str


def rows_of(lines: list[Lines], reading: Reading) -> Rows:
    """Return data lines as columns. Raises NdmError that names the line and what is wrong in it."""
    parts = [part for run in lines for chunk in run.chunks() for part in (_fast(chunk, reading) or _slow(chunk, reading),)]
    layout = reading.layout
    widths = {width for part in parts for width in part.widths}
    width = max(widths, default=len(layout.columns))
    columns = layout.columns[:width] or tuple(f"E{n}" for n in range(1, width + 1))
    if not layout.widths and len(widths) > 1:
        first = next(
            number for part in parts for number, of in zip(part.numbers, part.of_line, strict=True) if of != parts[0].of_line[0]
        )
        raise NdmError(f"a line of {reading.block} has another number of values than the first", where=reading.where, line=first)
    days = np.concatenate([part.days for part in parts]) if parts else np.zeros(0, np.int64)
    of_day = np.concatenate([part.of_day for part in parts]) if parts else np.zeros(0, np.int64)
    values = np.full((days.size, width), np.nan)
    at = 0
    for part in parts:
        values[at : at + part.days.size, : part.values.shape[1]] = part.values
        at += part.days.size
    texts = {
        name: tuple(row[column] for part in parts for row in part.words)
        for column, name in enumerate(name for name in columns if name in layout.words)
    }
    return Rows(columns, Epochs(reading.scale, days, of_day), values, texts)


@dataclass(frozen=True, slots=True)
class _Part:
    days: Integers
    of_day: Integers
    values: Reals
    widths: tuple[int, ...]
    numbers: list[int]
    of_line: list[int]
    words: list[tuple[str, ...]]


def _fast(lines: Lines, reading: Reading) -> _Part | None:
    """Return a chunk read in one go, or None where something in it is not plain."""
    layout = reading.layout
    if layout.words or lines.text.translate(None, _PLAIN):
        return None
    tokens = lines.text.split()
    counts = _counts(lines)
    widths = np.unique(counts - 1)
    if layout.widths and not set(widths.tolist()) <= set(layout.widths):
        return None
    heads = np.cumsum(counts) - counts
    times = tokens[:: int(counts[0])] if widths.size == 1 else [tokens[at] for at in heads.tolist()]
    found = parse_column(times, reading.scale)
    if found is None:
        return None
    try:
        if widths.size == 1:
            del tokens[:: int(counts[0])]
            values = np.array(list(map(float, tokens))).reshape(len(lines), -1)
        else:
            values = np.full((len(lines), int(widths[-1])), np.nan)
            for width in widths.tolist():
                mine = np.flatnonzero(counts == width + 1)
                taken = (heads[mine, None] + np.arange(1, width + 1)).ravel().tolist()
                values[mine, :width] = np.array([float(tokens[at]) for at in taken]).reshape(mine.size, width)
    except ValueError:
        return None
    if not np.isfinite(values[~np.isnan(values)]).all():
        return None
    return _Part(
        *found,
        values,
        tuple(widths.tolist()),
        lines.numbers.tolist() if widths.size > 1 else [],
        (counts - 1).tolist() if widths.size > 1 else [],
        [],
    )


def _counts(lines: Lines) -> Integers:
    """Return how many words each line has."""
    blank = np.frombuffer(lines.text, np.uint8) <= 32
    begins = np.flatnonzero(~blank & np.concatenate(([True], blank[:-1])))
    return np.diff(np.searchsorted(begins, np.append(lines.starts, len(lines.text))))


def _slow(lines: Lines, reading: Reading) -> _Part:
    layout, width = reading.layout, 0
    epochs: list[Epoch] = []
    rows: list[list[float]] = []
    words: list[tuple[str, ...]] = []
    numbers, of_line = [], []
    for number, line in lines.each():
        place = Place(reading.where, number, reading.block)
        texts = line.decode("utf-8").split()
        if layout.widths and len(texts) - 1 not in layout.widths:
            needed = " or ".join(map(str, layout.widths))
            raise place.wrong(f"the line has {len(texts) - 1} values after its time tag, not {needed}", layout.because)
        epochs.append(_time(texts[0], reading, place))
        named = list(zip(layout.columns, texts[1:], strict=False)) if layout.columns else [("", text) for text in texts[1:]]
        rows.append([np.nan if name in layout.words else number_of(text, place) for name, text in named])
        words.append(tuple(text for name, text in named if name in layout.words))
        width = max(width, len(texts) - 1)
        numbers.append(number)
        of_line.append(len(texts) - 1)
    values = np.full((len(rows), width), np.nan)
    for at, row in enumerate(rows):
        values[at, : len(row)] = row
    days, of_day = np.array([e.day for e in epochs], np.int64), np.array([e.of_day_ns for e in epochs], np.int64)
    return _Part(days, of_day, values, tuple(sorted(set(of_line))), numbers, of_line, words)


def _time(text: str, reading: Reading, place: Place) -> Epoch:
    try:
        if not (reading.layout.relative and NUMBER.match(text)):
            return epoch_of(text, reading.scale)
        if reading.zero is None:
            raise place.wrong("relative times without EPOCH_TZERO", "Give EPOCH_TZERO in the metadata")
        if abs(number_of(text, place)) > MOST_SECONDS:
            raise place.wrong(f"{shown(text)} seconds past EPOCH_TZERO are out of range")
        return after(reading.zero, np.array([_elapsed_ns(text)]))[0]
    except TimeError as error:
        raise place.wrong(error.what, error.remedy) from error


def _elapsed_ns(text: str) -> int:
    try:
        return int((Decimal(text) * SECOND).to_integral_value())
    except ArithmeticError:  # an exponent that no decimal has; what is too great was refused before
        return 0


def observations_of(lines: list[Lines], reading: Reading, observables: Mapping[str, Keyword], version: str) -> Observations:
    """Return the records of a TDM's data section as columns. Raises NdmError that names the line and what is wrong in it."""
    names = tuple(name for name, keyword in observables.items() if keyword.holds_in(version))
    ids = {name.encode(): at for at, name in enumerate(names)}
    parts = [
        part
        for run in lines
        for chunk in run.chunks()
        for part in (_fast_records(chunk, reading, ids) or _slow_records(chunk, reading, ids, observables),)
    ]
    if not parts:
        return Observations((), np.zeros(0, np.uint8), Epochs(reading.scale, *np.zeros((2, 0), np.int64)), np.zeros(0))
    of, days, of_day, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    used, at = np.unique(of, return_inverse=True)
    return Observations(tuple(names[n] for n in used.tolist()), at.astype(np.uint8), Epochs(reading.scale, days, of_day), values)


_Records = tuple[NDArray[np.uint8], Integers, Integers, Reals]


def _fast_records(lines: Lines, reading: Reading, ids: dict[bytes, int]) -> _Records | None:
    tokens = lines.text.replace(b"=", b" = ").split()
    if len(tokens) != 4 * len(lines) or tokens[1::4].count(b"=") != len(lines):
        return None
    of = list(map(ids.get, tokens[::4]))
    if None in of or b" ".join(tokens[3::4]).translate(None, _NUMERIC):
        return None
    found = parse_column(tokens[2::4], reading.scale)
    try:
        values = np.array(list(map(float, tokens[3::4])))
    except ValueError:
        return None
    if found is None or not np.isfinite(values).all():
        return None
    return np.array(of, np.uint8), *found, values


def _slow_records(lines: Lines, reading: Reading, ids: dict[bytes, int], observables: Mapping[str, Keyword]) -> _Records:
    of, epochs, values = [], [], []
    for number, line in lines.each():
        name, equals, rest = (part.strip() for part in line.decode("utf-8").partition("="))
        place = Place(reading.where, number, name if equals else reading.block)
        if not equals:
            raise place.wrong(f"{shown(name)} is no line of data", "Write KEYWORD = epoch value")
        if name.encode() not in ids:
            late = observables.get(name)
            what = f"came with version {late.since}" if late else "is no data keyword of a TDM"
            raise place.wrong(what, "Correct the keyword, or the version of the message")
        words = rest.split()
        if len(words) != 2:
            raise place.wrong(f"{shown(rest)} is not one epoch and one value", "Write KEYWORD = epoch value")
        of.append(ids[name.encode()])
        epochs.append(_time(words[0], reading, place))
        values.append(number_of(words[1], place))
    days, of_day = np.array([e.day for e in epochs], np.int64), np.array([e.of_day_ns for e in epochs], np.int64)
    return np.array(of, np.uint8), days, of_day, np.array(values, np.float64)
