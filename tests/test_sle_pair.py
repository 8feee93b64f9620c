"""User and provider against each other: cut octets, stalls, aborts, every service and delivery mode, with a perfect model."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.sle import (
    Aborted,
    AnnotatedFrame,
    AnnotatedOcf,
    Bound,
    ControlWordType,
    DataWanted,
    DeliveredQuality,
    EndOfData,
    ExcessiveBacklog,
    FrameQuality,
    Gvcid,
    Lock,
    LockStatus,
    LossOfFrameSync,
    OcfSelection,
    ParameterName,
    ParameterRead,
    PeerAbortDiagnostic,
    ProductionStatus,
    ProductionStatusChange,
    ProviderState,
    RafStatusReport,
    ReportRequest,
    RocfStatusReport,
    Started,
    StationFrame,
    Stopped,
    UnbindReason,
    Unbound,
    UpdateMode,
    UserState,
)
from sle_material import (
    CHANNELS,
    PREFIX,
    RAF,
    RAF_COMPLETE,
    RAF_OFFLINE,
    RCF,
    ROCF,
    SECOND,
    T0,
    at,
    bound,
    directory,
    line,
    number_of,
    started,
    station_frame,
)


def numbers(events: list[Any]) -> list[int]:
    return [number_of(event.data) for event in events if isinstance(event, AnnotatedFrame)]


@pytest.mark.parametrize("level", ["none", "bind", "all"])
@pytest.mark.parametrize("algorithm", ["SHA-1", "SHA-256"])
@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize(("identifier", "request_"), [(RAF, FrameQuality.ALL_FRAMES), (RCF, Gvcid(0x2A, 0, 0))])
def test_whole_session(level: str, algorithm: str, version: int, identifier: str, request_: Any) -> None:
    pair, instance = started(identifier, request_, level=level, algorithm=algorithm, version=version, buffer_size=2)
    for number in range(5):
        instance.frame(station_frame(number), at(0.0))
        pair.run()
    pair.at(10.0)
    pair.user.stop(at(10.0))
    pair.run().user.unbind(at(10.0), UnbindReason.END)
    pair.run()
    kinds = [type(event) for event in pair.user_events]
    assert kinds == [Bound, Started, *[AnnotatedFrame] * 5, Stopped, Unbound]
    assert numbers(pair.user_events) == [0, 1, 2, 3, 4]
    assert (pair.user.state, pair.provider.state, instance.bound) == (UserState.OVER, ProviderState.OVER, None)
    assert pair.user.next_deadline() is None
    assert pair.provider.next_deadline() is None


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60))
def test_any_segmentation(size: int) -> None:
    pair, instance = line(level="all", buffer_size=2)
    pair.size = size
    pair.user.bind(at(0.0))
    pair.run().user.start(FrameQuality.ALL_FRAMES, at(0.0))
    pair.run()
    for number in range(4):
        instance.frame(station_frame(number), at(0.0))
        pair.run()
    assert numbers(pair.run().user_events) == [0, 1, 2, 3]


STEPS = st.lists(st.sampled_from(["frame", "frame", "frame", "stall", "flow", "second", "lock", "stop"]), max_size=120)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(1, 5))
def test_timely_delivers_all_but_what_a_backlog_notice_covers(steps: list[str], size: int) -> None:
    pair, instance = started(buffer_size=size, latency_s=2)
    offered: list[int] = []
    for step in [*steps, "flow", "second", "second", "second"]:
        if step == "frame":
            if pair.provider.state is ProviderState.ACTIVE:
                offered.append(len(offered))
                instance.frame(station_frame(offered[-1]), at(pair.now))
        elif step in ("stall", "flow"):
            pair.stalled = step == "stall"
        elif step == "second":
            pair.at(pair.now + 1)
        elif step == "stop" and not pair.stalled and pair.user.state is UserState.ACTIVE:
            pair.user.stop(at(pair.now))
            pair.run().user.start(FrameQuality.ALL_FRAMES, at(pair.now))
        pair.run()
    expected = 0
    for event in pair.user_events:
        if isinstance(event, ExcessiveBacklog):
            expected = -1
        elif isinstance(event, AnnotatedFrame):
            number = number_of(event.data)
            assert number >= 0 if expected == -1 else number == expected
            expected = number + 1
    received = numbers(pair.user_events)
    assert received == sorted(set(received))
    assert len(received) + pair.provider.discarded == len(offered)
    assert expected in (-1, len(offered))


class Store:
    """A station's store that answers what the provider wants."""

    def __init__(self, frames: list[StationFrame]) -> None:
        self.frames, self.given = frames, 0

    def answer(self, instance: Any, now: float, *, ends: bool) -> None:
        while credits := instance.credits:
            piece = self.frames[self.given : self.given + credits]
            self.given += len(piece)
            is_last = ends and self.given == len(self.frames)
            if not piece and not is_last:
                return
            instance.supply(piece, at(now), end=is_last)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["frame", "frame", "stall", "flow", "second", "lock"]), max_size=120), st.integers(1, 5))
def test_complete_online_loses_nothing(steps: list[str], size: int) -> None:
    pair, instance = started(RAF_COMPLETE, buffer_size=size, latency_s=2)
    store = Store([])
    for step in [*steps, "flow", "second", "second", "second"]:
        if step == "frame":
            store.frames.append(station_frame(len(store.frames)))
        elif step in ("stall", "flow"):
            pair.stalled = step == "stall"
        elif step == "lock":
            for status in (LockStatus.IN_LOCK, LockStatus.OUT_OF_LOCK):
                instance.lock(Lock(frame_sync=status), at(pair.now))
        else:
            pair.at(pair.now + 1)
        store.answer(instance, pair.now, ends=False)
        pair.run()
        store.answer(instance, pair.now, ends=False)
    pair.at(pair.now + 5)
    for _ in range(len(store.frames)):
        store.answer(instance, pair.now, ends=False)
        pair.run()
    pair.at(pair.now + 5)
    assert numbers(pair.user_events) == list(range(len(store.frames)))
    assert not any(isinstance(event, ExcessiveBacklog) for event in pair.user_events)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["frame", "frame", "frame", "cut", "abort", "stall", "flow", "second"]), max_size=100))
def test_complete_online_goes_on_behind_the_last_frame_after_cut_lines(steps: list[str]) -> None:
    offered = directory()
    heard: list[StationFrame] = []
    received: list[int] = []

    def begin() -> tuple[Any, Any, Store]:
        last = heard[received[-1]].received_at if received else T0 - 1
        pair, instance = started(RAF_COMPLETE, start=last + 1, offered=offered, buffer_size=3)
        return pair, instance, Store(heard)

    pair, instance, store = begin()
    for step in [*steps, "flow", "second", "second", "second", "second"]:
        if step == "frame":
            heard.append(station_frame(len(heard), s=len(heard)))
        elif step in ("cut", "abort"):
            pair.user.abort(0, at(pair.now)) if step == "abort" else pair.user.on_eof(at(pair.now))
            pair.provider.on_eof(at(pair.now))
            received += numbers(list(pair.user.take_events()))
            pair, instance, store = begin()
        elif step in ("stall", "flow"):
            pair.stalled = step == "stall"
        else:
            pair.at(pair.now + 1)
        for _ in range(len(heard)):
            store.answer(instance, pair.now, ends=False)
            pair.run()
        received += numbers(pair.user_events)
        pair.user_events.clear()
    assert received == list(range(len(heard)))


def test_offline_delivers_the_range_and_ends() -> None:
    frames = [station_frame(number, s=number) for number in range(100)]
    pair, instance = started(RAF_OFFLINE, start=T0 + 10 * SECOND, stop=T0 + 59 * SECOND, buffer_size=7)
    assert pair.provider_events[1:] == [Started(FrameQuality.ALL_FRAMES, T0 + 10 * SECOND, T0 + 59 * SECOND), DataWanted(7)]
    store = Store(frames)
    for _ in range(40):
        store.answer(instance, 0.0, ends=True)
        pair.run()
    assert numbers(pair.user_events) == list(range(10, 60))
    assert isinstance(pair.user_events[-1], EndOfData)
    pair.user.stop(at(1.0))
    assert isinstance(pair.run().user_events[-1], Stopped)
    assert store.given < 75


def test_offline_end_of_an_empty_store() -> None:
    pair, instance = started(RAF_OFFLINE, start=T0, stop=T0 + SECOND)
    instance.supply([], at(0.0), end=True)
    assert pair.run().user_events[-1] == EndOfData()


def test_supply_is_bounded_by_its_credits() -> None:
    pair, instance = started(RAF_COMPLETE, buffer_size=2)
    pair.stalled = True
    instance.supply([station_frame(0), station_frame(1)], at(0.0))
    assert instance.credits == 2
    instance.supply([station_frame(2), station_frame(3)], at(0.0))
    assert instance.credits == 0
    with pytest.raises(Exception, match="more frames than"):
        instance.supply([station_frame(4)], at(0.0))
    pair.provider_events = list(pair.provider.take_events())
    pair.stalled = False
    pair.run()
    assert numbers(pair.user_events) == [0, 1, 2, 3]
    assert pair.provider_events == [DataWanted(2), DataWanted(2)]


def test_store_that_has_nothing_is_asked_again_only_when_there_is_new_room() -> None:
    pair, instance = started(RAF_COMPLETE, buffer_size=4, latency_s=2)
    pair.provider_events.clear()
    for _ in range(3):
        instance.supply([], at(0.0))
    assert pair.run().provider_events == []
    instance.supply([station_frame(0)], at(0.0))
    assert pair.run().provider_events == []
    assert pair.at(2.0).provider_events == [DataWanted(4)]
    pair.provider_events.clear()
    instance.supply([station_frame(number) for number in range(1, 5)], at(2.0))
    assert pair.run().provider_events == [DataWanted(4)]


def test_frames_that_are_not_selected_leave_their_room_wanted() -> None:
    pair, instance = started(RAF_COMPLETE, request=FrameQuality.ERRED_FRAMES_ONLY, buffer_size=4)
    pair.provider_events.clear()
    instance.supply([station_frame(number) for number in range(4)], at(0.0))
    assert pair.run().provider_events == [DataWanted(4)]


def test_latency_limit_releases_a_started_buffer() -> None:
    pair, instance = started(buffer_size=10, latency_s=3)
    instance.frame(station_frame(0), at(0.0))
    assert numbers(pair.at(2.9).user_events) == []
    assert numbers(pair.at(3.0).user_events) == [0]


def test_stop_flushes_before_its_return() -> None:
    pair, instance = started(buffer_size=10)
    instance.frame(station_frame(0), at(0.0))
    pair.user.stop(at(0.0))
    assert [type(event) for event in pair.run().user_events[2:]] == [AnnotatedFrame, Stopped]


def test_timely_delivery_ends_at_its_stop_time() -> None:
    pair, instance = started(stop=T0 + 100 * SECOND, latency_s=1)
    for s in (98.0, 99.0, 101.0, 102.0):
        pair.at(s)
        instance.frame(station_frame(int(s), s=s), at(s))
    assert numbers(pair.at(120.0).user_events) == [98, 99]
    assert pair.user_events[-1] == EndOfData()
    silent, _ = started(stop=T0 + 100 * SECOND, latency_s=1)
    assert silent.at(101.0).user_events[-1] != EndOfData()
    assert silent.at(103.0).user_events[-1] == EndOfData()


def test_start_time_keeps_earlier_frames_back() -> None:
    pair, instance = started(start=T0 + 2 * SECOND, buffer_size=1)
    for number in range(4):
        instance.frame(station_frame(number, s=number), at(0.0))
        pair.run()
    assert numbers(pair.user_events) == [2, 3]


def test_notifications_keep_their_place() -> None:
    pair, instance = started(buffer_size=10)
    locked = Lock(LockStatus.IN_LOCK, LockStatus.IN_LOCK, LockStatus.NOT_IN_USE, LockStatus.IN_LOCK)
    instance.lock(locked, at(0.0))
    instance.frame(station_frame(0), at(0.0))
    instance.lock(Lock(LockStatus.OUT_OF_LOCK, LockStatus.OUT_OF_LOCK, LockStatus.NOT_IN_USE, LockStatus.UNKNOWN), at(1.0))
    instance.production(ProductionStatus.INTERRUPTED, at(1.0))
    instance.production(ProductionStatus.INTERRUPTED, at(1.0))
    instance.production(ProductionStatus.HALTED, at(1.0))
    instance.production(ProductionStatus.INTERRUPTED, at(1.0))
    assert pair.at(5.0).user_events[3:] == [
        LossOfFrameSync(T0 + SECOND, LockStatus.UNKNOWN, LockStatus.NOT_IN_USE, LockStatus.OUT_OF_LOCK),
        ProductionStatusChange(ProductionStatus.INTERRUPTED),
        ProductionStatusChange(ProductionStatus.HALTED),
    ]


def test_raf_selects_by_quality_and_keeps_gaps() -> None:
    qualities = [DeliveredQuality.GOOD, DeliveredQuality.ERRED, DeliveredQuality.UNDETERMINED, DeliveredQuality.GOOD]
    for asked, expected in (
        (FrameQuality.GOOD_FRAMES_ONLY, [0, 3]),
        (FrameQuality.ERRED_FRAMES_ONLY, [1]),
        (FrameQuality.ALL_FRAMES, [0, 1, 2, 3]),
    ):
        pair, instance = started(RAF, asked, buffer_size=1)
        for number, quality in enumerate(qualities):
            instance.frame(station_frame(number, quality=quality), at(0.0))
            pair.run()
        assert numbers(pair.user_events) == expected
        pair.user.schedule_report(ReportRequest.IMMEDIATELY, at(0.0))
        report = pair.run().user_events[-1]
        assert isinstance(report, RafStatusReport)
        assert report.delivered_frames == len(expected)
        assert report.error_free_frames == len(set(expected) & {0, 3})


def test_rcf_selects_channels_and_counts_by_their_counters() -> None:
    heard = [(0, 0), (1, 3), (2, 0), (7, 0), (8, 3)]
    for request, expected, continuity in (
        (Gvcid(0x2A, 0, 0), [0, 2, 7], [-1, 1, 4]),
        (Gvcid(0x2A, 0, 3), [1, 8], [-1, 6]),
        (Gvcid(0x2A, 0), [0, 1, 2, 7, 8], [-1, 0, 0, 4, 0]),
    ):
        pair, instance = started(RCF, request, buffer_size=1)
        for number, vc in heard:
            instance.frame(station_frame(number, vc=vc), at(0.0))
            pair.run()
        instance.frame(station_frame(9, quality=DeliveredQuality.ERRED), at(0.0))
        pair.run()
        assert numbers(pair.user_events) == expected
        assert [event.continuity for event in pair.user_events if isinstance(event, AnnotatedFrame)] == continuity


CLCW_1, CLCW_2, OTHER = bytes.fromhex("01040000"), bytes.fromhex("01080000"), bytes.fromhex("80000001")


@pytest.mark.parametrize(
    ("kind", "tc", "mode", "expected"),
    [
        (ControlWordType.ALL_CONTROL_WORDS, None, UpdateMode.CONTINUOUS, [CLCW_1, CLCW_1, CLCW_2, OTHER, CLCW_1, OTHER]),
        (ControlWordType.ALL_CONTROL_WORDS, None, UpdateMode.CHANGE_BASED, [CLCW_1, CLCW_2, OTHER]),
        (ControlWordType.CLCW, None, UpdateMode.CONTINUOUS, [CLCW_1, CLCW_1, CLCW_2, CLCW_1]),
        (ControlWordType.CLCW, 2, UpdateMode.CONTINUOUS, [CLCW_2]),
        (ControlWordType.NOT_CLCW, None, UpdateMode.CHANGE_BASED, [OTHER]),
    ],
)
def test_rocf_selects_control_words(kind: ControlWordType, tc: int | None, mode: UpdateMode, expected: list[bytes]) -> None:
    pair, instance = started(ROCF, OcfSelection(Gvcid(0x2A, 0, 0), kind, tc, mode), buffer_size=1)
    for number, word in enumerate([CLCW_1, CLCW_1, CLCW_2, OTHER, None, CLCW_1, OTHER]):
        frame = station_frame(number)
        instance.frame(StationFrame(frame.received_at, frame.antenna, 0, frame.quality, frame.data, frame.channel, word), at(0.0))
        pair.run()
    assert [event.data for event in pair.user_events if isinstance(event, AnnotatedOcf)] == expected
    pair.user.schedule_report(ReportRequest.IMMEDIATELY, at(0.0))
    report = pair.run().user_events[-1]
    assert isinstance(report, RocfStatusReport)
    assert (report.processed_frames, report.delivered_ocfs) == (7, len(expected))


@pytest.mark.parametrize("identifier", [RAF, RCF, ROCF, RAF_OFFLINE, f"{PREFIX}.rcf=onlc2"])
@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("active", [False, True])
def test_every_parameter_is_answered(identifier: str, version: int, active: bool) -> None:
    requests = {"raf": FrameQuality.ALL_FRAMES, "rcf": Gvcid(0x2A, 0), "rocf": OcfSelection(CHANNELS_FIRST)}
    times = {"start": T0, "stop": T0 + SECOND} if identifier == RAF_OFFLINE else {}
    request = requests[identifier.rpartition(".")[2].partition("=")[0]]
    pair, _ = started(identifier, request, version=version, **times) if active else bound(identifier, version=version)
    for name in ParameterName:
        pair.user.get_parameter(name, at(0.0))
    answers = {
        event.parameter.name: event.parameter.value for event in pair.run().user_events if isinstance(event, ParameterRead)
    }
    assert pair.provider.state is (ProviderState.ACTIVE if active else ProviderState.READY)
    assert answers[ParameterName.BUFFER_SIZE] == 10
    assert answers[ParameterName.LATENCY_LIMIT] == (None if identifier == RAF_OFFLINE else 1)
    assert (ParameterName.MIN_REPORTING_CYCLE in answers) == (version == 5)
    assert ParameterName.REPORTING_CYCLE in answers
    if identifier == RCF:
        assert answers[ParameterName.PERMITTED_GVCID_SET] == CHANNELS
        assert active == (answers[ParameterName.REQUESTED_GVCID] == Gvcid(0x2A, 0))


CHANNELS_FIRST = Gvcid(0x2A, 0, 1)


def test_periodic_reports_go_on_over_start_and_stop() -> None:
    pair, _ = bound()
    pair.user.schedule_report(ReportRequest.PERIODICALLY, at(0.0), 30)
    pair.run().at(61.0)
    pair.user.start(FrameQuality.ALL_FRAMES, at(61.0))
    pair.run().at(91.0)
    pair.user.stop(at(91.0))
    pair.run().at(121.0)
    assert sum(isinstance(event, RafStatusReport) for event in pair.user_events) == 5
    pair.user.schedule_report(ReportRequest.STOP, at(121.0))
    pair.run().at(300.0)
    assert sum(isinstance(event, RafStatusReport) for event in pair.user_events) == 5


def test_heartbeats_keep_an_idle_association_for_hours() -> None:
    pair, _ = bound()
    pair.at(3 * 3600.0)
    assert (pair.user.state, pair.provider.state) == (UserState.READY, ProviderState.READY)


def test_stalled_line_is_given_up_by_its_heartbeat() -> None:
    pair, instance = started()
    pair.stalled = True
    pair.at(200.0)
    assert pair.user_events[-1] == Aborted(PeerAbortDiagnostic.HEARTBEAT_RECEIVE_TIMEOUT, by_peer=False)
    assert instance.bound is None


@pytest.mark.parametrize("side", ["user", "provider"])
@pytest.mark.parametrize("code", [PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT, PeerAbortDiagnostic.OTHER_REASON, 77])
def test_peer_abort_reaches_the_other_side(side: str, code: int) -> None:
    pair, instance = started(buffer_size=10)
    instance.frame(station_frame(0), at(0.0))
    getattr(pair, side).abort(code, at(1.0))
    pair.run()
    ends = {"user": pair.user_events[-1], "provider": pair.provider_events[-1]}
    assert ends.pop(side) == Aborted(code, by_peer=False)
    assert list(ends.values()) == [Aborted(code, by_peer=True)]
    assert numbers(pair.user_events) == []
    assert instance.bound is None


def test_suspended_instance_is_bound_again_and_an_ended_one_is_not() -> None:
    first, instance = started()
    first.user.stop(at(0.0))
    first.run().user.unbind(at(0.0), UnbindReason.SUSPEND)
    first.run()
    second, _ = started(offered=first.provider.directory)
    assert second.user.state is UserState.ACTIVE
    second.user.stop(at(0.0))
    second.run().user.unbind(at(0.0), UnbindReason.END)
    second.run()
    third, _ = bound(offered=first.provider.directory)
    assert third.user.state is UserState.OVER
    assert instance.is_finished
