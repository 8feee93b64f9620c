"""The console as a user drives it in a browser, against a made-up centre that can fall silent."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from aelita.console.look import Look, look_of
from aelita.console.pages import all_pages
from aelita.console.theme import DARK, LIGHT
from aelita.console.words import WORDS, Language, script, word

HERE = Path(__file__).parent
CONSOLE = HERE.parent / "src" / "aelita" / "console"
PATIENCE_MS = 30_000  # a busy machine takes long for what a free one does at once
SAME = re.compile(r"[A-Z]{2,4}")  # what is written alike in both languages: UTC, PNG
expect.set_options(timeout=PATIENCE_MS)


class Centre:
    """A made-up centre in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, str(HERE / "console_centre.py"), str(self.port)], cwd=self.folder)
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(self.url + "/login").close()
                return
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "the made-up centre does not start"
                time.sleep(0.1)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def does(self, **control: object) -> None:
        body = json.dumps(control).encode()
        urllib.request.urlopen(urllib.request.Request(self.url + "/control", body, {"content-type": "application/json"})).close()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    made = Centre(tmp_path_factory.mktemp("console"))
    yield made
    made.stop()


def context_of(browser: Browser, centre: Centre, look: str = "", width: int = 1440) -> BrowserContext:
    context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
    context.add_cookies([{"name": "aelita_session", "value": "s", "url": centre.url}])
    if look:
        context.add_cookies([{"name": "aelita_look", "value": look, "url": centre.url}])
    return context


@pytest.fixture
def page(browser: Browser, centre: Centre) -> Iterator[Page]:
    centre.does(ticks=True, streams="live", values=True, session=True, refuse=False)
    context = context_of(browser, centre)
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    yield made
    context.close()
    assert not faults


def alive(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-line", "alive")


# words and looks


def keys_used() -> set[str]:
    """Return the keys of words that pages and components say by name."""
    found: set[str] = {page.title for page in all_pages()} | {page.group for page in all_pages()}
    for path in [*CONSOLE.rglob("*.py"), *CONSOLE.rglob("*.js")]:
        found |= set(re.findall(r"""\b(?:say|word)\(\s*["']([\w. ]+)["'],?\s*\)""", path.read_text("utf-8")))
        found |= set(re.findall(r"""_say\(face, ["']([\w. ]+)["']\)""", path.read_text("utf-8")))
    return found


def test_no_word_is_missing_in_either_language() -> None:
    assert keys_used() - set(WORDS) == set()
    assert len(keys_used()) > 100
    for key, (english, russian) in WORDS.items():
        assert english.strip() and russian.strip(), key
        assert not re.search("[а-яА-Я]", english), key
        assert re.search("[а-яА-Я]", russian) or SAME.fullmatch(russian), key
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", russian)), key
    assert '"page.plot":"Графики"' in script("ru")


def test_every_severity_and_topic_has_its_word() -> None:
    assert {f"severity.{n}" for n in [*range(6), "none", "info", "low", "medium", "high"]} <= set(WORDS)
    assert {f"topic.{t}" for t in ("parameters", "events", "alarms", "links", "packets", "status", "clock")} <= set(WORDS)


def test_both_faces_have_the_same_tokens_and_the_sheet_knows_no_other() -> None:
    assert set(DARK) == set(LIGHT)
    used = set(re.findall(r"var\(--([\w-]+)", (CONSOLE / "console.css").read_text("utf-8")))
    own = {"r", "pad", "gap", "top", "nav", "fs", "sans", "mono", "bar", "wide", "rows"}
    assert used <= set(DARK) | own


def test_text_can_be_read_on_both_faces() -> None:
    """WCAG 2.2, 1.4.3: contrast of text at least 4.5 to 1."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for face in (DARK, LIGHT):
        for ink in ("fg0", "fg1", "fg2", "acc", "ok", "watch", "warn", "distress", "crit", "severe", "stale"):
            for ground in ("bg0", "bg1", "bg2"):
                low, high = sorted((light(face[ink]), light(face[ground])))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground, face[ink])


def test_a_strange_cookie_gives_the_usual_look() -> None:
    assert look_of("lang%3Dru%26theme%3Dlight") == Look("ru", "light")
    assert look_of("lang=xx&theme=<script>&form=doy&junk") == Look("en", "dark", "doy")
    assert look_of("") == Look()


def test_pages_have_their_own_addresses_and_letters() -> None:
    pages = all_pages()
    assert len({page.path for page in pages}) == len({page.letter for page in pages}) == len(pages)


# in the browser


def test_values_are_alive_sorted_searched_and_linked(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/telemetry?q=thermal/t0&order=v:down")
    expect(page.locator("[data-count]")).to_have_text("10")
    values = page.locator(".g-row .v")
    first = values.first.inner_text()
    expect(values.first).not_to_have_text(first)  # it moves by itself
    shown = [float(text) for text in values.all_inner_texts()]
    assert len(shown) == 10
    expect(page.locator(".g-head [aria-sort=descending]")).to_have_text("Value")
    page.get_by_label("Search parameters").fill("thermal/u4")
    expect(page).to_have_url(re.compile(r"q=thermal%2Fu4"))
    expect(page.locator("[data-count]")).to_have_text("10")
    page.get_by_role("button", name="Out of limits").click()
    expect(page).to_have_url(re.compile("show=out"))
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_label("Search parameters").fill("no such parameter")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_label("Search parameters").fill("T03")
    page.locator(".g-row", has_text="/TGO/THERMAL/T03").click()
    expect(page.get_by_text("warning outside 10 to 26")).to_be_visible()
    page.get_by_role("link", name="Plot", exact=True).last.click()
    expect(page).to_have_url(re.compile(r"/plot\?p=/TGO/THERMAL/T03|/plot\?p=%2FTGO"))
    expect(page.locator(".p-chip")).to_contain_text("T03")


def test_nothing_looks_alive_on_a_dead_line_and_all_comes_back(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/telemetry")
    alive(page)
    expect(page.locator("[data-chip=link]")).to_contain_text("malargue locked")
    expect(page.locator("[data-chip=alarms]")).to_contain_text("1 unacknowledged")
    expect(page.locator(".g-row").first).not_to_have_class(re.compile("stale"))
    page.get_by_label("Search parameters").fill("POWER")
    centre.does(ticks=False)
    expect(page.locator("body")).to_have_attribute("data-line", "dead")
    expect(page.get_by_role("alert")).to_contain_text("Nothing shown is live")
    expect(page.locator("[data-chip=link]")).to_contain_text("unknown")
    expect(page.locator("[data-chip=alarms]")).to_contain_text("unknown")
    expect(page.locator(".a-kv.old")).to_have_count(4)
    for row in page.locator(".g-row").all()[:5]:
        expect(row).to_have_class(re.compile("stale"))
    expect(page.locator(".g-row .st").first).to_have_text("stale")
    frozen = page.locator(".a-kvs").inner_text()
    page.wait_for_timeout(1500)
    assert page.locator(".a-kvs").inner_text() == frozen
    centre.does(ticks=True)
    alive(page)
    expect(page.locator(".a-banner")).not_to_have_class(re.compile(r"\bon\b"))
    expect(page.locator("[data-chip=link]")).to_contain_text("malargue locked")
    expect(page.locator(".a-kv.old")).to_have_count(0)
    expect(page.locator(".g-row").first).not_to_have_class(re.compile("stale"))
    expect(page.get_by_label("Search parameters")).to_have_value("POWER")


def test_a_stream_that_stops_is_said_though_the_line_lives(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/telemetry")
    expect(page.locator(".g-row .st").first).not_to_have_text("stale")
    centre.does(streams="lost")
    expect(page.locator(".a-banner")).to_contain_text("No longer live: ")
    expect(page.locator(".a-banner")).to_contain_text("the stream has stopped")
    expect(page.locator(".g-row .st").first).to_have_text("stale")
    expect(page.locator("[data-chip=link]")).to_contain_text("unknown")
    expect(page.locator("[data-chip=alarms]")).to_contain_text("unknown")
    expect(page.locator(".a-kv.old")).to_have_count(0)  # time itself is heard
    centre.does(streams="live")
    expect(page.locator(".g-row .st").first).not_to_have_text("stale")


def test_overview_says_unknown_when_the_line_is_cut(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/")
    expect(page.locator("[data-tile=rate] b")).to_contain_text("65.0 kbit/s")
    expect(page.locator("[data-network=told]")).to_be_visible()
    expect(page.get_by_text("archiver: silent")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=alert(0)> event 0")).to_be_visible()  # a text, not a picture
    assert page.locator("#main img").count() == 0
    page.context.set_offline(True)
    centre.does(refuse=True)
    expect(page.locator("[data-tile=rate] b")).to_contain_text("unknown")
    expect(page.locator("[data-network=unknown]")).to_be_visible()
    page.context.set_offline(False)
    centre.does(refuse=False)
    expect(page.locator("[data-tile=rate] b")).to_contain_text("65.0 kbit/s")


def test_what_was_typed_survives_a_restart_of_the_server(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/displays?d=new")
    alive(page)
    page.get_by_label("Title of the display").fill("Half a title")
    centre.stop()
    expect(page.locator("body")).to_have_attribute("data-line", "dead")
    expect(page.get_by_role("alert")).to_contain_text("Nothing shown is live")
    centre.start()
    alive(page)
    expect(page.get_by_label("Title of the display")).to_have_value("Half a title")
    expect(page).to_have_url(re.compile("d=new"))


def test_a_display_is_composed_saved_and_opened_again(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/displays")
    page.get_by_role("button", name="New display").click()
    page.get_by_label("Title of the display").fill("Thermal watch")
    parts = {
        "Table": "/TGO/THERMAL/T0*", "Plot": "/TGO/THERMAL/T03", "Text": "<b>not bold</b>", "Mimic": "Tank = /TGO/THERMAL/T03",
    }  # fmt: skip
    for kind, says in parts.items():
        page.get_by_role("button", name=f"+ {kind}").click()
        page.get_by_role("dialog").locator("textarea").fill(says)
        page.get_by_role("dialog").get_by_role("button", name="Done").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"displays\?d=d\d"))
    page.reload()
    expect(page.get_by_text("<b>not bold</b>")).to_be_visible()
    expect(page.locator(".g-row")).to_have_count(10)
    expect(page.locator(".d-mimic text").last).to_contain_text("degC")
    expect(page.locator(".uplot canvas")).to_be_visible()


def test_a_chart_zooms_by_asking_for_its_range_and_can_be_taken_away(page: Page, centre: Centre) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/samples" in request.url else None)
    page.goto(centre.url + "/plot?p=/TGO/THERMAL/T03,/TGO/POWER/U04")
    page.wait_for_function("window.__aelita?.plot?.points > 100")
    page.locator("[data-span='3600']").click()
    expect(page).to_have_url(re.compile("span=3600"))
    over = page.locator(".u-over")
    before = len(asked)
    over.hover()
    for _ in range(8):
        page.mouse.wheel(0, -300)
    expect(page).to_have_url(re.compile(r"from=.*&to="))
    assert len(asked) > before and "start=" in asked[-1] and "stop=" in asked[-1]
    deep = page.url
    page.locator("[data-raw]").click()
    expect(page).to_have_url(re.compile("raw=1"))
    page.get_by_label("Add a parameter").fill("AOCS/T1")
    page.get_by_role("option").first.click()
    expect(page.locator(".p-chip")).to_have_count(3)
    with page.expect_download() as picture:
        page.locator("[data-png]").click()
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
    assert "format=parquet" in str(page.locator("[data-parquet]").get_attribute("href"))
    page.goto(deep)
    expect(page.locator("[data-live]")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".p-chip")).to_have_count(2)


def test_the_keyboard_reaches_everything(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/")
    alive(page)
    page.keyboard.press("Tab")
    expect(page.locator(".a-skip")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("#main").focus()
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page.get_by_role("heading", name="Telemetry")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Search parameters")).to_be_focused()
    expect(page.locator(".g-row").first).to_be_visible()
    page.get_by_role("grid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".g-row.sel")).to_have_attribute("data-i", "1")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_choices_of_a_user_hold_after_a_reload(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/telemetry")
    alive(page)
    page.locator("[data-settings]").click()
    page.locator("[data-choice='form=doy']").click()
    page.locator("[data-choice='theme=light']").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator("[data-clock=scet]")).to_contain_text("2023-144")
    page.locator("[data-choice='lang=ru']").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.get_by_role("heading", name="Телеметрия")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    for path in [one.path for one in all_pages()]:
        page.goto(centre.url + path)
        expect(page.locator("#main h1")).to_be_visible()
        assert re.search("[А-Яа-я]", page.locator("#main h1").inner_text()), path


@pytest.fixture(params=["en", "ru"])
def spoken(request: pytest.FixtureRequest, page: Page, centre: Centre) -> Callable[[str], str]:
    """Return the words of the page in each language in turn."""
    language: Language = request.param
    if language == "ru":
        page.context.add_cookies([{"name": "aelita_look", "value": "lang%3Dru%26theme%3Dlight", "url": centre.url}])
    return lambda key: word(language, key)


def test_the_first_page_tells_who_is_heard_and_which_packets_pass(
    page: Page, centre: Centre, spoken: Callable[[str], str]
) -> None:
    page.goto(centre.url + "/")
    alive(page)
    fleet = page.get_by_role("grid", name=spoken("overview.fleet"))
    expect(fleet.locator(".g-row")).to_have_count(2)
    expect(fleet.locator(".g-row").first).to_contain_text("malargue")
    expect(fleet.locator(".g-row").last).to_contain_text(spoken("overview.unheard"))
    passing = page.get_by_role("grid", name=spoken("overview.passing"))
    expect(passing.locator('.g-row:has(> :nth-child(2):text-is("179"))')).to_contain_text("Attitude")  # as the archive names it
    expect(passing.locator('.g-row:has(> :nth-child(2):text-is("179"))')).to_contain_text(re.compile(r"1[12]\d"))  # two a second
    expect(page.locator("[data-waiting]")).to_have_text("1")
    expect(page.locator(".a-who")).to_have_text("vera")
    passing.locator('.g-row:has(> :nth-child(2):text-is("179"))').dblclick()
    expect(page).to_have_url(re.compile(r"/packets\?apid=179&spacecraft=tgo"))


def test_values_of_several_spacecraft_stand_on_one_page(page: Page, centre: Centre, spoken: Callable[[str], str]) -> None:
    page.goto(centre.url + "/telemetry?q=AOCS/T00")
    expect(page.locator(".g-row")).to_have_count(2)
    page.locator("[data-value=hera]").click()
    expect(page).to_have_url(re.compile("spacecraft=hera"))
    expect(page.locator(".g-row")).to_have_count(1)
    page.locator("[data-value=tgo]").click()
    expect(page.locator(".g-row")).to_have_count(2)
    page.get_by_label(spoken("telemetry.find")).focus()
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile(r"p=%2FHera%2FAOCS%2FT00"))
    expect(page.locator(".t-lately canvas")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/plot\?p=%2FHera%2FAOCS%2FT00(%40|@)hera"))
    page.get_by_label(spoken("plot.add")).fill("TGO/AOCS/T00")
    page.get_by_role("option").first.click()
    expect(page.locator(".p-chip")).to_have_count(2)
    page.wait_for_function("window.__aelita?.plot?.points > 100")
    page.reload()
    expect(page.locator(".p-chip").last).to_contain_text("@tgo")


def test_a_chart_is_read_by_ranges_cursors_and_either_time(page: Page, centre: Centre, spoken: Callable[[str], str]) -> None:
    page.goto(centre.url + "/plot?p=/TGO/THERMAL/T03&from=2023-05-24T18:00:00Z&to=2023-05-24T18:10:00Z")
    expect(page.locator("[data-told]")).to_contain_text(spoken("plot.samples"))
    first = page.locator("[data-end=from]")
    expect(first).to_have_value("2023-05-24 18:00:00.000")
    first.fill("nonsense")
    page.keyboard.press("Enter")
    expect(first).to_have_class(re.compile("wrong"))
    first.fill("2023-144 18:05")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"from=2023-05-24T18%3A05%3A00.000Z"))
    for key in ("steps", "zero", "limits"):
        page.locator(f"[data-{key}]").click()
    expect(page).to_have_url(re.compile(r"limits=0&steps=1&zero=1|zero=1.*limits=0|limits=0"))
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    for x in (100, 400):
        page.mouse.click(box["x"] + x, box["y"] + 100)
        page.wait_for_timeout(400)  # two clicks, not a double one
    expect(page.locator(".p-foot")).to_contain_text("Δt A")
    page.locator("[data-settings]").click()
    page.locator("[data-choice='which=ert']").click()
    expect(first).to_have_value("2023-05-24 18:23:42.500")  # later by the light time
    expect(page).to_have_url(re.compile(r"from=2023-05-24T18%3A05%3A00.000Z"))  # the address tells event time to everybody


def test_times_of_packets_follow_the_choice_of_the_user(page: Page, centre: Centre, spoken: Callable[[str], str]) -> None:
    page.goto(centre.url + "/packets?apid=179")
    head = page.locator(".g-head [role=columnheader]").first
    expect(head).to_have_text(spoken("time.scet"))
    cell = page.locator(".g-row").first.locator("span").first
    before = cell.inner_text()
    page.locator("[data-settings]").click()
    page.locator("[data-choice='which=ert']").click()
    expect(head).to_have_text(spoken("time.ert"))
    expect(cell).not_to_have_text(before)
    page.locator("[data-choice='form=doy']").click()
    expect(cell).to_contain_text("2023-144 ")
    page.keyboard.press("Escape")
    page.locator(".g-row").nth(2).click()
    expect(page).to_have_url(re.compile("at=packets%2F1%2F2"))
    expect(page.get_by_text("attitude_0")).to_be_visible()
    page.get_by_role("button", name=spoken("packets.quarantine"), exact=True).click()
    expect(page.get_by_text(spoken("packets.no.quarantine"), exact=True)).to_be_visible()


def test_completeness_is_looked_at_more_closely(page: Page, centre: Centre, spoken: Callable[[str], str]) -> None:
    page.goto(centre.url + "/completeness")
    row = page.locator("[data-row]", has_text="APID 179 · Attitude")
    expect(row).to_contain_text("97.00 %")
    strip = row.locator(".c-strip").bounding_box()
    assert strip is not None
    page.mouse.move(strip["x"] + strip["width"] / 2, strip["y"] + 5)
    page.mouse.wheel(0, -300)
    expect(page).to_have_url(re.compile("from=.*to="))
    deep = page.url
    page.reload()
    row.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=spoken("completeness.packets.of")).click()
    expect(page).to_have_url(re.compile(r"/packets\?apid=179.*from=" + re.escape(deep.split("from=")[1][:10])))


def test_anything_is_found_from_anywhere(page: Page, centre: Centre, spoken: Callable[[str], str]) -> None:
    page.goto(centre.url + "/completeness")
    alive(page)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=spoken("palette")).fill("attitude")
    expect(page.get_by_role("option", name="/TGO/Attitude")).to_be_visible()
    page.get_by_role("combobox", name=spoken("palette")).fill("power/u04")
    expect(page.get_by_role("option").first).to_contain_text("/TGO/POWER/U04")
    page.keyboard.press("Shift+Enter")
    expect(page).to_have_url(re.compile(r"/plot\?p=%2FTGO%2FPOWER%2FU04"))
    page.locator("[data-palette]").click()
    page.get_by_role("combobox", name=spoken("palette")).fill(spoken("page.overview"))
    page.keyboard.press("Enter")
    expect(page.locator("[data-tile=rate]")).to_be_visible()


def test_what_is_composed_survives_a_restart_of_the_server(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/displays?d=new")
    alive(page)
    page.get_by_label("Title of the display").fill("Before the restart")
    page.get_by_role("button", name="+ Text").click()
    page.get_by_role("dialog").locator("textarea").fill("A text that stays")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    page.get_by_role("button", name="+ Table").click()
    page.get_by_label("Find parameters to add").fill("POWER/U04")
    page.get_by_role("button", name="/TGO/POWER/U04").click()
    expect(page.get_by_role("dialog").locator("textarea")).to_have_value("/TGO/POWER/U04")
    page.wait_for_function("Object.values(sessionStorage).some((text) => text.includes('POWER/U04'))")
    page.evaluate("window.before = true")
    centre.stop()
    expect(page.locator("body")).to_have_attribute("data-line", "dead")
    centre.start()
    page.wait_for_function("!window.before")  # the page of the old server loads itself anew
    expect(page.get_by_role("dialog").locator("textarea")).to_have_value("/TGO/POWER/U04")  # it was open, and is again
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.get_by_text("A text that stays")).to_be_visible()
    expect(page.locator(".g-row")).to_have_count(1)
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"displays\?d=d\d"))
    with page.expect_download() as taken:
        page.get_by_role("button", name="Take away").click()
    text = Path(taken.value.path()).read_text("utf-8")
    page.goto(centre.url + "/displays")
    page.get_by_role("button", name="Bring in").click()
    page.get_by_role("dialog").locator("textarea").fill("no display")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.get_by_text("This is no display")).to_be_visible()
    page.get_by_role("dialog").locator("textarea").fill(text)
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.get_by_text("A text that stays")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('keep:draft')).length") == 0


def test_nobody_is_sent_to_log_in_and_returns_to_where_he_was(browser: Browser, centre: Centre) -> None:
    centre.does(session=True, ticks=True, refuse=False, streams="live")
    context = browser.new_context()
    page = context.new_page()
    page.goto(centre.url + "/login?next=/telemetry%3Fq%3DPOWER")
    page.get_by_label("User").fill("vera")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("User or password is wrong.")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(centre.url + "/telemetry?q=POWER")
    centre.does(session=False, refuse=True)
    expect(page).to_have_url(re.compile(r"/login\?(ended&)?next=%2Ftelemetry"))
    context.clear_cookies()  # with a session the page would go on by itself
    centre.does(session=True, refuse=False)
    page.goto(centre.url + "/login?next=//evil.example/")
    page.get_by_label("User").fill("vera")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(centre.url + "/")
    context.close()


@pytest.mark.parametrize("width", [1440, 800])
def test_nothing_comes_from_outside_and_nothing_runs_over(browser: Browser, centre: Centre, width: int) -> None:
    centre.does(ticks=True, streams="live", values=True, session=True, refuse=False)
    context = context_of(browser, centre, "lang%3Dru", width)
    page = context.new_page()
    asked: list[Request] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    for path in ["/", "/telemetry", "/plot?p=/TGO/THERMAL/T03", "/displays", "/packets", "/completeness"]:
        page.goto(centre.url + path)
        alive(page)
        expect(page.locator("#main h1")).to_be_visible()
        bar, chips = page.locator(".a-kvs").bounding_box(), page.locator(".a-tools").bounding_box()
        assert bar is not None and chips is not None
        assert bar["x"] + bar["width"] <= chips["x"] + 1 and chips["x"] + chips["width"] <= width + 1, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        unlabelled = "[...document.querySelectorAll('button,input,a')].filter(e => !(e.innerText||'').trim() && !e.ariaLabel && !e.title && e.type !== 'hidden' && e.offsetParent).map(e => e.outerHTML)"
        assert page.evaluate(unlabelled) == []
        assert page.locator("h1").count() == 1
    outside = [
        one.url for one in asked if not one.url.startswith((centre.url, centre.url.replace("http", "ws"), "data:", "blob:"))
    ]
    assert outside == []
    assert errors == []
    context.close()


def test_a_value_stands_between_its_limits_and_is_old_when_nothing_is_heard(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/telemetry?p=/TGO/THERMAL/T03")
    value, mark = page.locator("[data-now-value]"), page.locator("[data-ruler-mark]")
    expect(page.locator(".n-ticks span")).to_have_text(["5", "10", "26", "29"])
    expect(page.locator(".n-bar i")).to_have_count(5)
    expect(page.locator(".n-legend .st")).to_have_text(["nominal", "warning", "critical"])
    before, place = value.inner_text(), mark.get_attribute("style")
    expect(value).not_to_have_text(before)
    expect(mark).not_to_have_attribute("style", str(place))
    count = page.locator("[data-sample]").count()
    expect(page.locator("[data-sample]").nth(count + 1)).to_be_visible()
    centre.does(streams="lost")
    expect(page.locator("[data-now-state]")).to_have_text("stale")
    expect(page.locator("[data-now]")).to_have_class(re.compile("old"))
    centre.does(streams="live")
    expect(page.locator("[data-now]")).not_to_have_class(re.compile("old"))


def test_the_label_of_now_is_marked_among_those_of_an_enumeration(page: Page, centre: Centre) -> None:
    page.goto(centre.url + "/telemetry?p=/TGO/AOCS/U49")
    labels = page.locator(".n-label")
    expect(labels).to_have_count(4)
    expect(labels.nth(1)).to_have_class(re.compile("s3"))  # SAFE is a distress
    now = page.locator(".n-label[aria-current=true] b")
    expect(now).to_have_count(1)
    expect(page.locator("[data-now-value]")).to_have_text(now.inner_text())
    assert page.locator(".n-bar").count() == 0
