"""Read-outs of packet stores: spans beside plain sets of instants, and a store that loses and returns packets beside a list."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import READ_OUT_TABLE, ReadOut, ReadOutRules, ReadOutState, StoreReadOuts, read_out_requests
from aelita.commanding.stores import merged, without
from aelita.errors import UsageError
from aelita.pus import (
    Between,
    RetrieveRanges,
    RetrieveWindow,
    StoreState,
    StoreStates,
    StoreSummaries,
    StoreSummary,
    TelecommandLayout,
    Widths,
    decode_request,
    encode_request,
)

Span = tuple[int, int]
spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda one: (one[0], one[0] + one[1])), max_size=8)


def instants(given_: list[Span]) -> set[int]:
    return {one for first, last in given_ for one in range(first, last + 1)}


def plain_rules(**more: int) -> ReadOutRules:
    chosen = {"margin_ns": 0, "join_ns": 0, "longest_ns": 1000, **more}
    return ReadOutRules(lambda ns: ns, **chosen)  # type: ignore[arg-type]


@given(spans, st.integers(0, 4))
def test_merged_spans_hold_the_same_instants_and_what_lies_between_near_ones(given_: list[Span], apart: int) -> None:
    found = merged(given_, apart)
    assert merged(given_) == merged(found) if apart == 0 else instants(given_) <= instants(found)
    assert all(b[0] - a[1] - 1 > apart for a, b in itertools.pairwise(found))
    extra = instants(found) - instants(given_)
    assert (apart > 0 or not extra) and all(any(one + d in instants(given_) for d in range(1, apart + 1)) for one in extra)


@given(spans, spans)
def test_what_is_left_of_spans_is_the_difference_of_sets(some: list[Span], others: list[Span]) -> None:
    assert instants(without(some, others)) == instants(some) - instants(others)


@settings(max_examples=200)
@given(spans, st.integers(1, 12), st.integers(0, 6), st.integers(0, 3), st.data())
def test_the_loop_closes_every_gap_that_the_store_holds(
    gaps: list[Span], longest: int, join: int, margin: int, data: st.DataObject
) -> None:
    """A store from `oldest` on returns all that is asked, with losses on the way that end some time."""
    oldest = data.draw(st.integers(0, 70))
    loop = StoreReadOuts(3, plain_rules(longest_ns=longest, join_ns=join, margin_ns=margin, most_tries=50))
    loop.missing(gaps)
    loop.report(StoreSummaries((StoreSummary(2, 99, 99, 0, 0), StoreSummary(3, oldest, 99, 50, 0))), 1)
    for turn in range(6):
        made = loop.plan()
        assert all(one.last_ns - one.first_ns < longest for one in made)
        assert len(instants([(one.first_ns, one.last_ns) for one in made])) == sum(one.last_ns - one.first_ns + 1 for one in made)
        assert loop.plan() == []  # what is planned is not planned again
        for numbers, request in read_out_requests(made, loop.rules):
            assert isinstance(request, RetrieveRanges) and len(request.ranges) <= loop.rules.most_ranges
            came: list[Span] = []
            for number, each in zip(numbers, request.ranges, strict=True):
                loop.step(number, "asked", "r")
                lost = turn < 4 and data.draw(st.booleans())
                if not lost and max(each.first, oldest) <= each.last:
                    came.append((max(each.first, oldest), each.last))
                loop.step(number, "done")
            loop.arrived(came)
    kept = {one for one in instants(gaps) if one >= oldest}
    assert not instants(loop.gaps) & kept
    assert instants(loop.gaps) == instants(gaps) - kept - instants([(oldest, 99)])
    assert set(loop.given_up()) == {one for one in loop.gaps if one[1] + margin < oldest}


def test_what_is_tried_often_enough_is_given_up() -> None:
    loop = StoreReadOuts(1, plain_rules(most_tries=2))
    loop.missing([(10, 20)])
    for event in ("failed", "done"):
        (one,) = loop.plan()
        loop.step(one.number, "asked", "r")
        loop.step(one.number, event)
    assert loop.plan() == [] and loop.given_up() == [(10, 20)]
    loop.missing([(40, 50)])
    assert [(one.first_ns, one.last_ns) for one in loop.plan()] == [(40, 50)]


def test_requests_have_margins_and_are_bounded() -> None:
    rules = ReadOutRules(lambda ns: ns * 10, margin_ns=5, most_ranges=2)
    outs = [ReadOut(n, 7, 100 * n, 100 * n + 50) for n in (1, 2, 3)]
    found = read_out_requests(reversed(outs), rules)
    assert [numbers for numbers, _ in found] == [(1, 2), (3,)]
    assert isinstance(found[0][1], RetrieveRanges)
    assert [(one.store, one.first, one.last) for one in found[0][1].ranges] == [(7, 950, 1550), (7, 1950, 2550)]
    early = read_out_requests([ReadOut(1, 7, 2, 3)], rules)[0][1]
    assert isinstance(early, RetrieveRanges) and early.ranges[0].first == 0
    other = read_out_requests(outs, ReadOutRules(lambda ns: ns, "A", margin_ns=0))
    assert [one for _, one in other] == [RetrieveWindow((7,), Between(100 * n, 100 * n + 50)) for n in (1, 2, 3)]
    for variant, requests in (("C", found), ("A", other)):
        layout = TelecommandLayout(variant, 2 if variant == "C" else 1)
        for _, request in requests:
            made = encode_request(request, layout, Widths(), apid=1, sequence_count=1)
            assert decode_request(made, layout, Widths())[1] == request


@pytest.mark.parametrize("state", list(ReadOutState))
@pytest.mark.parametrize("event", ["asked", "started", "done", "failed", "nonsense"])
def test_the_table_is_all_that_a_read_out_can_do(state: ReadOutState, event: str) -> None:
    loop = StoreReadOuts(1, plain_rules())
    loop.read_outs[1] = ReadOut(1, 1, 0, 1, state)
    if (state, event) in READ_OUT_TABLE:
        assert loop.step(1, event).standing is READ_OUT_TABLE[state, event]
    else:
        with pytest.raises(UsageError, match=f"read-out 1 of store 1 is {state}"):
            loop.step(1, event)


def test_reports_of_the_store_and_bad_input() -> None:
    loop = StoreReadOuts(4, plain_rules())
    loop.report(StoreStates((StoreState(4, 1, 0, 2), StoreState(5, 0, 0))), 77)
    assert loop.state == (1, 0, 2) and loop.reported_ns == 77 and loop.summary is None
    loop.report(StoreStates((StoreState(5, 0, 0),)), 78)
    assert loop.state == (1, 0, 2)
    with pytest.raises(UsageError, match="ends at 3 before it begins at 5"):
        loop.missing([(5, 3)])
    with pytest.raises(UsageError, match="is not known"):
        loop.step(9, "asked")
