"""Pork-chops and broken-plane transfers: figures of flown missions, SciPy as the other minimiser, the best found."""

import numpy as np
import pytest
from scipy.optimize import minimize

from aelita.dynamics import Ends, best_epoch, broken_plane, pork_chop, total_km_s, transfer
from aelita.errors import UsageError
from aelita.time import DAY, tai_ns_from_utc

SEPARATION, ENTRY = tai_ns_from_utc("2016-03-14T20:13"), tai_ns_from_utc("2016-10-19T14:42")
DSM = tai_ns_from_utc("2016-07-28T09:56")
ENDS = Ends("EARTH", "MARS", SEPARATION, ENTRY)
TOTAL = total_km_s(6578.0, 398600.44, 3691.0, 101000.0, 42828.37)


def test_direct_arc_of_2016() -> None:
    """An independent computation with DE440 gave C3 14.66, declination -49.8 and 3.83 km/s for this pair of epochs."""
    direct = transfer("EARTH", "MARS", SEPARATION, ENTRY)
    print(f"C3 {direct.c3_km2_s2:.3f}, DLA {direct.departure_declination_deg:.2f}, arrival {direct.arrival_speed_km_s:.3f}")
    assert direct.c3_km2_s2 == pytest.approx(14.66, abs=0.06)
    assert direct.departure_declination_deg == pytest.approx(-49.8, abs=0.2)
    assert direct.arrival_speed_km_s == pytest.approx(3.83, abs=0.005)


@pytest.mark.parametrize(
    ("name", "left", "came", "speed_km_s", "within"),
    [
        # Perseverance: 2.5545 km/s, read from its cruise kernel (od138). Curiosity: 6.084 km/s at 3,521.96 km, less the fall.
        ("Perseverance", "2020-07-30T12:50", "2021-02-18T20:36:50", 2.5545, 0.01),
        ("Curiosity", "2011-11-26T15:50", "2012-08-06T05:10:45", (6.084**2 - 2 * 42828.37 / 3521.96) ** 0.5, 0.05),
    ],
)
def test_arrival_speeds_of_flown_missions(name: str, left: str, came: str, speed_km_s: float, within: float) -> None:
    conic = transfer("EARTH", "MARS", tai_ns_from_utc(left), tai_ns_from_utc(came))
    print(f"{name}: {conic.arrival_speed_km_s:.4f} km/s, flown {speed_km_s:.4f}; C3 {conic.c3_km2_s2:.2f}")
    assert conic.arrival_speed_km_s == pytest.approx(speed_km_s, abs=within)


def test_grid_holds_its_transfers_and_the_best_is_a_minimum() -> None:
    departures = tai_ns_from_utc("2015-12-15") + np.arange(60) * 4 * DAY
    arrivals = tai_ns_from_utc("2016-07-01") + np.arange(60) * 5 * DAY
    chop = pork_chop("EARTH", "MARS", departures, arrivals)
    one = transfer("EARTH", "MARS", int(departures[20]), int(arrivals[30]))
    assert chop.c3_km2_s2[30, 20] == pytest.approx(one.c3_km2_s2, rel=1e-12)
    assert chop.departure_right_ascension_deg[30, 20] == pytest.approx(one.departure_right_ascension_deg, rel=1e-12)
    assert chop.flight_days[30, 20] == pytest.approx(one.flight_days)
    best = chop.best()
    found = minimize(
        lambda x: transfer("EARTH", "MARS", int(departures[20] + x[0] * DAY), int(arrivals[30] + x[1] * DAY)).c3_km2_s2,
        [(best.departure_tai_ns - departures[20]) / DAY + 2, (best.arrival_tai_ns - arrivals[30]) / DAY - 2],
        method="Nelder-Mead",
        options={"xatol": 1e-4, "fatol": 1e-10},
    )
    print(f"least C3 {best.c3_km2_s2:.6f}, SciPy {found.fun:.6f}")
    assert best.c3_km2_s2 == pytest.approx(found.fun, abs=1e-6)
    assert np.isnan(chop.c3_km2_s2[0, -1])  # arrival before departure
    weighed = chop.best(arrival_weight=1.0)
    assert weighed.arrival_speed_km_s < best.arrival_speed_km_s and weighed.c3_km2_s2 > best.c3_km2_s2


def test_a_best_on_the_rim_is_refused() -> None:
    days = tai_ns_from_utc("2016-03-01") + np.arange(5) * DAY
    with pytest.raises(UsageError, match="rim"):
        pork_chop("EARTH", "MARS", days, days + 150 * DAY).best()
    rim, inside = pork_chop("EARTH", "MARS", days, days + 150 * DAY).least()
    grid = pork_chop("EARTH", "MARS", days, days + 150 * DAY).c3_km2_s2
    assert not inside and rim.c3_km2_s2 == pytest.approx(float(np.nanmin(grid)), rel=1e-12)
    with pytest.raises(UsageError, match="every arrival is before every departure"):
        pork_chop("EARTH", "MARS", days, days - 150 * DAY).best()
    for ends in (("EARTH", "earth"), ("SUN", "MARS"), ("EARTH", "SSB")):
        with pytest.raises(UsageError, match="no transfer about the Sun"):
            pork_chop(*ends, days, days + 150 * DAY)
    with pytest.raises(UsageError, match="rising"):
        pork_chop("EARTH", "MARS", days[::-1].copy(), days)
    with pytest.raises(UsageError, match="no transfer"):
        transfer("EARTH", "MARS", int(days[0]), int(days[0]) + 200 * DAY, revolutions=2)


def test_broken_plane_agrees_with_another_minimiser() -> None:
    ours = broken_plane(ENDS, DSM, TOTAL)
    theirs = minimize(
        lambda x: TOTAL(ENDS.joined(x * 1e6, DSM)), ours.place_km / 1e6 + 0.3, method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-12, "maxiter": 4000},
    )  # fmt: skip
    print(f"total {TOTAL(ours):.7f} km/s, SciPy {theirs.fun:.7f}, unbroken {TOTAL(ENDS.unbroken(DSM)):.7f}")
    assert TOTAL(ours) < TOTAL(ENDS.unbroken(DSM)) - 0.005
    assert TOTAL(ours) == pytest.approx(theirs.fun, abs=2e-6)
    assert ours.manoeuvre_size_km_s == pytest.approx(0.122, abs=0.002)


def test_a_condition_is_held_and_costs() -> None:
    def size(each: object) -> np.ndarray:
        return np.array([each.manoeuvre_size_km_s - 0.3265])  # type: ignore[attr-defined]

    held = broken_plane(ENDS, DSM, lambda each: each.c3_km2_s2, conditions=size, tolerances=(1e-7,))
    print(f"with DSM-1 of 326.5 m/s: C3 {held.c3_km2_s2:.3f} (direct 14.70)")
    assert held.manoeuvre_size_km_s == pytest.approx(0.3265, abs=1e-7)
    assert held.c3_km2_s2 == pytest.approx(11.70, abs=0.02)  # as SciPy's SLSQP found once, from another start


def test_near_half_a_turn_the_broken_plane_saves_much() -> None:
    """The conic between points nearly opposite leaves the planets' planes; a manoeuvre halfway avoids that."""
    ends = Ends("EARTH", "MARS", tai_ns_from_utc("2016-03-10"), tai_ns_from_utc("2016-11-05"))
    whole = ends.unbroken(tai_ns_from_utc("2016-07-15"))
    broken = best_epoch(ends, tai_ns_from_utc("2016-05-15"), tai_ns_from_utc("2016-09-01"), TOTAL, step_days=40)
    print(f"unbroken {TOTAL(whole):.3f} km/s, broken {TOTAL(broken):.3f} with {1000 * broken.manoeuvre_size_km_s:.0f} m/s")
    assert TOTAL(broken) < TOTAL(whole) - 0.05
