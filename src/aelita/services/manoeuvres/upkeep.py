"""Upkeep of a low orbit of Mars and phasing over a landing site, as jobs: options in, rows out."""

from math import degrees
from typing import Any

import numpy as np

from ...dynamics import StateVector, Vehicle, height_keeping, phase_over, surroundings, track_keeping
from ...environment import GravityField, MarsAtmosphere
from ...ephemeris import MarsSite
from ...errors import UsageError
from ...time import DAY, SECOND, utc_from_tai_ns


def parse_site(text: str) -> MarsSite:
    """Return a place of Mars from `latitude,longitude east` or `latitude,longitude,height km` (degrees, planetodetic)."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not np.isfinite(numbers).all():
        raise UsageError(f"{text!r} is no place", remedy="Write latitude and east longitude in degrees: --site 18.2,335.45")
    return MarsSite(f"{numbers[0]:g}, {numbers[1]:g}", *numbers)


def parse_heights(text: str) -> tuple[float, float]:
    """Return the heights of periapsis and apoapsis (km) from `380x420`."""
    try:
        low, high = (float(part) for part in text.casefold().split("x"))
    except ValueError as error:
        raise UsageError(f"{text!r} are no heights", remedy="Write those of periapsis and apoapsis in km: 380x420") from error
    return low, high


def phased(
    start: StateVector, vehicle: Vehicle, site: MarsSite, near_tai_ns: int, *, gravity: GravityField | None, degree: int,
    direction: str, least_height_km: float, most_m_s: float,
) -> Any:  # fmt: skip
    """Return two burns that bring an orbiter over a site near an epoch (TAI nanoseconds). Errors are of `phase_over`."""
    if start.centre != "MARS":
        raise UsageError(f"an orbit about {start.centre}", remedy="Phasing is over sites of Mars")
    if not start.epoch_tai_ns < near_tai_ns < start.epoch_tai_ns + 400 * DAY:
        raise UsageError(
            f"{utc_from_tai_ns(near_tai_ns, 0)} is not within 400 days of the orbit, {utc_from_tai_ns(start.epoch_tai_ns, 0)}",
            remedy="Give another --near",
        )
    around = surroundings(MarsAtmosphere(), start.epoch_tai_ns, near_tai_ns + 2 * DAY, gravity=gravity, degree=degree)
    return phase_over(
        start, around, vehicle, site, near_tai_ns, direction=direction, least_height_km=least_height_km, most_m_s=most_m_s
    )


def phasing_row(found: Any, site: MarsSite) -> dict[str, Any]:
    """Return a phasing as plain values: burns, passage, cost."""
    return {
        "site": site.name, "over_utc": utc_from_tai_ns(found.over.at_tai_ns, 0), "northbound": bool(found.over.up),
        "cost_m_s": found.cost_m_s, "early_without_s": float(found.without_s), "left_s": float(found.residual_s),
        "drift_km": float(found.drift_km), "lowest_height_km": float(found.lowest_km),
        "burns": [
            {"name": each.name, "utc": utc_from_tai_ns(each.at_tai_ns, 0), "along_velocity_m_s": 1000 * each.dv_km_s[0]}
            for each in found.burns
        ],
    }  # fmt: skip


def keeping_row(
    heights_km: tuple[float, float], inclination_rad: float, vehicle: Vehicle, *, band_km: float | None, track_km: float | None,
    ls_deg: float,
) -> dict[str, Any]:  # fmt: skip
    """Return how an orbit is kept within a band of its axis, or its ground track within a half width (km); one of both."""
    if (band_km is None) == (track_km is None):
        raise UsageError("keep the height or the ground track", remedy="Give --band or --track, one of both")
    air = MarsAtmosphere()
    if band_km is not None:
        found = height_keeping(*heights_km, inclination_rad, band_km, vehicle, air, ls_deg=ls_deg)
    else:
        assert track_km is not None
        found = track_keeping(*heights_km, inclination_rad, track_km, vehicle, air, ls_deg=ls_deg)
    day = DAY / SECOND
    return {
        "heights_km": list(heights_km), "inclination_deg": degrees(inclination_rad), "band_km": band_km, "track_km": track_km,
        "decay_km_day": found.decay_km_day, "burn_m_s": found.burn_m_s, "lift_km": found.lift_km,
        "interval_days": found.interval_s / day, "early_days": found.early_s / day, "late_days": found.late_s / day,
        "year_m_s": found.year_m_s,
    }  # fmt: skip
