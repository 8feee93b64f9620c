"""The octets that are signed and chained: the same as the standard library's JSON with sorted keys, whatever makes them."""

import json
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aelita.commanding.canonical import canonical
from aelita.errors import UsageError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(TEXTS, inner),
)


class Colour(StrEnum):
    RED = "red"


@given(VALUES)
@example({"\uffff": 1, "\U00010000": 2, "é": 3, "a": 4, "": 5})
@example([1 << 63, 1 << 64, -(1 << 63) - 1, 10**30])
@example("".join(map(chr, range(0x20))) + '"\\/\x7f\x80\u2028')
@example({Colour.RED: Colour.RED, "b": (Colour.RED,)})
@example(json.loads("[" * 400 + "]" * 400))
def test_it_is_json_with_sorted_keys_and_no_spaces(value: Any) -> None:
    octets = canonical(value)
    assert octets == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert json.loads(octets) == json.loads(json.dumps(value))


@pytest.mark.parametrize("value", [1.5, float("nan"), b"octets", {1: "a"}, {"a": {1, 2}}, ["\ud800"], {"\udfff": 1}, object()])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(UsageError):
        canonical(value)
