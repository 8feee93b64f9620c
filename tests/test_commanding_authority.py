"""What is still wanted of a command, and from whom: each rule, and a plain model beside the real one."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.agencies import Authority, Critical, Reach, Rule, Who
from aelita.commanding import Act, Call, PreparedCommand, SignedStatement, Wanted, Why, asked_of, rules_digest, wanted
from evidence_material import (
    ANN,
    BEN,
    CHECKED_AND_RELEASED,
    CHECKER,
    CLEO,
    DIRECTOR,
    DMITRI,
    EVA,
    GUEST,
    GUEST_DIRECTOR,
    OPERATOR,
    PEOPLE,
    RULES,
    T0,
    Person,
    S,
    keyring,
    prepare,
)

AT, KEYS = T0 + 60 * S, keyring()


def said(prepared: PreparedCommand, *acts: tuple[Person, str, str]) -> list[SignedStatement]:
    return [who.says(act, prepared, AT + n, role) for n, (who, act, role) in enumerate(acts)]


def ask(prepared: PreparedCommand, *acts: tuple[Person, str, str], rules: Authority = RULES, holder: str = "us") -> Wanted:
    return wanted(asked_of(prepared), rules, KEYS, said(prepared, *acts), AT + S, holder=holder)


def reasons(found: Wanted) -> list[Why]:
    return [one.why for one in found.refused]


def test_what_is_missing_is_said_in_plain_words() -> None:
    found = ask(prepare())
    assert found.words() == ["1 person must check it: checker@hill", "1 person must release it: director@hill"]
    assert not found.satisfied and found.used == ()
    assert ask(prepare(), (BEN, "check", "")).words() == ["1 person must release it: director@hill"]


def test_the_statements_that_suffice_are_named() -> None:
    prepared = prepare()
    statements = said(prepared, *CHECKED_AND_RELEASED)
    found = wanted(asked_of(prepared), RULES, KEYS, statements, AT + S, holder="us")
    assert found.satisfied and found.used == tuple(one.statement.id for one in statements) and found.refused == ()


@given(order=st.permutations(said(prepare(), *CHECKED_AND_RELEASED, (CLEO, "release", "director"), (EVA, "release", ""))))
def test_the_order_in_which_statements_come_does_not_matter(order: list[SignedStatement]) -> None:
    found = wanted(asked_of(prepare()), RULES, KEYS, order, AT + S, holder="us")
    assert found.satisfied and len(found.used) == 2 and reasons(found) == [Why.NOT_NEEDED, Why.ROLE]
    only = [one for one in order if one.statement.id in found.used]
    assert wanted(asked_of(prepare()), RULES, KEYS, only, AT + S, holder="us").used == found.used


def test_nobody_may_what_no_rule_allows() -> None:
    forbidden, unknown = prepare(command="/P/NEVER/x"), prepare()
    assert "no rule allows it" in ask(forbidden, *CHECKED_AND_RELEASED).words()[0]
    assert not ask(unknown, *CHECKED_AND_RELEASED, rules=Authority()).satisfied
    elsewhere = replace(unknown, request=replace(unknown.request, spacecraft="twin"))
    assert not ask(elsewhere, *CHECKED_AND_RELEASED).satisfied


def test_only_those_the_rule_names_may_request() -> None:
    assert ask(prepare(person=EVA), *CHECKED_AND_RELEASED).words()[0].startswith("director@plain may not request /P/Ping")


def test_one_person_gives_one_statement() -> None:
    found = ask(prepare(), (ANN, "check", "checker"), (ANN, "release", "director"))
    assert not found.satisfied and reasons(found) == [Why.SAME_PERSON]
    lax = Authority((replace(RULES.rules[1], separate=False),), (), RULES.assets)
    assert ask(prepare(), (ANN, "check", "checker"), (ANN, "release", "director"), rules=lax).satisfied
    twice = Authority((replace(RULES.rules[1], separate=False, checks=2),), (), RULES.assets)
    again = ask(prepare(), (ANN, "check", "checker"), (ANN, "check", "checker"), (ANN, "release", "director"), rules=twice)
    assert reasons(again) == [Why.SAME_PERSON] and again.words() == ["1 person must check it: checker@hill"]


def test_ones_own_request_is_approved_by_another() -> None:
    found = ask(prepare(person=CLEO), (BEN, "check", ""), (CLEO, "release", "director"))
    assert not found.satisfied and reasons(found) == [Why.OWN_REQUEST]
    lax = Authority((replace(RULES.rules[1], own_request=True),), (), RULES.assets)
    assert ask(prepare(person=CLEO), (BEN, "check", ""), (CLEO, "release", "director"), rules=lax).satisfied


def test_only_the_agency_that_has_the_spacecraft_releases() -> None:
    acts = (BEN, "check", ""), (EVA, "release", "")
    assert not ask(prepare(), *acts).satisfied and ask(prepare(), *acts, holder="them").satisfied
    assert not ask(prepare(), *CHECKED_AND_RELEASED, holder="them").satisfied


@pytest.mark.parametrize("asked", [{"command": "/P/Fire"}, {"command": "/P/Fire2"}, {"significance": "critical"}])
def test_critical_commands_need_two_persons_of_two_agencies(asked: dict[str, str]) -> None:
    prepared = prepare(**asked)  # type: ignore[arg-type]
    assert ask(prepared, *CHECKED_AND_RELEASED).words() == [
        "1 person of us must approve it: director@hill",
        "1 person of them must approve it: director@plain",
    ]
    assert ask(prepared, *CHECKED_AND_RELEASED, (EVA, "approve", "")).words() == ["1 person of us must approve it: director@hill"]
    assert ask(prepared, *CHECKED_AND_RELEASED, (EVA, "approve", ""), (CLEO, "approve", "director")).satisfied


def test_two_approvals_of_one_agency_do_not_stand_for_two_agencies() -> None:
    rule = replace(
        RULES.rules[1], approve=(DIRECTOR, OPERATOR, GUEST_DIRECTOR), approvals=2, agencies=("them",), check=(), checks=0
    )
    rules = Authority((rule,), (), RULES.assets)
    prepared = prepare()
    first = ask(prepared, (CLEO, "approve", "operator"), (ANN, "approve", "director"), rules=rules)
    assert Why.NOT_NEEDED in reasons(first)
    assert any("1 person of them" in one for one in first.words())
    both = ask(prepared, (CLEO, "approve", "operator"), (EVA, "approve", ""), (ANN, "release", "director"), rules=rules)
    assert both.satisfied


def test_a_rejection_ends_it_and_does_not_wear_off() -> None:
    prepared = prepare()
    statements = [*said(prepared, *CHECKED_AND_RELEASED), EVA.says("reject", prepared, AT, comment="no", not_after_ns=AT + 1)]
    found = wanted(asked_of(prepared), RULES, KEYS, statements, AT + 60 * S, holder="us")
    assert found.blocked == ("rejected by eva (director@plain): no",) and not found.satisfied
    stranger = [*statements[:2], DMITRI.says("reject", prepared, AT)]  # a requester cannot
    assert wanted(asked_of(prepared), RULES, KEYS, stranger, AT + S, holder="us").satisfied


def test_every_command_of_a_request_satisfies_its_own_rule() -> None:
    prepared = prepare()
    both = replace(prepared, request=replace(prepared.request, calls=(Call("/P/Ping"), Call("/P/Fire"))))
    assert len(ask(both, *CHECKED_AND_RELEASED).missing) == 2
    never = replace(prepared, request=replace(prepared.request, calls=(Call("/P/Ping"), Call("/P/NEVER/x"))))
    assert len(ask(never, *CHECKED_AND_RELEASED).blocked) == 1


def test_signatures_proved_before_are_not_proved_again() -> None:
    prepared = prepare()
    statements = said(prepared, *CHECKED_AND_RELEASED)
    unsigned = [SignedStatement(one.statement, bytes(64)) for one in statements]
    assert not wanted(asked_of(prepared), RULES, KEYS, unsigned, AT + S).satisfied
    proven = {one.statement.id for one in statements}
    assert wanted(asked_of(prepared), RULES, KEYS, unsigned, AT + S, proven=proven).satisfied


def test_rules_have_a_digest_that_changes_with_each_of_them() -> None:
    others = [Authority(), replace(RULES, clock_tolerance_s=2.0), replace(RULES, rules=RULES.rules[::-1])]
    assert len({rules_digest(one) for one in (RULES, *others)}) == 4


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(PEOPLE), st.sampled_from(("check", "approve", "release")), st.integers(0, 1)), max_size=6
    ),
    checks=st.integers(0, 2), approvals=st.integers(0, 2), releases=st.integers(1, 2),
    agencies=st.sampled_from(((), ("them",), ("us", "them"))), separate=st.booleans(), critical=st.booleans(),
)  # fmt: skip
def test_what_satisfies_is_what_a_plain_count_says(
    acts: list[tuple[Person, str, int]], checks: int, approvals: int, releases: int, agencies: tuple[str, ...], separate: bool,
    critical: bool,
) -> None:  # fmt: skip
    """What is used satisfies the rule by a plain count, and when nothing is used there is no way that would."""
    everybody = (DIRECTOR, CHECKER, OPERATOR, GUEST, GUEST_DIRECTOR)
    need = {"check": checks, "approve": max(approvals, len(agencies)), "release": releases}
    rule = Rule(
        "r", Reach(), everybody, everybody, everybody, everybody, need["check"], need["approve"], releases, separate=separate
    )
    rules = Authority((rule,), (Critical("c", Reach(), ("critical",), need["approve"], agencies),) if critical else ())
    prepared = prepare(significance="critical", person=Person("zoe", "us", ("operator",)))
    statements = [
        who.says(act, prepared, AT + n, who.roles[min(role, len(who.roles) - 1)]) for n, (who, act, role) in enumerate(acts)
    ]
    found = wanted(asked_of(prepared), rules, KEYS, statements, AT + S)
    used = [one.statement for one in statements if one.statement.id in found.used]
    assert len({(one.person, one.act) for one in used}) == len(used)
    assert not separate or len({one.person for one in used}) == len(used)
    enough = all(sum(one.act == act for one in used) == count for act, count in need.items())
    approved = {one.agency for one in used if one.act is Act.APPROVE}
    assert found.satisfied == (enough and (not critical or set(agencies) <= approved))
    if not separate and not found.satisfied:  # then nothing of what was said was left out that could have helped
        for act, count in need.items():
            people = {one.statement.person: one.statement.agency for one in statements if one.statement.act == act}
            wanting = critical and act == "approve" and not set(agencies) <= set(people.values())
            if len(people) < count or wanting:
                break
        else:
            pytest.fail("every act had enough people of every agency")


def test_the_model_knows_more_than_one_way() -> None:
    assert len(list(permutations(CHECKED_AND_RELEASED))) == 2 and Who("a", "b", "c") != DIRECTOR
