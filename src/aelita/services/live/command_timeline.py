"""The ground copy of a spacecraft's schedule, live: from what the journals of all agencies tell, and from its own reports.

A report comes in parts, and is whole when the request that asked for it is reported complete. What differs is written into the
journal as a note, and told; a person may take the report for the truth (`adopt`), which is a note too, so that it stands after a
restart. An activity leaves the copy once the spacecraft was heard at a later time of its own: light takes its time.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...commanding import Board, Difference, Entry, Progress, Scheduled, Stage, State, Timeline, Verified
from ...commanding import Told as Written
from ...errors import AelitaError, UsageError
from ...pus import (
    Activity,
    AllActivities,
    Everything,
    FilterActivities,
    InsertActivities,
    RequestId,
    ScheduleDetails,
    ScheduleSummary,
    SummaryEntry,
)
from ...time import NO_TIME, SECOND
from .command_onboard import OnBoard, Told

ASKS = ("summarize", "report details of")
NOT_SENT = frozenset((State.REJECTED, State.WITHDRAWN, State.EXPIRED, State.REFUSED))
MOST_GONE_SHOWN, MOST_WHAT, MOST_ASKS, MOST_EARLY = 100, 20_000, 1000, 16
APART_NS, SETTLE_NS = 60 * SECOND, 5 * SECOND  # parts of one report are no further apart; after so long all have come
ABOUT, ADOPTED = "timeline", "timeline adopted"

log = logging.getLogger(__name__)

Note = Callable[[str, Mapping[str, Any]], None]
Report = ScheduleSummary | ScheduleDetails


@dataclass(slots=True)
class _Asked:
    request: str
    window: Any
    is_whole: bool


@dataclass(slots=True)
class LiveTimeline:
    """The timeline of one spacecraft. `note` writes into the journal; `tell` says what differs, nothing for none."""

    board: OnBoard
    note: Note
    tell: Callable[[str], None]
    timeline: Timeline = field(init=False)
    differences: list[Difference] = field(default_factory=list)
    reported_ns: int | None = None
    _what: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)  # identity: request, what it does
    _asks: dict[RequestId, _Asked] = field(default_factory=dict)
    _early: dict[RequestId, tuple[list[Report], int]] = field(default_factory=dict)  # what was told complete: parts, when
    _parts: list[tuple[Report, int]] = field(default_factory=list)  # parts of reports, when each was made
    _done: list[tuple[RequestId, int]] = field(default_factory=list)  # telecommands that were told complete, when
    _there: frozenset[tuple[int, int, int]] = frozenset()  # what the last report had: time, application process, count
    _last: tuple[list[Report], int] | None = None  # the last report on the whole schedule, and when it was made

    def __post_init__(self) -> None:
        self.timeline = Timeline(self.board.layout, self.board.widths, self.board.when)

    def restore(self, requests: Board, notes: Iterable[Entry]) -> None:
        """Make the copy of what the journals told before."""
        told = [(one, entry) for one in requests.of(self.board.spacecraft) for entry in one.told]
        adopted = [(None, Written(one.at_ns, one.agency, one.kind, one.body)) for one in notes]
        for progress, entry in sorted([*told, *adopted], key=lambda pair: pair[1].at_ns):
            self.passed(entry.body.get("generated_ns", NO_TIME))
            if progress is not None:
                self.take(entry, progress)
            elif entry.body.get("about") == ADOPTED and entry.body.get("spacecraft") == self.board.spacecraft:
                with contextlib.suppress(AelitaError, KeyError, TypeError, ValueError):
                    self._adopt([_report_from(entry.body)], int(entry.body["generated_ns"]))

    def passed(self, heard_ns: int) -> None:
        """Know that the spacecraft was heard at a time of its own (TAI ns)."""
        if heard_ns != NO_TIME:
            self._settle(heard_ns)
            self.timeline.pass_time(heard_ns)

    def take(self, told: Written, one: Progress) -> None:
        """Take an entry of a journal about a request to this spacecraft."""
        if told.kind == "released":
            for index, packet in enumerate(one.prepared.packets):
                self._sent(one, index, packet)
        elif told.kind == "verified":
            with contextlib.suppress(KeyError, TypeError, ValueError):
                self.timeline.verified(_verified(told.body))
        if told.kind == "lost" or one.state in NOT_SENT:
            self.timeline.forget(one.id)

    def _sent(self, one: Progress, index: int, packet: bytes) -> None:
        message = self.board.request_in(packet)
        if message is None:
            return
        if isinstance(message, AllActivities | FilterActivities) and message.action in ASKS:
            window = message.window if isinstance(message, FilterActivities) else Everything()
            narrowed = isinstance(message, FilterActivities) and bool(message.sub_schedules or message.groups)
            identity = RequestId.of_packet(packet)
            asked = self._asks[identity] = _Asked(one.id, window, not narrowed)
            self._asks = dict(list(self._asks.items())[-MOST_ASKS:])
            if identity in self._early:  # a partner's, whose journal comes after its spacecraft's answer
                del self._asks[identity]
                self._compare(*self._early.pop(identity), asked)
        self.timeline.sent(one.id, index, packet)
        if isinstance(message, InsertActivities):
            sentences = one.prepared.sentences[1:] if one.prepared.request.execute_ns is not None else ()
            for at, activity in enumerate(message.activities):
                request = RequestId.of_packet(activity.request)
                words = sentences[at] if len(sentences) == len(message.activities) else ""
                self._what[request.apid, request.sequence_count] = one.id, words
            self._what = dict(list(self._what.items())[-MOST_WHAT:]) if len(self._what) > 2 * MOST_WHAT else self._what

    def report(self, told: Told) -> None:
        """Take a report of the spacecraft."""
        if isinstance(told.report, ScheduleSummary | ScheduleDetails):
            self._parts = [one for one in self._parts if told.generated_ns - one[1] < APART_NS] + [
                (told.report, told.generated_ns)
            ]
        elif (request := told.completed) is not None:
            self._done = [*self._done[-MOST_EARLY:], (request, told.generated_ns)]

    def _settle(self, heard_ns: int) -> None:
        """Compare the reports that are whole: packets of one time come in any order of their application processes."""
        settled = [one for one in self._done if heard_ns >= one[1] + SETTLE_NS]
        for request, done_ns in settled:
            self._done.remove((request, done_ns))
            of_it = [one for one in self._parts if done_ns - APART_NS < one[1] <= done_ns]
            if not of_it:
                continue
            parts, at_ns = [part for part, _ in of_it], max(at for _, at in of_it)
            if request in self._asks:
                self._parts = [one for one in self._parts if one not in of_it]
                self._compare(parts, at_ns, self._asks.pop(request))
            else:
                self._early[request] = parts, at_ns
                self._early = dict(list(self._early.items())[-MOST_EARLY:])

    def _compare(self, parts: list[Report], at_ns: int, asked: _Asked) -> None:
        if not asked.is_whole or at_ns == NO_TIME:
            return
        self.reported_ns, self._there = at_ns, frozenset(one for part in parts for one in _entries(part))
        self.differences = self.timeline.differences(parts, at_ns, asked.window)
        self._last = (parts, at_ns) if isinstance(asked.window, Everything) else None
        if not self.differences:
            self.tell("")
            return
        words = [str(one) for one in self.differences]
        self.tell(f"{len(words)} differences to its report: {'; '.join(words[:3])}")
        listed = [
            {"kind": one.kind, "apid": one.apid, "count": one.sequence_count, "ground": one.ground, "on_board": one.on_board}
            for one in self.differences[:1000]
        ]
        body = {"spacecraft": self.board.spacecraft, "asked_by": asked.request, "generated_ns": at_ns, "differences": listed}
        self.note(ABOUT, body)

    def adopt(self, by: str) -> None:
        """Take the last report on the whole schedule for the truth. Raises UsageError without one."""
        if self._last is None:
            raise UsageError(
                f"{self.board.spacecraft} has not reported its whole schedule since this service began",
                remedy="Ask it for a report, then look again",
            )
        parts, at_ns = self._last
        activities = [one for part in parts for one in _activities(part)]
        self.note(ADOPTED, {"spacecraft": self.board.spacecraft, "generated_ns": at_ns, "by": by, "activities": activities})
        self._adopt(parts, at_ns)
        self.differences = []
        self.tell("")

    def _adopt(self, parts: list[Report], at_ns: int) -> None:
        self.timeline.adopt(parts, at_ns)
        self.reported_ns, self._there = at_ns, frozenset(one for part in parts for one in _entries(part))

    def seen(self, now: int) -> dict[str, Any]:
        """Return what is scheduled, what is on its way, what went, and what differs."""
        coming = self.timeline.coming()
        ahead = [one for one, pending in coming if not pending.startswith("insertion") and self.board.when(one.time) > now]
        following = ahead[0] if ahead and self.timeline.enabled is not False else None
        gone = self.timeline.gone[-MOST_GONE_SHOWN:]
        return {
            "spacecraft": self.board.spacecraft, "enabled": self.timeline.enabled, "reported_ns": self.reported_ns,
            "next": None if following is None else self._shown(following, ""),
            "coming": [self._shown(one, pending or self._due(one, now)) for one, pending in coming],
            "gone": [self._shown(one, "") | {"fate": str(fate)} for one, fate in reversed(gone)],
            "differences": [self._difference(one) for one in self.differences],
            "can_adopt": self._last is not None,
        }  # fmt: skip

    def _due(self, one: Scheduled, now: int) -> str:
        return "its time has come; evidence is on its way" if self.board.when(one.time) <= now else ""

    def _shown(self, one: Scheduled, pending: str) -> dict[str, Any]:
        request, words = self._what.get(one.identity, ("", ""))
        return {
            "time_ns": self.board.when(one.time), "ticks": one.time, "apid": one.apid, "count": one.sequence_count,
            "packet": one.packet.hex(), "request": request, "what": words, "pending": pending,
            "confirmed": (one.time, one.apid, one.sequence_count) in self._there,
        }  # fmt: skip

    def _difference(self, one: Difference) -> dict[str, Any]:
        request, words = self._what.get((one.apid, one.sequence_count), ("", ""))
        times = {
            name: None if at is None else self.board.when(at) for name, at in (("ground", one.ground), ("board", one.on_board))
        }
        return {
            "kind": one.kind, "apid": one.apid, "count": one.sequence_count, "ground_ns": times["ground"],
            "on_board_ns": times["board"], "request": request, "what": words,
        }  # fmt: skip


def _verified(body: Mapping[str, Any]) -> Verified:
    return Verified(
        str(body["request"]), int(body["index"]), Stage(body["stage"]), bool(body["succeeded"]), int(body["generated_ns"]),
        int(body["received_ns"]),
    )  # fmt: skip


def _entries(part: Report) -> list[tuple[int, int, int]]:
    if isinstance(part, ScheduleSummary):
        return [(one.time, one.apid, one.sequence_count) for one in part.entries]
    named = [(one.time, RequestId.of_packet(one.request)) for one in part.activities]
    return [(time, request.apid, request.sequence_count) for time, request in named]


def _activities(part: Report) -> list[dict[str, Any]]:
    if isinstance(part, ScheduleSummary):
        return [{"time": one.time, "apid": one.apid, "count": one.sequence_count, "source": one.source} for one in part.entries]
    return [{"time": one.time, "packet": one.request.hex()} for one in part.activities]


def _report_from(body: Mapping[str, Any]) -> Report:
    listed = list(body["activities"])
    if listed and "packet" in listed[0]:
        return ScheduleDetails(tuple(Activity(int(one["time"]), bytes.fromhex(one["packet"])) for one in listed))
    return ScheduleSummary(
        tuple(SummaryEntry(int(one["time"]), int(one["apid"]), int(one["count"]), one["source"]) for one in listed)
    )
