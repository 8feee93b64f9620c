"""Alarms: what is wrong, what happened to it, what people do about it, and limits and calibrations overridden for a time."""

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from ..alarms import (
    Acknowledge,
    Assign,
    CalibrationSet,
    Command,
    LimitBand,
    LimitSet,
    Override,
    Record,
    Remove,
    Reset,
    Restore,
    Shelve,
    Unshelve,
    Withdraw,
    permission_for,
)
from ..errors import AelitaError, UsageError
from ..services import live
from ..time import SECOND
from .alarm_items import AlarmItem, JournalItem, OverrideItem, RecordItem, alarm_item, journal_item, record_item
from .answers import PROBLEMS, GivenInstant, Instant, near, told_problem
from .audit import note
from .centre import Centre, centre
from .identity import Identity, demand, identity_of, may
from .in_force import in_force
from .paging import After, Limit, Page, cursor_of, key_of, paged
from .values import check_range

router = APIRouter(tags=["alarms"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
REFUSED: dict[int | str, dict[str, Any]] = {409: told_problem("The alarm server refuses, and says why.")}
Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Kind = Literal["limits", "calibration"]
LONGEST_S = 366 * 86_400.0


class Asked(BaseModel):
    """What is asked of an alarm. `id` names the command: the same one again changes nothing; without one, each is new."""

    model_config = ConfigDict(extra="forbid")
    alarm: Name
    owner: str = Field("", max_length=64, description="The agency that raised it; without one, our own.")
    comment: Text = ""
    id: str = Field("", max_length=64)


class AskedAcknowledge(Asked):
    """An alarm has been seen: `occurrence` is the one that was seen (0: whatever stands); with a newer one it is refused."""

    occurrence: int = Field(0, ge=0, lt=1 << 53)


class AskedShelve(Asked):
    """An alarm is put aside until an instant of the mission's clock, or for seconds of it; `comment` says why."""

    until: GivenInstant = None
    for_s: float | None = Field(None, gt=0, le=LONGEST_S)


class AskedAssign(Asked):
    """An alarm is given to a role of the mission, or to a person of it."""

    role: Name
    person: str = Field("", max_length=200)


class Band(BaseModel):
    """Values below `minimum` or above `maximum`, in engineering units, have this severity; null leaves a side open."""

    model_config = ConfigDict(extra="forbid")
    severity: int = Field(ge=1, le=5)
    minimum: float | None = Field(None, allow_inf_nan=False)
    maximum: float | None = Field(None, allow_inf_nan=False)


class AskedOverride(BaseModel):
    """Other limits (an empty list: none), or another calibration by polynomial or points, hold for a parameter for a time."""

    model_config = ConfigDict(extra="forbid")
    spacecraft: str = Field("", max_length=64, description="Without one, the first that is followed.")
    parameter: Name
    limits: list[Band] | None = Field(None, max_length=100)
    coefficients: list[Number] | None = Field(None, min_length=1, max_length=20)
    points: list[tuple[Number, Number]] | None = Field(None, min_length=2, max_length=500)
    until: GivenInstant = None
    for_s: float | None = Field(None, gt=0, le=LONGEST_S)
    reason: Text
    id: str = Field("", max_length=64)


class Done(BaseModel):
    """What came of a command: `done` is false when the same one was done before; `note` is for people."""

    done: bool
    note: str = ""


@router.get("/alarms")
async def list_alarms(
    here: Here,
    quiet: Annotated[bool, Query(description="Also those that are normal.")] = False,
    limit: Limit = 500,
    after: After = "",
) -> Page[AlarmItem]:
    """List the alarms of the agency and those shared with it: those that wait for somebody first, then by severity."""
    found = live.alarms_shown(_state(here).state, quiet=quiet)
    items = [alarm_item(one) for one in found]
    return Page[AlarmItem](**_page(items, limit, after))


@router.get("/alarms/{owner}/{name:path}/history")
def history(here: Here, owner: str, name: str, limit: Limit = 500, after: After = "") -> Page[RecordItem]:
    """List what happened to an alarm, latest first: changes, who did what, who was told."""
    if owner not in here.installation.mission.organisation.agencies:
        raise HTTPException(404, f"The mission has no agency {owner!r}.")
    key, index = _before(after), here.watch.agencies[here.agency].index
    found = _asked(live.alarm_history(here.installation, here.agency, index, owner, name, limit + 1, key))
    if not found and key is None:
        similar = near(name, index.alarms(owner))
        raise HTTPException(404, f"Nothing is known of an alarm {name!r} of {owner}.{similar}")
    return Page[RecordItem](items=[record_item(record) for _, record in found[:limit]], next=_following(found, limit))


@router.get("/alarms/history")
def history_of_all(
    here: Here,
    search: Annotated[str, Query(max_length=500, description="Words that must all be found in owner, name or title.")] = "",
    owner: Annotated[str, Query(max_length=64, description="The agency that raised them.")] = "",
    severity: Annotated[int, Query(ge=0, le=5, description="The least one: of the condition when it was told.")] = 0,
    user: Annotated[str, Query(max_length=200, description="A part of the name of who did it.")] = "",
    start: Instant = None,
    stop: Instant = None,
    limit: Limit = 500,
    after: After = "",
) -> Page[JournalItem]:
    """List what happened to all alarms of the agency and those shared with it, latest first."""
    check_range(start, stop)
    sought = live.SoughtRecords(tuple(search.split()), owner, severity, user, start, stop)
    index = here.watch.agencies[here.agency].index
    found = _asked(live.alarms_history(here.installation, here.agency, index, sought, limit + 1, _before(after)))
    return Page[JournalItem](items=[journal_item(record, index) for _, record in found[:limit]], next=_following(found, limit))


Found = list[tuple[live.Place, Record]]


def _before(after: str) -> live.Place | None:
    key = key_of(after, int, str, int)
    return live.Place(*key) if key else None


def _asked(asked: Coroutine[Any, Any, Found]) -> Found:
    try:
        return asyncio.run(asked)
    except AelitaError as error:
        raise HTTPException(503, str(error)) from error


def _following(found: Found, limit: int) -> str | None:
    if len(found) <= limit:
        return None
    last = found[limit - 1][0]
    return cursor_of([last.at, last.stream, last.sequence])


def _page(items: list[Any], limit: int, after: str) -> dict[str, Any]:
    page, following = paged(items, [[place] for place in range(len(items))], limit, key_of(after, int))
    return {"items": page, "next": following}


@router.post("/alarms/acknowledge", responses=REFUSED)
def acknowledge(here: Here, request: Request, asked: AskedAcknowledge) -> Done:
    """Say that an alarm has been seen; each agency does so for itself."""
    owner = "" if asked.owner == here.agency else asked.owner
    command = Acknowledge(_id(request, asked), _who(request), asked.alarm, asked.comment, asked.occurrence, owner)
    return _do(here, request, command)


@router.post("/alarms/shelve", responses=REFUSED)
def shelve(here: Here, request: Request, asked: AskedShelve) -> Done:
    """Put an alarm aside for a time; it comes back by itself."""
    _own(here, asked)
    until = _end(here, asked.until, asked.for_s)
    return _do(here, request, Shelve(_id(request, asked), _who(request), asked.alarm, until, asked.comment))


@router.post("/alarms/unshelve", responses=REFUSED)
def unshelve(here: Here, request: Request, asked: Asked) -> Done:
    """Take an alarm back from the shelf."""
    _own(here, asked)
    return _do(here, request, Unshelve(_id(request, asked), _who(request), asked.alarm, asked.comment))


@router.post("/alarms/assign", responses=REFUSED)
def assign(here: Here, request: Request, asked: AskedAssign) -> Done:
    """Give an alarm to a role, or to a person of it."""
    _own(here, asked)
    command = Assign(_id(request, asked), _who(request), asked.alarm, asked.role, asked.person, asked.comment)
    return _do(here, request, command)


@router.post("/alarms/clear", responses=REFUSED)
def clear(here: Here, request: Request, asked: Asked) -> Done:
    """End a latched alarm that is acknowledged and whose condition is gone."""
    _own(here, asked)
    return _do(here, request, Reset(_id(request, asked), _who(request), asked.alarm, asked.comment))


@router.post("/alarms/remove", responses=REFUSED)
def remove(here: Here, request: Request, asked: Asked) -> Done:
    """Take an alarm out of service until it is restored; `comment` says why."""
    _own(here, asked)
    return _do(here, request, Remove(_id(request, asked), _who(request), asked.alarm, asked.comment))


@router.post("/alarms/restore", responses=REFUSED)
def restore(here: Here, request: Request, asked: Asked) -> Done:
    """Put an alarm back into service."""
    _own(here, asked)
    return _do(here, request, Restore(_id(request, asked), _who(request), asked.alarm, asked.comment))


@router.get("/overrides")
async def list_overrides(here: Here) -> Page[OverrideItem]:
    """List the overrides of limits and calibrations in force, by spacecraft and parameter."""
    _state(here)
    return Page[OverrideItem](items=in_force(here).items())


@router.post("/overrides", responses=REFUSED)
def override(here: Here, request: Request, asked: AskedOverride) -> Done:
    """Let other limits, or another calibration, hold for a parameter for a time, on live values."""
    until = _end(here, asked.until, asked.for_s)
    craft = _craft(here, asked.spacecraft)
    command = Override(_id(request, asked), _who(request), craft, asked.parameter, _new(asked), until, asked.reason)
    return _do(here, request, command)


def _new(asked: AskedOverride) -> LimitSet | CalibrationSet:
    if sum(given is not None for given in (asked.limits, asked.coefficients, asked.points)) != 1:
        raise UsageError("one thing is overridden at a time", where="body", remedy="Give limits, coefficients or points")
    if asked.limits is not None:
        return LimitSet(tuple(LimitBand(one.severity, one.minimum, one.maximum) for one in asked.limits))
    return CalibrationSet(tuple(asked.coefficients or ()), tuple(asked.points or ()))


@router.delete("/overrides", responses=REFUSED)
def withdraw(
    here: Here,
    request: Request,
    parameter: Annotated[str, Query(min_length=1, max_length=500)],
    kind: Kind = "limits",
    spacecraft: Annotated[str, Query(max_length=64, description="Without one, the first that is followed.")] = "",
    reason: Annotated[str, Query(max_length=2000)] = "",
) -> Done:
    """End an override before its time."""
    craft = _craft(here, spacecraft)
    return _do(here, request, Withdraw(uuid.uuid4().hex, _who(request), craft, parameter, kind, reason))


def _craft(here: Centre, spacecraft: str) -> str:
    return spacecraft or next(iter(here.installation.spacecraft), "")


def _state(here: Centre) -> Any:
    """Return what the records of alarms add up to. HTTPException 503 while the streams that bring them are not reached."""
    seen = here.watch.agencies[here.agency]
    if not seen.connected:
        raise HTTPException(503, f"The streams of {here.agency} are not reached: {seen.why}.")
    return seen.alarms


def _do(here: Centre, request: Request, command: Command) -> Done:
    """Have the alarm server do a command. HTTPException 403 without its permission, 409 refused, 503 unanswered."""
    who: Identity = identity_of(request)
    demand(who, permission_for(command))
    about, action = _told(command), _action(command)
    try:
        answer = asyncio.run(live.ask_alarms(here.installation, here.agency, command))
    except UsageError as error:
        note(request, f"{action}.refused", why=str(error), **about)
        raise HTTPException(409, str(error)) from error
    except AelitaError as error:
        note(request, f"{action}.unanswered", why=str(error), **about)
        raise HTTPException(503, str(error)) from error
    note(request, action, records=answer.records, **about)
    return Done(done=answer.records > 0, note=answer.note)


def _action(command: Command) -> str:
    match command:
        case Override() | Withdraw():
            kind = permission_for(command)
            return kind if isinstance(command, Override) else f"{kind}.withdraw"
        case _:
            return f"alarm.{type(command).__name__.lower()}"


def _told(command: Command) -> dict[str, str | int | float]:
    names = ("alarm", "owner", "spacecraft", "parameter", "comment", "reason", "role", "person", "until", "occurrence", "id")
    return {name: value for name in names if (value := getattr(command, name, ""))}


def _who(request: Request) -> str:
    return identity_of(request).user


def _id(request: Request, asked: Asked | AskedOverride) -> str:
    """Return the name of a command; one that is given counts for who gives it alone."""
    return f"{_who(request)}:{asked.id}" if asked.id else uuid.uuid4().hex


def _own(here: Centre, asked: Asked) -> None:
    if asked.owner not in ("", here.agency):
        raise HTTPException(409, f"The alarm is {asked.owner}'s: {here.agency} can only acknowledge it.")


def _end(here: Centre, until: int | None, for_s: float | None) -> int:
    if (until is None) is (for_s is None):
        raise UsageError("it needs an end", where="until", remedy="Give until or for_s")
    return until if until is not None else here.clock.now() + round((for_s or 0.0) * SECOND)
