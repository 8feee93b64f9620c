"""What is asked about procedures: which there are, what they would send, and runs of them."""

from collections.abc import Mapping
from typing import Any, Literal

from .answers_procedures import DryRun, ProcedureItem, RunDetail, RunItem
from .core import Asynchronous, Call, Steps, Synchronous, T, ask, path_of

Arguments = Mapping[str, bool | int | float | str]


def every() -> Steps[list[ProcedureItem]]:
    """Return the procedures of the mission and of the agency, with their arguments."""
    told = yield from ask("GET", "/procedures")
    found: list[ProcedureItem] = told["items"]
    return found


def faults() -> Steps[dict[str, str]]:
    """Return the files of which nothing can be run, and why."""
    told = yield from ask("GET", "/procedures")
    return {one["file"]: one["why"] for one in told["faults"]}


def dry_run(
    procedure: str, spacecraft: str, arguments: Arguments | None = None, *, thorough: bool = False, role: str = "",
    centre: str = "",
) -> Steps[DryRun]:  # fmt: skip
    """Return everything that a procedure could send, along every way that answers can take; nothing is sent."""
    body = _asked(procedure, spacecraft, arguments, role, centre)
    return (yield from ask("POST", "/procedures/dry-run", body=body | {"thorough": thorough}))


def start(
    procedure: str, spacecraft: str, arguments: Arguments | None = None, *, mode: Literal["step", "automatic"] = "step",
    role: str = "", centre: str = "", name: str = "",
) -> Steps[RunDetail]:  # fmt: skip
    """Start a procedure, step by step or automatic. With a `name` of one's own it is started once."""
    body = _asked(procedure, spacecraft, arguments, role, centre)
    return (yield from ask("POST", "/procedures/runs", body=body | {"mode": mode, "id": name}))


def runs(*, live: bool | None = None, spacecraft: str = "") -> Steps[list[RunItem]]:
    """Return the runs of procedures: those that may still do something first, then the newest first."""
    told = yield from ask("GET", "/procedures/runs", {"live": live, "spacecraft": spacecraft})
    found: list[RunItem] = told["items"]
    return found


def get(run: str, *, after: int = 0) -> Steps[RunDetail]:
    """Return a run, with its as-run log behind record number `after`. Raises NotFoundError."""
    return (yield from ask("GET", path_of("procedures/runs", run), {"after": after}))


def act(run: str, action: Literal["step", "resume", "pause", "abort"]) -> Steps[RunDetail]:
    """Do the next step of a run, let it go on by itself, pause it after the present step, or end it."""
    return (yield from ask("POST", path_of("procedures/runs", run), body={"action": action}))


def answer(run: str, step: int, text: str) -> Steps[RunDetail]:
    """Answer what a step of a run asks."""
    return (yield from ask("POST", path_of("procedures/runs", run, "answers"), body={"step": step, "answer": text}))


def _asked(procedure: str, spacecraft: str, arguments: Arguments | None, role: str, centre: str) -> dict[str, Any]:
    return {
        "procedure": procedure, "spacecraft": spacecraft, "arguments": dict(arguments or {}), "role": role, "centre": centre,
    }  # fmt: skip


class ProcedureCalls:
    """What one can ask about procedures. A call of `Client` returns when it is done, one of `AsyncClient` is awaited."""

    every = Call(every)
    faults = Call(faults)
    dry_run = Call(dry_run)
    start = Call(start)
    runs = Call(runs)
    get = Call(get)
    act = Call(act)
    answer = Call(answer)


class Procedures(ProcedureCalls, Synchronous):
    """Procedures with calls that return when they are done."""

    def __init__(self, client: Synchronous) -> None:
        self._client = client

    def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        return self._client.run(steps)


class AsyncProcedures(ProcedureCalls, Asynchronous):
    """Procedures with calls that are awaited."""

    def __init__(self, client: Asynchronous) -> None:
        self._client = client

    async def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        return await self._client.run(steps)
