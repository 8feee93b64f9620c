"""Positions and velocities between the lines of an ephemeris: Lagrange and Hermite polynomials over the nearest lines."""

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import SECOND

Column = NDArray[np.int64]
Reals = NDArray[np.float64]
TOGETHER = 50_000  # epochs worked on at once
METHODS = ("HERMITE", "LAGRANGE", "LINEAR")


def lines_needed(method: str, degree: int) -> int:
    """Return how many lines a polynomial takes. Raises UsageError for a method or a degree that is none."""
    if method not in METHODS or not 1 <= degree <= 31:
        raise UsageError(
            f"interpolation {method} of degree {degree} is not done", remedy=f"Take {' or '.join(METHODS)}, degree 1 to 31"
        )
    return {"HERMITE": (degree + 2) // 2, "LAGRANGE": degree + 1, "LINEAR": 2}[method]


def interpolated(epochs: Column, position: Reals, velocity: Reals, at: Column, method: str, degree: int) -> tuple[Reals, Reals]:
    """Return position and velocity at epochs within those of the lines, which rise.

    HERMITE goes through positions and velocities of (degree + 1) / 2 lines, and the velocity is the derivative; LAGRANGE goes
    through positions, and apart from them velocities, of degree + 1 lines. The lines are those around each epoch, as near the
    middle as the ends allow. Raises UsageError when there are not enough lines.
    """
    size = lines_needed(method, degree)
    if epochs.size < size:
        raise UsageError(
            f"{epochs.size} lines are not enough for {method} of degree {degree}, which takes {size}",
            remedy="Give a lower degree",
        )
    out = np.empty((2, at.size, 3))
    for first in range(0, at.size, TOGETHER):
        part = slice(first, first + TOGETHER)
        after = np.searchsorted(epochs, at[part], side="right")
        lines = np.clip(after - size // 2, 0, epochs.size - size)[:, None] + np.arange(size)
        origin = epochs[lines[:, :1]]
        half_s = np.maximum(epochs[lines[:, -1:]] - origin, 1) / (2 * SECOND)
        nodes = (epochs[lines] - origin) / SECOND / half_s - 1
        u = (at[part] - origin[:, 0]) / SECOND / half_s[:, 0] - 1
        if method == "HERMITE":
            out[0, part], out[1, part] = _hermite(nodes, u, position[lines], velocity[lines] * half_s[..., None])
            out[1, part] /= half_s
        else:
            basis = _basis(nodes, u)
            out[0, part] = np.einsum("ij,ijk->ik", basis, position[lines])
            out[1, part] = np.einsum("ij,ijk->ik", basis, velocity[lines])
    return out[0], out[1]


def _basis(nodes: Reals, u: Reals) -> Reals:
    """Return Lagrange's basis at u: row i, column j is 1 at node j and 0 at the others."""
    basis = np.ones_like(nodes)
    for j in range(nodes.shape[1]):
        for other in range(nodes.shape[1]):
            if other != j:
                basis[:, j] *= (u - nodes[:, other]) / (nodes[:, j] - nodes[:, other])
    return basis


def _slope(nodes: Reals, u: Reals) -> tuple[Reals, Reals]:
    """Return the derivative of the basis at u, and that of each at its own node."""
    size = nodes.shape[1]
    slope, own = np.zeros_like(nodes), np.zeros_like(nodes)
    for j in range(size):
        for left_out in (at for at in range(size) if at != j):
            term = 1 / (nodes[:, j] - nodes[:, left_out])
            own[:, j] += term
            for other in (at for at in range(size) if at not in (j, left_out)):
                term = term * (u - nodes[:, other]) / (nodes[:, j] - nodes[:, other])
            slope[:, j] += term
    return slope, own


def _hermite(nodes: Reals, u: Reals, value: Reals, rate: Reals) -> tuple[Reals, Reals]:
    basis = _basis(nodes, u)
    slope, own = _slope(nodes, u)
    away = u[:, None] - nodes
    square, double = basis**2, 2 * basis * slope
    height = 1 - 2 * own * away
    found = np.einsum("ij,ijk->ik", height * square, value) + np.einsum("ij,ijk->ik", away * square, rate)
    turn = np.einsum("ij,ijk->ik", height * double - 2 * own * square, value)
    return found, turn + np.einsum("ij,ijk->ik", square + away * double, rate)
