"""Procedures in the commanding of an agency: what there are, dry runs, runs, and what people do to them.

<home>/commanding/runs/<run>.jsonl   the as-run log of a run

A request that a procedure makes is an ordinary request in the name of who started the run: others check, approve and release it.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...commanding import (
    Argument,
    Call,
    Commander,
    DryRun,
    Progress,
    Purpose,
    RehearseRequest,
    SendRequest,
    State,
    dry_run,
)
from ...errors import AelitaError, DataError, UsageError
from ...mdb import Reference
from ...time import DAY
from .health import Health
from .procedure_files import FOLDER, Loaded, ProcedureFiles
from .procedure_logs import ENDING, RUN, RunLog, logs_in
from .procedure_runs import LiveRun, is_over
from .procedure_threads import within
from .procedure_values import ProcedureValues, Value
from .streams import Streams

RUNS = "runs"
TICK_S, LOOK_S, DRY_CPU_S = 0.2, 5.0, 5.0
MOST_LIVE, MOST_ENDED, MOST_RECORDS = 64, 500, 2000
FAR_NS = 36_500 * DAY  # what waits for people can be seen at no time that is known
MODES = ("step", "automatic")
NOT_SENT = frozenset((State.WAITING, State.RELEASED))

log = logging.getLogger(__name__)

Asked = dict[str, Any]
Ask = Callable[[Asked], Asked]


class ProcedureDesk:
    """The procedures of one agency. `request` makes an ordinary request, `prepare` only shows what it would be."""

    def __init__(
        self, commander: Commander, folders: Iterable[Path], home: Path, now: Callable[[], int], prepare: Ask, request: Ask,
        health: Health,
    ) -> None:  # fmt: skip
        self.commander, self.now, self.health = commander, now, health
        self.files = ProcedureFiles([*(one / FOLDER for one in folders), home / "commanding" / FOLDER])
        self.folder = home / "commanding" / RUNS
        self.runs: dict[str, LiveRun] = {}
        self.values = ProcedureValues(commander.agency)
        self._prepare, self._request = prepare, request
        self._evidence: dict[str, int] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self.ops: dict[str, Callable[[Asked], Awaitable[Asked]]] = {
            "procedures": self._list, "procedure.dry_run": self._dry_run, "procedure.start": self._start,
            "procedure.state": self._state, "procedure.step": self._act, "procedure.pause": self._act,
            "procedure.resume": self._act, "procedure.abort": self._act, "procedure.answer": self._answer,
        }  # fmt: skip

    async def run(self, streams: Streams) -> None:
        """Take up what ran before, and let runs go on, for ever."""
        self.values.streams = streams
        await self.take_up()
        looked = 0.0
        loop = asyncio.get_running_loop()
        try:
            while True:
                if loop.time() - looked > LOOK_S:
                    await self.files.look()
                    looked = loop.time()
                self.tick()
                await asyncio.sleep(TICK_S)
        finally:
            self.values.want(set())

    def tick(self) -> list["asyncio.Task[None]"]:
        """Let every run look at the world; a run that takes long delays no other."""
        live = [one for one in self.runs.values() if one.is_live]
        self.values.want({one.spacecraft for one in live})
        self.health.gauge("procedures_running", len(live))
        for one in live:
            if one.name not in self._looking:
                task = self._looking[one.name] = asyncio.create_task(self._look(one))
                task.add_done_callback(lambda _, name=one.name: self._looking.pop(name, None))  # type: ignore[misc]
        return list(self._looking.values())

    async def _look(self, one: LiveRun) -> None:
        try:
            await one.look()
        except AelitaError as error:
            log.error("a run of a procedure did not go on", extra={"run": one.name, "why": str(error)})

    async def take_up(self) -> None:
        """Read the logs of all runs; those that have not ended are held, as they were."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self.files.look()
        for name, kept in logs_in(self.folder):
            if name in self.runs:
                continue
            try:
                records = await asyncio.to_thread(kept.read)
                if records:  # else it was cut before it began
                    self.runs[name] = await self._from_log(name, kept, records)
            except AelitaError as error:
                self.health.fault(f"procedure run {name}", str(error))
                log.error("a run of a procedure is left out", extra={"run": name, "why": str(error)})
        self._forget()

    async def _from_log(self, name: str, kept: RunLog, records: Sequence[Mapping[str, Any]]) -> LiveRun:
        first = records[0]
        try:
            requester = {key: str(first["requester"][key]) for key in ("agency", "centre", "role", "person")}
            arguments = {str(key): str(value) for key, value in first["arguments"]}
            loaded = self.files.procedures.get(str(first["procedure"]))
            one = LiveRun(
                name, str(first["procedure"]), loaded.procedure.title if loaded else "", str(first["spacecraft"]), arguments,
                requester, str(first["purpose"]), int(first["at_ns"]), str(first.get("sha256", "")), kept, self,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"not the log of a run: {type(error).__name__} {error}", where=str(kept.path)) from error
        one.take_notes(records)
        if not is_over(records):
            await one.resume(loaded, records)
        return one

    def _forget(self) -> None:
        ended = [name for name, one in self.runs.items() if one.ended_ns is not None]
        for name in ended[: max(0, len(ended) - MOST_ENDED)]:
            del self.runs[name]

    # the world of a run

    def send(self, run: LiveRun, effect: SendRequest | RehearseRequest) -> str:
        """Make a request in the name of who started the run; one that is there already was made before a restart."""
        if isinstance(effect, RehearseRequest):
            return "rehearsals are not sent"
        if effect.request in self.commander.standing.board.requests:
            return ""
        about = f"procedure {run.procedure}, run {run.name}"
        comment = f"{effect.comment} ({about})" if effect.comment else about
        try:
            self._request({
                "id": effect.request, "spacecraft": effect.spacecraft, "requester": run.requester, "comment": comment,
                "service": str(effect.service), "execute_ns": effect.execute_ns,
                "calls": [{"command": one.command, "arguments": list(one.arguments)} for one in effect.calls],
            })  # fmt: skip
        except (UsageError, DataError) as error:
            return str(error)
        return ""

    def state(self, run: LiveRun, request: str) -> tuple[State, int]:
        """Return where a request stands and when evidence can be here: of what waits for people, at no time that is known."""
        found = self.commander.standing.board.requests.get(request)
        if found is None:
            return State.UNKNOWN, FAR_NS
        if found.state in NOT_SENT:
            return found.state, FAR_NS
        if request not in self._evidence:
            self._evidence[request] = self._first_evidence(found)
        return found.state, self._evidence[request]

    def _first_evidence(self, one: Progress) -> int:
        sent = next((told.at_ns for told in one.told if told.kind == "sending"), one.told[-1].at_ns)
        times = self.commander.times(one.prepared, sent, one.prepared.octets)
        return sent if times is None else times.evidence_ns

    def value(self, run: LiveRun, reference: Reference) -> tuple[bool, Value]:
        """Return whether a value of the run's spacecraft is known, and the value."""
        return self.values.value(run.spacecraft, reference)

    # what people ask

    async def _list(self, asked: Asked) -> Asked:
        await self.files.look()
        items = [_told(one) for _, one in sorted(self.files.procedures.items())]
        return {"procedures": items, "faults": [{"file": Path(path).name, "why": why} for path, why in self.files.faults.items()]}

    async def _dry_run(self, asked: Asked) -> Asked:
        loaded, spacecraft, arguments = await self._loaded(asked), str(asked["spacecraft"]), _arguments(asked)
        values = {str(name): value for name, value in dict(asked.get("values") or {}).items()}
        is_thorough, now = bool(asked.get("thorough")), self.now()
        found: DryRun = await within(
            lambda: dry_run(loaded.procedure, spacecraft, arguments, values=values, now=now, is_thorough=is_thorough),
            cpu_s=DRY_CPU_S,
        )
        return {
            "paths": [
                {
                    "choices": list(one.choices), "steps": list(one.steps), "calls": [_call(each) for each in one.calls],
                    "end": one.end,
                }
                for one in found.paths
            ],
            "whole": found.is_whole,
            "calls": [self._checked(each, spacecraft, asked) for each in found.calls],
            "sha256": loaded.digest,
        }  # fmt: skip

    def _checked(self, one: Call, spacecraft: str, asked: Asked) -> Asked:
        """Return a command of a dry run with what it would do, or why it cannot be asked for."""
        told = _call(one) | {"sentence": "", "significance": "", "wanted": [], "problem": ""}
        try:
            made = self._prepare({
                "spacecraft": spacecraft, "requester": asked["requester"], "calls": [_call(one)],
            })  # fmt: skip
        except AelitaError as error:
            return told | {"problem": str(error)}
        prepared = made["prepared"]
        return told | {
            "sentence": " ".join(prepared["sentences"]), "significance": prepared["significance"], "wanted": made["wanted"],
        }  # fmt: skip

    async def _start(self, asked: Asked) -> Asked:
        loaded, mode, name = await self._loaded(asked), str(asked.get("mode", "step")), str(asked.get("id") or self._new_name())
        if mode not in MODES:
            raise UsageError(f"{mode!r} is no way to run a procedure", remedy=f"Ways: {', '.join(MODES)}")
        if name in self.runs or not RUN.fullmatch(name) or (self.folder / f"{name}{ENDING}").exists():
            raise UsageError(f"{name!r} cannot be the name of a new run", remedy="Leave it out")
        if sum(one.is_live for one in self.runs.values()) >= MOST_LIVE:
            raise UsageError(f"{MOST_LIVE} procedures run already", remedy="Abort some")
        requester = {key: str(asked["requester"][key]) for key in ("agency", "centre", "role", "person")}
        if requester["agency"] != self.commander.agency:
            raise UsageError(f"{requester['agency']} runs the procedures of its own people", remedy="Ask there")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        one = LiveRun(
            name, loaded.procedure.name, loaded.procedure.title, str(asked["spacecraft"]), _arguments(asked), requester,
            str(Purpose.LIVE), self.now(), loaded.digest, RunLog(self.folder / f"{name}{ENDING}"), self,
        )  # fmt: skip
        self.runs[name] = one
        try:
            await one.begin(loaded, mode)
        except BaseException:
            if one.machine is None and one.ended_ns is None:
                del self.runs[name]
            raise
        self._forget()
        return self._detail(one)

    async def _act(self, asked: Asked) -> Asked:
        one, by = self._run(asked), _by(asked)
        action = str(asked["op"]).removeprefix("procedure.")
        if action == "resume" and one.state == "suspended":
            await self.files.look()
            records = await asyncio.to_thread(one.log.read)
            await one.resume(self.files.procedures.get(one.procedure), records)
        else:
            await one.act({"resume": "run"}.get(action, action), by)
        return self._detail(one)

    async def _answer(self, asked: Asked) -> Asked:
        one = self._run(asked)
        await one.answer(int(asked["step"]), str(asked["answer"]), _by(asked))
        return self._detail(one)

    async def _state(self, asked: Asked) -> Asked:
        if not asked.get("run"):
            runs = sorted(self.runs.values(), key=lambda one: (one.is_live, one.begun_ns), reverse=True)
            return {"runs": [one.seen() for one in runs]}
        if str(asked["run"]) not in self.runs:
            return {"run": None}
        one = self._run(asked)
        records = await asyncio.to_thread(RunLog(one.log.path).read)
        after = max(int(asked.get("after", 0)), 0)
        told = self._detail(one)
        return told | {"records": records[after : after + MOST_RECORDS], "more": len(records) > after + MOST_RECORDS}

    def _detail(self, one: LiveRun) -> Asked:
        said = [{"at_ns": at, "step": step, "text": text, "section": section} for at, step, text, section in one.said]
        board = self.commander.standing.board.requests
        states = {name: str(board[name].state) if name in board else "not made" for name in one.requests}
        return {"run": one.seen(), "said": said, "states": states}

    def _run(self, asked: Asked) -> LiveRun:
        name = str(asked.get("run", ""))
        if name not in self.runs:
            raise UsageError(f"no run {name!r} is known here", remedy="See the list of runs")
        return self.runs[name]

    async def _loaded(self, asked: Asked) -> Loaded:
        await self.files.look()
        name = str(asked.get("procedure", ""))
        if name not in self.files.procedures:
            known = ", ".join(sorted(self.files.procedures)) or "none"
            raise UsageError(f"there is no procedure {name!r}", remedy=f"Procedures: {known}")
        return self.files.procedures[name]

    def _new_name(self) -> str:
        return f"{self.commander.agency}-run-{secrets.token_hex(4)}"


def _told(one: Loaded) -> Asked:
    procedure = one.procedure
    return {
        "name": procedure.name, "title": procedure.title, "spacecraft": list(procedure.spacecraft), "grade": procedure.grade,
        "about": (procedure.body.__doc__ or "").strip(), "file": one.path.name, "sha256": one.digest,
        "arguments": [_argument(each) for each in procedure.arguments],
    }  # fmt: skip


def _argument(one: Argument) -> Asked:
    return {
        "name": one.name, "kind": one.kind, "about": one.about, "default": one.default, "least": one.least, "most": one.most,
        "choices": list(one.choices),
    }  # fmt: skip


def _call(one: Call) -> Asked:
    return {"command": one.command, "arguments": [list(pair) for pair in one.arguments]}


def _arguments(asked: Asked) -> dict[str, str]:
    given = asked.get("arguments") or {}
    if not isinstance(given, dict):
        raise UsageError("arguments are given by name")
    return {str(name): str(value) for name, value in given.items()}


def _by(asked: Asked) -> str:
    by = str(asked.get("by", ""))
    if not by.strip() or not by.isprintable():
        raise UsageError("nobody asks", remedy="Say who")
    return by
