"""Journals verified offline: every change to one is found, and every release that the rules would not have allowed."""

import hashlib
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.agencies import Authority, Reach
from aelita.commanding import (
    Audit,
    Event,
    Head,
    Leases,
    Reader,
    Report,
    Revocation,
    body_of,
    conclude,
    countersign_body,
    revocation_body,
    rules_digest,
)
from evidence_material import (
    AGENCY_KEYS,
    ANN,
    BEN,
    CHECKED_AND_RELEASED,
    CLEO,
    DMITRI,
    EVA,
    PEOPLE,
    PUBLIC,
    RULES,
    Person,
    S,
    Written,
    good,
    prepare,
)

GOOD = good()


def fed(octets: bytes, agency: str = "us", rules: Authority | None = RULES, keys: bool = True) -> Audit:
    made = Audit(agency, rules=rules, keys=PUBLIC if keys else None)
    made.feed(octets)
    return made


def report(octets: bytes, other: bytes | None = None) -> Report:
    return conclude(fed(octets), None if other is None else fed(other, "them"))


def faults(found: Report) -> list[str]:
    return [f"{one.where}: {one.what}" for one in found.findings if one.grade == "fault"]


def test_a_good_journal_is_clean() -> None:
    found = report(GOOD.octets)
    assert found.clean and found.findings == ()
    assert (found.entries, found.releases, found.signatures) == (len(GOOD.lines), 3, len(PEOPLE) + 6)
    assert found.head == GOOD.journal.head.hash and found.counts["statement"] == 6
    assert any("nobody's countersignature" in one for one in found.unchecked)


@given(cuts=st.lists(st.integers(0, len(GOOD.octets)), max_size=8))
def test_any_segmentation_gives_the_same_report(cuts: list[int]) -> None:
    audit, edges = Audit("us", rules=RULES, keys=PUBLIC), sorted({0, *cuts, len(GOOD.octets)})
    for start, stop in pairwise(edges):
        audit.feed(GOOD.octets[start:stop])
    assert conclude(audit) == report(GOOD.octets)


# ---- what happens to octets


@settings(max_examples=400, deadline=None)
@given(bit=st.integers(0, len(GOOD.octets) * 8 - 1))
def test_one_bit_flipped_anywhere_is_found(bit: int) -> None:
    octets = bytearray(GOOD.octets)
    octets[bit // 8] ^= 1 << bit % 8
    found = report(bytes(octets))
    assert not found.clean


@given(line=st.integers(0, len(GOOD.lines) - 2))
def test_a_line_taken_out_is_found(line: int) -> None:
    found = faults(report(b"".join(GOOD.lines[:line] + GOOD.lines[line + 1 :])))
    assert any(f"entry {line + 2}" in one and "removed" in one for one in found)


@given(pair=st.tuples(*[st.integers(0, len(GOOD.lines) - 1)] * 2).filter(lambda two: two[0] != two[1]))
def test_two_lines_swapped_are_found(pair: tuple[int, int]) -> None:
    lines, (one, other) = list(GOOD.lines), pair
    lines[one], lines[other] = lines[other], lines[one]
    assert not report(b"".join(lines)).clean


@given(line=st.integers(0, len(GOOD.lines) - 1), at=st.integers(0, len(GOOD.lines)))
def test_a_line_doubled_is_found(line: int, at: int) -> None:
    assert not report(b"".join([*GOOD.lines[:at], GOOD.lines[line], *GOOD.lines[at:]])).clean


@given(octets=st.binary(max_size=300))
def test_anything_else_is_no_journal(octets: bytes) -> None:
    found = report(octets)
    assert found.entries == 0 or not found.clean
    assert not report(GOOD.octets + octets + b"\n").clean


def test_an_unfinished_line_is_told_and_is_no_fault() -> None:
    found = report(GOOD.octets + GOOD.lines[3][:50])
    assert found.clean and "writing did not end" in found.findings[0].what


def test_a_journal_of_another_agency_is_not_taken_for_ours() -> None:
    found = faults(conclude(fed(GOOD.octets, "them")))
    assert "of agency 'us', not of 'them'" in found[0]
    assert conclude(fed(GOOD.octets, "")).agency == "us"


def test_a_clock_set_back_is_found() -> None:
    made = good(1)
    made.journal.head = Head(made.journal.head.n, made.journal.head.hash, 0)
    made.at_ns -= 3600 * S
    made.add("note", {"text": "late"})
    assert any("a clock was set back" in one for one in faults(report(made.octets)))


# ---- what the other agency has countersigned


def copied(upto: int = len(GOOD.lines)) -> Written:
    """The other agency's journal, which countersigned ours up to an entry."""
    theirs = Written("them").credentials(())
    audit = fed(GOOD.octets)
    theirs.add("countersign", countersign_body("them", "us", Head(upto, audit.hash_of(upto)), AGENCY_KEYS["them"], theirs.at_ns))
    return theirs


def test_the_other_agency_proves_that_the_end_is_there() -> None:
    found = report(GOOD.octets, copied().octets)
    assert found.clean and found.proved == {"them": len(GOOD.lines)} and found.unchecked == ()
    earlier = report(GOOD.octets, copied(5).octets)
    assert earlier.clean and earlier.proved == {"them": 5} and "after 5" in earlier.unchecked[0]


@given(keep=st.integers(0, len(GOOD.lines) - 1))
def test_an_end_cut_off_behind_the_last_countersigned_head_is_found(keep: int) -> None:
    found = faults(report(b"".join(GOOD.lines[:keep]), copied().octets))
    assert any("its end was cut off" in one for one in found)


def test_a_tail_written_again_is_found() -> None:
    again = Written("us").credentials()
    for n in range(3):  # the last command is another one, and the chain is whole
        again.command(prepare(f"r{n}", packet=bytes([24, n if n < 2 else 99])), CHECKED_AND_RELEASED)
    assert report(again.octets).clean
    found = faults(report(again.octets, copied().octets))
    assert any("not the one that them countersigned" in one for one in found)


def test_a_countersignature_counts_in_the_journal_itself() -> None:
    made = good(1)
    head = made.journal.head
    made.add("countersigned", countersign_body("them", "us", head, AGENCY_KEYS["them"], made.at_ns))
    assert report(made.octets).proved == {"them": head.n}
    forged = good(1)
    forged.add("countersigned", countersign_body("them", "us", head, AGENCY_KEYS["us"], forged.at_ns))
    assert any("forged or altered" in one for one in faults(report(forged.octets)))
    other = good(1)
    other.add("countersign", countersign_body("them", "us", head, AGENCY_KEYS["them"], other.at_ns))
    assert any("in the journal of 'us'" in one for one in faults(report(other.octets)))


# ---- what was released


def judged(*said: tuple[Person, str, str], **asked: str) -> list[str]:
    made = Written("us").credentials()
    made.command(prepare(**asked), said)  # type: ignore[arg-type]
    return faults(report(made.octets))


@pytest.mark.parametrize(
    ("said", "asked", "told"),
    [
        ([(ANN, "release", "director")], {}, "1 person must check it"),
        ([(BEN, "check", "")], {}, "1 person must release it"),
        ([(ANN, "check", "checker"), (ANN, "release", "director")], {}, "the same person"),
        ([(BEN, "check", ""), (EVA, "release", "")], {}, "director@plain may not release"),
        (CHECKED_AND_RELEASED, {"command": "/P/NEVER/x"}, "nobody may send"),
        (CHECKED_AND_RELEASED, {"command": "/P/Fire"}, "1 person of them must approve"),
        ([*CHECKED_AND_RELEASED, (BEN, "reject", "")], {}, "rejected by ben"),
        ([(BEN, "check", ""), (CLEO, "release", "director")], {"person": CLEO}, "own request"),
        (CHECKED_AND_RELEASED, {"person": BEN}, "may not request"),
    ],
)  # fmt: skip
def test_a_release_without_its_approvals_is_found(said: list[tuple[Person, str, str]], asked: dict[str, str], told: str) -> None:
    found = judged(*said, **asked)
    assert found and all("released without what it needs" in one for one in found) and told in found[0]


def test_a_critical_release_by_two_agencies_is_clean() -> None:
    assert judged((EVA, "approve", ""), (CLEO, "approve", "director"), *CHECKED_AND_RELEASED, command="/P/Fire") == []


def test_statements_recorded_after_the_release_do_not_count() -> None:
    made, prepared = Written("us").credentials(), prepare()
    said = [who.says(act, prepared, made.at_ns, role) for who, act, role in CHECKED_AND_RELEASED]
    made.add("request", body_of(prepared))
    made.add("statement", said[0].body())
    made.release(prepared, said)
    made.add("statement", said[1].body())
    assert any("statements that were not there" in one for one in faults(report(made.octets)))


def test_other_octets_than_were_prepared_are_found() -> None:
    made, prepared = Written("us").credentials(), prepare()
    other = prepare(packet=b"\xff")
    made.add("request", body_of(prepared))
    said = [who.says(act, other, made.at_ns, role) for who, act, role in CHECKED_AND_RELEASED]
    for one in said:
        made.add("statement", one.body())
    made.release(other, said)
    found = faults(report(made.octets))
    assert any("other octets than were prepared" in one for one in found) and any("altered after it" in one for one in found)
    altered = body_of(prepared) | {"packets": ["ff"]}
    made.add("request", altered)
    assert any("not those of its digest" in one for one in faults(report(made.octets)))


def test_a_request_that_nobody_wrote_down_is_found() -> None:
    made, prepared = Written("us").credentials(), prepare()
    made.release(prepared, ())
    assert any("give a copy" in one for one in faults(report(made.octets)))


def test_what_stands_in_the_other_journal_counts_with_its_copy() -> None:
    prepared = prepare(person=DMITRI)
    theirs, ours = Written("them").credentials((DMITRI,)), Written("us").credentials((ANN, BEN))
    theirs.add("request", body_of(prepared))
    said = [who.says(act, prepared, ours.at_ns, role) for who, act, role in CHECKED_AND_RELEASED]
    for one in said:
        ours.add("statement", one.body())
    ours.release(prepared, said)
    ours.send("r1")
    assert not report(ours.octets).clean and report(ours.octets, theirs.octets).clean


def test_what_the_gate_copied_from_the_other_journal_counts_alone() -> None:
    prepared, ours, theirs = prepare(person=DMITRI), Written("us").credentials(), Written("them")
    said = [who.says(act, prepared, ours.at_ns, role) for who, act, role in CHECKED_AND_RELEASED]
    ours.add("evidence", {"request": body_of(prepared), "statements": [one.body() for one in said]})
    ours.release(prepared, said)
    alone = report(ours.octets)
    assert alone.clean and "who asked for 1 requests of other agencies" in alone.unchecked[0]
    theirs.add("note", {})
    assert any("or is not there" in one for one in faults(report(ours.octets, theirs.octets)))
    theirs.add("request", body_of(prepared))
    assert report(ours.octets, theirs.octets).clean


def test_a_request_of_another_agency_is_not_taken_from_ones_own_journal() -> None:
    made = Written("us").credentials()
    made.command(prepare(person=DMITRI), CHECKED_AND_RELEASED)
    assert any("whose journal alone can tell of it" in one for one in faults(report(made.octets)))


def joint(known: bool, kind: str) -> Report:
    """A command with an approval from the other agency, which then withdrew it, rejected it or revoked the key."""
    prepared = prepare(person=DMITRI, command="/P/Fire")
    ours, theirs = Written("us").credentials((ANN, BEN, CLEO)), Written("them").credentials((DMITRI, EVA))
    theirs.add("request", body_of(prepared))
    approved = EVA.says("approve", prepared, theirs.at_ns)
    theirs.add("statement", approved.body())
    if kind == "withdrawn":
        theirs.add("withdrawn", {"request": "r1"})
    elif kind == "reject":
        theirs.add("statement", EVA.says("reject", prepared, theirs.at_ns).body())
    elif kind == "revoked":
        theirs.add("revoked", revocation_body(Revocation(EVA.credential().key, "them", theirs.at_ns), AGENCY_KEYS["them"]))
    if known:
        ours.add("countersign", countersign_body("us", "them", theirs.journal.head, AGENCY_KEYS["us"], ours.at_ns))
    said = [
        who.says(act, prepared, ours.at_ns, role) for who, act, role in (*CHECKED_AND_RELEASED, (CLEO, "approve", "director"))
    ]
    for one in said:
        ours.add("statement", one.body())
    ours.release(prepared, [*said, approved])
    return report(ours.octets, theirs.octets)


@pytest.mark.parametrize("kind", ["withdrawn", "reject", "revoked"])
def test_what_the_other_agency_took_back_counts_when_it_was_surely_known(kind: str) -> None:
    assert joint(False, "").clean and joint(True, "").clean
    assert joint(False, kind).clean and not joint(True, kind).clean


def test_a_second_release_and_one_after_a_withdrawal_are_found() -> None:
    made, prepared = good(1), prepare("r0", packet=bytes([24, 0]))
    said = [who.says(act, prepared, made.at_ns, role) for who, act, role in CHECKED_AND_RELEASED]
    for one in said:
        made.add("statement", one.body())
    made.release(prepared, said)
    assert any("released before, by entry" in one for one in faults(report(made.octets)))
    late = Written("us").credentials()
    late.add("request", body_of(prepared))
    late.add("withdrawn", {"request": "r0"})
    late.release(prepared, ())
    assert any("withdrawn before" in one for one in faults(report(late.octets)))


def test_a_backdated_release_is_found() -> None:
    made, prepared = Written("us").credentials(), prepare()
    made.add("request", body_of(prepared))
    said = [who.says(act, prepared, made.at_ns, role) for who, act, role in CHECKED_AND_RELEASED]
    for one in said:
        made.add("statement", one.body())
    body = {"request": "r1", "digest": prepared.digest, "statements": [one.statement.id for one in said], "epoch": 0}
    made.at_ns += 3600 * S  # when the approvals have expired
    made.add("released", body | {"released_ns": made.at_ns - 3600 * S})
    found = faults(report(made.octets))
    assert any("at another time" in one for one in found) and any("expired" in one for one in found)


# ---- keys


def test_a_key_that_was_revoked_before_does_not_count_and_after_does() -> None:
    body = revocation_body(Revocation(BEN.credential().key, "us", Written("us").at_ns, "lost"), AGENCY_KEYS["us"])
    before = Written("us").credentials()
    before.add("revoked", body)
    before.command(prepare(), CHECKED_AND_RELEASED)
    assert any("was revoked: lost" in one for one in faults(report(before.octets)))
    after = good(1)
    after.add("revoked", body)
    found = report(after.octets)
    assert found.clean and any("revokes it from before" in one.what for one in found.findings)


def test_people_without_credentials_and_forged_credentials_count_for_nothing() -> None:
    made = Written("us").credentials((ANN,))
    made.command(prepare(), CHECKED_AND_RELEASED)
    assert any("has no credential" in one for one in faults(report(made.octets)))
    forged = Written("us")
    forged.add("credential", BEN.body() | {"signature": EVA.body()["signature"]})
    assert any("forged or altered" in one for one in faults(report(forged.octets)))


def test_without_keys_or_rules_nothing_is_said_to_be_proved() -> None:
    bad = Written("us").credentials()
    bad.command(prepare(), ())
    assert not report(bad.octets).clean
    assert any("no keys" in one for one in conclude(fed(bad.octets, keys=False)).unchecked)
    assert any("no rules" in one for one in conclude(fed(bad.octets, rules=None)).unchecked)


# ---- what was sent, and leases


def test_what_was_sent_refers_to_what_was_released() -> None:
    made = good(1)
    made.send("r9")
    made.add("transferred", {"cltu": 999})
    made.add("sending", {"cltu": 12, "requests": ["r0"]})
    made.add("sending", {"cltu": 12, "request": ""})
    found = report(made.octets)
    told = faults(found)
    assert any("request r9, which was not released" in one for one in told)
    assert any("never sent" in one for one in told) and any("CLTU 12 was sent before" in one for one in told)
    assert any("nothing says what became of it" in one.what for one in found.findings)


def lent_out(made: Written) -> Leases:
    """Lend the probe to the other agency for a minute, in the journal of its owner."""
    leases = Leases.of("us", RULES)
    offer = leases.owned["probe"].offer("them", made.at_ns + 60 * S, made.at_ns)
    made.add("lease.offer", offer.body(AGENCY_KEYS["us"]))
    leases = leases.after(offer)
    accepted = Leases.of("them", RULES).borrowed["probe"].after(offer).accept(made.at_ns)
    answer = leases.receive(accepted, made.at_ns)
    made.add("lease.acceptance", accepted.body(AGENCY_KEYS["them"]))
    made.add("lease.handover", answer.own[0].body(AGENCY_KEYS["us"]))
    return leases.after(accepted).after(answer.own[0])


def test_a_release_to_what_is_lent_is_found() -> None:
    made = good(1)
    leases = lent_out(made)
    made.command(prepare("r7"), CHECKED_AND_RELEASED, 1)
    assert any("which us did not hold" in one for one in faults(report(made.octets)))
    made.at_ns += 71 * S
    (end,) = leases.on_timer(made.at_ns)
    assert end.event is Event.END
    made.add("lease.end", end.body(AGENCY_KEYS["us"]))
    before = len(faults(report(made.octets)))
    made.command(prepare("r8", packet=b"8"), CHECKED_AND_RELEASED, 1)
    assert len(faults(report(made.octets))) == before
    made.command(prepare("r9", packet=b"9"), CHECKED_AND_RELEASED, 0)
    assert any("names epoch 0" in one for one in faults(report(made.octets)))


def test_a_loan_closed_too_early_is_found() -> None:
    made = good(1)
    leases = lent_out(made)
    early = leases.owned["probe"].recall(made.at_ns)
    made.add("lease.end", replace(early, event=Event.END).body(AGENCY_KEYS["us"]))
    assert any("closed before its end" in one for one in faults(report(made.octets)))


def test_other_rules_than_those_of_the_audit_are_told() -> None:
    made = good(1)
    made.add("authority", {"digest": rules_digest(RULES)})
    assert report(made.octets).findings == ()
    made.add("authority", {"digest": rules_digest(Authority())})
    assert "are not those that this audit was given" in report(made.octets).findings[0].what


def test_what_nobody_owns_is_not_released_to() -> None:
    made = good(1)
    audit = fed(made.octets, rules=Authority(RULES.rules, RULES.criticals, (), 1.0))
    assert any("nobody owns" in one for one in faults(conclude(audit)))
    assert Reach().fits("any", "thing")


# ---- hostile journals whose chain is whole

_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | st.sampled_from(["r0", "probe", "us"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_KINDS = (
    "request", "statement", "evidence", "credential", "revoked", "released", "withdrawn", "sending", "transferred", "refused",
    "unknown", "radiated", "lost", "authority", "countersign", "countersigned", "lease.offer", "lease.end", "note",
)  # fmt: skip


def bodies() -> dict[str, dict[str, Any]]:
    """A good body of each kind."""
    made = good(1)
    lent_out(made)
    made.add("revoked", revocation_body(Revocation(EVA.credential().key, "them", made.at_ns), AGENCY_KEYS["them"]))
    made.add("authority", {"digest": rules_digest(RULES)})
    made.add("withdrawn", {"request": "r5"})
    made.add("evidence", {"request": body_of(prepare("r6")), "statements": []})
    for kind, agency, of in (("countersign", "us", "them"), ("countersigned", "them", "us")):
        made.add(kind, countersign_body(agency, of, made.journal.head, AGENCY_KEYS[agency], made.at_ns))
    return {entry.kind: dict(entry.body) for entry in Reader("us").feed(made.octets)}


GOOD_BODIES = bodies()


def changed(body: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """Return a body with one value, at any depth, replaced or taken out."""
    made = dict(body)
    if made:
        key = data.draw(st.sampled_from(sorted(made)))
        if isinstance(made[key], dict) and data.draw(st.booleans()):
            made[key] = changed(made[key], data)
        elif data.draw(st.booleans()):
            del made[key]
        else:
            made[key] = data.draw(_ANY)
    return made


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_entry_crashes_the_audit(data: st.DataObject) -> None:
    made = good(1)
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(_KINDS))
        base = GOOD_BODIES.get(kind)
        body = (
            changed(base, data)
            if base is not None and data.draw(st.booleans())
            else data.draw(st.dictionaries(st.text(max_size=5), _ANY))
        )
        made.add(kind, body)
    for keys in (True, False):
        found = conclude(fed(made.octets, keys=keys), fed(made.octets, keys=keys))
        assert found.entries == len(made.lines)


def test_odd_json_is_a_finding() -> None:
    journal = good(1).octets
    head = journal.splitlines()[-1][:64]
    for body in (b"[" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900, b"1.5", b'{"x":1e999}', b"NaN", b'"\\ud800"', b"\xff", b"null"):
        for kind in ("statement", "credential", "released", "note", "countersign", "lease.end"):
            line = b'{"agency":"us","at":%d,"body":%s,"kind":"%s","n":%d,"prev":"%s"}' % (
                2 * 10**18, body, kind.encode(), len(journal.splitlines()) + 1, head,
            )  # fmt: skip
            octets = hashlib.sha256(line).hexdigest().encode() + b"\t" + line + b"\n"
            found = report(journal + octets)
            assert not found.clean or (kind == "note" and body.startswith(b"{"))


def test_a_clock_far_behind_the_other_agencys_is_found() -> None:
    theirs = Written("them")
    theirs.at_ns += 11 * S
    theirs.add("note", {"text": "written later than it is countersigned"})
    for behind_s, clean in ((11, False), (2, True)):
        ours = good(1)
        ours.at_ns = theirs.at_ns - behind_s * S
        ours.add("countersign", countersign_body("us", "them", theirs.journal.head, AGENCY_KEYS["us"], ours.at_ns))
        found = report(ours.octets, theirs.octets)
        assert found.clean is clean and (clean or "behind that of them" in faults(found)[0])


@pytest.mark.parametrize("at", [b"1.5", b"18446744073709551615", b"true", b"null", b'"1"', b"1e400", b"-1"])
def test_an_odd_time_is_a_finding(at: bytes) -> None:
    line = b'{"agency":"us","at":%s,"body":{},"kind":"note","n":%d,"prev":"%s"}' % (at, len(GOOD.lines) + 1, GOOD.lines[-1][:64])
    found = report(GOOD.octets + hashlib.sha256(line).hexdigest().encode() + b"\t" + line + b"\n", copied().octets)
    assert len(faults(found)) == 1 and found.proved == {"them": len(GOOD.lines)}
