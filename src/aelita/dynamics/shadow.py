"""The shadow of a round body, compiled: how much of the Sun it leaves visible, and where along a step that begins or ends.

Sunlight changes at the edges of a penumbra like the power 3/2 of the way into it, which no polynomial follows: steps end there.
"""

import numpy as np
from numpy.typing import NDArray

from .compiling import inner

Reals = NDArray[np.float64]
SUN_RADIUS_KM = 695700.0  # IAU 2015 Resolution B3, nominal
LIT, PENUMBRA, DARK = 0, 1, 2  # dark: all that can be hidden is, also where the body is too small for the Sun
SHORTEST_S = 0.1  # an edge so near the beginning of a step is taken as its beginning: less than a micrometre after a day


@inner
def discs(r: Reals, sun: Reals, radius: float, sun_radius: float) -> tuple[float, float, float]:
    """Return the angles at `r` that the radius of the Sun, the radius of the body and the way between their centres take."""
    d0, d1, d2 = sun[0] - r[0], sun[1] - r[1], sun[2] - r[2]
    distance = np.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
    away = np.sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2])
    cosine = -(r[0] * d0 + r[1] * d1 + r[2] * d2) / (away * distance)
    return np.arcsin(sun_radius / distance), np.arcsin(min(radius / away, 1.0)), np.arccos(max(-1.0, min(cosine, 1.0)))


@inner
def lit(r: Reals, sun: Reals, radius: float, sun_radius: float) -> float:
    """Return how much of the Sun's disc a round body leaves visible, 0 to 1 (Montenbruck and Gill, 3.4.2)."""
    if r[0] * (sun[0] - r[0]) + r[1] * (sun[1] - r[1]) + r[2] * (sun[2] - r[2]) >= 0.0:
        return 0.0 if r[0] * r[0] + r[1] * r[1] + r[2] * r[2] <= radius * radius else 1.0
    a, b, c = discs(r, sun, radius, sun_radius)
    if c >= a + b:
        return 1.0
    if c <= abs(b - a):
        return 0.0 if b >= a else 1.0 - (b / a) ** 2
    x = (c * c + a * a - b * b) / (2.0 * c)
    y = np.sqrt(max(a * a - x * x, 0.0))
    return 1.0 - (a * a * np.arccos(x / a) + b * b * np.arccos((c - x) / b) - c * y) / (np.pi * a * a)


@inner
def by_place(r: Reals, sun: Reals, radius: float, sun_radius: float, out: Reals) -> None:
    """Write the derivative of `lit` by the place (1/km): central differences over 20 m, within the penumbra alone."""
    share = lit(r, sun, radius, sun_radius)
    inside = 0.0 < share < 1.0
    moved = np.empty(3)
    for j in range(3):
        out[j] = 0.0
        moved[j] = r[j]
    if inside:
        for j in range(3):
            moved[j] = r[j] + 0.01
            ahead = lit(moved, sun, radius, sun_radius)
            moved[j] = r[j] - 0.01
            out[j] = (ahead - lit(moved, sun, radius, sun_radius)) / 0.02
            moved[j] = r[j]


@inner
def margins(r: Reals, sun: Reals, radius: float, out: Reals) -> int:
    """Write by what angles a place is outside of the penumbra and of the full shadow; return which of the three it is in."""
    a, b, c = discs(r, sun, radius, SUN_RADIUS_KM)
    out[0], out[1] = c - (a + b), c - abs(b - a)
    if out[0] >= 0.0:
        return LIT
    return PENUMBRA if out[1] > 0.0 else DARK


@inner
def _looked(
    s: float, at: Reals, weights: Reals, r: Reals, others: Reals, radius: float, place: Reals, sun: Reals, out: Reals
) -> int:
    """Do what `margins` does at a share of a step, between the nodes `at` where places (3, nodes) are known."""
    total = 0.0
    for i in range(3):
        place[i] = 0.0
    for j in range(at.size):
        away = s - at[j]
        weight = weights[j] / (away if away != 0.0 else 1e-300)
        total += weight
        for i in range(3):
            place[i] += weight * r[i, j]
    last, body = at.size - 1, others.shape[1] - 1
    part = (s - at[0]) / (at[last] - at[0])
    for i in range(3):
        place[i] /= total
        sun[i] = others[0, body, i] + part * (others[last, body, i] - others[0, body, i])
    return margins(place, sun, radius, out)


@inner
def edge(
    zone: int, h: float, y: Reals, at: Reals, weights: Reals, r: Reals, others: Reals, radius: float, seen: Reals
) -> tuple[float, int]:
    """Return at what share of a step of `h` seconds another zone begins (1: none does), and which zone holds after it.

    The step begins at `y` in `zone`; `r` (3, nodes) are its places, `others` what `located` tells there, `seen` room for
    (nodes + 1, 3) numbers. A dip into penumbra or shadow between two nodes is found by the least of a parabola.
    """
    place, sun, out, nodes = np.empty(3), np.empty(3), np.empty(2), at.size
    for j in range(nodes + 1):
        if j == 0:
            for i in range(3):
                place[i], sun[i] = y[i], others[0, others.shape[1] - 1, i]
            here = zone
            margins(place, sun, radius, out)
            seen[0, 2] = 0.0
        else:
            for i in range(3):
                place[i], sun[i] = r[i, j - 1], others[j - 1, others.shape[1] - 1, i]
            here = margins(place, sun, radius, out)
            seen[j, 2] = at[j - 1]
        seen[j, 0], seen[j, 1] = out[0], out[1]
        low, high, found = seen[max(j - 1, 0), 2], seen[j, 2], here != zone
        if not found and j >= 2 and zone != DARK:
            f0, f1, f2 = seen[j - 2, zone], seen[j - 1, zone], seen[j, zone]
            if f1 < f0 and f1 <= f2:
                s0, s1, s2 = seen[j - 2, 2], seen[j - 1, 2], seen[j, 2]
                one, two = (f0 - f1) * (s2 - s1), (f2 - f1) * (s1 - s0)
                least = s1 + 0.5 * (one * (s2 - s1) - two * (s1 - s0)) / (one + two)
                if s0 < least < s2 and _looked(least, at, weights, r, others, radius, place, sun, out) == zone + 1:
                    low, high, found = s0, least, True
        if not found:
            continue
        after = zone
        while (high - low) * abs(h) > 1e-4:
            middle = 0.5 * (low + high)
            there = _looked(middle, at, weights, r, others, radius, place, sun, out)
            if there == zone:
                low = middle
            else:
                high, after = middle, there
        if after == zone:
            after = _looked(high, at, weights, r, others, radius, place, sun, out)
        if high * abs(h) > SHORTEST_S:
            return high, after
        zone = here
    return 1.0, zone
