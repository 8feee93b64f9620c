"""Service 5: events on board, and which of them are reported."""

from dataclasses import dataclass

from .parts import Number, Numbers, Rest
from .rows import report, request

SEVERITIES = {1: "information", 2: "low", 3: "medium", 4: "high"}


@dataclass(frozen=True, slots=True)
class EventReport:
    """Service 5, subtypes 1 to 4: an event on board, with its severity (SEVERITIES names it) and auxiliary data."""

    severity: int
    event: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ControlEvents:
    """Enable or disable the reports of these events."""

    enabled: bool
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskDisabledEvents:
    """Ask which events are not reported."""


@dataclass(frozen=True, slots=True)
class DisabledEvents:
    """The events that are not reported."""

    events: tuple[int, ...]


_EVENTS = (Numbers("events", "event_octets"),)
_REPORT = (Number("event", "event_octets", "the event id"), Rest("data"))

ROWS = (
    *(
        report(5, severity, EventReport, _REPORT, f"event {{m.event}}, severity {word}, data {{m.data:hex}}", grade="V",
               severity=severity)
        for severity, word in SEVERITIES.items()
    ),
    request(5, 5, ControlEvents, _EVENTS, "enable the reports of events {m.events:list}", enabled=True),
    request(5, 6, ControlEvents, _EVENTS, "disable the reports of events {m.events:list}", enabled=False),
    request(5, 7, AskDisabledEvents, (), "report which events are disabled", variants="C"),
    report(5, 8, DisabledEvents, _EVENTS, "events {m.events:list} are disabled", variants="C"),
)  # fmt: skip
