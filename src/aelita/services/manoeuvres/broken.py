"""A transfer with a manoeuvre in deep space, beside the one without: what each costs from parking orbit to capture."""

from typing import Any

import numpy as np

from ...dynamics import GM_KM3_S2, BrokenPlane, Ends, Forces, best_epoch, broken_plane, total_km_s
from ...errors import UsageError
from ...time import DAY, SECOND, utc_from_tai_ns

STEPS = 8  # epochs of the manoeuvre that are tried in a span


def broken_row(
    ends: Ends, first_tai_ns: int, last_tai_ns: int | None, *, parking_km: float, capture_km: tuple[float, float]
) -> dict[str, Any]:
    """Return the cheapest transfer with one manoeuvre at an epoch, or anywhere from it to another (TAI nanoseconds).

    Counted are the impulses from a circular orbit at a height, in deep space, and into an ellipse of two heights (km).
    """
    last = first_tai_ns if last_tai_ns is None else last_tai_ns
    if not ends.departure_tai_ns < first_tai_ns <= last < ends.arrival_tai_ns:
        raise UsageError(
            f"a manoeuvre from {utc_from_tai_ns(first_tai_ns, 0)} to {utc_from_tai_ns(last, 0)} is not on the way",
            remedy="Give instants after departure and before arrival, in order",
        )
    (gm, radius), (gm_there, radius_there) = (_body(name) for name in (ends.origin, ends.target))
    low, high = (radius_there + each for each in capture_km)
    if not (parking_km > 0 and radius_there < low <= high < np.inf and parking_km < np.inf):
        raise UsageError(
            f"a parking orbit of {parking_km:g} km and a capture into {capture_km[0]:g} x {capture_km[1]:g} km",
            remedy="Give heights above zero, periapsis first",
        )
    cost = total_km_s(radius + parking_km, gm, low, high, gm_there)
    if last_tai_ns is None:
        found = broken_plane(ends, first_tai_ns, cost)
    else:
        found = best_epoch(ends, first_tai_ns, last, cost, step_days=max((last - first_tai_ns) / DAY / STEPS, 1.0))
    whole = ends.unbroken(found.manoeuvre_tai_ns)
    return {
        "departure": utc_from_tai_ns(found.departure_tai_ns, 0), "manoeuvre": utc_from_tai_ns(found.manoeuvre_tai_ns, 0),
        "arrival": utc_from_tai_ns(found.arrival_tai_ns, 0),
        "flight_days": (found.arrival_tai_ns - found.departure_tai_ns) / DAY,
        "manoeuvre_m_s": 1000 * found.manoeuvre_size_km_s, "manoeuvre_j2000_m_s": (1000 * found.manoeuvre_km_s).tolist(),
        "c3_km2_s2": found.c3_km2_s2, "arrival_speed_km_s": found.arrival_speed_km_s, "total_km_s": cost(found),
        "departure_declination_deg": _declination_deg(found), "unbroken_c3_km2_s2": whole.c3_km2_s2,
        "unbroken_arrival_speed_km_s": whole.arrival_speed_km_s, "unbroken_total_km_s": cost(whole),
        "manoeuvre_after_days": (found.manoeuvre_tai_ns - found.departure_tai_ns) / SECOND / 86400,
    }  # fmt: skip


def _body(name: str) -> tuple[float, float]:
    """Return the GM (km3/s2) and the radius (km) of a body. Raises UsageError for one of which they are not known."""
    key = name.strip().upper()
    key = key if key in GM_KM3_S2 else f"{key} BARYCENTER"
    radius = Forces(key, bodies=()).surface_km[0]
    if radius < 1:
        raise UsageError(f"no radius is known of {name}", remedy="With --dsm, name Mercury, Venus, Earth or Mars")
    return GM_KM3_S2[key], radius


def _declination_deg(found: BrokenPlane) -> float:
    return float(np.degrees(np.arcsin(found.departure_excess_km_s[2] / np.linalg.norm(found.departure_excess_km_s))))
