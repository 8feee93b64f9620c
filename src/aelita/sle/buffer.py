"""The transfer buffer of the return services (CCSDS 911.1-B, 3.1.9): when records are passed on, held back or discarded.

The layer below takes one buffer at a time: `take` gives it, `transmitted` says that the next may come. Times are seconds of any
monotonic clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from ..errors import UsageError

Record = TypeVar("Record")


class Backlog(Enum):
    """What happens when a buffer is due while the one before is still held by the layer below."""

    DISCARD = "its records give way to a notification"  # timely online
    HOLD = "the producer waits"  # complete online and offline


@dataclass(slots=True)
class TransferBuffer(Generic[Record]):
    """One buffer under construction, of `size` records, released when full, when `latency_s` has passed, or when flushed.

    The latency timer starts when a record enters the empty buffer (3.1.9.1.4); None: no timer. With `Backlog.DISCARD` the
    records of a buffer that cannot be passed are replaced by one record that `backlog` makes; the buffer then takes `size` more
    and never two such records. `keep` names the records that must not be lost even so (end of data).
    """

    size: int
    latency_s: float | None
    policy: Backlog
    backlog: Callable[[], Record]
    keep: Callable[[Record], bool] = lambda record: False
    discarded: int = 0
    is_free: bool = True
    deadline: float | None = None
    _records: list[Record] = field(default_factory=list)
    _kept: int = 0
    _is_replaced: bool = False
    _is_due: bool = False

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UsageError(f"a transfer buffer of {self.size} records", remedy="Give a size of at least 1")

    @property
    def room(self) -> int:
        """How many records it takes before it has to be passed on."""
        return max(self.size + self._kept - len(self._records), 0)

    def insert(self, record: Record, now: float) -> None:
        """Put a record behind the others. Raises UsageError when it is full and its policy is to hold."""
        if not self.room:
            raise UsageError("the transfer buffer is full", remedy="Insert only while there is room")
        if not self._records:
            self._start_timer(now)
        self._records.append(record)
        if not self.room:
            self._due(now)

    def flush(self) -> None:
        """Pass on what there is as soon as the layer below is free (end of data)."""
        self._is_due = True

    def on_timer(self, now: float) -> None:
        """Release the buffer when its latency has passed by now."""
        if self.deadline is not None and self.deadline <= now:
            self._due(now)

    def take(self, *, at_once: bool = False) -> tuple[Record, ...] | None:
        """Return the buffer that is due when the layer below is free; `at_once` (STOP): what there is, free or not."""
        if not self._records or not (at_once or (self._is_due and self.is_free)):
            return None
        taken = tuple(self._records)
        self.clear()
        self.is_free = False
        return taken

    def transmitted(self) -> None:
        """Say that the layer below has passed the last buffer on."""
        self.is_free = True

    def clear(self) -> None:
        """Forget all records (abort)."""
        self._records.clear()
        self._kept, self._is_replaced, self._is_due, self.deadline = 0, False, False, None

    def _start_timer(self, now: float) -> None:
        self.deadline = None if self.latency_s is None else now + self.latency_s

    def _due(self, now: float) -> None:
        self.deadline = None
        self._is_due = True
        if self.policy is Backlog.DISCARD and not self.is_free:
            self._replace(now)

    def _replace(self, now: float) -> None:
        notice = self._records[0] if self._is_replaced else self.backlog()
        records = self._records[1:] if self._is_replaced else self._records
        kept = [record for record in records if self.keep(record)]
        self.discarded += len(records) - len(kept)
        self._records = [notice, *kept]
        self._kept, self._is_replaced, self._is_due = len(self._records), True, False
        self._start_timer(now)
