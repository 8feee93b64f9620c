"""The state that decoders of a live stream have after a message, kept beside the tables so that a restart goes on behind it.

A file is named by the number of that message and written as a whole before the commit that makes the message whole; so there is
always one that fits. It holds a line of JSON that describes the arrays, their octets one after another, and a SHA-256 of both
before everything. Nothing in it is run when it is read.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArchiveError, UsageError

Arrays = Mapping[str, NDArray[Any]]
MAGIC = b"AELITA STATE 1\n"
KINDS = "biufcSUmM"  # kinds of NumPy types whose values lie in the array itself
FOLDER = "following"


def packed(arrays: Arrays) -> bytes:
    """Return arrays as octets. Raises UsageError for an array of objects or of records."""
    described, parts = [], []
    for name, array in arrays.items():
        array = np.asarray(array)
        if array.dtype.kind not in KINDS:
            raise UsageError(f"{name} holds {array.dtype}, which cannot be kept", where="state", remedy="Give plain arrays")
        described.append({"name": name, "type": array.dtype.str, "shape": array.shape})
        parts.append(array.tobytes())
    body = b"".join([json.dumps(described).encode(), b"\n", *parts])
    return MAGIC + hashlib.sha256(body).digest() + body


def unpacked(octets: bytes) -> dict[str, NDArray[Any]] | None:
    """Return the arrays again, None when the octets are damaged."""
    start = len(MAGIC) + hashlib.sha256().digest_size
    body = octets[start:]
    if octets[: len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != octets[len(MAGIC) : start]:
        return None
    end = body.index(b"\n")
    found, at = {}, end + 1
    for entry in json.loads(body[:end]):
        dtype, shape = np.dtype(entry["type"]), tuple(entry["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        found[entry["name"]] = np.frombuffer(body, dtype, count, at).reshape(shape).copy()
        at += count * dtype.itemsize
    return found


class LiveStates:
    """The files of states of one source."""

    def __init__(self, archive: Path, source: int) -> None:
        self.folder = archive / FOLDER / str(source)

    def read(self, sequence: int) -> dict[str, NDArray[Any]] | None:
        """Return the state after a message, None when it is not there or damaged."""
        try:
            return unpacked(self._path(sequence).read_bytes())
        except OSError:
            return None

    def write(self, sequence: int, arrays: Arrays) -> None:
        """Keep the state after a message, as a whole or not at all. Raises ArchiveError when it cannot be written."""
        octets, path = packed(arrays), self._path(sequence)
        fresh = path.with_suffix(".new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise ArchiveError(
                f"the decoders' state cannot be written: {error.strerror}",
                where=str(path),
                remedy="Nothing is lost: free some disk and run it again",
            ) from error

    def keep_only(self, sequence: int) -> None:
        """Delete all states but this one."""
        for path in self._files():
            if path != self._path(sequence):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _files(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from self.folder.iterdir()

    def _path(self, sequence: int) -> Path:
        return self.folder / f"{sequence}.state"
