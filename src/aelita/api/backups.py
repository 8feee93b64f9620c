"""Backups of a centre: its archive, its products and its records, copied while all goes on, into a folder of their own."""

import json
import logging
import os
import shutil
import sqlite3
import threading
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..archive import Copying, backup
from ..errors import AelitaError, UsageError
from ..services import products
from ..time import utc_from_tai_ns
from .accounts import now
from .centre import RECORDS, Centre

FOLDER, MARK = "backups", "backup.json"
CANCEL_S = 5.0  # how long one who cancels waits for the file that is being copied
GOING = ("running", "cancelling")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup, kept in a folder: when it was begun and ended (TAI ns), how far it is, and whether it is whole.

    `state` is running, cancelling, done, failed or cancelled; `why` says why it failed. `files` and `octets` are copied, of
    `all_files` and `all_octets`; these are 0 until they are known. Of one that failed or was cancelled no files are kept.
    """

    name: str
    begun: int
    ended: int | None = None
    files: int = 0
    octets: int = 0
    all_files: int = 0
    all_octets: int = 0
    state: str = "running"
    why: str = ""


class _CancelledError(Exception):
    """Somebody cancelled the backup."""


class Backups:
    """The backups of a centre, made one at a time in a thread. Its folder is `backups` in that of the agency.

    A link to another disk can stand in its place: a copy on the same disk does not outlive the disk. What a process left half
    made when it was ended is removed by the next one.
    """

    def __init__(self, centre: Centre) -> None:
        self.centre, self.folder = centre, centre.folder / FOLDER
        self._lock = threading.Lock()
        self._now: Backup | None = None
        self._cancel, self._ended = threading.Event(), threading.Event()
        self._sweep()

    def begin(self) -> Backup:
        """Begin a backup and return it. Raises UsageError while another one is made, ArchiveError without an archive."""
        self.centre.archive()
        begun = now()
        one = Backup(utc_from_tai_ns(begun, 0).replace(":", ""), begun)
        with self._lock:
            if self._now is not None:
                raise UsageError("a backup is being made", remedy="Wait until it is done, or cancel it")
            try:
                self.folder.mkdir(mode=0o700, exist_ok=True)
                (self.folder / one.name).mkdir(mode=0o700)
                self._keep(one)
            except FileExistsError as error:
                raise UsageError("one was begun this second", where=one.name, remedy="Try again in a second") from error
            except OSError as error:
                raise UsageError(f"the backup cannot be written: {error}", where=str(self.folder)) from error
            self._cancel.clear()
            self._ended.clear()
            self._now = one
        threading.Thread(target=self._make, args=(one,), name="backup", daemon=True).start()
        return one

    def all(self) -> list[Backup]:
        """Return all backups, the latest first."""
        going = self._now
        found = {one.name: one for one in map(self._read, self.folder.glob(f"*/{MARK}")) if one is not None}
        if going is not None and going.name in found and found[going.name].state in GOING:
            found[going.name] = going
        return sorted(found.values(), key=lambda one: one.begun, reverse=True)

    def one(self, name: str) -> Backup | None:
        """Return a backup by its name, None when there is none such."""
        return next((one for one in self.all() if one.name == name), None)

    def cancel(self, name: str) -> Backup | None:
        """Cancel a backup that is being made, and return it as it is when that is done; None when none such is being made.

        It takes until the file that is being copied is whole; when that is long, the answer is `cancelling`.
        """
        with self._lock:
            if self._now is None or self._now.name != name:
                return None
            self._cancel.set()
            self._now = replace(self._now, state="cancelling")
        self._ended.wait(CANCEL_S)
        return self.one(name)

    def remove(self, name: str) -> None:
        """Delete a backup that is not being made. Raises UsageError when its files cannot be deleted."""
        try:
            shutil.rmtree(self.folder / name)
        except OSError as error:
            raise UsageError(f"the backup cannot be deleted: {error}", where=str(self.folder / name)) from error

    def _make(self, one: Backup) -> None:
        try:
            done = self._copy(one)
        except _CancelledError:
            done = replace(one, ended=now(), state="cancelled")
        except (AelitaError, OSError, sqlite3.Error) as error:
            log.warning("backup %s failed: %s", one.name, error)
            done = replace(one, ended=now(), state="failed", why=str(error))
        try:
            if done.state != "done":
                self._clear(one.name)
            self._keep(done)
        except OSError as error:
            log.warning("backup %s: %s", one.name, error)
        finally:
            with self._lock:
                self._now = None
            self._ended.set()

    def _copy(self, one: Backup) -> Backup:
        """Copy archive, products and records. Raises _CancelledError."""
        source, target = self.centre.folder / RECORDS, self.folder / one.name
        store = products.ProductStore(self.centre.folder)
        sizes = [path.stat().st_size for path, _ in products.store_files(store)]
        more, records = len(sizes) + 1, source.stat().st_size + sum(sizes)

        def told(how: Copying) -> None:
            with self._lock:
                if self._now is not None:
                    self._now = replace(
                        self._now, files=how.files, octets=min(how.octets, how.all_octets), all_files=how.all_files + more,
                        all_octets=how.all_octets + records,
                    )  # fmt: skip
            if self._cancel.is_set():
                raise _CancelledError

        def went(octets: int) -> None:
            with self._lock:
                if self._now is not None:
                    self._now = replace(self._now, files=self._now.files + 1, octets=self._now.octets + octets)
            if self._cancel.is_set():
                raise _CancelledError

        copied = backup(self.centre.archive(), target / "archive", told)
        kept = products.copy_store(store, target / store.folder.relative_to(self.centre.folder), went)
        if self._cancel.is_set():
            raise _CancelledError
        _copy_records(source, target / RECORDS)
        files = copied.files + kept[0] + 1
        octets = copied.octets + kept[1] + (target / RECORDS).stat().st_size
        return replace(one, ended=now(), files=files, octets=octets, all_files=files, all_octets=octets, state="done")

    def _read(self, mark: Path) -> Backup | None:
        try:
            return Backup(**json.loads(mark.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _keep(self, one: Backup) -> None:
        path = self.folder / one.name / MARK
        waiting = path.with_suffix(".new")
        waiting.write_text(json.dumps(asdict(one)), encoding="utf-8")
        waiting.replace(path)

    def _clear(self, name: str) -> None:
        """Delete all of a backup but its mark."""
        for path in (self.folder / name).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != MARK:
                path.unlink()

    def _sweep(self) -> None:
        """Remove the files of what a process that ended left half made, and say of each that it was cut off."""
        for one in self.all():
            if one.state in GOING:
                with suppress(OSError):  # a disk that is read only: the mark says it anyhow when it can be written
                    self._clear(one.name)
                    self._keep(replace(one, state="failed", why="cut off: the server ended meanwhile", ended=now()))


def _copy_records(source: Path, target: Path) -> None:
    """Copy the records as they are at one moment, while others write into them."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))  # it holds accounts
    with closing(sqlite3.connect(source, timeout=10)) as from_, closing(sqlite3.connect(target)) as to:
        from_.backup(to)
