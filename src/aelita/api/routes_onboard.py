"""What a spacecraft has on board: its schedule, packet stores that close gaps, memories and their images.

Nothing of this commands by itself: what is proposed here is requested by a person, and approved as every request is.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from .answers import PROBLEMS, Instant
from .audit import Detail
from .centre import Centre, centre
from .command_asked import AskedCall, AskedCommands, Key, Spacecraft, asked_of_us
from .command_asking import REFUSED, ask, do
from .identity import Identity, may
from .onboard_items import (
    ComparedItem,
    GapsItem,
    ImageItem,
    ImageRequests,
    Images,
    MemoryItem,
    PartItem,
    TimelineItem,
    calls_of,
    compared_item,
    gaps_item,
    memory_item,
    timeline_item,
)

router = APIRouter(prefix="/onboard", tags=["on board"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Requester = Annotated[Identity, Depends(may("command.request"))]
Name = Annotated[str, InPath(max_length=64, description="The name of an image.")]
Version = Annotated[str, InPath(max_length=64, description="The version of an image.")]
Memory = Annotated[int, InPath(ge=0, le=2**32 - 1, description="The identifier of a memory.")]
Apid = Annotated[
    int | None, Query(ge=0, le=2047, description="Only dumps of this application process: the archive is read faster.")
]
Hex = Annotated[str, Field(max_length=1 << 19, pattern="^([0-9A-Fa-f]{2})*$")]


class AskedImage(BaseModel):
    """A new version of an image: runs of octets by their addresses, hexadecimal."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=64)
    version: str = Field(min_length=1, max_length=64)
    memory: int = Field(ge=0, le=2**32 - 1)
    runs: list[tuple[Annotated[int, Field(ge=0, le=2**32 - 1)], Hex]] = Field(min_length=1, max_length=10_000)


class AskedImageRequest(BaseModel):
    """What is to be done with an image. `only_changed`: what the memory is not known to hold; `request`: ask for it at once."""

    model_config = ConfigDict(extra="forbid")
    what: Literal["load", "dump", "check"]
    only_changed: bool = False
    request: bool = False
    role: Key = ""
    centre: Key = ""


@router.get("/{spacecraft}/timeline", responses=REFUSED)
def get_timeline(here: Here, spacecraft: Spacecraft) -> TimelineItem:
    """Return the ground's copy of the schedule on board: what comes when, what is on its way, what differs from its reports."""
    return timeline_item(_ask(here, "timeline", spacecraft), here.clock.now())


@router.post("/{spacecraft}/timeline/adopt", responses=REFUSED)
def adopt_timeline(here: Here, request: Request, who: Requester, spacecraft: Spacecraft) -> TimelineItem:
    """Take the last report of the whole schedule for the truth; that is noted in the journal."""
    _known(here, spacecraft)
    told = do(here, request, "onboard.adopted", "timeline.adopt", {"spacecraft": spacecraft}, spacecraft=spacecraft, by=who.user)
    return timeline_item(told, here.clock.now())


@router.get("/{spacecraft}/gaps", responses=REFUSED)
def get_gaps(
    here: Here, spacecraft: Spacecraft, store: Annotated[int, Query(ge=0, le=2**32 - 1, description="A packet store.")] = 1
) -> GapsItem:
    """Return the gaps of reception, the read-outs that could close them (nobody has asked for them), and those under way."""
    return gaps_item(_ask(here, "gaps", spacecraft, store=store), here.clock.now())


@router.get("/{spacecraft}/memories/{memory}", responses=REFUSED)
def get_memory(
    here: Here, spacecraft: Spacecraft, memory: Memory, start: Instant = None, stop: Instant = None, apid: Apid = None
) -> MemoryItem:
    """Return what is known of a memory: by dumps of a range (without one, of the last day), and by loads."""
    return memory_item(_ask(here, "memory", spacecraft, memory=memory, start_ns=start, stop_ns=stop, apid=apid))


@router.get("/{spacecraft}/images", responses=REFUSED)
def list_images(here: Here, spacecraft: Spacecraft) -> Images:
    """List the memory images for a spacecraft, by name and version."""
    told = _ask(here, "images", spacecraft)
    return Images(items=[ImageItem.model_validate(one) for one in told["images"]], faults=told["faults"])


@router.post("/{spacecraft}/images", status_code=201, responses=REFUSED)
def add_image(here: Here, request: Request, who: Requester, spacecraft: Spacecraft, asked: AskedImage) -> ImageItem:
    """Keep a new version of an image; a version is never written over."""
    _known(here, spacecraft)
    about: dict[str, Detail] = {"spacecraft": spacecraft, "image": f"{asked.name}@{asked.version}", "memory": asked.memory}
    what = {"spacecraft": spacecraft, "by": who.user, **asked.model_dump()}
    return ImageItem.model_validate(do(here, request, "onboard.image", "image.add", about, **what)["image"])


@router.get("/{spacecraft}/images/{name}/{version}", responses=REFUSED)
def compare_image(
    here: Here, spacecraft: Spacecraft, name: Name, version: Version, start: Instant = None, stop: Instant = None,
    apid: Apid = None,
) -> ComparedItem:  # fmt: skip
    """Compare an image with what is known of its memory: by dumps of a range (without one, of the last day), and by loads."""
    what = {"name": name, "version": version, "start_ns": start, "stop_ns": stop, "apid": apid}
    return compared_item(_ask(here, "image.compare", spacecraft, **what))


@router.post("/{spacecraft}/images/{name}/{version}", responses=REFUSED)
def request_image(
    here: Here, request: Request, who: Requester, spacecraft: Spacecraft, name: Name, version: Version, asked: AskedImageRequest
) -> ImageRequests:
    """Return the commands that load, dump or check an image; with `request` ask for them, as ordinary requests."""
    _known(here, spacecraft)
    about: dict[str, Detail] = {"spacecraft": spacecraft, "image": f"{name}@{version}", "requested": asked.request}
    what = {"name": name, "version": version, "what": asked.what, "only_changed": asked.only_changed}
    told = do(here, request, f"onboard.image.{asked.what}", "image.calls", about, spacecraft=spacecraft, **what)
    parts = [PartItem(calls=calls_of(one["calls"]), comment=one["comment"], request="") for one in told["requests"]]
    for part in parts if asked.request else ():
        part.request = _requested(here, request, who, spacecraft, part, asked)
    return ImageRequests(image=ImageItem.model_validate(told["image"]), octets=told["octets"], parts=parts)


def _requested(
    here: Centre, request: Request, who: Identity, spacecraft: str, part: PartItem, asked: AskedImageRequest
) -> str:  # fmt: skip
    calls = [AskedCall(command=one.command, arguments=dict(one.arguments)) for one in part.calls]
    wanted = AskedCommands(
        spacecraft=spacecraft, calls=calls, role=asked.role, centre=asked.centre, comment=part.comment, service=""
    )
    about: dict[str, Detail] = {"spacecraft": spacecraft, "comment": part.comment}
    told = do(here, request, "command.requested", "request", about, **asked_of_us(here, request, who, wanted))
    return str(told["prepared"]["id"])


def _ask(here: Centre, op: str, spacecraft: str, **what: Any) -> dict[str, Any]:
    _known(here, spacecraft)
    return ask(here, op, spacecraft=spacecraft, **what)


def _known(here: Centre, spacecraft: str) -> None:
    if spacecraft not in {one.key for one in here.installation.mission.spacecraft}:
        raise HTTPException(404, f"The mission has no spacecraft {spacecraft!r}.")
