"""Names of containers and parameters as names of folders and columns."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from ..errors import ArchiveError

_COLUMN_UNSAFE = re.compile(r"[ ,;{}()\n\t=%]")  # Parquet readers other than ours refuse these in column names
_FOLDER_UNSAFE = re.compile(r"[^A-Za-z0-9_/\-]")
LONGEST_FOLDER = 200


def column_name(parameter: str) -> str:
    """Return the column of a parameter: its qualified name, with the characters that Delta readers refuse as %XX."""
    return _COLUMN_UNSAFE.sub(lambda found: f"%{ord(found.group()):02X}", parameter)


def parameter_name(column: str) -> str:
    """Return the parameter of a column."""
    return unquote(column)


def folder_name(container: str) -> str:
    """Return the folder of a container's table: its qualified name with `.` for `/` and other characters as ~XX~.

    Raises ArchiveError for a name that is not qualified or too long for a folder.
    """
    if not container.startswith("/"):
        raise ArchiveError(
            f"container {container!r} has no qualified name", remedy="Begin it with the name of its space system: /A/B"
        )
    safe = _FOLDER_UNSAFE.sub(lambda found: f"~{ord(found.group()):X}~", container[1:]).replace("/", ".")
    if len(safe) > LONGEST_FOLDER:
        raise ArchiveError(f"container {container!r} has a name of over {LONGEST_FOLDER} characters")
    return safe


def container_name(folder: str) -> str:
    """Return the container of a folder."""
    return "/" + re.sub(r"~([0-9A-F]+)~", lambda found: chr(int(found.group(1), 16)), folder.replace(".", "/"))


def refuse_same_letters(names: Iterable[str], where: str) -> None:
    """Raise ArchiveError when two names differ only in case: many readers of the tables take them for one column."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise ArchiveError(f"parameters {other} and {name} differ only in case", where=where, remedy="Rename one of them")
