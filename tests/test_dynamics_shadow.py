"""Steps that end at the edges of the shadow: orbits in sunlight against small steps of another integrator, and their partials."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from aelita.dynamics import GM_KM3_S2, FiniteBurn, Forces, SolarPressure, StateVector, eclipses, propagate
from aelita.dynamics.acceleration import Model, full, located
from aelita.dynamics.forces import model_of
from aelita.dynamics.states import elapsed_s, et_of
from aelita.ephemeris import state
from aelita.time import SECOND, tai_ns_from_utc
from orbit_material import jgmro120d

Reals = NDArray[np.float64]
START = tai_ns_from_utc("2018-01-20T10:00")
END = START + 6 * 3600 * SECOND
FORCES = Forces(gravity=jgmro120d(), degree=12, solar_pressure=SolarPressure(40.0, 0.3))
LOW = StateVector(START, [3796.0, 50.0, 30.0], [0.05, 1.1, 3.1717])  # type: ignore[arg-type]


def circle(beta_deg: float, radius_km: float = 3796.19) -> StateVector:
    """Return a circular orbit whose plane is so far from the Sun."""
    sun = state("SUN", "MARS", np.array([START]))[0, :3]
    sun /= np.linalg.norm(sun)
    aside = np.cross(sun, [0.0, 0.0, 1.0])
    aside /= np.linalg.norm(aside)
    beta = np.radians(beta_deg)
    normal = np.sin(beta) * sun + np.cos(beta) * np.cross(sun, aside)
    speed = (GM_KM3_S2["MARS"] / radius_km) ** 0.5
    return StateVector(START, radius_km * aside, speed * np.cross(normal, aside))


def motion(model: Model, degree: int) -> Callable[[float, Reals], Reals]:
    """Return the right-hand side for SciPy, compiled."""
    others = model.gms.size + 1
    rows, work, axes, places = np.zeros((6, degree + 3)), np.zeros((12, 32)), np.zeros((3, 3)), np.zeros((others, 3))

    @njit(error_model="numpy")  # type: ignore[untyped-decorator]
    def right(t: float, y: Reals, rows: Reals, work: Reals, axes: Reals, places: Reals) -> Reals:
        made = np.empty(6)
        located(model, t, axes, places)
        full(model, t, axes, places, y[:3], y[3:], rows, work, work[8])
        for i in range(3):
            made[i], made[3 + i] = y[3 + i], work[8, i]
        return made

    return lambda t, y: np.asarray(right(t, y, rows, work, axes, places))


def by_small_steps(start: StateVector, forces: Forces, until: int) -> Reals:
    """Return the end by SciPy's DOP853 with steps of at most two seconds, whose own error is some micrometres."""
    length_s = float(elapsed_s(until, start.epoch_tai_ns))
    model = model_of(forces, et_of(start), et_of(start) + length_s, 1000.0)
    made = solve_ivp(
        motion(model, forces.degree), (0.0, length_s), start.six, method="DOP853", rtol=2.3e-14, atol=1e-13, max_step=2.0
    )
    return np.asarray(made.y[:, -1])


@pytest.fixture(scope="module")
def grazing() -> StateVector:
    return circle(62.9)


@pytest.mark.parametrize("which", ["three long nights", "grazing"])
def test_six_hours_in_and_out_of_the_shadow_are_good_to_a_hundredth_of_a_millimetre(which: str, grazing: StateVector) -> None:
    start = grazing if which == "grazing" else LOW
    made = propagate(start, FORCES, END)
    nights = eclipses(made)
    off_mm = 1e6 * np.linalg.norm(made.end.position_km - by_small_steps(start, FORCES, END)[:3])
    print(f"{which}: {[round((each.stop - each.start) / 1e9) for each in nights]} s of night, {off_mm:.4f} mm off")
    assert len(nights) == 3 and off_mm < 0.02


def test_the_nights_end_steps_and_cost_few_of_them(grazing: StateVector) -> None:
    """Four edges a night; every entry and exit of the ball that throws the shadow is a step's beginning."""
    dark, light = (
        propagate(LOW, each, END) for each in (FORCES, replace(FORCES, solar_pressure=SolarPressure(40.0, 0.3), bodies=()))
    )
    plain = propagate(LOW, replace(FORCES, solar_pressure=None), END)
    counts = [sum(each.begin_s.size for each in made.steps) for made in (dark, plain)]
    assert counts[0] <= counts[1] + 12 and light.span == dark.span
    begins = np.concatenate([each.begin_s for each in dark.steps])
    lengths = np.concatenate([each.length_s for each in dark.steps])
    assert (begins[1:] == begins[:-1] + lengths[:-1]).all()
    assert ((lengths > 5) & (lengths < 8)).sum() == 6  # each penumbra is one step


def test_a_penumbra_alone_is_found_between_two_nodes() -> None:
    """An orbit that only brushes the penumbra, for less time than lies between the nodes of a step."""
    low, high = 62.9, 63.6
    for _ in range(12):
        middle = 0.5 * (low + high)
        nights = eclipses(propagate(circle(middle), FORCES, START + 7200 * SECOND), part="full", light=False)
        low, high = (middle, high) if nights else (low, middle)
    start, until = circle(high + 0.01), START + 7200 * SECOND
    made = propagate(start, FORCES, until)
    off_mm = 1e6 * np.linalg.norm(made.end.position_km - by_small_steps(start, FORCES, until)[:3])
    assert off_mm < 0.005
    assert np.linalg.norm(made.end.position_km - propagate(start, FORCES, until, tolerance_km=1e-12).end.position_km) < 1e-8


def test_backwards_and_in_pieces_it_is_the_same_orbit() -> None:
    there = propagate(LOW, FORCES, END)
    back = propagate(there.end, FORCES, START)
    assert 1e6 * np.linalg.norm(back.end.position_km - LOW.position_km) < 0.02  # mm
    state_now = LOW
    for part in range(1, 25):  # the ends of the pieces lie anywhere, in penumbras too
        state_now = propagate(state_now, FORCES, START + part * 900 * SECOND).end
    assert 1e6 * np.linalg.norm(state_now.position_km - there.end.position_km) < 0.02


def test_thrust_across_an_edge_of_the_shadow() -> None:
    """A burn that is under way when the night begins: 0.4 m/s2, over both edges of the penumbra."""
    burn = FiniteBurn(START + 2600 * SECOND, 300.0, 400.0, 320.0, name="over the edge")
    made, tight = (propagate(LOW, FORCES, END, burns=(burn,), tolerance_km=each) for each in (1e-9, 1e-12))
    assert 1e6 * np.linalg.norm(made.end.position_km - tight.end.position_km) < 0.02


def test_partials_go_right_across_the_penumbra() -> None:
    """A light body (40 m2 at 2 kg), where what moves the edges counts: against differences of propagations."""
    found = propagate(LOW, FORCES, END, mass_kg=2.0, partials=("solar_pressure",)).partials(np.array([END]))[0]

    def end(six: Reals, scale: float = 1.0) -> Reals:
        forces = replace(FORCES, solar_pressure=SolarPressure(40.0 * scale, 0.3))
        return propagate(StateVector(START, six[:3], six[3:]), forces, END, mass_kg=2.0, tolerance_km=1e-11).end.six

    for j in range(7):
        step = (1e-2, 1e-5)[j // 3] if j < 6 else 1e-3
        moved = step * np.eye(6)[j] if j < 6 else np.zeros(6)
        shift = step if j == 6 else 0.0
        column = (end(LOW.six + moved, 1 + shift) - end(LOW.six - moved, 1 - shift)) / (2 * step)
        for part in (slice(0, 3), slice(3, 6)):
            off = np.linalg.norm(found[part, j] - column[part]) / np.linalg.norm(column[part])
            assert off < 5e-6, (j, part, off)


def test_partials_by_sunlight_do_not_jump_when_edges_cross_the_nodes() -> None:
    """Orbits that begin a few metres apart along the way: the derivative by sunlight changes as smoothly as they do."""
    along = LOW.velocity_km_s / np.linalg.norm(LOW.velocity_km_s)
    columns = []
    for k in range(9):
        start = StateVector(START, LOW.position_km + 0.05 * k * along, LOW.velocity_km_s)
        columns.append(propagate(start, FORCES, END, partials=("solar_pressure",)).partials(np.array([END]))[0][:3, 6])
    bends = np.diff(np.array(columns), n=3, axis=0)
    assert np.abs(bends).max() < 1e-6 * np.abs(columns[0]).max()


def test_a_scale_below_zero_pulls_as_much_as_one_above_pushes() -> None:
    """A fit may try it on its way: a force that ceased there, and its derivative with it, would hold the fit fast."""
    until = START + 7200 * SECOND
    plain = propagate(LOW, replace(FORCES, solar_pressure=None), until).end.position_km
    push, pull = (
        propagate(LOW, replace(FORCES, solar_pressure=SolarPressure(40.0 * sign, 0.3)), until, partials=("solar_pressure",))
        for sign in (1.0, -1.0)
    )
    assert np.linalg.norm(push.end.position_km - plain) > 1e-5
    assert push.end.position_km - plain == pytest.approx(plain - pull.end.position_km, abs=1e-8)
    at = np.array([until])
    assert push.partials(at)[0][:3, 6] == pytest.approx(-pull.partials(at)[0][:3, 6], abs=1e-8)
