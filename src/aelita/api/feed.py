"""The live data of a centre: follows the streams of its agency as their reader, keeps the clock of all sockets, and says how
the streams beneath are, so that nothing that has stopped looks alive.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from ..errors import AelitaError
from ..services import live
from .answers import seconds, utc_text
from .command_live import shown
from .command_view import CommandView
from .hub import LIVE, LOST, STALE, Hub
from .live_topics import MOST_RECENT, Board, Parameters, Recent, packets_in, reports_in, transitions_in
from .live_updates import encoded
from .status import Seen, told

TICK_S = 1.0
ALARMS_S = 0.5
COMMANDS_S, COMMANDS_AGAIN_S = 0.25, 5.0  # how often journals are looked at, and what they say is told though nothing is new
PROBE_S, UNHEARD_S = 0.5, 2.0  # how often the server is asked, and after how long without an answer it counts as lost
LATER_S, REACH_S = 1.0, 5.0
STREAMS = ("parameters", "events", "packets")
BENEATH = {  # the services without which nothing new comes of a topic, where there are such
    "parameters": ("processor",),
    "events": ("processor",),
    "packets": ("processor",),
    "links": ("receiver",),
    "alarms": ("watchkeeper", "alarms"),
    "commands": ("commander",),
}
AT_WORK = ("well", "faulty")
UNREADABLE = (AelitaError, ValueError, KeyError, TypeError, IndexError, pl.exceptions.PolarsError)

log = logging.getLogger(__name__)


class LiveFeed:
    """What is told to sockets of the live data of one agency. Run it, and let sockets join its `hub`."""

    def __init__(
        self, installation: live.Installation, agency: str, watch: live.Watch, commanding: CommandView | None = None
    ) -> None:
        self.installation, self.agency, self.watch = installation, agency, watch
        self.commanding = commanding or CommandView(installation, agency)
        self.parameters = Parameters(watch.agencies[agency].values.units)
        self.events, self.packets = Recent("events"), Recent("packets")
        self.links, self.alarms, self.status, self.clock = (Board(name) for name in ("links", "alarms", "status", "clock"))
        self.commands = Board("commands")
        topics = (
            self.parameters, self.events, self.alarms, self.commands, self.links, self.packets, self.status, self.clock
        )  # fmt: skip
        self.hub = Hub(topics, time.monotonic, self._due)
        self._timer: asyncio.TimerHandle | None = None
        self._answered, self._why = float("-inf"), "not reached yet"
        self._seen: Seen | None = None
        self._faults: set[str] = set()  # what could not be read or done, logged once
        self._last: dict[str, tuple[int, int]] = {}  # of each stream: number of the last message, and when it was stored
        self._alarm_records = -1

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["LiveFeed"]:
        """Follow while the block runs."""
        works = (
            self._follow_for_ever(), self._every(TICK_S, self._tick), self._every(ALARMS_S, self._look), self._follow_commands()
        )  # fmt: skip
        tasks = [asyncio.create_task(work) for work in works]
        try:
            yield self
        finally:
            await live.ended(tasks)
            if self._timer is not None:
                self._timer.cancel()

    def seen(self) -> Seen:
        """Return the newest picture of the complex, at most a tick old while the feed runs."""
        return self._seen or self._picture()

    def _picture(self) -> Seen:
        picture, at = self.watch.picture(), live.wall_tai_ns()
        return Seen(self.agency, self.installation.spacecraft, picture, at, self.watch.clock.at(at))

    def _due(self, at: float) -> None:
        """Flush at an instant (monotonic seconds), unless that is done sooner anyway."""
        loop = asyncio.get_running_loop()
        if self._timer is not None and not self._timer.cancelled():
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at, self._flush)

    def _flush(self) -> None:
        self._timer = None
        later = self.hub.flush(time.monotonic())
        if later is not None:
            self._due(later)

    async def _every(self, period_s: float, work: Callable[[], None]) -> None:
        """Do a work at regular times, whatever comes of it."""
        due = time.monotonic()
        while True:
            try:
                work()
                self._well(work.__name__)
            except Exception as error:  # a tick that fails must not be the last
                self._fault(work.__name__, error)
            due = max(due + period_s, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    def _tick(self) -> None:
        self._seen = seen = self._picture()
        clock = told(seen.clock())
        self.hub.tick(encoded({"tick": clock}))
        self.clock.show({"clock": ("", "clock", clock)}, self.hub)
        status = told(seen.status())
        self.status.show({"status": ("", "status", status)}, self.hub)
        rows = {(one["agency"], one["spacecraft"], one["station"]): one for one in status["links"]}
        self.links.show({key: (key[1], key[2], row) for key, row in rows.items()}, self.hub)

    def _look(self) -> None:
        """Look at the alarms, and at how the streams are."""
        seen = self.watch.agencies[self.agency]
        if seen.records != self._alarm_records:
            self._alarm_records = seen.records
            shown = {(one.owner, one.alarm) for one in live.alarms_shown(seen.alarms.state)}
            every = live.alarms_shown(seen.alarms.state, quiet=True)
            self.alarms.show({(a.owner, a.alarm): ("", a.alarm, _alarm(a, shown)) for a in every}, self.hub)
        self._tell_states()

    async def _follow_commands(self) -> None:
        """Look at the journals of commanding, and tell what changed in them, or by time alone."""
        known, told = -1, float("-inf")
        while True:
            try:
                version = await asyncio.to_thread(self.commanding.look)
                if version != known or time.monotonic() - told > COMMANDS_AGAIN_S:
                    now = self.watch.clock.at(live.wall_tai_ns())
                    items = await asyncio.to_thread(shown, self.commanding, now)
                    known, told = version, time.monotonic()
                    self.commands.show(items, self.hub)
                self._well("commands")
            except Exception as error:  # a look that fails must not be the last
                self._fault("commands", error)
            await asyncio.sleep(COMMANDS_S)

    def _tell_states(self) -> None:
        lost = time.monotonic() - self._answered > UNHEARD_S
        services = [one for one in self.seen().picture.services if one.agency == self.agency]
        for topic, names in BENEATH.items():
            beneath = [one for one in services if one.service in names]
            self.hub.set_state(topic, *((LOST, self._why) if lost else _state_over(beneath)))
        for topic in self.hub.topics.keys() - BENEATH.keys():
            self.hub.set_state(topic, LIVE)

    async def _follow_for_ever(self) -> None:
        """Follow the streams, whatever happens to the server."""
        while True:
            try:
                address = live.address_of(self.installation, self.agency, "reader")
                connecting = live.Streams.connect(address, name="interface", timeout_s=REACH_S, on_state=self._connection)
                async with await connecting as streams, asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._probe(streams))
                    for work in (self._follow_parameters, self._follow_judged, self._follow_reports, self._follow_packets):
                        tasks.create_task(self._again(work, streams))
            except AelitaError as error:
                self._lose(error.what)
            except Exception as error:  # what ends here would look alive for ever
                self._lose(f"{type(error).__name__}: {error}")
                log.exception("following the streams failed")
            await asyncio.sleep(LATER_S)

    async def _again(self, work: Callable[[live.Streams], Coroutine[Any, Any, None]], streams: live.Streams) -> None:
        while True:
            try:
                await work(streams)
            except Exception as error:
                self._fault(work.__name__, error)
            await asyncio.sleep(LATER_S)

    def _connection(self, state: live.LinkState) -> None:
        if state is not live.LinkState.CONNECTED:
            self._lose("the connection to the server of streams is lost")

    def _lose(self, why: str) -> None:
        self._answered, self._why = float("-inf"), why
        self._tell_states()

    async def _probe(self, streams: live.Streams) -> None:
        """Ask the server again and again: a connection may be open and nobody at its other end."""
        while True:
            with contextlib.suppress(AelitaError, TimeoutError):
                async with asyncio.timeout(UNHEARD_S):
                    await streams.info("PARAMETERS")
                self._answered, self._why = time.monotonic(), "the server of streams does not answer"
            await asyncio.sleep(PROBE_S)

    async def _follow_parameters(self, streams: live.Streams) -> None:
        def take(message: live.Message) -> None:
            self.parameters.take(message, self.hub)

        await self._follow(streams, "PARAMETERS", live.Start.LAST_OF_EACH_SUBJECT, take)

    async def _follow_judged(self, streams: live.Streams) -> None:
        """Follow limit transitions from where the stream tells what stands of all parameters, and for some that came before."""
        subjects = {craft: live.standing_subject(self.agency, craft) for craft in self.installation.spacecraft}
        told = [await streams.last(subject, "LIMITS") for subject in subjects.values()]
        standing = min((one.sequence if one is not None else 1 for one in told), default=1)
        await self._follow(streams, "LIMITS", min(standing, await _recent(streams, "LIMITS")), self._judged)

    def _judged(self, message: live.Message) -> None:
        craft = message.subject.split(".")[2]
        if message.subject == live.standing_subject(self.agency, craft):
            _, severities = live.standing_in(message.data)
            for parameter, severity in severities.items():
                self.parameters.judge(craft, parameter, severity, 0, self.hub)
            return
        found = list(transitions_in(message))
        for craft, parameter, severity, received, _ in found:
            self.parameters.judge(craft, parameter, severity, received, self.hub)
        self.events.tell([(craft, name, body) for craft, name, _, _, body in found], self.hub)

    async def _follow_reports(self, streams: live.Streams) -> None:
        await self._follow(
            streams, "EVENTS", await _recent(streams, "EVENTS"), lambda one: self.events.tell(reports_in(one), self.hub)
        )

    async def _follow_packets(self, streams: live.Streams) -> None:
        await self._follow(
            streams, "PACKETS", await _recent(streams, "PACKETS"), lambda one: self.packets.tell(packets_in(one), self.hub)
        )

    async def _follow(
        self, streams: live.Streams, stream: str, start: int | live.Start, take: Callable[[live.Message], None]
    ) -> None:
        if (last := self._last.get(stream)) is not None and await streams.stored_at(stream, last[0]) == last[1]:
            start = last[0] + 1
        async with live.follow(streams, stream, start=start) as follower:
            async for message in follower:
                self._last[stream] = message.sequence, message.time_unix_ns
                try:
                    take(message)
                    self._well(stream)
                except UNREADABLE as error:
                    self._fault(stream, error)

    def _fault(self, what: str, error: Exception) -> None:
        if what not in self._faults:
            self._faults.add(what)
            log.warning("not told live", extra={"what": what, "why": f"{type(error).__name__}: {error}"})

    def _well(self, what: str) -> None:
        self._faults.discard(what)


async def _recent(streams: live.Streams, stream: str) -> int:
    """Return the number of the message with which to begin so that some recent ones are known."""
    state = await streams.info(stream)
    return max(state.last - MOST_RECENT, state.first, 1)


def _state_over(services: Sequence[live.ServiceSeen]) -> tuple[str, str]:
    """Return how a topic is, and why, that is made by one of some services."""
    working = [one for one in services if one.status in AT_WORK]
    if services and not working:
        return STALE, f"the {services[0].service} is {services[0].status}"
    unpublished = next((fault for one in working for fault in one.faults if fault.startswith("values: ")), "")
    return (STALE, unpublished) if unpublished else (LIVE, "")


def _alarm(one: live.AlarmShown, shown: set[tuple[str, str]]) -> dict[str, Any]:
    counts = asdict(one.counts)
    counts |= {"total_s": seconds(counts.pop("total_ns")), "first": _instant(one.counts.first), "last": _instant(one.counts.last)}
    return asdict(one) | {
        "word": one.word, "quiet": (one.owner, one.alarm) not in shown, "since": _instant(one.since),
        "shelved_until": _instant(one.shelved_until), "counts": counts,
    }  # fmt: skip


def _instant(at: int) -> str | None:
    return utc_text(at or None)
