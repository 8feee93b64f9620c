"""Commanding: from the last approval to CLTU-TRANSFER-DATA at the station, BD, by an agency's own service and SLE over TCP.

The last approval is a signed statement, asked of the commanding by its stream; the other approvals are there. Each release is in
the journal and synced before its CLTU goes. The partner's server of streams mirrors the journal meanwhile. Commanding (`aelita
serve commander`), station and servers of streams are processes of their own; the people who sign are in this one.
"""

import asyncio
import contextlib
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .commanding_yamcs import CLIENTS as PEER_CLIENTS
from .commanding_yamcs import measure as measure_yamcs
from .material import ROOT, AbsentError, Setting
from .processes import FailedError
from .table import Row, cost, rate

WARM, ALONE, IN_ROW, BURST, RUNS = 50, 150, 100, 1000, 3  # all CLTUs of a run fit into the buffer of the station
MANY, AT_ONCE = 10_000, 500
HASTE = 100.0  # of the mission's clock where many commands go up: at 2000 bit/s the antenna takes 0.3 s for each
READY_S, PAUSE_S, ANSWER_S = 60.0, 0.005, 120.0
CRAFT, STATION = "tgo-sim", "malargue"
GOAL_MS = 3.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def rows(setting: Setting) -> list[Row]:
    """Return the latency of single commands beside that of a real Yamcs, the sync in it, how many go in a second, and memory."""
    sys.path.insert(0, str(ROOT / "tests"))
    peer, why = peer_of(setting.work)
    runs = [asyncio.run(measured(setting.work / "commanding")) for _ in range(RUNS)]
    memory = asyncio.run(remembered(setting.work / "commanding"))
    latency = [quantiles(one["latency_ms"]) for one in runs]
    p50, p95, p99 = (statistics.median(one[at] for one in latency) for at in range(3))
    middle = {name: statistics.median(one[name] for one in runs) for name in ("alone_a_second", "a_second", "cpu_ms")}
    synced, bare = (statistics.median(statistics.median(one[name]) for one in runs) for name in ("sync_ms", "bare_sync_ms"))
    goal = f"<= {GOAL_MS + synced:.3g}"
    note = (
        f"medians of {RUNS} runs of {ALONE} commands one by one, each from before it is asked for; the journal's"
        f" fdatasync, {synced:.2f} ms, is in ours; a warm Yamcs, its HTTP client and UDP link{why}; {class_of_process()}"
    )
    many = f"{RUNS} runs of {BURST} statements at once; the peer: {PEER_CLIENTS} clients, each one command after the other"
    return [
        cost("last approval to the CLTU at the station, p50; peer: no approvals", p50, peer.get("p50"), "ms", goal, note=note),
        cost("the same, p95", p95, peer.get("p95"), "ms"),
        cost("the same, p99", p99, peer.get("p99"), "ms", raw={"runs": runs, "peer": peer}),
        cost("the journal's fdatasync in it, p50", synced, None, "ms"),
        cost("a bare write and fdatasync on that disk, p50", bare, None, "ms"),
        rate("commands a second, one after the other", middle["alone_a_second"], peer.get("alone"), "commands/s"),
        rate("commands a second, sustained", middle["a_second"], peer.get("together"), "commands/s", ">= 500", note=many),
        cost("CPU of the service a command", middle["cpu_ms"], peer.get("cpu_ms"), "ms"),
        cost(f"memory of the commander after {MANY:,} commands (PSS)", memory["pss_mib"], None, "MiB", raw=memory),
    ]


def class_of_process() -> str:
    """Return how the processes of the measurement share the machine with others."""
    if os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO):
        return "both in the real-time class, since others worked on the machine"
    return "cores are shared with whatever else runs"


def peer_of(work: Path) -> tuple[dict[str, float], str]:
    """Return what a real Yamcs does on this machine, medians of its blocks, or nothing and why."""
    try:
        told = measure_yamcs(work)
    except AbsentError as reason:
        return {}, f"; peer not measured: {reason}"
    found = [quantiles(one["latency_ms"]) for one in told["blocks"]]
    p50, p95, p99 = (statistics.median(one[at] for one in found) for at in range(3))
    alone, together = (statistics.median(one[name] for one in told["blocks"]) for name in ("a_second", "together_a_second"))
    return {"p50": p50, "p95": p95, "p99": p99, "alone": alone, "together": together, "cpu_ms": told["cpu_ms_a_command"]}, ""


def quantiles(those: list[float]) -> tuple[float, float, float]:
    """Return median, 95 % and 99 %."""
    cut = statistics.quantiles(those, n=100)
    return statistics.median(those), cut[94], cut[98]


@dataclass
class Desk:
    """People of one agency at its commanding."""

    streams: Any
    clock: Any
    signer: Any
    keys: dict[str, Any] = field(default_factory=dict)

    async def ask(self, op: str, **what: Any) -> dict[str, Any]:
        """Ask the commanding. Raises UsageError, StreamUnavailableError."""
        from aelita.services.live.command_requests import ask_commands

        return await ask_commands(self.streams, "esa", op, answer_s=ANSWER_S, **what)

    async def enrol(self) -> None:
        """Give two people keys, as soon as the commanding answers."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        from aelita.errors import AelitaError
        from aelita.services.live.command_vouching import vouched
        from commanding_complex import WHO

        end = time.monotonic() + READY_S
        for person in ("chris", "dora"):
            key = self.keys[person] = Ed25519PrivateKey.generate()
            _, centre, role = WHO[person]
            public = key.public_key().public_bytes_raw().hex()
            asked = {"person": person, "centre": centre, "roles": [role], "public": public, "by": "keeper of keys"}
            while True:
                try:
                    await self.ask("enrol", **vouched(self.signer.key, "enrol", asked))
                    break
                except AelitaError:
                    if time.monotonic() > end:
                        raise
                    await asyncio.sleep(0.2)

    async def line(self) -> None:
        """Wait until a command could go."""
        end = time.monotonic() + READY_S
        while True:
            told = (await self.ask("state"))["lines"].get(CRAFT, {}).get("stations", {})
            if any(one["up"] for one in told.values()):
                return
            if time.monotonic() > end:
                raise FailedError(f"no line to the station came up: {told}")
            await asyncio.sleep(0.2)

    async def request(self) -> dict[str, Any]:
        """Return a prepared request that waits for its release alone."""
        from commanding_complex import CONTROLLER, PING

        told = await self.ask("request", spacecraft=CRAFT, calls=[{"command": PING}], requester=CONTROLLER)
        await self.ask("sign", body=self.said("chris", "check", told["prepared"]))
        return dict(told["prepared"])

    async def requests(self, count: int) -> list[dict[str, Any]]:
        """Return many of those, asked for at once."""
        return list(await asyncio.gather(*(self.request() for _ in range(count))))

    def said(self, person: str, act: str, prepared: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a person signs."""
        from aelita.commanding import Act, Statement, key_id, sign
        from aelita.time import DAY, SECOND
        from commanding_complex import WHO

        (agency, centre, role), key, now = WHO[person], self.keys[person], self.clock.now()
        said = Statement(
            Act(act), prepared["id"], prepared["digest"], CRAFT, now - SECOND, now + 30 * DAY, agency, centre, role, person,
            key_id(key.public_key()), now,
        )  # fmt: skip
        return sign(said, key).body()


@dataclass
class Chain:
    """The processes of one measurement."""

    folder: Path
    desk: Desk
    commander: asyncio.subprocess.Process
    station: asyncio.subprocess.Process

    def cpu_s(self) -> float:
        """User and system CPU seconds of the commanding so far."""
        told = Path(f"/proc/{self.commander.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / TICKS_PER_S

    def pss_mib(self) -> float:
        """Memory of the commanding, what it shares divided among those that share it."""
        lines = Path(f"/proc/{self.commander.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024

    async def sync_ms(self) -> float:
        """Return how long the journal's last write and sync took, as the service tells."""
        from aelita.services.live import metrics_of

        told = await asyncio.to_thread(metrics_of, self.folder)
        return 1e3 * next(v for key, v in told[("esa", "commander")].items() if key.startswith("aelita_command_sync_seconds"))

    async def arrived(self) -> list[int]:
        """Return when each CLTU arrived at the station so far (monotonic ns)."""
        assert self.station.stdin is not None and self.station.stdout is not None
        self.station.stdin.write(b"\n")
        told: list[int] = json.loads(await self.station.stdout.readline())
        return told

    async def until(self, count: int) -> list[int]:
        """Return the arrivals once there are so many."""
        end = time.monotonic() + READY_S
        while len(found := await self.arrived()) < count:
            if time.monotonic() > end:
                raise FailedError(f"{len(found)} of {count} CLTUs arrived at the station")
            await asyncio.sleep(0.05)
        return found


async def measured(folder: Path) -> dict[str, Any]:
    """Run the chain and return its figures: single commands one after the other, then as many as it takes at once."""
    sent, sync = [], []
    async with chain(folder) as one:
        desk = one.desk
        asked = await desk.requests(WARM + ALONE + IN_ROW)
        for prepared in asked[: WARM + ALONE]:
            statement = desk.said("dora", "release", prepared)
            sent.append(time.monotonic_ns())
            await desk.ask("sign", body=statement)
            sync.append(await one.sync_ms())
            await asyncio.sleep(PAUSE_S)
        statements = [desk.said("dora", "release", prepared) for prepared in asked[WARM + ALONE :]]
        begun = time.monotonic()
        for statement in statements:
            await desk.ask("sign", body=statement)
        alone_s = time.monotonic() - begun
        arrived = await one.until(len(asked))
        statements = [desk.said("dora", "release", prepared) for prepared in await desk.requests(BURST)]
        bare = bare_sync_ms(folder)
        cpu_s, at = one.cpu_s(), time.monotonic_ns()
        await asyncio.gather(*(desk.ask("sign", body=each) for each in statements))
        last = (await one.until(len(asked) + BURST))[-1]
        cpu_s = one.cpu_s() - cpu_s
    latency = [(there - here) / 1e6 for here, there in zip(sent, arrived, strict=False)]
    return {
        "latency_ms": latency[WARM:], "sync_ms": sync[WARM:], "bare_sync_ms": bare, "alone_a_second": IN_ROW / alone_s,
        "a_second": BURST / ((last - at) / 1e9), "cpu_ms": 1e3 * cpu_s / BURST,
    }  # fmt: skip


async def remembered(folder: Path) -> dict[str, float]:
    """Return the memory of the commanding before and after many commands."""
    async with chain(folder, HASTE) as one:
        before, done = one.pss_mib(), 0
        while done < MANY:
            for prepared in await one.desk.requests(AT_ONCE):
                await one.desk.ask("sign", body=one.desk.said("dora", "release", prepared))
            done += AT_ONCE
            await one.until(done)
        return {"before_mib": before, "pss_mib": one.pss_mib(), "commands": done}


def bare_sync_ms(folder: Path, octets: int = 1536, count: int = 100) -> list[float]:
    """Return how long it takes to append so many octets to a file beside the journal and to have them on the disk."""
    took, path = [], folder / "bare"
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            begun = time.perf_counter()
            file.write(bytes(octets))
            os.fdatasync(file.fileno())
            took.append(1e3 * (time.perf_counter() - begun))
    path.unlink()
    return took


@contextlib.asynccontextmanager
async def chain(folder: Path, speed: float = 1.0) -> AsyncIterator[Chain]:
    """Run two servers of streams, a station and the commanding of one agency, until a command could go."""
    from aelita.services.live.agency_streams import address_of, keep_servers
    from aelita.services.live.alarm_files import exchange_keys, own_signer
    from aelita.services.live.clock import starting_at
    from aelita.services.live.command_keys import keep_command_keys
    from aelita.services.live.health import Health
    from aelita.services.live.installation import AgencyHere, Installation, keep_ports
    from aelita.services.live.streams import Streams
    from aelita.services.missions import find_mission
    from commanding_complex import RISEN

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    agencies = (AgencyHere("esa", (STATION,)), AgencyHere("roscosmos", ()))
    made = Installation(folder, find_mission("exomars"), (CRAFT,), agencies, speed=speed, simulated=(CRAFT,))
    made.write()
    keep_ports(made)
    exchange_keys(made)
    keep_command_keys(made)
    clock, ready = starting_at(RISEN, speed), asyncio.Event()
    clock.write(folder)
    servers = asyncio.create_task(keep_servers(made, clock, Health("bench"), ready))
    here, pipe, processes = sys.executable, asyncio.subprocess.PIPE, []
    try:
        await asyncio.wait_for(ready.wait(), READY_S)
        station = await asyncio.create_subprocess_exec(
            here, "-m", "bench.commanding_station", str(folder), cwd=ROOT, stdin=pipe, stdout=pipe, limit=1 << 24
        )
        processes.append(station)
        words = here, "-c", "from aelita.cli import main; main()", "--data", str(folder), "serve", "commander", "--agency", "esa"
        with (folder / "commander.log").open("wb") as log:
            commander = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stderr=log)
        processes.append(commander)
        async with await Streams.connect(address_of(made, "esa"), name="people") as people:
            desk = Desk(people, clock, own_signer(made, "esa"))
            await desk.enrol()
            await desk.line()
            yield Chain(folder, desk, commander, station)
    finally:
        for one in reversed(processes):
            if one.returncode is None:
                one.terminate()
                await one.wait()
        servers.cancel()
        await asyncio.gather(servers, return_exceptions=True)
