"""A complex of two agencies run for measurement: its processes, what they use, and what comes on its streams."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .live_material import FRAME_OCTETS
from .processes import AELITA, FailedError

STATION_OF = {"esa": "malargue", "roscosmos": "kalyazin"}
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 120.0


@dataclass
class Complex:
    """One installation in a folder of its own, that plays a recording of a mission folder (a name: of the package) to both."""

    folder: Path
    mission: str
    recording: Path
    lead_s: float = 25.0
    process: subprocess.Popen[bytes] | None = None
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        import numpy as np

        from aelita.link import Channel
        from aelita.services.live.clock import starting_at
        from aelita.services.live.geometry import Geometry
        from aelita.services.live.installation import AgencyHere, Installation, Playing, keep_ports
        from aelita.services.live.setting_up import first_time
        from aelita.services.live.space import arrival
        from aelita.services.missions import find_mission
        from aelita.time import SECOND

        mission = find_mission(self.mission)
        path = mission.channel("tgo")
        self.channel = Channel.from_toml(path.read_text("utf-8"), str(path))
        self.frames = self.recording.stat().st_size // FRAME_OCTETS
        self.emitted = first_time(mission, "tgo", self.recording)
        self.period = FRAME_OCTETS * 8 / self.channel.bit_rate * SECOND
        agencies = tuple(AgencyHere(agency, (station,)) for agency, station in STATION_OF.items())
        play = Playing("tgo", "tgo", self.recording, self.emitted)
        self.made = Installation(self.folder / "complex", mission, ("tgo",), agencies, (play,))
        light = self.light = Geometry(mission).light_time
        self.light_ns = int(self.light("malargue", "tgo", np.array([self.emitted], np.int64))[0])
        self.begin = min(arrival(light, station, "tgo", self.emitted) for station in STATION_OF.values())
        self.over = max(
            arrival(light, station, "tgo", self.emitted + round(self.frames * self.period)) for station in STATION_OF.values()
        )
        self.clock = starting_at(self.begin - round(self.lead_s * SECOND))
        self.made.write()
        keep_ports(self.made)
        self.clock.write(self.home)

    @property
    def home(self) -> Path:
        """The folder of the installation."""
        return self.folder / "complex"

    def start(self) -> None:
        """Run `aelita run`."""
        with (self.folder / "run.log").open("ab") as said:
            arguments = [str(AELITA), "--data", str(self.folder), "run", "--no-watch"]
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)

    def stand_by(self, service: str, agency: str) -> subprocess.Popen[bytes]:
        """Run `aelita serve` of a service beside the one that works, and return it when it stands by."""
        from aelita.services.live import asked

        with (self.folder / "stand-by.log").open("ab") as said:
            arguments = [str(AELITA), "--data", str(self.home), "serve", service, "--agency", agency]
            made = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
        self.others.append(made)
        self.until(
            f"a {service} stands by",
            lambda: any(one.get("pid") == made.pid and one.get("lease") == "standing by" for one in asked(self.home)),
        )
        return made

    def pids(self) -> dict[str, int]:
        """Return the numbers of all processes, servers of streams included, by agency and service."""
        from aelita.services.live.serving import running

        found = {f"{one['agency']}/{one['service']}".lstrip("/"): int(one["pid"]) for one in running(self.home)}
        for agency in STATION_OF:
            with contextlib.suppress(OSError, ValueError):
                pid = int((self.home / agency / "nats" / "server.pid").read_text())
                os.kill(pid, 0)
                found[f"{agency}/nats"] = pid
        if self.process is not None:
            found["supervisor"] = self.process.pid
            found |= {f"beside-{pid}": pid for pid in _children(self.process.pid) if pid not in found.values()}
        return found

    def ready(self) -> bool:
        """Say whether all services answer and are at work."""
        from aelita.services.live import asked
        from aelita.services.live.running import programs_of

        found = asked(self.home)
        return len(found) >= len(programs_of(self.made)) + 1 and all(one["status"] in ("well", "faulty") for one in found)

    def until(self, what: str, condition: Any, patience_s: float = PATIENCE_S) -> None:
        """Wait for what must come. Raises FailedError."""
        end = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > end or (self.process is not None and self.process.poll() is not None):
                raise FailedError(f"never came: {what}")
            time.sleep(0.2)

    def kill_all(self) -> None:
        """SIGKILL to every process, the supervisor first."""
        found = self.pids()
        for pid in [found.pop("supervisor", 0), *found.values()]:
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for one in [self.process, *self.others]:
            if one is not None:
                one.kill()
                one.wait()
        self.others.clear()

    def number(self, emitted: int) -> int:
        """Return which frame of the recording was emitted then (TAI nanoseconds)."""
        return round((emitted - self.emitted) / self.period)

    def wall(self, moment: int) -> float:
        """Return when it was that moment of the complex (TAI nanoseconds), as seconds of `wall_s`."""
        return (self.clock.anchor + (moment - self.clock.epoch)) / 1e9

    def metric(self, agency: str, service: str, name: str) -> float:
        """Return the sum of a metric of a service, -1 when it does not answer."""
        from aelita.services.live import metrics_of

        found = metrics_of(self.home, (agency, service)).get((agency, service))
        return -1.0 if found is None else sum(value for key, value in found.items() if key.startswith(f"aelita_{name}"))

    async def merged(self, agency: str) -> dict[int, list[tuple[int, int]]]:
        """Return the frames of each message of an agency's merged stream: number and received time."""
        from aelita.services.live.messages import merged_of

        found = {}
        async for message in self._messages(agency, "MERGED", f"{agency}.merged.tgo"):
            merged, _ = merged_of(message.data, message.headers)
            numbers = [self.number(at) for at in merged.emitted_at.tolist()]
            found[message.sequence] = list(zip(numbers, merged.received_at.tolist(), strict=True))
        return found

    async def last_merged(self, agency: str) -> int:
        """Return the number of the newest message of an agency's merged stream."""
        from aelita.services.live.agency_streams import address_of
        from aelita.services.live.streams import Streams

        async with await Streams.connect(address_of(self.made, agency, "reader"), name="bench") as streams:
            last = await streams.last(f"{agency}.merged.tgo", "MERGED")
            return 0 if last is None else last.sequence

    async def last_frame(self, agency: str) -> int:
        """Return when the newest frame on an agency's own stream of frames was received (TAI nanoseconds)."""
        from aelita.services.live.agency_streams import address_of
        from aelita.services.live.messages import copies_of
        from aelita.services.live.streams import Streams

        async with await Streams.connect(address_of(self.made, agency, "reader"), name="bench") as streams:
            last = await streams.last(f"{agency}.frames.tgo.{STATION_OF[agency]}", "FRAMES")
            return 0 if last is None else int(copies_of(last.data, "", 0).received_at.max())

    async def _messages(self, agency: str, stream: str, subject: str) -> Any:
        from aelita.services.live.agency_streams import address_of
        from aelita.services.live.following import follow
        from aelita.services.live.streams import Streams

        async with await Streams.connect(address_of(self.made, agency, "reader"), name="bench") as streams:
            newest = await streams.last(subject, stream)
            if newest is None:
                return
            async with follow(streams, stream, subjects=(subject,)) as follower:
                async for message in follower:
                    yield message
                    if message.sequence >= newest.sequence:
                        return


@contextlib.contextmanager
def running(made: Complex) -> Iterator[Complex]:
    """Run a complex; none of its processes is left afterwards."""
    made.start()
    try:
        made.until("all services at work", made.ready)
        yield made
    finally:
        for one in [*made.others, made.process]:
            if one is not None and one.poll() is None:
                one.send_signal(signal.SIGCONT)
                one.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    one.wait(30)
        made.kill_all()


@dataclass(slots=True)
class Watcher:
    """Follows streams of parameters as a display does, and notes when each message came and of which merged message it is made.

    With `decoded`, `newest` tells the received time of the newest packet that came, by agency (TAI nanoseconds).
    """

    complex: Complex
    decoded: bool = False
    arrivals: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: {agency: [] for agency in STATION_OF})
    newest: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATION_OF, 0))
    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATION_OF, 0))

    async def watch(self, agency: str) -> None:
        """Follow the parameters of an agency for ever, over restarts of its server."""
        from aelita.services.live.agency_streams import address_of
        from aelita.services.live.batches import unpack
        from aelita.services.live.following import Start, follow
        from aelita.services.live.processing import MERGED_HEADER
        from aelita.services.live.streams import Streams

        address = address_of(self.complex.made, agency, "reader")
        async with await Streams.connect(address, name="bench-display", timeout_s=None) as streams:
            async for message in follow(streams, "PARAMETERS", start=Start.NEW, batch=256):
                self.arrivals[agency].append((int(message.headers[MERGED_HEADER]), wall_s()))
                if self.decoded:
                    received = unpack(message.data)["received"]
                    self.newest[agency] = max(self.newest[agency], int(received.max() or 0))  # type: ignore[call-overload]

    @contextlib.asynccontextmanager
    async def watching(self) -> Any:
        """Follow both agencies."""
        tasks = [asyncio.create_task(self.watch(agency)) for agency in STATION_OF]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def wall_s() -> float:
    """Return the time of the machine's clock, TAI seconds."""
    from aelita.services.live.clock import wall_tai_ns

    return wall_tai_ns() / 1e9


def cpu_s(pid: int) -> float:
    """Return the CPU seconds that a process has used, user and system; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def pss_mib(pid: int) -> float:
    """Return the proportional set size of a process in MiB; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def is_python(pid: int) -> bool:
    """Say whether a process runs Python."""
    try:
        return "python" in Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return False


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found
