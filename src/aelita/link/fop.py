"""FOP-1: the sending end of COP-1 for one virtual channel of commands, as a pure object that runs `FOP_TABLE` (CCSDS 232.1-B).

Data units, directives, control words, answers of the lower procedures and `now` go in; indications and frames to send come out.
Times are TAI nanoseconds. What is sent again is octet for octet what was sent first, so security is applied before (355.0-B).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..errors import DataError, UsageError
from .control_word import ControlWord
from .cop_records import (
    Abort,
    Alert,
    AlertReason,
    Directive,
    DirectiveAccepted,
    DirectiveConfirmed,
    DirectiveRejected,
    Fdu,
    FduAccepted,
    FduConfirmed,
    FduRejected,
    FopOutput,
    Identity,
    InitiateWithSetVr,
    Refusal,
    SetLimit,
    SetTimeoutType,
    SetTimer,
    SetVs,
    SetWindow,
    Suspended,
    TimeoutType,
    Transmit,
)
from .fop_events import ANSWERS, FopSettings, directive_event, report_event, timer_event
from .fop_table import FOP_TABLE, FopAction, FopEvent, FopState
from .tc_frames import SET_VR, UNLOCK, FrameKind, TcFrame

_REFUSALS = {
    FopEvent.E19: Refusal.NOT_ACTIVE, FopEvent.E20: Refusal.WAIT_QUEUE_FULL, FopEvent.E22: Refusal.LOWER_BUSY,
    FopEvent.E26: Refusal.LOWER_BUSY, FopEvent.E28: Refusal.LOWER_BUSY, FopEvent.E30: Refusal.NOT_SUSPENDED,
    FopEvent.E35: Refusal.STATE, FopEvent.E40: Refusal.INVALID,
}  # fmt: skip


@dataclass(slots=True)
class Sent:
    """The master copy of a frame that may have to be sent again."""

    identity: Identity
    frame: TcFrame


class Fop1:
    """The sending end of one virtual channel. Every method returns what comes of it, in order."""

    __slots__ = (
        "_count", "_deadline_ns", "_event", "_in", "_initiation", "_marked", "_nnr", "_now", "_out", "_ready", "_report",
        "_sent", "_settings", "_state", "_suspended", "_vs", "_waiting",
    )  # fmt: skip

    def __init__(self, settings: FopSettings) -> None:
        """Begin in S6 with V(S) = NN(R) = 0 and lower procedures ready."""
        self._settings = settings
        self._state, self._suspended = 6, 0
        self._vs, self._nnr, self._count = 0, 0, 1
        self._sent: deque[Sent] = deque()
        self._marked = 0  # how many frames at the end of the sent queue are to be sent again
        self._waiting: Fdu | None = None
        self._ready = dict.fromkeys((FrameKind.AD, FrameKind.BC, FrameKind.BD), True)
        self._deadline_ns: int | None = None
        self._initiation: Identity | None = None  # the Initiate directive not yet confirmed
        self._event = FopEvent.E40
        self._in: Fdu | Directive | None = None
        self._report = 0
        self._now = 0
        self._out: list[FopOutput] = []

    @property
    def settings(self) -> FopSettings:
        """The settings as directives have changed them."""
        return self._settings

    @property
    def state(self) -> FopState:
        """The state, S1 to S6."""
        return FopState(self._state)

    @property
    def suspended(self) -> int:
        """The state that a resumption returns to, 0 when nothing is suspended."""
        return self._suspended

    @property
    def next_number(self) -> int:
        """V(S), the sequence number of the next AD frame."""
        return self._vs

    @property
    def expected_number(self) -> int:
        """NN(R), the sequence number of the oldest AD frame not acknowledged."""
        return self._nnr

    @property
    def transmissions(self) -> int:
        """How often the oldest frame was sent."""
        return self._count

    @property
    def last_event(self) -> FopEvent:
        """The event that was processed last."""
        return self._event

    @property
    def outstanding(self) -> tuple[Identity, ...]:
        """Identities of what was sent and is neither acknowledged nor given up, oldest first."""
        return tuple(sent.identity for sent in self._sent)

    @property
    def waiting(self) -> Identity | None:
        """Identity of the AD data unit in the wait queue."""
        return self._waiting.identity if self._waiting else None

    def is_ready(self, kind: FrameKind) -> bool:
        """Return whether the lower procedures have answered for the last frame of this kind."""
        return self._ready[kind]

    def next_deadline(self) -> int | None:
        """Return when `on_timer` is due (TAI nanoseconds), None while the timer does not run."""
        return self._deadline_ns

    def transfer(self, fdu: Fdu, now_ns: int) -> list[FopOutput]:
        """Take an AD data unit: to be delivered once and in order."""
        if not 0 < len(fdu.data) <= self._settings.channel.data_octets:
            return [FduRejected(fdu.identity, Refusal.TOO_LONG)]
        self._in = fdu
        return self._run(FopEvent.E19 if self._waiting is None else FopEvent.E20, now_ns)

    def transfer_bypass(self, fdu: Fdu, now_ns: int) -> list[FopOutput]:
        """Take a BD data unit: sent once, never acknowledged."""
        if not 0 < len(fdu.data) <= self._settings.channel.data_octets:
            return [FduRejected(fdu.identity, Refusal.TOO_LONG)]
        self._in = fdu
        return self._run(FopEvent.E21 if self._ready[FrameKind.BD] else FopEvent.E22, now_ns)

    def direct(self, directive: Directive, now_ns: int) -> list[FopOutput]:
        """Take a directive."""
        self._in = directive
        return self._run(directive_event(directive, self._ready[FrameKind.BC], self._suspended), now_ns)

    def on_control_word(self, word: ControlWord, now_ns: int) -> list[FopOutput]:
        """Take a report of this virtual channel; one of another channel is an invalid one, so route reports first."""
        self._report = word.report_value
        return self._run(report_event(word, self._settings, self._vs, self._nnr, self._count), now_ns)

    def on_accepted(self, kind: FrameKind, now_ns: int) -> list[FopOutput]:
        """Take the lower procedures' answer that they took the last frame of this kind."""
        return self._run(ANSWERS[kind, True], now_ns)

    def on_rejected(self, kind: FrameKind, now_ns: int) -> list[FopOutput]:
        """Take the lower procedures' answer that they refused the last frame of this kind."""
        return self._run(ANSWERS[kind, False], now_ns)

    def on_timer(self, now_ns: int) -> list[FopOutput]:
        """Let the timer expire if its deadline has come."""
        if self._deadline_ns is None or now_ns < self._deadline_ns:
            return []
        return self.timer_expired(now_ns)

    def timer_expired(self, now_ns: int) -> list[FopOutput]:
        """Take the timer's signal, whatever the deadline says."""
        self._deadline_ns = None
        return self._run(timer_event(self._settings, self._count), now_ns)

    def freeze(self) -> dict[str, Any]:
        """Return the whole state as plain values that JSON can hold, to go on from after a restart."""
        return {
            "settings": {name: getattr(self._settings, name) for name in ("window", "t1_ns", "limit")}
            | {"timeout_type": int(self._settings.timeout_type)},
            "state": self._state,
            "suspended": self._suspended,
            "next_number": self._vs,
            "expected_number": self._nnr,
            "transmissions": self._count,
            "sent": [
                [sent.identity, sent.frame.control, sent.frame.sequence_number, sent.frame.data.hex()] for sent in self._sent
            ],
            "marked": self._marked,
            "waiting": [self._waiting.identity, self._waiting.data.hex()] if self._waiting else None,
            "ready": [kind.value for kind, ready in self._ready.items() if ready],
            "deadline_ns": self._deadline_ns,
            "initiation": self._initiation,
        }

    @staticmethod
    def restored(settings: FopSettings, frozen: dict[str, Any]) -> "Fop1":
        """Return the FOP-1 that gave this state; what directives had changed of its settings is in the state.

        Answers that the lower procedures still owed are still awaited: give them. Raises DataError when it is no such state.
        """
        try:
            return _restore(settings, frozen)
        except (LookupError, TypeError, ValueError, AttributeError, UsageError) as error:
            raise DataError(
                f"a kept state of FOP-1 is damaged: {error!r}", remedy="Begin anew, and set V(S) to what the receiver reports"
            ) from error

    def _run(self, event: FopEvent, now_ns: int) -> list[FopOutput]:
        """Do what the table says of an event. A cell that the book leaves empty changes nothing."""
        self._event, self._now = event, now_ns
        out: list[FopOutput] = []
        self._out = out
        cell = _COMPILED[event][self._state]
        if cell is not None:
            for action in cell[0]:
                action(self)
            self._state = cell[1]
        return out

    # The actions of the table (CCSDS 232.1-B, 5.2)

    def _ignore(self) -> None:
        pass

    def _acknowledge(self) -> None:
        """Confirm and drop every AD frame before N(R)."""
        newly, sent = (self._report - self._nnr) & 255, self._sent
        while sent and (sent[0].frame.sequence_number - self._nnr) & 255 < newly:
            done = sent.popleft()
            self._out.append(FduConfirmed(done.identity, done.frame.sequence_number, True))
        self._marked = min(self._marked, len(sent))
        self._nnr, self._count = self._report, 1

    def _cancel_timer(self) -> None:
        self._deadline_ns = None

    def _start_timer(self) -> None:
        self._deadline_ns = self._now + self._settings.t1_ns

    def _look_for_fdu(self) -> None:
        """Send again the first frame that is marked, else make a frame of the waiting data unit when the window allows."""
        if not self._ready[FrameKind.AD]:
            return
        if self._marked:
            sent = self._sent[len(self._sent) - self._marked]
            self._marked -= 1
            self._transmit(FrameKind.AD, sent.identity, sent.frame, True)
        elif self._waiting is not None and (self._vs - self._nnr) & 255 < self._settings.window:
            fdu, number = self._waiting, self._vs
            self._waiting = None
            self._out.append(FduAccepted(fdu.identity, number))
            frame = TcFrame(self._settings.spacecraft_id, self._settings.virtual_channel, False, False, number, fdu.data)
            if not self._sent:
                self._count = 1
            self._sent.append(Sent(fdu.identity, frame))
            self._vs = (number + 1) & 255
            self._start_timer()
            self._transmit(FrameKind.AD, fdu.identity, frame, False)

    def _look_for_directive(self) -> None:
        """Send the control command again when it is marked and the lower procedures can take it."""
        if self._ready[FrameKind.BC] and self._marked and self._sent:
            self._marked = 0
            self._transmit(FrameKind.BC, self._sent[0].identity, self._sent[0].frame, True)

    def _transmit(self, kind: FrameKind, identity: Identity, frame: TcFrame, again: bool) -> None:
        self._ready[kind] = False
        self._out.append(Transmit(identity, frame, again))

    def _confirm(self) -> None:
        assert self._in is not None
        self._out.append(DirectiveConfirmed(self._in.identity, True))
        if self._event is FopEvent.E23:
            self._initiation = None

    def _confirm_initiation(self) -> None:
        self._answer_initiation(True)

    def _answer_initiation(self, positive: bool) -> None:
        if self._initiation is not None:
            self._out.append(DirectiveConfirmed(self._initiation, positive))
            self._initiation = None

    def _release_bc(self) -> None:
        self._sent.clear()
        self._marked = 0

    def _retransmit(self) -> None:
        """Mark everything sent for repetition, and call back what has not yet left."""
        self._out.append(Abort())
        self._count += 1
        self._start_timer()
        self._marked = len(self._sent)

    def _suspend_1(self) -> None:
        self._suspended = 1

    def _suspend_2(self) -> None:
        self._suspended = 2

    def _suspend_3(self) -> None:
        self._suspended = 3

    def _suspend_4(self) -> None:
        self._suspended = 4

    def _suspend(self) -> None:
        self._out.append(Suspended(self._suspended))

    def _resume(self) -> None:
        self._start_timer()
        self._suspended = 0
        if not self._sent:
            # NN(R) is the oldest frame in the sent queue (5.1.8). The book does not say what it is once the queue was purged, but
            # leaves E2 and E5 to E12 empty in S4 and S5, so nothing may be outstanding there. An old NN(R) would let a report of
            # frames given up confirm ones just sent; V(S) := NN(R) would give numbers that the receiver has seen to other data.
            self._nnr = self._vs

    def _queue(self) -> None:
        assert isinstance(self._in, Fdu)
        self._waiting = self._in

    def _accept(self) -> None:
        """Accept a directive; a BD data unit is accepted where it becomes a frame."""
        if self._in is not None and not isinstance(self._in, Fdu):
            self._out.append(DirectiveAccepted(self._in.identity))

    def _reject(self) -> None:
        reason = _REFUSALS.get(self._event, Refusal.STATE)
        if isinstance(self._in, Fdu):
            active = self._state <= FopState.RETRANSMIT_WAIT or self._event is FopEvent.E22
            self._out.append(FduRejected(self._in.identity, reason if active else Refusal.NOT_ACTIVE))
        elif self._in is not None:
            self._out.append(DirectiveRejected(self._in.identity, reason))

    def _send_bd(self) -> None:
        assert isinstance(self._in, Fdu)
        self._out.append(FduAccepted(self._in.identity, 0))
        frame = TcFrame(self._settings.spacecraft_id, self._settings.virtual_channel, True, False, 0, self._in.data)
        self._transmit(FrameKind.BD, self._in.identity, frame, False)

    def _initialise(self) -> None:
        assert self._in is not None
        self._purge()
        self._answer_initiation(False)  # one that was suspended in S4
        self._count, self._suspended = 1, 0
        self._nnr = self._vs  # see `_resume`
        self._initiation = self._in.identity

    def _purge(self) -> None:
        """Give up what was sent and what waits (CCSDS 232.1-B, 5.2.2 and 5.2.3)."""
        for sent in self._sent:
            if not sent.frame.control:
                self._out.append(FduConfirmed(sent.identity, sent.frame.sequence_number, False))
        self._sent.clear()
        self._marked = 0
        if self._waiting is not None:
            self._out.append(FduRejected(self._waiting.identity, Refusal.PURGED))
            self._waiting = None

    def _send_unlock(self) -> None:
        self._send_bc(UNLOCK)

    def _send_set_vr(self) -> None:
        self._send_bc(SET_VR + bytes([self._vs]))

    def _send_bc(self, command: bytes) -> None:
        assert self._in is not None
        frame = TcFrame(self._settings.spacecraft_id, self._settings.virtual_channel, True, True, 0, command)
        self._sent.append(Sent(self._in.identity, frame))
        self._count = 1
        self._start_timer()
        self._transmit(FrameKind.BC, self._in.identity, frame, False)

    def _take_number(self) -> None:
        assert isinstance(self._in, InitiateWithSetVr | SetVs)
        self._vs = self._nnr = self._in.number

    def _take_vs(self) -> None:
        assert isinstance(self._in, SetVs)
        if self._suspended:
            self._out.append(DirectiveRejected(self._in.identity, Refusal.SUSPENDED))
            return
        self._accept()
        self._take_number()
        self._confirm()

    def _set(self) -> None:
        match self._in:
            case SetWindow(frames=frames):
                self._settings = replace(self._settings, window=frames)
            case SetTimer(t1_ns=t1_ns):
                self._settings = replace(self._settings, t1_ns=t1_ns)
            case SetLimit(transmissions=transmissions):
                self._settings = replace(self._settings, limit=transmissions)
            case SetTimeoutType(kind=kind):
                self._settings = replace(self._settings, timeout_type=TimeoutType(kind))

    def _ad_ready(self) -> None:
        self._ready[FrameKind.AD] = True

    def _bc_ready(self) -> None:
        self._ready[FrameKind.BC] = True

    def _bd_ready(self) -> None:
        self._ready[FrameKind.BD] = True

    def _alert(self, reason: AlertReason) -> None:
        """End the AD service (CCSDS 232.1-B, 5.2.15)."""
        self._deadline_ns = None
        self._purge()
        self._answer_initiation(False)
        self._out.append(Alert(reason))


def _alerts(reason: AlertReason) -> Callable[[Fop1], None]:
    return lambda fop: fop._alert(reason)


_DO: dict[FopAction, Callable[[Fop1], None]] = {
    FopAction.IGNORE: Fop1._ignore,
    FopAction.ACKNOWLEDGE: Fop1._acknowledge,
    FopAction.CANCEL_TIMER: Fop1._cancel_timer,
    FopAction.START_TIMER: Fop1._start_timer,
    FopAction.LOOK_FOR_FDU: Fop1._look_for_fdu,
    FopAction.LOOK_FOR_DIRECTIVE: Fop1._look_for_directive,
    FopAction.CONFIRM: Fop1._confirm,
    FopAction.CONFIRM_INITIATION: Fop1._confirm_initiation,
    FopAction.RELEASE_BC: Fop1._release_bc,
    FopAction.RETRANSMIT_AD: Fop1._retransmit,
    FopAction.RETRANSMIT_BC: Fop1._retransmit,
    FopAction.SUSPEND_1: Fop1._suspend_1,
    FopAction.SUSPEND_2: Fop1._suspend_2,
    FopAction.SUSPEND_3: Fop1._suspend_3,
    FopAction.SUSPEND_4: Fop1._suspend_4,
    FopAction.SUSPEND: Fop1._suspend,
    FopAction.RESUME: Fop1._resume,
    FopAction.QUEUE: Fop1._queue,
    FopAction.ACCEPT: Fop1._accept,
    FopAction.REJECT: Fop1._reject,
    FopAction.SEND_BD: Fop1._send_bd,
    FopAction.INITIALISE: Fop1._initialise,
    FopAction.SEND_UNLOCK: Fop1._send_unlock,
    FopAction.TAKE_VR: Fop1._take_number,
    FopAction.SEND_SET_VR: Fop1._send_set_vr,
    FopAction.TAKE_VS: Fop1._take_vs,
    FopAction.SET_WINDOW: Fop1._set,
    FopAction.SET_TIMER: Fop1._set,
    FopAction.SET_LIMIT: Fop1._set,
    FopAction.SET_TIMEOUT_TYPE: Fop1._set,
    FopAction.AD_READY: Fop1._ad_ready,
    FopAction.BC_READY: Fop1._bc_ready,
    FopAction.BD_READY: Fop1._bd_ready,
} | {FopAction[f"ALERT_{reason.name}"]: _alerts(reason) for reason in AlertReason}

_Compiled = tuple[tuple[Callable[[Fop1], None], ...], int]
_COMPILED: dict[FopEvent, tuple[_Compiled | None, ...]] = {  # by event and state 1 to 6: functions and the next state
    event: (None, *((tuple(_DO[action] for action in cell.actions), int(cell.next)) if cell else None for cell in row))
    for event, row in FOP_TABLE.items()
}


def _restore(settings: FopSettings, frozen: dict[str, Any]) -> Fop1:
    """Return the FOP-1 of a state that `freeze` made; raises whatever a damaged one leads to."""
    kept = frozen["settings"]
    fop = Fop1(replace(settings, **{**kept, "timeout_type": TimeoutType(kept["timeout_type"])}))
    fop._state, fop._suspended = int(FopState(frozen["state"])), range(5)[frozen["suspended"]]
    fop._vs, fop._nnr = range(256)[frozen["next_number"]], range(256)[frozen["expected_number"]]
    fop._count, fop._deadline_ns, fop._initiation = frozen["transmissions"], frozen["deadline_ns"], frozen["initiation"]
    for identity, control, number, data in frozen["sent"]:
        frame = TcFrame(settings.spacecraft_id, settings.virtual_channel, control, control, number, bytes.fromhex(data))
        fop._sent.append(Sent(identity, frame))
    fop._marked = range(len(fop._sent) + 1)[frozen["marked"]]
    if frozen["waiting"] is not None:
        fop._waiting = Fdu(frozen["waiting"][0], bytes.fromhex(frozen["waiting"][1]))
    fop._ready = {kind: kind.value in frozen["ready"] for kind in fop._ready}
    return fop
