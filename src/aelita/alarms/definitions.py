"""Alarm definitions: what makes an alarm, how grave it is, whom it concerns and what to do, from a mission's `alarms.toml`."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from ..errors import DefinitionError, TimeError
from ..tables import Table
from ..time import SECOND, tai_ns_from_utc
from .states import SEVERITIES, WARNING


class Source(StrEnum):
    """What an alarm watches."""

    LIMIT = "limit"
    LINK = "link"
    SILENCE = "silence"
    STORAGE = "storage"
    CLOCK = "clock"
    SERVICE = "service"
    CORRELATION = "correlation"
    FAILED = "command-failed"
    OVERDUE = "command-overdue"
    UNKNOWN = "command-unknown"
    COP1 = "cop1"
    UPLINK = "uplink"
    APPROVALS = "approvals"
    LOAN = "loan"
    JOURNAL = "journal"
    GATE_CLOCK = "gate-clock"


OF_REQUESTS = (Source.FAILED, Source.OVERDUE, Source.UNKNOWN)
OF_COMMANDING = (
    *OF_REQUESTS, Source.COP1, Source.UPLINK, Source.APPROVALS, Source.LOAN, Source.JOURNAL, Source.GATE_CLOCK,
)  # fmt: skip
OF_SPACE = (
    Source.LIMIT, Source.LINK, Source.SILENCE, Source.CORRELATION, *OF_REQUESTS, Source.COP1, Source.UPLINK, Source.APPROVALS,
)  # fmt: skip
OF_STATIONS = (Source.LINK, Source.UPLINK)
NAMED = {  # what the name of a subject is, in the words of `alarms.toml`
    Source.LIMIT: "parameter", Source.STORAGE: "storage", Source.CLOCK: "clock", Source.SERVICE: "service",
    Source.LOAN: "asset", Source.JOURNAL: "journal",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """What an observation is about. Empty: does not apply.

    `name` is of a parameter, stream, disk, clock, service, request, asset, or of the agency whose journal it is.
    """

    spacecraft: str = ""
    station: str = ""
    name: str = ""

    def __str__(self) -> str:
        return ":".join(part for part in (self.spacecraft, self.station, self.name) if part)


@dataclass(frozen=True, slots=True)
class Planned:
    """A time (TAI ns) in which an alarm is suppressed by design, and why."""

    start: int
    stop: int
    reason: str


@dataclass(frozen=True, slots=True)
class AlarmDefinition:
    """One definition. `spacecraft`, `station` and `name` are patterns in which `*` stands for anything.

    `severity` 0: that of the limit. `threshold` and `clear_below` are seconds of silence, of clock offset or of correlation
    residual, or the used part (0 to 1) of a storage; with commanding: how many seconds what happened stands, how long people
    may be waited for, or how long before its end a loan is told of. `always`: a link is watched also outside of booked contacts.
    `suppressed_while` are keys of alarms that explain this one, of the same spacecraft where both are about one.
    `consequence` and `advice` are what ISA-18.2 asks of a rationalised alarm. `shared`: other agencies see it.
    """

    key: str
    source: Source
    spacecraft: str = "*"
    station: str = "*"
    name: str = "*"
    severity: int = 0
    least: int = WARNING
    latching: bool = False
    delay_on_ns: int = 0
    delay_off_ns: int = 0
    threshold: float = 0.0
    clear_below: float = 0.0
    always: bool = False
    role: str = ""
    chain: str = ""
    text: str = ""
    consequence: str = ""
    advice: str = ""
    suppressed_by_link: bool = False
    suppressed_while: tuple[str, ...] = ()
    planned: tuple[Planned, ...] = ()
    shared: bool = False
    out_of_service: str = ""

    def matches(self, subject: Subject) -> bool:
        """Whether it is about this subject."""
        pairs = ((self.spacecraft, subject.spacecraft), (self.station, subject.station), (self.name, subject.name))
        return all(fits(pattern, text) for pattern, text in pairs)

    def alarm(self, subject: Subject) -> str:
        """Return the name of its alarm on a subject."""
        return f"{self.key}:{subject}"

    def spacecraft_of(self, alarm: str) -> str:
        """Return the spacecraft that one of its alarms is about, empty when it is about the ground."""
        return alarm.partition(":")[2].partition(":")[0] if self.source in OF_SPACE else ""

    def subject_of(self, alarm: str) -> Subject:
        """Return what one of its alarms is about, for sources of commanding, whose names have no colon in their parts."""
        parts = alarm.partition(":")[2].split(":")
        spacecraft = parts.pop(0) if self.source in OF_SPACE else ""
        station = parts.pop(0) if self.source in OF_STATIONS and parts else ""
        return Subject(spacecraft, station, ":".join(parts))


def fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern, in which `*` stands for any text, describes."""
    return pattern == "*" or re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


_THRESHOLDS = {
    Source.SILENCE: 60.0, Source.STORAGE: 0.85, Source.CLOCK: 0.1, Source.CORRELATION: 0.01, Source.FAILED: 600.0,
    Source.OVERDUE: 86_400.0, Source.UNKNOWN: 86_400.0, Source.COP1: 86_400.0, Source.APPROVALS: 1800.0, Source.LOAN: 900.0,
}  # fmt: skip
_CALLED = {  # how a threshold is called in `alarms.toml`, where that is not `above_s`
    Source.STORAGE: "above_used", Source.LOAN: "before_s", Source.COP1: "stands_s", **dict.fromkeys(OF_REQUESTS, "stands_s"),
}  # fmt: skip
_CLEARED_BELOW = {Source.STORAGE: "clear_below_used", Source.CLOCK: "clear_below_s", Source.CORRELATION: "clear_below_s"}
DEFAULTS = (
    AlarmDefinition(
        "limit", Source.LIMIT, text="Out of limits", advice="See the parameter's history and its limits.", suppressed_by_link=True
    ),
    AlarmDefinition(
        "link", Source.LINK, severity=WARNING, delay_on_ns=30 * SECOND, text="No lock in a booked contact",
        consequence="Telemetry of the contact is lost.", advice="Ask the station.",
    ),
    AlarmDefinition(
        "silence", Source.SILENCE, severity=WARNING + 1, threshold=_THRESHOLDS[Source.SILENCE],
        text="An expected spacecraft is silent", consequence="The state of the spacecraft is unknown.",
        advice="Check the station, then the spacecraft's attitude and transmitter.", shared=True,
    ),
    AlarmDefinition(
        "storage", Source.STORAGE, severity=WARNING, threshold=_THRESHOLDS[Source.STORAGE], clear_below=0.8,
        text="A storage is nearly full", consequence="Reception stops when it is full.", advice="Free space or raise the limit.",
    ),
    AlarmDefinition(
        "clock", Source.CLOCK, severity=WARNING, threshold=_THRESHOLDS[Source.CLOCK], clear_below=0.05, delay_on_ns=10 * SECOND,
        text="A clock of the ground is wrong", consequence="Reception times are wrong.", advice="Check time synchronisation.",
    ),
    AlarmDefinition(
        "service", Source.SERVICE, severity=WARNING + 1, delay_on_ns=10 * SECOND, text="A service is down or faulty",
        consequence="Its part of the work stands still.", advice="See `aelita status` and its log.",
    ),
    AlarmDefinition(
        "correlation", Source.CORRELATION, severity=WARNING, threshold=_THRESHOLDS[Source.CORRELATION], clear_below=0.005,
        text="The clock correlation does not hold", consequence="Generation times are wrong.", advice="Correlate anew.",
    ),
    AlarmDefinition(
        "command-failed", Source.FAILED, severity=WARNING + 1, threshold=_THRESHOLDS[Source.FAILED],
        text="A command failed", consequence="The spacecraft did not do what was wanted, or not all of it.",
        advice="See `aelita command show` for the stage and the code; hold what depends on it.",
    ),
    AlarmDefinition(
        "command-overdue", Source.OVERDUE, severity=WARNING, threshold=_THRESHOLDS[Source.OVERDUE],
        text="The verification of a command is overdue", consequence="Nobody knows whether the spacecraft did it.",
        advice="See whether telemetry came since the evidence was possible; look for its effect before it is sent again.",
        suppressed_while=("silence",),
    ),
    AlarmDefinition(
        "command-unknown", Source.UNKNOWN, severity=WARNING + 1, threshold=_THRESHOLDS[Source.UNKNOWN],
        text="It is not known whether a command was radiated", consequence="It is never sent again by itself.",
        advice="Ask the station for its record; look for its effect in telemetry; then request it anew or not.",
    ),
    AlarmDefinition(
        "cop1", Source.COP1, severity=WARNING, threshold=_THRESHOLDS[Source.COP1],
        text="COP-1 has ended the sequence-controlled service", consequence="Commands of type AD do not go.",
        advice="Look at the CLCW (lockout, wait, next frame); initiate the service again by a directive.",
    ),
    AlarmDefinition(
        "uplink", Source.UPLINK, severity=WARNING, delay_on_ns=30 * SECOND, text="An uplink line is down while a command waits",
        consequence="Commands that are agreed to do not go, and their windows may pass.",
        advice="Ask the station; see `aelita status`; another station may be booked for uplink.",
    ),
    AlarmDefinition(
        "approvals", Source.APPROVALS, severity=WARNING, threshold=_THRESHOLDS[Source.APPROVALS],
        text="Commands wait for people of this agency", consequence="They do not go, and their windows may pass.",
        advice="See `aelita command list --state waiting`; sign or reject them.",
    ),
    AlarmDefinition(
        "loan", Source.LOAN, severity=WARNING, threshold=_THRESHOLDS[Source.LOAN], text="A loan is about to end",
        consequence="At its end the borrower's gate releases nothing more, and the owner's not before the guard time is over.",
        advice="Return it, or agree on the next loan.",
    ),
    AlarmDefinition(
        "journal", Source.JOURNAL, severity=WARNING + 2, text="A journal of commanding is forked or damaged",
        consequence="What stands in it proves nothing, and no more of it is believed.",
        advice="Keep all files and evidence; run `aelita audit verify` on both copies; call the keepers of the other agency.",
    ),
    AlarmDefinition(
        "gate-clock", Source.GATE_CLOCK, severity=WARNING + 1, text="The clock of commanding was set back",
        consequence="Nothing is released until it has passed the last entry of the journal.",
        advice="Set it right; see why it was set.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class AlarmBook:
    """The definitions of a mission, first match first."""

    definitions: tuple[AlarmDefinition, ...] = DEFAULTS

    @cached_property
    def by_key(self) -> dict[str, AlarmDefinition]:
        """The definitions by their keys."""
        return {one.key: one for one in self.definitions}

    def find(self, source: Source, subject: Subject) -> AlarmDefinition | None:
        """Return the first definition that fits, None when there is none."""
        return next((one for one in self.definitions if one.source is source and one.matches(subject)), None)

    def of(self, alarm: str) -> AlarmDefinition | None:
        """Return the definition behind the name of an alarm, None when the book has it no longer."""
        return self.by_key.get(alarm.partition(":")[0])


def read_alarms(text: str, where: str = "alarms.toml") -> AlarmBook:
    """Return the definitions of a mission's `alarms.toml`, then the defaults unless it says `defaults = false`.

    Raises DefinitionError naming file and key.
    """
    table = Table.parse(text, where)
    found = tuple(_definition(one) for one in table.tables("alarms"))
    defaults = DEFAULTS if table.flag("defaults", True) else ()
    table.finish()
    keys = [one.key for one in found]
    for key in keys:
        if keys.count(key) > 1:
            raise DefinitionError(f"the key {key!r} is given twice", where=table.path("alarms"))
    book = AlarmBook((*found, *(one for one in defaults if one.key not in keys)))
    for one in found:
        _check_causes(book, one, (one.key,), table.path("alarms"))
    return book


def _check_causes(book: AlarmBook, one: AlarmDefinition, path: tuple[str, ...], where: str) -> None:
    """Refuse causes that there are not, and alarms that would hide each other."""
    for key in one.suppressed_while:
        if key not in book.by_key:
            raise DefinitionError(f"alarm {one.key!r} is suppressed while {key!r} stands, which there is not", where=where)
        if key in path:
            raise DefinitionError(f"alarms suppress each other: {' while '.join((*path, key))}", where=where)
        _check_causes(book, book.by_key[key], (*path, key), where)


def _definition(table: Table) -> AlarmDefinition:
    key = table.text("key")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", key):
        raise DefinitionError(f"{key!r} may have letters, digits, `.`, `-` and `_` only", where=table.path("key"))
    source = Source(table.choice("source", [one.value for one in Source]))
    named = NAMED.get(source)
    words = ("limit", *SEVERITIES[1:]) if source is Source.LIMIT else SEVERITIES[1:]
    severity = table.choice("severity", words, "limit" if source is Source.LIMIT else "warning")
    one = AlarmDefinition(
        key=key,
        source=source,
        spacecraft=table.text("spacecraft", "*") if source in OF_SPACE else "*",
        station=table.text("station", "*") if source in OF_STATIONS else "*",
        name=table.text(named, "*") if named else "*",
        severity=0 if severity == "limit" else SEVERITIES.index(severity),
        least=SEVERITIES.index(table.choice("least", SEVERITIES[1:], "warning")) if source is Source.LIMIT else WARNING,
        latching=table.flag("latching", False),
        delay_on_ns=_seconds(table, "delay_on_s"),
        delay_off_ns=_seconds(table, "delay_off_s"),
        always=table.choice("watch", ("contacts", "always"), "contacts") == "always" if source is Source.LINK else False,
        role=table.text("role", ""),
        chain=table.text("chain", ""),
        text=table.text("text"),
        consequence=table.text("consequence"),
        advice=table.text("advice"),
        suppressed_by_link=table.flag("suppressed_by_link", source is Source.LIMIT),
        suppressed_while=tuple(table.texts("suppressed_while")),
        planned=tuple(_planned(part) for part in table.tables("planned")),
        shared=table.flag("shared", False),
        out_of_service=table.text("out_of_service", ""),
    )
    one = _thresholds(one, table)
    table.finish()
    return one


def _thresholds(one: AlarmDefinition, table: Table) -> AlarmDefinition:
    if one.source not in _THRESHOLDS:
        return one
    above, clear = _CALLED.get(one.source, "above_s"), _CLEARED_BELOW.get(one.source, "")
    threshold = table.real(above, _THRESHOLDS[one.source])
    below = table.real(clear, threshold) if clear else threshold
    most = 1.0 if one.source is Source.STORAGE else 1e9
    if not 0 < below <= threshold <= most:
        told, order = (f"{threshold:g} and {below:g} do", f"{clear} <= {above}") if clear else (f"{threshold:g} does", above)
        raise DefinitionError(f"{told} not satisfy 0 < {order} <= {most:g}", where=table.where)
    return replace(one, threshold=threshold, clear_below=below)


def _seconds(table: Table, key: str) -> int:
    value = table.real(key, 0.0)
    if not 0 <= value <= 86_400 * 366:
        raise DefinitionError(f"{value:g} is not from 0 to 31622400 seconds", where=table.path(key))
    return round(value * SECOND)


def _planned(table: Table) -> Planned:
    start, stop = (_utc(table, key) for key in ("start", "stop"))
    if start >= stop:
        raise DefinitionError("it stops before it starts", where=table.where)
    one = Planned(start, stop, table.text("reason"))
    table.finish()
    return one


def _utc(table: Table, key: str) -> int:
    try:
        return tai_ns_from_utc(table.text(key))
    except TimeError as error:
        raise DefinitionError(error.what, where=table.path(key), remedy="Write UTC as 2023-05-24T18:54:49") from error
