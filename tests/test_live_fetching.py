"""The streams of an agency are lost; what its station kept is fetched again by SLE, with a command."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aelita.errors import UsageError
from aelita.services.live import fetch_kept
from aelita.services.live.agency_streams import address_of
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.following import follow
from aelita.services.live.geometry import Geometry
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, Playing, keep_ports
from aelita.services.live.messages import copies_of
from aelita.services.live.receiver import receiver
from aelita.services.live.serving import Context
from aelita.services.live.space import arrival
from aelita.services.live.space_service import space
from aelita.services.live.station import stations
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.time import SECOND, tai_ns_from_utc
from live_servers import until
from shared import shared
from test_live_processing import servers

EMITTED, FRAMES, OCTETS = tai_ns_from_utc("2023-05-24T18:54:50"), 60, 1115


def installation(folder: Path) -> Installation:
    folder.mkdir()
    part = folder / "part.tm"
    part.write_bytes(shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm").read_bytes()[: FRAMES * OCTETS])
    play = Playing("tgo", "tgo", part, EMITTED)
    made = Installation(folder, find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)),), (play,))
    made.write()
    keep_ports(made)
    return made


async def received(made: Installation) -> list[bytes]:
    """Return the frames on the agency's stream of frames, in the order of their emission."""
    found = {}
    async with await Streams.connect(address_of(made, "esa", "reader"), name="looking") as streams:
        if (newest := await streams.last("esa.frames.tgo.malargue", "FRAMES")) is None:
            return []
        async with follow(streams, "FRAMES") as follower:
            async for message in follower:
                copies = copies_of(message.data, "malargue", 0)
                for row, at in enumerate(copies.emitted_at.tolist()):
                    start, length = int(copies.offset[row]), int(copies.length[row])
                    found[at] = copies.buffer[start : start + length].tobytes()
                if message.sequence >= newest.sequence:
                    break
    return [octets for _, octets in sorted(found.items())]


def test_frames_are_fetched_after_streams_were_lost(tmp_path: Path) -> None:
    made = installation(tmp_path / "complex")
    recording = made.plays[0].recording.read_bytes()
    wanted = [recording[n * OCTETS : (n + 1) * OCTETS] for n in range(FRAMES)]

    async def whole() -> bool:
        return await received(made) == wanted

    async def run() -> None:
        first = arrival(Geometry(made.mission).light_time, "malargue", "tgo", EMITTED)
        clock = starting_at(first - 200 * SECOND, 20.0)
        station = [asyncio.create_task(one) for one in (space(context(made, clock)), stations(context(made, clock)))]
        async with servers(made, clock), receiving(made, clock):
            await until("all frames", whole)
        shutil.rmtree(made.home("esa") / "nats" / "store")
        async with servers(made, clock), receiving(made, clock):
            assert await received(made) == []
            await until("the frames again", lambda: fetched(made, first))
            assert await whole()
        for task in station:
            task.cancel()
        await asyncio.gather(*station, return_exceptions=True)

    asyncio.run(run())


def context(made: Installation, clock: MissionClock) -> Context:
    return Context(made, "esa", clock, Health("test", "esa"))


@contextlib.asynccontextmanager
async def receiving(made: Installation, clock: MissionClock) -> AsyncIterator[None]:
    """Have a receiver at work."""
    task = asyncio.create_task(receiver(context(made, clock)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def fetched(made: Installation, first: int) -> bool:
    """Ask until the receiver is at work."""
    try:
        await asyncio.to_thread(fetch_kept, made.folder, "malargue", "tgo", first - SECOND, first + 60 * SECOND)
    except UsageError as error:
        assert "not fetched" in str(error)
        return False
    return True


def test_what_cannot_be_fetched(tmp_path: Path) -> None:
    made = installation(tmp_path / "complex")
    with pytest.raises(UsageError, match="is not operated here"):
        fetch_kept(made.folder, "kalyazin", "tgo", 0, 1)
    with pytest.raises(UsageError, match="ends before it begins"):
        fetch_kept(made.folder, "malargue", "tgo", 1, 1)
