"""Residuals that are alike from one to the next: how much, and what it does to what they tell."""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Numbers = NDArray[np.int64]


def autocorrelation(residual: Reals, group: Numbers, lags: int) -> Reals:
    """Return the autocorrelation of residuals at 0 to `lags`, pairs within a group (an unbroken series) only."""
    centred = residual - residual.mean() if residual.size else residual
    power = float(np.sum(centred**2))
    found = np.zeros(lags + 1)
    found[0] = 1.0
    for lag in range(1, min(lags, residual.size - 1) + 1):
        both = group[lag:] == group[:-lag]
        found[lag] = float(np.sum(centred[lag:][both] * centred[:-lag][both])) / power if power > 0 else 0.0
    return found


def memory(residual: Reals, group: Numbers) -> int:
    """Return how many steps it takes for residuals to be forgotten: the lag where the autocorrelation first falls below noise."""
    most = max(min(residual.size // 4, 60), 1)
    found = autocorrelation(residual, group, most)
    noise = 2.0 / np.sqrt(max(residual.size, 1))
    below = np.flatnonzero(found < noise)
    return int(below[0]) if below.size else most


def autocorrelated_information(rows: Reals, residual: Reals, group: Numbers) -> Reals:
    """Return the covariance of the weighted normal equations' right side, with residuals alike within groups.

    The estimator of Newey and West (Econometrica 55, 1987) with Bartlett's window of twice the memory of the residuals: for
    independent ones it is the usual one.
    """
    scores = rows * residual[:, None]
    total = scores.T @ scores
    reach = 2 * memory(residual, group)
    for lag in range(1, min(reach, residual.size - 1) + 1):
        both = group[lag:] == group[:-lag]
        cross = scores[lag:][both].T @ scores[:-lag][both]
        total = total + (1.0 - lag / (reach + 1)) * (cross + cross.T)
    return np.asarray(total)
