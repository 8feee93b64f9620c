"""The keeper of a server whose disk was full: it says so, and starts the server again once there is room, and not before."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from aelita.services.live import agency_streams
from aelita.services.live.health import Health
from aelita.services.live.nats_server import NatsServer, ServerSettings
from aelita.services.live.stream_plan import plan_streams
from aelita.services.live.streams import StreamError, Streams
from live_servers import SMALL, until
from test_live_disk import fill, small_disk


def test_a_server_that_stopped_storing_is_started_again_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agency_streams, "LOOK_S", 0.2)

    async def run(disk: Path) -> None:
        server, health, up = (
            NatsServer(plan_streams("esa", [], SMALL), ServerSettings(disk)),
            Health("supervisor"),
            asyncio.Event(),
        )
        keeping = asyncio.create_task(agency_streams._keep(server, health, up))
        try:
            await asyncio.wait_for(up.wait(), 60)
            before = server.pid
            async with await Streams.connect(server.address(), name="test") as streams:
                stored = [await streams.publish("esa.frames.tgo.a", bytes(1000), msg_id=str(n)) for n in range(100)]
                ballast = fill(disk)
                with contextlib.suppress(StreamError):
                    for number in range(100, 2000):  # until the server finds no room
                        stored.append(
                            await streams.publish("esa.frames.tgo.a", bytes(4000), msg_id=str(number), timeout_s=2.0)
                        )  # fmt: skip

                async def told() -> bool:
                    return "stopped storing" in health.faults.get("esa/nats", "")

                await until("the fault", told)
                await asyncio.sleep(2.0)
                assert server.pid == before, "it was started again on a full disk"
                ballast.unlink()

                async def well() -> bool:
                    return server.pid not in (None, before) and "esa/nats" not in health.faults

                await until("it is well again", well)
                await until("it stores", streams.storing)
                assert (await streams.info("FRAMES")).messages >= len(stored)
                assert await streams.publish("esa.frames.tgo.a", b"after", msg_id="after") > stored[-1]
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await server.stop()

    disk = tmp_path / "disk"
    with small_disk(disk):
        asyncio.run(run(disk))
