"""What the two sides of the forward CLTU service report to their owners, beside the events of the association.

A provider's events are `Bound`, `BindRefused`, `CltuStarted`, `CltuAccepted`, `CltusDiscarded`, `EventThrown`, `Stopped`,
`Unbound` and `Aborted`; a user's are all that is below but those, the notifications (`AsyncNotify`) and the status reports.
Times are TAI nanoseconds.
"""

from dataclasses import dataclass

from .cltu_pdus import AsyncNotify, CltuStatusReport, RadiationTimes
from .cltu_terms import CltuStartDiagnostic, ThrowEventDiagnostic, TransferDiagnostic
from .events import (
    Aborted,
    BindRefused,
    Bound,
    ParameterRead,
    ParameterRefused,
    ReportRefused,
    ReportScheduled,
    Stopped,
    StopRefused,
    Unbound,
)


@dataclass(frozen=True, slots=True)
class CltuStarted:
    """The service has begun: the first CLTU's identification, and from when to when the provider can radiate."""

    first_cltu: int
    times: RadiationTimes


@dataclass(frozen=True, slots=True)
class CltuStartRefused:
    """The START was refused."""

    diagnostic: CltuStartDiagnostic | int


@dataclass(frozen=True, slots=True)
class CltuAccepted:
    """The provider has a CLTU in its buffer: what is to be radiated, from when to when its radiation may begin, and how long

    the uplink is to rest after it. `is_told`: the user wants to know that it was radiated.
    """

    cltu_id: int
    octets: bytes
    earliest: int | None
    latest: int | None
    delay_us: int
    is_told: bool
    accepted_at: int


@dataclass(frozen=True, slots=True)
class CltusDiscarded:
    """The provider has given up CLTUs of its buffer, none of which was radiated in part or whole; `why` says so in words."""

    cltu_ids: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class EventThrown:
    """The user wants an action that was agreed: report its end with `event_ended` under this `event_invocation`."""

    event_invocation: int
    event: int
    qualifier: bytes


@dataclass(frozen=True, slots=True)
class CltuTaken:
    """The provider has taken a CLTU into its buffer, which has so many octets free now."""

    cltu_id: int
    buffer_available: int


@dataclass(frozen=True, slots=True)
class CltuRefused:
    """The provider has not taken a CLTU; it expects `expected_cltu` next."""

    cltu_id: int
    diagnostic: TransferDiagnostic | int
    expected_cltu: int
    buffer_available: int


@dataclass(frozen=True, slots=True)
class CltuBegun:
    """The radiation of a CLTU has begun."""

    cltu_id: int
    started: int


@dataclass(frozen=True, slots=True)
class CltuRadiated:
    """A CLTU was radiated whole. A time is None where the provider told it by a later CLTU only."""

    cltu_id: int
    started: int | None
    stopped: int | None


@dataclass(frozen=True, slots=True)
class CltuExpired:
    """The radiation of a CLTU did not begin in time, and will not."""

    cltu_id: int


@dataclass(frozen=True, slots=True)
class CltuInterrupted:
    """The radiation of a CLTU was broken off: a part of it has left the antenna."""

    cltu_id: int
    started: int | None


@dataclass(frozen=True, slots=True)
class CltuNotRadiated:
    """Nothing of a CLTU was radiated, nor will be; `why` says so in words."""

    cltu_id: int
    why: str


@dataclass(frozen=True, slots=True)
class CltuUnknown:
    """The association ended before the fate of a CLTU was told: it may have been radiated, may be yet, or may be lost.

    `is_taken`: the provider had acknowledged it. It is never sent again by itself.
    """

    cltu_id: int
    is_taken: bool
    why: str


@dataclass(frozen=True, slots=True)
class ThrowAccepted:
    """The provider will do what the event asks for; its end comes as a notification with this `event_invocation`."""

    invoke_id: int
    event_invocation: int


@dataclass(frozen=True, slots=True)
class ThrowRefused:
    """The event was refused; the provider expects `expected_event` next."""

    invoke_id: int
    event_invocation: int
    diagnostic: ThrowEventDiagnostic | int
    expected_event: int


CltuFate = CltuTaken | CltuRefused | CltuBegun | CltuRadiated | CltuExpired | CltuInterrupted | CltuNotRadiated | CltuUnknown
CltuUserEvent = (
    Bound | BindRefused | CltuStarted | CltuStartRefused | Stopped | StopRefused | ReportScheduled | ReportRefused
    | ParameterRead | ParameterRefused | Unbound | Aborted | CltuFate | ThrowAccepted | ThrowRefused | AsyncNotify
    | CltuStatusReport
)  # fmt: skip
CltuProviderEvent = Bound | BindRefused | CltuStarted | CltuAccepted | CltusDiscarded | EventThrown | Stopped | Unbound | Aborted
