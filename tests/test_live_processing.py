"""Two agencies with streams of their own: what each heard of the TGO recording becomes one gap-free stream in both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from aelita.link import Channel
from aelita.services import define
from aelita.services.databases import Library
from aelita.services.live.agency_streams import address_of, keep_servers
from aelita.services.live.batches import unpack
from aelita.services.live.clock import MissionClock
from aelita.services.live.following import follow
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, keep_ports
from aelita.services.live.kept_state import KeptState
from aelita.services.live.merging import frames_subject
from aelita.services.live.messages import merged_of, pack_frames
from aelita.services.live.processing import processor
from aelita.services.live.serving import Context
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.telemetry import Reception
from aelita.time import SECOND, tai_ns_from_utc
from shared import shared

BEGIN = tai_ns_from_utc("2023-05-24T18:54:50")
PERIOD = 340_326_000  # of a frame at 26,210 bit/s
LIGHT = {"malargue": 969_400_000_000, "kalyazin": 969_408_000_000}
COUNT = 400


def installation(folder: Path) -> Installation:
    made = Installation(
        folder, find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)), AgencyHere("roscosmos", ("kalyazin",)))
    )
    made.write()
    keep_ports(made)
    return made


def recorded(count: int) -> list[bytes]:
    channel = define(Library(), mission="exomars").channel
    assert isinstance(channel, Channel)
    octets = shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm").read_bytes()[: 1115 * count]
    frames = Reception(channel).feed(octets).frames
    return [frames.octets(i) for i in range(len(frames))]


@asynccontextmanager
async def servers(made: Installation, clock: MissionClock) -> AsyncIterator[None]:
    ready = asyncio.Event()
    keeper = asyncio.create_task(keep_servers(made, clock, Health("supervisor"), ready))
    try:
        await asyncio.wait([asyncio.ensure_future(ready.wait()), keeper], return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set(), keeper.exception()
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def hear(
    made: Installation, agency: str, station: str, frames: list[bytes], heard: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> None:
    """Publish what a station heard, ten frames a message."""
    rows = np.flatnonzero(heard)
    emitted = BEGIN + rows * PERIOD
    async with await Streams.connect(address_of(made, agency), name="hearing") as streams:
        for first in range(0, rows.size, 10):
            some = slice(first, first + 10)
            received = (emitted[some] + LIGHT[station]).tolist()
            zeros = [0] * len(received)
            for octets in pack_frames(received, emitted[some], zeros, zeros, [frames[i] for i in rows[some]]):
                await streams.publish(frames_subject(agency, "tgo", station), octets, msg_id=f"{station}-{rows[first]}")


async def merged_frames(made: Installation, agency: str, count: int) -> list[tuple[bytes, str, bool]]:
    """Return the frames on an agency's merged stream, once there are so many."""
    found: list[tuple[bytes, str, bool]] = []
    async with await Streams.connect(address_of(made, agency, "reader"), name="looking") as streams:
        async for message in follow(streams, "MERGED"):
            merged, _ = merged_of(message.data, message.headers)
            stations = [merged.stations[i] for i in merged.station]
            found += [(merged.octets(i), stations[i], bool(merged.late[i])) for i in range(len(merged))]
            if len(found) >= count:
                return found
    raise AssertionError


async def rows_on(made: Installation, agency: str, stream: str) -> dict[str, int]:
    rows: dict[str, int] = {}
    async with await Streams.connect(address_of(made, agency, "reader"), name="looking") as streams:
        state = await streams.info(stream)
        async for message in follow(streams, stream):
            rows[message.subject] = rows.get(message.subject, 0) + unpack(message.data).height
            if message.sequence >= state.last:
                return rows
    return rows


def test_what_two_stations_of_two_agencies_lost_is_whole_in_both(tmp_path: Path) -> None:
    frames = recorded(COUNT)
    dice = np.random.default_rng(3)
    lost = dice.random(COUNT) < 0.2
    heard = {"malargue": ~lost, "kalyazin": lost | (dice.random(COUNT) < 0.5)}

    async def scenario() -> None:
        made, clock = installation(tmp_path), MissionClock(BEGIN, 0, 1.0)
        clock = MissionClock(BEGIN + 1000 * SECOND, clock.anchor, 1.0)
        async with servers(made, clock):
            work = [
                asyncio.create_task(processor(Context(made, key, clock, Health("processor", key))))
                for key in ("esa", "roscosmos")
            ]
            await asyncio.gather(
                hear(made, "esa", "malargue", frames, heard["malargue"]),
                hear(made, "roscosmos", "kalyazin", frames, heard["kalyazin"]),
            )
            async with asyncio.timeout(60):
                for agency in ("esa", "roscosmos"):
                    found = await merged_frames(made, agency, COUNT)
                    assert sorted(octets for octets, _, _ in found) == sorted(frames)
                    for channel in (0, 7):
                        in_order = [octets for octets, _, late in found if not late and octets[1] >> 1 & 7 == channel]
                        sent = [octets for octets in frames if octets[1] >> 1 & 7 == channel]
                        assert in_order == [octets for octets in sent if octets in set(in_order)]
                    own = {octets for octets, h in zip(frames, heard["malargue"], strict=True) if h}
                    assert {octets for octets, station, _ in found if station == "malargue"} <= own
                    while sum((await rows_on(made, agency, "PARAMETERS")).values()) <= 100:  # they follow the frames
                        await asyncio.sleep(0.1)
            for one in work:
                one.cancel()
            for result in await asyncio.gather(*work, return_exceptions=True):
                assert isinstance(result, asyncio.CancelledError), result

    asyncio.run(scenario())


def test_a_processor_that_is_killed_writes_nothing_twice_and_loses_nothing(tmp_path: Path) -> None:
    frames = recorded(COUNT)

    async def scenario() -> None:
        made, clock = installation(tmp_path), MissionClock(BEGIN + 1000 * SECOND, 0, 1.0)
        async with servers(made, clock):
            hearing = asyncio.create_task(hear(made, "esa", "malargue", frames, np.ones(COUNT, np.bool_)))
            for pause in (0.3, 0.7, 0.2, 0.5):
                work = asyncio.create_task(processor(Context(made, "esa", clock, Health("processor", "esa"))))
                await asyncio.sleep(pause)
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
            await hearing
            work = asyncio.create_task(processor(Context(made, "esa", clock, Health("processor", "esa"))))
            async with asyncio.timeout(60):
                found = await merged_frames(made, "esa", COUNT)
            assert [octets for octets, _, _ in found] == frames
            await asyncio.sleep(0.5)
            assert len(await merged_frames(made, "esa", COUNT)) == COUNT
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    asyncio.run(scenario())


@pytest.mark.parametrize("spoilt", [b"", b"PK\x03\x04 garbage", None])
def test_a_restart_goes_on_behind_the_state_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: bytes | None
) -> None:
    monkeypatch.setattr("aelita.services.live.kept_state.KEEP_S", 0.0)
    known: list[int] = []
    restore = KeptState.restore

    async def restored(self: KeptState, *those: Any) -> int:
        known.append(await restore(self, *those))
        return known[-1]

    monkeypatch.setattr(KeptState, "restore", restored)
    frames = recorded(COUNT)

    async def scenario() -> None:
        made, clock = installation(tmp_path), MissionClock(BEGIN + 1000 * SECOND, 0, 1.0)
        async with servers(made, clock):
            for part, heard in enumerate((np.arange(COUNT) < COUNT // 2, np.arange(COUNT) >= COUNT // 2)):
                work = asyncio.create_task(processor(Context(made, "esa", clock, Health("processor", "esa"))))
                await hear(made, "esa", "malargue", frames, heard)
                async with asyncio.timeout(60):
                    found = await merged_frames(made, "esa", (part + 1) * COUNT // 2)
                    while not list(tmp_path.glob("esa/processor/*.npz")):
                        await asyncio.sleep(0.02)
                await asyncio.sleep(0.3)
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                if spoilt is not None:
                    (tmp_path / "esa" / "processor" / "tgo.npz").write_bytes(spoilt)
            assert [octets for octets, _, _ in found] == frames
            channel = define(Library(), mission="exomars").channel
            assert isinstance(channel, Channel)
            real = int((~Reception(channel).feed(b"".join(frames)).packets.idle).sum())
            assert sum((await rows_on(made, "esa", "PACKETS")).values()) == real

    asyncio.run(scenario())
    assert known[0] == 0 and (known[1] > 0) == (spoilt is None)


def test_the_schemas_are_as_written() -> None:
    frame = unpack(pack_frames([1], np.array([2]), [0], [-1], [b"x"])[0])
    assert frame.rows() == [(1, 2, 0, -1, b"x")]
    assert frame.schema["octets"] == pl.Binary
    with pytest.raises(Exception, match="Arrow"):
        merged_of(b"garbage")
