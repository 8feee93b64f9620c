"""Users, services and the audit trail."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, Field

from ..agencies import PERMISSIONS
from ..services import live
from . import audit
from .account_tables import User
from .accounts import Accounts, folded
from .answers import PROBLEMS, Instant, UtcText, utc_text
from .centre import Centre, centre
from .door import Door, door
from .identity import Identity, may
from .paging import After, Limit, Page, cursor_of, key_of

router = APIRouter(prefix="/admin", tags=["admin"], responses=PROBLEMS)

AtDoor = Annotated[Door, Depends(door)]
Here = Annotated[Centre, Depends(centre)]
Administrator = Annotated[Identity, Depends(may("admin"))]
Auditor = Annotated[Identity, Depends(may("audit"))]
Operator = Annotated[Identity, Depends(may("complex.operate"))]
Word = Annotated[str, Field(min_length=1, max_length=100)]


class UserItem(BaseModel):
    """A user of the centre. `login` is password, organisation, or none while no password was set."""

    user: str
    title: str
    roles: list[str]
    may: list[str]
    active: bool
    login: str
    created: UtcText
    last_login: UtcText


class RoleItem(BaseModel):
    """A role that users here can have, and what it may do."""

    role: str
    title: str
    may: list[str]


class Users(BaseModel):
    """All users, and what they can be."""

    items: list[UserItem]
    roles: list[RoleItem]
    permissions: dict[str, str]


class NewUser(BaseModel):
    """A user to make. No password: the answer has a one-time link by which the user sets one."""

    user: str = Field(min_length=1, max_length=100)
    title: str = Field("", max_length=200)
    roles: list[Word] = Field(default=[], max_length=50)


class UserChange(BaseModel):
    """What is to change of a user. `link` asks for a new one-time link, for one who has lost the password."""

    title: str | None = Field(None, max_length=200)
    roles: list[Word] | None = Field(None, max_length=50)
    active: bool | None = None
    link: bool = False


class ChangedUser(UserItem):
    """A user as it is now, and a one-time link when one was made. It is shown this once."""

    link: str | None = None


class AuditItem(BaseModel):
    """An entry of the audit trail; `how` one was known is session, token or nobody."""

    number: int
    utc: UtcText
    user: str
    how: str
    token: str
    address: str
    action: str
    details: dict[str, Any]


class Services(BaseModel):
    """The services of the agency as each tells of itself; `status` is well, ill or silent."""

    items: list[dict[str, Any]]


@router.get("/users")
def list_users(at: AtDoor, _: Administrator) -> Users:
    """List users, roles and permissions."""
    roles = [RoleItem(role=one.key, title=one.title, may=sorted(one.may)) for one in at.accounts.roles.values()]
    return Users(items=[_user(at.accounts, one) for one in at.accounts.users()], roles=roles, permissions=PERMISSIONS)


@router.post("/users", status_code=201)
def add_user(request: Request, given: NewUser, at: AtDoor, here: Here, _: Administrator) -> ChangedUser:
    """Make a user; the answer has the one-time link by which to set a password."""
    user = at.accounts.add(given.user, given.roles, given.title)
    audit.note(request, "user.added", name=user.name, roles=" ".join(user.roles))
    return ChangedUser(**_user(at.accounts, user).model_dump(), link=_link(request, at, here, user.name))


@router.patch("/users/{name}")
def change_user(request: Request, name: str, given: UserChange, at: AtDoor, here: Here, _: Administrator) -> ChangedUser:
    """Change a user. It holds from the next request on; one who is made inactive is logged out."""
    before = _known(at, name)
    user = at.accounts.change(name, roles=given.roles, title=given.title, active=given.active)
    if (changes := _changes(before, user)) or not given.link:
        audit.note(request, "user.changed", name=user.name, **changes)
    link = _link(request, at, here, user.name) if given.link else None
    return ChangedUser(**_user(at.accounts, user).model_dump(), link=link)


@router.delete("/users/{name}", status_code=204)
def remove_user(request: Request, name: str, at: AtDoor, _: Administrator) -> None:
    """Remove a user with all sessions, tokens and links. What the user did stays in the audit trail."""
    user = _known(at, name)
    at.accounts.remove(name)
    audit.note(request, "user.removed", name=user.name, roles=" ".join(user.roles))


@router.get("/audit")
def list_audit(
    here: Here,
    _: Auditor,
    user: Annotated[str, Query(max_length=200)] = "",
    action: Annotated[str, Query(max_length=100, description="An action, or what its words begin with: `login`.")] = "",
    search: Annotated[str, Query(max_length=500, description="Words that must all be found.")] = "",
    start: Instant = None,
    stop: Instant = None,
    limit: Limit = 500,
    after: After = "",
) -> Page[AuditItem]:
    """Read the audit trail, the latest entry first."""
    key = key_of(after, int)
    sought = audit.Sought(folded(user), action, start, stop, search)
    found = audit.entries(here.records, sought, limit=limit + 1, before=key[0] if key else None)
    items = [_entry(one) for one in found[:limit]]
    return Page(items=items, next=cursor_of([found[limit - 1].number]) if len(found) > limit else None)


@router.get("/services")
def list_services(here: Here, _: Operator) -> Services:
    """Ask all services of the agency how they are."""
    known = live.asked(here.installation.folder)
    return Services(items=[one for one in known if one.get("agency", "") in ("", here.agency)])


def _user(accounts: Accounts, one: User) -> UserItem:
    return UserItem(
        user=one.name, title=one.title, roles=list(one.roles), may=sorted(accounts.may(one.roles)), active=one.active,
        login="password" if one.password else "organisation" if one.subject else "none",
        created=utc_text(one.created), last_login=utc_text(one.seen),
    )  # fmt: skip


def _known(at: Door, name: str) -> User:
    user = at.accounts.user(name)
    if user is None:
        raise HTTPException(404, f"There is no user {name!r}.")
    return user


def _changes(before: User, after: User) -> dict[str, str]:
    told = ("roles", "title", "active")
    pairs = {key: (getattr(before, key), getattr(after, key)) for key in told}
    return {key: f"{_plain(old)} → {_plain(new)}" for key, (old, new) in pairs.items() if old != new}


def _plain(value: object) -> str:
    return " ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _link(request: Request, at: Door, here: Centre, name: str) -> str:
    code = at.accounts.link(name)
    audit.note(request, "link.made", name=name)
    return f"{request.url.scheme}://{request.url.netloc}/first?code={code}"


def _entry(one: audit.Audit) -> AuditItem:
    return AuditItem(
        number=one.number, utc=utc_text(one.at), user=one.user, how=one.how, token=one.token, address=one.address,
        action=one.action, details=json.loads(one.details),
    )  # fmt: skip
