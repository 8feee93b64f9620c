"""Computed observations: against ranges that the DSN measured, SPICE, differences of ranges, and numeric derivatives."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import spiceypy
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.dynamics.corrections import dry_mapping, solid_tide_km, wet_mapping
from aelita.dynamics.light_paths import Sky, Station
from aelita.dynamics.network import Network, value_of, with_value
from aelita.dynamics.observables import compute
from aelita.dynamics.ramps import Ramps, constant_uplink, join_ramps
from aelita.dynamics.round_trips import round_trips
from aelita.dynamics.tracking import (
    Kind,
    Observations,
    Quasar,
    doppler,
    ranges,
    screened,
    station_epochs,
    turnaround,
    without_repeats,
)  # fmt: skip
from aelita.dynamics.tracking_files import read_ramps, read_tracking
from aelita.dynamics.tracking_messages import message_of_tracking, tracking_of_message
from aelita.ephemeris import Site, fine_states, light_times, state, tdb_tt_s
from aelita.errors import DataError, TimeError, UsageError
from aelita.ndm import Message, read, write
from aelita.time import DAY, SECOND, et_from_tai_ns, tai_ns_from_utc
from determination_material import (
    C_KM_S,
    CEBREROS,
    MALARGUE,
    NEW_NORCIA,
    ORIGIN,
    UPLINK_HZ,
    AtCentre,
    Circling,
    Epochs,
    Reals,
    dsn,
    mgs_pass,
    mgs_ramps,
    mgs_tracking,
    orbiter_network,
)
from shared import shared

AT = ORIGIN + np.arange(0, 7200, 600) * SECOND
FULL, NONE = np.ones(AT.size), np.zeros(AT.size)
QUASAR = Quasar("a source", 330.0, -12.0)


def made(kind: Kind, transmitter: str = "Malargüe", receiver: str = "Malargüe", count_s: float = 60.0) -> Observations:
    """Observations without values, of which only what is computed matters."""
    return Observations(
        kind, transmitter, receiver, AT, NONE, FULL, count_s * FULL, UPLINK_HZ * turnaround("X", "X") * FULL,
        quasar=QUASAR if kind is Kind.DELTA_DOR else None,
    )  # fmt: skip


EVERY = (
    made(Kind.DOPPLER), made(Kind.DOPPLER, receiver="Cebreros"), made(Kind.DOPPLER_1, transmitter="TGO"), made(Kind.RANGE_S),
    made(Kind.RANGE_UNITS), made(Kind.DELTA_DOR, receiver="Cebreros"),
)  # fmt: skip


def network() -> Network:
    return replace(orbiter_network(), on_board_hz=8.4e9)


def test_round_trips_measured_by_the_dsn() -> None:
    """1,110 ranges to Mars, 2006 to 2010: a constant of some metres is the delay of the transponder and the air."""
    months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    lines = [line.split() for line in shared("data/nav/tracking/mro_range_2006-2010.txt").read_text().splitlines()]
    rows = [row for row in lines if row and not row[0].startswith("#")]
    tagged = np.array(
        [
            tai_ns_from_utc(f"{r[3]}-{months.index(r[4]) + 1:02d}-{int(r[5]):02d}T{r[6]}") - 1000 * int(r[8] if len(r) > 8 else 0)
            for r in rows
        ]
    )
    measured, pairs = np.array([float(row[7]) for row in rows]) * 1e-6, [(int(row[1]), int(row[2])) for row in rows]
    left_m = np.empty((len(rows), 3))
    for pair in sorted(set(pairs)):
        those = np.flatnonzero([other == pair for other in pairs])
        for column, (zenith_m, planets) in enumerate(((0.0, ()), (2.2, ()), (2.2, ("JUPITER", "SATURN", "EARTH")))):
            here = Network({f"DSS-{n}": Station(dsn(n), zenith_m) for n in pair}, delayed_by=planets)
            trip = round_trips(tagged[those], f"DSS-{pair[0]}", f"DSS-{pair[1]}", AtCentre(), here)
            left_m[those, column] = (measured[those] - trip.light_s) / 2 * C_KM_S * 1000
    sun, mars = state("SUN", "EARTH", tagged)[:, :3], state("MARS", "EARTH", tagged)[:, :3]
    clear = np.sum(sun * mars, axis=1) < 0.5 * np.linalg.norm(sun, axis=1) * np.linalg.norm(mars, axis=1)
    for column, what in enumerate(("without air", "with air", "with air and planets")):
        few = left_m[clear, column]
        print(f"DSN ranges {what}, {few.size} passes: mean {few.mean():.2f} m, sigma {few.std():.2f} m")
        assert few.size > 500 and few.std() < 2.0 and abs(few.mean()) < 8.0 and np.abs(few).max() < 12
    assert left_m[clear, 2].std() < 0.95 * left_m[clear, 1].std()


@pytest.mark.parametrize("planets", [(), ("JUPITER", "SATURN", "EARTH")], ids=["", "planets"])
def test_light_times_are_those_of_the_ephemeris_room(planets: tuple[str, ...]) -> None:
    """`light_times` iterates otherwise, at epochs in whole nanoseconds of float64 time."""
    bare = replace(orbiter_network(), tides=False, stations={"Malargüe": Station(MALARGUE)}, delayed_by=planets)
    trip = round_trips(AT, "Malargüe", "Malargüe", AtCentre(), bare)
    down = light_times(MALARGUE, "MARS", AT, delayed_by=planets).light_s
    up = down
    for _ in range(4):
        sent = AT - np.rint((down + up) * SECOND).astype(np.int64)
        up = light_times(MALARGUE, "MARS", sent, outgoing=True, delayed_by=planets).light_s
    sent = AT - np.rint((down + up) * SECOND).astype(np.int64)
    clocks = [tdb_tt_s(at) + diurnal(at) for at in (AT, sent)]  # what passes at the station is TT, not TDB
    wrong = trip.light_s - (down + up - clocks[0] + clocks[1])
    print(f"round trips from those of the ephemeris: {np.abs(wrong).max() * 1e9:.2f} ns")
    assert np.abs(wrong).max() < 2e-9


def diurnal(at: Epochs) -> Reals:
    place, earth = fine_states(MALARGUE, at), fine_states("EARTH", at)
    return np.asarray(np.sum(earth.velocity_km_s * (place.position_km - earth.position_km), axis=1) / C_KM_S**2)


def test_light_to_mars_is_that_of_spice() -> None:
    bare = Network({"Malargüe": Station(MALARGUE)}, tides=False)
    sky = Sky(AtCentre(), "MARS", tides=False)
    place = sky.receiving(bare.stations["Malargüe"], AT)
    down = sky.down(bare.stations["Malargüe"], place)[0]
    sun = 2 * 4.925490947e-6
    wrong = []
    for number, epoch in enumerate(AT.tolist()):
        et = float(et_from_tai_ns(epoch)) + float(down.clock_s[number])
        there, light = spiceypy.spkcpo("MARS", et, "J2000", "OBSERVER", "CN", list(MALARGUE.position_km), "EARTH", "ITRF93")
        distance = np.linalg.norm(there[:3])
        near = fine_states("SUN", AT[number : number + 1]).position_km[0] - place.position_km[number]
        r1, r2 = np.linalg.norm(near), np.linalg.norm(there[:3] - near)
        shapiro = sun * np.log((r1 + r2 + distance + 2.95) / (r1 + r2 - distance + 2.95))
        moving = fine_states("MARS", AT[number : number + 1]).velocity_km_s[0]
        earlier = 1.0 - there[:3] @ moving / distance / C_KM_S  # Mars was farther back by what the Sun delays
        wrong.append(down.light_s[number] - light - shapiro * earlier)
    worst = np.abs(wrong).max()
    print(f"one-way light times from SPICE's: {worst * 1e9:.3f} ns")
    assert worst < 2e-11


@pytest.mark.parametrize("receiver", ["Malargüe", "Cebreros"])
def test_doppler_is_the_difference_of_ranges(receiver: str) -> None:
    """With a constant uplink, two-way Doppler is M2 f times the growth of the round trip over the count."""
    observed = made(Kind.DOPPLER, receiver=receiver)
    computed = compute(observed, Circling(), network())
    ends = [
        round_trips(AT + sign * 30 * SECOND, "Malargüe", receiver, Circling(), network()).light_s for sign in (-1, 1)
    ]  # fmt: skip
    wanted = UPLINK_HZ * turnaround("X", "X") * (ends[1] - ends[0]) / 60
    wrong = np.abs(computed.values - wanted).max()
    print(f"Doppler from differenced ranges: {wrong:.1e} Hz of {np.abs(wanted).max():.0f}")
    assert wrong < 2e-4


def test_doppler_is_smooth_below_a_millihertz() -> None:
    """Rounding of epochs and positions: the fourth differences of Doppler at one-second steps, for a body that moves smoothly."""
    at = ORIGIN + np.arange(0, 60) * SECOND
    one = doppler("Malargüe", "Malargüe", at, np.zeros(60), sigma_hz=1.0, count_s=60.0, reference_hz=0.0)
    rough = np.diff(compute(one, AtCentre(), network()).values, n=4)
    print(f"rounding of 60-s Doppler: {rough.std() / np.sqrt(70):.1e} Hz")
    assert rough.std() / np.sqrt(70) < 2e-4


def test_a_ramp_with_the_same_cycles_gives_the_same_doppler() -> None:
    """A ramp adds what the frequency differs at emission; ranges in units count the cycles on the way."""
    rate = 35.0
    start, stop = ORIGIN - 4 * 3600 * SECOND, ORIGIN + 16 * 3600 * SECOND
    sloped = Ramps("Malargüe", np.array([start]), np.array([stop]), np.array([UPLINK_HZ]), np.array([rate]))
    plain, ramped = network(), replace(network(), ramps={"Malargüe": sloped})
    one = made(Kind.DOPPLER)
    light = round_trips(AT, "Malargüe", "Malargüe", Circling(), plain).light_s
    ends = [round_trips(AT + sign * 30 * SECOND, "Malargüe", "Malargüe", Circling(), plain).light_s for sign in (-1, 1)]
    mean_rate = 1 - (ends[1] - ends[0]) / 60  # seconds sent in a second received
    more = turnaround("X", "X") * rate * ((AT - start) / SECOND - (ends[0] + ends[1]) / 2) * mean_rate
    difference = compute(one, Circling(), ramped).values - compute(one, Circling(), plain).values
    assert np.abs(difference + more).max() < 1e-3 and np.abs(more).max() > 5e5
    units = made(Kind.RANGE_UNITS)
    cycles = (UPLINK_HZ + rate * ((AT - start) / SECOND - light / 2)) * light
    assert compute(units, Circling(), ramped).values == pytest.approx(cycles * units.units_per_cycle, rel=1e-13)


def test_ranges_in_units_are_modulo() -> None:
    units = made(Kind.RANGE_UNITS)
    whole = compute(units, Circling(), network()).values
    folded = replace(units, modulus=2.0**27, observed=np.mod(whole, 2.0**27) + 5.0)
    assert np.abs(folded.observed - compute(folded, Circling(), network()).values - 5.0).max() < 1e-3


def shifted(kind: Observations, by: Callable[[float], tuple[Circling, Network]], step: float) -> Reals:
    high, low = (compute(kind, *by(sign * step)).values for sign in (1.0, -1.0))
    return np.asarray((high - low) / (2 * step))


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.where)
def test_partials_by_position_are_those_of_differences(one: Observations) -> None:
    """A constant offset and a constant speed of the spacecraft: position partials at each end of a count, apart and together."""
    computed = compute(one, Circling(), network())
    for axis in range(3):
        unit = np.eye(3)[axis]
        far = 100.0 if one.kind is Kind.DELTA_DOR else 1.0  # km: delays of some picoseconds a kilometre are near rounding
        numeric = shifted(one, lambda step, u=unit: (Circling(offset=step * u), network()), far)
        analytic = computed.by_position[:, :, axis].sum(axis=1)
        scale = np.abs(computed.by_position).max()
        assert np.abs(analytic - numeric).max() < 1e-4 * scale
        numeric = shifted(one, lambda step, u=unit: (Circling(speed=step * u), network()), 1e-3 * far)
        after = [(at - ORIGIN) / SECOND for at in computed.at]
        analytic = sum(computed.by_position[:, k, axis] * after[k] for k in range(len(after)))
        assert np.abs(analytic - numeric).max() < 2e-4 * scale * max(np.abs(after[0]).max(), 1.0)


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.where)
def test_partials_by_names_are_those_of_differences(one: Observations) -> None:
    here = network()
    computed = compute(one, Circling(), here)
    assert computed.by_name
    steps = {"x": 0.01, "y": 0.01, "z": 0.01, "dry": 1.0, "wet": 1.0, "range": 1e-6, "doppler": 1.0, "transponder": 1e-4}
    for name, analytic in computed.by_name.items():
        step = steps.get(name.split()[-1], 1e3)
        old = value_of(here, name)
        numeric = shifted(one, lambda by, n=name, v=old: (Circling(), with_value(here, n, v + by)), step)
        assert (
            np.abs(analytic - numeric).max()
            < 2e-3 * max(np.abs(analytic).max(), 1e-30) + 1e-9 * np.abs(computed.values).max() / step
        )


def test_one_way_doppler_is_half_of_two_way_doppler() -> None:
    """To first order in v/c, with the frequency on board that of the transponder; clocks on board run otherwise by 5e-9."""
    one = compute(made(Kind.DOPPLER_1, transmitter="TGO"), Circling(), replace(network(), on_board_hz=UPLINK_HZ * 880 / 749))
    two = compute(made(Kind.DOPPLER), Circling(), network())
    apart = np.abs(one.values - two.values / 2)
    assert apart.max() < 1e-3 * np.abs(two.values).max() and np.abs(two.values).max() > 1e5


def test_proper_time_of_a_spacecraft_at_rest_far_away() -> None:
    """The second-order Doppler effect against the textbook: potential and speed at Mars, and those at the station in TT."""
    flat = replace(network(), on_board_hz=8.4e9, central_gm=0.0)
    heavy = replace(flat, central_gm=42828.37)
    one = made(Kind.DOPPLER_1, transmitter="TGO")
    slower = compute(one, Circling(), heavy).values - compute(one, Circling(), flat).values
    assert slower == pytest.approx(8.4e9 * 42828.37 / 3800 / C_KM_S**2, rel=1e-6)


def test_delta_dor_of_a_source_far_away_is_nought() -> None:
    """A spacecraft in the direction of the quasar, ever farther: the difference of delays falls as one over distance."""
    ra, dec = np.radians(QUASAR.right_ascension_deg), np.radians(QUASAR.declination_deg)
    towards = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])

    class Far:
        def __init__(self, distance_km: float) -> None:
            self.there = distance_km * towards

        def states(self, epochs_tai_ns: Epochs) -> Reals:
            return np.hstack([np.tile(self.there, (epochs_tai_ns.size, 1)), np.zeros((epochs_tai_ns.size, 3))])

    here = replace(network(), centre="SUN")
    one = made(Kind.DELTA_DOR, receiver="Cebreros")
    near, far = (compute(one, Far(distance), here).values for distance in (2e11, 1e12))
    print(
        f"delta-DOR of a source at 1e12 km: {np.abs(far).max() * 1e9:.1f} ns, of one at 2e11 km {np.abs(near).max() * 1e9:.1f} ns"
    )
    assert np.abs(near / far - 5).max() < 0.3 and np.abs(far).max() < 5e-6


def test_delta_dor_turns_with_the_angle_from_the_quasar() -> None:
    """Delay = baseline times angle over c: a kilometre at Mars across the line of sight is some picoseconds on 10,000 km."""
    one = made(Kind.DELTA_DOR, receiver="Cebreros")
    computed = compute(one, Circling(), network())
    mars = state("MARS", "EARTH", AT)[:, :3]
    distance = np.linalg.norm(mars, axis=1)
    unit = mars / distance[:, None]
    most = np.linalg.norm(computed.by_position[:, 0] - np.sum(computed.by_position[:, 0] * unit, axis=1)[:, None] * unit, axis=1)
    baseline = np.linalg.norm(np.subtract(MALARGUE.position_km, CEBREROS.position_km))
    assert np.all(most < 1.01 * baseline / distance / C_KM_S) and np.all(most > 0.1 * baseline / distance / C_KM_S)


def test_mapping_of_the_troposphere() -> None:
    """Chao's mapping is near 1 over sine up high, and 10.2 (dry) at 5 degrees, where Niell's function is 10.15 to 10.2."""
    up = np.radians([90.0, 30.0, 10.0, 5.0])
    assert dry_mapping(up)[:2] == pytest.approx([1.0, 2.0], rel=0.006)
    assert dry_mapping(up)[2:] == pytest.approx([5.56, 10.18], rel=0.01)
    assert wet_mapping(up)[3] == pytest.approx(10.75, rel=0.03)
    assert np.all(np.diff(dry_mapping(np.radians(np.linspace(-5, 90, 200)))) <= 0)


def test_tides_of_the_solid_earth() -> None:
    """Under the Moon the ground rises 23 to 28 cm, and sinks half of that a quarter of the Earth away."""
    moon, sun = np.array([[384400.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 1e15]])
    under = solid_tide_km(np.array([[6378.0, 0.0, 0.0]]), moon, sun)[0]
    beside = solid_tide_km(np.array([[0.0, 6378.0, 0.0]]), moon, sun)[0]
    assert 0.19e-3 < under[0] < 0.28e-3 and beside[1] == pytest.approx(-under[0] / 2, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(-300, 300)), min_size=1, max_size=12),
    st.floats(0.01, 0.99), st.floats(0.01, 0.99),
)  # fmt: skip
def test_cycles_are_the_integral_of_the_frequency(pieces: list[tuple[int, int]], one: float, other: float) -> None:
    lengths = np.array([length for length, _ in pieces], np.int64) * SECOND
    edges = ORIGIN + np.concatenate([[0], np.cumsum(lengths)])
    rates = np.array([float(rate) for _, rate in pieces])
    frequency = UPLINK_HZ + np.concatenate([[0.0], np.cumsum(rates * lengths / SECOND)])[:-1]
    ramps = Ramps("Malargüe", edges[:-1], edges[1:], frequency, rates)
    span = int(edges[-1] - edges[0]) - 2
    first, last = sorted(ORIGIN + int(share * span) for share in (one, other))
    if first == last:
        last += 1
    at = np.linspace(first, last, 4001).astype(np.int64)
    wanted = np.trapezoid(ramps.frequency(at) - UPLINK_HZ, at / SECOND) + UPLINK_HZ * (last - first) / SECOND
    found = ramps.cycles(np.array([first]), np.array([last]), np.array([(last - first) / SECOND]))[0]
    assert found == pytest.approx(wanted, abs=2.0 + 1e-9 * abs(wanted))
    assert ramps.covers(np.array([first]), np.array([last]))[0]
    assert not ramps.covers(np.array([edges[0] - 1]), np.array([last]))[0]
    assert not ramps.covers(np.array([first]), np.array([edges[-1] + 1]))[0]


def test_the_table_of_the_dsn_is_read() -> None:
    found = {(one.kind, one.transmitter, one.receiver): one.size for one in mgs_tracking()}
    assert found == {  # the counts of the file, by any search for its words
        (Kind.DOPPLER, "DSS-34", "DSS-34"): 125, (Kind.DOPPLER, "DSS-45", "DSS-45"): 400, (Kind.DOPPLER, "DSS-45", "DSS-54"): 6,
        (Kind.RANGE_UNITS, "DSS-34", "DSS-34"): 24, (Kind.RANGE_UNITS, "DSS-45", "DSS-45"): 114,
    }  # fmt: skip
    assert sum(one.count for one in read_tracking(shared("data/nav/tracking/mgs/9066071a.msr").read_text())[1]) == 20
    ramps = mgs_ramps()["DSS-34"]
    at = tai_ns_from_utc("1999-03-07T14:42:00")
    assert ramps.frequency(np.array([at]))[0] == pytest.approx(7164319109.4029121399 - 57.565952 * 56)


HEADER = "# time_tag (UTC), Data Type\n"
ROW = "07-Mar-1999 19:27:35.000000, 2-Way-Doppler, 94, DSS 34, DSS 34, 2, X, X, S, 60.0, 0, -19094.19, 2114118912.0, 0, 0, 0\n"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (ROW, TimeError, "no header names the time scale"),
        (HEADER.replace("UTC", "LMST") + ROW, TimeError, "'LMST' is no time scale"),
        (HEADER + ROW.replace("07-Mar-1999", "31-Feb-1999"), TimeError, "'31-Feb-1999 19:27:35.000000' is no time"),
        (HEADER + ROW.replace("2-Way-Doppler", "9-Way-Doppler"), DataError, "line 2.*no measurement of 16 fields"),
        (HEADER + ROW.replace("60.0", "sixty"), DataError, "line 2: count interval 'sixty' is no number"),
        (HEADER + ROW.replace("-19094.19", "nan"), DataError, "line 2: observed value 'nan' is no number"),
        (HEADER + ROW.replace("-19094.19", "1e308"), DataError, "line 2: observed value"),
        (HEADER + ROW.replace("60.0", "0"), DataError, "line 2: count interval"),
        (HEADER + ROW + ROW.replace(" 94,", " 53,"), DataError, "line 3: spacecraft 53 after 94"),
        (HEADER + ROW.replace("1999", "1899"), TimeError, "1899-03-07T19:27:35.* is no time since 1972"),
        ("", DataError, "is empty"),
        ("CCSDS_OPM_VERS = 2.0\n", DataError, "CCSDS_OPM_VERS begins a message that holds no"),
        (HEADER + ROW.replace(" X, X, S", " X, Q, S"), DataError, "turnaround ratio.*Q down"),
    ],
)
def test_bad_tables_are_refused_by_line(text: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        read_tracking(text)


def test_ranges_with_delays_of_equipment_are_left_out() -> None:
    """They would have to be taken off, and the table does not say which way."""
    row = ROW.replace("2-Way-Doppler", "2-Way-Range").replace(", 0, -19094.19,", ", 21, 100.0,")
    found, left = read_tracking(HEADER + row + row.replace("19:27", "19:28").replace(", 0, 0, 0", ", 0.0, 76.5, 0"))
    assert [one.size for one in found] == [1] and found[0].modulus == 2.0**27
    assert [(one.where, one.count) for one in left] == [("2-Way-Range with delays of equipment DSS 34 to DSS 34", 1)]


def test_observations_given_twice_count_once() -> None:
    """A file that is named twice must not make an orbit look better known."""
    one = made(Kind.DOPPLER)
    longer = replace(one, observed=one.observed + np.where(np.arange(one.size) == 3, 0.5, 0.0))
    kept, refused = without_repeats((one, one, longer))
    assert [each.size for each in kept] == [one.size, 1] and kept[0] is one
    assert [(each.reason, each.count) for each in refused] == [("given twice", one.size), ("given twice", one.size - 1)]
    assert without_repeats((one, replace(one, transmitter="Cebreros")))[1] == ()


def test_ramps_of_two_files_are_joined() -> None:
    """One day's ramps do not put away those of the day before."""
    begin = tai_ns_from_utc("1999-03-08T00:00:00")
    early, late = (constant_uplink("DSS-34", 7e9 + day, begin + day * DAY, begin + (day + 1) * DAY) for day in (0, 1))
    both = join_ramps({"DSS-34": late}, {"DSS-34": early, "DSS-45": replace(late, station="DSS-45")})
    assert both["DSS-34"].frequency(begin + np.array([DAY // 2, 3 * DAY // 2])) == pytest.approx([7e9, 7e9 + 1])
    assert set(both) == {"DSS-34", "DSS-45"} and join_ramps(both, both)["DSS-34"].start_tai_ns.size == 2
    with pytest.raises(DataError, match="ramps of DSS-34: two pieces that differ begin at 1999-03-09"):
        join_ramps(both, {"DSS-34": replace(late, frequency_hz=late.frequency_hz + 1)})


def test_bad_ramps_are_refused() -> None:
    with pytest.raises(DataError, match="line 1: 'one, two' is no ramp"):
        read_ramps("one, two")
    edges, numbers = np.array([0, 10, 20]) * SECOND, np.array([7e9, 7e9])
    with pytest.raises(DataError, match="ramps of DSS-34: its pieces are not in order"):
        Ramps("DSS-34", edges[1::-1], edges[:0:-1], numbers, numbers)
    with pytest.raises(DataError, match="a frequency or rate is no number"):
        Ramps("DSS-34", edges[:-1], edges[1:], numbers * np.nan, numbers)


def test_observations_before_or_after_the_ramps_are_refused_by_name() -> None:
    short = constant_uplink("Malargüe", UPLINK_HZ, int(AT[3]), int(AT[9]))
    with pytest.raises(DataError, match=r"ramps of Malargüe: 6 of 12 spans.*2018-12-08T12:30:00\.000 to 2018-12-08T13:30"):
        compute(made(Kind.DOPPLER), Circling(), replace(network(), ramps={"Malargüe": short}))
    with pytest.raises(DataError, match="there are no ramps of Malargüe"):
        compute(made(Kind.DOPPLER), Circling(), replace(network(), ramps={}))


def test_unknown_stations_are_refused_by_name() -> None:
    one = ranges("Barsoom", "Malargüe", AT, FULL, sigma_s=1e-9)
    with pytest.raises(UsageError, match=r"Barsoom to Malargüe: station 'Barsoom' is unknown.*known are Cebreros, Malargüe"):
        compute(one, Circling(), network())
    kept, refused = screened([one, made(Kind.DOPPLER)], network().stations, last_tai_ns=int(AT[5]))
    assert [o.size for o in kept] == [6]
    assert [(r.reason.split(",")[0], r.count) for r in refused] == [
        ("unknown station Barsoom", 12),
        ("outside of the span asked", 6),
    ]


def test_time_scales_of_tags() -> None:
    utc = np.array(["2018-12-08T12:00:00"], "datetime64[ns]")
    shift = {"UTC": 0, "TAI": 37, "TT": 69.184, "GPS": 18, "tdb": 69.184}
    for scale, seconds in shift.items():
        moved = utc + np.timedelta64(round(seconds * 1e9), "ns")
        assert station_epochs(moved, scale)[0] == pytest.approx(ORIGIN, abs=2_000_000 if scale == "tdb" else 0)
    with pytest.raises(TimeError, match=r"'LST' is no time scale.*UTC, TAI, TT, GPS or TDB"):
        station_epochs(utc, "LST")
    with pytest.raises(TimeError, match=r"1969-01-01.* is no time since 1972"):
        station_epochs(np.array(["1969-01-01"], "datetime64[ns]"), "UTC")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"observed": FULL * np.nan}, "no number"), ({"sigma": NONE}, "sigma is not above zero"), ({"count_s": NONE}, "count interval"),
        ({"epochs_tai_ns": AT[::-1].copy()}, "not in order"), ({"observed": FULL[:3]}, "not of one length"), ({"quasar": QUASAR}, "quasar"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        replace(made(Kind.DOPPLER), **change)


def test_quantities_of_a_network_are_named() -> None:
    here = network()
    for name in ("Malargüe x", "Malargüe zenith wet", "Cebreros range", "transponder", "frequency"):
        assert value_of(with_value(here, name, value_of(here, name) + 0.5), name) == value_of(here, name) + 0.5
    for bad in ("Malargüe", "Barsoom x", "Malargüe xy"):
        with pytest.raises(UsageError, match="no quantity of this network"):
            with_value(here, bad, 1.0)


def test_fine_states_are_smooth_and_those_of_spice() -> None:
    at = tai_ns_from_utc("2020-03-09T19:00:00") + np.arange(0, 4000) * (SECOND // 4)
    for observer in ("EARTH", NEW_NORCIA, Site("Bear Lakes", (2828.547498, 2206.064086, 5256.395991))):
        rough = np.diff(fine_states(observer, at).position_km, n=3, axis=0)
        assert np.abs(rough).max() < 3e-7  # km: the rounding of 150 million
    coarse = state("EARTH", "SSB", at)[:, :3]
    assert 1e-6 < np.abs(fine_states("EARTH", at).position_km - coarse).max() < 1e-5  # some millimetres are what float64 loses
    later = fine_states("EARTH", at[:1], np.array([0.25]))
    assert later.position_km[0] == pytest.approx(fine_states("EARTH", at[1:2]).position_km[0], abs=3e-7)
    with pytest.raises(TimeError, match="no kernel holds the position of -143"):
        fine_states("-143", at[:1] + 365 * 200 * DAY)


@pytest.mark.parametrize("form", ["kvn", "xml"])
def test_tracking_goes_through_messages_unchanged(form: Literal["kvn", "xml"]) -> None:
    """Doppler, ranges, three-way Doppler and ramps of the real pass, written and read back, to the last bit of what matters."""
    given = (mgs_pass("09"), mgs_pass("09", Kind.RANGE_UNITS), mgs_pass("09", receiver="DSS-54"))
    ramps = {"DSS-45": mgs_ramps()["DSS-45"]}
    message = message_of_tracking(given, spacecraft="MGS", originator="TEST", created_tai_ns=ORIGIN, ramps=ramps)
    read_back = read(write(message, form))
    assert isinstance(read_back, Message)
    found, uplinks, refused = tracking_of_message(read_back, spacecraft="MGS")
    assert not refused and len(found) == 3
    for before, after in zip(given, found, strict=True):
        assert (after.kind, after.transmitter, after.receiver) == (before.kind, before.transmitter, before.receiver)
        assert np.array_equal(after.epochs_tai_ns, before.epochs_tai_ns) and after.turnaround == before.turnaround
        assert (
            np.abs((after.reference_hz - after.observed) - (before.reference_hz - before.observed)).max() < 1e-5 or before.modulus
        )
        assert after.modulus == before.modulus
    at = np.array([tai_ns_from_utc("1999-03-09T20:00:00"), tai_ns_from_utc("1999-03-09T22:09:00.5")])
    assert np.array_equal(uplinks["DSS-45"].frequency(at), ramps["DSS-45"].frequency(at))
    others, _, left = tracking_of_message(read_back, spacecraft="TGO")
    assert not others and sum(one.count for one in left) == 195 + 55 + 6 and "not two ways by TGO" in left[0].reason


def test_messages_that_tracking_cannot_use_are_refused() -> None:
    message = message_of_tracking((mgs_pass("09"),), spacecraft="MGS", originator="TEST", created_tai_ns=ORIGIN, ramps={})
    with pytest.raises(DataError, match="a message OEM holds no tracking"):
        tracking_of_message(replace(message, kind="OEM"), spacecraft="MGS")
    (segment,) = message.segments
    meta = replace(segment.metadata, values={**segment.metadata.values, "TIME_SYSTEM": "SCLK"})
    with pytest.raises(TimeError, match="SCLK is no time scale of tracking"):
        tracking_of_message(replace(message, segments=(replace(segment, metadata=meta),)), spacecraft="MGS")
    with pytest.raises(DataError, match="delta-DOR is not written"):
        message_of_tracking(EVERY[-1:], spacecraft="MGS", originator="TEST", created_tai_ns=ORIGIN, ramps={})
    text = shared("data/nav/ndm/orekit/tdm/kvn/TDMExample4.txt").read_bytes()
    theirs = read(text)
    assert isinstance(theirs, Message)
    path_of = {name: str(value) for name, value in theirs.metadata.values.items() if name.startswith(("PARTICIPANT", "PATH"))}
    found, _, left = tracking_of_message(theirs, spacecraft=path_of["PARTICIPANT_2"])
    assert sum(one.size for one in found) + sum(one.count for one in left) > 0


TDM = """CCSDS_TDM_VERS = 2.0
CREATION_DATE = 2018-12-08T00:00:00
ORIGINATOR = TEST
META_START
TIME_SYSTEM = UTC
STOP_TIME = 2018-12-08T16:00:00
PARTICIPANT_1 = Cebreros
PARTICIPANT_2 = TGO
MODE = SEQUENTIAL
PATH = 1,2,1
INTEGRATION_INTERVAL = 60
INTEGRATION_REF = MIDDLE
RANGE_UNITS = s
EXTRA
META_STOP
DATA_START
TRANSMIT_FREQ_1 = 2018-12-08T12:00:00 7200000000.0
RECEIVE_FREQ_1 = 2018-12-08T13:00:00 8458000000.0
RANGE = 2018-12-08T13:00:00 1200.0
DATA_STOP
"""


@pytest.mark.parametrize(
    ("extra", "left"),
    [
        ("COMMENT nothing", []),
        ("DATA_QUALITY = DEGRADED", ["RECEIVE_FREQ_1 is marked DEGRADED", "RANGE is marked DEGRADED"]),
        ("CORRECTION_RANGE = 1e-6", ["RANGE has a CORRECTION_RANGE that was not applied"]),
        ("CORRECTION_RANGE = 1e-6\nCORRECTIONS_APPLIED = YES", []),
        ("RECEIVE_DELAY_1 = 7.7e-5", ["RANGE has delays of equipment in it"]),
        ("TIMETAG_REF = TRANSMIT", ["RECEIVE_FREQ_1 is tagged at transmission", "RANGE is not used"]),
    ],
)
def test_what_a_message_says_of_its_data_is_heeded(extra: str, left: list[str]) -> None:
    """And a frequency that is told once holds until the segment ends."""
    message = read(TDM.replace("EXTRA", extra).encode())
    assert isinstance(message, Message)
    found, uplinks, refused = tracking_of_message(message, spacecraft="TGO")
    assert {one.reason for one in refused} == set(left) and len(found) == 2 - len(left)
    ends = np.array([tai_ns_from_utc(f"2018-12-08T{at}") for at in ("12:00:00", "15:59:59")])
    assert uplinks["Cebreros"].frequency(ends).tolist() == [7.2e9, 7.2e9]


@pytest.mark.parametrize("name", ["SUN", "VULCAN"])
def test_what_delays_no_light_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}' is none whose delay of light is added"):
        round_trips(AT, "Malargüe", "Malargüe", AtCentre(), replace(network(), delayed_by=(name,)))
