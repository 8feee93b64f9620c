"""The commanding of an agency as a service: journal, gate, lines to stations, evidence from telemetry, and what people ask."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...agencies import ALWAYS
from ...commanding import (
    MOST_ENDED,
    Allowances,
    ClockError,
    Commander,
    Counts,
    Entry,
    Gate,
    Outcome,
    PreparedCommand,
    Preparer,
    ReleasedCltu,
    Standing,
    UplinkLine,
    fop_settings,
    in_time,
)
from ...errors import AelitaError, DataError, UsageError
from ...link import Channel, CommandLink, Fop1, security
from ...mdb import compile_commands, load_database
from ...pus import Widths
from ...time import SECOND
from ..definitions import read_clock
from .agency_streams import address_of
from .alarm_files import keys_folder, own_signer
from .command_clock import ClockReference
from .command_conduct import Conduct
from .command_desk import CommandDesk
from .command_evidence import follow_reports, follow_words
from .command_journal import FOLDER, CopyFile, JournalFile, copy_path, own_path
from .command_keys import command_link, key_of_agency, read_command_key
from .command_lines import CommandLine
from .command_mirroring import Mirror, Publisher
from .command_requests import answer_requests
from .command_sky import CommandSky
from .serving import Context
from .signing import read_public_keys
from .streams import Streams

MOST_NUMBERS = 4096  # of security, reserved on the disk at a time
LONGEST_PAUSE_S, LEAST_PAUSE_S, COUNTERSIGN_S = 0.5, 0.05, 5.0
LATER_S = 0.2  # so long what only tells what happened, and is written, may wait for the disk

MOST_JUDGED = 10_000

log = logging.getLogger(__name__)


async def commander(context: Context) -> None:
    """Command for an agency. Raises AelitaError when its journal was altered or cannot be written."""
    service = CommandService(context)
    gc.freeze()  # what the journals tell stays: looking through it for garbage stops commanding for 20 us a command
    connecting = Streams.connect(address_of(context.installation, context.agency), name="commander", timeout_s=60)
    try:
        async with await connecting as streams:
            await service.run(streams)
    finally:
        service.close()


class CommandService:
    """One agency's commanding. What is decided is decided in `Commander`; here it is written, synced, sent and told."""

    def __init__(self, context: Context) -> None:
        self.context, self.agency = context, context.agency
        mission = context.installation.mission
        self.signer = own_signer(context.installation, self.agency)
        rules = mission.organisation.authority
        self.standing = Standing(self.agency, rules, self._keys())
        self._notes: list[Entry] = []  # of our own journal, as it was at the start
        self.journal = JournalFile(own_path(context.home), self.agency)  # it locks out a second writer
        others = [one.key for one in context.installation.agencies if one.key != self.agency]
        self.copies = {key: CopyFile(copy_path(context.home, key), key) for key in others}
        # As it was told: of what stands in one journal and is about a request in another little has to wait for that.
        for entry in in_time(self.journal.begin(), *(copy.begin() for copy in self.copies.values())):
            self._take(entry)
        self._clock = ClockReference(context.home / FOLDER, context.clock, self.journal.journal, rules.clock_step_s)
        context.health.details["damaged_copies"] = {key: one.damage for key, one in self.copies.items() if one.damage}
        released = [(str(one["request"]), str(one["digest"])) for one in self.standing.released.values()]
        self.gate = Gate(
            self.agency, rules, next_cltu=self.standing.next_cltu, released=released, seen_ns=self.journal.journal.head.at_ns
        )
        self.commander = Commander(self.standing, self.journal.journal, self.gate, self.signer.key)
        self.lines: dict[str, list[CommandLine]] = {}
        self.links: dict[str, CommandLink] = {}
        self.sky = CommandSky(context, self.links, self._stations_up)
        self.commander.times, self.commander.known, self.commander.forbids = self.sky.times, self.sky.known, self._forbids
        self.preparers = self._preparers()
        self.standing.most_ended = MOST_ENDED  # not before: numbers of packets go on behind those of all that went
        self._outgoing: list[ReleasedCltu] = []
        self._notes_due: list[str] = []
        self._is_together, self._late = False, asyncio.Event()
        self._judged: dict[str, list[str]] = {}  # digest: why the octets are not what they are called
        self._publisher: Publisher | None = None
        self._wake = asyncio.Event()
        for spacecraft, link in self.links.items():
            self._hold_line(spacecraft)
            self.commander.allowances[spacecraft] = allowances_of(link)
        self._desk = CommandDesk(self.commander, self.preparers, mission.organisation, context.clock.now, self.does, self._seen)
        self.conduct = Conduct(context, self.commander, self._desk, self._notes, self.does)

    def close(self) -> None:
        """Let another process write the journal."""
        with contextlib.suppress(AelitaError):
            self._written()
        for spacecraft in self.gate.spacecraft:  # what was reserved and not used is free again
            sender = self.gate.line(spacecraft).security
            if sender is not None and sender.left:
                self._write_numbers(spacecraft, sender, sender.unused)
        self.journal.close()
        self.sky.close()
        for copy in self.copies.values():
            copy.close()

    async def run(self, streams: Streams) -> None:
        """Command until cancelled."""
        self._publisher = Publisher(streams, self.signer, self.journal, self.context.health)
        self.does(self.commander.begin(self.context.clock.now()))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publisher.run())
            for partner, copy in self.copies.items():
                mirror = Mirror(streams, partner, copy, self._keys, self.context.health, self._from_partner)
                tasks.create_task(mirror.run())
            tasks.create_task(answer_requests(streams, self.agency, self._desk, self.together))
            tasks.create_task(self.conduct.run(streams))
            for spacecraft, lines in self.lines.items():
                for line in lines:
                    tasks.create_task(line.run())
                self._follow(streams, tasks, spacecraft)
            tasks.create_task(self._timers())
            tasks.create_task(self._write_later())
            tasks.create_task(self._countersign())
            self.context.health.ready = True

    def does(self, outcome: Outcome) -> None:
        """Write what is to be written, wait for the disk, then send. Raises ArchiveError, and sends nothing."""
        self._outgoing += outcome.cltus
        self._notes_due += outcome.notes
        if not self._is_together:
            self._settle()

    def later(self, outcome: Outcome) -> None:
        """Write what only tells what happened, from which nothing follows: the disk keeps it soon, or with what comes next."""
        self._outgoing += outcome.cltus
        self._notes_due += outcome.notes
        if self._outgoing:
            self.does(Outcome())
        else:
            self._put()
            self._late.set()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Have what several requests did written and synced at once, then sent. Nothing may be awaited inside."""
        self._is_together = True
        try:
            yield
        finally:
            self._is_together = False
            self._settle()

    def _settle(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        notes, self._notes_due = self._notes_due, []
        written = self._written()
        for cltu in outgoing:  # nothing else happens between writing and sending
            line = next((one for one in self.lines.get(cltu.spacecraft, ()) if one.is_up), None)
            try:
                if line is None:
                    raise UsageError("the line ended a moment ago")
                line.send(cltu)
            except AelitaError as error:
                log.error("a released CLTU was not sent", extra={"cltu": cltu.id, "why": str(error)})
                self.does(self.commander.refused(cltu.id, "", f"it was not sent: {error}", self.context.clock.now()))
            self._keep_numbers(cltu.spacecraft)
        for note in notes:
            log.info("commanding", extra={"note": note})
        if written:
            self._wake.set()
            if self._publisher is not None:
                self._publisher.wake.set()

    def _take(self, entry: Entry) -> None:
        self.standing.take(entry)
        if entry.kind == "note" and entry.agency == self.agency:
            self._notes.append(entry)

    def _written(self) -> bool:
        """Write all that the journal's chain holds and wait for the disk; return whether that was something."""
        self._put()
        before = self.journal.size
        self.journal.sync()
        self.context.health.gauge("command_sync_seconds", self.journal.sync_s)
        return self.journal.size > before

    def _put(self) -> None:
        entries = self.commander.unwritten
        self.journal.put(entries)
        self.commander.unwritten = []
        if entries:
            self.conduct.take(entries)
            self.context.health.count("command_entries", len(entries))

    def _keys(self) -> dict[str, Any]:
        found = read_public_keys(keys_folder(self.context.installation, self.agency))
        return found | {self.agency: (self.signer.key.public_key(),)}

    def _preparers(self) -> dict[str, Preparer]:
        """Make what turns requests into octets, for each spacecraft followed that has a command link."""
        mission, made = self.context.installation.mission, {}
        agencies = list(mission.organisation.agencies)
        for key in self.context.installation.spacecraft:
            craft = mission.craft(key)
            if craft.uplink is None:
                continue
            link = command_link(self.context.installation, key)
            database = load_database(craft.command_databases)
            self.links[key] = link
            made[key] = Preparer(compile_commands(database), link, self._first(agencies), self._ticks(key))
        self._take_counts(made)
        return made

    def _first(self, agencies: list[str]) -> Counts:
        return Counts(agencies.index(self.agency), len(agencies))

    def _take_counts(self, preparers: Mapping[str, Preparer]) -> None:
        """Go on numbering packets where the journal tells that we were."""
        for one in self.standing.board.requests.values():
            asked = one.prepared.request
            preparer = preparers.get(asked.spacecraft)
            if preparer is None or asked.requester.agency != self.agency:
                continue
            try:
                preparer.counts.take(preparer.numbered(one.prepared))
            except AelitaError:  # its schedule was described in another way then
                preparer.counts.take(one.prepared.packets)

    def _ticks(self, spacecraft: str) -> Any:
        craft = self.context.installation.mission.craft(spacecraft)
        if craft.clock is None:
            return None
        clock = read_clock(craft.clock)
        return lambda tai_ns: int(clock.ticks(np.array([tai_ns], np.int64))[0])

    def _hold_line(self, spacecraft: str) -> None:
        """Give the gate the command link of a spacecraft, if we have its keys, and make the lines to our stations."""
        link, installation = self.links[spacecraft], self.context.installation
        try:
            sender = self._sender(spacecraft, link)
        except UsageError as error:
            log.info("this agency cannot secure commands", extra={"spacecraft": spacecraft, "why": str(error)})
            return
        fop = Fop1(fop_settings(link, 2 * self.sky.light_ns(spacecraft)))
        self.gate.hold_line(spacecraft, UplinkLine(link, fop, sender))
        number = list(installation.spacecraft).index(spacecraft)
        stations = [installation.mission.organisation.stations[key] for key in installation.agency(self.agency).stations]
        self.lines[spacecraft] = [
            CommandLine(self.context, station, spacecraft, spacecraft if number else "", self.commander, self.does, self.later)
            for station in stations
            if station.sle is not None and station.can_within("uplink", spacecraft, ALWAYS)
        ]

    def _sender(self, spacecraft: str, link: CommandLink) -> security.Sender | None:
        """Return what secures commands to a spacecraft, None where nothing does. Raises UsageError without its key."""
        rules = link.security
        if rules.service == "none":
            return None
        key = read_command_key(key_of_agency(self.context.installation, self.agency, spacecraft))
        store = security.KeyStore()
        store.load(key.key_id, key.key, state=security.KeyState.ACTIVE)
        mask = b"\xff" * 64 if rules.mask == "all" else None
        channel = security.SecuredChannel(link.spacecraft_id, link.virtual_channel)
        association = security.SecurityAssociation(
            key.spi, security.Service(rules.service.replace("-", " ")), iv_octets=rules.iv_octets,
            sn_octets=rules.sequence_octets, pad_octets=rules.pad_octets, mac_octets=rules.mac_octets, mask=mask,
            window=rules.window, channels=(channel,), key_id=key.key_id, state=security.SaState.OPERATIONAL,
        )  # fmt: skip
        kept = self._numbers_path(spacecraft)
        numbers = security.SendingNumbers(key.spi, key.key_id)
        if kept.is_file():
            numbers = security.SendingNumbers.from_record(json.loads(kept.read_text()))
        return security.Sender(association, store, numbers, trailer_octets=2 if link.fecf else 0)

    def _numbers_path(self, spacecraft: str) -> Path:
        return self.context.home / "commanding" / f"numbers-{spacecraft}.json"

    def _keep_numbers(self, spacecraft: str, frames: int = 1) -> None:
        """Have numbers of security reserved on the disk before they are used: none is used twice, whatever dies when.

        After a death those that were reserved are passed over, and the spacecraft lets no more pass at once than its window: half
        of that is reserved at a time, and nothing before something goes.
        """
        sender = self.gate.line(spacecraft).security
        if sender is None:
            return
        block = max(1, min(MOST_NUMBERS, sender.association.window // 2 or MOST_NUMBERS))
        if sender.left >= max(frames, block // 2):
            return
        self._write_numbers(spacecraft, sender, sender.reserve(max(block, frames - sender.left)))

    def _write_numbers(self, spacecraft: str, sender: security.Sender, reserved: security.SendingNumbers) -> None:
        path, place = self._numbers_path(spacecraft), f"numbers of security of {spacecraft}"
        waiting = path.with_suffix(".new")
        try:
            with waiting.open("w", encoding="utf-8") as file:
                json.dump(reserved.to_record(), file)
                file.flush()
                os.fsync(file.fileno())
            waiting.replace(path)
        except OSError as error:  # those that are left may still be used
            self.context.health.fault(place, f"{path}: {error.strerror}")
            return
        if reserved != sender.unused:
            sender.grant(reserved)
        self.context.health.well(place)

    def _misnamed(self, prepared: PreparedCommand) -> list[str]:
        """Return why octets are not what their request calls them, looked at once."""
        digest = prepared.digest
        if digest not in self._judged:
            preparer = self.preparers.get(prepared.request.spacecraft)
            if len(self._judged) >= MOST_JUDGED:
                self._judged.clear()
            self._judged[digest] = preparer.mismatches(prepared) if preparer else ["no command link of it is known here"]
        return list(self._judged[digest])

    def _forbids(self, prepared: PreparedCommand, now: int) -> list[str]:
        """Return what names and geometry have against a request now; without that it has the numbers that it needs."""
        asked, found = prepared.request, self._misnamed(prepared)
        times = None if asked.execute_ns is None else self.commander.times_from(prepared, now)
        found += self.sky.against(prepared, now, times)
        if not found and asked.spacecraft in self.gate.spacecraft and asked.id in self.standing.board.requests:
            self._keep_numbers(asked.spacecraft, self.gate.line(asked.spacecraft).frames_of(prepared.packets))
        return found

    def _follow(self, streams: Streams, tasks: asyncio.TaskGroup, spacecraft: str) -> None:
        mission = self.context.installation.mission
        path = mission.channel(mission.craft(spacecraft).channels[0])
        channel = Channel.from_toml(path.read_text("utf-8"), str(path))
        health, now = self.context.health, self.context.clock.now
        report = lambda craft, told, generated, received: self.commander.report(craft, told, generated, received, now())  # noqa: E731
        word = lambda craft, told: self.commander.control_word(craft, told, now())  # noqa: E731
        told = self._since(spacecraft)
        tasks.create_task(follow_reports(streams, self.agency, spacecraft, channel, Widths(), report, self.does, health, told))
        tasks.create_task(follow_words(streams, self.agency, spacecraft, channel, word, self.does, health))

    def _since(self, spacecraft: str) -> int | None:
        """Return since when (Unix ns) reports of what was sent before a restart may have come, None when none are waited for."""
        verifier = self.commander.verifiers.get(spacecraft)
        since = verifier.since(self.context.clock.now()) if verifier is not None else None
        return None if since is None else time.time_ns() + round(self.context.clock.seconds_until(since) * SECOND)

    async def _from_partner(self, entries: list[Entry]) -> None:
        for entry in entries:
            try:
                self.does(self.commander.partner(entry, self.context.clock.now()))
                self.conduct.take([entry])
            except (DataError, UsageError) as error:
                log.error(
                    "an entry of a partner changes nothing", extra={"agency": entry.agency, "n": entry.n, "why": str(error)}
                )

    async def _write_later(self) -> None:
        while True:
            await self._late.wait()
            await asyncio.sleep(LATER_S)
            self._late.clear()
            self.does(Outcome())

    async def _timers(self) -> None:
        while True:
            now = self.context.clock.now()
            self.sky.look_up(self.commander.lines_up, now)
            try:
                self.does(self.commander.on_timer(now))
                self._let_go(now)
                self._clock.keep()
                self._tell_forgotten()
                self.context.health.well("clock")
            except ClockError as error:  # nothing is released meanwhile
                if self.context.health.fault("clock", str(error)):
                    log.error("the clock is not believed", extra={"why": str(error)})
                self.does(Outcome())
            except UsageError as error:
                log.error("what was due is not done", extra={"why": str(error)})
                self.does(Outcome())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_PAUSE_S):
                    await self._wake.wait()
                    await asyncio.sleep(LEAST_PAUSE_S)  # so that it is not done again for each request
            self._wake.clear()

    def _tell_forgotten(self) -> None:
        """Say what had to be given up for want of room."""
        for agency, count in self.standing.board.lost.items():
            what = f"{count} entries of {agency} about requests that nobody told of are passed over, until the next start"
            self.context.health.fault(f"requests told of by {agency}", what)
        for spacecraft, verifier in self.commander.verifiers.items():
            if verifier.forgotten:
                what = f"{verifier.forgotten} packets are waited for no more: too many went after them"
                self.context.health.fault(f"reports of {spacecraft}", what)

    def _stations_up(self, spacecraft: str) -> list[str]:
        return [one.station.key for one in self.lines.get(spacecraft, ()) if one.is_up]

    def _let_go(self, now: int) -> None:
        """Leave nothing of ours at a station for a spacecraft that another agency has."""
        for spacecraft, lines in self.lines.items():
            if self.standing.holder(spacecraft, "", now).agency != self.agency:
                for line in lines:
                    line.let_go()

    async def _countersign(self) -> None:
        """Say from time to time how far we have verified the journals of others."""
        standing = self.standing
        while True:
            await asyncio.sleep(COUNTERSIGN_S)
            for partner, copy in self.copies.items():
                if standing.news.get(partner, 0) > standing.countersigned.get(partner, 0):
                    copy.sync()
                    with contextlib.suppress(ClockError):  # it is said once the clock is right
                        self.does(self.commander.countersign(partner, copy.head, self.context.clock.now()))

    def _seen(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for spacecraft, lines in self.lines.items():
            fop = self.gate.line(spacecraft).fop
            found[spacecraft] = {
                "cop1": {"state": f"S{int(fop.state)}", "next": fop.next_number, "expected": fop.expected_number},
                "stations": {one.station.key: _plain(one) for one in lines},
            }
        return found


def allowances_of(link: CommandLink) -> Allowances:
    """Return how long reports of a spacecraft may take."""
    told = link.reports
    return Allowances(*(round(one * SECOND) for one in (told.acceptance_s, told.start_s, told.completion_s, told.late_s)))


def _plain(line: CommandLine) -> Mapping[str, Any]:
    seen = line.seen
    return {
        "state": seen.state, "production": seen.production, "uplink": seen.uplink, "sent": seen.sent, "radiated": seen.radiated,
        "why": seen.why, "up": line.is_up,
    }  # fmt: skip
