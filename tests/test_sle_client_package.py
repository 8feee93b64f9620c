"""The independent PyPI client `sle` binds, starts, receives, stops and unbinds at our provider over a real socket."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from aelita.services.live.sle_server import SleServer
from aelita.sle import InstanceSettings, ProductionStatus, ServiceInstance, Started
from sle_material import CHANNELS, RAF, RCF, directory, station_frame

pytest.importorskip("sle")
SCRIPT = Path(__file__).with_name("sle_package_session.py")
SESSIONS = [
    ("raf", "none", "SHA-256", 5),
    ("raf", "bind", "SHA-1", 4),
    ("raf", "all", "SHA-256", 5),
    ("raf", "all", "SHA-1", 4),
    ("rcf", "none", "SHA-256", 4),
    ("rcf", "bind", "SHA-256", 5),
    ("rcf", "all", "SHA-256", 5),
    ("rcf", "all", "SHA-1", 4),
]
PAUSE_S = 0.15  # the client takes one message for each read


def test_package_receives_frames() -> None:
    async def all_sessions() -> None:
        limit = asyncio.Semaphore(2)
        results = await asyncio.gather(*(one_session(limit, *session) for session in SESSIONS))
        for session, result in zip(SESSIONS, results, strict=True):
            assert result["states"] == ["READY", "ACTIVE", "READY", "UNBOUND"], session
            assert result["frames"] == [station_frame(number, vc=3).data.hex() for number in range(5)], session
            assert (result["reports"], result["parameters"]) == (["5"], ["parBufferSize"]), session
            assert result["events"] == ["Bound", "Started", "Stopped", "Unbound"], session

    asyncio.run(all_sessions())


async def one_session(limit: asyncio.Semaphore, service: str, level: str, algorithm: str, version: int) -> dict[str, Any]:
    events: list[str] = []

    def on_event(instance: ServiceInstance | None, event: Any) -> None:
        events.append(type(event).__name__)
        if isinstance(event, Started) and instance is not None:
            for number in range(5):
                server.frame(instance, station_frame(number, vc=3))

    offered = directory(level=level, algorithm=algorithm)
    identifier = {"raf": RAF, "rcf": RCF}[service]
    instance = offered.offer(InstanceSettings(identifier, channels=CHANNELS, buffer_size=5))
    server = SleServer(offered, on_event=on_event, pause_s=PAUSE_S)
    port = await server.start()
    server.production(instance, ProductionStatus.RUNNING)
    async with limit:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(SCRIPT), service, str(port), level, algorithm, str(version), identifier,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            output, errors = await asyncio.wait_for(process.communicate(), 60)
        except TimeoutError:
            process.kill()
            raise
    await server.close()
    assert process.returncode == 0, errors.decode()
    return {**json.loads(output), "events": events}
