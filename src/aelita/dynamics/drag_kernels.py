"""Revolutions through the upper atmosphere, compiled: one from apoapsis to apoapsis, with what the air did on the way.

The integrator is Fehlberg's pair of orders 7 and 8 (NASA TR R-287, 1968) with steps that stay short inside the air. Beside
position and velocity it carries the change of speed, the work and the heat that drag gives.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..environment import GravityTable, acceleration_at
from ..octets import compiled
from .air import density, geodetic
from .ephemerides import placed
from .rotation import turned

Reals = NDArray[np.float64]
SIZE = 9  # position, velocity, drag's change of speed (km/s), its work (km2/s2), heat (J/m2)
AIR_TOP_KM, DENSE_KM, AIR_STEP_S, FAR_RADII = 320.0, 220.0, 25.0, 1.9
# What `revolve` writes of a pass
LOWEST_KM, LOWEST_S, PEAK_S, DENSITY, SPEED, PRESSURE, FLUX, LATITUDE, LONGITUDE, SUN_ANGLE, CROSSED_S, NUMBERS = range(12)
ROUND, HIT, LATE, LOST = range(4)  # ends of `revolve`: at apoapsis, below the ground, out of time, step too small


def _fehlberg() -> tuple[Reals, Reals, Reals]:
    a, c = np.zeros((13, 13)), np.array([0, 2 / 27, 1 / 9, 1 / 6, 5 / 12, 1 / 2, 5 / 6, 1 / 6, 2 / 3, 1 / 3, 1, 0, 1])
    rows: tuple[tuple[float, ...], ...] = (
        (), (2 / 27,), (1 / 36, 1 / 12), (1 / 24, 0, 1 / 8), (5 / 12, 0, -25 / 16, 25 / 16), (1 / 20, 0, 0, 1 / 4, 1 / 5),
        (-25 / 108, 0, 0, 125 / 108, -65 / 27, 125 / 54), (31 / 300, 0, 0, 0, 61 / 225, -2 / 9, 13 / 900),
        (2, 0, 0, -53 / 6, 704 / 45, -107 / 9, 67 / 90, 3),
        (-91 / 108, 0, 0, 23 / 108, -976 / 135, 311 / 54, -19 / 60, 17 / 6, -1 / 12),
        (2383 / 4100, 0, 0, -341 / 164, 4496 / 1025, -301 / 82, 2133 / 4100, 45 / 82, 45 / 164, 18 / 41),
        (3 / 205, 0, 0, 0, 0, -6 / 41, -3 / 205, -3 / 41, 3 / 41, 6 / 41),
        (-1777 / 4100, 0, 0, -341 / 164, 4496 / 1025, -289 / 82, 2193 / 4100, 51 / 82, 33 / 164, 12 / 41, 0, 1),
    )  # fmt: skip
    for number, row in enumerate(rows):
        a[number, : len(row)] = row
    b = np.array([0, 0, 0, 0, 0, 34 / 105, 9 / 35, 9 / 35, 9 / 280, 9 / 280, 0, 41 / 840, 41 / 840])
    return a, b, c


A, B, C = _fehlberg()


class Surroundings(NamedTuple):
    """What acts on a spacecraft about Mars, in the form the kernels read; times are seconds of TDB from `et_s`."""

    et_s: float
    near: GravityTable  # within `FAR_RADII` radii
    far: GravityTable
    rotation: Reals
    surface: Reals
    sun_et_s: float
    sun: Reals
    sun_gm: float
    air_tables: Reals
    air_span: Reals


@compiled
def slope(s: Surroundings, drag: float, factor: float, t: float, y: Reals, dy: Reals, seen: Reals) -> None:
    """Write the derivatives of a state, and into `seen` height (km), density (kg/m3) and speed in the air (km/s).

    `drag` is Cd A / (2 m) in m2/kg, `factor` that of the density.
    """
    et, m, sun, place = s.et_s + t, np.empty((3, 3)), np.empty(3), np.empty(3)
    turned(s.rotation, et, m)
    placed(s.sun_et_s, s.sun, 0, et, sun)
    x = m[0, 0] * y[0] + m[0, 1] * y[1] + m[0, 2] * y[2]
    yy = m[1, 0] * y[0] + m[1, 1] * y[1] + m[1, 2] * y[2]
    z = m[2, 0] * y[0] + m[2, 1] * y[1] + m[2, 2] * y[2]
    r2 = x * x + yy * yy + z * z
    limit = FAR_RADII * s.surface[0]
    ax, ay, az = acceleration_at(s.near, x, yy, z) if r2 < limit * limit else acceleration_at(s.far, x, yy, z)
    away2 = sun[0] * sun[0] + sun[1] * sun[1] + sun[2] * sun[2]
    d0, d1, d2 = sun[0] - y[0], sun[1] - y[1], sun[2] - y[2]
    l2 = d0 * d0 + d1 * d1 + d2 * d2
    close, wide = s.sun_gm / (l2 * np.sqrt(l2)), s.sun_gm / (away2 * np.sqrt(away2))
    place[0], place[1], place[2] = d0, d1, d2
    for i in range(3):
        dy[i] = y[3 + i]
        dy[3 + i] = m[0, i] * ax + m[1, i] * ay + m[2, i] * az + close * place[i] - wide * sun[i]
    dy[6] = dy[7] = dy[8] = 0.0
    seen[0], seen[1], seen[2] = np.sqrt(r2) - s.surface[0], 0.0, 0.0
    if seen[0] > AIR_TOP_KM:
        return
    seen[0], _, _ = geodetic(s.surface, x, yy, z)
    place[0], place[1], place[2] = y[0], y[1], y[2]
    rho = factor * density(s.air_tables, s.air_span, s.surface, m, sun, et, place, np.empty(s.air_tables.shape[2]))
    spin = s.rotation[5]
    wx, wy, wz = spin * m[2, 0], spin * m[2, 1], spin * m[2, 2]
    u0 = y[3] - (wy * y[2] - wz * y[1])
    u1 = y[4] - (wz * y[0] - wx * y[2])
    u2 = y[5] - (wx * y[1] - wy * y[0])
    speed = np.sqrt(u0 * u0 + u1 * u1 + u2 * u2)
    k = drag * rho * 1e3 * speed  # 1/s: kg/m3 m2/kg is 1/m
    dy[3] -= k * u0
    dy[4] -= k * u1
    dy[5] -= k * u2
    dy[6] = k * speed
    dy[7] = -k * (u0 * y[3] + u1 * y[4] + u2 * y[5])
    dy[8] = 0.5e9 * rho * speed * speed * speed
    seen[1], seen[2] = rho, speed


@compiled
def step(s: Surroundings, drag: float, factor: float, t: float, h: float, y: Reals, k: Reals, new: Reals, seen: Reals) -> float:
    """Write the state a step later; return the estimate of its error in position, km. `k[0]` is the slope at the beginning."""
    part = np.empty(SIZE)
    for stage in range(1, 13):
        part[:] = y
        for j in range(stage):
            if A[stage, j] != 0.0:
                part += (h * A[stage, j]) * k[j]
        slope(s, drag, factor, t + C[stage] * h, part, k[stage], seen)
    new[:] = y
    for stage in range(5, 13):
        new += (h * B[stage]) * k[stage]
    error = 0.0
    for i in range(3):
        one = k[0, i] + k[10, i] - k[11, i] - k[12, i]
        error += one * one
    return 41.0 / 840.0 * abs(h) * np.sqrt(error)


@compiled
def radial(y: Reals) -> float:
    """Return position times velocity: negative on the way down."""
    return y[0] * y[3] + y[1] * y[4] + y[2] * y[5]


@compiled
def summit(x0: float, x1: float, x2: float, f0: float, f1: float, f2: float) -> tuple[float, float]:
    """Return where the parabola through three points has its extreme, and its value there."""
    a, b = x0 - x1, x2 - x1
    top = (f0 - f1) * b * b - (f2 - f1) * a * a
    bottom = (f0 - f1) * b - (f2 - f1) * a
    if bottom == 0.0 or a == b or a * b == 0.0:
        return x1, f1
    d = 0.5 * top / bottom
    curve = bottom / (a * b * (a - b))
    rise = (f0 - f1 - curve * a * a) / a
    return x1 + d, f1 + rise * d + curve * d * d


@compiled
def revolve(
    s: Surroundings, drag: float, factor: float, t: float, y: Reals, until_s: float, tolerance_km: float, told: Reals
) -> tuple[int, float]:
    """Go on from an apoapsis to the next one; `y` becomes the state there and `told` what happened at periapsis.

    Peaks are those of parabolas through three ends of steps (1e-4). Returns the kind of end and its time.
    """
    k, new, seen, kept = np.empty((13, SIZE)), np.empty(SIZE), np.empty(3), np.empty(SIZE)
    fresh, aside = np.empty(SIZE), np.empty(3)
    ago = np.zeros((3, 4))  # time, height, density, speed at three ends of steps
    low, peak, best = 1e9, -1e9, 0.0
    told[:] = 0.0
    told[LOWEST_KM] = 1e9
    down, risen, h = False, False, 30.0
    count = 0
    while t < until_s:
        slope(s, drag, factor, t, y, k[0], seen)
        if seen[0] < 0.0:
            return HIT, t
        ago[0], ago[1] = ago[1].copy(), ago[2].copy()
        ago[2, 0], ago[2, 1], ago[2, 2], ago[2, 3] = t, seen[0], seen[1], seen[2]
        count += 1
        if count >= 3 and ago[0, 2] > 0.0 and ago[1, 2] > 0.0 and ago[2, 2] > 0.0:
            if ago[1, 1] <= ago[0, 1] and ago[1, 1] <= ago[2, 1] and ago[1, 1] < low:
                low = ago[1, 1]
                told[LOWEST_S], told[LOWEST_KM] = summit(ago[0, 0], ago[1, 0], ago[2, 0], ago[0, 1], ago[1, 1], ago[2, 1])
            q0, q1, q2 = _load(ago, 0), _load(ago, 1), _load(ago, 2)
            if q1 >= q0 and q1 >= q2 and q1 > peak:
                peak = q1
                at, top = summit(ago[0, 0], ago[1, 0], ago[2, 0], q0, q1, q2)
                rho, speed = _between(ago, at, 2), _between(ago, at, 3)
                told[PEAK_S], told[DENSITY], told[SPEED] = at, rho, speed
                told[PRESSURE] = 0.5e6 * np.exp(top)
                told[FLUX] = told[PRESSURE] * speed * 1e3
        if seen[0] < DENSE_KM:
            h = min(h, AIR_STEP_S)
        h = min(h, until_s - t)
        while True:
            error = step(s, drag, factor, t, h, y, k, new, aside)
            if error <= tolerance_km:
                break
            h *= max(0.2, 0.9 * (tolerance_km / error) ** 0.125)
            if h < 1e-3:
                return LOST, t
        before, after = radial(y), radial(new)
        if not down and after < 0.0:
            down = True
        if down and not risen and after > 0.0:
            kept[:] = y
            best = _crossing(s, drag, factor, t, h, kept, k, fresh, aside)
            risen = True
            told[CROSSED_S] = t + best
            _place(s, t + best, fresh, told)
        elif risen and before > 0.0 and after < 0.0:
            kept[:] = y
            best = _crossing(s, drag, factor, t, h, kept, k, fresh, aside)
            y[:] = fresh
            return ROUND, t + best
        t += h
        y[:] = new
        h *= min(3.0, 0.9 * (tolerance_km / max(error, 1e-3 * tolerance_km)) ** 0.125)
    return LATE, t


@compiled
def _load(ago: Reals, row: int) -> float:
    """Return the logarithm of density times speed squared."""
    return np.log(ago[row, 2] * ago[row, 3] * ago[row, 3])


@compiled
def _between(ago: Reals, at: float, which: int) -> float:
    """Return the value of a column at a time, by the parabola (of logarithms) through its three points."""
    x0, x1, x2 = ago[0, 0], ago[1, 0], ago[2, 0]
    f0, f1, f2 = np.log(ago[0, which]), np.log(ago[1, which]), np.log(ago[2, which])
    value = (
        f0 * (at - x1) * (at - x2) / ((x0 - x1) * (x0 - x2))
        + f1 * (at - x0) * (at - x2) / ((x1 - x0) * (x1 - x2))
        + f2 * (at - x0) * (at - x1) / ((x2 - x0) * (x2 - x1))
    )
    return np.exp(value)


@compiled
def _crossing(
    s: Surroundings, drag: float, factor: float, t: float, h: float, y: Reals, k: Reals, new: Reals, seen: Reals
) -> float:
    """Return the time within a step at which the velocity is across, and write the state there (regula falsi, Illinois)."""
    low, high = 0.0, h
    step(s, drag, factor, t, high, y, k, new, seen)
    f_low, f_high = radial(y), radial(new)
    side, at = 0, h
    for _ in range(30):
        at = (low * f_high - high * f_low) / (f_high - f_low)
        step(s, drag, factor, t, at, y, k, new, seen)
        f = radial(new)
        if f * f_high > 0.0:
            high, f_high = at, f
            if side == 1:
                f_low *= 0.5
            side = 1
        else:
            low, f_low = at, f
            if side == -1:
                f_high *= 0.5
            side = -1
        if abs(f) < 1e-7 or high - low < 1e-7:
            break
    return at


@compiled
def _place(s: Surroundings, t: float, y: Reals, told: Reals) -> None:
    """Write latitude, east longitude and the hour angle of the Sun (rad) of a state."""
    m, sun = np.empty((3, 3)), np.empty(3)
    turned(s.rotation, s.et_s + t, m)
    placed(s.sun_et_s, s.sun, 0, s.et_s + t, sun)
    x = m[0, 0] * y[0] + m[0, 1] * y[1] + m[0, 2] * y[2]
    yy = m[1, 0] * y[0] + m[1, 1] * y[1] + m[1, 2] * y[2]
    z = m[2, 0] * y[0] + m[2, 1] * y[1] + m[2, 2] * y[2]
    sx = m[0, 0] * sun[0] + m[0, 1] * sun[1] + m[0, 2] * sun[2]
    sy = m[1, 0] * sun[0] + m[1, 1] * sun[1] + m[1, 2] * sun[2]
    height, sine, cosine = geodetic(s.surface, x, yy, z)
    told[LATITUDE] = np.arctan2(sine, cosine)
    if told[LOWEST_KM] > 1e8:
        told[LOWEST_KM], told[LOWEST_S] = height, t
    told[LONGITUDE] = np.arctan2(yy, x) % (2.0 * np.pi)
    told[SUN_ANGLE] = (np.arctan2(yy, x) - np.arctan2(sy, sx)) % (2.0 * np.pi)


@compiled
def coast(s: Surroundings, drag: float, factor: float, t: float, y: Reals, until_s: float, tolerance_km: float) -> bool:
    """Go on to a time, earlier or later; `y` becomes the state there. Returns false below the ground or when the step is lost."""
    k, new, seen = np.empty((13, SIZE)), np.empty(SIZE), np.empty(3)
    way = 1.0 if until_s >= t else -1.0
    h = way * 30.0
    while (until_s - t) * way > 0.0:
        slope(s, drag, factor, t, y, k[0], seen)
        if seen[0] < 0.0:
            return False
        if seen[0] < DENSE_KM and abs(h) > AIR_STEP_S:
            h = way * AIR_STEP_S
        if abs(h) > abs(until_s - t):
            h = until_s - t
        while True:
            error = step(s, drag, factor, t, h, y, k, new, seen)
            if error <= tolerance_km:
                break
            h *= max(0.2, 0.9 * (tolerance_km / error) ** 0.125)
            if abs(h) < 1e-3:
                return False
        t += h
        y[:] = new
        h *= min(3.0, 0.9 * (tolerance_km / max(error, 1e-3 * tolerance_km)) ** 0.125)
    return True
