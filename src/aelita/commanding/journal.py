"""The evidence: a chain of entries of which none can be changed or taken out without all that follow, as octets in and out.

A journal is lines: SHA-256 in hex of the entry, a tab, the entry as canonical JSON, a newline. An entry has its number from 1,
its time, the agency, its kind, its body, and the hash of the entry before (64 zeros for the first). Whoever appends gets the
octets, and writes and syncs them before acting on them. Times are TAI nanoseconds and never go back in a journal, but where an
entry of kind `clock` says that, by whom and why.
"""

import hashlib
import heapq
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..errors import DataError, UsageError
from .canonical import canonical
from .credentials import AgencyKeys, signed_by_agency

ZEROS = "0" * 64
COUNTERSIGN_MARK = b"aelita-countersign-1\n"
CLOCK_STEP_NS = 10**9  # by so much a clock may be set back, as when it is disciplined, and the journal only stands still
CLOCK = "clock"  # the kind of entry by which people say that the clock is right: only there may the time go back
MOST_REASON = 2000
MOST_OCTETS = 1 << 24  # of one entry
MOST_WRITTEN = (1 << 20) - (1 << 12)  # of one entry that is written here: partners get each in one message of at most 1 MiB
MOST_AHEAD, MOST_AHEAD_OCTETS = 10_000, 64 << 20  # entries of a partner that may wait for one that is missing
_KIND, _AGENCY = re.compile(r"[a-z][a-z_.-]{0,63}"), re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_KEYS = {"agency", "at", "body", "kind", "n", "prev"}


@dataclass(frozen=True, slots=True)
class Head:
    """Where a journal stands: the number, the hash and the time of its last entry."""

    n: int = 0
    hash: str = ZEROS
    at_ns: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, and the octets of its line with the newline."""

    n: int
    at_ns: int
    agency: str
    kind: str
    body: Mapping[str, Any]
    prev: str
    hash: str
    octets: bytes = field(repr=False)

    @property
    def head(self) -> Head:
        """The head of a journal that ends with it."""
        return Head(self.n, self.hash, self.at_ns)


class ClockError(UsageError):
    """The clock cannot be believed, so nothing is decided that depends on the time."""


class Journal:
    """The writing end of an agency's own journal. It follows no clock that was set back, or jumped (`keep_time`)."""

    def __init__(self, agency: str, head: Head | None = None) -> None:
        if not _AGENCY.fullmatch(agency):
            raise UsageError(f"{agency!r} is no key of an agency")
        self.agency, self.head = agency, head or Head()
        self._elapsed: Callable[[], int] | None = None
        self._step_ns = 0
        self._known: tuple[int, int] | None = None  # an instant of the clock that was believed, and what had elapsed then

    def keep_time(self, elapsed: Callable[[], int], step_ns: int, known: tuple[int, int] | None = None) -> None:
        """Believe the clock only while it is within `step_ns` of what runs evenly: `elapsed` (ns, since whenever).

        `known` is an instant of the clock and what had elapsed then, None: the next instant that is not before the last entry.
        """
        self._elapsed, self._step_ns, self._known = elapsed, step_ns, known

    @property
    def known(self) -> tuple[int, int] | None:
        """The instant against which the clock is held, and what had elapsed then; None before there is one."""
        return self._known

    def doubt(self, clock_ns: int) -> str:
        """Return why the clock is not believed, nothing when it is."""
        back_ns, even_ns = self.head.at_ns - clock_ns, self._even()
        if back_ns > CLOCK_STEP_NS:
            return f"the clock was set back by {back_ns / 1e9:.3f} s, or was ahead when entry {self.head.n} was written"
        if even_ns is not None and abs(clock_ns - even_ns) > self._step_ns:
            how, by_s = "ahead" if clock_ns > even_ns else "back", abs(clock_ns - even_ns) / 1e9
            return f"the clock was set {how} by {by_s:.3f} s, more than the {self._step_ns / 1e9:g} s that it may step"
        return ""

    def time(self, clock_ns: int) -> int:
        """Return the instant to act on: the clock's, but never one before the last entry. Raises ClockError."""
        if why := self.doubt(clock_ns):
            remedy = "Set it right, or if it is right say so (aelita command clock): nothing is released meanwhile"
            raise ClockError(why, remedy=remedy)
        if self._known is None and self._elapsed is not None:
            self._known = clock_ns, self._elapsed()
        return max(clock_ns, self.head.at_ns)

    def moment(self, clock_ns: int) -> int:
        """Return when something happened that is to be written whatever the clock says: by what runs evenly while in doubt."""
        even_ns = self._even()
        if not self.doubt(clock_ns):
            return max(clock_ns, self.head.at_ns)
        return self.head.at_ns if even_ns is None else max(even_ns, self.head.at_ns)

    def _even(self) -> int | None:
        if self._elapsed is None or self._known is None:
            return None
        return self._known[0] + self._elapsed() - self._known[1]

    def append(self, kind: str, body: Mapping[str, Any], at_ns: int) -> Entry:
        """Return the next entry, whose octets the caller writes and syncs before it acts on it.

        Raises UsageError for a kind or a body that cannot be, ClockError for a time that is not believed.
        """
        if not _KIND.fullmatch(kind) or kind == CLOCK:
            raise UsageError(f"{kind!r} is no kind of entries")
        return self._append(kind, body, self.time(at_ns))

    def set_clock(self, by: str, reason: str, clock_ns: int) -> Entry:
        """Return the entry in which a person says that the clock is right, though it was not believed: time goes on from it.

        Raises UsageError when nobody doubts it.
        """
        if not (why := self.doubt(clock_ns)):
            raise UsageError("nothing is wrong with the clock", remedy="Set it right first, then say so")
        if not by or not reason or len(reason) > MOST_REASON:
            raise UsageError("who says it, and why?", remedy=f"Give both, the reason in at most {MOST_REASON} characters")
        entry = self._append(CLOCK, {"before_ns": self.moment(clock_ns), "why": why, "by": by, "reason": reason}, clock_ns)
        if self._elapsed is not None:
            self._known = clock_ns, self._elapsed()
        return entry

    def _append(self, kind: str, body: Mapping[str, Any], at_ns: int) -> Entry:
        n, prev = self.head.n + 1, self.head.hash
        line = canonical({"agency": self.agency, "at": at_ns, "body": dict(body), "kind": kind, "n": n, "prev": prev})
        if len(line) > MOST_WRITTEN:
            raise UsageError(f"an entry of {len(line)} octets is too large")
        made = hashlib.sha256(line).hexdigest()
        self.head = Head(n, made, at_ns)
        return Entry(n, at_ns, self.agency, kind, body, prev, made, made.encode() + b"\t" + line + b"\n")

    def countersign(self, of: str, head: Head, key: Ed25519PrivateKey, at_ns: int) -> Entry:
        """Return the entry that says how far and with which hash a copy of another agency's journal was verified."""
        return self.append("countersign", countersign_body(self.agency, of, head, key, at_ns), at_ns)


def countersign_body(agency: str, of: str, head: Head, key: Ed25519PrivateKey, at_ns: int) -> dict[str, Any]:
    """Return an agency's signature over the head of another's journal, as messages and journals carry it."""
    said = {"v": 1, "agency": agency, "of": of, "n": head.n, "hash": head.hash, "at_ns": at_ns}
    return said | {"signature": key.sign(COUNTERSIGN_MARK + canonical(said)).hex()}


@dataclass(frozen=True, slots=True)
class Countersigned:
    """One agency's word that it had another's journal up to an entry, with that hash."""

    agency: str
    of: str
    n: int
    hash: str
    at_ns: int


def countersigned_from(body: Mapping[str, Any], agencies: AgencyKeys | None) -> Countersigned:
    """Return what a countersignature says; without keys its signature is not looked at. Raises DataError for one forged."""
    said = {key: value for key, value in body.items() if key != "signature"}
    if set(said) != {"v", "agency", "of", "n", "hash", "at_ns"} or said["v"] != 1:
        raise DataError("not a countersignature of version 1")
    if not all(isinstance(said[key], int) and not isinstance(said[key], bool) for key in ("n", "at_ns")) or said["n"] < 1:
        raise DataError(f"a countersignature of entry {said['n']!r}")
    if not isinstance(said["hash"], str) or not _HEX64.fullmatch(said["hash"]) or not isinstance(said["of"], str):
        raise DataError("a countersignature without a hash or an agency")
    if agencies is not None:
        signed_by_agency(COUNTERSIGN_MARK, said, body.get("signature"), said["agency"], agencies)
    return Countersigned(str(said["agency"]), said["of"], said["n"], said["hash"], said["at_ns"])


def entry_from(line: bytes, where: str = "") -> Entry:
    """Return the entry of a line without its newline. Raises DataError when it is none or its hash is another."""
    told, tab, octets = line[:64], line[64:65], line[65:]
    if tab != b"\t" or len(line) > MOST_OCTETS:
        raise DataError("not a line of a journal", where=where)
    found = hashlib.sha256(octets).hexdigest()
    if found.encode() != told:
        raise DataError("the entry is not what its hash says: it was altered", where=where)
    try:
        said = orjson.loads(octets)
    except orjson.JSONDecodeError as error:
        raise DataError(f"not JSON: {error}", where=where) from error
    if not isinstance(said, dict) or set(said) != _KEYS:
        raise DataError("not an entry of a journal", where=where)
    kinds = (("agency", str), ("at", int), ("body", dict), ("kind", str), ("n", int), ("prev", str))
    if not all(type(said[key]) is kind for key, kind in kinds):
        raise DataError("not an entry of a journal: a value of the wrong kind", where=where)
    return Entry(said["n"], said["at"], said["agency"], said["kind"], said["body"], said["prev"], found, line + b"\n")


def follows(entry: Entry, head: Head, agency: str) -> None:
    """Raise DataError unless an entry is the next after a head in the journal of an agency."""
    where = f"entry {entry.n} of {agency}"
    if entry.agency != agency:
        raise DataError(f"it is of agency {entry.agency!r}", where=where)
    if entry.n != head.n + 1:
        raise DataError(f"it follows entry {head.n}: entries were removed, doubled or put in another order", where=where)
    if entry.prev != head.hash:
        raise DataError(f"it does not continue entry {head.n}: one of the two was put in place of another", where=where)
    if entry.at_ns < head.at_ns and entry.kind != CLOCK:
        raise DataError(
            f"it is {(head.at_ns - entry.at_ns) / 1e9:.3f} s before the entry before: a clock was set back", where=where
        )


def in_time(*journals: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries of several journals as they were written: by their times, each journal in its own order."""
    return heapq.merge(*journals, key=lambda one: one.at_ns)


class Reader:
    """The reading end: octets of a journal's file in, in pieces of any size, verified entries out."""

    def __init__(self, agency: str = "", head: Head | None = None) -> None:
        self.agency, self.head = agency, head or Head()
        self.rest = b""  # the beginning of a line whose end has not come
        self.offset = 0  # octets of whole, verified lines

    def feed(self, octets: bytes) -> list[Entry]:
        """Return the entries that these octets complete.

        Raises DataError at the first that is not what it should be, naming its octet; nothing after it is read.
        """
        lines = (self.rest + octets).split(b"\n")
        found = []
        for line in lines[:-1]:
            entry = entry_from(line, f"octet {self.offset}")
            self.agency = self.agency or entry.agency
            follows(entry, self.head, self.agency)
            self.head, self.offset = entry.head, self.offset + len(line) + 1
            found.append(entry)
        self.rest = lines[-1]
        if len(self.rest) > MOST_OCTETS:
            raise DataError(f"a line of more than {MOST_OCTETS} octets", where=f"octet {self.offset}")
        return found


@dataclass(frozen=True, slots=True)
class Resumed:
    """How a journal's file goes on after a restart: cut it to `keep` octets, then write `mend` at its end.

    `torn` are the octets cut off: the beginning of an entry whose writing never ended, so that nobody acted on it.
    """

    journal: Journal
    keep: int
    mend: bytes = b""
    torn: bytes = b""


def resume(reader: Reader, agency: str) -> Resumed:
    """Return how a journal goes on whose whole file was fed to a reader. Raises DataError when its end was damaged, not torn.

    A torn write leaves the beginning of a line, or zeros where octets never reached the disk. A whole entry whose newline alone
    is missing stays; one followed by something else was damaged later, and people must look at it.
    """
    if reader.agency and reader.agency != agency:
        raise DataError(f"the journal is of {reader.agency!r}, not of {agency!r}", remedy="Use the folder of the agency")
    rest = reader.rest
    if not rest.strip(b"\0"):
        return Resumed(Journal(agency, reader.head), reader.offset, torn=rest)
    tail, where = rest.rstrip(b"\0"), f"octet {reader.offset}"
    if whole_entry(tail):
        entry = entry_from(tail, where)
        follows(entry, reader.head, agency)
        return Resumed(Journal(agency, entry.head), reader.offset + len(tail), b"\n")
    if whole_entry(tail[: tail.rfind(b"}") + 1]):
        what = "the last entry is whole but something else stands for its newline: the file was damaged"
        raise DataError(what, where=where, remedy="Compare it with the partner's copy")
    return Resumed(Journal(agency, reader.head), reader.offset, torn=rest)


def whole_entry(line: bytes) -> bool:
    """Tell whether octets are a whole line, which a write that was cut off does not leave."""
    return len(line) > 65 and hashlib.sha256(line[65:]).hexdigest().encode() == line[:64]


@dataclass(frozen=True, slots=True)
class Fork:
    """Evidence that an agency wrote two different entries of one number: the hash of the one that the copy has, and the octets of
    the other, or of the one after it, which names another hash.
    """

    n: int
    kept: str
    other: bytes


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of an entry of a partner: entries that now continue the copy, in order, and a fork where it showed one.

    `refused` is one that waited and cannot continue it, and why.
    """

    entries: tuple[Entry, ...] = ()
    fork: Fork | None = None
    refused: tuple[Entry, str] | None = None


class Copy:
    """A verified copy of a partner's journal, from entries that come late, doubled and out of order.

    It remembers the hash of each entry, so that another of the same number is known for what it is. After a fork it takes nothing
    more: what to believe is for people. Of entries that wait for one before them it keeps the nearest; `dropped` counts the
    others, which must come again.
    """

    def __init__(self, agency: str, head: Head | None = None) -> None:
        self.agency, self.head = agency, head or Head()
        self.first = self.head.n + 1
        self.forks: list[Fork] = []
        self._hashes = bytearray()
        self.dropped = 0
        self._ahead: dict[int, Entry] = {}
        self._farthest: list[int] = []  # heap of their numbers, negative
        self._ahead_octets = 0

    @property
    def missing(self) -> tuple[int, int] | None:
        """The first and the last number of the entries to ask the partner for, None when nothing waits."""
        return (self.head.n + 1, min(self._ahead) - 1) if self._ahead else None

    def hash_of(self, n: int) -> str:
        """Return the hash of an entry of the copy, empty when it is not in it."""
        if n == self.head.n:
            return self.head.hash
        return self._hashes[(n - self.first) * 32 :][:32].hex() if self.first <= n <= self.head.n else ""

    def add(self, line: bytes) -> Copied:
        """Take one entry as its line. Raises DataError for what is no entry of the partner, or breaks the chain."""
        entry = entry_from(line.removesuffix(b"\n"), f"an entry of {self.agency}")
        if entry.agency != self.agency:
            raise DataError(f"an entry of {entry.agency!r} in the copy of {self.agency!r}")
        if entry.n < 1:
            raise DataError(f"an entry of number {entry.n}")
        if self.forks:
            raise DataError(f"the journal of {self.agency!r} has forked at entry {self.forks[0].n}", remedy="Ask its keepers")
        waiting = self._ahead.get(entry.n)
        known = waiting.hash if waiting is not None else self.hash_of(entry.n)
        if (entry.n <= self.head.n and not known) or known == entry.hash:
            return Copied()
        if known:
            return self._forked(Fork(entry.n, known, entry.octets))
        if entry.n == self.head.n + 1:
            return self._continue(entry)
        self._wait(entry)
        return Copied()

    def _wait(self, entry: Entry) -> None:
        """Keep an entry until those before it have come, and drop the farthest when there are too many."""
        self._ahead[entry.n] = entry
        heapq.heappush(self._farthest, -entry.n)
        self._ahead_octets += len(entry.octets)
        while len(self._ahead) > MOST_AHEAD or self._ahead_octets > MOST_AHEAD_OCTETS:
            far = self._ahead.pop(-heapq.heappop(self._farthest), None)
            if far is not None:  # one that has gone on left its number
                self._ahead_octets -= len(far.octets)
                self.dropped += 1

    def _next(self) -> Entry | None:
        found = self._ahead.pop(self.head.n + 1, None)
        self._ahead_octets -= len(found.octets) if found is not None else 0
        if not self._ahead:
            self._farthest.clear()
        return found

    def _continue(self, entry: Entry | None) -> Copied:
        taken: list[Entry] = []
        while entry is not None:
            if entry.prev != self.head.hash:  # its predecessor there is not ours, which has the same number
                return self._forked(Fork(self.head.n, self.head.hash, entry.octets), taken)
            try:
                follows(entry, self.head, self.agency)
            except DataError as error:
                if not taken:
                    raise
                return Copied(tuple(taken), refused=(entry, str(error)))
            self.head = entry.head
            self._hashes += bytes.fromhex(entry.hash)
            taken.append(entry)
            entry = self._next()
        return Copied(tuple(taken))

    def _forked(self, fork: Fork, taken: Sequence[Entry] = ()) -> Copied:
        self.forks.append(fork)
        return Copied(tuple(taken), fork)
