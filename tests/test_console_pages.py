"""The pages of operations as a user drives them in a browser, against a made-up centre whose every text holds a script."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from aelita.agencies import PERMISSIONS
from aelita.console.pages.asked import rows_of, told_in_words, typed_instant
from aelita.console.pages.overriding import TypedError, judged, number_of, points_of
from aelita.console.words import WORDS
from aelita.errors import TimeError

HERE = Path(__file__).parent
PATIENCE_MS = 30_000
PATHS = (
    "/packets", "/packets?view=frames", "/packets?view=quarantine", "/completeness", "/events", "/events?kind=limit", "/alarms", "/overrides", "/deliveries", "/administration?view=sessions",
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


def choose(page: Page, url: str, language: str) -> Callable[[str], str]:
    """Have the page in a language; return how a key of words is said in it."""
    page.context.add_cookies([{"name": "aelita_look", "value": f"lang%3D{language}", "url": url}])
    return lambda key: WORDS[key][("en", "ru").index(language)]


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
    needed |= {f"may.{one}" for one in PERMISSIONS}
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


def pressed(page: Page, key: str) -> None:
    """Press a key that chooses a row, again while the page is too young to hear it."""
    chosen = page.locator(".g-row[aria-selected=true]")
    for _ in range(30):
        page.keyboard.press(key)
        try:
            expect(chosen).to_have_count(1, timeout=1000)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{key} chooses no row")


def dialog_of(page: Page, key: str) -> Locator:
    """Press a key that opens a dialog, again while the page is too busy to hear it, and return the dialog."""
    box = page.get_by_role("dialog")
    for _ in range(15):
        page.keyboard.press(key)
        try:
            expect(box.locator("[data-send]")).to_be_visible(timeout=2000)
        except AssertionError:
            continue
        return box
    raise AssertionError(f"{key} opens no dialog")


def test_alarms_are_acknowledged_and_shelved_by_the_keyboard(page: Page, url: str) -> None:
    page.goto("/alarms")
    expect(page.locator("[data-count=calling]")).to_have_text("Waiting: 2")
    expect(page.locator("[data-count=shelved]")).to_have_text("Shelved: 1")
    page.get_by_role("grid").focus()
    pressed(page, "ArrowDown")
    expect(page).to_have_url(re.compile(r"alarm=esa%2Flimit"))
    expect(page.locator(".a-line")).to_contain_text("Raised")
    expect(page.locator(".a-line")).to_contain_text("<script>")
    box = dialog_of(page, "a")
    box.locator("textarea").fill("refuse")
    box.locator("[data-send]").click()
    expect(page.get_by_text("The alarm server refuses")).to_be_visible()
    box.locator("textarea").fill("seen")
    box.locator("[data-send]").click()
    expect(box).to_have_count(0)
    assert done(url)[-1] == {
        "what": "acknowledge",
        "alarm": "limit:tgo:/TGO/THERMAL/T03",
        "owner": "esa",
        "occurrence": 3,
        "comment": "seen",
    }
    page.get_by_role("grid").focus()
    box = dialog_of(page, "s")
    box.get_by_role("button", name="4 h").click()
    box.locator("textarea").fill("maintenance")
    box.locator("[data-send]").click()
    expect(box).to_have_count(0)
    assert done(url)[-1]["for_s"] == 14400.0 and done(url)[-1]["what"] == "shelve"
    page.locator(".g-row", has_text="roscosmos · theirs").click()
    expect(page.locator("[data-act=acknowledge]")).to_be_visible()
    expect(page.locator("[data-act=shelve]")).to_have_count(0)  # another agency's can only be acknowledged
    page.get_by_role("button", name="Shelved", exact=True).click()
    expect(page.locator(".g-row")).to_have_count(1)
    expect(page.locator(".g-row")).to_contain_text("clock:machine")


def test_several_alarms_are_marked_and_what_is_typed_outlives_a_restart(page: Page, url: str) -> None:
    page.goto("/alarms")
    rows = page.locator(".g-row")
    expect(rows.first).to_contain_text("degC")  # the value of now beside that of the alarm
    pressed(page, "j")  # nothing needs to be focused first
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-marked]")).to_have_text("Marked: 2")
    dialog_of(page, "a").locator("textarea").fill("known outage")
    expect(page).to_have_url(re.compile("doing=acknowledge"))
    page.reload()  # as a server that was started anew asks for
    box = page.get_by_role("dialog")
    expect(box.locator("textarea")).to_have_value("known outage")
    box.get_by_role("button", name="Cancel").click()
    expect(page).not_to_have_url(re.compile("doing="))
    page.locator("[data-mark-all]").click()
    before = len(done(url))
    page.locator("[data-all=acknowledge]").click()
    box.locator("[data-send]").click()
    expect(box).to_have_count(0)
    assert {one["alarm"] for one in done(url)[before:]} == {"limit:tgo:/TGO/THERMAL/T03", "theirs"}  # those that wait
    page.keyboard.press("g")
    page.keyboard.press("s")  # goes to the stations, and shelves nothing
    expect(page).to_have_url(re.compile("/stations"))
    expect(box).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_limits_are_overridden_with_an_outlook_and_the_override_ends(page: Page, url: str, language: str) -> None:
    word = choose(page, url, language)
    page.goto("/overrides")
    expect(page.get_by_text(word("overrides.none"), exact=True)).to_be_visible()
    page.locator("[data-make=limits]").click()
    box = page.get_by_role("dialog").first
    box.get_by_label(word("overrides.parameter")).fill("THERMAL/T03")
    box.get_by_role("option").first.click()
    above = word("overrides.above")
    expect(box.get_by_label(f"{word('severity.2')}, {above}")).to_have_value("26")  # what holds, to begin from
    expect(box.get_by_role("status").last).to_contain_text(word("severity.2"))
    box.get_by_label(f"{word('severity.2')}, {above}").fill("28")
    expect(box.get_by_role("status").last).to_contain_text(f"27.5 → {word('severity.0')}")
    box.locator("[data-send]").click()
    expect(page.get_by_text(word("overrides.no.reason"))).to_be_visible()
    box.get_by_label(word("overrides.why")).fill("heater test")
    box.locator("[data-send]").click()
    sure = page.get_by_role("dialog", name=re.compile(re.escape(word("overrides.sure"))))
    sure.get_by_role("button", name=word("overrides.do")).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    made = done(url)[-1]
    assert (made["parameter"], made["for_s"], made["reason"]) == ("/TGO/THERMAL/T03", 3600.0, "heater test")
    assert made["limits"] == [{"severity": 2, "minimum": 10, "maximum": 28}, {"severity": 4, "minimum": 5, "maximum": 29}]
    page.locator(".g-row").first.click()
    expect(page).to_have_url(re.compile("at=tgo%2Flimits%2F"))
    page.locator("[data-end]").click()
    page.get_by_role("dialog").locator("[data-send]").click()
    expect(page.get_by_text(word("overrides.none"), exact=True)).to_be_visible()
    assert done(url)[-1]["what"] == "withdraw" and done(url)[-1]["kind"] == "limits"


def test_what_is_typed_of_overrides_is_read_or_refused() -> None:
    assert number_of(" -1,5 ") == -1.5 and number_of("") is None
    assert points_of("0 1\n\n2;3") == [(0, 1), (2, 3)]
    for text in ("1 2 3", "x 1"):
        with pytest.raises(TypedError):
            points_of(text)
    bands: list[dict[str, Any]] = [{"severity": 2, "minimum": 0, "maximum": 5}, {"severity": 4, "minimum": None, "maximum": 9}]
    assert [judged(bands, value) for value in (-1, 3, 7, 10, "on", True)] == [2, 0, 2, 4, None, None]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_delivery_is_made_paused_and_ended(page: Page, url: str, language: str) -> None:
    word = choose(page, url, language)
    page.goto("/deliveries")
    expect(page.get_by_text(word("deliveries.none"), exact=True)).to_be_visible()
    page.locator("[data-make]").click()
    box = page.get_by_role("dialog")
    box.get_by_role("combobox", name=word("deliveries.instrument")).click()
    page.get_by_role("option", name=re.compile("NOMAD")).click()
    expect(box.get_by_role("status").first).to_contain_text("not given")  # said before it is tried
    expect(box.locator("[data-send]")).to_have_attribute("aria-disabled", "true")
    box.get_by_role("combobox", name=word("deliveries.instrument")).click()
    page.get_by_role("option", name=word("deliveries.any.instrument")).click()
    box.get_by_label(word("deliveries.title.hint")).fill("for the team")
    box.get_by_role("button", name=word("deliveries.parameters")).click()
    box.get_by_label(word("deliveries.names")).fill("/TGO/THERMAL/T*")
    expect(box.get_by_text(f"{word('deliveries.fit')}: 50")).to_be_visible()
    box.locator("[data-send]").click()
    expect(box).to_have_count(0)
    made = done(url)[-1]
    assert (made["kind"], made["names"], made["schedule"], made["keep_days"]) == ("parameters", ["/TGO/THERMAL/T*"], "live", 30)
    batches = page.get_by_role("grid", name=word("deliveries.batches"))
    expect(batches.locator(".g-row")).to_have_count(2)
    page.get_by_label(word("deliveries.behind")).fill("1")
    expect(batches.locator(".g-row")).to_have_count(1)
    expect(page).to_have_url(re.compile("at=7&after=1"))
    page.locator("[data-pause]").click()
    expect(page.locator("[data-pause]")).to_contain_text(word("deliveries.go.on"))
    assert done(url)[-1] == {"what": "change delivery", "id": 7, "paused": True}
    page.locator("[data-end]").click()
    page.get_by_role("dialog").get_by_role("button", name=word("deliveries.end")).click()
    expect(page.get_by_text(word("deliveries.none"), exact=True)).to_be_visible()
    assert done(url)[-1] == {"what": "end delivery", "id": 7}


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
        page.goto("/alarms?alarm=esa/limit:tgo:/TGO/THERMAL/T03")
        button = page.locator("[data-act=acknowledge]")
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(button).to_have_attribute("title", re.compile(r"alarm\.acknowledge"))
        page.goto("/administration?view=audit")
        expect(page.get_by_text("You may not see this")).to_be_visible()
    finally:
        asked(url + "/control", {"may": None})


def test_a_station_is_booked_and_a_booking_cancelled(page: Page, url: str) -> None:
    page.goto("/stations")
    lines = page.get_by_role("grid", name="Links").locator(".g-row")
    expect(lines.filter(has_text="malargue")).to_have_count(2)  # one for each spacecraft: none hides another's lost lock
    expect(lines.filter(has_text="hera")).to_contain_text("lock lost")
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
    expect(page.locator(".x-counts")).to_contain_text("5parameters")
    page.locator(".g-row").first.click()
    expect(page.locator(".a-chain")).to_contain_text("warning outside 10 to 26")
    expect(page).to_have_url(re.compile("name=%2FTGO%2FTHERMAL"))
    page.goto("/database?kind=container&name=/TGO/HK")
    expect(page.locator(".y-box")).to_have_count(6)
    expect(page.get_by_text("apid == 3")).to_be_visible()
    page.goto("/database?kind=type&name=/TGO/float")
    page.get_by_role("button", name="/TGO/THERMAL/T03").click()  # a type leads back to its parameters
    expect(page).to_have_url(re.compile("name=%2FTGO%2FTHERMAL%2FT03"))
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


def test_an_administrator_ends_a_session_and_sees_what_is_short(page: Page, url: str) -> None:
    page.goto("/administration?view=sessions")
    page.locator(".g-row").first.click()
    page.locator("[data-end-session]").click()
    page.get_by_role("dialog").get_by_role("button", name="End the session").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert done(url)[-1] == {"what": "end session", "id": "0f" * 8}
    page.goto("/administration?view=services")
    expect(page.locator(".x-meter.short")).to_have_count(1)  # the disk is nearly full
    expect(page.locator(".x-meters")).to_contain_text("1.0 GiB free / 1024.0 GiB")


def test_who_has_a_session_goes_on_from_the_login(page: Page, url: str) -> None:
    page.goto("/login?next=/log?q=x", wait_until="commit")  # as a link from another site leads to, for it brings no cookie
    expect(page).to_have_url(re.compile(r"/log\?q=x"))
    page.goto("about:blank")  # else the page itself asks for the login when the session ends, while the test does
    asked(url + "/control", {"session": False})
    page.goto("/login?next=//elsewhere.example/", wait_until="commit")
    expect(page.get_by_label("User")).to_be_focused()
    expect(page.locator("[data-oidc]")).to_be_hidden()
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_label("Пользователь")).to_be_visible()


def test_the_first_administrator_chooses_roles(page: Page, url: str) -> None:
    page.goto("/first?code=good")
    role = page.locator("[data-role=director]")
    expect(page.locator(".l-roles")).to_contain_text("acknowledge alarms")
    expect(page.locator("[data-role=administrator]")).to_be_disabled()
    role.check()
    page.get_by_role("textbox", name="User").fill("vera")
    page.get_by_label("Password", exact=True).fill("nine green teapots")
    page.get_by_label("Password again").fill("nine green teapot")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_have_text("The two passwords differ")
    page.get_by_label("Password again").fill("nine green teapots")
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator("main h1")).to_have_text("Overview")
    made = done(url)[-1]
    assert made == {"what": "first", "user": "vera", "password": "nine green teapots", "code": "good", "roles": ["director"]}
    page.goto("/first?code=old")
    expect(page.get_by_text("This link was used")).to_be_visible()
    expect(page.locator("[name=user]")).to_be_hidden()


def test_the_overview_lists_the_alarms_that_wait_and_no_others(page: Page) -> None:
    page.goto("/")
    waiting = page.get_by_role("grid", name="Alarms that wait").locator(".g-row")
    expect(waiting).to_have_count(2)
    expect(page.locator("[data-chip=alarms]")).to_contain_text("2")


def test_times_that_the_server_wrote_change_their_form_at_once(page: Page) -> None:
    page.goto("/alarms")
    page.locator(".g-row").first.click()
    times = page.locator("[data-times]")
    expect(times.first).to_contain_text("2023-05-24 ")
    page.locator("[data-settings]").click()
    page.locator("[data-choice='form=doy']").click()
    expect(times.first).to_contain_text("2023-144 ")
    page.keyboard.press("Escape")
    page.locator(".g-row").nth(1).click()  # what the server writes from now on, too
    expect(page.locator("[data-times]", has_text="2023-05-24")).to_have_count(0)
    expect(times.first).to_contain_text("2023-144 ")
    page.locator("[data-settings]").click()
    page.locator("[data-choice='form=date']").click()
    expect(times.first).to_contain_text("2023-05-24 ")
