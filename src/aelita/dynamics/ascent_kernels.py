"""Compiled flight of an ascent: three degrees of freedom, phase by phase, fourth-order Runge-Kutta with fixed steps.

A row of `phases`: law, thrust in vacuum (N), exit area (m2), flow (kg/s), end (0: after seconds, 1: after kilograms burned,
2: at a semi-major axis), its value, mass dropped at the end (kg), limit of acceleration (m/s2).
Laws: 0 along the wind; 1 tan(pitch) of the stages; 2 that of the first burn of the upper stage; 3 no thrust; 4 up, then kick.
`steering`: vertical_s, kick_s, kick_rad, azimuth_rad, a, b, scale_s, start_s (set when law 1 begins), a1, b1, start1_s.
"""

import numpy as np
from numpy.typing import NDArray

from .compiling import kept
from .earth_model import GM_KM3_S2, J2, POLAR_KM, RADIUS_KM, ROTATION_RAD_S, gravity, height_km
from .standard_atmosphere import air

Reals = NDArray[np.float64]

LAW, THRUST, AREA, FLOW, END, VALUE, DROP, LIMIT = range(8)
VERTICAL_S, KICK_S, KICK, AZIMUTH, A, B, SCALE_S, START_S, A1, B1, START1_S = range(11)
WIND, TANGENT, FIRST, COAST, LIFT = range(5)
AFTER_SECONDS, AFTER_KILOGRAMS, AT_AXIS = range(3)
COLUMNS = 14  # t, state (7), height, air speed, dynamic pressure, acceleration, heat flux, Mach
ROWS = 8000


@kept()
def direction(y: Reals, t: float, law: int, steering: Reals, out: Reals) -> None:
    """Set the unit vector of thrust, of date."""
    r = np.sqrt(y[0] * y[0] + y[1] * y[1] + y[2] * y[2])
    if law == LIFT:
        zz = y[2] * (RADIUS_KM / POLAR_KM) ** 2  # up is the normal of the ellipsoid
        n = np.sqrt(y[0] * y[0] + y[1] * y[1] + zz * zz)
        ux, uy, uz = y[0] / n, y[1] / n, zz / n
        tilt = steering[KICK] * max(0.0, t - steering[VERTICAL_S]) / steering[KICK_S]
        across = np.sqrt(ux * ux + uy * uy)
        ex, ey = -uy / across, ux / across
        nx, ny, nz = -uz * ux / across, -uz * uy / across, across
        sa, ca = np.sin(steering[AZIMUTH]) * np.sin(tilt), np.cos(steering[AZIMUTH]) * np.sin(tilt)
        out[0] = ux * np.cos(tilt) + ex * sa + nx * ca
        out[1] = uy * np.cos(tilt) + ey * sa + ny * ca
        out[2] = uz * np.cos(tilt) + nz * ca
        return
    if law == WIND:
        u, v, w = y[3] + ROTATION_RAD_S * y[1], y[4] - ROTATION_RAD_S * y[0], y[5]
        speed = np.sqrt(u * u + v * v + w * w)
        out[0], out[1], out[2] = u / speed, v / speed, w / speed
        return
    ux, uy, uz = y[0] / r, y[1] / r, y[2] / r
    climb = y[3] * ux + y[4] * uy + y[5] * uz
    hx, hy, hz = y[3] - climb * ux, y[4] - climb * uy, y[5] - climb * uz
    h = np.sqrt(hx * hx + hy * hy + hz * hz)
    if law == TANGENT:
        tangent = steering[A] + steering[B] * (t - steering[START_S]) / steering[SCALE_S]
    else:
        tangent = steering[A1] + steering[B1] * (t - steering[START1_S]) / steering[SCALE_S]
    c = 1.0 / np.sqrt(1.0 + tangent * tangent)
    out[0], out[1], out[2] = c * (hx / h + tangent * ux), c * (hy / h + tangent * uy), c * (hz / h + tangent * uz)


@kept()
def rates(
    y: Reals, t: float, phase: Reals, steering: Reals, area: float, mach: Reals, drag: Reals, out: Reals, extra: Reals
) -> None:
    """Set the rates of position (km), velocity (km/s) and mass (kg); `extra` gets what a record wants besides."""
    gx, gy, gz = gravity(y[0], y[1], y[2], J2)
    h = height_km(y[0], y[1], y[2])
    density, pressure, sound = air(h)
    u, v, w = y[3] + ROTATION_RAD_S * y[1], y[4] - ROTATION_RAD_S * y[0], y[5]
    speed = np.sqrt(u * u + v * v + w * w)
    number = 1000.0 * speed / sound
    pull = 0.5 * density * 1e6 * speed * area * np.interp(number, mach, drag) / y[6] / 1000.0  # 1/s: per km/s of air speed
    out[0], out[1], out[2] = y[3], y[4], y[5]
    ax, ay, az = -pull * u, -pull * v, -pull * w
    out[6] = 0.0
    if phase[THRUST] > 0.0:
        thrust = phase[THRUST] - pressure * phase[AREA]
        part = min(1.0, phase[LIMIT] * y[6] / thrust)
        direction(y, t, int(phase[LAW]), steering, extra[3:6])
        push = part * thrust / y[6] / 1000.0
        ax, ay, az = ax + push * extra[3], ay + push * extra[4], az + push * extra[5]
        out[6] = -part * phase[FLOW]
    out[3], out[4], out[5] = gx + ax, gy + ay, gz + az
    extra[0], extra[1], extra[2] = h, speed, 0.5 * density * 1e6 * speed * speed
    extra[6] = 1000.0 * np.sqrt(ax * ax + ay * ay + az * az)
    extra[7] = 0.5 * density * (1000.0 * speed) ** 3
    extra[8] = number


@kept()
def step(
    y: Reals, t: float, dt: float, phase: Reals, steering: Reals, area: float, mach: Reals, drag: Reals, work: Reals, out: Reals
) -> None:
    """Set the state after one step; `work` has six rows of nine."""
    k1, k2, k3, k4, mid, extra = work[0], work[1], work[2], work[3], work[4], work[5]
    rates(y, t, phase, steering, area, mach, drag, k1, extra)
    for n in range(7):
        mid[n] = y[n] + 0.5 * dt * k1[n]
    rates(mid, t + 0.5 * dt, phase, steering, area, mach, drag, k2, extra)
    for n in range(7):
        mid[n] = y[n] + 0.5 * dt * k2[n]
    rates(mid, t + 0.5 * dt, phase, steering, area, mach, drag, k3, extra)
    for n in range(7):
        mid[n] = y[n] + dt * k3[n]
    rates(mid, t + dt, phase, steering, area, mach, drag, k4, extra)
    for n in range(7):
        out[n] = y[n] + dt * (k1[n] + 2.0 * k2[n] + 2.0 * k3[n] + k4[n]) / 6.0


@kept()
def excess(y: Reals, axis_km: float) -> float:
    """Return how much energy a state has over that of a semi-major axis."""
    r = np.sqrt(y[0] * y[0] + y[1] * y[1] + y[2] * y[2])
    return 0.5 * (y[3] * y[3] + y[4] * y[4] + y[5] * y[5]) - GM_KM3_S2 / r + 0.5 * GM_KM3_S2 / axis_km


@kept()
def record(history: Reals, row: int, y: Reals, t: float, extra: Reals) -> int:
    """Write a row of the history and return the next."""
    if row < history.shape[0]:
        history[row, 0] = t
        history[row, 1:8] = y[:7]
        history[row, 8], history[row, 9], history[row, 10] = extra[0], extra[1], extra[2]
        history[row, 11], history[row, 12], history[row, 13] = extra[6], extra[7], extra[8]
        return row + 1
    return row


@kept()
def fly(
    start: Reals, start_s: float, phases: Reals, steering: Reals, area: float, mach: Reals, drag: Reals, fairing: Reals,
    dt: float, history: Reals, ends: Reals, longest_s: float,
) -> int:  # fmt: skip
    """Fly all phases; return the number of rows of history. `ends` gets time and state at the end of each, after what drops.

    `fairing`: mass (kg, 0 when gone), limit (W/m2), phase that opens it, delay (s); its fourth and fifth then get the time
    and row of its going. A phase that lasts longer than `longest_s` is given up: its end is NaN.
    """
    y, new, t, row = start.copy(), np.zeros(9), start_s, 0
    work = np.zeros((6, 9))
    opens = 1e30
    for p in range(phases.shape[0]):
        phase = phases[p]
        if phase[LAW] == TANGENT and steering[START_S] < 0.0:
            steering[START_S] = t
        if phase[LAW] == FIRST and steering[START1_S] < 0.0:
            steering[START1_S] = t
        if p == int(fairing[2]):
            opens = t + fairing[3]
        begun, full = t, y[6]
        shed = 0.0
        while True:
            rates(y, t, phase, steering, area, mach, drag, work[0], work[5])
            row = record(history, row, y, t, work[5])
            if fairing[0] > 0.0 and t >= opens - 1e-9 and work[5, 7] <= fairing[1]:
                y[6] -= fairing[0]
                shed += fairing[0]
                fairing[4], fairing[5], fairing[0] = t, row, 0.0
                continue
            now, last = dt, False
            if phase[END] == AFTER_SECONDS:
                if begun + phase[VALUE] - t <= now:
                    now, last = begun + phase[VALUE] - t, True
            elif phase[END] == AFTER_KILOGRAMS:
                left = phase[VALUE] - (full - shed - y[6])
                if left <= -work[0, 6] * now:
                    now = left / -work[0, 6]
                    last = left < 1e-7 or now < 1e-9  # a nanosecond: less may be lost in the rounding of the mass
            if fairing[0] > 0.0 and t < opens - 1e-9 and t + now > opens:
                now, last = opens - t, False
            step(y, t, now, phase, steering, area, mach, drag, work, new)
            if phase[END] == AT_AXIS and excess(new, phase[VALUE]) >= 0.0:
                low, high = 0.0, now
                for _ in range(60):
                    middle = 0.5 * (low + high)
                    step(y, t, middle, phase, steering, area, mach, drag, work, new)
                    if excess(new, phase[VALUE]) >= 0.0:
                        high = middle
                    else:
                        low = middle
                now, last = high, True
            for n in range(7):
                y[n] = new[n]
            t += now
            if last:
                break
            if t - begun > longest_s or not work[5, 0] > -1.0 or not y[6] > 0.0:
                ends[p:, :] = np.nan
                return row
        rates(y, t, phase, steering, area, mach, drag, work[0], work[5])
        row = record(history, row, y, t, work[5])
        y[6] -= phase[DROP]
        ends[p, 0] = t
        ends[p, 1:8] = y[:7]
    return row
