"""Files that never change are made once, and all else each time."""

import asyncio
import gzip
import random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from aelita.console.kept import MOST_OCTETS, Kept

LASTS = {"cache-control": "public, max-age=31536000, immutable"}


class Made:
    """An application that counts how often it makes each file."""

    def __init__(self) -> None:
        self.count: dict[str, int] = {}
        routes = [Route(path, self.make) for path in ("/assets/{name}", "/elsewhere/{name}")]
        app = Starlette(routes=routes)
        app.add_middleware(GZipMiddleware, minimum_size=100)
        app.add_middleware(Kept)
        self.app = app

    async def make(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.count[name] = self.count.get(name, 0) + 1
        if name == "long":
            return Response(random.randbytes(MOST_OCTETS + 1), headers=LASTS)
        if name == "bad":
            return Response("no", 404, headers=LASTS)
        return Response(f"{name} " * 100, headers={} if name == "changing" else LASTS)

    def ask(self, path: str, **headers: str) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://here") as client:
                return await client.get(path, headers=headers)

        return asyncio.run(asked())


def told(answer: httpx.Response) -> tuple[Any, ...]:
    return answer.status_code, answer.content, sorted(answer.headers.multi_items())


def test_a_file_that_lasts_is_made_once_for_each_coding() -> None:
    made = Made()
    first, second = (made.ask("/assets/file", **{"accept-encoding": "gzip"}) for _ in range(2))
    assert told(first) == told(second)
    assert first.headers["content-encoding"] == "gzip"
    assert first.content == b"file " * 100
    plain = [made.ask("/assets/file", **{"accept-encoding": "identity"}) for _ in range(2)]
    assert [one.content for one in plain] == [b"file " * 100] * 2
    assert "content-encoding" not in plain[1].headers
    assert made.count == {"file": 2}


@pytest.mark.parametrize("path", ["/assets/changing", "/assets/bad", "/assets/long", "/elsewhere/file", "/assets/file?again=1"])
def test_what_does_not_last_is_made_each_time(path: str) -> None:
    made = Made()
    answers = [made.ask(path) for _ in range(3)]
    assert list(made.count.values()) == [3]
    assert len({one.status_code for one in answers}) == 1


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@given(cut=st.integers(0, 399))
def test_what_a_client_that_left_was_not_sent_is_not_kept_as_the_file(coding: str, cut: int) -> None:
    whole = b"file " * 80 if coding == "identity" else gzip.compress(random.Random(1).randbytes(377))
    head = [(b"cache-control", b"immutable")]
    head.append((b"content-length", str(len(whole)).encode()) if coding == "identity" else (b"content-encoding", b"gzip"))
    sent: list[bytes] = []
    made = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal made
        made += 1
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": whole[:cut] if made == 1 else whole, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def take(message: Message) -> None:
        sent.append(message.get("body", b""))

    async def ask(kept: Kept) -> bytes:
        sent.clear()
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/assets/file",
            "query_string": b"",
            "headers": [(b"accept-encoding", coding.encode())],
        }
        await kept(scope, lambda: asyncio.sleep(0, {}), take)
        return b"".join(sent)

    async def story() -> None:
        kept = Kept(app)
        assert await ask(kept) == whole[:cut]
        assert await ask(kept) == whole
        assert await ask(kept) == whole
        assert made == 2 if cut < len(whole) else made == 1

    asyncio.run(story())


def test_a_question_for_a_part_or_with_a_condition_goes_through() -> None:
    made = Made()
    for headers in ({"range": "bytes=0-3"}, {"if-none-match": "x"}, {"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}):
        made.ask("/assets/file", **headers)
    assert made.count == {"file": 3}
