"""Which event of FOP-1's state table a control word, a directive, an answer or the timer is (CCSDS 232.1-B, table 5-1)."""

from dataclasses import dataclass

from ..errors import UsageError
from .control_word import COP_1, ControlWord
from .cop_records import (
    Directive,
    InitiateWithCheck,
    InitiateWithoutCheck,
    InitiateWithSetVr,
    InitiateWithUnlock,
    Resume,
    SetLimit,
    SetTimeoutType,
    SetTimer,
    SetVs,
    SetWindow,
    Terminate,
    TimeoutType,
)
from .fop_table import FopEvent
from .tc_frames import FrameKind, TcFormat

LONGEST_T1_NS = 1 << 62
ANSWERS = {
    (FrameKind.AD, True): FopEvent.E41, (FrameKind.AD, False): FopEvent.E42, (FrameKind.BC, True): FopEvent.E43,
    (FrameKind.BC, False): FopEvent.E44, (FrameKind.BD, True): FopEvent.E45, (FrameKind.BD, False): FopEvent.E46,
}  # fmt: skip
_RESUMPTIONS = (FopEvent.E30, FopEvent.E31, FopEvent.E32, FopEvent.E33, FopEvent.E34)


@dataclass(frozen=True, slots=True)
class FopSettings:
    """What FOP-1 is set up with; `window`, `t1_ns`, `limit` and `timeout_type` change by directive.

    `window` is K (frames, no more than half the receiver's window), `t1_ns` how long to wait for an acknowledgement, `limit` how
    often the oldest frame may be sent. Raises UsageError when out of range.
    """

    spacecraft_id: int
    virtual_channel: int
    window: int
    t1_ns: int
    limit: int
    timeout_type: TimeoutType = TimeoutType.ALERT
    channel: TcFormat = TcFormat()  # noqa: RUF009 - frozen, so one for all

    def __post_init__(self) -> None:
        ranges = {"spacecraft_id": 1023, "virtual_channel": 63, "window": 255, "limit": 255, "t1_ns": LONGEST_T1_NS}
        for name, most in ranges.items():
            least = name not in ("spacecraft_id", "virtual_channel")
            if not least <= getattr(self, name) <= most:
                raise UsageError(f"{name} of FOP-1 is {getattr(self, name)}", remedy=f"Choose {int(least)} to {most}")


def report_event(word: ControlWord, settings: FopSettings, vs: int, nnr: int, count: int) -> FopEvent:
    """Return the event of a control word, with V(S), NN(R) and the transmission count. Arithmetic is modulo 256 (5.2.1)."""
    if word.cop != COP_1 or word.version or word.virtual_channel != settings.virtual_channel:
        return FopEvent.E15
    if word.lockout:
        return FopEvent.E14
    newly, sent = (word.report_value - nnr) & 255, (vs - nnr) & 255
    if newly == sent:
        if word.retransmit:
            return FopEvent.E4
        return FopEvent.E3 if word.wait else FopEvent.E2 if newly else FopEvent.E1
    if newly > sent:
        return FopEvent.E13
    if not word.retransmit:
        return FopEvent.E7 if word.wait else FopEvent.E6 if newly else FopEvent.E5
    return _repetition_event(word.wait, newly > 0, settings.limit, count)


def _repetition_event(wait: bool, newly: bool, limit: int, count: int) -> FopEvent:
    """Return the event of a control word that asks for frames again."""
    if limit == 1:
        return FopEvent.E101 if newly else FopEvent.E102
    if newly:
        return FopEvent.E9 if wait else FopEvent.E8
    if count < limit:
        return FopEvent.E11 if wait else FopEvent.E10
    return FopEvent.E103 if wait else FopEvent.E12


def timer_event(settings: FopSettings, count: int) -> FopEvent:
    """Return the event of the timer's expiry."""
    suspends = settings.timeout_type == TimeoutType.SUSPEND
    if count < settings.limit:
        return FopEvent.E104 if suspends else FopEvent.E16
    return FopEvent.E18 if suspends else FopEvent.E17


def directive_event(directive: Directive, bc_ready: bool, suspended: int) -> FopEvent:
    """Return the event of a directive; one whose value is out of range is an invalid one."""
    match directive:
        case InitiateWithoutCheck():
            return FopEvent.E23
        case InitiateWithCheck():
            return FopEvent.E24
        case InitiateWithUnlock():
            return FopEvent.E25 if bc_ready else FopEvent.E26
        case InitiateWithSetVr(number=number) if 0 <= number <= 255:
            return FopEvent.E27 if bc_ready else FopEvent.E28
        case Terminate():
            return FopEvent.E29
        case Resume():
            return _RESUMPTIONS[suspended]
        case SetVs(number=number) if 0 <= number <= 255:
            return FopEvent.E35
        case SetWindow(frames=frames) if 1 <= frames <= 255:
            return FopEvent.E36
        case SetTimer(t1_ns=t1_ns) if 1 <= t1_ns <= LONGEST_T1_NS:
            return FopEvent.E37
        case SetLimit(transmissions=transmissions) if 1 <= transmissions <= 255:
            return FopEvent.E38
        case SetTimeoutType(kind=kind) if kind in (0, 1):
            return FopEvent.E39
    return FopEvent.E40
