"""Compiled layouts: where every field of a container lies and how it is read, as tables that one kernel understands.

A container's layout is fixed when no entry depends on the packet. Else the layout holds the fields before the first such entry,
and `dynamic` says why the rest needs the interpreter. A field that nobody can read ends the layout: `stop` says why.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .encodings import OCTETS, Reading, reading_of
from .model import (
    ArrayEntry,
    Container,
    ContainerEntry,
    Database,
    Entry,
    IndirectEntry,
    Origin,
    Placement,
)
from .types import AggregateType, ArrayType, ParameterType, Size, StringEncoding

MOST_FIELDS = 20_000  # of one container: more is a mistake in its definition
LONGEST_SPREAD = 64  # an array of more elements becomes one column of lists
PRIMARY_HEADER_BITS = 48
CELLS = 8  # columns of a layout's table: first bit, bits, kind, order, reversed bits, octets of a value, fault row, spare
FIRST_BIT, BITS, KIND, ORDER, REVERSED, WIDTH, FAULTS = range(7)


@dataclass(frozen=True, slots=True)
class Field:
    """One scalar in a packet: `first_bit` counts from the packet's first bit. `group` names the list column it is part of."""

    column: str
    parameter: str
    type: str
    first_bit: int
    reading: Reading
    group: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of a container, its base containers' first, in the order in which they are read."""

    container: str
    fields: tuple[Field, ...]
    dynamic: str = ""
    stop: str = ""

    @property
    def fixed(self) -> bool:
        """Whether every packet of this container has its fields at the same bits."""
        return not self.dynamic

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns it decodes to, in order; of a layout that is not fixed, those of its fixed part."""
        return tuple(dict.fromkeys(f.group or f.column for f in self.fields))

    def headers(self, secondary_octets: int = 0) -> frozenset[str]:
        """Return the columns that lie wholly in the primary header or in a secondary header of this many octets."""
        end = PRIMARY_HEADER_BITS + 8 * secondary_octets
        return frozenset(f.column for f in self.fields if not f.group and _inside(f, end))


def _inside(item: Field, end: int) -> bool:
    last = item.first_bit + item.reading.bits
    return last <= PRIMARY_HEADER_BITS or (item.first_bit >= PRIMARY_HEADER_BITS and last <= end)


@dataclass(frozen=True, slots=True)
class Table:
    """A layout's numeric fields for the kernel: one row of numbers each (see the constants of this module).

    `orders` has one row of octet significances for each order used. `octets` are the other fields.
    """

    fields: tuple[Field, ...]
    cells: NDArray[np.int64]
    orders: NDArray[np.int64]
    octets: tuple[Field, ...]


def table_of(fields: tuple[Field, ...]) -> Table:
    """Return the kernel's table of these fields."""
    numeric = tuple(f for f in fields if f.reading.kind != OCTETS)
    kinds: dict[tuple[int, ...], int] = {}
    cells = np.zeros((len(numeric), CELLS), np.int64)
    checked = 0
    for row, item in enumerate(numeric):
        reading = item.reading
        order = kinds.setdefault(reading.order, len(kinds)) if reading.order else -1
        fault, checked = (checked, checked + 1) if reading.checked else (-1, checked)
        width = int(reading.dtype[1:])
        cells[row, :7] = (item.first_bit, reading.bits, reading.kind, order, reading.reversed_bits, width, fault)
    orders = np.zeros((max(len(kinds), 1), 8), np.int64)
    for significances, row in kinds.items():
        orders[row, : len(significances)] = significances
    return Table(numeric, cells, orders, tuple(f for f in fields if f.reading.kind == OCTETS))


@dataclass(slots=True)
class CompiledDatabase:
    """A database with the layouts of its containers. Layouts are made when first asked for, and kept."""

    database: Database
    children: dict[str, tuple[str, ...]]
    _layouts: dict[str, Layout] = field(default_factory=dict)
    _tables: dict[tuple[str, frozenset[str]], Table] = field(default_factory=dict)
    _types: dict[str, ParameterType | None] = field(default_factory=dict)

    def layout(self, container: str) -> Layout:
        """Return the layout of the container with this qualified name; KeyError when there is none."""
        known = self._layouts.get(container)
        if known is None:
            known = self._layouts[container] = _Walk(self.database).layout(container)
        return known

    def table(self, container: str, columns: frozenset[str] | None = None) -> Table:
        """Return the kernel's table of a container's layout, or of those fields that make these columns."""
        key = (container, columns or frozenset())
        known = self._tables.get(key)
        if known is None:
            fields = self.layout(container).fields
            chosen = tuple(f for f in fields if columns is None or (f.group or f.column) in columns)
            known = self._tables[key] = table_of(chosen)
        return known

    def type_of_column(self, column: str) -> ParameterType | None:
        """Return the type of the values in a column, of the elements for a list column; None when the database has no such."""
        if column not in self._types:
            self._types[column] = leaf_type(self.database, column)
        return self._types[column]

    def roots(self) -> tuple[str, ...]:
        """Return the containers that packets are first taken for.

        These are the ones without a base that others inherit from; when there are none, those that no other one contains.
        """
        alone = [c for c in self.database.containers.values() if c.base is None]
        parents = tuple(c.name for c in alone if self.children.get(c.name))
        contained = {e.container for c in self.database.containers.values() for e in c.entries if isinstance(e, ContainerEntry)}
        return parents or tuple(c.name for c in alone if c.name not in contained and not c.abstract)

    def faults(self) -> dict[str, str]:
        """Return, by container, why the rest of it cannot be read."""
        found = {name: self.layout(name).stop for name in self.database.containers}
        return {name: reason for name, reason in found.items() if reason}


def compile_database(database: Database) -> CompiledDatabase:
    """Return the database ready for decoding. Layouts are compiled as they are needed."""
    children: dict[str, list[str]] = {}
    for container in database.containers.values():
        if container.base is not None:
            children.setdefault(container.base, []).append(container.name)
    return CompiledDatabase(database, {name: tuple(names) for name, names in children.items()})


COLUMN = re.compile(r"(?P<parameter>.*/[^/.\[:]*)(?P<path>(?:\.[^.\[:]+|\[-?\d+\])*)(?::\d+)?$")


def leaf_type(database: Database, column: str) -> ParameterType | None:
    """Return the type of what a column name means: `/A/parameter.member[0]`, and `:1` after it for a further occurrence."""
    match = COLUMN.match(column)
    if match is None:
        return None
    parameter = database.parameters.get(match["parameter"])
    kind = database.types.get(parameter.type) if parameter else None
    for step in re.findall(r"\.[^.\[]+|\[-?\d+\]", match["path"]):
        if isinstance(kind, AggregateType) and step.startswith("."):
            kind = next((database.types.get(m.type) for m in kind.members if m.name == step[1:]), None)
        elif isinstance(kind, ArrayType) and step.startswith("["):
            dimensions = kind.dimensions[1:]
            kind = replace(kind, dimensions=dimensions) if dimensions else database.types.get(kind.element)
    while isinstance(kind, ArrayType):
        kind = database.types.get(kind.element)
    return kind


class _EndError(Exception):
    """Ends a layout; `dynamic` when the interpreter can go on."""

    def __init__(self, reason: str, *, dynamic: bool) -> None:
        super().__init__(reason)
        self.reason, self.dynamic = reason, dynamic


def lineage(database: Database, container: str) -> list[Container]:
    """Return the container after the ones it inherits from, the first ancestor first; a cycle ends it."""
    chain: list[Container] = []
    name: str | None = container
    while name is not None and name in database.containers and all(c.name != name for c in chain):
        chain.append(database.containers[name])
        name = chain[-1].base
    return chain[::-1]


class _Walk:
    """Goes through a container's entries while their places are known."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.fields: list[Field] = []
        self.names: dict[str, int] = {}
        self.open: list[str] = []

    def layout(self, container: str) -> Layout:
        dynamic = stop = ""
        try:
            self._container(container, 0, ())
        except _EndError as end:
            dynamic, stop = (end.reason, "") if end.dynamic else ("", end.reason)
        return Layout(container, tuple(self.fields), dynamic, stop)

    def _container(self, name: str, start: int, indices: tuple[int, ...]) -> int:
        """Read a container's entries from bit `start` on and return the bit after it."""
        if name in self.open or len(self.open) > 50:
            raise _EndError(f"{name} contains itself", dynamic=False)
        if name not in self.database.containers:
            raise _EndError(f"there is no container {name}", dynamic=False)
        self.open.append(name)
        chain = lineage(self.database, name)
        at = start
        for container in chain:
            for entry in container.entries:
                at = self._entry(entry, start, at, indices, self.database.containers[name].size_bits)
        self.open.pop()
        size = self.database.containers[name].size_bits
        return start + size if isinstance(size, int) else at

    def _entry(self, entry: Entry, start: int, at: int, indices: tuple[int, ...], size: Size | None) -> int:
        placement = entry.placement
        if placement.include is not None:
            raise _EndError(f"{_target(entry)} is included by a condition", dynamic=True)
        if isinstance(entry, IndirectEntry):
            raise _EndError("an indirect reference", dynamic=True)
        at = _place(placement, start, at, size)
        if placement.repeat is None:
            return self._read(entry, at, indices)
        count, gap = placement.repeat.count, placement.repeat.gap_bits
        if not isinstance(count, int) or not isinstance(gap, int):
            raise _EndError(f"{_target(entry)} is repeated as often as the packet says", dynamic=True)
        if count > MOST_FIELDS:
            raise _EndError(f"more than {MOST_FIELDS} fields", dynamic=False)
        for k in range(count):
            at = self._read(entry, at + (gap if k else 0), (*indices, k))
        return at

    def _read(self, entry: Entry, at: int, indices: tuple[int, ...]) -> int:
        if isinstance(entry, ContainerEntry):
            return self._container(entry.container, at, indices)
        assert not isinstance(entry, IndirectEntry)
        parameter = self.database.parameters.get(entry.parameter)
        if parameter is None:
            raise _EndError(f"there is no parameter {entry.parameter}", dynamic=False)
        name = self._unused(entry.parameter + "".join(f"[{i}]" for i in indices))
        if isinstance(entry, ArrayEntry):
            kind = self.database.types.get(parameter.type)
            if not isinstance(kind, ArrayType):
                raise _EndError(f"{entry.parameter} is no array", dynamic=False)
            return self._array(entry.parameter, kind.element, entry.dimensions, name, at)
        return self._typed(entry.parameter, parameter.type, name, at)

    def _typed(self, parameter: str, type_name: str, column: str, at: int, group: str = "") -> int:
        kind = self.database.types.get(type_name)
        if kind is None:
            raise _EndError(f"{parameter} has no type", dynamic=False)
        if isinstance(kind, ArrayType):
            return self._array(parameter, kind.element, kind.dimensions, column, at)
        if isinstance(kind, AggregateType):
            for member in kind.members:
                at = self._typed(parameter, member.type, f"{column}.{member.name}", at)
            return at
        if kind.encoding is None:
            raise _EndError(f"the type of {column} has no encoding", dynamic=False)
        if isinstance(kind.encoding, StringEncoding) and kind.encoding.size is None:
            raise _EndError(f"{column} ends where its text ends", dynamic=True)
        reading = reading_of(kind.encoding)
        if isinstance(reading, str):
            fixable = not isinstance(getattr(kind.encoding, "size", 0), int)
            raise _EndError(f"{column}: {reading}", dynamic=fixable)
        if len(self.fields) >= MOST_FIELDS:
            raise _EndError(f"more than {MOST_FIELDS} fields", dynamic=False)
        if at < 0:
            raise _EndError(f"{column} lies before the packet", dynamic=False)
        self.fields.append(Field(column, parameter, type_name, at, reading, group))
        return at + reading.bits

    def _array(self, parameter: str, element: str, dimensions: tuple[tuple[Size, Size], ...], column: str, at: int) -> int:
        bounds = [(first, last) for first, last in dimensions if isinstance(first, int) and isinstance(last, int)]
        if len(bounds) < len(dimensions):
            raise _EndError(f"{column} has as many elements as the packet says", dynamic=True)
        count = int(np.prod([max(last - first + 1, 0) for first, last in bounds], dtype=object))
        if count > MOST_FIELDS:
            raise _EndError(f"more than {MOST_FIELDS} fields", dynamic=False)
        scalar = not isinstance(self.database.types.get(element), ArrayType | AggregateType)
        group = column if scalar and count > LONGEST_SPREAD else ""
        for indices in _counted(bounds):
            at = self._typed(parameter, element, column + "".join(f"[{i}]" for i in indices), at, group)
        return at

    def _unused(self, name: str) -> str:
        """Return a column name: a parameter that occurs again gets `:1`, `:2`, ..., which no XTCE name can contain."""
        seen = self.names.get(name, 0)
        self.names[name] = seen + 1
        return f"{name}:{seen}" if seen else name


def _counted(bounds: list[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """Yield the indices of an array in the order of transmission: the last index runs fastest."""
    if not bounds:
        yield ()
        return
    (first, last), rest = bounds[0], bounds[1:]
    for i in range(first, last + 1):
        for inner in _counted(rest):
            yield (i, *inner)


def _place(placement: Placement, start: int, at: int, size: Size | None) -> int:
    bits = placement.location.bits
    origin = placement.location.origin
    if not isinstance(bits, int):
        raise _EndError("a location that the packet says", dynamic=True)
    if origin is Origin.PREVIOUS_ENTRY:
        return at + bits
    if origin is Origin.CONTAINER_START:
        return start + bits
    if origin is Origin.CONTAINER_END:
        if isinstance(size, int):
            return start + size - bits
        raise _EndError("a location counted from the container's end", dynamic=True)
    raise _EndError("a location counted from the next entry", dynamic=False)


def _target(entry: Entry) -> str:
    if isinstance(entry, ContainerEntry):
        return entry.container
    return "an indirect reference" if isinstance(entry, IndirectEntry) else entry.parameter
