"""Two centres whose commanding is the real one, journals on the disk and all, asked without streams in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from aelita.api import audit
from aelita.api.app import create_app
from aelita.api.centre import Centre
from aelita.api.door import Door
from aelita.api.guard import Guard, guarded
from aelita.api.passwords import Passwords
from aelita.commanding import Reader
from aelita.errors import UsageError
from aelita.services.live.alarm_files import exchange_keys
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.command_journal import own_path
from aelita.services.live.command_keys import keep_command_keys
from aelita.services.live.command_vouching import vouched
from aelita.services.live.commander import CommandService
from aelita.services.live.health import Health
from aelita.services.live.installation import Installation, keep_ports
from aelita.services.live.serving import Context
from aelita.services.live.streams import StreamUnavailableError
from aelita.time import tai_ns_from_utc
from door_material import AGENCIES, API, BASE, CHEAP, HERE, PASSWORD, centre_in, mission

BEGIN = "2026-03-01T12:00:00"
LIGHT_S = 600.0
TWIN = "tgo-sim"
PING: dict[str, Any] = {"spacecraft": TWIN, "calls": [{"command": "AreYouAlive"}]}
PEOPLE = {
    "esa": {
        "vera": ("flight-director", "administrator"), "ivo": ("spacecraft-controller",), "sara": ("science-planner",),
        "otto": ("observer",), "audrey": ("auditor",), "mixed": ("science-planner", "flight-dynamics"),
    },
    "roscosmos": {"boris": ("control-director", "administrator"), "irina": ("instrument-operator",), "oleg": ("observer",)},
}  # fmt: skip


@dataclass
class Place:
    """The centre of an agency with its guard, and the commanding of the agency."""

    centre: Centre
    guard: Guard
    door: Door
    service: CommandService
    silent: bool = False

    def ask(self, op: str, **what: Any) -> dict[str, Any]:
        """Ask the desk as the streams would, but for the streams: everything goes through JSON."""
        import json

        if self.silent:
            raise StreamUnavailableError("the commanding of esa does not answer")
        answer = asyncio.run(self.service._desk.answer(json.loads(json.dumps(self.vouched(op, what)))))
        told: dict[str, Any] = json.loads(json.dumps(answer))
        return told

    def vouched(self, op: str, what: dict[str, Any]) -> dict[str, Any]:
        """Return what is asked as `live.ask_commanding` sends it."""
        return {"op": op, **vouched(self.service.signer.key, op, what)}

    def client(self, **how: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.guard, client=("10.0.0.1", 4711))
        return httpx.AsyncClient(transport=transport, base_url=BASE, timeout=30, **how)

    @contextlib.asynccontextmanager
    async def as_(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        """Give a client of one who has logged in."""
        async with self.client(headers=HERE) as client:
            answer = await client.post(f"{API}/auth/login", json={"user": name, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            yield client

    def trail(self, action: str = "") -> list[audit.Audit]:
        return audit.entries(self.centre.records, audit.Sought(action=action), limit=1000)[::-1]


@dataclass
class Both:
    """Two agencies; `mirror` brings what each wrote to the other, as the streams between them would."""

    made: Installation
    clock: MissionClock
    places: dict[str, Place]

    @property
    def esa(self) -> Place:
        return self.places["esa"]

    @property
    def roscosmos(self) -> Place:
        return self.places["roscosmos"]

    def mirror(self) -> None:
        for _ in range(3):  # what one writes because of the other is news again
            for giver, taker in (("esa", "roscosmos"), ("roscosmos", "esa")):
                service = self.places[taker].service
                copy = service.copies[giver]
                for entry in Reader(giver).feed(own_path(self.made.home(giver)).read_bytes()):
                    if entry.n > copy.head.n:
                        taken = copy.add(entry.octets).entries
                        asyncio.run(service._from_partner(list(taken)))


def installed(folder: Path) -> Installation:
    """Return an installation of the twin, of which nothing runs."""
    made = Installation(folder / "complex", mission(), ("tgo", TWIN), AGENCIES, simulated=(TWIN,))
    made.write()
    keep_ports(made)
    exchange_keys(made)
    keep_command_keys(made)
    return made


def place(made: Installation, agency: str, clock: MissionClock) -> Place:
    centre = centre_in(made, agency)
    centre.clock = clock
    emitted = ((TWIN, clock.now() - round(LIGHT_S * 1e9)),)
    centre.feed = SimpleNamespace(seen=lambda: SimpleNamespace(picture=SimpleNamespace(now=clock.now(), emitted=emitted)))  # type: ignore[assignment]
    app = create_app(centre)
    door = app.state.door = Door(centre, Passwords(CHEAP))
    guard = guarded(app, centre)
    assert isinstance(guard, Guard)
    for name, roles in PEOPLE[agency].items():
        door.accounts.add(name, roles)
        door.accounts.set_password(name, CHEAP.hash(PASSWORD))
    one = Place(centre, guard, door, CommandService(Context(made, agency, clock, Health("commander", agency))))
    centre.commands.ask = one.ask
    return one


@contextlib.contextmanager
def both(folder: Path) -> Iterator[Both]:
    """Give two centres of one installation; everybody of PEOPLE has an account with the password of all these tests."""
    made = installed(folder)
    clock = replace(starting_at(tai_ns_from_utc(BEGIN)))
    clock.write(made.folder)
    places = {agency: place(made, agency, clock) for agency in PEOPLE}
    try:
        yield Both(made, clock, places)
    finally:
        for one in places.values():
            one.service.close()
            one.centre.records.close()


__all__ = ["API", "PASSWORD", "PEOPLE", "PING", "TWIN", "Both", "Place", "UsageError", "both"]
