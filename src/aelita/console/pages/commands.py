"""Commands: found in the catalogue of a spacecraft, filled in, put in order, made exact octets, and then requested."""

from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import RefusedError, ask
from ..look import say, say_reason
from ..widgets import Column, CommandComposer, LightLine, Table
from . import frame
from .asked import Who, act, craft_choice, spacecraft, who
from .command_doing import my_places
from .command_octets import show_digest, show_octets, show_sentences, show_wanted, show_way
from .page import Page
from .page_state import State

Told = dict[str, Any]


class Commands:
    """The state of the page: which spacecraft, what is searched and chosen, and what was prepared last."""

    def __init__(self, query: dict[str, str], craft: str, looks: Who, places: list[str]) -> None:
        self.state = State({key: query.get(key, "") for key in ("spacecraft", "q", "at")})
        self.craft, self.looks, self.places = craft, looks, places
        self.body: Told | None = None  # what was asked to be prepared
        self.told: Told | None = None  # what came of it
        self.table: Table
        self.composer: CommandComposer
        self.about: ui.element
        self.prepared: ui.element
        self.ask_for: ui.element | None = None
        self.note: ui.label | None = None

    def build(self) -> None:
        """Make the three parts: catalogue, composer, what it would be."""
        with ui.element("div").classes("a-grid m-page"):
            with frame.card(say("commands.catalogue"), flush=True) as head:
                with head:
                    frame.grow()
                    frame.field(say("commands.find"), self.state.of("q"), on_change=self.search, find=True, width="150px")
                with ui.element("div").classes("m-catalogue"):
                    self._catalogue()
                    self.about = ui.element("div").classes("m-about-command")
            with frame.card(say("commands.request")):
                self.composer = CommandComposer(
                    self.craft, places=self.places, on_prepare=self.prepare, on_changed=self.changed
                )  # fmt: skip
            with frame.card(say("commands.prepared")), ui.element("div").style("display:contents") as self.prepared:
                frame.empty(say("commands.prepared.none"), say("commands.prepared.none.hint"))

    def _catalogue(self) -> None:
        columns = [
            Column("name", say("column.name"), "tail", "minmax(120px,1fr)"),
            Column("description", say("commands.does"), "dim", "minmax(110px,1.2fr)", least=330),
        ]
        self.table = Table(
            columns, f"commands/catalogue/{quote(self.craft, safe='')}", label=say("commands.catalogue"), key="name",
            query={"search": self.state.of("q")}, levels="rank", at=self.state.of("at"),
            empty=(say("commands.none"), say("commands.none.hint")), on_select=self.choose, on_open=self.add,
        )  # fmt: skip

    def search(self, text: str) -> None:
        """Show the commands that hold all words of a text."""
        self.state.change(q=text)
        self.table.ask(search=text)

    def add(self, row: Told) -> None:
        """Add a command to the request."""
        self.composer.add(str(row["name"]))

    async def choose(self, row: Told) -> None:
        """Tell what a command is: what it does, what it needs, whose acts it waits for."""
        name = str(row["name"])
        self.state.change(at=name)
        try:
            path = f"commands/catalogue/{quote(self.craft, safe='')}/{quote(name.strip('/'))}"
            told: Told | AelitaError = await ask("GET", path)
        except AelitaError as error:
            told = error
        if self.about.is_deleted or self.state.of("at") != name:
            return
        self.about.clear()
        with self.about:
            if isinstance(told, AelitaError):
                frame.failed(told)
            else:
                self._about(told)

    def _about(self, told: Told) -> None:
        with ui.element("div").classes("a-head"):
            frame.text(str(told["name"]).rpartition("/")[2], "b")
            frame.text(say(f"commands.significance.{told['significance']}"), "span", f"st st{_level(told['rank'])}")
            frame.grow()
            made = frame.button(say("commands.add"), lambda: self.add(told), "small pri", hint=say("commands.add.hint"))
            made.props("data-add")
        frame.text(told["description"], "p", "mut")
        if told["long_description"]:
            frame.text(told["long_description"], "p", "dim")
        if told["warning"]:
            frame.text(told["warning"], "p", "st st3")
        given = [one for one in told["parameters"] if one["by"] == "user"]
        facts: list[tuple[str, object]] = [
            (say("column.name"), told["name"]),
            (say("commands.arguments"), ", ".join(one["name"] for one in given)),
            (say("commands.constraint"), "; ".join(told["constraints"])),
            (say("commands.act.request"), ", ".join(told["request"]) or say("commands.nobody")),
        ]
        acts = [one for one in told["acts"] if one["count"]]
        facts += [(f"{say('commands.act.' + one['act'])} × {one['count']}", ", ".join(one["who"])) for one in acts]
        frame.pairs([one for one in facts if one[1] not in (None, "")])

    async def prepare(self, body: Told) -> None:
        """Have a request made exact, and show all of it."""
        self.body, self.told, self.ask_for = dict(body), None, None
        self.prepared.clear()
        with self.prepared:
            frame.waiting()
        try:
            told: Told = await ask("POST", "commands/prepare", body=self.body)
        except AelitaError as error:
            if self.body == body:
                self._refused(error)
            return
        if self.body != body or self.prepared.is_deleted:
            return  # another one was asked for meanwhile
        self.told = told = told | {"commands": [str(one["command"]) for one in body["calls"]]}
        self.prepared.clear()
        with self.prepared:
            self._prepared(told)

    def _refused(self, error: AelitaError) -> None:
        self.prepared.clear()
        with self.prepared:
            if isinstance(error, RefusedError) and error.status in (400, 404, 409, 422):
                with ui.element("div").classes("m-refused").props("role=alert data-refused"):
                    frame.text(say("commands.refused"), "b", "st st4")
                    frame.text(f"{say_reason(error.what)}. {error.remedy}" if error.remedy else say_reason(error.what), "p")
            else:
                frame.failed(error, lambda: self.prepare(self.body or {}))

    def _prepared(self, told: Told) -> None:
        show_sentences(told)
        show_wanted(told)
        with ui.element("div").classes("a-head m-go"):
            self.ask_for = act(say("commands.ask.for"), self.request, "command.request", self.looks, kind="pri")
            self.ask_for.props("data-request")
            self.note = ui.label(say("commands.ask.for.hint")).classes("dim").props("role=status")
        if not show_digest(told):
            self._stop(say("commands.digest.other"))
        frame.text(say("commands.times"), "h2", "a-part")
        if told["times"]:
            LightLine(told["times"])
        else:
            frame.text(say("commands.no.times"), "p", "dim")
        show_way(told)
        frame.text(say("commands.octets"), "h2", "a-part")
        show_octets(told["packets"], told["commands"], told["fields"])

    def changed(self) -> None:
        """Say that what was prepared is not what stands in the form any more."""
        if self.told is not None:
            self.told = None
            self._stop(say("commands.changed"))

    def _stop(self, why: str) -> None:
        self.told = None
        if self.ask_for is not None and self.note is not None and not self.ask_for.is_deleted:
            self.ask_for.props("aria-disabled=true")
            self.note.classes("st st2", remove="dim")
            self.note.text = why

    async def request(self) -> None:
        """Ask for exactly what was prepared and is shown."""
        told, body = self.told, self.body
        if told is None or body is None:
            return
        self.told = None  # once only
        try:
            made = await ask("POST", "commands/requests", body=body | {"digest": told["digest"], "id": told["id"]})
        except AelitaError as error:
            self.told = told
            frame.tell(str(error), bad=True)
            return
        self.composer.anew()
        self.body = None
        self.prepared.clear()
        with self.prepared, ui.element("div").classes("m-asked").props("role=status data-asked"):
            frame.text(f"{say('commands.asked')} {made['id']}", "b", "st st0")
            show_sentences(made)
            show_wanted(made)
            with ui.link(target=f"/queue?at={quote(str(made['id']), safe='')}").classes("a-btn small pri"):
                frame.text(say("commands.follow"))


def _level(rank: int) -> int:
    return min(5, rank + 1) if rank else 0


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps the spacecraft, `q`, what is searched, and `at`, the command that is chosen."""
    query = dict(args.query_parameters)
    crafts = await spacecraft()
    craft = query.get("spacecraft", "")
    if craft not in crafts:
        craft = next((one for one in crafts if one.endswith("-sim")), crafts[0] if crafts else "")
    page = Commands(query, craft, await who(), await my_places())
    with frame.page("page.commands") as head:
        with head:
            craft_choice(crafts, craft, lambda one: ui.navigate.to(f"/commands?spacecraft={quote(one)}"), every=False)
        if not craft:
            frame.empty(say("commands.no.spacecraft"))
            return
        page.build()


PAGE = Page("/commands", "page.commands", "group.commanding", "terminal", "m", build)
