"""What crosses: journals of two agencies in any order, loans that end while frames wait, another agency's odd or false entries."""

from dataclasses import replace
from typing import Any

import pytest

from aelita.commanding import (
    Act,
    Audit,
    Call,
    CommandRequest,
    Credential,
    Entry,
    Grant,
    Holding,
    Journal,
    Keyring,
    PreparedCommand,
    Requester,
    Revocation,
    Service,
    Standing,
    State,
    body_of,
    conclude,
    credential_body,
    key_id,
    revocation_body,
)
from aelita.errors import DataError, UsageError
from aelita.link import ControlWord, InitiateWithoutCheck
from aelita.time import SECOND
from gate_material import DIRECTOR, NOW, OURS, PING, PROBE, THEIRS, gate, prepared
from test_commanding_commander import BY, PEOPLE, SHARED, Side, agree, both, mirror, state_of

DORA = Requester("us", "moc", "flight-director", "dora")
MANY = tuple(bytes([0x18, 5, 0xC0, number, 3, 0x83]) + bytes(900) for number in range(30))


def own(name: str = "u1", **other: Any) -> PreparedCommand:
    """Return a request of our own flight director."""
    made = prepared(name)
    return replace(made, request=replace(made.request, requester=DORA), **other)


def says(side: Side, kind: str, **body: Any) -> Entry:
    """Have a side write whatever it likes into its journal."""
    entry = side.commander._write(kind, body, NOW)
    side.disk += entry.octets
    return entry


def lend(us: Side, them: Side) -> None:
    """Have us lend the probe to them."""
    us.does(us.commander.lend("probe", "offer", NOW, who=DIRECTOR, borrower="them", end_ns=NOW + 1000 * SECOND))
    mirror(us, them)
    them.does(them.commander.lend("probe", "accept", NOW, who=THEIRS))
    mirror(them, us)
    mirror(us, them)
    assert us.commander.standing.holder(PROBE, "", NOW).agency == "them"


def test_frames_that_wait_do_not_go_once_the_spacecraft_is_lent() -> None:
    us, them = both()
    line = us.commander.gate.line(PROBE)
    line.direct(InitiateWithoutCheck("initiate"), NOW)
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared("r1", MANY, service=Service.AD)
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    sent = len(us.sent)
    assert sent and line.pending
    lend(us, them)
    word = ControlWord.decode(line.link.virtual_channel << 18 | sent)  # all that went is acknowledged: there is room for more
    us.does(us.commander.control_word(PROBE, word, NOW))
    us.does(us.commander.on_timer(NOW + 900 * SECOND))  # and the timer would have some of it again
    assert len(us.sent) == sent and not line.is_at_work
    one = us.commander.standing.board.requests["r1"]
    assert set(one.units.values()) == {State.UNKNOWN, State.REFUSED} and len(one.units) == line.frames_of(MANY)


def test_a_cltu_may_not_be_radiated_after_the_loan() -> None:
    held, asked = gate(), prepared()
    passed = held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, replace(OURS, until_ns=NOW + SECOND), NOW)
    (released,) = [one for one in held.send(passed, NOW) if hasattr(one, "latest_ns")]  # type: ignore[arg-type]
    assert released.latest_ns == NOW + SECOND
    us, them = both()
    lend(us, them)
    assert them.commander.standing.holder(PROBE, "", NOW) == Holding("them", 1, NOW + 1000 * SECOND)


def test_a_directive_may_be_given_again() -> None:
    held = gate()
    for name in ("d1", "d2"):
        asked = CommandRequest(name, PROBE, (Call("/COP-1/initiate"),), prepared().request.requester, NOW)
        one = PreparedCommand(asked, (), 0, 1, "none", (), "initiate")
        assert not hasattr(held.release(one, PEOPLE.all_say(one), PEOPLE.keyring, OURS, NOW), "reasons")


@pytest.mark.parametrize("said", ["expired", "withdrawn", "reject"])
@pytest.mark.parametrize("order", ["theirs first", "as it came", "ours first"])
def test_what_was_radiated_is_so_in_whatever_order_journals_come(said: str, order: str) -> None:
    asked, ours, theirs = prepared(), Journal("us"), Journal("them")
    begun = theirs.append("request", body_of(asked), NOW)
    late = {"request": "r1", "statement": {"act": "reject"}} if said == "reject" else {"request": "r1"}
    ended = theirs.append("statement" if said == "reject" else said, late, NOW + 9)
    sending = {"cltu": 1, "request": "r1", "identity": "r1/0", "spacecraft": PROBE}
    gone = [
        ours.append("released", {"request": "r1", "digest": asked.digest}, NOW + 5), ours.append("sending", sending, NOW + 5),
        ours.append("radiated", {"cltu": 1, "request": "r1", "spacecraft": PROBE}, NOW + 6),
    ]  # fmt: skip
    orders = {
        "theirs first": [begun, ended, *gone], "as it came": [begun, *gone, ended], "ours first": [*gone, begun, ended],
    }  # fmt: skip
    standing = Standing("us", SHARED, PEOPLE.public)
    for entry in orders[order]:
        standing.take(entry)
    assert standing.board.requests["r1"].state is State.RADIATED


def test_only_whose_gate_let_a_request_go_tells_what_became_of_it() -> None:
    us, them = both()
    asked = prepared()
    us.does(us.commander.line_up(PROBE, NOW))
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    mirror(us, them)
    says(them, "verified", request="r1", index=0, stage="completion", succeeded=True)
    says(them, "lost", request="r1", cltu=1)
    mirror(them, us)
    assert state_of(us) is state_of(them) is State.SENDING


def test_another_agency_cannot_revoke_a_key_before_its_credential_is_known() -> None:
    key = PEOPLE.keys["dora"].public_key()
    made = Credential(key.public_bytes_raw(), "us", "moc", "dora", ("flight-director",), NOW, NOW, NOW + SECOND)
    body = credential_body(made, PEOPLE.agencies["us"])
    theirs, ours = (revocation_body(Revocation(key_id(key), agency, NOW), PEOPLE.agencies[agency]) for agency in ("them", "us"))
    ring = Keyring().with_revocation(theirs, PEOPLE.public)
    assert made.key in ring.with_credential(body, PEOPLE.public).credentials
    for both_said in ((ours, theirs), (theirs, ours)):
        ring = Keyring()
        for one in both_said:
            ring = ring.with_revocation(one, PEOPLE.public)
        with pytest.raises(DataError, match="was revoked"):
            ring.with_credential(body, PEOPLE.public)


@pytest.mark.parametrize(
    "more", [{"junk": 1}, {"v": 1, "agency": "them", "n": 1, "hash": "0" * 64, "at_ns": 1, "signature": "0" * 128}]
)
def test_a_countersignature_that_is_none_does_not_get_into_our_journal(more: dict[str, Any]) -> None:
    us, them = both()
    says(them, "countersign", of="us", **more)
    with pytest.raises(DataError):
        mirror(them, us)
    audit = Audit("us", rules=SHARED, keys=PEOPLE.public)
    audit.feed(bytes(us.disk))
    assert conclude(audit).clean


def test_an_owner_whose_clock_is_ahead_does_not_open_the_queue_of_the_borrower() -> None:
    us, them = both()
    lend(us, them)
    them.does(them.commander.queue(PROBE, "hold", BY, NOW))
    entry = us.commander._write("queue", {"spacecraft": PROBE, "action": "release"}, NOW + 2000 * SECOND)
    us.disk += entry.octets
    mirror(us, them)
    assert them.commander.standing.queue(PROBE).valve == "held"


def test_a_request_that_partners_could_not_be_told_of_is_refused() -> None:
    us, _ = both()
    with pytest.raises(UsageError, match="too large"):
        us.commander.request(own(packets=tuple(PING + bytes(1000) for _ in range(300))), NOW)
    with pytest.raises(UsageError, match="too large"):
        Journal("us").append("note", {"text": "x" * (1 << 20)}, NOW)


@pytest.mark.parametrize("times", [{"latest_ns": 1 << 64}, {"execute_ns": 1 << 63}, {"earliest_ns": -1}, {"at_ns": 1 << 70}])
def test_times_beyond_what_a_journal_can_hold_are_refused(times: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="calendars"):
        replace(prepared().request, **times)


def test_a_request_that_lacked_something_goes_as_soon_as_it_is_said_or_its_time_comes() -> None:
    us, them = both()
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    mirror(them, us)
    for person, act in (("chris", Act.CHECK), ("peter", Act.APPROVE)):
        signed = PEOPLE.says(person, act, asked, not_before_ns=NOW + 5 * SECOND if person == "peter" else NOW)
        side = them if person == "peter" else us
        entry = side.commander._write("statement", signed.body(), NOW)
        side.disk += entry.octets
    us.does(us.commander.line_up(PROBE, NOW))
    assert us.commander.standing.hopeful(PROBE, NOW) == [] and us.commander.standing.waiting(PROBE)
    mirror(them, us)  # the approval came, and is good from a later time on
    says(us, "statement", **PEOPLE.says("dora", Act.RELEASE, asked).body())
    us.does(us.commander.on_timer(NOW + SECOND))
    assert us.sent == []
    us.does(us.commander.on_timer(NOW + 6 * SECOND))
    assert [one.request for one in us.sent] == ["r1"]


def test_a_grant_is_good_for_once() -> None:
    held, asked = gate(), prepared()
    passed = held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW)
    assert isinstance(passed, Grant) and held.send(passed, NOW)
    with pytest.raises(UsageError, match="sent before"):
        held.send(passed, NOW)
