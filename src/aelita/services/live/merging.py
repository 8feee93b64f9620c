"""The merger of one spacecraft's frames: copies from the agency's own stations and from mirrors in, one stream of frames out.

What came in is acknowledged only when what became of it is on the merged stream. After a restart the end of that stream tells
what was written, and copies that come again are recognised.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from ...agencies import subject
from ...errors import DataError
from ...link import Channel
from ...telemetry import BadFrame, Copies, Merged, Merger, joined_copies, joined_merged
from ...time import NO_TIME
from .ending import ended
from .following import Start, follow
from .health import Health
from .messages import copies_of, merged_of, pack_merged
from .stream_plan import KINDS, mirror_name
from .streams import Message, NoStreamError, StreamFullError, Streams

REMEMBERED_MESSAGES = 4096  # of the merged stream, read again at start when no state is kept
OVERLAP_MESSAGES = 64  # of those before a kept state: it does not tell what was unusable
TOGETHER_FRAMES = 512  # that were written before are read again together
WAITING_MESSAGES = 256
PATIENCE_S = 2.0  # for what is missing before a frame: copies of two stations come together within a second
TOGETHER_OCTETS = 1 << 20  # of waiting messages are merged together: a merger that is behind writes fewer, larger messages
BUSY_S, GATHER_S = 0.15, 0.08  # messages that are written more often than this are fewer: frames of so long go together
FULL_PAUSE_S = 1.0
KEPT_OCTETS = 64 << 10  # of a damaged message
ABSENT_PAUSE_S = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """A message that is on the merged stream: its number, and the frames in it."""

    sequence: int
    merged: Merged


@dataclass(slots=True)
class Intake:
    """Messages of one stream of frames on their way through the merger, by station, until they can be acknowledged."""

    stream: str
    filters: tuple[str, ...]
    open: dict[str, list[Message]] = field(default_factory=dict)


class FrameMerger:
    """Merges the frames of one spacecraft for one agency. `written` yields each message that it wrote, in order.

    There must be one merger of a spacecraft in an agency: a second one is refused by the stream, with WrongSequenceError.
    """

    def __init__(
        self, streams: Streams, agency: str, spacecraft: str, channel: Channel, givers: tuple[str, ...], health: Health
    ) -> None:
        self.streams, self.agency, self.spacecraft, self.health = streams, agency, spacecraft, health
        self.merger = Merger(channel, patience_s=PATIENCE_S)
        self.subject = f"{agency}.merged.{spacecraft}"
        self._intakes = [Intake(KINDS["frames"].stream, (f"{agency}.frames.{spacecraft}.>",))]
        self._intakes += [Intake(mirror_name(giver, "frames"), (f"{giver}.frames.{spacecraft}.>",)) for giver in givers]
        self._queue: asyncio.Queue[tuple[Intake, Message]] = asyncio.Queue(WAITING_MESSAGES)
        self._last, self._digest = 0, ""
        self._wrote = 0.0  # when a message was written last (monotonic)

    @property
    def newest(self) -> tuple[int, str]:
        """The number and the digest of the last message on the merged stream that is known here."""
        return self._last, self._digest

    async def digest(self, sequence: int) -> str:
        """Return the digest of a message on the merged stream, empty when it is not there."""
        octets = await self.streams.octets(KINDS["merged"].stream, sequence)
        return "" if octets is None else digest_of(octets)

    async def recall(self, known: int, published: int) -> AsyncIterator[Written]:
        """Read the end of the merged stream, so that nothing is written twice; yield what it holds after `known`, oldest first.

        Messages up to `published` come together: nobody publishes what was made of them.
        """
        stream = KINDS["merged"].stream
        newest = await self.streams.last(self.subject, stream)
        if newest is None:
            return
        first = max(known - OVERLAP_MESSAGES if known else newest.sequence - REMEMBERED_MESSAGES, 1)
        waiting: list[Merged] = []
        async with follow(self.streams, stream, start=first, subjects=(self.subject,), batch=512) as follower:
            async for message in follower:
                try:
                    merged, _ = merged_of(message.data, message.headers)
                except DataError as error:
                    log.error("a merged message is damaged", extra={"sequence": message.sequence, "why": str(error)})
                else:
                    self.merger.remember(merged)
                    if message.sequence > known:
                        waiting.append(merged)
                together = message.sequence < min(published, newest.sequence) and sum(map(len, waiting)) < TOGETHER_FRAMES
                if waiting and not together:
                    yield Written(message.sequence, joined_merged(waiting))
                    waiting = []
                if message.sequence >= newest.sequence:
                    break
        self._last, self._digest = newest.sequence, digest_of(newest.data)

    async def written(self) -> AsyncIterator[Written]:
        """Merge for ever; call `recall` before. Raises WrongSequenceError when another merger writes."""
        readers = [asyncio.create_task(self._read(intake)) for intake in self._intakes]
        try:
            while True:
                for reader in readers:
                    if reader.done():
                        reader.result()
                merged = await self._next()
                for one in await self._write(merged):
                    yield one
                await self._acknowledge()
        finally:
            await ended(readers)

    async def _read(self, intake: Intake) -> None:
        """Read a stream for ever. A mirror that is not there is waited for: what it mirrors may be given later."""
        name = f"merger-{self.spacecraft}"
        while True:
            try:
                async with follow(
                    self.streams, intake.stream, durable=name, start=Start.FIRST, subjects=intake.filters
                ) as follower:
                    async for message in follower:
                        await self._queue.put((intake, message))
            except NoStreamError:
                if intake is self._intakes[0]:
                    raise
            await asyncio.sleep(ABSENT_PAUSE_S)

    async def _next(self) -> Merged:
        """Return what the next message, or the passing of time, lets out of the merger."""
        due = self.merger.next_deadline()
        wait = 1.0 if due is None else min(max((due - time.monotonic_ns()) / 1e9, 0.0), 1.0)
        try:
            async with asyncio.timeout(wait):  # not wait_for: before Python 3.12 it may swallow a cancellation
                waiting = [await self._queue.get()]
        except TimeoutError:
            return self.merger.on_timer(time.monotonic_ns())
        if time.monotonic() - self._wrote < BUSY_S:
            await asyncio.sleep(GATHER_S)
        octets = len(waiting[0][1].data)
        while octets < TOGETHER_OCTETS and not self._queue.empty():
            waiting.append(self._queue.get_nowait())
            octets += len(waiting[-1][1].data)
        return self._feed(waiting)

    def _feed(self, waiting: list[tuple[Intake, Message]]) -> Merged:
        by_station: dict[str, list[Copies]] = {}
        damaged: list[BadFrame] = []
        for intake, message in waiting:
            station = message.subject.rpartition(".")[2]
            intake.open.setdefault(station, []).append(replace(message, data=b""))
            try:
                copies = copies_of(message.data, station, message.sequence)
            except DataError as error:
                self.health.count("messages_damaged", stream=intake.stream)
                log.error("a message of frames is damaged", extra={"subject": message.subject, "why": str(error)})
                reason = f"damaged message of frames: {error}"
                damaged.append(BadFrame(message.data[:KEPT_OCTETS], reason, NO_TIME, NO_TIME, (station,)))
                continue
            self.health.count("frames_in", len(copies), station=station, spacecraft=self.spacecraft)
            by_station.setdefault(station, []).append(copies)
        now = time.monotonic_ns()
        found = [self.merger.feed(joined_copies(some), now) for some in by_station.values()]
        merged = joined_merged(found or [self.merger.on_timer(now)])
        return replace(merged, unusable=(*merged.unusable, *damaged))

    async def _write(self, merged: Merged) -> list[Written]:
        made = []
        for octets, headers in pack_merged(merged):
            self._last, self._digest = await self._publish(octets, headers), digest_of(octets)
            made.append(Written(self._last, merged_of(octets, headers)[0]))
        if made:
            self._wrote = time.monotonic()
            self._count(merged)
        return made

    async def _publish(self, octets: bytes, headers: dict[str, str]) -> int:
        """Return the number under which a message was stored; wait as long as the stream is full."""
        identity = f"{self.spacecraft}-after-{self._last}"
        while True:
            try:
                number = await self.streams.publish(
                    self.subject, octets, msg_id=identity, expected_last_on_subject=self._last, headers=headers
                )
            except StreamFullError as error:
                if self.health.fault("merged stream", str(error)):
                    log.error("merging waits: the stream is full", extra={"why": str(error)})
                await asyncio.sleep(FULL_PAUSE_S)
            else:
                self.health.well("merged stream")
                return number

    def _count(self, merged: Merged) -> None:
        labels = {"spacecraft": self.spacecraft}
        self.health.count("frames_merged", len(merged), **labels)
        self.health.count("frames_late", int(merged.late.sum()), **labels)
        self.health.count("frames_unusable", len(merged.unusable), **labels)
        self.health.gauge("holes_open", len(self.merger.holes()), **labels)
        for name, counts in self.merger.stations.items():
            for what in ("won", "also_heard", "repeated", "conflicting", "off_time", "disordered", "missed"):
                self.health.gauge(f"copies_{what}", getattr(counts, what), station=name, **labels)

    async def _acknowledge(self) -> None:
        waiting = self.merger.unsettled()
        for intake in self._intakes:
            for station, messages in intake.open.items():
                settled = waiting.get(station)
                while messages and (settled is None or messages[0].sequence < settled):
                    await messages.pop(0).ack()


def frames_subject(agency: str, spacecraft: str, station: str) -> str:
    """Return the subject of the frames that a station of an agency hears from a spacecraft."""
    return subject(agency, "frames", spacecraft=spacecraft, station=station)


def digest_of(octets: bytes) -> str:
    """Return what tells a message from others."""
    return hashlib.blake2b(octets, digest_size=16).hexdigest()
