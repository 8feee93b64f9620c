"""Mission databases as the archive keeps them: one text that holds the documents and all that they include."""

import base64
import hashlib
import json
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..archive import Calibrator, DatabaseText, DatabaseVersion
from ..errors import DefinitionError
from ..mdb import CompiledDatabase, Database, DatabaseFiles, Reference, compile_database, database_of, read_files
from ..records import Column as StoredColumn
from ..telemetry import Column, Values, initial_value, needed_parameters

BUNDLE = '{"aelita-database": 1'


def pack(files: DatabaseFiles) -> DatabaseText:
    """Return a database as one text: of a single document its own words, else a JSON bundle of all octets."""
    name, octets = files.documents[0]
    if len(files.documents) == 1 and not files.included:
        try:
            return DatabaseText(posixpath.basename(name), octets.decode("utf-8"))
        except UnicodeDecodeError:
            pass
    folder = posixpath.dirname(name) or "."
    content = {
        "aelita-database": 1,
        "documents": [[posixpath.relpath(n, folder), _text(o)] for n, o in files.documents],
        "included": {posixpath.relpath(n, folder): _text(o) for n, o in sorted(files.included.items())},
    }
    return DatabaseText(posixpath.basename(name), json.dumps(content))


def unpack(text: DatabaseText) -> DatabaseFiles:
    """Return the octets in a text that `pack` made. Raises DefinitionError when it is damaged."""
    if not text.text.startswith(BUNDLE):
        return DatabaseFiles(((text.name, text.text.encode("utf-8")),))
    try:
        content = json.loads(text.text)
        documents = tuple((name, base64.b64decode(octets)) for name, octets in content["documents"])
        return DatabaseFiles(documents, {name: base64.b64decode(octets) for name, octets in content["included"].items()})
    except (ValueError, KeyError, TypeError) as error:
        raise DefinitionError(f"the bundle of a database is damaged: {error}", where=text.name) from error


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


class Library:
    """Databases that were read and compiled, by the digest of their text: each version is read once a process."""

    def __init__(self) -> None:
        self._compiled: dict[str, CompiledDatabase] = {}

    def take(self, paths: Sequence[Path]) -> tuple[DatabaseText, CompiledDatabase]:
        """Return the text and the compiled form of the database in these files. Raises DefinitionError."""
        text = pack(read_files(paths))
        return text, self.compiled(text)

    def compiled(self, text: DatabaseText) -> CompiledDatabase:
        """Return the compiled form of a text. Raises DefinitionError when the database is wrong."""
        digest = hashlib.sha256(text.text.encode()).hexdigest()
        if digest not in self._compiled:
            self._compiled[digest] = compile_database(database_of(unpack(text)))
        return self._compiled[digest]

    def version(self, version: DatabaseVersion) -> CompiledDatabase:
        """Return the compiled form of a version in an archive."""
        known = self._compiled.get(version.digest)
        return self.compiled(DatabaseText(version.name, version.text)) if known is None else known

    def database(self, version: DatabaseVersion) -> Database:
        """Return the definitions of a version in an archive."""
        return self.version(version).database

    def calibrator(self) -> Calibrator:
        """Return what turns an archive's raw values into engineering ones."""
        return Calibrator(self._convert, self._needs)

    def _convert(self, version: DatabaseVersion, container: str, raw: Mapping[str, StoredColumn]) -> Mapping[str, Column]:
        columns = {name: Column(c.values, c.valid, c.labels) for name, c in raw.items()}
        rows = len(next(iter(columns.values()))) if columns else 0
        compiled = self.version(version)

        def constant(reference: Reference) -> Column | None:
            """Return the initial value of a parameter that no packet gives."""
            one = initial_value(compiled, reference)
            return None if one is None else one.select(np.zeros(rows, np.int64))

        values = Values(compiled, columns, rows, constant)
        return {name: values.engineering(name) for name in columns}

    def _needs(self, version: DatabaseVersion, container: str, parameter: str) -> Sequence[str]:
        return sorted(needed_parameters(self.version(version), parameter))
