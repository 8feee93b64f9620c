"""Runs a procedure: live or as a rehearsal, step by step or by itself, paused, resumed after a restart, and logged as it was run.

Values, answers, states of requests and `now` come in; a `Turn` comes out, whose records must be written before its effects are
done. A rehearsal asks for other effects than a live run, so that nothing of it can be taken for a command.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import AelitaError, DataError, UsageError
from ..mdb import Condition, Reference, condition_text, holds_now, references_in
from .procedure_effects import (
    ACTIONS,
    LIVE,
    RUN_TABLE,
    NeedAnswer,
    NeedState,
    NeedValues,
    Purpose,
    RehearseRequest,
    RunState,
    SendRequest,
    Tell,
    Turn,
)  # fmt: skip
from .procedure_records import described, outcome_from, outcome_told, step_text
from .procedures import (
    Ask,
    Awaited,
    Check,
    Delay,
    IfNot,
    Moment,
    Now,
    Procedure,
    Reached,
    Read,
    Say,
    Section,
    Send,
    Sent,
    Step,
    Value,
    Waited,
    WaitFor,
)  # fmt: skip
from .progress import State
from .requests import MOST_TEXT

MOST_STEPS = 10_000
VALUES_NS = 30_000_000_000  # after this long without an answer a value counts as not known
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,55}")  # names of requests append the number of the step
REPEAT, GO_ON, STOP = "repeat", "go on", "stop"
_ORDER = (
    State.WAITING, State.RELEASED, State.SENDING, State.SENT, State.RADIATED, State.RECEIVED, State.ACCEPTED, State.EXECUTING,
    State.COMPLETED,
)  # fmt: skip
_NEVER = (State.REJECTED, State.WITHDRAWN, State.EXPIRED, State.REFUSED, State.FAILED)


class ProcedureRun:
    """One run of a procedure. `step` numbers the present request from 1; `request` is None when the run has ended."""

    def __init__(self, procedure: Procedure, run: str, spacecraft: str, arguments: Mapping[str, str], purpose: Purpose) -> None:
        if not _RUN.fullmatch(run):
            raise UsageError(f"{run!r} is no name of a run", remedy="Use up to 56 letters, digits, points and dashes")
        self.procedure, self.run, self.spacecraft, self.purpose = procedure, run, spacecraft, purpose
        self.state, self.step, self.why = RunState.HELD, 0, ""
        self.request: Step | None = None
        self.is_outstanding = False
        self.asked: NeedAnswer | None = None
        self._steps = procedure.begin(spacecraft, arguments)
        self._again = False
        self._began_ns = 0
        self._deadline: int | None = None
        self._values: dict[Reference, Value] = {}
        self._fresh: set[Reference] = set()
        self._states: dict[str, tuple[State, int]] = {}  # request: state, when evidence can be here

    @staticmethod
    def begin(
        procedure: Procedure, run: str, spacecraft: str, arguments: Mapping[str, str], person: str, purpose: Purpose, now: int
    ) -> tuple["ProcedureRun", Turn]:
        """Return a run that is held before its first step. Raises UsageError for wrong arguments, all named."""
        made, turn = ProcedureRun(procedure, run, spacecraft, arguments, purpose), Turn()
        begun = {
            "kind": "begun", "at_ns": now, "v": 1, "run": run, "procedure": procedure.name, "spacecraft": spacecraft,
            "arguments": [[name, value] for name, value in arguments.items()], "by": person, "purpose": str(purpose),
        }  # fmt: skip
        turn.records.append(begun)
        made._next(None, turn, now)
        return made, turn

    @staticmethod
    def resume(procedure: Procedure, records: Iterable[Mapping[str, Any]], now: int) -> tuple["ProcedureRun", Turn]:
        """Return a run as its log left it, held. Raises DataError that names the step where procedure and log differ."""
        told = list(records)
        try:
            first = told[0]
            if first["kind"] != "begun" or first["v"] != 1 or first["procedure"] != procedure.name:
                raise DataError(f"this is no log of procedure {procedure.name}")
            given = {str(name): str(value) for name, value in first["arguments"]}
            made = ProcedureRun(procedure, str(first["run"]), str(first["spacecraft"]), given, Purpose(first["purpose"]))
            turn = Turn()
            made._next(None, turn, now)
            for record in told[1:]:
                made._replay(record, turn, now)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise DataError(f"not a log of a procedure: {type(error).__name__} {error}") from error
        turn.records.insert(0, {"kind": "resumed", "at_ns": now, "step": made.step})
        made._again = made.is_outstanding
        made.is_outstanding = False
        return made, turn

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in LIVE

    @property
    def text(self) -> str:
        """What the present step does, in words."""
        return step_text(self.request) if self.request is not None else self.why or str(self.state)

    def act(self, action: str, by: str, now: int) -> Turn:
        """Run, step, pause or abort. Raises UsageError for what cannot be done now."""
        following = RUN_TABLE.get((self.state, action)) if action in ACTIONS else None
        if following is None:
            possible = [one for one in ACTIONS if (self.state, one) in RUN_TABLE]
            raise UsageError(
                f"{action!r} cannot be done to a run that is {self.state}", where=f"run {self.run}",
                remedy=f"Possible: {', '.join(possible) or 'nothing'}",
            )  # fmt: skip
        turn = Turn([{"kind": "action", "at_ns": now, "step": self.step, "action": action, "by": by}])
        if action == "abort":
            self._end("abort", f"aborted by {by}", turn, now)
            return turn
        self.state = following
        return self._go(turn, now)

    def taken(self, request: str, now: int) -> Turn:
        """Know that a request was made."""
        return self._sent(Sent(request), now)

    def not_taken(self, request: str, why: str, now: int) -> Turn:
        """Know that a request was refused."""
        return self._sent(Sent(request, False, why), now)

    def answer(self, step: int, answer: str, by: str, now: int) -> Turn:
        """Take a person's answer. Raises UsageError when this step asks nothing, or not with this choice."""
        asked = self.asked
        if asked is None or asked.step != step:
            raise UsageError(f"step {step} asks nothing now", where=f"run {self.run}")
        if asked.choices and answer not in asked.choices:
            raise UsageError(f"{answer!r} is no choice", where=f"run {self.run}, step {step}", remedy=", ".join(asked.choices))
        if len(answer) > MOST_TEXT:
            raise UsageError(f"an answer has {len(answer)} characters", remedy=f"Give at most {MOST_TEXT}")
        self.asked, turn = None, Turn()
        if isinstance(self.request, Ask):
            return self._done(answer, turn, now, by=by)
        if answer == REPEAT:
            turn.records.append({"kind": "repeat", "at_ns": now, "step": step, "by": by})
            assert isinstance(self.request, Check)
            self._look(self.request.condition, turn)
            self._deadline = now + VALUES_NS
            return turn
        if answer == STOP:
            return self._stop(turn, now, by)
        return self._done(False, turn, now, by=by)

    def values(self, values: Mapping[Reference, Value], now: int) -> Turn:
        """Take values, None for those that nobody knows."""
        self._values.update(values)
        self._fresh.update(values)
        return self._judge(Turn(), now)

    def progress(self, request: str, state: State, now: int, evidence_ns: int = 0) -> Turn:
        """Take the state of a request, and from when on evidence of it can be on Earth (TAI ns)."""
        self._states[request] = (state, evidence_ns)
        return self._judge(Turn(), now)

    def next_deadline(self) -> int | None:
        """Return when to call `on_timer` at the latest (TAI ns), None when nothing waits for a time."""
        if not self.is_outstanding or self.asked is not None:
            return None
        one = self.request
        if isinstance(one, WaitFor) and isinstance(one.what, Reached) and one.timeout_s is not None:
            evidence = self._states.get(one.what.sent.request, (State.WAITING, 0))[1]
            return max(self._began_ns, evidence) + round(one.timeout_s * 1e9)
        return self._deadline

    def on_timer(self, now: int) -> Turn:
        """Do what is due."""
        deadline = self.next_deadline()
        if deadline is None or deadline > now:
            return Turn()
        one = self.request
        if isinstance(one, WaitFor):
            return self._done(_overdue(one, self._began_ns), Turn(), now)
        for missing in self._wanted():
            self._values[missing] = None
            self._fresh.add(missing)
        return self._judge(Turn(), now)

    # the present step

    def _go(self, turn: Turn, now: int) -> Turn:
        while self.state in (RunState.RUNNING, RunState.STEPPING) and not self.is_outstanding:
            self._perform(turn, now)
        return turn

    def _perform(self, turn: Turn, now: int) -> None:
        """Begin the present step; what needs nothing from outside is over at once."""
        one, again = self.request, self._again
        assert one is not None
        self._again, self.is_outstanding = False, True
        if again:
            turn.records.append({"kind": "again", "at_ns": now, "step": self.step})
        else:
            self._began_ns = now
            record: dict[str, Any] = {"kind": "step", "at_ns": now, "step": self.step, "request": described(one)}
            turn.records.append(record | ({"id": self._name()} if isinstance(one, Send) else {}))
        self._deadline = None
        match one:
            case Send(calls, comment, service, execute_ns):
                effect = SendRequest if self.purpose is Purpose.LIVE else RehearseRequest
                turn.effects.append(effect(self._name(), self.spacecraft, calls, comment, service, execute_ns, again))
            case Ask(question, choices):
                self.asked = NeedAnswer(self.step, question, choices)
                turn.effects.append(self.asked)
            case WaitFor(what, timeout_s):
                self._deadline = _deadline(what, timeout_s, self._began_ns)
                self._wait(what, turn, now)
            case Check(condition):
                self._look(condition, turn)
                self._deadline = now + VALUES_NS
            case Read(reference):
                self._ask_for((reference,), turn)
                self._deadline = now + VALUES_NS
            case Say(text) | Section(text):
                turn.effects.append(Tell(self.step, text, isinstance(one, Section)))
                self._finish(None, turn, now)
            case Now():
                self._finish(now, turn, now)

    def _name(self) -> str:
        return f"{self.run}-{self.step}"

    def _wait(self, what: Awaited, turn: Turn, now: int) -> None:
        if isinstance(what, Reached):
            if not what.sent.taken:
                self._finish(Waited.FAILED, turn, now)
            else:
                turn.effects.append(NeedState(what.sent.request))
                self._judge_state(what, turn, now)
        elif isinstance(what, Moment | Delay):
            if self._deadline is not None and self._deadline <= now and isinstance(self.request, WaitFor):
                self._finish(_overdue(self.request, self._began_ns), turn, now)
        else:
            self._look(what, turn)

    def _look(self, condition: Condition, turn: Turn) -> None:
        self._ask_for(_needed(condition), turn)

    def _ask_for(self, references: tuple[Reference, ...], turn: Turn) -> None:
        """Want values from now on: those of before do not count."""
        self._fresh.clear()
        for one in references:
            self._values.pop(one, None)
        turn.effects.append(NeedValues(self.step, references))

    def _wanted(self) -> list[Reference]:
        """Return the references of a check or a reading that nobody has answered for."""
        one = self.request
        needed = (one.reference,) if isinstance(one, Read) else _needed(one.condition) if isinstance(one, Check) else ()
        return [each for each in needed if each not in self._fresh]

    def _judge(self, turn: Turn, now: int) -> Turn:
        """See whether what is known ends the present step."""
        one = self.request
        if not self.is_outstanding or self.asked is not None:
            return turn
        if isinstance(one, WaitFor):
            if isinstance(one.what, Reached):
                self._judge_state(one.what, turn, now)
            elif not isinstance(one.what, Moment | Delay) and holds_now(one.what, self._values.get) is True:
                self._finish(Waited.MET, turn, now, seen=self._seen(one.what))
        elif isinstance(one, Read) and not self._wanted():
            self._finish(self._values.get(one.reference), turn, now)
        elif isinstance(one, Check) and not self._wanted():
            self._judge_check(one, turn, now)
        return self._go(turn, now)

    def _judge_state(self, what: Reached, turn: Turn, now: int) -> None:
        state, _ = self._states.get(what.sent.request, (State.UNKNOWN, 0))
        if state in _NEVER:
            self._finish(Waited.FAILED, turn, now)
        elif state in _ORDER and what.state in _ORDER and _ORDER.index(state) >= _ORDER.index(what.state):
            self._finish(Waited.MET, turn, now)

    def _judge_check(self, one: Check, turn: Turn, now: int) -> None:
        holds, seen = holds_now(one.condition, self._values.get), self._seen(one.condition)
        if holds or one.if_not is IfNot.TELL:
            self._finish(bool(holds), turn, now, seen=seen)
        elif one.if_not is IfNot.STOP:
            self._stop(turn, now, "", seen)
        else:
            word = "does not hold" if holds is False else "cannot be told"
            question = f"{one.text or condition_text(one.condition)}: {word}"
            self.asked = NeedAnswer(self.step, question, (REPEAT, GO_ON, STOP))
            turn.records.append({"kind": "asked", "at_ns": now, "step": self.step, "question": question, "seen": seen})
            turn.effects.append(self.asked)

    def _seen(self, condition: Condition) -> list[list[str]]:
        return [[one.parameter, str(self._values.get(one))] for one in references_in(condition)]

    def _sent(self, sent: Sent, now: int) -> Turn:
        if not (self.is_outstanding and isinstance(self.request, Send) and sent.request == self._name()):
            return Turn()  # it was answered before, or is another run's
        return self._done(sent, Turn(), now)

    # from one step to the next

    def _done(self, outcome: Any, turn: Turn, now: int, *, by: str = "") -> Turn:
        self._finish(outcome, turn, now, by=by)
        return self._go(turn, now)

    def _stop(self, turn: Turn, now: int, by: str, seen: list[list[str]] | None = None) -> Turn:
        self._record(False, turn, now, by, seen or [])
        turn.records[-1]["stop"] = True
        self._end("stopped", f"step {self.step}: {self.text} does not hold", turn, now)
        return turn

    def _finish(self, outcome: Any, turn: Turn, now: int, *, by: str = "", seen: list[list[str]] | None = None) -> None:
        self._record(outcome, turn, now, by, seen or [])
        self.is_outstanding = False
        self.state = RUN_TABLE[self.state, "done"]
        self._next(outcome, turn, now)

    def _record(self, outcome: Any, turn: Turn, now: int, by: str, seen: list[list[str]]) -> None:
        record = {"kind": "outcome", "at_ns": now, "step": self.step, "outcome": outcome_told(outcome)}
        turn.records.append(record | ({"by": by} if by else {}) | ({"seen": seen} if seen else {}))

    def _next(self, outcome: Any, turn: Turn, now: int) -> None:
        """Let the procedure say what comes next."""
        try:
            self.request = self._steps.send(outcome)
            if not isinstance(self.request, Step):
                raise UsageError(
                    f"it yielded {self.request!r}", remedy="Yield Send, WaitFor, Check, Read, Ask, Say, Section, Now"
                )
            self.step += 1
            if self.step > MOST_STEPS:
                raise UsageError(f"more than {MOST_STEPS} steps")
            described(self.request)  # what cannot be logged is not run
        except StopIteration:
            self._end("returned", "", turn, now)
        except Exception as error:  # a fault of the procedure, whatever it is, ends this run and nothing else
            self._end("stopped", f"after step {self.step}: {_fault(error)}", turn, now)

    def _end(self, event: str, why: str, turn: Turn, now: int) -> None:
        self.state, self.why = RUN_TABLE[self.state, event], why
        self.request, self.asked, self.is_outstanding = None, None, False
        try:
            self._steps.close()
        except Exception as error:
            self.why += f"; closing it: {_fault(error)}"
        turn.records.append({"kind": "ended", "at_ns": now, "step": self.step, "state": str(self.state), "why": self.why})

    def _replay(self, record: Mapping[str, Any], turn: Turn, now: int) -> None:
        """Take one record of the log, or refuse it where the procedure says something else."""
        kind = record["kind"]
        if kind == "ended":
            raise UsageError(f"run {self.run} has ended: {record['state']}")
        if kind == "action" and record["action"] == "abort":
            self._end("abort", f"aborted by {record['by']}", turn, now)
        if kind in ("action", "again", "asked", "repeat", "resumed"):
            return
        where, number = f"run {self.run}, step {record['step']}", int(record["step"])
        if self.request is None or number != self.step or kind not in ("step", "outcome"):
            now_is = f"is at step {self.step}" if self.request is not None else f"ended: {self.why or self.state}"
            raise DataError(f"the log has {kind}, the procedure {now_is}", where=where, remedy="It was changed since")
        if kind == "step":
            wanted = described(self.request)
            if dict(record["request"]) != wanted:
                raise DataError(
                    f"the log has {record['request']}, the procedure now has {wanted}", where=where,
                    remedy="Run the procedure as it was, or begin a new run",
                )  # fmt: skip
            self.is_outstanding, self._began_ns = True, int(record["at_ns"])
        elif not self.is_outstanding:
            raise DataError("the log has an outcome of a step that was not begun", where=where)
        elif record.get("stop"):
            self._end("stopped", f"step {self.step}: {self.text} does not hold", turn, now)
        else:
            self.is_outstanding = False
            self._next(outcome_from(self.request, record["outcome"]), turn, now)


def _needed(condition: Condition) -> tuple[Reference, ...]:
    """Return what decides a condition: a number where a label is expected means the raw value."""
    found = references_in(condition)
    raw = (Reference(one.parameter, one.path, False, one.instance) for one in found if one.calibrated)
    return tuple(dict.fromkeys((*found, *raw)))


def _fault(error: Exception) -> str:
    """Return what went wrong in a procedure, and in which line of it."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        line, trace = trace.tb_lineno, trace.tb_next
    said = str(error) if isinstance(error, AelitaError) else f"{type(error).__name__}: {error}"
    return f"{said} (line {line})"


def _deadline(what: Awaited, timeout_s: float | None, began_ns: int) -> int | None:
    times = [began_ns + round(timeout_s * 1e9)] if timeout_s is not None else []
    return min([*times, *_due(what, began_ns)], default=None)


def _due(what: Awaited, began_ns: int) -> list[int]:
    if isinstance(what, Moment):
        return [what.at_ns]
    return [began_ns + round(what.seconds * 1e9)] if isinstance(what, Delay) else []


def _overdue(one: WaitFor, began_ns: int) -> Waited:
    """Return how a wait ends whose time is over: one for a time is met, unless its timeout came first."""
    due = _due(one.what, began_ns)
    if not due:
        return Waited.TIMED_OUT
    return Waited.MET if one.timeout_s is None or due[0] <= began_ns + round(one.timeout_s * 1e9) else Waited.TIMED_OUT
