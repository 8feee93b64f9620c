"""B-plane, targeting of aims and orbits, capture and burns that are safe to break off."""

import numpy as np
import pytest
import spiceypy
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize as other_minimise

from aelita.dynamics import (
    AimTarget,
    FiniteBurn,
    Forces,
    OrbitTarget,
    StateVector,
    aim_for_periapsis,
    approach_state,
    b_plane,
    burn_for_orbit,
    burn_of,
    burn_to_aim,
    capture_cost,
    correct,
    cut_offs,
    divided,
    inclined,
    lowest_cut_off_km,
    minimise,
    orbit_of,
    propagate,
    state_of,
)  # fmt: skip
from aelita.errors import UsageError
from aelita.time import SECOND, tai_ns_from_utc

GM = 42828.373620699
SURFACE = 3396.19
START = tai_ns_from_utc("2016-10-16T14:42")
MARS_ALONE = Forces("MARS", bodies=(), relativity=False)
WITH_SUN = Forces("MARS", bodies=("SUN",))
component = st.floats(-4, 4)


@given(st.tuples(component, component, component), st.floats(-3e4, 3e4), st.floats(-3e4, 3e4), st.floats(-3e5, 3e5))
def test_an_aim_leads_to_its_hyperbola_and_back(
    excess: tuple[float, float, float], b_t: float, b_r: float, ahead_s: float
) -> None:
    speed, length = float(np.linalg.norm(excess)), float(np.hypot(b_t, b_r))
    if speed < 0.5 or length < 100 or np.hypot(excess[0], excess[1]) < 1e-3 * speed:
        return
    row = approach_state(excess, b_t, b_r, ahead_s, GM)
    plane = b_plane(row, GM)
    assert np.allclose(plane.excess_km_s, excess, atol=1e-8)
    assert np.allclose([plane.b_t_km, plane.b_r_km], [b_t, b_r], atol=1e-6 * length)
    assert plane.to_periapsis_s == pytest.approx(ahead_s, abs=1e-6 * (1 + abs(ahead_s)))
    theirs = spiceypy.oscelt(row, 0.0, GM)
    assert plane.periapsis_km == pytest.approx(theirs[0], rel=1e-8)
    assert length == pytest.approx(aim_for_periapsis(speed, plane.periapsis_km, GM), rel=1e-9)


@given(
    st.floats(3500, 9000), st.floats(1.0, 1e5), st.floats(0.05, 3.0), st.floats(0, 6.2), st.floats(0, 6.2), st.floats(-3.1, 3.1)
)
def test_orbits_go_there_and_back(low: float, more: float, tilt: float, node: float, argument: float, anomaly: float) -> None:
    pole = (0.4, -0.3, 0.8)
    orbit = orbit_of(state_of(low, low + more, (tilt, node, argument, anomaly), GM, pole), GM, pole)
    assert orbit.periapsis_km == pytest.approx(low, rel=1e-9) and orbit.apoapsis_km == pytest.approx(low + more, rel=1e-9)
    assert orbit.inclination_rad == pytest.approx(tilt, abs=1e-9) and np.sin(orbit.node_rad - node) == pytest.approx(0, abs=1e-7)


def test_the_centre_line_aims_south_when_b_r_is_positive() -> None:
    row = approach_state([3.0, 0, 0], 0.0, 8000.0, 1e5, GM)
    end = propagate(StateVector(START, row[:3], row[3:], "MARS"), MARS_ALONE, START + 100_000 * SECOND).end
    assert end.position_km[2] < 0


def test_what_has_no_plane_is_refused() -> None:
    with pytest.raises(UsageError, match="bound orbit has no B-plane"):
        b_plane(state_of(3700, 9000, (1, 1, 1, 1), GM), GM)
    with pytest.raises(UsageError, match="along the pole"):
        approach_state([0, 0, 3.0], 1.0, 1.0, 0.0, GM)
    with pytest.raises(UsageError, match="no angular momentum"):
        orbit_of([4000, 0, 0, 1, 0, 0], GM)


@pytest.mark.parametrize("engine", [None, (3300.0, 424.0, 321.0)])
def test_a_burn_meets_an_aim(engine: tuple[float, float, float] | None) -> None:
    row = approach_state([-1.8, -3.0, 0.2], 5900.0, 600.0, 260_000.0, GM)
    start = StateVector(START, row[:3], row[3:], "MARS")
    target = AimTarget(7300.0, 850.0, START + 259_500 * SECOND)
    seen = START + 250_000 * SECOND
    burn = burn_to_aim(start, WITH_SUN, target, seen, engine=engine)
    flown = propagate(start, WITH_SUN, seen, mass_kg=3300.0, burns=(burn,)).end
    plane = b_plane(flown.six, WITH_SUN.gm_km3_s2)
    assert abs(plane.b_t_km - 7300) < 1e-3 and abs(plane.b_r_km - 850) < 1e-3
    assert abs((seen - target.periapsis_tai_ns) / SECOND + plane.to_periapsis_s) < 1e-3
    size = burn.duration_s * burn.thrust_n / 3300 if isinstance(burn, FiniteBurn) else 1000 * np.linalg.norm(burn.dv_km_s)
    print(f"{size:.3f} m/s")
    assert 5 < size < 20


def test_the_smallest_burn_for_an_orbit_agrees_with_another_minimiser() -> None:
    state = state_of(3700.0, 101_000.0, (0.17, 2.5, 6.1, 2.0), GM)
    target = OrbitTarget(periapsis_km=3600.0, inclination_rad=0.25)
    ours = burn_for_orbit(state, GM, target)
    orbit = orbit_of(np.concatenate([state[:3], state[3:] + ours]), GM)
    assert orbit.periapsis_km == pytest.approx(3600, abs=2e-3) and orbit.inclination_rad == pytest.approx(0.25, abs=1e-6)
    theirs = other_minimise(
        lambda dv: float(dv @ dv) * 1e4, ours + 1e-3, method="SLSQP", options={"ftol": 1e-14, "maxiter": 500},
        constraints={"type": "eq", "fun": lambda dv: target.misses(orbit_of(np.concatenate([state[:3], state[3:] + dv]), GM)) / 100},
    )  # fmt: skip
    print(f"{1000 * np.linalg.norm(ours):.4f} m/s, SciPy {1000 * np.linalg.norm(theirs.x):.4f}")
    assert np.linalg.norm(ours) == pytest.approx(np.linalg.norm(theirs.x), rel=1e-4)


def test_known_minima_are_found() -> None:
    """Rosenbrock's valley, and problem 71 of Hock and Schittkowski without its inactive bounds near the known solution."""
    valley = minimise(lambda x: 1 + 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [-1.2, 1.0], steps=[0.1, 0.1])
    assert np.allclose(valley.values, [1, 1], atol=1e-3)
    disc = minimise(
        lambda x: x[0] + x[1], [1.0, 0.5], steps=[0.1, 0.1], constraints=lambda x: np.array([x @ x - 2]), tolerances=[1e-9]
    )
    assert np.allclose(disc.values, [-1, -1], atol=1e-4)


def test_what_cannot_be_met_says_what_is_left() -> None:
    with pytest.raises(UsageError, match=r"misses \[1\."):
        correct(lambda x: np.array([x[0] ** 2 + 1]), [0.5], steps=[0.01], tolerances=[1e-6])
    with pytest.raises(UsageError, match="no orbit over"):
        inclined(state_of(3700.0, 9000.0, (1.0, 0.0, 0.0, np.pi / 2), GM), 0.2, GM)


def test_the_turn_of_the_plane_takes_three_burns_as_it_did() -> None:
    """The orbiter's plane was turned from 7 to 74 deg in three burns, "to avoid a possible collision course" if one stopped early."""
    state = state_of(SURFACE + 280.0, 102_400.0, (np.radians(7.0), 2.4, 0.0, np.pi), GM)
    wanted = inclined(state, np.radians(74.0), GM)
    assert orbit_of(np.concatenate([state[:3], wanted]), GM).inclination_rad == pytest.approx(np.radians(74), abs=1e-9)
    at_once = lowest_cut_off_km(state, wanted - state[3:], GM) - SURFACE
    parts = divided(state, wanted, GM, SURFACE + 100.0)
    print(
        f"cut half way, one burn leaves a periapsis {at_once:.0f} km high; parts of {[round(1000 * np.linalg.norm(p)) for p in parts]} m/s"
    )
    assert at_once < -500 and len(parts) == 3
    velocity = state[3:].copy()
    for part in parts:
        assert lowest_cut_off_km(np.concatenate([state[:3], velocity]), part, GM) >= SURFACE + 100.0
        velocity += part
    assert np.allclose(velocity, wanted, atol=1e-12)
    with pytest.raises(UsageError, match="below"):
        divided(state, wanted, GM, SURFACE + 300.0)


def test_cut_offs_of_a_burn_are_what_is_flown_when_it_stops() -> None:
    row = state_of(SURFACE + 280.0, 102_400.0, (np.radians(7.0), 2.4, 0.0, np.pi - 0.001), GM)
    start = StateVector(START, row[:3], row[3:], "MARS")
    wanted = inclined(row, np.radians(74.0), GM)
    burn = burn_of(wanted - row[3:], START + 3600 * SECOND, 2000.0, 424.0, 321.0, "turn")
    judged = cut_offs(start, MARS_ALONE, burn, 2000.0)
    with pytest.raises(UsageError, match=r"turn: cut off at .* Divide the burn"):
        judged.refuse_below(SURFACE)
    assert np.diff(judged.epochs_tai_ns).max() <= SECOND  # whatever second it stops in
    middle = judged.epochs_tai_ns.size // 2
    lasts = (int(judged.epochs_tai_ns[middle]) - burn.start_tai_ns) / SECOND
    half = FiniteBurn(burn.start_tai_ns, lasts, 424.0, 321.0, burn.direction, "inertial", "half")
    flown = propagate(start, MARS_ALONE, half.stop_tai_ns, mass_kg=2000.0, burns=(half,)).end
    assert judged.periapsis_km[middle] == pytest.approx(orbit_of(flown.six, MARS_ALONE.gm_km3_s2).periapsis_km, abs=0.01)
    safe = cut_offs(start, MARS_ALONE, burn_of([0, 0, 0.001], START + 3600 * SECOND, 2000.0, 424.0, 321.0, "nudge"), 2000.0)
    safe.refuse_below(SURFACE + 200.0)


def test_gravity_losses_vanish_with_a_strong_engine() -> None:
    """A short burn costs what the impulse does; with 30 times less thrust it costs a quarter more."""
    losses = []
    for thrust, duration_s in ((12_000.0, 300.0), (424.0, 8490.0)):
        burn = FiniteBurn(START, duration_s, thrust, 321.0, (-1.0, 0.0, 0.0), "velocity", "capture")
        speed, periapsis = 3.2, 4900.0
        row = approach_state([speed, 0, 0], aim_for_periapsis(speed, periapsis, GM), 0.0, 0.6 * duration_s, GM)
        end = propagate(
            StateVector(START, row[:3], row[3:], "MARS"), MARS_ALONE, burn.stop_tai_ns, mass_kg=3000.0, burns=(burn,)
        ).end
        orbit = orbit_of(end.six, GM)
        assert orbit.bound
        cost = capture_cost(speed, orbit.periapsis_km, orbit.apoapsis_km, GM, burn, 3000.0)
        losses.append(cost.gravity_loss_km_s)
    print(f"losses {losses[0]:.4f} and {losses[1]:.4f} km/s")
    assert 0 < losses[0] < 0.01 < 0.1 < losses[1] < 0.6
