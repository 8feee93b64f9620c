"""Ascent from the pad to the parking orbit: events, history, loads, and the steering that costs the upper stage least.

Three degrees of freedom over a turning, oblate Earth (`earth_model`), U.S. Standard Atmosphere 1976, thrust that falls with
outside pressure. Stages burn what the launcher's file gives them: times of staging are results, not inputs. The first burn
of the upper stage, which closes the parking orbit, belongs to the ascent.
"""

from dataclasses import dataclass
from math import atan2, hypot, pi

import numpy as np

from ..errors import UsageError
from .ascent_flight import STEP_S, AscentFlight
from .departure_kernels import coast
from .earth_model import FLATTENING, ROTATION_RAD_S, Reals, height_km
from .launcher import Launcher
from .steering import inclination_rad, solved

LONGEST_FALL_S = 5400.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens, seconds after liftoff: height (km), air-relative and inertial speed (km/s), mass (kg) after it."""

    name: str
    time_s: float
    height_km: float
    air_speed_km_s: float
    speed_km_s: float
    mass_kg: float


@dataclass(frozen=True, slots=True)
class Impact:
    """Where something dropped comes down: geodetic latitude and longitude (rad), seconds after liftoff."""

    name: str
    latitude_rad: float
    longitude_rad: float
    time_s: float


@dataclass(frozen=True, slots=True)
class Ascent:
    """An ascent flown. `orbit` is the state of date (km, km/s, kg) at the end, `time_s` after liftoff; `stages_end_s` that of

    the last stage. Columns of `history`: time, state of date and mass, height, air speed, dynamic pressure (Pa),
    felt acceleration (m/s2), heat flux (W/m2), Mach number.
    """

    launcher: Launcher
    payload_kg: float
    events: tuple[Event, ...]
    history: Reals
    orbit: Reals
    time_s: float
    stages_end_s: float
    first_burn_kg: float

    def event(self, name: str) -> Event:
        """Return the event of a name. Raises UsageError when there is none."""
        for event in self.events:
            if event.name == name:
                return event
        raise UsageError(f"the ascent has no event {name!r}", remedy=f"Events: {', '.join(e.name for e in self.events)}")

    @property
    def dynamic_pressure_pa(self) -> float:
        """The greatest dynamic pressure."""
        return float(self.history[:, 10].max())

    @property
    def acceleration_m_s2(self) -> float:
        """The greatest acceleration felt."""
        return float(self.history[:, 11].max())

    @property
    def impacts(self) -> tuple[Impact, ...]:
        """Where stages and fairing come down, falling without air, which would shorten that by some per cent.

        What does not come down within its revolution is left out.
        """
        found = []
        for event in self.events:
            name, _, what = event.name.rpartition(" ")
            if what in ("separation", "jettison"):
                row = self.history[int(np.argmin(np.abs(self.history[:, 0] - event.time_s)))]
                fall_s = _fall_s(row[1:7])
                if fall_s is not None:
                    found.append(_impact(name, self, row[1:7], event.time_s, fall_s))
        return tuple(found)

    @property
    def inclination_rad(self) -> float:
        """Inclination of the parking orbit to the equator of the date."""
        return inclination_rad(self.orbit)


def ascend(launcher: Launcher, payload_kg: float, liftoff_tai_ns: int, *, step_s: float = STEP_S) -> Ascent:
    """Fly the ascent of a launcher with a payload, steered by its programme, from a liftoff (TAI nanoseconds).

    The first burn's steering is solved so that the parking orbit is round at its height; the azimuth so that it has the
    launcher's inclination. Raises UsageError when it does not reach that orbit or breaks a limit of the launcher.
    """
    launcher, azimuth = solved(launcher, payload_kg)
    flight = AscentFlight.of(launcher, payload_kg, liftoff_tai_ns)
    ends = flight.fly(launcher.programme, azimuth, step_s)
    found = _told(launcher, payload_kg, flight, ends)
    _within(launcher, found)
    return found


def _told(launcher: Launcher, payload_kg: float, flight: AscentFlight, ends: Reals) -> Ascent:
    """Return what was flown, with its events."""
    history = flight.history[: flight.rows].copy()
    upper = launcher.upper
    events = [event_of("liftoff", 0.0, flight.start)]
    top = int(np.argmax(history[:, 10]))
    events.append(event_of("greatest dynamic pressure", history[top, 0], history[top, 1:8]))
    stages_end = 0.0
    for name, end in zip(flight.names, ends, strict=True):
        stage, _, what = name.rpartition(" separation")
        if stage and not what:
            events.append(event_of(f"{stage} separation", end[0], end[1:]))
            stages_end = end[0]
        elif name.endswith("main engine"):
            events.append(event_of(f"{name.removesuffix(' main engine')} cut-off", end[0], end[1:]))
        elif name.endswith("vernier end"):
            events.append(event_of(f"{name.removesuffix(' end')} cut-off", end[0], end[1:]))
    if np.isfinite(flight.fairing[4]):
        row = int(flight.fairing[5])
        events.append(event_of("fairing jettison", history[row, 0], history[row, 1:8]))
    begun = ends[-2]
    events.append(event_of(f"{upper.name} first ignition", begun[0], begun[1:]))
    events.sort(key=lambda event: event.time_s)
    burned = begun[7] - ends[-1, 7] + upper.start_kg
    if flight.fairing[4] > begun[0]:
        burned -= launcher.fairing.mass_kg
    return Ascent(
        launcher, payload_kg, tuple(events), history, ends[-1, 1:].copy(), float(ends[-1, 0]), float(stages_end), float(burned)
    )


def event_of(name: str, time_s: float, state: Reals) -> Event:
    """Return the event of a state of date (km, km/s, kg)."""
    turning = state[3:6] - np.cross([0.0, 0.0, ROTATION_RAD_S], state[:3])
    return Event(
        name, float(time_s), float(height_km(state[0], state[1], state[2])), float(np.linalg.norm(turning)),
        float(np.linalg.norm(state[3:6])), float(state[6]),
    )  # fmt: skip


def _within(launcher: Launcher, ascent: Ascent) -> None:
    where = f"launcher {launcher.name}"
    if ascent.dynamic_pressure_pa > launcher.dynamic_pressure_limit_pa:
        raise UsageError(
            f"dynamic pressure reaches {ascent.dynamic_pressure_pa / 1000:.1f} kPa, over"
            f" {launcher.dynamic_pressure_limit_pa / 1000:.1f}", where=where, remedy="Fit the steering with `optimised_steering`",
        )  # fmt: skip
    if ascent.acceleration_m_s2 > launcher.acceleration_limit_m_s2:
        raise UsageError(
            f"acceleration reaches {ascent.acceleration_m_s2:.1f} m/s2, over {launcher.acceleration_limit_m_s2:.1f}", where=where,
            remedy="Throttle a stage with its acceleration_limit_m_s2",
        )  # fmt: skip
    if not any(event.name == "fairing jettison" for event in ascent.events):
        raise UsageError("the fairing is never jettisoned: heating stays above its limit", where=where)


def _fall_s(state: Reals) -> float | None:
    """Return how long a free fall takes to the ellipsoid, to a millisecond, or None when it does not reach it in 90 minutes."""

    def height(seconds: float) -> float:
        fallen = coast(state, seconds)
        return float(height_km(fallen[0], fallen[1], fallen[2]))

    low, high = 0.0, 20.0
    while height(high) > 0.0:
        low, high = high, high + 20.0
        if high > LONGEST_FALL_S:
            return None
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if height(middle) > 0.0 else (low, middle)
    return high


def _impact(name: str, ascent: Ascent, state: Reals, begun_s: float, fall_s: float) -> Impact:
    fallen, pad, start = coast(state, fall_s), ascent.launcher.pad, ascent.history[0, 1:4]
    turned = atan2(fallen[1], fallen[0]) - atan2(start[1], start[0]) - ROTATION_RAD_S * (begun_s + fall_s)
    latitude = atan2(fallen[2], hypot(fallen[0], fallen[1]) * (1.0 - FLATTENING) ** 2)
    longitude = (pad.longitude_rad + turned + pi) % (2.0 * pi) - pi
    return Impact(name, latitude, longitude, begun_s + fall_s)
