"""Two hundred deaths between request and report: nothing is sent twice, nothing is lost in silence, the journals stay whole."""

import asyncio
import os
import random
import threading
from functools import partial
from pathlib import Path

import pytest

from aelita.commanding import Act
from commanding_complex import Commanded, Crew, assert_nothing_twice, assert_twin_replays, commanded, crew_of
from test_live_commanding import assert_what_arrived_is_known, ended, kill_as_the_journal_grows, requested, said

KILLS = int(os.environ.get("AELITA_SOAK_KILLS", "200"))
SPEED = 40.0  # eleven hours of sky take a quarter of an hour and more
VICTIMS = ("esa/commander",) * 5 + ("esa/stations", "space", "esa/nats", "roscosmos/commander", "")


@pytest.mark.soak
def test_two_hundred_deaths(tmp_path: Path) -> None:
    chance = random.Random(200)

    async def work(crew: Crew) -> list[str]:
        one, names = crew.one, []
        await crew.enrol()
        for number in range(KILLS):
            asked = await requested(crew)
            victim = VICTIMS[number % len(VICTIMS)]
            killer = threading.Thread(target=kill_as_the_journal_grows, args=(one, victim, chance.randrange(0, 9)))
            killer.start()
            for person, act in (("chris", Act.CHECK), ("dora", Act.RELEASE)):
                await said(crew, person, act, asked)
            names.append(asked["id"])
            await asyncio.to_thread(killer.join)
        for name in names:  # what fell into a time when nobody heard is overdue, and says so
            await crew.until(f"the end of {name}", partial(ended, one, name))
        assert_what_arrived_is_known(one)
        assert [one.state(name) for name in names].count("completed") >= KILLS // 2
        return names

    async def together(one: Commanded) -> None:
        async with crew_of(one) as crew:
            await work(crew)

    with commanded(Commanded(tmp_path, SPEED)) as one:
        asyncio.run(together(one))
        assert_nothing_twice(one)
        assert one.stop() == 0
        assert_twin_replays(one)
