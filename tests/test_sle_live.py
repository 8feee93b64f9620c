"""Provider and user over real sockets: delivery, back-pressure, urgent octets, bounded memory, clean ends."""

import asyncio
import select
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from aelita.services.live.sle_client import SleClient, SleError
from aelita.services.live.sle_server import SleServer
from aelita.sle import (
    Aborted,
    AnnotatedFrame,
    BindDiagnostic,
    BindRefused,
    DataWanted,
    Directory,
    EndOfData,
    ExcessiveBacklog,
    FrameQuality,
    InstanceSettings,
    ParameterName,
    PeerAbortDiagnostic,
    ProductionStatus,
    ProviderSettings,
    RafStatusReport,
    ReportRequest,
    ServiceInstance,
    StartDiagnostic,
    StartRefused,
    TmlLimits,
    UserSettings,
)
from aelita.sle.tml import message
from sle_material import (
    CHANNELS,
    PREFIX,
    RAF,
    RAF_COMPLETE,
    RAF_OFFLINE,
    SECOND,
    T0,
    directory,
    number_of,
    provider_security,
    security,
    station_frame,
)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(bounded())


@asynccontextmanager
async def serving(
    identifier: str = RAF, *, level: str = "none", on_event: Any = None, **keys: Any
) -> AsyncIterator[tuple[SleServer, ServiceInstance]]:
    offered = directory(level=level)
    instance = offered.offer(InstanceSettings(identifier, channels=CHANNELS, **keys))
    server = SleServer(offered, on_event=on_event)
    await server.start()
    server.production(instance, ProductionStatus.RUNNING)
    try:
        yield server, instance
    finally:
        await server.close()
        assert server.connections == 0


async def client(server: SleServer, identifier: str = RAF, level: str = "none", **keys: Any) -> SleClient:
    settings = UserSettings("USER-1", "PROVIDER-1", "PORT-1", identifier, 5, security(level))
    return await SleClient.connect(settings, "127.0.0.1", server.port, **keys)


async def frames(user: SleClient, count: int) -> list[int]:
    found: list[int] = []
    async for event in user:
        if isinstance(event, AnnotatedFrame):
            found.append(number_of(event.data))
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("level", ["none", "bind", "all"])
def test_session(level: str) -> None:
    async def session() -> None:
        async with serving(level=level, buffer_size=3) as (server, instance), await client(server, level=level) as user:
            assert (await user.bind()).version == 5
            assert (await user.get_parameter(ParameterName.BUFFER_SIZE)).value == 3
            await user.start(FrameQuality.ALL_FRAMES)
            for number in range(30):
                server.frame(instance, station_frame(number))
            assert await frames(user, 30) == list(range(30))
            await user.schedule_report(ReportRequest.IMMEDIATELY)
            async for event in user:
                assert isinstance(event, RafStatusReport)
                assert event.delivered_frames == 30
                break
            server.frame(instance, station_frame(30))
            await user.stop()
            await user.unbind()
            assert [number_of(event.data) async for event in user if isinstance(event, AnnotatedFrame)] == [30]

    run(session)


def test_burst_is_not_discarded_while_the_socket_takes_it() -> None:
    async def session() -> None:
        async with serving(buffer_size=1) as (server, instance), await client(server) as user:
            await user.bind()
            await user.start(FrameQuality.ALL_FRAMES)
            for number in range(2000):
                server.frame(instance, station_frame(number))
                if number % 100 == 0:
                    await asyncio.sleep(0)
            assert await frames(user, 2000) == list(range(2000))

    run(session)


def test_slow_user_of_timely_gets_a_notice_and_memory_stays_bounded() -> None:
    async def session() -> None:
        async with serving(buffer_size=4, latency_s=1) as (server, instance), await client(server) as user:
            await user.bind()
            await user.start(FrameQuality.ALL_FRAMES)
            user._line.hold(True)
            sent = 0
            while instance.bound.discarded < 1000:  # type: ignore[union-attr]
                server.frame(instance, big(sent))
                sent += 1
                if sent % 50 == 0:
                    await asyncio.sleep(0)
            line = server._lines[instance.bound]  # type: ignore[index]
            assert line._waiting < 1 << 20
            user._line.hold(False)
            found: list[Any] = []
            async for event in user:
                found.append(event)
                if isinstance(event, ExcessiveBacklog):
                    break
            await user.stop()
            received = [number_of(event.data) for event in found if isinstance(event, AnnotatedFrame)]
            assert received == list(range(len(received)))

    run(session)


def big(number: int) -> Any:
    from dataclasses import replace

    frame = station_frame(number)
    return replace(frame, data=frame.data + bytes(8000))


def test_complete_online_waits_for_a_slow_user() -> None:
    async def session() -> None:
        given = 0

        def supply(instance: ServiceInstance | None, event: Any) -> None:
            nonlocal given
            while isinstance(event, DataWanted) and instance is not None and instance.credits and given < 3000:
                piece = [big(given + number) for number in range(min(instance.credits, 3000 - given))]
                given += len(piece)
                server.supply(instance, piece)

        async with (
            serving(RAF_COMPLETE, on_event=supply, buffer_size=5) as (server, _),
            await client(server, RAF_COMPLETE) as user,
        ):
            await user.bind()
            await user.start(FrameQuality.ALL_FRAMES)
            user._line.hold(True)
            await asyncio.sleep(0.2)
            assert 0 < given < 3000
            user._line.hold(False)
            assert await frames(user, 3000) == list(range(3000))

    run(session)


def test_store_that_answers_at_once_is_no_recursion() -> None:
    async def session() -> None:
        given = 0

        def supply(instance: ServiceInstance | None, event: Any) -> None:
            nonlocal given
            if isinstance(event, DataWanted) and instance is not None:
                server.supply(instance, [station_frame(given)], end=given == 5000)
                given += 1

        async with serving(RAF_OFFLINE, on_event=supply, buffer_size=1) as (server, _), await client(server, RAF_OFFLINE) as user:
            await user.bind()
            await user.start(FrameQuality.ALL_FRAMES, T0, T0)
            assert await frames(user, 5001) == list(range(5001))

    run(session)


def test_offline_range() -> None:
    async def session() -> None:
        def supply(instance: ServiceInstance | None, event: Any) -> None:
            if isinstance(event, DataWanted) and instance is not None:
                server.supply(instance, [station_frame(number, s=number) for number in range(5)], end=True)

        async with serving(RAF_OFFLINE, on_event=supply) as (server, _), await client(server, RAF_OFFLINE) as user:
            await user.bind()
            with pytest.raises(SleError) as refused:
                await user.start(FrameQuality.ALL_FRAMES)
            assert refused.value.event == StartRefused(StartDiagnostic.MISSING_TIME_VALUE)
            await user.start(FrameQuality.ALL_FRAMES, T0, T0 + 3 * SECOND)
            found = []
            async for event in user:
                found.append(event)
                if isinstance(event, EndOfData):
                    break
            assert [number_of(event.data) for event in found[:-1]] == [0, 1, 2, 3]

    run(session)


def test_abort_is_an_urgent_octet_both_ways() -> None:
    async def session() -> None:
        told: list[Any] = []
        async with serving(on_event=lambda _, event: told.append(event)) as (server, instance):
            user = await client(server)
            await user.bind()
            await user.abort(PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT)
            while instance.bound is not None:
                await asyncio.sleep(0)
            assert told[-1] == Aborted(PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT, by_peer=True)
            user = await client(server)
            await user.bind()
            instance.bound.abort(77, user._line.now())  # type: ignore[attr-defined]
            server.production(instance, ProductionStatus.INTERRUPTED)
            for line in list(server._lines.values()):
                line.pump()
            assert [event async for event in user] == [Aborted(77, by_peer=True)]
            await user.close()

    run(session)


CONTEXT = message(2, b"ISP1\0\0\0\1\0\x19\0\5")


def test_urgent_octet_of_a_peer_that_does_not_close_is_noticed() -> None:
    async def session() -> None:
        told: list[Any] = []
        async with serving(on_event=lambda _, event: told.append(event)) as (server, _):
            with socket.create_connection(("127.0.0.1", server.port)) as peer:
                peer.sendall(CONTEXT + message(1, bytes(100))[:50])
                await asyncio.sleep(0.05)
                peer.send(b"\2", socket.MSG_OOB)
                while not told:
                    await asyncio.sleep(0)
            assert told == [Aborted(PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT, by_peer=True)]

    run(session)


def test_connection_that_says_nothing_is_reset(caplog: pytest.LogCaptureFixture) -> None:
    async def session() -> None:
        limits = TmlLimits(start_up_s=0.05, close_s=0.05)
        offered = Directory(ProviderSettings("PROVIDER-1", {}, limits=limits))
        server = SleServer(offered)
        await server.start()
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            silent.setblocking(False)
            with pytest.raises(ConnectionResetError):
                await asyncio.get_running_loop().sock_recv(silent, 1)
        with socket.create_connection(("127.0.0.1", server.port)) as deaf:  # never closes after our abort
            deaf.sendall(CONTEXT + message(1, b"garbage"))
            while not server.connections:
                await asyncio.sleep(0)
            while server.connections:
                await asyncio.sleep(0.01)
        await server.close()

    run(session)
    assert caplog.records == []


def test_our_abort_is_urgent_data_on_the_wire() -> None:
    async def session() -> None:
        async with serving() as (server, _):
            with socket.create_connection(("127.0.0.1", server.port)) as peer:
                peer.sendall(CONTEXT + message(1, b"garbage"))
                while not select.select([], [], [peer], 0)[2]:
                    await asyncio.sleep(0)
                assert peer.recv(1, socket.MSG_OOB) == bytes([PeerAbortDiagnostic.ENCODING_ERROR])
                assert peer.recv(100) == b""

    run(session)


def test_refused_bind_and_dead_server() -> None:
    async def session() -> None:
        async with serving() as (server, _):
            async with await client(server, f"{PREFIX}.raf=onlt7") as user:
                with pytest.raises(SleError) as refused:
                    await user.bind()
                assert refused.value.event == BindRefused(BindDiagnostic.NO_SUCH_SERVICE_INSTANCE)
                assert [event async for event in user] == []
            user = await client(server)
            await user.bind()
        assert [event async for event in user] == [Aborted(PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT, by_peer=True)]
        await user.close()
        with pytest.raises(OSError):
            await client(server)

    run(session)


def test_user_that_comes_back_takes_over_from_its_vanished_association() -> None:
    async def session() -> None:
        offered = Directory(ProviderSettings("PROVIDER-1", {"USER-1": provider_security("all")}, take_over=True))
        instance = offered.offer(InstanceSettings(RAF))
        server = SleServer(offered)
        await server.start()
        server.production(instance, ProductionStatus.RUNNING)
        vanished = await client(server, level="all")
        await vanished.bind()
        await vanished.start(FrameQuality.ALL_FRAMES)
        async with await client(server, level="all") as again:
            await again.bind()
            await again.start(FrameQuality.ALL_FRAMES)
            server.frame(instance, station_frame(1))
            assert await frames(again, 1) == [1]
        assert [event async for event in vanished] == [Aborted(PeerAbortDiagnostic.OTHER_REASON, by_peer=True)]
        await vanished.close()
        await server.close()

    run(session)


def test_withdrawn_instance_ends_its_association() -> None:
    async def session() -> None:
        async with serving() as (server, instance), await client(server) as user:
            await user.bind()
            server.withdraw(instance)
            ended = [event async for event in user]
            assert ended == [Aborted(PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD, by_peer=True)]
            async with await client(server) as late:
                with pytest.raises(SleError, match="NO_SUCH"):
                    await late.bind()

    run(session)


def test_garbage_silence_and_crowds_leave_the_server_alone() -> None:
    async def session() -> None:
        async with serving() as (server, instance):
            server._most = 5
            crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(8)]
            await asyncio.sleep(0.05)
            assert server.connections == 5
            for number, one in enumerate(crowd):
                with suppress(OSError):
                    one.sendall(
                        [b"GET / HTTP/1.1\r\n\r\n", b"", bytes(100), message(2, b"ISP1\0\0\0\1\0\0\0\0") + b"\1", b"\2"][
                            number % 5
                        ]
                    )
                one.close()
            while server.connections:
                await asyncio.sleep(0.01)
            async with await client(server) as user:
                await user.bind()
                await user.start(FrameQuality.ALL_FRAMES)
                server.frame(instance, station_frame(1))
                assert await frames(user, 1) == [1]

    run(session)


def test_owner_that_is_behind_stops_the_reading() -> None:
    async def session() -> None:
        async with serving(buffer_size=10) as (server, instance), await client(server, most_events=50) as user:
            await user.bind()
            await user.start(FrameQuality.ALL_FRAMES)
            for number in range(1500):
                server.frame(instance, big(number))
                if number % 100 == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(0.05)
            assert len(user._events) < 200
            assert await frames(user, 300) == list(range(300))
            await user.stop()
            await user.unbind()

    run(session)
