"""Publishing and following, through deaths of the server and full stores. Real servers; every death is SIGKILL."""

import asyncio
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import DataError
from aelita.services.live.batches import LARGEST, pack, unpack
from aelita.services.live.following import Follower, Start, follow
from aelita.services.live.nats_server import NatsServer
from aelita.services.live.stream_plan import Limits
from aelita.services.live.streams import (
    LinkState,
    Message,
    NoStreamError,
    Publisher,
    StreamError,
    StreamFullError,
    Streams,
    WrongSequenceError,
)
from live_servers import SMALL, client, make_all, one_server, until

SUBJECT = "esa.frames.tgo.mlg"


async def kill(server: NatsServer) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.wait()


async def take(follower: Follower, count: int) -> list[Message]:
    return [await asyncio.wait_for(anext(follower), 30) for _ in range(count)]


async def nothing_more(follower: Follower) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(follower), 0.3)


def test_sequences_ids_and_expectations(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server, await client(server) as streams:
            assert await streams.publish(SUBJECT, b"a", msg_id="1", expected_last=0) == 1
            assert await streams.publish(SUBJECT, b"a", msg_id="1", expected_last=0) == 1  # the same again is no fault
            assert await streams.publish("esa.frames.mex.mlg", b"b", expected_last=1, headers={"Station": "MLG"}) == 2
            with pytest.raises(WrongSequenceError, match="wrong last sequence: 2"):
                await streams.publish(SUBJECT, b"second writer", expected_last=1)
            assert await streams.publish(SUBJECT, b"c", expected_last_on_subject=1) == 3
            with pytest.raises(WrongSequenceError):
                await streams.publish(SUBJECT, b"d", expected_last_on_subject=1)
            with pytest.raises(StreamError, match="maximum payload"):
                await streams.publish(SUBJECT, bytes(2 << 20))
            last = await streams.last("esa.frames.mex.*")
            assert last is not None and (last.sequence, last.data, last.headers["Station"]) == (2, b"b", "MLG")
            assert await streams.last("esa.frames.edm.*") is None
            state = await streams.info("FRAMES")
            assert (state.messages, state.first, state.last, state.max_bytes, state.lag) == (3, 1, 3, 32 << 20, None)
            with pytest.raises(NoStreamError):
                await streams.publish("esa.nothing.a", b"", timeout_s=0.2)
            for call in (streams.info("NONE"), streams.last("esa.nothing.a"), anext(follow(streams, "NONE"))):
                with pytest.raises(NoStreamError):
                    await call

    asyncio.run(run())


def test_acknowledged_messages_survive_kills(tmp_path: Path) -> None:
    """Publish through three kills: all acknowledged is there once, in place, and the ids are still known."""

    async def run() -> None:
        states: list[LinkState] = []
        async with one_server(tmp_path) as server:
            streams = await Streams.connect(server.address(), name="publisher", on_state=states.append)
            stored: dict[int, int] = {}

            async def publish() -> None:
                for number in range(600):
                    stored[number] = await streams.publish(SUBJECT, b"%d" % number, msg_id=str(number))

            task = asyncio.create_task(publish())
            for share in (100, 250, 400):
                await until("progress", lambda share=share: _true(len(stored) > share or task.done()))
                await kill(server)
                await server.start()
            await task
            assert sorted(stored.values()) == list(range(1, 601))
            assert await streams.publish(SUBJECT, b"0", msg_id="0") == stored[0]
            async with follow(streams, "FRAMES") as follower:
                read = await take(follower, 600)
                await nothing_more(follower)
            assert [(int(m.data), m.sequence) for m in read] == sorted(stored.items())
            await streams.close()
            assert states == [LinkState.CONNECTED, LinkState.DISCONNECTED] * 4

    asyncio.run(run())


async def _true(value: bool) -> bool:
    return value


def test_windowed_publisher_through_a_kill(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server, await client(server) as streams:
            publisher = Publisher(streams, window=64)
            for number in range(400):
                await publisher.send(SUBJECT, b"%d" % number, msg_id=str(number))
                if number == 200:
                    await kill(server)
                    await server.start()
            assert await publisher.flush() == 400
            read = await take(follow(streams, "FRAMES", batch=7), 400)
            assert sorted(int(m.data) for m in read) == list(range(400))

    asyncio.run(run())


def test_followers_go_on_where_they_were(tmp_path: Path) -> None:
    """Neither the server's death nor the follower's loses, repeats or reorders a message; what was not acknowledged comes again."""

    async def run() -> None:
        async with one_server(tmp_path) as server, await client(server) as streams:
            for number in range(40):
                await streams.publish(SUBJECT, b"%d" % number, msg_id=str(number))
            durable, plain = follow(streams, "FRAMES", durable="merger", batch=8), follow(streams, "FRAMES", batch=8)
            first = await take(durable, 10)
            for message in first[:6]:
                await message.ack()
            assert [m.sequence for m in await take(plain, 10)] == list(range(1, 11))
            await kill(server)
            await server.start()
            assert [m.sequence for m in await take(plain, 15)] == list(range(11, 26))
            second = await take(durable, 10)
            assert [m.sequence for m in second] == list(range(11, 21))
            for message in first[6:] + second[:3]:  # acknowledged to the new server, though the old one gave them out
                await message.ack()
            await streams.client.flush()
            await until("acknowledged", lambda: _floor(streams, 13))
            await durable.close()
            again = follow(streams, "FRAMES", durable="merger")
            assert [m.sequence for m in await take(again, 27)] == list(range(14, 41))
            await nothing_more(again)
            for follower in (again, plain):
                await follower.close()

    asyncio.run(run())


async def _floor(streams: Streams, sequence: int) -> bool:
    info = await streams.jetstream.consumer_info("FRAMES", "merger")
    return info.ack_floor is not None and info.ack_floor.stream_seq == sequence


def test_starts_and_filters(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server, await client(server) as streams:
            for number in range(6):
                await streams.publish(f"esa.events.{'mlg' if number % 2 else 'klz'}", b"%d" % number)

            async def read(count: int, **how) -> list[int]:  # type: ignore[no-untyped-def]
                async with follow(streams, "EVENTS", **how) as follower:
                    return [int(m.data) for m in await take(follower, count)]

            assert await read(3, start=4) == [3, 4, 5]
            assert await read(3, subjects=["esa.events.mlg"]) == [1, 3, 5]
            assert await read(2, start=Start.LAST_OF_EACH_SUBJECT) == [4, 5]
            fresh = follow(streams, "EVENTS", start=Start.NEW)
            waiting = asyncio.create_task(anext(fresh))
            await asyncio.sleep(0.2)
            sent = await streams.publish("esa.events.mlg", b"6")
            message = await waiting
            assert (message.sequence, message.data) == (sent, b"6")
            await kill(server)  # nothing new was read since: it must not begin at the end again
            await server.start()
            await streams.publish("esa.events.mlg", b"7")
            assert (await asyncio.wait_for(anext(fresh), 30)).data == b"7"
            await fresh.close()

    asyncio.run(run())


def test_a_follower_misses_nothing_that_takes_the_numbers_of_what_a_server_lost(tmp_path: Path) -> None:
    """A server that is killed may lose the newest of a stream that is not written through, and number what comes then alike."""

    async def run() -> None:
        async with one_server(tmp_path) as server, await client(server) as streams:
            subject, store, before = "esa.parameters.tgo.a", server.directory / "store", tmp_path / "before"
            for number in range(5):
                await streams.publish(subject, b"%d" % number)
            await server.stop()
            shutil.copytree(store, before)
            await server.start()
            follower = follow(streams, "PARAMETERS")
            for number in range(5, 10):
                await streams.publish(subject, b"%d" % number)
            assert [int(m.data) for m in await take(follower, 10)] == list(range(10))
            await server.stop()
            shutil.rmtree(store)
            shutil.copytree(before, store)
            await server.start()
            async with await client(server) as other:
                sent = [await other.publish(subject, b"%d" % number) for number in range(10, 20)]
            assert sent == list(range(6, 16))
            assert [int(m.data) for m in await take(follower, 10)] == list(range(10, 20))
            await streams.publish(subject, b"20")
            assert [(int(m.data), m.sequence) for m in await take(follower, 1)] == [(20, 16)]
            await kill(server)
            await server.start()
            await nothing_more(follower)
            await follower.close()

    asyncio.run(run())


def test_a_server_that_dies_while_its_streams_are_made_is_a_fault_of_streams(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server:
            refused = 0
            for moment in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2):
                making = asyncio.create_task(make_all(server))
                await asyncio.sleep(moment)
                await kill(server)
                try:
                    await making
                except StreamError:
                    refused += 1
                await server.start()
            assert refused >= 2
            await make_all(server)

    asyncio.run(run())


def test_a_client_whose_own_reconnection_died_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's task that connects again ends with any error it does not foresee, and nobody is told."""
    monkeypatch.setattr("aelita.services.live.streams._GIVE_UP_S", 2.0)

    async def run() -> None:
        async with one_server(tmp_path) as server:
            await make_all(server)
            streams = await client(server)
            follower = follow(streams, "FRAMES")
            await streams.publish(SUBJECT, b"before")
            assert (await anext(follower)).data == b"before"
            lame = streams.client

            async def dies() -> None:
                raise RuntimeError("read() called while another coroutine is already waiting for incoming data")

            monkeypatch.setattr(lame, "_attempt_reconnect", dies)
            await kill(server)
            await server.start()
            async with asyncio.timeout(60):
                await streams.publish(SUBJECT, b"after", msg_id="after")
                assert (await anext(follower)).data == b"after"
            assert streams.client is not lame and lame.is_closed
            await streams.close()

    asyncio.run(run())


def test_a_connection_is_closed_whatever_became_of_its_server(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server:
            for pause in (0.0, 0.02, 0.1, 0.4):
                streams = await client(server)
                await kill(server)
                await asyncio.sleep(pause)
                await streams.client.publish(SUBJECT, bytes(1000))  # it stays pending
                await streams.close()
                assert not streams.connected
                await server.start()

    asyncio.run(run())


def test_full_store_refuses_and_recovers(tmp_path: Path) -> None:
    """A full stream refuses with its own error, keeps what it has, and takes again once it is purged or may hold more."""

    async def run() -> None:
        tight = SMALL | {"frames": Limits(64 << 10, 3600.0), "parameters": Limits(64 << 10, 3600.0)}
        async with one_server(tmp_path, limits=tight) as server, await client(server) as streams:
            stored = 0
            with pytest.raises(StreamFullError):
                while True:
                    stored = await streams.publish(SUBJECT, bytes(4096))
            assert 10 < stored < 17 and (await streams.info("FRAMES")).messages == stored
            assert (await streams.info("FRAMES")).fill > 0.9
            for _ in range(30):  # what can be made again drops its oldest instead
                last = await streams.publish("esa.parameters.tgo.a", bytes(4096))
            assert last == 30 and (await streams.info("PARAMETERS")).messages < 17
            wider = replace(server.plan.stream("FRAMES"), limits=Limits(1 << 20, 3600.0))
            server.plan = replace(server.plan, streams=tuple(wider if s.name == "FRAMES" else s for s in server.plan.streams))
            await make_all(server)
            assert await streams.publish(SUBJECT, bytes(4096)) == stored + 1
            with pytest.raises(StreamFullError):
                for _ in range(300):
                    await streams.publish(SUBJECT, bytes(4096))
            async with await client(server, "admin") as admin:
                await admin.jetstream.purge_stream("FRAMES")
            assert await streams.publish(SUBJECT, bytes(4096)) > stored

    asyncio.run(run())


@given(st.integers(0, 3000), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_batches_come_back_whole(rows: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    octets = pl.Series("octets", [random.bytes(width) for _ in range(rows)], dtype=pl.Binary)
    frame = pl.DataFrame({"at": np.arange(rows, dtype=np.int64), "octets": octets})
    messages = pack(frame)
    assert all(len(message) <= LARGEST for message in messages)
    assert len(messages) <= 2 + frame.estimated_size() * 2.5 // LARGEST
    assert (pl.concat(map(unpack, messages)) if messages else frame.clear()).equals(frame)


def test_a_row_larger_than_a_message_is_refused() -> None:
    assert len(pack(pl.DataFrame({"octets": [bytes(900_000)] * 2}))) == 2
    with pytest.raises(DataError, match="does not fit"):
        pack(pl.DataFrame({"octets": [bytes(1_100_000)]}))


MESSAGE = pack(pl.DataFrame({"a": [1, 2, 3], "b": ["x", "yy", None], "c": [b"1", b"", b"333"]}))[0]


@given(st.lists(st.tuples(st.integers(0, len(MESSAGE) - 1), st.integers(0, 255)), max_size=4), st.integers(0, len(MESSAGE)))
def test_garbage_is_a_data_error(changes: list[tuple[int, int]], length: int) -> None:
    octets = bytearray(MESSAGE)
    for at, value in changes:
        octets[at] = value
    try:
        assert unpack(bytes(octets[:length])).width <= 3
    except DataError as fault:
        assert "Arrow" in str(fault)


def test_plain_garbage_is_a_data_error() -> None:
    for octets in (b"", b"garbage", bytes(1000), b"\xff" * 64, MESSAGE[:30]):
        with pytest.raises(DataError):
            unpack(octets)
