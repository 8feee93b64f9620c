"""Flight dynamics: when stations see spacecraft, light times, events of orbits, and where everything is."""

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, Query, Request

from ..errors import UsageError
from ..time import NO_TIME
from .answers import PROBLEMS, Instant, utc_text
from .identity import may
from .navigation_desk import NavigationDesk, bounded
from .navigation_items import (
    LightTimeItem,
    LightTimeItems,
    NavigationEvent,
    NavigationEvents,
    NavigationPass,
    NavigationPasses,
    NavigationStates,
)

if TYPE_CHECKING:
    import polars as pl

    from ..services import navigation, whereabouts

router = APIRouter(prefix="/navigation", tags=["navigation"], dependencies=[Depends(may("view"))], responses=PROBLEMS)

MOST_PASS_DAYS = 800.0  # of spacecraft and stations together with it: 366 days of two spacecraft over all stations of ExoMars
MOST_PASS_CELLS = 8_000.0  # days by spacecraft by stations
MOST_LIGHT_ROWS, LIGHT_DAYS = 5_000, 40_000.0
MOST_EVENT_DAYS, MOST_CONJUNCTION_DAYS = 31.0, 4_000.0
MOST_TARGETS, MOST_STATES, STATE_DAYS = 12, 2_000, 40_000.0
Name = Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_. -]+$")]
Names = Annotated[list[str], Query(max_length=MOST_TARGETS)]


def desk_of(request: Request) -> NavigationDesk:
    """Return the desk of the centre: a dependency of its routes."""
    found = request.app.state.navigation
    assert isinstance(found, NavigationDesk)
    return found


Desk = Annotated[NavigationDesk, Depends(desk_of)]


@router.get("/passes")
def passes(
    desk: Desk, spacecraft: Names, start: Instant = None, stop: Instant = None, station: Names = [],  # noqa: B006
) -> NavigationPasses:  # fmt: skip
    """List when spacecraft stand over the horizons of stations (of all when none is named), by instants of reception."""
    first, last = bounded(start, stop, MOST_PASS_DAYS, "passes")
    sky = desk.sky
    craft, stations = _named(spacecraft, "spacecraft"), tuple(one.key for one in sky.stations(station))
    cells = (last - first) / 86_400e9 * len(craft) * len(stations)
    if cells > MOST_PASS_CELLS:
        raise UsageError(
            f"{cells:,.0f} days of spacecraft and stations at once", remedy=f"Ask for {MOST_PASS_CELLS:,.0f} at most"
        )
    found = desk.answer(("passes", craft, stations, first, last), lambda: sky.passes(craft, first, last, stations=stations))
    return NavigationPasses(rows=[NavigationPass(**row) for row in _rows(found.sort("start", "station"))])


@router.get("/light-time")
def light_time(
    desk: Desk,
    observer: Name,
    spacecraft: Name,
    at: Instant = None,
    stop: Instant = None,
    step_s: Annotated[float, Query(ge=0.001, le=1e8)] = 600.0,
) -> LightTimeItems:
    """Tell how long light takes between an observer and a spacecraft, at an instant at the observer or every so many seconds."""
    if at is None:
        raise UsageError("the light time of which instant?", remedy="Give at")
    last = at if stop is None or stop == at else bounded(at, stop, LIGHT_DAYS, "light times")[1]
    count = (last - at) / (step_s * 1e9) + 1
    if count > MOST_LIGHT_ROWS:
        raise UsageError(f"{count:,.0f} light times at once", remedy=f"Ask for {MOST_LIGHT_ROWS:,} at most: a longer step_s")
    epochs = [at + round(number * step_s * 1e9) for number in range(int(count))]
    sky = desk.sky
    found = desk.answer(("light", observer, spacecraft, at, last, step_s), lambda: sky.light_time(observer, spacecraft, epochs))
    rows = _rows(found)
    return LightTimeItems(rows=[LightTimeItem(**row | {"at": utc_text(when)}) for row, when in zip(rows, epochs, strict=True)])


@router.get("/events")
def events(
    desk: Desk, spacecraft: Name, start: Instant = None, stop: Instant = None, kind: Names = [],  # noqa: B006
) -> NavigationEvents:  # fmt: skip
    """List events of a spacecraft's orbit, and solar conjunctions, of the kinds that are named (of all when none is).

    The orbit is that of kernels, else of the product that was made last of those that hold it.
    """
    from ..services import whereabouts

    kinds = whereabouts.check_kinds(kind)
    most = MOST_CONJUNCTION_DAYS if kinds == ("conjunction",) else MOST_EVENT_DAYS
    first, last = bounded(start, stop, most, "events")
    sky = desk.sky
    found, known = desk.answer(
        ("events", spacecraft, first, last, kinds), lambda: _events(desk, sky, spacecraft, first, last, kinds)
    )
    rows = [
        NavigationEvent(
            kind=one.kind, start=utc_text(one.start), stop=utc_text(NO_TIME if one.stop is None else one.stop),
            value=one.value, unit=one.unit, about=one.about,
        )
        for one in found
    ]  # fmt: skip
    return NavigationEvents(rows=rows, known=known)


def _events(
    desk: NavigationDesk, sky: "navigation.Sky", spacecraft: str, start: int, stop: int, kinds: tuple[str, ...]
) -> "tuple[list[whereabouts.OrbitEvent], str]":
    """Return the events of a spacecraft, and from what its orbit is known."""
    from ..services import whereabouts

    body, target = desk.body_of(spacecraft), sky.target(spacecraft)
    centre = target.through or "MARS"
    known: str = ""
    motions: tuple[whereabouts.KnownMotion, ...] = ()
    if set(kinds) != {"conjunction"}:
        motions = whereabouts.motions_in_kernels(body, centre, start, stop)
        known = desk.known(spacecraft, start, stop) or "kernels"  # bodies are no spacecraft
    found = [one for motion in motions for one in whereabouts.orbit_events(motion, kinds=kinds)]
    if "conjunction" in kinds:
        found += whereabouts.sun_conjunctions(target, start, stop)
    found.sort(key=lambda one: (one.start, one.kind))
    return found, known if motions else ""


@router.get("/states")
def states(
    desk: Desk, target: Names, centre: Name = "SUN", start: Instant = None, stop: Instant = None,
    count: Annotated[int, Query(ge=2, le=MOST_STATES)] = 200, frame: Literal["ECLIPJ2000", "J2000"] = "ECLIPJ2000",
) -> NavigationStates:  # fmt: skip
    """Return where bodies and spacecraft are from a centre, at so many instants from start to stop."""
    from ..services import whereabouts

    first, last = bounded(start, stop, STATE_DAYS, "states")
    targets = _named(target, "target")
    epochs = np.linspace(first, last, count, dtype=np.float64).astype(np.int64)
    epochs[0], epochs[-1] = first, last

    def find() -> tuple[dict[str, list[list[float | None]]], dict[str, str]]:
        found, known = {}, {}
        for name in targets:
            places = whereabouts.places_km(desk.body_of(name), desk.body_of(centre), epochs, frame=frame)
            found[name] = [[_number(each) for each in row] for row in places.tolist()]
            if desk.is_spacecraft(name):
                known[name] = desk.known(name, first, last)
        return found, known

    found, known = desk.answer(("states", targets, centre, first, last, count, frame), find)
    utc = [utc_text(one) for one in epochs.tolist()]
    return NavigationStates(centre=centre, frame=frame, utc=utc, states=found, known=known)


def _named(names: list[str], what: str) -> tuple[str, ...]:
    """Return names, each once. Raises UsageError for none, for too many, and for what is no name."""
    kept = tuple(dict.fromkeys(names))
    if not kept or len(kept) > MOST_TARGETS:
        raise UsageError(f"{len(kept)} names of {what}", remedy=f"Give 1 to {MOST_TARGETS}")
    for one in kept:
        if not 0 < len(one) <= 64 or not one.isascii() or not one.isprintable():
            raise UsageError(f"{one[:64]!r} is no name", where=what)
    return kept


def _rows(found: "pl.DataFrame") -> list[dict[str, Any]]:
    """Return rows as JSON has them: instants as texts to the millisecond, what is no number as null."""
    import polars as pl

    instants = [name for name, kind in found.schema.items() if isinstance(kind, pl.Datetime)]
    told = found.with_columns(pl.col(name).dt.round("1ms").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ") for name in instants)
    return [{name: _number(value) for name, value in row.items()} for row in told.to_dicts()]


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
