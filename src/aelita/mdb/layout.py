"""Compiled layouts: where every field of a container lies and how it is read, as tables that one kernel understands.

A container's layout is fixed when no entry depends on the packet. Else the layout holds the fields before the first such entry,
and `dynamic` says why the rest needs the interpreter. A field that nobody can read ends the layout: `stop` says why.
"""

import re
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .encodings import OCTETS, Reading
from .model import ContainerEntry, Database, Parameter
from .types import AggregateType, ArrayType, ParameterType
from .walk import EndOfWalk, Field, Walk

PRIMARY_HEADER_BITS = 48
CELLS = 8  # columns of a layout's table: first bit, bits, kind, order, reversed bits, octets of a value, fault row, spare
FIRST_BIT, BITS, KIND, ORDER, REVERSED, WIDTH, FAULTS = range(7)


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

    @property
    def bits(self) -> int:
        """The bits that a packet has at least to hold all these fields."""
        return max((f.first_bit + f.reading.bits for f in self.fields), default=0)

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
    readings: dict[str, Reading | str] = field(default_factory=dict)  # of the types whose values have the same size everywhere
    _layouts: dict[str, Layout] = field(default_factory=dict)
    _tables: dict[tuple[str, frozenset[str]], Table] = field(default_factory=dict)
    _types: dict[str, ParameterType | None] = field(default_factory=dict)
    _aliases: dict[str | None, dict[str, int]] = field(default_factory=dict)

    def layout(self, container: str) -> Layout:
        """Return the layout of the container with this qualified name; KeyError when there is none."""
        known = self._layouts.get(container)
        if known is None:
            known = self._layouts[container] = layout_of(self.database, container, self.readings)
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

    def parameters_by_alias(self, name_space: str | None) -> dict[str, int]:
        """Return the places in `parameter_names` of the parameters by alias in this name space; None for their names.

        A parameter's own name means it with its path, and without one when no other has that name.
        """
        if name_space not in self._aliases:
            self._aliases[name_space] = _aliases(self.database, name_space)
        return self._aliases[name_space]

    @property
    def parameter_names(self) -> list[str]:
        """The qualified names of all parameters, in the order of the database."""
        return list(self.database.parameters)

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


def _aliases(database: Database, name_space: str | None) -> dict[str, int]:
    found: dict[str, int] = {}
    if name_space is not None:
        for place, parameter in enumerate(database.parameters.values()):
            found |= {alias: place for space, alias in parameter.aliases if space == name_space}
        return found
    short = Counter(name.rpartition("/")[2] for name in database.parameters)
    for place, name in enumerate(database.parameters):
        found[name] = place
        last = name.rpartition("/")[2]
        if short[last] == 1:
            found[last] = place
    return found


OCCURRENCE = re.compile(r":\d+(?=$|[.\[])")
STEP = re.compile(r"\.[^.\[]+|\[-?\d*\]")


def leaf_type(database: Database, column: str) -> ParameterType | None:
    """Return the type of what a column name means: `/A/parameter.member[0]`, with `:1` in it for a further occurrence.

    The longest name of a parameter in it counts: XTCE's schema forbids dots and brackets in names, yet some documents have them.
    """
    parameter, path = _split(database, column)
    kind = database.types.get(parameter.type) if parameter else None
    for step in STEP.findall(path):
        if isinstance(kind, AggregateType) and step.startswith("."):
            kind = next((database.types.get(m.type) for m in kind.members if m.name == step[1:]), None)
        elif isinstance(kind, ArrayType) and step.startswith("["):
            dimensions = kind.dimensions[1:]
            kind = replace(kind, dimensions=dimensions) if dimensions else database.types.get(kind.element)
    while isinstance(kind, ArrayType):
        kind = database.types.get(kind.element)
    return kind


def _split(database: Database, column: str) -> tuple[Parameter | None, str]:
    """Return the parameter of a column, and the members and elements after it."""
    for whole in dict.fromkeys((column, OCCURRENCE.sub("", column))):
        cuts = [len(whole), *sorted((found.start() for found in re.finditer(r"[.\[]", whole)), reverse=True)]
        for cut in cuts:
            if whole[:cut] in database.parameters:
                return database.parameters[whole[:cut]], whole[cut:]
    return None, ""


def layout_of(database: Database, container: str, readings: dict[str, Reading | str] | None = None) -> Layout:
    """Return the layout of a container as far as no packet is needed for it."""
    walk = Walk(database, readings)
    dynamic = stop = ""
    try:
        walk.container(container, 0)
    except EndOfWalk as end:
        dynamic, stop = (end.reason, "") if end.dynamic else ("", end.reason)
    return Layout(container, tuple(walk.fields), dynamic, stop)
