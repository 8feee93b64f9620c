"""What the alarm server is told: values that other rooms and services observe. Times are TAI nanoseconds."""

from dataclasses import dataclass

from .definitions import Source, Subject


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """The severity (0 to 5) of a parameter changed; `at` is the Earth-received time of the packet."""

    spacecraft: str
    parameter: str
    at: int
    severity: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class LimitsStanding:
    """The severities that stand, of all parameters judged so far: what a processor says when it begins again."""

    spacecraft: str
    at: int
    severities: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LinkReported:
    """A station says whether it has lock on a spacecraft. It says so again and again: its silence makes the link unknown."""

    spacecraft: str
    station: str
    at: int
    locked: bool


@dataclass(frozen=True, slots=True)
class FramesHeard:
    """Frames of a spacecraft were received, last at this time."""

    spacecraft: str
    at: int


@dataclass(frozen=True, slots=True)
class Contact:
    """A booked time of a station for a spacecraft, in Earth-received time, stop excluded."""

    spacecraft: str
    station: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class ContactsBooked:
    """All contacts that are booked now: it replaces what was said before."""

    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class StorageLevel:
    """The used part (0 to 1) of a stream or disk."""

    name: str
    used: float


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far (s) a clock of the ground is from its reference; None: it is not synchronised, or nobody can tell."""

    name: str
    offset_s: float | None


@dataclass(frozen=True, slots=True)
class ServiceReported:
    """Whether a service works."""

    name: str
    up: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class CorrelationResidual:
    """How far (s) the latest time packet of a spacecraft is from the correlation in use."""

    spacecraft: str
    residual_s: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something in commanding that people may have to look at, and since when: the instant that its definition counts from.

    That is when it happened, when people began to be waited for, or (of a loan) when it ends.
    """

    source: Source
    subject: Subject
    since: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class CommandingStands:
    """All that troubles commanding now, of the sources that can be told of: it replaces what was said of them before."""

    sources: frozenset[Source]
    troubles: tuple[Trouble, ...]


Observation = (
    LimitChanged
    | LimitsStanding
    | LinkReported
    | FramesHeard
    | ContactsBooked
    | StorageLevel
    | ClockOffset
    | ServiceReported
    | CorrelationResidual
    | CommandingStands
)
