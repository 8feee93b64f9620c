"""Commands through the interface with real streams: both agencies' commanding runs, and each has the other's journal."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aelita.api import guarded
from aelita.api.app import create_app
from aelita.api.centre import Centre
from aelita.api.client.asynchronous import AsyncClient
from aelita.api.client.core import Address, Session
from aelita.api.door import Door
from aelita.api.passwords import Passwords
from aelita.services.live.agency_streams import keep_servers
from aelita.services.live.clock import starting_at
from aelita.services.live.commander import commander
from aelita.services.live.ending import ended
from aelita.services.live.health import Health
from aelita.services.live.serving import Context
from aelita.time import tai_ns_from_utc
from api_command_material import BEGIN, PEOPLE, TWIN, installed
from api_material import opened
from door_material import BASE, CHEAP, PASSWORD

PATIENCE_S = 90.0


def client_of(centre: Centre, user: str) -> AsyncClient:
    """Return a client of a centre's guarded application, as a user."""
    app = create_app(centre)
    app.state.door = Door(centre, Passwords(CHEAP))
    for name, roles in PEOPLE[centre.agency].items():
        if app.state.door.accounts.user(name) is None:
            app.state.door.accounts.add(name, roles)
            app.state.door.accounts.set_password(name, CHEAP.hash(PASSWORD))
    transport = httpx.ASGITransport(guarded(app, centre), client=("10.0.0.1", 4711))
    return AsyncClient(Session(Address.of(BASE), user=user, password=PASSWORD), transport=transport)


async def until(what: str, condition: Callable[[], Awaitable[Any]], tasks: list["asyncio.Task[None]"]) -> Any:
    end = time.monotonic() + PATIENCE_S
    while not (found := await condition()):
        for task in tasks:
            assert not task.done(), task
        assert time.monotonic() < end, f"never came: {what}"
        await asyncio.sleep(0.2)
    return found


def test_a_request_made_in_moscow_is_signed_in_darmstadt_over_real_streams(tmp_path: Path) -> None:
    async def story() -> None:
        made, clock = installed(tmp_path), starting_at(tai_ns_from_utc(BEGIN))
        clock.write(made.folder)
        ready = asyncio.Event()
        keeper = asyncio.create_task(keep_servers(made, clock, Health("supervisor"), ready))
        tasks = [keeper]
        try:
            await asyncio.wait([asyncio.ensure_future(ready.wait()), keeper], return_when=asyncio.FIRST_COMPLETED)
            for one in made.agencies:
                tasks.append(asyncio.create_task(commander(Context(made, one.key, clock, Health("commander", one.key)))))
            async with opened(made, "esa") as esa, opened(made, "roscosmos") as roscosmos:
                await signed(client_of(esa, "sara"), client_of(esa, "vera"), client_of(roscosmos, "irina"), esa, tasks)
        finally:
            await ended(tasks[1:])
            await ended([keeper])

    asyncio.run(story())


async def signed(sara: AsyncClient, vera: AsyncClient, irina: AsyncClient, esa: Centre, tasks: list[Any]) -> None:
    own = Ed25519PrivateKey.generate()

    async def enrolled() -> Any:
        try:
            return await sara.commands.enrol_key(own, PASSWORD)
        except Exception as error:  # commanding is still beginning
            assert "does not answer" in str(error) or "begin" in str(error), error
            return None

    key = await until("commanding answers", enrolled, tasks)
    assert (key["kept"], key["roles"]) == ("user", ["science-planner"])
    await vera.commands.make_key(PASSWORD, centre="esoc")
    plan = await irina.commands.prepare(TWIN, ("AreYouAlive", {"apid": 186}))
    request = await irina.commands.request(TWIN, ("AreYouAlive", {"apid": 186}), digest=plan["digest"], name="from-moscow")
    assert (request["packets"], request["state"]) == (plan["packets"], "waiting")

    async def arrived() -> Any:
        return [one for one in (await sara.commands.inbox())["items"] if one["id"] == "from-moscow"]

    (waiting,) = await until("the request in Darmstadt", arrived, tasks)
    assert (await sara.commands.sign(waiting, "check", key=own, comment="in the plan"))["counts"]
    assert (await vera.commands.sign(waiting, "release", password=PASSWORD))["missing"] == []

    async def told() -> Any:
        seen = await irina.commands.get("from-moscow")
        return seen if len(seen["statements"]) == 2 else None

    seen = await until("what was signed in Moscow", told, tasks)
    assert [one["person"] for one in seen["statements"]] == ["sara", "vera"]

    async def shown() -> Any:
        return [one for one in esa.feed.commands.snapshot(lambda spacecraft, name: name == "from-moscow") if not one["missing"]]

    (live,) = await until("the live topic", shown, tasks)
    assert (live["kind"], live["spacecraft"]) == ("request", TWIN)
    assert (await vera.commands.lines())["lines"][TWIN]["stations"]["malargue"]["up"] is False
    for one in (sara, vera, irina):
        await one.aclose()
