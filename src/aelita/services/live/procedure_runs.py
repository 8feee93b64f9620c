"""One run of a procedure in the commanding of an agency: its log is written and synced before its effects are done.

What a procedure does between its requests is done in a thread with a deadline; one that misbehaves ends its own run.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from ...commanding import (
    NeedAnswer,
    NeedState,
    NeedValues,
    ProcedureRun,
    Purpose,
    RehearseRequest,
    RunState,
    SendRequest,
    State,
    Tell,
    Turn,
)
from ...errors import AelitaError, ArchiveError, UsageError
from ...mdb import Reference
from ...time import DAY
from .procedure_files import Loaded
from .procedure_logs import RunLog
from .procedure_threads import StuckError, within
from .procedure_values import Value

MOST_SAID = 200
NEVER_NS = 365 * DAY  # what is due so much later waits for something that has no time

log = logging.getLogger(__name__)

Work = Callable[[ProcedureRun], Turn]


class World(Protocol):
    """What a run asks of the commanding of its agency."""

    def now(self) -> int:
        """Return what time it is (TAI ns)."""

    def send(self, run: "LiveRun", effect: SendRequest | RehearseRequest) -> str:
        """Make a request; return why it was refused, empty when it was taken."""

    def state(self, run: "LiveRun", request: str) -> tuple[State, int]:
        """Return where a request stands, and when evidence of it can be on Earth (TAI ns)."""

    def value(self, run: "LiveRun", reference: Reference) -> tuple[bool, Value]:
        """Return whether a value is known, and the value."""


@dataclass(slots=True)
class LiveRun:
    """A run. `machine` is None when it has ended or cannot go on; then `state` and `why` tell."""

    name: str
    procedure: str
    title: str
    spacecraft: str
    arguments: dict[str, str]
    requester: dict[str, str]
    purpose: str
    begun_ns: int
    digest: str
    log: RunLog
    world: World
    machine: ProcedureRun | None = None
    ended_ns: int | None = None
    said: deque[tuple[int, int, str, bool]] = field(default_factory=lambda: deque(maxlen=MOST_SAID))  # when, step, text, section
    requests: list[str] = field(default_factory=list)
    _state: str = ""
    _why: str = ""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _watched: tuple[Reference, ...] = ()
    _watched_step: int = 0
    _fed: dict[Reference, Value] = field(default_factory=dict)
    _told: dict[str, tuple[State, int]] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Where it stands: a `RunState`, or `suspended` when it can go on only after it is resumed."""
        return str(self.machine.state) if self.machine is not None else self._state

    @property
    def why(self) -> str:
        """Why it ended, or cannot go on."""
        return self.machine.why if self.machine is not None else self._why

    @property
    def is_live(self) -> bool:
        """Whether it may still do something."""
        return self.machine is not None and not self.machine.is_ended

    async def begin(self, loaded: Loaded, mode: str) -> None:
        """Begin it; `automatic`: it goes on by itself at once. Raises UsageError for wrong arguments, StuckError."""
        now, person = self.world.now(), self.requester["person"]
        purpose = Purpose(self.purpose)
        machine, turn = await within(
            lambda: ProcedureRun.begin(loaded.procedure, self.name, self.spacecraft, self.arguments, person, purpose, now)
        )
        turn.records[0] |= {"requester": self.requester, "file": loaded.path.name, "sha256": loaded.digest}
        self.machine = machine
        async with self._lock:
            await self._taken(turn)
            if mode == "automatic" and self.is_live:
                await self._do(lambda one: one.act("run", person, self.world.now()))

    async def resume(self, loaded: Loaded | None, records: Sequence[Mapping[str, Any]]) -> None:
        """Go on as its log says, held. A run whose procedure is another by now, or gone, is suspended with the reason."""
        now = self.world.now()
        try:
            if loaded is None:
                raise UsageError(f"there is no procedure {self.procedure} any more", remedy="Put it back, then resume")
            self.machine, turn = await within(lambda: ProcedureRun.resume(loaded.procedure, records, now))
            turn.records[0] |= {"sha256": loaded.digest}
        except AelitaError as error:
            self.suspend(str(error))
            return
        async with self._lock:
            await self._taken(turn)

    def suspend(self, why: str) -> None:
        """Let it do nothing any more until somebody resumes it; its log stays as it is."""
        self.machine, self._state, self._why = None, "suspended", why
        self._clear()

    async def act(self, action: str, by: str) -> None:
        """Run, step, pause or abort. Raises UsageError for what cannot be done now."""
        async with self._lock:
            self._need()
            await self._do(lambda one: one.act(action, by, self.world.now()))

    async def answer(self, step: int, answer: str, by: str) -> None:
        """Take a person's answer. Raises UsageError when the step asks nothing, or has no such choice."""
        async with self._lock:
            self._need()
            await self._do(lambda one: one.answer(step, answer, by, self.world.now()))

    async def look(self) -> None:
        """Feed what has changed in the world, and what is due."""
        if self._lock.locked() or not self.is_live:
            return
        async with self._lock:
            for work in self._news():
                if not self.is_live:
                    return
                await self._do(work)

    def _news(self) -> Iterable[Work]:
        machine = self.machine
        if machine is None or not machine.is_outstanding:
            return
        now = self.world.now()
        changed = self._values() if machine.step == self._watched_step else {}
        if changed:
            yield lambda one: one.values(changed, now)
        for request, known in list(self._told.items()):
            found = self.world.state(self, request)
            if found != known:
                self._told[request] = found
                yield lambda one, name=request, told=found: one.progress(name, told[0], now, told[1])  # type: ignore[misc]
        deadline = machine.next_deadline()
        if deadline is not None and deadline <= now:
            yield lambda one: one.on_timer(now)

    def _values(self) -> dict[Reference, Value]:
        changed = {}
        for one in self._watched:
            known, value = self.world.value(self, one)
            if known and (one not in self._fed or self._fed[one] != value):
                changed[one] = self._fed[one] = value
        return changed

    def _need(self) -> ProcedureRun:
        if self.machine is None or self.machine.is_ended:
            raise UsageError(f"run {self.name} is {self.state}: {self.why or 'nothing more can be done to it'}")
        return self.machine

    async def _do(self, work: Work) -> None:
        """Let the machine do something, and then all that follows from it."""
        waiting: deque[Work] = deque([work])
        while waiting and self.machine is not None:
            machine = self.machine
            try:
                turn = await within(partial(waiting.popleft(), machine))
            except StuckError as error:
                await self._give_up(f"after step {machine.step}: {error}")
                return
            except AelitaError:
                raise
            except Exception as error:
                log.exception("a run of a procedure failed", extra={"run": self.name})
                await self._give_up(f"after step {machine.step}: {type(error).__name__} {error}")
                return
            waiting += await self._taken(turn)

    async def _taken(self, turn: Turn) -> list[Work]:
        """Write the records of a turn, then do its effects; return what is to be done because of them."""
        try:
            await asyncio.to_thread(self.log.write, turn.records)
        except ArchiveError as error:  # nothing was done of it: the log tells from where to go on
            log.error("a run of a procedure is suspended", extra={"run": self.name, "why": str(error)})
            self.suspend(str(error))
            return []
        self.take_notes(turn.records)
        return [work for effect in turn.effects if (work := self._effect(effect)) is not None]

    def take_notes(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Know what records tell people: what was said and sent, and how it ended."""
        for one in records:
            if one["kind"] == "step":
                if "id" in one:
                    self.requests.append(str(one["id"]))
                asked = one["request"]
                if asked["do"] in ("say", "section"):
                    text = str(asked.get("text") or asked.get("name"))
                    self.said.append((int(one["at_ns"]), int(one["step"]), text, asked["do"] == "section"))
            elif one["kind"] == "ended":
                self.ended_ns, self._state, self._why = int(one["at_ns"]), str(one["state"]), str(one["why"])
                self._clear()

    def _effect(self, effect: Any) -> Work | None:
        now = self.world.now
        match effect:
            case SendRequest(request=request) | RehearseRequest(request=request):
                why = self.world.send(self, effect)
                return lambda one: one.not_taken(request, why, now()) if why else one.taken(request, now())
            case NeedValues(step, references):
                self._watched, self._watched_step, self._fed = references, step, {}
                changed = self._values()
                return (lambda one: one.values(changed, now())) if changed else None
            case NeedState(request):
                self._told.clear()
                found = self._told[request] = self.world.state(self, request)
                return lambda one: one.progress(request, found[0], now(), found[1])
            case NeedAnswer(step, question):
                log.info("a procedure asks", extra={"run": self.name, "step": step, "question": question})
            case Tell(step, text):
                log.info("a procedure says", extra={"run": self.name, "step": step, "text": text})
        return None

    async def _give_up(self, why: str) -> None:
        """End a run whose procedure misbehaves."""
        step = self.machine.step if self.machine is not None else 0
        self.machine = None
        record = {"kind": "ended", "at_ns": self.world.now(), "step": step, "state": str(RunState.FAILED), "why": why}
        log.error("a procedure misbehaves", extra={"run": self.name, "why": why})
        try:
            await asyncio.to_thread(self.log.write, [record])
        except ArchiveError as error:
            log.error("the end of a run was not written", extra={"run": self.name, "why": str(error)})
        self.take_notes([record])

    def _clear(self) -> None:
        self._watched, self._fed, self._told = (), {}, {}

    # what people see

    def seen(self) -> dict[str, Any]:
        """Return how it stands."""
        machine = self.machine
        asked = machine.asked if machine is not None else None
        deadline = machine.next_deadline() if machine is not None else None
        return {
            "run": self.name, "procedure": self.procedure, "title": self.title, "spacecraft": self.spacecraft,
            "arguments": self.arguments, "requester": self.requester, "purpose": self.purpose, "sha256": self.digest,
            "state": self.state, "why": self.why, "begun_ns": self.begun_ns, "ended_ns": self.ended_ns,
            "step": machine.step if machine is not None else 0,
            "text": machine.text if machine is not None and self.is_live else "",
            "outstanding": machine is not None and machine.is_outstanding,
            "deadline_ns": deadline if deadline is not None and deadline < self.world.now() + NEVER_NS else None,
            "asked": None if asked is None else
            {"step": asked.step, "question": asked.question, "choices": list(asked.choices)},
            "requests": list(self.requests),
            "actions": self._actions(),
        }  # fmt: skip

    def _actions(self) -> list[str]:
        """Return what can be done to it now, in the words of the requests."""
        machine = self.machine
        if machine is None:
            return ["resume"] if self._state == "suspended" else []
        if machine.is_ended:
            return []
        found = {RunState.HELD: ["step", "resume"], RunState.RUNNING: ["pause"], RunState.STEPPING: ["resume", "pause"]}
        return [*found[machine.state], *(["answer"] if machine.asked is not None else []), "abort"]


def is_over(records: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a log says that its run has ended."""
    return any(one["kind"] == "ended" for one in records)
