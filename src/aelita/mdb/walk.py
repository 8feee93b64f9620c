"""The way through a container, entry after entry: where each field lies.

One walk serves the layouts that are compiled once, where every place is known, and the interpreter, which finds in the packet
what depends on it. `Walk` by itself ends where a packet would be needed; a subclass answers instead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .conditions import Condition
from .encodings import OCTETS, Reading, reading_of
from .model import ArrayEntry, Container, ContainerEntry, Database, Entry, IndirectEntry, Origin, ParameterEntry, UnreadEntry
from .types import (
    REST,
    AggregateType,
    ArrayType,
    BinaryEncoding,
    DynamicSize,
    Encoding,
    LookupSize,
    ParameterType,
    Size,
    StringEncoding,
)

MOST_FIELDS = 20_000  # of one container: more is a mistake in its definition, or a hostile packet
MOST_STEPS = 4 * MOST_FIELDS  # entries visited, also those that hold nothing
MOST_LEVELS = 50  # of containers in containers, or of types in types
SHORT = "the packet ends before its fields do"
LONGEST_SPREAD = 64  # an array of more elements becomes one column of lists


@dataclass(frozen=True, slots=True)
class Field:
    """One scalar in a packet: `first_bit` counts from the packet's first bit. `group` names the list column it is part of."""

    column: str
    parameter: str
    type: str
    first_bit: int
    reading: Reading
    group: str = ""


class EndOfWalk(Exception):  # noqa: N818
    """Ends a walk with its reason; `dynamic` when a packet would show the way on."""

    def __init__(self, reason: str, *, dynamic: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.dynamic = reason, dynamic


@dataclass(frozen=True, slots=True)
class Path:
    """The names of a value: `column` of one scalar; `listed`, with `[]` for the indices that the packet decides; `key`.

    The key has no index of repeated entries: it is how a reference means the latest occurrence.
    """

    column: str
    listed: str
    key: str

    def __add__(self, step: str) -> "Path":
        return Path(self.column + step, self.listed + step, self.key + step)


def lineage(database: Database, container: str) -> list[Container]:
    """Return the container after the ones it inherits from, the first ancestor first; a cycle ends it."""
    chain: list[Container] = []
    name: str | None = container
    while name is not None and name in database.containers and all(c.name != name for c in chain):
        chain.append(database.containers[name])
        name = chain[-1].base
    return chain[::-1]


Index = tuple[int, bool]  # of a repeated entry, and whether the packet decides how many there are


class Walk:
    """Goes through a container's entries while their places are known, and collects `fields`."""

    def __init__(self, database: Database, readings: dict[str, Reading | str] | None = None) -> None:
        self.database = database
        self.fields: list[Field] = []
        self.names: dict[str, int] = {}
        self.taken: set[str] = set()  # columns in use
        self.open: list[str] = []
        self.steps = self.level = 0
        self.around = ""  # key of the aggregate whose members are read
        self.readings = {} if readings is None else readings
        self._children: dict[str, tuple[Container, ...]] = {}
        self._lists: dict[str, str] | None = None  # in entries that the packet repeats: list columns by name

    # What the packet decides: a walk without a packet ends there

    def number(self, size: DynamicSize | LookupSize, what: str) -> int:
        """Return a size or count that the packet gives."""
        raise EndOfWalk(f"{what} is what the packet says", dynamic=True)

    def fitting(self, count: int, least_bits: int, at: int) -> int:
        """Return how many of `count` elements of so many bits the packet can hold from bit `at` on."""
        raise EndOfWalk("a count that the packet says", dynamic=True)

    def inside(self, at: int) -> bool:
        """Tell whether bit `at` lies in the packet."""
        raise EndOfWalk("a count that the packet says", dynamic=True)

    def included(self, condition: Condition, what: str) -> bool:
        """Tell whether an entry is there."""
        raise EndOfWalk(f"{what} is included by a condition", dynamic=True)

    def named(self, entry: IndirectEntry) -> str:
        """Return the parameter that an indirect reference means."""
        raise EndOfWalk("an indirect reference", dynamic=True)

    def text_bits(self, encoding: StringEncoding | BinaryEncoding, column: str, at: int) -> int:
        """Return the size of a field that ends where its text ends, or that begins with the number of its octets."""
        raise EndOfWalk(f"{column} ends where its value says", dynamic=True)

    def rest_bits(self, what: str, at: int) -> int:
        """Return how many bits the packet holds from bit `at` on."""
        raise EndOfWalk(f"{what} depends on where the packet ends", dynamic=True)

    def add(self, item: Field, key: str) -> None:
        """Take a field."""
        self.fields.append(item)

    # The way

    def container(self, name: str, start: int, indices: tuple[Index, ...] = ()) -> int:
        """Read a container's entries from bit `start` on and return the bit after it. Raises EndOfWalk."""
        if name in self.open or len(self.open) > MOST_LEVELS:
            raise EndOfWalk(f"{name} contains itself")
        if name not in self.database.containers:
            raise EndOfWalk(f"there is no container {name}")
        self.open.append(name)
        size = self.database.containers[name].size_bits
        at = start
        for container in lineage(self.database, name):
            for entry in container.entries:
                at = self._entry(entry, start, at, indices, size)
        self.open.pop()
        return start + self._size(size, f"the size of {name}") if size is not None else at

    def _inherited(self, name: str, start: int, at: int, indices: tuple[Index, ...]) -> int:
        """Read on in the container that inherits from this one and whose restriction holds, where this one is abstract.

        An abstract container stands for those that inherit from it, also where another container refers to it.
        """
        if not self.database.containers[name].abstract:
            return at
        if name not in self._children:
            self._children[name] = self.database.children(name)
        for child in self._children[name]:
            if child.restriction is None or self.included(child.restriction, child.name):
                if child.name in self.open or len(self.open) > MOST_LEVELS:
                    raise EndOfWalk(f"{child.name} contains itself")
                self.open.append(child.name)
                for entry in child.entries:
                    at = self._entry(entry, start, at, indices, child.size_bits)
                if child.size_bits is not None:
                    at = start + self._size(child.size_bits, f"the size of {child.name}")
                at = self._inherited(child.name, start, at, indices)
                self.open.pop()
                return at
        return at

    def _entry(self, entry: Entry, start: int, at: int, indices: tuple[Index, ...], size: Size | None) -> int:
        self._step()
        placement = entry.placement
        if placement.include is not None and not self.included(placement.include, _target(entry)):
            return at
        at = self._place(entry, start, at, size)
        if placement.repeat is None:
            return self._read(entry, at, indices)
        count = placement.repeat.count
        gap = self._size(placement.repeat.gap_bits, f"the gap between repetitions of {_target(entry)}")
        if isinstance(count, int):
            return self._repeat(entry, at, indices, self._bounded(count), gap, decided=False)
        wanted = self._bounded(self._size(count, f"how often {_target(entry)} is repeated"))
        fits = self.fitting(wanted, max(self._least_of(entry), 1), at)
        at = self._repeat(entry, at, indices, fits, gap, decided=True)
        if fits < wanted:
            raise EndOfWalk(SHORT)
        return at

    def _repeat(self, entry: Entry, at: int, indices: tuple[Index, ...], count: int, gap: int, *, decided: bool) -> int:
        outer = self._lists
        if decided and outer is None:
            self._lists = {}
        for k in range(count):
            self._step()
            if decided and k and isinstance(entry, ContainerEntry) and not self.inside(at):
                raise EndOfWalk(SHORT)
            at = self._read(entry, at + (gap if k else 0), (*indices, (k, decided)))
        self._lists = outer
        return at

    def _bounded(self, count: int) -> int:
        if count < 0:
            raise EndOfWalk("a negative count")
        if count > MOST_FIELDS:
            raise EndOfWalk(f"more than {MOST_FIELDS} fields")
        return count

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise EndOfWalk(f"more than {MOST_STEPS} entries")

    def _size(self, size: Size, what: str) -> int:
        return size if isinstance(size, int) else self.number(size, what)

    def _place(self, entry: Entry, start: int, at: int, size: Size | None) -> int:
        origin, bits = entry.placement.location.origin, entry.placement.location.bits
        if not isinstance(bits, int):
            bits = self.number(bits, f"the location of {_target(entry)}")
        if origin is Origin.PREVIOUS_ENTRY:
            return at + bits
        if origin is Origin.CONTAINER_START:
            return start + bits
        if origin is Origin.CONTAINER_END:
            if size is not None:
                return start + self._size(size, "the size of its container") - bits
            return self.rest_bits("a location counted from the container's end", 0) - bits
        raise EndOfWalk("a location counted from the next entry")

    def _read(self, entry: Entry, at: int, indices: tuple[Index, ...]) -> int:
        if isinstance(entry, ContainerEntry):
            return self._inherited(entry.container, at, self.container(entry.container, at, indices), indices)
        if isinstance(entry, UnreadEntry):
            raise EndOfWalk(entry.reason)
        name = self.named(entry) if isinstance(entry, IndirectEntry) else entry.parameter
        parameter = self.database.parameters.get(name)
        if parameter is None:
            raise EndOfWalk(f"there is no parameter {name}")
        path = self._path(name, indices, steps_text(entry.path) if isinstance(entry, ParameterEntry) else "")
        if isinstance(entry, ArrayEntry):
            kind = self.database.types.get(parameter.type)
            if not isinstance(kind, ArrayType):
                raise EndOfWalk(f"{name} is no array")
            return self._array(name, kind.element, entry.dimensions or kind.dimensions, path, at)
        if isinstance(entry, IndirectEntry) or not entry.path:
            return self._typed(name, parameter.type, path, at)
        part = part_of(self.database.types, parameter.type, entry.path)
        if part is None:
            raise EndOfWalk(f"{name} has no whole part {steps_text(entry.path)}")
        return self._typed(name, part, path, at)

    def _path(self, name: str, indices: tuple[Index, ...], part: str = "") -> Path:
        """Return the names of an entry's value; a column that occurs again gets `:1`, `:2`, ..., which no XTCE name contains."""
        column = name + "".join(f"[{k}]" for k, _ in indices) + part if indices else name + part
        listed = name + "".join("[]" if decided else f"[{k}]" for k, decided in indices) + part if indices else column
        seen = self.names.get(column, 0)
        while (f"{column}:{seen}" if seen else column) in self.taken:
            seen += 1
        self.names[column] = seen + 1
        return Path(f"{column}:{seen}" if seen else column, listed, name + part)

    def _typed(self, parameter: str, type_name: str, path: Path, at: int, group: str = "") -> int:
        reading = self.readings.get(type_name)  # of a scalar; kept when it is the same in every packet
        if reading is None:
            kind = self.database.types.get(type_name)
            if kind is None:
                raise EndOfWalk(f"{parameter} has no type")
            if isinstance(kind, ArrayType | AggregateType):
                return self._parts(parameter, kind, path, at)
            reading = self._reading(type_name, kind.encoding, path.column, at)
        if isinstance(reading, str):
            raise EndOfWalk(f"{path.column}: {reading}")
        if len(self.fields) >= MOST_FIELDS:
            raise EndOfWalk(f"more than {MOST_FIELDS} fields")
        if at < 0:
            raise EndOfWalk(f"{path.column} lies before the packet")
        if self._lists is not None:
            group = self._list_of(group or path.listed)
        elif not group:
            self.taken.add(path.column)
        self.add(Field(path.column, parameter, type_name, at, reading, group), path.key)
        return at + reading.bits

    def _parts(self, parameter: str, kind: ArrayType | AggregateType, path: Path, at: int) -> int:
        """Read the elements or members of a value."""
        self._step()
        self.level += 1
        if self.level > MOST_LEVELS:
            raise EndOfWalk(f"the type of {parameter} holds itself")
        around = self.around
        if isinstance(kind, ArrayType):
            at = self._array(parameter, kind.element, kind.dimensions, path, at)
        else:
            self.around = path.key
            for member in kind.members:
                at = self._typed(parameter, member.type, path + f".{member.name}", at)
        self.around = around
        self.level -= 1
        return at

    def _reading(self, type_name: str, encoding: Encoding | None, column: str, at: int) -> Reading | str:
        """Return how a type is read. What is the same in every packet is kept."""
        if encoding is None:
            return "its type has no encoding"
        if isinstance(encoding, StringEncoding) and encoding.size is None:
            return Reading(self.text_bits(encoding, column, at), OCTETS, "O")
        if isinstance(encoding, BinaryEncoding) and encoding.length_prefix_bits:
            return Reading(self.text_bits(encoding, column, at), OCTETS, "O")
        if isinstance(encoding, StringEncoding | BinaryEncoding) and not isinstance(encoding.size, int):
            bits = self._size(encoding.size or 0, f"the size of {column}")
            return Reading(bits, OCTETS, "O") if bits >= 0 else "a negative size"
        if isinstance(encoding, BinaryEncoding) and encoding.size == REST:
            return Reading(self.rest_bits(column, at), OCTETS, "O")
        made = self.readings[type_name] = reading_of(encoding)
        return made

    def _list_of(self, name: str) -> str:
        """Return the list column, unused before this repetition, that a value repeated as the packet says goes into."""
        assert self._lists is not None
        known = self._lists.get(name)
        if known is None:
            seen, known = 0, name
            while known in self.taken:
                seen += 1
                known = f"{name}:{seen}"
            self.taken.add(known)
            self._lists[name] = known
        return known

    def _array(self, parameter: str, element: str, dimensions: tuple[tuple[Size, Size], ...], path: Path, at: int) -> int:
        """Read the elements of an array in the order of transmission: the last index runs fastest."""
        what = f"how many elements {path.key} has"
        decided = not all(isinstance(size, int) for pair in dimensions for size in pair)
        bounds = [(self._size(first, what), self._size(last, what)) for first, last in dimensions]
        if len(bounds) > MOST_LEVELS:
            raise EndOfWalk(f"{path.key} has more than {MOST_LEVELS} dimensions")
        count = 1
        for first, last in bounds:
            count *= max(last - first + 1, 0)
        wanted = self._bounded(count)
        if not wanted:
            return at
        fits = self.fitting(wanted, max(least_bits(self.database, element), 1), at) if decided else wanted
        scalar = not isinstance(self.database.types.get(element), ArrayType | AggregateType)
        group = path.listed if scalar and (decided or count > LONGEST_SPREAD) else ""
        if group and not decided and self._lists is None:
            group = path.column
            self.taken.add(group)
        outer = self._lists
        if decided and outer is None:
            self._lists = {}
        for number, indices in enumerate(_counted(bounds)):
            if number >= fits:
                break
            step = "".join(f"[{i}]" for i in indices)
            inner = Path(path.column + step, path.listed + ("[]" if decided else step), path.key + step)
            at = self._typed(parameter, element, inner, at, group)
        self._lists = outer
        if fits < wanted:
            raise EndOfWalk(SHORT)
        return at

    def _least_of(self, entry: Entry) -> int:
        if not isinstance(entry, ParameterEntry) or entry.path or entry.parameter not in self.database.parameters:
            return 0
        return least_bits(self.database, self.database.parameters[entry.parameter].type)


def least_bits(database: Database, type_name: str) -> int:
    """Return how many bits a value of this type has at least, 0 when that is not plain to see."""
    kind = database.types.get(type_name)
    if isinstance(kind, AggregateType):
        members = [m.type for m in kind.members if not isinstance(database.types.get(m.type), AggregateType)]
        return sum(least_bits(database, member) for member in members)
    encoding = getattr(kind, "encoding", None)
    if encoding is None:
        return 0
    bits = getattr(encoding, "bits", getattr(encoding, "size", 0))
    return max(bits, 0) if isinstance(bits, int) else 0


def part_of(types: Mapping[str, ParameterType], type_name: str, path: tuple[str | int, ...]) -> str | None:
    """Return the type of a member or element, None when the path leads to none, or to a part of an array."""
    depth = 0
    for step in path:
        kind = types.get(type_name)
        if isinstance(kind, AggregateType) and not depth:
            found = next((member.type for member in kind.members if member.name == step), None)
        elif isinstance(kind, ArrayType) and isinstance(step, int):
            depth = (depth + 1) % max(len(kind.dimensions), 1)
            found = type_name if depth else kind.element
        else:
            return None
        if found is None:
            return None
        type_name = found
    return None if depth else type_name


def steps_text(path: tuple[str | int, ...]) -> str:
    """Return a path of members and elements as the end of a column's name."""
    return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)


def _counted(bounds: list[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """Yield the indices of an array in the order of transmission: the last index runs fastest."""
    if not bounds:
        yield ()
        return
    (first, last), rest = bounds[0], bounds[1:]
    for i in range(first, last + 1):
        for inner in _counted(rest):
            yield (i, *inner)


def _target(entry: Entry) -> str:
    if isinstance(entry, ContainerEntry):
        return entry.container
    if isinstance(entry, UnreadEntry):
        return "an entry that is not read"
    return "an indirect reference" if isinstance(entry, IndirectEntry) else entry.parameter
