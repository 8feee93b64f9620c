"""Runs a view of the complex: pictures at regular times, of a complex that runs in this process or elsewhere."""

import asyncio
import contextlib
import logging
import logging.handlers
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from ...errors import UsageError
from .clock import MissionClock
from .health import JsonLines
from .installation import Installation
from .processes import is_aelita
from .running import run_complex
from .serving import running
from .supervisor import LOG_FILES, LOG_OCTETS
from .watched import Picture
from .watching import Watch

Draw = Callable[[Picture], None]
ENDING = (b"q", b"Q", b"\x03", b"\x04")  # keys; the last two are Ctrl-C and Ctrl-D where the terminal does not act on them


async def show(watch: Watch, draw: Draw, *, every_s: float, keys: int | None = None) -> None:
    """Draw pictures until SIGINT, SIGTERM or a key; `keys` is the file descriptor of a terminal that gives each key at once."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    with _heeding(keys, ended):
        await _draw(watch, draw, every_s, ended)


async def picture_of(watch: Watch) -> Picture:
    """Return one picture, when all that answers has told something."""
    async with watch.running():
        await watch.first()
        return watch.picture()


async def run_shown(
    installation: Installation, clock: MissionClock, draw: Draw, *, refresh_s: float, every_s: float, keys: int | None = None
) -> None:
    """Run everything of an installation and draw pictures of it, until SIGINT, SIGTERM or a key.

    Raises UsageError when it runs already, and other AelitaErrors.
    """
    refuse_second(installation)
    keep_log(installation.folder)
    ready, ended = asyncio.Event(), asyncio.Event()
    work = asyncio.create_task(run_complex(installation, clock, on_ready=ready.set))
    work.add_done_callback(lambda _: ended.set())
    work.add_done_callback(lambda _: ready.set())
    try:
        with _heeding(keys, ended):
            await ready.wait()
            if not ended.is_set():
                watch = await asyncio.to_thread(Watch, installation, (), refresh_s)
                await _draw(watch, draw, every_s, ended)
    finally:
        if not work.done():
            work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    if not work.cancelled() and (fault := work.exception()) is not None:
        raise fault


def refuse_second(installation: Installation) -> None:
    """Raise UsageError when the installation runs already: two supervisors would end each other's servers."""
    for one in running(installation.folder):
        pid = int(one["pid"])
        if one["service"] == "supervisor" and pid != os.getpid() and is_aelita(pid):
            raise UsageError(
                f"it runs already, as process {pid}", where=str(installation.folder),
                remedy="Look at it with `aelita watch`, end it first, or name another folder with --data",
            )  # fmt: skip


async def _draw(watch: Watch, draw: Draw, every_s: float, ended: asyncio.Event) -> None:
    async with watch.running():
        first = asyncio.create_task(watch.first())
        await asyncio.wait([first, waiting := asyncio.create_task(ended.wait())], return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        while not ended.is_set():
            draw(watch.picture())
            await asyncio.wait([waiting], timeout=every_s)
        waiting.cancel()


@contextlib.contextmanager
def _heeding(keys: int | None, ended: asyncio.Event) -> Iterator[None]:
    """Set `ended` when a key says so."""
    if keys is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def pressed() -> None:
        octets = os.read(keys, 64)
        if not octets:  # the terminal is gone
            loop.remove_reader(keys)
        if not octets or any(octets.startswith(key) for key in ENDING):
            ended.set()

    loop.add_reader(keys, pressed)
    try:
        yield
    finally:
        loop.remove_reader(keys)


def keep_log(folder: Path) -> None:
    """Send the log of this process to `logs/supervisor.log`, so that it does not fall into the view."""
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        logs / "supervisor.log", maxBytes=LOG_OCTETS, backupCount=LOG_FILES, encoding="utf-8"
    )
    handler.setFormatter(JsonLines("supervisor", ""))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("nats").setLevel(logging.WARNING)
