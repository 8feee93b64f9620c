"""Stations and peers that send what they should not, and messages that are damaged: services stay up, good data comes through."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aelita.agencies import sle_authority
from aelita.archive import Archive, open_archive
from aelita.errors import AelitaError
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.live import archiving, processing, receiver
from aelita.services.live.agency_streams import address_of
from aelita.services.live.clock import MissionClock
from aelita.services.live.ending import ended
from aelita.services.live.health import Health
from aelita.services.live.installation import Installation
from aelita.services.live.messages import pack_frames
from aelita.services.live.serving import Context
from aelita.services.live.sle_secrets import keep_secrets
from aelita.services.live.sle_server import SleServer
from aelita.services.live.station import instance_of
from aelita.services.live.streams import Streams
from aelita.sle import (
    AuthenticationLevel,
    DeliveredQuality,
    Directory,
    Ending,
    InstanceSettings,
    PeerAbortDiagnostic,
    ProductionStatus,
    Provider,
    ProviderSettings,
    ProviderState,
    Security,
    StationFrame,
)
from aelita.time import DAY, SECOND
from reception_material import checked
from test_live_processing import BEGIN, LIGHT, PERIOD, installation, recorded, servers

COUNT = 300
PATIENCE_S = 150.0
CLOCK = MissionClock(BEGIN + 1000 * SECOND, 0, 1.0)
Work = Callable[[Context], Awaitable[None]]


async def kept_running(work: Work, context: Context) -> None:
    """Start a service again when a fault has ended it, as the supervisor does; anything but our own errors is one of this test."""
    while True:
        try:
            await work(context)
        except* AelitaError:
            await asyncio.sleep(0.2)


@asynccontextmanager
async def services(made: Installation, *names: str) -> AsyncIterator[dict[str, Health]]:
    """Run services of ESA in this process."""
    works = {"receiver": receiver.receiver, "processor": processing.processor, "archiver": archiving.archiver}
    health = {name: Health(name, "esa") for name in names}
    tasks = [asyncio.create_task(kept_running(works[name], Context(made, "esa", CLOCK, health[name]))) for name in names]
    try:
        yield health
        assert not any(task.done() for task in tasks)
    finally:
        await ended(tasks)


class FalseStation:
    """Malargüe as a test wants it."""

    def __init__(self, made: Installation, security: Security | None = None) -> None:
        station = made.mission.organisation.stations["malargue"]
        assert station.sle is not None
        peers = keep_secrets(made.home("esa") / "sle", "malargue", ("esa",))
        if security is not None:
            peers = {sle_authority("esa"): security}
        self.port = made.port("esa/sle/malargue")
        directory = Directory(ProviderSettings(station.sle.responder_id, peers, take_over=True))
        number = list(made.mission.organisation.agencies).index("esa") + 1
        settings = InstanceSettings(
            instance_of(station.sle, "raf", "onlt", number), frozenset({sle_authority("esa")}), station.sle.responder_port,
            buffer_size=1, ending=Ending.NONE,
        )  # fmt: skip
        self.instance = directory.offer(settings)
        self.server = SleServer(directory, CLOCK)

    async def __aenter__(self) -> "FalseStation":
        await self.server.start(port=self.port)
        self.server.production(self.instance, ProductionStatus.RUNNING)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.close()

    async def started(self) -> None:
        """Wait until the receiver wants frames."""
        while not (isinstance(self.instance.bound, Provider) and self.instance.bound.state is ProviderState.ACTIVE):
            await asyncio.sleep(0.05)

    def send(self, received: int, octets: bytes, quality: DeliveredQuality = DeliveredQuality.GOOD) -> None:
        self.server.frame(self.instance, StationFrame(received, b"MLG", 0, quality, octets))


def wrong_spacecraft(frame: bytes) -> bytes:
    """Return a frame as another spacecraft would have sent it, its error control right."""
    return checked(bytes([frame[0] ^ 0x01, frame[1] ^ 0x50]) + frame[2:-2])


def flipped(frame: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(frame))
    return frame[:at] + bytes([frame[at] ^ 1 << chance.randrange(8)]) + frame[at + 1 :]


def received_of(number: int) -> int:
    return BEGIN + number * PERIOD + LIGHT["malargue"]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.05)


def assert_whole(made: Installation, folder: Path, frames: list[bytes], rubbish: set[bytes]) -> None:
    """Assert that ESA's archive has these frames and their packets, each once, and all the rubbish with its reason."""
    archive = open_archive(made.archive("esa"))
    (folder / "good.tm").write_bytes(b"".join(frames))
    whole: Archive = open_archive(folder / "whole", create=True)
    ingest_file(whole, define(Library(), mission="exomars"), folder / "good.tm", Summary())
    found = archive.frames(octets=True).filter(pl.col("reason") == 0)
    assert sorted(found["octets"].to_list()) == sorted(frames)
    keys = ["virtual_channel", "apid", "sequence_count", "generated", "octets"]
    ours, theirs = (a.packets().filter(pl.col("quality") == 0).select(keys).sort(keys) for a in (archive, whole))
    assert ours.equals(theirs)
    kept = archive.quarantine()
    assert rubbish <= set(kept["octets"].to_list())
    assert all(kept["reason"].to_list())


def test_a_station_that_sends_everything_it_should_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "FLUSH_S", 1.0)
    frames, chance = recorded(COUNT), random.Random(7)
    rubbish: set[bytes] = set()

    def sent(number: int) -> list[tuple[int, bytes, DeliveredQuality]]:
        """Return what the station sends for a frame."""
        at, frame, good = received_of(number), frames[number], DeliveredQuality.GOOD
        made = [(at, frame, good)]
        if chance.random() < 0.2:
            made.append((at, frame, good))
        if chance.random() < 0.2:
            made.insert(0, (at, flipped(frame, chance), chance.choice((good, DeliveredQuality.ERRED))))
        for unlike, share in (
            (wrong_spacecraft(frame), 0.1),
            (chance.randbytes(chance.randint(1, 2000)), 0.2),
            (b"\0" * 60_000, 0.02),
        ):
            if chance.random() < share:
                rubbish.add(unlike)
                made.append((at + chance.choice((0, 1, -3600 * SECOND, DAY)), unlike, good))
        return made

    async def scenario() -> None:
        made = installation(tmp_path)
        order = sorted(range(COUNT), key=lambda number: number + chance.uniform(0, 8))
        async with servers(made, CLOCK), FalseStation(made) as station, services(made, "receiver", "processor", "archiver"):
            await station.started()
            for number in order:
                for at, octets, quality in sent(number):
                    station.send(at, octets, quality)
                    await asyncio.sleep(0.005)
            # A timely delivery may discard what the line does not take at once: the station says it again.
            await until_merged(made, frames, lambda number: station.send(received_of(number), frames[number]))
            await asyncio.sleep(6)  # bad frames wait for a good copy
        assert_whole(made, tmp_path, frames, rubbish)

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE_S))


def test_damaged_messages_on_the_streams_of_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "FLUSH_S", 1.0)
    frames, chance = recorded(COUNT), random.Random(8)
    rubbish: set[bytes] = set()

    async def scenario() -> None:
        made = installation(tmp_path)
        async with servers(made, CLOCK), services(made, "processor", "archiver") as health:
            await until(lambda: all(one.ready for one in health.values()))
            async with await Streams.connect(address_of(made, "esa"), name="hostile") as streams:
                for first in range(0, COUNT, 10):
                    numbers = np.arange(first, min(first + 10, COUNT))
                    received, none = [received_of(n) for n in numbers.tolist()], [0] * numbers.size
                    octets = [frames[n] for n in numbers]
                    [message] = pack_frames(received, BEGIN + numbers * PERIOD, none, none, octets)
                    at = chance.randrange(len(message))
                    bad = chance.choice(
                        (chance.randbytes(chance.randint(1, 3000)), message[:at], b"ARROW1", flipped(message[:400], chance))
                    )
                    if first % 20 == 0:
                        await streams.publish("esa.frames.tgo.malargue", bad, msg_id=f"bad-{first}")
                        rubbish.add(bad)
                    if first % 50 == 30:  # who wrote to the merged stream beside the merger has ended it
                        wrong = chance.randbytes(50) + b"%d" % first
                        await streams.publish("esa.merged.tgo", wrong, msg_id=f"wrong-{first}")
                        rubbish.add(wrong)
                    await streams.publish("esa.frames.tgo.malargue", message, msg_id=str(first))
                    await asyncio.sleep(0.05)
            await until_merged(made, frames)
            await asyncio.sleep(3)
            assert health["archiver"].value("messages_damaged", spacecraft="tgo") > 0
        assert_whole(made, tmp_path, frames, {one for one in rubbish if one})

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE_S))


async def until_merged(made: Installation, frames: list[bytes], repeat: Callable[[int], None] = lambda _: None) -> None:
    """Wait until ESA's merged stream has just these frames; those that are missing are repeated."""
    missing: list[int] = []
    found: list[bytes] = []
    for _ in range(12):
        for number in missing:
            repeat(number)
            await asyncio.sleep(0.02)
        for _ in range(10):
            if (found := await good_frames(made)) == sorted(frames):
                return
            await asyncio.sleep(0.5)
        missing = [number for number, frame in enumerate(frames) if frame not in found]
    raise AssertionError(f"{len(found)} frames, missing {missing}")


async def good_frames(made: Installation) -> list[bytes]:
    """Return the frames on ESA's merged stream, whatever else is there."""
    from aelita.errors import DataError
    from aelita.services.live.following import follow
    from aelita.services.live.messages import merged_of

    found: list[bytes] = []
    async with await Streams.connect(address_of(made, "esa", "reader"), name="looking") as streams:
        newest = await streams.last("esa.merged.tgo", "MERGED")
        if newest is None:
            return found
        async for message in follow(streams, "MERGED"):
            try:
                merged, _ = merged_of(message.data, message.headers)
                found += [merged.octets(i) for i in range(len(merged))]
            except DataError:
                pass
            if message.sequence >= newest.sequence:
                return sorted(found)
    raise AssertionError


def test_peers_that_stall_abort_and_lie_about_their_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = receiver.Line.settings
    monkeypatch.setattr(receiver.Line, "settings", lambda *a, **k: replace(real(*a, **k), return_timeout_s=1))
    monkeypatch.setattr(receiver, "LONGEST_PAUSE_S", 0.5)
    frames = recorded(40)

    async def scenario() -> None:
        made = installation(tmp_path)
        port = made.port("esa/sle/malargue")
        keep_secrets(made.home("esa") / "sle", "malargue", ("esa",))
        async with servers(made, CLOCK), services(made, "receiver") as health:
            told = health["receiver"].faults

            async def fault(*words: str) -> None:
                async with asyncio.timeout(60):
                    await until(lambda: any(word in told.get("malargue/tgo", "").lower() for word in words))

            await fault("refused", "connect")
            for said in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(8), b"\x02\0\0\0\0\0\0\x0cISP1\0\0\0\x01\0\x1e\0\x02"):
                told.clear()
                async with silent_peer(port, said):
                    await fault("abort", "time", "reset", "ended")
            told.clear()
            liar = Security(AuthenticationLevel.ALL, own_password=b"not the password", peer_password=b"nor this one....")
            async with FalseStation(made, liar):
                await fault("abort", "refused", "authentic", "access")
            async with FalseStation(made) as station:
                for _ in range(3):
                    async with asyncio.timeout(60):
                        await station.started()
                        station.send(received_of(0), frames[0])
                        provider = station.instance.bound
                        assert provider is not None
                        for line in list(station.server._lines.values()):
                            line.association.abort(PeerAbortDiagnostic.COMMUNICATIONS_FAILURE, line.now(), "a test")
                            line.pump()
                        await until(lambda gone=provider: station.instance.bound is not gone)  # type: ignore[misc]
                async with asyncio.timeout(60):
                    await station.started()
                for number, frame in enumerate(frames):
                    station.send(received_of(number), frame)
                async with asyncio.timeout(60):
                    await until(
                        lambda: health["receiver"].value("frames", station="malargue", spacecraft="tgo", how="live") >= 40
                    )
                    await until(lambda: "malargue/tgo" not in told)

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE_S))


@asynccontextmanager
async def silent_peer(port: int, said: bytes) -> AsyncIterator[None]:
    """Listen on a port, say something to each who comes, and then nothing more."""
    ends: list[asyncio.StreamWriter] = []

    async def joined(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)
        writer.write(said)

    server = await asyncio.start_server(joined, "127.0.0.1", port, family=socket.AF_INET)
    try:
        yield
    finally:
        server.close()
        for end in ends:
            end.transport.abort()
