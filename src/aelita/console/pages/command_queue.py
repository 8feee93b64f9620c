"""Queue and history: requests of all agencies with where each stands, queues of spacecraft, and what spacecraft reported."""

from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Column, RequestView, Table, Valves
from . import frame
from .asked import Who, craft_choice, spacecraft, time_field, who
from .command_doing import do, reasoned
from .command_history import Reported
from .command_octets import show_digest, show_octets, show_sentences, show_way
from .command_reading import show_reading
from .page import Page
from .page_state import State

Told = dict[str, Any]
SHOWN = (("", "all"), ("open", "commands.open"), ("ended", "commands.ended"), ("failed", "commands.trouble"))
TROUBLE = ("rejected", "expired", "refused", "unknown", "failed")
VIEWS = (("", "commands.requests"), ("history", "commands.reported"))


class Queue:
    """The state of the page: filters, and which request is open."""

    def __init__(self, query: dict[str, str], crafts: list[str], looks: Who) -> None:
        self.state = State({key: query.get(key, "") for key in ("view", "spacecraft", "show", "agency", "q", "from", "to", "at")})
        self.crafts, self.looks = crafts, looks
        self._open = ""
        self.valves: Valves
        self.table: Table
        self.details: ui.element

    def query(self) -> dict[str, Any]:
        """Return what is asked of the interface."""
        of = self.state.of
        told: dict[str, Any] = {
            "spacecraft": of("spacecraft"), "agency": of("agency"), "search": of("q"), "start": of("from"), "stop": of("to"),
            "ended": {"open": "false", "ended": "true"}.get(of("show"), ""),
        }  # fmt: skip
        if of("show") == "failed":
            told["state"] = list(TROUBLE)
        return {key: value for key, value in told.items() if value}

    def change(self, **what: str) -> None:
        """Change the filters."""
        self.state.change(**what)
        self.table.ask(**self.query())
        if "spacecraft" in what:
            self.valves.show(what["spacecraft"])

    async def turn(self, told: Told) -> None:
        """Hold, open or block the queue of a spacecraft."""
        craft, action = str(told["spacecraft"]), str(told["act"])
        word = say(f"commands.valve.act.{action}")
        reason = await reasoned(f"{word}: {craft}. {say(f'commands.valve.act.{action}.hint')}", word, danger=action != "release")
        if reason is not None:
            body = {"action": action, "reason": reason}
            await frame.tried(ask("POST", f"commands/queues/{quote(craft, safe='')}", body=body), say("done"))

    def build(self, head: ui.element) -> None:
        """Make the queues, and the list of requests beside the open one."""
        self.valves = Valves(self.state.of("spacecraft"), may=self.looks.can("command.release"), on_act=self.turn)
        with head:
            frame.segmented([(key, say(word)) for key, word in SHOWN], self.state.of("show"), lambda one: self.change(show=one),
                            label=say("column.state"))  # fmt: skip
            frame.field(say("commands.find.request"), self.state.of("q"), on_change=lambda one: self.change(q=one), find=True,
                        width="150px")  # fmt: skip
            time_field(say("act.from"), self.state.of("from"), lambda one: self.change(**{"from": one}), width="150px")
            time_field(say("act.to"), self.state.of("to"), lambda one: self.change(to=one), width="150px")
        columns = [
            Column("state", say("column.state"), "stage", 104),
            Column("summary", say("commands.does"), "text", "minmax(110px,1.4fr)"),
            Column("wanted.0.act", say("commands.waits"), "word", 84, least=440, words="commands.act."),
            Column("wanted.0.who", say("commands.waits.whom"), "dim", "minmax(120px,1fr)", least=620),
            Column("awaited", say("commands.next"), "word", 84, least=500, words="commands.next."),
            Column("due", say("commands.next.in"), "left", 118, least=400),
            Column("person", say("commands.asks"), "text", 72, least=760),
            Column("spacecraft", say("column.spacecraft"), "dim", 80, least=840),
            Column("agency", say("column.agency"), "dim", 80, least=920),
            Column("at", say("commands.stage.requested"), "seconds", 158, least=1000),
        ]
        with ui.element("div").classes("a-grid a-browse m-browse"):
            with frame.card(flush=True):
                self.table = Table(
                    columns, "commands/requests", label=say("commands.requests"), key="id", query=self.query(), again=True,
                    topic={"topic": "commands", "rate_hz": 2}, at=self.state.of("at"),
                    empty=(say("commands.no.requests"), say("commands.no.requests.hint")), on_select=self.open,
                )  # fmt: skip
            with frame.card(say("commands.request")), ui.element("div").classes("m-detail") as self.details:
                frame.empty(say("commands.choose"), say("commands.choose.hint"))

    async def open(self, row: Told) -> None:
        """Open a request."""
        name = str(row["id"])
        if self._open == name:
            return
        self._open = name
        self.state.change(at=name)
        await self.show(name)

    async def show(self, name: str) -> None:
        """Show a request: as it stands, and what it is."""
        self.details.clear()
        with self.details:
            frame.waiting()
        try:
            told: Told = await ask("GET", f"commands/requests/{quote(name, safe='')}")
        except AelitaError as error:
            if self.state.of("at") == name and not self.details.is_deleted:
                self.details.clear()
                with self.details:
                    frame.failed(error, partial(self.show, name))
            return
        if self.state.of("at") != name or self.details.is_deleted:
            return
        self.details.clear()
        with self.details:
            show_sentences(told)
            RequestView(name, may=self.looks.may, on_act=do)
            show_reading(told)
            frame.text(say("commands.octets"), "h2", "a-part")
            show_digest(told)
            show_octets(told["packets"], told["commands"], told["fields"])
            show_way(told)


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps the view, the filters and `at`, the request that is open."""
    query = dict(args.query_parameters)
    crafts = await spacecraft()
    page = Queue(query, crafts, await who())
    view = "history" if page.state.of("view") == "history" else ""
    with frame.page("page.queue") as head:
        with head:
            frame.segmented([(key, say(word)) for key, word in VIEWS], view, _go, label=say("page.queue"))
        if view:
            await _reported(page.state, crafts, head)
            return
        with head:
            craft_choice(crafts, page.state.of("spacecraft"), lambda one: page.change(spacecraft=one))
        page.build(head)
        if page.state.of("at"):
            await page.open({"id": page.state.of("at")})


def _go(view: str) -> None:
    ui.navigate.to(f"/queue?view={view}" if view else "/queue")


async def _reported(state: State, crafts: list[str], head: ui.element) -> None:
    """Make the view of what a spacecraft reported."""
    craft = state.of("spacecraft") if state.of("spacecraft") in crafts else (crafts or [""])[0]
    view = Reported(state, craft)

    async def change(**what: str) -> None:
        state.change(**what)
        view.craft = state.of("spacecraft") or craft
        await view.draw()

    with head:
        craft_choice(crafts, craft, lambda one: change(spacecraft=one), every=False)
        time_field(say("act.from"), state.of("from"), lambda one: change(**{"from": one}))
        time_field(say("act.to"), state.of("to"), lambda one: change(to=one))
    await view.build()


PAGE = Page("/queue", "page.queue", "group.commanding", "playlist_play", "q", build)
