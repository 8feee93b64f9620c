"""The real console of a real centre for tests in a browser: its archive holds the TGO recording, which goes on live.

`python console_real_centre.py FOLDER` serves it; the port is told by `complex/ports.json`. Streams, processor, alarm server,
archive, accounts, guard, deliveries and all pages are the product's; only the station is not there, whose frames are put on
its stream. Users are `boss`, an administrator who is flight director too, and `vera`, a flight director.
While there is a file FOLDER/slow, a backup takes its time over each file.
"""

import asyncio
import contextlib
import shutil
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
from starlette.types import ASGIApp

from aelita.api import door
from aelita.api.at_work import at_work
from aelita.api.centre import Centre, open_centre
from aelita.api.passwords import Passwords
from aelita.api.service import run_app
from aelita.archive import open_archive
from aelita.console.application import console_app
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.live.agency_streams import address_of, keep_servers
from aelita.services.live.alarm_files import exchange_keys
from aelita.services.live.alarm_service import alarms
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.ending import ended
from aelita.services.live.health import Health, HealthServer
from aelita.services.live.installation import AgencyHere, Installation, keep_ports
from aelita.services.live.merging import frames_subject
from aelita.services.live.messages import pack_frames
from aelita.services.live.processing import processor
from aelita.services.live.serving import Context
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.time import SECOND
from door_material import CHEAP, PASSWORD
from live_centre import Service
from shared import shared
from test_live_processing import BEGIN, LIGHT, PERIOD, recorded

USERS = {"boss": ["administrator", "flight-director"], "vera": ["flight-director"]}
ARCHIVED, LIVE, EACH = 900, 1200, 3  # frames that were archived before, that come live, and of a message
SLOW_S = 0.5  # for each file of the archive
RECORDING, FRAME_OCTETS = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm", 1115


def main(folder: Path) -> None:
    """Serve until the process is ended."""
    door.Passwords = lambda: Passwords(CHEAP)  # type: ignore[assignment,attr-defined,misc]
    _slow_copies(folder / "slow")
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(serve(installation(folder)))


def _slow_copies(slow: Path) -> None:
    real = shutil.copyfile

    def copyfile(source: Path, to: Path) -> None:
        if slow.exists() and source.suffix == ".parquet":
            time.sleep(SLOW_S)
        real(source, to)

    shutil.copyfile = copyfile  # type: ignore[assignment]


def installation(folder: Path) -> Installation:
    """Return an installation whose archive has the first frames of the recording; another start finds it as it was."""
    here = (AgencyHere("esa", ("malargue",), web="127.0.0.1"),)
    made = Installation(folder / "complex", find_mission("exomars"), ("tgo",), here)
    if made.archive("esa").exists():
        return made
    made.folder.mkdir(parents=True, exist_ok=True)
    keep_ports(made)
    made.write()
    starting_at(BEGIN + LIGHT["malargue"] + ARCHIVED * PERIOD).write(made.folder)
    part = folder / "part.tm"
    part.write_bytes(shared(RECORDING).read_bytes()[: ARCHIVED * FRAME_OCTETS])
    ingest_file(open_archive(made.archive("esa"), create=True), define(Library(), mission="exomars"), part, Summary())
    exchange_keys(made)
    return made


async def serve(made: Installation) -> None:
    """Run the services of the centre until SIGTERM."""
    work = asyncio.current_task()
    assert work is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    clock, ready = MissionClock.read(made.folder), asyncio.Event()
    tasks = [asyncio.create_task(keep_servers(made, clock, Health("supervisor"), ready))]
    services: list[Service] = []
    try:
        await ready.wait()

        async def run(service: str, what: Any = None) -> None:
            health = Health(service, "esa")
            one = Service(health, HealthServer(health), made.folder)
            await one.begin()
            services.append(one)
            if what is not None:
                tasks.append(asyncio.create_task(_named(service, what(Context(made, "esa", clock, health)))))

        await run("processor", processor)
        await run("alarms", alarms)
        for absent in ("receiver", "archiver", "stations", "watchkeeper", "api"):  # in their place stands what follows here
            await run(absent)
        async with open_centre(made.folder, "esa") as centre:
            context = Context(made, "esa", clock, Health("api", "esa"))
            async with at_work(centre, context):
                tasks.append(asyncio.create_task(hearing(made)))
                await run_app(context, with_users(centre))
    finally:
        await ended(tasks[:0:-1])
        await ended(tasks[:1])
        for one in services:
            await one.end()


async def _named(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:
        print(f"{name} ended: {error!r}", flush=True)
        raise


def with_users(centre: Centre) -> ASGIApp:
    """Return the console of a centre that knows its users."""
    app = console_app(centre)
    accounts = app.door.accounts  # type: ignore[attr-defined]
    for name, roles in USERS.items():
        if accounts.user(name) is None:
            accounts.add(name, roles)
            accounts.set_password(name, CHEAP.hash(PASSWORD))
    return app


async def hearing(made: Installation) -> None:
    """Have Malargüe hear the frames behind the archived ones, at the true rate."""
    frames = recorded(ARCHIVED + LIVE)
    async with await Streams.connect(address_of(made, "esa"), name="hearing") as streams:
        for first in range(ARCHIVED, ARCHIVED + LIVE, EACH):
            some = frames[first : first + EACH]
            emitted = BEGIN + (first + np.arange(len(some), dtype=np.int64)) * PERIOD
            received, none = (emitted + LIGHT["malargue"]).tolist(), [0] * len(some)
            for octets in pack_frames(received, emitted, none, none, some):
                await streams.publish(frames_subject("esa", "tgo", "malargue"), octets, msg_id=f"m-{first}")
            await asyncio.sleep(EACH * PERIOD / SECOND)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
