"""Keeps processes running: starts them, keeps what they say, starts them again when they die.

A process that dies at once is started again after a pause that doubles up to ten seconds; one that ran well for half a minute
is started again at once. `SIGINT` and `SIGTERM` end all of them, those started last first.
"""

import asyncio
import contextlib
import logging
import logging.handlers
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .ending import ended
from .health import Health
from .leases import PROGRAM
from .nursery import Forked, Infant, Nursery, die_with_parent

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
RAN_WELL_S = 30.0
STOP_S = 60.0  # an archiver writes what it holds: on a busy machine that takes a while
LOG_OCTETS, LOG_FILES = 5_000_000, 3
LONGEST_LINE = 1 << 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Program:
    """A process to be kept running. Programs of a lower `rank` are started first and stopped last.

    With `infant` it is forked from the nursery, which is quicker and takes less memory than its command line, if that can be.
    """

    name: str
    arguments: tuple[str, ...]
    rank: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    infant: Infant | None = None


@dataclass(slots=True)
class Running:
    """One program and its process now; `starts` counts how often it was started."""

    program: Program
    process: asyncio.subprocess.Process | Forked | None = None
    starts: int = 0
    last_exit: int | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process, None while there is none."""
        return self.process.pid if self.process is not None and self.process.returncode is None else None


class Supervisor:
    """Runs programs until it is stopped. What they write goes to `<folder>/logs/<name>.log`."""

    def __init__(self, programs: list[Program], folder: Path, health: Health, nursery: Nursery | None = None) -> None:
        self.running = [Running(program) for program in sorted(programs, key=lambda p: p.rank)]
        self.folder, self.health, self.nursery = folder / "logs", health, nursery or Nursery()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask for the end of all programs."""
        self._stopping.set()

    async def run(self) -> None:
        """Run all programs until `stop`; then end them in the reverse order of their ranks."""
        self.folder.mkdir(parents=True, exist_ok=True)
        keepers = [asyncio.create_task(self._keep(one)) for one in self.running]
        self.health.ready = True
        try:
            await self._stopping.wait()
        finally:
            await ended(keepers)
            await self.nursery.close()
            for rank in sorted({one.program.rank for one in self.running}, reverse=True):
                await asyncio.gather(*(end(one) for one in self.running if one.program.rank == rank))

    async def _keep(self, one: Running) -> None:
        pause = FIRST_PAUSE_S
        lines = _log_file(self.folder / f"{one.program.name.replace('/', '-')}.log")
        while True:
            began = time.monotonic()
            await self._once(one, lines)
            if time.monotonic() - began >= RAN_WELL_S:
                pause = FIRST_PAUSE_S
            self.health.fault(one.program.name, f"ended with {one.last_exit}, started again in {pause:.1f} s")
            log.warning("a process ended", extra={"program": one.program.name, "exit": one.last_exit, "again_in_s": pause})
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _once(self, one: Running, lines: logging.Handler) -> None:
        try:
            one.process = await self._started(one.program)
        except OSError as error:
            one.last_exit = None
            log.error("a process cannot be started", extra={"program": one.program.name, "why": str(error)})
            return
        one.starts += 1
        self.health.gauge("process_starts", one.starts, program=one.program.name)
        assert one.process.stdout is not None
        well = asyncio.get_running_loop().call_later(RAN_WELL_S, self.health.well, one.program.name)
        try:
            async for line in _lines(one.process.stdout):
                lines.emit(logging.makeLogRecord({"msg": line}))
            one.last_exit = await one.process.wait()
        finally:
            well.cancel()

    async def _started(self, program: Program) -> asyncio.subprocess.Process | Forked:
        environment = {PROGRAM: program.name, **program.environment}
        if program.infant is not None:
            try:
                return await self.nursery.fork(program.infant, environment, LONGEST_LINE)
            except OSError as error:
                log.warning("a process is started without the nursery", extra={"program": program.name, "why": str(error)})
        return await asyncio.create_subprocess_exec(
            *program.arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, env={**os.environ, **environment}, start_new_session=True, limit=LONGEST_LINE,
            preexec_fn=die_with_parent,
        )  # fmt: skip


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # longer than the limit: its start was thrown away
            continue
        if not line:
            return
        yield line.decode(errors="backslashreplace").rstrip("\n")


async def end(one: Running) -> None:
    """End a program's process and its children: politely, then by force after a minute."""
    process = one.process
    if process is None or process.returncode is not None:
        return
    _signal(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await _exhausted(process)
    except TimeoutError:
        log.warning("a process is ended by force", extra={"program": one.program.name, "after_s": STOP_S})
        _signal(process.pid, signal.SIGKILL)
        await process.wait()
    one.last_exit = process.returncode


async def _exhausted(process: asyncio.subprocess.Process | Forked) -> None:
    """Wait for the end while its output is read: a full pipe would hold it."""
    if process.stdout is not None:
        while await process.stdout.read(1 << 16):
            pass
    await process.wait()


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _log_file(path: Path) -> logging.Handler:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_OCTETS, backupCount=LOG_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def this_program(*arguments: str) -> tuple[str, ...]:
    """Return the command line that runs this Aelita with other arguments."""
    return (sys.executable, "-c", "from aelita.cli import main; main()", *arguments)
