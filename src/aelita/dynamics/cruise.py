"""A cruise rebuilt from what was published: reference trajectory, manoeuvres, and each figure beside its public value.

`rebuild_cruise` solves the plan of a mission file as a chain of targeting problems (`cruise_transfer`, `cruise_arrival`,
`cruise_orbits`). The result is one trajectory that meets the public figures, not the one that was flown: what is not public is
assumed and marked.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import state
from ..errors import TimeError, UsageError
from ..time import DAY, SECOND, utc_from_tai_ns
from .burns import Burn, FiniteBurn
from .capture import CutOffs
from .cruise_arrival import SETTLED_NS, Captured, find_capture
from .cruise_legs import MARS_FORCES, MARS_RADII_KM, Flier, Leg, mars_orbit
from .cruise_orbits import Orbiter
from .cruise_plan import CruisePlan, PublicFigure
from .cruise_transfer import Entry, Found, entry_of, find_way_out, released, site_of
from .orbits import spherical_deg
from .propagation import propagate
from .states import StateVector

Vector = NDArray[np.float64]
Epochs = NDArray[np.int64]
LEAST_ROWS = 9  # of a leg, however short: burns are to be interpolated too


@dataclass(frozen=True, slots=True)
class Segment:
    """States of one craft about one body without a break: rows of km and km/s, J2000, for an orbit ephemeris message."""

    craft: str
    centre: str
    names: tuple[str, ...]
    epochs_tai_ns: Epochs
    states: Vector


@dataclass(frozen=True, slots=True)
class Compared:
    """A public figure and ours. A figure in `conflict` with others is told, not judged."""

    public: PublicFigure
    ours: float

    @property
    def met(self) -> bool:
        """Whether ours is within the tolerance."""
        return abs(self.ours - self.public.value) <= self.public.tolerance


@dataclass(frozen=True, slots=True)
class Reference:
    """The rebuilt cruise: legs and burns in order, figures by name, cut-offs of the burns at Mars, the state handed over.

    `masses_kg` are those before each burn, `mass_kg` that at the end.
    """

    plan: CruisePlan
    legs: tuple[Leg, ...]
    burns: tuple[Burn, ...]
    masses_kg: tuple[float, ...]
    entry: Entry
    figures: dict[str, float]
    cut_offs: tuple[CutOffs, ...]
    hand_over: StateVector
    mass_kg: float
    excess_km_s: Vector
    """Velocity at infinity of the injection (km/s, J2000)."""

    def states(self, epochs_tai_ns: Epochs, centre: str, craft: str = "orbiter") -> Vector:
        """Return states (n, 6) about a body; `craft` is `orbiter` or `lander`, and either is the composite before they part.

        Raises TimeError outside of the reference.
        """
        at = np.atleast_1d(np.asarray(epochs_tai_ns, np.int64))
        made = np.full((at.size, 6), np.nan)
        for leg in self.legs:
            first, last = leg.trajectory.span
            those = (at >= first) & (at <= last) if leg.craft in (craft, "composite") else np.zeros(at.size, bool)
            if those.any():
                made[those] = leg.trajectory.states(at[those])
                if leg.centre != centre:
                    made[those] += state(leg.centre, centre, at[those])
        if np.isnan(made).any():
            wrong = int(at[np.isnan(made).any(axis=1)][0])
            raise TimeError(f"{utc_from_tai_ns(wrong, 0)} UTC is outside of the reference of the {craft}")
        return made

    def segments(self, step_s: float = 3600.0) -> tuple[Segment, ...]:
        """Return the columns of an orbit ephemeris message: segments break at burns and where the centre changes.

        Between the breaks rows are at most `step_s` apart, and closer where the motion bends: never more than 2 degrees of arc.
        """
        made: list[Segment] = []
        for leg in self.legs:
            epochs = spaced(leg, step_s)
            rows = leg.trajectory.states(epochs)
            last = made[-1] if made else None
            smooth = last is not None and (last.craft, last.centre) == (leg.craft, leg.centre)
            if (
                last is not None
                and smooth
                and np.abs(last.states[-1, 3:] - rows[0, 3:]).max() < 1e-9
                and leg.name == last.names[-1]
            ):
                made[-1] = Segment(
                    leg.craft, leg.centre, last.names, np.concatenate([last.epochs_tai_ns, epochs[1:]]),
                    np.concatenate([last.states, rows[1:]]),
                )  # fmt: skip
            else:
                made.append(Segment(leg.craft, leg.centre, (leg.name,), epochs, rows))
        return tuple(made)

    def compared(self, figures: tuple[PublicFigure, ...]) -> tuple[Compared, ...]:
        """Return each public figure beside ours. Raises UsageError for one that the reference does not have."""
        for each in figures:
            if each.name not in self.figures:
                raise UsageError(f"no figure {each.name!r}", remedy=f"Known are {', '.join(self.figures)}")
        return tuple(Compared(each, self.figures[each.name]) for each in figures)


def spaced(leg: Leg, step_s: float) -> Epochs:
    """Return epochs along a leg, both ends among them, by true anomaly near the planet."""
    first, last = leg.trajectory.span
    count = max(LEAST_ROWS, int(np.ceil((last - first) / SECOND / step_s)) + 1)
    epochs = first + (np.arange(count, dtype=np.int64) * ((last - first) // (count - 1)))
    epochs[-1] = last
    if leg.centre == "SUN":
        return epochs
    for _ in range(8):  # halve where the direction turns by more than two degrees
        rows = leg.trajectory.states(epochs)[:, :3]
        units = rows / np.linalg.norm(rows, axis=1)[:, None]
        wide = np.einsum("ni,ni->n", units[:-1], units[1:]) < np.cos(np.radians(2.0))
        wide &= np.diff(epochs) > 20 * SECOND
        if not wide.any():
            break
        epochs = np.sort(np.concatenate([epochs, (epochs[:-1] + np.diff(epochs) // 2)[wide]]))
    return epochs


def rebuild_cruise(plan: CruisePlan) -> Reference:
    """Return the reference trajectory of a plan. Raises UsageError, with what is left, when a target cannot be met."""
    out = find_way_out(plan)
    lander_start, orbiter_start, mass_kg = released(plan, out.flier)
    lander = Flier("lander", lander_start, plan.craft.lander_mass_kg)
    entry = entry_of(lander_start, plan.lander)
    lander.coast("lander", entry.epoch_tai_ns, MARS_FORCES)
    captured = find_capture(plan.craft, plan.capture, orbiter_start, mass_kg)
    retarget_s = captured.retarget.mass_after_kg(mass_kg) * plan.capture.retarget.size_km_s * 1000 / plan.craft.thrust_n
    figures = _of_way_out(plan, out, entry) | {"retarget duration": retarget_s} | _of_capture(captured)
    orbits = Orbiter(captured.flier, plan.craft, plan.orbits)
    orbits.run()
    figures |= _of_orbits(orbits)
    legs = (*out.flier.legs, *lander.legs, *captured.flier.legs)
    flier = captured.flier
    burns, masses = (*out.flier.burns, *flier.burns), (*out.flier.masses_kg, *flier.masses_kg)
    judged = (captured.cut_offs, *orbits.cut_offs)
    return Reference(plan, legs, burns, masses, entry, figures, judged, flier.now, flier.mass_kg, out.excess_km_s)


def _of_way_out(plan: CruisePlan, out: Found, entry: Entry) -> dict[str, float]:
    first = next(each for each in out.flier.burns if isinstance(each, FiniteBurn))
    speed = float(np.linalg.norm(out.excess_km_s))
    ascension, declination = spherical_deg(out.excess_km_s)
    latitude, longitude = entry.latitude_longitude_rad
    site = site_of(plan.lander)
    return {
        "C3": speed**2, "departure declination": declination, "departure right ascension": ascension,
        "first manoeuvre duration": first.duration_s / 60,
        "distance at lander separation": float(np.linalg.norm(out.flier.now.position_km)),
        "entry epoch error": (entry.epoch_tai_ns - plan.lander.entry_tai_ns) / SECOND,
        "entry speed": entry.speed_km_s, "entry angle": float(np.degrees(entry.angle_rad)),
        "entry inertial speed": float(np.linalg.norm(entry.state.velocity_km_s)),
        "entry latitude": float(np.degrees(latitude)), "entry longitude": float(np.degrees(longitude)),
        "entry track beside site": MARS_RADII_KM[0] * entry.off_track_rad(site),
        "entry range to site": MARS_RADII_KM[0] * entry.range_rad(site),
    }  # fmt: skip


def _of_capture(captured: Captured) -> dict[str, float]:
    end = captured.flier.now
    orbit = mars_orbit(propagate(end, MARS_FORCES, end.epoch_tai_ns + SETTLED_NS).end)
    return {
        "arrival speed": captured.aim.excess_speed_km_s, "retarget size": 1000 * float(np.linalg.norm(captured.retarget.dv_km_s)),
        "capture duration": captured.burn.duration_s / 60, "capture thrust": captured.burn.thrust_n,
        "capture burn": captured.cost.burn_km_s, "capture impulse": captured.cost.impulsive_km_s,
        "capture gravity loss": captured.cost.gravity_loss_km_s, "capture propellant": captured.cost.propellant_kg,
        "capture periapsis": orbit.periapsis_km, "capture apoapsis": orbit.apoapsis_km, "capture period": orbit.period_s / 86400,
        "capture inclination": float(np.degrees(orbit.inclination_rad)), "capture node": float(np.degrees(orbit.node_rad)),
        "capture argument of periapsis": float(np.degrees(orbit.argument_rad)),
    }  # fmt: skip


def _of_orbits(orbits: Orbiter) -> dict[str, float]:
    flier, plan = orbits.flier, orbits.plan
    by_name = {leg.name: leg for leg in flier.legs}
    turns = [leg for leg in flier.legs if leg.name.startswith("turn-")]
    met = next(leg for leg in flier.legs if leg.trajectory.span[0] <= plan.meet_periapsis_tai_ns <= leg.trajectory.span[1])
    passed = mars_orbit(_at(met, plan.compare_tai_ns))
    at_periapsis = mars_orbit(_at(met, plan.meet_periapsis_tai_ns))
    end = by_name["apoapsis lowering"].trajectory.end
    lowered = mars_orbit(propagate(end, MARS_FORCES, end.epoch_tai_ns + SETTLED_NS).end)
    figures = {
        "measured orbit axis": passed.semi_major_axis_km,
        "measured orbit periapsis height": passed.periapsis_km - MARS_RADII_KM[0],
        "measured orbit inclination": float(np.degrees(passed.inclination_rad)),
        "measured orbit node": float(np.degrees(passed.node_rad)),
        "measured orbit argument of periapsis": float(np.degrees(passed.argument_rad)),
        "measured orbit periapsis epoch error": -at_periapsis.since_periapsis_s,
        "inclination before turns": float(np.degrees(mars_orbit(turns[0].trajectory.start).inclination_rad)),
        "inclination after turns": float(np.degrees(mars_orbit(turns[-1].trajectory.end).inclination_rad)),
        "number of turns": float(len(turns)),
        "lowest cut-off height": min(each.lowest_km for each in orbits.cut_offs) - MARS_RADII_KM[0],
        "one-sol periapsis height": lowered.periapsis_km - MARS_RADII_KM[0],
        "one-sol apoapsis height": lowered.apoapsis_km - MARS_RADII_KM[0], "one-sol period": lowered.period_s / 3600,
    }  # fmt: skip
    for number, (leg, date) in enumerate(zip(turns, plan.turn_dates_tai_ns, strict=True), 1):
        figures[f"turn {number} after its date began"] = (leg.trajectory.span[0] - date) / DAY
    return figures


def _at(leg: Leg, epoch_tai_ns: int) -> StateVector:
    row = leg.trajectory.states(np.array([epoch_tai_ns]))[0]
    return StateVector(epoch_tai_ns, row[:3], row[3:], leg.centre)
