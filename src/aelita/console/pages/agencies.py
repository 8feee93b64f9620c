"""Agencies: who takes part, what flows between them, who is given what until when, and which role may do what."""

from functools import partial
from typing import Any

from nicegui import PageArguments, ui

from ...agencies import PERMISSIONS
from ..asking import ask
from ..look import say
from ..widgets import Column, StatusTable
from ..words import WORDS
from . import frame
from .asked import plain_table, rows_of, shown_instant, told_in_words, who
from .page import Page

VIEWS = (
    ("streams", "agencies.streams"),
    ("gives", "agencies.gives"),
    ("rights", "agencies.rights"),
    ("roles", "agencies.roles"),
    ("parts", "agencies.parts"),
)

SEVERITIES = ("normal", "watch", "warning", "distress", "critical", "severe")
INSTRUMENT = ("column.name", "column.spacecraft", "column.agency", "agencies.lead", "agencies.measures", "column.apids")


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
    inflow = Column("octets_per_s", say("agencies.inflow"), "flow", 104, least=520)
    size = Column("octets", say("agencies.size"), "octets", 96, least=760)
    with ui.element("div").classes("a-grid").style("height:100%;grid-template-rows:auto minmax(140px,1fr) minmax(140px,.7fr)"):
        with frame.card(say("agencies.agencies"), flush=True):
            columns = [
                Column("name", say("column.agency"), "text", "minmax(120px,1fr)"),
                Column("key", say("column.name"), "mono", 120),
                Column("connected", say("agencies.reached"), "yes", 120),
                Column("why", say("stations.why"), "text", "minmax(100px,2fr)", least=480),
            ]
            reached = StatusTable("agencies", columns, label=say("agencies.agencies"), empty=(say("nothing.yet"), ""))
            reached.classes("g-fit")
        with frame.card(say("agencies.own"), flush=True):
            columns = [
                Column("name", say("agencies.stream"), "stream", "minmax(130px,1fr)"),
                Column("name", say("column.name"), "dim", "minmax(110px,.8fr)", least=620),
                Column("messages", say("agencies.messages"), "count", 110),
                Column("per_s", say("per.second"), "rate", 100),
                inflow,
                size,
                Column("fill", say("agencies.fill"), "percent", 90, least=620),
                Column("fault", say("agencies.fault"), "text", "minmax(80px,1fr)", least=700),
            ]
            StatusTable(
                "streams", columns, label=say("agencies.own"), only={"mirror": False}, empty=(say("agencies.no.streams"), "")
            )
        with frame.card(say("agencies.mirrors"), flush=True):
            columns = [
                Column("name", say("agencies.mirror"), "stream", "minmax(160px,1fr)"),
                Column("name", say("column.name"), "dim", "minmax(150px,.8fr)", least=900),
                Column("lag", say("agencies.lag"), "count", 110),
                Column("missing", say("column.missing"), "count", 96),
                Column("origin_s", say("agencies.heard"), "span", 120, least=560),
                inflow,
                Column("messages", say("agencies.messages"), "count", 110, least=760),
                size,
                Column("fault", say("agencies.fault"), "text", "minmax(80px,1fr)", least=700),
            ]
            StatusTable(
                "streams", columns, label=say("agencies.mirrors"), only={"mirror": True},
                empty=(say("agencies.no.mirrors"), say("agencies.no.mirrors.hint")),
            )  # fmt: skip


def _gives(told: dict[str, Any]) -> None:
    """Show what is given to whom, of what, until when, and which alarms are shared."""
    with frame.card(say("agencies.gives"), style="height:100%"):
        if not told["gives"]:
            frame.empty(say("agencies.no.gives"), say("agencies.no.gives.hint"))
            return
        words = (
            "agencies.giver",
            "agencies.receiver",
            "agencies.what",
            "column.spacecraft",
            "act.from",
            "act.to",
            "agencies.holds",
            "agencies.basis",
        )
        rows = [
            [
                one["giver"], one["receiver"], _kind(one), one["spacecraft"] or say("all"), _end(one["start"]), _end(one["stop"]),
                one["now"], _basis(one),
            ]
            for one in told["gives"]
        ]  # fmt: skip
        if told["next_change"]:
            frame.text(frame.Times(f"{say('agencies.next')} {shown_instant(told['next_change'])}"), "p", "mut")
        plain_table([say(word) for word in words], rows, label=say("agencies.gives"))
        frame.text(say("agencies.shared"), "h2", "a-part")
        heads = [say(word) for word in ("column.spacecraft", "agencies.agencies", "agencies.least")]
        shared = [[one["spacecraft"], one["agencies"], _severity(one["least_severity"])] for one in told["shared_alarms"]]
        plain_table(heads, shared, label=say("agencies.shared"))


def _kind(one: dict[str, Any]) -> str:
    kind = _worded("gives", one["kind"])
    return f"{kind}: {', '.join(one['only'])}" if one["only"] else kind


def _worded(group: str, value: Any) -> str:
    """Return the word for a value of the mission's organisation, itself when there is none."""
    key = f"{group}.{value}"
    return say(key) if key in WORDS else str(value)


def _end(instant: Any) -> str:
    return frame.Times(shown_instant(instant).removesuffix(" 00:00:00")) if instant else say("agencies.open")


def _basis(one: dict[str, Any]) -> str:
    return ", ".join(part for part in (_worded("grade", one["grade"]), one["source"]) if part)


def _severity(word: Any) -> str:
    return say(f"severity.{SEVERITIES.index(word)}") if word in SEVERITIES else str(word)


def _months(months: Any) -> str:
    return (
        say("agencies.withheld")
        if months is None
        else f"{months} {say('agencies.months')}"
        if months
        else say("agencies.at.once")
    )


def _rights(told: dict[str, Any]) -> None:
    """Show who has data at once, after how long the public has them, and what this centre may have of each instrument."""
    held = told["rights"]
    with ui.element("div").classes("a-grid").style("height:100%;grid-template-rows:auto minmax(0,1fr)"):
        with frame.card(say("agencies.rights")):
            frame.pairs([
                (say("agencies.everything"), ", ".join(held["agencies"])),
                (say("agencies.public"), _months(held["public_after_months"])),
                (say("agencies.basis"), _basis(held)),
                *((f"{one['collection']} {one['part']}", _months(one["public_after_months"])) for one in held["exceptions"]),
            ])  # fmt: skip
        with frame.card(say("agencies.instruments")):
            words = ("column.name", "column.spacecraft", "column.agency", "agencies.may.have", "agencies.public", "stations.why")
            rows = [
                [one["name"], one["spacecraft"], one["agency"], one["may_have"], _collections(one), one["why"]]
                for one in told["instruments"]
            ]
            plain_table([say(word) for word in words], rows, label=say("agencies.instruments"))


def _collections(one: dict[str, Any]) -> str:
    return "; ".join(f"{each['title'] or each['key']}: {_months(each['public_after_months'])}" for each in one["collections"])


async def _roles(told: dict[str, Any]) -> None:
    """Show which role may do what; those of who looks are marked."""
    mine = (await who()).roles
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
                        title = str(row.get("title") or row.get("key"))
                        frame.text(title.partition(":")[0], "span", "x-turn own" if row["key"] in mine else "x-turn")
                    head.props["title"] = f"{title}\n{told_in_words(row.get('centres'))}"
            with ui.element("tbody"):
                for permission in PERMISSIONS:
                    _permission(permission, rows)


def _permission(permission: str, roles: list[dict[str, Any]]) -> None:
    with ui.element("tr"):
        with ui.element("td"):
            frame.text(say(f"may.{permission}"))
            frame.text(f" {permission}", "span", "mono dim")
        for role in roles:
            allowed = permission in (role.get("may") or ())
            with ui.element("td").classes("c"):
                frame.text("●" if allowed else "·", "span", "x-yes" if allowed else "dim").props("aria-hidden=true")
                frame.text(say("yes" if allowed else "no"), "span", "only-read")


def _parts(told: dict[str, Any]) -> None:
    """Show agencies, spacecraft, centres and instruments, and how sure each statement is."""
    parts: list[tuple[str, tuple[str, ...], list[list[object]]]] = [
        ("agencies.agencies", ("column.name", "agencies.domain", "agencies.part", "agencies.running", "agencies.basis"), [
            [one["name"], one["domain"], _worded("part", one["part"]), one["here"], _basis(one)] for one in told["agencies"]
        ]),
        ("overview.fleet", ("column.spacecraft", "column.agency", "agencies.relayed", "agencies.followed"), [
            [one["key"], one["agency"], one["relayed_by"], one["followed"]] for one in told["spacecraft"]
        ]),
        ("agencies.centres", ("column.name", "column.agency", "agencies.place", "agencies.tasks", "agencies.basis"), [
            [one["name"], one["agency"], one["place"], one["tasks"], _basis(one)] for one in told["centres"]
        ]),
        ("agencies.instruments", INSTRUMENT, [
            [one["name"], one["spacecraft"], one["agency"], one["lead"], one["measures"], one["apids"]]
            for one in told["instruments"]
        ]),
    ]  # fmt: skip
    with ui.element("div").style("height:100%;overflow:auto;display:flex;flex-direction:column;gap:8px"):
        for title, words, rows in parts:
            with frame.card(say(title), style="flex:none"):
                plain_table([say(word) for word in words], rows, label=say(title))


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `view`."""
    page = Agencies(args.query_parameters.get("view", "streams"))
    with frame.page("page.agencies") as head:
        with head:
            frame.segmented([(key, say(word)) for key, word in VIEWS], page.view, page.choose, label=say("page.agencies"))
        page.body = ui.element("div").style("flex:1;min-height:0")
        await page.draw()


PAGE = Page("/agencies", "page.agencies", "group.complex", "handshake", "y", build)
