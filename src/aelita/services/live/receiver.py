"""The receiver of an agency: it binds the stations by SLE, and puts each frame that they deliver on the stream of frames.

What is missing is asked for again from the station that has it, when the processor says so.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import time
from dataclasses import dataclass

import nats.errors
import numpy as np

from ...agencies import Station, sle_authority
from ...errors import AelitaError, DataError
from ...sle import (
    Aborted,
    AnnotatedFrame,
    EndOfData,
    ExcessiveBacklog,
    FrameQuality,
    LossOfFrameSync,
    ProductionStatusChange,
    TmlLimits,
    UserEvent,
    UserSettings,
)
from ...time import DAY
from .agency_streams import address_of
from .bookings import BookingFile, instance_of
from .ending import ended
from .geometries import geometry_of
from .geometry import Geometry
from .merging import frames_subject
from .messages import copies_of, pack_frames
from .requested import requests
from .serving import Context
from .sle_client import SleClient
from .sle_secrets import secrets_of_user
from .stream_plan import KINDS
from .streams import StreamError, StreamFullError, Streams

LIMITS = TmlLimits(heartbeat_s=8, dead_factor=3)  # a station gives a receiver that vanished up after 24 s
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.3, 1.0
MOST_FRAMES, MOST_OCTETS = 200, 200 << 10  # of a message
BUSY_S, GATHER_S = 0.05, 0.03  # frames that come more often than this are put on the stream together, those of so long
FULL_PAUSE_S = 1.0
STATUS_S = 1.0
FETCH_S = 550.0
MISSED = "missed"  # how frames came that were heard while nobody received

log = logging.getLogger(__name__)


def requests_subject(agency: str, spacecraft: str) -> str:
    """Return the subject on which an agency's processor asks its receiver for frames that are missing."""
    return f"{agency}.requests.{spacecraft}"


async def receiver(context: Context) -> None:
    """Receive from all stations of the agency here, for all spacecraft followed. Raises AelitaError when it cannot go on."""
    installation = context.installation
    geometry = geometry_of(installation, context.agency)
    connecting = Streams.connect(address_of(installation, context.agency), name="receiver", timeout_s=60)
    async with await connecting as streams, asyncio.TaskGroup() as tasks:
        for key in installation.agency(context.agency).stations:
            station = installation.mission.organisation.stations[key]
            for number, spacecraft in enumerate(installation.spacecraft):
                line = Line(context, streams, geometry, station, spacecraft, spacecraft if number else "")
                tasks.create_task(line.run())
                tasks.create_task(line.tell())
                tasks.create_task(line.answer())
                tasks.create_task(line.catch_up())
        context.health.ready = True


@dataclass(slots=True)
class Link:
    """What is known of a line to a station: the state of the association, lock, and when a frame came last (TAI ns)."""

    state: str = "unbound"
    lock: str = "unknown"
    production: str = "unknown"
    frames: int = 0
    backlogs: int = 0
    last_received: int = 0
    why: str = ""


class Line:
    """One spacecraft from one station, live; and ranges of it once more, on request."""

    def __init__(
        self, context: Context, streams: Streams, geometry: Geometry, station: Station, spacecraft: str, suffix: str
    ) -> None:
        assert station.sle is not None  # checked by the mission: only stations with SLE are operated
        self.context, self.streams, self.geometry = context, streams, geometry
        self.station, self.names, self.spacecraft, self._suffix = station, station.sle, spacecraft, suffix
        self.subject = frames_subject(context.agency, spacecraft, station.key)
        self.link = Link()
        self._name = f"{station.key}/{spacecraft}"
        self._bookings = BookingFile(context.installation, station)
        self._offline = asyncio.Lock()  # a service instance has one user at a time
        self._since: int | None = None  # what was received after this (TAI ns) may not be on the stream
        self._behind = asyncio.Event()
        self._reached = 0  # how far catching up has come

    def booked(self) -> str | None:
        """Return the reference of what is booked now, empty for a booking until further notice; None: nothing is."""
        now = self.context.clock.now()
        self._bookings.look(now)
        if not self._bookings.is_there:
            return ""  # the station is elsewhere, or has not begun: it will tell
        found = [
            one
            for one in self._bookings.schedule.at(self.station.key, now)
            if one.spacecraft == self.spacecraft and self.context.agency in one.agencies
        ]
        if any(one.is_standing for one in found):
            return ""
        return max(found, key=lambda one: one.stop).reference if found else None

    def settings(self, mode: str, reference: str = "") -> UserSettings:
        """Return how to bind the instance of a delivery mode. Raises UsageError while there are no secrets."""
        agencies = list(self.context.installation.mission.organisation.agencies)
        number = agencies.index(self.context.agency) + 1
        return UserSettings(
            sle_authority(self.context.agency),
            self.names.responder_id,
            self.names.responder_port,
            instance_of(self.names, "raf", mode, number, self._suffix, reference),
            security=secrets_of_user(self.context.home / "sle", self.station.key, self.context.agency),
            limits=LIMITS,
        )

    async def connect(self, mode: str, reference: str = "") -> SleClient:
        """Return an association that is bound. Raises OSError, TimeoutError and AelitaError."""
        port = self.context.installation.port(f"{self.context.agency}/sle/{self.station.key}")
        client = await SleClient.connect(self.settings(mode, reference), self.names.host, port, clock=self.context.clock)
        try:
            await client.bind()
        except BaseException:
            await client.close()
            raise
        return client

    async def run(self) -> None:
        """Receive for ever; bind again after every end."""
        pause = FIRST_PAUSE_S
        while True:
            reference = self.booked()
            if reference is None:
                self.link.state, self.link.lock = "unbound", "unknown"
                self.link.why = self._bookings.fault or "no contact is booked"
                self.context.health.well(self._name)
                await asyncio.sleep(STATUS_S)
                continue
            try:
                async with await self.connect("onlt", reference) as client:
                    await client.start(FrameQuality.ALL_FRAMES)
                    self.link.state, pause = "active", FIRST_PAUSE_S
                    self.context.health.well(self._name)
                    log.info("receiving", extra={"line": self._name})
                    self._missed_after(await self._newest())
                    await self._take(client, "live")
                    why = "the association ended"
            except (OSError, TimeoutError, AelitaError) as error:
                if isinstance(error, StreamError):
                    raise
                why = str(error) or type(error).__name__
            self.link.state, self.link.lock, self.link.why = "unbound", "unknown", why
            if self.context.health.fault(self._name, why):
                log.warning("not receiving", extra={"line": self._name, "why": why})
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _take(self, client: SleClient, how: str) -> bool:
        """Put what a delivery brings on the stream, until it ends; frames that wait go together. Return whether it was whole."""
        waiting: asyncio.Queue[AnnotatedFrame | None] = asyncio.Queue(4 * MOST_FRAMES)
        whole = False

        async def read() -> None:
            nonlocal whole
            try:
                async for event in client:
                    if isinstance(event, AnnotatedFrame):
                        await waiting.put(event)
                    elif self._heed(event, how):
                        whole = isinstance(event, EndOfData)
                        break
            finally:
                await waiting.put(None)

        reading = asyncio.create_task(read())
        try:
            over, before = False, 0.0
            while not over:
                frames: list[AnnotatedFrame] = []
                size = 0
                frame = await waiting.get()
                if time.monotonic() - before < BUSY_S:
                    await asyncio.sleep(GATHER_S)
                before = time.monotonic()
                while frame is not None:
                    frames.append(frame)
                    size += len(frame.data)
                    if len(frames) >= MOST_FRAMES or size >= MOST_OCTETS or waiting.empty():
                        break
                    frame = waiting.get_nowait()
                over = frame is None
                if frames:
                    await self._publish(frames, how)
        finally:
            await ended([reading])
        return whole

    async def _publish(self, frames: list[AnnotatedFrame], how: str) -> None:
        received = np.array([frame.received_at for frame in frames], np.int64)
        emitted = received - self.geometry.light_time(self.station.key, self.spacecraft, received)
        quality, continuity = [int(frame.quality or 0) for frame in frames], [frame.continuity for frame in frames]
        octets = [frame.data for frame in frames]
        for message in pack_frames(received.tolist(), emitted, quality, continuity, octets):
            digest = hashlib.blake2b(message, digest_size=12).hexdigest()  # times do not tell messages apart: stations may err
            await self._store(message, f"{how}-{self._name}-{digest}")
        self.context.health.count("frames", len(frames), station=self.station.key, spacecraft=self.spacecraft, how=how)
        if how == "live":
            self.link.frames += len(frames)
            self.link.last_received, self.link.lock = int(received[-1]), "locked"
        elif how == MISSED:
            self._reached = int(received[-1])

    async def _store(self, message: bytes, identity: str) -> None:
        """Have the stream keep a message; while it is full nothing more is taken, and the station discards or waits."""
        while True:
            try:
                await self.streams.publish(self.subject, message, msg_id=identity)
            except StreamFullError as error:
                if self.context.health.fault("stream of frames", str(error)):
                    log.error("reception waits: the stream is full", extra={"why": str(error)})
                await asyncio.sleep(FULL_PAUSE_S)
            else:
                self.context.health.well("stream of frames")
                return

    def _heed(self, event: UserEvent, how: str) -> bool:
        """Take note of what is no frame; return whether the delivery is at its end."""
        if isinstance(event, LossOfFrameSync):
            self.link.lock = "lost"
            if how == "live" and self.link.last_received:
                self._missed_after(self.link.last_received)
        elif isinstance(event, ProductionStatusChange):
            self.link.production = event.status.name.lower()
        elif isinstance(event, ExcessiveBacklog):
            self.link.backlogs += 1
        elif isinstance(event, Aborted):
            log.warning("an association was aborted", extra={"line": self._name, "why": str(event)})
        return isinstance(event, EndOfData) or (isinstance(event, Aborted) and how != "live")

    async def tell(self) -> None:
        """Publish the state of the line once a second."""
        subject = f"{self.context.agency}.links.{self.spacecraft}.{self.station.key}"
        while True:
            now = self.context.clock.now()
            light_s = self.geometry.seconds(self.station.key, self.spacecraft, now)
            told = {
                "at": now, "state": self.link.state, "lock": self.link.lock, "production": self.link.production,
                "frames": self.link.frames, "backlogs": self.link.backlogs, "last_received": self.link.last_received,
                "light_time_s": light_s, "why": self.link.why,
            }  # fmt: skip
            try:
                await self.streams.publish(subject, json.dumps(told).encode(), timeout_s=STATUS_S)
            except StreamError as error:
                log.debug("the state of a line was not published", extra={"why": str(error)})
            await asyncio.sleep(STATUS_S)

    async def answer(self) -> None:
        """Fetch ranges of Earth received times that the processor asks for, one after another, and tell it how each ended."""
        subject = f"{requests_subject(self.context.agency, self.spacecraft)}.{self.station.key}"
        async for message in requests(self.streams, subject):
            try:
                start, stop = (int(edge) for edge in json.loads(message.data))
                why = await self._fetch(start, stop, f"offline-{self.context.clock.now()}")
            except (ValueError, TypeError) as error:
                why = str(error)
            with contextlib.suppress(nats.errors.Error, OSError):
                await message.respond(json.dumps({"why": why}).encode())

    async def catch_up(self) -> None:
        """Fetch what the station heard while nobody received, or what it discarded, whenever an association or signal was lost.

        A hole that frames follow would be found by the processor; the end of a pass has none behind it.
        """
        while True:
            await self._behind.wait()
            self._behind.clear()
            if self._since is None:
                continue
            self._reached, self._since = self._since, None
            if await self._fetch(self._reached + 1, self.context.clock.now(), MISSED):
                self._missed_after(self._reached)
                await asyncio.sleep(LONGEST_PAUSE_S)

    def _missed_after(self, moment: int) -> None:
        self._since = moment if self._since is None else min(moment, self._since)
        self._behind.set()

    async def _newest(self) -> int:
        """Return when the newest frame on the stream was received (TAI nanoseconds), the start of the last day without any."""
        last = await self.streams.last(self.subject, KINDS["frames"].stream)
        with contextlib.suppress(DataError):
            if last is not None and len(copies := copies_of(last.data, self.station.key, last.sequence)):
                return int(copies.received_at.max())
        return self.context.clock.now() - DAY

    async def _fetch(self, start: int, stop: int, how: str) -> str:
        """Have the station deliver what it received from `start` to `stop` (TAI nanoseconds); return why not, if so."""
        try:
            async with self._offline, asyncio.timeout(FETCH_S), await self.connect("offl") as client:
                await client.start(FrameQuality.ALL_FRAMES, start, stop)
                if not await self._take(client, how):
                    return "the delivery was cut short"
                await client.stop()
                await client.unbind()
        except (OSError, TimeoutError, AelitaError) as error:
            if isinstance(error, StreamError):
                raise
            why = str(error) or type(error).__name__
            log.warning("frames were not fetched", extra={"line": self._name, "why": why})
            return why
        self.context.health.count("ranges_fetched", station=self.station.key, spacecraft=self.spacecraft)
        return ""
