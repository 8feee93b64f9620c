"""The history of all alarms on one page: what happened, who did what, who was told; searched, and read further as one scrolls."""

from typing import Any
from urllib.parse import quote

from nicegui import ui

from ..look import say
from ..widgets import Column, Table
from . import frame
from .asked import ranges, shown_instant, time_field
from .page_state import State
from .saved import saved_queries

PAGE_SIZE = 200
AGAIN_S = 5.0
LEVELS = (("0", "all"), ("1", "severity.1"), ("2", "severity.2"), ("3", "severity.3"), ("4", "severity.4"), ("5", "severity.5"))
NAMED = {"q": "search", "severity": "severity", "who": "user", "from": "start", "to": "stop"}


async def history(query: dict[str, str], head: ui.element) -> None:
    """Make the view. The address of the page keeps what is sought: `q`, `severity`, `who`, `from`, `to`."""
    state = State({"view": "history"} | {key: query.get(key, "") for key in NAMED})

    def asked() -> dict[str, Any]:
        return {name: state.of(key) for key, name in NAMED.items() if state.of(key)} | {"limit": PAGE_SIZE}

    def change(**what: str) -> None:
        state.change(**what)
        table.ask(**asked())

    with ui.element("div").classes("a-grid a-side a-more"):
        with frame.card(say("alarms.history.all"), flush=True) as top:
            table = Table(
                _columns(), "alarms/history", label=say("alarms.history.all"), query=asked(), levels="severity", every=AGAIN_S,
                key="at+owner+alarm+event+number", on_select=lambda row: _details(details, row),
                empty=(say("alarms.history.none"), say("alarms.history.none.hint")),
            )  # fmt: skip
        with frame.card(say("column.alarm")), ui.element("div").style("min-height:100%") as details:
            frame.empty(say("alarms.history.choose"))
    with head:
        frame.field(say("alarms.find"), state.of("q"), on_change=lambda q: change(q=q), find=True, width="170px")
        frame.select(
            say("column.severity"), {key: say(word) if key == "0" else f"≥ {say(word)}" for key, word in LEVELS},
            state.of("severity") or "0", lambda one: change(severity="" if one == "0" else one), "138px",
        )  # fmt: skip
        frame.field(say("alarms.who"), state.of("who"), on_change=lambda who: change(who=who), width="100px")
        ranges(lambda start: begin.set_value(start))
        begin = time_field(say("act.from"), state.of("from"), lambda at: change(**{"from": at}), width="146px")
        time_field(say("act.to"), state.of("to"), lambda at: change(to=at), width="146px")
    with top:
        frame.grow()
        await saved_queries("alarms")


def _columns() -> list[Column]:
    return [
        Column("at", say("column.time"), "seconds", 166),
        Column("severity", say("column.severity"), "severity", 140, least=560),
        Column("title", say("column.alarm"), "text", "minmax(140px,2fr)"),
        Column("event", say("alarms.what"), "text", "minmax(96px,1fr)", words="alarms.event."),
        Column("value", say("alarms.trigger"), "mono", "minmax(80px,.8fr)", least=836),
        Column("user", say("column.user"), "mono", 100, least=460),
        Column("comment", say("alarms.said"), "text", "minmax(110px,1.4fr)", least=756),
        Column("agency", say("column.agency"), "dim", 84, least=980),
    ]


def _details(place: ui.element, row: dict[str, Any]) -> None:
    """Show a record, and lead to its alarm as it is now."""
    place.clear()
    with place:
        frame.text(row.get("title") or row["alarm"], "b")
        phase = row.get("phase")
        rows: list[tuple[str, object]] = [
            (say("column.time"), shown_instant(row.get("at"), 3)),
            (say("alarms.what"), row.get("what")),
            (say("column.name"), row["alarm"]),
            (say("column.owner"), row["owner"]),
            (say("column.severity"), None if row.get("severity") is None else say(f"severity.{row['severity']}")),
            (say("column.state"), say(f"alarms.phase.{phase}") if phase else None),
            (say("alarms.trigger"), row.get("value")),
            (say("column.user"), row.get("user")),
            (say("column.agency"), row.get("agency")),
            (say("alarms.said"), row.get("comment")),
        ]
        with ui.element("div").style("margin-top:8px"):
            frame.pairs([one for one in rows if one[1] not in (None, "")])
        if row.get("words") not in (None, "", row.get("comment"), row.get("value")):
            frame.text(row["words"], "p", "mut")
        with ui.element("div").classes("a-head").style("margin-top:10px"):
            alarm = quote(f"{row['owner']}/{row['alarm']}", safe="")
            for target, word in (
                (f"/alarms?alarm={alarm}", "alarms.now"),
                (f"/alarms?view=history&q={quote(str(row['alarm']), safe='')}", "alarms.history.one"),
            ):
                with ui.link(target=target).classes("a-btn small"):
                    frame.text(say(word))
