"""ISP1 messages, timers and aborts: the shared vectors, any segmentation, both roles, every cell of the table."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import UsageError
from aelita.sle.terms import PeerAbortDiagnostic
from aelita.sle.tml import (
    TML_TABLE,
    Close,
    Tml,
    TmlAborted,
    TmlCause,
    TmlClosed,
    TmlLimits,
    TmlOpened,
    TmlPdu,
    TmlState,
    Urgent,
    message,
)
from shared import shared

CONTEXT = bytes.fromhex("020000000000000c495350310000000100190005")


def vectors() -> list[dict[str, str]]:
    return json.loads(shared("data/vectors/tml.json").read_text())


def responder(limits: TmlLimits | None = None, *, is_open: bool = True) -> Tml:
    tml = Tml(initiator=False, limits=limits or TmlLimits())
    tml.connected(0.0)
    if is_open:
        tml.feed(CONTEXT, 0.0)
        assert list(tml.take_events()) == [TmlOpened(25, 5)]
    return tml


def initiator() -> Tml:
    tml = Tml(initiator=True)
    tml.connected(0.0)
    return tml


def test_initiator_sends_the_context_of_the_vectors() -> None:
    tml = initiator()
    assert tml.take_output() == [bytes.fromhex(vectors()[0]["hex"])]
    assert list(tml.take_events()) == [TmlOpened(25, 5)]


def test_vectors_are_taken_or_refused() -> None:
    for vector in vectors():
        tml = responder(is_open=vector["name"] in ("heartbeat", "bad_type", "heartbeat_with_body"))
        tml.feed(bytes.fromhex(vector["hex"]), 1.0)
        refused = any(isinstance(event, TmlAborted) for event in tml.take_events())
        assert refused == ("expect" in vector), vector["name"]
        assert tml.is_open == (not refused), vector["name"]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.data())
def test_any_segmentation_gives_the_same_messages(bodies: list[bytes], data: st.DataObject) -> None:
    stream = CONTEXT + b"".join(message(1, body) + message(3) for body in bodies)
    tml = responder(is_open=False)
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        tml.feed(stream[:size], 0.0)
        stream = stream[size:]
    assert list(tml.take_events()) == [TmlOpened(25, 5), *map(TmlPdu, bodies)]


@given(st.binary(max_size=200))
def test_no_octets_break_it(octets: bytes) -> None:
    for tml in (responder(), responder(is_open=False), initiator()):
        tml.feed(octets, 0.0)
        tml.on_eof(0.0)
        assert tml.next_deadline() is None or tml.state is TmlState.CLOSING


def test_length_is_bounded_before_anything_is_kept() -> None:
    tml = responder(TmlLimits(longest_message=100))
    tml.feed(bytes.fromhex("0100000000000065"), 0.0)
    assert list(tml.take_events()) == [TmlAborted(129, by_peer=False)]
    assert tml.take_output() == [Urgent(129), Close()]


def test_heartbeat_is_sent_when_nothing_else_was() -> None:
    tml = responder()
    assert tml.next_deadline() == 25.0
    tml.send(b"x", 20.0)
    tml.take_output()
    tml.on_timer(25.0)
    assert tml.take_output() == []
    tml.on_timer(45.0)
    assert tml.take_output() == [bytes.fromhex("0300000000000000")]


def test_silent_peer_is_given_up_after_the_dead_factor() -> None:
    tml = responder()
    tml.feed(message(3), 100.0)
    for now in (125.0, 150.0, 175.0, 200.0):
        tml.on_timer(now)
    assert tml.is_open
    tml.take_output()
    tml.on_timer(225.0)
    assert list(tml.take_events()) == [TmlAborted(132, by_peer=False)]
    assert tml.take_output()[-1] == Close(hard=True)
    assert tml.next_deadline() is None


def test_silence_is_excused_while_nothing_is_read() -> None:
    tml = responder()
    for now in (100.0, 200.0, 300.0):
        tml.excuse(now)
        tml.on_timer(now)
    assert tml.is_open
    tml.on_timer(425.0)
    assert list(tml.take_events()) == [TmlAborted(132, by_peer=False)]


def test_half_a_message_is_no_sign_of_life() -> None:
    tml = responder()
    for now in range(125):
        tml.feed(message(1, bytes(1000))[now : now + 1], float(now))
    tml.on_timer(125.0)
    assert list(tml.take_events()) == [TmlAborted(132, by_peer=False)]


def test_no_heartbeat_no_timers() -> None:
    tml = responder(is_open=False)
    tml.feed(bytes.fromhex("020000000000000c495350310000000100000000"), 0.0)
    assert (tml.is_open, tml.next_deadline()) == (True, None)
    tml = responder(TmlLimits(allow_no_heartbeat=False), is_open=False)
    tml.feed(bytes.fromhex("020000000000000c495350310000000100000000"), 0.0)
    assert list(tml.take_events()) == [TmlAborted(130, by_peer=False)]


@pytest.mark.parametrize(("heartbeat", "factor"), [(2, 5), (3601, 5), (25, 0), (25, 61)])
def test_heartbeat_outside_the_limits_is_refused(heartbeat: int, factor: int) -> None:
    tml = responder(is_open=False)
    tml.feed(message(2, b"ISP1\0\0\0\x01" + heartbeat.to_bytes(2, "big") + factor.to_bytes(2, "big")), 0.0)
    assert list(tml.take_events()) == [TmlAborted(130, by_peer=False)]
    assert tml.take_output() == [Urgent(130), Close()]


def test_start_up_timer() -> None:
    tml = responder(is_open=False)
    tml.feed(CONTEXT[:19], 29.0)
    tml.on_timer(30.0)
    assert list(tml.take_events()) == [TmlAborted(131, by_peer=False)]
    assert tml.take_output() == [Close(hard=True)]


@pytest.mark.parametrize("code", [0, 4, 7, 127, 128, 199, 255])
def test_stray_octet_before_the_end_is_a_peer_abort(code: int) -> None:
    for tml in (responder(), initiator()):
        list(tml.take_events())
        tml.feed(message(1, b"pdu") + bytes([code]), 0.0)
        tml.on_eof(0.0)
        assert list(tml.take_events()) == [TmlPdu(b"pdu"), TmlAborted(code, by_peer=True)]


@pytest.mark.parametrize("code", [1, 2, 3])
def test_stray_octet_that_begins_a_message_is_an_abort_only_where_the_socket_tells(code: int) -> None:
    for tml in (responder(), initiator()):
        list(tml.take_events())
        tml.feed(bytes([code]), 0.0)
        tml.on_eof(0.0)
        assert list(tml.take_events()) == [TmlAborted(133, by_peer=False)]
    told = responder()
    told.on_urgent(code, 0.0)
    assert list(told.take_events()) == [TmlAborted(code, by_peer=True)]


def test_dead_factor_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="dead factor"):
        TmlLimits(heartbeat_s=25, dead_factor=0)
    with pytest.raises(UsageError, match="dead factor"):
        TmlLimits(least_dead_factor=0)
    assert TmlLimits(heartbeat_s=0, dead_factor=0).heartbeat_s == 0


def test_urgent_octet_that_the_socket_tells_discards_the_rest() -> None:
    tml = responder()
    tml.feed(message(1, b"half")[:9], 0.0)
    tml.on_urgent(7, 0.0)
    tml.feed(b"half", 0.0)
    assert list(tml.take_events()) == [TmlAborted(PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD, by_peer=True)]


@pytest.mark.parametrize("stray", [b"", b"\x01\0", message(1, b"half")[:10]])
def test_end_without_disconnect_is_a_failure(stray: bytes) -> None:
    tml = responder()
    tml.feed(stray, 0.0)
    tml.on_eof(0.0)
    assert list(tml.take_events()) == [TmlAborted(133, by_peer=False)]


def test_abort_waits_for_the_peer_and_then_forces() -> None:
    tml = responder()
    tml.abort(3, 10.0)
    assert tml.take_output() == [Urgent(3), Close()]
    tml.feed(message(1, b"late"), 11.0)
    assert (list(tml.take_events()), tml.next_deadline()) == ([], 15.0)
    tml.on_timer(15.0)
    assert tml.take_output() == [Close(hard=True)]
    assert list(tml.take_events()) == [TmlClosed()]


def test_disconnect_is_the_initiators() -> None:
    first, second = initiator(), responder()
    first.disconnect(0.0)
    second.disconnect(0.0)
    assert (first.state, second.state) == (TmlState.CLOSED, TmlState.CLOSING)
    second.on_eof(1.0)
    assert list(second.take_events()) == [TmlClosed()]


def test_second_context_and_pdu_before_context_are_protocol_errors() -> None:
    for tml, octets in ((responder(), CONTEXT), (responder(is_open=False), message(1, b"x")), (initiator(), CONTEXT)):
        list(tml.take_events())
        tml.feed(octets, 0.0)
        assert list(tml.take_events()) == [TmlAborted(128, by_peer=False)]


def test_every_state_can_be_left() -> None:
    assert {state for state, _ in TML_TABLE} == set(TmlState)
    for state in TmlState:
        for cause in TmlCause:
            tml = Tml(initiator=False, state=state)
            tml._do(cause, 0.0, CONTEXT[8:])
            assert tml.next_deadline() is None or tml.state is not TmlState.CLOSED
