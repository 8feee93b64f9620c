"""A restartable upper stage after its parking orbit: burns with gravity losses, coasts, the dropped tank, and every kilogram.

Burns but the last raise the orbit, thrust along the velocity; the last steers along the velocity to be gained until what is
asked of the asymptote is reached, plane included. Between burns it coasts with J2 alone: no drag (0.2 m/s a revolution at
173 km), no Moon or Sun.
"""

from dataclasses import dataclass
from math import acos, atan2, cos, pi, sin, sqrt

import numpy as np

from ..errors import UsageError
from .departure_kernels import ALONG, FAILED, TO_ASYMPTOTE, burn, coast
from .earth_model import GM_KM3_S2, J2, RADIUS_KM, Reals
from .launcher import UpperStage

BURN_STEP_S = 2.0
LONGEST_S = 4000.0
NO_BELIEF = np.zeros(9)
HYPERBOLIC = 1e12


@dataclass(frozen=True, slots=True)
class Burn:
    """A burn: when (s after liftoff), how long, what it gave and cost; `loss_km_s` is over the same gain of energy at perigee.

    Heights (km, over the equator's radius) are of the orbit after it; the apogee of a hyperbola is infinite.
    """

    number: int
    start_s: float
    duration_s: float
    speed_km_s: float
    loss_km_s: float
    propellant_kg: float
    mass_kg: float
    perigee_km: float
    apogee_km: float
    period_s: float

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Book:
    """Where the propellant of the upper stage went (kg)."""

    loaded: float
    burned: float
    starts: float
    coasts: float
    left_in_dropped_tank: float
    residual: float
    reserve: float

    @property
    def margin(self) -> float:
        """What is left beyond residual and reserve; negative when it does not suffice."""
        return self.loaded - self.burned - self.starts - self.coasts - self.left_in_dropped_tank - self.residual - self.reserve


@dataclass(slots=True)
class Flight:
    """An upper stage in flight: its state of date (km, km/s, kg, km/s of thrust) at a time after liftoff, and what it did."""

    upper: UpperStage
    state: Reals
    time_s: float
    burned_kg: float
    starts_kg: float
    coasts_kg: float = 0.0
    left_kg: float = 0.0
    burns: tuple[Burn, ...] = ()
    path: tuple[tuple[float, Reals], ...] = ()  # times and states where something began or ended

    def _mark(self) -> None:
        self.path = (*self.path, (self.time_s, self.state.copy()))

    def coast(self, duration_s: float) -> None:
        """Coast, attitude control on."""
        spent = self.upper.coast_kg_h * duration_s / 3600.0
        self._mark()
        self.state = coast(self.state, duration_s)
        self.state[6] -= spent
        self.coasts_kg += spent
        self.time_s += duration_s
        self._mark()

    def raise_to(self, axis_km: float) -> None:
        """Burn along the velocity until the orbit has a semi-major axis. Raises UsageError when that takes too long."""
        self._burn(ALONG, np.array([1.0, 0.0, 0.0, 0.0, axis_km]), NO_BELIEF)

    def depart(self, direction: Reals, speed_km_s: float, belief: Reals = NO_BELIEF) -> None:
        """Burn until it leaves along a unit vector of date with a speed. Raises UsageError when that takes too long."""
        self._burn(TO_ASYMPTOTE, np.array([*direction, speed_km_s, HYPERBOLIC]), belief)

    def _burn(self, law: int, goal: Reals, belief: Reals) -> None:
        upper, number = self.upper, len(self.burns) + 2
        self.starts_kg += upper.start_kg
        self.state[6] -= upper.start_kg
        self._mark()
        before = self.state.copy()
        engine = upper.engine
        duration, after = burn(before, law, engine.thrust_vacuum_n, engine.flow_kg_s, goal, belief, BURN_STEP_S, LONGEST_S, 500.0)
        if duration == FAILED:
            raise UsageError(
                f"burn {number} of {upper.name} does not reach its goal with {before[6]:.0f} kg", where=f"stage {upper.name}",
                remedy="The payload is too heavy or the energy too high for it",
            )  # fmt: skip
        used = before[6] - after[6]
        self.burned_kg += used
        self.state = after
        perigee, apogee, period = heights_km(after)
        ideal = _at_perigee(after, before) - _at_perigee(before, before)
        self.burns = (
            *self.burns,
            Burn(number, self.time_s, duration, float(after[7] - before[7]), float(after[7] - before[7] - ideal), float(used),
                 float(after[6]), perigee, apogee, period),
        )  # fmt: skip
        self.time_s += duration
        if number == upper.drop_after_burn:
            used_in_all = self.burned_kg + self.starts_kg + self.coasts_kg
            self.left_kg = max(0.0, upper.tank_propellant_kg - used_in_all)
            self.state[6] -= upper.tank_dry_kg + self.left_kg
        self._mark()

    def book(self) -> Book:
        """Return where the propellant went."""
        upper = self.upper
        return Book(
            upper.propellant_kg, self.burned_kg, self.starts_kg, self.coasts_kg, self.left_kg, upper.residual_kg, upper.reserve_kg
        )

    def sampled(self, every_s: float = 60.0) -> Reals:
        """Return times and states (n, 9) from the parking orbit to now: coasts sampled, burns by their ends."""
        rows = []
        for (begun, state), (ended, _) in zip(self.path, self.path[1:], strict=False):
            thrusting = any(abs(begun - b.start_s) < 1e-6 and abs(ended - b.end_s) < 1e-6 for b in self.burns)
            rows.append([begun, *state])
            if not thrusting:
                rows += [[begun + t, *coast(state, t)] for t in np.arange(every_s, ended - begun, every_s)]
        return np.array([*rows, [self.path[-1][0], *self.path[-1][1]]]) if self.path else np.empty((0, 9))


def heights_km(state: Reals) -> tuple[float, float, float]:
    """Return perigee and apogee height over the equator's radius (km) and the period (s); of a hyperbola the last two are inf."""
    r, v2 = float(np.linalg.norm(state[:3])), float(state[3:6] @ state[3:6])
    axis = 1.0 / (2.0 / r - v2 / GM_KM3_S2)
    momentum = np.cross(state[:3], state[3:6])
    e = sqrt(max(0.0, 1.0 - float(momentum @ momentum) / (GM_KM3_S2 * axis)))
    if axis < 0.0:
        return axis * (1.0 - e) - RADIUS_KM, np.inf, np.inf
    return axis * (1.0 - e) - RADIUS_KM, axis * (1.0 + e) - RADIUS_KM, 2.0 * pi * sqrt(axis**3 / GM_KM3_S2)


def axis_of_apogee_km(perigee_km: float, apogee_km: float) -> float:
    """Return the semi-major axis of an orbit with two heights over the equator's radius."""
    return RADIUS_KM + 0.5 * (perigee_km + apogee_km)


def _at_perigee(state: Reals, reference: Reals) -> float:
    """Return the speed that the energy of a state gives at the perigee of another."""
    r = float(np.linalg.norm(state[:3]))
    energy = 0.5 * float(state[3:6] @ state[3:6]) - GM_KM3_S2 / r
    return sqrt(2.0 * (energy + GM_KM3_S2 / (heights_km(reference)[0] + RADIUS_KM)))


def time_to(state: Reals, angle_rad: float, *, at_least_s: float = 0.0) -> float:
    """Return how long a coast takes until the place has turned by an angle in its plane, more whole turns when it is too soon.

    The angle counts along the motion from now, and J2 is in it. Good to 1 us.
    """
    normal = np.cross(state[:3], state[3:6])
    normal /= np.linalg.norm(normal)
    first = state[:3] / np.linalg.norm(state[:3])
    second = np.cross(normal, first)
    angle = angle_rad % (2.0 * pi)
    duration = _kepler_s(state, angle)
    period = heights_km(state)[2]
    turns = 0
    while duration + turns * period < at_least_s:
        turns += 1
    duration += turns * period
    for _ in range(12):
        reached = coast(state, duration, J2)
        there = atan2(float(reached[:3] @ second), float(reached[:3] @ first))
        rate = float(np.linalg.norm(np.cross(reached[:3], reached[3:6]))) / float(reached[:3] @ reached[:3])
        change = ((angle - there + pi) % (2.0 * pi) - pi) / rate
        duration += change
        if abs(change) < 1e-6:
            break
    return duration


def _kepler_s(state: Reals, angle_rad: float) -> float:
    """Return the time from now until the true anomaly has grown by an angle, by two bodies."""
    position, velocity = state[:3], state[3:6]
    r = float(np.linalg.norm(position))
    momentum = np.cross(position, velocity)
    vector = np.cross(velocity, momentum) / GM_KM3_S2 - position / r
    e = float(np.linalg.norm(vector))
    axis = 1.0 / (2.0 / r - float(velocity @ velocity) / GM_KM3_S2)
    now = 0.0
    if e > 1e-9:
        now = acos(max(-1.0, min(1.0, float(vector @ position) / (e * r))))
        if position @ velocity < 0.0:
            now = -now

    def mean(anomaly: float) -> float:
        eccentric = 2.0 * atan2(sqrt(1.0 - e) * sin(anomaly / 2.0), sqrt(1.0 + e) * cos(anomaly / 2.0))
        return eccentric - e * sin(eccentric)

    elapsed = (mean(now + angle_rad) - mean(now)) % (2.0 * pi)
    return float(elapsed * sqrt(axis**3 / GM_KM3_S2))
