"""The state of the complex: services, links, streams, clocks."""

from typing import Annotated

from fastapi import APIRouter, Depends

from .answers import PROBLEMS
from .centre import Centre, centre
from .identity import may
from .status import Clock, Link, Seen, Status, StreamState

router = APIRouter(
    tags=["status"], dependencies=[Depends(may("view"))], responses={status: PROBLEMS[status] for status in (401, 403)}
)


def seen(here: Annotated[Centre, Depends(centre)]) -> Seen:
    """Return the newest picture of the complex."""
    return here.feed.seen()


Picture = Annotated[Seen, Depends(seen)]


@router.get("/status")
async def status(picture: Picture) -> Status:
    """Tell of all: agencies, links, services, streams, counts, how many alarms."""
    return picture.status()


@router.get("/links")
async def links(picture: Picture) -> list[Link]:
    """Tell of the lines from spacecraft by stations."""
    return picture.links()


@router.get("/streams")
async def streams(picture: Picture) -> list[StreamState]:
    """Tell of the streams of the agency, and of its mirrors of others."""
    return picture.streams()


@router.get("/clock")
async def clock(picture: Picture) -> Clock:
    """Tell what time it is: here, for the mission, and of what arrives from each spacecraft."""
    return picture.clock()
