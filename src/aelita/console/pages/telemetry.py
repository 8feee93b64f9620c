"""Telemetry: values as they come, of one or several spacecraft, and what the parameter of the chosen row is."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Find, LiveGrid, LivePlot, ParameterNow
from . import frame
from .asked import spacecraft
from .page import Page

SHOWN = (("all", "all"), ("out", "telemetry.out"), ("fresh", "telemetry.fresh"))
LATELY_S = 600.0


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `q` (search), `show`, `order`, `spacecraft` and `p` (the chosen parameter)."""
    query = args.query_parameters
    crafts = [name for name in query.get("spacecraft", "").split(",") if name]
    show = query.get("show", "all")
    followed = await spacecraft()
    with frame.page("page.telemetry") as head:
        with ui.element("div").classes("a-grid a-side"):
            with frame.card(flush=True):
                grid = LiveGrid(
                    spacecraft=crafts, label=say("page.telemetry"), q=query.get("q", ""), show=show,
                    order=query.get("order", ""), at=query.get("p", ""), deep=True, on_select=lambda row: choose(row),
                )  # fmt: skip
            with frame.card(say("telemetry.details")), ui.element("div").style("height:100%") as details:
                frame.empty(say("telemetry.choose"), say("telemetry.choose.hint"))
        with head:
            Find(grid, say("telemetry.find"), query.get("q", ""))
            frame.segmented([(key, say(word)) for key, word in SHOWN], show, grid.show, label=say("column.state"))
            if len(followed) > 1:
                _several(followed, crafts, grid.among)

    async def choose(row: dict[str, Any]) -> None:
        try:
            told = await ask("GET", f"parameters/{quote(row['n'].strip('/'))}", query={"spacecraft": row["s"]})
        except AelitaError as error:
            details.clear()
            with details:
                frame.failed(error)
            return
        details.clear()
        with details:
            _details(row, told)


def _several(followed: Sequence[str], chosen: list[str], on_change: Callable[[list[str]], None]) -> None:
    """Add the choice of some of several spacecraft; none chosen shows all."""
    with ui.element("div").classes("a-seg").props("role=group") as group:
        group.props["aria-label"] = say("column.spacecraft")
        for craft in followed:

            def turn(craft: str = craft) -> None:
                chosen.remove(craft) if craft in chosen else chosen.append(craft)
                mark()
                on_change(chosen)

            with ui.element("button").props("type=button").on("click", lambda turn=turn: turn()) as made:
                made.props["data-value"] = craft
                frame.text(craft)

    def mark() -> None:
        for made in group.default_slot.children:
            made.props["aria-pressed"] = "true" if made.props["data-value"] in chosen or not chosen else "false"

    mark()


def _details(row: dict[str, Any], told: dict[str, Any]) -> None:
    """Show a parameter: how it is and went lately, type, calibration, limits, where it comes from."""
    told_kind = told.get("type")
    kind: dict[str, Any] = told_kind if isinstance(told_kind, dict) else {"kind": told_kind}
    labels = [one for one in kind.get("labels") or [] if isinstance(one, dict)]
    rules = told.get("limits_in_force") or told.get("limits") or []
    frame.text(row["n"], "b", "mono").style("overflow-wrap:anywhere")
    if told.get("description"):
        frame.text(told["description"], "p", "mut").style("margin:4px 0 0")
    units = str(told.get("units") or kind.get("units") or "")
    with ParameterNow(row["n"], row["s"], units=units, limits=rules, labels=labels, overridden=bool(told.get("overrides"))):
        if isinstance(row.get("v"), int | float) and not isinstance(row.get("v"), bool):
            with ui.element("div").classes("t-lately"):
                LivePlot([row["plot"]], span_s=LATELY_S, tools=False)
    with ui.element("div").classes("a-head").style("margin:8px 0"):
        with ui.link(target=f"/plot?p={quote(row['plot'])}").classes("a-btn small"):
            frame.text(say("telemetry.plot"))
        with ui.link(target=f"/database?kind=parameter&name={quote(row['n'])}").classes("a-btn small"):
            frame.text(say("page.database"))
    rows: list[tuple[str, object]] = [
        (say("telemetry.type"), " ".join(str(kind.get(key) or "") for key in ("kind", "name")).strip()),
        (say("column.units"), units),
        (say("telemetry.encoding"), kind.get("encoding")),
        (say("telemetry.calibrator"), "; ".join(kind.get("calibration") or [])),
        (say("telemetry.range"), kind.get("valid_range")),
        (say("telemetry.container"), ", ".join(_containers(told))),
    ]
    frame.pairs([row for row in rows if row[1]])
    if worded := [one.get("text", "") for one in rules]:
        frame.text(say("column.limits"), "h2", "a-part")
        for line in worded:
            frame.text(line, "div", "a-row mono")


def _containers(told: dict[str, Any]) -> list[str]:
    held = told.get("containers") or ([told["container"]] if told.get("container") else [])
    return [str(one["container"]) if isinstance(one, dict) else str(one) for one in held]


PAGE = Page("/telemetry", "page.telemetry", "group.operations", "table_rows", "t", build)
