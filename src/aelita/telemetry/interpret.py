"""The plain interpreter: one packet at a time, walked in plain Python, with everything that XTCE lets depend on the packet.

It keeps every question that it asked of the packet with the answer: packets that answer the same have the same shape, and
many of one shape need not be interpreted each (see `shapes`).
"""

from dataclasses import dataclass, replace

import numpy as np

from ..mdb import (
    OCTETS,
    SHORT,
    BinaryEncoding,
    CompiledDatabase,
    Condition,
    DynamicSize,
    EndOfWalk,
    Field,
    IndirectEntry,
    LookupSize,
    Raw,
    Reference,
    StringEncoding,
    Walk,
    plain_value,
)
from .columns import Column
from .conditions import Trouble, references_of
from .dependencies import needed_parameters
from .questions import (
    NO_ANSWER,
    Asked,
    Fitting,
    Included,
    Inside,
    Known,
    Named,
    Number,
    Question,
    Rest,
    TextEnd,
    decided,
    placed,
    reference_name,
    text_bits,
)


@dataclass(frozen=True, slots=True)
class Interpreted:
    """The fields of one packet with their raw values (None: invalid), and the questions asked with their answers.

    `stop` says why the rest of the packet could not be read, `trouble` which expressions could not be evaluated; `short` that
    fields lie beyond the packet's end.
    """

    fields: tuple[Field, ...]
    values: tuple[Raw, ...]
    asked: tuple[tuple[Question, int], ...]
    stop: str
    short: bool
    trouble: tuple[str, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """All reasons why the packet contradicts the database, each once."""
        return tuple(dict.fromkeys((*self.trouble, *((SHORT,) if self.short else ()), *((self.stop,) if self.stop else ()))))


def interpret(compiled: CompiledDatabase, container: str, octets: bytes, start: int = 0, end: int | None = None) -> Interpreted:
    """Return what a container reads in the bits `start` to `end` (by default all) of these octets."""
    walk = PacketWalk(compiled, octets, start, 8 * len(octets) if end is None else end)
    stop = ""
    try:
        walk.container(container, 0)
    except EndOfWalk as reached:
        stop = reached.reason
    short = any(f.first_bit + f.reading.bits > walk.room for f in walk.fields)
    values = tuple(walk.values[f.column] for f in walk.fields)
    return Interpreted(tuple(walk.fields), values, tuple(walk.asked), stop, short, tuple(walk.trouble))


class PacketWalk(Walk):
    """A walk that reads each field as it comes to it."""

    def __init__(self, compiled: CompiledDatabase, octets: bytes, start: int, end: int) -> None:
        super().__init__(compiled.database, compiled.readings)
        self.compiled, self.octets, self.start, self.room = compiled, octets, start, end - start
        self.values: dict[str, Raw] = {}
        self.seen: dict[str, list[Field]] = {}
        self.asked: list[tuple[Question, int]] = []
        self.trouble: Trouble = {}

    def add(self, item: Field, key: str) -> None:
        """Read a field; one that leaves the packet has no value."""
        self.fields.append(item)
        self.seen.setdefault(key, []).append(item)
        value: Raw = None
        if item.first_bit + item.reading.bits <= self.room:
            kind = self.database.types[item.type]
            encoding = getattr(kind, "encoding", None)
            assert encoding is not None
            value = plain_value(self.octets, self.start + item.first_bit, item.reading.bits, encoding)
        self.values[item.column] = value

    def number(self, size: DynamicSize | LookupSize, what: str) -> int:
        """Return a size or count that the packet gives."""
        if isinstance(size, DynamicSize) and not size.reference.parameter:
            size = replace(size, reference=replace(size.reference, parameter=self.around))
        references = {size.reference} if isinstance(size, DynamicSize) else {r for c, _ in size.choices for r in references_of(c)}
        return self._needed(self._ask(Number(size), references), f"{what} is what the packet says, and it does not say it")

    def fitting(self, count: int, least_bits: int, at: int) -> int:
        """Return how many of `count` elements of so many bits the packet can hold from bit `at` on."""
        return self._ask(Fitting(count, least_bits, at))

    def inside(self, at: int) -> bool:
        """Tell whether bit `at` lies in the packet."""
        return self._ask(Inside(at)) != 0

    def included(self, condition: Condition, what: str) -> bool:
        """Tell whether an entry is there."""
        return self._ask(Included(condition), references_of(condition)) != 0

    def named(self, entry: IndirectEntry) -> str:
        """Return the parameter that an indirect reference means."""
        choices = self.compiled.parameters_by_alias(entry.name_space)
        answer = self._ask(Named(entry, choices), {entry.reference})
        return self.compiled.parameter_names[self._needed(answer, "an indirect reference names no known parameter")]

    def text_bits(self, encoding: StringEncoding | BinaryEncoding, column: str, at: int) -> int:
        """Return the size of a field that ends where its text ends, or that begins with the number of its octets."""
        return self._needed(self._ask(TextEnd(encoding, at)), SHORT)

    def rest_bits(self, what: str, at: int) -> int:
        """Return how many bits the packet holds from bit `at` on."""
        return self._ask(Rest(at))

    def _needed(self, answer: int, reason: str) -> int:
        if answer == NO_ANSWER:
            raise EndOfWalk(reason)
        return answer

    def _ask(self, asked: Asked, references: set[Reference] | None = None) -> int:
        fields = self._deciding(references) if references else {}
        if isinstance(asked, Included | Number | Named):
            raw = {item.column: self._column(item) for item in fields.values()}
            answer = int(decided(asked, Known(self.compiled, fields, raw, 1), self.trouble)[0])
        elif isinstance(asked, TextEnd):
            answer = text_bits(asked, self.octets, self.start, self.room)
        else:
            answer = placed(asked, self.room)
        self.asked.append((Question(asked, fields), answer))
        return answer

    def _deciding(self, references: set[Reference]) -> dict[str, Field]:
        """Return the fields that references mean, and those on which their engineering values depend."""
        found: dict[str, Field] = {}
        for reference in references:
            name = reference_name(reference)
            occurrences = self.seen.get(name.partition("#")[0], ())
            if len(occurrences) > abs(reference.instance):
                found[name] = replace(occurrences[-1 - abs(reference.instance)], group="")
                for other in needed_parameters(self.compiled, name.partition("#")[0]) if reference.calibrated else ():
                    if other in self.seen:
                        found[other] = replace(self.seen[other][-1], group="")
        return found

    def _column(self, item: Field) -> Column:
        """Return a column of one row."""
        value = self.values[item.column]
        dtype = object if item.reading.kind == OCTETS else item.reading.dtype
        if value is None:
            return Column(np.array([None], object) if dtype is object else np.zeros(1, dtype), np.zeros(1, np.bool_))
        cell = np.empty(1, dtype)
        cell[0] = value
        return Column(cell)
