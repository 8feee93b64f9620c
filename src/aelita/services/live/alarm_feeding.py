"""What the alarm server of an agency is told: links, frames, services, storage and clocks, and the alarms of other agencies."""

import asyncio
import contextlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Coroutine
from typing import Any

from ...alarms import (
    ClockOffset,
    ContactsBooked,
    CorrelationResidual,
    FramesHeard,
    LinkReported,
    Observation,
    ServiceReported,
    StorageLevel,
)
from ...errors import AelitaError
from ...telemetry import ClockCorrelation
from ...time import Correlator
from ..definitions import read_clock
from .agency_streams import widest_plan
from .alarm_files import contacts_of, keys_folder
from .alarm_journal import NOTHING, StreamStore
from .alarm_limits import LimitFeed
from .alarm_server import AlarmServer
from .asking import asked
from .command_watching import CommandWatch
from .correlation import clock_offset_s as correlated_offset_s
from .ending import ended
from .following import Start, follow
from .geometries import geometry_of
from .geometry import Geometry
from .machine_clock import NotToldError, clock_offset_s
from .messages import merged_of
from .running import programs_of
from .serving import Context
from .signing import read_public_keys
from .stream_plan import HOME, KINDS, mirror_name
from .streams import Message, NoStreamError, Streams, WrongSequenceError

LOOK_S, SLOW_LOOK_S = 2.0, 10.0
HEARD_S = 1.0
LATER_S = 5.0  # until a stream that is not there is asked for again
GRACE_S = 60.0  # a service that has not been up since the alarm server began is not missed sooner
QUIET_START_S = 30.0
LEASE_S = 5.0  # a lease that was renewed so lately is held by a service that works
NOT_WATCHED = ("watchkeeper", "alarms")  # the alarm server itself

log = logging.getLogger(__name__)


class Feeds:
    """All that one alarm server is fed with; `keys` is filled with the public keys that the agency trusts."""

    def __init__(self, context: Context, streams: Streams, server: AlarmServer, store: StreamStore, keys: dict[str, Any]) -> None:
        self.context, self.streams, self.server, self.store, self.keys = context, streams, server, store, keys
        self.installation, self.agency = context.installation, context.agency
        self._plan = widest_plan(self.installation, self.agency)
        self._began_at = self.context.clock.now()
        self._listening = False  # whether frames were heard since
        self._geometry: Geometry | None = None
        self._began = time.monotonic()
        self._been_up: set[str] = set()
        self._reports: list[dict[str, Any]] = []  # the health of the services here, as it was told last
        self._leases: dict[str, float] = {}  # service -> when its lease was renewed (monotonic)
        self._heard: dict[str, int] = {}  # spacecraft -> merged message that was looked at

    async def run(self) -> None:
        """Feed for ever. Raises WrongSequenceError when another server keeps the journal."""
        agency, links, products = self.agency, KINDS["links"].stream, KINDS["products"].stream
        crafts = self.installation.spacecraft
        async with asyncio.TaskGroup() as tasks:
            for craft in crafts:
                tasks.create_task(LimitFeed(self.streams, self.store, agency, craft, self._observe_and_keep).run())
            for name, owner in [(links, agency), *((mirror_name(one, "links"), one) for one in self._givers("links"))]:
                tasks.create_task(self._latest(name, [f"{owner}.links.{craft}.>" for craft in crafts], self._link))
            tasks.create_task(self._latest(links, [f"{agency}.links.lease.>"], self._lease))
            tasks.create_task(self._latest(products, [f"{agency}.products.clock-{craft}" for craft in crafts], self._clock))
            tasks.create_task(self._mirrors())
            givers = self._givers("commands")
            tasks.create_task(CommandWatch(self.context, self.streams, givers, lambda: self._reports, self._observe).run())
            for look, every_s in (
                (self._frames, HEARD_S),
                (self._services, LOOK_S),
                (self._storage, SLOW_LOOK_S),
                (self._machine_clock, SLOW_LOOK_S),
                (self._contacts, SLOW_LOOK_S),
            ):
                tasks.create_task(self._again_and_again(look, every_s))

    def _givers(self, kind: str) -> list[str]:
        return [giver for giver, kinds in self._plan.takes.items() if kind in kinds]

    async def _observe(self, *observations: Observation) -> None:
        """Tell the server; what cannot be kept now waits there, and the server goes on."""
        try:
            await self.server.observe(observations)
        except WrongSequenceError:
            raise
        except AelitaError as error:
            if self.context.health.fault("journal", str(error)):
                log.error("records of alarms wait to be kept", extra={"why": str(error)})
        else:
            self.context.health.well("journal")

    async def _observe_and_keep(self, observation: Observation) -> None:
        """Tell the server, and return when what came of it is kept."""
        await self._observe(observation)
        while self.server.waiting:
            await asyncio.sleep(HEARD_S)

    async def _again_and_again(self, look: Callable[[], Coroutine[Any, Any, None]], every_s: float) -> None:
        what = look.__name__.strip("_")
        while True:
            try:
                await look()
                self.context.health.well(what)
            except WrongSequenceError:
                raise
            except AelitaError as error:
                if self.context.health.fault(what, str(error)):
                    log.warning("not known for alarms", extra={"what": what, "why": str(error)})
            await asyncio.sleep(every_s)

    async def _latest(self, stream: str, subjects: list[str], take: Callable[[Message], Coroutine[Any, Any, None]]) -> None:
        """Take what was said last on each subject, and what is said from now on. A stream that is not there may come."""
        while True:
            try:
                async with follow(self.streams, stream, start=Start.LAST_OF_EACH_SUBJECT, subjects=subjects) as follower:
                    async for message in follower:
                        with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):  # what is no such message
                            await take(message)
                return
            except NoStreamError as error:
                log.warning("not followed for alarms", extra={"stream": stream, "why": str(error)})
                await asyncio.sleep(LATER_S)

    async def _link(self, message: Message) -> None:
        told = json.loads(message.data)
        _, _, spacecraft, station = message.subject.split(".")
        locked = told["state"] == "active" and told["lock"] == "locked" and told["production"] != "interrupted"
        found: list[Observation] = [LinkReported(spacecraft, station, int(told["at"]), locked)]
        if told["last_received"]:
            found.append(self._frames_heard(spacecraft, int(told["last_received"])))
        await self._observe(*found)

    async def _lease(self, message: Message) -> None:
        age_s = time.time() - message.time_unix_ns / 1e9
        if json.loads(message.data)["holder"]:
            self._leases[message.subject.rpartition(".")[2]] = time.monotonic() - max(age_s, 0.0)
        else:
            self._leases.pop(message.subject.rpartition(".")[2], None)

    async def _clock(self, message: Message) -> None:
        """Hold the clock that dates packets against the one that is correlated."""
        craft = self.installation.mission.craft(message.subject.rpartition("-")[2])
        if craft.correlation is None or craft.clock is None:
            return
        rules = ClockCorrelation.from_toml(craft.correlation.read_text("utf-8"), str(craft.correlation)).rules
        with contextlib.suppress(AelitaError):  # before its first point
            correlator = Correlator.restored(rules, json.loads(message.data)["state"], craft.key)
            residual_s = correlated_offset_s(correlator, read_clock(craft.clock), self.context.clock.now())
            await self._observe(CorrelationResidual(craft.key, residual_s))

    async def _frames(self) -> None:
        """Look when frames came last by whatever way: the merged stream tells."""
        for craft in self.installation.spacecraft:
            last = await self.streams.last(f"{self.agency}.merged.{craft}", KINDS["merged"].stream)
            if last is not None and self._heard.get(craft) != last.sequence:
                self._heard[craft] = last.sequence
                merged, _ = merged_of(last.data, last.headers)
                if len(merged):
                    await self._observe(self._frames_heard(craft, int(merged.received_at.max())))

    def _frames_heard(self, spacecraft: str, at: int) -> FramesHeard:
        self._listening |= at >= self._began_at
        return FramesHeard(spacecraft, at)

    async def _services(self) -> None:
        reports = self._reports = await asyncio.to_thread(asked, self.installation.folder, self.agency)
        names = [program.name.partition("/")[2] for program in programs_of(self.installation) if self._ours(program.name)]
        found = [self._service(name, [one for one in reports if one["service"] == name]) for name in names]
        found.append(ServiceReported("streams", self.streams.connected, self.streams.last_fault))
        self._been_up.update(one.name for one in found if one.up)
        late = time.monotonic() - self._began >= GRACE_S
        await self._observe(*(one for one in found if late or one.name in self._been_up))

    def _ours(self, program: str) -> bool:
        agency, _, name = program.partition("/")
        return agency == self.agency and name not in NOT_WATCHED

    def _service(self, name: str, reports: list[dict[str, Any]]) -> ServiceReported:
        """Judge a service by its processes here, or by its lease when it runs elsewhere."""
        if any(one["status"] == "well" for one in reports):
            return ServiceReported(name, True)
        held = time.monotonic() - self._leases.get(name, -LEASE_S) < LEASE_S
        if not reports:
            return ServiceReported(name, held, "" if held else "it does not run")
        worst = next((one for one in reports if one["status"] == "faulty"), reports[0])
        words = "; ".join(f"{what}: {why}" for what, why in worst.get("faults", {}).items())
        return ServiceReported(name, False, f"{worst['status']}: {words}" if words else str(worst["status"]))

    async def _storage(self) -> None:
        """Look at the streams that refuse when they are full, and at the disk."""
        for stream in self._plan.streams:
            if stream.account == HOME and stream.subjects and not stream.rebuildable:
                state = await self.streams.info(stream.name)
                await self._observe(StorageLevel(f"stream/{stream.name}", state.fill))
        usage = await asyncio.to_thread(shutil.disk_usage, self.installation.folder)
        await self._observe(StorageLevel("disk", usage.used / max(usage.used + usage.free, 1)))

    async def _machine_clock(self) -> None:
        with contextlib.suppress(NotToldError):
            await self._observe(ClockOffset("machine", clock_offset_s()))

    async def _contacts(self) -> None:
        """Tell which contacts are booked; at first, what is on its way is waited for, so that a restart finds no silence."""
        if not self._listening and time.monotonic() - self._began < QUIET_START_S:
            return
        self._geometry = self._geometry or geometry_of(self.installation, self.agency)
        now = self.context.clock.now()
        await self._observe(
            ContactsBooked(await asyncio.to_thread(contacts_of, self.installation, self.agency, self._geometry, now))
        )

    async def _mirrors(self) -> None:
        """Take in what other agencies tell, from the beginning; all of it again when the keys that are trusted change."""
        folder = keys_folder(self.installation, self.agency)
        while True:
            stamp = {path: path.stat().st_mtime_ns for path in folder.glob("*.pem")}
            self._read_keys()
            tasks = [asyncio.create_task(self._mirror(giver)) for giver in self._givers("alarms")]
            try:
                while stamp == {path: path.stat().st_mtime_ns for path in folder.glob("*.pem")}:
                    for task in tasks:
                        if task.done():
                            task.result()
                    await asyncio.sleep(LOOK_S)
            finally:
                await ended(tasks)

    def _read_keys(self) -> None:
        try:
            found = read_public_keys(keys_folder(self.installation, self.agency))
        except AelitaError as error:
            self.context.health.fault("keys", str(error))
            log.error("public keys cannot be read", extra={"why": str(error)})
            return
        self.context.health.well("keys")
        self.keys.clear()
        self.keys.update(found)

    async def _mirror(self, giver: str) -> None:
        name = mirror_name(giver, "alarms")
        while True:
            try:
                done, newest = self.store.positions.get(name, NOTHING)[0], (await self.streams.info(name)).last
                known = done if done <= newest else 0  # the giver began its stream anew
                async with follow(self.streams, name) as follower:
                    async for message in follower:
                        await self._foreign(name, message, known)
                return
            except NoStreamError as error:
                log.warning("not followed for alarms", extra={"stream": name, "why": str(error)})
                await asyncio.sleep(LATER_S)

    async def _foreign(self, name: str, message: Message, known: int) -> None:
        again = message.sequence <= known
        if not again:
            self.store.positions[name] = message.sequence, 0
        try:
            genuine = await self.server.foreign(message.subject, message.data, again=again)
        except WrongSequenceError:
            raise
        except AelitaError as error:
            self.context.health.fault("journal", str(error))
            return
        self.context.health.count("foreign_alarms", genuine="yes" if genuine else "no")
        if not genuine and not again:
            log.error("a message of another agency was refused", extra={"subject": message.subject})
