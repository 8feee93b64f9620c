"""When to lift off: the plane of the parking orbit turns with the Earth, and twice a day an asymptote lies in it.

An asymptote whose declination exceeds the orbit's inclination never does; then the last burn must turn the plane. What a
turn costs is that of the best impulse from the perigee of the orbit before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import acos, cos, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from ..time import SECOND
from .ascent import Ascent
from .asymptote import Asymptote
from .earth_model import GM_KM3_S2, RADIUS_KM, ROTATION_RAD_S, Reals, from_j2000
from .launcher import Launcher

Epochs = NDArray[np.int64]

CONTACT_RAD = 1e-9


@dataclass(frozen=True, slots=True)
class LaunchPlane:
    """The plane of a launcher's parking orbit after a reference liftoff (TAI ns), its normal of date at that liftoff."""

    reference_tai_ns: int
    normal: Reals
    inclination_rad: float

    @staticmethod
    def of(ascent: Ascent, liftoff_tai_ns: int) -> "LaunchPlane":
        """Return the plane that an ascent flown at an instant reaches."""
        normal = np.cross(ascent.orbit[:3], ascent.orbit[3:6])
        return LaunchPlane(liftoff_tai_ns, normal / np.linalg.norm(normal), ascent.inclination_rad)

    def normals(self, liftoffs_tai_ns: Epochs | Sequence[int]) -> Reals:
        """Return the normals (n, 3) after other liftoffs: the Earth carries the plane along, and nothing else changes."""
        angle = ROTATION_RAD_S * (np.asarray(liftoffs_tai_ns, np.int64) - self.reference_tai_ns) / SECOND
        x, y, z = self.normal
        return np.column_stack(
            [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle), np.full(angle.shape, z)]
        )

    def miss_rad(self, asymptote: Asymptote, liftoffs_tai_ns: Epochs | Sequence[int]) -> Reals:
        """Return the angle of an asymptote out of the plane, for liftoffs."""
        toward = from_j2000(int(np.asarray(liftoffs_tai_ns, np.int64)[0])) @ asymptote.direction
        return np.asarray(np.arcsin(np.clip(self.normals(liftoffs_tai_ns) @ toward, -1.0, 1.0)))


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A best time of liftoff for an asymptote: how far it is out of the plane then, what that costs, and how long it may slip.

    `way` is the branch: `rising` when the plane sweeps over the asymptote from one side, `setting` from the other, `nearest`
    when it never reaches it. Between `opens` and `closes` (TAI ns) the turn costs at most what was allowed; they are equal to
    the best when even that costs more. `margin_kg` is the propellant beyond the reserves at the best time, where it was worked
    out.
    """

    liftoff_tai_ns: int
    way: str
    asymptote: Asymptote
    miss_rad: float
    cost_km_s: float
    opens_tai_ns: int
    closes_tai_ns: int
    allowed_km_s: float
    margin_kg: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the best time is within what was allowed."""
        return self.cost_km_s <= self.allowed_km_s


def turn_cost_km_s(asymptote: Asymptote, miss_rad: float, *, perigee_km: float, apogee_km: float) -> float:
    """Return what it costs more to depart to an asymptote out of the orbit's plane by an angle than to one in it (km/s)."""
    in_plane = departure_impulse_km_s(asymptote, 0.0, perigee_km=perigee_km, apogee_km=apogee_km)
    return departure_impulse_km_s(asymptote, miss_rad, perigee_km=perigee_km, apogee_km=apogee_km) - in_plane


def departure_impulse_km_s(asymptote: Asymptote, miss_rad: float, *, perigee_km: float, apogee_km: float) -> float:
    """Return the least impulse (km/s) to an asymptote out of the plane by an angle, from the perigee of an orbit.

    Perigee and apogee are heights over the equator's radius; the apsides are placed where it costs least.
    """
    excess_km_s = asymptote.speed_km_s
    radius, far = RADIUS_KM + perigee_km, RADIUS_KM + apogee_km
    speed = sqrt(2.0 * GM_KM3_S2 * (1.0 / radius - 1.0 / (radius + far)))
    middle, reach = acos(-1.0 / (1.0 + radius * excess_km_s**2 / GM_KM3_S2)), 1.5
    best = np.inf
    for _ in range(6):  # ever finer around the best angle in the plane, from the place of departure to the asymptote
        angles = np.linspace(middle - reach, middle + reach, 31)
        goals = np.column_stack([cos(miss_rad) * np.cos(angles), cos(miss_rad) * np.sin(angles), np.full(31, sin(miss_rad))])
        costs = _gains_km_s(goals, radius, speed, excess_km_s)
        n = int(np.argmin(costs))
        best, middle, reach = min(best, float(costs[n])), float(angles[n]), reach / 12.0
    return best


def _gains_km_s(goals: Reals, radius: float, speed: float, excess_km_s: float) -> Reals:
    """Return the impulses from a place on the x axis with a speed along y; as `required_velocity`, for many asymptotes."""
    with np.errstate(divide="ignore", invalid="ignore"):
        d = np.sqrt(GM_KM3_S2 / (radius * (1.0 + goals[:, 0])) + 0.25 * excess_km_s**2)
        d = np.where(goals[:, 1] < 0.0, -d, d)
        gains = (d + 0.5 * excess_km_s)[:, None] * goals
        gains[:, 0] += d - 0.5 * excess_km_s
        gains[:, 1] -= speed
    return np.nan_to_num(np.linalg.norm(gains, axis=1), nan=np.inf)


def launch_opportunities(
    launcher: Launcher, plane: LaunchPlane, day_tai_ns: int, asymptote: Asymptote, *, apogee_km: float, allowed_km_s: float
) -> tuple[Opportunity, ...]:
    """Return the best times of liftoff within a day that begins at an instant (TAI ns), in order.

    Two when the plane sweeps over the asymptote, one where it comes nearest when it does not. `apogee_km` is of the orbit from
    which the last burn departs, `allowed_km_s` what a turn of the plane may cost: below zero nothing
    is open.
    """
    times = day_tai_ns + (np.arange(0, 1441) * 60 * SECOND).astype(np.int64)
    miss = plane.miss_rad(asymptote, times)
    found: list[tuple[int, str]] = []
    for n in np.flatnonzero(np.sign(miss[:-1]) != np.sign(miss[1:])):
        found.append(
            (_root(plane, asymptote, int(times[n]), int(times[n + 1])), "rising" if miss[n] < miss[n + 1] else "setting")
        )
    if not found:
        found = [(int(times[int(np.argmin(np.abs(miss)))]), "nearest")]
    rows = []
    for at, way in found:
        off = abs(float(plane.miss_rad(asymptote, [at])[0]))
        cost = turn_cost_km_s(asymptote, off, perigee_km=launcher.parking_km, apogee_km=apogee_km) if off > CONTACT_RAD else 0.0
        row = Opportunity(at, way, asymptote, off, cost, at, at, allowed_km_s)
        rows.append(allowed(launcher, plane, row, apogee_km=apogee_km, allowed_km_s=allowed_km_s))
    return tuple(sorted(rows, key=lambda row: row.liftoff_tai_ns))


def allowed(
    launcher: Launcher, plane: LaunchPlane, row: Opportunity, *, apogee_km: float, allowed_km_s: float,
    margin_kg: float | None = None,
) -> Opportunity:  # fmt: skip
    """Return an opportunity with another price that a turn may cost, and how long it may slip for that."""
    at, reach = row.liftoff_tai_ns, -1.0
    if allowed_km_s >= 0.0:
        reach = _reach_rad(launcher, row.asymptote, apogee_km, allowed_km_s)
    opens, closes = _edges(plane, row.asymptote, at, reach) if row.miss_rad <= reach else (at, at)
    return replace(row, opens_tai_ns=opens, closes_tai_ns=closes, allowed_km_s=allowed_km_s, margin_kg=margin_kg)


def launch_windows(
    launcher: Launcher, plane: LaunchPlane, days: Sequence[tuple[int, Asymptote]], *, apogee_km: float, allowed_km_s: float
) -> tuple[Opportunity, ...]:
    """Return the best times of liftoff on many days, each given by its first instant (TAI ns) and its asymptote."""
    return tuple(
        row
        for day, asymptote in days
        for row in launch_opportunities(launcher, plane, day, asymptote, apogee_km=apogee_km, allowed_km_s=allowed_km_s)
    )


def allowed_turn_km_s(launcher: Launcher, mass_kg: float, margin_kg: float) -> float:
    """Return the speed that a margin of propellant gives at the end of the last burn, when the stack weighs `mass_kg`.

    Below zero for a margin below zero: the speed that is lacking.
    """
    return float(launcher.upper.engine.exhaust_km_s * np.log(mass_kg / (mass_kg - margin_kg)))


def asymptotes_in_plane(plane: LaunchPlane, liftoff_tai_ns: int, declinations_rad: Reals) -> Reals:
    """Return the right ascensions of date (n, 2) of directions in the plane of a liftoff, NaN where there are none.

    What a published time of liftoff says of an asymptote: it is near one of these curves.
    """
    x, y, z = plane.normals([liftoff_tai_ns])[0]
    across = np.hypot(x, y)
    with np.errstate(invalid="ignore"):
        swing = np.arccos(-np.tan(declinations_rad) * z / across)
    middle = np.arctan2(y, x)
    return np.column_stack([middle - swing, middle + swing]) % (2.0 * pi)


def _reach_rad(launcher: Launcher, asymptote: Asymptote, apogee_km: float, allowed_km_s: float) -> float:
    """Return the angle out of the plane that costs just what is allowed."""
    low, high = 0.0, 0.5 * pi * 0.98
    if turn_cost_km_s(asymptote, high, perigee_km=launcher.parking_km, apogee_km=apogee_km) <= allowed_km_s:
        return high
    for _ in range(30):
        middle = 0.5 * (low + high)
        if turn_cost_km_s(asymptote, middle, perigee_km=launcher.parking_km, apogee_km=apogee_km) <= allowed_km_s:
            low = middle
        else:
            high = middle
    return low


def _root(plane: LaunchPlane, asymptote: Asymptote, low: int, high: int) -> int:
    at_low = float(plane.miss_rad(asymptote, [low])[0])
    while high - low > 1_000_000:  # a millisecond
        middle = (low + high) // 2
        if (float(plane.miss_rad(asymptote, [middle])[0]) < 0.0) == (at_low < 0.0):
            low = middle
        else:
            high = middle
    return (low + high) // 2


def _edges(plane: LaunchPlane, asymptote: Asymptote, best: int, reach_rad: float) -> tuple[int, int]:
    """Return how far before and after the best time the angle stays within reach, to a second, at most half a day."""
    edges = []
    for sign in (-1, 1):
        times = best + sign * (np.arange(0, 43201) * SECOND).astype(np.int64)
        beyond = np.flatnonzero(np.abs(plane.miss_rad(asymptote, times)) > reach_rad)
        edges.append(int(times[max(0, int(beyond[0]) - 1)] if beyond.size else times[-1]))
    return edges[0], edges[1]
