"""Real servers of agencies for tests, and a line between two of them that can be cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from aelita.services.live.nats_server import Link, NatsServer, ServerSettings
from aelita.services.live.server_configuration import Tls
from aelita.services.live.stream_plan import Give, Limits, plan_streams
from aelita.services.live.stream_setup import make_streams
from aelita.services.live.streams import Streams

SMALL = {
    token: Limits(32 << 20, 3600.0)
    for token in ("frames", "merged", "packets", "parameters", "events", "limits", "links", "alarms", "products", "audit")
}


class Line:
    """A TCP line to a port of this machine.

    Cut, every connection ends and none is made until it is restored. Silent, everything sent is lost and nobody is told; when it
    is restored, what is connected then stays lost.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lost: set[asyncio.StreamWriter] = set()
        self._silent = False
        self.port = 0
        self._server: asyncio.Server | None = None

    def silence(self) -> None:
        self._silent = True
        self._lost |= self._ends

    async def restore(self) -> None:
        self._silent = False
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, far_writer}
        if self._silent:
            self._lost |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while octets := await source.read(1 << 16):
                if sink not in self._lost:
                    sink.write(octets)
                    await sink.drain()
        if sink not in self._lost:
            sink.transport.abort()
            self._ends.discard(sink)


async def make_all(server: NatsServer) -> None:
    await make_streams(server.plan, {stream.account: server.address("admin", stream.account) for stream in server.plan.streams})


@contextlib.asynccontextmanager
async def one_server(
    directory: Path, agreement: Sequence[Give] = (), agency: str = "esa", limits: Mapping[str, Limits] = SMALL
) -> AsyncIterator[NatsServer]:
    server = NatsServer(plan_streams(agency, agreement, limits), ServerSettings(directory / agency))
    try:
        await server.start()
        await make_all(server)
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def agencies(
    directory: Path,
    agreement: Sequence[Give],
    names: Sequence[str],
    limits: Mapping[str, Limits] = SMALL,
    tls: Mapping[str, Tls] | None = None,
) -> AsyncIterator[tuple[dict[str, NatsServer], dict[tuple[str, str], Line]]]:
    """Run the agencies' servers; the link of each (receiver, giver) goes over a line of its own."""
    plans = {name: plan_streams(name, agreement, limits) for name in names}
    servers = {
        name: NatsServer(plan, ServerSettings(directory / name, tls=(tls or {}).get(name))) for name, plan in plans.items()
    }
    lines: dict[tuple[str, str], Line] = {}
    for server in servers.values():
        server.prepare()
    for name, server in servers.items():
        links = {}
        for giver in plans[name].takes:
            line = lines[name, giver] = Line(servers[giver].listening().link_port)
            await line.restore()
            links[giver] = Link("127.0.0.1", line.port, servers[giver].link_key_files[name])
        server.settings = replace(server.settings, links=links)
    try:
        await asyncio.gather(*(server.start() for server in servers.values()))
        await asyncio.gather(*(make_all(server) for server in servers.values()))
        yield servers, lines
    finally:
        for line in lines.values():
            await line.cut()
        await asyncio.gather(*(server.stop() for server in servers.values()))


async def client(server: NatsServer, role: str = "services", account: str = "agency") -> Streams:
    return await Streams.connect(server.address(role, account), name="test")


async def until(what: str, condition) -> None:  # type: ignore[no-untyped-def]
    """Wait for a condition that must come; give up only when a machine would have to be very slow."""
    for _ in range(1200):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"never came: {what}")
