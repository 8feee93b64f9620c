"""Services forked from a process that has loaded what they need: they are the supervisor's children, and live and die as such."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from aelita.services import write_recording
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, Playing, keep_ports
from aelita.services.live.nursery import Infant, Nursery
from aelita.services.live.serving import running
from aelita.services.live.supervisor import Program, Supervisor
from aelita.services.missions import find_mission
from aelita.time import tai_ns_from_utc

LINE = 1 << 16
SHOWN = ("python", "serve", "space")


def installation(folder: Path) -> Installation:
    play = Playing("tgo", "tgo", write_recording(folder, 64), tai_ns_from_utc("2023-05-24T18:54:50"))
    made = Installation(folder, find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)),), (play,))
    made.write()
    keep_ports(made)
    return made


def infant(folder: Path) -> Infant:
    return Infant("space", "", folder, SHOWN)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_forked_service_is_a_child_with_its_own_name_output_and_end(tmp_path: Path) -> None:
    installation(tmp_path)

    async def scenario() -> None:
        nursery = Nursery()
        lost = await nursery.fork(Infant("space", "", tmp_path / "nowhere", SHOWN), {}, LINE)
        assert b"no complex is set up here" in await lost.stdout.read() and await lost.wait() == 3 == lost.returncode
        one = await nursery.fork(infant(tmp_path), {"AELITA_PROGRAM": "space"}, LINE)
        await until(lambda: bool(running(tmp_path)))
        assert running(tmp_path)[0]["pid"] == one.pid and one.returncode is None
        shown = Path(f"/proc/{one.pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        assert shown == [word.encode() for word in SHOWN]
        assert int(Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split()[1]) == os.getpid()
        os.killpg(one.pid, signal.SIGTERM)
        assert await one.wait() == 0
        await nursery.close()

    asyncio.run(scenario())


def test_services_outlive_the_nursery_and_another_is_started(tmp_path: Path) -> None:
    installation(tmp_path)
    program = Program("space", (sys.executable, "-c", "raise SystemExit(9)"), infant=infant(tmp_path))

    async def scenario() -> None:
        keeper = Supervisor([program], tmp_path, Health("supervisor"))
        work = asyncio.create_task(keeper.run())
        await until(lambda: bool(running(tmp_path)))
        first = running(tmp_path)[0]["pid"]
        assert keeper.nursery.pid is not None
        os.kill(keeper.nursery.pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert alive(first) and keeper.running[0].starts == 1
        os.kill(first, signal.SIGKILL)
        await until(lambda: [one["pid"] for one in running(tmp_path)] not in ([], [first]))
        keeper.stop()
        await work
        assert not alive(running(tmp_path)[0]["pid"]) if running(tmp_path) else True

    asyncio.run(scenario())


def test_forked_services_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    installation(tmp_path)
    code = (
        "import asyncio\nfrom pathlib import Path\nfrom aelita.services.live.nursery import Infant, Nursery\n"
        f"async def work():\n await Nursery().fork(Infant('space', '', Path({str(tmp_path)!r}), ('space',)), {{}}, 65536)\n"
        " await asyncio.sleep(1000)\nasyncio.run(work())\n"
    )

    async def scenario() -> None:
        parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        await until(lambda: bool(running(tmp_path)))
        pid = running(tmp_path)[0]["pid"]
        parent.kill()
        await parent.wait()
        await until(lambda: not alive(pid))

    asyncio.run(scenario())
