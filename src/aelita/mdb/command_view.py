"""Commands ready for use: each with all that it inherits, in one name space with what telemetry defines.

The layout of a command's container is compiled by the walk that serves telemetry; see `commands` for the names in it.
"""

from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from ..errors import UsageError
from .commands import (
    NO_RULES,
    AlarmSuspension,
    Argument,
    ArgumentRules,
    CommandBlock,
    Constraint,
    Interlock,
    MetaCommand,
    ParameterSetting,
    SenderRole,
    Significance,
    Stage,
    Verifier,
)
from .conditions import Condition
from .layout import CompiledDatabase, Layout, compile_database
from .model import Database

APPENDED = (Stage.EXECUTING, Stage.COMPLETE)  # verifiers of these stages add to those inherited; others replace them (XTCE 1.2)


@dataclass(frozen=True, slots=True)
class Command:
    """A command with all that it inherits, `lineage` from the first ancestor to itself.

    `keys` are the parameters that its arguments are in its container, `assigned` the arguments that it or an ancestor fixes, as
    text. `container` is None when nothing of it is transmitted.
    """

    name: str
    lineage: tuple[str, ...]
    arguments: tuple[Argument, ...]
    keys: dict[str, str]
    assigned: dict[str, str]
    abstract: bool
    container: str | None
    constraints: tuple[Constraint, ...]
    significance: Significance
    context_significances: tuple[tuple[Condition, Significance], ...]
    verifiers: tuple[Verifier, ...]
    interlock: Interlock | None
    settings: tuple[ParameterSetting, ...]
    suspensions: tuple[AlarmSuspension, ...]
    short_description: str
    long_description: str
    aliases: tuple[tuple[str, str], ...]

    @property
    def open_arguments(self) -> tuple[Argument, ...]:
        """The arguments that are for whoever gives the command: neither fixed nor filled by the sender."""
        return tuple(each for each in self.arguments if each.name not in self.assigned and each.sender is None)


@dataclass(slots=True)
class CompiledCommands:
    """The commands of a database by qualified name. `view` holds both sides of it; layouts are made when first asked for."""

    database: Database
    view: CompiledDatabase
    commands: dict[str, Command]
    rules: dict[str, ArgumentRules]
    senders: dict[str, SenderRole]
    covered: dict[str, str]
    blocks: dict[str, CommandBlock]
    signatures: dict[tuple[object, ...], object] = field(default_factory=dict)  # what `command_decoding` has made of layouts

    def command(self, name: str) -> Command:
        """Return the command that a name means: a qualified name, the tail of one, or an alias. Raises UsageError."""
        if name in self.commands:
            return self.commands[name]
        tails = [each for each in self.commands if each.endswith(f"/{name.strip('/')}")]
        meant = tails or [each.name for each in self.commands.values() if any(alias == name for _, alias in each.aliases)]
        if len(meant) == 1:
            return self.commands[meant[0]]
        if meant:
            raise UsageError(f"{name!r} means several commands: {', '.join(meant)}", remedy="Give the qualified name")
        close = get_close_matches(name.rpartition("/")[2], [each.rpartition("/")[2] for each in self.commands], 3, 0.5)
        left_out = "`aelita mdb check` tells which commands are left out, and why"
        remedy = f"Similar names: {', '.join(close)}" if close else left_out
        raise UsageError(f"{self.database.name} has no command {name!r}", remedy=remedy)

    def layout(self, command: Command) -> Layout | None:
        """Return the layout of a command as far as no argument decides it; None for one without a container."""
        return self.view.layout(command.container) if command.container is not None else None

    def rules_of(self, type_name: str) -> ArgumentRules:
        """Return what values of an argument type must keep to."""
        return self.rules.get(type_name, NO_RULES)

    def sendable(self) -> tuple[Command, ...]:
        """Return the commands that are not abstract."""
        return tuple(each for each in self.commands.values() if not each.abstract)


def compile_commands(database: Database) -> CompiledCommands:
    """Return the commands of a database with all that they inherit."""
    side = database.commanding
    both = replace(
        database,
        types={**database.types, **side.types},
        parameters={**database.parameters, **side.parameters},
        containers={**database.containers, **side.containers},
    )
    made: dict[str, Command] = {}
    for command in side.commands.values():  # in the order in which they were read: each after its base
        made[command.name] = _inherited(command, made.get(command.base or ""))
    return CompiledCommands(database, compile_database(both), made, side.rules, side.senders, side.covered, side.blocks)


def _inherited(command: MetaCommand, base: Command | None) -> Command:
    keys = {each.name: f"{command.name}#{each.name}" for each in command.arguments}
    stages = {each.stage for each in command.verifiers} - set(APPENDED)
    inherited = tuple(each for each in base.verifiers if each.stage not in stages) if base is not None else ()
    return Command(
        command.name,
        (*(base.lineage if base else ()), command.name),
        (*(base.arguments if base else ()), *command.arguments),
        {**(base.keys if base else {}), **keys},
        {**(base.assigned if base else {}), **dict(command.assignments)},
        command.abstract,
        command.container or (base.container if base else None),
        (*(base.constraints if base else ()), *command.constraints),
        command.significance or (base.significance if base else Significance()),
        (*command.context_significances, *(base.context_significances if base else ())),
        (*inherited, *command.verifiers),
        command.interlock or (base.interlock if base else None),
        (*(base.settings if base else ()), *command.settings),
        (*(base.suspensions if base else ()), *command.suspensions),
        command.short_description,
        command.long_description,
        command.aliases,
    )
