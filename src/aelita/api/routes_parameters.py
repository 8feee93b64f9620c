"""Parameters: search, definitions, latest values, histories, samples for plots (their layout stands in `samples`)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import BaseModel

from ..archive import Archive, Grid, on_grid
from ..errors import UsageError
from ..mdb import AbsoluteTimeType, CompiledDatabase, names_like, show
from .alarm_items import OverrideItem
from .answers import PROBLEMS, Instant, UtcText, Value, number, plain, seconds, utc_text
from .centre import Centre, centre
from .definitions import Alias, DerivedBy, Holding, Limit, TypeDefinition, is_single, kind_of, labels_of, limits_of
from .hub import Wanted
from .identity import may
from .in_force import archived_severities, in_force, severity_of
from .listing import Entry, archived_name, entries, find_parameter, matching
from .paging import After, Page, cursor_of, key_of, paged, words_of
from .paging import Limit as Most
from .samples import packed, tabled
from .spacecraft import Craft, Edition, IfAny, SomeCrafts, crafts, edition, find_craft, keys_of, sources_of
from .tables import BINARY, TABLES, FormatQuery, table_answer
from .values import Asked, Raw, check_range, pieces, samples

router = APIRouter(tags=["parameters"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Search = Annotated[str, Query(description="Words that must all be found.", max_length=500)]
Names = Annotated[
    list[str],
    Query(
        description="Qualified names, unambiguous ends of names, or patterns (* and ?), with commas between them.",
        min_length=1,
        max_length=200,
    ),
]
Start = Annotated[Instant, Query(description="First instant, UTC.")]
Stop = Annotated[Instant, Query(description="Instant before which to stop, UTC.")]
MOST_BUCKETS = 10_000
OCTETS = "application/octet-stream"


class ParameterItem(BaseModel):
    """A parameter, or a part of one (`/A/array[2]`, `/A/aggregate.member`). `archived`: there are samples of it.

    `container` is the first of the `containers` that hold it. `limits` are told in words, one line a rule, as the database has
    them; `overridden` says which of limits and calibration are others now.
    """

    name: str
    spacecraft: str
    container: str | None
    containers: int
    units: str
    type: str
    description: str
    limits: list[str]
    overridden: list[str]
    aliases: list[str]
    archived: bool


class ParameterDefinition(BaseModel):
    """A parameter as a version of the database has it (`database`: its number in the archive, 0: the mission's own files).

    `columns` are the names under which samples of it, or of its parts, are archived. `limits` and the calibration of `type` are
    what the database says; `overrides` what holds instead on live values now, and `limits_in_force` the limits that they are
    checked against. `overrides_reached` is false when the streams that tell of overrides are not: then they are the last known.
    """

    name: str
    spacecraft: str
    database: int
    description: str = ""
    long_description: str = ""
    aliases: list[Alias] = []
    source: str
    initial_value: str | None = None
    units: str = ""
    type: TypeDefinition
    limits: list[Limit] = []
    limits_in_force: list[Limit] = []
    overrides: list[OverrideItem] = []
    overrides_reached: bool
    containers: list[Holding] = []
    derived_by: list[DerivedBy] = []
    columns: list[str] = []


class Sample(BaseModel):
    """A value of a parameter; `source` and `row` name the packet, `quality` is 0 for a good one.

    `raw` is given when both are asked for. `database` is the version that decoded it.
    """

    parameter: str
    utc: UtcText
    value: Value
    raw: Value = None
    quality: int
    source: int
    row: int
    database: int | None


class LatestValue(BaseModel):
    """The latest good value of a parameter, in engineering units or words, and raw.

    `severity` is that of its limits now, 0 (normal) to 5 (severe), as live updates have it; `overridden` says which of limits
    and calibration are not those of the database.
    """

    parameter: str
    spacecraft: str | None
    container: str
    utc: UtcText
    value: Value
    raw: Value
    units: str
    type: str
    severity: int
    overridden: list[str]
    source: int
    row: int
    database: int | None


@router.get("/parameters")
def list_parameters(
    here: Here, some: SomeCrafts, search: Search = "", container: str = "", limit: Most = 500, after: After = ""
) -> Page[ParameterItem]:
    """List the parameters of a spacecraft by name, or those in which all words of `search` are found: first those in names."""
    found = [(rank, at, one) for at, craft in enumerate(some) for rank, one in matching(entries(here, craft), search, container)]
    found.sort(key=lambda each: (each[0], each[1], each[2].name))
    keys = [(rank, at, one.name) for rank, at, one in found]
    page, following = paged([one for _, _, one in found], keys, limit, key_of(after, int, int, str))
    overridden = in_force(here).kinds()
    return Page(items=[_item(one, overridden.get((one.spacecraft, one.name), [])) for one in page], next=following)


def _item(one: Entry, overridden: list[str]) -> ParameterItem:
    return ParameterItem(
        name=one.name, spacecraft=one.spacecraft, container=one.containers[0] if one.containers else None,
        containers=len(one.containers), units=one.units, type=one.type, description=one.description, limits=list(one.limits),
        overridden=overridden, aliases=list(one.aliases), archived=one.archived,
    )  # fmt: skip


@router.get("/parameters/{name:path}")
def get_parameter(here: Here, name: str, spacecraft: str = "", database: int | None = None) -> ParameterDefinition:
    """Return the definition of a parameter: its qualified name (its first / may be left out), the end of it, or an alias.

    Without `spacecraft` it is looked for in the databases of all, the first one's first.
    """
    some = [find_craft(here, spacecraft)] if spacecraft else crafts(here)
    remedy = ""
    for craft in some:
        try:
            known = edition(here, craft, database)
        except HTTPException:
            if spacecraft:
                raise
            continue
        found = find_parameter(known.compiled, name)
        if found is not None:
            return _definition(here, craft, known, found)
        remedy = remedy or _similar(known.compiled, name)
    raise HTTPException(404, f"There is no parameter {name}.{f' {remedy}.' if remedy else ''}")


def _similar(compiled: CompiledDatabase, name: str) -> str:
    try:
        names_like(compiled.database, name)
    except UsageError as error:
        return error.remedy if error.remedy.startswith("Similar") else ""
    return ""


def _definition(here: Centre, craft: Craft, known: Edition, name: str) -> ParameterDefinition:
    data = next(each for each in show(known.compiled, name) if each["kind"] == "parameter")
    facts = known.compiled.database.type_of(name).facts
    columns = [one.name for one in entries(here, craft) if one.archived and find_parameter(known.compiled, one.name) == name]
    limits, held = limits_of(facts.alarms), in_force(here)
    others = held.limits(known.compiled, craft.key, name)
    return ParameterDefinition(
        **data, spacecraft=craft.key, database=known.number, units=facts.units, limits=limits,
        limits_in_force=limits if others is None else others, overrides=held.of(craft.key, name), overrides_reached=held.reached,
        columns=columns,
    )  # fmt: skip


@router.get("/values", responses=TABLES, response_model=Page[Sample])
def get_values(
    here: Here, parameters: Names, narrowed: IfAny, start: Start = None, stop: Stop = None,
    raw: Annotated[Raw, Query(description="false: engineering values; true: raw ones; both.")] = "false",
    format: FormatQuery = "json", limit: Most = 500, after: After = "",
) -> Page[Sample] | Response:  # fmt: skip
    """Return the samples of parameters with start <= generation time < stop, in order of time.

    json gives a page, a row a sample. arrow, parquet and csv give the whole range, a row a packet: `utc`, `generated` (TAI
    nanoseconds), `source`, `row`, `quality`, `database`, then one column a parameter, and with `raw=both` another, `NAME#raw`.
    Samples whose time is unknown are in no range.
    """
    archive = here.archive()
    check_range(start, stop)
    names = _resolved(here, archive, parameters, narrowed)
    what = Asked(tuple(names), start, stop, raw, narrowed.among if narrowed else None)
    if format != "json":
        schema, frames = pieces(archive, what)
        return table_answer(format, "values", schema, lambda: frames)
    rows = samples(archive, what, key_of(after, int, int, int, int), limit)
    types = _Types(here, archive)
    items = [_sample(what.names[row["place"]], row, raw, types) for row in rows]
    keys = [row["generated"], row["source"], row["row"], row["place"]] if len(items) == limit and (row := rows[-1]) else None
    return Page(items=items, next=cursor_of(keys) if keys else None)


def _resolved(here: Centre, archive: Archive, parameters: Sequence[str], craft: Craft | None) -> list[str]:
    names = [name for each in parameters for name in each.split(",") if name]
    if not names:
        raise HTTPException(404, "No parameter is named.")
    found: list[str] = []
    for name in names:
        found += _fitting(here, archive, name, craft) if set(name) & set("*?") else [archived_name(here, archive, name, craft)]
    return list(dict.fromkeys(found))


def _fitting(here: Centre, archive: Archive, pattern: str, craft: Craft | None) -> list[str]:
    """Return the archived parameters that a pattern means, as subscriptions read it. HTTPException 404 when there is none."""
    fits = Wanted("parameters", (pattern,)).chooser()
    known = [one.name for one in entries(here, craft) if one.archived] if craft else archive.parameters()
    found = [name for name in known if fits("", name)]
    if not found:
        raise HTTPException(404, f"No parameter in the archive fits {pattern}.")
    return found


class _Types:
    """The types of values, by the version of the database that decoded them."""

    def __init__(self, here: Centre, archive: Archive) -> None:
        self._here, self._archive = here, archive
        self._known: dict[int, CompiledDatabase] = {}

    def compiled(self, database: int | None) -> CompiledDatabase | None:
        """Return a version, None when there is none."""
        if database is None:
            return None
        if database not in self._known:
            self._known[database] = self._here.library.version(self._archive.catalogue.database(database))
        return self._known[database]

    def told(self, column: str, database: int | None, value: Any) -> Value:
        """Return an engineering value as JSON has it; an epoch as an instant."""
        compiled = self.compiled(database)
        if compiled is not None and isinstance(compiled.type_of_column(column), AbsoluteTimeType):
            try:
                return utc_text(int(value))
            except (TypeError, ValueError):
                return plain(value)
        return plain(value)


def _sample(name: str, row: dict[str, Any], raw: Raw, types: _Types) -> Sample:
    value = plain(row["value"]) if raw == "true" else types.told(name, row["database"], row["value"])
    return Sample(
        parameter=name, utc=utc_text(row["generated"]), value=value, raw=plain(row["raw"]), quality=row["quality"],
        source=row["source"], row=row["row"], database=row["database"],
    )  # fmt: skip


@router.get("/latest")
def get_latest(
    here: Here, some: SomeCrafts, search: Search = "", container: str = "", limit: Most = 500, after: After = ""
) -> Page[LatestValue]:
    """Return the latest good value of every parameter of a spacecraft, by name, or of those that hold the words of `search`."""
    archive = here.archive()
    words, wanted, keys = words_of(search), sources_of(some), keys_of(here)
    rows = [row for row in archive.latest().sort("parameter").iter_rows(named=True) if wanted is None or row["source"] in wanted]
    rows = [row for row in rows if all(word in row["parameter"].casefold() for word in words)]
    rows = [row for row in rows if not container or row["container"].endswith("/" + container.strip("/"))]
    page, following = paged(rows, [[row["parameter"]] for row in rows], limit, key_of(after, str))
    types, overridden, severities = _Types(here, archive), in_force(here).kinds(), archived_severities(here, archive)

    def told(row: dict[str, Any]) -> LatestValue:
        craft, name = keys.get(row["source"]), row["parameter"]
        severity = severity_of(here, severities, craft or "", name)
        return LatestValue(
            **_latest(row, types), spacecraft=craft, severity=severity, overridden=overridden.get((craft or "", name), [])
        )

    return Page(items=list(map(told, page)), next=following)


def _latest(row: dict[str, Any], types: _Types) -> dict[str, Any]:
    name, compiled = row["parameter"], types.compiled(row["database"])
    kind = None if compiled is None else compiled.type_of_column(name)
    single = is_single(kind)
    value = row["text"] if row["text"] is not None else _number(row["number"], single)
    return {
        "parameter": name, "container": row["container"], "utc": utc_text(row["generated"]),
        "value": types.told(name, row["database"], value),
        "raw": _number(row["raw_number"], single) if row["raw_text"] is None else row["raw_text"],
        "units": "" if kind is None else kind.facts.units, "type": kind_of(kind), "source": row["source"], "row": row["row"],
        "database": row["database"],
    }  # fmt: skip


def _number(value: float | None, single: bool) -> Value:
    whole = number(value)
    return plain(np.float32(value) if single and value is not None else value) if whole is None or single else whole


@router.get("/samples", responses={200: {"content": {OCTETS: BINARY, **TABLES[200]["content"]}}}, response_class=Response)
def get_samples(
    here: Here, parameters: Names, narrowed: IfAny, start: Start = None, stop: Stop = None,
    count: Annotated[int, Query(ge=1, le=MOST_BUCKETS, description="Buckets over the range, about.")] = 600,
    raw: Annotated[bool, Query(description="Fold raw values.")] = False,
    format: Literal["binary", "arrow", "parquet", "csv"] = "binary",
) -> Response:  # fmt: skip
    """Return parameters folded into buckets on one grid of times, for plots: minimum, maximum, mean, and how many samples.

    binary is, little-endian: a uint32, the octets of a JSON header; the header; then float64 numbers: `t` of all buckets
    (milliseconds of UTC since 1970), and for each series in turn `min`, `max`, `mean` and `count` of all buckets. NaN is a gap;
    a bucket with count 0 and a number carries a line on between samples that are as near as usual. Exactly the good samples
    with start <= time < stop count. By default the range is that of all samples.
    """
    archive = here.archive()
    check_range(start, stop)
    names = _resolved(here, archive, parameters, narrowed)
    grid = on_grid(archive, names, count, start, stop, raw=raw, sources=narrowed.among if narrowed else None)
    series = [_series(here, archive, grid, place, raw) for place in range(len(names))]
    levels = [one["type"] in ("Enumerated", "Boolean", "String") for one in series]
    if format != "binary":
        table = tabled(grid, levels)
        return table_answer(format, "samples", table.schema, lambda: iter([table]))
    header = {
        "buckets": int(grid.times.size), "bucket_s": seconds(grid.width_ns), "start": utc_text(grid.start),
        "stop": utc_text(grid.stop), "raw": raw, "series": series,
    }  # fmt: skip
    return Response(packed(grid, header, levels), media_type=OCTETS)


def _series(here: Centre, archive: Archive, grid: Grid, place: int, raw: bool) -> dict[str, Any]:
    one = grid.series[place]
    versions = archive.catalogue.databases()
    kinds = (here.library.version(version).type_of_column(one.parameter) for version in reversed(versions))
    kind = next((each for each in kinds if each is not None), None)
    labels = labels_of(kind)
    return {
        "name": one.parameter, "units": "" if kind is None or raw else kind.facts.units, "type": kind_of(kind),
        "samples": int(one.count.sum()), "labels": [label.model_dump() for label in labels],
    }  # fmt: skip
