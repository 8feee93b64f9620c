"""An SLE provider on the network: listens, hosts the service instances of a directory, and carries what a station gives them."""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...sle import (
    Bound,
    CltuAccepted,
    CltuInstance,
    CltuNotice,
    CltuProduction,
    Directory,
    Lock,
    PeerAbortDiagnostic,
    ProductionStatus,
    Provider,
    ProviderEvent,
    ServiceInstance,
    StationFrame,
    UplinkStatus,
)
from .clock import MissionClock
from .sle_socket import SleSocket, now_of

log = logging.getLogger(__name__)
MOST_CONNECTIONS = 64
PAUSE_S = 0.2
OnEvent = Callable[[ServiceInstance | None, ProviderEvent], None]
"""Takes what a provider reports, with the service instance that it has bound (None: none was)."""
OnForward = Callable[[CltuInstance, Any], None]
"""Takes what happens in a forward CLTU instance: its association's events, and those of the instance itself."""


def random_number() -> int:
    """Return an unforeseeable number for credentials."""
    return secrets.randbelow(2**31)


class SleServer:
    """The provider of a directory. The station calls `frame`, `supply`, `lock` and `production`; `on_event` tells what users do.

    On `DataWanted` and `Started` of a complete online or offline instance, the station answers with `supply`, at once or later.
    `on_forward` tells what happens in forward CLTU instances, which the station radiates: see `CltuInstance`.
    `pause_s` paces the messages of each association, for clients that take one message for each read; `pauses` those of the
    associations of some initiators.
    """

    def __init__(
        self,
        directory: Directory,
        clock: MissionClock | None = None,
        on_event: OnEvent | None = None,
        *,
        on_forward: OnForward | None = None,
        pause_s: float = 0.0,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        self.directory = directory
        self.port = 0
        self._clock = clock or MissionClock()
        self._on_event = on_event or _ignore
        self._on_forward = on_forward or _ignore
        self._pause_s, self._most = pause_s, most_connections
        self.pauses: Mapping[str, float] = {}
        self._lines: dict[Provider, SleSocket] = {}
        self._listener: socket.socket | None = None
        self._pause: asyncio.TimerHandle | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen, and return the port (0: a free one is taken). Raises OSError."""
        self._listener = socket.create_server((host, port), backlog=16)
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._listen()
        return self.port

    async def close(self) -> None:
        """Abort all associations and listen no more."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        if self._pause is not None:
            self._pause.cancel()
        lines = list(self._lines.values())
        for line in lines:
            line.association.abort(PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT, line.now(), "the server is closed")
            line.pump()
        if lines:
            await asyncio.wait([line.closed for line in lines], timeout=1.0)
        for line in lines:
            line.kill()

    def frame(self, instance: ServiceInstance, frame: StationFrame) -> None:
        """Give a frame just heard to a timely online instance."""
        instance.frame(frame, now_of(self._clock))
        self._pump(instance)

    def supply(self, instance: ServiceInstance, frames: Iterable[StationFrame], *, end: bool = False) -> None:
        """Give stored frames, at most `instance.credits`, to a complete online or offline instance; `end`: there are no more."""
        instance.supply(frames, now_of(self._clock), end=end)
        self._pump(instance)

    def lock(self, instance: ServiceInstance, equipment: Lock) -> None:
        """Give the state of the receiving equipment."""
        instance.lock(equipment, now_of(self._clock))
        self._pump(instance)

    def production(self, instance: ServiceInstance, status: ProductionStatus) -> None:
        """Give the status of the production."""
        instance.production(status, now_of(self._clock))
        self._pump(instance)

    def radiation_started(self, instance: CltuInstance, cltu_id: int, at: int) -> CltuAccepted:
        """Say that the next CLTU's radiation begins at a time (TAI nanoseconds), before its first bit leaves, and return it.

        Raises UsageError when it may not be radiated: radiate nothing of it.
        """
        return instance.radiation_started(cltu_id, at, now_of(self._clock))

    def radiated(self, instance: CltuInstance, cltu_id: int, stopped: int) -> None:
        """Say that a CLTU's radiation ended at a time (TAI nanoseconds)."""
        instance.radiated(cltu_id, stopped, now_of(self._clock))
        self._pump(instance)

    def expired(self, instance: CltuInstance, cltu_id: int) -> None:
        """Say that the next CLTU cannot begin in time."""
        instance.expired(cltu_id, now_of(self._clock))
        self._pump(instance)

    def uplink(self, instance: CltuInstance, production: CltuProduction, uplink: UplinkStatus | None = None) -> None:
        """Give the status of the production of a forward CLTU instance, and that of the uplink where it is known."""
        instance.production(production, now_of(self._clock), uplink)
        self._pump(instance)

    def event_ended(self, instance: CltuInstance, event_invocation: int, how: CltuNotice) -> None:
        """Say how an event that the user threw has ended."""
        instance.event_ended(event_invocation, how, now_of(self._clock))
        self._pump(instance)

    def abort(self, instance: ServiceInstance | CltuInstance, diagnostic: PeerAbortDiagnostic, why: str) -> None:
        """End the association that has an instance bound, if one has."""
        if instance.bound is not None:
            instance.bound.abort(diagnostic, now_of(self._clock), why)
            self._pump_over()

    def withdraw(self, instance: ServiceInstance | CltuInstance) -> None:
        """Offer an instance no more; whoever has it bound is told that its provision period has ended."""
        self.directory.withdraw(instance.settings.identifier)
        if isinstance(instance, CltuInstance):
            instance.discard("the service instance is offered no more")
        self.abort(instance, PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD, "withdrawn")

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return len(self._lines)

    def _pump(self, instance: ServiceInstance | CltuInstance) -> None:
        if isinstance(instance.bound, Provider) and (line := self._lines.get(instance.bound)) is not None:
            line.pump()
        elif isinstance(instance, CltuInstance):
            for event in instance.take_events():
                self._on_forward(instance, event)

    def _pump_over(self) -> None:
        """Send the aborts of associations that another, or the station, has ended."""
        for line in [line for line in self._lines.values() if line.association.is_over]:
            line.pump()

    def _listen(self) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connected, peer = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:  # out of descriptors: the connection waits until some are free
            log.warning("cannot accept a connection: %s", error)
            loop = asyncio.get_running_loop()
            loop.remove_reader(listener)
            self._pause = loop.call_later(PAUSE_S, self._listen)
            return
        if len(self._lines) >= self._most:
            log.warning("connection of %s refused: %d stand already", peer[0], self._most)
            connected.close()
            return
        try:
            self._take(connected)
        except OSError as error:  # it is gone already
            log.info("connection lost: %s", error)
            connected.close()

    def _take(self, connected: socket.socket) -> None:
        provider = Provider(self.directory, random_number)
        line = SleSocket(connected, provider, self._clock, lambda: self._tell(provider), pause_s=self._pause_s)
        self._lines[provider] = line
        line.closed.add_done_callback(lambda _: self._lines.pop(provider, None))
        line.open()

    def _tell(self, provider: Provider) -> None:
        for event in provider.take_events():
            if isinstance(event, Bound):
                self._pump_over()  # it may have taken the instance over
                if event.peer in self.pauses and (line := self._lines.get(provider)) is not None:
                    line.pace(self.pauses[event.peer])
            if provider.forward is not None:
                self._on_forward(provider.forward, event)
            else:
                told: Any = event  # of a return service, or of a BIND that was refused
                self._on_event(provider.instance, told)


def _ignore(_: Any, __: Any) -> None:
    """Take no notice."""
