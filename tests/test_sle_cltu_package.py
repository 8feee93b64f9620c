"""The independent PyPI client `sle` binds our forward CLTU provider over a real socket, sends CLTUs and hears what became of them."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from aelita.services.live.sle_server import SleServer
from aelita.sle import (
    BindDiagnostic,
    BindRefused,
    CltuAccepted,
    CltuInstance,
    CltuNotice,
    CltuProduction,
    EventThrown,
    UplinkStatus,
)
from sle_cltu_material import CLTU, settings, station
from sle_material import USER_PASSWORD, provider_security

pytest.importorskip("sle")
SCRIPT = Path(__file__).with_name("sle_package_cltu_session.py")
PAUSE_S = 0.15  # the client takes one message for each read
SESSIONS = [("none", "SHA-256", 5), ("bind", "SHA-1", 4), ("all", "SHA-256", 5), ("all", "SHA-1", 4)]
SECOND = 10**9


async def run_client(*arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), 90)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


async def one_session(limit: asyncio.Semaphore, level: str, algorithm: str, version: int) -> tuple[dict[str, Any], list[Any]]:
    events: list[Any] = []

    def on_forward(instance: CltuInstance, event: Any) -> None:
        events.append(event)
        if isinstance(event, CltuAccepted):
            server.radiation_started(instance, event.cltu_id, event.accepted_at)
            server.radiated(instance, event.cltu_id, event.accepted_at + SECOND // 100)
            instance._rests_until = None
        elif isinstance(event, EventThrown):
            server.event_ended(instance, event.event_invocation, CltuNotice.ACTION_LIST_COMPLETED)

    offered = station()
    instance = offered.offer_cltu(settings(level, algorithm, events=frozenset({10})))
    server = SleServer(offered, on_forward=on_forward, pause_s=PAUSE_S)
    port = await server.start()
    server.uplink(instance, CltuProduction.OPERATIONAL, UplinkStatus.NOMINAL)
    async with limit:
        seen = await run_client(str(port), level, algorithm, str(version), CLTU, "GATE-1", USER_PASSWORD.hex())
    await server.close()
    return seen, events


def test_package_sends_cltus_and_hears_of_them() -> None:
    async def all_sessions() -> None:
        limit = asyncio.Semaphore(2)
        for session, (seen, events) in zip(
            SESSIONS, await asyncio.gather(*(one_session(limit, *session) for session in SESSIONS)), strict=True
        ):
            assert seen["states"] == ["READY", "ACTIVE", "READY", "UNBOUND"], (session, seen)
            assert [one.octets[-1] for one in events if isinstance(one, CltuAccepted)] == [0, 1, 2, 3], session
            assert sum("transfer passed" in line for line in seen["log"]) == 4
            assert not any("failed" in line.lower() for line in seen["log"] if "throw" not in line.lower())
            assert seen["notices"].count("cltuRadiated") == 2 and "actionListCompleted" in seen["notices"]
            assert seen["notices"].count("bufferEmpty") == 4
            assert (seen["reports"], seen["parameters"]) == (["4"], ["parCltuIdentification"]), session
            kinds = [type(one).__name__ for one in events if not isinstance(one, CltuAccepted)]
            assert kinds == ["Bound", "CltuStarted", "EventThrown", "Stopped", "Unbound"], session

    asyncio.run(all_sessions())


def test_package_with_credentials_of_a_receiver_is_refused() -> None:
    async def session() -> None:
        refused: list[Any] = []
        offered = station({"USER-9": provider_security("all")})
        own = settings("all").initiators["GATE-1"]
        gate = type(own)(own.level, own.algorithm, own.own_password, b"only the gate's")
        offered.offer_cltu(type(settings("all"))(CLTU, {"GATE-1": gate}))
        server = SleServer(offered, on_event=lambda _, event: refused.append(event), pause_s=PAUSE_S)
        port = await server.start()
        for initiator in ("USER-9", "GATE-1"):
            seen = await run_client(str(port), "all", "SHA-256", "5", CLTU, initiator, USER_PASSWORD.hex())
            assert seen["states"][0].startswith("not READY")
        await server.close()
        assert refused == [
            BindRefused(BindDiagnostic.SI_NOT_ACCESSIBLE_TO_THIS_INITIATOR, "USER-9"),
            BindRefused(BindDiagnostic.ACCESS_DENIED, "GATE-1"),
        ]
        assert all(one.service_instance == CLTU and one.why for one in refused)

    asyncio.run(session())
