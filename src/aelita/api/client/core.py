"""What a client sends, and what it makes of the answers, without any I/O.

A call of the interface is a generator: it yields requests and is sent their answers. `Session.conduct` puts around it what all
calls need: who asks, another try after a failure, errors in one form. A face only sends what it is given, and waits.
"""

import functools
import inspect
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass, field, replace
from http.cookies import CookieError, SimpleCookie
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload
from urllib.parse import quote, urlsplit

import orjson

from ...errors import UsageError
from .errors import AnswerError, BusyError, InterfaceError, LoginError, UnreachableError, kind_of

PREFIX = "/api/v1"
SAFE = ("GET", "HEAD")
JSON, PROBLEM = "application/json", "application/problem+json"
LIST_PAGE = 2_000
SHOWN = 200  # characters of an answer that is none of the interface
UNSURE = "It may have been done: look before you ask for it again"

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a centre is: `origin` is scheme, host and port, `base` the path under which its interface begins."""

    origin: str
    base: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the address in a URL. Raises UsageError for what is none of a centre."""
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is no address of a centre", remedy="Give one such as https://centre.example:8200")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise UsageError("an address of a centre holds no user, question or fragment", remedy="Give user= and password=")
        try:
            port = parts.port
        except ValueError as error:
            raise UsageError(f"{url!r} has no such port", remedy="Ports are 1 to 65535") from error
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        usual = port in (None, {"http": 80, "https": 443}[parts.scheme])
        origin = f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{port}"
        return cls(origin, parts.path.rstrip("/").removesuffix(PREFIX) + PREFIX)

    @property
    def url(self) -> str:
        """Where the interface begins."""
        return self.origin + self.base

    @property
    def live_url(self) -> str:
        """The live WebSocket."""
        return f"ws{self.url.removeprefix('http')}/live"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent: `path` is below the interface's beginning, `query` has no empty values."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    accept: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    media: str = JSON  # of the body

    @property
    def where(self) -> str:
        """Method and path, for errors."""
        return f"{self.method} {PREFIX}{self.path}"


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next request."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; names of headers are in lower case, `cookies` are what it sets."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    cookies: tuple[str, ...] = ()

    @property
    def media(self) -> str:
        """Its media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def retry_after_s(self) -> float | None:
        """How long it asks to wait, None when it does not say."""
        told = self.headers.get("retry-after", "").strip()
        return float(told) if told.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Broken:
    """There was no whole answer; `hopeless` when another try would not help, `remedy` what would."""

    why: str
    hopeless: bool = False
    remedy: str = ""


Steps = Generator[Request, Answer, T]
Conduct = Generator[Request | Pause, Answer | Broken | None, T]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and when a safe request that failed is tried again: after `first_s`, then twice as long each time."""

    retries: int = 3
    first_s: float = 0.25
    longest_s: float = 15.0

    def pause_s(self, attempt: int, chance: float) -> float:
        """Return how long to wait after a failed attempt (0 the first); `chance` (0 to 1) keeps clients apart."""
        return min(self.first_s * 2.0 ** min(attempt, 30), self.longest_s) * (0.5 + chance / 2)


@dataclass(slots=True)
class Session:
    """Who asks: a token, or a user and a password that log in at the first need; `cookies` are those of the session."""

    address: Address
    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    patience: Patience = Patience()
    cookies: dict[str, str] = field(default_factory=dict, repr=False)
    chance: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        if self.token and (self.user or self.password):
            raise UsageError("both a token and a user", remedy="Give a token, or a user and a password")
        if bool(self.user) != bool(self.password):
            raise UsageError("a user without a password, or the other way round", remedy="Give both")
        if not (self.token.isascii() and self.token.isprintable()):
            raise UsageError("the token has characters that no token has", remedy="Was it copied whole?")

    def conduct(self, steps: Steps[T]) -> Conduct[T]:
        """Yield what is to be sent and when, return what a call returns. Raises InterfaceError, and what the call raises."""
        try:
            request = next(steps)
            while True:
                try:
                    answer = yield from self._exchange(request)
                except InterfaceError as error:
                    request = steps.throw(error)
                else:
                    request = steps.send(answer)
        except StopIteration as end:
            return end.value
        finally:
            steps.close()

    def _exchange(self, request: Request) -> Conduct[Answer]:
        attempt = 0
        outcome = yield from self._known(request)
        while (pause := self._pause(request, outcome, attempt)) is not None:
            yield Pause(pause)
            attempt += 1
            outcome = yield from self._known(request)
        return understood(request, outcome)

    def _known(self, request: Request) -> Conduct[Answer | Broken]:
        """Send a request as who asks; log in first when nobody is logged in yet, or any more."""
        if self.password and not self.cookies:
            yield from self.log_in()
        outcome = yield from self._send(request)
        if isinstance(outcome, Answer) and outcome.status == 401 and self.password:
            yield from self.log_in()
            outcome = yield from self._send(request)
        return outcome

    def log_in(self) -> Conduct[None]:
        """Log in by user and password. Raises LoginError, BusyError after too many wrong ones."""
        self.cookies.clear()
        request = Request("POST", "/auth/login", body=orjson.dumps({"user": self.user, "password": self.password}))
        understood(request, (yield from self._send(request)))

    def _send(self, request: Request) -> Conduct[Answer | Broken]:
        outcome = yield self._dressed(request)
        assert outcome is not None
        if isinstance(outcome, Answer):
            for told in outcome.cookies:
                self._keep_cookie(told)
        return outcome

    def _dressed(self, request: Request) -> Request:
        """Return a request with who asks, and where from."""
        media = () if request.body is None else (("Content-Type", request.media),)
        headers = (("Accept", f"{request.accept}, {PROBLEM}"), *media, *self.headers(), *request.headers)
        return replace(request, headers=headers)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers that tell who asks."""
        if self.token:
            return (("Authorization", f"Bearer {self.token}"),)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return (("Cookie", cookie), ("Origin", self.address.origin)) if cookie else (("Origin", self.address.origin),)

    def _keep_cookie(self, told: str) -> None:
        try:
            found = SimpleCookie(told)
        except CookieError:
            return
        for name, one in found.items():
            self.cookies.pop(name, None)
            if one.value and one["max-age"] != "0":
                self.cookies[name] = one.value

    def _pause(self, request: Request, outcome: Answer | Broken, attempt: int) -> float | None:
        """Return how long to wait before another try, None for none: only what changes nothing is tried again."""
        if request.method not in SAFE or attempt >= self.patience.retries:
            return None
        usual = self.patience.pause_s(attempt, self.chance())
        if isinstance(outcome, Broken):
            return None if outcome.hopeless else usual
        if outcome.status in (502, 504):
            return usual
        asked = outcome.retry_after_s
        if outcome.status not in (429, 503) or (asked is None and outcome.media == PROBLEM):
            return None  # what the centre says without asking to come back will be so again
        return usual if asked is None else asked if asked <= self.patience.longest_s else None


def understood(request: Request, outcome: Answer | Broken) -> Answer:
    """Return a good answer. Raises the InterfaceError that a bad one tells of."""
    if isinstance(outcome, Broken):
        unsure = UNSURE if request.method not in SAFE else "Is the centre running, and is this its address?"
        raise UnreachableError(outcome.why, where=request.where, remedy=outcome.remedy or unsure)
    if 200 <= outcome.status < 300:
        return outcome
    raise error_of(outcome, request.where)


def error_of(answer: Answer, where: str) -> InterfaceError:
    """Return the error that an answer tells of."""
    told = _problem(answer)
    what = str(told.get("detail") or f"HTTP {answer.status}: {_beginning(answer.content)}".rstrip(": "))
    what, remedy = what.rstrip("."), str(told.get("remedy") or _remedy(answer)).rstrip(".")
    place = str(told.get("where") or "")
    return kind_of(answer.status)(
        what, where=f"{where}, {place}" if place else where, remedy=remedy, status=answer.status,
        retry_after_s=answer.retry_after_s,
    )  # fmt: skip


def _problem(answer: Answer) -> Mapping[str, Any]:
    if answer.media not in (PROBLEM, JSON):
        return {}
    try:
        told = orjson.loads(answer.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _remedy(answer: Answer) -> str:
    kind = kind_of(answer.status)
    if kind is LoginError:
        return "Give a token, or a user and a password, that are still good"
    if kind is BusyError:
        wait = answer.retry_after_s
        return "Try again later" if wait is None else f"Try again in {wait:g} s"
    if 300 <= answer.status < 400 and "location" in answer.headers:
        return f"Its address may be another one: {answer.headers['location']}"
    return ""


def _beginning(content: bytes) -> str:
    return " ".join(content[: 4 * SHOWN].decode("utf-8", "replace").split())[:SHOWN]


Query = Mapping[str, object]


def request_of(method: str, path: str, query: Query | None = None, *, body: object = None, accept: str = JSON) -> Request:
    """Return a request; what of the query is None or empty is left out, and lists are joined with commas."""
    told = tuple((name, _told(value)) for name, value in (query or {}).items() if value is not None and value != "")
    return Request(method, path, told, None if body is None else orjson.dumps(body), accept)


def _told(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def names_text(names: str | list[str] | tuple[str, ...]) -> str:
    """Return names with commas between them. Raises UsageError for none."""
    text = names if isinstance(names, str) else ",".join(names)
    if not text.strip(","):
        raise UsageError("no parameter is named", remedy="Give one name, or a list of them")
    return text


def path_of(*parts: object) -> str:
    """Return a path with its parts quoted; `/` within them remains."""
    return "/" + "/".join(quote(str(part).strip("/"), safe="/") for part in parts)


def json_in(answer: Answer, where: str) -> Any:
    """Return what an answer says in JSON, None for an empty one. Raises AnswerError."""
    if answer.status == 204 or not answer.content:
        return None
    if answer.media != JSON:
        raise AnswerError(
            f"an answer of the type {answer.media or 'unknown'}: {_beginning(answer.content)}", where=where, status=answer.status,
            remedy="Is this the address of a centre?",
        )  # fmt: skip
    try:
        return orjson.loads(answer.content)
    except ValueError as error:
        raise AnswerError(f"no JSON: {error}", where=where, status=answer.status) from error


def ask(method: str, path: str, query: Query | None = None, *, body: object = None) -> Steps[Any]:
    """Ask, and return what is said in JSON."""
    request = request_of(method, path, query, body=body)
    return json_in((yield request), request.where)


def ask_all(path: str, query: Query | None = None, limit: int | None = None) -> Steps[list[Any]]:
    """Return a list whole, or its first `limit` items: page by page."""
    found: list[Any] = []
    after = ""
    while limit is None or len(found) < limit:
        most = LIST_PAGE if limit is None else min(LIST_PAGE, limit - len(found))
        page = yield from ask("GET", path, {**(query or {}), "limit": most, "after": after})
        following = _add_page(found, page, path)
        if not following:
            break
        if following == after:
            raise AnswerError("a list leads back to itself", where=f"GET {PREFIX}{path}", remedy="Tell who runs the centre")
        after = following
    return found


def _add_page(found: list[Any], page: Any, path: str) -> str:
    """Add the items of a page, return the cursor of the next one."""
    if isinstance(page, list):  # a list that is never long comes whole
        found += page
        return ""
    if not isinstance(page, dict) or not isinstance(page.get("items"), list):
        raise AnswerError("no page of a list", where=f"GET {PREFIX}{path}", remedy="Is the centre of another release?")
    found += page["items"]
    return str(page.get("next") or "")


class Synchronous(ABC):
    """A face whose calls return when they are done."""

    @abstractmethod
    def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns."""


class Asynchronous(ABC):
    """A face whose calls are awaited."""

    @abstractmethod
    async def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns."""


class Call(Generic[P, T]):
    """A method of both faces, made of one generator function."""

    def __init__(self, steps: Callable[P, Steps[T]]) -> None:
        self.steps = steps
        self.__doc__ = steps.__doc__

    @overload
    def __get__(self, client: Synchronous, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: Asynchronous, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    def __get__(self, client: Synchronous | Asynchronous | None, owner: type) -> object:
        if client is None:
            return self
        steps, run = self.steps, client.run

        @functools.wraps(steps)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return run(steps(*args, **kwargs))

        method.__signature__ = _signature(steps)  # type: ignore[attr-defined]
        return method


@functools.cache
def _signature(steps: Callable[..., Any]) -> inspect.Signature:
    """Return a signature that tells what a call returns, not that it is made of steps."""
    found = inspect.signature(steps)
    returned = getattr(found.return_annotation, "__args__", (None, None, found.return_annotation))[-1]
    return found.replace(return_annotation=returned)
