"""XTCE documents read into one Database: definitions are collected, then read, then checked against each other.

XTCE 1.2 (OMG formal/18-02-04, CCSDS 660.1-G) and 1.1; of 1.3, what it has in common with 1.2.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from ..errors import DefinitionError
from .model import Container, Database, DataSource, Derivation, Parameter
from .types import ParameterType
from .xtce_algorithms import read_algorithms
from .xtce_checks import check
from .xtce_containers import read_container
from .xtce_findings import leftovers
from .xtce_names import Names, System
from .xtce_tree import NAMESPACES, Node
from .xtce_types import TYPES, TypeReader, described, refuse_recursion
from .xtce_values import word

SOURCES = {source.value: source for source in DataSource}
META_DATA = ("TelemetryMetaData", "CommandMetaData")
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
        self.elements: dict[str, Node] = {}

    def collect(self, node: Node, parent: System | None) -> None:
        """Enter a SpaceSystem, the SpaceSystems in it, and the names of what they define."""
        node.seen = True
        described(node)
        node.get("operationalStatus")
        system = self.attempt(self.names.enter, node, parent)
        if system is None:
            return
        for part in node.all(*META_DATA):
            for group in part.all("ParameterTypeSet"):
                for each in group.all(*TYPES):
                    self.attempt(self.names.define, system, "types", each)
            for group in part.all("ParameterSet"):
                for each in group.all("Parameter"):
                    self.attempt(self.names.define, system, "parameters", each)
                for each in group.all("ParameterRef"):
                    system.borrowed[each.need("parameterRef").rstrip("/").rpartition("/")[2]] = each
            for group in part.all("ContainerSet"):
                for each in group.all("SequenceContainer"):
                    self.attempt(self.names.define, system, "containers", each)
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
            for name, node in system.types.items():
                self.keep(self.types, f"{system.path}/{name}", node, types.read)
            for name, node in system.parameters.items():
                self.keep(self.parameters, f"{system.path}/{name}", node, self.parameter)
            for name, node in system.containers.items():
                self.keep(self.containers, f"{system.path}/{name}", node, lambda q, n: read_container(self.names, q, n))
            for part in system.node.all(*META_DATA):
                for group in part.all("AlgorithmSet"):
                    self.derivations += self.attempt(read_algorithms, self.names, group) or ()

    def keep(self, where: dict[str, Result], qualified: str, node: Node, reader: Callable[[str, Node], Result]) -> None:
        """Read one definition and keep it with the element it came from."""
        found = self.attempt(reader, qualified, node)
        self.elements.setdefault(qualified, node)
        if found is not None:
            where[qualified] = found

    def parameter(self, qualified: str, node: Node) -> Parameter:
        """Return the parameter that an element defines."""
        kind = self.names.find("types", node.need("parameterTypeRef"), node)
        short, long = described(node)
        held, source = node.child("ParameterProperties"), DataSource.TELEMETERED
        if held is not None:
            source = word(held, "dataSource", SOURCES, "telemetered")
        initial = node.get("initialValue") if "initialValue" in node.attributes else None
        return Parameter(qualified, kind, source, short, long, initial, aliases(node))


def aliases(node: Node) -> tuple[tuple[str, str], ...]:
    """Return the aliases of an element as (name space, alias)."""
    held = node.child("AliasSet")
    return tuple((each.need("nameSpace"), each.need("alias")) for each in held.all("Alias")) if held is not None else ()


def read_database(documents: Sequence[tuple[Node, str, bytes]]) -> Database:
    """Return the database of one or more parsed documents; the first gives its name and version.

    Raises DefinitionError that tells every defect with file and line.
    """
    reader = Reader()
    for root, namespace, _ in documents:
        _identify(reader.names, root, namespace)
        reader.collect(root, None)
    if not reader.defects:
        reader.read()
    if not reader.defects:
        reader.attempt(refuse_recursion, reader.types, reader.elements)
    if not reader.defects:
        reader.defects += check(reader)
    refuse(reader.defects)
    first = documents[0][0]
    header = first.child("Header") or Node("Header", {}, 0, "")
    version, date, status = header.get("version"), header.get("date"), header.get("validationStatus")
    for root, _, _ in documents:
        leftovers(reader.names, root)
    order = sorted(reader.names.findings, key=lambda finding: (finding.file, finding.line))
    digest = (
        hashlib.sha256(b"".join(each for _, _, each in documents)).hexdigest() if len(documents) > 1 else documents[0][2].hex()
    )
    return Database(
        first.get("name"),
        version,
        digest,
        reader.types,
        reader.parameters,
        reader.containers,
        tuple(reader.derivations),
        tuple(order),
        date,
        status,
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
