"""Approvals: the requests that wait for who looks, with their octets and what they do, signed with one's own key or rejected."""

from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say, say_reason
from ..widgets import Column, RequestView, Table
from . import frame
from .asked import Who, rows_of, who
from .command_doing import do
from .command_octets import show_digest, show_octets, show_sentences, show_wanted, show_way
from .command_reading import show_reading
from .command_signing import REJECT, sign
from .page import Page

Told = dict[str, Any]
AGAIN_S = 10.0


class Inbox:
    """The state of the page: who looks, and which request is open."""

    def __init__(self, at: str, looks: Who) -> None:
        self.at, self.looks = at, looks
        self.table: Table
        self.details: ui.element

    def build(self) -> None:
        """Make the list and the place of the open request."""
        columns = [
            Column("give.0.act", say("commands.wants"), "word", 112, words="commands.act."),
            Column("summary", say("commands.does"), "text", "minmax(130px,2fr)"),
            Column("significance", say("commands.significance"), "word", 100, least=500, words="commands.significance."),
            Column("person", say("commands.asks"), "text", 72, least=430),
            Column("awaited", say("commands.next"), "word", 84, least=560, words="commands.next."),
            Column("due", say("commands.next.in"), "left", 118, least=380),
            Column("spacecraft", say("column.spacecraft"), "dim", 92, least=680),
        ]
        with ui.element("div").classes("a-grid a-browse"):
            with frame.card(flush=True):
                self.table = Table(
                    columns, "commands/inbox", label=say("page.inbox"), key="id", topic={"topic": "commands", "rate_hz": 2},
                    again=True, every=AGAIN_S, at=self.at, empty=(say("commands.inbox.none"), say("commands.inbox.none.hint")),
                    on_select=self.open,
                )  # fmt: skip
            with frame.card(say("commands.request")), ui.element("div").classes("m-detail") as self.details:
                frame.empty(say("commands.inbox.choose"), say("commands.inbox.choose.hint"))

    async def open(self, row: Told) -> None:
        """Open a request: read it anew, and show what would be signed."""
        name = str(row["id"])
        self.at = name
        frame.remember(at=name)
        self.details.clear()
        with self.details:
            frame.waiting()
        try:
            told: Told = await ask("GET", f"commands/requests/{quote(name, safe='')}")
        except AelitaError as error:
            if self.at == name and not self.details.is_deleted:
                self.details.clear()
                with self.details:
                    frame.failed(error, partial(self.open, row))
            return
        if self.at == name and not self.details.is_deleted:
            self.details.clear()
            with self.details:
                self._draw(told, [dict(one) for one in row["give"]])

    def _draw(self, told: Told, give: list[Told]) -> None:
        show_sentences(told)
        place = ui.element("div").classes("a-head m-go")
        same, true = show_digest(told), show_reading(told)
        if same:
            with place:
                self._buttons(told, give if true else give[:1], only_reject=not true)
        show_wanted({**told, "wanted": []})
        frame.text(say("commands.octets"), "h2", "a-part")
        show_octets(told["packets"], told["commands"], told["fields"])
        show_way(told)
        frame.text(say("commands.stands"), "h2", "a-part")
        RequestView(str(told["id"]), may=self.looks.may, on_act=partial(do, done=self.nothing))

    def _buttons(self, told: Told, give: list[Told], *, only_reject: bool) -> None:
        if only_reject:
            frame.text(say("commands.differs"), "b", "st st4").props("role=alert")
        for one in [] if only_reject else give:
            label = f"{say('commands.act.' + one['act'])} · {one['role']}@{one['centre']}"
            made = frame.button(label, partial(self.state, told, one, str(one["act"])), "pri", hint=say("commands.sign.hint"))
            made.props["data-act"] = one["act"]
        if give:
            made = frame.button(say("commands.act.reject"), partial(self.state, told, give[0], REJECT), "danger")
            made.props["data-act"] = REJECT

    async def state(self, told: Told, give: Told, act: str) -> None:
        """State something of a request that still waits for it."""
        still = await frame.tried(ask("GET", "commands/inbox"))
        if still is None:
            return
        entry = next((one for one in rows_of(still) if one["id"] == told["id"]), None)
        wished = [(one["act"], one["role"], one["centre"]) for one in (entry or {}).get("give", ())]
        if entry is None or entry["digest"] != told["digest"] or (give["act"], give["role"], give["centre"]) not in wished:
            frame.tell(say("commands.inbox.gone"), bad=True)
            return
        fresh = entry["give"][wished.index((give["act"], give["role"], give["centre"]))]
        signed = await sign(told, dict(fresh), act, self.looks)
        if signed is None:
            return
        said = "; ".join(say_reason(one) for one in [*signed["missing"], *signed["notes"]])
        frame.tell(f"{say('commands.signed.done')} {said}" if said else say("commands.signed.done"))
        self.nothing()

    def nothing(self) -> None:
        """Show that no request is open."""
        self.at = ""
        frame.remember()
        self.table.read()
        self.details.clear()
        with self.details:
            frame.empty(say("commands.inbox.choose"), say("commands.inbox.choose.hint"))


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `at`, the request that is open."""
    page = Inbox(str(args.query_parameters.get("at", "")), await who())
    with frame.page("page.inbox"):
        page.build()


PAGE = Page("/approvals", "page.inbox", "group.commanding", "approval", "w", build)
