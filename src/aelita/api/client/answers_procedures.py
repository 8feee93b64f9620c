"""Answers about procedures as they come in JSON; the schema of the centre tells more of each."""

from typing import Literal, TypedDict

Kind = Literal["integer", "number", "text", "flag", "choice", "time"]
RunState = Literal["held", "running", "stepping", "completed", "failed", "aborted", "suspended"]
RunAction = Literal["step", "resume", "pause", "answer", "abort"]


class ProcedureArgument(TypedDict):
    """An argument: its kind, what it is, and what is lawful; `default` is null when it must be given."""

    name: str
    kind: Kind
    about: str
    default: str | None
    least: float | None
    most: float | None
    choices: list[str]


class ProcedureItem(TypedDict):
    """A procedure: what it is for, its arguments, and the file that declares it with the SHA-256 of its text."""

    name: str
    title: str
    about: str
    spacecraft: list[str]
    grade: str
    file: str
    sha256: str
    arguments: list[ProcedureArgument]


class ProcedureCall(TypedDict):
    """A command with its arguments."""

    command: str
    arguments: dict[str, str]


class DryCall(TypedDict):
    """A command that some way sends: what it does, whose acts it needs; or why it cannot be sent."""

    command: str
    arguments: dict[str, str]
    sentence: str
    significance: str
    wanted: list[str]
    problem: str


class DryPath(TypedDict):
    """One way through a procedure: the answers that lead here, its steps in words, what it sends, and how it ends."""

    choices: list[str]
    steps: list[str]
    calls: list[ProcedureCall]
    end: str


class DryRun(TypedDict):
    """Everything that could be sent, along every way that answers can take; `whole` is false when there are more ways."""

    procedure: str
    spacecraft: str
    paths: list[DryPath]
    whole: bool
    calls: list[DryCall]
    sha256: str


class Question(TypedDict):
    """What a step asks; without choices any text is an answer."""

    step: int
    question: str
    choices: list[str]


class RunItem(TypedDict):
    """A run: its present step in words, what it asks, and the `actions` that can be done now."""

    id: str
    procedure: str
    title: str
    spacecraft: str
    arguments: dict[str, str]
    agency: str
    centre: str
    role: str
    person: str
    state: RunState
    why: str
    begun: str | None
    ended: str | None
    step: int
    text: str
    outstanding: bool
    deadline: str | None
    asked: Question | None
    actions: list[RunAction]
    sha256: str


class RunSaid(TypedDict):
    """Something that a procedure told people."""

    at: str | None
    step: int
    text: str
    section: bool


class RunRequest(TypedDict):
    """A request that a run made, and where it stands."""

    request: str
    state: str


class RunRecord(TypedDict):
    """A record of the as-run log, in words."""

    number: int
    at: str | None
    kind: str
    step: int
    text: str
    by: str
    request: str


class RunDetail(RunItem):
    """A run with what it said and requested, and its as-run log; `more` when that is not all."""

    said: list[RunSaid]
    requests: list[RunRequest]
    log: list[RunRecord]
    more: bool
