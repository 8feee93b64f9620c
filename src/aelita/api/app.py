"""The application of a centre: routers of the interface under `/api/v1`, errors in one form, the guard around all."""

from collections.abc import Mapping
from importlib import import_module

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from .. import __version__
from ..errors import AelitaError, ArchiveError, DataError, TimeError, UsageError
from .backups import Backups
from .centre import Centre
from .door import Door
from .navigation_desk import NavigationDesk

PREFIX = "/api/v1"
ROUTES = (
    "auth", "admin", "backups", "machine", "status", "live", "parameters", "packets", "history", "database", "alarms", "log",
    "stations", "displays", "queries", "agencies", "deliveries",
    "command_keys", "commands", "command_acts", "command_control", "command_evidence", "procedures", "onboard",
    "navigation", "navigation_products", "attitude", "predictions",
)  # fmt: skip
STATUS_OF: tuple[tuple[type[AelitaError], int], ...] = (
    (UsageError, 400), (TimeError, 400), (DataError, 422), (ArchiveError, 503),
)  # fmt: skip


def create_app(centre: Centre) -> FastAPI:
    """Return the interface of a centre, without the guard: see `guard.guarded`."""
    app = FastAPI(
        title="Aelita", version=__version__, openapi_url=f"{PREFIX}/openapi.json", docs_url=None, redoc_url=None,
        description=f"The interface of the centre of {centre.agency} for {centre.installation.mission.title}.",
    )  # fmt: skip
    app.state.centre = centre
    for name in ROUTES:
        app.include_router(import_module(f".routes_{name}", __package__).router, prefix=PREFIX)
    centre.records.make()  # the tables that the routes brought
    app.state.door, app.state.backups = Door(centre), Backups(centre)
    app.state.navigation = NavigationDesk(centre)
    app.add_exception_handler(AelitaError, _aelita_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def problem(
    status: int, detail: str, *, where: str = "", remedy: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error as RFC 9457 puts it: `detail` what was wrong, `where`, and `remedy` what to do."""
    body = {"status": status, "detail": detail, "where": where, "remedy": remedy}
    told = {name: value for name, value in body.items() if value != ""}
    return JSONResponse(told, status, headers, media_type="application/problem+json")


async def _aelita_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AelitaError)
    status = next((number for kind, number in STATUS_OF if isinstance(error, kind)), 500)
    return problem(status, error.what, where=error.where, remedy=error.remedy)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), headers=error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return problem(422, str(first["msg"]), where=".".join(map(str, first["loc"])))
