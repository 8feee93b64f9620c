"""Keys with which people sign what they state of commands: made, enrolled, renewed, revoked."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from ..commanding import Credential, Revocation
from ..errors import UsageError
from . import audit
from .account_tables import User
from .answers import PROBLEMS, UtcText, utc_text
from .centre import Centre, centre
from .command_asked import Key
from .command_asking import LIMITED, REFUSED, do
from .command_key_tables import CommandKey
from .command_keys import Password, check_self, drop, enrolled_key, has_password, keep, keys_of, made_key
from .command_rights import COMMANDING, places
from .door import Door, door
from .identity import Identity, may

router = APIRouter(prefix="/commands/keys", tags=["commands"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
AtDoor = Annotated[Door, Depends(door)]
Self = Annotated[Identity, Depends(may("view"))]
KeyName = Annotated[str, InPath(max_length=16, pattern=r"^[0-9a-f]{1,16}$", description="The key by its name.")]
SESSION_ONLY = "A token cannot make, enrol or renew keys: log in for that."


class NewKey(BaseModel):
    """A key that is wished, for one's roles at a centre of the agency; one's `password` is needed, and seals it.

    Who logs in through an organisation has no password here: they log in again, and give a new passphrase in its place, which
    seals this key alone and is asked for at each signature.

    With `public` (64 hex digits) a key of one's own is enrolled, of which the private half stays with oneself: `proof` is its
    signature over the octets `aelita-enrol-1`, a newline, and canonical JSON of agency, centre, person and public.
    """

    model_config = ConfigDict(extra="forbid")
    password: Password = ""
    centre: Key = ""
    public: str = Field("", max_length=64, pattern=r"^([0-9a-f]{64})?$")
    proof: str = Field("", max_length=128, pattern=r"^([0-9a-f]{128})?$")


class PasswordGiven(BaseModel):
    """One's own password, of now. Who logs in through an organisation has none: they log in again."""

    model_config = ConfigDict(extra="forbid")
    password: Password = ""


class KeyItem(BaseModel):
    """A key. `key` is its name: the first 16 hex digits of SHA-256 of its public half.

    `kept` tells where the private half is: `centre` (sealed by the password or passphrase), `user`, `lost` (its password was
    replaced), or `elsewhere` (not a key of this centre's users). `usable` says that it can sign now, `why` why not.
    """

    key: str
    agency: str
    centre: str
    person: str
    roles: list[str]
    public: str
    issued: UtcText
    not_after: UtcText
    kept: Literal["centre", "user", "lost", "elsewhere"]
    usable: bool
    why: str
    revoked: UtcText = None
    reason: str = ""


class Keys(BaseModel):
    """Keys, the newest first."""

    items: list[KeyItem]


@router.get("")
def list_keys(
    here: Here,
    who: Self,
    all: Annotated[bool, Query(description="Those of everybody, of all agencies: for who manages users or audits.")] = False,
) -> Keys:
    """List one's own keys, or everybody's with their revocations."""
    if all and not who.may & {"admin", "audit"}:
        raise HTTPException(403, f"{who.user} may not see everybody's keys: it needs 'admin' or 'audit'.")
    with here.records.session() as session:
        rows = {row.key: row for row in session.query(CommandKey) if all or row.user == who.user}
        users = {user.name: user for user in session.query(User)}
    now = here.clock.now()
    with here.commands.reading() as standing:
        ring = standing.keyring
        found = [
            _item(here, one, ring.revoked.get(key), rows.get(key), users.get(one.person), now)
            for key, one in ring.credentials.items()
            if all or (one.agency, one.person) == (who.agency, who.user)
        ]
        unknown = [row for key, row in rows.items() if key not in ring.credentials]
    items = sorted(found, key=lambda one: one.issued or "", reverse=True)
    return Keys(items=[*(_unenrolled(here, row) for row in unknown), *items])


@router.post("", status_code=201, responses={**REFUSED, **LIMITED})
async def make_key(here: Here, request: Request, who: Self, at: AtDoor, asked: NewKey) -> KeyItem:
    """Make a signing key, or enrol one of one's own, with the roles that one has at a centre."""
    _session(who)
    await check_self(request, here, at, who, asked.password)
    centre, roles = _roles(here, who, asked.centre)
    if asked.public:
        row = enrolled_key(here.agency, who.user, centre, asked.public, asked.proof)
    else:
        if not await has_password(at, who):
            at.accounts.check_password(who.user, asked.password)  # as strong as a password must be
        row = await made_key(at, who.user, centre, asked.password)
    await asyncio.to_thread(keep, here.records, row)
    try:
        await asyncio.to_thread(_enrol, here, request, row, roles, "command.key.made")
    except HTTPException:
        await asyncio.to_thread(drop, here.records, row.key)
        raise
    return await asyncio.to_thread(_known, here, row.key, row)


@router.post("/{key}/renew", responses={**REFUSED, **LIMITED})
async def renew_key(here: Here, request: Request, who: Self, at: AtDoor, key: KeyName, given: PasswordGiven) -> KeyItem:
    """Give one's key the roles that one has today, for another year."""
    _session(who)
    await check_self(request, here, at, who, given.password)
    row = next((one for one in await asyncio.to_thread(keys_of, here.records, who.user) if one.key == key), None)
    if row is None:
        raise HTTPException(404, f"{who.user} has no key {key}.")
    _, roles = _roles(here, who, row.centre)
    await asyncio.to_thread(_enrol, here, request, row, roles, "command.key.renewed")
    return await asyncio.to_thread(_known, here, key, row)


@router.delete("/{key}", responses=REFUSED)
def revoke_key(
    here: Here, request: Request, who: Self, key: KeyName, reason: Annotated[str, Query(max_length=2000)] = ""
) -> KeyItem:
    """Revoke a key for good: one's own, or anybody's of the agency for who manages users. Its statements count no more."""
    row = next((one for one in keys_of(here.records, who.user) if one.key == key), None)
    with here.commands.reading() as standing:
        known = standing.keyring.credentials.get(key)
    if known is None and row is None:
        raise HTTPException(404, f"No key {key} is known here.")
    theirs = row is not None or (known is not None and (known.agency, known.person) == (who.agency, who.user))
    if not theirs and "admin" not in who.may:
        audit.note(request, "command.key.revoked.refused", key=key, why="another person's")
        raise HTTPException(403, f"Key {key} is another person's: {who.user} may not revoke it.")
    if known is not None and known.agency != here.agency:
        raise HTTPException(409, f"Key {key} is {known.agency}'s: that agency revokes it.")
    about: dict[str, audit.Detail] = {"key": key, "reason": reason, "person": known.person if known is not None else who.user}
    do(here, request, "command.key.revoked", "revoke", about, key=key, reason=reason)
    drop(here.records, key)
    return _known(here, key, row)


def _session(who: Identity) -> None:
    if who.how != "session":
        raise HTTPException(403, SESSION_ONLY)


def _roles(here: Centre, who: Identity, centre: str) -> tuple[str, list[str]]:
    """Return the centre and the roles at it that a key of a user is for. Raises UsageError, HTTPException 403."""
    organisation = here.installation.mission.organisation
    commanding = [one for one in places(organisation, who) if organisation.roles[one.role].may & COMMANDING]
    if not commanding:
        raise HTTPException(403, f"{who.user} has no role that requests, checks, approves or releases commands.")
    centres = list(dict.fromkeys(one.centre for one in commanding))
    if centre not in ("", *centres):
        raise HTTPException(403, f"{who.user} has no such role at {centre!r}. At {', '.join(centres)} there is one.")
    if not centre and len(centres) > 1:
        raise UsageError("a key is for one centre", where="centre", remedy=f"Name one of {', '.join(centres)}")
    chosen = centre or centres[0]
    return chosen, [one.role for one in commanding if one.centre == chosen]


def _enrol(here: Centre, request: Request, row: CommandKey, roles: list[str], action: str) -> None:
    about: dict[str, audit.Detail] = {"key": row.key, "centre": row.centre, "roles": " ".join(roles)}
    do(here, request, action, "enrol", about, person=row.user, centre=row.centre, roles=roles, public=row.public)


def _known(here: Centre, key: str, row: CommandKey | None) -> KeyItem:
    now = here.clock.now()
    with here.commands.reading() as standing:
        known, revoked = standing.keyring.credentials.get(key), standing.keyring.revoked.get(key)
    if known is None:
        assert row is not None
        return _unenrolled(here, row)
    with here.records.session() as session:
        user = session.get(User, known.person)
    return _item(here, known, revoked, row, user, now)


def _item(
    here: Centre, known: Credential, revoked: Revocation | None, row: CommandKey | None, user: User | None, now: int
) -> KeyItem:
    kept: Literal["centre", "user", "lost", "elsewhere"] = "elsewhere"
    if row is not None:
        kept = "lost" if row.lost else "user" if row.sealed is None else "centre"
    why = _why(here, known, revoked, kept, user, now)
    return KeyItem(
        key=known.key, agency=known.agency, centre=known.centre, person=known.person, roles=list(known.roles),
        public=known.public.hex(), issued=utc_text(known.issued_ns), not_after=utc_text(known.not_after_ns), kept=kept,
        usable=not why, why=why, revoked=utc_text(revoked.at_ns) if revoked else None, reason=revoked.reason if revoked else "",
    )  # fmt: skip


def _why(here: Centre, known: Credential, revoked: Revocation | None, kept: str, user: User | None, now: int) -> str:
    """Return why a key cannot sign, or should not be able to any more."""
    if revoked is not None:
        return "It is revoked."
    if not known.not_before_ns <= now <= known.not_after_ns:
        return "Its credential is over: renew it."
    if kept == "lost":
        return "The password that sealed it was replaced: make a new key, and revoke this one."
    if known.agency != here.agency:
        return ""
    if user is None or not user.active:
        return f"{known.person} has no active account here: revoke it."
    gone = [role for role in known.roles if role not in user.roles]
    return f"{known.person} is no {', '.join(gone)} any more: renew or revoke it." if gone else ""


def _unenrolled(here: Centre, row: CommandKey) -> KeyItem:
    return KeyItem(
        key=row.key, agency=here.agency, centre=row.centre, person=row.user, roles=[], public=row.public, issued=None,
        not_after=None, kept="user" if row.sealed is None else "centre", usable=False, why="No journal tells of it yet.",
    )  # fmt: skip
