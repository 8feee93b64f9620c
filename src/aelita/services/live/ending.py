"""Tasks brought to their end, also where a library swallows a cancellation that comes with a result (before Python 3.12)."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 0.2


async def ended(tasks: Iterable["asyncio.Future[Any]"]) -> None:
    """Cancel tasks until all have ended; what they raise is dropped."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()


def heed_cancellation() -> None:
    """Raise CancelledError when the present task was told to end and something below did not let it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
