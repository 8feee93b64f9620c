"""Mission databases from files: the only module of the room that reads them."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import DefinitionError
from .model import Database
from .xtce import read_database
from .xtce_tree import MAX_OCTETS, Document, Node, include, parse


def load_database(paths: Path | str | Sequence[Path | str]) -> Database:
    """Return the mission database in one XTCE file, or in several that refer to each other, the main one first.

    Files that they include by XInclude must lie beside or below them. What is not acted upon stands in `findings`. Raises
    DefinitionError that names every defect with file and line.
    """
    listed = [paths] if isinstance(paths, Path | str) else list(paths)
    if not listed:
        raise DefinitionError("no database files are given")
    with _no_collection():
        return read_database([_document(Path(path), ()) for path in listed])


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


def _document(path: Path, above: tuple[Path, ...]) -> Document:
    """Return the document of a file with what it includes; `above` are the files that led here."""

    def fetch(href: str, node: Node) -> Document:
        target = (path.parent / href).resolve()
        if ":" in href or not target.is_relative_to(path.parent.resolve()):
            node.refuse(f"{href!r} does not lie beside or below the file that includes it")
        if target in (path.resolve(), *above):
            node.refuse(f"{href!r} includes itself, directly or through others", "Take one of the includes out")
        return _document(path.parent / href, (path.resolve(), *above))

    return include(parse(_octets(path), str(path)), fetch)


def _octets(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise DefinitionError("not a file", where=str(path))
    try:
        if path.stat().st_size > MAX_OCTETS:
            raise DefinitionError(f"more than {MAX_OCTETS} octets", where=str(path), remedy="Split the file")
        return path.read_bytes()
    except OSError as error:
        raise DefinitionError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
