"""A request of one agency's console is checked and released in the other's, radiated, verified, and both journals prove it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from aelita.commanding import Reader
from door_material import PASSWORD
from shared import chromium
from test_console_complex import PATIENCE_MS, Complex, alive, entered

SPEED = 60  # light needs 16 minutes one way
TWIN, COMMAND = "tgo-sim", "DisableSchedule"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Complex]:
    chromium()
    made = Complex(tmp_path_factory.mktemp("joint"), "--station", "kalyazin", "--simulate", TWIN, "--speed", str(SPEED))
    yield made
    made.stop()


def invited(director: Page, user: str, role: str) -> Page:
    """Give a page of a user whom a page of the first administrator invites."""
    asked = """async ([user, role]) => {
      const body = JSON.stringify({ user, title: "", roles: [role] });
      const how = { method: "POST", headers: { "content-type": "application/json" }, body };
      const answer = await fetch("/api/v1/admin/users", how);
      return await answer.json();
    }"""
    told = director.evaluate(asked, [user, role])
    browser = director.context.browser
    assert browser is not None
    home = director.url.partition("/")[0] + "//" + director.url.split("/")[2]
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=home)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(told["link"])
    for label in ("Password", "Password again"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.locator("button.pri").click()
    alive(page)
    return page


def signs(page: Page, name: str, act: str) -> None:
    page.goto(f"/approvals?at={name}")
    page.locator(f"[data-act={act}]").first.click()
    box = page.get_by_role("dialog").last
    box.locator("input[type=password]").fill(PASSWORD)
    box.locator("[data-send]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def audited(one: Complex, *words: str) -> str:
    program = ["-c", "from aelita.cli import main; main()", "--data", str(one.folder), "audit", "verify", *words]
    done = subprocess.run([sys.executable, *program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def journal(one: Complex, agency: str) -> Path:
    return one.home / agency / "commanding" / "joint.journal"


def test_a_critical_request_of_moscow_is_approved_by_both_and_verified_on_board(one: Complex, browser: Browser) -> None:
    vera, iki = entered(one, browser, "esa", "flight-director"), entered(one, browser, "roscosmos", "instrument-operator")
    carl, dora = (invited(vera, user, "spacecraft-controller") for user in ("carl", "dora"))
    olga = invited(iki, "olga", "control-director")
    iki.context.add_cookies([{"name": "aelita_look", "value": "lang%3Dru", "url": iki.url}])
    iki.goto(f"/commands?spacecraft={TWIN}")
    iki.locator("[data-find] input, input[data-find]").first.fill(COMMAND)
    row = iki.locator(".m-catalogue .g-row")
    expect(row).to_have_count(1)
    row.dblclick()
    expect(iki.locator("[data-prepare]")).to_have_attribute("aria-disabled", "false")
    iki.locator("[data-prepare]").click()
    expect(iki.locator(".m-sentences li")).to_have_count(1)
    digest = iki.locator("[data-digest]").inner_text()
    iki.locator("[data-request]").click()
    iki.locator("[data-asked] a").click()
    expect(iki).to_have_url(re.compile(r"/queue\?at=roscosmos-"))
    name = iki.url.rpartition("=")[2]
    for page, act in ((carl, "check"), (dora, "approve"), (olga, "approve"), (vera, "release")):
        signs(page, name, act)
    vera.goto(f"/queue?at={name}")
    for page, done in ((vera, "completed"), (iki, "исполнена")):
        expect(page.locator("[data-digest]")).to_have_text(digest)
        expect(page.locator(".m-top [data-state]")).to_have_text(done, timeout=240_000)
        expect(page.locator("[data-step=completed].done")).to_be_visible()

    def kinds(agency: str) -> list[str]:
        entries = Reader(agency).feed(journal(one, agency).read_bytes())
        return [entry.kind for entry in entries if entry.body.get("request") == name]

    assert kinds("esa").count("sending") == kinds("esa").count("radiated") == 1
    assert "released" not in kinds("roscosmos") and "sending" not in kinds("roscosmos")
    keys = one.folder / "keys"
    keys.mkdir()
    for agency, other in (("esa", "roscosmos"), ("roscosmos", "esa")):
        shutil.copy(one.home / other / "alarms" / "keys" / f"{agency}.pem", keys)
    trusted = ("--keys", str(keys), "--mission", "exomars")
    for page in (vera, iki, carl, dora, olga):
        page.context.close()
    one.stop()  # what was written is proved offline
    ours, copy = journal(one, "esa"), one.home / "roscosmos" / "commanding" / "copy-esa.journal"
    told = audited(one, str(ours), "--copy-of-other", str(journal(one, "roscosmos")), *trusted)
    assert told.count("no fault found") == 2 and "not checked: signatures" not in told, told
    assert "no fault found" in audited(one, str(copy), *trusted)
    octets = bytearray(journal(one, "esa").read_bytes())
    octets[octets.index(b'"sending"') + 2] ^= 1
    (altered := one.folder / "altered.journal").write_bytes(octets)
    with pytest.raises(AssertionError, match="fault"):
        audited(one, str(altered), *trusted)
