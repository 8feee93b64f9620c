"""A sequential filter in square roots of information, with process noise, and its smoother."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One epoch: the state comes from the one before by `transition`, with noise `spread` @ white, and is then observed.

    States are deviations (p) from a reference. `spread` (p, q) may be empty; `residual` (m) is observed minus computed at the
    reference, `sigma` its noise, `partials` (m, p) by the state at this epoch; m may be 0.
    """

    epoch_tai_ns: int
    transition: Reals
    spread: Reals
    residual: Reals
    sigma: Reals
    partials: Reals


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """What the filter knows after each step, and what it was surprised by.

    `states` (k, p) and `covariances` (k, p, p) are those after the observations of each step, or smoothed; `innovations` are
    those before, divided by their expected sigma, one array a step; `used` tells which observations passed the gate.
    """

    epochs_tai_ns: NDArray[np.int64]
    states: Reals
    covariances: Reals
    innovations: tuple[Reals, ...]
    used: tuple[Flags, ...]
    predicted_states: Reals
    predicted_covariances: Reals

    @property
    def edited(self) -> int:
        """How many observations the gate kept out."""
        return int(sum((~one).sum() for one in self.used))


def filtered(steps: Sequence[Step], mean: Reals, sigma: Reals, *, gate: float = 0.0) -> Filtered:
    """Return the run of the filter from a mean and sigmas of the state before the first step.

    Square-root information filter: Householder triangles in both updates, so that covariances stay positive (Bierman,
    Factorization Methods for Discrete Sequential Estimation, 1977). Without noise it is batch least squares
    (`test_determination_filter.py`). An observation whose innovation is above `gate` expected sigmas is edited; 0 edits none.
    Raises UsageError for shapes that do not fit.
    """
    size = mean.size
    triangle, right = np.diag(1.0 / sigma), mean / sigma
    rows: list[tuple[Reals, Reals, Reals, Reals]] = []
    innovations, used = [], []
    for step in steps:
        if step.transition.shape != (size, size) or step.partials.shape != (step.residual.size, size):
            raise UsageError(
                f"a transition or partials that are not for {size} parameters", where=f"filter at {step.epoch_tai_ns}"
            )
        triangle, right = _forward(triangle, right, step)
        inverse = np.linalg.inv(triangle)
        before, spread = inverse @ right, inverse @ inverse.T
        expected = np.sqrt(np.einsum("mi,ij,mj->m", step.partials, spread, step.partials) + step.sigma**2)
        innovation = (step.residual - step.partials @ before) / expected
        good = np.abs(innovation) <= gate if gate > 0 else np.ones(innovation.size, np.bool_)
        triangle, right = _observed(triangle, right, step, good)
        inverse = np.linalg.inv(triangle)
        rows.append((inverse @ right, inverse @ inverse.T, before, spread))
        innovations.append(innovation)
        used.append(good)
    epochs = np.array([step.epoch_tai_ns for step in steps], np.int64)
    states, covariances, befores, spreads = (np.array(each) for each in zip(*rows, strict=True))
    return Filtered(epochs, states, covariances, tuple(innovations), tuple(used), befores, spreads)


def smoothed(run: Filtered, steps: Sequence[Step]) -> Filtered:
    """Return the run with every state as all observations, earlier and later, tell it (Rauch, Tung and Striebel)."""
    states, covariances = run.states.copy(), run.covariances.copy()
    for number in range(len(steps) - 2, -1, -1):
        transition, ahead = steps[number + 1].transition, run.predicted_covariances[number + 1]
        scale = np.sqrt(np.diag(ahead))
        gain = np.linalg.solve(ahead / np.outer(scale, scale), (transition @ run.covariances[number]) / scale[:, None]).T / scale
        states[number] = run.states[number] + gain @ (states[number + 1] - run.predicted_states[number + 1])
        covariances[number] = run.covariances[number] + gain @ (covariances[number + 1] - ahead) @ gain.T
    return Filtered(
        run.epochs_tai_ns, states, covariances, run.innovations, run.used, run.predicted_states, run.predicted_covariances
    )  # fmt: skip


def _forward(triangle: Reals, right: Reals, step: Step) -> tuple[Reals, Reals]:
    back = triangle @ np.linalg.inv(step.transition)
    many = step.spread.shape[1]
    if not many:
        return back, right
    size = right.size
    whole = np.zeros((many + size, many + size + 1))
    whole[:many, :many] = np.eye(many)
    whole[many:, :many] = -back @ step.spread
    whole[many:, many:-1] = back
    whole[many:, -1] = right
    upper = np.linalg.qr(whole)[1]
    return upper[many : many + size, many:-1], upper[many : many + size, -1]


def _observed(triangle: Reals, right: Reals, step: Step, good: Flags) -> tuple[Reals, Reals]:
    size = right.size
    weighted = np.column_stack([step.partials[good], step.residual[good]]) / step.sigma[good][:, None]
    upper = np.linalg.qr(np.vstack([np.column_stack([triangle, right]), weighted]))[1]
    return upper[:size, :size], upper[:size, size]


def acceleration_spread(length_s: float, density_km_s15: float, size: int) -> Reals:
    """Return the spread of a state (size p, position and velocity first) by white acceleration for a while, along each axis.

    `density_km_s15` is the root of its spectral density in km/s^1.5: after a time t the velocity has wandered by it times root t.
    Good for lengths much shorter than a period.
    """
    spread = np.zeros((size, 6))
    root = np.sqrt(length_s)
    for axis in range(3):  # a root of [[t^3/3, t^2/2], [t^2/2, t]]
        spread[axis, axis] = density_km_s15 * root * length_s / np.sqrt(12.0)
        spread[axis, 3 + axis] = density_km_s15 * root * length_s / 2
        spread[3 + axis, 3 + axis] = density_km_s15 * root
    return spread
