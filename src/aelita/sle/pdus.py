"""Protocol data units of all services, and of the return services RAF, RCF and ROCF (CCSDS 911.1-B, 911.2-B, 911.5-B), as values.

One class serves all services and versions; what differs on the wire is in the codec's tables. Times are TAI nanoseconds. A
time that goes by the CCSDS picosecond format has a companion `..._ps`, its picoseconds below the nanosecond (0 to 999); None
means the microsecond format, into which a time is cut. A return whose `diagnostic` is None is positive.
"""

from dataclasses import dataclass
from typing import TypeAlias

from .cltu_pdus import (
    AsyncNotify,
    CltuStart,
    CltuStartReturn,
    CltuStatusReport,
    CltuTransferData,
    CltuTransferDataReturn,
    ThrowEvent,
    ThrowEventReturn,
)
from .signed import Credentials as Credentials
from .terms import (
    BindDiagnostic,
    ControlWordType,
    DeliveredQuality,
    Diagnostic,
    FrameQuality,
    GetParameterDiagnostic,
    LockStatus,
    ParameterName,
    PeerAbortDiagnostic,
    ProductionStatus,
    ReportRequest,
    ScheduleDiagnostic,
    ServiceType,
    StartDiagnostic,
    UnbindReason,
    Undefined,
    UpdateMode,
)


@dataclass(frozen=True, slots=True)
class Gvcid:
    """A virtual channel of a spacecraft, or its master channel when `channel` is None; `version` is the frame version number."""

    spacecraft: int
    version: int
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class GvcidSet:
    """Virtual channels of a spacecraft that may be asked for, or its master channel when `channels` is None."""

    spacecraft: int
    version: int
    channels: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class OcfSelection:
    """What a ROCF user asks for; `tc_vcid` narrows CLCWs to those of one telecommand channel (None: of any, or no CLCWs)."""

    channel: Gvcid
    control_words: ControlWordType = ControlWordType.ALL_CONTROL_WORDS
    tc_vcid: int | None = None
    update_mode: UpdateMode = UpdateMode.CONTINUOUS


@dataclass(frozen=True, slots=True)
class Bind:
    """BIND invocation; `service_instance` is the text `sagr=1.spack=2.rsl-fg=3.raf=onlt1`, `service_type` may be unknown."""

    initiator: str
    responder_port: str
    service_type: ServiceType | int
    version: int
    service_instance: str
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class BindReturn:
    """BIND return: the accepted version, or why not."""

    responder: str
    result: "BindAccepted | BindDiagnostic | int"
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class BindAccepted:
    """Positive result of a BIND."""

    version: int


@dataclass(frozen=True, slots=True)
class Unbind:
    """UNBIND invocation."""

    reason: UnbindReason | int
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class UnbindReturn:
    """UNBIND return, always positive."""

    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class PeerAbort:
    """PEER-ABORT with a diagnostic of 0 to 255."""

    diagnostic: PeerAbortDiagnostic | int


Request: TypeAlias = FrameQuality | Gvcid | OcfSelection


@dataclass(frozen=True, slots=True)
class Start:
    """START invocation: Earth-received time from `start` to `stop` (None: undefined) and what RAF, RCF or ROCF shall select."""

    invoke_id: int
    start: int | None
    stop: int | None
    request: Request
    credentials: Credentials | None = None
    start_ps: int | None = None
    stop_ps: int | None = None


@dataclass(frozen=True, slots=True)
class StartReturn:
    """START return."""

    invoke_id: int
    diagnostic: StartDiagnostic | int | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """STOP invocation."""

    invoke_id: int
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class StopReturn:
    """STOP return (an `Acknowledgement`)."""

    invoke_id: int
    diagnostic: Diagnostic | int | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class ScheduleStatusReport:
    """SCHEDULE-STATUS-REPORT invocation; `cycle_s` belongs to PERIODICALLY."""

    invoke_id: int
    request: ReportRequest
    cycle_s: int | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class ScheduleStatusReportReturn:
    """SCHEDULE-STATUS-REPORT return."""

    invoke_id: int
    diagnostic: ScheduleDiagnostic | int | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class GetParameter:
    """GET-PARAMETER invocation; a number without a name stays a number, to be refused as unknown."""

    invoke_id: int
    parameter: ParameterName | int
    credentials: Credentials | None = None


Value: TypeAlias = (
    int | Gvcid | tuple[FrameQuality, ...] | tuple[ControlWordType, ...] | tuple[UpdateMode, ...] | tuple[GvcidSet, ...]
    | tuple[int, ...] | str | Undefined | None
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter and its value.

    Seconds and counts are int, modes their enums, sets tuples. None means: latency limit of an offline instance, reports off,
    no restriction to a telecommand channel (requested or permitted TC VCID), no channel of CLCWs configured. UNDEFINED is a
    requested GVCID or TC VCID before START.
    """

    name: ParameterName
    value: Value


@dataclass(frozen=True, slots=True)
class GetParameterReturn:
    """GET-PARAMETER return: the parameter, or why not."""

    invoke_id: int
    result: Parameter | GetParameterDiagnostic | int
    credentials: Credentials | None = None


Antenna: TypeAlias = bytes | tuple[int, ...]
"""Local form (1 to 16 octets) or global form (an object identifier) of an antenna's name."""


@dataclass(frozen=True, slots=True)
class AnnotatedFrame:
    """A transfer frame with its annotations.

    `received_at` is the Earth-received time. `continuity` is -1 for the first frame after START, 0 for a direct successor, else
    the least number of frames missing before it. `quality` is None in RCF, which delivers good frames only.
    """

    received_at: int
    antenna: Antenna
    continuity: int
    data: bytes
    quality: DeliveredQuality | None = None
    annotation: bytes | None = None
    credentials: Credentials | None = None
    received_at_ps: int | None = None


@dataclass(frozen=True, slots=True)
class AnnotatedOcf:
    """An operational control field (4 octets) with its annotations, as in `AnnotatedFrame`."""

    received_at: int
    antenna: Antenna
    continuity: int
    data: bytes
    annotation: bytes | None = None
    credentials: Credentials | None = None
    received_at_ps: int | None = None


@dataclass(frozen=True, slots=True)
class LossOfFrameSync:
    """Frame synchronization was lost at `at`."""

    at: int
    carrier: LockStatus
    subcarrier: LockStatus
    symbol_sync: LockStatus
    at_ps: int | None = None


@dataclass(frozen=True, slots=True)
class ProductionStatusChange:
    """The production has another status."""

    status: ProductionStatus


@dataclass(frozen=True, slots=True)
class ExcessiveBacklog:
    """Frames were discarded because the user took them too slowly."""


@dataclass(frozen=True, slots=True)
class EndOfData:
    """Everything asked for has been delivered."""


Notification: TypeAlias = LossOfFrameSync | ProductionStatusChange | ExcessiveBacklog | EndOfData


@dataclass(frozen=True, slots=True)
class SyncNotification:
    """SYNC-NOTIFY invocation, an element of a transfer buffer."""

    notification: Notification
    credentials: Credentials | None = None


Element: TypeAlias = AnnotatedFrame | AnnotatedOcf | SyncNotification


@dataclass(frozen=True, slots=True)
class TransferBuffer:
    """TRANSFER-BUFFER: frames (or OCFs) and notifications in order; it has no credentials, its elements have."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class RafStatusReport:
    """STATUS-REPORT of RAF: counts since BIND, and the receiving equipment."""

    error_free_frames: int
    delivered_frames: int
    frame_sync: LockStatus
    symbol_sync: LockStatus
    subcarrier: LockStatus
    carrier: LockStatus
    production: ProductionStatus
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class RcfStatusReport:
    """STATUS-REPORT of RCF."""

    delivered_frames: int
    frame_sync: LockStatus
    symbol_sync: LockStatus
    subcarrier: LockStatus
    carrier: LockStatus
    production: ProductionStatus
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class RocfStatusReport:
    """STATUS-REPORT of ROCF: frames looked at, and OCFs delivered."""

    processed_frames: int
    delivered_ocfs: int
    frame_sync: LockStatus
    symbol_sync: LockStatus
    subcarrier: LockStatus
    carrier: LockStatus
    production: ProductionStatus
    credentials: Credentials | None = None


StatusReport: TypeAlias = RafStatusReport | RcfStatusReport | RocfStatusReport
ConfirmedInvocation: TypeAlias = (  # those with an invoke id
    Start | Stop | ScheduleStatusReport | GetParameter | CltuStart | CltuTransferData | ThrowEvent
)
ConfirmedReturn: TypeAlias = (
    StartReturn | StopReturn | ScheduleStatusReportReturn | GetParameterReturn | CltuStartReturn | CltuTransferDataReturn
    | ThrowEventReturn
)  # fmt: skip
UserPdu: TypeAlias = Bind | Unbind | PeerAbort | ConfirmedInvocation
ProviderPdu: TypeAlias = (
    BindReturn | UnbindReturn | PeerAbort | ConfirmedReturn | TransferBuffer | StatusReport | AsyncNotify | CltuStatusReport
)
Pdu: TypeAlias = UserPdu | ProviderPdu
