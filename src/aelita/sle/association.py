"""What users and providers share: PDUs over one ISP1 connection, credentials, aborts and the table of what is legal when."""

import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Generic, TypeVar

from ..errors import DataError
from .codec import decode, encode
from .credentials import Refusal
from .events import Aborted
from .now import Now
from .pdus import Element, Pdu, PeerAbort, TransferBuffer
from .security import Guard
from .terms import PeerAbortDiagnostic, ServiceType
from .tml import Output, Tml, TmlAborted, TmlClosed, TmlOpened, TmlPdu

Event = TypeVar("Event")
LATER = {kind | tag for kind in (0x80, 0xA0) for tag in range(14)}  # first octets of PDUs that are legal after BIND only


class Association(ABC, Generic[Event]):
    """One association over one TCP connection. Feed it octets, times and the end; take octets and events from it."""

    def __init__(self, tml: Tml, guard: Guard | None, service: ServiceType | None, version: int) -> None:
        self.tml = tml
        self.service, self.version = service, version
        self._guard = guard
        self._events: deque[Event | Aborted] = deque()
        self._is_over = False

    def connected(self, now: Now) -> None:
        """Say that TCP is connected."""
        self.tml.connected(now.s)
        self._drain(now)

    def feed(self, octets: bytes, now: Now) -> None:
        """Take octets as they came from TCP, in pieces of any size."""
        self.tml.feed(octets, now.s)
        self._drain(now)

    def on_eof(self, now: Now) -> None:
        """Say that the peer ended TCP."""
        self.tml.on_eof(now.s)
        self._drain(now)

    def on_urgent(self, octet: int, now: Now) -> None:
        """Say that this octet came as urgent data."""
        self.tml.on_urgent(octet, now.s)
        self._drain(now)

    def on_timer(self, now: Now) -> None:
        """Do what is due by now."""
        self.tml.on_timer(now.s)
        self._drain(now)
        if not self._is_over:
            self._on_timer(now)

    def next_deadline(self) -> float | None:
        """Return when `on_timer` is due (seconds of the monotonic clock), or None."""
        due = [self.tml.next_deadline(), *([] if self._is_over else self._deadlines())]
        return min((at for at in due if at is not None), default=None)

    def take_output(self) -> list[Output]:
        """Return what is to be sent, in order, and forget it."""
        return self.tml.take_output()

    def take_events(self) -> Iterator[Event | Aborted]:
        """Yield what happened, in order, and forget it."""
        while self._events:
            yield self._events.popleft()

    def abort(self, diagnostic: PeerAbortDiagnostic | int, now: Now, why: str = "") -> None:
        """Abort the association: the peer gets the diagnostic, everything not yet sent is dropped."""
        if not self._is_over:
            self.tml.abort(int(diagnostic), now.s)
            self._over(Aborted(diagnostic, by_peer=False, why=why))

    @property
    def is_over(self) -> bool:
        """Whether the association has ended, one way or the other."""
        return self._is_over

    def _drain(self, now: Now) -> None:
        for event in self.tml.take_events():
            if self._is_over:
                continue
            if isinstance(event, TmlPdu):
                self._receive(event.octets, now)
            elif isinstance(event, TmlAborted):
                self._over(Aborted(known_abort(event.diagnostic), event.by_peer))
            elif isinstance(event, TmlOpened):
                self._on_open(now)
            elif isinstance(event, TmlClosed):
                self._over(None)

    def _receive(self, octets: bytes, now: Now) -> None:
        try:
            pdu = decode(octets, self.service, self.version)
        except DataError as error:
            is_early = self.service is None and octets[0] in LATER
            self.abort(PeerAbortDiagnostic.PROTOCOL_ERROR if is_early else PeerAbortDiagnostic.ENCODING_ERROR, now, str(error))
            return
        if isinstance(pdu, PeerAbort):
            self._over(Aborted(known_abort(pdu.diagnostic), by_peer=True))
            self.tml.on_urgent(int(pdu.diagnostic), now.s)
            return
        self._on_pdu(pdu, now)

    def _send(self, pdu: Any, now: Now) -> None:
        self.tml.send(encode(self._sealed(pdu, now), self.service, self.version), now.s)

    def _sealed(self, pdu: Any, now: Now) -> Pdu:
        """Return a PDU with the credentials that the level of authentication asks for."""
        if self._guard is None or not self._guard.covers(pdu):
            return pdu
        if isinstance(pdu, TransferBuffer):
            return TransferBuffer(tuple(self._sealed_element(element, now) for element in pdu.elements))
        return replace(pdu, credentials=self._guard.make(now.tai_ns))

    def _sealed_element(self, element: Element, now: Now) -> Element:
        assert self._guard is not None
        return replace(element, credentials=self._guard.make(now.tai_ns))

    def _distrust(self, pdu: Pdu, now: Now) -> Refusal | None:
        """Return why the credentials of a PDU are not believed, or None."""
        if self._guard is None or not self._guard.covers(pdu) or isinstance(pdu, PeerAbort):
            return None
        if isinstance(pdu, TransferBuffer):
            reasons = (self._guard.check(element.credentials, now.tai_ns, once=False) for element in pdu.elements)
            return next((reason for reason in reasons if reason), None)
        return self._guard.check(pdu.credentials, now.tai_ns, once=True)

    def _over(self, event: Any) -> None:
        """End: tell the owner once, and let nothing more be sent or received."""
        if self._is_over:
            return
        self._is_over = True
        if event is not None:
            self._events.append(event)
        self._on_over()

    def _on_open(self, now: Now) -> None:
        """Learn that PDUs can be sent."""

    @abstractmethod
    def _on_pdu(self, pdu: Pdu, now: Now) -> None: ...

    @abstractmethod
    def _on_timer(self, now: Now) -> None: ...

    @abstractmethod
    def _deadlines(self) -> list[float | None]: ...

    @abstractmethod
    def _on_over(self) -> None: ...


def known_abort(diagnostic: int) -> PeerAbortDiagnostic | int:
    """Return the diagnostic by name where it has one."""
    try:
        return PeerAbortDiagnostic(diagnostic)
    except ValueError:
        return diagnostic


Table = dict[tuple[Any, Any], Callable[..., Any]]


def table_as_markdown(table: Table, states: Iterable[Any], missing: Callable[[Any, Any], str]) -> str:
    """Return a state table as the documentation shows it: a row for each cause, a column for each state.

    `missing` tells what a missing cell of a state and a cause means.
    """
    states = list(states)
    rows = [["event", *(state.value for state in states)], ["---"] * (len(states) + 1)]
    for cause in dict.fromkeys(cause for _, cause in table):
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cause.__name__) if isinstance(cause, type) else cause.value
        cells = [table.get((state, cause)) for state in states]
        words = [cell.__name__.strip("_").replace("_", " ") if cell else "" for cell in cells]
        rows.append([name, *(word or missing(state, cause) for word, state in zip(words, states, strict=True))])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
