"""Parts of a station: the clock of the complex, what it keeps of frames, bookings, and what it says of what it hears."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import ArchiveError, DefinitionError, UsageError
from aelita.octets import crc16
from aelita.services.live.clock import MissionClock, starting_at, wall_tai_ns
from aelita.services.live.frame_store import RECORD, FrameStore, StoredFrame
from aelita.stations import ERRED, GOOD, UNDETERMINED, Booking, Checks, Contact, Schedule
from aelita.time import SECOND, tai_ns_from_utc, utc_from_tai_ns

FRAMES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 2), st.binary(min_size=1, max_size=40)), max_size=30)


def stored(raw: list[tuple[int, int, bytes]]) -> list[StoredFrame]:
    return [StoredFrame(at, quality, octets) for at, quality, octets in sorted(raw, key=lambda r: r[0])]


@settings(max_examples=60, deadline=None)
@given(FRAMES, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 400))
def test_frames_come_back_by_time_over_any_files(
    tmp_path_factory: pytest.TempPathFactory, raw: list[tuple[int, int, bytes]], start: int, stop: int, segment: int
) -> None:
    frames, folder = stored(raw), tmp_path_factory.mktemp("store")
    store = FrameStore(folder, segment_octets=segment)
    for frame in frames:
        store.append([frame])
    assert list(store.read(start, stop)) == [f for f in frames if start <= f.received < stop]
    store.close()
    again = FrameStore(folder, segment_octets=segment)
    assert again.last == (frames[-1].received if frames else 0)


@settings(max_examples=40, deadline=None)
@given(FRAMES.filter(bool), st.integers(0, 200))
def test_a_torn_end_is_cut_off_and_the_rest_stays(
    tmp_path_factory: pytest.TempPathFactory, raw: list[tuple[int, int, bytes]], torn: int
) -> None:
    frames, folder = stored(raw), tmp_path_factory.mktemp("store")
    store = FrameStore(folder)
    store.append(frames)
    store.close()
    (path,) = folder.iterdir()
    os.truncate(path, max(path.stat().st_size - torn, 0))
    size, whole = path.stat().st_size, 0
    kept = []
    for frame in frames:
        whole += RECORD.size + len(frame.octets)
        if whole <= size:
            kept.append(frame)
    again = FrameStore(folder)
    assert list(again.read(0, 10**7)) == kept
    late = StoredFrame(10**6 + 1, 0, b"after")
    again.append([late])
    assert list(FrameStore(folder).read(0, 10**7)) == [*kept, late]


def test_the_oldest_files_go_when_the_store_is_full(tmp_path: Path) -> None:
    store = FrameStore(tmp_path, most_octets=3000, segment_octets=1000)
    for second in range(100):
        store.append([StoredFrame(second, 0, bytes(100))])
    left = [frame.received for frame in store.read(0, 1000)]
    assert left == list(range(left[0], 100)) and 15 < len(left) < 50
    assert store.octets <= 4000


def test_a_full_disk_is_said_and_loses_nothing_that_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FrameStore(tmp_path)
    store.append([StoredFrame(1, 0, b"one")])
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, octets: write(file, octets[:5]))
    with pytest.raises(ArchiveError, match="No space left"):
        store.append([StoredFrame(2, 0, b"two")])
    monkeypatch.undo()
    store.append([StoredFrame(3, 0, b"three")])
    assert [frame.octets for frame in store.read(0, 10)] == [b"one", b"three"]


def test_the_clock_of_a_complex_is_shared_and_runs_at_its_speed(tmp_path: Path) -> None:
    epoch = tai_ns_from_utc("2023-05-24T19:11:04")
    clock = starting_at(epoch, 10.0)
    assert clock.at(clock.anchor + 3 * SECOND) == epoch + 30 * SECOND
    clock.write(tmp_path)
    assert MissionClock.read(tmp_path) == clock
    assert MissionClock.read(tmp_path / "none").is_real
    (tmp_path / "clock.json").write_text("{}")
    with pytest.raises(DefinitionError, match="epoch"):
        MissionClock.read(tmp_path)
    with pytest.raises(DefinitionError, match="speed"):
        MissionClock(speed=0.0)


def test_the_machine_time_is_utc_plus_leap_seconds() -> None:
    import datetime

    now = datetime.datetime.now(datetime.UTC)
    assert abs(tai_ns_from_utc(now.strftime("%Y-%m-%dT%H:%M:%S.%f")) - wall_tai_ns()) < 5 * SECOND
    assert utc_from_tai_ns(wall_tai_ns(), 0)[:4] == str(now.year)


NOON = tai_ns_from_utc("2020-11-01T12:00:00")


def booked(reference: str, spacecraft: str, start: int, stop: int, agencies: tuple[str, ...] = ("esa",)) -> Booking:
    return Booking(reference, "malargue", spacecraft, NOON + start, NOON + stop, agencies)


def test_an_antenna_is_booked_for_one_spacecraft_at_a_time() -> None:
    schedule = Schedule().book(booked("a", "TGO", 0, 100))
    with pytest.raises(UsageError, match="booked for TGO"):
        schedule.book(booked("b", "MEX", 50, 150))
    both = schedule.book(booked("c", "MEX", 100, 200)).book(booked("d", "TGO", 50, 100, ("roscosmos",)))
    assert [one.reference for one in both.at("malargue", NOON + 60)] == ["a", "d"]
    assert both.allows("roscosmos", "malargue", "TGO", NOON, NOON + 60) and not both.allows(
        "roscosmos", "malargue", "TGO", NOON, NOON + 50
    )
    assert (both.next_change("malargue", NOON + 60), both.next_change("malargue", NOON + 200)) == (NOON + 100, None)
    assert both.cancel("d").at("malargue", NOON + 60) == schedule.at("malargue", NOON + 60)
    assert Schedule(beams=(("malargue", 2),)).book(booked("a", "TGO", 0, 9)).book(booked("b", "MEX", 0, 9)).bookings
    for wrong in (lambda: both.cancel("x"), lambda: both.book(booked("a", "TGO", 300, 400)), lambda: booked("x", "TGO", 5, 5)):
        with pytest.raises(UsageError):
            wrong()


def test_a_station_says_what_it_hears() -> None:
    body = bytes(range(20))
    good = body + crc16(body).to_bytes(2, "big")
    contact = Contact("malargue", "TGO", Checks(22, 2), silence=SECOND, period=100)
    heard = [contact.hear(at, octets) for at, octets in [(1000, good), (1100, good), (1400, b"\1" + good[1:]), (1500, good[:-1])]]
    assert [one.continuity for one in heard] == [-1, 0, 2, 0]
    assert [one.quality for one in heard] == [GOOD, GOOD, ERRED, ERRED]
    assert not contact.lost_at(1500 + SECOND - 1)
    assert contact.lost_at(1500 + SECOND) and not contact.lost_at(1500 + 2 * SECOND)
    report = contact.report()
    assert (report["good"], report["erred"], report["missing"], report["losses"]) == (2, 2, 2, 1)
    assert Checks(0, 0).quality(b"anything") == UNDETERMINED
