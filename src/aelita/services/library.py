"""Archives opened with the databases that their values need."""

from pathlib import Path

from .. import archive
from .databases import Library


def open_with_library(path: str | Path, *, create: bool = False) -> tuple[archive.Archive, Library]:
    """Return the archive in a folder and the library of its databases; `create` makes one where there is none."""
    library = Library()
    return archive.open_archive(path, library.calibrator(), create=create), library


def open_archive(path: str | Path, *, create: bool = False) -> archive.Archive:
    """Return the archive in a folder, ready to give engineering values. Raises ArchiveError when there is none."""
    return open_with_library(path, create=create)[0]
