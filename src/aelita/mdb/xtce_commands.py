"""Meta-commands of XTCE: argument types, command containers, commands and blocks of commands.

What is wrong in a command leaves that command out, and those that inherit from it, with a finding; telemetry stays as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from .commands import MARK, Argument, Assignments, CommandBlock, Commands, MetaCommand, SenderRole
from .model import ArrayEntry, Container, DataSource, Entry, Parameter, ParameterEntry, UnreadEntry
from .types import BinaryEncoding, BinaryType, TypeFacts
from .xtce_checks import check_literal, check_path
from .xtce_command_stages import (
    constraints,
    context_significances,
    interlock,
    outside,
    settings,
    significance,
    suspensions,
    verifiers,
)
from .xtce_command_types import KINDS, ArgumentTypeReader, argument_key
from .xtce_containers import placement, read_container
from .xtce_names import Names, System, members
from .xtce_tree import Node
from .xtce_types import described, dimensions
from .xtce_values import flag, integer, word

if TYPE_CHECKING:
    from .xtce import Reader

COMMAND_SETS = {"ArgumentTypeSet": "arguments", "MetaCommandSet": "commands", "CommandContainerSet": "packets"}
CONTAINERS = ("packets", "containers", "commands")
SENDER = "aelita.sender"  # AncillaryData of an argument or entry that the sender of the packet fills
ROLES = {role.value: role for role in SenderRole}
LOST = "the command cannot be sent"
MOST_FIXED_BITS = 8 * 65536

Result = TypeVar("Result")


def read_commands(reader: "Reader") -> None:
    """Read the command side of all SpaceSystems into `reader.commanding`."""
    names = reader.names
    paths, literals = len(names.paths), len(names.literals)
    names.commanding = True
    _CommandReader(names, reader.commanding).read()
    for reference, node in names.paths[paths:]:
        for error in check_path(reader, reference, node):
            names.report(node, error.what, "defect")
    for reference, literal, node in names.literals[literals:]:
        check_literal(reader, reference, literal, node)


class _CommandReader:
    """Reads commands, each after the one that it inherits from."""

    def __init__(self, names: Names, found: Commands) -> None:
        self.names, self.found = names, found
        self.known: dict[str, dict[str, str] | None] = {}  # arguments of each command by name; None when it is left out
        self.systems: dict[str, tuple[System, Node]] = {}
        self.open: list[str] = []

    def read(self) -> None:
        """Enter all names, then read what they stand for."""
        groups = [(system, group) for system in self.names.systems.values() for group in _groups(system.node)]
        for system, group in groups:
            for kind, node in _definitions(group):
                self._spare(node, "the first one counts", partial(self.names.define, system, kind, node))
        types = ArgumentTypeReader(self.names)
        for system in self.names.systems.values():
            for name, node in system.arguments.items():
                key = argument_key(f"{system.path}/{name}")
                read = self._spare(node, "commands that use it cannot be sent", partial(types.read, key, node))
                if read is not None:
                    self.found.types[key] = read
                else:
                    node.dismiss()
        self.found.rules.update(types.rules)
        for _, group in groups:
            if group.name == "CommandContainerSet":
                for node in group.all():
                    self._spare(node, "commands that use it cannot be sent", partial(self._container, node, None, {}))
        for system in self.names.systems.values():
            self.systems |= {f"{system.path}/{name}": (system, node) for name, node in system.commands.items()}
        for name in self.systems:
            self.arguments(name)

    def _spare(self, node: Node, consequence: str, read: Callable[[], Result]) -> Result | None:
        """Return what `read` returns; None after a report when it fails."""
        severity = "unsupported" if outside(node) else "defect"
        return self.names.spare(node, consequence, cast(Callable[[], Result | None], read), None, severity=severity)

    def arguments(self, name: str) -> dict[str, str] | None:
        """Read a command and return its arguments, those that it inherits included; None when it is left out."""
        if name not in self.known:
            system, node = self.systems[name]
            self.open.append(name)
            read = self._block if node.name == "BlockMetaCommand" else self._command
            self.known[name] = self._spare(node, LOST, partial(read, system, name, node))
            if self.known[name] is None:
                node.dismiss()
            self.open.pop()
        return self.known[name]

    def _command(self, system: System, name: str, node: Node) -> dict[str, str]:
        base, known, assignments = self._base(node)
        short, long = described(node)
        held = node.child("ArgumentList")
        own = tuple(self._argument(name, each, known) for each in held.all("Argument")) if held is not None else ()
        for each in node.walk():
            if "argumentRef" in each.attributes:
                _known(each, known)
        packet, system_name = node.child("CommandContainer"), node.child("SystemName")
        command = MetaCommand(
            name,
            own,
            base,
            assignments,
            flag(node, "abstract", False),
            self._container(packet, name, known) if packet is not None else None,
            constraints(self.names, node),
            significance(node.child("DefaultSignificance")),
            context_significances(self.names, node),
            verifiers(self.names, node),
            interlock(node, system.path),
            settings(self.names, node),
            suspensions(self.names, node),
            short,
            long,
            _aliases(node),
            system_name.text if system_name is not None else "",
        )
        self.found.commands[name] = command
        return known

    def _base(self, node: Node) -> tuple[str | None, dict[str, str], Assignments]:
        held = node.child("BaseMetaCommand")
        if held is None:
            return None, {}, ()
        base = self.names.find("commands", held.need("metaCommandRef"), held)
        if base in self.open:
            circle = " -> ".join([*self.open[self.open.index(base) :], base])
            held.refuse(f"commands inherit from each other in a circle: {circle}", "Take one of the references out")
        known = self.arguments(base)
        if known is None or base in self.found.blocks:
            held.refuse(f"{base} is left out, or is a block of commands: nothing can inherit from it")
        return base, dict(known), _assignments(held.child("ArgumentAssignmentList"), known)

    def _argument(self, command: str, node: Node, known: dict[str, str]) -> Argument:
        name = self.names.name_of(node)
        if name in known:
            node.refuse("there is an argument of this name already, its own or inherited", "Rename one of them")
        kind = self.names.key(KINDS, node.need("argumentTypeRef"), node)
        if kind.endswith(MARK) and kind not in self.found.types:
            node.refuse(f"its type {kind.rstrip(MARK)} is left out")
        short, long = described(node)
        initial = node.get("initialValue") if "initialValue" in node.attributes else None
        key = known[name] = f"{command}{MARK}{name}"
        self.found.parameters[key] = Parameter(key, kind, DataSource.GROUND, short, long, initial)
        role = self._sender(node, key, known)
        return Argument(name, kind, initial, short, long, role)

    def _over(self, node: Node, words: list[str], known: dict[str, str], role: SenderRole) -> str:
        """Return the argument that a checksum covers: `crc16 data`."""
        if role not in (SenderRole.CRC16, SenderRole.ISO_CHECKSUM) or len(words) > 1 or words[0] not in known:
            node.refuse(f"{node.text!r}: only a checksum has an argument behind it, and the command must have it")
        return words[0]

    def _sender(self, node: Node, key: str, known: dict[str, str]) -> SenderRole | None:
        """Return which field an element marks as filled by the sender."""
        group = next((each for each in node.children if each.name == "AncillaryDataSet"), None)
        for each in group.children if group is not None else []:
            if each.attributes.get("name") == SENDER and group is not None:
                group.seen = each.seen = True
                each.get("name")
                words = each.text.split() or [""]
                role = word(Node(each.name, {SENDER: words[0]}, each.line, each.file), SENDER, ROLES, "")
                self.found.senders[key] = role
                if len(words) > 1:
                    self.found.covered[key] = self._over(each, words[1:], known, role)
                return role
        return None

    def _container(self, node: Node, command: str | None, known: dict[str, str]) -> str:
        """Read a container of commands and return its key."""
        system = self.names.systems[node.scope]
        name = node.attributes.get("name", "")
        own = system.packets.get(name) is node
        key = argument_key(f"{system.path}/{name}") if own else f"{command}{MARK}container"
        special = _Entries(self, key, known).entry
        self.found.containers[key] = self._unambiguous(read_container(self.names, key, node, CONTAINERS, special))
        if "name" in node.attributes:
            node.get("name")
        return key

    def _unambiguous(self, container: Container) -> Container:
        """Return a container whose base is one: the name of a command stands for the container that it has."""
        base = container.base
        if base is not None and base.endswith(MARK) and base not in self.found.containers:
            command = self.found.commands.get(base.rstrip(MARK))
            if command is not None and command.container is not None:
                return replace(container, base=command.container)
        return container

    def _block(self, system: System, name: str, node: Node) -> dict[str, str]:
        short, long = described(node)
        held = node.child("MetaCommandStepList")
        steps = []
        for each in held.all("MetaCommandStep") if held is not None else []:
            command = self.names.find("commands", each.need("metaCommandRef"), each)
            known = self.arguments(command) if command not in self.open else None
            if known is None:
                each.refuse(f"{command} is left out, or holds this block itself")
            steps.append((command, _assignments(each.child("ArgumentAssigmentList", "ArgumentAssignmentList"), known)))
        if not steps:
            node.refuse("it has no MetaCommandStep")
        self.found.blocks[name] = CommandBlock(name, tuple(steps), short, long)
        return {}


class _Entries:
    """Reads the entries that only containers of commands have."""

    def __init__(self, reader: _CommandReader, owner: str, known: dict[str, str]) -> None:
        self.reader, self.owner, self.known, self.count = reader, owner, known, 0

    def entry(self, names: Names, node: Node) -> Entry | None:
        """Return the entry that an element makes; None when it is one that telemetry has as well."""
        if node.name == "FixedValueEntry":
            return self._fixed(names, node)
        if node.name == "ArgumentRefEntry":
            key, path = self._meant(node)
            return ParameterEntry(key, placement(names, node), path)
        if node.name == "ArrayArgumentRefEntry":
            held = node.child("DimensionList")
            return ArrayEntry(self._meant(node)[0], dimensions(names, held) if held is not None else (), placement(names, node))
        if node.name == "ParameterRefEntry" and outside(node):
            names.report(node, "only the Yamcs server knows this parameter: the command cannot be sent")
            node.dismiss()
            return UnreadEntry("it holds a parameter that only the Yamcs server knows")
        return None

    def _meant(self, node: Node) -> tuple[str, tuple[str | int, ...]]:
        name, path = _known(node, self.known)
        return self.known[name], path

    def _fixed(self, names: Names, node: Node) -> Entry:
        text = "".join(node.need("binaryValue").split())
        try:
            octets = bytes.fromhex(text if len(text) % 2 == 0 else f"0{text}")
        except ValueError:
            node.refuse(f"binaryValue {text[:70]!r} is not hexadecimal")
        bits = integer(node, node.get("sizeInBits", str(8 * len(octets))), 1, MOST_FIXED_BITS)
        if bits > 8 * len(octets):
            names.report(node, f"its value has {8 * len(octets)} bits, not {bits}: zeros are put before it", "repaired")
        value = int.from_bytes(octets) & ((1 << bits) - 1)  # XTCE 1.2: needless bits are the most significant ones
        found, kind = self.reader.found, f"{MARK}{bits} fixed bits"
        found.types.setdefault(kind, BinaryType(TypeFacts(kind), BinaryEncoding(bits)))
        key = f"{self.owner}{MARK}{node.get('name') or 'fixed value'} ({self.count})"
        self.count += 1
        short = node.get("shortDescription")
        found.parameters[key] = Parameter(
            key, kind, DataSource.CONSTANT, short, initial_value=value.to_bytes((bits + 7) // 8).hex()
        )
        self.reader._sender(node, key, self.known)
        return ParameterEntry(key, placement(names, node))


def _known(node: Node, known: dict[str, str]) -> tuple[str, tuple[str | int, ...]]:
    """Return the argument that an element refers to and the path in it. Raises DefinitionError when the command has none such."""
    reference = node.need("argumentRef").strip()
    if reference in known:
        return reference, ()
    first, *path = members(reference.replace("/", ".")) or ("",)
    if first not in known:
        node.refuse(f"the command has no argument {reference!r}", f"Arguments are {', '.join(sorted(known)) or 'none'}")
    return str(first), tuple(path)


def _assignments(node: Node | None, known: dict[str, str]) -> Assignments:
    found: dict[str, str] = {}
    for each in node.all("ArgumentAssignment") if node is not None else []:
        name = each.need("argumentName").strip()
        if name not in known:
            each.refuse(f"there is no argument {name!r} to be assigned", f"Arguments are {', '.join(sorted(known)) or 'none'}")
        if name in found:
            each.refuse(f"the argument {name!r} is assigned twice", "Keep one of the assignments")
        if "argumentValue" not in each.attributes:
            each.refuse("attribute argumentValue is missing", "Add argumentValue")
        found[name] = each.get("argumentValue")
    return tuple(found.items())


def _aliases(node: Node) -> tuple[tuple[str, str], ...]:
    held = node.child("AliasSet")
    return tuple((each.need("nameSpace"), each.need("alias")) for each in held.all("Alias")) if held is not None else ()


def _groups(node: Node) -> Iterator[Node]:
    for part in node.all("CommandMetaData"):
        for group in part.children:
            if group.name in COMMAND_SETS:
                group.seen = True
                yield group


def _definitions(group: Node) -> Iterator[tuple[str, Node]]:
    """Yield each element that defines a name, with its kind; elements that define none are left to the report."""
    kind = COMMAND_SETS[group.name]
    for each in group.children:
        if each.name == "MetaCommandRef":
            continue
        each.seen = True
        yield kind, each
        yield from (("packets", inner) for inner in each.children if inner.name == "CommandContainer")
