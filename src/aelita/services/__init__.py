"""Running jobs: the only place with files, clocks and tasks."""

from .databases import Library
from .definitions import Definition, define, read_clock
from .ingestion import Ingested, ingest_file
from .library import open_archive, open_with_library
from .missions import find_mission, mission_names
from .summary import Summary
from .synthetic import write_recording

__all__ = [
    "Definition", "Ingested", "Library", "Summary", "define", "find_mission", "ingest_file", "mission_names", "open_archive",
    "open_with_library", "read_clock", "write_recording",
]  # fmt: skip
