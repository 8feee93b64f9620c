"""Service 12: parameters that the spacecraft itself watches."""

from dataclasses import dataclass
from typing import Literal

from .functions import TIME
from .grammar import Parts
from .parts import Choice, Flag, Many, Maybe, Number, Numbers, One, Value
from .rows import report, request


@dataclass(frozen=True, slots=True)
class ControlMonitoring:
    """Enable or disable the monitoring of definitions; in variant A of parameters (none named: all)."""

    enabled: bool
    monitors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChangeReportingDelay:
    """Change how long transitions are collected before they are reported."""

    delay: int


@dataclass(frozen=True, slots=True)
class DeleteAllMonitoring:
    """Delete all monitoring definitions."""


@dataclass(frozen=True, slots=True)
class ExpectedCheck:
    """Event unless the masked value is the expected one. `spare` is None where the mission has no such field."""

    mask: bytes
    expected: bytes
    event: int
    spare: int | None = None


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """Events below the low and above the high limit."""

    low: bytes
    low_event: int
    high: bytes
    high_event: int


@dataclass(frozen=True, slots=True)
class DeltaCheck:
    """Events when the mean change of `values` consecutive values is below or above a threshold."""

    low: bytes
    low_event: int
    high: bytes
    high_event: int
    values: int


Check = ExpectedCheck | LimitCheck | DeltaCheck


@dataclass(frozen=True, slots=True)
class Validity:
    """When the check is valid: while the masked value of another parameter is this."""

    parameter: int
    mask: bytes
    expected: bytes


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What is watched, how, and after how many repetitions an event is raised. `enabled` is set in reports."""

    monitor: int
    parameter: int
    repetitions: int
    check: Check
    validity: Validity | None = None
    interval: int | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class AddMonitoring:
    """Add monitoring definitions."""

    definitions: tuple[Monitoring, ...]


@dataclass(frozen=True, slots=True)
class ModifyMonitoring:
    """Change the checks of monitoring definitions."""

    definitions: tuple[Monitoring, ...]


@dataclass(frozen=True, slots=True)
class DeleteMonitoring:
    """Delete monitoring definitions."""

    monitors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskMonitoring:
    """Ask for monitoring definitions (none named: all)."""

    monitors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MonitoringReport:
    """Monitoring definitions, and the delay of the reports of transitions."""

    delay: int
    definitions: tuple[Monitoring, ...]


@dataclass(frozen=True, slots=True)
class AskOutOfLimits:
    """Ask which parameters are out of limits."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of a checking status. `check` and `mask` belong to variant C, `mask` to checks of expected values."""

    parameter: int
    value: bytes
    crossed: bytes
    previous: int
    current: int
    time: int
    monitor: int | None = None
    check: "TransitionCheck | None" = None


@dataclass(frozen=True, slots=True)
class ExpectedTransition:
    """The check is of an expected value, under this mask."""

    mask: bytes


@dataclass(frozen=True, slots=True)
class LimitTransition:
    """The check is one of limits."""


@dataclass(frozen=True, slots=True)
class DeltaTransition:
    """The check is one of changes."""


TransitionCheck = ExpectedTransition | LimitTransition | DeltaTransition


@dataclass(frozen=True, slots=True)
class Transitions:
    """Changes of checking status: `asked` when they answer a request for what is out of limits."""

    asked: bool
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class AskMonitoringStates:
    """Ask which monitoring definitions are enabled."""


@dataclass(frozen=True, slots=True)
class MonitorState:
    """A monitoring definition and whether it is enabled."""

    monitor: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class MonitoringStates:
    """Which monitoring definitions are enabled."""

    states: tuple[MonitorState, ...]


@dataclass(frozen=True, slots=True)
class ControlMonitoringFunction:
    """Enable or disable the parameter monitoring or the functional monitoring as a whole."""

    functional: bool
    enabled: bool


@dataclass(frozen=True, slots=True)
class ControlFunctions:
    """Enable, disable, protect, unprotect, delete or report functional monitoring definitions."""

    action: Literal["enable", "disable", "protect", "unprotect", "delete", "report"]
    functions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FunctionMonitoring:
    """Several monitors that together tell whether a function works. The last three are None in requests or where absent."""

    function: int
    monitors: tuple[int, ...]
    event: int
    validity: Validity | None = None
    failing: int | None = None
    protected: bool | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class AddFunctions:
    """Add functional monitoring definitions."""

    definitions: tuple[FunctionMonitoring, ...]


@dataclass(frozen=True, slots=True)
class FunctionsReport:
    """Functional monitoring definitions."""

    definitions: tuple[FunctionMonitoring, ...]


@dataclass(frozen=True, slots=True)
class AskFunctionStates:
    """Ask for the state of each functional monitoring definition."""


@dataclass(frozen=True, slots=True)
class FunctionState:
    """A functional monitoring definition, whether it is protected and enabled, and its checking status."""

    function: int
    protected: bool | None
    enabled: bool
    status: int


@dataclass(frozen=True, slots=True)
class FunctionStates:
    """The state of each functional monitoring definition."""

    states: tuple[FunctionState, ...]


_MONITOR, _PARAMETER = Number("monitor", "monitor_octets"), Number("parameter", "parameter_octets")
_LIMITS: Parts = (
    Value("low"), Number("low_event", "event_octets"), Value("high"), Number("high_event", "event_octets"),
)  # fmt: skip
_EXPECTED: Parts = (
    Value("mask"), Maybe("spare", "check_spare_octets"), Value("expected"), Number("event", "event_octets")
)  # fmt: skip
_CHECK = Choice(
    "check",
    ((0, ExpectedCheck, _EXPECTED), (1, LimitCheck, _LIMITS), (2, DeltaCheck, (*_LIMITS, Number("values", "repetition_octets")))),
)
_VALIDITY = One("validity", Validity, (_PARAMETER, Value("mask"), Value("expected")), when="validity_octets")
_REPEATS = Number("repetitions", "repetition_octets")
_INTERVAL = Maybe("interval", "monitoring_interval_octets")
_ENABLED = Flag("enabled")
_DEFINITION: Parts = (_MONITOR, _PARAMETER, _VALIDITY, _INTERVAL, _REPEATS, _CHECK)
_MODIFIED: Parts = (_MONITOR, _PARAMETER, _REPEATS, _CHECK)
_REPORTED: Parts = (_MONITOR, _PARAMETER, _VALIDITY, _INTERVAL, _ENABLED, _REPEATS, _CHECK)
_KIND = Choice("check", ((0, ExpectedTransition, (Value("mask"),)), (1, LimitTransition, ()), (2, DeltaTransition, ())))
_CODES = (Number("previous", "code_octets"), Number("current", "code_octets"), TIME)
_CHANGED: dict[str, Parts] = {
    "A": (_PARAMETER, Value("value"), Value("crossed"), *_CODES),
    "C": (_MONITOR, _PARAMETER, _KIND, Value("value"), Value("crossed"), *_CODES),
}
_FUNCTIONS = (Numbers("functions", "function_monitor_octets"),)
_FUNCTION = Number("function", "function_monitor_octets")
_FAILING = Maybe("failing", "failing_number_octets")
_MONITORS = Numbers("monitors", "monitor_octets")
_PROTECTED = Flag("protected", "protection_octets", optional=True)
_CONTROL = ((19, "enable"), (20, "disable"), (21, "protect"), (22, "unprotect"), (24, "delete"), (25, "report"))


def _definitions(parts: Parts) -> Parts:
    return (Many("definitions", Monitoring, parts, "definition"),)


def _functions(parts: Parts) -> Parts:
    return (Many("definitions", FunctionMonitoring, parts, "definition"),)


def _changes(variant: str) -> Parts:
    return (Many("transitions", Transition, _CHANGED[variant], "transition"),)


_LEFT = "{m.transitions:n} parameters are out of limits"
_CHANGE = "{m.transitions:n} parameters changed their checking status"
_BY_PARAMETER = (Numbers("monitors", "parameter_octets"),)
_SWITCH = "{m.enabled:on} the monitoring of {m.monitors:all definitions}"

ROWS = (
    request(12, 1, ControlMonitoring, (_MONITORS,), _SWITCH, variants="C", enabled=True),
    request(12, 2, ControlMonitoring, (_MONITORS,), _SWITCH, variants="C", enabled=False),
    request(12, 1, ControlMonitoring, _BY_PARAMETER, _SWITCH, variants="A", grade="K", enabled=True),
    request(12, 2, ControlMonitoring, _BY_PARAMETER, _SWITCH, variants="A", grade="K", enabled=False),
    request(12, 3, ChangeReportingDelay, (Number("delay", "delay_octets"),),
            "report monitoring transitions after {m.delay} units"),
    request(12, 4, DeleteAllMonitoring, (), "delete all monitoring definitions"),
    request(12, 5, AddMonitoring, _definitions(_DEFINITION), "add {m.definitions:n} monitoring definitions", variants="C"),
    request(12, 6, DeleteMonitoring, (_MONITORS,), "delete the monitoring of {m.monitors:list}", variants="C"),
    request(12, 6, DeleteMonitoring, _BY_PARAMETER, "delete the monitoring of {m.monitors:list}", variants="A", grade="K"),
    request(12, 7, ModifyMonitoring, _definitions(_MODIFIED), "change {m.definitions:n} monitoring definitions", variants="C",
            ),
    request(12, 8, AskMonitoring, (_MONITORS,), "report {m.monitors:all monitoring definitions}", variants="C"),
    report(12, 9, MonitoringReport, (Number("delay", "delay_octets"), *_definitions(_REPORTED)),
           "{m.definitions:n} monitoring definitions", variants="C"),
    request(12, 10, AskOutOfLimits, (), "report which parameters are out of limits"),
    report(12, 11, Transitions, _changes("C"), _LEFT, variants="C", grade="K", asked=True),
    report(12, 12, Transitions, _changes("C"), _CHANGE, variants="C", grade="K", asked=False),
    report(12, 11, Transitions, _changes("A"), _LEFT, variants="A", grade="K", asked=True),
    report(12, 12, Transitions, _changes("A"), _CHANGE, variants="A", grade="K", asked=False),
    request(12, 13, AskMonitoringStates, (), "report which monitoring definitions are enabled", variants="C"),
    report(12, 14, MonitoringStates, (Many("states", MonitorState, (_MONITOR, _ENABLED), "state"),),
           "states of {m.states:n} monitoring definitions", variants="C"),
    *(
        request(12, 15 + 2 * functional + (not on), ControlMonitoringFunction, (),
                f"{'enable' if on else 'disable'} the whole {'functional' if functional else 'parameter'} monitoring",
                variants="C", functional=functional, enabled=on)
        for functional in (False, True) for on in (True, False)
    ),
    *(
        request(12, subtype, ControlFunctions, _FUNCTIONS, f"{action} {{m.functions:all functional monitoring definitions}}",
                variants="C", action=action)
        for subtype, action in _CONTROL
    ),
    request(12, 23, AddFunctions, _functions((_FUNCTION, _VALIDITY, Number("event", "event_octets"), _FAILING, _MONITORS)),
            "add {m.definitions:n} functional monitoring definitions", variants="C"),
    report(12, 26, FunctionsReport,
           _functions((_FUNCTION, _VALIDITY, _PROTECTED, _ENABLED, Number("event", "event_octets"), _FAILING, _MONITORS)),
           "{m.definitions:n} functional monitoring definitions", variants="C", grade="K"),
    request(12, 27, AskFunctionStates, (), "report the state of each functional monitoring definition", variants="C"),
    report(12, 28, FunctionStates,
           (Many("states", FunctionState, (_FUNCTION, _PROTECTED, _ENABLED, Number("status", "code_octets")), "state"),),
           "states of {m.states:n} functional monitoring definitions", variants="C"),
)  # fmt: skip
