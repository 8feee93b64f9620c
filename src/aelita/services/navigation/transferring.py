"""Transfers between planets as jobs: the pork-chop of a window, and one transfer as a row."""

from typing import Any

import numpy as np

from ...dynamics import PorkChop, Transfer, pork_chop
from ...errors import UsageError
from ...time import DAY, utc_from_tai_ns

MOST_DAYS = 40_000
LAST = 2**63 - 1 - 400 * DAY  # of TAI nanoseconds


def chop_of(
    origin: str, target: str, first: tuple[int, int], days: tuple[float, float], count: int, *, revolutions: int = 0,
    high: bool = False,
) -> PorkChop:  # fmt: skip
    """Return the pork-chop from first instants of departure and arrival (TAI nanoseconds) over so many days each way.

    Raises UsageError for spans that are none.
    """
    for at, length in zip(first, days, strict=True):
        if not 0 < length <= MOST_DAYS or at + length * DAY > LAST:
            raise UsageError(
                f"a window of {length:g} days from {utc_from_tai_ns(at, 0)[:10]}",
                remedy=f"Give days above 0, {MOST_DAYS:,} at most, that end before 2261",
            )
    sides = [at + np.linspace(0, round(length * DAY), count).astype(np.int64) for at, length in zip(first, days, strict=True)]
    return pork_chop(origin, target, *sides, revolutions=revolutions, high=high)


def transfer_row(found: Transfer) -> dict[str, Any]:
    """Return a transfer as a row: instants, energies and directions of both ends."""
    return {
        "departure": utc_from_tai_ns(found.departure_tai_ns, 0),
        "arrival": utc_from_tai_ns(found.arrival_tai_ns, 0),
        "flight_days": found.flight_days,
        "c3_km2_s2": found.c3_km2_s2,
        "departure_declination_deg": found.departure_declination_deg,
        "departure_right_ascension_deg": found.departure_right_ascension_deg,
        "arrival_speed_km_s": found.arrival_speed_km_s,
    }


def chop_table(chop: PorkChop) -> dict[str, Any]:
    """Return a pork-chop as plain columns and grids: rows are arrivals, columns departures, None where there is no transfer."""

    def grid(values: np.ndarray) -> list[list[float | None]]:
        return [[None if value != value else round(float(value), 4) for value in row] for row in values]

    return {
        "departures": [utc_from_tai_ns(at, 0) for at in chop.departures_tai_ns.tolist()],
        "arrivals": [utc_from_tai_ns(at, 0) for at in chop.arrivals_tai_ns.tolist()],
        "c3_km2_s2": grid(chop.c3_km2_s2),
        "arrival_vinf_km_s": grid(chop.arrival_speed_km_s),
        "declination_deg": grid(chop.departure_declination_deg),
    }
