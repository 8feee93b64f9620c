"""A station for the measurement of commanding: the real provider of forward CLTUs, with an antenna that nobody hears.

python -m bench.commanding_station FOLDER     for each line that it gets it tells when each CLTU arrived (monotonic nanoseconds)
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from aelita.services.live.clock import MissionClock
from aelita.services.live.health import Health
from aelita.services.live.installation import read_installation
from aelita.services.live.serving import Context
from aelita.services.live.station import StationService
from aelita.services.live.uplinks import Uplinks
from aelita.sle import CltuAccepted


async def sky(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stand for space: take what is radiated."""
    await reader.readline()
    writer.write(json.dumps({"spacecraft": ["tgo-sim"]}).encode() + b"\n")
    while await reader.read(1 << 16):
        pass


async def main(folder: Path) -> None:
    """Run until the input ends."""
    arrived: list[int] = []
    heed = Uplinks.on_event

    def on_event(self: Uplinks, instance: Any, event: Any) -> None:
        if isinstance(event, CltuAccepted):
            arrived.append(time.monotonic_ns())
        heed(self, instance, event)

    Uplinks.on_event = on_event  # type: ignore[method-assign]
    made = read_installation(folder)
    station = made.mission.organisation.stations["malargue"]
    space = await asyncio.start_server(sky, "127.0.0.1", made.port("space"))
    service = StationService(Context(made, "esa", MissionClock.read(folder), Health("stations", "esa")), station)
    running = asyncio.create_task(service.run())
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(arrived), flush=True)
    running.cancel()
    space.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
