"""Deliveries: rules by which instrument teams get packets or parameters, what was delivered, and how to go on fetching."""

from functools import partial
from typing import Any

from nicegui import PageArguments, context, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Column, Table
from . import frame
from .asked import Who, rows_of, shown_instant, who
from .delivering import Delivering, about
from .page import Page

AGAIN_S = 5.0


class Deliveries:
    """The state of the page: who looks, which delivery is chosen, and behind which batch its list begins."""

    def __init__(self, query: dict[str, str], looks: Who) -> None:
        self.at = query.get("at", "")
        self.after = query.get("after", "") if query.get("after", "").isdigit() else ""
        self.looks = looks
        self.table: Table
        self.rows: list[dict[str, Any]] = []
        self.details: ui.element
        self.filed: ui.element

    def columns(self) -> list[Column]:
        """Return what is told of a delivery in the list."""
        return [
            Column("id", say("column.number"), "count", 70),
            Column("title", say("deliveries.title"), "text", "minmax(120px,1.2fr)"),
            Column("about", say("deliveries.what"), "text", "minmax(130px,1.2fr)", least=620),
            Column("schedule", say("deliveries.schedule"), "dim", 132, least=820),
            Column("state", say("column.state"), "text", 96),
            Column("last", say("deliveries.last"), "count", 84),
            Column("kept_octets", say("deliveries.kept"), "octets", 84, least=520),
            Column("owner", say("deliveries.owner"), "dim", 92, least=940),
        ]

    async def read(self) -> list[dict[str, Any]]:
        """Return the deliveries as rows of the list."""
        return [_row(one) for one in rows_of(await ask("GET", "deliveries", query={"limit": 1000}))]

    async def draw(self) -> None:
        """List the deliveries, or say why they cannot be."""
        self.filed.clear()
        with self.filed:
            await frame.shown(self.read, self._list)

    def _list(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        if not rows:
            frame.empty(say("deliveries.none"), say("deliveries.none.hint"))
            return
        self.table = Table(self.columns(), label=say("page.deliveries"), rows=rows, key="id", on_select=self.choose)
        chosen = next((one for one in rows if str(one["id"]) == self.at), None)
        if chosen is not None:
            self.show(chosen)
        self.table.style("height:100%")

    def choose(self, row: dict[str, Any]) -> None:
        """Show another delivery."""
        if str(row["id"]) != self.at:
            self.at, self.after = str(row["id"]), ""
            frame.remember(at=self.at)
            self.show(row)

    def show(self, row: dict[str, Any]) -> None:
        """Show a delivery: its rule, what can be done to it, and its batches."""
        rule = row["rule"]
        self.details.clear()
        with self.details:
            with frame.card(row["title"] or f"{say('deliveries.one')} {row['id']}"):
                if row["fault"]:
                    frame.text(f"{say('deliveries.fault')}: {row['fault']}", "p", "st st4").style("margin:0 0 8px")
                frame.pairs([
                    (say("column.number"), row["id"]), (say("deliveries.what"), about(rule)), (say("column.state"), row["state"]),
                    (say("column.spacecraft"), rule["spacecraft"]), (say("deliveries.schedule"), row["schedule"]),
                    (say("deliveries.format"), rule["format"]),
                    (say("deliveries.keeps"), f"{rule['keep_days']} {say('deliveries.days')}, {rule['keep_mebioctets']} MiB"),
                    (say("deliveries.owner"), row["owner"]), (say("administration.created"), shown_instant(row["created"])),
                ])  # fmt: skip
                with ui.element("div").classes("a-head").style("margin-top:10px"):
                    word = "deliveries.go.on" if rule["paused"] else "deliveries.pause"
                    hint = say(f"{word}.hint")
                    frame.button(say(word), partial(self.pause, row), "small", hint=hint).props("data-pause=1")
                    frame.button(say("deliveries.end"), partial(self.end, row), "small danger").props("data-end=1")
                self._fetching(row)
            with frame.card(say("deliveries.batches"), flush=True) as top:
                self._batches(row, top)

    def _fetching(self, row: dict[str, Any]) -> None:
        """Say how a program fetches the batches, and goes on after a broken line."""
        frame.text(say("deliveries.fetch"), "h2", "a-part")
        code = f'aelita.connect("{_here()}", token=…).fetch_delivery({row["id"]}, "FOLDER")'
        frame.text(code, "div", "x-code mono").props("tabindex=0")
        with ui.element("div").classes("a-head"):
            frame.text(say("deliveries.fetch.hint"), "span", "dim").style("flex:1")
            frame.button(say("administration.copy"), lambda: ui.clipboard.write(code), "small")

    def _batches(self, row: dict[str, Any], top: ui.element) -> None:
        columns = [
            Column("number", say("deliveries.batch"), "count", 70),
            Column("made", say("deliveries.made"), "seconds", 164, least=420),
            Column("first", say("deliveries.first"), "seconds", 164, least=780),
            Column("last", say("deliveries.upto"), "seconds", 164),
            Column("rows", say("deliveries.rows"), "count", 70),
            Column("octets", say("agencies.size"), "octets", 84, least=360),
            Column("gone", say("deliveries.gone"), "yes", 84, least=640),
        ]
        source = f"deliveries/{row['id']}/batches"
        table = Table(
            columns, source, label=say("deliveries.batches"), query={"after": self.after}, key="number", every=AGAIN_S,
            empty=(say("deliveries.no.batches"), say("deliveries.no.batches.hint")),
            on_open=lambda one: self.fetch(row, one),
        )  # fmt: skip
        table.style("height:100%")

        def behind(text: str) -> None:
            self.after = text.strip() if text.strip().isdigit() else ""
            frame.remember(at=self.at, after=self.after)
            table.ask(after=self.after)

        with top:
            frame.grow()
            field = frame.field(say("deliveries.behind"), self.after, on_change=behind, width="150px", mono=True)
            field.props["title"] = say("deliveries.behind.hint")

    def fetch(self, row: dict[str, Any], batch: dict[str, Any]) -> None:
        """Let the browser store a batch, when it is still kept."""
        if batch["gone"]:
            frame.tell(say("deliveries.gone.hint"), bad=True)
            return
        ui.download.from_url(f"/api/v1/deliveries/{row['id']}/batches/{batch['number']}")

    async def pause(self, row: dict[str, Any]) -> None:
        """Pause a delivery, or let it go on."""
        paused = not row["rule"]["paused"]
        told = await frame.tried(ask("PATCH", f"deliveries/{row['id']}", body={"paused": paused}), say("done"))
        if told is not None:
            await self.draw()

    async def end(self, row: dict[str, Any]) -> None:
        """End a delivery for good, when it is sure."""
        if await frame.sure(f"{say('deliveries.end.sure')} {row['title'] or row['id']}", say("deliveries.end")):
            await frame.tried(ask("DELETE", f"deliveries/{row['id']}"), say("done"))
            self.at = self.after = ""
            frame.remember()
            self.nothing()
            await self.draw()

    def nothing(self) -> None:
        """Show that no delivery is chosen, and what deliveries are."""
        self.details.clear()
        with self.details, frame.card(say("deliveries.one"), style="grid-row:1/-1"):
            frame.empty(say("deliveries.choose"), say("deliveries.about"))

    async def make(self) -> None:
        """Ask for a delivery, and make it."""
        told = await Delivering(self.looks).made()
        if told is not None:
            self.at, self.after = str(told["id"]), ""
            frame.remember(at=self.at)
            await self.draw()

    async def look_again(self) -> None:
        """Read the list again, for what is kept and where it stands changes by itself."""
        try:
            rows = await self.read()
        except AelitaError:
            return
        before, self.rows = self.rows, rows
        if self.filed.is_deleted or rows == before:
            return
        if not before or not rows:
            await self.draw()
        else:
            self.table.rows(rows)
            self._show_changed(before)

    def _show_changed(self, before: list[dict[str, Any]]) -> None:
        """Show the chosen delivery anew when its rule or its fault changed."""
        then, now = (next((one for one in rows if str(one["id"]) == self.at), None) for rows in (before, self.rows))
        if then and now and (then["rule"], then["fault"]) != (now["rule"], now["fault"]):
            self.show(now)


def _row(one: dict[str, Any]) -> dict[str, Any]:
    rule = one["rule"]
    state = "deliveries.faulty" if one["fault"] else "deliveries.paused" if rule["paused"] else "deliveries.runs"
    return one | {"about": about(rule), "schedule": say(f"deliveries.schedule.{rule['schedule']}"), "state": say(state)}


def _here() -> str:
    url = context.client.request.url
    return f"{url.scheme}://{url.netloc}"


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `at`, the delivery that is chosen, and `after`, behind which its batches are listed."""
    page = Deliveries(dict(args.query_parameters), await who())
    with frame.page("page.deliveries") as head:
        with ui.element("div").classes("a-grid a-halves"):
            with frame.card(flush=True), ui.element("div").style("height:100%") as page.filed:
                pass
            page.details = ui.element("div").classes("a-stack")
        page.nothing()
        with head:
            frame.grow()
            frame.button(say("deliveries.make"), page.make, "pri").props("data-make=1")
    await page.draw()
    ui.timer(AGAIN_S, page.look_again, immediate=False)


PAGE = Page("/deliveries", "page.deliveries", "group.complex", "local_shipping", "r", build)
