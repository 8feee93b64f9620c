"""Procedures through the interface of a centre: the real guard, accounts and commanding; what a person may, and what misbehaves."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from aelita.api.client import AsyncClient, Session, answers_procedures
from aelita.api.client.core import Address, Patience
from aelita.commanding import ProcedureRun, dry_run
from aelita.services.live.procedure_desk import ProcedureDesk
from aelita.services.live.procedure_logs import RunLog
from api_command_material import API, PASSWORD, TWIN, Both, Place, both

URL = f"{API}/procedures"
ODD = """
from aelita.commanding import Ask, IfNot, Check, Read, Say, Steps, procedure, value_is
from aelita.mdb_reference import nothing
"""
OWN = '''
from aelita.commanding import Argument, Ask, Say, Send, Steps, call, procedure

@procedure("Ask, then say", spacecraft=("tgo-sim",), arguments=(Argument("word", "text", "What is said", "hello"),))
def asks(spacecraft: str, word: str) -> Steps:
    """Ask first."""
    if (yield Ask("Go on?")) == "yes":
        yield Say(word)

@procedure("Send what is not there", spacecraft=("tgo-sim",))
def sends_nothing(spacecraft: str) -> Steps:
    sent = yield Send((call("NoSuchCommand"),))
    yield Say(f"{sent.taken} {sent.why}")

@procedure("Raise", spacecraft=("tgo-sim",))
def raises(spacecraft: str) -> Steps:
    yield Say("before")
    raise ValueError("a fault")

@procedure("Yield nonsense", spacecraft=("tgo-sim",))
def nonsense(spacecraft: str) -> Steps:
    yield 7

@procedure("Never yield", spacecraft=("tgo-sim",))
def loops(spacecraft: str) -> Steps:
    yield Say("before")
    while True:
        try:
            while True:
                spacecraft += ""
        except Exception:
            pass

@procedure("Say without end", spacecraft=("tgo-sim",))
def endless(spacecraft: str) -> Steps:
    while True:
        yield Say("again")

@procedure("Ask for the end of the process", spacecraft=("tgo-sim",))
def leaves(spacecraft: str) -> Steps:
    yield Say("before")
    raise SystemExit(1)
'''
MISBEHAVING = {
    "raises": r"ValueError: a fault \(line 18\)", "nonsense": "it yielded 7", "loops": "it did not come to its next request",
    "endless": "more than 10000 steps|it did not come to its next request", "leaves": "SystemExit",
}  # fmt: skip


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with both(tmp_path_factory.mktemp("two")) as made:
        folder = made.esa.centre.folder / "commanding" / "procedures"
        folder.mkdir(parents=True)
        (folder / "own.py").write_text(OWN)
        (folder / "odd.py").write_text(ODD)
        (folder / "wrong.py").write_text("def f(:\n")
        (folder / "endless.py").write_text("while True: pass\n")
        yield made


async def client_of(place: Place, name: str) -> AsyncClient:
    transport = httpx.ASGITransport(place.guard, client=("10.0.0.1", 4711))
    session = Session(Address.of("https://centre.test"), user=name, password=PASSWORD, patience=Patience(0))
    return AsyncClient(session, transport=transport)


async def told(client: httpx.AsyncClient, method: str, path: str, **how: Any) -> Any:
    answer = await client.request(method, f"{URL}{path}", **how)
    assert answer.is_success, (path, answer.status_code, answer.text)
    return answer.json()


async def refused(client: httpx.AsyncClient, method: str, path: str, **how: Any) -> tuple[int, str]:
    answer = await client.request(method, f"{URL}{path}", **how)
    assert not answer.is_success, answer.text
    return answer.status_code, str(answer.json()["detail"])


def asked(procedure: str, **more: Any) -> dict[str, Any]:
    return {"json": {"procedure": procedure, "spacecraft": TWIN, **more}}


def test_the_procedures_of_mission_and_agency_are_listed_and_files_that_cannot_be_run_are_named(two: Both) -> None:
    async def work() -> Any:
        async with two.esa.as_("otto") as client:
            return await told(client, "GET", "")

    found = asyncio.run(work())
    names = {one["name"]: one for one in found["items"]}
    assert {"first_contact", "read_out_store", "asks", "loops"} <= names.keys()
    assert names["first_contact"]["arguments"][0] == {
        "name": "exponent", "kind": "integer", "about": "A time report every 2^exponent frames of virtual channel 0",
        "default": "5", "least": 0, "most": 8, "choices": [],
    }  # fmt: skip
    why = {one["file"]: one["why"] for one in found["faults"]}
    assert why.keys() == {"odd.py", "wrong.py", "endless.py"}
    assert "line 3: it imports aelita.mdb_reference" in why["odd.py"] and "SyntaxError" in why["wrong.py"]
    assert "did not come" in why["endless.py"]


def test_a_dry_run_tells_what_would_be_sent_and_whose_acts_that_needs(two: Both) -> None:
    async def work() -> tuple[Any, Any, Any]:
        async with two.esa.as_("ivo") as client:
            plain = await told(client, "POST", "/dry-run", **asked("first_contact", arguments={"exponent": 3}))
            whole = await told(client, "POST", "/dry-run", **asked("first_contact", thorough=True))
            wrong = await told(client, "POST", "/dry-run", **asked("sends_nothing"))
            return plain, whole, wrong

    before = len(two.esa.service.standing.board.requests)
    plain, whole, wrong = asyncio.run(work())
    assert [one["end"] for one in plain["paths"]] == ["completed"] and plain["whole"] and len(whole["paths"]) > 10
    ping, rate = plain["calls"]
    assert ping["command"] == "AreYouAlive" and rate["arguments"] == {"exponent": "3"} and "exponent 3" in rate["sentence"]
    assert any("flight-director@esoc" in one for one in ping["wanted"])
    assert "NoSuchCommand" in wrong["calls"][0]["problem"]
    assert len(two.esa.service.standing.board.requests) == before
    loaded = two.esa.service.conduct.procedures.files.procedures["first_contact"]  # the same as without an interface
    assert [list(one.steps) for one in dry_run(loaded.procedure, TWIN, {"exponent": "3"}).paths] == [plain["paths"][0]["steps"]]


def test_a_run_step_by_step_makes_an_ordinary_request_in_the_name_of_who_started_it(two: Both) -> None:
    async def work() -> tuple[Any, ...]:
        async with two.esa.as_("ivo") as client:
            made = await told(client, "POST", "/runs", **asked("first_contact", id="contact-1"))
            stepped = await told(client, "POST", "/runs/contact-1", json={"action": "step"})
            sent = await told(client, "POST", "/runs/contact-1", json={"action": "step"})
            gone_on = await told(client, "POST", "/runs/contact-1", json={"action": "resume"})
            again = await refused(client, "POST", "/runs", **asked("first_contact", id="contact-1"))
            listed = await told(client, "GET", "/runs", params={"live": True})
            request = (await client.get(f"{API}/commands/requests/contact-1-2")).json()
            ended = await told(client, "POST", "/runs/contact-1", json={"action": "abort"})
            late = await refused(client, "POST", "/runs/contact-1", json={"action": "step"})
            return made, stepped, sent, gone_on, again, listed, request, ended, late

    made, stepped, sent, gone_on, again, listed, request, ended, late = asyncio.run(work())
    assert (made["state"], made["step"], made["text"]) == ("held", 1, "section Are you alive?")
    assert made["actions"] == ["step", "resume", "abort"] and made["person"] == "ivo"
    assert stepped["step"] == 2 and [one["text"] for one in stepped["said"]] == ["Are you alive?"]
    assert sent["requests"] == [{"request": "contact-1-2", "state": "waiting"}] and sent["state"] == "held"
    assert gone_on["state"] == "running" and gone_on["outstanding"] and gone_on["deadline"] is None  # it waits for people
    assert again[0] == 409 and "contact-1" in again[1] and "contact-1" in [one["id"] for one in listed["items"]]
    assert (request["person"], request["role"], request["state"]) == ("ivo", "spacecraft-controller", "waiting")
    assert "procedure first_contact, run contact-1" in request["comment"] and request["missing"]
    assert ended["state"] == "aborted" and ended["actions"] == [] and late[0] == 409 and "aborted" in late[1]
    assert [one["kind"] for one in ended["log"]] == [] and ended["ended"]

    async def look() -> Any:
        async with two.esa.as_("otto") as client:
            return await told(client, "GET", "/runs/contact-1"), await told(client, "GET", "/runs/contact-1", params={"after": 3})

    whole, rest = asyncio.run(look())
    kinds = [one["kind"] for one in whole["log"]]
    assert kinds[0] == "begun" and kinds[-1] == "ended" and kinds.count("step") == 3 and rest["log"] == whole["log"][3:]
    assert whole["log"][0]["by"] == "ivo" and "send AreYouAlive" in [one["text"] for one in whole["log"]]
    assert {"procedure.started", "procedure.step", "procedure.resume", "procedure.abort", "procedure.step.refused"} <= {
        one.action for one in two.esa.trail()
    }


def test_questions_are_answered_once_and_only_with_a_choice(two: Both) -> None:
    async def work() -> tuple[Any, ...]:
        async with two.esa.as_("vera") as client:
            made = await told(client, "POST", "/runs", **asked("asks", arguments={"word": "there"}, mode="automatic"))
            at = f"/runs/{made['id']}/answers"
            wrong = await refused(client, "POST", at, json={"step": 1, "answer": "perhaps"})
            early = await refused(client, "POST", at, json={"step": 2, "answer": "yes"})
            done = await told(client, "POST", at, json={"step": 1, "answer": "yes"})
            late = await refused(client, "POST", at, json={"step": 1, "answer": "yes"})
            return made, wrong, early, done, late

    made, wrong, early, done, late = asyncio.run(work())
    assert made["asked"] == {"step": 1, "question": "Go on?", "choices": ["yes", "no"]} and "answer" in made["actions"]
    assert wrong[0] == early[0] == late[0] == 409 and "no choice" in wrong[1] and "asks nothing" in early[1]
    assert done["state"] == "completed" and [one["text"] for one in done["said"]] == ["there"]


def test_a_request_that_is_refused_is_told_to_the_procedure(two: Both) -> None:
    async def work() -> Any:
        async with two.esa.as_("vera") as client:
            return await told(client, "POST", "/runs", **asked("sends_nothing", mode="automatic"))

    done = asyncio.run(work())
    assert done["state"] == "completed" and done["said"][-1]["text"].startswith("False ")
    assert "NoSuchCommand" in done["said"][-1]["text"]


@pytest.mark.parametrize("name", MISBEHAVING)
def test_a_procedure_that_misbehaves_ends_with_a_reason_and_hurts_nothing(two: Both, name: str) -> None:
    async def work() -> tuple[Any, Any]:
        async with two.esa.as_("vera") as client:
            bad = await told(client, "POST", "/runs", **asked(name, mode="automatic"))
            good = await told(client, "POST", "/runs", **asked("asks", mode="automatic"))
            return await told(client, "GET", f"/runs/{bad['id']}"), good

    bad, good = asyncio.run(work())
    assert bad["state"] == "failed" and re.search(MISBEHAVING[name], bad["why"])
    last = RunLog(two.esa.centre.folder / "commanding" / "runs" / f"{bad['id']}.jsonl").read()[-1]
    assert (last["kind"], last["state"], last["why"]) == ("ended", "failed", bad["why"])
    assert good["state"] == "running" and good["asked"]
    assert not [one for one in threading.enumerate() if one.name == "procedure"]


def test_what_is_wrong_is_said(two: Both) -> None:
    async def work() -> list[tuple[int, str]]:
        async with two.esa.as_("ivo") as client:
            return [
                await refused(client, "POST", "/runs", **asked("first_contact", arguments={"exponent": 99, "x": 1})),
                await refused(client, "POST", "/runs", **asked("firstcontact")),
                await refused(client, "POST", "/runs", json={"procedure": "first_contact", "spacecraft": "edm"}),
                await refused(client, "GET", "/runs/nothing"),
                await refused(client, "POST", "/runs/..", json={"action": "step"}),
                await refused(client, "POST", "/runs", **asked("first_contact", id="../../x")),
            ]

    values, name, craft, run, path, own = asyncio.run(work())
    assert values[0] == 409 and "99" in values[1] and "no argument x" in values[1]
    assert name[0] == 404 and "first_contact" in name[1] and craft[0] == 409 and "not for edm" in craft[1]
    assert run[0] == 404 and path[0] in (404, 405) and own[0] == 409 and not (two.esa.centre.folder.parent / "x.jsonl").exists()


def test_who_may_request_nothing_may_run_nothing(two: Both) -> None:
    async def work() -> list[int]:
        async with two.esa.as_("ivo") as client:
            made = await told(client, "POST", "/runs", **asked("asks"))
        async with two.esa.as_("otto") as client:
            tries = [
                ("/runs", asked("asks")), ("/dry-run", asked("asks")), (f"/runs/{made['id']}", {"json": {"action": "step"}}),
                (f"/runs/{made['id']}/answers", {"json": {"step": 1, "answer": "yes"}}),
            ]  # fmt: skip
            return [(await refused(client, "POST", path, **how))[0] for path, how in tries]

    assert asyncio.run(work()) == [403] * 4


def restarted(two: Both) -> ProcedureDesk:
    """Return the procedures as another process would find them."""
    now = two.esa.service.conduct.procedures
    desk = ProcedureDesk(now.commander, [], two.esa.centre.folder, now.now, now._prepare, now._request, now.health)
    desk.files.folders = now.files.folders
    asyncio.run(desk.take_up())
    return desk


def test_after_a_restart_a_run_is_held_where_it_was_and_its_request_is_not_made_twice(two: Both) -> None:
    async def work() -> Any:
        async with two.esa.as_("ivo") as client:
            made = await told(client, "POST", "/runs", **asked("first_contact", mode="automatic"))
            other = await told(client, "POST", "/runs", **asked("asks", mode="automatic"))
            return made["id"], other["id"]

    name, other = asyncio.run(work())
    path = two.esa.centre.folder / "commanding" / "runs" / f"{name}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    cut = next(
        number for number, line in enumerate(lines) if json.loads(line)["kind"] == "outcome" and json.loads(line)["step"] == 2
    )
    path.write_bytes(b"".join(lines[:cut]) + lines[cut][:20])  # killed after the request was made, before that was written
    requests = len(two.esa.service.standing.board.requests)
    desk = restarted(two)
    one = desk.runs[name]
    assert (one.state, one.seen()["step"], one.requester["person"]) == ("held", 2, "ivo") and desk.runs[other].state == "held"
    asyncio.run(one.act("run", "dora"))
    assert one.seen()["step"] == 3 and one.state == "running" and len(two.esa.service.standing.board.requests) == requests
    records = RunLog(path).read()
    assert [each["kind"] for each in records].count("resumed") == 1 and records[-1]["kind"] == "step"
    asyncio.run(desk.runs[other].act("run", "dora"))
    asyncio.run(desk.runs[other].answer(1, "yes", "dora"))
    assert desk.runs[other].state == "completed"


def test_a_run_whose_procedure_was_changed_is_suspended_until_it_is_as_it_was(two: Both) -> None:
    async def begin() -> Any:
        async with two.esa.as_("ivo") as client:
            return (await told(client, "POST", "/runs", **asked("asks", mode="automatic")))["id"]

    name = asyncio.run(begin())
    own = two.esa.centre.folder / "commanding" / "procedures" / "own.py"
    own.write_text(OWN.replace("Go on?", "Stop?"))
    desk = restarted(two)
    assert (
        desk.runs[name].state == "suspended"
        and "Stop?" in desk.runs[name].why
        and desk.runs[name].seen()["actions"] == ["resume"]
    )
    own.write_text(OWN + "\n")
    asyncio.run(desk._act({"op": "procedure.resume", "run": name, "by": "dora"}))
    assert desk.runs[name].state == "held" and desk.runs[name].seen()["step"] == 1


def test_a_log_that_is_none_is_left_out_and_told(two: Both) -> None:
    folder = two.esa.centre.folder / "commanding" / "runs"
    (folder / "strange.jsonl").write_text('{"kind": "begun"}\n')
    (folder / "damaged.jsonl").write_text('{"kind": "begun"\n{}\n')
    (folder / "empty.jsonl").write_text("")
    desk = restarted(two)
    assert not {"strange", "damaged", "empty"} & desk.runs.keys()
    assert {"procedure run strange", "procedure run damaged"} <= desk.health.faults.keys()
    for name in ("strange", "damaged", "empty"):
        (folder / f"{name}.jsonl").unlink()


def test_a_full_disk_suspends_a_run_before_anything_is_done(two: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = two.esa.service.conduct.procedures
    who = {"agency": "esa", "centre": "esoc", "role": "spacecraft-controller", "person": "ivo"}
    made = asyncio.run(desk._start({"procedure": "first_contact", "spacecraft": TWIN, "requester": who}))
    one, requests = desk.runs[made["run"]["run"]], len(desk.commander.standing.board.requests)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.pwrite", full)
        asyncio.run(one.act("run", "ivo"))
    assert one.state == "suspended" and "No space left" in one.why and len(desk.commander.standing.board.requests) == requests
    asyncio.run(desk._act({"op": "procedure.resume", "run": one.name, "by": "ivo"}))
    assert one.state == "held" and one.seen()["step"] == 1
    asyncio.run(one.act("run", "ivo"))
    assert one.seen()["step"] == 3 and len(desk.commander.standing.board.requests) == requests + 1


def test_the_python_client_runs_procedures(two: Both) -> None:
    async def work() -> tuple[Any, ...]:
        async with await client_of(two.esa, "ivo") as client:
            names = [one["name"] for one in await client.procedures.every()]
            faults = await client.procedures.faults()
            dry = await client.procedures.dry_run("asks", TWIN, {"word": "x"})
            made = await client.procedures.start("asks", TWIN, mode="automatic")
            done = await client.procedures.answer(made["id"], 1, "no")
            got = await client.procedures.get(made["id"])
            runs = await client.procedures.runs(spacecraft=TWIN)
            other = await client.procedures.start("asks", TWIN)
            ended = await client.procedures.act(other["id"], "abort")
            return names, faults, dry, made, done, got, runs, ended

    names, faults, dry, made, done, got, runs, ended = asyncio.run(work())
    assert "asks" in names and "odd.py" in faults and dry["whole"] and done["state"] == "completed" and got["log"]
    assert made["id"] in [one["id"] for one in runs] and ended["state"] == "aborted"
    typed = {
        "ProcedureItem": None, "DryRun": dry, "DryPath": dry["paths"][0], "RunDetail": got, "RunRecord": got["log"][0],
        "RunItem": runs[0], "Question": made["asked"],
    }  # fmt: skip
    for name, one in typed.items():
        if one is not None:
            assert getattr(answers_procedures, name).__annotations__.keys() <= one.keys(), name
    assert answers_procedures.RunDetail.__required_keys__ == got.keys()
    assert ProcedureRun is not None
