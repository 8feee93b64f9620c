"""What came into an archive since somebody looked: rows of each source are numbered as they come, and stay as they are."""

from collections.abc import Collection

import polars as pl

from ..records import PACKETS
from .reading import chosen
from .store import Archive


def whole_rows(archive: Archive) -> dict[int, int]:
    """Return for each source how many rows of packets, numbered from 0, are wholly in the archive, in all tables."""
    done = archive.catalogue.done().group_by("source").agg((pl.col("packets") - pl.col("idle")).sum().alias("rows"))
    return {int(source): int(rows) for source, rows in done.iter_rows()}


def packets_in_rows(archive: Archive, source: int, first: int, stop: int, apids: Collection[int] | None = None) -> pl.DataFrame:
    """Return the packets of a source with first <= row < stop in that order, of some APIDs or of all; columns as `PACKETS`.

    Octets that stand in frames are null: `octets_of` fills them in.
    """
    rows = chosen(archive.tables["packets"], PACKETS, ("row", first, stop), {"source": source})
    return (rows if apids is None else rows.filter(pl.col("apid").is_in(list(apids)))).sort("row")
