"""Clocks as PNG: rates of their segments, what each missed the next by, residuals of pairs."""

from pathlib import Path

import polars as pl

from ..plots import GRID, INK, PAPER, TRACE
from .telling import ClockTold

LEFT_OUT, WARM = "#d62839", "#e76f51"


def draw_clock(found: ClockTold, path: Path, *, title: str = "Clock") -> Path:
    """Write rate (parts in a million) and residuals (ms) of a clock over time to `path` (PNG); joints of fits are left out."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 5.6), dpi=110, facecolor=PAPER, layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    fits = found.table.filter((pl.col("days") > 120.0 / 86_400) | pl.col("days").is_null())
    utc = fits["start"].to_numpy()
    rates = fits["rate_ppm"].to_numpy()
    mark = "o" if len(rates) < 100 else ""
    panels[0].step(utc, rates, where="post", color=TRACE, linewidth=1.3, marker=mark, markersize=3)
    panels[0].set_ylabel("rate less one, 1e-6", color=INK)
    if found.pairs.height:
        used, left = (found.pairs.filter(pl.col("used") == which) for which in (True, False))
        panels[1].plot(used["utc"].to_numpy(), 1e3 * used["residual_s"].to_numpy(), ".", color=TRACE, markersize=5)
        if used.height:
            most = 1.3 * float(used["residual_s"].abs().max() or 1e-6) * 1e3 or 1e-3  # type: ignore[arg-type]
            panels[1].set_ylim(-most, most)
        panels[1].vlines(
            left["utc"].to_numpy(), 0.92, 1.0, color=LEFT_OUT, linewidth=1.5, transform=panels[1].get_xaxis_transform()
        )
        panels[1].set_ylabel("residual of pairs, ms", color=INK)
    else:
        panels[1].plot(utc, 1e3 * fits["missed_s"].to_numpy(), ".", color=WARM, markersize=5)
        panels[1].set_yscale("symlog", linthresh=1.0)
        panels[1].set_ylabel("the fit before missed\nthis one's start by, ms", color=INK)
    locator = AutoDateLocator(minticks=4, maxticks=12)
    for axes in panels:
        axes.grid(True, color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=INK, labelsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    panels[1].xaxis.set_major_locator(locator)
    panels[1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    panels[1].set_xlabel("UTC on board", color=INK)
    panels[0].set_title(title, loc="left", color=INK, fontsize=11, fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
