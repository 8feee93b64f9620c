"""Browser components with typed Python faces; their values come by the live WebSocket and by fetch, never through Python."""

from .bar import Banner, Chips, Clocks, Tools
from .live_grid import LiveGrid
from .live_plot import LivePlot
from .mimic import Mimic, Network, Tiles
from .table import Column, Table

__all__ = ["Banner", "Chips", "Clocks", "Column", "LiveGrid", "LivePlot", "Mimic", "Network", "Table", "Tiles", "Tools"]
