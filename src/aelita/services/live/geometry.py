"""Where stations and spacecraft of an installation are: light times and elevations from what mission and kernels tell."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...agencies import Station
from ...commanding import LightPaths
from ...ephemeris import (
    Horizon,
    Interval,
    LightLink,
    LightTime,
    Site,
    Target,
    Window,
    elevation_azimuth,
    furnish,
    intervals,
    is_hidden,
    joined,
    shadow,
    sun_angle_deg,
    uplink_height,
    uplink_windows,
)
from ...errors import AelitaError, TimeError, UsageError
from ...time import DAY, NO_TIME, SECOND, tai_ns_from_utc, utc_from_tai_ns
from ..missions import Mission, Spacecraft
from ..orbits import KERNELS, STAND_IN, PublishedOrbits
from ..places import horizon_of, site_of, target_of

Integers = NDArray[np.int64]
LIGHT_KM_S = 299_792.458
SEARCH_DAYS = (1, 4, 32)  # how far ahead the next window is looked for: one search after the other
TOUCH_NS = 1_000_000  # windows whose edges are so near to each other are one
SUN_DEG = 3.0  # nearer to the Sun than this a link is in doubt: our choice, rules of missions differ
STEP_S = 60.0
FIRST_NS, LAST_NS = tai_ns_from_utc("1972-01-02"), tai_ns_from_utc("2261-12-01")


def elevation_deg(station: Station, craft: Spacecraft, at: int, *, outgoing: bool = False) -> float | None:
    """Return how high a spacecraft stands over a station (degrees, without refraction) when light is received `at` (TAI ns).

    With `outgoing` light is sent at that instant. None where only a body stands in for it that it may be as far from as the
    station is: that tells a light time, no direction.
    """
    look = elevation_azimuth(site_of(station), target_of(craft), np.array([at], np.int64), outgoing=outgoing)
    if not look.direct[0] and float(look.light_s[0]) * LIGHT_KM_S <= craft.near_km:
        return None
    return float(look.elevation_deg[0])


@dataclass(frozen=True, slots=True)
class Sight:
    """How a spacecraft is seen from a station by what is radiated at an instant.

    Elevation and the one that is needed at its azimuth, degrees; `elevation_deg` is None where nothing tells a direction,
    `hidden` (by the body it is near, at arrival) where nothing tells its orbit. `light_s` is the light time up, within `bound_s`.
    """

    elevation_deg: float | None
    needed_deg: float
    hidden: bool | None
    sun_angle_deg: float
    light_s: float
    bound_s: float


class Geometry:
    """Light times, windows and hindrances of all stations and spacecraft of a mission, by their keys, made when first asked for.

    Threads may share it. Instants are TAI nanoseconds. A search for windows takes some 0.1 s a day: not for an event loop.
    With `orbits` those that were published tell where spacecraft are that no kernel of the installation holds.
    """

    def __init__(self, mission: Mission, kernels: tuple[Path, ...] = (), orbits: PublishedOrbits | None = None) -> None:
        if kernels:
            furnish(*kernels)
        self.mission, self.kernels, self.orbits = mission, kernels, orbits
        self.refresh()

        @cache
        def light_time(station: str, craft: str) -> LightTime:
            return LightTime(site_of(self._station(station)), target_of(mission.craft(craft)))

        @cache
        def link(station: str, craft: str) -> LightLink:
            return LightLink(site_of(self._station(station)), target_of(mission.craft(craft)))

        self._light_time, self._link = light_time, link

    def refresh(self) -> bool:
        """Furnish the orbits that were published since the last look; return whether there were any. Not for an event loop."""
        return self.orbits is not None and self.orbits.refresh()

    def known(self, station: str, craft: str, radiated: int) -> dict[str, Any]:
        """Return from what it is known where a spacecraft is by what a station radiates at an instant, as journals keep it.

        `known` is `kernels`, the id of the product that tells its orbit, or `stand-in`: then `body` stands in, and the light time
        may be off by `bound_ns`. All are texts and whole numbers, as journals have them. Raises TimeError, UsageError.
        """
        self._instants(radiated)
        link = self._link(station, craft)
        light_ns, bound_s = link.up_ns(radiated), link.bound_s(radiated)
        told: dict[str, Any] = {"station": station, "light_ns": light_ns}
        if bound_s > 0:
            return told | {"known": STAND_IN, "body": self.mission.craft(craft).near, "bound_ns": round(bound_s * SECOND)}
        return told | {"known": (self.orbits and self.orbits.source(craft, radiated + light_ns)) or KERNELS}

    def light_time(self, station: str, craft: str, received: Integers) -> Integers:
        """Return the one-way light times (ns) of what a station receives at these epochs (TAI nanoseconds)."""
        found = self._light_time(station, craft)
        if received.size == 1:
            return np.array([round(found.seconds(int(received[0])) * SECOND)], np.int64)
        return np.rint(found.at(received).light_s * SECOND).astype(np.int64)

    def seconds(self, station: str, craft: str, received: int) -> float:
        """Return the one-way light time (s) of what a station receives at an epoch (TAI nanoseconds)."""
        return self._light_time(station, craft).seconds(received)

    @staticmethod
    def _instants(*those: int) -> None:
        """Raise TimeError for instants that no command can have: unknown, before UTC had leap seconds, or beyond 64 bits."""
        for at in those:
            if not FIRST_NS <= at <= LAST_NS:
                raise TimeError(f"{at} is no instant of a command", remedy="Give TAI nanoseconds, from 1972 to 2261")

    def paths(self, station: str, craft: str) -> LightPaths:
        """Return the light times (ns) by emission, up and down, of which the times of commands are made. They raise TimeError."""
        link = self._link(station, craft)
        return LightPaths(link.up_ns, link.down_ns)

    def sight(self, station: str, craft: str, radiated: int) -> Sight:
        """Return how a spacecraft is seen by what a station radiates at an instant. Raises TimeError, UsageError."""
        self._instants(radiated)
        site, target, horizon, behind = self._view(station, craft)
        at = np.array([radiated], np.int64)
        seen = uplink_height(site, target, at, horizon=horizon, behind=behind)
        height, depth = float(seen.elevation_deg[0]), float(seen.depth[0])
        link = self._link(station, craft)
        return Sight(
            height if height == height else None,
            float(seen.needed_deg[0]),
            depth > 0 if depth == depth else None,
            float(sun_angle_deg(site, target, at, outgoing=True)[0]),
            link.up_ns(radiated) / SECOND,
            link.bound_s(radiated),
        )

    def hidden(self, station: str, craft: str, at: int, *, outgoing: bool = False) -> bool | None:
        """Return whether the body that it is near hides a spacecraft, None where that is not known.

        The instant is of reception at the station, or with `outgoing` of radiation. Raises TimeError, UsageError.
        """
        self._instants(at)
        site, target, _, behind = self._view(station, craft)
        return is_hidden(site, target, at, behind=behind, outgoing=outgoing) if behind else None

    def uplink_windows(self, station: str, craft: str, start: int, stop: int) -> tuple[Window, ...]:
        """Return when what a station radiates reaches a spacecraft, between two instants of radiation, edges good to 1 ms.

        The mission tells then that the station may uplink to it, it stands above the station's horizon, and the body that it is
        near does not hide it at arrival, as far as that is known (`Window.occultation_known`). All windows and gaps of more than
        60 s are found. None are where nothing tells a direction. Raises TimeError, UsageError.
        """
        self._instants(start, stop)
        site, target, horizon, behind = self._view(station, craft)
        found: list[Window] = []
        for one in _able(self._station(station), craft, start, stop):
            found += uplink_windows(site, target, one.start, one.stop, horizon=horizon, behind=behind, step_s=STEP_S)
        return tuple(found)

    def next_window(self, station: str, craft: str, at: int, *, duration_ns: int = 0) -> Window | None:
        """Return the first window from an instant on that holds so long a radiation, None if there is none for 32 days.

        One that is open already begins at the instant. Errors are those of `uplink_windows`.
        """
        for days in SEARCH_DAYS:
            for window in self.uplink_windows(station, craft, at, min(at + days * DAY, LAST_NS)):
                if window.stop - window.start >= duration_ns:
                    return window
        return None

    def why_not(self, station: str, craft: str, at: int, *, duration_ns: int = 0) -> list[str]:
        """Return every plain reason why what a station radiates from `at` on, so long, would not reach a spacecraft.

        What is not known is no reason; `doubts` tells it. Errors of mission and kernels are reasons.
        """
        try:
            self._instants(at, at + duration_ns)
            name, found = self.mission.craft(craft).name, []
            if not self._station(station).can("uplink", craft, at):
                found.append(f"the mission does not tell that {station} uplinks to {name} then")
            found += self._hindrances(station, craft, at)
            if found := found or self._ending(station, craft, at, duration_ns):
                found[-1] += self._later(station, craft, at, duration_ns)
        except AelitaError as error:
            return [str(error)]
        return found

    def reaches(self, station: str, craft: str, at: int) -> bool:
        """Tell whether nothing that is known hinders what a station radiates at an instant; without looking for windows."""
        try:
            if not self._station(station).can("uplink", craft, at):
                return False
            self._instants(at)
            site, target, horizon, behind = self._view(station, craft)
            seen = uplink_height(site, target, np.array([at], np.int64), horizon=horizon, behind=behind)
        except AelitaError:
            return False
        return not (seen.depth[0] > 0 or seen.elevation_deg[0] <= seen.needed_deg[0])  # what is not known hinders nothing

    def doubts(self, station: str, craft: str, at: int) -> list[str]:
        """Return what is not known, or makes reception unsure, about what a station radiates at an instant."""
        try:
            seen, name = self.sight(station, craft, at), self.mission.craft(craft).name
        except AelitaError as error:
            return [str(error)]
        near, found = self.mission.craft(craft).near, []
        if seen.elevation_deg is None:
            found.append(f"where {name} stands over {station} is not known: no kernel holds its orbit")
        if not near:
            found.append(f"whether anything hides {name} is not known: the mission names no body that it is near")
        elif seen.hidden is None:
            found.append(f"whether {near.capitalize()} hides {name} then is not known: no kernel holds its orbit")
        if seen.sun_angle_deg < SUN_DEG:
            found.append(f"{name} stands {seen.sun_angle_deg:.2f} deg from the Sun")
        return found

    def _hindrances(self, station: str, craft: str, at: int) -> list[str]:
        seen, known = self.sight(station, craft, at), self.mission.craft(craft)
        found = []
        if seen.elevation_deg is not None and seen.elevation_deg <= seen.needed_deg:
            digits = 1 if seen.needed_deg - seen.elevation_deg > 0.2 else 3
            found.append(
                f"{known.name} stands {seen.elevation_deg:.{digits}f} deg over {station} at that time;"
                f" at least {round(seen.needed_deg, digits):g} are needed"
            )
        if seen.hidden:
            arrival = at + round(seen.light_s * SECOND)
            until = self._hidden_until(station, craft, at)
            end = f" (until {_utc(until)})" if until else ""
            found.append(f"it would arrive at {_utc(arrival)} while {known.name} is behind {known.near.capitalize()}{end}")
        return found

    def _hidden_until(self, station: str, craft: str, at: int) -> int | None:
        """Return when the spacecraft comes out, on its own time; None if that is not known or not within a day."""
        site, target, _, behind = self._view(station, craft)

        def depth(those: Integers) -> NDArray[np.float64]:
            return shadow(site, target, those, behind=behind, outgoing=True).depth

        first = next(iter(intervals(depth, at, at + DAY, STEP_S)), None)
        if first is None or first.stop == at + DAY:
            return None
        after = np.array([first.stop + 2 * TOUCH_NS], np.int64)
        known = bool(shadow(site, target, after, behind=behind, outgoing=True).known[0])
        return first.stop + self._link(station, craft).up_ns(first.stop) if known else None

    def _ending(self, station: str, craft: str, at: int, duration_ns: int) -> list[str]:
        """Return why a radiation that begins well would not end so."""
        if duration_ns <= 0 or self.sight(station, craft, at).elevation_deg is None:
            return []
        end = at
        for window in self.uplink_windows(station, craft, at, at + duration_ns):
            if window.start > end + TOUCH_NS:
                break
            end = window.stop
        if end >= at + duration_ns:
            return []
        return [f"the window closes at {_utc(end)}, {(at + duration_ns - end) / SECOND:.1f} s before all is radiated"]

    def _later(self, station: str, craft: str, at: int, duration_ns: int) -> str:
        window = self.next_window(station, craft, at, duration_ns=duration_ns)
        return f"; next radiation possible at {_utc(window.start)}" if window else f"; no window within {SEARCH_DAYS[-1]} days"

    def _view(self, station: str, craft: str) -> tuple[Site, Target, Horizon, str]:
        known, place = self.mission.craft(craft), self._station(station)
        return site_of(place), target_of(known), horizon_of(place), known.near

    def _station(self, key: str) -> Station:
        stations = self.mission.organisation.stations
        if key not in stations:
            raise UsageError(f"mission {self.mission.name} has no station {key!r}")
        return stations[key]


def _able(station: Station, craft: str, start: int, stop: int) -> tuple[Interval, ...]:
    """Return when the mission tells that a station may uplink to a spacecraft."""
    periods = [one.period for one in station.capabilities if one.serves("uplink", craft)]
    spans = []
    for one in periods:
        first = start if one.start == NO_TIME else max(start, one.start)
        spans.append(Interval(first, stop if one.stop == NO_TIME else min(stop, one.stop - 1)))
    return joined(one for one in spans if one.start < one.stop)


def _utc(at: int) -> str:
    return f"{utc_from_tai_ns(at, 0)} UTC"
