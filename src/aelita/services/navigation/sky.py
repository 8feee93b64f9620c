"""Where spacecraft stand: passes over stations and light times, from a mission's files and the kernels that are furnished."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...agencies import Station
from ...ephemeris import (
    Site,
    Target,
    body_number,
    coverage_gaps,
    elevation_azimuth,
    furnish,
    light_times,
    light_times_down,
    sun_angle_deg,
)  # fmt: skip
from ...errors import UsageError
from ...time import NO_TIME, SECOND, utc_from_tai_ns
from ..missions import Mission
from ..orbits import KERNELS, STAND_IN, PublishedOrbits
from ..places import horizon_of, site_of, target_of
from .tables import utc_column

PASS_STEP_S = 60.0
Epochs = NDArray[np.int64]


class Sky:
    """The stations and spacecraft of a mission, seen from each other.

    Spacecraft are keys of the mission, or names and numbers of SPICE; observers are stations of the mission, or bodies of SPICE.
    Kernels hold the orbits, else the products that were published (`orbits`); where none does, the body that the mission names
    stands in. All instants are TAI nanoseconds.
    """

    def __init__(self, mission: Mission, kernels: Sequence[Path] = (), orbits: PublishedOrbits | None = None) -> None:
        self.mission, self.orbits = mission, orbits
        if kernels:
            furnish(*kernels)

    def target(self, name: str) -> Target:
        """Return a spacecraft of the mission, or a body of SPICE, as a target."""
        for craft in self.mission.spacecraft:
            if craft.key == name.casefold() and craft.naif_id:
                return target_of(craft)
        return Target(name.upper())

    def stations(self, names: Sequence[str] = ()) -> tuple[Station, ...]:
        """Return the stations of these keys, all of the mission if none is named. Raises UsageError for an unknown one."""
        known = self.mission.organisation.stations
        for name in names:
            if name not in known:
                raise UsageError(f"the mission has no station {name!r}", remedy=f"Its stations: {', '.join(known)}")
        return tuple(known[name] for name in dict.fromkeys(names)) if names else tuple(known.values())

    def observer(self, name: str) -> Site | str:
        """Return a station of the mission as a place on Earth, or the name of a body of SPICE."""
        known = self.mission.organisation.stations
        if name in known:
            return site_of(known[name])
        try:
            body_number(name.upper())
        except UsageError as error:
            raise UsageError(
                f"{name!r} is neither a station of the mission nor a body of SPICE", remedy=f"Stations: {', '.join(known)}"
            ) from error
        return name.upper()

    def passes(
        self, spacecraft: Sequence[str], start: int, stop: int, *, stations: Sequence[str] = (), outgoing: bool = False,
        step_s: float = PASS_STEP_S,
    ) -> pl.DataFrame:  # fmt: skip
        """Return the passes of spacecraft over stations between two instants at the stations, a row each.

        Elevations are in degrees, durations in seconds; `hidden_s` is how long a body hides the spacecraft (null where nothing
        tells its orbit), `sun_deg` the angle between the Sun and the spacecraft in mid-pass, `light_s` the light time then.
        `known` says from what its place was known then, `bound_s` how far off the light time can be, as in `light_time`.
        """
        from ...ephemeris import contacts

        chosen = self.stations(stations)
        named = {station.name: station.key for station in chosen}
        targets = {name: self.target(name) for name in dict.fromkeys(spacecraft)}
        by_body = {target.body: name for name, target in targets.items()}
        found = contacts(
            [site_of(station) for station in chosen], list(targets.values()), start, stop, outgoing=outgoing, step_s=step_s,
            horizons={station.name: horizon_of(station) for station in chosen},
        )  # fmt: skip
        sites = {station.name: site_of(station) for station in chosen}
        middle = np.array([one.start + (one.stop - one.start) // 2 for one in found], np.int64)
        sun, light, bound = (np.full(len(found), np.nan) for _ in range(3))
        known = np.full(len(found), KERNELS, object)
        pairs = [(one.site, one.target) for one in found]
        for site, body in set(pairs):  # whole columns at once: one by one they would take longer than the search
            rows = np.array([at for at, pair in enumerate(pairs) if pair == (site, body)], np.intp)
            target, when = targets[by_body[body]], middle[rows]
            sun[rows] = sun_angle_deg(sites[site], target, when, outgoing=outgoing)
            times, sign = light_times(sites[site], target, when, outgoing=outgoing), 1 if outgoing else -1
            there = when + sign * np.rint(times.light_s * SECOND).astype(np.int64)
            light[rows], known[rows] = times.light_s, self._known(by_body[body], there, times.direct)
            bound[rows] = self._bound_s(by_body[body], when, times.bound_s)
        return pl.DataFrame(
            {
                "spacecraft": [by_body[one.target] for one in found],
                "station": [named[one.site] for one in found],
                "start": utc_column([one.start for one in found]),
                "stop": utc_column([one.stop for one in found]),
                "duration_s": [(one.stop - one.start) / SECOND for one in found],
                "max_elevation_deg": [one.max_elevation_deg for one in found],
                "hidden_s": [sum(part.length_s for part in one.occultations) if one.known else None for one in found],
                "sun_deg": sun,
                "light_s": light,
                "bound_s": pl.Series(bound).fill_nan(None),
                "known": known.tolist(),
            },
            schema_overrides={
                "hidden_s": pl.Float64, "duration_s": pl.Float64, "max_elevation_deg": pl.Float64, "known": pl.String,
            },
        )  # fmt: skip

    def _known(self, name: str, there: Epochs, direct: NDArray[np.bool_]) -> NDArray[np.object_]:
        """Return from what the place of a spacecraft is known at instants: `kernels`, the id of a product, or `stand-in`."""
        found = np.where(direct, KERNELS, STAND_IN).astype(object)
        if self.orbits is not None and there.size:
            for one in self.orbits.sources(name, int(there.min()) - SECOND, int(there.max()) + SECOND):
                found[direct & (there >= one.span.start) & (there <= one.span.stop)] = one.source
        return found

    def _bound_s(self, name: str, at: Epochs, bound_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return bounds of light times, NaN from before the mission tells how near the spacecraft is."""
        return np.where((bound_s > 0) & (at < self._near_since(name)), np.nan, bound_s)

    def remarks(self, spacecraft: Sequence[str], start: int, stop: int) -> tuple[str, ...]:
        """Return of which spacecraft not even a body that stands in is known to be near between two instants (TAI ns)."""
        found = []
        for name in spacecraft:
            target, until = self.target(name), min(self._near_since(name), stop)
            if target.through and coverage_gaps(target.body, start, until):
                found.append(
                    f"no kernel holds {name} before {utc_from_tai_ns(until, 0)}: "
                    f"{target.through}, which may be far from it then, stands in"
                )
        return tuple(found)

    def _near_since(self, name: str) -> int:
        return max((one.near_since for one in self.mission.spacecraft if one.key == name.casefold()), default=NO_TIME)

    def light_time(
        self, observer: str, spacecraft: str, epochs: Sequence[int], *, delayed_by: Sequence[str] = ()
    ) -> pl.DataFrame:
        """Return light times (s) between an observer and a spacecraft at columns of instants at the observer.

        `down_s` is of light that is received then, `up_s` of what is emitted then, `round_trip_s` of the answer to that;
        `delayed_by` are planets as of `light_times`. `bound_s` is how far off they can be where a body stands in, null before the
        mission tells how near it is. `known` says from what its place is known: `kernels`, the id of an orbit product, or
        `stand-in`. For stations come elevation and azimuth (degrees).
        """
        here, there = self.observer(observer), self.target(spacecraft)
        at = np.asarray(epochs, np.int64)
        down = light_times(here, there, at, delayed_by=delayed_by)
        up = light_times(here, there, at, outgoing=True, delayed_by=delayed_by)
        back = light_times_down(here, there, at + np.rint(up.light_s * SECOND).astype(np.int64), delayed_by=delayed_by)
        left = at - np.rint(down.light_s * SECOND).astype(np.int64)
        rows = {
            "at": utc_column(at.tolist()),
            "down_s": down.light_s,
            "up_s": up.light_s,
            "round_trip_s": up.light_s + back.light_s,
            "bound_s": pl.Series(self._bound_s(spacecraft, at, np.maximum(down.bound_s, up.bound_s))).fill_nan(None),
            "known": pl.Series(self._known(spacecraft, left, down.direct & up.direct).tolist(), dtype=pl.String),
            "sun_deg": sun_angle_deg(here, there, at),
        }
        if isinstance(here, Site):
            look = elevation_azimuth(here, there, at)
            rows |= {"elevation_deg": look.elevation_deg, "azimuth_deg": look.azimuth_deg}
        return pl.DataFrame(rows)


def span_text(start: int, stop: int) -> str:
    """Return two instants as people read them."""
    return f"{utc_from_tai_ns(start, 0)} to {utc_from_tai_ns(stop, 0)} UTC"
