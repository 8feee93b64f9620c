"""Margins of the days of a launch window: what propellant is left when one lifts off at the best time of another day.

By the best impulse of each day's asymptote beside that of a launch that was flown, set right by flights on the first, the
middle and the last day of each way into the plane; between those days what finite burns cost changes smoothly.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import UsageError
from .asymptote import Asymptote
from .injection import Injection, inject
from .launch_window import LaunchPlane, Opportunity, allowed, allowed_turn_km_s, departure_impulse_km_s, launch_windows

TRIES = 40  # of the search for the burns' places on each day that is flown: within a kilogram of more


def windows_with_margins(
    flown: Injection, plane: LaunchPlane, days: Sequence[tuple[int, Asymptote]]
) -> tuple[Opportunity, ...]:  # fmt: skip
    """Return the best times of liftoff of days, each with its margin (kg) and with how long it may slip for that.

    `flown` is a launch of the same payload. Margins are within 9 kg of flights on each day (the apogee before the last burn
    stands as in `flown`; a time of separation is not kept).
    """
    rows = launch_windows(flown.launcher, plane, days, apogee_km=_apogee_km(flown), allowed_km_s=-1.0)
    margins = _told(flown, rows)
    machine, mass = flown.launcher, flown.burns[-1].mass_kg
    return tuple(
        allowed(
            machine, plane, row, apogee_km=_apogee_km(flown), margin_kg=margin,
            allowed_km_s=row.cost_km_s + allowed_turn_km_s(machine, mass, margin),
        )
        for row, margin in zip(rows, margins, strict=True)
    )  # fmt: skip


def _apogee_km(flown: Injection) -> float:
    apogees = flown.profile.apogees_km
    return apogees[-1] if apogees else flown.launcher.parking_km


def _told(flown: Injection, rows: tuple[Opportunity, ...]) -> list[float]:
    """Return the margins: by impulses, and what flights differ by, between them in proportion to the time."""
    told = np.array([_by_impulse(flown, row) for row in rows])
    for way in {row.way for row in rows}:
        those = [n for n, row in enumerate(rows) if row.way == way]
        known: list[tuple[int, float]] = []
        for n in sorted({those[0], those[len(those) // 2], those[-1]}):
            try:
                known.append((rows[n].liftoff_tai_ns, _by_flight(flown, rows[n]) - told[n]))
            except UsageError:  # it does not fly at all: the impulse tells how much is lacking
                continue
        if known:
            at, more = zip(*known, strict=True)
            times = [rows[n].liftoff_tai_ns - at[0] for n in those]
            told[those] += np.interp(times, [each - at[0] for each in at], more)
    return [float(margin) for margin in told]


def _by_impulse(flown: Injection, row: Opportunity) -> float:
    """Return the margin if the last burn were an impulse: that of the flight, and the difference of both impulses."""
    heights = {"perigee_km": flown.launcher.parking_km, "apogee_km": _apogee_km(flown)}
    spent = departure_impulse_km_s(flown.asked, flown.plane_miss_rad, **heights)
    more = departure_impulse_km_s(row.asymptote, row.miss_rad, **heights) - spent
    mass = flown.burns[-1].mass_kg
    emptied = mass - flown.margin_kg
    return float(mass * np.exp(-more / flown.launcher.upper.engine.exhaust_km_s) - emptied)


def _by_flight(flown: Injection, row: Opportunity) -> float:
    profile = replace(flown.profile, separation_s=None)
    again = inject(
        flown.launcher, flown.payload_kg, row.liftoff_tai_ns, row.asymptote, profile, refuse=False, tries=TRIES
    )  # fmt: skip
    return float(again.margin_kg)
