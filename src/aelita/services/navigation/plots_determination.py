"""Pictures of orbit determination as PNG: residuals by link, orbits compared, a burn as Doppler tells it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...dynamics import BurnAssessment, Comparison, Residuals
from ...time import utc_datetime64
from ..plots import GRID, INK, PAPER, TRACE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EDITED, WARM, COOL = "#d62839", "#e76f51", "#2a9d8f"
UNITS = {"two-way Doppler": "Hz", "one-way Doppler": "Hz", "two-way range": "s", "two-way range in units": "RU", "delta-DOR": "s"}


def draw_residuals(links: Sequence[Residuals], path: Path, *, title: str = "Residuals") -> Path:
    """Write residuals over time, one panel a link, to `path` (PNG); return the path.

    What was edited stands as a red tick at the edge of the panel, so that it neither hides nor spoils the scale.
    """
    figure = _figure(12.0, 0.8 + 2.6 * max(len(links), 1), title)
    panels = figure.subplots(max(len(links), 1), 1, squeeze=False)[:, 0]
    for axes, one in zip(panels, links, strict=False):
        _residuals(axes, one)
    return _saved(figure, path)


def _residuals(axes: "Axes", one: Residuals) -> None:
    utc, used = utc_datetime64(one.observations.epochs_tai_ns), one.used
    axes.plot(utc[used], one.residual[used], ".", color=TRACE, markersize=4, zorder=3)
    sigma = float(np.median(one.observations.sigma))
    axes.axhspan(-sigma, sigma, color=TRACE, alpha=0.12, linewidth=0, zorder=1)
    if used.any():  # about zero, unless a constant is far larger than what varies
        middle = one.mean if abs(one.mean) > 5 * float(one.residual[used].std()) else 0.0
        most = 1.15 * float(np.abs(one.residual[used] - middle).max()) or 1.0
        axes.set_ylim(middle - most, middle + most)
    if not used.all():
        axes.vlines(utc[~used], 0.92, 1.0, color=EDITED, linewidth=1.5, zorder=4, transform=axes.get_xaxis_transform())
    axes.set_title(one.observations.where, loc="left", fontsize=9, color=INK, family="monospace")
    axes.set_ylabel(f"observed - computed, {UNITS[one.observations.kind]}", color=INK, fontsize=8)
    unit = UNITS[one.observations.kind]
    note = f"rms {one.rms:.3g} {unit}, mean {one.mean:.2g} {unit}, {used.sum()} of {used.size} used (red: edited); band: 1 sigma"
    _dressed(axes, note)


def draw_comparison(found: Comparison, path: Path, *, title: str = "Orbits compared") -> Path:
    """Write the differences of two orbits, radial, along and across the track (m), to `path` (PNG); return the path."""
    figure = _figure(12.0, 7.2, title)
    panels = figure.subplots(3, 1, sharex=True)
    utc = utc_datetime64(found.epochs_tai_ns)
    for axes, name, column, colour in zip(
        panels, ("radial", "along", "across"), found.position_km.T * 1000, (TRACE, WARM, COOL), strict=True
    ):
        axes.plot(utc, column, color=colour, linewidth=1.1)
        axes.set_ylabel(f"{name}, m", color=INK)
        _dressed(axes, f"at most {np.abs(column).max():.3g} m, rms {np.sqrt(np.mean(column**2)):.3g} m")
    return _saved(figure, path)


def draw_burn(found: BurnAssessment, path: Path, *, title: str = "Burn by Doppler") -> Path:
    """Write what Doppler told of a burn, observation by observation, to `path` (PNG); return the path."""
    figure = _figure(12.0, 6.0, f"{title}: {found.verdict}, {100 * found.share[-1]:.1f} % of what was planned")
    speed, share = figure.subplots(2, 1, sharex=True)
    utc = utc_datetime64(found.epochs_tai_ns)
    speed.plot(utc, found.planned_m_s, color=GRID, linewidth=3, label="planned")
    speed.plot(utc, found.made_m_s, color=TRACE, linewidth=1.2, label="by Doppler until then")
    speed.set_ylabel("along the line of sight, m/s", color=INK, fontsize=8)
    speed.legend(frameon=False, fontsize=8)
    known = found.share_sigma < 0.3
    shares, sigma = 100 * found.share[known], 100 * found.share_sigma[known]
    share.fill_between(utc[known], shares - 3 * sigma, shares + 3 * sigma, color=TRACE, alpha=0.2, linewidth=0)
    share.plot(utc[known], shares, color=TRACE, linewidth=1.2)
    share.axhline(100.0, color=INK, linewidth=0.8, linestyle="--")
    share.set_ylabel("share of the plan, %", color=INK, fontsize=8)
    _dressed(speed, "")
    _dressed(share, "band: 3 sigma")
    return _saved(figure, path)


def _dressed(axes: "Axes", note: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=10)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.grid(True, color=GRID, linewidth=0.6)
    axes.tick_params(colors=INK, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.annotate(note, (1, 1.02), xycoords="axes fraction", ha="right", va="bottom", fontsize=7, color=INK)


def _figure(width_in: float, height_in: float, title: str) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=110, facecolor=PAPER, layout="constrained")
    figure.suptitle(title, color=INK, fontsize=12, x=0.01, ha="left", fontweight="bold")
    return figure


def _saved(figure: "Figure", path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
