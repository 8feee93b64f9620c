"""Lambert's problem against independent solvers, and by flying every solution with the propagator's two-body case."""

from importlib import import_module

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.dynamics import Forces, StateVector, lambert_all, propagate, solve_lambert
from aelita.errors import UsageError
from aelita.time import SECOND, tai_ns_from_utc

setattr(numba.config, "DISABLE_JIT", True)  # noqa: B010 - compiling the other solvers takes longer than running them
gooding1990, izzo2015 = (getattr(import_module("lamberthub"), name) for name in ("gooding1990", "izzo2015"))
setattr(numba.config, "DISABLE_JIT", False)  # noqa: B010

GM = 1.3271244004127942e11
START = tai_ns_from_utc("2016-03-14T20:13")
SUN_ALONE = Forces("SUN", bodies=(), relativity=False)
Vector = tuple[float, float, float]
places = st.tuples(*[st.floats(-2.5e8, 2.5e8)] * 3).filter(lambda p: np.linalg.norm(p) > 5e7)


def pairs(count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    random = np.random.default_rng(seed)
    return [(random.normal(size=3) * 1.5e8, random.normal(size=3) * 2e8, 10 ** random.uniform(5.5, 8.5)) for _ in range(count)]


def test_every_revolution_and_path_agrees_with_other_solvers() -> None:
    worst, compared = 0.0, 0
    for first, second, flight_s in pairs(60, 1):
        for retrograde in (False, True):
            for arc in lambert_all(first, second, flight_s, GM, most=4, retrograde=retrograde):
                theirs = izzo2015(
                    GM, first, second, flight_s, M=arc.revolutions, prograde=not retrograde, low_path=not arc.high, maxiter=80,
                    atol=1e-13, rtol=1e-13,
                )  # fmt: skip
                for ours, other in zip((arc.departure_km_s, arc.arrival_km_s), theirs[:2], strict=True):
                    worst = max(worst, float(np.linalg.norm(ours - other) / np.linalg.norm(other)))
                compared += 1
    print(f"{compared} arcs, up to 4 revolutions: {worst:.1e} relative in velocity")
    assert compared > 200 and worst < 1e-10


def test_another_method_agrees_for_direct_arcs() -> None:
    worst = 0.0
    for first, second, flight_s in pairs(40, 2):
        theirs = gooding1990(GM, first, second, flight_s, maxiter=80, atol=1e-12, rtol=1e-12)
        ours = solve_lambert(first, second, flight_s, GM)
        worst = max(worst, *(float(np.linalg.norm(ours[end][0] - theirs[end]) / np.linalg.norm(theirs[end])) for end in (0, 1)))
    print(f"Gooding's method: {worst:.1e}")
    assert worst < 1e-8


def test_solutions_arrive_when_they_are_flown() -> None:
    worst_km = 0.0
    for first, second, flight_s in pairs(15, 3):
        for arc in lambert_all(first, second, flight_s, GM, most=2):
            perihelion_km = _lowest(first, arc.departure_km_s)
            if perihelion_km < 5e6:
                continue
            start = StateVector(START, first, arc.departure_km_s, "SUN")
            until = START + round(flight_s * SECOND)
            end = propagate(start, SUN_ALONE, until, tolerance_km=1e-6).end
            worst_km = max(worst_km, float(np.linalg.norm(end.position_km - second)))
    print(f"flown arcs miss by {worst_km:.3f} km at most")
    assert worst_km < 1.0


def _lowest(r: np.ndarray, v: np.ndarray) -> float:
    h = np.cross(r, v)
    e = np.linalg.norm(np.cross(v, h) / GM - r / np.linalg.norm(r))
    return float(h @ h / GM / (1 + e))


@given(places, places, st.floats(4.5, 9.0))
def test_a_direct_solution_exists_and_obeys_energy_and_momentum(first: Vector, second: Vector, log_s: float) -> None:
    a, b = np.array(first), np.array(second)
    sine = np.linalg.norm(np.cross(a, b)) / np.linalg.norm(a) / np.linalg.norm(b)
    if sine < 1e-3 or abs(np.cross(a, b)[2]) < 1e-6 * np.linalg.norm(np.cross(a, b)):
        return
    leaving, coming = solve_lambert(a, b, 10**log_s, GM)
    assert not np.isnan(leaving).any()
    for one, other in ((np.cross(a, leaving[0]), np.cross(b, coming[0])),):
        assert np.allclose(one, other, rtol=1e-7, atol=1e-7 * np.linalg.norm(one)) and one[2] > 0
    energies = [v @ v / 2 - GM / np.linalg.norm(r) for r, v in ((a, leaving[0]), (b, coming[0]))]
    assert abs(energies[0] - energies[1]) < 1e-7 * (leaving[0] @ leaving[0] + GM / np.linalg.norm(a))


@given(places, places, st.floats(6.0, 8.5))
def test_time_reversed_it_is_the_same_conic(first: Vector, second: Vector, log_s: float) -> None:
    a, b = np.array(first), np.array(second)
    h = np.cross(a, b)
    if np.linalg.norm(h) < 1e-2 * np.linalg.norm(a) * np.linalg.norm(b) or abs(h[2]) < 1e-3 * np.linalg.norm(h):
        return
    leaving, coming = solve_lambert(a, b, 10**log_s, GM)
    back_leaving, back_coming = solve_lambert(b, a, 10**log_s, GM, retrograde=True)
    assert np.allclose(back_leaving, -coming, rtol=1e-7, atol=1e-8) and np.allclose(back_coming, -leaving, rtol=1e-7, atol=1e-8)


def test_a_parabola_is_met() -> None:
    """Beside x = 1 the derivatives are 0/0: Barker's time between two points of a parabola and times about it."""
    a, b = np.array([1e8, 0, 0]), np.array([0, 2e8, 1e6])
    ra, rb, chord = np.linalg.norm(a), np.linalg.norm(b), np.linalg.norm(a - b)
    barker_s = float(((ra + rb + chord) ** 1.5 - (ra + rb - chord) ** 1.5) / (6 * np.sqrt(GM)))
    for factor in (1 - 1e-3, 1 - 1e-9, 1.0, 1 + 1e-9, 1 + 1e-3):
        leaving, _ = solve_lambert(a, b, factor * barker_s, GM)
        energy = leaving[0] @ leaving[0] / 2 - GM / ra
        assert abs(energy) < (1e-5 if abs(factor - 1) < 1e-6 else 3) and not np.isnan(leaving).any()


def test_what_has_no_solution_is_nan_in_its_row_alone() -> None:
    a = np.array([[1.5e8, 0, 0], [1.5e8, 0, 0], [1.5e8, 0, 0]])
    b = np.array([[0, 2e8, 0], [-2e8, 0, 0], [0, 2e8, 0]])
    leaving, _ = solve_lambert(a, b, [1e7, 1e7, -5.0], GM)
    assert np.isnan(leaving).all(axis=1).tolist() == [False, True, True]
    assert np.isnan(solve_lambert(a[0], b[0], 1e7, GM, revolutions=3)[0]).all()
    for wrong in (np.nan, np.inf, -np.inf, 0.0, 1e300):  # an endless flight once divided by zero
        assert np.isnan(solve_lambert(a[0], b[0], wrong, GM)[0]).all()
        assert np.isnan(solve_lambert([wrong, 0.0, 0.0], b[0], 1e7, GM)[0]).all()
    with pytest.raises(UsageError, match="no conic"):
        solve_lambert(a[0], b[0], 1e7, np.nan)
    assert len(lambert_all(a[0], b[0], 3e8, GM, most=50)) > 10  # ever more revolutions until they do not fit


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(UsageError, match="rows of three"):
        solve_lambert([1.0, 2.0], [1.0, 2.0], 1.0, GM)
    with pytest.raises(UsageError, match="no conic"):
        solve_lambert([1.0, 2.0, 3.0], [1.0, 2.0, 1.0], 1.0, -GM)
