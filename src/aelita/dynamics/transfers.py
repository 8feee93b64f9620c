"""Broken-plane transfers: two conics about the Sun joined by a manoeuvre in deep space, placed where the whole costs least.

The unknowns are where the manoeuvre takes place (and when, if asked); each leg is Lambert's problem. The cost is given by the
caller as a function of the three changes of velocity, so that a launcher's C3, a fixed size of the manoeuvre or an arrival speed
can be weighed or constrained. Patched conics on DE440, as `porkchop`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import state
from ..errors import UsageError
from ..time import DAY, SECOND
from .lambert import solve_lambert
from .porkchop import GM_SUN_KM3_S2
from .targeting import Solution, minimise

Vector = NDArray[np.float64]
UNIT_KM = 1e6  # scale of the manoeuvre's place
TIME_UNIT_S = 86400.0


@dataclass(frozen=True, slots=True)
class BrokenPlane:
    """A transfer with one manoeuvre: epochs, its place (km about the Sun) and the velocities (km/s, J2000)."""

    departure_tai_ns: int
    manoeuvre_tai_ns: int
    arrival_tai_ns: int
    place_km: Vector
    departure_excess_km_s: Vector
    manoeuvre_km_s: Vector
    arrival_excess_km_s: Vector

    @property
    def c3_km2_s2(self) -> float:
        """Twice the energy of the escape."""
        return float(self.departure_excess_km_s @ self.departure_excess_km_s)

    @property
    def manoeuvre_size_km_s(self) -> float:
        """Size of the manoeuvre in deep space."""
        return float(np.linalg.norm(self.manoeuvre_km_s))

    @property
    def arrival_speed_km_s(self) -> float:
        """Hyperbolic excess speed at arrival."""
        return float(np.linalg.norm(self.arrival_excess_km_s))


Cost = Callable[[BrokenPlane], float]
Conditions = Callable[[BrokenPlane], Vector]


@dataclass(frozen=True, slots=True)
class Ends:
    """What departs where and when, and arrives."""

    origin: str
    target: str
    departure_tai_ns: int
    arrival_tai_ns: int

    def joined(self, place_km: Vector, manoeuvre_tai_ns: int) -> BrokenPlane:
        """Return the transfer through a place at an epoch. Its velocities are NaN when a leg has no conic."""
        first, last = _about_sun(self.origin, self.departure_tai_ns), _about_sun(self.target, self.arrival_tai_ns)
        out_s = (manoeuvre_tai_ns - self.departure_tai_ns) / SECOND
        in_s = (self.arrival_tai_ns - manoeuvre_tai_ns) / SECOND
        leaving, before = solve_lambert(first[:3], place_km, out_s, GM_SUN_KM3_S2)
        after, coming = solve_lambert(place_km, last[:3], in_s, GM_SUN_KM3_S2)
        return BrokenPlane(
            self.departure_tai_ns, manoeuvre_tai_ns, self.arrival_tai_ns, place_km, leaving[0] - first[3:], after[0] - before[0],
            coming[0] - last[3:],
        )  # fmt: skip

    def unbroken(self, manoeuvre_tai_ns: int) -> BrokenPlane:
        """Return the transfer without a manoeuvre, split at an epoch. Raises UsageError when there is none."""
        first, last = _about_sun(self.origin, self.departure_tai_ns), _about_sun(self.target, self.arrival_tai_ns)
        whole_s = (self.arrival_tai_ns - self.departure_tai_ns) / SECOND
        leaving, _ = solve_lambert(first[:3], last[:3], whole_s, GM_SUN_KM3_S2)
        if np.isnan(leaving).any():
            raise UsageError("the ends lie on one line through the Sun", remedy="Move an epoch by an hour")
        place = conic_place_km(first[:3], leaving[0], (manoeuvre_tai_ns - self.departure_tai_ns) / SECOND, GM_SUN_KM3_S2)
        return self.joined(place, manoeuvre_tai_ns)


def broken_plane(
    ends: Ends, manoeuvre_tai_ns: int, cost: Cost, *, conditions: Conditions | None = None, tolerances: tuple[float, ...] = (),
    free_epoch: bool = False, start: BrokenPlane | None = None,
) -> BrokenPlane:  # fmt: skip
    """Return the transfer of least cost with one manoeuvre at (or, with `free_epoch`, near) an epoch.

    `conditions` are held at zero within `tolerances`. The search begins at `start`, or a million kilometres off the unbroken
    transfer on the side that is cheaper. Raises UsageError when no minimum is found.
    """
    first = start or _aside(ends, manoeuvre_tai_ns, cost)

    def made(x: Vector) -> BrokenPlane:
        epoch = first.manoeuvre_tai_ns + (round(float(x[3]) * TIME_UNIT_S * SECOND) if free_epoch else 0)
        return ends.joined(x[:3] * UNIT_KM, epoch)

    began = np.concatenate([first.place_km / UNIT_KM, [0.0] if free_epoch else []])
    steps = np.full(began.size, 0.5)
    found: Solution = minimise(
        lambda x: cost(made(x)), began, steps=steps,
        constraints=None if conditions is None else lambda x: conditions(made(x)), tolerances=tolerances, precision=1e-9,
    )  # fmt: skip
    return made(found.values)


@lru_cache(maxsize=1024)
def _about_sun(body: str, epoch_tai_ns: int) -> Vector:
    row = state(body, "SUN", np.array([epoch_tai_ns]))[0]
    row.flags.writeable = False
    return row


def _aside(ends: Ends, epoch: int, cost: Cost) -> BrokenPlane:
    straight = ends.unbroken(epoch)
    offsets = np.concatenate([np.eye(3), -np.eye(3)]) * UNIT_KM
    tried = [ends.joined(straight.place_km + offset, epoch) for offset in offsets]
    return min(tried, key=cost)


def total_km_s(parking_km: float, gm_departure: float, periapsis_km: float, apoapsis_km: float, gm_arrival: float) -> Cost:
    """Return the cost of the whole: escape from a circular parking orbit, the manoeuvre, and capture into an ellipse, km/s."""

    def cost(transfer: BrokenPlane) -> float:
        escape = np.sqrt(transfer.c3_km2_s2 + 2 * gm_departure / parking_km) - np.sqrt(gm_departure / parking_km)
        coming = np.sqrt(transfer.arrival_speed_km_s**2 + 2 * gm_arrival / periapsis_km)
        kept = np.sqrt(2 * gm_arrival * (1 / periapsis_km - 1 / (periapsis_km + apoapsis_km)))
        return float(escape + transfer.manoeuvre_size_km_s + coming - kept)

    return cost


def best_epoch(ends: Ends, first_tai_ns: int, last_tai_ns: int, cost: Cost, *, step_days: float = 10.0) -> BrokenPlane:
    """Return the best transfer with its manoeuvre anywhere in a span of epochs: a scan, each refined with a free epoch."""
    found = []
    for epoch in range(first_tai_ns, last_tai_ns + 1, round(step_days * DAY)):
        try:
            found.append(broken_plane(ends, epoch, cost))
        except UsageError:
            continue
    if not found:
        raise UsageError("no manoeuvre in this span gives a transfer", remedy="Widen the span")
    best = min(found, key=cost)
    try:
        refined = broken_plane(ends, best.manoeuvre_tai_ns, cost, free_epoch=True, start=best)
    except UsageError:
        return best
    inside = first_tai_ns <= refined.manoeuvre_tai_ns <= last_tai_ns
    return refined if inside and cost(refined) < cost(best) else best


def conic_place_km(position_km: Vector, velocity_km_s: Vector, elapsed_s: float, gm_km3_s2: float) -> Vector:
    """Return the position (km) on a conic after a time, by Kepler's equation in universal variables."""
    r0, rate = float(np.linalg.norm(position_km)), float(position_km @ velocity_km_s) / np.sqrt(gm_km3_s2)
    alpha = 2 / r0 - float(velocity_km_s @ velocity_km_s) / gm_km3_s2
    wanted = np.sqrt(gm_km3_s2) * elapsed_s
    chi = wanted * abs(alpha) if alpha > 0 else np.sign(elapsed_s) * np.cbrt(6 * abs(wanted))
    for _ in range(80):
        c, s = _stumpff(alpha * chi * chi)
        time = rate * chi**2 * c + (1 - alpha * r0) * chi**3 * s + r0 * chi
        radius = chi**2 * c + rate * chi * (1 - alpha * chi * chi * s) + r0 * (1 - alpha * chi * chi * c)
        step = (time - wanted) / radius
        chi -= step
        if abs(step) < 1e-12 * max(1.0, abs(chi)):
            break
    c, s = _stumpff(alpha * chi * chi)
    f, g = 1 - chi**2 / r0 * c, elapsed_s - chi**3 / np.sqrt(gm_km3_s2) * s
    return np.asarray(f * position_km + g * velocity_km_s)


def _stumpff(z: float) -> tuple[float, float]:
    if z > 1e-3:
        root = np.sqrt(z)
        return float((1 - np.cos(root)) / z), float((root - np.sin(root)) / root**3)
    if z < -1e-3:
        root = np.sqrt(-z)
        return float((np.cosh(root) - 1) / -z), float((np.sinh(root) - root) / root**3)
    return 0.5 - z / 24 + z * z / 720, 1 / 6 - z / 120 + z * z / 5040
