# ruff: noqa: D102 - the methods of a type are documented once, in `Type` of the grammar
"""Grammar of what all SLE services share: association, returns, times, credentials (CCSDS 913.1-B and the common modules)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import UsageError
from .ber import fault
from .grammar import (
    SET,
    CcsdsTime,
    Choice,
    Explicit,
    Integer,
    Null,
    ObjectIdentifier,
    Octets,
    Paired,
    SequenceOf,
    Type,
    Visible,
    Wrapped,
    choice,
    sequence,
    tagged,
)
from .identifiers import ARC, LEAVES, NAMES, OLD_ARC, attributes_of, text_of
from .pdus import (
    Bind,
    BindAccepted,
    BindReturn,
    Credentials,
    PeerAbort,
    ScheduleStatusReport,
    ScheduleStatusReportReturn,
    Stop,
    StopReturn,
    Unbind,
    UnbindReturn,
)
from .terms import (
    BindDiagnostic,
    Diagnostic,
    PeerAbortDiagnostic,
    ReportRequest,
    ScheduleDiagnostic,
    ServiceType,
    UnbindReason,
)

VERSIONS = range(1, 6)
POSITIVE_SHORT = Integer(1, 65535)
UNSIGNED_LONG = Integer(0, 2**32 - 1)
INVOKE_ID = ("invoke_id", Integer(0, 65535))

CREDENTIALS = ("credentials", choice((0, Null()), (1, Wrapped(Credentials, "octets", Octets(8, 256)))))
TIME = choice((0, CcsdsTime(8)), (1, CcsdsTime(10)))
CONDITIONAL_TIME = choice((0, Null((None, None))), (1, TIME))


def refusal(common: type[Any], specific_most: int = 99) -> Choice:
    """Return the CHOICE of common and specific diagnostics named by an enum; numbers without a name stay numbers."""
    return choice((0, Integer(100, 127, common)), (1, Integer(0, specific_most, common)))


def result(negative: Type) -> tuple[str, Type]:
    """Return the member `diagnostic`: None when positive."""
    return "diagnostic", choice((0, Null()), (1, negative))


class Attribute(NamedTuple):
    """One attribute of a service instance identifier."""

    identifier: tuple[int, ...]
    value: str


ATTRIBUTE = sequence(Attribute, ("identifier", ObjectIdentifier()), ("value", Visible(1, 256)))
ATTRIBUTES = SequenceOf(Explicit(ATTRIBUTE, SET), most=len(LEAVES), least=1)


@dataclass(frozen=True, slots=True)
class ServiceInstance:
    """Service instance identifier as its text; both arcs are read, one is written."""

    arc: tuple[int, ...] = ARC
    identifier: bytes = ATTRIBUTES.identifier

    def fits(self, value: Any) -> bool:
        try:
            return isinstance(value, str) and bool(attributes_of(value))
        except UsageError:
            return False

    def write(self, value: str) -> bytes:
        return ATTRIBUTES.write(tuple(Attribute((*self.arc, LEAVES[name]), text) for name, text in attributes_of(value)))

    def read(self, octets: bytes, at: int, stop: int) -> tuple[str, int]:
        attributes, end = ATTRIBUTES.read(octets, at, stop)
        unknown = [one.identifier for one in attributes if one.identifier not in NAMES]
        if unknown:
            raise fault(f"{'.'.join(map(str, unknown[0]))} is no attribute of a service instance identifier", at)
        try:
            return text_of(tuple((NAMES[one.identifier], one.value) for one in attributes)), end
        except UsageError as error:
            raise fault(error.what, at) from error

    def __str__(self) -> str:
        return "a service instance identifier"


AUTHORITY = Visible(3, 16, "!")
PORT = Visible(1, 128, "!")


def association(version: int) -> tuple[Type, ...]:
    """Return BIND, UNBIND, their returns and PEER-ABORT under their tags, equal in all services."""
    bind = sequence(
        Bind,
        CREDENTIALS,
        ("initiator", AUTHORITY),
        ("responder_port", PORT),
        ("service_type", Integer(0, 65535, ServiceType)),
        ("version", POSITIVE_SHORT),
        ("service_instance", ServiceInstance(OLD_ARC if version == 1 else ARC)),
    )
    bound = choice((0, Wrapped(BindAccepted, "version", POSITIVE_SHORT)), (1, Integer(0, 127, BindDiagnostic)))
    unbound = sequence(UnbindReturn, CREDENTIALS, ("", choice((0, Null(())))))
    return (
        tagged(100, bind),
        tagged(101, sequence(BindReturn, CREDENTIALS, ("responder", AUTHORITY), ("result", bound))),
        tagged(102, sequence(Unbind, CREDENTIALS, ("reason", Integer(0, 127, UnbindReason)))),
        tagged(103, unbound),
        tagged(104, Wrapped(PeerAbort, "diagnostic", Integer(0, 255, PeerAbortDiagnostic))),
    )


REPORT_REQUEST = choice(
    (0, Null((ReportRequest.IMMEDIATELY, None))),
    (1, Paired(ReportRequest.PERIODICALLY, UNSIGNED_LONG)),  # out of 2..600 is refused by the provider, not here
    (2, Null((ReportRequest.STOP, None))),
)

STOP = tagged(2, sequence(Stop, CREDENTIALS, INVOKE_ID))
STOP_RETURN = tagged(3, sequence(StopReturn, CREDENTIALS, INVOKE_ID, result(Integer(100, 127, Diagnostic))))
SCHEDULE = tagged(4, sequence(ScheduleStatusReport, CREDENTIALS, INVOKE_ID, ("request cycle_s", REPORT_REQUEST)))
SCHEDULE_RETURN = tagged(5, sequence(ScheduleStatusReportReturn, CREDENTIALS, INVOKE_ID, result(refusal(ScheduleDiagnostic))))
