"""The alarm engine of one agency: observations and commands in, records out; its state is what the records add up to.

Nothing here reads a clock: `now` is the time of the mission's clock in TAI nanoseconds.
"""

from collections.abc import Iterable
from dataclasses import replace

from ..time import SECOND
from .conditions import Condition, Conditions
from .definitions import AlarmBook, AlarmDefinition
from .observations import LinkReported, Observation
from .overrides import kind_of
from .projection import NO_COUNTS, Projection
from .records import Body, Change, Counts, OverrideEnded, Record, Refused
from .states import Event, Situation, conditioned, held_back

TALLY_NS = EASE_NS = 600 * SECOND  # counts are written, and a severity sinks a second time, no sooner
STALE_NS = 30 * SECOND
AUDIT_NS = 10 * SECOND
MOST_AUDITED = 1000
SELF = "alarm server"


class AlarmEngine:
    """Decides what happens to the alarms of an agency. Records it returns are taken in already: keep them, in their order."""

    def __init__(self, agency: str, book: AlarmBook, unknown_after_ns: int = 30 * SECOND) -> None:
        self.book, self.agency = book, agency
        self.state = Projection(agency)
        self.conditions = Conditions(book, self._recorded, unknown_after_ns, self._active)
        self._made: list[Record] = []
        self._next_tally = 0
        self._eased: dict[str, int] = {}  # alarm -> when its severity may sink again
        self._audited: dict[str, int] = {}
        self._lost: dict[str, int] = {}  # spacecraft without a link -> since when
        self._causing = frozenset(key for one in book.definitions for key in one.suppressed_while)

    def apply(self, record: Record) -> None:
        """Take in a record that was kept before, or one of another agency."""
        self.state.apply(record)

    def observe(self, observations: Iterable[Observation], now: int) -> list[Record]:
        """Take observations in; return what came of them."""
        reported = changed = False
        for observation in observations:
            self.conditions.observe(observation, now)
            changed |= self._follow_all(now)  # each by itself: what comes and goes in one batch was there
            reported |= isinstance(observation, LinkReported)
        if reported:
            self._links(now)
        return self._react(now, changed)

    def on_timer(self, now: int) -> list[Record]:
        """Do what is due: delays, expiries, silence, counts."""
        self.conditions.poll(now)
        self._links(now)
        self._put_into_or_out_of_design(now)
        self._expire(now)
        if now >= self._next_tally:
            self._next_tally = now + TALLY_NS
            self._tally(now)
        return self._react(now)

    def next_deadline(self, now: int) -> int:
        """Return when `on_timer` is due next (TAI ns); at the latest when counts are written."""
        shelved = [one.shelved.until for one in self.state.situations.values() if one.shelved]
        planned = [at for one in self.book.definitions for part in one.planned for at in (part.start, part.stop) if at > now]
        stale = [lost + STALE_NS for lost in self._lost.values() if lost + STALE_NS > now]
        others = (self.conditions.next_deadline(now), self.state.overrides.next_deadline(), *self._eased.values(), *stale)
        return min((self._next_tally, *shelved, *planned, *(at for at in others if at is not None)))

    def audit(self, subject: str, reason: str, digest: str, now: int, who: str = SELF) -> list[Record]:
        """Record that a message or command was refused. Of one subject at most one is kept in ten seconds."""
        if now - self._audited.get(subject, now - AUDIT_NS) < AUDIT_NS:
            return []
        if len(self._audited) >= MOST_AUDITED:
            self._audited.clear()
        self._audited[subject] = now
        self.record(Refused(subject[:200], reason[:500], digest), now, who)
        return self.taken()

    def record(self, body: Body, now: int, who: str = SELF, command: str = "") -> None:
        """Make a record and take it in."""
        number = max(self.state.number + 1, now)  # rises with time, so that a journal begun anew goes on behind the old one
        record = Record(command, number, self.agency, now, who, body)
        self.state.apply(record)
        self._made.append(record)

    def taken(self) -> list[Record]:
        """Return the records made since the last call."""
        made, self._made = self._made, []
        return made

    def change(
        self, alarm: str, event: Event, after: Situation, now: int, who: str = SELF, command: str = "", comment: str = ""
    ) -> None:
        """Make a record of a change, with the counts as they stand."""
        condition = self.conditions[alarm]
        counts = self.state.counts.get(alarm, NO_COUNTS) if condition is None else condition.counts(now)
        self.record(Change(alarm, event, self.state.situation(alarm), after, counts, comment), now, who, command)

    def _react(self, now: int, changed: bool = False) -> list[Record]:
        if self._follow_all(now) or changed:
            self._put_into_or_out_of_design(now)
        return self.taken()

    def _follow_all(self, now: int) -> bool:
        changed = self.conditions.settle(now)
        for condition in changed:
            self._follow(condition, now)
        return bool(changed)

    def _active(self) -> list[str]:
        return [alarm for alarm, one in self.state.situations.items() if one.active]

    def _recorded(self, alarm: str) -> tuple[bool, int, Counts]:
        situation = self.state.situation(alarm)
        return situation.active, situation.severity, self.state.counts.get(alarm, NO_COUNTS)

    def _follow(self, one: Condition, now: int) -> None:
        """Bring the alarm to where its condition is."""
        situation = self.state.situation(one.alarm)
        event = _event(one, situation)
        if event is None or self._without_link(one, now):
            return
        if event is Event.EASE and now < self._eased.setdefault(one.alarm, now):
            return
        if event is Event.RAISE:
            situation = self._before_raising(one, situation, now)
        if event in (Event.EASE, Event.CLEAR):
            self._eased.pop(one.alarm, None)
        if event is Event.EASE:
            self._eased[one.alarm] = now + EASE_NS
        after = conditioned(situation, event, one.severity, one.value, now)
        self.change(one.alarm, event, after, now)

    def _before_raising(self, one: Condition, situation: Situation, now: int) -> Situation:
        """Return the situation with what its definition says today; what explains it by design comes first."""
        definition = one.definition
        reasons = _reasons(definition, one.alarm, self._causes(), now)
        if definition.out_of_service and not situation.removed and one.alarm not in self.state.situations:
            after = held_back(situation, Event.REMOVE, now, removed=definition.out_of_service)
            self.change(one.alarm, Event.REMOVE, after, now)
        situation = self.state.situation(one.alarm)
        if reasons != situation.suppressed:
            self._design(one.alarm, reasons, now)
        situation = self.state.situation(one.alarm)
        role = situation.role or definition.role
        return replace(situation, title=definition.text, latching=definition.latching, role=role)

    def _without_link(self, one: Condition, now: int) -> bool:
        """Whether no link tells of it: what was received before the link was lost still counts."""
        if not one.definition.suppressed_by_link:
            return False
        lost = self.conditions.links.lost_at(one.subject.spacecraft, now)
        return lost is not None and one.at > lost

    def _links(self, now: int) -> None:
        """Mark alarms whose link is gone as stale; where it is back, follow what has come since."""
        links = self.conditions.links
        known = links.spacecraft()
        lost = {spacecraft: at for spacecraft in known if (at := links.lost_at(spacecraft, now)) is not None}
        back, self._lost = self._lost.keys() - lost, lost
        for alarm, situation in list(self.state.situations.items()):
            definition = self.book.of(alarm)
            if definition is None or not definition.suppressed_by_link or definition.spacecraft_of(alarm) not in known:
                continue
            since = lost.get(definition.spacecraft_of(alarm))
            stale = since is not None and (situation.stale or now - since >= STALE_NS)  # a link that flickers makes no records
            if stale is not situation.stale and (situation.stale or not situation.quiet):
                self.change(alarm, Event.STALE if stale else Event.FRESH, replace(situation, stale=stale), now)
        if back:
            self.conditions.again(one.alarm for one in self.conditions.all() if one.subject.spacecraft in back)

    def _put_into_or_out_of_design(self, now: int) -> None:
        causes = self._causes()
        for alarm, situation in list(self.state.situations.items()):
            definition = self.book.of(alarm)
            if definition is None or not (situation.suppressed or definition.planned or definition.suppressed_while):
                continue
            reasons = _reasons(definition, alarm, causes, now)
            if reasons != situation.suppressed and (situation.suppressed or situation.active or not situation.quiet):
                self._design(alarm, reasons, now)

    def _causes(self) -> list[tuple[str, AlarmDefinition]]:
        """Return the alarms that stand and can explain others."""
        found = []
        for alarm, situation in self.state.situations.items() if self._causing else ():
            definition = self.book.of(alarm)
            if situation.active and not situation.removed and definition is not None and definition.key in self._causing:
                found.append((alarm, definition))
        return found

    def _design(self, alarm: str, reasons: tuple[str, ...], now: int) -> None:
        event = Event.SUPPRESS if reasons else Event.RELEASE
        self.change(alarm, event, held_back(self.state.situation(alarm), event, now, suppressed=reasons), now)

    def _expire(self, now: int) -> None:
        for alarm, situation in list(self.state.situations.items()):
            if situation.shelved and now >= situation.shelved.until:
                self.change(alarm, Event.EXPIRE, held_back(situation, Event.EXPIRE, now, shelved=None), now)
        for one in self.state.overrides.expired(now):
            self.record(OverrideEnded(one.spacecraft, one.parameter, kind_of(one.new), True), now)
        due = [alarm for alarm, at in self._eased.items() if now >= at]
        self._eased = {alarm: at for alarm, at in self._eased.items() if now < at}
        self.conditions.again(due)

    def _tally(self, now: int) -> None:
        """Write counts that have grown although no change of the alarm told of them."""
        for condition in self.conditions.all():
            known = self.state.counts.get(condition.alarm)
            grown = known and (condition.times, condition.worst_severity) != (known.times, known.worst_severity)
            if grown:
                self.change(condition.alarm, Event.TALLY, self.state.situation(condition.alarm), now)


def _event(one: Condition, situation: Situation) -> Event | None:
    """Return what must happen so that the alarm is where its condition is; None: nothing, or the condition is unknown."""
    if one.wanted is None or (not one.wanted and not situation.active):
        return None
    if one.wanted and not situation.active:
        return Event.RAISE
    if not one.wanted:
        return Event.CLEAR
    if not one.violated or one.severity == situation.severity:
        return None
    return Event.WORSEN if one.severity > situation.severity else Event.EASE


def _reasons(definition: AlarmDefinition, alarm: str, causes: list[tuple[str, AlarmDefinition]], now: int) -> tuple[str, ...]:
    """Return why an alarm is suppressed by design now: planned times, and alarms that stand and explain it."""
    reasons = [part.reason for part in definition.planned if part.start <= now < part.stop]
    about = definition.spacecraft_of(alarm)
    for other, cause in causes if definition.suppressed_while else ():
        where = cause.spacecraft_of(other)
        if cause.key in definition.suppressed_while and (not about or not where or about == where):
            reasons.append(other)
    return tuple(sorted(reasons))
