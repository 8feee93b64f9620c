"""A rebuilt cruise as products: arcs for orbit messages and kernels, and rows of the comparison for people."""

from pathlib import Path
from typing import Any

from ...dynamics import Reference, rebuild_cruise
from ...errors import UsageError
from ...time import SECOND, utc_from_tai_ns
from .cruise_file import CRUISE, CruiseFile, load_cruise
from .orbit_files import Arc

MOST_ROWS = 2_000_000


def find_cruise(mission: Path) -> tuple[CruiseFile, Reference]:
    """Return the cruise file of a mission's folder and the trajectory rebuilt from it (seconds). Errors are of both."""
    given = load_cruise(mission / CRUISE)
    return given, rebuild_cruise(given.plan)


def cruise_arcs(cruise: Reference, craft: str, name: str, *, step_s: float = 3600.0) -> tuple[Arc, ...]:
    """Return the arcs of one craft, `orbiter` (and the composite before) or `lander`; each burn is an arc of its own.

    Raises UsageError for a step that makes too many rows.
    """
    lasts_s = (cruise.legs[-1].trajectory.span[1] - cruise.legs[0].trajectory.span[0]) / SECOND
    if not (step_s > 0 and lasts_s / step_s < MOST_ROWS):
        raise UsageError(
            f"a step of {step_s:g} s makes over {MOST_ROWS:,} rows of {lasts_s / 86400:.0f} days", remedy="Give a longer --step"
        )
    wanted = {craft, "composite"} if craft == "orbiter" else {craft}
    return tuple(
        Arc(name, each.centre, each.epochs_tai_ns, each.states) for each in cruise.segments(step_s) if each.craft in wanted
    )


def figure_rows(cruise: Reference, given: CruiseFile) -> list[dict[str, Any]]:
    """Return the public figures, ours, tolerance, verdict, grade and source, as rows."""
    rows = []
    for each in cruise.compared(given.figures):
        verdict = "in conflict" if each.public.conflict else "met" if each.met else "missed"
        rows.append({
            "figure": each.public.name, "public": each.public.value, "ours": each.ours, "tolerance": each.public.tolerance,
            "unit": each.public.unit, "verdict": verdict, "grade": each.public.grade, "source": each.public.source,
            "conflict": each.public.conflict,
        })  # fmt: skip
    return rows


def burn_rows(cruise: Reference) -> list[dict[str, Any]]:
    """Return the manoeuvres in order: name, start (UTC), size (m/s), duration (s) and thrust (N), propellant, mass after (kg).

    The size of a burn is thrust over mass, summed; duration and thrust are None for what is taken as sudden.
    """
    rows = []
    for burn, mass in zip(cruise.burns, cruise.masses_kg, strict=True):
        after = burn.mass_after_kg(mass)
        rows.append({
            "name": burn.name, "start_utc": utc_from_tai_ns(burn.start_tai_ns, 0), "size_m_s": 1000 * burn.speed_km_s(mass),
            "duration_s": getattr(burn, "duration_s", None), "thrust_n": getattr(burn, "thrust_n", None),
            "propellant_kg": mass - after, "mass_after_kg": after,
        })  # fmt: skip
    return rows
