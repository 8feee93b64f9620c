"""Dry runs of procedures: everything that could be sent, along every way that answers can take, without sending anything."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..mdb import Reference, holds_now
from .procedure_records import step_text
from .procedures import (
    Ask,
    Check,
    IfNot,
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
from .requests import Call

MOST_PATHS, MOST_DRY_STEPS = 256, 2000


@dataclass(frozen=True, slots=True)
class DryPath:
    """One way through a procedure: the answers that lead here, its steps in words, what it sends, and how it ends."""

    choices: tuple[str, ...]
    steps: tuple[str, ...]
    calls: tuple[Call, ...]
    end: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """All ways through a procedure. `is_whole` is false when there are more than were followed."""

    paths: tuple[DryPath, ...]
    is_whole: bool = True

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every command that some way sends, each once."""
        return tuple(dict.fromkeys(one for path in self.paths for one in path.calls))


def dry_run(
    procedure: Procedure,
    spacecraft: str,
    arguments: Mapping[str, str],
    *,
    values: Mapping[str, Value] | None = None,
    now: int = 0,
    is_thorough: bool = False,
) -> DryRun:
    """Return every way through a procedure. Waits are met and checks hold, unless `is_thorough` follows the others too.

    `values` by qualified name answer readings and decide checks. Raises UsageError for wrong arguments.
    """
    procedure.begin(spacecraft, arguments).close()
    found: list[DryPath] = []
    open_paths: deque[tuple[Any, ...]] = deque([()])  # ways that part early come first
    while open_paths and len(found) < MOST_PATHS:
        taken = open_paths.popleft()
        walk = _Walk(procedure, spacecraft, arguments, values or {}, now, is_thorough)
        found.append(walk.follow(taken))
        open_paths.extend(walk.others)
    return DryRun(tuple(found), not open_paths)


class _Walk:
    """One way: the given decisions first, then the first outcome of every step; `others` are the ways not taken."""

    def __init__(
        self, procedure: Procedure, spacecraft: str, arguments: Mapping[str, str], values: Mapping[str, Value], now: int,
        is_thorough: bool,
    ) -> None:  # fmt: skip
        self.body, self.values, self.now, self.is_thorough = procedure.begin(spacecraft, arguments), values, now, is_thorough
        self.others: list[tuple[Any, ...]] = []
        self.choices: list[str] = []
        self.calls: list[Call] = []
        self.steps: list[str] = []

    def follow(self, taken: tuple[Any, ...]) -> DryPath:
        outcome: Any = None
        decided: list[Any] = []
        while len(self.steps) < MOST_DRY_STEPS:
            try:
                one = self.body.send(outcome)
                if not isinstance(one, Step):
                    return self._path(f"fails: it yielded {one!r}")
                self.steps.append(step_text(one))
            except StopIteration:
                return self._path("completed")
            except Exception as error:  # a fault of the procedure is what a dry run is to find
                return self._path(f"fails: {type(error).__name__}: {error}")
            possible = self._outcomes(one)
            outcome = possible[0]
            if len(possible) > 1:
                if len(decided) < len(taken):
                    outcome = taken[len(decided)]
                else:
                    self.others += [(*decided, other) for other in possible[1:]]
                decided.append(outcome)
                self.choices.append(f"{self.steps[-1]}: {outcome}")
            if isinstance(one, Check) and not outcome and one.if_not is IfNot.STOP:
                self.body.close()
                return self._path("stopped by a check")
        self.body.close()
        return self._path(f"cut after {MOST_DRY_STEPS} steps")

    def _path(self, end: str) -> DryPath:
        return DryPath(tuple(self.choices), tuple(self.steps), tuple(self.calls), end)

    def _outcomes(self, one: Step) -> list[Any]:
        """Return what can become of a step, what is expected first."""
        match one:
            case Send(calls):
                self.calls += calls
                sent = f"dry-{len(self.steps)}"
                return [Sent(sent), Sent(sent, False, "dry run")] if self.is_thorough else [Sent(sent)]
            case Ask(_, choices):
                return list(choices) or [""]
            case WaitFor(what, timeout_s):
                if isinstance(what, Reached) and not what.sent.taken:
                    return [Waited.FAILED]
                ends = [Waited.MET] + [Waited.TIMED_OUT] * (timeout_s is not None) + [Waited.FAILED] * isinstance(what, Reached)
                return ends if self.is_thorough else ends[:1]
            case Check(condition):
                holds = holds_now(condition, self._value)
                return [holds] if holds is not None else [True, False] if self.is_thorough else [True]
            case Read(reference):
                return [self._value(reference)]
            case Now():
                return [self.now]
            case Say() | Section():
                return [None]

    def _value(self, reference: Reference) -> Value:
        return self.values.get(reference.parameter)
