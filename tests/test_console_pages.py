"""The pages of operations as a user drives them in a browser, against a made-up centre whose every text holds a script."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from aelita.console.pages.asked import rows_of, told_in_words, typed_instant
from aelita.console.words import WORDS
from aelita.errors import TimeError
from shared import chromium

HERE = Path(__file__).parent
PATIENCE_MS = 30_000
PATHS = (
    "/packets", "/packets?view=frames", "/packets?view=quarantine", "/completeness", "/events", "/events?kind=limit", "/alarms",
    "/stations", "/database", "/database?view=versions", "/agencies", "/agencies?view=gives", "/agencies?view=rights",
    "/agencies?view=roles", "/agencies?view=parts", "/log", "/administration", "/administration?view=tokens",
    "/administration?view=services", "/administration?view=audit", "/administration?view=backups",
)  # fmt: skip
expect.set_options(timeout=PATIENCE_MS)


def asked(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, {"content-type": "application/json"})) as answer:
        return json.loads(answer.read() or b"null")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(HERE / "console_pages_centre.py"), str(port)]
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("pages"))
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/login").close()
            break
        except OSError:
            assert time.monotonic() < end and process.poll() is None, "the made-up centre does not start"
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    asked(url + "/control", {"ticks": True, "streams": "live", "session": True, "refuse": False})
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url)
    context.add_cookies([{"name": "aelita_session", "value": "s", "url": url}])
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    yield made
    hurt = made.evaluate("window.hurt ?? 0")
    context.close()
    assert not faults and not hurt


def done(url: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = asked(url + "/done")
    return told


def test_times_are_typed_as_dates_or_days_of_the_year() -> None:
    assert typed_instant("2023-05-24 18:55:01.5Z") == "2023-05-24T18:55:01.500000000Z"
    assert typed_instant("2023-144T18:55") == typed_instant("2023-05-24T18:55")
    assert typed_instant(" ") == ""
    with pytest.raises(TimeError):
        typed_instant("yesterday")


def test_answers_are_told_in_words() -> None:
    assert told_in_words({"a": [1, "x"], "b": None}) == "a 1, x, b –"
    assert rows_of({"items": [{"a": 1}, 2]}) == rows_of([{"a": 1}]) == [{"a": 1}]
    assert rows_of(None) == []


def test_states_that_come_from_data_have_words() -> None:
    phases = [
        "normal", "unacknowledged", "acknowledged", "returned to normal, unacknowledged", "latched, unacknowledged",
        "latched, acknowledged", "out of service", "suppressed by design", "shelved",
    ]  # fmt: skip
    categories = ["note", "operation", "anomaly", "command", "station", "instrument", "handover", "pass"]
    needed = {f"alarms.phase.{one}" for one in phases} | {f"log.category.{one}" for one in categories}
    needed |= {f"service.{one}" for one in ("well", "faulty", "starting", "silent", "down")}
    needed |= {f"administration.login.{one}" for one in ("password", "organisation", "none")}
    assert needed <= set(WORDS)


def test_no_page_runs_what_a_text_says_nor_widens_a_narrow_screen(page: Page, url: str) -> None:
    page.context.add_cookies([{"name": "aelita_look", "value": "lang%3Dru%26theme%3Dlight", "url": url}])
    page.set_viewport_size({"width": 800, "height": 900})
    for path in PATHS:
        page.goto(path)
        expect(page.locator("main h1")).to_be_visible()
        expect(page.locator("main .a-wait")).to_have_count(0)
        assert page.evaluate("window.hurt ?? 0") == 0, path
        assert page.locator("#main img, #main script").count() == 0, path
        assert page.evaluate("document.documentElement.scrollWidth") <= 800, path


def test_a_field_shows_its_octets_and_an_octet_its_field(page: Page) -> None:
    page.goto("/packets")
    page.locator(".g-row").nth(3).click()
    expect(page).to_have_url(re.compile(r"at=packets%2F1%2F3"))
    expect(page.locator(".o-head")).to_contain_text("<script>")
    page.locator(".o-fields .g-row", has_text="temperature").hover()
    expect(page.locator(".o-cells .hot")).to_have_text(["12", "34"])
    page.locator(".o-cells [data-o='8']").hover()
    expect(page.locator(".o-fields .g-row.hot")).to_contain_text("mode")
    expect(page.locator(".o-bitrow b")).to_have_text(list("01010110"))
    expect(page.locator(".o-bitrow .hot")).to_have_count(4)
    expect(page.locator(".o-name")).to_have_text(["mode", "state"])
    page.locator(".o-cells [data-o='8']").click()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".o-fields .g-row.hot")).to_contain_text("temperature")
    page.get_by_label("APID").fill("5")
    expect(page.get_by_text("No packet in the archive")).to_be_visible()
    page.goto("/packets?at=packets/1/7&apid=22")
    expect(page.locator(".o-head")).to_contain_text("107")
    expect(page.get_by_label("APID")).to_have_value("22")


def test_errors_and_nothing_are_designed(page: Page) -> None:
    page.goto("/packets?view=frames")
    expect(page.get_by_role("alert")).to_contain_text("nothing is archived yet")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("button", name="Quarantine").click()
    expect(page.get_by_text("Nothing is in quarantine")).to_be_visible()
    expect(page).to_have_url(re.compile("view=quarantine"))


def test_holes_are_seen_and_close(page: Page, url: str) -> None:
    hole = {"source": 1, "virtual_channel": 0, "after_frame": 1, "expected": 5, "found": 9, "lost": 4}
    asked(url + "/holes", [hole | {"start": "2023-05-24T18:54:00.000000000Z", "stop": "2023-05-24T18:54:10.000000000Z"}])
    page.goto("/completeness")
    channels = page.locator("[data-row^=vc]")
    expect(channels).to_have_count(1)  # of all sources together
    expect(channels).to_contain_text("99.60 %")
    expect(channels.locator(".hole")).to_have_count(1)
    channels.click()
    expect(page.get_by_role("grid", name="Holes")).to_contain_text("2023-05-24 18:54:10")
    asked(url + "/holes", [])
    expect(channels.locator(".hole")).to_have_count(0)  # by itself
    expect(channels).to_contain_text("100 %")


def test_events_of_archive_and_stream_are_one_list(page: Page) -> None:
    page.goto("/events")
    rows = page.locator(".g-row")
    expect(rows.first).to_contain_text("just now <script>")
    expect(page.locator("[data-count]")).to_contain_text("32")
    page.get_by_role("button", name="≥ medium").click()
    expect(page).to_have_url(re.compile("severity=3"))
    expect(page.locator("[data-count]")).to_contain_text("2 events")
    rows.nth(1).click()
    expect(page.locator(".a-pairs").last).to_contain_text("field")
    page.get_by_label("Search events").fill("report 99")
    expect(page.locator("[data-count]")).to_contain_text("1 events")
    page.get_by_role("button", name="Limit transitions").click()
    expect(rows.first).to_contain_text("/TGO/T")
    expect(rows.first).to_contain_text("nominal → critical · 31.5")


def test_alarms_are_acknowledged_and_shelved_by_the_keyboard(page: Page, url: str) -> None:
    page.goto("/alarms")
    expect(page.locator("[data-count=calling]")).to_have_text("Waiting: 2")
    expect(page.locator("[data-count=shelved]")).to_have_text("Shelved: 1")
    page.get_by_role("grid").focus()
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile(r"alarm=esa%2Flimit"))
    expect(page.locator(".a-line")).to_contain_text("Raised")
    expect(page.locator(".a-line")).to_contain_text("<script>")
    page.keyboard.press("a")
    box = page.get_by_role("dialog")
    box.locator("textarea").fill("refuse")
    box.locator("[data-send]").click()
    expect(page.get_by_text("The alarm server refuses")).to_be_visible()
    box.locator("textarea").fill("seen")
    box.locator("[data-send]").click()
    expect(box).to_have_count(0)
    assert done(url)[-1] == {"what": "acknowledge", "alarm": "limit:/TGO/T03", "owner": "esa", "comment": "seen"}
    page.get_by_role("grid").focus()
    page.keyboard.press("s")
    box.get_by_role("button", name="4 h").click()
    box.locator("textarea").fill("maintenance")
    box.locator("[data-send]").click()
    expect(box).to_have_count(0)
    assert done(url)[-1]["for_s"] == 14400.0 and done(url)[-1]["what"] == "shelve"
    page.locator(".g-row", has_text="roscosmos").filter(has_text="theirs").click()
    expect(page.locator("[data-act=acknowledge]")).to_be_visible()
    expect(page.locator("[data-act=shelve]")).to_have_count(0)  # another agency's can only be acknowledged
    page.get_by_role("button", name="Shelved", exact=True).click()
    expect(page.locator(".g-row")).to_have_count(1)
    expect(page.locator(".g-row")).to_contain_text("clock:machine")


def test_alarms_are_unknown_when_their_stream_stops(page: Page, url: str) -> None:
    page.goto("/alarms")
    expect(page.locator(".g-row").first).to_have_class(re.compile("calls"))
    asked(url + "/control", {"streams": "lost"})
    expect(page.locator("[data-count=calling]")).to_have_text("Waiting: unknown")
    expect(page.locator(".g-row").first).to_have_class(re.compile("stale"))
    asked(url + "/control", {"streams": "live"})
    expect(page.locator("[data-count=calling]")).to_have_text("Waiting: 2")


def test_who_may_not_is_told_why(page: Page, url: str) -> None:
    asked(url + "/control", {"may": ["view"]})
    try:
        page.goto("/alarms?alarm=esa/limit:/TGO/T03")
        button = page.locator("[data-act=acknowledge]")
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(button).to_have_attribute("title", re.compile(r"alarm\.acknowledge"))
        page.goto("/administration?view=audit")
        expect(page.get_by_text("You may not see this")).to_be_visible()
    finally:
        asked(url + "/control", {"may": None})


def test_a_station_is_booked_and_a_booking_cancelled(page: Page, url: str) -> None:
    page.goto("/stations")
    expect(page.get_by_text("malargue").first).to_be_visible()
    page.locator(".b-bar.book").click(position={"x": 4, "y": 4})
    expect(page.locator(".a-pairs")).to_contain_text("b1")
    page.get_by_role("button", name="Cancel the booking").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the booking").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert done(url)[-1] == {"what": "cancel", "station": "malargue", "reference": "b1"}
    page.get_by_role("button", name="Book", exact=True).click()
    box = page.get_by_role("dialog")
    box.get_by_label("To (UTC)").fill("2023-144T23:00")
    box.locator("[data-send]").click()
    expect(page.get_by_text("below the horizon")).to_be_visible()
    assert done(url)[-1]["stop"] == "2023-05-24T23:00:00.000000000Z" and done(url)[-1]["start"] is None


def test_a_parameter_leads_to_its_container_and_versions_are_compared(page: Page) -> None:
    page.goto("/database")
    page.locator(".g-row").first.click()
    expect(page.locator(".a-chain")).to_contain_text("warning outside 10 to 26")
    expect(page).to_have_url(re.compile("name=%2FTGO%2FTHERMAL"))
    page.goto("/database?kind=container&name=/TGO/HK")
    expect(page.locator(".y-box")).to_have_count(6)
    expect(page.get_by_text("apid == 3")).to_be_visible()
    page.goto("/database?view=versions")
    expect(page.get_by_text("/TGO/changed1to2")).to_be_visible()


def test_the_log_is_written_and_searched_and_keeps_what_is_typed(page: Page) -> None:
    page.goto("/log")
    field = page.get_by_label("What happened, what was done")
    field.fill("<b onclick=x>switched to B</b>")
    page.reload()
    expect(field).to_have_value("<b onclick=x>switched to B</b>")
    page.locator("[data-send]").click()
    entry = page.locator("[data-entry]").first
    expect(entry).to_contain_text("<b onclick=x>switched to B</b>")
    expect(field).to_have_value("")
    page.get_by_label("Search the log").fill("nothing like it")
    expect(page.get_by_text("No entry", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("q=nothing"))


def test_agencies_tell_lag_and_who_may_what(page: Page) -> None:
    page.goto("/agencies")
    mirror = page.get_by_role("grid", name="Mirrors of other agencies")
    expect(mirror).to_contain_text("FROM_ROSCOSMOS_FRAMES")
    expect(mirror).to_contain_text("7")
    page.get_by_role("button", name="Who may what").click()
    expect(page.get_by_role("row", name=re.compile("alarm.shelve"))).to_contain_text("●")
    page.get_by_role("button", name="Data rights").click()
    expect(page.get_by_role("row", name=re.compile("NOMAD"))).to_contain_text("not given")


def test_tokens_and_links_are_shown_once(page: Page, url: str) -> None:
    page.goto("/administration?view=tokens")
    page.locator("[data-add-token]").click()
    page.get_by_label("What it is for").fill("nightly script")
    page.locator("[data-send]").click()
    expect(page.locator("[data-secret]")).to_have_text("secret-shown-once")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.locator("[data-secret]")).to_have_count(0)
    expect(page.get_by_text("nightly script")).to_be_visible()
    page.get_by_role("button", name="Users", exact=True).click()
    page.locator("[data-add-user]").click()
    box = page.get_by_role("dialog")
    box.get_by_label("User", exact=True).fill("ivan")
    box.get_by_text("Director").click()
    box.locator("[data-send]").click()
    expect(page.locator("[data-secret]")).to_have_text("http://here/first?code=once")
    assert done(url)[-1] == {"what": "user", "user": "ivan", "title": "", "roles": ["director"]}
