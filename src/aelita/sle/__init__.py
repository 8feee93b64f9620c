"""Space link extension: RAF, RCF and ROCF as user and provider, on ISP1."""
# isort: skip_file
# fmt: off

from .codec import decode, encode, known_parameters, supports
from .credentials import HashAlgorithm, Refusal, ReplayMemory
from .credentials import make as make_credentials
from .credentials import verify as verify_credentials
from .events import (
    Aborted, BindRefused, Bound, DataWanted, ParameterRead, ParameterRefused, ProviderEvent, ReportRefused, ReportScheduled,
    Started, StartRefused, Stopped, StopRefused, Unbound, UserEvent,
)
from .identifiers import attributes_of, text_of
from .instances import Directory, Ending, InstanceSettings, Lock, ProviderSettings, ServiceInstance
from .now import Now
from .pdus import (
    AnnotatedFrame, AnnotatedOcf, Antenna, Bind, BindAccepted, BindReturn, ConfirmedInvocation, ConfirmedReturn, Credentials,
    Element, EndOfData, ExcessiveBacklog, GetParameter, GetParameterReturn, Gvcid, GvcidSet, LossOfFrameSync, Notification,
    OcfSelection, Parameter, Pdu, PeerAbort, ProductionStatusChange, ProviderPdu, RafStatusReport, RcfStatusReport, Request,
    RocfStatusReport, ScheduleStatusReport, ScheduleStatusReportReturn, Start, StartReturn, StatusReport, Stop, StopReturn,
    SyncNotification, TransferBuffer, Unbind, UnbindReturn, UserPdu, Value,
)
from .provider import PROVIDER_TABLE, Provider, ProviderState
from .security import AuthenticationLevel, Guard, Security
from .selection import StationFrame
from .terms import (
    BindDiagnostic, ControlWordType, DeliveredQuality, DeliveryMode, Diagnostic, FrameQuality, GetParameterDiagnostic,
    LockStatus, ParameterName, PeerAbortDiagnostic, ProductionStatus, ReportRequest, ScheduleDiagnostic, ServiceType,
    StartDiagnostic, UNDEFINED, UnbindReason, Undefined, UpdateMode,
)
from .tml import TML_TABLE, Close, TmlLimits, Urgent
from .user import USER_TABLE, User, UserSettings, UserState

__all__ = [
    "PROVIDER_TABLE", "TML_TABLE", "UNDEFINED", "USER_TABLE", "Aborted", "AnnotatedFrame", "AnnotatedOcf", "Antenna",
    "AuthenticationLevel", "Bind", "BindAccepted", "BindDiagnostic", "BindRefused", "BindReturn", "Bound", "Close",
    "ConfirmedInvocation", "ConfirmedReturn", "ControlWordType", "Credentials", "DataWanted", "DeliveredQuality",
    "DeliveryMode", "Diagnostic", "Directory", "Element", "EndOfData", "Ending", "ExcessiveBacklog", "FrameQuality",
    "GetParameter", "GetParameterDiagnostic", "GetParameterReturn", "Guard", "Gvcid", "GvcidSet", "HashAlgorithm",
    "InstanceSettings", "Lock", "LockStatus", "LossOfFrameSync", "Notification", "Now", "OcfSelection", "Parameter",
    "ParameterName", "ParameterRead", "ParameterRefused", "Pdu", "PeerAbort", "PeerAbortDiagnostic", "ProductionStatus",
    "ProductionStatusChange", "Provider", "ProviderEvent", "ProviderPdu", "ProviderSettings", "ProviderState",
    "RafStatusReport", "RcfStatusReport", "Refusal", "ReplayMemory", "ReportRefused", "ReportRequest", "ReportScheduled",
    "Request", "RocfStatusReport", "ScheduleDiagnostic", "ScheduleStatusReport", "ScheduleStatusReportReturn", "Security",
    "ServiceInstance", "ServiceType", "Start", "StartDiagnostic", "StartRefused", "StartReturn", "Started", "StationFrame",
    "StatusReport", "Stop", "StopRefused", "StopReturn", "Stopped", "SyncNotification", "TmlLimits", "TransferBuffer", "Unbind",
    "UnbindReason", "UnbindReturn", "Unbound", "Undefined", "UpdateMode", "Urgent", "User", "UserEvent", "UserPdu",
    "UserSettings", "UserState", "Value", "attributes_of", "decode", "encode", "known_parameters", "make_credentials", "supports",
    "text_of", "verify_credentials",
]
