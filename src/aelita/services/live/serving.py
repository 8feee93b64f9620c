"""One service in its process: set up, run until a signal or a fault ends it, and say meanwhile how it is."""

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import AelitaError
from .agency_streams import address_of
from .clock import MissionClock
from .ending import ended
from .geometries import keep_geometries
from .health import Health, HealthServer, log_as_json
from .installation import Installation, read_installation
from .leases import PROGRAM, Lease, own_name
from .streams import Streams

log = logging.getLogger(__name__)
# One process at a time does the work of these.
LEASED = ("receiver", "processor", "archiver", "watchkeeper", "correlation", "alarms", "commander")
FAILED = 3  # exit code of a service that a fault ended: the supervisor starts it again


@dataclass(frozen=True, slots=True)
class Context:
    """What a service works with: the installation, the agency it serves (empty: none), the clock, and its health."""

    installation: Installation
    agency: str
    clock: MissionClock
    health: Health

    @property
    def home(self) -> Path:
        """The folder of the agency."""
        return self.installation.home(self.agency)


Service = Callable[[Context], Awaitable[None]]


def run_file(folder: Path, service: str, agency: str) -> Path:
    """Return the file in which a running service tells its process and the port of its health."""
    return folder / "run" / (f"{agency}-{service}.json" if agency else f"{service}.json")


async def serve(
    name: str, service: Service, agency: str, folder: Path, *, health_port: int = 0, prepare: Service | None = None
) -> int:
    """Run a service until SIGTERM or SIGINT; return the exit code. Faults are logged, and end it with FAILED.

    `prepare` is run when another process does the work, before this one stands by.
    """
    log_as_json(name, agency)
    health = Health(name, agency)
    server = HealthServer(health, port=health_port)
    try:
        context = Context(read_installation(folder), agency, MissionClock.read(folder), health)
        await server.start()
    except (AelitaError, OSError) as error:
        log.error("cannot start: %s", error)
        return FAILED
    keeping = asyncio.ensure_future(keep_geometries(health))
    work = asyncio.ensure_future(_held(name, service, context, prepare) if name in LEASED else service(context))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with tell(folder, name, agency, server.port):
        try:
            await work
        except asyncio.CancelledError:
            return 0
        except BaseExceptionGroup as group:
            return _failed(_first_of(group))
        except Exception as error:
            return _failed(error)
        finally:
            await ended([keeping])
            await server.close()
    return 0


async def _held(name: str, service: Service, context: Context, prepare: Service | None) -> None:
    """Run a service while its lease is held: until then this process stands by."""
    connecting = Streams.connect(address_of(context.installation, context.agency), name=f"{name}-lease", timeout_s=60)
    async with await connecting as streams:
        lease = Lease(streams, context.agency, name, own_name())
        if prepare is not None and not await lease.is_free():
            context.health.details["lease"] = "preparing"
            await prepare(context)
        context.health.details["lease"] = "standing by"
        await lease.acquire()
        context.health.details["lease"] = "held"
        keeping, work = asyncio.ensure_future(lease.keep()), asyncio.ensure_future(service(context))
        try:
            done, _ = await asyncio.wait([keeping, work], return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            await ended([work, keeping])
            await lease.release()


def _first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _failed(error: BaseException) -> int:
    if isinstance(error, AelitaError):
        log.error("stopped: %s", error)
    else:
        log.error("stopped by a fault", exc_info=error)
    return FAILED


@contextlib.contextmanager
def tell(folder: Path, service: str, agency: str, health_port: int) -> Iterator[None]:
    """Let others find this process by a file while it runs."""
    alone = service not in LEASED or PROGRAM in os.environ
    told = run_file(folder, service if alone else f"{service}-{os.getpid()}", agency)  # one that stands by has a file of its own
    told.parent.mkdir(parents=True, exist_ok=True)
    told.write_text(json.dumps({"service": service, "agency": agency, "pid": os.getpid(), "health_port": health_port}))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if json.loads(told.read_text())["pid"] == os.getpid():
                told.unlink()


def running(folder: Path) -> list[dict[str, Any]]:
    """Return what the run files in a folder tell of services, those of dead processes left out."""
    found = []
    for path in sorted((folder / "run").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            told = json.loads(path.read_text())
            os.kill(int(told["pid"]), 0)
            found.append(told)
    return found
