"""Mission databases from files: the only module of the room that reads them."""

import gc
import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DefinitionError
from .model import Database
from .xtce import read_database
from .xtce_tree import MAX_OCTETS, Document, Node, discard, include, parse

ABSENT = "the included file is not there: nothing of it is known"
XINCLUDE = b"http://www.w3.org/2001/XInclude"


@dataclass(frozen=True, slots=True)
class DatabaseFiles:
    """The octets of a mission database: its documents by name, the main one first, and those that they include, by path."""

    documents: tuple[tuple[str, bytes], ...]
    included: dict[str, bytes] = field(default_factory=dict)


def load_database(paths: Path | str | Sequence[Path | str]) -> Database:
    """Return the mission database in one XTCE file, or in several that refer to each other, the main one first.

    Files that they include by XInclude must lie beside or below them. What is not acted upon stands in `findings`. Raises
    DefinitionError that names every defect with file and line; an included file that is absent or has defects is left out, which
    is a finding, when the others do without it.
    """
    return database_of(read_files(paths))


def read_files(paths: Path | str | Sequence[Path | str]) -> DatabaseFiles:
    """Return the octets of these files and of all that they include. Raises DefinitionError when one cannot be read."""
    listed = [Path(path) for path in ([paths] if isinstance(paths, Path | str) else paths)]
    if not listed:
        raise DefinitionError("no database files are given")
    files = DatabaseFiles(tuple((str(path), _octets(path)) for path in listed))
    if any(XINCLUDE in octets for _, octets in files.documents):
        for name, octets in files.documents:
            _document(name, octets, (), lambda path, near=Path(name).parent: _include(files, path, near))  # type: ignore[misc]
    return files


def _include(files: DatabaseFiles, path: str, near: Path) -> bytes | str:
    """Read an included file and keep it; links that lead out of the folder of the document are refused."""
    if not Path(path).exists():
        return ABSENT
    if not Path(path).resolve().is_relative_to(near.resolve()):
        raise DefinitionError("leads out of the folder of the file that includes it", where=path)
    return files.included.setdefault(path, _octets(Path(path)))


def database_of(files: DatabaseFiles) -> Database:
    """Return the database in these octets. Raises DefinitionError as `load_database` does."""

    left_out: dict[str, str] = {}
    first: DefinitionError | None = None
    with _no_collection():
        while True:
            try:
                return _read(files, left_out)
            except DefinitionError as error:
                first = first or error
                blamed = [path for path in files.included if path not in left_out and f"{path}:" in str(error)]
                if not blamed:
                    raise first from None
                left_out |= dict.fromkeys(blamed, f"the file is left out: {error}")


def _read(files: DatabaseFiles, left_out: dict[str, str]) -> Database:
    """Return the database without some of the included files, each with the reason for that."""

    def included(path: str) -> bytes | str:
        return left_out[path] if path in left_out else files.included.get(path, ABSENT)

    documents = [_document(name, octets, (), included) for name, octets in files.documents]
    try:
        return read_database(documents)
    finally:
        for document in documents:
            discard(document)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the cyclic garbage collector, which else takes as long again over the growing tree as reading it."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _document(name: str, octets: bytes, above: tuple[str, ...], read: Callable[[str], bytes | str]) -> Document:
    """Return the document of a file with what it includes; `above` are the files that led here.

    `read` returns the octets of a path, or why there are none.
    """

    def fetch(href: str, node: Node) -> Document | str:
        folder = posixpath.dirname(name)
        target = posixpath.normpath(posixpath.join(folder, href))
        if ":" in href or posixpath.isabs(href) or posixpath.relpath(target, folder or ".").startswith(".."):
            node.refuse(f"{href!r} does not lie beside or below the file that includes it")
        if target in (posixpath.normpath(name), *above):
            node.refuse(f"{href!r} includes itself, directly or through others", "Take one of the includes out")
        found = read(target)
        return found if isinstance(found, str) else _document(target, found, (posixpath.normpath(name), *above), read)

    return include(parse(octets, name), fetch)


def _octets(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise DefinitionError("not a file", where=str(path))
    try:
        if path.stat().st_size > MAX_OCTETS:
            raise DefinitionError(f"more than {MAX_OCTETS} octets", where=str(path), remedy="Split the file")
        return path.read_bytes()
    except OSError as error:
        raise DefinitionError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
