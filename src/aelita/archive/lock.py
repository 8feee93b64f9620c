"""One writer at a time: a lock that the operating system takes back when its holder dies."""

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType

from ..errors import ArchiveError


class WriterLock:
    """An exclusive lock on a file; the holder's process number stands in it for messages. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path, self._file = path, -1

    def acquire(self) -> None:
        """Take the lock. Raises ArchiveError when another writer holds it; one left by a dead process does not count."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ArchiveError(f"cannot be written: {error.strerror}", where=str(self.path.parent)) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(file, 100).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise ArchiveError(
                f"another writer (process {holder}) is at work", where=str(self.path.parent), remedy="Wait until it has ended"
            ) from error
        with contextlib.suppress(OSError):  # a full disk must not keep the lock from working
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give the lock back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> "WriterLock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()
