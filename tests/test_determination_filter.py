"""The sequential filter and smoother against least squares over everything at once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.dynamics.burns import FiniteBurn
from aelita.dynamics.filtering import Step, acceleration_spread, filtered, smoothed
from aelita.dynamics.observables import compute
from aelita.dynamics.orbit_filter import filter_orbit
from aelita.dynamics.propagation import propagate
from aelita.dynamics.states import Trajectory
from aelita.dynamics.tracking import Observations, doppler
from aelita.errors import UsageError
from aelita.time import SECOND
from determination_material import ORIGIN, UPLINK_HZ, Reals, orbiter, orbiter_network, small_forces

Drawn = tuple[list[Step], Reals, Reals]


def drawn(seed: int, size: int, many: int, noise: int) -> Drawn:
    random = np.random.default_rng(seed)
    steps = []
    for number in range(many):
        rows = int(random.integers(0, 4))
        steps.append(
            Step(
                number,
                np.eye(size) + 0.3 * random.normal(size=(size, size)),
                0.5 * random.normal(size=(size, noise)),
                random.normal(size=rows),
                0.1 + random.random(rows),
                random.normal(size=(rows, size)),
            )
        )
    return steps, random.normal(size=size), 0.5 + random.random(size)


def at_once(steps: list[Step], mean: Reals, sigma: Reals) -> tuple[Reals, Reals]:
    """Return all states and their covariances by least squares over first state and all noise."""
    size, noise = mean.size, steps[0].spread.shape[1]
    total = size + noise * len(steps)
    rows, right = [np.hstack([np.diag(1 / sigma), np.zeros((size, total - size))])], [mean / sigma]
    maps, here = [], np.hstack([np.eye(size), np.zeros((size, total - size))])
    for number, step in enumerate(steps):
        here = step.transition @ here
        here[:, size + number * noise : size + (number + 1) * noise] += step.spread
        maps.append(here.copy())
        rows.append(step.partials @ here / step.sigma[:, None])
        right.append(step.residual / step.sigma)
    rows.append(np.hstack([np.zeros((total - size, size)), np.eye(total - size)]))
    right.append(np.zeros(total - size))
    matrix = np.vstack(rows)
    solved = np.linalg.lstsq(matrix, np.concatenate(right), rcond=None)[0]
    covariance = np.linalg.inv(matrix.T @ matrix)
    return np.array([one @ solved for one in maps]), np.array([one @ covariance @ one.T for one in maps])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 9), st.integers(0, 3))
def test_filter_and_smoother_are_least_squares_over_everything(seed: int, size: int, many: int, noise: int) -> None:
    """With and without process noise: the last state of the filter, and every state of the smoother."""
    steps, mean, sigma = drawn(seed, size, many, noise)
    states, covariances = at_once(steps, mean, sigma)
    run = filtered(steps, mean, sigma)
    scale = np.abs(covariances).max() + 1e-9
    assert run.states[-1] == pytest.approx(states[-1], abs=1e-6 * (1 + np.abs(states).max()))
    assert run.covariances[-1] == pytest.approx(covariances[-1], abs=1e-6 * scale)
    back = smoothed(run, steps)
    assert back.states == pytest.approx(states, abs=1e-5 * (1 + np.abs(states).max()))
    assert back.covariances == pytest.approx(covariances, abs=1e-5 * scale)
    assert np.all(np.trace(back.covariances, axis1=1, axis2=2) <= np.trace(run.covariances, axis1=1, axis2=2) * (1 + 1e-6))


def test_the_gate_edits_what_surprises() -> None:
    steps = [
        Step(k, np.eye(1), np.zeros((1, 0)), np.array([50.0 if k == 6 else 0.1 * (-1) ** k]), np.ones(1), np.ones((1, 1)))
        for k in range(12)
    ]
    run = filtered(steps, np.zeros(1), np.ones(1), gate=5.0)
    assert run.edited == 1 and not run.used[6][0] and abs(run.states[-1, 0]) < 0.1
    assert abs(filtered(steps, np.zeros(1), np.ones(1)).states[-1, 0]) > 3
    with pytest.raises(UsageError, match="not for 2 parameters"):
        filtered(steps, np.zeros(2), np.ones(2))


def test_innovations_of_a_right_model_are_white() -> None:
    random = np.random.default_rng(11)
    state, steps = random.normal(size=2), []
    transition, spread, partials = np.array([[1.0, 1.0], [0.0, 0.95]]), np.array([[0.1], [0.3]]), np.array([[1.0, 0.0]])
    for number in range(800):
        state = transition @ state + spread @ random.normal(size=1)
        steps.append(Step(number, transition, spread, partials @ state + 0.5 * random.normal(size=1), np.full(1, 0.5), partials))
    innovation = np.concatenate(filtered(steps, np.zeros(2), np.ones(2)).innovations)
    assert innovation.std() == pytest.approx(1.0, abs=0.08) and abs(np.mean(innovation[1:] * innovation[:-1])) < 0.1


def test_wandering_of_a_white_acceleration() -> None:
    spread = acceleration_spread(100.0, 2e-6, 8)
    wanted = 4e-12 * np.array([[100**3 / 3, 100**2 / 2], [100**2 / 2, 100]])
    for axis in range(3):
        rows = spread[[axis, 3 + axis]]
        assert rows @ rows.T == pytest.approx(wanted, rel=1e-12)
    assert not spread[6:].any()


@pytest.fixture(scope="module")
def tracked() -> tuple[Trajectory, Trajectory, Observations]:
    """A true orbit under an acceleration that nobody knows of, a reference without it, and the true one's Doppler."""
    forces, until = small_forces(), ORIGIN + 5 * 3600 * SECOND
    reference = propagate(orbiter(), forces, until, partials=())
    leak = FiniteBurn(ORIGIN, 4 * 3600.0, 2e-3, 1e5, (1.0, 0.0, 0.0), "inertial", name="leak")  # 2 mN on 1000 kg: 3 cm/s
    true = propagate(orbiter(), forces, until, burns=(leak,))
    at = ORIGIN + 1200 * SECOND + np.arange(0, 200) * 60 * SECOND
    blank = doppler(
        "Malargüe", "Malargüe", at, np.zeros(at.size), sigma_hz=0.005, count_s=60.0, reference_hz=UPLINK_HZ * 880 / 749
    )
    noise = 0.005 * np.random.default_rng(8).normal(size=at.size)
    return true, reference, replace(blank, observed=compute(blank, true, orbiter_network()).values + noise)


def test_process_noise_follows_what_is_not_modelled(tracked: tuple[Trajectory, Trajectory, Observations]) -> None:
    true, reference, observed = tracked
    rms = {}
    for density in (0.0, 3e-8):
        found = filter_orbit(reference, (observed,), orbiter_network(), sigma=(0.1, 1e-4), density_km_s15=density)
        innovations = np.concatenate(found.run.innovations)
        rms[density] = float(innovations[-100:].std())
        off = np.linalg.norm((found.states - true.states(found.epochs_tai_ns))[:, :3], axis=1)[-1] * 1000
        print(f"noise {density:g}: innovations {rms[density]:.2f} sigmas, {off:.0f} m off at the end")
    assert rms[3e-8] < 0.1 * rms[0.0] and rms[3e-8] < 2.0


def test_a_reference_needs_partials(tracked: tuple[Trajectory, Trajectory, Observations]) -> None:
    true, _, observed = tracked
    with pytest.raises(UsageError, match="partials by its state alone"):
        filter_orbit(true, (observed,), orbiter_network(), sigma=(1.0, 1.0))
