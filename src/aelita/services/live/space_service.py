"""The source of space as a service: the recordings of the installation, played by the clock of the complex."""

import asyncio

from ...errors import DefinitionError
from ...link import Channel
from .geometry import Geometry
from .serving import Context
from .space import Play, Space


async def space(context: Context) -> None:
    """Play the recordings of the installation to the stations that connect, for ever. Raises AelitaError."""
    installation = context.installation
    geometry = Geometry(installation.mission, installation.kernels)
    plays = []
    for one in installation.plays:
        path = installation.mission.channel(one.channel)
        channel = Channel.from_toml(path.read_text("utf-8"), str(path))
        if channel.bit_rate <= 0:
            raise DefinitionError(
                "no bit_rate: its frames cannot be played at their pace", where=str(path), remedy="Add bit_rate"
            )
        plays.append(Play(one.spacecraft, channel, one.recording, one.emitted, channel.bit_rate, one.loops))
    made = Space(plays, dict(installation.paths), geometry.light_time, context.clock, context.health)
    await made.start(port=installation.port("space"))
    context.health.ready = True
    try:
        await asyncio.Event().wait()
    finally:
        await made.close()
