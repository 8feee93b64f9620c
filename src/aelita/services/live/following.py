"""Reading a stream in order: batches are asked for, so that memory stays bounded, and no restart loses or repeats a message."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Self

import nats.errors
import nats.js.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from .ending import heed_cancellation
from .streams import Message, NoStreamError, StreamError, Streams, StreamUnavailableError

_HEARTBEAT_S, _EXPIRES_S = 2.0, 30.0
_ACK_WAIT_S = 600.0  # longer than any batch is worked on; after a restart delivery starts at the oldest open message at once
_MOST_OPEN = 65_536
_IDLE_S = 60.0
_ACK = b"+ACK"
_NO_STREAM, _NO_CONSUMER = 10059, 10014


class Start(Enum):
    """Where a follower begins when it does not go on from an earlier time."""

    FIRST = "first"
    NEW = "new"
    LAST_OF_EACH_SUBJECT = "last of each subject"


def follow(
    streams: Streams,
    stream: str,
    *,
    durable: str | None = None,
    start: int | Start = Start.FIRST,
    subjects: Sequence[str] = (),
    batch: int = 64,
    max_bytes: int = 8 << 20,
) -> "Follower":
    """Follow a stream in order of its sequence, for ever: `async for message in follow(...)`.

    `start` is a sequence or a `Start`. With `durable` the server remembers what was acknowledged: a later follower of that name
    begins at the oldest message that was not (those after it come again, acknowledged or not), and one at a time may follow.
    Else nothing is acknowledged. `batch` and `max_bytes` bound what is held here. Raises NoStreamError, StreamError.
    """
    return Follower(streams, stream, durable, start, tuple(subjects), batch, max_bytes)


class Follower:
    """An endless asynchronous iterator over a stream's messages; see `follow`."""

    def __init__(
        self,
        streams: Streams,
        stream: str,
        durable: str | None,
        start: int | Start,
        subjects: tuple[str, ...],
        batch: int,
        max_bytes: int,
    ) -> None:
        self._streams, self._stream, self._durable = streams, stream, durable
        self._start, self._subjects = start, subjects
        self._batch, self._max_bytes = batch, max_bytes
        self._consumer = ""
        self._generation = -1
        self._inbox: Subscription | None = None
        self._asked = 0  # messages still to come of the batch asked for
        self._expected = 1  # the consumer's own count of deliveries
        self._last = self._last_at = 0  # the number of the last message given out, and when it was stored (UTC ns)
        self._after = 0  # messages stored until then were given out, whatever their numbers
        self._open: dict[int, str] = {}  # where to acknowledge each message that was given out

    def __aiter__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def __anext__(self) -> Message:
        while True:
            if self._streams.closed:
                raise StopAsyncIteration
            try:
                if self._generation != self._streams.generation:
                    await self._begin()
                message = await self._next()
                heed_cancellation()  # the client may have swallowed it together with a message
                if message is not None:
                    return message
            except (nats.errors.Error, OSError, StreamUnavailableError) as fault:
                self._refuse_hopeless(fault)
                self._generation = -1
                await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Stop following; what was given out and not acknowledged comes again."""
        await self._leave()

    async def _next(self) -> Message | None:
        """Return the next message, or None after anything else that was said."""
        assert self._inbox is not None
        if self._asked <= 0:
            await self._ask()
        try:
            async with self._streams.waiting(3 * _HEARTBEAT_S):
                told = await self._inbox.next_msg(timeout=3 * _HEARTBEAT_S)
        except (nats.errors.TimeoutError, TimeoutError):  # not even a heartbeat, or the connection was lost: begin anew
            self._generation = -1
            return None
        status = (told.headers or {}).get("Status")
        if status and not told.reply.startswith("$JS.ACK"):
            self._heed(status, told)
            return None
        self._asked -= 1
        return await self._received(told)

    def _heed(self, status: str, told: Msg) -> None:
        if status == "100":
            return
        self._asked = 0  # 404, 408, 409: the request ended
        if status == "503" or "Deleted" in (told.headers or {}).get("Description", ""):
            self._generation = -1

    async def _received(self, told: Msg) -> Message | None:
        count = told.metadata.sequence
        if count.consumer != self._expected:  # some were lost on the way
            self._generation = -1
            return None
        self._expected += 1
        if count.stream <= self._last:  # given out before the connection was lost, acknowledged maybe in vain
            if count.stream in self._open:
                self._open[count.stream] = told.reply
            elif self._durable:
                await self._streams.client.publish(told.reply, _ACK)
            return None
        at = int(told.reply.split(".")[-2])
        self._last = count.stream
        if at <= self._after:
            return None
        self._last_at = at
        if self._durable:
            self._open[count.stream] = told.reply
        headers = dict(told.headers or {})
        return Message(told.subject, count.stream, told.data, headers, at, self._done if self._durable else None)

    async def _done(self, sequence: int) -> None:
        reply = self._open.pop(sequence, None)
        if reply is not None and self._streams.connected:
            with contextlib.suppress(nats.errors.Error, OSError):  # then it comes again, and is acknowledged as known
                await self._streams.client.publish(reply, _ACK)

    async def _ask(self) -> None:
        request = {
            "batch": self._batch,
            "max_bytes": self._max_bytes,
            "expires": int(_EXPIRES_S * 1e9),
            "idle_heartbeat": int(_HEARTBEAT_S * 1e9),
        }
        assert self._inbox is not None
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}"
        await self._streams.client.publish(subject, json.dumps(request).encode(), reply=self._inbox.subject)
        self._asked = self._batch

    async def _begin(self) -> None:
        """Make or take up the consumer on a new connection, going on behind the last message given out."""
        await self._leave()
        await self._streams.wait_connected()
        generation = self._streams.generation
        await (self._take_up() if self._durable else self._make())
        client = self._streams.client
        self._inbox = await client.subscribe(client.new_inbox(), pending_msgs_limit=-1, pending_bytes_limit=-1)
        self._asked, self._expected, self._generation = 0, 1, generation

    async def _leave(self) -> None:
        inbox, self._inbox = self._inbox, None
        if inbox is None:
            return
        try:
            await inbox.unsubscribe()
            if not self._durable and self._streams.connected:
                client, delete = self._streams.client, f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._consumer}"
                await client.publish(delete, reply=client.new_inbox())  # no wait: readers may not
        except (nats.errors.Error, OSError):
            return  # the server forgets it by itself

    async def _make(self) -> None:
        self._consumer = f"f{secrets.token_hex(8)}"
        policy, sequence = await self._from()
        since = None
        if self._last and await self._renumbered():
            self._after, self._last = self._last_at, 0
            policy, sequence, since = DeliverPolicy.BY_START_TIME, None, datetime.fromtimestamp(self._after // 1000 / 1e6, UTC)
        await self._streams.jetstream.add_consumer(
            self._stream,
            ConsumerConfig(
                name=self._consumer, deliver_policy=policy, opt_start_seq=sequence, opt_start_time=since,
                ack_policy=AckPolicy.NONE, max_deliver=1,
                filter_subjects=list(self._subjects) or None, inactive_threshold=_IDLE_S, mem_storage=True, num_replicas=1,
            ),
        )  # fmt: skip

    async def _renumbered(self) -> bool:
        """Tell whether the last message given out has no longer its number: a server that was killed may lose the newest
        messages of a stream that is not written through, and give their numbers to others."""
        stored_at = await self._streams.stored_at(self._stream, self._last)
        if stored_at is None:
            return (await self._streams.info(self._stream)).last < self._last
        return stored_at != self._last_at

    async def _take_up(self) -> None:
        assert self._durable is not None
        self._consumer = self._durable
        jetstream = self._streams.jetstream
        subjects = list(self._subjects) or None
        try:
            known = (await jetstream.consumer_info(self._stream, self._durable)).config
        except nats.js.errors.NotFoundError:
            policy, sequence = await self._from()
            await jetstream.add_consumer(
                self._stream,
                ConsumerConfig(
                    durable_name=self._durable, deliver_policy=policy, opt_start_seq=sequence, ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=_ACK_WAIT_S, max_ack_pending=_MOST_OPEN, max_waiting=16, filter_subjects=subjects,
                ),
            )  # fmt: skip
            return
        if sorted(_filters(known)) != sorted(self._subjects):
            await jetstream.add_consumer(self._stream, known.evolve(filter_subject=None, filter_subjects=subjects))
        # Delivery begins at the oldest open message now, in order, instead of after the acknowledgement's time-out.
        await jetstream.reset_consumer(self._stream, self._durable)

    async def _from(self) -> tuple[DeliverPolicy, int | None]:
        if self._last:
            return DeliverPolicy.BY_START_SEQUENCE, self._last + 1
        if self._start is Start.NEW:  # pinned now, so that a lost connection loses nothing
            self._start = (await self._streams.info(self._stream)).last + 1
        if isinstance(self._start, int):
            return DeliverPolicy.BY_START_SEQUENCE, max(self._start, 1)
        if self._start is Start.LAST_OF_EACH_SUBJECT:
            self._subjects = self._subjects or (">",)
            return DeliverPolicy.LAST_PER_SUBJECT, None
        return DeliverPolicy.ALL, None

    def _refuse_hopeless(self, fault: Exception) -> None:
        if isinstance(fault, nats.js.errors.NotFoundError) and fault.err_code == _NO_STREAM:
            raise NoStreamError(f"there is no stream {self._stream}", where=self._streams.address.url) from fault
        if isinstance(fault, nats.js.errors.BadRequestError) and fault.err_code != _NO_CONSUMER:
            raise StreamError(f"{self._stream}: {fault.description}", where=self._streams.address.url) from fault


def _filters(known: ConsumerConfig) -> list[str]:
    return known.filter_subjects or ([known.filter_subject] if known.filter_subject else [])
