"""Answers about alarms, the log and displays as they come in JSON; the schema of the centre tells more of each."""

from typing import Any, Literal, TypedDict

from .answers_operations import Link


class AlarmCounts(TypedDict):
    """How often a condition was violated, for how long in all, when first and last, and the worst value."""

    times: int
    total_s: float
    first: str | None
    last: str | None
    worst: str
    worst_severity: int


class AlarmItem(TypedDict):
    """An alarm as the agency sees it. `owner` raised it; `calls` says whether it waits for the agency's acknowledgement."""

    owner: str
    alarm: str
    title: str
    phase: str
    severity: int
    word: str
    value: str
    since: str | None
    occurrence: int
    calls: bool
    stale: bool
    role: str
    person: str
    shelved_until: str | None
    acknowledged_by: list[str]
    counts: AlarmCounts


class Band(TypedDict):
    """Values below `minimum` or above `maximum` have this severity."""

    severity: int
    minimum: float | None
    maximum: float | None


class BookingAhead(TypedDict):
    """A booking that holds or begins soon; without an end it holds until further notice."""

    station: str
    reference: str
    spacecraft: str
    start: str | None
    stop: str | None
    agencies: list[str]


class DisplayItem(TypedDict):
    """A display without its document."""

    id: str
    title: str
    owner: str
    shared: bool
    version: int
    changed: str | None
    parts: int


class Part(TypedDict):
    """A part of a display: `width` in twelfths of the page, `height` in rows."""

    kind: Literal["table", "plot", "mimic", "text"]
    title: str
    says: str
    width: int
    height: int
    spacecraft: str
    span_s: int


class Document(TypedDict):
    """What a display shows."""

    parts: list[Part]


class DisplayShown(TypedDict):
    """A display."""

    id: str
    title: str
    owner: str
    shared: bool
    version: int
    changed: str | None
    parts: int
    document: Document


class Done(TypedDict):
    """What came of a command: `done` is false when the same one was done before; `note` is for people."""

    done: bool
    note: str


class EntryItem(TypedDict):
    """An entry of the log."""

    number: int
    at: str | None
    mission_at: str | None
    user: str
    category: str
    spacecraft: str
    text: str
    refers: int | None
    corrects: bool
    corrected_by: list[int]
    data: dict[str, Any]


class OverrideItem(TypedDict):
    """An override in force: what held `before`, what holds `now` (in words and as it was given), until when, by whom, and why."""

    spacecraft: str
    parameter: str
    kind: str
    before: str
    now: str
    until: str | None
    by: str
    reason: str
    limits: list[Band] | None
    coefficients: list[float] | None
    points: list[list[Any]] | None


class Handover(TypedDict):
    """What a shift hands over: what stands now, and what was written `since` the last one (or for twelve hours)."""

    since: str | None
    now: str | None
    alive: bool
    last: int | None
    alarms: list[AlarmItem]
    overrides: list[OverrideItem]
    links: list[Link]
    services: list[str]
    bookings: list[BookingAhead]
    anomalies: list[EntryItem]
    passes: list[EntryItem]
    entries: list[EntryItem]


class RecordItem(TypedDict):
    """What happened to an alarm: `event` in a word, `what` and `words` for people; `user` is empty where no person did it."""

    at: str | None
    agency: str
    user: str
    event: str
    what: str
    words: str
    comment: str
    phase: str | None
    severity: int | None
    value: str | None
    number: int


class JournalItem(TypedDict):
    """What happened to an alarm, and which one: `owner` raised it."""

    at: str | None
    agency: str
    user: str
    event: str
    what: str
    words: str
    comment: str
    phase: str | None
    severity: int | None
    value: str | None
    number: int
    owner: str
    alarm: str
    title: str


class QueryItem(TypedDict):
    """A query that one has saved: a page of the console, and what stands behind the question mark of its address."""

    page: str
    title: str
    query: str
    id: str
    changed: str | None
