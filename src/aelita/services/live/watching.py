"""Gathers what a view of the complex shows: from the streams of the agencies, as their reader, and from the health of services.

Services and servers may die and come back: what is known of them grows old meanwhile, and says so.
"""

import asyncio
import contextlib
import json
import logging
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ...alarms import SEVERITIES, AlarmBook, AlarmEngine, Record, decode
from ...errors import AelitaError, DataError
from ...link import Channel
from ...time import SECOND
from ..databases import Library
from ..definitions import define
from .agency_streams import address_of, plan_of
from .alarm_files import keys_folder
from .alarm_index import AlarmIndex
from .alarm_reading import genuine
from .asking import page
from .batches import unpack
from .clock import MissionClock
from .ending import ended
from .following import Start, follow
from .geometries import geometry_of
from .geometry import Geometry, elevation_deg
from .inflow import Inflow
from .installation import Installation
from .running import programs_of
from .serving import running
from .signing import PublicKeys, read_public_keys
from .stream_plan import HOME, mirror_name
from .streams import Message, Streams, StreamState
from .watched import (
    SILENT_REFRESHES,
    AgencySeen,
    AlarmSeen,
    CountsSeen,
    EventSeen,
    LinkSeen,
    Meters,
    Picture,
    ServiceSeen,
    StreamSeen,
    ValueSeen,
)
from .watched_values import LatestValues, heard_at

AGAIN_S = 1.0
STARTING_S = 20.0
LATER_S = 5.0  # until a stream that is not there, or refuses, is asked again
MOST_EVENTS = 100
MOST_VALUES = 40
_METRIC = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

log = logging.getLogger(__name__)

Labels = frozenset[tuple[str, str]]
Metrics = dict[tuple[str, Labels], float]


@dataclass(slots=True)
class Told:
    """What something told last, and when (monotonic seconds)."""

    heard: float
    what: dict[str, Any]
    metrics: Metrics = field(default_factory=dict)


class AgencyWatch:
    """What the streams of one agency tell."""

    def __init__(self, installation: Installation, key: str, values: LatestValues, here: frozenset[str]) -> None:
        self.installation, self.key, self.values = installation, key, values
        self.connected, self.why = False, "not reached yet"
        self.links: dict[tuple[str, str, str], Told] = {}  # agency, spacecraft, station
        self.streams: dict[str, tuple[float, StreamState]] = {}
        self.events: deque[EventSeen] = deque(maxlen=MOST_EVENTS)
        self.alarms = AlarmEngine(key, AlarmBook(()))
        self.records = 0  # of alarms, taken so far
        self.index = AlarmIndex()
        self.meters, self.inflow = Meters(), Inflow()
        clock = MissionClock.read(installation.folder)
        plan = plan_of(installation, key, clock.now())
        self._names = [stream.name for stream in plan.streams if stream.account == HOME]
        self._mirrored = {giver: kinds for giver, kinds in plan.takes.items() if giver not in here}
        self._keys: PublicKeys = {}

    async def run(self, refresh_s: float) -> None:
        """Follow the agency's streams until cancelled, whatever happens to its server."""
        while True:
            try:
                address = address_of(self.installation, self.key, "reader")
                async with await Streams.connect(address, name="watch", timeout_s=LATER_S) as streams:
                    await self._all(streams, refresh_s)
            except AelitaError as error:
                self.connected, self.why = False, error.what
            await asyncio.sleep(AGAIN_S)

    async def _all(self, streams: Streams, refresh_s: float) -> None:
        works: list[Callable[[], Coroutine[Any, Any, None]]] = [
            lambda: self._ask(streams, refresh_s),
            lambda: self._follow(streams, "PARAMETERS", Start.LAST_OF_EACH_SUBJECT, self._value),
            lambda: self._recent(streams, "EVENTS", self._event),
            lambda: self._recent(streams, "LIMITS", self._limit),
            lambda: self._follow(streams, "AUDIT", Start.FIRST, self._alarm, (f"{self.key}.audit.alarms",)),
            lambda: self._lines(streams, "LINKS", self.key),
        ]
        for giver, kinds in self._mirrored.items():
            if "links" in kinds:
                works.append(partial(self._lines, streams, mirror_name(giver, "links"), giver))
            if "alarms" in kinds:
                mirror = mirror_name(giver, "alarms")
                works.append(partial(self._follow, streams, mirror, Start.FIRST, partial(self._foreign_alarm, mirror)))
        async with asyncio.TaskGroup() as tasks:
            for work in works:
                tasks.create_task(_for_ever(work))

    async def _ask(self, streams: Streams, refresh_s: float) -> None:
        """Ask for the state of all streams, once a refresh."""
        while True:
            self.connected, self.why = streams.connected, "" if streams.connected else streams.last_fault or "the server is away"
            if streams.connected:
                for name in self._names:
                    with contextlib.suppress(AelitaError):
                        async with asyncio.timeout(refresh_s):
                            state = await streams.info(name)
                        self.streams[name] = time.monotonic(), state
                        self.meters.take(name, time.monotonic(), state.last)
                        self.meters.take((name, "octets"), time.monotonic(), self.inflow.take(state))
            await asyncio.sleep(refresh_s)

    async def _follow(
        self, streams: Streams, stream: str, start: int | Start, take: Callable[[Message], None], subjects: tuple[str, ...] = ()
    ) -> None:
        async with follow(streams, stream, start=start, subjects=subjects) as follower:
            async for message in follower:
                with contextlib.suppress(AelitaError, ValueError, KeyError, TypeError, IndexError):  # what is no such message
                    take(message)

    async def _lines(self, streams: Streams, stream: str, agency: str) -> None:
        subjects = tuple(f"{agency}.links.{spacecraft}.*" for spacecraft in self.installation.spacecraft)
        await self._follow(streams, stream, Start.LAST_OF_EACH_SUBJECT, self._link, subjects)

    async def _recent(self, streams: Streams, stream: str, take: Callable[[Message], None]) -> None:
        state = await streams.info(stream)
        await self._follow(streams, stream, max(state.last - MOST_EVENTS, state.first, 1), take)

    def _value(self, message: Message) -> None:
        self.values.take(message.subject, message.sequence, message.data, heard_at(message.time_unix_ns))

    def _link(self, message: Message) -> None:
        told = json.loads(message.data)
        agency, _, spacecraft, station = message.subject.split(".")
        key = agency, spacecraft, station
        self.meters.take(key, told["at"] / SECOND, told["frames"], self.installation.speed)
        self.links[key] = Told(heard_at(message.time_unix_ns), told)

    def _event(self, message: Message) -> None:
        _, _, severity, spacecraft = message.subject.split(".")
        for row in unpack(message.data).to_dicts():
            at = row["generated"] if row["generated"] is not None else row["received"]
            self.events.append(EventSeen(self.key, spacecraft, at, severity, str(row.get("message") or row.get("name"))))

    def _limit(self, message: Message) -> None:
        spacecraft = message.subject.split(".")[2]
        for row in unpack(message.data).to_dicts():
            at = row["generated"] if row["generated"] is not None else row["received"]
            value = row["text"] or f"{row['value']:g}"
            severity, before = SEVERITIES[int(row["after"])], SEVERITIES[int(row["before"])]
            text = f"{str(row['parameter']).rpartition('/')[2]} {value}: {before} → {severity}"
            self.events.append(EventSeen(self.key, spacecraft, at, severity, text))

    def _alarm(self, message: Message) -> None:
        try:
            record = decode(message.data, message.subject)
        except DataError:
            record = None
        self._record("AUDIT", message, record)

    def _foreign_alarm(self, stream: str, message: Message) -> None:
        """Take what another agency tells, if it is signed by it."""
        self._keys = self._keys or read_public_keys(keys_folder(self.installation, self.key))
        self._record(stream, message, genuine(message.subject, message.data, self._keys))

    def _record(self, stream: str, message: Message, record: Record | None) -> None:
        self.index.take(stream, message, record)
        if record is not None:
            self.alarms.apply(record)
            self.records += 1


async def _for_ever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do a work again when it ends, a stream refuses it or anything else befalls it: a view must not stand still unnoticed."""
    while True:
        try:
            await work()
        except (AelitaError, TimeoutError):
            pass
        except Exception:
            log.exception("a source of the view failed")
        await asyncio.sleep(LATER_S)


class Watch:
    """A view's source: run it, and ask for pictures. `agencies` are those to show (none: all here)."""

    def __init__(
        self, installation: Installation, agencies: tuple[str, ...] = (), refresh_s: float = 2.0, parameters: tuple[str, ...] = ()
    ) -> None:
        self.installation, self.refresh_s, self.parameters = installation, refresh_s, parameters
        for key in agencies:
            installation.agency(key)
        keys = agencies or tuple(agency.key for agency in installation.agencies)
        self.clock = MissionClock.read(installation.folder)
        databases, self._channels = _described(installation)
        self.agencies = {key: AgencyWatch(installation, key, LatestValues(databases), frozenset(keys)) for key in keys}
        self._geometry: Geometry | None = None
        self._services: dict[tuple[str, str], Told] = {}
        self._pids: dict[tuple[str, str], int] = {}
        self._elevations: dict[tuple[str, str], float | None] = {}
        self._meters = Meters()
        self._asking: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._asked, self._rounds = asyncio.Event(), 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Watch"]:
        """Gather while the block runs."""
        works = [partial(one.run, self.refresh_s) for one in self.agencies.values()] + [self._services_for_ever]
        tasks = [asyncio.create_task(_for_ever(work)) for work in works]
        try:
            yield self
        finally:
            await ended([*tasks, *self._asking.values()])

    async def first(self, within_s: float = 10.0) -> None:
        """Wait until everything that answers has told something, at most `within_s`."""
        deadline = time.monotonic() + within_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._asked.wait()
        while time.monotonic() < deadline and self._pids and not all(self._complete(one) for one in self.agencies.values()):
            await asyncio.sleep(0.1)

    def _complete(self, one: AgencyWatch) -> bool:
        stations = self.installation.agency(one.key).stations
        told = all((one.key, craft, station) in one.links for craft in self.installation.spacecraft for station in stations)
        return told and self._rounds > 1 and len(one.streams) > 0 and one.meters.rate("FRAMES") is not None

    async def _services_for_ever(self) -> None:
        while True:
            with contextlib.suppress(AelitaError):
                self.clock = MissionClock.read(self.installation.folder)
            files = [one for one in running(self.installation.folder) if one["agency"] in ("", *self.agencies)]
            self._pids = {(one["agency"], one["service"]): int(one["pid"]) for one in files}
            await asyncio.gather(self._ask_services(files), asyncio.to_thread(self._look))
            self._asked.set()
            self._rounds += 1
            await asyncio.sleep(self.refresh_s)

    async def _ask_services(self, files: list[dict[str, Any]]) -> None:
        """Ask all services how they are; one that hangs is left behind, so that the others do not grow old."""
        for one in files:
            key = one["agency"], one["service"]
            if key not in self._asking or self._asking[key].done():
                self._asking[key] = asyncio.create_task(self._ask_service(one))
        if asking := [self._asking[one["agency"], one["service"]] for one in files]:
            await asyncio.wait(asking, timeout=self.refresh_s / 4)

    async def _ask_service(self, one: dict[str, Any]) -> None:
        port, key = int(one["health_port"]), (one["agency"], one["service"])
        with contextlib.suppress(OSError, ValueError):
            health = json.loads(await asyncio.to_thread(page, port, "/health"))
            metrics = metrics_in(await asyncio.to_thread(page, port, "/metrics"))
            self._services[key] = Told(time.monotonic(), health, metrics)
            now_s = self.clock.now() / SECOND
            for (name, labels), value in metrics.items():
                if name.endswith("_total"):
                    self._meters.take((key, name, labels), now_s, value, self.clock.speed)

    def _look(self) -> None:
        """Compute where the spacecraft stand; without kernels nothing is known of it."""
        mission, now = self.installation.mission, self.clock.now()
        with contextlib.suppress(AelitaError):
            self._geometry = geometry_of(self.installation, *self.agencies)
            self._geometry.refresh()
        for station, spacecraft in self._pairs():
            known = mission.organisation.stations.get(station)
            try:
                height = elevation_deg(known, mission.craft(spacecraft), now) if known is not None else None
            except AelitaError:
                height = None
            self._elevations[station, spacecraft] = height

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for one in self.agencies.values():
            for _, spacecraft, station in self._keys_of(one):
                yield station, spacecraft

    def _keys_of(self, one: AgencyWatch) -> list[tuple[str, str, str]]:
        own = [
            (one.key, craft, station)
            for craft in self.installation.spacecraft
            for station in self.installation.agency(one.key).stations
        ]
        return own + sorted(set(one.links) - set(own))

    def picture(self) -> Picture:
        """Return what is known now."""
        now, limit = self.clock.now(), SILENT_REFRESHES * self.refresh_s
        agencies = self.installation.mission.organisation.agencies
        return Picture(
            mission=self.installation.mission.title,
            folder=str(self.installation.folder),
            now=now,
            emitted=tuple(self._emitted(now)),
            speed=self.clock.speed,
            replayed=not self.clock.is_real,
            synthetic=tuple(play.spacecraft for play in self.installation.plays if play.synthetic),
            refresh_s=self.refresh_s,
            agencies=tuple(AgencySeen(k, agencies[k].name, one.connected, one.why) for k, one in self.agencies.items()),
            links=tuple(self._link(one, key, now, limit) for one in self.agencies.values() for key in self._keys_of(one)),
            services=tuple(self._service_list(limit)),
            streams=tuple(self._stream(one, name, limit) for one in self.agencies.values() for name in one.streams),
            counts=tuple(self._counts(key, craft, limit) for key in self.agencies for craft in self.installation.spacecraft),
            values=tuple(value for one in self.agencies.values() for value in self._values(one, now, limit)),
            events=tuple(sorted((e for one in self.agencies.values() for e in one.events), key=lambda e: -(e.at or 0))),
            alarms=tuple(alarm for one in self.agencies.values() for alarm in alarms_of(one.alarms)),
        )

    def _emitted(self, now: int) -> Iterator[tuple[str, int]]:
        """Yield of each spacecraft what it is that arrives now: the time less the light time to the first station."""
        for spacecraft in self.installation.spacecraft:
            stations = [station for station, craft in self._pairs() if craft == spacecraft]
            if self._geometry is not None and stations:
                with contextlib.suppress(AelitaError):
                    yield spacecraft, now - round(self._geometry.seconds(stations[0], spacecraft, now) * SECOND)

    def _link(self, one: AgencyWatch, key: tuple[str, str, str], now: int, limit: float) -> LinkSeen:
        agency, spacecraft, station = key
        elevation = self._elevations.get((station, spacecraft))
        told = one.links.get(key)
        if told is None:
            return LinkSeen(agency, spacecraft, station, None, elevation_deg=elevation)
        heard, what = time.monotonic() - told.heard, told.what
        alive = heard <= limit and one.connected
        rate = one.meters.rate(key)
        octets, period_s = self._channels.get(spacecraft, (0, 0.0))
        last_s = (now - what["last_received"]) / SECOND if what["last_received"] else None
        quiet = last_s is not None and last_s / self.clock.speed > max(limit, 3 * period_s) + 1.0
        lock = str(what["lock"]) if alive and not (quiet and what["lock"] == "locked") else "unknown"
        return LinkSeen(
            agency, spacecraft, station, heard, state=str(what["state"]) if alive else "silent", lock=lock,
            production=str(what["production"]) if alive else "unknown", frames=int(what["frames"]),
            frames_per_s=rate if alive else None, bit_rate=rate * octets * 8 if rate is not None and octets and alive else None,
            missed=self._number(one.key, "processor", "copies_missed", station=station, spacecraft=spacecraft),
            backlogs=int(what["backlogs"]), last_frame_s=last_s, light_time_s=what["light_time_s"], elevation_deg=elevation,
            why=str(what["why"]) if what["state"] != "active" else "", alive=alive,
        )  # fmt: skip

    def _service_list(self, limit: float) -> Iterator[ServiceSeen]:
        """Yield all services that should run here, and those that do beside them."""
        starts = self._services.get(("", "supervisor"))
        names = [("", "supervisor"), *(_name_of(program.name) for program in programs_of(self.installation))]
        for agency, one in self.agencies.items():
            yield ServiceSeen(agency, "streams", "well" if one.connected else "down", faults=(one.why,) if one.why else ())
        for key in dict.fromkeys([*names, *self._pids]):
            if key[0] and key[0] not in self.agencies:
                continue
            told, pid = self._services.get(key), self._pids.get(key)
            label = frozenset({("program", "/".join(part for part in key if part))})
            started = starts.metrics.get(("aelita_process_starts", label)) if starts is not None else None
            count = int(started) if started is not None else None
            if pid is None or told is None:
                young = starts is not None and ("", "supervisor") in self._pids and starts.what.get("up_s", 0.0) < STARTING_S
                yield ServiceSeen(*key, "starting" if young else "down" if pid is None else "silent", pid, starts=count)
                continue
            silent = time.monotonic() - told.heard > limit
            faults = tuple(f"{what}: {why}" for what, why in told.what.get("faults", {}).items())
            status = "silent" if silent else str(told.what["status"])
            yield ServiceSeen(*key, status, pid, told.what.get("up_s"), count, faults)

    def _stream(self, one: AgencyWatch, name: str, limit: float) -> StreamSeen:
        heard, state = one.streams[name]
        age = time.monotonic() - heard
        alive = one.connected and age <= limit + self.refresh_s  # all streams are asked one after another
        return StreamSeen(
            one.key, name, age, state.messages, one.meters.rate(name) if alive else None, state.bytes, state.fill,
            state.lag is not None, state.lag, state.heard_s, state.missing, state.fault, alive, state.last,
            one.meters.rate((name, "octets")) if alive else None,
        )  # fmt: skip

    def _counts(self, agency: str, spacecraft: str, limit: float) -> CountsSeen:
        def number(service: str, name: str) -> int | None:
            found = self._number(agency, service, name, spacecraft=spacecraft)
            return None if found is None else int(found)

        def rate(service: str, name: str) -> float | None:
            key = (agency, service)
            return self._meters.rate((key, f"aelita_{name}", self._labels(key, spacecraft))) if self._tells(key, limit) else None

        lag = self._real(agency, "archiver", "archive_lag_seconds", spacecraft=spacecraft)
        return CountsSeen(
            agency, spacecraft, number("processor", "frames_merged_total"), rate("processor", "frames_merged_total"),
            number("processor", "frames_late_total"), number("processor", "frames_unusable_total"),
            number("processor", "holes_open"), rate("processor", "packets_total"), rate("processor", "samples_total"),
            number("archiver", "archived_packets_total"), lag,
            self._tells((agency, "processor"), limit), self._tells((agency, "archiver"), limit),
            number("archiver", "archive_done"),
        )  # fmt: skip

    def _tells(self, key: tuple[str, str], limit: float) -> bool:
        told = self._services.get(key)
        return told is not None and key in self._pids and time.monotonic() - told.heard <= limit

    def _labels(self, key: tuple[str, str], spacecraft: str) -> Labels:
        return frozenset({("spacecraft", spacecraft)})

    def _real(self, agency: str, service: str, name: str, **labels: str) -> float | None:
        told = self._services.get((agency, service))
        return None if told is None else told.metrics.get((f"aelita_{name}", frozenset(labels.items())))

    def _number(self, agency: str, service: str, name: str, **labels: str) -> int | None:
        found = self._real(agency, service, name, **labels)
        return None if found is None else int(found)

    def _values(self, one: AgencyWatch, now: int, limit: float) -> Iterator[ValueSeen]:
        values = one.values
        heard = values.heard is not None and time.monotonic() - values.heard <= limit
        alive = heard and one.connected and self._tells((one.key, "processor"), limit)
        for latest, name in values.chosen(self.parameters, MOST_VALUES):
            received = latest.row.get("received")
            yield ValueSeen(
                one.key, latest.spacecraft, name, latest.row[name], latest.row.get(f"{name} raw"),
                values.units(latest.spacecraft, name), None if received is None else (now - received) / SECOND,
                not latest.row.get("quality"), alive,
            )  # fmt: skip


def alarms_of(engine: AlarmEngine) -> list[AlarmSeen]:
    """Return the alarms of an agency, and those others told it of, that are not normal: what calls, and the gravest, first."""
    found = [
        AlarmSeen(engine.agency, name, one.severity, str(one.phase), one.title, one.value, one.occurred_at, one.unseen, one.stale)
        for name, one in engine.state.situations.items()
        if not one.quiet
    ]
    found += [
        AlarmSeen(
            one.owner, one.alarm, one.situation.severity, str(one.state), one.situation.title, one.situation.value,
            one.situation.occurred_at, False, one.situation.stale,
        )
        for one in engine.state.merged.all(engine.agency)
        if not one.situation.quiet
    ]  # fmt: skip
    return sorted(found, key=lambda alarm: (not alarm.calls, -alarm.severity, -alarm.since))


def metrics_in(text: str) -> Metrics:
    """Return the numbers of a page of metrics, by name and labels; `service` and `agency`, which all have, are left out."""
    found: Metrics = {}
    for line in text.splitlines():
        if (match := _METRIC.fullmatch(line)) is not None:
            labels = {(key, value) for key, value in _LABEL.findall(match[2] or "") if key not in ("service", "agency")}
            with contextlib.suppress(ValueError):
                found[match[1], frozenset(labels)] = float(match[3])
    return found


def _name_of(program: str) -> tuple[str, str]:
    agency, _, service = program.rpartition("/")
    return agency, service


def _described(installation: Installation) -> tuple[dict[str, Any], dict[str, tuple[int, float]]]:
    """Return by spacecraft its database, and octets and period (s) of its frames; what cannot be read is left out."""
    databases: dict[str, Any] = {}
    channels: dict[str, tuple[int, float]] = {}
    library = Library()
    for key in installation.spacecraft:
        craft = installation.mission.craft(key)
        with contextlib.suppress(AelitaError, OSError, IndexError):
            path = installation.mission.channel(craft.channels[0])
            channel = Channel.from_toml(path.read_text("utf-8"), str(path))
            period = channel.frame_octets * 8 / channel.bit_rate if channel.bit_rate else 0.0
            channels[key] = channel.frame_octets, period
            made = define(library, mission=str(installation.mission.folder), channel=craft.channels[0])
            if made.compiled is not None:
                databases[key] = made.compiled.database
    return databases, channels
