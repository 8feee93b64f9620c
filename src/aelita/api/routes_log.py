"""The operator log: written once, never changed, found by words; handover of a shift; pass reports."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from . import log_tables
from .answers import PROBLEMS, GivenInstant, Instant
from .audit import note
from .centre import Centre, centre
from .identity import Identity, may
from .log_tables import HANDOVER, LONGEST, Entry, Sought, Written
from .operator_log import EntryItem, Handover, handover, items_of
from .paging import LARGEST, After, Limit, Page, cursor_of, key_of
from .values import check_range

router = APIRouter(tags=["log"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Writer = Annotated[Identity, Depends(may("log.write"))]
Category = Literal["note", "operation", "anomaly", "command", "station", "instrument", "handover", "pass"]
Number = Annotated[int, Field(ge=1, lt=LARGEST)]
SinceQuery = Annotated[Instant, Query(description="Since when, by the mission's clock; default: the last handover, or 12 hours.")]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]


class NewEntry(BaseModel):
    """An entry to be written. `at` is when it happened by the mission's clock, default now; `refers` an entry it is about.

    With `corrects` it says what that entry should have said.
    """

    model_config = ConfigDict(extra="forbid")
    text: Words
    category: Literal["note", "operation", "anomaly", "command", "station", "instrument"] = "note"
    spacecraft: str = Field("", max_length=64)
    at: GivenInstant = None
    refers: Number | None = None
    corrects: bool = False


class NewHandover(BaseModel):
    """What those who go tell those who come; what stands is added by the centre."""

    model_config = ConfigDict(extra="forbid")
    text: Words
    since: GivenInstant = None


@router.get("/log")
def list_log(
    here: Here,
    search: Annotated[str, Query(max_length=500, description="Words that an entry has, or their beginnings.")] = "",
    category: Annotated[list[Category] | None, Query(description="Only of these.")] = None,
    spacecraft: Annotated[str, Query(max_length=64)] = "",
    user: Annotated[str, Query(max_length=128)] = "",
    refers: Annotated[int | None, Query(ge=1, lt=LARGEST, description="Only what refers to this entry.")] = None,
    start: Instant = None,
    stop: Instant = None,
    limit: Limit = 500,
    after: After = "",
) -> Page[EntryItem]:
    """List the entries of the log, latest first; `start` and `stop` go by when it happened."""
    check_range(start, stop)
    sought = Sought(search, tuple(category or ()), spacecraft, user, start, stop, refers)
    key = key_of(after, int)
    found = log_tables.entries(here.records, sought, limit=limit + 1, before=key[0] if key else None)
    following = cursor_of([found[limit - 1].number]) if len(found) > limit else None
    return Page[EntryItem](items=items_of(here, found[:limit]), next=following)


@router.post("/log", status_code=201)
def write_entry(here: Here, request: Request, who: Writer, asked: NewEntry) -> EntryItem:
    """Write an entry. It stays as it is."""
    if asked.corrects and asked.refers is None:
        raise HTTPException(400, "A correction names in `refers` the entry that it corrects.")
    one = Written(
        who.user, asked.category, asked.text, asked.spacecraft, asked.refers, asked.corrects, asked.at or 0,
    )  # fmt: skip
    return _written(here, request, one)


@router.get("/log/handover")
def gather_handover(here: Here, since: SinceQuery = None) -> Handover:
    """Gather what a shift hands over: open alarms, lines, anomalies, passes, last entries."""
    return handover(here, since)


@router.post("/log/handover", status_code=201)
def hand_over(here: Here, request: Request, who: Writer, asked: NewHandover) -> EntryItem:
    """Hand over: an entry with the words of who goes, and with what stands at this moment."""
    gathered = handover(here, asked.since).model_dump(mode="json")
    for name in ("anomalies", "passes", "entries"):
        gathered[name] = [one["number"] for one in gathered[name]]
    return _written(here, request, Written(who.user, HANDOVER, asked.text, data=gathered))


@router.get("/log/{number}")
def get_entry(here: Here, number: Annotated[int, Field(ge=1, lt=LARGEST)]) -> EntryItem:
    """Return an entry."""
    with here.records.session() as session:
        found = session.get(Entry, number)
    if found is None:
        raise HTTPException(404, f"The log has no entry {number}.")
    return items_of(here, [found])[0]


def _written(here: Centre, request: Request, one: Written) -> EntryItem:
    entry = log_tables.write(here.records, one, here.clock.now())
    assert entry is not None  # it has no key
    note(request, "log.written", number=entry.number, category=entry.category)
    return items_of(here, [entry])[0]
