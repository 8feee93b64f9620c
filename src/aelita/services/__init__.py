"""Running jobs: the only place with files, clocks and tasks.

Each module is loaded when it is first asked for: a command that asks where Mars is need not wait for archives and decoders.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
else:
    _HOMES = {
        "configuration": "Configuration configure", "databases": "Library", "definitions": "Definition define read_clock",
        "ingestion": "Ingested ingest_file", "library": "open_archive open_with_library",
        "missions": "Mission find_mission mission_names", "pictures": "trace_of", "plots": "draw",
        "rebuilding": "rebuild_with recorrelate_with", "summary": "Summary", "synthetic": "write_recording", "views": "thinned",
    }  # fmt: skip

    def __getattr__(name: str) -> object:
        """Return what is asked for, its module loaded at the first use."""
        for home, names in _HOMES.items():
            if name in names.split():
                found = globals()[name] = getattr(import_module(f".{home}", __name__), name)
                return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Configuration", "Definition", "Ingested", "Library", "Mission", "Summary", "configure", "define", "draw", "find_mission",
    "ingest_file", "mission_names", "open_archive", "open_with_library", "read_clock", "rebuild_with", "recorrelate_with",
    "thinned", "trace_of", "write_recording",
]  # fmt: skip
