"""One TCP socket that carries one SLE association: octets, urgent octet, timers, pace and back-pressure, without tasks."""

import array
import asyncio
import contextlib
import fcntl
import logging
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

from ...sle import Close, CltuUser, Now, Provider, Urgent, User
from .clock import MissionClock, wall_tai_ns

log = logging.getLogger(__name__)
READ_OCTETS = 1 << 18
HIGH_WATER = 1 << 16  # octets that wait for the socket before a provider is told to hold or discard
LINGER_S = 5.0  # how long the peer may take to end its half of a connection that we ended
_AT_MARK = {"linux": 0x8905, "darwin": 0x40047307}.get(sys.platform, 0)  # SIOCATMARK; without it a stray octet tells


def now_of(clock: MissionClock) -> Now:
    """Return the time for associations; must be called in the event loop."""
    return Now(asyncio.get_running_loop().time(), wall_tai_ns(), clock.now())


class SleSocket:
    """The connected socket of an association. `on_change` is called when events may wait in the association.

    `pause_s` is the least time between two messages: a public client takes one message for each read. `closed` is done when the
    socket is closed.
    """

    def __init__(
        self,
        connected: socket.socket,
        association: Provider | User | CltuUser,
        clock: MissionClock,
        on_change: Callable[[], None],
        *,
        pause_s: float = 0.0,
    ) -> None:
        self.association = association
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._socket, self._clock, self._on_change, self._pause_s = connected, clock, on_change, pause_s
        self._queue: deque[bytes | memoryview | Urgent | Close] = deque()
        self._waiting = 0
        self._is_ending = self._is_writing = self._is_held = self._is_reading = self._has_no_input = False
        self._is_pumping = self._has_more = False
        self._next_write = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None
        self._pacing: asyncio.TimerHandle | None = None
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def open(self) -> None:
        """Begin: the association is told that it is connected."""
        self.association.connected(self.now())
        self._read_on()
        self.pump()

    def now(self) -> Now:
        """Return the time."""
        return now_of(self._clock)

    def pump(self) -> None:
        """Send what the association has to send. Call it after every call of the association; from within `on_change` too."""
        self._has_more = True
        if self._is_pumping:
            return
        self._is_pumping = True
        try:
            while self._has_more and not self.closed.done():
                self._has_more = False
                self._pump()
        finally:
            self._is_pumping = False

    def _pump(self) -> None:
        self._collect()
        while (
            not self.closed.done()
            and not self._is_full
            and isinstance(self.association, Provider)
            and not self.association.is_over
        ):
            self.association.transmitted(self.now())
            if not self._collect():
                break
        if not self.closed.done():
            self._arm()
            self._read_on()
        self._on_change()

    def pace(self, pause_s: float) -> None:
        """Leave at least so many seconds between two messages from now on."""
        self._pause_s = pause_s

    def hold(self, held: bool) -> None:
        """Stop or resume reading: whoever takes the events is behind."""
        self._is_held = held
        if not self.closed.done():
            self._read_on()

    def kill(self) -> None:
        """Reset the connection, if it still stands."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._shut()

    @property
    def _is_full(self) -> bool:
        return self.closed.done() or self._waiting >= HIGH_WATER or bool(self._pause_s and self._queue)

    def _collect(self) -> bool:
        output = self.association.take_output()
        for item in output:
            if isinstance(item, Urgent):
                self._drop_waiting()
            self._queue.append(item)
            self._waiting += len(item) if isinstance(item, bytes) else 0
        if output and not self._is_writing:
            self._write()
        return bool(output)

    def _drop_waiting(self) -> None:
        """Forget messages of which no octet has gone."""
        begun = [item for item in list(self._queue)[:1] if isinstance(item, memoryview)]
        self._queue = deque(begun)
        self._waiting = sum(len(item) for item in begun)

    def _write(self) -> None:
        try:
            while self._queue and not self._must_pause():
                item = self._queue[0]
                if isinstance(item, Close):
                    self._queue.clear()
                    self._await_writable(False)
                    self._end(item.hard)
                    return
                self._send(item)
            self._await_writable(False)
        except (BlockingIOError, InterruptedError):
            self._await_writable(True)
        except OSError as error:
            self._broken(error)

    def _send(self, item: bytes | memoryview | Urgent) -> None:
        if isinstance(item, Urgent):
            self._socket.send(bytes([item.octet]), socket.MSG_OOB)
            self._queue.popleft()
            return
        sent = self._socket.send(item)
        self._waiting -= sent
        self._next_write = self._loop.time() + self._pause_s
        if sent == len(item):
            self._queue.popleft()
        else:
            self._queue[0] = memoryview(item)[sent:]

    def _must_pause(self) -> bool:
        left = self._next_write - self._loop.time() if self._pause_s else 0.0
        if left <= 0 or isinstance(self._queue[0], memoryview):
            return False
        if self._pacing is None:
            self._pacing = self._loop.call_later(left, self._paced)
        return True

    def _paced(self) -> None:
        self._pacing = None
        self._do(self._write)

    def _writable(self) -> None:
        self._do(self._write)

    def _await_writable(self, wanted: bool) -> None:
        if wanted and not self._is_writing:
            self._loop.add_writer(self._socket, self._writable)
        elif not wanted and self._is_writing:
            self._loop.remove_writer(self._socket)
        self._is_writing = wanted

    def _read_on(self) -> None:
        """Read unless the events are not taken, or the answers are not."""
        behind = self._is_held or self._waiting >= 4 * HIGH_WATER
        wanted = not self._has_no_input and (self._is_ending or not behind)
        if wanted and not self._is_reading:
            self._loop.add_reader(self._socket, self._readable)
        elif not wanted and self._is_reading:
            self._loop.remove_reader(self._socket)
        self._is_reading = wanted

    def _readable(self) -> None:
        try:
            is_urgent = self._is_at_mark()
            octets = self._socket.recv(READ_OCTETS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._broken(error)
            return
        if is_urgent and octets:
            self._do(self.association.on_urgent, octets[0], self.now())
        elif octets:
            self._do(self.association.feed, octets, self.now())
        elif self._is_ending:
            self._shut()
        else:
            self._end_of_input()

    def _end_of_input(self) -> None:
        self._has_no_input = True
        self._linger = self._loop.call_later(LINGER_S, self._shut)
        self._do(self.association.on_eof, self.now())
        if not self._queue:
            self._shut()

    def _is_at_mark(self) -> bool:
        if not _AT_MARK:
            return False
        answer = array.array("i", [0])
        fcntl.ioctl(self._socket, _AT_MARK, answer)
        return bool(answer[0])

    def _arm(self) -> None:
        deadline = self.association.next_deadline()
        if self._alarm is not None:
            if deadline is not None and self._alarm.when() <= deadline:
                return  # it will look again
            self._alarm.cancel()
            self._alarm = None
        if deadline is not None:
            self._alarm = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._is_held:
            self.association.tml.excuse(self.now().s)
        self._do(self.association.on_timer, self.now())

    def _do(self, call: Callable[..., Any], *arguments: Any) -> None:
        try:
            call(*arguments)
            self.pump()
        except Exception:  # one association must not end the others
            log.exception("association aborted by a fault of this program")
            self.kill()

    def _broken(self, error: OSError) -> None:
        log.info("connection lost: %s", error)
        self._shut()

    def _end(self, hard: bool) -> None:
        if hard:
            self.kill()
        elif self._has_no_input:
            self._shut()
        elif not self._is_ending:
            self._is_ending = True
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
            self._linger = self._loop.call_later(LINGER_S, self._shut)
            self._read_on()

    def _shut(self) -> None:
        if self.closed.done():
            return
        self.closed.set_result(None)
        for handle in (self._alarm, self._linger, self._pacing):
            if handle is not None:
                handle.cancel()
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._is_reading = self._is_writing = False
        self._socket.close()
        self._queue.clear()
        if not self.association.is_over:
            self.association.on_eof(self.now())
        self._on_change()
