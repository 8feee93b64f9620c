"""Overrides: limits and calibrations that people replaced for a time; what holds instead, until when, by whom and why."""

from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ..asking import ask
from ..look import say
from ..widgets import Column, Table
from . import frame
from .asked import Who, act, shown_instant, spacecraft, who
from .overriding import Overriding
from .page import Page

AGAIN_S = 3.0
NEEDED = {"limits": "limits.override", "calibration": "calibration.override"}


class Overrides:
    """The state of the page: who looks, and which override is chosen."""

    def __init__(self, query: dict[str, str], looks: Who, crafts: list[str]) -> None:
        self.query = {key: query.get(key, "") for key in ("at", "new", "kind", "spacecraft")}
        self.looks, self.crafts = looks, crafts
        self.table: Table
        self.details: ui.element

    def choose(self, row: dict[str, Any]) -> None:
        """Show an override."""
        frame.remember(at=key_of(row))
        kind, parameter = str(row["kind"]), str(row["parameter"])
        self.details.clear()
        with self.details:
            frame.text(parameter, "b", "mono")
            with ui.element("div").style("margin-top:8px"):
                frame.pairs([
                    (say("column.kind"), say(f"overrides.{kind}")), (say("column.spacecraft"), row["spacecraft"]),
                    (say("overrides.before"), row["before"]), (say("overrides.now"), row["now"]),
                    (say("overrides.until"), shown_instant(row["until"])), (say("overrides.by"), row.get("by")),
                    (say("overrides.reason"), row["reason"]),
                ])  # fmt: skip
            with ui.element("div").classes("a-head").style("margin-top:10px"):
                act(say("overrides.change"), partial(self.make, kind, parameter, str(row["spacecraft"])), NEEDED[kind],
                    self.looks, kind="small").props("data-change=1")  # fmt: skip
                act(say("overrides.end"), partial(self.end, row), NEEDED[kind], self.looks, kind="small danger").props(
                    "data-end=1"
                )
            with ui.element("div").classes("a-head"):
                query = f"spacecraft={quote(str(row['spacecraft']))}&kind=parameter&name={quote(parameter, safe='')}"
                leads = ((f"/database?{query}", "page.database"), (f"/plot?p={quote(parameter, safe='')}", "telemetry.plot"))
                for target, word in leads:
                    with ui.link(target=target).classes("a-btn small"):
                        frame.text(say(word))

    def nothing(self) -> None:
        """Show that no override is chosen, and what overrides are."""
        self.details.clear()
        with self.details:
            frame.empty(say("overrides.choose"), say("overrides.about"))

    async def make(self, kind: str, parameter: str = "", craft: str = "") -> None:
        """Ask for an override, and make it."""
        asking = Overriding(kind, parameter, craft or (self.crafts or [""])[0], self.crafts)
        if await asking.made():
            self.table.read()

    async def end(self, row: dict[str, Any]) -> None:
        """End an override, when it is sure."""
        with frame.dialog(say("overrides.end")) as dialog, ui.element("div").classes("x-form"):
            frame.text(f"{row['parameter']}: {say('overrides.end.sure')}", "p").style("margin:0")
            frame.pairs([(say("overrides.again"), row["before"])])
            reason = frame.field(say("overrides.reason"), many=True, keep="override-end")
            reason.props("rows=2 autofocus")
            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), lambda: dialog.submit(False))
                frame.button(say("overrides.end"), lambda: dialog.submit(True), "danger").props("data-send=1")
        if await dialog:
            query = {key: row[key] for key in ("parameter", "kind", "spacecraft")} | {"reason": str(reason.value or "")}
            if await frame.tried(ask("DELETE", "overrides", query=query), say("overrides.ended")) is not None:
                frame.forget("override-end")
                frame.remember()
                self.nothing()
                self.table.read()
        dialog.delete()


def key_of(row: dict[str, Any]) -> str:
    """Return what names an override in addresses."""
    return f"{row['spacecraft']}/{row['kind']}/{row['parameter']}"


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `at`, the override that is chosen; `new`, a parameter, asks for one of a `kind`."""
    page = Overrides(dict(args.query_parameters), await who(), await spacecraft())
    columns = [
        Column("parameter", say("column.parameter"), "mono", "minmax(150px,1.5fr)"),
        Column("spacecraft", say("column.spacecraft"), "dim", 82, least=760),
        Column("kind", say("column.kind"), "dim", 104, least=560, words="overrides."),
        Column("before", say("overrides.before"), "text", "minmax(90px,1fr)", least=980),
        Column("now", say("overrides.now"), "text", "minmax(110px,1.3fr)"),
        Column("until", say("overrides.until"), "seconds", 162, least=480),
        Column("until", say("overrides.left"), "left", 108),
        Column("by", say("overrides.by"), "dim", 92, least=700),
        Column("reason", say("overrides.reason"), "text", "minmax(90px,1fr)", least=860),
    ]
    with frame.page("page.overrides") as head:
        with ui.element("div").classes("a-grid a-side a-more"):
            with frame.card(flush=True):
                page.table = Table(
                    columns, "overrides", label=say("page.overrides"), key="spacecraft+kind+parameter", every=AGAIN_S,
                    at=page.query["at"], on_select=page.choose, empty=(say("overrides.none"), say("overrides.none.hint")),
                )  # fmt: skip
            with frame.card(say("overrides.one")), ui.element("div").style("min-height:100%") as page.details:
                pass
        page.nothing()
        with head:
            frame.field(say("overrides.find"), on_change=page.table.search, find=True, width="220px")
            frame.grow()
            for kind, permission in NEEDED.items():
                act(say(f"overrides.make.{kind}"), partial(page.make, kind), permission, page.looks, kind="pri").props(
                    f"data-make={kind}"
                )
    kind = page.query["kind"] if page.query["kind"] in NEEDED else "limits"
    if page.query["new"] and page.looks.can(NEEDED[kind]):
        parameter, craft = page.query["new"], page.query["spacecraft"]
        frame.remember()
        ui.timer(0.05, partial(page.make, kind, parameter, craft), once=True)


PAGE = Page("/overrides", "page.overrides", "group.operations", "tune", "v", build)
