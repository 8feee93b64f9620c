"""The pages of flight dynamics as a user drives them in a browser, against a made-up centre whose every text holds a script."""

import math
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from aelita.console.words import WORDS
from console_navigation_centre import PERIOD_S, RADIUS_KM
from shared import chromium
from test_console_pages import asked

HERE = Path(__file__).parent
expect.set_options(timeout=30_000)
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
    made = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url)
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


def test_what_is_told_of_the_orbit_is_what_the_states_say(page: Page, url: str) -> None:
    say = choose(page, url, "en")
    page.goto(f"/navigation?at={AT}")
    space = page.locator(".nv-space")
    expect(space).to_have_attribute("data-drawn", "webgl")
    expect(page.locator("[data-time]")).to_have_text("2023-05-24 19:25:00 UTC")
    assert fact(page, say("nav.radius")) == f"{RADIUS_KM:.1f} km"
    assert fact(page, say("nav.speed")) == f"{2 * math.pi * RADIUS_KM / PERIOD_S:.3f} km/s"
