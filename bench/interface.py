"""The live WebSocket: many clients at once beside a bare send loop of Starlette, and the way from a frame to a client.

Everything is on this machine: the real server of streams, a publisher in the place of the processor, the interface, and the
clients, which share the cores with it. The bare loop has no streams beneath: it makes its batches itself, encodes each once, and
sends it to one socket after another.
"""

import asyncio
import contextlib
import multiprocessing
import shutil
import statistics
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from .interface_clients import Counted, run
from .interface_server import STAMP
from .live import percentile
from .live_complex import Complex, cpu_s, running
from .live_material import MISSION, RECORDING, recorded
from .material import ROOT, SHARED, AbsentError, Setting
from .processes import FailedError
from .servers import server
from .table import Row, absent, cost

CLIENTS, RATE, UPDATES, SECONDS = 200, 50.0, 20, 20.0
PAGES, VALUES, PAGE_RATE = 50, 300, 2.0
WAY_S = 60.0


@contextlib.asynccontextmanager
async def _streams(folder: Path) -> AsyncIterator[tuple[Path, Any]]:
    """Run the streams of one agency; give the folder of the installation and a connection that may publish."""
    from aelita.services.live.agency_streams import address_of, server_of
    from aelita.services.live.clock import MissionClock
    from aelita.services.live.installation import AgencyHere, Installation, keep_ports
    from aelita.services.live.stream_setup import make_streams
    from aelita.services.live.streams import Streams
    from aelita.services.missions import find_mission

    made = Installation(folder / "complex", find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)),))
    made.write()
    keep_ports(made)
    server = server_of(made, "esa", MissionClock().now())
    await server.start()
    try:
        await make_streams(server.plan, {one.account: server.address("admin", one.account) for one in server.plan.streams})
        async with await Streams.connect(address_of(made, "esa"), name="bench") as streams:
            yield made.folder, streams
    finally:
        await server.stop()


async def _publish(streams: Any, rate: float, updates: int) -> None:
    """Publish a message of parameters at regular times, for ever, with the time in it."""
    import polars as pl

    from aelita.services.live.batches import pack
    from aelita.services.live.streams import Publisher

    publisher, number, due = Publisher(streams), 0, time.monotonic()
    row: dict[str, Any] = {"received": 10**18, "generated": 10**18, "quality": 0, "apid": 1, "sequence_count": 0}
    row |= {f"/BENCH/p{n}": float(n) for n in range(updates - 1)}
    while True:
        number += 1
        (octets,) = pack(pl.DataFrame([row | {STAMP: time.time_ns(), "/BENCH/p0": float(number)}]))
        await publisher.send("esa.parameters.tgo.bench", octets, msg_id=str(time.time_ns()))
        due = max(due + 1 / rate, time.monotonic())
        await asyncio.sleep(due - time.monotonic())


def _load(port: int, pid: int, clients: int, request: dict[str, object], seconds: float) -> tuple[list[Counted], float]:
    """Return what clients in a process of their own were sent, and the share of a core that the server took meanwhile."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        before, began = cpu_s(pid), time.monotonic()
        found = pool.submit(run, port, clients, request, seconds).result()
        return found, (cpu_s(pid) - before) / (time.monotonic() - began)


def _outcome(found: list[Counted], share: float, expected: float) -> dict[str, float]:
    delays = [delay for one in found for delay in one.delays_ms]
    if not delays:
        raise FailedError("no client was sent anything")
    updates = sum(one.updates for one in found)
    return {
        "updates": updates, "expected": expected * len(found), "lost": max(0.0, 100 * (1 - updates / (expected * len(found)))),
        "median_ms": statistics.median(delays), "p99_ms": percentile(delays, 0.99), "worst_ms": max(delays), "cpu": 100 * share,
    }  # fmt: skip


async def many(folder: Path) -> dict[str, Any]:
    """Measure 200 clients, ours and the bare loop; and 50 pages of 300 values at 2 Hz, ours."""
    request: dict[str, object] = {"subscribe": 1, "topic": "parameters", "names": ["/BENCH/*"]}
    found: dict[str, Any] = {}
    async with _streams(folder) as (home, streams):
        for name, clients, rate, updates in (("many", CLIENTS, RATE, UPDATES), ("pages", PAGES, PAGE_RATE, VALUES)):
            asked = request if name == "many" else request | {"rate_hz": PAGE_RATE * 1.2}
            publishing = asyncio.create_task(_publish(streams, rate, updates))
            with server("ours", str(home), "esa") as (port, pid):
                await asyncio.sleep(5)
                before, began = cpu_s(pid), time.monotonic()
                await asyncio.sleep(5)
                idle = 100 * (cpu_s(pid) - before) / (time.monotonic() - began)
                counted, share = await asyncio.to_thread(_load, port, pid, clients, asked, SECONDS)
            publishing.cancel()
            found[name] = _outcome(counted, share, rate * updates * SECONDS) | {"idle_cpu": idle}
    with server("bare", str(RATE), str(UPDATES)) as (port, pid):
        counted, share = await asyncio.to_thread(_load, port, pid, CLIENTS, request, SECONDS)
        found["bare"] = _outcome(counted, share, RATE * UPDATES * SECONDS)
    return found


async def _way(one: Complex, port: int) -> list[float]:
    """Return how old (s) the newest values of each batch are for a client, since the nominal arrival of their frame."""
    import orjson
    from websockets.asyncio.client import connect

    from aelita.time import tai_ns_from_utc

    from .live_complex import wall_s

    await asyncio.sleep(max(one.clock.seconds_until(one.begin) - 5, 0))
    ages: list[float] = []
    async with connect(f"ws://127.0.0.1:{port}/api/v1/live", max_size=None, proxy=None) as client:
        await client.send(orjson.dumps({"subscribe": 1, "topic": "parameters", "spacecraft": "tgo"}).decode())
        end = time.monotonic() + max(one.clock.seconds_until(one.begin), 0) + WAY_S
        newest = ""
        while time.monotonic() < end:
            told = orjson.loads(await asyncio.wait_for(client.recv(), 30))
            if updates := told.get("updates"):
                last = max(update["rt"] or "" for update in updates)
                if last > newest:  # the other containers of the same frames come behind
                    newest = last
                    ages.append(wall_s() - one.wall(tai_ns_from_utc(last.removesuffix("Z"))))
    return ages


def way(folder: Path) -> dict[str, float]:
    """Measure the way from a frame at the antenna to a value at a client, at the true rate of the recording."""
    one = Complex(folder, str(ROOT / MISSION), SHARED / RECORDING)
    with running(one), server("ours", str(one.home), "esa") as (port, _):
        ages = asyncio.run(_way(one, port))
    if not ages:
        raise FailedError("no value came")
    return {"median_ms": 1000 * statistics.median(ages), "p95_ms": 1000 * percentile(ages, 0.95), "batches": len(ages)}


def many_rows(found: dict[str, Any]) -> list[Row]:
    """Rows of many clients beside the bare loop."""
    ours, bare, pages = found["many"], found["bare"], found["pages"]
    name = f"{CLIENTS} WebSocket clients, {RATE:.0f} batches of {UPDATES} a second each"
    many_pages = f"{PAGES} pages of {VALUES} values at {PAGE_RATE:g} Hz"
    idle = f"everything that the process does, of which {pages['idle_cpu']:.1f} % without any client"
    note = "ours: published on a real stream, followed, encoded, sent; peer: a bare Starlette loop; clients share the cores"
    return [
        cost(f"{name}: updates not delivered", ours["lost"], bare["lost"], "%", "<= 1", raw=found, note=note),
        cost(f"{name}: delay, 99 %", ours["p99_ms"], bare["p99_ms"], "ms", "<= 50"),
        cost(f"{name}: delay, median", ours["median_ms"], bare["median_ms"], "ms"),
        cost(f"{name}: CPU of the server", ours["cpu"], bare["cpu"], "% of a core"),
        cost(f"{many_pages}: CPU of the server", pages["cpu"], None, "% of a core", "<= 10", note=idle),
        cost(f"{many_pages}: delay, 99 %", pages["p99_ms"], None, "ms"),
    ]


def way_rows(found: dict[str, float]) -> list[Row]:
    """Rows of the way from the antenna to a client."""
    note = "from the nominal arrival of the frame in which the newest packet of a batch began; packets may end a frame later"
    name = "frame at the antenna to value at a WebSocket client"
    return [
        cost(f"{name}, median", found["median_ms"], None, "ms", "<= 250", raw=found, note=note),
        cost(f"{name}, 95 %", found["p95_ms"], None, "ms"),
    ]


def rows(setting: Setting) -> list[Row]:
    """Run all, each in a folder of its own that is removed."""
    work, made = setting.work / "interface", list[Row]()
    for name, measure in (
        ("many WebSocket clients", lambda: many_rows(asyncio.run(many(work)))),
        ("frame to WebSocket client", lambda: _if_recorded(work)),
    ):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            made += measure()
        except (FailedError, AbsentError, TimeoutError, OSError) as reason:
            made.append(absent(name, f"{name}: {reason or 'it never came'}"))
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return made


def _if_recorded(work: Path) -> list[Row]:
    recorded()
    return way_rows(way(work))
