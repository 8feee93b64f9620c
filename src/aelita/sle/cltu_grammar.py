"""Grammar of the forward CLTU service (CCSDS 912.1-B), one table per version."""

from typing import NamedTuple

from .cltu_pdus import (
    AsyncNotify,
    CltuStart,
    CltuStartReturn,
    CltuStatusReport,
    CltuTransferData,
    CltuTransferDataReturn,
    LastOk,
    LastProcessed,
    RadiationTimes,
    ThrowEvent,
    ThrowEventReturn,
)
from .cltu_terms import (
    CltuNotice,
    CltuProduction,
    CltuStartDiagnostic,
    CltuStatus,
    NotificationMode,
    Plop,
    ProtocolAbortMode,
    RadiationNotification,
    ThrowEventDiagnostic,
    TransferDiagnostic,
    UplinkStatus,
    YesNo,
)
from .grammar import Choice, Integer, Null, Octets, Paired, Visible, choice, sequence, tagged
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
    association,
    refusal,
    result,
)
from .pdus import GetParameter, GetParameterReturn
from .returns import CYCLE, GVCID, Row, either, named, parameter_type
from .terms import DeliveryMode, GetParameterDiagnostic, ParameterName

LONGEST_CLTU = 65536
SMALLEST_MAXIMUM, LARGEST_MAXIMUM, LARGEST_MAXIMUM_TO_3 = 12, 4096, 4098  # octets that a maximum length may be

CLTU_ID = UNSIGNED_LONG
PRODUCTION = named(CltuProduction, 3)
UPLINK = named(UplinkStatus, 3)
STATUS = Integer(0, 5, CltuStatus)
LAST_PROCESSED = choice(
    (0, Null()), (1, sequence(LastProcessed, ("cltu_id", CLTU_ID), ("started started_ps", CONDITIONAL_TIME), ("status", STATUS)))
)
LAST_OK = choice((0, Null()), (1, sequence(LastOk, ("cltu_id", CLTU_ID), ("stopped stopped_ps", TIME))))
KNOWN = (("last_processed", LAST_PROCESSED), ("last_ok", LAST_OK), ("production", PRODUCTION), ("uplink", UPLINK))
NOTICE = choice(
    *((notice, Null((notice, None))) for notice in CltuNotice if notice < CltuNotice.ACTION_LIST_COMPLETED),
    *((notice, Paired(notice, UNSIGNED_LONG)) for notice in CltuNotice if notice >= CltuNotice.ACTION_LIST_COMPLETED),
)
RADIATION_TIMES = sequence(RadiationTimes, ("start start_ps", TIME), ("stop stop_ps", CONDITIONAL_TIME))
TRANSFER = sequence(
    CltuTransferData,
    CREDENTIALS,
    INVOKE_ID,
    ("cltu_id", CLTU_ID),
    ("earliest earliest_ps", CONDITIONAL_TIME),
    ("latest latest_ps", CONDITIONAL_TIME),
    ("delay_us", UNSIGNED_LONG),
    ("notification", named(RadiationNotification, 1)),
    ("data", Octets(1, LONGEST_CLTU)),
)
TRANSFER_RETURN = sequence(
    CltuTransferDataReturn,
    CREDENTIALS,
    INVOKE_ID,
    ("expected_cltu", CLTU_ID),
    ("buffer_available", UNSIGNED_LONG),
    result(refusal(TransferDiagnostic)),
)
THROW = sequence(
    ThrowEvent,
    CREDENTIALS,
    INVOKE_ID,
    ("event_invocation", UNSIGNED_LONG),
    ("event", POSITIVE_SHORT),
    ("qualifier", Octets(1, 1024)),
)
THROW_RETURN = sequence(
    ThrowEventReturn, CREDENTIALS, INVOKE_ID, ("expected_event", UNSIGNED_LONG), result(refusal(ThrowEventDiagnostic))
)
COUNTS = tuple((name, UNSIGNED_LONG) for name in ("received", "processed", "radiated", "buffer_available"))

P = ParameterName
SHORT = Integer(0, 65535)
POSITIVE_LONG = Integer(1, 2**32 - 1)
MODE = Integer(3, 3, DeliveryMode)
YES_NO, PLOP = named(YesNo, 1), named(Plop, 1)
PHYSICAL = Visible(1, 32)
CHOSEN_GVCID, CHOSEN_PHYSICAL = (tagged(0, GVCID), tagged(1, Null())), (tagged(0, PHYSICAL), tagged(1, Null()))
PARAMETERS = (  # up to version 3 twelve, under tags of their own; from one implementation
    Row(0, P.BIT_LOCK_REQUIRED, YES_NO, last=3),
    Row(1, P.EXPECTED_SLDU_ID, CLTU_ID, last=3),
    Row(2, P.EXPECTED_EVENT_INVOCATION_ID, UNSIGNED_LONG, last=3),
    Row(3, P.SUBCARRIER_TO_BIT_RATE_RATIO, POSITIVE_SHORT, last=3),
    Row(4, P.DELIVERY_MODE, MODE, last=3),
    Row(5, P.MAXIMUM_SLDU_LENGTH, Integer(SMALLEST_MAXIMUM, LARGEST_MAXIMUM_TO_3), last=3),
    Row(6, P.MODULATION_FREQUENCY, POSITIVE_LONG, last=3),
    Row(7, P.MODULATION_INDEX, POSITIVE_SHORT, last=3),
    Row(8, P.PLOP_IN_EFFECT, PLOP, last=3),
    Row(9, P.REPORTING_CYCLE, CYCLE, last=3),
    Row(10, P.RETURN_TIMEOUT_PERIOD, POSITIVE_SHORT, last=3),
    Row(11, P.RF_AVAILABLE_REQUIRED, YES_NO, last=3),
    Row(0, P.ACQUISITION_SEQUENCE_LENGTH, SHORT, first=4),
    Row(1, P.BIT_LOCK_REQUIRED, YES_NO, first=4),
    Row(2, P.CLCW_GLOBAL_VCID, either(GVCID, *CHOSEN_GVCID), first=4, last=4),
    Row(2, P.CLCW_GLOBAL_VCID, either(*CHOSEN_GVCID, GVCID), first=5),
    Row(3, P.CLCW_PHYSICAL_CHANNEL, either(PHYSICAL, *CHOSEN_PHYSICAL), first=4, last=4),
    Row(3, P.CLCW_PHYSICAL_CHANNEL, either(*CHOSEN_PHYSICAL, PHYSICAL), first=5),
    Row(4, P.DELIVERY_MODE, MODE, first=4),
    Row(5, P.EXPECTED_SLDU_ID, CLTU_ID, first=4),
    Row(6, P.EXPECTED_EVENT_INVOCATION_ID, UNSIGNED_LONG, first=4),
    Row(7, P.MAXIMUM_SLDU_LENGTH, Integer(SMALLEST_MAXIMUM, LARGEST_MAXIMUM), first=4),
    Row(8, P.MINIMUM_DELAY_TIME, UNSIGNED_LONG, first=4),
    Row(9, P.MODULATION_FREQUENCY, POSITIVE_LONG, first=4),
    Row(10, P.MODULATION_INDEX, POSITIVE_SHORT, first=4),
    Row(11, P.NOTIFICATION_MODE, named(NotificationMode, 1), first=4),
    Row(12, P.PLOP1_IDLE_SEQUENCE_LENGTH, SHORT, first=4),
    Row(13, P.PLOP_IN_EFFECT, PLOP, first=4),
    Row(14, P.PROTOCOL_ABORT_MODE, named(ProtocolAbortMode, 1), first=4),
    Row(15, P.REPORTING_CYCLE, CYCLE, first=4),
    Row(16, P.RETURN_TIMEOUT_PERIOD, POSITIVE_SHORT, first=4),
    Row(17, P.RF_AVAILABLE_REQUIRED, YES_NO, first=4),
    Row(18, P.SUBCARRIER_TO_BIT_RATE_RATIO, POSITIVE_SHORT, first=4),
    Row(19, P.MIN_REPORTING_CYCLE, POSITIVE_SHORT, first=5),
)


class ForwardService(NamedTuple):
    """What the forward CLTU service has of its own."""

    parameters: tuple[Row, ...]

    def rows(self, version: int) -> tuple[Row, ...]:
        """Return the parameters that a version knows."""
        return tuple(row for row in self.parameters if row.first <= version <= row.last)

    def grammar(self, version: int) -> Choice:
        """Return all PDUs of a version, of both directions, under their tags."""
        rows = {row.tag: row for row in (*self.parameters, *self.rows(version))}  # others where their tag is free, as peers do
        parameter = choice(*((tag, parameter_type(row)) for tag, row in rows.items()))
        got = choice((0, parameter), (1, refusal(GetParameterDiagnostic)))
        started = choice((0, RADIATION_TIMES), (1, refusal(CltuStartDiagnostic)))
        return Choice(
            (
                tagged(10, TRANSFER),
                tagged(11, TRANSFER_RETURN),
                tagged(12, sequence(AsyncNotify, CREDENTIALS, ("notice event_invocation", NOTICE), *KNOWN)),
                tagged(0, sequence(CltuStart, CREDENTIALS, INVOKE_ID, ("first_cltu", CLTU_ID))),
                tagged(1, sequence(CltuStartReturn, CREDENTIALS, INVOKE_ID, ("result", started))),
                STOP,
                STOP_RETURN,
                SCHEDULE,
                SCHEDULE_RETURN,
                tagged(6, sequence(GetParameter, CREDENTIALS, INVOKE_ID, ("parameter", Integer(0, 65535, P)))),
                tagged(7, sequence(GetParameterReturn, CREDENTIALS, INVOKE_ID, ("result", got))),
                tagged(8, THROW),
                tagged(9, THROW_RETURN),
                tagged(13, sequence(CltuStatusReport, CREDENTIALS, *KNOWN, *COUNTS)),
                *association(version),
            )
        )


CLTU_SERVICE = ForwardService(PARAMETERS)
