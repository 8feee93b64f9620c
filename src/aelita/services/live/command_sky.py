"""What commanding asks of the sky: by which station it commands, when what goes arrives, and how that is known."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...coding import radiation_duration_ns
from ...commanding import CommandTimes, PreparedCommand, command_times
from ...errors import AelitaError
from ...link import CommandLink
from ...time import SECOND
from .command_obstacles import Obstacles
from .geometries import geometry_of
from .serving import Context


class CommandSky:
    """The sky of one agency's commanding. `links` are those of the service, by spacecraft, and grow with it.

    `stations_up` tells by which stations (keys) a spacecraft can be commanded now.
    """

    def __init__(
        self, context: Context, links: Mapping[str, CommandLink], stations_up: Callable[[str], Sequence[str]]
    ) -> None:  # fmt: skip
        self._context, self._links, self._stations_up = context, links, stations_up
        self.geometry = geometry_of(context.installation, context.agency)
        self._obstacles = Obstacles(self.geometry)

    def close(self) -> None:
        """Look for nothing more."""
        self._obstacles.close()

    def station_of(self, spacecraft: str) -> str:
        """Return the station that commands a spacecraft now, else the first here that could, empty without one."""
        up = self._stations_up(spacecraft)
        stations, now = self._context.installation.mission.organisation.stations, self._context.clock.now()
        every = [key for agency in self._context.installation.agencies for key in agency.stations]
        able = [key for key in every if stations[key].can("uplink", spacecraft, now)]
        return (*up, *able, *every, "")[0]

    def light_ns(self, spacecraft: str) -> int:
        """Return the one-way light time (ns) from a spacecraft now, 0 without a station."""
        station = self.station_of(spacecraft)
        return round(self.geometry.seconds(station, spacecraft, self._context.clock.now()) * SECOND) if station else 0

    def times(self, prepared: PreparedCommand, start: int, octets: int) -> CommandTimes | None:
        """Return when a request's octets would be radiated, arrive and be executed, None when nothing tells."""
        asked = prepared.request
        station, link = self.station_of(asked.spacecraft), self._links.get(asked.spacecraft)
        if not station or link is None:
            return None
        duration = radiation_duration_ns(8 * (octets + link.acquisition_octets), link.bit_rates[0])
        paths = self.geometry.paths(station, asked.spacecraft)
        try:
            return command_times(start, start, duration, paths, asked.execute_ns)
        except AelitaError:
            return command_times(start, start, duration, paths)

    def known(self, prepared: PreparedCommand, start: int) -> dict[str, Any]:
        """Return from what it is known where a request would go when it is radiated at an instant, empty when nothing tells."""
        spacecraft = prepared.request.spacecraft
        if station := self.station_of(spacecraft):
            with contextlib.suppress(AelitaError):
                return self.geometry.known(station, spacecraft, start)
        return {}

    def against(self, prepared: PreparedCommand, now: int, times: CommandTimes | None) -> list[str]:
        """Return what geometry has against a request now; `times` are those of one that is to be executed at its own instant."""
        asked, found = prepared.request, list[str]()
        if station := self.station_of(asked.spacecraft):
            found += self._obstacles.against(station, asked.spacecraft, now)
        if times is not None and asked.execute_ns is not None and asked.execute_ns < times.arrival_stop_ns:
            late_s = (times.arrival_stop_ns - asked.execute_ns) / SECOND
            found.append(f"it would arrive {late_s:.1f} s after it is to be executed")
        return found

    def look_up(self, lines_up: Mapping[str, set[str]], now: int) -> None:
        """Look at the sky before anybody waits for it."""
        for spacecraft, stations in lines_up.items():
            for station in stations:
                self._obstacles.refresh(station, spacecraft, now)
