"""Pictures of predictions, as PNG: the way over the sky, azimuth and elevation over time, Doppler shift and its rate."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ..navigation.plots_sky import COLOURS
from ..places import horizon_of
from ..plots import GRID, INK, PAPER
from .doppler import PredictedDoppler
from .pointing import Passes, PredictedPointing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.projections.polar import PolarAxes

MOST_ON_SKY = 12  # passes that a picture of the sky shows: more lie over each other
MOST_POINTS = 6000
SHADE = "#8d99ae33"


def draw_pointing(predicted: PredictedPointing, path: Path, *, title: str = "", width_in: float = 12.0) -> Path:
    """Write elevation and azimuth over time beside the ways over the sky to a PNG file; hidden parts are thin and dotted."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, 5.0), dpi=110, facecolor=PAPER, layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=[1.35, 1.0])
    elevation, azimuth = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
    azimuth.sharex(elevation)
    horizon = predicted.passes.station.minimum_elevation_deg
    _over_time(elevation, predicted.table, "elevation_deg", "Elevation, deg")
    elevation.axhspan(0, horizon, color=SHADE, linewidth=0)
    elevation.set_ylim(0, 90)
    elevation.set_yticks(range(0, 91, 15))
    _remark(elevation, predicted.table, _centre(predicted.passes))
    _over_time(azimuth, predicted.table, "azimuth_deg", "Azimuth, deg", jumps=180.0)
    azimuth.set_ylim(0, 360)
    azimuth.set_yticks(range(0, 361, 60))
    elevation.tick_params(labelbottom=False)
    _dated(azimuth)
    sky: Any = figure.add_subplot(grid[:, 1], projection="polar")
    _sky(sky, predicted)
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=11, fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path


def draw_doppler(predicted: PredictedDoppler, path: Path, *, title: str = "", width_in: float = 12.0) -> Path:
    """Write Doppler shift, its rate and the elevation over the passes to a PNG file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, 6.4), dpi=110, facecolor=PAPER, layout="constrained")
    shift, rate, elevation = figure.subplots(3, 1, sharex=True, height_ratios=[3, 2, 1])
    ways = {1: "one way", 2: "two ways", 3: "three ways"}[predicted.ways]
    table = predicted.table.with_columns(pl.col("shift_hz") / 1e3)
    _over_time(shift, table, "shift_hz", f"Doppler shift ({ways}), kHz")
    _remark(shift, table, _centre(predicted.passes))
    _over_time(rate, table, "rate_hz_s", "Rate, Hz/s")
    _over_time(elevation, table, "elevation_deg", "Elevation, deg")
    elevation.set_ylim(0, 90)
    elevation.set_yticks((0, 30, 60, 90))
    for axes in (shift, rate):
        axes.tick_params(labelbottom=False)
    _dated(elevation)
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=11, fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path


def _centre(passes: Passes) -> str:
    return passes.spans[0][0].centre if passes.spans else ""


def _over_time(axes: "Axes", table: pl.DataFrame, name: str, label: str, *, jumps: float = np.inf) -> None:
    """Draw a column over time, a line a pass, what is hidden dotted; a step over `jumps` breaks the line."""
    from matplotlib.dates import date2num

    for _, whole in table.group_by("pass", maintain_order=True):
        one = whole.gather_every(-(-whole.height * max(table["pass"].n_unique(), 1) // MOST_POINTS) if whole.height else 1)
        colour = COLOURS[(int(whole["pass"][0]) - 1) % len(COLOURS)]
        at, values = np.asarray(date2num(one["utc"].to_numpy())), one[name].to_numpy().copy()
        values[1:][np.abs(np.diff(values)) > jumps] = np.nan
        hidden = one["hidden"].to_numpy()
        axes.plot(at, np.where(hidden, np.nan, values), color=colour, linewidth=1.6)
        if hidden.any():
            axes.plot(at, np.where(hidden, values, np.nan), color=colour, linewidth=1.0, linestyle=":", alpha=0.8)
    axes.set_ylabel(label, color=INK, fontsize=9)
    axes.grid(True, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _remark(axes: "Axes", table: pl.DataFrame, centre: str) -> None:
    """Say what dotted lines are, where there are any."""
    if table["hidden"].any():
        told = f"dotted: hidden by {centre.capitalize()}"
        axes.text(0.995, 1.02, told, transform=axes.transAxes, ha="right", va="bottom", fontsize=8, color=INK)


def _dated(axes: "Axes") -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.xaxis_date()
    locator = AutoDateLocator(minticks=4, maxticks=10)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_xlabel("UTC at the station", color=INK, fontsize=9)


def _sky(axes: "PolarAxes", predicted: PredictedPointing) -> None:
    """Draw the sky over a station, north above and east to the right, with its horizon and the ways of the passes."""
    station, table = predicted.passes.station, predicted.table
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    round_about = np.radians(np.arange(361))
    needed = horizon_of(station).at_deg(np.arange(361.0))
    axes.fill_between(round_about, 90.0 - needed, 90.0, color=SHADE, linewidth=0)
    for _, one in table.filter(pl.col("pass") <= MOST_ON_SKY).group_by("pass", maintain_order=True):
        number = int(one["pass"][0])
        colour = COLOURS[(number - 1) % len(COLOURS)]
        azimuth, zenith = np.radians(one["azimuth_deg"].to_numpy()), 90.0 - one["elevation_deg"].to_numpy()
        hidden = one["hidden"].to_numpy()
        axes.plot(azimuth, np.where(hidden, np.nan, zenith), color=colour, linewidth=1.8)
        axes.plot(azimuth, np.where(hidden, zenith, np.nan), color=colour, linewidth=1.0, linestyle=":")
        axes.plot(azimuth[:1], zenith[:1], marker="o", markersize=4, color=colour)
        if number == 1:
            _hours(axes, one, azimuth, zenith, colour)
    axes.set_rlim(0, 90)
    axes.set_rlabel_position(202.5)
    axes.set_rgrids([30, 60], labels=["60°", "30°"], color=INK, fontsize=7)
    axes.set_thetagrids(range(0, 360, 45), labels=["N", "NE", "E", "SE", "S", "SW", "W", "NW"], color=INK, fontsize=9)
    axes.grid(True, color=GRID, linewidth=0.6)
    axes.spines["polar"].set_color(GRID)
    axes.set_title(f"Sky over {station.name}", color=INK, fontsize=9, pad=6)


def _hours(axes: "PolarAxes", one: pl.DataFrame, azimuth: Any, zenith: Any, colour: str) -> None:
    """Write the hours beside the first pass, some six of them."""
    at = one["utc"].dt.epoch("ns").to_numpy()
    span_h = (at[-1] - at[0]) / 3.6e12
    step = next((hours for hours in (0.25, 0.5, 1, 2, 3, 6) if span_h / hours <= 7), 6) * 3.6e12
    for mark in np.arange(np.ceil(at[0] / step) * step, at[-1], step):
        x, y = np.interp(mark, at, np.unwrap(azimuth)), np.interp(mark, at, zenith)
        axes.plot([x], [y], marker="|", markersize=7, color=colour)
        text = str(np.datetime64(int(mark), "ns").astype("datetime64[m]"))[11:]
        axes.annotate(text, (x, y), xytext=(0, 7), textcoords="offset points", fontsize=7, color=INK, ha="center")
