"""Space with a simulated spacecraft: what an antenna radiates reaches it after the light time, and its answer is heard in frames."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aelita.errors import DefinitionError, UsageError
from aelita.services.definitions import read_clock
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.command_keys import keep_command_keys, key_of_agency, key_on_board, read_command_key
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, keep_ports, read_installation
from aelita.services.live.running import programs_of
from aelita.services.live.serving import Context
from aelita.services.live.setting_up import Wishes, new_installation
from aelita.services.live.simulated import BEFORE_NS, SimulatedCraft, on_board_clock
from aelita.services.live.space import Antenna, SignalPath, Space
from aelita.services.live.space_service import WayUp, space
from aelita.services.missions import find_mission
from aelita.spacecraft import Injected, SafeMode, Uplinked
from aelita.time import SECOND, tai_ns_from_utc
from spacecraft_material import Ground, Heard, cltu, request

BEGIN = tai_ns_from_utc("2026-03-01T00:00:00")
LIGHT_NS = 900 * SECOND
SPEED = 400.0
RATE = Fraction(2000)


def installation(folder: Path) -> Installation:
    made = Installation(
        folder, find_mission("exomars"), ("tgo-sim",), (AgencyHere("esa", ("malargue",)),), speed=SPEED, simulated=("tgo-sim",)
    )
    made.write()
    keep_command_keys(made)
    return made


@asynccontextmanager
async def space_of(
    made: Installation, clock: MissionClock, *, hidden: bool = False, paths: dict[str, SignalPath] | None = None
) -> AsyncIterator[tuple[Space, SimulatedCraft]]:
    craft = SimulatedCraft(made, "tgo-sim", clock.now())
    space = Space(
        [], paths or {}, lambda station, spacecraft, at: np.full(at.size, LIGHT_NS), clock, Health("space"), [craft],
        hidden=lambda station, spacecraft, at: hidden,
    )  # fmt: skip
    await space.start()
    try:
        yield space, craft
    finally:
        await space.close()
        craft.close()


def ground(made: Installation) -> Ground:
    return Ground(key=read_command_key(key_of_agency(made, "esa", "tgo-sim")).key)


async def stages_heard(space: Space, clock: MissionClock, radiated: bytes, count: int) -> tuple[list[int], list[int]]:
    """Radiate once the first frame is heard; return the stages reported of a request, and when the frames with them arrived."""
    antenna, heard, times = Antenna("127.0.0.1", space.port, "malargue"), Heard(), []
    begun = False
    async with asyncio.timeout(60):
        async for arrivals in antenna.arrivals():
            for spacecraft, received, octets in arrivals:
                assert spacecraft == "tgo-sim"
                before = len(heard.stages(count))
                heard.feed(octets)
                times += [received] * (len(heard.stages(count)) - before)
            if arrivals and not begun:
                begun = True
                antenna.radiate("tgo-sim", clock.now() + SECOND, RATE, radiated)
            if 7 in heard.stages(count):
                break
    return heard.stages(count), times


def test_a_command_goes_up_and_its_reports_come_down_after_the_light_time_both_ways(tmp_path: Path) -> None:
    made, clock = installation(tmp_path), starting_at(BEGIN, SPEED)

    async def work() -> tuple[list[int], list[int], int]:
        async with space_of(made, clock) as (space, _):
            began = clock.now()
            told = await stages_heard(space, clock, b"\x55" * 16 + cltu(ground(made).frame(request(5, 17, 1))), 5)
            return *told, began

    stages, times, began = asyncio.run(work())
    assert stages == [1, 3, 7] and all(time - began > 2 * LIGHT_NS for time in times)
    (line,) = (tmp_path / "space" / "tgo-sim" / "inputs.jsonl").read_text().splitlines()
    taken = json.loads(line)
    assert taken["kind"] == "uplink" and taken["start_ns"] - began >= LIGHT_NS


@pytest.mark.parametrize("way", ["hidden", "outage"])
def test_what_does_not_get_there_is_counted(tmp_path: Path, way: str) -> None:
    made, clock = installation(tmp_path), starting_at(BEGIN, SPEED)
    paths = {"malargue": SignalPath(outages=((0, BEGIN + 10**15),))} if way == "outage" else {}

    async def work() -> float:
        async with space_of(made, clock, hidden=way == "hidden", paths=paths) as (space, _):
            antenna = Antenna("127.0.0.1", space.port, "malargue")
            async for _ in antenna.arrivals():
                antenna.radiate("tgo-sim", clock.now(), RATE, b"\x55" * 40)
                break
            async with asyncio.timeout(20):
                while not space.health.value("uplinks_unheard", station="malargue", spacecraft="tgo-sim"):
                    await asyncio.sleep(0.01)
            return space.health.value("uplinks", station="malargue", spacecraft="tgo-sim")

    assert asyncio.run(work()) == 0
    assert (tmp_path / "space" / "tgo-sim" / "inputs.jsonl").read_bytes() == b""


def test_an_antenna_refuses_what_cannot_be_radiated(tmp_path: Path) -> None:
    made, clock = installation(tmp_path), starting_at(BEGIN, SPEED)

    async def work() -> None:
        async with space_of(made, clock) as (space, _):
            antenna = Antenna("127.0.0.1", space.port, "malargue")
            with pytest.raises(ConnectionError, match="no line"):
                antenna.radiate("tgo-sim", BEGIN, RATE, b"x")
            async for _ in antenna.arrivals():
                with pytest.raises(UsageError, match="nobody is there"):
                    antenna.radiate("tgo", BEGIN, RATE, b"x")
                for rate, octets in ((RATE, b""), (Fraction(0), b"x"), (RATE, bytes((1 << 20) + 1))):
                    with pytest.raises(UsageError, match="cannot be radiated"):
                        antenna.radiate("tgo-sim", BEGIN, rate, octets)
                break

    asyncio.run(work())


@pytest.mark.parametrize("octets", [b"\xff" * 64, b"\0\0\0\x01\x07" + b"\0" * 24 + b"x", b"\0" * 40])
def test_a_line_that_talks_nonsense_is_dropped_and_the_rest_goes_on(tmp_path: Path, octets: bytes) -> None:
    made, clock = installation(tmp_path), starting_at(BEGIN, SPEED)

    async def work() -> bool:
        async with space_of(made, clock) as (space, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", space.port)
            writer.write(b'{"station": "malargue"}\n' + octets)
            async with asyncio.timeout(20):
                while await reader.read(1 << 16):
                    pass
            writer.close()
            async for arrivals in Antenna("127.0.0.1", space.port, "malargue").arrivals():
                if arrivals:
                    return True
        return False

    assert asyncio.run(work())


def test_after_a_restart_the_spacecraft_is_as_it_was_and_an_uplink_on_its_way_still_arrives(tmp_path: Path) -> None:
    made = installation(tmp_path)
    first = SimulatedCraft(made, "tgo-sim", BEGIN)
    assert first.craft.epoch_ns == BEGIN - BEFORE_NS and len(first.sent) > 3000
    octets = b"\x55" * 16 + cltu(ground(made).frame(request(5, 17, 1)))
    first.receive(Uplinked(BEGIN + 20 * SECOND, RATE, octets))
    first.inject(Injected(BEGIN + 25 * SECOND, SafeMode()))
    alone = [first.send().octets for _ in range(60)]
    first.close()
    with (tmp_path / "space" / "tgo-sim" / "inputs.jsonl").open("ab") as file:
        file.write(b'{"taken_ns":12')  # a line that a crash cut
    again = SimulatedCraft(made, "tgo-sim", BEGIN + 30 * SECOND)
    replayed = [one.octets for one in again.sent if one.at > BEGIN][:30] + [again.send().octets for _ in range(30)]
    again.close()
    assert replayed == alone
    heard = Heard()
    for frame in replayed:
        heard.feed(frame)
    assert heard.stages(5) == [1, 3, 7] and heard.reports(5, 4)


def test_faults_are_taken_from_their_file_once(tmp_path: Path) -> None:
    made = installation(tmp_path)
    craft = SimulatedCraft(made, "tgo-sim", BEGIN)
    faults = tmp_path / "space" / "tgo-sim" / "faults.jsonl"
    faults.write_text('{"kind": "SafeMode", "with": {}}\nnonsense\n{"kind": "Reset", "with": {"keep_schedule": false}}\n')
    craft.look_for_faults()
    craft.look_for_faults()
    heard = Heard()
    for _ in range(5):
        heard.feed(craft.send().octets)
    craft.close()
    assert not faults.exists() and len(heard.reports(5, 4)) == 1 and len(heard.reports(5, 3)) == 1
    assert len((tmp_path / "space" / "tgo-sim" / "inputs.jsonl").read_text().splitlines()) == 2


def test_damaged_inputs_are_told_with_their_line(tmp_path: Path) -> None:
    made = installation(tmp_path)
    SimulatedCraft(made, "tgo-sim", BEGIN).close()
    (tmp_path / "space" / "tgo-sim" / "inputs.jsonl").write_text('{"kind": "uplink"}\n')
    with pytest.raises(UsageError, match="line 1"):
        SimulatedCraft(made, "tgo-sim", BEGIN)


def test_keys_are_made_once_for_both_ends_and_only_their_owners_read_them(tmp_path: Path) -> None:
    made = installation(tmp_path)
    board, owner = key_on_board(made, "tgo-sim"), key_of_agency(made, "esa", "tgo-sim")
    assert read_command_key(board) == read_command_key(owner) and "key=" not in repr(read_command_key(board))
    assert {stat.S_IMODE(path.stat().st_mode) for path in (board, owner)} == {0o600}
    before = board.read_bytes()
    keep_command_keys(made)
    assert board.read_bytes() == before
    board.unlink()
    keep_command_keys(made)
    assert read_command_key(board) == read_command_key(owner)
    owner.write_text('{"key_id": 1, "spi": 1, "key": "00"}')
    with pytest.raises(UsageError, match="1 octets"):
        read_command_key(owner)
    with pytest.raises(UsageError, match="no session key"):
        read_command_key(tmp_path / "absent.json")


def test_an_installation_names_what_it_simulates(tmp_path: Path) -> None:
    wishes = Wishes("exomars", simulated=("tgo-sim",), agencies=("esa",), stations=("malargue",))
    made = new_installation(tmp_path, wishes)
    assert made.spacecraft == made.simulated == ("tgo-sim",) and made.has_space
    made.write()
    assert read_installation(tmp_path) == made
    assert "space" in made.port_names() and "space" in [one.name for one in programs_of(made)]
    text = (tmp_path / "complex.toml").read_text()
    (tmp_path / "complex.toml").write_text(text.replace('simulated = ["tgo-sim"]', 'simulated = ["tgo"]'))
    with pytest.raises(DefinitionError, match="cannot be simulated here"):
        read_installation(tmp_path)


def test_the_on_board_clock_is_that_of_the_mission_to_one_tick(tmp_path: Path) -> None:
    made = installation(tmp_path)
    path = made.mission.craft("tgo-sim").clock
    assert path is not None
    ticks, truth = on_board_clock(made, "tgo-sim"), read_clock(path)
    for at in range(BEGIN, BEGIN + 10**13, 123_456_789_012):
        assert abs(ticks(at) - int(truth.ticks(np.array([at], np.int64))[0])) <= 1


def test_the_way_up_to_a_twin_is_as_long_as_light_needs_and_never_hidden(tmp_path: Path) -> None:
    """The twin has no orbit: Mars stands in for it, and hides it never. Light takes what the published distance says."""
    way = WayUp(installation(tmp_path))
    at = tai_ns_from_utc("2023-05-24T19:00:00")
    assert way.light_ns("malargue", "tgo-sim", at) / SECOND == pytest.approx(
        969.4, abs=1.0
    )  # as the recording of that day has it
    assert not way.hidden("malargue", "tgo-sim", at)


def test_the_service_plays_a_spacecraft_and_takes_a_command(tmp_path: Path) -> None:
    made, clock = installation(tmp_path), starting_at(BEGIN, SPEED)
    keep_ports(made)

    async def work() -> list[int]:
        health = Health("space")
        service = asyncio.create_task(space(Context(made, "", clock, health)))
        async with asyncio.timeout(60):
            while not health.ready:
                await asyncio.sleep(0.02)
        served = SimpleNamespace(port=made.port("space"))
        stages, _ = await stages_heard(served, clock, b"\x55" * 16 + cltu(ground(made).frame(request(5, 17, 1))), 5)  # type: ignore[arg-type]
        service.cancel()
        await asyncio.gather(service, return_exceptions=True)
        return stages

    assert asyncio.run(work()) == [1, 3, 7]


def test_a_start_goes_on_from_a_kept_state_and_sends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.services.live.simulated.STATE_NS", 3600 * SECOND)
    made = installation(tmp_path)
    folder = tmp_path / "space" / "tgo-sim"
    first = SimulatedCraft(made, "tgo-sim", BEGIN)
    first.receive(Uplinked(BEGIN + 20 * SECOND, RATE, b"\x55" * 16 + cltu(ground(made).frame(request(5, 17, 1)))))
    while first.next_ns() < BEGIN + 3 * 3600 * SECOND:
        first.send()
    first.close()
    assert len(list(folder.glob("state-*.json"))) == 2
    late = Uplinked(
        BEGIN + 3 * 3600 * SECOND, RATE, b"\x55" * 16 + cltu(Ground(iv=1, key=ground(made).key).frame(request(6, 17, 1)))
    )

    def sent() -> list[bytes]:
        craft = SimulatedCraft(made, "tgo-sim", BEGIN + 3 * 3600 * SECOND)
        before = [one.octets for one in craft.sent if one.at > BEGIN + 2 * 3600 * SECOND + 60 * SECOND]
        craft.craft.receive(late)
        after = [craft.send().octets for _ in range(30)]
        craft.close()
        return before + after

    thawed = sent()
    assert len(thawed) > 3500
    for path in folder.glob("state-*.json"):
        told = json.loads(path.read_text())
        path.write_text(json.dumps(told | {"craft": told["craft"] | {"farm": {}}}))
    assert sent() == thawed  # from the beginning, since both states are damaged
