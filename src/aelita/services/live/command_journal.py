"""The journals of commanding on disk: an agency's own, written and synced before anything is acted on, and copies of partners'.

<home>/commanding/joint.journal          our own
<home>/commanding/copy-<agency>.journal  what a partner's stream has brought, verified
"""

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ...commanding import Copied, Copy, Entry, Head, Journal, Reader, resume
from ...errors import ArchiveError, DataError

FOLDER, OWN = "commanding", "joint.journal"
NAME = "joint"
PIECE_OCTETS = 1 << 20

log = logging.getLogger(__name__)


def own_path(home: Path) -> Path:
    """Return the file of an agency's own journal."""
    return home / FOLDER / OWN


def copy_path(home: Path, partner: str) -> Path:
    """Return the file of an agency's copy of a partner's journal."""
    return home / FOLDER / f"copy-{partner}.journal"


def entries_in(path: Path, reader: Reader) -> Iterator[Entry]:
    """Yield the entries of a journal's file, verified as they are read. Raises DataError, ArchiveError."""
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_OCTETS):
                yield from reader.feed(piece)
    except OSError as error:
        raise ArchiveError(f"cannot be read: {error.strerror}", where=str(path)) from error


class JournalFile:
    """An agency's own journal, open for one writer. `sync_s` is how long the last sync took."""

    journal: Journal

    def __init__(self, path: Path, agency: str, take: Callable[[Entry], object] | None = None) -> None:
        """Open it, giving every entry to `take`, without which `begin` must be read to its end before anything else.

        Raises DataError when it was altered, ArchiveError when another writes it.
        """
        self.path, self.agency, self.sync_s, self.fault, self._size = path, agency, 0.0, "", 0
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise ArchiveError("another process writes this journal", where=str(path), remedy="Stop that one first") from error
        if take is not None:
            for entry in self.begin():
                take(entry)

    def begin(self) -> Iterator[Entry]:
        """Yield the entries that are there, after which more can be written. Raises DataError when it was altered."""
        try:
            yield from self._resumed()
        except BaseException:
            self.close()
            raise

    def _resumed(self) -> Iterator[Entry]:
        reader = Reader(self.agency)
        yield from entries_in(self.path, reader)
        found = resume(reader, self.agency)
        if found.mend:  # the newline of the last entry is missing: that entry is whole, and counts
            yield from Reader(self.agency, reader.head).feed(reader.rest.rstrip(b"\0") + b"\n")
        if found.torn:
            log.warning("a torn entry was cut off", extra={"path": str(self.path), "octets": len(found.torn)})
        os.ftruncate(self._file, found.keep)
        os.pwrite(self._file, found.mend, found.keep)
        os.fsync(self._file)
        self.journal, self._size = found.journal, found.keep + len(found.mend)

    def write(self, entries: Iterable[Entry]) -> None:
        """Write entries and wait until they are on the disk. Raises ArchiveError: then nothing may be acted on; it is closed."""
        self.put(entries)
        self.sync()

    _ahead = 0  # octets that were written and that the disk may not have

    def put(self, entries: Iterable[Entry]) -> None:
        """Write entries that a death of this process leaves; `sync` has the disk keep them. Raises ArchiveError as `write`."""
        octets = b"".join(one.octets for one in entries)
        if octets:
            with self._faults():
                done = 0
                while done < len(octets):
                    done += os.pwrite(self._file, octets[done:], self._size + self._ahead + done)
                self._ahead += done

    def sync(self) -> None:
        """Wait until all that was written is on the disk. Raises ArchiveError as `write`."""
        if not self._ahead:
            return
        begun = time.perf_counter()
        with self._faults():
            os.fdatasync(self._file)
        self._size, self._ahead, self.sync_s = self._size + self._ahead, 0, time.perf_counter() - begun

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        if self._file < 0:
            raise self._unwritten(self.fault or "it is closed")
        try:
            yield
        except OSError as error:
            self.fault = str(error.strerror)
            self.close()
            raise self._unwritten(self.fault) from error

    def _unwritten(self, why: str) -> ArchiveError:
        return ArchiveError(
            f"entries were not written: {why}", where=str(self.path), remedy="Make room; the service starts again by itself"
        )

    @property
    def size(self) -> int:
        """How many octets of it are on the disk."""
        return self._size

    def read(self, offset: int, octets: int = PIECE_OCTETS) -> bytes:
        """Return octets of it that are on the disk, from an offset on. Raises ArchiveError once it is closed."""
        if self._file < 0:
            raise self._unwritten(self.fault or "it is closed")
        return os.pread(self._file, min(octets, self._size - offset), offset)

    def close(self) -> None:
        """Let another write it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class CopyFile:
    """Our copy of a partner's journal."""

    copy: Copy

    def __init__(self, path: Path, partner: str, take: Callable[[Entry], object] | None = None) -> None:
        """Open it, giving every entry to `take`, without which `begin` must be read to its end. Raises ArchiveError."""
        self.path, self.partner, self.damage, self._file, self._size = path, partner, "", -1, 0
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if take is not None:
            for entry in self.begin():
                take(entry)

    def begin(self) -> Iterator[Entry]:
        """Yield the entries that are there, after which more can be added. A damaged end is cut off: the partner still has it."""
        path, reader = self.path, Reader(self.partner)
        try:
            yield from entries_in(path, reader)
        except DataError as error:
            self.damage = str(error)
            log.error(
                "the copy of a partner's journal was damaged: the rest is taken anew",
                extra={"path": str(path), "why": str(error)},
            )
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, reader.offset)
        self._size = reader.offset
        self.copy = Copy(self.partner, reader.head)

    @property
    def head(self) -> Head:
        """Where the copy stands."""
        return self.copy.head

    def add(self, line: bytes) -> Copied:
        """Take an entry as its line, and keep what continues the copy. Raises DataError.

        Raises ArchiveError when it was not written: then the copy on the disk is shorter than the one here, so open it anew.
        """
        copied = self.copy.add(line)
        octets = b"".join(one.octets for one in copied.entries)
        try:
            done = 0
            while done < len(octets):
                done += os.pwrite(self._file, octets[done:], self._size + done)
            self._size += done
        except OSError as error:
            raise ArchiveError(f"a copy was not written: {error.strerror}", where=str(self.path)) from error
        return copied

    def sync(self) -> None:
        """Wait until the copy is on the disk, before we say that we have it. Raises ArchiveError."""
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise ArchiveError(f"a copy was not written: {error.strerror}", where=str(self.path)) from error

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
