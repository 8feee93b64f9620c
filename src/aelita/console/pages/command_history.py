"""Telecommands of a spacecraft as its own reports tell of them, and which reports are missing."""

from typing import Any
from urllib.parse import quote

from nicegui import ui

from ..asking import ask
from ..look import say
from ..widgets import Column, Table
from . import frame
from .asked import rows_of
from .page_state import State

Told = dict[str, Any]
STAGES = ("acceptance", "start", "completion")
MOST = 2000
SHOWN = (("", "all"), ("incomplete", "commands.history.incomplete"), ("failed", "commands.trouble"))


class Reported:
    """The view of what a spacecraft reported."""

    def __init__(self, state: State, craft: str) -> None:
        self.state, self.craft = state, craft
        self.rows: list[Told] = []
        self.more = False
        self.place: ui.element
        self.table: Table

    async def build(self) -> None:
        """Make the place, and fill it."""
        frame.text(say("commands.history.about"), "p", "dim").style("margin:0")
        self.place = ui.element("div").classes("m-reported")
        await self.draw()

    async def draw(self) -> None:
        """Read the history anew."""
        self.place.clear()
        with self.place:
            await frame.shown(self.read, self._list)

    async def read(self) -> list[Told]:
        """Return the telecommands of the range."""
        query = {"start": self.state.of("from"), "stop": self.state.of("to"), "limit": MOST}
        asked = {key: value for key, value in query.items() if value}
        told = await ask("GET", f"commands/history/{quote(self.craft, safe='')}", query=asked)
        self.more = bool(told.get("next"))
        return [_row(one) for one in rows_of(told)]

    def _list(self, rows: list[Told]) -> None:
        self.rows = rows
        if not rows:
            frame.empty(say("commands.history.none"), say("commands.history.none.hint"))
            return
        with ui.element("div").classes("m-summary").props("role=status"):
            self._summary()
        named = [Column("command", say("column.name"), "tail", "minmax(90px,1fr)", least=760)]
        asked = [Column("request", say("commands.request"), "mono", "minmax(110px,.8fr)", least=900)]
        ours = any(one["command"] for one in rows)
        columns = [
            Column("first", say("column.time"), "time", 190),
            Column("apid", "APID", "mono", 62),
            Column("sequence_count", say("column.sequence"), "mono", 84),
            *(named if ours else ()),
            Column("acceptance", say("commands.stage.accepted"), "report", "minmax(110px,1fr)"),
            Column("start", say("commands.stage.started"), "report", "minmax(110px,1fr)"),
            Column("completion", say("commands.stage.completed"), "report", "minmax(110px,1fr)"),
            Column("steps", say("commands.steps"), "count", 66, least=860),
            *(asked if ours else ()),
        ]
        with frame.card(flush=True):
            self.table = Table(
                columns, label=say("commands.reported"), rows=self._chosen(), key="first+apid+sequence_count", on_open=self.open
            )
            self.table.style("height:100%")

    def _summary(self) -> None:
        frame.text(f"{len(self.rows)} {say('commands.history.count')}", "b")
        for stage in STAGES:
            lack = sum(one[stage] == "missing" for one in self.rows)
            if lack:
                frame.text(f"{lack} {say('commands.history.lack.' + stage)}", "span", "st st2").props(f"data-lack={stage}")
        failed = sum(bool(one["failed"]) for one in self.rows)
        if failed:
            frame.text(f"{failed} {say('commands.history.failed')}", "span", "st st4")
        if self.more:
            frame.text(say("commands.history.shown").replace("{count}", str(len(self.rows))), "span", "st st2")
        frame.grow()
        frame.segmented([(key, say(word)) for key, word in SHOWN], self.state.of("show"), self.choose, label=say("column.state"))

    def _chosen(self) -> list[Told]:
        show = self.state.of("show")
        if show == "incomplete":
            return [one for one in self.rows if any(one[stage] == "missing" for stage in STAGES)]
        return [one for one in self.rows if one["failed"]] if show == "failed" else self.rows

    def choose(self, show: str) -> None:
        """Show all, the incomplete or the failed ones."""
        self.state.change(show=show)
        self.table.rows(self._chosen())

    def open(self, row: Told) -> None:
        """Lead to the request that it was."""
        if row["request"]:
            ui.navigate.to(f"/queue?at={quote(str(row['request']), safe='')}")


def _row(one: Told) -> Told:
    stages = {stage: one["stages"].get(stage) or ("missing" if stage in one["missing"] else None) for stage in STAGES}
    return {key: one[key] for key in ("first", "apid", "sequence_count", "steps", "failed", "request", "command")} | stages
