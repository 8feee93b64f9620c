"""Physical layer operations: the tables as the figures draw them, exact durations, and a carrier beside a simple model."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.coding import (
    CarrierEvent,
    CarrierMode,
    CltuExpired,
    CltuReceiver,
    CltuRules,
    Plop,
    Radiated,
    RadiationBegun,
    UplinkCarrier,
    UplinkRules,
    bit_rate,
    encode_cltu,
    radiation_duration_ns,
)
from aelita.coding.uplink_plop import MODES, TRANSITIONS, PlopEvent
from aelita.coding.uplink_rate import bits_not_before
from aelita.errors import UsageError
from cltu_material import BCH, LDPC_LONG, LDPC_SHORT, LDPC_TAIL, cltus, name_of

S = 1_000_000_000
RATES = ["7.8", "7.8125", "10", "15.625", "1000/3", "2000", "4000", "256000"]


# --- rates


def test_durations_known_without_calculation() -> None:
    assert radiation_duration_ns(1, bit_rate("7.8125")) == 128_000_000
    assert radiation_duration_ns(1, bit_rate("4000/512")) == 128_000_000
    assert radiation_duration_ns(2000, bit_rate(2000)) == S
    assert radiation_duration_ns(78, bit_rate("7.8")) == 10 * S
    assert radiation_duration_ns(1, bit_rate("7.8")) == 128_205_129  # 128,205,128.2 rounded up
    assert radiation_duration_ns(0, bit_rate(2000)) == 0
    assert radiation_duration_ns(10**12, bit_rate("7.8")) == 10**13 * S // 78 + 1


@given(st.integers(0, 10**9), st.sampled_from(RATES))
def test_durations_never_lose_more_than_a_nanosecond(bits: int, rate: str) -> None:
    exact = bits * S / Fraction(rate)
    assert 0 <= radiation_duration_ns(bits, bit_rate(rate)) - exact < 1


@given(st.integers(-5, 10**15), st.sampled_from(RATES))
def test_bits_not_before_is_the_inverse(elapsed_ns: int, rate: str) -> None:
    bits = bits_not_before(elapsed_ns, bit_rate(rate))
    assert radiation_duration_ns(bits, bit_rate(rate)) >= elapsed_ns
    assert bits == 0 or radiation_duration_ns(bits - 1, bit_rate(rate)) < elapsed_ns


@pytest.mark.parametrize("rate", [7.8, "fast", "", "0", -1, "1/0", True, None, "nan", "-7.8125"])
def test_what_is_no_exact_rate_is_refused(rate: object) -> None:
    with pytest.raises(UsageError, match="is no bit rate"):
        bit_rate(rate)  # type: ignore[arg-type]


# --- tables


def walk(plop: Plop, events: list[PlopEvent]) -> list[str]:
    step, seen = 0, []
    for event in events:
        step = TRANSITIONS[plop][step, event]
        seen.append(MODES[plop][step].name)
    return seen


def test_a_session_of_plop_1_drops_the_modulation_after_each_cltu() -> None:
    one = [PlopEvent.CLTU, PlopEvent.SPENT, PlopEvent.CLTU, PlopEvent.SPENT, PlopEvent.SPENT]
    path = walk(Plop.PLOP_1, [PlopEvent.BEGIN, *one, *one, PlopEvent.END])
    cltu = ["CMM_2", "CMM_4", "CMM_3", "CMM_4", "CMM_1"]
    assert path == ["CMM_1", *cltu, *cltu, "OFF"]


def test_a_session_of_plop_2_keeps_it_until_the_end() -> None:
    events = [PlopEvent.BEGIN, PlopEvent.CLTU, PlopEvent.SPENT, PlopEvent.CLTU, PlopEvent.SPENT]
    path = walk(Plop.PLOP_2, [*events, PlopEvent.CLTU, PlopEvent.SPENT, PlopEvent.END, PlopEvent.END])
    assert path == ["CMM_1", "CMM_2", "CMM_4", "CMM_3", "CMM_4", "CMM_3", "CMM_4", "CMM_1", "OFF"]


@pytest.mark.parametrize("plop", Plop)
def test_every_step_is_reached_and_left(plop: Plop) -> None:
    table = TRANSITIONS[plop]
    assert {step for step, _ in table} == set(MODES[plop]) == set(table.values())


# --- the carrier


def carrier(plop: Plop, rate: str = "2000", **settings: int) -> UplinkCarrier:
    return UplinkCarrier(UplinkRules(plop, bit_rate(rate), **settings))


def radiated(events: list[CarrierEvent], mode: CarrierMode | None = None) -> list[Radiated]:
    return [event for event in events if isinstance(event, Radiated) and mode in (None, event.mode)]


def test_a_cltu_at_7_8125_bits_a_second_takes_what_it_takes() -> None:
    station = carrier(Plop.PLOP_1, "7.8125")
    assert station.begin(0) == []
    octets = encode_cltu(bytes(10), BCH)
    station.submit(5, octets, 10 * S)
    begun = 10 * S + 128 * 128_000_000
    ended = begun + 8 * len(octets) * 128_000_000
    assert station.next_deadline() == begun
    assert [e for e in station.forecast() if isinstance(e, RadiationBegun)] == [RadiationBegun(5, begun, ended)]
    events = station.advance(3600 * S)
    assert [(e.mode, e.start_ns, e.end_ns, e.bits) for e in radiated(events)] == [
        (CarrierMode.CMM_2, 10 * S, begun, 128),
        (CarrierMode.CMM_3, begun, ended, 8 * len(octets)),
        (CarrierMode.CMM_4, ended, ended + 8 * 128_000_000, 8),
    ]
    assert ended - begun == 26 * S + 624_000_000  # 26 octets
    assert station.mode is CarrierMode.CMM_1


def test_acquisition_ends_exactly_when_the_cltu_may_begin() -> None:
    for plop in Plop:
        station = carrier(plop, "2000", acquisition_bits=200, idle_before_bits=40)
        station.begin(0)
        station.submit(1, bytes(50), S, earliest_ns=100 * S)
        events = station.advance(200 * S)
        assert radiated(events, CarrierMode.CMM_2)[0].start_ns == 100 * S - 240 * 500_000
        assert radiated(events, CarrierMode.CMM_3)[0].start_ns == 100 * S


def test_the_bare_carrier_stands_as_long_as_the_receiver_needs() -> None:
    station = carrier(Plop.PLOP_2, "2000", unmodulated_ns=30 * S)
    station.begin(0)
    station.submit(1, bytes(10), 0)
    assert station.next_deadline() == 30 * S
    assert station.mode is CarrierMode.CMM_1


def test_a_boundary_at_an_awkward_rate_is_not_taken_for_the_next_bit() -> None:
    station = carrier(Plop.PLOP_2, "7.8", acquisition_bits=1, idle_after_bits=1)
    station.begin(0)
    station.submit(1, b"\xff", 0, earliest_ns=128_205_129)
    station.submit(2, b"\xff", 0)
    starts = [e.start_ns for e in radiated(station.advance(60 * S), CarrierMode.CMM_3)]
    assert starts == [radiation_duration_ns(1, bit_rate("7.8")), radiation_duration_ns(10, bit_rate("7.8"))]


def test_a_cltu_that_cannot_begin_in_time_expires_and_does_not_hold_the_next() -> None:
    station = carrier(Plop.PLOP_2)
    station.begin(0)
    station.submit(1, bytes(250), 0)
    station.submit(2, bytes(10), 0, latest_ns=S)  # the first one lasts until 1.064 s
    station.submit(3, bytes(10), 0)
    events = station.advance(10 * S)
    assert [e for e in events if isinstance(e, CltuExpired)] == [CltuExpired(2, 1_064_000_000)]
    assert [e.cltu_id for e in radiated(events, CarrierMode.CMM_3)] == [1, 3]
    assert station.submit(4, bytes(10), 10 * S, latest_ns=10 * S - 1) == [CltuExpired(4, 10 * S)]


def test_a_cut_carrier_says_how_much_of_the_cltu_went_out() -> None:
    station = carrier(Plop.PLOP_1, "2000", acquisition_bits=0)
    station.begin(0)
    station.submit(1, bytes(range(100)), 0)
    station.submit(2, bytes(10), 0)
    events, dropped = station.cut(100_300_000)
    (torn,) = radiated(events, CarrierMode.CMM_3)
    assert (torn.bits, torn.complete, torn.end_ns, dropped) == (200, False, 100_300_000, [2])
    assert np.packbits(torn.symbols() > 0).tobytes() == bytes(range(25))
    assert (station.mode, station.waiting, station.next_deadline()) == (CarrierMode.OFF, [], None)
    assert station.cut(S) == ([], [])
    station.begin(2 * S)
    station.submit(3, bytes(10), 2 * S)
    assert [e.cltu_id for e in radiated(station.advance(3 * S), CarrierMode.CMM_3)] == [3]


def test_what_is_discarded_is_not_radiated_even_behind_its_acquisition() -> None:
    station = carrier(Plop.PLOP_2)
    station.begin(0)
    station.submit(1, bytes(10), 0)
    _, dropped = station.discard(10_000_000)
    assert dropped == [1]
    assert station.advance(5 * S)[-1].mode is CarrierMode.CMM_2  # type: ignore[union-attr]
    assert station.mode is CarrierMode.CMM_4
    (begun,) = [e for e in station.submit(2, bytes(10), 5 * S) if isinstance(e, RadiationBegun)]
    assert begun.at_ns == 5 * S


@pytest.mark.parametrize("plop", Plop)
def test_a_session_ends_behind_its_last_cltu(plop: Plop) -> None:
    station = carrier(plop)
    station.begin(0)
    station.submit(1, bytes(100), 0)
    station.end(1)
    events = station.advance(60 * S)
    assert station.mode is CarrierMode.OFF
    assert radiated(events)[-1].end_ns == radiation_duration_ns(128 + 800 + 8, bit_rate(2000))
    with pytest.raises(UsageError, match="no carrier"):
        station.submit(2, bytes(3), 60 * S)
    idle = carrier(plop)
    idle.begin(0)
    assert radiated(idle.end(7 * S)) == [Radiated(1, CarrierMode.CMM_1, 0, 7 * S, 0, None, b"", True)]
    assert idle.mode is CarrierMode.OFF


def test_a_clock_that_is_set_back_radiates_nothing_twice() -> None:
    station = carrier(Plop.PLOP_2)
    station.begin(0)
    events = [*station.submit(1, bytes(20), 0), *station.advance(10 * S)]
    assert station.advance(0) == []
    events += station.submit(2, bytes(20), 5 * S)
    begun = [e.at_ns for e in [*events, *station.advance(20 * S)] if isinstance(e, RadiationBegun)]
    assert begun == [64_000_000, 10 * S]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda s: s.begin(0), "up already"),
        (lambda s: s.submit(1, b"", 0), "0 octets"),
        (lambda s: s.submit(1, b"x", 0, delay_ns=-1), "delay of -1"),
        (lambda s: s.submit(1, b"x", 0, earliest_ns=5, latest_ns=4), "not after 4"),
        (lambda s: carrier(Plop.PLOP_1).submit(1, b"x", 0), "no carrier"),
        (lambda s: UplinkRules(Plop.PLOP_1, 7.8), "bit_rate"),  # type: ignore[arg-type]
        (lambda s: UplinkRules(Plop.PLOP_1, Fraction(0)), "bit_rate"),
        (lambda s: UplinkRules(Plop.PLOP_1, Fraction(8), acquisition_bits=-1), "negative"),
    ],
)
def test_what_makes_no_sense_is_refused(make: object, words: str) -> None:
    station = carrier(Plop.PLOP_1)
    station.begin(0)
    with pytest.raises(UsageError, match=words):
        make(station)  # type: ignore[operator]


# --- beside a simple model


@dataclass(frozen=True)
class Order:
    at_ns: int
    octets: int
    earliest_ns: int | None
    window_ns: int | None
    delay_ns: int


def orders() -> st.SearchStrategy[list[Order]]:
    moment = st.integers(0, 40 * S)
    window = st.one_of(st.none(), st.integers(0, 10 * S))
    one = st.builds(
        Order, moment, st.integers(1, 40), st.one_of(st.none(), moment), window, st.sampled_from([0, 1, S // 3, 4 * S])
    )
    return st.lists(one, max_size=8).map(lambda found: sorted(found, key=lambda order: order.at_ns))


def latest(order: Order) -> int | None:
    return None if order.window_ns is None else (order.earliest_ns or 0) + order.window_ns


def model(rules: UplinkRules, found: list[Order]) -> dict[int, tuple[int, int]]:
    """Return beginning and end of every CLTU that is radiated, one after the other in exact fractions of a bit."""
    times: dict[int, tuple[int, int]] = {}
    bit = S / rules.rate
    lead = rules.acquisition_bits + rules.idle_before_bits
    anchor, bits, ready, free = 0, 0, rules.unmodulated_ns, 0
    modulated = False
    for number, order in enumerate(found):
        wanted = max(free, order.earliest_ns or 0)
        if modulated:
            begin_bit = bits
            while anchor + -((-begin_bit * bit) // 1) < max(wanted, order.at_ns):
                begin_bit += 1
            begin_anchor = anchor
        else:
            begin_anchor = max(ready, order.at_ns, wanted - int(-((-lead * bit) // 1)))
            begin_bit = lead
        begin = begin_anchor + int(-((-begin_bit * bit) // 1))
        limit = latest(order)
        if limit is not None and begin > limit:
            continue
        anchor, bits = begin_anchor, begin_bit + 8 * order.octets
        end = anchor + int(-((-bits * bit) // 1))
        times[number] = (begin, end)
        free, bits = end + order.delay_ns, bits + rules.idle_after_bits
        ready = anchor + int(-((-bits * bit) // 1))
        modulated = rules.plop is Plop.PLOP_2
    return times


def run(rules: UplinkRules, found: list[Order], stops: list[int]) -> list[CarrierEvent]:
    """Radiate the orders, looking at the carrier also at the given times."""
    station = UplinkCarrier(rules)
    events = station.begin(0)
    moments = sorted([(stop, -1) for stop in stops] + [(order.at_ns, i) for i, order in enumerate(found)])
    for now_ns, number in moments:
        if number < 0:
            events += station.advance(now_ns)
            continue
        order = found[number]
        octets = np.random.default_rng(number).bytes(order.octets)
        events += station.submit(
            number, octets, now_ns, earliest_ns=order.earliest_ns, latest_ns=latest(order), delay_ns=order.delay_ns
        )
    forecast = station.forecast()
    rest = station.advance(10**6 * S)
    assert rest[: len(forecast)] == forecast
    return events + rest + station.end(10**6 * S)


@given(
    st.sampled_from(Plop),
    st.sampled_from(["7.8", "15.625", "1000/3", "2000"]),
    st.integers(0, 40),
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from([0, 5 * S]),
    orders(),
    st.lists(st.integers(0, 90 * S), max_size=10),
)
@settings(max_examples=150, deadline=None)
def test_a_carrier_does_what_the_model_does(
    plop: Plop, rate: str, acquisition: int, before: int, after: int, bare: int, found: list[Order], stops: list[int]
) -> None:
    rules = UplinkRules(plop, bit_rate(rate), acquisition, before, after, bare)
    events = run(rules, found, stops)
    expected = model(rules, found)
    sent = radiated(events, CarrierMode.CMM_3)
    assert {e.cltu_id: (e.start_ns, e.end_ns) for e in sent} == expected
    assert [e.cltu_id for e in sent] == sorted(expected)
    assert sorted(e.cltu_id for e in events if isinstance(e, CltuExpired)) == sorted(set(range(len(found))) - set(expected))
    begun = [(e.cltu_id, e.at_ns, e.until_ns) for e in events if isinstance(e, RadiationBegun)]
    assert begun == [(e.cltu_id, e.start_ns, e.end_ns) for e in sent]
    steps = radiated(events)
    assert all(a.end_ns == b.start_ns for a, b in pairwise(steps))  # without hole or overlap
    assert run(rules, found, []) == events


@pytest.mark.parametrize("plop", Plop)
@pytest.mark.parametrize("rules", [BCH, LDPC_SHORT, LDPC_TAIL, LDPC_LONG], ids=name_of)
def test_a_receiver_gets_every_frame_from_what_the_carrier_radiates(plop: Plop, rules: CltuRules) -> None:
    frames = [np.random.default_rng(i).bytes(12 + 3 * i) for i in range(20)]
    station = carrier(plop)
    events = station.begin(0)
    for number, frame in enumerate(frames):
        events += station.submit(number, encode_cltu(frame, rules), number * S // 10)
    events += station.end(3 * S) + station.advance(600 * S)
    receiver = CltuReceiver(rules)
    found = []
    for step in radiated(events):
        found += receiver.feed_symbols(step.symbols()) if step.bits else receiver.deactivate()
    found += receiver.deactivate()
    assert [cltu.octets[: len(f)] for cltu, f in zip(cltus(found), frames, strict=True)] == frames
