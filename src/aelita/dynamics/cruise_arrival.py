"""Retarget and capture: the orbiter leaves the lander's course and brakes into orbit with a long burn.

Unknowns: the retarget (three components) and the mean thrust of the capture burn. Targets: radii of both apsides and inclination
half a day after the burn, and the size of the retarget. The thrust keeps to the velocity, with the plan's pitch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..time import DAY, SECOND
from .bplane import BPlane, aim_for_periapsis, b_plane
from .burns import FiniteBurn, ImpulsiveBurn
from .capture import CaptureCost, CutOffs, capture_cost, cut_offs
from .cruise_legs import GM_MARS, MARS_FORCES, MARS_POLE, Flier, mars_orbit
from .cruise_plan import CapturePlan, Craft
from .propagation import propagate
from .states import StateVector
from .targeting import correct

Vector = NDArray[np.float64]
SETTLED_NS = DAY // 2  # after a burn the orbit is judged so much later, where the flattening no longer moves osculating elements


@dataclass(frozen=True, slots=True)
class Captured:
    """The arrival: flier at the end of the burn, the burn, aim before it, what its cut-offs leave, and what it cost."""

    flier: Flier
    burn: FiniteBurn
    retarget: ImpulsiveBurn
    aim: BPlane
    cut_offs: CutOffs
    cost: CaptureCost


def find_capture(craft: Craft, plan: CapturePlan, orbiter: StateVector, mass_kg: float) -> Captured:
    """Return retarget and capture from the orbiter's state after the lander has gone. Raises UsageError when there is none."""
    flier = Flier("orbiter", orbiter, mass_kg)
    flier.coast("approach", plan.retarget.start_tai_ns, MARS_FORCES)
    here = flier.now

    def pair(x: Vector) -> tuple[ImpulsiveBurn, FiniteBurn, float]:
        retarget = ImpulsiveBurn(plan.retarget.start_tai_ns, (x[0], x[1], x[2]), "inertial", craft.isp_s, plan.retarget.name)
        direction = (-float(np.cos(plan.pitch_rad)), float(np.sin(plan.pitch_rad)), 0.0)
        burn = FiniteBurn(plan.start_tai_ns, plan.duration_s, float(x[3]), craft.isp_s, direction, "velocity", "capture")
        return retarget, burn, retarget.mass_after_kg(mass_kg)

    def misses(x: Vector) -> Vector:
        _, burn, mass = pair(x)
        start = StateVector(here.epoch_tai_ns, here.position_km, here.velocity_km_s + x[:3], "MARS")
        orbit = mars_orbit(propagate(start, MARS_FORCES, burn.stop_tai_ns + SETTLED_NS, mass_kg=mass, burns=(burn,)).end)
        return np.array([
            orbit.periapsis_km - plan.periapsis_km, 1e6 / orbit.semi_major_axis_km - 2e6 / (plan.periapsis_km + plan.apoapsis_km),
            orbit.inclination_rad - plan.inclination_rad, float(np.linalg.norm(x[:3])) - plan.retarget.size_km_s,
        ])  # fmt: skip

    found = correct(
        misses, _start(craft, plan, here, mass_kg), steps=[1e-5, 1e-5, 1e-5, 0.1], tolerances=[0.01, 1e-4, 1e-5, 1e-6], limit=300,
        most=40,
    )  # fmt: skip
    retarget, burn, mass = pair(found.values)
    flier.jump(retarget)
    aim = b_plane(flier.now.six, GM_MARS, MARS_POLE)
    flier.coast("approach", burn.start_tai_ns, MARS_FORCES)
    judged = cut_offs(flier.now, MARS_FORCES, burn, mass)
    flier.burn(burn, MARS_FORCES)
    cost = capture_cost(aim.excess_speed_km_s, plan.periapsis_km, plan.apoapsis_km, GM_MARS, burn, mass)
    return Captured(flier, burn, retarget, aim, judged, cost)


def _start(craft: Craft, plan: CapturePlan, here: StateVector, mass_kg: float) -> Vector:
    """Return a start of the search: pass 1.28 times the wanted periapsis, two thirds into the burn, thrust for the energy."""
    before = b_plane(here.six, GM_MARS, MARS_POLE)
    length = aim_for_periapsis(before.excess_speed_km_s, 1.28 * plan.periapsis_km, GM_MARS)
    turned = np.arctan2(before.b_r_km, before.b_t_km)
    to_periapsis = (plan.start_tai_ns - here.epoch_tai_ns) / SECOND + 0.67 * plan.duration_s
    wanted = np.array([length * np.cos(turned), length * np.sin(turned), to_periapsis])

    def off(x: Vector) -> Vector:
        tried = b_plane(np.concatenate([here.position_km, here.velocity_km_s + x]), GM_MARS, MARS_POLE)
        return np.array([tried.b_t_km, tried.b_r_km, tried.to_periapsis_s]) - wanted

    dv = correct(off, np.zeros(3), steps=[1e-5] * 3, tolerances=[1.0, 1.0, 1.0]).values
    return np.concatenate([dv, [1.15 * craft.thrust_n]])
