"""What goes into FOP-1 and comes out of it: data units, directives, indications, and what the lower procedures are to send.

Names and events: CCSDS 232.1-B. Every data unit and directive carries an identity of the caller's choice, which
returns in all that is said of it; identities are text or numbers, so that a state can be kept and restored.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from .tc_frames import TcFrame

Identity = str | int


class TimeoutType(IntEnum):
    """What happens when the timer expires after the last permitted transmission."""

    ALERT = 0
    SUSPEND = 1


@dataclass(frozen=True, slots=True)
class Fdu:
    """A frame data unit: the octets of one frame's data field, segment and security included."""

    identity: Identity
    data: bytes


@dataclass(frozen=True, slots=True)
class InitiateWithoutCheck:
    """Start the AD service at once."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class InitiateWithCheck:
    """Start the AD service when a control word shows that both ends agree."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class InitiateWithUnlock:
    """Send Unlock, then start the AD service when a control word shows that both ends agree."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class InitiateWithSetVr:
    """Send Set V(R), then start the AD service from `number` when a control word shows that both ends agree."""

    identity: Identity
    number: int


@dataclass(frozen=True, slots=True)
class Terminate:
    """End the AD service."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a suspension."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class SetVs:
    """Set V(S), the sequence number of the next AD frame."""

    identity: Identity
    number: int


@dataclass(frozen=True, slots=True)
class SetWindow:
    """Set K, how many AD frames may be unacknowledged: 1 to 255, no more than the receiver's positive window."""

    identity: Identity
    frames: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Set T1, how long to wait for an acknowledgement, in nanoseconds: more than the round-trip light time."""

    identity: Identity
    t1_ns: int


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Set how often the oldest frame may be sent: 1 to 255."""

    identity: Identity
    transmissions: int


@dataclass(frozen=True, slots=True)
class SetTimeoutType:
    """Set what happens when the timer expires after the last transmission: 0 alert, 1 suspend."""

    identity: Identity
    kind: int


Directive = (
    InitiateWithoutCheck | InitiateWithCheck | InitiateWithUnlock | InitiateWithSetVr | Terminate | Resume
    | SetVs | SetWindow | SetTimer | SetLimit | SetTimeoutType
)  # fmt: skip


class AlertReason(Enum):
    """Why FOP-1 ended the AD service; the names are those of the book."""

    SYNCH = "the receiver's report contradicts what was sent"
    CLCW = "the receiver's report is invalid"
    LIMIT = "the receiver asks again after the last permitted transmission"
    NNR = "the receiver expects a frame outside of what was sent"
    LOCKOUT = "the receiver is locked out"
    T1 = "no acknowledgement came after the last permitted transmission"
    LLIF = "the lower procedures refused a frame"
    TERM = "the service was terminated by directive"


class Refusal(Enum):
    """Why a data unit or directive was not taken."""

    NOT_ACTIVE = "the AD service is not active"
    WAIT_QUEUE_FULL = "an earlier AD data unit still waits"
    LOWER_BUSY = "the lower procedures have not yet taken the frame before"
    TOO_LONG = "longer than a frame carries, or empty"
    PURGED = "the AD service ended while it waited"
    STATE = "not possible in this state"
    NOT_SUSPENDED = "nothing is suspended"
    SUSPENDED = "the AD service is suspended: resume or initiate it first"
    INVALID = "no such directive, or its value is out of range"


@dataclass(frozen=True, slots=True)
class FduAccepted:
    """A data unit became a frame."""

    identity: Identity
    sequence_number: int


@dataclass(frozen=True, slots=True)
class FduRejected:
    """A data unit was not taken, or left the wait queue unsent."""

    identity: Identity
    reason: Refusal


@dataclass(frozen=True, slots=True)
class FduConfirmed:
    """An AD data unit was acknowledged by the receiver (positive), or the service ended before and its fate is unknown."""

    identity: Identity
    sequence_number: int
    positive: bool


@dataclass(frozen=True, slots=True)
class DirectiveAccepted:
    """A directive was taken."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class DirectiveRejected:
    """A directive was not taken."""

    identity: Identity
    reason: Refusal


@dataclass(frozen=True, slots=True)
class DirectiveConfirmed:
    """A directive was carried out (positive), or came to nothing."""

    identity: Identity
    positive: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """The AD service ended."""

    reason: AlertReason


@dataclass(frozen=True, slots=True)
class Suspended:
    """The AD service rests until it is resumed; `state` is the one it will resume, 1 to 4."""

    state: int


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send this frame, and answer once whether it was taken. `again` marks a repetition, octet for octet the same."""

    identity: Identity
    frame: TcFrame
    again: bool


@dataclass(frozen=True, slots=True)
class Abort:
    """Drop AD and BC frames not yet radiated; a frame to answer for is still to be answered."""


FopOutput = (
    FduAccepted | FduRejected | FduConfirmed | DirectiveAccepted | DirectiveRejected | DirectiveConfirmed | Alert | Suspended
    | Transmit | Abort
)  # fmt: skip
