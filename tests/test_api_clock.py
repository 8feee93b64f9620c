"""A machine whose clock is set by an hour while a centre works: nothing looks stale for it, and nothing that stopped looks alive."""

import asyncio
import time
from pathlib import Path

import pytest

from aelita.time import SECOND, tai_ns_from_utc
from live_centre import AtWork, Client, Message, at_work

HOUR_S = 3600
STALLED_S = 1.0  # half of what a service and the server of streams are waited for
NAME = "/TGO/attitude_0"


def seconds_of(tick: Message) -> float:
    """Return the centre's UTC of a tick, in seconds."""
    return tai_ns_from_utc(tick["tick"]["utc"].rstrip("Z")) / SECOND


async def ticks(client: Client, count: int) -> list[float]:
    return [seconds_of(await client.until(lambda m: "tick" in m)) for _ in range(count)]


async def moving(at: AtWork, client: Client, number: int) -> Message:
    """Publish a value, and return the message by which it comes."""
    now = at.centre.clock.now()
    await at.values("Attitude", [{NAME: float(number), "received": now, "generated": now}], number)

    def comes(message: Message) -> bool:
        return any(update["v"] == number for update in message.get("updates", ()))

    return await client.until(comes)


class Pulse:
    """Tells the longest time (s) for which the machine did not come to what was due: of this process, and of answers waited for."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def beat(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.05)
            self.took(began)

    def took(self, began: float) -> None:
        self.longest_s = max(self.longest_s, time.monotonic() - began)


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_jump_makes_nothing_stale_and_nothing_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: int) -> None:
    real, ahead = time.time_ns, [0]
    monkeypatch.setattr(time, "time_ns", lambda: real() + ahead[0] * SECOND)

    async def story(folder: Path, pulse: Pulse) -> list[Message]:
        """Return what was told of a stream that is not live, after the jump and before its service ended."""
        ahead[0] = 0
        async with at_work(folder) as at, at.client() as client:
            await client.snapshot("p", "parameters", names=[NAME])
            await client.state("p", "live")
            await moving(at, client, 1)
            before = (await ticks(client, 2))[-1]
            began, ahead[0] = time.monotonic(), jump_s
            told, beating = len(client.told), asyncio.create_task(pulse.beat())
            for number in range(2, 6):
                asked = time.monotonic()
                update = await moving(at, client, number)
                pulse.took(asked)
                received = update["updates"][-1]["rt"]
                assert abs(tai_ns_from_utc(received.rstrip("Z")) - at.centre.clock.now()) < 60 * SECOND  # its age is by one clock
            after = await ticks(client, 3)
            assert abs(after[-1] - before - jump_s) < time.monotonic() - began + 60  # it tells what the machine says
            assert after == sorted(after), "and goes on"
            beating.cancel()
            since = client.told[told:]
            await at.services["processor"].end()  # what stops is found by how long nothing is heard, not by any hour
            assert (await client.state("p", "stale"))["why"]
        return [message for message in since if message.get("state", "live") != "live"]

    for attempt in range(3):  # who cannot answer for seconds is rightly stale: that says nothing of the jump
        pulse = Pulse()
        spoilt = asyncio.run(asyncio.wait_for(story(tmp_path / str(attempt), pulse), 60))
        if not spoilt:
            return
        assert pulse.longest_s > STALLED_S, f"no jump makes a living stream stale: {spoilt}"
    pytest.fail(f"the machine stood still for {pulse.longest_s:.1f} s, three times over: {spoilt}")
