"""Aelita: a joint, Earth-based interplanetary mission operations and data control complex."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .archive import Archive
    from .mdb import Database

__version__ = "0.1.0"
__all__ = ["__version__", "load_database", "open_archive"]


def open_archive(path: str | Path, *, create: bool = False) -> "Archive":
    """Return the archive in a folder, ready to give raw and engineering values.

    `create` makes one where the folder is absent or empty. Raises ArchiveError when there is none, or of another format.

        archive = aelita.open_archive("archive")
        archive.values("attitude_0", "2023-05-24T18:55", "2023-05-24T19:00")  # a Polars frame
    """
    from .services import open_archive  # not before it is asked for: it takes a second to load

    return open_archive(path, create=create)


def load_database(paths: str | Path | Sequence[str | Path]) -> "Database":
    """Return the mission database in one XTCE file or several. Raises DefinitionError that names file and line of each defect."""
    from .mdb import load_database

    return load_database(paths)
