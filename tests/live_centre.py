"""A centre at work for tests of what is live: a real server of streams, messages as the processor makes them, a real web server."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect

from aelita.api import create_app
from aelita.api.centre import Centre, open_centre
from aelita.api.service import run_app
from aelita.services import Library, define
from aelita.services.live.agency_streams import address_of, server_of
from aelita.services.live.batches import pack
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.decoding import LiveDecoder
from aelita.services.live.health import Health, HealthServer
from aelita.services.live.installation import AgencyHere, Installation, keep_ports
from aelita.services.live.nats_server import NatsServer
from aelita.services.live.processing import MERGED_HEADER
from aelita.services.live.publishing import messages_of
from aelita.services.live.serving import Context, tell
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.telemetry import Copies, Merged, Merger
from aelita.time import SECOND, tai_ns_from_utc
from api_material import EVERYTHING, As
from live_servers import make_all
from shared import shared

RECORDING, FRAME = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm", 1115
BEGIN, PERIOD = tai_ns_from_utc("2023-05-24T18:55:00"), 340_328_000
PATIENCE_S = 60.0
SERVICES = ("receiver", "processor", "watchkeeper")
Message = dict[str, Any]


def merged_frames(first: int, count: int) -> Merged:
    """Return frames of the recording as they come merged, heard by one station."""
    octets = np.frombuffer(bytearray(shared(RECORDING).read_bytes()[FRAME * first : FRAME * (first + count)]), np.uint8)
    rows = np.arange(count, dtype=np.int64)
    at = BEGIN + (rows + first) * PERIOD
    zeros = np.zeros(count, np.int64)
    copies = Copies("malargue", octets, rows * FRAME, zeros + FRAME, at + 969 * SECOND, at, zeros.astype(np.uint8), zeros)
    return Merger(define(Library(), mission="exomars").channel).feed(copies, 0)


@dataclass
class Service:
    """Something that answers for a service when it is asked how it is."""

    health: Health
    server: HealthServer
    folder: Path
    running: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    async def begin(self) -> None:
        self.health.ready = True
        await self.server.start()
        self.running.enter_context(tell(self.folder, self.health.service, "esa", self.server.port))

    async def end(self) -> None:
        self.running.close()
        await self.server.close()


@dataclass
class AtWork:
    """The centre, its server of streams, and a publisher in the place of the processor."""

    made: Installation
    server: NatsServer
    streams: Streams
    centre: Centre
    app: ASGIApp
    services: dict[str, Service]
    _count: int = 0

    @property
    def port(self) -> int:
        return self.made.port("esa/web")

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator["Client"]:
        address = f"ws://127.0.0.1:{self.port}/api/v1/live"
        async with connect(address, max_size=None, proxy=None) as socket:
            yield Client(socket)

    async def publish(self, subject: str, octets: bytes, merged: int = 0) -> int:
        self._count += 1
        headers = {MERGED_HEADER: str(merged or self._count)}
        return await self.streams.publish(subject, octets, msg_id=f"test-{self._count}", headers=headers)

    async def values(self, container: str, rows: list[dict[str, Any]], merged: int = 0) -> int:
        """Publish rows of a container as the processor does; the envelope is filled in."""
        common = {"received": BEGIN + 969 * SECOND, "generated": BEGIN, "quality": 0, "apid": 1, "sequence_count": 0}
        (octets,) = pack(pl.DataFrame([common | row for row in rows]))
        return await self.publish(f"esa.parameters.tgo.{container}", octets, merged)

    async def play(self, first: int, count: int, each: int = 50) -> list[tuple[str, bytes]]:
        """Publish what the processor makes of frames of the recording."""
        decoder, sent = LiveDecoder(define(Library(), mission="exomars")), []
        for at in range(first, first + count, each):
            for out in messages_of("esa", "tgo", decoder.take(merged_frames(at, each))):
                await self.publish(out.subject, out.octets, at + 1)
                sent.append((out.subject, out.octets))
        return sent


class Client:
    """A WebSocket client that keeps what it was told."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: list[Message] = []

    async def send(self, **what: Any) -> Self:
        await self.socket.send(json.dumps(what))
        return self

    async def next(self) -> Message:
        message: Message = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE_S))
        self.told.append(message)
        return message

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        while not wanted(message := await self.next()):
            pass
        return message

    async def snapshot(self, ident: str, topic: str, **more: Any) -> list[Message]:
        """Subscribe and return the snapshot."""
        await self.send(subscribe=ident, topic=topic, **more)
        found: list[Message] = (await self.until(lambda m: m.get("id") == ident and "snapshot" in m))["snapshot"]
        return found

    async def state(self, ident: str, state: str) -> Message:
        return await self.until(lambda m: m.get("id") == ident and m.get("state") == state)

    def updates(self, ident: str) -> Iterator[Message]:
        return (one for message in self.told if message.get("id") == ident for one in message.get("updates", ()))


def installation(folder: Path, clock: MissionClock | None = None) -> Installation:
    made = Installation(
        folder / "complex", find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",), web="127.0.0.1"),)
    )
    made.write()
    keep_ports(made)
    (clock or starting_at(BEGIN + 1000 * SECOND)).write(made.folder)
    return made


@contextlib.asynccontextmanager
async def at_work(
    folder: Path,
    make_app: Callable[[Centre], ASGIApp] = lambda one: As(create_app(one), EVERYTHING),
    made: Installation | None = None,
) -> AsyncIterator[AtWork]:
    """Run the streams of ESA and its interface; the processor and the others are said to be well."""
    made = made or installation(folder)
    server = server_of(made, "esa", BEGIN)
    services = {name: Service(Health(name, "esa"), HealthServer(Health(name, "esa")), made.folder) for name in SERVICES}
    for one in services.values():
        one.server.health = one.health
        await one.begin()
    await server.start()
    await make_all(server)
    try:
        async with (
            await Streams.connect(address_of(made, "esa"), name="test") as streams,
            open_centre(made.folder, "esa") as centre,
        ):
            app = make_app(centre)
            context = Context(made, "esa", centre.clock, Health("api", "esa"))
            serving = asyncio.create_task(run_app(context, app))
            while not context.health.ready and not serving.done():
                await asyncio.sleep(0.02)
            try:
                yield AtWork(made, server, streams, centre, app, services)
            finally:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
    finally:
        await server.stop()
        for one in services.values():
            await one.end()
