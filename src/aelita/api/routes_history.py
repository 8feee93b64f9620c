"""Completeness, events, limit transitions and what was ingested."""

import threading
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import BaseModel

from ..archive import Archive, Completeness, Order
from ..mdb import Severity
from ..records import EVENTS, LIMITS
from .answers import PROBLEMS, Instant, UtcText, Value, plain, utc_text
from .centre import Centre, centre
from .identity import may
from .listed import LimitOrAll, Listed, having, listed_page, listed_table, of_sources
from .paging import After, Direction, Limit, Page, key_of, paged, words_of
from .spacecraft import SomeCrafts, TheCraft, keys_of, sources_of
from .tables import TABLES, FormatQuery
from .values import check_range

router = APIRouter(tags=["history"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Search = Annotated[str, Query(description="Words that must all be found.", max_length=500)]
SeverityQuery = Annotated[int, Query(ge=0, le=5, description="Only of this severity or above.")]
SourceQuery = Annotated[int | None, Query(ge=0, lt=1 << 31, description="Only of this source, by its number.")]
EVENT_LEVELS = {0: "unjudged", 1: "information", 2: "low", 3: "medium", 4: "high"}
LEVELS = {severity.value: severity.name.lower() for severity in Severity}
MOST_KEPT = 32


class EventItem(BaseModel):
    """An event that a spacecraft reported: 1 information to 4 high, 0 unjudged, since its packet is damaged.

    `details` are its decoded fields as JSON text, `data` its octets in hexadecimal.
    """

    source: int
    row: int
    spacecraft: str | None
    utc: UtcText
    severity: int
    level: str
    name: str
    message: str
    details: str
    data: str


class TransitionItem(BaseModel):
    """A change of the severity of a parameter's limits (0 normal to 5 severe), and the value that made it."""

    source: int
    row: int
    spacecraft: str | None
    utc: UtcText
    parameter: str
    before: int
    after: int
    level: str
    value: Value
    text: str | None


class SourceItem(BaseModel):
    """What was ingested: a recording, or a live stream (`live`, which never is complete), and what it gave."""

    source: int
    name: str
    spacecraft: str | None
    station: str | None
    live: bool
    size: int | None
    digest: str
    database: int | None
    complete: bool
    batches: int
    frames: int
    bad_frames: int
    gaps: int
    lost: int
    packets: int
    idle: int
    duplicates: int
    events: int
    samples: int
    quarantined: int
    quarantined_octets: int
    first: UtcText
    last: UtcText


class ChannelCompleteness(BaseModel):
    """A virtual channel of a source, or of all (`source` null). `missing` are lost frames that did not come late either."""

    source: int | None
    virtual_channel: int | None
    frames: int
    bad: int
    resent: int
    late: int
    gaps: int
    lost: int
    missing: int
    first_received: UtcText
    last_received: UtcText


class PacketCompleteness(BaseModel):
    """An application process of a source, or of all (`source` null); `missing` are sequence counts."""

    source: int | None
    apid: int | None
    packets: int
    bad: int
    gaps: int
    missing: int
    restarts: int
    first: UtcText
    last: UtcText


class GapItem(BaseModel):
    """A hole in a virtual channel, between the packets of two generation times."""

    source: int
    virtual_channel: int
    after_frame: int
    expected: int
    found: int
    lost: int
    start: UtcText
    stop: UtcText


class MissingItem(BaseModel):
    """A hole in the sequence counts of an application process, of a source or of all (`source` null)."""

    source: int | None
    apid: int
    after: int
    before: int
    missing: int
    start: UtcText
    stop: UtcText


class CompletenessAnswer(BaseModel):
    """What is there and what is not. `gaps` and `missing` are the latest ones, `gaps_total` and `missing_total` how many."""

    spacecraft: str
    channels: list[ChannelCompleteness]
    packets: list[PacketCompleteness]
    gaps: list[GapItem]
    gaps_total: int
    missing: list[MissingItem]
    missing_total: int


@router.get("/events", responses=TABLES, response_model=Page[EventItem])
def list_events(
    here: Here, some: SomeCrafts, start: Instant = None, stop: Instant = None, severity: SeverityQuery = 0, search: Search = "",
    source: SourceQuery = None, order: Direction = "asc", format: FormatQuery = "json", limit: LimitOrAll = None,
    after: After = "",
) -> Page[EventItem] | Response:  # fmt: skip
    """List the events that a spacecraft reported, by generation time."""
    check_range(start, stop)
    archive = here.archive()
    where = (*of_sources(sources_of(some)), *having(words_of(search), ("name", "message", "details")))
    where += (pl.col("severity") >= severity,) if severity else ()
    where += () if source is None else (pl.col("source") == source,)
    listed = Listed("events", EVENTS, Order(("generated", "source", "row"), order == "desc"), where, start, stop)
    if format != "json":
        return listed_table(archive, listed, format, "events", limit, after)
    rows, following = listed_page(archive, listed, limit, after)
    keys = keys_of(here)
    return Page(items=[_event(row, keys) for row in rows], next=following)


def _event(row: Mapping[str, Any], keys: Mapping[int, str]) -> EventItem:
    severity = int(row["severity"] or 0)
    return EventItem(
        source=row["source"], row=row["row"], spacecraft=keys.get(row["source"]), utc=utc_text(row["generated"]),
        severity=severity, level=EVENT_LEVELS.get(severity, str(severity)), name=row["name"] or "",
        message=row["message"] or "", details=row["details"] or "", data=(row["data"] or b"").hex(),
    )  # fmt: skip


@router.get("/limits", responses=TABLES, response_model=Page[TransitionItem])
def list_limits(
    here: Here, some: SomeCrafts, start: Instant = None, stop: Instant = None, severity: SeverityQuery = 0, search: Search = "",
    source: SourceQuery = None, order: Direction = "asc", format: FormatQuery = "json", limit: LimitOrAll = None,
    after: After = "",
) -> Page[TransitionItem] | Response:  # fmt: skip
    """List when parameters went out of their limits and came back, by generation time; `severity` is that before or after."""
    check_range(start, stop)
    archive = here.archive()
    where = (*of_sources(sources_of(some)), *having(words_of(search), ("parameter",)))
    where += (pl.max_horizontal("before", "after") >= severity,) if severity else ()
    where += () if source is None else (pl.col("source") == source,)
    listed = Listed("limits", LIMITS, Order(("generated", "source", "row", "parameter"), order == "desc"), where, start, stop)
    if format != "json":
        return listed_table(archive, listed, format, "limits", limit, after)
    rows, following = listed_page(archive, listed, limit, after)
    keys = keys_of(here)
    return Page(items=[_transition(row, keys) for row in rows], next=following)


def _transition(row: Mapping[str, Any], keys: Mapping[int, str]) -> TransitionItem:
    worse = int(row["after"] or 0)
    return TransitionItem(
        source=row["source"], row=row["row"], spacecraft=keys.get(row["source"]), utc=utc_text(row["generated"]),
        parameter=row["parameter"], before=int(row["before"] or 0), after=worse, value=plain(row["value"]), text=row["text"],
        level=LEVELS.get(worse, str(worse)),
    )  # fmt: skip


@router.get("/sources")
def list_sources(here: Here, some: SomeCrafts, search: Search = "", limit: Limit = 500, after: After = "") -> Page[SourceItem]:
    """List the recordings and live streams in the archive, and what each gave."""
    rows, wanted, keys, words = here.archive().sources().to_dicts(), sources_of(some), keys_of(here), words_of(search)
    found = [_source(row, keys) for row in rows if wanted is None or row["source"] in wanted]
    found = [one for one in found if all(word in f"{one.name} {one.spacecraft} {one.station}".casefold() for word in words)]
    items, following = paged(found, [[one.source] for one in found], limit, key_of(after, int))
    return Page(items=items, next=following)


def _source(row: Mapping[str, Any], keys: Mapping[int, str]) -> SourceItem:
    live = row["size"] is None or row["size"] < 0
    return SourceItem.model_validate(
        dict(row) | {
            "spacecraft": keys.get(row["source"]), "live": live, "size": None if live else row["size"],
            "first": utc_text(row["first"]), "last": utc_text(row["last_time"]),
        }
    )  # fmt: skip


@router.get("/completeness")
def get_completeness(here: Here, craft: TheCraft, source: SourceQuery = None, limit: Limit = 500) -> CompletenessAnswer:
    """Return what of a spacecraft was received and what is missing, by virtual channel and application process."""
    archive = here.archive()
    if source is not None and source not in craft.sources:
        raise HTTPException(404, f"{craft.key} has no source {source}.")
    found = _completeness(archive, source, craft.among)
    gaps, missing = found.gaps, found.missing
    return CompletenessAnswer(
        spacecraft=craft.key,
        channels=[ChannelCompleteness.model_validate(row) for row in _told(found.channels)],
        packets=[PacketCompleteness.model_validate(row) for row in _told(found.packets)],
        gaps=[GapItem.model_validate(row) for row in _told(gaps.tail(limit))],
        gaps_total=len(gaps),
        missing=[MissingItem.model_validate(row) for row in _told(missing.tail(limit))],
        missing_total=len(missing),
    )


INSTANTS = ("first", "last_time", "start", "stop", "first_received", "last_received")


def _told(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows with their times as instants."""
    told = [{name: utc_text(value) if name in INSTANTS else value for name, value in row.items()} for row in rows.to_dicts()]
    return [row | ({"last": row["last_time"]} if "last_time" in row else {}) for row in told]


_kept: dict[tuple[str, int | None, tuple[int, ...]], tuple[tuple[int, ...], Completeness]] = {}
_turn = threading.Lock()


def _completeness(archive: Archive, source: int | None, among: Sequence[int] | None) -> Completeness:
    """Return what is there, as it was found before when no table has changed since: all packets are read for it."""
    key = str(archive.path), source, tuple(among or ())
    versions = tuple(archive.tables[name].version for name in ("packets", "frames", "gaps"))
    with _turn:
        kept = _kept.get(key)
    if kept is not None and kept[0] == versions:
        return kept[1]
    found = archive.completeness(source, sources=among)
    with _turn:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[key] = versions, found
    return found
