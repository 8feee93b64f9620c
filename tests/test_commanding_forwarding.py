"""Files that one agency forwards for another go when both say so: the rules of the carrier's gate, and the owner's go."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import ForwardFile, Reader, Standing, State
from aelita.errors import DataError, UsageError
from api_command_material import both as centres
from gate_material import NOW, PROBE, prepared
from spacecraft_material import request
from test_commanding_commander import PEOPLE, SHARED, Side, agree, both, mirror, state_of

PACKETS = tuple(request(n, 17, 1, b"sol" + bytes([n]), apid=5) for n in range(3))
FILE = ForwardFile("sol-12", "them", "lander", PROBE, b"".join(PACKETS))


def say(side: Side, event: str, now: int = NOW, file: ForwardFile = FILE) -> None:
    side.does(side.commander.forward(file, event, "dora", "", now))


def asked_for(us: Side, them: Side, packets: tuple[bytes, ...] = PACKETS, name: str = "r1") -> None:
    """Have everybody whom the rules of the carrier name agree to a request."""
    asked = prepared(name, packets)
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)


def ready() -> tuple[Side, Side]:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    say(us, "receive")
    say(us, "check", NOW + 1)
    mirror(us, them)
    return us, them


def test_a_file_goes_once_its_agency_and_the_carrier_say_go() -> None:
    us, them = ready()
    asked_for(us, them)
    assert us.sent == [] and state_of(us) is State.WAITING
    assert us.commander.against(us.commander.standing.board.requests["r1"].prepared, NOW) == [
        "it carries forward file sol-12, which is checked, not go for them"
    ]
    say(them, "go", NOW + 2)
    mirror(them, us)
    us.does(us.commander.on_timer(NOW + 3))
    assert {one.request for one in us.sent} == {"r1"}
    assert str(us.commander.standing.forwards.forward(FILE.digest).state) == "forwarded"


def test_the_go_of_its_agency_alone_lets_nothing_go() -> None:
    us, them = ready()
    say(them, "go", NOW + 2)
    mirror(them, us)
    them.does(them.commander.request(prepared("r1", PACKETS), NOW))
    mirror(them, us)
    us.does(us.commander.on_timer(NOW + 3))
    assert us.sent == []


@pytest.mark.parametrize("packets", [PACKETS[1:2], (b"\x1c\x0a\xc0\0\0\x20" + PACKETS[0] + PACKETS[1],), PACKETS[::-1]])
def test_no_part_of_a_file_goes_without_its_go_however_it_is_wrapped(packets: tuple[bytes, ...]) -> None:
    us, them = ready()
    asked_for(us, them, packets)
    us.does(us.commander.on_timer(NOW + 3))
    assert us.sent == []


def test_the_carrier_cannot_say_go_for_the_owner_nor_the_owner_for_other_octets() -> None:
    us, them = ready()
    with pytest.raises(UsageError, match="'go' is them's to say, not us's"):
        say(us, "go", NOW + 2)
    forged = {**FILE_GO, "agency": "them"}
    us.disk += us.commander.journal.append("forward", forged, NOW + 2).octets  # in its own journal, in another's name
    us.commander.standing.take(Reader("us").feed(bytes(us.disk))[-1])
    other = ForwardFile("sol-12", "them", "lander", PROBE, PACKETS[0])
    say(them, "go", NOW + 2, other)
    mirror(them, us)
    asked_for(us, them)
    us.does(us.commander.on_timer(NOW + 5))
    assert us.sent == []


FILE_GO = {"file": "sol-12", "digest": FILE.digest, "event": "go", "at_ns": NOW + 2, "by": "eve", "why": "", "owner": "them"}


def test_a_file_is_received_once_and_its_octets_are_those_of_its_digest() -> None:
    us, _ = ready()
    with pytest.raises(UsageError, match="is there already"):
        say(us, "receive", NOW + 2)
    with pytest.raises(DataError, match="no telecommand packet"):
        say(us, "receive", NOW + 2, ForwardFile("x", "them", "lander", PROBE, b"\0" * 16))
    with pytest.raises(UsageError, match="too large for a journal"):
        say(us, "receive", NOW + 2, ForwardFile("x", "them", "lander", PROBE, PACKETS[0] * 40_000))
    with pytest.raises(UsageError, match="no forward file"):
        say(us, "check", NOW + 2, ForwardFile("x", "them", "lander", PROBE, PACKETS[0]))
    body = {**FILE_GO, "event": "receive", "lander": "lander", "orbiter": PROBE, "octets": "00" * 9}
    us.commander.standing.take(us.commander.journal.append("forward", body, NOW + 3))
    assert "other octets than its digest" in us.commander.standing.odd[-1][1]


EVENTS = st.lists(st.tuples(st.sampled_from(("go", "no go", "withdraw", "check", "reject")), st.booleans()), max_size=10)


@settings(max_examples=60, deadline=None)
@given(events=EVENTS, order=st.booleans())
def test_whatever_is_said_a_file_goes_only_while_its_owner_says_go(events: list[tuple[str, bool]], order: bool) -> None:
    us, them = ready()
    asked_for(us, them)
    state, at = "checked", NOW + 10
    for event, is_theirs in events:
        at += 1
        try:
            say(them if is_theirs else us, event, at)
        except UsageError:
            continue
        theirs = event in ("go", "no go", "withdraw")
        if theirs == is_theirs:
            state = {
                ("checked", "go"): "go", ("go", "no go"): "checked", ("checked", "withdraw"): "withdrawn", ("go", "withdraw"): "withdrawn",
                ("checked", "reject"): "rejected",
            }.get((state, event), state)  # fmt: skip
        mirror(them, us)
        gone = bool(us.sent)
        us.does(us.commander.on_timer(at))
        assert bool(us.sent) is (gone or state == "go")
        if us.sent:
            break
    journals = {"us": us, "them": them}
    standing = Standing("us", SHARED, PEOPLE.public)
    for name in ("us", "them") if order else ("them", "us"):  # as a restart reads them
        for entry in Reader(name).feed(bytes(journals[name].disk)):
            standing.take(entry)
    assert standing.forwards.forward(FILE.digest).may_go is (state == "go" and not us.sent) or (us.sent and order)


def test_what_a_service_claims_without_the_word_of_its_agency_is_no_go(tmp_path: Path) -> None:
    with centres(tmp_path) as two:
        desk = two.esa.service._desk
        said = {
            "file": "sol-12",
            "owner": "roscosmos",
            "lander": "sp",
            "orbiter": "tgo-sim",
            "octets": FILE.octets.hex(),
            "by": "vera",
        }
        with pytest.raises(UsageError, match="does not vouch"):
            desk.do("forward", {**said, "event": "receive"})
        for event in ("receive", "check"):
            assert desk.do("forward", two.esa.vouched("forward", {**said, "event": event}))["digest"] == FILE.digest
        with pytest.raises(UsageError, match="'go' is roscosmos's to say, not esa's"):
            desk.do("forward", two.esa.vouched("forward", {**said, "event": "go"}))
        two.mirror()
        two.roscosmos.service._desk.do("forward", two.roscosmos.vouched("forward", {**said, "event": "go"}))
        two.mirror()
        assert two.esa.service.standing.forwards.forward(FILE.digest).may_go
