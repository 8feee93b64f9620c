"""Reports of services 1 (request verification), 3 (housekeeping), 5 (events) and 6 (memory), the same in both variants."""

from .events import SEVERITIES, EventReport
from .housekeeping import HousekeepingReport
from .memory import MemoryDump
from .rows import REPORT
from .table import decode_message
from .verification import VERIFICATIONS, VerificationReport
from .widths import Widths

Report = VerificationReport | HousekeepingReport | EventReport | MemoryDump

_TYPES = {1: frozenset(VERIFICATIONS), 3: frozenset((25, 26)), 5: frozenset(SEVERITIES), 6: frozenset((6,))}


def decode_report(service: int, subtype: int, data: bytes, widths: Widths) -> Report | None:
    """Return the report in the source data of a telemetry packet, or None when its type is none of those read here.

    Raises DataError when the data are too short for their own fields, or a memory dump has octets left over.
    """
    if subtype not in _TYPES.get(service, ()):
        return None
    report = decode_message(service, subtype, data, "C", REPORT, widths)
    assert isinstance(report, Report)
    return report
