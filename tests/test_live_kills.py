"""Any process of a live complex dies at any moment: nothing acknowledged is lost, nothing doubled, all come back by themselves."""

import asyncio
import random
import time
from pathlib import Path

import pytest

from aelita.services.live.space import SignalPath
from live_complex import STATION_OF, Complex, assert_archived, assert_merged, complex_in, undisturbed, until, until_complete

KILLS, SEED = 10, 20230524
FRAMES, SPEED = 1200, 15.0
LAST_S = (
    3.0  # before the end of the signal nothing is killed: what comes after the last frame heard cannot be known to be missing
)
PATHS = (("malargue", SignalPath(0.05, 0.0, (), 1)), ("kalyazin", SignalPath(0.05, 2e-7, (), 2)))


def disturb(one: Complex, kills: int, chance: random.Random) -> list[str]:
    """Kill so many processes while the recording is played, each twentieth time all at once; return which."""
    done: list[str] = []
    until("the first frame", lambda: one.clock.now() > one.over - one.frames * one.period)
    pause = (one.seconds_left() - LAST_S) / (kills + 1)
    for number in range(kills):
        time.sleep(chance.uniform(0.5, 1.5) * max(pause, 0.1))
        if number % 20 == 5:
            one.kill_all()
            one.start()
            done.append("all")
        else:
            done.append(one.kill_one(chance))
    return done


def assert_whole(one: Complex, folder: Path) -> None:
    """Assert, once everything has been heard and has come together, that both agencies keep exactly that."""
    asyncio.run(until_complete(one))
    until("all services are back", one.ready)
    heard = one.all_heard()
    for agency in STATION_OF:
        merged = asyncio.run(one.merged(agency))
        assert_merged(merged, heard)
        assert asyncio.run(one.stored(agency)).items() <= dict(merged).items()
    assert one.stop() == 0
    whole = undisturbed(folder, heard)
    for agency in STATION_OF:
        assert_archived(one, one.archive(agency), heard, whole)


@pytest.mark.soak
def test_kills_of_any_process_at_any_moment(tmp_path: Path) -> None:
    with complex_in(tmp_path, FRAMES, SPEED, PATHS) as one:
        until("all services are up", one.ready)
        done = disturb(one, KILLS, random.Random(SEED))
        assert len(done) == KILLS and "all" in done
        assert_whole(one, tmp_path)
