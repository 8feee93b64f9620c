"""The pages of procedures and of what is on board, driven in a browser against real commanding and the simulated spacecraft."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from aelita.api.procedure_items import Action, RunWord
from aelita.commanding import Waited
from aelita.commanding.timeline import DIFFERENCES, Fate
from aelita.console.words import WORDS
from console_commands_centre import BAD, BEGIN, TWIN
from shared import chromium
from test_console_commands import Commanding, says
from test_console_faults import PATIENCE_S, opened, told

HERE = Path(__file__).parent
expect.set_options(timeout=30_000)
IMAGE = {"memory": 6, "runs": [[512, "00" * 30 + "0102"], [1024, "aabb"]]}
SENT = {"cltu": 990, "spacecraft": TWIN, "station": "malargue"}


class OnBoard(Commanding):
    """The centre of `console_onboard_centre.py` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.scheme = folder, "http"
        self.log = (folder / "log").open("wb")
        command = (sys.executable, str(HERE / "console_onboard_centre.py"), str(folder))
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        end = time.monotonic() + PATIENCE_S
        while not ((folder / "complex" / "ports.json").exists() and self.answers()):
            assert self.process.poll() is None and time.monotonic() < end, (folder / "log").read_text()[-3000:]
            time.sleep(0.1)

    ivo: httpx.Client

    def does(self, *what: list[Any]) -> None:
        """Have something done on board or in the commanding."""
        path = self.folder / "do.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(what))
        part.rename(path)
        end = time.monotonic() + PATIENCE_S
        while path.exists():
            assert time.monotonic() < end and self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.02)

    def executes(self, *names: str, lost: bool = False) -> None:
        """Have requests released and executed on board, or lost on their way up."""
        self.does(*[["command", name, lost] for name in names])

    def wish(self, command: str, minutes: float | None = None, **arguments: str) -> str:
        """Request a command, for the schedule on board when `minutes` after the beginning are given; return the request."""
        body: dict[str, Any] = {"spacecraft": TWIN, "calls": [{"command": command, "arguments": arguments}]}
        if minutes is not None:
            body["execute"] = (datetime.fromisoformat(BEGIN) + timedelta(minutes=minutes)).isoformat() + "Z"
        return str(self.post("commands/requests", body)["id"])

    def post(self, path: str, body: Any) -> Any:
        """Post something as ivo, in one session: there is a most of them for each user."""
        return told(self.ivo.post(path, json=body))

    def get(self, path: str) -> Any:
        """Get something as ivo."""
        return told(self.ivo.get(path))


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnBoard]:
    chromium()
    made = OnBoard(tmp_path_factory.mktemp("onboard"))
    with made.as_user("ivo") as made.ivo:
        yield made
    made.stop()


@pytest.fixture(scope="module")
def sessions(centre: OnBoard) -> dict[str, str]:
    found = {}
    for name in ("ivo", "otto"):
        with centre.as_user(name) as one:
            found[name] = str(one.cookies["aelita_session_esa"])
    return found


@pytest.fixture
def people(browser: Browser, centre: OnBoard, sessions: dict[str, str]) -> Iterator[Callable[..., Page]]:
    """Give pages of people, each in a browser of its own; whatever they went through, no text was run."""
    held: list[Any] = []

    def of(name: str, language: str = "en", theme: str = "dark") -> Page:
        one = opened(browser, centre.url, sessions[name], accept_downloads=True)
        page: Page = one.__enter__()
        held.append(one)
        look = f"lang%3D{language}%26theme%3D{theme}"
        page.context.add_cookies([{"name": "aelita_look", "value": look, "url": centre.url}])
        return page

    yield of
    for one in held:
        one.__exit__(None, None, None)


def sure(page: Page) -> Locator:
    return page.get_by_role("dialog").last.locator("button").last


def requested(page: Page) -> str:
    """Send what a dialog shows, and return the request that it led to."""
    box = page.get_by_role("dialog").last
    box.locator("[data-send]").click()
    link = page.locator("[data-asked] a").first
    expect(link).to_have_attribute("href", re.compile(r"/approvals\?at=esa-"))
    name = str(link.get_attribute("href")).rpartition("=")[2]
    page.locator("[data-asked] button").last.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    return name


# without a browser


def test_what_is_told_of_procedures_and_of_the_schedule_has_words() -> None:
    needed = {f"procedures.state.{one}" for one in (*get_args(RunWord), "asks")}
    needed |= {f"procedures.act.{one}{more}" for one in get_args(Action) if one != "answer" for more in ("", ".hint")}
    needed |= {f"procedures.outcome.{one}" for one in (*Waited, "holds", "does not hold", "done")}
    kinds = ("send", "wait", "check", "read", "ask", "say", "section", "other")
    needed |= {f"procedures.kind.{one}" for one in kinds}
    records = ("begun", "step", "outcome", "asked", "repeat", "action", "again", "resumed", "ended")
    needed |= {f"procedures.kept.{one}" for one in records}
    needed |= {f"procedures.type.{one}" for one in ("integer", "number", "text", "flag", "choice", "time")}
    needed |= {f"onboard.fate.{one}" for one in Fate} | {f"onboard.release.{one}" for one in ("true", "false", "null")}
    standings = ("matches", "way", "due", "unreported", "missing", "unknown", "time", "packet")
    needed |= {f"onboard.standing.{one}" for one in standings} | {
        f"onboard.pending.{one} on its way" for one in ("insertion", "deletion")
    }
    needed |= {f"onboard.octets.{one}" for one in ("same", "different", "not known")}
    needed |= {f"onboard.image.{one}{more}" for one in ("load", "changed", "dump", "check") for more in ("", ".hint")}
    assert needed <= set(WORDS)
    assert len(DIFFERENCES) == 4  # each has a standing


# procedures


@pytest.mark.parametrize("language", ("en", "ru"))
def test_a_procedure_is_run_dry_and_then_step_by_step(people: Callable[..., Page], centre: OnBoard, language: str) -> None:
    word = says(language)
    ivo = people("ivo", language)
    ivo.goto("/procedures?procedure=first_contact")
    start, exponent = ivo.locator("[data-start]"), ivo.locator("[data-arg=exponent]")
    for text, fault in (("9", "[0, 8]"), ("4.5", word("commands.fault.whole")), ("x", word("commands.fault.whole"))):
        exponent.fill(text)
        expect(ivo.locator(".m-arg .m-fault").nth(0)).to_contain_text(fault)
        expect(start).to_have_attribute("aria-disabled", "true")
    exponent.fill("0x3")
    ivo.reload()
    expect(exponent).to_have_value("0x3")
    exponent.press("Control+Enter")
    calls = ivo.locator("[data-call]")
    expect(calls).to_have_count(2)
    expect(calls.nth(1)).to_contain_text("exponent 3")
    expect(calls.nth(0)).to_contain_text("flight-director@esoc")
    expect(ivo.locator(".r-dry .r-steps li")).to_have_count(7)
    expect(ivo.locator(".r-dry .r-steps .k-wait .r-text").first).to_contain_text(word("procedures.at.most").replace("{s}", "120"))
    requests = len(centre.get("commands/requests")["items"])
    ivo.locator("[data-thorough]").check()
    expect(ivo.locator("[data-past]")).to_be_visible()
    ivo.locator("[data-dry]").click()
    expect(ivo.locator("[data-past]")).to_have_count(0)
    ivo.locator("[data-way=next]").click()
    expect(ivo.locator(".r-ways")).to_contain_text(re.compile(r"2 / \d\d"))
    assert len(centre.get("commands/requests")["items"]) == requests  # nothing was sent
    start.click()
    expect(ivo).to_have_url(re.compile(r"/procedures\?run=esa-run-"))
    name = ivo.url.rpartition("=")[2]
    state = ivo.locator(".r-run [data-state]")
    expect(state).to_have_text(word("procedures.state.held"))
    expect(ivo.locator(".r-now")).to_contain_text("Are you alive?")
    expect(ivo.locator(".g-row", has_text="first_contact").last).to_be_visible()
    ivo.locator("[data-act=step]").click()
    expect(ivo.locator(".r-steps li.now")).to_have_attribute("data-number", "2")
    ivo.locator("[data-act=step]").focus()
    ivo.keyboard.press("Enter")
    expect(ivo.locator(f"[data-request={name}-2]")).to_contain_text(word("commands.state.waiting"))
    expect(ivo.locator(f"[data-request={name}-2] a").last).to_have_attribute("href", f"/approvals?at={name}-2")
    ivo.locator("[data-act=resume]").click()
    expect(ivo.locator("[data-people] a")).to_have_attribute("href", f"/approvals?at={name}-2")  # no time runs meanwhile
    expect(ivo.locator(".r-now .m-count")).to_be_empty()
    expect(ivo.locator(".r-now .r-text a")).to_have_attribute("href", f"/queue?at={name}-2")
    centre.executes(f"{name}-2")
    expect(ivo.locator(f"[data-request={name}-5]")).to_contain_text(word("commands.state.waiting"))
    digest = centre.get(f"commands/requests/{name}-5")["digest"]
    sent = SENT | {"request": f"{name}-5", "sha256": "0" * 64, "cltu": 990 + len(language + name)}
    gone = ["entry", "released", {"request": f"{name}-5", "digest": digest, "statements": [], "epoch": 0, "released_ns": 0}]
    centre.does(gone, *[["entry", kind, sent] for kind in ("sending", "transferred", "radiated")])
    begin = re.escape(word("procedures.count").split("{")[0])
    expect(ivo.locator(".r-now .m-count")).to_have_text(re.compile(begin + r"[\d:]+"))
    ivo.locator("[data-act=pause]").click()
    expect(state).to_have_text(word("procedures.state.stepping"))
    expect(ivo.locator("[data-act=pause]")).to_have_attribute("aria-disabled", "false")
    for stage in ("acceptance", "completion"):
        seen = {"request": f"{name}-5", "spacecraft": TWIN, "succeeded": True, "generated_ns": 2_151_000_000 * 10**9}
        centre.does(["entry", "verified", seen | {"index": 0, "stage": stage, "received_ns": 0}])
    expect(state).to_have_text(word("procedures.state.held"))
    ivo.locator("[data-act=resume]").click()
    expect(state).to_have_text(word("procedures.state.completed"))
    expect(ivo.locator(".r-steps li")).to_have_count(7)
    expect(ivo.locator(".r-steps li").last).to_contain_text("Time reports every 8 frames")
    expect(ivo.locator("[data-act=abort]")).to_have_count(0)
    kept = centre.get(f"procedures/runs/{name}")["log"]
    ivo.locator("[data-log]").click()
    expect(ivo.locator(".r-run .x-table tbody tr")).to_have_count(len(kept))
    expect(ivo.locator(".r-run .x-table")).to_contain_text(word("procedures.act.resume"))
    with ivo.expect_download() as got:
        ivo.locator("[data-export=csv]").click()
    rows = list(csv.DictReader(io.StringIO(got.value.path().read_text())))
    assert [(row["number"], row["text"]) for row in rows] == [(str(one["number"]), one["text"]) for one in kept]
    with ivo.expect_download() as got:
        ivo.locator("[data-export=json]").click()
    assert json.loads(got.value.path().read_text())["log"] == kept


def test_a_run_asks_is_taken_up_after_a_restart_and_ended(people: Callable[..., Page], centre: OnBoard) -> None:
    word = says("ru")
    ivo = people("ivo", "ru", "light")
    ivo.goto("/procedures?procedure=check_table")
    expect(ivo.locator("#main")).to_contain_text(BAD)
    expect(ivo.locator("[data-faults]")).to_contain_text("1")
    expect(ivo.locator("[data-start]")).to_have_attribute("aria-disabled", "true")  # its comment must be given
    ivo.locator("[data-arg=comment]").fill(f"tested {BAD}")
    ivo.locator("[data-arg=not_before]").fill("2026-13-01 12:00")
    expect(ivo.locator(".m-arg .m-fault", has_text=word("commands.fault.instant"))).to_be_visible()
    ivo.locator("[data-arg=not_before]").fill("2026-060 13:00")
    ivo.locator("[data-arg=mode]").select_option("whole")
    ivo.locator("[data-mode=automatic]").click()
    ivo.locator("[data-dry]").click()
    expect(ivo.locator("[data-call]").first).to_contain_text("length=128")
    ivo.locator("[data-start]").click()
    expect(ivo.get_by_role("dialog").last).to_contain_text("DumpMemory")
    sure(ivo).click()
    asked = ivo.locator("[data-asked]")
    expect(asked).to_contain_text("Is the link quiet?")
    name = ivo.url.rpartition("=")[2]
    arguments = centre.get(f"procedures/runs/{name}")["arguments"]
    assert arguments["not_before"].startswith("2026-03-01T13:00") and arguments["mode"] == "whole"
    expect(ivo.locator(".g-row.sel .st")).to_have_text(word("procedures.state.asks"))
    expect(asked.locator("[data-send]")).to_have_attribute("aria-disabled", "true")
    asked.locator("[data-choice=yes]").check()
    centre.does(["restart"])
    expect(ivo.locator("[data-resumed]")).to_be_visible()
    expect(ivo.locator(".r-run [data-state]")).to_have_text(word("procedures.state.held"))
    requests = len(centre.get("commands/requests")["items"])
    ivo.locator("[data-act=resume]").click()
    expect(ivo.get_by_role("dialog").last).to_contain_text(word("procedures.resume.sure"))
    sure(ivo).click()
    asked.locator("[data-choice=yes]").check()
    asked.locator("[data-send]").click()
    expect(ivo.locator("[data-people]")).to_be_visible()
    assert len(centre.get("commands/requests")["items"]) == requests  # none was made twice
    centre.executes(f"{name}-3")
    asked.get_by_text(word("procedures.choice.go on"), exact=True).click()
    asked.locator("[data-send]").click()
    asked.locator("[data-answer]").fill(f"all well {BAD}")
    time.sleep(1.5)  # what is typed stays while the run is read again
    expect(asked.locator("[data-answer]")).to_have_value(f"all well {BAD}")
    asked.locator("[data-answer]").press("Enter")
    expect(ivo.locator(".r-run [data-state]")).to_have_text(word("procedures.state.completed"))
    expect(ivo.locator(".r-steps li").last).to_contain_text(f"all well {BAD}")
    run = centre.post("procedures/runs", {"procedure": "waits", "spacecraft": TWIN, "mode": "automatic"})["id"]
    ivo.get_by_role("grid", name=word("procedures.runs")).locator(".g-row", has_text="waits").first.click()
    expect(ivo).to_have_url(re.compile(run))
    expect(ivo.locator(".r-now .m-count")).to_contain_text("04:5")
    ivo.locator("[data-act=abort]").click()
    expect(ivo.get_by_role("dialog").last).to_contain_text(run)
    sure(ivo).click()
    expect(ivo.locator(".r-run [data-state]")).to_have_text(word("procedures.state.aborted"))
    expect(ivo.locator(".r-why")).to_contain_text("ivo")


# on board


def test_the_schedule_stands_against_its_report(people: Callable[..., Page], centre: OnBoard) -> None:
    ivo = people("ivo")
    ivo.goto("/onboard")
    expect(ivo.locator("[data-verdict]")).to_have_text("not compared")
    first, second = centre.wish("AreYouAlive", 60), centre.wish("SetTimeReportRate", 90, exponent="4")
    centre.executes(first, second)
    rows = ivo.locator(".q-view .g-row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("not reported yet")
    expect(ivo.locator(".q-next")).to_contain_text(first)
    expect(ivo.locator(".q-wide .m-count")).to_have_text(re.compile(r"in 5\d:\d\d, at 13:00:00 UTC"))
    ivo.locator("[data-act=report]").click()
    expect(ivo.get_by_role("dialog").last).to_contain_text("flight-director@esoc")  # whose acts it needs, before it is asked for
    centre.executes(requested(ivo))
    expect(ivo.locator("[data-verdict]")).to_have_text("the same")
    expect(rows.first).to_contain_text("as reported")
    lost, hidden = centre.wish("AreYouAlive", 120), centre.wish("SetTimeReportRate", 150, exponent="6")
    centre.executes(lost, lost=True)
    centre.does(["smuggle", hidden])
    centre.executes(centre.wish("ReportSchedule"))
    expect(ivo.locator("[data-verdict]")).to_have_text("differences: 2")
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="missing on board")).to_contain_text(lost)
    expect(rows.filter(has_text="unknown on ground")).to_contain_text("14:30:00")
    expect(ivo.locator(".q-mark.s-missing")).to_have_count(1)
    ivo.locator("[data-act=adopt]").click()
    expect(ivo.get_by_role("dialog").last).to_contain_text("2")
    sure(ivo).click()
    expect(ivo.locator("[data-verdict]")).to_have_text("the same")
    expect(rows.filter(has_text="as reported")).to_have_count(3)
    rows.filter(has_text="13:00:00").dblclick()
    expect(ivo).to_have_url(re.compile(rf"/queue\?at={first}"))


def test_gaps_are_read_out_when_a_person_asks(people: Callable[..., Page], centre: OnBoard) -> None:
    word = says("ru")
    ivo = people("ivo", "ru")
    ivo.goto("/onboard?view=stores")
    expect(ivo.locator("[data-out=proposed]")).to_have_count(2)
    expect(ivo.locator("[data-gap]")).to_have_count(2)
    expect(ivo.locator("[data-gaps]")).to_contain_text("2")
    expect(ivo.locator("[data-holds]")).to_have_text(word("onboard.store.unknown"))
    closes = ivo.locator("[data-out=proposed]").first
    expect(closes).to_contain_text(word("onboard.closes.gaps").replace("{n}", "1"))
    expect(closes).to_contain_text("APID")
    closes.locator("[data-act=readout]").click()
    expect(ivo.get_by_role("dialog").last).to_contain_text("flight-director@esoc")
    name = requested(ivo)
    asked = ivo.locator("[data-out=asked]")
    expect(asked).to_contain_text(word("commands.state.waiting"))
    expect(asked.locator("a").first).to_have_attribute("href", f"/queue?at={name}")
    expect(ivo.locator("[data-out=proposed]")).to_have_count(1)
    expect(ivo.locator("[data-gap]", has_text=word("onboard.gap.asked"))).to_have_count(1)
    assert centre.get(f"commands/requests/{name}")["state"] == "waiting"  # nothing went by itself
    ivo.locator("[data-act=summary]").click()
    centre.executes(requested(ivo))
    expect(ivo.locator("[data-holds]")).to_have_text(re.compile(r"2026-03-01 11:52:\d\d – \d\d:\d\d:\d\d"))
    expect(ivo.locator(".q-lane")).to_have_count(4)


def test_an_image_is_kept_compared_dumped_and_loaded(people: Callable[..., Page], centre: OnBoard) -> None:
    ivo = people("ivo")
    ivo.goto("/onboard?view=memories")
    ivo.locator("[data-new-image]").click()
    box = ivo.get_by_role("dialog").last
    for field, text in (("name", "../x"), ("version", "1"), ("memory", "6"), ("hex", "0g")):
        box.locator(f"[data-image={field}]").fill(text)
    for fixed, fault in ((("name", "table"), "Name and version"), (("hex", "00 01"), "hex digits")):
        box.locator("[data-send]").click()
        expect(box.get_by_role("alert")).to_contain_text(fault)
        box.locator(f"[data-image={fixed[0]}]").fill(fixed[1])
    box.locator("[data-image=file]").set_input_files({
        "name": "table@1.0", "mimeType": "application/json", "buffer": json.dumps(IMAGE).encode(),
    })  # fmt: skip
    expect(box).to_contain_text("stretches 2, octets 34")
    box.locator("[data-image=version]").fill("1.0")
    box.locator("[data-send]").click()
    octets = ivo.locator("[data-octets]")
    expect(octets).to_contain_text("not known 34 B")
    expect(ivo).to_have_url(re.compile("at=table%401.0"))
    ivo.locator("[data-act=dump]").click()
    expect(ivo.get_by_role("dialog").last).to_contain_text("DumpMemory memory=6 address=512")
    centre.executes(requested(ivo))
    expect(octets).to_contain_text("different 4 B")
    expect(octets).to_contain_text("same 30 B")
    expect(ivo.locator("[data-stretch=different]")).to_have_count(2)
    expect(ivo.locator("[data-stretch=different] .d").first).to_have_text("01")
    ivo.locator("[data-act=changed]").click()
    expect(ivo.get_by_role("dialog").last).to_contain_text("It changes the memory")
    name = requested(ivo)
    assert centre.get(f"commands/requests/{name}")["significance"] == "critical"
    centre.executes(name)
    expect(ivo.locator("[data-same]")).to_be_visible()
    expect(ivo.locator("[data-act=changed]")).to_have_attribute("aria-disabled", "true")


# both


def test_nothing_looks_alive_on_a_dead_line(people: Callable[..., Page], centre: OnBoard) -> None:
    run = centre.post("procedures/runs", {"procedure": "waits", "spacecraft": TWIN, "mode": "automatic"})["id"]
    image = {"name": "still", "version": "1", "memory": 7, "runs": [[0, "00"]]}
    centre.post(f"onboard/{TWIN}/images", image)
    centre.executes(centre.wish("AreYouAlive", 200))
    pages = [people("ivo") for _ in range(4)]
    paths = (f"/procedures?run={run}", "/onboard", "/onboard?view=stores", "/onboard?view=memories&at=still@1")
    for page, path in zip(pages, paths, strict=True):
        page.goto(path)
    runs, schedule, stores, memory = pages
    expect(runs.locator(".r-now .m-count")).to_contain_text("times out in 04:")
    expect(schedule.locator(".q-wide .m-count")).to_contain_text("at ")
    expect(stores.locator("[data-gap]").first).to_be_visible()
    expect(memory.locator("[data-octets]")).to_contain_text("1 B")
    os.kill(centre.process.pid, signal.SIGSTOP)
    try:
        expect(runs.locator(".r-run [data-state]")).to_contain_text("stale")
        expect(runs.locator(".r-now .m-count")).not_to_have_text(re.compile(r"\d\d:\d\d"))
        expect(runs.locator("[data-act=abort]")).to_have_attribute("aria-disabled", "true")
        expect(runs.locator(".g-row.stale").first).to_be_visible()
        expect(schedule.locator("[data-verdict]")).to_contain_text("stale")
        expect(schedule.locator(".q-wide .m-count")).not_to_have_text(re.compile(r"\d\d:\d\d"))
        expect(schedule.locator(".q-view .g-row.stale").first).to_be_visible()
        expect(schedule.locator(".q-axis.old")).to_be_visible()
        expect(schedule.locator("[data-act=report]")).to_have_attribute("aria-disabled", "true")
        expect(stores.locator("[data-gaps]")).to_contain_text("stale")
        expect(stores.locator("[data-act=summary]")).to_have_attribute("aria-disabled", "true")
        expect(memory.locator("[data-octets]")).to_contain_text("stale")
        expect(memory.locator("[data-act=dump]")).to_have_attribute("aria-disabled", "true")
    finally:
        os.kill(centre.process.pid, signal.SIGCONT)
    expect(runs.locator(".r-now .m-count")).to_contain_text("times out in 04:")
    expect(schedule.locator("[data-verdict]")).not_to_contain_text("stale")
    expect(stores.locator("[data-gaps]")).not_to_contain_text("stale")
    expect(memory.locator("[data-act=dump]")).to_have_attribute("aria-disabled", "false")
    centre.post(f"procedures/runs/{run}", {"action": "abort"})


def test_who_may_not_is_told_why_and_no_screen_is_too_narrow(people: Callable[..., Page], centre: OnBoard) -> None:
    run = centre.post("procedures/runs", {"procedure": "check_table", "spacecraft": TWIN, "arguments": {"comment": BAD}})["id"]
    centre.post(f"onboard/{TWIN}/images", {"name": "narrow", "version": "1", "memory": 7, "runs": [[0, "00" * 300]]})
    otto = people("otto", "ru")
    otto.set_viewport_size({"width": 800, "height": 900})
    needs = re.compile("command.request")
    for path, button in (
        (f"/procedures?run={run}", "[data-act=step]"), ("/procedures?procedure=check_table", "[data-start]"),
        ("/onboard", "[data-act=report]"), ("/onboard?view=stores", "[data-act=summary]"),
        ("/onboard?view=memories&at=narrow@1", "[data-act=load]"), ("/onboard?view=memories", "[data-new-image]"),
    ):  # fmt: skip
        otto.goto(path)
        expect(otto.locator(button)).to_have_attribute("title", needs)
        otto.locator(button).click(force=True)
        expect(otto.get_by_role("dialog")).to_have_count(0)
        assert otto.locator("#main img, #main script").count() == 0, path
        assert otto.evaluate("document.documentElement.scrollWidth") <= 800, path
    otto.goto("/onboard?spacecraft=tgo&view=stores")
    expect(otto.locator("main .a-wait")).to_have_count(0)
    otto.goto("/procedures?procedure=lander")
    expect(otto.get_by_text(says("ru")("procedures.no.craft"))).to_be_visible()
    otto.goto("/procedures?run=nothing")
    expect(otto.get_by_role("alert").filter(has_text="nothing")).to_be_visible()
    otto.keyboard.press("Control+k")
    otto.keyboard.type("На борту")
    expect(otto.get_by_role("option").first).to_contain_text("На борту")
    otto.keyboard.press("Enter")
    expect(otto).to_have_url(re.compile("/onboard"))
    otto.locator("body").press("g")
    otto.keyboard.press("x")
    expect(otto).to_have_url(re.compile("/procedures"))
