"""Lines through what a clock gains on time: weighted least squares with what is known of the oscillator beforehand."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

ENOUGH_POINTS = 8  # their scatter tells the noise


@dataclass(frozen=True, slots=True, order=True)
class Weighed:
    """Seconds of ticks since the reference, time less those (s), how many points it stands for, bound of their error (s)."""

    at_s: float
    excess_s: float
    weight: float = 1.0
    error_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """Excess = level + slope * (at - middle), with the variances of level and slope."""

    middle_s: float
    level_s: float
    slope: float
    level_variance: float
    slope_variance: float
    sigma_s: float

    def excess_s(self, at_s: float) -> float:
        """Return time less ticks (s)."""
        return self.level_s + self.slope * (at_s - self.middle_s)

    def sigma_at(self, at_s: float) -> float:
        """Return the uncertainty of the line (s, one sigma)."""
        return sqrt(self.level_variance + self.slope_variance * (at_s - self.middle_s) ** 2)


def fit(points: list[Weighed], noise_s: float, rate_error: float) -> Line:
    """Return the line through points by weighted least squares; the slope is held near 0 by what is known of the oscillator.

    `noise_s` is one sigma of a point of weight 1; a greater scatter found in the points counts instead. `rate_error` is one sigma
    of the slope before any point was seen.
    """
    table = np.array([(p.at_s, p.excess_s, p.weight) for p in points])
    at, excess, weight = table.T
    total = float(weight.sum())
    middle, level = float(at @ weight) / total, float(excess @ weight) / total
    spread, product = float(weight @ (at - middle) ** 2), float((weight * (at - middle)) @ (excess - level))
    variance = noise_s**2
    for _ in range(2):
        slope = product / (spread + variance / rate_error**2)
        residual = excess - level - slope * (at - middle)
        if len(points) > ENOUGH_POINTS:
            variance = max(variance, float(weight @ residual**2) / (len(points) - 2))
    slope_variance = variance / (spread + variance / rate_error**2)
    return Line(middle, level, slope, variance / total, slope_variance, sqrt(variance))


def thinned(points: list[Weighed], spared: int) -> list[Weighed]:
    """Return the points with the two nearest to each other in time made one; the last `spared` ones are left alone."""
    at = np.array([point.at_s for point in points[: len(points) - spared]])
    near = int(np.argmin(np.diff(at)))
    return [*points[:near], _merged(points[near], points[near + 1]), *points[near + 2 :]]


def _merged(a: Weighed, b: Weighed) -> Weighed:
    weight = a.weight + b.weight
    at_s, excess_s = ((x * a.weight + y * b.weight) / weight for x, y in ((a.at_s, b.at_s), (a.excess_s, b.excess_s)))
    return Weighed(at_s, excess_s, weight, max(a.error_s, b.error_s))
