"""The two-point boundary problem of Lambert: every conic that joins two positions in a given time, for columns of them.

The unknown is the free parameter x of Lancaster and Blanchard (NASA TN D-5368, 1969); start values, regions and the iteration of
third order (Householder) follow D. Izzo, "Revisiting Lambert's problem", Celest. Mech. Dyn. Astr. 121 (2015).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from .compiling import kept

Vectors = NDArray[np.float64]
ITERATIONS, CLOSE = 35, 1e-13  # the iteration rarely needs more than four steps
LONGEST_S = 1e30  # no flight is longer; infinity has no conic
STRAIGHT = 1e-9  # sine of the transfer angle below which no plane is defined


@dataclass(frozen=True, slots=True)
class LambertArc:
    """One solution: whole revolutions, which of the two paths with that many (`high`: the slower one), velocities in km/s."""

    revolutions: int
    high: bool
    departure_km_s: Vectors
    arrival_km_s: Vectors


def solve_lambert(
    departure_km: ArrayLike, arrival_km: ArrayLike, flight_s: ArrayLike, gm_km3_s2: float, *, revolutions: int = 0,
    high: bool = False, retrograde: bool = False,
) -> tuple[Vectors, Vectors]:  # fmt: skip
    """Return the velocities (km/s) at both ends of the conics between rows of positions (km), as two arrays (n, 3).

    Of the ways round the centre the one with a positive z of the angular momentum is taken, or with `retrograde` the other.
    With `revolutions` of one or more there are two paths; `high` takes the one of longer semi-major axis at the start of the
    search (Izzo's left branch). Rows are NaN where no such conic exists, where the time is not positive, and where the
    positions lie on one line through the centre (every plane would do). Error: 1e-12 relative in velocity, less beside that line.
    """
    first, second = np.atleast_2d(np.asarray(departure_km, np.float64)), np.atleast_2d(np.asarray(arrival_km, np.float64))
    if first.shape[1] != 3 or second.shape[1] != 3:
        raise UsageError(f"positions have shapes {first.shape} and {second.shape}", remedy="Give rows of three kilometres")
    if not 0 < gm_km3_s2 < np.inf or revolutions < 0:
        raise UsageError(f"GM {gm_km3_s2} km3/s2 or {revolutions} revolutions make no conic", remedy="Give positive values")
    times = np.atleast_1d(np.asarray(flight_s, np.float64))
    count = max(first.shape[0], second.shape[0], times.size)
    rows = [np.ascontiguousarray(np.broadcast_to(each, (count, 3))) for each in (first, second)]
    times = np.ascontiguousarray(np.broadcast_to(times, count))
    return _columns(rows[0], rows[1], times, gm_km3_s2, revolutions, high, retrograde)


def lambert_all(
    departure_km: ArrayLike, arrival_km: ArrayLike, flight_s: float, gm_km3_s2: float, *, most: int = 10, retrograde: bool = False
) -> tuple[LambertArc, ...]:
    """Return every solution between two positions with at most `most` whole revolutions, the direct one first."""
    found: list[LambertArc] = []
    for turns in range(most + 1):
        for high in (False, True)[: 1 + (turns > 0)]:
            first, second = solve_lambert(
                departure_km, arrival_km, flight_s, gm_km3_s2, revolutions=turns, high=high, retrograde=retrograde
            )
            if np.isnan(first).any():
                return tuple(found)
            found.append(LambertArc(turns, high, first[0], second[0]))
    return tuple(found)


@kept()
def _columns(
    first: Vectors, second: Vectors, times: Vectors, gm: float, turns: int, high: bool, retrograde: bool
) -> tuple[Vectors, Vectors]:
    left, right = np.empty_like(first), np.empty_like(first)
    for row in range(times.size):
        solve_row(first[row], second[row], times[row], gm, turns, high, retrograde, left[row], right[row])
    return left, right


@kept()
def solve_row(
    r1: Vectors, r2: Vectors, time: float, gm: float, turns: int, high: bool, retrograde: bool, v1: Vectors, v2: Vectors
) -> None:
    """Write the velocities at both ends of one conic into `v1` and `v2`; NaN where there is none."""
    v1[:], v2[:] = np.nan, np.nan
    n1, n2 = math.sqrt(r1[0] ** 2 + r1[1] ** 2 + r1[2] ** 2), math.sqrt(r2[0] ** 2 + r2[1] ** 2 + r2[2] ** 2)
    if not (0 < time < LONGEST_S and n1 > 0 and n2 > 0):
        return
    u1, u2 = r1 / n1, r2 / n2
    h = np.array([u1[1] * u2[2] - u1[2] * u2[1], u1[2] * u2[0] - u1[0] * u2[2], u1[0] * u2[1] - u1[1] * u2[0]])
    sine = math.sqrt(h[0] ** 2 + h[1] ** 2 + h[2] ** 2)
    if sine < STRAIGHT:
        return
    h /= sine
    chord = math.sqrt((r1[0] - r2[0]) ** 2 + (r1[1] - r2[1]) ** 2 + (r1[2] - r2[2]) ** 2)
    s = 0.5 * (n1 + n2 + chord)
    half = 0.5 * math.atan2(sine, u1[0] * u2[0] + u1[1] * u2[1] + u1[2] * u2[2])  # of the angle between the positions
    lam = math.sqrt(n1 * n2) * math.cos(half) / s  # well conditioned near 180 degrees, where sqrt(1 - chord/s) is not
    if (h[2] < 0) != retrograde:
        lam, h = -lam, -h
    target = time * math.sqrt(2 * gm / s**3)
    x = _free_parameter(lam, target, turns, high)
    if math.isnan(x):
        return
    y = math.sqrt(1 - lam * lam * (1 - x * x))
    gamma, rho = math.sqrt(0.5 * gm * s), (n1 - n2) / chord
    sigma = math.sqrt(max(1 - rho * rho, 0.0))
    for axis in range(3):
        t1 = h[(axis + 1) % 3] * u1[(axis + 2) % 3] - h[(axis + 2) % 3] * u1[(axis + 1) % 3]
        t2 = h[(axis + 1) % 3] * u2[(axis + 2) % 3] - h[(axis + 2) % 3] * u2[(axis + 1) % 3]
        along, across = lam * y - x, sigma * (y + lam * x)
        v1[axis] = gamma * ((along - rho * (lam * y + x)) * u1[axis] + across * t1) / n1
        v2[axis] = gamma * ((-along - rho * (lam * y + x)) * u2[axis] + across * t2) / n2


@kept()
def _free_parameter(lam: float, target: float, turns: int, high: bool) -> float:
    """Return x of the conic whose dimensionless time of flight is `target`; NaN when the revolutions do not fit into it."""
    if turns > 0:
        lowest_x = _slowest(lam, turns)
        if target < _time(lam, lowest_x, turns):
            return math.nan
    x = _start(lam, target, turns, high)
    for _ in range(ITERATIONS):
        excess = _time(lam, x, turns) - target
        first, second, third = _slopes(lam, x, excess + target)
        below = first * (first * first - excess * second) + third * excess * excess / 6
        step = excess * (first * first - 0.5 * excess * second) / below if below != 0 else math.nan
        if math.isnan(step):
            step = 1e-3 * (1 if excess > 0 else -1)
        new = x - step
        if turns > 0:  # keep to the branch that was asked for
            low, top = (-1.0, lowest_x) if high else (lowest_x, 1.0)
            if not low < new < top:
                new = 0.5 * (x + (low if new <= low else top))
        elif new <= -1:
            new = 0.5 * (x - 1)
        step, x = x - new, new
        if abs(step) < CLOSE * max(1.0, abs(x)):
            break
    return x if abs(_time(lam, x, turns) - target) < 1e-8 * max(1.0, target) else math.nan


@kept()
def _start(lam: float, target: float, turns: int, high: bool) -> float:
    if turns == 0:
        still, parabola = math.acos(lam) + lam * math.sqrt(1 - lam * lam), 2 / 3 * (1 - lam**3)  # times at x = 0 and x = 1
        if target >= still:
            return (still / target) ** (2 / 3) - 1
        if target < parabola:
            return 2.5 * parabola * (parabola - target) / (target * (1 - lam**5)) + 1
        return (target / still) ** (math.log(2.0) / math.log(parabola / still)) - 1
    ratio = ((turns + 1) * math.pi / (8 * target)) ** (2 / 3) if high else (8 * target / (turns * math.pi)) ** (2 / 3)
    return (ratio - 1) / (ratio + 1)


@kept()
def _slowest(lam: float, turns: int) -> float:
    """Return x where the time of flight with these revolutions is least (where the two paths meet), by bisection of its slope."""
    low, top = -1 + 1e-6, 1 - 1e-6
    for _ in range(60):
        middle = 0.5 * (low + top)
        if _slopes(lam, middle, _time(lam, middle, turns))[0] < 0:
            low = middle
        else:
            top = middle
    return 0.5 * (low + top)


@kept()
def _time(lam: float, x: float, turns: int) -> float:
    """Return the dimensionless time of flight of x: Battin's series beside the parabola, Lancaster's form else."""
    if abs(x - 1) < 0.05 and turns == 0:
        y = math.sqrt(1 - lam * lam * (1 - x * x))
        eta = y - lam * x
        q = 4 / 3 * _hypergeometric(0.5 * (1 - lam - x * eta))
        return 0.5 * (eta**3 * q + 4 * lam * eta)
    e = x * x - 1
    y = math.sqrt(1 + lam * lam * e)
    if e < 0:
        angle = turns * math.pi + math.atan2(math.sqrt(-e) * (y - lam * x), x * y - lam * e)
    else:
        angle = math.asinh(math.sqrt(e) * (y - lam * x))
    return (x - lam * y - angle / math.sqrt(abs(e))) / e


@kept()
def _hypergeometric(z: float) -> float:
    """Return 2F1(3, 1; 5/2; z) by its series (|z| well below one here)."""
    term, total = 1.0, 1.0
    for k in range(200):
        term *= (3 + k) * (1 + k) / (2.5 + k) * z / (k + 1)
        total += term
        if abs(term) < 1e-17:
            break
    return total


@kept()
def _slopes(lam: float, x: float, time: float) -> tuple[float, float, float]:
    """Return the first three derivatives of the time of flight at x; beside the parabola plain differences (0/0 there)."""
    e = 1 - x * x
    if abs(e) < 2e-3:
        step = 1e-3
        first = (_time(lam, x + step, 0) - _time(lam, x - step, 0)) / (2 * step)
        return first, 0.0, 0.0
    y = math.sqrt(1 - lam * lam * e)
    first = (3 * time * x - 2 + 2 * lam**3 * x / y) / e
    second = (3 * time + 5 * x * first + 2 * (1 - lam * lam) * lam**3 / y**3) / e
    third = (7 * x * second + 8 * first - 6 * (1 - lam * lam) * lam**5 * x / y**5) / e
    return first, second, third
