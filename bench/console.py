"""The console in a real browser: from the start to the first value, the first page, from the antenna to the screen, zooming.

The complex is the real one, with the guard: its first administrator follows the link of the first start. The browser is a
headless Chromium on this machine, which shares the cores with everything else.
"""

import contextlib
import json
import shutil
import signal
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .console_material import BEGIN_UTC, PARAMETER, STEP_S, filled
from .live import percentile
from .live_complex import wall_s
from .live_material import RECORDING, recorded
from .material import SHARED, AbsentError, Setting
from .processes import AELITA, FailedError
from .servers import server
from .table import Row, absent, cost

PATIENCE_S, WATCHED_S, ZOOMS, ROUNDS = 120.0, 60.0, 24, 5
PASSWORD = "a phrase for this measurement only"
SIZES = (1_000_000, 100_000_000)
HEARD = """(() => {
  const heard = window.__heard = [], Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", (event) => {
        if (typeof event.data !== "string" || !event.data.includes('"updates"')) return;
        const updates = JSON.parse(event.data).updates ?? [];
        const newest = updates.reduce((latest, one) => (one.rt > latest ? one.rt : latest), "");
        if (newest) requestAnimationFrame(() => requestAnimationFrame(() => heard.push([newest, Date.now()])));
      });
    }
  };
})()"""
ZOOM = """async (key) => {
  const chart = document.querySelector(".p-plot"), stats = window.__aelita.plot;
  const before = stats.zooms.length, began = performance.now();
  chart.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  while (stats.zooms.length === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""
VALUE = ".g-row .v:not(:empty)"


@dataclass
class Run:
    """A complex that `aelita run` began, as `make run` does, and its first administrator at ESA's console."""

    folder: Path
    process: subprocess.Popen[bytes]
    began: float
    address: str = ""
    cookie: tuple[str, str] = ("", "")

    def enter(self) -> None:
        """Follow the link of the first start as soon as there is one. Raises FailedError."""
        link, end = self.folder / "complex" / "esa" / "first-login.txt", time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                self.address, _, code = link.read_text().strip().partition("/first?code=")
                told = {"code": code, "user": "bench", "password": PASSWORD}
                asked = urllib.request.Request(
                    f"{self.address}/api/v1/auth/first",
                    json.dumps(told).encode(),
                    {"Content-Type": "application/json", "Origin": self.address},
                )
                with urllib.request.urlopen(asked, timeout=10) as answer:
                    name, _, value = answer.headers["Set-Cookie"].partition(";")[0].partition("=")
                    self.cookie = name, value
                return
            time.sleep(0.05)
        raise FailedError("the console of ESA never told its first link")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Run]:
    """Run what `make run` runs after the installation; none of its processes is left."""
    stations = ["--station", "malargue", "--station", "kalyazin"]
    arguments = [str(AELITA), "--data", str(folder), "run", "--no-watch", *stations, "--play", str(SHARED / RECORDING)]
    with (folder / "run.log").open("wb") as said:
        began = time.monotonic()
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
    try:
        yield Run(folder, process, began)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Run a headless Chromium. Raises AbsentError without one."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise AbsentError("playwright is not installed") from error
    where = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if where is None:
        raise AbsentError("no Chromium is installed")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=where, args=["--no-sandbox"])
        try:
            yield made
        finally:
            made.close()


@contextlib.contextmanager
def page_of(chromium: Any, address: str, cookie: tuple[str, str] = ("", "")) -> Iterator[Any]:
    """Open a page of a browser that knows nothing yet but a session."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    try:
        if cookie[0]:
            context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": address}])
        yield context.new_page()
    finally:
        context.close()


def first_pages(chromium: Any, run: Run) -> dict[str, Any]:
    """Measure pages with an empty cache until they show values: seconds, and octets that came over the line."""
    found: dict[str, Any] = {}
    for name, path, shown in (("overview", "/", ".t-row, .g-row, tbody tr"), ("telemetry", "/telemetry", VALUE)):
        seconds, octets = [], 0
        for _ in range(ROUNDS):
            with page_of(chromium, run.address, run.cookie) as page:
                sizes: list[float] = []
                line = page.context.new_cdp_session(page)
                line.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
                line.send("Network.enable")
                began = time.monotonic()
                page.goto(run.address + path)
                page.wait_for_selector(shown)
                seconds.append(time.monotonic() - began)
                page.wait_for_timeout(1000)
                octets = round(sum(sizes))
        found[name] = {"s": statistics.median(seconds), "runs_s": seconds, "octets": octets}
    return found


def to_screen(chromium: Any, run: Run) -> dict[str, float]:
    """Measure how old the newest values are when they are drawn, since the nominal arrival of their frame at the antenna."""
    from aelita.services.live.clock import MissionClock
    from aelita.time import tai_ns_from_utc

    clock, ahead = MissionClock.read(run.folder / "complex"), wall_s() - time.time()
    with page_of(chromium, run.address, run.cookie) as page:
        page.add_init_script(HEARD)
        page.goto(run.address + "/telemetry")
        page.wait_for_selector(VALUE)
        page.wait_for_timeout(1000 * WATCHED_S)
        heard = page.evaluate("window.__heard")
    ages, newest = [], ""
    for received, drawn_ms in heard:
        if received > newest:  # the other containers of the same frames come behind
            newest = received
            arrived = (clock.anchor + tai_ns_from_utc(received.removesuffix("Z")) - clock.epoch) / 1e9 - ahead
            ages.append(drawn_ms - 1000 * arrived)
    if not ages:
        raise FailedError("no value came to the screen")
    return {"median_ms": statistics.median(ages), "p95_ms": percentile(ages, 0.95), "values": len(ages)}


def start_and_screen(folder: Path) -> dict[str, Any]:
    """Measure from the start to the first value on the screen, the first pages, and the way to the screen."""
    recorded()
    with browser() as chromium, running(folder) as run:
        run.enter()
        with page_of(chromium, run.address, run.cookie) as page:
            page.goto(run.address + "/telemetry")
            page.wait_for_selector(VALUE, timeout=1000 * PATIENCE_S)
            first = time.monotonic() - run.began
        return {"first_s": first} | first_pages(chromium, run) | {"screen": to_screen(chromium, run)}


def zooming(folder: Path, count: int) -> dict[str, Any]:
    """Measure zooms on an archive of so many samples, from the key to the chart that is drawn anew."""
    home = filled(folder, count)
    whole_s = count * STEP_S
    with server("console", str(home), "esa") as (port, _), browser() as chromium, page_of(chromium, "") as page:
        query = f"p={PARAMETER}&from={BEGIN_UTC}&span={whole_s}&spacecraft=tgo"
        page.goto(f"http://127.0.0.1:{port}/plot?{query}")
        page.wait_for_function("window.__aelita?.plot?.zooms.length > 0 && window.__aelita.plot.points > 100", timeout=60_000)
        page.wait_for_timeout(1000)
        points = page.evaluate("window.__aelita.plot.points")
        took = [page.evaluate(ZOOM, key) for key in ["+"] * (ZOOMS // 2) + ["-"] * (ZOOMS // 2)]
    return {"median_ms": statistics.median(took), "worst_ms": max(took), "points": points, "ms": took}


def live_rows(found: dict[str, Any]) -> list[Row]:
    """Rows of the running complex."""
    note = "from the nominal arrival of the frame in which the newest packet began to the second frame of the browser after it"
    rows = [cost("aelita run to the first value on screen", found["first_s"], None, "s", "<= 15", raw=found)]
    for name in ("overview", "telemetry"):
        rows += [
            cost(f"page {name}, empty cache, until it shows values", found[name]["s"], None, "s", "<= 1.5"),
            cost(f"page {name}, transferred", found[name]["octets"] / 1e6, None, "MB", "<= 3"),
        ]
    rows += [
        cost("frame at the antenna to value in a browser, median", found["screen"]["median_ms"], None, "ms", "<= 250", note=note),
        cost("frame at the antenna to value in a browser, 95 %", found["screen"]["p95_ms"], None, "ms"),
    ]
    return rows


def zoom_rows(count: int, found: dict[str, Any]) -> list[Row]:
    """Rows of zooming on so many samples."""
    name, goal = f"zoom on {count:,} samples in a browser", "<= 150" if count <= 1_000_000 else "<= 300"
    note = f"key to chart drawn anew; {found['points']} points drawn"
    return [
        cost(f"{name}, median", found["median_ms"], None, "ms", goal, raw=found, note=note),
        cost(f"{name}, worst of {ZOOMS}", found["worst_ms"], None, "ms"),
    ]


def rows(setting: Setting) -> list[Row]:
    """Run all, each in a folder of its own that is removed."""
    work, made = setting.work / "console", list[Row]()
    parts = [("start and screen", lambda: live_rows(start_and_screen(work)))]
    parts += [(f"zoom on {count:,}", lambda count=count: zoom_rows(count, zooming(work, count))) for count in SIZES]
    for name, measure in parts:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            made += measure()
        except (FailedError, AbsentError, TimeoutError, OSError) as reason:
            made.append(absent(name, f"{name}: {reason or 'it never came'}"))
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return made
