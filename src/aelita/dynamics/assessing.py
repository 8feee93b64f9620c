"""Orbits beside each other, and a burn as its Doppler tells it while it goes on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError
from .determining import Determination
from .network import Network
from .observables import compute
from .states import Trajectory
from .tracking import Kind, Observations

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
LIGHT_KM_S = 299_792.458


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """How far one orbit is from another: radial, along the track and across, km and km/s, at epochs (TAI nanoseconds)."""

    epochs_tai_ns: Epochs
    position_km: Reals
    velocity_km_s: Reals

    @property
    def most_km(self) -> tuple[float, float, float]:
        """The largest differences, radial, along and across."""
        radial, along, across = np.abs(self.position_km).max(axis=0).tolist()
        return radial, along, across


def local_axes(states: Reals) -> Reals:
    """Return the unit vectors radial, along (in the plane, the way it goes) and across (angular momentum) as rows, (n, 3, 3)."""
    radial = states[:, :3] / np.linalg.norm(states[:, :3], axis=1)[:, None]
    across = np.cross(states[:, :3], states[:, 3:])
    across = across / np.linalg.norm(across, axis=1)[:, None]
    return np.stack([radial, np.cross(across, radial), across], axis=1)


def compare_orbits(reference: Trajectory, other: Trajectory, epochs_tai_ns: Epochs) -> Comparison:
    """Return where `other` is as seen from `reference`, at epochs in the span of both. Raises UsageError for another centre."""
    if reference.start.centre != other.start.centre:
        raise UsageError(f"an orbit about {reference.start.centre} beside one about {other.start.centre}")
    here = reference.states(epochs_tai_ns)
    axes, difference = local_axes(here), other.states(epochs_tai_ns) - here
    position, velocity = (np.einsum("nij,nj->ni", axes, difference[:, part]) for part in (slice(0, 3), slice(3, 6)))
    return Comparison(epochs_tai_ns, position, velocity)


def sigmas_km(found: Determination, epochs_tai_ns: Epochs) -> Reals:
    """Return the honest sigmas of a determined orbit's position, radial, along and across (km), also where it predicts.

    They hold what the residuals tell of model errors during the fit; forces that change afterwards are not in them.
    """
    mapped = found.trajectory.partials(epochs_tai_ns)[:, :3, :6]
    axes = local_axes(found.trajectory.states(epochs_tai_ns)) @ mapped
    return np.asarray(np.sqrt(np.einsum("nij,jk,nik->ni", axes, found.covariance, axes)))


@dataclass(frozen=True, slots=True, eq=False)
class BurnAssessment:
    """What Doppler tells of a burn, after each observation: one row each.

    `share` is how much of the planned change of velocity along the line of sight was made of what was planned until then (1:
    nominal), `share_sigma` how well that is known; `made_m_s` and `planned_m_s` are those changes, positive away from the Earth.
    `verdict` is the word on the last row.
    """

    epochs_tai_ns: Epochs
    share: Reals
    share_sigma: Reals
    made_m_s: Reals
    planned_m_s: Reals
    verdict: str

    def told_after_s(self, sigma: float) -> float:
        """Return how long after the first row the share is known to a sigma: infinity for never."""
        known = np.flatnonzero(self.share_sigma <= sigma)
        return float((self.epochs_tai_ns[known[0]] - self.epochs_tai_ns[0]) / 1e9) if known.size else float("inf")


def assess_burn(
    doppler: Observations, without: Trajectory, planned: Trajectory, network: Network, *, drift_hz_s: float = 1e-5,
    offset_hz: float = 1.0, tolerance: float = 0.03,
) -> BurnAssessment:  # fmt: skip
    """Return how much of a planned burn Doppler sees, observation by observation, from before it to as late as there is.

    `without` and `planned` are orbits with and without the burn, from the same state; `doppler` begins before the burn. Share,
    offset and drift of the Doppler (of the orbit before, a priori `offset_hz` and `drift_hz_s`) are estimated together. It
    assumes that direction and course of thrust are as planned. The verdict is nominal within `tolerance`, or within 3 sigma of
    1; a burn of which the line of sight shows too little is said to be unseen. Raises DataError without Doppler.
    """
    if doppler.kind not in (Kind.DOPPLER, Kind.DOPPLER_1) or doppler.size < 3:
        raise DataError(f"{doppler.size} of {doppler.kind}: a burn is seen in Doppler, three at least", where=doppler.where)
    plain, burnt = compute(doppler, without, network), compute(doppler, planned, network)
    signal, left = burnt.values - plain.values, doppler.observed - plain.values
    time_s = (doppler.epochs_tai_ns - doppler.epochs_tai_ns[0]) / 1e9
    rows = np.column_stack([signal, np.ones(doppler.size), time_s]) / doppler.sigma[:, None]
    right = left / doppler.sigma
    information = np.cumsum(rows[:, :, None] * rows[:, None, :], axis=0) + np.diag([1e-8, offset_hz**-2, drift_hz_s**-2])
    vector = np.cumsum(rows * right[:, None], axis=0)
    solved = np.linalg.solve(information, vector[:, :, None])[:, :, 0]
    share = np.asarray(solved[:, 0], np.float64)
    sigma = np.asarray(np.sqrt(np.linalg.inv(information)[:, 0, 0]), np.float64)
    per_hz = LIGHT_KM_S * 1000 / doppler.reference_hz / (2.0 if doppler.kind is Kind.DOPPLER else 1.0)
    return BurnAssessment(
        doppler.epochs_tai_ns, share, sigma, share * signal * per_hz, signal * per_hz,
        _verdict(float(share[-1]), float(sigma[-1]), tolerance),
    )  # fmt: skip


def _verdict(share: float, sigma: float, tolerance: float) -> str:
    if sigma > 1 / 3:
        return "unseen: too little of it is along the line of sight"
    if abs(share - 1) <= max(tolerance, 3 * sigma):
        return "nominal"
    if share < 3 * sigma:
        return "no burn"
    return "under-performance" if share < 1 else "over-performance"
