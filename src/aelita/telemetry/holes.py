"""Holes of a merged stream: which station to ask for the missing frames, when, and for which stretch of Earth-received time.

It asks nobody itself: it gives requests, and is told how they ended. Frames that come fill holes by the way of the merger.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from ..time import SECOND
from .copies import Merged
from .runs import Hole

Now = int  # nanoseconds of a clock that never goes back
InContact = Callable[[int, int], Sequence[str]]
"""Stations that heard the spacecraft between two times of emission (TAI nanoseconds), the best to ask first."""
LightTime = Callable[[str, int], int]
"""Nanoseconds that what was emitted at a time (TAI nanoseconds) takes to a station."""


class State(Enum):
    """Where a hole stands."""

    SETTLING = "may still be filled by itself"
    ASKED = "a station was asked"
    RESTING = "will be asked for again"
    GIVEN_UP = "nobody is asked any more"


class Event(Enum):
    """What happens to a hole that stays."""

    DUE = "its time has come"
    NOBODY = "its time has come, and no station is left to ask"
    ANSWERED = "the station delivered all it has"
    FAILED = "the station could not deliver"
    TOO_OLD = "it was asked for too often or for too long"
    IN_VAIN = "every station that was in contact delivered without it"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.SETTLING, Event.DUE): State.ASKED,
    (State.SETTLING, Event.NOBODY): State.RESTING,
    (State.SETTLING, Event.TOO_OLD): State.GIVEN_UP,
    (State.ASKED, Event.DUE): State.RESTING,  # no answer in time
    (State.ASKED, Event.ANSWERED): State.RESTING,
    (State.ASKED, Event.FAILED): State.RESTING,
    (State.RESTING, Event.DUE): State.ASKED,
    (State.RESTING, Event.NOBODY): State.RESTING,
    (State.RESTING, Event.TOO_OLD): State.GIVEN_UP,
    (State.RESTING, Event.IN_VAIN): State.GIVEN_UP,
}


@dataclass(frozen=True, slots=True)
class RequestRules:
    """When to ask. All are judgement, to be set for a network of stations.

    `settle_s` passes before the first request, in which slow lines bring the frames by themselves. A request without an answer
    ends after `timeout_s`. The next one waits `backoff_s`, twice as long each time up to `longest_backoff_s`. After
    `most_requests`, or `expiry_s` after it was found, a hole is given up. `margin_s` is asked for before and after a hole; holes
    no further apart than `join_s` are asked for together. The oldest hole is given up when there are more than `most_holes`.
    """

    settle_s: float = 30.0
    timeout_s: float = 600.0
    backoff_s: float = 60.0
    longest_backoff_s: float = 3600.0
    most_requests: int = 8
    expiry_s: float = 7 * 86400.0
    margin_s: float = 1.0
    join_s: float = 30.0
    most_holes: int = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """Ask a station for the frames that it received from `start` to `stop` (TAI nanoseconds, Earth-received time)."""

    number: int
    station: str
    start: int
    stop: int
    holes: tuple[Hole, ...]


@dataclass(slots=True)
class HoleStatus:
    """A hole: where it stands and until when, since when it is known, requests so far, and what became of the last one.

    `in_vain` are the stations that delivered and did not fill it, `queue` the station for which it waits while that is asked for
    others.
    """

    hole: Hole
    state: State
    due: Now
    since: Now
    requests: int = 0
    station: str = ""
    request: int = 0
    reason: str = ""
    queue: str = ""
    in_vain: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Open:
    request: Request
    due: Now


@dataclass(slots=True)
class HoleCounts:
    """Frames so far: found missing, filled in late, and missing of holes that were given up."""

    missing: int = 0
    filled: int = 0
    given_up: int = 0


class HoleTracker:
    """Follows the holes of one spacecraft. One request at a time is open with each station.

    Feed it what the merger gives; carry out its requests, and tell how each ended by `answered` or `failed`. After a restart
    `adopt` the holes that the merger knows.
    """

    def __init__(self, in_contact: InContact, light_time: LightTime, rules: RequestRules | None = None) -> None:
        self.rules = rules or RequestRules()
        self.counts: dict[int, HoleCounts] = {}
        self._in_contact, self._light_time = in_contact, light_time
        self._known: dict[Hole, HoleStatus] = {}
        self._open: dict[str, _Open] = {}
        self._requests = 0

    def take(self, merged: Merged, now: Now) -> None:
        """Take note of the holes that were opened and closed. Parts of a hole stand where the whole stood."""
        gone = [self._known.pop(hole) for hole in merged.closed if hole in self._known]
        for whole in gone:
            self._count_filled(whole, whole.hole.missing)
        for hole in merged.opened:
            whole_of = next((one for one in gone if _inside(hole, one.hole)), None)
            if whole_of is None:
                self._add(hole, now)
            else:
                self._count_filled(whole_of, -hole.missing)
                self._known[hole] = replace(whole_of, hole=hole, in_vain=set(whole_of.in_vain))

    def adopt(self, holes: Iterable[Hole], now: Now) -> None:
        """Take holes that were known before a restart."""
        for hole in holes:
            if hole not in self._known:
                self._add(hole, now)

    def on_timer(self, now: Now) -> list[Request]:
        """Return the requests to make now."""
        for one in [one for one in self._open.values() if one.due <= now]:
            self._end(one.request, Event.DUE, now, "no answer in time")
        due = [status for status in self._known.values() if _waits(status) and not status.queue and status.due <= now]
        chosen: dict[str, list[HoleStatus]] = {}
        for status in sorted(due, key=lambda s: s.hole.after):
            if (station := self._station(status, now)) is None:
                continue
            if station in self._open:
                status.queue = station
            else:
                chosen.setdefault(station, []).append(status)
        return [self._ask(station, wanted, now) for station, wanted in chosen.items()]

    def next_deadline(self) -> Now | None:
        """Return when `on_timer` has something to do, None when all rests until something else happens."""
        waiting = [status.due for status in self._known.values() if _waits(status) and not status.queue]
        return min([*waiting, *(one.due for one in self._open.values())], default=None)

    def answered(self, number: int, now: Now) -> None:
        """Take note that a station delivered all that it has for a request; call `on_timer` then, others may have waited."""
        if (request := self._request(number)) is not None:
            for status in self._of(request):
                status.in_vain.add(request.station)
            self._end(request, Event.ANSWERED, now, "the station has no more")

    def failed(self, number: int, now: Now, reason: str) -> None:
        """Take note that a request could not be made or broke off."""
        if (request := self._request(number)) is not None:
            self._end(request, Event.FAILED, now, reason)

    def report(self) -> list[HoleStatus]:
        """Return all holes, by virtual channel and time."""
        return sorted(self._known.values(), key=lambda s: (s.hole.virtual_channel, s.hole.after))

    def _add(self, hole: Hole, now: Now) -> None:
        self._count(hole).missing += hole.missing
        self._known[hole] = HoleStatus(hole, State.SETTLING, now + round(self.rules.settle_s * SECOND), now)
        if len(self._known) > self.rules.most_holes:
            oldest = self._known.pop(next(iter(self._known)))
            if oldest.state is not State.GIVEN_UP:
                self._count(oldest.hole).given_up += oldest.hole.missing

    def _count(self, hole: Hole) -> HoleCounts:
        return self.counts.setdefault(hole.virtual_channel, HoleCounts())

    def _count_filled(self, status: HoleStatus, frames: int) -> None:
        counts = self._count(status.hole)
        counts.filled += frames
        if status.state is State.GIVEN_UP:
            counts.given_up -= frames

    def _station(self, status: HoleStatus, now: Now) -> str | None:
        """Return whom to ask: the best station, but another one than last time if there is one. Without any the hole moves on."""
        if status.requests >= self.rules.most_requests or now - status.since >= self.rules.expiry_s * SECOND:
            self._give_up(status, Event.TOO_OLD)
            return None
        heard = self._in_contact(status.hole.after, status.hole.before)
        able = [station for station in heard if station not in status.in_vain]
        if able:
            return next((station for station in able if station != status.station), able[0])
        if heard:
            self._give_up(status, Event.IN_VAIN)
        else:
            self._rest(status, Event.NOBODY, now + round(self.rules.longest_backoff_s * SECOND), "no station was in contact")
        return None

    def _give_up(self, status: HoleStatus, event: Event) -> None:
        status.state, status.reason = TRANSITIONS[status.state, event], event.value
        self._count(status.hole).given_up += status.hole.missing

    def _rest(self, status: HoleStatus, event: Event, due: Now, reason: str) -> None:
        status.state, status.due, status.reason = TRANSITIONS[status.state, event], due, reason

    def _ask(self, station: str, wanted: list[HoleStatus], now: Now) -> Request:
        """Ask for the first of these holes and those that follow it closely; the others wait for the next request."""
        chosen, last = [], wanted[0].hole.before
        for status in wanted:
            if status.hole.after <= last + self.rules.join_s * SECOND:
                chosen.append(status)
                last = max(last, status.hole.before)
            else:
                status.queue = station
        self._requests += 1
        first, margin = chosen[0].hole.after, round(self.rules.margin_s * SECOND)
        start = first + self._light_time(station, first) - margin
        stop = last + self._light_time(station, last) + margin
        request = Request(self._requests, station, start, stop, tuple(status.hole for status in chosen))
        self._open[station] = _Open(request, now + round(self.rules.timeout_s * SECOND))
        for status in chosen:
            status.state, status.due = TRANSITIONS[status.state, Event.DUE], self._open[station].due
            status.requests, status.station, status.request = status.requests + 1, station, request.number
        return request

    def _request(self, number: int) -> Request | None:
        return next((one.request for one in self._open.values() if one.request.number == number), None)

    def _of(self, request: Request) -> list[HoleStatus]:
        return [s for s in self._known.values() if s.state is State.ASKED and s.request == request.number]

    def _end(self, request: Request, event: Event, now: Now, reason: str) -> None:
        """Let the holes of a request rest, longer each time, and free its station for those that waited for it."""
        del self._open[request.station]
        for status in self._of(request):
            backoff = min(self.rules.backoff_s * 2.0 ** (status.requests - 1), self.rules.longest_backoff_s)
            self._rest(status, event, now + round(backoff * SECOND), reason)
        for status in self._known.values():
            if status.queue == request.station:
                status.queue, status.due = "", now


def _waits(status: HoleStatus) -> bool:
    return status.state in (State.SETTLING, State.RESTING)


def _inside(part: Hole, whole: Hole) -> bool:
    return part.virtual_channel == whole.virtual_channel and whole.after <= part.after and part.before <= whole.before
