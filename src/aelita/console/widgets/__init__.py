"""Browser components with typed Python faces; their values come by the live WebSocket and by fetch, never through Python."""

from .bar import AlarmCount, Banner, Chips, Clocks, Palette, Tools
from .commanding import AssetMap, AuditView, CommandComposer, InboxCount, LightLine, RequestView, Valves
from .draft import Draft
from .find import Find
from .live_grid import LiveGrid, ParameterNow
from .live_plot import LivePlot
from .mimic import Fleet, Mimic, Network, Passing, Tiles
from .navigation import CorridorView, LaunchView, OrbitView, PassTimeline, PorkchopView, ProductsView, ResidualsView
from .on_board import ImageForm, MemoryView, StoresView, TimelineView
from .operations import (
    AlarmTable,
    BackupProgress,
    CompletenessView,
    ContactBar,
    EventList,
    LayoutDrawing,
    OctetsView,
    StatusTable,
)
from .procedures import ProcedureForm, RunView
from .table import Column, Table

__all__ = [
    "AlarmCount", "AlarmTable", "AssetMap", "AuditView", "BackupProgress", "Banner", "Chips", "Clocks", "Column",
    "CommandComposer", "CompletenessView", "ContactBar", "CorridorView", "Draft", "EventList", "Find", "Fleet", "ImageForm",
    "InboxCount", "LaunchView", "LayoutDrawing", "LightLine", "LiveGrid", "LivePlot", "MemoryView", "Mimic", "Network",
    "OctetsView", "OrbitView", "Palette", "ParameterNow", "PassTimeline", "Passing", "PorkchopView", "ProcedureForm",
    "ProductsView", "RequestView", "ResidualsView", "RunView", "StatusTable", "StoresView", "Table", "Tiles", "TimelineView",
    "Tools", "Valves",
]  # fmt: skip
