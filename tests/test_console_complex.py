"""The whole complex in a real browser, once: both agencies from their first links on, and processes killed under open pages."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

from aelita.services.live.installation import PORTS, PORTS_OF_PARTS
from door_material import PASSWORD
from shared import SHARED, chromium

RECORDING = SHARED / "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"
PATIENCE_MS, PATIENCE_S = 90_000, 90.0
expect.set_options(timeout=PATIENCE_MS)


class Complex:
    """`aelita run` with two agencies, on the recording where there is one, else on the synthetic spacecraft."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        program = [
            "-c",
            "from aelita.cli import main; main()",
            "--data",
            str(folder),
            "run",
            "--no-watch",
            "--station",
            "malargue",
        ]
        self.log = (folder / "run.log").open("wb")
        self.home.mkdir()
        first, second = random.sample(PORTS_OF_PARTS, 2)  # those that people type would be taken by other tests too
        (self.home / PORTS).write_text(json.dumps({"esa/web": first, "roscosmos/web": second}))
        self.process = subprocess.Popen(
            [sys.executable, *program, *more],
            stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip

    @property
    def home(self) -> Path:
        return self.folder / "complex"

    def first_link(self, agency: str) -> str:
        path = self.home / agency / "first-login.txt"
        self.until(f"the first link of {agency}", path.exists)
        return path.read_text("utf-8").strip()

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.process.poll() is None and time.monotonic() < end, (what, (self.folder / "run.log").read_text()[-2000:])
            time.sleep(0.1)

    def pid(self, *words: str) -> int:
        """Return the process below the supervisor whose command line has these words."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ValueError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                line = (folder / "cmdline").read_bytes().decode().replace("\0", " ")
                if int(parent) == self.process.pid and state != "Z" and all(word in line for word in words):
                    return int(folder.name)
        raise AssertionError(f"no process is {words}")

    def kill(self, *words: str) -> None:
        os.kill(self.pid(*words), signal.SIGKILL)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            self.log.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Complex]:
    chromium()
    play = ("--play", str(RECORDING)) if RECORDING.exists() else ()
    made = Complex(tmp_path_factory.mktemp("complex"), "--station", "kalyazin", *play)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def pages(one: Complex, browser: Browser) -> dict[str, Page]:
    """Give a page of each agency, of who came by its first link; that of Roscosmos is watched."""
    made = {"esa": entered(one, browser, "esa", "flight-director"), "roscosmos": entered(one, browser, "roscosmos")}
    made["roscosmos"].goto("/telemetry")
    moving(made["roscosmos"])
    watched(made["roscosmos"])
    return made


def entered(one: Complex, browser: Browser, agency: str, *roles: str) -> Page:
    """Give a page of who came by the first link of an agency and gave himself roles."""
    link = one.first_link(agency)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=link.partition("/first")[0])
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    one.until(f"the console of {agency}", partial(answers, page, link))
    for label in ("User", "Password", "Password again"):
        page.get_by_label(label, exact=True).fill("vera" if label == "User" else PASSWORD)
    for role in roles:
        page.locator(f"[data-role={role}]").check()
    page.locator("button.pri").click()
    expect(page).not_to_have_url(re.compile("first"))
    alive(page)
    return page


def answers(page: Page, link: str) -> bool:
    with contextlib.suppress(Exception):
        page.goto(link)
        return page.get_by_label("User", exact=True).is_visible()
    return False


def alive(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-line", "alive")


def moving(page: Page) -> None:
    alive(page)
    values = page.locator(".g-row .v")
    expect(values.first).to_be_visible()
    expect(page.locator(".g-row:not(.stale)").first).to_be_visible()
    changed = "(before) => [...document.querySelectorAll('.g-row .v')].some((e, i) => e.innerText !== before[i])"
    page.wait_for_function(changed, arg=values.all_inner_texts())


def watched(page: Page) -> None:
    """Begin to write down what becomes of the line of a page."""
    seen = "window.seen.push(document.body.dataset.line)"
    page.evaluate(f"window.seen = []; new MutationObserver(() => {seen}).observe(document.body, {{attributes: true}})")


def unhurt(page: Page) -> None:
    """Assert that the line of a page was alive all the time, and that its values move."""
    moving(page)
    assert set(page.evaluate("window.seen")) <= {"alive"}


def unknown(page: Page) -> None:
    """Assert that the bar knows nothing of links and alarms."""
    expect(page.locator("[data-chip=link]")).to_contain_text("unknown")
    expect(page.locator("[data-chip=alarms]")).to_contain_text("unknown")


def raise_alarm(page: Page) -> None:
    """Set limits that no value keeps, as who looks at a page."""
    asked = """async () => {
      let why = "", items = [];
      while (!items.length) { // until something is archived
        const answer = await fetch("/api/v1/latest");
        if (answer.ok) items = (await answer.json()).items.filter((o) => typeof o.value === "number");
        await new Promise((done) => setTimeout(done, 200));
      }
      for (const one of items) {
        const body = { parameter: one.parameter, limits: [{ severity: 4, maximum: -1e30 }], for_s: 36000, reason: "a test" };
        const how = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
        const answer = await fetch("/api/v1/overrides", how);
        if (answer.ok) return "done";
        why = await answer.text();
      }
      return why;
    }"""
    assert page.evaluate(asked) == "done"


def test_an_api_that_dies_under_open_pages_is_said_and_comes_back(one: Complex, pages: dict[str, Page]) -> None:
    page, other = pages["esa"], pages["roscosmos"]
    page.goto("/telemetry")
    moving(page)
    raise_alarm(page)
    other.goto("/telemetry")
    moving(other)
    watched(other)
    look = page.context.new_page()
    look.goto("/telemetry")
    moving(look)
    page.goto("/alarms?show=calling")
    page.locator(".g-row").first.click()
    page.locator("[data-act=acknowledge]").click()
    page.get_by_role("dialog").locator("textarea").fill("half a comment")
    one.kill("serve api", "--agency esa")
    for each in (page, look):
        expect(each.locator("body")).to_have_attribute("data-line", "dead")
        expect(each.locator(".a-banner")).to_contain_text("Nothing shown is live")
        expect(each.locator(".a-kv.old").first).to_be_visible()
        unknown(each)
    expect(look.locator(".g-row .st").first).to_have_text("stale")
    alive(page)
    expect(page.locator(".a-banner")).not_to_have_class(re.compile(r"\bon\b"))
    expect(page).to_have_url(re.compile("show=calling"))
    dialog, said = page.get_by_role("dialog").locator("textarea"), page.get_by_text("half a comment").first
    for _ in range(6):  # the page is loaded anew at some moment, and what was typed stands in its dialog again
        with contextlib.suppress(AssertionError, TimeoutError):
            expect(dialog).to_have_value("half a comment", timeout=15_000)
            page.locator("[data-send]").click(timeout=5000)
            expect(said).to_be_visible(timeout=8000)
            break
    expect(said).to_be_visible()
    moving(look)
    unhurt(other)
    look.close()


def test_streams_that_die_are_said_and_come_back(one: Complex, pages: dict[str, Page]) -> None:
    page, other = pages["esa"], pages["roscosmos"]
    page.goto("/telemetry")
    moving(page)
    one.kill("esa/nats", "server.conf")
    expect(page.locator(".a-banner")).to_contain_text("No longer live: ")
    unknown(page)
    expect(page.locator(".g-row .st").first).to_have_text("stale")
    alive(page)
    moving(page)
    expect(page.locator(".a-banner")).not_to_have_class(re.compile(r"\bon\b"))
    expect(page.locator("[data-chip=link]")).not_to_contain_text("unknown")
    unhurt(other)


def test_logging_out_closes_every_page_of_the_session(pages: dict[str, Page]) -> None:
    page, other = pages["esa"], pages["roscosmos"]
    second = page.context.new_page()
    second.goto("/events")
    alive(second)
    page.locator("[data-settings]").click()
    page.locator("[data-logout]").click()
    for each in (page, second):
        expect(each.get_by_label("Password")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Password")).to_be_visible()
    unhurt(other)
