"""The console and the interface in one process: pages beside the routes of the interface, one guard around both."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from nicegui import ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from ..api import Centre, create_app, guarded, serve_api
from . import assets
from .asking import served_by
from .kept import Kept
from .pages import all_pages, first, login
from .shell import shell

SQUEEZE = 3  # of gzip: files are a tenth longer than at 9, and compressed in a third of the time
RECONNECT_S = 30.0  # a page that was cut off as long as this is made anew


def serve_console(agency: str, folder: Path) -> int:
    """Serve the console of an agency's centre with its interface until SIGTERM or SIGINT; return the exit code."""
    return serve_api(agency, folder, console_app)


def console_app(centre: Centre) -> ASGIApp:
    """Return the console and the interface of a centre as one application. One process serves one console."""
    mission = centre.installation.mission
    return dressed(create_app(centre), mission.title, centre.agency, lambda app: guarded(app, centre), short=mission.short)


def dressed(app: FastAPI, mission: str, agency: str, guard: Callable[[FastAPI], ASGIApp], *, short: str = "") -> ASGIApp:
    """Return an interface with the pages of the console beside its routes, and a guard around both.

    `short` is what the bar says for the name of the mission.
    """
    for router in (assets.router, login.router, first.router):
        app.include_router(router)
    app.state.title = mission
    all_pages()  # loaded now, not while the first user waits
    ui.run_with(
        app, root=shell(short or mission, mission, agency), title="Aelita", favicon=assets.ICON, dark=None,
        reconnect_timeout=RECONNECT_S, tailwind=False, show_welcome_message=False, binding_refresh_interval=None,
        gzip_middleware_factory=lambda app: GZipMiddleware(app, minimum_size=1000, compresslevel=SQUEEZE),
    )  # fmt: skip
    app.add_middleware(Kept)
    guarded = guard(app)
    served_by(guarded)
    return guarded
