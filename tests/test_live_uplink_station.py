"""A running station radiates what the release gate sends in a booked contact, exact to the bit, and nothing else for anybody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from aelita.agencies import Period, gate_authority, sle_authority
from aelita.coding import radiation_duration_ns
from aelita.errors import DefinitionError, UsageError
from aelita.services.live import cltu_client, space
from aelita.services.live.bookings import book, read_bookings, standing, uplink_instance_of
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, keep_ports
from aelita.services.live.serving import Context
from aelita.services.live.sle_client import SleError
from aelita.services.live.sle_secrets import (
    keep_gate_secrets,
    keep_secrets,
    secrets_of_gate,
    secrets_of_user,
)
from aelita.services.live.station import StationService
from aelita.services.missions import find_mission
from aelita.sle import (
    Aborted,
    AsyncNotify,
    BindDiagnostic,
    BindRefused,
    CltuExpired,
    CltuInterrupted,
    CltuNotice,
    CltuProduction,
    CltuRadiated,
    CltuRefused,
    CltuStatusReport,
    CltuTaken,
    CltuUnknown,
    CltuUserSettings,
    PeerAbortDiagnostic,
    ReportRequest,
    Security,
    TransferDiagnostic,
    UplinkStatus,
)
from aelita.stations import Booking
from aelita.time import SECOND, tai_ns_from_utc

RATE = Fraction(2000)
NOON = tai_ns_from_utc("2023-05-24T20:00:00")  # the spacecraft stands 32 degrees over Malargüe
NIGHT = tai_ns_from_utc("2023-05-24T08:00:00")  # and 72 below its horizon
CLTU = bytes.fromhex("eb9022f600ff00010200c5c5c5c5c5c5c579")
IDLE_NS = radiation_duration_ns(8, RATE)
ACQUISITION = b"\x55" * 16


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())


@dataclass
class Sky:
    """The other end of the line to space: it keeps what stations radiate, as the wire tells it."""

    port: int
    heard: list[space.Uplink] = field(default_factory=list)
    server: asyncio.Server | None = None
    lines: list[asyncio.StreamWriter] = field(default_factory=list)

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append(writer)
        await reader.readline()
        writer.write(json.dumps({"spacecraft": ["tgo-sim"]}).encode() + b"\n")
        while (piece := await space._radiated(reader, ["tgo-sim"])) is not None:
            self.heard.append(piece)
        writer.close()

    def close(self) -> None:
        if self.server is not None:
            self.server.close()
        for line in self.lines:
            line.close()

    @property
    def cltus(self) -> list[space.Uplink]:
        return [piece for piece in self.heard if piece.octets != ACQUISITION]


@dataclass
class Site:
    """A station that runs, its line to space, and its clock."""

    made: Installation
    clock: MissionClock
    service: StationService
    sky: Sky
    key: str = "malargue"

    def settings(self, initiator: str, security: Security, spacecraft: str = "") -> CltuUserSettings:
        names = self.made.mission.organisation.stations[self.key].sle
        assert names is not None
        identifier = uplink_instance_of(names, spacecraft)
        return CltuUserSettings(initiator, names.responder_id, names.responder_port, identifier, security=security)

    async def gate(self, agency: str = "esa", security: Security | None = None, initiator: str = "") -> cltu_client.CltuClient:
        """Return the client of a gate, not bound."""
        secrets = security or secrets_of_gate(self.made.home("esa") / "sle", self.key, agency)
        port = self.made.port(f"esa/sle/{self.key}")
        made = self.settings(initiator or gate_authority(agency), secrets)
        return await cltu_client.CltuClient.connect(made, "127.0.0.1", port, clock=self.clock)

    async def commanding(self, first: int = 1, agency: str = "esa") -> cltu_client.CltuClient:
        """Return the client of a gate that has the uplink and may send CLTUs."""
        client = await self.gate(agency)
        await client.bind()
        await client.start(first)
        return client

    async def status(self, wanted: CltuProduction) -> None:
        while self.service.uplinks.by_craft["tgo-sim"].instance.status is not wanted:
            await asyncio.sleep(0.01)

    def record(self) -> list[dict[str, Any]]:
        path = self.service.uplinks.record.path
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def installation(folder: Path, station: str = "malargue") -> Installation:
    made = Installation(folder, find_mission("exomars"), ("tgo-sim",), (AgencyHere("esa", (station,)),))
    made.write()
    keep_ports(made)
    return made


def booking(start: int, stop: int, uplink: tuple[str, ...] = ("esa",), reference: str = "pass") -> Booking:
    return Booking(reference, "malargue", "tgo-sim", start, stop, ("esa",), uplink)


HOUR = 3600 * SECOND
BOOKED = (booking(NOON - HOUR, NOON + HOUR),)


@asynccontextmanager
async def site(
    folder: Path, now: int = NOON, booked: tuple[Booking, ...] = BOOKED, *, speed: float = 1.0, line: bool = True
) -> AsyncIterator[Site]:
    made = installation(folder)
    station = made.mission.organisation.stations["malargue"]
    for one in booked:
        book(made, station, one, now)
    free = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    port = int(free.sockets[0].getsockname()[1])
    free.close()
    ports = json.loads((folder / "ports.json").read_text()) | {"space": port}
    (folder / "ports.json").write_text(json.dumps(ports))
    sky = Sky(port)
    if line:
        await sky.open()
    clock = starting_at(now, speed)
    service = StationService(Context(made, "esa", clock, Health("stations", "esa")), station)
    running = asyncio.create_task(service.run())
    try:
        while not service.server.port:
            await asyncio.sleep(0.01)
        yield Site(made, clock, service, sky)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        sky.close()


async def until(client: cltu_client.CltuClient, *kinds: type, count: int = 1) -> list[Any]:
    found: list[Any] = []
    async for event in client:
        if isinstance(event, kinds):
            found.append(event)
        if len(found) == count:
            break
    return found


def test_cltus_leave_the_antenna_bit_by_bit(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex") as here:
            await here.status(CltuProduction.OPERATIONAL)
            client = await here.commanding(first=5)
            octets = [CLTU + bytes([number]) for number in range(3)]
            taken = await asyncio.gather(*(client.send(one)[1] for one in octets))
            assert [type(one) for one in taken] == [CltuTaken] * 3
            told = await until(client, CltuRadiated, count=3)
            first, *pieces = here.sky.heard
            assert (first.octets, first.rate) == (ACQUISITION, RATE)
            assert [one.octets for one in pieces] == [one + b"\x55" for one in octets]
            begins = first.start_ns + radiation_duration_ns(128, RATE)
            for number, (piece, event) in enumerate(zip(pieces, told, strict=True)):
                bits = 128 + number * (8 * len(octets[0]) + 8)
                begins = first.start_ns + radiation_duration_ns(bits, RATE)  # counted in bits from the first, so nothing drifts
                assert (piece.start_ns, piece.rate, piece.spacecraft) == (begins, RATE, "tgo-sim")
                ends = first.start_ns + radiation_duration_ns(bits + 8 * len(octets[0]), RATE)
                assert (event.cltu_id, event.started, event.stopped) == (5 + number, us(begins), us(ends))
            assert NOON <= first.start_ns <= here.clock.now()
            await client.close()
            lines = here.record()
            assert [one["what"] for one in lines[:4]] == ["bound", "radiation", "radiation", "radiation"]
            assert [one["cltu"] for one in lines if one["what"] == "radiation"] == [5, 6, 7]
            assert all(one["agency"] == "esa" for one in lines if one["what"] == "radiation")

    run(session)


def us(moment: int) -> int:
    return moment // 1000 * 1000


def test_nobody_but_a_gate_of_the_booking_commands(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex") as here:
            await here.status(CltuProduction.OPERATIONAL)
            folder = here.made.home("esa") / "sle"
            receiver, other = secrets_of_user(folder, "malargue", "esa"), keep_gate_secrets(folder, "malargue", ("roscosmos",))
            stolen = Security(receiver.level, own_password=receiver.own_password, peer_password=receiver.peer_password)
            attempts = [
                (sle_authority("esa"), stolen, BindDiagnostic.SI_NOT_ACCESSIBLE_TO_THIS_INITIATOR),
                (gate_authority("esa"), stolen, BindDiagnostic.ACCESS_DENIED),
                (gate_authority("roscosmos"), flipped(other["ROSCOSMOS-GATE"]), BindDiagnostic.ACCESS_DENIED),
                ("STRANGER", stolen, BindDiagnostic.ACCESS_DENIED),
            ]
            for initiator, security, diagnostic in attempts:
                client = await here.gate(security=security, initiator=initiator)
                with pytest.raises(SleError) as refused:
                    await client.bind()
                assert refused.value.event == BindRefused(diagnostic)
                with pytest.raises(UsageError):
                    client.send(CLTU)
                await client.close()
            told = [(one["initiator"], one["why"]) for one in here.record()]
            assert [initiator for initiator, _ in told] == [initiator for initiator, _, _ in attempts] and all(
                why for _, why in told
            )
            assert here.service.context.health.value("uplink_refused", station="malargue", spacecraft="tgo-sim") == 4
            assert here.sky.heard == []

    run(session)


def flipped(station: Security) -> Security:
    """What the other side of a station's secrets holds."""
    return Security(station.level, own_password=station.peer_password, peer_password=station.own_password)


def test_gate_waits_for_its_contact_and_uses_no_other(tmp_path: Path) -> None:
    async def session() -> None:
        booked = (
            booking(NOON - HOUR, NOON + SECOND, ("roscosmos",), "theirs"),
            booking(NOON + 2 * SECOND, NOON + HOUR, ("esa",), "ours"),
        )
        async with site(tmp_path / "complex", booked=booked) as here:
            await here.status(CltuProduction.OPERATIONAL)  # for the others
            early = await here.gate()
            with pytest.raises(SleError) as refused:
                await early.bind()
            assert refused.value.event == BindRefused(BindDiagnostic.INVALID_TIME)
            await here.status(CltuProduction.CONFIGURED)
            client = await here.commanding()
            taken = await client.send(CLTU)[1]
            assert isinstance(taken, CltuTaken)
            assert here.sky.heard == []
            (radiated,) = await until(client, CltuRadiated)
            assert radiated.started >= NOON + 2 * SECOND
            (piece,) = here.sky.cltus
            assert us(piece.start_ns) == radiated.started and here.sky.heard[0].start_ns >= NOON + 2 * SECOND
            await client.close()
            await early.close()

    run(session)


def test_what_does_not_fit_into_the_contact_is_not_begun(tmp_path: Path) -> None:
    async def session() -> None:
        long = CLTU * 200  # 14.4 s at 2000 bit/s
        async with site(tmp_path / "complex", booked=(booking(NOON - HOUR, NOON + 10 * SECOND),)) as here:
            await here.status(CltuProduction.OPERATIONAL)
            client = await here.commanding()
            short, too_long = [await client.send(one)[1] for one in (CLTU, long)]
            assert [type(one) for one in (short, too_long)] == [CltuTaken] * 2
            told = await until(client, CltuRadiated, CltuExpired, count=2)
            assert [(type(one), one.cltu_id) for one in told] == [(CltuRadiated, 1), (CltuExpired, 2)]
            assert [one.octets[:-1] for one in here.sky.cltus] == [CLTU]
            assert any(one["what"] == "not radiated" and "booked for all of that time" in one["why"] for one in here.record())
            assert (await client.send(CLTU)[1]).diagnostic is TransferDiagnostic.UNABLE_TO_PROCESS  # type: ignore[union-attr]
            await client.close()

    run(session)


def test_spacecraft_below_the_horizon_is_not_commanded(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex", NIGHT, (booking(NIGHT - HOUR, NIGHT + HOUR),)) as here:
            await here.status(CltuProduction.CONFIGURED)
            client = await here.commanding()
            _, taking = client.send(CLTU, latest=here.clock.now() + SECOND)
            assert isinstance(await taking, CltuTaken)
            assert [one.cltu_id for one in await until(client, CltuExpired)] == [1]
            assert here.sky.heard == []
            await client.close()

    run(session)


def test_line_to_space_that_ends_interrupts(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex") as here:
            await here.status(CltuProduction.OPERATIONAL)
            client = await here.commanding()
            await client.send(CLTU * 50)[1]  # 3.6 s
            await client.send(CLTU)[1]
            while not here.sky.cltus:
                await asyncio.sleep(0.01)
            here.sky.close()
            (cut,) = await until(client, CltuInterrupted)
            assert cut.cltu_id == 1
            assert isinstance(await client.send(CLTU)[1], CltuRefused)
            await client.stop()
            await client.close()
            assert len(here.sky.cltus) == 1
            assert next(one["cltus"] for one in here.record() if one["what"] == "discarded") == [2]

    run(session)


def test_lost_gate_leaves_nothing_behind_that_is_radiated(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex") as here:
            await here.status(CltuProduction.OPERATIONAL)
            client = await here.commanding()
            for number in range(3):
                await client.send(CLTU * 5 + bytes([number]))[1]
            while not here.sky.cltus:
                await asyncio.sleep(0.01)
            client._line.kill()
            assert [one.cltu_id for one in await until(client, CltuUnknown, count=3)] == [1, 2, 3]
            again = await here.commanding(first=4)
            await again.send(CLTU)[1]
            (radiated,) = await until(again, CltuRadiated)
            assert radiated.cltu_id == 4
            assert [one.octets[:-1] for one in here.sky.cltus] == [CLTU * 5 + b"\0", CLTU]  # what was under way, and the new one
            await again.close()

    run(session)


def test_gate_whose_contact_is_over_makes_room_for_the_next_agency(tmp_path: Path) -> None:
    async def session() -> None:
        booked = (
            booking(NOON - HOUR, NOON + 2 * SECOND, ("esa",), "ours"),
            booking(NOON + 2 * SECOND, NOON + HOUR, ("roscosmos",), "theirs"),
        )
        async with site(tmp_path / "complex", booked=booked) as here:
            await here.status(CltuProduction.OPERATIONAL)
            client = await here.commanding()
            rival = await here.gate("roscosmos")
            with pytest.raises(SleError) as refused:
                await rival.bind()
            assert refused.value.event == BindRefused(BindDiagnostic.INVALID_TIME)
            (ended,) = await until(client, Aborted)
            assert ended.diagnostic == PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT
            again = await here.gate("roscosmos")
            await again.bind()
            await here.status(CltuProduction.OPERATIONAL)
            await again.start(9)
            await again.send(CLTU)[1]
            assert [one.cltu_id for one in await until(again, CltuRadiated)] == [9]
            for one in (client, rival, again):
                await one.close()
            assert [one["agency"] for one in here.record() if one["what"] == "radiation"] == ["roscosmos"]

    run(session)


def test_booking_that_is_gone_takes_the_uplink_away(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex") as here:
            await here.status(CltuProduction.OPERATIONAL)
            client = await here.commanding()
            path = here.service.bookings.path
            path.with_suffix(".new").write_text(json.dumps({"bookings": []}))
            path.with_suffix(".new").rename(path)
            (ended,) = await until(client, Aborted)
            assert ended.diagnostic == PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD
            with pytest.raises(SleError):
                await (await here.gate()).bind()
            assert here.service.uplinks.by_craft == {}
            await client.close()

    run(session)


def test_capability_of_the_mission_ends_the_uplink(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex") as here:
            await here.status(CltuProduction.OPERATIONAL)
            uplink = here.service.uplinks.by_craft["tgo-sim"]
            dated = tuple(
                replace(one, period=Period(stop=here.clock.now() + SECOND)) if one.direction == "uplink" else one
                for one in uplink.station.capabilities
            )
            uplink.station = replace(uplink.station, capabilities=dated)
            client = await here.commanding()
            await client.send(CLTU)[1]
            await client.send(CLTU * 100)[1]  # 7.2 s
            told = await until(client, CltuRadiated, CltuExpired, count=2)
            assert [(type(one), one.cltu_id) for one in told] == [(CltuRadiated, 1), (CltuExpired, 2)]
            await here.status(CltuProduction.CONFIGURED)
            assert any("does not let malargue uplink" in one.get("why", "") for one in here.record())
            await client.close()

    run(session)


def test_clcw_tells_the_state_of_the_uplink(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex") as here:
            await here.status(CltuProduction.OPERATIONAL)
            uplinks = here.service.uplinks
            client = await here.commanding()
            for word, status in (
                ("01000000", UplinkStatus.NOMINAL),
                ("01004000", UplinkStatus.NO_BIT_LOCK),
                ("0100c000", UplinkStatus.NO_RF),
                ("80000000", UplinkStatus.NO_RF),  # no CLCW: nothing new
            ):
                uplinks.heard("tgo-sim", bytes.fromhex(word))
                await client.schedule_report(ReportRequest.IMMEDIATELY)
                (report,) = await until(client, CltuStatusReport)
                assert (report.uplink, report.production) == (status, CltuProduction.OPERATIONAL)
            uplinks.heard("tgo", bytes.fromhex("01000000"))
            await client.close()

    run(session)


def test_production_is_told_to_the_gate(tmp_path: Path) -> None:
    async def session() -> None:
        async with site(tmp_path / "complex", line=False) as here:
            await here.status(CltuProduction.INTERRUPTED)
            client = await here.gate()
            await client.bind()
            await here.sky.open()
            notices = await until(client, AsyncNotify)
            assert [one.notice for one in notices][-1] is CltuNotice.PRODUCTION_OPERATIONAL
            await client.close()

    run(session)


# Who may be booked, and the secrets.


def test_bookings_with_uplink_are_checked(tmp_path: Path) -> None:
    made = installation(tmp_path)
    station = made.mission.organisation.stations["malargue"]
    one = booking(NOON, NOON + HOUR)
    book(made, station, one, NOON)
    assert read_bookings(made, station, NOON).bookings == (one,)
    for wrong, why in (
        (replace(one, reference="x", uplink=("cnes",)), "may not command"),
        (replace(one, reference="x", uplink=("esa", "jaxa")), "may not command"),
    ):
        with pytest.raises((UsageError, DefinitionError), match=why):
            book(made, station, wrong, NOON)
    kalyazin = made.mission.organisation.stations["kalyazin"]
    theirs = Booking("k", "kalyazin", "tgo-sim", NOON, NOON + HOUR, ("roscosmos",), ("roscosmos",))
    with pytest.raises(UsageError, match="kalyazin cannot command"):
        book(made, kalyazin, theirs, NOON)
    begun = standing(made, station).bookings
    assert [one.uplink for one in begun] == [("esa", "roscosmos")]
    assert [one.uplink for one in standing(made, kalyazin).bookings] == [()]


def test_secrets_of_gates_are_apart_from_those_of_receivers(tmp_path: Path) -> None:
    receivers = keep_secrets(tmp_path, "malargue", ("esa", "roscosmos"))
    gates = keep_gate_secrets(tmp_path, "malargue", ("esa", "roscosmos"))
    passwords = {one.peer_password for one in (*receivers.values(), *gates.values())}
    assert len(passwords) == 4 and not set(receivers) & set(gates)
    path = tmp_path / "gates" / "malargue.json"
    assert path.stat().st_mode & 0o077 == 0
    assert keep_gate_secrets(tmp_path, "malargue", ("esa",))["ESA-GATE"] == gates["ESA-GATE"]
    assert secrets_of_gate(tmp_path, "malargue", "esa").own_password == gates["ESA-GATE"].peer_password
    with pytest.raises(UsageError, match="gate of jaxa"):
        secrets_of_gate(tmp_path, "malargue", "jaxa")
