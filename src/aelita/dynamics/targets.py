"""Manoeuvres for a target: the burn that meets an aim in the B-plane, and the smallest burn that meets elements of an orbit.

Impulsive or finite: a finite burn of fixed direction (J2000) begins at the state's epoch, and its size is what is found.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from ..time import SECOND
from .bplane import b_plane
from .burns import FiniteBurn, ImpulsiveBurn
from .capture import burn_of
from .forces import Forces
from .orbits import J2000_POLE, Orbit, orbit_of
from .propagation import propagate
from .states import StateVector
from .targeting import Function, Solution, correct, minimise

Vector = NDArray[np.float64]
Engine = tuple[float, float, float]  # mass kg, thrust N, specific impulse s


@dataclass(frozen=True, slots=True)
class AimTarget:
    """An aim at a planet: components of B (km) over the equator of `pole`, and the epoch of periapsis."""

    b_t_km: float
    b_r_km: float
    periapsis_tai_ns: int
    pole: tuple[float, float, float] = J2000_POLE


@dataclass(frozen=True, slots=True)
class OrbitTarget:
    """Elements that are asked for; None leaves one free. Radii of apsides in km, angles in rad over the equator of `pole`."""

    periapsis_km: float | None = None
    apoapsis_km: float | None = None
    inclination_rad: float | None = None
    node_rad: float | None = None
    argument_rad: float | None = None
    pole: tuple[float, float, float] = J2000_POLE

    def __post_init__(self) -> None:
        """Refuse what no orbit has: a radius not above zero, apsides the wrong way round, numbers that are none."""
        low, high = self.periapsis_km, self.apoapsis_km
        given = [each for each in (low, high, self.inclination_rad, self.node_rad, self.argument_rad) if each is not None]
        if not np.isfinite([*given, *self.pole]).all() or any(each is not None and each <= 0 for each in (low, high)):
            raise UsageError(f"no orbit has the elements {given}", remedy="Radii of apsides are above zero, angles are numbers")
        if low is not None and high is not None and high < low:
            raise UsageError(f"an apoapsis of {high:g} km is below the periapsis of {low:g} km", remedy="Change them round")
        if self.inclination_rad is not None and not 0 <= self.inclination_rad <= np.pi:
            raise UsageError(f"no inclination is {np.degrees(self.inclination_rad):g} deg", remedy="It is from 0 to 180")

    def misses(self, orbit: Orbit) -> Vector:
        """Return what an orbit misses: km, and km at its periapsis for angles, so that all weigh alike."""
        made = []
        if self.periapsis_km is not None:
            made.append(orbit.periapsis_km - self.periapsis_km)
        if self.apoapsis_km is not None:  # by its inverse, which goes on smoothly to hyperbolas
            inverse = 1 / (orbit.semi_major_axis_km * (1 + orbit.eccentricity))
            made.append(self.apoapsis_km - self.apoapsis_km**2 * inverse)
        for name in ("inclination_rad", "node_rad", "argument_rad"):
            wanted = getattr(self, name)
            if wanted is not None:
                made.append(float(np.remainder(getattr(orbit, name) - wanted + np.pi, 2 * np.pi) - np.pi) * orbit.periapsis_km)
        if not made:
            raise UsageError("no element is asked for", remedy="Give at least one of the target's elements")
        return np.array(made)


def burn_to_aim(
    start: StateVector,
    forces: Forces,
    target: AimTarget,
    seen_tai_ns: int,
    *,
    engine: Engine | None = None,
    name: str = "correction",
) -> ImpulsiveBurn | FiniteBurn:
    """Return the burn at a state's epoch that meets an aim (1 m in B, 1 ms in time), the aim judged at a later epoch.

    `seen_tai_ns` is best far inside the planet's pull, before periapsis. With `engine` (mass, thrust, specific impulse) the burn
    is finite. Raises UsageError when it cannot be met.
    """

    def burn(dv: Vector) -> ImpulsiveBurn | FiniteBurn:
        if engine is None or not np.linalg.norm(dv) > 0:
            return ImpulsiveBurn(start.epoch_tai_ns, (dv[0], dv[1], dv[2]), "inertial", None, name)
        return burn_of(dv, start.epoch_tai_ns, *engine, name, at_start=True)

    def misses(dv: Vector) -> Vector:
        mass = engine[0] if engine is not None else 1000.0
        seen = propagate(start, forces, seen_tai_ns, mass_kg=mass, burns=(burn(dv),)).end
        plane = b_plane(seen.six, forces.gm_km3_s2, target.pole)
        late = (seen_tai_ns - target.periapsis_tai_ns) / SECOND + plane.to_periapsis_s
        return np.array([plane.b_t_km - target.b_t_km, plane.b_r_km - target.b_r_km, late])

    found = correct(misses, np.zeros(3), steps=[1e-6] * 3, tolerances=[1e-3, 1e-3, 1e-3])
    return burn(found.values)


def burn_for_orbit(state: ArrayLike, gm_km3_s2: float, target: OrbitTarget, start_km_s: ArrayLike = (0.0, 0.0, 0.0)) -> Vector:
    """Return the smallest change of velocity (km/s) at a state that meets the elements asked for (to 1 m).

    Local: from `start_km_s` on, or beside it where that is an apsis, at which radii of apsides do not change at first. Raises
    UsageError when the place does not allow them, e.g. an inclination below its latitude.
    """
    given, begun = np.asarray(state, np.float64), np.asarray(start_km_s, np.float64)

    def misses(dv: Vector) -> Vector:
        return target.misses(orbit_of(np.concatenate([given[:3], given[3:] + dv]), gm_km3_s2, target.pole))

    count = misses(begun).size
    met = _met(misses, begun, given, count)
    if count >= 3:
        return met.values
    best = minimise(
        lambda dv: float(dv @ dv), met.values, steps=[1e-3] * 3, constraints=misses, tolerances=[1e-3] * count, precision=1e-8
    )
    return best.values


def _met(misses: Function, begun: Vector, state: Vector, count: int) -> Solution:
    """Return a change that meets the elements; where none is found from the start, from a twentieth of the speed to the sides."""
    radial = state[:3] / np.linalg.norm(state[:3])
    first: UsageError | None = None
    for nudge in (0.0, -0.05, 0.05):
        try:
            away = begun + nudge * float(np.linalg.norm(state[3:])) * radial
            return correct(misses, away, steps=[1e-5] * 3, tolerances=[1e-3] * count, limit=1e4, most=60)
        except UsageError as error:
            first = first or error
    assert first is not None
    raise first
