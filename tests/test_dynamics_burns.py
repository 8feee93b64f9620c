"""Burns: what they do to velocity and mass, and that none is made which would end on the ground."""

from math import log

import numpy as np
import pytest

from aelita.dynamics import (
    GM_KM3_S2,
    FiniteBurn,
    Forces,
    ImpactError,
    ImpulsiveBurn,
    StateVector,
    elements_of,
    heights_km,
    propagate,
)
from aelita.errors import UsageError
from aelita.time import SECOND, tai_ns_from_utc

START = tai_ns_from_utc("2018-05-01")
GM = GM_KM3_S2["MARS"]
RADIUS_KM = 3796.19
CIRCLE = StateVector(START, [RADIUS_KM, 0, 0], [0, 0, (GM / RADIUS_KM) ** 0.5])  # type: ignore[arg-type]
POINT = Forces(bodies=(), relativity=False)
PERIOD = round(2 * np.pi * (RADIUS_KM**3 / GM) ** 0.5 * SECOND)


def test_an_impulse_along_the_velocity_raises_the_other_side() -> None:
    speed = (GM / RADIUS_KM) ** 0.5
    to_4000 = (GM * (2 / RADIUS_KM - 2 / (RADIUS_KM + 4000.0))) ** 0.5 - speed
    made = propagate(CIRCLE, POINT, START + PERIOD, burns=(ImpulsiveBurn(START, (to_4000, 0, 0), "velocity", isp_s=321.0),))
    orbit = elements_of(made.end.six, GM)
    assert orbit.apocentre_km[0] == pytest.approx(4000.0, abs=1e-6) and orbit.pericentre_km[0] == pytest.approx(
        RADIUS_KM, abs=1e-6
    )
    assert made.mass_kg == pytest.approx(1000 * np.exp(-1000 * to_4000 / (321.0 * 9.80665)))


@pytest.mark.parametrize(
    ("axes", "dv"), [("inertial", (0.0, 0.0, 0.02)), ("velocity", (0.02, 0.0, 0.0)), ("rtn", (0.0, 0.02, 0.0))]
)
def test_axes_of_a_circle_agree_where_they_coincide(axes: str, dv: tuple[float, float, float]) -> None:
    made = propagate(CIRCLE, POINT, START + SECOND, burns=(ImpulsiveBurn(START, dv, axes),))
    assert made.states(np.array([START]))[0, 3:] == pytest.approx([0, 0, CIRCLE.velocity_km_s[2] + 0.02])


def test_a_finite_burn_without_gravity_obeys_the_rocket_equation() -> None:
    """Far from a centre of hardly any mass; thrust along a fixed direction."""
    empty = Forces(bodies=(), relativity=False, gm=1e-9)
    begin = StateVector(START, [1e6, 0, 0], [0, 1, 0])  # type: ignore[arg-type]
    burn = FiniteBurn(START + 100 * SECOND, 2000.0, 400.0, 320.0, (0.0, 0.0, 1.0), "inertial")
    made = propagate(begin, empty, START + 3000 * SECOND, mass_kg=1500.0, burns=(burn,))
    exhaust_km_s, after = 320.0 * 9.80665e-3, 1500 - 400 * 2000 / (320 * 9.80665)
    assert made.mass_kg == pytest.approx(after, rel=1e-12)
    assert made.end.velocity_km_s == pytest.approx(
        [0, 1, exhaust_km_s * log(1500 / after)], abs=1e-9
    )  # seconds of TAI and TDB differ
    ratio = 1500 / after
    way = exhaust_km_s * 2000 * (1 - log(ratio) / (ratio - 1)) + exhaust_km_s * log(ratio) * 900
    assert made.end.position_km[2] == pytest.approx(way, rel=1e-9)


def test_a_short_finite_burn_tends_to_the_impulse() -> None:
    """The same change of velocity in ever shorter time, centred on the impulse: the difference falls with the square."""
    at, speed_km_s, isp = START + PERIOD // 3, 0.01, 300.0
    burnt = 1000 * (1 - np.exp(-1000 * speed_km_s / (isp * 9.80665)))
    sudden = propagate(CIRCLE, POINT, START + PERIOD, burns=(ImpulsiveBurn(at, (-speed_km_s, 0, 0), "velocity"),)).end
    off = []
    for length_s in (80.0, 40.0):
        burn = FiniteBurn(
            at - round(length_s / 2 * SECOND), length_s, burnt / length_s * isp * 9.80665, isp, (-1.0, 0.0, 0.0), "velocity"
        )
        slow = propagate(CIRCLE, POINT, START + PERIOD, burns=(burn,)).end
        off.append(float(np.linalg.norm(slow.position_km - sudden.position_km)))
    assert off[0] < 0.05 and 3 < off[0] / off[1] < 4.5  # of second order, and a little of third since the mass falls


def test_a_burn_that_would_hit_the_planet_is_refused_by_name_with_the_instant() -> None:
    burn = FiniteBurn(START + 600 * SECOND, 600.0, 424.0, 321.0, (-1.0, 0.0, 0.0), "velocity", "deorbit")
    with pytest.raises(ImpactError, match="after burn 'deorbit' the trajectory hits MARS at 2018-05-01T") as told:
        propagate(CIRCLE, POINT, START + PERIOD, burns=(burn,))
    assert told.value.burn == "deorbit" and START < told.value.at_tai_ns < START + PERIOD
    stopped = propagate(CIRCLE, POINT, START + PERIOD, burns=(burn,), impact="stop")
    assert stopped.impact_tai_ns == told.value.at_tai_ns == stopped.span[1]
    assert abs(heights_km(stopped, np.array([stopped.span[1]]))[0]) < 0.01
    assert (
        heights_km(stopped, stopped.span[0] + np.linspace(0, stopped.span[1] - stopped.span[0], 100).astype(np.int64)).min()
        > -0.01
    )


def test_impact_without_a_burn_says_when_and_a_state_underground_is_refused() -> None:
    falling = StateVector(START, [4500, 0, 0], [0, 0, 2.0])  # type: ignore[arg-type]
    with pytest.raises(ImpactError, match="the trajectory hits MARS at 2018-05-01T00:"):
        propagate(falling, POINT, START + PERIOD)
    with pytest.raises(ImpactError, match="below the surface"):
        propagate(StateVector(START, [3000, 0, 0], [0, 3, 0]), POINT, START + PERIOD)  # type: ignore[arg-type]


@pytest.mark.parametrize("axes", ["velocity", "inertial", "rtn"])
def test_a_burn_cut_by_the_end_is_flown_to_it_and_the_rest_goes_on(axes: str) -> None:
    """Both directions of time: two flights with the rest of the burn are one without a cut, in state, mass and partials."""
    burn = FiniteBurn(START + 600 * SECOND, 900.0, 150.0, 321.0, (1.0, 0.2, 0.1), axes, "raise")
    after = START + 3600 * SECOND
    whole = propagate(CIRCLE, POINT, after, burns=(burn,), partials=("raise",))
    assert whole.unfinished == ()
    middle = START + 1000 * SECOND + 123_456_789
    first = propagate(CIRCLE, POINT, middle, burns=(burn,), partials=("raise",))
    (rest,) = first.unfinished
    assert (rest.start_tai_ns, rest.stop_tai_ns) == (middle, burn.stop_tai_ns) and rest.name == "raise"
    assert first.mass_kg == pytest.approx(1000 - burn.flow_kg_s * 400.123456789)
    for burns in (first.unfinished, (burn,)):  # the rest, or the burn as it was planned: what lies before is not flown again
        second = propagate(first.end, POINT, after, burns=burns, mass_kg=first.mass_kg, partials=("raise",))
        assert np.abs(second.end.six - whole.end.six).max() < 1e-9 and second.mass_kg == pytest.approx(whole.mass_kg, abs=1e-9)
    turned, added = second.partials(np.array([after]))[0], first.partials(np.array([middle]))[0]
    joined = turned[:, :6] @ added + np.eye(7)[6] * turned[:, 6:]
    ours = whole.partials(np.array([after]))[0]
    assert np.abs(joined - ours)[:, :7].max() < 1e-6 * np.abs(ours).max()
    back = propagate(whole.end, POINT, middle, burns=(burn,), mass_kg=whole.mass_kg)
    (before,) = back.unfinished
    assert (before.start_tai_ns, before.stop_tai_ns) == (burn.start_tai_ns, middle)
    assert back.mass_kg == pytest.approx(first.mass_kg, abs=1e-9) and np.abs(back.end.six - first.end.six).max() < 1e-8
    begin = propagate(back.end, POINT, START, burns=back.unfinished, mass_kg=back.mass_kg)
    assert begin.mass_kg == pytest.approx(1000, abs=1e-9) and np.abs(begin.end.six - CIRCLE.six).max() < 1e-8


def test_what_of_a_burn_lies_outside_costs_no_mass_and_an_edge_is_no_cut() -> None:
    long = FiniteBurn(START + 600 * SECOND, 1e5, 424.0, 321.0, name="more than there is")
    made = propagate(CIRCLE, POINT, START + 700 * SECOND, burns=(long,))
    assert made.mass_kg == pytest.approx(1000 - 100 * long.flow_kg_s) and made.unfinished[0].duration_s == pytest.approx(99900)
    burn = FiniteBurn(START + 600 * SECOND, 100.0, 424.0, 321.0)
    for until, start in ((burn.start_tai_ns, START), (burn.stop_tai_ns + SECOND, burn.stop_tai_ns)):
        state = StateVector(start, CIRCLE.position_km, CIRCLE.velocity_km_s)
        made = propagate(state, POINT, until, burns=(burn,))
        assert made.mass_kg == 1000 and made.unfinished == ()
    with pytest.raises(UsageError, match="nothing of burn 'burn' lies between"):
        burn.between(START, burn.start_tai_ns)
    at_once = propagate(
        StateVector(burn.start_tai_ns + SECOND, [4e3, 0, 0], [0, 3, 0]), POINT, burn.start_tai_ns + SECOND, burns=(burn,)
    )  # type: ignore[arg-type]
    assert at_once.mass_kg == 1000 and (at_once.end.six == [4e3, 0, 0, 0, 3, 0]).all()


def test_burns_that_do_not_fit_are_refused() -> None:
    burn = FiniteBurn(START + 600 * SECOND, 600.0, 424.0, 321.0, name="a")
    other = FiniteBurn(START + 900 * SECOND, 600.0, 424.0, 321.0, name="b")
    for burns, told in (
        ((burn, other), "'b' begins before 'a' ends"),
        ((burn, burn), "two burns are named 'a'"),
    ):
        with pytest.raises(UsageError, match=told):
            propagate(CIRCLE, POINT, START + PERIOD, burns=burns)
    with pytest.raises(UsageError, match="uses more than the 50 kg"):
        propagate(CIRCLE, POINT, START + PERIOD, mass_kg=50.0, burns=(burn,))
    with pytest.raises(UsageError, match="axes 'sideways'"):
        ImpulsiveBurn(START, (1, 0, 0), "sideways")
    with pytest.raises(UsageError, match="above zero"):
        FiniteBurn(START, -1.0, 1.0, 1.0)
