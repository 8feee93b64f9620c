"""Faults and attacks on the console in a real browser: lines that break, sleep, clocks that jump, hostile texts, other sites."""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from client_material import certificate
from console_guarded_centre import BAD, NAMES
from door_material import PASSWORD
from live_servers import Line
from shared import chromium

HERE = Path(__file__).parent
PATIENCE_MS, PATIENCE_S = 60_000, 60.0
PAGES = (
    "/", "/telemetry", "/displays", "/plot", "/packets", "/completeness", "/events", "/alarms", "/stations", "/database", "/agencies",
    "/log", "/administration", "/administration?view=audit", "/administration?view=tokens", "/administration?view=services",
)  # fmt: skip
WATCHED = """
window.hurt = 0; window.broken = [];
document.addEventListener("securitypolicyviolation", (e) => window.broken.push(e.violatedDirective + " " + e.blockedURI));
"""
JUMPING = """
const kept = Date, real = Date.now.bind(Date); window.ahead = 0;
Date = class extends kept { constructor(...all) { super(...(all.length ? all : [real() + window.ahead])); } static now() { return real() + window.ahead; } };
"""  # a clock of the machine that can be set; performance.now goes on
expect.set_options(timeout=PATIENCE_MS)


class Centre:
    """A real centre in a process of its own."""

    def __init__(self, folder: Path, *how: str) -> None:
        self.folder, self.scheme = folder, "https" if how else "http"
        self.log = (folder / "log").open("wb")
        command = (sys.executable, str(HERE / "console_guarded_centre.py"), str(folder), *how)
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        end = time.monotonic() + PATIENCE_S
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < end, (folder / "log").read_text()[-3000:]
            time.sleep(0.1)

    @property
    def port(self) -> int:
        return int(json.loads((self.folder / "complex" / "ports.json").read_text())["esa/web"])

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        with contextlib.suppress(OSError, httpx.TransportError):
            return httpx.get(f"{self.url}/login", verify=False).status_code == 200
        return False

    @contextlib.contextmanager
    def as_user(self, name: str) -> Iterator[httpx.Client]:
        """Give a client that is logged in."""
        with httpx.Client(base_url=f"{self.url}/api/v1/", headers={"origin": self.url}, timeout=PATIENCE_S) as client:
            told(client.post("auth/login", json={"user": name, "password": PASSWORD}))
            yield client

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.log.close()


def told(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    chromium()
    made = Centre(tmp_path_factory.mktemp("centre"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def session(centre: Centre) -> str:
    """Return the secret of a session of vera, which most pages of these tests share."""
    with centre.as_user("vera") as vera:
        return str(vera.cookies["aelita_session_esa"])


def context_of(browser: Browser, url: str, session: str = "", **how: Any) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url, **how)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(WATCHED)
    if session:
        cookie: Any = {"name": "aelita_session_esa", "value": session, "url": url, "httpOnly": True, "sameSite": "Strict"}
        context.add_cookies([cookie])
    return context


@pytest.fixture
def page(browser: Browser, centre: Centre, session: str) -> Iterator[Page]:
    with opened(browser, centre.url, session) as made:
        yield made


@contextlib.contextmanager
def opened(browser: Browser, url: str, session: str = "", **how: Any) -> Iterator[Page]:
    """Give a page; whatever it went through, no script failed, none of a text ran, and its policy was kept."""
    context = context_of(browser, url, session, **how)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    unhurt(page)
    context.close()
    assert not faults


def unhurt(page: Page) -> None:
    assert page.evaluate("[window.hurt, window.broken]") == [0, []], page.url


def alive(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-line", "alive")


def dead(page: Page) -> None:
    """Assert that nothing looks alive."""
    expect(page.locator("body")).to_have_attribute("data-line", "dead")
    expect(page.get_by_role("alert").first).to_contain_text("Nothing shown is live")
    expect(page.locator("[data-chip=link]")).to_contain_text("unknown")
    expect(page.locator("[data-chip=alarms]")).to_contain_text("unknown")
    expect(page.locator(".g-row .st").first).to_have_text("stale")
    expect(page.locator(".a-kv.old").first).to_be_visible()


def moving(page: Page) -> None:
    """Assert that values move."""
    alive(page)
    first = page.locator(".g-row .v").first.inner_text()
    expect(page.locator(".g-row .v").first).not_to_have_text(first)


def log_in(page: Page, password: str = PASSWORD, user: str = "vera") -> None:
    page.get_by_label("User").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


# logging in


def test_who_logs_in_comes_where_he_wanted_and_who_guesses_learns_nothing(browser: Browser, centre: Centre) -> None:
    with opened(browser, centre.url) as page:
        page.goto("/telemetry?q=T00")
        said = []
        for user in ("vera", "nobody"):
            log_in(page, "wrong", user)
            expect(page.get_by_role("alert")).to_contain_text("is wrong")
            said.append(page.get_by_role("alert").inner_text())
        assert said[0] == said[1]
        log_in(page)
        expect(page).to_have_url(re.compile(r"/telemetry\?q=T00"))
        moving(page)
        page.locator("[data-settings]").click()
        page.locator("[data-logout]").click()
        expect(page.get_by_label("Password")).to_be_visible()
        page.goto("/telemetry")
        expect(page.get_by_label("Password")).to_be_visible()


def test_who_guesses_too_often_is_told_when_to_go_on(browser: Browser, centre: Centre) -> None:
    with opened(browser, centre.url) as page:
        page.goto("/login")
        for _ in range(9):
            with page.expect_response("**/auth/login"):
                log_in(page, "wrong", "guessed")
        expect(page.get_by_role("alert")).to_contain_text(re.compile(r"next one may be in \d+ s"))


def test_logging_in_leads_nowhere_else(page: Page, centre: Centre) -> None:
    """With a session the page of logging in goes on at once, by the same way as after the password."""
    login = re.compile("^/(login|assets/|api/|_nicegui/)")
    page.context.route(lambda url: not login.match(urlsplit(url).path), lambda route: route.fulfill(body="somewhere"))
    for to in (
        "//evil.example/", "/\\evil.example", "/%09/evil.example", "/%0a/evil.example", "/.//evil.example", "https://evil.example",
        "javascript:window.hurt=1", "%20//evil.example", "\\\\evil.example", "http:evil.example", "data:text/html,evil",
    ):  # fmt: skip
        page.goto(f"/login?next={to}")
        page.wait_for_url(lambda url: "/login" not in url)
        assert page.evaluate("sessionStorage.clear(), location.origin") == centre.url, to


def test_a_session_that_ends_under_a_page_is_said_and_what_was_typed_is_kept(browser: Browser, centre: Centre) -> None:
    with centre.as_user("vera") as vera, opened(browser, centre.url, vera.cookies["aelita_session_esa"]) as page:
        page.goto("/log?q=pump")
        alive(page)
        page.locator("[data-keep=log-text]").fill("half a thought")
        told(vera.post("auth/logout"))
        expect(page.get_by_role("alert")).to_contain_text("session has ended")
        log_in(page)
        expect(page).to_have_url(re.compile(r"/log\?q=pump"))
        alive(page)
        expect(page.locator("[data-keep=log-text]")).to_have_value("half a thought")


def test_a_token_works_until_it_is_revoked(centre: Centre) -> None:
    with centre.as_user("vera") as vera:
        made = told(vera.post("auth/tokens", json={"name": "script", "scopes": ["view"], "days": 1}))
        bearer = {"authorization": f"Bearer {made['token']}"}
        live = f"ws://127.0.0.1:{centre.port}/api/v1/live"
        assert told(httpx.get(f"{centre.url}/api/v1/auth/me", headers=bearer))["how"] == "token"
        assert httpx.post(f"{centre.url}/api/v1/log", headers=bearer, json={"text": "x"}).status_code == 403
        with connect(live, additional_headers=bearer, proxy=None) as socket:
            assert "tick" in json.loads(socket.recv())
            told(vera.delete(f"auth/tokens/{made['id']}"))
            with pytest.raises(Exception, match="log in again"):
                while True:
                    socket.recv()
        assert httpx.get(f"{centre.url}/api/v1/auth/me", headers=bearer).status_code == 401
        with pytest.raises(InvalidStatus):
            connect(live, additional_headers=bearer, proxy=None)


def test_under_tls_the_cookie_is_secure_and_the_socket_too(browser: Browser, tmp_path: Path) -> None:
    certificate(tmp_path)
    centre = Centre(tmp_path, "tls")
    try:
        with opened(browser, centre.url, ignore_https_errors=True) as page:
            sockets: list[str] = []
            page.on("websocket", lambda one: sockets.append(one.url))
            page.goto("/telemetry")
            log_in(page)
            moving(page)
            (cookie,) = (one for one in page.context.cookies() if "session" in one["name"])
            assert (cookie["name"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (
                "__Host-aelita_session_esa", True, True, "Strict",
            )  # fmt: skip
            assert sockets and all(one.startswith("wss://") for one in sockets)
    finally:
        centre.stop()


# hostile texts


def test_no_text_of_a_user_or_of_data_is_run(browser: Browser, centre: Centre) -> None:
    texts = [
        BAD,
        "<script>window.hurt=1</script>",
        "{{constructor.constructor('window.hurt=1')()}}",
        "javascript:window.hurt=1",
        '"onmouseover="window.hurt=1',
    ]
    everything = " ".join(texts)
    with centre.as_user("boss") as boss:
        for text in texts:
            told(boss.post("log", json={"text": text, "category": "anomaly"}))
        told(boss.post("auth/tokens", json={"name": everything[:100], "scopes": ["view"], "days": 1}))
        parts = [
            {"kind": "table", "title": everything, "says": f"*{BAD[:10]}* *T00*"}, {"kind": "mimic", "title": BAD, "says": f"{everything}={NAMES[0]}\n{BAD}"},
            {"kind": "text", "title": BAD, "says": everything}, {"kind": "plot", "title": BAD, "says": NAMES[0]},
        ]  # fmt: skip
        body = {"parts": [{"width": 6, "height": 2, "spacecraft": "", **one} for one in parts]}
        display = told(boss.post("displays", json={"title": everything[:100], "shared": True, "document": body}))
        secret = str(boss.cookies["aelita_session_esa"])
        with opened(browser, centre.url, secret) as page:
            for path in (
                *PAGES,
                f"/displays?d={display['id']}",
                f"/plot?p={NAMES[0]}",
                f"/telemetry?q={BAD}",
                f"/log?q={BAD}&entry=1",
            ):
                page.goto(path)
                expect(page.locator("main h1").first).to_be_visible()
                expect(page.locator("main .a-wait")).to_have_count(0)
                if path in ("/", "/telemetry"):
                    alive(page)
                unhurt(page)
                assert page.locator("main img, main script, main [onmouseover]").count() == 0, path
            page.goto("/telemetry")
            expect(page.get_by_text(BAD).first).to_be_visible()
            page.goto("/log")
            for text in texts:
                expect(page.get_by_text(text, exact=True).first).to_be_visible()


# other sites


class Site(BaseHTTPRequestHandler):
    """Another site on the same machine: whatever is asked, its page, which tries to act in the name of who looks at it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>prize</title><form method=post enctype=text/plain></form>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def other_site() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


ATTACKS = """async (url) => {
  const said = {}, json = JSON.stringify({ text: "forged" });
  for (const [name, how] of [["plain", { mode: "no-cors", body: json }], ["json", { headers: { "content-type": "application/json" }, body: json }]]) {
    try { said[name] = (await fetch(url + "/api/v1/log", { method: "POST", credentials: "include", ...how })).type; } catch (e) { said[name] = "failed"; }
  }
  try { said.read = (await (await fetch(url + "/api/v1/auth/me", { credentials: "include" })).json()).user; } catch { said.read = "failed"; }
  navigator.sendBeacon(url + "/api/v1/auth/logout");
  const frame = document.createElement("iframe"); frame.src = url + "/log"; document.body.append(frame);
  const script = document.createElement("script"); script.src = url + "/api/v1/auth/me"; document.body.append(script);
  said.script = await new Promise((done) => { script.onerror = () => done("failed"); script.onload = () => done("ran"); });
  said.socket = await new Promise((done) => { const s = new WebSocket(url.replace("http", "ws") + "/api/v1/live"); s.onopen = () => done("open"); s.onerror = () => done("failed"); });
  const opened = window.open(url + "/log");
  for (said.window = ""; !said.window;) { // until it has gone there
    await new Promise((done) => setTimeout(done, 100));
    try { said.window = opened.closed ? "closed" : opened.document.title; } catch { said.window = "failed"; }
  }
  return said;
}"""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["another port of the host", "another host"])
def test_other_sites_cannot_act_or_look(browser: Browser, centre: Centre, host: str) -> None:
    with centre.as_user("vera") as vera, other_site() as port:
        count = len(told(vera.get("log"))["items"])
        context = context_of(browser, centre.url, vera.cookies["aelita_session_esa"])
        page = context.new_page()
        page.goto(f"http://{host}:{port}/")
        said = page.evaluate(ATTACKS, centre.url)
        assert said["plain"] in ("opaque", "failed")  # a page is never told what became of it
        assert {said[name] for name in ("json", "read", "script", "socket")} == {"failed"}
        assert said["window"] in ("failed", "closed")
        assert all(not one.url.startswith(centre.url) for one in page.frames)  # none was framed
        form = "(url) => { const f = document.forms[0]; f.action = url; f.submit(); }"
        with page.expect_navigation():
            page.evaluate(form, f"{centre.url}/api/v1/log")
        assert "403" in page.content()
        context.close()
        assert told(vera.get("auth/me"))["user"] == "vera"  # not logged out either
        assert len(told(vera.get("log"))["items"]) == count


# lines, sleep and clocks


class Relay:
    """A line to a centre that can be cut and silenced, in a thread of its own."""

    def __init__(self, port: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.line = Line(port)
        self.do(self.line.restore)

    def do(self, what: Callable[[], Any]) -> None:
        async def done() -> None:
            result = what()
            if result is not None:
                await result

        asyncio.run_coroutine_threadsafe(done(), self.loop).result()

    def end(self) -> None:
        self.do(self.line.cut)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def relayed(browser: Browser, centre: Centre, session: str) -> Iterator[tuple[Page, Relay]]:
    relay = Relay(centre.port)
    with opened(browser, f"http://127.0.0.1:{relay.line.port}", session) as page:
        page.goto("/telemetry")
        moving(page)
        yield page, relay
    relay.end()


def test_a_line_that_is_cut_is_joined_again(relayed: tuple[Page, Relay]) -> None:
    page, relay = relayed
    relay.do(relay.line.cut)
    dead(page)
    relay.do(relay.line.restore)
    moving(page)
    expect(page.locator(".a-banner")).not_to_have_class(re.compile(r"\bon\b"))
    expect(page.locator("[data-chip=alarms]")).to_contain_text("No alarms")


def test_a_line_that_loses_everything_silently_is_left_for_another(relayed: tuple[Page, Relay]) -> None:
    """Also a connection that began while nothing came through, and never will answer."""
    page, relay = relayed
    relay.do(relay.line.silence)
    dead(page)
    made = page.evaluate("window.__aelita.line.messages")
    page.wait_for_timeout(7_000)  # by now another socket waits for its answer
    relay.do(relay.line.restore)
    page.wait_for_function("(made) => window.__aelita.line.messages > made", arg=made)
    moving(page)


@pytest.mark.parametrize("monotonic", [True, False], ids=["its timers know", "its timers stood still"])
def test_a_page_that_slept_an_hour_looks_dead_until_it_has_heard_anew(
    browser: Browser, centre: Centre, session: str, monotonic: bool
) -> None:
    """Whether or not the clock of its timers goes on while the machine sleeps; what came meanwhile is lost."""
    relay = Relay(centre.port)
    context = context_of(browser, f"http://127.0.0.1:{relay.line.port}", session)
    context.add_init_script(JUMPING)
    page = context.new_page()
    page.goto("/telemetry")
    moving(page)
    seen = "window.seen = []; new MutationObserver(() => window.seen.push(document.body.dataset.line)).observe(document.body, {attributes: true})"
    page.evaluate(seen)
    relay.do(relay.line.silence)
    if monotonic:
        page.evaluate("(() => { const real = performance.now.bind(performance); performance.now = () => real() + 3600e3; })()")
    page.evaluate("window.ahead = 3600e3")
    page.wait_for_function("window.seen[0] === 'dead'")
    dead(page)
    relay.do(relay.line.restore)
    moving(page)
    context.close()
    relay.end()


@pytest.mark.parametrize("ahead_s", [3600, -3600])
def test_a_clock_that_is_set_moves_no_time_that_is_shown(browser: Browser, centre: Centre, session: str, ahead_s: int) -> None:
    context = context_of(browser, centre.url, session)
    context.add_init_script(JUMPING)
    page = context.new_page()
    page.goto("/telemetry")
    moving(page)
    page.evaluate(f"window.ahead = {1000 * ahead_s}")
    page.wait_for_timeout(1_500)
    moving(page)
    shown = page.locator(".a-kv").nth(1).inner_text()
    now = page.evaluate("new Date(Date.now() - window.ahead).toISOString()")
    assert now[11:13] in shown and now[:10] in shown, (now, shown)  # the centre's UTC, not the browser's
    context.close()


def test_a_page_that_takes_nothing_hurts_no_other_and_catches_up(browser: Browser, centre: Centre, session: str) -> None:
    with opened(browser, centre.url, session) as stuck, opened(browser, centre.url, session) as other:
        for page in (stuck, other):
            page.goto("/telemetry")
            moving(page)
        other.evaluate("window.seen = []; setInterval(() => window.seen.push(document.body.dataset.line), 100)")
        stuck.evaluate("setTimeout(() => { const end = performance.now() + 8e3; while (performance.now() < end); }, 0)")
        moving(other)
        moving(stuck)  # asked when it can answer again
        assert set(other.evaluate("window.seen")) == {"alive"}
