"""Running jobs: the only place with files, clocks and tasks."""

from .configuration import Configuration, configure
from .databases import Library
from .definitions import Definition, define, read_clock
from .ingestion import Ingested, ingest_file
from .library import open_archive, open_with_library
from .missions import Mission, find_mission, mission_names
from .pictures import trace_of
from .plots import draw
from .rebuilding import rebuild_with, recorrelate_with
from .summary import Summary
from .synthetic import write_recording
from .views import thinned

__all__ = [
    "Configuration", "Definition", "Ingested", "Library", "Mission", "Summary", "configure", "define", "draw", "find_mission",
    "ingest_file", "mission_names", "open_archive", "open_with_library", "read_clock", "rebuild_with", "recorrelate_with",
    "thinned", "trace_of", "write_recording",
]  # fmt: skip
