"""What goes wrong in aerobraking, and who then acts: storms, lost commands, burns that fail, safe mode, a conjunction."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.dynamics import AerobrakingFile, Campaign, ImpactError, StateVector, Surroundings, revolution
from aelita.dynamics.aerobraking import Safety, Step, start_of
from aelita.dynamics.aerobraking_upsets import FailedBurn, SafeMode, Silence, Storm, Upset
from aelita.dynamics.corridor import Corridor, Limits
from aelita.dynamics.drag_pass import ExponentialAir, surroundings, to_apoapsis
from aelita.errors import UsageError
from aelita.services.navigation.aerobraking_file import load_aerobraking
from aelita.time import DAY, tai_ns_from_utc

PLAN = Path(__file__).parents[1] / "src/aelita/missions/exomars/navigation/aerobraking.toml"
T0 = int(tai_ns_from_utc("2018-01-08"))
Flown = Callable[..., Campaign]


@pytest.fixture(scope="module")
def late() -> AerobrakingFile:
    """The last six weeks of TGO's plan, from an orbit of 3.5 hours in the middle of the corridor."""
    file = load_aerobraking(PLAN)
    start = start_of(T0, 105.0, 4800.0, 74.0, 50.0, 285.0)
    return replace(file.begun(start, 1900.0), plan=replace(file.begun(start, 1900.0).plan, end_apoapsis_km=2800.0))


@pytest.fixture(scope="module")
def air(late: AerobrakingFile) -> Surroundings:
    return late.surroundings(days=120)


@pytest.fixture(scope="module")
def nominal(late: AerobrakingFile, air: Surroundings) -> Campaign:
    return late.campaign(air)


def over(flown: Campaign, first: int, last: int) -> list[float]:
    """Return shares of the limits of passes in a span."""
    return [flown.limits.share(each) for each in flown.passes if first <= each.lowest_tai_ns < last]


def survived(flown: Campaign) -> None:
    """Every number is one, and the end is the science orbit."""
    assert all(np.isfinite([each.lowest_km, each.flux_w_m2, each.drag_m_s, each.period_s]).all() for each in flown.passes)
    assert flown.end_heights_km == pytest.approx((380, 420), abs=12)
    assert min(each.lowest_km for each in flown.passes) > 90 and min(each.apoapsis_km for each in flown.passes) > 300


def test_the_nominal_end_of_the_campaign(nominal: Campaign) -> None:
    survived(nominal)
    assert not {"reduction", "pop-up", "silence", "safe mode"} & {each.reason for each in nominal.burns}
    assert 15 < nominal.days < 40


def test_a_storm_that_doubles_the_density_for_three_days_is_survived(
    late: AerobrakingFile, air: Surroundings, nominal: Campaign
) -> None:
    """On board a reduction after the first dense pass; on ground the forecast learns, and raises."""
    begins, ends = T0 + 5 * DAY, T0 + 8 * DAY
    flown = late.campaign(air, upsets=(Storm(begins, ends, 2.0),))
    survived(flown)
    dense = over(flown, begins, ends)
    made = Counter(each.reason for each in flown.burns if begins <= each.at_tai_ns < ends)
    before = [n for n, each in enumerate(flown.passes) if each.lowest_tai_ns < begins]
    print(f"shares in the storm {dense[0]:.2f}, at most {max(dense):.2f}, last {dense[-1]:.2f}; {dict(made)}; {flown.days:.1f} d")
    assert [each.lowest_km for each in flown.passes[: len(before)]] == [each.lowest_km for each in nominal.passes[: len(before)]]
    assert dense[0] == pytest.approx(2 * flown.limits.share(flown.passes[before[-1]]), rel=0.25)
    assert made["reduction"] >= 1 and made["raise"] >= 1
    assert max(dense) < 1.1 and dense[-1] < 0.6
    forecasts = [each.forecast_factor for each in flown.decisions if each.at_tai_ns < ends]
    assert max(forecasts) > 1.5 and flown.decisions[0].forecast_factor == 1.0


def test_a_storm_without_what_the_spacecraft_does_by_itself_breaks_the_limits(late: AerobrakingFile, air: Surroundings) -> None:
    """The same storm threefold: with the reactions on board the worst pass is milder than without."""
    deaf = replace(late, plan=replace(late.plan, safety=replace(late.plan.safety, reduction_share=99.0, pop_up_share=99.0)))
    storm = (Storm(T0 + 5 * DAY, T0 + 6 * DAY, 3.0), Silence(T0 + 5 * DAY, T0 + 6 * DAY))
    spans = [over(each.campaign(air, upsets=storm), T0 + 5 * DAY, T0 + 6 * DAY) for each in (late, deaf)]
    strong = [sum(share > 1 for share in each) for each in spans]
    print(f"passes over a limit: {strong[0]} with pop-up, {strong[1]} without")
    assert strong[0] == 1 and strong[1] >= 4


def test_a_lost_week_of_commands_is_survived_out_of_the_air(late: AerobrakingFile, air: Surroundings) -> None:
    begins, ends = T0 + 6 * DAY, T0 + 13 * DAY
    flown = late.campaign(air, upsets=(Silence(begins, ends),))
    survived(flown)
    alone = [each for each in flown.burns if begins <= each.at_tai_ns < ends]
    reasons = [each.reason for each in alone]
    print(f"{reasons} {(alone[0].at_tai_ns - begins) / DAY:.2f} d after the last session; {flown.days:.1f} d in all")
    assert reasons.count("silence") == 1 and set(reasons) <= {"silence", "reduction", "pop-up"}
    left = next(each for each in alone if each.reason == "silence")
    assert left.at_tai_ns - begins < 48 / 24 * DAY
    quiet = [each.lowest_km for each in flown.passes if left.at_tai_ns < each.lowest_tai_ns < ends]
    assert min(quiet) > late.plan.safety.pop_up_km - 8  # gravity moves it
    back = [each for each in flown.burns if each.reason == "walk-in" and each.at_tai_ns >= ends]
    assert len(back) == len(late.plan.safety.return_km)
    assert all(b.at_tai_ns - a.at_tai_ns > 0.8 * DAY for a, b in pairwise(back))


def test_a_spacecraft_that_waits_for_ever_is_lost_and_the_plan_says_so_before(late: AerobrakingFile) -> None:
    """Low in the last days, two weeks without commands: by the guard alone it lives two days. A plan that promises more is refused."""
    with pytest.raises(UsageError, match=r"after 336 h, the guard promises it 48 h"):
        replace(late.plan, safety=replace(late.plan.safety, silence_h=336.0))
    start, lost = start_of(T0, 104.0, 900.0, 74.0, 50.0, 230.0), (Silence(T0 + DAY, T0 + 15 * DAY),)
    file = replace(late, start=start, plan=replace(late.plan, end_apoapsis_km=400.0))
    air = file.surroundings(days=40)
    survived(file.campaign(air, upsets=lost))
    deaf = replace(file.plan.safety, silence_h=inf, reduction_share=99.0, pop_up_share=99.0)
    with pytest.raises(ImpactError, match="meets the ground of Mars at 2018-01-1"):
        replace(file, plan=replace(file.plan, safety=deaf)).campaign(air, upsets=lost)


@pytest.mark.parametrize("part", [0.0, 1.5])
def test_a_trim_that_fails_is_seen_at_the_next_session(
    late: AerobrakingFile, air: Surroundings, nominal: Campaign, part: float
) -> None:
    trim = next(each for each in nominal.burns if each.reason == ("raise" if part < 1 else "lower"))
    flown = late.campaign(air, upsets=(FailedBurn(trim.at_tai_ns, part),))
    survived(flown)
    failed = next(each for each in flown.burns if each.at_tai_ns == trim.at_tai_ns)
    following = next(each for each in flown.decisions if each.at_tai_ns > trim.at_tai_ns)
    worst = max(over(flown, trim.at_tai_ns, flown.exit.epoch_tai_ns))
    print(
        f"{part:g} of {trim.dv_m_s:+.2f} m/s; at the next session {following.reason} {following.trim_m_s:+.2f}; share {worst:.2f}"
    )
    assert failed.dv_m_s == pytest.approx(part * trim.dv_m_s)
    assert worst < 0.8 and following.after.share <= late.plan.corridor.high


def test_the_last_burn_is_made_again_when_it_fails(late: AerobrakingFile, air: Surroundings, nominal: Campaign) -> None:
    flown = late.campaign(air, upsets=(FailedBurn(nominal.exit.epoch_tai_ns, 0.3),))
    assert sum(each.reason == "exit" for each in flown.burns) == 2
    survived(flown)


def test_safe_mode_leaves_the_air_at_the_next_apoapsis(late: AerobrakingFile, air: Surroundings) -> None:
    at, back = T0 + 6 * DAY, T0 + 9 * DAY
    flown = late.campaign(air, upsets=(SafeMode(at, back),))
    survived(flown)
    burn = next(each for each in flown.burns if each.reason == "safe mode")
    after = [each for each in flown.passes if burn.at_tai_ns < each.lowest_tai_ns < back]
    print(f"out {(burn.at_tai_ns - at) / 3.6e12:.1f} h later, {after[0].lowest_km:.0f} km")
    assert 0 <= burn.at_tai_ns - at < 4 * 3.6e12 and min(each.lowest_km for each in after) > 170
    assert not any(burn.at_tai_ns < each.at_tai_ns < back for each in flown.burns)


def test_safe_mode_in_a_pause_stays_where_it_is(air: Surroundings) -> None:
    """In the conjunction of 2017 periapsis was at 200 km: nothing needs to be done, and the pause ends as planned."""
    file = load_aerobraking(PLAN)
    start = start_of(int(tai_ns_from_utc("2017-06-24T12:00")), 109.0, 19700.0, 74.0, 110.0, 340.0)
    short = file.begun(start)
    short = replace(short, plan=replace(short.plan, end_apoapsis_km=19300.0))
    assert not short.plan.walk_in and len(short.plan.pauses) == 1
    sun = [int(tai_ns_from_utc(each)) for each in ("2017-07-20", "2017-08-05")]
    flown = short.campaign(short.surroundings(days=90), upsets=(SafeMode(*sun), Silence(*sun)))
    paused = [each for each, phase in zip(flown.passes, flown.phases, strict=True) if phase == "pause"]
    reasons = [each.reason for each in flown.burns]
    print(
        f"{len(paused)} passes of the pause, {min(each.lowest_km for each in paused):.0f} to {max(each.lowest_km for each in paused):.0f} km"
    )
    assert "safe mode" not in reasons and "silence" not in reasons and reasons.count("walk-in") == 3
    assert min(each.lowest_km for each in paused) > 190 and max(each.flux_w_m2 for each in paused) < 1
    assert paused[-1].lowest_tai_ns > tai_ns_from_utc("2017-08-29")


@pytest.mark.parametrize("which", ["flux_w_m2", "pressure_pa", "load_j_m2"])
def test_each_limit_rules_the_corridor_by_itself(late: AerobrakingFile, air: Surroundings, which: str) -> None:
    """With the other two out of reach, the strongest pass of a day comes to the corridor of that limit."""
    limits = replace(Limits(inf, inf, inf), **{which: {"flux_w_m2": 1500.0, "pressure_pa": 0.4, "load_j_m2": 3e5}[which]})
    corridor: Corridor = replace(late.plan.corridor, limits=limits)
    short = replace(late, plan=replace(late.plan, corridor=corridor, end_apoapsis_km=4300.0))
    flown = short.campaign(air)
    shares = [getattr(each, which) / getattr(limits, which) for each in flown.passes]
    print(f"{which}: {len(shares)} passes, strongest {max(shares[10:]):.3f}, mean {np.mean(shares[10:]):.3f}")
    assert flown.limits.share(flown.passes[-1]) == shares[-1]
    assert 0.75 * corridor.target < np.mean(shares[10:]) < corridor.high and max(shares[10:]) <= corridor.high * 1.01


def test_an_orbit_above_the_air_is_brought_down(late: AerobrakingFile, air: Surroundings) -> None:
    """Where a pass meets no air at all there is no share to compare; the planner lowers by what it has."""
    high = start_of(T0, 400.0, 4800.0, 74.0, 50.0, 285.0)
    row = np.concatenate([high.six, np.zeros(3)])
    made = late.plan.planner.decide(air, late.plan.vehicle.drag_m2_kg, air.seconds(T0), row)
    assert made.before.share == 0 and made.reason == "lower" and made.trim_m_s == -3.0


def test_upsets_that_are_none_are_refused(late: AerobrakingFile, air: Surroundings) -> None:
    wrong: tuple[Upset, ...] = (
        Storm(T0, T0, 2.0), Storm(T0, T0 + 1, 0.0), Storm(T0, T0 + 1, float("nan")), Silence(T0, T0 - 1), SafeMode(T0, T0),
        FailedBurn(T0, float("nan")), FailedBurn(T0, 9.0),
    )  # fmt: skip
    for each in wrong:
        with pytest.raises(UsageError, match="upset"):
            late.campaign(air, upsets=(each,))


def test_a_campaign_that_does_not_end_is_stopped_with_the_reason(late: AerobrakingFile, air: Surroundings) -> None:
    timid = replace(late.plan.corridor, low=1e-5, target=2e-5, high=0.4)
    slow = replace(late, start=start_of(T0, 150.0, 4800.0, 74.0, 50.0, 285.0), plan=replace(late.plan, corridor=timid))
    with pytest.raises(UsageError, match=r"not over after \d+ passes on 2018-01-2\d.*apoapsis is at \d+ km, it ends at 2800"):
        slow.campaign(late.surroundings(days=20))
    with pytest.raises(UsageError, match="begins at an apoapsis of 1500 km and ends at 2800"):
        replace(late, start=start_of(T0, 120.0, 1500.0, 74.0, 50.0, 285.0)).campaign(air)
    for days in (0.0, float("nan"), 1e9):
        with pytest.raises(UsageError, match="days of aerobraking"):
            late.surroundings(days=days)


def test_starts_that_are_none_are_refused(late: AerobrakingFile, air: Surroundings) -> None:
    good = late.start
    escape = StateVector(T0, good.position_km, good.velocity_km_s * 9)
    for start, said in (
        (escape, "is open"),
        (StateVector(T0, good.position_km, good.velocity_km_s * 0.4), "meets the ground"),
        (StateVector(T0, good.position_km, good.velocity_km_s, "EARTH"), "a start about EARTH"),
        (StateVector(T0, good.position_km * 1e3, good.velocity_km_s * 1e3), "is open"),  # metres
    ):
        with pytest.raises(UsageError, match=said):
            late.begun(start)
    for mass in (-1.0, 0.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="mass"):
            late.begun(good, mass)
    for raw in (escape, StateVector(T0, good.position_km, good.velocity_km_s * 1.81)):  # a month and more
        with pytest.raises(UsageError, match="does not come round"):
            replace(late, start=raw).campaign(air)


def test_plans_that_contradict_themselves_are_refused(late: AerobrakingFile) -> None:
    plan, one = late.plan, Step(T0 + DAY, 130.0)
    with pytest.raises(UsageError, match="is not after the one before"):
        replace(plan, walk_in=(one, Step(T0 + DAY, 120.0)))
    with pytest.raises(UsageError, match="guard's floor"):
        replace(plan, end_apoapsis_km=300.0)
    with pytest.raises(UsageError, match="periapsis, then apoapsis"):
        replace(plan, science_km=(420.0, 380.0))
    for back in ((), (float("nan"),), (140.0, 150.0), (190.0,)):
        with pytest.raises(UsageError, match="return_km"):
            Safety(return_km=back)
    with pytest.raises(UsageError, match="reduction comes first"):
        Safety(reduction_share=0.9, pop_up_share=0.8)
    with pytest.raises(UsageError, match="Exchange them"):
        start_of(T0, 500.0, 400.0, 74.0, 0.0, 0.0)


@cache
def exponential() -> Surroundings:
    return surroundings(ExponentialAir(2e-8, 110.0, 7.0), T0 - DAY, T0 + 5 * DAY)


@settings(max_examples=25)
@given(
    periapsis=st.floats(95.0, 140.0), apoapsis=st.floats(700.0, 34000.0), factor=st.floats(0.2, 3.0),
    more=st.floats(1.02, 2.0), higher=st.floats(0.3, 10.0), argument=st.floats(0, 360),
)  # fmt: skip
def test_denser_deeper_and_lighter_brake_more(
    late: AerobrakingFile, periapsis: float, apoapsis: float, factor: float, more: float, higher: float, argument: float
) -> None:
    """Monotone in density, in height and in mass; every number is one."""
    around, craft = exponential(), late.plan.vehicle

    def passed(height: float, by: float, mass_kg: float) -> tuple[float, float, float, float]:
        start = start_of(T0, height, apoapsis, 74.0, 20.0, argument)
        try:
            seen, end = revolution(start, around, replace(craft, mass_kg=mass_kg), factor=by)
        except ImpactError:
            return (inf, inf, inf, -inf)
        assert np.isfinite([*end.six, seen.lowest_km, seen.flux_w_m2, seen.pressure_pa, seen.load_j_m2, seen.density_kg_m3]).all()
        return seen.flux_w_m2, seen.load_j_m2, seen.drag_m_s, seen.period_s

    here = passed(periapsis, factor, 1900.0)
    denser, above, lighter = (
        passed(periapsis, factor * more, 1900.0),
        passed(periapsis + higher, factor, 1900.0),
        passed(periapsis, factor, 1900.0 / more),
    )
    if here[0] < inf:
        assert all(a > b for a, b in zip(denser[:3], here[:3], strict=True)) and denser[3] < here[3]
        assert lighter[2] > here[2] and lighter[3] < here[3]
        assert all(a < b for a, b in zip(above[:3], here[:3], strict=True)) and above[3] > here[3]


@settings(max_examples=25)
@given(part=st.floats(0.0, 0.999), apoapsis=st.floats(700.0, 30000.0))
def test_the_next_apoapsis_is_found_from_anywhere(late: AerobrakingFile, part: float, apoapsis: float) -> None:
    """From a state some part of a revolution after an apoapsis: the next one, a whole revolution after the first."""
    from aelita.dynamics.aerobraking_flight import coasted

    around, craft = exponential(), late.plan.vehicle
    start = start_of(T0, 190.0, apoapsis, 74.0, 20.0, 40.0)
    seen, whole = revolution(start, around, craft)
    row = np.concatenate([start.six, np.zeros(3)])
    t = around.seconds(T0)
    t, y = coasted(around, craft.drag_m2_kg, t, row, t + part * seen.period_s)
    found = to_apoapsis(StateVector(around.epoch(t), y[:3], y[3:6]), around, craft)
    expected = start if part < 0.0099 else whole
    if abs(part - 0.01) > 2e-4:
        assert abs(found.epoch_tai_ns - expected.epoch_tai_ns) < 5e7
        assert np.linalg.norm(found.position_km - expected.position_km) < 0.1
    assert abs(found.position_km @ found.velocity_km_s) < 1e-2
