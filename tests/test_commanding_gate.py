"""The release gate: what passes, every reason for which something does not, and every way around it that we could think of."""

import ast
import copy
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aelita
from aelita.agencies import Authority
from aelita.coding import CltuReceived, CltuReceiver
from aelita.commanding import (
    DIRECTIVES,
    Act,
    Grant,
    Holding,
    Refused,
    ReleasedCltu,
    Revocation,
    Service,
    body_of,
    cltu_rules,
    directive_of,
    prepared_from,
    revocation_body,
)
from aelita.errors import DataError, UsageError
from aelita.link import CommandLink, ControlWord, TcFormat, TcFrame, decode_tc_frame, without_fill
from aelita.time import SECOND
from gate_material import LINK, NOW, OURS, PING, PROBE, SECURE, gate, line, people, prepared

PEOPLE = people()


def released(one: object) -> Grant:
    assert isinstance(one, Grant), one
    return one


def refused(one: object) -> str:
    assert isinstance(one, Refused), one
    return "; ".join(one.reasons)


def test_a_request_that_everybody_agreed_to_passes_once() -> None:
    held, asked = gate(), prepared()
    said = PEOPLE.all_say(asked)
    grant = released(held.release(asked, said, PEOPLE.keyring, OURS, NOW))
    assert grant.digest == asked.digest and grant.epoch == 3 and set(grant.statements) == {one.statement.id for one in said}
    (cltu,) = [one for one in held.send(grant, NOW) if isinstance(one, ReleasedCltu)]
    assert (cltu.id, cltu.request, cltu.again, cltu.spacecraft) == (1, "r1", False, PROBE)
    assert "was released before" in refused(held.release(asked, said, PEOPLE.keyring, OURS, NOW))
    again = prepared("r2")
    assert "exactly these octets were released before, as request r1" in refused(
        held.release(again, PEOPLE.all_say(again), PEOPLE.keyring, OURS, NOW)
    )


def received(octets: bytes, text: str = LINK) -> list[TcFrame]:
    """Return the frames in CLTUs as a receiver written from the books takes them."""
    link = CommandLink.from_toml(text)
    receiver = CltuReceiver(cltu_rules(link))
    found = [one for one in receiver.feed(octets + b"\x55" * 16) if isinstance(one, CltuReceived)]
    frames = [decode_tc_frame(without_fill(one.octets), TcFormat(link.frame_octets, link.fecf)) for one in found]
    assert all(isinstance(one, TcFrame) for one in frames)
    return [one for one in frames if isinstance(one, TcFrame)]


def test_what_leaves_the_gate_holds_exactly_the_octets_that_people_agreed_to() -> None:
    long = bytes.fromhex("1805c00007d0") + bytes(range(256)) * 8
    long = long[: 7 + 0x7D0]
    held, asked = gate(), prepared(packets=(PING, long))
    grant = released(held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))
    cltus = [one for one in held.send(grant, NOW) if isinstance(one, ReleasedCltu)]
    frames = received(b"".join(one.octets for one in cltus))
    assert len(cltus) == len(frames) > 2 and all(one.bypass and one.data[0] & 0x3F == 1 for one in frames)
    assert b"".join(one.data[1:] for one in frames) == PING + long


def test_security_is_applied_to_what_was_agreed_and_another_number_to_each_frame() -> None:
    held = gate(SECURE)
    seen = []
    for number in range(3):
        asked = prepared(f"r{number}", (PING[:-1] + bytes([number]),))
        grant = released(held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))
        (cltu,) = [one for one in held.send(grant, NOW) if isinstance(one, ReleasedCltu)]
        (frame,) = received(cltu.octets, SECURE)
        assert PING[:6] not in frame.data
        seen.append(frame.data[3:15])
    assert len(set(seen)) == 3


def test_nothing_is_sent_without_numbers_of_security() -> None:
    held = gate(SECURE)
    held.hold_line(PROBE, line(SECURE, numbers=0))
    asked = prepared()
    grant = released(held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))
    with pytest.raises(UsageError, match="need as many numbers of security, 0 are left"):
        held.send(grant, NOW)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said, one: said[:2], "must release"),
        (lambda said, one: said[1:], "must check"),
        (lambda said, one: [said[0], said[2]], "must approve"),
        (lambda said, one: [], "must check"),
        (lambda said, one: [*said, PEOPLE.says("carla", Act.REJECT, one)], "rejected by carla"),
        (lambda said, one: [PEOPLE.says("vera", Act.CHECK, one), *said[1:]], "must check"),
        (lambda said, one: [*said[:2], PEOPLE.says("dora", Act.RELEASE, one, not_after_ns=NOW - 1, at_ns=NOW - 9, not_before_ns=0)], "must release"),
        (lambda said, one: [*said[:2], PEOPLE.says("dora", Act.RELEASE, one, at_ns=NOW + 60 * SECOND)], "must release"),
        (lambda said, one: [*said[:2], PEOPLE.says("dora", Act.RELEASE, one, request="r0")], "must release"),
        (lambda said, one: [*said[:2], PEOPLE.says("dora", Act.RELEASE, one, digest="0" * 64)], "must release"),
        (lambda said, one: [*said[:2], PEOPLE.says("dora", Act.RELEASE, one, spacecraft="other")], "must release"),
        (lambda said, one: [*said[:2], PEOPLE.says("vera", Act.RELEASE, one, role="flight-director", centre="moc", agency="us")], "must release"),
        (lambda said, one: [*said[:2], replace(said[2], signature=bytes(64))], "must release"),
        (lambda said, one: [said[0], PEOPLE.says("chris", Act.APPROVE, one), said[2]], "must "),
    ],
)  # fmt: skip
def test_without_the_right_statements_nothing_passes(change: object, why: str) -> None:
    held, asked = gate(), prepared()
    said = change(PEOPLE.all_say(asked), asked)  # type: ignore[operator]
    assert why in refused(held.release(asked, said, PEOPLE.keyring, OURS, NOW))


def test_a_critical_command_needs_two_persons_of_two_agencies() -> None:
    held, asked = gate(), prepared(significance="critical")
    said = PEOPLE.all_say(asked)
    assert "1 person of us must approve" in refused(held.release(asked, said, PEOPLE.keyring, OURS, NOW))
    more = [*said, PEOPLE.says("carla", Act.APPROVE, asked)]
    assert released(held.release(asked, more, PEOPLE.keyring, OURS, NOW))


def test_a_revoked_key_counts_no_more() -> None:
    held, asked = gate(), prepared()
    key = PEOPLE.says("dora", Act.RELEASE, asked).statement.key
    body = revocation_body(Revocation(key, "us", NOW, "lost"), PEOPLE.agencies["us"])
    keyring = PEOPLE.keyring.with_revocation(body, PEOPLE.public)
    assert "must release" in refused(held.release(asked, PEOPLE.all_say(asked), keyring, OURS, NOW))


def test_octets_altered_after_the_approvals_do_not_pass() -> None:
    held, asked = gate(), prepared()
    said = PEOPLE.all_say(asked)
    altered = replace(asked, packets=(PING[:-1] + b"\xff",))
    assert "must release" in refused(held.release(altered, said, PEOPLE.keyring, OURS, NOW))
    body = body_of(asked) | {"packets": [PING[:-1].hex() + "ff"]}
    with pytest.raises(DataError, match="altered"):
        prepared_from(body)


@given(where=st.integers(0, len(PING) * 8 - 1))
def test_no_bit_of_the_octets_can_be_changed_after_the_approvals(where: int) -> None:
    asked = prepared()
    octets = bytearray(PING)
    octets[where >> 3] ^= 1 << (where & 7)
    assert isinstance(gate().release(replace(asked, packets=(bytes(octets),)), SAID, PEOPLE.keyring, OURS, NOW), Refused)


SAID = PEOPLE.all_say(prepared())


def test_the_window_the_clock_the_lease_and_what_forbids_are_each_a_reason() -> None:
    asked = prepared(earliest_ns=NOW - 10 * SECOND, latest_ns=NOW + 10 * SECOND)
    said = PEOPLE.all_say(asked, NOW - 30 * SECOND)
    held = gate()
    for now, why in ((NOW - 11 * SECOND, "begins in 1.000 s"), (NOW + 11 * SECOND, "ended 1.000 s ago")):
        assert why in refused(held.release(asked, said, PEOPLE.keyring, OURS, now))
    assert "them has probe now" in refused(held.release(asked, said, PEOPLE.keyring, Holding("them", 4), NOW))
    assert "nobody has probe now" in refused(held.release(asked, said, PEOPLE.keyring, Holding(""), NOW))
    assert "behind Mars" in refused(held.release(asked, said, PEOPLE.keyring, OURS, NOW, forbidden=["it is behind Mars"]))
    released(held.release(asked, said, PEOPLE.keyring, OURS, NOW))
    other = prepared("r2", (PING[:-2] + b"zz",))
    said = PEOPLE.all_say(other, NOW - 60 * SECOND)
    assert "set back by 30.000 s" in refused(held.release(other, said, PEOPLE.keyring, OURS, NOW - 30 * SECOND))
    seen = gate(seen_ns=NOW + 100 * SECOND)  # as the journal told after a restart
    assert "set back by 100.000 s" in refused(seen.release(other, said, PEOPLE.keyring, OURS, NOW))


def test_a_spacecraft_without_rules_or_command_link_gets_nothing() -> None:
    held = gate()
    held.rules = Authority()
    asked = prepared()
    assert "no rule allows it" in refused(held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))
    other = gate()
    other._lines.clear()
    assert "no command link" in refused(other.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))
    with pytest.raises(UsageError, match="no command link"):
        other.on_timer(PROBE, NOW)


def test_only_the_gate_makes_what_may_go_to_an_antenna() -> None:
    held, asked = gate(), prepared()
    grant = released(held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))
    (cltu,) = [one for one in held.send(grant, NOW) if isinstance(one, ReleasedCltu)]
    for kind in (Grant, ReleasedCltu):
        with pytest.raises(UsageError, match="only the release gate makes"):
            kind(object(), id=1)
    for one in (grant, cltu):
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(UsageError, match="cannot be copied"):
                copied(one)
        with pytest.raises(UsageError, match="cannot be changed"):
            one.spacecraft = "other"
    with pytest.raises(TypeError):
        replace(cltu, octets=b"forged")  # type: ignore[type-var]

    class Forged:
        request, digest, spacecraft, prepared = "r9", asked.digest, PROBE, asked

    with pytest.raises(UsageError, match="not a grant of this gate"):
        held.send(Forged(), NOW)  # type: ignore[arg-type]


def test_no_other_module_of_the_product_reaches_behind_the_gate() -> None:
    """Nobody else names the seal or makes the two sealed kinds: found in the source of every module."""
    package = Path(aelita.__file__).parent
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        if path == package / "commanding" / "gate.py":
            continue
        for node in ast.walk(tree):
            name = getattr(node, "id", getattr(node, "attr", getattr(node, "name", "")))
            assert name not in ("_SEAL", "_Sealed"), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                assert called not in ("ReleasedCltu", "Grant"), path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UplinkLine":
                assert path.relative_to(package).parts[0] in ("commanding", "services"), path


def test_what_was_released_before_a_restart_is_not_released_again() -> None:
    asked = prepared()
    held = gate(released=[("r1", asked.digest)], next_cltu=7, seen_ns=NOW)
    assert "was released before" in refused(held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))


def test_nothing_passes_the_gate_or_leaves_it_while_its_queue_is_not_open() -> None:
    held, asked, is_open = gate(), prepared(), True
    held.may_go = lambda spacecraft: is_open
    grant = released(held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))
    is_open = False
    with pytest.raises(UsageError, match="the queue of probe is not open"):
        held.send(grant, NOW)
    other = prepared("r2", (PING[:-1] + b"2",))
    assert "is not open" in refused(held.release(other, PEOPLE.all_say(other), PEOPLE.keyring, OURS, NOW))
    is_open = True
    assert [one for one in held.send(grant, NOW) if isinstance(one, ReleasedCltu)]


def test_directives_that_send_frames_need_a_request_like_all_else() -> None:
    held = gate()
    asked = replace(prepared(packets=()), directive="initiate-with-unlock")
    assert asked.digest != replace(asked, directive="initiate").digest
    grant = released(held.release(asked, PEOPLE.all_say(asked), PEOPLE.keyring, OURS, NOW))
    (cltu,) = [one for one in held.send(grant, NOW) if isinstance(one, ReleasedCltu)]
    (frame,) = received(cltu.octets)
    assert frame.control and frame.data == b"\x00" and cltu.request == "r1"
    with pytest.raises(UsageError, match="needs a request"):
        gate().direct(PROBE, directive_of("initiate-with-set-vr 5", "x"), NOW)
    assert gate().direct(PROBE, directive_of("set-vs 5", "x"), NOW)
    for wrong in ("", "initiate 5", "set-vs", "set-vs 256", "set-vs -1", "set-vs x", "explode", "set-vs ٣"):
        with pytest.raises(UsageError, match="is no directive"):
            directive_of(wrong, "x")
    assert all(directive_of(f"{word} 3" if word in ("set-vs", "initiate-with-set-vr") else word, "x") for word in DIRECTIVES)


def test_frames_in_sequence_are_sent_again_octet_for_octet_and_acknowledged() -> None:
    held = gate(SECURE)
    asked = prepared(service=Service.AD)
    said = PEOPLE.all_say(asked)
    grant = released(held.release(asked, said, PEOPLE.keyring, OURS, NOW))
    with pytest.raises(UsageError, match="AD service is not active"):
        held.send(grant, NOW)
    held.direct(PROBE, directive_of("initiate", "i"), NOW)
    (first,) = [one for one in held.send(grant, NOW) if isinstance(one, ReleasedCltu)]
    deadline = held.line(PROBE).next_deadline()
    assert deadline is not None
    (again,) = [one for one in held.on_timer(PROBE, deadline) if isinstance(one, ReleasedCltu)]
    assert again.octets == first.octets and again.again and again.id == first.id + 1 and again.request == "r1"
    other = ControlWord(virtual_channel=9, report_value=1)
    assert held.on_control_word(PROBE, other, deadline) == []
    told = held.on_control_word(PROBE, ControlWord(virtual_channel=0, report_value=1), deadline)
    assert [(type(one).__name__, getattr(one, "positive", None)) for one in told] == [("FduConfirmed", True)]
    assert held.line(PROBE).next_deadline() is None


def test_security_over_sequence_numbers_fits_no_frame_in_sequence() -> None:
    made = line(SECURE + 'mask = "all"\n')
    made.direct(directive_of("initiate", "i"), NOW)
    with pytest.raises(UsageError, match="fits no AD frame"):
        made.send("r1", (PING,), Service.AD, NOW)
    with pytest.raises(UsageError, match="asks for security"):
        type(made)(CommandLink.from_toml(SECURE), made.fop, None)
