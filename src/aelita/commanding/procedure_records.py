"""Requests and outcomes of procedures as a log keeps them, and in words."""

from collections.abc import Mapping
from typing import Any

from ..mdb import condition_text
from .procedures import (
    Ask,
    Awaited,
    Check,
    Delay,
    Moment,
    Now,
    Reached,
    Read,
    Say,
    Section,
    Send,
    Sent,
    Step,
    Waited,
    WaitFor,
)


def described(step: Step) -> dict[str, Any]:
    """Return a request as a log keeps it: plain texts, numbers and lists."""
    match step:
        case Send(calls, comment, service, execute_ns):
            commands = [{"command": one.command, "arguments": [list(pair) for pair in one.arguments]} for one in calls]
            return {"do": "send", "calls": commands, "comment": comment, "service": str(service), "execute_ns": execute_ns}
        case WaitFor(what, timeout_s):
            return {"do": "wait", "for": awaited_text(what), "timeout_s": timeout_s}
        case Check(condition, if_not, text):
            return {"do": "check", "condition": condition_text(condition), "if_not": str(if_not), "text": text}
        case Read(reference):
            return {"do": "read", "parameter": reference.parameter, "path": list(reference.path), "raw": not reference.calibrated}
        case Ask(question, choices):
            return {"do": "ask", "question": question, "choices": list(choices)}
        case Say(text):
            return {"do": "say", "text": text}
        case Section(name):
            return {"do": "section", "name": name}
        case Now():
            return {"do": "now"}


def awaited_text(what: Awaited) -> str:
    """Return what is waited for, in words."""
    match what:
        case Moment(at_ns):
            return f"TAI {at_ns} ns"
        case Delay(seconds):
            return f"{seconds} s"
        case Reached(sent, state):
            return f"request {sent.request} {state}"
        case _:
            return condition_text(what)


def step_text(step: Step) -> str:
    """Return a request in one plain sentence."""
    match step:
        case Send(calls):
            return "send " + ", ".join(one.command for one in calls)
        case WaitFor(what, timeout_s):
            return f"wait for {awaited_text(what)}" + (f", at most {timeout_s} s" if timeout_s is not None else "")
        case Check(condition, _, text):
            return f"check {text or condition_text(condition)}"
        case Read(reference):
            return f"read {reference.parameter}"
        case Ask(question, choices):
            return f"ask: {question}" + (f" ({', '.join(choices)})" if choices else "")
        case Say(text):
            return f"say: {text}"
        case Section(name):
            return f"section {name}"
        case Now():
            return "note the time"


def outcome_told(outcome: Any) -> Any:
    """Return an outcome as a log keeps it."""
    if isinstance(outcome, Sent):
        return {"request": outcome.request, "taken": outcome.taken, "why": outcome.why}
    if isinstance(outcome, bytes):
        return {"octets": outcome.hex()}
    return str(outcome) if isinstance(outcome, Waited) else outcome


def outcome_from(step: Step, told: Any) -> Any:
    """Return an outcome from its record."""
    match step:
        case Send():
            return Sent(str(told["request"]), bool(told["taken"]), str(told["why"]))
        case WaitFor():
            return Waited(told)
        case Check():
            return bool(told)
        case Read():
            return bytes.fromhex(told["octets"]) if isinstance(told, Mapping) else told
        case Ask():
            return str(told)
        case Now():
            return int(told)
        case _:
            return None
