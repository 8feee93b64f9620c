"""What a centre does by itself while its interface is served: pass reports and deliveries, again and again."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from sqlalchemy.exc import SQLAlchemyError

from ..errors import AelitaError
from ..services import live
from .centre import Centre
from .deliveries import Going, deliver, remove_old
from .pass_reports import write_pass_reports

Work = Callable[[Centre, Going], int]
WORKS: tuple[tuple[str, float, Work], ...] = (
    ("pass reports", 5.0, write_pass_reports),
    ("deliveries", 1.0, deliver),
    ("retention of deliveries", 60.0, remove_old),
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
        await asyncio.gather(*tasks)  # a batch that is begun is finished: the records are closed behind it


async def _again(here: Centre, context: live.Context, ended: asyncio.Event, name: str, pause_s: float, work: Work) -> None:
    while not ended.is_set():
        try:
            context.health.count(
                f"{name.replace(' ', '_')}_total", await asyncio.to_thread(work, here, lambda: not ended.is_set())
            )
            context.health.well(name)
        except (AelitaError, SQLAlchemyError, OSError, ValueError) as error:
            if context.health.fault(name, str(error)):
                log.warning("a work of the centre fails", extra={"what": name, "why": str(error)})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), pause_s)
