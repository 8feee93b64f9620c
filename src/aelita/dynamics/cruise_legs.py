"""Flying a cruise: legs about the Earth, the Sun and Mars, patched in position and velocity, and the injection before them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..environment import GravityField
from ..ephemeris import state
from .bplane import aim_for_periapsis, approach_state
from .burns import Burn
from .cruise_plan import InjectionPlan
from .forces import GM_KM3_S2, RADII_KM, Forces
from .orbits import Orbit, orbit_of
from .propagation import propagate
from .rotation import ROTATIONS
from .states import StateVector, Trajectory

Vector = NDArray[np.float64]
GM_EARTH, GM_MARS = GM_KM3_S2["EARTH"], GM_KM3_S2["MARS"]
MARS_RADII_KM = RADII_KM["MARS"]
MARS_POLE = ROTATIONS["IAU2000"].matrix(5.3e8)[2]  # late in 2016; the pole moves 0.001 deg in a year
MARS_SPIN_RAD_S = float(ROTATIONS["IAU2000"].angles[5])
# Flattening of Mars: normalised C20 of GMM-3 (Genova et al., Icarus 272, 2016), its radius and GM
_C20, _ZEROS = np.diag([1.0, 0.0, 0.0]), np.zeros((3, 3))
_C20[2, 0] = -8.7502113235452894e-4
MARS_FLATTENED = GravityField("Mars, flattened", 42828.37285418775, 3396.0, _C20, _ZEROS)
EARTH_FORCES = Forces("EARTH", bodies=("SUN", "MOON", "VENUS BARYCENTER", "JUPITER BARYCENTER"))
SUN_FORCES = Forces("SUN", bodies=("EARTH", "MOON", "MARS", "VENUS BARYCENTER", "JUPITER BARYCENTER", "SATURN BARYCENTER"))
MARS_FORCES = Forces("MARS", MARS_FLATTENED, 2, bodies=("SUN", "EARTH", "JUPITER BARYCENTER"))
EARTH_DAYS, APPROACH_DAYS = 3, 9  # about the Earth after separation; about Mars before arrival


@dataclass(frozen=True, slots=True)
class Leg:
    """A piece of a flight: whose, what it is called, and the trajectory."""

    craft: str
    name: str
    trajectory: Trajectory

    @property
    def centre(self) -> str:
        """The body it is about."""
        return self.trajectory.start.centre


def recentred(given: StateVector, centre: str) -> StateVector:
    """Return the same state about another body (DE440)."""
    offset = state(given.centre, centre, np.array([given.epoch_tai_ns]))[0]
    return StateVector(given.epoch_tai_ns, given.position_km + offset[:3], given.velocity_km_s + offset[3:], centre)


class Flier:
    """Flies one craft on, keeping its legs: the state, mass and epoch at which it is."""

    def __init__(self, craft: str, start: StateVector, mass_kg: float) -> None:
        self.craft, self.now, self.mass_kg = craft, start, mass_kg
        self.legs: list[Leg] = []
        self.burns: list[Burn] = []
        self.masses_kg: list[float] = []  # before each burn

    def coast(self, name: str, until_tai_ns: int, forces: Forces) -> None:
        """Coast to an epoch; nothing happens when it is there already."""
        if self.now.epoch_tai_ns < until_tai_ns:
            self._flown(name, propagate(self.now, forces, until_tai_ns, mass_kg=self.mass_kg))

    def burn(self, burn: Burn, forces: Forces) -> None:
        """Make a burn, which begins now or later."""
        self.coast(f"to {burn.name}", burn.start_tai_ns, forces)
        if burn.stop_tai_ns == burn.start_tai_ns:
            self.jump(burn)
            return
        self._flown(burn.name, propagate(self.now, forces, burn.stop_tai_ns, mass_kg=self.mass_kg, burns=(burn,)))
        self._spent(burn)

    def jump(self, burn: Burn) -> None:
        """Change the velocity at once by an impulsive burn in inertial axes."""
        dv = np.array(getattr(burn, "dv_km_s"))  # noqa: B009
        self.now = StateVector(self.now.epoch_tai_ns, self.now.position_km, self.now.velocity_km_s + dv, self.now.centre)
        self._spent(burn)

    def turn_to(self, centre: str) -> None:
        """Go on about another body."""
        self.now = recentred(self.now, centre)

    def _spent(self, burn: Burn) -> None:
        self.burns.append(burn)
        self.masses_kg.append(self.mass_kg)
        self.mass_kg = burn.mass_after_kg(self.mass_kg)

    def _flown(self, name: str, trajectory: Trajectory) -> None:
        self.legs.append(Leg(self.craft, name, trajectory))
        self.now = trajectory.end


def injection_state(plan: InjectionPlan, excess_km_s: Vector) -> StateVector:
    """Return the state (J2000, about the Earth) at separation of an escape with the given velocity at infinity (km/s).

    The hyperbola has the plan's perigee and inclination (raised to the asymptote's declination where that is greater).
    """
    back = -np.asarray(excess_km_s, np.float64)  # time reversed, the escape is an approach
    speed = float(np.linalg.norm(back))
    length = aim_for_periapsis(speed, RADII_KM["EARTH"][0] + plan.perigee_height_km, GM_EARTH)
    level = float(np.hypot(back[0], back[1])) / speed
    cosine = np.clip(np.cos(np.pi - plan.inclination_rad) / level, -1, 1)
    theta = (1 if plan.ascending else -1) * float(np.arccos(cosine))
    found = approach_state(back, length * np.cos(theta), length * np.sin(theta), plan.since_perigee_s, GM_EARTH)
    return StateVector(plan.separation_tai_ns, found[:3], -found[3:], "EARTH")


def mars_orbit(given: StateVector) -> Orbit:
    """Return the osculating orbit about Mars, over its equator."""
    return orbit_of(given.six, GM_MARS, MARS_POLE)


def to_apsis(given: StateVector, near_tai_ns: int, *, apoapsis: bool) -> int:
    """Return the epoch of the apsis nearest to an epoch on a bound orbit about Mars, followed with all forces (to 1 ms)."""
    flown, at = given, near_tai_ns
    for _ in range(12):
        flown = propagate(given, MARS_FORCES, at).end if at != given.epoch_tai_ns else given
        orbit = mars_orbit(flown)
        off_s = -orbit.since_periapsis_s
        if apoapsis:
            off_s += orbit.period_s / 2 if orbit.since_periapsis_s > 0 else -orbit.period_s / 2
        at += round(off_s * 1e9)
        if abs(off_s) < 1e-3:
            break
    return at
