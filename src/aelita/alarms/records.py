"""What happened to alarms: immutable records, each a line of the journal of one agency, and their octets.

The state of all alarms is what the records of the journal add up to.
"""

import json
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..errors import DataError
from .states import Event, Situation

MOST_OCTETS = 64 * 1024


@dataclass(frozen=True, slots=True)
class Counts:
    """How often a condition was violated, for how long (ns), when first and last (TAI ns), and its worst value and severity.

    The values are those at changes of severity: `worst` is the first one seen at the worst severity.
    """

    times: int = 0
    total_ns: int = 0
    first: int = 0
    last: int = 0
    worst: str = ""
    worst_severity: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm changed. `comment` is what the person said."""

    alarm: str
    event: Event
    before: Situation
    after: Situation
    counts: Counts
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Stance:
    """What an agency thinks of an alarm of another one: up to which occurrence it has acknowledged it."""

    owner: str
    alarm: str
    acknowledged: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Notified:
    """A step of an escalation was taken. `sent` false: it failed, with the reason in `words`."""

    owner: str
    alarm: str
    announcement: int
    step: int
    round: int
    channel: str
    address: str
    sent: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class LimitBand:
    """Values below `minimum` or above `maximum` have this severity (1 to 5); None leaves a side open."""

    severity: int
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class LimitSet:
    """The ranges of a parameter in engineering units; none: no limits."""

    bands: tuple[LimitBand, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationSet:
    """A calibration: `coefficients[i]` multiplies raw**i, or `points` (raw, engineering) are joined by lines; one of them."""

    coefficients: tuple[float, ...] = ()
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Overridden:
    """Limits or the calibration of a parameter differ from the database until a time (TAI ns). `old` says what held before."""

    spacecraft: str
    parameter: str
    old: str
    new: LimitSet | CalibrationSet
    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class OverrideEnded:
    """An override of `kind` (limits, calibration) ended: withdrawn by a person, or expired."""

    spacecraft: str
    parameter: str
    kind: str
    expired: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A message or a command was refused: kept for the audit."""

    subject: str
    reason: str
    digest: str  # SHA-256 of its octets, hex


Body = Change | Stance | Notified | Overridden | OverrideEnded | Refused
_KINDS: dict[str, type] = {
    kind.__name__: kind for kind in (Change, Stance, Notified, Overridden, OverrideEnded, Refused, LimitSet, CalibrationSet)
}


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a journal. `id` names what caused it, `number` rises along the journal, `at` is TAI nanoseconds."""

    id: str
    number: int
    agency: str
    at: int
    who: str
    body: Body


def encode(record: Record) -> bytes:
    """Return the octets of a record: JSON in ASCII, keys sorted, defaults left out, the same for equal records."""
    return json.dumps(plain(record), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def plain(value: Any) -> Any:
    """Return what JSON can hold of records and commands; defaults are left out."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if not is_dataclass(value):
        return value
    found = {one.name: plain(item) for one in fields(value) if (item := getattr(value, one.name)) != one.default}
    return found | ({"record": type(value).__name__} if type(value).__name__ in _KINDS else {})


def decode(octets: bytes, where: str = "alarm record") -> Record:
    """Return the record that octets hold. Raises DataError when they are no such record, whatever they are."""
    if len(octets) > MOST_OCTETS:
        raise DataError(f"{len(octets)} octets are too many for a record", where=where)
    try:
        return built(Record, json.loads(octets, parse_constant=no_number))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"not a record of alarms: {type(error).__name__} {error}", where=where) from error


def no_number(word: str) -> float:
    """Refuse NaN and infinities, which JSON has not. Raises ValueError."""
    raise ValueError(f"{word} is no number")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def built(kind: Any, value: Any) -> Any:
    """Return `value`, as JSON gave it, as the type that the annotation `kind` names. Raises ValueError, TypeError, KeyError."""
    if is_dataclass(kind) and isinstance(kind, type):
        return _built_record(kind, value)
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _of_union(args, value)
    if origin is tuple:
        if not isinstance(value, list) or (args[-1] is not Ellipsis and len(value) != len(args)):
            raise ValueError(f"{value!r} is no list of the wanted length")
        inner = [args[0]] * len(value) if args[-1] is Ellipsis else args
        return tuple(built(one, item) for one, item in zip(inner, value, strict=True))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind or (kind is int and not -(2**63) <= value < 2**63):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value


def _built_record(kind: Any, value: Any) -> Any:
    hints = _hints(kind)
    if not isinstance(value, dict) or not set(value) <= set(hints):
        raise ValueError(f"a {kind.__name__} has {', '.join(hints)}")
    return kind(**{name: built(hints[name], item) for name, item in value.items()})


def _of_union(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and NoneType in kinds:
        return None
    others = [one for one in kinds if one is not NoneType]
    if len(others) == 1:
        return built(others[0], value)
    chosen = _KINDS[value["record"]]
    if chosen not in others:
        raise ValueError(f"{value['kind']} has no place here")
    return built(chosen, {key: item for key, item in value.items() if key != "record"})
