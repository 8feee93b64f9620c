"""Two agencies on two hosts: each with a data folder of its own; the keys of links are handed over as files."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from aelita.errors import DefinitionError
from aelita.services.live.agency_streams import address_of, keep_servers
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, LinkElsewhere, keep_ports, read_installation
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.time import tai_ns_from_utc
from live_servers import until

OTHER = {"esa": "roscosmos", "roscosmos": "esa"}
NOW = tai_ns_from_utc("2023-05-24T18:54:50")


def host(folder: Path, agency: str, port: int) -> Installation:
    """Return what runs on the host of an agency; its partner's link port is known there."""
    other = OTHER[agency]
    link = LinkElsewhere(agency, other, "127.0.0.1", port, folder / "handed-over.key")
    here = AgencyHere(agency, (), (other,))
    return Installation(folder, find_mission("exomars"), ("tgo",), (here,), links=(link,))


def hosts(folder: Path) -> dict[str, Installation]:
    """Return the two hosts, written as files and read again."""
    made = {}
    for agency in OTHER:
        (folder / agency).mkdir(parents=True)
        keep_ports(host(folder / agency, agency, 1))
    for agency, other in OTHER.items():
        host(folder / agency, agency, host(folder / other, other, 1).port(f"{other}/leaf")).write()
        made[agency] = read_installation(folder / agency)
    return made


@contextlib.asynccontextmanager
async def running(made: Installation, clock: MissionClock) -> AsyncIterator[tuple[asyncio.Event, Health]]:
    ready, health = asyncio.Event(), Health("supervisor")
    keeping = asyncio.create_task(keep_servers(made, clock, health, ready))
    try:
        yield ready, health
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


def test_two_hosts_give_each_other_what_is_agreed(tmp_path: Path) -> None:
    made = hosts(tmp_path)

    async def run() -> None:
        clock = starting_at(NOW)
        async with running(made["esa"], clock) as (esa, health), running(made["roscosmos"], clock) as (roscosmos, _):
            await until("a fault that names the key", lambda: tells(health, "handed-over.key"))
            for agency, other in OTHER.items():  # each makes the key of its partner's link at its start
                key = made[agency].home(agency) / "nats" / "keys" / f"to-{other}.link.key"
                await until("the key", partial(there, key))
                shutil.copy(key, made[other].folder / "handed-over.key")
            async with asyncio.timeout(120):
                await asyncio.gather(esa.wait(), roscosmos.wait())
            for agency, other in OTHER.items():
                async with await Streams.connect(address_of(made[agency], agency), name="test") as streams:
                    await streams.publish(f"{agency}.frames.tgo.one", agency.encode())
                    await streams.publish(f"{agency}.audit.tgo", b"kept at home")
                async with await Streams.connect(address_of(made[other], other), name="test") as streams:
                    await until("what is given", partial(holds, streams, f"FROM_{agency.upper()}_FRAMES"))
            assert not health.faults

    asyncio.run(run())


async def tells(health: Health, word: str) -> bool:
    return any(word in why for why in health.faults.values())


async def there(path: Path) -> bool:
    return path.is_file()


async def holds(streams: Streams, stream: str) -> bool:
    return (await streams.info(stream)).messages == 1


def test_what_elsewhere_must_be_told(tmp_path: Path) -> None:
    made = hosts(tmp_path)["esa"]
    assert read_installation(made.folder) == made
    keyless = replace(made, links=(replace(made.links[0], key=None),))
    own = replace(made, agencies=(replace(made.agencies[0], serves=("esa",)),))
    for wrong, says in ((keyless, "no link from esa to roscosmos"), (own, "esa cannot be served")):
        (made.folder / "complex.toml").write_text(wrong.as_toml())
        with pytest.raises(DefinitionError, match=says):
            read_installation(made.folder)
