"""Service 15: reports kept in packet stores on board, and read out of them."""

from dataclasses import dataclass
from typing import Literal

from .forwarding import PROCESS_TYPES, ProcessTypes
from .functions import TIME
from .parts import Many, Maybe, Number, Numbers
from .rows import Row, report, request
from .windows import WINDOW_A, WINDOW_C, Window


@dataclass(frozen=True, slots=True)
class ControlStorage:
    """Enable or disable storage in packet stores (none named: all)."""

    enabled: bool
    stores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoredTypes:
    """A packet store and report types that go into it."""

    store: int
    processes: tuple[ProcessTypes, ...]


@dataclass(frozen=True, slots=True)
class ControlStoredTypes:
    """Variant A: enable or disable the storage of report types in packet stores."""

    enabled: bool
    stores: tuple[StoredTypes, ...]


@dataclass(frozen=True, slots=True)
class SelectStored:
    """Add report types to those that go into a packet store, or remove them."""

    added: bool
    store: int
    processes: tuple[ProcessTypes, ...]


@dataclass(frozen=True, slots=True)
class AskSelection:
    """Ask which report types go into a packet store."""

    store: int


@dataclass(frozen=True, slots=True)
class SelectionReport:
    """The report types that go into a packet store."""

    store: int
    processes: tuple[ProcessTypes, ...]


@dataclass(frozen=True, slots=True)
class StoreRange:
    """A span of time of one packet store. `priority` is None in missions without priorities."""

    store: int
    first: int
    last: int
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class RetrieveRanges:
    """Read out the packets that stores received in spans of time."""

    ranges: tuple[StoreRange, ...]


@dataclass(frozen=True, slots=True)
class RetrieveWindow:
    """Variant A: read out the packets that stores received in a window of time."""

    stores: tuple[int, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class DeleteStored:
    """Delete what packet stores received up to a time (none named: all)."""

    time: int
    stores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskSummary:
    """Ask what packet stores hold (none named: all)."""

    stores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoreSummary:
    """What a packet store holds. In variant A `open_since` is None and `open_percentage` the part already read out."""

    store: int
    oldest: int
    newest: int
    percentage: int
    open_percentage: int
    open_since: int | None = None


@dataclass(frozen=True, slots=True)
class StoreSummaries:
    """What packet stores hold."""

    summaries: tuple[StoreSummary, ...]


@dataclass(frozen=True, slots=True)
class ChangeOpenRetrieval:
    """Set the time from which open retrieval reads packet stores (none named: all)."""

    time: int
    stores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StorePriority:
    """A packet store and the priority of its retrieval, None in missions without priorities."""

    store: int
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class ResumeRetrieval:
    """Resume the open retrieval of packet stores (none named: all)."""

    stores: tuple[StorePriority, ...]


@dataclass(frozen=True, slots=True)
class StoresRequest:
    """Suspend the open retrieval of stores, abort their retrieval by time range, or delete the stores (none named: all)."""

    action: Literal["suspend", "abort", "delete"]
    stores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskStores:
    """Ask for the states of all packet stores, or for their configuration."""

    subject: Literal["states", "configuration"]


@dataclass(frozen=True, slots=True)
class StoreState:
    """The codes of a packet store's storage, open retrieval and retrieval by time range."""

    store: int
    storage: int
    retrieval: int
    by_range: int | None = None


@dataclass(frozen=True, slots=True)
class StoreStates:
    """The state of each packet store."""

    states: tuple[StoreState, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """How a packet store is made: `kind` is circular or bounded, in the mission's codes."""

    store: int
    size: int
    kind: int | None = None
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class CreateStores:
    """Create packet stores."""

    stores: tuple[Store, ...]


@dataclass(frozen=True, slots=True)
class StoreConfiguration:
    """How each packet store is made."""

    stores: tuple[Store, ...]


@dataclass(frozen=True, slots=True)
class CopyStored:
    """Copy what one packet store received in a window of time into another."""

    window: Window
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class StoreSize:
    """A packet store and its new size."""

    store: int
    size: int


@dataclass(frozen=True, slots=True)
class ResizeStores:
    """Change the sizes of packet stores."""

    stores: tuple[StoreSize, ...]


@dataclass(frozen=True, slots=True)
class ChangeStoreType:
    """Make a packet store circular or bounded."""

    circular: bool
    store: int


@dataclass(frozen=True, slots=True)
class ChangeStoreChannel:
    """Change the virtual channel on which a packet store is read out."""

    store: int
    channel: int


_STORE = Number("store", "store_octets", "the packet store")
_STORES = Numbers("stores", "store_octets")
_PRIORITY = Maybe("priority", "priority_octets")
_SELECTED = (_STORE, PROCESS_TYPES)
_SIZE = Number("size", "store_size_octets")
_MADE = (
    Many(
        "stores", Store, (_STORE, _SIZE, Maybe("kind", "store_type_octets"), Maybe("channel", "channel_octets")), "store"
    ),
)  # fmt: skip
_RANGE = (_STORE, _PRIORITY, Number("first", "time_octets"), Number("last", "time_octets"))
_PERCENT, _OPEN_PERCENT = Number("percentage", "percentage_octets"), Number("open_percentage", "percentage_octets")
_SPAN = (_STORE, Number("oldest", "time_octets"), Number("newest", "time_octets"))
_SUMMARY_C = Many("summaries", StoreSummary, (*_SPAN, Number("open_since", "time_octets"), _PERCENT, _OPEN_PERCENT), "store")
_SUMMARY_A = Many("summaries", StoreSummary, (*_SPAN, _PERCENT, _OPEN_PERCENT), "store")
_STATE = (
    _STORE, Number("storage", "code_octets"), Number("retrieval", "code_octets"), Maybe("by_range", "range_status_octets")
)  # fmt: skip


def _selecting(subtype: int, added: bool) -> Row:
    words = "keep" if added else "no longer keep"
    return request(
        15, subtype, SelectStored, _SELECTED, f"{words} report types of {{m.processes:n}} processes in packet store {{m.store}}",
        added=added,
    )  # fmt: skip


_TYPES = Many("stores", StoredTypes, _SELECTED, "store")
_STORAGE = "{m.enabled:on} storage in {m.stores:all packet stores}"
_TYPED = "{m.enabled:on} the storage of report types in {m.stores:n} packet stores"

ROWS = (
    request(15, 1, ControlStorage, (_STORES,), _STORAGE, variants="C", enabled=True),
    request(15, 2, ControlStorage, (_STORES,), _STORAGE, variants="C", enabled=False),
    request(15, 1, ControlStoredTypes, (_TYPES,), _TYPED, variants="A", grade="K", enabled=True),
    request(15, 2, ControlStoredTypes, (_TYPES,), _TYPED, variants="A", grade="K", enabled=False),
    _selecting(3, True),
    _selecting(4, False),
    request(15, 5, AskSelection, (_STORE,), "report what is kept in packet store {m.store}"),
    report(15, 6, SelectionReport, _SELECTED, "packet store {m.store} keeps report types of {m.processes:n} processes"),
    request(15, 9, RetrieveRanges, (Many("ranges", StoreRange, _RANGE, "range"),),
            "read out {m.ranges:n} spans of time of packet stores", variants="C"),
    request(15, 9, RetrieveWindow, (_STORES, WINDOW_A),
            "read out {m.stores:all packet stores} {m.window}", variants="A", grade="K"),
    request(15, 11, DeleteStored, (TIME, _STORES), "delete what {m.stores:all packet stores} received up to {m.time:#x}"),
    request(15, 12, AskSummary, (_STORES,), "report what {m.stores:all packet stores} hold"),
    report(15, 13, StoreSummaries, (_SUMMARY_C,), "what {m.summaries:n} packet stores hold", variants="C"),
    report(15, 13, StoreSummaries, (_SUMMARY_A,), "what {m.summaries:n} packet stores hold", variants="A", grade="K"),
    request(15, 14, ChangeOpenRetrieval, (TIME, _STORES),
            "read {m.stores:all packet stores} openly from {m.time:#x} on", variants="C"),
    request(15, 15, ResumeRetrieval, (Many("stores", StorePriority, (_STORE, _PRIORITY), "store"),),
            "resume the open retrieval of {m.stores:n} packet stores", variants="C"),
    request(15, 16, StoresRequest, (_STORES,), "suspend the open retrieval of {m.stores:all packet stores}",
            variants="C", action="suspend"),
    request(15, 17, StoresRequest, (_STORES,), "abort the retrieval by time range of {m.stores:all packet stores}",
            variants="C", action="abort"),
    request(15, 18, AskStores, (), "report the state of each packet store", variants="C", subject="states"),
    report(15, 19, StoreStates, (Many("states", StoreState, _STATE, "store"),),
           "states of {m.states:n} packet stores", variants="C"),
    request(15, 20, CreateStores, _MADE, "create {m.stores:n} packet stores", variants="C"),
    request(15, 21, StoresRequest, (_STORES,), "delete {m.stores:all packet stores}", variants="C", action="delete"),
    request(15, 22, AskStores, (), "report how packet stores are made", variants="C", subject="configuration"),
    report(15, 23, StoreConfiguration, _MADE, "how {m.stores:n} packet stores are made", variants="C"),
    request(15, 24, CopyStored, (WINDOW_C, Number("source", "store_octets"), Number("target", "store_octets")),
            "copy packet store {m.source} {m.window} into {m.target}", variants="C"),
    request(15, 25, ResizeStores, (Many("stores", StoreSize, (_STORE, _SIZE), "store"),),
            "change the size of {m.stores:n} packet stores", variants="C"),
    request(15, 26, ChangeStoreType, (_STORE,), "make packet store {m.store} circular", variants="C", circular=True),
    request(15, 27, ChangeStoreType, (_STORE,), "make packet store {m.store} bounded", variants="C", circular=False),
    request(15, 28, ChangeStoreChannel, (_STORE, Number("channel", "channel_octets")),
            "read packet store {m.store} out on virtual channel {m.channel}", variants="C"),
)  # fmt: skip
