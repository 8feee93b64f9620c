"""One service in its process: set up, run until a signal or a fault ends it, and say meanwhile how it is."""

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import AelitaError
from .clock import MissionClock
from .health import Health, HealthServer, log_as_json
from .installation import Installation, read_installation

log = logging.getLogger(__name__)
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


async def serve(name: str, service: Service, agency: str, folder: Path, *, health_port: int = 0) -> int:
    """Run a service until SIGTERM or SIGINT; return the exit code. Faults are logged, and end it with FAILED."""
    log_as_json(name, agency)
    health = Health(name, agency)
    server = HealthServer(health, port=health_port)
    try:
        context = Context(read_installation(folder), agency, MissionClock.read(folder), health)
        await server.start()
    except (AelitaError, OSError) as error:
        log.error("cannot start: %s", error)
        return FAILED
    told = run_file(folder, name, agency)
    told.parent.mkdir(parents=True, exist_ok=True)
    told.write_text(json.dumps({"service": name, "agency": agency, "pid": os.getpid(), "health_port": server.port}))
    work = asyncio.ensure_future(service(context))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        await work
        return 0
    except asyncio.CancelledError:
        return 0
    except AelitaError as error:
        log.error("stopped: %s", error)
        return FAILED
    except Exception:
        log.exception("stopped by a fault")
        return FAILED
    finally:
        with contextlib.suppress(OSError):
            if json.loads(told.read_text())["pid"] == os.getpid():
                told.unlink()
        await server.close()


def running(folder: Path) -> list[dict[str, Any]]:
    """Return what the run files in a folder tell of services, those of dead processes left out."""
    found = []
    for path in sorted((folder / "run").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            told = json.loads(path.read_text())
            os.kill(int(told["pid"]), 0)
            found.append(told)
    return found
