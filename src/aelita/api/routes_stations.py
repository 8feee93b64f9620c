"""Stations: what they are, how their lines are, what they are booked for and what their contacts brought."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from ..agencies import Station
from ..errors import UsageError
from ..services import live
from ..time import tai_ns_from_utc
from .answers import PROBLEMS, GivenInstant, Instant, UtcText, told_problem, utc_text
from .audit import note
from .centre import Centre, centre
from .identity import Identity, may
from .paging import After, Limit, Page, key_of, paged
from .pass_reports import contacts_of
from .status import Link
from .values import check_range

router = APIRouter(tags=["stations"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Booker = Annotated[Identity, Depends(may("station.book"))]
TAKEN: dict[int | str, dict[str, Any]] = {409: told_problem("The station cannot be booked so, and why.")}
StationQuery = Annotated[str, Query(max_length=64, description="Only of this station.")]


class StationItem(BaseModel):
    """A station of the mission. `operated`: by the agency, here; `receives` now these spacecraft that are followed."""

    key: str
    name: str
    network: str
    agency: str
    antenna: str
    dish_m: float
    minimum_elevation_deg: float
    beams: int
    operated: bool
    receives: list[str]
    bands: list[str]
    links: list[Link]
    booked: list[str] = Field(description="References of the bookings that hold now.")
    last_contact: UtcText


class ContactItem(BaseModel):
    """A booking (`kind` booking), or a contact that is over: from its first frame to its last, and what it brought.

    Instants are of the mission's clock; a booking without `stop` holds until further notice.
    """

    kind: Literal["booking", "contact"]
    station: str
    reference: str
    spacecraft: str
    agencies: list[str]
    start: UtcText
    stop: UtcText
    now: bool
    frames: int | None = None
    good: int | None = None
    erred: int | None = None
    undetermined: int | None = None
    missing: int | None = None
    losses: int | None = None
    ended: str | None = None


class NewBooking(BaseModel):
    """A station is wished for a spacecraft: from `start` (default now) until `stop` (default further notice).

    `agencies` may receive, by default the station's own.
    """

    model_config = ConfigDict(extra="forbid")
    station: str = Field(max_length=64)
    spacecraft: str = Field(max_length=64)
    start: GivenInstant = None
    stop: GivenInstant = None
    agencies: list[str] = Field([], max_length=20)
    reference: str = Field("", max_length=40)


class Booked(ContactItem):
    """A booking that was made; `warnings` say what speaks against it without forbidding it."""

    warnings: list[str]


@router.get("/stations")
def list_stations(here: Here) -> Page[StationItem]:
    """List the stations of the mission: what they are, how the agency's lines by them are, what holds now."""
    links, now = here.feed.seen().links(), here.clock.now()
    operated = here.installation.agency(here.agency).stations
    booked = [one for one in _desk(here).booked() if one.covers(now)]
    last = {one["station"]: one.get("last") for one in contacts_of(here)}
    return Page[StationItem](
        items=[
            StationItem(
                **{name: getattr(one, name) for name in ("key", "name", "network", "agency", "antenna", "dish_m", "beams")},
                minimum_elevation_deg=one.minimum_elevation_deg, operated=one.key in operated,
                receives=[craft for craft in here.installation.spacecraft if one.can("receive", craft, now)],
                bands=sorted({band for each in one.capabilities if each.direction == "receive" for band in each.bands}),
                links=[link for link in links if link.station == one.key],
                booked=[each.reference for each in booked if each.station == one.key and _concerns(here, each.agencies, one)],
                last_contact=_instant(last.get(one.key)),
            )
            for one in here.installation.mission.organisation.stations.values()
        ]
    )  # fmt: skip


@router.get("/contacts")
def list_contacts(
    here: Here, station: StationQuery = "", spacecraft: Annotated[str, Query(max_length=64)] = "", start: Instant = None,
    stop: Instant = None, kind: Literal["booking", "contact"] | None = None, limit: Limit = 500, after: After = "",
) -> Page[ContactItem]:  # fmt: skip
    """List bookings and contacts that concern the agency and touch a span of the mission's time, earliest first."""
    check_range(start, stop)
    _check_station(here, station)
    now, stations = here.clock.now(), here.installation.mission.organisation.stations
    found: list[tuple[int, int, ContactItem]] = []
    for one in _desk(here).booked(station) if kind != "contact" else []:
        if _concerns(here, one.agencies, stations[one.station]):
            found.append((one.start, one.stop, _booking(one, now)))
    for report in contacts_of(here, station) if kind != "booking" else []:
        item = _contact(report)
        edges = (_ns(item.start), _ns(item.stop))
        found.append((*edges, item))
    chosen = [
        (begin, item)
        for begin, end, item in found
        if (start is None or end >= start) and (stop is None or begin < stop) and spacecraft in ("", item.spacecraft)
    ]
    chosen.sort(key=lambda one: (one[0], one[1].station, one[1].reference, one[1].kind))
    page, following = paged([item for _, item in chosen], [[n] for n in range(len(chosen))], limit, key_of(after, int))
    return Page[ContactItem](items=page, next=following)


@router.get("/bookings")
def list_bookings(here: Here, station: StationQuery = "") -> Page[ContactItem]:
    """List the bookings that concern the agency."""
    _check_station(here, station)
    now, stations = here.clock.now(), here.installation.mission.organisation.stations
    found = [one for one in _desk(here).booked(station) if _concerns(here, one.agencies, stations[one.station])]
    return Page[ContactItem](items=[_booking(one, now) for one in found])


@router.post("/bookings", status_code=201, responses=TAKEN)
def book(here: Here, request: Request, _: Booker, asked: NewBooking) -> Booked:
    """Book a station of the agency for a spacecraft. 409 says by what it is taken, or why it cannot be."""
    _check_own(here, asked.station)
    about = {"station": asked.station, "spacecraft": asked.spacecraft, "reference": asked.reference}
    try:
        booking, warnings = _desk(here).book(
            asked.station, asked.spacecraft, start=asked.start, stop=asked.stop, agencies=tuple(asked.agencies),
            reference=asked.reference,
        )  # fmt: skip
    except UsageError as error:
        note(request, "station.book.refused", why=str(error), **about)
        raise HTTPException(409, str(error)) from error
    note(request, "station.book", **{**about, "reference": booking.reference}, start=booking.start, stop=booking.stop)
    return Booked(**_booking(booking, here.clock.now()).model_dump(exclude_unset=True), warnings=warnings)


@router.delete("/bookings/{station}/{reference}", status_code=204, responses=TAKEN)
def cancel(here: Here, request: Request, _: Booker, station: str, reference: str) -> None:
    """Cancel what is left of a booking; a contact that goes on ends. What was received stays."""
    _check_own(here, station)
    try:
        _desk(here).cancel(station, reference)
    except UsageError as error:
        note(request, "station.cancel.refused", why=str(error), station=station, reference=reference)
        raise HTTPException(409, str(error)) from error
    note(request, "station.cancel", station=station, reference=reference)


def _desk(here: Centre) -> live.BookingDesk:
    return live.BookingDesk(here.installation.folder, here.agency)


def _concerns(here: Centre, agencies: tuple[str, ...], station: Station) -> bool:
    return here.agency in agencies or station.agency == here.agency


def _check_station(here: Centre, station: str) -> None:
    if station and station not in [key for one in here.installation.agencies for key in one.stations]:
        raise HTTPException(404, f"No station {station!r} is operated here.")


def _check_own(here: Centre, station: str) -> None:
    """HTTPException 404 for no station, 403 for another agency's: its own people book it."""
    known = here.installation.mission.organisation.stations.get(station)
    if known is None:
        raise HTTPException(404, f"The mission has no station {station!r}.")
    if known.agency != here.agency:
        raise HTTPException(403, f"{known.name} is {known.agency}'s: its own people book it.")
    _check_station(here, station)


def _booking(one: Any, now: int) -> ContactItem:
    return ContactItem(
        kind="booking", station=one.station, reference=one.reference, spacecraft=one.spacecraft, agencies=list(one.agencies),
        start=utc_text(one.start or None), stop=None if one.is_standing else utc_text(one.stop), now=one.covers(now),
    )  # fmt: skip


def _contact(report: dict[str, Any]) -> ContactItem:
    names = ("frames", "good", "erred", "undetermined", "missing", "losses", "ended", "station", "reference", "spacecraft")
    known: dict[str, Any] = {name: report.get(name) for name in names}
    return ContactItem(
        **known, kind="contact", agencies=list(report.get("agencies") or ()), now=False,
        start=_instant(report.get("first") or report.get("start")), stop=_instant(report.get("last") or report.get("stop")),
    )  # fmt: skip


def _instant(told: Any) -> str | None:
    return utc_text(_of(told)) if told else None


def _of(told: Any) -> int:
    return tai_ns_from_utc(str(told).rstrip("Z"))


def _ns(told: str | None) -> int:
    return _of(told) if told else 0
