"""Commands of a mission database as answers: what each does, its arguments with what is lawful, who may request it."""

from pydantic import BaseModel

from ..agencies import Authority
from ..mdb import (
    AggregateType,
    Argument,
    ArrayType,
    Command,
    CompiledCommands,
    ParameterType,
    ValidRange,
    condition_text,
    encoding_text,
    range_text,
)
from .definitions import Label, kind_of, labels_of


class Span(BaseModel):
    """Lawful values, in engineering units (`calibrated`) or raw; null leaves a side open, `..._exclusive` leaves out the end."""

    minimum: float | None = None
    maximum: float | None = None
    minimum_exclusive: bool = False
    maximum_exclusive: bool = False
    calibrated: bool = True
    text: str


class ArgumentItem(BaseModel):
    """An argument. One of `spans` must hold a value, when there are any; of `labels` one is given, by its word.

    `by` is who gives it: user, command (it is fixed) or sender (of the packet). `default` is taken when none is given, null when
    one must be. Arrays and aggregates are given as JSON.
    """

    name: str
    description: str
    by: str
    default: str | None
    required: bool
    type: str
    units: str
    encoding: str
    spans: list[Span] = []
    labels: list[Label] = []
    least_characters: int = 0
    most_characters: int | None = None
    pattern: str = ""
    members: "list[ArgumentItem]" = []
    element: "ArgumentItem | None" = None


class CommandItem(BaseModel):
    """A command in a list. `rank` tells how grave it is, 0 to 5; `request` who may request it, as role@centre."""

    name: str
    description: str
    significance: str
    rank: int
    arguments: list[str]
    request: list[str]
    may: bool


class ActRule(BaseModel):
    """How many persons must do an act (check, approve, release), and who may, as role@centre."""

    act: str
    count: int
    who: list[str]


class CommandDefinition(CommandItem):
    """A command. `warning` says why it is grave, `constraints` what must hold when it is sent, `rule` whose acts it needs."""

    spacecraft: str
    long_description: str
    warning: str
    aliases: list[str]
    lineage: list[str]
    constraints: list[str]
    parameters: list[ArgumentItem]
    rule: str
    acts: list[ActRule]
    agencies: list[str]


def item_of(command: Command, spacecraft: str, rules: Authority, mine: frozenset[str]) -> CommandItem:
    """Return a command as a list shows it; `mine` are the places (role@centre) of who asks."""
    rule = rules.rule(spacecraft, command.name, command.significance.level.value)
    request = [str(who) for who in rule.request] if rule is not None else []
    return CommandItem(
        name=command.name, description=command.short_description, significance=command.significance.level.value,
        rank=command.significance.level.rank, arguments=[one.name for one in command.open_arguments], request=request,
        may=bool(mine & set(request)),
    )  # fmt: skip


def definition_of(
    commands: CompiledCommands, command: Command, spacecraft: str, rules: Authority, mine: frozenset[str]
) -> CommandDefinition:
    """Return all there is to say of a command."""
    rule = rules.rule(spacecraft, command.name, command.significance.level.value)
    acts = [] if rule is None else [
        ActRule(act=act, count=rule.needed(act), who=[str(one) for one in rule.people(act)])
        for act in ("check", "approve", "release")
    ]  # fmt: skip
    return CommandDefinition(
        **item_of(command, spacecraft, rules, mine).model_dump(), spacecraft=spacecraft,
        long_description=command.long_description, warning=command.significance.reason,
        aliases=[alias for _, alias in command.aliases], lineage=list(command.lineage),
        constraints=[condition_text(one.condition) for one in command.constraints],
        parameters=[_argument(commands, command, one) for one in command.arguments],
        rule=rule.key if rule is not None else "", acts=acts, agencies=list(rule.agencies) if rule is not None else [],
    )  # fmt: skip


def _argument(commands: CompiledCommands, command: Command, argument: Argument) -> ArgumentItem:
    kind = commands.view.database.types[argument.type]
    fixed = command.assigned.get(argument.name)
    default = argument.initial_value if argument.initial_value is not None else kind.facts.initial_value
    told = fixed if fixed is not None else default
    by = "sender" if argument.sender is not None else "command" if fixed is not None else "user"
    made = _typed(commands, argument.name, argument.type)
    return made.model_copy(
        update={
            "description": argument.short_description or made.description,
            "by": by,
            "default": told,
            "required": by == "user" and told is None,
        }
    )


def _typed(commands: CompiledCommands, name: str, type_name: str) -> ArgumentItem:
    kind, rules = commands.view.database.types[type_name], commands.rules_of(type_name)
    single = getattr(kind, "valid_range", None)
    spans = rules.ranges or ((single,) if single is not None else ())
    members: list[ArgumentItem] = []
    if isinstance(kind, AggregateType):
        members = [_typed(commands, one.name, one.type) for one in kind.members]
    element = _typed(commands, "", kind.element) if isinstance(kind, ArrayType) else None
    return ArgumentItem(
        name=name, description=kind.facts.short_description, by="user", default=None, required=True, type=kind_of(kind),
        units=kind.facts.units, encoding=_encoding(kind), spans=[_span(one) for one in spans], labels=labels_of(kind),
        least_characters=rules.least_characters, most_characters=rules.most_characters, pattern=rules.pattern,
        members=members, element=element,
    )  # fmt: skip


def _encoding(kind: ParameterType) -> str:
    found = getattr(kind, "encoding", None)
    return encoding_text(found) if found is not None else ""


def _span(one: ValidRange) -> Span:
    return Span(
        minimum=one.minimum, maximum=one.maximum, minimum_exclusive=one.minimum_exclusive,
        maximum_exclusive=one.maximum_exclusive, calibrated=one.calibrated, text=range_text(one),
    )  # fmt: skip
