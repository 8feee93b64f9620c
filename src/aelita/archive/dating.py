"""Generation times computed again from the spacecraft's clock, after a new clock correlation came to be known."""

from collections.abc import Callable, Collection, Iterator

import numpy as np
import polars as pl

from ..records import BATCHES
from ..time import NO_TIME
from .lock import alone
from .octets import Integers
from .rebuilding import STRETCH, latest_again, noted, pyramids_again
from .recordings import known
from .store import Archive
from .tables import Table, collect

Times = Callable[[Integers], Integers]


def recorrelate(archive: Archive, times: Times, sources: Collection[int] | None = None) -> int:
    """Date the packets of these sources, or of all, anew, with everything that was found in them; return how many times changed.

    `times(ticks)` returns generation times (TAI nanoseconds, NO_TIME where unknown) of ticks of the spacecraft's clock as the
    archive holds them. Packets without ticks keep their time. Raises ArchiveError; an interrupted run, begun again, completes.
    """
    changed = 0
    with alone(archive.path), noted(archive, "a new clock correlation"):
        every = archive.sources()["source"].to_list()
        chosen = sorted(every if sources is None else set(every) & set(sources))
        for source in chosen:
            for low, high in _stretches(archive.tables["packets"], source):
                changed += _dated_again(archive, times, source, low, high)
            _span_again(archive, source)
        for container in archive.containers():
            pyramids_again(archive, container, set(chosen))
        latest_again(archive, set(archive.containers()))
    return changed


def _stretches(packets: Table, source: int) -> Iterator[tuple[int, int]]:
    frame = packets.scan("source", source, source + 1)
    if frame is not None:
        rows = np.sort(collect(frame.select("row"), packets.name)["row"].to_numpy())
        for at in range(0, rows.size, STRETCH):
            yield int(rows[at]), int(rows[min(at + STRETCH, rows.size) - 1]) + 1


def _rows(table: Table, source: int, low: int, high: int) -> pl.DataFrame | None:
    frame = table.scan("row", low, high)
    return None if frame is None else collect(frame.filter(pl.col("source") == source), table.name)


def _dated_again(archive: Archive, times: Times, source: int, low: int, high: int) -> int:
    """Replace one stretch of a source in every table. The packets come last: they tell what is to be done."""
    packets = archive.tables["packets"]
    rows = _rows(packets, source, low, high)
    assert rows is not None  # the stretch was found in it
    old, ticks = rows["generated"].fill_null(NO_TIME).to_numpy(), rows["ticks"].fill_null(NO_TIME).to_numpy()
    new = np.where(ticks == NO_TIME, old, NO_TIME)
    new[ticks != NO_TIME] = times(ticks[ticks != NO_TIME])
    dated = pl.DataFrame({"row": rows["row"], "_new": known(new, NO_TIME)})
    predicate = f"source = {source} AND row >= {low} AND row < {high}"
    derived = [archive.container_table(container) for container in archive.containers()]
    for table in (*derived, archive.tables["events"], archive.tables["limits"], packets):
        found = rows if table is packets else _rows(table, source, low, high)
        if found is None or not len(found):
            continue
        moved = found.join(dated, on="row", how="left", maintain_order="left").with_columns(generated=pl.col("_new")).drop("_new")
        if not moved["generated"].equals(found["generated"]):
            table.replace(moved, predicate)
    return int(np.count_nonzero(new != old))


def _span_again(archive: Archive, source: int) -> None:
    """Give the batches of a source the first and last time of all its packets: which batch brought which is not known."""
    packets, batches = archive.tables["packets"], archive.catalogue.batches
    frame = packets.scan("source", source, source + 1)
    if frame is None:
        return
    span = pl.col("generated").min().alias("first"), pl.col("generated").max().alias("last_time")
    first, last = collect(frame.select(span), packets.name).row(0)
    rows = archive.catalogue.done().filter(pl.col("source") == source)
    dated = pl.col("first").is_not_null()
    changed = rows.with_columns(
        first=pl.when(dated).then(pl.lit(first, pl.Int64)), last_time=pl.when(dated).then(pl.lit(last, pl.Int64))
    ).select(BATCHES.names())
    if not changed.equals(rows.select(BATCHES.names())):
        batches.replace(changed, f"source = {source}")
