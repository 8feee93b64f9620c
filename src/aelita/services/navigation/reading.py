"""Files of a user read whole, up to a bound: what never ends (a device, a pipe, a packed flood) is stopped and told."""

import gzip
import io
from pathlib import Path
from typing import IO

from ...errors import DefinitionError, UsageError

MOST_OCTETS = 512 << 20  # an OEM of four million states; the largest public gravity field has a tenth of it
MOST_OF_TEXT = 16 << 20  # a definition file of a person
CHUNK = 8 << 20
PACKED = b"\x1f\x8b"  # RFC 1952, 2.3.1


def octets_of(path: Path, most: int | None = None) -> bytes:
    """Return a file's octets. Raises UsageError when it cannot be read, or does not end within `most` (default: MOST_OCTETS)."""
    try:
        with path.open("rb") as file:
            return _within_bound(file, path, "", MOST_OCTETS if most is None else most)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", where=str(path)) from error


def text_of(path: Path, remedy: str) -> str:
    """Return a definition file's text. Raises DefinitionError when it cannot be read, is no UTF-8 or does not end."""
    try:
        return octets_of(path, MOST_OF_TEXT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path), remedy=remedy) from error
    except UsageError as error:
        raise DefinitionError(error.what, where=str(path), remedy=remedy) from error


def unpacked(path: Path) -> bytes:
    """Return a file's octets, of one that is gzip what is packed in it. Raises UsageError as `octets_of`, and for broken gzip."""
    octets = octets_of(path)
    if not octets.startswith(PACKED):
        return octets
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(octets)) as file:
            return _within_bound(file, path, " unpacked", MOST_OCTETS)
    except (OSError, EOFError, ValueError) as error:
        raise UsageError(f"is not whole gzip: {error}", where=str(path)) from error


def _within_bound(file: IO[bytes] | gzip.GzipFile, path: Path, how: str, most: int) -> bytes:
    parts, held = [], 0
    while part := file.read(CHUNK):
        parts.append(part)
        held += len(part)
        if held > most:
            raise UsageError(
                f"is longer than {most >> 20} MiB{how}: it was not read further", where=str(path),
                remedy="Give a file that ends, or divide it",
            )  # fmt: skip
    return b"".join(parts)
