"""What a centre knows of commanding: the journals of its agency, followed on the disk, and what they add up to.

The service that commands writes; here nothing is written. Entries are verified as they are read; one that was altered ends the
following of its journal, and `faults` says so.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from fastapi import HTTPException

from ..commanding import Entry, Head, Progress, Reader, Standing, State, Wanted, asked_of, countersigned_from, in_time, wanted
from ..errors import AelitaError, DataError, UsageError
from ..mdb import CompiledCommands, compile_commands
from ..services import Library, live
from .command_audit import Verification
from .command_octets import Readers

PIECE, LONGEST_LINE = 1 << 20, 1 << 24
MOST_ENDED = 20_000  # requests that ended and are remembered; the journals hold all
MOST_PROVEN = 100_000
MARK = 500

Ask = Callable[..., dict[str, Any]]


@dataclass(slots=True)
class _Tail:
    """One journal as far as it was read: whole lines only, for the beginning of one may be cut off at a restart."""

    path: Path
    reader: Reader
    stamp: tuple[int, int, int] = (0, 0, 0)  # inode, size, time of change when it was read last
    fault: str = ""
    marks: list[int] = field(default_factory=list)  # where every MARK-th entry begins, the first at 0

    def new(self) -> Iterator[Entry]:
        """Yield the entries that are new, a piece at a time. Raises DataError at one that was altered, OSError."""
        with self.path.open("rb") as file:
            while True:
                file.seek(self.reader.offset)
                octets = file.read(PIECE)
                if len(octets) == PIECE and b"\n" not in octets:
                    octets += file.read(LONGEST_LINE)
                end = octets.rfind(b"\n") + 1
                if not end:
                    return
                for line in octets[: end - 1].split(b"\n"):  # one by one: what is good before an altered entry still counts
                    begun = self.reader.offset
                    entries = self.reader.feed(line + b"\n")
                    if (self.reader.head.n - 1) % MARK == 0:
                        self.marks.append(begun)
                    yield from entries


class CommandView:
    """The commanding of one agency as its journals tell it. `look` reads what is new; answers are made of `reading`."""

    def __init__(self, installation: live.Installation, agency: str, library: Library | None = None) -> None:
        self.installation, self.agency = installation, agency
        self.version = 0  # rises with every change
        self.ask: Ask = self._ask
        self.verification = Verification(installation, agency)
        self._library = library or Library()
        self.readers = Readers(installation, self.commands)
        self._commands: dict[str, CompiledCommands] = {}
        self._lock = threading.RLock()
        self._tails: dict[str, _Tail] = {}
        self._trusted: tuple[Any, ...] = ()
        self._countersigned: dict[tuple[str, str], tuple[int, str, int]] = {}
        self._proven: set[str] = set()  # ids of statements that counted, whose signatures hold
        self._standing = Standing(agency, installation.mission.organisation.authority, {})
        self._key_fault = ""

    @contextlib.contextmanager
    def reading(self) -> Iterator[Standing]:
        """Give what stands now; nothing of it changes during the block. It waits for the disk: for worker threads."""
        with self._lock:
            self.look()
            yield self._standing

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong with which journal (`keys`: with the agencies' keys), nothing while all is well."""
        with self._lock:
            found = {agency: tail.fault for agency, tail in self._tails.items() if tail.fault}
            return found | ({"keys": self._key_fault} if self._key_fault else {})

    @property
    def heads(self) -> dict[str, tuple[int, str, int]]:
        """Where each journal stands that is here: number, hash and time (TAI ns) of its last entry."""
        with self._lock:
            heads = {agency: tail.reader.head for agency, tail in self._tails.items()}
            return {agency: (one.n, one.hash, one.at_ns) for agency, one in heads.items()}

    @property
    def countersigned(self) -> dict[tuple[str, str], tuple[int, str, int]]:
        """How far an agency said last that it had another's journal: number and hash of the entry, and when (TAI ns)."""
        with self._lock:
            return dict(self._countersigned)

    def entries(self, agency: str, after: int, limit: int) -> list[Entry]:
        """Return at most `limit` entries of a journal that is here, those behind number `after`, verified again.

        HTTPException 404 when none of that agency is here, 503 when they are no more what they were.
        """
        with self._lock:
            self.look()
            tail = self._tails.get(agency)
            if tail is None:
                raise HTTPException(404, f"No journal of {agency!r} is here. There are those of {', '.join(self._tails)}.")
            last, end = tail.reader.head.n, tail.reader.offset
            begun = tail.marks[after // MARK] if after < last else end
        found: list[Entry] = []
        if after >= last:
            return found
        try:
            with tail.path.open("rb") as file:
                file.seek(begun)
                while len(found) < limit and file.tell() < end:
                    entry = read_entry(file.readline())
                    if after < entry.n <= last:
                        found.append(entry)
        except (DataError, OSError) as error:  # it was changed since it was read
            raise HTTPException(503, f"The journal of {agency} cannot be read: {error}") from error
        return found

    def look(self) -> int:
        """Read what is new in the journals, and return the version of what is known then."""
        with self._lock:
            paths = live.command_journals(self.installation, self.agency)
            if self._begun_anew(paths):
                self._begin(paths)
            for agency, path in paths.items():
                tail = self._tails.setdefault(agency, _Tail(path, Reader(agency)))
                if _stamp(path) != tail.stamp:
                    for entry in self._verified(tail):
                        self._take(entry)
            return self.version

    def wanted(self, one: Progress, now: int) -> Wanted | None:
        """Return what a request waits for from people at an instant (TAI ns), None for one that waits no more.

        Only within `reading`. A signature that was verified once is not verified again.
        """
        if one.state is not State.WAITING:
            return None
        standing, prepared = self._standing, one.prepared
        holder = standing.holding(prepared, now).agency
        found = wanted(
            asked_of(prepared), standing.rules, standing.keyring, standing.said(one.id), now, holder=holder, proven=self._proven
        )
        if len(self._proven) > MOST_PROVEN:
            self._proven.clear()
        self._proven.update(found.used)
        return found

    def commands(self, spacecraft: str) -> CompiledCommands:
        """Return the commands of a spacecraft, read once. HTTPException 404 when the mission has none of it."""
        with self._lock:
            if spacecraft not in self._commands:
                self._commands[spacecraft] = self._compiled(spacecraft)
            return self._commands[spacecraft]

    def _compiled(self, spacecraft: str) -> CompiledCommands:
        try:
            craft = self.installation.mission.craft(spacecraft)
        except UsageError as error:
            raise HTTPException(404, f"{error.what}. {error.remedy}") from error
        if not craft.command_databases:
            raise HTTPException(404, f"No telecommands are known of {spacecraft}.")
        return compile_commands(self._library.take(craft.command_databases)[1].database)

    def _begun_anew(self, paths: Mapping[str, Path]) -> bool:
        """Tell whether a journal is another file than before, or shorter, or the keys of the agencies are others."""
        trusted = tuple((str(one), one.stat().st_mtime_ns) for one in live.agency_key_files(self.installation, self.agency))
        if trusted != self._trusted:
            self._trusted = trusted
            return True
        return any(agency not in paths or _written_anew(tail, _stamp(paths[agency])) for agency, tail in self._tails.items())

    def _begin(self, paths: Mapping[str, Path]) -> None:
        """Read everything, in the order of time, as if all had been told when it happened."""
        keys: Mapping[str, Any] = {}
        self._key_fault = ""
        try:
            keys = live.agency_keys(self.installation, self.agency)
        except AelitaError as error:
            self._key_fault = str(error)
        self._standing = Standing(self.agency, self.installation.mission.organisation.authority, keys, most_ended=MOST_ENDED)
        self._proven.clear()
        self._countersigned.clear()
        self._tails = {agency: _Tail(path, Reader(agency)) for agency, path in paths.items()}
        found = [list(self._verified(tail)) for tail in self._tails.values() if tail.path.is_file()]
        for entry in in_time(*found):
            self._take(entry)
        self.version += 1

    def _verified(self, tail: _Tail) -> Iterator[Entry]:
        try:
            told = tail.path.stat()
            tail.stamp, tail.fault = (told.st_ino, told.st_size, told.st_mtime_ns), ""
            yield from tail.new()
        except (AelitaError, OSError) as error:
            tail.fault = str(error)
            self.version += 1

    def _take(self, entry: Entry) -> None:
        self.version += 1
        self._standing.take(entry)
        if entry.kind in ("countersign", "countersigned"):
            with contextlib.suppress(AelitaError):
                one = countersigned_from(entry.body, self._standing.keys)
                self._countersigned[one.agency, one.of] = one.n, one.hash, one.at_ns

    def _ask(self, op: str, **what: Any) -> dict[str, Any]:
        return asyncio.run(live.ask_commanding(self.installation, self.agency, op, **what))


def read_entry(line: bytes) -> Entry:
    """Return the entry of a line of a journal. Raises DataError when it is not what its hash says."""
    try:
        said = orjson.loads(line[65:])
        reader = Reader(said["agency"], Head(said["n"] - 1, said["prev"]))
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"not an entry of a journal: {error}") from error
    found = reader.feed(line)
    if not found:
        raise DataError("the last entry is not whole")
    return found[0]


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        told = path.stat()
    except OSError:
        return 0, 0, 0
    return told.st_ino, told.st_size, told.st_mtime_ns


def _written_anew(tail: _Tail, stamp: tuple[int, int, int]) -> bool:
    """Tell whether a journal's file is another one, was cut, or was changed in place: it only ever grows by itself."""
    (inode, size, _), (inode_now, size_now, _) = tail.stamp, stamp
    if not inode:
        return False
    return inode != inode_now or size_now < size or (size_now == size and stamp != tail.stamp)
