"""Backups: begun, watched, cancelled and deleted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi import Path as InPath
from pydantic import BaseModel

from . import audit
from .answers import PROBLEMS, UtcText, told_problem, utc_text
from .backups import GOING, Backup, Backups
from .centre import Centre, centre
from .identity import Identity, may

router = APIRouter(prefix="/admin/backups", tags=["admin"], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Operator = Annotated[Identity, Depends(may("complex.operate"))]
Name = Annotated[str, InPath(max_length=64)]
State = Literal["running", "cancelling", "done", "failed", "cancelled"]


class BackupItem(BaseModel):
    """A backup: `files` and `octets` are copied, of `all_files` and `all_octets`, which are 0 until they are known.

    Of one that failed or was cancelled nothing is kept but this.
    """

    name: str
    begun: UtcText
    ended: UtcText
    files: int
    octets: int
    all_files: int
    all_octets: int
    state: State
    why: str


class BackupList(BaseModel):
    """All backups, the latest first, and the folder that holds them."""

    folder: str
    items: list[BackupItem]


def backups(request: Request, here: Here) -> Backups:
    """Return the backups of the centre, opened once: a dependency."""
    state = request.app.state
    if not isinstance(getattr(state, "backups", None), Backups):
        state.backups = Backups(here)
    found = state.backups
    assert isinstance(found, Backups)
    return found


AtBackups = Annotated[Backups, Depends(backups)]


@router.get("")
def list_backups(kept: AtBackups, _: Operator) -> BackupList:
    """List backups."""
    return BackupList(folder=str(kept.folder), items=[_item(one) for one in kept.all()])


@router.post("", status_code=202)
def make_backup(request: Request, response: Response, kept: AtBackups, _: Operator) -> BackupItem:
    """Begin a backup of archive and records; `location` tells how far it is. One is made at a time."""
    one = kept.begin()
    audit.note(request, "backup.begun", name=one.name)
    response.headers["location"] = f"{request.url.path}/{one.name}"
    return _item(one)


@router.get("/{name}")
def read_backup(kept: AtBackups, name: Name, _: Operator) -> BackupItem:
    """Tell how far a backup is, or how it ended."""
    return _item(_known(kept, name))


@router.delete("/{name}", responses={409: told_problem("It is done: delete it with `whole`.")})
def end_backup(
    request: Request, kept: AtBackups, name: Name, _: Operator,
    whole: Annotated[bool, Query(description="Delete it also when it is whole.")] = False,
) -> BackupItem:  # fmt: skip
    """Cancel a backup that is being made: its files are removed. One that has ended is deleted, a whole one when `whole` says so.

    The answer tells of it as it was left; `cancelling` when the file that is being copied is not whole yet.
    """
    one = _known(kept, name)
    if one.state in GOING:
        cancelled = kept.cancel(name)
        if cancelled is not None and cancelled.state != "done":
            audit.note(request, "backup.cancelled", name=name)
            return _item(cancelled)
        one = _known(kept, name)  # it ended meanwhile
    if one.state == "done" and not whole:
        raise HTTPException(409, f"The backup {name} is done.")
    kept.remove(name)
    audit.note(request, "backup.deleted", name=name)
    return _item(one)


def _known(kept: Backups, name: str) -> Backup:
    found = kept.one(name)
    if found is None:
        raise HTTPException(404, f"There is no backup {name!r}.")
    return found


def _item(one: Backup) -> BackupItem:
    return BackupItem.model_validate({
        "name": one.name, "begun": utc_text(one.begun), "ended": utc_text(one.ended), "files": one.files, "octets": one.octets,
        "all_files": one.all_files, "all_octets": one.all_octets, "state": one.state, "why": one.why,
    })  # fmt: skip
