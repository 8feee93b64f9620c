"""What a database says of its commands, as plain data: for people who look one up, for forms, and to compare two versions."""

from typing import Any

from .command_view import Command, CompiledCommands
from .commands import Argument, CheckWindow, NewPacket, ValueChange, Verifier, local_name
from .types import AggregateType, ArrayType, DynamicSize, ParameterType
from .walk import Field
from .wording import (
    calibration_lines,
    condition_text,
    encoded_calibration,
    encoding_text,
    range_text,
    reference_text,
    size_text,
)

Data = dict[str, Any]


def show_command(commands: CompiledCommands, command: Command) -> Data:
    """Return a command: its arguments with what is lawful for each, its fields with their places, what is checked around it."""
    layout = commands.layout(command)
    return {
        "kind": "command",
        "name": command.name,
        "description": command.short_description,
        "long_description": command.long_description,
        "aliases": [{"name_space": space, "alias": alias} for space, alias in command.aliases],
        "abstract": command.abstract,
        "lineage": list(command.lineage),
        "arguments": [show_argument(commands, command, each) for each in command.arguments],
        "significance": command.significance.level.value,
        "rank": command.significance.level.rank,
        "warning": command.significance.reason,
        "significance_when": [
            f"{chosen.level.value} when {condition_text(when)}" for when, chosen in command.context_significances
        ],
        "constraints": constraint_lines(command),
        "verifiers": [verifier_text(each) for each in command.verifiers],
        "fields": [_field(commands, command, each) for each in layout.fields] if layout is not None else [],
        "dynamic": layout.dynamic if layout is not None else "",
        "stop": layout.stop if layout is not None else "it has no CommandContainer",
    }


def show_argument(commands: CompiledCommands, command: Command, argument: Argument) -> Data:
    """Return an argument: its type, what values it takes, its default, and who gives it (`by`: user, command or sender)."""
    kind = commands.view.database.types[argument.type]
    fixed = command.assigned.get(argument.name)
    default = argument.initial_value if argument.initial_value is not None else kind.facts.initial_value
    return {
        "name": argument.name,
        "description": argument.short_description or kind.facts.short_description,
        "by": "sender" if argument.sender is not None else "command" if fixed is not None else "user",
        "default": fixed if fixed is not None else default,
        **show_argument_type(commands, argument.type),
    }


def show_argument_type(commands: CompiledCommands, name: str) -> Data:
    """Return an argument type: kind, units, ranges, labels, lengths, encoding and calibration; members and elements in it."""
    kind, rules = commands.view.database.types[name], commands.rules_of(name)
    found: Data = {"type": type(kind).__name__.removesuffix("Type"), "units": kind.facts.units}
    if isinstance(kind, AggregateType):
        return found | {"members": [{"name": m.name, **show_argument_type(commands, m.type)} for m in kind.members]}
    if isinstance(kind, ArrayType):
        sizes = [f"{size_text(first, '').strip()}..{size_text(last, '').strip()}" for first, last in kind.dimensions]
        return found | {"element": show_argument_type(commands, kind.element), "dimensions": sizes}
    single = getattr(kind, "valid_range", None)
    ranges = rules.ranges or ((single,) if single is not None else ())
    return found | {
        "ranges": [f"{'' if each.calibrated else 'raw '}{range_text(each)}" for each in ranges],
        "labels": _labels(kind),
        "characters": [rules.least_characters, rules.most_characters] if rules.most_characters is not None else [],
        "pattern": rules.pattern,
        "encoding": encoding_text(kind.encoding),
        "calibration": calibration_lines(encoded_calibration(kind.encoding)),
    }


def _labels(kind: ParameterType) -> list[Data]:
    entries = getattr(kind, "entries", None)
    if entries is not None:
        return [{"label": each.label, "value": each.value, "maximum": each.maximum} for each in entries]
    if hasattr(kind, "zero"):
        return [{"label": kind.zero, "value": 0, "maximum": 0}, {"label": getattr(kind, "one", ""), "value": 1, "maximum": 1}]
    return []


def constraint_lines(command: Command) -> list[str]:
    """Return the transmission constraints of a command in words."""
    lines = []
    for each in command.constraints:
        waits = f", waits {each.timeout_s:g} s for it" if each.timeout_s is not None else ""
        lines.append(f"{condition_text(each.condition)}{waits}{', may be suspended' if each.suspendable else ''}")
    return lines


def verifier_text(verifier: Verifier) -> str:
    """Return a verifier in words: its stage, what is looked for, and when."""
    check = verifier.check
    if isinstance(check, NewPacket):
        what = f"a packet {check.container}"
    elif isinstance(check, ValueChange):
        what = f"{reference_text(check.reference)} changes by {check.change:g}"
    else:
        what = condition_text(check)
    progress = ""
    if isinstance(verifier.percent, DynamicSize):
        progress = f", {size_text(verifier.percent, '%')}"
    elif verifier.percent is not None:
        progress = f", {verifier.percent:g} %"
    returned = f", result in {reference_text(verifier.returned)}" if verifier.returned is not None else ""
    return f"{verifier.stage.value}: {what}{_window(verifier.window)}{progress}{returned}"


def _window(window: CheckWindow | None) -> str:
    if window is None:
        return ""
    after = "release" if window.after_release else "the verifier before"
    return f", {window.start_s:g} to {window.stop_s:g} s after {after}"


def _field(commands: CompiledCommands, command: Command, field: Field) -> Data:
    octet, bit = divmod(field.first_bit, 8)
    names = {key: name for name, key in command.keys.items()}
    name = names.get(field.parameter) or local_name(field.parameter).partition(" (")[0]
    kind = commands.view.database.types[field.type]
    return {
        "column": name + field.column.removeprefix(field.parameter),
        "first_bit": field.first_bit,
        "octet": octet,
        "bit_of_octet": bit,
        "bits": field.reading.bits,
        "type": encoding_text(getattr(kind, "encoding", None)),
    }


def command_aspects(commands: CompiledCommands) -> dict[str, dict[str, str]]:
    """Return each command's aspects as words, by qualified name: what differs between two versions is told by them."""
    found = {}
    for command in commands.commands.values():
        shown = show_command(commands, command)
        found[command.name] = {
            "arguments": "; ".join(_argument_line(each) for each in shown["arguments"]) or "none",
            "layout": "; ".join(f"{each['column']} at {each['first_bit']}, {each['type']}" for each in shown["fields"]) or "none",
            "abstract": str(command.abstract),
            "constraints": "; ".join(shown["constraints"]) or "none",
            "significance": f"{shown['significance']} {shown['warning']}".strip(),
            "verifiers": "; ".join(shown["verifiers"]) or "none",
            "description": f"{command.short_description} {command.long_description}".strip(),
        }
    return found


def _argument_line(data: Data) -> str:
    facts = {key: value for key, value in data.items() if value not in (None, "", [], {}) and key not in ("name", "description")}
    return f"{data['name']} ({', '.join(f'{key} {value}' for key, value in facts.items())})"
