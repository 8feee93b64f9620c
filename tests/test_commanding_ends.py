"""What ends a request and what does not: words of people without a say, unsigned entries, floods of statements nobody verified."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.agencies import Who
from aelita.commanding import (
    Act,
    Audit,
    Credential,
    Journal,
    Keyring,
    SignedStatement,
    Standing,
    State,
    body_of,
    conclude,
    credential_body,
    key_id,
    sign,
)
from aelita.errors import UsageError
from gate_material import NOW, PING, PROBE, people, prepared
from test_commanding_commander import BY, PEOPLE, SHARED, agree, both, mirror, state_of
from test_commanding_crossed import own, says

OURS = own()
PEOPLE.enrol("mallory", Who("janitor", "moc", "us"))
PEOPLE.enrol("boris", Who("janitor", "iki", "them"))


def forged(person: str, act: Act, asked: Any, **other: Any) -> SignedStatement:
    """Return a statement in a person's name that the person did not sign."""
    return replace(PEOPLE.says(person, act, asked, **other), signature=bytes(64))


# ---- ends


def test_a_rejection_by_somebody_without_a_say_ends_nothing() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    mirror(them, us)
    us.does(us.commander.state(PEOPLE.says("mallory", Act.REJECT, asked), NOW))
    says(them, "statement", **PEOPLE.says("boris", Act.REJECT, asked).body())
    mirror(them, us)
    assert state_of(us) is State.WAITING
    assert [why for _, why in us.commander.standing.board.odd] == [
        f"statement of request r1 counts for nothing: {person} has no say in it" for person in ("mallory", "boris")
    ]
    agree(us, them, asked)
    assert [one.request for one in us.sent] == ["r1"]


def test_a_rejection_by_one_who_may_agree_ends_it_at_both_agencies() -> None:
    us, them = both()
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    mirror(them, us)
    mirror(us, them)
    them.does(them.commander.state(PEOPLE.says("peter", Act.REJECT, asked), NOW))
    mirror(them, us)
    assert state_of(us) is state_of(them) is State.REJECTED


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("rejected", {}),
        ("withdrawn", {"by": "dora", "reason": "so they say"}),
        ("expired", {}),
        ("failed", {}),
        ("completed", {}),
        ("statement", {"statement": {"act": "reject"}}),
        ("statement", {"statement": {"act": "reject", "agency": "them"}, "signature": "0" * 128}),
        ("statement", forged("peter", Act.REJECT, OURS).body()),
        ("statement", PEOPLE.says("peter", Act.REJECT, replace(OURS, packets=(PING[:-1] + b"x",))).body()),
        ("statement", PEOPLE.says("peter", Act.REJECT, replace(OURS, request=replace(OURS.request, id="u2"))).body()),
    ],
)
def test_an_entry_of_the_partner_that_nobody_with_a_say_signed_ends_none_of_our_requests(kind: str, body: dict[str, Any]) -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    us.does(us.commander.request(OURS, NOW))
    says(them, kind, **(body | {"request": "u1"}))
    mirror(them, us)
    assert state_of(us, "u1") is State.WAITING
    assert us.commander.standing.board.odd or us.commander.standing.odd
    mirror(us, them)
    us.does(us.commander.state(PEOPLE.says("chris", Act.CHECK, OURS), NOW))
    them.does(them.commander.state(PEOPLE.says("peter", Act.APPROVE, OURS), NOW))
    mirror(them, us)
    if kind != "withdrawn":  # whose journal says so of others', its own side does not believe either
        assert state_of(them, "u1") is State.WAITING
    assert state_of(us, "u1") is State.WAITING


def test_a_false_refusal_of_the_partner_does_not_end_what_our_gate_let_go() -> None:
    asked, standing = prepared(), Standing("us", SHARED, PEOPLE.public)
    ours, theirs = Journal("us"), Journal("them")
    standing.take(theirs.append("request", body_of(asked), NOW))
    standing.take(ours.append("released", {"request": "r1", "digest": asked.digest, "spacecraft": PROBE}, NOW))
    standing.take(theirs.append("refused", {"request": "r1", "reason": "no"}, NOW))
    assert standing.board.requests["r1"].state is State.RELEASED


def test_whoever_has_the_spacecraft_rejects_and_does_not_withdraw() -> None:
    us, them = both()
    them.does(them.commander.request(prepared(), NOW))
    mirror(them, us)
    with pytest.raises(UsageError, match=r"of them, which alone can withdraw it. Reject it"):
        us.commander.withdraw("r1", BY, "not ours", NOW)
    them.does(them.commander.withdraw("r1", {"by": "vera"}, "a mistake", NOW))
    mirror(them, us)
    assert state_of(us) is state_of(them) is State.WITHDRAWN


def test_an_end_before_the_window_is_over_is_no_end() -> None:
    us, them = both()
    them.does(them.commander.request(prepared(latest_ns=NOW + 10), NOW))
    says(them, "expired", request="r1")
    mirror(them, us)
    assert state_of(us) is State.WAITING
    them.does(them.commander.on_timer(NOW + 11))
    mirror(them, us)
    assert state_of(us) is State.EXPIRED


def test_the_audit_tells_of_ends_without_a_valid_cause() -> None:
    us, them = both()
    asked = prepared(latest_ns=NOW + 10**12)
    them.does(them.commander.request(asked, NOW))
    mirror(them, us)
    for person in ("mallory", "boris", "peter", "dora"):
        who = PEOPLE.who[person]
        made = Credential(
            PEOPLE.keys[person].public_key().public_bytes_raw(), who.agency, who.centre, person, (who.role,), NOW, NOW - 10**9, NOW + 10**12
        )  # fmt: skip
        says(us if who.agency == "us" else them, "credential", **credential_body(made, PEOPLE.agencies[who.agency]))
    says(us, "statement", **PEOPLE.says("mallory", Act.REJECT, asked).body())
    says(us, "withdrawn", request="r1", by="dora", reason="we do not like it")
    says(us, "expired", request="r1")
    says(us, "rejected", request="r1")
    says(them, "statement", **PEOPLE.says("peter", Act.REJECT, asked).body())
    says(them, "expired", request="r1")
    audits = {}
    for side in (us, them):
        audits[side.agency] = Audit(side.agency, rules=SHARED, keys=PEOPLE.public)
        audits[side.agency].feed(bytes(side.disk))
    ours = conclude(audits["us"], audits["them"])
    assert [(one.grade, one.what) for one in ours.findings] == [
        ("fault", "request r1 of them is said to be withdrawn: that is its own agency's to say, and counts for nothing"),
        ("fault", "request r1 of them is said to be expired: that is its own agency's to say, and counts for nothing"),
        ("note", "mallory rejects request r1 and has no say in it: that counts for nothing"),
        ("fault", "1 entries of kind 'rejected', which is none: they end no request"),
    ]
    theirs = conclude(audits["them"])
    assert [(one.grade, one.what) for one in theirs.findings] == [
        ("fault", "request r1 is said to be expired, and its window was not over")
    ]


def test_a_withdrawal_that_was_not_theirs_to_say_makes_a_release_no_fault() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    us.does(us.commander.request(OURS, NOW))
    says(them, "withdrawn", request="u1", by="boris")
    mirror(them, us)
    us.does(us.commander.countersign("them", us.copies["them"].head, NOW))
    agree_on_ours(us, them)
    audits = {}
    for side in (us, them):
        audits[side.agency] = Audit(side.agency, rules=SHARED, keys=PEOPLE.public)
        audits[side.agency].feed(bytes(side.disk))
    assert [one.request for one in us.sent] == ["u1"]
    assert not [one for one in conclude(audits["us"], audits["them"]).findings if "withdrawn" in one.what]


def agree_on_ours(us: Any, them: Any) -> None:
    mirror(us, them)
    us.does(us.commander.state(PEOPLE.says("chris", Act.CHECK, OURS), NOW))
    them.does(them.commander.state(PEOPLE.says("peter", Act.APPROVE, OURS), NOW))
    mirror(them, us)
    PEOPLE.enrol("dave", Who("flight-director", "moc", "us"))
    us.commander.standing.keyring = them.commander.standing.keyring = PEOPLE.keyring
    us.does(us.commander.state(PEOPLE.says("dave", Act.RELEASE, OURS), NOW))


# ---- floods


def strangers(count: int) -> list[SignedStatement]:
    """Return rightly signed statements by keys that nobody vouches for."""
    asked, made = prepared(), []
    for number in range(count):
        key = Ed25519PrivateKey.generate()
        signed = PEOPLE.says("chris", Act.CHECK, asked)
        made.append(sign(replace(signed.statement, key=key_id(key.public_key()), comment=str(number)), key))
    return made


@pytest.mark.parametrize("flood", ["forged", "strangers", "renewed"])
def test_no_flood_of_statements_keeps_out_a_good_one(flood: str) -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    floods = {
        "forged": lambda: [forged("peter", Act.APPROVE, asked, comment=str(n)) for n in range(100)],
        "strangers": lambda: strangers(100),
        "renewed": lambda: [PEOPLE.says("boris", Act.APPROVE, asked, comment=str(n)) for n in range(100)],
    }
    for signed in floods[flood]():
        agency = them if signed.statement.agency == "them" else us
        says(agency, "statement", **signed.body())
    agree(us, them, asked)
    assert [one.request for one in us.sent] == ["r1"]
    assert len(us.commander.standing.said("r1")) <= 64 + 3


def test_a_statement_with_another_signature_does_not_take_the_place_of_the_good_one() -> None:
    us, _ = both()
    asked = prepared()
    good = PEOPLE.says("chris", Act.CHECK, asked)
    us.commander.standing.take(Journal("them").append("request", body_of(asked), NOW))
    says(us, "statement", **good.body())
    says(us, "statement", **replace(good, signature=bytes(64)).body())
    assert us.commander.standing.said("r1") == [good]


def test_a_statement_that_came_before_its_credential_counts_when_that_comes() -> None:
    made, asked = people(), prepared()
    standing, journal = Standing("us", SHARED, made.public), Journal("us")
    standing.take(Journal("them").append("request", body_of(asked), NOW))
    standing.take(journal.append("statement", made.says("chris", Act.CHECK, asked).body(), NOW))
    unknown = standing.wanted(asked, NOW)
    assert not unknown.used and not standing.proven
    said = made.keyring.credentials[made.says("chris", Act.CHECK, asked).statement.key]
    standing.take(journal.append("credential", credential_body(said, made.agencies["us"]), NOW))
    for signed in strangers(100):
        standing.take(journal.append("statement", signed.body(), NOW))
    assert len(standing.wanted(asked, NOW).used) == 1
    standing.forget("r1")
    assert not standing.proven and not standing.said("r1")


FLOODS = st.lists(st.tuples(st.sampled_from(["forged", "stranger", "good", "other"]), st.integers(0, 30)), max_size=60)
MADE = strangers(31)


@settings(max_examples=20, deadline=None)
@given(told=FLOODS)
def test_whatever_comes_the_newest_good_ones_are_there(told: list[tuple[str, int]]) -> None:
    """Beside a model: of each kind of good statements the last eight."""
    asked, standing, journal = prepared(), Standing("us", SHARED, PEOPLE.public), Journal("us")
    standing.keyring = PEOPLE.keyring
    good: list[SignedStatement] = []
    for kind, number in told:
        signed = {
            "forged": lambda n: forged("chris", Act.CHECK, asked, comment=str(n)),
            "stranger": lambda n: MADE[n],
            "good": lambda n: PEOPLE.says("chris", Act.CHECK, asked, comment=str(n)),
            "other": lambda n: PEOPLE.says("carla", Act.APPROVE, asked, comment=str(n)),
        }[kind](number)
        standing.take(journal.append("statement", signed.body(), NOW))
        if kind in ("good", "other") and signed not in kept(good, kind):
            good.append(signed)
    held = standing.said("r1")
    for kind in ("good", "other"):
        assert [one for one in held if one.statement.person == PERSON[kind] and one in good] == kept(good, kind)
    assert not [one for one in held if one.signature == bytes(64)]


PERSON = {"good": "chris", "other": "carla"}


def kept(good: list[SignedStatement], kind: str) -> list[SignedStatement]:
    return [one for one in good if one.statement.person == PERSON[kind]][-8:]


def test_the_keyring_is_not_needed_to_be_full() -> None:
    standing = Standing("us", SHARED, {})
    standing.keyring = Keyring()
    for signed in MADE:
        standing.take(Journal("us").append("statement", signed.body(), NOW))
    assert standing.said("r1") == MADE


def test_of_requests_that_ended_the_newest_are_remembered_and_the_others_never_come_again() -> None:
    standing, ours, theirs = Standing("us", SHARED, PEOPLE.public, most_ended=8), Journal("us"), Journal("them")
    for number in range(100):
        asked, at = prepared(f"r{number}"), NOW + number
        standing.take(theirs.append("request", body_of(asked), at))
        if number != 3:  # this one waits for ever
            standing.take(theirs.append("withdrawn", {"request": asked.request.id, "by": "vera", "reason": "done"}, at))
    names = list(standing.board.requests)
    assert names[0] == "r3" and names[-8:] == [f"r{number}" for number in range(92, 100)] and len(names) <= 8 + 2 + 1
    assert standing.board.requests["r99"].is_ended and standing.board.requests["r3"].state is State.WAITING
    for kind in ("verified", "radiated", "overdue"):  # late evidence of what is forgotten waits for nothing
        standing.take(ours.append(kind, {"request": "r5", "cltu": 7, "stage": "completion", "succeeded": True}, NOW + 200))
    assert not standing.board._early and standing.board.knows("r5") and not standing.board.knows("r100")
    standing.take(theirs.append("request", body_of(prepared("r5")), NOW + 201))
    assert "r5" not in standing.board.requests and standing.board.odd[-1][1] == "request r5 is there already"
