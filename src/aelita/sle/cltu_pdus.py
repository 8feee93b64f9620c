"""Protocol data units of the forward CLTU service (CCSDS 912.1-B) as plain values; times and diagnostics as in `pdus`.

The association, STOP, SCHEDULE-STATUS-REPORT and GET-PARAMETER are those of `pdus`.
"""

from dataclasses import dataclass

from .cltu_terms import (
    CltuNotice,
    CltuProduction,
    CltuStartDiagnostic,
    CltuStatus,
    RadiationNotification,
    ThrowEventDiagnostic,
    TransferDiagnostic,
    UplinkStatus,
)
from .signed import Credentials


@dataclass(frozen=True, slots=True)
class CltuStart:
    """CLTU-START invocation; `first_cltu` is the identification that the first CLTU will have."""

    invoke_id: int
    first_cltu: int
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class RadiationTimes:
    """Positive result of a CLTU-START: from when to when the provider can radiate (`stop` None: open)."""

    start: int
    stop: int | None
    start_ps: int | None = None
    stop_ps: int | None = None


@dataclass(frozen=True, slots=True)
class CltuStartReturn:
    """CLTU-START return: the times of radiation, or why not."""

    invoke_id: int
    result: RadiationTimes | CltuStartDiagnostic | int
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class CltuTransferData:
    """CLTU-TRANSFER-DATA invocation: a CLTU, when its radiation may begin at the earliest and at the latest, and `delay_us`,

    the least time from its end to the beginning of the next one's radiation.
    """

    invoke_id: int
    cltu_id: int
    earliest: int | None
    latest: int | None
    delay_us: int
    notification: RadiationNotification
    data: bytes
    credentials: Credentials | None = None
    earliest_ps: int | None = None
    latest_ps: int | None = None


@dataclass(frozen=True, slots=True)
class CltuTransferDataReturn:
    """CLTU-TRANSFER-DATA return, with the identification expected next and the octets free in the buffer."""

    invoke_id: int
    expected_cltu: int
    buffer_available: int
    diagnostic: TransferDiagnostic | int | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class ThrowEvent:
    """CLTU-THROW-EVENT invocation: an action of the station that was agreed under a number, with a qualifier."""

    invoke_id: int
    event_invocation: int
    event: int
    qualifier: bytes
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class ThrowEventReturn:
    """CLTU-THROW-EVENT return, with the event invocation identification expected next."""

    invoke_id: int
    expected_event: int
    diagnostic: ThrowEventDiagnostic | int | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class LastProcessed:
    """The CLTU whose radiation began last, or should have; `started` None: it did not begin."""

    cltu_id: int
    started: int | None
    status: CltuStatus | int
    started_ps: int | None = None


@dataclass(frozen=True, slots=True)
class LastOk:
    """The CLTU that was radiated last, and when its radiation ended."""

    cltu_id: int
    stopped: int
    stopped_ps: int | None = None


@dataclass(frozen=True, slots=True)
class AsyncNotify:
    """CLTU-ASYNC-NOTIFY invocation; `event_invocation` belongs to the notices about thrown events."""

    notice: CltuNotice
    last_processed: LastProcessed | None
    last_ok: LastOk | None
    production: CltuProduction
    uplink: UplinkStatus
    event_invocation: int | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class CltuStatusReport:
    """CLTU-STATUS-REPORT invocation; CLTUs received, processed (radiation begun, or given up) and radiated."""

    last_processed: LastProcessed | None
    last_ok: LastOk | None
    production: CltuProduction
    uplink: UplinkStatus
    received: int
    processed: int
    radiated: int
    buffer_available: int
    credentials: Credentials | None = None
