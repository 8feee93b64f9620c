"""A launch worked out: flown, dispersed, its window; as tables that a command or a page shows."""

from dataclasses import dataclass, replace
from math import degrees
from pathlib import Path
from typing import Any

import numpy as np

from ...dynamics import (
    Asymptote,
    Dispersion,
    Injection,
    LauncherFile,
    LaunchPlan,
    LaunchPlane,
    Opportunity,
    ascend,
    inject,
    launch_windows,
    linear_dispersion,
    windows_with_margins,
)  # fmt: skip
from ...errors import UsageError
from ...time import DAY, utc_from_tai_ns
from .launcher_file import LAUNCHES, find_launch, load_launches


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch worked out: what was planned, the flight, how it disperses, and the days of its window."""

    plan: LaunchPlan
    launcher: LauncherFile
    injection: Injection
    dispersion: Dispersion
    window: tuple[Opportunity, ...]


def launches_of(mission: Path) -> list[dict[str, Any]]:
    """Return the launches of a mission's folder as rows; none where it has no file of them."""
    if not (mission / LAUNCHES).is_file():
        return []
    return [
        {
            "launch": plan.name, "launcher": plan.launcher, "payload_kg": plan.payload_kg, "days": len(plan.days),
            "liftoff": utc_from_tai_ns(plan.liftoff_tai_ns, 0) if plan.liftoff_tai_ns is not None else None,
        }
        for plan in load_launches(mission / LAUNCHES)
    ]  # fmt: skip


def work_out(
    mission: Path, name: str, *, asymptote: Asymptote | None = None, liftoff_tai_ns: int | None = None, best_liftoff: bool = False
) -> Launch:
    """Return a launch of a mission's folder worked out, with another asymptote or liftoff where they are given.

    With `best_liftoff`, or where none is known, it lifts off when the asymptote lies in the plane of its parking orbit: on the
    day of the known liftoff, of two times the nearer; else at the first time of the window's day of least C3. Raises UsageError
    when the payload cannot get there, DefinitionError for files that do not fit.
    """
    plan, launcher = find_launch(mission, name)
    known, asymptote = liftoff_tai_ns or plan.liftoff_tai_ns, asymptote or plan.asymptote
    reference = known if known is not None or not plan.days else plan.days[0][0]
    if reference is None or (asymptote is None and not plan.days):
        raise UsageError(f"launch {name!r} has neither an asymptote nor days", remedy="Give both, or one of them in its file")
    ascent = ascend(launcher.launcher, plan.payload_kg, reference)
    plane = LaunchPlane.of(ascent, reference)
    liftoff = known
    if asymptote is None or known is None:
        day, least = min(plan.days, key=lambda row: row[1].c3_km2_s2)
        asymptote = asymptote or least
        liftoff = _in_plane(launcher, plane, day, asymptote, day)
    elif best_liftoff:
        liftoff = _in_plane(launcher, plane, known - DAY // 2, asymptote, known)
    assert liftoff is not None
    profile = replace(launcher.profile, separation_s=plan.separation_s) if launcher.profile.apogees_km else launcher.profile
    flown = inject(
        launcher.launcher, plan.payload_kg, liftoff, asymptote, profile, ascent=ascent if liftoff == reference else None
    )
    return Launch(plan, launcher, flown, linear_dispersion(flown, launcher.errors), windows_with_margins(flown, plane, plan.days))


def _in_plane(launcher: LauncherFile, plane: LaunchPlane, day: int, asymptote: Asymptote, near: int) -> int:
    """Return the time of liftoff within a day from `day` on, nearest to another, with the asymptote in the plane."""
    rows = launch_windows(launcher.launcher, plane, [(day, asymptote)], apogee_km=1e4, allowed_km_s=1.0)
    return min((row.liftoff_tai_ns for row in rows), key=lambda at: abs(at - near))


def event_rows(flown: Injection) -> list[dict[str, Any]]:
    """Return the table of events: time, height, speeds, mass."""
    return [
        {
            "event": event.name, "time_s": round(event.time_s, 2),
            "utc": utc_from_tai_ns(flown.liftoff_tai_ns + round(event.time_s * 1e9), 1), "height_km": round(event.height_km, 2),
            "air_speed_km_s": round(event.air_speed_km_s, 4), "speed_km_s": round(event.speed_km_s, 4),
            "mass_kg": round(event.mass_kg, 1),
        }
        for event in flown.events
    ]  # fmt: skip


def burn_rows(flown: Injection) -> list[dict[str, Any]]:
    """Return the table of the upper stage's burns, from the one that closes the parking orbit."""
    return [
        {
            "burn": burn.number, "start_s": round(burn.start_s, 1), "duration_s": round(burn.duration_s, 1),
            "speed_m_s": round(1000 * burn.speed_km_s, 1), "loss_m_s": round(1000 * burn.loss_km_s, 1),
            "propellant_kg": round(burn.propellant_kg, 1), "perigee_km": round(burn.perigee_km, 1),
            "apogee_km": round(burn.apogee_km, 1) if np.isfinite(burn.apogee_km) else None,
        }
        for burn in flown.all_burns
    ]  # fmt: skip


def window_rows(window: tuple[Opportunity, ...]) -> list[dict[str, Any]]:
    """Return the table of the window: best liftoffs, what a turn costs there, when it opens and closes, propellant left."""
    return [
        {
            "liftoff": utc_from_tai_ns(row.liftoff_tai_ns, 0), "way": row.way, "open": row.is_open,
            "opens": utc_from_tai_ns(row.opens_tai_ns, 0), "closes": utc_from_tai_ns(row.closes_tai_ns, 0),
            "c3_km2_s2": round(row.asymptote.c3_km2_s2, 3), "declination_deg": round(degrees(row.asymptote.declination_rad), 3),
            "right_ascension_deg": round(degrees(row.asymptote.right_ascension_rad), 3),
            "miss_deg": round(degrees(row.miss_rad), 3), "cost_m_s": round(1000 * row.cost_km_s, 1),
            "allowed_m_s": round(1000 * row.allowed_km_s, 1),
            "margin_kg": None if row.margin_kg is None else round(row.margin_kg, 1),
        }
        for row in window
    ]  # fmt: skip


def impact_rows(flown: Injection) -> list[dict[str, Any]]:
    """Return where stages and fairing come down (geodetic), falling without air."""
    return [
        {
            "what": impact.name, "latitude_deg": round(degrees(impact.latitude_rad), 2),
            "longitude_deg": round(degrees(impact.longitude_rad), 2), "time_s": round(impact.time_s, 0),
        }
        for impact in flown.ascent.impacts
    ]  # fmt: skip


def dispersion_row(dispersion: Dispersion) -> dict[str, Any]:
    """Return the dispersion: standard deviations, the ellipse of three of them in the sky, each source's share of variance."""
    c3, declination, ascension = dispersion.sigmas
    great, small, angle = dispersion.ellipse(3.0)
    return {
        "c3_sigma_km2_s2": c3, "declination_sigma_deg": degrees(declination), "right_ascension_sigma_deg": degrees(ascension),
        "ellipse_3_sigma_deg": [degrees(great), degrees(small)], "ellipse_angle_from_east_deg": degrees(angle),
        "margin_sigma_kg": dispersion.margin_sigma_kg,
        "position_sigma_km": [float(x) for x in np.sqrt(np.diag(dispersion.state)[:3])],
        "velocity_sigma_m_s": [float(1000 * x) for x in np.sqrt(np.diag(dispersion.state)[3:])],
        "shares": {name: dict(zip(("c3", "declination", "right_ascension", "margin"), parts, strict=True))
                   for name, parts in dispersion.shares},
    }  # fmt: skip


def launch_as_json(launch: Launch) -> dict[str, Any]:
    """Return all of a launch as plain values: for `--json` and the interface."""
    flown = launch.injection
    book = flown.book
    return {
        "name": launch.plan.name, "launcher": flown.launcher.name, "payload_kg": flown.payload_kg,
        "liftoff": utc_from_tai_ns(flown.liftoff_tai_ns, 3), "separation": utc_from_tai_ns(flown.separation_tai_ns, 3),
        "asked": _asymptote(flown.asked), "reached": _asymptote(flown.reached),
        "plane_miss_deg": degrees(flown.plane_miss_rad), "margin_kg": flown.margin_kg,
        "propellant_kg": {key: float(getattr(book, key)) for key in book.__slots__},
        "state_j2000_km_km_s": [float(x) for x in flown.state_j2000],
        "events": event_rows(flown), "burns": burn_rows(flown),
        "impacts": impact_rows(flown), "window": window_rows(launch.window),
        "window_source": launch.plan.window_source, "dispersion": dispersion_row(launch.dispersion),
        "fitted": [_key(figure.key) for figure in flown.launcher.fitted],
        "figures": [
            {"key": _key(f.key), "value": f.value, "source": f.source, "grade": f.grade, "fitted": f.fitted}
            for f in (*flown.launcher.provenance, *launch.plan.provenance)
        ],
    }  # fmt: skip


def _key(place: str) -> str:
    """Return where a figure stands in its file, without the folder."""
    return Path(place.partition(": ")[0]).name + ": " + place.partition(": ")[2]


def _asymptote(asymptote: Asymptote) -> dict[str, Any]:
    return {
        "c3_km2_s2": asymptote.c3_km2_s2, "declination_deg": degrees(asymptote.declination_rad),
        "right_ascension_deg": degrees(asymptote.right_ascension_rad), "source": asymptote.source, "grade": asymptote.grade,
    }  # fmt: skip
