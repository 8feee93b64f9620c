"""Tasks that are told to end do, whatever a library makes of it: before Python 3.12 a wait swallows a cancellation beside its result."""

import asyncio
import threading
from pathlib import Path

import pytest

from aelita.services.live.ending import ended, heeding, outwaited
from aelita.services.live.streams import Streams
from live_servers import one_server


async def swallowing() -> None:
    """End well although it is cancelled."""
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        return


def test_a_swallowed_cancellation_ends_a_task_all_the_same() -> None:
    async def heeds(loops: list[int]) -> None:
        while True:
            with heeding():
                await swallowing()
            loops.append(1)

    async def run() -> None:
        loops: list[int] = []
        async with asyncio.TaskGroup() as tasks:  # which cancels once
            one = tasks.create_task(heeds(loops))
            await asyncio.sleep(0)
            one.cancel()
        assert one.cancelled() and not loops

    asyncio.run(run())


def test_a_thread_is_waited_for_however_often_its_task_is_told_to_end() -> None:
    async def run() -> None:
        may_end, done = threading.Event(), list[str]()

        async def work() -> None:
            writing = asyncio.create_task(asyncio.to_thread(may_end.wait))
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                await outwaited(writing)
                done.append("written")
                raise

        one = asyncio.create_task(work())
        await asyncio.sleep(0)
        ending = asyncio.create_task(ended([one]))
        for _ in range(5):
            one.cancel()
            await asyncio.sleep(0.01)
        assert not one.done() and not ending.done()
        may_end.set()
        await ending
        assert one.cancelled() and done == ["written"]

    asyncio.run(run())


def test_what_is_done_after_a_cancellation_was_heeded_can_be_waited_for() -> None:
    """Who cleans up was cancelled before; only what comes within the block counts."""

    async def work(told: list[str]) -> None:
        try:
            with heeding():
                await swallowing()
        finally:
            with heeding():
                await asyncio.sleep(0)
            told.append("cleaned up")

    async def run() -> None:
        told: list[str] = []
        one = asyncio.create_task(work(told))
        await asyncio.sleep(0)
        await ended([one])
        assert told == ["cleaned up"] and one.cancelled()

    asyncio.run(run())


@pytest.mark.parametrize("pause_s", [0.0, 0.0002, 0.0005, 0.001])
def test_who_asks_a_server_again_and_again_can_be_ended_at_any_moment(tmp_path: Path, pause_s: float) -> None:
    """A group of tasks cancels each once, and waits for it: as the view of an agency does when its centre ends."""

    async def ask(streams: Streams) -> None:
        while True:
            await streams.info("FRAMES")

    async def run() -> None:
        async with (
            one_server(tmp_path) as server,
            await Streams.connect(server.address("services", "agency"), name="test") as streams,
        ):
            for _ in range(150):
                with pytest.raises(ExceptionGroup):
                    async with asyncio.TaskGroup() as tasks, asyncio.timeout(60):
                        for _ in range(3):
                            tasks.create_task(ask(streams))
                        await asyncio.sleep(pause_s)
                        raise ValueError("the block ends")

    asyncio.run(run())
