"""SpaceSystems, the names defined in them, and the resolution of references between them.

References are Unix-like paths (XTCE 1.2, NameReferenceType): absolute, relative, or a bare name searched in the SpaceSystem
of the reference and then upward to the root. A reference to a parameter may go on with members: `quaternion.x`, `table[3]`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from ..errors import DefinitionError
from .commands import MARK, argument_reference
from .conditions import Reference
from .model import Finding
from .xtce_tree import FOREIGN, Node

KINDS = {
    "types": "parameter type", "parameters": "parameter", "containers": "container", "arguments": "argument type",
    "commands": "command", "packets": "command container",
}  # fmt: skip
META_DATA = ("TelemetryMetaData", "CommandMetaData")
COMMAND_SIDE = ("arguments", "packets", "commands")
YAMCS_ARGUMENT = "/yamcs/cmd/arg/"  # how documents for Yamcs mean an argument of the command at hand
TYPES = ["String", "Enumerated", "Integer", "Binary", "Float", "Boolean", "RelativeTime", "AbsoluteTime", "Array", "Aggregate"]
DEFINERS = {
    "types": frozenset(f"{kind}ParameterType" for kind in TYPES),
    "parameters": frozenset(["Parameter"]),
    "containers": frozenset(["SequenceContainer"]),
    "arguments": frozenset([*(f"{kind}ArgumentType" for kind in TYPES), "RelativeTimeAgumentType"]),  # as XTCE 1.2 spells it
    "commands": frozenset(["MetaCommand", "BlockMetaCommand"]),
    "packets": frozenset(["CommandContainer", "SequenceContainer"]),
}
MEMBER = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
DOUBTFUL_NAME = re.compile(r"[.: \[\]]")

Result = TypeVar("Result")


class DanglingError(DefinitionError):
    """A name that nothing in the given files has: most often a whole file is missing, so no reader passes over it."""


@dataclass(eq=False, slots=True)
class System:
    """One SpaceSystem: its path, its surroundings and the elements that define names in it."""

    path: str
    node: Node
    parent: "System | None" = None
    systems: dict[str, "System"] = field(default_factory=dict)
    types: dict[str, Node] = field(default_factory=dict)
    parameters: dict[str, Node] = field(default_factory=dict)
    containers: dict[str, Node] = field(default_factory=dict)
    borrowed: dict[str, Node] = field(default_factory=dict)  # ParameterRef in a ParameterSet: a parameter of another system
    arguments: dict[str, Node] = field(default_factory=dict)
    commands: dict[str, Node] = field(default_factory=dict)
    packets: dict[str, Node] = field(default_factory=dict)


class Names:
    """All SpaceSystems of one database, and what the readers have to report."""

    def __init__(self) -> None:
        self.roots: dict[str, System] = {}
        self.systems: dict[Node, System] = {}
        self.findings: list[Finding] = []
        self.paths: list[tuple[Reference, Node]] = []  # references to members, to be checked when all types are known
        self.unsized: list[Node] = []  # binary encodings whose size only an algorithm knows
        self.literals: list[tuple[Reference, str, Node]] = []  # what parameters are compared with, to be checked then too
        self.commanding = False  # whether commands are read, in whose definitions arguments can be meant
        self._found: dict[tuple[str, str, str], tuple[str, Node, str]] = {}
        self._borrowing: set[Node] = set()

    def release(self) -> None:
        """Let go of the elements: SpaceSystems and their surroundings refer to each other."""
        for system in self.systems.values():
            system.parent = None

    def report(self, node: Node, message: str, severity: str = "unsupported") -> None:
        """Note something that is not acted upon as it stands."""
        self.findings.append(Finding(node.line, node.label(), message, severity, node.file))

    def spare(
        self,
        node: Node,
        consequence: str,
        read: Callable[[], Result],
        instead: Result,
        *,
        dangling: bool = True,
        severity: str = "defect",
    ) -> Result:
        """Return what `read` returns; report its defect, with what follows from it, and return `instead` when it fails.

        With `dangling` false the error goes on when something refers to what nobody defines.
        """
        try:
            return read()
        except DefinitionError as error:
            if isinstance(error, DanglingError) and not dangling:
                raise
            file, _, line = error.where.rpartition(":")
            place = (int(line), file) if line.isdecimal() else (node.line, node.file)
            told = f"{error.what}; {consequence}" + (f". {error.remedy}" if error.remedy else "")
            self.findings.append(Finding(place[0], node.label(), told, severity, place[1]))
            return instead

    def enter(self, node: Node, parent: System | None) -> System:
        """Return a new System for this SpaceSystem element. Raises DefinitionError when its name is taken."""
        name = self.name_of(node)
        siblings = parent.systems if parent else self.roots
        if name in siblings:
            node.refuse(f"there is already a SpaceSystem of this name at {siblings[name].node.where}", "Rename one of them")
        system = System(f"{parent.path if parent else ''}/{name}", node, parent)
        siblings[name] = self.systems[node] = system
        return system

    def borrow(self, system: System, node: Node) -> None:
        """Enter a ParameterRef of a ParameterSet, which includes a parameter of another SpaceSystem."""
        system.borrowed[node.need("parameterRef").rstrip("/ ").rpartition("/")[2]] = node

    def define(self, system: System, kind: str, node: Node) -> None:
        """Enter a definition into its SpaceSystem; an element that defines no such thing is left to the report.

        Raises DefinitionError when the name is taken there.
        """
        if node.name not in DEFINERS[kind]:
            node.seen = False
            return
        name = self.name_of(node)
        known: dict[str, Node] = getattr(system, kind)
        if name in known:
            node.refuse(f"{system.path} has a {KINDS[kind]} of this name already, at {known[name].where}", "Rename one of them")
        known[name] = node

    def name_of(self, node: Node) -> str:
        """Return the name that an element defines. Raises DefinitionError when it cannot be referred to."""
        name = node.need("name").strip()
        if "/" in name:
            node.refuse("a name cannot contain a /, which separates the names of a path", "Rename it")
        if DOUBTFUL_NAME.search(name):
            self.report(node, "XTCE allows none of . : [ ] and blank in a name", "ignored")
        return name

    def find(self, kind: str, reference: str, node: Node) -> str:
        """Return the qualified name of a type or container. Raises DefinitionError when nothing has that name."""
        return self._search(kind, reference, node)[0]

    def element(self, kind: str, reference: str, node: Node) -> tuple[str, Node]:
        """Return the qualified name and the defining element."""
        return self._search(kind, reference, node)[:2]

    def key(self, kinds: tuple[str, ...], reference: str, node: Node) -> str:
        """Return the qualified name of the first kind that has this name, marked when it is one of the command side.

        Raises DefinitionError when none has it, in the words of the first kind.
        """
        failed: DefinitionError | None = None
        for kind in kinds:
            try:
                return self.find(kind, reference, node) + (MARK if kind in COMMAND_SIDE else "")
            except DefinitionError as error:
                failed = failed or error
        assert failed is not None
        raise failed

    def reference(self, node: Node, attribute: str = "parameterRef") -> Reference:
        """Return the reference that an element makes to a parameter or one of its members, or to an argument of its command."""
        if self.commanding and (attribute not in node.attributes or node.attributes[attribute].startswith(YAMCS_ARGUMENT)):
            return self._argument(node, attribute)
        qualified, _, rest = self._search("parameters", node.need(attribute), node)
        calibrated = node.get("useCalibratedValue", "true").strip() in ("true", "1")
        instance = node.get("instance", "0").strip()
        if not re.fullmatch(r"-?\d{1,9}", instance):
            node.refuse(f"instance {instance!r} is not a whole number")
        found = Reference(qualified, members(rest), calibrated, int(instance))
        if rest:
            self.paths.append((found, node))
        return found

    def _argument(self, node: Node, attribute: str) -> Reference:
        text = node.get(attribute).removeprefix(YAMCS_ARGUMENT) or node.need("argumentRef")
        name, *path = members(text.replace("/", "."))
        return argument_reference(str(name), tuple(path), node.get("useCalibratedValue", "true").strip() in ("true", "1"))

    def _search(self, kind: str, reference: str, node: Node) -> tuple[str, Node, str]:
        system = self.systems[node.scope]
        key = (kind, system.path, reference)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._resolve(kind, system, reference.strip(), node)
        return found

    def _resolve(self, kind: str, system: System, reference: str, node: Node) -> tuple[str, Node, str]:
        parts = [part for part in reference.split("/") if part]
        if parts:
            for start in self._starts(system, reference):
                found = self._follow(kind, start, parts, node)
                if found is None:
                    continue
                if start is not None and reference.startswith("/"):
                    told = f"{reference!r} lacks the name of the root before it; read as {found[0]!r}"
                    self.report(node, told, "repaired")
                return found
        raise DanglingError(
            f"{node.label()}: there is no {KINDS[kind]} {reference!r} to be seen from {system.path}",
            where=node.where,
            remedy=self._advice(kind, system, parts),
        )

    def _starts(self, system: System, reference: str) -> "Iterator[System | None]":
        """Yield the systems to start from, nearest first; None stands for the place above the roots."""
        if not reference.startswith("/"):
            here: System | None = system
            while here is not None:
                yield here
                here = here.parent if not reference.startswith(".") else None
        if not reference.startswith("."):
            yield None
            yield from self.roots.values()  # a file may have been written as a child of the first one

    def _follow(self, kind: str, start: System | None, parts: list[str], node: Node) -> tuple[str, Node, str] | None:
        here = start
        for position, part in enumerate(parts):
            last = position == len(parts) - 1
            below = self.roots if here is None else here.systems
            if part == ".":
                continue
            if part == "..":
                here = here.parent if here else None
            elif not last and part in below:
                here = below[part]
            elif here is None:
                return None
            else:
                return self._item(kind, here, parts[position:], node)
        return None

    def _item(self, kind: str, system: System, parts: list[str], node: Node) -> tuple[str, Node, str] | None:
        known: dict[str, Node] = getattr(system, kind)
        name, rest = parts[0], ".".join(parts[1:])
        if name in known and (kind == "parameters" or not rest):
            return f"{system.path}/{name}", known[name], rest
        if kind != "parameters":
            return None
        if name in system.borrowed:
            return self._borrow(system.borrowed[name], node, rest)
        stem = re.split(r"[.\[]", name, maxsplit=1)[0]
        if stem != name and stem in known:
            return f"{system.path}/{stem}", known[stem], ".".join(filter(None, (name[len(stem) :].lstrip("."), rest)))
        return None

    def lines(self, kind: str) -> dict[str, Node]:
        """Return the element that defines each qualified name of a kind."""
        return {f"{system.path}/{name}": node for system in self.systems.values() for name, node in getattr(system, kind).items()}

    def _borrow(self, owner: Node, node: Node, rest: str) -> tuple[str, Node, str] | None:
        """Follow a ParameterRef of a ParameterSet to the parameter it includes from elsewhere."""
        if owner is node or owner in self._borrowing:
            return None
        self._borrowing.add(owner)
        try:
            qualified, element, more = self._search("parameters", owner.need("parameterRef"), owner)
        finally:
            self._borrowing.discard(owner)
        return qualified, element, ".".join(filter(None, (more, rest)))

    def _advice(self, kind: str, system: System, parts: list[str]) -> str:
        if parts and parts[0] == "yamcs":
            return "Parameters below /yamcs are made by the Yamcs server and exist nowhere else"
        names = {name for other in self.systems.values() for name in getattr(other, kind)}
        close = get_close_matches(parts[-1], sorted(names)[:20_000], 3) if parts else []
        if close:
            return f"Similar names: {', '.join(close)}"
        return f"Define it, or give the file that does as well; the files given define {', '.join(self.roots)}"


def members(path: str) -> tuple[str | int, ...]:
    """Return the steps of a member path: names for aggregates, whole numbers for arrays."""
    return tuple(int(index) if index else name for name, index in MEMBER.findall(path))


def foreign(name: str) -> bool:
    """Say whether an element or attribute belongs to a namespace other than the document's."""
    return name.startswith(FOREIGN) or "}" in name
