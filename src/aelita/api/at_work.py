"""What a centre does by itself while its interface is served: pass reports and deliveries, again and again."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from sqlalchemy.exc import SQLAlchemyError

from ..errors import AelitaError
from ..services import live
from .centre import Centre
from .deliveries import deliver
from .pass_reports import write_pass_reports

WORKS: tuple[tuple[str, float, Callable[[Centre], int]], ...] = (
    ("pass reports", 5.0, write_pass_reports),
    ("deliveries", 1.0, deliver),
)
log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def at_work(here: Centre, context: live.Context) -> AsyncIterator[None]:
    """Do the works of a centre while the block runs; what goes wrong is a fault of the service until it goes well again."""
    ended = asyncio.Event()
    tasks = [asyncio.create_task(_again(here, context, ended, *work)) for work in WORKS]
    try:
        yield
    finally:
        ended.set()
        await asyncio.gather(*tasks)  # what is begun is finished: it is short, and the records are closed behind it


async def _again(
    here: Centre, context: live.Context, ended: asyncio.Event, name: str, pause_s: float, work: Callable[[Centre], int]
) -> None:
    while not ended.is_set():
        try:
            context.health.count(f"{name.replace(' ', '_')}_made_total", await asyncio.to_thread(work, here))
            context.health.well(name)
        except (AelitaError, SQLAlchemyError, OSError, ValueError) as error:
            if context.health.fault(name, str(error)):
                log.warning("a work of the centre fails", extra={"what": name, "why": str(error)})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), pause_s)
