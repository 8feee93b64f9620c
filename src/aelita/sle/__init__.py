"""Space link extension: RAF, RCF, ROCF and forward CLTU as user and provider, on ISP1."""
# isort: skip_file
# fmt: off

from .cltu_events import (
    CltuAccepted, CltuBegun, CltuExpired, CltuInterrupted, CltuNotRadiated, CltuRadiated, CltuRefused, CltusDiscarded,
    CltuStarted, CltuStartRefused, CltuTaken, CltuUnknown, CltuUserEvent, EventThrown, ThrowAccepted, ThrowRefused,
)
from .cltu_instance import CltuInstance
from .cltu_pdus import AsyncNotify, CltuStatusReport
from .cltu_settings import CltuSettings, Plop as SlePlop
from .cltu_terms import CltuNotice, CltuProduction, NotificationMode, ProtocolAbortMode, TransferDiagnostic, UplinkStatus
from .cltu_user import CltuUser, CltuUserSettings
from .codec import decode, encode, known_parameters, supports
from .credentials import HashAlgorithm, Refusal, ReplayMemory, make as make_credentials, verify as verify_credentials
from .events import (
    Aborted, BindRefused, Bound, DataWanted, ParameterRead, ParameterRefused, ProviderEvent, ReportRefused, ReportScheduled,
    Started, StartRefused, Stopped, StopRefused, Unbound, UserEvent,
)
from .identifiers import attributes_of, text_of
from .instances import Directory, Ending, InstanceSettings, Lock, ProviderSettings, ServiceInstance
from .now import Now
from .pdus import (
    AnnotatedFrame, AnnotatedOcf, Antenna, Bind, BindAccepted, BindReturn, Credentials, Element, EndOfData, ExcessiveBacklog,
    GetParameter, GetParameterReturn, Gvcid, GvcidSet, LossOfFrameSync, OcfSelection, Parameter, Pdu, PeerAbort,
    ProductionStatusChange, RafStatusReport, RcfStatusReport, Request, RocfStatusReport, ScheduleStatusReport,
    ScheduleStatusReportReturn, Start, StartReturn, StatusReport, Stop, StopReturn, SyncNotification, TransferBuffer, Unbind,
    UnbindReturn, Value,
)
from .provider import PROVIDER_TABLE, Provider, ProviderState
from .security import AuthenticationLevel, Guard, Security
from .selection import StationFrame
from .terms import (
    BindDiagnostic, ControlWordType, DeliveredQuality, DeliveryMode, Diagnostic, FrameQuality, GetParameterDiagnostic,
    LockStatus, ParameterName, PeerAbortDiagnostic, ProductionStatus, ReportRequest, ScheduleDiagnostic, ServiceType,
    StartDiagnostic, UNDEFINED, UnbindReason, UpdateMode,
)
from .tml import TML_TABLE, Close, TmlLimits, Urgent
from .user import USER_TABLE, User, UserSettings, UserState

__all__ = [
    "PROVIDER_TABLE", "TML_TABLE", "UNDEFINED", "USER_TABLE", "Aborted", "AnnotatedFrame", "AnnotatedOcf", "Antenna",
    "AsyncNotify", "AuthenticationLevel", "Bind", "BindAccepted", "BindDiagnostic", "BindRefused", "BindReturn", "Bound", "Close",
    "CltuAccepted", "CltuBegun", "CltuExpired", "CltuInstance", "CltuInterrupted", "CltuNotRadiated", "CltuNotice",
    "CltuProduction", "CltuRadiated", "CltuRefused", "CltuSettings", "CltuStartRefused", "CltuStarted", "CltuStatusReport",
    "CltuTaken", "CltuUnknown", "CltuUser", "CltuUserEvent", "CltuUserSettings", "CltusDiscarded", "ControlWordType",
    "Credentials", "DataWanted", "DeliveredQuality", "DeliveryMode", "Diagnostic", "Directory", "Element", "EndOfData", "Ending",
    "EventThrown", "ExcessiveBacklog", "FrameQuality", "GetParameter", "GetParameterDiagnostic", "GetParameterReturn", "Guard",
    "Gvcid", "GvcidSet", "HashAlgorithm", "InstanceSettings", "Lock", "LockStatus", "LossOfFrameSync", "NotificationMode", "Now",
    "OcfSelection", "Parameter", "ParameterName", "ParameterRead", "ParameterRefused", "Pdu", "PeerAbort", "PeerAbortDiagnostic",
    "ProductionStatus", "ProductionStatusChange", "ProtocolAbortMode", "Provider", "ProviderEvent", "ProviderSettings",
    "ProviderState", "RafStatusReport", "RcfStatusReport", "Refusal", "ReplayMemory", "ReportRefused", "ReportRequest",
    "ReportScheduled", "Request", "RocfStatusReport", "ScheduleDiagnostic", "ScheduleStatusReport", "ScheduleStatusReportReturn",
    "Security", "ServiceInstance", "ServiceType", "SlePlop", "Start", "StartDiagnostic", "StartRefused", "StartReturn", "Started",
    "StationFrame", "StatusReport", "Stop", "StopRefused", "StopReturn", "Stopped", "SyncNotification", "ThrowAccepted",
    "ThrowRefused", "TmlLimits", "TransferBuffer", "TransferDiagnostic", "Unbind", "UnbindReason", "UnbindReturn", "Unbound",
    "UpdateMode", "UplinkStatus", "Urgent", "User", "UserEvent", "UserSettings", "UserState", "Value", "attributes_of", "decode",
    "encode", "known_parameters", "make_credentials", "supports", "text_of", "verify_credentials",
]
