"""Transfers: a pork-chop of 200 x 200 pairs and the cruise of 2016, single-threaded; compiled before, as the cache keeps it."""

from pathlib import Path

from .side_by_side import seconds
from .table import Row, cost, rate

REPEAT, SIDE, ARCS = 5, 200, 100
MISSION = Path(__file__).parents[1] / "src/aelita/missions/exomars"


def rows() -> list[Row]:
    """Return the rows; the peer of a single arc is lamberthub's solver of the same method, compiled by it."""
    import numpy as np
    from lamberthub import izzo2015

    from aelita.dynamics import pork_chop, rebuild_cruise, solve_lambert
    from aelita.services.navigation.cruise_file import CRUISE, load_cruise
    from aelita.time import DAY, tai_ns_from_utc

    departures = tai_ns_from_utc("2015-12-20") + np.linspace(0, 165 * DAY, SIDE).astype(np.int64)
    arrivals = tai_ns_from_utc("2016-07-20") + np.linspace(0, 270 * DAY, SIDE).astype(np.int64)
    random, gm = np.random.default_rng(1), 132712440041.279
    first, second = random.normal(size=(ARCS, 3)) * 1.5e8, random.normal(size=(ARCS, 3)) * 2e8
    flights = 10 ** random.uniform(6, 8, ARCS)
    plan = load_cruise(MISSION / CRUISE).plan

    def chop() -> int:
        return int(pork_chop("EARTH", "MARS", departures, arrivals).c3_km2_s2.size)

    def ours() -> int:
        return len(solve_lambert(first, second, flights, gm)[0])

    def theirs() -> int:
        return len([izzo2015(gm, a, b, t) for a, b, t in zip(first, second, flights, strict=True)])

    def cruise() -> int:
        return len(rebuild_cruise(plan).legs)

    middle = seconds({"chop": chop, "ours": ours, "theirs": theirs, "cruise": cruise}, REPEAT)
    return [
        cost(f"pork-chop of {SIDE} x {SIDE} pairs, DE440 looked up", middle["chop"], None, "s", "<= 2"),
        rate("Lambert arcs", ARCS / middle["ours"], ARCS / middle["theirs"], "/s", note="peer: lamberthub 1.0, izzo2015"),
        cost("cruise of 2016 rebuilt and targeted", middle["cruise"], None, "s"),
    ]
