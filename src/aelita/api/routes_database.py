"""The mission database: from parameter to container, calibrator and limits; comparison of versions."""

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import BaseModel

from ..errors import UsageError
from ..mdb import CompiledDatabase, check, compare, condition_text, names_like, show
from .answers import PROBLEMS
from .centre import Centre, centre
from .definitions import ContainerDefinition
from .identity import may
from .paging import After, Limit, Page, key_of, paged, words_of
from .spacecraft import Edition, TheCraft, archive_of, edition, editions

router = APIRouter(tags=["database"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Search = Annotated[str, Query(description="Words that must all be found.", max_length=500)]
Number = Annotated[
    int | None, Query(ge=0, lt=1 << 31, description="A version by its number in the archive, 0: the mission's own files.")
]
OCTETS = "application/octet-stream"
KINDS = ("parameter", "container", "type", "alias")


OfType = Annotated[str, Query(max_length=500, description="Only parameters of this type, by its qualified name.")]


class FindingItem(BaseModel):
    """Something of the files that is not, or only partly, acted upon."""

    severity: str
    file: str
    line: int
    element: str
    message: str


class DatabaseAnswer(BaseModel):
    """A version of a mission database. `stopped` and `dynamic` say of which containers not all places are fixed, and why."""

    spacecraft: str
    number: int
    file: str
    name: str
    version: str
    date: str
    validation_status: str
    digest: str
    usable: bool
    counts: dict[str, int]
    findings: list[FindingItem]
    roots: list[str]
    fixed: int
    dynamic: dict[str, str]
    stopped: dict[str, str]


class ContainerItem(BaseModel):
    """A container in a list. `when` is the condition under which a packet of its base is this one."""

    name: str
    description: str
    abstract: bool
    base: str | None
    when: str | None
    children: int
    entries: int
    bits: int
    fixed: bool


class FoundItem(BaseModel):
    """What a search found: a parameter, container or type by its qualified name, or an alias of one."""

    kind: str
    name: str
    description: str
    alias: str | None = None


class VersionItem(BaseModel):
    """A version of the database: of the archive, or (number 0) that of the mission's files when the archive lacks it.

    `current` is the one that questions are answered with; `sources` were begun with it.
    """

    number: int
    file: str
    name: str
    version: str
    date: str
    digest: str
    current: bool
    sources: list[int]
    parameters: int
    containers: int


class ChangeItem(BaseModel):
    """One difference: an `aspect` of a definition; `containers` are those that it touches, `effect` what it means for them."""

    effect: str
    meaning: str
    kind: str
    name: str
    aspect: str
    before: str
    after: str
    containers: list[str]
    text: str


class ComparisonAnswer(BaseModel):
    """Two versions compared, the gravest changes first. `rebuild` are the containers to decode anew for history to follow."""

    before: int
    after: int
    same: bool
    changes: list[ChangeItem]
    rebuild: list[str]


@router.get("/database")
def get_database(here: Here, craft: TheCraft, database: Number = None) -> DatabaseAnswer:
    """Return what is to be told of a spacecraft's database: what it holds, what in it is not acted upon, where packets begin."""
    known = edition(here, craft, database)
    told = check(known.compiled)
    findings = [FindingItem(severity=severity, **row) for severity, rows in told.pop("findings").items() for row in rows]
    return DatabaseAnswer(spacecraft=craft.key, number=known.number, file=known.name, findings=findings, **told)


@router.get("/database/containers")
def list_containers(
    here: Here, craft: TheCraft, search: Search = "", database: Number = None, limit: Limit = 500, after: After = ""
) -> Page[ContainerItem]:
    """List the containers of a database by name, or those in which all words of `search` are found."""
    compiled, words = edition(here, craft, database).compiled, words_of(search)
    named = sorted(compiled.database.containers.items())
    found = [one for name, one in named if all(word in f"{name} {one.short_description}".casefold() for word in words)]
    keys = [[one.name] for one in found]
    page, following = paged(found, keys, limit, key_of(after, str))
    items = [_container(compiled, one.name) for one in page]
    return Page(items=items, next=following)


def _container(compiled: CompiledDatabase, name: str) -> ContainerItem:
    one, layout = compiled.database.containers[name], compiled.layout(name)
    return ContainerItem(
        name=name, description=one.short_description, abstract=one.abstract, base=one.base,
        when=None if one.restriction is None else condition_text(one.restriction), children=len(compiled.children.get(name, ())),
        entries=len(one.entries), bits=layout.bits, fixed=layout.fixed and not layout.stop,
    )  # fmt: skip


@router.get("/database/containers/{path:path}")
def get_container(here: Here, craft: TheCraft, path: str, database: Number = None) -> ContainerDefinition:
    """Return a container by its qualified name (its first / may be left out), or by an unambiguous end of it."""
    known = edition(here, craft, database)
    name = _named(known.compiled, path)
    data = next(each for each in show(known.compiled, name) if each["kind"] == "container")
    return ContainerDefinition(**data, spacecraft=craft.key, database=known.number)


def _named(compiled: CompiledDatabase, path: str) -> str:
    """Return the container of a name. HTTPException 404 when there is none, or when there are several."""
    containers, plain = compiled.database.containers, path.strip("/")
    if f"/{plain}" in containers:
        return f"/{plain}"
    try:
        found = [one for one in names_like(compiled.database, plain) if one in containers]
    except UsageError as error:
        raise HTTPException(404, f"There is no container {path}. {error.remedy}") from error
    if len(found) != 1:
        some = f"{len(found)} containers are called {path}: {', '.join(found[:5])}" if found else f"There is no container {path}"
        raise HTTPException(404, f"{some}.")
    return found[0]


@router.get("/database/search")
def search_database(
    here: Here, craft: TheCraft, search: Search = "", kind: Literal["", "parameter", "container", "type", "alias"] = "",
    of_type: OfType = "", database: Number = None, limit: Limit = 500, after: After = "",
) -> Page[FoundItem]:  # fmt: skip
    """Find parameters, containers, types and aliases in whose names or descriptions all words of `search` are found."""
    words, compiled = words_of(search), edition(here, craft, database).compiled
    found = [
        one
        for one in _everything(compiled)
        if kind in ("", one.kind)
        and all(word in f"{one.name} {one.description} {one.alias or ''}".casefold() for word in words)
        and (not of_type or (one.kind in ("parameter", "alias") and compiled.database.parameters[one.name].type == of_type))
    ]
    placed = sorted(((KINDS.index(one.kind), one.name, one.alias or "", one) for one in found), key=lambda each: each[:3])
    items, following = paged([each[3] for each in placed], [each[:3] for each in placed], limit, key_of(after, int, str, str))
    return Page(items=items, next=following)


def _everything(compiled: CompiledDatabase) -> Iterator[FoundItem]:
    database = compiled.database
    for parameter in database.parameters.values():
        yield FoundItem(kind="parameter", name=parameter.name, description=parameter.short_description)
        for alias in dict.fromkeys(alias for _, alias in parameter.aliases):
            yield FoundItem(kind="alias", name=parameter.name, description=parameter.short_description, alias=alias)
    for container in database.containers.values():
        yield FoundItem(kind="container", name=container.name, description=container.short_description)
    for name, kind in database.types.items():
        yield FoundItem(kind="type", name=name, description=kind.facts.short_description)


@router.get("/database/versions")
def list_versions(here: Here, craft: TheCraft) -> list[VersionItem]:
    """List the versions of a spacecraft's database that the archive knows, the oldest first, and that of the mission's files."""
    archive, current = archive_of(here), edition(here, craft).number
    begun: dict[int, list[int]] = {}
    for source, database in [] if archive is None else archive.catalogue.admitted().select("source", "database").iter_rows():
        if source in craft.sources and database is not None:
            begun.setdefault(database, []).append(source)
    return [_version(one, current, begun.get(one.number, [])) for one in editions(here, craft)]


def _version(one: Edition, current: int, sources: list[int]) -> VersionItem:
    database = one.compiled.database
    return VersionItem(
        number=one.number, file=one.name, name=database.name, version=database.version, date=database.date,
        digest=database.digest, current=one.number == current, sources=sources, parameters=len(database.parameters),
        containers=len(database.containers),
    )  # fmt: skip


@router.get(
    "/database/versions/{number}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}}
)
def get_version_text(here: Here, craft: TheCraft, number: int) -> Response:
    """Return the text of a version as the archive keeps it: an XTCE document, or a JSON bundle of several."""
    archive = archive_of(here)
    edition(here, craft, number)
    kept = next((one for one in archive.catalogue.databases() if one.number == number), None) if archive else None
    if kept is None:
        raise HTTPException(404, f"The archive has no version {number}.")
    name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in kept.name if letter.isascii())
    headers = {"Content-Disposition": f'attachment; filename="{name or "database"}"'}
    return Response(kept.text.encode(), media_type=OCTETS, headers=headers)


@router.get("/database/compare")
def compare_versions(
    here: Here, craft: TheCraft,
    before: Annotated[int, Query(ge=0, lt=1 << 31, description="The number of a version, 0: the mission's own files.")],
    after: Annotated[int, Query(ge=0, lt=1 << 31, description="The number of the other version.")],
) -> ComparisonAnswer:  # fmt: skip
    """Return what changed from one version of a spacecraft's database to another, and what each change means for history."""
    old, new = edition(here, craft, before), edition(here, craft, after)
    found = compare(old.compiled.database, new.compiled.database)
    changes = [
        ChangeItem(
            effect=each.effect.name.lower(), meaning=each.effect.meaning, kind=each.kind, name=each.name, aspect=each.aspect,
            before=each.before, after=each.after, containers=list(each.tables), text=each.line,
        )
        for each in found.changes
    ]  # fmt: skip
    return ComparisonAnswer(before=old.number, after=new.number, same=found.same, changes=changes, rebuild=list(found.rebuild))
