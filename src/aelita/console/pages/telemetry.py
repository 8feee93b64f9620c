"""Telemetry: values as they come, of one or several spacecraft, and what the parameter of the chosen row is."""

from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import LiveGrid
from . import frame
from .page import Page

SHOWN = (("all", "all"), ("out", "telemetry.out"), ("fresh", "telemetry.fresh"))


def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `q` (search), `show`, `order`, `spacecraft` and `p` (the chosen parameter)."""
    query = args.query_parameters
    crafts = [name for name in query.get("spacecraft", "").split(",") if name]
    show = query.get("show", "all")
    with frame.page("page.telemetry") as head:
        with ui.element("div").classes("a-grid a-side"):
            with frame.card(flush=True):
                grid = LiveGrid(
                    spacecraft=crafts, label=say("page.telemetry"), q=query.get("q", ""), show=show,
                    order=query.get("order", ""), deep=True, on_select=lambda row: choose(row["n"], row["s"]),
                )  # fmt: skip
            with frame.card(say("telemetry.details")) as side, ui.element("div").style("height:100%") as details:
                frame.empty(say("telemetry.choose"))
        with head:
            find = frame.field(say("telemetry.find"), query.get("q", ""), on_change=grid.search, find=True, width="240px")
            find.props["data-search"] = "telemetry"
            frame.segmented([(key, say(word)) for key, word in SHOWN], show, grid.show, label=say("column.state"))

    async def choose(name: str, spacecraft: str) -> None:
        try:
            told = await ask("GET", f"parameters/{quote(name.strip('/'))}", query={"spacecraft": spacecraft})
        except AelitaError as error:
            details.clear()
            with details:
                frame.failed(error)
            return
        details.clear()
        with details:
            _details(name, told)

    assert side is not None


def _details(name: str, told: dict[str, Any]) -> None:
    """Show what a parameter is: type, calibration, limits, where it comes from."""
    frame.text(name, "b", "mono")
    if told.get("description"):
        frame.text(told["description"], "p", "mut")
    told_kind = told.get("type")
    kind: dict[str, Any] = told_kind if isinstance(told_kind, dict) else {"kind": told_kind}
    rows: list[tuple[str, object]] = [
        (say("telemetry.type"), " ".join(str(kind.get(key) or "") for key in ("kind", "name")).strip()),
        (say("column.units"), told.get("units") or kind.get("units")),
        (say("telemetry.encoding"), kind.get("encoding")),
        (say("telemetry.calibrator"), "; ".join(kind.get("calibration") or [])),
        (say("telemetry.container"), ", ".join(_containers(told))),
    ]
    frame.pairs([row for row in rows if row[1]])
    limits = [one.get("text", "") for one in told.get("limits") or []]
    if limits:
        frame.text(say("column.limits"), "h2", "a-part")
        for line in limits:
            frame.text(line, "div", "a-row mono")
    with ui.element("div").classes("a-head").style("margin-top:10px"), ui.link(target=f"/plot?p={quote(name)}").classes("a-btn"):
        frame.text(say("telemetry.plot"))


def _containers(told: dict[str, Any]) -> list[str]:
    held = told.get("containers") or ([told["container"]] if told.get("container") else [])
    return [str(one["container"]) if isinstance(one, dict) else str(one) for one in held]


PAGE = Page("/telemetry", "page.telemetry", "group.operations", "table_rows", "t", build)
