"""A centre for tests of the interface: an installation that is not running, an archive with a part of the TGO recording."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from aelita.agencies import PERMISSIONS
from aelita.api.centre import Centre, open_centre
from aelita.api.identity import Identity
from aelita.archive import open_archive
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.live.agency_streams import server_of
from aelita.services.live.installation import AgencyHere, Installation, keep_ports
from aelita.services.missions import find_mission
from aelita.time import tai_ns_from_utc
from shared import shared

TGO, FRAME_OCTETS = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm", 1115
EVERYTHING = Identity("vera", "esa", ("flight-director",), frozenset(PERMISSIONS), "session")
AGENCIES = (AgencyHere("esa", ("malargue",), web="127.0.0.1"), AgencyHere("roscosmos", ("kalyazin",), web="127.0.0.1"))


def installed(folder: Path, frames: int = 0) -> Installation:
    """Return an installation as it is after its first start, with the first frames of the recording in the archive of ESA."""
    made = Installation(folder / "complex", find_mission("exomars"), ("tgo",), AGENCIES)
    made.write()
    keep_ports(made)
    for agency in made.agencies:
        server_of(made, agency.key, tai_ns_from_utc("2026-01-01")).prepare()
    archive = open_archive(made.archive("esa"), create=True)
    if frames:
        part = folder / "part.tm"
        part.write_bytes(shared(TGO).read_bytes()[: frames * FRAME_OCTETS])
        ingest_file(archive, define(Library(), mission="exomars"), part, Summary())
    return made


class As:
    """An application as one identity sees it, without the guard: `with_may` narrows what it may do."""

    def __init__(self, app: ASGIApp, identity: Identity = EVERYTHING) -> None:
        self.app, self.identity = app, identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["aelita.identity"] = self.identity
        await self.app(scope, receive, send)

    def with_may(self, *permissions: str) -> "As":
        return As(self.app, replace(self.identity, may=frozenset(permissions)))


@contextlib.asynccontextmanager
async def opened(made: Installation, agency: str = "esa") -> AsyncIterator[Centre]:
    """Open the centre of an agency."""
    async with open_centre(made.folder, agency) as centre:
        yield centre


def client_of(app: ASGIApp, **how: object) -> httpx.AsyncClient:
    """Return an HTTP client that calls an application in this process: `await client_of(app).get("/api/v1/...")`."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://centre", **how)  # type: ignore[arg-type]


@contextlib.contextmanager
def loop() -> Iterator[asyncio.Runner]:
    """Give a runner whose event loop lives for the block: `runner.run(coroutine)` several times over."""
    with asyncio.Runner() as runner:
        yield runner
