"""Which stored records are about which alarm, so that a history is read a page at a time, however long the journal is."""

import bisect
import heapq
import itertools
import threading
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...alarms import Record
from .alarm_journal_index import Names, SoughtRecords, Told, alarm_of
from .streams import Message


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record is stored: when it was made (TAI ns), and the stream and number of its message. Later ones are greater."""

    at: int
    stream: str
    sequence: int


@dataclass(slots=True)
class _Places:
    """The places of one alarm in their order, in 17 octets each; `streams` are numbers of streams."""

    at: "array[int]" = field(default_factory=lambda: array("q"))
    streams: "array[int]" = field(default_factory=lambda: array("b"))
    sequences: "array[int]" = field(default_factory=lambda: array("q"))

    def put(self, at: int, stream: int, sequence: int) -> None:
        """Put a place where it belongs: nearly always at the end."""
        found = self.find((at, stream, sequence))
        for column, value in ((self.at, at), (self.streams, stream), (self.sequences, sequence)):
            column.insert(found, value)

    def find(self, key: tuple[int, int, int]) -> int:
        """Return how many places come before a key."""
        return bisect.bisect_left(range(len(self.at)), key, key=lambda i: (self.at[i], self.streams[i], self.sequences[i]))


class AlarmIndex:
    """The places of the records of all alarms of some streams. Feed it from one thread; any may ask."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._streams: list[str] = []
        self._alarms: dict[tuple[str, str], _Places] = {}
        self._names, self._told = Names(), dict[str, Told]()
        self._first: dict[str, tuple[int, int]] = {}  # of each stream: number of the first message, and when it was stored
        self._last: dict[str, int] = {}

    def take(self, stream: str, message: Message, record: Record | None) -> None:
        """Take a message of a stream in, and the record in it (None: it is none). One that was taken before changes nothing.

        A stream that begins with another message than before was made anew: what was known of it is forgotten.
        """
        with self._turn:
            identity = message.sequence, message.time_unix_ns
            known = self._first.setdefault(stream, identity)
            if message.sequence <= known[0] and identity != known:
                self._forget(stream)
                self._first[stream] = identity
            if message.sequence <= self._last.get(stream, 0):
                return
            self._last[stream] = message.sequence
            if record is not None and (about := alarm_of(record)) is not None:
                places = self._alarms.setdefault(about, _Places())
                places.put(record.at, self._number(stream), message.sequence)
                told = self._told.setdefault(stream, Told())
                told.put(record.at, message.sequence, *self._names.of(*about, record))

    def _number(self, stream: str) -> int:
        if stream not in self._streams:
            self._streams.append(stream)
        return self._streams.index(stream)

    def _forget(self, stream: str) -> None:
        self._last.pop(stream, None)
        self._told.pop(stream, None)
        number = self._number(stream)
        for key, places in list(self._alarms.items()):
            kept = _Places()
            for at, one, sequence in zip(places.at, places.streams, places.sequences, strict=True):
                if one != number:
                    kept.put(at, one, sequence)
            self._alarms[key] = kept

    def reached(self, stream: str) -> int:
        """Return the number of the last message of a stream that was taken in."""
        with self._turn:
            return self._last.get(stream, 0)

    def newest(self, owner: str, alarm: str, limit: int, before: Place | None = None) -> list[Place]:
        """Return at most `limit` places of an agency's alarm, the latest first, those before a place."""
        with self._turn:
            places = self._alarms.get((owner, alarm))
            if places is None:
                return []
            stop = len(places.at) if before is None else places.find((before.at, self._number(before.stream), before.sequence))
            return [
                Place(places.at[i], self._streams[places.streams[i]], places.sequences[i])
                for i in range(stop - 1, max(stop - limit, 0) - 1, -1)
            ]

    def sought(self, sought: SoughtRecords, limit: int, before: Place | None = None) -> list[Place]:
        """Return at most `limit` places of records of all alarms that are sought, the latest first, those before a place."""
        with self._turn:
            numbered = self._names.numbered(sought)

            def places(stream: str, told: Told) -> Iterator[tuple[int, int, int]]:
                number, end = self._number(stream), len(told.at)
                if before is not None:
                    mine = self._number(before.stream)
                    end = told.find((before.at, before.sequence if number == mine else 0 if number > mine else 1 << 62))
                return ((at, number, sequence) for at, sequence in told.newest(end, numbered))

            merged = heapq.merge(*(places(*one) for one in self._told.items()), reverse=True)
            return [Place(at, self._streams[number], sequence) for at, number, sequence in itertools.islice(merged, limit)]

    def title(self, owner: str, alarm: str) -> str:
        """Return the title that an alarm had last, nothing when none was told."""
        with self._turn:
            return self._names.title(owner, alarm)

    def alarms(self, owner: str) -> list[str]:
        """Return the alarms of an agency of which there are records."""
        with self._turn:
            return sorted(alarm for key, alarm in self._alarms if key == owner)
