"""Reasons of commanding in Russian: what the rooms beneath really say is known, and what people write stays as it is."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from aelita.agencies import Who
from aelita.commanding import Act, Asked, Keyring, Missing, Requester, SignedStatement, Statement, key_id, sign, wanted
from aelita.commanding.statements import statement_refused
from aelita.console.words import reason
from aelita.console.words_reasons import ACTS, REASONS, code_of, in_russian
from aelita.services.missions import find_mission
from aelita.time import SECOND

RULES = find_mission("exomars").organisation.authority
KEY = Ed25519PrivateKey.generate()
LETTERS = re.compile("[а-яё]", re.IGNORECASE)
NOW = 2_000_000_000 * SECOND
SAMPLES = {"act": "check", "what": "approve", "other": "release", "key": "0123abcd", "command": "/A/B", "agency": "esa"}
NUMBERS = ("n", "m", "s", "deg", "frames", "left")


def stated(act: Act = Act.CHECK, **what: object) -> SignedStatement:
    said = Statement(
        act, "r1", "0" * 64, "tgo-sim", NOW, NOW + SECOND, "esa", "esac-soc", "science-planner", "sara",
        key_id(KEY.public_key()), NOW, "",
    )  # fmt: skip
    return sign(replace(said, **what), KEY)  # type: ignore[arg-type]


def said_by_rooms() -> Iterator[str]:
    """Yield what the rooms say: of statements that do not count, of rules, of keys."""
    how: dict[str, Any] = {
        "public": KEY.public_key(),
        "request": "r1",
        "digest": "0" * 64,
        "spacecraft": "tgo-sim",
        "now_ns": NOW,
    }
    forged = SignedStatement(stated().statement, bytes(64))
    cases: list[tuple[SignedStatement, dict[str, Any]]] = [
        (stated(), {"request": "r2"}), (stated(), {"digest": "1" * 64}), (stated(), {"spacecraft": "tgo"}), (forged, {}),
        (stated(), {"now_ns": NOW - SECOND}), (stated(), {"now_ns": NOW + 2 * SECOND}),
        (stated(not_before_ns=NOW + SECOND // 2), {}),
    ]  # fmt: skip
    for signed, other in cases:
        found = statement_refused(signed, **(how | other))
        assert found is not None
        yield found.words
    people = Requester("esa", "esac-soc", "science-planner", "sara")
    asked = Asked("r1", "0" * 64, "tgo-sim", ("/TGO_TC/AreYouAlive",), "normal", people)
    for one in (
        asked,
        replace(asked, spacecraft="nowhere"),
        replace(asked, commands=()),
        replace(asked, requester=replace(people, role="observer")),
    ):
        found_now = wanted(one, RULES, Keyring(), [stated()], NOW, holder="esa")
        yield from found_now.words()
        yield from (each.words for each in found_now.refused)
    for agency in ("", "esa"):
        for count in (1, 2):
            yield str(Missing(Act.APPROVE, count, (Who("a", "b", "esa"),), agency))


def test_what_rooms_say_is_known() -> None:
    texts = list(said_by_rooms())
    assert len(texts) > 12
    for text in texts:
        told = in_russian(text)
        assert LETTERS.search(told) and all(code_of(part) for part in text.split("; ")), text


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_found_by_its_own_english(code: str) -> None:
    english, russian = REASONS[code]
    names = re.findall(r"\{(\w+)\}", english)
    assert set(re.findall(r"\{(\w+)\}", russian)) <= set(names)
    text = english.format(**{name: SAMPLES.get(name, "17" if name in NUMBERS else f"x{name}") for name in names})
    assert code_of(text) == code == code_of(f"{text}.")
    told = in_russian(text)
    assert LETTERS.search(told) and "{" not in told
    assert all(ACTS.get(SAMPLES[name], SAMPLES[name]) in told for name in re.findall(r"\{(\w+)\}", russian) if name in SAMPLES)
    assert reason("en", text) == text and reason("ru", text) == told


@given(st.text())
def test_what_people_write_stays_as_it_is(text: str) -> None:
    if not any(code_of(part) for part in text.split("; ")):
        assert in_russian(text) == text
