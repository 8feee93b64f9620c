"""As-run logs of procedures: one file a run, one JSON record a line, synced before anything is done of what it tells."""

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import ArchiveError, DataError

RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,55}")
ENDING = ".jsonl"

log = logging.getLogger(__name__)


class RunLog:
    """The log of one run. A last line that a crash cut is cut off when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, 0

    def read(self) -> list[dict[str, Any]]:
        """Return the records. Raises DataError for a line that is none, ArchiveError when it cannot be read."""
        try:
            octets = self.path.read_bytes()
        except OSError as error:
            raise ArchiveError(f"a log of a procedure cannot be read: {error.strerror}", where=str(self.path)) from error
        end = octets.rfind(b"\n") + 1
        self.size = end
        found = []
        for number, line in enumerate(octets[:end].splitlines(), 1):
            try:
                record = json.loads(line)
                if not isinstance(record, dict) or "kind" not in record:
                    raise ValueError("not a record")
            except ValueError as error:
                raise DataError(f"line {number} is no record: {error}", where=str(self.path)) from error
            found.append(record)
        return found

    def write(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Append records and wait until they are on the disk; all or none. Raises ArchiveError."""
        octets = b"".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for one in records)
        if not octets:
            return
        is_new = not self.path.exists()
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.ftruncate(file, self.size)  # what was cut, or not written whole, is not there
                done = 0
                while done < len(octets):
                    done += os.pwrite(file, octets[done:], self.size + done)
                os.fsync(file)
            finally:
                os.close(file)
            if is_new:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise ArchiveError(f"a log of a procedure was not written: {error.strerror}", where=str(self.path)) from error
        self.size += len(octets)


def logs_in(folder: Path) -> Iterator[tuple[str, RunLog]]:
    """Yield the logs in a folder by the names of their runs, oldest file first."""
    paths = [path for path in folder.glob(f"*{ENDING}") if RUN.fullmatch(path.name.removesuffix(ENDING))]
    for path in sorted(paths, key=lambda one: one.stat().st_mtime_ns):
        yield path.name.removesuffix(ENDING), RunLog(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
