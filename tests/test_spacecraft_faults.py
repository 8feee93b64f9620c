"""Faults that the simulated spacecraft can have, what they do, and that the same inputs give the same spacecraft again."""

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import DataError, UsageError
from aelita.spacecraft import (
    BitErrors,
    ClockJump,
    CorruptMemory,
    DropReport,
    Fault,
    Injected,
    Mode,
    ReceiverOff,
    RefuseAcceptance,
    Reset,
    SafeMode,
    Spacecraft,
    Taken,
    Uplinked,
    decode_input,
    encode_input,
    freeze,
    thaw,
)
from aelita.time import SECOND
from spacecraft_material import RATE, SPACECRAFT_ID, T0, Ground, Heard, cltu, definition, iso, listen, request, twin


def with_fault(fault: Fault, *packets: bytes, frames: int = 15) -> tuple[Spacecraft, Heard]:
    craft = twin()
    craft.inject(Injected(T0, fault))
    craft.frame()
    Ground().ask(craft, *packets)
    return craft, listen(craft, frames)


def test_a_deaf_receiver_hears_nothing_until_it_is_on_again() -> None:
    craft, heard = with_fault(ReceiverOff(5.0), request(1, 17, 1))
    assert not heard.reports(1) and craft.receiver.counters["uplinks_unheard"] == 1
    Ground(iv=1).ask(craft, request(2, 17, 1))
    assert listen(craft, 6).stages(2) == [1, 3, 7]


def test_wrong_bits_on_the_way_up_cost_commands_and_never_change_one() -> None:
    craft, heard = with_fault(BitErrors(0.004), *(request(n, 8, 1, b"\x06") for n in range(30)), frames=80)
    done = [n for n in range(30) if heard.stages(n)]
    assert 0 < len(done) < 30 and all(heard.stages(n) == [1, 3, 7] for n in done)
    assert craft.receiver.counters["corrected_bits"] > 0


def test_corrupted_memory_has_another_checksum() -> None:
    place = struct.pack(">BII", 7, 0, 100)
    _, well = with_fault(CorruptMemory(7, 5, 0), request(1, 6, 9, place))
    _, ill = with_fault(CorruptMemory(7, 5, 0x10), request(1, 6, 9, place))
    assert (
        well.reports(6, 10)[0][16:25] == ill.reports(6, 10)[0][16:25]
        and well.reports(6, 10)[0][25:] != ill.reports(6, 10)[0][25:]
    )


@pytest.mark.parametrize("keep", [True, False])
def test_a_reset_forgets_v_r_working_memory_and_perhaps_the_schedule(keep: bool) -> None:
    craft, ground = twin(), Ground()
    at = 0x0D888000 * 65536 + 120 * 65536
    data = b"abcd"
    load = struct.pack(">BII", 6, 0, 4) + data + iso(data)
    ground.send(craft, ground.frame(request(1, 17, 1), 0))
    ground.ask(craft, request(2, 11, 4, b"\x01" + at.to_bytes(6) + request(50, 17, 1)), request(3, 6, 2, load))
    listen(craft, 10)
    assert craft.board.memories[6][:4] == data and craft.receiver.farm.expected_number == 1
    craft.inject(Injected(T0 + 20 * SECOND, Reset(keep)))
    heard = listen(craft, 15)
    assert craft.receiver.farm.expected_number == 0 and not any(craft.board.memories[6]) and any(craft.board.memories[7])
    assert [one[16:18] for one in heard.reports(5, 3)] == [b"\xf0\x10"]
    assert listen(craft, 130).stages(50) == ([1, 3, 7] if keep else [])
    ground.iv = 0
    ground.ask(craft, request(4, 17, 1))
    listen(craft, 5)
    assert craft.receiver.counters["security_refused"] == 1  # what security remembers outlives the reset


def test_a_reset_in_the_middle_of_a_request_leaves_it_without_completion() -> None:
    craft, ground = twin(), Ground()
    ground.ask(craft, request(1, 8, 1, b"\x06"))  # takes 20 s
    craft.inject(Injected(T0 + 10 * SECOND, Reset()))
    assert listen(craft, 60).stages(1) == [1, 3]


def test_acceptance_is_refused_with_the_code_wished_and_then_no_more() -> None:
    _, heard = with_fault(RefuseAcceptance(2, 99), *(request(n, 17, 1) for n in range(3)))
    assert [heard.stages(n) for n in range(3)] == [[2], [2], [1, 3, 7]] and heard.failure(0) == 99


@pytest.mark.parametrize("stage", [1, 3, 7])
def test_a_report_that_was_dropped_is_all_that_is_missing(stage: int) -> None:
    _, heard = with_fault(DropReport(stage), request(1, 17, 1), request(2, 17, 1))
    assert heard.stages(1) == [one for one in (1, 3, 7) if one != stage] and heard.stages(2) == [1, 3, 7]
    assert len(heard.reports(17)) == 2


def test_a_clock_that_jumps_releases_what_became_due() -> None:
    craft, ground = twin(), Ground()
    at = 0x0D888000 * 65536 + 500 * 65536
    ground.ask(craft, request(1, 11, 4, b"\x01" + at.to_bytes(6) + request(50, 17, 1)))
    listen(craft, 10)
    craft.inject(Injected(T0 + 20 * SECOND, ClockJump(600 * 65536)))
    heard = listen(craft, 20)
    assert heard.stages(50) == [1, 3, 7]
    (event,) = heard.reports(5, 3)
    assert event[16:23] == b"\xf0\x12" + (600 * 65536).to_bytes(5)
    assert int.from_bytes(event[10:16]) > at


def test_safe_mode_by_itself_is_told_at_high_severity() -> None:
    craft, heard = with_fault(SafeMode())
    heard = Heard()
    craft = twin()
    craft.inject(Injected(T0 + SECOND, SafeMode()))
    listen(craft, 5, heard)
    assert craft.mode is Mode.SAFE and len(heard.reports(5, 4)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        BitErrors(1.5), BitErrors(float("nan")), ReceiverOff(-1.0), CorruptMemory(9, 0, 1), CorruptMemory(6, 65536, 1), CorruptMemory(6, 0, 256),
        RefuseAcceptance(0), RefuseAcceptance(1, 300), DropReport(9), ClockJump(1 << 41),
    ],
)  # fmt: skip
def test_a_fault_that_cannot_be_is_refused(fault: Fault) -> None:
    with pytest.raises(UsageError, match="cannot happen"):
        twin().inject(Injected(T0, fault))


FAULTS = st.one_of(
    st.builds(BitErrors, st.floats(0, 1)), st.builds(ReceiverOff, st.floats(0, 60)), st.builds(Reset, st.booleans()),
    st.builds(CorruptMemory, st.just(6), st.integers(0, 65535), st.integers(0, 255)), st.builds(SafeMode),
    st.builds(RefuseAcceptance, st.integers(1, 3), st.integers(0, 255)), st.builds(DropReport, st.sampled_from([1, 3, 7])),
    st.builds(ClockJump, st.integers(-(1 << 30), 1 << 30)),
)  # fmt: skip
INPUTS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 60), FAULTS),
        st.tuples(
            st.integers(0, 60),
            st.sampled_from([(17, 1, b""), (6, 5, b"\x07" + bytes(7) + b"\x40"), (8, 1, b"\x01"), (8, 1, b"\x04")]),
        ),
    ),
    max_size=8,
)


@given(INPUTS, st.integers(1, 90))
@settings(max_examples=40, deadline=None)
def test_a_spacecraft_is_the_same_again_from_its_inputs(given_: list[tuple[int, object]], stop: int) -> None:
    craft, ground, lines, frames = twin(), Ground(), [], []
    events = sorted(enumerate(given_), key=lambda one: (one[1][0], one[0]))
    for number, (second, what) in events:
        while craft.next_frame_ns() < T0 + second * SECOND:
            frames.append(craft.frame())
        at = T0 + second * SECOND + SECOND // 3
        if isinstance(what, tuple):
            octets = b"\x55" * 16 + cltu(ground.frame(request(number, *what)))
            taken = craft.receive(Uplinked(at, RATE, octets))
        else:
            taken = craft.inject(Injected(at, what))  # type: ignore[arg-type]
        lines.append(encode_input(taken))
    while len(frames) < 91:
        frames.append(craft.frame())
    again = twin()
    kept = [decode_input(line) for line in lines]
    until = T0 + stop * SECOND
    again.replay([one for one in kept if one.taken_ns <= until], until)
    rest = [one for one in kept if one.taken_ns > until]
    for one in rest:
        while again.next_frame_ns() <= one.taken_ns:
            assert again.frame() == frames[again.frames - 1]
        again.receive(one.input) if isinstance(one.input, Uplinked) else again.inject(one.input)
    while again.frames < 91:
        assert again.frame() == frames[again.frames - 1]


def test_only_a_new_spacecraft_is_brought_to_another_s_state() -> None:
    craft = twin()
    craft.frame()
    with pytest.raises(UsageError, match="only a new"):
        craft.replay([], T0)


@given(st.integers(0, 2**60), FAULTS)
def test_inputs_come_back_from_their_lines(at: int, fault: Fault) -> None:
    for one in (Taken(at, Injected(at + 5, fault)), Taken(at, Uplinked(at, RATE / 3, b"abc"))):
        line = encode_input(one)
        assert "\n" not in line and decode_input(line) == one


@pytest.mark.parametrize(
    "line",
    [
        "", "{}", "[]", "nonsense", '{"taken_ns":1,"kind":"uplink","start_ns":1,"rate":"0/1","octets":"00"}',
        '{"taken_ns":1,"kind":"uplink","start_ns":1,"rate":"1/0","octets":"00"}',
        '{"taken_ns":1,"kind":"uplink","start_ns":1,"rate":"5","octets":""}', '{"taken_ns":1,"kind":"Meteorite","at_ns":1,"with":{}}',
        '{"taken_ns":1,"kind":"Reset","at_ns":1,"with":{"keep_schedule":"yes"}}', '{"taken_ns":1,"kind":"Reset","at_ns":1,"with":{"much":1}}',
        '{"taken_ns":1,"kind":"DropReport","at_ns":1,"with":{"stage":1.5}}',
    ],
)  # fmt: skip
def test_a_damaged_line_is_no_input(line: str) -> None:
    with pytest.raises(DataError, match="no input of a spacecraft"):
        decode_input(line)


def test_a_long_silence_changes_nothing_but_counts() -> None:
    craft = twin()
    heard = listen(craft, 3000)
    assert len(heard.words) == 3000 and len(set(heard.words)) == 1
    assert all(int.from_bytes(one[:2]) & 0x7FF in (0x7FF, 0xB3, 0) for one in heard.packets)
    assert definition().channel.spacecraft_id == SPACECRAFT_ID


@given(INPUTS)
@settings(max_examples=30, deadline=None)
def test_a_thawed_spacecraft_goes_on_as_the_frozen_one(given_: list[tuple[int, object]]) -> None:
    craft, ground = twin(), Ground()
    ground.ask(craft, request(90, 11, 4, b"\x01" + (0x0D888000 * 65536 + 200 * 65536).to_bytes(6) + request(50, 17, 1)))
    for number, (second, what) in enumerate(given_):
        at = T0 + second * SECOND + SECOND // 3
        if isinstance(what, tuple):
            craft.receive(Uplinked(at, RATE, b"\x55" * 16 + cltu(ground.frame(request(number, *what)))))
        else:
            craft.inject(Injected(at, what))  # type: ignore[arg-type]
    assert not given_ or freeze(craft) is None
    while craft.frames < 100 or (frozen := freeze(craft)) is None:
        craft.frame()
    again = twin()
    thaw(again, json.loads(json.dumps(frozen)))
    for one in (craft, again):
        one.receive(
            Uplinked(craft.now_ns + SECOND, RATE, b"\x55" * 16 + cltu(Ground(iv=ground.iv).frame(request(99, 15, 12, b"\0"))))
        )
    assert [again.frame() for _ in range(150)] == [craft.frame() for _ in range(150)]


@pytest.mark.parametrize(
    "damage", [{"form": 9}, {"seed": 2}, {"farm": {}}, {"board": {}}, {"downlink": None}, {"segments": {"x": "y"}}]
)
def test_a_damaged_state_is_refused(damage: dict[str, object]) -> None:
    frozen = freeze(twin())
    assert frozen is not None
    with pytest.raises(DataError, match="kept state"):
        thaw(twin(), {**frozen, **damage})
