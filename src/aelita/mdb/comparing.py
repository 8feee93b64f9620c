"""Two versions of a mission database compared: what changed, and what each change means for what is archived."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, TypeVar

from .calibration import NO_CALIBRATION
from .command_view import compile_commands
from .conditions import Algorithm, AllOf, AnyOf, Condition, Reference
from .conditions import Comparison as Compared
from .describe_commands import command_aspects
from .model import ArrayEntry, Container, ContainerEntry, Database, Derivation, Entry, IndirectEntry, Parameter, ParameterEntry
from .types import (
    AggregateType,
    ArrayType,
    DynamicSize,
    Encoding,
    EnumeratedType,
    FloatEncoding,
    IntegerEncoding,
    ParameterType,
    Size,
)
from .walk import lineage
from .wording import (
    alarm_lines,
    calibration_lines,
    condition_text,
    encoded_calibration,
    encoding_text,
    entry_text,
    range_text,
    size_text,
)

Item = TypeVar("Item")
ABSENT = "-"


class Effect(IntEnum):
    """What a change means for history, the gravest first."""

    REBUILD = 0
    NEW = 1
    GONE = 2
    ENGINEERING = 3
    JUDGEMENT = 4
    COMMANDS = 5
    WORDS = 6

    @property
    def meaning(self) -> str:
        """What follows, in words."""
        return MEANINGS[self]


MEANINGS = {
    Effect.REBUILD: "raw values lie elsewhere or are read otherwise: rebuild the tables of these containers from their packets",
    Effect.NEW: "nothing of it is archived yet: rebuild the tables of its containers to have it in history",
    Effect.GONE: "history keeps it until its tables are rebuilt",
    Effect.ENGINEERING: "raw values stay; engineering values of archived samples stay those of the version that decoded them",
    Effect.JUDGEMENT: "values stay; only samples from now on are judged by it",
    Effect.COMMANDS: "history stays; commands that are encoded from now on, or checked, differ",
    Effect.WORDS: "no value changes",
}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One difference: an `aspect` of the definition `name`, in words; `tables` are the containers that it touches."""

    effect: Effect
    kind: str
    name: str
    aspect: str
    before: str
    after: str
    tables: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The change in one line."""
        if self.before == ABSENT or self.after == ABSENT:
            told = f"{'added' if self.before == ABSENT else 'removed'}: {self.after if self.before == ABSENT else self.before}"
        else:
            told = f"{self.aspect}: {self.before} -> {self.after}"
        touched = f" [{', '.join(self.tables)}]" if self.tables else ""
        return f"{self.kind} {self.name}: {told}{touched}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences between two versions, the gravest first."""

    old: str
    new: str
    changes: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether no definition differs."""
        return not self.changes

    @property
    def rebuild(self) -> tuple[str, ...]:
        """The containers whose tables have to be rebuilt from packets for history to be that of the new version."""
        return tuple(sorted({name for each in self.changes if each.effect <= Effect.GONE for name in each.tables}))


def compare(old: Database, new: Database) -> Comparison:
    """Return what changed from one database to another, and what each change means for what is archived."""
    before, after = _Shapes(old), _Shapes(new)
    changes = [
        *_definitions("container", old.containers, new.containers, _container_text, _container_aspects),
        *_definitions("parameter", old.parameters, new.parameters, _parameter_text(old, new), _parameter_aspects(old, new)),
        *_definitions("type", old.types, new.types, _type_text, _type_aspects),
        *_definitions("derivation", _named(old), _named(new), lambda each: each.expression, _derivation_aspects),
        *_commands(old, new),
    ]
    return Comparison(old.digest, new.digest, tuple(sorted(_judged(each, before, after) for each in changes)))


def _judged(change: Change, before: "_Shapes", after: "_Shapes") -> Change:
    """Return a change with the tables that it touches and its effect on them.

    An engineering value that a restriction, condition or size looks at decides which packets are whose, and where fields lie.
    A type or parameter that no container holds asks for no rebuild.
    """
    effect = change.effect
    if effect is Effect.ENGINEERING and change.aspect in DECIDING and (before.decides(change) or after.decides(change)):
        effect = Effect.REBUILD
    if effect > Effect.GONE or change.kind in ("derivation", "command"):
        return replace(change, effect=effect)
    tables = before.reached(change) | after.reached(change)
    if effect is Effect.REBUILD and not tables:
        effect = Effect.ENGINEERING
    return replace(change, effect=effect, tables=tuple(sorted(tables)))


def _commands(old: Database, new: Database) -> Iterator[Change]:
    """Yield what differs in commands, each with all that it inherits; archived telemetry does not depend on them."""
    first, second = command_aspects(compile_commands(old)), command_aspects(compile_commands(new))
    for name in sorted(first.keys() | second.keys()):
        if name not in first or name not in second:
            known, word = (second if name in second else first)[name], "added" if name in second else "removed"
            sides = (ABSENT, known["arguments"]) if word == "added" else (known["arguments"], ABSENT)
            yield Change(Effect.COMMANDS, "command", name, word, *sides)
            continue
        for aspect, before in first[name].items():
            if before != second[name][aspect]:
                effect = Effect.WORDS if aspect == "description" else Effect.COMMANDS
                yield Change(effect, "command", name, aspect, before, second[name][aspect])


Aspect = tuple[str, str, str, Effect]  # its name, before, after, what it means


def _definitions(
    kind: str,
    old: Mapping[str, Item],
    new: Mapping[str, Item],
    text: Callable[[Item], str],
    aspects: Callable[[Item, Item], Iterator[Aspect]],
) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Change(Effect.NEW, kind, name, "added", ABSENT, text(new[name]))
        elif name not in new:
            yield Change(Effect.GONE, kind, name, "removed", text(old[name]), ABSENT)
        elif old[name] != new[name]:
            for aspect, before, after, effect in aspects(old[name], new[name]):
                yield Change(effect, kind, name, aspect, before, after)


def _named(database: Database) -> dict[str, Derivation]:
    return {each.name: each for each in database.derivations}


def _told(old: Any, new: Any, names: dict[str, Effect]) -> Iterator[Aspect]:
    """Yield those of these fields that differ, with their values as words."""
    for name, effect in names.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield name.replace("_", " "), _plain(before), _plain(after), effect


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join("=".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in value) or "none"
    return "none" if value in (None, "") else str(getattr(value, "value", value))


MOVING = frozenset(["added", "removed", "base", "abstract", "restriction"])
DECIDING = frozenset(["labels", "calibration", "kind", "type", "one", "zero"])
DESCRIBED = {"short_description": Effect.WORDS, "long_description": Effect.WORDS}


def _parameter_text(old: Database, new: Database) -> Callable[[Parameter], str]:
    def text(parameter: Parameter) -> str:
        kind = new.types.get(parameter.type) or old.types[parameter.type]
        return f"{parameter.type}, {_type_text(kind)}"

    return text


def _parameter_aspects(old: Database, new: Database) -> Callable[[Parameter, Parameter], Iterator[Aspect]]:
    def aspects(one: Parameter, other: Parameter) -> Iterator[Aspect]:
        first, second = old.types[one.type], new.types[other.type]
        composite = isinstance(first, ArrayType | AggregateType) or isinstance(second, ArrayType | AggregateType)
        alike = not composite and _raw(getattr(first, "encoding", None)) == _raw(getattr(second, "encoding", None))
        names = {"type": Effect.ENGINEERING if alike else Effect.REBUILD, "aliases": Effect.WORDS}
        yield from _told(one, other, names | dict.fromkeys(("data_source", "initial_value"), Effect.ENGINEERING) | DESCRIBED)

    return aspects


def _derivation_aspects(old: Derivation, new: Derivation) -> Iterator[Aspect]:
    yield from _told(old, new, dict.fromkeys(("output", "expression", "inputs"), Effect.ENGINEERING))


def _type_text(kind: ParameterType) -> str:
    name = type(kind).__name__.removesuffix("Type").lower()
    if isinstance(kind, ArrayType):
        return f"{name} of {kind.element}"
    if isinstance(kind, AggregateType):
        return f"{name} of {', '.join(member.name for member in kind.members)}"
    return f"{name}, {encoding_text(kind.encoding)}"


OF_TYPES = {
    "members": Effect.REBUILD, "element": Effect.REBUILD, "dimensions": Effect.REBUILD,
    **dict.fromkeys(("signed", "bits", "one", "zero", "scale", "offset", "units", "epoch", "relative_to"), Effect.ENGINEERING),
}  # fmt: skip
OF_FACTS = {"units": Effect.ENGINEERING, "initial_value": Effect.ENGINEERING} | DESCRIBED


def _type_aspects(old: ParameterType, new: ParameterType) -> Iterator[Aspect]:
    composite = ArrayType | AggregateType
    if type(old) is not type(new):
        effect = Effect.REBUILD if isinstance(old, composite) or isinstance(new, composite) else Effect.ENGINEERING
        yield "kind", _type_text(old), _type_text(new), effect
    else:
        yield from _told(old, new, {name: effect for name, effect in OF_TYPES.items() if name in type(old).__dataclass_fields__})
        if isinstance(old, EnumeratedType) and isinstance(new, EnumeratedType) and old.entries != new.entries:
            yield "labels", _labels(old), _labels(new), Effect.ENGINEERING
        if isinstance(old, ArrayType | AggregateType):
            yield from _told(old.facts, new.facts, OF_FACTS)
            return
    first, second = getattr(old, "encoding", None), getattr(new, "encoding", None)
    if _raw(first) != _raw(second):
        yield "encoding", encoding_text(first), encoding_text(second), Effect.REBUILD
    one, other = encoded_calibration(first), encoded_calibration(second)
    if one != other:
        yield "calibration", _joined(calibration_lines(one)), _joined(calibration_lines(other)), Effect.ENGINEERING
    ranges = getattr(old, "valid_range", None), getattr(new, "valid_range", None)
    if ranges[0] != ranges[1]:
        told = [range_text(each) if each is not None else "none" for each in ranges]
        yield "valid range", told[0], told[1], Effect.JUDGEMENT
    if old.facts.alarms != new.facts.alarms:
        yield "alarms", _joined(alarm_lines(old.facts.alarms)), _joined(alarm_lines(new.facts.alarms)), Effect.JUDGEMENT
    yield from _told(old.facts, new.facts, OF_FACTS)


def _joined(lines: list[str]) -> str:
    return "; ".join(lines) or "none"


def _labels(kind: EnumeratedType) -> str:
    spans = (f"{each.value}" if each.value == each.maximum else f"{each.value}..{each.maximum}" for each in kind.entries)
    return ", ".join(f"{span}={each.label}" for span, each in zip(spans, kind.entries, strict=True)) or "none"


def _raw(encoding: Encoding | None) -> Encoding | None:
    """Return an encoding without its calibration: what decides where raw values lie and how they are read."""
    return replace(encoding, calibration=NO_CALIBRATION) if isinstance(encoding, IntegerEncoding | FloatEncoding) else encoding


def _container_text(container: Container) -> str:
    return f"{len(container.entries)} entries" + (f" after {container.base}" if container.base else "")


def _container_aspects(old: Container, new: Container) -> Iterator[Aspect]:
    yield from _told(old, new, {"base": Effect.REBUILD, "abstract": Effect.REBUILD})
    if old.restriction != new.restriction:
        told = [condition_text(each) if each is not None else "always" for each in (old.restriction, new.restriction)]
        yield "restriction", told[0], told[1], Effect.REBUILD
    if old.size_bits != new.size_bits:
        told = [size_text(each) if each is not None else "none" for each in (old.size_bits, new.size_bits)]
        yield "size", told[0], told[1], Effect.REBUILD
    if old.entries != new.entries:
        yield "entries", *_entries(old.entries, new.entries), Effect.REBUILD
    yield from _told(old, new, {"rate_per_second": Effect.WORDS} | DESCRIBED)


def _entries(old: tuple[Entry, ...], new: tuple[Entry, ...]) -> tuple[str, str]:
    """Return the entries that differ, without those that both lists begin and end with."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return tuple(_joined([entry_text(each) for each in entries[start : len(entries) - end]]) for entries in (old, new))  # type: ignore[return-value]


class _Shapes:
    """What the packets of one database look like: which containers a type, parameter or container reaches."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.deciding: set[str] = set()  # parameters, and their types, whose engineering values conditions and sizes look at
        self.users: dict[str, set[str]] = {}  # of parameters and of types: the containers that they reach
        for name in database.containers:
            for used in self._used(name):
                self.users.setdefault(used, set()).add(name)

    def _used(self, container: str) -> set[str]:
        """Return the parameters, types and containers that decide where the fields of a container lie."""
        found: set[str] = set()
        ahead = [container]
        while ahead:
            name = ahead.pop()
            if name in found:
                continue
            found.add(name)
            ahead += list(self._below(name))
        return found

    def _below(self, name: str) -> Iterator[str]:
        """Yield what a container, parameter or type directly rests on; names of these three kinds are told apart by a mark."""
        if name.startswith("parameter "):
            yield f"type {self.database.parameters[name[10:]].type}"
        elif name.startswith("type "):
            yield from self._of_type(self.database.types[name[5:]])
        else:
            for each in lineage(self.database, name):
                yield each.name
                yield from self._looked_at(_mentioned(each.size_bits, each.restriction))
                for entry in each.entries:
                    yield from _held(entry)
                    yield from self._looked_at(_placed(entry))

    def _looked_at(self, references: Iterator[Reference]) -> Iterator[str]:
        """Yield the parameters that references mean, and note those whose engineering value counts."""
        for reference in references:
            if reference.parameter:
                if reference.calibrated:
                    kind = self.database.parameters[reference.parameter].type
                    self.deciding |= {f"parameter {reference.parameter}", f"type {kind}"}
                yield f"parameter {reference.parameter}"

    def _of_type(self, kind: ParameterType) -> Iterator[str]:
        if isinstance(kind, AggregateType):
            yield from (f"type {member.type}" for member in kind.members)
        elif isinstance(kind, ArrayType):
            yield f"type {kind.element}"
            for size in (size for pair in kind.dimensions for size in pair):
                yield from self._looked_at(_mentioned(size, None))
        elif kind.encoding is not None and not isinstance(kind.encoding, IntegerEncoding | FloatEncoding):
            yield from self._looked_at(_mentioned(kind.encoding.size, None))

    def decides(self, change: Change) -> bool:
        """Say whether conditions or sizes look at the engineering values of the type or parameter that changed."""
        return f"{change.kind} {change.name}" in self.deciding

    def reached(self, change: Change) -> set[str]:
        """Return the containers whose packets a change has a part in; packets move between a container and its base."""
        if change.kind != "container":
            return self.users.get(f"{change.kind} {change.name}", set())
        container = self.database.containers.get(change.name)
        base = container.base if container is not None and change.aspect in MOVING else None
        return self.users.get(change.name, set()) | ({base} if base is not None else set())


def _held(entry: Entry) -> Iterator[str]:
    if isinstance(entry, ParameterEntry | ArrayEntry):
        yield f"parameter {entry.parameter}"
    elif isinstance(entry, ContainerEntry):
        yield entry.container


def _placed(entry: Entry) -> Iterator[Reference]:
    """Yield what an entry looks at to know whether, where and how often it is there."""
    if isinstance(entry, IndirectEntry):
        yield entry.reference
    place = entry.placement
    sizes: list[Size | None] = [place.location.bits]
    if place.repeat is not None:
        sizes += [place.repeat.count, place.repeat.gap_bits]
    if isinstance(entry, ArrayEntry):
        sizes += [size for pair in entry.dimensions for size in pair]
    yield from _mentioned(None, place.include)
    for size in sizes:
        yield from _mentioned(size, None)


def _mentioned(size: Size | None, condition: Condition | None) -> Iterator[Reference]:
    """Yield the references that a size and a condition make."""
    if isinstance(size, DynamicSize):
        yield size.reference
    elif size is not None and not isinstance(size, int):
        for when, _ in size.choices:
            yield from _mentioned(None, when)
    if isinstance(condition, Compared):
        yield condition.left
        if isinstance(condition.right, Reference):
            yield condition.right
    elif isinstance(condition, AllOf | AnyOf):
        for term in condition.terms:
            yield from _mentioned(None, term)
    elif isinstance(condition, Algorithm):
        yield from (reference for _, reference in condition.inputs)
