"""Gaps of reception, and the read-outs of on-board packet stores that could close them: proposals, which people request or not.

Gaps are the holes that the archive finds in the sequence counts of packets, so what comes back closes them by itself. What was
asked for, by anybody, is read from the journals. Nothing is ever sent from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...archive import Archive, open_archive
from ...commanding import Board, Progress, ReadOut, ReadOutRules, State, StoreReadOuts, read_out_requests
from ...errors import UsageError
from ...mdb import CompiledCommands
from ...pus import Between, RetrieveRanges, RetrieveWindow, StoreRange, StoreStates, StoreSummaries
from ...time import NO_TIME, SECOND
from .command_onboard import OnBoard, Told

TIME_APID = 0  # packets of the spacecraft's time are made for the link, and are in no store (assumed)
SETTLE_NS = 600 * SECOND  # what was read out is sent behind what is new, and has to come down and into the archive
TOLERANCE_NS = SECOND // 1000  # ticks are coarser than times: what was asked for to a millisecond is asked for
MOST_SHOWN = 500
READ, SUMMARIZE = "RetrieveStores", "ReportStores"
UNDER_WAY = frozenset(
    (State.RELEASED, State.SENDING, State.SENT, State.RADIATED, State.RECEIVED, State.ACCEPTED, State.EXECUTING)
)

Hole = tuple[int, int, int, int]  # begin and end (TAI ns), application process, packets


@dataclass(slots=True)
class LiveStores:
    """The packet stores of one spacecraft."""

    board: OnBoard
    commands: CompiledCommands
    path: Path  # of the agency's archive
    summaries: dict[int, tuple[StoreSummaries, int]] = field(default_factory=dict)
    states: dict[int, tuple[StoreStates, int]] = field(default_factory=dict)
    _archive: Archive | None = None
    _holes: tuple[tuple[int, ...], list[Hole]] = ((), [])

    def report(self, told: Told) -> None:
        """Take a report of the spacecraft."""
        if isinstance(told.report, StoreSummaries):
            self.summaries |= {one.store: (told.report, told.generated_ns) for one in told.report.summaries}
        elif isinstance(told.report, StoreStates):
            self.states |= {one.store: (told.report, told.generated_ns) for one in told.report.states}

    def holes(self) -> list[Hole]:
        """Return the holes in what the archive has of this spacecraft. It reads all packets: for worker threads."""
        if self._archive is None:
            if not self.path.exists():
                return []
            self._archive = open_archive(self.path)
        versions = tuple(self._archive.tables[name].version for name in ("packets", "frames", "gaps"))
        if versions != self._holes[0]:
            self._holes = versions, self._found(self._archive)
        return self._holes[1]

    def sources(self, archive: Archive) -> list[int]:
        """Return the numbers of the sources of this spacecraft in the archive."""
        rows = archive.catalogue.admitted().select("source", "spacecraft").rows()
        return [int(number) for number, name in rows if name == self.board.channel.spacecraft]

    def _found(self, archive: Archive) -> list[Hole]:
        sources = self.sources(archive)
        if not sources:
            return []
        rows = archive.completeness(sources=sources).missing
        rows = rows.filter(rows["source"].is_null() & (rows["apid"] != TIME_APID) & rows["start"].is_not_null())
        return [
            (int(start), int(stop), int(apid), int(missing))
            for start, stop, apid, missing in rows.select("start", "stop", "apid", "missing").drop_nulls().rows()
            if start <= stop
        ]

    def gaps(self, store: int, holes: Sequence[Hole], requests: Board, now: int) -> dict[str, Any]:
        """Return what is missing, what is being read out, and what could be asked for. Raises UsageError without the command."""
        rules = ReadOutRules(self.board.ticks, variant=self.board.link.packets.pus)
        outs = StoreReadOuts(store, rules)
        outs.missing((start, stop) for start, stop, _, _ in holes)
        if store in self.summaries:
            report, at_ns = self.summaries[store]
            outs.report(report, at_ns if at_ns != NO_TIME else now)
        asked = [found for one in requests.of(self.board.spacecraft) for found in self._asked(one, store, now)]
        under_way = []
        for number, (one, first, last, standing) in enumerate(asked, 1):
            outs.read_outs[-number] = ReadOut(-number, store, first, last)
            outs.step(-number, "asked", one.id)
            if standing != "asked":
                outs.step(-number, standing, one.id)
            else:
                under_way.append({"request": one.id, "state": str(one.state), "first_ns": first, "last_ns": last})
        planned = outs.plan()
        merged = [(begin, end, [hole for hole in holes if begin <= hole[0] and hole[1] <= end]) for begin, end in outs.gaps]
        return {
            "spacecraft": self.board.spacecraft, "store": store,
            "gaps": [
                {
                    "first_ns": begin, "last_ns": end, "packets": sum(hole[3] for hole in inside),
                    "apids": sorted({hole[2] for hole in inside}),
                }
                for begin, end, inside in merged[-MOST_SHOWN:]
            ],
            "gaps_total": len(merged), "proposals": self._proposals(planned, rules), "under_way": under_way,
            "given_up": [{"first_ns": begin, "last_ns": end} for begin, end in outs.given_up()[-MOST_SHOWN:]],
            "summary": self._summary(store, outs),
            "ask_summary": [self._call(SUMMARIZE, number="1", stores=f"[{store}]")] if self._has(SUMMARIZE) else [],
        }  # fmt: skip

    def _proposals(self, planned: list[ReadOut], rules: ReadOutRules) -> list[dict[str, Any]]:
        if planned and not self._has(READ):
            raise UsageError(f"{self.board.spacecraft} has no command {READ}", remedy="Describe it in the mission database")
        of = {one.number: one for one in planned}
        made = []
        for numbers, request in read_out_requests(planned, rules):
            parts = [(part.store, part.first, part.last) for part in _ranges(request)]
            made.append({
                "first_ns": min(of[number].first_ns for number in numbers),
                "last_ns": max(of[number].last_ns for number in numbers),
                "calls": [
                    self._call(READ, number="1", stores=f"[{store}]", **{"from": self._seconds(first), "to": self._seconds(last)})
                    for store, first, last in parts
                ],
                "comment": "read-out of a gap in reception",
            })  # fmt: skip
        return made

    def _has(self, command: str) -> bool:
        try:
            self.commands.command(command)
        except UsageError:
            return False
        return True

    def _call(self, command: str, **arguments: str) -> dict[str, Any]:
        return {"command": self.commands.command(command).name, "arguments": [[name, value] for name, value in arguments.items()]}

    def _seconds(self, ticks: int) -> str:
        return repr(ticks / self.board.clock.ticks_per_second)

    def _asked(self, one: Progress, store: int, now: int) -> list[tuple[Progress, int, int, str]]:
        """Return the stretches of a store that a request asks for, margins left out, and how that stands."""
        standing = _standing(one, now)
        if not standing:
            return []
        margin = ReadOutRules(self.board.ticks).margin_ns - TOLERANCE_NS
        found = []
        for packet in one.prepared.packets:
            message = self.board.request_in(packet)
            if not isinstance(message, RetrieveWindow | RetrieveRanges):
                continue
            for part in _ranges(message):
                if part.store == store:
                    first, last = self.board.when(part.first) + margin, self.board.when(part.last) - margin
                    found.append((one, min(first, last), max(first, last), standing))
        return found

    def _summary(self, store: int, outs: StoreReadOuts) -> dict[str, Any] | None:
        if outs.summary is None:
            return None
        one, at_ns = outs.summary, self.summaries[store][1]
        return {
            "oldest_ns": self.board.when(one.oldest), "newest_ns": self.board.when(one.newest), "percentage": one.percentage,
            "reported_ns": at_ns if at_ns != NO_TIME else None,
        }  # fmt: skip

    def close(self) -> None:
        """Forget the archive."""
        self._archive = None


def _ranges(request: RetrieveRanges | RetrieveWindow) -> list[StoreRange]:
    if isinstance(request, RetrieveRanges):
        return list(request.ranges)
    if not isinstance(request.window, Between):
        return []
    return [StoreRange(store, request.window.first, request.window.last) for store in request.stores]


def _standing(one: Progress, now: int) -> str:
    """Return how a read-out stands by its request: asked, done or failed; empty for one that was never sent."""
    if one.state is State.COMPLETED:
        done_ns = one.stages.get("completed", now)
        return "asked" if now < done_ns + SETTLE_NS else "done"
    if one.state is State.WAITING or one.state in UNDER_WAY:
        return "asked"
    return "failed" if one.state in (State.FAILED, State.UNKNOWN) else ""
