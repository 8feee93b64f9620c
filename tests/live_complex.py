"""A complex of two agencies in processes of its own, to which the TGO recording is played; what its parts keep, and the truth."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from aelita.archive import Archive, check, open_archive
from aelita.link import INCOMPLETE, Channel, read_headers, verify
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.live import Installation, asked, metrics_of
from aelita.services.live.agency_streams import address_of
from aelita.services.live.batches import unpack
from aelita.services.live.clock import starting_at
from aelita.services.live.following import follow
from aelita.services.live.frame_store import FrameStore
from aelita.services.live.geometry import Geometry
from aelita.services.live.installation import AgencyHere, LinkElsewhere, Playing, keep_ports
from aelita.services.live.messages import copies_of, merged_of
from aelita.services.live.running import programs_of
from aelita.services.live.space import SignalPath, arrival
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.time import SECOND, tai_ns_from_utc
from shared import shared

TGO, FRAME_OCTETS = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm", 1115
EMITTED = tai_ns_from_utc("2023-05-24T18:54:50")
AGENCIES = (AgencyHere("esa", ("malargue",)), AgencyHere("roscosmos", ("kalyazin",)))
STATION_OF = {"esa": "malargue", "roscosmos": "kalyazin"}
PATIENCE_S = float(os.environ.get("AELITA_TEST_PATIENCE", "240"))  # a busy machine takes long for what a free one does in seconds
WHOLE = pl.col("quality") & INCOMPLETE == 0  # what a hole cut short stays, marked so, beside the whole packet that came later

Frames = dict[int, bytes]


@dataclass
class Complex:
    """One installation, run by `aelita run` as a user does; `frames` of the recording are played `speed` times as fast."""

    folder: Path
    frames: int
    speed: float
    paths: tuple[tuple[str, SignalPath], ...] = ()
    process: subprocess.Popen[bytes] | None = None
    made: Installation = field(init=False)
    channel: Channel = field(init=False)

    def __post_init__(self) -> None:
        mission = find_mission("exomars")
        name = mission.craft("tgo").channels[0]
        path = mission.channel(name)
        self.channel = Channel.from_toml(path.read_text("utf-8"), str(path))
        recording = self.folder / "part.tm"
        recording.parent.mkdir(parents=True, exist_ok=True)
        recording.write_bytes(shared(TGO).read_bytes()[: self.frames * FRAME_OCTETS])
        play = Playing("tgo", name, recording, EMITTED)
        self.made = Installation(self.home, mission, ("tgo",), AGENCIES, (play,), self.paths, self.speed)
        self.light = Geometry(mission).light_time
        first = min(arrival(self.light, station, "tgo", EMITTED) for station in STATION_OF.values())
        self.clock = starting_at(first - round(lead_s() * self.speed * SECOND), self.speed)
        self.over = arrival(self.light, "kalyazin", "tgo", EMITTED + self.frames * self.period)

    @property
    def home(self) -> Path:
        """The folder of the installation."""
        return self.folder / "complex"

    @property
    def period(self) -> int:
        """Nanoseconds from frame to frame."""
        return round(FRAME_OCTETS * 8 / self.channel.bit_rate * SECOND)

    def describe(self, links: Sequence[LinkElsewhere] = ()) -> None:
        """Write what a first start would have written."""
        self.made = replace(self.made, links=tuple(links))
        self.made.write()
        self.keep_ports()
        self.clock.write(self.home)

    def keep_ports(self) -> None:
        """Choose the ports."""
        self.home.mkdir(parents=True, exist_ok=True)
        keep_ports(self.made)

    def start(self) -> None:
        """Run `aelita run`."""
        said = (self.folder / "run.log").open("ab")
        program = "from aelita.cli import main; main()"
        arguments = (sys.executable, "-c", program, "--data", str(self.folder), "run", "--no-watch")
        self.process = subprocess.Popen(arguments, stdout=said, stderr=said, start_new_session=True)
        said.close()

    def stop(self) -> int:
        """End it as Ctrl-C does, and return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill_all(self) -> None:
        """End every process at once, the supervisor first."""
        assert self.process is not None
        pids = self.pids()
        self.process.kill()
        for pid in pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def pids(self) -> dict[str, int]:
        """Return the processes but the supervisor's: its children, those that only begin too."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError, AssertionError):
                assert self.process is not None
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(parent) == self.process.pid and state != "Z":
                    found[_name_of((folder / "cmdline").read_bytes().decode().split("\0"), folder.name)] = int(folder.name)
        return found

    def kill_one(self, chance: random.Random) -> str:
        """End a process, and return its name."""
        found: dict[str, int] = {}
        until("a process", lambda: bool(found.update(self.pids()) or found))
        name, pid = chance.choice(sorted(found.items()))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return name

    def seconds_left(self) -> float:
        """Return how many seconds pass until the last frame has been heard."""
        return self.clock.seconds_until(self.over)

    def ready(self) -> bool:
        """Say whether all services answer and are at work."""
        found = asked(self.home)
        return len(found) == len(programs_of(self.made)) + 1 and all(one["status"] in ("well", "faulty") for one in found)

    def faults(self, agency: str, service: str) -> dict[str, str]:
        """Return what a service says is wrong."""
        for one in asked(self.home):
            if (one["agency"], one["service"]) == (agency, service):
                return dict(one.get("faults", {}))
        return {}

    def numbered(self, emitted: int) -> int:
        """Return which frame of the recording was emitted then."""
        return round((emitted - EMITTED) / self.period)

    def good(self, octets: Sequence[bytes]) -> list[bool]:
        """Say of each frame whether it is sound."""
        length = np.array([len(one) for one in octets], np.int64)
        buffer = np.frombuffer(bytearray(b"".join(octets)), np.uint8)
        headers = read_headers(self.channel, buffer, np.cumsum(length) - length, length)
        reasons = verify(self.channel, headers, buffer, np.cumsum(length) - length, length)
        return [reason == 0 for reason in reasons.tolist()]

    def heard(self, station: str) -> Frames:
        """Return the sound frames that a station kept, by number. Its store is read from a copy: it may be writing."""
        agency = next(key for key, name in STATION_OF.items() if name == station)
        copy = self.folder / "copies" / station
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.home / agency / "stations" / station / "tgo", copy)
        kept = list(FrameStore(copy).read(0, 2**62))
        if not kept:
            return {}
        received = np.array([one.received for one in kept], np.int64)
        emitted = (received - self.light(station, "tgo", received)).tolist()
        sound = self.good([one.octets for one in kept])
        return {self.numbered(at): one.octets for at, one, fine in zip(emitted, kept, sound, strict=True) if fine}

    def all_heard(self) -> Frames:
        """Return the sound frames that any station kept."""
        return {number: octets for station in STATION_OF.values() for number, octets in self.heard(station).items()}

    async def stored(self, agency: str) -> Frames:
        """Return the sound frames in an agency's own stream of frames: what was acknowledged to its receiver."""
        found: Frames = {}
        async for message in self._messages(agency, "FRAMES", f"{agency}.frames.tgo.>"):
            with contextlib.suppress(Exception):  # what a test has put there
                copies = copies_of(message.data, "x", 0)
                octets = [copies.buffer[a : a + n].tobytes() for a, n in zip(copies.offset, copies.length, strict=True)]
                times = copies.emitted_at.tolist()
                found |= {self.numbered(at): o for at, o, fine in zip(times, octets, self.good(octets), strict=True) if fine}
        return found

    async def merged(self, agency: str) -> list[tuple[int, bytes]]:
        """Return the frames in an agency's merged stream, in its order."""
        found = []
        async for message in self._messages(agency, "MERGED", f"{agency}.merged.tgo"):
            merged, _ = merged_of(message.data, message.headers)
            times = merged.emitted_at.tolist()
            found += [(self.numbered(at), merged.octets(i)) for i, at in enumerate(times)]
        return found

    async def generated(self, agency: str) -> dict[str, list[int]]:
        """Return, by container, the generation times of the values in an agency's live stream, in its order."""
        found: dict[str, list[int]] = {}
        async for message in self._messages(agency, "PARAMETERS", f"{agency}.parameters.tgo.>"):
            found.setdefault(message.subject, []).extend(unpack(message.data)["generated"].drop_nulls().to_list())
        return found

    async def _messages(self, agency: str, stream: str, subject: str) -> Any:
        async with await Streams.connect(address_of(self.made, agency, "reader"), name="looking") as streams:
            newest = await streams.last(subject, stream)
            if newest is None:
                return
            async with follow(streams, stream, subjects=(subject,)) as follower:
                async for message in follower:
                    yield message
                    if message.sequence >= newest.sequence:
                        return

    async def complete(self) -> bool:
        """Say whether both merged streams hold all that the stations kept, and the archivers have taken it."""
        wanted = set(self.all_heard())
        for agency in STATION_OF:
            if {number for number, _ in await self.merged(agency)} != wanted:
                return False
            taken = metrics_of(self.home).get((agency, "archiver"), {})
            async with await Streams.connect(address_of(self.made, agency, "reader"), name="looking") as streams:
                last = await streams.last(f"{agency}.merged.tgo", "MERGED")
            if last is None or last.sequence not in [round(v) for k, v in taken.items() if k.startswith("aelita_archive_taken")]:
                return False
        return True

    def archive(self, agency: str) -> Archive:
        """Return an agency's archive."""
        return open_archive(self.made.archive(agency))

    def tail(self) -> str:
        """Return the ends of all logs, for a failure's message."""
        servers = [self.home / agency / "nats" / "server.log" for agency in STATION_OF]
        logs = [self.folder / "run.log", *sorted((self.home / "logs").glob("*.log")), *servers]
        return "\n".join(f"--- {path.name}\n{path.read_text()[-2500:]}" for path in logs if path.is_file())

    def missing(self, found: Sequence[int]) -> str:
        """Describe the difference to what was heard."""
        wanted, have = set(self.all_heard()), set(found)
        return f"missing {sorted(wanted - have)[:20]} of {len(wanted)}, beyond {sorted(have - wanted)[:20]}"


def _name_of(words: list[str], otherwise: str) -> str:
    """Return what a process is, by its command line."""
    if "serve" in words:
        service = words[words.index("serve") + 1]
        return f"{words[words.index('--agency') + 1]}/{service}" if "--agency" in words else service
    if words[-2].endswith("server.conf"):
        return f"{Path(words[-2]).parts[-3]}/nats"
    return "nursery" if "nursery" in " ".join(words) else otherwise


def lead_s() -> float:
    """Return how long before the first frame a complex is started: so that its services are up, on this machine as it is now."""
    began = time.monotonic()
    subprocess.run((sys.executable, "-c", "from aelita.services.live import processing"), check=True)
    return min(4 + 10 * (time.monotonic() - began), 45)


@contextlib.contextmanager
def complex_in(folder: Path, frames: int, speed: float, paths: Any = (), **how: Any) -> Iterator[Complex]:
    """Run a complex; every process of it is ended afterwards."""
    with running_complex(Complex(folder, frames, speed, paths), **how) as made:
        yield made


@contextlib.contextmanager
def running_complex(made: Complex, **how: Any) -> Iterator[Complex]:
    """Run a complex that is made; every process of it is ended afterwards."""
    made.describe(**how)
    made.start()
    try:
        yield made
    except BaseException:
        print(made.tail())
        raise
    finally:
        if made.process is not None and made.process.poll() is None:
            made.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                made.process.wait(30)
        made.kill_all()


def until(what: str, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for what must come."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.3)


async def until_complete(one: Complex) -> None:
    """Wait until both agencies have all that the stations kept."""
    end = time.monotonic() + PATIENCE_S
    while not await one.complete():
        if time.monotonic() > end:
            told = {key: one.missing([n for n, _ in await one.merged(key)]) for key in STATION_OF}
            raise AssertionError(f"not complete: {told}")
        await asyncio.sleep(0.5)


def assert_merged(found: list[tuple[int, bytes]], wanted: Frames) -> None:
    """Assert that a merged stream holds exactly these frames, each once."""
    counts = Counter(number for number, _ in found)
    assert {number for number, count in counts.items() if count > 1} == set()
    assert dict(found) == wanted


def undisturbed(folder: Path, frames: Frames) -> Archive:
    """Return an archive of these frames, ingested in their order."""
    recording = folder / "heard.tm"
    recording.write_bytes(b"".join(octets for _, octets in sorted(frames.items())))
    archive = open_archive(folder / "undisturbed", create=True)
    ingest_file(archive, define(Library(), mission="exomars"), recording, Summary())
    return archive


def assert_archived(one: Complex, archive: Archive, wanted: Frames, whole: Archive) -> None:
    """Assert that an archive holds these frames, each once, and the packets and values that they give when nothing disturbs."""
    frames = archive.frames(octets=True).filter(pl.col("reason") == 0)
    numbers = [one.numbered(at) for at in frames["emitted"].to_list()]
    assert len(numbers) == len(set(numbers)), "frames are there twice"
    assert dict(zip(numbers, frames["octets"].to_list(), strict=True)) == wanted
    keys = ["virtual_channel", "apid", "sequence_count", "generated", "octets"]
    ours, theirs = (a.packets().filter(WHOLE).select(keys).sort(keys) for a in (archive, whole))
    assert ours.equals(theirs), f"{ours.height} packets for {theirs.height}"
    assert rows(archive) == rows(whole)
    drop = ["source", "row", "database"]
    assert archive.latest().drop(drop).sort("parameter").equals(whole.latest().drop(drop).sort("parameter"))
    assert check(archive).findings == ()


def rows(archive: Archive) -> dict[str, int]:
    """Return how many whole packets' values each container has."""
    found = {}
    for container in archive.containers():
        scan = archive.container_table(container).scan()
        found[container] = 0 if scan is None else int(scan.filter(WHOLE).select(pl.len()).collect().item())
    return found
