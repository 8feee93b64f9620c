"""A centre of which only the accounts are open, and its guarded application: for tests of who may enter."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.types import ASGIApp

from aelita.api import audit
from aelita.api.app import create_app
from aelita.api.centre import Centre
from aelita.api.door import Door
from aelita.api.guard import Guard, guarded
from aelita.api.passwords import Passwords
from aelita.api.records import open_records
from aelita.api.wire import BoundedHttp
from aelita.services.live.installation import AgencyHere, Installation, keep_ports
from aelita.services.missions import find_mission

AGENCIES = (AgencyHere("esa", ("malargue",), web="127.0.0.1"), AgencyHere("roscosmos", ("kalyazin",), web="127.0.0.1"))
PASSWORD = "seven blue giraffes"
API, BASE = "/api/v1", "http://centre"
HERE = {"origin": BASE}
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # the product's cost is tested once
_apps: dict[str, FastAPI] = {}


@functools.cache
def mission() -> Any:
    """Return the mission of all these tests."""
    return find_mission("exomars")


def installed(folder: Path, agencies: tuple[AgencyHere, ...] = AGENCIES) -> Installation:
    """Return an installation of which nothing runs."""
    made = Installation(folder / "complex", mission(), ("tgo",), agencies)
    made.write()
    keep_ports(made)
    return made


def centre_in(made: Installation, agency: str = "esa") -> Centre:
    """Return a centre whose streams are not open."""
    absent = {one.name: None for one in fields(Centre) if one.init and one.default is one.default_factory is MISSING}
    records = open_records(made.home(agency) / "records.sqlite")
    known: dict[str, Any] = absent | {"installation": made, "agency": agency, "records": records}
    return Centre(**known)


@dataclass(slots=True)
class Entrance:
    """A centre and its guarded application."""

    centre: Centre
    app: FastAPI
    guard: Guard
    door: Door

    def client(self, address: str = "10.0.0.1", inner: ASGIApp | None = None, **how: Any) -> httpx.AsyncClient:
        """Return a client at an address."""
        transport = httpx.ASGITransport(inner or self.guard, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url=how.pop("base_url", BASE), **how)

    def user(self, name: str, *roles: str) -> None:
        """Make a user with the password of all these tests."""
        self.door.accounts.add(name, roles)
        self.door.accounts.set_password(name, CHEAP.hash(PASSWORD))

    @contextlib.asynccontextmanager
    async def logged_in(self, name: str, **how: Any) -> AsyncIterator[httpx.AsyncClient]:
        """Give a client of one who has logged in, as a browser at this origin."""
        async with self.client(headers=HERE, **how) as client:
            answer = await client.post(f"{API}/auth/login", json={"user": name, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            yield client

    async def cookie(self, name: str) -> dict[str, str]:
        """Return the header of one who has logged in."""
        async with self.logged_in(name) as client:
            return {"cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}

    def trail(self, action: str = "") -> list[audit.Audit]:
        """Return the audit trail, the earliest first."""
        return audit.entries(self.centre.records, audit.Sought(action=action), limit=1000)[::-1]


def entrance(folder: Path, agency: str = "esa", made: Installation | None = None) -> Entrance:
    """Open the accounts of a new centre. The application is made once; its state is that of the latest centre."""
    centre = centre_in(made or installed(folder), agency)
    app = _apps.get("") or create_app(centre)
    _apps[""] = app
    app.state.centre, app.state.door = centre, Door(centre, Passwords(CHEAP))
    centre.records.make()
    if hasattr(app.state, "backups"):
        del app.state.backups
    guard = guarded(app, centre)
    assert isinstance(guard, Guard)
    return Entrance(centre, app, guard, app.state.door)


@contextlib.asynccontextmanager
async def served(app: ASGIApp, **how: Any) -> AsyncIterator[int]:
    """Serve an application on a free port of this machine, as the centre does; give the port."""
    usual: dict[str, Any] = {"http": BoundedHttp, "lifespan": "off", "proxy_headers": False, "log_config": None}
    settings = uvicorn.Config(app, "127.0.0.1", 0, **usual | how)
    server = uvicorn.Server(settings)
    work = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not work.done()
            await asyncio.sleep(0.01)
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await work
