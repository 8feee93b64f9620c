"""Logging in and out, one-time links, tokens, and who one is."""

import asyncio
import html
import math
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from ..errors import UsageError
from . import audit, federated, oidc, sessions, tokens
from .account_tables import Token
from .accounts import ADMIN, folded, now
from .answers import PROBLEMS, UtcText, told_problem, utc_text
from .centre import Centre, centre
from .command_keys import resealed
from .door import Door, door
from .identity import NOBODY, Identity, demand, identity_of
from .passwords import MOST, BusyError

router = APIRouter(tags=["auth"], responses=PROBLEMS)
LIMITED: dict[int | str, dict[str, Any]] = {429: told_problem("Too many tries; `Retry-After` says when the next one may be.")}
WRONG = "The user or the password is wrong."
ENDED = "The link is used, too old, or none of this centre."

AtDoor = Annotated[Door, Depends(door)]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Here = Annotated[Centre, Depends(centre)]


def anybody(request: Request) -> Identity:
    """Return who asks, 401 for nobody: a dependency of routes about oneself."""
    who = identity_of(request)
    if not who.user:
        demand(who, "")
    return who


Self = Annotated[Identity, Depends(anybody)]


class Credentials(BaseModel):
    """What one logs in with."""

    user: str = Field(max_length=200)
    password: str = Field(max_length=4 * MOST)


class FirstPassword(Credentials):
    """What one sets by a one-time link. `user` names the first administrator; for another link it may be empty.

    `roles` are what the first administrator will be besides.
    """

    code: str = Field(max_length=200)
    roles: list[Word] = Field([], max_length=50)


class OfferedRole(BaseModel):
    """A role that the first administrator can have, and what it may do; one `given` comes in any case."""

    role: str
    title: str
    may: list[str]
    given: bool


class FirstAbout(BaseModel):
    """Whose a one-time link is: no `user` is the first administrator's, with the roles that can be chosen."""

    user: str
    roles: list[OfferedRole]


class NewPassword(BaseModel):
    """A change of one's own password."""

    password: str = Field(max_length=4 * MOST, description="The one of now.")
    new: str = Field(max_length=4 * MOST)


class Myself(BaseModel):
    """Who one is: roles, what they may together, how one is known (session or token), and until when.

    `password`: one has one here. Who logs in through an organisation has none, and seals a signing key by its own passphrase.
    """

    user: str
    title: str = ""
    agency: str
    roles: list[str]
    may: list[str]
    how: str
    token: str = ""
    expires: UtcText = None
    password: bool = True


class TokenItem(BaseModel):
    """A token: what it may do at most, and until when. `last_used` is known to a minute."""

    id: str
    name: str
    user: str
    scopes: list[str]
    created: UtcText
    expires: UtcText
    last_used: UtcText
    expired: bool


class NewToken(BaseModel):
    """A token that is wished: its scopes are words of permissions that one has oneself."""

    name: str = Field(min_length=1, max_length=100)
    scopes: list[str] = Field(min_length=1, max_length=50)
    days: float = Field(gt=0, le=2000, description="After how many days it ends.")


class MadeToken(TokenItem):
    """A token that was made. `token` is shown this once and kept nowhere."""

    token: str


class Tokens(BaseModel):
    """Tokens, the newest first."""

    items: list[TokenItem]


class Offered(BaseModel):
    """Whether one can log in through an organisation, and what it calls that."""

    configured: bool
    title: str = ""


@router.post("/auth/login", responses=LIMITED)
async def login(request: Request, response: Response, given: Credentials, at: AtDoor, here: Here) -> Myself:
    """Log in: the answer sets the cookie of a session. 429 says when to try again."""
    name = folded(given.user)
    await _heed_rate(request, at, here, name)
    user = await asyncio.to_thread(at.accounts.user, name)
    kept = user.password if user is not None and user.active else None
    if not await _unless_busy(at.passwords.fits(kept, given.password)) or user is None or kept is None:
        await _note(request, here, NOBODY, "login.failed", user=name)
        raise HTTPException(401, WRONG)
    at.tried_well(request, name)
    if at.passwords.is_old(kept):
        await asyncio.to_thread(at.accounts.rehash, name, kept, await at.passwords.hashed(given.password))
    return await _begin(request, response, at, here, user.name, "login")


@router.get("/auth/first", responses=LIMITED)
async def first_about(request: Request, at: AtDoor, here: Here, code: Annotated[str, Query(max_length=200)]) -> FirstAbout:
    """Tell whose a one-time link is, to whom has it. Nothing is used up."""
    await _heed_rate(request, at, here, "")
    holds, user = await asyncio.to_thread(at.accounts.link_of, code)
    if not holds:
        raise HTTPException(403, ENDED)
    at.tried_well(request, "")
    offered = [] if user else at.accounts.roles.values()
    roles = [OfferedRole(role=one.key, title=one.title, may=sorted(one.may), given=ADMIN in one.may) for one in offered]
    return FirstAbout(user=user, roles=roles)


@router.post("/auth/first", responses=LIMITED)
async def first(request: Request, response: Response, given: FirstPassword, at: AtDoor, here: Here) -> Myself:
    """Set a password by a one-time link, and log in. The link of a first start makes the first administrator."""
    await _heed_rate(request, at, here, "")
    user = await asyncio.to_thread(at.accounts.check_link, given.code, given.user, given.password, given.roles)
    if user is None:
        if at.may_note():
            await _note(request, here, NOBODY, "link.failed", user=folded(given.user))
        raise HTTPException(403, ENDED)
    kept = await _unless_busy(at.passwords.hashed(given.password))
    if not await asyncio.to_thread(at.accounts.use_link, given.code, user, kept, given.roles):
        raise HTTPException(403, ENDED)
    at.tried_well(request, "")
    here.installation.first_login(here.agency).unlink(missing_ok=True)
    return await _begin(request, response, at, here, user, "link.used", roles=" ".join(given.roles))


@router.post("/auth/logout", status_code=204)
async def logout(request: Request, response: Response, at: AtDoor, here: Here, who: Self) -> None:
    """Log out: the session ends."""
    secret = at.session_of(request.scope, request.cookies)
    if secret and who.how == "session":
        await asyncio.to_thread(sessions.end, at.accounts, secret)
        await _note(request, here, who, "logout")
    at.take_cookie(request, response)
    response.headers["clear-site-data"] = '"cache"'


@router.get("/auth/me")
def me(request: Request, at: AtDoor, who: Self) -> Myself:
    """Tell who one is, and what one may."""
    expires = None
    if who.how == "session":
        expires = sessions.ends_at(at.accounts, at.session_of(request.scope, request.cookies))
    elif who.how == "token":
        expires = next((one.expires for one in tokens.tokens_of(at.accounts, who.user) if one.key == who.token), None)
    return _myself(at, who, expires)


@router.post("/auth/password", status_code=204, responses=LIMITED)
async def change_password(request: Request, response: Response, given: NewPassword, at: AtDoor, here: Here, who: Self) -> None:
    """Change one's password. All sessions of the user end but this one, which is made anew."""
    if who.how != "session":
        raise HTTPException(403, "A token cannot change a password.")
    await _heed_rate(request, at, here, who.user)
    user = await asyncio.to_thread(at.accounts.user, who.user)
    if user is None or not await _unless_busy(at.passwords.fits(user.password, given.password)):
        await _note(request, here, who, "password.failed")
        raise HTTPException(403, "The password of now is wrong.")
    at.tried_well(request, who.user)
    at.accounts.check_password(who.user, given.new)
    kept = await _unless_busy(at.passwords.hashed(given.new))
    also = await _unless_busy(resealed(at, who.user, given.password, given.new))
    await asyncio.to_thread(at.accounts.set_password, who.user, kept, also)
    await _begin(request, response, at, here, who.user, "password.changed")


@router.get("/auth/tokens")
def list_tokens(at: AtDoor, who: Self, user: str = "") -> Tokens:
    """List one's tokens; an administrator's `user` names another user, or `*` for all."""
    whose = who.user if not user else None if user == "*" else folded(user)
    if whose != who.user:
        demand(who, "admin")
    return Tokens(items=[_token(one) for one in tokens.tokens_of(at.accounts, whose)])


@router.post("/auth/tokens", status_code=201)
def make_token(request: Request, given: NewToken, at: AtDoor, who: Self) -> MadeToken:
    """Make a token for a program. It is shown once, ends by itself, and can never do more than its user at the time."""
    if who.how != "session":
        raise HTTPException(403, "A token cannot make tokens: log in for that.")
    token, secret = tokens.make(at.accounts, who, given.name, given.scopes, given.days)
    audit.note(request, "token.made", id=token.key, name=token.name, scopes=" ".join(given.scopes), days=given.days)
    return MadeToken(**_token(token).model_dump(), token=secret)


@router.delete("/auth/tokens/{id}", status_code=204)
def remove_token(request: Request, id: str, at: AtDoor, who: Self) -> None:
    """End a token: one's own, or for an administrator anybody's."""
    token = tokens.remove(at.accounts, id, None if "admin" in who.may else who.user)
    if token is None:
        raise HTTPException(404, "There is no such token.")
    audit.note(request, "token.removed", id=token.key, name=token.name, user=token.user)


@router.get("/auth/oidc/about")
def oidc_offered(at: AtDoor) -> Offered:
    """Tell whether one can log in through an organisation."""
    return Offered(configured=True, title=at.open_id.provider.title) if at.open_id else Offered(configured=False)


@router.get("/auth/oidc", status_code=303, response_class=RedirectResponse, responses=LIMITED)
async def oidc_begin(request: Request, at: AtDoor, here: Here, next: str = "/") -> Response:
    """Go to the provider of the organisation to log in; afterwards to `next`, an address of this console."""
    await _heed_rate(request, at, here, "")
    open_id = _open_id(at)
    work = asyncio.get_running_loop().run_in_executor(open_id.threads, open_id.begin, _address(request), next)
    try:
        where, pending = await work
    except oidc.ProviderError as error:
        return _page(502, error.what)
    answer = RedirectResponse(where, 303)
    secure = request.url.scheme == "https"  # lax, for the way back comes from the provider's site
    answer.set_cookie(
        oidc.COOKIE, pending.as_cookie(), oidc.LASTS_S, path=oidc.PATH, httponly=True, samesite="lax", secure=secure
    )
    return answer


@router.get("/auth/oidc/back", response_class=HTMLResponse, responses=LIMITED)
async def oidc_back(request: Request, at: AtDoor, here: Here) -> Response:
    """Come back from the provider of the organisation: the answer sets the cookie of a session and goes on."""
    open_id = _open_id(at)
    await _heed_rate(request, at, here, "")
    try:
        pending = oidc.Pending.of_cookie(request.cookies.get(oidc.COOKIE, ""))
        person = await asyncio.get_running_loop().run_in_executor(
            open_id.threads, open_id.finish, _address(request), pending, dict(request.query_params)
        )
        user = await asyncio.to_thread(federated.user_of, at.accounts, person)
    except (oidc.RefusedLoginError, UsageError) as error:
        await _note(request, here, NOBODY, "login.failed", how="oidc", why=error.what)
        return _page(403, f"{error.what}. {error.remedy}")
    except oidc.ProviderError as error:
        return _page(502, error.what)
    at.tried_well(request, "")
    answer = _page(200, "", to=oidc.inner(pending.to))
    await _begin(request, answer, at, here, user, "login")
    answer.delete_cookie(oidc.COOKIE, path=oidc.PATH, httponly=True, samesite="lax")
    return answer


async def _begin(request: Request, response: Response, at: Door, here: Centre, user: str, action: str, **details: str) -> Myself:
    """Begin a session in place of the one that the browser had, so that nobody can have given it one that he knows."""
    before = at.session_of(request.scope, request.cookies)
    address = audit.address_of(request.scope)
    secret = await asyncio.to_thread(sessions.begin, at.accounts, user, address=address, instead_of=before)
    known = await asyncio.to_thread(sessions.find, at.accounts, secret) if secret else None
    if secret is None or known is None:
        raise HTTPException(401, WRONG)
    at.give_cookie(request, response, secret)
    await _note(request, here, known.identity, action, **{key: value for key, value in details.items() if value})
    expires = await asyncio.to_thread(sessions.ends_at, at.accounts, secret)
    return await asyncio.to_thread(_myself, at, known.identity, expires)


async def _heed_rate(request: Request, at: Door, here: Centre, name: str) -> None:
    wait = at.try_wait_s(request, name)
    if wait:
        if at.may_note():
            await _note(request, here, NOBODY, "login.limited", user=name)
        told = f"Too many tries to log in: the next one may be in {math.ceil(wait)} s."
        raise HTTPException(429, told, {"Retry-After": str(math.ceil(wait))})


async def _unless_busy(work: Any) -> Any:
    try:
        return await work
    except BusyError as error:
        raise HTTPException(503, error.what, {"Retry-After": "5"}) from error


async def _note(request: Request, here: Centre, who: Identity, action: str, **details: str) -> None:
    await asyncio.to_thread(audit.record, here, who, action, details, address=audit.address_of(request.scope))


def _myself(at: Door, who: Identity, expires: int | None) -> Myself:
    user = at.accounts.user(who.user)
    return Myself(
        user=who.user, title=user.title if user else "", agency=who.agency, roles=list(who.roles), may=sorted(who.may),
        how=who.how, token=who.token, expires=utc_text(expires), password=user is None or user.password is not None,
    )  # fmt: skip


def _token(one: Token) -> TokenItem:
    return TokenItem(
        id=one.key, name=one.name, user=one.user, scopes=one.scopes, created=utc_text(one.created),
        expires=utc_text(one.expires), last_used=utc_text(one.seen), expired=one.expires <= now(),
    )  # fmt: skip


def _open_id(at: Door) -> oidc.OpenId:
    if at.open_id is None:
        raise HTTPException(404, "No organisation is set up to log in through.")
    return at.open_id


def _address(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _page(status: int, text: str, *, to: str = "") -> HTMLResponse:
    """Return a page that goes on by itself, or says what was wrong.

    A redirection would count as the provider's, and browsers would keep a strict cookie back.
    """
    go = f'<meta http-equiv="refresh" content="0;url={html.escape(to)}">' if to else ""
    said = f'<p>{html.escape(text)}</p><p><a href="/login">Log in · Войти</a></p>' if text else ""
    return HTMLResponse(f'<!doctype html><html><head><meta charset="utf-8"><title>Aelita</title>{go}</head>{said}</html>', status)
