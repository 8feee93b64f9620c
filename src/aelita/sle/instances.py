"""Service instances that a provider offers, and their state that outlives an association."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import DefinitionError, UsageError
from .cltu_instance import CltuInstance
from .cltu_settings import CltuSettings
from .codec import check
from .credentials import ReplayMemory
from .identifiers import attributes_of
from .now import Now
from .pdus import (
    Bind,
    BindAccepted,
    BindReturn,
    GetParameterReturn,
    Gvcid,
    GvcidSet,
    LossOfFrameSync,
    Notification,
    OcfSelection,
    Parameter,
    ProductionStatusChange,
    Request,
)
from .provision import CYCLES as CYCLES
from .provision import Ending as Ending
from .security import Security
from .selection import StationFrame, is_permitted
from .terms import (
    BindDiagnostic,
    ControlWordType,
    DeliveryMode,
    FrameQuality,
    LockStatus,
    ParameterName,
    PeerAbortDiagnostic,
    ProductionStatus,
    ServiceType,
    StartDiagnostic,
    UpdateMode,
)
from .tml import TmlLimits

P = ParameterName
ONLINE = (DeliveryMode.RETURN_TIMELY_ONLINE, DeliveryMode.RETURN_COMPLETE_ONLINE)
LONGEST_INVOCATION = 1 << 16  # octets; users of return services send short messages only
MODES = {
    "onlt": DeliveryMode.RETURN_TIMELY_ONLINE,
    "onlc": DeliveryMode.RETURN_COMPLETE_ONLINE,
    "offl": DeliveryMode.RETURN_OFFLINE,
}
SERVICES = {"raf": ServiceType.RAF, "rcf": ServiceType.RCF, "rocf": ServiceType.ROCF}


@dataclass(frozen=True, slots=True)
class InstanceSettings:
    """What one service instance offers, to whom and when (TAI nanoseconds; None: open).

    `identifier` is the text `sagr=..raf=onlt1`; its last part tells service and delivery mode. An empty `initiators` means any
    known peer, an empty `responder_port` any port. Raises DefinitionError and UsageError for what the standard does not allow.
    """

    identifier: str
    initiators: frozenset[str] = frozenset()
    responder_port: str = ""
    begin: int | None = None
    end: int | None = None
    buffer_size: int = 10
    latency_s: int = 1
    return_timeout_s: int = 60
    min_reporting_cycle_s: int = 5
    qualities: tuple[FrameQuality, ...] = (
        FrameQuality.GOOD_FRAMES_ONLY,
        FrameQuality.ERRED_FRAMES_ONLY,
        FrameQuality.ALL_FRAMES,
    )
    channels: tuple[GvcidSet, ...] = ()
    control_words: tuple[ControlWordType, ...] = (
        ControlWordType.ALL_CONTROL_WORDS,
        ControlWordType.CLCW,
        ControlWordType.NOT_CLCW,
    )
    tc_vcids: tuple[int, ...] | None = None
    update_modes: tuple[UpdateMode, ...] = (UpdateMode.CONTINUOUS, UpdateMode.CHANGE_BASED)
    ending: Ending = Ending.FINAL

    def __post_init__(self) -> None:
        name, _, value = self.identifier.rpartition(".")[2].partition("=")
        if name not in SERVICES or value[:4] not in MODES:
            raise DefinitionError(
                f"service instance {self.identifier!r} tells no return service and delivery mode",
                remedy="Its last part is raf, rcf or rocf, then = and onlt, onlc or offl with a number, as in raf=onlt1",
            )
        if self.service is not ServiceType.RAF and not self.channels:
            raise DefinitionError(f"service instance {self.identifier!r} permits no channel", remedy="Give its channels")
        for key, number, most in (("buffer_size", self.buffer_size, 65535), ("latency_s", self.latency_s, 65535)):
            if not 1 <= number <= most:
                raise DefinitionError(f"{key} of {self.identifier!r} is {number}", remedy=f"Give 1 to {most}")
        if self.min_reporting_cycle_s not in CYCLES or not 1 <= self.return_timeout_s <= 600:
            raise DefinitionError(
                f"times of {self.identifier!r}: reporting cycle {self.min_reporting_cycle_s} s, return {self.return_timeout_s} s",
                remedy="A reporting cycle is 2 to 600 s, a return timeout 1 to 600 s",
            )

        self._check_identifier()
        for service, parameter in (
            (ServiceType.RAF, Parameter(P.PERMITTED_FRAME_QUALITY, self.qualities)),
            (ServiceType.ROCF, Parameter(P.PERMITTED_GVCID_SET, self.channels)),
            (ServiceType.ROCF, Parameter(P.PERMITTED_TC_VCID_SET, self.tc_vcids)),
            (ServiceType.ROCF, Parameter(P.PERMITTED_CONTROL_WORD_TYPE_SET, self.control_words)),
            (ServiceType.ROCF, Parameter(P.PERMITTED_UPDATE_MODE_SET, self.update_modes)),
        ):  # refused here, not when a user asks for it
            what = f"{ParameterName(parameter.name).name.lower()} of {self.identifier!r}"
            check(GetParameterReturn(0, parameter), service, 5, what)

    def _check_identifier(self) -> None:
        try:
            attributes_of(self.identifier)
        except UsageError as error:
            raise DefinitionError(error.what, remedy=error.remedy) from error
        if self.begin is not None and self.end is not None and self.begin >= self.end:
            raise DefinitionError(f"the provision period of {self.identifier!r} ends before it begins")

    @property
    def service(self) -> ServiceType:
        """RAF, RCF or ROCF."""
        return SERVICES[self.identifier.rpartition(".")[2].partition("=")[0]]

    @property
    def mode(self) -> DeliveryMode:
        """How it delivers."""
        return MODES[self.identifier.rpartition("=")[2][:4]]

    @property
    def is_online(self) -> bool:
        """Whether it delivers while it receives."""
        return self.mode in ONLINE

    def refusal(self, request: Request) -> StartDiagnostic | None:
        """Return why a START may not ask for this, or None."""
        if isinstance(request, FrameQuality):
            return None if request in self.qualities else StartDiagnostic.UNABLE_TO_COMPLY
        channel = request if isinstance(request, Gvcid) else request.channel
        if not is_permitted(channel, self.channels):
            return StartDiagnostic.INVALID_GVCID
        return self._refusal_of_words(request) if isinstance(request, OcfSelection) else None

    def _refusal_of_words(self, asked: OcfSelection) -> StartDiagnostic | None:
        if asked.control_words not in self.control_words:
            return StartDiagnostic.INVALID_CONTROL_WORD_TYPE
        if self.tc_vcids is not None and asked.tc_vcid is not None and asked.tc_vcid not in self.tc_vcids:
            return StartDiagnostic.INVALID_TC_VCID
        return None if asked.update_mode in self.update_modes else StartDiagnostic.INVALID_UPDATE_MODE


@dataclass(frozen=True, slots=True)
class Lock:
    """State of the receiving equipment."""

    frame_sync: LockStatus = LockStatus.UNKNOWN
    symbol_sync: LockStatus = LockStatus.UNKNOWN
    subcarrier: LockStatus = LockStatus.UNKNOWN
    carrier: LockStatus = LockStatus.UNKNOWN


class Association(Protocol):
    """What a service instance needs of the association that has it bound."""

    initiator: str

    def abort(self, diagnostic: PeerAbortDiagnostic, now: Now, why: str = "") -> None:
        """End it at once."""

    def frame(self, frame: StationFrame, now: Now) -> None:
        """Deliver a frame just heard."""

    def notify(self, notification: Notification, now: Now) -> None:
        """Deliver a notification."""

    def supply(self, frames: Iterable[StationFrame], now: Now, *, end: bool) -> None:
        """Deliver stored frames."""

    @property
    def credits(self) -> int:
        """How many stored frames it takes."""
        ...


@dataclass(slots=True)
class ServiceInstance:
    """A service instance: the production behind it, and the association that has it bound.

    The station drives it. What is heard while nobody has started delivery goes nowhere: complete and offline delivery are
    supplied from the station's store, when `DataWanted` asks for it.
    """

    settings: InstanceSettings
    status: ProductionStatus = ProductionStatus.HALTED
    equipment: Lock = field(default_factory=Lock)
    bound: Association | None = None
    is_finished: bool = False

    def __post_init__(self) -> None:
        if not self.settings.is_online:
            self.status = ProductionStatus.RUNNING  # what is stored can be read whatever the antenna does

    def frame(self, frame: StationFrame, now: Now) -> None:
        """Take a frame just heard (timely online)."""
        if self.bound is not None:
            self.bound.frame(frame, now)

    def supply(self, frames: Iterable[StationFrame], now: Now, *, end: bool = False) -> None:
        """Take frames of the store, at most as many as `credits`; `end`: there are no more (complete online and offline)."""
        if self.bound is not None:
            self.bound.supply(frames, now, end=end)

    @property
    def credits(self) -> int:
        """How many stored frames can be supplied now."""
        return 0 if self.bound is None else self.bound.credits

    def production(self, status: ProductionStatus, now: Now) -> None:
        """Take the status of the production, and tell a change; there is none from halted to interrupted."""
        if status is self.status or (self.status, status) == (ProductionStatus.HALTED, ProductionStatus.INTERRUPTED):
            return
        self.status = status
        self._tell(ProductionStatusChange(status), now)

    def lock(self, equipment: Lock, now: Now) -> None:
        """Take the state of the receiving equipment; its loss of frame synchronization is told to the user."""
        was_locked = self.equipment.frame_sync is LockStatus.IN_LOCK
        self.equipment = equipment
        if was_locked and equipment.frame_sync is not LockStatus.IN_LOCK:
            loss = LossOfFrameSync(now.mission_ns, equipment.carrier, equipment.subcarrier, equipment.symbol_sync)
            self._tell(loss, now)

    def _tell(self, notification: Notification, now: Now) -> None:
        if self.bound is not None and self.settings.is_online:
            self.bound.notify(notification, now)

    def is_in_period(self, now: int) -> bool:
        """Return whether a time (TAI nanoseconds) lies in the provision period."""
        begin, end = self.settings.begin, self.settings.end
        return not self.is_finished and (begin is None or begin <= now) and (end is None or now < end)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Who a provider is, whom it knows (by authority identifier), and what it speaks.

    `bind_within_s` bounds how long a connection may stand without BIND. With `take_over` a BIND of an instance that the same
    initiator has bound aborts that association and is accepted, where credentials prove who binds; else it is refused.
    """

    identifier: str
    peers: Mapping[str, Security]
    versions: frozenset[int] = frozenset({4, 5})
    limits: TmlLimits = field(default_factory=lambda: TmlLimits(longest_message=LONGEST_INVOCATION))
    bind_within_s: float = 30.0
    take_over: bool = False

    def __post_init__(self) -> None:
        if not self.versions <= {1, 2, 3, 4, 5} or not self.versions:
            raise DefinitionError(f"versions {sorted(self.versions)} of SLE services", remedy="Give some of 1 to 5")
        for name in (self.identifier, *self.peers):
            check(BindReturn(name, BindAccepted(5)), None, 5, f"authority {name!r} (3 to 16 visible characters, no spaces)")
        if not 0 < self.bind_within_s <= 3600:
            raise DefinitionError(f"BIND awaited for {self.bind_within_s} s", remedy="Give some seconds, at most 3600")


@dataclass(slots=True)
class Directory:
    """All service instances of a provider, by identifier, and the credentials that its users used of late.

    `instances` are those of the return services, `forward` those that take commands: an initiator of one of these proves itself
    by what this instance knows of it, and no other peer can bind it.
    """

    settings: ProviderSettings
    instances: dict[str, ServiceInstance] = field(default_factory=dict)
    forward: dict[str, CltuInstance] = field(default_factory=dict)
    memory: ReplayMemory = field(init=False)

    def __post_init__(self) -> None:
        windows = [peer.window_s for peer in self.settings.peers.values()]
        self.memory = ReplayMemory(max(windows, default=0.0))

    def offer(self, settings: InstanceSettings) -> ServiceInstance:
        """Add a service instance. Raises DefinitionError when its identifier is taken."""
        if settings.identifier in self.instances:
            raise DefinitionError(f"service instance {settings.identifier!r} is offered twice", remedy="Give each another number")
        self.instances[settings.identifier] = instance = ServiceInstance(settings)
        return instance

    def offer_cltu(self, settings: CltuSettings) -> CltuInstance:
        """Add a forward CLTU instance. Raises DefinitionError when its identifier is taken or a password is not its own."""
        if settings.identifier in self.forward:
            raise DefinitionError(f"service instance {settings.identifier!r} is offered twice", remedy="Give each another number")
        passwords = {peer.peer_password for peer in self.settings.peers.values()} - {b""}
        for name, security in settings.initiators.items():
            if security.peer_password in passwords:
                raise DefinitionError(
                    f"initiator {name!r} of {settings.identifier!r} has the password of a user of return services",
                    remedy="Give who may send commands a secret of its own",
                )
        self.forward[settings.identifier] = instance = CltuInstance(settings)
        return instance

    def withdraw(self, identifier: str) -> None:
        """Take a service instance away; whoever has it bound keeps it until the end of its period or association."""
        self.instances.pop(identifier, None)
        self.forward.pop(identifier, None)

    def named(self, identifier: str) -> ServiceInstance | CltuInstance | None:
        """Return the service instance of an identifier, None when there is none."""
        return self.forward.get(identifier) or self.instances.get(identifier)

    def trust(self, bind: Bind) -> tuple[Security, ReplayMemory] | None:
        """Return how the initiator of a BIND is to prove itself, None when nobody knows it."""
        forward = self.forward.get(bind.service_instance)
        if forward is not None and bind.initiator in forward.settings.initiators:
            return forward.settings.initiators[bind.initiator], forward.memory
        peer = self.settings.peers.get(bind.initiator)
        return None if peer is None else (peer, self.memory)

    def find(self, bind: Bind, now: int) -> ServiceInstance | CltuInstance | BindDiagnostic:
        """Return the instance that a BIND gets at a time (TAI nanoseconds), or why it gets none."""
        services = [*SERVICES.values(), *([ServiceType.FCLTU] if self.forward else [])]
        if bind.service_type not in services:
            return BindDiagnostic.SERVICE_TYPE_NOT_SUPPORTED
        if bind.version not in self.settings.versions:
            return BindDiagnostic.VERSION_NOT_SUPPORTED
        instance = self.named(bind.service_instance)
        if instance is None or instance.settings.responder_port not in ("", bind.responder_port):
            return BindDiagnostic.NO_SUCH_SERVICE_INSTANCE
        settings = instance.settings
        if settings.service is not bind.service_type:
            return BindDiagnostic.INCONSISTENT_SERVICE_TYPE
        if settings.initiators and bind.initiator not in settings.initiators:
            return BindDiagnostic.SI_NOT_ACCESSIBLE_TO_THIS_INITIATOR
        is_barred = isinstance(instance, CltuInstance) and bind.initiator in instance.barred
        if is_barred or not instance.is_in_period(now):
            return BindDiagnostic.INVALID_TIME
        return BindDiagnostic.ALREADY_BOUND if instance.bound is not None else instance
