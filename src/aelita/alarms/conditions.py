"""Conditions behind alarms: observations in, and what should stand out, after delays. Nothing here is kept over a restart.

A condition that nobody has spoken of since the start is unknown, and an alarm on it stays as its records left it.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

from ..time import SECOND
from .definitions import OF_COMMANDING, AlarmBook, AlarmDefinition, Source, Subject
from .links import Links
from .observations import (
    ClockOffset,
    CommandingStands,
    ContactsBooked,
    CorrelationResidual,
    FramesHeard,
    LimitChanged,
    LimitsStanding,
    LinkReported,
    Observation,
    ServiceReported,
    StorageLevel,
    Trouble,
)
from .records import Counts

CHATTER_TIMES, CHATTER_NS = 3, 60 * SECOND  # ISA-18.2 calls an alarm chattering that comes three or more times in a minute

NEVER, MOST_VALUE = 2**63 - 1, 200
Recorded = tuple[bool, int, Counts]


@dataclass(slots=True)
class Condition:
    """What is known of one condition. `wanted` is it after the delays; None while unknown."""

    alarm: str
    definition: AlarmDefinition
    subject: Subject
    times: int = 0
    total_ns: int = 0
    first: int = 0
    last: int = 0
    worst: str = ""
    worst_severity: int = 0
    violated: bool | None = None
    severity: int = 0
    value: str = ""
    at: int = 0  # of the observation
    since: int = 0  # when `violated` became what it is
    wanted: bool | None = None
    begins: deque[int] = field(default_factory=lambda: deque(maxlen=CHATTER_TIMES))

    @property
    def chattering(self) -> bool:
        """Whether it came three times within a minute; it is then held until it has been away for a minute."""
        return len(self.begins) == CHATTER_TIMES and self.begins[-1] - self.begins[0] < CHATTER_NS

    def counts(self, now: int) -> Counts:
        """Return how often and how long it was violated up to now (TAI ns), an open violation included."""
        open_ns = max(now - self.since, 0) if self.violated else 0
        return Counts(self.times, self.total_ns + open_ns, self.first, self.last, self.worst, self.worst_severity)

    def deadline(self) -> int | None:
        """Return when its delay ends, None when none runs."""
        if self.violated is None or self.violated is self.wanted:
            return None
        if self.violated:
            return self.since + self.definition.delay_on_ns
        return self.since + max(self.definition.delay_off_ns, CHATTER_NS if self.chattering else 0)


class Conditions:
    """All conditions. `recorded` tells what the records of an alarm left: whether it was active, its severity and its counts.

    `active` gives the names of the alarms that records left active.
    """

    def __init__(
        self, book: AlarmBook, recorded: Callable[[str], Recorded], unknown_after_ns: int,
        active: Callable[[], Iterable[str]] = tuple,
    ) -> None:  # fmt: skip
        self._book, self._recorded, self._active = book, recorded, active
        self.links = Links(unknown_after_ns)
        self._conditions: dict[str, Condition] = {}
        self._found: dict[tuple[Source, Subject], Condition | None] = {}
        self._waiting: set[str] = set()
        self._changed: set[str] = set()
        self._soonest = NEVER  # no delay ends before

    def __getitem__(self, alarm: str) -> Condition | None:
        return self._conditions.get(alarm)

    def observe(self, observation: Observation, now: int) -> None:
        """Take one observation; `now` is the time of the mission's clock, TAI nanoseconds."""
        match observation:
            case LimitChanged(spacecraft, parameter, at, severity, value):
                self._limit(Subject(spacecraft, name=parameter), severity, value, at, now)
            case LimitsStanding(spacecraft, at, severities):
                for parameter, severity in severities:
                    self._limit(Subject(spacecraft, name=parameter), severity, "", at, now)
            case LinkReported() | FramesHeard() | ContactsBooked():
                self.links.observe(observation)
                self.poll(now)
            case StorageLevel(name, used):
                self._level(Source.STORAGE, Subject(name=name), used, f"{used:.1%} used", now)
            case ClockOffset(name, offset_s):
                told = "not synchronised" if offset_s is None else f"{offset_s:+.6f} s"
                self._level(Source.CLOCK, Subject(name=name), math.inf if offset_s is None else abs(offset_s), told, now)
            case ServiceReported(name, up, words):
                self._set(Source.SERVICE, Subject(name=name), not up, words or ("up" if up else "down"), now)
            case CorrelationResidual(spacecraft, residual_s):
                self._level(Source.CORRELATION, Subject(spacecraft), abs(residual_s), f"{residual_s:+.6f} s", now)
            case CommandingStands(sources, troubles):
                self._commanding(sources, troubles, now)

    def poll(self, now: int) -> None:
        """Judge what time alone changes: links and silence in booked contacts."""
        for link in self.links.links(now):
            condition = self._of(Source.LINK, Subject(link.spacecraft, link.station))
            if condition is not None:
                watched = link.expected or condition.definition.always
                words = "unknown" if link.locked is None else "locked" if link.locked else "no lock"
                self._judge(condition, watched and link.locked is not True, condition.definition.severity, words, now, now)
        for spacecraft, quiet_since in self.links.expected(now).items():
            condition = self._of(Source.SILENCE, Subject(spacecraft))
            if condition is not None:
                silent = quiet_since is not None and now - quiet_since >= condition.definition.threshold * SECOND
                words = (
                    f"no frames for {(now - quiet_since) / SECOND:.0f} s" if silent and quiet_since is not None else "frames come"
                )
                self._judge(condition, silent, condition.definition.severity, words, now, now)

    def settle(self, now: int) -> list[Condition]:
        """Return the conditions that changed since the last call, delays that have ended counted in."""
        if now >= self._soonest:
            for alarm in list(self._waiting):
                self._delayed(self._conditions[alarm], now)
            self._soonest = min((self._conditions[alarm].deadline() or NEVER for alarm in self._waiting), default=NEVER)
        changed, self._changed = self._changed, set()
        return [self._conditions[alarm] for alarm in sorted(changed)]

    def again(self, alarms: Iterable[str]) -> None:
        """Have these conditions returned once more by the next `settle`, where they are known."""
        self._changed.update(alarm for alarm in alarms if alarm in self._conditions)

    def next_deadline(self, now: int) -> int | None:
        """Return the next time at which something changes by itself, None when nothing does."""
        due = [at for alarm in self._waiting if (at := self._conditions[alarm].deadline()) is not None]
        silence = self._silences(now)
        return min((*due, *silence, *self.links.boundaries(now)), default=None)

    def all(self) -> Iterable[Condition]:
        """Return all that were ever spoken of."""
        return self._conditions.values()

    def _silences(self, now: int) -> list[int]:
        found = []
        for spacecraft, quiet_since in self.links.expected(now).items():
            condition = self._of(Source.SILENCE, Subject(spacecraft))
            if condition is not None and quiet_since is not None:
                at = quiet_since + round(condition.definition.threshold * SECOND)
                found += [at] if at > now else []
        return found

    def _of(self, source: Source, subject: Subject) -> Condition | None:
        key = (source, subject)
        if key not in self._found:
            definition = self._book.find(source, subject)
            if definition is None:
                self._found[key] = None
            else:
                alarm = definition.alarm(subject)
                active, severity, counts = self._recorded(alarm)
                made = Condition(alarm, definition, subject, **asdict(counts))
                if active:  # it goes on until an observation says otherwise
                    made.violated, made.wanted, made.severity = True, True, severity
                self._found[key] = self._conditions[alarm] = made
        return self._found[key]

    def _limit(self, subject: Subject, severity: int, value: str, at: int, now: int) -> None:
        condition = self._of(Source.LIMIT, subject)
        if condition is not None:
            violated = severity >= condition.definition.least
            self._judge(condition, violated, condition.definition.severity or severity, value, at, now)

    def _level(self, source: Source, subject: Subject, value: float, words: str, now: int) -> None:
        """Judge a number that is bad above a threshold and good again below a lower one. What is no number is bad."""
        condition = self._of(source, subject)
        if condition is not None:
            one = condition.definition
            violated = not value < (one.clear_below if condition.violated else one.threshold)
            self._judge(condition, violated, one.severity, words, now, now)

    def _commanding(self, sources: frozenset[Source], troubles: Iterable[Trouble], now: int) -> None:
        """Judge all that is told of commanding; what is told of no more is over, also what stood before a restart."""
        told = set()
        for one in troubles:
            condition = self._of(one.source, one.subject)
            if condition is not None and _stands(one, condition.definition, now):
                told.add(condition.alarm)
                self._judge(condition, True, condition.definition.severity, one.words, one.since, now)
        for alarm in self._active():
            definition = self._book.of(alarm) if alarm not in self._conditions else None
            if definition is not None and definition.source in OF_COMMANDING:
                self._of(definition.source, definition.subject_of(alarm))
        over = [one for one in self._conditions.values() if one.definition.source in sources and one.alarm not in told]
        for condition in over:
            if condition.violated:
                self._judge(condition, False, condition.definition.severity, "over", now, now)

    def _set(self, source: Source, subject: Subject, violated: bool, words: str, now: int) -> None:
        condition = self._of(source, subject)
        if condition is not None:
            self._judge(condition, violated, condition.definition.severity, words, now, now)

    def _judge(self, one: Condition, violated: bool, severity: int, value: str, at: int, now: int) -> None:
        one.since, value = one.since or now, value[:MOST_VALUE]
        if violated is not one.violated:
            if violated:
                one.begins.append(now)
                one.times, one.first, one.last = one.times + 1, one.first or at, at
            elif one.violated:
                one.total_ns += max(now - one.since, 0)
            one.violated, one.since = violated, now
        elif severity == one.severity:
            one.at = at
            return
        if violated and severity > one.worst_severity:
            one.worst, one.worst_severity = value, severity
        one.severity, one.value, one.at = severity, value, at
        self._waiting.add(one.alarm)
        if one.wanted and violated:
            self._changed.add(one.alarm)  # another severity
        self._delayed(one, now)

    def _delayed(self, one: Condition, now: int) -> None:
        due = one.deadline()
        if due is None:
            self._waiting.discard(one.alarm)
        elif due <= now:
            one.wanted = one.violated
            self._waiting.discard(one.alarm)
            self._changed.add(one.alarm)
        else:
            self._soonest = min(self._soonest, due)


def _stands(one: Trouble, definition: AlarmDefinition, now: int) -> bool:
    """Tell whether a trouble is one now: what happened stands for a time, waiting counts after a time, a loan before its end."""
    span = round(definition.threshold * SECOND)
    if definition.source is Source.APPROVALS:
        return now - one.since >= span
    if definition.source is Source.LOAN:
        return one.since - span <= now < one.since
    return not span or now - one.since < span
