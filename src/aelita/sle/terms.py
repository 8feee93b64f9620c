"""Numbered terms of all services and of the return services: modes, diagnostics, statuses, parameters; the standard's values."""

from enum import Enum, IntEnum


class ServiceType(IntEnum):
    """Application identifier of a service in BIND."""

    RAF = 0
    RETURN_INSERT = 1
    RCF = 2
    RCFSH = 3
    ROCF = 4
    RETURN_BITSTREAM = 5
    RETURN_SPACE_PACKET = 6
    FORWARD_AOS_SPACE_PACKET = 7
    FORWARD_AOS_VCA = 8
    FORWARD_BITSTREAM = 9
    FORWARD_PROTO_VCDU = 10
    FORWARD_INSERT = 11
    FORWARD_C_VCDU = 12
    FORWARD_TC_SPACE_PACKET = 13
    FORWARD_TC_VCA = 14
    FORWARD_TC_FRAME = 15
    FCLTU = 16


class DeliveryMode(IntEnum):
    """How a service instance delivers, as GET-PARAMETER tells it."""

    RETURN_TIMELY_ONLINE = 0
    RETURN_COMPLETE_ONLINE = 1
    RETURN_OFFLINE = 2
    FORWARD_ONLINE = 3
    FORWARD_OFFLINE = 4


class BindDiagnostic(IntEnum):
    """Why a BIND is refused."""

    ACCESS_DENIED = 0
    SERVICE_TYPE_NOT_SUPPORTED = 1
    VERSION_NOT_SUPPORTED = 2
    NO_SUCH_SERVICE_INSTANCE = 3
    ALREADY_BOUND = 4
    SI_NOT_ACCESSIBLE_TO_THIS_INITIATOR = 5
    INCONSISTENT_SERVICE_TYPE = 6
    INVALID_TIME = 7
    OUT_OF_SERVICE = 8
    OTHER_REASON = 127


class UnbindReason(IntEnum):
    """Why a user unbinds."""

    END = 0
    SUSPEND = 1
    VERSION_NOT_SUPPORTED = 2
    OTHER_REASON = 127


class PeerAbortDiagnostic(IntEnum):
    """Why an association is aborted; from 128 on by the technology below (ISP1)."""

    ACCESS_DENIED = 0
    UNEXPECTED_RESPONDER_ID = 1
    OPERATIONAL_REQUIREMENT = 2
    PROTOCOL_ERROR = 3
    COMMUNICATIONS_FAILURE = 4
    ENCODING_ERROR = 5
    RETURN_TIMEOUT = 6
    END_OF_SERVICE_PROVISION_PERIOD = 7
    UNSOLICITED_INVOKE_ID = 8
    OTHER_REASON = 127
    TML_PROTOCOL_ERROR = 128
    TML_BAD_FORMAT = 129
    HEARTBEAT_PARAMETERS_NOT_ACCEPTABLE = 130
    ASSOCIATION_ESTABLISHMENT_TIMEOUT = 131
    HEARTBEAT_RECEIVE_TIMEOUT = 132
    UNEXPECTED_DISCONNECT = 133
    PREMATURE_DISCONNECT = 134
    TML_OTHER_REASON = 199


class Diagnostic(IntEnum):
    """Why an operation is refused, common to all operations; the only reasons to refuse a STOP."""

    DUPLICATE_INVOKE_ID = 100
    OTHER_REASON = 127


class StartDiagnostic(IntEnum):
    """Why a START is refused. RAF ends at MISSING_TIME_VALUE, RCF at INVALID_GVCID."""

    OUT_OF_SERVICE = 0
    UNABLE_TO_COMPLY = 1
    INVALID_START_TIME = 2
    INVALID_STOP_TIME = 3
    MISSING_TIME_VALUE = 4
    INVALID_GVCID = 5
    INVALID_CONTROL_WORD_TYPE = 6
    INVALID_TC_VCID = 7
    INVALID_UPDATE_MODE = 8
    DUPLICATE_INVOKE_ID = 100
    OTHER_REASON = 127


class ScheduleDiagnostic(IntEnum):
    """Why a SCHEDULE-STATUS-REPORT is refused."""

    NOT_SUPPORTED_IN_THIS_DELIVERY_MODE = 0
    ALREADY_STOPPED = 1
    INVALID_REPORTING_CYCLE = 2
    DUPLICATE_INVOKE_ID = 100
    OTHER_REASON = 127


class GetParameterDiagnostic(IntEnum):
    """Why a GET-PARAMETER is refused."""

    UNKNOWN_PARAMETER = 0
    DUPLICATE_INVOKE_ID = 100
    OTHER_REASON = 127


class ReportRequest(IntEnum):
    """What a SCHEDULE-STATUS-REPORT asks for."""

    IMMEDIATELY = 0
    PERIODICALLY = 1
    STOP = 2


class FrameQuality(IntEnum):
    """Which frames a RAF user asks for; UNDEFINED only answers a GET-PARAMETER before START, up to version 4."""

    GOOD_FRAMES_ONLY = 0
    ERRED_FRAMES_ONLY = 1
    ALL_FRAMES = 2
    UNDEFINED = 3


class DeliveredQuality(IntEnum):
    """Quality of a frame that RAF delivers."""

    GOOD = 0
    ERRED = 1
    UNDETERMINED = 2


class LockStatus(IntEnum):
    """State of one stage of the receiving equipment; NOT_IN_USE only for the subcarrier."""

    IN_LOCK = 0
    OUT_OF_LOCK = 1
    NOT_IN_USE = 2
    UNKNOWN = 3


class ProductionStatus(IntEnum):
    """State of the production of a return service."""

    RUNNING = 0
    INTERRUPTED = 1
    HALTED = 2


class ControlWordType(IntEnum):
    """Which operational control fields a ROCF user asks for; UNDEFINED as in `FrameQuality`."""

    ALL_CONTROL_WORDS = 0
    CLCW = 1
    NOT_CLCW = 2
    UNDEFINED = 3


class UpdateMode(IntEnum):
    """When ROCF delivers a control word; UNDEFINED as in `FrameQuality`."""

    CONTINUOUS = 0
    CHANGE_BASED = 1
    UNDEFINED = 3


class ParameterName(IntEnum):
    """Parameters that GET-PARAMETER reads."""

    BIT_LOCK_REQUIRED = 3
    BUFFER_SIZE = 4
    DELIVERY_MODE = 6
    EXPECTED_EVENT_INVOCATION_ID = 9
    EXPECTED_SLDU_ID = 10
    LATENCY_LIMIT = 15
    MAXIMUM_SLDU_LENGTH = 21
    MODULATION_FREQUENCY = 22
    MODULATION_INDEX = 23
    PERMITTED_GVCID_SET = 24
    PLOP_IN_EFFECT = 25
    REPORTING_CYCLE = 26
    REQUESTED_FRAME_QUALITY = 27
    REQUESTED_GVCID = 28
    RETURN_TIMEOUT_PERIOD = 29
    RF_AVAILABLE_REQUIRED = 31
    SUBCARRIER_TO_BIT_RATE_RATIO = 34
    PERMITTED_CONTROL_WORD_TYPE_SET = 101
    PERMITTED_TC_VCID_SET = 102
    PERMITTED_UPDATE_MODE_SET = 103
    REQUESTED_CONTROL_WORD_TYPE = 104
    REQUESTED_TC_VCID = 105
    REQUESTED_UPDATE_MODE = 106
    ACQUISITION_SEQUENCE_LENGTH = 201
    CLCW_GLOBAL_VCID = 202
    CLCW_PHYSICAL_CHANNEL = 203
    MINIMUM_DELAY_TIME = 204
    NOTIFICATION_MODE = 205
    PLOP1_IDLE_SEQUENCE_LENGTH = 206
    PROTOCOL_ABORT_MODE = 207
    MIN_REPORTING_CYCLE = 301
    PERMITTED_FRAME_QUALITY = 302


class Undefined(Enum):
    """A requested parameter before the first START, up to version 4."""

    UNDEFINED = "undefined"


UNDEFINED = Undefined.UNDEFINED
