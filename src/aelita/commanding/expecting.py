"""What is waited for of one request: its units that were never sent, and the reports that its packets ask for."""

from collections.abc import Callable

from ..errors import UsageError
from ..pus import RequestId
from .backlog import Backlog
from .progress import Progress, State
from .requests import PreparedCommand
from .timing import CommandTimes
from .uplink import UplinkLine
from .verification import Expected, Stage, Verifier, stages_of

Times = Callable[[PreparedCommand, int, int], CommandTimes | None]  # prepared, start of radiation (TAI ns), octets
Known = dict[tuple[int, Stage], int]  # packet, stage: when the report was due that did not come, 0 when it came


def unsent(one: Progress, line: UplinkLine | None) -> list[str]:
    """Return the identities of what was released and not sent, before a restart. What COP-1 was to do it does no more."""
    if one.prepared.directive:
        return [one.id] if one.state is State.RELEASED else []
    try:
        count = line.frames_of(one.prepared.packets) if line is not None else 1
    except UsageError:
        count = 1
    return [name for name in (f"{one.id}/{at}" for at in range(count)) if name not in one.units]


def known_reports(one: Progress) -> Known:
    """Return what is known of the reports of a request."""
    return {
        (int(told.body["index"]), Stage(told.body["stage"])): int(told.body.get("deadline_ns", 0))
        for told in sorted(one.told, key=lambda each: each.kind == "verified")
        if told.kind in ("verified", "overdue")
    }


def is_waited_for(one: Progress, known: Known, least_ns: int) -> bool:
    """Tell whether a report of a request may still come: it is not known, or was due after an instant (TAI ns)."""
    asked = {(at, stage) for at, packet in enumerate(one.prepared.packets) for stage in stages_of(packet)}
    return any(stage is not Stage.PROGRESS and known.get((at, stage), least_ns + 1) > least_ns for at, stage in asked)


def radiated_span(one: Progress) -> tuple[int, int] | None:
    """Return from when until when (TAI ns) a request was on the air as its stations said, None when none did."""
    told = ((each.body.get("start_ns"), each.body.get("stop_ns")) for each in one.told if each.kind == "radiated")
    spans = [(start, stop) for start, stop in told if type(start) is int and type(stop) is int]
    return (min(start for start, _ in spans), max(stop for _, stop in spans)) if spans else None


def retime(one: Progress, backlog: Backlog, times: Times, verifier: Verifier) -> None:
    """Take the times of a request from what its station told, once that is all of it that was sent."""
    span = radiated_span(one) if asks(one) and not any(map(backlog.has, one.cltus)) else None
    if span is not None and (found := times(one.prepared, span[0], one.prepared.octets)) is not None:
        verifier.retime(one.id, found.ended(span[1]))


def asks(one: Progress) -> bool:
    """Tell whether a packet of a request asks for reports."""
    return any(stages_of(packet) for packet in one.prepared.packets)


def expect(one: Progress, times: CommandTimes, verifier: Verifier) -> None:
    """Have a verifier wait for the reports of a request that has these times."""
    for index, packet in enumerate(one.prepared.packets):
        if stages := stages_of(packet):
            verifier.expect(Expected(one.id, index, RequestId.decode(packet[:4]), stages, times))
