"""Where requests stand, from entries of journals: the whole way, odd entries, and any order of any entries."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.commanding import (
    FOR_EVER,
    Board,
    Call,
    CommandRequest,
    PreparedCommand,
    Requester,
    Service,
    State,
    Told,
    body_of,
    digest_of,
    prepared_from,
)
from aelita.errors import DataError, UsageError

VERA = Requester("them", "iki", "instrument-operator", "vera")


def prepared(
    name: str = "r1", packets: tuple[bytes, ...] = (b"\x18\x05\xc0\x00\x00\x01\xaa\xbb",), **more: Any
) -> PreparedCommand:
    asked = CommandRequest(name, "probe", (Call("/P/ping", (("text", "hé"),)),), VERA, 1_000, **more)
    return PreparedCommand(asked, packets, 0, 1, "critical", ("Ask whether it is alive.",))


def told(kind: str, agency: str = "us", at: int = 0, **body: Any) -> Told:
    return Told(at, agency, kind, {"request": "r1", **body})


def begun(**more: Any) -> Board:
    board = Board()
    board.take(Told(1_000, "them", "request", body_of(prepared(**more))))
    return board


def test_a_prepared_command_comes_back_from_its_journal_and_altered_octets_do_not() -> None:
    one = prepared(service=Service.AD, earliest_ns=5, latest_ns=9, execute_ns=77, comment="go")
    body = body_of(one)
    assert prepared_from(body) == one and one.octets == 8
    for key, value in (
        ("packets", ["00"]),
        ("latest_ns", 10),
        ("spacecraft", "other"),
        ("service", "BD"),
        ("vcid", 1),
        ("map", None),
    ):
        with pytest.raises(DataError, match="altered"):
            prepared_from({**body, key: value})
    for key in body:
        with pytest.raises(DataError):
            prepared_from({name: value for name, value in body.items() if name != key})


def test_what_is_no_request_is_refused() -> None:
    wrong: dict[str, Any]
    for wrong in ({"id": "a b"}, {"id": ""}, {"calls": ()}, {"comment": "x" * 2001}, {"earliest_ns": 5, "latest_ns": 5}):
        with pytest.raises(UsageError):
            replace(prepared().request, **wrong)


def test_a_request_goes_the_whole_way() -> None:
    board = begun()
    way = [
        (told("statement", statement={"act": "check"}), State.WAITING),
        (told("statement", statement={"act": "approve"}), State.WAITING),
        (told("statement", statement={"act": "release"}), State.WAITING),
        (told("released"), State.RELEASED),
        (told("sending", cltu="1"), State.SENDING),
        (told("transferred", cltu="1"), State.SENT),
        (told("radiated", cltu="1"), State.RADIATED),
        (told("verified", stage="acceptance", succeeded=True, index=0), State.ACCEPTED),
        (told("verified", stage="start", succeeded=True, index=0), State.EXECUTING),
        (told("verified", stage="completion", succeeded=True, index=0), State.COMPLETED),
    ]
    for at, (one, state) in enumerate(way):
        found = board.take(Told(at, one.agency, one.kind, one.body))
        assert found is not None and found.state is state
    assert found is not None and found.is_ended and not board.odd and len(found.told) == 11
    assert found.stages["radiated"] == 6 and found.stages["approve"] == 1


def test_a_request_of_two_packets_is_accepted_when_both_are() -> None:
    board = begun(packets=(b"one", b"two"))
    for one in (told("released"), told("sending"), told("transferred"), told("radiated")):
        board.take(one)
    states = []
    for index in (1, 0):
        found = board.take(told("verified", stage="acceptance", succeeded=True, index=index))
        assert found is not None
        states.append(found.state)
    assert states == [State.RADIATED, State.ACCEPTED]
    board.take(told("verified", stage="completion", succeeded=False, index=1))
    assert found is not None and found.state is State.FAILED


def test_an_unknown_command_is_known_again_when_the_spacecraft_answers() -> None:
    board = begun()
    for one in (told("released"), told("sending"), told("unknown")):
        found = board.take(one)
    assert found is not None and found.state is State.UNKNOWN
    again = board.take(told("verified", stage="acceptance", succeeded=True, index=0))
    assert again is not None and again.state is State.ACCEPTED


def test_odd_entries_are_kept_for_people_and_change_nothing() -> None:
    board = begun()
    assert board.take(told("released", request="another")) is None
    found = board.take(told("radiated", cltu="9"))
    assert found is not None and found.state is State.WAITING
    board.take(Told(5, "us", "request", body_of(prepared("r2"))))  # the requester is theirs, the journal ours
    board.take(Told(5, "them", "request", body_of(prepared())))
    board.take(Told(5, "them", "request", {"id": "r3"}))
    whys = [why for _, why in board.odd]
    assert len(board.requests) == 1 and len(whys) == 4
    assert "radiated of request r1, which is waiting" in whys[0] and "us writes down a request of them" in whys[1]


def test_requests_expire_when_their_window_is_over() -> None:
    board = begun(latest_ns=5_000)
    assert board.expire(5_000) == [] and board.expire(5_001) == ["r1"]
    found = board.take(told("expired"))
    assert found is not None and found.is_ended and board.expire(9_000) == []
    assert board.of("probe") == [found] and board.of("other") == []
    assert begun().expire(FOR_EVER) == []


KINDS = (
    "statement",
    "withdrawn",
    "expired",
    "refused",
    "released",
    "sending",
    "transferred",
    "unknown",
    "radiated",
    "verified",
    "strange",
)
BODIES = st.fixed_dictionaries(
    {
        "request": st.sampled_from(("r1", "r9")),
        "act": st.sampled_from(("check", "reject", "x")),
        "index": st.one_of(st.none(), st.integers(0, 2)),
    },
    optional={
        "stage": st.sampled_from(("acceptance", "start", "progress", "completion", "x")),
        "succeeded": st.booleans(),
        "cltu": st.text(max_size=3),
    },
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), BODIES), max_size=30))
def test_no_entries_in_any_order_break_the_board_or_bring_a_request_back_from_its_end(
    entries: list[tuple[str, dict[str, Any]]],
) -> None:
    board = begun()
    one = board.requests["r1"]
    final = {State.REJECTED, State.WITHDRAWN, State.EXPIRED, State.REFUSED}
    for kind, body in entries:
        before = one.state
        board.take(Told(0, "us", kind, body))
        went = kind in ("released", "sending") and before is not State.REFUSED  # a gate let it go before it knew of its end
        assert before not in final or one.state is before or went
        assert before is State.WAITING or one.state is not State.WAITING
    assert digest_of(one.prepared) == one.prepared.digest
