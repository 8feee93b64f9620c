"""The mission database: parameters, containers and space systems, each known by its qualified name.

Qualified names are absolute paths as in XTCE: `/TGO/AOCS/quaternion`. Everything here is frozen; a new version is a new value.
"""

from dataclasses import dataclass, field
from enum import Enum

from .commands import Commands
from .conditions import Condition, Reference
from .types import ParameterType, Size


class DataSource(Enum):
    """Where a parameter's value comes from."""

    TELEMETERED = "telemetered"
    DERIVED = "derived"
    CONSTANT = "constant"
    LOCAL = "local"
    GROUND = "ground"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named value; `type` is the qualified name of its type."""

    name: str
    type: str
    data_source: DataSource = DataSource.TELEMETERED
    short_description: str = ""
    long_description: str = ""
    initial_value: str | None = None
    aliases: tuple[tuple[str, str], ...] = ()  # (name space, alias)


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derived parameter: `output` is the value of a safe Python expression over `inputs` (name in it, parameter)."""

    name: str
    output: str
    expression: str
    inputs: tuple[tuple[str, Reference], ...]


class Origin(Enum):
    """What an entry's location counts from."""

    PREVIOUS_ENTRY = "previousEntry"
    CONTAINER_START = "containerStart"
    CONTAINER_END = "containerEnd"
    NEXT_ENTRY = "nextEntry"


@dataclass(frozen=True, slots=True)
class Location:
    """Where an entry begins: `bits` after its origin (before it, for the end of the container)."""

    origin: Origin = Origin.PREVIOUS_ENTRY
    bits: Size = 0


@dataclass(frozen=True, slots=True)
class Repeat:
    """An entry repeated `count` times, `gap_bits` apart."""

    count: Size
    gap_bits: Size = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """What every entry states beside what it holds."""

    location: Location = Location()
    include: Condition | None = None
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class ParameterEntry:
    """A parameter in a container, or, with a path, one member or element of it."""

    parameter: str
    placement: Placement = Placement()
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerEntry:
    """A container inside a container."""

    container: str
    placement: Placement = Placement()


@dataclass(frozen=True, slots=True)
class ArrayEntry:
    """An array parameter, whose dimensions (start, end index) the entry gives."""

    parameter: str
    dimensions: tuple[tuple[Size, Size], ...]
    placement: Placement = Placement()


@dataclass(frozen=True, slots=True)
class IndirectEntry:
    """A parameter whose identity is the value of another: the parameter with that alias in `name_space`, or of that name."""

    reference: Reference
    name_space: str | None = None
    placement: Placement = Placement()


@dataclass(frozen=True, slots=True)
class UnreadEntry:
    """An entry of unknown size that is not read: nothing from there on is decoded in a packet that has it, for this `reason`."""

    reason: str
    placement: Placement = Placement()


Entry = ParameterEntry | ContainerEntry | ArrayEntry | IndirectEntry | UnreadEntry


@dataclass(frozen=True, slots=True)
class Container:
    """Entries in order; `base` is inherited when `restriction` holds. An abstract container is never a packet by itself."""

    name: str
    entries: tuple[Entry, ...] = ()
    abstract: bool = False
    base: str | None = None
    restriction: Condition | None = None
    short_description: str = ""
    long_description: str = ""
    size_bits: Size | None = None
    rate_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something of a definition file that is not, or only partly, acted upon.

    `severity`: `defect` (the file is wrong there; the rest is used), `unsupported`, `repaired` (read as it must have been
    meant), `ignored` (harmless).
    """

    line: int
    element: str
    message: str
    severity: str = "unsupported"
    file: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """One version of a mission database. `digest` (SHA-256, hex) identifies it; `version` is what its author calls it."""

    name: str
    version: str
    digest: str
    types: dict[str, ParameterType] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    derivations: tuple[Derivation, ...] = ()
    findings: tuple[Finding, ...] = ()
    date: str = ""  # as its author wrote it
    validation_status: str = ""  # Unknown, Working, Draft, Test, Validated, Released, Withdrawn
    commanding: Commands = field(default_factory=Commands)

    def type_of(self, parameter: str) -> ParameterType:
        """Return the type of the parameter with this qualified name; KeyError when there is none."""
        return self.types[self.parameters[parameter].type]

    def children(self, container: str) -> tuple[Container, ...]:
        """Return the containers that inherit directly from this one, in the order of their definition."""
        return tuple(c for c in self.containers.values() if c.base == container)
