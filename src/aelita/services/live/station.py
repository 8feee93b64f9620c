"""The stations of an agency: they hear spacecraft, keep the frames, and deliver them by SLE to who has booked them."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ...agencies import Station, sle_authority
from ...errors import AelitaError, ArchiveError, DefinitionError
from ...link import Channel, read_headers
from ...sle import (
    BindRefused,
    CltuInstance,
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
from ...stations import FOR_EVER, Booking, Checks, Contact, Heard
from ...time import SECOND
from .bookings import BookingFile, instance_of
from .contacts import Contacts
from .frame_store import FrameStore, StoredFrame
from .serving import Context
from .sle_secrets import keep_secrets
from .sle_server import SleServer
from .space import Antenna
from .uplinks import Uplinks

MODES = ("onlt", "onlc", "offl")
VERSIONS = {"TM": 0, "AOS": 1}  # transfer frame version numbers that a global virtual channel identifier can tell
LOOK_S, SYNC_S, AGAIN_S = 0.5, 1.0, 0.5
BUFFER_FRAMES = 10
OFFERED_NS = 3600 * SECOND  # how long after its end a booking's instances still tell that its time has passed
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


@dataclass(slots=True)
class Beam:
    """One spacecraft as one station hears it: the contact, what is kept, and the service instances that deliver it."""

    spacecraft: str
    channel: Channel
    contact: Contact
    store: FrameStore
    antenna: bytes
    suffix: str
    permitted: tuple[GvcidSet, ...]
    instances: list[ServiceInstance] = field(default_factory=list)
    supplies: dict[str, "Supply"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """Who may bind: by its authority identifier, in the name of an agency. `number` tells its service instances from others'."""

    agency: str
    authority: str
    number: int


@dataclass(slots=True)
class Offer:
    """Whose service instance it is, of which spacecraft, and when frames for it were heard: (start, stop) in TAI nanoseconds."""

    beam: Beam
    agency: str
    periods: tuple[tuple[int, int], ...]


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
        peers = keep_secrets(context.home / "sle", station.key, (station.agency,))
        self.directory = Directory(ProviderSettings(self.names.responder_id, peers, take_over=True))
        self.server = SleServer(self.directory, context.clock, self._on_event, on_forward=self._on_forward)
        self._antenna: Antenna | None = None
        self.beams = {key: self._beam(number, key) for number, key in enumerate(context.installation.spacecraft)}
        self._offers: dict[int, Offer] = {}
        self._status = ProductionStatus.HALTED
        self._look_at = 0
        self._booked: dict[str, tuple[Booking, ...]] = {}
        self.bookings = BookingFile(context.installation, station)
        self.bookings.begin()
        folder = self.bookings.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        self.uplinks = Uplinks(context, station, self.directory, self.server, lambda: self._antenna, folder)
        self.contacts = Contacts(folder, station, self._contact)
        self._rebook()
        stores = {key: beam.store for key, beam in self.beams.items()}
        self.contacts.recover(self.bookings.schedule, stores, context.clock.now())

    def _beam(self, number: int, spacecraft: str) -> Beam:
        mission = self.context.installation.mission
        craft = mission.craft(spacecraft)
        path = mission.channel(craft.channels[0])
        channel = Channel.from_toml(path.read_text("utf-8"), str(path))
        version = VERSIONS.get(channel.protocol, 0)
        return Beam(
            spacecraft,
            channel,
            contact_of(self.station.key, spacecraft, channel),
            FrameStore(self.context.home / "stations" / self.station.key / spacecraft),
            self.names.antenna_id.encode(),
            spacecraft if number else "",
            (GvcidSet(channel.spacecraft_id, version), GvcidSet(channel.spacecraft_id, version, tuple(range(64)))),
        )

    def _contact(self, spacecraft: str) -> Contact | None:
        beam = self.beams.get(spacecraft)
        return None if beam is None else contact_of(self.station.key, spacecraft, beam.channel)

    def _rebook(self) -> None:
        """Offer what is booked, when the bookings have changed or one has been over for long."""
        now = self.context.clock.now()
        if not self.bookings.look(now) and now < self._look_at:
            return
        if self.bookings.fault:
            self.context.health.fault(f"{self.station.key} bookings", self.bookings.fault)
        else:
            self.context.health.well(f"{self.station.key} bookings")
        bookings = [one for one in self.bookings.schedule.bookings if one.stop + OFFERED_NS > now]
        self._look_at = min((one.stop + OFFERED_NS for one in bookings), default=FOR_EVER)
        named = (agency for one in self.bookings.schedule.bookings for agency in one.agencies)
        agencies = tuple(dict.fromkeys([self.station.agency, *named]))
        others = tuple(one for one in self.context.installation.sle_users if one.station == self.station.key)
        peers = keep_secrets(self.context.home / "sle", self.station.key, agencies, others)
        self.directory.settings = replace(self.directory.settings, peers=peers)
        self.server.pauses = {one.authority: one.pause_s for one in others if one.pause_s}
        numbers = list(self.context.installation.mission.organisation.agencies)
        users = [User(agency, sle_authority(agency), numbers.index(agency) + 1) for agency in agencies]
        users += [User(one.agency, one.authority, len(numbers) + 1 + place) for place, one in enumerate(others)]
        for key, beam in self.beams.items():
            self._booked[key] = tuple(one for one in bookings if one.spacecraft == key)
            self._offer(beam, self._wanted(beam, users, self._booked[key]))
            master = Gvcid(beam.channel.spacecraft_id, VERSIONS.get(beam.channel.protocol, 0))
            self.uplinks.offer(key, beam.suffix, self._booked[key], master)

    def _wanted(self, beam: Beam, users: list[User], bookings: tuple[Booking, ...]) -> dict[str, tuple[InstanceSettings, Offer]]:
        """Return what is to be offered, by identifier: online for each booking, offline what was kept for each agency."""
        made = {}
        for user in users:
            agency = user.agency
            kept = self.bookings.schedule.periods(agency, self.station.key, beam.spacecraft)
            everything = ((0, FOR_EVER),)  # who operates the station may have what it heard for anybody
            for service in ("raf", "rcf", "rocf"):
                stored = self._settings(beam, user, service, "offl", None)
                made[stored.identifier] = stored, Offer(beam, agency, everything if agency == self.station.agency else kept)
                for booking in (one for one in bookings if agency in one.agencies):
                    for mode in ("onlt", "onlc"):
                        online = self._settings(beam, user, service, mode, booking)
                        made[online.identifier] = online, Offer(beam, agency, ((booking.start, booking.stop),))
        return made

    def _settings(self, beam: Beam, user: User, service: str, mode: str, booking: Booking | None) -> InstanceSettings:
        reference = "" if booking is None or booking.is_standing else booking.reference
        return InstanceSettings(
            instance_of(self.names, service, mode, user.number, beam.suffix, reference),
            initiators=frozenset({user.authority}),
            responder_port=self.names.responder_port,
            begin=booking.start if booking is not None and booking.start > 0 else None,
            end=booking.stop if booking is not None and not booking.is_standing else None,
            buffer_size=1 if mode == "onlt" else BUFFER_FRAMES,
            channels=beam.permitted,
            ending=Ending.NONE,
        )

    def _offer(self, beam: Beam, wanted: dict[str, tuple[InstanceSettings, Offer]]) -> None:
        """Offer this and nothing else; an association goes on when only the times of its booking have changed."""
        for instance in list(beam.instances):
            settings, offer = wanted.pop(instance.settings.identifier, (None, None))
            if settings is not None and offer is not None:
                instance.settings = settings
                self._offers[id(instance)] = offer
                continue
            beam.instances.remove(instance)
            beam.supplies.pop(instance.settings.identifier, None)
            self.server.withdraw(instance)
            self._offers.pop(id(instance), None)
        for settings, offer in wanted.values():
            assert settings is not None and offer is not None
            instance = self.directory.offer(settings)
            beam.instances.append(instance)
            self._offers[id(instance)] = offer
            if settings.is_online:
                instance.status = self._status

    async def run(self) -> None:
        """Hear and deliver until cancelled. Raises AelitaError and OSError when the station cannot listen."""
        port = self.context.installation.port(f"{self.context.agency}/sle/{self.station.key}")
        await self.server.start(port=port)
        log.info("the station delivers", extra={"station": self.station.key, "port": port})
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self.uplinks.run())
                tasks.create_task(self._look())
        finally:
            await self.server.close()
            self._settle(save=True)
            for beam in self.beams.values():
                beam.store.close()

    async def _listen(self) -> None:
        port = self.context.installation.port("space")
        while True:
            try:
                antenna = Antenna("127.0.0.1", port, self.station.key)
                async for arrivals in antenna.arrivals():
                    self._antenna = antenna
                    self._production(ProductionStatus.RUNNING)
                    self.context.health.well(self.station.key)
                    self._hear(arrivals)
            except (OSError, ValueError) as error:
                self.context.health.fault(self.station.key, f"the antenna hears nothing: {error}")
            self._antenna = None
            self._production(ProductionStatus.INTERRUPTED)
            await asyncio.sleep(AGAIN_S)

    def _hear(self, arrivals: list[tuple[str, int, bytes]]) -> None:
        """Keep what arrived while it was booked, then deliver it: what was not kept is not delivered either."""
        by_craft: dict[str, list[Heard]] = {}
        for spacecraft, received, octets in arrivals:
            beam = self.beams.get(spacecraft)
            if beam is None or not 0 < len(octets) <= 65536:
                continue
            if not any(booking.start <= received < booking.stop for booking in self._booked[spacecraft]):
                self.context.health.count("station_frames_unbooked", station=self.station.key, spacecraft=spacecraft)
                beam.contact.leave()
                continue
            by_craft.setdefault(spacecraft, []).append(beam.contact.hear(received, octets))
        for spacecraft, heard in by_craft.items():
            beam = self.beams[spacecraft]
            store = self._store_of(beam)
            try:
                beam.store.append([StoredFrame(one.received, one.quality, one.octets) for one in heard])
            except AelitaError as error:
                if self.context.health.fault(store, str(error)):
                    log.error("frames are not kept", extra={"station": self.station.key, "why": str(error)})
                continue
            self.context.health.well(store)
            for booking in self._booked[spacecraft]:
                if under := [one for one in heard if booking.start <= one.received < booking.stop]:
                    self.contacts.take(booking, under)
            self._deliver(beam, heard)
            self._count(beam)

    def _deliver(self, beam: Beam, heard: list[Heard]) -> None:
        frames = self._frames(beam, heard)
        if (word := next((frame.ocf for frame in reversed(frames) if frame.ocf is not None), None)) is not None:
            self.uplinks.heard(beam.spacecraft, word)
        for instance in beam.instances:
            if instance.bound is None:
                continue
            if instance.equipment.frame_sync is not LockStatus.IN_LOCK:
                self.server.lock(instance, LOCKED)
            if instance.settings.mode is DeliveryMode.RETURN_TIMELY_ONLINE:
                (start, stop), *_ = self._offers[id(instance)].periods
                for frame in frames:
                    if start <= frame.received_at < stop:
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
            if isinstance(event, BindRefused) and self.uplinks.refused(event):
                return
            log.warning("an association was refused", extra={"station": self.station.key, "why": str(event)})
            self.context.health.count("sle_refused", station=self.station.key)
            return
        if (offer := self._offers.get(id(instance))) is None:
            return  # it is offered no more
        beam, identifier = offer.beam, instance.settings.identifier
        if isinstance(event, Started) and instance.settings.mode is not DeliveryMode.RETURN_TIMELY_ONLINE:
            begin = self.context.clock.now() if event.start is None else event.start
            beam.supplies[identifier] = Supply(begin, event.stop)
        elif isinstance(event, DataWanted) and (supply := beam.supplies.get(identifier)) is not None:
            self._supply(beam, instance, supply)
        if not isinstance(event, DataWanted):
            log.info("sle", extra={"station": self.station.key, "instance": identifier, "event": type(event).__name__})

    def _on_forward(self, instance: CltuInstance, event: object) -> None:
        self.uplinks.on_event(instance, event)

    def _supply(self, beam: Beam, instance: ServiceInstance, supply: Supply) -> None:
        """Give a delivery what it has room for."""
        room, stop = instance.credits, 2**62 if supply.stop is None else supply.stop + 1
        online = instance.settings.is_online
        found: list[StoredFrame] = []
        while len(found) < room:
            if supply.reading is None:
                supply.reading = stored(beam.store, self._offers[id(instance)].periods, supply.next, stop)
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
            self._rebook()
            self._settle(save=synced >= SYNC_S)
            for beam in self.beams.values():
                if beam.contact.lost_at(self.context.clock.now()):
                    log.info("loss of signal", extra=dict(beam.contact.report()))
                    for instance in beam.instances:
                        self.server.lock(instance, UNLOCKED)
                self._count(beam)
                if beam.store.has_room():
                    self.context.health.well(self._store_of(beam))
                if synced >= SYNC_S:
                    await asyncio.to_thread(beam.store.sync)
            if synced >= SYNC_S:
                await asyncio.to_thread(self.uplinks.record.sync)
            synced = 0.0 if synced >= SYNC_S else synced
            self.context.health.gauge("sle_connections", self.server.connections, station=self.station.key)

    def _settle(self, *, save: bool) -> None:
        """Begin and end contacts, and keep what is open."""
        what = f"{self.station.key} contacts"
        try:
            for report in self.contacts.settle(self.bookings.schedule, self.context.clock.now()):
                log.info("contact over", extra={"station": self.station.key, "report": report})
            if save:
                self.contacts.save()
            self.context.health.well(what)
        except ArchiveError as error:
            self.context.health.fault(what, str(error))

    def _store_of(self, beam: Beam) -> str:
        return f"{self.station.key}/{beam.spacecraft} store"

    def _production(self, status: ProductionStatus) -> None:
        self._status = status
        for beam in self.beams.values():
            for instance in beam.instances:
                if instance.settings.is_online and instance.status is not status:
                    self.server.production(instance, status)

    def _count(self, beam: Beam) -> None:
        labels = {"station": self.station.key, "spacecraft": beam.spacecraft}
        for what in ("good", "erred", "undetermined", "missing", "losses"):
            self.context.health.gauge(f"station_frames_{what}", beam.contact.counts[what], **labels)
        self.context.health.gauge("station_locked", float(beam.contact.locked), **labels)


def contact_of(station: str, spacecraft: str, channel: Channel) -> Contact:
    """Return a contact that has heard nothing yet."""
    checks = Checks(channel.frame_octets, channel.fecf_octets if channel.fecf == "present" else 0)
    period = round(channel.frame_octets * 8 / channel.bit_rate * SECOND) if channel.bit_rate else 0
    return Contact(station, spacecraft, checks, period=period)


def stored(store: FrameStore, periods: tuple[tuple[int, int], ...], start: int, stop: int) -> Iterator[StoredFrame]:
    """Yield the frames kept that were received from `start` to before `stop` and in one of the periods (TAI nanoseconds)."""
    for first, last in periods:
        if max(first, start) < min(last, stop):
            yield from store.read(max(first, start), min(last, stop))
