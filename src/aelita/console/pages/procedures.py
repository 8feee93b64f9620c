"""Procedures: what each does, dry runs, and runs of them, which people start, step, answer and end."""

from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Column, ProcedureForm, RunView, Table
from . import frame
from .asked import Who, rows_of, spacecraft, who
from .page import Page
from .page_state import State

Told = dict[str, Any]
SHOWN = (("", "all"), ("live", "procedures.live"), ("ended", "procedures.ended"))
AGAIN_S = 2.0  # nothing tells of runs that others begin


class Procedures:
    """The state of the page: which procedure or which run is open."""

    def __init__(self, query: dict[str, str], crafts: list[str], looks: Who) -> None:
        self.state = State({key: query.get(key, "") for key in ("procedure", "spacecraft", "run", "show", "q")})
        self.crafts, self.looks = crafts, looks
        self.listed: list[Told] = []
        self.procedures: Table
        self.runs: Table
        self.details: ui.element
        self.view: RunView | None = None

    async def build(self) -> None:
        """Make the list of procedures above the one of runs, and beside them what is open."""
        with ui.element("div").classes("a-grid r-page"):
            with ui.element("div").classes("a-grid r-lists"):
                with frame.card(say("procedures.list"), flush=True) as head:
                    with head:
                        frame.grow()
                        frame.field(say("procedures.find"), self.state.of("q"), on_change=self.search, find=True, width="170px")
                    place = ui.element("div").classes("r-list")
                with frame.card(say("procedures.runs"), flush=True) as head:
                    with head:
                        frame.grow()
                        frame.segmented(
                            [(key, say(word)) for key, word in SHOWN], self.state.of("show"), self.show, label=say("column.state")
                        )
                    self._runs()
            with frame.card(), ui.element("div").classes("r-detail") as self.details:
                frame.empty(say("procedures.choose"), say("procedures.choose.hint"))
        with place:
            await frame.shown(lambda: ask("GET", "procedures"), self._listed)
        if self.state.of("run"):
            self.follow(self.state.of("run"))
        elif self.state.of("procedure"):
            self.open(self.state.of("procedure"))

    def _listed(self, told: Told) -> None:
        self.listed = rows_of(told)
        columns = [
            Column("title", say("procedures.title"), "text", "minmax(150px,1.5fr)"),
            Column("name", say("column.name"), "mono", "minmax(110px,1fr)", least=330),
            Column("spacecraft", say("procedures.for"), "dim", 110, least=420),
        ]
        self.procedures = Table(
            columns, label=say("procedures.list"), rows=self.listed, key="name",
            empty=(say("procedures.none"), say("procedures.none.hint")),
            on_select=lambda row: self.choose(str(row["name"])),
        )  # fmt: skip
        if self.state.of("q"):
            self.procedures.search(self.state.of("q"))
        if told["faults"]:
            with ui.element("details").classes("r-faults").props("data-faults"):
                frame.text(f"{say('procedures.faults')}: {len(told['faults'])}", "summary", "st st3")
                for one in told["faults"]:
                    with ui.element("p"):
                        frame.text(one["file"], "b", "mono")
                        frame.text(f" {one['why']}")

    def _runs(self) -> None:
        columns = [
            Column("state", say("column.state"), "run", 112),
            Column("procedure", say("procedures.procedure"), "text", "minmax(110px,1fr)"),
            Column("step", say("procedures.step"), "count", 54, least=300),
            Column("begun", say("procedures.begun"), "seconds", 164, least=430),
            Column("person", say("procedures.who"), "dim", 76, least=540),
            Column("spacecraft", say("column.spacecraft"), "dim", 84, least=640),
        ]
        self.runs = Table(
            columns, "procedures/runs", label=say("procedures.runs"), key="id", query=self._query(), every=AGAIN_S,
            empty=(say("procedures.runs.none"), say("procedures.runs.none.hint")), at=self.state.of("run"),
            on_select=lambda row: self.pick(str(row["id"])),
        )  # fmt: skip

    def _query(self) -> Told:
        live = {"live": "true", "ended": "false"}.get(self.state.of("show"))
        return {"live": live} if live else {}

    def search(self, text: str) -> None:
        """Show the procedures that hold all words of a text."""
        self.state.change(q=text)
        self.procedures.search(text)

    def show(self, which: str) -> None:
        """Show all runs, those that go on, or those that ended."""
        self.state.change(show=which)
        self.runs.ask(**self._query())

    def choose(self, name: str) -> None:
        """Open a procedure, unless it is open."""
        if self.state.of("run") or self.state.of("procedure") != name:
            self.open(name)

    def open(self, name: str) -> None:
        """Show a procedure with its form."""
        self.state.change(procedure=name, run="")
        self.view = None
        told = next((one for one in self.listed if one["name"] == name), None)
        self.details.clear()
        with self.details:
            if told is None:
                frame.empty(say("procedures.gone"), name)
                return
            crafts = [one for one in told["spacecraft"] if one in self.crafts]
            if not crafts:
                frame.text(told["title"], "b")
                frame.empty(say("procedures.no.craft"), ", ".join(told["spacecraft"]))
                return
            craft = self.state.of("spacecraft")
            if craft not in crafts:
                craft = next((one for one in crafts if one.endswith("-sim")), crafts[0])
            ProcedureForm(
                told, crafts, craft, may=self.looks.can("command.request"), on_start=self.start,
                on_craft=lambda one: self.state.change(spacecraft=str(one["craft"])),
            )  # fmt: skip

    async def start(self, told: Told) -> None:
        """Start a procedure; an automatic run is asked about, for it goes on by itself."""
        if told["mode"] == "automatic" and not await _sure_to_start(told):
            return
        body = {key: told[key] for key in ("procedure", "spacecraft", "arguments", "mode")}
        made = await frame.tried(ask("POST", "procedures/runs", body=body), say("procedures.started"))
        if made is not None:
            self.follow(str(made["id"]))
            self.runs.seek(str(made["id"]))

    def pick(self, name: str) -> None:
        """Open a run, unless it is open."""
        if self.state.of("run") != name:
            self.follow(name)

    def follow(self, name: str) -> None:
        """Show a run as it stands."""
        self.state.change(run=name, procedure="")
        self.details.clear()
        with self.details:
            self.view = RunView(name, may=self.looks.can("command.request"), on_act=self.act, on_answer=self.answer)

    async def act(self, told: Told) -> None:
        """Step, resume, pause or abort a run; what cannot be taken back is asked about."""
        action = str(told["action"])
        sure = {"abort": "procedures.abort.sure", "resume": "procedures.resume.sure" if told["resumed"] else ""}.get(action, "")
        if sure and not await frame.sure(f"{say(sure)}: {told['id']}", say(f"procedures.act.{action}")):
            return
        await self._post(str(told["id"]), "", {"action": action})

    async def answer(self, told: Told) -> None:
        """Answer what a step of a run asks."""
        await self._post(str(told["id"]), "/answers", {"step": told["step"], "answer": told["answer"]})

    async def _post(self, name: str, more: str, body: Told) -> None:
        try:
            await ask("POST", f"procedures/runs/{quote(name, safe='')}{more}", body=body)
        except AelitaError as error:
            frame.tell(str(error), bad=True)
        if self.view is not None:
            self.view.read()
        self.runs.read()


async def _sure_to_start(told: Told) -> bool:
    title = f"{say('procedures.start')}: {told['procedure']} · {told['spacecraft']}"
    with frame.dialog(title) as dialog, ui.element("div").classes("x-form x-wide"):
        frame.text(f"{say('procedures.start.sure')}.", "p").style("margin:0")
        if told["sends"]:
            frame.text(say("procedures.start.sends"), "span", "dim")
            with ui.element("ul").classes("m-waits"):
                for one in told["sends"]:
                    frame.text(one, "li", "mono")
        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), lambda: dialog.submit(False))
            frame.button(say("procedures.start"), lambda: dialog.submit(True), "pri").props("data-send=1")
    answer = bool(await dialog)
    if not dialog.is_deleted:
        dialog.delete()
    return answer


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `procedure` with `spacecraft`, or `run`, whichever is open, and the filters."""
    page = Procedures(dict(args.query_parameters), await spacecraft(), await who())
    with frame.page("page.procedures"):
        await page.build()


PAGE = Page("/procedures", "page.procedures", "group.commanding", "account_tree", "x", build)
