"""Events: what spacecraft reported and what went out of its limits, as it comes and from the archive."""

import json
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import EventList
from . import frame
from .asked import craft_choice, ranges, rows_of, shown_instant, spacecraft, time_field, told_in_words
from .page import Page
from .saved import saved_queries

MOST_SOURCES = 500
KINDS = (("report", "events.reports"), ("limit", "events.limits"))
REPORT_LEVELS = (("0", "all"), ("2", "severity.low"), ("3", "severity.medium"), ("4", "severity.high"))
LIMIT_LEVELS = (("0", "all"), ("1", "severity.1"), ("2", "severity.2"), ("3", "severity.3"), ("4", "severity.4"))


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `kind`, `severity`, `q`, `from`, `to`, `spacecraft`, `source`; `at` is the chosen one."""
    query = args.query_parameters
    kind = query.get("kind", "report") if query.get("kind") in ("report", "limit") else "report"
    severity = query.get("severity", "0") if query.get("severity", "") in ("0", "1", "2", "3", "4", "5") else "0"
    crafts, origins = await spacecraft(), await _origins()
    with frame.page("page.events") as head:
        with ui.element("div").classes("a-grid a-side"):
            with frame.card(say("page.events"), flush=True) as top:
                events = EventList(
                    label=say("page.events"), kind=kind, severity=int(severity), q=query.get("q", ""),
                    start=query.get("from", ""), stop=query.get("to", ""), spacecraft=query.get("spacecraft", ""),
                    source=query.get("source", ""), origins=origins, at=query.get("at", ""),
                    on_select=lambda row: _details(details, row),
                )  # fmt: skip
            with frame.card(say("column.event")), ui.element("div").style("min-height:100%") as details:
                frame.empty(say("events.choose"))
        with head:
            frame.segmented([(key, say(word)) for key, word in KINDS], kind, lambda one: turn(one), label=say("events.kind"))
            frame.field(say("events.find"), query.get("q", ""), on_change=lambda q: events.ask(q=q), find=True, width="150px")
            levels = ui.element("div").style("display:contents")
            ranges(lambda start: begin.set_value(start))
            begin = time_field(say("act.from"), query.get("from", ""), lambda at: events.ask(start=at), width="148px")
            time_field(say("act.to"), query.get("to", ""), lambda at: events.ask(stop=at), width="148px")
            craft_choice(crafts, query.get("spacecraft", ""), lambda one: events.ask(spacecraft=one))
            if origins:
                options = {"": say("events.any.source")} | {number: one["name"] for number, one in origins.items()}
                chosen = query.get("source", "") if query.get("source", "") in options else ""
                frame.select(say("column.source"), options, chosen, lambda one: events.ask(source=one), "150px")
        with top:
            frame.grow()
            await saved_queries("events")
            _hold(events)
            frame.button("CSV", lambda: events.file("csv"), "small", hint=say("events.file"))

    def draw_levels(kind: str, chosen: str) -> None:
        levels.clear()
        with levels:
            options = [
                (key, say(word) if key == "0" else f"≥ {say(word)}")
                for key, word in (LIMIT_LEVELS if kind == "limit" else REPORT_LEVELS)
            ]
            frame.segmented(options, chosen, lambda one: events.ask(severity=int(one)), label=say("column.severity"))

    def turn(kind: str) -> None:
        draw_levels(kind, "0")
        events.ask(kind=kind, severity=0)

    draw_levels(kind, severity)


async def _origins() -> dict[str, dict[str, Any]]:
    """Return what was ingested, by number: its name without folders, and whether it is a live stream."""
    try:
        told = rows_of(await ask("GET", "sources", query={"spacecraft": "*", "limit": MOST_SOURCES}))
    except AelitaError:
        return {}
    return {str(one["source"]): {"name": _short(one), "live": bool(one.get("live"))} for one in told}


def _short(one: dict[str, Any]) -> str:
    station, name = str(one.get("station") or ""), str(one["name"]).rpartition("/")[2]
    return " · ".join(part for part in (name, station) if part)


def _hold(events: EventList) -> None:
    def turn() -> None:
        held = made.props.get("aria-pressed") != "true"
        made.props["aria-pressed"] = "true" if held else "false"
        events.hold(held)

    made = frame.button(say("events.hold"), turn, "small", hint=say("events.hold.hint"))
    made.props["aria-pressed"] = "false"


def _details(place: ui.element, row: dict[str, Any]) -> None:
    """Show an event."""
    place.clear()
    with place:
        frame.text(_plain(row) or row.get("name") or "", "b")
        rows: list[tuple[str, object]] = [
            (say("column.time"), shown_instant(row.get("utc"), 6)),
            (say("column.name"), row.get("name")),
            (say("column.spacecraft"), row.get("spacecraft")),
            ("APID", row.get("apid")),
            (say("column.source"), row.get("source")),
        ]
        with ui.element("div").style("margin-top:8px"):
            frame.pairs([one for one in rows if one[1] not in (None, "")])
        told = f"{row.get('name')}, {shown_instant(row.get('utc'), 3)}: {_plain(row)}\n"
        with ui.link(target=f"/log?text={quote(told, safe='')}").classes("a-btn small").style("margin:10px 6px 0 0"):
            frame.text(say("act.log"))
        if row.get("kind") == "limit":
            with ui.link(target=f"/plot?p={quote(str(row['name']))}").classes("a-btn small").style("margin-top:10px"):
                frame.text(say("telemetry.plot"))
            return
        fields = _fields(row.get("details"))
        if fields:
            frame.text(say("octets.fields"), "h2", "a-part")
            frame.pairs([(name, told_in_words(value)) for name, value in fields.items()])
        if row.get("data"):
            frame.text(say("column.octets"), "h2", "a-part")
            frame.text(
                " ".join(str(row["data"])[k : k + 2] for k in range(0, min(len(str(row["data"])), 512), 2)), "div", "mono mut"
            )


def _plain(row: dict[str, Any]) -> str:
    """Return what an event says without its name and severity, which stand beside it."""
    text = str(row.get("message") or "")
    for begin in (f"{row.get('name')}, ", f"severity {row.get('level')}, "):
        text = text.removeprefix(begin)
    return text


def _fields(details: Any) -> dict[str, Any]:
    """Return the decoded fields of an event report: JSON text, as the archive has it."""
    try:
        found = json.loads(details) if isinstance(details, str) and details else details
    except ValueError:
        return {say("events.details"): details}
    return found if isinstance(found, dict) else {} if found is None else {say("events.details"): found}


PAGE = Page("/events", "page.events", "group.operations", "event_note", "e", build)
