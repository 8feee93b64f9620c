"""Large messages over a line that loses, doubles and reorders parts, beside a model that only knows which parts arrived."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import UsageError
from aelita.pus import (
    LARGE_FAILURES,
    LargeComplete,
    LargeFailed,
    LargeMissing,
    LargePart,
    LargeReceiver,
    Widths,
    decode_message,
    encode_message,
    split_message,
)

SECOND = 10**9


def receiver(repeats: bool, **more: int) -> LargeReceiver:
    return LargeReceiver(uplink=False, repeats=repeats, timeout_ns=10 * SECOND, **more)


large = st.builds(
    lambda data, octets: (data, min(octets, len(data) - 1)), st.binary(min_size=2, max_size=60), st.integers(1, 20)
)  # fmt: skip


@given(large, st.booleans(), st.sampled_from("AC"))
def test_parts_over_packets_make_the_message(made: tuple[bytes, int], uplink: bool, variant: str) -> None:
    data, octets = made
    parts = split_message(data, octets, uplink=uplink, transaction=3)
    assert parts[0].position == "first" and parts[-1].position == "last" and b"".join(p.data for p in parts) == data
    taker = LargeReceiver(uplink=uplink, repeats=False, timeout_ns=SECOND)
    events = []
    for part in parts:
        service, subtype, encoded = encode_message(part, variant, Widths())
        assert (service, subtype) == (13, {"first": 1, "intermediate": 2, "last": 3}[part.position] + 8 * uplink)
        again = decode_message(service, subtype, encoded, variant, "request" if uplink else "report", Widths())
        assert isinstance(again, LargePart)
        events += taker.receive(again, 0)
    assert events == [LargeComplete(3, data)] and taker.open == ()


@given(large, st.data())
def test_repeated_parts_fill_any_gap(made: tuple[bytes, int], data: st.DataObject) -> None:
    message, octets = made
    parts = split_message(message, octets, uplink=False, transaction=None)
    order = data.draw(st.lists(st.sampled_from(parts), max_size=3 * len(parts)))
    taker, arrived, done = receiver(True), set[int](), False
    for part in order:
        if done:
            break
        arrived.add(part.number)
        events = taker.receive(part, 0)
        done = len(arrived) == len(parts)
        assert events == ([LargeComplete(None, message)] if done else [])
    if done:
        return
    known = len(parts) if len(parts) in arrived else max(arrived, default=0)
    gaps = tuple(k for k in range(1, known + 1) if k not in arrived)
    assert taker.missing(None) == LargeMissing(False, None, gaps)
    for number in sorted(set(range(1, len(parts) + 1)) - arrived):
        part = parts[number - 1]
        position = "repeated" if number < known else part.position
        events = taker.receive(LargePart(False, position, None, number, part.data), 0)
    assert events == [LargeComplete(None, message)]


@given(large, st.data())
def test_without_repeats_a_loss_is_never_a_message(made: tuple[bytes, int], data: st.DataObject) -> None:
    message, octets = made
    parts = split_message(message, octets, uplink=False, transaction=1)
    kept = data.draw(st.lists(st.booleans(), min_size=len(parts), max_size=len(parts)))
    taker = receiver(False)
    events = [event for part, keep in zip(parts, kept, strict=True) if keep for event in taker.receive(part, 0)]
    completed = [event for event in events if isinstance(event, LargeComplete)]
    assert completed == ([LargeComplete(1, message)] if all(kept) else [])
    late = taker.on_timer(10 * SECOND)
    if not all(kept) and any(kept):
        assert [event for event in [*events, *late] if isinstance(event, LargeFailed)]
    assert taker.open == ()


@given(st.lists(st.builds(
    LargePart, st.just(False), st.sampled_from(["first", "intermediate", "last", "repeated"]), st.sampled_from([None, 1]),
    st.integers(0, 5), st.binary(max_size=3),
), max_size=25), st.booleans())  # fmt: skip
def test_any_parts_in_any_order(parts: list[LargePart], repeats: bool) -> None:
    taker, limit = receiver(repeats, most_octets=8), 8
    for now, part in enumerate(parts):
        for event in taker.receive(part, now * SECOND):
            if isinstance(event, LargeComplete):
                assert len(event.data) <= limit
            else:
                assert event.reason in LARGE_FAILURES
    deadline = taker.next_deadline_ns()
    assert (deadline is None) == (not taker.open)
    if deadline is not None:
        taker.on_timer(deadline + len(parts) * SECOND)
        assert taker.open == () and taker.next_deadline_ns() is None


def part(position: str, number: int, data: bytes = b"ab", transaction: int = 1) -> LargePart:
    return LargePart(False, position, transaction, number, data)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "repeats", "reason"),
    [
        ([part("first", 1), part("intermediate", 3)], False, "gap"),
        ([part("intermediate", 2)], False, "no beginning"),
        ([part("first", 1), part("intermediate", 2), part("intermediate", 2, b"xy")], True, "conflict"),
        ([part("first", 1), part("last", 3), part("intermediate", 4)], True, "conflict"),
        ([part("first", 2)], True, "conflict"),
        ([part("first", 1), part("first", 1, b"xy")], False, "restarted"),
        ([part("first", 1), part("last", 2, bytes(100))], False, "too large"),
    ],
)
def test_failures_name_their_reason(parts: list[LargePart], repeats: bool, reason: str) -> None:
    taker = receiver(repeats, most_octets=50)
    events = [event for p in parts for event in taker.receive(p, 0)]
    assert [event.reason for event in events if isinstance(event, LargeFailed)] == [reason]


def test_silence_and_aborts_end_a_transfer() -> None:
    taker = receiver(True)
    taker.receive(part("first", 1), 0)
    taker.receive(part("last", 4), 3 * SECOND)
    assert taker.next_deadline_ns() == 13 * SECOND and taker.on_timer(13 * SECOND - 1) == []
    assert taker.on_timer(13 * SECOND) == [LargeFailed(1, "timeout", (2, 3), 4)]
    assert taker.abort(1) == []
    taker.receive(part("first", 1), 0)
    assert taker.abort(1) == [LargeFailed(1, "aborted", (), 2)]


def test_numbers_may_begin_with_zero() -> None:
    parts = split_message(b"abcdef", 2, uplink=False, transaction=1, first_number=0)
    assert [p.number for p in parts] == [0, 1, 2]
    taker = LargeReceiver(uplink=False, repeats=True, timeout_ns=SECOND, first_number=0)
    assert taker.receive(parts[0], 0) == [] and taker.receive(parts[2], 0) == []
    assert taker.missing(1).numbers == (1,)
    assert taker.receive(parts[1], 0) == [LargeComplete(1, b"abcdef")]


def test_what_is_not_large_is_refused() -> None:
    with pytest.raises(UsageError, match="no large message"):
        split_message(b"abc", 3, uplink=True, transaction=1)
    with pytest.raises(UsageError, match="other way"):
        receiver(True).receive(LargePart(True, "first", 1, 1, b""), 0)
