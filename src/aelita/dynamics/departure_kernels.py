"""Compiled flight of an upper stage outside of the atmosphere: coasts (Dormand and Prince 1980, order 5) and burns.

A state has position (km), velocity (km/s), both of date, mass (kg) and the speed that thrust has given (km/s).
"""

import numpy as np
from numpy.typing import NDArray

from .compiling import kept
from .earth_model import GM_KM3_S2, J2, gravity

Reals = NDArray[np.float64]

ALONG, TO_ASYMPTOTE = range(2)
FREEZE_KM_S = 0.03  # velocity to be gained below which the direction is held
FAILED = -1.0


@kept()
def coast(start: Reals, duration_s: float, j2: float = J2, tolerance: float = 1e-11) -> Reals:
    """Return the state after a coast, forward or backward. The local error is `tolerance` of position and velocity."""
    y = start.copy()
    k = np.zeros((7, 6))
    sign = 1.0 if duration_s >= 0.0 else -1.0
    left, dt = abs(duration_s), 10.0
    while left > 1e-9:
        dt = min(dt, left)
        h = sign * dt
        for n in range(7):
            s = np.empty(6)
            for m in range(6):
                s[m] = y[m]
            if n == 1:
                for m in range(6):
                    s[m] += h * 0.2 * k[0, m]
            elif n == 2:
                for m in range(6):
                    s[m] += h * (3.0 / 40.0 * k[0, m] + 9.0 / 40.0 * k[1, m])
            elif n == 3:
                for m in range(6):
                    s[m] += h * (44.0 / 45.0 * k[0, m] - 56.0 / 15.0 * k[1, m] + 32.0 / 9.0 * k[2, m])
            elif n == 4:
                for m in range(6):
                    s[m] += h * (
                        19372.0 / 6561.0 * k[0, m]
                        - 25360.0 / 2187.0 * k[1, m]
                        + 64448.0 / 6561.0 * k[2, m]
                        - 212.0 / 729.0 * k[3, m]
                    )
            elif n == 5:
                for m in range(6):
                    s[m] += h * (
                        9017.0 / 3168.0 * k[0, m] - 355.0 / 33.0 * k[1, m] + 46732.0 / 5247.0 * k[2, m] + 49.0 / 176.0 * k[3, m]
                        - 5103.0 / 18656.0 * k[4, m]
                    )  # fmt: skip
            elif n == 6:
                for m in range(6):
                    s[m] += h * (
                        35.0 / 384.0 * k[0, m] + 500.0 / 1113.0 * k[2, m] + 125.0 / 192.0 * k[3, m] - 2187.0 / 6784.0 * k[4, m]
                        + 11.0 / 84.0 * k[5, m]
                    )  # fmt: skip
            ax, ay, az = gravity(s[0], s[1], s[2], j2)
            k[n, 0], k[n, 1], k[n, 2], k[n, 3], k[n, 4], k[n, 5] = s[3], s[4], s[5], ax, ay, az
        worst = 0.0
        for m in range(6):
            error = h * (
                71.0 / 57600.0 * k[0, m] - 71.0 / 16695.0 * k[2, m] + 71.0 / 1920.0 * k[3, m] - 17253.0 / 339200.0 * k[4, m]
                + 22.0 / 525.0 * k[5, m] - 1.0 / 40.0 * k[6, m]
            )  # fmt: skip
            scale = 6500.0 if m < 3 else 8.0
            worst = max(worst, abs(error) / scale)
        worst = worst / tolerance
        if worst <= 1.0:
            for m in range(6):
                y[m] += h * (
                    35.0 / 384.0 * k[0, m] + 500.0 / 1113.0 * k[2, m] + 125.0 / 192.0 * k[3, m] - 2187.0 / 6784.0 * k[4, m]
                    + 11.0 / 84.0 * k[5, m]
                )  # fmt: skip
            left -= dt
        dt *= min(5.0, max(0.2, 0.9 * max(worst, 1e-10) ** -0.2))
    return y


@kept()
def required_velocity(position: Reals, velocity: Reals, asymptote: Reals, speed_km_s: float) -> Reals:
    """Return the velocity at a place with which two bodies leave each other along a unit vector at a speed (Battin 1999, 7.2).

    Of the two hyperbolas it is the one that turns as the present velocity does. Undefined opposite to the asymptote.
    """
    r = np.sqrt(position[0] ** 2 + position[1] ** 2 + position[2] ** 2)
    cosine = (position[0] * asymptote[0] + position[1] * asymptote[1] + position[2] * asymptote[2]) / r
    d = np.sqrt(GM_KM3_S2 / (r * (1.0 + cosine)) + 0.25 * speed_km_s * speed_km_s)
    if (np.cross(position, velocity) * np.cross(position, asymptote)).sum() < 0.0:  # more than half a turn to go
        d = -d
    out = np.empty(3)
    for n in range(3):
        out[n] = (d + 0.5 * speed_km_s) * asymptote[n] + (d - 0.5 * speed_km_s) * position[n] / r
    return out


@kept()
def _gain(y: Reals, goal: Reals, belief: Reals, out: Reals) -> float:
    """Set the direction of the velocity to be gained, as the stage believes it; return its size."""
    place, speed = np.empty(3), np.empty(3)
    for n in range(3):
        place[n] = y[n] + belief[n]
        speed[n] = y[3 + n]
    need = required_velocity(place, speed, goal[:3], goal[3])
    size = 0.0
    for n in range(3):
        need[n] -= y[3 + n] + belief[3 + n]
        size += need[n] * need[n]
    size = np.sqrt(size)
    for n in range(3):
        out[n] = need[n] / size
    return size


@kept()
def _rates(y: Reals, law: int, thrust: float, flow: float, goal: Reals, belief: Reals, frozen: Reals, out: Reals) -> None:
    ax, ay, az = gravity(y[0], y[1], y[2], J2)
    u = np.empty(3)
    if frozen[3] > 0.0:
        u[0], u[1], u[2] = frozen[0], frozen[1], frozen[2]
    elif law == ALONG:
        v = np.sqrt(y[3] ** 2 + y[4] ** 2 + y[5] ** 2)
        u[0], u[1], u[2] = y[3] / v, y[4] / v, y[5] / v
    else:
        _gain(y, goal, belief, u)
    push = thrust / y[6] / 1000.0
    out[0], out[1], out[2] = y[3], y[4], y[5]
    # `belief[6:9]` turns the thrust by small angles about the axes
    out[3] = ax + push * (u[0] + belief[7] * u[2] - belief[8] * u[1])
    out[4] = ay + push * (u[1] + belief[8] * u[0] - belief[6] * u[2])
    out[5] = az + push * (u[2] + belief[6] * u[1] - belief[7] * u[0])
    out[6], out[7] = -flow, push


@kept()
def _advance(
    y: Reals, dt: float, law: int, thrust: float, flow: float, goal: Reals, belief: Reals, frozen: Reals, k: Reals, out: Reals
) -> None:
    mid = k[4]
    _rates(y, law, thrust, flow, goal, belief, frozen, k[0])
    for n in range(8):
        mid[n] = y[n] + 0.5 * dt * k[0, n]
    _rates(mid, law, thrust, flow, goal, belief, frozen, k[1])
    for n in range(8):
        mid[n] = y[n] + 0.5 * dt * k[1, n]
    _rates(mid, law, thrust, flow, goal, belief, frozen, k[2])
    for n in range(8):
        mid[n] = y[n] + dt * k[2, n]
    _rates(mid, law, thrust, flow, goal, belief, frozen, k[3])
    for n in range(8):
        out[n] = y[n] + dt * (k[0, n] + 2.0 * k[1, n] + 2.0 * k[2, n] + k[3, n]) / 6.0


@kept()
def _done(y: Reals, law: int, goal: Reals, belief: Reals, frozen: Reals) -> bool:
    if law == ALONG:
        r = np.sqrt(y[0] ** 2 + y[1] ** 2 + y[2] ** 2)
        return 0.5 * (y[3] ** 2 + y[4] ** 2 + y[5] ** 2) - GM_KM3_S2 / r >= -0.5 * GM_KM3_S2 / goal[4]
    u = np.empty(3)
    size = _gain(y, goal, belief, u)
    return frozen[3] > 0.0 and size * (u[0] * frozen[0] + u[1] * frozen[1] + u[2] * frozen[2]) <= 0.0


@kept()
def burn(
    start: Reals, law: int, thrust: float, flow: float, goal: Reals, belief: Reals, dt: float, longest_s: float, least_kg: float
) -> tuple[float, Reals]:
    """Return duration and state of a burn: along the velocity up to a semi-major axis, or towards an asymptote.

    `goal`: asymptote (3), its speed, semi-major axis (km). `belief`: what the stage wrongly thinks of its place (3) and velocity
    (3), and by what small rotation (rad, 3) its thrust is off. A burn longer than asked or below `least_kg` returns -1.
    """
    y, new, k, frozen = start.copy(), np.empty(8), np.zeros((5, 8)), np.zeros(4)
    t = 0.0
    while t < longest_s and y[6] > least_kg:
        if law == TO_ASYMPTOTE and frozen[3] == 0.0:
            u = np.empty(3)
            if _gain(y, goal, belief, u) < FREEZE_KM_S:
                frozen[0], frozen[1], frozen[2], frozen[3] = u[0], u[1], u[2], 1.0
        _advance(y, dt, law, thrust, flow, goal, belief, frozen, k, new)
        if _done(new, law, goal, belief, frozen):
            low, high = 0.0, dt
            for _ in range(50):
                middle = 0.5 * (low + high)
                _advance(y, middle, law, thrust, flow, goal, belief, frozen, k, new)
                if _done(new, law, goal, belief, frozen):
                    high = middle
                else:
                    low = middle
            _advance(y, high, law, thrust, flow, goal, belief, frozen, k, new)
            return t + high, new
        for n in range(8):
            y[n] = new[n]
        t += dt
    return FAILED, y
