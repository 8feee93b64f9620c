"""Processes kept running, what they say of themselves, and the description of an installation."""

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from aelita.errors import AelitaError, DefinitionError, UsageError
from aelita.services.live.health import Health, HealthServer
from aelita.services.live.installation import AgencyHere, Installation, LinkElsewhere, check, keep_ports, read_installation
from aelita.services.live.space import SignalPath
from aelita.services.live.supervisor import Program, Running, Supervisor
from aelita.services.missions import find_mission

BEAT = "import time, os, sys\nprint('begun', os.getpid(), flush=True)\nwhile True: time.sleep(1)"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('begun', flush=True)\nwhile True: time.sleep(1)"
)


def program(name: str, code: str, rank: int = 0) -> Program:
    return Program(name, (sys.executable, "-c", code), rank)


async def begun(one: Running, starts: int = 1) -> int:
    for _ in range(1000):
        if one.starts >= starts and one.pid:
            return one.pid
        await asyncio.sleep(0.02)
    raise AssertionError(f"{one.program.name} was not started")


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended may wait for whoever has adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_process_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    async def scenario() -> None:
        health = Health("supervisor")
        keeper = Supervisor([program("last", BEAT, 1), program("first", BEAT)], tmp_path, health)
        assert [one.program.name for one in keeper.running] == ["first", "last"]
        running = asyncio.create_task(keeper.run())
        pids = [await begun(one) for one in keeper.running]
        os.kill(pids[0], signal.SIGKILL)
        again = await begun(keeper.running[0], 2)
        assert again != pids[0] and "ended with -9" in health.faults["first"]
        assert health.value("process_starts", program="first") == 2
        while (tmp_path / "logs" / "first.log").read_text().count("begun") < 2:
            await asyncio.sleep(0.02)
        keeper.stop()
        await running
        assert not alive(again) and not alive(pids[1])

    asyncio.run(scenario())


def test_a_process_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.services.live.supervisor.STOP_S", 0.3)

    async def scenario() -> None:
        keeper = Supervisor([program("stubborn", STUBBORN), Program("absent", ("/nowhere/at-all",))], tmp_path, Health("s"))
        running = asyncio.create_task(keeper.run())
        pid = await begun(next(one for one in keeper.running if one.program.name == "stubborn"))
        log = tmp_path / "logs" / "stubborn.log"
        while "begun" not in log.read_text():
            await asyncio.sleep(0.02)
        keeper.stop()
        await running
        assert not alive(pid)

    asyncio.run(scenario())


def test_processes_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from aelita.services.live.health import Health\nfrom aelita.services.live.supervisor import Program, Supervisor\n"
        f"beat = {BEAT!r}\n"
        f"keeper = Supervisor([Program('beat', (sys.executable, '-c', beat))], Path({str(tmp_path)!r}), Health('s'))\n"
        "asyncio.run(keeper.run())\n"
    )

    async def scenario() -> None:
        parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        log = tmp_path / "logs" / "beat.log"
        while not log.exists() or "begun" not in log.read_text():
            await asyncio.sleep(0.05)
        pid = int(log.read_text().split()[1])
        parent.kill()
        await parent.wait()
        while alive(pid):
            await asyncio.sleep(0.05)

    asyncio.run(scenario())


def test_a_service_answers_for_itself() -> None:
    async def scenario() -> None:
        health = Health("receiver", "esa")
        server = HealthServer(health)
        await server.start()

        def got(path: str) -> tuple[int, str]:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()

        assert (await asyncio.to_thread(got, "/health"))[0] == 503
        health.ready = True
        health.count("frames", 3, station="malargue")
        health.count("frames", 2, station="malargue")
        health.gauge("lag_seconds", 0.25)
        assert health.fault("kalyazin", 'it said "no"') and not health.fault("kalyazin", 'it said "no"')
        status, text = await asyncio.to_thread(got, "/health")
        assert status == 200 and json.loads(text)["faults"] == {"kalyazin": 'it said "no"'}
        status, text = await asyncio.to_thread(got, "/metrics")
        assert 'aelita_frames_total{service="receiver",agency="esa",station="malargue"} 5\n' in text
        assert "# TYPE aelita_lag_seconds gauge" in text
        assert (await asyncio.to_thread(got, "/other"))[0] == 404
        assert health.well("kalyazin") and not health.well("kalyazin")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"A" * 20000)
        await reader.read()
        writer.close()
        assert (await asyncio.to_thread(got, "/health"))[0] == 200
        await server.close()

    asyncio.run(scenario())


def installation(folder: Path) -> Installation:
    return Installation(
        folder, find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)), AgencyHere("roscosmos", ("kalyazin",))),
        paths=(("kalyazin", SignalPath(0.1, 1e-6, ((10**18, 2 * 10**18), (3 * 10**18, 3 * 10**18 + 1)), 7)),),
        links=(LinkElsewhere("esa", "roscosmos", "localhost", 4222),),
    )  # fmt: skip


def test_an_installation_is_written_once_and_read_back(tmp_path: Path) -> None:
    made = installation(tmp_path)
    made.write()
    assert read_installation(tmp_path) == made
    (tmp_path / "complex.toml").write_text((tmp_path / "complex.toml").read_text() + "\n# mine\n")
    made.write()
    assert "# mine" in (tmp_path / "complex.toml").read_text()
    keep_ports(made)
    ports = {name: made.port(name) for name in made.port_names()}
    assert len(set(ports.values())) == len(ports) == 6
    keep_ports(made)
    assert {name: made.port(name) for name in made.port_names()} == ports
    with pytest.raises(UsageError, match="nasa"):
        made.agency("nasa")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key = "esa"', 'key = "esx"', "no agency 'esx'"),
        ('["malargue"]', '["kalyazin"]', "esa has no station 'kalyazin'"),
        ("loss = 0.1", "loss = 1.1", "no share"),
        ("loss = 0.1", "lost = 0.1", "unknown key 'lost'"),
        ('giver = "roscosmos"', 'giver = "nasa"', "no link from esa to nasa"),
        ("port = 4222", "port = 0", "from 1 to 65535"),
        ('["tgo"]', '["tgx"]', "no spacecraft 'tgx'"),
        ("speed = 1.0", 'speed = "x"', "not a number"),
        ('mission = "exomars"', "", "missing"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    installation(tmp_path).write()
    text = (tmp_path / "complex.toml").read_text()
    assert old in text
    (tmp_path / "complex.toml").write_text(text.replace(old, new))
    with pytest.raises(AelitaError, match=said) as caught:
        read_installation(tmp_path)
    assert "complex.toml" in str(caught.value) or isinstance(caught.value, UsageError)


def test_an_installation_runs_something(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no agency"):
        check(replace(installation(tmp_path), agencies=()))
    with pytest.raises(UsageError, match="aelita run"):
        read_installation(tmp_path / "none")
