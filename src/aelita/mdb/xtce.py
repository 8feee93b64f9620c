"""XTCE documents read into one Database: definitions are collected, then read, then checked against each other.

XTCE 1.2 (CCSDS 660.0-B) and 1.1; of 1.3, what it has in common with 1.2.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec, TypeVar

from ..errors import DefinitionError
from .commands import Commands
from .model import Container, Database, DataSource, Derivation, Parameter
from .types import ParameterType
from .xtce_algorithms import read_algorithms
from .xtce_checks import check
from .xtce_commands import read_commands
from .xtce_containers import read_container
from .xtce_findings import leftovers
from .xtce_names import META_DATA, Names, System
from .xtce_tree import NAMESPACES, Document, Node
from .xtce_types import TypeReader, described
from .xtce_values import word

SOURCES = {source.value: source for source in DataSource}
MOST_DEFECTS = 20

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Reader:
    """One reading of one or more documents; defects are gathered so that all of them can be told at once."""

    def __init__(self) -> None:
        self.names = Names()
        self.defects: list[DefinitionError] = []
        self.types: dict[str, ParameterType] = {}
        self.parameters: dict[str, Parameter] = {}
        self.containers: dict[str, Container] = {}
        self.derivations: list[Derivation] = []
        self.commanding = Commands()

    def collect(self, node: Node, parent: System | None) -> None:
        """Enter a SpaceSystem, the SpaceSystems in it, and the names of what they define."""
        node.seen = True
        described(node)
        node.get("operationalStatus")
        system = self.attempt(self.names.enter, node, parent)
        if system is None:
            return
        for kind, each in definitions(node):
            if each.name == "ParameterRef":
                self.attempt(self.names.borrow, system, each)
            else:
                self.attempt(self.names.define, system, kind, each)
        for each in node.all("SpaceSystem"):
            self.collect(each, system)

    def attempt(self, function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result | None:
        """Return what a function returns, or keep the defect that it raises."""
        try:
            return function(*arguments, **named)
        except DefinitionError as error:
            self.defects.append(error)
            return None

    def read(self) -> None:
        """Read every definition that was collected."""
        types = TypeReader(self.names)
        for system in self.names.systems.values():
            self.keep(self.types, system, system.types, types.read)
            self.keep(self.parameters, system, system.parameters, self.parameter)
            self.keep(self.containers, system, system.containers, lambda name, node: read_container(self.names, name, node))
            for part in system.node.all(*META_DATA):
                for group in part.all("AlgorithmSet"):
                    self.derivations += self.attempt(read_algorithms, self.names, group) or ()

    def keep(
        self, where: dict[str, Result], system: System, nodes: dict[str, Node], reader: Callable[[str, Node], Result]
    ) -> None:
        """Read the definitions of one kind in one SpaceSystem."""
        for name, node in nodes.items():
            found = self.attempt(reader, f"{system.path}/{name}", node)
            if found is not None:
                where[f"{system.path}/{name}"] = found

    def parameter(self, qualified: str, node: Node) -> Parameter:
        """Return the parameter that an element defines."""
        kind = self.names.find("types", node.need("parameterTypeRef"), node)
        short, long = described(node)
        held, source = node.child("ParameterProperties"), DataSource.TELEMETERED
        if held is not None:
            source = word(held, "dataSource", SOURCES, "telemetered")
        initial = node.get("initialValue") if "initialValue" in node.attributes else None
        return Parameter(qualified, kind, source, short, long, initial, aliases(node))


DEFINED = (("ParameterTypeSet", "types"), ("ParameterSet", "parameters"), ("ContainerSet", "containers"))


def definitions(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield each element of a SpaceSystem that defines a type, parameter or container, with its kind."""
    for part in node.all(*META_DATA):
        for group, kind in DEFINED:
            for held in part.all(group):
                yield from ((kind, each) for each in held.all())


def aliases(node: Node) -> tuple[tuple[str, str], ...]:
    """Return the aliases of an element as (name space, alias)."""
    held = node.child("AliasSet")
    return tuple((each.need("nameSpace"), each.need("alias")) for each in held.all("Alias")) if held is not None else ()


def read_database(documents: Sequence[Document]) -> Database:
    """Return the database of one or more parsed documents; the first gives its name and version.

    Raises DefinitionError that tells every defect with file and line.
    """
    reader = Reader()
    for document in documents:
        _identify(reader.names, document.root, document.namespace)
        reader.collect(document.root, None)
        for place, reason in document.lost:
            reader.names.report(place, reason, "defect")
    for step in (reader.read, lambda: reader.defects.extend(check(reader)), lambda: read_commands(reader)):
        if not reader.defects:
            step()
    refuse(reader.defects)
    first, digests = documents[0].root, [document.digest for document in documents]
    header = first.child("Header") or Node("Header", {}, 0, "")
    told = [header.get(attribute) for attribute in ("version", "date", "validationStatus")]
    for document in documents:
        leftovers(reader.names, document.root)
    reader.names.release()
    return Database(
        first.get("name"),
        told[0],
        (hashlib.sha256(b"".join(digests)).digest() if len(digests) > 1 else digests[0]).hex(),
        reader.types,
        reader.parameters,
        reader.containers,
        tuple(reader.derivations),
        tuple(sorted(reader.names.findings, key=lambda finding: (finding.file, finding.line))),
        told[1],
        told[2],
        reader.commanding,
    )


def _identify(names: Names, root: Node, namespace: str) -> None:
    """Check the root element and its namespace; one that is nobody's is read all the same, and reported."""
    if root.name != "SpaceSystem":
        root.refuse(f"the root element is not SpaceSystem, but {root.name!r}", "Give an XTCE document")
    if namespace and namespace not in NAMESPACES:
        names.report(root, f"the namespace {namespace!r} is not one of XTCE; read as XTCE 1.2", "repaired")


def refuse(defects: Sequence[DefinitionError]) -> None:
    """Raise one DefinitionError for all defects, when there are any."""
    if not defects:
        return
    if len(defects) == 1:
        raise defects[0]
    listed = "\n".join(f"  {each}" for each in defects[:MOST_DEFECTS])
    more = f"\n  and {len(defects) - MOST_DEFECTS} more" if len(defects) > MOST_DEFECTS else ""
    raise DefinitionError(f"{len(defects)} defects:\n{listed}{more}", where=defects[0].where.rpartition(":")[0]) from defects[0]
