"""Files of a user read whole, up to a bound: what never ends (a device, a pipe, a packed flood) is stopped and told."""

import gzip
import io
from pathlib import Path
from typing import IO

from ...errors import UsageError

MOST_OCTETS = 512 << 20  # an OEM of four million states; the largest public gravity field has a tenth of it
CHUNK = 8 << 20
PACKED = b"\x1f\x8b"  # RFC 1952, 2.3.1


def octets_of(path: Path) -> bytes:
    """Return a file's octets. Raises UsageError when it cannot be read, or does not end within the bound."""
    try:
        with path.open("rb") as file:
            return _within_bound(file, path, "")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", where=str(path)) from error


def unpacked(path: Path) -> bytes:
    """Return a file's octets, of one that is gzip what is packed in it. Raises UsageError as `octets_of`, and for broken gzip."""
    octets = octets_of(path)
    if not octets.startswith(PACKED):
        return octets
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(octets)) as file:
            return _within_bound(file, path, " unpacked")
    except (OSError, EOFError, ValueError) as error:
        raise UsageError(f"is not whole gzip: {error}", where=str(path)) from error


def _within_bound(file: IO[bytes] | gzip.GzipFile, path: Path, how: str) -> bytes:
    parts, held = [], 0
    while part := file.read(CHUNK):
        parts.append(part)
        held += len(part)
        if held > MOST_OCTETS:
            raise UsageError(
                f"is longer than {MOST_OCTETS >> 20} MiB{how}: it was not read further", where=str(path),
                remedy="Give a file that ends, or divide it",
            )  # fmt: skip
    return b"".join(parts)
