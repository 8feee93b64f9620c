"""Stations take booked contacts: the file of bookings, what is offered and kept by it, and the reports of contacts."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from aelita.agencies import Agreement, Give, Organisation
from aelita.cli.main import app
from aelita.errors import AelitaError, DefinitionError, UsageError
from aelita.services.live import BookingDesk
from aelita.services.live.bookings import FILE, BookingFile, read_bookings
from aelita.services.live.clock import MissionClock
from aelita.services.live.contacts import OPEN, REPORTS, read_reports
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, Playing, keep_ports
from aelita.services.live.receiver import Line
from aelita.services.live.serving import Context
from aelita.services.live.sle_client import SleClient, SleError
from aelita.services.live.station import StationService
from aelita.services.missions import find_mission
from aelita.sle import Aborted, AnnotatedFrame, EndOfData, FrameQuality, PeerAbortDiagnostic
from aelita.stations import FOR_EVER, Booking, Schedule
from aelita.time import SECOND, tai_ns_from_utc
from reception_material import tm_frame

NOON = tai_ns_from_utc("2023-05-24T12:00:00")
MINUTE = 60 * SECOND


class HandClock(MissionClock):
    """A clock that says what a test sets."""

    moment = NOON

    def now(self) -> int:
        return type(self).moment


def installation(folder: Path, *spacecraft: str, plays: bool = True) -> Installation:
    mission = find_mission("exomars")
    second = replace(mission.craft("tgo"), key="mex", name="MEX")
    mission = replace(mission, spacecraft=(*mission.spacecraft, second))
    crafts = spacecraft or ("tgo",)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "part.tm").write_bytes(bytes(1115))
    play = Playing(crafts[0], mission.craft("tgo").channels[0], folder / "part.tm", NOON)
    made = Installation(folder, mission, crafts, (AgencyHere("esa", ("malargue",)),), (play,) if plays else ())
    made.write()
    keep_ports(made)
    return made


def station_of(made: Installation, clock: MissionClock | None = None) -> StationService:
    HandClock.moment = NOON
    context = Context(made, "esa", clock or HandClock(), Health("stations", "esa"))
    return StationService(context, made.mission.organisation.stations["malargue"])


def folder_of(made: Installation) -> Path:
    return made.folder / "esa" / "stations" / "malargue"


def desk_of(made: Installation) -> BookingDesk:
    desk = BookingDesk.__new__(BookingDesk)
    desk.installation = made
    desk.clock = HandClock()
    return desk


def hear(service: StationService, at: int, *numbers: int) -> None:
    """Let frames arrive, a millisecond apart."""
    HandClock.moment = max(HandClock.moment, at)
    arrivals = [("tgo", at + n * SECOND // 1000, tm_frame(bytes(1107), number % 256, 0x1E)) for n, number in enumerate(numbers)]
    service._hear(arrivals)


def look(service: StationService, at: int) -> None:
    """Do what a station does twice a second."""
    HandClock.moment = at
    service._rebook()
    service._settle(save=True)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(bounded())


async def bound(line: Line, mode: str, reference: str = "") -> SleClient:
    client = await line.connect(mode, reference)
    assert client.user.state.value == "ready"
    return client


def test_first_start_books_for_the_stations_own_agency(tmp_path: Path) -> None:
    made = installation(tmp_path, "tgo", "mex")
    service = station_of(made)
    schedule = read_bookings(made, service.station, NOON)
    assert [(one.reference, one.spacecraft, one.agencies, one.is_standing) for one in schedule.bookings] == [
        ("standing-mex", "mex", ("esa",), True),
        ("standing-tgo", "tgo", ("esa",), True),
    ]
    names = service.station.sle
    assert names is not None
    assert {names.instance(s, m, 1) for s in ("raf", "rcf", "rocf") for m in ("onlt", "onlc", "offl")} <= set(
        service.directory.instances
    )
    assert len(service.directory.instances) == 18
    desk_of(made).cancel("malargue", "standing-mex")
    again = station_of(made)
    assert len(again.directory.instances) == 18 and again._booked["mex"] != ()  # it is over, and told so for an hour
    look(again, NOON + 3601 * SECOND)
    assert len(again.directory.instances) == 12 and again._booked["mex"] == ()
    assert not BookingFile(installation(tmp_path / "other", plays=False), service.station).is_there


def test_booked_period_is_offered_delivered_kept_and_reported(tmp_path: Path) -> None:
    made = installation(tmp_path)
    start, stop = NOON + 10 * MINUTE, NOON + 20 * MINUTE

    async def session() -> None:
        service = station_of(made)
        port = made.port("esa/sle/malargue")
        await service.server.start(port=port)
        line = Line(service.context, None, None, service.station, "tgo", "")  # type: ignore[arg-type]
        standing = await bound(line, "onlt")
        desk = desk_of(made)
        desk.cancel("malargue", "standing-tgo")
        booking, _ = desk.book("malargue", "tgo", start=start, stop=stop, reference="pass-7")
        look(service, NOON + 1)
        assert [e async for e in standing] == [Aborted(PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD, by_peer=True)]
        assert line.booked() is None
        with pytest.raises(SleError, match="INVALID_TIME"):
            await line.connect("onlt", "pass-7")
        hear(service, start - MINUTE, 1, 2, 3)
        look(service, start)
        assert line.booked() == "pass-7"
        service._production(service._status.RUNNING)
        live = await bound(line, "onlt", "pass-7")
        await live.start(FrameQuality.ALL_FRAMES)
        hear(service, start, 4, 5, 6)
        hear(service, stop - SECOND, 7, 8)
        HandClock.moment = stop
        events = [event async for event in live]
        assert len([event for event in events if isinstance(event, AnnotatedFrame)]) == 5
        assert events[-1] == Aborted(PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD, by_peer=True)
        hear(service, stop, 9)
        look(service, stop + 6 * SECOND)
        offline = await bound(line, "offl")
        await offline.start(FrameQuality.ALL_FRAMES, NOON - MINUTE, stop + MINUTE)
        stored = []
        async for event in offline:
            if isinstance(event, EndOfData):
                break
            stored.append(event)
        assert len(stored) == 5
        assert service.context.health.value("station_frames_unbooked", station="malargue", spacecraft="tgo") == 4
        (report,) = desk.contacts()
        assert (report["reference"], report["good"], report["frames"], report["losses"]) == ("pass-7", 5, 5, 1)
        assert report["first"] == "2023-05-24T12:10:00.000000000" and report["ended"] == "as booked"
        assert report["agencies"] == ["esa"] and booking.reference == "pass-7"
        for client in (standing, live, offline):
            await client.close()
        await service.server.close()

    run(session)


def test_moved_end_of_a_booking_leaves_its_association_alone(tmp_path: Path) -> None:
    made = installation(tmp_path)

    async def session() -> None:
        service = station_of(made)
        await service.server.start(port=made.port("esa/sle/malargue"))
        desk_of(made).book("malargue", "tgo", stop=NOON + MINUTE, reference="pass-1")
        look(service, NOON + 1)
        line = Line(service.context, None, None, service.station, "tgo", "")  # type: ignore[arg-type]
        client = await bound(line, "onlt", "pass-1")
        told = json.loads((folder_of(made) / FILE).read_text())
        for one in told["bookings"]:
            if one["reference"] == "pass-1":
                one["stop"] = "2023-05-24T12:02:00"
        (folder_of(made) / FILE).write_text(json.dumps(told))
        look(service, NOON + MINUTE + 1)
        await asyncio.sleep(1.2)
        assert client.user.state.value == "ready"
        HandClock.moment = NOON + 2 * MINUTE
        assert [e async for e in client] == [Aborted(PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD, by_peer=True)]
        await client.close()
        await service.server.close()

    run(session)


def test_report_is_exact_after_kills(tmp_path: Path) -> None:
    made = installation(tmp_path)
    desk = desk_of(made)
    HandClock.moment = NOON
    desk.book("malargue", "tgo", stop=NOON + 10 * MINUTE, reference="pass-1")
    desk.book("malargue", "tgo", start=NOON + 20 * MINUTE, stop=NOON + 30 * MINUTE, reference="pass-2")
    service = station_of(made)
    look(service, NOON + 1)
    hear(service, NOON + SECOND, 1, 2)
    look(service, NOON + 2 * SECOND)
    hear(service, NOON + 3 * SECOND, 3, 4, 5)  # not in the state that was kept, when the process is killed
    service = station_of(made)
    hear(service, NOON + 4 * SECOND, 6)
    service = station_of(made)
    HandClock.moment = NOON + 40 * MINUTE
    context = replace(service.context)
    service = StationService(context, service.station)  # down until both are over
    look(service, NOON + 40 * MINUTE)
    reports = {one["reference"]: one for one in read_reports(folder_of(made))}
    assert {name: (one["good"], one["frames"]) for name, one in reports.items()} == {"pass-1": (6, 6), "pass-2": (0, 0)}
    assert reports["pass-2"]["first"] is None
    with (folder_of(made) / REPORTS).open("ab") as file:
        file.write(b'{"reference": "torn')
    StationService(context, service.station)
    look(service, NOON + 41 * MINUTE)
    assert len(read_reports(folder_of(made))) == 2


def test_contact_of_a_standing_booking_ends_with_silence(tmp_path: Path) -> None:
    made = installation(tmp_path)
    service = station_of(made)
    for pass_ in (1, 2):
        begin = NOON + pass_ * 10 * MINUTE
        hear(service, begin, *range(10))
        look(service, begin + 59 * SECOND)
        assert len(read_reports(folder_of(made))) == pass_ - 1
        look(service, begin + 61 * SECOND)
    reports = read_reports(folder_of(made))
    assert [(one["frames"], one["missing"], one["losses"], one["ended"]) for one in reports] == [(10, 0, 1, "silence")] * 2
    hear(service, NOON + 40 * MINUTE, 1)
    desk_of(made).cancel("malargue", "standing-tgo")
    look(service, NOON + 40 * MINUTE + SECOND)
    look(service, NOON + 40 * MINUTE + 6 * SECOND)
    assert read_reports(folder_of(made))[2]["ended"] == "cancelled"
    (folder_of(made) / OPEN).write_text("[{")
    assert station_of(made).contacts.open == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "not a table"),
        ('{"bookings": [{"reference": "a"}]}', r"bookings\[0\]: spacecraft: missing"),
        ('{"bookings": [{"reference": "a", "spacecraft": "tgo", "begin": "x"}]}', r"bookings\[0\]: unknown key 'begin'"),
        ('{"bookings": [{"reference": "a", "spacecraft": "tgo", "start": "soon"}]}', r"bookings\[0\]: start: 'soon'"),
        ('{"bookings": [{"reference": "a", "spacecraft": "tgo", "start": "1960-01-01"}]}', r"bookings\[0\]: start"),
        ('{"bookings": [{"reference": "a", "spacecraft": "tgo", "start": "2023-01-02", "stop": "2023-01-01"}]}', "stop: it ends"),
        ('{"bookings": [{"reference": "a b", "spacecraft": "tgo"}]}', "reference 'a b'"),
        ('{"bookings": [{"reference": "a", "spacecraft": "hera"}]}', "'hera' is not followed here"),
        ('{"bookings": [{"reference": "a", "spacecraft": "tgo", "agencies": ["mars"]}]}', "no agency 'mars'"),
        ('{"bookings": [{"reference": "a", "spacecraft": "tgo", "agencies": ["nasa"]}]}', "gives nasa no frames"),
        ('{"bookings": [{"reference": "a", "spacecraft": "tgo"}, {"reference": "a", "spacecraft": "tgo", "stop": "2030-01-01"}]}',
         r"bookings\[1\]: there is another"),
        ('{"orders": []}', "unknown key 'orders'"),
    ],
)  # fmt: skip
def test_wrong_file_is_named_with_its_key_and_the_last_good_one_holds(tmp_path: Path, text: str, says: str) -> None:
    made = installation(tmp_path)
    service = station_of(made)
    before = dict(service.directory.instances)
    (folder_of(made) / FILE).write_text(text)
    with pytest.raises(DefinitionError, match=says) as caught:
        read_bookings(made, service.station, NOON)
    assert str(folder_of(made) / FILE) in str(caught.value)
    look(service, NOON)
    assert service.directory.instances == before
    assert service.context.health.faults["malargue bookings"] == str(caught.value)
    (folder_of(made) / FILE).unlink()
    look(service, NOON)
    assert "gone" in service.context.health.faults["malargue bookings"]
    (folder_of(made) / FILE).write_text('{"bookings": []}')
    look(service, NOON)
    assert not service.context.health.faults and len(service.directory.instances) == 3  # what was kept can be fetched


def test_agencies_that_the_agreement_gives_frames_may_have_a_contact(tmp_path: Path) -> None:
    made = installation(tmp_path)
    service = station_of(made)
    desk = desk_of(made)
    desk.book("malargue", "tgo", start=NOON, stop=NOON + MINUTE, agencies=("esa", "roscosmos"), reference="shared")
    look(service, NOON)
    shared = [one for one in service.directory.instances.values() if "ROSCOSMOS" in one.settings.initiators]
    assert len(shared) == 9 and all("esa" not in one.settings.initiators for one in shared)
    assert set(service.directory.settings.peers) == {"ESA", "ROSCOSMOS"}
    for instance in shared:
        assert service._offers[id(instance)].periods == ((NOON, NOON + MINUTE),)
    assert service.directory.memory.window_s == 180.0  # nobody's credentials are taken twice
    look(service, NOON + 7200 * SECOND)
    left = [one.settings for one in service.directory.instances.values() if "ROSCOSMOS" in one.settings.initiators]
    assert len(left) == 3 and not any(one.is_online for one in left)
    HandClock.moment = NOON
    nothing = replace(made.mission.organisation, agreement=Agreement((Give("esa", "roscosmos", "frames", "tgo", ("kiruna",)),)))
    assert isinstance(nothing, Organisation)
    desk.installation = replace(made, mission=replace(made.mission, organisation=nothing))
    with pytest.raises(AelitaError, match="gives roscosmos no frames"):
        desk.book("malargue", "tgo", start=NOON, stop=NOON + MINUTE, agencies=("roscosmos",))


def test_an_antenna_that_is_taken_is_not_booked(tmp_path: Path) -> None:
    made = installation(tmp_path, "tgo", "mex")
    station_of(made)
    desk = desk_of(made)
    desk.cancel("malargue", "standing-mex")
    desk.book("malargue", "tgo", start=NOON + MINUTE, stop=NOON + 2 * MINUTE)
    with pytest.raises(UsageError, match="booked for tgo"):
        desk.book("malargue", "mex", start=NOON + MINUTE, stop=NOON + 2 * MINUTE)
    for wrong in (
        lambda: desk.book("malargue", "tgo"),  # until further notice, twice
        lambda: desk.book("kalyazin", "tgo"),
        lambda: desk.book("malargue", "tgo", stop=NOON - 1),
        lambda: desk.book("malargue", "tgo", start=NOON + 9, stop=NOON + 8),
        lambda: desk.cancel("malargue", "nothing"),
        lambda: desk.cancel("malargue", "standing-mex"),  # it is over already
    ):
        with pytest.raises(UsageError):
            wrong()


def test_spacecraft_below_the_horizon_is_a_warning(tmp_path: Path) -> None:
    made = installation(tmp_path)
    desk = desk_of(made)
    HandClock.moment = NOON
    low = {}
    for hour in range(0, 24, 3):
        start = NOON + hour * 60 * MINUTE
        _, doubts = desk.book("malargue", "tgo", start=start, stop=start + 60 * MINUTE)
        low[hour] = any("stands below" in one for one in doubts)
    assert any(low.values()) and not all(low.values())


def test_command_line(tmp_path: Path) -> None:
    made = installation(tmp_path / "complex")

    def station(*words: str) -> Any:
        return CliRunner().invoke(app, ["--data", str(tmp_path), "station", *words])

    booked = station("book", "malargue", "tgo", "--start", "2090-05-24T12:00", "--stop", "2090-05-25T13:00")
    assert booked.stdout.startswith("tgo-1: malargue for tgo from 2090-05-24T12:00:00 until 2090-05-25T13:00:00")
    assert "warning" in booked.stderr and "stands below" in booked.stderr
    said = json.loads(station("bookings", "--json").stdout)
    assert [(one["reference"], one["now"]) for one in said] == [("tgo-1", False)]
    assert "tgo-1" in station("bookings").stdout
    (folder_of(made) / REPORTS).write_text('{"reference": "tgo-0", "station": "malargue", "good": 5}\n')
    assert json.loads(station("contacts", "malargue", "--json").stdout)[0]["good"] == 5
    assert station("cancel", "malargue", "tgo-1").exit_code == 0
    assert json.loads(station("bookings", "--json").stdout) == []
    assert "there is no booking" in str(station("cancel", "malargue", "tgo-1").exception)
    assert "no UTC time" in str(station("book", "malargue", "tgo", "--start", "soon").exception)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from(["esa", "roscosmos"])), max_size=8))
def test_periods_are_the_union_of_the_bookings(raw: list[tuple[int, int, str]]) -> None:
    schedule = Schedule(tuple(Booking(str(n), "m", "t", a, a + b, (who,)) for n, (a, b, who) in enumerate(raw)))
    periods = schedule.periods("esa", "m", "t")
    for moment in range(62):
        expected = schedule.allows("esa", "m", "t", moment, moment + 1)
        assert any(start <= moment < stop for start, stop in periods) == expected
    assert all(first[1] < second[0] for first, second in pairwise(periods))


def test_cancelled_part_of_a_booking_stays_on_record() -> None:
    booking = Booking("a", "m", "t", NOON, FOR_EVER, ("esa",))
    assert Schedule((booking,)).cancel("a", NOON + 5).bookings == (replace(booking, stop=NOON + 5),)
    assert Schedule((booking,)).cancel("a", NOON).bookings == ()
    with pytest.raises(UsageError, match="ended"):
        Schedule((booking,)).cancel("a", NOON + 5).cancel("a", NOON + 5)
