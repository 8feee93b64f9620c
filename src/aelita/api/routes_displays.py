"""Displays: composed, saved and shared by users; nobody overwrites what they have not seen."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from ..services import live
from . import displays
from .answers import PROBLEMS, told_problem
from .audit import note
from .centre import Centre, centre
from .displays import ChangedDisplay, Display, DisplayItem, DisplayShown, NewDisplay
from .identity import Identity, may
from .paging import After, Limit, Page, cursor_of, key_of

router = APIRouter(tags=["displays"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Self = Annotated[Identity, Depends(may("view"))]
Ident = Annotated[str, Path(max_length=64)]
VersionQuery = Annotated[int | None, Query(ge=1, lt=1 << 53, description="Only while it is still this version.")]
NEWER: dict[int | str, dict[str, Any]] = {409: told_problem("Somebody has changed it meanwhile, or one has too many.")}


@router.get("/displays")
def list_displays(here: Here, who: Self, limit: Limit = 500, after: After = "") -> Page[DisplayItem]:
    """List one's own displays and those that are shared, by title."""
    found = displays.seen_by(here.records, who.user, limit + 1, key_of(after, str, int))
    last = found[limit - 1] if len(found) > limit else None
    following = cursor_of([last.title, last.number]) if last else None
    return Page[DisplayItem](items=list(map(displays.item_of, found[:limit])), next=following)


@router.post("/displays", status_code=201, responses=NEWER)
def add_display(here: Here, request: Request, who: Self, asked: NewDisplay) -> DisplayShown:
    """Keep a new display."""
    made = Display(
        owner=who.user, title=asked.title, shared=asked.shared, version=1, changed=live.wall_tai_ns(),
        document=displays.checked(asked.document),
    )  # fmt: skip
    with here.records.session() as session:
        if displays.owned(session, who.user) >= displays.MOST_OF_ONE:
            raise HTTPException(409, f"{who.user} has {displays.MOST_OF_ONE} displays: delete one first.")
        session.add(made)
    note(request, "display.made", id=made.number, title=made.title, shared=int(made.shared))
    return displays.shown(made)


@router.get("/displays/{ident}")
def get_display(here: Here, who: Self, ident: Ident) -> DisplayShown:
    """Return a display."""
    with here.records.session() as session:
        return displays.shown(_visible(session, ident, who))


@router.put("/displays/{ident}", responses=NEWER)
def change_display(here: Here, request: Request, who: Self, ident: Ident, asked: ChangedDisplay) -> DisplayShown:
    """Change one's own display, unless there is a newer version than the one that was changed."""
    document = displays.checked(asked.document)
    try:
        with here.records.session() as session:
            found = _own(session, ident, who)
            _same(found, asked.version)
            found.title, found.shared, found.document = asked.title, asked.shared, document
            found.version, found.changed = asked.version + 1, live.wall_tai_ns()
    except StaleDataError as error:
        raise HTTPException(409, "Somebody has changed the display meanwhile: look at it again.") from error
    note(request, "display.changed", id=found.number, title=found.title, shared=int(found.shared), version=found.version)
    return displays.shown(found)


@router.delete("/displays/{ident}", status_code=204, responses=NEWER)
def delete_display(here: Here, request: Request, who: Self, ident: Ident, version: VersionQuery = None) -> None:
    """Delete one's own display."""
    try:
        with here.records.session() as session:
            found = _own(session, ident, who)
            if version is not None:
                _same(found, version)
            session.delete(found)
    except StaleDataError as error:
        raise HTTPException(409, "Somebody has changed the display meanwhile: look at it again.") from error
    note(request, "display.deleted", id=found.number, title=found.title)


def _visible(session: Session, ident: str, who: Identity) -> Display:
    found = displays.visible(session, ident, who.user)
    if found is None:
        raise HTTPException(404, f"There is no display {ident!r} that {who.user} may see.")
    return found


def _own(session: Session, ident: str, who: Identity) -> Display:
    found = _visible(session, ident, who)
    if found.owner != who.user:
        raise HTTPException(403, f"The display is {found.owner}'s: save it as one of your own.")
    return found


def _same(found: Display, version: int) -> None:
    if found.version != version:
        raise HTTPException(409, f"Version {version} was changed, but {found.version} is the newest: look at it again.")
