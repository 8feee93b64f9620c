"""What became of commands on board: the reports of service 1 matched to what was sent, each stage with its own deadline.

A deadline counts from the earliest instant at which evidence can reach Earth, so a spacecraft far away is not called late while
light is on its way. A report that comes after its deadline still counts, for a day (or what the mission says).
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ..pus import RequestId, VerificationReport
from ..time import NO_TIME, SECOND
from .timing import CommandTimes

MOST_OPEN = 100_000  # packets that are remembered


class Stage(StrEnum):
    """A stage that a telecommand can ask a report of (ECSS service 1)."""

    ACCEPTANCE = "acceptance"
    START = "start"
    PROGRESS = "progress"
    COMPLETION = "completion"


ASKED = {1: Stage.ACCEPTANCE, 2: Stage.START, 4: Stage.PROGRESS, 8: Stage.COMPLETION}  # acknowledgement bits, lowest first
STAGE_OF = {  # subtype of service 1: stage, and whether it went well
    1: (Stage.ACCEPTANCE, True), 2: (Stage.ACCEPTANCE, False), 3: (Stage.START, True), 4: (Stage.START, False),
    5: (Stage.PROGRESS, True), 6: (Stage.PROGRESS, False), 7: (Stage.COMPLETION, True), 8: (Stage.COMPLETION, False),
    10: (Stage.ACCEPTANCE, False),
}  # fmt: skip


def stages_asked(acknowledgements: int) -> tuple[Stage, ...]:
    """Return the stages that the four acknowledgement bits of a telecommand ask reports of."""
    return tuple(stage for bit, stage in ASKED.items() if acknowledgements & bit)


def stages_of(packet: bytes) -> tuple[Stage, ...]:
    """Return the stages that a telecommand packet asks reports of: none without a secondary header."""
    return stages_asked(packet[6] & 0xF) if len(packet) > 6 and packet[0] >> 3 & 1 else ()


@dataclass(frozen=True, slots=True)
class Allowances:
    """How long after the earliest possible evidence a report of each stage may take, and how long after that deadline it is still
    waited for: nanoseconds.
    """

    acceptance_ns: int = 120 * SECOND
    start_ns: int = 120 * SECOND
    completion_ns: int = 300 * SECOND
    late_ns: int = 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class Expected:
    """A packet on its way: number `index` of a request, the stages it asks reports of, and its times."""

    request: str
    index: int
    identity: RequestId
    stages: tuple[Stage, ...]
    times: CommandTimes


@dataclass(frozen=True, slots=True)
class Verified:
    """A stage of a packet as the spacecraft reported it. Times are TAI nanoseconds."""

    request: str
    index: int
    stage: Stage
    succeeded: bool
    generated_ns: int
    received_ns: int
    step: int | None = None
    failure: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Overdue:
    """No report of a stage came by its deadline, though evidence could have been here since `possible_ns`."""

    request: str
    index: int
    stage: Stage
    possible_ns: int
    deadline_ns: int


@dataclass(frozen=True, slots=True)
class Unasked:
    """A report about a packet that nobody here sent."""

    report: VerificationReport
    generated_ns: int
    received_ns: int


@dataclass(slots=True, eq=False)
class _Open:
    expected: Expected
    waiting: dict[Stage, int]  # stage: deadline
    overdue: set[Stage] = field(default_factory=set)  # of those, what was said to be overdue
    done: set[Stage] = field(default_factory=set)
    is_forgotten: bool = False


class Verifier:
    """Matches reports to what was sent to one spacecraft. Clock-free: `now` and reports come in, what they mean comes out.

    `forgotten` counts the packets that were waited for and are not any more, since more than MOST_OPEN went after them.
    """

    def __init__(self, allowances: Allowances | None = None) -> None:
        self.allowances = allowances or Allowances()
        self.forgotten = 0
        self._open: dict[bytes, list[_Open]] = {}
        self._of: dict[str, dict[int, list[_Open]]] = {}  # request: packet
        self._due: list[tuple[int, int, Stage, _Open]] = []  # heap: when a report is overdue
        self._late: list[tuple[int, int, _Open]] = []  # heap: when one that is overdue is waited for no more
        self._count = self._number = 0

    def expect(self, sent: Expected) -> None:
        """Wait for the reports that a packet asks for, from its earliest evidence on."""
        waiting: dict[Stage, int] = {one: self._deadline(one, sent.times) for one in sent.stages if one is not Stage.PROGRESS}
        made = _Open(sent, waiting)
        if self._count >= MOST_OPEN:
            oldest = next(iter(next(iter(self._of.values())).values()))[0]
            self.forgotten += bool(oldest.waiting.keys() - oldest.overdue)
            self._forget(oldest)
        self._open.setdefault(_key(sent.identity), []).append(made)
        self._of.setdefault(sent.request, {}).setdefault(sent.index, []).append(made)
        self._count += 1
        for stage, deadline in waiting.items():
            self._number += 1
            heapq.heappush(self._due, (deadline, self._number, stage, made))

    def report(self, report: VerificationReport, generated_ns: int, received_ns: int) -> Verified | Unasked:
        """Take a report of service 1 (TAI ns; NO_TIME: generated when is not known) and return what it says of which packet."""
        found = self._match(report, generated_ns, received_ns)
        if found is None:
            return Unasked(report, generated_ns, received_ns)
        stage, succeeded = STAGE_OF[report.stage]
        late = stage in found.overdue
        found.waiting.pop(stage, None)
        found.overdue.discard(stage)
        if not succeeded:
            found.waiting.clear()  # after a failure no further stage comes
        if stage is not Stage.PROGRESS:
            found.done.add(stage)
        self._close(_key(found.expected.identity))
        sent = found.expected
        when = generated_ns, received_ns
        return Verified(sent.request, sent.index, stage, succeeded, *when, report.step, report.failure, late)

    def since(self, now: int) -> int | None:
        """Return when the oldest of the packets was sent that reports are waited for (TAI ns), None when there is none."""
        least = now - self.allowances.late_ns
        return min(
            (
                one.expected.times.release_ns
                for one in self._all()
                if any(stage not in one.overdue or deadline > least for stage, deadline in one.waiting.items())
            ),
            default=None,
        )

    def next_deadline(self) -> int | None:
        """Return when to call `on_timer` at the latest (TAI ns), None when nothing is waited for."""
        while self._due and not _is_due(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def on_timer(self, now: int) -> list[Overdue]:
        """Return what has become overdue by now, each once, and wait no more for what has been so for too long."""
        found = []
        while self._due and self._due[0][0] <= now:
            deadline, number, stage, one = heapq.heappop(self._due)
            if _is_due(deadline, number, stage, one):
                self._call_overdue(one, stage, deadline, number)
                found.append(Overdue(one.expected.request, one.expected.index, stage, self._possible(stage, one), deadline))
        while self._late and self._late[0][0] <= now:
            until, _, one = heapq.heappop(self._late)
            if not one.is_forgotten and all(at + self.allowances.late_ns <= until for at in one.waiting.values()):
                self._forget(one)
        return sorted(found, key=lambda each: (each.deadline_ns, each.request, each.index))

    def retime(self, request: str, times: CommandTimes) -> None:
        """Know the times of a request better, since its station told when it was radiated: what is overdue stays so."""
        for one in [each for several in self._of.get(request, {}).values() for each in several]:
            one.expected = replace(one.expected, times=times)
            for stage in one.waiting.keys() - one.overdue:
                one.waiting[stage] = self._deadline(stage, times)
                self._number += 1
                heapq.heappush(self._due, (one.waiting[stage], self._number, stage, one))

    def known(self, request: str, index: int, stage: Stage, is_overdue: bool = False) -> None:
        """Know from before a restart that a stage of a packet was reported, or that its report is overdue."""
        for one in self._of.get(request, {}).get(index, ()):
            if is_overdue and stage in one.waiting:
                self._number += 1
                self._call_overdue(one, stage, one.waiting[stage], self._number)
            elif not is_overdue:
                one.waiting.pop(stage, None)
                one.overdue.discard(stage)
                one.done |= {stage} - {Stage.PROGRESS}

    def forget(self, request: str) -> None:
        """Wait for nothing more of a request, since it surely did not arrive."""
        for one in [each for several in self._of.get(request, {}).values() for each in several]:
            self._forget(one)

    def _call_overdue(self, one: _Open, stage: Stage, deadline: int, number: int) -> None:
        one.overdue.add(stage)
        heapq.heappush(self._late, (deadline + self.allowances.late_ns, number, one))

    def _forget(self, one: _Open) -> None:
        one.is_forgotten = True
        sent, key = one.expected, _key(one.expected.identity)
        self._count -= 1
        self._open[key].remove(one)
        if not self._open[key]:
            del self._open[key]
        packets = self._of[sent.request]
        packets[sent.index].remove(one)
        if not packets[sent.index]:
            del packets[sent.index]
        if not packets:
            del self._of[sent.request]

    def _all(self) -> Iterator[_Open]:
        return (one for several in self._open.values() for one in several)

    def _deadline(self, stage: Stage, times: CommandTimes) -> int:
        allowed = self.allowances
        if stage is Stage.ACCEPTANCE:
            return times.acceptance_ns + allowed.acceptance_ns
        return times.evidence_ns + (allowed.start_ns if stage is Stage.START else allowed.completion_ns)

    def _possible(self, stage: Stage, one: _Open) -> int:
        return one.expected.times.acceptance_ns if stage is Stage.ACCEPTANCE else one.expected.times.evidence_ns

    def _match(self, report: VerificationReport, generated_ns: int, received_ns: int) -> _Open | None:
        """Return the newest packet of this identity that could have been there by then: sequence counts come again."""
        seen = generated_ns if generated_ns != NO_TIME else received_ns
        slack = 5 * SECOND  # the on-board clock is known so well only
        stage, _ = STAGE_OF.get(report.stage, (None, False))
        if stage is None:
            return None
        there = [one for one in self._open.get(_key(report.request), ()) if one.expected.times.first_arrival_ns - slack <= seen]
        fresh = [one for one in there if stage not in one.done]
        return fresh[-1] if fresh else None

    def _close(self, key: bytes) -> None:
        """Forget what is complete when a later packet of the same identity is there."""
        for one in [each for each in self._open[key][:-1] if not each.waiting]:
            self._forget(one)


def _is_due(deadline: int, _: int, stage: Stage, one: _Open) -> bool:
    """Tell whether a deadline of the heap still holds: the report is waited for, and until then."""
    return not one.is_forgotten and one.waiting.get(stage) == deadline and stage not in one.overdue


def _key(identity: RequestId) -> bytes:
    return identity.encode()
