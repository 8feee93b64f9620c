"""Who is logged in, and how the machine is on which a centre runs."""

import os
import platform
import shutil
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Path as InPath
from pydantic import BaseModel

from .. import __version__
from . import audit, sessions
from .account_tables import digest_of
from .answers import PROBLEMS, UtcText, utc_text
from .centre import Centre, centre
from .door import Door, door
from .identity import Identity, may

router = APIRouter(prefix="/admin", tags=["admin"], responses=PROBLEMS)
AtDoor = Annotated[Door, Depends(door)]
Here = Annotated[Centre, Depends(centre)]
Administrator = Annotated[Identity, Depends(may("admin"))]
Operator = Annotated[Identity, Depends(may("complex.operate"))]
Ident = Annotated[str, InPath(pattern=r"^[0-9a-f]{16}$")]


class SessionItem(BaseModel):
    """A session: whose, from which address, when it was begun and last used (to a minute), and when it ends at the latest."""

    id: str
    user: str
    address: str
    begun: UtcText
    last_used: UtcText
    expires: UtcText
    own: bool


class SessionList(BaseModel):
    """The sessions that can be used, the one used last first."""

    items: list[SessionItem]


class Machine(BaseModel):
    """The machine: octets of the disk with the data folder and of memory, load over one minute, and what runs on it.

    What the system does not tell is null.
    """

    version: str
    python: str
    system: str
    processors: int
    load: float | None
    memory: int | None
    memory_free: int | None
    disk: int
    disk_free: int
    folder: str


@router.get("/sessions")
def list_sessions(request: Request, at: AtDoor, _: Administrator) -> SessionList:
    """List who is logged in."""
    own = digest_of(at.session_of(request.scope, request.cookies))
    return SessionList(
        items=[
            SessionItem(
                id=one.digest[:16], user=one.user, address=one.address, begun=utc_text(one.created), last_used=utc_text(one.seen),
                expires=utc_text(one.expires), own=one.digest == own,
            )
            for one in sessions.all_of(at.accounts)
        ]
    )  # fmt: skip


@router.delete("/sessions/{id}", status_code=204)
def end_session(request: Request, id: Ident, at: AtDoor, _: Administrator) -> None:
    """End a session: who uses it is logged out at once."""
    user = sessions.end_by_id(at.accounts, id)
    if user is None:
        raise HTTPException(404, "There is no such session.")
    audit.note(request, "session.ended", user=user)


@router.get("/machine")
def machine(here: Here, _: Operator) -> Machine:
    """Tell how the machine is."""
    memory = _memory()
    disk = shutil.disk_usage(here.folder)
    return Machine(
        version=__version__, python=platform.python_version(), system=f"{platform.system()} {platform.release()}",
        processors=os.cpu_count() or 1, load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        memory=memory.get("MemTotal"), memory_free=memory.get("MemAvailable"), disk=disk.total, disk_free=disk.free,
        folder=str(here.folder),
    )  # fmt: skip


def _memory() -> dict[str, int]:
    """Return the figures of memory in octets, as Linux tells them."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":") for line in lines if line.endswith("kB"))
    return {name: 1024 * int(value.split()[0]) for name, value in pairs}
