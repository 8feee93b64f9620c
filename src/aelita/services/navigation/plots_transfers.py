"""Pictures of transfers as PNG: the pork-chop of a window, and a rebuilt cruise about the Sun and at the planet."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...dynamics import GM_KM3_S2, PorkChop, PublicFigure, Reference
from ...ephemeris import state
from ...errors import UsageError
from ...time import DAY, SECOND, utc_datetime64, utc_from_tai_ns
from ..plots import GRID, INK, PAPER, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AU_KM = 149597870.7
ECLIPTIC_RAD = 0.40909280422232897  # obliquity of J2000: pictures about the Sun look down on the ecliptic
EARTH_INK, MARS_INK, CRAFT_INK, BURN_INK, ARRIVAL_INK = "#2a6f97", "#bc6c25", "#1b2733", "#d62839", "#6a4c93"
C3_STEPS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 17, 21, 25, 33)  # above the least, km2/s2; wider where that is great
USUAL_C3, SPEED_STEPS = 10.0, (0.1, 0.3, 0.6, 1.0, 1.5, 2.2, 3.2, 4.5)
BOX = 0.7  # height of a panel of the cruise over its width
MARS_POLE = np.array([0.44615, -0.40623, 0.79742])  # J2000, in 2016
STEEP_DEG = 51.5  # inclination of launches from Baikonur: asymptotes steeper than it take a turn of the plane
Marks = tuple[tuple[str, int, int], ...]


def draw_pork_chop(chop: PorkChop, path: Path, *, marks: Marks = ()) -> Path:
    """Write a pork-chop to `path` (PNG): C3 in colours, arrival speed, declination and days of flight as lines; return the path.

    `marks` are (label, departure, arrival) to point out, epochs in TAI nanoseconds.
    """
    from matplotlib.colors import BoundaryNorm
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.patheffects import withStroke
    from matplotlib.ticker import MaxNLocator

    if np.isnan(chop.c3_km2_s2).all() or min(chop.c3_km2_s2.shape) < 2:
        raise UsageError("there is nothing to draw: no pair of days has a transfer", remedy="Widen the dates")
    figure = _figure(10.5, 8.0)
    axes = figure.subplots()
    x, y = utc_datetime64(chop.departures_tai_ns), utc_datetime64(chop.arrivals_tai_ns)
    least = float(np.floor(np.nanmin(chop.c3_km2_s2)))
    c3_levels = [least + step * max(1.0, round(least / USUAL_C3)) for step in C3_STEPS]
    norm = BoundaryNorm(c3_levels, 256, extend="max")
    shown = np.where(chop.c3_km2_s2 > c3_levels[-1], np.nan, chop.c3_km2_s2)
    filled = axes.contourf(x, y, shown, levels=c3_levels, cmap="YlGnBu_r", norm=norm)
    axes.contour(x, y, shown, levels=c3_levels, colors="white", linewidths=0.5)
    near = ~np.isnan(shown)
    speed, days = (np.where(near, values, np.nan) for values in (chop.arrival_speed_km_s, chop.flight_days))
    drawn = (
        (speed, [round(float(np.nanmin(speed)) + step, 1) for step in SPEED_STEPS], BURN_INK, "%.1f km/s"),
        (days, MaxNLocator(9, integer=True).tick_values(float(np.nanmin(days)), float(np.nanmax(days))), INK, "%d d"),
    )
    for values, levels, colour, unit in drawn:
        lines = axes.contour(x, y, values, levels=levels, colors=colour, linewidths=0.9)
        for text in axes.clabel(lines, fmt=unit, fontsize=7.5):
            text.set_path_effects([withStroke(linewidth=2.2, foreground=PAPER)])
    from_earth = chop.origin.strip().upper() == "EARTH"
    steep = np.where(near, np.abs(chop.departure_declination_deg), np.nan)
    if from_earth and np.nanmin(steep) < STEEP_DEG < np.nanmax(steep):
        axes.contour(x, y, steep, levels=(STEEP_DEG,), colors=ARRIVAL_INK, linewidths=1.4, linestyles="--")
    for name, departure, arrival in marks:
        at = utc_datetime64(np.array([departure, arrival]))
        axes.plot(at[:1], at[1:], marker="o", color=BURN_INK, markeredgecolor="white", markersize=8, zorder=5)
        axes.annotate(
            name, (at[0], at[1]), (9, -12), textcoords="offset points", fontsize=8.5, color=INK, fontweight="bold",
            bbox={"facecolor": PAPER, "alpha": 0.8, "edgecolor": "none", "pad": 1.5}, zorder=6,
        )  # fmt: skip
    bar = figure.colorbar(filled, ax=axes, pad=0.015, ticks=c3_levels)
    bar.set_label("C3, km²/s²", color=INK)
    bar.ax.tick_params(labelsize=8)
    for axis, name in ((axes.xaxis, "departure"), (axes.yaxis, "arrival")):
        locator = AutoDateLocator(minticks=4, maxticks=10)
        axis.set_major_locator(locator)
        axis.set_major_formatter(ConciseDateFormatter(locator))
        axis.set_label_text(f"{name}, UTC", color=INK)
    axes.grid(True, color=GRID, linewidth=0.4)
    axes.set_title(
        "colours: C3; red: arrival speed; black: days of flight"
        + (f"; violet: declination of departure ±{STEEP_DEG:g}° (launches from Baikonur)" if from_earth else ""),
        fontsize=8.5, loc="left", color=INK,
    )  # fmt: skip
    first, last = (utc_from_tai_ns(int(pick(chop.departures_tai_ns)), 0)[:7] for pick in (np.min, np.max))
    figure.suptitle(
        f"{chop.origin.title()} to {chop.target.title()}, {first} to {last}", x=0.01, ha="left", fontweight="bold", color=INK
    )
    return _saved(figure, path)


def draw_cruise(cruise: Reference, path: Path, *, title: str, figures: tuple[PublicFigure, ...] = ()) -> Path:
    """Write a rebuilt cruise to `path` (PNG): about the Sun, the arrival, the orbits after it, their heights; return the path.

    Of public `figures` the measured height of a periapsis is marked.
    """
    figure = _figure(13.0, 9.5)
    panels = figure.subplots(2, 2)
    for panel in panels.ravel():
        panel.set_box_aspect(BOX)
    _about_the_sun(panels[0, 0], cruise)
    _arrival(panels[0, 1], cruise)
    _orbits(panels[1, 0], cruise)
    _heights(panels[1, 1], cruise, {each.name: each.value for each in figures}.get("measured orbit periapsis height"))
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", color=INK)
    return _saved(figure, path)


def _about_the_sun(axes: "Axes", cruise: Reference) -> None:
    first, last = cruise.legs[0].trajectory.span[0], cruise.plan.capture.start_tai_ns
    epochs = np.linspace(0, last - first, 500).astype(np.int64) + first
    year = np.linspace(0, 690 * DAY, 800).astype(np.int64) + first
    for body, colour in (("EARTH", EARTH_INK), ("MARS", MARS_INK)):
        ring = _ecliptic(state(body, "SUN", year)[:, :3]) / AU_KM
        axes.plot(ring[:, 0], ring[:, 1], color=colour, linewidth=0.6, alpha=0.5)
        for at, size in ((first, 5), (last, 5)):
            dot = _ecliptic(state(body, "SUN", np.array([at]))[:, :3])[0] / AU_KM
            axes.plot(dot[0], dot[1], "o", color=colour, markersize=size, alpha=0.4 if (body == "EARTH") == (at == last) else 1)
    way = _ecliptic(cruise.states(epochs, "SUN")[:, :3]) / AU_KM
    axes.plot(way[:, 0], way[:, 1], color=CRAFT_INK, linewidth=1.6)
    axes.plot(0, 0, "o", color="#e9c46a", markersize=9)
    for burn in cruise.burns:
        if burn.start_tai_ns < last - 5 * DAY:
            at = _ecliptic(cruise.states(np.array([burn.start_tai_ns - SECOND]), "SUN")[:, :3])[0] / AU_KM
            axes.plot(at[0], at[1], "o", color=BURN_INK, markersize=5)
            shift = (-75, -16) if burn is cruise.burns[0] else (6, -12)
            axes.annotate(f"{burn.name}, {utc_from_tai_ns(burn.start_tai_ns, 0)[:10]}", at[:2], shift, **_note())
    for point, name, shift in (
        (way[0], "separation " + utc_from_tai_ns(first, 0)[:10], (8, 2)),
        (way[-1], "capture " + utc_from_tai_ns(last, 0)[:10], (8, 4)),
    ):
        axes.annotate(name, point[:2], shift, **_note())
    _true_to_scale(axes, (-2.5, 2.5), 0.0)
    label(axes, "x, au", "y, au", "About the Sun, seen from the north of the ecliptic")


def _arrival(axes: "Axes", cruise: Reference) -> None:
    """Draw the last hours in the plane of the orbiter's motion."""
    burn = next(each for each in cruise.burns if each.name == "capture")
    middle = cruise.states(np.array([burn.start_tai_ns]), "MARS")[0]
    normal = np.cross(middle[:3], middle[3:])
    normal /= np.linalg.norm(normal)
    away = cruise.states(np.array([burn.start_tai_ns - DAY]), "MARS")[0, 3:]
    along = away - (away @ normal) * normal
    along /= np.linalg.norm(along)
    plane = np.array([along, np.cross(normal, along)])
    lasts = (burn.stop_tai_ns - burn.start_tai_ns) / SECOND
    spans = (
        ("orbiter, coasting", -2.5 * 3600, 0.0, "orbiter", CRAFT_INK, 1.3),
        (f"orbiter, {lasts / 60:.0f} min of thrust", 0.0, lasts, "orbiter", BURN_INK, 2.6),
        ("captured", lasts, 6 * 3600.0, "orbiter", CRAFT_INK, 1.3),
    )
    for name, low, high, craft, colour, width in spans:
        epochs = burn.start_tai_ns + np.rint(np.linspace(low, high, 400) * SECOND).astype(np.int64)
        way = cruise.states(epochs, "MARS", craft)[:, :3] @ plane.T / 1000
        axes.plot(way[:, 0], way[:, 1], color=colour, linewidth=width, label=None if name == "captured" else name)
    entry = cruise.entry.epoch_tai_ns
    epochs = np.linspace(burn.start_tai_ns - 9000 * SECOND, entry, 400).astype(np.int64)
    epochs[-1] = entry
    way = cruise.states(epochs, "MARS", "lander")[:, :3] @ plane.T / 1000
    axes.plot(way[:, 0], way[:, 1], color=ARRIVAL_INK, linewidth=1.3, linestyle="--", label="lander, to its entry")
    axes.plot(*way[-1], "v", color=ARRIVAL_INK, markersize=6)
    _planet(axes, 1000.0)
    _true_to_scale(axes, (-33.0, 17.0), 0.0)
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    label(
        axes,
        "thousand km",
        "thousand km",
        f"Arrival on {utc_from_tai_ns(burn.start_tai_ns, 0)[:10]}, in the plane of the orbiter",
    )


def _orbits(axes: "Axes", cruise: Reference) -> None:
    """Draw one revolution of each kind of orbit, seen from the equator: height over it against distance along the apsides."""
    from ...dynamics import orbit_of

    plan = cruise.plan.orbits
    kinds = (
        ("capture orbit", cruise.plan.capture.start_tai_ns + round(cruise.plan.capture.duration_s + 660) * SECOND, CRAFT_INK),
        ("before the turns", plan.turn_dates_tai_ns[0] - 5 * DAY, EARTH_INK),
        ("after the turns", plan.periapsis_trim_tai_ns + DAY, BURN_INK),
        ("before aerobraking", plan.hand_over_tai_ns - 3 * DAY, MARS_INK),
    )
    start = cruise.states(np.array([kinds[0][1] + 2 * DAY]), "MARS")[0, :3]
    first = start - (start @ MARS_POLE) * MARS_POLE
    first /= np.linalg.norm(first)
    for name, begin, colour in kinds:
        orbit = orbit_of(cruise.states(np.array([begin]), "MARS")[0], GM_KM3_S2["MARS"], MARS_POLE)
        epochs = begin + np.linspace(0, 0.995 * orbit.period_s * SECOND, 1500).astype(np.int64)
        way = cruise.states(epochs, "MARS")[:, :3]
        told = f"{name}, {np.degrees(orbit.inclination_rad):.1f}°, {orbit.period_s / 86400:.2f} d"
        axes.plot(way @ first / 1000, way @ MARS_POLE / 1000, color=colour, linewidth=1.2, label=told)
    _planet(axes, 1000.0)
    far = 1.07 * max(float(np.abs(line.get_xdata()).max()) for line in axes.lines)
    _true_to_scale(axes, (-0.08 * far, far), -0.08 * far)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    label(axes, "thousand km", "north, thousand km", "Orbits at Mars, seen along its equator")


def _heights(axes: "Axes", cruise: Reference, measured_km: float | None) -> None:
    """Draw osculating periapsis height and inclination from capture to the hand-over, and a height that was measured."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    from ...dynamics import orbit_of

    burn = next(each for each in cruise.burns if each.name == "capture")
    epochs = np.linspace(burn.stop_tai_ns + DAY // 2, cruise.plan.orbits.hand_over_tai_ns, 1200).astype(np.int64)
    rows = cruise.states(epochs, "MARS")
    far = np.linalg.norm(rows[:, :3], axis=1) > 15_000  # near periapsis the flattening moves osculating elements
    orbits = [orbit_of(row, GM_KM3_S2["MARS"], MARS_POLE) for row in rows[far]]
    utc = utc_datetime64(epochs[far])
    axes.plot(utc, [each.periapsis_km - 3396.19 for each in orbits], color=CRAFT_INK, linewidth=1.4)
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.25 * (high - low), high + 0.05 * (high - low))
    other = axes.twinx()
    other.set_box_aspect(BOX)
    other.plot(utc, [np.degrees(each.inclination_rad) for each in orbits], color=BURN_INK, linewidth=1.4)
    other.set_ylabel("inclination, deg", color=BURN_INK)
    other.tick_params(colors=BURN_INK, labelsize=8)
    other.spines["top"].set_visible(False)
    for each in cruise.burns:
        if each.start_tai_ns > burn.stop_tai_ns:
            at = utc_datetime64(np.array([each.start_tai_ns]))[0]
            axes.axvline(at, color=GRID, linewidth=1.0, zorder=0)
            axes.annotate(
                each.name, (at, 0.01), (-2, 0), xycoords=("data", "axes fraction"), rotation=90, ha="right", va="bottom",
                **_note(),
            )  # fmt: skip
    if measured_km is not None:
        when = cruise.plan.orbits.compare_tai_ns
        utc_then = utc_datetime64(np.array([when]))
        axes.plot(utc_then, [measured_km], "o", color=MARS_INK, markersize=6)
        told = f"measured {measured_km:g} km,\n{utc_from_tai_ns(when, 0)[:10]}"
        axes.annotate(told, (utc_then[0], measured_km), (-6, -12), ha="right", va="top", **_note())
    locator = AutoDateLocator(minticks=4, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    label(axes, "UTC", "periapsis height, km", "Periapsis and inclination to the start of aerobraking")


def _true_to_scale(axes: "Axes", across: tuple[float, float], middle: float) -> None:
    """Fix the limits of a panel so that both axes have one scale, whatever its size."""
    half = 0.5 * BOX * (across[1] - across[0])
    axes.set_xlim(*across)
    axes.set_ylim(middle - half, middle + half)


def _planet(axes: "Axes", unit_km: float) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0, 0), 3396.19 / unit_km, facecolor=MARS_INK, edgecolor="none", alpha=0.9, zorder=2))


def _ecliptic(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    c, s = np.cos(ECLIPTIC_RAD), np.sin(ECLIPTIC_RAD)
    return rows @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]]).T


def _note() -> dict[str, Any]:
    return {"textcoords": "offset points", "fontsize": 8, "color": INK}


def _figure(width_in: float, height_in: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=110, facecolor=PAPER, layout="constrained")


def _saved(figure: "Figure", path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
