"""Predicted carriers: against Mars Global Surveyor's recorded Doppler, SPICE's light times, and what bad requests are told."""

from dataclasses import replace

import numpy as np
import pytest
import spiceypy
from numpy.typing import NDArray

from aelita.dynamics import (
    Carrier,
    Forces,
    Network,
    Ramps,
    StateVector,
    Station,
    constant_uplink,
    predict_carrier,
    propagate,
)
from aelita.ephemeris import Site, sun_angle_deg
from aelita.errors import AelitaError, DataError, UsageError
from aelita.time import DAY, NO_TIME, SECOND, et_from_tai_ns, tai_ns_from_utc
from determination_material import (
    C_KM_S,
    MALARGUE,
    MGS_EPOCH,
    NEW_NORCIA,
    ORIGIN,
    UPLINK_HZ,
    AtCentre,
    Circling,
    mars_gravity,
    mgs_network,
    mgs_pass,
    mgs_ramps,
    orbiter_network,
)
from environment_ranges import MONTHS, stations
from shared import shared

# what `determine` fits to the Doppler of 9 March 1999 at degree 60, as `test_determination_mgs.py` does
FITTED = StateVector(
    MGS_EPOCH,
    np.array([1159.0909234715461, -2407.5573379296065, 2714.003947027482]),
    np.array([-2.304921245284611, -2.2018685107123126, -0.9814054599561847]),
)
FIT_RMS_HZ = 0.0105


def test_recorded_doppler_of_mars_global_surveyor_is_met_as_well_as_the_orbit_was_fitted() -> None:
    recorded = mgs_pass("09")
    flown = propagate(FITTED, Forces(gravity=mars_gravity(), degree=60), int(recorded.epochs_tai_ns[-1]) + 60 * SECOND)
    (count,) = set(recorded.count_s)
    found = predict_carrier(
        recorded.epochs_tai_ns, flown, mgs_network(), receiver="DSS-45", transmitter="DSS-45", ratio=recorded.turnaround,
        count_s=float(count),
    )  # fmt: skip
    off = found.received_hz - (recorded.reference_hz - recorded.observed)
    kept = np.abs(off) < 1.0  # the fit leaves out 7 of 160: before lock, at the edge of Mars
    rms = float(np.sqrt(np.mean(off[kept] ** 2)))
    print(
        f"MGS, 1999-03-09, DSS-45: {kept.sum()} of {off.size} recorded frequencies met within {rms:.4f} Hz rms of {count:g} s counts"
    )
    assert kept.sum() >= 150 and rms < FIT_RMS_HZ
    swing = np.ptp(found.shift_hz)
    print(f"they move by {swing / 1e3:.0f} kHz, by up to {np.abs(found.rate_hz_s).max():.0f} Hz/s")
    assert swing > 100e3
    near = recorded.epochs_tai_ns[60] + np.arange(-3, 4) * SECOND
    close = predict_carrier(near, flown, mgs_network(), receiver="DSS-45", transmitter="DSS-45", ratio=recorded.turnaround)
    assert np.gradient(close.received_hz, 1.0)[1:-1] == pytest.approx(close.rate_hz_s[1:-1], abs=0.02)
    sent = mgs_ramps()["DSS-45"].frequency(found.sent_tai_ns)
    assert found.sent_hz == pytest.approx(sent, abs=1e-6)


def clock_s(spot: NDArray[np.float64], et: float) -> float:
    """By how much a clock at a station is behind TDB beyond one at the centre of the Earth: v.r/c2 (Moyer, eq. 2-23)."""
    there = spiceypy.pxform("ITRF93", "J2000", et) @ spot
    return float(spiceypy.spkezr("EARTH", et, "J2000", "NONE", "SSB")[0][3:] @ there) / C_KM_S**2


def round_trip_s(at: NDArray[np.int64], to: Site, by: Site) -> NDArray[np.float64]:
    """SPICE's own light times, Newtonian, by the clocks of both stations: down to one, up from the other; centre of Mars."""
    found = []
    for epoch in at:
        et = float(et_from_tai_ns(int(epoch)))
        here, there = (one.earth_fixed_km(np.array([epoch]))[0] for one in (to, by))
        down = spiceypy.spkcpo("MARS", et, "J2000", "OBSERVER", "CN", here, "EARTH", "ITRF93")[1]
        up = spiceypy.spkcpt(there, "EARTH", "ITRF93", et - down, "J2000", "TARGET", "CN", "MARS")[1]
        found.append(down + up - clock_s(here, et) + clock_s(there, et - down - up))
    return np.array(found)


@pytest.mark.parametrize("sender", [MALARGUE, NEW_NORCIA])
def test_two_and_three_ways_are_the_change_of_spices_light_times(sender: Site) -> None:
    name, count_s = sender.name, 200.0
    at = ORIGIN + np.arange(4) * 3600 * SECOND
    airless = {one: replace(station, zenith_dry_m=0.0, zenith_wet_m=0.0) for one, station in orbiter_network().stations.items()}
    network = replace(orbiter_network(), stations=airless)
    found = predict_carrier(at, AtCentre(), network, receiver="Malargüe", transmitter=name, count_s=count_s)
    aside = round(count_s / 2 * SECOND)
    change = (round_trip_s(at + aside, MALARGUE, sender) - round_trip_s(at - aside, MALARGUE, sender)) / count_s
    expected = 880 / 749 * UPLINK_HZ * (1.0 - change)
    off = found.received_hz - expected
    print(f"{name} to Malargüe: {off} Hz from SPICE's light times, shifts of {found.shift_hz} Hz")
    # SPICE's ephemeris time is rounded to 60 ns, 2 mm in which the Earth moves; no tides and no delay by the Sun in it
    assert np.abs(off).max() < 0.2 and np.abs(found.shift_hz).max() > 1e3
    assert found.round_trip_s == pytest.approx(round_trip_s(at, MALARGUE, sender), abs=3e-4)
    assert np.all(np.abs((at - found.sent_tai_ns) / SECOND - found.round_trip_s) < 1e-8)


def test_one_way_is_the_change_of_range_and_slower_clocks() -> None:
    at = ORIGIN + np.arange(0, 7200, 600) * SECOND
    network = replace(orbiter_network(), on_board_hz=8.4e9)
    found = predict_carrier(at, Circling(), network, receiver="Malargüe")
    two = predict_carrier(at, Circling(), network, receiver="Malargüe", transmitter="Malargüe")
    assert np.all(found.sent_tai_ns == NO_TIME) and np.isnan(found.sent_hz).all()
    speed = -found.shift_hz / 8.4e9 * C_KM_S
    apart = speed - -two.shift_hz / (2 * two.sent_hz * 880 / 749) * C_KM_S
    # a clock in orbit about Mars is faster than one on Earth by some 6e-9: 2 m/s; and two ways is the mean of two instants
    assert np.ptp(speed) > 4 and np.abs(apart).max() < 0.6


def test_a_ramp_is_followed_by_what_comes_back() -> None:
    at = ORIGIN + np.arange(0, 3600, 300) * SECOND
    network = orbiter_network()
    start, stop = ORIGIN - 4 * 3600 * SECOND, ORIGIN + 16 * 3600 * SECOND
    rising = Ramps("Malargüe", np.array([start]), np.array([stop]), np.array([UPLINK_HZ]), np.array([0.8]))
    ramped = replace(network, ramps={"Malargüe": rising})

    def ask(one: object) -> Carrier:
        return predict_carrier(at, Circling(), one, receiver="Malargüe", transmitter="Malargüe")  # type: ignore[arg-type]

    level, slope = ask(network), ask(ramped)
    factor = level.received_hz / (880 / 749 * UPLINK_HZ)
    assert slope.sent_hz == pytest.approx(UPLINK_HZ + 0.8 * (slope.sent_tai_ns - start) / SECOND, abs=1e-6)
    assert slope.received_hz == pytest.approx(factor * 880 / 749 * slope.sent_hz, abs=0.02)
    assert slope.rate_hz_s - level.rate_hz_s == pytest.approx(0.8 * 880 / 749, abs=0.01)


def test_what_no_ramp_tells_is_not_predicted() -> None:
    start = ORIGIN - 1800 * SECOND
    pieces = Ramps("Malargüe", np.array([start]), np.array([ORIGIN]), np.array([UPLINK_HZ]), np.array([0.0]))
    network = replace(orbiter_network(), ramps={"Malargüe": pieces})
    at = ORIGIN + np.arange(-3600, 7200, 300) * SECOND
    found = predict_carrier(at, AtCentre(), network, receiver="Malargüe", transmitter="Malargüe")
    told = np.isfinite(found.received_hz)
    assert np.array_equal(told, (found.sent_tai_ns - SECOND > start - 10**8) & (found.sent_tai_ns + SECOND < ORIGIN + 10**8))
    assert 0 < told.sum() < at.size and np.isfinite(found.round_trip_s).all()
    with pytest.raises(DataError, match="no ramps of New Norcia"):
        predict_carrier(at, AtCentre(), network, receiver="Malargüe", transmitter="New Norcia")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"count_s": 0.0}, "count"), ({"count_s": float("nan")}, "count"), ({"ratio": -1.0}, "turnaround"),
        ({"ratio": float("inf")}, "turnaround"), ({"receiver": "Atlantis"}, "Atlantis"), ({"transmitter": "Atlantis"}, "Atlantis"),
        ({"transmitter": ""}, "frequency on board"),
    ],
)  # fmt: skip
def test_bad_requests_are_told(wrong: dict[str, object], told: str) -> None:
    asked = {"receiver": "Malargüe", "transmitter": "Malargüe"} | wrong
    with pytest.raises(UsageError, match=told):
        predict_carrier(np.array([ORIGIN]), AtCentre(), orbiter_network(), **asked)  # type: ignore[arg-type]


def test_no_instant_is_no_prediction() -> None:
    found = predict_carrier(np.zeros(0, np.int64), AtCentre(), orbiter_network(), receiver="Malargüe", transmitter="Malargüe")
    assert found.received_hz.size == 0
    with pytest.raises(AelitaError):
        late = np.array([tai_ns_from_utc("2150-01-01")])
        predict_carrier(late, Circling(), replace(orbiter_network(), ramps={}), receiver="Malargüe", transmitter="Malargüe")


def test_round_trips_to_mars_are_those_that_the_dsn_measured() -> None:
    """1,110 ranges of 2006 to 2010, of light to the barycentre of Mars: here its centre, up to 0.2 m from it."""
    lines = [line.split() for line in shared("data/nav/tracking/mro_range_2006-2010.txt").read_text().splitlines()]
    rows = [row for row in lines if row and not row[0].startswith("#")]
    at = np.array([tai_ns_from_utc(f"{r[3]}-{MONTHS.index(r[4]) + 1:02d}-{int(r[5]):02d}T{r[6]}") for r in rows])
    at -= np.array([1000 * int(r[8] if len(r) > 8 else 0) for r in rows])
    pairs, observed_s = [(int(r[1]), int(r[2])) for r in rows], np.array([float(r[7]) for r in rows]) * 1e-6
    sites = stations()
    uplinks = {site.name: constant_uplink(site.name, 7.2e9, int(at.min()) - DAY, int(at.max()) + DAY) for site in sites.values()}
    network = Network({site.name: Station(site, 2.1, 0.1) for site in sites.values()}, uplinks)
    residual_m = np.full(at.size, np.nan)
    for pair in set(pairs):
        those = np.array([row for row, one in enumerate(pairs) if one == pair])
        those = those[np.argsort(at[those])]
        sender, receiver = (sites[number].name for number in pair)
        found = predict_carrier(at[those], AtCentre(), network, receiver=receiver, transmitter=sender, count_s=1.0)
        residual_m[those] = (observed_s[those] - found.round_trip_s) / 2 * C_KM_S * 1000
    far = sun_angle_deg("EARTH", "MARS", at) > 60
    few = residual_m[far]
    print(f"DSN ranges, {few.size} of {at.size} over 60 deg from the Sun: mean {few.mean():.2f} m, sigma {few.std():.2f} m")
    assert at.size == 1110 and few.size > 500 and abs(few.mean()) < 8 and few.std() < 6
