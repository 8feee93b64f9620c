"""Mission databases from files: the only module of the room that reads them."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import DefinitionError
from .model import Database
from .xtce import read_database
from .xtce_tree import MAX_OCTETS, parse


def load_database(paths: Path | str | Sequence[Path | str]) -> Database:
    """Return the mission database in one XTCE file, or in several that refer to each other, the main one first.

    What is not acted upon stands in `findings`. Raises DefinitionError that names every defect with file and line.
    """
    listed = [paths] if isinstance(paths, Path | str) else list(paths)
    if not listed:
        raise DefinitionError("no database files are given")
    return read_database([parse(_read(Path(path)), str(path)) for path in listed])


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_OCTETS:
            raise DefinitionError(f"more than {MAX_OCTETS} octets", where=str(path), remedy="Split the file")
        return path.read_bytes()
    except OSError as error:
        raise DefinitionError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
