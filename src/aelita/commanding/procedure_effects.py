"""What running a procedure asks of the world, and the states of a run as a table."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..mdb import Reference
from .requests import Call, Service


class Purpose(StrEnum):
    """Whether a run commands a spacecraft, or rehearses with a simulator."""

    LIVE = "live"
    REHEARSAL = "rehearsal"


class RunState(StrEnum):
    """Where a run stands. HELD: the next step waits for a person. STEPPING: it is held once the present step is over."""

    HELD = "held"
    RUNNING = "running"
    STEPPING = "stepping"
    COMPLETED = "completed"
    FAILED = "failed"
    ABORTED = "aborted"


LIVE = (RunState.HELD, RunState.RUNNING, RunState.STEPPING)
RUN_TABLE: dict[tuple[RunState, str], RunState] = {
    (RunState.HELD, "run"): RunState.RUNNING,
    (RunState.HELD, "step"): RunState.STEPPING,
    (RunState.RUNNING, "pause"): RunState.STEPPING,
    (RunState.STEPPING, "pause"): RunState.STEPPING,
    (RunState.STEPPING, "run"): RunState.RUNNING,
    (RunState.RUNNING, "done"): RunState.RUNNING,
    (RunState.STEPPING, "done"): RunState.HELD,
    **{(state, "abort"): RunState.ABORTED for state in LIVE},
    **{(state, "returned"): RunState.COMPLETED for state in LIVE},
    **{(state, "stopped"): RunState.FAILED for state in LIVE},
}
ACTIONS = ("run", "step", "pause", "abort")


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Make a request of this name. `again`: it may have been made before a restart; if it is there, only say so."""

    request: str
    spacecraft: str
    calls: tuple[Call, ...]
    comment: str
    service: Service
    execute_ns: int | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class RehearseRequest:
    """The same for a simulator."""

    request: str
    spacecraft: str
    calls: tuple[Call, ...]
    comment: str
    service: Service
    execute_ns: int | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class NeedValues:
    """Give the values of these now (None: not known), and whenever they change while the step lasts."""

    step: int
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class NeedAnswer:
    """Ask a person; no choices mean any text."""

    step: int
    question: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeedState:
    """Give the state of this request now, and whenever it changes."""

    request: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Show people a text; `is_section` marks the beginning of a section."""

    step: int
    text: str
    is_section: bool = False


Effect = SendRequest | RehearseRequest | NeedValues | NeedAnswer | NeedState | Tell


@dataclass(slots=True)
class Turn:
    """Records to write, then effects to do, in order."""

    records: list[dict[str, Any]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
