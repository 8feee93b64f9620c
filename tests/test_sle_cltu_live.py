"""Forward CLTU over real sockets: our gate's client, our server, aborts and lost lines, many CLTUs under way at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from aelita.errors import UsageError
from aelita.services.live.cltu_client import CltuClient
from aelita.services.live.sle_client import SleError
from aelita.services.live.sle_server import SleServer
from aelita.sle import (
    Aborted,
    AsyncNotify,
    BindDiagnostic,
    BindRefused,
    CltuAccepted,
    CltuExpired,
    CltuInstance,
    CltuInterrupted,
    CltuNotice,
    CltuNotRadiated,
    CltuProduction,
    CltuRadiated,
    CltuRefused,
    CltusDiscarded,
    CltuStatusReport,
    CltuTaken,
    CltuUnknown,
    CltuUserSettings,
    EventThrown,
    ParameterName,
    PeerAbortDiagnostic,
    ReportRequest,
    TransferDiagnostic,
    UplinkStatus,
)
from aelita.time import SECOND
from sle_cltu_material import A_CLTU, CLTU, settings, station
from sle_material import provider_security, security


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(bounded())


class Radio:
    """A station that radiates at once what it gets, unless told to keep it."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.radiated: list[bytes] = []
        self.keeps = False
        self.server: SleServer | None = None

    def __call__(self, instance: CltuInstance, event: Any) -> None:
        assert self.server is not None
        self.events.append(event)
        if isinstance(event, CltuAccepted) and not self.keeps:
            self.server.radiation_started(instance, event.cltu_id, event.accepted_at)
            self.radiated.append(event.octets)
            self.server.radiated(instance, event.cltu_id, event.accepted_at)
        if isinstance(event, EventThrown):
            self.server.event_ended(instance, event.event_invocation, CltuNotice.ACTION_LIST_NOT_COMPLETED)


@asynccontextmanager
async def serving(level: str = "all", **keys: Any) -> AsyncIterator[tuple[SleServer, CltuInstance, Radio]]:
    radio = Radio()
    offered = station()
    instance = offered.offer_cltu(settings(level, **keys))
    server = radio.server = SleServer(offered, on_forward=radio)
    await server.start()
    server.uplink(instance, CltuProduction.OPERATIONAL, UplinkStatus.NOMINAL)
    try:
        yield server, instance, radio
    finally:
        await server.close()
        assert server.connections == 0


async def gate(server: SleServer, level: str = "all") -> CltuClient:
    secrets = security(level)
    made = CltuUserSettings("GATE-1", "PROVIDER-1", "PORT-1", CLTU, 5, secrets)
    return await CltuClient.connect(made, "127.0.0.1", server.port)


async def until(client: CltuClient, kind: type, count: int = 1) -> list[Any]:
    found: list[Any] = []
    async for event in client:
        found.append(event)
        if sum(isinstance(one, kind) for one in found) == count:
            break
    return [one for one in found if isinstance(one, kind)]


@pytest.mark.parametrize("level", ["none", "bind", "all"])
def test_session(level: str) -> None:
    async def session() -> None:
        async with serving(level, events=frozenset({3})) as (server, _, radio), await gate(server, level) as client:
            await client.bind()
            assert (await client.start(7)).first_cltu == 7
            sent = [client.send(A_CLTU + bytes([number])) for number in range(5)]
            assert [cltu_id for cltu_id, _ in sent] == list(range(7, 12))
            taken = await asyncio.gather(*(future for _, future in sent))
            assert [one.cltu_id for one in taken if isinstance(one, CltuTaken)] == list(range(7, 12))
            assert [one.cltu_id for one in await until(client, CltuRadiated, 5)] == list(range(7, 12))
            assert radio.radiated == [A_CLTU + bytes([number]) for number in range(5)]
            assert (await client.get_parameter(ParameterName.EXPECTED_SLDU_ID)).value == 12
            thrown = await client.throw_event(3, b"on")
            notice = (await until(client, AsyncNotify, 1))[-1]
            while notice.event_invocation is None:
                notice = (await until(client, AsyncNotify, 1))[-1]
            assert notice.event_invocation == thrown.event_invocation
            await client.schedule_report(ReportRequest.IMMEDIATELY)
            (report,) = await until(client, CltuStatusReport)
            assert (report.received, report.radiated) == (5, 5)
            await client.stop()
            await client.unbind()

    run(session)


def test_refusal_expiry_and_interruption_reach_the_gate() -> None:
    async def session() -> None:
        async with serving(buffer_octets=40) as (server, instance, radio), await gate(server) as client:
            radio.keeps = True
            await client.bind()
            await client.start()
            sent = [client.send(A_CLTU)[1] for _ in range(3)]
            refused = (await asyncio.gather(*sent))[-1]
            assert isinstance(refused, CltuRefused) and refused.diagnostic is TransferDiagnostic.UNABLE_TO_STORE
            server.radiation_started(instance, 0, radio.events[-1].accepted_at)
            server.uplink(instance, CltuProduction.INTERRUPTED, UplinkStatus.NO_BIT_LOCK)
            assert [one.cltu_id for one in await until(client, CltuInterrupted)] == [0]
            await client.stop()
            assert [one.cltu_id for one in await until(client, CltuNotRadiated)] == [1]
            server.uplink(instance, CltuProduction.OPERATIONAL)
            await client.start(10)
            _, taking = client.send(A_CLTU, latest=server._clock.now() + SECOND // 5)
            assert isinstance(await taking, CltuTaken)
            assert [one.cltu_id for one in await until(client, CltuExpired)] == [10]  # by the provider's own timer
            assert radio.radiated == []

    run(session)


def test_lost_line_leaves_cltus_unknown_on_one_side_and_discarded_on_the_other() -> None:
    async def session() -> None:
        async with serving() as (server, instance, radio), await gate(server) as client:
            radio.keeps = True
            await client.bind()
            await client.start()
            _, first = client.send(A_CLTU)
            assert isinstance(await first, CltuTaken)
            _, second = client.send(A_CLTU)
            client._line.kill()
            assert isinstance(await second, CltuUnknown)
            assert [(one.cltu_id, one.is_taken) for one in await until(client, CltuUnknown, 2)] == [(0, True), (1, False)]
            with pytest.raises(UsageError):
                client.send(A_CLTU)
            while instance.bound is not None:
                await asyncio.sleep(0)
            assert isinstance(radio.events[-1], CltusDiscarded) and radio.events[-1].cltu_ids[0] == 0
            with pytest.raises(UsageError):
                server.radiation_started(instance, 0, 0)
            async with await gate(server) as again:
                await again.bind()
                await again.start(2)
                assert instance.next_cltu is None  # nothing was sent again

    run(session)


def test_credentials_of_a_receiver_do_not_bind() -> None:
    async def session() -> None:
        radio = Radio()
        refused: list[Any] = []
        offered = station({"GATE-1": provider_security("all")})
        gates = {"ESA-GATE": type(security())(security("all").level, security("all").algorithm, b"ours", b"the gate's")}
        offered.offer_cltu(type(settings())(CLTU, gates))
        server = radio.server = SleServer(offered, on_event=lambda _, event: refused.append(event), on_forward=radio)
        await server.start()
        async with await gate(server) as client:  # GATE-1 is a user of return services here
            with pytest.raises(SleError) as error:
                await client.bind()
            assert error.value.event == BindRefused(BindDiagnostic.SI_NOT_ACCESSIBLE_TO_THIS_INITIATOR)
        assert [(one.initiator, one.service_instance) for one in refused] == [("GATE-1", CLTU)]
        await server.close()

    run(session)


def test_withdrawn_instance_ends_the_association_and_discards() -> None:
    async def session() -> None:
        async with serving() as (server, instance, radio), await gate(server) as client:
            radio.keeps = True
            await client.bind()
            await client.start()
            await client.send(A_CLTU)[1]
            server.withdraw(instance)
            assert (await until(client, Aborted))[0].diagnostic == PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD
            assert [one.cltu_id for one in await until(client, CltuUnknown)] == [0]
            assert instance.next_cltu is None and any(isinstance(one, CltusDiscarded) for one in radio.events)

    run(session)


def test_returns_come_even_if_nobody_takes_the_events() -> None:
    async def session() -> None:
        async with serving(buffer_octets=10**7) as (server, _, radio), await gate(server) as client:
            radio.keeps, client._most = True, 10
            await client.bind()
            await client.start()
            for _ in range(3):
                assert all(
                    isinstance(one, CltuTaken) for one in await asyncio.gather(*(client.send(A_CLTU)[1] for _ in range(9)))
                )
            assert len(client._events) == 27

    run(session)


def test_thousands_under_way_at_once() -> None:
    async def session() -> None:
        async with serving(buffer_octets=10**7, most_cltus=10**5) as (server, _, radio), await gate(server) as client:
            await client.bind()
            await client.start()

            async def drain() -> None:
                await until(client, CltuRadiated, 2000)

            draining = asyncio.create_task(drain())
            sent = []
            for number in range(2000):
                sent.append(client.send(number.to_bytes(4) + A_CLTU)[1])
                if number % 50 == 0:
                    await asyncio.sleep(0)
            taken = await asyncio.gather(*sent)
            assert all(isinstance(one, CltuTaken) for one in taken)
            await draining
            assert radio.radiated == [number.to_bytes(4) + A_CLTU for number in range(2000)]

    run(session)
