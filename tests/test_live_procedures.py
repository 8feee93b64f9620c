"""Procedures, the schedule on board, packet stores and memories on a complex that runs, with a simulated spacecraft far away."""

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from aelita.archive import open_archive
from aelita.errors import UsageError
from aelita.time import SECOND
from commanding_complex import CONTROLLER, CRAFT, ORDINARY, Commanded, Crew, commanded, crew_of
from live_complex import PATIENCE_S

FOREVER = """
from aelita.commanding import Say, Steps, procedure

@procedure("Never yield", spacecraft=("tgo-sim",))
def forever(spacecraft: str) -> Steps:
    yield Say("before")
    while True:
        pass
"""
ATTITUDE = 0xB3  # application process of the attitude


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commanded]:
    made = Commanded(tmp_path_factory.mktemp("procedures"), stations={"esa": ("malargue",)})
    own = made.home / "esa" / "commanding" / "procedures"
    own.mkdir(parents=True)
    (own / "forever.py").write_text(FOREVER)
    with commanded(made):

        async def enrol() -> None:
            async with crew_of(made) as crew:
                await crew.enrol("dora", "chris", "carl")

        asyncio.run(enrol())
        yield made


async def told(crew: Crew, op: str, **what: Any) -> dict[str, Any]:
    return await crew.patiently("esa", op, spacecraft=CRAFT, **what)


async def until(what: str, question: Any, patience_s: float = PATIENCE_S) -> Any:
    """Ask until the answer is something."""
    end = asyncio.get_running_loop().time() + patience_s
    while not (found := await question()):
        assert asyncio.get_running_loop().time() < end, f"never came: {what}"
        await asyncio.sleep(0.3)
    return found


async def agreed(crew: Crew, request: str) -> None:
    """Have people agree to a request that is in the journal."""
    await crew.until(f"request {request}", lambda: request in crew.one.standing().board.requests)
    prepared = next(entry.body for entry in crew.one.journal("esa") if entry.kind == "request" and entry.body["id"] == request)
    await crew.agree(prepared, ORDINARY)


async def sent(crew: Crew, *calls: dict[str, Any], **more: Any) -> str:
    """Request commands, have people agree, and wait until they are done."""
    asked = await crew.ask("esa", "request", spacecraft=CRAFT, calls=list(calls), requester=CONTROLLER, **more)
    name = str(asked["prepared"]["id"])
    await agreed(crew, name)
    await crew.until_state(name, "completed")
    return name


def test_a_procedure_commands_the_spacecraft_with_the_same_approvals_as_anybody(one: Commanded) -> None:
    async def work() -> tuple[Any, Any]:
        async with crew_of(one) as crew:
            began = one.clock.now()
            made = await told(crew, "procedure.start", procedure="first_contact", requester=CONTROLLER, mode="automatic",
                              arguments={"exponent": "4", "timeout_s": "6000"}, id="contact")  # fmt: skip
            stuck = await told(crew, "procedure.start", procedure="forever", requester=CONTROLLER, mode="automatic")
            assert stuck["run"]["state"] == "failed" and "did not come to its next request" in stuck["run"]["why"]
            assert made["states"] == {"contact-2": "waiting"} and not one.radiated()
            await agreed(crew, "contact-2")
            await agreed(crew, "contact-5")  # which it makes once the first is completed
            done = await until("the end", lambda: ended(crew, "contact"))
            light_ns = one.inputs()[0].start_ns - next(e.at_ns for e in one.journal("esa") if e.kind == "sending")
            assert one.clock.now() - began > 4 * light_ns > 600 * SECOND
            return done, one.journal("esa")

    done, journal = asyncio.run(work())
    assert done["run"]["state"] == "completed" and done["states"] == {"contact-2": "completed", "contact-5": "completed"}
    assert done["said"][-1]["text"] == "Time reports every 16 frames: met."
    requests = [entry.body for entry in journal if entry.kind == "request"]
    assert {body["person"] for body in requests} == {"carl"} and "run contact" in requests[0]["comment"]
    path = one.home / "esa" / "commanding" / "runs" / "contact.jsonl"
    assert [json.loads(line)["kind"] for line in path.read_text().splitlines()][-1] == "ended"


async def ended(crew: Crew, run: str) -> dict[str, Any] | None:
    found = await told(crew, "procedure.state", run=run)
    return found if found["run"]["ended_ns"] else None


def test_the_ground_copy_of_the_schedule_is_reconciled_with_reports(one: Commanded) -> None:
    async def work() -> list[Any]:
        async with crew_of(one) as crew:
            found = []
            name = await sent(crew, {"command": "AreYouAlive"}, execute_ns=one.clock.now() + 36_000 * SECOND)
            found.append(await until("the activity", lambda: scheduled(crew)))
            await sent(crew, {"command": "ReportSchedule"})
            found.append(await until("a report", lambda: reported(crew, 0)))
            faults = one.home / "space" / CRAFT / "faults.jsonl"
            faults.write_text('{"kind": "Reset", "with": {"keep_schedule": false}}\n')  # its schedule is lost, and nobody tells
            await crew.until("the reset", lambda: not faults.exists())
            await sent(crew, {"command": "ReportSchedule"})
            found.append(await until("another report", lambda: reported(crew, found[1]["reported_ns"])))
            found.append(one.faults("esa"))
            found.append(await told(crew, "timeline.adopt", by="carl"))
            return [name, *found]

    name, planned, same, other, faults, adopted = asyncio.run(work())
    (activity,) = planned["coming"]
    assert activity["request"] == name and "alive" in activity["what"] and activity["pending"] == ""
    assert abs(activity["time_ns"] - one.clock.now()) < 36_000 * SECOND and planned["next"]["request"] == name
    assert same["differences"] == [] and len(same["coming"]) == 1
    assert [(each["kind"], each["request"]) for each in other["differences"]] == [("missing on board", name)]
    assert "1 differences" in faults[f"schedule of {CRAFT}"]
    notes = [entry.body for entry in one.journal("esa") if entry.kind == "note"]
    assert [body["about"] for body in notes] == ["timeline", "timeline adopted"]
    assert notes[0]["differences"][0]["kind"] == "missing on board" and notes[1]["by"] == "carl"
    assert adopted["coming"] == [] and adopted["differences"] == []


async def scheduled(crew: Crew) -> dict[str, Any] | None:
    found = await told(crew, "timeline")
    return found if found["coming"] and not found["coming"][0]["pending"] else None


async def reported(crew: Crew, after_ns: int) -> dict[str, Any] | None:
    found = await told(crew, "timeline")
    return found if (found["reported_ns"] or 0) > after_ns else None


def test_a_gap_of_reception_is_closed_by_a_read_out_that_people_asked_for(one: Commanded) -> None:
    async def work() -> tuple[Any, Any, Any]:
        async with crew_of(one) as crew:
            before = one.clock.now()
            assert one.kill("space")  # no station hears anything until it is there again
            found = await until("a gap", lambda: gap_after(crew, before - 600 * SECOND))
            (proposal,) = [each for each in found["proposals"] if each["last_ns"] > before - 600 * SECOND][-1:]
            assert not [entry for entry in one.journal("esa") if entry.kind == "request" and "RetrieveStores" in str(entry.body)]
            await sent(crew, *as_asked(proposal), comment=proposal["comment"])
            during = await told(crew, "gaps")
            after = await until("that the gap is closed", lambda: closed(crew, proposal))
            return proposal, during, after

    proposal, during, after = asyncio.run(work())
    assert proposal["last_ns"] - proposal["first_ns"] > 60 * SECOND
    assert not [each for each in during["proposals"] if each["last_ns"] == proposal["last_ns"]]  # it is under way, or closed
    assert not [each for each in after["gaps"] if overlaps(each, proposal)]
    packets = open_archive(one.made.archive("esa")).packets(
        proposal["first_ns"], proposal["last_ns"], apid=ATTITUDE, octets=False
    )
    back = packets.filter(pl.col("received") - pl.col("generated") > 600 * SECOND)
    assert back.height > 10 and back["quality"].to_list() == [0] * back.height  # light alone takes 190 s
    times = packets["generated"].sort().to_list()
    assert max(later - earlier for earlier, later in pairwise(times)) < 30 * SECOND


def as_asked(proposal: dict[str, Any]) -> list[dict[str, Any]]:
    return list(proposal["calls"])


def overlaps(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["first_ns"] < other["last_ns"] and one["last_ns"] > other["first_ns"])


async def gap_after(crew: Crew, at_ns: int) -> dict[str, Any] | None:
    found = await told(crew, "gaps")
    return found if any(each["last_ns"] > at_ns for each in found["proposals"]) else None


async def closed(crew: Crew, proposal: dict[str, Any]) -> dict[str, Any] | None:
    found = await told(crew, "gaps")
    return None if any(overlaps(each, proposal) for each in found["gaps"]) else found


def test_a_memory_is_dumped_and_compared_with_an_image(one: Commanded) -> None:
    async def work() -> tuple[Any, Any, Any]:
        async with crew_of(one) as crew:
            await told(crew, "image.add", name="table", version="1", memory=6, runs=[[0, "00" * 1500 + "ff" * 100]], by="carl")
            with pytest.raises(UsageError, match="there already"):
                await crew.ask(
                    "esa", "image.add", spacecraft=CRAFT, name="table", version="1", memory=6, runs=[[0, "00"]], by="carl"
                )
            blind = await told(crew, "image.compare", name="table", version="1")
            asked = await told(crew, "image.calls", name="table", version="1", what="dump")
            await sent(crew, *asked["requests"][0]["calls"])
            seen = await until("the dump", lambda: compared(crew))
            load = await told(crew, "image.calls", name="table", version="1", what="load", only_changed=True)
            return blind, seen, load

    blind, seen, load = asyncio.run(work())
    assert blind["octets"] == {"same": 0, "different": 0, "not known": 1600}
    assert seen["octets"] == {"same": 1500, "different": 100, "not known": 0}  # the working memory is zero after a reset
    assert load["octets"] == 100 and dict(load["requests"][0]["calls"][0]["arguments"])["address"] == "1500"


async def compared(crew: Crew) -> dict[str, Any] | None:
    found = await told(crew, "image.compare", name="table", version="1")
    return found if not found["octets"]["not known"] else None


def test_a_run_goes_on_after_the_commanding_was_killed(one: Commanded) -> None:
    async def work() -> Any:
        async with crew_of(one) as crew:
            await told(crew, "procedure.start", procedure="first_contact", requester=CONTROLLER, mode="automatic", arguments={"timeout_s": "6000"},
                       id="again")  # fmt: skip
            assert one.kill("esa/commander")
            held = await until("the run", lambda: state(crew, "again"))
            assert held["run"]["state"] == "held" and held["states"] == {"again-2": "waiting"}
            await told(crew, "procedure.resume", run="again", by="carl")
            await agreed(crew, "again-2")
            await agreed(crew, "again-5")
            return await until("the end", lambda: ended(crew, "again"))

    done = asyncio.run(work())
    assert done["run"]["state"] == "completed" and [one.kinds(f"again-{n}").count("request") for n in (2, 5)] == [1, 1]


async def state(crew: Crew, run: str) -> dict[str, Any] | None:
    try:
        found = await crew.ask("esa", "procedure.state", run=run)
    except Exception:  # the service begins anew
        return None
    return found if found["run"] else None
