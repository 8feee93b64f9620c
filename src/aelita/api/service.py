"""The interface of a centre as a service: an application of the centre served until the process is told to end."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from ..services import live
from .accounts import Accounts
from .app import create_app
from .at_work import at_work
from .centre import Centre, open_centre
from .first_login import offer_first_link
from .guard import guarded
from .sockets import LiveSocket
from .warming import warm
from .wire import BoundedHttp

BACKLOG_S = 5
MOST_WAITING = 2048
MOST_FILES = 16_384

MakeApp = Callable[[Centre], ASGIApp]


class _Server(uvicorn.Server):
    """A server that leaves signals to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def serve_api(agency: str, folder: Path, make_app: MakeApp | None = None) -> int:
    """Serve the interface of an agency's centre until SIGTERM or SIGINT; return the exit code."""

    async def service(context: live.Context) -> None:
        async with open_centre(folder, agency) as centre:
            app = (make_app or guarded_app)(centre)
            _allow_sockets()
            await asyncio.to_thread(_offer_first_link, centre)
            threading.Thread(target=warm, args=(centre,), name="warming", daemon=True).start()
            async with at_work(centre, context):
                await run_app(context, app)

    return asyncio.run(live.serve(live.INTERFACE, service, agency, folder))


def guarded_app(centre: Centre) -> ASGIApp:
    """Return the interface of a centre with the guard around it."""
    return guarded(create_app(centre), centre)


def _allow_sockets() -> None:
    """Let this process have as many open files as sockets may come: systems begin with about a thousand."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # where there is no such bound, or it cannot be moved
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
        if 0 <= soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _offer_first_link(centre: Centre) -> None:
    here = centre.installation
    accounts = Accounts(centre.records, centre.agency, here.mission.organisation)
    offer_first_link(accounts, here.first_login(centre.agency), here.web_address(centre.agency))


async def run_app(context: live.Context, app: ASGIApp) -> None:
    """Serve an application at the address of the agency until cancelled."""
    here = context.installation.agency(context.agency)
    settings = uvicorn.Config(
        app, http=BoundedHttp, host=here.web or "127.0.0.1", port=context.installation.port(f"{context.agency}/web"),
        log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=BACKLOG_S, backlog=MOST_WAITING,
        ws=LiveSocket, ws_max_size=1 << 20, ws_per_message_deflate=False,
        server_header=False, date_header=False, ssl_certfile=here.certificate, ssl_keyfile=here.certificate_key,
        proxy_headers=bool(here.proxies), forwarded_allow_ips=list(here.proxies),
    )  # fmt: skip
    server = _Server(settings)
    serving = asyncio.ensure_future(server.serve())
    try:
        while not (server.started or serving.done()):
            await asyncio.sleep(0.02)
        context.health.ready = server.started
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
