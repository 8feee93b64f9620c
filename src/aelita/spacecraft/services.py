"""Services 3, 5, 8, 9, 17 and 20 on board: housekeeping, events, functions, time, connection test, parameters.

A handler is a generator: what it does before its first `yield` decides whether execution starts (it raises NotDoneError if not),
each `yield` is the time in seconds that passes, and its end is completion.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ..pus import (
    Alive,
    AreYouAlive,
    AskDisabledEvents,
    AskParameters,
    ChangeIntervals,
    ChangeTimeRate,
    ConnectionAlive,
    ControlEvents,
    DisabledEvents,
    ParameterValue,
    ParameterValues,
    PerformFunction,
    ProbeConnection,
    SetParameters,
    StructuresRequest,
)
from ..time import SECOND
from .board import Board, Code, Event, Mode, NotDoneError
from .definition import Function
from .downlink import MOST_RATE

Handler = Callable[[Board, Any, int], Iterator[float]]


def _collections(board: Board, idents: tuple[int, ...], diagnostic: bool) -> list[int]:
    for ident in idents:
        held = board.collections.get(ident)
        if held is None or held.structure.diagnostic != diagnostic:
            raise NotDoneError(Code.UNKNOWN_OBJECT, f"there is no structure {ident}")
    return list(idents)


def control_structures(board: Board, request: StructuresRequest, destination: int) -> Iterator[float]:
    """Enable, disable or generate structures."""
    idents = _collections(board, request.structures, request.diagnostic)
    yield board.definition.timing.execution_s
    for one in (board.collections[ident] for ident in idents):
        if request.action == "generate":
            board.collect(one.structure)
        else:
            one.is_on = request.action == "enable"
            board.arm(one)


def change_intervals(board: Board, request: ChangeIntervals, destination: int) -> Iterator[float]:
    """Change how often structures are reported."""
    _collections(board, tuple(one.structure for one in request.intervals), request.diagnostic)
    if not all(one.interval for one in request.intervals):
        raise NotDoneError(Code.OUT_OF_RANGE, "an interval of nothing")
    yield board.definition.timing.execution_s
    for one in request.intervals:
        held = board.collections[one.structure]
        held.interval_ns = round(one.interval * board.definition.interval_unit_s * SECOND)
        board.arm(held)


def control_events(board: Board, request: ControlEvents, destination: int) -> Iterator[float]:
    """Enable or disable event reports."""
    for event in request.events:
        if event not in [int(one) for one in Event]:
            raise NotDoneError(Code.UNKNOWN_OBJECT, f"there is no event {event}")
    yield board.definition.timing.execution_s
    board.disabled_events = (
        board.disabled_events - set(request.events) if request.enabled else board.disabled_events | set(request.events)
    )


def tell_disabled(board: Board, request: AskDisabledEvents, destination: int) -> Iterator[float]:
    """Tell which events are not reported."""
    yield board.definition.timing.execution_s
    board.report(DisabledEvents(tuple(sorted(board.disabled_events))), destination=destination)


def perform_function(board: Board, request: PerformFunction, destination: int) -> Iterator[float]:
    """Perform a function of the table. None takes arguments."""
    ident = int.from_bytes(request.function)
    function = {one.ident: one for one in board.definition.functions}.get(ident)
    if function is None:
        raise NotDoneError(Code.UNKNOWN_OBJECT, f"there is no function {ident}")
    if request.arguments:
        raise NotDoneError(Code.OUT_OF_RANGE, f"function {ident} takes no arguments")
    yield function.duration_s
    _act(board, function)


def _act(board: Board, function: Function) -> None:
    match function.action:
        case "enter safe mode":
            board.enter_safe_mode()
        case "leave safe mode":
            board.mode = Mode.NOMINAL
        case "clear counters":
            board.counters.clear()
        case "reset":
            board.later(board.now_ns + SECOND, lambda: board.reset(False), outside=True)  # so that completion is still reported
        case "reset security alarm":
            board.on_security_reset()


def change_time_rate(board: Board, request: ChangeTimeRate, destination: int) -> Iterator[float]:
    """Change how often the time is reported."""
    if request.exponent > MOST_RATE:
        raise NotDoneError(Code.OUT_OF_RANGE, f"2^{request.exponent} frames; at most 2^{MOST_RATE}")
    yield board.definition.timing.execution_s
    board.downlink.rate_exponent = request.exponent


def answer(board: Board, request: AreYouAlive, destination: int) -> Iterator[float]:
    """Say that the process is alive."""
    yield board.definition.timing.execution_s
    board.report(Alive(), destination=destination)


def probe(board: Board, request: ProbeConnection, destination: int) -> Iterator[float]:
    """Say that the connection to a process works."""
    if request.apid not in board.definition.command_apids:
        raise NotDoneError(Code.UNKNOWN_OBJECT, f"there is no process {request.apid}")
    yield board.definition.timing.execution_s
    board.report(ConnectionAlive(request.apid), destination=destination)


def tell_parameters(board: Board, request: AskParameters, destination: int) -> Iterator[float]:
    """Tell the values of parameters."""
    known = {one.ident: one for one in board.definition.parameters}
    for ident in request.parameters:
        if ident not in known:
            raise NotDoneError(Code.UNKNOWN_OBJECT, f"there is no parameter {ident}")
    yield board.definition.timing.execution_s
    values = tuple(ParameterValue(ident, board.value(known[ident])) for ident in request.parameters)
    board.report(ParameterValues(values), destination=destination)


def set_parameters(board: Board, request: SetParameters, destination: int) -> Iterator[float]:
    """Set parameters, all or none."""
    for one in request.values:
        if one.parameter not in board.parameters:
            raise NotDoneError(Code.READ_ONLY, f"parameter {one.parameter} cannot be set")
    yield board.definition.timing.execution_s
    for one in request.values:
        board.parameters[one.parameter] = int.from_bytes(one.value)


HANDLERS: dict[type, Handler] = {
    StructuresRequest: control_structures,
    ChangeIntervals: change_intervals,
    ControlEvents: control_events,
    AskDisabledEvents: tell_disabled,
    PerformFunction: perform_function,
    ChangeTimeRate: change_time_rate,
    AreYouAlive: answer,
    ProbeConnection: probe,
    AskParameters: tell_parameters,
    SetParameters: set_parameters,
}
