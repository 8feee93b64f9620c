"""Journals between agencies: our own is put on a stream that partners mirror, and theirs is taken from our mirror into a copy.

A message is signed by its agency and holds whole lines of the journal. It says which entries it holds, so that a restart goes on
behind the last one published.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable

from ...agencies import subject
from ...commanding import Entry, Fork
from ...errors import AelitaError, ArchiveError, DataError
from .command_journal import NAME, CopyFile, JournalFile
from .following import follow
from .health import Health
from .signing import PublicKeys, Signer, verify
from .stream_plan import KINDS, mirror_name
from .streams import NoStreamError, StreamError, Streams, WrongSequenceError

MOST_OCTETS = 200 << 10
MOST_QUARANTINE = 4 << 20  # octets of lines that are kept, since they are none of a partner's journal
PAUSE_S, ABSENT_S, COUNTERSIGN_S = 0.5, 5.0, 1.0
KIND = KINDS["commands"]

log = logging.getLogger(__name__)


def journal_subject(agency: str) -> str:
    """Return the subject on which an agency tells its journal."""
    return subject(agency, "commands", journal=NAME)


class Publisher:
    """Puts an agency's journal on its stream, as it is written. `wake` says that there is more."""

    def __init__(self, streams: Streams, signer: Signer, journal: JournalFile, health: Health) -> None:
        self.streams, self.signer, self.journal, self.health = streams, signer, journal, health
        self.subject = journal_subject(signer.agency)
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Publish for ever. Whatever somebody else puts on our subject is told and passed over: partners do not believe it."""
        offset, last = await self._begin()
        while True:
            octets = self.journal.read(offset, MOST_OCTETS)
            end = octets.rfind(b"\n") + 1
            if not end and len(octets) == MOST_OCTETS:
                octets = self.journal.read(offset, 1 << 24)
                end = octets.find(b"\n") + 1
            if not end:
                self.wake.clear()
                await self.wake.wait()
                continue
            try:
                payload = octets[:end]
                last = await self._publish(offset, payload, last)
            except WrongSequenceError as error:
                self.health.count("journal_strange_messages")
                log.error("something that is not ours is on the subject of our journal", extra={"why": str(error)})
                offset, last = await self._begin()
                continue
            except StreamError as error:
                self.health.fault("journal stream", str(error))
                await asyncio.sleep(PAUSE_S)
                continue
            self.health.well("journal stream")
            self.health.count("journal_octets_published", end)
            offset += end

    async def _publish(self, offset: int, payload: bytes, last: int) -> int:
        said = json.dumps({"offset": offset, "octets": len(payload)}).encode() + b"\n" + payload
        message = self.signer.sign(self.subject, said)
        return await self.streams.publish(
            self.subject, message, msg_id=f"journal-{offset}-{len(payload)}-{last}", expected_last_on_subject=last
        )

    async def _begin(self) -> tuple[int, int]:
        """Return the offset behind what was published last, and the stream's number of the newest message.

        When that is not a message of ours, partners are told from the beginning of the journal again: what they have they know.
        """
        while True:
            try:
                newest = await self.streams.last(self.subject, KIND.stream)
                break
            except NoStreamError:
                raise
            except StreamError as error:
                self.health.fault("journal stream", str(error))
                await asyncio.sleep(PAUSE_S)
        if newest is None:
            return 0, 0
        try:
            signed = verify(newest.data, {self.signer.agency: (self.signer.key.public_key(),)})
            head, lines = lines_of(signed.payload)
            end = head["offset"] + head["octets"]
            if signed.subject != self.subject or not 0 <= head["offset"] <= end <= self.journal.size:
                raise DataError(f"it tells of octets {head['offset']} to {end} of {self.journal.size}")
            if self.journal.read(head["offset"], head["octets"]).splitlines() != lines:
                raise DataError("it is not what our journal holds there")
        except DataError as error:
            self.health.count("journal_strange_messages")
            log.error("the newest message on the subject of our journal is not ours", extra={"why": str(error)})
            return 0, newest.sequence
        return end, newest.sequence


def lines_of(payload: bytes) -> tuple[dict[str, int], list[bytes]]:
    """Return what a message says of itself, and the lines of the journal in it. Raises DataError."""
    head, _, lines = payload.partition(b"\n")
    try:
        said = json.loads(head)
        found = {"offset": int(said["offset"]), "octets": int(said["octets"])}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"not a piece of a journal: {error}") from error
    return found, lines.splitlines()


class Quarantine:
    """Lines that came as a partner's and are none that its journal can have, each once with why, in a file beside the copy."""

    def __init__(self, copy: CopyFile, partner: str) -> None:
        self.path = copy.path.with_name(f"quarantine-{partner}.jsonl")
        self._known: set[str] = set()
        if self.path.is_file():
            for line in self.path.read_bytes().splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    self._known.add(str(json.loads(line)["sha256"]))

    def keep(self, line: bytes, why: str) -> bool:
        """Keep a line, and return whether it is new. Raises ArchiveError when it cannot be written."""
        digest = hashlib.sha256(line).hexdigest()
        if digest in self._known:
            return False
        self._known.add(digest)
        said = json.dumps({"sha256": digest, "why": why, "octets": len(line), "line": line.decode("latin-1")}) + "\n"
        try:
            size = self.path.stat().st_size if self.path.is_file() else 0
            if size + len(said) <= MOST_QUARANTINE:
                with self.path.open("a", encoding="ascii") as file:
                    file.write(said)
        except OSError as error:
            raise ArchiveError(f"a line was not kept: {error.strerror}", where=str(self.path)) from error
        return True


class Mirror:
    """Takes a partner's journal from our mirror of its stream. `taken` gets each entry that continues the copy.

    A line that its journal cannot have goes to quarantine with its reason, and the lines behind it are taken.
    """

    def __init__(
        self,
        streams: Streams,
        partner: str,
        copy: CopyFile,
        keys: Callable[[], PublicKeys],
        health: Health,
        taken: Callable[[list[Entry]], Awaitable[None]],
    ) -> None:
        self.streams, self.partner, self.copy, self.keys, self.health, self.taken = streams, partner, copy, keys, health, taken
        self.quarantine = Quarantine(copy, partner)

    async def run(self) -> None:
        """Take for ever; without a mirror look again now and then, and when something was dropped begin again."""
        name = mirror_name(self.partner, KIND.token)
        while True:
            try:
                async with follow(self.streams, name) as follower:
                    async for message in follower:
                        await self._take(message.subject, message.data)
                        if self.copy.copy.dropped and self.copy.copy.missing is None:
                            self.copy.copy.dropped = 0
                            break
                    else:
                        return
            except NoStreamError:
                await asyncio.sleep(ABSENT_S)

    async def _take(self, named: str, octets: bytes) -> None:
        place = f"journal of {self.partner}"
        entries: list[Entry] = []
        try:
            signed = verify(octets, self.keys())
            if signed.subject != named or signed.agency != self.partner:
                raise DataError(f"a message of {signed.agency} for {signed.subject} came on {named}")
            why = ""
            for line in lines_of(signed.payload)[1]:
                why = self._line(line, entries) or why
            if not why and (missing := self.copy.copy.missing) is not None:
                why = f"entries {missing[0]} to {missing[1]} have not come"
            if why:
                raise DataError(why)
        except ArchiveError:  # the copy on the disk is shorter now than the one here: all begins anew
            raise
        except AelitaError as error:
            if self.health.fault(place, str(error)):
                log.error("a piece of a partner's journal is not taken", extra={"partner": self.partner, "why": str(error)})
        else:
            self.health.well(place)
        if entries:
            self.health.count("journal_entries_taken", len(entries), partner=self.partner)
            await self.taken(entries)

    def _line(self, line: bytes, entries: list[Entry]) -> str:
        """Take one line, append the entries that continue the copy, and return why it is refused, if it is."""
        try:
            copied = self.copy.add(line)
        except DataError as error:
            if self.copy.copy.forks:  # nothing is wrong with the line
                raise
            return self._refuse(line, str(error))
        entries += copied.entries
        if copied.fork is not None:
            self._forked(copied.fork)
        return self._refuse(copied.refused[0].octets, copied.refused[1]) if copied.refused is not None else ""

    def _refuse(self, line: bytes, why: str) -> str:
        if self.quarantine.keep(line, why):
            self.health.count("journal_lines_refused", partner=self.partner)
        return f"{why}; the line is in {self.quarantine.path.name}"

    def _forked(self, fork: Fork) -> None:
        """Keep the evidence that a partner wrote two different entries of one number."""
        path = self.copy.path.with_name(f"fork-{self.partner}-{fork.n}.evidence")
        path.write_bytes(fork.other)
        log.error("a partner's journal has forked", extra={"partner": self.partner, "entry": fork.n, "path": str(path)})
