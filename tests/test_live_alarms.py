"""Alarms of a live complex: real servers of two agencies, overrides on the TGO recording, kills, a cut line, forged messages."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aelita.alarms import (
    Acknowledge,
    Command,
    LimitBand,
    LimitSet,
    Override,
    Refused,
    Withdraw,
    decode_command,
    encode_command,
)
from aelita.errors import AelitaError, DataError, UsageError
from aelita.services.live import alarm_records, alarms_of, ask_alarms
from aelita.services.live.agency_streams import address_of, keep_servers
from aelita.services.live.alarm_files import exchange_keys, users_of
from aelita.services.live.alarm_reading import AlarmShown
from aelita.services.live.alarm_requests import ask
from aelita.services.live.alarm_service import alarms
from aelita.services.live.batches import pack, unpack
from aelita.services.live.bookings import write_bookings
from aelita.services.live.clock import MissionClock, starting_at
from aelita.services.live.ending import ended
from aelita.services.live.following import follow
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation, LinkElsewhere, keep_ports
from aelita.services.live.merging import frames_subject
from aelita.services.live.messages import pack_frames
from aelita.services.live.processing import processor
from aelita.services.live.serving import Context
from aelita.services.live.signing import Signer, keep_signer
from aelita.services.live.streams import Streams
from aelita.services.missions import find_mission
from aelita.stations import Booking, Schedule
from aelita.time import SECOND
from command_line import run
from live_servers import Line
from test_live_processing import BEGIN, LIGHT, PERIOD, recorded

PARAMETER = "/TGO/hk_0b3_aa_f32_32"  # about 0.3, every few seconds
ALARM = f"limit:tgo:{PARAMETER}"
PATIENCE_S = float(os.environ.get("AELITA_TEST_PATIENCE", "90"))
HERE = (AgencyHere("esa", ("malargue",)), AgencyHere("roscosmos", ("kalyazin",)))
AT = BEGIN + 1000 * SECOND


@dataclass
class Site:
    """An installation of two agencies without stations at work: what they hear is put on their streams."""

    made: Installation
    clock: MissionClock
    lines: list[Line] = field(default_factory=list)
    tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    heard: int = 0

    def context(self, service: str, agency: str) -> Context:
        return Context(self.made, agency, self.clock, Health(service, agency))

    def begin(self, service: str, agency: str) -> None:
        """Run a service in this process."""
        work = {"alarms": alarms, "processor": processor}[service]
        self.tasks[f"{agency}/{service}"] = asyncio.create_task(work(self.context(service, agency)))

    async def end(self, service: str, agency: str) -> None:
        await ended([self.tasks.pop(f"{agency}/{service}")])

    async def publish(self, agency: str, subject: str, octets: bytes) -> None:
        async with await Streams.connect(address_of(self.made, agency), name="test") as streams:
            await streams.publish(subject, octets, msg_id=f"{subject}-{time.monotonic_ns()}")

    async def hear(self, frames: list[bytes]) -> None:
        """Have Malargüe hear the next frames, ten a message."""
        async with await Streams.connect(address_of(self.made, "esa"), name="hearing") as streams:
            for first in range(0, len(frames), 10):
                some = frames[first : first + 10]
                emitted = BEGIN + (self.heard + first + np.arange(len(some), dtype=np.int64)) * PERIOD
                received = (emitted + LIGHT["malargue"]).tolist()
                for octets in pack_frames(received, emitted, [0] * len(some), [0] * len(some), some):
                    await streams.publish(frames_subject("esa", "tgo", "malargue"), octets, msg_id=f"m-{self.heard + first}")
        self.heard += len(frames)

    async def limit(self, parameter: str, *severities: int) -> None:
        """Publish transitions of a parameter as a processor does, all in one message."""
        rows = len(severities)
        now = self.clock.now()
        frame = pl.DataFrame(
            {
                "received": [now + i for i in range(rows)], "generated": [None] * rows, "quality": [0] * rows, "apid": [1] * rows,
                "sequence_count": [0] * rows, "parameter": [parameter] * rows, "before": [0, *severities[:-1]],
                "after": list(severities), "value": [1.5] * rows, "text": [None] * rows,
            },
            schema_overrides={"generated": pl.Int64, "text": pl.String},
        )  # fmt: skip
        await self.publish("esa", "esa.limits.tgo", pack(frame)[0])

    async def alarm(self, viewer: str, name: str, owner: str = "") -> AlarmShown | None:
        found = await alarms_of(self.made, viewer, quiet=True)
        return next((one for one in found if (one.owner, one.alarm) == (owner or viewer, name)), None)

    async def until(self, what: str, condition: Callable[[], Awaitable[bool]]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not await condition():
            for name, task in self.tasks.items():
                assert not task.done(), f"{name} ended: {task}"
            assert time.monotonic() < end, f"never came: {what}"
            await asyncio.sleep(0.2)

    async def until_phase(self, viewer: str, name: str, *phases: str, owner: str = "") -> AlarmShown:
        async def there() -> bool:
            one = await self.alarm(viewer, name, owner)
            return one is not None and one.phase in phases

        await self.until(f"{viewer} sees {name} {phases}", there)
        one = await self.alarm(viewer, name, owner)
        assert one is not None
        return one


@contextlib.asynccontextmanager
async def site(folder: Path, speed: float = 1.0, *, by_line: bool = False) -> AsyncIterator[Site]:
    made = Installation(folder / "complex", find_mission("exomars"), ("tgo",), HERE, speed=speed)
    keep_ports_in(made)
    lines = []
    if by_line:
        line = Line(made.port("esa/leaf"))
        await line.restore()
        lines.append(line)
        made = replace(made, links=(LinkElsewhere("roscosmos", "esa", "127.0.0.1", line.port),))
    made.write()
    clock = starting_at(AT, speed)
    clock.write(made.folder)
    exchange_keys(made)
    ready = asyncio.Event()
    keeper = asyncio.create_task(keep_servers(made, clock, Health("supervisor"), ready))
    one = Site(made, clock, lines)
    try:
        await asyncio.wait([asyncio.ensure_future(ready.wait()), keeper], return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set(), keeper.exception()
        yield one
    finally:
        await ended([*one.tasks.values(), keeper])
        for line in lines:
            await line.cut()


def keep_ports_in(made: Installation) -> None:
    made.folder.mkdir(parents=True)
    keep_ports(made)


def override(low: float, high: float, until: int, who: str = "anna") -> Override:
    new = LimitSet((LimitBand(2, low, high),))
    return Override(f"o-{low}-{high}-{until}", who, "tgo", PARAMETER, new, until, "for the test")


def test_overridden_limits_alarm_both_agencies_until_they_are_withdrawn(tmp_path: Path) -> None:
    frames = recorded(600)

    async def story() -> None:
        async with site(tmp_path) as one:
            for service, agency in (("processor", "esa"), ("alarms", "esa"), ("alarms", "roscosmos")):
                one.begin(service, agency)
            await one.hear(frames[:100])
            answer = await ask_alarms(one.made, "esa", override(1.0, 2.0, AT + 3600 * SECOND))
            assert (answer.records, "users.toml" in answer.note) == (1, True)
            await asyncio.sleep(1.0)
            await one.hear(frames[100:200])
            seen = await one.until_phase("esa", ALARM, "unacknowledged")
            assert (seen.word, seen.value[:3]) == ("warning", "0.2") or seen.value[:3] == "0.3"
            theirs = await one.until_phase("roscosmos", ALARM, "unacknowledged", owner="esa")
            assert (theirs.value, theirs.calls) == (seen.value, True)
            # each agency acknowledges for itself, and sees that the other did
            asked = Acknowledge("a1", "boris", ALARM, "seen", theirs.occurrence, "esa")
            assert (await ask_alarms(one.made, "roscosmos", asked)).records == 1
            assert (await ask_alarms(one.made, "roscosmos", asked)).records == 0
            await one.until_phase("roscosmos", ALARM, "acknowledged", owner="esa")

            async def known() -> bool:
                found = await one.alarm("esa", ALARM)
                return found is not None and found.acknowledged_by == ("roscosmos",) and found.calls

            await one.until("the other agency's acknowledgement", known)
            said, _ = await asyncio.to_thread(
                run, "--data", tmp_path, "alarms", "ack", ALARM, "--agency", "esa", "--as", "anna", "-c", "known"
            )
            assert said == "done\n"
            said, _ = await asyncio.to_thread(run, "--data", tmp_path, "alarms", "list", "--json")
            listed = json.loads(said)
            assert {(row["agency"], row["phase"]) for row in listed if row["alarm"] == ALARM} == {
                ("esa", "acknowledged"),
                ("roscosmos", "acknowledged"),
            }
            # a processor that begins again judges by what is in force, and what was overridden comes back
            await one.end("processor", "esa")
            await one.hear(frames[200:300])
            one.begin("processor", "esa")
            await one.until("values", lambda: values_of(one, 300))
            assert (await one.alarm("esa", ALARM)).phase == "acknowledged"  # type: ignore[union-attr]
            withdrawn = await ask_alarms(one.made, "esa", Withdraw("w1", "anna", "tgo", PARAMETER, "limits", "enough"))
            assert withdrawn.records == 1
            await asyncio.sleep(1.0)
            await one.hear(frames[300:400])
            await one.until_phase("esa", ALARM, "normal")
            await one.until_phase("roscosmos", ALARM, "normal", owner="esa")
            # one that ends by itself
            await ask_alarms(one.made, "esa", override(3.0, 4.0, one.clock.now() + 4 * SECOND))
            await asyncio.sleep(1.0)
            await one.hear(frames[400:500])
            await one.until_phase("esa", ALARM, "unacknowledged")
            await asyncio.sleep(4.0)
            await one.hear(frames[500:600])
            await one.until_phase("esa", ALARM, "returned to normal, unacknowledged")

    asyncio.run(story())


async def values_of(one: Site, frames: int) -> bool:
    """Say whether the processor has published what the last of so many frames holds."""
    async with await Streams.connect(address_of(one.made, "esa", "reader"), name="looking") as streams:
        last = await streams.last("esa.packets.tgo.>", "PACKETS")
    received = BEGIN + (frames - 5) * PERIOD + LIGHT["malargue"]
    return last is not None and int(unpack(last.data)["received"].max() or 0) >= received - 30 * SECOND  # type: ignore[arg-type]


def test_what_is_forged_is_refused_and_who_may_not_is_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as one:
            one.begin("alarms", "esa")
            one.begin("alarms", "roscosmos")
            await one.limit("/x", 2)
            await one.until_phase("roscosmos", "limit:tgo:/x", "unacknowledged", owner="esa")
            true = await records_on(one, "esa", "ALARMS")
            stranger = keep_signer("esa", tmp_path / "stranger" / "signing.key")
            subject = "esa.alarms.tgo.limit"
            await one.publish("esa", subject, Signer("esa", stranger.key).sign(subject, true[0].partition(b"\n{")[2]))

            async def audited() -> bool:
                found = [one.body for one in await alarm_records(one_made, "roscosmos") if isinstance(one.body, Refused)]
                return [body.subject for body in found] == [subject]

            one_made = one.made
            await one.until("the refusal", audited)
            await one.end("alarms", "roscosmos")
            one.begin("alarms", "roscosmos")  # what was refused before is not told again
            await one.limit("/y", 2)
            await one.until_phase("roscosmos", "limit:tgo:/y", "unacknowledged", owner="esa")
            assert await audited()
            # users: a role of the agency, or nothing
            users = one.made.home("esa") / "users.toml"
            users.write_text(
                '[[users]]\nname = "anna"\nroles = ["flight-director"]\n[[users]]\nname = "oleg"\nroles = ["observer"]\n'
            )
            for who in ("oleg", "eve"):
                with pytest.raises(UsageError, match=r"has no permission alarm\.acknowledge"):
                    await ask_alarms(one.made, "esa", Acknowledge(f"r-{who}", who, "limit:tgo:/x"))
            answer = await ask_alarms(one.made, "esa", Acknowledge("r-anna", "anna", "limit:tgo:/x"))
            assert (answer.records, answer.note) == (1, "")
            refused = [record for record in await alarm_records(one.made, "esa") if isinstance(record.body, Refused)]
            assert [(record.who, record.body.subject) for record in refused][:1] == [("oleg", "esa.requests.alarms")]  # type: ignore[union-attr]
            users.write_text('[[users]]\nname = "anna"\nroles = ["payload-controller"]\n')
            with pytest.raises(AelitaError, match="esa has no role 'payload-controller'"):
                users_of(one.made, "esa")
            with pytest.raises(AelitaError):
                await ask_alarms(one.made, "esa", Acknowledge("r2", "anna", "limit:tgo:/y"))
            users.unlink()
            # readers look, and ask nothing
            async with await Streams.connect(address_of(one.made, "esa", "reader"), name="reader") as streams:
                with pytest.raises(AelitaError, match="does not answer"):
                    await ask(streams, "esa", Acknowledge("r3", "anna", "limit:tgo:/y"), answer_s=0.5)
            assert (await one.alarm("esa", "limit:tgo:/y")).phase == "unacknowledged"  # type: ignore[union-attr]

    asyncio.run(story())


async def records_on(one: Site, agency: str, stream: str) -> list[bytes]:
    found = []
    async with await Streams.connect(address_of(one.made, agency, "reader"), name="looking") as streams:
        last = (await streams.info(stream)).last
        async with follow(streams, stream) as follower:
            async for message in follower:
                found.append(message.data)
                if message.sequence >= last:
                    return found
    return found


def test_alarms_cross_a_line_that_was_cut(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, by_line=True) as one:
            one.begin("alarms", "esa")
            one.begin("alarms", "roscosmos")
            await one.limit("/x", 2)
            await one.until_phase("roscosmos", "limit:tgo:/x", "unacknowledged", owner="esa")
            await one.lines[0].cut()
            await one.limit("/x", 0)
            await one.limit("/y", 3)
            await one.until_phase("esa", "limit:tgo:/y", "unacknowledged")
            await one.until_phase("esa", "limit:tgo:/x", "returned to normal, unacknowledged")
            assert await one.alarm("roscosmos", "limit:tgo:/y", "esa") is None
            assert (await one.alarm("roscosmos", "limit:tgo:/x", "esa")).phase == "unacknowledged"  # type: ignore[union-attr]
            await one.lines[0].restore()
            await one.until_phase("roscosmos", "limit:tgo:/y", "unacknowledged", owner="esa")
            await one.until_phase("roscosmos", "limit:tgo:/x", "returned to normal, unacknowledged", owner="esa")

    asyncio.run(story())


class Hook:
    """A webhook's receiver."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.told += [(one["alarm"], one["id"]) for one in body["alarms"]]
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever)


@contextlib.contextmanager
def hook() -> Iterator[Hook]:
    one = Hook()
    one.thread.start()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.thread.join()
        one.server.server_close()


@contextlib.asynccontextmanager
async def process(one: Site, service: str, agency: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `aelita serve`, and kill it at the end."""
    program = "from aelita.cli import main; main()"
    arguments = ("--data", str(one.made.folder), "serve", service, "--agency", agency)
    running = await asyncio.create_subprocess_exec(sys.executable, "-c", program, *arguments, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


def test_a_killed_watchkeeper_loses_no_alarm_and_tells_nobody_twice(tmp_path: Path) -> None:
    async def story(webhook: Hook) -> None:
        async with site(tmp_path) as one:
            folder = one.made.home("esa") / "alarms"
            (folder / "senders.toml").write_text("[webhook]\n")
            (folder / "escalation.toml").write_text(
                f'[[people]]\nname = "anna"\nwebhook = "{webhook.url}"\n'
                '[[chains]]\nkey = "all"\nrepeat_minutes = 0\n[[chains.steps]]\nperson = "anna"\nby = "webhook"\n'
            )
            async with process(one, "watchkeeper", "esa") as first:
                await one.limit("/x", 2)
                await one.limit("/held", 2, 3, 2)
                await one.until_phase("esa", "limit:tgo:/held", "unacknowledged")

                async def told() -> bool:
                    return {alarm for alarm, _ in webhook.told} >= {"limit:tgo:/x", "limit:tgo:/held"}

                await one.until("the messages", told)
                before = await records_on(one, "esa", "AUDIT")
                first.send_signal(signal.SIGKILL)
                await first.wait()
                await one.limit("/gone", 2, 0)  # came and went while nobody watched
                await one.limit("/x", 0, 2)
                await one.limit("/held", 0)
            async with process(one, "watchkeeper", "esa"):
                gone = await one.until_phase("esa", "limit:tgo:/gone", "returned to normal, unacknowledged")
                assert gone.occurrence == 1
                held = await one.until_phase("esa", "limit:tgo:/held", "returned to normal, unacknowledged")
                assert held.occurrence == 2  # raised and worsened, once each
                again = await one.until_phase("esa", "limit:tgo:/x", "unacknowledged")
                assert again.occurrence == 2
                assert (await records_on(one, "esa", "AUDIT"))[: len(before)] == before

                async def once_more() -> bool:
                    return len([alarm for alarm, _ in webhook.told if alarm == "limit:tgo:/x"]) == 2

                await one.until("the message of the second occurrence", once_more)
            ids = [identity for _, identity in webhook.told]
            assert len(ids) == len(set(ids)), "somebody was told twice"

    with hook() as webhook:
        asyncio.run(story(webhook))


def test_silence_and_a_dead_service_are_alarms(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, speed=20.0) as one:
            now = one.clock.now()
            station = one.made.mission.organisation.stations["malargue"]
            booked = Booking("pass-1", "malargue", "tgo", now - 60 * SECOND, now + 7200 * SECOND, ("esa",))
            folder = one.made.home("esa") / "stations" / station.key
            folder.mkdir(parents=True)
            write_bookings(folder, Schedule((booked,)))
            one.begin("alarms", "esa")
            async with process(one, "archiver", "esa") as archiver:
                ends = time.monotonic() + 6.0
                while time.monotonic() < ends or not archives(one):
                    await report(one, one.clock.now())
                    await asyncio.sleep(0.5)
                silence = await one.alarm("esa", "no-frames:tgo")
                assert silence is None or silence.phase == "normal"
                last = one.clock.now()

                async def silent() -> bool:
                    await report(one, last)  # the station goes on telling, but hears nothing
                    found = await one.alarm("esa", "no-frames:tgo")
                    return found is not None and found.phase == "unacknowledged"

                await one.until("silence", silent)
                await one.until_phase("roscosmos", "no-frames:tgo", "unacknowledged", owner="esa")
                archiver.kill()
                await archiver.wait()
                down = await one.until_phase("esa", "service:archiver", "unacknowledged")
                assert down.value == "it does not run"
                assert await one.alarm("roscosmos", "service:archiver", owner="esa") is None
            async with process(one, "archiver", "esa"):
                await one.until_phase("esa", "service:archiver", "returned to normal, unacknowledged")

    asyncio.run(story())


def archives(one: Site) -> bool:
    return any((one.made.folder / "run").glob("esa-archiver*.json"))


async def report(one: Site, last: int) -> None:
    told = {"at": one.clock.now(), "state": "active", "lock": "locked", "production": "running", "last_received": last}
    await one.publish("esa", "esa.links.tgo.malargue", json.dumps(told).encode())


def test_commands_survive_the_way() -> None:
    asked: list[Command] = [
        override(1.0, 2.0, 10),
        Acknowledge("1", "anna", "limit:tgo:/x", "seen", 3, "esa"),
        Withdraw("2", "anna", "tgo", "/x", "limits"),
    ]
    for one in asked:
        assert decode_command(encode_command(one)) == one
    for octets in (b"", b"[]", b'{"command": "nuke"}', b'{"command": "reset", "id": 1}', b'{"command": "reset", "more": ""}'):
        with pytest.raises(DataError, match="not a command"):
            decode_command(octets)
