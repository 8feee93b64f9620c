"""Numbered terms of the forward CLTU service (CCSDS 912.1-B), with the standard's values."""

from enum import IntEnum


class CltuStatus(IntEnum):
    """What became of the CLTU that was processed last; 3 belongs to another forward service."""

    RADIATED = 0
    EXPIRED = 1
    INTERRUPTED = 2
    RADIATION_STARTED = 4
    RADIATION_NOT_STARTED = 5


class CltuProduction(IntEnum):
    """State of the production: CONFIGURED stores CLTUs but cannot radiate yet, INTERRUPTED cannot for now, HALTED for long."""

    OPERATIONAL = 0
    CONFIGURED = 1
    INTERRUPTED = 2
    HALTED = 3


class UplinkStatus(IntEnum):
    """What the station knows of the uplink, from the flags of the CLCWs."""

    NOT_AVAILABLE = 0
    NO_RF = 1
    NO_BIT_LOCK = 2
    NOMINAL = 3


class CltuNotice(IntEnum):
    """What a CLTU-ASYNC-NOTIFY tells."""

    RADIATED = 0
    EXPIRED = 1
    PRODUCTION_INTERRUPTED = 2
    PRODUCTION_HALTED = 3
    PRODUCTION_OPERATIONAL = 4
    BUFFER_EMPTY = 5
    ACTION_LIST_COMPLETED = 6
    ACTION_LIST_NOT_COMPLETED = 7
    EVENT_CONDITION_FALSE = 8


class RadiationNotification(IntEnum):
    """Whether the user wants to be told when a CLTU has been radiated."""

    PRODUCE = 0
    DO_NOT_PRODUCE = 1


class CltuStartDiagnostic(IntEnum):
    """Why a CLTU-START is refused."""

    OUT_OF_SERVICE = 0
    UNABLE_TO_COMPLY = 1
    PRODUCTION_TIME_EXPIRED = 2
    INVALID_CLTU_ID = 3
    DUPLICATE_INVOKE_ID = 100
    OTHER_REASON = 127


class TransferDiagnostic(IntEnum):
    """Why a CLTU is refused."""

    UNABLE_TO_PROCESS = 0
    UNABLE_TO_STORE = 1
    OUT_OF_SEQUENCE = 2
    INCONSISTENT_TIME_RANGE = 3
    INVALID_TIME = 4
    LATE_SLDU = 5
    INVALID_DELAY_TIME = 6
    CLTU_ERROR = 7
    DUPLICATE_INVOKE_ID = 100
    OTHER_REASON = 127


class ThrowEventDiagnostic(IntEnum):
    """Why a CLTU-THROW-EVENT is refused."""

    OPERATION_NOT_SUPPORTED = 0
    EVENT_INVOCATION_ID_OUT_OF_SEQUENCE = 1
    NO_SUCH_EVENT = 2
    DUPLICATE_INVOKE_ID = 100
    OTHER_REASON = 127


class YesNo(IntEnum):
    """Yes or no, as parameters tell it."""

    YES = 0
    NO = 1


class NotificationMode(IntEnum):
    """When an interruption of the production is told: with the first CLTU that it keeps from being radiated, or at once."""

    DEFERRED = 0
    IMMEDIATE = 1


class ProtocolAbortMode(IntEnum):
    """What happens to CLTUs in the buffer when the association is lost: they are discarded, or radiated all the same."""

    ABORT = 0
    CONTINUE = 1


class Plop(IntEnum):
    """Physical layer operations procedure in effect."""

    PLOP_1 = 0
    PLOP_2 = 1
