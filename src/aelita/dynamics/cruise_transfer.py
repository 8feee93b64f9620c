"""From the upper stage to the lander's separation: injection and deep-space manoeuvres found from where the lander must arrive.

First a broken-plane transfer of patched conics, then Newton's method on the flight with all forces. Unknowns: the velocity of
escape (three) and the direction of the first manoeuvre (two; the others are parallel to it). Targets, at the separation: B.T,
B.R, time and speed that put the lander on its entry corridor and track, and the declination of the asymptote.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..time import DAY, SECOND, et_from_tai_ns
from .bplane import approach_state, b_plane
from .capture import burn_of
from .cruise_legs import (
    APPROACH_DAYS,
    EARTH_DAYS,
    EARTH_FORCES,
    GM_MARS,
    MARS_FORCES,
    MARS_POLE,
    MARS_RADII_KM,
    MARS_SPIN_RAD_S,
    SUN_FORCES,
    Flier,
    injection_state,
)  # fmt: skip
from .cruise_plan import CruisePlan, LanderPlan
from .orbits import equator_axes, inbound_at_radius, spherical_deg
from .propagation import propagate
from .rotation import ROTATIONS
from .states import StateVector
from .targeting import correct
from .transfers import BrokenPlane, Ends, broken_plane

Vector = NDArray[np.float64]
BEFORE_ENTRY_S = 1200  # from here on the approach is a conic: the flattening moves it by less than 0.1 km
ENTRY_SCALES = np.array([1.0, 1e-3, 1e-3, 1e-4])


@dataclass(frozen=True, slots=True)
class Entry:
    """A lander's arrival at its entry height: epoch, body-fixed position (km) and velocity relative to the air (km/s), state."""

    epoch_tai_ns: int
    fixed_km: Vector
    relative_km_s: Vector
    state: StateVector

    @property
    def speed_km_s(self) -> float:
        """Speed relative to the air that turns with the planet."""
        return float(np.linalg.norm(self.relative_km_s))

    @property
    def angle_rad(self) -> float:
        """Flight path angle relative to the air, negative downwards."""
        return float(np.arcsin(self.fixed_km @ self.relative_km_s / np.linalg.norm(self.fixed_km) / self.speed_km_s))

    @property
    def latitude_longitude_rad(self) -> tuple[float, float]:
        """Planetocentric latitude and east longitude."""
        x, y, z = self.fixed_km
        return float(np.arctan2(z, np.hypot(x, y))), float(np.arctan2(y, x)) % (2 * np.pi)

    def off_track_rad(self, site: Vector) -> float:
        """Return how far a site (unit vector, body-fixed) lies beside the great circle of the relative motion."""
        normal = np.cross(self.fixed_km, self.relative_km_s)
        return float(np.arcsin(normal @ site / np.linalg.norm(normal)))

    def range_rad(self, site: Vector) -> float:
        """Return the angle from below the entry to a site."""
        return float(np.arccos(np.clip(self.fixed_km @ site / np.linalg.norm(self.fixed_km), -1, 1)))


def site_of(plan: LanderPlan) -> Vector:
    """Return the landing site as a unit vector, body-fixed (planetocentric)."""
    lat, lon = plan.site_latitude_rad, plan.site_longitude_rad
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def entry_of(approach: StateVector, plan: LanderPlan) -> Entry:
    """Return the entry of an approach: flown with all forces to 20 minutes before the planned epoch, a conic from there."""
    near = propagate(approach, MARS_FORCES, plan.entry_tai_ns - BEFORE_ENTRY_S * SECOND).end
    equatorial, polar = MARS_RADII_KM
    radius = equatorial + plan.entry_height_km
    for _ in range(3):
        after_s, row = inbound_at_radius(near.six, GM_MARS, radius)
        epoch = near.epoch_tai_ns + round(after_s * SECOND)
        turned = ROTATIONS["IAU2000"].matrix(float(et_from_tai_ns(epoch)))
        fixed = turned @ row[:3]
        sine = fixed[2] / radius
        surface = equatorial * polar / np.sqrt((polar**2 * (1 - sine**2)) + (equatorial * sine) ** 2)
        radius = surface + plan.entry_height_km
    relative = turned @ row[3:] - np.cross([0.0, 0.0, MARS_SPIN_RAD_S], fixed)
    return Entry(epoch, fixed, relative, StateVector(epoch, row[:3], row[3:], "MARS"))


@dataclass(frozen=True, slots=True)
class Aim:
    """What is aimed at, seen at the lander's separation."""

    b_t_km: float
    b_r_km: float
    linear_s: float
    speed_km_s: float
    declination_deg: float

    @property
    def row(self) -> Vector:
        """The five numbers."""
        return np.array([self.b_t_km, self.b_r_km, self.linear_s, self.speed_km_s, self.declination_deg])


def aim_of(given: StateVector) -> tuple[Aim, float]:
    """Return the aim of an approach to Mars, and the right ascension (deg, over its equator) of the asymptote."""
    plane = b_plane(given.six, GM_MARS, MARS_POLE)
    ascension, declination = spherical_deg(plane.excess_km_s, MARS_POLE)
    return Aim(plane.b_t_km, plane.b_r_km, plane.linear_s, plane.excess_speed_km_s, declination), ascension


def wanted_aim(plan: CruisePlan, ascension_deg: float) -> Aim:
    """Return the aim at the lander's separation that leads to the planned entry, for an asymptote of this right ascension."""
    lander, axes, dec = plan.lander, equator_axes(MARS_POLE), plan.arrival_declination_rad
    ra, site = np.radians(ascension_deg), site_of(plan.lander)
    along = axes.T @ np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])

    def approach(x: Vector) -> StateVector:
        row = approach_state(x[3] * along, x[0], x[1], x[2], GM_MARS, MARS_POLE)
        return StateVector(lander.separation_tai_ns, row[:3], row[3:], "MARS")

    def misses(x: Vector) -> Vector:
        entry = entry_of(approach(x), lander)
        return np.array([
            (entry.epoch_tai_ns - lander.entry_tai_ns) / SECOND, entry.angle_rad - lander.entry_angle_rad,
            entry.off_track_rad(site), entry.speed_km_s - lander.entry_speed_km_s,
        ])  # fmt: skip

    inertial = lander.entry_speed_km_s + 0.23
    radius = MARS_RADII_KM[0] + lander.entry_height_km
    speed = float(np.sqrt(inertial**2 - 2 * GM_MARS / radius))
    length = radius * inertial * float(np.cos(lander.entry_angle_rad)) / speed
    coast_s = (lander.entry_tai_ns - lander.separation_tai_ns) / SECOND + 220.0
    start = np.array([length, 0.1 * length, coast_s, speed])
    found = correct(misses, start, steps=[1.0, 1.0, 1.0, 1e-4], tolerances=[1e-2, 2e-6, 2e-6, 1e-6])
    return aim_of(approach(found.values))[0]


def first_guess(plan: CruisePlan) -> BrokenPlane:
    """Return the broken-plane transfer of least C3 with the planned size of manoeuvre, arrival speed and declination."""
    begun = plan.manoeuvres[0]
    total = sum(each.size_km_s for each in plan.manoeuvres)
    inertial = plan.lander.entry_speed_km_s + 0.23
    speed = float(np.sqrt(inertial**2 - 2 * GM_MARS / (MARS_RADII_KM[0] + plan.lander.entry_height_km)))
    ends = Ends("EARTH", "MARS", plan.injection.separation_tai_ns, plan.lander.entry_tai_ns)
    half_ns = round(total * 1000 * plan.craft.launch_mass_kg / plan.craft.thrust_n / 2) * SECOND

    def conditions(transfer: BrokenPlane) -> Vector:
        sine = float(MARS_POLE @ transfer.arrival_excess_km_s) / transfer.arrival_speed_km_s
        return np.array([
            transfer.manoeuvre_size_km_s - total, transfer.arrival_speed_km_s - speed,
            float(np.arcsin(sine)) - plan.arrival_declination_rad,
        ])  # fmt: skip

    return broken_plane(
        ends, begun.start_tai_ns + half_ns, lambda transfer: transfer.c3_km2_s2, conditions=conditions,
        tolerances=(1e-5, 1e-5, 1e-5),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The solution of the way out: escape velocity (km/s), direction of the manoeuvres, flier at the separation, flights."""

    excess_km_s: Vector
    direction: Vector
    flier: Flier
    flights: int


def fly_out(plan: CruisePlan, excess_km_s: Vector, direction: Vector) -> Flier:
    """Return a craft flown from the upper stage to the lander's separation."""
    begin = plan.injection.separation_tai_ns
    craft = Flier("composite", injection_state(plan.injection, excess_km_s), plan.craft.launch_mass_kg)
    craft.coast("escape", begin + EARTH_DAYS * DAY, EARTH_FORCES)
    craft.turn_to("SUN")
    for each in plan.manoeuvres:
        dv = each.size_km_s * direction
        burn = burn_of(dv, each.start_tai_ns, craft.mass_kg, plan.craft.thrust_n, plan.craft.isp_s, each.name, at_start=True)
        craft.burn(burn, SUN_FORCES)
    craft.coast("cruise", plan.lander.entry_tai_ns - APPROACH_DAYS * DAY, SUN_FORCES)
    craft.turn_to("MARS")
    craft.coast("approach", plan.lander.separation_tai_ns, MARS_FORCES)
    return craft


def released(plan: CruisePlan, craft: Flier) -> tuple[StateVector, StateVector, float]:
    """Return lander, orbiter and the orbiter's mass after a separation along the velocity relative to Mars."""
    now, lander = craft.now, plan.craft.lander_mass_kg
    along = now.velocity_km_s / np.linalg.norm(now.velocity_km_s) * plan.lander.separation_speed_km_s
    share = lander / craft.mass_kg
    ahead = replace(now, velocity_km_s=now.velocity_km_s + (1 - share) * along)
    behind = replace(now, velocity_km_s=now.velocity_km_s - share * along)
    return ahead, behind, craft.mass_kg - lander


def find_way_out(plan: CruisePlan) -> Found:
    """Return the injection and manoeuvres that bring the lander to its entry. Raises UsageError when there are none."""
    guess = first_guess(plan)
    turn = guess.manoeuvre_km_s / guess.manoeuvre_size_km_s
    x = np.concatenate([guess.departure_excess_km_s, [np.arctan2(turn[1], turn[0]), np.arcsin(turn[2])]])
    ascension = spherical_deg(guess.arrival_excess_km_s, MARS_POLE)[0]
    flights = 0
    for _ in range(2):  # the second time with the asymptote that was found
        wanted = wanted_aim(plan, ascension).row
        found = correct(
            lambda tried, aim=wanted: _arrived(plan, tried) - aim,  # type: ignore[misc]
            x, steps=[1e-6] * 3 + [1e-5] * 2, tolerances=[0.05, 0.05, 0.05, 1e-5, 1e-4],
        )  # fmt: skip
        x, flights = found.values, flights + found.flights
        craft = fly_out(plan, x[:3], _unit(x[3], x[4]))
        ascension = aim_of(released(plan, craft)[0])[1]
    return Found(x[:3], _unit(x[3], x[4]), craft, flights)


def _arrived(plan: CruisePlan, x: Vector) -> Vector:
    return aim_of(released(plan, fly_out(plan, x[:3], _unit(x[3], x[4])))[0])[0].row


def _unit(ascension_rad: float, declination_rad: float) -> Vector:
    level = np.cos(declination_rad)
    return np.array([level * np.cos(ascension_rad), level * np.sin(ascension_rad), np.sin(declination_rad)])
