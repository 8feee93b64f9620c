"""Open WebSockets, over real connections: each ends at once with the session or token by which it was opened, and no other does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import websockets
from sqlalchemy import delete
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection

from aelita.api import tokens
from aelita.api.account_tables import LoginSession
from aelita.api.guard import Guard
from aelita.api.identity import Identity
from aelita.time import DAY, SECOND
from door_material import API, Entrance, entrance, served
from test_api_guard import around

PATIENCE_S = 30.0


class Place:
    """A served application around which sockets are opened with a user's cookie or a token."""

    def __init__(self, at: Entrance, port: int) -> None:
        self.at, self.port, self.here = at, port, f"http://127.0.0.1:{port}"

    @contextlib.asynccontextmanager
    async def socket(self, cookie: dict[str, str] | None = None, token: str = "") -> AsyncIterator[ClientConnection]:
        headers = cookie or {"authorization": f"Bearer {token}"}
        origin = self.here if cookie else None
        address = f"ws://127.0.0.1:{self.port}{API}/live"
        async with websockets.connect(address, additional_headers=headers, origin=origin, proxy=None) as socket:  # type: ignore[arg-type]
            yield socket

    async def ask(self, method: str, path: str, cookie: dict[str, str], json: object = None) -> None:
        async with httpx.AsyncClient(base_url=self.here, headers={**cookie, "origin": self.here}) as client:
            answer = await client.request(method, f"{API}/{path}", json=json)
            assert answer.is_success, answer.text

    def token(self, user: str, days: float) -> tuple[str, str]:
        """Return the key and the secret of a new token."""
        who = Identity(user, "esa", (), frozenset({"view"}), "session")
        made, secret = tokens.make(self.at.door.accounts, who, "script", ["view"], days)
        return made.key, secret


async def ended(socket: ClientConnection) -> None:
    """Wait until a socket is closed by the server, to which nothing was sent and which sent nothing."""
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await socket.recv()
    assert closed.value.rcvd is not None and (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "log in again")


async def lives(socket: ClientConnection) -> None:
    await socket.send("hello")
    assert await asyncio.wait_for(socket.recv(), PATIENCE_S) == "hello"


Ending = Callable[[Place, dict[str, str]], Awaitable[None]]


async def logged_out(place: Place, cookie: dict[str, str]) -> None:
    await place.ask("POST", "auth/logout", cookie)


async def another_role(place: Place, _: dict[str, str]) -> None:
    place.at.door.accounts.change("otto", roles=["observer"])


async def removed(place: Place, _: dict[str, str]) -> None:
    place.at.door.accounts.remove("otto")


async def another_password(place: Place, _: dict[str, str]) -> None:
    await asyncio.to_thread(place.at.door.accounts.set_password, "otto", "kept")


async def by_another_process(place: Place, _: dict[str, str]) -> None:
    with place.at.centre.records.session() as session:
        session.execute(delete(LoginSession).where(LoginSession.user == "otto"))


@pytest.mark.parametrize("ending", [logged_out, another_role, removed, another_password, by_another_process])
def test_an_idle_socket_ends_with_its_session_and_no_other(tmp_path: Path, ending: Ending) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("otto", "observer", "flight-director")

    async def run() -> None:
        whole = Guard(both(at), at.centre, at.door)
        async with served(whole) as port:
            place, cookie, other = Place(at, port), await at.cookie("otto"), await at.cookie("vera")
            async with place.socket(cookie) as one, place.socket(cookie) as two, place.socket(other) as others:
                for socket in (one, two, others):
                    await lives(socket)
                await ending(place, cookie)
                await asyncio.gather(ended(one), ended(two))
                await lives(others)

    asyncio.run(run())


def both(at: Entrance) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return an application that says back what sockets say, and has the routes of a centre."""
    said_back, routes = around(at).app, at.app

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await (said_back if scope["type"] == "websocket" else routes)(scope, receive, send)

    return serve


def test_a_socket_ends_when_its_token_is_revoked_or_expires(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("otto", "observer")

    async def run() -> None:
        async with served(around(at)) as port:
            place = Place(at, port)
            (key, secret), (_, short), (_, long) = (place.token("otto", days) for days in (1, SECOND / DAY, 1))
            async with place.socket(token=secret) as one, place.socket(token=short) as two, place.socket(token=long) as others:
                for socket in (one, two, others):
                    await lives(socket)
                await asyncio.to_thread(tokens.remove, at.door.accounts, key, None)
                await ended(one)
                await ended(two)  # a second after it was made
                await lives(others)

    asyncio.run(run())


def test_a_client_that_does_not_read_gets_nothing_more(tmp_path: Path) -> None:
    """What the application sends after the end goes nowhere, and it is told that its client has gone."""
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("otto", "observer")
    heard: list[str] = []

    async def pour(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "text": "x" * 100_000})
                heard.append("")
                await asyncio.sleep(0)
        except OSError as error:
            heard.append(str(error))
            heard.append((await receive())["type"])

    async def run() -> None:
        async with served(around(at, pour)) as port:
            place = Place(at, port)
            async with place.socket(await at.cookie("otto")) as socket:
                await socket.recv()
                at.door.accounts.remove("otto")
                await ended(socket)

    asyncio.run(run())
    assert heard[-2:] == ["the session has ended", "websocket.disconnect"]
