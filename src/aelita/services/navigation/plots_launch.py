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


def draw_ascent(flown: Injection, path: Path) -> Path:
    """Write the ascent of a launch and its way out to `path` (PNG); return the path."""
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
            panels[0, 0].text(
                event.time_s, low + 0.03 * (high - low), f" {event.name}, {event.time_s:.1f} s", rotation=90, fontsize=6.5,
                color=INK, va="bottom", ha="left" if "jettison" in event.name else "right",
            )  # fmt: skip
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
    """Write the window of a launch to `path` (PNG): the day's best liftoffs and how long they may slip; return the path."""
    figure = _figure(11.0, 6.5)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    rows = launch.window
    days = np.array([day for day, _ in launch.plan.days])
    number = {int(day): n for n, day in enumerate(days)}
    drawn: set[str] = set()
    for row in rows:
        day = int(days[np.searchsorted(days, row.liftoff_tai_ns, side="right") - 1])
        hour = (row.liftoff_tai_ns - day) / DAY * 24.0
        opens, closes = ((edge - day) / DAY * 24.0 for edge in (row.opens_tai_ns, row.closes_tai_ns))
        colour = {"rising": COOL, "setting": TRACE, "nearest": WARM}[row.way]
        label = row.way if row.way not in drawn else None
        drawn.add(row.way)
        above.bar(number[day], max(closes - opens, 0.02), bottom=opens, width=0.6, color=colour, alpha=0.35)
        above.plot(number[day], hour, "o" if row.is_open else "x", color=colour, markersize=5, label=label)
    liftoff = launch.plan.liftoff_tai_ns
    if liftoff is not None:
        day = int(days[np.searchsorted(days, liftoff, side="right") - 1])
        above.plot(number[day], (liftoff - day) / DAY * 24.0, "*", color=WARM, markersize=13, label="published liftoff")
    above.set_ylabel("liftoff, hours UTC", color=INK)
    above.legend(frameon=False, fontsize=8, ncols=4, loc="center")
    above.margins(y=0.12)
    c3 = [asymptote.c3_km2_s2 for _, asymptote in launch.plan.days]
    declination = [np.degrees(asymptote.declination_rad) for _, asymptote in launch.plan.days]
    below.plot(range(len(days)), c3, "o-", color=TRACE, markersize=4, linewidth=1.2)
    below.set_ylabel("C3, km²/s²", color=TRACE)
    other = below.twinx()
    other.plot(range(len(days)), declination, "s-", color=SECOND_TRACE, markersize=4, linewidth=1.2)
    other.set_ylabel("declination, deg", color=SECOND_TRACE)
    other.spines[["top"]].set_visible(False)
    below.set_xticks(range(len(days)), [str(each)[5:10] for each in utc_datetime64(days)], fontsize=8)
    for panel in (above, below):
        _look(panel)
    figure.suptitle(
        f"{launch.plan.name}: bars show how far liftoff may slip with the propellant there is", color=INK, fontsize=12, x=0.01,
        ha="left", fontweight="bold",
    )  # fmt: skip
    return _saved(figure, path)


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
    if samples is not None:
        east = np.degrees((samples[:, 2] - dispersion.nominal[2]) * np.cos(dispersion.nominal[1]))
        panel.plot(east, np.degrees(samples[:, 1] - dispersion.nominal[1]), ".", color=SECOND_TRACE, markersize=3)
    panel.set_aspect("equal", adjustable="datalim")
    panel.set_xlabel("right ascension times cosine of declination, deg", color=INK)
    panel.set_ylabel("declination, deg", color=INK)
    _look(panel)
    panel.set_title(f"C3 ± {dispersion.sigmas[0]:.3f} km²/s² (1 sigma)", loc="left", fontsize=9, color=INK)
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
