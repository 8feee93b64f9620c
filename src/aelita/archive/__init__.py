"""Append-only store of records: ingest, find, retrieve, completeness."""

from .batch import Batch, DatabaseText, Source
from .catalogue import DatabaseVersion
from .session import Calibrator, Committed, Session
from .store import Archive, open_archive

__all__ = [
    "Archive", "Batch", "Calibrator", "Committed", "DatabaseText", "DatabaseVersion", "Session", "Source", "open_archive",
]  # fmt: skip
