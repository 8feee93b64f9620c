"""The ground copy of the on-board schedule: beside a plain model, and beside a simulated spacecraft that another hand wrote."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aelita.commanding import DIFFERENCES, Fate, Scheduled, Stage, Timeline, Verified
from aelita.pus import (
    REPORT,
    Acknowledge,
    Activity,
    AllActivities,
    AreYouAlive,
    Between,
    ControlRelease,
    ControlSchedule,
    FilterActivities,
    FilterProcesses,
    From,
    InsertActivities,
    PacketError,
    RequestId,
    ScheduleDetails,
    ScheduledRequest,
    ScheduleSummary,
    SelectActivities,
    SubScheduleProcesses,
    SummaryEntry,
    TelecommandLayout,
    UpTo,
    Widths,
    decode_message,
    encode_request,
)
from aelita.time import SECOND
from spacecraft_material import COMMAND_APID, START_TICKS, T0, Ground, Heard, definition, listen, twin

LAYOUT, WIDTHS = TelecommandLayout("C"), Widths(sub_schedule_octets=1, group_octets=1)
PLAIN_A = TelecommandLayout("A", 1)


def when(ticks: int) -> int:
    return ticks * SECOND


def packet(apid: int, count: int, layout: TelecommandLayout = LAYOUT) -> bytes:
    return encode_request(AreYouAlive(), layout, WIDTHS, apid=apid, sequence_count=count)


def insert(*activities: tuple[int, int, int], sub: int = 0) -> InsertActivities:
    """Each a time, an application process and a count."""
    return InsertActivities(tuple(Activity(time, packet(apid, count), group=count % 3) for time, apid, count in activities), sub)


class Driver:
    """Sends requests to a timeline and verifies them."""

    def __init__(self, layout: TelecommandLayout = LAYOUT, widths: Widths = WIDTHS) -> None:
        self.timeline = Timeline(layout, widths, when)
        self.number = 0

    def send(self, message: object, acknowledge: Acknowledge = Acknowledge.ALL) -> str:
        self.number += 1
        name = f"r{self.number}"
        made = encode_request(
            message, self.timeline.layout, self.timeline.widths, apid=9, sequence_count=self.number, acknowledge=acknowledge
        )
        assert self.timeline.sent(name, 0, made)
        return name

    def end(self, name: str, good: bool = True, stage: Stage = Stage.COMPLETION) -> bool:
        return self.timeline.verified(Verified(name, 0, stage, good, 0, 0))

    def do(self, message: object) -> None:
        assert self.end(self.send(message))


times, counts, apids = st.integers(0, 40), st.integers(0, 12), st.integers(1, 3)
windows = st.one_of(
    st.builds(lambda a, b: Between(min(a, b), max(a, b)), times, times), st.builds(From, times), st.builds(UpTo, times)
)
actions: Any = st.sampled_from([("delete", None), ("shift", 7), ("shift", -3)])
commands = st.one_of(
    st.builds(lambda many, sub: insert(*many, sub=sub), st.lists(st.tuples(times, apids, counts), min_size=1, max_size=3), st.integers(0, 2)),
    st.builds(lambda act, apid, count: SelectActivities(act[0], (ScheduledRequest(apid, count, source=0),), act[1]), actions, apids, counts),
    st.builds(lambda act, w, s, g: FilterActivities(act[0], w, tuple(s), tuple(g), act[1]), actions, windows,
              st.lists(st.integers(0, 2), max_size=2, unique=True), st.lists(st.integers(0, 2), max_size=2, unique=True)),
    st.builds(lambda offset: AllActivities("shift", offset), st.integers(-5, 5)),
    st.sampled_from([ControlSchedule("reset"), ControlSchedule("enable"), ControlSchedule("disable")]),
)  # fmt: skip


def model(state: list[tuple[int, int, int, int]], command: Any) -> list[tuple[int, int, int, int]]:
    """The plain truth: a list of (time, application process, count, sub-schedule)."""
    if isinstance(command, InsertActivities):
        more = []
        for one in command.activities:
            word = int.from_bytes(one.request[:4])
            more.append((one.time, word >> 16 & 0x7FF, word & 0x3FFF, command.sub_schedule or 0))
        return state + more
    if isinstance(command, ControlSchedule):
        return [] if command.action == "reset" else state

    def meant(one: tuple[int, int, int, int]) -> bool:
        time, apid, count, sub = one
        if isinstance(command, SelectActivities):
            return (apid, count) == (command.requests[0].apid, command.requests[0].sequence_count)
        if isinstance(command, FilterActivities):
            low = getattr(command.window, "first", -(1 << 48))
            high = getattr(command.window, "last", 1 << 48)
            subs = not command.sub_schedules or sub in command.sub_schedules
            return low <= time <= high and subs and (not command.groups or count % 3 in command.groups)
        return True

    if command.action == "delete":
        return [one for one in state if not meant(one)]
    return [(one[0] + command.offset, *one[1:]) if meant(one) else one for one in state]


def shown(timeline: Timeline) -> list[tuple[int, int, int, int]]:
    return sorted((one.time, one.apid, one.sequence_count, one.sub_schedule or 0) for one in timeline.activities)


@settings(max_examples=300)
@given(st.lists(st.tuples(commands, st.sampled_from(["good", "bad", "lost", "late"])), max_size=12))
def test_the_copy_is_what_a_plain_model_says(steps: list[tuple[Any, str]]) -> None:
    """Requests that fail or are lost change nothing; what is late changes it when it is verified."""
    driver, late = Driver(), []
    state: list[tuple[int, int, int, int]] = []
    for command, fate in steps:
        try:
            name = driver.send(command)
        except Exception as error:  # a shift by a negative time is legal; nothing else may fail
            raise AssertionError(command) from error
        if fate == "lost":
            driver.timeline.forget(name)
        elif fate == "late":
            late.append((name, command))
        else:
            assert driver.end(name, fate == "good")
            state = model(state, command) if fate == "good" else state
        assert shown(driver.timeline) == sorted(state)
    for name, command in late:
        assert driver.end(name)
        state = model(state, command)
    assert shown(driver.timeline) == sorted(state)
    assert not any(driver.end(name) for name, _ in late)
    assert driver.timeline.differences([summary(state)], -(10**18)) == []


def summary(state: list[tuple[int, int, int, int]]) -> ScheduleSummary:
    return ScheduleSummary(tuple(SummaryEntry(time, apid, count, 0, sub) for time, apid, count, sub in state))


@settings(max_examples=200)
@given(
    st.lists(st.tuples(times, apids, counts, st.just(0)), max_size=8, unique_by=lambda one: one[1:3]),
    st.lists(st.tuples(times, apids, counts, st.just(0)), max_size=8, unique_by=lambda one: one[1:3]),
)
def test_differences_are_exactly_those_of_two_sets(
    ground: list[tuple[int, int, int, int]], board: list[tuple[int, int, int, int]]
) -> None:
    driver = Driver()
    for time, apid, count, _ in ground:
        driver.do(insert((time, apid, count)))
    found = driver.timeline.differences([summary(board[:3]), summary(board[3:])], -1)
    ours, theirs = {one[1:3]: one[0] for one in ground}, {one[1:3]: one[0] for one in board}
    kinds = {kind: {(one.apid, one.sequence_count) for one in found if one.kind == kind} for kind in DIFFERENCES}
    assert kinds["missing on board"] == ours.keys() - theirs.keys()
    assert kinds["unknown on ground"] == theirs.keys() - ours.keys()
    assert kinds["other time"] == {key for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]}
    assert not kinds["other packet"] and len(found) == sum(len(one) for one in kinds.values())
    driver.timeline.adopt([summary(board)], -1)
    assert shown(driver.timeline) == sorted(board) and driver.timeline.differences([summary(board)], -1) == []


def test_what_is_on_its_way_is_pending_and_explains_differences() -> None:
    driver = Driver()
    driver.do(insert((10, 1, 1), (20, 1, 2)))
    inserting = driver.send(insert((30, 1, 3)))
    deleting = driver.send(SelectActivities("delete", (ScheduledRequest(1, 1, source=0),)))
    driver.send(FilterActivities("shift", From(20), offset=5))
    assert [(one.sequence_count, words) for one, words in driver.timeline.coming()] == [
        (1, "deletion on its way"), (2, "shift on its way"), (3, "insertion on its way"),
    ]  # fmt: skip
    for board in ([(10, 1, 1, 0), (20, 1, 2, 0)], [(25, 1, 2, 0), (35, 1, 3, 0)], [(20, 1, 2, 0), (30, 1, 3, 0)]):
        assert driver.timeline.differences([summary(board)], -1) == []
    odd = driver.timeline.differences([summary([(10, 1, 1, 0), (26, 1, 2, 0), (31, 1, 3, 0), (9, 2, 2, 0)])], -1)
    assert [str(one) for one in odd] == [
        "1/2: other time (ground 20, on board 26)", "1/3: unknown on ground (ground None, on board 31)",
        "2/2: unknown on ground (ground None, on board 9)",
    ]  # fmt: skip
    assert driver.end(deleting) and driver.end(inserting)
    assert [one.sequence_count for one in driver.timeline.activities] == [2, 3]


def test_what_a_report_says_is_settled_by_adopting_it() -> None:
    driver = Driver()
    name = driver.send(insert((30, 1, 3)))
    driver.timeline.adopt([summary([(30, 1, 3, 0), (40, 2, 1, 0)])], -1)
    assert [bool(one.packet) for one in driver.timeline.activities] == [True, False]
    assert not driver.end(name)  # its verification comes later, and changes nothing twice
    assert len(driver.timeline.activities) == 2


def test_details_tell_whether_the_packet_is_another() -> None:
    driver = Driver()
    driver.do(insert((10, 1, 1)))
    other = encode_request(AllActivities("summarize"), LAYOUT, WIDTHS, apid=1, sequence_count=1)
    (found,) = driver.timeline.differences([ScheduleDetails((Activity(10, other, 0, 1),))], -1)
    assert found.kind == "other packet"
    assert driver.timeline.differences([ScheduleDetails((Activity(10, packet(1, 1), 0, 1),))], -1) == []


@pytest.mark.parametrize(
    ("control", "fate", "following"),
    [
        (ControlSchedule("enable"), Fate.RELEASED, 20), (ControlSchedule("disable"), Fate.DROPPED, None), (None, Fate.ASSUMED, 20),
    ],
)  # fmt: skip
def test_time_passes(control: ControlSchedule | None, fate: Fate, following: int | None) -> None:
    driver = Driver()
    driver.do(insert((20, 1, 2), (10, 1, 1)))
    if control is not None:
        driver.do(control)
    assert driver.timeline.pass_time(9 * SECOND) == []
    left = driver.timeline.pass_time(10 * SECOND)
    assert [(one.sequence_count, told) for one, told in left] == [(1, fate)]
    after = driver.timeline.following()
    assert (after.time if after else None) == following and driver.timeline.gone == left


def test_a_report_without_what_had_left_before_it_was_made_is_no_difference() -> None:
    driver = Driver()
    driver.do(insert((10, 1, 1), (20, 1, 2)))
    board = summary([(20, 1, 2, 0)])
    assert driver.timeline.differences([board], 10 * SECOND) == []
    assert [one.kind for one in driver.timeline.differences([board], 9 * SECOND)] == ["missing on board"]
    assert driver.timeline.differences([summary([])], 9 * SECOND, Between(11, 15)) == []


def test_requests_count_when_the_last_report_that_they_ask_for_is_there() -> None:
    driver = Driver()
    name = driver.send(insert((10, 1, 1)), Acknowledge.ACCEPTANCE | Acknowledge.COMPLETION)
    assert not driver.end(name, stage=Stage.ACCEPTANCE) and not driver.timeline.activities
    assert driver.end(name) and driver.timeline.activities
    name = driver.send(insert((11, 1, 2)), Acknowledge.ACCEPTANCE)
    assert driver.end(name, stage=Stage.ACCEPTANCE) and len(driver.timeline.activities) == 2
    name = driver.send(insert((12, 1, 3)))
    assert driver.end(name, False, Stage.ACCEPTANCE) and len(driver.timeline.activities) == 2


def test_other_requests_are_none_of_its_business() -> None:
    timeline = Driver().timeline
    assert not timeline.sent("r", 0, packet(1, 1))
    with pytest.raises(PacketError):
        timeline.sent("r", 0, b"\x18\x01")


def test_variant_a_means_runs_of_counts_and_processes() -> None:
    driver = Driver(PLAIN_A, Widths(sub_schedule_octets=1))
    made = tuple(
        Activity(10 * n, packet(n % 2 + 1, 16383 + n, PLAIN_A) if n < 1 else packet(1, n - 1, PLAIN_A)) for n in range(4)
    )
    driver.do(InsertActivities(made, 1))
    driver.do(ControlRelease(True, ()))
    assert driver.timeline.enabled is True
    driver.do(ControlRelease(False, (SubScheduleProcesses(1, (5,)),)))
    assert driver.timeline.enabled is True  # that of one process is not that of all
    driver.do(FilterProcesses("shift", Between(10, 20), (SubScheduleProcesses(1, (1,)),), 100))
    assert [one.time for one in driver.timeline.activities] == [0, 30, 110, 120]
    driver.do(SelectActivities("delete", (ScheduledRequest(1, 16383, number=3),)))  # over the end of the count
    assert [one.sequence_count for one in driver.timeline.activities] == [2]


def test_what_was_deleted_is_told() -> None:
    driver = Driver()
    driver.do(insert((10, 1, 1)))
    driver.do(ControlSchedule("reset"))
    assert [(one, fate) for one, fate in driver.timeline.gone] == [
        (Scheduled(10, 1, 1, None, packet(1, 1), 0, 1), Fate.DELETED)
    ] and driver.timeline.enabled is False  # fmt: skip


# beside a simulated spacecraft

ABOARD = TelecommandLayout("A", 1)


def ticks_of(seconds: int) -> int:
    return START_TICKS + seconds * 65536


board_commands = st.one_of(
    st.builds(lambda at, n: ("insert", at, n), st.integers(300, 600), st.integers(1, 3)),
    st.builds(lambda at: ("too late", at), st.integers(0, 1)),
    st.builds(lambda act, count: ("select", act[0], act[1], count), st.sampled_from([("delete", None), ("shift", 9)]), st.integers(100, 104)),
    st.builds(lambda act, a, b: ("filter", act[0], act[1], a, a + b), st.sampled_from([("delete", None), ("shift", -9)]), st.integers(300, 600), st.integers(0, 200)),
    st.builds(lambda offset: ("all", offset), st.integers(-9, 9)),
    st.just(("reset",)),
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(board_commands, min_size=1, max_size=6))
def test_the_copy_agrees_with_a_simulated_spacecraft(steps: list[tuple[Any, ...]]) -> None:
    """Requests go up as CLTUs and come down as verification reports; then its own summary has no difference."""
    craft, ground, heard = twin(), Ground(), Heard()
    widths = definition().widths
    timeline = Timeline(ABOARD, widths, lambda ticks: T0 + (ticks - START_TICKS) * SECOND // 65536)
    inserted = 100

    def command(number: int, message: object) -> None:
        made = encode_request(message, ABOARD, widths, apid=COMMAND_APID, sequence_count=number, source=4)
        timeline.sent(str(number), 0, made)
        ground.ask(craft, made)
        for _ in range(60):
            listen(craft, 1, heard)
            ended = [one for one in heard.stages(number) if one in (2, 4, 7, 8)]
            if ended:
                timeline.verified(Verified(str(number), 0, Stage.COMPLETION, ended[0] == 7, 0, 0))
                return
        raise AssertionError(heard.stages(number))

    for number, step in enumerate(steps, 1):
        if step[0] in ("insert", "too late"):
            many = step[2] if step[0] == "insert" else 1
            activities = tuple(
                Activity(ticks_of(step[1] + n), encode_request(AreYouAlive(), ABOARD, widths, apid=COMMAND_APID, sequence_count=inserted + n))
                for n in range(many)
            )  # fmt: skip
            inserted += many
            command(number, InsertActivities(activities))
        elif step[0] == "select":
            command(number, SelectActivities(step[1], (ScheduledRequest(COMMAND_APID, step[3], number=1),), _shift(step[2])))
        elif step[0] == "filter":
            command(number, FilterProcesses(step[1], Between(ticks_of(step[3]), ticks_of(step[4])), (), _shift(step[2])))
        elif step[0] == "all":
            command(number, AllActivities("shift", _shift(step[1])))
        else:
            command(number, ControlSchedule("reset"))
    command(99, AllActivities("summarize"))
    parts: list[Any] = []
    for one in heard.reports(11, 13):
        parts.append(decode_message(11, 13, one[16:-2], "A", REPORT, widths))
    assert parts and timeline.differences(parts, craft.now_ns) == []
    told = sorted((one.time, one.sequence_count) for part in parts for one in part.entries)
    assert [(one.time, one.sequence_count) for one in timeline.activities] == told
    assert all(RequestId.of_packet(one.packet).sequence_count == one.sequence_count for one in timeline.activities)


def _shift(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 65536
