"""The independent PyPI client `sle` binds a running station as a further user, and receives the frames of the TGO recording."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from aelita.errors import DefinitionError
from aelita.link import Channel
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.geometry import Geometry
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, Playing, SleUser, keep_ports, read_installation
from aelita.services.live.serving import Context
from aelita.services.live.space import Play, Space, arrival
from aelita.services.live.station import StationService
from aelita.services.missions import find_mission
from aelita.sle import ProductionStatus
from aelita.time import SECOND, tai_ns_from_utc
from shared import shared

pytest.importorskip("sle")
SCRIPT = Path(__file__).with_name("sle_station_session.py")
TGO, OCTETS, FRAMES = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm", 1115, 20
EMITTED = tai_ns_from_utc("2023-05-24T18:54:50")
PATIENCE_S = 120
QUIET_S = 15
MODES = ("onlc", "onlt")  # the complete service may discard nothing; the timely one what a busy user does not take in time
USERS = (
    SleUser("malargue", "GUEST-1", "esa", "all", "sha-256", 0.15),
    SleUser("malargue", "GUEST-2", "esa", "bind", "sha-1", 0.15),
)


def installation(folder: Path) -> Installation:
    """Return a station that hears the beginning of the recording of TGO, and two users besides the agencies."""
    mission = find_mission("exomars")
    folder.mkdir(exist_ok=True)
    part = folder / "part.tm"
    part.write_bytes(shared(TGO).read_bytes()[: FRAMES * OCTETS])
    plays = (Playing("tgo", "tgo", part, EMITTED),)
    made = Installation(folder, mission, ("tgo",), (AgencyHere("esa", ("malargue",)),), plays, sle_users=USERS)
    made.write()
    keep_ports(made)
    return made


def session_of(made: Installation, user: SleUser, mode: str, number: int, version: int) -> str:
    """Return how the client binds, as its script takes it."""
    names = made.mission.organisation.stations["malargue"].sle
    assert names is not None
    secrets = json.loads((made.home("esa") / "sle" / "malargue.json").read_text())[user.authority]
    bind = {
        "service_instance_identifier": names.instance("raf", mode, number), "responder_host": "127.0.0.1",
        "responder_port": made.port("esa/sle/malargue"), "responder_port_identifier": names.responder_port,
        "auth_level": user.level, "local_identifier": user.authority, "peer_identifier": names.responder_id,
        "local_password": secrets["centre"].encode().hex(), "peer_password": secrets["station"].encode().hex(),
        "version_number": version, "hash_algorithm": user.algorithm.upper(),
    }  # fmt: skip
    return json.dumps({"bind": bind, "frames": FRAMES, "patience": PATIENCE_S, "quiet": QUIET_S})


@asynccontextmanager
async def space_in(made: Installation, clock: MissionClock, emitted: int | None) -> AsyncIterator[None]:
    """Have a source of space that is silent, or plays the recording from a time on."""
    path = made.mission.channel("tgo")
    channel = Channel.from_toml(path.read_text("utf-8"), str(path))
    plays = [Play("tgo", channel, made.plays[0].recording, emitted, channel.bit_rate)] if emitted is not None else []
    space = Space(plays, {}, Geometry(made.mission).light_time, clock, Health("space"))
    await space.start(port=made.port("space"))
    try:
        yield
    finally:
        await space.close()


def test_further_users_receive_what_a_running_station_hears(tmp_path: Path) -> None:
    made = installation(tmp_path / "complex")

    async def run() -> None:
        clock = starting_at(arrival(Geometry(made.mission).light_time, "malargue", "tgo", EMITTED), 2.0)
        service = StationService(
            Context(made, "esa", clock, Health("stations", "esa")), made.mission.organisation.stations["malargue"]
        )
        running = asyncio.create_task(service.run())
        agencies = len(made.mission.organisation.agencies)
        clients = []
        try:
            async with space_in(made, clock, None):
                async with asyncio.timeout(PATIENCE_S):
                    while not all(one.status is ProductionStatus.RUNNING for one in service.beams["tgo"].instances):
                        await asyncio.sleep(0.05)
                for place, (user, mode, version) in enumerate(zip(USERS, MODES, (5, 4), strict=True)):
                    how = session_of(made, user, mode, agencies + 1 + place, version)
                    process = await asyncio.create_subprocess_exec(
                        sys.executable, str(SCRIPT), how, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
                    )
                    clients.append(process)
                for process in clients:
                    assert process.stdout is not None
                    async with asyncio.timeout(PATIENCE_S):
                        assert await process.stdout.readline() == b"READY\n"
            begin = EMITTED + clock.now() - clock.epoch + 4 * SECOND
            async with space_in(made, clock, begin):
                octets = made.plays[0].recording.read_bytes()
                wanted = [octets[n * OCTETS : (n + 1) * OCTETS] for n in range(FRAMES)]
                for process, mode in zip(clients, MODES, strict=True):
                    async with asyncio.timeout(PATIENCE_S):
                        output, errors = await process.communicate()
                    told = json.loads(output)
                    assert told["states"] == ["READY", "ACTIVE", "READY", "UNBOUND"], errors.decode()
                    got = [bytes.fromhex(one) for one in told["frames"]]
                    if mode == "onlc":
                        assert got == wanted
                    else:
                        rest = iter(wanted)
                        assert len(got) > FRAMES / 2 and all(one in rest for one in got)  # in order, none twice
        finally:
            for process in clients:
                if process.returncode is None:
                    process.kill()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def test_users_are_kept_with_the_installation_and_checked(tmp_path: Path) -> None:
    made = installation(tmp_path)
    assert read_installation(tmp_path).sle_users == USERS
    names = [replace(USERS[0], authority=name) for name in ("ESA", "ESA-GATE", "ROSCOSMOS-GATE")]
    for wrong in (*names, replace(USERS[0], station="kalyazin"), replace(USERS[0], agency="jaxa")):
        (tmp_path / "complex.toml").write_text(replace(made, sle_users=(wrong,)).as_toml())
        with pytest.raises(DefinitionError, match="cannot be a user"):
            read_installation(tmp_path)
    (tmp_path / "complex.toml").write_text(replace(made, sle_users=(replace(USERS[0], authority="X"),)).as_toml())
    with pytest.raises(DefinitionError, match="3 to 16 characters"):
        read_installation(tmp_path)
