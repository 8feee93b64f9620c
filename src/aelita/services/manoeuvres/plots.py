"""Pictures of manoeuvres as PNG: what each cut-off leaves, and the orbits or the aims before and after."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...dynamics import BPlane, FiniteBurn, Orbit, aim_for_periapsis
from ...time import SECOND, utc_from_tai_ns
from ..plots import INK, PAPER, label
from .targeting import Manoeuvre

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE_INK, AFTER_INK, FLOOR_INK, PLANET_INK = "#2a6f97", "#d62839", "#6a4c93", "#bc6c25"


def draw_manoeuvre(made: Manoeuvre, path: Path, *, title: str) -> Path:
    """Write a manoeuvre to `path` (PNG): periapsis of each cut-off, and orbits or aims before and after; return the path."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 5.6), dpi=110, facecolor=PAPER, layout="constrained")
    left, right = figure.subplots(1, 2)
    _cut_offs(left, made)
    if made.aim is not None:
        _aims(right, made, made.aim)
    else:
        _orbits(right, made)
    when, size = utc_from_tai_ns(made.burn.start_tai_ns, 0), 1000 * made.size_km_s
    figure.suptitle(f"{title}: {size:.2f} m/s from {when} UTC", x=0.01, ha="left", fontweight="bold", color=INK)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path


def _cut_offs(axes: "Axes", made: Manoeuvre) -> None:
    cut, burn = made.cut, made.burn
    if isinstance(burn, FiniteBurn):
        across, name = (cut.epochs_tai_ns - burn.start_tai_ns) / SECOND / 60, "minutes of thrust when it is cut off"
    else:
        across, name = np.linspace(0, 100, cut.periapsis_km.size), "per cent of it that was made"
    heights = cut.periapsis_km - made.radius_km
    axes.plot(across, heights, color=AFTER_INK, linewidth=1.8, label="periapsis that is left")
    if np.isfinite(heights).any():
        low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
        floor = made.floor_km - made.radius_km
        if low - floor < 3 * (high - low) + 100:
            axes.axhline(floor, color=FLOOR_INK, linewidth=1.2, linestyle="--", label=f"floor, {floor:,.0f} km")
        if low < 0:
            axes.axhspan(min(low, 0) * 1.1, 0, color=PLANET_INK, alpha=0.25, linewidth=0, label="below the ground")
    else:
        axes.text(0.5, 0.5, "no periapsis ahead: it escapes", transform=axes.transAxes, ha="center", color=INK)
    axes.legend(frameon=False, fontsize=8)
    label(axes, name, "height of the next periapsis, km", "Where a cut-off leads", without=("top", "right"))


def _orbits(axes: "Axes", made: Manoeuvre) -> None:
    """Draw both orbits, seen along the line on which their planes meet where they differ much, else from above."""
    from matplotlib.patches import Circle

    rows = [_conic(made.before, made.pole), _conic(made.after, made.pole)]
    first = made.start.position_km / np.linalg.norm(made.start.position_km)
    normals = [np.cross(row[0], row[len(row) // 7]) for row in rows]
    normals = [each / np.linalg.norm(each) for each in normals]
    turned = float(np.degrees(np.arccos(np.clip(normals[0] @ normals[1], -1, 1))))
    up = normals[0] - (normals[0] @ first) * first  # from the side: one axis of both, the first plane edge on
    second = up / np.linalg.norm(up) if turned > 10 else np.cross(normals[0], first)
    unit = 1000.0
    axes.add_patch(Circle((0, 0), made.radius_km / unit, facecolor=PLANET_INK, edgecolor="none", alpha=0.9, zorder=2))
    for row, colour, name in zip(rows, (BEFORE_INK, AFTER_INK), ("before", "after"), strict=True):
        axes.plot(row @ first / unit, row @ second / unit, color=colour, linewidth=1.4, label=name)
    there = made.start.position_km
    axes.plot(there @ first / unit, there @ second / unit, "o", color=INK, markersize=5, label="the burn", zorder=4)
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend(frameon=False, fontsize=8)
    view = f"seen along the first plane (turned by {turned:.1f} deg)" if turned > 10 else "seen from above the first plane"
    label(
        axes,
        "thousand km, along the place of the burn",
        "thousand km",
        f"Orbits before and after, {view}",
        without=("top", "right"),
    )


def _conic(orbit: Orbit, pole: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return places of a conic (km, J2000), of a hyperbola those within twenty periapsis radii."""
    from ...dynamics import equator_axes

    e, parameter = orbit.eccentricity, orbit.periapsis_km * (1 + orbit.eccentricity)
    most = np.pi if orbit.bound else float(np.arccos(np.clip((parameter / (20 * orbit.periapsis_km) - 1) / e, -1, 1)))
    anomaly = np.linspace(-most, most, 701)
    angle = anomaly + orbit.argument_rad
    radius = parameter / (1 + e * np.cos(anomaly))
    c, s = np.cos(orbit.node_rad), np.sin(orbit.node_rad)
    ci, si = np.cos(orbit.inclination_rad), np.sin(orbit.inclination_rad)
    node, ahead = np.array([c, s, 0.0]), np.array([-s * ci, c * ci, si])
    rows = radius[:, None] * (np.cos(angle)[:, None] * node + np.sin(angle)[:, None] * ahead)
    return np.asarray(rows @ equator_axes(pole))


def _aims(axes: "Axes", made: Manoeuvre, aim: BPlane) -> None:
    """Draw the B-plane: aims before and after, the planet, and the aims that meet it."""
    from matplotlib.patches import Circle

    if made.start.centre and made.radius_km > 1:
        meets = aim_for_periapsis(aim.excess_speed_km_s, made.radius_km, made.gm_km3_s2)
        axes.add_patch(Circle((0, 0), meets, facecolor=PLANET_INK, alpha=0.25, edgecolor="none", label="aims that meet it"))
        axes.add_patch(Circle((0, 0), made.radius_km, facecolor=PLANET_INK, alpha=0.9, edgecolor="none"))
    for found, colour, name in ((made.aim_before, BEFORE_INK, "before"), (aim, AFTER_INK, "after")):
        if found is not None:
            axes.plot(found.b_t_km, found.b_r_km, "o", color=colour, markersize=7, label=name, zorder=4)
    axes.invert_yaxis()
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend(frameon=False, fontsize=8)
    label(axes, "B·T, km", "B·R, km (south downwards)", "Aims in the B-plane", without=("top", "right"))
