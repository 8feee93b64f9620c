"""Definitions of a mission database as answers: types, calibrators, limits, places in packets, containers."""

from typing import Any

from pydantic import BaseModel

from ..mdb import (
    Alarm,
    AlarmRules,
    BooleanType,
    Calibration,
    CompiledDatabase,
    EnumeratedType,
    FloatEncoding,
    NormalRange,
    ParameterType,
    alarm_lines,
    condition_text,
)
from .answers import number


class Limit(BaseModel):
    """One rule of a parameter's alarms. `text` tells all of it; `when` the condition under which it holds, null for always.

    `kind` is range, label, text, condition or change. A range is alarming `outside` of its bounds, or inside.
    """

    text: str
    kind: str
    severity: int
    level: str
    when: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    outside: bool = True
    label: str | None = None


class Place(BaseModel):
    """Where a scalar lies in a container; bits count from the first one of the packet."""

    column: str
    parameter: str
    first_bit: int
    octet: int
    bit_of_octet: int
    bits: int
    type: str = ""


class Label(BaseModel):
    """Raw values `value` to `maximum` that read as `label`; no maximum: all other values."""

    label: str
    value: int
    maximum: int | None = None


class TypeMember(BaseModel):
    """A member of an aggregate."""

    name: str
    type: "TypeDefinition"


class TypeDefinition(BaseModel):
    """A parameter type. `encoding` and `calibration` are told in words; what a kind of type has not is null or empty."""

    name: str
    kind: str
    description: str = ""
    units: str = ""
    initial_value: str | None = None
    alarms: list[str] = []
    encoding: str | None = None
    calibration: list[str] = []
    valid_range: str | None = None
    labels: list[Label] = []
    element: "TypeDefinition | None" = None
    dimensions: list[str] = []
    members: list[TypeMember] = []
    scale: float | None = None
    offset: float | None = None
    time_units: str | None = None
    epoch: str | None = None
    relative_to: str | None = None


class Holding(BaseModel):
    """A container that holds a parameter, at which places; `where` says why there are none that hold for every packet."""

    container: str
    fields: list[Place]
    inherited_by: int
    where: str | None = None


class Alias(BaseModel):
    """Another name of a parameter, in a name space."""

    name_space: str
    alias: str


class DerivedBy(BaseModel):
    """An expression that gives a derived parameter."""

    name: str
    expression: str


class Ancestor(BaseModel):
    """A container from which one inherits, and the condition for it."""

    container: str
    when: str
    abstract: bool


class ContainerDefinition(BaseModel):
    """A container: what it inherits and when, its entries as written, and its fields with their places.

    `dynamic` says why a packet is needed to know the rest of its places, `stop` why the rest cannot be read at all.
    """

    name: str
    spacecraft: str
    database: int
    description: str = ""
    long_description: str = ""
    abstract: bool
    lineage: list[Ancestor]
    children: list[str]
    size: str | None = None
    rate_per_second: float | None = None
    entries: list[str]
    fields: list[Place]
    bits: int
    fixed: bool
    dynamic: str = ""
    stop: str = ""


def limits_of(rules: AlarmRules) -> list[Limit]:
    """Return the rules of a type's alarms, those that a condition chooses first, as they are tried."""
    found = [limit for when, alarm in rules.contexts for limit in _limits(alarm, condition_text(when))]
    if rules.default is not None:
        found += _limits(rules.default, "otherwise" if rules.contexts else None)
    return found


def _limits(alarm: Alarm, when: str | None) -> list[Limit]:
    """Return one limit a rule, in the order in which `alarm_lines` words them."""
    lines = iter(alarm_lines(AlarmRules(alarm)))
    found = [_range(span, next(lines), "range", when) for span in alarm.ranges]
    for label, severity in alarm.labels:
        found.append(_worded(next(lines), "label", severity, when, label))
    if alarm.labels and alarm.default_label_severity:
        found.append(_worded(next(lines), "label", alarm.default_label_severity, when))
    for pattern, severity in alarm.patterns:
        found.append(_worded(next(lines), "text", severity, when, pattern))
    for _, severity in alarm.conditions:
        found.append(_worded(next(lines), "condition", severity, when))
    return found + [_range(span, next(lines), "change", when) for span in alarm.change_ranges]


def _range(span: NormalRange, text: str, kind: str, when: str | None) -> Limit:
    return Limit(
        text=text, kind=kind, severity=span.severity, level=span.severity.name.lower(), when=when,
        minimum=number(span.minimum), maximum=number(span.maximum), outside=span.outside,
    )  # fmt: skip


def _worded(text: str, kind: str, severity: Any, when: str | None, label: str | None = None) -> Limit:
    return Limit(text=text, kind=kind, severity=severity, level=severity.name.lower(), when=when, label=label)


def kind_of(kind: ParameterType | None) -> str:
    """Return a type in one word: Integer, Float, Boolean, Enumerated, String, Binary, AbsoluteTime, RelativeTime, ..."""
    return "" if kind is None else type(kind).__name__.removesuffix("Type")


def units_of(compiled: CompiledDatabase, column: str) -> str:
    """Return the units of the values in a column, nothing when they have none or it is unknown."""
    kind = compiled.type_of_column(column)
    return "" if kind is None else kind.facts.units


def labels_of(kind: ParameterType | None) -> list[Label]:
    """Return the words that raw numbers read as, none for other types."""
    if isinstance(kind, BooleanType):
        return [Label(label=kind.zero, value=0, maximum=0), Label(label=kind.one, value=1)]
    entries = kind.entries if isinstance(kind, EnumeratedType) else ()
    return [Label(label=each.label, value=each.value, maximum=each.maximum) for each in entries]


def is_single(kind: ParameterType | None) -> bool:
    """Tell whether values are floats of 32 bits as received, of which only so many digits mean anything."""
    encoding = getattr(kind, "encoding", None)
    return isinstance(encoding, FloatEncoding) and encoding.bits == 32 and encoding.calibration == Calibration()
