"""Escalation: whom to tell of an alarm that nobody acknowledges, and when. Pure: what was told is read from the records."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ..errors import DefinitionError
from ..tables import Table
from ..time import SECOND
from .definitions import AlarmBook, fits
from .oncall import OnCall, Person, read_on_call
from .projection import Projection, Told
from .states import SEVERE, SEVERITIES, UNSEEN, WARNING, WATCH

MINUTE = 60 * SECOND
CHANNELS = ("mail", "webhook")
NOBODY = OnCall()
All = Mapping[tuple[str, str], tuple[int, Told]]  # owner, alarm -> announcement, notifications


@dataclass(frozen=True, slots=True)
class Step:
    """Tell a role's people on call, or one person, by a channel, so long after the announcement (ns)."""

    role: str
    person: str
    channel: str
    after_ns: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps in order; all of them again `repeat_ns` after the last one (0: never), until somebody acknowledges."""

    key: str
    roles: tuple[str, ...]
    least: int
    steps: tuple[Step, ...]
    repeat_ns: int


@dataclass(frozen=True, slots=True)
class Call:
    """An alarm that waits for an acknowledgement, announced at a time (TAI ns)."""

    owner: str
    alarm: str
    announcement: int
    announced_at: int
    severity: int
    role: str = ""
    chain: str = ""
    title: str = ""
    value: str = ""
    consequence: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell somebody now. Without an address there is nobody: `words` say why, and the step has failed."""

    call: Call
    step: int
    round: int
    channel: str
    address: str
    person: str
    words: str = ""

    @property
    def key(self) -> tuple[str, str, int, int, int]:
        """The step that it belongs to."""
        return (self.call.owner, self.call.alarm, self.call.announcement, self.round, self.step)

    @property
    def id(self) -> str:
        """A name that stays the same when it is sent again."""
        return "/".join(map(str, (*self.key, self.person)))


@dataclass(frozen=True, slots=True)
class Escalation:
    """The chains and the calendar of an agency."""

    chains: tuple[Chain, ...] = ()
    calendar: OnCall = NOBODY

    def chain(self, call: Call) -> Chain | None:
        """Return the chain that an alarm takes: the one it names, else the first for its role and severity."""
        named = next((one for one in self.chains if call.chain and one.key == call.chain), None)
        return named or next((one for one in self.chains if self._takes(one, call)), None)

    @staticmethod
    def _takes(one: Chain, call: Call) -> bool:
        return call.severity >= one.least and any(fits(role, call.role) for role in one.roles or ("*",))

    def due(
        self,
        now: int,
        calls: Iterable[Call],
        told: Mapping[tuple[str, str], tuple[int, Told]],
        on_the_way: Collection[object] = (),
    ) -> tuple[list[Notify], int | None]:
        """Return whom to tell at `now`, and when something is due next (TAI ns; None: nothing).

        `told` are the notifications recorded, `on_the_way` the keys of those whose outcome is not known yet.
        """
        found: list[Notify] = []
        deadlines: list[int] = []
        for call in calls:
            chain = self.chain(call)
            if chain is not None:
                announcement, sent = told.get((call.owner, call.alarm), (0, {}))
                notes, at = self._next(chain, call, sent if announcement == call.announcement else {}, now, on_the_way)
                found += notes
                deadlines += [at] if at is not None else []
        return found, min(deadlines, default=None)

    def _next(
        self, chain: Chain, call: Call, told: Told, now: int, on_the_way: Collection[object]
    ) -> tuple[list[Notify], int | None]:
        """Return the notifications of the next step if it is due, else when it will be; nothing while one is on its way."""
        number = max((place[0] for place in told), default=0)
        base = call.announced_at
        if number:
            base = _end(told, number - 1, len(chain.steps)) + chain.repeat_ns
        after, sent_at, failed_at = 0, base, None
        for place, step in enumerate(chain.steps):
            if (call.owner, call.alarm, call.announcement, number, place) in on_the_way:
                return [], None
            outcomes = [(at, one) for (r, s, _), (at, one) in told.items() if (r, s) == (number, place)]
            if outcomes:
                after, sent_at = step.after_ns, max(at for at, _ in outcomes)
                failed_at = None if any(one.sent for _, one in outcomes) else sent_at
                continue
            # a step that comes late, after a restart or a cut line, leaves those after it their time
            at = max(base + step.after_ns, sent_at + step.after_ns - after) if failed_at is None else failed_at
            return self._step(chain, call, place, number, at, now)
        if not chain.repeat_ns:
            return [], None
        if (call.owner, call.alarm, call.announcement, number + 1, 0) in on_the_way:
            return [], None
        again = _end(told, number, len(chain.steps)) + chain.repeat_ns + chain.steps[0].after_ns
        return self._step(chain, call, 0, number + 1, again, now)

    def _step(self, chain: Chain, call: Call, place: int, number: int, at: int, now: int) -> tuple[list[Notify], int | None]:
        at = self.calendar.quiet_until(call.severity, max(at, now))
        if now < at:
            return [], at
        step = chain.steps[place]
        known = self.calendar.person(step.person)
        people = self.calendar.on_call(step.role, now) if step.role else (known,) if known else ()
        notes = [Notify(call, place, number, step.channel, where, one.name) for one in people if (where := _address(one, step))]
        if not notes:
            names = ", ".join(one.name for one in people)
            words = f"{names}: no address for {step.channel}" if people else f"nobody is on call for {step.role or step.person}"
            notes = [Notify(call, place, number, step.channel, "", names, words)]
        return notes, None


def _end(told: Told, number: int, steps: int) -> int:
    """Return when the last step of a round was taken (TAI ns)."""
    return max((at for (r, s, _), (at, _) in told.items() if (r, s) == (number, steps - 1)), default=0)


def _address(person: Person, step: Step) -> str:
    return person.mail if step.channel == "mail" else person.webhook


def calls_of(state: Projection, book: AlarmBook) -> list[Call]:
    """Return the alarms that wait for an acknowledgement of this agency: its own, and what others share with it."""
    found = []
    for alarm, one in state.situations.items():
        definition = book.of(alarm)
        if one.unseen:
            chain, consequence, advice = (
                (definition.chain, definition.consequence, definition.advice) if definition else ("",) * 3
            )
            texts = (one.role, chain, one.title, one.value, consequence, advice)
            found.append(Call(state.agency, alarm, one.announcement, one.announced_at, one.severity, *texts))
    for shared in state.merged.all(state.agency):
        theirs = shared.situation
        if shared.state in UNSEEN and not theirs.suppressed and not theirs.removed:
            severity = min(max(theirs.severity, WATCH), SEVERE)  # whatever another agency says
            when = (theirs.occurrence, theirs.occurred_at, severity)
            found.append(Call(shared.owner, shared.alarm, *when, theirs.role, "", theirs.title, theirs.value))
    return found


def read_escalation(text: str, where: str = "escalation.toml") -> Escalation:
    """Return chains and calendar of a TOML text. Raises DefinitionError naming file and key."""
    table = Table.parse(text, where)
    calendar = read_on_call(table)
    chains = tuple(_chain(one, calendar) for one in table.tables("chains"))
    table.finish()
    return Escalation(chains, calendar)


def _chain(table: Table, calendar: OnCall) -> Chain:
    key, roles = table.text("key"), tuple(table.texts("roles"))
    least = SEVERITIES.index(table.choice("least", SEVERITIES[1:], SEVERITIES[WARNING]))
    steps = tuple(_read_step(one, calendar) for one in table.tables("steps"))
    repeat = _minutes(table, "repeat_minutes", 30.0)
    table.finish()
    if not steps:
        raise DefinitionError("a chain needs steps", where=table.path("steps"))
    if any(later.after_ns < earlier.after_ns for earlier, later in pairwise(steps)):
        raise DefinitionError("the steps must follow each other in time", where=table.path("steps"))
    return Chain(key, roles, least, steps, repeat)


def _read_step(table: Table, calendar: OnCall) -> Step:
    role, person = table.text("role", ""), table.text("person", "")
    one = Step(role, person, table.choice("by", CHANNELS), _minutes(table, "after_minutes", 0.0))
    table.finish()
    if bool(role) is bool(person):
        raise DefinitionError("a step tells a role or a person", where=table.where, remedy="Give one of the two keys")
    known = calendar.person(person)
    if person and known is None:
        raise DefinitionError(f"{person!r} is not among the people", where=table.path("person"))
    if known is not None and not _address(known, one):
        raise DefinitionError(f"{person!r} has no address for {one.channel}", where=table.path("by"))
    if role and not any(shift.role == role for shift in calendar.shifts):
        raise DefinitionError(f"no shift is for the role {role!r}", where=table.path("role"))
    return one


def _minutes(table: Table, key: str, default: float) -> int:
    value = table.real(key, default)
    if not 0 <= value <= 7 * 1440:
        raise DefinitionError(f"{value:g} is not from 0 to 10080 minutes", where=table.path(key))
    return round(value * MINUTE)
