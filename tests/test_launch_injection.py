"""Burns, coasts and the whole launch: closed forms, conservation, published numbers that nothing was fitted to."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.dynamics import Asymptote, Profile, StateVector, ascend, inject, planar, propagate
from aelita.dynamics.asymptote import excess_velocity
from aelita.dynamics.departure_kernels import coast, required_velocity
from aelita.dynamics.earth_model import GM_KM3_S2, energy_km2_s2
from aelita.dynamics.forces import Forces
from aelita.dynamics.upper_stage import heights_km, time_to
from aelita.errors import UsageError
from aelita.time import J2000_TAI_NS, SECOND, tai_ns_from_utc
from launch_material import ATLAS, launch_2016, plan_2016, proton

# ILS, Mission Planner's Guide, revision 7 (2009), escape missions: payload systems mass (kg, adapter included) over C3,
# as quoted in public tables of launchers
GUIDE_KG = {1.0: 6355.0, 9.0: 5454.0, 16.0: 4745.0}
BEST_APOGEE_KM = {1.0: 20_000.0, 9.0: 22_000.0, 16.0: 32_000.0}


def test_payload_reaches_the_reference_asymptote_within_propellant_and_margins() -> None:
    found, upper = launch_2016(), proton().launcher.upper
    print(
        f"4,332 kg to C3 {found.reached.c3_km2_s2:.2f}: {found.margin_kg:.0f} kg beyond {upper.residual_kg + upper.reserve_kg:.0f}"
    )
    assert found.payload_kg == 4332.0 and found.margin_kg > 0.0
    assert found.reached.c3_km2_s2 == pytest.approx(found.asked.c3_km2_s2, abs=1e-5)
    assert found.reached.declination_rad == pytest.approx(found.asked.declination_rad, abs=1e-6)
    assert found.reached.right_ascension_rad == pytest.approx(found.asked.right_ascension_rad, abs=1e-6)


def test_separation_is_when_it_was() -> None:
    """10 h 42 min after liftoff, 20:13 UTC."""
    found = launch_2016()
    assert found.separation_s == pytest.approx(38520.0, abs=1.0)
    assert abs(found.separation_tai_ns - tai_ns_from_utc("2016-03-14T20:13:30")) < 30 * SECOND


def test_four_burns_the_third_ends_when_it_was_said_to_have() -> None:
    """ESA told at about 13:40 UTC that three were done; the intermediate apogee is an assumption."""
    found = launch_2016()
    assert [burn.number for burn in found.all_burns] == [1, 2, 3, 4]
    assert sum(burn.propellant_kg for burn in found.all_burns) == pytest.approx(found.book.burned, abs=1e-6)
    third = found.liftoff_tai_ns + round(found.burns[1].end_s * SECOND)
    assert abs(third - tai_ns_from_utc("2016-03-14T13:40:00")) < 5 * 60 * SECOND


def test_every_burn_obeys_the_rocket_equation() -> None:
    exhaust = proton().launcher.upper.engine.exhaust_km_s
    for burn in launch_2016().burns:
        assert burn.speed_km_s == pytest.approx(exhaust * np.log((burn.mass_kg + burn.propellant_kg) / burn.mass_kg), rel=1e-8)
        assert 0.0 < burn.loss_km_s < 0.15


def test_the_book_is_balanced() -> None:
    found, upper = launch_2016(), proton().launcher.upper
    empty = found.payload_kg + proton().launcher.adapter_kg + upper.dry_kg
    left = found.track[-1, 7] - empty
    assert left == pytest.approx(found.margin_kg + upper.residual_kg + upper.reserve_kg, abs=1e-6)


def test_the_tank_goes_after_the_third_burn() -> None:
    found, upper = launch_2016(), proton().launcher.upper
    after = next(event.mass_kg for event in found.events if event.name == "burn 3 cut-off")
    core = found.payload_kg + proton().launcher.adapter_kg + upper.dry_kg + upper.propellant_kg - upper.tank_propellant_kg
    assert after == pytest.approx(core, abs=1e-6)


def test_too_much_energy_is_refused_with_the_shortfall() -> None:
    plan, found = plan_2016(), launch_2016()
    direct = Asymptote(14.66, np.radians(-49.8), np.radians(194.4), "a single Lambert arc of the same day", "D")
    with pytest.raises(UsageError, match=r"4332 kg to C3 14\.66 km2/s2: Breeze-M lacks \d+ kg"):
        inject(proton().launcher, 4332.0, found.liftoff_tai_ns, direct, found.profile, tries=30, ascent=found.ascent)
    with pytest.raises(UsageError, match="Name fewer apogees"):
        inject(proton().launcher, 4332.0, found.liftoff_tai_ns, direct, Profile((1e3, 2e3, 3e3)), ascent=found.ascent)
    with pytest.raises(UsageError, match="has no asymptote to aim at"):
        inject(proton().launcher, 4332.0, found.liftoff_tai_ns, replace(direct, c3_km2_s2=0.0), found.profile)
    assert plan.asymptote is not None and plan.asymptote.c3_km2_s2 < direct.c3_km2_s2


@pytest.mark.parametrize("c3", list(GUIDE_KG))
def test_performance_of_the_planners_guide(c3: float) -> None:
    """Within 6 % of the guide's masses to escape: its mass less 6 % flies, with 6 % more it does not."""
    launcher = proton().launcher
    margins = []
    for part in (0.94, 1.06):
        payload = part * GUIDE_KG[c3] - launcher.adapter_kg
        ascent = ascend(launcher, payload, J2000_TAI_NS)
        goal = planar(ascent, J2000_TAI_NS, c3)
        profile = Profile((5000.0, BEST_APOGEE_KM[c3]))
        found = inject(launcher, payload, J2000_TAI_NS, goal, profile, refuse=False, tries=40, ascent=ascent)
        margins.append(found.margin_kg)
    capacity = GUIDE_KG[c3] * (0.94 + 0.12 * margins[0] / (margins[0] - margins[1]))
    print(f"C3 {c3}: {capacity:.0f} kg, guide {GUIDE_KG[c3]:.0f} ({100 * (capacity / GUIDE_KG[c3] - 1):+.1f} %)")
    assert margins[0] > 0.0 > margins[1]


def test_another_launcher_is_another_file() -> None:
    """Atlas V 401, two burns: NASA's 2,425 kg at C3 10 keep reserves that are not in this model; it gives up to 25 % more."""
    from aelita.services.navigation.launcher_file import load_launcher

    sheet = load_launcher(ATLAS)
    margins = []
    for payload in (2425.0, 1.25 * 2425.0):
        ascent = ascend(sheet.launcher, payload, J2000_TAI_NS)
        found = inject(
            sheet.launcher, payload, J2000_TAI_NS, planar(ascent, J2000_TAI_NS, 10.0), sheet.profile, refuse=False, ascent=ascent
        )
        margins.append(found.margin_kg)
    assert len(found.burns) == 1 and margins[0] > 0.0 > margins[1]
    assert ascent.acceleration_m_s2 <= 45.2  # throttled to 4.6 g


@settings(max_examples=25, deadline=None)
@given(
    st.floats(6600, 20000), st.floats(0.0, 0.6), st.floats(0, 3), st.floats(0, 6), st.floats(0, 6), st.floats(0, 6), st.floats(100, 40000)
)  # fmt: skip
def test_coasts_keep_energy_and_momentum(
    perigee: float, e: float, inclination: float, node: float, argument: float, anomaly: float, duration: float
) -> None:
    state = np.zeros(8)
    state[:6] = _state(perigee, e, inclination, node, argument, anomaly)
    after = coast(state, duration)
    assert energy_km2_s2(after) == pytest.approx(energy_km2_s2(state), rel=2e-8)
    momenta = [np.cross(each[:3], each[3:6]) for each in (state, after)]
    assert momenta[0][2] == pytest.approx(momenta[1][2], rel=2e-8, abs=1e-3)  # about the pole, oblateness or not
    round_earth = coast(state, duration, 0.0)
    assert np.cross(round_earth[:3], round_earth[3:6]) == pytest.approx(momenta[0], rel=2e-8, abs=1e-3)
    assert coast(after, -duration)[:3] == pytest.approx(state[:3], abs=0.02)


@settings(max_examples=25, deadline=None)
@given(st.floats(6600, 9000), st.floats(0.2, 6), st.floats(0.2, 3.0), st.floats(-1.2, 1.2))
def test_required_velocity_leaves_as_asked(radius: float, speed: float, angle: float, out: float) -> None:
    place = np.array([radius, 0.0, 0.0])
    goal = np.array([np.cos(angle), np.sin(angle) * np.cos(out), np.sin(angle) * np.sin(out)])
    for before in (np.array([0.0, 7.0, 0.0]), np.array([0.0, -7.0, 0.0])):
        velocity = required_velocity(place, before, goal, speed)
        assert excess_velocity(np.concatenate([place, velocity])) == pytest.approx(speed * goal, abs=1e-9)
        assert np.cross(place, velocity) @ np.cross(place, before) > 0.0


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 6.2), st.floats(0, 0.5), st.floats(0, 6), st.floats(0, 20000))
def test_time_to_an_angle(angle: float, e: float, anomaly: float, least: float) -> None:
    state = np.zeros(8)
    state[:6] = _state(6600.0, e, 0.9, 1.0, 2.0, anomaly)
    duration = time_to(state, angle, at_least_s=least)
    after = coast(state, duration)
    normal = np.cross(state[:3], state[3:6])
    first, second = state[:3], np.cross(normal, state[:3]) / np.linalg.norm(normal)
    turned = np.arctan2(after[:3] @ second, after[:3] @ first) % (2 * np.pi)
    assert abs((turned - angle + np.pi) % (2 * np.pi) - np.pi) < 1e-7
    assert least - 5.0 <= duration <= least + heights_km(state)[2] * 1.02


def test_the_coast_agrees_with_the_propagator_that_others_use() -> None:
    """Separation to 300,000 km, both with two bodies only: within 10 m of the room's own propagation."""
    found = launch_2016()
    state = np.concatenate([found.state_j2000, [0.0, 0.0]])
    ours = coast(state, 40_000.0, 0.0)
    start = StateVector(found.separation_tai_ns, found.state_j2000[:3], found.state_j2000[3:], "EARTH")
    until = found.separation_tai_ns + 40_000 * SECOND
    theirs = propagate(start, Forces(centre="EARTH", bodies=(), relativity=False), until)
    there = theirs.states(np.array([until]))[0]
    assert np.linalg.norm(there[:3] - ours[:3]) < 0.01


def _state(perigee: float, e: float, inclination: float, node: float, argument: float, anomaly: float) -> np.ndarray:
    parameter = perigee * (1 + e)
    radius = parameter / (1 + e * np.cos(anomaly))
    speed = np.sqrt(GM_KM3_S2 / parameter)
    flat = np.array([radius * np.cos(anomaly), radius * np.sin(anomaly), 0.0])
    along = np.array([-speed * np.sin(anomaly), speed * (e + np.cos(anomaly)), 0.0])

    def turn(angle: float, axis: int) -> np.ndarray:
        c, s = np.cos(angle), np.sin(angle)
        if axis == 2:
            return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])

    matrix = turn(node, 2) @ turn(inclination, 0) @ turn(argument, 2)
    return np.concatenate([matrix @ flat, matrix @ along])
