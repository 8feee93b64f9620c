"""Which spacecraft a question is about: its sources in the archive, and the versions of its mission database."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Query

from ..archive import Archive, DatabaseVersion
from ..errors import AelitaError, ArchiveError, UsageError
from ..link import Channel
from ..mdb import CompiledDatabase
from .centre import Centre, centre

EVERY = "*"
FILES = 0  # number of the database in the mission's own files, which the archive need not have


@dataclass(frozen=True, slots=True)
class Craft:
    """A spacecraft: `sources` are the numbers of its sources in the archive; `alone` when no other has any there."""

    key: str
    title: str
    sources: frozenset[int]
    alone: bool

    @property
    def among(self) -> list[int] | None:
        """The sources to which answers are narrowed, None when all are."""
        return None if self.alone else sorted(self.sources)


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of a mission database: its number in the archive, or FILES."""

    number: int
    name: str
    digest: str
    compiled: CompiledDatabase


def archive_of(here: Centre) -> Archive | None:
    """Return the archive of a centre, None while it has none."""
    try:
        return here.archive()
    except ArchiveError:
        return None


def crafts(here: Centre) -> list[Craft]:
    """Return the spacecraft of a centre: those that it follows, the others of its mission, and what else the archive holds."""
    mission, followed = here.installation.mission, here.installation.spacecraft
    archive = archive_of(here)
    rows = [] if archive is None else archive.catalogue.admitted().select("source", "spacecraft", "channel").rows()
    named = {one.key: {one.key, one.name.casefold(), one.title.casefold()} for one in mission.spacecraft}
    for one in mission.spacecraft:
        named[one.key] |= {_channel(mission.channels[name].read_text("utf-8")).casefold() for name in one.channels}
    sources: dict[str, set[int]] = {}
    titles = {one.key: one.title for one in mission.spacecraft}
    for number, spacecraft, channel in rows:
        words = {str(spacecraft or "").casefold(), _channel(channel or "").casefold()} - {""}
        key = next((key for key, names in named.items() if names & words), None) or slug(spacecraft or "unnamed")
        titles.setdefault(key, spacecraft or key)
        sources.setdefault(key, set()).add(int(number))
    order = dict.fromkeys([*followed, *(one.key for one in mission.spacecraft), *sources])
    held = [key for key, numbers in sources.items() if numbers]
    return [Craft(key, titles[key], frozenset(sources.get(key, ())), set(held) <= {key}) for key in order]


def _channel(text: str) -> str:
    """Return the spacecraft that the text of a channel file names, nothing where it names none."""
    try:
        return Channel.from_toml(text).spacecraft if text else ""
    except AelitaError:
        return ""


def slug(name: str) -> str:
    """Return a name as a key: lower-case letters, digits, - and _."""
    return re.sub(r"[^a-z0-9_-]+", "-", name.casefold()).strip("-") or "unnamed"


def find_craft(here: Centre, name: str) -> Craft:
    """Return a spacecraft by its key, in which case does not count; the first one for an empty key. HTTPException 404."""
    known = crafts(here)
    if not name and known:
        return known[0]
    for one in known:
        if name.casefold() in (one.key, one.title.casefold()):
            return one
    raise HTTPException(404, f"There is no spacecraft {name!r}. Known: {', '.join(one.key for one in known)}")


SpacecraftQuery = Annotated[str, Query(description="Its key; without one, the first that the centre follows.", max_length=200)]
AnyQuery = Annotated[
    str, Query(description="Its key, or * for all; without one, the first that the centre follows.", max_length=200)
]
OptionalQuery = Annotated[str, Query(description="Only of this spacecraft; without one, of all.", max_length=200)]


def the_craft(here: Annotated[Centre, Depends(centre)], spacecraft: SpacecraftQuery = "") -> Craft:
    """Return the spacecraft that a request is about."""
    return find_craft(here, spacecraft)


def some_crafts(here: Annotated[Centre, Depends(centre)], spacecraft: AnyQuery = "") -> list[Craft]:
    """Return the spacecraft that a request is about, all for `*`."""
    return crafts(here) if spacecraft == EVERY else [find_craft(here, spacecraft)]


def if_any(here: Annotated[Centre, Depends(centre)], spacecraft: OptionalQuery = "") -> Craft | None:
    """Return the spacecraft to which a request narrows, None when it does not."""
    return find_craft(here, spacecraft) if spacecraft and spacecraft != EVERY else None


TheCraft = Annotated[Craft, Depends(the_craft)]
SomeCrafts = Annotated[list[Craft], Depends(some_crafts)]
IfAny = Annotated[Craft | None, Depends(if_any)]


def sources_of(some: list[Craft]) -> list[int] | None:
    """Return the sources of some spacecraft, None for all that there are."""
    if any(one.alone and one.sources for one in some):
        return None
    return sorted({number for one in some for number in one.sources})


def keys_of(here: Centre) -> dict[int, str]:
    """Return the key of the spacecraft of each source."""
    return {number: one.key for one in crafts(here) for number in one.sources}


def versions_of(here: Centre, craft: Craft) -> list[DatabaseVersion]:
    """Return the versions in the archive of a spacecraft's database, the oldest first.

    They are those with which its sources were begun, and all others of the same name: history may have been decoded anew.
    """
    archive = archive_of(here)
    if archive is None or not craft.sources:
        return []
    rows = archive.catalogue.admitted().select("source", "database").iter_rows()
    begun = {database for source, database in rows if source in craft.sources and database is not None}
    known = archive.catalogue.databases()
    names = {here.library.database(one).name for one in known if one.number in begun}
    return [one for one in known if one.number in begun or here.library.database(one).name in names]


def edition(here: Centre, craft: Craft, number: int | None = None) -> Edition:
    """Return a version of a spacecraft's database, by default the newest in the archive, else that of the mission's files.

    HTTPException 404 when there is none such.
    """
    known = versions_of(here, craft)
    if number is None and known:
        return _edition(here, known[-1])
    if number is None or number == FILES:
        return _of_files(here, craft)
    for one in known:
        if one.number == number:
            return _edition(here, one)
    numbers = ", ".join(str(one.number) for one in known) or "none"
    raise HTTPException(404, f"The database of {craft.key} has no version {number}. Known: {numbers}")


def _edition(here: Centre, version: DatabaseVersion) -> Edition:
    return Edition(version.number, version.name, version.digest, here.library.version(version))


def _of_files(here: Centre, craft: Craft) -> Edition:
    try:
        paths = here.installation.mission.craft(craft.key).databases
    except UsageError:
        paths = ()
    if not paths:
        raise HTTPException(404, f"No mission database is known of {craft.key}.")
    text, compiled = here.library.take(paths)
    return Edition(FILES, text.name, compiled.database.digest, compiled)


def editions(here: Centre, craft: Craft) -> list[Edition]:
    """Return all versions of a spacecraft's database in the archive, and that of the mission's files when it is none of them."""
    known = [_edition(here, one) for one in versions_of(here, craft)]
    try:
        of_files = _of_files(here, craft)
    except HTTPException:
        return known
    same = any(one.compiled.database.digest == of_files.compiled.database.digest for one in known)
    return known if same else [*known, of_files]
