"""The guard around a centre's application: who asks is known before anything else sees the request, or it goes no further.

Pure ASGI, so that WebSockets pass it too. It puts the `Identity` into the scope, keeps other sites from acting in a user's name,
limits what is sent in, sets the headers that browsers heed, and writes what was refused into the audit trail.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import audit, sessions, tokens
from .app import PREFIX, problem
from .centre import Centre
from .door import Door, door_of
from .identity import NOBODY, Identity
from .open_sockets import POLICY, OpenSockets
from .sessions import Known
from .wire import LONGEST_HEAD

LARGEST_BODY = 1 << 20  # octets
FILES_ROUTE, FILES_PERMISSION, LARGEST_FILES = f"{PREFIX}/navigation/products", "navigation.publish", 72 << 20
SLOWEST_BODY_S = 30.0  # between two pieces
DRAIN_OCTETS, DRAIN_S = 1 << 24, 5.0
SAFE = ("GET", "HEAD", "OPTIONS")
OPEN_ROUTES = frozenset(f"{PREFIX}/{path}" for path in ("auth/login", "auth/first", "openapi.json"))
OPEN_BELOW = f"{PREFIX}/auth/oidc"
OPEN_PAGES = frozenset(("/login", "/first", "/favicon.ico"))
OPEN_FILES = re.compile(
    r"/_nicegui/\d[^/]*/.+|/assets/.+"
)  # of the version, the same for everybody; not what pages upload or give
OTHER_SITE = "With a session, send the Origin of this address; programs use a token"

PAGES_CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)  # Vue compiles templates in the browser, so that scripts cannot be held stricter; nothing leaves for another site
API_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
STRICT_TRANSPORT = "max-age=31536000"

log = logging.getLogger(__name__)


def guarded(app: FastAPI, centre: Centre) -> ASGIApp:
    """Return an application of `create_app` with the guard around it."""
    return Guard(app, centre, door_of(app))


class Guard:
    """The guard; `app` is what it stands around."""

    def __init__(self, app: ASGIApp, centre: Centre, door: Door) -> None:
        self.app, self.centre, self.door = app, centre, door
        self.sockets = OpenSockets(door.accounts, self._touched)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, self._with_headers(scope, send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        answer = await self._refusal(scope, headers)
        most = _largest(scope)
        if answer is None and _declared(headers) > most:
            await _drain(receive, expected="expect" not in headers)
            answer = _too_large(most)
        if answer is not None:
            await answer(scope, receive, send)
            return
        bounded = _Bounded(scope, receive, send, most)
        try:
            await self.app(scope, bounded.receive, bounded.send)
        except Exception:
            if not bounded.answered:
                raise
        who = scope["aelita.identity"]
        if bounded.status == 403 and who.user and scope["path"].startswith(PREFIX):
            await self._note_refusal(scope, who, "refused")

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        answer = await self._refusal(scope, headers)
        if answer is not None:
            await _deny(scope, receive, self._with_headers(scope, send), answer)
            return
        credentials = headers.get("authorization"), self.door.session_of(scope, cookies_of(headers))
        await self.sockets.serve(self.app, scope, receive, send, credentials, lambda: self._known(scope, headers))

    async def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Put who asks into the scope; return the answer to one who may not go on."""
        scope["aelita.identity"] = NOBODY
        if len(scope["path"]) + sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST_HEAD:
            return problem(431, f"The head of the request is longer than {LONGEST_HEAD} octets.", headers={"connection": "close"})
        if (answer := _ambiguous(scope, headers)) is not None:
            return answer
        try:
            known = self._known(scope, headers)
        except SQLAlchemyError:
            log.exception("accounts cannot be read")
            return problem(503, "Accounts cannot be read now.", headers={"retry-after": "5"})
        who = scope["aelita.identity"] = known.identity if known else NOBODY
        acts = scope["type"] == "websocket" or scope["method"] not in SAFE
        by_cookie = who.how == "session" and scope["path"] not in OPEN_ROUTES
        if acts and not _same_origin(scope, headers, by_cookie=by_cookie):
            await self._note_refusal(scope, who, "refused.other-site", origin=headers.get("origin", ""))
            return problem(403, "The request comes from another site.", remedy=OTHER_SITE)
        if known is not None:
            await self._touch(known)
        elif not _is_open(scope):
            return _unknown(scope)
        return None

    def _known(self, scope: Scope, headers: Headers) -> Known | None:
        """Return whom the credentials of a request are of. A token that is given counts alone, even beside a cookie."""
        given = headers.getlist("authorization")
        if given:
            kind, _, secret = given[0].partition(" ")
            return tokens.find(self.door.accounts, secret.strip()) if len(given) == 1 and kind.lower() == "bearer" else None
        secret = self.door.session_of(scope, cookies_of(headers))
        return sessions.find(self.door.accounts, secret) if secret else None

    async def _touch(self, known: Known) -> None:
        if known.untouched:
            with contextlib.suppress(SQLAlchemyError):  # it is only about when
                await asyncio.to_thread(self._touched, known)

    def _touched(self, known: Known) -> None:
        """Write down that credentials are used. It waits for the disk."""
        touch = tokens.touch if known.identity.how == "token" else sessions.touch
        touch(self.door.accounts, known.digest)

    async def _note_refusal(self, scope: Scope, who: Identity, action: str, **details: str) -> None:
        told = {"method": scope.get("method", "WEBSOCKET"), "path": scope["path"], **details}
        if who.user or self.door.may_note():
            await asyncio.to_thread(audit.record, self.centre, who, action, told, address=audit.address_of(scope))

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        api = scope["path"].startswith("/api/")
        file = not api and OPEN_FILES.fullmatch(scope["path"]) is not None
        secure = scope["scheme"] in ("https", "wss")

        async def dressed(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("content-security-policy", API_CSP if api else PAGES_CSP)
                if secure:
                    headers["strict-transport-security"] = STRICT_TRANSPORT
                if not file:
                    headers["cache-control"] = "no-store"
            await send(message)

        return dressed


class _Bounded:
    """One request whose body may not be too long: `receive` and `send` for the application, and the status it answered."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        self._scope, self._receive, self._send, self._most = scope, receive, send, most
        self._octets, self._whole, self.answered, self.status = 0, False, False, 0

    async def receive(self) -> Message:
        """Return the next message; when the body is too long, answer, and tell the application that the client has gone."""
        if self.answered:
            return {"type": "http.disconnect"}
        try:
            async with asyncio.timeout(None if self._whole else SLOWEST_BODY_S):
                message = await self._receive()
        except TimeoutError:
            return await self._answer(problem(408, "The request does not come to its end.", headers={"connection": "close"}))
        self._octets += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._octets > self._most:
            if not self._whole:
                await _drain(self._receive)
            return await self._answer(_too_large(self._most))
        return message

    async def _answer(self, answer: Response) -> Message:
        self.answered = True
        if not self.status:
            self.status = answer.status_code
            await answer(self._scope, self._receive, self._send)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send on, unless the answer was given already."""
        if self.answered:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def _drain(receive: Receive, *, expected: bool = True) -> None:
    """Read on for a while what nobody wants: a client that still sends would not see its answer."""
    octets, more = 0, expected
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while more and octets < DRAIN_OCTETS:
                message = await receive()
                octets, more = octets + len(message.get("body", b"")), message.get("more_body", False)


def cookies_of(headers: Headers) -> dict[str, str]:
    """Return the cookies of a request."""
    return cookie_parser("; ".join(headers.getlist("cookie")))


def _is_open(scope: Scope) -> bool:
    path, method = scope["path"], scope.get("method", "")
    if scope["type"] == "websocket":
        return False
    if path in OPEN_ROUTES or path == OPEN_BELOW or path.startswith(f"{OPEN_BELOW}/"):
        return True
    return method in ("GET", "HEAD") and (path in OPEN_PAGES or OPEN_FILES.fullmatch(path) is not None)


def _same_origin(scope: Scope, headers: Headers, *, by_cookie: bool) -> bool:
    """Tell whether a page of this very console sent a request, as browsers say, or a program that no browser can be made to be.

    Other consoles on the same host have the same site, so that only the same origin will do.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None or (origin == "null" and site is not None):  # a form without referrer has the origin "null"
        return site is not None or not by_cookie
    parts = urlsplit(origin)
    secure = scope["scheme"] in ("https", "wss")
    return parts.scheme == ("https" if secure else "http") and parts.netloc == headers.get("host", "")


def _ambiguous(scope: Scope, headers: Headers) -> Response | None:
    """Return the answer to a head that a server in between might read differently (RFC 9112, 3.2 and 6.1)."""
    hosts, codings = len(headers.getlist("host")), headers.getlist("transfer-encoding")
    if hosts > 1 or (hosts == 0 and scope["http_version"] != "1.0"):
        return problem(400, "A request names one host.", headers={"connection": "close"})
    if codings and [one.lower() for one in codings] != ["chunked"]:
        return problem(501, "A body comes whole or chunked.", headers={"connection": "close"})
    return None


def _declared(headers: Headers) -> int:
    lengths: Iterable[str] = headers.getlist("content-length")
    return max((int(length) for length in lengths if length.isdigit()), default=0)


def _nobody() -> Response:
    return problem(
        401, "Nobody is logged in, or no longer.", remedy="Log in, or give a token", headers={"www-authenticate": "Bearer"}
    )


def _unknown(scope: Scope) -> Response:
    """Return the answer to nobody: 401, or the page of logging in to one who opens a page."""
    path = scope["path"]
    if path.startswith(("/api/", "/_nicegui")) or scope.get("method") not in ("GET", "HEAD"):
        return _nobody()
    path = "/" if path.startswith("//") else path
    asked = path + ("?" + scope["query_string"].decode("latin-1") if scope["query_string"] else "")
    return RedirectResponse("/login" if asked == "/" else f"/login?next={quote(asked, safe='/')}", 303)


def _largest(scope: Scope) -> int:
    """Return how long the body of a request may be: files of products are longer, of those who may publish some."""
    files = scope["path"] == FILES_ROUTE and scope["method"] == "POST" and FILES_PERMISSION in scope["aelita.identity"].may
    return LARGEST_FILES if files else LARGEST_BODY


def _too_large(most: int) -> Response:
    return problem(413, f"The request is larger than {most} octets.", remedy="Send less", headers={"connection": "close"})


async def _deny(scope: Scope, receive: Receive, send: Send, answer: Response) -> None:
    """Refuse a WebSocket, with an HTTP answer where the server can give one."""
    await receive()
    if "websocket.http.response" in scope.get("extensions", {}):
        await answer(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": POLICY})
