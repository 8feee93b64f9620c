"""Checks between definitions, after each has been read alone."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..errors import DefinitionError
from .conditions import Reference
from .model import ArrayEntry, Container, ContainerEntry, Origin, ParameterEntry
from .types import (
    AggregateType,
    ArrayType,
    BinaryEncoding,
    BinaryType,
    DynamicSize,
    EnumeratedType,
    FloatType,
    IntegerType,
    ParameterType,
    Size,
    StringEncoding,
)
from .walk import part_of
from .xtce_tree import Node
from .xtce_types import parts
from .xtce_values import INTEGER

if TYPE_CHECKING:
    from .xtce import Reader


UNKNOWN = "its values are not decoded"


def check(reader: "Reader") -> list[DefinitionError]:
    """Return the defects between definitions: circles of types and of containers, and members that do not exist.

    Parameters in containers that cannot be decoded are reported.
    """
    types, containers = reader.names.lines("types"), reader.names.lines("containers")
    defects = _circle(reader.types, lambda name: parts(reader.types[name]), types, "types hold each other")
    _sized_by_overlay(reader, types)
    what = "containers inherit from or hold each other"
    defects += _circle(reader.containers, lambda name: _needed(reader.containers[name]), containers, what)
    if not defects:
        defects += [each for reference, node in reader.names.paths for each in check_path(reader, reference, node)]
        defects += _members(reader, types)
        for reference, literal, node in reader.names.literals:
            check_literal(reader, reference, literal, node)
        for container in reader.containers.values():
            _entries(reader, container, containers[container.name])
    return defects


def _sized_by_overlay(reader: "Reader", lines: dict[str, Node]) -> None:
    """Give a binary type of unknown size the bits that it lies over, where every entry of it lies over what stands before it.

    Packets of Yamcs have their time once as numbers and, over these, once more for a decoder of time; entries go on behind.
    """
    unsized = {id(node) for node in reader.names.unsized}
    for name, node in lines.items() if unsized else ():
        held = [node, *(each for each in node.children if each.name == "Encoding")]
        encoding = next((each for place in held for each in place.children if id(each) in unsized), None)
        if name not in reader.types or encoding is None:
            continue
        places = {
            entry.placement.location
            for container in reader.containers.values()
            for entry in container.entries
            if isinstance(entry, ParameterEntry) and not entry.path and reader.parameters[entry.parameter].type == name
        }
        bits = [each.bits for each in places if each.origin is Origin.PREVIOUS_ENTRY and isinstance(each.bits, int)]
        if len(places) == 1 and bits and bits[0] < 0:
            told = f"its size is taken to be the {-bits[0]} bits of the entries that it lies over; the value is its octets"
            lines_of_size = {(each.file, each.line) for each in encoding.children if each.name == "SizeInBits"}
            reader.names.findings = [
                each
                for each in reader.names.findings
                if each.severity != "defect" or (each.file, each.line) not in lines_of_size or UNKNOWN not in each.message
            ]
            reader.names.report(node, told, "repaired")
            reader.types[name] = BinaryType(reader.types[name].facts, BinaryEncoding(-bits[0]))


def _needed(container: Container) -> list[str]:
    inner = [entry.container for entry in container.entries if isinstance(entry, ContainerEntry)]
    return [*([container.base] if container.base else []), *inner]


def _circle(
    names: Iterable[str], below: Callable[[str], Iterable[str]], lines: dict[str, Node], what: str
) -> list[DefinitionError]:
    """Return a defect for the first circle that is found from one name to the next."""
    done: set[str] = set()
    for first in names:
        trail: dict[str, Iterator[str]] = {} if first in done else {first: iter(below(first))}
        while trail:
            name = next(reversed(trail))
            following = next(trail[name], None)
            if following is None:
                done.add(name)
                del trail[name]
            elif following in trail:
                circle = [*list(trail)[list(trail).index(following) :], following]
                steps = " -> ".join(f"{each} (line {lines[each].line})" for each in circle)
                remedy = "Take one of the references out"
                return [DefinitionError(f"{what} in a circle: {steps}", where=lines[following].where, remedy=remedy)]
            elif following not in done:
                trail[following] = iter(below(following))
    return []


def check_path(reader: "Reader", reference: Reference, node: Node) -> list[DefinitionError]:
    """Return a defect when a reference goes on to a member or element that its parameter does not have."""
    name, kind, depth = reference.parameter, reader.types[reader.parameters[reference.parameter].type], 0
    for step in reference.path:
        if isinstance(kind, AggregateType) and isinstance(step, str):
            member = next((each for each in kind.members if each.name == step), None)
            if member is None:
                remedy = f"Members are {', '.join(each.name for each in kind.members)}"
                return [DefinitionError(f"{name} has no member {step!r}", where=node.where, remedy=remedy)]
            name, kind = f"{name}.{step}", reader.types[member.type]
        elif isinstance(kind, ArrayType) and isinstance(step, int):
            first, last = kind.dimensions[depth] if depth < len(kind.dimensions) else (0, step)
            if (isinstance(first, int) and step < first) or (isinstance(last, int) and step > last):
                return [DefinitionError(f"there is no element {step} in {name}", where=node.where)]
            name, depth = f"{name}[{step}]", depth + 1
            if depth >= len(kind.dimensions):
                kind, depth = reader.types[kind.element], 0
        else:
            return [DefinitionError(f"{name} has no members or elements, so none of {step!r}", where=node.where)]
    return []


def check_literal(reader: "Reader", reference: Reference, literal: str, node: Node) -> None:
    """Report a literal that no value of the parameter can equal."""
    kind = _leaf(reader, reference)
    if kind is None or not reference.calibrated or _is_number(literal):
        return
    if isinstance(kind, EnumeratedType) and all(literal != entry.label for entry in kind.entries):
        told = f"{literal!r} is neither a number nor a label of {reference.parameter}: no value equals it"
        reader.names.report(node, told, "defect")
    elif isinstance(kind, IntegerType | FloatType) and not isinstance(kind.encoding, StringEncoding):
        reader.names.report(node, f"{literal!r} is not a number, as the values of {reference.parameter} are", "defect")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return INTEGER.fullmatch(text.strip()) is not None
    return True


def _leaf(reader: "Reader", reference: Reference) -> ParameterType | None:
    """Return the type of what a reference means."""
    kind = reader.types[reader.parameters[reference.parameter].type]
    for step in reference.path:
        if isinstance(kind, AggregateType) and isinstance(step, str):
            kind = next((reader.types[each.type] for each in kind.members if each.name == step), kind)
        elif isinstance(kind, ArrayType):
            kind = reader.types[kind.element]
        else:
            return None
    return kind


def _members(reader: "Reader", lines: dict[str, Node]) -> list[DefinitionError]:
    """Return sizes that count on a member which the surrounding aggregate does not have."""
    defects = []
    held: set[str] = set()
    for name, kind in reader.types.items():
        if not isinstance(kind, AggregateType):
            continue
        own = {member.name for member in kind.members}
        for member in kind.members:
            for inner, reference in _siblings(reader, member.type):
                held.add(inner)
                if reference.path[0] not in own:
                    what = f"{inner} takes its size from a member {reference.path[0]!r}, which {name} does not have"
                    defects.append(DefinitionError(what, where=lines[inner].where, remedy=f"Members are {', '.join(own)}"))
    for parameter in reader.parameters.values():
        for inner, reference in _siblings(reader, parameter.type):
            what = f"{inner} takes its size from a member {reference.path[0]!r}, but {parameter.name} is in no aggregate"
            defects.append(DefinitionError(what, where=lines[inner].where, remedy="Refer to a parameter"))
    return defects


def _siblings(reader: "Reader", name: str) -> Iterator[tuple[str, Reference]]:
    """Yield references to members of the surrounding aggregate that a type makes, or the elements of an array."""
    kind = reader.types[name]
    sizes: list[Size | None] = []
    if isinstance(kind, ArrayType):
        yield from _siblings(reader, kind.element)
        sizes = [each for pair in kind.dimensions for each in pair]
    elif not isinstance(kind, AggregateType) and isinstance(kind.encoding, StringEncoding | BinaryEncoding):
        sizes = [kind.encoding.size]
    for each in sizes:
        if isinstance(each, DynamicSize) and not each.reference.parameter:
            yield name, each.reference


def _entries(reader: "Reader", container: Container, node: Node) -> None:
    """Report entries that cannot be decoded."""
    for entry in container.entries:
        if not isinstance(entry, ParameterEntry | ArrayEntry):
            continue
        kind: str | None = reader.parameters[entry.parameter].type
        if kind is not None and isinstance(entry, ParameterEntry) and entry.path:
            kind = part_of(reader.types, kind, entry.path)
        if kind is None:
            told = f"{entry.parameter} stands in it with a part of an array: nothing from there on is decoded"
            reader.names.report(node, told, "defect")
            continue
        lacking = _without_encoding(reader, kind)
        if lacking:
            what = f"{entry.parameter} has type {lacking}, which has no encoding: nothing from there on is decoded"
            reader.names.report(node, what, "defect")
        found = reader.types[kind]
        if isinstance(entry, ArrayEntry) and not isinstance(found, ArrayType):
            reader.names.report(node, f"{entry.parameter} stands in it as an array, but its type {kind} is none", "defect")
        elif isinstance(found, ArrayType) and not found.dimensions and not (isinstance(entry, ArrayEntry) and entry.dimensions):
            reader.names.report(node, f"{entry.parameter} is an array of unknown size: it has no dimensions", "defect")


def _without_encoding(reader: "Reader", kind: str) -> str | None:
    """Return the name of this type, or of one in it, when it cannot be read from a packet."""
    found = reader.types[kind]
    if isinstance(found, ArrayType):
        return _without_encoding(reader, found.element)
    if isinstance(found, AggregateType):
        return next(filter(None, (_without_encoding(reader, member.type) for member in found.members)), None)
    return kind if found.encoding is None else None
