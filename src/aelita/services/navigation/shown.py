"""What of a result the console shows: one document by kind of product (docs/navigation.md), thinned to what can be drawn."""

from math import degrees
from typing import Any

import numpy as np

from ...dynamics import (
    AerobrakingFile,
    Campaign,
    Determination,
    Kind,
    Opportunity,
    PorkChop,
    Reference,
    Transfer,
    residual_table,
)  # fmt: skip
from ...time import DAY, utc_from_tai_ns
from .aerobraking_file import campaign_tables
from .cruise_file import CruiseFile
from .cruising import burn_rows, figure_rows
from .launching import Launch, dispersion_row, event_rows

UNITS = {
    Kind.DOPPLER: "Hz", Kind.DOPPLER_1: "Hz", Kind.RANGE_S: "s", Kind.RANGE_UNITS: "RU", Kind.DELTA_DOR: "s",
}  # fmt: skip
MOST_LEG_POINTS = 2000
MOST_ASCENT_POINTS = 400


def instant_text(at: int, digits: int = 0) -> str:
    """Return an instant (TAI nanoseconds) as ISO 8601 UTC with Z."""
    return f"{utc_from_tai_ns(int(at), digits)}Z"


def residuals_shown(found: Determination) -> dict[str, Any]:
    """Return the residuals of the link with most observations, in its unit, and the table of all links."""
    one = max(found.residuals, key=lambda link: link.observations.size)
    return {
        "observable": one.observations.where,
        "unit": UNITS[one.observations.kind],
        "utc": [instant_text(at, 3) for at in one.observations.epochs_tai_ns.tolist()],
        "residual": one.residual.tolist(),
        "sigma": float(np.median(one.observations.sigma)),
        "edited": (~one.used).tolist(),
        "rms": one.rms,
        "table": [dict(row) for row in residual_table(found)],
        "comparison": None,
    }


def chop_shown(chop: PorkChop, best: Transfer) -> dict[str, Any]:
    """Return a pork-chop: rows are departures, columns arrivals, null where there is no transfer; and the best pair."""

    def grid(values: np.ndarray) -> list[list[float | None]]:
        return [[None if value != value else round(float(value), 4) for value in row] for row in values.T]

    return {
        "departures": [instant_text(at) for at in chop.departures_tai_ns.tolist()],
        "arrivals": [instant_text(at) for at in chop.arrivals_tai_ns.tolist()],
        "c3_km2_s2": grid(chop.c3_km2_s2),
        "arrival_vinf_km_s": grid(chop.arrival_speed_km_s),
        "declination_deg": grid(chop.departure_declination_deg),
        "best": {
            "departure": instant_text(best.departure_tai_ns), "arrival": instant_text(best.arrival_tai_ns),
            "c3_km2_s2": best.c3_km2_s2, "arrival_vinf_km_s": best.arrival_speed_km_s,
            "declination_deg": best.departure_declination_deg,
        },
    }  # fmt: skip


def cruise_shown(found: Reference, given: CruiseFile, *, step_s: float = 43_200.0) -> dict[str, Any]:
    """Return a rebuilt cruise: public figures beside ours, legs of the orbiter (km about their centres), manoeuvres."""
    legs = []
    for segment in found.segments(step_s):
        if segment.craft == "lander":
            continue
        some = thinned(segment.epochs_tai_ns.size, MOST_LEG_POINTS)
        legs.append({
            "name": segment.craft, "centre": segment.centre,
            "utc": [instant_text(at) for at in segment.epochs_tai_ns[some].tolist()],
            "r_km": segment.states[some, :3].tolist(),
        })  # fmt: skip
    table = [
        {
            "figure": row["figure"], "public": row["public"], "ours": row["ours"], "tolerance": row["tolerance"],
            "unit": row["unit"], "grade": row["grade"], "assumed": False,
        }
        for row in figure_rows(found, given)
    ]  # fmt: skip
    burns = [
        {
            "name": row["name"], "utc": row["start_utc"] + "Z", "dv_m_s": round(row["size_m_s"], 3),
            "duration_s": None if row["duration_s"] is None else round(row["duration_s"], 1),
            "propellant_kg": round(row["propellant_kg"], 2),
        }
        for row in burn_rows(found)
    ]  # fmt: skip
    return {"table": table, "legs": legs, "burns": burns}


def corridor_shown(file: AerobrakingFile, campaign: Campaign) -> dict[str, Any]:
    """Return a campaign of aerobraking: its passes with the trim before each, limits and totals."""
    told = campaign_tables(file, campaign)
    trims = [(burn.at_tai_ns, burn.dv_m_s) for burn in campaign.burns]
    passes, before = [], 0
    for row, one in zip(told["passes"], campaign.passes, strict=True):
        made = [size for at, size in trims if before < at <= one.lowest_tai_ns]
        before = one.lowest_tai_ns
        passes.append({
            "number": row["number"], "utc": row["utc"] + "Z", "periapsis_km": row["lowest_km"],
            "density_kg_m3": row["density_kg_m3"], "pressure_n_m2": row["pressure_pa"], "heat_flux_w_m2": row["flux_w_m2"],
            "apoapsis_km": row["apoapsis_km"], "period_h": row["period_min"] / 60, "trim_m_s": sum(made) if made else None,
        })  # fmt: skip
    limits = {"pressure_n_m2": campaign.limits.pressure_pa, "heat_flux_w_m2": campaign.limits.flux_w_m2}
    return {"passes": passes, "limits": limits, "totals": told["totals"]}


def launch_shown(launch: Launch) -> dict[str, Any]:
    """Return a launch: the ascent with its events, the timeline to separation, the window, the dispersion.

    Of a day's two times the one is shown whose hour is nearer to that of the liftoff that is flown.
    """
    flown, history = launch.injection, launch.injection.ascent.history
    events = event_rows(flown)
    named = {
        int(np.argmin(np.abs(history[:, 0] - row["time_s"]))): row["event"] for row in events if row["time_s"] <= history[-1, 0]
    }
    ascent = [
        {
            "t_s": float(history[at, 0]), "height_km": float(history[at, 8]),
            "speed_km_s": float(np.linalg.norm(history[at, 4:7])), "mass_kg": float(history[at, 7]), "event": named.get(at),
        }
        for at in sorted({*thinned(len(history), MOST_ASCENT_POINTS).tolist(), *named})
    ]  # fmt: skip
    return {
        "ascent": ascent,
        "timeline": [{"name": row["event"], "t_s": row["time_s"], "utc": row["utc"] + "Z"} for row in events],
        "windows": [
            {
                "date": instant_text(row.liftoff_tai_ns)[:10], "open": instant_text(row.opens_tai_ns),
                "close": instant_text(row.closes_tai_ns), "c3_km2_s2": row.asymptote.c3_km2_s2,
                "dla_deg": degrees(row.asymptote.declination_rad), "margin_kg": row.margin_kg,
            }
            for row in _by_day(launch) if row.is_open
        ],
        "dispersion": dispersion_row(launch.dispersion),
    }  # fmt: skip


def _by_day(launch: Launch) -> list[Opportunity]:
    near: dict[str, Opportunity] = {}

    def apart(row: Opportunity) -> int:
        return abs((row.liftoff_tai_ns - launch.injection.liftoff_tai_ns + DAY // 2) % DAY - DAY // 2)

    for row in launch.window:
        day = instant_text(row.liftoff_tai_ns)[:10]
        if day not in near or apart(row) < apart(near[day]):
            near[day] = row
    return [near[day] for day in sorted(near)]


def thinned(size: int, most: int) -> np.ndarray:
    """Return the numbers of at most so many of `size` rows, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).astype(np.int64))
