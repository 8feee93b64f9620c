"""How routes have their agency's commanding do something: what comes of it is in the audit trail, and refusals say why."""

from typing import Any

from fastapi import HTTPException, Request

from ..errors import AelitaError, UsageError
from .answers import told_problem
from .audit import Detail, note
from .centre import Centre

REFUSED: dict[int | str, dict[str, Any]] = {409: told_problem("Commanding refuses it, and says why.")}


LIMITED: dict[int | str, dict[str, Any]] = {429: told_problem("Too many wrong passwords; `Retry-After` says when to try again.")}


def ask(here: Centre, op: str, /, **what: Any) -> dict[str, Any]:
    """Ask, where nothing is changed by it. HTTPException 409 when it is refused, 503 when nobody answers."""
    try:
        return here.commands.ask(op, **what)
    except UsageError as error:
        raise HTTPException(409, str(error)) from error
    except AelitaError as error:
        raise HTTPException(503, str(error)) from error


def do(here: Centre, request: Request, action: str, op: str, about: dict[str, Detail], /, **what: Any) -> dict[str, Any]:
    """Have something done, and note in the audit trail what came of it. HTTPException 409 refused, 503 unanswered."""
    try:
        told = here.commands.ask(op, **what)
    except UsageError as error:
        note(request, f"{action}.refused", why=str(error), **about)
        raise HTTPException(409, str(error)) from error
    except AelitaError as error:
        note(request, f"{action}.unanswered", why=str(error), **about)
        raise HTTPException(503, str(error)) from error
    note(request, action, **about)
    return told
