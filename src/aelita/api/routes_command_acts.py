"""What people state of requests, signed with their own keys, and what waits for them to state."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from ..agencies import Who
from ..commanding import Act, Progress, Reading, statement_from
from ..errors import UsageError
from ..time import SECOND
from .answers import PROBLEMS, UtcText, utc_text
from .audit import Detail, note
from .centre import Centre, centre
from .command_asked import Comment, Key, RequestName, detail_of, known
from .command_asking import LIMITED, REFUSED, do
from .command_items import RequestItem, TimesItem, light_s, request_detail
from .command_keys import Password, check_password, has_password
from .command_lights import light_ns
from .command_rights import givable, place_of
from .command_signing import signed_here
from .door import Door, door
from .identity import Identity, may

router = APIRouter(prefix="/commands", tags=["commands"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
AtDoor = Annotated[Door, Depends(door)]
Viewer = Annotated[Identity, Depends(may("view"))]
LONGEST_VALIDITY_S, USUAL_VALIDITY_S = 31 * 86_400.0, 86_400.0


class AskedStatement(BaseModel):
    """What one states of a request, signed with one's own key.

    Either the centre signs, with the key that one's `password` unseals (of who has none here, the passphrase of that key): then
    `act` and `digest` (of what one saw) are needed, and it is good for releases from now on for `validity_s`. Or it was signed
    elsewhere: then `statement` and `signature` are given.
    """

    model_config = ConfigDict(extra="forbid")
    act: Literal["check", "approve", "release", "reject"] | None = None
    digest: str = Field("", max_length=64)
    role: Key = ""
    centre: Key = ""
    key: str = Field("", max_length=16, description="Which of one's keys; without one, one that fits.")
    validity_s: float = Field(USUAL_VALIDITY_S, ge=1, le=LONGEST_VALIDITY_S)
    comment: Comment = ""
    password: Password = ""
    statement: dict[str, Any] | None = Field(None, max_length=32)
    signature: str = Field("", max_length=128)


class Signed(BaseModel):
    """What came of a statement: whether it `counts`, else `why` not, where the request stands now, and what is still missing."""

    statement: str
    counts: bool
    why: str
    state: str
    missing: list[str]
    notes: list[str]


class InboxItem(BaseModel):
    """Something that one may give to a request that waits: an act in a role; `last` when nothing else is missing."""

    act: str
    role: str
    centre: str
    last: bool
    key: str | None = Field(description="One's key that can sign it, null when one has none: POST commands/keys makes it.")


class InboxEntry(RequestItem):
    """A request that waits for something that one may give; `seconds_left` until its window of release ends, null: no end."""

    packets: list[str]
    give: list[InboxItem]
    times: TimesItem | None
    light_time_s: float | None
    seconds_left: float | None


class Inbox(BaseModel):
    """What waits for who asks, what ends first first; `now` is the mission's clock."""

    items: list[InboxEntry]
    now: UtcText


@router.post("/requests/{request_id}/statements", responses={**REFUSED, **LIMITED})
async def state(here: Here, request: Request, who: Viewer, at: AtDoor, request_id: RequestName, asked: AskedStatement) -> Signed:
    """Check, approve, release or reject a request, signed with one's own key over the octets that one saw."""
    one = await asyncio.to_thread(known, here, request_id)
    await asyncio.to_thread(_as_said, here, request, one, asked)
    if asked.statement is None:
        place = await asyncio.to_thread(_place, here, request, who, one, asked)
        if await has_password(at, who):
            await check_password(request, here, at, who, asked.password)
        signed = await signed_here(
            request, here, at, who, one, Act(asked.act or ""), place, key=asked.key, validity_s=asked.validity_s,
            comment=asked.comment, password=asked.password,
        )  # fmt: skip
        body = signed.body()
    else:
        body = await asyncio.to_thread(_given, here, request, who, one, asked)
    said = body["statement"]
    about: dict[str, Detail] = {
        "request": request_id, "act": said["act"], "role": said["role"], "centre": said["centre"], "key": said["key"],
        "digest": said["digest"], "comment": said["comment"],
    }  # fmt: skip
    told = await asyncio.to_thread(lambda: do(here, request, f"command.{said['act']}", "sign", about, body=body))
    name = statement_from(body).statement.id
    detail = await asyncio.to_thread(lambda: detail_of(here, known(here, request_id)))
    told_of = next((each for each in detail.statements if each.id == name), None)
    counts = said["act"] == Act.REJECT or (told_of is not None and told_of.counts)
    why = "" if counts or told_of is None else told_of.why
    return Signed(
        statement=name, counts=counts, why=why, state=detail.state, missing=detail.missing,
        notes=list(map(str, told.get("notes", ()))),
    )  # fmt: skip


@router.get("/inbox")
def inbox(here: Here, who: Viewer) -> Inbox:
    """List the requests that wait for something that one may give, what ends first first."""
    organisation, view, now = here.installation.mission.organisation, here.commands, here.clock.now()
    found: list[tuple[int, InboxEntry]] = []
    with view.reading() as standing:
        for one in standing.board.requests.values():
            wanted = view.wanted(one, now)
            give = givable(organisation, standing, who, one.prepared, wanted) if wanted is not None else []
            if not give:
                continue
            asked = one.prepared.request
            light = light_ns(here, asked.spacecraft)
            detail = request_detail(standing, one, now, wanted, light, Reading())
            keys = {
                (each.centre, role): name
                for name, each in standing.keyring.credentials.items()
                if (each.agency, each.person) == (who.agency, who.user) and name not in standing.keyring.revoked
                for role in each.roles
                if each.not_before_ns <= now <= each.not_after_ns
            }
            told = [
                InboxItem(
                    act=str(each.act), role=each.who.role, centre=each.who.centre, last=each.last,
                    key=keys.get((each.who.centre, each.who.role)),
                )
                for each in give
            ]  # fmt: skip
            bounded = detail.latest is not None
            entry = InboxEntry(
                **{name: getattr(detail, name) for name in RequestItem.model_fields}, packets=detail.packets, give=told,
                times=detail.times, light_time_s=light_s(light),
                seconds_left=(asked.latest_ns - now) / SECOND if bounded else None,
            )  # fmt: skip
            found.append((asked.latest_ns, entry))
    return Inbox(items=[entry for _, entry in sorted(found, key=lambda one: (one[0], one[1].at or ""))], now=utc_text(now))


def _place(here: Centre, request: Request, who: Identity, one: Progress, asked: AskedStatement) -> Who:
    """Return as whom a statement is signed that the centre makes. HTTPException when it says too little, or the user may not."""
    if asked.act is None or not asked.digest or not asked.password:
        raise UsageError(
            "a statement needs act, digest and password", where="body", remedy="Or give statement and signature, signed elsewhere"
        )
    _same_digest(request, one, asked.digest)
    organisation, now, view = here.installation.mission.organisation, here.clock.now(), here.commands
    with view.reading() as standing:
        wanted = view.wanted(one, now)
        give = givable(organisation, standing, who, one.prepared, wanted) if wanted is not None else []
    liked = [each.who for each in give if each.act is Act(asked.act)]
    return place_of(request, organisation, who, asked.act, asked.role, asked.centre, liked)


def _as_said(here: Centre, request: Request, one: Progress, asked: AskedStatement) -> None:
    """Raise HTTPException 409 when the octets are not what the request says of them: then it can only be rejected."""
    act = asked.act if asked.statement is None else asked.statement.get("act")
    found = [] if act == Act.REJECT else [str(each) for each in here.commands.readers.read(one.prepared).differences]
    if found:
        note(request, "command.sign.refused", request=one.id, why="; ".join(found))
        raise HTTPException(409, f"The octets of request {one.id} are not what it says of them: {'; '.join(found)}.")


def _same_digest(request: Request, one: Progress, digest: str) -> None:
    if digest != one.prepared.digest:
        note(request, "command.sign.refused", request=one.id, digest=digest, why="other octets than were shown")
        raise HTTPException(409, f"The octets of request {one.id} are not those of digest {digest[:16]}…: look at it again.")


def _given(here: Centre, request: Request, who: Identity, one: Progress, asked: AskedStatement) -> dict[str, Any]:
    """Return a statement that was signed elsewhere, checked to be who asks."""
    if asked.password:
        raise UsageError("a statement that is signed needs no password", where="password", remedy="Leave it out")
    body = {"request": one.id, "statement": asked.statement, "signature": asked.signature}
    said = statement_from(body).statement
    if asked.act not in (None, str(said.act)) or asked.digest not in ("", said.digest):
        raise UsageError("the statement says something else than the request that brings it", where="statement")
    _same_digest(request, one, said.digest)
    if (said.agency, said.person) != (who.agency, who.user):
        note(request, "command.sign.refused", request=one.id, why=f"a statement of {said.person} of {said.agency}")
        raise HTTPException(403, f"The statement is of {said.person} of {said.agency}, not of {who.user}.")
    place_of(request, here.installation.mission.organisation, who, str(said.act), said.role, said.centre)
    return body
