"""Propagation as a job: a state from a file, forces that a user names, and the arc that comes of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...dynamics import Drag, Forces, SolarPressure, StateVector, propagate
from ...environment import GravityField, MarsAtmosphere, read_gravity
from ...errors import UsageError
from ...time import SECOND
from .orbit_files import Arc
from .reading import unpacked

MOST_ROWS = 5_000_000


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


def propagated(
    start: StateVector, forces: Forces, until: int, step_s: float, *, name: str, ident: str = "", mass_kg: float = 1000.0
) -> Arc:
    """Return the arc from a state to an instant (TAI nanoseconds), a row every so many seconds and one at its end.

    Raises ImpactError when it meets the ground, UsageError for a step that makes too many rows.
    """
    step = round(min(step_s * SECOND, 2.0**62))
    if step < 1 or abs(until - start.epoch_tai_ns) / step > MOST_ROWS:
        raise UsageError(f"a step of {step_s:g} s makes too many rows", remedy="Choose a longer --step or a shorter span")
    trajectory = propagate(start, forces, until, mass_kg=mass_kg)
    first, last = trajectory.span
    epochs = np.arange(first, last, step, dtype=np.int64)
    epochs = np.append(epochs, last)
    return Arc(name, start.centre, epochs, trajectory.states(epochs), ident)
