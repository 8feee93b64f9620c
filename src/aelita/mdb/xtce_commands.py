"""Commands of XTCE: not used yet, but the names in them are checked, so that a dangling reference is told all the same."""

import re
from collections.abc import Iterator
from functools import partial

from ..errors import DefinitionError
from .xtce_names import Names
from .xtce_tree import Node

COMMAND_SETS = ("ArgumentTypeSet", "MetaCommandSet", "CommandContainerSet")
REFERENCES = {  # attribute: the kinds of definition that it may name
    "argumentTypeRef": ("arguments", "types"),
    "arrayTypeRef": ("arguments", "types"),
    "typeRef": ("arguments", "types"),
    "baseType": ("arguments", "types"),
    "metaCommandRef": ("commands",),
    "containerRef": ("packets", "containers", "commands"),
    "parameterRef": ("parameters",),
}
LOST = "the command could not be sent"
OUTSIDE = ("/yamcs/", "_yamcs_ignore")  # made by the Yamcs server; no document defines them


def check_commands(names: Names) -> None:
    """Report references of commands and their arguments to what nobody defines."""
    groups = [(system, group) for system in names.systems.values() for group in _groups(system.node)]
    for system, group in groups:
        for kind, node in _definitions(group):
            names.spare(node, "the first one counts", partial(names.define, system, kind, node), None)
    for _, group in groups:
        for node in group.walk():
            for attribute in REFERENCES.keys() & node.attributes.keys():
                names.spare(node, LOST, partial(_find, names, node, attribute), None)
    for system in names.systems.values():
        for command in system.commands.values():
            known = _arguments(names, command)
            for node in command.walk() if known is not None else ():
                if node.name == "ArgumentRefEntry" and known is not None:
                    names.spare(node, LOST, partial(_argument, node, known), None)


def _arguments(names: Names, command: Node) -> set[str] | None:
    """Return the arguments of a command and of those that it goes on from; None when one of these is not known."""
    found: set[str] = set()
    seen: set[int] = set()
    while id(command) not in seen:
        seen.add(id(command))
        below = {each.name: each for each in command.children}
        held = below.get("ArgumentList")
        found |= {each.attributes.get("name", "") for each in held.children} if held is not None else set()
        base = below.get("BaseMetaCommand")
        if base is None:
            return found
        try:
            command = names.element("commands", base.need("metaCommandRef"), base)[1]
        except DefinitionError:
            return None
    return None


def _argument(node: Node, known: set[str]) -> None:
    reference = node.need("argumentRef")
    if re.split(r"[./\[]", reference, maxsplit=1)[0] not in known and reference not in known:
        node.refuse(f"the command has no argument {reference!r}", f"Arguments are {', '.join(sorted(known)) or 'none'}")


def _groups(node: Node) -> Iterator[Node]:
    for part in node.children:
        if part.name == "CommandMetaData":
            yield from (each for each in part.children if each.name in COMMAND_SETS)


def _definitions(group: Node) -> Iterator[tuple[str, Node]]:
    kind = {"ArgumentTypeSet": "arguments", "MetaCommandSet": "commands", "CommandContainerSet": "packets"}[group.name]
    for each in group.children:
        yield kind, each
        yield from (("packets", inner) for inner in each.children if inner.name == "CommandContainer")


def _find(names: Names, node: Node, attribute: str) -> None:
    reference = node.need(attribute)
    if reference.startswith(OUTSIDE):
        return
    failed: DefinitionError | None = None
    for kind in REFERENCES[attribute]:
        try:
            names.find(kind, reference, node)
            return
        except DefinitionError as error:
            failed = failed or error
    assert failed is not None
    raise failed
