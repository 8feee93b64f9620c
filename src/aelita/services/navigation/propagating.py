"""Propagation as a job: a state from a file, forces that a user names, and the arc that comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...dynamics import Drag, FiniteBurn, Forces, ImpulsiveBurn, SolarPressure, StateVector, propagate
from ...environment import GravityField, MarsAtmosphere, read_gravity
from ...errors import UsageError
from ...time import SECOND, utc_from_tai_ns
from .opm_burns import Burn, opm_burns, opm_mass_kg
from .orbit_files import Arc
from .reading import unpacked

MOST_ROWS = 5_000_000
USUAL_KG = 1000.0


def read_field(path: Path) -> GravityField:
    """Return the gravity field in a public file, gzip-compressed or not. Raises DefinitionError naming the line that is wrong."""
    return read_gravity(unpacked(path), name=path.name)


def forces_of(
    centre: str, *, gravity: Path | None = None, degree: int = 0, bodies: Sequence[str] | None = None, relativity: bool = True,
    area_m2: float = 0.0, reflectivity: float = 0.3, drag_coefficient: float = 0.0, dust: float | None = None,
) -> Forces:  # fmt: skip
    """Return the forces that options name. Without an area neither sunlight nor air act; without a drag coefficient no air."""
    if degree and gravity is None:
        raise UsageError(f"degree {degree} without a gravity field", remedy="Name one with --gravity, a public coefficient file")
    field = read_field(gravity) if gravity is not None else None
    light = SolarPressure(area_m2, reflectivity) if area_m2 > 0 else None
    air = None
    if area_m2 > 0 and drag_coefficient > 0:
        if centre != "MARS":
            raise UsageError(f"no air is known about {centre}", remedy="Leave --drag away: the model is of Mars")
        air = Drag(area_m2, drag_coefficient, MarsAtmosphere() if dust is None else MarsAtmosphere(dust))
    chosen = (
        tuple(dict.fromkeys(body.upper() for body in bodies))  # given twice, a body would pull twice
        if bodies is not None
        else tuple(body for body in Forces().bodies if body != centre)
    )
    wanted = 0 if field is None else degree or field.degree
    return Forces(centre, field, wanted, chosen, relativity, light, air)


@dataclass(frozen=True, slots=True)
class Flown:
    """What came of a propagation: arcs in order of time, divided where a burn begins or ends, the mass (kg) and what is left.

    `unfinished` is what of its burns lies beyond its end.
    """

    arcs: tuple[Arc, ...]
    mass_kg: float
    burns: tuple[Burn, ...]
    unfinished: tuple[FiniteBurn, ...]

    @property
    def told(self) -> str:
        """Which burns were flown, in words; empty where none was."""
        names = [f"{each.name} of {utc_from_tai_ns(each.start_tai_ns, 3)}" for each in self.burns]
        rest = [f"{each.duration_s:.3f} s of {each.name} lie beyond the end" for each in self.unfinished]
        return "; ".join([f"flown: {', '.join(names)}, {self.mass_kg:.3f} kg are left", *rest]) if names else ""


def propagated(
    start: StateVector, forces: Forces, until: int, step_s: float, *, name: str, ident: str = "", mass_kg: float | None = None,
    opm: Path | None = None,
) -> Flown:  # fmt: skip
    """Return the arcs from a state to an instant (TAI nanoseconds), a row every so many seconds and one at each end.

    The manoeuvres of `opm` are flown, and its mass is that at the state where none is given (else 1,000 kg); an OEM has neither.
    Raises ImpactError when it meets the ground, UsageError for a step that makes too many rows.
    """
    step = round(min(step_s * SECOND, 2.0**62))
    if step < 1 or abs(until - start.epoch_tai_ns) / step > MOST_ROWS:
        raise UsageError(f"a step of {step_s:g} s makes too many rows", remedy="Choose a longer --step or a shorter span")
    mass = mass_kg if mass_kg is not None else (opm_mass_kg(opm) if opm is not None else None) or USUAL_KG
    burns = opm_burns(opm, mass) if opm is not None else ()
    trajectory = propagate(start, forces, until, mass_kg=mass, burns=burns)
    first, last = trajectory.span
    epochs = np.append(np.arange(first, last, step, dtype=np.int64), last)
    flown = tuple(each for each in burns if each.start_tai_ns <= last and each.stop_tai_ns >= first)
    arcs = []
    for low, high in _pieces(flown, first, last, until >= start.epoch_tai_ns):
        at = np.concatenate([[low], epochs[(epochs > low) & (epochs < high)], [high] if high > low else []]).astype(np.int64)
        arcs.append(Arc(name, start.centre, at, trajectory.states(at), ident))
    return Flown(tuple(arcs), trajectory.mass_kg, flown, trajectory.unfinished)


def _pieces(burns: tuple[Burn, ...], first: int, last: int, forward: bool) -> list[tuple[int, int]]:
    """Return the spans between edges of burns; at an impulse a trajectory is on the side that it comes to last."""
    cuts = {at: isinstance(each, ImpulsiveBurn) for each in burns for at in (each.start_tai_ns, each.stop_tai_ns)}
    found, low = [], first
    for at in sorted(cuts):
        if not first < at < last:
            continue
        before, after = (0, 0) if not cuts[at] else (-1, 0) if forward else (0, 1)
        found.append((low, at + before))
        low = at + after
    return [*found, (low, last)]
