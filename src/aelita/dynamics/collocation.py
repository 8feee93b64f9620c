"""The integrator: collocation at Gauss's nodes with steps of free length, solved by iteration on a cheap model.

Within a step the acceleration is the polynomial through its values at 20 Gauss nodes; position and velocity are its integrals.
The values are found by iteration: the attraction of a flattened body, which costs nanoseconds, is iterated to the end, and what
the whole model adds to it is evaluated again only twice, since it hardly changes. The end of a step is good to
order 40, any instant within it to order 21; partial derivatives are integrated on the same nodes, where the gradient is needed
once.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .acceleration import NO_THRUST, Model, differentials, gravity, located, rest, shadowing, simple
from .air import geodetic
from .compiling import inner, kept, loops
from .rotation import turned
from .shadow import edge, margins

Reals = NDArray[np.float64]
NODES = 20
ROUGH = 6  # degree of the gravity that is tried before the whole model
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
ONCE_T, TWICE_T = np.ascontiguousarray(ONCE.T), np.ascontiguousarray(TWICE.T)
# of the interpolation between the nodes (Berrut and Trefethen, SIAM Rev. 46, 2004, p. 501)
WEIGHTS = np.sqrt((1 - (2 * AT - 1) ** 2) * END_ONCE) * (-1.0) ** np.arange(NODES)


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


class Room(NamedTuple):
    """Where a step is worked out: of each node the body-fixed axes and places of bodies, and components as rows (3, nodes)."""

    rows: Reals
    work: Reals
    axes: Reals  # (nodes, 3, 3)
    others: Reals  # (nodes, bodies + 1, 3)
    r: Reals
    v: Reals
    a: Reals
    more: Reals  # what is added to the simple model
    low: Reals  # of low degrees less the simple one, where it was last evaluated
    rest: Reals  # what acts besides the attraction of the centre
    sums: Reals


@inner
def begun(model: Model, t0: float, h: float, y: Reals, tolerance_km: float, room: Room) -> None:
    """Find places at the nodes of a step by low degrees, with the thrust of its beginning: within some 10 m."""
    nodes, total, part = AT.size, room.work[8], room.work[9]
    for j in range(nodes):
        located(model, t0 + h * AT[j], room.axes[j], room.others[j])
    simple(model, room.axes[0, 2], y, total)
    for i in range(3):
        part[i] = 0.0
    if model.law != NO_THRUST:
        rest(model, t0, room.axes[0], room.others[0], y[:3], y[3:], room.work, part)
    for j in range(nodes):
        for i in range(3):  # a first guess: the acceleration at the start
            room.a[i, j], room.more[i, j], room.low[i, j] = total[i] + part[i], part[i], 0.0
    _iterated(model, room.axes[0, 2], h, y, 1e-2, room)  # what is to come moves it by more
    if model.degree > ROUGH:
        _roughly(model, room.axes[0, 2], room)
        _iterated(model, room.axes[0, 2], h, y, max(1e-2 * tolerance_km, 1e-6), room)


@inner
def solved(model: Model, t0: float, h: float, y: Reals, tolerance_km: float, room: Room) -> bool:
    """Find states and accelerations at the nodes of a step that is `begun`. Returns whether the iteration came to rest.

    The simple model was solved, then with the attraction of low degrees added; now with everything. Moving to what that gives
    changes mostly the low degrees, which are added again before the whole field is evaluated for the second and, as a rule,
    last time. What acts besides gravity is evaluated again only where its change over the way moved could matter.
    """
    pole = room.axes[0, 2]
    r2 = y[0] * y[0] + y[1] * y[1] + y[2] * y[2]
    # by how much an error of the places shrinks in a turn, with a margin of ten: it adds up over thousands of steps
    contraction = min(5e-3 * h * h * model.gm / (r2 * np.sqrt(r2)), 0.1)
    small_km, goal_km, before, beside_km, share = 1e-2 * tolerance_km, 0.1 * tolerance_km, 1e300, 1e300, 0.0
    for turn in range(12):
        again = beside_km > goal_km
        change, steepest = _wholly(model, t0, h, pole, again, turn == 0, room)
        moved = 0.5 * h * h * change
        if not moved < 1e9:
            return False
        _iterated(model, pole, h, y, max(small_km, 1e-2 * contraction * moved), room)
        if again:
            share = 0.5 * h * h * steepest
        beside_km = share * moved
        if moved * contraction < goal_km and moved < before and beside_km < goal_km:
            _iterated(model, pole, h, y, small_km, room)
            return True
        if turn == 0 and model.degree > ROUGH:
            _roughly(model, pole, room)
            _iterated(model, pole, h, y, max(small_km, 1e-4 * contraction * moved), room)
        else:
            before = moved
    return False


@inner
def _roughly(model: Model, pole: Reals, room: Room) -> None:
    """Add by how much the attraction of low degrees differs from the simple one, more than where it was last evaluated."""
    fixed, turned_back, place, total, part = room.work[0], room.work[1], room.work[6], room.work[8], room.work[9]
    rows, axes, r, a, more, low = room.rows, room.axes, room.r, room.a, room.more, room.low
    for j in range(AT.size):
        for i in range(3):
            place[i] = r[i, j]
        gravity(model, axes[j], ROUGH, place, rows, fixed, turned_back, total)
        simple(model, pole, place, part)
        for i in range(3):
            added = total[i] - part[i] - low[i, j]
            more[i, j] += added
            a[i, j] += added


@inner
def _wholly(model: Model, t0: float, h: float, pole: Reals, again: bool, first: bool, room: Room) -> tuple[float, float]:
    """Put the whole model in place; return the greatest change of what is added (km/s2) and what `rest` returned."""
    fixed, turned_back, place, speed = room.work[0], room.work[1], room.work[6], room.work[7]
    total, part, rows, axes, work = room.work[8], room.work[9], room.rows, room.axes, room.work
    r, v, a, more, low, beside = room.r, room.v, room.a, room.more, room.low, room.rest
    change = steepest = 0.0
    if again:
        for j in range(AT.size):
            for i in range(3):
                place[i], speed[i] = r[i, j], v[i, j]
            steepest = max(steepest, rest(model, t0 + h * AT[j], axes[j], room.others[j], place, speed, work, total))
            for i in range(3):
                beside[i, j] = total[i]
    if first and model.degree > ROUGH:
        for j in range(AT.size):
            for i in range(3):
                place[i] = r[i, j]
            simple(model, pole, place, part)
            gravity(model, axes[j], ROUGH, place, rows, fixed, turned_back, total)
            for i in range(3):
                low[i, j] = total[i] - part[i]
    for j in range(AT.size):
        for i in range(3):
            place[i] = r[i, j]
        simple(model, pole, place, part)
        gravity(model, axes[j], model.degree, place, rows, fixed, turned_back, total)
        for i in range(3):
            new = total[i] - part[i] + beside[i, j]
            change = max(change, abs(new - more[i, j]))
            a[i, j] += new - more[i, j]
            more[i, j] = new
    return change, steepest


@loops
def _iterated(model: Model, pole: Reals, h: float, y: Reals, small_km: float, room: Room) -> None:
    """Solve a step for the simple model (as `simple`, here of all nodes at once) and what is added to it."""
    nodes, r, a, more, sums = AT.size, room.r, room.a, room.more, room.sums
    p0, p1, p2 = pole[0], pole[1], pole[2]
    gm, flat = model.gm, 1.5 * model.j2 * model.radius * model.radius
    for _ in range(40):
        moved = 0.0
        _integrated(TWICE_T, a, sums)
        for i in range(3):
            begin, speed = y[i], y[3 + i]
            for j in range(nodes):
                new = begin + h * (AT[j] * speed + h * sums[i, j])
                moved = max(moved, abs(new - r[i, j]))
                r[i, j] = new
        for j in range(nodes):
            r2 = r[0, j] * r[0, j] + r[1, j] * r[1, j] + r[2, j] * r[2, j]
            up = r[0, j] * p0 + r[1, j] * p1 + r[2, j] * p2
            k = gm / (r2 * np.sqrt(r2))
            f = flat / r2
            along, by_pole = -k * (1.0 + f * (1.0 - 5.0 * up * up / r2)), -k * f * 2.0 * up
            a[0, j] = along * r[0, j] + by_pole * p0 + more[0, j]
            a[1, j] = along * r[1, j] + by_pole * p1 + more[1, j]
            a[2, j] = along * r[2, j] + by_pole * p2 + more[2, j]
        if moved < small_km:
            break
    _integrated(ONCE_T, a, sums)
    for i in range(3):
        for j in range(nodes):
            room.v[i, j] = y[3 + i] + h * sums[i, j]


@loops
def _integrated(matrix: Reals, a: Reals, out: Reals) -> None:
    for i in range(3):
        for j in range(matrix.shape[1]):
            out[i, j] = 0.0
        for k in range(matrix.shape[0]):
            factor = a[i, k]
            for j in range(matrix.shape[1]):
                out[i, j] += factor * matrix[k, j]


@kept()
def advance(
    model: Model, t: float, until: float, h: float, y: Reals, phi: Reals, kinds: NDArray[np.int64], tolerance_km: float,
    stop_at_surface: bool, begin: Reals, length: Reals, states: Reals, series: Reals, partials: Reals, partial_series: Reals,
) -> tuple[int, int, float, float]:  # fmt: skip
    """Integrate `y` (6) and `phi` (6, q) until an elapsed time, writing each step into the arrays, as many as they hold.

    Steps end where the centre begins or ceases to hide the Sun, if sunlight acts. Returns what ended it (DONE, IMPACT, FULL,
    STUCK), the steps written, the elapsed time and the next length of a step.
    """
    nodes, q = AT.size, phi.shape[1]
    rows, work, others = np.zeros((6, model.degree + 3)), np.zeros((10, 32)), np.zeros((nodes, model.gms.size + 1, 3))
    r, v, a, sums = np.zeros((3, nodes)), np.zeros((3, nodes)), np.zeros((3, nodes)), np.zeros((3, nodes))
    more, low, beside = np.zeros((3, nodes)), np.zeros((3, nodes)), np.zeros((3, nodes))
    room = Room(rows, work, np.zeros((nodes, 3, 3)), others, r, v, a, more, low, beside, sums)
    lost, high, m = np.zeros(6), np.zeros(2), np.empty((3, 3))
    turned(model.rotation, model.et_s + t, m)
    sign = 1.0 if until >= t else -1.0
    count, failures = 0, 0
    shadowed, radius, zone, after, seen = model.light != 0.0 and model.sun >= 0, shadowing(model), 0, 0, np.empty((nodes + 1, 3))
    if shadowed:
        located(model, t, room.axes[0], others[0])
        zone = margins(y, others[0, others.shape[1] - 1], radius, high)
    while count < begin.size:
        last = abs(until - t) <= abs(h) * (1.0 + 1e-9)
        step = until - t if last else h
        begun(model, t, step, y, tolerance_km, room)
        uncut = 0.0
        if shadowed:
            share, after = edge(zone, step, y, AT, WEIGHTS, r, others, radius, seen)
            if share < 1.0:
                uncut, last = abs(step), False
                step *= share
                begun(model, t, step, y, tolerance_km, room)
        good = solved(model, t, step, y, tolerance_km, room)
        error = 0.0
        if good:
            high[0] = high[1] = 0.0
            for i in range(3):
                for which in range(2):
                    total = 0.0
                    for k in range(nodes):
                        total += TO_SERIES[nodes - 1 - which, k] * a[i, k]
                    high[which] += total * total
            error = step * step * (np.sqrt(high[0]) + 0.3 * np.sqrt(high[1])) / (16.0 * nodes * nodes)
        if not good or error > tolerance_km:
            shrink = 0.4 if not good else max(0.2, 0.9 * (tolerance_km / error) ** (1.0 / nodes))
            h = step * shrink
            failures += 1
            if abs(h) < 1e-3 or failures > 60:
                return STUCK, count, t, h
            continue
        failures = 0
        begin[count], length[count] = t, step
        for i in range(6):
            states[count, i] = y[i]
        for k in range(nodes):
            for i in range(3):
                total = 0.0
                for j in range(nodes):
                    total += TO_SERIES[k, j] * a[i, j]
                series[count, k, i] = total
        if q > 0:
            for i in range(6):
                for j in range(q):
                    partials[count, i, j] = phi[i, j]
            _varied(model, t, step, room, kinds, phi, partial_series[count])
        for i in range(3):
            once = twice = 0.0
            for k in range(nodes):
                once += END_ONCE[k] * a[i, k]
                twice += END_TWICE[k] * a[i, k]
            _added(y, lost, i, step * y[3 + i] + step * lost[3 + i] + step * step * twice)
            _added(y, lost, 3 + i, step * once)
        t = until if last else t + step
        count += 1
        zone = after
        h = sign * max(uncut, abs(step) * min(2.0, max(0.3, 0.9 * (tolerance_km / max(error, 1e-300)) ** (1.0 / nodes))))
        if stop_at_surface and _below(model, m[2], r, y):
            return IMPACT, count, t, h
        if last:
            return DONE, count, t, h
    return FULL, count, t, h


@inner
def _added(y: Reals, lost: Reals, i: int, term: float) -> None:
    """Add with what was lost before (Kahan's sum)."""
    wanted = term + lost[i]
    total = y[i] + wanted
    lost[i] = wanted - (total - y[i])
    y[i] = total


@inner
def _below(model: Model, pole: Reals, r: Reals, y: Reals) -> bool:
    """Return whether a node or the end of a step lies within the ellipsoid of the centre."""
    a2, b2 = model.surface[0] * model.surface[0], model.surface[1] * model.surface[1]
    for j in range(r.shape[1] + 1):
        x, y_, z = (y[0], y[1], y[2]) if j == r.shape[1] else (r[0, j], r[1, j], r[2, j])
        r2 = x * x + y_ * y_ + z * z
        if r2 < a2:
            up = x * pole[0] + y_ * pole[1] + z * pole[2]
            if (r2 - up * up) / a2 + up * up / b2 < 1.0:
                return True
    return False


@loops
def _times(matrix: Reals, those: Reals, scale: float, out: Reals) -> None:
    for j in range(matrix.shape[0]):
        for n in range(those.shape[1]):
            out[j, n] = 0.0
        for k in range(matrix.shape[1]):
            factor = scale * matrix[j, k]
            for n in range(those.shape[1]):
                out[j, n] += factor * those[k, n]


@inner
def _varied(model: Model, t: float, h: float, room: Room, kinds: NDArray[np.int64], phi: Reals, series: Reals) -> None:
    """Integrate the variational equations over a step whose states are known; write their series, and `phi` at the end."""
    nodes, q = AT.size, phi.shape[1]
    node, speed = room.work[6], room.work[7]
    by_r, by_v, by_p = np.empty((nodes, 3, 3)), np.empty((nodes, 3, 3)), np.empty((nodes, 3, kinds.size))
    for j in range(nodes):
        for i in range(3):
            node[i], speed[i] = room.r[i, j], room.v[i, j]
        differentials(model, t + h * AT[j], room.axes[j], room.others[j], node, speed, room.rows, room.work, kinds,
                      by_r[j], by_v[j], by_p[j])  # fmt: skip
    a, place, rate, new = (
        np.zeros((nodes, 3 * q)), np.zeros((nodes, 3 * q)), np.zeros((nodes, 3 * q)), np.zeros((nodes, 3 * q))
    )  # fmt: skip
    with_v, size = False, 1e-300
    for j in range(nodes):
        for i in range(3):
            for k in range(3):
                with_v = with_v or by_v[j, i, k] != 0.0
    for i in range(3):
        for k in range(q):
            size = max(size, abs(phi[i, k]), abs(h * phi[3 + i, k]))
    for _ in range(60):
        _times(TWICE, a, h * h, new)
        moved = 0.0
        for j in range(nodes):
            for k in range(3 * q):
                value = phi[k // q, k % q] + h * AT[j] * phi[3 + k // q, k % q] + new[j, k]
                moved = max(moved, abs(value - place[j, k]))
                place[j, k] = value
        if with_v:
            _times(ONCE, a, h, rate)
            for j in range(nodes):
                for k in range(3 * q):
                    rate[j, k] += phi[3 + k // q, k % q]
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
