"""What people do with alarms: commands judged by permission and state, and the records that come of them."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import assert_never

from ..errors import UsageError
from ..time import utc_from_tai_ns
from .commands import (
    Acknowledge,
    Assign,
    Command,
    Override,
    Remove,
    Reset,
    Restore,
    Shelve,
    Unshelve,
    Withdraw,
    permission_for,
)
from .engine import AlarmEngine
from .overrides import check_override, kind_of
from .records import Overridden, OverrideEnded, Record, Stance
from .states import UNSEEN, Event, Shelving, Situation, announced, held_back

MOST_TEXT = 2000
May = Callable[[str, str], bool]  # user, permission -> whether it is allowed


def command(engine: AlarmEngine, asked: Command, may: May, now: int) -> list[Record]:
    """Do what a person asks at `now` (TAI ns), and return the records of it: none when the same command was done before.

    Raises UsageError, with nothing changed, when the person may not, the alarm is unknown, or its state refuses.
    """
    if not asked.id:
        raise UsageError("a command needs an id", remedy="Give each command an id of its own")
    for name in (one.name for one in fields(asked)):
        text = getattr(asked, name)
        if isinstance(text, str) and len(text) > MOST_TEXT:
            raise UsageError(f"`{name}` has {len(text)} characters", remedy=f"Use at most {MOST_TEXT}")
    if engine.state.known(asked.id):
        return []
    permission = permission_for(asked)
    if not may(asked.who, permission):
        raise UsageError(f"{asked.who!r} has no permission {permission}", remedy="Ask someone whose role has it")
    match asked:
        case Acknowledge():
            _acknowledge(engine, asked, now)
        case Override():
            _override(engine, asked, now)
        case Withdraw():
            _withdraw(engine, asked, now)
        case _:
            _change(engine, asked, now)
    return engine.taken()


def _known(engine: AlarmEngine, alarm: str) -> Situation:
    if alarm in engine.state.situations:
        return engine.state.situations[alarm]
    condition = engine.conditions[alarm]
    if condition is not None:  # never raised: it can be shelved before it comes
        return replace(Situation(), title=condition.definition.text, role=condition.definition.role)
    raise UsageError(f"there is no alarm {alarm!r}", remedy="List the alarms for their names")


def _change(engine: AlarmEngine, asked: Reset | Shelve | Unshelve | Remove | Restore | Assign, now: int) -> None:
    before = _known(engine, asked.alarm)
    match asked:
        case Reset(comment=comment):
            event, after = Event.RESET, announced(before, Event.RESET, now)
        case Shelve(until=until, reason=comment):
            _due(until, now)
            _said(comment)
            event, shelving = Event.SHELVE, Shelving(until, asked.who, comment)
            after = held_back(before, event, now, shelved=shelving)
        case Unshelve(comment=comment):
            event, after = Event.UNSHELVE, held_back(before, Event.UNSHELVE, now, shelved=None)
        case Remove(reason=comment):
            _said(comment)
            event, after = Event.REMOVE, held_back(before, Event.REMOVE, now, removed=comment)
        case Restore(comment=comment):
            event, after = Event.RESTORE, held_back(before, Event.RESTORE, now, removed="")
        case Assign(role=role, person=person, comment=comment):
            event, after = Event.ASSIGN, replace(before, role=role, person=person)
        case _:
            assert_never(asked)
    engine.change(asked.alarm, event, after, now, asked.who, asked.id, comment)


def _acknowledge(engine: AlarmEngine, asked: Acknowledge, now: int) -> None:
    if asked.owner and asked.owner != engine.agency:
        _take_stance(engine, asked, now)
        return
    before = _known(engine, asked.alarm)
    _same_occurrence(asked, before)
    if before.held:
        raise UsageError(f"acknowledge is refused: the alarm is {before.phase}", where=asked.alarm)
    after = announced(before, Event.ACKNOWLEDGE, now)
    engine.change(asked.alarm, Event.ACKNOWLEDGE, after, now, asked.who, asked.id, asked.comment)


def _take_stance(engine: AlarmEngine, asked: Acknowledge, now: int) -> None:
    shared = engine.state.merged.shared(asked.owner, asked.alarm, engine.agency)
    if shared is None:
        raise UsageError(f"{asked.owner} has told of no alarm {asked.alarm!r}")
    _same_occurrence(asked, shared.situation)
    if shared.state not in UNSEEN:
        raise UsageError(f"acknowledge is refused: {engine.agency} sees it as {shared.state.value}", where=asked.alarm)
    stance = Stance(asked.owner, asked.alarm, shared.situation.occurrence, asked.comment)
    engine.record(stance, now, asked.who, asked.id)


def _same_occurrence(asked: Acknowledge, situation: Situation) -> None:
    if asked.occurrence and asked.occurrence != situation.occurrence:
        raise UsageError(
            f"occurrence {asked.occurrence} was seen, but {situation.occurrence} is the last one",
            where=asked.alarm,
            remedy="Look at the alarm again",
        )


def _override(engine: AlarmEngine, asked: Override, now: int) -> None:
    where = f"{asked.spacecraft} {asked.parameter}"
    check_override(asked.new, where)
    _due(asked.until, now)
    _said(asked.reason)
    held = engine.state.overrides.get(asked.spacecraft, asked.parameter, kind_of(asked.new))
    old = asked.old if held is None or now >= held.until else f"override until {utc_from_tai_ns(held.until, 0)}: {held.reason}"
    body = Overridden(asked.spacecraft, asked.parameter, old, asked.new, asked.until, asked.reason)
    engine.record(body, now, asked.who, asked.id)


def _withdraw(engine: AlarmEngine, asked: Withdraw, now: int) -> None:
    if engine.state.overrides.get(asked.spacecraft, asked.parameter, asked.kind) is None:
        raise UsageError(f"no override of its {asked.kind} is in force", where=f"{asked.spacecraft} {asked.parameter}")
    body = OverrideEnded(asked.spacecraft, asked.parameter, asked.kind, False, asked.reason)
    engine.record(body, now, asked.who, asked.id)


def _due(until: int, now: int) -> None:
    if until <= now:
        raise UsageError(f"it would end at {utc_from_tai_ns(until, 0)}, which has passed", remedy="Give a later time")


def _said(reason: str) -> None:
    if not reason.strip():
        raise UsageError("a reason is needed", remedy="Say why, for those who come after")
