"""The pages of the console. Each is a module here that ends with `PAGE = Page(...)` and is named in MODULES, in the menu's order.

How a page is written (see `telemetry.py` for a short whole one):

* `def build(args: PageArguments) -> None` or `async def`; no `from __future__ import annotations` in page modules, for NiceGUI
  compares the annotation itself. State of the page comes from `args.query_parameters` and goes back by `frame.remember(q=...)`
  (Python) or `remember({q})` of `aelita-face` (browser), so that every address can be passed on.
* It begins with `with frame.page("page.events") as head:`; `with head:` puts fields and buttons beside the title. Below come
  `with frame.card("overview.links"):` and widgets; a widget fills the card when `flush=True`.
* Everything it says is `say("page.events")`, keys being in `words_shell.py` (shell), `words_operations.py`,
  `words_commanding.py` and `words_complex.py` (other pages), English and Russian both; a test proves that none is missing.
  Text of others (names, comments, log entries) goes
  through `frame.text`, `ui.label` or a widget, all of which show it as text; never `ui.html(..., sanitize=False)`.
* It asks the centre by `await ask("GET", "alarms", query={...})` of `asking`, as the user who looks; a refusal is
  `RefusedError` (what, where, remedy, status). `await frame.shown(reading, build)` draws the waiting, error and content states
  of one answer. `await frame.tried(ask("POST", ...), say("done"))` does something and tells how it went.
* Live values never pass through Python: `widgets.Table` (lists, paged, with a live topic), `LiveGrid` (values), `LivePlot` take
  them in the browser, from the bus (`aelita-bus`: `subscribe(request, {snapshot, updates, state})`, `watch(line)`) and by fetch
  (`aelita-face`: `ask(path, query)`). A widget shows itself stale when `state` says stale or lost; the bus tells it within two
  missed ticks.
* Typed text that must survive a restart of the server: `frame.field(label, keep="name")`; call `frame.forget("name")` once sent.
* The first search field of a page has `find=True`, which is where '/' goes. Every control has a label, every state a word.
"""

from importlib import import_module

from .page import Page

MODULES: tuple[str, ...] = (
    "overview", "telemetry", "alarms", "overrides", "events", "stations", "navigation", "commands", "command_queue",
    "command_inbox", "procedures", "on_board", "command_authority", "command_audit", "displays", "plot", "packets",
    "completeness", "database", "log", "agencies", "deliveries", "administration",
)  # fmt: skip


def all_pages() -> tuple[Page, ...]:
    """Return the pages in the order of the menu."""
    return tuple(import_module(f".{name}", __package__).PAGE for name in MODULES)


__all__ = ["MODULES", "Page", "all_pages"]
