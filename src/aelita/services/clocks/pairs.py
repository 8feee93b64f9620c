"""Pairs of on-board ticks and time, as a file or the state of a correlation holds them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, TimeError
from ...time import SECOND, tai_ns_from_utc
from ..navigation.reading import octets_of

MOST_PAIRS, MOST_TICKS, MOST_ERROR_S = 1_000_000, 2**62, 1e6


@dataclass(frozen=True, slots=True, eq=False)
class ClockPairs:
    """Raw ticks at instants (TAI nanoseconds, on board) in the order of the instants, with bounds of their errors (s).

    `weight` is how many points each stands for.
    """

    ticks: NDArray[np.int64]
    tai_ns: NDArray[np.int64]
    error_s: NDArray[np.float64]
    weight: NDArray[np.float64]


def read_pairs(path: Path) -> ClockPairs:
    """Return the pairs of a CSV file with the columns `ticks`, `utc` (when the ticks were, on board) and, if known, `error_s`.

    Raises DataError, with the line, for what is no pair.
    """
    where = str(path)
    try:
        text = octets_of(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"is no text: {error}", where=where) from error
    rows = csv.DictReader(StringIO(text))
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    if not {"ticks", "utc"} <= set(names):
        raise DataError(f"its columns are {', '.join(names)[:80] or 'none'}", where=where, remedy="Give ticks,utc[,error_s]")
    rows.fieldnames = names
    found = []
    for row in rows:
        found.append(_pair(row, f"{where}, line {rows.line_num}"))
        if len(found) > MOST_PAIRS:
            raise DataError(f"it has over {MOST_PAIRS:,} pairs", where=where, remedy="Give fewer")
    if not found:
        raise DataError("it has no pairs", where=where, remedy="Give ticks,utc[,error_s]")
    table = sorted(found, key=lambda one: (one[1], one[0]))
    ticks, tai = (np.array([one[n] for one in table], np.int64) for n in (0, 1))
    return ClockPairs(ticks, tai, np.array([one[2] for one in table]), np.ones(len(table)))


def _pair(row: Mapping[str, Any], place: str) -> tuple[int, int, float]:
    try:
        ticks, error_s = int((row["ticks"] or "").strip()), float(row.get("error_s") or 0.0)
        at = tai_ns_from_utc((row["utc"] or "").strip().removesuffix("Z"))
    except (ValueError, TimeError) as error:
        raise DataError(
            f"no pair of ticks and UTC: {error}", where=place, remedy="Write 24883200000,2016-03-15T00:00:00"
        ) from error
    if not 0 <= ticks < MOST_TICKS or not 0 <= error_s < MOST_ERROR_S:
        raise DataError(f"{ticks} ticks, or an error of {error_s:g} s, are none", where=place)
    return ticks, at, error_s


def pairs_of_state(state: Mapping[str, Any]) -> ClockPairs:
    """Return the pairs that the state of a correlation keeps of its present segment. Raises DataError for no such state."""
    try:
        ticks, tai, per_second = (int(one) for one in (*state["present"][:2], state["ticks_per_second"]))
        rows = np.array([[float(one) for one in row] for row in state["points"]]).reshape(-1, 4)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(f"this is no state of a correlation: {error!r}", where="clock state") from error
    raw = ticks + np.rint(rows[:, 0] * per_second).astype(np.int64)
    at = tai + np.rint((raw - ticks) / per_second * SECOND).astype(np.int64) + np.rint(rows[:, 1] * SECOND).astype(np.int64)
    return ClockPairs(raw, at, rows[:, 3], rows[:, 2])
