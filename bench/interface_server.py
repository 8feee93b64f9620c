"""The servers of the measurement of the interface, each a process: ours, alone or with the console, and a bare send loop.

python -m bench.interface_server ours FOLDER AGENCY PORT
python -m bench.interface_server console FOLDER AGENCY PORT
python -m bench.interface_server bare RATE UPDATES PORT
"""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

STAMP = "/BENCH/stamp"  # a parameter whose value is when it was published: UTC nanoseconds since 1970


def update(name: str, value: float) -> dict[str, Any]:
    """Return an update of a parameter as the interface tells it."""
    at = "2023-05-24T18:55:00.000000000Z"
    return {"n": name, "s": "tgo", "v": value, "r": None, "q": True, "l": 0, "t": at, "rt": at}


async def _serve(app: Any, port: int) -> None:
    import uvicorn

    from aelita.api.sockets import LiveSocket

    gc.set_threshold(100_000, 50, 50)  # as the command line sets it, and as the nursery leaves its children
    gc.collect()
    gc.freeze()
    settings = uvicorn.Config(
        app, port=port, log_config=None, access_log=False, ws=LiveSocket, ws_per_message_deflate=False, backlog=2048
    )
    await uvicorn.Server(settings).serve()


async def ours(folder: Path, agency: str, port: int, *, console: bool = False) -> None:
    """Serve the interface of an agency's centre to whoever asks: who that is was found out at the opening of a socket anyway."""
    from aelita.agencies import PERMISSIONS
    from aelita.api import create_app, open_centre
    from aelita.api.identity import Identity

    def open_to_all(app: Any) -> Any:
        async def known(scope: Any, receive: Any, send: Any) -> None:
            scope["aelita.identity"] = Identity("bench", agency, (), frozenset(PERMISSIONS), "session")
            await app(scope, receive, send)

        return known

    async with open_centre(folder, agency) as centre:
        app = create_app(centre)
        if console:
            from aelita.console.application import dressed

            await _serve(dressed(app, centre.installation.mission.title, agency, open_to_all), port)
        else:
            await _serve(open_to_all(app), port)


async def bare(rate: float, updates: int, port: int) -> None:
    """Serve a loop that encodes a batch once and sends it to one socket after another."""
    import orjson
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect

    sockets: set[WebSocket] = set()

    async def take(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        await websocket.send_text('{"id":1,"snapshot":[]}')
        sockets.add(websocket)
        try:
            await websocket.receive_text()
        except WebSocketDisconnect:
            sockets.discard(websocket)

    async def loop() -> None:
        due = time.monotonic()
        while True:
            batch = [update(STAMP, time.time_ns()), *(update(f"/BENCH/p{n}", n) for n in range(updates - 1))]
            text = orjson.dumps({"id": 1, "updates": batch}).decode()
            for websocket in list(sockets):
                await websocket.send_text(text)
            due = max(due + 1 / rate, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(loop())
        yield
        task.cancel()

    await _serve(Starlette(routes=[WebSocketRoute("/api/v1/live", take)], lifespan=running), port)


if __name__ == "__main__":
    kind, first, second, where = sys.argv[1:]
    if kind == "bare":
        asyncio.run(bare(float(first), int(second), int(where)))
    else:
        asyncio.run(ours(Path(first), second, int(where), console=kind == "console"))
