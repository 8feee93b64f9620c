"""Checks between definitions, after each has been read alone."""

from typing import TYPE_CHECKING

from ..errors import DefinitionError
from .model import ArrayEntry, Container, ContainerEntry, ParameterEntry
from .types import AggregateType, ArrayType

if TYPE_CHECKING:
    from .xtce import Reader


def check(reader: "Reader") -> list[DefinitionError]:
    """Return the defects between definitions: circles of containers, and parameters in packets that have no encoding."""
    defects = _circles(reader)
    if not defects:
        for container in reader.containers.values():
            defects += _entries(reader, container)
    return defects


def _circles(reader: "Reader") -> list[DefinitionError]:
    """Return containers that inherit from or contain themselves."""
    done: set[str] = set()
    defects: list[DefinitionError] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in done:
            return
        if name in trail:
            circle = [*trail[trail.index(name) :], name]
            steps = " -> ".join(f"{each} (line {reader.elements[each].line})" for each in circle)
            what = f"containers inherit from or hold each other in a circle: {steps}"
            defects.append(DefinitionError(what, where=reader.elements[name].where, remedy="Take one of the references out"))
            return
        container = reader.containers[name]
        inner = [entry.container for entry in container.entries if isinstance(entry, ContainerEntry)]
        for other in [*([container.base] if container.base else []), *inner]:
            visit(other, (*trail, name))
        done.add(name)

    for name in reader.containers:
        if not defects:
            visit(name, ())
    return defects


def _entries(reader: "Reader", container: Container) -> list[DefinitionError]:
    defects = []
    for entry in container.entries:
        if not isinstance(entry, ParameterEntry | ArrayEntry):
            continue
        kind = reader.parameters[entry.parameter].type
        lacking = _without_encoding(reader, kind)
        if lacking:
            what = f"{container.name} holds {entry.parameter}, whose type {lacking} has no encoding"
            node = reader.elements[lacking]
            defects.append(DefinitionError(what, where=node.where, remedy="Add an encoding, or take the entry out"))
        if isinstance(entry, ArrayEntry) and not isinstance(reader.types[kind], ArrayType):
            what = f"{container.name} holds {entry.parameter} as an array, but its type {kind} is none"
            defects.append(DefinitionError(what, where=reader.elements[container.name].where, remedy="Use ParameterRefEntry"))
    return defects


def _without_encoding(reader: "Reader", kind: str) -> str | None:
    """Return the name of this type, or of one in it, when it cannot be read from a packet."""
    found = reader.types[kind]
    if isinstance(found, ArrayType):
        return _without_encoding(reader, found.element)
    if isinstance(found, AggregateType):
        return next(filter(None, (_without_encoding(reader, member.type) for member in found.members)), None)
    return kind if found.encoding is None else None
