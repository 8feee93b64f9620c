"""Commands: what can be asked of a spacecraft, requests made exact, and where they stand."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request

from ..commanding import Progress, prepared_from
from ..errors import UsageError
from .answers import PROBLEMS, Instant, near
from .audit import Detail, note
from .centre import Centre, centre
from .command_asked import AskedCommands, AskedRequest, RequestName, Spacecraft, asked_of_us, detail_of, known, names_in
from .command_asking import REFUSED, do
from .command_catalogue import CommandDefinition, CommandItem, definition_of, item_of
from .command_items import PreparedItem, RequestDetail, RequestItem, prepared_item, request_item
from .command_lights import light_ns
from .command_rights import places
from .identity import Identity, may
from .paging import After, Limit, Page, cursor_of, key_of, paged, words_of
from .values import check_range

router = APIRouter(prefix="/commands", tags=["commands"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Viewer = Annotated[Identity, Depends(may("view"))]
Requester = Annotated[Identity, Depends(may("command.request"))]
StateWord = Literal[
    "waiting", "rejected", "withdrawn", "expired", "refused", "released", "sending", "unknown", "sent", "radiated", "received",
    "accepted", "executing", "completed", "failed",
]  # fmt: skip


@router.get("/catalogue/{spacecraft}")
def list_commands(
    here: Here,
    who: Viewer,
    spacecraft: Spacecraft,
    search: Annotated[str, Query(max_length=500, description="Words that must all be found.")] = "",
    limit: Limit = 500,
    after: After = "",
) -> Page[CommandItem]:
    """List the commands of a spacecraft that can be sent, by name."""
    commands, organisation = here.commands.commands(spacecraft), here.installation.mission.organisation
    mine, words = frozenset(map(str, places(organisation, who))), words_of(search)
    found = sorted(
        (
            one
            for one in commands.sendable()
            if all(word in f"{one.name} {one.short_description} {one.long_description}".casefold() for word in words)
        ),
        key=lambda one: one.name,
    )
    page, following = paged(found, [[one.name] for one in found], limit, key_of(after, str))
    rules = organisation.authority
    return Page[CommandItem](items=[item_of(one, spacecraft, rules, mine) for one in page], next=following)


@router.get("/catalogue/{spacecraft}/{name:path}")
def get_command(here: Here, who: Viewer, spacecraft: Spacecraft, name: str) -> CommandDefinition:
    """Return a command with its arguments, what is lawful for each, and whose acts it needs."""
    commands, organisation = here.commands.commands(spacecraft), here.installation.mission.organisation
    try:
        command = commands.command(name if name in commands.commands else f"/{name.strip('/')}")
    except UsageError:
        try:
            command = commands.command(name)
        except UsageError as error:
            raise HTTPException(404, f"{error.what}.{near(name, commands.commands)}") from error
    mine = frozenset(map(str, places(organisation, who)))
    return definition_of(commands, command, spacecraft, organisation.authority, mine)


@router.post("/prepare", responses=REFUSED)
def prepare(here: Here, request: Request, who: Requester, asked: AskedCommands) -> PreparedItem:
    """Make a request exact without asking for anything: its octets, what each command does, whose acts it needs, its times."""
    about: dict[str, Detail] = {"spacecraft": asked.spacecraft, "commands": names_in(asked)}
    answer = do(here, request, "command.prepared", "prepare", about, **asked_of_us(here, request, who, asked))
    return _prepared(here, answer)


@router.post("/requests", status_code=201, responses=REFUSED)
def make_request(here: Here, request: Request, who: Requester, asked: AskedRequest) -> RequestDetail:
    """Request commands: their octets are fixed, and wait until those have signed whom the mission's rules name."""
    about: dict[str, Detail] = {"spacecraft": asked.spacecraft, "commands": names_in(asked), "comment": asked.comment}
    told = asked_of_us(here, request, who, asked) | {"digest": asked.digest, "id": asked.id}
    answer = do(here, request, "command.requested", "request", about, **told)
    prepared = prepared_from(answer["prepared"])
    with here.commands.reading() as standing:
        one = standing.board.requests.get(prepared.request.id)
    return detail_of(here, one if one is not None else Progress(prepared))


@router.get("/requests")
def list_requests(
    here: Here,
    spacecraft: Annotated[str, Query(max_length=64)] = "",
    state: Annotated[list[StateWord] | None, Query(description="Only in one of these states.")] = None,
    ended: Annotated[bool | None, Query(description="Only those that have ended, or only those that have not.")] = None,
    person: Annotated[str, Query(max_length=128)] = "",
    agency: Annotated[str, Query(max_length=64, description="Only of people of this agency.")] = "",
    search: Annotated[str, Query(max_length=500, description="Words of its name, commands, sentences or comment.")] = "",
    start: Instant = None,
    stop: Instant = None,
    limit: Limit = 100,
    after: After = "",
) -> Page[RequestItem]:
    """List requests of all agencies, the newest first; `start` and `stop` go by when they were made."""
    check_range(start, stop)
    words, states, key = words_of(search), set(state or ()), key_of(after, int, str)
    view, now = here.commands, here.clock.now()

    def fits(one: Progress) -> bool:
        asked = one.prepared.request
        known = (asked.spacecraft, asked.requester.person, asked.requester.agency)
        if any(wish not in ("", has) for wish, has in zip((spacecraft, person, agency), known, strict=True)):
            return False
        if (states and str(one.state) not in states) or (ended is not None and one.is_ended is not ended):
            return False
        if (start is not None and asked.at_ns < start) or (stop is not None and asked.at_ns >= stop):
            return False
        if key is not None and (asked.at_ns, one.id) >= (key[0], key[1]):
            return False
        return not words or all(word in _text(one) for word in words)

    with view.reading() as standing:
        found = sorted(filter(fits, standing.board.requests.values()), key=_place, reverse=True)[: limit + 1]
        light = {craft: light_ns(here, craft) for craft in {one.prepared.request.spacecraft for one in found}}
        items = [
            request_item(standing, one, now, view.wanted(one, now), light[one.prepared.request.spacecraft])
            for one in found[:limit]
        ]  # fmt: skip
    following = cursor_of(_place(found[limit - 1])) if len(found) > limit else None
    return Page[RequestItem](items=items, next=following)


@router.get("/requests/{request_id}")
def get_request(here: Here, request_id: RequestName) -> RequestDetail:
    """Return a request: its octets, who signed what, its timeline of stages, its times by the light time of now."""
    return detail_of(here, known(here, request_id))


@router.delete("/requests/{request_id}", responses=REFUSED)
def withdraw_request(
    here: Here, request: Request, who: Requester, request_id: RequestName, reason: Annotated[str, Query(max_length=2000)] = ""
) -> RequestDetail:
    """Take back a request that was not released: one's own, or any of the agency for who may release."""
    one = known(here, request_id)
    asked = one.prepared.request.requester
    if (asked.agency, asked.person) != (who.agency, who.user) and "command.release" not in who.may:
        note(request, "command.withdrawn.refused", request=request_id, why="another person's")
        raise HTTPException(403, f"The request is {asked.person}'s of {asked.agency}: {who.user} may not withdraw it.")
    about: dict[str, Detail] = {"request": request_id, "reason": reason}
    do(here, request, "command.withdrawn", "withdraw", about, request=request_id, by=who.user, reason=reason)
    return detail_of(here, known(here, request_id))


def _prepared(here: Centre, answer: dict[str, Any]) -> PreparedItem:
    prepared, now, view = prepared_from(answer["prepared"]), here.clock.now(), here.commands
    with view.reading() as standing:
        wanted = standing.wanted(prepared, now)
        return prepared_item(prepared, answer, wanted, now, standing.holding(prepared, now).agency)


def _place(one: Progress) -> tuple[int, str]:
    return one.prepared.request.at_ns, one.id


def _text(one: Progress) -> str:
    asked = one.prepared.request
    return " ".join((one.id, asked.comment, *one.prepared.sentences, *(call.command for call in asked.calls))).casefold()
