"""Browser components with typed Python faces; their values come by the live WebSocket and by fetch, never through Python."""

from .bar import Banner, Chips, Clocks, Tools
from .live_grid import LiveGrid
from .live_plot import LivePlot
from .mimic import Mimic, Network, Tiles
from .operations import AlarmTable, CompletenessView, ContactBar, EventList, LayoutDrawing, OctetsView, StatusTable
from .table import Column, Table

__all__ = [
    "AlarmTable", "Banner", "Chips", "Clocks", "Column", "CompletenessView", "ContactBar", "EventList", "LayoutDrawing",
    "LiveGrid", "LivePlot", "Mimic", "Network", "OctetsView", "StatusTable", "Table", "Tiles", "Tools",
]  # fmt: skip
