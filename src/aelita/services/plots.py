"""Pictures of parameter histories as PNG: values, limits and gaps over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, PAPER, GRID, TRACE, BAND = "#1b2733", "#ffffff", "#d9e0e6", "#0b6e99", "#0b6e9933"
SEVERITY_COLOURS = {1: "#e9c46a", 2: "#f4a261", 3: "#e76f51", 4: "#d62839", 5: "#9d0208"}
GAP_COLOUR = "#8d99ae33"
MARKER_LIMIT = 300  # with more samples than this a line says enough


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound beyond which a value has this severity (1 to 5); `upper` tells on which side. Only a line when not `shaded`."""

    value: float
    severity: int
    upper: bool
    shaded: bool = True


@dataclass(frozen=True, slots=True)
class Trace:
    """One parameter to draw. `utc` is datetime64[ns] in UTC, sorted; `low` and `high` bound what decimation folded away."""

    name: str
    units: str
    utc: NDArray[np.datetime64]
    values: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
    labels: tuple[str, ...] = ()  # of an enumeration: the text of values 0, 1, …
    limits: tuple[Limit, ...] = ()
    gaps: tuple[tuple[np.datetime64, np.datetime64], ...] = field(default=())
    samples: int = 0  # that the points stand for; 0: each is one


def gaps_in(utc: NDArray[np.datetime64], factor: float = 5.0) -> tuple[tuple[np.datetime64, np.datetime64], ...]:
    """Return the intervals in which samples are missing: steps over `factor` times the usual (90th percentile) step."""
    if len(utc) < 3:
        return ()
    steps = np.diff(utc).astype(np.int64)
    usual = float(np.percentile(steps, 90))
    where = np.flatnonzero(steps > max(factor * usual, 1.0))
    return tuple((utc[i], utc[i + 1]) for i in where)


def label(axes: "Axes", x: str, y: str, title: str, *, without: Sequence[str] = ("top",)) -> None:
    """Name the axes of a panel and give it a title, a grid, and no lines on the sides named."""
    axes.set_xlabel(x, color=INK, fontsize=8.5)
    axes.set_ylabel(y, color=INK, fontsize=8.5)
    axes.set_title(title, loc="left", fontsize=9.5, color=INK)
    axes.grid(True, color=GRID, linewidth=0.5)
    axes.tick_params(colors=INK, labelsize=8)
    axes.spines[list(without)].set_visible(False)


def draw(traces: Sequence[Trace], path: Path, *, title: str = "", width_in: float = 12.0, height_in: float = 2.6) -> Path:
    """Write one panel per trace, under a common time axis, to `path` (PNG); return the path."""
    from matplotlib import rc_context
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # here, since loading it takes as long as all the rest
    from matplotlib.figure import Figure

    with rc_context({"text.parse_math": False}):  # dollars in names and labels are no formulas
        figure = Figure(figsize=(width_in, 0.8 + height_in * len(traces)), dpi=110, facecolor=PAPER, layout="constrained")
        panels = figure.subplots(len(traces), 1, sharex=True, squeeze=False)[:, 0]
        for axes, trace in zip(panels, traces, strict=True):
            _panel(axes, trace)
        locator = AutoDateLocator(minticks=4, maxticks=10)
        panels[-1].xaxis.set_major_locator(locator)
        panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
        panels[-1].set_xlabel("UTC", color=INK)
        if title:
            figure.suptitle(title, color=INK, fontsize=12, x=0.01, ha="left", fontweight="bold")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    return path


def _panel(axes: "Axes", trace: Trace) -> None:
    from matplotlib.dates import date2num

    values, gaps = trace.values, trace.gaps
    utc, line = _broken_at(gaps, trace.utc, values)
    if trace.low is not None and trace.high is not None:
        axes.fill_between(trace.utc, trace.low, trace.high, color=BAND, linewidth=0, zorder=2)
    marker = "." if len(values) <= MARKER_LIMIT else ""
    style = "steps-post" if trace.labels else "default"
    axes.plot(utc, line, color=TRACE, linewidth=1.1, marker=marker, markersize=3, zorder=3, drawstyle=style)
    if trace.labels:
        axes.set_yticks(range(len(trace.labels)), trace.labels)
    for start, end in gaps:
        axes.axvspan(float(date2num(start)), float(date2num(end)), color=GAP_COLOUR, linewidth=0, zorder=1)
    _limits(axes, trace)
    axes.set_title(trace.name, loc="left", fontsize=9, color=INK, family="monospace")
    axes.set_ylabel(trace.units, color=INK)
    axes.grid(True, color=GRID, linewidth=0.6)
    axes.tick_params(colors=INK, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    note = f"{trace.samples or len(values):,} samples" + (f", {len(gaps)} gaps" if gaps else "")
    axes.annotate(note, (1, 1.02), xycoords="axes fraction", ha="right", va="bottom", fontsize=7, color=INK)


def _limits(axes: "Axes", trace: Trace) -> None:
    low, high = axes.get_ylim()
    span = high - low
    for limit in trace.limits:
        if low - 0.5 * span <= limit.value <= high + 0.5 * span:
            axes.axhline(limit.value, color=SEVERITY_COLOURS[limit.severity], linewidth=1.0, linestyle="--", zorder=2)
            low, high = min(low, limit.value - 0.03 * span), max(high, limit.value + 0.03 * span)
    axes.set_ylim(low, high)
    for limit in trace.limits:
        edge = (limit.value, high) if limit.upper else (low, limit.value)
        if limit.shaded and edge[0] < edge[1]:
            axes.axhspan(*edge, color=SEVERITY_COLOURS[limit.severity], alpha=0.10, linewidth=0, zorder=0)


def _broken_at(
    gaps: tuple[tuple[np.datetime64, np.datetime64], ...], utc: NDArray[np.datetime64], values: NDArray[np.float64]
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Put a NaN after the start of each gap, so that no line bridges missing data."""
    if not gaps:
        return utc, values
    at = np.searchsorted(utc, np.array([start for start, _ in gaps]), side="right")
    return np.insert(utc, at, np.array([start for start, _ in gaps])), np.insert(values, at, np.nan)
