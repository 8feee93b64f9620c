"""Audit: the journals of all agencies, who countersigned them, their verification, and their entries as they are written."""

import json
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import AuditView, Column, Table
from . import frame
from .asked import Who, rows_of, shown_instant, who
from .page import Page
from .page_state import State

Told = dict[str, Any]
AT_FIRST = 200  # entries, the last ones


class AuditPage:
    """The state of the page: whose journal is read, behind which entry, and which entry is open."""

    def __init__(self, query: dict[str, str], looks: Who) -> None:
        self.state = State({key: query.get(key, "") for key in ("agency", "after", "at")})
        self.looks = looks
        self.heads: dict[str, int] = {}
        self.view: AuditView
        self.table: Table
        self.details: ui.element

    async def build(self) -> None:
        """Make the journals and their verification above, entries below."""
        with ui.element("div").classes("a-grid m-audit-page"):
            with frame.card(say("commands.audit.heads")):
                self.view = AuditView(may=self.looks.can("audit"), on_act=self.act)
            if not self.looks.can("audit"):
                with frame.card(say("commands.audit.entries")):
                    frame.empty(say("forbidden"), f"{say('act.forbidden')}: audit")
                return
            with ui.element("div").classes("a-grid a-browse"):
                await self._entries()

    async def act(self, told: Told) -> None:
        """Begin a verification, or cancel it."""
        await frame.tried(ask("POST" if told["act"] == "verify" else "DELETE", "commands/audit"))
        self.view.read()

    async def _entries(self) -> None:
        try:
            heads = rows_of(await ask("GET", "commands/audit"), "heads")
        except AelitaError as error:
            frame.failed(error)
            return
        self.heads = {str(one["agency"]): int(one["n"]) for one in heads}
        own = next((str(one["agency"]) for one in heads if one["own"]), self.looks.agency)
        agency = self.state.of("agency") if self.state.of("agency") in self.heads else own
        with frame.card(say("commands.audit.entries"), flush=True) as head:
            with head:
                frame.grow()
                frame.select(say("column.agency"), {one: one for one in self.heads}, agency, self.choose, "130px")
                hint = say("commands.audit.from")
                frame.field(hint, self.state.of("after"), on_change=self.behind, width="130px", mono=True, find=True)
            self.table = Table(
                [
                    Column("n", say("column.number"), "count", 70),
                    Column("at", say("column.time"), "seconds", 164),
                    Column("kind", say("commands.audit.kind"), "mono", 116),
                    Column("body", say("commands.audit.body"), "json", "minmax(120px,1fr)", least=460),
                ],
                "commands/journal", label=say("commands.audit.entries"), key="n", query=self._query(agency),
                empty=(say("commands.audit.no.entries"), ""), on_select=self.open,
            )  # fmt: skip
            self.table.style("height:100%")
        with frame.card(say("commands.audit.entry")), ui.element("div").classes("m-detail") as self.details:
            frame.empty(say("commands.audit.choose"))
        if self.state.of("at").isdigit():
            await self._deep(agency, int(self.state.of("at")))

    def _query(self, agency: str) -> dict[str, Any]:
        typed = self.state.of("after")
        after = int(typed) if typed.isdigit() else max(0, self.heads.get(agency, 0) - AT_FIRST)
        return {"agency": agency, "after": str(after)}

    def choose(self, agency: str) -> None:
        """Read another journal."""
        self.state.change(agency=agency, at="")
        self.table.ask(**self._query(agency))

    def behind(self, text: str) -> None:
        """Read the entries behind another one."""
        plain = text.strip()
        if not plain or plain.isdigit():
            self.state.change(after=plain)
            self.table.ask(**self._query(self.state.of("agency") or next(iter(self.heads), "")))

    async def _deep(self, agency: str, number: int) -> None:
        try:
            found = rows_of(await ask("GET", "commands/journal", query={"agency": agency, "after": number - 1, "limit": 1}))
        except AelitaError as error:
            frame.tell(str(error), bad=True)
            return
        if found and self.state.of("at") == str(number) and not self.details.is_deleted:
            self._show(found[0])

    async def open(self, row: Told) -> None:
        """Show all of an entry, read anew: a browser rounds its numbers of nanoseconds."""
        self.state.change(at=str(row["n"]), agency=str(row["agency"]))
        await self._deep(str(row["agency"]), int(row["n"]))

    def _show(self, row: Told) -> None:
        self.details.clear()
        with self.details:
            body = row["body"]
            frame.pairs([
                (say("column.number"), f"{row['agency']} {row['n']}"), (say("column.time"), shown_instant(row["at"], 6)),
                (say("commands.audit.kind"), row["kind"]), (say("commands.audit.hash"), row["hash"]),
                (say("commands.audit.prev"), row["prev"]),
            ])  # fmt: skip
            request = body.get("request") or (body.get("id") if row["kind"] == "request" else "")
            if isinstance(request, str) and request:
                with ui.link(target=f"/queue?at={quote(request, safe='')}").classes("a-btn small m-entry-link"):
                    frame.text(f"{say('commands.request')} {request}")
            frame.text(say("commands.audit.body"), "h2", "a-part")
            frame.text(json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True), "pre", "m-entry").props("tabindex=0")


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `agency`, whose journal is read, `after`, behind which entry, and `at`, the open one."""
    page = AuditPage(dict(args.query_parameters), await who())
    with frame.page("page.audit"):
        await page.build()


PAGE = Page("/audit", "page.audit", "group.commanding", "verified_user", "u", build)
