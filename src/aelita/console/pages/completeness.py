"""Completeness: what was received of each virtual channel and application process, and the holes in it."""

from typing import Any
from urllib.parse import urlencode

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Column, CompletenessView, Table
from . import frame
from .asked import craft_choice, rows_of, spacecraft
from .page import Page


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `spacecraft`, `source`, and `from` and `to` of what is shown."""
    query = {key: args.query_parameters.get(key, "") for key in ("spacecraft", "source")}
    shown = {key: args.query_parameters.get(key, "") for key in ("from", "to")}
    crafts, sources = await spacecraft(), await _sources()
    if len(crafts) > 1 and query["spacecraft"] not in crafts:
        query["spacecraft"] = crafts[0]

    def change(**what: str) -> None:
        query.update(what)
        shown.update({"from": "", "to": ""})
        frame.remember(**query)
        view.ask(**query)

    with frame.page("page.completeness") as head:
        with head:
            craft_choice(crafts, query["spacecraft"], lambda one: change(spacecraft=one, source=""), every=False)
            if len(sources) > 1:
                options = {"": say("completeness.all.sources")} | sources
                chosen = query["source"] if query["source"] in options else ""
                frame.select(say("column.source"), options, chosen, lambda one: change(source=one), "260px")
        with ui.element("div").classes("a-grid").style("grid-template-rows:minmax(0,1fr) auto"):
            with frame.card(flush=True):
                view = CompletenessView(
                    query["spacecraft"], query["source"], start=shown["from"], stop=shown["to"],
                    on_select=lambda told: choose(told), on_range=shown.update,
                )  # fmt: skip
            holes = ui.element("div")

    def packets(apid: int) -> None:
        told = {"apid": str(apid), "spacecraft": query["spacecraft"]} | shown
        ui.navigate.to(f"/packets?{urlencode({key: value for key, value in told.items() if value})}")

    def choose(told: dict[str, Any]) -> None:
        holes.clear()
        if told["id"]:
            with holes, frame.card(f"{say('completeness.holes')}: {told['name']}", flush=True, style="height:210px") as top:
                if told.get("apid") is not None:
                    with top:
                        frame.grow()
                        frame.button(say("completeness.packets.of"), lambda: packets(told["apid"]), "small flat")
                _holes(told["holes"])


async def _sources() -> dict[str, str]:
    try:
        told = rows_of(await ask("GET", "sources"))
    except AelitaError:
        return {}
    return {str(one["source"]): f"{one['source']} · {one.get('name') or '?'}" for one in told}


def _holes(holes: list[dict[str, Any]]) -> None:
    of_frames = bool(holes) and "lost" in holes[0]
    count, since, until = ("lost", "expected", "found") if of_frames else ("missing", "after", "before")
    columns = [
        Column("start", say("completeness.after"), "time", 200),
        Column("stop", say("completeness.before"), "time", 200),
        Column(count, say("column.missing"), "count", 100),
        Column(since, say("completeness.counter.from"), "count", "minmax(90px,1fr)"),
        Column(until, say("completeness.counter.to"), "count", "minmax(90px,1fr)"),
    ]  # fmt: skip
    Table(columns, label=say("completeness.holes"), rows=holes, empty=(say("completeness.whole"), say("completeness.whole.hint")))


PAGE = Page("/completeness", "page.completeness", "group.analysis", "grid_on", "c", build)
