"""Held and blocked queues keep back what COP-1 would still send: nothing is transferred any more, and each request says so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import Reader, Service, State
from aelita.errors import UsageError
from aelita.link import ControlWord, InitiateWithoutCheck
from aelita.time import SECOND
from gate_material import NOW, PING, PROBE, prepared
from test_commanding_commander import BY, Side, agree, both, state_of

MANY = tuple(bytes([0x18, 5, 0xC0, number, 3, 0x83]) + bytes(900) for number in range(30))


def at_work(packets: tuple[bytes, ...] = MANY) -> tuple[Side, Side]:
    """Return two agencies of which one sends more frames in sequence than the window of COP-1 lets go at once."""
    us, them = both()
    us.commander.gate.line(PROBE).direct(InitiateWithoutCheck("initiate"), NOW)
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared("r1", packets, service=Service.AD)
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    assert us.sent
    return us, them


def word(number: int, **more: bool) -> ControlWord:
    return ControlWord(virtual_channel=0, report_value=number & 255, **more)


def reasons(side: Side) -> list[str]:
    return [str(e.body["reason"]) for e in Reader("us").feed(bytes(side.disk)) if e.kind == "refused"]


@pytest.mark.parametrize("action", ["hold", "block"])
def test_nothing_is_transferred_after_a_queue_was_held_or_blocked(action: str) -> None:
    us, _ = at_work()
    gone, line = len(us.sent), us.commander.gate.line(PROBE)
    waiting = line.pending
    assert waiting and state_of(us) is State.SENDING
    told = us.does(us.commander.queue(PROBE, action, BY, NOW + 1))
    assert any(f"{len(waiting)} data units of r1" in note for note in told.notes)
    us.does(us.commander.control_word(PROBE, word(gone // 2), NOW + 2))  # there is room in the window
    us.does(us.commander.control_word(PROBE, word(gone // 2, retransmit=True), NOW + 3))  # and the receiver wants some again
    deadline = line.next_deadline()
    assert deadline is not None
    us.does(us.commander.on_timer(deadline))
    assert len(us.sent) == gone
    one = us.commander.standing.board.requests["r1"]
    if action == "hold":
        assert line.pending == waiting and one.state is State.SENDING  # never sent: a part of it waits
    else:
        assert line.pending == () and one.state is State.FAILED
        assert reasons(us) == ["the queue was blocked before it was sent"] * len(waiting)
        assert {name for name, state in one.units.items() if state is State.REFUSED} == set(waiting)


def test_what_waited_goes_on_when_the_queue_is_released_and_what_was_acknowledged_does_not_go_again() -> None:
    us, _ = at_work()
    line, gone = us.commander.gate.line(PROBE), len(us.sent)
    us.does(us.commander.queue(PROBE, "hold", BY, NOW))
    us.does(us.commander.control_word(PROBE, word(0, retransmit=True), NOW))
    us.does(us.commander.control_word(PROBE, word(gone), NOW))  # they came after all
    us.does(us.commander.queue(PROBE, "release", BY, NOW))
    new = us.sent[gone:]
    assert new and not any(one.again for one in new) and line.fop.waiting is None
    while line.pending:
        us.does(us.commander.control_word(PROBE, word(len(us.sent)), NOW))
    us.does(us.commander.control_word(PROBE, word(len(us.sent)), NOW))
    assert state_of(us) is State.RECEIVED and len(us.sent) == line.frames_of(MANY)


def test_a_blocked_request_of_which_nothing_went_is_refused_as_a_whole() -> None:
    us, them = at_work()
    second = prepared("r2", tuple(one[:-1] + b"2" for one in MANY[:2]), service=Service.AD)
    them.does(them.commander.request(second, NOW))
    agree(us, them, second)
    assert state_of(us, "r2") is State.RELEASED
    us.does(us.commander.queue(PROBE, "block", BY, NOW))
    assert (state_of(us), state_of(us, "r2")) == (State.FAILED, State.REFUSED)


def test_a_service_that_ends_while_its_queue_is_held_leaves_nothing_open_or_said_to_be_sent() -> None:
    us, _ = at_work()
    gone = len(us.sent)
    us.does(us.commander.queue(PROBE, "hold", BY, NOW))
    line = us.commander.gate.line(PROBE)
    while (deadline := line.next_deadline()) is not None:
        us.does(us.commander.on_timer(deadline))
    assert len(us.sent) == gone and not line.pending and not line.fop.outstanding
    one = us.commander.standing.board.requests["r1"]
    assert set(one.units.values()) == {State.UNKNOWN, State.REFUSED} and len(one.units) == line.frames_of(MANY)
    us.does(us.commander.queue(PROBE, "release", BY, NOW + 10_000 * SECOND))
    assert len(us.sent) == gone  # what was given up does not go


def test_one_request_that_went_already_cannot_be_held_alone() -> None:
    us, _ = at_work((PING,))
    with pytest.raises(UsageError, match="request r1 is sending"):
        us.commander.queue(PROBE, "hold", BY, NOW, "r1")


def test_a_queue_stays_as_it_was_over_a_restart() -> None:
    us, them = at_work()
    us.does(us.commander.queue(PROBE, "hold", BY, NOW))
    us.sent.clear()
    us.start(tuple(Reader("them").feed(bytes(them.disk))))
    us.does(us.commander.line_up(PROBE, NOW))
    us.does(us.commander.on_timer(NOW))
    assert us.sent == [] and not us.commander.gate.may_go(PROBE)


STEPS = st.lists(st.sampled_from(("hold", "block", "release", "word", "lose", "timer")), max_size=30)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_whatever_people_and_the_link_do_nothing_goes_while_it_may_not_and_all_goes_once_and_in_order(steps: list[str]) -> None:
    us, _ = at_work(MANY[:12])
    line, numbers = us.commander.gate.line(PROBE), list(range(12))
    taken, now, is_open, expected = 0, NOW, True, 0
    arrived: list[int] = []
    for step in steps:
        now += 1
        before = len(us.sent)
        if step in ("hold", "block", "release"):
            try:
                us.does(us.commander.queue(PROBE, step, BY, now))
                is_open = step == "release"
            except UsageError:
                assert step == "hold"
        elif step == "timer":
            now = max(now, line.next_deadline() or now)
            us.does(us.commander.on_timer(now))
        else:
            for one in us.sent[taken:]:  # one after the other; what is lost is the first of them
                number = int(one.identity.rpartition("/")[2])
                if step == "lose" and one is us.sent[taken]:
                    continue
                if number == expected:
                    arrived.append(number)
                    expected += 1
            taken = len(us.sent)
            us.does(us.commander.control_word(PROBE, word(expected, retransmit=step == "lose"), now))
        if not is_open:
            assert len(us.sent) == before
    assert arrived == numbers[: len(arrived)]
    if len({one.identity for one in us.sent}) < line.frames_of(MANY[:12]):
        assert state_of(us) in (State.SENDING, State.UNKNOWN, State.FAILED)
