"""Differential correction and constrained minimisation: unknowns of a manoeuvre changed until what was asked for is met.

Both take plain functions of an array, so that anything that can be flown can be targeted. Unknowns are scaled by `steps` and
misses by `tolerances`: give steps that change the misses by hundreds of tolerances, and the derivatives are good.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError

Vector = NDArray[np.float64]
Function = Callable[[Vector], Vector]
HALVINGS = 14


@dataclass(frozen=True, slots=True)
class Solution:
    """Unknowns that meet the target, what they still miss it by, and how often the flight was flown."""

    values: Vector
    misses: Vector
    flights: int


def correct(
    misses: Function, start: ArrayLike, *, steps: ArrayLike, tolerances: ArrayLike, most: int = 20, limit: float = np.inf
) -> Solution:
    """Return unknowns for which every miss is within its tolerance, near `start`.

    Newton's method with central differences, kept by Broyden's update while that converges fast; with more unknowns than misses
    the smallest change (in units of `steps`) is taken, and a step that does not help is halved, also one whose flight raises
    UsageError (an impact) or misses by NaN. `limit` bounds one change, in steps.
    Raises UsageError, with the misses left, when it cannot be met.
    """
    unknowns, scale, allowed = (np.asarray(each, np.float64).copy() for each in (start, steps, tolerances))
    now, flights, slopes = misses(unknowns), 1, None
    for _ in range(most):
        if not np.isfinite(now).all():
            raise UsageError(f"the flight from {unknowns.tolist()} does not reach the target at all", remedy="Start elsewhere")
        if (np.abs(now) <= allowed).all():
            return Solution(unknowns, now, flights)
        fresh = slopes is None
        if slopes is None:
            slopes = differences(misses, unknowns, scale) / allowed[:, None]
            flights += 2 * unknowns.size
            if not np.isfinite(slopes).all():
                raise UsageError(f"beside {unknowns.tolist()} the target is not reached at all", remedy="Start elsewhere")
        change = -np.linalg.lstsq(slopes, now / allowed, rcond=1e-12)[0]
        longest = float(np.abs(change).max())
        change *= min(1.0, limit / longest) if longest > 0 else 1.0
        worst = float(np.linalg.norm(now / allowed))
        for halving in range(HALVINGS):
            part = change * 0.5**halving
            new = _tried(misses, unknowns + part * scale, now)
            flights += 1
            left = float(np.linalg.norm(new / allowed))
            if left < worst:
                break
            if not fresh:  # old slopes: take new ones before anything shorter
                break
        if not left < worst:
            if fresh:
                break
            slopes = None
            continue
        unknowns = unknowns + part * scale
        # Broyden's update serves while it works: it costs no flight
        slopes = slopes + np.outer((new - now) / allowed - slopes @ part, part) / (part @ part) if left < 0.2 * worst else None
        now = new
    if (np.abs(now) <= allowed).all():
        return Solution(unknowns, now, flights)
    raise UsageError(
        f"no solution near the start: misses {now.tolist()} against tolerances {allowed.tolist()} after {flights} flights",
        remedy="Start nearer, free another unknown, or ask for less",
    )


def _tried(misses: Function, at: Vector, known: Vector) -> Vector:
    """Return the misses of a trial; NaN where the flight ends before the target (an impact, no asymptote)."""
    try:
        return misses(at)
    except UsageError:
        return np.full(known.size, np.nan)


def differences(function: Function, at: Vector, steps: Vector) -> NDArray[np.float64]:
    """Return the change of each value of `function` (rows) for one step of each unknown (columns), by central differences."""
    columns = []
    for index in range(at.size):
        offset = np.zeros(at.size)
        offset[index] = steps[index]
        columns.append((function(at + offset) - function(at - offset)) / 2)
    return np.stack(columns, axis=1)


def minimise(
    cost: Callable[[Vector], float], start: ArrayLike, *, steps: ArrayLike, constraints: Function | None = None,
    tolerances: ArrayLike = (), most: int = 200, precision: float = 1e-10,
) -> Solution:  # fmt: skip
    """Return unknowns at a local minimum of `cost` where every constraint is zero within its tolerance.

    Sequential quadratic programming: a BFGS estimate of the Lagrangian's curvature, full steps judged by an L1 merit function.
    `steps` scale the unknowns and are the differences by which slopes are taken. `misses` of the answer are the constraints.
    Ends when the cost promised by the next step is below `precision` of the cost. Raises UsageError when it does not end.
    """
    unit = np.asarray(steps, np.float64)
    allowed = np.asarray(tolerances, np.float64)
    origin = np.asarray(start, np.float64)
    flights = [0]

    def both(x: Vector) -> Vector:
        flights[0] += 1
        at = origin + x * unit
        limits = np.empty(0) if constraints is None else constraints(at) / allowed
        return np.concatenate([[cost(at)], limits])

    x = np.zeros(origin.size)
    now = both(x)
    if np.isnan(now).any():
        raise UsageError(f"cost or constraints are undefined at the start {origin.tolist()}", remedy="Start elsewhere")
    curvature = _curvature(both, x, float(now[0]))
    slopes, penalty, fresh = _slopes(both, x), 0.0, True
    for _ in range(most):
        step, multipliers = _quadratic(curvature, slopes[0], slopes[1:], now[1:])
        promised = abs(float(slopes[0] @ step)) + float(np.abs(now[1:]) @ np.abs(multipliers))
        if promised < precision * max(abs(now[0]), 1e-30) and (np.abs(now[1:]) <= 1).all():
            return Solution(origin + x * unit, now[1:] * allowed, flights[0])
        penalty = max(penalty, 1.5 * float(np.abs(multipliers).max(initial=0.0)))
        found = _along(both, x, step, now, float(slopes[0] @ step), penalty)
        if found is None:
            if fresh:
                break
            curvature, fresh = _curvature(both, x, float(now[0])), True
            continue
        new_x, new = found
        new_slopes = _slopes(both, new_x)
        gain = (new_slopes[0] + new_slopes[1:].T @ multipliers) - (slopes[0] + slopes[1:].T @ multipliers)
        curvature = _updated(curvature, new_x - x, gain)
        x, now, slopes, fresh = new_x, new, new_slopes, False
    if (np.abs(now[1:]) <= 1).all() and promised < 1e4 * precision * max(abs(now[0]), 1e-30):
        return Solution(origin + x * unit, now[1:] * allowed, flights[0])
    raise UsageError(
        f"no minimum near the start: cost {now[0]:.9g}, constraints {(now[1:] * allowed).tolist()} after {flights[0]} flights",
        remedy="Start nearer, or with larger steps",
    )


def _slopes(both: Function, x: Vector) -> NDArray[np.float64]:
    return differences(both, x, np.full(x.size, 1e-3)) / 1e-3


def _curvature(both: Function, x: Vector, cost: float) -> NDArray[np.float64]:
    """Return a diagonal estimate of the cost's second derivatives, from one step to either side; positive."""
    bends = []
    for index in range(x.size):
        offset = np.zeros(x.size)
        offset[index] = 1.0
        try:
            bends.append(abs(float(both(x + offset)[0] + both(x - offset)[0]) - 2 * cost))
        except UsageError:
            bends.append(np.nan)
    typical = float(np.nanmean(bends)) if not np.isnan(bends).all() else 1.0
    typical = typical if typical > 0 else max(abs(cost), 1.0)
    return np.diag([bend if bend > 1e-3 * typical else typical for bend in bends])


def _quadratic(
    curvature: NDArray[np.float64], slope: Vector, matrix: NDArray[np.float64], limits: Vector
) -> tuple[Vector, Vector]:
    """Return the step and multipliers of the quadratic model with linear constraints."""
    size, count = slope.size, limits.size
    system = np.zeros((size + count, size + count))
    system[:size, :size], system[:size, size:], system[size:, :size] = curvature, matrix.T, matrix
    answer = np.linalg.lstsq(system, -np.concatenate([slope, limits]), rcond=1e-13)[0]
    return answer[:size], answer[size:]


def _along(
    both: Function, x: Vector, step: Vector, now: Vector, slope: float, penalty: float
) -> tuple[Vector, Vector] | None:  # fmt: skip
    """Return the first of ever shorter steps that lowers cost and violations together, or None."""
    missed = float(np.abs(now[1:]).sum())
    merit, falling = now[0] + penalty * missed, min(slope - penalty * missed, 0.0)
    for halving in range(HALVINGS * 2):
        length = 0.5**halving
        new = both(x + length * step)
        if new[0] + penalty * np.abs(new[1:]).sum() <= merit + 1e-4 * length * falling:
            return x + length * step, new
    return None


def _updated(curvature: NDArray[np.float64], step: Vector, gain: Vector) -> NDArray[np.float64]:
    """Return the curvature after a step (BFGS, damped by Powell's rule so that it stays positive)."""
    ahead = curvature @ step
    bend = float(step @ ahead)
    if bend <= 0:
        return curvature
    if step @ gain < 0.2 * bend:
        share = 0.8 * bend / (bend - float(step @ gain))
        gain = share * gain + (1 - share) * ahead
    return curvature - np.outer(ahead, ahead) / bend + np.outer(gain, gain) / float(step @ gain)
