"""A live stream into the archive: endless, each message exactly once, and a restart goes on behind the last commit.

Messages are numbered by their stream, which may leave numbers out. They are held as they come, and written together by `flush`:
every table gets the number of the last message as a Delta application transaction, `batches` last, after the file with the
state of the decoders. A writer that dies in between leaves tables that are ahead. The messages behind `done` are then fed again;
at each number that some table has, what is held is divided, so that every table gets the messages that it lacks, however they
are grouped. The same holds for two writers that follow the same stream.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ArchiveError, UsageError
from ..records import BATCHES
from .batch import Batch, Source
from .durability import on_disk
from .gathered import Committed, Gathered, Writing
from .live_state import Arrays, LiveStates
from .lock import turn_in
from .merging import joined_batches
from .recordings import Numbers, Streams
from .tables import FILE_OCTETS, Table

OURS = "archive."  # names in a state that are not the caller's begin so
MANY_FILES = 50  # so many flushes of a table are then merged: each commit costs by the number of files
TABLES_AT_ONCE = 2
KEEP_HOURS = 6  # what was merged stays so long for readers
CLOSED = " closed"  # behind the digest: who writes the row that closes a stream


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a flush wrote: messages, packets that were new, duplicates of archived ones, and values."""

    messages: int = 0
    packets: int = 0
    duplicates: int = 0
    samples: int = 0


class Following:
    """Feeds the messages of a live stream.

    `done` is the last message that every table has (0: none), `state` what the caller handed over with it. Without a state
    although there are messages (it was lost), all messages must be fed again from the first, through new decoders; what is there
    already is recognised. Made by `Archive.follow`. Example:

        following = archive.follow(Source(digest, "esa.merged.tgo", -1), DatabaseText("tgo.xml", text))
        decoders = restored(following.state)
        for sequence, message in messages(after=following.done if following.state is not None else 0):
            following.commit(sequence, decoders.batch(message))
            if due: following.flush(decoders.state()) ...acknowledge up to following.done
    """

    def __init__(self, writing: Writing, source: Source, folder: Path, tables: Callable[[], list[Table]]) -> None:
        self.source, self.number, self.database = source, writing.source, writing.database
        self._writing, self._folder, self._tables = writing, folder, tables
        self._batches = writing.stores.catalogue.batches
        self._states = LiveStates(folder, writing.source)
        self.done = self._batches.last_batch(source.digest)
        self.closed = self._batches.last_batch(source.digest + CLOSED) > 0
        kept = self._states.read(self.done)
        self.state = None if kept is None else {name: a for name, a in kept.items() if not name.startswith(OURS)}
        self._numbers = Numbers() if kept is None else _loaded(kept)
        self._counted = 0 if kept is None else self.done  # messages up to this one are in the running numbers
        self._last, self._frames = self._counted, self._numbers.frames
        self._held: list[tuple[int, int, Batch]] = []  # first and last message of each
        self.octets = 0

    @property
    def held(self) -> int:
        """How many messages wait to be written; they are of `octets` octets."""
        return len(self._held)

    def edges(self) -> tuple[int, ...]:
        """Return the numbers of the messages at which some table ends, rising.

        Several messages may be committed as one, with the number of the last, unless an edge lies between them.
        """
        return tuple(sorted({self.done, *(table.last_batch(self.source.digest) for table in self._tables())}))

    def commit(self, sequence: int, batch: Batch, *, first: int | None = None) -> None:
        """Take message `sequence`; it is held until the next `flush`. One that the state covers is left out.

        A batch of several messages tells the `first` of them, too.

        Raises UsageError for a number that does not rise, frames that do not continue those before, and a closed stream.
        """
        if self.closed:
            raise UsageError("the stream was closed", where=self.source.name, remedy="Follow it as another source")
        if sequence <= self._counted and not self._held:
            return
        if sequence <= self._last:
            raise UsageError(f"message {sequence} came after {self._last}", where=self.source.name)
        self._follow_frames(batch)
        if sequence <= self.done and not self._held:
            self._numbers.place(batch.packets, batch.frames)
            self._counted = self._last = sequence
            return
        if self._counted < self.done and not self._held:
            self._refuse_a_part()
        self._held.append((sequence if first is None else first, sequence, batch))
        self._last = sequence
        self.octets += batch.packets.buffer.size + (0 if batch.frames is None else batch.frames.buffer.size)

    def _follow_frames(self, batch: Batch) -> None:
        """Count frames. Raises UsageError unless their numbers go on where those before ended."""
        if batch.frames is None or not batch.frames.number.size:
            return
        number = batch.frames.number
        if number[0] != self._frames or (np.diff(number) != 1).any():
            raise UsageError(
                f"frame {number[0]} came when {self._frames} was due",
                where=self.source.name,
                remedy="Restore the decoders with the state of the archive, or feed the stream from its first message",
            )
        self._frames += number.size

    def _refuse_a_part(self) -> None:
        """Raise UsageError unless all that the archive has was fed again: without a state, nothing else can go on."""
        with turn_in(self._folder):
            listed = self._writing.stores.catalogue.done()
        mine = (pl.col("source") == self.number) & (pl.col("batch") <= self.done)
        done = listed.filter(mine)
        packets, frames = done.select((pl.col("packets") - pl.col("idle")).sum(), pl.col("frames").sum()).row(0)
        if (self._numbers.packets, self._numbers.frames) != (packets, frames):
            raise UsageError(
                f"{self._numbers.packets} packets were fed again, of {packets} that the archive was given",
                where=self.source.name,
                remedy="The decoders' state is lost: feed the stream from its first message, or follow it as another source",
            )
        self._counted = self.done

    def flush(self, state: Arrays) -> Flushed:
        """Write all messages that are held; `state` is that of the decoders behind the last of them.

        Raises ArchiveError when the archive cannot be written: nothing counts as done, the messages stay held, and the flush may
        be tried again, then with more of them. It may run in a thread of its own, but nothing may be committed meanwhile.
        """
        if not self._held:
            return Flushed()
        refuse_our_names(state)
        numbers, last = self._numbers.copy(), self._held[-1][1]
        with turn_in(self._folder):
            flushed = self._written_out(numbers, last, state)
            self.done = self._batches.last_batch(self.source.digest)
            self._states.keep_only(self.done)
            self._tidy()
        self._numbers, self._counted = numbers, last
        self.state = dict(state) if self.done == last else None
        self._held, self.octets = [], 0
        return flushed

    def _tidy(self) -> None:
        """Merge the small files of some tables that got many; those merged stay for some hours for who reads them."""
        many = sorted((table for table in self._tables() if table.pieces >= MANY_FILES), key=lambda table: -table.pieces)
        for table in many[:TABLES_AT_ONCE]:
            with contextlib.suppress(ArchiveError):  # the messages are written: this can wait
                table.compact(FILE_OCTETS)
                table.sweep(KEEP_HOURS, unknown=False)

    def _written_out(self, numbers: Numbers, last: int, state: Arrays) -> Flushed:
        """Bring what is held into every table that lacks it; move the running numbers on."""
        gathered, made, there = Gathered(self._writing), Committed(), self._batches.last_batch(self.source.digest)
        for number, batches in self._divided():
            batch = joined_batches(batches)
            placed = numbers.place(batch.packets, batch.frames)
            if number > there:  # else another writer of this stream was first
                new = gathered.add(number, batch, placed)
                gathered.write()
                made = Committed(made.packets + new.packets, made.duplicates + new.duplicates, made.samples + new.samples)
        if last > there:
            self._states.write(last, {**state, **_stored(numbers)})
            on_disk(self._folder)  # what `done` will promise must outlive a power cut
            gathered.seal()
        return Flushed(len(self._held), made.packets, made.duplicates, made.samples)

    def _divided(self) -> Iterator[tuple[int, list[Batch]]]:
        """Yield what is held in groups that end where some table ends, each with the number of its last message.

        Raises UsageError when a table ends within a batch: there is another writer.
        """
        edges = self.edges()
        before, group = 0, list[Batch]()
        for first, sequence, batch in self._held:
            if any(first <= edge < sequence for edge in edges):
                raise UsageError(
                    f"a table ends within the messages {first} to {sequence}, which were committed as one",
                    where=self.source.name,
                    remedy="Another writer was here: open the archive again and feed what is behind `done`",
                )
            if group and any(before <= edge < sequence for edge in edges):
                yield before, group
                group = []
            group.append(batch)
            before = sequence
        yield before, group

    def close_source(self) -> None:
        """Mark the stream as ended: nothing more comes of it. Raises UsageError while messages are held, ArchiveError."""
        if self._held:
            raise UsageError(f"{self.held} messages are held", where=self.source.name, remedy="Flush them first")
        with turn_in(self._folder):
            row = dict.fromkeys(BATCHES, 0) | {
                "source": self.number, "batch": self.done, "last": True, "first": None, "last_time": None,
            }  # fmt: skip
            self._batches.append(pl.DataFrame([row], schema=BATCHES), self.source.digest + CLOSED, 1)
        self.closed = True


def refuse_our_names(state: Mapping[str, Any]) -> None:
    """Raise UsageError when a state uses a name that the archive keeps for itself."""
    for name in state:
        if name.startswith(OURS):
            raise UsageError(f"{name} begins with {OURS}", where="state", remedy="Use another name")


def _stored(numbers: Numbers) -> dict[str, NDArray[np.int64]]:
    return {
        OURS + "packets": np.array(numbers.packets), OURS + "frames": np.array(numbers.frames),
        OURS + "streams": numbers.streams.octets,
    }  # fmt: skip


def _loaded(kept: Arrays) -> Numbers:
    try:
        return Numbers(int(kept[OURS + "packets"]), int(kept[OURS + "frames"]), Streams(kept[OURS + "streams"].copy()))
    except KeyError as error:
        raise ArchiveError(f"the decoders' state lacks {error}", remedy="Restore the archive from a backup") from error
