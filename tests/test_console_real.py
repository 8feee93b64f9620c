"""The pages against the real interface: real accounts, alarms and archive, the TGO recording going on live."""

import csv
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from door_material import PASSWORD
from shared import chromium
from test_console_faults import PATIENCE_S, Centre, alive, log_in, opened, told

HERE = Path(__file__).parent
PARAMETER, TITLE = "/TGO/attitude_0", "Attitude out of limits"
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


class Real(Centre):
    """The centre of `console_real_centre.py` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.scheme = folder, "http"
        self.log = (folder / "log").open("wb")
        self.start()

    def start(self) -> None:
        command = (sys.executable, str(HERE / "console_real_centre.py"), str(self.folder))
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        end = time.monotonic() + PATIENCE_S
        while not ((self.folder / "complex" / "ports.json").exists() and self.answers()):
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.1)


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    chromium()
    made = Real(tmp_path_factory.mktemp("real"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def sessions(centre: Real) -> dict[str, str]:
    """Return the secret of a session of each user."""
    found = {}
    for name in ("boss", "vera"):
        with centre.as_user(name) as one:
            found[name] = str(one.cookies["aelita_session_esa"])
    return found


@pytest.fixture
def page(browser: Browser, centre: Real, sessions: dict[str, str]) -> Iterator[Page]:
    with opened(browser, centre.url, sessions["vera"]) as made:
        yield made


@pytest.fixture
def boss(browser: Browser, centre: Real, sessions: dict[str, str]) -> Iterator[Page]:
    with opened(browser, centre.url, sessions["boss"]) as made:
        yield made


def moves(page: Page, selector: str) -> None:
    """Assert that a text becomes another one."""
    before = page.locator(selector).first.inner_text()
    expect(page.locator(selector).first).not_to_have_text(before)


def test_a_display_is_made_saved_shared_and_opened_by_another(page: Page, boss: Page) -> None:
    page.goto("/displays")
    page.get_by_role("button", name="New display").click()
    page.get_by_label("Title of the display").fill("Attitude watch")
    parts = {"Table": "/TGO/attitude_*", "Plot": PARAMETER, "Text": "<b>not bold</b>", "Mimic": f"Body = {PARAMETER}"}
    for kind, says in parts.items():
        page.get_by_role("button", name=f"+ {kind}").click()
        page.get_by_role("dialog").locator("textarea").fill(says)
        page.get_by_role("dialog").get_by_role("button", name="Done").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"displays\?d=[^n]"))
    expect(page.locator(".g-row")).to_have_count(4)
    boss.goto("/displays")
    expect(boss.get_by_text("No display yet")).to_be_visible()  # it is vera's alone
    page.get_by_role("button", name="Edit").click()
    page.get_by_text("Shared with the centre").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".a-head .a-chip").filter(has_text="Shared")).to_be_visible()
    boss.goto("/displays")
    boss.locator(".g-row", has_text="Attitude watch").dblclick()
    expect(boss.get_by_text("<b>not bold</b>")).to_be_visible()
    expect(boss.locator(".g-row")).to_have_count(4)
    expect(boss.locator(".uplot canvas")).to_be_visible()
    expect(boss.get_by_role("button", name="Make it mine")).to_be_visible()  # not boss's: only a copy can be changed
    moves(boss, ".g-row .v")


def test_a_parameter_is_shown_with_its_last_samples_of_archive_and_stream(page: Page) -> None:
    page.goto(f"/telemetry?p={PARAMETER}")
    expect(page.locator("[data-now-state]")).to_have_text("no limits")
    expect(page.locator("[data-sample]")).to_have_count(12)
    moves(page, "[data-now-value]")
    times = [one.split("\t")[0] for one in page.locator("[data-sample]").all_inner_texts()]
    assert times == sorted(times, reverse=True) and len(set(times)) == 12


def test_limits_are_overridden_and_drawn(page: Page) -> None:
    page.goto(f"/overrides?new={PARAMETER}&kind=limits")
    box = page.get_by_role("dialog").first
    box.get_by_label("critical, below").fill("3")
    box.get_by_label("warning, below").fill("5")
    box.get_by_label("Reason: why").fill("a test of the pages")
    box.locator("[data-send]").click()
    sure = page.get_by_role("dialog", name=re.compile("Override what the database says"))
    sure.get_by_role("button", name="Override", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".g-row", has_text=PARAMETER)).to_be_visible()
    page.goto(f"/telemetry?p={PARAMETER}")
    expect(page.locator("[data-now-state]")).to_have_text("critical")
    expect(page.locator("[data-ruler-mark]")).to_have_count(1)
    expect(page.locator(".n-ticks span")).to_have_text(["3", "5"])


def test_a_delivery_is_made_and_its_batch_is_fetched(page: Page, centre: Real) -> None:
    page.goto("/deliveries")
    page.locator("[data-make]").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Title: for whom, what for").fill("for the pages")
    box.get_by_role("button", name="Parameters").click()
    box.get_by_label("Names or patterns").fill("/TGO/attitude_*")
    expect(box.get_by_text("Parameters that fit: 4")).to_be_visible()
    box.get_by_text("Begin with what the archive has already").click()
    box.locator("[data-send]").click()
    expect(box).to_have_count(0)
    batches = page.get_by_role("grid", name="What was delivered")
    expect(batches.locator(".g-row").first).to_be_visible()
    batches.locator(".g-row").first.click()
    with page.expect_download() as fetched:
        page.keyboard.press("Enter")
    assert Path(fetched.value.path()).stat().st_size > 1000
    page.locator("[data-end]").click()
    page.get_by_role("dialog").get_by_role("button", name="End and delete").click()
    expect(page.get_by_text("No delivery", exact=True)).to_be_visible()


def test_the_log_is_written_corrected_and_handed_over(page: Page) -> None:
    page.goto("/log")
    page.get_by_label("What happened, what was done").fill("Reaction wheel 2 <b>noisy</b>")
    page.locator(".x-form [data-send]").click()
    first = page.locator("[data-entry]").first
    expect(first).to_contain_text("Reaction wheel 2 <b>noisy</b>")
    first.get_by_role("button", name="Correct").click()
    page.get_by_role("dialog").locator("textarea").fill("Reaction wheel 3 noisy")
    page.get_by_role("dialog").locator("[data-send]").click()
    expect(page.locator("p.struck")).to_contain_text("Reaction wheel 2")
    page.locator("[data-handover]").click()
    page.get_by_role("dialog").locator("textarea").fill("Mind the wheel")
    page.get_by_role("dialog").locator("[data-send]").click()
    expect(page.locator("[data-entry]").first).to_contain_text("Mind the wheel")
    expect(page.locator("[data-entry]").first).to_contain_text("Handover")


def test_a_user_is_made_enters_and_is_removed_and_a_token_ends(boss: Page, browser: Browser, centre: Real) -> None:
    boss.goto("/administration?view=users")
    boss.locator("[data-add-user]").click()
    box = boss.get_by_role("dialog")
    box.get_by_label("User", exact=True).fill("ivan")
    box.get_by_text(re.compile("MOC flight director")).first.click()
    box.locator("[data-send]").click()
    link = boss.locator("[data-secret]").inner_text()
    boss.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(boss.locator("[data-user=ivan]")).to_contain_text("not yet")
    with opened(browser, centre.url) as ivan:
        ivan.goto(link)
        for label in ("Password", "Password again"):
            ivan.get_by_label(label, exact=True).fill(PASSWORD)
        ivan.locator("button.pri").click()
        expect(ivan.locator("main h1")).to_have_text("Overview")
        alive(ivan)
        boss.goto("/administration?view=users")
        boss.locator("[data-user=ivan]").get_by_role("button", name="Delete").click()
        boss.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(boss.locator("[data-user=ivan]")).to_have_count(0)
        expect(ivan.get_by_label("Password")).to_be_visible()  # out at once
    boss.goto("/administration?view=tokens")
    boss.locator("[data-add-token]").click()
    boss.get_by_label("What it is for").fill("nightly script")
    boss.get_by_role("dialog").locator("[data-send]").click()
    bearer = {"authorization": f"Bearer {boss.locator('[data-secret]').inner_text()}"}
    boss.get_by_role("dialog").get_by_role("button", name="Done").click()
    assert httpx.get(f"{centre.url}/api/v1/auth/me", headers=bearer).json()["how"] == "token"
    boss.get_by_role("row", name=re.compile("nightly script")).get_by_role("button", name="Revoke").click()
    boss.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(boss.get_by_text("nightly script")).to_have_count(0)
    assert httpx.get(f"{centre.url}/api/v1/auth/me", headers=bearer).status_code == 401


def test_a_backup_shows_how_far_it_is_and_is_cancelled(boss: Page, centre: Real) -> None:
    slow = centre.folder / "slow"
    slow.touch()
    boss.goto("/administration?view=backups")
    boss.locator("[data-backup]").click()
    part = boss.locator("[data-part]")
    expect(part).to_have_text(re.compile(r"^[1-9]\d? %$"))
    bar = boss.get_by_role("progressbar")
    before = int(str(bar.get_attribute("aria-valuenow")))
    expect(bar).not_to_have_attribute("aria-valuenow", str(before))
    assert before < int(str(bar.get_attribute("aria-valuenow"))) < 100
    boss.locator("[data-cancel-backup]").click()
    expect(boss.locator("[data-progress]")).to_have_count(0)
    row = boss.locator(".g-row").first
    expect(row).to_contain_text("cancelled")
    (mark,) = (centre.folder / "complex" / "esa" / "backups").glob("*/*")
    assert json.loads(mark.read_text())["state"] == "cancelled"  # nothing else is left of it
    slow.unlink()
    boss.locator("[data-backup]").click()
    expect(boss.locator(".g-row", has_text="done")).to_be_visible()
    boss.locator(".g-row", has_text="done").click()
    boss.locator("[data-delete-backup]").click()
    boss.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(boss.locator(".g-row", has_text="done")).to_have_count(0)


def test_a_plot_is_taken_away_as_a_picture_and_as_its_samples(page: Page, centre: Real) -> None:
    shown = "from=2023-05-24T18:55:00Z&to=2023-05-24T18:58:00Z"
    page.goto(f"/plot?p={PARAMETER}&{shown}")
    page.wait_for_function("window.__aelita?.plot?.points > 10")
    with page.expect_download() as picture:
        page.locator("[data-png]").click()
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as table:
        page.locator("[data-csv]").click()
    rows = list(csv.DictReader(Path(table.value.path()).read_text().splitlines()))
    with centre.as_user("vera") as vera:
        span = {"start": "2023-05-24T18:55", "stop": "2023-05-24T18:58"}
        items = told(vera.get("values", params={"parameters": PARAMETER, **span}))["items"]
    assert len(rows) == len(items) > 10
    assert [float(row[PARAMETER]) for row in rows] == pytest.approx([one["value"] for one in items])


def test_events_are_sought_by_source_and_the_query_is_saved(page: Page, boss: Page) -> None:
    page.goto("/events")
    rows = page.locator(".g-row")
    expect(rows.first).to_be_visible()
    page.get_by_role("combobox", name="Source").click()
    page.get_by_role("option", name=re.compile("part.tm")).click()
    expect(page).to_have_url(re.compile(r"source=\d"))
    expect(rows.filter(has_text="just now")).to_have_count(0)
    page.get_by_role("button", name="≥ low").click()
    page.locator("[data-saved]").click()
    page.locator("[data-save-query]").click()
    page.get_by_label("Your name for it").fill("Of the recording")
    page.get_by_role("dialog").locator("[data-send]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto("/events")
    page.locator("[data-saved]").click()
    page.locator("[data-query='Of the recording']").click()
    expect(page).to_have_url(re.compile(r"source=\d.*severity=2"))
    boss.goto("/events")
    boss.locator("[data-saved]").click()
    expect(boss.get_by_text("Nothing saved yet")).to_be_visible()  # it is vera's alone


def test_what_was_typed_is_for_who_typed_it_alone(browser: Browser, centre: Real) -> None:
    """A session ends under a page; in the same tab somebody else logs in, and later who was there first."""
    with centre.as_user("vera") as vera, opened(browser, centre.url, vera.cookies["aelita_session_esa"]) as page:
        page.goto("/log?q=secret-search")
        alive(page)
        page.locator("[data-keep=log-text]").fill("half a thought of vera")
        told(vera.post("auth/logout"))
        expect(page.get_by_role("alert")).to_contain_text("session has ended")
        log_in(page, user="boss")
        expect(page.locator("main h1")).to_have_text("Overview")  # not where vera was
        assert "secret-search" not in page.url
        page.goto("/log")
        alive(page)
        expect(page.locator("[data-keep=log-text]")).to_have_value("")
        assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('keep:'))") == []
        other = page.context.new_page()  # another tab of the same browser, in which somebody else logs in
        other.goto("/log")
        alive(other)
        with centre.as_user("vera") as again:
            cookie = {"name": "aelita_session_esa", "value": again.cookies["aelita_session_esa"], "url": centre.url}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
        other.evaluate("location.reload()")
        expect(other.locator(".a-who")).to_have_text("vera")


def test_the_alarm_of_the_overridden_limits_is_acknowledged_shelved_and_found_again(page: Page) -> None:
    """It was raised while the tests before this one went on: an alarm of the attitude waits a while before it calls."""
    page.goto("/alarms?show=calling")
    page.locator(".g-row", has_text=TITLE).click()
    page.locator("[data-act=acknowledge]").click()
    page.get_by_role("dialog").locator("textarea").fill("seen by vera")
    page.get_by_role("dialog").locator("[data-send]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("seen by vera").first).to_be_visible()
    page.goto("/alarms")
    page.locator(".g-row", has_text=TITLE).click()
    page.locator("[data-act=shelve]").click()
    page.get_by_role("dialog").locator("textarea").fill("while we test")
    page.get_by_role("dialog").locator("[data-send]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-count=shelved]")).to_have_text("Shelved: 1")
    page.goto("/alarms?view=history&severity=4")
    expect(page.locator(".g-row", has_text=TITLE).filter(has_text="while we test")).to_have_count(1)
    page.get_by_label("Who", exact=True).fill("vera")
    expect(page).to_have_url(re.compile("who=vera"))
    expect(page.locator(".g-row")).to_have_count(2)  # acknowledged and shelved, the latter first
    expect(page.locator(".g-row").first).to_contain_text("Shelved")
    page.locator(".g-row").last.click()
    expect(page.locator(".a-pairs")).to_contain_text("seen by vera")
    page.goto("/overrides")
    page.locator(".g-row", has_text=PARAMETER).click()
    page.locator("[data-end]").click()
    page.get_by_role("dialog").locator("[data-send]").click()
    expect(page.locator(".g-row", has_text=PARAMETER)).to_have_count(0)
