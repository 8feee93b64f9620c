"""ISP1 transport mapping layer (CCSDS 913.1-B): messages, heartbeats and aborts of one TCP connection, as a state table.

Octets and `now` (seconds of any monotonic clock) in; events, octets, the urgent octet and the wish to close out.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from ..errors import UsageError
from .terms import PeerAbortDiagnostic

HEADER = 8
PDU_TYPE, CONTEXT_TYPE, HEARTBEAT_TYPE = 1, 2, 3
CONTEXT_START = b"ISP1\0\0\0\x01"
CONTEXT_LENGTH = 12


class TmlState(Enum):
    """Where a connection stands."""

    CLOSED = "closed"
    STARTING = "starting"
    OPEN = "data transfer"
    CLOSING = "closing"


class TmlCause(Enum):
    """What moves a connection."""

    CONNECTED = "TCP connected"
    CONTEXT = "context message"
    PDU = "PDU message"
    HEARTBEAT = "heartbeat message"
    BAD_FORMAT = "bad message"
    URGENT = "urgent octet"
    END = "TCP ended by peer"
    START_UP_TIMEOUT = "start-up timer"
    SEND_TIMEOUT = "send timer (HBT)"
    RECEIVE_TIMEOUT = "receive timer (HBR)"
    CLOSE_TIMEOUT = "close timer (CPA)"
    SEND = "send request"
    ABORT = "peer abort request"
    DISCONNECT = "disconnect request"


@dataclass(frozen=True, slots=True)
class TmlLimits:
    """Local parameters of the layer; times in seconds, lengths in octets.

    The responder accepts heartbeats (0: none, where `allow_no_heartbeat`) and dead factors inside the limits. No public book
    fixes the values: they contain what the public implementations send.
    """

    heartbeat_s: int = 25
    dead_factor: int = 5
    least_heartbeat_s: int = 3
    most_heartbeat_s: int = 3600
    least_dead_factor: int = 1
    most_dead_factor: int = 60
    allow_no_heartbeat: bool = True
    start_up_s: float = 30.0
    close_s: float = 5.0
    longest_message: int = 16 * 1024 * 1024

    def __post_init__(self) -> None:
        if (self.heartbeat_s and not self.dead_factor) or self.least_dead_factor < 1:
            raise UsageError("a dead factor of 0 with a heartbeat ends every connection at once", remedy="Give 1 or more")
        if not (0 <= self.heartbeat_s <= 65535 and 0 <= self.dead_factor <= 65535):
            raise UsageError(
                f"heartbeat {self.heartbeat_s} s with dead factor {self.dead_factor}", remedy="Each is a number of 16 bits"
            )

    def accepts(self, heartbeat_s: int, dead_factor: int) -> bool:
        """Return whether the responder takes these values of the initiator."""
        if heartbeat_s == 0:
            return self.allow_no_heartbeat
        return (
            self.least_heartbeat_s <= heartbeat_s <= self.most_heartbeat_s
            and self.least_dead_factor <= dead_factor <= self.most_dead_factor
        )


@dataclass(frozen=True, slots=True)
class Urgent:
    """Output: send this octet as TCP urgent data; octets that wait before it and are not a begun message may be dropped."""

    octet: int


@dataclass(frozen=True, slots=True)
class Close:
    """Output: end the TCP connection; `hard` resets it, else what was written is sent first."""

    hard: bool = False


Output = bytes | Urgent | Close


@dataclass(frozen=True, slots=True)
class TmlOpened:
    """The connection carries PDUs from now on, with this heartbeat (0: none) and dead factor."""

    heartbeat_s: int
    dead_factor: int


@dataclass(frozen=True, slots=True)
class TmlPdu:
    """The octets of one SLE PDU."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class TmlAborted:
    """Aborted, by the urgent octet of the peer (a diagnostic of SLE below 128, of its TML above) or by our own TML."""

    diagnostic: int
    by_peer: bool


@dataclass(frozen=True, slots=True)
class TmlClosed:
    """The connection ended as agreed."""


TmlEvent = TmlOpened | TmlPdu | TmlAborted | TmlClosed


@dataclass(slots=True)
class Tml:
    """One connection as `initiator` or responder."""

    initiator: bool
    limits: TmlLimits = field(default_factory=TmlLimits)
    state: TmlState = TmlState.CLOSED
    heartbeat_s: int = 0
    dead_factor: int = 0
    longest_message: int = 0
    _input: bytearray = field(default_factory=bytearray)
    _output: list[Output] = field(default_factory=list)
    _events: deque[TmlEvent] = field(default_factory=deque)
    _timers: dict[TmlCause, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.longest_message = self.longest_message or self.limits.longest_message

    def connected(self, now: float) -> None:
        """Say that TCP is connected: the initiator sends its context, the responder waits for one."""
        self._do(TmlCause.CONNECTED, now)

    def feed(self, octets: bytes, now: float) -> None:
        """Take octets as they came from TCP, in pieces of any size."""
        if self.state in (TmlState.STARTING, TmlState.OPEN):
            self._input += octets
            for cause, body in self._messages():
                self._do(cause, now, body)
                if self.state not in (TmlState.STARTING, TmlState.OPEN):
                    self._input.clear()
                    return

    def send(self, pdu: bytes, now: float) -> None:
        """Send the octets of one PDU."""
        self._do(TmlCause.SEND, now, pdu)

    def abort(self, diagnostic: int, now: float) -> None:
        """Abort: the diagnostic goes as urgent octet, then the connection closes."""
        self._do(TmlCause.ABORT, now, bytes([diagnostic]))

    def disconnect(self, now: float) -> None:
        """End the connection as agreed: the initiator closes, the responder waits for that."""
        self._do(TmlCause.DISCONNECT, now)

    def on_urgent(self, octet: int, now: float) -> None:
        """Say that this octet came as urgent data (where the socket tells)."""
        self._do(TmlCause.URGENT, now, bytes([octet]))

    def on_eof(self, now: float) -> None:
        """Say that the peer ended TCP.

        A single stray octet before it is the urgent octet of an abort, received in line, unless a message may begin so.
        """
        stray = bytes(self._input) if len(self._input) == 1 and self._input[0] not in _KINDS else b""
        self._do(TmlCause.URGENT if stray and self.state is TmlState.OPEN else TmlCause.END, now, stray)

    def excuse(self, now: float) -> None:
        """Say that nothing was read from TCP on purpose: the peer may have sent heartbeats."""
        if self.state is TmlState.OPEN:
            self._has_received(now)

    def next_deadline(self) -> float | None:
        """Return when `on_timer` is due (seconds), or None."""
        return min(self._timers.values(), default=None)

    def on_timer(self, now: float) -> None:
        """Do what is due by now."""
        for cause in [cause for cause, at in self._timers.items() if at <= now]:
            if self._timers.pop(cause, None) is not None:
                self._do(cause, now)

    def take_output(self) -> list[Output]:
        """Return what is to be sent, in order, and forget it."""
        taken, self._output = self._output, []
        return taken

    def take_events(self) -> Iterator[TmlEvent]:
        """Yield what happened, in order, and forget it."""
        while self._events:
            yield self._events.popleft()

    @property
    def is_open(self) -> bool:
        """Whether PDUs can be sent."""
        return self.state is TmlState.OPEN

    def _do(self, cause: TmlCause, now: float, body: bytes = b"") -> None:
        TML_TABLE.get((self.state, cause), _PROTOCOL_ERROR if cause in _MESSAGES else _NOTHING)(self, now, body)

    def _messages(self) -> Iterator[tuple[TmlCause, bytes]]:
        start = 0
        while len(self._input) - start >= HEADER:
            kind, length = self._input[start], int.from_bytes(self._input[start + 4 : start + HEADER], "big")
            if not self._is_header(kind, self._input[start + 1 : start + 4], length):
                yield TmlCause.BAD_FORMAT, b""
                return
            end = start + HEADER + length
            if len(self._input) < end:
                break
            body = bytes(memoryview(self._input)[start + HEADER : end])
            start = end
            yield _KINDS[kind], body
        del self._input[:start]

    def _is_header(self, kind: int, reserved: bytearray, length: int) -> bool:
        if any(reserved):
            return False
        if kind == CONTEXT_TYPE:
            return length == CONTEXT_LENGTH
        return (kind == HEARTBEAT_TYPE and length == 0) or (kind == PDU_TYPE and 0 < length <= self.longest_message)

    # Actions of the table.

    def _connect(self, now: float, _: bytes) -> None:
        if not self.initiator:
            self.state = TmlState.STARTING
            self._timers[TmlCause.START_UP_TIMEOUT] = now + self.limits.start_up_s
            return
        heartbeat, factor = self.limits.heartbeat_s, self.limits.dead_factor
        context = CONTEXT_START + heartbeat.to_bytes(2, "big") + factor.to_bytes(2, "big")
        self._output.append(message(CONTEXT_TYPE, context))
        self._open(heartbeat, factor, now)

    def _accept(self, now: float, body: bytes) -> None:
        if body[:8] != CONTEXT_START:
            self._fail(PeerAbortDiagnostic.TML_BAD_FORMAT, now)
            return
        heartbeat, factor = int.from_bytes(body[8:10], "big"), int.from_bytes(body[10:12], "big")
        if self.limits.accepts(heartbeat, factor):
            self._open(heartbeat, factor, now)
        else:
            self._fail(PeerAbortDiagnostic.HEARTBEAT_PARAMETERS_NOT_ACCEPTABLE, now)

    def _open(self, heartbeat_s: int, dead_factor: int, now: float) -> None:
        self.state, self.heartbeat_s, self.dead_factor = TmlState.OPEN, heartbeat_s, dead_factor
        self._timers.pop(TmlCause.START_UP_TIMEOUT, None)
        self._has_sent(now)
        self._has_received(now)
        self._events.append(TmlOpened(heartbeat_s, dead_factor))

    def _receive(self, now: float, body: bytes) -> None:
        self._has_received(now)
        self._events.append(TmlPdu(body))

    def _alive(self, now: float, _: bytes) -> None:
        self._has_received(now)

    def _send(self, now: float, body: bytes) -> None:
        self._output.append(message(PDU_TYPE, body))
        self._has_sent(now)

    def _beat(self, now: float, _: bytes) -> None:
        self._output.append(message(HEARTBEAT_TYPE))
        self._has_sent(now)

    def _has_sent(self, now: float) -> None:
        if self.heartbeat_s:
            self._timers[TmlCause.SEND_TIMEOUT] = now + self.heartbeat_s

    def _has_received(self, now: float) -> None:
        if self.heartbeat_s:
            self._timers[TmlCause.RECEIVE_TIMEOUT] = now + self.heartbeat_s * self.dead_factor

    def _request_abort(self, now: float, body: bytes) -> None:
        self._output = [Urgent(body[0]), Close()]  # other data are discarded
        self._closing(now)

    def _aborted_by_peer(self, _: float, body: bytes) -> None:
        self._end(TmlAborted(body[0], by_peer=True), Close())

    def _disconnect(self, now: float, _: bytes) -> None:
        if self.initiator:
            self._end(TmlClosed(), Close())
        else:
            self._closing(now)

    def _closing(self, now: float) -> None:
        self.state = TmlState.CLOSING
        self._input.clear()
        self._timers.clear()
        self._timers[TmlCause.CLOSE_TIMEOUT] = now + self.limits.close_s

    def _fail(self, diagnostic: PeerAbortDiagnostic, now: float) -> None:
        self._events.append(TmlAborted(diagnostic, by_peer=False))
        self._request_abort(now, bytes([diagnostic]))

    def _end(self, event: TmlEvent, *output: Output) -> None:
        self.state = TmlState.CLOSED
        self._input.clear()
        self._timers.clear()
        self._output += output
        self._events.append(event)

    def _bad_format(self, now: float, _: bytes) -> None:
        self._fail(PeerAbortDiagnostic.TML_BAD_FORMAT, now)

    def _protocol_error(self, now: float, _: bytes) -> None:
        self._fail(PeerAbortDiagnostic.TML_PROTOCOL_ERROR, now)

    def _lost(self, _: float, __: bytes) -> None:
        self._end(TmlAborted(PeerAbortDiagnostic.UNEXPECTED_DISCONNECT, by_peer=False), Close())

    def _late(self, _: float, __: bytes) -> None:
        self._end(TmlAborted(PeerAbortDiagnostic.ASSOCIATION_ESTABLISHMENT_TIMEOUT, by_peer=False), Close(hard=True))

    def _silent(self, _: float, __: bytes) -> None:
        self._end(TmlAborted(PeerAbortDiagnostic.HEARTBEAT_RECEIVE_TIMEOUT, by_peer=False), Close(hard=True))

    def _closed(self, _: float, __: bytes) -> None:
        self._end(TmlClosed(), Close())

    def _force(self, _: float, __: bytes) -> None:
        self._end(TmlClosed(), Close(hard=True))

    def _nothing(self, _: float, __: bytes) -> None:
        """Do nothing: the connection is past caring."""


TmlAction = Callable[[Tml, float, bytes], None]
_PROTOCOL_ERROR: TmlAction = Tml._protocol_error
_NOTHING: TmlAction = Tml._nothing
_KINDS = {PDU_TYPE: TmlCause.PDU, CONTEXT_TYPE: TmlCause.CONTEXT, HEARTBEAT_TYPE: TmlCause.HEARTBEAT}
_MESSAGES = {TmlCause.PDU, TmlCause.CONTEXT, TmlCause.HEARTBEAT}  # a missing cell of these is the protocol error
TML_TABLE: dict[tuple[TmlState, TmlCause], TmlAction] = {
    (TmlState.CLOSED, TmlCause.CONNECTED): Tml._connect,
    (TmlState.STARTING, TmlCause.CONTEXT): Tml._accept,
    (TmlState.STARTING, TmlCause.BAD_FORMAT): Tml._bad_format,
    (TmlState.STARTING, TmlCause.URGENT): Tml._aborted_by_peer,
    (TmlState.STARTING, TmlCause.END): Tml._lost,
    (TmlState.STARTING, TmlCause.START_UP_TIMEOUT): Tml._late,
    (TmlState.STARTING, TmlCause.ABORT): Tml._request_abort,
    (TmlState.STARTING, TmlCause.DISCONNECT): Tml._closed,
    (TmlState.OPEN, TmlCause.PDU): Tml._receive,
    (TmlState.OPEN, TmlCause.HEARTBEAT): Tml._alive,
    (TmlState.OPEN, TmlCause.BAD_FORMAT): Tml._bad_format,
    (TmlState.OPEN, TmlCause.URGENT): Tml._aborted_by_peer,
    (TmlState.OPEN, TmlCause.END): Tml._lost,
    (TmlState.OPEN, TmlCause.SEND_TIMEOUT): Tml._beat,
    (TmlState.OPEN, TmlCause.RECEIVE_TIMEOUT): Tml._silent,
    (TmlState.OPEN, TmlCause.SEND): Tml._send,
    (TmlState.OPEN, TmlCause.ABORT): Tml._request_abort,
    (TmlState.OPEN, TmlCause.DISCONNECT): Tml._disconnect,
    (TmlState.CLOSING, TmlCause.END): Tml._closed,
    (TmlState.CLOSING, TmlCause.URGENT): Tml._closed,
    (TmlState.CLOSING, TmlCause.CLOSE_TIMEOUT): Tml._force,
}


def message(kind: int, body: bytes = b"") -> bytes:
    """Return one message: its type, its length and its body."""
    return bytes([kind, 0, 0, 0]) + len(body).to_bytes(4, "big") + body
