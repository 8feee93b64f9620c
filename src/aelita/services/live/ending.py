"""Tasks brought to their end, also where a library swallows a cancellation that comes with a result (before Python 3.12)."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
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


async def outwaited(task: "asyncio.Future[Any]") -> None:
    """Wait for the end of a task that cannot be cut short, however often this one is told to end; what it raises is dropped."""
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    if not task.cancelled():
        task.exception()


def heed_cancellation() -> None:
    """Raise CancelledError when the present task was told to end and something below did not let it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@contextlib.contextmanager
def heeding() -> Iterator[None]:
    """Raise CancelledError behind a block in which the present task was told to end, and a library did not let it.

    A task group and a timeout cancel once: a task that swallows that goes on for ever, and they wait for it.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    yield
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
