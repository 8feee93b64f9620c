"""Octets of a telecommand packet: which command it is, and with which arguments.

Each command has a signature, the bits that are the same in all its packets: fixed values, arguments that it fixes, and what its
containers demand of parameters. Among the commands whose signature a packet has, the most particular one that accounts for all
its bits is meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import DataError
from .arguments import Refused
from .arguments_engineering import engineering_value
from .arguments_values import Given, raw_value
from .command_bits import field_word
from .command_conditions import Value, holds_now
from .command_encoding import (
    CHECKSUMS,
    MARKED,
    PRIMARY_OCTETS,
    EncodedField,
    SenderField,
    SenderFields,
    covering,
    demanded_values,
    rebuilt,
    roles_of,
    shown_name,
)
from .command_view import Command, CompiledCommands
from .commands import MARK, SenderRole
from .conditions import Condition, Reference
from .model import DataSource, IndirectEntry
from .plain import Raw, bits_of, plain_value
from .types import ArrayType, BinaryEncoding, DynamicSize, LookupSize, StringEncoding
from .walk import SHORT, EndOfWalk, Field, Walk, least_bits, lineage, steps_text
from .xtce_names import members

COUNT_BEGIN, HEADER_END = 18, 48  # the bits of sequence count and packet length in a primary header (CCSDS 133.0-B)


@dataclass(frozen=True, slots=True)
class DecodedCommand:
    """What a packet says. `others` are commands that it could be as well; `remarks` tell what in it is not as it should be.

    `arguments` are engineering values (raw ones where there is no engineering value), lists and mappings for composite types.
    """

    name: str
    arguments: dict[str, Given]
    fields: tuple[EncodedField, ...]
    sequence_count: int | None
    others: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Signature:
    bits: int
    mask: int
    value: int

    def fits(self, octets: bytes, word: int) -> bool:
        spare = 8 * len(octets) - self.bits
        return spare >= 0 and (word >> spare) & self.mask == self.value


def decode_command(
    compiled: CompiledCommands,
    octets: bytes,
    *,
    parameters: Mapping[str, Value] | None = None,
    sender: SenderFields = MARKED,
) -> DecodedCommand:
    """Return the command that these octets of one packet are, with its arguments.

    `parameters` are values on the ground that decide over the packet; `sender` as for `encode_command`. Raises DataError when no
    command of the database looks like this.
    """
    word, size = int.from_bytes(octets), len(octets)
    tail = 2 if sender.appended is not None else 0
    found: list[tuple[int, Command, _Parsing]] = []
    short = ""
    for command in compiled.sendable():
        signature = _signature(compiled, command, sender)
        if signature is None or not signature.fits(octets, word):
            continue
        walk = _Parsing(compiled, command, octets[: size - tail], parameters or {}, roles_of(compiled, command, sender))
        reason = walk.read()
        if reason:
            short = f"; most like it is {command.name}: {reason}"
        else:
            found.append((signature.mask.bit_count(), command, walk))
    if not found:
        raise DataError(f"the {size} octets {octets[:16].hex(' ').upper()} are none of the commands of the database{short}")
    most = max(bits for bits, _, _ in found)
    best = [(command, walk) for bits, command, walk in found if bits == most]
    command, walk = best[0]
    return _decoded(command, walk, octets, sender, tuple(other.name for other, _ in best[1:]))


def _decoded(command: Command, walk: "_Parsing", octets: bytes, sender: SenderFields, others: tuple[str, ...]) -> DecodedCommand:
    fields = covering(walk.sender, walk.made)
    if sender.primary_header:
        fields += [SenderField(SenderRole.SEQUENCE_COUNT, 18, 14), SenderField(SenderRole.PACKET_LENGTH, 32, 16)]
    if sender.appended is not None:
        fields.append(SenderField(sender.appended, 8 * len(octets) - 16, 16))
    remarks, count = list(walk.remarks), None
    for each in fields:
        held = bits_of(octets, each.first_bit, each.bits)
        if each.role is SenderRole.SEQUENCE_COUNT:
            count = held
        elif each.role is SenderRole.PACKET_LENGTH and held != len(octets) - PRIMARY_OCTETS - 1:
            remarks.append(f"its packet length says {held + PRIMARY_OCTETS + 1} octets, and it has {len(octets)}")
        elif each.role in CHECKSUMS:
            right = each.checksum(octets)
            if held != right:
                remarks.append(f"its {each.role.value} is {held:04X}, and {right:04X} would be right")
    return DecodedCommand(command.name, walk.arguments(), tuple(walk.made), count, others, tuple(remarks))


def _signature(compiled: CompiledCommands, command: Command, sender: SenderFields) -> _Signature | None:
    """Return the bits that all packets of a command share; None for one without a container."""
    key = (command.name, sender.primary_header, *sorted(sender.fields))
    if key not in compiled.signatures:
        compiled.signatures[key] = _made_signature(compiled, command, sender)
    found = compiled.signatures[key]
    return found if isinstance(found, _Signature) else None


def _made_signature(compiled: CompiledCommands, command: Command, sender: SenderFields) -> _Signature | None:
    layout, database = compiled.layout(command), compiled.view.database
    if layout is None:
        return None
    demanded, arguments = demanded_values(compiled, command), {key: name for name, key in command.keys.items()}
    mask, value, roles = 0, 0, roles_of(compiled, command, sender)
    bits = max((item.first_bit + item.reading.bits for item in layout.fields), default=0)
    for item in layout.fields:
        if item.parameter in roles:
            continue
        parameter, kind = database.parameters[item.parameter], database.types[item.type]
        known: Given = command.assigned.get(arguments.get(item.parameter, ""))
        if parameter.data_source is DataSource.CONSTANT and MARK in item.parameter:
            known = parameter.initial_value
        known = demanded.get(item.column) if known is None else known
        encoding = getattr(kind, "encoding", None)
        if known is None or encoding is None:
            continue
        try:
            word = field_word(raw_value(kind, known)[0], encoding, item.reading.bits)
        except Refused:
            continue
        shift = bits - item.first_bit - item.reading.bits
        here = ((1 << item.reading.bits) - 1) << shift
        mask, value = mask | here, (value & ~here) | (word << shift)
    if sender.primary_header and bits >= HEADER_END:
        mask &= ~(((1 << (HEADER_END - COUNT_BEGIN)) - 1) << (bits - HEADER_END))
    return _Signature(bits, mask, value & mask)


class _Parsing(Walk):
    """A walk that reads each field of one packet of a command as it comes to it."""

    def __init__(
        self,
        compiled: CompiledCommands,
        command: Command,
        octets: bytes,
        parameters: Mapping[str, Value],
        roles: Mapping[str, SenderRole],
    ) -> None:
        super().__init__(compiled.view.database, compiled.view.readings)
        self.compiled, self.command, self.octets, self.parameters, self.roles = compiled, command, octets, parameters, roles
        self.keys = {key: name for name, key in command.keys.items()}
        self._longest = sorted(self.keys, key=len, reverse=True)
        self.values: dict[str, tuple[Raw, Given]] = {}
        self.made: list[EncodedField] = []
        self.sender: list[tuple[SenderField, str]] = []
        self.remarks: list[str] = []
        self.room = 8 * len(octets)

    def read(self) -> str:
        """Read the packet; return why it is none of this command, empty when it is one."""
        try:
            end = self.container(self.command.container or "", 0)
        except EndOfWalk as reached:
            return reached.reason
        end = max([end, *(each.first_bit + each.bits for each in self.made)])
        if end > self.room:
            return SHORT
        return f"{self.room - end} bits are left over" if self.room - end >= 8 else ""

    def add(self, item: Field, key: str) -> None:
        """Read a field."""
        self.fields.append(item)
        end = item.first_bit + item.reading.bits
        if end > self.room:
            raise EndOfWalk(SHORT)
        kind = self.database.types[item.type]
        encoding = getattr(kind, "encoding", None)
        assert encoding is not None
        role = self.roles.get(item.parameter)
        if role is not None:
            covered = self.compiled.covered.get(item.parameter, "")
            self.sender.append((SenderField(role, item.first_bit, item.reading.bits), covered))
        raw = plain_value(self.octets, item.first_bit, item.reading.bits, encoding) if item.reading.bits else b""
        engineering = engineering_value(kind, raw, self.value)
        self.values[key] = (raw, engineering)
        name, how = shown_name(self.keys, item.parameter, key), self._kind(item.parameter) if role is None else "sender"
        if raw is None or (engineering is None and how == "argument"):
            self.remarks.append(f"{name} has no engineering value")
        self.made.append(EncodedField(name, how, item.first_bit, item.reading.bits, raw, engineering, kind.facts.units))

    def _kind(self, parameter: str) -> str:
        if parameter in self.keys:
            return "assigned" if self.keys[parameter] in self.command.assigned else "argument"
        return "fixed" if MARK in parameter else "parameter"

    def value(self, reference: Reference) -> Value:
        """Return a value that was read before, or one on the ground."""
        if reference.parameter.startswith(MARK):
            key = self.command.keys.get(reference.parameter[1:], "") + steps_text(reference.path)
        else:
            key = reference.parameter + steps_text(reference.path)
        if key not in self.values:
            return self.parameters.get(key)
        raw, engineering = self.values[key]
        return engineering if reference.calibrated and engineering is not None else raw

    def arguments(self) -> dict[str, Given]:
        """Return the arguments by name, composite ones rebuilt from their parts."""
        parts: dict[str, dict[tuple[str | int, ...], Given]] = {}
        whole: dict[str, Given] = {}
        for column, (raw, engineering) in self.values.items():
            key = next((each for each in self._longest if column.startswith(each)), "")
            if not key or key in self.roles:
                continue
            value = raw if engineering is None else engineering
            path = members(column[len(key) :])
            if path:
                parts.setdefault(self.keys[key], {})[path] = value
            else:
                whole[self.keys[key]] = value
        named = self._named()
        found: dict[str, Given] = {}
        for argument in self.command.arguments:
            empty = isinstance(self.database.types[argument.type], ArrayType) and self.command.keys[argument.name] in named
            if argument.name in whole:
                found[argument.name] = whole[argument.name]
            elif argument.name in parts or empty:
                found[argument.name] = rebuilt(parts.get(argument.name, {}))
        return found

    def _named(self) -> set[str]:
        return {
            getattr(entry, "parameter", "")
            for each in lineage(self.database, self.command.container or "")
            for entry in each.entries
        }

    # What the packet decides

    def number(self, size: DynamicSize | LookupSize, what: str) -> int:
        """Return a size or count that the packet gives."""
        if isinstance(size, LookupSize):
            found = next((number for condition, number in size.choices if holds_now(condition, self.value)), None)
        else:
            reference = size.reference
            if not reference.parameter:
                reference = Reference(self.around, reference.path, reference.calibrated)
            value = self.value(reference)
            plain = isinstance(value, int | float) and not isinstance(value, bool)
            found = round(value * size.slope + size.intercept) if plain else None  # type: ignore[operator]
        if found is None:
            raise EndOfWalk(f"{what} is what the packet says, and it does not say it")
        return found

    def fitting(self, count: int, least_bits: int, at: int) -> int:
        """Return how many of `count` elements of so many bits the packet can hold from bit `at` on."""
        return max(min(count, (self.room - at) // max(least_bits, 1)), 0)

    def inside(self, at: int) -> bool:
        """Tell whether bit `at` lies in the packet."""
        return at < self.room

    def included(self, condition: Condition, what: str) -> bool:
        """Tell whether an entry is there."""
        return holds_now(condition, self.value) is True

    def named(self, entry: IndirectEntry) -> str:
        """Return the parameter that an indirect reference means."""
        place = self.compiled.view.parameters_by_alias(entry.name_space).get(str(self.value(entry.reference)))
        if place is None:
            raise EndOfWalk("an indirect reference names no known parameter")
        return self.compiled.view.parameter_names[place]

    def text_bits(self, encoding: StringEncoding | BinaryEncoding, column: str, at: int) -> int:
        """Return the size of a field that begins with its length, or that ends where its text ends."""
        lead = encoding.length_prefix_bits
        if lead:
            if at + lead > self.room:
                raise EndOfWalk(SHORT)
            return lead + 8 * bits_of(self.octets, at, lead)
        termination = encoding.termination if isinstance(encoding, StringEncoding) else None
        step = 8 * len(termination or b"\0")
        for ends in range(at, self.room - step + 1, step) if termination else ():
            if bits_of(self.octets, ends, step) == int.from_bytes(termination or b""):
                return ends + step - at
        raise EndOfWalk(SHORT)

    def rest_bits(self, what: str, at: int) -> int:
        """Return how many bits the packet holds from bit `at` on, without a checksum that the database describes behind it."""
        behind = 0
        for key in self._named():
            if self.roles.get(key) in CHECKSUMS:
                behind += least_bits(self.database, self.database.parameters[key].type)
        return max(self.room - behind - at, 0)
