"""Grammar of the return services RAF, RCF and ROCF (CCSDS 911.1-B, 911.2-B, 911.5-B), one table per service and version.

Each parameter of GET-PARAMETER is a row with the versions that know it. Forms that only some implementations use are read in
every version where their tags tell them apart; the first alternative is the one written.
"""

from typing import Any, NamedTuple

from .grammar import (
    SET,
    Choice,
    Integer,
    Null,
    ObjectIdentifier,
    Octets,
    Paired,
    Selected,
    SequenceOf,
    Type,
    Wrapped,
    choice,
    members,
    sequence,
    tagged,
)
from .operations import (
    CONDITIONAL_TIME,
    CREDENTIALS,
    INVOKE_ID,
    POSITIVE_SHORT,
    SCHEDULE,
    SCHEDULE_RETURN,
    STOP,
    STOP_RETURN,
    TIME,
    UNSIGNED_LONG,
    VERSIONS,
    association,
    refusal,
    result,
)
from .pdus import (
    AnnotatedFrame,
    AnnotatedOcf,
    EndOfData,
    ExcessiveBacklog,
    GetParameter,
    GetParameterReturn,
    Gvcid,
    GvcidSet,
    LossOfFrameSync,
    OcfSelection,
    Parameter,
    ProductionStatusChange,
    RafStatusReport,
    RcfStatusReport,
    RocfStatusReport,
    Start,
    StartReturn,
    SyncNotification,
    TransferBuffer,
)
from .terms import (
    UNDEFINED,
    ControlWordType,
    DeliveredQuality,
    DeliveryMode,
    FrameQuality,
    GetParameterDiagnostic,
    LockStatus,
    ParameterName,
    ProductionStatus,
    ServiceType,
    StartDiagnostic,
    UpdateMode,
)


def named(names: type[Any], most: int) -> Integer:
    """Return an INTEGER of the members of an enum up to `most`."""
    return Integer(0, most, names, closed=True)


MOST_ELEMENTS = 65536  # a buffer size is at most 65535, and an excessive backlog may stand before
MOST_MASTER_CHANNELS = 1024 * 4

LOCK = named(LockStatus, 3)
PRODUCTION = named(ProductionStatus, 2)
QUALITY = named(FrameQuality, 2)
VCID = Integer(0, 63)
CHANNEL = (("spacecraft", Integer(0, 1023)), ("version", Integer(0, 3)))
GVCID = sequence(Gvcid, *CHANNEL, ("channel", choice((0, Null()), (1, VCID))))
TC_VCID = choice((0, Null()), (1, VCID))

OCF_SELECTION = members(
    OcfSelection,
    ("channel", GVCID),
    (
        "control_words tc_vcid",
        choice(
            (0, Null((ControlWordType.ALL_CONTROL_WORDS, None))),
            (1, Paired(ControlWordType.CLCW, TC_VCID)),
            (2, Null((ControlWordType.NOT_CLCW, None))),
        ),
    ),
    ("update_mode", named(UpdateMode, 1)),
)

# An element of a transfer buffer
ANTENNA = choice((0, ObjectIdentifier()), (1, Octets(1, 16)))
CONTINUITY = Integer(-1, 2**24 - 1)
ANNOTATION = choice((0, Null()), (1, Octets(1, 128)))
ANNOTATIONS = (("received_at received_at_ps", TIME), ("antenna", ANTENNA), ("continuity", CONTINUITY))
LAST_ANNOTATION = ("annotation", ANNOTATION)
FRAME = ("data", Octets(1, 65536))
RAF_FRAME = sequence(AnnotatedFrame, CREDENTIALS, *ANNOTATIONS, ("quality", named(DeliveredQuality, 2)), LAST_ANNOTATION, FRAME)
RCF_FRAME = sequence(AnnotatedFrame, CREDENTIALS, *ANNOTATIONS, LAST_ANNOTATION, FRAME)
ROCF_OCF = sequence(AnnotatedOcf, CREDENTIALS, *ANNOTATIONS, LAST_ANNOTATION, ("data", Octets(4, 4)))
LOSS = sequence(LossOfFrameSync, ("at at_ps", TIME), ("carrier", LOCK), ("subcarrier", LOCK), ("symbol_sync", LOCK))
NOTIFICATION = choice(
    (0, LOSS),
    (1, Wrapped(ProductionStatusChange, "status", PRODUCTION)),
    (2, Null(ExcessiveBacklog())),
    (3, Null(EndOfData())),
)
SYNC_NOTIFICATION = sequence(SyncNotification, CREDENTIALS, ("notification", NOTIFICATION))

EQUIPMENT = (
    ("frame_sync", LOCK),
    ("symbol_sync", LOCK),
    ("subcarrier", LOCK),
    ("carrier", LOCK),
    ("production", PRODUCTION),
)


def status_report(record: type[Any], *counts: str) -> Type:
    """Return a STATUS-REPORT invocation with these counters."""
    return sequence(record, CREDENTIALS, *((name, UNSIGNED_LONG) for name in counts), *EQUIPMENT)


class Row(NamedTuple):
    """One parameter: its tag in the return, its name, its type, and the first and last version that have it so."""

    tag: int
    name: ParameterName
    kind: Type
    first: int = 1
    last: int = VERSIONS[-1]


def either(*alternatives: Type) -> Choice:
    """Return a choice that writes the first form and reads all."""
    return Choice(alternatives)


def sequence_of(element: Type, most: int, least: int = 0) -> Choice:
    """Return a SEQUENCE OF that reads a SET OF as well."""
    return either(SequenceOf(element, most, least), SequenceOf(element, most, least, SET))


def set_of(element: Type, most: int, least: int = 0) -> Choice:
    """Return a SET OF that reads a SEQUENCE OF as well."""
    return either(SequenceOf(element, most, least, SET), SequenceOf(element, most, least))


GVCIDS = sequence(GvcidSet, *CHANNEL, ("channels", choice((0, Null()), (1, SequenceOf(VCID, 64)))))
PLAIN_OR_UNDEFINED = either(GVCID, tagged(0, GVCID), tagged(1, Null(UNDEFINED)))
CHOSEN_OR_UNDEFINED = either(tagged(0, GVCID), tagged(1, Null(UNDEFINED)), GVCID)
MODE = named(DeliveryMode, 2)
LATENCY = choice((0, POSITIVE_SHORT), (1, Null()))
CYCLE = choice((0, Null()), (1, POSITIVE_SHORT))
TC_VCIDS = choice((0, Null()), (1, SequenceOf(VCID, 64)))

P = ParameterName
EVERYWHERE = (Row(0, P.BUFFER_SIZE, POSITIVE_SHORT), Row(1, P.DELIVERY_MODE, MODE), Row(2, P.LATENCY_LIMIT, LATENCY))
RAF_PARAMETERS = (
    *EVERYWHERE,
    Row(3, P.REPORTING_CYCLE, CYCLE),
    Row(4, P.REQUESTED_FRAME_QUALITY, named(FrameQuality, 3)),
    Row(5, P.RETURN_TIMEOUT_PERIOD, POSITIVE_SHORT),
    Row(6, P.PERMITTED_FRAME_QUALITY, set_of(QUALITY, 3, least=1), first=5),
    Row(7, P.MIN_REPORTING_CYCLE, POSITIVE_SHORT, first=5),
)
RCF_PARAMETERS = (
    *EVERYWHERE,
    Row(3, P.PERMITTED_GVCID_SET, sequence_of(GVCIDS, MOST_MASTER_CHANNELS), last=4),
    Row(3, P.PERMITTED_GVCID_SET, set_of(GVCIDS, MOST_MASTER_CHANNELS), first=5),
    Row(4, P.REPORTING_CYCLE, CYCLE),
    Row(5, P.REQUESTED_GVCID, PLAIN_OR_UNDEFINED, last=4),  # plain up to version 4: from one implementation
    Row(5, P.REQUESTED_GVCID, CHOSEN_OR_UNDEFINED, first=5),
    Row(6, P.RETURN_TIMEOUT_PERIOD, POSITIVE_SHORT),
    Row(7, P.MIN_REPORTING_CYCLE, POSITIVE_SHORT, first=5),
)
ROCF_PARAMETERS = (
    *EVERYWHERE,
    Row(3, P.PERMITTED_GVCID_SET, sequence_of(GVCIDS, MOST_MASTER_CHANNELS), last=4),
    Row(3, P.PERMITTED_GVCID_SET, set_of(GVCIDS, MOST_MASTER_CHANNELS), first=5),
    Row(4, P.PERMITTED_CONTROL_WORD_TYPE_SET, sequence_of(named(ControlWordType, 2), 3)),
    Row(5, P.PERMITTED_TC_VCID_SET, TC_VCIDS),
    Row(6, P.PERMITTED_UPDATE_MODE_SET, sequence_of(named(UpdateMode, 1), 2)),
    Row(7, P.REPORTING_CYCLE, CYCLE),
    Row(8, P.REQUESTED_GVCID, CHOSEN_OR_UNDEFINED, last=4),
    Row(8, P.REQUESTED_GVCID, PLAIN_OR_UNDEFINED, first=5),
    Row(9, P.REQUESTED_CONTROL_WORD_TYPE, named(ControlWordType, 3)),
    Row(10, P.REQUESTED_TC_VCID, choice((0, TC_VCID), (1, Null(UNDEFINED))), last=4),
    Row(10, P.REQUESTED_TC_VCID, TC_VCID, first=5),
    Row(11, P.REQUESTED_UPDATE_MODE, named(UpdateMode, 3)),
    Row(12, P.RETURN_TIMEOUT_PERIOD, POSITIVE_SHORT),
    Row(13, P.MIN_REPORTING_CYCLE, POSITIVE_SHORT, first=5),  # some print tag 7, which is the reporting cycle's
)


class ReturnService(NamedTuple):
    """What one return service has of its own."""

    request: Type
    element: Type
    status: Type
    parameters: tuple[Row, ...]

    def rows(self, version: int) -> tuple[Row, ...]:
        """Return the parameters that a version knows."""
        return tuple(row for row in self.parameters if row.first <= version <= row.last)

    def grammar(self, version: int) -> Choice:
        """Return all PDUs of a version, of both directions, under their tags."""
        times = (("start start_ps", CONDITIONAL_TIME), ("stop stop_ps", CONDITIONAL_TIME))
        rows = {
            row.tag: row for row in (*self.parameters, *self.rows(version))
        }  # others where their tag is free: peers send them
        parameter = choice(*((tag, parameter_type(row)) for tag, row in rows.items()))
        got = choice((0, parameter), (1, refusal(GetParameterDiagnostic)))
        elements = SequenceOf(choice((0, self.element), (1, SYNC_NOTIFICATION)), MOST_ELEMENTS)
        return Choice(
            (
                tagged(8, Wrapped(TransferBuffer, "elements", elements)),
                tagged(0, sequence(Start, CREDENTIALS, INVOKE_ID, *times, ("request", self.request))),
                tagged(1, sequence(StartReturn, CREDENTIALS, INVOKE_ID, result(refusal(StartDiagnostic)))),
                STOP,
                STOP_RETURN,
                SCHEDULE,
                SCHEDULE_RETURN,
                tagged(6, sequence(GetParameter, CREDENTIALS, INVOKE_ID, ("parameter", Integer(0, 65535, P)))),
                tagged(7, sequence(GetParameterReturn, CREDENTIALS, INVOKE_ID, ("result", got))),
                tagged(9, self.status),
                *association(version),
            )
        )


def parameter_type(row: Row) -> Type:
    """Return how a parameter of a row stands in a GET-PARAMETER return."""
    only = Integer(row.name, row.name, P)
    return Selected(sequence(Parameter, ("name", only), ("value", row.kind)), "name", row.name)


RETURN_SERVICES = {
    ServiceType.RAF: ReturnService(
        QUALITY, RAF_FRAME, status_report(RafStatusReport, "error_free_frames", "delivered_frames"), RAF_PARAMETERS
    ),
    ServiceType.RCF: ReturnService(GVCID, RCF_FRAME, status_report(RcfStatusReport, "delivered_frames"), RCF_PARAMETERS),
    ServiceType.ROCF: ReturnService(
        OCF_SELECTION, ROCF_OCF, status_report(RocfStatusReport, "processed_frames", "delivered_ocfs"), ROCF_PARAMETERS
    ),
}
