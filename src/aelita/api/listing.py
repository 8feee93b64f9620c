"""The parameters of a spacecraft: those of its database, and those that the archive has samples of, listed and found."""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import HTTPException

from ..archive import Archive
from ..errors import UsageError
from ..mdb import ArrayEntry, CompiledDatabase, Parameter, ParameterEntry, alarm_lines, names_like
from .centre import Centre
from .definitions import kind_of
from .paging import words_of
from .spacecraft import Craft, archive_of, crafts, edition, editions

MOST_LISTS = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """A parameter, or a part of one, with what a search looks at."""

    name: str
    spacecraft: str
    containers: tuple[str, ...]
    units: str
    type: str
    description: str
    limits: tuple[str, ...]
    aliases: tuple[str, ...]
    archived: bool
    words: str


_lists: OrderedDict[tuple[str, str, str, int], list[Entry]] = OrderedDict()
_turn = threading.Lock()


def entries(here: Centre, craft: Craft) -> list[Entry]:
    """Return the parameters of a spacecraft by name; made anew when its database or the archive has others."""
    archive = archive_of(here)
    try:
        known = edition(here, craft)
    except HTTPException:  # nothing is known of it
        return []
    version = -1 if archive is None else archive.catalogue.contents.version
    key = str(here.folder), craft.key, known.digest, version
    with _turn:
        if key in _lists:
            _lists.move_to_end(key)
            return _lists[key]
    made = list(_entries(here, craft, known.compiled))
    with _turn:
        _lists[key] = made
        while len(_lists) > MOST_LISTS:
            _lists.popitem(last=False)
    return made


def _entries(here: Centre, craft: Craft, compiled: CompiledDatabase) -> Iterator[Entry]:
    archive = archive_of(here)
    columns = {} if archive is None or not craft.sources else archive.catalogue.parameters()
    own = columns if craft.alone else _own(columns, [one.compiled for one in editions(here, craft)])
    held = _holders(compiled)
    whole = {parameter_of(compiled, column) for column in own}
    absent = [name for name in compiled.database.parameters if name not in whole]
    for name in sorted({*own, *absent}):
        parameter = compiled.database.parameters.get(parameter_of(compiled, name) or "")
        containers = own.get(name) or held.get(parameter.name if parameter else "", [])
        yield _entry(craft, compiled, name, parameter, tuple(sorted(containers)), name in own)


def _own(columns: dict[str, list[str]], databases: Sequence[CompiledDatabase]) -> dict[str, list[str]]:
    """Return the columns that one of these databases knows."""
    return {name: held for name, held in columns.items() if any(one.type_of_column(name) is not None for one in databases)}


def _holders(compiled: CompiledDatabase) -> dict[str, list[str]]:
    """Return the containers that name each parameter."""
    found: dict[str, list[str]] = {}
    for container in compiled.database.containers.values():
        for entry in container.entries:
            if isinstance(entry, ParameterEntry | ArrayEntry):
                found.setdefault(entry.parameter, []).append(container.name)
    return {name: list(dict.fromkeys(held)) for name, held in found.items()}


def _entry(
    craft: Craft, compiled: CompiledDatabase, name: str, parameter: Parameter | None, containers: tuple[str, ...], archived: bool
) -> Entry:
    kind = compiled.type_of_column(name)
    whole = compiled.database.types.get(parameter.type) if parameter is not None else None
    shown = kind if archived or whole is None else whole
    facts = None if shown is None else shown.facts
    description = parameter.short_description if parameter is not None else ""
    aliases = tuple(alias for _, alias in parameter.aliases) if parameter is not None else ()
    units, limits = (facts.units, tuple(alarm_lines(facts.alarms))) if facts is not None else ("", ())
    words = " ".join((name, units, description, *aliases)).casefold()
    return Entry(name, craft.key, containers, units, kind_of(shown), description, limits, aliases, archived, words)


CUT = re.compile(r"[.\[:]")


def parameter_of(compiled: CompiledDatabase, column: str) -> str | None:
    """Return the parameter that a column is, or is a part of; None when the database has none such."""
    known = compiled.database.parameters
    if column in known:
        return column
    cuts = sorted((found.start() for found in CUT.finditer(column)), reverse=True)
    return next((column[:cut] for cut in cuts if column[:cut] in known), None)


def matching(listed: Sequence[Entry], search: str, container: str = "") -> list[tuple[int, Entry]]:
    """Return the parameters in which all words of a search are found, in a container or in any, with a rank: 0, when in names."""
    words = words_of(search)
    held = [one for one in listed if not container or any(_ends(each, container) for each in one.containers)]
    found = [one for one in held if all(word in one.words for word in words)]
    return sorted(((_rank(one, words), one) for one in found), key=lambda each: (each[0], each[1].name))


def _rank(one: Entry, words: Sequence[str]) -> int:
    return int(not all(word in one.name.casefold() for word in words))


def _ends(name: str, tail: str) -> bool:
    return name == tail or name.endswith("/" + tail.strip("/"))


def archived_name(here: Centre, archive: Archive, name: str, craft: Craft | None) -> str:
    """Return the qualified name of an archived parameter from that, or from an end of it that no other has.

    An end that several have means that of the spacecraft, by default of the first one. HTTPException 404.
    """
    try:
        return archive.catalogue.resolve(name)
    except UsageError as error:
        own = entries(here, craft or crafts(here)[0])
        found = [one.name for one in own if one.archived and one.name.endswith(f"/{name}")]
        if len(found) == 1:
            return found[0]
        raise HTTPException(404, f"{error.what}{f'. {error.remedy}' if error.remedy else ''}") from error


def find_parameter(compiled: CompiledDatabase, name: str) -> str | None:
    """Return the parameter that a qualified name means, the end of one, an alias or a column; None when there is none such.

    HTTPException 404 when it means several.
    """
    plain = name.strip("/")
    whole = parameter_of(compiled, f"/{plain}") or parameter_of(compiled, name)
    if whole is not None:
        return whole
    try:
        found = [one for one in names_like(compiled.database, plain) if one in compiled.database.parameters]
    except UsageError:
        return find_parameter(compiled, plain[: last.start()]) if (last := _last_cut(plain)) else None
    if len(found) > 1:
        raise HTTPException(404, f"{len(found)} parameters are called {name}. Write more of the name: {', '.join(found[:5])}")
    return found[0] if found else None


def _last_cut(name: str) -> re.Match[str] | None:
    found = list(CUT.finditer(name))
    return found[-1] if found else None
