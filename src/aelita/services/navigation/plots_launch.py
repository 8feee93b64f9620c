"""Pictures of launches as PNG: the ascent, the way out, the window, the dispersion."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...dynamics import Dispersion, Injection
from ...time import DAY, utc_datetime64, utc_from_tai_ns
from ..plots import GRID, INK, PAPER, TRACE
from .launching import Launch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SECOND_TRACE, WARM, COOL = "#e76f51", "#d62839", "#2a9d8f"
WAYS = {"rising": COOL, "setting": TRACE, "nearest": "#6a4c93"}


def draw_ascent(flown: Injection, path: Path) -> Path:
    """Write the ascent of a launch and its way out to `path` (PNG); return the path."""
    from matplotlib.patheffects import withStroke

    figure = _figure(12.0, 9.0)
    panels = figure.subplots(3, 2)
    history, events = flown.ascent.history, flown.ascent.events
    time = history[:, 0]
    _line(panels[0, 0], time, history[:, 8], "height, km")
    speed = np.linalg.norm(history[:, 4:7], axis=1)
    _line(panels[0, 1], time, speed, "speed, km/s", label="inertial")
    panels[0, 1].plot(time, history[:, 9], color=SECOND_TRACE, linewidth=1.2, label="of the air")
    panels[0, 1].legend(frameon=False, fontsize=8, loc="lower right")
    _line(panels[1, 0], time, history[:, 10] / 1000.0, "dynamic pressure, kPa")
    panels[1, 0].set_xlim(0.0, 200.0)
    _line(panels[1, 1], time, history[:, 11] / 9.80665, "felt acceleration, g")
    for panel in (panels[0, 0], panels[0, 1], panels[1, 1]):
        for event in events:
            if event.name.endswith(("separation", "jettison", "first ignition")):
                panel.axvline(event.time_s, color=GRID, linewidth=1.0, zorder=1)
    low, high = panels[0, 0].get_ylim()
    for event in events:
        if event.name.endswith(("separation", "jettison", "first ignition")):
            label = panels[0, 0].text(
                event.time_s, low + 0.03 * (high - low), f" {event.name}, {event.time_s:.1f} s", rotation=90, fontsize=6.5,
                color=INK, va="bottom", ha="left" if "jettison" in event.name else "right", zorder=5,
            )  # fmt: skip
            label.set_path_effects([withStroke(linewidth=2.5, foreground=PAPER)])
    _way_out(panels[2, 0], flown)
    _text(panels[2, 1], flown)
    for panel in panels[:2].ravel():
        panel.set_xlabel("seconds after liftoff", color=INK, fontsize=8)
    figure.suptitle(
        f"{flown.launcher.name}: {flown.payload_kg:,.0f} kg, liftoff {utc_from_tai_ns(flown.liftoff_tai_ns, 0)} UTC", color=INK,
        fontsize=12, x=0.01, ha="left", fontweight="bold",
    )  # fmt: skip
    return _saved(figure, path)


def draw_window(launch: Launch, path: Path) -> Path:
    """Write the window of a launch to `path` (PNG): the day's best liftoffs and how long they may slip; return the path.

    Each column is a day of UTC: what goes on past midnight goes on at the foot of the next.
    """
    figure = _figure(11.0, 8.5)
    above, middle, below = figure.subplots(3, 1, sharex=True, height_ratios=(4, 2, 2))
    days = np.array([day for day, _ in launch.plan.days])
    _hours(above, launch, int(days[0]))
    at = [(int(day) - int(days[0])) / DAY for day in days]
    for way in dict.fromkeys(row.way for row in launch.window):
        those = [row for row in launch.window if row.way == way and row.margin_kg is not None]
        when = [(row.liftoff_tai_ns - int(days[0])) // DAY for row in those]
        middle.plot(when, [row.margin_kg for row in those], "o-", color=WAYS[way], markersize=4, linewidth=1.2)
    middle.axhline(0.0, color=INK, linewidth=0.8)
    middle.set_ylabel("propellant beyond\nreserves, kg", color=INK)
    below.plot(at, [asymptote.c3_km2_s2 for _, asymptote in launch.plan.days], "o-", color=TRACE, markersize=4, linewidth=1.2)
    below.set_ylabel("C3, km²/s²", color=TRACE)
    other = below.twinx()
    declination = [np.degrees(asymptote.declination_rad) for _, asymptote in launch.plan.days]
    other.plot(at, declination, "s-", color=SECOND_TRACE, markersize=4, linewidth=1.2)
    other.set_ylabel("declination, deg", color=SECOND_TRACE)
    other.tick_params(colors=INK, labelsize=8)
    other.spines[["top"]].set_visible(False)
    below.set_xticks(at, [str(each)[5:10] for each in utc_datetime64(days)], fontsize=8)
    for panel in (above, middle, below):
        _look(panel)
    above.set_axisbelow(True)
    figure.suptitle(
        f"{launch.plan.name}: bars show how far liftoff may slip with the propellant there is", color=INK, fontsize=12, x=0.01,
        ha="left", fontweight="bold",
    )  # fmt: skip
    return _saved(figure, path)


def _hours(panel: "Axes", launch: Launch, first_tai_ns: int) -> None:
    """Draw each opportunity in the column of its day, what lies beyond midnight in that of the day it falls on."""
    drawn: set[str] = set()
    for row in launch.window:
        edges = [(each - first_tai_ns) / DAY for each in (row.opens_tai_ns, row.closes_tai_ns)]
        for day in range(int(np.floor(edges[0])), int(np.floor(edges[1])) + 1):
            opens, closes = max(edges[0] - day, 0.0), min(edges[1] - day, 1.0)
            if row.is_open:
                panel.bar(day, max(24 * (closes - opens), 0.05), bottom=24 * opens, width=0.6, color=WAYS[row.way], alpha=0.35)
        day, part = divmod(row.liftoff_tai_ns - first_tai_ns, DAY)
        label = {"rising": "plane rising over the asymptote", "setting": "plane setting", "nearest": "plane nearest"}[row.way]
        panel.plot(
            day, 24 * part / DAY, "o" if row.is_open else "x", color=WAYS[row.way], markersize=5,
            label=None if label in drawn else label,
        )  # fmt: skip
        drawn.add(label)
    if any(not row.is_open for row in launch.window):
        panel.plot([], [], "x", color=INK, markersize=5, label="not enough propellant")
    for name, liftoff, marker in (
        ("published liftoff", launch.plan.liftoff_tai_ns, "*"),
        ("flown here", launch.injection.liftoff_tai_ns, "D"),
    ):
        if liftoff is None or (marker == "D" and liftoff == launch.plan.liftoff_tai_ns):
            continue
        day, part = divmod(liftoff - first_tai_ns, DAY)
        panel.plot(day, 24 * part / DAY, marker, color=WARM, markersize=13 if marker == "*" else 6, label=name, linestyle="none")
    panel.set_ylim(0.0, 24.0)
    panel.set_yticks(range(0, 25, 3), [f"{hour % 24:02d}:00" for hour in range(0, 25, 3)])
    panel.set_ylabel("liftoff, UTC", color=INK)
    panel.legend(frameon=False, fontsize=8, ncols=5, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderpad=0.2)


def draw_dispersion(dispersion: Dispersion, path: Path, *, samples: np.ndarray | None = None) -> Path:
    """Write the ellipses of one to three sigmas of the asymptote's direction to `path` (PNG); return the path."""
    figure = _figure(6.0, 5.5)
    panel = figure.subplots()
    angle = np.linspace(0.0, 2.0 * np.pi, 181)
    for sigmas in (1.0, 2.0, 3.0):
        great, small, turn = dispersion.ellipse(sigmas)
        east = great * np.cos(angle) * np.cos(turn) - small * np.sin(angle) * np.sin(turn)
        north = great * np.cos(angle) * np.sin(turn) + small * np.sin(angle) * np.cos(turn)
        panel.plot(np.degrees(east), np.degrees(north), color=TRACE, linewidth=1.2)
        top = int(np.argmax(north))
        panel.annotate(
            f"{sigmas:.0f} sigma", (np.degrees(east[top]), np.degrees(north[top])), (0, 3), textcoords="offset points",
            ha="center", fontsize=8, color=INK,
        )  # fmt: skip
    panel.plot(0.0, 0.0, "+", color=INK, markersize=8)
    if samples is not None:
        east = np.degrees((samples[:, 2] - dispersion.nominal[2]) * np.cos(dispersion.nominal[1]))
        panel.plot(east, np.degrees(samples[:, 1] - dispersion.nominal[1]), ".", color=SECOND_TRACE, markersize=3)
    panel.set_aspect("equal", adjustable="datalim")
    panel.set_xlabel("off in right ascension times cosine of declination, deg", color=INK)
    panel.set_ylabel("off in declination, deg", color=INK)
    _look(panel)
    spread, kilograms = dispersion.sigmas[0], dispersion.margin_sigma_kg
    told = f"Asymptote of injection: C3 ± {spread:.3f} km²/s², propellant ± {kilograms:.0f} kg (1 sigma)"
    panel.set_title(told, loc="left", fontsize=9, color=INK)
    return _saved(figure, path)


def _way_out(panel: "Axes", flown: Injection) -> None:
    time, heights = flown.track[:, 0] / 3600.0, np.linalg.norm(flown.track[:, 1:4], axis=1) - 6378.137
    panel.plot(time, heights, color=TRACE, linewidth=1.2)
    for burn in flown.burns:
        panel.axvspan(burn.start_s / 3600.0, burn.end_s / 3600.0, color=WARM, alpha=0.35, linewidth=0)
    panel.set_yscale("log")
    panel.set_ylabel("height, km", color=INK)
    panel.set_xlabel("hours after liftoff; burns shaded", color=INK, fontsize=8)
    _look(panel)


def _text(panel: "Axes", flown: Injection) -> None:
    panel.axis("off")
    lines = [f"burn {b.number}: {b.duration_s:6.0f} s {1000 * b.speed_km_s:7.0f} m/s, loss {1000 * b.loss_km_s:4.0f} m/s,"
             f" {b.propellant_kg:6.0f} kg" for b in flown.all_burns]  # fmt: skip
    lines += [
        "", f"C3 {flown.reached.c3_km2_s2:.3f} km²/s²", f"declination {np.degrees(flown.reached.declination_rad):.3f} deg",
        f"right ascension {np.degrees(flown.reached.right_ascension_rad):.3f} deg", f"separation {flown.separation_s:,.0f} s",
        f"propellant beyond reserves {flown.margin_kg:.0f} kg",
    ]  # fmt: skip
    panel.text(0.0, 0.98, "\n".join(lines), family="monospace", fontsize=8, color=INK, va="top")


def _figure(width_in: float, height_in: float) -> "Figure":
    from matplotlib.figure import Figure  # here, since loading it takes as long as all the rest

    return Figure(figsize=(width_in, height_in), dpi=110, facecolor=PAPER, layout="constrained")


def _line(panel: "Axes", time: np.ndarray, values: np.ndarray, name: str, label: str = "") -> None:
    panel.plot(time, values, color=TRACE, linewidth=1.2, zorder=3, label=label)
    panel.set_ylabel(name, color=INK)
    _look(panel)


def _look(panel: "Axes") -> None:
    panel.grid(True, color=GRID, linewidth=0.6)
    panel.tick_params(colors=INK, labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def _saved(figure: "Figure", path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
