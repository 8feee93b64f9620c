"""A command in plain words: what it will do, with which arguments, and how grave it is."""

from ..time import utc_from_tai_ns
from .arguments_values import Given
from .command_decoding import DecodedCommand
from .command_encoding import EncodedCommand
from .command_view import Command, CompiledCommands
from .commands import MARK, Argument, local_name
from .types import AbsoluteTimeType, AggregateType, ArrayType, RelativeTimeType

MOST_OCTETS = 16  # of binary, told one by one
MOST_ELEMENTS = 8


def command_sentence(compiled: CompiledCommands, command: EncodedCommand | DecodedCommand) -> str:
    """Return one plain English sentence of what a command will do: its description, and its arguments with their units."""
    known = compiled.commands[command.name]
    what = (known.short_description or local_name(command.name).replace("_", " ")).strip().rstrip(".")
    told = []
    for argument in known.arguments:
        if argument.name in command.arguments and not _usual(known, argument, command.arguments[argument.name]):
            words = value_words(compiled, argument.type, command.arguments[argument.name])
            told.append(f"{argument.name.replace('_', ' ')} {words}")
    sentence = f"{what}: {', '.join(told)}." if told else f"{what}."
    level = known.significance.level
    if level.rank:
        reason = f" ({known.significance.reason})" if known.significance.reason else ""
        sentence += f" This command is {level.value}{reason}."
    return sentence


def _usual(command: Command, argument: Argument, value: Given) -> bool:
    """Tell whether an argument goes without saying: the command fixes it, or it is inherited and has its default."""
    if argument.name in command.assigned:
        return True
    inherited = not command.keys[argument.name].startswith(f"{command.name}{MARK}")
    return inherited and argument.initial_value is not None and str(value) == argument.initial_value


def value_words(compiled: CompiledCommands, type_name: str, value: Given) -> str:
    """Return an engineering value in words, with its unit."""
    kind = compiled.view.database.types[type_name]
    if isinstance(kind, ArrayType) and isinstance(value, list):
        shown = [value_words(compiled, kind.element, each) for each in value[:MOST_ELEMENTS]]
        more = f" and {len(value) - MOST_ELEMENTS} more" if len(value) > MOST_ELEMENTS else ""
        return f"[{'; '.join(shown)}{more}]"
    if isinstance(kind, AggregateType) and isinstance(value, dict):
        types = {member.name: member.type for member in kind.members}
        return "(" + ", ".join(f"{name} {value_words(compiled, types[name], each)}" for name, each in value.items()) + ")"
    if isinstance(kind, AbsoluteTimeType) and isinstance(value, int):
        return f"{utc_from_tai_ns(value, 3)} UTC".replace("Z UTC", " UTC")
    if isinstance(kind, RelativeTimeType) and isinstance(value, int | float):
        return f"{value:g} s"
    units = f" {kind.facts.units}" if kind.facts.units else ""
    return _plain(value) + units


def _plain(value: Given) -> str:
    if isinstance(value, bytes):
        shown = value[:MOST_OCTETS].hex(" ").upper()
        return f"{shown}{' ...' if len(value) > MOST_OCTETS else ''} ({len(value)} octets)" if value else "no octets"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)
