"""What people ask of commanding, as it comes from outside, and as it is passed on."""

import json
from typing import Annotated, Any, Literal

from fastapi import HTTPException, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from ..commanding import Progress
from ..errors import UsageError
from .answers import Instant
from .centre import Centre
from .command_items import RequestDetail, request_detail
from .command_lights import light_ns
from .command_rights import place_of, places
from .identity import Identity

Key = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Comment = Annotated[str, Field(max_length=2000)]
RequestName = Annotated[str, InPath(max_length=64, description="The request by its name.")]
Spacecraft = Annotated[str, InPath(max_length=64, description="The key of a spacecraft of the mission.")]
Scalar = bool | int | float | str
MOST_CALLS = 256
COP1 = "/COP-1/"  # directives to the sending end of the link stand in place of commands


class AskedCall(BaseModel):
    """One command by its qualified name, the tail of it, or an alias. Arrays and aggregates are given as JSON texts or values."""

    model_config = ConfigDict(extra="forbid")
    command: Name
    arguments: dict[str, Scalar | list[Any] | dict[str, Any]] = Field({}, max_length=1000)


class AskedCommands(BaseModel):
    """What one wants a spacecraft to do: commands together, in this order.

    They may be radiated from `earliest` to `latest`; with `execute` they go into the spacecraft's own schedule. `role` and
    `centre` say as whom one asks; without them one that may.
    """

    model_config = ConfigDict(extra="forbid")
    spacecraft: Name
    calls: list[AskedCall] = Field(min_length=1, max_length=MOST_CALLS)
    role: Key = ""
    centre: Key = ""
    earliest: Instant = None
    latest: Instant = None
    execute: Instant = None
    service: Literal["", "AD", "BD"] = Field("", description="Without one, as the command link of the spacecraft says.")
    comment: Comment = ""


class AskedRequest(AskedCommands):
    """A request. With the `digest` of what was prepared before it is only taken while the octets are still those.

    `id` is a name of one's own for it, which is taken once; without one it gets a name.
    """

    digest: str = Field("", max_length=64)
    id: str = Field("", max_length=64)


def asked_of_us(here: Centre, request: Request, who: Identity, asked: AskedCommands) -> dict[str, Any]:
    """Return what is asked of commanding: who asks, commands by qualified names, arguments as texts."""
    organisation = here.installation.mission.organisation
    names = [_qualified(here, asked.spacecraft, one.command) for one in asked.calls]
    rules = [organisation.authority.rule(asked.spacecraft, name, "none") for name in names]
    wanted = [
        place
        for place in places(organisation, who, "command.request")
        if all(rule is not None and place in rule.request for rule in rules)
    ]
    place = place_of(request, organisation, who, "request", asked.role, asked.centre, wanted)
    calls = [
        {"command": name, "arguments": [[key, _text_of(value)] for key, value in one.arguments.items()]}
        for name, one in zip(names, asked.calls, strict=True)
    ]
    requester = {"agency": place.agency, "centre": place.centre, "role": place.role, "person": who.user}
    times = {"earliest_ns": asked.earliest, "latest_ns": asked.latest, "execute_ns": asked.execute}
    return {
        "spacecraft": asked.spacecraft, "calls": calls, "requester": requester, "service": asked.service,
        "comment": asked.comment, **times,
    }  # fmt: skip


def _qualified(here: Centre, spacecraft: str, name: str) -> str:
    if name.startswith(COP1):
        return name
    try:
        return here.commands.commands(spacecraft).command(name).name
    except UsageError as error:
        raise HTTPException(404, f"{error.what}. {error.remedy}") from error


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def names_in(asked: AskedCommands) -> str:
    """Return the commands that are asked for, each once, for the audit trail."""
    return ", ".join(dict.fromkeys(one.command for one in asked.calls))


def known(here: Centre, name: str) -> Progress:
    """Return a request by its name. HTTPException 404."""
    with here.commands.reading() as standing:
        found = standing.board.requests.get(name)
    if found is None:
        raise HTTPException(404, f"No request {name!r} is known here.")
    return found


def detail_of(here: Centre, one: Progress) -> RequestDetail:
    """Return all that is known of a request now."""
    view, now = here.commands, here.clock.now()
    light, said = light_ns(here, one.prepared.request.spacecraft), view.readers.read(one.prepared)
    with view.reading() as standing:
        return request_detail(standing, one, now, view.wanted(one, now), light, said)
