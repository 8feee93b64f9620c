"""Backups of a centre: its archive and its records, copied while all goes on, into a folder of their own."""

import json
import logging
import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..archive import backup
from ..errors import AelitaError, UsageError
from ..time import utc_from_tai_ns
from .accounts import now
from .centre import RECORDS, Centre

FOLDER, MARK = "backups", "backup.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup, kept in a folder: when it was begun and ended (TAI ns), how large it is, and whether it is whole.

    `state` is running, done or failed; `why` says why it failed.
    """

    name: str
    begun: int
    ended: int | None = None
    files: int = 0
    octets: int = 0
    state: str = "running"
    why: str = ""


class Backups:
    """The backups of a centre, made one at a time in a thread. Its folder is `backups` in that of the agency.

    A link to another disk can stand in its place: a copy on the same disk does not outlive the disk.
    """

    def __init__(self, centre: Centre) -> None:
        self.centre, self.folder = centre, centre.folder / FOLDER
        self._one = threading.Lock()

    def begin(self) -> Backup:
        """Begin a backup and return it. Raises UsageError while another one is made, ArchiveError without an archive."""
        self.centre.archive()
        if not self._one.acquire(blocking=False):
            raise UsageError("a backup is being made", remedy="Wait until it is done")
        try:
            begun = now()
            one = Backup(utc_from_tai_ns(begun, 0).replace(":", ""), begun)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            (self.folder / one.name).mkdir(mode=0o700)
            self._keep(one)
            threading.Thread(target=self._make, args=(one,), name="backup").start()
        except BaseException as error:
            self._one.release()
            if isinstance(error, OSError):
                raise UsageError(f"the backup cannot be written: {error}", where=str(self.folder)) from error
            raise
        return one

    def all(self) -> list[Backup]:
        """Return all backups, the latest first. One that was cut off by the end of its process has failed."""
        found = []
        for path in self.folder.glob(f"*/{MARK}"):
            try:
                one = Backup(**json.loads(path.read_text("utf-8")))
            except (OSError, ValueError, TypeError):
                continue
            found.append(replace(one, state="failed", why="cut off") if one.state == "running" and not self.busy else one)
        return sorted(found, key=lambda one: one.begun, reverse=True)

    @property
    def busy(self) -> bool:
        """Whether one is being made."""
        return self._one.locked()

    def _make(self, one: Backup) -> None:
        target = self.folder / one.name
        try:
            copied = backup(self.centre.archive(), target / "archive")
            _copy_records(self.centre.folder / RECORDS, target / RECORDS)
            octets = copied.octets + (target / RECORDS).stat().st_size
            done = replace(one, ended=now(), files=copied.files + 1, octets=octets, state="done")
        except (AelitaError, OSError, sqlite3.Error) as error:
            log.warning("backup %s failed: %s", one.name, error)
            done = replace(one, ended=now(), state="failed", why=str(error))
        try:
            self._keep(done)
        except OSError as error:
            log.warning("backup %s: %s", one.name, error)
        finally:
            self._one.release()

    def _keep(self, one: Backup) -> None:
        path = self.folder / one.name / MARK
        waiting = path.with_suffix(".new")
        waiting.write_text(json.dumps(asdict(one)), encoding="utf-8")
        waiting.replace(path)


def _copy_records(source: Path, target: Path) -> None:
    """Copy the records as they are at one moment, while others write into them."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))  # it holds accounts
    with closing(sqlite3.connect(source, timeout=10)) as from_, closing(sqlite3.connect(target)) as to:
        from_.backup(to)
