"""The alarm server is told of commanding: from the stream of the agency's own journal, mirrors of partners', health and lines."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ...alarms import OF_COMMANDING, CommandingStands, Observation, Source, Subject, Trouble
from ...commanding import Copy
from ...errors import AelitaError, DataError
from .bookings import BookingFile
from .command_client import agency_key_files, agency_keys, command_forks
from .command_mirroring import KIND, journal_subject, lines_of
from .command_requests import ask_commands
from .command_troubles import CommandTroubles, Line
from .ending import ended
from .following import follow
from .serving import Context
from .signing import PublicKeys, verify
from .stream_plan import mirror_name
from .streams import NoStreamError, StreamError, Streams, WrongSequenceError

LOOK_S, LATER_S, ANSWER_S = 2.0, 5.0, 2.0
QUIET_S = 1.0  # a journal is read up when nothing of it came for so long
COMMANDER = "commander"
BY_LINES = frozenset((Source.UPLINK,))

log = logging.getLogger(__name__)

Observe = Callable[[Observation], Awaitable[None]]
Reports = Callable[[], Sequence[Mapping[str, Any]]]


class CommandWatch:
    """What is watched of one agency's commanding. `reports` gives the health of services, `observe` tells the alarm server."""

    def __init__(self, context: Context, streams: Streams, givers: list[str], reports: Reports, observe: Observe) -> None:
        self.context, self.streams, self.givers, self.reports, self.observe = context, streams, givers, reports, observe
        self.agency, self.installation = context.agency, context.installation
        organisation = self.installation.mission.organisation
        self._keys: PublicKeys = {}
        self._trusted: tuple[Any, ...] | None = None
        self.troubles = CommandTroubles(self.agency, organisation.authority, self._keys)
        self._bad: dict[str, tuple[int, str]] = {}  # agency: since when its journal is not believed, and why
        self._heard, self._is_read = time.monotonic(), False
        stations = [organisation.stations[key] for one in self.installation.agencies for key in one.stations]
        self._bookings = [BookingFile(self.installation, one) for one in stations if one.sle is not None]

    async def run(self) -> None:
        """Watch for ever. Raises WrongSequenceError when another alarm server keeps the journal."""
        self._read_keys()
        while True:
            self.troubles = CommandTroubles(self.agency, self.installation.mission.organisation.authority, self._keys)
            self._bad, self._heard, self._is_read = {}, time.monotonic(), False
            follows = [(KIND.stream, self.agency), *((mirror_name(one, KIND.token), one) for one in self.givers)]
            tasks = [asyncio.create_task(self._follow(*one)) for one in follows]
            try:
                while not self._read_keys():  # all is read again with the keys that are trusted then
                    await self._look()
                    for task in tasks:
                        if task.done():
                            task.result()
                    await asyncio.sleep(LOOK_S)
            finally:
                await ended(tasks)

    async def _look(self) -> None:
        self._is_read |= time.monotonic() - self._heard >= QUIET_S  # before, more of what was is on its way
        if not self._is_read:
            return
        try:
            await self._tell()
            self.context.health.well("commanding")
        except WrongSequenceError:
            raise
        except AelitaError as error:
            if self.context.health.fault("commanding", str(error)):
                log.warning("commanding is not known for alarms", extra={"why": str(error)})

    async def _tell(self) -> None:
        now, troubles = self.context.clock.now(), self.troubles
        report: Mapping[str, Any] = next((one for one in self.reports() if one["service"] == COMMANDER), {})
        found = [*troubles.requests(now), *troubles.cop1(), *troubles.approvals(now), *troubles.loans(now)]
        found += troubles.clock(now, str(report.get("faults", {}).get("clock", "")))
        found += self._journals(report, now)
        sources = frozenset(OF_COMMANDING) - BY_LINES
        up = await self._lines_up()
        if up is not None:
            sources |= BY_LINES
            found += troubles.uplinks(self._booked(now), up, now)
        await self.observe(CommandingStands(sources, tuple(found)))

    def _journals(self, report: Mapping[str, Any], now: int) -> list[Trouble]:
        """Return what is wrong with journals: seen here in the streams, by the service that commands, and evidence it kept."""
        bad = dict(self._bad)
        for what, why in report.get("faults", {}).items():
            if what.startswith("journal of "):
                bad.setdefault(what.removeprefix("journal of "), (now, str(why)))
        for partner, why in report.get("damaged_copies", {}).items():
            bad.setdefault(str(partner), (now, f"our copy was damaged: {why}"))
        for agency, count in self.troubles.standing.board.lost.items():
            bad.setdefault(agency, (now, f"{count} entries are about requests that nobody told of: they are passed over"))
        for name in command_forks(self.installation, self.agency):
            bad.setdefault(name.removeprefix("fork-").rpartition("-")[0], (now, f"it has forked, see {name}"))
        return [Trouble(Source.JOURNAL, Subject(name=agency), since, why) for agency, (since, why) in bad.items()]

    async def _lines_up(self) -> list[Line] | None:
        """Return the lines that commands can go over now, None when nobody can tell or nothing waits for one."""
        if not self.troubles.ready(self.context.clock.now()):
            return []
        try:
            told = await ask_commands(self.streams, self.agency, "state", answer_s=ANSWER_S)
        except AelitaError:
            return None
        lines = told.get("lines", {})
        return [(craft, key) for craft, one in lines.items() for key, line in one["stations"].items() if line["up"]]

    def _booked(self, now: int) -> list[Line]:
        found = []
        for one in self._bookings:
            one.look(now)
            booked = one.schedule.at(one.station.key, now)
            found += [(each.spacecraft, one.station.key) for each in booked if self.agency in each.uplink]
        return found

    async def _follow(self, stream: str, giver: str) -> None:
        """Take an agency's journal from its beginning, and what comes; begin anew when the stream is made anew."""
        copy = Copy(giver)
        while True:
            try:
                async with follow(self.streams, stream, subjects=[journal_subject(giver)]) as follower:
                    async for message in follower:
                        self._heard = time.monotonic()
                        self._take(copy, message.subject, message.data)
                        if copy.dropped and copy.missing is None:
                            copy.dropped = 0
                            break
                    else:
                        return
            except NoStreamError:
                await asyncio.sleep(LATER_S)
            except WrongSequenceError:
                raise
            except StreamError as error:
                log.warning("a journal is not followed for alarms", extra={"stream": stream, "why": str(error)})
                await asyncio.sleep(LATER_S)

    def _take(self, copy: Copy, subject: str, octets: bytes) -> None:
        now = self.context.clock.now()
        try:
            self._entries(copy, pieces(octets, subject, copy.agency, self._keys))
        except AelitaError as error:
            self._bad.setdefault(copy.agency, (now, str(error)))
            return
        if copy.missing is None:
            self._bad.pop(copy.agency, None)

    def _entries(self, copy: Copy, lines: list[bytes]) -> None:
        refused: DataError | None = None
        for line in lines:
            try:
                copied = copy.add(line)
            except DataError as error:  # what stands behind it counts
                refused = refused or error
                continue
            for entry in copied.entries:
                self.troubles.take(entry)
            if copied.fork is not None:
                raise DataError(f"it has forked at entry {copied.fork.n}: two entries of that number were told")
        if refused is not None:
            raise refused

    def _read_keys(self) -> bool:
        """Read the public keys of the agencies when they are others than before, and return whether they are."""
        with contextlib.suppress(AelitaError, OSError):
            trusted = tuple((str(one), one.stat().st_mtime_ns) for one in agency_key_files(self.installation, self.agency))
            if trusted != self._trusted:
                self._keys, self._trusted = agency_keys(self.installation, self.agency), trusted
                return True
        return False


def pieces(octets: bytes, subject: str, agency: str, keys: PublicKeys) -> list[bytes]:
    """Return the lines of an agency's journal in a message that came on a subject. Raises DataError for what is not genuine."""
    signed = verify(octets, keys)
    if signed.subject != subject or signed.agency != agency:
        raise DataError(f"a message of {signed.agency} for {signed.subject} came on {subject}")
    return lines_of(signed.payload)[1]
