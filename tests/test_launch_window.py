"""Windows: when the plane meets the asymptote, what a turn costs, days of 2016 and 2020."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from aelita.dynamics import Asymptote, LaunchPlane, departure_impulse_km_s, inject, launch_windows
from aelita.dynamics.departure_kernels import required_velocity
from aelita.dynamics.earth_model import RADIUS_KM, from_j2000, rotation_angle_rad
from aelita.dynamics.launch_window import _gains_km_s, asymptotes_in_plane, turn_cost_km_s
from aelita.ephemeris import state
from aelita.errors import UsageError
from aelita.services.navigation import launch_as_json, work_out
from aelita.services.navigation.launcher_file import find_launch
from aelita.time import SECOND, tai_ns_from_utc
from launch_material import MISSION, ascent_2016, launch_2016, plan_2016, proton

GM_SUN = 1.32712440041e11


def plane() -> LaunchPlane:
    liftoff = plan_2016().liftoff_tai_ns
    assert liftoff is not None
    return LaunchPlane.of(ascent_2016(), liftoff)


def test_the_plane_turns_with_the_earth() -> None:
    """An ascent flown at another instant reaches the plane that was foretold."""
    from aelita.dynamics import ascend

    later = plane().reference_tai_ns + 12_345 * SECOND
    flown = LaunchPlane.of(ascend(proton().launcher, 4332.0, later), later)
    assert flown.normal == pytest.approx(plane().normals([later])[0], abs=2e-6)


def test_node_by_spherical_trigonometry() -> None:
    """The plane of 51.5 deg through the pad, northward: its node is known in closed form, to what the air drags along."""
    pad, at = proton().launcher.pad, plane().reference_tai_ns
    x, y, _ = plane().normal
    node = np.arctan2(x, -y)
    lag = np.arcsin(np.tan(pad.latitude_rad) / np.tan(np.radians(51.5)))
    expected = rotation_angle_rad(at) + pad.longitude_rad - lag
    assert abs((node - expected + np.pi) % (2 * np.pi) - np.pi) < np.radians(2.0)  # the site moves while it climbs


@settings(max_examples=15, deadline=None)
@given(st.floats(-0.88, 0.88), st.floats(0, 6.28))
def test_two_times_a_day_in_the_plane(declination: float, ascension: float) -> None:
    goal = Asymptote(9.0, declination, ascension)
    day = tai_ns_from_utc("2016-03-14T00:00:00")
    rows = launch_windows(proton().launcher, plane(), [(day, goal)], apogee_km=20_000.0, allowed_km_s=0.1)
    assert 1 <= len(rows) <= 3
    for row in rows:
        assert abs(plane().miss_rad(goal, [row.liftoff_tai_ns])[0]) < 1e-6
        assert row.opens_tai_ns < row.liftoff_tai_ns < row.closes_tai_ns and row.is_open
        toward = from_j2000(day) @ goal.direction
        curves = asymptotes_in_plane(plane(), row.liftoff_tai_ns, np.array([np.arcsin(toward[2])]))[0]
        misses = np.abs((curves - np.arctan2(toward[1], toward[0]) + np.pi) % (2 * np.pi) - np.pi)
        assert misses.min() < 1e-5


def test_beyond_the_inclination_it_costs_a_turn() -> None:
    day, goal = tai_ns_from_utc("2016-03-14T00:00:00"), Asymptote(9.0, np.radians(-56.0), 3.5)
    (row,) = launch_windows(proton().launcher, plane(), [(day, goal)], apogee_km=22_000.0, allowed_km_s=0.2)
    assert row.way == "nearest" and not row.is_open and row.opens_tai_ns == row.closes_tai_ns == row.liftoff_tai_ns
    assert np.degrees(row.miss_rad) == pytest.approx(56.0 - 51.5, abs=0.15)
    assert 0.3 < row.cost_km_s < 1.0
    (closed, _) = launch_windows(proton().launcher, plane(), [(day, Asymptote(9.0, 0.3, 3.5))], apogee_km=2e4, allowed_km_s=-0.1)
    assert not closed.is_open


def test_impulse_in_the_plane_is_the_textbook_one() -> None:
    """From the perigee of an orbit along its velocity: vis-viva on both sides."""
    gm, r, far = 398600.435507, RADIUS_KM + 200.0, RADIUS_KM + 20_000.0
    for c3 in (1.0, 9.0, 20.0):
        textbook = np.sqrt(c3 + 2 * gm / r) - np.sqrt(2 * gm * (1 / r - 1 / (r + far)))
        assert departure_impulse_km_s(Asymptote(c3, 0.0, 0.0), 0.0, perigee_km=200.0, apogee_km=20_000.0) == pytest.approx(
            textbook, rel=1e-5
        )
    costs = [
        turn_cost_km_s(Asymptote(9.0, 0.0, 0.0), angle, perigee_km=200.0, apogee_km=2e4)
        for angle in np.radians([0.5, 1, 2, 5, 10])
    ]
    assert costs == sorted(costs) and costs[0] > 0.0


def test_a_slip_costs_in_flight_what_the_window_says() -> None:
    """Liftoff a few minutes late with finite burns: the extra speed is that of the impulse within 40 %."""
    found = launch_2016()
    late = found.liftoff_tai_ns + 600 * SECOND
    slipped = inject(
        proton().launcher, 4332.0, late, found.asked, replace(found.profile, separation_s=None), refuse=False, tries=60
    )
    same = inject(
        proton().launcher, 4332.0, found.liftoff_tai_ns, found.asked, replace(found.profile, separation_s=None), tries=60
    )
    at_slip, at_liftoff = (
        turn_cost_km_s(found.asked, each.plane_miss_rad, perigee_km=173.0, apogee_km=found.profile.apogees_km[-1])
        for each in (slipped, same)
    )
    told = at_slip - at_liftoff
    cost = slipped.speed_km_s - same.speed_km_s
    print(f"{np.degrees(slipped.plane_miss_rad):.2f} deg out of the plane: {1000 * cost:.0f} m/s flown, {1000 * told:.0f} told")
    assert cost == pytest.approx(told, rel=0.4)


def test_gains_are_those_of_the_required_velocity() -> None:
    place, before = np.array([6551.0, 0.0, 0.0]), np.array([0.0, 9.5, 0.0])
    angles, outs = np.random.default_rng(2).uniform([0.3, -1.0], [5.9, 1.0], (40, 2)).T
    goals = np.column_stack([np.cos(angles) * np.cos(outs), np.sin(angles) * np.cos(outs), np.sin(outs)])
    truth = [np.linalg.norm(required_velocity(place, before, goal, 3.0) - before) for goal in goals]
    assert _gains_km_s(goals, 6551.0, 9.5, 3.0) == pytest.approx(np.array(truth), rel=1e-12)


def test_days_of_2020_arrive_at_mars() -> None:
    """Asymptotes kept in the file, flown by scipy about the Sun from the Earth of DE440: they meet Mars within 10,000 km."""
    plan, _ = find_launch(MISSION, "exomars-2020")
    end = tai_ns_from_utc("2021-03-19T12:00:00")
    mars = state("MARS BARYCENTER", "SUN", np.array([end]))[0]
    for day, kept in plan.days[::6]:
        leave = day + 43_200 * SECOND
        earth = state("EARTH", "SUN", np.array([leave]))[0]
        start = np.concatenate([earth[:3], earth[3:] + kept.speed_km_s * kept.direction])

        def slope(_: float, y: np.ndarray) -> np.ndarray:
            return np.concatenate([y[3:], -GM_SUN * y[:3] / np.linalg.norm(y[:3]) ** 3])

        flown = solve_ivp(slope, (0.0, (end - leave) / SECOND), start, method="DOP853", rtol=1e-10, atol=1e-6)
        assert np.linalg.norm(flown.y[:3, -1] - mars[:3]) < 10_000.0


def test_windows_of_2016_and_2020() -> None:
    one = work_out(MISSION, "exomars-2016")
    assert len(one.window) == 24 and all(row.is_open for row in one.window[:20])  # ten of the twelve days
    first = next(row for row in one.window if row.way == "setting")
    away = (first.liftoff_tai_ns - tai_ns_from_utc("2016-03-14T09:31:42")) / SECOND / 60.0
    print(f"least C3 of 14 March is in the plane {away:.0f} min after the published liftoff")
    assert abs(away) < 75.0
    told = launch_as_json(one)
    assert told["events"][0]["event"] == "liftoff" and told["events"][-1]["event"] == "separation"
    assert told["fitted"] and told["window"][0]["open"]
    assert told["window"][0]["margin_kg"] == pytest.approx(one.window[0].margin_kg, abs=0.06)
    two = work_out(MISSION, "exomars-2020")
    assert len(two.window) == 40 and two.injection.margin_kg > 0.0
    assert two.injection.asked.c3_km2_s2 == min(goal.c3_km2_s2 for _, goal in two.plan.days)


def test_margins_of_days_are_those_of_flights() -> None:
    """Days that were not flown for the table, flown: propellant left within 9 kg; what is open has some, what is not lacks it."""
    one = work_out(MISSION, "exomars-2016")
    flown, worst = one.injection, 0.0
    for row in one.window:
        assert row.margin_kg is not None and row.is_open == (row.margin_kg >= 0.0)
    for row in (one.window[6], one.window[9], one.window[16], one.window[21]):
        profile = replace(flown.profile, separation_s=None)
        again = inject(proton().launcher, 4332.0, row.liftoff_tai_ns, row.asymptote, profile, refuse=False)
        assert row.margin_kg is not None
        worst = max(worst, abs(again.margin_kg - row.margin_kg))
    print(
        f"margins within {worst:.1f} kg of flights; {one.window[0].margin_kg:.0f} kg on 14, {one.window[-1].margin_kg:.0f} on 25 March"
    )
    assert worst < 9.0
    edge = one.window[1]
    profile = replace(flown.profile, separation_s=None)
    out = inject(proton().launcher, 4332.0, edge.closes_tai_ns, edge.asymptote, profile, refuse=False)
    print(f"when the window closes {out.margin_kg:.0f} kg of {edge.margin_kg:.0f} are left: turns are priced on the safe side")
    assert edge.margin_kg is not None and 0.0 <= out.margin_kg < 0.4 * edge.margin_kg


def test_the_reference_cruise_leaves_when_the_rocket_did() -> None:
    """Its asymptote was found without the liftoff (with the separation only); it lies in the plane 9 minutes before the published liftoff."""
    plan = plan_2016()
    assert plan.asymptote is not None and plan.liftoff_tai_ns is not None
    day = tai_ns_from_utc("2016-03-14T00:00:00")
    rows = launch_windows(proton().launcher, plane(), [(day, plan.asymptote)], apogee_km=22_000.0, allowed_km_s=0.1)
    away = min((row.liftoff_tai_ns - plan.liftoff_tai_ns for row in rows), key=abs) / SECOND / 60.0
    print(
        f"in the plane {away:+.1f} min from the published liftoff, then {np.degrees(launch_2016().plane_miss_rad):.2f} deg out of it"
    )
    assert abs(away) < 15.0


def test_another_asymptote_at_its_own_time() -> None:
    """What a cruise asks for is put in; at the published liftoff it is out of the plane, at its own time it flies."""
    least = plan_2016().days[0][1]
    with pytest.raises(UsageError, match=r"lacks \d+ kg"):
        work_out(MISSION, "exomars-2016", asymptote=least)
    found = work_out(MISSION, "exomars-2016", asymptote=least, best_liftoff=True).injection
    assert found.margin_kg > launch_2016().margin_kg and abs(found.plane_miss_rad) < 1e-4
    assert abs(found.liftoff_tai_ns - tai_ns_from_utc("2016-03-14T10:26:51")) < 120 * SECOND
