"""The integrator: collocation at Gauss's nodes with steps of free length, solved by iteration on a cheap model.

Within a step the acceleration is the polynomial through its values at 16 Gauss nodes; position and velocity are its integrals.
The values are found by iteration: the attraction of a flattened body, which costs nanoseconds, is iterated to the end, and what
the whole model adds to it is evaluated again only two or three times, since it hardly changes. The end of a step is good to
order 32, any instant within it to order 17; partial derivatives are integrated on the same nodes, where the gradient is needed
once.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .acceleration import Model, differentials, full, simple
from .air import geodetic
from .rotation import turned

Reals = NDArray[np.float64]
NODES = 16
DONE, IMPACT, FULL, STUCK = 0, 1, 2, 3


def legendre(x: Reals, terms: int) -> tuple[Reals, Reals, Reals]:
    """Return Legendre polynomials at points of [-1, 1], their integrals from -1 and the integrals of those: rows of `terms`."""
    p = np.ones((terms + 2, x.size))
    p[1] = x
    for k in range(1, terms + 1):
        p[k + 1] = ((2 * k + 1) * x * p[k] - k * p[k - 1]) / (k + 1)
    once = np.empty((terms + 1, x.size))
    once[0] = x + 1
    for k in range(1, terms + 1):
        once[k] = (p[k + 1] - p[k - 1]) / (2 * k + 1)
    twice = np.empty((terms, x.size))
    twice[0] = (x + 1) ** 2 / 2
    for k in range(1, terms):
        twice[k] = (once[k + 1] - once[k - 1]) / (2 * k + 1)
    return p[:terms].T, once[:terms].T, twice.T


def _scheme(nodes: int) -> tuple[Reals, Reals, Reals, Reals, Reals, Reals]:
    x, w = np.polynomial.legendre.leggauss(nodes)
    p, once, twice = legendre(x, nodes)
    to_series = (2 * np.arange(nodes) + 1)[:, None] / 2 * w[None, :] * p.T
    b = w / 2
    at = (x + 1) / 2
    return at, once @ to_series / 2, twice @ to_series / 4, b, b * (1 - at), to_series


AT, ONCE, TWICE, END_ONCE, END_TWICE, TO_SERIES = map(np.ascontiguousarray, _scheme(NODES))


@dataclass(frozen=True, slots=True)
class Steps:
    """Consecutive steps: their beginnings and lengths (s), states there and Legendre series of the acceleration within."""

    begin_s: Reals
    length_s: Reals
    states: Reals  # (n, 6)
    series: Reals  # (n, NODES, 3)
    partials: Reals  # (n, 6, q)
    partial_series: Reals  # (n, NODES, 3, q)

    @property
    def first_s(self) -> float:
        """Where they begin, seconds from the start of the trajectory."""
        return float(self.begin_s[0])


def evaluated(steps: Steps, elapsed_s: Reals) -> Reals:
    """Return states (n, 6) at seconds from the start of the trajectory."""
    at, half, x = _located(steps, elapsed_s)
    _, once, twice = legendre(x, NODES)
    made = np.empty((elapsed_s.size, 6))
    begin, series = steps.states[at], steps.series[at]
    made[:, 3:] = begin[:, 3:] + half * np.einsum("nk,nki->ni", once, series)
    made[:, :3] = begin[:, :3] + half * (x + 1)[:, None] * begin[:, 3:] + half**2 * np.einsum("nk,nki->ni", twice, series)
    return made


def evaluated_partials(steps: Steps, elapsed_s: Reals) -> Reals:
    """Return partial derivatives (n, 6, q) at seconds from the start of the trajectory."""
    at, half, x = _located(steps, elapsed_s)
    _, once, twice = legendre(x, NODES)
    begin, series, half = steps.partials[at], steps.partial_series[at], half[:, :, None]
    made = np.empty_like(begin)
    made[:, 3:] = begin[:, 3:] + half * np.einsum("nk,nkiq->niq", once, series)
    moved = (x + 1)[:, None, None] * begin[:, 3:] + half * np.einsum("nk,nkiq->niq", twice, series)
    made[:, :3] = begin[:, :3] + half * moved
    return made


def _located(steps: Steps, elapsed_s: Reals) -> tuple[NDArray[np.int64], Reals, Reals]:
    forward = 1.0 if steps.length_s[0] >= 0 else -1.0
    at = np.clip(np.searchsorted(forward * steps.begin_s, forward * elapsed_s, side="right") - 1, 0, steps.begin_s.size - 1)
    half = 0.5 * steps.length_s[at]
    x = np.where(half == 0, -1.0, (elapsed_s - steps.begin_s[at]) / np.where(half == 0, 1.0, half) - 1.0)
    return at, half[:, None], x


@njit(cache=True, error_model="numpy")
def solved(
    model: Model,
    t0: float,
    h: float,
    r0: Reals,
    v0: Reals,
    tolerance_km: float,
    rows: Reals,
    more: Reals,
    r: Reals,
    v: Reals,
    a: Reals,
) -> bool:
    """Find states and accelerations at the nodes of a step; `more` is what the whole model adds to the simple one.

    Returns whether the iteration came to rest within the tolerance.
    """
    nodes = AT.size
    m, part, total = np.empty((3, 3)), np.empty(3), np.empty(3)
    turned(model.rotation, model.et_s + t0, m)
    pole = m[2]
    for j in range(nodes):  # a first guess: the acceleration at the start
        simple(model, pole, r0, a[j])
    before = 1e300
    for _ in range(12):
        _iterated(model, pole, h, r0, v0, 1e-3 * tolerance_km, more, r, v, a)
        change = 0.0
        for j in range(nodes):
            full(model, t0 + h * AT[j], r[j], v[j], rows, total)
            simple(model, pole, r[j], part)
            for i in range(3):
                new = total[i] - part[i]
                change = max(change, abs(new - more[j, i]))
                more[j, i] = new
        moved = 0.5 * h * h * change
        if not moved < 1e9:
            return False
        if moved * min(moved / before, 0.1) < 0.1 * tolerance_km:
            _iterated(model, pole, h, r0, v0, 1e-3 * tolerance_km, more, r, v, a)
            return True
        before = moved
    return False


@njit(cache=True, error_model="numpy")
def _iterated(
    model: Model, pole: Reals, h: float, r0: Reals, v0: Reals, small_km: float, more: Reals, r: Reals, v: Reals, a: Reals
) -> None:
    nodes, part = AT.size, np.empty(3)
    r[:] = 0.0
    for _ in range(40):
        moved = 0.0
        for j in range(nodes):
            for i in range(3):
                total = 0.0
                for k in range(nodes):
                    total += TWICE[j, k] * a[k, i]
                new = r0[i] + h * AT[j] * v0[i] + h * h * total
                moved = max(moved, abs(new - r[j, i]))
                r[j, i] = new
        for j in range(nodes):
            simple(model, pole, r[j], part)
            for i in range(3):
                a[j, i] = part[i] + more[j, i]
        if moved < small_km:
            break
    for j in range(nodes):
        for i in range(3):
            total = 0.0
            for k in range(nodes):
                total += ONCE[j, k] * a[k, i]
            v[j, i] = v0[i] + h * total


@njit(cache=True, error_model="numpy")
def advance(
    model: Model, t: float, until: float, h: float, y: Reals, phi: Reals, kinds: NDArray[np.int64], tolerance_km: float,
    stop_at_surface: bool, begin: Reals, length: Reals, states: Reals, series: Reals, partials: Reals, partial_series: Reals,
) -> tuple[int, int, float, float]:  # fmt: skip
    """Integrate `y` (6) and `phi` (6, q) until an elapsed time, writing each step into the arrays, as many as they hold.

    Returns what ended it (DONE, IMPACT, FULL, STUCK), the steps written, the elapsed time and the next length of a step.
    """
    nodes, q = AT.size, phi.shape[1]
    rows = np.zeros((6, model.degree + 3))
    r, v, a, more = np.zeros((nodes, 3)), np.zeros((nodes, 3)), np.zeros((nodes, 3)), np.zeros((nodes, 3))
    lost, high, m = np.zeros(6), np.zeros(2), np.empty((3, 3))
    turned(model.rotation, model.et_s + t, m)
    sign = 1.0 if until >= t else -1.0
    count, failures = 0, 0
    while count < begin.size:
        last = abs(until - t) <= abs(h) * (1.0 + 1e-9)
        step = until - t if last else h
        good = solved(model, t, step, y[:3], y[3:], tolerance_km, rows, more, r, v, a)
        error = 0.0
        if good:
            high[:] = 0.0
            for i in range(3):
                for which in range(2):
                    total = 0.0
                    for k in range(nodes):
                        total += TO_SERIES[nodes - 1 - which, k] * a[k, i]
                    high[which] += total * total
            error = step * step * (np.sqrt(high[0]) + 0.3 * np.sqrt(high[1])) / (16.0 * nodes * nodes)
        if not good or error > tolerance_km:
            shrink = 0.4 if not good else max(0.2, 0.9 * (tolerance_km / error) ** (1.0 / nodes))
            h = step * shrink
            more[:] = 0.0
            failures += 1
            if abs(h) < 1e-3 or failures > 60:
                return STUCK, count, t, h
            continue
        failures = 0
        begin[count], length[count] = t, step
        states[count] = y
        for k in range(nodes):
            for i in range(3):
                total = 0.0
                for j in range(nodes):
                    total += TO_SERIES[k, j] * a[j, i]
                series[count, k, i] = total
        if q > 0:
            partials[count] = phi
            _varied(model, t, step, r, v, rows, kinds, phi, partial_series[count])
        for i in range(3):
            once = twice = 0.0
            for k in range(nodes):
                once += END_ONCE[k] * a[k, i]
                twice += END_TWICE[k] * a[k, i]
            _added(y, lost, i, step * y[3 + i] + step * lost[3 + i] + step * step * twice)
            _added(y, lost, 3 + i, step * once)
        t = until if last else t + step
        count += 1
        h = sign * abs(step) * min(2.0, max(0.3, 0.9 * (tolerance_km / max(error, 1e-300)) ** (1.0 / nodes)))
        more[:] = more[nodes - 1]
        if stop_at_surface and _below(model, m[2], r, y):
            return IMPACT, count, t, h
        if last:
            return DONE, count, t, h
    return FULL, count, t, h


@njit(cache=True)
def _added(y: Reals, lost: Reals, i: int, term: float) -> None:
    """Add with what was lost before (Kahan's sum)."""
    wanted = term + lost[i]
    total = y[i] + wanted
    lost[i] = wanted - (total - y[i])
    y[i] = total


@njit(cache=True, error_model="numpy")
def _below(model: Model, pole: Reals, r: Reals, y: Reals) -> bool:
    """Return whether a node or the end of a step lies within the ellipsoid of the centre."""
    a2, b2 = model.surface[0] * model.surface[0], model.surface[1] * model.surface[1]
    for j in range(r.shape[0] + 1):
        x = y[:3] if j == r.shape[0] else r[j]
        r2 = x[0] * x[0] + x[1] * x[1] + x[2] * x[2]
        if r2 < a2:
            up = x[0] * pole[0] + x[1] * pole[1] + x[2] * pole[2]
            if (r2 - up * up) / a2 + up * up / b2 < 1.0:
                return True
    return False


@njit(cache=True, fastmath=True)
def _times(matrix: Reals, those: Reals, scale: float, out: Reals) -> None:
    out[:] = 0.0
    for j in range(matrix.shape[0]):
        for k in range(matrix.shape[1]):
            factor = scale * matrix[j, k]
            for n in range(those.shape[1]):
                out[j, n] += factor * those[k, n]


@njit(cache=True, error_model="numpy")
def _varied(
    model: Model, t: float, h: float, r: Reals, v: Reals, rows: Reals, kinds: NDArray[np.int64], phi: Reals, series: Reals
) -> None:
    """Integrate the variational equations over a step whose states are known; write their series, and `phi` at the end."""
    nodes, q = AT.size, phi.shape[1]
    by_r, by_v, by_p = np.empty((nodes, 3, 3)), np.empty((nodes, 3, 3)), np.empty((nodes, 3, kinds.size))
    for j in range(nodes):
        differentials(model, t + h * AT[j], r[j], v[j], rows, kinds, by_r[j], by_v[j], by_p[j])
    with_v = np.abs(by_v).max() > 0.0
    a, place, rate, new = (
        np.zeros((nodes, 3 * q)), np.zeros((nodes, 3 * q)), np.zeros((nodes, 3 * q)), np.zeros((nodes, 3 * q))
    )  # fmt: skip
    first_r, first_v = phi[:3].copy().reshape(3 * q), phi[3:].copy().reshape(3 * q)
    size = np.abs(first_r).max() + abs(h) * np.abs(first_v).max() + 1e-300
    for _ in range(60):
        _times(TWICE, a, h * h, new)
        moved = 0.0
        for j in range(nodes):
            for k in range(3 * q):
                value = first_r[k] + h * AT[j] * first_v[k] + new[j, k]
                moved = max(moved, abs(value - place[j, k]))
                place[j, k] = value
        if with_v:
            _times(ONCE, a, h, rate)
            for j in range(nodes):
                for k in range(3 * q):
                    rate[j, k] += first_v[k]
        for j in range(nodes):
            for i in range(3):
                for k in range(q):
                    total = by_p[j, i, k - 6] if k >= 6 else 0.0
                    for n in range(3):
                        total += by_r[j, i, n] * place[j, n * q + k]
                        if with_v:
                            total += by_v[j, i, n] * rate[j, n * q + k]
                    a[j, i * q + k] = total
        if moved < 1e-15 * size:
            break
    _times(TO_SERIES, a, 1.0, new)
    for n in range(nodes):
        for i in range(3):
            for k in range(q):
                series[n, i, k] = new[n, i * q + k]
    for i in range(3):
        for k in range(q):
            once = twice = 0.0
            for j in range(nodes):
                once += END_ONCE[j] * a[j, i * q + k]
                twice += END_TWICE[j] * a[j, i * q + k]
            phi[i, k] += h * phi[3 + i, k] + h * h * twice
            phi[3 + i, k] += h * once


def surface_height_km(model: Model, elapsed_s: float, place_km: Reals) -> float:
    """Return the height of a place (J2000 axes) above the ellipsoid of the centre, in kilometres."""
    m = np.empty((3, 3))
    turned(model.rotation, model.et_s + elapsed_s, m)
    x, y, z = (m @ place_km).tolist()
    return float(geodetic(model.surface, x, y, z)[0])
