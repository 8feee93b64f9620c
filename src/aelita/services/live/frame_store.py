"""What a station keeps of the frames it heard, for delivery later: segment files, appended to, read by Earth received time.

A record is a header (length, received time, quality, check) and the frame. A file torn by a power cut ends with its last whole
record. Files are removed, oldest first, when their size together or their age passes the limits.
"""

import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import ArchiveError

RECORD = struct.Struct(">IqBI")  # octets of the frame, received (TAI ns), quality, CRC-32 of the fields before and the frame
LARGEST_FRAME = 65536
SEGMENT_OCTETS = 16 << 20
SUFFIX = ".frames"
ROOM_OCTETS = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame as heard: Earth received time (TAI nanoseconds), quality (0 good, 1 erred, 2 undetermined) and its octets."""

    received: int
    quality: int
    octets: bytes


class FrameStore:
    """Frames of one spacecraft at one station, in a folder. Received times must not fall; one writer."""

    def __init__(self, folder: Path, most_octets: int = 20 << 30, segment_octets: int = SEGMENT_OCTETS) -> None:
        self.folder, self._most, self._segment_octets = folder, most_octets, segment_octets
        folder.mkdir(parents=True, exist_ok=True)
        self._file: int | None = None
        self._size = 0
        self.last = self._recover()

    def append(self, frames: list[StoredFrame]) -> None:
        """Keep frames; they survive the death of this process at once. Raises ArchiveError when the disk refuses."""
        whole = b"".join(_record(frame) for frame in frames)
        if not whole:
            return
        try:
            if self._file is None or self._size >= self._segment_octets:
                self._begin(frames[0].received)
            assert self._file is not None
            written = os.write(self._file, whole)
            if written != len(whole):
                os.ftruncate(self._file, self._size)
                raise OSError(28, "No space left on device")
            self._size += written
        except OSError as error:
            raise ArchiveError(
                f"frames cannot be kept: {error.strerror}", where=str(self.folder), remedy="Free space on the disk"
            ) from error
        self.last = max(self.last, frames[-1].received)

    def has_room(self) -> bool:
        """Say whether the disk has room for more frames."""
        return shutil.disk_usage(self.folder).free >= ROOM_OCTETS

    def read(self, start: int, stop: int) -> Iterator[StoredFrame]:
        """Yield the frames with start <= received < stop (TAI nanoseconds), in the order in which they were heard."""
        files = self._files()
        for number, path in enumerate(files):
            following = _first_of(files[number + 1]) if number + 1 < len(files) else None
            if _first_of(path) >= stop or (following is not None and following < start):
                continue
            for frame in _records(path):
                if frame.received >= stop:
                    break
                if frame.received >= start:
                    yield frame

    def sync(self) -> None:
        """Have the disk write what was appended."""
        if self._file is not None:
            os.fdatasync(self._file)

    def close(self) -> None:
        """End writing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def octets(self) -> int:
        """How much is kept."""
        return sum(path.stat().st_size for path in self._files())

    def _begin(self, received: int) -> None:
        self.close()
        path = self.folder / f"{received:020d}{SUFFIX}"
        while path.exists():  # two files that begin in the same nanosecond
            received += 1
            path = self.folder / f"{received:020d}{SUFFIX}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._size = 0
        self._trim()

    def _trim(self) -> None:
        files = self._files()
        sizes = [path.stat().st_size for path in files]
        excess = sum(sizes) - self._most
        for path, size in zip(files[:-1], sizes, strict=False):
            if excess <= 0:
                break
            path.unlink()
            excess -= size

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def _recover(self) -> int:
        """Cut a torn end off the last file and return the time of the last frame, 0 without any."""
        files = self._files()
        if not files:
            return 0
        whole, last = 0, 0
        for frame in _records(files[-1]):
            whole += RECORD.size + len(frame.octets)
            last = frame.received
        if whole != files[-1].stat().st_size:
            os.truncate(files[-1], whole)
        if last == 0 and len(files) > 1:
            last = max((frame.received for frame in _records(files[-2])), default=0)
        return last


def _first_of(path: Path) -> int:
    return int(path.name.removesuffix(SUFFIX))


def _record(frame: StoredFrame) -> bytes:
    check = zlib.crc32(frame.octets, zlib.crc32(struct.pack(">qB", frame.received, frame.quality)))
    return RECORD.pack(len(frame.octets), frame.received, frame.quality, check) + frame.octets


def _records(path: Path) -> Iterator[StoredFrame]:
    """Yield the whole records of a file, up to the first that is none."""
    try:
        with path.open("rb") as file:
            while len(head := file.read(RECORD.size)) == RECORD.size:
                length, received, quality, _ = RECORD.unpack(head)
                octets = file.read(length) if length <= LARGEST_FRAME else b""
                frame = StoredFrame(received, quality, octets)
                if len(octets) != length or _record(frame)[: RECORD.size] != head:
                    return
                yield frame
    except FileNotFoundError:
        return  # removed as too old while it was read
