"""What a container asks of a packet on the way through it: is this entry there, how large, how many, which parameter.

Every answer is a whole number. Packets with the same answers have their fields at the same bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..mdb import (
    BinaryEncoding,
    CompiledDatabase,
    Condition,
    DynamicSize,
    Field,
    IndirectEntry,
    LookupSize,
    Reference,
    StringEncoding,
    Table,
    table_of,
)
from .columns import Column
from .conditions import Trouble, holds
from .engineering import converted
from .extract import bits_at, extract

Octets = NDArray[np.uint8]
Rows = NDArray[np.int64]

NO_ANSWER = -(1 << 60)
MOST = 1 << 40  # sizes and counts beyond this are no sizes


@dataclass(frozen=True, slots=True)
class Included:
    """Whether an entry is there."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Number:
    """A size or count that parameters give."""

    size: DynamicSize | LookupSize


@dataclass(frozen=True, slots=True)
class Named:
    """The parameter that an indirect reference means, as its place in `choices`."""

    entry: IndirectEntry
    choices: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Fitting:
    """How many of `count` elements of so many bits the packet can hold from bit `at` on."""

    count: int
    least_bits: int
    at: int


@dataclass(frozen=True, slots=True)
class Inside:
    """Whether bit `at` lies in the packet."""

    at: int


@dataclass(frozen=True, slots=True)
class Rest:
    """How many bits the packet holds from bit `at` on."""

    at: int


@dataclass(frozen=True, slots=True)
class TextEnd:
    """The size of a field that ends where its text ends, or that begins with the number of its octets."""

    encoding: StringEncoding | BinaryEncoding
    at: int


Asked = Included | Number | Named | Fitting | Inside | Rest | TextEnd


def reference_name(reference: Reference) -> str:
    """Return the name under which a walk keeps what a reference means; earlier instances have their number behind it."""
    path = "".join(f".{p}" if isinstance(p, str) else f"[{p}]" for p in reference.path)
    return f"{reference.parameter}{path}#{abs(reference.instance)}" if reference.instance else reference.parameter + path


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the fields that decide, by the name of the reference."""

    asked: Asked
    fields: dict[str, Field] = field(default_factory=dict)

    def table(self) -> Table:
        """Return the kernel's table of the deciding fields."""
        return table_of(tuple({f.column: f for f in self.fields.values()}.values()))


class Known:
    """The values of the deciding fields in some packets, raw or engineering."""

    def __init__(self, compiled: CompiledDatabase, fields: dict[str, Field], raw: dict[str, Column], rows: int) -> None:
        self.compiled, self.fields, self.raw, self.rows = compiled, fields, raw, rows
        self._made: dict[str, Column] = {}
        self._open: set[str] = set()

    def value(self, reference: Reference) -> Column | None:
        """Return the values that a reference means, None when the packets have none so far."""
        name = reference_name(reference)
        if name not in self.fields:
            return None
        item = self.fields[name]
        raw = self.raw[item.column]
        if not reference.calibrated or name in self._open:
            return raw
        if name not in self._made:
            self._open.add(name)
            self._made[name] = converted(self.compiled.database.types[item.type], raw, self)
            self._open.discard(name)
        return self._made[name]

    def listed(self, reference: Reference) -> Column | None:
        """Return the lists of a parameter, of which there are none: each value stands for one occurrence."""
        return None

    def numbers(self, parameter: str) -> NDArray[np.float64] | None:
        """Return the engineering values of a parameter as floats, NaN where invalid."""
        column = self.value(Reference(parameter))
        if column is None or column.values.dtype.kind not in "biuf":
            return None
        return np.where(column.mask(), column.values.astype(np.float64), np.nan)


def decided(asked: Included | Number | Named, known: Known, trouble: Trouble | None = None) -> Rows:
    """Return the answers that depend on values, one per row; NO_ANSWER where a value is missing or makes no sense."""
    if isinstance(asked, Included):
        return holds(asked.condition, known.rows, known.value, trouble).astype(np.int64)
    if isinstance(asked, Named):
        return _names(asked, known)
    if isinstance(asked.size, DynamicSize):
        return _adjusted(asked.size, known)
    out = np.full(known.rows, NO_ANSWER, np.int64)
    for condition, number in reversed(asked.size.choices):
        out[holds(condition, known.rows, known.value, trouble)] = number
    return out


def _adjusted(size: DynamicSize, known: Known) -> Rows:
    column = known.value(size.reference)
    if column is not None and column.labels is not None:
        column = known.value(replace(size.reference, calibrated=False))
    out = np.full(known.rows, NO_ANSWER, np.int64)
    if column is None or column.values.dtype.kind not in "iuf":
        return out
    with np.errstate(invalid="ignore", over="ignore"):
        numbers = column.values.astype(np.float64) * size.slope + size.intercept
        good = column.mask() & (np.abs(numbers) < MOST)
    out[good] = np.floor(numbers[good] + 1e-9).astype(np.int64)
    return out


def _names(asked: Named, known: Known) -> Rows:
    column = known.value(asked.entry.reference)
    out = np.full(known.rows, NO_ANSWER, np.int64)
    if column is not None:
        for row, (word, good) in enumerate(zip(column.words(), column.mask(), strict=True)):
            if good:
                out[row] = asked.choices.get(str(word), NO_ANSWER)
    return out


def placed(asked: Fitting | Inside | Rest, room: int) -> int:
    """Return the answer that depends only on how many bits a packet has."""
    if isinstance(asked, Inside):
        return int(asked.at < room)
    if isinstance(asked, Rest):
        return max(room - asked.at, 0)
    return min(asked.count, max(room - asked.at, 0) // asked.least_bits)


def text_bits(asked: TextEnd, octets: bytes, start: int, room: int) -> int:
    """Return the size of a text field in a packet of `room` bits that begins at bit `start` of these octets.

    A text whose termination is missing fills its longest size, or the packet. NO_ANSWER when a leading size is not there.
    """
    encoding, left = asked.encoding, room - asked.at
    if left < 0:
        return NO_ANSWER
    lead = encoding.length_prefix_bits
    at = start + asked.at
    if lead:
        return min(lead + 8 * _number(octets, at, lead), MOST) if left >= lead else NO_ANSWER
    assert isinstance(encoding, StringEncoding)
    limit = left if encoding.max_bits is None else min(left, encoding.max_bits)
    end = encoding.termination or b"\0"
    width = len(end)
    field = _octets(octets, at, limit // 8 * 8)
    found = field.find(end)
    while found >= 0 and found % width:
        found = field.find(end, found + 1)
    return 8 * (found + width) if found >= 0 else 8 * (len(field) // width * width)


def _number(octets: bytes, at: int, bits: int) -> int:
    return int.from_bytes(_octets(octets, at, bits))


def _octets(octets: bytes, at: int, bits: int) -> bytes:
    if not at & 7:
        whole = octets[at >> 3 : (at + bits + 7) >> 3]
        if not bits & 7:
            return whole
    return bits_at(np.frombuffer(octets, np.uint8), at, bits) if bits else b""


def answers(
    compiled: CompiledDatabase,
    question: Question,
    table: Table,
    buffer: Octets,
    first: Rows,
    end: Rows,
    trouble: Trouble | None = None,
) -> Rows:
    """Return the answers of packets that fill the bits `first` to `end` of the buffer."""
    asked, room = question.asked, end - first
    if isinstance(asked, Included | Number | Named):
        raw = extract(compiled.database, table, buffer, first, end)
        return decided(asked, Known(compiled, question.fields, raw, first.size), trouble)
    if isinstance(asked, Inside):
        return (room > asked.at).astype(np.int64)
    if isinstance(asked, Rest):
        return np.maximum(room - asked.at, 0)
    if isinstance(asked, Fitting):
        return np.minimum(np.maximum(room - asked.at, 0) // asked.least_bits, asked.count)
    out = np.empty(first.size, np.int64)
    for row in range(first.size):
        octets = buffer[first[row] >> 3 : (end[row] + 7) >> 3].tobytes()
        out[row] = text_bits(asked, octets, int(first[row] & 7), int(room[row]))
    return out
