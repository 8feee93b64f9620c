"""A complex of two agencies that commands a simulated spacecraft, run by `aelita run` as a user does, with people who have keys."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aelita.commanding import Act, Entry, Reader, Standing, Statement, key_id, sign
from aelita.errors import AelitaError
from aelita.services.live import Installation, asked, metrics_of
from aelita.services.live.agency_streams import address_of
from aelita.services.live.alarm_files import own_signer
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.command_client import agency_keys
from aelita.services.live.command_journal import copy_path, own_path
from aelita.services.live.command_requests import ask_commands
from aelita.services.live.command_vouching import vouched
from aelita.services.live.installation import AgencyHere, LinkElsewhere, keep_ports
from aelita.services.live.running import programs_of
from aelita.services.live.simulated import SimulatedCraft
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.spacecraft import Uplinked, decode_input
from aelita.time import SECOND, tai_ns_from_utc
from live_complex import PATIENCE_S, _name_of, until

RISEN = tai_ns_from_utc("2018-07-26T23:00:00")  # Mars stands over Malargüe for the next eleven hours, 3.2 light minutes away
SPEED = 100.0
CRAFT = "tgo-sim"
PING = "/TGO_TC/AreYouAlive"
WHO = {  # person: agency, centre, role
    "dora": ("esa", "esoc", "flight-director"),
    "carl": ("esa", "esoc", "spacecraft-controller"),
    "chris": ("esa", "esac-soc", "science-planner"),
    "kira": ("roscosmos", "iki", "control-director"),
    "vera": ("roscosmos", "iki", "instrument-operator"),
}
OPERATOR = {"agency": "roscosmos", "centre": "iki", "role": "instrument-operator", "person": "vera"}
CONTROLLER = {"agency": "esa", "centre": "esoc", "role": "spacecraft-controller", "person": "carl"}
ORDINARY = (("chris", Act.CHECK), ("dora", Act.RELEASE))
CRITICAL = (("chris", Act.CHECK), ("carl", Act.APPROVE), ("kira", Act.APPROVE), ("dora", Act.RELEASE))


@dataclass
class Commanded:
    """One installation that simulates the twin. `people` get credentials with `enrol`."""

    folder: Path
    speed: float = SPEED
    stations: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"esa": ("malargue",), "roscosmos": ()})
    process: subprocess.Popen[bytes] | None = None
    keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    made: Installation = field(init=False)
    clock: MissionClock = field(init=False)

    def __post_init__(self) -> None:
        agencies = tuple(AgencyHere(key, stations) for key, stations in self.stations.items())
        self.made = Installation(
            self.home, find_mission("exomars"), (CRAFT,), agencies, speed=self.speed, simulated=(CRAFT,)
        )  # fmt: skip
        self.clock = starting_at(RISEN, self.speed)
        self.keys = {person: Ed25519PrivateKey.generate() for person in WHO}

    @property
    def home(self) -> Path:
        """The folder of the installation."""
        return self.folder / "complex"

    def keep_ports(self) -> None:
        """Choose the ports."""
        self.home.mkdir(parents=True, exist_ok=True)
        keep_ports(self.made)

    def describe(self, links: Sequence[LinkElsewhere] = ()) -> None:
        """Write what a first start would have written; the clock begins now."""
        self.made = replace(self.made, links=tuple(links))
        self.made.write()
        self.keep_ports()
        self.clock = starting_at(RISEN, self.speed)
        self.clock.write(self.home)

    def start(self) -> None:
        """Run `aelita run`."""
        with (self.folder / "run.log").open("ab") as said:
            program = "from aelita.cli import main; main()"
            arguments = (sys.executable, "-c", program, "--data", str(self.folder), "run", "--no-watch")
            self.process = subprocess.Popen(arguments, stdout=said, stderr=said, start_new_session=True)

    def stop(self) -> int:
        """End it as Ctrl-C does, and return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def pids(self) -> dict[str, int]:
        """Return the processes but the supervisor's by what they are."""
        found: dict[str, int] = {}
        assert self.process is not None
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(parent) == self.process.pid and state != "Z":
                    found[_name_of((folder / "cmdline").read_bytes().decode().split("\0"), folder.name)] = int(folder.name)
        return found

    def kill(self, name: str) -> bool:
        """End one process at once; return whether it was there."""
        pid = self.pids().get(name)
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return True

    def kill_all(self) -> None:
        """End every process at once, the supervisor first."""
        assert self.process is not None
        pids = self.pids()
        self.process.kill()
        for pid in pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def ready(self) -> bool:
        """Say whether all services answer and are at work."""
        found = asked(self.home)
        return len(found) == len(programs_of(self.made)) + 1 and all(one["status"] in ("well", "faulty") for one in found)

    def faults(self, agency: str, service: str = "commander") -> dict[str, str]:
        """Return what a service says is wrong."""
        for one in asked(self.home):
            if (one["agency"], one["service"]) == (agency, service):
                return dict(one.get("faults", {}))
        return {}

    def value(self, agency: str, service: str, name: str) -> float:
        """Return a figure of a service, 0 when it has none."""
        told = metrics_of(self.home).get((agency, service), {})
        return max((value for key, value in told.items() if key.startswith(f"aelita_{name}")), default=0.0)

    # ---- what is known afterwards

    def journal(self, agency: str) -> list[Entry]:
        """Return the entries of an agency's journal, whose chain is verified; its end may be under way."""
        path = own_path(self.home / agency)
        return Reader(agency).feed(path.read_bytes()) if path.is_file() else []

    def copy(self, agency: str, of: str) -> list[Entry]:
        """Return the entries of an agency's copy of a partner's journal."""
        path = copy_path(self.home / agency, of)
        return Reader(of).feed(path.read_bytes()) if path.is_file() else []

    def standing(self, agency: str = "esa") -> Standing:
        """Return what the journals of an agency say now."""
        made = Standing(agency, self.made.mission.organisation.authority, agency_keys(self.made, agency))
        for other in self.stations:
            if other != agency:
                for entry in self.copy(agency, other):
                    made.take(entry)
        for entry in self.journal(agency):
            made.take(entry)
        return made

    def state(self, request: str, agency: str = "esa") -> str:
        """Return where a request stands by an agency's journals, empty when they do not know it."""
        found = self.standing(agency).board.requests.get(request)
        return "" if found is None else str(found.state)

    def kinds(self, request: str, agency: str = "esa") -> list[str]:
        """Return the kinds of entries about a request in an agency's own journal, in order."""
        return [
            one.kind
            for one in self.journal(agency)
            if request in (one.body.get("request"), one.body.get("id"), one.body.get("statement", {}).get("request"))
        ]

    def uplinks(self, station: str = "malargue", agency: str = "esa") -> list[dict[str, Any]]:
        """Return what a station kept of its uplinks."""
        path = self.home / agency / "stations" / station / "uplinks.jsonl"
        octets = path.read_bytes() if path.is_file() else b""
        return [json.loads(line) for line in octets[: octets.rfind(b"\n") + 1].splitlines()]

    def radiated(self) -> list[str]:
        """Return the SHA-256 of every CLTU that stations say they radiated, in order."""
        kept = [one for agency, names in self.stations.items() for name in names for one in self.uplinks(name, agency)]
        return [one["sha256"] for one in kept if one["what"] == "radiation"]

    def inputs(self) -> list[Uplinked]:
        """Return what reached the twin, acquisition sequences left out."""
        path = self.home / "space" / CRAFT / "inputs.jsonl"
        octets = path.read_bytes() if path.is_file() else b""
        found = [decode_input(line.decode()).input for line in octets[: octets.rfind(b"\n") + 1].splitlines()]
        return [one for one in found if isinstance(one, Uplinked) and one.octets.strip(b"\x55")]

    def reached(self) -> list[str]:
        """Return the SHA-256 of the CLTUs that reached the twin, by the journal of ESA: an input ends with idle octets."""
        known = {str(one.body["sha256"]): int(one.body["octets"]) for one in self.journal("esa") if one.kind == "sending"}
        known |= {str(one.body["sha256"]): int(one.body["octets"]) for one in self.journal("roscosmos") if one.kind == "sending"}
        found = []
        for one in self.inputs():
            digests = {length: sha256(one.octets[:length]).hexdigest() for length in set(known.values())}
            found.append(next((digest for length, digest in digests.items() if known.get(digest) == length), ""))
        return found

    def tail(self) -> str:
        """Return the ends of all logs, for a failure's message."""
        logs = [
            self.folder / "run.log",
            *sorted((self.home / "logs").glob("*command*.log")),
            *sorted((self.home / "logs").glob("*station*")),
        ]
        return "\n".join(f"--- {path.name}\n{path.read_text()[-2500:]}" for path in logs if path.is_file())


@dataclass
class Crew:
    """People at work: what they ask of their agencies' commanding, over the agencies' own streams."""

    one: Commanded
    streams: dict[str, Streams]

    async def ask(self, agency: str, op: str, **what: Any) -> dict[str, Any]:
        """Ask an agency's commanding. Raises UsageError for what it refuses."""
        key = own_signer(self.one.made, agency).key
        return await ask_commands(self.streams[agency], agency, op, answer_s=5.0, **vouched(key, op, what))

    async def enrol(self, *people: str) -> None:
        """Give people credentials, all without names."""
        for person in people or WHO:
            agency, centre, role = WHO[person]
            public = self.one.keys[person].public_key().public_bytes_raw().hex()
            await self.patiently(agency, "enrol", person=person, centre=centre, roles=[role], public=public, by="keeper of keys")

    async def patiently(self, agency: str, op: str, *, words: str = "does not answer|no request", **what: Any) -> dict[str, Any]:
        """Ask until what a service or a journal of a partner needs some time for is there."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await self.ask(agency, op, **what)
            except AelitaError as error:
                if time.monotonic() > end or not re.search(words, str(error)):
                    raise
                await asyncio.sleep(0.2)

    async def request(self, *commands: str, requester: Mapping[str, str] = CONTROLLER, **more: Any) -> dict[str, Any]:
        """Request commands, `/X arg=value ...` each, and return what was prepared."""
        calls = []
        for one in commands or (PING,):
            name, *arguments = one.split()
            calls.append({"command": name, "arguments": [argument.split("=") for argument in arguments]})
        told = await self.ask(requester["agency"], "request", spacecraft=CRAFT, calls=calls, requester=dict(requester), **more)
        return dict(told["prepared"])

    def statement(self, person: str, act: Act, prepared: Mapping[str, Any], **other: Any) -> dict[str, Any]:
        """Return what a person signs of a prepared command, `other` in place of what is right."""
        agency, centre, role = WHO[person]
        key, now = self.one.keys[person], self.one.clock.now()
        said = {
            "act": act, "request": prepared["id"], "digest": prepared["digest"], "spacecraft": CRAFT,
            "not_before_ns": now - SECOND, "not_after_ns": now + 12 * 3600 * SECOND, "agency": agency, "centre": centre,
            "role": role, "person": person, "key": key_id(key.public_key()), "at_ns": now,
        }  # fmt: skip
        return sign(Statement(**{**said, **other}), key).body()

    async def say(self, person: str, act: Act, prepared: Mapping[str, Any], **other: Any) -> dict[str, Any]:
        """Have a person sign, at their own agency, which may have to wait for the request's journal."""
        return await self.patiently(WHO[person][0], "sign", body=self.statement(person, act, prepared, **other))

    async def agree(self, prepared: Mapping[str, Any], said: Sequence[tuple[str, Act]] = ORDINARY) -> None:
        """Have people sign one after the other."""
        for person, act in said:
            await self.say(person, act, prepared)

    async def command(self, *commands: str, said: Sequence[tuple[str, Act]] = ORDINARY, **more: Any) -> str:
        """Request commands, have people agree, and return the request's name."""
        prepared = await self.request(*commands, **more)
        await self.agree(prepared, said)
        return str(prepared["id"])

    async def until(self, what: str, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Wait for what must come."""
        end = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < end, f"never came: {what}"
            await asyncio.sleep(0.2)

    async def until_state(self, request: str, *states: str, agency: str = "esa") -> str:
        """Wait until a request stands so, by the journals on disk."""
        await self.until(
            f"{request} {states}, it is {self.one.state(request)}", lambda: self.one.state(request, agency) in states
        )
        return self.one.state(request, agency)


@contextlib.asynccontextmanager
async def crew_of(one: Commanded) -> AsyncIterator[Crew]:
    """Connect people to the agencies' streams."""
    async with contextlib.AsyncExitStack() as stack:
        streams = {}
        for agency in one.stations:
            connecting = Streams.connect(address_of(one.made, agency), name="people", timeout_s=PATIENCE_S)
            streams[agency] = await stack.enter_async_context(await connecting)
        yield Crew(one, streams)


@contextlib.contextmanager
def commanded(made: Commanded, **how: Any) -> Iterator[Commanded]:
    """Run a complex until all services are at work; every process of it is ended afterwards."""
    made.describe(**how)
    made.start()
    try:
        until("all services are up", made.ready)
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


def assert_nothing_twice(one: Commanded) -> None:
    """Assert by the stations' records and the twin's inputs that no CLTU left an antenna twice, and only what was released did."""
    sending = [str(e.body["sha256"]) for agency in one.stations for e in one.journal(agency) if e.kind == "sending"]
    for found in (one.radiated(), one.reached()):
        assert len(found) == len(set(found))
        assert set(found) <= set(sending)
    assert set(one.reached()) <= set(one.radiated()) | {""} or set(one.radiated()) <= set(one.reached())


def assert_twin_replays(one: Commanded) -> None:
    """Assert that what the twin kept of its inputs brings it to one state, however often they are replayed (nothing may run)."""
    at = one.clock.now()
    states = []
    for number in range(2):
        folder = one.folder / f"replay-{number}"
        shutil.copytree(one.home / "space", folder / "space", dirs_exist_ok=True)
        twin = SimulatedCraft(replace(one.made, folder=folder), CRAFT, at)
        states.append([frame.octets for frame in twin.sent][-200:])
        twin.close()
    assert states[0] == states[1] and len(states[0]) == 200
