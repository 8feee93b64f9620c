"""The life cycle of an alarm after ANSI/ISA-18.2, as tables.

Two things are independent. *Announcement*: whether the condition stands, whether somebody has acknowledged it, whether it is
latched (`TRANSITIONS`). *Holding back*: shelved by a person, suppressed by design, out of service; these can hold at once, and
while one does the announcement rests. What is shown is one of the nine states of the standard (`Situation.phase`).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from ..errors import UsageError

SEVERITIES = ("normal", "watch", "warning", "distress", "critical", "severe")  # XTCE's levels, 0 to 5
NORMAL, WATCH, WARNING, DISTRESS, CRITICAL, SEVERE = range(6)


class State(StrEnum):
    """Announcement of an alarm."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned to normal, unacknowledged"
    LATCHED_UNACKNOWLEDGED = "latched, unacknowledged"
    LATCHED = "latched, acknowledged"


class Phase(StrEnum):
    """What holds an alarm back; the first in this order is shown."""

    OUT_OF_SERVICE = "out of service"
    SUPPRESSED = "suppressed by design"
    SHELVED = "shelved"


class Event(StrEnum):
    """What can happen to an alarm."""

    RAISE = "raise"
    WORSEN = "worsen"
    EASE = "ease"
    CLEAR = "clear"
    LATCH = "latch"  # the condition of a latching alarm ends
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    ANNOUNCE = "announce"  # after shelving or service, what still stands is announced anew
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    EXPIRE = "expire"
    SUPPRESS = "suppress"
    RELEASE = "release"
    REMOVE = "remove"
    RESTORE = "restore"
    STALE = "stale"
    FRESH = "fresh"
    ASSIGN = "assign"
    TALLY = "tally"


_N, _U, _A, _R = State.NORMAL, State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED
_LU, _LA = State.LATCHED_UNACKNOWLEDGED, State.LATCHED
_E = Event
STANDING = frozenset({_U, _A})
UNSEEN = frozenset({_U, _R, _LU})

TRANSITIONS: dict[tuple[State, Event], State] = {
    (_N, _E.RAISE): _U, (_R, _E.RAISE): _U, (_LU, _E.RAISE): _U, (_LA, _E.RAISE): _U,
    (_U, _E.WORSEN): _U, (_A, _E.WORSEN): _U,
    (_U, _E.EASE): _U, (_A, _E.EASE): _A,
    (_U, _E.CLEAR): _R, (_A, _E.CLEAR): _N,
    (_U, _E.LATCH): _LU, (_A, _E.LATCH): _LA,
    (_U, _E.ACKNOWLEDGE): _A, (_R, _E.ACKNOWLEDGE): _N, (_LU, _E.ACKNOWLEDGE): _LA,
    (_LA, _E.RESET): _N,
    (_N, _E.ANNOUNCE): _N, (_U, _E.ANNOUNCE): _U, (_A, _E.ANNOUNCE): _U, (_R, _E.ANNOUNCE): _R, (_LU, _E.ANNOUNCE): _LU,
    (_LA, _E.ANNOUNCE): _LA,
}  # fmt: skip
ANNOUNCEMENT_EVENTS = tuple(dict.fromkeys(event for _, event in TRANSITIONS))

_STANDS, _GONE = "its condition stands already", "its condition does not stand"
REFUSALS: dict[tuple[State, Event], str] = {
    (_U, _E.RAISE): _STANDS, (_A, _E.RAISE): _STANDS,
    **{(state, event): _GONE for state in (_N, _R, _LU, _LA) for event in (_E.WORSEN, _E.EASE, _E.CLEAR, _E.LATCH)},
    (_N, _E.ACKNOWLEDGE): "there is nothing to acknowledge: it is normal",
    (_A, _E.ACKNOWLEDGE): "it is acknowledged already",
    (_LA, _E.ACKNOWLEDGE): "it is acknowledged already, and waits for a reset",
    (_N, _E.RESET): "there is nothing to reset: it is normal",
    (_U, _E.RESET): "its condition stands: it cannot be reset",
    (_A, _E.RESET): "its condition stands: it cannot be reset",
    (_R, _E.RESET): "it is not latched: an acknowledgement ends it",
    (_LU, _E.RESET): "it must be acknowledged before it is reset",
}  # fmt: skip

# what holds an alarm back: event -> (which, whether it must hold before, whether it holds after); None: either
HOLDING: dict[Event, tuple[Phase, bool | None, bool]] = {
    _E.SHELVE: (Phase.SHELVED, None, True),  # again: another end
    _E.UNSHELVE: (Phase.SHELVED, True, False),
    _E.EXPIRE: (Phase.SHELVED, True, False),
    _E.SUPPRESS: (Phase.SUPPRESSED, None, True),  # again: other reasons
    _E.RELEASE: (Phase.SUPPRESSED, True, False),
    _E.REMOVE: (Phase.OUT_OF_SERVICE, False, True),
    _E.RESTORE: (Phase.OUT_OF_SERVICE, True, False),
}
_ANNOUNCED_ANEW = (_E.UNSHELVE, _E.EXPIRE, _E.RESTORE)  # ISA-18.2: back from there an active condition is unacknowledged


@dataclass(frozen=True, slots=True)
class Shelving:
    """Who shelved an alarm, why, and until when (TAI nanoseconds)."""

    until: int
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Situation:
    """All that holds of one alarm. Times are TAI nanoseconds.

    `active` tells of the condition, also while the alarm is held back; `severity` (0 to 5) and `value` are of the condition as it
    stands or stood last. `occurrence` counts how often it came or became worse, held back or not; `announcement` how often
    people were called. `stale`: the link that would tell is gone.
    """

    state: State = State.NORMAL
    active: bool = False
    severity: int = NORMAL
    value: str = ""
    title: str = ""
    occurrence: int = 0
    occurred_at: int = 0
    announcement: int = 0
    announced_at: int = 0
    latching: bool = False
    shelved: Shelving | None = None
    suppressed: tuple[str, ...] = ()
    removed: str = ""
    stale: bool = False
    role: str = ""
    person: str = ""

    @property
    def held(self) -> bool:
        """Whether shelving, design or service hold it back."""
        return bool(self.shelved or self.suppressed or self.removed)

    @property
    def phase(self) -> str:
        """The state of ISA-18.2 to show."""
        holds = {Phase.OUT_OF_SERVICE: self.removed, Phase.SUPPRESSED: self.suppressed, Phase.SHELVED: self.shelved}
        return next((phase.value for phase in Phase if holds[phase]), self.state.value)

    @property
    def unseen(self) -> bool:
        """Whether it waits for an acknowledgement."""
        return self.state in UNSEEN and not self.held

    @property
    def quiet(self) -> bool:
        """Whether nothing of it need be shown."""
        return self.state is State.NORMAL and not self.held


def moved(state: State, event: Event) -> State:
    """Return the state after an event of announcement. Raises UsageError, with the reason, in a cell that is refused."""
    if (state, event) in TRANSITIONS:
        return TRANSITIONS[state, event]
    raise UsageError(f"{event.value} is refused: {REFUSALS[state, event]}")


def announced(situation: Situation, event: Event, now: int) -> Situation:
    """Return the situation after an event of announcement; `now` in TAI nanoseconds. Raises UsageError."""
    after = moved(situation.state, event)
    calls = after is State.UNACKNOWLEDGED and (event in (Event.RAISE, Event.WORSEN) or situation.state is not after)
    if not calls:
        return replace(situation, state=after)
    return replace(situation, state=after, announcement=situation.announcement + 1, announced_at=now)


def conditioned(situation: Situation, event: Event, severity: int, value: str, now: int) -> Situation:
    """Return the situation after its condition was raised, worsened, eased or cleared. Raises UsageError.

    Held back, only the condition changes: the announcement rests.
    """
    active = event is not Event.CLEAR
    if situation.held:
        if active is situation.active and event in (Event.RAISE, Event.CLEAR):
            raise UsageError(f"{event.value} is refused: {_STANDS if active else _GONE}")
        after = situation
    else:
        after = announced(situation, Event.LATCH if event is Event.CLEAR and situation.latching else event, now)
    if event in (Event.RAISE, Event.WORSEN):
        after = replace(after, occurrence=after.occurrence + 1, occurred_at=now)
    kept = severity if active else situation.severity
    return replace(after, active=active, severity=kept, value=value)


def held_back(situation: Situation, event: Event, now: int, **change: object) -> Situation:
    """Return the situation after it was shelved, suppressed, removed from service, or one of these ended. Raises UsageError.

    `change` are the fields of what holds it back. When nothing does any more, the announcement catches up with the condition.
    """
    which, before, _ = HOLDING[event]
    holds = {Phase.OUT_OF_SERVICE: situation.removed, Phase.SUPPRESSED: situation.suppressed, Phase.SHELVED: situation.shelved}
    if before is not None and bool(holds[which]) is not before:
        raise UsageError(f"{event.value} is refused: it is {'not' if before else 'already'} {which.value}")
    after = replace(situation, **change)  # type: ignore[arg-type]
    if after.held or not situation.held:
        return after
    if event in _ANNOUNCED_ANEW and after.active:
        after = announced(after, Event.ANNOUNCE, now)
    if after.active and after.state not in STANDING:
        return announced(after, Event.RAISE, now)
    if not after.active and after.state in STANDING:
        return announced(after, Event.LATCH if after.latching else Event.CLEAR, now)
    return after
