"""The terminal view of the live complex: what it shows, how it fits, and that nothing silent looks alive."""

import asyncio
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from aelita.alarms import Change, Event, Record, Situation, State, encode
from aelita.alarms.records import Counts
from aelita.cli.watching import shown, status_line, view
from aelita.services import Library, define
from aelita.services.live import (
    AgencySeen,
    AlarmSeen,
    CountsSeen,
    EventSeen,
    Installation,
    LinkSeen,
    MissionClock,
    Picture,
    ServiceSeen,
    StreamSeen,
    ValueSeen,
    Watch,
)
from aelita.services.live.agency_streams import address_of, keep_servers
from aelita.services.live.batches import pack
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, keep_ports
from aelita.services.live.streams import Streams
from aelita.services.live.watched import Meter
from aelita.services.live.watched_values import LatestValues
from aelita.services.live.watching import metrics_in
from aelita.services.missions import find_mission
from aelita.time import SECOND, tai_ns_from_utc
from command_line import AELITA, run

NOW = tai_ns_from_utc("2023-05-24T19:26:24")
SERVICES = ("streams", "stations", "receiver", "processor", "archiver", "watchkeeper")


def picture() -> Picture:
    """Two agencies, one of whose lines is silent, as are its processor and its streams."""
    return Picture(
        mission="A mission to Mars with quite a long title: orbiter, lander, rover", folder="data/complex", now=NOW,
        emitted=(("tgo", NOW - 970 * SECOND),), speed=4.0, replayed=True, synthetic=("tgo",), refresh_s=2.0,
        agencies=(AgencySeen("esa", "ESA", True), AgencySeen("roscosmos", "Roscosmos", False, "connection refused")),
        links=(
            LinkSeen("esa", "tgo", "malargue", 0.4, "active", "locked", "running", 12_345, 2.94, 26_210.0, 17, 0, 0.3, 970.2, 29.4,
                     alive=True),
            LinkSeen("roscosmos", "tgo", "kalyazin", 61.0, "silent", frames=12_000, last_frame_s=312.0, why="connection lost"),
        ),
        services=(
            *(ServiceSeen("esa", name, "well", 100) for name in SERVICES),
            *(ServiceSeen("roscosmos", name, "well", 200) for name in SERVICES[1:3]),
            ServiceSeen("roscosmos", "streams", "down"), ServiceSeen("roscosmos", "processor", "silent", 203),
            ServiceSeen("roscosmos", "archiver", "faulty", 204, faults=("archive: no space left on device",)),
        ),
        streams=(
            StreamSeen("esa", "FRAMES", 0.5, 4100, 2.9, 9_000_000, 0.95, alive=True),
            StreamSeen("esa", "FROM_ROSCOSMOS_FRAMES", 0.5, 4000, 0.0, 8_000_000, 0.1, True, 0, 75.0, alive=True),
            StreamSeen("roscosmos", "FRAMES", 61.0, 4000, None, 8_000_000, 0.1),
        ),
        counts=(
            CountsSeen("esa", "tgo", 12_345, 2.9, 3, 1, 2, 1.5, 30.25, 4000, 12.0, True, True),
            CountsSeen("roscosmos", "tgo", 12_000, None, 0, 0, 0, None, None, 3900, 400.0),
        ),
        values=(
            ValueSeen("esa", "tgo", "/TGO/thermistor_1_temperature", 9.7299812, 812, "degC", 4.0, True, True),
            ValueSeen("esa", "tgo", "/TGO/mode", "SCIENCE", 3, "", 4.0, True, True),
            ValueSeen("roscosmos", "tgo", "/TGO/silent_one", 1.5, None, "V", 312.0, True, False),
        ),
        events=(EventSeen("esa", "tgo", NOW - 980 * SECOND, "high", "event 417, something happened"),),
        alarms=(AlarmSeen("esa", "thermal:tgo:/TGO/t", 4, "unacknowledged", "A temperature is out of limits", "81.2", NOW, True),),
    )  # fmt: skip


def drawn(what: Picture, width: int, height: int = 10_000) -> list[str]:
    console = Console(width=width, record=True, file=open(os.devnull, "w"), color_system=None)  # noqa: SIM115, PTH123
    console.print(view(what, width, height))
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [80, 100, 132, 180, 240])
def test_everything_is_told_and_fits_the_width(width: int) -> None:
    lines = drawn(picture(), width)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    for word in (
        "SYNTHETIC", "2023-05-24 19:26:24", "19:10:14", "16 min 10 s", "×4", "malargue", "locked", "12,345", "0.1 %", "29°",
        "thermistor_1_temperature", "9.72998", "degC", "SCIENCE", "event 417", "A temperature is out of limits", "unacknowledged",
        "critical", "95.0 %", "silent 1 min 15 s", "SILENT processor", "FAULTY archiver", "no space left on device",
        "connection lost", "connection refused", "30.2", "12 s",
    ):  # fmt: skip
        assert word in text, word


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 12), (60, 40), (200, 20), (100, 5)])
def test_a_small_terminal_gets_what_matters_most(width: int, height: int) -> None:
    lines = drawn(picture(), width, height)
    assert len(lines) <= max(height, 12)
    assert any("malargue" in line for line in lines)
    if height == 12:
        assert any(line.startswith("No room for: ") for line in lines)


def test_what_is_silent_does_not_look_alive() -> None:
    console = Console(width=120, record=True, file=open(os.devnull, "w"), color_system="standard", force_terminal=True)  # noqa: SIM115, PTH123
    console.print(view(picture(), 120))
    lines = console.export_text(styles=True).splitlines()
    line = next(line for line in lines if "kalyazin" in line and "why" not in line)
    assert "unknown" in line and "locked" not in line and "\x1b[2m" in line  # dim
    assert "\x1b[32m" not in line  # nothing green
    value = next(line for line in lines if "silent_one" in line)
    assert value.count("\x1b[2m") >= 3 and "5 min 12 s" in value
    merged = next(line for line in lines if "roscosmos" in line and "12,000" in line and "–" in line)
    assert "\x1b[2m" in merged


def test_status_line_names_what_is_not_well() -> None:
    line = status_line(picture())
    assert "SYNTHETIC" in line and "esa: 1/1 lines locked, 12345 frames, 2 holes, 4000 packets archived, 1 alarms" in line
    assert "roscosmos: 0/1 lines locked" in line and "processor silent" in line and "archiver faulty" in line


def test_an_empty_picture_can_be_drawn() -> None:
    nothing = Picture("m", "f", NOW, (), 1.0, False, (), 2.0, ())
    assert drawn(nothing, 80)[0].startswith("Aelita")
    assert "replay" not in "\n".join(drawn(nothing, 80))


def test_values_are_short() -> None:
    assert [shown(one) for one in (None, True, 1.0, 227_051_234.5, b"\1\2", b"x" * 9, [1, 2.5], list(range(99)), "on")] == [
        "invalid", "true", "1", "2.27051e+08", "0102", "9 octets", "1 2.5", "99 values", "on",
    ]  # fmt: skip


def test_meter_forgets_a_counter_that_began_anew() -> None:
    meter = Meter()
    for second, count in enumerate([100, 110, 120, 3, 8]):
        meter.take(float(second), count)
    assert meter.rate == 5.0
    meter.take(4.0, 9)  # the same time again is no reading
    assert meter.rate == 5.0


def test_metrics_are_read_as_the_health_server_writes_them() -> None:
    health = Health("processor", "esa")
    health.count("frames_merged", 5, spacecraft="tgo")
    health.gauge("odd", 1.5, text='a "quoted", text')
    found = metrics_in(health.metrics())
    assert found["aelita_frames_merged_total", frozenset({("spacecraft", "tgo")})] == 5
    assert metrics_in("no metric\n# TYPE x\nx{} nothing\n") == {}


def parameters(**columns: object) -> bytes:
    head = {"received": [NOW], "generated": [NOW], "quality": [0], "apid": [1], "sequence_count": [1]}
    return pack(pl.DataFrame(head | {name: [value] for name, value in columns.items()}))[0]


def test_telling_parameters_come_first_and_patterns_choose() -> None:
    definition = define(Library(), mission="exomars")
    assert definition.compiled is not None
    values = LatestValues({"tgo": definition.compiled.database})
    header = {"/TGO/apid": 5, "/TGO/packet_length": 9}
    for number in range(4):
        octets = parameters(**header, **{f"/TGO/u{number}": number})
        values.take(f"esa.parameters.tgo.c{number}", number + 1, octets, 0.0)
    thermal = {f"/TGO/thermistor_{n:03}_temperature": 20.0 + n for n in range(1, 7)}
    values.take("esa.parameters.tgo.thermal", 9, parameters(**header, **thermal), 1.0)
    names = [name for _, name in values.chosen((), 100)]
    assert names[:3] == ["/TGO/thermistor_001_temperature", "/TGO/thermistor_002_temperature", "/TGO/u0"]  # two of many alike
    assert "/TGO/apid" not in names[:8] and len(names) == 12
    assert values.units("tgo", names[0]) == "degC" and values.units("tgo", "/TGO/u1") == ""
    assert [name for _, name in values.chosen(("*_006_*", "u2"), 9)] == ["/TGO/u2", "/TGO/thermistor_006_temperature"]
    values.take("esa.parameters.tgo.thermal", 10, b"no message", 2.0)
    assert not [name for _, name in values.chosen(("*thermistor*",), 9)]  # damaged: nothing old is shown as if it were new


def installation(folder: Path) -> Installation:
    here = (AgencyHere("esa", ("malargue",)), AgencyHere("roscosmos", ("kalyazin",)))
    made = Installation(folder, find_mission("exomars"), ("tgo",), here)
    made.write()
    keep_ports(made)
    return made


@asynccontextmanager
async def servers(made: Installation) -> AsyncIterator[asyncio.Task[None]]:
    ready = asyncio.Event()
    keeper = asyncio.create_task(keep_servers(made, MissionClock(), Health("supervisor"), ready))
    try:
        await asyncio.wait([asyncio.ensure_future(ready.wait()), keeper], return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set(), keeper.exception()
        yield keeper
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def seen(watch: Watch, fits) -> Picture:  # type: ignore[no-untyped-def]
    for _ in range(600):
        if fits(found := watch.picture()):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"never seen: {watch.picture()}")


def test_streams_of_two_agencies_are_seen_and_their_silence_too(tmp_path: Path) -> None:
    made = installation(tmp_path / "complex")
    asyncio.run(_streams(made))


async def _streams(made: Installation) -> None:
    watch = Watch(made, refresh_s=0.5)
    async with servers(made) as keeper, watch.running():
        async with await Streams.connect(address_of(made, "esa"), name="test") as streams:
            await _tell(streams, watch.clock)
            found = await seen(watch, lambda p: p.links[0].lock == "locked" and p.values and p.events and p.alarms and p.streams)
            link = found.links[0]
            assert (link.agency, link.station, link.state, link.frames, link.alive) == ("esa", "malargue", "active", 12, True)
            assert link.elevation_deg is not None and found.emitted[0][0] == "tgo"
            assert found.emitted[0][1] < found.now - 180 * SECOND  # Mars is never nearer than three light minutes
            assert found.links[1].lock == "unknown" and found.links[1].heard_s is None  # roscosmos said nothing yet
            assert found.values[0].parameter == "/TGO/attitude_0" and not found.values[0].alive  # no processor runs
            assert found.events[0].text == "it began" and found.alarms[0].title == "No signal"
            assert next(one for one in found.streams if one.agency == "esa" and one.name == "FRAMES").messages == 0
            assert {one.status for one in found.services if one.service not in ("streams",)} == {"down"}
            assert all(agency.connected for agency in found.agencies)
        await seen(watch, lambda p: p.links[0].lock == "unknown" and p.links[0].state == "silent" and not p.links[0].alive)
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        gone = await seen(watch, lambda p: not any(one.connected or one.why == "" for one in p.agencies))
        assert gone.links[0].frames == 12 and not any(one.alive for one in gone.streams)


async def _tell(streams: Streams, clock: MissionClock) -> None:
    told = {
        "at": clock.now(), "state": "active", "lock": "locked", "production": "running", "frames": 12, "backlogs": 0,
        "last_received": clock.now(), "light_time_s": 970.0, "why": "",
    }  # fmt: skip
    await streams.publish("esa.links.tgo.malargue", json.dumps(told).encode())
    await streams.publish("esa.links.lease.receiver", b'{"holder": "somebody"}')  # no line of a spacecraft
    await streams.publish("esa.parameters.tgo.TGO_x", parameters(**{"/TGO/attitude_0": 0.25}))
    event = {"received": [NOW], "generated": [NOW], "quality": [0], "apid": [1], "sequence_count": [1], "message": ["it began"]}
    await streams.publish("esa.events.info.tgo", pack(pl.DataFrame(event))[0])
    after = Situation(State.UNACKNOWLEDGED, True, 3, title="No signal", occurrence=1, occurred_at=NOW)
    record = Record("", 1, "esa", NOW, "alarm server", Change("silence:tgo", Event.RAISE, Situation(), after, Counts()))
    await streams.publish("esa.audit.alarms", b"no record")
    await streams.publish("esa.audit.alarms", encode(record))


def test_one_picture_of_a_complex_that_does_not_run(tmp_path: Path) -> None:
    _, said = run("--data", tmp_path, "watch", "--once", expected=2)
    assert "no complex is set up here" in said
    installation(tmp_path / "complex")
    found, _ = run("--data", tmp_path, "watch", "--once", "--agency", "esa", expected=1, COLUMNS="80")
    assert max(map(len, found.splitlines())) <= 80
    assert "DOWN streams stations receiver" in found and "kalyazin" not in found
    _, said = run("--data", tmp_path, "watch", "--once", "--agency", "nasa", expected=2)
    assert "does not run here" in said


def test_a_complex_is_not_run_twice(tmp_path: Path) -> None:
    made = installation(tmp_path / "complex")
    words = [sys.executable, "-c", "import sys; sys.stdin.read()", "aelita", "run"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as other:
        told = {"service": "supervisor", "agency": "", "pid": other.pid, "health_port": 1}
        (made.folder / "run").mkdir()
        (made.folder / "run" / "supervisor.json").write_text(json.dumps(told))
        try:
            _, said = run("--data", tmp_path, "run", "--station", "kalyazin", "--station", "cebreros", expected=2)
        finally:
            other.kill()
    assert f"it runs already, as process {other.pid}" in said and not (made.home("esa") / "nats").exists()
    assert "Not used: --station cebreros" in said


def test_q_ends_the_view(tmp_path: Path) -> None:
    installation(tmp_path / "complex")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(AELITA, [str(AELITA), "--data", str(tmp_path), "watch", "--every", "0.5"])
    said = b""
    while b"supervisor" not in said and select.select([terminal], [], [], 60)[0]:
        said += os.read(terminal, 1 << 16)
    os.write(terminal, b"q")
    try:
        while select.select([terminal], [], [], 60)[0] and (more := os.read(terminal, 1 << 16)):
            said += more
    except OSError:
        pass  # the other end of the terminal is gone
    for _ in range(600):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        time.sleep(0.1)
    assert ended == pid and os.waitstatus_to_exitcode(status) == 0
    assert said.rstrip().endswith(b"\x1b[?25h") or b"\x1b[?1049l" in said  # the terminal is as before
