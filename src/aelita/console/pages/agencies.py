"""Agencies: who takes part, what flows between them, who is given what until when, and which role may do what."""

from functools import partial
from typing import Any

from nicegui import PageArguments, ui

from ...agencies import PERMISSIONS
from ..asking import ask
from ..look import say
from ..widgets import Column, StatusTable
from . import frame
from .asked import plain_table, rows_of, shown_instant, told_in_words
from .page import Page

VIEWS = (
    ("streams", "agencies.streams"),
    ("gives", "agencies.gives"),
    ("rights", "agencies.rights"),
    ("roles", "agencies.roles"),
    ("parts", "agencies.parts"),
)


class Agencies:
    """The state of the page: which view."""

    def __init__(self, view: str) -> None:
        self.view = view if view in dict(VIEWS) else "streams"
        self.body: ui.element

    async def choose(self, view: str) -> None:
        """Change to another view."""
        self.view = view
        frame.remember(view="" if view == "streams" else view)
        await self.draw()

    async def draw(self) -> None:
        """Draw the view."""
        self.body.clear()
        with self.body:
            if self.view == "streams":
                _streams()
                return
            build = {"gives": _gives, "rights": _rights, "roles": _roles, "parts": _parts}[self.view]
            await frame.shown(partial(ask, "GET", "agencies"), build)


def _streams() -> None:
    """Show the streams of the agency and its mirrors of others, as they are now."""
    size = Column("octets", say("agencies.size"), "octets", 96, least=760)
    with (
        ui.element("div")
        .classes("a-grid")
        .style("height:100%;grid-template-rows:minmax(110px,.5fr) minmax(140px,1fr) minmax(140px,.8fr)")
    ):
        with frame.card(say("agencies.agencies"), flush=True):
            columns = [
                Column("name", say("column.agency"), "text", "minmax(120px,1fr)"),
                Column("key", say("column.name"), "mono", 120),
                Column("connected", say("agencies.reached"), "yes", 120),
                Column("why", say("stations.why"), "text", "minmax(100px,2fr)", least=480),
            ]
            StatusTable("agencies", columns, label=say("agencies.agencies"), empty=(say("nothing.yet"), ""))
        with frame.card(say("agencies.own"), flush=True):
            columns = [
                Column("agency", say("column.agency"), "dim", 110),
                Column("name", say("agencies.stream"), "mono", "minmax(120px,1fr)"),
                Column("messages", say("agencies.messages"), "count", 110),
                Column("per_s", say("per.second"), "number", 100),
                size,
                Column("fill", say("agencies.fill"), "percent", 90, least=620),
                Column("fault", say("agencies.fault"), "text", "minmax(80px,1fr)", least=700),
            ]
            StatusTable(
                "streams", columns, label=say("agencies.own"), only={"mirror": False}, empty=(say("agencies.no.streams"), "")
            )
        with frame.card(say("agencies.mirrors"), flush=True):
            columns = [
                Column("agency", say("column.agency"), "dim", 110),
                Column("name", say("agencies.mirror"), "mono", "minmax(120px,1fr)"),
                Column("lag", say("agencies.lag"), "count", 110),
                Column("missing", say("column.missing"), "count", 96),
                Column("origin_s", say("agencies.heard"), "span", 120, least=560),
                Column("messages", say("agencies.messages"), "count", 110, least=620),
                size,
                Column("fault", say("agencies.fault"), "text", "minmax(80px,1fr)", least=700),
            ]
            StatusTable(
                "streams", columns, label=say("agencies.mirrors"), only={"mirror": True},
                empty=(say("agencies.no.mirrors"), say("agencies.no.mirrors.hint")),
            )  # fmt: skip


def _gives(told: dict[str, Any]) -> None:
    """Show what is given to whom, of what, until when."""
    rows = rows_of(told.get("gives") or told.get("agreement"), "gives")
    with frame.card(say("agencies.gives"), style="height:100%"):
        if not rows:
            frame.empty(say("agencies.no.gives"), say("agencies.no.gives.hint"))
            return
        heads = [
            say(word)
            for word in (
                "agencies.giver",
                "agencies.receiver",
                "agencies.what",
                "column.spacecraft",
                "act.from",
                "act.to",
                "agencies.basis",
            )
        ]
        plain_table(heads, [_give(one) for one in rows], label=say("agencies.gives"))


def _give(one: dict[str, Any]) -> list[object]:
    def first(*keys: str) -> Any:
        return next((one[key] for key in keys if one.get(key) not in (None, "", [])), None)

    period: dict[str, Any] = one["period"] if isinstance(one.get("period"), dict) else {}
    start, stop = first("start", "from") or period.get("start"), first("stop", "until") or period.get("stop")
    return [
        first("giver", "by", "agency"), first("receiver", "to", "taker"), first("kinds", "kind", "what", "subject"),
        first("spacecraft") or say("all"), shown_instant(start) if start else say("agencies.always"),
        shown_instant(stop) if stop else say("agencies.always"), first("basis", "source"),
    ]  # fmt: skip


def _rights(told: dict[str, Any]) -> None:
    """Show how long data of each instrument belong to its team alone, and what is exempt from it."""
    rights = told.get("data_rights") or told.get("rights") or {}
    rows = rows_of(rights, "rights", "rules", "collections", "exemptions")
    with frame.card(say("agencies.rights"), style="height:100%"):
        if isinstance(rights, dict):
            plain = [
                (key.replace("_", " "), told_in_words(value)) for key, value in rights.items() if not isinstance(value, list)
            ]
            frame.pairs(plain)
        if rows:
            heads = list(dict.fromkeys(key for row in rows for key in row))
            plain_table(
                [head.replace("_", " ") for head in heads],
                [[_when(row.get(head)) for head in heads] for row in rows],
                label=say("agencies.rights"),
            )
        if not rights:
            frame.empty(say("agencies.no.rights"), say("agencies.no.rights.hint"))


def _when(value: Any) -> Any:
    text = str(value)
    return shown_instant(text) if isinstance(value, str) and text[10:11] == "T" and text.endswith("Z") else value


def _roles(told: dict[str, Any]) -> None:
    """Show which role may do what."""
    rows = rows_of(told.get("roles"))
    with frame.card(say("agencies.roles"), style="height:100%"):
        if not rows:
            frame.empty(say("agencies.no.roles"))
            return
        with ui.element("table").classes("x-table") as table:
            table.props["aria-label"] = say("agencies.roles")
            with ui.element("thead"), ui.element("tr"):
                frame.text(say("agencies.permission"), "th")
                for row in rows:
                    with ui.element("th").classes("c") as head:
                        frame.text(row.get("title") or row.get("key"), "span", "x-turn")
                    head.props["title"] = told_in_words(row.get("centres"))
            with ui.element("tbody"):
                for permission, meaning in PERMISSIONS.items():
                    _permission(permission, meaning, rows)


def _permission(permission: str, meaning: str, roles: list[dict[str, Any]]) -> None:
    with ui.element("tr") as line:
        line.props["title"] = meaning
        frame.text(permission, "td", "mono")
        for role in roles:
            allowed = permission in (role.get("may") or ())
            with ui.element("td").classes("c"):
                frame.text("●" if allowed else "·", "span", "x-yes" if allowed else "dim").props("aria-hidden=true")
                frame.text(say("yes" if allowed else "no"), "span", "only-read")


def _parts(told: dict[str, Any]) -> None:
    """Show agencies, centres and instruments."""
    with ui.element("div").classes("a-grid").style("height:100%;grid-template-rows:auto minmax(0,1fr);overflow:auto"):
        with frame.card(say("agencies.centres")):
            centres = rows_of(told.get("centres"))
            heads = [say(word) for word in ("column.name", "column.agency", "agencies.place", "agencies.tasks")]
            rows = [[one.get("name") or one.get("key"), one.get("agency"), one.get("place"), one.get("tasks")] for one in centres]
            plain_table(heads, rows, label=say("agencies.centres"))
        with frame.card(say("agencies.instruments")):
            instruments = rows_of(told.get("instruments"))
            heads = [
                say(word) for word in ("column.name", "column.spacecraft", "column.agency", "agencies.lead", "agencies.measures")
            ]
            rows = [
                [
                    one.get("name") or one.get("key"),
                    one.get("spacecraft"),
                    one.get("agency"),
                    one.get("lead"),
                    one.get("measures"),
                ]
                for one in instruments
            ]
            plain_table(heads, rows, label=say("agencies.instruments"))


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `view`."""
    page = Agencies(args.query_parameters.get("view", "streams"))
    with frame.page("page.agencies") as head:
        with head:
            frame.segmented([(key, say(word)) for key, word in VIEWS], page.view, page.choose, label=say("page.agencies"))
        page.body = ui.element("div").style("flex:1;min-height:0")
        await page.draw()


PAGE = Page("/agencies", "page.agencies", "group.complex", "handshake", "y", build)
