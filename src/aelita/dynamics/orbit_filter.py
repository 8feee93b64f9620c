"""The sequential filter on an orbit: as observations come, with white accelerations that stand for forces not modelled."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import SECOND
from .filtering import Filtered, Step, acceleration_spread, filtered, smoothed
from .network import Network
from .observables import compute
from .states import Trajectory
from .tracking import Observations

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FilteredOrbit:
    """States (km, km/s about the centre in J2000) and their covariances as the filter, or the smoother, knows them."""

    epochs_tai_ns: Epochs
    states: Reals
    covariances: Reals
    run: Filtered
    steps: tuple[Step, ...]


def filter_orbit(
    reference: Trajectory, tracking: tuple[Observations, ...], network: Network, *, sigma: tuple[float, float],
    density_km_s15: float = 0.0, longest_s: float = 60.0, gate: float = 0.0, smooth: bool = False,
) -> FilteredOrbit:  # fmt: skip
    """Return the orbit after each observation, linearised about a reference that was propagated with partials.

    `sigma` is what is known beforehand of its position (km) and velocity (km/s) at its epoch. `density_km_s15` is the process
    noise of `acceleration_spread`, applied in pieces of at most `longest_s`. With `smooth`, later observations count as well.
    Deviations must stay where the reference is linear, some kilometres: determine first. Raises UsageError for a reference
    without partials.
    """
    if not reference.with_partials or reference.names:
        raise UsageError("the filter needs a reference with partials by its state alone", remedy="Propagate with partials=()")
    epochs, residual, deviation, partials = _rows(reference, tracking, network)
    steps = tuple(_steps(reference, epochs, residual, deviation, partials, density_km_s15, longest_s))
    start = np.repeat(np.array(sigma), 3)
    run = filtered(steps, np.zeros(6), start, gate=gate)
    known = smoothed(run, steps) if smooth else run
    states = reference.states(run.epochs_tai_ns) + known.states
    return FilteredOrbit(run.epochs_tai_ns, states, known.covariances, known, steps)


def _rows(reference: Trajectory, tracking: tuple[Observations, ...], network: Network) -> tuple[Epochs, Reals, Reals, Reals]:
    """Return epochs at the spacecraft, residuals, sigmas and partials by the state at the reference's epoch, in order of time."""
    epochs, residual, sigma, partials = [], [], [], []
    for one in tracking:
        computed = compute(one, reference, network)
        epochs.append(computed.at[-1])
        residual.append(one.observed - computed.values)
        sigma.append(one.sigma)
        partials.append(computed.by_orbit(reference.partials))
    order = np.argsort(np.concatenate(epochs), kind="stable")
    left, spread = (np.concatenate(each)[order] for each in (residual, sigma))
    return np.concatenate(epochs)[order], left, spread, np.concatenate(partials)[order]


def _steps(
    reference: Trajectory, epochs: Epochs, residual: Reals, sigma: Reals, partials: Reals, density: float, longest_s: float
) -> list[Step]:
    """Return steps at every epoch of observations, and between them where the noise needs shorter ones."""
    begin = reference.start.epoch_tai_ns
    at = np.unique(epochs)
    if density > 0:
        edges = np.concatenate([[begin], at])
        inner = [
            np.linspace(first, last, 1 + int(np.ceil((last - first) / SECOND / longest_s)))[1:-1].astype(np.int64)
            for first, last in pairwise(edges.tolist())
            if last - first > longest_s * SECOND
        ]
        at = np.unique(np.concatenate([at, *inner]))
    mapped = reference.partials(at)
    since, before, steps = begin, np.eye(6), []
    for number, epoch in enumerate(at.tolist()):
        those = epochs == epoch
        back = np.linalg.inv(mapped[number])
        length = (epoch - since) / SECOND
        spread = acceleration_spread(length, density, 6) if density > 0 else np.zeros((6, 0))
        transition = mapped[number] @ np.linalg.inv(before)
        steps.append(Step(epoch, transition, spread, residual[those], sigma[those], partials[those] @ back))
        since, before = epoch, mapped[number]
    return steps
