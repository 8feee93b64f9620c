"""The ground copy of a spacecraft's time-tagged schedule (ECSS service 11): what our commands made of it, what its reports say.

A command changes the copy when its completion is verified; until then the change is pending. Times are on-board ticks; a function
turns them into TAI nanoseconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ..pus import (
    Activity,
    AllActivities,
    Between,
    ControlRelease,
    ControlSchedule,
    Everything,
    FilterActivities,
    FilterProcesses,
    From,
    InsertActivities,
    RequestId,
    ScheduleDetails,
    ScheduleSummary,
    SelectActivities,
    SummaryEntry,
    TelecommandLayout,
    UpTo,
    Widths,
    Window,
    decode_request,
)
from .verification import Stage, Verified, stages_asked

Change = (
    InsertActivities | SelectActivities | FilterActivities | FilterProcesses | AllActivities | ControlSchedule | ControlRelease
)
_EDITS = (SelectActivities, FilterActivities, FilterProcesses, AllActivities)
MOST_GONE = 10_000
COUNTS = 1 << 14


class Fate(StrEnum):
    """What became of an activity. ASSUMED: its time passed, and nobody knows whether release was enabled."""

    RELEASED = "released"
    ASSUMED = "assumed released"
    DROPPED = "dropped, since release was disabled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An activity in the schedule: when (ticks), which telecommand, and its packet (empty: known from a summary only)."""

    time: int
    apid: int
    sequence_count: int
    source: int | None = None
    packet: bytes = b""
    sub_schedule: int | None = None
    group: int | None = None

    @property
    def identity(self) -> tuple[int, int]:
        """Application process and sequence count."""
        return self.apid, self.sequence_count


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the ground copy and a report: `kind` is one of `DIFFERENCES`. Times are ticks."""

    kind: str
    apid: int
    sequence_count: int
    ground: int | None = None
    on_board: int | None = None

    def __str__(self) -> str:
        return f"{self.apid}/{self.sequence_count}: {self.kind} (ground {self.ground}, on board {self.on_board})"


DIFFERENCES = ("missing on board", "unknown on ground", "other time", "other packet")


@dataclass(slots=True)
class _Pending:
    request: str
    index: int
    last: Stage | None
    change: Change


@dataclass(slots=True)
class Timeline:
    """The schedule of one spacecraft as the ground knows it. `when` turns ticks into TAI ns; `enabled` None: not known."""

    layout: TelecommandLayout
    widths: Widths
    when: Callable[[int], int]
    enabled: bool | None = None
    activities: list[Scheduled] = field(default_factory=list)
    gone: list[tuple[Scheduled, Fate]] = field(default_factory=list)
    _pending: list[_Pending] = field(default_factory=list)

    def sent(self, request: str, index: int, packet: bytes) -> bool:
        """Take a packet that was sent; return whether it is about the schedule. Raises PacketError for what is no request."""
        told, message = decode_request(packet, self.layout, self.widths)
        if not isinstance(message, Change):
            return False
        stages = [one for one in stages_asked(told.acknowledge) if one is not Stage.PROGRESS]
        self._pending.append(_Pending(request, index, stages[-1] if stages else None, message))
        return True

    def verified(self, told: Verified) -> bool:
        """Take a verification; return whether it settled a pending change, one way or the other."""
        for one in self._pending:
            if (one.request, one.index) == (told.request, told.index):
                if not told.succeeded:
                    self._pending.remove(one)
                    return True
                if told.stage is one.last or told.stage is Stage.COMPLETION:
                    self._pending.remove(one)
                    self._apply(one.change)
                    return True
        return False

    def forget(self, request: str) -> None:
        """Know that a request surely did not arrive."""
        self._pending = [one for one in self._pending if one.request != request]

    def pass_time(self, now: int) -> list[tuple[Scheduled, Fate]]:
        """Return what left the schedule since its time has come (TAI ns), earliest first."""
        due = [one for one in self.activities if self.when(one.time) <= now]
        self.activities = [one for one in self.activities if self.when(one.time) > now]
        fate = {True: Fate.RELEASED, False: Fate.DROPPED, None: Fate.ASSUMED}[self.enabled]
        return self._leave(due, fate)

    def following(self) -> Scheduled | None:
        """Return what executes next, None when nothing is scheduled or release is disabled."""
        return self.activities[0] if self.activities and self.enabled is not False else None

    def coming(self) -> list[tuple[Scheduled, str]]:
        """Return all that is scheduled or on its way, in order of time, each with what is pending about it (empty: nothing)."""
        found = [(one, self._pending_words(one)) for one in self.activities]
        for one in self._pending:
            if isinstance(one.change, InsertActivities):
                found += [(each, "insertion on its way") for each in _inserted(one.change)]
        return sorted(found, key=lambda pair: (pair[0].time, pair[0].identity))

    def differences(
        self, report: Sequence[ScheduleSummary | ScheduleDetails], generated_ns: int, window: Window | None = None
    ) -> list[Difference]:
        """Return what differs between this copy and all parts of a report on what lies in a window, made at an instant (TAI ns).

        What pending changes could explain is no difference, nor is what was due when the report was made.
        """
        asked = window or Everything()
        ground = [one for one in self.activities if inside(asked, one.time) and self.when(one.time) > generated_ns]
        board = [one for one in reported(report) if inside(asked, one.time) and self.when(one.time) > generated_ns]
        found = _compared(ground, board)
        return [one for one in found if not self._explained(one)]

    def adopt(self, report: Sequence[ScheduleSummary | ScheduleDetails], generated_ns: int) -> None:
        """Take a report on the whole schedule for the truth; packets known here are kept. Pending insertions in it are done."""
        packets = {one.identity: one.packet for one in self.activities}
        board = reported(report)
        there = {one.identity for one in board}
        for one in list(self._pending):
            if isinstance(one.change, InsertActivities):
                inserted = _inserted(one.change)
                packets |= {each.identity: each.packet for each in inserted}
                if all(each.identity in there for each in inserted):
                    self._pending.remove(one)
        kept = [one for one in self.activities if self.when(one.time) <= generated_ns]  # had left before: not in the report
        self.activities = kept + [replace(one, packet=one.packet or packets.get(one.identity, b"")) for one in board]
        self._sort()

    def _apply(self, change: Change) -> None:
        match change:
            case InsertActivities():
                self.activities += _inserted(change)
            case ControlSchedule(action):
                self.enabled = action == "enable"
                if action == "reset":
                    self._leave(self.activities, Fate.DELETED)
                    self.activities = []
            case ControlRelease(enabled, processes):
                if not processes:
                    self.enabled = enabled
            case _:
                self._edit(change)
        self._sort()

    def _edit(self, change: SelectActivities | FilterActivities | FilterProcesses | AllActivities) -> None:
        meant = [one for one in self.activities if means(change, one)]
        if change.action == "delete":
            self._leave(meant, Fate.DELETED)
            self.activities = [one for one in self.activities if not means(change, one)]
        elif change.action == "shift":
            offset = change.offset or 0
            self.activities = [replace(one, time=one.time + offset) if means(change, one) else one for one in self.activities]

    def _leave(self, ones: list[Scheduled], fate: Fate) -> list[tuple[Scheduled, Fate]]:
        left = [(one, fate) for one in sorted(ones, key=lambda one: (one.time, one.identity))]
        self.gone = (self.gone + left)[-MOST_GONE:]
        return left

    def _sort(self) -> None:
        self.activities.sort(key=lambda one: (one.time, one.identity))

    def _pending_words(self, one: Scheduled) -> str:
        words = []
        for each in self._pending:
            change = each.change
            if isinstance(change, ControlSchedule) and change.action == "reset":
                words.append("reset on its way")
            elif isinstance(change, _EDITS) and means(change, one):
                words += {"delete": ["deletion on its way"], "shift": ["shift on its way"]}.get(change.action, [])
        return ", ".join(words)

    def _explained(self, one: Difference) -> bool:
        """Tell whether changes on their way, all or some of them done, could be the reason."""
        held = [each for each in self.activities if each.identity == (one.apid, one.sequence_count)]
        coming = [each for pending in self._pending if isinstance(pending.change, InsertActivities)
                  for each in _inserted(pending.change) if each.identity == (one.apid, one.sequence_count)]  # fmt: skip
        words = " ".join(self._pending_words(each) for each in held)
        if one.kind == "missing on board":
            return "deletion" in words or "reset" in words
        if one.kind == "unknown on ground":
            return any(one.on_board in self._times(each) for each in coming)
        return one.kind == "other time" and any(one.on_board in self._times(each) for each in (*held, *coming))

    def _times(self, one: Scheduled) -> set[int]:
        """Return the times that an activity can have, by the shifts on their way."""
        times = {one.time}
        for each in self._pending:
            change = each.change
            if isinstance(change, _EDITS) and change.action == "shift":
                times |= {time + (change.offset or 0) for time in times if means(change, replace(one, time=time))}
        return times


def inside(window: Window, ticks: int) -> bool:
    """Tell whether a time lies in a window, both ends included."""
    match window:
        case Between(first, last):
            return first <= ticks <= last
        case From(first):
            return ticks >= first
        case UpTo(last):
            return ticks <= last
        case Everything():
            return True


def means(change: SelectActivities | FilterActivities | FilterProcesses | AllActivities, one: Scheduled) -> bool:
    """Tell whether a request is about an activity."""
    match change:
        case AllActivities():
            return True
        case SelectActivities(_, requests):
            return any(
                each.apid == one.apid
                and (one.sequence_count - each.sequence_count) % COUNTS < max(each.number or 1, 1)
                and (each.source is None or one.source is None or each.source == one.source)
                for each in requests
            )
        case FilterActivities(_, window, sub_schedules, groups):
            if sub_schedules and one.sub_schedule not in sub_schedules:
                return False
            return inside(window, one.time) and (not groups or one.group in groups)
        case FilterProcesses(_, window, processes):
            named = not processes or any(
                each.sub_schedule in (None, one.sub_schedule) and (not each.apids or one.apid in each.apids) for each in processes
            )
            return named and inside(window, one.time)


def reported(report: Sequence[ScheduleSummary | ScheduleDetails]) -> list[Scheduled]:
    """Return the activities that the parts of a report hold."""
    found: list[Scheduled] = []
    for part in report:
        found += [_of(one) for one in (part.entries if isinstance(part, ScheduleSummary) else part.activities)]
    return found


def _inserted(change: InsertActivities) -> list[Scheduled]:
    return [_of(replace(one, sub_schedule=change.sub_schedule)) for one in change.activities]


def _of(one: Activity | SummaryEntry) -> Scheduled:
    if isinstance(one, SummaryEntry):
        return Scheduled(one.time, one.apid, one.sequence_count, one.source, b"", one.sub_schedule, one.group)
    request = RequestId.of_packet(one.request)
    return Scheduled(one.time, request.apid, request.sequence_count, None, one.request, one.sub_schedule, one.group)


def _compared(ground: list[Scheduled], board: list[Scheduled]) -> list[Difference]:
    """Pair activities of one identity: equal ones first, then in order of time, since counts come again."""
    found: list[Difference] = []
    for identity in sorted({one.identity for one in (*ground, *board)}):
        ours = [one for one in ground if one.identity == identity]
        theirs = [one for one in board if one.identity == identity]
        for one in list(ours):
            same = next((each for each in theirs if each.time == one.time), None)
            if same is not None:
                ours.remove(one)
                theirs.remove(same)
                if one.packet and same.packet and one.packet != same.packet:
                    found.append(Difference("other packet", *identity, one.time, same.time))
        ours, theirs = sorted(ours, key=lambda one: one.time), sorted(theirs, key=lambda one: one.time)
        both = min(len(ours), len(theirs))
        found += [
            Difference("other time", *identity, one.time, each.time) for one, each in zip(ours[:both], theirs[:both], strict=True)
        ]
        found += [Difference("missing on board", *identity, one.time) for one in ours[both:]]
        found += [Difference("unknown on ground", *identity, None, one.time) for one in theirs[both:]]
    return found
