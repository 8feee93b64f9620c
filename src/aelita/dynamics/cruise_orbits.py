"""From capture to the orbit in which aerobraking begins: a trim, turns of the plane at apoapsis, lowering of the apoapsis.

Every burn is judged at each of its cut-offs before it is made, and refused when one of them leads below the plan's floor.
"""

import numpy as np
from numpy.typing import NDArray

from ..time import DAY, SECOND
from .burns import FiniteBurn, ImpulsiveBurn
from .capture import CutOffs, burn_of, cut_offs, inclined, turned_part
from .cruise_arrival import SETTLED_NS
from .cruise_legs import GM_MARS, MARS_FORCES, MARS_POLE, Flier, mars_orbit, to_apsis
from .cruise_plan import Craft, OrbitPlan
from .propagation import propagate
from .states import StateVector
from .targeting import correct

Vector = NDArray[np.float64]
MARGIN_NS = 1800 * SECOND  # a burn of a date begins and ends within that date


class Orbiter:
    """The orbiter after capture: its flier, craft and plan, and what the cut-offs of its burns leave."""

    def __init__(self, flier: Flier, craft: Craft, plan: OrbitPlan) -> None:
        self.flier, self.craft, self.plan = flier, craft, plan
        self.cut_offs: list[CutOffs] = []
        self.turns_rad: list[float] = []

    def run(self) -> None:
        """Fly all of the plan."""
        self.trim()
        for number, date in enumerate(self.plan.turn_dates_tai_ns):
            self.turn(date, len(self.plan.turn_dates_tai_ns) - number, f"turn-{number + 1}")
        self.lower_periapsis()
        self.lower_apoapsis()
        self.flier.coast("one-sol orbit", self.plan.hand_over_tai_ns, MARS_FORCES)

    def trim(self) -> None:
        """Change the period by an impulse along the velocity, so that a periapsis passage meets the plan's epoch."""
        flier, plan = self.flier, self.plan
        period_ns = round(mars_orbit(flier.now).period_s * SECOND)
        here = to_apsis(flier.now, flier.now.epoch_tai_ns + plan.trim_after_revolutions * period_ns, apoapsis=False)
        flier.coast("capture orbit", here, MARS_FORCES)
        speed = float(np.linalg.norm(flier.now.velocity_km_s))
        along = flier.now.velocity_km_s / speed

        def late(x: Vector) -> Vector:
            tried = StateVector(here, flier.now.position_km, flier.now.velocity_km_s + x[0] * along, "MARS")
            return np.array([(to_apsis(tried, plan.meet_periapsis_tai_ns, apoapsis=False) - plan.meet_periapsis_tai_ns) / SECOND])

        size = correct(late, [self._first_trim(here)], steps=[1e-6], tolerances=[1.0]).values[0]
        dv = size * along
        flier.jump(ImpulsiveBurn(here, (dv[0], dv[1], dv[2]), "inertial", self.craft.isp_s, "period trim"))

    def _first_trim(self, here: int) -> float:
        """Return the impulse that makes the period a whole part of the time left, by Kepler's third law."""
        orbit = mars_orbit(self.flier.now)
        left_s = (self.plan.meet_periapsis_tai_ns - here) / SECOND
        wanted_s = left_s / round(left_s / orbit.period_s)
        axis = (GM_MARS * (wanted_s / (2 * np.pi)) ** 2) ** (1 / 3)
        radius, speed = np.linalg.norm(self.flier.now.position_km), np.linalg.norm(self.flier.now.velocity_km_s)
        return float(np.sqrt(GM_MARS * (2 / radius - 1 / axis)) - speed)

    def turn(self, date_tai_ns: int, left: int, name: str) -> None:
        """Turn the plane by an equal part of what is left, as near to apoapsis as the date allows."""
        flier = self.flier
        apoapsis = to_apsis(flier.now, date_tai_ns + DAY // 2, apoapsis=True)
        middle = min(max(apoapsis, date_tai_ns + MARGIN_NS), date_tai_ns + DAY - MARGIN_NS)
        there = propagate(flier.now, MARS_FORCES, middle).end
        wanted = inclined(there.six, self.plan.final_inclination_rad, GM_MARS, MARS_POLE)
        part = turned_part(there.velocity_km_s, wanted, 1 / left)
        before = mars_orbit(there).inclination_rad
        self.judged_burn(burn_of(part, middle, flier.mass_kg, self.craft.thrust_n, self.craft.isp_s, name))
        self.turns_rad.append(mars_orbit(flier.now).inclination_rad - before)

    def lower_periapsis(self) -> None:
        """Bring the periapsis to its height by an impulse at the apoapsis nearest to the plan's epoch."""
        flier, plan = self.flier, self.plan
        here = to_apsis(flier.now, plan.periapsis_trim_tai_ns, apoapsis=True)
        flier.coast("turned orbit", here, MARS_FORCES)
        along = flier.now.velocity_km_s / np.linalg.norm(flier.now.velocity_km_s)
        later = to_apsis(flier.now, plan.apoapsis_burn_tai_ns, apoapsis=False)

        def high(x: Vector) -> Vector:
            tried = StateVector(here, flier.now.position_km, flier.now.velocity_km_s + x[0] * along, "MARS")
            passed = propagate(tried, MARS_FORCES, to_apsis(tried, later, apoapsis=False)).end
            return np.array([float(np.linalg.norm(passed.position_km)) - plan.periapsis_km])

        size = correct(high, [0.0], steps=[1e-5], tolerances=[0.05]).values[0]
        dv = size * along
        flier.jump(ImpulsiveBurn(here, (dv[0], dv[1], dv[2]), "inertial", self.craft.isp_s, "periapsis trim"))

    def lower_apoapsis(self) -> None:
        """Bring the apoapsis down by a burn against the velocity about a periapsis, which it moves by a kilometre or two."""
        flier, plan, craft = self.flier, self.plan, self.craft
        middle = to_apsis(flier.now, plan.apoapsis_burn_tai_ns, apoapsis=False)
        here = propagate(flier.now, MARS_FORCES, middle - DAY // 4).end

        def made(x: Vector) -> FiniteBurn:
            begin = middle - round(float(x[0]) / 2 * SECOND)
            return FiniteBurn(begin, float(x[0]), craft.thrust_n, craft.isp_s, (-1.0, 0.0, 0.0), "velocity", "apoapsis lowering")

        def misses(x: Vector) -> Vector:
            burn = made(x)
            later = burn.stop_tai_ns + SETTLED_NS
            orbit = mars_orbit(propagate(here, MARS_FORCES, later, mass_kg=flier.mass_kg, burns=(burn,)).end)
            return np.array([orbit.apoapsis_km - plan.apoapsis_km])

        found = correct(misses, [650.0], steps=[1.0], tolerances=[0.5])
        self.judged_burn(made(found.values))

    def judged_burn(self, burn: FiniteBurn) -> None:
        """Make a burn after its cut-offs were judged. Raises UsageError when one of them leads below the floor."""
        flier = self.flier
        flier.coast(f"to {burn.name}", burn.start_tai_ns, MARS_FORCES)
        judged = cut_offs(flier.now, MARS_FORCES, burn, flier.mass_kg)
        judged.refuse_below(self.plan.floor_km)
        self.cut_offs.append(judged)
        flier.burn(burn, MARS_FORCES)
