"""Database: what a parameter is, from the container that brings it over its calibration to its limits; versions compared."""

from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ..asking import ask
from ..look import say
from ..widgets import Column, LayoutDrawing, Table
from ..words import WORDS
from . import frame
from .asked import Who, craft_choice, rows_of, shown_instant, spacecraft, who
from .page import Page

VIEWS = (("search", "database.search"), ("versions", "database.versions"), ("about", "database.about"))
KINDS = (("", "all"), ("parameter", "column.parameter"), ("container", "telemetry.container"), ("type", "telemetry.type"))
MOST_LABELS, MOST_USERS = 60, 300


class Browser:
    """The state of the page: what is searched, and which definition is open."""

    def __init__(self, query: dict[str, str], looks: Who) -> None:
        self.looks = looks
        self.query = {
            key: query.get(key, "") for key in ("view", "spacecraft", "database", "q", "of", "kind", "name", "before", "after")
        }
        self.body: ui.element
        self.filters: ui.element
        self.table: Table
        self.detail: ui.element
        self.drawn: LayoutDrawing

    def asked(self, **more: str) -> dict[str, str]:
        """Return the query of a question about this spacecraft's database."""
        told = {"spacecraft": self.query["spacecraft"], "database": self.query["database"]} | more
        return {key: value for key, value in told.items() if value}

    async def change(self, **what: str) -> None:
        """Change what is shown, and draw the page anew."""
        self.query |= what
        frame.remember(**self.query)
        await self.draw()

    async def draw(self) -> None:
        """Draw the filters and the body of the view."""
        self.filters.clear()
        self.body.clear()
        view = self.query["view"] or "search"
        with self.filters:
            if view == "search":
                self._search_field()
        with self.body:
            if view == "versions":
                await frame.shown(partial(ask, "GET", "database/versions", query=self.asked()), self._versions)
            elif view == "about":
                await frame.shown(partial(ask, "GET", "database", query=self.asked()), self._about)
            else:
                await self._search()

    def _search_field(self) -> None:
        frame.field(say("database.find"), self.query["q"], on_change=lambda q: self._look(q=q), find=True, width="240px")
        options = [(key, say(word)) for key, word in KINDS]
        frame.segmented(options, self.query["of"], lambda of: self._look(of=of), label=say("database.kind"))

    def _look(self, **what: str) -> None:
        self.query |= what
        frame.remember(**self.query)
        self.table.ask(**self.asked(search=self.query["q"], kind=self.query["of"]))

    async def _search(self) -> None:
        columns = [
            Column("kind", say("database.kind"), "dim", 88, words="database.kind."),
            Column("name", say("column.name"), "mono", "minmax(150px,2fr)"),
            Column("description", say("database.description"), "dim", "minmax(100px,1.5fr)", least=500),
        ]
        with ui.element("div").classes("a-grid a-browse a-data"):
            with frame.card(flush=True):
                query = self.asked(search=self.query["q"], kind=self.query["of"])
                self.table = Table(
                    columns, "database/search", label=say("page.database"), query=query,
                    empty=(say("nothing.matches"), say("nothing.matches.hint")),
                    on_select=lambda row: self.open("parameter" if row["kind"] == "alias" else row["kind"], row["name"]),
                )  # fmt: skip
            with ui.element("div").classes("a-stack"):
                with frame.card(), ui.element("div") as self.detail:
                    pass
                with frame.card(say("database.layout"), flush=True, style="min-height:0"):
                    self.drawn = LayoutDrawing(on_parameter=lambda told: self.open("parameter", told["name"]))
        if self.query["name"]:
            await self.open(self.query["kind"] or "parameter", self.query["name"])
        else:
            await self._show("database", self._summary)

    def _summary(self, told: dict[str, Any]) -> None:
        """Show what the database holds, and where its packets begin: nothing is chosen yet."""
        frame.text(f"{told['name']} {told['version']}", "b")
        frame.text(say("database.choose.hint"), "p", "mut")
        with ui.element("div").classes("x-counts"):
            for key, count in told["counts"].items():
                with ui.element("div"):
                    frame.text(count, "b")
                    frame.text(_counted(key), "span", "dim")
        frame.text(say("database.roots"), "h2", "a-part")
        for name in told["roots"]:
            with ui.element("div"):
                _leads(name, partial(self.open, "container", name))
        if told["roots"]:
            self._draw_container(str(told["roots"][0]), "")

    async def open(self, kind: str, name: str, mark: str = "") -> None:
        """Show a definition; a container is drawn."""
        self.query |= {"kind": kind, "name": name}
        frame.remember(**self.query)
        if kind == "container":
            self._draw_container(name, mark)
            await self._show(f"database/containers/{quote(name.strip('/'))}", self._container)
        elif kind == "parameter":
            await self._show(f"parameters/{quote(name.strip('/'))}", self._parameter)
        else:
            self.detail.clear()
            with self.detail:
                query = self.asked(of_type=name, kind="parameter", limit=str(MOST_USERS))
                await frame.shown(partial(ask, "GET", "database/search", query=query), partial(self._type, name))

    def _type(self, name: str, told: dict[str, Any]) -> None:
        """Show which parameters are of a type."""
        frame.text(name, "b", "mono")
        frame.text(say("database.type.hint"), "p", "mut")
        rows = rows_of(told)
        frame.text(f"{say('database.of.type')}: {len(rows)}{'+' if told.get('next') else ''}", "h2", "a-part")
        with ui.element("div").style("max-height:200px;overflow:auto"):
            for one in rows:
                with ui.element("div"):
                    _leads(one["name"], partial(self.open, "parameter", one["name"]))
                    frame.text(f"  {one['description']}", "span", "mut")

    def _draw_container(self, name: str, mark: str) -> None:
        self.drawn.open(f"database/containers/{quote(name.strip('/'))}", self.asked(), mark)

    async def _show(self, path: str, build: Any) -> None:
        self.detail.clear()
        with self.detail:
            await frame.shown(partial(ask, "GET", path, query=self.asked()), build)

    def _parameter(self, told: dict[str, Any]) -> None:
        """Show the way from the container over the calibration to the limits."""
        kind: dict[str, Any] = told["type"] if isinstance(told.get("type"), dict) else {"kind": told.get("type") or ""}
        held = [one for one in told.get("containers") or [] if isinstance(one, dict)]
        frame.text(told["name"], "b", "mono")
        if told.get("description") or told.get("long_description"):
            frame.text(told.get("description") or told.get("long_description"), "p", "mut")
        with ui.element("div").classes("a-chain").style("margin-top:8px"):
            with self._step("telemetry.container"):
                for one in held[:6]:
                    self._held(one, told["name"])
                if not held:
                    frame.text(say("database.derived" if told.get("derived_by") else "database.nowhere"), "span", "dim")
                for one in told.get("derived_by") or []:
                    frame.text(one.get("expression", one) if isinstance(one, dict) else one, "div", "mono")
            with self._step("telemetry.type"):
                frame.text(kind.get("kind") or "", "div", "mono")
                if kind.get("name"):
                    _leads(str(kind["name"]), partial(self.open, "type", str(kind["name"])))
                frame.text(kind.get("encoding") or "", "div", "mut")
                units = told.get("units") or kind.get("units")
                if units:
                    frame.text(f"{say('column.units')}: {units}", "div")
            with self._step("telemetry.calibrator"):
                for line in kind.get("calibration") or [say("database.uncalibrated")]:
                    frame.text(line, "div", "mono")
                labels = kind.get("labels") or []
                for one in labels[:MOST_LABELS]:
                    frame.text(f"{one['value']} → {one['label']}", "div", "mono")
                _overridden(told, "calibration")
            with self._step("column.limits"):
                _limits(told)
                _overridden(told, "limits")
        with ui.element("div").classes("a-head").style("margin-top:8px"):
            with ui.link(target=f"/plot?p={quote(told['name'])}").classes("a-btn small"):
                frame.text(say("telemetry.plot"))
            with ui.link(target=f"/telemetry?q={quote(told['name'])}").classes("a-btn small"):
                frame.text(say("page.telemetry"))
            with ui.link(target=f"/alarms?q={quote(told['name'])}").classes("a-btn small"):
                frame.text(say("page.alarms"))
            for kind_of, permission in (("limits", "limits.override"), ("calibration", "calibration.override")):
                if self.looks.can(permission):
                    target = f"/overrides?new={quote(told['name'], safe='')}&kind={kind_of}&spacecraft={told['spacecraft']}"
                    with ui.link(target=target).classes("a-btn small"):
                        frame.text(say(f"overrides.make.{kind_of}"))
        if held:
            self._draw_container(str(held[0]["container"]), told["name"])

    def _held(self, one: dict[str, Any], parameter: str) -> None:
        _leads(str(one["container"]), partial(self.open, "container", str(one["container"]), parameter))
        places = one.get("fields") or []
        for place in places[:3]:
            at = f"{say('database.octet')} {place['octet']}, {say('database.bit')} {place['bit_of_octet']}"
            told = f"{at}, {place['bits']} {say('database.bits')}"
            frame.text(told, "div", "mut")
        if not places and one.get("where"):
            frame.text(one["where"], "div", "mut")

    def _step(self, word: str) -> ui.element:
        with ui.element("section") as section:
            frame.text(say(word), "h3")
        return section

    def _container(self, told: dict[str, Any]) -> None:
        """Show what a container inherits, when a packet is one, and what inherits it."""
        frame.text(told["name"], "b", "mono")
        if told.get("description"):
            frame.text(told["description"], "p", "mut")
        with ui.element("div").style(
            "display:grid;grid-template-columns:1fr 1fr;gap:14px;margin-top:6px;max-height:190px;overflow:auto"
        ):
            with ui.element("div"):
                frame.text(say("database.inherits"), "h2", "a-part")
                for one in told["lineage"]:
                    with ui.element("div"):
                        _leads(one["container"], partial(self.open, "container", one["container"]))
                        frame.text(f"  {one['when']}", "span", "mut mono")
                if not told["lineage"]:
                    frame.text(say("database.root"), "span", "dim")
            with ui.element("div"):
                frame.text(f"{say('database.children')}: {len(told['children'])}", "h2", "a-part")
                for name in told["children"][:200]:
                    with ui.element("div"):
                        _leads(name, partial(self.open, "container", name))

    def _about(self, told: dict[str, Any]) -> None:
        """Show what is to be told of the database."""
        with ui.element("div").classes("a-grid a-three").style("height:100%"):
            with frame.card(say("database.about")):
                frame.pairs([
                    (say("column.name"), told["name"]), (say("database.version"), told["version"]),
                    (say("database.date"), told["date"]), (say("database.file"), told["file"]),
                    (say("database.digest"), told["digest"][:16]), (say("database.fixed"), told["fixed"]),
                    *((_counted(key), count) for key, count in told["counts"].items()),
                ])  # fmt: skip
                frame.text(say("database.roots"), "h2", "a-part")
                for name in told["roots"]:
                    with ui.element("div"):
                        _leads(name, partial(self.change, view="", kind="container", name=name))
            with frame.card(f"{say('database.findings')}: {len(told['findings'])}", flush=True):
                columns = [
                    Column("severity", say("column.severity"), "dim", 90),
                    Column("element", say("database.element"), "mono", "minmax(100px,1fr)"),
                    Column("message", say("database.finding"), "text", "minmax(150px,2fr)"),
                    Column("line", say("database.line"), "count", 70, least=560),
                ]
                Table(columns, label=say("database.findings"), rows=told["findings"], empty=(say("database.sound"), ""))

    async def _versions(self, told: Any) -> None:
        rows = rows_of(told)
        with ui.element("div").style("height:100%;display:grid;gap:8px;grid-template-rows:minmax(120px,.6fr) minmax(0,1fr)"):
            with frame.card(say("database.versions"), flush=True):
                columns = [
                    Column("number", say("column.number"), "mono", 76),
                    Column("version", say("database.version"), "mono", "minmax(80px,1fr)"),
                    Column("date", say("database.date"), "dim", 120, least=560),
                    Column("file", say("database.file"), "text", "minmax(100px,2fr)"),
                    Column("parameters", say("database.parameters"), "count", 100, least=460),
                    Column("containers", say("database.containers"), "count", 100, least=620),
                    Column("sources", say("database.sources"), "dim", "minmax(70px,1fr)", least=760),
                    Column("current", say("database.current"), "yes", 84),
                ]
                Table(columns, label=say("database.versions"), rows=rows, empty=(say("database.no.versions"), ""))
            with frame.card(say("database.compare"), flush=True) as top:
                place = ui.element("div").style("height:100%")
                with top:
                    frame.grow()
                    self._pickers(rows, place)
        await self._compare(place)

    def _pickers(self, rows: list[dict[str, Any]], place: ui.element) -> None:
        options = {str(one["number"]): f"{one['number']} · {one.get('version') or one['file']}" for one in rows}
        numbers = list(options)
        self.query["before"] = self.query["before"] if self.query["before"] in options else numbers[0] if numbers else ""
        self.query["after"] = self.query["after"] if self.query["after"] in options else numbers[-1] if numbers else ""

        async def pick(which: str, number: str) -> None:
            self.query[which] = number
            frame.remember(**self.query)
            await self._compare(place)

        for which in ("before", "after"):
            frame.select(say(f"database.{which}"), options or {"": "–"}, self.query[which], partial(pick, which), "200px")

    async def _compare(self, place: ui.element) -> None:
        before, after = self.query["before"], self.query["after"]
        place.clear()
        with place:
            if not before or before == after:
                frame.empty(say("database.one.version"), say("database.one.version.hint"))
                return
            query = {"before": before, "after": after, "spacecraft": self.query["spacecraft"]}
            await frame.shown(partial(ask, "GET", "database/compare", query=query), _changes)


def _changes(told: dict[str, Any]) -> None:
    columns = [
        Column("effect", say("database.effect"), "dim", 120, words="database.effect."),
        Column("kind", say("database.kind"), "dim", 96, least=700, words="database.kind."),
        Column("name", say("column.name"), "mono", "minmax(120px,1.4fr)"),
        Column("aspect", say("database.aspect"), "text", "minmax(80px,.8fr)", least=560),
        Column("before", say("database.before"), "mono", "minmax(80px,1fr)"),
        Column("after", say("database.after"), "mono", "minmax(80px,1fr)"),
    ]
    Table(columns, label=say("database.compare"), rows=told["changes"], empty=(say("database.same"), ""))


def _counted(key: str) -> str:
    word = f"database.count.{key}"
    return say(word) if word in WORDS else key.replace("_", " ")


def _limits(told: dict[str, Any]) -> None:
    """Show the limits that the database says; they are struck through while others hold."""
    limits = told.get("limits") or []
    replaced = any(one["kind"] == "limits" for one in told.get("overrides") or [])
    with ui.element("div").classes("x-replaced" if replaced else ""):
        for one in limits:
            with ui.element("div").classes(f"st st{one.get('severity', 0)}").style("display:flex"):
                frame.text(" ".join(part for part in (one.get("text"), one.get("when")) if part))
        if not limits:
            frame.text(say("severity.none"), "span", "dim")


def _overridden(told: dict[str, Any], kind: str) -> None:
    """Show what holds instead of what the database says, until when, by whom and why."""
    for one in told.get("overrides") or []:
        if one["kind"] == kind:
            at = f"{one['spacecraft']}/{kind}/{one['parameter']}"
            with ui.element("div").classes("x-override"):
                with ui.link(target=f"/overrides?at={quote(at, safe='')}"):
                    frame.text(say("overrides.one"))
                frame.text(one["now"], "div", "mono")
                frame.text(frame.Times(f"{say('overrides.until')} {shown_instant(one['until'])} · {one['by']}"), "div", "dim")
                frame.text(one["reason"], "div", "dim")
    if not told.get("overrides_reached", True):
        frame.text(say("overrides.unreached"), "div", "st st-stale")


def _leads(name: str, on_click: Any) -> None:
    with ui.element("button").classes("a-link2 mono").props("type=button").on("click", lambda: on_click()):
        frame.text(name)


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps the view, the search, and the definition that is open."""
    browser = Browser(dict(args.query_parameters), await who())
    crafts = await spacecraft()
    with frame.page("page.database") as head:
        with head:
            view = browser.query["view"] or "search"
            options = [(key, say(word)) for key, word in VIEWS]
            frame.segmented(
                options, view, lambda one: browser.change(view="" if one == "search" else one), label=say("page.database")
            )
            craft_choice(crafts, browser.query["spacecraft"], lambda one: browser.change(spacecraft=one, name=""), every=False)
            browser.filters = ui.element("div").style("display:contents")
        browser.body = ui.element("div").style("flex:1;min-height:0")
        await browser.draw()


PAGE = Page("/database", "page.database", "group.analysis", "schema", "b", build)
