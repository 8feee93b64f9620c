"""Service 11: requests that the spacecraft keeps and releases at their times."""

from dataclasses import dataclass
from typing import Literal

from .functions import TIME
from .grammar import Parts
from .parts import Flag, Many, Maybe, Number, Numbers, Packet, Signed
from .rows import REPORT, REQUEST, Row, report, request
from .windows import WINDOW_A, WINDOW_C, Window

ActivityAction = Literal["delete", "shift", "report details of", "summarize"]


@dataclass(frozen=True, slots=True)
class ControlSchedule:
    """Enable, disable or reset the release of scheduled activities."""

    action: Literal["enable", "disable", "reset"]


@dataclass(frozen=True, slots=True)
class SubScheduleProcesses:
    """A sub-schedule and the application processes in it (none: all)."""

    sub_schedule: int | None
    apids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlRelease:
    """Variant A: enable or disable the release of telecommands of sub-schedules and application processes."""

    enabled: bool
    processes: tuple[SubScheduleProcesses, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """A telecommand packet and when it is released. Fields that the mission has not are None.

    The interlock, assessment, scheduling event and timeout exist in variant A only. `sub_schedule` is set in reports.
    """

    time: int
    request: bytes
    sub_schedule: int | None = None
    group: int | None = None
    interlock_set: int | None = None
    interlock_assessed: int | None = None
    assessment: int | None = None
    scheduling_event: int | None = None
    timeout: int | None = None


@dataclass(frozen=True, slots=True)
class InsertActivities:
    """Put telecommand packets into the schedule."""

    activities: tuple[Activity, ...]
    sub_schedule: int | None = None


@dataclass(frozen=True, slots=True)
class ScheduledRequest:
    """Which scheduled request: its source (variant C), application process and sequence count.

    In variant A `number` telecommands from that sequence count on.
    """

    apid: int
    sequence_count: int
    source: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class SelectActivities:
    """Delete, shift or report the activities of these requests. `offset` is set for a shift."""

    action: ActivityAction
    requests: tuple[ScheduledRequest, ...]
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class FilterActivities:
    """Delete, shift or report the activities in a window of time, sub-schedules and groups (none named: all)."""

    action: ActivityAction
    window: Window
    sub_schedules: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class FilterProcesses:
    """Variant A: delete, shift or report the telecommands in a window of time, of sub-schedules and application processes."""

    action: ActivityAction
    window: Window
    processes: tuple[SubScheduleProcesses, ...] = ()
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class AllActivities:
    """Shift or report all activities."""

    action: ActivityAction
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class ScheduleDetails:
    """What is in the schedule, with the packets."""

    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class SummaryEntry:
    """When which request is released."""

    time: int
    apid: int
    sequence_count: int
    source: int | None = None
    sub_schedule: int | None = None
    group: int | None = None
    scheduling_event: int | None = None


@dataclass(frozen=True, slots=True)
class ScheduleSummary:
    """What is in the schedule, without the packets."""

    entries: tuple[SummaryEntry, ...]


@dataclass(frozen=True, slots=True)
class Enabled:
    """A sub-schedule, group or other object, and whether it is enabled."""

    ident: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class AskSubSchedules:
    """Ask for the state of each sub-schedule."""


@dataclass(frozen=True, slots=True)
class SubScheduleStates:
    """The state of each sub-schedule."""

    states: tuple[Enabled, ...]


@dataclass(frozen=True, slots=True)
class ControlSubSchedules:
    """Enable or disable sub-schedules (none named: all)."""

    enabled: bool
    sub_schedules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CreateGroups:
    """Create scheduling groups, enabled or not."""

    groups: tuple[Enabled, ...]


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """Delete, enable or disable scheduling groups (none named: all)."""

    action: Literal["delete", "enable", "disable"]
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AskGroups:
    """Ask for the state of each scheduling group."""


@dataclass(frozen=True, slots=True)
class GroupStates:
    """The state of each scheduling group."""

    states: tuple[Enabled, ...]


_SUB, _GROUP = Maybe("sub_schedule", "sub_schedule_octets"), Maybe("group", "group_octets")
_SUBS = Numbers("sub_schedules", "sub_schedule_octets", when="sub_schedule_octets")
_GROUPS = Numbers("groups", "group_octets", when="group_octets")
_EXTRAS = (  # of variant A, between the sub-schedule and the time
    Maybe("interlock_set", "interlock_octets"),
    Maybe("interlock_assessed", "interlock_octets"),
    Maybe("assessment", "assessment_octets"),
    Maybe("scheduling_event", "scheduling_event_octets"),
)
_TIMEOUT = Maybe("timeout", "timeout_octets")
_PACKET = Packet("request")
_WHICH = {
    "A": (
        Number("apid", "apid_octets", "the APID"), Number("sequence_count", "sequence_octets"), Number("number", "count_octets")
    ),
    "C": (
        Number("source", "source_octets"), Number("apid", "apid_octets", "the APID"), Number("sequence_count", "sequence_octets"),
    ),
}  # fmt: skip
_PROCESSES = Many("processes", SubScheduleProcesses, (_SUB, Numbers("apids", "apid_octets")), "sub-schedule")
_OFFSET = Signed("offset")
_SELECT: dict[ActivityAction, int] = {"delete": 5, "shift": 7, "report details of": 9, "summarize": 12}
_FILTER: dict[ActivityAction, int] = {"delete": 6, "shift": 8, "report details of": 11, "summarize": 14}
_ALL: dict[ActivityAction, int] = {"shift": 15, "report details of": 16, "summarize": 17}


def _offset(action: ActivityAction) -> tuple[Parts, dict[str, None]]:
    return ((_OFFSET,), {}) if action == "shift" else ((), {"offset": None})


def _shift(action: ActivityAction) -> str:
    return " by {m.offset}" if action == "shift" else ""


def _selections(variant: str, grade: str) -> tuple[Row, ...]:
    rows = []
    for action, subtype in _SELECT.items():
        offset, fixed = _offset(action)
        parts = (*offset, Many("requests", ScheduledRequest, _WHICH[variant], "request"))
        says = f"{action} {{m.requests:n}} scheduled requests{_shift(action)}"
        rows.append(Row(11, subtype, variant, REQUEST, SelectActivities, parts, says, {"action": action, **fixed}, grade))
    for action, subtype in _FILTER.items():
        offset, fixed = _offset(action)
        says = f"{action} the scheduled requests {{m.window}}{_shift(action)}"
        kind: type = FilterActivities
        parts = (*offset, WINDOW_C, _SUBS, _GROUPS)
        if variant == "A":
            kind, parts = FilterProcesses, (WINDOW_A, *offset, _PROCESSES)
        rows.append(Row(11, subtype, variant, REQUEST, kind, parts, says, {"action": action, **fixed}, grade))
    for action, subtype in _ALL.items():
        offset, fixed = _offset(action)
        says = f"{action} all scheduled requests{_shift(action)}"
        rows.append(Row(11, subtype, variant, REQUEST, AllActivities, offset, says, {"action": action, **fixed}, grade))
    return tuple(rows)


def _contents(variant: str, grade: str) -> tuple[Row, ...]:
    """Rows that carry activities: insert, detail report and summary report."""
    details: Parts = (_SUB, _GROUP, TIME, _PACKET)
    inserted: Parts = (_GROUP, TIME, _PACKET)
    summary: Parts = (_SUB, _GROUP, TIME, *_WHICH["C"])
    if variant == "A":
        inserted = (*_EXTRAS, TIME, _TIMEOUT, _PACKET)
        details, summary = (_SUB, *inserted), (_SUB, *_WHICH["A"][:2], _EXTRAS[3], TIME)
    return (
        Row(11, 4, variant, REQUEST, InsertActivities, (_SUB, Many("activities", Activity, inserted, "activity")),
            "insert {m.activities:n} requests into the time-based schedule", {}, grade),
        Row(11, 10, variant, REPORT, ScheduleDetails, (Many("activities", Activity, details, "activity"),),
            "the schedule holds these {m.activities:n} requests, in detail", {}, grade),
        Row(11, 13, variant, REPORT, ScheduleSummary, (Many("entries", SummaryEntry, summary, "entry"),),
            "the schedule holds these {m.entries:n} requests", {}, grade),
    )  # fmt: skip


def _states(ident: str) -> Many:
    return Many("states", Enabled, (Number("ident", ident), Flag("enabled")), "state")


_SCHEDULE = "{m.action} the time-based schedule"
_RELEASE = "{m.enabled:on} the release of telecommands of {m.processes:n} sub-schedules"

ROWS = (
    request(11, 1, ControlSchedule, (), _SCHEDULE, variants="C", grade="V", action="enable"),
    request(11, 2, ControlSchedule, (), _SCHEDULE, variants="C", grade="V", action="disable"),
    request(11, 1, ControlRelease, (_PROCESSES,), _RELEASE, variants="A", grade="K", enabled=True),
    request(11, 2, ControlRelease, (_PROCESSES,), _RELEASE, variants="A", grade="K", enabled=False),
    request(11, 3, ControlSchedule, (), _SCHEDULE, variants="AC", grade="V", action="reset"),
    *_contents("C", "X"),
    *_contents("A", "K"),
    *_selections("C", "X"),
    *_selections("A", "K"),
    request(11, 18, AskSubSchedules, (), "report the state of each sub-schedule", variants="C"),
    report(11, 19, SubScheduleStates, (_states("sub_schedule_octets"),), "states of {m.states:n} sub-schedules", variants="C"),
    request(11, 20, ControlSubSchedules, (Numbers("sub_schedules", "sub_schedule_octets"),),
            "enable {m.sub_schedules:all sub-schedules}", variants="C", enabled=True),
    request(11, 21, ControlSubSchedules, (Numbers("sub_schedules", "sub_schedule_octets"),),
            "disable {m.sub_schedules:all sub-schedules}", variants="C", enabled=False),
    request(11, 22, CreateGroups, (Many("groups", Enabled, (Number("ident", "group_octets"), Flag("enabled")), "group"),),
            "create {m.groups:n} scheduling groups", variants="C"),
    *(
        request(11, subtype, ControlGroups, (Numbers("groups", "group_octets"),), "{m.action} {m.groups:all scheduling groups}",
                variants="C", action=action)
        for subtype, action in ((23, "delete"), (24, "enable"), (25, "disable"))
    ),
    request(11, 26, AskGroups, (), "report the state of each scheduling group", variants="C"),
    report(11, 27, GroupStates, (_states("group_octets"),), "states of {m.states:n} scheduling groups", variants="C"),
)  # fmt: skip
