"""The guard of a centre's application, as one who wants to get past it would try."""

import asyncio
import contextlib
import hashlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import websockets
from starlette.types import ASGIApp, Receive, Scope, Send

from aelita.api import guard, wire
from aelita.api.guard import LARGEST_BODY, Guard
from aelita.api.sockets import LiveSocket
from aelita.console import assets
from door_material import API, BASE, PASSWORD, Entrance, entrance, served

OPEN = {"/auth/login", "/auth/first", "/auth/oidc", "/auth/oidc/about", "/auth/oidc/back"}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request with its body, and every WebSocket with what it says."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


def around(at: Entrance, app: ASGIApp = echo) -> Guard:
    return Guard(app, at.centre, at.door)


def test_every_route_is_closed_to_nobody(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    methods = [(method, path.removeprefix(API)) for path, one in at.app.openapi()["paths"].items() for method in one]
    assert len(methods) > 10

    async def run() -> None:
        async with at.client() as client:
            for method, path in methods:
                answer = await client.request(method.upper(), API + path.replace("{", "").replace("}", ""))
                assert (answer.status_code == 401) == (path not in OPEN), (method, path, answer.text)
            for path in (
                "/api/v1/none",
                "/api/v1",
                "/api/v2/x",
                "//api/v1/auth/me",
                "/api/v1/../v1/auth/me",
                "/_nicegui_ws/socket.io/",
            ):
                answer = await client.get(path)
                assert answer.status_code in (401, 303)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "status", "to"),
    [
        ("/", 303, "/login"),
        ("/plot?p=/TGO/A&t0=1", 303, "/login?next=/plot%3Fp%3D/TGO/A%26t0%3D1"),
        ("/a?x=%0d%0aSet-Cookie:%20a=b", 303, "/login?next=/a%3Fx%3D%250d%250aSet-Cookie%3A%2520a%3Db"),
        ("/a%0d%0aSet-Cookie:%20a=b", 303, "/login?next=/a%0D%0ASet-Cookie%3A%20a%3Db"),
        ("//evil.example/x", 303, "/login"),
        ("/login", 200, None),
        ("/first?code=x", 200, None),
        ("/favicon.ico", 200, None),
        ("/_nicegui/3.18.0/static/quasar.js", 200, None),
        ("/assets/abc/console.css", 200, None),
        ("/_nicegui/auto/static/abc/secret.txt", 401, None),
        ("/_nicegui/client/1/upload/2", 401, None),
        ("/_nicegui_ws/socket.io/?transport=polling", 401, None),
        ("/login/x", 303, "/login?next=/login/x"),
        ("/assets", 303, "/login?next=/assets"),
    ],
)
def test_pages_lead_nobody_to_the_login(tmp_path: Path, path: str, status: int, to: str | None) -> None:
    at = entrance(tmp_path)

    async def run() -> httpx.Response:
        async with at.client(inner=around(at)) as client:
            return await client.get(httpx.URL(BASE, raw_path=path.encode()))

    answer = asyncio.run(run())
    assert (answer.status_code, answer.headers.get("location")) == (status, to)
    assert "set-cookie" not in answer.headers


def test_nothing_is_posted_to_open_files_by_nobody(tmp_path: Path) -> None:
    at = entrance(tmp_path)

    async def run() -> None:
        async with at.client(inner=around(at)) as client:
            for path in ("/login", "/_nicegui/3.18.0/x", "/assets/a/b", "/"):
                assert (await client.post(path, content=b"x")).status_code == 401

    asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"origin": BASE}, True),
        ({"origin": BASE, "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),  # a form under the policy no-referrer
        ({}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "https://centre"}, False),
        ({"origin": "http://centre:8201"}, False),  # the other agency's console on the same host
        ({"origin": "http://centre.evil.example"}, False),
        ({"origin": "http://centre@evil.example"}, False),
        ({"origin": BASE, "sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"referer": BASE}, False),
    ],
)
def test_other_sites_cannot_act_in_a_users_name(tmp_path: Path, headers: dict[str, str], passes: bool) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as client:
            del client.headers["origin"]
            answer = await client.post(
                f"{API}/admin/users", json={"user": "mallory", "roles": ["administrator"]}, headers=headers
            )
        assert answer.status_code == (201 if passes else 403), answer.text
        assert (at.door.accounts.user("mallory") is not None) == passes
        refused = at.trail("refused.other-site")
        assert [one.user for one in refused] == ([] if passes else ["vera"])

    asyncio.run(run())


def test_forms_of_other_sites_cannot_log_in(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.client(headers={"origin": "http://evil.example"}) as client:
            answer = await client.post(f"{API}/auth/login", json={"user": "vera", "password": PASSWORD})
            assert answer.status_code == 403
        async with at.client() as client:  # no browser sends a form like this, yet as text it would need no leave to ask
            body = f'{{"user":"vera","password":"{PASSWORD}"}}'
            answer = await client.post(f"{API}/auth/login", content=body, headers={"content-type": "text/plain"})
            assert answer.status_code == 422

    asyncio.run(run())


def test_forged_credentials_are_nobodys(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as client:
            name, secret = next(iter(client.cookies.items()))
        cookies = [
            "", "x", secret[:-1], secret + "A", secret.swapcase(), hashlib.sha256(secret.encode()).hexdigest(), "' OR 1=1 --",
            "\x00", "%00", "é", "A" * 5000, '"' + secret, "vera",
        ]  # fmt: skip
        async with at.client() as other:
            for value in cookies:
                header = f"{name}={value}".encode("latin-1")
                assert (await other.get(f"{API}/auth/me", headers={b"cookie": header})).status_code == 401, value
            wrong_name = {"cookie": f"aelita_session={secret}; aelita_session_roscosmos={secret}; __Host-{name}={secret}"}
            assert (await other.get(f"{API}/auth/me", headers=wrong_name)).status_code == 401
            for header in ("Bearer", "Bearer ", f"Bearer {secret}", "Basic dmVyYTp4", f"Bearer aelita_{'A' * 43}", "Bearer é"):
                answer = await other.get(f"{API}/auth/me", headers={b"authorization": header.encode("latin-1")})
                assert answer.status_code == 401, header
            both = {"cookie": f"{name}={secret}", "authorization": "Bearer wrong"}
            assert (await other.get(f"{API}/auth/me", headers=both)).status_code == 401  # what is given expressly counts
            assert (await other.get(f"{API}/auth/me", headers={"cookie": f"{name}={secret}"})).status_code == 200

    asyncio.run(run())


async def pieces(count: int, octets: int = 1 << 16) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * octets


def test_bodies_are_bounded(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        cookie = await at.cookie("vera")
        async with served(around(at)) as port:
            base = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=base, headers={"origin": base} | cookie) as real:
                whole = await real.post("/x", content=b"x" * LARGEST_BODY)
                assert (whole.status_code, len(whole.content)) == (200, LARGEST_BODY)
                assert (await real.post("/x", content=b"x" * (LARGEST_BODY + 1))).status_code == 413
                assert (await real.post("/x", content=pieces(16))).status_code == 200
                chunked = await real.post("/x", content=pieces(17))
                assert chunked.status_code == 413 and chunked.json()["status"] == 413
                assert (await real.get("/x")).status_code == 200  # and it goes on

    asyncio.run(run())


def test_an_endless_body_is_cut_off_in_the_interface_too(tmp_path: Path) -> None:
    at = entrance(tmp_path)

    async def run() -> None:
        async with served(at.guard) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            for path in ("/auth/login", "/auth/first"):
                told = {"content-type": "application/json"}
                answer = await client.post(API + path, content=pieces(40), headers=told)
                assert answer.status_code == 413
                assert (await client.post(API + path, content=b"[" * 100_000, headers=told)).status_code == 400

    asyncio.run(run())


def test_answers_carry_strict_headers(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as client, at.client() as nobody:
            answers = [
                await client.get(f"{API}/auth/me"), await nobody.get(f"{API}/auth/me"), await client.get(f"{API}/none"),
                await client.get("/none"), await client.post(f"{API}/auth/tokens", json={}),
                await client.post(f"{API}/auth/tokens", content=b"x" * (LARGEST_BODY + 1)),
            ]  # fmt: skip
        for answer in answers:
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy if API in str(answer.url) else "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            assert "access-control-allow-origin" not in answer.headers
            assert "server" not in answer.headers

    asyncio.run(run())


def test_what_is_refused_is_in_the_audit_trail(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("otto", "observer")

    async def run() -> None:
        async with at.logged_in("otto") as client:
            assert (await client.get(f"{API}/admin/users")).status_code == 403
            assert (await client.delete(f"{API}/admin/users/vera")).status_code == 403
        told = [(one.user, one.address, one.details) for one in at.trail("refused")]
        assert told == [
            ("otto", "10.0.0.1", '{"method": "GET", "path": "/api/v1/admin/users"}'),
            ("otto", "10.0.0.1", '{"method": "DELETE", "path": "/api/v1/admin/users/vera"}'),
        ]

    asyncio.run(run())


def test_strangers_cannot_fill_the_audit_trail(tmp_path: Path) -> None:
    at = entrance(tmp_path)

    async def run() -> None:
        async with at.client(headers={"origin": "http://evil.example"}) as client:
            for _ in range(100):
                assert (await client.post(f"{API}/auth/login", json={})).status_code == 403
        assert 10 <= len(at.trail()) <= 40

    asyncio.run(run())


def test_websockets_need_a_session_of_this_origin(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        cookie = await at.cookie("vera")
        async with at.logged_in("vera") as client:
            made = await client.post(f"{API}/auth/tokens", json={"name": "script", "scopes": ["view"], "days": 1})
        token = {"authorization": f"Bearer {made.json()['token']}"}
        async with served(around(at)) as port:
            here, other = f"http://127.0.0.1:{port}", "http://127.0.0.1:8201"
            for path in (f"{API}/live", "/_nicegui_ws/socket.io/", "/login", "/assets/a"):
                address = f"ws://127.0.0.1:{port}{path}"
                for headers, origin, status in (
                    ({}, None, 401), ({}, here, 401), ({"cookie": "aelita_session_esa=forged"}, here, 401),
                    (cookie, other, 403), (cookie, "null", 403), (cookie, None, 403), (token, other, 403),
                ):  # fmt: skip
                    with pytest.raises(websockets.InvalidStatus) as refused:
                        await websockets.connect(address, additional_headers=headers, origin=origin, proxy=None)
                    assert refused.value.response.status_code == status
                for headers, origin in ((cookie, here), (token, None)):
                    async with websockets.connect(address, additional_headers=headers, origin=origin, proxy=None) as socket:
                        await socket.send("hello")
                        assert await socket.recv() == "hello"

    asyncio.run(run())


def test_a_user_has_the_roles_of_now(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("otto", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as vera, at.logged_in("otto") as otto:
            assert (await otto.get(f"{API}/admin/users")).status_code == 200
            assert (await vera.patch(f"{API}/admin/users/otto", json={"roles": ["observer"]})).status_code == 200
            assert (await otto.get(f"{API}/admin/users")).status_code == 403
            assert (await vera.patch(f"{API}/admin/users/otto", json={"active": False})).status_code == 200
            assert (await otto.get(f"{API}/auth/me")).status_code == 401
            assert (await vera.patch(f"{API}/admin/users/otto", json={"active": True})).status_code == 200
            assert (await otto.get(f"{API}/auth/me")).status_code == 401  # the session has ended for good

    asyncio.run(run())


def test_accounts_that_cannot_be_read_let_nobody_in(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as client:
            with at.centre.records.engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE login_sessions RENAME TO moved")
            answer = await client.get(f"{API}/auth/me")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")

    asyncio.run(run())


async def said_to(port: int, octets: bytes) -> bytes:
    """Return what the server says to octets until it closes, also when it does so before all are sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    answer = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            answer += piece
    writer.close()
    return answer or b" 400 "  # cut off


def test_heads_that_do_not_come_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SLOWEST_HEAD_S", 0.05)
    monkeypatch.setattr(guard, "SLOWEST_BODY_S", 0.05)
    at = entrance(tmp_path)

    async def run() -> None:
        async with served(around(at)) as port:
            for octets in (b"", b"GET /log", b"GET /login HTTP/1.1\r\nHost: x\r\n"):
                assert (await said_to(port, octets)).startswith(b"HTTP/1.1 408")
        async with served(at.guard) as port:
            head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
            assert (await said_to(port, head)).startswith(b"HTTP/1.1 408")

    asyncio.run(run())


def test_pieces_of_requests_in_disguise_are_refused(tmp_path: Path) -> None:
    """What a server in between and this one could read differently must not be read at all."""
    at = entrance(tmp_path)
    hidden = b"GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\n\r\n"
    endless = b"GET /login HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 3_000_000
    raw = [
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        endless,
        endless.replace(b"a" * 10, b"a\r\nX: "),
        b"GET /" + b"a" * 3_000_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        *(b"POST /login HTTP/1.1\r\nHost: x\r\n" + one for one in BODIES_IN_DISGUISE),
        *(b"GET /login HTTP/1.1\r\n" + one + b"\r\n" for one in HEADS_IN_DISGUISE),
        b"POST /api/v1/live HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n",
        b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\n" + UPGRADE.replace(b"13", b"99") + b"\r\n",
        b"GET /login HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET\t/login HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    ]

    async def run() -> None:
        async with served(around(at), ws=LiveSocket) as port:
            for octets in raw:
                said = await said_to(port, octets + hidden)
                assert said.split(b" ")[1][:1] in b"45", octets[:80]
                assert b" 200 " not in said, octets[:80]

    asyncio.run(run())


def test_many_who_say_nothing_keep_nobody_out(tmp_path: Path) -> None:
    at = entrance(tmp_path)

    async def run() -> None:
        async with served(at.guard) as port:
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(400)]
            for place, (_, writer) in enumerate(silent):
                writer.write(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n" + b"\r\n{" * (place % 2))
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                for _ in range(20):
                    assert (await client.get(f"{API}/auth/me")).status_code == 401
            for _, writer in silent:
                writer.transport.abort()

    asyncio.run(run())


UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
BODIES_IN_DISGUISE = (
    b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG",
    b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"Content-Length: +5\r\n\r\nhello",
    b"Content-Length: 0x5\r\n\r\nhello",
    b"Content-Length: 5, 5\r\n\r\nhello",
    b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    b"Content-Length: 99999999999999999999999\r\n\r\nhello",
)
HEADS_IN_DISGUISE = (
    b"",
    b"Host: x\r\nHost: y\r\n",
    b"Host: x\r\nX: a\r\n b\r\n",
    b"Host: x\r\nX: a\rY: b\r\n",
    b"Host: x\r\nX: a\0b\r\n",
    b"Host: x\nX: a\n",
    b"Host: x\r\nTransfer-Encoding: cow\r\n",
)


def test_no_path_leads_out_of_the_open_files(tmp_path: Path) -> None:
    """What the guard takes for a file of the console is one, or none: the application does not find anything else there."""
    at = entrance(tmp_path)
    at.app.include_router(assets.router)
    secret = ("records.sqlite", "first-login.txt", "etc/passwd", "api/v1/auth/me")
    ways = ("..", "%2e%2e", "..%2f..", "%252e%252e", "..%5c..", "..;", ".%00.", "\\..")

    async def run() -> None:
        async with at.client() as client:
            for start in ("/assets/x", "/assets", "/_nicegui/3.18.0/static", "/_nicegui/3.18.0"):
                for way, name in itertools.product(ways, secret):
                    path = f"{start}/{way}/{way}/{name}"
                    answer = await client.get(httpx.URL(BASE, raw_path=path.encode()))
                    assert answer.status_code in (401, 303, 404), (path, answer.status_code)
                    assert "root:" not in answer.text and "SQLite" not in answer.text

    asyncio.run(run())


@pytest.mark.parametrize(
    "name", ["vеra", "ｖｅｒａ", "VERA", " vera ", "ve\u200bra", "ver\u0430", "vera\x00", "ᴠera", "vera\u0301"]
)
def test_no_name_looks_like_another(tmp_path: Path, name: str) -> None:
    """What is the same name in another form is the same user; what only looks like it is no name at all."""
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as client:
            answer = await client.post(f"{API}/admin/users", json={"user": name, "roles": ["administrator"]})
        assert answer.status_code == 400
        assert [one.name for one in at.door.accounts.users()] == ["vera"]

    asyncio.run(run())


def test_a_guess_costs_the_same_for_a_user_and_for_nobody(tmp_path: Path) -> None:
    """As often as a password is hashed; how long it takes is not judged here."""
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("otto", "observer")
    at.door.accounts.change("otto", active=False)
    asked: list[bool] = []
    verify = at.door.passwords._fits
    at.door.passwords._fits = lambda kept, password: (asked.append(True), verify(kept, password))[1]  # type: ignore[method-assign]

    async def run() -> list[tuple[int, str]]:
        found = []
        for user, password in (("vera", "wrong"), ("nobody", "wrong"), ("otto", PASSWORD), ("", "x"), ("v" * 200, "x" * 1024)):
            async with at.client() as client:
                answer = await client.post(f"{API}/auth/login", json={"user": user, "password": password})
            found.append((answer.status_code, answer.text))
        return found

    assert len(set(asyncio.run(run()))) == 1 and len(asked) == 5


def test_a_password_is_never_too_long_to_be_refused_quickly(tmp_path: Path) -> None:
    at = entrance(tmp_path)

    async def run() -> None:
        async with at.client() as client:
            for password in ("x" * 1025, "\ufdfa" * 1024):  # NFKC makes eighteen letters of this one
                answer = await client.post(f"{API}/auth/login", json={"user": "vera", "password": password})
                assert answer.status_code in (401, 422)

    asyncio.run(run())


def test_tls_makes_cookies_secure(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        base = "https://centre"
        async with at.client(base_url=base, headers={"origin": base}) as client:
            answer = await client.post(f"{API}/auth/login", json={"user": "vera", "password": PASSWORD})
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-aelita_session_esa=")
            parts = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert parts == {"secure", "httponly", "samesite=strict", "path=/"}
            assert answer.headers["strict-transport-security"]
            assert (await client.get(f"{API}/auth/me")).status_code == 200

    asyncio.run(run())
