"""Overview: the complex in numbers, who hears whom, the fleet, links, alarms that wait, last events."""

from typing import Any
from urllib.parse import quote

from nicegui import ui

from ..look import say
from ..widgets import Column, EventList, Fleet, Network, Passing, Table, Tiles
from . import frame
from .page import Page


def build() -> None:
    """Make the page."""
    with frame.page("page.overview"):
        Tiles()
        with ui.element("div").classes("a-grid a-over"):
            with frame.card(say("overview.network"), style="grid-area:net"):
                Network()
            with frame.card(say("overview.fleet"), flush=True, fit=True, style="grid-area:fleet"):
                Fleet(label=say("overview.fleet"), on_open=lambda key: ui.navigate.to(f"/telemetry?spacecraft={quote(key)}"))
            with frame.card(say("overview.links"), flush=True, fit=True, style="grid-area:links"):
                _links()
            with frame.card(say("overview.passing"), flush=True, style="grid-area:packets") as head:
                with head:
                    frame.grow()
                    ui.link(say("page.packets"), "/packets")
                Passing(label=say("overview.passing"), on_open=_packets)
            with frame.card(say("overview.alarms"), flush=True, style="grid-area:alarms") as head:
                with head:
                    frame.grow()
                    ui.link(say("page.alarms"), "/alarms")
                _alarms()
            with frame.card(say("overview.events"), flush=True, style="grid-area:events") as head:
                with head:
                    frame.grow()
                    ui.link(say("page.events"), "/events")
                EventList(label=say("overview.events"), on_select=lambda row: None)


def _packets(row: dict[str, Any]) -> None:
    ui.navigate.to(f"/packets?apid={row['apid']}&spacecraft={quote(row['spacecraft'])}")


def _links() -> None:
    columns = [
        Column("station", say("column.station"), "text", "minmax(90px,1.2fr)"),
        Column("spacecraft", say("column.spacecraft"), "dim", 80, least=480),
        Column("lock", say("column.lock"), "lock", "minmax(104px,1fr)"),
        Column("bit_rate", say("column.rate"), "bits", 112),
        Column("last_frame_s", say("column.last"), "span", 112),
        Column("missed", say("column.missed"), "count", 90, least=700),
        Column("elevation_deg", say("column.elevation"), "degrees", 84, least=600),
    ]
    Table(
        columns, label=say("overview.links"), topic={"topic": "links", "rate_hz": 1}, key="agency+spacecraft+station",
        empty=(say("overview.no.links"), say("overview.no.links.hint")),
    )  # fmt: skip


def _alarms() -> None:
    columns = [
        Column("severity", say("column.severity"), "severity", 140),
        Column("title", say("column.alarm"), "text", "minmax(120px,2fr)"),
        Column("value", say("column.value"), "mono", "minmax(80px,1fr)"),
        Column("since", say("column.since.ert"), "seconds", 160, least=520),
    ]
    Table(
        columns, label=say("overview.alarms"), topic={"topic": "alarms", "rate_hz": 1}, key="owner+alarm", levels="severity",
        only={"calls": True},
        empty=(say("overview.no.alarms"), say("overview.no.alarms.hint")), order=("severity", True),
        on_open=lambda row: ui.navigate.to("/alarms"),
    )  # fmt: skip


PAGE = Page("/", "page.overview", "group.operations", "space_dashboard", "o", build)
