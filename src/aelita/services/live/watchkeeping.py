"""Watchkeeping of an agency in one process: its alarms and the correlation of its clocks."""

import asyncio

from .correlation import correlation
from .serving import Context


async def watchkeeper(context: Context) -> None:
    """Keep watch until cancelled. Raises AelitaError when a part cannot go on."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(correlation(context))
