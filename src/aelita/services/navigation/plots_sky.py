"""Passes and events over time, as PNG."""

from pathlib import Path

import polars as pl

from ..plots import GRID, INK, PAPER, TRACE

HIDDEN = "#d62839"
COLOURS = (TRACE, "#e76f51", "#2a9d8f", "#e9c46a", "#6a4c93", "#8ab17d")


def draw_passes(passes: pl.DataFrame, path: Path, *, title: str = "", width_in: float = 12.0) -> Path:
    """Write the passes of each station as bars over time to a PNG file, a row a station and a colour a spacecraft."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    stations = passes["station"].unique(maintain_order=True).sort().to_list()
    craft = passes["spacecraft"].unique(maintain_order=True).to_list()
    figure = Figure(figsize=(width_in, 1.4 + 0.42 * max(len(stations), 2)), dpi=110, facecolor=PAPER, layout="constrained")
    axes = figure.subplots()
    share = 0.72 / max(len(craft), 1)
    for row in passes.iter_rows(named=True):
        first, last = date2num(row["start"]), date2num(row["stop"])
        number = craft.index(row["spacecraft"])
        base = stations.index(row["station"]) - 0.36 + number * share
        axes.barh(base, last - first, share * 0.92, left=first, align="edge", color=COLOURS[number % len(COLOURS)], linewidth=0)
    axes.set_yticks(range(len(stations)), stations)
    axes.set_ylim(len(stations) - 0.4, -0.6)
    axes.xaxis_date()
    locator = AutoDateLocator(minticks=4, maxticks=12)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_axisbelow(True)
    axes.grid(True, axis="x", color=GRID, linewidth=0.6)
    axes.tick_params(colors=INK, labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel("UTC at the station", color=INK)
    if len(craft) > 1:
        axes.legend(
            handles=[Patch(color=COLOURS[at % len(COLOURS)], label=name) for at, name in enumerate(craft)],
            loc="lower right", bbox_to_anchor=(1, 1), ncols=len(craft), fontsize=8, frameon=False,
        )  # fmt: skip
    axes.set_title(title, loc="left", color=INK, fontsize=11, fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path


def draw_events(events: pl.DataFrame, path: Path, *, title: str = "", width_in: float = 12.0) -> Path:
    """Write events over time to a PNG file, a row a kind: bars where they last, marks where they are instants."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure

    kinds = events["kind"].unique(maintain_order=True).to_list()
    figure = Figure(figsize=(width_in, 1.4 + 0.42 * max(len(kinds), 2)), dpi=110, facecolor=PAPER, layout="constrained")
    axes = figure.subplots()
    for row in events.iter_rows(named=True):
        at, colour = kinds.index(row["kind"]), COLOURS[kinds.index(row["kind"]) % len(COLOURS)]
        first = date2num(row["start"])
        if row["stop"] is None:
            axes.plot([first], [at], marker="|", markersize=13, markeredgewidth=1.6, color=colour)
        else:
            axes.barh(at, date2num(row["stop"]) - first, 0.6, left=first, color=colour, linewidth=0)
    axes.set_yticks(range(len(kinds)), kinds)
    axes.set_ylim(max(len(kinds), 1) - 0.4, -0.6)
    axes.xaxis_date()
    locator = AutoDateLocator(minticks=4, maxticks=12)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_axisbelow(True)
    axes.grid(True, axis="x", color=GRID, linewidth=0.6)
    axes.tick_params(colors=INK, labelsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel("UTC", color=INK)
    axes.set_title(title, loc="left", color=INK, fontsize=11, fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
