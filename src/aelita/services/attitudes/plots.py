"""Attitudes over time as PNG: angles, the law that holds, and where it slews."""

from pathlib import Path

import numpy as np

from ...time import utc_datetime64
from ..plots import GRID, INK, PAPER, TRACE
from .predicting import PredictedAttitude

WARM, COOL, GOLD, MEASURED = "#e76f51", "#2a9d8f", "#c99a1a", "#6a4c93"
LINES = (
    ("off_nadir_deg", "off nadir", TRACE), ("sun_aspect_deg", "Sun from its axis", GOLD),
    ("earth_antenna_deg", "Earth from the antenna's axis (gimbals at zero)", COOL),
)  # fmt: skip


def draw_attitude(found: PredictedAttitude, path: Path, *, title: str = "Attitude") -> Path:
    """Write angles (deg) and rates (deg/s) of an attitude over time to `path` (PNG); grey is where it slews."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    measured = found.measured_off_deg is not None and bool(np.isfinite(found.measured_off_deg).any())
    count = 3 if measured else 2
    ratios = [3.0, 1.3, 1.5][:count]
    figure = Figure(figsize=(12.0, 1.2 + 1.15 * sum(ratios)), dpi=110, facecolor=PAPER, layout="constrained")
    panels = figure.subplots(count, 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": ratios})[:, 0]
    utc = utc_datetime64(found.history.epochs)
    for name, label, colour in LINES:
        panels[0].plot(utc, found.angles[name], color=colour, linewidth=1.4, label=label)
    panels[0].set_ylabel("angle, deg", color=INK)
    panels[0].set_ylim(-1, max(10.0, 1.18 * max(float(np.nanmax(found.angles[name])) for name, _, _ in LINES)))
    panels[0].legend(loc="upper right", ncols=3, fontsize=8, framealpha=0.8, edgecolor=GRID)
    panels[1].plot(utc, found.angles["rate_deg_s"], color=WARM, linewidth=1.2)
    panels[1].axhline(np.degrees(found.rules.most_rad_s), color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    panels[1].set_ylabel("rate, deg/s", color=INK)
    panels[1].set_ylim(0, None)
    if measured:
        panels[2].plot(utc, found.measured_off_deg, color=MEASURED, linewidth=1.2)
        panels[2].set_ylabel("measured from\npredicted, deg", color=INK)
        panels[2].set_yscale("symlog", linthresh=0.01)
        panels[2].set_yticks([0, 0.01, 0.1, 1, 10], ["0", "0.01", "0.1", "1", "10"])
        panels[2].set_ylim(0, None)
    slewing = found.history.behind_rad > 0
    locator = AutoDateLocator(minticks=4, maxticks=12)
    for axes in panels:
        axes.fill_between(
            utc, 0, 1, where=slewing.tolist(), color="#8d99ae", alpha=0.25, linewidth=0, transform=axes.get_xaxis_transform()
        )
        axes.grid(True, color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=INK, labelsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    begun = [int(np.flatnonzero(found.history.of_law == number)[0]) for number in np.unique(found.history.of_law).tolist()]
    for row in begun:
        panels[0].axvline(utc[row], color=INK, linewidth=0.8)
        name = found.history.laws[int(found.history.of_law[row])]
        panels[0].annotate(
            name,
            (utc[row], 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(4, -11),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
    panels[-1].xaxis.set_major_locator(locator)
    panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    panels[-1].set_xlabel("UTC", color=INK)
    panels[0].set_title(title, loc="left", color=INK, fontsize=11, fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
