"""The archiver of an agency: the merged stream of each spacecraft into the archive, each message exactly once."""

import asyncio
import hashlib
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence

from ...archive import Following, Source
from ...errors import ArchiveError, DataError
from ...link import flat_state, nested_state
from ...telemetry import Merged
from ...time import NO_TIME, SECOND
from ..definitions import Definition, define
from ..library import open_with_library
from .agency_streams import address_of
from .decoding import LiveDecoder, batches_of
from .ending import ended, outwaited
from .following import follow
from .messages import MERGED, Unusable, empty_message, merged_of
from .serving import Context
from .stream_plan import KINDS
from .streams import Message, Streams

FLUSH_S = 30.0
FLUSH_OCTETS = 64 << 20
AGAIN_S = 2.0
GATHER_S = 0.5  # messages that come within it are decoded together: nobody waits for the archive
WAITING_MESSAGES, TOGETHER_OCTETS = 64, 1 << 20

log = logging.getLogger(__name__)


async def archiver(context: Context) -> None:
    """Archive all spacecraft that the agency follows. Raises AelitaError when it cannot go on."""
    installation = context.installation
    archive, library = open_with_library(installation.archive(context.agency), create=True)
    connecting = Streams.connect(address_of(installation, context.agency), name="archiver", timeout_s=60)
    async with await connecting as streams, asyncio.TaskGroup() as tasks:
        for key in installation.spacecraft:
            craft = installation.mission.craft(key)
            definition = define(library, mission=str(installation.mission.folder), channel=craft.channels[0])
            subject = f"{context.agency}.merged.{key}"
            synthetic = any(play.synthetic and play.spacecraft == key for play in installation.plays)
            name = subject + (" SYNTHETIC" if synthetic else "")
            digest = hashlib.sha256(subject.encode()).hexdigest()
            source = Source(digest, name, -1, definition.channel.text, definition.channel.spacecraft)
            following = archive.follow(source, definition.text)
            tasks.create_task(_Line(context, streams, definition, following, subject, key).run())
        context.health.ready = True


class _Line:
    """One spacecraft: what is held, when it is written, and how far it got."""

    def __init__(
        self, context: Context, streams: Streams, definition: Definition, following: Following, subject: str, spacecraft: str
    ) -> None:
        self.context, self.streams, self.following = context, streams, following
        self.subject, self.spacecraft = subject, spacecraft
        self.decoder = LiveDecoder(definition)
        self._last_emitted = 0
        self._edges = following.edges()
        if following.state:
            self.decoder.restore(nested_state(dict(following.state)))

    async def run(self) -> None:
        """Archive for ever; when told to end, write what is held."""
        try:
            await self._archive()
        except asyncio.CancelledError:
            if self.following.held:
                await self._write()
            raise

    async def _archive(self) -> None:
        first = self.following.done + 1 if self.following.state is not None else 1
        log.info("archiving", extra={"subject": self.subject, "from": first})
        self.context.health.gauge("archive_taken", first - 1, spacecraft=self.spacecraft)
        due = time.monotonic() + FLUSH_S
        async for messages in self._messages(first):
            self.take(messages)
            if self.following.octets >= FLUSH_OCTETS or time.monotonic() >= due:
                await self._flush()
                due = time.monotonic() + FLUSH_S

    async def _messages(self, first: int) -> AsyncIterator[list[Message]]:
        """Yield the messages of a short while, which may be none; at the end what is held is written."""
        waiting: asyncio.Queue[Message] = asyncio.Queue(WAITING_MESSAGES)

        async def read() -> None:
            async with follow(self.streams, KINDS["merged"].stream, start=first, subjects=(self.subject,)) as follower:
                async for message in follower:
                    await waiting.put(message)

        reading = asyncio.create_task(read())
        try:
            while True:
                if reading.done():
                    reading.result()
                if not waiting.full():
                    await asyncio.sleep(GATHER_S)
                together: list[Message] = []
                while not waiting.empty() and sum(len(one.data) for one in together) < TOGETHER_OCTETS:
                    together.append(waiting.get_nowait())
                yield together
        finally:
            await ended([reading])

    def take(self, messages: list[Message]) -> None:
        """Hand messages over to the archive."""
        for some in divided(messages, self._edges):
            self._take(some)

    def _take(self, messages: list[Message]) -> None:
        read = [self._read(message) for message in messages]
        made = batches_of(self.decoder, read)
        if len(made) == 1:
            self.following.commit(messages[-1].sequence, made[0], first=messages[0].sequence)
        else:
            for message, batch in zip(messages, made, strict=True):
                self.following.commit(message.sequence, batch)
        self._last_emitted = max(self._last_emitted, *(int(one.received_at.max(initial=0)) for one, _ in read))
        self.context.health.gauge("archive_held_messages", self.following.held, spacecraft=self.spacecraft)
        self.context.health.gauge("archive_taken", messages[-1].sequence, spacecraft=self.spacecraft)

    def _read(self, message: Message) -> tuple[Merged, Unusable]:
        try:
            return merged_of(message.data, message.headers)
        except DataError as error:
            self.context.health.count("messages_damaged", spacecraft=self.spacecraft)
            log.error("a merged message is damaged", extra={"sequence": message.sequence, "why": str(error)})
            merged, _ = merged_of(empty_message(MERGED))
            return merged, Unusable([message.data], [f"damaged message of merged frames: {error}"], [""], [NO_TIME])

    async def _flush(self) -> None:
        """Write what is held; while the disk refuses, hold it and try again."""
        while self.following.held and not await self._write():
            await asyncio.sleep(AGAIN_S)

    async def _write(self) -> bool:
        """Write what is held; return whether the archive took it."""
        began = time.perf_counter()
        writing = asyncio.create_task(asyncio.to_thread(self.following.flush, flat_state(self.decoder.state())))
        try:
            flushed = await asyncio.shield(writing)
        except asyncio.CancelledError:
            await outwaited(writing)  # a thread cannot be ended, and nobody else may write meanwhile
            raise
        except ArchiveError as error:
            if self.context.health.fault("archive", str(error)):
                log.error("the archive cannot be written", extra={"why": str(error)})
            return False
        self.context.health.well("archive")
        labels = {"spacecraft": self.spacecraft}
        self.context.health.count("archived_messages", flushed.messages, **labels)
        self.context.health.count("archived_packets", flushed.packets, **labels)
        self.context.health.count("archived_samples", flushed.samples, **labels)
        self.context.health.count("archived_duplicates", flushed.duplicates, **labels)
        self.context.health.gauge("archive_flush_seconds", time.perf_counter() - began, **labels)
        self.context.health.gauge("archive_done", self.following.done, **labels)
        lag = (self.context.clock.now() - self._last_emitted) / SECOND
        self.context.health.gauge("archive_lag_seconds", lag, **labels)
        return True


def divided(messages: list[Message], edges: Sequence[int]) -> Iterator[list[Message]]:
    """Yield messages in groups so that no table of the archive ends within one; `edges` are the numbers where they end."""
    group: list[Message] = []
    for message in messages:
        if group and any(group[-1].sequence <= edge < message.sequence for edge in edges):
            yield group
            group = []
        group.append(message)
    if group:
        yield group
