"""The source of space as a service: the recordings and simulated spacecraft of the installation, by the clock of the complex."""

import asyncio
from functools import cache

from ...ephemeris import LightLink, is_hidden
from ...errors import DefinitionError
from ...link import Channel
from ..places import site_of, target_of
from .command_keys import keep_command_keys
from .geometries import geometry_of
from .installation import Installation
from .serving import Context
from .simulated import SimulatedCraft
from .space import Play, Space


async def space(context: Context) -> None:
    """Play and simulate to the stations that connect, for ever. Raises AelitaError."""
    installation = context.installation
    geometry, way_up = geometry_of(installation), WayUp(installation)
    keep_command_keys(installation)
    simulated = []
    for key in installation.simulated:
        simulated.append(await asyncio.to_thread(SimulatedCraft, installation, key, context.clock.now()))
    made = Space(
        _plays(installation), dict(installation.paths), geometry.light_time, context.clock, context.health,
        simulated, way_up.light_ns, way_up.hidden,
    )  # fmt: skip
    await made.start(port=installation.port("space"))
    context.health.ready = True
    try:
        await asyncio.Event().wait()
    finally:
        await made.close()
        for one in simulated:
            one.close()


def _plays(installation: Installation) -> list[Play]:
    """Return the recordings of the installation, each with its pace. Raises DefinitionError."""
    plays = []
    for one in installation.plays:
        path = installation.mission.channel(one.channel)
        channel = Channel.from_toml(path.read_text("utf-8"), str(path))
        if channel.bit_rate <= 0:
            raise DefinitionError(
                "no bit_rate: its frames cannot be played at their pace", where=str(path), remedy="Add bit_rate"
            )
        plays.append(Play(one.spacecraft, channel, one.recording, one.emitted, channel.bit_rate, one.loops))
    return plays


class WayUp:
    """Light times and obstacles from the stations of a mission to its spacecraft, made when first asked for."""

    def __init__(self, installation: Installation) -> None:
        mission, stations = installation.mission, installation.mission.organisation.stations

        @cache
        def link(station: str, craft: str) -> LightLink:
            return LightLink(site_of(stations[station]), target_of(mission.craft(craft)))

        self._link, self._mission = link, mission

    def light_ns(self, station: str, craft: str, radiated: int) -> int:
        """Return the light time of what a station radiates at an instant (TAI nanoseconds both)."""
        return self._link(station, craft).up_ns(radiated)

    def hidden(self, station: str, craft: str, radiated: int) -> bool:
        """Tell whether the body that the spacecraft is at hides it; not where only that body stands in for it."""
        one = self._mission.craft(craft)
        if not one.near:
            return False
        site = site_of(self._mission.organisation.stations[station])
        return is_hidden(site, target_of(one), radiated, behind=one.near, outgoing=True) is True
