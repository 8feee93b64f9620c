"""Service 15 on board: packet stores keep what was sent, whether anybody heard it or not, and send it again when asked."""

from collections.abc import Iterator

from ..pus import (
    AskStores,
    AskSummary,
    Between,
    ControlStorage,
    ControlStoredTypes,
    DeleteStored,
    From,
    RetrieveRanges,
    RetrieveWindow,
    StoresRequest,
    StoreState,
    StoreStates,
    StoreSummaries,
    StoreSummary,
    UpTo,
    Window,
)
from .board import Board, Code, NotDoneError
from .services import Handler

PACKET_S = 0.001  # time that reading one packet out takes


def _stores(board: Board, idents: tuple[int, ...]) -> list[int]:
    for ident in idents:
        if ident not in board.stores:
            raise NotDoneError(Code.UNKNOWN_OBJECT, f"there is no packet store {ident}")
    return list(idents) or sorted(board.stores)


def _span(window: Window) -> tuple[int, int]:
    match window:
        case Between(first, last):
            return first, last
        case From(first):
            return first, 1 << 64
        case UpTo(last):
            return 0, last
        case _:
            return 0, 1 << 64


def _retrieve(board: Board, spans: list[tuple[int, int, int]]) -> Iterator[float]:
    if any(first > last for _, first, last in spans):
        raise NotDoneError(Code.OUT_OF_RANGE, "a span ends before it begins")
    yield board.definition.timing.execution_s
    found = [packet for ident, first, last in spans for packet in board.stores[ident].between(first, last)]
    board.downlink.stored.extend(found)
    yield PACKET_S * len(found)


def retrieve_window(board: Board, request: RetrieveWindow, destination: int) -> Iterator[float]:
    """Send again what stores kept in a window of time."""
    first, last = _span(request.window)
    return _retrieve(board, [(ident, first, last) for ident in _stores(board, request.stores)])


def retrieve_ranges(board: Board, request: RetrieveRanges, destination: int) -> Iterator[float]:
    """Send again what stores kept in spans of time."""
    _stores(board, tuple(one.store for one in request.ranges))
    return _retrieve(board, [(one.store, one.first, one.last) for one in request.ranges])


def abort(board: Board, request: StoresRequest, destination: int) -> Iterator[float]:
    """Stop sending what stores kept: of all of them, since what waits is not told apart."""
    _stores(board, request.stores)
    yield board.definition.timing.execution_s
    board.downlink.stored.clear()


def delete(board: Board, request: DeleteStored, destination: int) -> Iterator[float]:
    """Delete what stores kept up to a time."""
    idents = _stores(board, request.stores)
    yield board.definition.timing.execution_s
    for ident in idents:
        board.stores[ident].delete(request.time)


def control(board: Board, request: ControlStorage | ControlStoredTypes, destination: int) -> Iterator[float]:
    """Enable or disable storage. Report types are not told apart: a store keeps all or nothing."""
    if isinstance(request, ControlStorage):
        idents = _stores(board, request.stores)
    else:
        idents = _stores(board, tuple(one.store for one in request.stores))
        if any(one.processes for one in request.stores):
            raise NotDoneError(Code.OUT_OF_RANGE, "stores here keep all types")
    yield board.definition.timing.execution_s
    for ident in idents:
        board.stores[ident].is_on = request.enabled


def summarize(board: Board, request: AskSummary, destination: int) -> Iterator[float]:
    """Tell what stores hold. An empty one has equal times of zero."""
    idents = _stores(board, request.stores)
    yield board.definition.timing.execution_s
    summaries = []
    for ident in idents:
        store = board.stores[ident]
        oldest, newest = (store.held[0][0], store.held[-1][0]) if store.held else (0, 0)
        since = newest if board.definition.variant == "C" else None
        summaries.append(StoreSummary(ident, oldest, newest, 100 * store.used // store.octets, 0, since))
    board.report(StoreSummaries(tuple(summaries)), destination=destination)


def tell_states(board: Board, request: AskStores, destination: int) -> Iterator[float]:
    """Tell whether stores keep, and whether something is being read out."""
    yield board.definition.timing.execution_s
    reading = int(bool(board.downlink.stored))
    states = tuple(
        StoreState(ident, int(store.is_on), 0, reading if board.definition.widths.range_status_octets else None)
        for ident, store in sorted(board.stores.items())
    )
    board.report(StoreStates(states), destination=destination)


HANDLERS: dict[type, Handler] = {
    RetrieveWindow: retrieve_window,
    RetrieveRanges: retrieve_ranges,
    DeleteStored: delete,
    ControlStorage: control,
    ControlStoredTypes: control,
    AskSummary: summarize,
    AskStores: tell_states,
    StoresRequest: abort,
}
