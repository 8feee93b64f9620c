"""What a journal tells of CLTUs: who writes one twice, or after the end of a loan, is found; what COP-1 repeats is no fault."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import Audit, Entry, Report, Service, body_of, conclude
from aelita.link import ControlWord, InitiateWithoutCheck
from aelita.time import SECOND
from gate_material import DIRECTOR, NOW, PING, PROBE, THEIRS, prepared
from test_commanding_commander import PEOPLE, SHARED, Side, agree, mirror
from test_commanding_joint_audit import enrolled, faults

SENT = {"cltu": 1, "request": "r1", "identity": "r1/0", "again": False, "spacecraft": PROBE, "sha256": "0" * 64, "octets": 9}


def judged(side: Side, more: bytes = b"") -> Report:
    made = Audit(side.agency, rules=SHARED, keys=PEOPLE.public)
    made.feed(bytes(side.disk) + more)
    return conclude(made)


def write(side: Side, kind: str, body: dict[str, Any], at: int) -> Entry:
    """Have somebody with the disk of an agency write what they like, in a chain that is whole."""
    entry = side.commander.journal.append(kind, body, at)
    side.disk += entry.octets
    return entry


def flown(service: Service = Service.BD, packets: tuple[bytes, ...] = (PING,)) -> tuple[Side, Side]:
    """Return two agencies of which one sent what the other's people asked for."""
    us, them = enrolled()
    us.commander.gate.line(PROBE).direct(InitiateWithoutCheck("initiate"), NOW)
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared("r1", packets, service=service)
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    assert us.sent and faults(judged(us)) == []
    return us, them


def sent(side: Side) -> dict[str, Any]:
    return side.sent[0].body()


@pytest.mark.parametrize("again", [False, True])
def test_a_unit_that_goes_once_and_was_sent_twice_is_found(again: bool) -> None:
    us, _ = flown()
    write(us, "sending", sent(us) | {"cltu": 2, "again": again}, NOW + 1)
    (found,) = faults(judged(us))
    words = "goes once only: it is not in sequence (BD)" if again else "was sent before, by entry"
    assert "unit r1/0 of request r1" in found and words in found


def test_what_cop_1_sends_again_is_no_fault_and_what_only_looks_so_is() -> None:
    us, _ = flown(Service.AD)
    deadline = us.commander.gate.line(PROBE).next_deadline()
    assert deadline is not None
    us.does(us.commander.on_timer(deadline))
    assert [one.again for one in us.sent] == [False, True] and faults(judged(us)) == []
    for changed, words in (
        ({"again": False}, "was sent before, by entry"), ({"sha256": "0" * 64}, "other octets than entry"),
        ({"identity": "r1/9"}, "nothing tells of it before"),
    ):  # fmt: skip
        honest, disk = us.commander.journal.head, bytes(us.disk)
        write(us, "sending", sent(us) | {"cltu": 9, "again": True} | changed, deadline)
        assert any(words in one for one in faults(judged(us))), words
        us.commander.journal.head, us.disk = honest, bytearray(disk)


def test_a_cltu_for_no_request_is_found() -> None:
    us, _ = flown()
    write(us, "sending", SENT | {"cltu": 2, "request": "", "identity": "x"}, NOW + 1)
    assert any("CLTU 2 was sent for no request" in one for one in faults(judged(us)))


def lend(us: Side, them: Side) -> None:
    us.does(us.commander.lend("probe", "offer", NOW, who=DIRECTOR, borrower="them", end_ns=NOW + 100 * SECOND, by="dora"))
    mirror(us, them)
    them.does(them.commander.lend("probe", "accept", NOW, who=THEIRS))
    mirror(them, us)
    mirror(us, them)


@pytest.mark.parametrize(("after_s", "is_clean"), [(99, True), (100, False), (101, False), (5000, False)])
def test_what_a_borrower_sends_after_the_end_of_its_loan_is_found(after_s: int, is_clean: bool) -> None:
    """Its release was in time; the journal is made to say that a frame of it went again later."""
    us, them = enrolled()
    lend(us, them)
    at, asked = NOW + SECOND, prepared("r1", service=Service.AD)
    write(them, "request", body_of(asked), at)
    released = {"request": "r1", "digest": asked.digest, "spacecraft": PROBE, "statements": [], "epoch": 1, "released_ns": at}
    write(them, "released", released, at)
    write(them, "sending", SENT, at)
    write(them, "sending", SENT | {"cltu": 2, "again": True}, NOW + after_s * SECOND)
    found = [one for one in faults(judged(them)) if "CLTU" in one]
    assert found == [] if is_clean else "CLTU 2 of request r1 was sent to probe, which them did not hold then" in found[0]


def test_what_an_owner_sends_while_it_has_lent_the_spacecraft_is_found() -> None:
    us, them = flown(Service.AD)
    lend(us, them)
    write(us, "sending", sent(us) | {"cltu": 2, "again": True}, NOW + 2)
    assert any("which us did not hold then" in one for one in faults(judged(us)))


MANY = tuple(bytes([0x18, 5, 0xC0, number, 3, 0x83]) + bytes(900) for number in range(6))


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["word", "timer"]), st.integers(0, 12), st.booleans()), max_size=12))
def test_whatever_the_receiver_says_an_honest_gate_writes_a_clean_journal(steps: list[tuple[str, int, bool]]) -> None:
    us, _ = flown(Service.AD, MANY)
    now = NOW
    for what, number, retransmit in steps:
        if what == "timer":
            now = max(now, us.commander.gate.line(PROBE).next_deadline() or now)
            us.does(us.commander.on_timer(now))
        else:
            us.does(
                us.commander.control_word(PROBE, ControlWord(virtual_channel=0, report_value=number, retransmit=retransmit), now)
            )
    assert faults(judged(us)) == []
