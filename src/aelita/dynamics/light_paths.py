"""Light between stations and a spacecraft whose orbit is being determined: epochs below nanoseconds, legs and their partials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import Site, fine_states, tdb_tt_s
from ..errors import UsageError
from ..time import SECOND
from .corrections import LIGHT_KM_S, diurnal_s, dry_mapping, planet_delay_s, solid_tide_km, sun_delay_s, wet_mapping
from .forces import GM_KM3_S2

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
MOST_ROUNDS, CONVERGED_S = 8, 3e-13


class Motion(Protocol):
    """An orbit about a body: rows of km and km/s in J2000 axes at TAI nanoseconds."""

    def states(self, epochs_tai_ns: Epochs, /) -> Reals:
        """Return rows of six."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Instants:
    """Epochs as TAI nanoseconds and a rest in seconds below one: light times are good to less than a picosecond."""

    tai_ns: Epochs
    rest_s: Reals

    def later(self, coordinate_s: Reals) -> "Instants":
        """Return the epochs that are this much TDB later: TAI at the centre of the Earth runs up to 3e-10 faster or slower."""
        rough = self.tai_ns + np.rint(coordinate_s * SECOND).astype(np.int64)
        return self.reading_later(coordinate_s - (tdb_tt_s(rough) - tdb_tt_s(self.tai_ns)))

    def reading_later(self, seconds: Reals) -> "Instants":
        """Return the epochs that are this much TAI later."""
        whole = np.rint((self.rest_s + seconds) * SECOND)
        rest = (seconds - whole / SECOND) + self.rest_s
        return Instants(self.tai_ns + whole.astype(np.int64), rest)


Delay = Callable[[str, Epochs, Reals, bool], Reals]
"""More media delay (s) at a station, epochs and elevations (rad), going up or not."""


@dataclass(frozen=True, slots=True)
class Station:
    """A station, its zenith delays (m) by the troposphere, and biases: added to its ranges (s) and to its Doppler (Hz)."""

    site: Site
    zenith_dry_m: float = 0.0
    zenith_wet_m: float = 0.0
    range_bias_s: float = 0.0
    doppler_bias_hz: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One way of light between station and spacecraft.

    `light_s` is coordinate (TDB) light time with the Sun's delay; `media_s` what the troposphere adds; `clock_s` TDB less TT of
    the station, diurnal part. `unit` points from station to spacecraft in J2000 axes.
    """

    at: Instants  # of the station, on the scale of `Instants`
    light_s: Reals
    media_s: Reals
    clock_s: Reals
    unit: Reals
    velocity_km_s: Reals
    rotation: Reals
    elevation_rad: Reals
    dry: Reals
    wet: Reals


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a station is and what its clock does, at its own instants."""

    at: Instants
    position_km: Reals
    velocity_km_s: Reals
    rotation: Reals
    clock_s: Reals


def _delaying(name: str) -> str:
    """Return a planet as DE440 names it. Raises UsageError for what delays no light here: the Sun does so always."""
    for known in (name.upper(), f"{name.upper()} BARYCENTER"):
        if known in GM_KM3_S2 and known != "SUN":
            return known
    raise UsageError(f"{name!r} is none whose delay of light is added", remedy="Name planets: EARTH, JUPITER, SATURN, ...")


class Sky:
    """Stations and a spacecraft in the frame of the solar system's barycentre.

    The Sun delays their light, and planets of `delayed_by`.
    """

    def __init__(
        self, motion: Motion, centre: str, *, tides: bool = True, delay: Delay | None = None, electrons: Delay | None = None,
        phase: bool = False, delayed_by: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.motion, self.centre, self.tides, self.delay = motion, centre, tides, delay
        self.electrons, self.sign = electrons, -1.0 if phase else 1.0
        self.planets = tuple(dict.fromkeys(_delaying(name) for name in delayed_by))

    def spacecraft(self, at: Instants) -> tuple[Reals, Reals]:
        """Return where the spacecraft is (km) and how it moves (km/s)."""
        middle = fine_states(self.centre, at.tai_ns, at.rest_s)
        own = self.motion.states(at.tai_ns)
        position = middle.position_km + (own[:, :3] + own[:, 3:] * at.rest_s[:, None])
        return position, middle.velocity_km_s + own[:, 3:]

    def station(self, station: Station, at: Instants) -> Place:
        """Return where a station is at instants of the scale of `Instants`."""
        place, earth = (fine_states(one, at.tai_ns, at.rest_s) for one in (station.site, "EARTH"))
        assert place.rotation is not None
        position = place.position_km
        if self.tides:
            bodies = [fine_states(body, at.tai_ns).position_km - earth.position_km for body in ("MOON", "SUN")]
            position = position + solid_tide_km(position - earth.position_km, *bodies)
        clock = diurnal_s(position, earth.position_km, earth.velocity_km_s)
        return Place(at, position, place.velocity_km_s, place.rotation, clock)

    def receiving(self, station: Station, readings_tai_ns: Epochs) -> Place:
        """Return where a station is when its own clock reads these epochs."""
        at = Instants(readings_tai_ns, np.zeros(readings_tai_ns.size))
        return self.station(station, at.reading_later(self.station(station, at).clock_s))

    def down(self, station: Station, place: Place) -> tuple[Leg, Instants, Reals, Reals]:
        """Return the leg from spacecraft to station, and when, where and how fast the spacecraft was."""
        sun = fine_states("SUN", place.at.tai_ns).position_km
        middle = fine_states(self.centre, place.at.tai_ns)
        light = np.linalg.norm(middle.position_km - place.position_km, axis=1) / LIGHT_KM_S
        planets_s = self._planets_s(place.at.tai_ns, place.position_km, middle.position_km)
        for _ in range(MOST_ROUNDS):
            left = place.at.later(-light)
            there, velocity = self.spacecraft(left)
            path = there - place.position_km
            distance = np.linalg.norm(path, axis=1)
            unit = path / distance[:, None]
            wanted = distance / LIGHT_KM_S + sun_delay_s(place.position_km - sun, there - sun, distance) + planets_s
            step = (wanted - light) / (1.0 + np.sum(unit * velocity, axis=1) / LIGHT_KM_S)
            light = light + step
            if np.all(np.abs(step) < CONVERGED_S):
                break
        return self._leg(station, place, light, unit, up=False), place.at.later(-light), there, velocity

    def other(self, station: Station, at: Instants, there_km: Reals, guess_s: Reals, *, up: bool) -> Leg:
        """Return the leg between the spacecraft, at a place at these instants, and a station that sent (`up`) or will receive."""
        light, sign = guess_s, -1.0 if up else 1.0
        near = self.station(station, at.later(sign * light)).position_km if self.planets else there_km
        planets_s = self._planets_s(at.tai_ns, near, there_km)
        for _ in range(MOST_ROUNDS):
            place = self.station(station, at.later(sign * light))
            path = there_km - place.position_km
            distance = np.linalg.norm(path, axis=1)
            unit = path / distance[:, None]
            sun = fine_states("SUN", place.at.tai_ns).position_km
            wanted = distance / LIGHT_KM_S + sun_delay_s(place.position_km - sun, there_km - sun, distance) + planets_s
            step = (wanted - light) / (1.0 + sign * np.sum(unit * place.velocity_km_s, axis=1) / LIGHT_KM_S)
            light = light + step
            if np.all(np.abs(step) < CONVERGED_S):
                break
        return self._leg(station, place, light, unit, up=up)

    def _planets_s(self, epochs: Epochs, here: Reals, there: Reals) -> Reals:
        """Return by how much planets delay light, s: it changes by 1e-5 of itself where the ends are a light time off."""
        found = np.zeros(epochs.size)
        for name in self.planets:
            planet = fine_states(name, epochs).position_km
            found += planet_delay_s(here - planet, there - planet, GM_KM3_S2[name])
        return found

    def _leg(self, station: Station, place: Place, light: Reals, unit: Reals, *, up: bool) -> Leg:
        vertical = place.rotation @ station.site.axes()[2]
        elevation = np.arcsin(np.clip(np.sum(vertical * unit, axis=1), -1.0, 1.0))
        dry, wet = dry_mapping(elevation), wet_mapping(elevation)
        media = (station.zenith_dry_m * dry + station.zenith_wet_m * wet) / (1000 * LIGHT_KM_S)
        if self.delay is not None:
            media = media + self.delay(station.site.name, place.at.tai_ns, elevation, up)
        if self.electrons is not None:
            media = media + self.sign * self.electrons(station.site.name, place.at.tai_ns, elevation, up)
        return Leg(
            place.at, light, media, place.clock_s, unit, place.velocity_km_s, place.rotation, elevation, dry, wet
        )  # fmt: skip
