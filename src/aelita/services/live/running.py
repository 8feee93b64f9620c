"""`aelita run`: everything of an installation on one machine, and `aelita serve`: one service of it."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...time import SECOND
from .agency_streams import keep_servers
from .alarm_files import exchange_keys
from .clock import FILE as CLOCK_FILE
from .clock import MissionClock, starting_at, wall_tai_ns
from .command_keys import keep_command_keys
from .ending import ended
from .geometries import geometry_of
from .health import Health, HealthServer
from .installation import FILE, Installation, Playing, keep_ports, read_installation
from .nursery import Infant, Nursery
from .serving import Service, serve, tell
from .setting_up import Wishes, new_installation
from .space import arrival, lasts
from .supervisor import Program, Supervisor, this_program

SERVICES = {  # name: module and function; an agency runs one of each, but for `space`, which belongs to none
    "space": "space_service:space",
    "stations": "station:stations",
    "receiver": "receiver:receiver",
    "processor": "processing:processor",
    "archiver": "archiving:archiver",
    "commander": "commander:commander",
    "watchkeeper": "watchkeeping:watchkeeper",  # alarms and correlation in one process
    "alarms": "alarm_service:alarms",
    "correlation": "correlation:correlation",
}
PREPARATIONS = {"processor": "warming:warm", "archiver": "warming:warm"}  # of those that stand by
OF_AGENCIES = ("stations", "receiver", "processor", "archiver", "watchkeeper", "commander")
INTERFACE = "api"  # is in rooms above this one: started by its command line
LEAD_NS = 10 * SECOND  # for the services to start before the first frame arrives
RANKS = {"space": 0, "stations": 1, "receiver": 2}

log = logging.getLogger(__name__)


def service_of(name: str) -> Service:
    """Return a service by name. Raises UsageError for an unknown one."""
    if name not in SERVICES:
        raise UsageError(f"there is no service {name!r}", remedy=f"Services: {', '.join(SERVICES)}")
    return _function(SERVICES[name])


def _function(place: str) -> Service:
    module, _, function = place.partition(":")
    found: Service = getattr(import_module(f".{module}", __package__), function)
    return found


def serve_one(name: str, agency: str, folder: Path) -> int:
    """Run one service of the installation in a folder until it is told to end; return the exit code."""
    prepare = _function(PREPARATIONS[name]) if name in PREPARATIONS else None
    return asyncio.run(serve(name, service_of(name), agency, folder, prepare=prepare))


def programs_of(installation: Installation) -> list[Program]:
    """Return the processes of an installation, its servers of streams excluded: the supervisor keeps those itself."""
    made = [_program(installation, "space", "")] if installation.has_space else []
    for agency in installation.agencies:
        for name in OF_AGENCIES:
            if (agency.stations or name not in ("stations", "receiver")) and (name != "commander" or is_commanded(installation)):
                made.append(_program(installation, name, agency.key))
        if agency.web:
            made.append(_program(installation, INTERFACE, agency.key))
    return made


def is_commanded(installation: Installation) -> bool:
    """Tell whether a spacecraft that is followed has a command link."""
    return any(installation.mission.craft(key).uplink is not None for key in installation.spacecraft)


def _program(installation: Installation, service: str, agency: str) -> Program:
    of = ("--agency", agency) if agency else ()
    arguments = this_program("--data", str(installation.folder), "serve", service, *of)
    infant = Infant(service, agency, installation.folder, arguments) if service in SERVICES else None
    return Program(f"{agency}/{service}".lstrip("/"), arguments, RANKS.get(service, 3), infant=infant)


def begin(folder: Path, **wishes: Any) -> tuple[Installation, MissionClock]:
    """Return the installation in a folder, made of the wishes (fields of `Wishes`) when there is none, and its clock.

    A recording is played from its beginning: the clock then says when its first frame is about to arrive. After a start while it
    is being played the clock goes on: time does not wait for a complex that is down. Raises UsageError, DefinitionError, and
    TimeError when nothing tells where a spacecraft is.
    """
    made = read_installation(folder) if (folder / FILE).is_file() else new_installation(folder, Wishes(**wishes))
    geometry = geometry_of(made)
    stations = [station for agency in made.agencies for station in agency.stations]
    if not made.plays:
        for station, craft in product(stations, made.spacecraft):
            geometry.seconds(station, craft, MissionClock().now())
        return made, _going_on(made)
    heard = [(station, play) for play in made.plays for station in stations]
    light = geometry.light_time
    if (made.folder / CLOCK_FILE).is_file():
        kept = MissionClock.read(made.folder)
        ends = (arrival(light, name, one.spacecraft, one.emitted + _lasts(made, one)) for name, one in heard)
        if kept.speed == made.speed and kept.now() < max(ends, default=0):
            return made, kept
    arrivals = [arrival(light, name, one.spacecraft, one.emitted) for name, one in heard] or [one.emitted for one in made.plays]
    return made, starting_at(min(arrivals) - round(LEAD_NS * made.speed), made.speed)


def _going_on(made: Installation) -> MissionClock:
    """Return the clock of a complex that plays nothing: the one that it has, else one that begins now."""
    if (made.folder / CLOCK_FILE).is_file():
        kept = MissionClock.read(made.folder)
        if kept.speed == made.speed:
            return kept
    now = wall_tai_ns()
    return MissionClock(now, now, made.speed)


def _lasts(made: Installation, play: Playing) -> int:
    return lasts(play.recording, made.mission.channel(play.channel), play.loops)


async def run_complex(installation: Installation, clock: MissionClock, *, on_ready: Callable[[], None] = lambda: None) -> None:
    """Run everything until SIGINT, SIGTERM or cancellation. Raises AelitaError when the streams cannot be set up."""
    installation.write()
    keep_ports(installation)
    exchange_keys(installation)
    keep_command_keys(installation)
    clock.write(installation.folder)
    health = Health("supervisor")
    server = HealthServer(health)
    await server.start()
    nursery = Nursery()
    with contextlib.suppress(OSError):  # whoever needs it tries again
        await nursery.start()
    supervisor = Supervisor(programs_of(installation), installation.folder, health, nursery)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    ready = asyncio.Event()
    streams = asyncio.create_task(keep_servers(installation, clock, health, ready))
    work: asyncio.Task[None] | None = None
    with tell(installation.folder, "supervisor", "", server.port):
        try:
            await _first(ready.wait(), streams, stopping.wait())
            if ready.is_set() and not stopping.is_set():
                work = asyncio.create_task(supervisor.run())
                on_ready()
                await _first(stopping.wait(), streams, work)
        finally:
            supervisor.stop()
            if work is not None:
                await work
            await ended([streams])
            await nursery.close()
            await server.close()


async def _first(*waits: Awaitable[object]) -> None:
    """Wait until the first of these ends; raise what it raised."""
    tasks: list[asyncio.Future[object]] = [asyncio.ensure_future(one) for one in waits]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for one in done:
        one.result()
