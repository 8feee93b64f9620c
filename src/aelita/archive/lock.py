"""One writer at a time: locks that the operating system takes back when their holder dies.

Two files: `lock` is held for a whole piece of work (an ingest, compaction, a rebuild), of which one is done at a time; `turn`
while tables are written that belong together. A live stream takes its turn only, and so comes in between.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from ..errors import ArchiveError

PATIENCE_S = 60.0  # how long a writer waits for its turn
STEP_S = 0.005


class WriterLock:
    """An exclusive lock on a file; the holder's process number stands in it for messages. Use as a context manager.

    It waits `patience_s` seconds for another holder. One object belongs to one task: several of the same process exclude each
    other by an object each.
    """

    def __init__(self, path: Path, patience_s: float = 0.0) -> None:
        self.path, self.patience_s, self._file = path, patience_s, -1

    def acquire(self) -> None:
        """Take the lock, unless it is held already.

        Raises ArchiveError when another writer holds it; one left by a dead process does not count.
        """
        if self._file >= 0:
            return
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ArchiveError(f"cannot be written: {error.strerror}", where=str(self.path.parent)) from error
        try:
            self._wait(file)
        except BaseException:
            os.close(file)
            raise
        with contextlib.suppress(OSError):  # a full disk must not keep the lock from working
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def _wait(self, file: int) -> None:
        until = time.monotonic() + self.patience_s
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if time.monotonic() >= until:
                    holder = os.pread(file, 100, 0).decode(errors="replace").strip() or "unknown"
                    raise ArchiveError(
                        f"another writer (process {holder}) is at work",
                        where=str(self.path.parent),
                        remedy="Wait until it has ended",
                    ) from error
            time.sleep(STEP_S)

    def release(self) -> None:
        """Give the lock back."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def __enter__(self) -> "WriterLock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def turn_in(folder: Path) -> WriterLock:
    """Return a lock for one turn in the archive of a folder."""
    return WriterLock(folder / "turn", PATIENCE_S)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep all other writers out of the archive of a folder. Raises ArchiveError when another piece of work is under way."""
    with WriterLock(folder / "lock"), turn_in(folder):
        yield
