"""What is asked of commanding by who enters the streams as a service: odd requests are refused, and end nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from aelita.commanding import Outcome
from aelita.errors import ArchiveError, UsageError
from aelita.pus import VerificationReport
from aelita.services.live import command_evidence, command_requests


class Asked:
    """A message that waits for an answer."""

    def __init__(self, data: bytes) -> None:
        self.data, self.told = data, b""

    async def respond(self, told: bytes) -> None:
        self.told = told


class Desk:
    """A desk that answers, or breaks as it is told to; what it does is settled when those that wait together are done."""

    plain = ("sign", "state")

    def __init__(self, broken: Exception | None = None, unsettled: Exception | None = None) -> None:
        self.broken, self.unsettled = broken, unsettled
        self.done: list[str] = []

    def do(self, op: str, asked: dict[str, Any]) -> dict[str, Any]:
        if self.broken is not None and asked.get("bad"):
            raise self.broken
        self.done.append(str(asked.get("name", op)))
        return {"did": asked.get("name", op)}

    async def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self.do(str(asked.get("op", "")), asked)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        yield
        self.done.append("settled")
        if self.unsettled is not None:
            raise self.unsettled


def asked(monkeypatch: pytest.MonkeyPatch, desk: Desk, *octets: bytes) -> list[dict[str, Any]]:
    """Return the answers to requests that wait together."""
    messages = [Asked(one) for one in octets]

    async def several(*_: object) -> AsyncIterator[list[Asked]]:
        yield messages

    monkeypatch.setattr(command_requests, "several_requests", several)
    asyncio.run(command_requests.answer_requests(None, "esa", desk, desk.together))  # type: ignore[arg-type]
    return [json.loads(one.told) for one in messages]


@pytest.mark.parametrize("op", ["sign", "timeline"])
@pytest.mark.parametrize("error", [AttributeError("get"), OverflowError("too large"), RecursionError("deep"), IndexError("1")])
def test_whatever_an_odd_request_breaks_is_a_refusal(monkeypatch: pytest.MonkeyPatch, error: Exception, op: str) -> None:
    (told,) = asked(monkeypatch, Desk(error), json.dumps({"op": op, "bad": True}).encode())
    assert type(error).__name__ in told["refused"]


@pytest.mark.parametrize("octets", [b"[" * 100_000 + b"]" * 100_000, b"", b"7", b"[]", b"\xff", b'{"op": ', b"null"])
def test_what_is_no_request_is_refused(monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    good = b'{"op": "sign", "name": "a"}'
    desk = Desk()
    told = asked(monkeypatch, desk, good, octets, good)
    assert told[0] == told[2] == {"did": "a"} and desk.done == ["a", "settled", "a", "settled"]
    assert "refused" in told[1]


def test_plain_requests_that_wait_together_are_settled_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(UsageError("no"))
    ops = [("sign", "a"), ("sign", ""), ("state", "b"), ("timeline", "c"), ("sign", "d"), ("procedures", "e")]
    told = asked(
        monkeypatch, desk, *(json.dumps({"op": op, "name": name, "bad": not name}).encode() for op, name in ops)
    )  # fmt: skip
    assert told == [{"did": "a"}, {"refused": "no"}, {"did": "b"}, {"did": "c"}, {"did": "d"}, {"did": "e"}]
    assert desk.done == ["a", "b", "settled", "c", "d", "settled", "e"]


def test_nothing_is_told_done_that_is_not_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(unsettled=ArchiveError("no room"))
    told = asked(monkeypatch, desk, b'{"op": "sign", "name": "a"}', b'{"op": "sign", "name": "b"}')
    assert [one["refused"] for one in told] == ["no room", "no room"]


def test_a_report_waits_while_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_evidence, "AGAIN_S", 0.0)
    tries: list[int] = []

    def take(spacecraft: str, report: VerificationReport, generated: int, received: int) -> Outcome | None:
        tries.append(received)
        if len(tries) < 3:
            raise UsageError("the clock was set back by 5.000 s")
        return Outcome()

    report: Any = None
    assert asyncio.run(command_evidence._taken(take, "tgo", report, 1, 2)) == Outcome() and tries == [2, 2, 2]
