"""Stations and links: what each line brings, what antennas are booked for, and what contacts brought."""

from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError, TimeError
from ..asking import ask
from ..look import say
from ..widgets import Column, ContactBar, Table
from ..words import WORDS
from . import frame
from .asked import Who, act, rows_of, shown_instant, spacecraft, typed_instant, who
from .page import Page

SPANS = ("1", "6", "24", "168")  # hours
COUNTED = ("frames", "good", "erred", "undetermined", "missing", "losses", "ended")


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `span_h` and `from` of the contacts, and `at`, the booking or contact that is chosen."""
    query = args.query_parameters
    looks, crafts = await who(), await spacecraft()
    with frame.page("page.stations") as head:
        with ui.element("div").classes("a-grid a-rows"):
            with frame.card(say("overview.links"), flush=True):
                _links()
            with frame.card(say("stations.contacts"), flush=True):
                span_h = int(query.get("span_h", "")) if query.get("span_h", "") in SPANS else 6
                bar = ContactBar(
                    span_h=span_h, start=query.get("from", ""), at=query.get("at", ""),
                    on_select=lambda one: _shown(one, looks, bar, details),
                )  # fmt: skip
            with ui.element("div").classes("a-grid a-three a-most"):
                with frame.card(say("stations.stations")):
                    place = ui.element("div")
                with frame.card(say("stations.chosen")), ui.element("div").style("min-height:100%") as details:
                    frame.empty(say("stations.choose"), say("stations.choose.hint"))
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
        Column("state", say("stations.sle"), "text", "minmax(84px,1fr)", least=600, words="sle."),
        Column("lock", say("column.lock"), "lock", "minmax(122px,1fr)"),
        Column("production", say("stations.production"), "dim", "minmax(96px,1fr)", least=1130, words="sle."),
        Column("bit_rate", say("column.rate"), "bits", 104),
        Column("frames_per_s", say("stations.frames.s"), "rate", 92, least=760),
        Column("frames", say("column.frames"), "count", 90, least=980),
        Column("missed", say("column.missed"), "count", 84),
        Column("last_frame_s", say("column.last"), "span", 112, least=560),
        Column("elevation_deg", say("column.elevation"), "degrees", 96, least=780),
        Column("light_time_s", say("clock.owlt"), "span", 108, least=1260),
        Column("why", say("stations.why"), "text", "minmax(70px,1.2fr)", least=840),
    ]
    links = Table(
        columns, label=say("overview.links"), topic={"topic": "links", "rate_hz": 2}, key="station+spacecraft+agency",
        empty=(say("overview.no.links"), say("overview.no.links.hint")),
    )  # fmt: skip
    links.classes("g-fit")


def _stations(keys: dict[str, str], told: Any) -> None:
    """Show the stations of the mission, those operated here first."""
    rows = sorted(rows_of(told), key=lambda one: not one["operated"])
    keys.update({one["key"]: one["name"] for one in rows if one["operated"]})
    if not rows:
        frame.empty(say("stations.none"))
        return
    heads = (
        "column.station", "column.agency", "stations.dish", "column.elevation", "stations.bands", "stations.last",
        "stations.state",
    )  # fmt: skip
    with ui.element("table").classes("x-table") as table:
        table.props["aria-label"] = say("stations.stations")
        with ui.element("thead"), ui.element("tr"):
            for word in heads:
                frame.text(say(word), "th")
        with ui.element("tbody"):
            for one in rows:
                with ui.element("tr"):
                    with ui.element("td"):
                        frame.text(one["name"], "b")
                    frame.text(one["agency"], "td", "mut n")
                    frame.text(f"{one['dish_m']:g} m", "td", "mono n")
                    frame.text(f"≥ {one['minimum_elevation_deg']:g}°", "td", "mono n")
                    frame.text(", ".join(one["bands"]) or "–", "td", "mut")
                    frame.text(shown_instant(one["last_contact"]), "td", "mono mut n")
                    with ui.element("td"):
                        if one["operated"]:
                            frame.text(say("stations.here"), "span", "x-tag pass")
                        if one["booked"]:
                            frame.text(say("stations.booked"), "span", "x-tag")


def _shown(one: dict[str, Any], looks: Who, bar: ContactBar, place: ui.element) -> None:
    """Show a booking, or what a contact brought."""
    booking = one["kind"] == "booking"
    place.clear()
    with place:
        rows: list[tuple[str, object]] = [
            (say("column.kind"), say("stations.booked" if booking else "stations.contact")),
            (say("column.station"), one["station"]),
            (say("column.spacecraft"), one["spacecraft"]),
            (say("stations.reference"), one["reference"]),
            (say("column.agency"), ", ".join(one["agencies"])),
            (say("act.from"), shown_instant(one["start"])),
            (say("act.to"), shown_instant(one["stop"]) if one["stop"] else say("stations.until.notice")),
        ]
        ended = f"ended.{one.get('ended')}"
        shown = one | ({"ended": say(ended)} if ended in WORDS else {})
        counted = [(say(f"stations.count.{name}"), shown.get(name)) for name in COUNTED]
        frame.pairs(rows + [pair for pair in counted if pair[1] is not None])
        if booking:
            with ui.element("div").style("margin-top:10px"):
                act(say("stations.cancel"), partial(_cancel, one, bar), "station.book", looks, kind="danger small")


async def _cancel(one: dict[str, Any], bar: ContactBar) -> None:
    if await frame.sure(f"{say('stations.cancel.sure')} {one['station']}, {one['reference']}", say("stations.cancel")):
        path = f"bookings/{quote(one['station'], safe='')}/{quote(one['reference'], safe='')}"
        await frame.tried(ask("DELETE", path), say("done"))
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
            frame.tell("\n".join([say("done"), *told["warnings"]]))
            dialog.submit(True)

        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), lambda: dialog.submit(False))
            frame.button(say("stations.book"), send, "pri").props("data-send=1")
    if await dialog:
        bar.read()
    dialog.delete()


PAGE = Page("/stations", "page.stations", "group.operations", "satellite_alt", "s", build)
