"""On board: the schedule of a spacecraft, its packet stores and the gaps that they close, its memories and their images."""

from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Column, ImageForm, MemoryView, StoresView, Table, TimelineView
from . import frame
from .asked import Who, act, craft_choice, rows_of, spacecraft, time_field, who
from .on_board_asking import ask_for, ask_for_image
from .page import Page
from .page_state import State

Told = dict[str, Any]
VIEWS = (("", "onboard.schedule"), ("stores", "onboard.stores"), ("memories", "onboard.memories"))
REPORT = "ReportSchedule"
MOST_STORE = 2**32 - 1


class OnBoard:
    """The state of the page: which spacecraft, which view, and what is open in it."""

    def __init__(self, query: dict[str, str], craft: str, looks: Who) -> None:
        names = ("view", "spacecraft", "store", "at", "from", "to", "apid")
        self.state = State({key: query.get(key, "") for key in names})
        self.craft, self.looks, self.may = craft, looks, looks.can("command.request")
        self.images: Table | None = None
        self.memory: MemoryView | None = None
        self.details: ui.element
        self.faults: ui.element

    def schedule(self) -> None:
        """Make the view of the schedule."""
        with ui.element("div").classes("q-page"):
            self.timeline = TimelineView(
                self.craft, may=self.may, on_act=self.on_schedule,
                on_open=lambda one: ui.navigate.to(f"/queue?at={quote(str(one['request']), safe='')}"),
            )  # fmt: skip

    async def on_schedule(self, told: Told) -> None:
        """Ask the spacecraft for a report, or take the last one for the truth."""
        if told["act"] == "report":
            await ask_for(
                self.craft, [{"command": REPORT, "arguments": {}}], say("onboard.report.comment"), say("onboard.report")
            )
            return
        question = f"{say('onboard.adopt.sure')}: {self.craft}. {say('onboard.differences')}: {told['differences']}"
        if await frame.sure(question, say("onboard.adopt")):
            await frame.tried(ask("POST", f"onboard/{quote(self.craft, safe='')}/timeline/adopt"), say("done"))
            self.timeline.read()

    def stores(self, head: ui.element) -> None:
        """Make the view of gaps and of a packet store."""
        number = self.state.of("store")
        with ui.element("div").classes("q-page"):
            view = StoresView(self.craft, int(number) if number.isdigit() else 1, may=self.may, on_ask=self.on_store)

        def other(text: str) -> None:
            if text.strip().isdigit() and int(text) <= MOST_STORE:
                self.state.change(store=text.strip())
                view.show(int(text))

        with head:
            frame.text(say("onboard.store"), "span", "dim")
            frame.field(say("onboard.store"), number or "1", on_change=other, width="70px", mono=True, find=True)

    async def on_store(self, told: Told) -> None:
        """Ask for a read-out, or for what the store holds."""
        await ask_for(
            self.craft, told["calls"], str(told["comment"]), say("onboard.readout" if told["comment"] else "onboard.summary")
        )

    async def memories(self, head: ui.element) -> None:
        """Make the view of images and what their memories hold."""
        with head:
            time_field(say("act.from"), self.state.of("from"), lambda one: self.narrow(**{"from": one}), width="150px")
            time_field(say("act.to"), self.state.of("to"), lambda one: self.narrow(to=one), width="150px")
            frame.field("APID", self.state.of("apid"), on_change=self.of_process, width="80px", mono=True)
        columns = [
            Column("name", say("column.name"), "text", "minmax(90px,1fr)"),
            Column("version", say("onboard.version"), "mono", 76),
            Column("memory", say("onboard.memory"), "mono", 76),
            Column("octets", say("column.length"), "octets", 84),
            Column("digest", "SHA-256", "mono", "minmax(80px,.7fr)", least=460),
        ]
        with ui.element("div").classes("a-grid r-page"):
            with frame.card(say("onboard.images"), flush=True) as top:
                with top:
                    frame.grow()
                    act(say("onboard.image.new"), self.add, "command.request", self.looks, kind="small").props("data-new-image")
                with ui.element("div").classes("r-list"):
                    self.images = Table(
                        columns, f"onboard/{quote(self.craft, safe='')}/images", label=say("onboard.images"), key="name+version",
                        empty=(say("onboard.images.none"), say("onboard.images.none.hint")),
                        at=self.state.of("at").replace("@", "/"),
                        on_select=lambda row: self.open(str(row["name"]), str(row["version"])),
                    )  # fmt: skip
                    self.faults = ui.element("div").classes("plain")
            with frame.card(), ui.element("div").classes("r-detail") as self.details:
                frame.empty(say("onboard.image.choose"), say("onboard.image.choose.hint"))
        name, _, version = self.state.of("at").partition("@")
        if version:
            self.show(name, version)
        await self._faults()

    async def _faults(self) -> None:
        """Tell of files that are no images."""
        try:
            told = await ask("GET", f"onboard/{quote(self.craft, safe='')}/images")
            faults = rows_of(told["faults"])
        except AelitaError:
            return  # the list says it
        if not faults or self.faults.is_deleted:
            return
        with self.faults, ui.element("details").classes("r-faults").props("data-faults"):
            frame.text(f"{say('onboard.images.faults')}: {len(faults)}", "summary", "st st3")
            for one in faults:
                with ui.element("p"):
                    frame.text(one["file"], "b", "mono")
                    frame.text(f" {one['why']}")

    def _query(self) -> Told:
        told = {"start": self.state.of("from"), "stop": self.state.of("to"), "apid": self.state.of("apid")}
        return {key: value for key, value in told.items() if value}

    def narrow(self, **what: str) -> None:
        """Let only dumps of a range count."""
        self.state.change(**what)
        if self.memory is not None:
            self.memory.ask(self._query())

    def of_process(self, text: str) -> None:
        """Let only dumps of an application process count."""
        plain = text.strip()
        if not plain or (plain.isdigit() and int(plain) <= 2047):
            self.narrow(apid=plain)

    def open(self, name: str, version: str) -> None:
        """Open an image, unless it is open."""
        if self.state.of("at") != f"{name}@{version}" or self.memory is None:
            self.show(name, version)

    def show(self, name: str, version: str) -> None:
        """Show how a memory stands to an image."""
        self.state.change(at=f"{name}@{version}")
        self.details.clear()
        with self.details:
            self.memory = MemoryView(self.craft, name, version, query=self._query(), may=self.may, on_act=self.on_image)

    async def on_image(self, told: Told) -> None:
        """Ask for commands that load, dump or check an image."""
        await ask_for_image(self.craft, told)

    async def add(self) -> None:
        """Ask for a new version of an image."""
        with frame.dialog(f"{say('onboard.image.new')}: {self.craft}") as dialog:
            ImageForm(self.craft, on_added=dialog.submit, on_leave=lambda: dialog.submit(None))
        told = await dialog
        if not dialog.is_deleted:
            dialog.delete()
        if isinstance(told, dict) and self.images is not None:
            self.images.read()
            self.show(str(told["name"]), str(told["version"]))


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `view`, `spacecraft`, `store`, and of memories `at` (the image), `from`, `to`, `apid`."""
    query = dict(args.query_parameters)
    crafts = await spacecraft()
    craft = query.get("spacecraft", "")
    if craft not in crafts:
        craft = next((one for one in crafts if one.endswith("-sim")), crafts[0] if crafts else "")
    page = OnBoard(query, craft, await who())
    view = page.state.of("view") if page.state.of("view") in dict(VIEWS) else ""
    with frame.page("page.onboard") as head:
        with head:
            frame.segmented(
                [(key, say(word)) for key, word in VIEWS], view, lambda one: _go(one, craft), label=say("page.onboard")
            )
            craft_choice(crafts, craft, lambda one: _go(view, one), every=False)
        if not craft:
            frame.empty(say("commands.no.spacecraft"))
        elif view == "stores":
            page.stores(head)
        elif view == "memories":
            await page.memories(head)
        else:
            page.schedule()


def _go(view: str, craft: str) -> None:
    ui.navigate.to(f"/onboard?view={view}&spacecraft={quote(craft)}" if view else f"/onboard?spacecraft={quote(craft)}")


PAGE = Page("/onboard", "page.onboard", "group.commanding", "memory", "n", build)
