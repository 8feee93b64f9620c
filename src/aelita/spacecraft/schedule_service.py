"""Service 11 on board: requests that wait for their times.

What is released while release is disabled, wholly or for its application process, is dropped and told by an event.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..pus import (
    Activity,
    AllActivities,
    Between,
    ControlRelease,
    ControlSchedule,
    FilterActivities,
    FilterProcesses,
    From,
    InsertActivities,
    PacketError,
    RequestId,
    ScheduleDetails,
    ScheduleSummary,
    SelectActivities,
    SummaryEntry,
    TelecommandLayout,
    UpTo,
    Window,
    decode_telecommand,
)
from .board import Board, Code, Event, NotDoneError
from .services import Handler

TIMER_NAME = "schedule"
LEAST_AHEAD_S = 1.0  # an activity must be this far ahead
MOST_SUMMARIES, MOST_DETAILS_OCTETS = 40, 900  # in one report


def inside(window: Window, ticks: int) -> bool:
    """Tell whether a time lies in a window, both ends included."""
    match window:
        case Between(first, last):
            return first <= ticks <= last
        case From(first):
            return ticks >= first
        case UpTo(last):
            return ticks <= last
        case _:
            return True


def layout_of(board: Board) -> TelecommandLayout:
    """Return the layout of telecommand packets."""
    definition = board.definition
    source = 2 if definition.variant == "C" else definition.source_octets
    return TelecommandLayout(definition.variant, source, 0, definition.link.packets.checksum)


class Schedule:
    """Keeps the activities of a board in order of time and releases them."""

    def __init__(self, board: Board, release: Callable[[bytes], None]) -> None:
        self.board, self._release = board, release

    def arm(self) -> None:
        """Wait for the first activity."""
        self.board.activities.sort(key=lambda one: one.time)
        if self.board.activities:
            self.wake_at(self.board.moment_ns(self.board.activities[0].time))
        else:
            self.board.timers.pop(TIMER_NAME, None)

    def wake_at(self, at_ns: int) -> None:
        """Release what is due at a time (TAI nanoseconds)."""
        self.board.timer(TIMER_NAME, at_ns, self._wake)

    def _wake(self) -> None:
        board, now = self.board, self.board.ticks()
        due = [one for one in board.activities if one.time <= now]
        board.activities = [one for one in board.activities if one.time > now]
        for one in due:
            request = RequestId.of_packet(one.request)
            if board.schedule_on and request.apid not in board.held_apids:
                board.counters["released"] += 1
                self._release(one.request)
            else:
                board.event(2, Event.ACTIVITY_DROPPED, one.request[:4])
        self.arm()

    def insert(self, board: Board, request: InsertActivities, destination: int) -> Iterator[float]:
        """Put activities into the schedule, all or none."""
        self._check_ahead([one.time for one in request.activities])
        if len(board.activities) + len(request.activities) > board.definition.activities:
            raise NotDoneError(Code.FULL, f"the schedule takes {board.definition.activities} activities")
        for one in request.activities:
            try:
                decode_telecommand(one.request, layout_of(board))
            except PacketError as error:
                raise NotDoneError(Code.NOT_A_PACKET, error.what) from error
        yield board.definition.timing.execution_s
        board.activities += [replace(one, sub_schedule=request.sub_schedule) for one in request.activities]
        self.arm()

    def _check_ahead(self, times: list[int]) -> None:
        least = self.board.ticks() + round(LEAST_AHEAD_S * self.board.time.ticks_per_second)
        if any(time < least for time in times):
            raise NotDoneError(Code.TIME_PASSED, "the time has passed, or is too near")

    def control(self, board: Board, request: ControlSchedule, destination: int) -> Iterator[float]:
        """Enable or disable release, or empty the schedule."""
        yield board.definition.timing.execution_s
        if request.action == "reset":
            board.activities.clear()
            board.held_apids.clear()
        board.schedule_on = request.action == "enable"

    def control_release(self, board: Board, request: ControlRelease, destination: int) -> Iterator[float]:
        """Enable or disable release, of all or of some application processes."""
        yield board.definition.timing.execution_s
        apids = {apid for one in request.processes for apid in one.apids}
        if not apids:
            board.schedule_on = request.enabled
        board.held_apids = board.held_apids - apids if request.enabled else board.held_apids | apids

    def select(self, board: Board, request: SelectActivities, destination: int) -> Iterator[float]:
        """Act on the activities of some requests."""
        chosen = []
        for wanted in request.requests:
            numbers = {(wanted.sequence_count + more) & 0x3FFF for more in range(max(wanted.number or 1, 1))}
            found = [one for one in board.activities if _is(one, wanted.apid, numbers)]
            if not found:
                raise NotDoneError(Code.UNKNOWN_OBJECT, f"request {wanted.apid}/{wanted.sequence_count} is not in the schedule")
            chosen += found
        return self._act(request.action, chosen, request.offset, destination)

    def filtered(self, board: Board, request: FilterActivities | FilterProcesses, destination: int) -> Iterator[float]:
        """Act on the activities in a window of time."""
        apids = {apid for one in request.processes for apid in one.apids} if isinstance(request, FilterProcesses) else set()
        chosen = [
            one
            for one in board.activities
            if inside(request.window, one.time) and (not apids or RequestId.of_packet(one.request).apid in apids)
        ]
        return self._act(request.action, chosen, request.offset, destination)

    def everything(self, board: Board, request: AllActivities, destination: int) -> Iterator[float]:
        """Act on all activities."""
        return self._act(request.action, list(board.activities), request.offset, destination)

    def _act(self, action: str, chosen: list[Activity], offset: int | None, destination: int) -> Iterator[float]:
        board, identities = self.board, {id(one) for one in chosen}
        if action == "shift":
            self._check_ahead([one.time + (offset or 0) for one in chosen])
        yield board.definition.timing.execution_s
        if action == "report details of":
            self._tell_details(chosen, destination)
        elif action == "summarize":
            self._tell_summary(chosen, destination)
        else:
            kept = [one for one in board.activities if id(one) not in identities]
            moved = [replace(one, time=one.time + (offset or 0)) for one in board.activities if id(one) in identities]
            board.activities = kept + (moved if action == "shift" else [])
            self.arm()

    def _tell_summary(self, chosen: list[Activity], destination: int) -> None:
        entries = []
        for one in chosen:
            request = RequestId.of_packet(one.request)
            source = int.from_bytes(one.request[9:11]) if self.board.definition.variant == "C" else None
            entries.append(SummaryEntry(one.time, request.apid, request.sequence_count, source, one.sub_schedule))
        for at in range(0, max(len(entries), 1), MOST_SUMMARIES):
            self.board.report(ScheduleSummary(tuple(entries[at : at + MOST_SUMMARIES])), destination=destination)

    def _tell_details(self, chosen: list[Activity], destination: int) -> None:
        part: list[Activity] = []
        for one in chosen:
            if part and sum(len(other.request) for other in [*part, one]) > MOST_DETAILS_OCTETS:
                self.board.report(ScheduleDetails(tuple(part)), destination=destination)
                part = []
            part.append(one)
        self.board.report(ScheduleDetails(tuple(part)), destination=destination)

    def handlers(self) -> dict[type, Handler]:
        """Return what does each request of service 11."""
        return {
            InsertActivities: self.insert,
            ControlSchedule: self.control,
            ControlRelease: self.control_release,
            SelectActivities: self.select,
            FilterActivities: self.filtered,
            FilterProcesses: self.filtered,
            AllActivities: self.everything,
        }


def _is(one: Activity, apid: int, numbers: set[int]) -> bool:
    request = RequestId.of_packet(one.request)
    return request.apid == apid and request.sequence_count in numbers
