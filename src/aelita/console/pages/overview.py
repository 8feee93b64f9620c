"""Overview: the complex in numbers, who hears whom, links, alarms that wait, last events."""

from nicegui import ui

from ..look import say
from ..widgets import Column, Network, Table, Tiles
from . import frame
from .page import Page


def build() -> None:
    """Make the page."""
    with frame.page("page.overview"):
        Tiles()
        with ui.element("div").classes("a-grid a-two"):
            with frame.card(say("overview.network")):
                Network()
            with frame.card(say("overview.links"), flush=True):
                _links()
            with frame.card(say("overview.alarms"), flush=True) as head:
                with head:
                    frame.grow()
                    ui.link(say("page.alarms"), "/alarms")
                _alarms()
            with frame.card(say("overview.events"), flush=True) as head:
                with head:
                    frame.grow()
                    ui.link(say("page.events"), "/events")
                _events()


def _links() -> None:
    columns = [
        Column("station", say("column.station"), "text", "minmax(90px,1.2fr)"),
        Column("spacecraft", say("column.spacecraft"), "dim", 80, least=480),
        Column("lock", say("column.lock"), "lock", "minmax(104px,1fr)"),
        Column("bit_rate", say("column.rate"), "bits", 112),
        Column("last_frame_s", say("column.last"), "span", 92),
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
        Column("since", say("column.time"), "seconds", 160, least=520),
    ]
    Table(
        columns, label=say("overview.alarms"), topic={"topic": "alarms", "rate_hz": 1}, key="owner+alarm", levels="severity",
        empty=(say("overview.no.alarms"), ""), order=("severity", True),
    )  # fmt: skip


def _events() -> None:
    columns = [
        Column("t", say("column.time"), "seconds", 160),
        Column("severity", say("column.severity"), "severity", 140, least=460),
        Column("message", say("column.event"), "text", "minmax(160px,3fr)"),
    ]
    Table(
        columns, label=say("overview.events"), topic={"topic": "events", "rate_hz": 2}, newest_first=True,
        empty=(say("overview.no.events"), ""),
    )  # fmt: skip


PAGE = Page("/", "page.overview", "group.operations", "space_dashboard", "o", build)
