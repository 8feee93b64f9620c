"""How far a launch misses: covariance of asymptote, state at separation and propellant left, linear and by sampling.

The stages' errors are taken up by the upper stage, which closes its orbits by what it measures; what is left is what it
measures wrongly, how it cuts off, and how much propellant its own engine and the mass below cost it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi
from typing import ClassVar

import numpy as np

from ..errors import UsageError
from .asymptote import Asymptote, excess_velocity
from .departure_kernels import coast
from .earth_model import Reals, from_j2000
from .injection import FAR_KM, Injection
from .launcher import Engine
from .upper_stage import Flight, axis_of_apogee_km, time_to

OUTPUTS = 10  # C3, declination, right ascension; state of six; propellant left


@dataclass(frozen=True, slots=True)
class ErrorSource:
    """A source of error and its standard deviation, in the unit that its name has."""

    name: str
    sigma: float
    NAMES: ClassVar[dict[str, int]] = {  # and the number of its independent components
        "thrust": 1, "specific impulse": 1, "mass in parking orbit": 1, "navigation position": 3, "navigation velocity": 3,
        "cut-off": 1, "pointing": 3,
    }  # fmt: skip

    def __post_init__(self) -> None:
        if self.name not in self.NAMES or not self.sigma >= 0.0:
            raise UsageError(f"no source of error is {self.name!r} of {self.sigma:g}", remedy=f"Names: {', '.join(self.NAMES)}")

    @property
    def components(self) -> int:
        """How many independent numbers it has."""
        return self.NAMES[self.name]


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Covariances around the nominal launch.

    `asymptote` is of C3 (km2/s2), declination and right ascension (rad); `state` of position and velocity in J2000 (km, km/s)
    at the nominal separation; `margin_sigma_kg` of propellant left. `shares` gives each source's part in the variances of C3,
    declination, right ascension and margin, `samples` the outputs of a sampling, if it was one.
    """

    nominal: Reals
    asymptote: Reals
    state: Reals
    margin_sigma_kg: float
    shares: tuple[tuple[str, tuple[float, ...]], ...] = ()
    samples: Reals | None = None

    @property
    def sigmas(self) -> tuple[float, float, float]:
        """Standard deviations of C3 (km2/s2), declination and right ascension (rad)."""
        one, two, three = (float(x) for x in np.sqrt(np.diag(self.asymptote)))
        return one, two, three

    def ellipse(self, sigmas: float = 3.0) -> tuple[float, float, float]:
        """Return half axes (rad) of the ellipse of directions in the sky, and the angle of the greater from east to north."""
        scale = np.diag([np.cos(self.nominal[1]), 1.0])
        east_north = scale @ self.asymptote[np.ix_([2, 1], [2, 1])] @ scale
        values, vectors = np.linalg.eigh(east_north)
        great = vectors[:, 1]
        return float(sigmas * np.sqrt(values[1])), float(sigmas * np.sqrt(values[0])), float(np.arctan2(great[1], great[0]) % pi)


def linear_dispersion(injection: Injection, sources: Sequence[ErrorSource]) -> Dispersion:
    """Return the covariances by differences of flights with each error at plus and minus its standard deviation."""
    count = sum(source.components for source in sources)
    slopes = np.zeros((OUTPUTS, count))
    for n in range(count):
        unit = np.zeros(count)
        unit[n] = 1.0
        slopes[:, n] = 0.5 * _difference(_flown(injection, sources, unit), _flown(injection, sources, -unit))
    covariance = slopes @ slopes.T
    picked = [0, 1, 2, 9]
    shares, at = [], 0
    for source in sources:
        part = (slopes[picked, at : at + source.components] ** 2).sum(axis=1)
        shares.append((source.name, tuple(float(x) for x in part / np.maximum(np.diag(covariance)[picked], 1e-300))))
        at += source.components
    nominal = _flown(injection, sources, np.zeros(count))
    return Dispersion(nominal, covariance[:3, :3], covariance[3:9, 3:9], float(np.sqrt(covariance[9, 9])), tuple(shares))


def sampled_dispersion(
    injection: Injection, sources: Sequence[ErrorSource], random: np.random.Generator, *, count: int = 300
) -> Dispersion:
    """Return the covariances of flights with random errors, normal and independent. The same generator gives the same answer."""
    numbers = random.standard_normal((count, sum(source.components for source in sources)))
    nominal = _flown(injection, sources, np.zeros(numbers.shape[1]))
    outputs = np.array([nominal + _difference(_flown(injection, sources, row), nominal) for row in numbers])
    covariance = np.cov(outputs.T)
    return Dispersion(
        nominal, covariance[:3, :3], covariance[3:9, 3:9], float(np.sqrt(covariance[9, 9])), samples=outputs
    )  # fmt: skip


def _difference(one: Reals, other: Reals) -> Reals:
    """Return the difference of outputs; right ascensions differ by at most half a turn."""
    found = one - other
    found[2] = (found[2] + pi) % (2.0 * pi) - pi
    return found


def _flown(injection: Injection, sources: Sequence[ErrorSource], numbers: Reals) -> Reals:
    """Return the outputs of a flight from the parking orbit with errors of so many standard deviations."""
    errors = {name: np.zeros(size) for name, size in ErrorSource.NAMES.items()}
    at = 0
    for source in sources:
        errors[source.name] = errors[source.name] + source.sigma * numbers[at : at + source.components]
        at += source.components
    launcher, ascent = injection.launcher, injection.ascent
    upper = launcher.upper
    engine = upper.engine
    real = Engine(
        engine.thrust_vacuum_n * (1.0 + errors["thrust"][0]), engine.thrust_sea_level_n,
        engine.specific_impulse_s * (1.0 + errors["specific impulse"][0]),
    )  # fmt: skip
    lost_kg = errors["mass in parking orbit"][0]  # more burned below or in the first burn
    start = np.concatenate([ascent.orbit, [0.0]])
    start[6] -= lost_kg
    flight = Flight(
        replace(upper, engine=real), start, ascent.time_s, ascent.first_burn_kg - upper.start_kg + lost_kg, upper.start_kg
    )
    belief = np.concatenate([errors["navigation position"], errors["navigation velocity"], errors["pointing"]])
    speed = float(np.linalg.norm(injection.aim))
    for n, place in enumerate(injection.places):
        normal = np.cross(flight.state[:3], flight.state[3:6])
        normal /= np.linalg.norm(normal)
        first = flight.state[:3] / np.linalg.norm(flight.state[:3])
        angle = float(np.arctan2(place @ np.cross(normal, first), place @ first))
        flight.coast(time_to(flight.state, angle, at_least_s=injection.rests_s[n]))
        if n < len(injection.places) - 1:
            flight.raise_to(axis_of_apogee_km(launcher.parking_km, injection.profile.apogees_km[n]))
        else:
            flight.depart(injection.aim / speed, speed, belief)
    along = flight.state[3:6] / np.linalg.norm(flight.state[3:6])
    state = flight.state.copy()
    state[3:6] += errors["cut-off"][0] * along
    away = excess_velocity(coast(state, FAR_KM / (float(np.linalg.norm(excess_velocity(state))) + 2.0)))
    back = from_j2000(injection.liftoff_tai_ns).T
    asymptote = Asymptote.along(back @ away)
    there = coast(state, injection.separation_s - flight.time_s)
    return np.array([
        asymptote.c3_km2_s2, asymptote.declination_rad, asymptote.right_ascension_rad, *(back @ there[:3]), *(back @ there[3:6]),
        flight.book().margin,
    ])  # fmt: skip
