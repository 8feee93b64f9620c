"""An agreement that changes while the servers run: what ends is given no more, tried from the other side; what begins is."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aelita.services.live import agency_streams
from aelita.services.live.agency_streams import address_of, keep_servers, server_of
from aelita.services.live.clock import MissionClock
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, keep_ports
from aelita.services.live.streams import Streams
from aelita.services.missions import package_missions, read_mission
from aelita.time import DAY, SECOND, tai_ns_from_utc
from live_servers import until
from test_live_mirrors import PULL, Intruder

CHANGE = "2023-06-01"
GIVE = '[[gives]]\ngiver = "{}"\nreceiver = "{}"\nkind = "{}"\nspacecraft = "tgo"\n{} = "{}"\ngrade = "assumed"\n'
ENDS = GIVE.format("esa", "roscosmos", "frames", "until", CHANGE)
STAYS = GIVE.format("esa", "roscosmos", "links", "from", "2016-10-16")
BEGINS = GIVE.format("roscosmos", "esa", "frames", "from", CHANGE)


def installation_in(folder: Path, gives: tuple[str, ...]) -> Installation:
    """Return two agencies, of which one gives frames until a day, and the other from that day on."""
    shutil.copytree(package_missions() / "exomars", folder / "mission")
    (folder / "mission" / "agreement.toml").write_text("\n".join(gives), encoding="utf-8")
    mission = read_mission(folder / "mission")
    return Installation(folder / "complex", mission, ("tgo",), (AgencyHere("esa", ()), AgencyHere("roscosmos", ())))


class Steered(MissionClock):
    """A clock that a test puts forward: the day before the change, or the day after."""

    after = False

    def now(self) -> int:
        return tai_ns_from_utc(CHANGE) + (DAY if Steered.after else -DAY)

    def seconds_until(self, moment: int) -> float:
        return (moment - self.now()) / SECOND


@contextlib.asynccontextmanager
async def servers_of(made: Installation, clock: MissionClock) -> AsyncIterator[Health]:
    """Keep the servers of an installation."""
    made.folder.mkdir(parents=True)
    keep_ports(made)
    ready, health = asyncio.Event(), Health("supervisor")
    keeping = asyncio.create_task(keep_servers(made, clock, health, ready))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait([keeping, waiting], return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set()
        yield health
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, waiting, return_exceptions=True)


async def count(streams: Streams, stream: str) -> int:
    """Return how many messages a stream holds, -1 when there is none."""
    with contextlib.suppress(Exception):
        return (await streams.info(stream)).messages
    return -1


def pids(made: Installation) -> list[str]:
    return [(made.home(key.key) / "nats" / "server.pid").read_text() for key in made.agencies]


@pytest.mark.parametrize("stays", [(STAYS,), ()], ids=["something is given still", "nothing is given any more"])
def test_gives_that_end_and_begin_while_servers_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stays: tuple[str, ...]
) -> None:
    made = installation_in(tmp_path, (ENDS, *stays, BEGINS))
    monkeypatch.setattr(agency_streams, "LONGEST_SLEEP_S", 0.05)
    monkeypatch.setattr(Steered, "after", False)

    async def run() -> None:
        clock = Steered()
        async with servers_of(made, clock) as health:
            before = pids(made)
            at = {key: await Streams.connect(address_of(made, key), name="test") for key in ("esa", "roscosmos")}
            seed = server_of(made, "esa", clock.now()).link_key_files["roscosmos"].read_text().strip()
            for key, streams in at.items():
                await streams.publish(f"{key}.frames.tgo.one", b"before")
            await until("what is given", lambda: holds(at["roscosmos"], "FROM_ESA_FRAMES", 1))
            assert await count(at["esa"], "FROM_ROSCOSMOS_FRAMES") == -1
            Steered.after = True
            await until("what begins", lambda: holds(at["esa"], "FROM_ROSCOSMOS_FRAMES", 1))
            await at["esa"].publish("esa.frames.tgo.one", b"after the end")
            await at["roscosmos"].publish("roscosmos.frames.tgo.one", b"after the begin")
            await at["esa"].publish("esa.links.tgo.one", b"given still")
            await until("what goes on", lambda: holds(at["esa"], "FROM_ROSCOSMOS_FRAMES", 2))
            if stays:
                await until("what is given still", lambda: holds(at["roscosmos"], "FROM_ESA_LINKS", 1))
            assert await count(at["roscosmos"], "FROM_ESA_FRAMES") == 1
            await ask_for_what_ended(made.port("esa/leaf"), seed)
            assert pids(made) == before and not health.faults
            for streams in at.values():
                await streams.close()

    asyncio.run(run())


async def holds(streams: Streams, stream: str, wanted: int) -> bool:
    return await count(streams, stream) == wanted


async def ask_for_what_ended(port: int, seed: str) -> None:
    """Ask as the partner, with its true key, for what was given before: the giver ends the link."""
    partner = Intruder()
    await partner.join(port, seed)
    partner.say("take.esa.CONSUMER.CREATE.ESA_GIVES_FRAMES", {"stream_name": "ESA_GIVES_FRAMES", "config": PULL})
    await partner.thrown_out()
    assert b"after the end" not in partner.heard and b"before" not in partner.heard
    await partner.leave()
