"""One delivery of a provider, from START to STOP: range, selection, transfer buffer and counts."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UsageError
from ..time import SECOND
from .buffer import Backlog, TransferBuffer
from .instances import InstanceSettings
from .now import Now
from .pdus import (
    AnnotatedFrame,
    Element,
    EndOfData,
    ExcessiveBacklog,
    Notification,
    Start,
    SyncNotification,
)
from .selection import StationFrame, selection
from .terms import DeliveredQuality, DeliveryMode

MOST_WAITING = 64  # notifications that wait for room; the oldest go first


@dataclass(slots=True)
class Counts:
    """What status reports count since BIND: records passed on, frames without error among them, frames looked at."""

    delivered: int = 0
    error_free: int = 0
    processed: int = 0


class Delivery:
    """What is delivered between START and STOP. In timely online `frame` takes what is heard, else `supply` what is stored."""

    def __init__(self, settings: InstanceSettings, asked: Start, counts: Counts, *, is_free: bool) -> None:
        self.asked = asked
        self.is_timely = settings.mode is DeliveryMode.RETURN_TIMELY_ONLINE
        self.has_ended = False
        self._latency_s = settings.latency_s
        self._selection = selection(asked.request)
        self._counts = counts
        self._processed_before = counts.processed
        self._waiting: deque[Element] = deque(maxlen=MOST_WAITING)
        self.buffer: TransferBuffer[Element] = TransferBuffer(
            settings.buffer_size,
            settings.latency_s if settings.is_online else None,
            Backlog.DISCARD if self.is_timely else Backlog.HOLD,
            lambda: SyncNotification(ExcessiveBacklog()),
            lambda element: isinstance(element, SyncNotification) and isinstance(element.notification, EndOfData),
            is_free=is_free,
        )

    @property
    def credits(self) -> int:
        """How many frames `supply` takes."""
        return 0 if self.has_ended or self.is_timely or self._waiting else self.buffer.room

    def frame(self, frame: StationFrame, now: Now) -> None:
        """Take one frame, just heard or from the store."""
        start, stop = self.asked.start, self.asked.stop
        if self.has_ended or (start is not None and frame.received_at < start):
            return
        if stop is not None and frame.received_at > stop:
            self.end(now)
            return
        element = self._selection.take(frame)
        self._counts.processed = self._processed_before + self._selection.processed
        if element is not None:
            self._insert(element, now)

    def supply(self, frames: Iterable[StationFrame], now: Now, *, end: bool) -> int:
        """Take frames of the store and return how many came. Raises UsageError for a frame that finds no room."""
        count = 0
        for frame in frames:
            count += 1
            if not self.credits and not self.has_ended:
                raise UsageError("more frames than the provider asked for", remedy="Supply at most `credits` frames")
            self.frame(frame, now)
        if end:
            self.end(now)
        return count

    def notify(self, notification: Notification, now: Now) -> None:
        """Take a notification."""
        if not self.has_ended:
            self._insert(SyncNotification(notification), now)

    def end(self, now: Now) -> None:
        """Everything asked for has been taken."""
        if not self.has_ended:
            self._insert(SyncNotification(EndOfData()), now)
            self.has_ended = True
            self._flush()

    def on_timer(self, now: Now) -> None:
        """Do what is due: release what has waited long enough; end a timely delivery whose stop time has passed."""
        self.buffer.on_timer(now.s)
        if self.is_timely and self.asked.stop is not None and now.mission_ns > self.last_ns:
            self.end(now)

    @property
    def last_ns(self) -> int:
        """When the last frame of a timely delivery can come (TAI nanoseconds): a latency after its stop time."""
        assert self.asked.stop is not None
        return self.asked.stop + self._latency_s * SECOND

    def release(self, now: Now, *, at_once: bool = False) -> tuple[Element, ...] | None:
        """Return the transfer buffer that is due; `at_once` (STOP): what there is."""
        taken = self.buffer.take(at_once=at_once)
        if taken is None:
            return None
        records = [element for element in taken if not isinstance(element, SyncNotification)]
        self._counts.delivered += len(records)
        self._counts.error_free += sum(
            isinstance(one, AnnotatedFrame) and one.quality is DeliveredQuality.GOOD for one in records
        )
        while self._waiting and self.buffer.room:
            self.buffer.insert(self._waiting.popleft(), now.s)
        self._flush()
        return taken

    def _insert(self, element: Element, now: Now) -> None:
        if self._waiting or not self.buffer.room:
            self._waiting.append(element)
        else:
            self.buffer.insert(element, now.s)

    def _flush(self) -> None:
        if self.has_ended and not self._waiting:
            self.buffer.flush()
