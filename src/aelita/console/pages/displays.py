"""Displays that users compose from tables, plots, text and simple mimics, save and share."""

import json
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Column, Table
from . import frame
from .composing import Composing
from .display import Display, display_of, draw
from .page import Page


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `d`, the display that is open ("new" for a new one), and `edit`."""
    ident = args.query_parameters.get("d", "")
    if not ident:
        _list()
    elif ident == "new":
        await Composing(Display()).build()
    else:
        try:
            found = display_of(await ask("GET", f"displays/{quote(ident, safe='')}"))
            found.mine = found.owner == (await ask("GET", "auth/me"))["user"]
        except AelitaError as error:
            with frame.page("page.displays"):
                frame.failed(error, lambda: ui.navigate.to("/displays"))
            return
        if args.query_parameters.get("edit") == "1":
            await Composing(found).build()
        else:
            _show(found)


def _list() -> None:
    columns = [
        Column("title", say("column.title"), "text", "minmax(160px,3fr)"),
        Column("owner", say("column.owner"), "dim", "minmax(90px,1fr)"),
        Column("shared", say("column.shared"), "yes", 90),
        Column("changed", say("column.changed"), "seconds", 170, least=600),
    ]
    with frame.page("page.displays") as head:
        with frame.card(flush=True, style="flex:1"):
            table = Table(
                columns, "displays", label=say("page.displays"), key="id", on_open=lambda row: _go(row["id"]),
                empty=(say("displays.empty"), say("displays.empty.hint")),
            )  # fmt: skip
        with head:
            frame.field(say("search"), on_change=table.search, find=True, width="220px")
            frame.grow()
            frame.button(say("displays.bring"), _bring)
            frame.button(say("displays.new"), lambda: _go("new"), "pri")


def _go(ident: str, *, edit: bool = False) -> None:
    ui.navigate.to(f"/displays?d={quote(ident, safe='')}{'&edit=1' if edit else ''}" if ident else "/displays")


def _show(display: Display) -> None:
    """Make a display, to look at."""
    with frame.page("page.displays") as head:
        with head:
            frame.text(display.title, "b")
            frame.text(say("column.shared") if display.shared else say("displays.own"), "span", "a-chip")
            frame.text(display.owner, "span", "dim")
            frame.grow()
            frame.button(say("displays.take"), lambda: _take(display), hint=say("displays.take.hint"))
            frame.button(say("edit") if display.mine else say("displays.copy"), lambda: _go(display.ident, edit=True))
            frame.button(say("close"), lambda: _go(""))
        draw(ui.element("div").classes("d-grid"), display)


def _take(display: Display) -> None:
    """Let the browser store a display as a file."""
    told = {"title": display.title, "document": display.document()}
    ui.download.content(json.dumps(told, ensure_ascii=False, indent=1), f"{display.title or 'display'}.json", "application/json")


def _bring() -> None:
    """Ask for the text of a display that was taken away, and save it as one's own."""
    with frame.dialog(say("displays.bring")) as made:
        frame.text(say("displays.bring.hint"), "span", "dim")
        given = frame.field(say("displays.bring.text"), many=True, mono=True)

        async def take() -> None:
            try:
                found = display_of(json.loads(str(given.value or "")))
            except (ValueError, TypeError, AttributeError):
                frame.tell(say("displays.bring.bad"), bad=True)
                return
            body = {"title": found.title or say("displays.new"), "shared": False, "document": found.document()}
            told = await frame.tried(ask("POST", "displays", body=body), say("displays.saved"))
            if told is not None:
                made.close()
                _go(str(told["id"]))

        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), made.close)
            frame.button(say("done"), take, "pri")
    made.open()


PAGE = Page("/displays", "page.displays", "group.analysis", "dashboard_customize", "d", build)
