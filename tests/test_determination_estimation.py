"""Least squares, editing, covariances and failures, on small models and on simulated tracking of an orbiter."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.dynamics.assessing import assess_burn
from aelita.dynamics.burns import FiniteBurn, ImpulsiveBurn
from aelita.dynamics.correlation import autocorrelation, memory
from aelita.dynamics.determining import Setting, determine, moved
from aelita.dynamics.estimation import DeterminationError, Model, Parameter, Predicted, Rules, estimate
from aelita.dynamics.forces import SolarPressure
from aelita.dynamics.observables import compute
from aelita.dynamics.propagation import propagate
from aelita.dynamics.states import StateVector, Trajectory
from aelita.dynamics.tracking import Observations, doppler, ranges
from aelita.errors import DataError, TimeError, UsageError
from aelita.time import SECOND
from determination_material import (
    ORIGIN,
    UPLINK_HZ,
    Reals,
    orbiter,
    orbiter_network,
    small_forces,
)

LOOSE = Rules(worst_rms=1e9, most_edited=1.0, reject=1e9, floor=1e9)


def line(x: Reals, y: Reals, sigma: Reals, group: Reals | None = None) -> Model:
    """The model y = a + b x, and c x^2 where three are asked."""

    def model(values: Reals) -> Predicted:
        columns = np.column_stack([x**power for power in range(values.size)])
        numbers = np.zeros(x.size, np.int64) if group is None else group.astype(np.int64)
        return Predicted(y - columns @ values, sigma, columns, numbers)

    return model


def two(first: float = 0.0, second: float = 0.0, sigma: float = np.inf) -> tuple[Parameter, ...]:
    return Parameter("a", first, sigma), Parameter("b", second, sigma)


def test_a_line_is_that_of_linear_algebra() -> None:
    random = np.random.default_rng(4)
    x, sigma = np.linspace(-1, 2, 40), 0.1 + random.random(40)
    y = 3 - 2 * x + sigma * random.normal(size=40)
    found = estimate(line(x, y, sigma), two(10.0, 10.0), LOOSE)
    matrix = np.column_stack([np.ones(40), x]) / sigma[:, None]
    assert found.values == pytest.approx(np.linalg.lstsq(matrix, y / sigma, rcond=None)[0], rel=1e-10)
    assert found.covariance == pytest.approx(np.linalg.inv(matrix.T @ matrix), rel=1e-9)
    assert found.scaled == pytest.approx(found.covariance * found.rms**2 * 40 / 38, rel=1e-9)
    assert found.converged and len(found.iterations) <= 3 and found.sigma("a") >= np.sqrt(found.scaled[0, 0]) * 0.999
    bound = estimate(line(x, y, sigma), two(10.0, 10.0, 0.05), LOOSE)
    wanted = np.linalg.solve(matrix.T @ matrix + 400 * np.eye(2), matrix.T @ (y / sigma) + 400 * np.array([10.0, 10.0]))
    assert bound.values == pytest.approx(wanted, rel=1e-10)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(0, 6), st.floats(40, 1e6))
def test_outliers_are_edited_and_counted(seed: int, many: int, size: float) -> None:
    random = np.random.default_rng(seed)
    x, sigma = np.linspace(0, 1, 60), np.full(60, 0.01)
    y = 1 + x + 0.01 * random.normal(size=60)
    bad = random.choice(60, many, replace=False)
    y[bad] += 0.01 * size * random.choice([-1, 1], many)
    found = estimate(line(x, y, sigma), two(), Rules())
    assert not found.used[bad].any() and (~found.used).sum() <= many + 2
    assert found.values == pytest.approx([1, 1], abs=0.03)


def test_what_is_too_bad_is_no_fit_and_keeps_the_last_good() -> None:
    x = np.linspace(0, 6, 80)
    with pytest.raises(DeterminationError, match=r"no orbit: residuals are \d+ times their sigma") as caught:
        estimate(line(x, np.sin(x), np.full(80, 1e-3)), two(), Rules())
    assert caught.value.last_good is not None and caught.value.last_good.values.shape == (2,) and caught.value.history
    y = np.where(np.arange(80) % 3 == 0, 9.0 + 0.001 * x, 0.0)
    with pytest.raises(DeterminationError, match="34 % of the observations were edited"):
        estimate(line(x, y + 1e-4 * np.cos(50 * x), np.full(80, 1e-2)), two(), Rules(floor=3))


@pytest.mark.parametrize("kind", ["absent", "twin", "few"])
def test_what_cannot_be_told_is_named(kind: str) -> None:
    x = np.linspace(0, 1, 1 if kind == "few" else 9)

    def model(values: Reals) -> Predicted:
        column = {"absent": np.zeros(x.size), "twin": 2 * np.ones(x.size), "few": x + 1}[kind]
        matrix = np.column_stack([np.ones(x.size), column])
        return Predicted(1 - matrix @ values, np.ones(x.size), matrix, np.zeros(x.size, np.int64))

    said = {"absent": "do not depend on b", "twin": "above all a, cannot be told", "few": "cannot be told"}[kind]
    with pytest.raises(DeterminationError, match=said):
        estimate(model, two(), Rules())


def test_wrong_partials_diverge_and_say_so() -> None:
    x = np.linspace(0, 1, 20)

    def model(values: Reals) -> Predicted:
        matrix = np.column_stack([np.ones(20), x])
        return Predicted(1 + x - matrix @ values, np.full(20, 0.1), -matrix, np.zeros(20, np.int64))

    with pytest.raises(DeterminationError, match="diverges: no step makes a better fit; the weighted rms would grow"):
        estimate(model, two(), Rules())

    def broken(values: Reals) -> Predicted:
        if np.any(values != 0):
            raise TimeError("no such orbit")
        matrix = np.column_stack([np.ones(20), x])
        return Predicted(1 + x, np.full(20, 0.1), matrix, np.zeros(20, np.int64))

    with pytest.raises(DeterminationError, match="the orbit of the step cannot be used: no such orbit"):
        estimate(broken, two(), Rules())
    nothing = Predicted(np.full(3, np.nan), np.ones(3), np.ones((3, 2)), np.zeros(3, np.int64))
    with pytest.raises(DeterminationError, match="no numbers"):
        estimate(lambda values: nothing, two(), Rules())


def test_parameters_are_checked() -> None:
    with pytest.raises(UsageError, match="parameter a: value nan"):
        Parameter("a", float("nan"))
    with pytest.raises(UsageError, match="a finite one to what is considered"):
        Parameter("a", 0.0, consider=True)
    with pytest.raises(UsageError, match="named twice"):
        estimate(line(np.ones(3), np.ones(3), np.ones(3)), (Parameter("a", 0.0), Parameter("a", 0.0)), Rules())


def test_considered_errors_are_those_that_happen() -> None:
    """Estimate a and b while c, which is off by its sigma at random, is not estimated: the scatter is what was foretold."""
    random = np.random.default_rng(9)
    x, sigma, c_sigma = np.linspace(0, 1, 50), np.full(50, 0.02), 0.3
    errors, told = [], np.zeros((2, 2))
    for _ in range(250):
        y = 1 + x + c_sigma * random.normal() * x**2 + 0.02 * random.normal(size=50)
        found = estimate(line(x, y, sigma), (*two(), Parameter("c", 0.0, c_sigma, consider=True)), LOOSE)
        errors.append(found.values - [1, 1])
        told = found.covariance + found.sensitivity @ found.sensitivity.T
    seen = np.cov(np.array(errors).T)
    print(f"sigmas seen {np.sqrt(np.diag(seen))}, foretold {np.sqrt(np.diag(told))}, formal {np.sqrt(np.diag(found.covariance))}")
    assert np.sqrt(np.diag(seen)) == pytest.approx(np.sqrt(np.diag(told)), rel=0.15)
    assert np.all(np.diag(told) > 4 * np.diag(found.covariance))


def test_alike_residuals_make_honest_sigmas_grow() -> None:
    """Noise that is remembered by 0.9 from one to the next: formal sigmas are four times too small, honest ones are not."""
    random = np.random.default_rng(2)
    x, sigma = np.linspace(-1, 1, 300), np.ones(300)
    errors, honest, scaled = [], [], []
    for _ in range(100):
        white = random.normal(size=300) * np.sqrt(1 - 0.81)
        noise = np.empty(300)
        noise[0] = random.normal()
        for number in range(1, 300):
            noise[number] = 0.9 * noise[number - 1] + white[number]
        found = estimate(line(x, noise, sigma), two(), LOOSE)
        errors.append(found.values)
        honest.append(np.diag(found.honest))
        scaled.append(np.diag(found.scaled))
    seen = np.std(errors, axis=0)
    ratios = [np.sqrt(np.mean(one, axis=0)) / seen for one in (honest, scaled)]
    print(f"honest sigma over what is seen {ratios[0]}, scaled {ratios[1]}")
    assert np.all(ratios[0] > 0.6) and np.all(ratios[0] < 1.3) and np.all(ratios[1] < 0.35)
    white = random.normal(size=400)
    assert memory(white, np.zeros(400, np.int64)) <= 3 and abs(autocorrelation(white, np.zeros(400, np.int64), 1)[1]) < 0.15


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_steps_of_a_state_are_their_sum_to_first_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    six = np.concatenate([3500 * random.normal(size=3), 3 * random.normal(size=3)])
    step = np.concatenate([random.normal(size=3), 1e-3 * random.normal(size=3)])
    off = [moved(six, size * step) - six - size * step for size in (1.0, 0.1)]
    assert np.abs(off[1]).max() <= 0.02 * np.abs(off[0]).max() + 1e-10


# an orbiter that two stations track


def simulated(
    truth: Trajectory, seed: int | None, *, hours: float = 5.0, count_s: float = 60.0, sigma_hz: float = 0.005
) -> tuple[Observations, ...]:
    """Doppler of Malargüe every count and ranges of Cebreros every ten minutes, with white noise (none without a seed)."""
    random, network = np.random.default_rng(seed), orbiter_network()
    at = ORIGIN + np.arange(0, round(hours * 3600 / count_s)) * round(count_s * SECOND)
    rare = ORIGIN + np.arange(0, round(hours * 6)) * 600 * SECOND
    blank = doppler(
        "Malargüe", "Malargüe", at, np.zeros(at.size), sigma_hz=sigma_hz, count_s=count_s, reference_hz=UPLINK_HZ * 880 / 749
    )
    made = (blank, ranges("Cebreros", "Cebreros", rare, np.zeros(rare.size), sigma_s=5e-9))
    noise = 0.0 if seed is None else 1.0
    return tuple(
        replace(one, observed=compute(one, truth, network).values + noise * one.sigma * random.normal(size=one.size))
        for one in made
    )


@pytest.fixture(scope="module")
def truth() -> Trajectory:
    return propagate(orbiter(), small_forces(), ORIGIN + 6 * 3600 * SECOND, partials=())


SETTING = Setting(small_forces(), orbiter_network(), mask_deg=-90.0)


def guess(scale: float = 1.0) -> StateVector:
    true = orbiter()
    off = scale * np.array([1.0, -2.0, 1.5])
    return replace(true, position_km=true.position_km + off, velocity_km_s=true.velocity_km_s - 1e-3 * off[::-1])


def test_estimates_are_within_their_covariance(truth: Trajectory) -> None:
    """The statistic of Mahalanobis over eight seeds of noise: chi-square with 48 degrees of freedom."""
    total, reached = 0.0, []
    for seed in range(8):
        found = determine(guess(), simulated(truth, seed, hours=2), SETTING)
        away = found.estimate.values - orbiter().six
        total += float(away @ np.linalg.solve(found.estimate.covariance, away))
        reached.append(found.estimate.rms)
    print(f"chi-square of eight estimates: {total:.1f} for 48 (99.9 %: 23 to 84), weighted rms {np.mean(reached):.3f}")
    assert 23 < total < 84 and np.mean(reached) == pytest.approx(1.0, abs=0.06)


def test_parameters_are_estimated_with_the_orbit(truth: Trajectory) -> None:
    """GM, zenith delay, a bias of ranges and the delay on board, which the simulation has and the first guess has not."""
    asked = (
        Parameter("GM", 42828.3, 1.0), Parameter("Malargüe zenith wet", 0.0, 0.2), Parameter("Cebreros range", 3e-8, 1e-7),
    )  # fmt: skip
    found = determine(guess(0.3), simulated(truth, 3), SETTING, parameters=asked)
    wanted = np.array([small_forces().gm_km3_s2, 0.1, 0.0])
    off = (found.estimate.values[6:] - wanted) / np.sqrt(np.diag(found.estimate.covariance)[6:])
    print(f"GM, zenith delay and range bias are off by {np.round(off, 2)} sigmas")
    assert np.abs(off).max() < 3.5 and found.network.stations["Cebreros"].range_bias_s == pytest.approx(0.0, abs=1e-8)
    assert found.forces.gm_km3_s2 == pytest.approx(wanted[0], abs=1e-2)


def test_tags_in_another_time_scale_are_seen(truth: Trajectory) -> None:
    """Doppler of a station whose tags are TAI and were taken for UTC, 37 s late, beside ranges that are right: no orbit fits."""
    good, range_s = simulated(truth, 1)
    late = replace(good, epochs_tai_ns=good.epochs_tai_ns + 37 * SECOND)
    with pytest.raises(DeterminationError, match=r"times their sigma|edited|diverges|no convergence"):
        determine(guess(), (late, range_s), SETTING)


def test_nothing_above_the_mask_is_said(truth: Trajectory) -> None:
    with pytest.raises(DataError, match="no observation is above the elevation mask"):
        determine(guess(), simulated(truth, 1), replace(SETTING, mask_deg=89.9))
    found = determine(guess(), simulated(truth, 1), replace(SETTING, mask_deg=20.0))
    assert any(one.reason == "below 20 deg of elevation" and one.count > 0 for one in found.edited())


def test_a_burn_is_assessed_within_minutes(truth: Trajectory) -> None:
    """The main engine of a craft like the Trace Gas Orbiter (424 N, 3,700 kg) burns 120 s and gives 96 % of the thrust planned.

    Doppler every 10 s with 0.03 Hz: what the DSN's Doppler of Mars Global Surveyor scatters at 60 s, times root 6.
    """
    start, mass = ORIGIN + 1500 * SECOND, 3700.0
    plan = FiniteBurn(start, 120.0, 424.0, 318.0, (-1.0, 0.0, 0.0), name="trim")
    until, forces, state = ORIGIN + 3600 * SECOND, small_forces(), orbiter()
    without, planned, made = (
        propagate(state, forces, until, mass_kg=mass, burns=burns)
        for burns in ((), (plan,), (replace(plan, thrust_n=0.96 * 424),))
    )
    light_s = 560.0  # about; Mars is 1.1 au away
    (observed, _) = simulated(made, 5, hours=0.95, count_s=10.0, sigma_hz=0.03)
    seen = observed.between(ORIGIN + 1200 * SECOND, ORIGIN + 3300 * SECOND)
    found = assess_burn(seen, without, planned, orbiter_network())
    begun = int(np.flatnonzero(np.abs(found.planned_m_s) > 0.01)[0])
    later = found.share_sigma[begun + 3]
    print(
        f"burn: {found.share[-1]:.4f} +- {found.share_sigma[-1]:.4f} of {found.planned_m_s[-1]:.2f} m/s ({found.verdict}); "
        f"sigma {later:.4f} half a minute after its start is seen, {light_s:.0f} s of light later"
    )
    assert (
        found.share[-1] == pytest.approx(0.96, abs=max(4 * found.share_sigma[-1], 0.003)) and found.verdict == "under-performance"
    )
    assert later < 0.02 and found.told_after_s(0.02) < 1500
    assert abs(found.share[begun + 3] - 0.96) < 5 * later + 0.01
    nominal = assess_burn(
        simulated(planned, 6, hours=0.95, count_s=10.0, sigma_hz=0.03)[0].between(ORIGIN + 1200 * SECOND, ORIGIN + 3300 * SECOND),
        without, planned, orbiter_network(),
    )  # fmt: skip
    assert nominal.verdict == "nominal" and nominal.share[-1] == pytest.approx(1.0, abs=0.003)
    early = assess_burn(seen.between(0, start), without, planned, orbiter_network())
    assert early.verdict.startswith("unseen")
    with pytest.raises(DataError, match="a burn is seen in Doppler"):
        assess_burn(
            ranges("Cebreros", "Cebreros", seen.epochs_tai_ns, seen.observed, sigma_s=1.0), without, planned, orbiter_network()
        )


def test_burns_and_sunlight_are_estimated_with_the_orbit() -> None:
    """A finite burn of 0.9 and an impulsive one whose component is not as planned, and sunlight of 0.8, from ideal numbers."""
    forces = replace(small_forces(), solar_pressure=SolarPressure(20.0, 0.3))
    trim = FiniteBurn(ORIGIN + 3000 * SECOND, 60.0, 20.0, 300.0, (1.0, 0.0, 0.0), "rtn", name="trim")
    kick = ImpulsiveBurn(ORIGIN + 9000 * SECOND, (1e-5, 0.0, 2e-5), "rtn", name="kick")
    made = (replace(trim, thrust_n=18.0, isp_s=270.0), replace(kick, dv_km_s=(1e-5, 1.5e-5, 2e-5)))
    bright = replace(forces, solar_pressure=SolarPressure(16.0, 0.3))
    true = propagate(orbiter(), bright, ORIGIN + 6 * 3600 * SECOND, burns=made)
    asked = (Parameter("trim", 1.0, 0.3), Parameter("kick.y", 0.0, 1e-4), Parameter("solar_pressure", 1.0, 1.0))
    setting = Setting(forces, orbiter_network(), mask_deg=-90.0, burns=(trim, kick))
    found = determine(guess(0.1), simulated(true, 4), setting, parameters=asked)
    sigma = np.sqrt(np.diag(found.estimate.covariance)[6:])
    off = (found.estimate.values[6:] - [0.9, 1.5e-5, 0.8]) / sigma
    print(f"burns and sunlight: {found.estimate.values[6:]} with sigmas {sigma}: {np.round(off, 2)} sigmas off")
    assert np.abs(off).max() < 4 and sigma[0] < 0.01 and sigma[1] < 1e-6
    assert isinstance(found.forces.solar_pressure, SolarPressure)
    assert found.forces.solar_pressure.area_m2 == pytest.approx(20.0 * found.estimate.values[8])
