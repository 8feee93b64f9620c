"""Elements against SPICE's, and there and back, for every shape of orbit."""

import numpy as np
import pytest
import spiceypy
from hypothesis import example, given
from hypothesis import strategies as st

from aelita.dynamics import Elements, elements_of, mean_anomaly, states_of, true_anomaly
from aelita.errors import UsageError

GM = 42828.37362
ANGLE = st.floats(0, 2 * np.pi, exclude_max=True)
RATIO = st.floats(0, 0.97) | st.floats(1.01, 20) | st.just(0.0) | st.floats(0, 1e-9)


def one(*numbers: float) -> Elements:
    return Elements(*(np.array([each]) for each in (*numbers, 0.0)))


@given(st.floats(3000, 1e6), RATIO, st.floats(0, np.pi) | st.sampled_from([0.0, np.pi, 1e-13]), ANGLE, ANGLE, st.floats(-1, 1))
@example(4000.0, 0.0, 0.0, 0.0, 0.0, 0.5)
@example(4000.0, 0.3, 0.0, 1.0, 2.0, 0.5)
@example(4000.0, 0.0, 1.0, 1.0, 2.0, 0.5)
def test_there_and_back(q: float, e: float, i: float, node: float, argument: float, share: float) -> None:
    widest = np.pi if e < 1 else 0.95 * np.arccos(-1 / e)
    state = states_of(one(q / (1 - e), e, i, node, argument, share * widest), GM)
    found = elements_of(state, GM)
    assert np.abs(states_of(found, GM) - state)[0, :3].max() < 1e-8 * np.linalg.norm(state[0, :3])
    assert np.abs(states_of(found, GM) - state)[0, 3:].max() < 1e-8 * np.linalg.norm(state[0, 3:])
    assert found.eccentricity[0] == pytest.approx(e, abs=1e-9) and found.pericentre_km[0] == pytest.approx(q, rel=1e-9)
    assert found.inclination[0] == pytest.approx(i, abs=1e-7)
    back = true_anomaly(found.mean_anomaly, found.eccentricity)
    assert np.cos(back - found.true_anomaly)[0] == pytest.approx(1, abs=1e-10)


@given(
    st.floats(3000, 1e6), st.floats(0.001, 0.97) | st.floats(1.01, 20), st.floats(0.01, 3.13), ANGLE, ANGLE, st.floats(-0.9, 0.9)
)
def test_spice_finds_the_same(q: float, e: float, i: float, node: float, argument: float, share: float) -> None:
    widest = np.pi if e < 1 else np.arccos(-1 / e)
    state = states_of(one(q / (1 - e), e, i, node, argument, share * widest), GM)[0]
    found, theirs = elements_of(state, GM), spiceypy.oscelt(state, 0.0, GM)
    assert theirs[0] == pytest.approx(found.pericentre_km[0], rel=1e-9)
    assert theirs[1] == pytest.approx(found.eccentricity[0], abs=1e-9)
    ours = [found.inclination[0], found.node[0], found.periapsis[0]]
    assert np.cos(np.array(theirs[2:5]) - ours) == pytest.approx(1, abs=1e-11)
    if e < 1:
        assert np.cos(theirs[5] - found.mean_anomaly[0]) == pytest.approx(1, abs=1e-11)
    else:
        assert theirs[5] == pytest.approx(found.mean_anomaly[0], rel=1e-7, abs=1e-8)
    again = spiceypy.conics(theirs, 0.0)
    assert np.abs(again - state)[:3].max() < 1e-7 * np.linalg.norm(state[:3])


@given(st.floats(-50, 50), st.floats(0, 0.999))
def test_keplers_equation_is_solved(mean: float, e: float) -> None:
    assert mean_anomaly(true_anomaly(mean, e), e) == pytest.approx(mean, abs=1e-11)


@given(st.floats(-1e4, 1e4), st.floats(1.001, 50))
def test_so_is_that_of_hyperbolas(mean: float, e: float) -> None:
    assert mean_anomaly(true_anomaly(mean, e), e) == pytest.approx(mean, rel=1e-6, abs=1e-9)


def test_capture_orbit_has_the_elements_that_others_found() -> None:
    """2016-11-26, from ESOC's orbit: semi-major axis 53,016 km, e 0.9315, 4.290 days."""
    from orbit_material import CAPTURE, tgo

    found = elements_of(tgo(CAPTURE)[1][0], GM)
    assert found.semi_major_km[0] == pytest.approx(53016, abs=1) and found.eccentricity[0] == pytest.approx(0.9315, abs=1e-4)
    assert found.period_s(GM)[0] / 86400 == pytest.approx(4.290, abs=1e-3)
    assert found.pericentre_km[0] - 3396.19 == pytest.approx(237.7, abs=1)


@pytest.mark.parametrize(
    ("state", "told"),
    [([4000, 0, 0, 1, 0, 0], "along a line"), ([4000, 0, 0, 0, (2 * GM / 4000) ** 0.5, 0], "parabola"), ([1, 2], "six finite")],
)
def test_what_has_no_elements_is_refused(state: list[float], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        elements_of(state, GM)
    with pytest.raises(UsageError, match="no such orbit"):
        states_of(one(-4000, 0.5, 0, 0, 0, 0), GM)
