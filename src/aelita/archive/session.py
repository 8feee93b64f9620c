"""An ingest: the batches of one source into all tables, so that a process killed at any moment can simply run again.

Batches are gathered until they are worth a commit, since each costs some milliseconds in each table. Running again skips the
batches that a table has; see `gathered`. Between the groups other writers have their turn.
"""

from types import TracebackType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ArchiveError, UsageError
from ..records import BATCHES
from .batch import Batch, Source
from .duplicates import spans_by_kind
from .gathered import Committed, Gathered, Writing
from .lock import WriterLock
from .recordings import Numbers
from .tables import Table, collect

FRAMES_WEIGH = 4  # beside packets: their octets are gathered twice over, and kept while packets are looked up in them
GROUP_OCTETS = 40 << 20  # of packets and frames that are gathered before they are written


class Session:
    """Feeds the batches of one source, all of them from the first, in order; those already in the archive are recognised.

    Made by `Archive.begin`. Example:

        with archive.begin(Source(digest, name, size), DatabaseText("tgo.xml", text)) as session:
            for number, batch in enumerate(batches, start=1):
                if number > session.done: ...decode the packets too, it is a new batch
                session.commit(number, batch)
            session.finish()
    """

    def __init__(self, writing: Writing, lock: WriterLock, turn: WriterLock, source: Source) -> None:
        self.source, self.number, self.database = source, writing.source, writing.database
        self._writing, self._lock, self._turn = writing, lock, turn
        self._batches, self._packets = writing.stores.catalogue.batches, writing.stores.packets
        self.done = self._batches.last_batch(source.digest)
        self.complete = self.done > 0 and _is_last(self._batches, self.number)
        self.group_octets = GROUP_OCTETS
        self._numbers, self._expected = Numbers(), 1
        self._gathered = Gathered(writing)
        self._last: dict[int, int] = {}  # latest time gathered of each virtual channel and application
        self._octets = 0

    def commit(self, number: int, batch: Batch) -> Committed:
        """Take batch `number` (from 1); it is written with others, at the latest by `finish`.

        Raises ArchiveError when the archive cannot be written, UsageError for a batch out of order; the ingest must then begin
        again with the first batch.
        """
        if number != self._expected:
            raise UsageError(f"batch {number} came when {self._expected} was due", where=self.source.name)
        self._expected += 1
        placed = self._numbers.place(batch.packets, batch.frames)
        if self.complete or number <= self.done:
            return Committed(known=True)
        self._turn.acquire()
        if self._packets.last_batch(self.source.digest) < number:
            self._meet(batch, placed.real)
        committed = self._gathered.add(number, batch, placed)
        self._octets += int(batch.packets.length.sum()) + (
            0 if batch.frames is None else FRAMES_WEIGH * int(batch.frames.length.sum())
        )
        if self._octets >= self.group_octets:
            self.flush()
        return committed

    def flush(self) -> None:
        """Write the batches gathered so far. Raises ArchiveError when the archive cannot be written."""
        self._write()
        self._turn.release()
        self.done = max(self.done, self._expected - 1)

    def _write(self) -> None:
        self._turn.acquire()
        self._gathered.write()
        self._gathered.seal()
        self._octets, self._last = 0, {}

    def finish(self) -> None:
        """Mark the source complete: it is then known, and adds nothing when it comes again."""
        if not self.complete:
            self._write()
            last = dict.fromkeys(BATCHES, 0) | {
                "source": self.number, "batch": self._expected, "last": True, "first": None, "last_time": None,
            }  # fmt: skip
            self._batches.append(pl.DataFrame([last], schema=BATCHES), self.source.digest, self._expected)
            self._turn.release()
            self.complete, self.done = True, self._expected

    def close(self) -> None:
        """Let other writers in."""
        self._turn.release()
        self._lock.release()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _meet(self, batch: Batch, real: NDArray[np.bool_]) -> None:
        """Write what is gathered when packets of this batch may repeat some of it: they are looked for in the archive only."""
        first, last = spans_by_kind(batch.packets, batch.generated, real)
        if any(first[kind] <= self._last[kind] for kind in first.keys() & self._last.keys()):
            self._write()
        for kind, time in last.items():
            self._last[kind] = max(time, self._last.get(kind, time))


def _is_last(batches: Table, source: int) -> bool:
    frame = batches.scan()
    if frame is None:
        raise ArchiveError("has no rows although a batch is recorded in it", where="batches", remedy="Restore it from a backup")
    return bool(collect(frame.filter(pl.col("source") == source).select(pl.col("last").any()), "batches").item())
