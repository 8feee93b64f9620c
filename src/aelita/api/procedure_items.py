"""Procedures and their runs as answers: arguments with what is lawful, dry runs, where a run stands, its as-run log in words."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from .answers import UtcText, utc_text
from .command_items import CallItem

Scalar = bool | int | float | str | None
RunWord = Literal["held", "running", "stepping", "completed", "failed", "aborted", "suspended"]
Action = Literal["step", "resume", "pause", "answer", "abort"]


class ArgumentItem(BaseModel):
    """An argument of a procedure: its kind (integer, number, text, flag, choice, time), what it is, and what is lawful.

    `default` is as one writes it, null when the argument must be given; times are given in UTC, as ISO 8601.
    """

    name: str
    kind: Literal["integer", "number", "text", "flag", "choice", "time"]
    about: str
    default: str | None
    least: float | None
    most: float | None
    choices: list[str]


class ProcedureItem(BaseModel):
    """A procedure: what it is for, its arguments, and the file that declares it with the SHA-256 of its text."""

    name: str
    title: str
    about: str
    spacecraft: list[str]
    grade: str
    file: str
    sha256: str
    arguments: list[ArgumentItem]


class FaultItem(BaseModel):
    """A file of which nothing can be run, and why."""

    file: str
    why: str


class Procedures(BaseModel):
    """The procedures of the mission and of the agency, by name."""

    items: list[ProcedureItem]
    faults: list[FaultItem]


class DryPathItem(BaseModel):
    """One way through a procedure: the answers that lead here, its steps in words, what it sends, and how it ends."""

    choices: list[str]
    steps: list[str]
    calls: list[CallItem]
    end: str


class DryCallItem(CallItem):
    """A command that some way sends: what it does, how much hangs on it, whose acts it needs; or why it cannot be sent."""

    sentence: str
    significance: str
    wanted: list[str]
    problem: str


class DryRunItem(BaseModel):
    """Everything that could be sent, along every way that answers can take; `whole` is false when there are more ways."""

    procedure: str
    spacecraft: str
    paths: list[DryPathItem]
    whole: bool
    calls: list[DryCallItem]
    sha256: str


class QuestionItem(BaseModel):
    """What a step asks a person; without choices any text is an answer."""

    step: int
    question: str
    choices: list[str]


class RunItem(BaseModel):
    """A run of a procedure: `step` and `text` tell the present step, which is under way when `outstanding`.

    States: held (the next step waits for a person), running, stepping (held once the step is over), completed, failed, aborted;
    suspended: it could not go on after a restart, `why` says why. `deadline` is when the step times out, null without one, and
    while a request waits for people. `actions` are those that can be done now.
    """

    id: str
    procedure: str
    title: str
    spacecraft: str
    arguments: dict[str, str]
    agency: str
    centre: str
    role: str
    person: str
    state: RunWord
    why: str
    begun: UtcText
    ended: UtcText
    step: int
    text: str
    outstanding: bool
    deadline: UtcText
    asked: QuestionItem | None
    actions: list[Action]
    sha256: str


class SaidItem(BaseModel):
    """Something that a procedure told people; `section` marks the beginning of a section."""

    at: UtcText
    step: int
    text: str
    section: bool


class SentItem(BaseModel):
    """A request that a run made, and where it stands."""

    request: str
    state: str


class RecordItem(BaseModel):
    """A record of the as-run log, in words; `number` counts from 1. Kinds: begun, step, outcome, asked, repeat, action, again,
    resumed, ended.
    """

    number: int
    at: UtcText
    kind: str
    step: int
    text: str
    by: str
    request: str


class RunDetail(RunItem):
    """A run with what it said, what it requested, and its as-run log from a record on; `more` when that is not all."""

    said: list[SaidItem]
    requests: list[SentItem]
    log: list[RecordItem]
    more: bool


class Runs(BaseModel):
    """Runs of procedures: those that may still do something first, then the newest first; `now` is the mission's clock."""

    items: list[RunItem]
    now: UtcText


def call_item(told: Mapping[str, Any]) -> CallItem:
    """Return a command with its arguments."""
    return CallItem(command=told["command"], arguments=dict(told["arguments"]))


def dry_run_item(procedure: str, spacecraft: str, told: Mapping[str, Any]) -> DryRunItem:
    """Return a dry run."""
    return DryRunItem(
        procedure=procedure, spacecraft=spacecraft, whole=told["whole"], sha256=told["sha256"],
        paths=[
            DryPathItem(
                choices=one["choices"], steps=one["steps"], calls=[call_item(each) for each in one["calls"]], end=one["end"]
            )
            for one in told["paths"]
        ],
        calls=[DryCallItem.model_validate(one | {"arguments": dict(one["arguments"])}) for one in told["calls"]],
    )  # fmt: skip


def run_item(told: Mapping[str, Any]) -> RunItem:
    """Return where a run stands."""
    names = ("procedure", "title", "spacecraft", "arguments", "state", "why", "step", "text", "outstanding", "actions", "sha256")
    return RunItem(
        id=told["run"], begun=utc_text(told["begun_ns"]), ended=utc_text(told["ended_ns"]), asked=told["asked"],
        deadline=utc_text(told["deadline_ns"]), **told["requester"], **{name: told[name] for name in names},
    )  # fmt: skip


def run_detail(told: Mapping[str, Any], after: int = 0) -> RunDetail:
    """Return a run with its log behind record number `after`."""
    records = told.get("records", ())
    return RunDetail(
        **run_item(told["run"]).model_dump(),
        said=[SaidItem.model_validate(one | {"at": utc_text(one["at_ns"])}) for one in told["said"]],
        requests=[SentItem(request=name, state=state) for name, state in told["states"].items()],
        log=[record_item(number, one) for number, one in enumerate(records, after + 1)], more=told.get("more", False),
    )  # fmt: skip


def record_item(number: int, one: Mapping[str, Any]) -> RecordItem:
    """Return a record of a log in words."""
    return RecordItem(
        number=number, at=utc_text(one.get("at_ns")), kind=str(one["kind"]), step=int(one.get("step", 0)), text=_text(one),
        by=str(one.get("by", "")), request=str(one.get("id", "")),
    )  # fmt: skip


def _text(one: Mapping[str, Any]) -> str:
    match one["kind"]:
        case "begun":
            given = ", ".join(f"{name} {value}" for name, value in one["arguments"])
            return f"{one['procedure']} of {one['spacecraft']}" + (f": {given}" if given else "")
        case "step":
            return _asked(one["request"])
        case "outcome":
            seen = "; ".join(f"{name} {value}" for name, value in one.get("seen", ()))
            return _outcome(one["outcome"]) + (f" ({seen})" if seen else "")
        case "ended":
            return f"{one['state']}: {one['why']}" if one["why"] else str(one["state"])
        case kind:
            return str(one.get("question") or one.get("action") or kind)


def _asked(asked: Mapping[str, Any]) -> str:
    match asked["do"]:
        case "send":
            calls = [" ".join([each["command"], *(f"{n}={v}" for n, v in each["arguments"])]) for each in asked["calls"]]
            return f"send {', '.join(calls)}"
        case "wait":
            return f"wait for {asked['for']}" + ("" if asked["timeout_s"] is None else f", at most {asked['timeout_s']} s")
        case "check":
            return f"check {asked['text'] or asked['condition']}"
        case "read":
            return f"read {asked['parameter']}"
        case "ask":
            return f"ask: {asked['question']}"
        case "say":
            return f"say: {asked['text']}"
        case "section":
            return f"section {asked['name']}"
        case other:
            return str(other)


def _outcome(outcome: Any) -> str:
    if isinstance(outcome, Mapping) and "request" in outcome:
        return f"request {outcome['request']}" if outcome["taken"] else f"request {outcome['request']} refused: {outcome['why']}"
    return {True: "holds", False: "does not hold", None: "done"}[outcome] if outcome in (True, False, None) else str(outcome)
