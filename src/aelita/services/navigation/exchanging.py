"""What stations measured, told by pass, and written as a tracking data message that others read."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...dynamics import Kind, Observations, Refusal, message_of_tracking
from ...errors import UsageError
from ...ndm import write
from ...time import SECOND, utc_datetime64
from ..plots import GRID, INK, PAPER, TRACE
from .determining import Tracking
from .orbit_files import ORIGINATOR, XML_SUFFIXES
from .shown import UNITS, instant_text, thinned
from .tables import utc_column

WRITTEN = (Kind.DOPPLER, Kind.RANGE_S, Kind.RANGE_UNITS)
PASS_GAP_S = 1800.0  # what is farther apart is another pass
MOST_SHOWN = 2_000


def tdm_of(
    held: Tracking, chosen: tuple[Observations, ...], *, spacecraft: str, made_at: int, xml: bool = False
) -> tuple[bytes, tuple[Refusal, ...]]:
    """Return observations, with the uplinks of their transmitters, as a TDM; and what it cannot hold, which is left out.

    Counts of several lengths are segments of their own. `determine` finds the same residuals from it as from the originals.
    Raises UsageError when nothing is left, or for a name of the spacecraft that is none or a station's.
    """
    left = [Refusal(one.where, f"a TDM of ours does not hold {one.kind}", one.size) for one in chosen if one.kind not in WRITTEN]
    kept = tuple(part for one in chosen if one.kind in WRITTEN for part in _by_count(one))
    stations = {name for one in kept for name in (one.transmitter, one.receiver)}
    if not spacecraft.strip() or spacecraft in stations or not spacecraft.isprintable():
        raise UsageError(f"{spacecraft!r} is no name of a spacecraft in a TDM", remedy="Name it: --spacecraft MGS")
    if not kept:
        raise UsageError("no observation is left that a TDM holds", remedy="Look at --kind and --receiver")
    ramps = {name: held.ramps[name] for name in sorted({one.transmitter for one in kept}) if name in held.ramps}
    message = message_of_tracking(kept, spacecraft=spacecraft, originator=ORIGINATOR, created_tai_ns=made_at, ramps=ramps)
    return write(message, "xml" if xml else "kvn"), tuple(left)


def is_xml(path: Path) -> bool:
    """Return whether a TDM of this name is written in XML. Raises UsageError for an ending that is no form of one."""
    suffix = path.suffix.lower()
    if suffix not in {".tdm", ".kvn", ".txt"} | XML_SUFFIXES:
        raise UsageError(f"{suffix or 'no ending'} is no form of tracking data", where=str(path), remedy="Use .tdm, .kvn or .xml")
    return suffix in XML_SUFFIXES


def _by_count(one: Observations) -> list[Observations]:
    return [one.some(one.count_s == count) for count in np.unique(one.count_s).tolist()]


def pass_table(chosen: tuple[Observations, ...], *, gap_s: float = PASS_GAP_S) -> pl.DataFrame:
    """Return a row a pass of each kind and link: from when to when, how many, their count (s), least and greatest value."""
    rows = []
    for one in chosen:
        breaks = np.flatnonzero(np.diff(one.epochs_tai_ns) > gap_s * SECOND) + 1
        for rows_of in np.split(np.arange(one.size), breaks):
            part = one.some(rows_of)
            rows.append({
                "start": int(part.epochs_tai_ns[0]), "stop": int(part.epochs_tai_ns[-1]), "kind": str(part.kind),
                "transmitter": part.transmitter, "receiver": part.receiver, "observations": part.size,
                "count_s": float(np.median(part.count_s)), "least": float(part.observed.min()),
                "greatest": float(part.observed.max()), "unit": UNITS[part.kind], "sigma": float(np.median(part.sigma)),
            })  # fmt: skip
    rows.sort(key=lambda row: (row["start"], row["kind"], row["receiver"]))
    table = pl.DataFrame(rows)
    return table.with_columns(utc_column(table[name].to_list()).alias(name) for name in ("start", "stop"))


def tracking_shown(chosen: tuple[Observations, ...], left: tuple[Refusal, ...] = ()) -> dict[str, Any]:
    """Return what of tracking is shown: passes as rows, what was measured on each link (2,000 points), and what was left out."""
    table = pass_table(chosen)
    rows = table.with_columns(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("start", "stop")).to_dicts()
    links = []
    for one in chosen:
        some = one.some(thinned(one.size, MOST_SHOWN))
        links.append({
            "observable": one.where, "unit": UNITS[one.kind], "utc": [instant_text(at, 3) for at in some.epochs_tai_ns.tolist()],
            "value": some.observed.tolist(),
        })  # fmt: skip
    return {"rows": rows, "links": links, "left": [{"link": one.where, "reason": one.reason, "count": one.count} for one in left]}


def span_of(chosen: tuple[Observations, ...]) -> tuple[int, int]:
    """Return the first and last instant (TAI nanoseconds) of observations."""
    return min(int(one.epochs_tai_ns[0]) for one in chosen), max(int(one.epochs_tai_ns[-1]) for one in chosen)


def draw_tracking(chosen: tuple[Observations, ...], path: Path, *, title: str = "Tracking") -> Path:
    """Write what was measured over time, a panel a kind and a colour a link, to `path` (PNG); return the path."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    colours = (TRACE, "#e76f51", "#2a9d8f", "#c99a1a", "#6a4c93", "#8ab17d")
    kinds = list(dict.fromkeys(one.kind for one in chosen))
    figure = Figure(figsize=(12.0, 0.9 + 2.6 * len(kinds)), dpi=110, facecolor=PAPER, layout="constrained")
    panels = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
    locator = AutoDateLocator(minticks=4, maxticks=12)
    for axes, kind in zip(panels, kinds, strict=True):
        those = [one for one in chosen if one.kind is kind]
        low, high = np.percentile(np.concatenate([one.observed for one in those]), [1, 99])  # a single wrong one spoils no scale
        room = 0.15 * (high - low) or 1.0
        for number, one in enumerate(those):
            label, colour = f"{one.transmitter} to {one.receiver}", colours[number % len(colours)]
            utc = utc_datetime64(one.epochs_tai_ns)
            axes.plot(utc, one.observed, ".", color=colour, markersize=3, label=label)
            beyond = (one.observed < low - room) | (one.observed > high + 2 * room)
            axes.vlines(utc[beyond], 0.0, 0.06, color="#d62839", linewidth=1.5, transform=axes.get_xaxis_transform())
        axes.set_ylim(low - room, high + 2 * room)
        axes.set_title(str(kind), loc="left", fontsize=9, color=INK, family="monospace")
        axes.set_ylabel(UNITS[kind], color=INK)
        axes.legend(loc="upper right", fontsize=8, framealpha=0.8, edgecolor=GRID, ncols=3)
        axes.grid(True, color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=INK, labelsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].xaxis.set_major_locator(locator)
    panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
    panels[-1].set_xlabel("UTC at the station", color=INK)
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=11, fontweight="bold")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path
