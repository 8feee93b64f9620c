"""Space link extension: RAF, RCF and ROCF as user and provider, on ISP1."""
# isort: skip_file
# fmt: off

from .codec import decode, encode, parameters, supports
from .credentials import HashAlgorithm, Refusal, ReplayMemory
from .credentials import make as make_credentials
from .credentials import verify as verify_credentials
from .identifiers import attributes_of, text_of
from .pdus import (
    AnnotatedFrame, AnnotatedOcf, Antenna, Bind, BindAccepted, BindReturn, ConfirmedInvocation, ConfirmedReturn, Credentials,
    Element, EndOfData, ExcessiveBacklog, GetParameter, GetParameterReturn, Gvcid, GvcidSet, LossOfFrameSync, Notification,
    OcfSelection, Parameter, Pdu, PeerAbort, ProductionStatusChange, ProviderPdu, RafStatusReport, RcfStatusReport, Request,
    RocfStatusReport, ScheduleStatusReport, ScheduleStatusReportReturn, Start, StartReturn, StatusReport, Stop, StopReturn,
    SyncNotification, TransferBuffer, Unbind, UnbindReturn, UserPdu, Value,
)
from .terms import (
    BindDiagnostic, ControlWordType, DeliveredQuality, DeliveryMode, Diagnostic, FrameQuality, GetParameterDiagnostic,
    LockStatus, ParameterName, PeerAbortDiagnostic, ProductionStatus, ReportRequest, ScheduleDiagnostic, ServiceType,
    StartDiagnostic, UNDEFINED, UnbindReason, Undefined, UpdateMode,
)

__all__ = [
    "AnnotatedFrame", "AnnotatedOcf", "Antenna", "Bind", "BindAccepted", "BindDiagnostic", "BindReturn", "ConfirmedInvocation",
    "ConfirmedReturn", "ControlWordType", "Credentials", "DeliveredQuality", "DeliveryMode", "Diagnostic", "Element",
    "EndOfData", "ExcessiveBacklog", "FrameQuality", "GetParameter", "GetParameterDiagnostic", "GetParameterReturn", "Gvcid",
    "GvcidSet", "HashAlgorithm", "LockStatus", "LossOfFrameSync", "Notification", "OcfSelection", "Parameter", "ParameterName",
    "Pdu", "PeerAbort", "PeerAbortDiagnostic", "ProductionStatus", "ProductionStatusChange", "ProviderPdu", "RafStatusReport",
    "RcfStatusReport", "Refusal", "ReplayMemory", "ReportRequest", "Request", "RocfStatusReport", "ScheduleDiagnostic",
    "ScheduleStatusReport", "ScheduleStatusReportReturn", "ServiceType", "Start", "StartDiagnostic", "StartReturn",
    "StatusReport", "Stop", "StopReturn", "SyncNotification", "TransferBuffer", "UNDEFINED", "Unbind", "UnbindReason",
    "UnbindReturn", "Undefined", "UpdateMode", "UserPdu", "Value", "attributes_of", "decode", "encode", "make_credentials",
    "parameters", "supports", "text_of", "verify_credentials",
]
