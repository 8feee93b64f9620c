"""The pages of flight dynamics as a user drives them in a browser, against a made-up centre whose every text holds a script."""

import math
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pydantic import BaseModel

import console_navigation_centre as made_up
from aelita.api.navigation_items import (
    LightTimeItem,
    LightTimeItems,
    NavigationEvent,
    NavigationEvents,
    NavigationPass,
    NavigationPasses,
    NavigationProduct,
    NavigationStates,
)
from aelita.console.pages.navigation import KINDS
from aelita.console.words import WORDS
from aelita.ephemeris import IAU2000, mars_rotation
from aelita.services.products import KINDS as PRODUCT_KINDS
from aelita.services.products.displayed import check_data
from aelita.time import et_from_tai_ns, tai_ns_from_utc
from console_navigation_centre import AU_KM, EPOCH, LIGHT_S, PERIOD_S, RADIUS_KM, passes_of, place
from shared import chromium
from test_console_pages import asked

HERE = Path(__file__).parent
expect.set_options(timeout=30_000)
EVENTS = (
    "periapsis", "apoapsis", "ascending-node", "descending-node", "eclipse", "penumbra", "occultation", "conjunction",
)  # fmt: skip
NO_WEBGL = """const plain = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return /webgl/.test(kind) ? null : plain.call(this, kind, ...more);
};"""
AT = "2023-05-24T19:25:00.000000Z"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    chromium()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(HERE / "console_navigation_centre.py"), str(port)]
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("navigation"))
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
def context(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """Give one context for all tests: files of the console are read once."""
    made = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url, timezone_id="Pacific/Kiritimati")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, url: str) -> Iterator[Page]:
    asked(url + "/control", {"ticks": True, "streams": "live", "session": True, "refuse": False, "navigation": "live"})
    context.clear_cookies()
    context.add_cookies([{"name": "aelita_session", "value": "s", "url": url}])
    made = context.new_page()
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    yield made
    hurt = made.evaluate("window.hurt ?? 0")
    made.close()
    assert not faults and not hurt


def choose(page: Page, url: str, language: str, theme: str = "dark") -> Callable[[str], str]:
    """Have the page in a language; return how a key of words is said in it."""
    page.context.add_cookies([{"name": "aelita_look", "value": f"lang%3D{language}%26theme%3D{theme}", "url": url}])
    return lambda key: WORDS[key][("en", "ru").index(language)]


def fact(page: Page, name: str) -> str:
    """Return the value that stands beside a name among the facts of the page."""
    return page.locator(f"dt:text-is('{name}') + dd").first.inner_text()


def seen(page: Page, script: str) -> Any:
    """Return what a script in the page says that uses the geometry of the views."""
    return page.evaluate(f"async () => {{ const sky = await import('aelita-sky'); {script} }}")


def colours(page: Page, selector: str) -> int:
    """Return how many pixels of the first canvas in an element are drawn."""
    return int(
        page.locator(f"{selector} canvas").last.evaluate(
            "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
            " for (let k = 3; k < d.length; k += 4) if (d[k]) n++; return n; }"
        )
    )


# without a browser


def test_kinds_of_events_and_products_have_words() -> None:
    assert {f"nav.event.{one}" for one in EVENTS} <= set(WORDS)
    assert {f"nav.none.{one}" for one in ("residuals", "porkchop", "corridor", "launch")} <= set(WORDS)


def test_the_made_up_centre_answers_as_the_interface_does() -> None:
    span = (made_up.rfc(EPOCH), made_up.rfc(EPOCH + 86_400))
    product = made_up.product("orbit", 1)
    answers: list[tuple[type[BaseModel], Any]] = [
        (NavigationPasses, made_up.passes(*span)),
        (NavigationEvents, made_up.events(*span)),
        (NavigationStates, made_up.states(*span, "MARS", ["tgo", "SUN"], 5)),
        (LightTimeItems, made_up.light_time("malargue", span[0], made_up.rfc(EPOCH + 1200))),
        (NavigationProduct, product),
    ]
    for model, told in answers:
        model.model_validate(told)
        assert set(told) == set(model.model_fields), model
    rows: list[tuple[type[BaseModel], Any]] = [
        (NavigationPass, answers[0][1]["rows"]), (NavigationEvent, answers[1][1]["rows"]), (LightTimeItem, answers[3][1]["rows"])
    ]  # fmt: skip
    for model, each in rows:
        assert each and all(set(one) == set(model.model_fields) for one in each), model
    for kind, make in made_up.DATA.items():
        assert check_data(kind, make())


def test_the_page_lists_every_kind_of_product() -> None:
    assert set(KINDS) == set(PRODUCT_KINDS) and {f"nav.kind.{kind}" for kind in KINDS} <= set(WORDS)


# trajectories


def test_what_is_told_of_the_orbit_is_what_the_states_say(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto(f"/navigation?at={AT}")
    space = page.locator(".nv-space")
    expect(space).to_have_attribute("data-drawn", "webgl")
    expect(page.locator("[data-time]")).to_have_text("2023-05-24 19:25:00 UTC")
    expect(page.locator("[data-source]")).to_have_text(say("nav.of.kernels"))
    assert fact(page, say("nav.radius")) == f"{RADIUS_KM:.1f} km"
    assert fact(page, say("nav.speed")) == f"{2 * math.pi * RADIUS_KM / PERIOD_S:.3f} km/s"
    at = EPOCH + 1800
    far_km = math.dist(place("tgo", "MARS", at) or [], place("EARTH", "MARS", at) or [])
    assert fact(page, say("nav.from.earth")) == f"{far_km / AU_KM:.5f} au"
    light_s = far_km / 299_792.458
    assert fact(page, say("nav.light")) == f"{int(light_s // 60)}m {light_s % 60:06.3f}s"
    expect(space).to_have_attribute("data-scale", re.compile("km$"))
    before = fact(page, say("nav.longitude"))
    page.locator("[data-slider]").focus()
    for _ in range(30):  # 12 hours are 10,000 steps
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-time]")).to_have_text("2023-05-24 19:27:09 UTC")
    assert fact(page, say("nav.longitude")) != before
    expect(page).to_have_url(re.compile("at=2023-05-24T19%3A27%3A09"))
    page.locator("[data-at]").fill("2023-144 19:40")
    page.keyboard.press("Enter")
    expect(page.locator("[data-time]")).to_have_text("2023-05-24 19:40:00 UTC")
    page.locator("[data-at]").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.locator("[data-at]")).to_have_class(re.compile("wrong"))


def test_mars_turns_in_the_page_as_in_spice(page: Page) -> None:
    """The ground point of a place in J2000 against SPICE's orientation of Mars (IAU 2009), from 2004 to 2030."""
    page.goto(f"/navigation?at={AT}")
    expect(page.locator("[data-time]")).to_have_text("2023-05-24 19:25:00 UTC")
    times = ["2004-01-25T05:05:00", "2016-10-19T14:48:11", "2023-05-24T19:25:00", "2030-06-01T00:00:00"]
    place_km = np.array([1500.0, -3000.0, 1800.0])
    for utc in times:
        told = seen(page, f"return sky.onMars(Date.parse('{utc}Z'), [1500, -3000, 1800])")
        fixed = mars_rotation(et_from_tai_ns(np.array([tai_ns_from_utc(utc)])), IAU2000)[0] @ place_km
        lat = math.degrees(math.asin(fixed[2] / np.linalg.norm(fixed)))
        lon = math.degrees(math.atan2(fixed[1], fixed[0]))
        assert abs(told["lat"] - lat) < 0.01
        assert abs((told["lon"] - lon + 180) % 360 - 180) < 0.02


def test_between_states_the_way_is_smooth(page: Page) -> None:
    page.goto(f"/navigation?at={AT}")
    off_km = seen(
        page,
        "const ms = Array.from({length: 200}, (_, k) => k * 432e3), w = 2 * Math.PI / 7080e3;"
        "const at = (t) => [3790 * Math.cos(w * t), 3790 * Math.sin(w * t), 0];"
        "const track = new sky.Track(ms, ms.map(at)); let most = 0;"
        "for (let t = 4e6; t < 8e7; t += 123456) most = Math.max(most, sky.size(sky.minus(track.at(t), at(t))));"
        "const holed = new sky.Track(ms, ms.map((t, k) => k === 50 ? [null, null, null] : at(t)));"
        "return [most, holed.at(50 * 432e3), track.at(-1e6)]",
    )
    assert off_km[0] < 0.01  # in a low orbit over ten days
    assert off_km[1:] == [None, None]
    uneven = page.evaluate(
        "async () => { const { Course, Trajectory, elements } = await import('aelita-course');"
        "const a = 53016, e = 0.9315, gm = 42828.37362, n = Math.sqrt(gm / a ** 3) / 1000;"
        "const of = (E) => [(E - e * Math.sin(E)) / n, [a * (Math.cos(E) - e), a * Math.sqrt(1 - e * e) * Math.sin(E), 0]];"
        "const all = Array.from({length: 121}, (_, k) => of(-3 + k / 20)), ms = all.map(([t]) => t), km = all.map(([, p]) => p);"
        "const way = new Course(ms, km), far = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]); let most = 0;"
        "for (let E = -2.99; E < 3; E += 0.0137) { const [t, p] = of(E); most = Math.max(most, far(way.at(t), p)); }"
        "const late = ms.map((t) => t + 40 * 86400e3), two = new Course([...late, ...ms, NaN], [...km, ...km, [0, 0, 0]]);"
        "const holed = new Course(ms, km.map((p, i) => i === 60 ? [NaN, 0, 0] : p)), curve = way.drawn(ms[0], ms.at(-1), 3000)[0];"
        "const v = (Math.sqrt(gm * a) / (a * (1 - e))) * Math.sqrt(1 - e * e), r = [a * (1 - e), 0, 0];"
        "const el = elements(r, [0, v * Math.cos(0.15), v * Math.sin(0.15)], gm, [0, 0, 1]);"
        "const wrong = new Trajectory({ data: { centre: 'MARS', frame: 'IAU_MARS', utc: ['2016-11-26T00:00:00Z'], r_km: [[1, 2, 3]] } });"
        "return { most, pieces: two.pieces.length, gap: two.at(20 * 86400e3), one: new Course([5], [[1, 2, 3]]).at(5), none: new Course([], []).at(0),"
        " hole: [holed.pieces.length, holed.at(ms[60])], most_drawn: Math.max(...curve.km.slice(1).map((p, i) => far(p, curve.km[i]))),"
        " count: curve.ms.length, el, odd: [wrong.odd, wrong.legs.length] }; }"
    )
    assert uneven["most"] < 0.3  # km, of 100,000: an orbit of capture told every few degrees
    assert uneven["pieces"] == 2 and uneven["gap"] is None and uneven["one"] == [1, 2, 3] and uneven["none"] is None
    assert uneven["hole"] == [2, None] and uneven["count"] < 3100 and uneven["most_drawn"] < 500
    told = uneven["el"]
    assert (
        told["a_km"] == pytest.approx(53016)
        and told["e"] == pytest.approx(0.9315)
        and told["period_s"] == pytest.approx(4.290 * 86400, rel=1e-3)
    )
    assert told["inclination_deg"] == pytest.approx(math.degrees(0.15)) and told["apoapsis_km"] == pytest.approx(53016 * 1.9315)
    assert uneven["odd"] == ["IAU_MARS", 0]


def test_without_webgl_the_same_is_drawn_flat(browser: Browser, url: str) -> None:
    asked(url + "/control", {"navigation": "live"})
    context = browser.new_context(viewport={"width": 1000, "height": 800}, base_url=url)
    context.add_init_script(NO_WEBGL)
    context.add_cookies([{"name": "aelita_session", "value": "s", "url": url}])
    page = context.new_page()
    page.goto(f"/navigation?at={AT}")
    expect(page.locator(".nv-space")).to_have_attribute("data-drawn", "flat")
    expect(page.locator("[data-time]")).to_have_text("2023-05-24 19:25:00 UTC")
    expect(page.locator(".nv-space canvas")).to_have_count(2)
    page.wait_for_timeout(100)
    lit = page.locator(".nv-space canvas").first.evaluate(
        "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, all = [];"
        " for (let k = 0; k < d.length; k += 4) if (d[k + 3] === 255) all.push(d[k]); return [Math.min(...all), Math.max(...all), all.length]; }"
    )
    assert lit[0] < 40 < 100 < lit[1] and lit[2] > 5000  # a night and a day side of a globe
    assert colours(page, ".nv-space") > 1000
    context.close()


def test_the_transfer_about_the_sun_and_a_product_beside_it(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto(f"/navigation?about=sun&at={AT}&product=em16_tgo_cruise_20230524_20230525_v02")
    expect(page.locator(".nv-space")).to_have_attribute("data-scale", re.compile("million km$"))
    assert fact(page, say("nav.from.sun")) == "1.52401 au"  # 24 km aside of Mars
    figures = page.get_by_role("table", name=say("nav.figures"))
    expect(figures.locator("tbody tr")).to_contain_text(["C3"])
    expect(figures).to_contain_text("8.25")
    expect(page.get_by_role("table", name=say("nav.burns"))).to_contain_text("326.5")
    expect(page.locator("[data-product]")).to_have_value("em16_tgo_cruise_20230524_20230525_v02")
    page.locator("[data-about=mars]").click()
    expect(page.locator(".nv-space")).to_have_attribute("data-scale", re.compile(r"\d km$"))
    expect(page).not_to_have_url(re.compile("about=sun"))
    before = colours(page, ".nv-space")
    page.locator(".nv-space").focus()
    for _ in range(5):
        page.keyboard.press("+")
    page.wait_for_function("n => document.querySelector('.nv-space').dataset.scale !== n", arg="1 000 km")
    assert colours(page, ".nv-space") != before


def test_a_product_tells_where_a_spacecraft_is_that_no_states_tell(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    asked(url + "/control", {"navigation": "products"})
    first, second = (f"em16_tgo_orbit_20230524_20230525_v{n:02d}" for n in (1, 2))
    page.goto(f"/navigation?at=2023-05-28T00:00:00Z&product={second}")
    expect(page.locator(".nv-note2")).to_be_visible()  # an instant in the address is kept: the product does not hold it
    page.route(f"**/products/{first}", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.locator("[data-product]").select_option(first)
    page.locator("[data-product]").select_option(second)
    expect(page.locator("[data-source]")).to_have_text(say("nav.of.product"))
    expect(page.locator("[data-time]")).to_have_text("2023-05-24 21:24:30 UTC")  # the middle of what it holds
    assert fact(page, say("nav.radius")) == f"{RADIUS_KM:.1f} km"
    assert fact(page, say("nav.speed")) == f"{2 * math.pi * RADIUS_KM / PERIOD_S:.3f} km/s"
    assert re.fullmatch(r"[0-9.]+° E", fact(page, say("nav.longitude")))
    page.wait_for_timeout(500)  # the answer that was overtaken has come
    expect(page).to_have_url(re.compile(f"product={second}"))
    expect(page.locator("[data-product]")).to_have_value(second)
    assert fact(page, say("nav.made.at")) == "2023-05-24 18:55:02"
    before = page.locator(".nv-space").get_attribute("data-scale")
    page.locator("[data-farther]").click(click_count=5)
    page.wait_for_function("n => document.querySelector('.nv-space').dataset.scale !== n", arg=before)
    page.locator(".nv-space").press("Home")
    expect(page.locator(".nv-space")).to_have_attribute("data-scale", before or "")
    page.goto("/navigation?product=em16_tgo_orbit_20230524_20230525_v77")  # none that there is
    expect(page.locator(".nv-side [role=alert]")).to_contain_text("no product")


def test_what_is_not_known_of_an_orbit_is_said_with_what_helps(page: Page, url: str) -> None:
    say = choose(page, url, "ru", "light")
    asked(url + "/control", {"navigation": "nothing"})
    page.goto(f"/navigation?at={AT}")
    expect(page.locator(".nv-note2")).to_contain_text("aelita nav publish")
    assert fact(page, say("nav.radius")) == "–"
    asked(url + "/control", {"navigation": "refused"})
    page.reload()
    expect(page.locator("#main [role=alert]").first).to_contain_text("no kernels")
    asked(url + "/control", {"navigation": "live"})
    page.get_by_role("button", name=say("retry")).click()
    expect(page.locator("[data-time]")).to_have_text("2023-05-24 19:25:00 UTC")


# passes and events


def test_passes_stand_where_they_are_and_events_at_their_reception(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto("/navigation?view=passes&from=2023-05-24T12:00:00Z&span_h=24")
    bars = page.locator("[data-pass]")
    truth = passes_of(EPOCH - 6.9166667 * 3600, EPOCH + 17.0833333 * 3600)
    expect(bars).to_have_count(len(truth))
    expect(page.locator("[data-count]")).to_have_text(str(len(truth)))
    lane = page.locator(".nv-line").nth(1).bounding_box()
    one = next(each for each in truth if each["station"] == "malargue" and each["start"] > "2023-05-24T12")
    box = page.locator(f"[data-pass='malargue@{one['start']}']").bounding_box()
    assert lane and box
    part = (box["x"] - lane["x"]) / lane["width"]
    assert abs(part - (EPOCH - (EPOCH - 6.9166667 * 3600)) / 86_400) < 0.003
    expect(page.locator(".nv-event b")).to_have_text([say("nav.event.eclipse"), say("nav.event.periapsis")])
    events = page.get_by_role("table", name=say("nav.events"))
    first = events.locator("tr", has_text=say("nav.event.periapsis")).first
    shifted = first.inner_text()
    page.locator("[data-time=craft]").click()
    expect(first).not_to_have_text(shifted)
    late = datetime.fromisoformat(shifted[-19:]) - datetime.fromisoformat(first.inner_text()[-19:])
    assert abs(late.total_seconds() - LIGHT_S) <= 1
    expect(page).to_have_url(re.compile("time=craft"))
    expect(page.locator("[data-light]")).to_contain_text("18m 42.500s")
    expect(page.locator(".nv-nowline:not([hidden])")).to_have_count(2)
    bars.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".nv-dome canvas")).to_be_visible()
    assert fact(page, say("nav.known")) == say("nav.stand.in")
    assert fact(page, say("nav.duration")) == "6 h 00 min"
    expect(page).to_have_url(re.compile("at=bear_lakes"))
    page.locator(".nv-lanes").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("from=2023-05-24T18%3A00"))
    page.keyboard.press("ArrowRight")
    begun = page.locator("[data-pass^='malargue@2023-05-24T18:55']")  # under way when the span begins: its true rise is told
    expect(begun).to_have_attribute("title", re.compile("malargue: 2023-05-24 18:55:00 – 2023-05-25 00:55:00"))


def test_no_passes_and_lost_ones(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    asked(url + "/control", {"navigation": "nothing"})
    page.goto("/navigation?view=passes")
    expect(page.locator(".nv-lanes")).to_contain_text(say("nav.passes.none"))
    expect(page.locator(".nv-lanes")).to_contain_text("aelita nav publish")
    asked(url + "/control", {"ticks": False})
    expect(page.locator("[data-old]")).to_be_visible()
    expect(page.locator(".nv-nowline.old").first).to_be_attached()
    asked(url + "/control", {"ticks": True, "navigation": "live"})
    expect(page.locator("[data-old]")).to_have_count(0)
    expect(page.locator("[data-pass]").first).to_be_visible()


# products


def test_residuals_are_read_by_the_cursor(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto("/navigation?view=residuals")
    expect(page.locator(".nv-pick")).to_be_visible()
    assert fact(page, say("nav.observations")) == "200"
    assert fact(page, say("nav.edited")) == "1"
    assert fact(page, "RMS") == "0.00707 Hz"
    used = [0.01 * math.sin(1.7 * k) for k in range(200) if k != 50]
    assert float(fact(page, say("nav.mean")).split()[0].replace("−", "-")) == pytest.approx(sum(used) / 199, rel=1e-3)
    figure = page.locator(".nv-figure .nv-place")
    figure.focus()
    for _ in range(51):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-read]").first).to_have_text(
        f"2023-05-24 19:45:00 UTC · {say('nav.used')} 0.4 Hz ({say('nav.edited')})"
    )
    page.locator(".nv-pick").select_option(index=1)
    expect(page).to_have_url(re.compile("at=em16_tgo_residuals_20230524_20230525_v01"))
    expect(page.locator(".nv-by")).to_contain_text("2023-05-24 18:55:01")
    with page.expect_download() as loaded:
        page.locator(".nv-files a").first.click()
    assert loaded.value.suggested_filename.endswith("_v01.oem")
    expect(page.locator("[data-newer]")).to_contain_text("v02")  # what is looked at stays, and says that there is another
    page.route("**/products/*_v02", lambda route: route.fulfill(status=410, json={"detail": f"It is gone {made_up.BAD}."}))
    page.locator("[data-newer]").click()
    expect(page.locator(".nv-bar [role=alert]")).to_contain_text("It is gone")
    expect(page.locator(".nv-pick")).to_have_value(re.compile("v01$"))  # what is shown is still what is chosen
    expect(page).to_have_url(re.compile("at=em16_tgo_residuals_20230524_20230525_v01"))


def test_products_of_odd_content_hurt_no_page(page: Page, url: str) -> None:
    """Each choice of a version brings the next odd document: none hangs, widens or breaks the page."""
    say = choose(page, url, "en")
    utc = [made_up.rfc(EPOCH + 60 * k) for k in range(40)]
    base: dict[str, Any] = {"observable": "o", "unit": "Hz", "utc": utc, "edited": [], "sigma": None, "rms": None, "table": []}
    empty = say("nav.figure.empty")
    cases: dict[str, list[tuple[dict[str, Any], str]]] = {
        "residuals": [
            (base | {"utc": [], "residual": []}, empty),
            (base | {"residual": [1e17 + 16 * (k % 2) for k in range(40)], "sigma": [0.1] * 40}, ""),
            (base | {"residual": [1e308 * (-1) ** k for k in range(40)]}, ""),
            (base | {"residual": [None] * 40}, ""),
            (base | {"residual": [1.0] * 40, "utc": ["x", None, 7, *utc[3:]], "table": [None, {"a": made_up.BAD}]}, ""),
            (base | {"residual": [math.sin(k / 500) for k in range(60_000)], "utc": [made_up.rfc(EPOCH + k) for k in range(60_000)]}, ""),
            ({}, say("nav.files.alone")),
            (base | {"residual": [0.5], "utc": utc[:1]}, ""),
        ],
        "porkchop": [
            (made_up.porkchop() | {"departures": [], "arrivals": [], "c3_km2_s2": []}, empty),
            (made_up.porkchop() | {"departures": utc[:1], "arrivals": utc[:1], "c3_km2_s2": [[9.0]]}, ""),
            (made_up.porkchop() | {"c3_km2_s2": [[None] * 31] * 41, "best": None}, ""),
        ],
        "corridor": [({"passes": [], "limits": None}, empty), ({"passes": [None]}, say("nav.not.drawn"))],
        "launch": [({"ascent": [], "timeline": [], "windows": []}, empty)],
    }  # fmt: skip
    views = {"residuals": "residuals", "porkchop": "transfers", "corridor": "aerobraking", "launch": "launch"}
    for kind, odd in cases.items():
        asked(url + "/control", {"shown": None})
        page.goto(f"/navigation?view={views[kind]}")
        expect(page.locator(".nv-pick")).to_be_visible()
        for number, (document, told) in enumerate(odd):
            asked(url + "/control", {"shown": document})
            page.locator(".nv-pick").select_option(index=1 - number % 2)
            expect(page.locator(".nv-pick")).to_have_value(re.compile(f"v0{1 + number % 2}$"))
            place = page.locator("[data-view] .nv-state .a-state, [data-view] [data-read]").locator("visible=true").first
            expect(place).to_contain_text(told) if told else expect(place).to_be_visible()
            page.mouse.move(500, 400)
            page.mouse.move(540, 420)
            assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    asked(url + "/control", {"shown": None})


def test_every_product_is_listed_with_its_files_and_what_it_holds(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto("/navigation?view=products")
    rows = page.get_by_role("table", name=say("nav.view.products")).locator("tbody tr")
    expect(rows).to_have_count(2 * len(made_up.DATA))
    expect(page.locator(".nv-list").first).to_contain_text("<script>")
    rows.filter(has_text=say("nav.kind.pointing")).first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("at=em16_tgo_pointing_20230524_20230525_v02"))
    page.locator(".nv-figure .nv-place").press("ArrowRight")
    expect(page.locator("[data-read]")).to_have_text("2023-05-24 18:55:00 UTC · Azimuth 90° · Elevation 10° · Range 250000000 km")
    expect(page.get_by_role("table", name=say("nav.column.passes")).locator("tbody tr")).to_have_count(2)
    assert colours(page, ".nv-figure") > 2000
    with page.expect_download() as loaded:
        page.locator(".nv-filelist a").first.click()
    assert loaded.value.suggested_filename == "em16_tgo_pointing_20230524_20230525_v02.oem"
    page.locator("[data-kind]").select_option("passes")
    expect(rows).to_have_count(2)
    rows.first.click()
    expect(page.locator(".nv-held .x-table tbody tr").first).to_contain_text("malargue")
    page.locator("[data-kind]").select_option("residuals")
    rows.first.click()
    page.get_by_role("link", name=say("nav.open.view")).click()
    expect(page).to_have_url(re.compile("view=residuals&at=em16_tgo_residuals_20230524_20230525_v02"))
    expect(page.locator("[data-view=residuals] .nv-body")).to_be_visible()
    page.go_back()
    expect(page.locator("[data-kind]")).to_have_value("residuals")
    page.goto("/navigation?view=residuals&at=em16_tgo_residuals_20200101_20200102_v77")
    expect(page.locator("#main [role=alert]")).to_contain_text("no product")
    page.locator(".nv-pick").select_option(index=1)  # those that are there can be chosen
    expect(page.locator("[data-view=residuals] .nv-body")).to_be_visible()


@pytest.mark.parametrize("view", ["residuals", ""])
def test_what_could_not_be_read_again_stays_marked_until_it_was(page: Page, url: str, view: str) -> None:
    choose(page, url, "en")
    page.goto(f"/navigation?view={view}" if view else f"/navigation?at={AT}")
    expect(page.locator(".a-pairs dd").first).to_be_visible()
    expect(page.locator("[data-old]")).to_have_count(0)
    asked(url + "/control", {"ticks": False, "navigation": "refused"})
    expect(page.locator("[data-old]")).to_be_visible()
    asked(url + "/control", {"ticks": True})
    expect(page.locator("body")).to_have_attribute("data-line", "alive")
    expect(page.locator("[data-old]")).to_be_visible()  # the line is back, what is shown is not
    expect(page.locator(".a-pairs dd").first).to_be_visible()
    asked(url + "/control", {"navigation": "live"})
    expect(page.locator("[data-old]")).to_have_count(0)


def test_a_pork_chop_is_read_pair_by_pair(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto("/navigation?view=transfers")
    expect(page.locator(".nv-pick")).to_be_visible()
    assert fact(page, say("nav.field.c3")) == "8.25 km²/s²"
    assert fact(page, say("nav.flight")) == "240.0 d"
    assert fact(page, say("nav.field.total")) == f"{math.sqrt(8.25) + 2.5:.5f} km/s"
    place = page.locator(".nv-chop")
    place.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert fact(page, say("nav.field.c3")) == f"{8.25 + 0.02 * 3:g} km²/s²"
    assert fact(page, say("nav.field.dla")) == "5°"
    assert fact(page, say("nav.departure")) == "2023-06-14 18:55:00"
    page.locator("[data-field=vinf]").click()
    expect(page.locator("[data-field=vinf]")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-best]").click()
    assert fact(page, say("nav.field.c3")) == "8.25 km²/s²"
    assert colours(page, ".nv-chop") > 100_000


def test_contours_run_where_the_level_is(page: Page) -> None:
    page.goto("/navigation?view=transfers")
    expect(page.locator(".nv-pick")).to_be_visible()
    lines = page.evaluate(
        "async () => { const { contours } = await import('aelita-contours');"
        " const grid = Array.from({length: 41}, (_, i) => Array.from({length: 41}, (_, j) => i > 38 ? null : Math.hypot(i - 20, j - 20)));"
        " return contours(grid, 10.5); }"
    )
    ends = [end for one in lines for end in one]
    assert len(lines) > 60
    assert all(abs(math.hypot(x - 20, y - 20) - 10.5) < 0.05 for x, y in ends)


def test_the_corridor_tells_which_passes_went_beyond_it(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto("/navigation?view=aerobraking")
    beyond = page.get_by_role("table", name=say("nav.over.limits"))
    expect(beyond.locator("tbody tr")).to_have_count(1)
    expect(beyond.locator("tbody tr")).to_contain_text("0.45 N/m²")
    assert fact(page, say("nav.passes.count")) == "200"
    assert fact(page, say("nav.most.pressure")) == "0.45 N/m² / 0.4 N/m²"
    page.locator("[data-over=number]").click()
    beyond.locator("tbody tr").focus()
    page.keyboard.press("Enter")
    assert fact(page, "№") == "60"
    assert fact(page, say("nav.periapsis")) == "108.5 km"
    expect(page.locator("[data-read]").first).to_contain_text(f"{say('nav.pass.number')} 60")


def test_a_launch_is_told_by_window_ascent_and_dispersion(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto("/navigation?view=launch")
    window = page.get_by_role("table", name=say("nav.window"))
    expect(window.locator("tbody tr")).to_have_count(8)
    expect(window.locator("tr.on")).to_contain_text("2023-05-27")
    window.locator("tr.on").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-day]")).to_contain_text("18:40:00 – 19:10:00 UTC, C3 8 km²/s²")
    timeline = page.get_by_role("table", name=say("nav.timeline"))
    expect(timeline.locator("tbody tr").last).to_contain_text("T+10:40:00")
    page.locator(".nv-figure .nv-place").focus()
    for _ in range(13):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-read]").first).to_contain_text(f"{say('nav.since')} 120 s · {say('nav.height')} 8.27348 km (Stage")
    assert fact(page, say("nav.column.margin_sigma_kg")) == "41.5"


def test_without_products_a_page_says_how_to_publish_one(page: Page, url: str) -> None:
    say = choose(page, url, "ru")
    asked(url + "/control", {"navigation": "nothing"})
    for view, kind in (("residuals", "residuals"), ("transfers", "porkchop"), ("aerobraking", "corridor"), ("launch", "launch")):
        page.goto(f"/navigation?view={view}")
        state = page.locator("#main .a-state")
        expect(state).to_contain_text(say(f"nav.none.{kind}"))
        expect(state).to_contain_text("aelita nav publish")
    asked(url + "/control", {"navigation": "refused"})
    page.goto("/navigation?view=residuals")
    expect(page.locator("#main [role=alert]")).to_contain_text("no kernels")


def test_no_view_widens_a_narrow_screen(page: Page, url: str) -> None:
    choose(page, url, "ru", "light")
    page.set_viewport_size({"width": 800, "height": 900})
    for view in ("", "passes", "residuals", "transfers", "aerobraking", "launch", "products"):
        page.goto(f"/navigation?view={view}" if view else f"/navigation?at={AT}")
        expect(page.locator("[data-view] .nv-body")).to_be_visible()
        expect(page.locator("#main .a-wait")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 800, view
        assert page.locator("[data-view]").evaluate("e => e.scrollWidth - e.clientWidth") <= 1, view
        assert page.locator(".nv-body").evaluate("e => e.getBoundingClientRect().right") <= 800, view
