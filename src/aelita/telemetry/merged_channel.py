"""One virtual channel of a merged stream: which copies are new, what is held back, what was passed on."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from ..time import NO_TIME, SECOND
from .runs import Hole, Place, Rhythm, Run, Runs, missing_between

OVERTAKEN, OVERTAKEN_NS = 16, 10 * SECOND
"""Frames in a row, and for how long, that come late before a front that stands alone though their counters have passed its own:
its time was wrong, and they are in turn. Frames that fill the hole before a front count up to it, or are there sooner."""


class Verdict(Enum):
    """What a good copy turned out to be."""

    NEW = "new"  # it is held until its turn comes
    LATE = "late"  # its turn was given up: it goes out at once
    COPY = "copy"  # another station brought this frame
    REPEATED = "repeated"  # the same station brought it
    CONFLICT = "conflict"  # another station brought other octets in this place


@dataclass(frozen=True, slots=True)
class Known:
    """A frame that was taken: its channel and place, the digest of its octets, and whose copy it was, received when."""

    virtual_channel: int
    place: Place
    digest: int
    station: str
    received: int


@dataclass(slots=True)
class Held:
    """A frame that waits for its turn until `due` at the latest; `heard` are the stations that have brought it.

    `message` numbers the caller's message it came in.
    """

    known: Known
    octets: bytes
    due: int
    message: int
    heard: set[str]


@dataclass(slots=True)
class MergedChannel:
    """The state of one virtual channel. `remembered` counts the frames that are known one by one; older ones are runs."""

    number: int
    rhythm: Rhythm
    remembered: int
    runs: Runs
    held: list[Held] = field(default_factory=list)
    front: Known | None = None
    recent: dict[int, list[Known]] = field(default_factory=dict)
    horizon: int = NO_TIME  # all frames emitted after it are known one by one
    touched: bool = False
    open: tuple[Hole, ...] = ()
    overtaken: int = 0  # frames that came late, in a row, though their counters are behind the front's
    _overtaken_from: int = 0
    _order: deque[tuple[int, Known]] = field(default_factory=deque)
    _waiting: dict[int, Held] = field(default_factory=dict)

    def judge(self, copy: Known) -> tuple[Verdict, bool]:
        """Return what a copy is, and whether its time fits the frame that it is a copy of."""
        place, rhythm = copy.place, self.rhythm
        for known in self.recent.get(_key(copy), ()):
            between = abs(known.place.emitted - place.emitted)
            if known.digest == copy.digest and between <= rhythm.same(place.modulus):
                if known.station != copy.station:
                    return Verdict.COPY, between <= rhythm.apart(place.modulus)
                if known.received == copy.received or place.modulus > 1:
                    return Verdict.REPEATED, True
            elif known.digest != copy.digest and between <= rhythm.apart(place.modulus) and known.station != copy.station:
                return Verdict.CONFLICT, True
        if self.front is None or rhythm.order(place, self.front.place) >= 0:
            return Verdict.NEW, True
        if not self.runs.holds(place):
            return Verdict.LATE, True
        if place.emitted <= self.horizon + rhythm.same(place.modulus):
            return Verdict.COPY, True  # of a frame too old to be known one by one
        counter_fell_back = self.front.place.emitted - place.emitted <= rhythm.apart(place.modulus)
        return (Verdict.NEW if counter_fell_back else Verdict.LATE), True

    def hold(self, held: Held) -> None:
        """Take a new frame; it waits in its place among the others."""
        self._remember(held.known)
        at = len(self.held)
        while at and self.rhythm.order(held.known.place, self.held[at - 1].known.place) < 0:
            at -= 1
        self.held.insert(at, held)
        self._waiting[held.known.digest] = held

    def also_heard(self, copy: Known) -> None:
        """Take note that another station has brought a frame that is held."""
        if (held := self._waiting.get(copy.digest)) is not None:
            held.heard.add(copy.station)

    def late(self, known: Known, due: int) -> None:
        """Take a frame that fills a hole, or shows that the front is none. `due` is as in `Held`, and rises with the time."""
        overtakes = self.overtaken > 0 or self.runs.overtakes_last(known.place)
        self._remember(known)
        self.runs.add(known.place)
        self.touched = True
        self.overtaken = self.overtaken + 1 if overtakes and self.runs.before_last(known.place) else 0
        if self.overtaken <= 1 or not self._overtaken_from:
            self._overtaken_from = due
        if self.overtaken >= OVERTAKEN and due - self._overtaken_from >= OVERTAKEN_NS:
            self.runs.drop_last()
            self.front, self.overtaken = known, 0

    def release(self, now: int, full: bool, awaited: Callable[[Held], bool]) -> list[Held]:
        """Return the frames whose turn has come: nothing is missing before them, or what is missing is given up.

        `awaited` says whether some station may still bring what is missing before a frame. With `full` all are.
        """
        ready = 0
        for held in self.held:
            if not full and self._missing(held) and now < held.due and awaited(held):
                break
            self.passed(held.known)
            self._waiting.pop(held.known.digest, None)
            ready += 1
        released, self.held = self.held[:ready], self.held[ready:]
        return released

    def passed(self, known: Known) -> None:
        """Take note that a frame went out in its turn."""
        if self.front is not None:
            if missing_between(self.front.place, known.place):
                self.touched = True
            elif known.station == self.front.station:
                self.rhythm.heard(known.place.emitted - self.front.place.emitted)
        self.runs.append(known.place)
        self.front = known

    def recall(self, known: Known, late: bool) -> None:
        """Take a frame from the merged stream itself; one that is known already changes nothing."""
        verdict = self.judge(known)[0]
        if verdict not in (Verdict.NEW, Verdict.LATE):
            return
        if late:
            self.late(known, 0)
            return
        if verdict is Verdict.LATE and self.runs.last_alone():
            self.runs.drop_last()  # as the merger did that put this frame in turn
            self.overtaken = 0
        self._remember(known)
        self.passed(known)

    def changes(self) -> tuple[list[Hole], list[Hole]]:
        """Return the holes that were opened and closed since the last call. One that was filled in part is both."""
        if not self.touched:
            return [], []
        before, self.open, self.touched = set(self.open), self.runs.holes(), False
        after = set(self.open)
        return [h for h in self.open if h not in before], sorted(before - after, key=lambda h: h.after)

    def brought(self, count: int, emitted: int) -> bool:
        """Say whether a good frame with this counter is known that was emitted then."""
        near = self.rhythm.tolerance
        return any(abs(known.place.emitted - emitted) <= near for known in self.recent.get(count, ()))

    def passed_frames(self) -> list[Known]:
        """Return the frames that are known one by one and went out."""
        waiting = {id(held.known) for held in self.held}
        return [known for _, known in self._order if id(known) not in waiting]

    def restore(self, frames: list[Known], front: Known | None, runs: list[Run], horizon: int) -> None:
        """Go on with these frames and runs."""
        for known in frames:
            self._remember(known)
        self.front, self.horizon = front, max(horizon, self.horizon)
        self.runs.runs[:] = runs
        self.open = self.runs.holes()

    def _missing(self, held: Held) -> bool:
        return self.front is not None and missing_between(self.front.place, held.known.place) > 0

    def _remember(self, known: Known) -> None:
        key = _key(known)
        self.recent.setdefault(key, []).append(known)
        self._order.append((key, known))
        while len(self._order) > self.remembered + len(self.held):
            key, oldest = self._order.popleft()
            self.horizon = max(self.horizon, oldest.place.emitted)
            same = self.recent[key]
            same.remove(oldest)
            if not same:
                del self.recent[key]


def _key(known: Known) -> int:
    """Return by what a frame is looked up: its counter, or its digest where it has none."""
    return known.place.count if known.place.modulus > 1 else known.digest
