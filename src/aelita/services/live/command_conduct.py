"""What operations build on an agency's requests, live: procedures, and the ground's copies of what a spacecraft has on board."""

import asyncio
from collections.abc import Callable, Iterable

from ...commanding import Commander, Entry, Outcome
from .command_boards import Boards
from .command_desk import CommandDesk
from .procedure_desk import ProcedureDesk
from .serving import Context
from .streams import Streams


class Conduct:
    """Beside the commanding of one agency; it makes no request but ordinary ones, through the desk."""

    def __init__(
        self, context: Context, commander: Commander, desk: CommandDesk, notes: Iterable[Entry], does: Callable[[Outcome], None]
    ) -> None:
        mission = context.installation.mission
        self.boards = Boards(
            context.installation, commander, desk.preparers, notes, context.clock.now, does, context.health
        )  # fmt: skip
        self.procedures = ProcedureDesk(
            commander, mission.folders, context.home, context.clock.now, lambda asked: desk.do("prepare", asked),
            lambda asked: desk.do("request", asked), context.health,
        )  # fmt: skip
        desk.more |= self.procedures.ops | self.boards.ops

    async def run(self, streams: Streams) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.procedures.run(streams))
            tasks.create_task(self.boards.run(streams))

    def take(self, entries: Iterable[Entry]) -> None:
        """Take entries that were written here, or came from a partner."""
        self.boards.take(entries)
