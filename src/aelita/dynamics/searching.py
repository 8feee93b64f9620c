"""A first orbit from Doppler alone, by search over what is not known of an orbit about a planet."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .determining import Setting, determine
from .estimation import DeterminationError, Rules
from .forces import Forces
from .light_paths import Motion
from .network import Network
from .observables import compute
from .propagation import propagate
from .round_trips import Computed
from .states import StateVector
from .tracking import Observations

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]


class _AtCentre:
    def states(self, epochs_tai_ns: Epochs) -> Reals:
        return np.zeros((epochs_tai_ns.size, 6))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A first orbit, and the median of its residuals without sign, in the unit of the observations."""

    state: StateVector
    misfit: float


def search(
    tracking: tuple[Observations, ...], network: Network, states: Iterable[StateVector], forces: Forces, until_tai_ns: int
) -> tuple[Candidate, ...]:  # fmt: skip
    """Return candidate orbits, the best first, by how well they fit Doppler.

    Observations are linearised about the centre of the body: right to a part in 10,000, and a thousand orbits take a second or
    so. The misfit is a median, which a few bad observations do not move. Raises DataError without observations or states.
    """
    if not tracking:
        raise DataError("there is nothing to search with", where="first orbit")
    centred = [(one.observed, compute(one, _AtCentre(), network)) for one in tracking]
    found = []
    for state in states:
        trajectory = propagate(state, forces, until_tai_ns, tolerance_km=1e-4)
        left = [observed - _about(computed, trajectory) for observed, computed in centred]
        found.append(Candidate(state, float(np.median(np.abs(np.concatenate(left))))))
    if not found:
        raise DataError("there are no states to try", where="first orbit")
    return tuple(sorted(found, key=lambda one: one.misfit))


def _about(computed: Computed, motion: Motion) -> Reals:
    moved = [np.sum(computed.by_position[:, k] * motion.states(at)[:, :3], axis=1) for k, at in enumerate(computed.at)]
    return np.asarray(computed.values + np.sum(moved, axis=0))


def first_orbit(
    tracking: tuple[Observations, ...], setting: Setting, states: Iterable[StateVector], until_tai_ns: int, *, tries: int = 5
) -> tuple[Candidate, ...]:  # fmt: skip
    """Return candidates of `search`, the best few of them fitted with the setting's forces (of low degree), the best first.

    Doppler has false orbits, mirrored at the line of sight, to which a single guess may lead: they fit worse by far. The misfit
    is the weighted rms. Raises DeterminationError when no candidate leads anywhere.
    """
    found, failed = [], None
    for one in search(tracking, setting.network, states, setting.forces, until_tai_ns)[:tries]:
        try:
            fitted = determine(one.state, tracking, setting, rules=Rules(worst_rms=float("inf"))).estimate
        except DeterminationError as error:
            failed = error
            if error.last_good is None:
                continue
            fitted = error.last_good
        six = fitted.values[:6]
        found.append(Candidate(replace(one.state, position_km=six[:3], velocity_km_s=six[3:]), fitted.rms))
    if not found and failed is not None:
        raise failed
    return tuple(sorted(found, key=lambda one: one.misfit))


def angles(count: int, middle_rad: float = 0.0, half_rad: float = np.pi) -> Reals:
    """Return angles (rad) evenly about a middle; a whole turn does not name its end twice."""
    whole = half_rad >= np.pi
    return middle_rad + np.linspace(-half_rad, half_rad, count, endpoint=not whole)
