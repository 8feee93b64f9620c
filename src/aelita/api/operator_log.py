"""The operator log as answers tell it, and the handover of a shift: what those who come must know."""

from typing import Any

from pydantic import BaseModel, Field

from ..services import live
from ..time import SECOND
from . import log_tables
from .alarm_items import AlarmItem, OverrideItem, alarm_item
from .answers import UtcText, utc_text
from .centre import Centre
from .in_force import in_force
from .log_tables import ANOMALY, HANDOVER, PASS, Entry, Sought
from .status import Link

USUAL_SHIFT_S = 12 * 3600.0
MOST_ENTRIES, MOST_ALARMS = 100, 200
AHEAD_NS = 24 * 3600 * SECOND


class EntryItem(BaseModel):
    """An entry of the log. `at` is when it was written by this machine's clock, `mission_at` when it happened for the mission.

    Nothing is ever changed: a correction is a new entry that `refers` to this one, and stands in `corrected_by`.
    """

    number: int
    at: UtcText
    mission_at: UtcText
    user: str
    category: str
    spacecraft: str
    text: str
    refers: int | None
    corrects: bool
    corrected_by: list[int]
    data: dict[str, Any] = Field(description="What the centre added: figures of a pass, the state at a handover.")


class BookingAhead(BaseModel):
    """A booking that holds or begins soon; without an end it holds until further notice."""

    station: str
    reference: str
    spacecraft: str
    start: UtcText
    stop: UtcText
    agencies: list[str]


class Handover(BaseModel):
    """What a shift hands over: what stands now, and what was written `since` the last one (or for twelve hours).

    `alive` is false when the streams are not reached: then alarms and lines are those that were known last.
    """

    since: UtcText
    now: UtcText
    alive: bool
    last: int | None = Field(description="Number of the last handover.")
    alarms: list[AlarmItem]
    overrides: list[OverrideItem]
    links: list[Link]
    services: list[str] = Field(description="Services that are not well, and why.")
    bookings: list[BookingAhead]
    anomalies: list[EntryItem]
    passes: list[EntryItem]
    entries: list[EntryItem]


def items_of(here: Centre, found: list[Entry]) -> list[EntryItem]:
    """Return entries as they are told."""
    corrected = log_tables.corrections(here.records, [one.number for one in found])
    return [
        EntryItem(
            number=one.number, at=utc_text(one.at), mission_at=utc_text(one.mission_at), user=one.user, category=one.category,
            spacecraft=one.spacecraft, text=one.text, refers=one.refers, corrects=one.corrects,
            corrected_by=corrected.get(one.number, []), data=one.data,
        )
        for one in found
    ]  # fmt: skip


def handover(here: Centre, since: int | None = None) -> Handover:
    """Gather what a shift hands over, since an instant of the mission's clock (TAI ns)."""
    now, picture = here.clock.now(), here.watch.picture()
    last = next(iter(log_tables.entries(here.records, Sought(categories=(HANDOVER,)), limit=1)), None)
    begun = since if since is not None else last.mission_at if last else now - round(USUAL_SHIFT_S * SECOND)
    seen = here.watch.agencies[here.agency]

    def written(*categories: str) -> list[EntryItem]:
        sought = Sought(categories=categories, start=begun)
        return items_of(here, log_tables.entries(here.records, sought, limit=MOST_ENTRIES))

    others = tuple(one for one in log_tables.CATEGORIES if one not in (HANDOVER, PASS, ANOMALY))
    return Handover(
        since=utc_text(begun), now=utc_text(now), alive=seen.connected, last=last.number if last else None,
        alarms=[alarm_item(one) for one in live.alarms_shown(seen.alarms.state)[:MOST_ALARMS]],
        overrides=in_force(here).items(),
        links=here.feed.seen().links(), services=_unwell(picture), bookings=_ahead(here, now),
        anomalies=written(ANOMALY), passes=written(PASS), entries=written(*others),
    )  # fmt: skip


def _unwell(picture: live.Picture) -> list[str]:
    return [
        f"{one.agency}/{one.service}: {one.status}" + (f" ({'; '.join(one.faults)})" if one.faults else "")
        for one in picture.services
        if one.status != "well" or one.faults
    ]


def _ahead(here: Centre, now: int) -> list[BookingAhead]:
    return [
        BookingAhead(
            station=one.station, reference=one.reference, spacecraft=one.spacecraft, start=utc_text(one.start or None),
            stop=None if one.is_standing else utc_text(one.stop), agencies=list(one.agencies),
        )
        for one in live.BookingDesk(here.installation.folder).booked()
        if one.stop > now and one.start < now + AHEAD_NS and here.agency in one.agencies
    ]  # fmt: skip
