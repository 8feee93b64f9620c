"""What people ask of an agency's commanding: requests on `<agency>.requests.commands`, each with one answer.

A request is a JSON object with `op` and what that needs; the answer holds what came of it, or `refused` with the reason. Who
enters the agency's streams as a service may ask, in the name that is given; what releases a command are signatures, which nobody
can ask for.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Any, Protocol

import nats.errors
from nats.aio.msg import Msg

from ...errors import AelitaError, UsageError
from .requested import several_requests
from .streams import Streams, StreamUnavailableError

ANSWER_S, TRIES, WAIT_S = 10.0, 3, 1.0
MOST_TOGETHER = 32  # requests that are written and synced at once
ONCE = frozenset(("request", "sign", "queue", "withdraw", "lend", "enrol", "revoke", "clock", "forward"))  # may have been done
SLOW = ("procedure", "gaps", "memory", "image")  # what begins so may take a while, and is answered beside the rest
CONDUCT = (*SLOW, "timeline")  # what begins so is asked once too: for some it may have been done, for others people look again
NOT_UNDERSTOOD = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)  # of values of odd kinds

log = logging.getLogger(__name__)

Together = Callable[[], AbstractContextManager[None]]


def command_subject(agency: str) -> str:
    """Return the subject on which an agency's commanding is asked."""
    return f"{agency}.requests.commands"


class Desk(Protocol):
    """Who answers. `plain` is what `do` does at once, without waiting for anything."""

    @property
    def plain(self) -> Collection[str]: ...  # noqa: D102
    def do(self, op: str, asked: dict[str, Any]) -> dict[str, Any]: ...  # noqa: D102
    async def answer(self, asked: dict[str, Any]) -> dict[str, Any]: ...  # noqa: D102


async def answer_requests(streams: Streams, agency: str, desk: Desk, together: Together) -> None:
    """Answer for ever. What the desk raises on purpose is the reason of a refusal.

    Plain requests that wait together are done inside one `together`, and answered when what they did is on the disk.
    """
    async with asyncio.TaskGroup() as tasks:
        async for messages in several_requests(streams, command_subject(agency), MOST_TOGETHER):
            for is_plain, several in groupby(((_read(one), one) for one in messages), lambda one: _op(one[0]) in desk.plain):
                if is_plain:
                    await _answered_together(list(several), desk, together)
                    continue
                for asked, message in several:
                    if _op(asked).startswith(SLOW):
                        tasks.create_task(_answered(message, asked, desk))
                    else:
                        await _answered(message, asked, desk)


async def _answered_together(several: list[tuple[Any, Msg]], desk: Desk, together: Together) -> None:
    told: list[dict[str, Any]] = []
    try:
        with together():
            for asked, _ in several:
                try:
                    told.append(desk.do(_op(asked), asked))
                except (AelitaError, *NOT_UNDERSTOOD) as error:
                    told.append(_refusal(error))
    except AelitaError as error:  # nothing of it is on the disk for sure, and nothing was sent
        told = [one if "refused" in one else _refusal(error) for one in told]
    for (_, message), one in zip(several, told, strict=True):
        await _respond(message, one)


async def _answered(message: Msg, asked: Any, desk: Desk) -> None:
    try:
        if not isinstance(asked, dict):
            raise UsageError("a request is a JSON object")
        told = await desk.answer(asked)
    except (AelitaError, *NOT_UNDERSTOOD) as error:
        told = _refusal(error)
    await _respond(message, told)


def _read(message: Msg) -> Any:
    """Return what is asked, None when it is not JSON."""
    try:
        return json.loads(message.data)
    except NOT_UNDERSTOOD:
        return None


def _op(asked: Any) -> str:
    return str(asked.get("op", "")) if isinstance(asked, dict) else ""


def _refusal(error: Exception) -> dict[str, Any]:
    what = str(error) if isinstance(error, AelitaError) else f"not understood: {type(error).__name__} {error}"
    log.warning("a request about commands was refused", extra={"why": what})
    return {"refused": what}


async def _respond(message: Msg, told: dict[str, Any]) -> None:
    try:
        await message.respond(json.dumps(told).encode())
    except (nats.errors.Error, OSError) as error:
        log.info("an answer could not be given", extra={"why": str(error)})


async def ask_commands(streams: Streams, agency: str, op: str, *, answer_s: float = ANSWER_S, **what: Any) -> dict[str, Any]:
    """Ask an agency's commanding to do something, and return what came of it.

    Raises UsageError when it is refused, StreamUnavailableError when nobody answers: then it may have been done, see the journal.
    """
    subject, octets = command_subject(agency), json.dumps({"op": op, **what}).encode()
    tries = 1 if op in ONCE or op.startswith(CONDUCT) else TRIES
    for left in reversed(range(tries)):
        try:
            told = json.loads((await streams.client.request(subject, octets, timeout=answer_s)).data)
        except nats.errors.NoRespondersError:
            await asyncio.sleep(WAIT_S if left else 0)
        except (nats.errors.Error, OSError):
            continue
        else:
            if "refused" in told:
                raise UsageError(str(told["refused"]))
            return dict(told)
    raise StreamUnavailableError(
        f"the commanding of {agency} does not answer", remedy="See `aelita status`; the journal tells whether it was done"
    )
