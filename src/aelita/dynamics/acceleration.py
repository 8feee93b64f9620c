"""The acceleration of a spacecraft and its partial derivatives, compiled: gravity, bodies, relativity, sunlight, air, thrust."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .air import SHAPES, density
from .compiling import inner, kept
from .ephemerides import placed
from .harmonics import field, gradient
from .rotation import turned
from .shadow import SUN_RADIUS_KM, by_place, lit

Reals = NDArray[np.float64]
C_KM_S = 299792.458
SHAPE = len(SHAPES)
NEAR_KM = 8.0  # over which what acts besides gravity may change by itself: a scale height of air, a penumbra
NO_THRUST, INERTIAL, VELOCITY, RTN = 0, 1, 2, 3


class Model(NamedTuple):
    """Everything the compiled right-hand side reads; times are seconds of TDB from `et_s`."""

    et_s: float  # ephemeris time of elapsed zero
    gm: float  # km3/s2, of the centre
    radius: float  # km, of the gravity field
    j2: float  # C20 unnormalised times -1, for the cheap model of the iteration
    degree: int  # 0: a point
    acceleration: Reals
    gradient: Reals
    factors: Reals
    diagonal: Reals
    rotation: Reals  # six angles and rates
    surface: Reals  # equatorial and polar radius of the centre, km
    relativity: float  # 1 or 0
    tables_et_s: float
    tables: Reals
    gms: Reals  # of the bodies; 0 for a body that is only looked at
    sun: int  # which of the bodies is the Sun; -1: the centre itself; -2: not needed
    light: float  # km/s2 at a distance of 1 km, for 1 kg: multiply by kg-1 km-2
    air: float  # Cd A / 2 in km2 times 1e9 kg/km3 per kg/m3
    air_tables: Reals  # (window, height term, shape), of ln(kg/m3)
    air_span: Reals  # first ET, width s, lowest and highest km, radians of Ls are in the tables
    mass: Reals  # kg at elapsed `mass[1]`, falling by mass[2] kg/s
    thrust: Reals  # vector in newtons along axes of `law`
    law: int


@kept()
def simple(model: Model, pole: Reals, r: Reals, a: Reals) -> None:
    """Write the attraction of a flattened body, which takes nanoseconds."""
    r2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    up = r[0] * pole[0] + r[1] * pole[1] + r[2] * pole[2]
    k = model.gm / (r2 * np.sqrt(r2))
    f = 1.5 * model.j2 * model.radius * model.radius / r2
    along = -k * (1.0 + f * (1.0 - 5.0 * up * up / r2))
    by_pole = -k * f * 2.0 * up
    for i in range(3):
        a[i] = along * r[i] + by_pole * pole[i]


@inner
def shadowing(model: Model) -> float:
    """Return the radius (km) of the ball that throws the shadow."""
    return 0.5 * (model.surface[0] + model.surface[1])


@inner
def sunlight(model: Model, sun: Reals, r: Reals, out: Reals) -> None:
    """Write the acceleration (times the mass in kg) that sunlight gives: away from the Sun, none in the shadow of the centre."""
    share = 1.0 if model.sun == -1 else lit(r, sun, shadowing(model), SUN_RADIUS_KM)
    d0, d1, d2 = r[0] - sun[0], r[1] - sun[1], r[2] - sun[2]
    r2 = d0 * d0 + d1 * d1 + d2 * d2
    k = share * model.light / (r2 * np.sqrt(r2))
    out[0], out[1], out[2] = k * d0, k * d1, k * d2


@inner
def resistance(model: Model, m: Reals, sun: Reals, et_s: float, r: Reals, v: Reals, shape: Reals, out: Reals) -> None:
    """Write the acceleration (times the mass in kg) of air that turns with the planet."""
    rho = density(model.air_tables, model.air_span, model.surface, m, sun, et_s, r, shape[:SHAPE])
    spin = model.rotation[5]
    u0 = v[0] - spin * (m[2, 1] * r[2] - m[2, 2] * r[1])
    u1 = v[1] - spin * (m[2, 2] * r[0] - m[2, 0] * r[2])
    u2 = v[2] - spin * (m[2, 0] * r[1] - m[2, 1] * r[0])
    k = -model.air * rho * np.sqrt(u0 * u0 + u1 * u1 + u2 * u2)
    out[0], out[1], out[2] = k * u0, k * u1, k * u2


@kept()
def axes(law: int, r: Reals, v: Reals, m: Reals) -> None:
    """Write the columns of the axes of thrust in J2000: inertial, velocity (x along it), or radial, transverse, normal."""
    if law == INERTIAL:
        for i in range(3):
            for j in range(3):
                m[i, j] = 1.0 if i == j else 0.0
        return
    h0, h1, h2 = r[1] * v[2] - r[2] * v[1], r[2] * v[0] - r[0] * v[2], r[0] * v[1] - r[1] * v[0]
    first = v if law == VELOCITY else r
    n1 = np.sqrt(first[0] * first[0] + first[1] * first[1] + first[2] * first[2])
    n3 = np.sqrt(h0 * h0 + h1 * h1 + h2 * h2)
    for i in range(3):
        m[i, 0] = first[i] / n1
    m[0, 2], m[1, 2], m[2, 2] = h0 / n3, h1 / n3, h2 / n3
    m[0, 1] = m[1, 2] * m[2, 0] - m[2, 2] * m[1, 0]
    m[1, 1] = m[2, 2] * m[0, 0] - m[0, 2] * m[2, 0]
    m[2, 1] = m[0, 2] * m[1, 0] - m[1, 2] * m[0, 0]


@inner
def gravity(model: Model, m: Reals, degree: int, r: Reals, rows: Reals, fixed: Reals, part: Reals, a: Reals) -> None:
    """Write the attraction of the centre to a degree; `m` turns J2000 into body-fixed axes, `fixed` and `part` are room."""
    if degree > 0:
        for i in range(3):
            fixed[i] = m[i, 0] * r[0] + m[i, 1] * r[1] + m[i, 2] * r[2]
        field(model.gm, model.radius, degree, model.acceleration, model.factors, model.diagonal, fixed, rows, part)
        for i in range(3):
            a[i] = m[0, i] * part[0] + m[1, i] * part[1] + m[2, i] * part[2]
    else:
        r2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
        for i in range(3):
            a[i] = -model.gm * r[i] / (r2 * np.sqrt(r2))


@inner
def located(model: Model, t: float, m: Reals, others: Reals) -> None:
    """Write what depends on time alone: the body-fixed axes and the places of the bodies (the Sun in the last row, if needed)."""
    turned(model.rotation, model.et_s + t, m)
    last = others.shape[0] - 1
    others[last, 0] = others[last, 1] = others[last, 2] = 0.0
    for body in range(model.gms.size):
        placed(model.tables_et_s, model.tables, body, model.et_s + t, others[body])
        if body == model.sun:
            for i in range(3):
                others[last, i] = others[body, i]


@inner
def full(model: Model, t: float, m: Reals, others: Reals, r: Reals, v: Reals, rows: Reals, room: Reals, a: Reals) -> None:
    """Write the whole acceleration (km/s2) at elapsed time `t` in J2000 axes about the centre.

    `m` and `others` are what `located` tells of that time; `rows` and `room` (7, at least 25) are for work.
    """
    gravity(model, m, model.degree, r, rows, room[0], room[1], a)
    rest(model, t, m, others, r, v, room, room[6])
    for i in range(3):
        a[i] += room[6, i]


@inner
def rest(model: Model, t: float, m: Reals, others: Reals, r: Reals, v: Reals, room: Reals, a: Reals) -> float:
    """Write what acts besides the attraction of the centre; parameters as of `full`.

    Returns a bound of how fast it changes by itself with the place (km/s2 per km).
    """
    part, sun = room[1], others[others.shape[0] - 1]
    a[0], a[1], a[2] = 0.0, 0.0, 0.0
    for body in range(model.gms.size):
        attracted(model.gms[body], r, others[body], a)
    b0, b1, b2, r2 = a[0], a[1], a[2], r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    if model.relativity > 0.0:
        k = model.gm / (C_KM_S * C_KM_S * r2 * np.sqrt(r2))
        along = k * (4.0 * model.gm / np.sqrt(r2) - (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]))
        cross = 4.0 * k * (r[0] * v[0] + r[1] * v[1] + r[2] * v[2])
        for i in range(3):
            a[i] += along * r[i] + cross * v[i]
    mass = model.mass[0] - model.mass[2] * (t - model.mass[1])
    if model.light != 0.0:
        sunlight(model, sun, r, part)
        _push(part, mass, a)
    if model.air != 0.0:
        resistance(model, m, sun, model.et_s + t, r, v, room[2], part)
        _push(part, mass, a)
    if model.law != NO_THRUST:
        axes(model.law, r, v, room[3:6])
        for i in range(3):
            along = room[3 + i, 0] * model.thrust[0] + room[3 + i, 1] * model.thrust[1] + room[3 + i, 2] * model.thrust[2]
            a[i] += along / (1e3 * mass)
    near = abs(a[0] - b0) + abs(a[1] - b1) + abs(a[2] - b2)
    return near / NEAR_KM + (abs(b0) + abs(b1) + abs(b2)) / np.sqrt(r2)


@inner
def _push(force: Reals, mass: float, a: Reals) -> None:
    for i in range(3):
        a[i] += force[i] / mass


@inner
def attracted(gm: float, r: Reals, other: Reals, a: Reals) -> None:
    """Add the attraction of a body at `other`, less that of the centre."""
    if gm == 0.0:
        return
    s2 = other[0] * other[0] + other[1] * other[1] + other[2] * other[2]
    d0, d1, d2 = other[0] - r[0], other[1] - r[1], other[2] - r[2]
    l2 = d0 * d0 + d1 * d1 + d2 * d2
    near, far = gm / (l2 * np.sqrt(l2)), gm / (s2 * np.sqrt(s2))
    a[0] += near * d0 - far * other[0]
    a[1] += near * d1 - far * other[1]
    a[2] += near * d2 - far * other[2]


@inner
def differentials(
    model: Model, t: float, m: Reals, others: Reals, r: Reals, v: Reals, rows: Reals, room: Reals, kinds: NDArray[np.int64],
    by_r: Reals, by_v: Reals, by_p: Reals,
) -> None:  # fmt: skip
    """Write the derivatives of the acceleration by position, velocity and parameters.

    Parameters are numbers: 0 GM, 1 the scale of sunlight, 2 of drag, 3 of the thrust, 4 to 6 components of the thrust (N), and
    -1 one that does not act now. Air and thrust along turning axes are differenced (relative error 1e-6), the rest is exact.
    """
    et, g, d, fixed, part = model.et_s + t, np.empty((3, 3)), np.empty(3), room[0], room[1]
    sun = others[others.shape[0] - 1]
    r2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    for i in range(3):
        for j in range(3):
            by_v[i, j] = 0.0
        for j in range(kinds.size):
            by_p[i, j] = 0.0
    pull = np.empty(3)
    if model.degree > 0:
        for i in range(3):
            fixed[i] = m[i, 0] * r[0] + m[i, 1] * r[1] + m[i, 2] * r[2]
        field(model.gm, model.radius, model.degree, model.acceleration, model.factors, model.diagonal, fixed, rows, part)
        gradient(model.gm, model.radius, model.degree, model.gradient, model.factors, model.diagonal, fixed, rows, g)
        for i in range(3):
            pull[i] = m[0, i] * part[0] + m[1, i] * part[1] + m[2, i] * part[2]
            for j in range(3):
                total = 0.0
                for k in range(3):
                    for n in range(3):
                        total += m[k, i] * g[k, n] * m[n, j]
                by_r[i, j] = total
    else:
        k = model.gm / (r2 * np.sqrt(r2))
        for i in range(3):
            pull[i] = -k * r[i]
            for j in range(3):
                by_r[i, j] = k * (3.0 * r[i] * r[j] / r2 - (1.0 if i == j else 0.0))
    for body in range(model.gms.size):
        for i in range(3):
            d[i] = others[body, i] - r[i]
        l2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
        k = model.gms[body] / (l2 * np.sqrt(l2))
        for i in range(3):
            for j in range(3):
                by_r[i, j] += k * (3.0 * d[i] * d[j] / l2 - (1.0 if i == j else 0.0))
    if model.relativity > 0.0:
        distance = np.sqrt(r2)
        k = model.gm / (C_KM_S * C_KM_S * r2 * distance)
        v2, rv = v[0] * v[0] + v[1] * v[1] + v[2] * v[2], r[0] * v[0] + r[1] * v[1] + r[2] * v[2]
        bracket = 4.0 * model.gm / distance - v2
        for i in range(3):
            whole = k * (bracket * r[i] + 4.0 * rv * v[i])
            for j in range(3):
                one = 1.0 if i == j else 0.0
                by_r[i, j] += k * (bracket * one - 4.0 * model.gm * r[i] * r[j] / (r2 * distance) + 4.0 * v[i] * v[j])
                by_r[i, j] -= 3.0 * whole * r[j] / r2
                by_v[i, j] += k * (-2.0 * r[i] * v[j] + 4.0 * (r[j] * v[i] + rv * one))
    mass = model.mass[0] - model.mass[2] * (t - model.mass[1])
    light, air = np.zeros(3), np.zeros(3)
    if model.light != 0.0:
        sunlight(model, sun, r, light)
        for i in range(3):
            light[i] /= mass
            d[i] = r[i] - sun[i]
        l2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
        along = light[0] * d[0] + light[1] * d[1] + light[2] * d[2]
        for i in range(3):
            for j in range(3):  # light = k d / d^3
                by_r[i, j] += along / l2 * ((1.0 if i == j else 0.0) - 3.0 * d[i] * d[j] / l2)
        if model.sun >= 0:
            by_place(r, sun, shadowing(model), SUN_RADIUS_KM, room[3])
            k = model.light / (mass * l2 * np.sqrt(l2))
            for i in range(3):
                for j in range(3):
                    by_r[i, j] += k * d[i] * room[3, j]
    if model.air != 0.0:
        resistance(model, m, sun, et, r, v, room[2], air)
        for i in range(3):
            air[i] /= mass
    if model.air != 0.0 or model.law == VELOCITY or model.law == RTN:
        _differenced(model, m, sun, et, r, v, mass, room[2], by_r, by_v)
    if model.law != NO_THRUST:
        axes(model.law, r, v, g)
    for p in range(kinds.size):
        kind = kinds[p]
        for i in range(3):
            if kind == 0:
                by_p[i, p] = pull[i] / model.gm
            elif kind == 1:
                by_p[i, p] = light[i]
            elif kind == 2:
                by_p[i, p] = air[i]
            elif kind == 3:
                by_p[i, p] = (g[i, 0] * model.thrust[0] + g[i, 1] * model.thrust[1] + g[i, 2] * model.thrust[2]) / (1e3 * mass)
            elif kind >= 4:
                by_p[i, p] = g[i, kind - 4] / (1e3 * mass)


@inner
def _bent(model: Model, m: Reals, sun: Reals, et: float, r: Reals, v: Reals, mass: float, shape: Reals, out: Reals) -> None:
    out[0], out[1], out[2] = 0.0, 0.0, 0.0
    if model.air != 0.0:
        resistance(model, m, sun, et, r, v, shape, out)
        for i in range(3):
            out[i] /= mass
    if model.law == VELOCITY or model.law == RTN:
        frame = np.empty((3, 3))
        axes(model.law, r, v, frame)
        for i in range(3):
            out[i] += (frame[i, 0] * model.thrust[0] + frame[i, 1] * model.thrust[1] + frame[i, 2] * model.thrust[2]) / (
                1e3 * mass
            )


@inner
def _differenced(
    model: Model, m: Reals, sun: Reals, et: float, r: Reals, v: Reals, mass: float, shape: Reals, by_r: Reals, by_v: Reals
) -> None:
    """Add derivatives of air and thrust by central differences: 10 m and 1 cm/s."""
    plus, minus, moved = np.empty(3), np.empty(3), np.empty(3)
    for j in range(3):
        for i in range(3):
            moved[i] = r[i]
        moved[j] = r[j] + 0.01
        _bent(model, m, sun, et, moved, v, mass, shape, plus)
        moved[j] = r[j] - 0.01
        _bent(model, m, sun, et, moved, v, mass, shape, minus)
        for i in range(3):
            by_r[i, j] += (plus[i] - minus[i]) / 0.02
        for i in range(3):
            moved[i] = v[i]
        moved[j] = v[j] + 1e-5
        _bent(model, m, sun, et, r, moved, mass, shape, plus)
        moved[j] = v[j] - 1e-5
        _bent(model, m, sun, et, r, moved, mass, shape, minus)
        for i in range(3):
            by_v[i, j] += (plus[i] - minus[i]) / 2e-5
