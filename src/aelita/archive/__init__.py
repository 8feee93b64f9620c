"""Append-only store of records: ingest, find, retrieve, completeness, upkeep, backup, export."""

from .backups import Copied, Copying, backup, migrate, restore
from .batch import Batch, DatabaseText, Source
from .catalogue import DatabaseVersion
from .checking import Checked, Finding, check
from .completeness import Completeness
from .dating import recorrelate
from .export import to_arrow, to_csv, to_numpy, to_parquet, to_polars, to_xarray
from .following import Flushed, Following
from .gathered import Calibrator, Committed
from .history import Gridded
from .increments import packets_in_rows
from .merging import joined_batches
from .pages import (
    Grid,
    Order,
    database_that_decoded,
    frame_of,
    octets_of,
    on_grid,
    packet_of,
    page,
    standing_severities,
    stretches,
)
from .products import find_products, list_products
from .rebuilding import Decoded, StoredPackets, rebuild
from .session import Session
from .settings import Retention
from .store import Archive, open_archive
from .upkeep import apply_retention, compact

__all__ = [
    "Archive", "Batch", "Calibrator", "Checked", "Committed", "Completeness", "Copied", "Copying", "DatabaseText",
    "DatabaseVersion", "Decoded", "Finding", "Flushed", "Following", "Grid", "Gridded", "Order", "Retention", "Session",
    "Source", "StoredPackets", "apply_retention", "backup", "check", "compact", "database_that_decoded", "find_products",
    "frame_of", "joined_batches", "list_products", "migrate", "octets_of", "on_grid", "open_archive", "packet_of",
    "packets_in_rows", "page", "rebuild", "recorrelate", "restore", "standing_severities", "stretches", "to_arrow",
    "to_csv", "to_numpy", "to_parquet", "to_polars", "to_xarray",
]  # fmt: skip
