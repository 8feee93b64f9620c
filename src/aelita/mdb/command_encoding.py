"""A command with its arguments as the exact octets of its packet, laid out by the walk that reads telemetry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..errors import UsageError
from ..octets import crc16, iso_checksum, write_field
from .arguments import ArgumentProblem, CommandError, Fault, Refused
from .arguments_given import Leaf, Values, complete, size_now
from .arguments_values import Given, raw_value
from .command_bits import field_bits, field_word
from .command_conditions import Value, holds_now
from .command_view import Command, CompiledCommands
from .commands import MARK, SenderRole, local_name
from .conditions import AllOf, Comparison, Condition, Operator
from .model import DataSource, IndirectEntry
from .plain import Raw
from .types import BinaryEncoding, BinaryType, DynamicSize, LookupSize, StringEncoding, StringType
from .walk import EndOfWalk, Field, Walk, lineage, steps_text

PRIMARY_OCTETS = 6
MOST_OCTETS = PRIMARY_OCTETS + 65536  # CCSDS 133.0-B
SEQUENCE_FLAGS_BITS = 2
WORD_BITS = 16
CHECKSUMS = {SenderRole.CRC16: crc16, SenderRole.ISO_CHECKSUM: iso_checksum}


@dataclass(frozen=True, slots=True)
class SenderFields:
    """What the sender of a packet fills in, beside the arguments and entries that the database marks for it.

    `fields` gives a role to arguments, parameters or fixed values by their name. `primary_header` fills sequence count and packet
    length where a space packet has them (CCSDS 133.0-B, octets 2 to 5), whatever the database has there. `appended` adds a
    checksum that the database does not describe behind the packet.
    """

    fields: Mapping[str, SenderRole] = field(default_factory=dict)
    primary_header: bool = False
    appended: SenderRole | None = None


MARKED = SenderFields()  # only what the database itself marks
YAMCS = SenderFields(primary_header=True, appended=SenderRole.CRC16)  # what Yamcs's post-processor for packets fills in


@dataclass(frozen=True, slots=True)
class EncodedField:
    """One field of a packet. `kind` is argument, assigned (an argument that the command fixes), fixed, parameter or sender.

    `name` has the members and elements of an argument; `engineering` is None where there is only a raw value.
    """

    name: str
    kind: str
    first_bit: int
    bits: int
    raw: Raw
    engineering: Given
    units: str = ""


@dataclass(frozen=True, slots=True)
class SenderField:
    """Where the sender fills in what it knows. A checksum covers the octets `over` (first, end), else all before it."""

    role: SenderRole
    first_bit: int
    bits: int
    over: tuple[int, int] | None = None

    def checksum(self, octets: bytes) -> int:
        """Return the checksum of the octets that it covers. Raises UsageError where these are no whole ones."""
        if self.first_bit % 8:
            raise UsageError("a checksum begins inside an octet", remedy="Correct the layout of the command")
        first, end = self.over or (0, self.first_bit // 8)
        return CHECKSUMS[self.role](octets[first:end])


@dataclass(frozen=True, slots=True)
class EncodedCommand:
    """A command ready to be sent: `octets` are right in every bit, also the length and the checksum, for `sequence_count`.

    `arguments` are the engineering values that the raw ones stand for; they may differ from those given by half a raw step.
    """

    name: str
    octets: bytes
    fields: tuple[EncodedField, ...]
    arguments: dict[str, Given]
    sender: tuple[SenderField, ...] = ()
    sequence_count: int = 0

    def numbered(self, sequence_count: int) -> "EncodedCommand":
        """Return the command with another sequence count, and the checksum that follows from it."""
        return replace(self, octets=_filled(self.octets, self.sender, sequence_count), sequence_count=sequence_count)

    @property
    def numbers(self) -> bool:
        """Whether the packet has a sequence count to be filled in."""
        return any(each.role is SenderRole.SEQUENCE_COUNT for each in self.sender)


def encode_command(
    compiled: CompiledCommands,
    name: str,
    arguments: Mapping[str, Given] | None = None,
    *,
    raw: Mapping[str, Given] | None = None,
    parameters: Mapping[str, Value] | None = None,
    sender: SenderFields = MARKED,
    sequence_count: int = 0,
) -> EncodedCommand:
    """Return a command with these arguments (engineering values by name, in any order) as its exact octets.

    `raw` gives raw values of arguments in place of engineering ones; `parameters` the engineering values, by qualified name, of
    parameters that stand in the packet or decide over it. Raises CommandError with all problems at once, and UsageError for a
    command that does not exist, is abstract or has no packet.
    """
    command = compiled.command(name)
    if command.abstract:
        raise UsageError("it is abstract: only commands that inherit from it can be sent", where=command.name)
    if command.container is None:
        raise UsageError("it has no CommandContainer: there are no octets to send", where=command.name)
    roles = roles_of(compiled, command, sender)
    ours = {each.name: None for each in command.arguments if command.keys[each.name] in roles}
    values = complete(compiled, command, arguments or {}, raw or {}, parameters or {}, ours)
    if values.problems:
        raise CommandError(command.name, values.problems)
    walk = _Writing(compiled, command, values, roles)
    try:
        end = walk.container(command.container, 0)
    except EndOfWalk as reached:
        walk.values.refuse("packet", Fault.REPRESENTATION, f"it cannot be laid out: {reached.reason}")
        end = 0
    if walk.values.problems:
        raise CommandError(command.name, dict.fromkeys(walk.values.problems))
    return _packet(command, walk, end, sender, sequence_count)


def roles_of(compiled: CompiledCommands, command: Command, sender: SenderFields) -> dict[str, SenderRole]:
    """Return the roles of the entries of a command's container, by the parameter that each means."""
    named = {command.keys.get(name, name): role for name, role in sender.fields.items()}
    local = {name: role for name, role in named.items() if "/" not in name}
    if not local:
        return {**compiled.senders, **named}
    short = {key: local[local_name(key).partition(" (")[0]] for key in compiled.view.database.parameters if _short(key) in local}
    return {**compiled.senders, **named, **short}


def shown_name(arguments: Mapping[str, str], parameter: str, key: str) -> str:
    """Return how a field is called for people: an argument with its members and elements, or the name of an entry."""
    return (arguments.get(parameter) or _short(parameter)) + key.removeprefix(parameter)


def _short(key: str) -> str:
    return local_name(key).partition(" (")[0]


def _packet(command: Command, walk: "_Writing", end: int, sender: SenderFields, sequence_count: int) -> EncodedCommand:
    bits = max([end, *(each.first_bit + each.bits for each in walk.made)])
    data = bytearray((bits + 7) // 8)
    for item, word in zip(walk.made, walk.words, strict=True):
        if item.bits:
            write_field(data, item.first_bit, item.bits, word)
    filled = covering(walk.sender, walk.made)
    if sender.primary_header and len(data) >= PRIMARY_OCTETS:
        filled.append(SenderField(SenderRole.SEQUENCE_COUNT, WORD_BITS + SEQUENCE_FLAGS_BITS, WORD_BITS - SEQUENCE_FLAGS_BITS))
        filled.append(SenderField(SenderRole.PACKET_LENGTH, 2 * WORD_BITS, WORD_BITS))
    if sender.appended is not None:
        filled.append(SenderField(sender.appended, 8 * len(data), WORD_BITS))
        data += bytes(WORD_BITS // 8)
    if len(data) > MOST_OCTETS:
        raise CommandError(command.name, [ArgumentProblem("packet", Fault.SIZE, f"it has {len(data)} octets: {MOST_OCTETS} fit")])
    octets = _filled(bytes(data), tuple(filled), sequence_count)
    return EncodedCommand(command.name, octets, tuple(walk.made), _engineering(walk.values), tuple(filled), sequence_count)


def covering(fields: Sequence[tuple[SenderField, str]], made: Sequence[EncodedField]) -> list[SenderField]:
    """Return the fields of the sender, those that cover an argument with the octets of this in a packet."""
    places = {each.name: (each.first_bit, each.first_bit + each.bits) for each in made}
    found = []
    for item, name in fields:
        if name not in places:
            found.append(item)
            continue
        first, end = places[name]
        if first % 8 or end % 8:
            raise UsageError(f"a checksum covers {name}, which is no whole octets", remedy="Correct the layout of the command")
        found.append(replace(item, over=(first // 8, end // 8)))
    return found


def _filled(octets: bytes, fields: tuple[SenderField, ...], sequence_count: int) -> bytes:
    """Return a packet with its count, its length, and at last its checksums over all that stands before each."""
    data = bytearray(octets)
    for each in sorted(fields, key=lambda one: (one.role in CHECKSUMS, one.first_bit)):
        if each.role is SenderRole.SEQUENCE_COUNT:
            word = sequence_count
        elif each.role is SenderRole.PACKET_LENGTH:
            word = len(data) - PRIMARY_OCTETS - 1
        else:
            word = each.checksum(bytes(data))
        if not 0 <= word < 1 << each.bits:
            raise UsageError(f"the {each.role.value} {word} does not fit into {each.bits} bits")
        write_field(data, each.first_bit, each.bits, word)
    return bytes(data)


def _engineering(values: Values) -> dict[str, Given]:
    """Return the engineering value of each argument; lists and mappings as given, their scalars as sent."""
    found: dict[str, Given] = {}
    for argument in values.command.arguments:
        leaves = values.leaves.get(argument.name, {})
        if () in leaves:
            found[argument.name] = _shown(leaves[()])
        elif argument.name in values.given:
            found[argument.name] = rebuilt({path: _shown(leaf) for path, leaf in leaves.items()})
    return found


def _shown(leaf: Leaf) -> Given:
    return leaf.raw if leaf.engineering is None else leaf.engineering


def rebuilt(leaves: Mapping[tuple[str | int, ...], Given]) -> Given:
    """Return the list or mapping that has these scalars at these paths; an empty list when there are none."""
    tree: dict[str | int, Given] = {}
    for path, value in leaves.items():
        here = tree
        for step in path[:-1]:
            here = here.setdefault(step, {})
        here[path[-1]] = value
    return _listed(tree)


def _listed(tree: Given) -> Given:
    if not isinstance(tree, dict):
        return tree
    inner = {step: _listed(each) for step, each in tree.items()}
    return list(inner.values()) if all(isinstance(step, int) for step in inner) else inner


class _Writing(Walk):
    """A walk that makes each field as it comes to it: arguments, fixed values and parameters decide what a packet would."""

    def __init__(self, compiled: CompiledCommands, command: Command, values: Values, roles: dict[str, SenderRole]) -> None:
        super().__init__(compiled.view.database, compiled.view.readings)
        self.compiled, self.command, self.values, self.roles = compiled, command, values, roles
        self.arguments = {key: name for name, key in command.keys.items()}
        self.demanded = demanded_values(compiled, command)
        self.made: list[EncodedField] = []
        self.words: list[int] = []
        self.sender: list[tuple[SenderField, str]] = []  # with the argument that a checksum covers
        self.missing: set[str] = set()
        self.parts: dict[str, dict[str, Leaf]] = {}  # of each argument, by path as text

    def add(self, item: Field, key: str) -> None:
        """Make the bits of a field."""
        self.fields.append(item)
        kind = self.database.types[item.type]
        role = self.roles.get(item.parameter)
        name = shown_name(self.arguments, item.parameter, key)
        if role is not None:
            covered = self.compiled.covered.get(item.parameter, "")
            self.sender.append((SenderField(role, item.first_bit, item.reading.bits), covered))
            self._made(item, name, "sender", None, None, 0)
            return
        leaf = self._leaf(item, key)
        if leaf is None:
            return
        encoding = getattr(kind, "encoding", None)
        assert encoding is not None
        try:
            word = field_word(leaf.raw, encoding, item.reading.bits)
        except Refused as refusal:
            self.values.refuse(name, refusal.fault, refusal.what)
            return
        self._made(item, name, self._kind(item.parameter), leaf.raw, leaf.engineering, word)

    def _made(self, item: Field, name: str, kind: str, raw: Raw, engineering: Given, word: int) -> None:
        units = self.database.types[item.type].facts.units
        self.made.append(EncodedField(name, kind, item.first_bit, item.reading.bits, raw, engineering, units))
        self.words.append(word)

    def _kind(self, parameter: str) -> str:
        if parameter in self.arguments:
            return "assigned" if self.arguments[parameter] in self.command.assigned else "argument"
        constant = self.database.parameters[parameter].data_source is DataSource.CONSTANT
        return "fixed" if constant and MARK in parameter else "parameter"

    def _leaf(self, item: Field, key: str) -> Leaf | None:
        """Return the value of a field; None after a note when there is none."""
        argument = self.arguments.get(item.parameter)
        if argument is not None:
            path = key.removeprefix(item.parameter)
            found = self._part(argument, path)
            if found is None and argument + path not in self.missing:
                self.missing.add(argument + path)
                self.values.refuse(argument + path, Fault.MISSING, "its place in the packet has no value")
            return found
        return self._ground(item, key)

    def _part(self, argument: str, path: str) -> Leaf | None:
        """Return the value of an argument, or of the member or element of it at a path."""
        if argument not in self.parts:
            known = self.values.leaves.get(argument, {})
            self.parts[argument] = {steps_text(where): leaf for where, leaf in known.items()}
        return self.parts[argument].get(path)

    def _ground(self, item: Field, key: str) -> Leaf | None:
        """Return the value of a parameter or fixed value: what the ground knows, the container demands, or it begins with."""
        parameter = self.database.parameters[item.parameter]
        kind = self.database.types[item.type]
        whole = key == item.parameter
        known: Given = self.values.parameters.get(key)
        if known is None:
            known = self.demanded.get(key)
        if known is None and whole:
            known = parameter.initial_value if parameter.initial_value is not None else kind.facts.initial_value
        if known is None:
            if item.parameter not in self.missing:
                self.missing.add(item.parameter)
                self.values.refuse(key, Fault.MISSING, "the packet holds this parameter, and nobody gives its value")
            return None
        try:
            raw, engineering = raw_value(kind, known, lookup=self.values.value)
        except Refused as refusal:
            self.values.refuse(key, refusal.fault, refusal.what)
            return None
        return Leaf((), item.type, raw, engineering)

    # What arguments decide

    def number(self, size: DynamicSize | LookupSize, what: str) -> int:
        """Return a size or count that an argument or parameter gives."""
        if isinstance(size, DynamicSize) and not size.reference.parameter:
            leaf = self._sibling(size)
            return round(leaf * size.slope + size.intercept)
        found = size_now(size, self.values)
        if found is None:
            raise EndOfWalk(f"{what} depends on a value that is not known")
        return found

    def _sibling(self, size: DynamicSize) -> float:
        """Return the value of a member of the aggregate around."""
        key = self.around + steps_text(size.reference.path)
        parameter = max((each for each in self.arguments if key.startswith(each)), key=len, default="")
        leaf = self._part(self.arguments.get(parameter, ""), key.removeprefix(parameter))
        value = _shown(leaf) if leaf is not None else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise EndOfWalk(f"a size is the member {key}, which is not known")
        return value

    def fitting(self, count: int, least_bits: int, at: int) -> int:
        """Return all: a packet grows with what it holds."""
        return count

    def inside(self, at: int) -> bool:
        """Tell that a packet that is being made has no end."""
        return True

    def included(self, condition: Condition, what: str) -> bool:
        """Tell whether an entry is there."""
        answer = holds_now(condition, self.values.value)
        if answer is None:
            raise EndOfWalk(f"whether {what} is there depends on a value that is not known")
        return answer

    def named(self, entry: IndirectEntry) -> str:
        """Return the parameter that an indirect reference means."""
        value = self.values.value(entry.reference)
        place = self.compiled.view.parameters_by_alias(entry.name_space).get(str(value)) if value is not None else None
        if place is None:
            raise EndOfWalk("an indirect reference names no known parameter")
        return self.compiled.view.parameter_names[place]

    def text_bits(self, encoding: StringEncoding | BinaryEncoding, column: str, at: int) -> int:
        """Return the size of a field that is as long as its value."""
        bits = field_bits(self._octets_at(column), encoding)
        most = encoding.max_bits if isinstance(encoding, StringEncoding) else None
        if most is not None and bits > most:
            raise EndOfWalk(f"{local_name(column)} needs {bits} bits, and has at most {most}")
        return bits

    def rest_bits(self, what: str, at: int) -> int:
        """Return the size of a field that would go on to the end of the packet: that of its value."""
        return 8 * len(self._octets_at(what))

    def _octets_at(self, column: str) -> bytes:
        """Return the octets of the argument or parameter that a column is."""
        parameter = next(
            (each for each in (column, *sorted(self.arguments, key=len, reverse=True)) if column.startswith(each)), ""
        )
        if parameter in self.arguments:
            leaf = self._part(self.arguments[parameter], column.removeprefix(parameter).partition(":")[0])
            raw = leaf.raw if leaf is not None else None
        else:
            known = self.values.parameters.get(column)
            kind = self.database.types.get(self.database.parameters[column].type) if column in self.database.parameters else None
            try:
                raw = raw_value(kind, known)[0] if isinstance(kind, StringType | BinaryType) and known is not None else None
            except Refused as refusal:
                raise EndOfWalk(f"{column}: {refusal.what}") from None
        if not isinstance(raw, bytes):
            raise EndOfWalk(f"{local_name(column)} has no value of octets")
        return raw


def demanded_values(compiled: CompiledCommands, command: Command) -> dict[str, str]:
    """Return the values that the containers of a command demand of parameters for the packet to be recognised as theirs."""
    found: dict[str, str] = {}
    for container in lineage(compiled.view.database, command.container or ""):
        condition = container.restriction
        terms = condition.terms if isinstance(condition, AllOf) else (condition,) if condition is not None else ()
        for term in terms:
            if isinstance(term, Comparison) and term.operator is Operator.EQUAL and isinstance(term.right, str):
                found[term.left.parameter + steps_text(term.left.path)] = term.right
    return found
