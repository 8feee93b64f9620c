"""Watchkeeping of an agency in one process: its alarms, the correlation of its clocks, products from and to partners."""

import asyncio

from .alarm_service import alarms
from .correlation import correlation
from .product_exchange import product_exchange
from .serving import Context


async def watchkeeper(context: Context) -> None:
    """Keep watch until cancelled. Raises AelitaError when a part cannot go on."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(correlation(context))
        tasks.create_task(alarms(context))
        tasks.create_task(product_exchange(context))
