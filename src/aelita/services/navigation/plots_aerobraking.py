"""Pictures of aerobraking as PNG: the corridor of a campaign, pass by pass."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...dynamics import AerobrakingFile, Campaign
from ...time import utc_datetime64
from ..plots import GRID, INK, PAPER, TRACE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOP_KM = 160.0  # of the panel of heights
DRAWN, LIMIT, BAND, PUBLIC, QUIET = "#e9a13b", "#d62839", "#2a9d8f", "#7b2cbf", "#8d99ae"
Moments = NDArray[np.datetime64]
Reals = NDArray[np.float64]


def draw_corridor(file: AerobrakingFile, campaign: Campaign, path: Path, *, drawn: Campaign | None = None) -> Path:
    """Write the corridor of a campaign to `path` (PNG): heights and trims, flux, pressure, heat, orbit; return the path.

    `campaign` is the nominal one; `drawn`, one with densities drawn at random, lies behind it. Published figures are marked.
    """
    from matplotlib import rc_context
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    with rc_context({"text.parse_math": False}):
        figure = Figure(figsize=(12.5, 13.0), dpi=110, facecolor=PAPER, layout="constrained")
        panels = figure.subplots(5, 1, sharex=True, height_ratios=(1.25, 1, 1, 1, 1.35))
        _heights(panels[0], file, campaign, drawn)
        limits, corridor = file.plan.limits, file.plan.corridor
        band = (corridor.low, corridor.high)
        for panel, name, title, limit, scale in (
            (panels[1], "flux_w_m2", "peak heat flux, W/m2", limits.flux_w_m2, 1.0),
            (panels[2], "pressure_pa", "peak dynamic pressure, Pa", limits.pressure_pa, 1.0),
            (panels[3], "load_j_m2", "heat of a pass, kJ/m2", limits.load_j_m2, 1e-3),
        ):
            _loads(panel, campaign, drawn, name, limit, scale, band)
            _dress(panel, title)
        panels[1].legend(loc="upper left", ncols=5, fontsize=8, frameon=False)
        _orbit(panels[4], file, campaign, drawn)
        for number, panel in enumerate(panels):
            _phases(panel, campaign, named=number == 0)
        edge = np.timedelta64(round(campaign.days * 864), "s")  # a hundredth of the campaign
        panels[-1].set_xlim(_when(campaign)[0] - edge, max(_when(each)[-1] for each in (campaign, drawn) if each) + edge)
        locator = AutoDateLocator(minticks=6, maxticks=14)
        panels[-1].xaxis.set_major_locator(locator)
        panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
        panels[-1].set_xlabel("UTC", color=INK)
        figure.suptitle(
            f"{file.name}: {campaign.in_air} passes in {campaign.days:.0f} days, {campaign.drag_m_s:.0f} m/s by the air, "
            f"{campaign.burnt_m_s:.0f} m/s by {len(campaign.burns)} burns",
            color=INK, fontsize=12, x=0.01, ha="left", fontweight="bold",
        )  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    return path


def _heights(panel: "Axes", file: AerobrakingFile, campaign: Campaign, drawn: Campaign | None) -> None:
    if drawn is not None:
        panel.plot(_when(drawn), _column(drawn, "lowest_km"), ".", color=DRAWN, markersize=2, zorder=2, label="densities drawn")
    panel.plot(_when(campaign), _column(campaign, "lowest_km"), ".", color=TRACE, markersize=3, zorder=3, label="nominal air")
    panel.set_ylim(92, TOP_KM)
    for flown, ink in ((drawn, DRAWN), (campaign, TRACE)):
        if flown is not None:  # out of the picture, as after a pop-up
            out = (_column(flown, "lowest_km") > TOP_KM) & (np.array(flown.phases) != "pause")
            panel.plot(_when(flown)[out], np.full(out.sum(), TOP_KM - 7.5), "^", color=ink, markersize=4, zorder=4)
    _by_itself(panel, campaign if drawn is None else drawn)
    for known in file.published:
        if known.quantity == "height_km" and known.at_tai_ns is not None:
            there = utc_datetime64(np.array([known.at_tai_ns]))
            panel.plot(there, [known.value], "D", color=PUBLIC, markersize=6, zorder=6)
            panel.annotate(
                f"{known.value:g} km",
                (there[0], known.value),
                xytext=(5, 7),
                textcoords="offset points",
                color=PUBLIC,
                fontsize=8,
            )
        if known.quantity == "lowest_km":
            panel.axhline(known.value, color=PUBLIC, linewidth=1.0, linestyle=":", zorder=1)
            panel.annotate(
                f"lowest published: {known.value:g} km", (0.005, known.value), xycoords=("axes fraction", "data"), xytext=(0, 3),
                textcoords="offset points", color=PUBLIC, fontsize=8,
            )  # fmt: skip
    trims = [each for each in campaign.burns if each.reason in ("lower", "raise", "walk-in", "lifetime")]
    for up, mark, word in ((True, "^", "trim up"), (False, "v", "trim down")):
        those = [each for each in trims if (each.dv_m_s > 0) == up]
        if those:
            at = utc_datetime64(np.array([each.at_tai_ns for each in those]))
            panel.plot(at, np.full(len(those), 157.0), mark, color=INK, markersize=4, linestyle="", zorder=4, label=word)
    panel.legend(loc="upper right", ncols=6, fontsize=8, frameon=False, bbox_to_anchor=(0.8, 0.93))
    _dress(panel, "lowest height of each pass over the ellipsoid, km")


def _by_itself(panel: "Axes", campaign: Campaign) -> None:
    """Mark what the spacecraft did by itself: small raises after strong passes, and departures from the air."""
    for word, reasons, mark in (("reduction", ("reduction",), "P"), ("pop-up", ("pop-up", "silence", "safe mode"), "X")):
        at = [each.at_tai_ns for each in campaign.burns if each.reason in reasons and each.dv_m_s > 0]
        if at:
            panel.plot(
                utc_datetime64(np.array(at)), np.full(len(at), 96.0), mark, color=LIMIT, markersize=5, linestyle="", zorder=5,
                label=word,
            )  # fmt: skip


def _loads(
    panel: "Axes", campaign: Campaign, drawn: Campaign | None, name: str, limit: float, scale: float, band: tuple[float, float]
) -> None:
    top = limit * scale
    if np.isfinite(top):
        panel.axhspan(
            band[0] * top, band[1] * top, color=BAND, alpha=0.22, linewidth=0, zorder=0, label="corridor of the day's strongest"
        )
        panel.axhline(top, color=LIMIT, linewidth=1.2, linestyle="--", zorder=2, label="limit")
        panel.set_ylim(0, 1.18 * top)
    if drawn is not None:
        values = _column(drawn, name) * scale
        panel.plot(_when(drawn), values, ".", color=DRAWN, markersize=2.2, zorder=2, label="densities drawn")
        if np.isfinite(top):
            over = values > panel.get_ylim()[1]
            panel.plot(_when(drawn)[over], np.full(over.sum(), 1.14 * top), "^", color=DRAWN, markersize=4, zorder=4)
    panel.plot(_when(campaign), _column(campaign, name) * scale, ".", color=TRACE, markersize=3, zorder=3, label="nominal air")


def _orbit(panel: "Axes", file: AerobrakingFile, campaign: Campaign, drawn: Campaign | None) -> None:
    if drawn is not None:
        panel.plot(_when(drawn), _column(drawn, "apoapsis_km") / 1e3, color=DRAWN, linewidth=1.0, zorder=2)
    panel.plot(_when(campaign), _column(campaign, "apoapsis_km") / 1e3, color=TRACE, linewidth=1.6, zorder=3, label="apoapsis")
    panel.set_ylim(0, 36)
    right = panel.twinx()
    right.plot(_when(campaign), _column(campaign, "period_s") / 3600, color=BAND, linewidth=1.6, zorder=3)
    right.set_ylim(0, 26)
    right.set_ylabel("period, h", color=BAND)
    right.tick_params(colors=BAND, labelsize=8)
    right.spines[["top", "left"]].set_visible(False)
    for row in file.compared(campaign):
        known = row.published
        if known.at_tai_ns is None or known.quantity not in ("apoapsis_km", "period_min"):
            continue
        at = utc_datetime64(np.array([known.at_tai_ns]))
        here, value, text = (panel, known.value / 1e3, f"{known.value:,.0f} km") if known.quantity == "apoapsis_km" else (
            right, known.value / 60, f"{known.value:.0f} min"
        )  # fmt: skip
        here.plot(at, [value], "D", color=PUBLIC, markersize=6, zorder=6)
        offset = (-58, -12) if known.quantity == "apoapsis_km" else (5, 7)
        here.annotate(text, (at[0], value), xytext=offset, textcoords="offset points", color=PUBLIC, fontsize=8)
    _dress(panel, "apoapsis, thousand km (left), and period, h (right); diamonds are published")
    panel.spines["right"].set_visible(True)


def _phases(panel: "Axes", campaign: Campaign, named: bool) -> None:
    """Shade spans of one phase, and name them in the first panel."""
    when, phases = _when(campaign), campaign.phases
    shades = {"walk-in": "#cfe3ef", "pause": "#e5e7ea", "walk-out": "#fbe3c8", "pop-up": "#f7cfd2"}
    begin = 0
    for end in range(1, len(phases) + 1):
        if end < len(phases) and phases[end] == phases[begin]:
            continue
        left, right = when[begin], when[min(end, len(phases) - 1)]
        if phases[begin] in shades:
            panel.axvspan(left, right, color=shades[phases[begin]], alpha=0.55, linewidth=0, zorder=0)
        days = (right - left) / np.timedelta64(1, "D")
        if named and days > 8:
            panel.annotate(
                phases[begin], (left + (right - left) / 2, 1.01), xycoords=("data", "axes fraction"), ha="center", va="bottom",
                fontsize=8, color=INK,
            )  # fmt: skip
        begin = end


def _dress(panel: "Axes", title: str) -> None:
    panel.set_title(title, loc="left", fontsize=9, color=INK, pad=14 if title.startswith("lowest") else 5)
    panel.grid(True, color=GRID, linewidth=0.6)
    panel.tick_params(colors=INK, labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def _when(campaign: Campaign) -> Moments:
    return utc_datetime64(np.array([each.lowest_tai_ns for each in campaign.passes]))


def _column(campaign: Campaign, name: str) -> Reals:
    values: Sequence[float] = [getattr(each, name) for each in campaign.passes]
    return np.array(values)
