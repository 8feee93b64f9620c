"""The live chain of two agencies on this machine: stations, SLE, streams written through to disk, merged and archived twice.

Each measurement runs a new complex by `aelita run`, to which the packets of the TGO recording are played: at their true rate as
they are, faster as `live_material` makes them. Delays count from the nominal arrival of a frame at the antenna (the source of
space itself is in them) to the moment when a display that follows the stream of parameters has the last message made of it.
"""

import asyncio
import os
import shutil
import signal
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from .live_complex import STATION_OF, Complex, Watcher, cpu_s, is_python, pss_mib, running, wall_s
from .live_material import MISSION, RECORDING, TRUE_RATE, Signal, recorded
from .live_material import signal as signal_of
from .material import ROOT, SHARED, AbsentError, Setting
from .processes import FailedError
from .table import Row, absent, cost, rate

GOAL_RATE = 5e6
LONG_S = float(os.environ.get("AELITA_BENCH_LIVE_S", "120"))
HIGHER_S = 20.0
HIGHER = (3e6, 6e6, 8e6, 10e6)
TRUE_S = 120.0
SETTLED_S = 10.0  # between a recovery and the next death
RECOVERY_S, PATIENCE_S = 240.0, 60.0
FAST_RATE = 100e3  # for fail-over and restart: parameters come often enough to see when they flow again
BEHIND_S = 5.0  # a complex that is further behind at the end of a signal does not hold the rate
DRAIN_S = 60.0


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


async def _over(one: Complex, watcher: Watcher) -> None:
    """Wait until the signal is over and nothing more comes, at most DRAIN_S."""
    await asyncio.sleep(max(one.clock.seconds_until(one.over), 0))
    end = time.monotonic() + DRAIN_S
    counts: list[int] = []
    while time.monotonic() < end:
        await asyncio.sleep(1.0)
        counts.append(sum(len(found) for found in watcher.arrivals.values()))
        if len(counts) > 4 and counts[-1] == counts[-5]:
            return


async def _chain(one: Complex, seconds: float) -> dict[str, Any]:
    """Play the signal of a complex that has just come up, and return what came of it."""
    watcher = Watcher(one)
    async with watcher.watching():
        await asyncio.sleep(max(one.clock.seconds_until(one.begin), 0))
        pids = one.pids()
        before = {name: cpu_s(pid) for name, pid in pids.items()}
        began = wall_s()
        load = os.times()
        await asyncio.sleep(min(seconds, max(one.clock.seconds_until(one.over), 0)))
        spent = wall_s() - began
        cpu = {name: (cpu_s(pid) - before[name]) / spent for name, pid in sorted(pids.items())}
        mine = os.times()
        cpu["the bench itself"] = (mine.user + mine.system - load.user - load.system) / spent
        memory = {name: pss_mib(pid) for name, pid in sorted(pids.items())}
        if spent >= seconds:  # the true rate: no need to wait for the end of the recording
            until = one.clock.now()
        else:
            await _over(one, watcher)
            until = one.over
    found: dict[str, Any] = {"cpu": cpu, "memory_mib": memory, "seconds": spent, "agencies": {}}
    for agency in STATION_OF:
        found["agencies"][agency] = await _outcome(one, agency, watcher, until)
    return found


async def _outcome(one: Complex, agency: str, watcher: Watcher, until: int) -> dict[str, Any]:
    """Compare what an agency has with what was sent, and return delays (s) of all frames of which parameters were made."""
    merged = await one.merged(agency)
    numbers = [number for frames in merged.values() for number, _ in frames]
    lag = one.light_ns + 2_000_000_000  # what is on its way, when the signal goes on
    wanted = min(one.frames, one.number(until - lag)) if until < one.over else one.frames
    last: dict[int, float] = {}
    for sequence, at in watcher.arrivals[agency]:
        last[sequence] = max(at, last.get(sequence, at))
    delays = [last[seq] - one.wall(received) for seq, frames in merged.items() if seq in last for _, received in frames]
    return {
        "sent": wanted,
        "lost": wanted - len({number for number in numbers if 0 <= number < wanted}),
        "doubled": len(numbers) - len(set(numbers)),
        "merged_messages": len(merged),
        "parameter_messages": len(watcher.arrivals[agency]),
        "behind_s": max(last.values(), default=0.0) - one.wall(until),
        "delays": len(delays),
        "median_ms": 1000 * statistics.median(delays) if delays else None,
        "p95_ms": 1000 * percentile(delays, 0.95) if delays else None,
        "worst_ms": 1000 * max(delays, default=0.0),
    }


def archived(one: Complex, agency: str) -> dict[str, int]:
    """Return how many good frames and packets an agency's archive has, and how many of the frames are there twice."""
    import polars as pl

    from aelita.archive import open_archive

    archive = open_archive(one.made.archive(agency))
    frames = archive.frames().filter(pl.col("reason") == 0)
    numbers = [one.number(at) for at in frames["emitted"].to_list()]
    packets = archive.packets(octets=False).height
    return {"frames": len(set(numbers)), "doubled": len(numbers) - len(set(numbers)), "packets": packets}


def at_rate(folder: Path, bit_rate: float, seconds: float) -> dict[str, Any]:
    """Play a signal of a bit rate to a new complex until its end, and return what came of it, archives included."""
    made = signal_of(folder / "signal", bit_rate, seconds)
    one = Complex(folder, str(made.mission), made.recording)
    with running(one):
        if one.clock.seconds_until(one.begin) < 2:
            raise FailedError("the complex came up too late for the signal")
        found = asyncio.run(_chain(one, made.seconds + 1))
        _archived(one)
    for agency, outcome in found["agencies"].items():
        outcome["archive"] = archived(one, agency)
    found |= {"bit_rate": bit_rate, "frames": made.frames, "packets": made.packets, "signal_s": made.seconds}
    found["held"] = held(found, made)
    return found


def _archived(one: Complex) -> None:
    """Wait until the archivers have taken all that is merged; they write it when they are ended."""
    newest = {agency: asyncio.run(one.last_merged(agency)) for agency in STATION_OF}
    one.until(
        "archives with all frames",
        lambda: all(one.metric(agency, "archiver", "archive_taken") >= number for agency, number in newest.items()),
    )


def held(found: dict[str, Any], made: Signal) -> bool:
    """Say whether nothing was lost or doubled in streams and archives, and no agency was behind at the end."""
    wanted = {"frames": made.frames, "doubled": 0, "packets": made.packets}
    return all(
        (one["lost"], one["doubled"]) == (0, 0) and one["archive"] == wanted and one["behind_s"] < BEHIND_S
        for one in found["agencies"].values()
    )


def at_true_rate(folder: Path) -> dict[str, Any]:
    """Play the recording as it is for a while."""
    one = Complex(folder, str(ROOT / MISSION), SHARED / RECORDING)
    with running(one):
        found = asyncio.run(_chain(one, TRUE_S))
        found["python"] = {agency: _python_of(one, agency) for agency in STATION_OF}
        found["processes"] = len(one.pids())
    return found


def _python_of(one: Complex, agency: str) -> int:
    return sum(name.startswith(f"{agency}/") and is_python(pid) for name, pid in one.pids().items())


async def _recovery(one: Complex) -> dict[str, Any]:
    """Kill everything, then the holder of each lease while the supervisor is stopped, and time when data flows again (s)."""
    found: dict[str, Any] = {}
    watcher = Watcher(one, decoded=True)
    async with watcher.watching():
        await asyncio.sleep(max(one.clock.seconds_until(one.begin), 0))
        await _until(lambda: _yes(min(watcher.newest.values()) > 0))

        async def values(_: int, killed: int) -> bool:
            return watcher.newest["esa"] > killed

        async def frames(_: int, killed: int) -> bool:
            return await one.last_frame("esa") > killed

        async def archive(last: int, _: int) -> bool:
            return await asyncio.to_thread(one.metric, "esa", "archiver", "archive_taken") > last

        await asyncio.sleep(SETTLED_S)
        found |= await _restart(one, watcher)
        for service, flows in (("processor", values), ("receiver", frames), ("archiver", archive)):
            await asyncio.sleep(SETTLED_S)
            found[service] = await _fail_over(one, service, flows)
    return found


async def _fail_over(one: Complex, service: str, flows: Callable[[int, int], Awaitable[bool]]) -> float:
    assert one.process is not None
    await asyncio.to_thread(one.stand_by, service, "esa")
    await asyncio.sleep(2)
    one.process.send_signal(signal.SIGSTOP)
    last, pid = await one.last_merged("esa"), one.pids()[f"esa/{service}"]
    os.kill(pid, signal.SIGKILL)
    killed, began = one.clock.now(), time.monotonic()
    await _until(lambda: flows(last, killed))
    spent = time.monotonic() - began
    one.process.send_signal(signal.SIGCONT)
    return spent


async def _restart(one: Complex, watcher: Watcher) -> dict[str, Any]:
    await asyncio.to_thread(one.kill_all)
    killed, began = one.clock.now(), time.monotonic()
    one.start()
    first: dict[str, float] = {}

    async def flows() -> bool:
        for agency, newest in watcher.newest.items():
            if newest > killed:
                first.setdefault(agency, time.monotonic() - began)
        return len(first) == len(STATION_OF)

    await _until(flows)
    return {"restart": max(first.values()), "restart_of": first}


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what must come. Raises FailedError."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            await asyncio.sleep(0.02)


async def _yes(answer: bool) -> bool:
    return answer


def recovery(folder: Path) -> dict[str, Any]:
    """Return how long it takes until data flows again after deaths of one and of all."""
    made = signal_of(folder / "signal", FAST_RATE, RECOVERY_S)
    one = Complex(folder, str(made.mission), made.recording)
    with running(one):
        return asyncio.run(_recovery(one))


def rows(setting: Setting) -> list[Row]:
    """Run all measurements, each in a folder of its own that is removed."""
    try:
        recorded()
    except AbsentError as reason:
        return [absent("the live chain", str(reason))]
    work = setting.work / "live"
    made: list[Row] = []
    parts: list[tuple[str, Callable[[Path], dict[str, Any]], Callable[[dict[str, Any]], list[Row]]]] = [
        ("live chain at 5 Mbit/s", lambda folder: at_rate(folder, GOAL_RATE, LONG_S), fast_rows),
        ("highest rate without loss", highest, highest_rows),
        ("live chain at the true rate", at_true_rate, true_rows),
        ("fail-over and restart", recovery, recovery_rows),
    ]
    for name, measure, tell in parts:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            made += tell(measure(work))
        except (FailedError, TimeoutError) as reason:
            made.append(absent(name, f"{name}: {reason or 'it never came'}"))
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return made


def highest(folder: Path) -> dict[str, Any]:
    """Return the highest of some rates that nothing is lost at, and what came of the first at which something was."""
    found: dict[str, Any] = {"held": None, "runs": []}
    for bit_rate in HIGHER:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        run = at_rate(folder, bit_rate, HIGHER_S)
        found["runs"].append(run)
        if not run["held"]:
            break
        found["held"] = bit_rate
    return found


def _worst(found: dict[str, Any], key: str) -> float | None:
    values = [one[key] for one in found["agencies"].values()]
    return None if None in values else max(values)


def fast_rows(found: dict[str, Any]) -> list[Row]:
    """Rows of the chain at 5 Mbit/s: the worse of the agencies counts."""
    lost = _worst(found, "lost") if found["held"] else max(_worst(found, "lost") or 0, _not_archived(found))
    return [
        cost(f"frames lost at 5 Mbit/s in {found['signal_s']:.0f} s", lost, None, "frames", "<= 0", raw=found),
        cost("behind at its end", _worst(found, "behind_s"), None, "s", f"<= {BEHIND_S:g}"),
        cost("antenna to parameter at 5 Mbit/s, median", _worst(found, "median_ms"), None, "ms", "<= 100"),
        cost("antenna to parameter at 5 Mbit/s, 95 %", _worst(found, "p95_ms"), None, "ms"),
        cost("CPU of the whole complex at 5 Mbit/s", sum(found["cpu"].values()), None, "cores"),
        *(cost(f"CPU of {name}", share, None, "cores") for name, share in found["cpu"].items()),
    ]


def _not_archived(found: dict[str, Any]) -> int:
    return max(int(found["frames"]) - int(one["archive"]["frames"]) for one in found["agencies"].values())


def highest_rows(found: dict[str, Any]) -> list[Row]:
    """The row of the highest rate."""
    tried = ", ".join(f"{run['bit_rate'] / 1e6:g} {'held' if run['held'] else 'lost'}" for run in found["runs"])
    highest = found["held"] / 1e6 if found["held"] else None
    return [
        rate("highest rate without loss or delay for 20 s", highest, None, "Mbit/s", note=f"Tried (Mbit/s): {tried}.", raw=found)
    ]


def true_rows(found: dict[str, Any]) -> list[Row]:
    """Rows of the chain at the true rate."""
    return [
        cost(f"frames lost at {TRUE_RATE / 1000:.1f} kbit/s", _worst(found, "lost"), None, "frames", "<= 0", raw=found),
        cost("antenna to parameter at the true rate, median", _worst(found, "median_ms"), None, "ms", "<= 100"),
        cost("antenna to parameter at the true rate, 95 %", _worst(found, "p95_ms"), None, "ms"),
        cost("CPU of the whole complex at the true rate", sum(found["cpu"].values()), None, "cores"),
        cost(
            f"memory of the complex after {found['seconds']:.0f} s (PSS)",
            sum(found["memory_mib"].values()),
            None,
            "MiB",
            "<= 2048",
        ),
        cost("Python processes of an agency", max(found["python"].values()), None, "processes", "<= 5"),
    ]


def recovery_rows(found: dict[str, Any]) -> list[Row]:
    """Rows of fail-over and restart."""
    return [
        *(
            cost(f"fail-over of the {service} after SIGKILL", found[service], None, "s", "<= 5")
            for service in ("processor", "receiver", "archiver")
        ),
        cost("restart of all after SIGKILL of all, to values in both agencies", found["restart"], None, "s", "<= 10", raw=found),
    ]
