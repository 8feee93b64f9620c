"""Queries that a user saves for a page: a menu that opens them, saves what the page shows now, and deletes them."""

from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from nicegui import ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from . import frame
from .asked import rows_of

PASSING = ("at", "alarm", "doing")  # parts of an address that are no query


async def saved_queries(page: str) -> None:
    """Add the button whose menu holds the queries that the user saved for a page (`events`)."""
    with frame.button(say("saved.queries"), lambda: None, "small", hint=say("saved.hint")) as made:
        made.props["data-saved"] = "1"
        made.props["aria-haspopup"] = "menu"
        with ui.menu().classes("s-menu").props("role=menu") as menu:
            place = ui.element("div")
    made.on("click", partial(_fill, page, place, menu))


async def _fill(page: str, place: ui.element, menu: ui.menu) -> None:
    """List the queries as they are now."""
    try:
        found = rows_of(await ask("GET", "queries", query={"page": page}))
    except AelitaError as error:
        place.clear()
        with place:
            frame.failed(error)
        return
    place.clear()
    with place:
        for one in found:
            _line(page, one, place, menu)
        if not found:
            frame.text(say("saved.none"), "div", "s-none dim")
        with ui.element("div").classes("s-foot"):
            frame.button(say("saved.save"), partial(_save, page, menu), "small").props("data-save-query=1")


def _line(page: str, one: dict[str, Any], place: ui.element, menu: ui.menu) -> None:
    async def delete() -> None:
        await frame.tried(ask("DELETE", f"queries/{quote(str(one['id']), safe='')}"), say("done"))
        await _fill(page, place, menu)

    with ui.element("div").classes("s-line"):
        with ui.link(target=f"/{page}?{one['query']}" if one["query"] else f"/{page}").props("role=menuitem") as link:
            link.props["data-query"] = one["title"]
            frame.text(one["title"], "b")
            frame.text(_worded(one["query"]), "span", "dim")
        made = frame.button("✕", delete, "small flat", hint=say("delete"))
        made.props["aria-label"] = f"{say('delete')}: {one['title']}"


def _worded(query: str) -> str:
    """Return what a query asks for: its words first, then each other part with its name."""
    parts = dict(parse_qsl(query))
    words = f"“{parts.pop('q')}”" if "q" in parts else ""
    return " · ".join([*filter(None, [words]), *(f"{key} {value}" for key, value in parts.items())])


async def _save(page: str, menu: ui.menu) -> None:
    """Ask for a title, and save what the address of the page asks for."""
    menu.close()
    told = str(await ui.run_javascript("location.search.slice(1)") or "")
    query = urlencode([(key, value) for key, value in parse_qsl(told) if key not in PASSING])
    with frame.dialog(say("saved.save")) as dialog, ui.element("div").classes("x-form"):
        title = frame.field(say("saved.title"), width="100%")
        title.props("autofocus maxlength=100")
        frame.text(" · ".join(f"{key}: {value}" for key, value in parse_qsl(query)) or say("all"), "span", "dim")

        async def send() -> None:
            body = {"page": page, "title": str(title.value or "").strip(), "query": query}
            if await frame.tried(ask("POST", "queries", body=body), say("saved.done")) is not None:
                dialog.submit(True)

        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), lambda: dialog.submit(False))
            frame.button(say("save"), send, "pri").props("data-send=1")
    await dialog
    dialog.delete()
