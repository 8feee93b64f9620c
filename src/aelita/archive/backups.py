"""Copies of an archive, and archives of older formats brought up to this one.

A backup is an archive itself: it can be opened, asked and checked. Files of tables never change once written, so that copying
what is not there yet brings a backup up to date. Files of rows come before the commits that name them, and the table `batches`
last: a backup that is cut off is at every moment an archive of which the last batch may be incomplete, as after a killed ingest.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ArchiveError
from .live_state import FOLDER
from .lock import WriterLock, alone
from .settings import FORMAT, MARK, read_mark, write_mark
from .store import Archive, open_archive
from .tables import Table

LOG, LAST = "_delta_log", "_last_checkpoint"
BESIDE = ("latest.arrow", "rebuild.json")
MIGRATIONS: dict[int, Callable[[Path], None]] = {}  # from format N to N + 1; each may be repeated after it was cut off


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup took: files of tables copied, octets, and files deleted that the archive does not have any more."""

    files: int
    octets: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Copying:
    """How far a backup is: files of tables and their octets that are copied, and how many are to be copied in all."""

    files: int
    octets: int
    all_files: int
    all_octets: int


Told = Callable[[Copying], None]


def backup(archive: Archive, target: str | Path, told: Told = lambda _: None) -> Copied:
    """Copy an archive into a folder, or bring the copy in it up to date. No writer may be at work.

    `told` is called before each file; what it raises ends the backup, which can go on another time.
    Raises ArchiveError when the folder holds something else, or cannot be written.
    """
    folder, mark = Path(target), read_mark(archive.path)
    if folder.resolve().is_relative_to(archive.path.resolve()):
        raise ArchiveError("a backup cannot lie in its own archive", where=str(folder), remedy="Name a folder outside it")
    if (folder / MARK).exists():
        theirs = read_mark(folder)
        if theirs.get("id") != mark.get("id"):
            raise ArchiveError("holds another archive", where=str(folder), remedy="Name an empty folder, or a backup of this one")
    elif folder.exists() and any(folder.iterdir()):
        raise ArchiveError("is not empty and holds no backup", where=str(folder), remedy="Name an empty folder")
    try:
        with alone(archive.path):
            folder.mkdir(parents=True, exist_ok=True)
            with WriterLock(folder / "lock"):
                return _copy(archive, folder, mark, told)
    except OSError as error:
        raise ArchiveError(f"the backup stopped: {error}", where=str(folder), remedy="Run it again: it goes on") from error


def _copy(archive: Archive, folder: Path, mark: dict[str, object], told: Told = lambda _: None) -> Copied:
    tables, files, octets = folder / "tables", 0, 0
    write_mark(folder, mark)
    wanted = [
        [(source, tables / name / source.relative_to(table.path)) for source in _files(table)]
        for name, table in archive.all_tables().items()
    ]
    new = [[(source, to) for source, to in pairs if not _same(source, to)] for pairs in wanted]
    all_files, all_octets = sum(map(len, new)), sum(source.stat().st_size for pairs in new for source, _ in pairs)
    for number, pairs in enumerate(new, start=1):
        if number == len(new):  # `batches` seals all the rest
            octets += _beside(archive.path, folder)
        for source, to in pairs:
            told(Copying(files, octets, all_files, all_octets))
            octets += _copied(source, to)
            files += 1
    kept = {to for pairs in wanted for _, to in pairs}
    old = [path for path in tables.rglob("*") if path.is_file() and path not in kept]
    for path in old:
        path.unlink()
    return Copied(files, octets, len(old))


def _beside(path: Path, folder: Path) -> int:
    """Copy what stands beside the tables, and return the octets."""
    octets = 0
    states, theirs = ({str(p.relative_to(at)) for p in at.glob(f"{FOLDER}/*/*.state")} for at in (path, folder))
    for name in (*BESIDE, *sorted(states | theirs)):
        if (path / name).exists():
            octets += _copied(path / name, folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
    return octets


def _files(table: Table) -> Iterator[Path]:
    """Yield the files of a table in the order in which they may be copied."""
    yield from map(Path, table.files()["path"].to_list())
    log = sorted((table.path / LOG).iterdir(), key=lambda path: (path.name == LAST, path.name))
    yield from (path for path in log if path.is_file() and not path.name.endswith(".tmp"))


def _same(source: Path, to: Path) -> bool:
    """Return whether a file was copied already. Names of rows' files are never used twice; those of commits may be."""
    if not to.exists() or to.stat().st_size != source.stat().st_size:
        return False
    return source.parent.name != LOG or source.read_bytes() == to.read_bytes()


def _copied(source: Path, to: Path) -> int:
    """Copy a file as a whole or not at all, and return its octets."""
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(to.name + ".part")
    shutil.copyfile(source, part)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(to)
    return to.stat().st_size


def restore(source: str | Path, target: str | Path) -> Path:
    """Make an archive of a backup, in a folder that is absent or empty; the backup is left as it is. Returns the folder.

    The archive appears there as a whole or not at all. Raises ArchiveError.
    """
    kept, folder = open_archive(source), Path(target)
    if folder.exists() and any(folder.iterdir()):
        raise ArchiveError("is not empty", where=str(folder), remedy="Restore into an empty folder")
    part = folder.with_name(folder.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with alone(kept.path):
            _copy(kept, part, read_mark(kept.path))
        if folder.exists():
            folder.rmdir()
        part.replace(folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise ArchiveError(
            f"cannot be restored: {error}", where=str(folder), remedy="Nothing was changed: run it again"
        ) from error
    return folder


def migrate(path: str | Path) -> tuple[int, int]:
    """Bring an archive to the format of this release, step by step; return the format it had and the one it has.

    Make a backup first. Raises ArchiveError for a format that is newer, or from which no step leads on; a migration that was cut
    off goes on when run again.
    """
    folder = Path(path)
    mark = read_mark(folder)
    had = mark.get("format")
    if not isinstance(had, int) or isinstance(had, bool) or had > FORMAT:
        raise ArchiveError(f"its format is {had}, this release reads {FORMAT}", where=str(folder), remedy="Use a newer Aelita")
    with alone(folder):
        for version in range(had, FORMAT):
            if version not in MIGRATIONS:
                raise ArchiveError(f"no way leads on from format {version}", where=str(folder), remedy="Use an older Aelita")
            MIGRATIONS[version](folder)
            write_mark(folder, read_mark(folder) | {"format": version + 1})
    return had, FORMAT
