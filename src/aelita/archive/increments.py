"""What came into an archive since somebody looked: packets of each source are numbered as they come, see `whole_rows`."""

from collections.abc import Collection

import polars as pl

from ..records import PACKETS
from .reading import chosen
from .store import Archive


def packets_in_rows(archive: Archive, source: int, first: int, stop: int, apids: Collection[int] | None = None) -> pl.DataFrame:
    """Return the packets of a source with first <= row < stop in that order, of some APIDs or of all; columns as `PACKETS`.

    Octets that stand in frames are null: `octets_of` fills them in.
    """
    rows = chosen(archive.tables["packets"], PACKETS, ("row", first, stop), {"source": source})
    return (rows if apids is None else rows.filter(pl.col("apid").is_in(list(apids)))).sort("row")
