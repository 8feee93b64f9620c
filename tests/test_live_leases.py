"""Who does the work of a service: one at a time, another when it is gone, nobody twice."""

import asyncio
from pathlib import Path

import pytest

from aelita.services.live import leases
from aelita.services.live.leases import Lease, LeaseLostError
from aelita.services.live.streams import Streams
from test_live_processing import BEGIN, MissionClock, address_of, installation, servers


def test_one_holds_the_lease_and_another_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "EXPIRES_S", 1.0)
    monkeypatch.setattr(leases, "RENEW_S", 0.2)

    async def scenario() -> None:
        made = installation(tmp_path)
        async with (
            servers(made, MissionClock(BEGIN, 0, 1.0)),
            await Streams.connect(address_of(made, "esa"), name="a") as streams,
        ):
            first, second = (Lease(streams, "esa", "processor", name) for name in ("one", "two"))
            assert await second.is_free()
            await first.acquire()
            assert await first.is_free() and not await second.is_free()
            keeping = asyncio.create_task(first.keep())
            waiting = asyncio.create_task(second.acquire())
            await asyncio.sleep(2.5)
            assert not waiting.done() and second.other == "one"  # renewed longer than it lasts
            keeping.cancel()  # the first one died
            await asyncio.wait_for(waiting, 30)
            with pytest.raises(LeaseLostError, match="two"):
                await asyncio.wait_for(first.keep(), 30)  # and comes back: it must stop
            again = Lease(streams, "esa", "processor", "two")
            await asyncio.wait_for(again.acquire(), 30)  # started anew under its name: at once
            await again.release()
            assert await first.is_free()
            await asyncio.wait_for(first.acquire(), 30)  # given back: at once
            other = Lease(streams, "esa", "archiver", "two")
            await other.acquire()

    asyncio.run(scenario())
