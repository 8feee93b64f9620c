"""A centre as its interface sees it: the agency's streams, archive and records, opened once for the process."""

import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request
from starlette.requests import HTTPConnection

from ..archive import Archive, open_archive
from ..errors import ArchiveError
from ..services import Library, live
from .command_view import CommandView
from .feed import LiveFeed
from .records import Records, open_records

RECORDS = "records.sqlite"
REFRESH_S = 1.0


@dataclass(slots=True)
class Centre:
    """The centre of one agency in an installation. `watch` gathers what streams and services tell, see `Watch.picture`."""

    installation: live.Installation
    agency: str
    clock: live.MissionClock
    records: Records
    watch: live.Watch
    feed: LiveFeed
    library: Library = field(default_factory=Library)  # of mission databases
    _commands: CommandView | None = None
    _archive: Archive | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def folder(self) -> Path:
        """The folder of the agency."""
        return self.installation.home(self.agency)

    @property
    def commands(self) -> CommandView:
        """What is known here of commanding."""
        if self._commands is None:
            self._commands = CommandView(self.installation, self.agency)
        return self._commands

    def archive(self) -> Archive:
        """Return the agency's archive, opened at the first call. Raises ArchiveError while there is none. For worker threads."""
        with self._lock:
            if self._archive is None:
                path = self.installation.archive(self.agency)
                if not path.exists():
                    raise ArchiveError("nothing is archived yet", where=str(path), remedy="The archiver makes it at its start")
                self._archive = open_archive(path, self.library.calibrator())
            return self._archive


@contextlib.asynccontextmanager
async def open_centre(folder: Path, agency: str) -> AsyncIterator[Centre]:
    """Open the centre of an agency that runs in an installation's folder. Raises UsageError, DefinitionError."""
    installation = live.read_installation(folder)
    installation.agency(agency)
    records = open_records(installation.home(agency) / RECORDS)
    watch = live.Watch(installation, (agency,), refresh_s=REFRESH_S)
    commands = CommandView(installation, agency)
    try:
        async with watch.running(), LiveFeed(installation, agency, watch, commands).running() as feed:
            clock = live.MissionClock.read(folder)
            yield Centre(installation, agency, clock, records, watch, feed, _commands=commands)
    finally:
        records.close()


def centre_of(connection: HTTPConnection) -> Centre:
    """Return the centre that an application serves: a dependency of its routes."""
    found = connection.app.state.centre
    assert isinstance(found, Centre)
    return found


def centre(request: Request) -> Centre:
    """Return the centre that an application serves: a dependency of its HTTP routes."""
    return centre_of(request)
