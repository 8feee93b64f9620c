"""Client of an agency's streams: publish and know it is stored, follow, ask for state; connects again for ever."""

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import Header

from aelita.errors import AelitaError

from .credentials import read_key
from .ending import ended as brought_to_end
from .stream_client import RECONNECT_S, client_of

_ATTEMPT_S = 5.0  # an attempt to publish without an answer is repeated after this
_LOOK_S, _GIVE_UP_S = 1.0, 15.0  # a client that has not come back for so long is replaced: its own reconnection can die unsaid
_WRONG_LAST = {10071, 10164}
_FULL = {10023, 10028, 10047, 10077, 10158}  # no resources, memory, storage; store failed; discarded by new-per-subject
_NO_STREAM = 10059
_FORBIDDEN = re.compile(r'permissions violation for publish to "([^"]+)"')


class StreamError(AelitaError):
    """A stream or its server refuses."""


class StreamFullError(StreamError):
    """The message was not stored: the stream has reached its limits or the disk is full."""


class WrongSequenceError(StreamError):
    """The message was not stored: another came before it, so that the expected last sequence is not the last."""


class NoStreamError(StreamError):
    """There is no such stream."""


class StreamUnavailableError(StreamError):
    """The server could not be reached or did not answer in time; a message sent may or may not be stored."""


class LinkState(StrEnum):
    """State of the connection to the server."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an agency's server is, and the file with the key to enter (none for an open server)."""

    url: str
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message. `time_unix_ns` is the server's clock (UTC) when it was stored first."""

    subject: str
    sequence: int
    data: bytes
    headers: Mapping[str, str]
    time_unix_ns: int
    _done: Callable[[int], Awaitable[None]] | None = field(default=None, repr=False, compare=False)

    async def ack(self) -> None:
        """Tell a durable follower's server that this message is dealt with; nothing for others."""
        if self._done is not None:
            await self._done(self.sequence)


@dataclass(frozen=True, slots=True)
class StreamState:
    """How much a stream holds and may hold; for a mirror, how far behind its origin it is.

    `heard_s` is the time since the origin was heard (None: never, or no mirror), `lag` the messages not yet here, `missing` the
    holes between first and last: a mirror has some only if it lost messages (a disk that was full).
    """

    name: str
    messages: int
    bytes: int
    first: int
    last: int
    max_bytes: int
    max_age_s: float
    missing: int = 0
    lag: int | None = None
    heard_s: float | None = None
    fault: str = ""

    @property
    def fill(self) -> float:
        """Share of its size limit that the stream uses."""
        return self.bytes / self.max_bytes if self.max_bytes > 0 else 0.0


class Streams:
    """A connection to one agency's streams. Make it with `connect`; it connects again by itself until closed."""

    def __init__(self, address: Address, name: str, on_state: Callable[[LinkState], None] | None = None) -> None:
        self.address, self.name = address, name
        self.generation = 0  # counts connections made: what followed before one must be asked for again
        self.last_fault = ""
        self._on_state = on_state
        self._connected = asyncio.Event()
        self._closing = False
        self._keeper: asyncio.Task[None] | None = None
        self._client: Client | None = None
        self._forbidden: set[str] = set()
        self._waits: set[asyncio.Timeout] = set()

    @classmethod
    async def connect(
        cls, address: Address, *, name: str, on_state: Callable[[LinkState], None] | None = None, timeout_s: float | None = 10.0
    ) -> Self:
        """Connect; `on_state` is called at each change. Raises StreamUnavailableError after `timeout_s` (None: wait for ever)."""
        streams = cls(address, name, on_state)
        if address.key_file is not None:
            read_key(address.key_file)  # a missing key is a mistake, not a server to wait for
        streams._keeper = asyncio.create_task(streams._keep())
        try:
            await streams.wait_connected(timeout_s)
        except BaseException:
            await streams.close()
            raise
        return streams

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection; followers end with it."""
        self._closing = True
        if self._keeper is not None:
            await brought_to_end([self._keeper])
        if self._client is not None:
            await self._left(self._client)
        self._changed(LinkState.DISCONNECTED)

    @property
    def connected(self) -> bool:
        """Whether the server is reached now."""
        return self._connected.is_set()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closing

    @property
    def client(self) -> Client:
        """The connection beneath; another one after a server gave it up."""
        if self._client is None:
            raise StreamUnavailableError("not connected yet", where=self.address.url)
        return self._client

    @property
    def jetstream(self) -> JetStreamContext:
        """NATS's own interface to the streams, for administration."""
        return self.client.jetstream(timeout=_ATTEMPT_S)

    async def wait_connected(self, timeout_s: float | None = None) -> None:
        """Wait until the server is reached. Raises StreamUnavailableError after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._connected.wait()
        except TimeoutError:
            reason = self.last_fault or "no answer"
            raise StreamUnavailableError(
                f"the server was not reached in {timeout_s} s: {reason}", where=self.address.url, remedy="Is it running?"
            ) from None

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        msg_id: str | None = None,
        expected_last: int | None = None,
        expected_last_on_subject: int | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> int:
        """Store a message and return its sequence, once it is on disk.

        With a `msg_id` an attempt without an answer is repeated, since the server stores an id once within its window; without
        one, it is not. `expected_last` is the sequence that must be the stream's last before this message (0: an empty stream),
        `expected_last_on_subject` that of its subject. Raises StreamFullError, WrongSequenceError, NoStreamError and
        StreamUnavailableError (then it may or may not be stored).
        """
        sent = dict(headers or {})
        for name, value in (
            (Header.MSG_ID, msg_id),
            (Header.EXPECTED_LAST_SEQUENCE, expected_last),
            (Header.EXPECTED_LAST_SUBJECT_SEQUENCE, expected_last_on_subject),
        ):
            if value is not None:
                sent[name.value] = str(value)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        fault: StreamError = self._unsure(subject, "no answer")
        while (left := deadline - loop.time()) > 0:
            await self.wait_connected(left)
            try:
                answer = await self._request(subject, payload, sent, min(_ATTEMPT_S, left))
            except nats.errors.NoRespondersError:  # surely not stored: the server has just started, or there is no stream
                fault = NoStreamError(f"no stream takes {subject!r}", where=self.address.url, remedy="Was it made?")
                await asyncio.sleep(0.1)
            except (nats.errors.MaxPayloadError, nats.errors.BadSubjectError) as refused:
                raise StreamError(f"{subject}: {refused} ({len(payload)} octets)") from refused
            except (nats.errors.Error, TimeoutError, OSError) as lost:
                fault = self._unsure(subject, str(lost) or "the connection was lost")
                if subject.lower() in self._forbidden:
                    raise StreamError(f"{subject}: {self.name} may not publish this", where=self.address.url) from lost
                if msg_id is None:
                    raise fault from lost
                await asyncio.sleep(0.05)
            else:
                if "error" not in answer:
                    return int(answer["seq"])
                error = refusal(subject, answer["error"])
                expected = expected_last if expected_last is not None else expected_last_on_subject
                if not isinstance(error, WrongSequenceError) or msg_id is None or expected is None:
                    raise error
                try:
                    stored = await self._stored_before(answer["stream"], subject, expected + 1, msg_id)
                except (nats.errors.Error, OSError) as lost:
                    fault = self._unsure(subject, str(lost))
                    await asyncio.sleep(0.05)
                    continue
                if stored is None:
                    raise error
                return stored
        if isinstance(fault, NoStreamError) and not await self.storing():
            raise StreamFullError(f"{subject}: the server stopped storing, as on a full disk", remedy="Free it, start it again")
        raise fault

    async def storing(self) -> bool:
        """Tell whether the server's storage answers: it is turned off when a disk is full."""
        try:
            await self.client.request("$JS.API.INFO", b"", timeout=1.0)
        except (nats.errors.Error, OSError):
            return False
        return True

    @contextlib.asynccontextmanager
    async def waiting(self, timeout_s: float) -> AsyncIterator[None]:
        """Wait for something of the server within it: TimeoutError after that time, and at once when the connection is lost."""
        async with asyncio.timeout(timeout_s) as limit:
            self._waits.add(limit)
            try:
                yield
            finally:
                self._waits.discard(limit)

    async def _request(self, subject: str, payload: bytes, headers: dict[str, str], timeout_s: float) -> dict[str, Any]:
        """Ask once; a lost connection ends the wait at once."""
        async with self.waiting(timeout_s):
            answer = await self.client.request(subject, payload, timeout=timeout_s, headers=headers or None)
        return dict(json.loads(answer.data))

    async def _stored_before(self, stream: str, subject: str, sequence: int, msg_id: str) -> int | None:
        """Return the sequence of this very message if an earlier attempt stored it: the server looks at ids last."""
        wanted = {"seq": sequence, "next_by_subj": subject}
        answer = await self.client.request(f"$JS.API.STREAM.MSG.GET.{stream}", json.dumps(wanted).encode(), timeout=_ATTEMPT_S)
        found = json.loads(answer.data).get("message", {})
        lines = base64.b64decode(found.get("hdrs", "")).decode(errors="replace").splitlines()
        return int(found["seq"]) if f"{Header.MSG_ID.value}: {msg_id}" in lines else None

    async def last(self, subject: str, stream: str | None = None) -> Message | None:
        """Return the last message stored on a subject (wildcards allowed), None if there is none. Raises NoStreamError."""
        try:
            name = stream or await self.jetstream.find_stream_name_by_subject(subject)
            found = await self.jetstream.get_last_msg(name, subject)
        except nats.js.errors.NotFoundError as fault:
            if fault.err_code == _NO_STREAM or fault.err_code is None:
                raise NoStreamError(f"no stream holds {subject!r}", where=self.address.url) from fault
            return None
        except (nats.errors.Error, OSError) as fault:
            raise StreamUnavailableError(f"{subject}: {fault}", where=self.address.url) from fault
        time_ns = int(found.time.timestamp() * 1e6) * 1000 if found.time else 0
        return Message(found.subject or "", found.seq or 0, found.data or b"", dict(found.headers or {}), time_ns)

    async def octets(self, stream: str, sequence: int) -> bytes | None:
        """Return what a stored message holds, None when there is none. Raises StreamUnavailableError."""
        try:
            return (await self.jetstream.get_msg(stream, sequence)).data or b""
        except nats.js.errors.NotFoundError:
            return None
        except (nats.errors.Error, OSError) as fault:
            raise StreamUnavailableError(f"{stream}: {fault}", where=self.address.url) from fault

    async def stored_at(self, stream: str, sequence: int) -> int | None:
        """Return when a message was stored first (UTC, Unix nanoseconds), None when it is not there.

        Raises StreamUnavailableError.
        """
        wanted = json.dumps({"seq": sequence}).encode()
        try:
            answer = await self.client.request(f"$JS.API.STREAM.MSG.GET.{stream}", wanted, timeout=_ATTEMPT_S)
        except (nats.errors.Error, OSError) as fault:
            raise StreamUnavailableError(f"{stream}: {fault}", where=self.address.url) from fault
        found = json.loads(answer.data).get("message")
        return None if found is None else _unix_ns(found["time"])

    async def info(self, stream: str) -> StreamState:
        """Return the state of a stream. Raises NoStreamError, StreamUnavailableError."""
        try:
            answer = await self.client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=_ATTEMPT_S)
        except (nats.errors.Error, OSError) as fault:
            raise StreamUnavailableError(f"{stream}: {fault}", where=self.address.url) from fault
        found = json.loads(answer.data)
        if "error" in found:
            raise refusal(stream, found["error"])
        return _state(stream, found)

    def _unsure(self, subject: str, why: str) -> StreamUnavailableError:
        return StreamUnavailableError(f"{subject}: {why}; the message may or may not be stored", where=self.address.url)

    async def _keep(self) -> None:
        """Hold a client open. Its own reconnection covers most; a client that gives up is replaced by a new one."""
        while True:
            ended = asyncio.Event()
            client = await self._open(ended)
            self._became_connected()
            await self._lost_for_good(client, ended)
            ended.set()  # whatever it still says counts no more
            self._changed(LinkState.DISCONNECTED)
            await self._left(client)
            await asyncio.sleep(RECONNECT_S)

    async def _lost_for_good(self, client: Client, ended: asyncio.Event) -> None:
        """Wait until a client has ended, or has not come back for so long that it never will."""
        loop = asyncio.get_running_loop()
        alive = loop.time()
        while loop.time() - alive < _GIVE_UP_S:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await ended.wait()
                    return
            if client.is_connected and self.connected:
                alive = loop.time()
        self.last_fault = self.last_fault or "the client did not connect again"

    async def _left(self, client: Client) -> None:
        with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):  # sends what is pending, if it can
            async with asyncio.timeout(_ATTEMPT_S):
                await client.close()

    async def _open(self, ended: asyncio.Event) -> Client:
        async def lost() -> None:
            if not ended.is_set():
                self._changed(LinkState.DISCONNECTED)

        async def again() -> None:
            if not ended.is_set():
                self._became_connected()

        async def gone() -> None:
            ended.set()

        async def fault(error: Exception) -> None:
            self.last_fault = str(error) or type(error).__name__
            if refused := _FORBIDDEN.search(self.last_fault):
                self._forbidden.add(refused[1])

        while True:
            self._client, options = client_of(self.address.key_file)
            client = self._client
            try:
                await client.connect(
                    self.address.url, name=self.name, disconnected_cb=lost, reconnected_cb=again, closed_cb=gone, error_cb=fault,
                    max_reconnect_attempts=-1, ping_interval=10, max_outstanding_pings=2,
                    connect_timeout=3, **options,
                )  # fmt: skip
            except (nats.errors.Error, OSError) as error:
                await fault(error)
                await asyncio.sleep(RECONNECT_S)
            else:
                return client

    def _became_connected(self) -> None:
        self.generation += 1
        self._changed(LinkState.CONNECTED)

    def _changed(self, state: LinkState) -> None:
        connected = state is LinkState.CONNECTED
        if connected == self._connected.is_set():
            return
        if connected:
            self._connected.set()
        else:
            self._connected.clear()
            for wait in self._waits:
                wait.reschedule(0.0)
        if self._on_state is not None:
            self._on_state(state)


class Publisher:
    """Publishes with many messages under way: `send` returns at once while fewer than `window` wait for their answer.

    Messages are sent in order, but one that is repeated after a lost connection may come after a later one.
    """

    def __init__(self, streams: Streams, window: int = 256, timeout_s: float = 30.0) -> None:
        self._streams, self._timeout_s = streams, timeout_s
        self._room = asyncio.Semaphore(window)
        self._under_way: set[asyncio.Task[None]] = set()
        self._fault: Exception | None = None
        self._last = 0

    async def send(self, subject: str, payload: bytes, *, msg_id: str, headers: Mapping[str, str] | None = None) -> None:
        """Send a message, waiting for room. Raises the first fault of an earlier one."""
        self._raise()
        await self._room.acquire()
        task = asyncio.create_task(self._publish(subject, payload, msg_id, headers))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def flush(self) -> int:
        """Wait until all sent is stored and return the highest sequence. Raises the first fault."""
        while self._under_way:
            await asyncio.gather(*self._under_way)
        self._raise()
        return self._last

    async def _publish(self, subject: str, payload: bytes, msg_id: str, headers: Mapping[str, str] | None) -> None:
        try:
            stored = await self._streams.publish(subject, payload, msg_id=msg_id, headers=headers, timeout_s=self._timeout_s)
            self._last = max(self._last, stored)
        except StreamError as fault:
            self._fault = self._fault or fault
        finally:
            self._room.release()

    def _raise(self) -> None:
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault


def refusal(what: str, error: Mapping[str, Any]) -> StreamError:
    """Return the typed error of a server's refusal."""
    code, text = error.get("err_code"), str(error.get("description", "refused"))
    if code in _WRONG_LAST:
        return WrongSequenceError(f"{what}: {text}")
    if code in _FULL or "no space left" in text:
        return StreamFullError(
            f"{what}: {text}", remedy="Let followers catch up, raise the limits of the stream or free the disk"
        )
    if code == _NO_STREAM:
        return NoStreamError(f"{what}: {text}")
    if error.get("code") == 503:
        return StreamUnavailableError(f"{what}: {text}")
    return StreamError(f"{what}: {text}")


def _unix_ns(text: str) -> int:
    """Return an instant as servers write it (RFC 3339 with up to nine decimals, UTC) in nanoseconds since 1970."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return seconds * 10**9 + int(fraction.ljust(9, "0")[:9])


def _state(stream: str, found: Mapping[str, Any]) -> StreamState:
    held, limits = found["state"], found["config"]
    origins = [found["mirror"]] if "mirror" in found else found.get("sources") or []
    heard = [origin["active"] / 1e9 for origin in origins if origin.get("active", -1) >= 0]
    faults = [str(origin["error"].get("description")) for origin in origins if origin.get("error")]
    return StreamState(
        stream, int(held["messages"]), int(held["bytes"]), int(held["first_seq"]), int(held["last_seq"]),
        int(limits.get("max_bytes", -1)), limits.get("max_age", 0) / 1e9, int(held.get("num_deleted", 0)),
        lag=sum(int(origin.get("lag", 0)) for origin in origins) if origins else None,
        heard_s=max(heard) if origins and len(heard) == len(origins) else None,
        fault="; ".join(faults),
    )  # fmt: skip
