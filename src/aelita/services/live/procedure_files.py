"""The procedures of a mission and of an agency: Python files, read when they change, each named with the digest of its text.

<mission>/procedures/*.py            those of the mission
<home>/commanding/procedures/*.py    the agency's own: one takes the place of the mission's of the same name

A file may import what `PERMITTED` names, and nothing else: a procedure describes, and has no business with files or lines.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...commanding import Procedure, procedures_of
from ...errors import AelitaError, DefinitionError
from .procedure_threads import within

FOLDER = "procedures"
PERMITTED = (
    "aelita.commanding", "aelita.errors", "aelita.time", "collections", "dataclasses", "enum", "functools", "itertools", "math",
    "typing",
)  # fmt: skip
MOST_FILES, MOST_OCTETS, READING_S = 1000, 1 << 20, 0.5


@dataclass(frozen=True, slots=True)
class Loaded:
    """A procedure, the file that declares it, and the SHA-256 (hex) of that file's text."""

    procedure: Procedure
    path: Path
    digest: str


@dataclass(slots=True)
class _File:
    stamp: tuple[int, int]
    procedures: dict[str, Loaded] = field(default_factory=dict)
    fault: str = ""


@dataclass(slots=True)
class ProcedureFiles:
    """Files in folders, later folders before earlier ones where two have a procedure of one name."""

    folders: Sequence[Path]
    procedures: dict[str, Loaded] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # path: why nothing of it can be run
    _files: dict[Path, _File] = field(default_factory=dict)

    async def look(self) -> None:
        """Read what is new or has changed."""
        present = dict(self._present())
        changed = [path for path, stamp in present.items() if path not in self._files or self._files[path].stamp != stamp]
        if not changed and present.keys() == self._files.keys():
            return
        for path in changed:
            self._files[path] = await _read(path, present[path])
        self._files = {path: self._files[path] for path in present}
        self._gather()

    def _present(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for folder in self.folders:
            for path in sorted(folder.glob("*.py"))[:MOST_FILES]:
                try:
                    told = path.stat()
                except OSError:
                    continue
                yield path, (told.st_mtime_ns, told.st_size)

    def _gather(self) -> None:
        self.procedures, self.faults = {}, {}
        for path, file in self._files.items():
            if file.fault:
                self.faults[str(path)] = file.fault
            for name, one in file.procedures.items():
                before = self.procedures.get(name)
                if before is not None and before.path.parent == path.parent:
                    self.faults[str(path)] = f"procedure {name} is declared in {before.path.name} too"
                    continue
                self.procedures[name] = one


async def _read(path: Path, stamp: tuple[int, int]) -> _File:
    try:
        if stamp[1] > MOST_OCTETS:
            raise DefinitionError(f"{stamp[1]} octets are too many", remedy=f"At most {MOST_OCTETS}")
        text = path.read_bytes()
        tree = _checked(ast.parse(text, str(path)))
        namespace: dict[str, Any] = {"__name__": f"procedures.{path.stem}", "__file__": str(path)}
        code = compile(tree, str(path), "exec", dont_inherit=True)
        await within(lambda: exec(code, namespace), cpu_s=READING_S)
        found = procedures_of(namespace, path.name)
    except AelitaError as error:
        return _File(stamp, fault=str(error))
    except Exception as error:  # whatever a file does wrong, the others can be run
        return _File(stamp, fault=f"{type(error).__name__}: {error}")
    digest = hashlib.sha256(text).hexdigest()
    return _File(stamp, {name: Loaded(one, path, digest) for name, one in found.items()})


def _checked(tree: ast.Module) -> ast.Module:
    """Refuse a file that imports what is no business of a procedure. Raises DefinitionError that names the line."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [one.name for one in node.names]
        if isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        for name in names:
            if not any(name == one or name.startswith(f"{one}.") for one in PERMITTED):
                raise DefinitionError(f"line {node.lineno}: it imports {name}", remedy=f"It may import {', '.join(PERMITTED)}")
    return tree
