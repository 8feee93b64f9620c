"""Pork-chops: what every pair of departure and arrival days asks of the launcher and of the spacecraft, and the best pair.

Planets are points on DE440 and the transfer is a conic about the Sun (patched conics): C3 is good to about 0.1 km2/s2 and the
asymptotes to about a degree, beside which n-body targeting is the truth (see `cruise`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import state
from ..errors import UsageError
from ..octets import compiled
from ..time import DAY, SECOND
from .lambert import solve_lambert, solve_row

Grid = NDArray[np.float64]
Column = NDArray[np.int64]
GM_SUN_KM3_S2 = 132712440041.27942  # DE440 (Park et al., Astron. J. 161:105, 2021)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One conic from planet to planet: velocities at both ends relative to the planets, km/s in J2000."""

    departure_tai_ns: int
    arrival_tai_ns: int
    departure_excess_km_s: Grid
    arrival_excess_km_s: Grid

    @property
    def c3_km2_s2(self) -> float:
        """Twice the energy of the escape."""
        return float(self.departure_excess_km_s @ self.departure_excess_km_s)

    @property
    def departure_declination_deg(self) -> float:
        """Declination of the departure asymptote over the equator of J2000 (DLA)."""
        return float(np.degrees(np.arcsin(self.departure_excess_km_s[2] / np.linalg.norm(self.departure_excess_km_s))))

    @property
    def departure_right_ascension_deg(self) -> float:
        """Right ascension of the departure asymptote (RLA), 0 to 360."""
        return float(np.degrees(np.arctan2(self.departure_excess_km_s[1], self.departure_excess_km_s[0]))) % 360

    @property
    def arrival_speed_km_s(self) -> float:
        """Hyperbolic excess speed at arrival."""
        return float(np.linalg.norm(self.arrival_excess_km_s))

    @property
    def flight_days(self) -> float:
        """Time of flight."""
        return (self.arrival_tai_ns - self.departure_tai_ns) / DAY


@dataclass(frozen=True, slots=True)
class PorkChop:
    """Figures of every pair: rows are arrivals, columns departures; NaN where arrival is not after departure."""

    origin: str
    target: str
    departures_tai_ns: Column
    arrivals_tai_ns: Column
    revolutions: int
    high: bool
    c3_km2_s2: Grid
    departure_declination_deg: Grid
    departure_right_ascension_deg: Grid
    arrival_speed_km_s: Grid
    flight_days: Grid

    def best(self, arrival_weight: float = 0.0) -> Transfer:
        """Return the pair with least C3 + `arrival_weight` x (arrival speed)², refined between the days of the grid to minutes.

        Raises UsageError when no pair has a transfer, or when the best stands on the rim of the grid: it may lie outside.
        """
        found, inside = self.least(arrival_weight)
        if not inside:
            raise UsageError("the best pair stands on the rim of the grid", remedy="Widen the dates")
        return found

    def least(self, arrival_weight: float = 0.0) -> tuple[Transfer, bool]:
        """Return the best pair and whether it is inside of the grid: refined as in `best`, on the rim as it stands there.

        Raises UsageError when no pair has a transfer.
        """
        cost = self.c3_km2_s2 + arrival_weight * self.arrival_speed_km_s**2
        if np.isnan(cost).all():
            late = self.arrivals_tai_ns[-1] <= self.departures_tai_ns[0]
            what = "every arrival is before every departure" if late else "no pair of days has a transfer"
            raise UsageError(what, remedy="Widen the dates, or ask for fewer revolutions")
        row, column = (int(each) for each in np.unravel_index(int(np.nanargmin(cost)), cost.shape))
        inside = 0 < row < cost.shape[0] - 1 and 0 < column < cost.shape[1] - 1
        if inside:
            return self._refined(row, column, arrival_weight), True
        pair = int(self.departures_tai_ns[column]), int(self.arrivals_tai_ns[row])
        return transfer(self.origin, self.target, *pair, revolutions=self.revolutions, high=self.high), False

    def _refined(self, row: int, column: int, weight: float) -> Transfer:
        """Return the optimum by grids of ever finer step about the best pair."""
        departure, arrival = int(self.departures_tai_ns[column]), int(self.arrivals_tai_ns[row])
        width = max(int(np.diff(self.departures_tai_ns).max()), int(np.diff(self.arrivals_tai_ns).max()))
        while width > 60 * SECOND:
            offsets = np.linspace(-width, width, 7).astype(np.int64)
            finer = pork_chop(
                self.origin, self.target, departure + offsets, arrival + offsets, revolutions=self.revolutions, high=self.high
            )
            cost = finer.c3_km2_s2 + weight * finer.arrival_speed_km_s**2
            at = np.unravel_index(int(np.nanargmin(cost)), cost.shape)
            departure, arrival = int(finer.departures_tai_ns[at[1]]), int(finer.arrivals_tai_ns[at[0]])
            width = int(width * 0.6)
        return transfer(self.origin, self.target, departure, arrival, revolutions=self.revolutions, high=self.high)


def transfer(
    origin: str, target: str, departure_tai_ns: int, arrival_tai_ns: int, *, revolutions: int = 0, high: bool = False
) -> Transfer:
    """Return the conic about the Sun between two bodies on DE440. Raises UsageError when there is none."""
    _check_ends(origin, target)
    first = state(origin, "SUN", np.array([departure_tai_ns]))[0]
    last = state(target, "SUN", np.array([arrival_tai_ns]))[0]
    flight_s = (arrival_tai_ns - departure_tai_ns) / SECOND
    leaving, coming = solve_lambert(first[:3], last[:3], flight_s, GM_SUN_KM3_S2, revolutions=revolutions, high=high)
    if np.isnan(leaving).any():
        raise UsageError(
            f"no transfer from {origin} to {target} in {flight_s / 86400:.2f} days with {revolutions} revolutions",
            remedy="Arrive later, or with fewer revolutions",
        )
    return Transfer(departure_tai_ns, arrival_tai_ns, leaving[0] - first[3:], coming[0] - last[3:])


def pork_chop(
    origin: str, target: str, departures_tai_ns: Column, arrivals_tai_ns: Column, *, revolutions: int = 0, high: bool = False
) -> PorkChop:
    """Return the figures of all pairs of departure and arrival epochs between two bodies, prograde about the Sun (DE440).

    Raises UsageError for epochs that do not rise, and for bodies between which there is no transfer about the Sun.
    """
    _check_ends(origin, target)
    for name, epochs in (("departures", departures_tai_ns), ("arrivals", arrivals_tai_ns)):
        if epochs.ndim != 1 or epochs.size == 0 or (np.diff(epochs) <= 0).any():
            raise UsageError(f"the {name} are not a rising column of epochs", remedy="Sort them and drop repeated ones")
    first = state(origin, "SUN", departures_tai_ns)
    last = state(target, "SUN", arrivals_tai_ns)
    flight_s = (arrivals_tai_ns[:, None] - departures_tai_ns[None, :]) / SECOND
    figures = _figures(first, last, flight_s, GM_SUN_KM3_S2, revolutions, high)
    days = np.where(np.isnan(figures[0]), np.nan, flight_s / 86400)
    c3, declination, ascension, speed = figures
    return PorkChop(
        origin, target, departures_tai_ns, arrivals_tai_ns, revolutions, high, c3, declination, ascension, speed, days
    )


def _check_ends(origin: str, target: str) -> None:
    names = [each.strip().upper() for each in (origin, target)]
    if names[0] == names[1] or {"SUN", "10", "SOLAR SYSTEM BARYCENTER", "SSB", "0"} & set(names):
        raise UsageError(
            f"there is no transfer about the Sun from {origin} to {target}", remedy="Name two bodies that go round the Sun"
        )


@compiled
def _figures(first: Grid, last: Grid, flight_s: Grid, gm: float, revolutions: int, high: bool) -> Grid:
    """Return C3, declination and right ascension (deg) of the departure asymptote, and arrival speed, of all pairs."""
    made = np.full((4, last.shape[0], first.shape[0]), np.nan)
    leaving, coming = np.empty(3), np.empty(3)
    for row in range(last.shape[0]):
        for column in range(first.shape[0]):
            solve_row(first[column, :3], last[row, :3], flight_s[row, column], gm, revolutions, high, False, leaving, coming)
            out, into = leaving - first[column, 3:], coming - last[row, 3:]
            c3 = np.sum(out * out)
            made[0, row, column] = c3
            made[1, row, column] = np.degrees(np.arcsin(out[2] / np.sqrt(c3)))
            made[2, row, column] = np.degrees(np.arctan2(out[1], out[0])) % 360
            made[3, row, column] = np.sqrt(np.sum(into * into))
    return made
