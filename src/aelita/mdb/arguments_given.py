"""The arguments of a command as given, completed by what is fixed and by defaults, and turned into raw values of all their parts.

Every fault is gathered: an operator sees all of them at once.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from .arguments import ArgumentProblem, Fault, Refused
from .arguments_values import Given, raw_value
from .command_bits import field_word
from .command_conditions import Value, holds_now
from .command_view import Command, CompiledCommands
from .commands import MARK, Argument
from .conditions import Reference
from .plain import Raw
from .types import (
    AggregateType,
    ArrayType,
    BinaryEncoding,
    DynamicSize,
    FloatEncoding,
    IntegerEncoding,
    LookupSize,
    ParameterType,
    Size,
    StringEncoding,
)
from .walk import steps_text

MOST_LEVELS = 50
MOST_ELEMENTS = 20_000


@dataclass(frozen=True, slots=True)
class Leaf:
    """One scalar of an argument: its raw value, and the engineering value that stands for it (None where only raw is given)."""

    path: tuple[str | int, ...]
    type: str
    raw: Raw
    engineering: Given


@dataclass(slots=True)
class Values:
    """What is known of the arguments of one command: `leaves` by argument, and the problems found."""

    compiled: CompiledCommands
    command: Command
    parameters: Mapping[str, Value]
    leaves: dict[str, dict[tuple[str | int, ...], Leaf]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)  # of arrays and texts, by argument
    problems: list[ArgumentProblem] = field(default_factory=list)
    given: dict[str, Given] = field(default_factory=dict)

    def value(self, reference: Reference) -> Value:
        """Return the value of an argument of the command, or of a parameter on the ground; None when nobody knows it."""
        if not reference.parameter.startswith(MARK):
            if steps_text(reference.path):
                return self.parameters.get(reference.parameter + steps_text(reference.path))
            return self.parameters.get(reference.parameter)
        leaf = self.leaves.get(reference.parameter[1:], {}).get(reference.path)
        if leaf is None:
            return None
        return leaf.engineering if reference.calibrated and leaf.engineering is not None else leaf.raw

    def refuse(self, argument: str, fault: Fault, what: str) -> None:
        """Note a fault."""
        self.problems.append(ArgumentProblem(argument, fault, what))


def complete(
    compiled: CompiledCommands,
    command: Command,
    given: Mapping[str, Given],
    raw: Mapping[str, Given],
    parameters: Mapping[str, Value],
    sender: Mapping[str, object],
) -> Values:
    """Return the raw values of all arguments that are given, fixed, inferred or have a default; the rest are problems.

    `sender` names arguments that the sender of the packet fills.
    """
    values = Values(compiled, command, parameters)
    _refuse_strangers(values, given, raw, sender)
    chosen = {each.name: _chosen(values, each, given) for each in command.arguments if each.name not in sender}
    _count(values, chosen, raw)
    for argument in _in_order(values, sender):
        if argument.name in raw:
            _take(values, argument, raw[argument.name], as_raw=True)
        elif chosen.get(argument.name) is not None:
            _take(values, argument, chosen[argument.name], as_raw=False)
        else:
            values.refuse(argument.name, Fault.MISSING, f"it is missing{_wanted(values, argument)}")
    return values


def _in_order(values: Values, sender: Mapping[str, object]) -> Iterator[Argument]:
    """Yield the arguments with those that others take their size from before all others."""
    own = [each for each in values.command.arguments if each.name not in sender]
    types = values.compiled.view.database.types
    scalar = [not isinstance(types[each.type], ArrayType | AggregateType) for each in own]
    yield from (each for each, single in zip(own, scalar, strict=True) if single)
    yield from (each for each, single in zip(own, scalar, strict=True) if not single)


def _refuse_strangers(values: Values, given: Mapping[str, Given], raw: Mapping[str, Given], sender: Mapping[str, object]) -> None:
    known = values.command.keys
    for name in dict.fromkeys((*given, *raw)):
        if name not in known:
            close = get_close_matches(name, known, 1, 0.6)
            said = f"; {close[0]} is meant?" if close else f"; arguments are {_names(values, sender)}"
            values.refuse(name, Fault.UNKNOWN, f"the command has no such argument{said}")
        elif name in sender:
            values.refuse(name, Fault.FIXED, "the sender of the packet fills it")
        elif name in values.command.assigned:
            values.refuse(name, Fault.FIXED, f"the command fixes it to {values.command.assigned[name]!r}")
        elif name in given and name in raw:
            values.refuse(name, Fault.FIXED, "it is given twice, as an engineering value and as a raw one")


def _names(values: Values, sender: Mapping[str, object]) -> str:
    return ", ".join(each.name for each in values.command.open_arguments if each.name not in sender) or "none"


def _chosen(values: Values, argument: Argument, given: Mapping[str, Given]) -> Given | None:
    """Return the value of an argument: what the command fixes, what is given, or its default."""
    if argument.name in values.command.assigned:
        return values.command.assigned[argument.name]
    if argument.name in given:
        return given[argument.name]
    if argument.initial_value is not None:
        return argument.initial_value
    return values.compiled.view.database.types[argument.type].facts.initial_value


def _wanted(values: Values, argument: Argument) -> str:
    kind = values.compiled.view.database.types[argument.type]
    name = type(kind).__name__.removesuffix("Type").lower()
    return f" ({name}{f' in {kind.facts.units}' if kind.facts.units else ''})"


def _count(values: Values, chosen: dict[str, Given | None], raw: Mapping[str, Given]) -> None:
    """Give an argument that is left out, and that counts the elements or octets of another, their number."""
    types = values.compiled.view.database.types
    for argument in values.command.arguments:
        held = raw.get(argument.name, chosen.get(argument.name))
        if isinstance(held, str | bytes | bytearray) or (isinstance(held, Sequence) and held is not None):
            for counter, number in _counted(types[argument.type], held):
                name = counter.reference.parameter.removeprefix(MARK)
                if counter.reference.parameter.startswith(MARK) and name in chosen and chosen[name] is None and name not in raw:
                    whole = (number - counter.intercept) / counter.slope if counter.slope else -1.0
                    if whole == int(whole) and whole >= 0 and not counter.reference.path:
                        chosen[name] = int(whole)


def _counted(kind: ParameterType, held: Any) -> Iterator[tuple[DynamicSize, int]]:
    if isinstance(kind, ArrayType):
        if len(kind.dimensions) == 1 and not isinstance(held, str | bytes):
            first, last = kind.dimensions[0]
            if isinstance(last, DynamicSize) and isinstance(first, int):
                yield last, first + len(held) - 1
        return
    encoding = getattr(kind, "encoding", None)
    if isinstance(encoding, StringEncoding | BinaryEncoding) and isinstance(encoding.size, DynamicSize):
        try:
            octets, _ = raw_value(kind, held)
        except Refused:
            return
        if isinstance(octets, bytes):
            yield encoding.size, 8 * len(octets)


def _take(values: Values, argument: Argument, given: Given, *, as_raw: bool) -> None:
    leaves = values.leaves.setdefault(argument.name, {})
    before = len(values.problems)
    for path, type_name, each in _parts(values, argument.name, argument.type, given, (), 0):
        name = argument.name + steps_text(path)
        try:
            kind = values.compiled.view.database.types[type_name]
            if as_raw:
                made, engineering = _as_raw(kind, each), None
            else:
                made, engineering = raw_value(kind, each, values.compiled.rules_of(type_name), values.value)
            _fits(kind, made)
            leaves[path] = Leaf(path, type_name, made, engineering)
        except Refused as refusal:
            values.refuse(name, refusal.fault, refusal.what)
    if len(values.problems) == before:
        values.given[argument.name] = given


def _fits(kind: ParameterType, made: Raw) -> None:
    """Refuse octets that do not fit into a field whose size is fixed, so that this is told with all other faults."""
    encoding = getattr(kind, "encoding", None)
    if not isinstance(encoding, StringEncoding | BinaryEncoding) or not isinstance(encoding.size, int) or encoding.size < 1:
        return
    if isinstance(encoding, StringEncoding) or not encoding.length_prefix_bits:
        field_word(made, encoding, encoding.size)


def _as_raw(kind: ParameterType, given: Given) -> Raw:
    """Return a raw value as given, when its encoding takes such. Raises Refused."""
    encoding = getattr(kind, "encoding", None)
    if isinstance(encoding, StringEncoding | BinaryEncoding):
        octets = given.encode() if isinstance(given, str) else bytes(given) if isinstance(given, bytes | bytearray) else None
        if octets is None:
            raise Refused(Fault.TYPE, f"its raw value is octets, not {given!r}")
        return octets
    if isinstance(encoding, IntegerEncoding | FloatEncoding):
        field_word(given, encoding, encoding.bits)
        return float(given) if isinstance(encoding, FloatEncoding) else int(given)
    raise Refused(Fault.REPRESENTATION, "its type has no encoding")


def _parts(
    values: Values, argument: str, type_name: str, given: Given, path: tuple[str | int, ...], level: int
) -> Iterator[tuple[tuple[str | int, ...], str, Given]]:
    """Yield the scalars of a value with their paths and types; what does not fit its type is refused."""
    kind = values.compiled.view.database.types.get(type_name)
    name = argument + steps_text(path)
    if kind is None or level > MOST_LEVELS:
        values.refuse(name, Fault.REPRESENTATION, "its type is left out, or holds itself")
    elif isinstance(kind, AggregateType):
        yield from _members(values, argument, kind, given, path, level)
    elif isinstance(kind, ArrayType):
        yield from _elements(values, argument, kind.element, kind.dimensions, given, path, level)
    else:
        yield path, type_name, given


def _members(
    values: Values, argument: str, kind: AggregateType, given: Given, path: tuple[str | int, ...], level: int
) -> Iterator[tuple[tuple[str | int, ...], str, Given]]:
    name = argument + steps_text(path)
    given = _from_json(given)
    if not isinstance(given, Mapping):
        values.refuse(name, Fault.TYPE, f"it is a structure of {', '.join(member.name for member in kind.members)}")
        return
    own = {member.name for member in kind.members}
    for stranger in (each for each in given if each not in own):
        values.refuse(f"{name}.{stranger}", Fault.UNKNOWN, f"there is no such member; members are {', '.join(sorted(own))}")
    for member in kind.members:
        default = member.initial_value
        if default is None:
            held = values.compiled.view.database.types.get(member.type)
            default = held.facts.initial_value if held is not None else None
        value = given.get(member.name, default)
        if value is None:
            values.refuse(f"{name}.{member.name}", Fault.MISSING, "it is missing")
        else:
            yield from _parts(values, argument, member.type, value, (*path, member.name), level + 1)


def _elements(
    values: Values,
    argument: str,
    element: str,
    dimensions: tuple[tuple[Size, Size], ...],
    given: Given,
    path: tuple[str | int, ...],
    level: int,
) -> Iterator[tuple[tuple[str | int, ...], str, Given]]:
    name = argument + steps_text(path)
    given = _from_json(given)
    if isinstance(given, str | bytes | bytearray | Mapping) or not isinstance(given, Sequence):
        values.refuse(name, Fault.TYPE, "it is a list")
        return
    first, last = (_bound(values, each) for each in dimensions[0]) if dimensions else (0, len(given) - 1)
    if first is None or last is None:
        values.refuse(name, Fault.MISSING, "how many elements it has depends on an argument that is missing or wrong")
        return
    if len(given) != max(last - first + 1, 0) or len(given) > MOST_ELEMENTS:
        values.refuse(name, Fault.SIZE, f"it has {max(last - first + 1, 0)} elements, and {len(given)} are given")
        return
    for place, each in enumerate(given):
        inner = (*path, first + place)
        if len(dimensions) > 1:
            yield from _elements(values, argument, element, dimensions[1:], each, inner, level + 1)
        else:
            yield from _parts(values, argument, element, each, inner, level + 1)


def _from_json(given: Given) -> Given:
    """Return a structure or list that is written as JSON, as in the attributes of a document."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        return given


def _bound(values: Values, size: Size) -> int | None:
    if isinstance(size, int):
        return size
    return size_now(size, values)


def size_now(size: DynamicSize | LookupSize, values: Values) -> int | None:
    """Return a size that arguments or parameters give; None when they do not."""
    if isinstance(size, LookupSize):
        return next((number for condition, number in size.choices if holds_now(condition, values.value)), None)
    value = values.value(size.reference)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return round(value * size.slope + size.intercept)
