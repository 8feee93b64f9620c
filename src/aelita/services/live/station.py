"""The stations of an agency: they hear spacecraft, keep the frames, and deliver them by SLE to who has booked them."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ...agencies import SleNames, Station
from ...errors import AelitaError, DefinitionError
from ...link import Channel, read_headers
from ...sle import (
    DataWanted,
    DeliveredQuality,
    DeliveryMode,
    Directory,
    Ending,
    Gvcid,
    GvcidSet,
    InstanceSettings,
    Lock,
    LockStatus,
    ProductionStatus,
    ProviderEvent,
    ProviderSettings,
    ServiceInstance,
    Started,
    StationFrame,
)
from ...stations import Checks, Contact, Heard
from ...time import SECOND
from .frame_store import FrameStore, StoredFrame
from .serving import Context
from .sle_secrets import authority, keep_secrets
from .sle_server import SleServer
from .space import Antenna

MODES = ("onlt", "onlc", "offl")
VERSIONS = {"TM": 0, "AOS": 1}  # transfer frame version numbers that a global virtual channel identifier can tell
LOOK_S, SYNC_S, AGAIN_S = 0.5, 1.0, 0.5
BUFFER_FRAMES = 10
LOCKED = Lock(LockStatus.IN_LOCK, LockStatus.IN_LOCK, LockStatus.NOT_IN_USE, LockStatus.IN_LOCK)
UNLOCKED = Lock(LockStatus.OUT_OF_LOCK, LockStatus.OUT_OF_LOCK, LockStatus.NOT_IN_USE, LockStatus.OUT_OF_LOCK)

log = logging.getLogger(__name__)


async def stations(context: Context) -> None:
    """Run the stations that the agency operates here. Raises AelitaError when one cannot."""
    here = context.installation.agency(context.agency)
    organisation = context.installation.mission.organisation
    async with asyncio.TaskGroup() as tasks:
        for key in here.stations:
            tasks.create_task(StationService(context, organisation.stations[key]).run())
        context.health.ready = True


def instance_of(names: SleNames, service: str, mode: str, number: int, spacecraft: str = "") -> str:
    """Return a service instance identifier; `spacecraft` is added to the package's name, for all but the first followed."""
    package = f"{names.service_package}-{spacecraft.upper()}" if spacecraft else names.service_package
    return replace(names, service_package=package).instance(service, mode, number)


@dataclass(slots=True)
class Beam:
    """One spacecraft as one station hears it: the contact, what is kept, and the service instances that deliver it."""

    spacecraft: str
    channel: Channel
    contact: Contact
    store: FrameStore
    antenna: bytes
    instances: list[ServiceInstance] = field(default_factory=list)
    supplies: dict[str, "Supply"] = field(default_factory=dict)


@dataclass(slots=True)
class Supply:
    """A delivery from what is kept: where it stands, where it ends (TAI nanoseconds; None: it goes on), and what is read."""

    next: int
    stop: int | None
    reading: Iterator[StoredFrame] | None = None
    hungry: bool = False


class StationService:
    """One station. Frames come from `Antenna`; users come by SLE."""

    def __init__(self, context: Context, station: Station) -> None:
        if station.sle is None:
            raise DefinitionError(f"station {station.key} has no [sle] table", remedy="Add one to the mission's stations.toml")
        self.context, self.station, self.names = context, station, station.sle
        agencies = tuple(context.installation.mission.organisation.agencies)
        peers = keep_secrets(context.home / "sle", station.key, self._users())
        self.directory = Directory(ProviderSettings(self.names.responder_id, peers, take_over=True))
        self.beams = {key: self._beam(number, key, agencies) for number, key in enumerate(context.installation.spacecraft)}
        self._owners = {id(instance): beam for beam in self.beams.values() for instance in beam.instances}
        self.server = SleServer(self.directory, context.clock, self._on_event)

    def _users(self) -> tuple[str, ...]:
        """Return the agencies that may bind: whose station it is. Others have its frames by the agreement's mirrors."""
        return (self.station.agency,)

    def _beam(self, number: int, spacecraft: str, agencies: tuple[str, ...]) -> Beam:
        mission = self.context.installation.mission
        craft = mission.craft(spacecraft)
        path = mission.channel(craft.channels[0])
        channel = Channel.from_toml(path.read_text("utf-8"), str(path))
        checks = Checks(channel.frame_octets, channel.fecf_octets if channel.fecf == "present" else 0)
        period = round(channel.frame_octets * 8 / channel.bit_rate * SECOND) if channel.bit_rate else 0
        store = FrameStore(self.context.home / "stations" / self.station.key / spacecraft)
        beam = Beam(
            spacecraft,
            channel,
            Contact(self.station.key, spacecraft, checks, period=period),
            store,
            self.names.antenna_id.encode(),
        )
        version = VERSIONS.get(channel.protocol, 0)
        permitted = (GvcidSet(channel.spacecraft_id, version), GvcidSet(channel.spacecraft_id, version, tuple(range(64))))
        for user in self._users():
            for service in ("raf", "rcf", "rocf"):
                for mode in MODES:
                    identifier = instance_of(self.names, service, mode, agencies.index(user) + 1, spacecraft if number else "")
                    settings = InstanceSettings(
                        identifier,
                        initiators=frozenset({authority(user)}),
                        responder_port=self.names.responder_port,
                        buffer_size=1 if mode == "onlt" else BUFFER_FRAMES,
                        channels=permitted,
                        ending=Ending.NONE,
                    )
                    beam.instances.append(self.directory.offer(settings))
        return beam

    async def run(self) -> None:
        """Hear and deliver until cancelled. Raises AelitaError and OSError when the station cannot listen."""
        port = self.context.installation.port(f"{self.context.agency}/sle/{self.station.key}")
        await self.server.start(port=port)
        log.info("the station delivers", extra={"station": self.station.key, "port": port})
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._look())
        finally:
            await self.server.close()
            for beam in self.beams.values():
                beam.store.close()

    async def _listen(self) -> None:
        port = self.context.installation.port("space")
        while True:
            try:
                antenna = Antenna("127.0.0.1", port, self.station.key)
                async for arrivals in antenna.arrivals():
                    self._production(ProductionStatus.RUNNING)
                    self.context.health.well(self.station.key)
                    self._hear(arrivals)
            except (OSError, ValueError) as error:
                self.context.health.fault(self.station.key, f"the antenna hears nothing: {error}")
            self._production(ProductionStatus.INTERRUPTED)
            await asyncio.sleep(AGAIN_S)

    def _hear(self, arrivals: list[tuple[str, int, bytes]]) -> None:
        """Keep what arrived, then deliver it: what was not kept is not delivered either."""
        by_craft: dict[str, list[Heard]] = {}
        for spacecraft, received, octets in arrivals:
            beam = self.beams.get(spacecraft)
            if beam is not None and 0 < len(octets) <= 65536:
                by_craft.setdefault(spacecraft, []).append(beam.contact.hear(received, octets))
        for spacecraft, heard in by_craft.items():
            beam, store = self.beams[spacecraft], f"{self.station.key}/{spacecraft} store"
            try:
                beam.store.append([StoredFrame(one.received, one.quality, one.octets) for one in heard])
            except AelitaError as error:
                if self.context.health.fault(store, str(error)):
                    log.error("frames are not kept", extra={"station": self.station.key, "why": str(error)})
                continue
            self.context.health.well(store)
            self._deliver(beam, heard)
            self._count(beam)

    def _deliver(self, beam: Beam, heard: list[Heard]) -> None:
        frames = self._frames(beam, heard)
        for instance in beam.instances:
            if instance.bound is None:
                continue
            if instance.equipment.frame_sync is not LockStatus.IN_LOCK:
                self.server.lock(instance, LOCKED)
            if instance.settings.mode is DeliveryMode.RETURN_TIMELY_ONLINE:
                for frame in frames:
                    self.server.frame(instance, frame)
            elif (supply := beam.supplies.get(instance.settings.identifier)) is not None and supply.hungry:
                self._supply(beam, instance, supply)

    def _frames(self, beam: Beam, heard: list[Heard]) -> list[StationFrame]:
        """Return frames as SLE delivers them, with what their headers tell of channel and control field."""
        length = np.array([len(one.octets) for one in heard], np.int64)
        buffer = np.frombuffer(bytearray(b"".join(one.octets for one in heard)), np.uint8)
        headers = read_headers(beam.channel, buffer, np.cumsum(length) - length, length)
        version = VERSIONS.get(beam.channel.protocol, 0)
        made = []
        for row, one in enumerate(heard):
            trusted = one.quality != DeliveredQuality.ERRED and bool(headers.sound[row])
            channel = Gvcid(int(headers.spacecraft_id[row]), version, int(headers.virtual_channel[row])) if trusted else None
            end = len(one.octets) - beam.channel.trailer_octets
            ocf = one.octets[end - 4 : end] if trusted and headers.has_ocf[row] else None
            quality = DeliveredQuality(one.quality)
            made.append(StationFrame(one.received, beam.antenna, one.continuity, quality, one.octets, channel, ocf))
        return made

    def _on_event(self, instance: ServiceInstance | None, event: ProviderEvent) -> None:
        """Take what a user did: begin or go on with deliveries from what is kept."""
        if instance is None:
            log.warning("an association was refused", extra={"station": self.station.key, "why": str(event)})
            self.context.health.count("sle_refused", station=self.station.key)
            return
        beam, identifier = self._owners[id(instance)], instance.settings.identifier
        if isinstance(event, Started) and instance.settings.mode is not DeliveryMode.RETURN_TIMELY_ONLINE:
            begin = self.context.clock.now() if event.start is None else event.start
            beam.supplies[identifier] = Supply(begin, event.stop)
        elif isinstance(event, DataWanted) and (supply := beam.supplies.get(identifier)) is not None:
            self._supply(beam, instance, supply)
        if not isinstance(event, DataWanted):
            log.info("sle", extra={"station": self.station.key, "instance": identifier, "event": type(event).__name__})

    def _supply(self, beam: Beam, instance: ServiceInstance, supply: Supply) -> None:
        """Give a delivery what it has room for."""
        room, stop = instance.credits, 2**62 if supply.stop is None else supply.stop + 1
        online = instance.settings.is_online
        found: list[StoredFrame] = []
        while len(found) < room:
            if supply.reading is None:
                supply.reading = beam.store.read(supply.next, stop)
            frame = next(supply.reading, None)
            if frame is None:
                supply.reading = None
                break
            found.append(frame)
            supply.next = frame.received + 1
        ended = len(found) < room and (not online or (supply.stop is not None and self.context.clock.now() > supply.stop))
        supply.hungry = len(found) < room and not ended
        if found or ended:
            heard = [Heard(one.received, one.quality, 0, one.octets) for one in found]
            self.server.supply(instance, self._frames(beam, heard) if heard else [], end=ended)

    async def _look(self) -> None:
        """See to losses of lock, and that the disk has what was heard."""
        synced = 0.0
        while True:
            await asyncio.sleep(LOOK_S)
            synced += LOOK_S
            for beam in self.beams.values():
                if beam.contact.lost_at(self.context.clock.now()):
                    log.info("loss of signal", extra=dict(beam.contact.report()))
                    for instance in beam.instances:
                        self.server.lock(instance, UNLOCKED)
                self._count(beam)
                if synced >= SYNC_S:
                    await asyncio.to_thread(beam.store.sync)
            synced = 0.0 if synced >= SYNC_S else synced
            self.context.health.gauge("sle_connections", self.server.connections, station=self.station.key)

    def _production(self, status: ProductionStatus) -> None:
        for beam in self.beams.values():
            for instance in beam.instances:
                if instance.settings.is_online and instance.status is not status:
                    self.server.production(instance, status)

    def _count(self, beam: Beam) -> None:
        labels = {"station": self.station.key, "spacecraft": beam.spacecraft}
        for what in ("good", "erred", "undetermined", "missing", "losses"):
            self.context.health.gauge(f"station_frames_{what}", beam.contact.counts[what], **labels)
        self.context.health.gauge("station_locked", float(beam.contact.locked), **labels)
