"""The real console of a centre whose agency really commands, for tests in a browser: journals, keys, guard and streams are real.

`python console_commands_centre.py FOLDER` serves it; the port is told by `complex/ports.json`. No station is there, so what
becomes of a request is written into the journal as FOLDER/do.json says: {"entries": [[kind, body], ...], "alter": whether one
octet of what is shown of requests is another than was asked for}; it is gone when it was done. What is said of commands holds a
script.
"""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from aelita.api import command_asked, door, routes_command_acts, routes_commands, sessions
from aelita.api.at_work import at_work
from aelita.api.centre import Centre, open_centre
from aelita.api.command_items import RequestDetail
from aelita.api.passwords import Passwords
from aelita.api.service import run_app
from aelita.commanding import Outcome
from aelita.console.application import console_app
from aelita.services.live.agency_streams import address_of, keep_servers
from aelita.services.live.alarm_files import exchange_keys
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.command_keys import keep_command_keys
from aelita.services.live.commander import CommandService
from aelita.services.live.ending import ended
from aelita.services.live.health import Health, HealthServer
from aelita.services.live.installation import Installation, keep_ports
from aelita.services.live.serving import Context
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.time import SECOND, tai_ns_from_utc
from door_material import AGENCIES, CHEAP, PASSWORD
from live_centre import Service

BEGIN, TWIN, LIGHT_S = "2026-03-01T12:00:00", "tgo-sim", 751
BAD = "<script>window.hurt=1</script><img src=x onerror='window.hurt=2'>"
USERS = {
    "vera": ["flight-director", "auditor"], "ivo": ["spacecraft-controller"], "sara": ["science-planner"], "otto": ["observer"],
    "mira": ["science-planner", "flight-dynamics"],
}  # fmt: skip
altered = {"on": False}


def take_any_ports(made: Installation) -> None:
    """Have interfaces at ports that no other test looks for first."""
    held = {f"{agency.key}/web": socket.create_server(("127.0.0.1", 0)) for agency in made.agencies}
    (made.folder / "ports.json").write_text(json.dumps({name: one.getsockname()[1] for name, one in held.items()}))
    for one in held.values():
        one.close()


def main(folder: Path) -> None:
    """Serve until the process is ended."""
    door.Passwords = lambda: Passwords(CHEAP)  # type: ignore[assignment,attr-defined,misc]
    _make_up()
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(serve(folder, installation(folder)))


def _make_up() -> None:
    """Have commands described by a script, light take its time, and octets be altered where that is asked for."""
    routes, asked = vars(routes_commands), vars(command_asked)
    item_of, definition_of, request_detail = routes["item_of"], routes["definition_of"], asked["request_detail"]

    def item(*what: Any) -> Any:
        made = item_of(*what)
        return made.model_copy(update={"description": f"{made.description} {BAD}"})

    def definition(*what: Any) -> Any:
        made = definition_of(*what)
        told = {"description": f"{made.description} {BAD}", "long_description": BAD, "warning": BAD, "constraints": [BAD]}
        return made.model_copy(update=told)

    def detail(*what: Any) -> RequestDetail:
        made: RequestDetail = request_detail(*what)
        if altered["on"]:
            made.packets[0] = f"{int(made.packets[0][:2], 16) ^ 1:02x}{made.packets[0][2:]}"
        return made

    routes |= {"item_of": item, "definition_of": definition}
    asked["request_detail"] = detail
    for room in (command_asked, routes_command_acts):
        vars(room)["light_ns"] = lambda here, spacecraft: LIGHT_S * SECOND


def installation(folder: Path) -> Installation:
    """Return the installation of one agency that commands the twin."""
    made = Installation(folder / "complex", find_mission("exomars"), ("tgo", TWIN), AGENCIES[:1], simulated=(TWIN,))
    made.write()
    take_any_ports(made)
    keep_ports(made)
    exchange_keys(made)
    keep_command_keys(made)
    replace(starting_at(tai_ns_from_utc(BEGIN))).write(made.folder)
    return made


async def serve(folder: Path, made: Installation) -> None:
    """Run the streams, the commanding and the centre until SIGTERM."""
    work = asyncio.current_task()
    assert work is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    clock, ready = MissionClock.read(made.folder), asyncio.Event()
    servers = asyncio.create_task(keep_servers(made, clock, Health("supervisor"), ready))
    well = [Health(name, "esa") for name in ("receiver", "processor", "watchkeeper", "commander")]
    services = [Service(health, HealthServer(health), made.folder) for health in well]
    commanding = CommandService(Context(made, "esa", clock, well[-1]))
    try:
        await ready.wait()
        for one in services:
            await one.begin()
        async with (
            await Streams.connect(address_of(made, "esa"), name="commander") as streams,
            open_centre(made.folder, "esa") as centre,
        ):
            context = Context(made, "esa", clock, Health("api", "esa"))
            async with at_work(centre, context):
                own = [
                    asyncio.create_task(one) for one in (commanding.run(streams), doing(folder / "do.json", commanding, clock))
                ]
                try:
                    await run_app(context, with_users(centre))
                finally:
                    await ended(own)
    finally:
        await ended([servers])
        commanding.close()
        for one in services:
            await one.end()


def with_users(centre: Centre) -> ASGIApp:
    """Return the console of a centre that knows its users."""
    app = console_app(centre)
    accounts = app.door.accounts  # type: ignore[attr-defined]
    for name, roles in USERS.items():
        accounts.add(name, roles)
        accounts.set_password(name, CHEAP.hash(PASSWORD))
    accounts.add("olga", ["science-planner"])  # as who logs in through an organisation: no password is here
    secret = sessions.begin(accounts, "olga", address="127.0.0.1")
    (Path(centre.folder) / "olga.session").write_text(str(secret))
    return app


async def doing(path: Path, commanding: CommandService, clock: MissionClock) -> None:
    """Do what a file says, again and again."""
    while True:
        await asyncio.sleep(0.05)
        if path.exists():
            told = json.loads(path.read_text())
            altered["on"] = bool(told.get("alter"))
            for kind, body in told.get("entries", ()):
                commanding.commander._write(kind, body, clock.now())
            commanding.does(Outcome())
            path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
