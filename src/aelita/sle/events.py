"""What a user or a provider of a return service reports to its owner, beside the data themselves.

A user's events are these, the elements of transfer buffers (`AnnotatedFrame`, `AnnotatedOcf`), the notifications and the status
reports of `pdus`. A provider's events are `Bound`, `Started`, `DataWanted`, `Stopped`, `Unbound` and `Aborted`.
"""

from dataclasses import dataclass, field

from .pdus import AnnotatedFrame, AnnotatedOcf, Notification, Parameter, Request, StatusReport
from .terms import (
    BindDiagnostic,
    Diagnostic,
    GetParameterDiagnostic,
    PeerAbortDiagnostic,
    ScheduleDiagnostic,
    StartDiagnostic,
    UnbindReason,
)


@dataclass(frozen=True, slots=True)
class Bound:
    """The association stands. `peer` is the identifier of the other side."""

    peer: str
    service_instance: str
    version: int


@dataclass(frozen=True, slots=True)
class BindRefused:
    """The BIND was refused; `initiator` is empty at the user. `service_instance` and `why` tell who wanted what, to a record."""

    diagnostic: BindDiagnostic | int
    initiator: str = ""
    service_instance: str = field(default="", compare=False)
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Started:
    """Delivery has begun: what was asked for, and the range of Earth-received times (TAI nanoseconds; None: open)."""

    request: Request
    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class StartRefused:
    """The START was refused."""

    diagnostic: StartDiagnostic | int


@dataclass(frozen=True, slots=True)
class DataWanted:
    """The provider may be supplied with so many frames (complete online and offline)."""

    credits: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Delivery has ended on request."""


@dataclass(frozen=True, slots=True)
class StopRefused:
    """The STOP was refused; delivery goes on."""

    diagnostic: Diagnostic | int


@dataclass(frozen=True, slots=True)
class ReportScheduled:
    """The SCHEDULE-STATUS-REPORT with this invoke id was accepted."""

    invoke_id: int


@dataclass(frozen=True, slots=True)
class ReportRefused:
    """The SCHEDULE-STATUS-REPORT with this invoke id was refused."""

    invoke_id: int
    diagnostic: ScheduleDiagnostic | int


@dataclass(frozen=True, slots=True)
class ParameterRead:
    """The answer to the GET-PARAMETER with this invoke id."""

    invoke_id: int
    parameter: Parameter


@dataclass(frozen=True, slots=True)
class ParameterRefused:
    """The GET-PARAMETER with this invoke id was refused."""

    invoke_id: int
    diagnostic: GetParameterDiagnostic | int


@dataclass(frozen=True, slots=True)
class Unbound:
    """The association was ended as agreed."""

    reason: UnbindReason | int


@dataclass(frozen=True, slots=True)
class Aborted:
    """The association was aborted, by the peer or from here. `why` says more where there is more to say."""

    diagnostic: PeerAbortDiagnostic | int
    by_peer: bool
    why: str = ""


UserEvent = (
    Bound | BindRefused | Started | StartRefused | Stopped | StopRefused | ReportScheduled | ReportRefused | ParameterRead
    | ParameterRefused | Unbound | Aborted | AnnotatedFrame | AnnotatedOcf | Notification | StatusReport
)  # fmt: skip
ProviderEvent = Bound | BindRefused | Started | DataWanted | Stopped | Unbound | Aborted
