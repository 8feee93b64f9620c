"""Stations and links: what each line brings, what antennas are booked for, and what contacts brought."""

from functools import partial
from typing import Any

from nicegui import PageArguments, ui

from ...errors import AelitaError, TimeError
from ..asking import ask
from ..look import say
from ..widgets import Column, ContactBar, Table
from . import frame
from .asked import Who, act, rows_of, shown_instant, spacecraft, told_in_words, typed_instant, who
from .page import Page


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `station`, the one that is shown."""
    looks, crafts = await who(), await spacecraft()
    with frame.page("page.stations") as head:
        with (
            ui.element("div").classes("a-grid").style("grid-template-rows:minmax(130px,.8fr) minmax(150px,1fr) minmax(150px,1fr)")
        ):
            with frame.card(say("overview.links"), flush=True):
                _links()
            with frame.card(say("stations.contacts"), flush=True):
                bar = ContactBar(on_select=lambda one: _shown(one, looks, bar, details))
            with ui.element("div").classes("a-grid a-three").style("min-height:0"):
                with frame.card(say("stations.stations")):
                    place = ui.element("div")
                with frame.card(say("stations.chosen")), ui.element("div").style("min-height:100%") as details:
                    frame.empty(say("stations.choose"))
        with head:
            frame.grow()
            act(say("stations.book"), lambda: _book(looks, crafts, keys, bar), "station.book", looks, kind="pri")
    keys: dict[str, str] = {}

    async def read() -> None:
        place.clear()
        with place:
            await frame.shown(partial(ask, "GET", "stations"), partial(_stations, keys))

    await read()


def _links() -> None:
    columns = [
        Column("station", say("column.station"), "text", "minmax(86px,1fr)"),
        Column("spacecraft", say("column.spacecraft"), "dim", 80),
        Column("agency", say("column.agency"), "dim", 96, least=900),
        Column("state", say("stations.sle"), "text", "minmax(70px,1fr)", least=600),
        Column("lock", say("column.lock"), "lock", "minmax(104px,1fr)"),
        Column("production", say("stations.production"), "dim", "minmax(70px,1fr)", least=1050),
        Column("bit_rate", say("column.rate"), "bits", 104),
        Column("frames_per_s", say("stations.frames.s"), "number", 96, least=760),
        Column("frames", say("column.frames"), "count", 90, least=980),
        Column("missed", say("column.missed"), "count", 84),
        Column("last_frame_s", say("column.last"), "span", 98, least=560),
        Column("elevation_deg", say("column.elevation"), "degrees", 82),
        Column("light_time_s", say("clock.owlt"), "span", 108, least=1120),
        Column("why", say("stations.why"), "text", "minmax(70px,1.2fr)", least=700),
    ]
    Table(
        columns, label=say("overview.links"), topic={"topic": "links", "rate_hz": 2}, key="station",
        empty=(say("overview.no.links"), say("overview.no.links.hint")),
    )  # fmt: skip


def _stations(keys: dict[str, str], told: Any) -> None:
    """Show the stations of the mission."""
    rows = rows_of(told, "stations")
    keys.update({str(one.get("key") or one.get("station")): str(one.get("name") or one.get("key")) for one in rows})
    if not rows:
        frame.empty(say("stations.none"))
        return
    heads = ("column.station", "column.agency", "stations.dish", "column.elevation", "stations.state")
    with ui.element("table").classes("x-table") as table:
        table.props["aria-label"] = say("stations.stations")
        with ui.element("thead"), ui.element("tr"):
            for word in heads:
                frame.text(say(word), "th")
        with ui.element("tbody"):
            for one in rows:
                with ui.element("tr"):
                    with ui.element("td"):
                        frame.text(one.get("name") or one.get("key"), "b")
                    frame.text(one.get("agency") or "–", "td", "mut")
                    frame.text(_dish(one), "td", "mono")
                    frame.text(_degrees(one.get("minimum_elevation_deg")), "td", "mono")
                    frame.text(_state(one), "td")


def _dish(one: dict[str, Any]) -> str:
    return f"{one['dish_m']:g} m" if isinstance(one.get("dish_m"), int | float) else "–"


def _degrees(value: Any) -> str:
    return f"≥ {value:g}°" if isinstance(value, int | float) else "–"


def _state(one: dict[str, Any]) -> str:
    here = one.get("operated", one.get("here", one.get("online")))
    return "–" if here is None else say("stations.here" if here else "stations.not.here")


def _shown(one: dict[str, Any], looks: Who, bar: ContactBar, place: ui.element) -> None:
    """Show a booking or a contact."""
    place.clear()
    named = {
        "station": "column.station", "spacecraft": "column.spacecraft", "reference": "stations.reference", "start": "act.from",
        "stop": "act.to", "agencies": "column.agency",
    }  # fmt: skip
    with place:
        rows: list[tuple[str, object]] = []
        for key, word in named.items():
            value = shown_instant(one.get(key)) if key in ("start", "stop") else told_in_words(one.get(key))
            rows.append((say(word), say("stations.until.notice") if key == "stop" and not one.get("stop") else value))
        more = {key: value for key, value in one.items() if key not in named and key not in ("kind", "now")}
        frame.pairs(rows + [(key.replace("_", " "), _told(value)) for key, value in more.items()])
        reference = one.get("reference")
        if reference and one.get("kind", "booking") == "booking":
            with ui.element("div").style("margin-top:10px"):
                act(say("stations.cancel"), partial(_cancel, one, bar), "station.book", looks, kind="danger small")


def _told(value: Any) -> str:
    text = told_in_words(value)
    return shown_instant(text) if len(text) > 18 and text[4:5] == "-" and text[10:11] == "T" else text


async def _cancel(one: dict[str, Any], bar: ContactBar) -> None:
    if await frame.sure(f"{say('stations.cancel.sure')} {one['station']}, {one['reference']}", say("stations.cancel")):
        query = {"station": one["station"]}
        await frame.tried(ask("DELETE", f"bookings/{one['station']}/{one['reference']}", query=query), say("done"))
        bar.read()


async def _book(looks: Who, crafts: list[str], stations: dict[str, str], bar: ContactBar) -> None:
    """Ask for a booking, and make it."""
    with frame.dialog(say("stations.book")) as dialog, ui.element("div").classes("x-form"):
        station = frame.select(say("column.station"), stations or {"": "–"}, next(iter(stations), ""), width="100%")
        craft = frame.select(
            say("column.spacecraft"), {one: one for one in crafts} or {"": "–"}, next(iter(crafts), ""), width="100%"
        )
        start = frame.field(say("stations.from.hint"), width="100%", mono=True, keep="book-start")
        stop = frame.field(say("stations.to.hint"), width="100%", mono=True, keep="book-stop")

        async def send() -> None:
            try:
                span = {key: typed_instant(str(one.value or "")) or None for key, one in (("start", start), ("stop", stop))}
                told = await ask("POST", "bookings", body={"station": station.value, "spacecraft": craft.value, **span})
            except (AelitaError, TimeError) as error:
                frame.tell(str(error), bad=True)
                return
            for name in ("book-start", "book-stop"):
                frame.forget(name)
            against = (told or {}).get("against") or (told or {}).get("warnings") or []
            frame.tell("\n".join([say("done"), *map(str, against)]))
            dialog.submit(True)

        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), lambda: dialog.submit(False))
            frame.button(say("stations.book"), send, "pri").props("data-send=1")
    if await dialog:
        bar.read()
    dialog.delete()


PAGE = Page("/stations", "page.stations", "group.operations", "satellite_alt", "s", build)
