"""A centre whose archive is asked, and one who asks it."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import httpx

from aelita.api import create_app
from aelita.api.centre import Centre
from aelita.api.identity import Identity
from aelita.services.live.installation import Installation
from api_material import EVERYTHING, As, client_of, opened

PREFIX = "/api/v1"


@contextlib.contextmanager
def still(made: Installation, agency: str = "esa") -> Iterator[Centre]:
    """Give the centre of an agency, opened in a thread of its own: its services do not run."""
    found: list[Centre] = []
    ready, ended = threading.Event(), threading.Event()

    async def keep() -> None:
        try:
            async with opened(made, agency) as centre:
                found.append(centre)
                ready.set()
                await asyncio.to_thread(ended.wait)
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(keep()))
    thread.start()
    try:
        ready.wait()
        yield found[0]
    finally:
        ended.set()
        thread.join()


class Asking:
    """Asks the routes of a centre; `json` and `octets` give answers that must be good, `status` that of any."""

    def __init__(self, centre: Centre, identity: Identity = EVERYTHING) -> None:
        self.app = As(create_app(centre), identity)

    def get(self, path: str, **query: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with client_of(self.app) as client:
                return await client.get(f"{PREFIX}/{path}", params=query or None)

        return asyncio.run(asked())

    def json(self, path: str, **query: Any) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def octets(self, path: str, **query: Any) -> bytes:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return bytes(answer.content)

    def problem(self, path: str, **query: Any) -> tuple[int, str]:
        answer = self.get(path, **query)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["detail"]

    def all(self, path: str, **query: Any) -> list[Any]:
        """Return the items of all pages."""
        items, after = [], ""
        while after is not None:
            page = self.json(path, **query, after=after)
            items, after = items + page["items"], page["next"]
        return items
