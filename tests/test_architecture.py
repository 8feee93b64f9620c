"""The import rules of the package, checked against the table in architecture.py.

`violations` is a pure function of a module's room, name and source, so that each rule is proved by a violating fixture below.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from architecture import FLOORS, IO_EXCEPTIONS, IO_NAMES, PACKAGE, PROCEDURES, ROOMS, SANS_IO

SOURCE = Path(__file__).parents[1] / "src" / PACKAGE
MODULES = sorted(SOURCE.rglob("*.py"))
FLOOR = {room: level for level, floor in enumerate(FLOORS) for room in floor}
SILENT = SANS_IO | {"missions"}
MODULE_LINES, FRONT_DOOR_LINES = 500, 60


def imported(source: str, module: str) -> Iterator[tuple[str, str | None]]:
    """Yield (absolute module, name taken from it or None) for every import, relative ones resolved against `module`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            origin = ".".join([*base, *((node.module or "").split(".") if node.module else [])])
            yield from ((origin, alias.name) for alias in node.names)


def calls_open(source: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
        for node in ast.walk(ast.parse(source))
    )


def violations(room: str, module: str, source: str) -> list[str]:
    """Return every rule that this module breaks, in words."""
    found: list[str] = []
    for origin, name in imported(source, module):
        parts = origin.split(".")
        if parts[0] == PACKAGE:
            other = parts[1] if len(parts) > 1 else name
            if other in (None, room, "__version__") or room == PACKAGE:
                continue
            if other not in (PROCEDURES if room == "missions" else ROOMS.get(room, set())):
                found.append(f"{room} may not import {other}")
            elif len(parts) > 2:
                found.append(f"{room} must import {other} through its front door, not {origin}")
            elif len(parts) == 2 and name and (SOURCE / other / f"{name}.py").exists():
                found.append(f"{room} takes the submodule {name} through the front door of {other}")
        elif room in SILENT and parts[0] in IO_NAMES and (room, parts[0]) not in IO_EXCEPTIONS and not module.endswith(".load"):
            found.append(f"{room} does no I/O and reads no clock, yet imports {parts[0]}")
    if room in SILENT and calls_open(source) and not module.endswith(".load"):
        found.append(f"{room} opens a file")
    limit = FRONT_DOOR_LINES if module == f"{PACKAGE}.{room}.__init__" else MODULE_LINES
    if source.count("\n") > limit:
        found.append(f"{module} is over {limit} lines")
    return found


def name_of(path: Path) -> tuple[str, str]:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    room = PACKAGE if parts[0] == "__init__" else parts[0]
    return room, ".".join([PACKAGE, *parts])


def test_table_agrees_with_floors() -> None:
    assert set(ROOMS) == set(FLOOR)
    for room, allowed in ROOMS.items():
        assert all(FLOOR[other] < FLOOR[room] for other in allowed), room


def test_every_room_is_in_the_table() -> None:
    assert {name_of(path)[0] for path in MODULES} - {PACKAGE, "missions"} == set(ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_module_keeps_the_rules(path: Path) -> None:
    room, module = name_of(path)
    assert violations(room, module, path.read_text()) == []


@pytest.mark.parametrize(
    ("room", "module", "source"),
    [
        ("link", "aelita.link.frames", "from aelita.telemetry import decode"),  # upward
        ("link", "aelita.link.frames", "from aelita.coding import crc"),  # sibling
        ("link", "aelita.link.frames", "from ..telemetry import decode"),  # relative, upward
        ("link", "aelita.link.frames", "import aelita.telemetry"),
        ("telemetry", "aelita.telemetry.decode", "from aelita.link.frames import TransferFrame"),  # past the front door
        ("link", "aelita.link.frames", "import asyncio"),
        ("link", "aelita.link.frames", "import time"),
        ("link", "aelita.link.frames", "from logging import getLogger"),
        ("link", "aelita.link.frames", "import nats"),
        ("link", "aelita.link.frames", "data = open('frames.bin').read()"),
        ("link", "aelita.link.frames", "x = 1\n" * 501),
        ("link", "aelita.link.__init__", "x = 1\n" * 61),
        ("link", "aelita.link.frames", "from pathlib import Path"),
        ("missions", "aelita.missions.exomars.procedures.contact", "from aelita.services import find_mission"),
        ("missions", "aelita.missions.exomars.procedures.contact", "import os"),
    ],
)
def test_each_rule_catches_its_violation(room: str, module: str, source: str) -> None:
    assert violations(room, module, source)
