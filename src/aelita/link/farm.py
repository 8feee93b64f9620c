"""FARM-1: the receiving end of COP-1 for one virtual channel of commands, as a table and a pure object (CCSDS 232.1-B).

It stands before security is processed: it judges numbers and flags, and whoever takes an accepted data unit unlocks it.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from ..errors import DataError, UsageError
from .control_word import ControlWord
from .tc_frames import SET_VR, UNLOCK, FrameKind, TcFrame


class FarmState(IntEnum):
    """States S1 to S3."""

    OPEN = 1
    WAIT = 2
    LOCKOUT = 3


class FarmEvent(IntEnum):
    """Events by the book's numbers."""

    E1, E2, E3, E4, E5, E6, E7, E8, E9, E10, E11 = range(1, 12)


class FarmAction(Enum):
    """Actions of the table; the values are the words of the documentation's table."""

    ACCEPT = "accept"
    DISCARD = "discard"
    NEXT_VR = "V(R)+1"
    COUNT_B = "FARM-B+1"
    TAKE_VR = "V(R)=V*"
    SET_RETRANSMIT = "retransmit=1"
    CLEAR_RETRANSMIT = "retransmit=0"
    SET_WAIT = "wait=1"
    CLEAR_WAIT = "wait=0"
    SET_LOCKOUT = "lockout=1"
    CLEAR_LOCKOUT = "lockout=0"
    REPORT = "report CLCW"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class FarmCell:
    """What one event does in one state."""

    actions: tuple[FarmAction, ...]
    next: FarmState


A, _S1, _S2, _S3 = FarmAction, FarmState.OPEN, FarmState.WAIT, FarmState.LOCKOUT
_DROP = tuple(FarmCell((A.DISCARD,), state) for state in FarmState)
_LOCK = FarmCell((A.DISCARD, A.SET_LOCKOUT), _S3)
_UNWAIT = (A.COUNT_B, A.CLEAR_RETRANSMIT, A.CLEAR_WAIT)

FARM_TABLE: dict[FarmEvent, tuple[FarmCell | None, FarmCell | None, FarmCell | None]] = {  # S1, S2, S3
    FarmEvent.E1: (FarmCell((A.ACCEPT, A.NEXT_VR, A.CLEAR_RETRANSMIT), _S1), None, _DROP[2]),
    FarmEvent.E2: (FarmCell((A.DISCARD, A.SET_RETRANSMIT, A.SET_WAIT), _S2), _DROP[1], _DROP[2]),
    FarmEvent.E3: (FarmCell((A.DISCARD, A.SET_RETRANSMIT), _S1), _DROP[1], _DROP[2]),
    FarmEvent.E4: (_DROP[0], _DROP[1], _DROP[2]),
    FarmEvent.E5: (_LOCK, _LOCK, _DROP[2]),
    FarmEvent.E6: (
        FarmCell((A.ACCEPT, A.COUNT_B), _S1), FarmCell((A.ACCEPT, A.COUNT_B), _S2), FarmCell((A.ACCEPT, A.COUNT_B), _S3),
    ),
    FarmEvent.E7: (
        FarmCell((A.COUNT_B, A.CLEAR_RETRANSMIT), _S1), FarmCell(_UNWAIT, _S1), FarmCell((*_UNWAIT, A.CLEAR_LOCKOUT), _S1),
    ),
    FarmEvent.E8: (
        FarmCell((A.COUNT_B, A.CLEAR_RETRANSMIT, A.TAKE_VR), _S1), FarmCell((*_UNWAIT, A.TAKE_VR), _S1),
        FarmCell((A.COUNT_B,), _S3),
    ),
    FarmEvent.E9: (_DROP[0], _DROP[1], _DROP[2]),
    FarmEvent.E10: (FarmCell((A.IGNORE,), _S1), FarmCell((A.CLEAR_WAIT,), _S1), FarmCell((A.CLEAR_WAIT,), _S3)),
    FarmEvent.E11: (FarmCell((A.REPORT,), _S1), FarmCell((A.REPORT,), _S2), FarmCell((A.REPORT,), _S3)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FarmSettings:
    """The virtual channel that is watched, and W, the width of its window: even, 2 to 254; half of it lies ahead of V(R).

    Raises UsageError when out of range.
    """

    virtual_channel: int
    window: int

    def __post_init__(self) -> None:
        if not 0 <= self.virtual_channel <= 63 or not 2 <= self.window <= 254 or self.window % 2:
            raise UsageError(
                f"FARM-1 of channel {self.virtual_channel} with a window of {self.window}",
                remedy="Choose channel 0 to 63 and an even window of 2 to 254 (CCSDS 232.1-B)",
            )


@dataclass(frozen=True, slots=True)
class FarmVerdict:
    """What became of a frame: the event it was, and whether its data unit is to be taken or its control command was obeyed."""

    event: FarmEvent
    accepted: bool
    obeyed: bool


class Farm1:
    """The receiving end of one virtual channel; flags go into control words as they are."""

    __slots__ = ("_farm_b", "_lockout", "_retransmit", "_settings", "_state", "_vr", "_wait")

    def __init__(self, settings: FarmSettings, expected_number: int = 0) -> None:
        """Begin open, expecting sequence number V(R) = `expected_number`."""
        self._settings = settings
        self._state, self._vr, self._farm_b = FarmState.OPEN, expected_number & 255, 0
        self._lockout = self._wait = self._retransmit = False

    @property
    def state(self) -> FarmState:
        """The state, S1 to S3."""
        return self._state

    @property
    def expected_number(self) -> int:
        """V(R), the sequence number that the next AD frame should have."""
        return self._vr

    def receive(self, frame: TcFrame, room: bool = True) -> FarmVerdict:
        """Judge a frame of this channel; `room` says whether its AD data unit could be stored.

        A BD data unit is accepted always, even if older ones must give way. Raises UsageError for a frame of another channel.
        """
        if frame.virtual_channel != self._settings.virtual_channel:
            raise UsageError(
                f"a frame of virtual channel {frame.virtual_channel} came to FARM-1 of {self._settings.virtual_channel}",
                remedy="Each virtual channel has its own",
            )
        event = self._frame_event(frame, room)
        actions = self._run(event, frame.data)
        return FarmVerdict(event, A.ACCEPT in actions, event in (FarmEvent.E7, FarmEvent.E8) and A.COUNT_B in actions)

    def release(self) -> None:
        """Take the signal that there is room again."""
        self._run(FarmEvent.E10, b"")

    def report(self, *, no_rf: bool = False, no_bit_lock: bool = False, status: int = 0) -> ControlWord:
        """Return the control word of now; radio flags and the status field come from the caller."""
        self._run(FarmEvent.E11, b"")
        return ControlWord(
            virtual_channel=self._settings.virtual_channel,
            report_value=self._vr,
            lockout=self._lockout,
            wait=self._wait,
            retransmit=self._retransmit,
            farm_b=self._farm_b & 3,
            no_rf=no_rf,
            no_bit_lock=no_bit_lock,
            status=status,
        )

    def freeze(self) -> dict[str, Any]:
        """Return the whole state as plain values that JSON can hold."""
        names = ("lockout", "wait", "retransmit")
        flags: dict[str, Any] = {name: getattr(self, f"_{name}") for name in names}
        return flags | {"state": int(self._state), "expected_number": self._vr, "farm_b": self._farm_b}

    @staticmethod
    def restored(settings: FarmSettings, frozen: dict[str, Any]) -> "Farm1":
        """Return the FARM-1 that gave this state. Raises DataError when it is no such state."""
        try:
            farm = Farm1(settings, range(256)[frozen["expected_number"]])
            farm._state, farm._farm_b = FarmState(frozen["state"]), int(frozen["farm_b"])
            farm._lockout, farm._wait, farm._retransmit = (bool(frozen[name]) for name in ("lockout", "wait", "retransmit"))
        except (LookupError, TypeError, ValueError) as error:
            raise DataError(f"a kept state of FARM-1 is damaged: {error!r}", remedy="Begin anew") from error
        return farm

    def _frame_event(self, frame: TcFrame, room: bool) -> FarmEvent:
        match frame.kind:
            case FrameKind.AD:
                return self._sequence_event(frame.sequence_number, room)
            case FrameKind.BD:
                return FarmEvent.E6
            case FrameKind.BC if frame.data == UNLOCK:
                return FarmEvent.E7
            case FrameKind.BC if len(frame.data) == 3 and frame.data.startswith(SET_VR):
                return FarmEvent.E8
        return FarmEvent.E9

    def _sequence_event(self, number: int, room: bool) -> FarmEvent:
        """Return where N(S) lies against V(R) and the windows on both sides of it, modulo 256."""
        ahead, half = (number - self._vr) & 255, self._settings.window // 2
        if ahead == 0:  # in S2 there is no room by definition: it ends by the signal of release
            return FarmEvent.E1 if room and self._state is not FarmState.WAIT else FarmEvent.E2
        if ahead < half:
            return FarmEvent.E3
        return FarmEvent.E4 if ahead >= 256 - half else FarmEvent.E5

    def _run(self, event: FarmEvent, data: bytes) -> tuple[FarmAction, ...]:
        """Do what the table says of an event and return its actions."""
        cell = FARM_TABLE[event][self._state - 1]
        assert cell is not None  # only E1 in S2 has no entry, and `_sequence_event` makes none
        for action in cell.actions:
            self._do(action, data)
        self._state = cell.next
        return cell.actions

    def _do(self, action: FarmAction, data: bytes) -> None:
        match action:
            case A.NEXT_VR:
                self._vr = (self._vr + 1) & 255
            case A.TAKE_VR:
                self._vr = data[2]
            case A.COUNT_B:
                self._farm_b = (self._farm_b + 1) & 255
            case A.SET_RETRANSMIT | A.CLEAR_RETRANSMIT:
                self._retransmit = action is A.SET_RETRANSMIT
            case A.SET_WAIT | A.CLEAR_WAIT:
                self._wait = action is A.SET_WAIT
            case A.SET_LOCKOUT | A.CLEAR_LOCKOUT:
                self._lockout = action is A.SET_LOCKOUT


def farm_table_text() -> str:
    """Return the table in Markdown, as the documentation shows it."""
    lines = ["| event | S1 open | S2 wait | S3 lockout |", "|---|---|---|---|"]
    for event, row in FARM_TABLE.items():
        told = [
            "" if cell is None else ", ".join(a.value for a in cell.actions) + (f" → S{cell.next}" if cell.next != n else "")
            for n, cell in enumerate(row, 1)
        ]
        lines.append(f"| **{event.name}** | {' | '.join(told)} |")
    return "\n".join(lines)
