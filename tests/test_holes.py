"""Holes that are asked for: whom, when and for which time; and a whole network in which all that some station has comes back."""

import random
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.telemetry import Hole, HoleTracker, Merged, Merger, Request, RequestRules
from aelita.telemetry.holes import TRANSITIONS, Event, State
from reception_material import tm, tm_frame
from station_material import LIGHT_NS, MS, SECOND, START, Heard, copies_of, frames_of

RULES = RequestRules(settle_s=30, timeout_s=600, backoff_s=60, longest_backoff_s=200, most_requests=4)
NOTHING = Merger(tm()).finish()


def light_time(station: str, emitted: int) -> int:
    return LIGHT_NS[station]


def hole(first: int, last: int, *, channel: int = 0, seconds: int = 0) -> Hole:
    start = START + seconds * SECOND
    return Hole(channel, first, last, last - first + 1, start + first * SECOND, start + (last + 2) * SECOND)


def opened(*holes: Hole) -> Merged:
    return replace(NOTHING, opened=holes)


def tracker(stations: tuple[str, ...] = ("kalyazin", "malargue"), rules: RequestRules = RULES) -> HoleTracker:
    return HoleTracker(lambda first, last: stations, light_time, rules)


def test_a_hole_is_asked_for_after_it_settled_by_its_station_s_received_time() -> None:
    one, wanted = tracker(), hole(5, 9)
    one.take(opened(wanted), now=0)
    assert one.on_timer(30 * SECOND - 1) == [] and one.next_deadline() == 30 * SECOND
    start, stop = wanted.after + LIGHT_NS["kalyazin"] - SECOND, wanted.before + LIGHT_NS["kalyazin"] + SECOND
    assert one.on_timer(30 * SECOND) == [Request(1, "kalyazin", start, stop, (wanted,))]
    assert one.on_timer(31 * SECOND) == [] and one.next_deadline() == 630 * SECOND


def test_another_station_is_asked_next_and_waits_grow() -> None:
    one = tracker()
    one.take(opened(hole(5, 9)), now=0)
    now, asked, waits = 30 * SECOND, [], []
    while (requests := one.on_timer(now)) or one.report()[0].state is not State.GIVEN_UP:
        for request in requests:
            asked.append(request.station)
            one.failed(request.number, now, "no connection")
        due = one.next_deadline()
        assert due is not None
        waits.append((due - now) // SECOND)
        now = due
    assert asked == ["kalyazin", "malargue", "kalyazin", "malargue"] and waits[:4] == [60, 120, 200, 200]
    assert one.report()[0].reason == "it was asked for too often or for too long" and one.counts[0].given_up == 5
    assert one.next_deadline() is None


def test_a_station_that_delivered_in_vain_is_not_asked_again() -> None:
    one = tracker()
    one.take(opened(hole(5, 9)), now=0)
    for now, station in ((30, "kalyazin"), (100, "malargue")):
        (request,) = one.on_timer(now * SECOND)
        assert request.station == station
        one.answered(request.number, now * SECOND)
    assert one.on_timer(1000 * SECOND) == [] and one.report()[0].state is State.GIVEN_UP


def test_no_answer_ends_a_request_and_frees_the_station() -> None:
    one = tracker(("kalyazin",))
    one.take(opened(hole(5, 9)), now=0)
    (first,) = one.on_timer(30 * SECOND)
    one.take(opened(hole(0, 1, channel=3, seconds=900)), now=31 * SECOND)
    assert one.on_timer(100 * SECOND) == []  # one request at a time
    (second,) = one.on_timer(630 * SECOND)
    assert second.holes[0].virtual_channel == 3 and one.report()[0].reason == "no answer in time"
    one.answered(first.number, 640 * SECOND)  # too late to mean anything
    assert one.report()[0].in_vain == set()


def test_nobody_was_in_contact_until_somebody_is_known() -> None:
    stations: list[str] = []
    one = HoleTracker(lambda first, last: stations, light_time, RULES)
    one.take(opened(hole(5, 9)), now=0)
    assert one.on_timer(30 * SECOND) == [] and one.report()[0].reason == "no station was in contact"
    stations.append("malargue")
    assert one.next_deadline() == 230 * SECOND and one.on_timer(230 * SECOND)[0].station == "malargue"


def test_holes_side_by_side_are_asked_for_together() -> None:
    one, near = tracker(("kalyazin",)), [hole(5, 9), hole(5, 7, channel=3), hole(20, 30)]
    one.take(opened(*near, hole(0, 2, seconds=3600)), now=0)
    (request,) = one.on_timer(60 * SECOND)
    assert set(request.holes) == set(near)
    one.answered(request.number, 61 * SECOND)
    assert [r.holes for r in one.on_timer(61 * SECOND)] == [(hole(0, 2, seconds=3600),)]


def test_parts_stand_where_the_whole_stood_and_counts_follow() -> None:
    one, whole = tracker(), hole(5, 9)
    one.take(opened(whole), now=0)
    (request,) = one.on_timer(30 * SECOND)
    parts = (replace(whole, last=6, missing=2, before=whole.after + 3 * SECOND), replace(whole, first=8, missing=2))
    one.take(replace(NOTHING, closed=(whole,), opened=parts), now=31 * SECOND)
    assert [(s.state, s.request) for s in one.report()] == [(State.ASKED, request.number)] * 2
    assert (one.counts[0].missing, one.counts[0].filled) == (5, 1)
    one.take(replace(NOTHING, closed=parts), now=32 * SECOND)
    assert one.report() == [] and one.counts[0].filled == 5
    one.answered(request.number, 33 * SECOND)
    assert one.next_deadline() is None


def test_too_many_holes_and_those_of_before_a_restart() -> None:
    one = tracker(rules=replace(RULES, most_holes=10))
    one.adopt([hole(2 * k, 2 * k) for k in range(100)], now=0)
    one.adopt([hole(198, 198)], now=0)
    assert len(one.report()) == 10 and one.counts[0].missing == 100 and one.counts[0].given_up == 90


def test_every_event_of_the_table_is_one_that_happens() -> None:
    assert all(state is not State.GIVEN_UP for state, _ in TRANSITIONS)
    for state, event in product(State, Event):
        assert (state, event) not in TRANSITIONS or TRANSITIONS[state, event] is not State.SETTLING


@settings(max_examples=8)
@given(st.integers(0, 2**32), st.sampled_from([2 * MS, 350 * MS, 5 * SECOND]))
def test_all_that_some_station_kept_comes_back(seed: int, spacing: int) -> None:
    """Live delivery loses frames that the stations kept; requests fail, stay without an answer, or bring what is asked for."""
    chance = random.Random(seed)
    frames = [tm_frame(chance.randbytes(32), k, 0x7FE) for k in range(250)]
    kept = {s: {k for k in range(250) if chance.random() < 0.8} for s in ("malargue", "kalyazin")}
    live = {s: {k for k in kept[s] if chance.random() < 0.6} for s in kept}
    heard = sorted((START + k * spacing + LIGHT_NS[s], s, k) for s in live for k in live[s])
    merger = Merger(tm())
    rules = RequestRules(settle_s=5, timeout_s=20, backoff_s=2, longest_backoff_s=10, most_requests=1000, join_s=3)
    holes = HoleTracker(lambda first, last: tuple(kept), light_time, rules)
    merged: list[Merged] = []

    def take(one: Merged, now: int) -> None:
        merged.append(one)
        holes.take(one, now)

    for now, station, k in heard:
        take(merger.feed(copies_of([Heard(station, now, frames[k], START + k * spacing)]), now), now)
    now = heard[-1][0] + 100 * SECOND
    take(merger.on_timer(now), now)
    first, last = min(k for s in live for k in live[s]), max(k for s in live for k in live[s])
    while (due := holes.next_deadline()) is not None:
        now = max(now, due)
        requests = holes.on_timer(now)
        assert len({r.station for r in requests}) == len(requests)
        for request in requests:
            what = chance.choice(("deliver", "deliver", "fail", "silence"))
            if what == "fail":
                holes.failed(request.number, now, "refused")
            elif what == "deliver":
                asked = [
                    k
                    for k in sorted(kept[request.station])
                    if request.start <= START + k * spacing + light_time(request.station, 0) <= request.stop
                ]
                for k in asked:
                    take(merger.feed(copies_of([Heard(request.station, now, frames[k], START + k * spacing)]), now), now)
                holes.answered(request.number, now)
    good = {k for s in kept for k in kept[s] if first < k < last} | {first, last}
    came = Counter(frames_of(*merged))
    assert {f: came[f] for f in (frames[k] for k in good)} == {frames[k]: 1 for k in good} and max(came.values()) == 1
    missing = {frames[k] for k in range(first, last)} - set(came)
    assert sum(h.missing for h in merger.holes()) == sum(c.given_up for c in holes.counts.values()) == len(missing)


@pytest.mark.parametrize("count", [0, 3])
def test_nothing_to_do(count: int) -> None:
    one = tracker()
    for _ in range(count):
        one.take(NOTHING, 0)
        one.answered(7, 0)
        one.failed(8, 0, "")
    assert one.on_timer(10**18) == [] and one.next_deadline() is None and np.array(one.report()).size == 0
