"""The state table of FOP-1 as data: what to do and where to go for every event in every state (CCSDS 232.1-B, table 5-1).

Cells that the book leaves empty are None. `fop.py` runs the table; the documentation's table is made from it.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum


class FopState(IntEnum):
    """States S1 to S6."""

    ACTIVE = 1
    RETRANSMIT = 2
    RETRANSMIT_WAIT = 3
    INITIALISING = 4
    INITIALISING_BC = 5
    INITIAL = 6


class FopEvent(IntEnum):
    """Events by the book's numbers."""

    E1, E2, E3, E4, E5, E6, E7, E8, E9, E10, E11, E12, E13, E14, E15, E16, E17, E18, E19, E20, E21, E22, E23 = range(1, 24)
    E24, E25, E26, E27, E28, E29, E30, E31, E32, E33, E34, E35, E36, E37, E38, E39, E40, E41, E42, E43 = range(24, 44)
    E44, E45, E46 = range(44, 47)
    E101, E102, E103, E104 = range(101, 105)


MEANING = {
    1: "N(R)=V(S), all acknowledged before", 2: "N(R)=V(S), frames newly acknowledged", 3: "N(R)=V(S), wait",
    4: "N(R)=V(S), retransmit", 5: "N(R) as before, frames outstanding", 6: "some frames newly acknowledged",
    7: "frames outstanding, wait without retransmit", 8: "retransmit, some acknowledged",
    9: "retransmit and wait, some acknowledged", 10: "retransmit, below limit", 11: "retransmit and wait, below limit",
    12: "retransmit, limit reached", 13: "N(R) outside of what was sent", 14: "lockout", 15: "invalid control word",
    16: "timer, below limit", 17: "timer, limit reached, type 0", 18: "timer, limit reached, type 1",
    19: "AD data unit, wait queue empty", 20: "AD data unit, wait queue full", 21: "BD data unit",
    22: "BD data unit, lower procedures busy", 23: "initiate without check", 24: "initiate with check",
    25: "initiate with Unlock", 26: "the same, lower procedures busy", 27: "initiate with Set V(R)",
    28: "the same, lower procedures busy", 29: "terminate", 30: "resume, nothing suspended", 31: "resume S1", 32: "resume S2",
    33: "resume S3", 34: "resume S4", 35: "set V(S)", 36: "set K", 37: "set T1", 38: "set limit", 39: "set timeout type",
    40: "invalid directive", 41: "AD frame taken", 42: "AD frame refused", 43: "BC frame taken", 44: "BC frame refused",
    45: "BD frame taken", 46: "BD frame refused", 101: "retransmit, some acknowledged, limit is 1",
    102: "retransmit, limit is 1", 103: "retransmit and wait, limit reached", 104: "timer, below limit, type 1",
}  # fmt: skip


class FopAction(Enum):
    """Actions of the table; the values are the words of the documentation's table."""

    IGNORE = "ignore"
    ACKNOWLEDGE = "acknowledge"
    CANCEL_TIMER = "cancel timer"
    START_TIMER = "start timer"
    LOOK_FOR_FDU = "look for FDU"
    LOOK_FOR_DIRECTIVE = "look for directive"
    CONFIRM = "confirm"
    CONFIRM_INITIATION = "confirm initiation"
    RELEASE_BC = "release BC"
    RETRANSMIT_AD = "retransmit AD"
    RETRANSMIT_BC = "retransmit BC"
    SUSPEND_1 = "SS=1"
    SUSPEND_2 = "SS=2"
    SUSPEND_3 = "SS=3"
    SUSPEND_4 = "SS=4"
    SUSPEND = "suspend"
    RESUME = "resume"
    QUEUE = "to wait queue"
    ACCEPT = "accept"
    REJECT = "reject"
    SEND_BD = "send BD"
    INITIALISE = "initialise"
    SEND_UNLOCK = "send Unlock"
    TAKE_VR = "V(S)=NN(R)=V*(R)"
    SEND_SET_VR = "send Set V(R)"
    TAKE_VS = "if SS=0: accept, V(S)=NN(R)=V*(S), confirm; else reject"
    SET_WINDOW = "set K"
    SET_TIMER = "set T1"
    SET_LIMIT = "set limit"
    SET_TIMEOUT_TYPE = "set timeout type"
    AD_READY = "AD ready"
    BC_READY = "BC ready"
    BD_READY = "BD ready"
    ALERT_SYNCH = "alert SYNCH"
    ALERT_CLCW = "alert CLCW"
    ALERT_LIMIT = "alert LIMIT"
    ALERT_NNR = "alert NNR"
    ALERT_LOCKOUT = "alert LOCKOUT"
    ALERT_T1 = "alert T1"
    ALERT_LLIF = "alert LLIF"
    ALERT_TERM = "alert TERM"


@dataclass(frozen=True, slots=True)
class FopCell:
    """What one event does in one state."""

    actions: tuple[FopAction, ...]
    next: FopState


Row = tuple[FopCell | None, ...]  # S1 to S6
A = FopAction


def _to(state: int, *actions: FopAction) -> FopCell:
    return FopCell(actions, FopState(state))


def _stay(*actions: FopAction) -> Row:
    """Return the row of an event that does the same in every state and leaves none."""
    return tuple(_to(state, *actions) for state in range(1, 7))


_ALERT_CLCW, _ALERT_SYNCH, _ALERT_NNR = _to(6, A.ALERT_CLCW), _to(6, A.ALERT_SYNCH), _to(6, A.ALERT_NNR)
_ALERT_LOCKOUT, _ALERT_LIMIT, _ALERT_T1 = _to(6, A.ALERT_LOCKOUT), _to(6, A.ALERT_LIMIT), _to(6, A.ALERT_T1)
_IDLE, _IGNORED_5 = _to(6, A.IGNORE), _to(5, A.IGNORE)
_REFUSED = _stay(A.REJECT)
_REFUSED_ACTIVE = _REFUSED[:5]
_ACKNOWLEDGED = _to(1, A.ACKNOWLEDGE, A.CANCEL_TIMER, A.LOOK_FOR_FDU)
_PARTLY = _to(1, A.ACKNOWLEDGE, A.LOOK_FOR_FDU)
_AGAIN, _PARTLY_AGAIN = (A.RETRANSMIT_AD, A.LOOK_FOR_FDU), _to(2, A.ACKNOWLEDGE, A.RETRANSMIT_AD, A.LOOK_FOR_FDU)
_PARTLY_LIMIT, _PARTLY_WAIT = _to(6, A.ACKNOWLEDGE, A.ALERT_LIMIT), _to(3, A.ACKNOWLEDGE)
_BC_AGAIN, _ENDED = _to(5, A.RETRANSMIT_BC, A.LOOK_FOR_DIRECTIVE), _to(6, A.ACCEPT, A.ALERT_TERM, A.CONFIRM)
_QUEUED = (A.QUEUE, A.LOOK_FOR_FDU)


def _resumed(state: int) -> Row:
    return (None, None, None, None, None, _to(state, A.ACCEPT, A.RESUME, A.CONFIRM))


def _started(state: int, *actions: FopAction) -> Row:
    return (*_REFUSED_ACTIVE, _to(state, A.ACCEPT, A.INITIALISE, *actions))


def _setting(action: FopAction) -> Row:
    return _stay(A.ACCEPT, action, A.CONFIRM)


def _everywhere(cell: FopCell, last: FopCell | None) -> Row:
    return (*(cell,) * 5, last)


def _running(first: FopCell, second: FopCell, third: FopCell) -> Row:
    """Return the row of an event that the book knows only in S1 to S3 and ignores in S6."""
    return (first, second, third, None, None, _IDLE)


E = FopEvent
FOP_TABLE: dict[FopEvent, Row] = {
    E.E1: (
        _to(1, A.IGNORE), _ALERT_SYNCH, _ALERT_SYNCH, _to(1, A.CONFIRM_INITIATION, A.CANCEL_TIMER),
        _to(1, A.CONFIRM_INITIATION, A.RELEASE_BC, A.CANCEL_TIMER), _IDLE,
    ),
    E.E2: _running(_ACKNOWLEDGED, _ACKNOWLEDGED, _ACKNOWLEDGED),
    E.E3: _everywhere(_ALERT_CLCW, _IDLE),
    E.E4: (_ALERT_SYNCH, _ALERT_SYNCH, _ALERT_SYNCH, _ALERT_SYNCH, _IGNORED_5, _IDLE),
    E.E5: _running(_to(1, A.IGNORE), _ALERT_SYNCH, _ALERT_SYNCH),
    E.E6: _running(_PARTLY, _PARTLY, _PARTLY),
    E.E7: _running(_ALERT_CLCW, _ALERT_CLCW, _ALERT_CLCW),
    E.E101: _running(_PARTLY_LIMIT, _PARTLY_LIMIT, _PARTLY_LIMIT),
    E.E102: _running(_ALERT_LIMIT, _ALERT_LIMIT, _ALERT_LIMIT),
    E.E8: _running(_PARTLY_AGAIN, _PARTLY_AGAIN, _PARTLY_AGAIN),
    E.E9: _running(_PARTLY_WAIT, _PARTLY_WAIT, _PARTLY_WAIT),
    E.E10: _running(_to(2, *_AGAIN), _to(2, A.IGNORE), _to(2, *_AGAIN)),
    E.E11: _running(_to(3), _to(3), _to(3, A.IGNORE)),
    E.E12: _running(_to(2), _to(2, A.IGNORE), _to(2)),
    E.E103: _running(_to(3), _to(3), _to(3, A.IGNORE)),
    E.E13: (_ALERT_NNR, _ALERT_NNR, _ALERT_NNR, _ALERT_NNR, _IGNORED_5, _IDLE),
    E.E14: (_ALERT_LOCKOUT, _ALERT_LOCKOUT, _ALERT_LOCKOUT, _ALERT_LOCKOUT, _IGNORED_5, _IDLE),
    E.E15: _everywhere(_ALERT_CLCW, _IDLE),
    E.E16: (_to(1, *_AGAIN), _to(2, *_AGAIN), _to(3, A.IGNORE), _ALERT_T1, _BC_AGAIN, None),
    E.E104: (_to(1, *_AGAIN), _to(2, *_AGAIN), _to(3, A.IGNORE), _to(6, A.SUSPEND_4, A.SUSPEND), _BC_AGAIN, None),
    E.E17: _everywhere(_ALERT_T1, None),
    E.E18: (
        _to(6, A.SUSPEND_1, A.SUSPEND), _to(6, A.SUSPEND_2, A.SUSPEND), _to(6, A.SUSPEND_3, A.SUSPEND),
        _to(6, A.SUSPEND_4, A.SUSPEND), _ALERT_T1, None,
    ),
    E.E19: (_to(1, *_QUEUED), _to(2, *_QUEUED), _to(3, A.QUEUE), *_REFUSED[3:]),
    E.E20: _REFUSED,
    E.E21: _stay(A.ACCEPT, A.SEND_BD),
    E.E22: _REFUSED,
    E.E23: _started(1, A.CONFIRM),
    E.E24: _started(4, A.START_TIMER),
    E.E25: _started(5, A.SEND_UNLOCK),
    E.E26: _REFUSED,
    E.E27: _started(5, A.TAKE_VR, A.SEND_SET_VR),
    E.E28: _REFUSED,
    E.E29: _everywhere(_ENDED, _to(6, A.ACCEPT, A.CONFIRM)),
    E.E30: _REFUSED,
    E.E31: _resumed(1),
    E.E32: _resumed(2),
    E.E33: _resumed(3),
    E.E34: _resumed(4),
    E.E35: (*_REFUSED_ACTIVE, _to(6, A.TAKE_VS)),
    E.E36: _setting(A.SET_WINDOW),
    E.E37: _setting(A.SET_TIMER),
    E.E38: _setting(A.SET_LIMIT),
    E.E39: _setting(A.SET_TIMEOUT_TYPE),
    E.E40: _REFUSED,
    E.E41: (_to(1, A.AD_READY, A.LOOK_FOR_FDU), _to(2, A.AD_READY, A.LOOK_FOR_FDU), *_stay(A.AD_READY)[2:]),
    E.E42: _everywhere(_to(6, A.ALERT_LLIF), _to(6, A.ALERT_LLIF)),
    E.E43: (*_stay(A.BC_READY)[:4], _to(5, A.BC_READY, A.LOOK_FOR_DIRECTIVE), _to(6, A.BC_READY)),
    E.E44: _everywhere(_to(6, A.ALERT_LLIF), _to(6, A.ALERT_LLIF)),
    E.E45: _stay(A.BD_READY),
    E.E46: _everywhere(_to(6, A.ALERT_LLIF), _to(6, A.ALERT_LLIF)),
}  # fmt: skip


def fop_cell(event: FopEvent, state: FopState) -> FopCell | None:
    """Return what an event does in a state, None where the book has no entry."""
    return FOP_TABLE[event][state - 1]


def fop_table_text() -> str:
    """Return the table in Markdown, as the documentation shows it."""
    lines = ["| event | S1 | S2 | S3 | S4 | S5 | S6 |", "|---|---|---|---|---|---|---|"]
    for event in sorted(FOP_TABLE):
        cells = [_told(cell, number) for number, cell in enumerate(FOP_TABLE[event], 1)]
        lines.append(f"| **{event.name}** {MEANING[event]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _told(cell: FopCell | None, state: int) -> str:
    if cell is None:
        return ""
    going = [] if cell.next == state else [f"→ S{cell.next}"]
    return " ".join([", ".join(action.value for action in cell.actions), *going]).strip() or "–"


def fop_diagram_text() -> str:
    """Return the transitions between states as a Mermaid diagram, each arrow with its events."""
    arrows: dict[tuple[int, int], list[str]] = {}
    for event in sorted(FOP_TABLE):
        for state, cell in enumerate(FOP_TABLE[event], 1):
            if cell is not None and cell.next != state:
                arrows.setdefault((state, cell.next), []).append(event.name)
    names = [f'    state "S{state.value} {state.name.replace("_", " ").lower()}" as S{state.value}' for state in FopState]
    told = [f"    S{start} --> S{end}: {' '.join(events)}" for (start, end), events in sorted(arrows.items())]
    return "\n".join(["stateDiagram-v2", *names, "    [*] --> S6", *told])
