"""The transfer buffer against a plain model of its rules, under any order of records, times and stalls below."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import UsageError
from aelita.sle.buffer import Backlog, TransferBuffer

NOTICE, END = -1, -2


def timely(size: int, latency_s: float | None = 5.0) -> TransferBuffer[int]:
    return TransferBuffer(size, latency_s, Backlog.DISCARD, lambda: NOTICE, lambda record: record == END)


def complete(size: int, latency_s: float | None = 5.0) -> TransferBuffer[int]:
    return TransferBuffer(size, latency_s, Backlog.HOLD, lambda: NOTICE)


@pytest.mark.parametrize("make", [timely, complete])
def test_full_buffer_is_released(make: Callable[[int], TransferBuffer[int]]) -> None:
    buffer = make(2)
    buffer.insert(1, 0.0)
    assert buffer.take() is None
    buffer.insert(2, 0.0)
    assert buffer.take() == (1, 2)
    assert buffer.take() is None
    assert buffer.room == 2


def test_latency_runs_from_the_first_record_and_is_not_moved_by_later_ones() -> None:
    buffer = timely(3)
    assert buffer.deadline is None
    buffer.insert(1, 10.0)
    buffer.insert(2, 14.0)
    assert buffer.deadline == 15.0
    buffer.on_timer(14.9)
    assert buffer.take() is None
    buffer.on_timer(15.0)
    assert buffer.take() == (1, 2)
    assert buffer.deadline is None


def test_stalled_timely_buffer_is_replaced_by_one_notice_and_takes_one_record_more() -> None:
    buffer = timely(2)
    for record in (1, 2):
        buffer.insert(record, 0.0)
    assert buffer.take() == (1, 2)  # now the layer below is busy
    for record in range(3, 8):
        buffer.insert(record, 1.0)
    assert (buffer.discarded, buffer.room) == (4, 1)
    buffer.insert(8, 1.0)
    assert buffer.discarded == 6
    buffer.transmitted()
    for record in (9, 10):
        buffer.insert(record, 2.0)
    assert buffer.take() == (NOTICE, 9, 10)
    assert buffer.room == 2


def test_notice_alone_is_passed_when_its_timer_ends() -> None:
    buffer = timely(1)
    buffer.insert(1, 0.0)
    buffer.take()
    buffer.insert(2, 1.0)
    buffer.transmitted()
    assert buffer.take() is None
    assert buffer.deadline == 6.0
    buffer.on_timer(6.0)
    assert buffer.take() == (NOTICE,)


def test_end_of_data_outlives_a_discard() -> None:
    buffer = timely(2)
    for record in (1, 2, 3, END):
        buffer.insert(record, 0.0)
        if record == 2:
            buffer.take()
    buffer.transmitted()
    buffer.flush()
    assert buffer.take() == (NOTICE, END)


def test_flushed_buffer_is_passed_when_the_layer_below_is_free() -> None:
    buffer = timely(8)
    buffer.insert(1, 0.0)
    buffer.flush()
    assert buffer.take() == (1,)
    buffer.insert(2, 0.0)
    buffer.flush()
    assert buffer.take() is None
    buffer.transmitted()
    assert buffer.take() == (2,)


def test_complete_buffer_holds_its_producer() -> None:
    buffer = complete(2, None)
    for record in (1, 2):
        buffer.insert(record, 0.0)
    buffer.take()
    for record in (3, 4):
        buffer.insert(record, 0.0)
    assert (buffer.room, buffer.take(), buffer.deadline) == (0, None, None)
    with pytest.raises(UsageError, match="full"):
        buffer.insert(5, 0.0)
    buffer.transmitted()
    assert buffer.take() == (3, 4)


def test_stop_takes_what_there_is_even_behind_a_stall() -> None:
    buffer = timely(4)
    for record in range(5):
        buffer.insert(record, 0.0)
        if record == 3:
            assert buffer.take() == (0, 1, 2, 3)
    assert buffer.take(at_once=True) == (4,)
    assert buffer.take(at_once=True) is None


def test_size_is_checked() -> None:
    with pytest.raises(UsageError, match="0 records"):
        timely(0)


@given(st.integers(1, 4), st.lists(st.sampled_from(["insert", "sent", "later"]), max_size=200))
def test_order_is_kept_and_every_gap_has_its_notice(size: int, steps: list[str]) -> None:
    buffer, taken, offered, now = timely(size), [], 0, 0.0
    for step in [*steps, "sent", "later", "later"]:
        if step == "insert":
            buffer.insert(offered, now)
            offered += 1
        elif step == "sent":
            buffer.transmitted()
        else:
            now += 5.0
            buffer.on_timer(now)
        if passed := buffer.take():
            assert len(passed) <= size + (passed[0] == NOTICE)
            assert NOTICE not in passed[1:]
            taken.append(passed)
    records = [record for passed in taken for record in passed]
    expected, gap = 0, False
    for record in records:
        if record == NOTICE:
            gap = True
        else:
            assert record > expected if gap and record != expected else record == expected
            expected, gap = record + 1, False
    assert len([record for record in records if record != NOTICE]) + buffer.discarded + buffer_left(buffer) == offered


def buffer_left(buffer: TransferBuffer[int]) -> int:
    return len([record for record in buffer.take(at_once=True) or () if record != NOTICE])


@given(st.integers(1, 4), st.lists(st.sampled_from(["insert", "sent", "later"]), max_size=200))
def test_complete_delivers_everything_in_order(size: int, steps: list[str]) -> None:
    buffer, taken, offered, now = complete(size), [], 0, 0.0
    for step in steps:
        if step == "insert" and buffer.room:
            buffer.insert(offered, now)
            offered += 1
        elif step == "sent":
            buffer.transmitted()
        elif step == "later":
            now += 5.0
            buffer.on_timer(now)
        taken += buffer.take() or ()
    assert [*taken, *(buffer.take(at_once=True) or ())] == list(range(offered))
