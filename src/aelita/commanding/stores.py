"""On-board packet stores (ECSS service 15): gaps of reception become requests to read them out; what comes back closes gaps.

A gap is a stretch of generation time, first and last instant included (TAI ns). Who finds gaps, and says what has arrived since,
stands outside.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ..errors import UsageError
from ..pus import Between, RetrieveRanges, RetrieveWindow, StoreRange, StoreStates, StoreSummaries, StoreSummary
from ..time import SECOND

Span = tuple[int, int]
MOST_GAPS = 100_000


def merged(spans: Iterable[Span], apart_ns: int = 0) -> list[Span]:
    """Return spans in order, joined where they touch or are at most `apart_ns` apart. Raises UsageError for a bad one."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if last < first:
            raise UsageError(f"a gap ends at {last} before it begins at {first}")
        if found and first <= found[-1][1] + 1 + apart_ns:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Return what of some spans is in none of others."""
    cuts, found = merged(taken), []
    for first, last in merged(spans):
        for begin, end in cuts:
            if end < first or begin > last:
                continue
            if begin > first:
                found.append((first, begin - 1))
            first = max(first, end + 1)
        if first <= last:
            found.append((first, last))
    return found


class ReadOutState(StrEnum):
    """Where a read-out stands."""

    PLANNED = "planned"
    ASKED = "asked"
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


READ_OUT_TABLE = {
    (ReadOutState.PLANNED, "asked"): ReadOutState.ASKED,
    (ReadOutState.ASKED, "started"): ReadOutState.STARTED,
    (ReadOutState.ASKED, "done"): ReadOutState.DONE,
    (ReadOutState.STARTED, "done"): ReadOutState.DONE,
    (ReadOutState.PLANNED, "failed"): ReadOutState.FAILED,
    (ReadOutState.ASKED, "failed"): ReadOutState.FAILED,
    (ReadOutState.STARTED, "failed"): ReadOutState.FAILED,
}


@dataclass(frozen=True, slots=True)
class ReadOutRules:
    """How gaps become requests: `ticks` of TAI ns, a margin on both sides, gaps joined that are near, spans and requests bounded.

    Nothing public tells what a spacecraft takes at once: the bounds are the mission's, and assumed.
    """

    ticks: Callable[[int], int]
    variant: str = "C"
    margin_ns: int = 2 * SECOND
    join_ns: int = 60 * SECOND
    longest_ns: int = 3600 * SECOND
    most_ranges: int = 8
    most_tries: int = 3


@dataclass(frozen=True, slots=True)
class ReadOut:
    """A stretch of one store to be read out, and where that stands. Margins are not in it; `request` is set once it is asked."""

    number: int
    store: int
    first_ns: int
    last_ns: int
    standing: ReadOutState = ReadOutState.PLANNED
    request: str = ""


@dataclass(slots=True)
class StoreReadOuts:
    """The gaps of one store's content, and the read-outs that are to close them."""

    store: int
    rules: ReadOutRules
    read_outs: dict[int, ReadOut] = field(default_factory=dict)
    summary: StoreSummary | None = None
    state: tuple[int, int, int | None] | None = None  # codes of storage, open retrieval, retrieval by time range
    reported_ns: int = 0
    _gaps: list[Span] = field(default_factory=list)
    _tries: dict[Span, int] = field(default_factory=dict)
    _next: int = 1

    @property
    def gaps(self) -> list[Span]:
        """What is missing still."""
        return list(self._gaps)

    def missing(self, gaps: Iterable[Span]) -> None:
        """Know of gaps, in addition to those that are known."""
        self._gaps = merged((*self._gaps, *gaps))
        if len(self._gaps) > MOST_GAPS:
            raise UsageError(f"more than {MOST_GAPS} gaps", remedy="Join gaps that are near each other first")

    def arrived(self, spans: Iterable[Span]) -> list[Span]:
        """Know that these stretches are complete now; return what is missing still."""
        self._gaps = without(self._gaps, spans)
        return self.gaps

    def plan(self) -> list[ReadOut]:
        """Return new read-outs for what is missing, is not being read out already, and can be in the store."""
        under_way = [(one.first_ns, one.last_ns) for one in self.read_outs.values() if one.standing not in _ENDED]
        wanted = without(self._gaps, under_way)
        joined = wanted if under_way else merged(wanted, self.rules.join_ns)  # never over what is being read out
        made = []
        for span in joined:
            for first, last in _cut(span, self.rules.longest_ns):
                if self._tried(first, last) >= self.rules.most_tries or not self.can_hold(first, last):
                    continue
                one = ReadOut(self._next, self.store, first, last)
                self.read_outs[one.number] = one
                self._next += 1
                made.append(one)
        return made

    def given_up(self) -> list[Span]:
        """Return gaps that were tried often enough, or that the store cannot hold any more."""
        most = self.rules.most_tries
        return [one for one in self._gaps if self._tried(*one) >= most or not self.can_hold(*one)]

    def can_hold(self, first_ns: int, last_ns: int) -> bool:
        """Tell whether the store can hold some of a stretch, by its last summary."""
        if self.summary is None:
            return True
        return self.rules.ticks(last_ns + self.rules.margin_ns) >= self.summary.oldest

    def step(self, number: int, event: str, request: str = "") -> ReadOut:
        """Take an event of a read-out: asked, started, done or failed. Raises UsageError for what cannot be now."""
        one = self.read_outs.get(number)
        following = READ_OUT_TABLE.get((one.standing, event)) if one else None
        if one is None or following is None:
            stands = f"is {one.standing}" if one else "is not known"
            raise UsageError(f"read-out {number} of store {self.store} {stands}: it cannot be {event}")
        self.read_outs[number] = replace(one, standing=following, request=request or one.request)
        if following in _ENDED:
            self._tries[one.first_ns, one.last_ns] = self._tries.get((one.first_ns, one.last_ns), 0) + 1
        return self.read_outs[number]

    def report(self, report: StoreSummaries | StoreStates, now: int) -> None:
        """Take a report of service 15 (TAI ns when it was made)."""
        if isinstance(report, StoreSummaries):
            self.summary = next((one for one in report.summaries if one.store == self.store), self.summary)
        else:
            codes = next(((one.storage, one.retrieval, one.by_range) for one in report.states if one.store == self.store), None)
            self.state = codes or self.state
        self.reported_ns = now

    def _tried(self, first: int, last: int) -> int:
        return max((count for (begin, end), count in self._tries.items() if begin <= last and end >= first), default=0)


_ENDED = (ReadOutState.DONE, ReadOutState.FAILED)


def read_out_requests(
    read_outs: Iterable[ReadOut], rules: ReadOutRules
) -> list[tuple[tuple[int, ...], RetrieveRanges | RetrieveWindow]]:
    """Return the requests of service 15 for read-outs, each with the numbers of those that it covers, margins added.

    In variant A a request names one window of time, in variant C up to `most_ranges` spans.
    """
    wanted = sorted(read_outs, key=lambda one: (one.first_ns, one.store))
    spans = [
        (one.number, one.store, max(0, rules.ticks(one.first_ns - rules.margin_ns)), rules.ticks(one.last_ns + rules.margin_ns))
        for one in wanted
    ]
    if rules.variant == "A":
        return [((number,), RetrieveWindow((store,), Between(first, last))) for number, store, first, last in spans]
    made: list[tuple[tuple[int, ...], RetrieveRanges | RetrieveWindow]] = []
    for at in range(0, len(spans), rules.most_ranges):
        part = spans[at : at + rules.most_ranges]
        ranges = tuple(StoreRange(store, first, last) for _, store, first, last in part)
        made.append((tuple(number for number, *_ in part), RetrieveRanges(ranges)))
    return made


def _cut(span: Span, longest: int) -> list[Span]:
    first, last = span
    return [(at, min(at + longest - 1, last)) for at in range(first, last + 1, longest)]
