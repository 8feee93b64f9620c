"""Frames of which no good copy has come yet: each is reported once, with all who heard it so, unless a good one comes."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .copies import BadFrame

MOST_WAITING = 1024  # then the oldest is reported before its time
MOST_REPORTED = 4096  # known as reported

Key = tuple[int, int]
"""What a bad frame seems to be: virtual channel and counter; or -1 and the digest of its octets, where these mean nothing."""


@dataclass(slots=True)
class _Waiting:
    key: Key
    bad: BadFrame
    due: int
    messages: list[tuple[str, int]]


@dataclass(slots=True)
class BadFrames:
    """Bad copies that wait until a good one comes, or until they are due. Copies emitted within `tolerance` are of one frame."""

    tolerance: int
    _waiting: dict[Key, list[_Waiting]] = field(default_factory=dict)
    _order: deque[_Waiting] = field(default_factory=deque)
    _reported: dict[Key, list[int]] = field(default_factory=dict)
    _ages: deque[tuple[Key, int]] = field(default_factory=deque)
    _now: list[BadFrame] = field(default_factory=list)

    def take(self, key: Key, bad: BadFrame, due: int, message: int) -> None:
        """Take one bad copy."""
        if self.known(key, bad.emitted_at):
            return
        for waiting in self._waiting.get(key, ()):
            if abs(waiting.bad.emitted_at - bad.emitted_at) <= self.tolerance:
                if not set(bad.stations) <= set(waiting.bad.stations):
                    waiting.bad = replace(waiting.bad, stations=waiting.bad.stations + bad.stations)
                    waiting.messages.append((bad.stations[0], message))
                return
        made = _Waiting(key, bad, due, [(bad.stations[0], message)])
        self._waiting.setdefault(key, []).append(made)
        self._order.append(made)
        if len(self._order) > MOST_WAITING:
            self._report(self._order.popleft())

    def resolved(self, key: Key, emitted: int) -> None:
        """Forget the bad copies of a frame of which a good one came."""
        for waiting in tuple(self._waiting.get(key, ())):
            if abs(waiting.bad.emitted_at - emitted) <= self.tolerance:
                self._forget(waiting)
                self._order.remove(waiting)

    def report(self, key: Key, bad: BadFrame) -> None:
        """Report a frame at once, unless it was before."""
        if not self.known(key, bad.emitted_at):
            self._now.append(bad)
            self.remember(key, bad.emitted_at)

    def remember(self, key: Key, emitted: int) -> None:
        """Take note that a frame was reported."""
        self._reported.setdefault(key, []).append(emitted)
        self._ages.append((key, emitted))
        if len(self._ages) > MOST_REPORTED:
            old, when = self._ages.popleft()
            self._reported[old].remove(when)
            if not self._reported[old]:
                del self._reported[old]

    def known(self, key: Key, emitted: int) -> bool:
        """Say whether a frame was reported."""
        return any(abs(when - emitted) <= self.tolerance for when in self._reported.get(key, ()))

    def due(self, now: int, *, ended: bool = False) -> list[BadFrame]:
        """Return the frames to report now; with `ended` all that wait."""
        while self._order and (ended or self._order[0].due <= now):
            self._report(self._order.popleft())
        found, self._now = self._now, []
        return found

    def deadline(self) -> int | None:
        """Return when the next frame is due."""
        return self._order[0].due if self._order else None

    def messages(self) -> Iterator[tuple[str, int]]:
        """Yield station and message of every copy that waits."""
        for waiting in self._order:
            yield from waiting.messages

    def _report(self, waiting: _Waiting) -> None:
        self._forget(waiting)
        self.report(waiting.key, waiting.bad)

    def _forget(self, waiting: _Waiting) -> None:
        same = self._waiting[waiting.key]
        same.remove(waiting)
        if not same:
            del self._waiting[waiting.key]
