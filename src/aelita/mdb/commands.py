"""Meta-commands in XTCE's terms: arguments, containers, constraints, significance, verifiers.

Definitions of the command side live in one name space with those of telemetry when a command is laid out, so that one walk
serves both. There an argument is a parameter named `/S/command#argument`, an argument type or a command container has the
qualified name of its definition with a `#` behind it, and a reference whose parameter is `#name` means an argument of the
command at hand.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from .conditions import Condition, Reference
from .types import DynamicSize, ParameterType, ValidRange

if TYPE_CHECKING:
    from .model import Container, Parameter

MARK = "#"  # no name of XTCE contains it


class Stage(Enum):
    """Stages of a command's verification (VerifierEnumerationType)."""

    RELEASE = "release"
    TRANSFERRED_TO_RANGE = "transferredToRange"
    SENT_FROM_RANGE = "sentFromRange"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    QUEUED = "queued"
    EXECUTING = "executing"
    COMPLETE = "complete"
    FAILED = "failed"


class Consequence(Enum):
    """Consequence levels: of XTCE 1.2 and 1.3 (after ISO 14950), and of XTCE 1.1."""

    NORMAL = "normal"
    VITAL = "vital"
    CRITICAL = "critical"
    FORBIDDEN = "forbidden"
    USER1 = "user1"
    USER2 = "user2"
    NONE = "none"
    WATCH = "watch"
    WARNING = "warning"
    DISTRESS = "distress"
    SEVERE = "severe"

    @property
    def rank(self) -> int:
        """How grave it is, 0 to 5. Levels that a mission defines for itself count as critical: nobody here knows better."""
        return RANKS[self.value]


RANKS = {
    "normal": 0, "none": 0, "watch": 1, "vital": 2, "warning": 2, "distress": 3, "critical": 4, "user1": 4, "user2": 4,
    "forbidden": 5, "severe": 5,
}  # fmt: skip


class SenderRole(Enum):
    """A field whose value the sender of a packet knows and the author of a command does not."""

    SEQUENCE_COUNT = "sequence_count"
    PACKET_LENGTH = "packet_length"  # octets of the packet's data field less one (CCSDS 133.0-B)
    CRC16 = "crc16"  # over all octets before it, or over one argument (ECSS-E-ST-70-41C, annex B)
    ISO_CHECKSUM = "iso_checksum"


@dataclass(frozen=True, slots=True)
class Argument:
    """What a command is given: its `type` is a key of argument types; `sender` says that the sender fills it."""

    name: str
    type: str
    initial_value: str | None = None
    short_description: str = ""
    long_description: str = ""
    sender: SenderRole | None = None


@dataclass(frozen=True, slots=True)
class ArgumentRules:
    """What a value of an argument type must keep to beside its encoding: one of the ranges, a length, a pattern."""

    ranges: tuple[ValidRange, ...] = ()
    least_characters: int = 0
    most_characters: int | None = None
    pattern: str = ""


NO_RULES = ArgumentRules()
Assignments = tuple[tuple[str, str], ...]  # (argument, engineering value as text)


@dataclass(frozen=True, slots=True)
class Significance:
    """What may come of a command, and why to be warned."""

    level: Consequence = Consequence.NORMAL
    reason: str = ""
    system_at_risk: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """What must hold when a command is sent; sending waits `timeout_s` for it, and people may suspend it where `suspendable`."""

    condition: Condition
    timeout_s: float | None = None
    suspendable: bool = False


@dataclass(frozen=True, slots=True)
class CheckWindow:
    """When a verifier is checked, in seconds after the release of the command or after the verifier that passed last."""

    stop_s: float
    start_s: float = 0.0
    after_release: bool = False


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A parameter whose value must change by at least this much."""

    reference: Reference
    change: float


@dataclass(frozen=True, slots=True)
class NewPacket:
    """A packet of this container must arrive."""

    container: str


@dataclass(frozen=True, slots=True)
class Verifier:
    """How one stage of a command is verified: a condition, the arrival of a packet, or a change of a value, within a window."""

    stage: Stage
    check: Condition | NewPacket | ValueChange
    window: CheckWindow | None = None
    name: str = ""
    short_description: str = ""
    percent: float | DynamicSize | None = None  # of the execution, when this verifier passes
    returned: Reference | None = None  # a parameter that holds the command's result


@dataclass(frozen=True, slots=True)
class Interlock:
    """Holds back the commands of a SpaceSystem until this one has reached a stage."""

    system: str
    stage: Stage = Stage.COMPLETE
    percent: float | None = None
    suspendable: bool = False


@dataclass(frozen=True, slots=True)
class ParameterSetting:
    """A parameter that the ground sets once the command has reached a stage; `value` is as written, `program` postfix."""

    reference: Reference
    value: str = ""
    program: tuple[str | float, ...] = ()
    stage: Stage = Stage.COMPLETE


@dataclass(frozen=True, slots=True)
class AlarmSuspension:
    """A parameter whose alarms rest for a while once the command has reached a stage."""

    reference: Reference
    time_s: float
    stage: Stage = Stage.RELEASE


@dataclass(frozen=True, slots=True)
class MetaCommand:
    """One definition as written. What it inherits from `base` is put together by `compile_commands`.

    `container` is the key of its command container; None when it has none of its own. An abstract command cannot be sent.
    """

    name: str
    arguments: tuple[Argument, ...] = ()
    base: str | None = None
    assignments: Assignments = ()
    abstract: bool = False
    container: str | None = None
    constraints: tuple[Constraint, ...] = ()
    significance: Significance | None = None
    context_significances: tuple[tuple[Condition, Significance], ...] = ()
    verifiers: tuple[Verifier, ...] = ()
    interlock: Interlock | None = None
    settings: tuple[ParameterSetting, ...] = ()
    suspensions: tuple[AlarmSuspension, ...] = ()
    short_description: str = ""
    long_description: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    system_name: str = ""


@dataclass(frozen=True, slots=True)
class CommandBlock:
    """Commands to be sent one after another (BlockMetaCommand), each with arguments that it fixes."""

    name: str
    steps: tuple[tuple[str, Assignments], ...]
    short_description: str = ""
    long_description: str = ""


@dataclass(frozen=True, slots=True)
class Commands:
    """The command side of a database. `parameters` are its arguments and fixed values as entries of containers mean them."""

    types: dict[str, ParameterType] = field(default_factory=dict)
    rules: dict[str, ArgumentRules] = field(default_factory=dict)
    parameters: "dict[str, Parameter]" = field(default_factory=dict)
    containers: "dict[str, Container]" = field(default_factory=dict)
    commands: dict[str, MetaCommand] = field(default_factory=dict)
    blocks: dict[str, CommandBlock] = field(default_factory=dict)
    senders: dict[str, SenderRole] = field(default_factory=dict)  # of entries, by the parameter that they mean
    covered: dict[str, str] = field(default_factory=dict)  # of checksums among them over one argument alone: its name


def argument_reference(name: str, path: tuple[str | int, ...] = (), calibrated: bool = True) -> Reference:
    """Return the reference to an argument of the command at hand."""
    return Reference(f"{MARK}{name}", path, calibrated)


def local_name(name: str) -> str:
    """Return the last part of a qualified name: of an argument, of a command, of a type."""
    return name.rstrip(MARK).rpartition("/")[2].rpartition(MARK)[2]
