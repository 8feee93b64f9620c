"""Command files: many commands for uplink in one go, as TOML or CSV, with every mistake named by its line, all at once."""

import csv
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import AelitaError, UsageError
from ..time import tai_ns_of
from .requests import FOR_EVER, MOST_CALLS, MOST_TEXT, Call, Service

MOST_TOLD, MOST_FILE = 200, 1 << 24
TOP = ("spacecraft", "service", "comment", "command")
COLUMNS = ("command", "arguments", "execute", "earliest", "latest", "comment")


@dataclass(frozen=True, slots=True)
class FileRequest:
    """One request that a command file asks for: commands that go together, and the lines on which they stand."""

    calls: tuple[Call, ...]
    lines: tuple[int, ...]
    service: Service = Service.BD
    execute_ns: int | None = None
    earliest_ns: int = 0
    latest_ns: int = FOR_EVER
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CommandFile:
    """What a command file asks for: its spacecraft (empty: whoever sends it says) and its requests in order."""

    spacecraft: str
    requests: tuple[FileRequest, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong on a line."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


class CommandFileError(UsageError):
    """A command file with mistakes; `mistakes` has all of them in order of line."""

    def __init__(self, where: str, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda one: one.line))
        told = "; ".join(str(one) for one in self.mistakes[:MOST_TOLD])
        more = len(self.mistakes) - MOST_TOLD
        super().__init__(told + (f"; and {more} more" if more > 0 else ""), where=where, remedy="Nothing of it was requested")


@dataclass(frozen=True, slots=True)
class _Line:
    line: int
    call: Call
    execute_ns: int | None
    earliest_ns: int
    latest_ns: int
    comment: str


def read_command_file(text: str, where: str, check: Callable[[Call], object] | None = None) -> CommandFile:
    """Return what a command file asks for; its name ends in .toml or .csv. `check` raises an AelitaError for a wrong command.

    Commands that follow each other with the same times become one request. Raises CommandFileError that names every mistake.
    """
    if len(text) > MOST_FILE:
        raise UsageError(f"a command file has {len(text)} characters", where=where, remedy=f"Give at most {MOST_FILE}")
    mistakes: list[Mistake] = []
    spacecraft, service = "", Service.BD
    if where.lower().endswith(".csv"):
        rows = _csv_rows(text, where, mistakes)
    else:
        spacecraft, service, rows = _toml_rows(text, where, mistakes)
    lines = [one for number, row in rows if (one := _line(number, row, mistakes)) is not None]
    for one in lines:
        try:
            if check is not None:
                check(one.call)
        except AelitaError as error:
            mistakes.append(Mistake(one.line, str(error)))
    if not rows and not mistakes:
        mistakes.append(Mistake(1, "it has no command"))
    if mistakes:
        raise CommandFileError(where, mistakes)
    return CommandFile(spacecraft, _grouped(lines, service))


def _toml_rows(text: str, where: str, mistakes: list[Mistake]) -> tuple[str, Service, list[tuple[int, Mapping[str, Any]]]]:
    try:
        top = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CommandFileError(where, [Mistake(_line_of(str(error), text), f"not valid TOML: {error}")]) from error
    for key in top:
        if key not in TOP:
            mistakes.append(Mistake(_line_with(text, key), f"{key!r} is not known; known: {', '.join(TOP)}"))
    commands = top.get("command", [])
    if not isinstance(commands, list) or not all(isinstance(one, dict) for one in commands):
        mistakes.append(Mistake(_line_with(text, "command"), "'command' is no array of tables; write [[command]]"))
        commands = []
    service = Service.BD
    try:
        service = Service(top.get("service", "BD"))
    except ValueError:
        mistakes.append(Mistake(_line_with(text, "service"), f"service {top['service']!r} is neither AD nor BD"))
    spacecraft = top.get("spacecraft", "")
    if not isinstance(spacecraft, str):
        mistakes.append(Mistake(_line_with(text, "spacecraft"), f"spacecraft {spacecraft!r} is no text"))
    heads = [n for n, line in enumerate(text.splitlines(), 1) if line.split("#")[0].replace(" ", "").strip() == "[[command]]"]
    if len(heads) != len(commands):  # written otherwise: the number of the command stands for its line
        heads = list(range(1, len(commands) + 1))
    return str(spacecraft), service, list(zip(heads, commands, strict=True))


def _csv_rows(text: str, where: str, mistakes: list[Mistake]) -> list[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(text.splitlines(), strict=True)
    rows: list[tuple[int, Mapping[str, Any]]] = []
    head: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if not head:
                head = [cell.strip() for cell in cells]
                odd = [cell for cell in head if cell not in COLUMNS]
                if odd or "command" not in head or len(set(head)) < len(head):
                    raise CommandFileError(where, [Mistake(reader.line_num, f"columns are {head}; known: {', '.join(COLUMNS)}")])
            elif len(cells) > len(head):
                mistakes.append(Mistake(reader.line_num, f"{len(cells)} cells, {len(head)} columns"))
            else:
                row: dict[str, Any] = {key: cell.strip() for key, cell in zip(head, cells, strict=False) if cell.strip()}
                rows.append((reader.line_num, row))
    except csv.Error as error:
        mistakes.append(Mistake(reader.line_num, f"not valid CSV: {error}"))
    return rows


def _line(number: int, row: Mapping[str, Any], mistakes: list[Mistake]) -> _Line | None:
    """Return one command, or note what is wrong with it."""
    before = len(mistakes)
    mistakes += [Mistake(number, f"{key!r} is not known; known: {', '.join(COLUMNS)}") for key in row if key not in COLUMNS]
    command, comment = row.get("command", ""), row.get("comment", "")
    if not isinstance(command, str) or not command.strip():
        mistakes.append(Mistake(number, "no command is named"))
    if not isinstance(comment, str) or len(comment) > MOST_TEXT:
        mistakes.append(Mistake(number, f"the comment is no text of at most {MOST_TEXT} characters"))
    arguments = _arguments(number, row.get("arguments", {}), mistakes)
    execute, earliest, latest = (_time(number, key, row.get(key), mistakes) for key in ("execute", "earliest", "latest"))
    if earliest is not None and latest is not None and earliest >= latest:
        mistakes.append(Mistake(number, "'latest' is not after 'earliest'"))
    if len(mistakes) > before:
        return None
    last = FOR_EVER if latest is None else latest
    return _Line(number, Call(command.strip(), arguments), execute, earliest or 0, last, comment)


def _arguments(number: int, given: object, mistakes: list[Mistake]) -> tuple[tuple[str, str], ...]:
    if isinstance(given, str):  # of a cell: name=value; name=value
        pairs = [part.partition("=") for part in given.split(";") if part.strip()]
        wrong = [name for name, sign, _ in pairs if not sign or not name.strip()]
        names = [name.strip() for name, _, _ in pairs]
        if wrong or len(set(names)) < len(names):
            mistakes.append(Mistake(number, f"arguments {given!r} are not 'name=value; name=value', each name once"))
        return tuple((name.strip(), value.strip()) for name, _, value in pairs)
    if not isinstance(given, Mapping) or not all(isinstance(one, str | int | float | bool | list) for one in given.values()):
        mistakes.append(Mistake(number, "'arguments' is no table of texts, numbers, truth values and lists"))
        return ()
    return tuple((str(name), _text(value)) for name, value in given.items())


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "[" + ", ".join(_text(one) for one in value) + "]" if isinstance(value, list) else str(value)


def _time(number: int, key: str, given: Any, mistakes: list[Mistake]) -> int | None:
    if given is None:
        return None
    if isinstance(given, int | float):  # a bare number says neither its scale nor its unit
        mistakes.append(Mistake(number, f"{key}: {given!r} is no time; give UTC as ISO 8601"))
        return None
    try:
        return tai_ns_of(given)
    except AelitaError as error:
        mistakes.append(Mistake(number, f"{key}: {error}"))
    except (TypeError, ValueError, OverflowError):
        mistakes.append(Mistake(number, f"{key}: {given!r} is no time"))
    return None


def _grouped(lines: list[_Line], service: Service) -> tuple[FileRequest, ...]:
    made: list[FileRequest] = []
    group: list[_Line] = []
    for one in [*lines, None]:
        same = one is not None and group and _times(one) == _times(group[0]) and len(group) < MOST_CALLS
        if group and not same:
            execute, earliest, latest = _times(group[0])
            comment = "; ".join(dict.fromkeys(each.comment for each in group if each.comment))[:MOST_TEXT]
            calls, numbers = tuple(each.call for each in group), tuple(each.line for each in group)
            made.append(FileRequest(calls, numbers, service, execute, earliest, latest, comment))
            group = []
        if one is not None:
            group.append(one)
    return tuple(made)


def _times(one: _Line) -> tuple[int | None, int, int]:
    return one.execute_ns, one.earliest_ns, one.latest_ns


def _line_with(text: str, key: str) -> int:
    starts = (n for n, line in enumerate(text.splitlines(), 1) if line.lstrip(' ["').startswith(key))
    return next(starts, 1)


def _line_of(said: str, text: str) -> int:
    """Return the line that the TOML parser names; what it misses at the end of the document is on the last."""
    number = said.partition("(at line ")[2].split(",")[0]
    return int(number) if number.isdigit() else max(len(text.splitlines()), 1)
