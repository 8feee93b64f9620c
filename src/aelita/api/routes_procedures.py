"""Procedures: what there are, what they would send, and runs of them, which people start, step, answer and end."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from .answers import PROBLEMS, near, utc_text
from .audit import Detail
from .centre import Centre, centre
from .command_asked import Key, Name, Scalar
from .command_asking import REFUSED, ask, do
from .command_rights import place_of
from .identity import Identity, may
from .procedure_items import (
    DryRunItem,
    ProcedureItem,
    Procedures,
    RunDetail,
    Runs,
    dry_run_item,
    run_detail,
    run_item,
)

router = APIRouter(prefix="/procedures", tags=["procedures"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Requester = Annotated[Identity, Depends(may("command.request"))]
RunName = Annotated[str, InPath(max_length=64, description="The run by its name.")]
After = Annotated[int, Query(ge=0, le=10_000_000, description="Records of the log behind this number.")]


class AskedProcedure(BaseModel):
    """A procedure with its arguments as one writes them; `role` and `centre` say as whom one asks, else one that may."""

    model_config = ConfigDict(extra="forbid")
    procedure: Name
    spacecraft: Name
    arguments: dict[str, Scalar] = Field({}, max_length=100)
    role: Key = ""
    centre: Key = ""


class AskedDryRun(AskedProcedure):
    """A dry run; a `thorough` one also follows waits that time out or fail, and checks that do not hold."""

    thorough: bool = False


class AskedRun(AskedProcedure):
    """A run: step by step, each step begun by a person, or automatic. `id` is a name of one's own, which is taken once."""

    mode: Literal["step", "automatic"] = "step"
    id: str = Field("", max_length=56)


class AskedAction(BaseModel):
    """What is done to a run: the next step, go on by itself, pause after the present step, or end it."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["step", "resume", "pause", "abort"]


class AskedAnswer(BaseModel):
    """An answer to what a step asks."""

    model_config = ConfigDict(extra="forbid")
    step: int = Field(ge=1, le=100_000)
    answer: str = Field(min_length=1, max_length=2000)


@router.get("", responses=REFUSED)
def list_procedures(here: Here) -> Procedures:
    """List the procedures of the mission and of the agency, with their arguments, and files that cannot be run."""
    told = ask(here, "procedures")
    return Procedures(items=[ProcedureItem.model_validate(one) for one in told["procedures"]], faults=told["faults"])


@router.post("/dry-run", responses=REFUSED)
def dry_run(here: Here, request: Request, who: Requester, asked: AskedDryRun) -> DryRunItem:
    """Tell everything that a procedure could send, along every way that answers can take; nothing is sent."""
    _check(here, asked)
    told = do(here, request, "procedure.dry", "procedure.dry_run", _about(asked), thorough=asked.thorough,
              **_asked(here, request, who, asked))  # fmt: skip
    return dry_run_item(asked.procedure, asked.spacecraft, told)


@router.get("/runs", responses=REFUSED)
def list_runs(
    here: Here,
    live: Annotated[bool | None, Query(description="Only those that may still do something, or only those that ended.")] = None,
    spacecraft: Annotated[str, Query(max_length=64)] = "",
) -> Runs:
    """List the runs of procedures: those that are live first, then the newest first; the oldest ended ones are left out."""
    items = [run_item(one) for one in ask(here, "procedure.state")["runs"]]
    found = [one for one in items if spacecraft in ("", one.spacecraft) and live in (None, one.ended is None)]
    return Runs(items=found, now=utc_text(here.clock.now()))


@router.post("/runs", status_code=201, responses=REFUSED)
def start_run(here: Here, request: Request, who: Requester, asked: AskedRun) -> RunDetail:
    """Start a procedure. What it sends are ordinary requests in one's own name, which need the same approvals."""
    _check(here, asked)
    told = _asked(here, request, who, asked) | {"mode": asked.mode, "id": asked.id}
    return run_detail(do(here, request, "procedure.started", "procedure.start", _about(asked), **told))


@router.get("/runs/{id}", responses=REFUSED)
def get_run(here: Here, id: RunName, after: After = 0) -> RunDetail:
    """Return a run: its present step, what it asks, said and sent, and its as-run log."""
    return run_detail(_known(here, id, after), after)


@router.post("/runs/{id}", responses=REFUSED)
def act_on_run(here: Here, request: Request, who: Requester, id: RunName, asked: AskedAction) -> RunDetail:
    """Step, resume, pause or abort a run. What was sent stays sent."""
    about = _about_run(here, id)
    return run_detail(do(here, request, f"procedure.{asked.action}", f"procedure.{asked.action}", about, run=id, by=who.user))


@router.post("/runs/{id}/answers", responses=REFUSED)
def answer_run(here: Here, request: Request, who: Requester, id: RunName, asked: AskedAnswer) -> RunDetail:
    """Answer what a step of a run asks."""
    about = _about_run(here, id) | {"step": asked.step, "answer": asked.answer}
    told = do(here, request, "procedure.answered", "procedure.answer", about, run=id, by=who.user, **asked.model_dump())
    return run_detail(told)


def _check(here: Centre, asked: AskedProcedure) -> None:
    try:
        names = [str(one["name"]) for one in ask(here, "procedures")["procedures"]]
    except HTTPException:
        return  # what comes of it is noted where it is asked
    if asked.procedure not in names:
        raise HTTPException(404, f"There is no procedure {asked.procedure!r}.{near(asked.procedure, names)}")


def _asked(here: Centre, request: Request, who: Identity, asked: AskedProcedure) -> dict[str, Any]:
    organisation = here.installation.mission.organisation
    place = place_of(request, organisation, who, "request", asked.role, asked.centre)
    requester = {"agency": place.agency, "centre": place.centre, "role": place.role, "person": who.user}
    arguments = {name: _text(value) for name, value in asked.arguments.items()}
    return {"procedure": asked.procedure, "spacecraft": asked.spacecraft, "arguments": arguments, "requester": requester}


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _about(asked: AskedProcedure) -> dict[str, Detail]:
    return {"procedure": asked.procedure, "spacecraft": asked.spacecraft}


def _about_run(here: Centre, name: str) -> dict[str, Detail]:
    """Return what the audit trail tells of a run. HTTPException 404."""
    try:
        one = _known(here, name)["run"]
    except HTTPException as error:
        if error.status_code == 404:
            raise
        return {"run": name}  # nobody answers: what comes of it is noted where it is asked
    return {"run": name, "procedure": one["procedure"], "spacecraft": one["spacecraft"]}


def _known(here: Centre, name: str, after: int = 0) -> dict[str, Any]:
    """Return a run with its log. HTTPException 404."""
    told = ask(here, "procedure.state", run=name, after=after)
    if told["run"] is None:
        raise HTTPException(404, f"No run {name!r} is known here.")
    return told
