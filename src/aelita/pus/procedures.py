"""Services 18 and 19: procedures on board, and requests that events release."""

from dataclasses import dataclass
from typing import Literal

from .functions import VALUES, ParameterValue
from .parts import Checked, Flag, Many, Maybe, Number, Numbers, Packet, Rest, Text
from .rows import report, request


@dataclass(frozen=True, slots=True)
class LoadProcedure:
    """Load a procedure's code. `good` tells whether its checksum agreed; to be sent it may stay None."""

    procedure: int
    code: bytes
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class StartProcedure:
    """Start a procedure. Its arguments are raw octets in variant C; `values` in variant A."""

    procedure: int
    observability: int | None = None
    arguments: bytes = b""
    values: tuple[ParameterValue, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlProcedure:
    """Unload, resume or abort a procedure, or stop or suspend it at a `step`."""

    action: Literal["unload", "stop", "suspend", "resume", "abort"]
    procedure: int
    step: int | None = None


@dataclass(frozen=True, slots=True)
class TellProcedure:
    """Give a running procedure arguments: raw octets in variant C, `values` in variant A."""

    procedure: int
    arguments: bytes = b""
    values: tuple[ParameterValue, ...] = ()


@dataclass(frozen=True, slots=True)
class AskProcedures:
    """Ask for the procedures; in variant A `active` ones only, or all."""

    active: bool | None = None


@dataclass(frozen=True, slots=True)
class ProcedureState:
    """A procedure's execution status (0 inactive, 1 running, 2 held in variant C) and its step where reported."""

    procedure: int
    status: int
    step: int | None = None


@dataclass(frozen=True, slots=True)
class ProcedureStates:
    """The execution status of procedures."""

    states: tuple[ProcedureState, ...]


@dataclass(frozen=True, slots=True)
class ProcedureList:
    """Variant A: the procedures that are loaded."""

    procedures: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LoadProcedureFile:
    """Load a procedure from a file on board."""

    procedure: int
    repository: str
    file: str


@dataclass(frozen=True, slots=True)
class ProcedureObservability:
    """A procedure and how much of its execution it reports (0 none to 3 in detail)."""

    procedure: int
    level: int


@dataclass(frozen=True, slots=True)
class SetObservability:
    """Set how much procedures report."""

    settings: tuple[ProcedureObservability, ...]


@dataclass(frozen=True, slots=True)
class BoardEvent:
    """An event of an application process; the process is None in missions that do not name it."""

    event: int
    apid: int | None = None


@dataclass(frozen=True, slots=True)
class EventAction:
    """The request that an event releases. `enabled` is set in reports."""

    event: int
    request: bytes
    apid: int | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class AddActions:
    """Let events release requests."""

    actions: tuple[EventAction, ...]


@dataclass(frozen=True, slots=True)
class ControlActions:
    """Delete, enable, disable or report event-action definitions (none named: all)."""

    action: Literal["delete", "enable", "disable", "report"]
    events: tuple[BoardEvent, ...]


@dataclass(frozen=True, slots=True)
class DeleteAllActions:
    """Delete all event-action definitions."""


@dataclass(frozen=True, slots=True)
class AskActions:
    """Ask for the state of each event-action definition."""


@dataclass(frozen=True, slots=True)
class ActionState:
    """An event and whether its action is enabled."""

    event: int
    enabled: bool
    apid: int | None = None


@dataclass(frozen=True, slots=True)
class ActionStates:
    """The state of each event-action definition."""

    states: tuple[ActionState, ...]


@dataclass(frozen=True, slots=True)
class ControlActionFunction:
    """Enable or disable event actions as a whole."""

    enabled: bool


@dataclass(frozen=True, slots=True)
class ActionsReport:
    """Event-action definitions."""

    actions: tuple[EventAction, ...]


_PROCEDURE = Number("procedure", "procedure_octets")
_STEP = Number("step", "procedure_step_octets")
_LEVEL = Maybe("observability", "observability_octets")
_CODE = Checked("code", "procedure_length_octets", "procedure_checksum", "the code")
_AT = (_PROCEDURE, _STEP)
_ARGUMENTS = Rest("arguments")
_APID, _EVENT = Maybe("apid", "event_process_octets"), Number("event", "event_octets", "the event id")
_EVENTS = (Many("events", BoardEvent, (_APID, _EVENT), "event"),)
_ACTIONS = (Many("actions", EventAction, (_APID, _EVENT, Packet("request")), "action"),)
_ACTION_STATES = (Many("states", ActionState, (_APID, _EVENT, Flag("enabled")), "state"),)
_STATES_C = (Many("states", ProcedureState, (_PROCEDURE, Number("status", "code_octets")), "state"),)
_STATES_A = (Many("states", ProcedureState, (_PROCEDURE, Number("status", "code_octets"), _STEP), "state"),)
_RUN = "start procedure {m.procedure}"
_TELL = "give procedure {m.procedure} arguments"
_ACTED = "{m.action} the actions of {m.events:n} events"

ROWS = (
    request(18, 1, LoadProcedure, (_PROCEDURE, _CODE), "load procedure {m.procedure}"),
    request(18, 2, ControlProcedure, (_PROCEDURE,), "unload procedure {m.procedure}", action="unload", step=None),
    request(18, 3, StartProcedure, (_PROCEDURE, _LEVEL, _ARGUMENTS), _RUN, variants="C"),
    request(18, 3, StartProcedure, (_PROCEDURE, VALUES), _RUN, variants="A", grade="K"),
    request(18, 4, ControlProcedure, _AT, "stop procedure {m.procedure} at step {m.step}", action="stop"),
    request(18, 5, ControlProcedure, _AT, "suspend procedure {m.procedure} at step {m.step}", action="suspend"),
    request(18, 6, ControlProcedure, (_PROCEDURE,), "resume procedure {m.procedure}", action="resume", step=None),
    request(18, 7, TellProcedure, (_PROCEDURE, _ARGUMENTS), _TELL, variants="C"),
    request(18, 7, TellProcedure, (_PROCEDURE, VALUES), _TELL, variants="A", grade="K"),
    request(18, 8, AskProcedures, (), "report the state of each procedure", variants="C", active=None),
    request(18, 8, AskProcedures, (), "report the procedures that are loaded", variants="A", grade="K", active=False),
    report(18, 9, ProcedureStates, _STATES_C, "states of {m.states:n} procedures", variants="C"),
    report(18, 9, ProcedureList, (Numbers("procedures", "procedure_octets"),), "procedures {m.procedures:list} are loaded",
           variants="A", grade="K"),
    request(18, 10, AskProcedures, (), "report the procedures that run", variants="A", grade="K", active=True),
    report(18, 11, ProcedureStates, _STATES_A, "{m.states:n} procedures run", variants="A", grade="K"),
    request(18, 12, ControlProcedure, (_PROCEDURE,), "abort procedure {m.procedure}", variants="C", action="abort", step=None),
    request(18, 13, LoadProcedureFile, (_PROCEDURE, Text("repository"), Text("file")),
            "load procedure {m.procedure} from file {m.repository} {m.file}", variants="C"),
    request(18, 16, SetObservability,
            (Many("settings", ProcedureObservability, (_PROCEDURE, Number("level", "code_octets")), "procedure"),),
            "set how much {m.settings:n} procedures report", variants="C"),
    request(19, 1, AddActions, _ACTIONS, "let {m.actions:n} events release requests"),
    request(19, 2, ControlActions, _EVENTS, _ACTED, action="delete"),
    request(19, 3, DeleteAllActions, (), "delete all event-action definitions"),
    request(19, 4, ControlActions, _EVENTS, _ACTED, action="enable"),
    request(19, 5, ControlActions, _EVENTS, _ACTED, action="disable"),
    request(19, 6, AskActions, (), "report the state of each event-action definition"),
    report(19, 7, ActionStates, _ACTION_STATES, "states of {m.states:n} event actions"),
    request(19, 8, ControlActionFunction, (), "enable all event actions", variants="C", enabled=True),
    request(19, 9, ControlActionFunction, (), "disable all event actions", variants="C", enabled=False),
    request(19, 10, ControlActions, _EVENTS, _ACTED, variants="C", action="report"),
    report(19, 11, ActionsReport, (Many("actions", EventAction, (_APID, _EVENT, Flag("enabled"), Packet("request")), "action"),),
           "{m.actions:n} event-action definitions", variants="C", grade="K"),
)  # fmt: skip
